// SPDX-License-Identifier: GPL-2.0-only
/*
 * The module's pages: two blocks of 2 MiB. Programs use the pages of the first block;
 * those of the second, which is below 4 GiB, are donated to EL2 when it asks for memory.
 *
 * The owner of a page is always known: a lock is held from before a call that donates or
 * reclaims a page until its result is recorded. A page that the host owns has a stamp.
 */
#include <linux/spinlock.h>
#include <linux/string.h>

#include "fuzz.h"

#define BLOCK_ORDER	9
#define BLOCK_PAGES	(1 << BLOCK_ORDER)
#define NOT_GIVEN	0xff

static struct page *block[2];
static struct {
	u8 given;		/* order of its donation */
	bool shared, touched;
	bool dead;		/* held by a quarantined domain */
} own[NR_OWN];
static DEFINE_RAW_SPINLOCK(pages_lock);

phys_addr_t own_page(unsigned int n)
{
	n %= NR_OWN;
	return page_to_phys(block[n / BLOCK_PAGES] + n % BLOCK_PAGES);
}

int page_number(phys_addr_t phys)
{
	int i;

	for (i = 0; i < ARRAY_SIZE(block); i++)
		if (phys - page_to_phys(block[i]) < BLOCK_PAGES * PAGE_SIZE)
			return i * BLOCK_PAGES + (phys - page_to_phys(block[i])) / PAGE_SIZE;
	return -1;
}

bool page_is_hosts(int n)
{
	return READ_ONCE(own[n].given) == NOT_GIVEN;
}

static void stamp(unsigned int n)
{
	struct stamp *s = phys_to_virt(own_page(n));

	s->magic = STAMP;
	s->phys = own_page(n);
}

int pages_init(void)
{
	int i;

	block[0] = alloc_pages(GFP_KERNEL | __GFP_ZERO, BLOCK_ORDER);
	block[1] = alloc_pages(GFP_KERNEL | GFP_DMA32 | __GFP_ZERO, BLOCK_ORDER);
	if (!block[0] || !block[1])
		return -ENOMEM;
	split_page(block[0], BLOCK_ORDER);
	split_page(block[1], BLOCK_ORDER);
	for (i = 0; i < NR_OWN; i++) {
		own[i].given = NOT_GIVEN;
		stamp(i);
	}
	return 0;
}

/* Record that a call used these pages: check at the end that they are free. */
void page_touched(phys_addr_t phys, u64 size)
{
	u64 at;

	for (at = phys; size && at <= phys + size - 1; at += PAGE_SIZE) {
		int n = page_number(at);

		if (n >= 0)
			own[n].touched = true;
	}
}

static void given(u64 pfn, u64 order)
{
	u64 i;

	if (order > 10) {
		violation("EL2 accepted a block of order %llu", order);
		return;
	}
	for (i = 0; i < 1ULL << order; i++) {
		int n = pfn >> 40 ? -1 : page_number(PFN_PHYS(pfn + i));

		if (n < 0) {
			violation("EL2 accepted %#llx, which the host cannot donate", pfn + i);
			return;
		}
		if (own[n].given != NOT_GIVEN || own[n].shared)
			violation("EL2 accepted page %d, which it already owned", n);
		own[n].given = order;
		own[n].touched = true;
	}
}

/* Donate a page, unless it is one of the host outside this module. */
long give_pfn(u64 pfn, u64 order, struct arm_smccc_res *res)
{
	unsigned long flags;
	long ret;

	raw_spin_lock_irqsave(&pages_lock, flags);
	ret = call(res, __pkvm_iommu_topup, pfn, order);
	if (!ret)
		given(pfn, (u32)order);
	raw_spin_unlock_irqrestore(&pages_lock, flags);
	return ret;
}

/* Donate the memory that EL2 asks for. */
long give_page(u64 want)
{
	unsigned int order = wanted_order(want), i, j, n = 1 << order;
	struct arm_smccc_res res;
	unsigned long flags;
	long ret = -ENOMEM;

	if (order != 0 && order != KVM_IOMMU_MAX_ORDER) {
		violation("EL2 wants a block of order %u", order);
		return -EINVAL;
	}
	raw_spin_lock_irqsave(&pages_lock, flags);
	for (i = NR_USED; i < NR_OWN; i += n) {
		for (j = 0; j < n && page_is_hosts(i + j) && !own[i + j].shared &&
		     !own[i + j].dead; j++)
			;
		if (j < n)
			continue;
		ret = call(&res, __pkvm_iommu_topup, PHYS_PFN(own_page(i)), order);
		/* A program has mapped the page, with an address beyond the first block */
		if (ret == -EBUSY)
			continue;
		if (!ret)
			given(PHYS_PFN(own_page(i)), order);
		else
			violation("EL2 asked for memory, but refused page %u: %ld", i, ret);
		break;
	}
	raw_spin_unlock_irqrestore(&pages_lock, flags);
	return ret;
}

