// SPDX-License-Identifier: GPL-2.0-only
/*
 * Arm SMMUv2 at EL2: faults.
 *
 * The host has the interrupts, EL2 the registers. So the host asks for faults:
 * each call finds one fault, clears it and reports it. The search covers all banks
 * of all instances and starts where the last one ended, so that one noisy device
 * cannot hide the faults of others.
 *
 * A report says what the device did: stream ID, address, kind of access, and why it
 * was refused. It never contains a translation.
 */

#include <linux/bitfield.h>

#include "smmu-v2.h"

/* All fault bits of sGFSR (IHI 0062, 9.6.15). */
#define SMMU_GFSR_ALL		(BIT(31) | GENMASK(8, 0))

/* Report an invalidation that timed out, or a reset that failed, once. */
static bool sync_fault(u8 *stuck, u32 handle, struct kvm_iommu_fault *f)
{
	unsigned int inst = READ_ONCE(*stuck);

	if (!inst)
		return false;

	WRITE_ONCE(*stuck, 0);
	f->type = KVM_IOMMU_FAULT_SYNC;
	f->instance = inst - 1;
	f->domain = handle;

	return true;
}

static bool global_fault(struct smmu_device *smmu, unsigned int inst,
			 struct kvm_iommu_fault *f)
{
	void __iomem *gr0 = smmu_page(smmu, inst, ARM_SMMU_GR0);
	u32 gfsr;

	if (sync_fault(&smmu->stuck, 0, f))
		return true;

	gfsr = readl_relaxed(gr0 + ARM_SMMU_GR0_sGFSR) & SMMU_GFSR_ALL;
	if (!gfsr)
		return false;

	f->type = KVM_IOMMU_FAULT_STREAM;
	f->instance = inst;
	f->sid = FIELD_GET(ARM_SMMU_CBFRSYNRA_SID, readl_relaxed(gr0 + ARM_SMMU_GR0_sGFSYNR1));
	f->iova = readq_relaxed(gr0 + ARM_SMMU_GR0_sGFAR);
	f->status[SMMU_KVM_FAULT_FSR] = gfsr;
	f->status[SMMU_KVM_FAULT_FSYNR] = readl_relaxed(gr0 + ARM_SMMU_GR0_sGFSYNR0);

	writel_relaxed(gfsr, gr0 + ARM_SMMU_GR0_sGFSR);

	return true;
}

static bool context_fault(struct smmu_device *smmu, unsigned int inst, unsigned int bank,
			  struct kvm_iommu_fault *f)
{
	void __iomem *cb = smmu_page(smmu, inst, smmu_bank_page(smmu, bank));
	struct kvm_hyp_iommu_domain *domain;
	u32 fsr, handle;

	/* A free bank is disabled, and its FSR is clear. */
	if (!READ_ONCE(smmu->banks[bank].domain))
		return false;

	fsr = readl_relaxed(cb + ARM_SMMU_CB_FSR);
	if (!(fsr & ARM_SMMU_CB_FSR_FAULT) && !READ_ONCE(smmu->banks[bank].stuck))
		return false;

	/* A domain's bank is freed under this lock, before the domain is. */
	hyp_spin_lock(&smmu->lock);
	domain = smmu->banks[bank].domain;
	handle = domain ? domain->handle : 0;
	hyp_spin_unlock(&smmu->lock);

	if (sync_fault(&smmu->banks[bank].stuck, handle, f))
		return true;

	f->type = KVM_IOMMU_FAULT_TRANSLATION;
	f->instance = inst;
	f->domain = handle;
	f->sid = FIELD_GET(ARM_SMMU_CBFRSYNRA_SID,
			   smmu_readl(smmu, inst, ARM_SMMU_GR1, ARM_SMMU_GR1_CBFRSYNRA(bank)));
	f->iova = readq_relaxed(cb + ARM_SMMU_CB_FAR);
	f->status[SMMU_KVM_FAULT_FSR] = fsr;
	f->status[SMMU_KVM_FAULT_FSYNR] = readl_relaxed(cb + ARM_SMMU_CB_FSYNR0);

