/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * I/O page tables at EL2.
 *
 * The formats are those of drivers/iommu/io-pgtable-arm*.c, compiled a second
 * time for the hypervisor.
 *
 *  - The arguments may be the host's. The user of a table checks them in full,
 *    with hyp_io_pgtable_check_map() and hyp_io_pgtable_check_range(), and the
 *    operations rely on that.
 *  - A map does all that it was asked for, or fails. Then *mapped still says how
 *    much it did, which the caller keeps or undoes.
 *  - Nothing is ever replaced: to map where something is mapped is -EEXIST.
 *  - An unmap stops at the first place where nothing is mapped, or where a larger
 *    block is. It lists what it unmaps.
 *  - A table that maps nothing stays where it is, for what is mapped there next,
 *    until hyp_io_pgtable_clear() frees it. Only a block that is mapped in its
 *    place makes it go before that. tlb_flush_walk() has then returned: the
 *    walker may not read that table any more. So if blocks are not among the page
 *    sizes, tlb_flush_walk() is called by hyp_io_pgtable_clear() alone.
 *
 * The caller serialises all operations on a table. Like the kernel's drivers,
 * its TLB operations order the writes to a table before the invalidation, and
 * what was unmapped is unreachable only after the caller's own sync.
 */
#ifndef __ARM64_KVM_NVHE_IO_PGTABLE_H__
#define __ARM64_KVM_NVHE_IO_PGTABLE_H__

#include <linux/io-pgtable.h>

#include <asm/kvm_iommu.h>
#include <asm/kvm_mmu.h>

#include <nvhe/memory.h>

struct hyp_io_pgtable_fmt;

/**
 * struct hyp_io_pgtable - An I/O page table, in storage its user owns
 * @cfg:     Filled in by the user, alloc() and free() included, completed by
 *           hyp_io_pgtable_init() as alloc_io_pgtable_ops() does. Constant
 *           afterwards.
 * @pa_bits: Bits of a physical address that may be mapped, if fewer than the table
 *           has; 0: as many as it has.
 */
struct hyp_io_pgtable {
	struct io_pgtable_cfg		cfg;
	u8				pa_bits;

	/* private: */
	const struct hyp_io_pgtable_fmt	*fmt;
	struct io_pgtable		*iop;		/* in data */
	u64				cleared;	/* nothing is mapped below */
	u64				data[(sizeof(struct io_pgtable) + 32) / sizeof(u64)];
};

/**
 * hyp_io_pgtable_init() - Make an empty table
 * @pgt:    Its storage, with @cfg filled in.
 * @fmt:    ARM_64_LPAE_S1 or ARM_V7S.
 * @cookie: Passed to the operations of @cfg.
 *
 * cfg->alloc() returns zeroed, naturally aligned memory that a table entry can
 * refer to: below 1 << cfg->oas. Its size is a page for ARM_64_LPAE_S1, or less for
 * a root; for ARM_V7S 16 KiB at level 1 and 1 KiB at level 2.
 *
 * Return: 0; -EINVAL: the configuration is not supported; -EOPNOTSUPP: the format
 * is not; -ENOMEM.
 */
int hyp_io_pgtable_init(struct hyp_io_pgtable *pgt, enum io_pgtable_fmt fmt,
			void *cookie);

/**
 * hyp_io_pgtable_check_range() - Check what is to be unmapped
 * @pgt:     The table.
 * @iova:    Where.
 * @pgsize:  Size of a page.
 * @pgcount: How many.
 *
 * Return: 0, or -EINVAL: the page size is none of the table's, the range is empty,
 * not aligned, or leaves the address space.
 */
int hyp_io_pgtable_check_range(const struct hyp_io_pgtable *pgt, u64 iova, u64 pgsize,
			       u64 pgcount);

/**
 * hyp_io_pgtable_check_map() - Check what is to be mapped
 * @pgt:     The table.
 * @iova:    Where.
 * @paddr:   What.
 * @pgsize:  Size of a page.
 * @pgcount: How many.
 * @prot:    IOMMU_READ, IOMMU_WRITE, ...
 *
 * This is the one place that decides on all of it but the owner of the pages.
 *
 * Return: 0, or -EINVAL: as hyp_io_pgtable_check_range(), @paddr is not aligned or
 * has too many bits, or @prot asks for no access or for what there is not.
 */
