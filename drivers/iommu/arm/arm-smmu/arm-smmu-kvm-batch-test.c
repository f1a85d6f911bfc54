// SPDX-License-Identifier: GPL-2.0-only
/*
 * KUnit tests for the pages that a domain collects: each ends up where the core
 * wanted it, once, or nowhere, and the core hears of it. The hypervisor is an
 * array here, and can be told to refuse.
 */

#include <kunit/static_stub.h>
#include <kunit/test.h>

#include <linux/gfp.h>
#include <linux/irqflags.h>
#include <linux/module.h>
#include <linux/sizes.h>
#include <linux/string.h>

#include <asm/kvm_iommu.h>

#include "arm-smmu-kvm-host.h"

#define HANDLE		7
#define BASE		0x10000000UL
#define NR_PAGES	2048
#define PROT		3

static struct {
	phys_addr_t	page[NR_PAGES];
	unsigned int	calls;
	size_t		room;		/* pages until it refuses */
} hyp;

static int fake_map_runs(u32 handle, unsigned long iova, const u64 *runs,
			 unsigned int nr, int prot, gfp_t gfp, size_t *mapped)
{
	struct kunit *test = kunit_get_current_test();
	unsigned int i;
	u64 p;

	hyp.calls++;
	KUNIT_EXPECT_EQ(test, HANDLE, handle);
	KUNIT_EXPECT_EQ(test, PROT, prot);

	for (i = 0; i < nr; i++) {
		for (p = 0; p < KVM_IOMMU_RUN_PAGES(runs[i]); p++) {
			unsigned long idx = (iova - BASE) / PAGE_SIZE;

			if (!hyp.room)
				return -ENOMEM;
			hyp.room--;

			KUNIT_ASSERT_LT(test, idx, NR_PAGES);
			KUNIT_EXPECT_EQ(test, 0, hyp.page[idx]);
			hyp.page[idx] = KVM_IOMMU_RUN_ADDR(runs[i]) + p * PAGE_SIZE;
			*mapped += PAGE_SIZE;
			iova += PAGE_SIZE;
		}
	}

	return 0;
}

static void free_runs(void *b)
{
	smmu_kvm_batch_free(b);
}

static struct smmu_kvm_batch *new_batch(struct kunit *test)
{
	struct smmu_kvm_batch *b = kunit_kzalloc(test, sizeof(*b), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, b);
	smmu_kvm_batch_init(b);
	if (!b->runs)
		b->runs = (u64 *)__get_free_page(GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, b->runs);
	KUNIT_ASSERT_EQ(test, 0, kunit_add_action_or_reset(test, free_runs, b));

	memset(&hyp, 0, sizeof(hyp));
	hyp.room = SIZE_MAX;
	kunit_activate_static_stub(test, kvm_iommu_map_runs, fake_map_runs);

	return b;
}

static unsigned long iova_of(unsigned long page)
{
	return BASE + page * PAGE_SIZE;
}

/* What page @page is mapped to, where nothing neighbours its neighbour */
static phys_addr_t paddr_of(unsigned long page)
{
	return SZ_4G + page * 2 * PAGE_SIZE;
}

/* An interrupt that comes in between would meet with the array, too */
static int add_run(struct smmu_kvm_batch *b, unsigned long page, phys_addr_t paddr,
		   unsigned long nr, int prot)
{
	guard(irqsave)();
	return smmu_kvm_batch_add(b, HANDLE, iova_of(page), paddr, nr * PAGE_SIZE, prot);
}

static bool add(struct smmu_kvm_batch *b, unsigned long page)
{
	return !add_run(b, page, paddr_of(page), 1, PROT);
}

static int sync(struct smmu_kvm_batch *b, unsigned long page, unsigned long nr)
{
	guard(irqsave)();
	return smmu_kvm_batch_sync(b, HANDLE, iova_of(page), nr * PAGE_SIZE);
}

/* Pages dropped */
static unsigned long cancel(struct smmu_kvm_batch *b, unsigned long page, unsigned long nr)
{
	guard(irqsave)();
	return smmu_kvm_batch_cancel(b, HANDLE, iova_of(page), nr * PAGE_SIZE) / PAGE_SIZE;
}

static void expect_mapped(struct kunit *test, unsigned long page, unsigned long nr)
{
	unsigned long i;

	for (i = 0; i < NR_PAGES; i++)
		KUNIT_EXPECT_EQ_MSG(test, hyp.page[i],
				    i >= page && i < page + nr ? paddr_of(i) : 0,
				    "page %lu", i);
}

