// SPDX-License-Identifier: GPL-2.0-only
/*
 * Boot time checks of the ARMv7 short-descriptor page tables.
 *
 * Copyright (C) 2014-2015 ARM Limited
 * Copyright (c) 2014-2015 MediaTek Inc.
 */

#define pr_fmt(fmt)	"arm-v7s io-pgtable: " fmt

#include <linux/bug.h>
#include <linux/gfp.h>
#include <linux/init.h>
#include <linux/io-pgtable.h>
#include <linux/iommu.h>
#include <linux/printk.h>
#include <linux/sizes.h>

static struct io_pgtable_cfg *cfg_cookie __initdata;

/*
 * __noipa prevents gcc from turning indirect iommu_flush_ops calls
 * into direct calls from a specialized __arm_v7s_unmap() that triggers
 * a build time section mismatch assertion.
 */
static __noipa void __init dummy_tlb_flush_all(void *cookie)
{
	WARN_ON(cookie != cfg_cookie);
}

static __noipa void __init dummy_tlb_flush(unsigned long iova, size_t size,
					   size_t granule, void *cookie)
{
	WARN_ON(cookie != cfg_cookie);
	WARN_ON(!(size & cfg_cookie->pgsize_bitmap));
}

static __noipa void __init dummy_tlb_add_page(struct iommu_iotlb_gather *gather,
					      unsigned long iova,
					      size_t granule,
					      void *cookie)
{
	dummy_tlb_flush(iova, granule, granule, cookie);
}

static const struct iommu_flush_ops dummy_tlb_ops __initconst = {
	.tlb_flush_all	= dummy_tlb_flush_all,
	.tlb_flush_walk	= dummy_tlb_flush,
	.tlb_add_page	= dummy_tlb_add_page,
};

#define __FAIL()	({				\
		WARN(1, "selftest: test failed\n");	\
		-EFAULT;				\
})

static int __init arm_v7s_do_selftests(void)
{
	struct io_pgtable_ops *ops;
	struct io_pgtable_cfg cfg = {
		.tlb = &dummy_tlb_ops,
		.oas = 32,
		.ias = 32,
		.coherent_walk = true,
		.quirks = IO_PGTABLE_QUIRK_ARM_NS | IO_PGTABLE_QUIRK_NO_WARN,
		.pgsize_bitmap = SZ_4K | SZ_64K | SZ_1M | SZ_16M,
	};
	unsigned int iova, size;
	unsigned int i;
	size_t mapped;

	cfg_cookie = &cfg;

	ops = alloc_io_pgtable_ops(ARM_V7S, &cfg, &cfg);
	if (!ops) {
		pr_err("selftest: failed to allocate io pgtable ops\n");
		return -EINVAL;
	}

	/*
	 * Initial sanity checks.
	 * Empty page tables shouldn't provide any translations.
	 */
	if (ops->iova_to_phys(ops, 42))
		return __FAIL();

	if (ops->iova_to_phys(ops, SZ_1G + 42))
		return __FAIL();

	if (ops->iova_to_phys(ops, SZ_2G + 42))
		return __FAIL();

	/*
	 * Distinct mappings of different granule sizes.
	 */
	iova = 0;
	for_each_set_bit(i, &cfg.pgsize_bitmap, BITS_PER_LONG) {
		size = 1UL << i;
		if (ops->map_pages(ops, iova, iova, size, 1,
				   IOMMU_READ | IOMMU_WRITE |
				   IOMMU_NOEXEC | IOMMU_CACHE,
				   GFP_KERNEL, &mapped))
			return __FAIL();

		/* Overlapping mappings */
		if (!ops->map_pages(ops, iova, iova + size, size, 1,
				    IOMMU_READ | IOMMU_NOEXEC, GFP_KERNEL,
				    &mapped))
			return __FAIL();

		if (ops->iova_to_phys(ops, iova + 42) != (iova + 42))
			return __FAIL();

		iova += SZ_16M;
	}

	/* Full unmap */
	iova = 0;
	for_each_set_bit(i, &cfg.pgsize_bitmap, BITS_PER_LONG) {
		size = 1UL << i;

		if (ops->unmap_pages(ops, iova, size, 1, NULL) != size)
			return __FAIL();

		if (ops->iova_to_phys(ops, iova + 42))
			return __FAIL();

		/* Remap full block */
		if (ops->map_pages(ops, iova, iova, size, 1, IOMMU_WRITE,
				   GFP_KERNEL, &mapped))
			return __FAIL();

		if (ops->iova_to_phys(ops, iova + 42) != (iova + 42))
			return __FAIL();

		iova += SZ_16M;
	}

	free_io_pgtable_ops(ops);

	pr_info("self test ok\n");
	return 0;
}
subsys_initcall(arm_v7s_do_selftests);
