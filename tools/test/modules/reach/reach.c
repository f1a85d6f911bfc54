// SPDX-License-Identifier: GPL-2.0-only
/*
 * The addresses that a device reaches after a long sequence of maps and unmaps must not
 * depend on the IOMMU's driver or the format of its tables.
 *
 *	<debugfs>/reach		reading runs the test, and returns
 *				"pages=N writable=N wrong=N hash=H"
 *
 * The sequence is the same each time, because its seed is fixed. Each page contains its
 * number. The bus master reads and writes each page of the window; the hash is that of
 * the numbers that it read. `wrong` counts pages where iommu_iova_to_phys() and the bus
 * master disagree.
 *
 *	<debugfs>/reach_tables	reading runs the test, and returns "reads=N wrong=N"
 *
 * For many tables, map the only page of a table, read it by the bus master, and unmap
 * it; then map a large page instead, if the format has any; then another page. A walk of
 * a replaced table reads a wrong page.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/debugfs.h>
#include <linux/delay.h>
#include <linux/gfp.h>
#include <linux/hash.h>
#include <linux/iommu.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/prandom.h>
#include <linux/seq_file.h>
#include <linux/sizes.h>
#include <linux/slab.h>

#include <busmaster/busmaster.h>
#include <common/domain.h>

#define BASE		0x10000000UL		/* all formats have it */
#define NR_BEACONS	16			/* enough for each instance to serve one */
#define BEACONS		(BASE - NR_BEACONS * SZ_4K)
#define WINDOW		4096			/* pages */
#define BLOCK_ORDER	10			/* of the mapped memory */
#define BLOCK		(1U << BLOCK_ORDER)
#define STEPS		3000
#define NR_TABLES	64			/* 2 MiB each */

struct stamp {
	u64 number, scratch;
};

struct mapping {
	unsigned int from, pages;
	bool small;		/* contains no large pages */
	struct mapping *next;
};

struct reach {
	struct bm *bm;
	struct own_domain own;
	struct page *block;
	struct rnd_state rnd;
	struct mapping *list;
	unsigned long *used;	/* pages of the window */
};

static u32 below(struct reach *r, u32 n)
{
	return prandom_u32_state(&r->rnd) % n;
}

static int ignore(struct iommu_domain *domain, struct device *dev, unsigned long iova, int flags,
		  void *token)
{
	return 0;
}

static int map_some(struct reach *r)
{
	static const unsigned int align[] = { 1, 1, 1, 16, 256, 512 };
	unsigned int a = align[below(r, ARRAY_SIZE(align))], pages, from, to, i;
	int prot = IOMMU_READ | (below(r, 3) ? IOMMU_WRITE : 0);
	struct mapping *m;
	int ret;

	pages = a * (1 + below(r, a == 1 ? 40 : 2));
	from = below(r, WINDOW / a) * a;
	to = below(r, BLOCK / a) * a;
	if (from + pages > WINDOW || to + pages > BLOCK)
		return 0;
	for (i = 0; i < pages; i++)
		if (test_bit(from + i, r->used))
			return 0;

	m = kmalloc(sizeof(*m), GFP_KERNEL);
	if (!m)
		return -ENOMEM;
	ret = iommu_map(r->own.domain, BASE + from * SZ_4K, page_to_phys(r->block) + to * SZ_4K,
			pages * SZ_4K, prot, GFP_KERNEL);
	if (ret) {
		kfree(m);
		return ret;
	}
	bitmap_set(r->used, from, pages);
	*m = (struct mapping) {
		.from = from, .pages = pages, .small = (from ^ to) % 16, .next = r->list,
	};
	r->list = m;
	return 0;
}

/* Unmap a mapping, or only its start if it contains no large pages. */
static int unmap_some(struct reach *r)
{
	struct mapping **p = &r->list, *m;
	unsigned int n = below(r, 20), pages;

	while (*p && (*p)->next && n--)
		p = &(*p)->next;
	m = *p;
	if (!m)
		return 0;

	pages = m->small ? 1 + below(r, m->pages) : m->pages;
	if (iommu_unmap(r->own.domain, BASE + m->from * SZ_4K, pages * SZ_4K) != pages * SZ_4K)
		return -EIO;
	bitmap_clear(r->used, m->from, pages);
	m->from += pages;
	m->pages -= pages;
	if (!m->pages) {
		*p = m->next;
		kfree(m);
	}
	return 0;
}

static bool transfer(struct reach *r, u64 addr, bool write, void *data, u32 len)
{
	return bm_dma(r->bm, write ? BM_F_WRITE : 0, addr, data, len);
}

/*
 * After a fault, an instance of an SMMU may abort all transactions until the fault is
 * handled (SCTLR.HUPCF): check that pages which are always mapped are reachable.
 */
static bool all_is_well(struct reach *r)
{
	unsigned int i;
	u64 word;

	for (i = 0; i < NR_BEACONS; i++)
		if (!transfer(r, BEACONS + i * SZ_4K, false, &word, sizeof(word)))
			return false;
	return true;
}

static bool dma(struct reach *r, u64 addr, bool write, void *data, u32 len)
{
	unsigned int tries;

	if (transfer(r, addr, write, data, len))
		return true;
	for (tries = 0; tries < 10000; tries++) {
		if (all_is_well(r))
			return false;
		usleep_range(100, 200);
	}
	pr_err("a fault is not cleared\n");
	return false;
}

