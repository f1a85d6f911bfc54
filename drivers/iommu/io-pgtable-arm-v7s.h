/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef IO_PGTABLE_ARM_V7S_H_
#define IO_PGTABLE_ARM_V7S_H_

#include <linux/io-pgtable.h>
#include <linux/types.h>

struct kmem_cache;

typedef u32 arm_v7s_iopte;

/*
 * We have 32 bits total; 12 bits resolved at level 1, 8 bits at level 2,
 * and 12 bits in a page.
 * MediaTek extend 2 bits to reach 34bits, 14 bits at lvl1 and 8 bits at lvl2.
 */
#define _ARM_V7S_LVL_BITS(lvl, cfg)	((lvl) == 1 ? ((cfg)->ias - 20) : 8)

#define ARM_V7S_PTES_PER_LVL(lvl, cfg)	(1 << _ARM_V7S_LVL_BITS(lvl, cfg))
#define ARM_V7S_TABLE_SIZE(lvl, cfg)						\
	(ARM_V7S_PTES_PER_LVL(lvl, cfg) * sizeof(arm_v7s_iopte))

struct arm_v7s_io_pgtable {
	struct io_pgtable	iop;

	arm_v7s_iopte		*pgd;
	struct kmem_cache	*l2_tables;
};

/*
 * io-pgtable-arm-v7s.c: initialise a table in storage the caller owns, which is
 * empty and ready for the walker afterwards, and free all that it is made of.
 */
int arm_v7s_init_pgtable(struct arm_v7s_io_pgtable *data,
			 struct io_pgtable_cfg *cfg);
void arm_v7s_free_tables(struct arm_v7s_io_pgtable *data);

/*
 * Only where there is an account, see io-pgtable-arm-env.h. Where the first
 * entry of each table leads: the address and size of a leaf, and how many of its
 * size follow each other there, @max at most. 0 if it is to an empty table, with
 * an address in it, and a size of 0 if that is the root.
 */
unsigned int arm_v7s_first_leaves(struct io_pgtable *iop,
				  unsigned int max, unsigned long *iova,
				  size_t *size);

/* The same. Free the table of level 2 on the way to @iova if it is empty. */
void arm_v7s_free_empty_table(struct io_pgtable *iop, unsigned long iova, size_t max);

/*
 * Map runs of pages, IO_PGTABLE_RUN(), one behind the other. An error is about
 * the address at which the runs end that are mapped then.
 */
int arm_v7s_map_runs(struct io_pgtable *iop, unsigned long iova,
		     const u64 *runs, unsigned int nr, int prot, size_t *mapped);

/*
 * What io-pgtable-arm-v7s.c needs from its environment: memory for a table of
 * level 1 or 2, zeroed and, for a walker that is not coherent, cleaned.
 */
void *__arm_v7s_alloc_table(int lvl, gfp_t gfp,
			    struct arm_v7s_io_pgtable *data);
void __arm_v7s_free_table(void *table, int lvl,
			  struct arm_v7s_io_pgtable *data);

#endif /* IO_PGTABLE_ARM_V7S_H_ */
