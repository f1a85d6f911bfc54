// SPDX-License-Identifier: GPL-2.0-only
/*
 * The hypervisor's memory for translation tables, by hypercalls past the host's
 * own driver, with a domain that nothing is attached to:
 *
 *	<debugfs>/pool/lpae, <debugfs>/pool/v7s
 *		reading runs it: lines "ok - WHAT" and "not ok - WHAT # WHY"
 *
 * Long use: pages are mapped and unmapped at random in 1 GiB, thousands of
 * times. That takes the tables of all addresses that were ever mapped, and no
 * more. Whatever is unmapped, or asked for, none of them goes before the domain
 * does; then all do.
 *
 * Short of memory: with a pool that is empty, a map of 2 MiB gets one block at a
 * time. Each call that runs out has mapped what it says and nothing else.
 *
 * All processors at once: each gives a page, makes a domain of what is there, frees
 * it, takes a page. No page comes twice, each comes back empty, none is missing.
 *
 * A thousand domains, one after the other, leave nothing behind; nor do as many
 * at a time as there are handles. The largest block that there is can be mapped,
 * if there are any.
 *
 * Devices that work meanwhile make the counters move; whoever reads waits until
 * there are none.
 */
#include <linux/bitfield.h>
#include <linux/bitmap.h>
#include <linux/debugfs.h>
#include <linux/delay.h>
#include <linux/gfp.h>
#include <linux/highmem.h>
#include <linux/iommu.h>
#include <linux/kthread.h>
#include <linux/kvm_host.h>
#include <linux/list.h>
#include <linux/module.h>
#include <linux/random.h>
#include <linux/seq_file.h>
#include <linux/sizes.h>
#include <linux/vmalloc.h>

#include <common/hypercall.h>

#define BASE		0x40000000UL	/* 1 GiB from here on */
#define SPAN_PAGES	(SZ_1G / SZ_4K)
#define MAX_MAPPED	600
#define NR_STEPS	20000
#define BIG_ORDER	9
#define RAM_PFN		(SZ_2G / SZ_4K)	/* where the machine's begins */
#define PROT		(IOMMU_READ | IOMMU_WRITE)
#define CROWD_MS	500
#define GIVEN		0x900d		/* page_private() of what crowd() gave */

struct test {
	struct seq_file *m;
	enum kvm_iommu_fmt fmt;
	u32 handle;
	struct page *page;		/* all random mappings lead here */
	unsigned long *mapped;		/* by page of the span */
	unsigned long *ever;		/* the same, since the domain was made */
	unsigned int nr_mapped;
	u32 *slot;			/* the pages that are mapped */
};

static u64 sizes;			/* of pages, of the last domain */
static LIST_HEAD(taken);		/* pages of the pool, by reclaim */

static bool result(struct test *t, bool good, const char *what, const char *fmt, ...)
{
	struct va_format vaf;
	va_list ap;

	va_start(ap, fmt);
	vaf.fmt = fmt;
	vaf.va = &ap;
	if (good)
		seq_printf(t->m, "ok - %s (%pV)\n", what, &vaf);
	else
		seq_printf(t->m, "not ok - %s # %pV\n", what, &vaf);
	va_end(ap);
	return good;
}

static u64 stat(enum kvm_iommu_stat which)
{
	struct arm_smccc_res res;

	return hypercall(&res, __pkvm_iommu_debug, 0, KVM_IOMMU_DEBUG_STAT, which) ? ~0ULL : res.a2;
}

/* Give one block of the kind that is wanted. */
static int give(u64 want)
{
	unsigned int order = wanted_order(want);
	struct arm_smccc_res res;
	struct page *page;
	long ret;

	page = alloc_wanted(want, 0);
	if (!page)
		return -ENOMEM;
	ret = hypercall(&res, __pkvm_iommu_topup, page_to_pfn(page), order);
	if (ret)
		__free_pages(page, order);
	return ret;
}

