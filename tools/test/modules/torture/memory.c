// SPDX-License-Identifier: GPL-2.0-only
/*
 * Pages: those of a thread, and those that are donated to EL2 and reclaimed.
 *
 * A thread has a block of contiguous pages, and single ones. Single pages are also
 * donated to EL2, which must refuse them while a device can reach them, and must accept
 * them otherwise. Reclaimed pages must be zero.
 */
#include <linux/mm.h>
#include <linux/string.h>

#include "torture.h"

void stamp_page(struct page *page, u64 magic)
{
	struct stamp *s = page_address(page);

	s->magic = magic;
	s->phys = page_to_phys(page);
}

static struct page *new_page(void)
{
	struct page *page = alloc_page(GFP_KERNEL | __GFP_ZERO);

	if (page)
		stamp_page(page, STAMP_PRIVATE);
	return page;
}

int memory_init(struct torturer *t)
{
	int i;

	t->block = alloc_pages(GFP_KERNEL | __GFP_ZERO, get_order(REGION_SIZE));
	if (!t->block)
		return -ENOMEM;
	split_page(t->block, get_order(REGION_SIZE));
	for (i = 0; i < REGION_PAGES; i++)
		stamp_page(t->block + i, STAMP_PRIVATE);

	for (i = 0; i < NR_SINGLES; i++) {
		t->singles[i].page = new_page();
		if (!t->singles[i].page)
			return -ENOMEM;
	}
	return 0;
}

/* Donate pages; return 0, or EL2's error. */
int donate_page(struct torturer *t, struct page *page, unsigned int order)
{
	struct arm_smccc_res res;
	long ret;

	ret = call(t, FN_TOPUP, &res, page_to_pfn(page), order);
	if (!ret)
		count_given(page, 1L << order);
	return ret;
}

/* Donate the memory that a call asked for. */
int give(struct torturer *t, u64 want)
{
	unsigned int order = wanted_order(want);
	struct page *page;
	int ret;

	if (order != 0 && order != KVM_IOMMU_MAX_ORDER) {
		mismatch(t, "EL2 wants a block of order %u", order);
		return -EINVAL;
	}
	page = alloc_wanted(want, 0);
	if (!page)
		return -ENOMEM;
	ret = donate_page(t, page, order);
	if (ret) {
		mismatch(t, "EL2 asked for memory, but refuses it: %d", ret);
		__free_pages(page, order);
	}
	return ret;
}

static bool reclaim(struct torturer *t, unsigned int order)
{
	struct arm_smccc_res res;
	struct page *page;
	long ret;

	ret = call(t, FN_RECLAIM, &res, order);
	if (ret == -ENOENT)
		return false;
	if (!expect(t, ret, 0))
		return false;
	if (!pfn_valid(res.a2) || !IS_ALIGNED(res.a2, 1UL << order)) {
		mismatch(t, "EL2 returned %#lx, which is not a page of the host", res.a2);
		return false;
	}
	page = pfn_to_page(res.a2);
	if (memchr_inv(page_address(page), 0, PAGE_SIZE << order))
		mismatch(t, "EL2 returned page %#lx, which is not zero", res.a2);
	count_given(page, -(1L << order));
	__free_pages(page, order);
	return true;
}

unsigned long reclaim_all(struct torturer *t)
{
	unsigned long n = 0;

	while (reclaim(t, 0) && !t->nr_mismatches)
		n++;
	while (reclaim(t, KVM_IOMMU_MAX_ORDER) && !t->nr_mismatches)
		n += 1UL << KVM_IOMMU_MAX_ORDER;
	return n;
}

/* Count a map or unmap of a page; addresses without memory are not counted. */
void page_used(struct torturer *t, u64 phys, int by)
{
	u64 block = page_to_phys(t->block);
	int i;

	if (phys >= block && phys - block < REGION_SIZE) {
		t->block_mapped[(phys - block) / SZ_4K] += by;
		return;
	}
	for (i = 0; i < NR_SINGLES; i++) {
		if (t->singles[i].page && page_to_phys(t->singles[i].page) == phys) {
			t->singles[i].mapped += by;
			return;
		}
	}
}

static void donate_single(struct torturer *t)
{
	struct own_page *p = &t->singles[rnd(t, NR_SINGLES)];
	int ret;

	if (!p->page)
		p->page = new_page();
	if (!p->page)
		return;
	ret = donate_page(t, p->page, 0);
	if (expect(t, ret, p->shared ? -EPERM : p->mapped ? -EBUSY : 0) && !ret)
		p->page = new_page();
}

/* Donate only pages of the block that EL2 must refuse: the block must stay whole. */
static void donate_of_block(struct torturer *t)
{
	unsigned int order = chance(t, 3) ? KVM_IOMMU_MAX_ORDER : 0, i, first;
	bool mapped = false;

	first = round_down(rnd(t, REGION_PAGES), 1U << order);
	for (i = first; i < first + (1U << order); i++)
		mapped |= t->block_mapped[i];
	if (mapped)
		expect(t, donate_page(t, t->block + first, order), -EBUSY);
}

void op_donate(struct torturer *t)
{
	switch (rnd(t, 4)) {
	case 0:
		give(t, chance(t, 3) ? KVM_IOMMU_MAX_ORDER : 0);
		break;
	case 1:
		donate_of_block(t);
		break;
	default:
		donate_single(t);
		break;
	}
}

void op_reclaim(struct torturer *t)
{
	unsigned int n = 1 + rnd(t, 4);

	while (n-- && reclaim(t, chance(t, 4) ? KVM_IOMMU_MAX_ORDER : 0))
		;
}

/* The host still owns a page that it shares with EL2, and devices may reach it. */
void op_share(struct torturer *t)
{
	struct own_page *p = &t->singles[rnd(t, NR_SINGLES)];
	struct arm_smccc_res res;
	bool share = p->shared ? chance(t, 4) : !chance(t, 4);
	long ret;

	if (!p->page)
		return;
	ret = call(t, share ? FN_SHARE : FN_UNSHARE, &res, page_to_pfn(p->page));
	if (expect(t, ret, share == p->shared ? -EPERM : 0) && !ret)
		p->shared = share;
}

/*
 * No page is mapped any more, so EL2 must accept each of them: a stronger check than any
 * counter.
 */
void memory_exit(struct torturer *t)
{
	struct arm_smccc_res res;
	int i;

	t->doing = "donate all pages to EL2";
	for (i = 0; i < NR_SINGLES; i++) {
		struct own_page *p = &t->singles[i];

		if (!p->page)
			continue;
		if (p->shared)
			expect(t, call(t, FN_UNSHARE, &res, page_to_pfn(p->page)), 0);
		if (!expect(t, donate_page(t, p->page, 0), 0))
			continue;	/* a device may still reach it: do not free it */
		p->page = NULL;
	}
	for (i = 0; t->block && i < REGION_PAGES; i++)
		expect(t, donate_page(t, t->block + i, 0), 0);
	t->block = NULL;
}
