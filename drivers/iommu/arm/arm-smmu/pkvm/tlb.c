// SPDX-License-Identifier: GPL-2.0-only
/*
 * Arm SMMUv2 at EL2: TLB invalidation.
 *
 * An invalidation is complete when a sync that was issued after it is complete on
 * all instances (IHI 0062, 2.7). Only then may pages that were mapped, or tables
 * that were walked, be reused. The wait is bounded, see SMMU_SYNC_TIMEOUT_MS.
 *
 * Each context bank has a sync of its own, so domains do not wait for each other.
 *
 * Some MMU-500s (SMMU_KVM_PAGES_ONLY) have an erratum: an invalidation by address
 * may leave pointers to tables in their walk caches, because it computes another
 * index from the address than a walk does (commit 4a25f2ea0e03 "iommu: arm-smmu:
 * disable large page mappings for Nvidia arm-smmu", and
 * nvidia_smmu_init_context()). NVIDIA's advice is to map no blocks, so that no
 * table is freed while it is in use. Nothing is published about invalidations
 * without an address. This driver makes the following assumptions:
 *
 *  - Invalidations by address and by ASID remove the TLB entries of pages. The
 *    native driver relies on that, too; otherwise NVIDIA's advice would not help.
 *  - When a bank is disabled, and a TLBIALLNSNH after that is complete, no pointer
 *    to its tables is cached: TLBIALLNSNH compares neither address nor ASID. All
 *    drivers rely on that to remove the entries that firmware left in the SMMU.
 *  - TLBIASID and TLBIALL may leave pointers to tables. So as long as a domain has
 *    a bank, its tables stay linked where they are, even if they are empty; see
 *    <nvhe/io-pgtable.h> and smmu_put_bank().
 */

#include <linux/io.h>
#include <linux/sizes.h>

#include <asm/arch_timer.h>

#include "smmu-v2.h"

/*
 * A sync waits for the transactions that began before it. The slowest of them is a
 * read from a PCI device that does not respond. It ends with the requester's
 * completion timeout, which is 50 us to 50 ms unless software programs another
 * value (PCI Express Base Specification 5.0, 7.5.3.16, Device Control 2:
 * Completion Timeout Value 0000b). The timeout here is twice the upper limit. It
 * bounds the time spent at EL2; isolation does not depend on it: if a sync takes
 * longer, for instance because the host chose a longer completion timeout, the
 * domain is quarantined. The native driver's timeout is one second
 * (TLB_LOOP_TIMEOUT).
 */
#define SMMU_SYNC_TIMEOUT_MS	100

/*
 * Invalidate up to this many entries by address, and otherwise the whole bank:
 * more register writes cost more than the walks that they save.
 */
#define SMMU_MAX_TLBI_OPS	32

/* The longest wait for a sync so far, in ticks of the system counter. */
static u64 longest_wait;

static void smmu_note_wait(u64 ticks)
{
	u64 longest = READ_ONCE(longest_wait);

	while (ticks > longest && !try_cmpxchg_relaxed(&longest_wait, &longest, ticks))
		;
}

u64 smmu_tlb_longest_wait_us(void)
{
	return READ_ONCE(longest_wait) * USEC_PER_SEC / arch_timer_get_cntfrq();
}

u64 smmu_tlb_wait_bound_us(void)
{
	return SMMU_SYNC_TIMEOUT_MS * USEC_PER_MSEC;
}

static bool smmu_sync_active(struct smmu_device *smmu, unsigned int inst, unsigned int page,
			     unsigned int status)
{
	return smmu_readl(smmu, inst, page, status) & ARM_SMMU_sTLBGSTATUS_GSACTIVE;
}

/* On a timeout, set @stuck to the instance + 1 that timed out, for fault.c. */
static int smmu_tlb_sync(struct smmu_device *smmu, unsigned int page, unsigned int sync,
			 unsigned int status, u8 *stuck)
{
	u64 start, timeout = (u64)arch_timer_get_cntfrq() * SMMU_SYNC_TIMEOUT_MS / 1000;
	unsigned int inst;

	smmu_writel(smmu, page, sync, 0);

	start = __arch_counter_get_cntvct();
	for (inst = 0; inst < smmu->nr_instances; inst++) {
		while (smmu_sync_active(smmu, inst, page, status)) {
			if (__arch_counter_get_cntvct() - start > timeout) {
				/* Firmware may have run meanwhile: check once more. */
				if (!smmu_sync_active(smmu, inst, page, status))
					break;
				WRITE_ONCE(*stuck, inst + 1);
				smmu_note_wait(__arch_counter_get_cntvct() - start);
				return -ETIMEDOUT;
			}
			cpu_relax();
		}
	}

	smmu_note_wait(__arch_counter_get_cntvct() - start);

	/* Order what follows after the reads that found the sync complete. */
	mb();

	return 0;
}

