// SPDX-License-Identifier: GPL-2.0-only
/*
 * Ranges that start with pages of the host and end with foreign pages, or the other way
 * round, in each call that takes a range: checking only the first or the last page is
 * not enough.
 */
#include <linux/iommu.h>
#include <linux/ioport.h>
#include <linux/mm.h>
#include <linux/slab.h>

#if __has_include(<asm/kvm_iommu.h>)
#include <asm/kvm_iommu.h>
#else
#define KVM_IOMMU_MAX_PAGES	256
#endif

#include "attack.h"

#define RW	(IOMMU_READ | IOMMU_WRITE)

/* As many pages as a call may map; they are mapped from ATTACK_IOVA on. */
#define MAX_PAGES	KVM_IOMMU_MAX_PAGES

/* The host does not own @start to @end. If empty, memory starts or ends there. */
struct edge {
	const char *what;
	phys_addr_t start, end;
};

#define MAX_EDGES	24
static struct edge edges[MAX_EDGES];
static unsigned int nr_edges;

static void add_edge(const char *what, phys_addr_t start, phys_addr_t end)
{
	if (start && nr_edges < MAX_EDGES)
		edges[nr_edges++] = (struct edge) { what, start, end };
}

static void find_memory(phys_addr_t *start, phys_addr_t *end)
{
	struct resource *r;

	*start = *end = 0;
	for (r = iomem_resource.child; r; r = r->sibling) {
		if (!r->name || strcmp(r->name, "System RAM"))
			continue;
		if (!*end)
			*start = r->start;
		*end = r->end + 1;
	}
}

static void find_edges(void)
{
	phys_addr_t *base = symbol("hyp_mem_base"), *size = symbol("hyp_mem_size");
	phys_addr_t start, end;
	int i, j;

	if (nr_edges)
		return;
	add_edge("EL2's memory", *base, *base + *size);
	add_edge("EL2's code", hyp_text_page(), PAGE_ALIGN(symbol_phys("__hyp_text_end")));
	for (i = 0; i < nr_smmus; i++)
		for (j = 0; j < smmus[i].nr_instances; j++)
			add_edge("an SMMU", smmus[i].base[j], smmus[i].base[j] + smmus[i].size);
	if (mc_sid_base) {
		add_edge("stream ID registers", mc_sid_base, mc_sid_base + SZ_64K);
		/* Above, Tegra's memory controller has another view of memory. */
		add_edge("addresses with bit 39", BIT_ULL(39), BIT_ULL(39));
	}
	find_memory(&start, &end);
	add_edge("the start of memory", start, start);
	add_edge("the end of memory", end, end);
}

/* Get range @n of an edge: its first page; return its number of pages, 0: no more. */
static unsigned int shape(const struct edge *e, unsigned int n, phys_addr_t *from)
{
	u64 pages = (e->end - e->start) / PAGE_SIZE;

	switch (n) {
	case 0:
		*from = e->start - PAGE_SIZE;
		return 2;
	case 1:
		*from = e->start - (MAX_PAGES - 1) * PAGE_SIZE;
		return MAX_PAGES;
	case 2:
		*from = e->start - PAGE_SIZE;
		return pages && pages + 2 <= MAX_PAGES ? pages + 2 : 3;
	case 3:
		*from = e->end - PAGE_SIZE;
		return pages ? 2 : 0;
	}
	return 0;
}

static bool is_foreign(phys_addr_t phys)
{
	unsigned int i;

	for (i = 0; i < nr_edges; i++)
		if (phys >= edges[i].start && phys < edges[i].end)
			return true;
	return false;
}

/* Count the pages mapped at ATTACK_IOVA; *@foreign: the host does not own all of them. */
static unsigned int count_mapped(bool *foreign)
{
	unsigned int i, n = 0;

	*foreign = false;
	for (i = 0; i <= MAX_PAGES + 1; i++) {
		phys_addr_t phys = iommu_iova_to_phys(bm_domain(), ATTACK_IOVA + i * PAGE_SIZE);

		n += !!phys;
		*foreign |= phys && is_foreign(phys);
	}
	return n;
}