static void test_list(struct kunit *test)
{
	struct smmu_kvm_batch *b = new_batch(test);
	unsigned long i;

	for (i = 0; i < 256; i++)
		KUNIT_ASSERT_TRUE(test, add(b, i));
	KUNIT_EXPECT_EQ(test, 0, hyp.calls);
	KUNIT_EXPECT_EQ(test, paddr_of(99) + 5, smmu_kvm_batch_find(b, iova_of(99) + 5));
	KUNIT_EXPECT_EQ(test, 0, smmu_kvm_batch_find(b, iova_of(256)));
	KUNIT_EXPECT_EQ(test, 0, smmu_kvm_batch_find(b, BASE - 1));

	KUNIT_EXPECT_EQ(test, 0, sync(b, 0, 256));
	KUNIT_EXPECT_EQ(test, 1, hyp.calls);
	expect_mapped(test, 0, 256);
	KUNIT_EXPECT_EQ(test, 0, smmu_kvm_batch_find(b, iova_of(99)));

	/* All is done */
	KUNIT_EXPECT_EQ(test, 0, sync(b, 0, 256));
	KUNIT_EXPECT_EQ(test, 0, cancel(b, 0, 256));
	KUNIT_EXPECT_EQ(test, 1, hyp.calls);
}

static void test_runs(struct kunit *test)
{
	struct smmu_kvm_batch *b = new_batch(test);

	/* 3 pages, then 5: the physical ones follow each other */
	KUNIT_EXPECT_EQ(test, 0, add_run(b, 0, SZ_1M, 3, PROT));
	KUNIT_EXPECT_EQ(test, 0, add_run(b, 3, SZ_2M, 5, PROT));
	KUNIT_EXPECT_EQ(test, SZ_1M + 2 * PAGE_SIZE, smmu_kvm_batch_find(b, iova_of(2)));
	KUNIT_EXPECT_EQ(test, SZ_2M + 4 * PAGE_SIZE, smmu_kvm_batch_find(b, iova_of(7)));

	/* The first run goes, the second is refused in its middle */
	hyp.room = 5;
	KUNIT_EXPECT_EQ(test, -ENOMEM, sync(b, 0, 8));
	KUNIT_EXPECT_EQ(test, SZ_1M + 2 * PAGE_SIZE, hyp.page[2]);
	KUNIT_EXPECT_EQ(test, SZ_2M + PAGE_SIZE, hyp.page[4]);
	KUNIT_EXPECT_EQ(test, 0, hyp.page[5]);
	KUNIT_EXPECT_EQ(test, 0, smmu_kvm_batch_find(b, iova_of(4)));
	KUNIT_EXPECT_EQ(test, SZ_2M + 2 * PAGE_SIZE, smmu_kvm_batch_find(b, iova_of(5)));

	/* Once more: it goes on from there */
	hyp.room = SIZE_MAX;
	KUNIT_EXPECT_EQ(test, 0, sync(b, 0, 8));
	KUNIT_EXPECT_EQ(test, SZ_2M + 4 * PAGE_SIZE, hyp.page[7]);

	/* More than is collected: what comes before it is not left behind */
	KUNIT_EXPECT_EQ(test, 0, add_run(b, 8, SZ_1M, 1, PROT));
	KUNIT_EXPECT_EQ(test, -EAGAIN, add_run(b, 9, SZ_4G, KVM_IOMMU_MAX_RUNS + 1, PROT));
	KUNIT_EXPECT_EQ(test, SZ_1M, hyp.page[8]);
	KUNIT_EXPECT_EQ(test, 0, add_run(b, 10 + KVM_IOMMU_MAX_RUNS, SZ_1M, 1, PROT));
	KUNIT_EXPECT_EQ(test, 1, cancel(b, 10 + KVM_IOMMU_MAX_RUNS, 1));
}

/* What does not fit begins a new collection */
static void test_full(struct kunit *test)
{
	struct smmu_kvm_batch *b = new_batch(test);
	unsigned long i;

	for (i = 0; i < KVM_IOMMU_MAX_RUNS; i++)
		KUNIT_ASSERT_TRUE(test, add(b, i));
	KUNIT_EXPECT_EQ(test, 0, hyp.calls);
	for (; i < 2 * KVM_IOMMU_MAX_RUNS + 1; i++)
		KUNIT_ASSERT_TRUE(test, add(b, i));
	KUNIT_EXPECT_EQ(test, 2, hyp.calls);
	KUNIT_EXPECT_EQ(test, 0, sync(b, 0, i));
	KUNIT_EXPECT_EQ(test, 3, hyp.calls);
	expect_mapped(test, 0, i);

	/* Pages count, not runs */
	KUNIT_EXPECT_EQ(test, 0, add_run(b, i, SZ_2M, KVM_IOMMU_MAX_RUNS - 1, PROT));
	KUNIT_EXPECT_EQ(test, 3, hyp.calls);
	KUNIT_EXPECT_EQ(test, 0, add_run(b, i + KVM_IOMMU_MAX_RUNS - 1, SZ_1M, 2, PROT));
	KUNIT_EXPECT_EQ(test, 4, hyp.calls);

	/* The hypervisor refuses: so does the one that has to make room */
	hyp.room = 1;
	KUNIT_EXPECT_EQ(test, -ENOMEM, add_run(b, i + KVM_IOMMU_MAX_RUNS + 1, SZ_1M,
					       KVM_IOMMU_MAX_RUNS, PROT));
	KUNIT_EXPECT_EQ(test, 1, cancel(b, i, 2 * KVM_IOMMU_MAX_RUNS));
}

