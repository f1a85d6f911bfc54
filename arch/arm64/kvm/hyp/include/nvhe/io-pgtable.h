/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * I/O page tables at EL2.
 *
 * The formats are those of drivers/iommu/io-pgtable-arm*.c, compiled a second
 * time for the hypervisor. A table is used as in the kernel, through its ops,
 * with the differences that come from who the caller is:
 *
 *  - The arguments may be the host's. The user of a table checks them in full,
 *    with hyp_io_pgtable_check_map() and hyp_io_pgtable_check_range(), and the
 *    operations rely on that.
 *  - map_pages() does all that it was asked for, or fails. Then *mapped still
 *    says how much it did, which is left for the caller to undo.
 *  - unmap_pages() stops at the first address where nothing is mapped, or where
 *    a larger block is.
 *  - Nothing is ever replaced. Mapping where something is mapped, a table of
 *    smaller pages included, is -EEXIST.
 *  - Each leaf that goes is reported with pkvm_iommu_leaf_cleared().
 *  - A table that maps nothing stays where it is, for what is mapped there next,
 *    until hyp_io_pgtable_clear() frees it. Only a block that is mapped or
 *    unmapped in its place makes it go before that. tlb_flush_walk() has then
 *    returned: the walker may not read that table any more. So if blocks are
 *    not among the page sizes, tlb_flush_walk() is called by
 *    hyp_io_pgtable_clear() alone.
 *
 * The caller serialises all operations on a table. Like the kernel's drivers,
 * its TLB operations order the writes to a table before the invalidation, and
 * what unmap_pages() removed is unreachable only after the caller's own sync.
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
 * @cfg:     Filled in by the user, completed by hyp_io_pgtable_init() as
 *           alloc_io_pgtable_ops() does. Constant afterwards.
 * @ops:     The operations; NULL unless the table is initialised.
 * @pa_bits: Bits of a physical address that may be mapped, if fewer than the table
 *           has; 0: as many as it has.
 */
struct hyp_io_pgtable {
	struct io_pgtable_cfg		cfg;
	struct io_pgtable_ops		*ops;
	u8				pa_bits;

	/* private: */
	const struct hyp_io_pgtable_fmt	*fmt;
	struct io_pgtable_ops		hyp_ops;
	struct io_pgtable		iop;
	u64				fmt_data[4];
};

/**
 * hyp_io_pgtable_init() - Make an empty table
 * @pgt:    Its storage, with @cfg filled in.
 * @fmt:    ARM_64_LPAE_S1 or ARM_V7S.
 * @cookie: Passed to the TLB operations and the functions below.
 *
 * Return: 0; -EINVAL for a configuration that cannot be had; -EOPNOTSUPP for a
 * format that cannot; -ENOMEM.
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
 * hyp_io_pgtable_destroy() - Free a table and all it consists of
 * @pgt: The table.
 *
 * No walker may know of it any more. Leaves it still has are reported; their
 * number is bounded only by the memory that maps them.
 */
void hyp_io_pgtable_destroy(struct hyp_io_pgtable *pgt);

/**
 * hyp_io_pgtable_clear() - Unmap some of what is mapped, wherever that is
 * @pgt: The table.
 * @max: How many pages, at most, or one block. What it takes to find them is
 *       bounded too.
 *
 * Tables that map nothing are freed, too, one of the last level in a call. The
 * walker should not know of any table: see above for what it may remember.
 *
 * The leaves are reported, but tlb_add_page() is not called for them: the TLB
 * is the caller's to invalidate, for all of the table.
 *
 * Return: whether nothing but the root is left.
 */
bool hyp_io_pgtable_clear(struct hyp_io_pgtable *pgt, unsigned int max);

/*
 * Provided by the user of the tables.
 */