static void unmap_all(int handle)
{
	unsigned int i;

	for (i = 0; i <= MAX_PAGES + 1; i++)
		if (iommu_iova_to_phys(bm_domain(), ATTACK_IOVA + i * PAGE_SIZE))
			hyp_unmap(handle, ATTACK_IOVA + i * PAGE_SIZE, PAGE_SIZE, 1);
}

enum { BY_MAP, BY_RUNS, BY_IOMMU_API };

static long try_range(unsigned int way, int handle, phys_addr_t from, unsigned int pages)
{
	u64 run = from | (pages - 1);

	switch (way) {
	case BY_MAP:
		return hyp_map(handle, ATTACK_IOVA, from, PAGE_SIZE, pages, RW);
	case BY_RUNS:
		return hyp_map_runs(handle, ATTACK_IOVA, &run, 1, RW);
	default:
		return iommu_map(bm_domain(), ATTACK_IOVA, from, (u64)pages * PAGE_SIZE, RW,
				 GFP_KERNEL);
	}
}

static bool ready(struct outcome *o)
{
	if (!bm || !hyp_spare_page() || host_may_read(hyp_spare_page()))
		is_na(o, "there is no bus master or no hypervisor memory");
	else if (bm_domain_handle() == -ENOSYS)
		is_na(o, "the kernel has no such hypercall");
	else if (bm_domain_handle() < 0)
		is_broken(o, "the bus master's domain was not found: %d", bm_domain_handle());
	else
		return true;
	return false;
}

static void attack_range(struct outcome *o, unsigned long way, const char *arg)
{
	unsigned int i, n, pages, mapped, refused = 0;
	phys_addr_t from;
	bool foreign;
	int handle;
	long ret;

	if (!ready(o))
		return;
	find_edges();
	handle = bm_domain_handle();
	for (i = 0; i < nr_edges && !o->verdict; i++) {
		const struct edge *e = &edges[i];

		for (n = 0; !o->verdict && (pages = shape(e, n, &from)); n++) {
			ret = try_range(way, handle, from, pages);
			mapped = count_mapped(&foreign);
			if (foreign || (!ret && e->start != e->end))
				is_open(o, "%s: %u pages from %#llx on: returned %ld, %u mapped",
					e->what, pages, from, ret, mapped);
			else if (!ret || mapped)
				is_open(o, "across %s: %u pages from %#llx on: returned %ld, %u mapped",
					e->what, pages, from, ret, mapped);
			unmap_all(handle);
			refused++;
		}
	}
	if (!o->verdict)
		is_stopped(o, "all %u ranges at %u edges were refused", refused, nr_edges);
}

/* Map addresses with bit 39 set, which is another view of memory. */
static void attack_bit39(struct outcome *o, unsigned long data, const char *arg)
{
	struct page *own;
	phys_addr_t at[4];
	unsigned int i, n = 0;
	u64 word, run;
	int handle;
	long ret;

	if (!ready(o))
		return;
	if (!mc_sid_base) {
		is_na(o, "the machine has no memory controller");
		return;
	}
	handle = bm_domain_handle();
	own = alloc_page(GFP_KERNEL | __GFP_ZERO);
	if (!own)
		return;
	at[n++] = page_to_phys(own);
	at[n++] = hyp_spare_page();
	at[n++] = smmus[0].base[0];
	at[n++] = mc_sid_base;
	for (i = 0; i < n && !o->verdict; i++) {
		at[i] |= BIT_ULL(39);
		ret = hyp_map(handle, ATTACK_IOVA, at[i], PAGE_SIZE, 1, RW);
		if (ret) {
			run = at[i];
			ret = hyp_map_runs(handle, ATTACK_IOVA, &run, 1, RW);
		}
		if (!ret || iommu_iova_to_phys(bm_domain(), ATTACK_IOVA))
			is_open(o, "%#llx was mapped (%ld), and %s reached", at[i], ret,
				dma(ATTACK_IOVA, false, &word, sizeof(word)) ? "is" : "is not");
		unmap_all(handle);
	}
	if (!o->verdict)
		is_stopped(o, "all %u addresses were refused", i);
	__free_page(own);
}