static void look(struct reach *r, struct seq_file *m)
{
	unsigned int pages = 0, writable = 0, wrong = 0, i;
	phys_addr_t block = page_to_phys(r->block);
	u64 hash = 0;

	for (i = 0; i < WINDOW; i++) {
		u64 iova = BASE + i * SZ_4K, found = 0, may_write;
		struct stamp s = {};
		phys_addr_t phys = iommu_iova_to_phys(r->own.domain, iova);

		if (dma(r, iova, false, &s, sizeof(s)))
			found = 1 + s.number;
		may_write = dma(r, iova + offsetof(struct stamp, scratch), true, &found,
				sizeof(found));
		wrong += found != (phys ? 1 + (phys - block) / SZ_4K : 0);
		pages += !!found;
		writable += may_write;
		hash = hash_64(hash ^ (found << 20 | may_write << 40 | i), 64);
	}
	seq_printf(m, "pages=%u writable=%u wrong=%u hash=%016llx\n", pages, writable, wrong, hash);
}

static bool reads(struct reach *r, u64 iova, u64 number)
{
	struct stamp s = {};

	return dma(r, iova, false, &s, sizeof(s)) && s.number == number;
}

/* Map one page, or 2 MiB, in the range of a table; page @at has @number. */
static int one_table(struct reach *r, unsigned int table, unsigned int from, unsigned int pages,
		     unsigned int at, unsigned int *wrong)
{
	u64 iova = BASE + table * SZ_2M, size = pages * SZ_4K;
	u64 start = iova + (pages == 1 ? at * SZ_4K : 0);
	int ret;

	ret = iommu_map(r->own.domain, start, page_to_phys(r->block) + from * SZ_4K, size,
			IOMMU_READ, GFP_KERNEL);
	if (ret)
		return ret;
	*wrong += !reads(r, iova + at * SZ_4K, pages == 1 ? from : from + at);

	return iommu_unmap(r->own.domain, start, size) == size ? 0 : -EIO;
}

static int replace_tables(struct reach *r, struct seq_file *m)
{
	unsigned int i, wrong = 0;
	int ret = 0;

	for (i = 0; i < NR_TABLES && !ret; i++)
		ret = one_table(r, i, i, 1, i, &wrong);
	for (i = 0; i < NR_TABLES && !ret; i++)
		ret = one_table(r, i, 0, SZ_2M / SZ_4K, NR_TABLES - i, &wrong);
	for (i = 0; i < NR_TABLES && !ret; i++)
		ret = one_table(r, i, BLOCK - 1 - i, 1, i, &wrong);
	seq_printf(m, "reads=%u wrong=%u\n", 3 * NR_TABLES, wrong);

	return ret;
}

static int random_steps(struct reach *r, struct seq_file *m)
{
	unsigned int i;
	int ret = 0;

	for (i = 0; i < STEPS && !ret; i++)
		ret = below(r, 5) < 3 ? map_some(r) : unmap_some(r);
	if (!ret)
		look(r, m);
	return ret;
}

static int reach_run(struct seq_file *m, int (*run)(struct reach *r, struct seq_file *m))
{
	struct reach r = { .bm = bm_get(0) };
	unsigned int i;
	int ret;

	if (!r.bm)
		return -ENODEV;
	prandom_seed_state(&r.rnd, 20261120);
	r.block = alloc_pages(GFP_KERNEL | GFP_DMA32 | __GFP_ZERO, BLOCK_ORDER);
	r.used = bitmap_zalloc(WINDOW, GFP_KERNEL);
	ret = -ENOMEM;
	if (!r.block || !r.used)
		goto free;
	for (i = 0; i < BLOCK; i++)
		((struct stamp *)page_address(r.block + i))->number = i;

	ret = own_domain_attach(&r.own, r.bm, ignore, NULL);
	if (ret)
		goto free;
	ret = iommu_map(r.own.domain, BEACONS, page_to_phys(r.block), NR_BEACONS * SZ_4K,
			IOMMU_READ, GFP_KERNEL);
	if (!ret)
		ret = run(&r, m);
	own_domain_detach(&r.own);
	iommu_unmap(r.own.domain, BEACONS, NR_BEACONS * SZ_4K);
	while (r.list) {
		struct mapping *next = r.list->next;

		iommu_unmap(r.own.domain, BASE + r.list->from * SZ_4K, r.list->pages * SZ_4K);
		kfree(r.list);
		r.list = next;
	}
	own_domain_free(&r.own);
free:
	bitmap_free(r.used);
	if (r.block)
		__free_pages(r.block, BLOCK_ORDER);
	return ret;
}

static int reach_show(struct seq_file *m, void *unused)
{
	return reach_run(m, random_steps);
}
DEFINE_SHOW_ATTRIBUTE(reach);

static int reach_tables_show(struct seq_file *m, void *unused)
{
	return reach_run(m, replace_tables);
}
DEFINE_SHOW_ATTRIBUTE(reach_tables);

static struct dentry *files[2];

static int __init reach_init(void)
{
	files[0] = debugfs_create_file("reach", 0400, NULL, NULL, &reach_fops);
	files[1] = debugfs_create_file("reach_tables", 0400, NULL, NULL, &reach_tables_fops);
	return 0;
}
module_init(reach_init);

static void __exit reach_exit(void)
{
	debugfs_remove(files[0]);
	debugfs_remove(files[1]);
}
module_exit(reach_exit);

MODULE_DESCRIPTION("Addresses that a device reaches after a sequence of maps and unmaps");
MODULE_LICENSE("GPL");