/* All that is free. */
static unsigned int reclaim_all(void)
{
	struct arm_smccc_res res;
	unsigned int n = 0;

	for (; !hypercall(&res, __pkvm_iommu_reclaim, 0); n++)
		list_add(&pfn_to_page(res.a2)->lru, &taken);
	while (!hypercall(&res, __pkvm_iommu_reclaim, KVM_IOMMU_MAX_ORDER))
		__free_pages(pfn_to_page(res.a2), KVM_IOMMU_MAX_ORDER);
	return n;
}

static void free_taken(void)
{
	struct page *page, *next;

	list_for_each_entry_safe(page, next, &taken, lru) {
		list_del(&page->lru);
		__free_page(page);
	}
}

static long new_domain(struct test *t)
{
	struct arm_smccc_res res;
	long ret;

	do {
		ret = hypercall(&res, __pkvm_iommu_alloc_domain, 0, t->fmt);
	} while (ret == -ENOMEM && !give(res.a3));
	if (ret > 0) {
		t->handle = ret;
		sizes = res.a3;
	}
	return ret;
}

static long free_domain(struct test *t)
{
	struct arm_smccc_res res;
	long ret;

	do {
		ret = hypercall(&res, __pkvm_iommu_free_domain, t->handle);
	} while (ret == -EAGAIN);
	return ret;
}

static long toggle(struct test *t, u32 n, u32 i)
{
	u64 iova = BASE + (u64)n * SZ_4K;
	struct arm_smccc_res res;
	long ret;

	if (test_bit(n, t->mapped)) {
		ret = hypercall(&res, __pkvm_iommu_unmap, t->handle, iova, SZ_4K, 1);
		if (!ret) {
			clear_bit(n, t->mapped);
			t->slot[i] = t->slot[--t->nr_mapped];
		}
		return ret;
	}
	do {
		ret = hypercall(&res, __pkvm_iommu_map, t->handle, iova, page_to_phys(t->page),
				SZ_4K, 1, PROT);
	} while (ret == -ENOMEM && !give(res.a3));
	if (!ret) {
		set_bit(n, t->mapped);
		set_bit(n, t->ever);
		t->slot[t->nr_mapped++] = n;
	}
	return ret;
}

/* Tables of the last level that were ever needed. */
static unsigned int tables_needed(struct test *t)
{
	unsigned int per_table = (t->fmt == KVM_IOMMU_FMT_V7S ? SZ_1M : SZ_2M) / SZ_4K, i, n = 0;

	for (i = 0; i < SPAN_PAGES; i += per_table)
		n += find_next_bit(t->ever, i + per_table, i) < i + per_table;
	return n;
}

static void long_use(struct test *t)
{
	u64 before = stat(KVM_IOMMU_STAT_TABLE_PAGES), pages, left;
	unsigned int step, needed, least;
	long ret = 0;

	for (step = 0; step < NR_STEPS && !ret; step++) {
		u32 i = 0, n;

		/* more often map while there is little, more often unmap when there is much */
		if (get_random_u32_below(2 * MAX_MAPPED) < t->nr_mapped) {
			i = get_random_u32_below(t->nr_mapped);
			n = t->slot[i];
		} else {
			do {
				n = get_random_u32_below(SPAN_PAGES);
			} while (test_bit(n, t->mapped));
			if (t->nr_mapped == MAX_MAPPED)
				continue;
		}
		ret = toggle(t, n, i);
		cond_resched();
	}
	if (!result(t, !ret, "mapped and unmapped at random", "%u steps, the last returned %ld",
		    step, ret))
		return;

	pages = stat(KVM_IOMMU_STAT_TABLE_PAGES) - before;
	needed = tables_needed(t);
	if (t->fmt == KVM_IOMMU_FMT_V7S) {
		/* the first ones may be in a page that another domain has begun */
		least = DIV_ROUND_UP(needed, 4);
		result(t, pages + 1 >= least && pages <= least, "tables share pages",
		       "%u pages mapped, %u tables in %llu pages, %u would do", t->nr_mapped,
		       needed, pages, least);
	} else {
		/* and two levels above them */
		result(t, pages >= needed + 1 && pages <= needed + 3,
		       "no table is there without need",
		       "%u pages mapped, %u tables needed, %llu pages in use", t->nr_mapped,
		       needed, pages);
	}

	while (t->nr_mapped && !ret)
		ret = toggle(t, t->slot[0], 0);
	reclaim_all();
	free_taken();
	left = stat(KVM_IOMMU_STAT_TABLE_PAGES) - before;
	result(t, !ret && left == pages, "no table goes while its domain is in use",
	       "%lld pages of %lld with nothing mapped, %ld", left, pages, ret);
}

