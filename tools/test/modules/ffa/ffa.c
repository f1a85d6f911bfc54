// SPDX-License-Identifier: GPL-2.0-only
/*
 * Pages that a device can reach cannot be shared with the secure world.
 *
 *	<debugfs>/ffa	reading runs the test: lines "ok - WHAT" and "not ok - WHAT # WHY"
 *
 * The calls are FF-A 1.0 (DEN0077A): the host shares its pages with endpoint 0x8001, or
 * lends them to it, and reclaims them. EL2 checks the calls. The pages are mapped for a
 * bus master or not.
 */
#include <linux/arm_ffa.h>
#include <linux/arm-smccc.h>
#include <linux/debugfs.h>
#include <linux/gfp.h>
#include <linux/io.h>
#include <linux/iommu.h>
#include <linux/module.h>
#include <linux/seq_file.h>

#include <busmaster/busmaster.h>

#define BASE		0x10000000UL
#define NR_PAGES	4
#define RECEIVER	0x8001

struct lab {
	struct seq_file *m;
	void *tx, *rx;
	struct page *page[NR_PAGES];
	struct bm *bm;
	struct iommu_domain *domain;
};

static void result(struct lab *lab, bool good, const char *what, long got)
{
	if (good)
		seq_printf(lab->m, "ok - %s\n", what);
	else
		seq_printf(lab->m, "not ok - %s # %ld\n", what, got);
}

static void smc(struct arm_smccc_1_2_regs *res, u64 a0, u64 a1, u64 a2, u64 a3)
{
	struct arm_smccc_1_2_regs args = { .a0 = a0, .a1 = a1, .a2 = a2, .a3 = a3 };

	arm_smccc_1_2_smc(&args, res);
}

/* Return 0 and a handle, or FF-A's error. */
static int transfer(struct lab *lab, u64 function, u64 *handle)
{
	struct ffa_mem_region *region = lab->tx;
	struct ffa_mem_region_attributes *receiver;
	struct ffa_composite_mem_region *what;
	struct arm_smccc_1_2_regs res;
	u32 len, i;

	memset(region, 0, PAGE_SIZE);
	region->attributes = FFA_MEM_NORMAL | FFA_MEM_WRITE_BACK | FFA_MEM_INNER_SHAREABLE;
	region->ep_count = 1;
	receiver = lab->tx + FFA_MEM_REGION_SZ(FFA_VERSION_1_0);
	receiver->receiver = RECEIVER;
	receiver->attrs = FFA_MEM_RW;
	receiver->composite_off = FFA_MEM_REGION_SZ(FFA_VERSION_1_0) +
				  ffa_emad_size_get(FFA_VERSION_1_0);
	what = lab->tx + receiver->composite_off;
	what->total_pg_cnt = NR_PAGES;
	what->addr_range_cnt = NR_PAGES;
	for (i = 0; i < NR_PAGES; i++) {
		what->constituents[i].address = page_to_phys(lab->page[i]);
		what->constituents[i].pg_cnt = 1;
	}
	len = receiver->composite_off + CONSTITUENTS_OFFSET(NR_PAGES);

	smc(&res, function, len, len, 0);
	if ((u32)res.a0 != FFA_SUCCESS)
		return (int)res.a2 ?: -1;
	*handle = PACK_HANDLE((u32)res.a2, (u32)res.a3);
	return 0;
}

static int take_back(u64 handle)
{
	struct arm_smccc_1_2_regs res;

	smc(&res, FFA_MEM_RECLAIM, HANDLE_LOW(handle), HANDLE_HIGH(handle), 0);
	return (u32)res.a0 == FFA_SUCCESS ? 0 : (int)res.a2 ?: -1;
}

static int map(struct lab *lab, unsigned int i)
{
	return iommu_map(lab->domain, BASE + i * PAGE_SIZE, page_to_phys(lab->page[i]), PAGE_SIZE,
			 IOMMU_READ | IOMMU_WRITE, GFP_KERNEL);
}

static void unmap(struct lab *lab, unsigned int i)
{
	iommu_unmap(lab->domain, BASE + i * PAGE_SIZE, PAGE_SIZE);
}