int hyp_io_pgtable_check_map(const struct hyp_io_pgtable *pgt, u64 iova, u64 paddr,
			     u64 pgsize, u64 pgcount, int prot);

/**
 * hyp_io_pgtable_map() - Map a contiguous range
 * @pgt:     The table.
 * @iova:    Where.
 * @paddr:   What.
 * @pgsize:  Size of a page.
 * @pgcount: How many.
 * @prot:    IOMMU_READ, IOMMU_WRITE, ...
 * @mapped:  Increased by the bytes that are mapped, also on failure.
 *
 * Return: 0; -EEXIST: something is mapped there; -ENOMEM.
 */
int hyp_io_pgtable_map(struct hyp_io_pgtable *pgt, unsigned long iova,
		       phys_addr_t paddr, size_t pgsize, size_t pgcount, int prot,
		       size_t *mapped);

/**
 * hyp_io_pgtable_map_runs() - Map pages that are not contiguous
 * @pgt:    The table.
 * @iova:   Where, page aligned.
 * @runs:   Runs of pages, IO_PGTABLE_RUN(), to be mapped one behind the other.
 * @nr:     How many.
 * @prot:   IOMMU_READ, IOMMU_WRITE, ...
 * @mapped: Increased by the bytes that are mapped, also on failure.
 *
 * Return: as hyp_io_pgtable_map().
 */
static inline int hyp_io_pgtable_map_runs(struct hyp_io_pgtable *pgt, unsigned long iova,
					  const u64 *runs, unsigned int nr, int prot,
					  size_t *mapped)
{
	struct io_pgtable_ops *ops = &pgt->iop->ops;

	pgt->cleared = 0;

	return ops->map_runs(ops, iova, runs, nr, prot, mapped);
}

/**
 * hyp_io_pgtable_unmap() - Unmap pages
 * @pgt:     The table.
 * @iova:    Where.
 * @pgsize:  Size of a page.
 * @pgcount: How many.
 * @runs:    What was unmapped is added to this list.
 * @granule: The smallest size of what was unmapped, to invalidate with.
 *
 * If @pgsize is a block's, anything that is mapped in its place goes as the block
 * would. The unmap ends early if the list is full. The device can reach the pages
 * until the caller has invalidated the TLB.
 *
 * Return: how many bytes were unmapped from @iova on, a multiple of @pgsize.
 */
size_t hyp_io_pgtable_unmap(struct hyp_io_pgtable *pgt, unsigned long iova,
			    size_t pgsize, size_t pgcount,
			    struct io_pgtable_runs *runs, size_t *granule);

/**
 * hyp_io_pgtable_iova_to_phys() - Translate an address
 * @pgt:  The table.
 * @iova: Any address.
 *
 * Return: the physical address, 0 if there is none.
 */
phys_addr_t hyp_io_pgtable_iova_to_phys(struct hyp_io_pgtable *pgt, u64 iova);

/**
 * hyp_io_pgtable_clear() - Unmap some of what is mapped, wherever that is
 * @pgt:  The table.
 * @max:  How many pages, at most, or one block. What it takes to find them is
 *        bounded too.
 * @runs: What was unmapped is added to this list.
 *
 * Tables that map nothing are freed, too. The walker should not know of any
 * table: see above for what it may remember. The TLB is the caller's to
 * invalidate, for all of the table.
 *
 * Return: whether nothing but the root is left.
 */
bool hyp_io_pgtable_clear(struct hyp_io_pgtable *pgt, unsigned int max,
			  struct io_pgtable_runs *runs);

/**
 * hyp_io_pgtable_destroy() - Free a table that hyp_io_pgtable_clear() has cleared
 * @pgt: The table.
 *
 * No walker may know of it any more.
 */
void hyp_io_pgtable_destroy(struct hyp_io_pgtable *pgt);

#endif /* __ARM64_KVM_NVHE_IO_PGTABLE_H__ */
