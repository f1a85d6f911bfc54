// SPDX-License-Identifier: GPL-2.0-only
/*
 * KUnit tests of the pages that a domain collects for one hypercall: each page is
 * mapped once, at the address that the IOMMU core asked for, or the core gets an
 * error. An array stands for the hypervisor, and can be told to refuse pages.
 */

#include <kunit/static_stub.h>
#include <kunit/test.h>

#include <linux/gfp.h>
#include <linux/irqflags.h>
#include <linux/module.h>
#include <linux/sizes.h>
#include <linux/string.h>

#include <asm/kvm_iommu.h>

#include "pkvm-iommu.h"

#define HANDLE		7
#define BASE		0x10000000UL
#define NR_PAGES	2048
#define PROT		3

static struct {
	phys_addr_t	page[NR_PAGES];
	unsigned int	calls;
	size_t		room;		/* pages that it accepts before it refuses */
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
	pkvm_iommu_batch_free(b);
}

static struct pkvm_iommu_batch *new_batch(struct kunit *test)
{
	struct pkvm_iommu_batch *b = kunit_kzalloc(test, sizeof(*b), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, b);
	pkvm_iommu_batch_init(b);
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

/* The address that page @page is mapped to: no two pages are contiguous there */
static phys_addr_t paddr_of(unsigned long page)
{
	return SZ_4G + page * 2 * PAGE_SIZE;
}

/* With interrupts off: a DMA mapping in an interrupt would also go to the array */
static int add_run(struct pkvm_iommu_batch *b, unsigned long page, phys_addr_t paddr,
		   unsigned long nr, int prot)
{
	guard(irqsave)();
	return pkvm_iommu_batch_add(b, HANDLE, iova_of(page), paddr, nr * PAGE_SIZE, prot);
}

static bool add(struct pkvm_iommu_batch *b, unsigned long page)
{
	return !add_run(b, page, paddr_of(page), 1, PROT);
}

static int sync(struct pkvm_iommu_batch *b, unsigned long page, unsigned long nr)
{
	guard(irqsave)();
	return pkvm_iommu_batch_sync(b, HANDLE, iova_of(page), nr * PAGE_SIZE);
}

/* Return the number of pages that were dropped. */
static unsigned long cancel(struct pkvm_iommu_batch *b, unsigned long page, unsigned long nr)
{
	guard(irqsave)();
	return pkvm_iommu_batch_cancel(b, HANDLE, iova_of(page), nr * PAGE_SIZE) / PAGE_SIZE;
}

static void expect_mapped(struct kunit *test, unsigned long page, unsigned long nr)
{
	unsigned long i;

	for (i = 0; i < NR_PAGES; i++)
		KUNIT_EXPECT_EQ_MSG(test, hyp.page[i],
				    i >= page && i < page + nr ? paddr_of(i) : 0,
				    "page %lu", i);
}

static void batched_pages_take_one_call(struct kunit *test)
{
	struct pkvm_iommu_batch *b = new_batch(test);
	unsigned long i;

	for (i = 0; i < 256; i++)
		KUNIT_ASSERT_TRUE(test, add(b, i));
	KUNIT_EXPECT_EQ(test, 0, hyp.calls);
	KUNIT_EXPECT_EQ(test, paddr_of(99) + 5, pkvm_iommu_batch_find(b, iova_of(99) + 5));
	KUNIT_EXPECT_EQ(test, 0, pkvm_iommu_batch_find(b, iova_of(256)));
	KUNIT_EXPECT_EQ(test, 0, pkvm_iommu_batch_find(b, BASE - 1));

	KUNIT_EXPECT_EQ(test, 0, sync(b, 0, 256));
	KUNIT_EXPECT_EQ(test, 1, hyp.calls);
	expect_mapped(test, 0, 256);
	KUNIT_EXPECT_EQ(test, 0, pkvm_iommu_batch_find(b, iova_of(99)));

	/* Nothing is left */
	KUNIT_EXPECT_EQ(test, 0, sync(b, 0, 256));
	KUNIT_EXPECT_EQ(test, 0, cancel(b, 0, 256));
	KUNIT_EXPECT_EQ(test, 1, hyp.calls);
}

static void sync_continues_after_refusal(struct kunit *test)
{
	struct pkvm_iommu_batch *b = new_batch(test);

	/* Runs of 3 and 5 pages, each of them physically contiguous */
	KUNIT_EXPECT_EQ(test, 0, add_run(b, 0, SZ_1M, 3, PROT));
	KUNIT_EXPECT_EQ(test, 0, add_run(b, 3, SZ_2M, 5, PROT));
	KUNIT_EXPECT_EQ(test, SZ_1M + 2 * PAGE_SIZE, pkvm_iommu_batch_find(b, iova_of(2)));
	KUNIT_EXPECT_EQ(test, SZ_2M + 4 * PAGE_SIZE, pkvm_iommu_batch_find(b, iova_of(7)));

	/* The first run is mapped, the second one refused in its middle */
	hyp.room = 5;
	KUNIT_EXPECT_EQ(test, -ENOMEM, sync(b, 0, 8));
	KUNIT_EXPECT_EQ(test, SZ_1M + 2 * PAGE_SIZE, hyp.page[2]);
	KUNIT_EXPECT_EQ(test, SZ_2M + PAGE_SIZE, hyp.page[4]);
	KUNIT_EXPECT_EQ(test, 0, hyp.page[5]);
	KUNIT_EXPECT_EQ(test, 0, pkvm_iommu_batch_find(b, iova_of(4)));
	KUNIT_EXPECT_EQ(test, SZ_2M + 2 * PAGE_SIZE, pkvm_iommu_batch_find(b, iova_of(5)));

	/* The next sync continues there */
	hyp.room = SIZE_MAX;
	KUNIT_EXPECT_EQ(test, 0, sync(b, 0, 8));
	KUNIT_EXPECT_EQ(test, SZ_2M + 4 * PAGE_SIZE, hyp.page[7]);

	/* A run larger than a batch: the pages before it are mapped first */
	KUNIT_EXPECT_EQ(test, 0, add_run(b, 8, SZ_1M, 1, PROT));
	KUNIT_EXPECT_EQ(test, -EAGAIN, add_run(b, 9, SZ_4G, KVM_IOMMU_MAX_RUNS + 1, PROT));
	KUNIT_EXPECT_EQ(test, SZ_1M, hyp.page[8]);
	KUNIT_EXPECT_EQ(test, 0, add_run(b, 10 + KVM_IOMMU_MAX_RUNS, SZ_1M, 1, PROT));
	KUNIT_EXPECT_EQ(test, 1, cancel(b, 10 + KVM_IOMMU_MAX_RUNS, 1));
}

/* If a run does not fit into the batch, the batch is mapped, and a new one started. */
static void full_batch_is_mapped(struct kunit *test)
{
	struct pkvm_iommu_batch *b = new_batch(test);
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

	/* The limit is a number of pages, not of runs */
	KUNIT_EXPECT_EQ(test, 0, add_run(b, i, SZ_2M, KVM_IOMMU_MAX_RUNS - 1, PROT));
	KUNIT_EXPECT_EQ(test, 3, hyp.calls);
	KUNIT_EXPECT_EQ(test, 0, add_run(b, i + KVM_IOMMU_MAX_RUNS - 1, SZ_1M, 2, PROT));
	KUNIT_EXPECT_EQ(test, 4, hyp.calls);

	/* If the hypervisor refuses the batch, the new run is refused */
	hyp.room = 1;
	KUNIT_EXPECT_EQ(test, -ENOMEM, add_run(b, i + KVM_IOMMU_MAX_RUNS + 1, SZ_1M,
					       KVM_IOMMU_MAX_RUNS, PROT));
	KUNIT_EXPECT_EQ(test, 1, cancel(b, i, 2 * KVM_IOMMU_MAX_RUNS));
}

/* Only pages that continue the batch, in the same context, are added to it. */
static void only_consecutive_pages_are_batched(struct kunit *test)
{
	struct pkvm_iommu_batch *b = new_batch(test);

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

	/* A sync of another range maps nothing, a sync of a part maps all */
	KUNIT_EXPECT_EQ(test, 0, sync(b, 0, 10));
	KUNIT_EXPECT_EQ(test, 0, sync(b, 11, 10));
	KUNIT_EXPECT_EQ(test, 0, hyp.calls);
	KUNIT_EXPECT_EQ(test, 0, sync(b, 0, 11));
	expect_mapped(test, 10, 1);
}

/* Pages that the core unmaps before they are mapped are never mapped. */
static void cancelled_pages_are_never_mapped(struct kunit *test)
{
	struct pkvm_iommu_batch *b = new_batch(test);
	unsigned long i;

	/* All pages, and more */
	for (i = 0; i < 20; i++)
		KUNIT_ASSERT_TRUE(test, add(b, 5 + i));
	KUNIT_EXPECT_EQ(test, 20, cancel(b, 0, 30));
	KUNIT_EXPECT_EQ(test, 0, sync(b, 0, 30));
	KUNIT_EXPECT_EQ(test, 0, hyp.calls);

	/* The last pages */
	for (i = 0; i < 20; i++)
		KUNIT_ASSERT_TRUE(test, add(b, i));
	KUNIT_EXPECT_EQ(test, 5, cancel(b, 15, 100));
	KUNIT_EXPECT_EQ(test, 0, sync(b, 0, 20));
	expect_mapped(test, 0, 15);

	/* The first pages: all are mapped, and none is dropped */
	for (i = 0; i < 20; i++)
		KUNIT_ASSERT_TRUE(test, add(b, 15 + i));
	KUNIT_EXPECT_EQ(test, 0, cancel(b, 15, 3));
	expect_mapped(test, 0, 35);

	/* A failed sync, after which the core unmaps the range */
	for (i = 0; i < 20; i++)
		KUNIT_ASSERT_TRUE(test, add(b, 35 + i));
	hyp.room = 7;
	KUNIT_EXPECT_EQ(test, -ENOMEM, sync(b, 35, 20));
	expect_mapped(test, 0, 42);
	KUNIT_EXPECT_EQ(test, 13, cancel(b, 35, 20));
	hyp.room = SIZE_MAX;
	KUNIT_EXPECT_EQ(test, 0, sync(b, 35, 20));
	expect_mapped(test, 0, 42);

	/* The middle, while the hypervisor refuses: the rest is dropped as well */
	for (i = 0; i < 20; i++)
		KUNIT_ASSERT_TRUE(test, add(b, 42 + i));
	hyp.room = 0;
	KUNIT_EXPECT_EQ(test, 2, cancel(b, 52, 2));
	KUNIT_EXPECT_EQ(test, 0, pkvm_iommu_batch_find(b, iova_of(54)));
	KUNIT_EXPECT_EQ(test, paddr_of(51), pkvm_iommu_batch_find(b, iova_of(51)));
	hyp.room = SIZE_MAX;
	KUNIT_EXPECT_EQ(test, 0, sync(b, 42, 10));
	expect_mapped(test, 0, 52);
}

static struct kunit_case pkvm_iommu_batch_cases[] = {
	KUNIT_CASE(batched_pages_take_one_call),
	KUNIT_CASE(sync_continues_after_refusal),
	KUNIT_CASE(full_batch_is_mapped),
	KUNIT_CASE(only_consecutive_pages_are_batched),
	KUNIT_CASE(cancelled_pages_are_never_mapped),
	{}
};

static struct kunit_suite pkvm_iommu_batch_suite = {
	.name = "pkvm-iommu-map",
	.test_cases = pkvm_iommu_batch_cases,
};

kunit_test_suite(pkvm_iommu_batch_suite);