static bool is_mapped(struct test *t, u64 iova, phys_addr_t phys)
{
	struct arm_smccc_res res;

	return !hypercall(&res, __pkvm_iommu_iova_to_phys, t->handle, iova) && res.a2 == phys;
}

static void short_of_memory(struct test *t)
{
	size_t size = SZ_4K << BIG_ORDER, done = 0, now;
	/* 64 pages below a boundary of 2 MiB */
	u64 iova = BASE + SZ_2M - 64 * SZ_4K, refs, base, i;
	struct page *big = alloc_pages(GFP_KERNEL, BIG_ORDER);
	unsigned int short_of = 0, in_the_middle = 0, wrong = 0;
	struct arm_smccc_res res;
	phys_addr_t phys;
	long ret;

	if (!big) {
		result(t, false, "2 MiB of the host's memory", "there is none");
		return;
	}
	phys = page_to_phys(big);
	reclaim_all();
	base = stat(KVM_IOMMU_STAT_MAPPED_PAGES);

	for (;;) {
		ret = hypercall(&res, __pkvm_iommu_map, t->handle, iova + done, phys + done, SZ_4K,
				(size - done) / SZ_4K, PROT);
		now = res.a2;
		done += now;
		if (!ret && now && done < size)
			continue;	/* as much as one call may do */
		if (ret != -ENOMEM)
			break;
		short_of++;
		in_the_middle += !!now;

		/* what it says, and nothing behind that: table entries, references */
		for (i = 0; i < size; i += SZ_4K)
			wrong += is_mapped(t, iova + i, phys + i) != (i < done);
		refs = stat(KVM_IOMMU_STAT_MAPPED_PAGES) - base;
		if (refs != done / SZ_4K)
			wrong += 10000;
		if (give(res.a3))
			break;
	}
	result(t, !ret && done == size, "a map that runs out of memory succeeds with it",
	       "%zu bytes, %ld", done, ret);
	/* a page has four short-descriptor tables: enough for what is to come */
	result(t, short_of && (in_the_middle || t->fmt == KVM_IOMMU_FMT_V7S),
	       "it ran out, also in the middle", "%u times, %u of them after a part",
	       short_of, in_the_middle);
	result(t, !wrong, "each time exactly what it says was mapped", "%u wrong", wrong);

	for (now = 0; now < size; now += res.a2) {
		ret = hypercall(&res, __pkvm_iommu_unmap, t->handle, iova + now, SZ_4K,
				(size - now) / SZ_4K);
		if (ret)
			break;
	}
	refs = stat(KVM_IOMMU_STAT_MAPPED_PAGES) - base;
	result(t, !ret && !refs, "and all comes back", "%lld references, %ld", refs, ret);
	if (!ret)
		__free_pages(big, BIG_ORDER);
	free_taken();
}

