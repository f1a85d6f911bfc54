// SPDX-License-Identifier: GPL-2.0-only
/*
 * Memory for the tables that io-pgtable-arm.c builds, as the kernel has it:
 * pages of the kernel's allocator, or of the IOMMU driver's own, made visible
 * to the walker through the DMA API.
 *
 * Copyright (C) 2014 ARM Limited
 *
 * Author: Will Deacon <will.deacon@arm.com>
 */

#define pr_fmt(fmt)	"arm-lpae io-pgtable: " fmt

#include <linux/dma-mapping.h>
#include <linux/io-pgtable.h>
#include <linux/slab.h>
#include <linux/types.h>

#include "io-pgtable-arm.h"
#include "iommu-pages.h"

static void *__arm_lpae_cfg_alloc(size_t size, gfp_t gfp,
				  struct io_pgtable_cfg *cfg,
				  void *cookie)
{
	struct device *dev = cfg->iommu_dev;
	dma_addr_t dma;
	void *pages;

	pages = cfg->alloc(cookie, size, gfp);
	if (!pages)
		return NULL;

	if (!cfg->coherent_walk) {
		dma = dma_map_single(dev, pages, size, DMA_TO_DEVICE);
		if (dma_mapping_error(dev, dma))
			goto out_free;
		/*
		 * We depend on the IOMMU being able to work with any physical
		 * address directly, so if the DMA layer suggests otherwise by
		 * translating or truncating them, that bodes very badly...
		 */
		if (dma != virt_to_phys(pages))
			goto out_unmap;
	}

	return pages;

out_unmap:
	dev_err(dev, "Cannot accommodate DMA translation for IOMMU page tables\n");
	dma_unmap_single(dev, dma, size, DMA_TO_DEVICE);

out_free:
	cfg->free(cookie, pages, size);
	return NULL;
}

static void __arm_lpae_cfg_free(void *pages, size_t size,
				struct io_pgtable_cfg *cfg,
				void *cookie)
{
	if (!cfg->coherent_walk)
		dma_unmap_single(cfg->iommu_dev, virt_to_phys(pages),
				 size, DMA_TO_DEVICE);

	cfg->free(cookie, pages, size);
}

void *__arm_lpae_alloc_pages(size_t size, gfp_t gfp,
			     struct io_pgtable_cfg *cfg, void *cookie)
{
	struct device *dev = cfg->iommu_dev;
	void *pages;

	/*
	 * For very small starting-level translation tables the HW requires a
	 * minimum alignment of at least 64 to cover all cases.
	 */
	size = max(size, 64);

	if (cfg->alloc)
		return __arm_lpae_cfg_alloc(size, gfp, cfg, cookie);

	pages = iommu_alloc_pages_node_sz(dev_to_node(dev), gfp, size);
	if (!pages)
		return NULL;

	if (!cfg->coherent_walk) {
		int ret = iommu_pages_start_incoherent(pages, dev);

		if (ret) {
			if (ret == -EOPNOTSUPP)
				dev_err(dev, "Cannot accommodate DMA translation for IOMMU page tables\n");
			iommu_free_pages(pages);
			return NULL;
		}
	}

	return pages;
}

void __arm_lpae_free_pages(void *pages, size_t size,
			   struct io_pgtable_cfg *cfg, void *cookie)
{
	/* See __arm_lpae_alloc_pages(). */
	size = max(size, 64);

	if (cfg->free) {
		__arm_lpae_cfg_free(pages, size, cfg, cookie);
		return;
	}

	if (!cfg->coherent_walk)
		iommu_pages_free_incoherent(pages, cfg->iommu_dev);
	else
		iommu_free_pages(pages);
}

static struct io_pgtable *
arm_lpae_alloc_pgtable(struct io_pgtable_cfg *cfg, void *cookie,
		       int (*init)(struct arm_lpae_io_pgtable *data,
				   struct io_pgtable_cfg *cfg, void *cookie))
{
	struct arm_lpae_io_pgtable *data;

	data = kmalloc_obj(*data);
	if (!data)
		return NULL;

	if (init(data, cfg, cookie)) {
		kfree(data);
		return NULL;
	}

	return &data->iop;
}

static struct io_pgtable *
arm_64_lpae_alloc_pgtable_s1(struct io_pgtable_cfg *cfg, void *cookie)
{
	return arm_lpae_alloc_pgtable(cfg, cookie, arm_64_lpae_init_pgtable_s1);
}

static struct io_pgtable *
arm_64_lpae_alloc_pgtable_s2(struct io_pgtable_cfg *cfg, void *cookie)
{
	return arm_lpae_alloc_pgtable(cfg, cookie, arm_64_lpae_init_pgtable_s2);
}

static struct io_pgtable *
arm_32_lpae_alloc_pgtable_s1(struct io_pgtable_cfg *cfg, void *cookie)
{
	return arm_lpae_alloc_pgtable(cfg, cookie, arm_32_lpae_init_pgtable_s1);
}

static struct io_pgtable *
arm_32_lpae_alloc_pgtable_s2(struct io_pgtable_cfg *cfg, void *cookie)
{
	return arm_lpae_alloc_pgtable(cfg, cookie, arm_32_lpae_init_pgtable_s2);
}

static struct io_pgtable *
arm_mali_lpae_alloc_pgtable(struct io_pgtable_cfg *cfg, void *cookie)
{
	return arm_lpae_alloc_pgtable(cfg, cookie, arm_mali_lpae_init_pgtable);
}

static void arm_lpae_free_pgtable(struct io_pgtable *iop)
{
	struct arm_lpae_io_pgtable *data =
		container_of(iop, struct arm_lpae_io_pgtable, iop);

	arm_lpae_free_tables(data);
	kfree(data);
}

struct io_pgtable_init_fns io_pgtable_arm_64_lpae_s1_init_fns = {
	.caps	= IO_PGTABLE_CAP_CUSTOM_ALLOCATOR,
	.alloc	= arm_64_lpae_alloc_pgtable_s1,
	.free	= arm_lpae_free_pgtable,
};

struct io_pgtable_init_fns io_pgtable_arm_64_lpae_s2_init_fns = {
	.caps	= IO_PGTABLE_CAP_CUSTOM_ALLOCATOR,
	.alloc	= arm_64_lpae_alloc_pgtable_s2,
	.free	= arm_lpae_free_pgtable,
};

struct io_pgtable_init_fns io_pgtable_arm_32_lpae_s1_init_fns = {
	.caps	= IO_PGTABLE_CAP_CUSTOM_ALLOCATOR,
	.alloc	= arm_32_lpae_alloc_pgtable_s1,
	.free	= arm_lpae_free_pgtable,
};

struct io_pgtable_init_fns io_pgtable_arm_32_lpae_s2_init_fns = {
	.caps	= IO_PGTABLE_CAP_CUSTOM_ALLOCATOR,
	.alloc	= arm_32_lpae_alloc_pgtable_s2,
	.free	= arm_lpae_free_pgtable,
};

struct io_pgtable_init_fns io_pgtable_arm_mali_lpae_init_fns = {
	.caps	= IO_PGTABLE_CAP_CUSTOM_ALLOCATOR,
	.alloc	= arm_mali_lpae_alloc_pgtable,
	.free	= arm_lpae_free_pgtable,
};