/*
 * A block of the host in which EL2 owns one page. A refused call must not keep references
 * to the other pages: EL2 accepts each of them afterwards.
 */
#define BLOCK_ORDER	3
#define BLOCK_PAGES	(1 << BLOCK_ORDER)
#define ANCHOR_IOVA	(ATTACK_IOVA + SZ_2M - SZ_4K)

static void attack_hole(struct outcome *o, unsigned long data, const char *arg)
{
	struct page *block, *anchor;
	unsigned int i, hole;
	u64 start, runs[3];
	bool clean, foreign;
	int handle;
	long ret;

	if (!ready(o))
		return;
	handle = bm_domain_handle();
	block = alloc_pages(GFP_KERNEL | __GFP_ZERO, BLOCK_ORDER);
	if (!block)
		return;
	split_page(block, BLOCK_ORDER);
	start = page_to_phys(block);
	/* Allocates the table, so that no page donated later becomes one. */
	anchor = alloc_page(GFP_KERNEL | __GFP_ZERO);
	if (!anchor || hyp_map(handle, ANCHOR_IOVA, page_to_phys(anchor), PAGE_SIZE, 1, RW)) {
		is_broken(o, "a page cannot be mapped");
		return;
	}

	for (hole = 0; hole < BLOCK_PAGES && !o->verdict; hole++) {
		ret = hyp_topup(page_to_pfn(block) + hole);
		if (ret) {
			is_broken(o, "EL2 refuses page %u: %ld", hole, ret);
			break;
		}
		nr_edges = 0;
		find_edges();
		add_edge("the hole", start + hole * PAGE_SIZE, start + (hole + 1) * PAGE_SIZE);

		ret = hyp_map(handle, ATTACK_IOVA, start, PAGE_SIZE, BLOCK_PAGES, RW);
		if (count_mapped(&foreign) || !ret)
			is_open(o, "map with EL2's page at %u returned %ld", hole, ret);
		unmap_all(handle);

		runs[0] = start | (BLOCK_PAGES - 1);
		ret = hyp_map_runs(handle, ATTACK_IOVA, runs, 1, RW);
		if (count_mapped(&foreign) || !ret)
			is_open(o, "map of a run with EL2's page at %u returned %ld", hole, ret);
		unmap_all(handle);

		/* The runs before the one with EL2's page may be mapped. */
		runs[0] = start + (hole ? 0 : PAGE_SIZE);
		runs[1] = runs[0];
		runs[2] = start | (BLOCK_PAGES - 1);
		ret = hyp_map_runs(handle, ATTACK_IOVA, runs, 3, RW);
		if (count_mapped(&foreign) > 2 || foreign || !ret)
			is_open(o, "map of three runs, EL2's page at %u in the last, returned %ld",
				hole, ret);
		unmap_all(handle);

		/* Donate a block of four pages to the pool */
		ret = hyp_topup_block(page_to_pfn(block) + round_down(hole, 4));
		if (!ret)
			is_open(o, "EL2 accepted a block with a page that it already owns");
		for (i = round_down(hole, 4); i < round_down(hole, 4) + 4; i++)
			if (i != hole && !host_may_write(start + i * PAGE_SIZE))
				is_open(o, "a block was refused (%ld), but EL2 owns its page %u", ret, i);
		if (o->verdict)
			return;		/* the owners of the pages are unknown now */
		ret = take_back(block + hole, &clean);
		if (ret || !clean)
			is_broken(o, "page %u is not returned: %ld", hole, ret);
	}

	/* One page is mapped: neither it nor its block can be donated. */
	for (i = 0; i < 4 && !o->verdict; i++) {
		ret = hyp_map(handle, ATTACK_IOVA, start + i * PAGE_SIZE, PAGE_SIZE, 1, RW);
		if (ret)
			is_broken(o, "page %u cannot be mapped: %ld", i, ret);
		else if (!hyp_topup_block(page_to_pfn(block)))
			is_open(o, "EL2 accepted a block whose page %u is mapped", i);
		unmap_all(handle);
	}
	for (i = 0; i < BLOCK_PAGES && !o->verdict; i++) {
		ret = hyp_topup(page_to_pfn(block) + i);
		if (ret)
			is_broken(o, "refused calls have left a reference to page %u: %ld", i, ret);
		else if (take_back(block + i, &clean))
			is_broken(o, "page %u is not returned", i);
	}
	if (o->verdict)
		return;
	for (i = 0; i < BLOCK_PAGES; i++)
		__free_page(block + i);
	hyp_unmap(handle, ANCHOR_IOVA, PAGE_SIZE, 1);
	__free_page(anchor);
	nr_edges = 0;
	is_stopped(o, "each call with each of %u pages was refused, without keeping references",
		   BLOCK_PAGES);
}