/* One after the other: made, filled, half of it unmapped, freed. */
static void thousand_domains(struct test *t)
{
	u64 tables, donated;
	struct arm_smccc_res res;
	unsigned int n, i;
	long ret = 0;

	reclaim_all();
	free_taken();
	tables = stat(KVM_IOMMU_STAT_TABLE_PAGES);
	donated = stat(KVM_IOMMU_STAT_DONATED_PAGES);

	for (n = 0; n < 1000 && ret >= 0; n++) {
		ret = new_domain(t);
		for (i = 0; i < 24 && ret >= 0; i++) {
			u64 iova = BASE + i * (SZ_1G / 24 & PAGE_MASK);

			do {
				ret = hypercall(&res, __pkvm_iommu_map, t->handle, iova,
						page_to_phys(t->page), SZ_4K, 1, PROT);
			} while (ret == -ENOMEM && !give(res.a3));
			if (!ret && i % 2)
				ret = hypercall(&res, __pkvm_iommu_unmap, t->handle, iova,
						SZ_4K, 1);
		}
		if (ret >= 0)
			ret = free_domain(t);
		cond_resched();
	}
	result(t, ret >= 0, "a thousand domains", "%u, the last returned %ld", n, ret);

	reclaim_all();
	free_taken();
	tables -= stat(KVM_IOMMU_STAT_TABLE_PAGES);
	donated -= stat(KVM_IOMMU_STAT_DONATED_PAGES);
	result(t, !tables && !donated, "leave nothing behind", "%lld tables, %lld pages",
	       -tables, -donated);
}

static atomic_t crowd_given, crowd_taken, crowd_wrong, crowd_rounds;

static void crowd_take(void)
{
	struct arm_smccc_res res;
	struct page *page;

	if (hypercall(&res, __pkvm_iommu_reclaim, 0))
		return;
	page = pfn_to_page(res.a2);
	if (cmpxchg(&page->private, GIVEN, 0) != GIVEN) {
		/* not ours, or a second time: nobody knows whose it is */
		atomic_inc(&crowd_wrong);
		return;
	}
	if (memchr_inv(page_address(page), 0, PAGE_SIZE))
		atomic_inc(&crowd_wrong);
	atomic_inc(&crowd_taken);
	__free_page(page);
}

static int crowd_thread(void *fmt)
{
	struct arm_smccc_res res;
	struct page *page;
	long ret;

	while (!kthread_should_stop()) {
		page = alloc_page(GFP_KERNEL);
		if (!page)
			break;
		set_page_private(page, GIVEN);
		if (hypercall(&res, __pkvm_iommu_topup, page_to_pfn(page), 0)) {
			atomic_inc(&crowd_wrong);
			break;
		}
		atomic_inc(&crowd_given);
		/* short of memory, or of handles, is fine */
		ret = hypercall(&res, __pkvm_iommu_alloc_domain, 0, (unsigned long)fmt);
		if (ret > 0 && hypercall(&res, __pkvm_iommu_free_domain, ret))
			atomic_inc(&crowd_wrong);
		crowd_take();
		atomic_inc(&crowd_rounds);
		cond_resched();
	}
	while (!kthread_should_stop())
		usleep_range(1000, 2000);
	return 0;
}

static void crowd(struct test *t)
{
	struct task_struct *threads[8] = {};
	unsigned int cpu, n = 0;
	u64 donated, left;
	int given, taken;

	reclaim_all();
	free_taken();
	donated = stat(KVM_IOMMU_STAT_DONATED_PAGES);
	atomic_set(&crowd_given, 0);
	atomic_set(&crowd_taken, 0);
	atomic_set(&crowd_wrong, 0);
	atomic_set(&crowd_rounds, 0);
	for_each_online_cpu(cpu) {
		struct task_struct *thread;

		if (n == ARRAY_SIZE(threads))
			break;
		thread = kthread_create(crowd_thread, (void *)(unsigned long)t->fmt, "crowd");
		if (IS_ERR(thread))
			break;
		kthread_bind(thread, cpu);
		wake_up_process(thread);
		threads[n++] = thread;
	}
	msleep(CROWD_MS);
	while (n)
		kthread_stop(threads[--n]);
	do {
		taken = atomic_read(&crowd_taken);
		crowd_take();
	} while (atomic_read(&crowd_taken) != taken);

	given = atomic_read(&crowd_given);
	result(t, given && given == taken && !atomic_read(&crowd_wrong),
	       "all processors at once: what is given comes back, once, and empty",
	       "%d given, %d taken, %d wrong", given, taken, atomic_read(&crowd_wrong));
	left = stat(KVM_IOMMU_STAT_DONATED_PAGES) - donated;
	result(t, !left, "and EL2 knows", "%lld pages, %d rounds", left,
	       atomic_read(&crowd_rounds));
}

