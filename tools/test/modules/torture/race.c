// SPDX-License-Identifier: GPL-2.0-only
/*
 * Racing domains: all threads map, unmap, attach, detach, free and replace the same few
 * domains concurrently, with pages of one block that is not used otherwise.
 *
 * A call can use a handle that another thread has just freed. Handles are reused only
 * after all others were used, so it names no domain unless the caller is delayed: for
 * that reason interrupts are disabled.
 */
#include <linux/irqflags.h>
#include <linux/mm.h>

#include "torture.h"

#define NR_RACING	3
#define RACE_IOVA	0x40000000ULL
#define RACE_PAGES	1024		/* pages of address space */

static u32 handles[NR_RACING];
static struct page *block;
static u32 race_iommu;

int race_init(void)
{
	int i;

	if (!nr_racing)
		return 0;
	race_iommu = racing[0]->iommu;
	block = alloc_pages(GFP_KERNEL | __GFP_ZERO, get_order(REGION_SIZE));
	if (!block)
		return -ENOMEM;
	split_page(block, get_order(REGION_SIZE));
	for (i = 0; i < REGION_PAGES; i++)
		stamp_page(block + i, STAMP_RACING);
	return 0;
}

static bool is_racing(u64 phys)
{
	return phys >= page_to_phys(block) && phys - page_to_phys(block) < REGION_SIZE;
}

/* Check that @ret is 0 or one of up to three errors. */
static void one_of(struct torturer *t, long ret, long a, long b, long c)
{
	if (ret && ret != a && ret != b && ret != c)
		mismatch(t, "%s: returned %ld, which no order of calls explains", t->doing, ret);
}

#define race_call(t, fn, res, n, ...)						\
({										\
	unsigned long __flags;							\
	long __ret;								\
										\
	local_irq_save(__flags);						\
	__ret = call(t, fn, res, READ_ONCE(handles[n]), ##__VA_ARGS__);		\
	local_irq_restore(__flags);						\
	__ret;									\
})

static void race_alloc(struct torturer *t, u32 n)
{
	struct arm_smccc_res res;
	int tries = 0;
	long ret;

	do {
		ret = call(t, FN_ALLOC, &res, race_iommu, KVM_IOMMU_FMT_AUTO);
	} while (ret == -ENOMEM && tries++ < 64 && !give(t, res.a3));
	if (ret <= 0 || ret > KVM_IOMMU_MAX_DOMAINS)
		mismatch(t, "a new domain is %ld", ret);
	else if (cmpxchg(&handles[n], 0, ret))
		free_handle(t, ret);
}

static void race_free(struct torturer *t, u32 n)
{
	struct arm_smccc_res res;
	u32 handle = READ_ONCE(handles[n]);
	unsigned long flags;
	long ret;

	local_irq_save(flags);
	handle = READ_ONCE(handles[n]);
	ret = call(t, FN_FREE, &res, handle);
	/* The thread that freed the domain clears its handle, which is not reused soon. */
	if (!ret)
		cmpxchg(&handles[n], handle, 0);
	local_irq_restore(flags);
	if (ret != -EAGAIN)
		one_of(t, ret, -ENOENT, -EBUSY, 0);
}

static void race_map(struct torturer *t, u32 n)
{
	u64 iova = RACE_IOVA + rnd(t, RACE_PAGES) * SZ_4K;
	u32 from = rnd(t, REGION_PAGES), count = 1 + rnd(t, min(REGION_PAGES - from, 64U));
	struct arm_smccc_res res;
	long ret;

	ret = race_call(t, FN_MAP, &res, n, iova, page_to_phys(block + from), SZ_4K, count,
			IOMMU_READ | IOMMU_WRITE);
	if (ret == -ENOMEM)
		give(t, res.a3);
	else
		one_of(t, ret, -ENOENT, -EEXIST, 0);
	if (res.a2 > count * SZ_4K)
		mismatch(t, "map reported %lu bytes of %u pages", res.a2, count);
}

static void race_unmap(struct torturer *t, u32 n)
{
	u64 iova = RACE_IOVA + rnd(t, RACE_PAGES) * SZ_4K;
	u32 count = 1 + rnd(t, chance(t, 4) ? 600 : 40);
	struct arm_smccc_res res;

	one_of(t, race_call(t, FN_UNMAP, &res, n, iova, SZ_4K, count), -ENOENT, 0, 0);
	if (res.a2 > (u64)count * SZ_4K)
		mismatch(t, "unmap reported %lu bytes of %u pages", res.a2, count);
}

static void race_lookup(struct torturer *t, u32 n)
{
	u64 iova = RACE_IOVA + rnd(t, RACE_PAGES) * SZ_4K;
	struct arm_smccc_res res;
	long ret;

	ret = race_call(t, FN_LOOKUP, &res, n, iova);
	one_of(t, ret, -ENOENT, 0, 0);
	if (!ret && !is_racing(res.a2))
		mismatch(t, "%#llx translates to %#lx, which was not mapped", iova, res.a2);
}

static void race_attach(struct torturer *t, u32 n, enum fn fn)
{
	struct stream *s = racing[rnd(t, nr_racing)];
	struct arm_smccc_res res;

	one_of(t, race_call(t, fn, &res, n, s->iommu, s->endpoint, s->id), -ENOENT,
	       fn == FN_ATTACH ? -EBUSY : 0, 0);
}

static void race_dma(struct torturer *t)
{
	u64 iova = RACE_IOVA + rnd(t, RACE_PAGES) * SZ_4K;
	struct stream *s = racing[rnd(t, nr_racing)];
	struct stamp got = {};

	if (!s->bm)
		s = racing[0];
	if (s->bm && bm_read(t, s, iova, 0, &got, sizeof(got)) &&
	    (got.magic != STAMP_RACING || !is_racing(got.phys)))
		mismatch(t, "a racing read of %#llx reached %#llx (%#llx)", iova, got.phys,
			 got.magic);
}

void op_race(struct torturer *t)
{
	u32 n = rnd(t, NR_RACING);

	if (!nr_racing)
		return;
	if (!READ_ONCE(handles[n])) {
		race_alloc(t, n);
		return;
	}
	switch (rnd(t, 16)) {
	case 0 ... 4:
		race_map(t, n);
		break;
	case 5 ... 8:
		race_unmap(t, n);
		break;
	case 9:
		race_lookup(t, n);
		break;
	case 10 ... 11:
		race_attach(t, n, FN_ATTACH);
		break;
	case 12:
		race_attach(t, n, FN_DETACH);
		break;
	case 13 ... 14:
		race_dma(t);
		break;
	default:
		race_free(t, n);
		break;
	}
}

/* Called after all threads have ended. */
void race_exit(void)
{
	struct arm_smccc_res res;
	int i, n, tries;

	host.doing = "end the race";
	for (n = 0; n < NR_RACING && block; n++) {
		if (!handles[n])
			continue;
		for (i = 0; i < nr_racing; i++)
			for (tries = 0; tries < U16_MAX; tries++)
				if (call(&host, FN_DETACH, &res, handles[n], racing[i]->iommu,
					 racing[i]->endpoint, racing[i]->id))
					break;
		free_handle(&host, handles[n]);
		handles[n] = 0;
	}
	for (i = 0; block && i < REGION_PAGES; i++)
		expect(&host, donate_page(&host, block + i, 0), 0);
	block = NULL;
}