static void taken(u64 pfn, u64 order)
{
	int n = pfn >> 40 ? -1 : page_number(PFN_PHYS(pfn)), i;

	if (order > KVM_IOMMU_MAX_ORDER || n < 0 || !IS_ALIGNED(pfn, 1ULL << order) ||
	    own[n].given != order) {
		violation("EL2 returned %#llx of order %llu, page %d, which was not donated so",
			  pfn, order, n);
		return;
	}
	for (i = n; i < n + (1 << order); i++) {
		if (memchr_inv(phys_to_virt(own_page(i)), 0, PAGE_SIZE))
			violation("EL2 returned page %d, which is not zero", i);
		own[i].given = NOT_GIVEN;
		stamp(i);
	}
}

long take_page(u64 order, struct arm_smccc_res *res)
{
	unsigned long flags;
	long ret;

	raw_spin_lock_irqsave(&pages_lock, flags);
	ret = call(res, __pkvm_iommu_reclaim, order);
	if (!ret)
		taken(res->a2, (u32)order);
	raw_spin_unlock_irqrestore(&pages_lock, flags);
	return ret;
}

long share_page(bool share, u64 pfn, struct arm_smccc_res *res)
{
	/* share and unshare ignore the bits that exceed an address */
	int n = page_number(PFN_PHYS(pfn));
	unsigned long flags;
	long ret;

	raw_spin_lock_irqsave(&pages_lock, flags);
	if (share)
		ret = call(res, __pkvm_host_share_hyp, pfn);
	else
		ret = call(res, __pkvm_host_unshare_hyp, pfn);
	if (!ret && (n < 0 || own[n].given != NOT_GIVEN || own[n].shared == share)) {
		violation("pfn %#llx, page %d, was %s", pfn, n, share ? "shared" : "unshared");
	} else if (!ret) {
		own[n].shared = share;
		own[n].touched = true;
	}
	raw_spin_unlock_irqrestore(&pages_lock, flags);
	return ret;
}

/*
 * After all domains of a program were freed: reclaim all memory of EL2. Then EL2 must
 * accept each page that the program used; otherwise a reference is left.
 */
void pages_check(void)
{
	struct arm_smccc_res res;
	unsigned int i, j;
	long ret;

	for (i = 0; i < NR_OWN; i++)
		if (own[i].shared)
			share_page(false, PHYS_PFN(own_page(i)), &res);
	for (i = 0; i <= KVM_IOMMU_MAX_ORDER; i += KVM_IOMMU_MAX_ORDER) {
		do {
			ret = take_page(i, &res);
		} while (!wrong && !ret);
		if (ret != -ENOENT)
			violation("the last reclaim of order %u returned %ld", i, ret);
	}
	for (i = 0; i < NR_OWN; i++) {
		if ((page_is_hosts(i) && !own[i].shared) || own[i].dead)
			continue;
		if (broken && !own[i].shared) {
			own[i].dead = true;
			continue;
		}
		violation("page %u is lost", i);
		nr_lost++;
	}
	for (i = 0; i < NR_OWN && !wrong; i += 1 << KVM_IOMMU_MAX_ORDER) {
		bool touched = false, dead = false;

		for (j = 0; j < 1 << KVM_IOMMU_MAX_ORDER; j++) {
			touched |= own[i + j].touched;
			own[i + j].touched = false;
			dead |= own[i + j].dead;
		}
		if (!touched || dead)
			continue;
		ret = give_pfn(PHYS_PFN(own_page(i)), KVM_IOMMU_MAX_ORDER, &res);
		if (ret == -EBUSY && broken) {
			for (j = 0; j < 1 << KVM_IOMMU_MAX_ORDER; j++)
				own[i + j].dead = true;
			continue;
		}
		if (ret) {
			violation("pages %u to %u are still in use: %ld", i, i + j - 1, ret);
			nr_lost++;
			continue;
		}
		ret = take_page(KVM_IOMMU_MAX_ORDER, &res);
		if (ret || res.a2 != PHYS_PFN(own_page(i)))
			violation("pages %u to %u were not returned: %ld", i, i + j - 1, ret);
		for (j = 0; j < 1 << KVM_IOMMU_MAX_ORDER; j++)
			own[i + j].touched = false;
	}
}