/**
 * pkvm_iommu_table_alloc() - Memory for a table
 * @cookie: The table's cookie.
 * @size:   A granule for ARM_64_LPAE_S1; for ARM_V7S 16 KiB at level 1 and 1 KiB
 *          at level 2.
 *
 * The tables of ARM_V7S have to lie below 4 GiB.
 *
 * Return: @size bytes, zeroed, physically contiguous and aligned to @size; NULL
 * if there are none.
 */
void *pkvm_iommu_table_alloc(void *cookie, size_t size);
void pkvm_iommu_table_free(void *cookie, void *table, size_t size);

/**
 * pkvm_iommu_leaf_cleared() - A leaf is on its way out
 * @cookie: The table's cookie.
 * @paddr:  What it maps.
 * @size:   Its size: one of the configuration's page sizes.
 *
 * The device can reach the page until the caller of the operation that removes
 * the leaf has invalidated the TLB.
 */
void pkvm_iommu_leaf_cleared(void *cookie, phys_addr_t paddr, size_t size);

/*
 * Provided by each format, for the use of io-pgtable.c alone.
 */

/**
 * struct hyp_io_pgtable_fmt - A format
 * @quirks:       Those it can be asked for at EL2.
 * @min_ias:      The smallest input address size, in bits.
 * @init:         Make an empty table; the io_pgtable has its @fmt and @cookie.
 * @free:         Free a table and all it consists of.
 * @first_leaves: Follow the first entry of each table, from the root, to a leaf:
 *                where and how large it is, and how many of that size follow
 *                each other there, @max at most. 0 if the way ends in an empty
 *                table: then the address is one that leads to it, and the size
 *                is 0 if that table is the root.
 * @table_shift:  What a table of the last level maps, as a power of two.
 * @free_empty:   Free the tables on the way to an address that are empty and map
 *                no more than @max bytes, which is as much as the last one does.
 * @map_runs:     Map runs of pages of the smallest size, IO_PGTABLE_RUN(), one
 *                behind the other.
 *
 * What a format keeps for a table begins with its struct io_pgtable and is no
 * larger than HYP_IO_PGTABLE_DATA_SIZE.
 */
struct hyp_io_pgtable_fmt {
	unsigned long	quirks;
	unsigned int	min_ias;
	int (*init)(struct io_pgtable *iop, struct io_pgtable_cfg *cfg);
	void (*free)(struct io_pgtable *iop);
	unsigned int (*first_leaves)(struct io_pgtable *iop, unsigned int max,
				     unsigned long *iova, size_t *size);
	unsigned int	table_shift;
	void (*free_empty)(struct io_pgtable *iop, unsigned long iova, size_t max);
	int (*map_runs)(struct io_pgtable *iop, unsigned long iova, const u64 *runs,
			unsigned int nr, int prot, size_t *mapped);
};

/**
 * hyp_io_pgtable_map_runs() - Map pages that are not contiguous
 * @pgt:    The table.
 * @iova:   Where, page aligned.
 * @runs:   Runs of pages, IO_PGTABLE_RUN(), to be mapped one behind the other.
 * @nr:     How many.
 * @prot:   IOMMU_READ, IOMMU_WRITE, ...
 * @mapped: Increased by the bytes that are mapped, also on failure.
 *
 * Return: 0, or an error as map_pages() has it.
 */
static inline int hyp_io_pgtable_map_runs(struct hyp_io_pgtable *pgt, unsigned long iova,
					  const u64 *runs, unsigned int nr, int prot,
					  size_t *mapped)
{
	return pgt->fmt->map_runs(&pgt->iop, iova, runs, nr, prot, mapped);
}

#define HYP_IO_PGTABLE_DATA_SIZE \
	(sizeof(struct hyp_io_pgtable) - offsetof(struct hyp_io_pgtable, iop))

extern const struct hyp_io_pgtable_fmt hyp_io_pgtable_arm_64_lpae_s1;
extern const struct hyp_io_pgtable_fmt hyp_io_pgtable_arm_v7s;

#endif /* __ARM64_KVM_NVHE_IO_PGTABLE_H__ */