/* As many at a time as there are handles, and one more. */
static void all_domains(struct test *t)
{
	u64 others = stat(KVM_IOMMU_STAT_DOMAINS), tables, donated, most, after;
	u16 *handles = kvcalloc(KVM_IOMMU_MAX_DOMAINS, sizeof(*handles), GFP_KERNEL);
	unsigned int n = 0, left = 0;
	long ret = -ENOMEM, last;

	reclaim_all();
	free_taken();
	tables = stat(KVM_IOMMU_STAT_TABLE_PAGES);
	donated = stat(KVM_IOMMU_STAT_DONATED_PAGES);
	while (handles && n < KVM_IOMMU_MAX_DOMAINS) {
		ret = new_domain(t);
		if (ret <= 0)
			break;
		handles[n++] = ret;
		cond_resched();
	}
	last = ret;
	most = stat(KVM_IOMMU_STAT_DOMAINS);
	while (n) {
		t->handle = handles[--n];
		left += !!free_domain(t);
	}
	kvfree(handles);
	result(t, last == -ENOSPC && most == KVM_IOMMU_MAX_DOMAINS, "all domains there can be",
	       "%llu, the last returned %ld", most, last);
	after = stat(KVM_IOMMU_STAT_DOMAINS);
	result(t, !left && after == others, "all of them go", "%u stay, there are %llu", left,
	       after);

	reclaim_all();
	free_taken();
	tables -= stat(KVM_IOMMU_STAT_TABLE_PAGES);
	donated -= stat(KVM_IOMMU_STAT_DONATED_PAGES);
	result(t, !tables && !donated, "and leave nothing", "%lld tables, %lld pages", -tables,
	       -donated);
}

/*
 * The largest block there is, of whatever memory the host has: it is not used,
 * and need not be free.
 */
static void largest_block(struct test *t, u64 size)
{
	u64 refs = stat(KVM_IOMMU_STAT_MAPPED_PAGES), i, got = 0, wrong = 0, pfn;
	struct arm_smccc_res res;
	long ret = -ENOENT;
	phys_addr_t phys;

	if (new_domain(t) <= 0)
		return;
	for (pfn = RAM_PFN; pfn_valid(pfn + size / SZ_4K - 1) && ret; pfn += size / SZ_4K) {
		phys = PFN_PHYS(pfn);
		do {
			ret = hypercall(&res, __pkvm_iommu_map, t->handle, BASE, phys, size,
					1, PROT);
		} while (ret == -ENOMEM && !give(res.a3));
		got = res.a2;
	}
	result(t, !ret && got == size, "a block is mapped", "%lld of %lld bytes, %ld", got, size,
	       ret);
	for (i = 0; i < size && !ret; i += SZ_64K)
		wrong += !is_mapped(t, BASE + i, phys + i);
	wrong += is_mapped(t, BASE + size, phys + size);
	result(t, !wrong, "and translates", "%lld wrong", wrong);
	refs = stat(KVM_IOMMU_STAT_MAPPED_PAGES) - refs;
	result(t, ret || refs == size / SZ_4K, "each of its pages is counted", "%lld", refs);
	if (!ret)
		ret = hypercall(&res, __pkvm_iommu_unmap, t->handle, BASE, size, 1);
	result(t, !ret && res.a2 == size, "and unmapped", "%ld, %ld", res.a2, ret);
	free_domain(t);
}

