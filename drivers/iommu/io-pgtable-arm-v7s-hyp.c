// SPDX-License-Identifier: GPL-2.0-only
/*
 * Memory for the tables that io-pgtable-arm-v7s.c builds at EL2, see
 * <nvhe/io-pgtable.h>.
 */

#include <linux/build_bug.h>
#include <linux/io-pgtable.h>
#include <linux/kernel.h>
#include <linux/sizes.h>

#include <nvhe/io-pgtable.h>

#include "io-pgtable-arm-v7s.h"

static_assert(offsetof(struct arm_v7s_io_pgtable, iop) == 0);
static_assert(sizeof(struct arm_v7s_io_pgtable) <= HYP_IO_PGTABLE_DATA_SIZE);

void *__arm_v7s_alloc_table(int lvl, gfp_t gfp,
			    struct arm_v7s_io_pgtable *data)
{
	struct io_pgtable *iop = &data->iop;
	size_t size = ARM_V7S_TABLE_SIZE(lvl, &iop->cfg);
	void *table;

	table = pkvm_iommu_table_alloc(iop->cookie, size);
	if (!table)
		return NULL;

	/* Neither the TTBR nor an entry could say where it is */
	if (upper_32_bits(hyp_virt_to_phys(table))) {
		pkvm_iommu_table_free(iop->cookie, table, size);
		return NULL;
	}

	if (!iop->cfg.coherent_walk)
		kvm_flush_dcache_to_poc(table, size);

	return table;
}

void __arm_v7s_free_table(void *table, int lvl, struct arm_v7s_io_pgtable *data)
{
	struct io_pgtable *iop = &data->iop;

	pkvm_iommu_table_free(iop->cookie, table,
			      ARM_V7S_TABLE_SIZE(lvl, &iop->cfg));
}

static int v7s_init(struct io_pgtable *iop, struct io_pgtable_cfg *cfg)
{
	if (!(cfg->pgsize_bitmap & (SZ_4K | SZ_64K | SZ_1M | SZ_16M)))
		return -EINVAL;

	return arm_v7s_init_pgtable(container_of(iop, struct arm_v7s_io_pgtable, iop),
				    cfg);
}

static void v7s_free(struct io_pgtable *iop)
{
	arm_v7s_free_tables(container_of(iop, struct arm_v7s_io_pgtable, iop));
}

const struct hyp_io_pgtable_fmt hyp_io_pgtable_arm_v7s = {
	.quirks		= IO_PGTABLE_QUIRK_ARM_NS |
			  IO_PGTABLE_QUIRK_NO_WARN,
	/* TTBCR.N is 0: the walker takes a root for all of 32 bits */
	.min_ias	= 32,
	.init		= v7s_init,
	.free		= v7s_free,
	.first_leaves	= arm_v7s_first_leaves,
	.table_shift	= 20,
	.free_empty	= arm_v7s_free_empty_table,
	.map_runs	= arm_v7s_map_runs,
};
