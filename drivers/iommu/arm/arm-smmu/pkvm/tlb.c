// SPDX-License-Identifier: GPL-2.0-only
/*
 * Arm SMMUv2 at EL2: invalidation.
 *
 * An invalidation is complete when a sync that follows it is (IHI 0062, 2.7),
 * on all instances. Only then may pages that were mapped, or tables that were
 * walked, serve another purpose. The wait has a bound: see SMMU_SYNC_TIMEOUT_MS.
 *
 * Each bank has its own sync, so that domains do not wait for each other.
 *
 * The walk caches of Tegra194 and Tegra234 (SMMU_KVM_PAGES_ONLY) keep pointers to
 * tables that they were told to forget: the index that they derive from an
 * address for an invalidation is not the one that a walk uses (commit
 * 4a25f2ea0e03 "iommu: arm-smmu: disable large page mappings for Nvidia
 * arm-smmu", and nvidia_smmu_init_context()). NVIDIA's advice is to map pages
 * alone, so that no table goes while it is in use. Nothing is published about
 * invalidations that have no address. This is what is relied on here:
 *
 *  - TLB entries of pages are invalidated by address and by ASID. The native
 *    driver relies on that, too, and NVIDIA's advice would be no remedy without.
 *  - A table pointer is forgotten when its bank is disabled, and TLBIALLNSNH,
 *    which compares neither address nor tag, has completed after that. It is how
 *    each driver gets rid of what firmware left in the SMMU.
 *  - Not on TLBIASID or TLBIALL to get rid of table pointers. So while a domain
 *    has a bank all its tables stay tables of that domain, linked where they
 *    were, empty or not; see <nvhe/io-pgtable.h> and smmu_put_bank().
 */

#include <linux/io.h>
#include <linux/sizes.h>

#include <asm/arch_timer.h>

#include "smmu-v2.h"

/*
 * A sync waits for the transactions that began before it. The slowest that
 * there can be is a read from a PCI device that does not answer. It ends with
 * the requester's completion timeout, which is 50 us to 50 ms unless software
 * programs another (PCI Express Base Specification 5.0, 7.5.3.16, Device Control
 * 2: Completion Timeout Value 0000b). This is twice the upper end. It bounds a
 * stay at EL2, and isolation does not depend on it: where a sync takes longer,
 * since the host chose a longer timeout, say, the domain is quarantined. The
 * native driver gives up after a second (TLB_LOOP_TIMEOUT).
 */
#define SMMU_SYNC_TIMEOUT_MS	100

/*
 * Invalidate by address up to this many entries, else all of the bank: more
 * register writes than that cost more than the walks they save.
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

/* @stuck: where to note, for fault.c, which instance did not answer in time. */
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
				/* Firmware may have had the CPU: look once more. */
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

	/* What follows must not overtake the reads that said it is done. */
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

/* Forget all that a bank has translated, and wait. 0 or -ETIMEDOUT. */
int smmu_tlb_inv_bank(struct smmu_device *smmu, unsigned int bank)
{
	wmb();	/* table entries before the invalidation */
	smmu_writel(smmu, smmu_bank_page(smmu, bank), ARM_SMMU_CB_S1_TLBIASID,
		    smmu_bank_tag(bank));

	return smmu_tlb_sync_bank(smmu, bank);
}

/*
 * Forget the tables that a bank has walked, and wait: they may serve another
 * purpose after that. The bank is disabled, and smmu_tlb_inv_bank() was enough
 * unless there is the erratum above. 0 or -ETIMEDOUT.
 */
int smmu_tlb_inv_walks(struct smmu_device *smmu)
{
	if (!(smmu->flags & SMMU_KVM_PAGES_ONLY))
		return 0;

	smmu_writel(smmu, ARM_SMMU_GR0, ARM_SMMU_GR0_TLBIALLNSNH, 0);

	return smmu_tlb_sync_global(smmu);
}

/**
 * smmu_tlb_inv_range() - forget leaf entries of a range, and wait
 * @domain: the domain, locked
 * @iova: start
 * @size: bytes, a multiple of @granule
 * @granule: page size that the range was unmapped by
 *
 * Return: 0 or -ETIMEDOUT.
 */
int smmu_tlb_inv_range(struct kvm_hyp_iommu_domain *domain, unsigned long iova,
		       size_t size, size_t granule)
{
	struct smmu_device *smmu = smmu_of(domain);
	int bank = smmu_domain_bank(domain);
	u64 end = (u64)iova + size, va;

	/* No bank: it was invalidated when it was taken away. */
	if (bank < 0)
		return 0;

	/*
	 * A TLB entry can be smaller than that. Where a table went the bank was
	 * invalidated with it; but sixteen small pages of a short-descriptor
	 * table can be unmapped as a large one, and each has its own entry.
	 */
	if (domain->fmt == KVM_IOMMU_FMT_V7S)
		granule = SZ_4K;

	if (size / granule > SMMU_MAX_TLBI_OPS)
		return smmu_tlb_inv_bank(smmu, bank);

	/*
	 * IHI 0062, 16.5: TLBIVAL has the address without its low 12 bits from
	 * bit 0 and the ASID in [63:48] in an AArch64 bank; the address in
	 * [31:12] and the ASID in [7:0] else.
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
 * A table was unlinked: no walker may read it when this returns. By ASID, because
 * an invalidation by address would have to be one for each table on the way.
 * Where the walk caches do not obey that either the table can never be freed.
 */
static void smmu_flush_all(void *cookie)
{
	struct kvm_hyp_iommu_domain *domain = cookie;
	int bank = smmu_domain_bank(domain);

	/* One wait is enough: what a lost domain has is kept for good. */
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