/* Unmap ranges that are only partly mapped. */
static void attack_unmap(struct outcome *o, unsigned long data, const char *arg)
{
	struct page *page[4];
	int handle, i;
	bool clean, foreign;
	long ret;

	if (!ready(o))
		return;
	handle = bm_domain_handle();
	for (i = 0; i < ARRAY_SIZE(page); i++) {
		page[i] = alloc_page(GFP_KERNEL | __GFP_ZERO);
		if (!page[i])
			return;
		/* leave a gap after the second page */
		ret = hyp_map(handle, ATTACK_IOVA + (i + (i > 1)) * PAGE_SIZE,
			      page_to_phys(page[i]), PAGE_SIZE, 1, RW);
		if (ret) {
			is_broken(o, "page %d cannot be mapped: %ld", i, ret);
			return;
		}
	}
	ret = hyp_unmap(handle, ATTACK_IOVA, PAGE_SIZE, 5);
	if (count_mapped(&foreign) != 2)
		is_open(o, "unmap returned %ld; of four pages %u are mapped, not two", ret,
			count_mapped(&foreign));
	for (i = 0; i < ARRAY_SIZE(page) && !o->verdict; i++) {
		ret = hyp_topup(page_to_pfn(page[i]));
		if (ret != (i < 2 ? 0 : -EBUSY))
			is_open(o, "donation of %smapped page %d returned %ld", i < 2 ? "un" : "", i, ret);
		if (!ret && take_back(page[i], &clean))
			is_broken(o, "page %d is not returned", i);
	}
	/* A range that starts with the gap: nothing is unmapped. */
	if (!o->verdict && (hyp_unmap(handle, ATTACK_IOVA + 2 * PAGE_SIZE, PAGE_SIZE, 3) >= 0 ||
			    count_mapped(&foreign) != 2))
		is_open(o, "an unmap that starts with an unmapped page unmapped others");
	if (!o->verdict)
		is_stopped(o, "unmap stops at the first unmapped page, and keeps the pages after it");
	unmap_all(handle);
	for (i = 0; i < ARRAY_SIZE(page); i++)
		keep_page(page[i]);
}

const struct attack range_attacks[] = {
	{ "range-map", "map ranges that are partly foreign", attack_range, BY_MAP },
	{ "range-runs", "map ranges that are partly foreign, by lists of runs", attack_range, BY_RUNS },
	{ "range-iommu", "map ranges that are partly foreign, by iommu_map()", attack_range,
	  BY_IOMMU_API },
	{ "range-bit39", "map addresses with bit 39, another view of memory", attack_bit39 },
	{ "range-hole", "map, and donate to EL2, a block that contains a page of EL2",
	  attack_hole },
	{ "range-unmap", "unmap a range that is only partly mapped", attack_unmap },
	{ }
};