	writel_relaxed(fsr, cb + ARM_SMMU_CB_FSR);
	/* Banks do not stall transactions; should one be stalled, terminate it. */
	if (fsr & ARM_SMMU_CB_FSR_SS)
		writel_relaxed(ARM_SMMU_RESUME_TERMINATE, cb + ARM_SMMU_CB_RESUME);

	return true;
}

/**
 * smmu_get_fault() - find a fault and clear it
 * @iommu: index of the SMMU
 * @f: the record to fill in, zeroed
 *
 * Return: 1 if there was a fault, 0 if not, -EINVAL if there is no such SMMU.
 */
int smmu_get_fault(u32 iommu, struct kvm_iommu_fault *f)
{
	struct smmu_device *smmu;
	unsigned int i, n, per_instance;
	bool found = false;

	if (iommu >= nr_smmus)
		return -EINVAL;

	smmu = &smmus[iommu];
	per_instance = smmu->nr_banks + 1;
	n = per_instance * smmu->nr_instances;

	hyp_spin_lock(&smmu->fault_lock);
	for (i = 0; i < n && !found; i++) {
		unsigned int inst = smmu->fault_next / per_instance;
		unsigned int which = smmu->fault_next % per_instance;

		smmu->fault_next = (smmu->fault_next + 1) % n;

		if (!which)
			found = global_fault(smmu, inst, f);
		else
			found = context_fault(smmu, inst, which - 1, f);
	}
	if (found)
		smmu->nr_faults++;
	hyp_spin_unlock(&smmu->fault_lock);

	return found;
}

/* A quarantined context bank has no room for a domain. */
static u64 smmu_room(struct smmu_device *smmu)
{
	unsigned int bank, nr_banks = 0;

	for (bank = smmu->first_bank; bank < smmu->nr_banks; bank++)
		nr_banks += !READ_ONCE(smmu->banks[bank].quarantined);

	return FIELD_PREP(SMMU_KVM_ROOM_DOMAINS, nr_banks) |
	       FIELD_PREP(SMMU_KVM_ROOM_STREAMS, smmu->nr_streams);
}

static int smmu_stat(u64 index, u64 *val)
{
	unsigned int i, bank;

	switch (index) {
	case SMMU_KVM_STAT_INSTANCES:
		for (i = 0; i < nr_smmus; i++)
			*val += smmus[i].nr_instances;
		return 0;
	case SMMU_KVM_STAT_QUARANTINED:
		for (i = 0; i < nr_smmus; i++)
			for (bank = 0; bank < smmus[i].nr_banks; bank++)
				*val += smmus[i].banks[bank].quarantined;
		return 0;
	case SMMU_KVM_STAT_PREFETCH:
		for (i = 0; i < nr_smmus; i++)
			*val += smmus[i].nr_prefetch;
		return 0;
	case SMMU_KVM_STAT_LONGEST_WAIT:
		*val = smmu_tlb_longest_wait_us();
		return 0;
	case SMMU_KVM_STAT_WAIT_BOUND:
		*val = smmu_tlb_wait_bound_us();
		return 0;
	case SMMU_KVM_STAT_FAULTS:
		for (i = 0; i < nr_smmus; i++)
			*val += READ_ONCE(smmus[i].nr_faults);
		return 0;
	}

	return -EINVAL;
}

/* See enum smmu_kvm_debug. */
int smmu_debug(u32 iommu, u32 what, u64 index, u64 *val)
{
	if (what >= SMMU_KVM_DEBUG_SOC)
		return smmu_soc->debug ? smmu_soc->debug(what, index, val) : -EINVAL;

	switch (what) {
	case SMMU_KVM_DEBUG_STAT:
		return smmu_stat(index, val);
	case SMMU_KVM_DEBUG_STREAM:
		return smmu_stream_info(iommu, upper_32_bits(index), lower_32_bits(index), val);
	case SMMU_KVM_DEBUG_ROOM:
		if (iommu >= nr_smmus)
			return -EINVAL;
		*val = smmu_room(&smmus[iommu]);
		return 0;
	}

	return -EINVAL;
}
