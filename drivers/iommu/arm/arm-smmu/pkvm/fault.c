// SPDX-License-Identifier: GPL-2.0-only
/*
 * Arm SMMUv2 at EL2: faults.
 *
 * The interrupt is the host's, the registers are not: the host asks, and each
 * call finds one fault, clears it, and says what it was. The search goes round
 * all banks of all instances, from where the last one ended, so that one noisy
 * device cannot hide the others.
 *
 * What is said of a fault is what the device did, never what a translation
 * would have been: device, address, kind of access, and why it was refused.
 */

#include <linux/bitfield.h>

#include "smmu-v2.h"

/* IHI 0062, 9.6.15: all that can be pending in sGFSR. */
#define SMMU_GFSR_ALL		(BIT(31) | GENMASK(8, 0))

static u64 fault_head(u32 type, unsigned int inst, u32 sid, u32 handle)
{
	return FIELD_PREP(KVM_IOMMU_FAULT_TYPE, type) |
	       FIELD_PREP(KVM_IOMMU_FAULT_INSTANCE, inst) |
	       FIELD_PREP(KVM_IOMMU_FAULT_SID, sid) |
	       FIELD_PREP(KVM_IOMMU_FAULT_HANDLE, handle);
}

/* An invalidation, or a reset, did not end. Said once, to whoever asks next. */
static bool sync_fault(u8 *stuck, u32 handle, u64 *regs)
{
	unsigned int inst = READ_ONCE(*stuck);

	if (!inst)
		return false;

	WRITE_ONCE(*stuck, 0);
	regs[0] = fault_head(KVM_IOMMU_FAULT_SYNC, inst - 1, 0, handle);
	regs[1] = 0;
	regs[2] = 0;

	return true;
}

static bool global_fault(struct smmu_device *smmu, unsigned int inst, u64 *regs)
{
	void __iomem *gr0 = smmu_page(smmu, inst, ARM_SMMU_GR0);
	u32 gfsr, sid;

	if (sync_fault(&smmu->stuck, 0, regs))
		return true;

	gfsr = readl_relaxed(gr0 + ARM_SMMU_GR0_sGFSR) & SMMU_GFSR_ALL;
	if (!gfsr)
		return false;

	sid = FIELD_GET(ARM_SMMU_CBFRSYNRA_SID, readl_relaxed(gr0 + ARM_SMMU_GR0_sGFSYNR1));
	regs[0] = fault_head(KVM_IOMMU_FAULT_GLOBAL, inst, sid, 0);
	regs[1] = readq_relaxed(gr0 + ARM_SMMU_GR0_sGFAR);
	regs[2] = gfsr | (u64)readl_relaxed(gr0 + ARM_SMMU_GR0_sGFSYNR0) << 32;

	writel_relaxed(gfsr, gr0 + ARM_SMMU_GR0_sGFSR);

	return true;
}

static bool context_fault(struct smmu_device *smmu, unsigned int inst, unsigned int bank,
			  u64 *regs)
{
	void __iomem *cb = smmu_page(smmu, inst, smmu_bank_page(smmu, bank));
	struct kvm_hyp_iommu_domain *domain;
	u32 fsr, sid, handle;

	/* A bank that is free is off, and its status is clear. */
	if (!READ_ONCE(smmu->banks[bank].domain))
		return false;

	fsr = readl_relaxed(cb + ARM_SMMU_CB_FSR);
	if (!(fsr & ARM_SMMU_CB_FSR_FAULT) && !READ_ONCE(smmu->banks[bank].stuck))
		return false;

	/* The lock keeps the domain while it has the bank. */
	hyp_spin_lock(&smmu->lock);
	domain = smmu->banks[bank].domain;
	handle = domain ? domain->handle : 0;
	hyp_spin_unlock(&smmu->lock);

	if (sync_fault(&smmu->banks[bank].stuck, handle, regs))
		return true;

	sid = FIELD_GET(ARM_SMMU_CBFRSYNRA_SID,
			smmu_readl(smmu, inst, ARM_SMMU_GR1, ARM_SMMU_GR1_CBFRSYNRA(bank)));
	regs[0] = fault_head(KVM_IOMMU_FAULT_CONTEXT, inst, sid, handle);
	regs[1] = readq_relaxed(cb + ARM_SMMU_CB_FAR);
	regs[2] = fsr | (u64)readl_relaxed(cb + ARM_SMMU_CB_FSYNR0) << 32;

	writel_relaxed(fsr, cb + ARM_SMMU_CB_FSR);
	/* Banks are set up to terminate, but never leave a transaction behind. */
	if (fsr & ARM_SMMU_CB_FSR_SS)
		writel_relaxed(ARM_SMMU_RESUME_TERMINATE, cb + ARM_SMMU_CB_RESUME);

	return true;
}

/**
 * smmu_next_fault() - find a fault and clear it
 * @iommu: index of the SMMU
 * @regs: x1 to x3 to return, see asm/kvm_iommu.h
 *
 * Return: 0, also when there is no fault; -EINVAL: no such SMMU.
 */
int smmu_next_fault(u32 iommu, u64 *regs)
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
			found = global_fault(smmu, inst, regs);
		else
			found = context_fault(smmu, inst, which - 1, regs);
	}
	if (found)
		smmu->nr_faults++;
	hyp_spin_unlock(&smmu->fault_lock);

	return 0;
}

/* Context banks that are lost can serve no domain any more. */
static u64 smmu_room(struct smmu_device *smmu)
{
	unsigned int bank, nr_banks = 0;

	for (bank = smmu->first_bank; bank < smmu->nr_banks; bank++)
		nr_banks += !READ_ONCE(smmu->banks[bank].quarantined);

	return FIELD_PREP(KVM_IOMMU_ROOM_DOMAINS, nr_banks) |
	       FIELD_PREP(KVM_IOMMU_ROOM_STREAMS, smmu->nr_streams);
}

/* Statistics, see enum kvm_iommu_stat. */
int smmu_stat(u32 index, u64 *val)
{
	unsigned int i, bank;

	if (index >= KVM_IOMMU_STAT_IOMMU &&
	    index < KVM_IOMMU_STAT_IOMMU + nr_smmus) {
		*val = smmu_room(&smmus[index - KVM_IOMMU_STAT_IOMMU]);
		return 0;
	}

	switch (index) {
	case KVM_IOMMU_STAT_INSTANCES:
		for (i = 0; i < nr_smmus; i++)
			*val += smmus[i].nr_instances;
		return 0;
	case KVM_IOMMU_STAT_QUARANTINED:
		for (i = 0; i < nr_smmus; i++)
			for (bank = 0; bank < smmus[i].nr_banks; bank++)
				*val += smmus[i].banks[bank].quarantined;
		return 0;
	case KVM_IOMMU_STAT_PREFETCH:
		for (i = 0; i < nr_smmus; i++)
			*val += smmus[i].nr_prefetch;
		return 0;
	case KVM_IOMMU_STAT_LONGEST_WAIT:
		*val = smmu_tlb_longest_wait_us();
		return 0;
	case KVM_IOMMU_STAT_WAIT_BOUND:
		*val = smmu_tlb_wait_bound_us();
		return 0;
	case KVM_IOMMU_STAT_FAULTS:
		for (i = 0; i < nr_smmus; i++)
			*val += READ_ONCE(smmus[i].nr_faults);
		return 0;
	}

	return tegra_mc_stat(index, val);
}
