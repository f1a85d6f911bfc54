/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the Arm page table formats ask of the place they run in.
 *
 * The formats know how a table is encoded, walked and changed. How an address
 * in a table entry becomes a pointer, how a write reaches a walker that does
 * not look into the caches, and what happens when a caller breaks the rules,
 * depends on who runs them. It is known when they are compiled: nothing here
 * costs a branch or a call that would not be there anyway.
 */
#ifndef IO_PGTABLE_ARM_ENV_H_
#define IO_PGTABLE_ARM_ENV_H_

#include <linux/io-pgtable.h>
#include <linux/types.h>

#if defined(__KVM_NVHE_HYPERVISOR__) || defined(IOPGT_KUNIT_HYP)

#include <nvhe/io-pgtable.h>

/*
 * A WARN_ON() is the end of the machine at EL2, and what breaks the rules here
 * is the host: the operation fails, and that is all.
 */
#define IOPGT_WARN_ON(cond)		({ bool __broken = !!(cond); unlikely(__broken); })
#define IOPGT_WARN_ONCE(cond, ...)	IOPGT_WARN_ON(cond)

#define IOPGT_DIRTY_TRACKING		false
#define IOPGT_ACCOUNTING		true
#define IOPGT_FIND_LEAVES

static inline void iopgt_leaf_cleared(struct io_pgtable *iop, phys_addr_t paddr,
				      size_t size)
{
	pkvm_iommu_leaf_cleared(iop->cookie, paddr, size);
}

static inline phys_addr_t iopgt_virt_to_phys(void *virt)
{
	return hyp_virt_to_phys(virt);
}

static inline void *iopgt_phys_to_virt(phys_addr_t phys)
{
	return hyp_phys_to_virt(phys);
}

static inline void iopgt_sync(struct io_pgtable_cfg *cfg, void *entry,
			      size_t size)
{
	kvm_flush_dcache_to_poc(entry, size);
}

#else /* the kernel */

#include <linux/bug.h>
#include <linux/dma-mapping.h>
#include <linux/io.h>

/* A caller broke the rules: tell, and evaluate to whether it did */
#define IOPGT_WARN_ON(cond)		WARN_ON(cond)
#define IOPGT_WARN_ONCE(cond, msg)	WARN_ONCE(cond, msg)

/* Can the dirty state of a table be recorded? */
#define IOPGT_DIRTY_TRACKING		true

/*
 * Is there an account of what is mapped and of the tables that map it? Then
 * each leaf that goes is reported through iopgt_leaf_cleared(), a leaf never
 * replaces a table. Whoever keeps the account may want to look for leaves, and
 * for tables that map nothing any more: define IOPGT_FIND_LEAVES.
 */
#define IOPGT_ACCOUNTING		false

static inline void iopgt_leaf_cleared(struct io_pgtable *iop, phys_addr_t paddr,
				      size_t size)
{
}

static inline phys_addr_t iopgt_virt_to_phys(void *virt)
{
	return virt_to_phys(virt);
}

static inline void *iopgt_phys_to_virt(phys_addr_t phys)
{
	return phys_to_virt(phys);
}

/* Let a walker that is not coherent see @size bytes of entries from @entry */
#define iopgt_sync(cfg, entry, size)					\
	dma_sync_single_for_device((cfg)->iommu_dev, virt_to_phys(entry), size, \
				   DMA_TO_DEVICE)

#endif

#endif /* IO_PGTABLE_ARM_ENV_H_ */