/* What does not continue the collection is not part of it */
static void test_others(struct kunit *test)
{
	struct smmu_kvm_batch *b = new_batch(test);

	KUNIT_EXPECT_TRUE(test, add(b, 10));
	KUNIT_EXPECT_FALSE(test, add(b, 12));
	KUNIT_EXPECT_FALSE(test, add(b, 9));
	KUNIT_EXPECT_FALSE(test, add(b, 10));
	KUNIT_EXPECT_EQ(test, -EAGAIN, add_run(b, 11, paddr_of(11), 1, PROT ^ 1));
	b->in_task = !b->in_task;
	KUNIT_EXPECT_FALSE(test, add(b, 11));
	b->in_task = !b->in_task;
	b->owner = NULL;
	KUNIT_EXPECT_FALSE(test, add(b, 11));

	/* A sync of another range does nothing, of a part does all */
	KUNIT_EXPECT_EQ(test, 0, sync(b, 0, 10));
	KUNIT_EXPECT_EQ(test, 0, sync(b, 11, 10));
	KUNIT_EXPECT_EQ(test, 0, hyp.calls);
	KUNIT_EXPECT_EQ(test, 0, sync(b, 0, 11));
	expect_mapped(test, 10, 1);
}

/* What the core takes back before it is mapped never is */
static void test_cancel(struct kunit *test)
{
	struct smmu_kvm_batch *b = new_batch(test);
	unsigned long i;

	/* All, and more */
	for (i = 0; i < 20; i++)
		KUNIT_ASSERT_TRUE(test, add(b, 5 + i));
	KUNIT_EXPECT_EQ(test, 20, cancel(b, 0, 30));
	KUNIT_EXPECT_EQ(test, 0, sync(b, 0, 30));
	KUNIT_EXPECT_EQ(test, 0, hyp.calls);

	/* The end */
	for (i = 0; i < 20; i++)
		KUNIT_ASSERT_TRUE(test, add(b, i));
	KUNIT_EXPECT_EQ(test, 5, cancel(b, 15, 100));
	KUNIT_EXPECT_EQ(test, 0, sync(b, 0, 20));
	expect_mapped(test, 0, 15);

	/* The beginning: what follows is mapped, then nothing is to be dropped */
	for (i = 0; i < 20; i++)
		KUNIT_ASSERT_TRUE(test, add(b, 15 + i));
	KUNIT_EXPECT_EQ(test, 0, cancel(b, 15, 3));
	expect_mapped(test, 0, 35);

	/* A failed sync, and what the core does then */
	for (i = 0; i < 20; i++)
		KUNIT_ASSERT_TRUE(test, add(b, 35 + i));
	hyp.room = 7;
	KUNIT_EXPECT_EQ(test, -ENOMEM, sync(b, 35, 20));
	expect_mapped(test, 0, 42);
	KUNIT_EXPECT_EQ(test, 13, cancel(b, 35, 20));
	hyp.room = SIZE_MAX;
	KUNIT_EXPECT_EQ(test, 0, sync(b, 35, 20));
	expect_mapped(test, 0, 42);

	/* The middle of what cannot be mapped: it and what follows go */
	for (i = 0; i < 20; i++)
		KUNIT_ASSERT_TRUE(test, add(b, 42 + i));
	hyp.room = 0;
	KUNIT_EXPECT_EQ(test, 2, cancel(b, 52, 2));
	KUNIT_EXPECT_EQ(test, 0, smmu_kvm_batch_find(b, iova_of(54)));
	KUNIT_EXPECT_EQ(test, paddr_of(51), smmu_kvm_batch_find(b, iova_of(51)));
	hyp.room = SIZE_MAX;
	KUNIT_EXPECT_EQ(test, 0, sync(b, 42, 10));
	expect_mapped(test, 0, 52);
}

static struct kunit_case smmu_kvm_batch_cases[] = {
	KUNIT_CASE(test_list),
	KUNIT_CASE(test_runs),
	KUNIT_CASE(test_full),
	KUNIT_CASE(test_others),
	KUNIT_CASE(test_cancel),
	{}
};

static struct kunit_suite smmu_kvm_batch_suite = {
	.name = "arm-smmu-kvm-batch",
	.test_cases = smmu_kvm_batch_cases,
};

kunit_test_suite(smmu_kvm_batch_suite);
