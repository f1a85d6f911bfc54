// SPDX-License-Identifier: GPL-2.0-only
/*
 * Memory for the tables that io-pgtable-arm.c builds at EL2, see
 * <nvhe/io-pgtable.h>.
 */

#include <linux/build_bug.h>
#include <linux/io-pgtable.h>
#include <linux/minmax.h>

#include <nvhe/io-pgtable.h>

#include "io-pgtable-arm.h"

static_assert(offsetof(struct arm_lpae_io_pgtable, iop) == 0);
static_assert(sizeof(struct arm_lpae_io_pgtable) <= HYP_IO_PGTABLE_DATA_SIZE);

/* A table is a page, but for a root that covers little: that is part of one */
static size_t table_size(size_t size)
{
	return max_t(size_t, size, PAGE_SIZE);
}

void *__arm_lpae_alloc_pages(size_t size, gfp_t gfp,
			     struct io_pgtable_cfg *cfg, void *cookie)
{
	void *table;

	size = table_size(size);
	table = pkvm_iommu_table_alloc(cookie, size);
	if (!table)
		return NULL;

	/* An entry could not say where it is */
	if (hyp_virt_to_phys(table) >> cfg->oas) {
		pkvm_iommu_table_free(cookie, table, size);
		return NULL;
	}

	if (!cfg->coherent_walk)
		kvm_flush_dcache_to_poc(table, size);

	return table;
}

void __arm_lpae_free_pages(void *table, size_t size,
			   struct io_pgtable_cfg *cfg, void *cookie)
{
	pkvm_iommu_table_free(cookie, table, table_size(size));
}

static int lpae_init_s1(struct io_pgtable *iop, struct io_pgtable_cfg *cfg)
{
	return arm_64_lpae_init_pgtable_s1(container_of(iop, struct arm_lpae_io_pgtable, iop),
					   cfg, iop->cookie);
}

static void lpae_free(struct io_pgtable *iop)
{
	arm_lpae_free_tables(container_of(iop, struct arm_lpae_io_pgtable, iop));
}

const struct hyp_io_pgtable_fmt hyp_io_pgtable_arm_64_lpae_s1 = {
	.quirks		= IO_PGTABLE_QUIRK_ARM_NS |
			  IO_PGTABLE_QUIRK_ARM_OUTER_WBWA |
			  IO_PGTABLE_QUIRK_NO_WARN,
	/* TCR.T0SZ is at most 39 */
	.min_ias	= 25,
	.init		= lpae_init_s1,
	.free		= lpae_free,
	.first_leaves	= arm_lpae_first_leaves,
	.table_shift	= PAGE_SHIFT + PAGE_SHIFT - 3,
	.free_empty	= arm_lpae_free_empty_tables,
	.map_runs	= arm_lpae_map_runs,
};