/* Wait for all invalidations of an SMMU. */
int smmu_tlb_sync_global(struct smmu_device *smmu)
{
	return smmu_tlb_sync(smmu, ARM_SMMU_GR0, ARM_SMMU_GR0_sTLBGSYNC,
			     ARM_SMMU_GR0_sTLBGSTATUS, &smmu->stuck);
}

static int smmu_tlb_sync_bank(struct smmu_device *smmu, unsigned int bank)
{
	return smmu_tlb_sync(smmu, smmu_bank_page(smmu, bank), ARM_SMMU_CB_TLBSYNC,
			     ARM_SMMU_CB_TLBSTATUS, &smmu->banks[bank].stuck);
}

/* Invalidate all TLB entries of a bank and wait. Return 0 or -ETIMEDOUT. */
int smmu_tlb_inv_bank(struct smmu_device *smmu, unsigned int bank)
{
	wmb();	/* table entries before the invalidation */
	smmu_writel(smmu, smmu_bank_page(smmu, bank), ARM_SMMU_CB_S1_TLBIASID,
		    smmu_bank_tag(bank));

	return smmu_tlb_sync_bank(smmu, bank);
}

/*
 * Invalidate the walk caches after a bank was disabled, and wait: then its tables
 * may be reused. Without the erratum above, smmu_tlb_inv_bank() has done that.
 * Return 0 or -ETIMEDOUT.
 */
int smmu_tlb_inv_walks(struct smmu_device *smmu)
{
	if (!(smmu->flags & SMMU_KVM_PAGES_ONLY))
		return 0;

	smmu_writel(smmu, ARM_SMMU_GR0, ARM_SMMU_GR0_TLBIALLNSNH, 0);

	return smmu_tlb_sync_global(smmu);
}

/**
 * smmu_tlb_inv_range() - invalidate the leaf entries of a range and wait
 * @domain: the domain, locked
 * @iova: start of the range
 * @size: bytes, a multiple of @granule
 * @granule: page size with which the range was unmapped
 *
 * Return: 0 or -ETIMEDOUT.
 */
int smmu_tlb_inv_range(struct kvm_hyp_iommu_domain *domain, unsigned long iova,
		       size_t size, size_t granule)
{
	struct smmu_device *smmu = smmu_of(domain);
	int bank = smmu_domain_bank(domain);
	u64 end = (u64)iova + size, va;

	/* A domain without a bank has no TLB entries: see smmu_put_bank(). */
	if (bank < 0)
		return 0;

	/*
	 * TLB entries may be smaller than @granule: sixteen small pages of a
	 * short-descriptor table can be unmapped as a large page, and each has
	 * an entry of its own. When a table is unmapped, its entries have been
	 * invalidated with the whole bank.
	 */
	if (domain->fmt == KVM_IOMMU_FMT_V7S)
		granule = SZ_4K;

	if (size / granule > SMMU_MAX_TLBI_OPS)
		return smmu_tlb_inv_bank(smmu, bank);

	/*
	 * TLBIVAL of an AArch64 bank has the address, shifted right by 12, from
	 * bit 0 and the ASID in [63:48]; of other banks, the address in [31:12]
	 * and the ASID in [7:0] (IHI 0062, 16.5).
	 */
	wmb();	/* table entries before the invalidation */
	for (va = iova; va < end; va += granule) {
		if (domain->fmt == KVM_IOMMU_FMT_LPAE)
			smmu_writeq(smmu, smmu_bank_page(smmu, bank), ARM_SMMU_CB_S1_TLBIVAL,
				    va >> 12 | (u64)smmu_bank_tag(bank) << 48);
		else
			smmu_writel(smmu, smmu_bank_page(smmu, bank), ARM_SMMU_CB_S1_TLBIVAL,
				    (va & GENMASK(31, 12)) | smmu_bank_tag(bank));
	}

	return smmu_tlb_sync_bank(smmu, bank);
}

/*
 * A table was unlinked: no walker may read it when this returns. Invalidate by
 * ASID: by address it would take one invalidation for each level of tables. With
 * the walk-cache erratum that is not enough either, so the table can never be freed.
 */
static void smmu_flush_all(void *cookie)
{
	struct kvm_hyp_iommu_domain *domain = cookie;
	int bank = smmu_domain_bank(domain);

	/* A quarantined domain keeps its tables forever: do not wait again. */
	if (bank < 0 || domain->quarantined)
		return;

	if (smmu_of(domain)->flags & SMMU_KVM_PAGES_ONLY ||
	    smmu_tlb_inv_bank(smmu_of(domain), bank))
		kvm_hyp_iommu_quarantine(domain);
}

static void smmu_flush_walk(unsigned long iova, size_t size, size_t granule, void *cookie)
{
	smmu_flush_all(cookie);
}

const struct iommu_flush_ops smmu_flush_ops = {
	.tlb_flush_all	= smmu_flush_all,
	.tlb_flush_walk	= smmu_flush_walk,
};
