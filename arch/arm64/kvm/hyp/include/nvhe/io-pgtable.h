/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * I/O page tables at EL2.
 *
 * The formats are those of drivers/iommu/io-pgtable-arm*.c, compiled a second
 * time for the hypervisor. A table is used as in the kernel, through its ops,
 * with the differences that come from who the caller is:
 *
 *  - The arguments of each operation may be the host's. They are checked in
 *    full, and nothing warns: what cannot be done fails with an error.
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
 */
struct hyp_io_pgtable {
	struct io_pgtable_cfg		cfg;
	struct io_pgtable_ops		*ops;

	/* private: */
	const struct hyp_io_pgtable_fmt	*fmt;
	struct io_pgtable_ops		checked_ops;
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

/**
 * hyp_io_pgtable_map_runs() - Map pages that are not contiguous
 * @pgt:    The table.
 * @iova:   Where, page aligned.
 * @runs:   Runs of pages, KVM_IOMMU_RUN(), to be mapped one behind the other.
 * @nr:     How many.
 * @prot:   IOMMU_READ, IOMMU_WRITE, ...
 * @mapped: Increased by the bytes that are mapped, also on failure.
 *
 * Return: 0, or an error as map_pages() has it.
 */
int hyp_io_pgtable_map_runs(struct hyp_io_pgtable *pgt, unsigned long iova,
			    const u64 *runs, unsigned int nr, int prot, size_t *mapped);

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
 * @map_runs:     Map runs of pages of the smallest size, KVM_IOMMU_RUN(), one
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

#define HYP_IO_PGTABLE_DATA_SIZE \
	(sizeof(struct hyp_io_pgtable) - offsetof(struct hyp_io_pgtable, iop))

extern const struct hyp_io_pgtable_fmt hyp_io_pgtable_arm_64_lpae_s1;
extern const struct hyp_io_pgtable_fmt hyp_io_pgtable_arm_v7s;

#endif /* __ARM64_KVM_NVHE_IO_PGTABLE_H__ */
