// SPDX-License-Identifier: GPL-2.0-only
/*
 * Memory for the tables that io-pgtable-arm-v7s.c builds, as the kernel has
 * it: pages for the first level and a slab cache for the second, within reach
 * of a 32-bit descriptor and made visible to the walker through the DMA API.
 *
 * Copyright (C) 2014-2015 ARM Limited
 * Copyright (c) 2014-2015 MediaTek Inc.
 */

#define pr_fmt(fmt)	"arm-v7s io-pgtable: " fmt

#include <linux/dma-mapping.h>
#include <linux/gfp.h>
#include <linux/io-pgtable.h>
#include <linux/kmemleak.h>
#include <linux/slab.h>
#include <linux/types.h>

#include "io-pgtable-arm-v7s.h"

#ifdef CONFIG_ZONE_DMA32
#define ARM_V7S_TABLE_GFP_DMA GFP_DMA32
#define ARM_V7S_TABLE_SLAB_FLAGS SLAB_CACHE_DMA32
#else
#define ARM_V7S_TABLE_GFP_DMA GFP_DMA
#define ARM_V7S_TABLE_SLAB_FLAGS SLAB_CACHE_DMA
#endif

void *__arm_v7s_alloc_table(int lvl, gfp_t gfp,
			    struct arm_v7s_io_pgtable *data)
{
	struct io_pgtable_cfg *cfg = &data->iop.cfg;
	struct device *dev = cfg->iommu_dev;
	phys_addr_t phys;
	dma_addr_t dma;
	size_t size = ARM_V7S_TABLE_SIZE(lvl, cfg);
	void *table = NULL;
	gfp_t gfp_l1;

	/*
	 * ARM_MTK_TTBR_EXT extend the translation table base support larger
	 * memory address.
	 */
	gfp_l1 = cfg->quirks & IO_PGTABLE_QUIRK_ARM_MTK_TTBR_EXT ?
		 GFP_KERNEL : ARM_V7S_TABLE_GFP_DMA;

	if (lvl == 1)
		table = (void *)__get_free_pages(gfp_l1 | __GFP_ZERO, get_order(size));
	else if (lvl == 2)
		table = kmem_cache_zalloc(data->l2_tables, gfp);

	if (!table)
		return NULL;

	phys = virt_to_phys(table);
	if (cfg->quirks & IO_PGTABLE_QUIRK_ARM_MTK_TTBR_EXT ?
	    phys >= (1ULL << cfg->oas) : phys != (arm_v7s_iopte)phys) {
		/* Doesn't fit in PTE */
		dev_err(dev, "Page table does not fit in PTE: %pa", &phys);
		goto out_free;
	}
	if (!cfg->coherent_walk) {
		dma = dma_map_single(dev, table, size, DMA_TO_DEVICE);
		if (dma_mapping_error(dev, dma))
			goto out_free;
		/*
		 * We depend on the IOMMU being able to work with any physical
		 * address directly, so if the DMA layer suggests otherwise by
		 * translating or truncating them, that bodes very badly...
		 */
		if (dma != phys)
			goto out_unmap;
	}
	if (lvl == 2)
		kmemleak_ignore(table);
	return table;

out_unmap:
	dev_err(dev, "Cannot accommodate DMA translation for IOMMU page tables\n");
	dma_unmap_single(dev, dma, size, DMA_TO_DEVICE);
out_free:
	if (lvl == 1)
		free_pages((unsigned long)table, get_order(size));
	else
		kmem_cache_free(data->l2_tables, table);
	return NULL;
}

void __arm_v7s_free_table(void *table, int lvl,
			  struct arm_v7s_io_pgtable *data)
{
	struct io_pgtable_cfg *cfg = &data->iop.cfg;
	struct device *dev = cfg->iommu_dev;
	size_t size = ARM_V7S_TABLE_SIZE(lvl, cfg);

	if (!cfg->coherent_walk)
		dma_unmap_single(dev, virt_to_phys(table), size, DMA_TO_DEVICE);
	if (lvl == 1)
		free_pages((unsigned long)table, get_order(size));
	else
		kmem_cache_free(data->l2_tables, table);
}

static struct io_pgtable *arm_v7s_alloc_pgtable(struct io_pgtable_cfg *cfg,
						void *cookie)
{
	struct arm_v7s_io_pgtable *data;
	slab_flags_t slab_flag;

	data = kmalloc_obj(*data);
	if (!data)
		return NULL;

	/*
	 * ARM_MTK_TTBR_EXT extend the translation table base support larger
	 * memory address.
	 */
	slab_flag = cfg->quirks & IO_PGTABLE_QUIRK_ARM_MTK_TTBR_EXT ?
		    0 : ARM_V7S_TABLE_SLAB_FLAGS;

	data->l2_tables = kmem_cache_create("io-pgtable_armv7s_l2",
					    ARM_V7S_TABLE_SIZE(2, cfg),
					    ARM_V7S_TABLE_SIZE(2, cfg),
					    slab_flag, NULL);
	if (!data->l2_tables)
		goto out_free_data;

	if (arm_v7s_init_pgtable(data, cfg))
		goto out_destroy_cache;

	return &data->iop;

out_destroy_cache:
	kmem_cache_destroy(data->l2_tables);
out_free_data:
	kfree(data);
	return NULL;
}

static void arm_v7s_free_pgtable(struct io_pgtable *iop)
{
	struct arm_v7s_io_pgtable *data =
		container_of(iop, struct arm_v7s_io_pgtable, iop);

	arm_v7s_free_tables(data);
	kmem_cache_destroy(data->l2_tables);
	kfree(data);
}

struct io_pgtable_init_fns io_pgtable_arm_v7s_init_fns = {
	.alloc	= arm_v7s_alloc_pgtable,
	.free	= arm_v7s_free_pgtable,
};