static void try(struct lab *lab, u64 function, const char *name)
{
	char what[80];
	u64 handle = 0;
	int ret;

	/* map the last one of the pages: a denied call must have no effect on the others */
	ret = map(lab, NR_PAGES - 1);
	snprintf(what, sizeof(what), "%s: a page can be mapped for a device", name);
	result(lab, !ret, what, ret);
	ret = transfer(lab, function, &handle);
	snprintf(what, sizeof(what), "%s: denied while a page is mapped for a device", name);
	result(lab, ret == FFA_RET_DENIED, what, ret);
	if (!ret)
		take_back(handle);

	unmap(lab, NR_PAGES - 1);
	ret = transfer(lab, function, &handle);
	snprintf(what, sizeof(what), "%s: succeeds while no page is mapped", name);
	result(lab, !ret, what, ret);
	if (ret)
		return;
	ret = map(lab, 1);
	snprintf(what, sizeof(what), "%s: the page cannot be mapped for a device meanwhile", name);
	result(lab, ret == -EPERM, what, ret);
	if (!ret)
		unmap(lab, 1);
	ret = take_back(handle);
	snprintf(what, sizeof(what), "%s: the pages can be reclaimed", name);
	result(lab, !ret, what, ret);
	ret = map(lab, 0);
	snprintf(what, sizeof(what), "%s: a reclaimed page can be mapped for a device", name);
	result(lab, !ret, what, ret);
	if (!ret)
		unmap(lab, 0);
}

static int ffa_show(struct seq_file *m, void *unused)
{
	struct lab lab = { .m = m, .bm = bm_get(0) };
	struct arm_smccc_1_2_regs res;
	int i, ret = -ENOMEM;

	if (!lab.bm)
		return -ENODEV;
	lab.domain = iommu_paging_domain_alloc(bm_device(lab.bm));
	if (IS_ERR(lab.domain))
		return PTR_ERR(lab.domain);
	lab.tx = (void *)__get_free_page(GFP_KERNEL);
	lab.rx = (void *)__get_free_page(GFP_KERNEL);
	for (i = 0; i < NR_PAGES; i++)
		lab.page[i] = alloc_page(GFP_KERNEL | __GFP_ZERO);
	if (!lab.tx || !lab.rx || !lab.page[NR_PAGES - 1])
		goto free;

	ret = 0;
	smc(&res, FFA_VERSION, FFA_VERSION_1_0, 0, 0);
	result(&lab, (u32)res.a0 == FFA_VERSION_1_0, "EL2 supports FF-A 1.0", res.a0);
	smc(&res, FFA_FN64_RXTX_MAP, virt_to_phys(lab.tx), virt_to_phys(lab.rx), 1);
	result(&lab, (u32)res.a0 == FFA_SUCCESS, "EL2 maps the buffers", (int)res.a2);
	if ((u32)res.a0 != FFA_SUCCESS)
		goto free;
	try(&lab, FFA_FN64_MEM_SHARE, "share");
	try(&lab, FFA_FN64_MEM_LEND, "lend");
	smc(&res, FFA_RXTX_UNMAP, 0, 0, 0);
	result(&lab, (u32)res.a0 == FFA_SUCCESS, "EL2 unmaps the buffers", (int)res.a2);
free:
	for (i = 0; i < NR_PAGES; i++)
		if (lab.page[i])
			__free_page(lab.page[i]);
	free_page((unsigned long)lab.tx);
	free_page((unsigned long)lab.rx);
	iommu_domain_free(lab.domain);
	return ret;
}
DEFINE_SHOW_ATTRIBUTE(ffa);

static struct dentry *file;

static int __init ffa_test_init(void)
{
	file = debugfs_create_file("ffa", 0400, NULL, NULL, &ffa_fops);
	return 0;
}
module_init(ffa_test_init);

static void __exit ffa_test_exit(void)
{
	debugfs_remove(file);
}
module_exit(ffa_test_exit);

MODULE_DESCRIPTION("FF-A memory sharing against DMA");
MODULE_LICENSE("GPL");
