// SPDX-License-Identifier: GPL-2.0-only
/*
 * Pages of our own: two blocks of 2 MiB. Programs name the pages of the first
 * block; those of the second, which is below 4 GiB, are given to EL2 when it
 * says that it wants memory.
 *
 * Who has a page is known at any time: a lock is held from before a call that
 * gives or takes one until that is noted. What is the host's has a stamp.
 */
#include <linux/spinlock.h>
#include <linux/string.h>

#include "fuzz.h"

#define BLOCK_ORDER	9
#define BLOCK_PAGES	(1 << BLOCK_ORDER)
#define NOT_GIVEN	0xff

static struct page *block[2];
static struct {
	u8 given;		/* order of the donation it was part of */
	bool shared, touched;
	bool dead;		/* with a domain that was given up */
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

/* Something was done to these pages: in the end, look whether they are free. */
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
		violation("EL2 took a block of order %llu", order);
		return;
	}
	for (i = 0; i < 1ULL << order; i++) {
		int n = pfn >> 40 ? -1 : page_number(PFN_PHYS(pfn + i));

		if (n < 0) {
			violation("EL2 took %#llx, which nobody could give", pfn + i);
			return;
		}
		if (own[n].given != NOT_GIVEN || own[n].shared)
			violation("EL2 took page %d, which it had", n);
		own[n].given = order;
		own[n].touched = true;
	}
}

/* One that takes nothing that is somebody else's of the host */
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

/* What EL2 says it wants */
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
		/* A program has found it, behind the first block, and it is mapped */
		if (ret == -EBUSY)
			continue;
		if (!ret)
			given(PHYS_PFN(own_page(i)), order);
		else
			violation("EL2 wants memory, and does not take page %u: %ld", i, ret);
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
		violation("EL2 gives back %#llx of order %llu, page %d, which it did not have so",
			  pfn, order, n);
		return;
	}
	for (i = n; i < n + (1 << order); i++) {
		if (memchr_inv(phys_to_virt(own_page(i)), 0, PAGE_SIZE))
			violation("EL2 gives back page %d with something in it", i);
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
	/* These two ignore what does not fit into an address */
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
 * Programs and their domains are gone. Take back all that EL2 has; then it has
 * to take each page that something was done to, or one is still in use.
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
			violation("a reclaim of order %u ends with %ld", i, ret);
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
			violation("pages %u to %u do not come back: %ld", i, i + j - 1, ret);
		for (j = 0; j < 1 << KVM_IOMMU_MAX_ORDER; j++)
			own[i + j].touched = false;
	}
}