/* Small pages, no two of which follow each other, that go as one block. */
static void small_as_block(struct test *t, u64 size)
{
	u64 refs = stat(KVM_IOMMU_STAT_MAPPED_PAGES), i;
	struct arm_smccc_res res;
	long ret = 0;

	if (new_domain(t) <= 0)
		return;
	for (i = 0; i < size && !ret; i += SZ_4K) {
		do {
			ret = hypercall(&res, __pkvm_iommu_map, t->handle, BASE + i,
					page_to_phys(t->page), SZ_4K, 1, PROT);
		} while (ret == -ENOMEM && !give(res.a3));
	}
	if (!ret)
		ret = hypercall(&res, __pkvm_iommu_unmap, t->handle, BASE, size, 1);
	refs = stat(KVM_IOMMU_STAT_MAPPED_PAGES) - refs;
	result(t, !ret && res.a2 == size && !refs, "small pages are unmapped as a block",
	       "%lld bytes: %ld, %lld references are left", size, ret, refs);
	free_domain(t);
}

static void nothing_left(struct test *t, u64 before)
{
	long ret = free_domain(t);
	u64 after = stat(KVM_IOMMU_STAT_TABLE_PAGES);

	result(t, !ret && after == before, "nothing is left of the domain", "%lld pages, %ld",
	       after - before, ret);
}

static int run(struct seq_file *m, enum kvm_iommu_fmt fmt)
{
	struct test t = { .m = m, .fmt = fmt };
	u64 before = stat(KVM_IOMMU_STAT_TABLE_PAGES);
	unsigned int largest;
	long ret;

	t.page = alloc_page(GFP_KERNEL);
	t.mapped = bitmap_zalloc(SPAN_PAGES, GFP_KERNEL);
	t.ever = bitmap_zalloc(SPAN_PAGES, GFP_KERNEL);
	t.slot = kcalloc(MAX_MAPPED, sizeof(*t.slot), GFP_KERNEL);
	if (!t.page || !t.mapped || !t.ever || !t.slot) {
		ret = -ENOMEM;
		goto out;
	}

	ret = new_domain(&t);
	if (ret == -EOPNOTSUPP) {
		seq_puts(m, "ok - this format # SKIP there is memory that it does not reach\n");
		goto out;
	}
	if (!result(&t, ret > 0, "a domain", "%ld", ret))
		goto out;

	long_use(&t);
	nothing_left(&t, before);
	if (new_domain(&t) > 0) {
		short_of_memory(&t);
		nothing_left(&t, before);
	}
	crowd(&t);
	thousand_domains(&t);
	if (fmt == KVM_IOMMU_FMT_LPAE)
		all_domains(&t);
	largest = __fls(sizes);
	if (largest > 12) {
		largest_block(&t, BIT_ULL(largest));
		small_as_block(&t, BIT_ULL(largest));
	}
	ret = 0;
out:
	bitmap_free(t.mapped);
	bitmap_free(t.ever);
	kfree(t.slot);
	if (t.page && !t.nr_mapped)
		__free_page(t.page);
	return ret < 0 && ret != -EOPNOTSUPP ? ret : 0;
}

static int lpae_show(struct seq_file *m, void *unused)
{
	return run(m, KVM_IOMMU_FMT_LPAE);
}
DEFINE_SHOW_ATTRIBUTE(lpae);

static int v7s_show(struct seq_file *m, void *unused)
{
	return run(m, KVM_IOMMU_FMT_V7S);
}
DEFINE_SHOW_ATTRIBUTE(v7s);

static struct dentry *dir;

static int __init pool_init(void)
{
	dir = debugfs_create_dir("pool", NULL);
	debugfs_create_file("lpae", 0400, dir, NULL, &lpae_fops);
	debugfs_create_file("v7s", 0400, dir, NULL, &v7s_fops);
	return 0;
}
module_init(pool_init);

static void __exit pool_exit(void)
{
	debugfs_remove(dir);
}
module_exit(pool_exit);

MODULE_DESCRIPTION("The hypervisor's memory for I/O translation tables");
MODULE_LICENSE("GPL");
