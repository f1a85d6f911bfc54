// SPDX-License-Identifier: GPL-2.0-only
/*
 * Torture of EL2's IOMMU hypercalls, see torture.h.
 *
 *	insmod torture.ko lookup=ADDRESS seed=N seconds=N calls=N threads=N
 *
 * takes the bus masters' streams from the host's driver and notes EL2's
 * counters. In /sys/kernel/debug/torture, `run` starts the threads when "start"
 * is written to it and sums up after "finish"; read, it is `ready`, `running
 * CALLS`, `ended`, and at the last `finished calls=N dma=N mismatches=N lost=N`.
 *
 * lookup is the address of kallsyms_lookup_name(): to know where EL2's memory
 * is, which any hostile host does.
 */
#include <linux/debugfs.h>
#include <linux/jiffies.h>
#include <linux/kthread.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/panic_notifier.h>
#include <linux/seq_file.h>
#include <linux/slab.h>
#include <linux/uaccess.h>
#include <asm/virt.h>

#include <common/places.h>

#include "torture.h"

static unsigned long lookup;
module_param(lookup, ulong, 0);
u64 seed = 1;
module_param(seed, ullong, 0444);
static unsigned int seconds;
module_param(seconds, uint, 0444);
static unsigned long long calls;
module_param(calls, ullong, 0444);
static unsigned int threads;
module_param(threads, uint, 0444);

struct torturer host = { .id = U32_MAX };
struct torturer *torturers;
unsigned int nr_torturers;
bool stopping;
unsigned long end_time;
bool has_v7s[8];
phys_addr_t forbidden[8], edges[16];
unsigned int nr_forbidden, nr_edges;
bool has_mc;

static struct dentry *dir;
static DEFINE_MUTEX(lock);
static enum { READY, RUNNING, FINISHED } state;
static u64 sum_calls, sum_dma;
static unsigned int sum_mismatches;
static u64 lost;

static const u32 counters[] = {
	KVM_IOMMU_STAT_DOMAINS, KVM_IOMMU_STAT_DONATED_PAGES, KVM_IOMMU_STAT_TABLE_PAGES,
	KVM_IOMMU_STAT_MAPPED_PAGES,
};

static const char * const counter_names[] = { "domains", "donated", "tables", "mapped" };
static u64 before[ARRAY_SIZE(counters)];

/* With all that is free given back, nobody else's doings show in the counters. */
static void count(u64 *to)
{
	struct arm_smccc_res res;
	int i;

	host.doing = "count";
	reclaim_all(&host);
	for (i = 0; i < ARRAY_SIZE(counters); i++)
		to[i] = expect(&host, call(&host, FN_DEBUG, &res, 0, KVM_IOMMU_DEBUG_STAT,
					   counters[i]), 0) ? res.a2 : 0;
}

static void forbid(phys_addr_t phys)
{
	if (nr_forbidden < ARRAY_SIZE(forbidden))
		forbidden[nr_forbidden++] = phys;
}

/* Two pages from here on are not both the host's. */
static void forbid_across(phys_addr_t start, phys_addr_t end)
{
	if (nr_edges + 2 > ARRAY_SIZE(edges))
		return;
	edges[nr_edges++] = start - PAGE_SIZE;
	edges[nr_edges++] = end - PAGE_SIZE;
}

static void find_forbidden(void)
{
	lookup_name_t lookup_name = (void *)lookup;
	phys_addr_t base, size;
	struct device_node *np;
	struct resource res;
	int n;

	runs_init(lookup ? lookup_name("kvm_iommu_runs") : 0);
	if (lookup && hyp_memory(lookup_name, &base, &size)) {
		forbid_across(base, base + size);
		forbid(base);
		forbid(hyp_idle_page(lookup_name));
	}
	for_each_smmu(np) {
		for (n = 0; n < 2 && !of_address_to_resource(np, n, &res); n++) {
			forbid(n ? res.end + 1 - PAGE_SIZE : res.start);
			forbid_across(res.start, res.end + 1);
		}
	}
	np = find_mc_node();
	has_mc = np;
	if (np && !of_address_to_resource(np, 0, &res)) {
		forbid(res.start);
		forbid_across(res.start, res.end + 1);
	}
	of_node_put(np);
}

static void find_v7s(void)
{
	struct arm_smccc_res res;
	u32 i;
	int tries = 0;
	long ret;

	host.doing = "look for formats";
	for (i = 0; i < nr_iommus && i < ARRAY_SIZE(has_v7s); i++) {
		do {
			ret = call(&host, FN_ALLOC, &res, i, KVM_IOMMU_FMT_V7S);
		} while (ret == -ENOMEM && tries++ < 64 && !give(&host, res.a3));
		has_v7s[i] = ret > 0;
		if (ret > 0)
			free_handle(&host, ret);
		else
			expect(&host, ret, -EOPNOTSUPP);
	}
}

static int make_thread(unsigned int i)
{
	struct torturer *t = &torturers[i];
	int j, ret;

	t->id = i;
	t->doing = "begin";
	prandom_seed_state(&t->rnd, seed * 0x9e3779b97f4a7c15ULL + i);
	t->stream = stream_of_thread(i);
	t->max_calls = calls ? DIV_ROUND_UP_ULL(calls, nr_torturers) : U64_MAX;
	for (j = 0; j < NR_DOMAINS; j++) {
		t->domains[j].slots = kvcalloc(REGIONS * REGION_PAGES, sizeof(struct slot),
					       GFP_KERNEL);
		if (!t->domains[j].slots)
			return -ENOMEM;
	}
	ret = memory_init(t);
	if (ret)
		return ret;
	t->task = kthread_create(torturer, t, "torture/%u", i);
	return PTR_ERR_OR_ZERO(t->task);
}

static int start(void)
{
	unsigned int i;
	int ret;

	if (state != READY)
		return -EBUSY;
	nr_torturers = threads ?: 2 * num_online_cpus();
	torturers = kvcalloc(nr_torturers, sizeof(*torturers), GFP_KERNEL);
	if (!torturers)
		return -ENOMEM;
	ret = race_init();
	for (i = 0; i < nr_torturers && !ret; i++)
		ret = make_thread(i);
	if (ret)
		return ret;
	pr_info("seed %llu, %u threads, %u seconds, %llu calls\n", seed, nr_torturers, seconds,
		calls);
	end_time = seconds ? jiffies + seconds * HZ : 0;
	state = RUNNING;
	for (i = 0; i < nr_torturers; i++)
		wake_up_process(torturers[i].task);
	return 0;
}

static bool has_ended(void)
{
	unsigned int i;

	for (i = 0; i < nr_torturers; i++)
		if (READ_ONCE(torturers[i].doing))
			return false;
	return true;
}

static u64 distance(u64 a, u64 b)
{
	return a > b ? a - b : b - a;
}

static int finish(void)
{
	u64 after[ARRAY_SIZE(counters)];
	unsigned int i;

	if (state != RUNNING)
		return -EINVAL;
	WRITE_ONCE(stopping, true);
	for (i = 0; i < nr_torturers; i++) {
		struct torturer *t = &torturers[i];

		kthread_stop(t->task);
		pr_info("thread %u: %llu steps, %llu calls, %llu DMAs\n", i, t->nr_ops,
			t->nr_calls, t->nr_dma);
		sum_calls += t->nr_calls;
		sum_dma += t->nr_dma;
		sum_mismatches += t->nr_mismatches;
	}
	race_exit();
	count(after);
	streams_put_back();
	for (i = 0; i < ARRAY_SIZE(counters); i++) {
		if (before[i] == after[i])
			continue;
		pr_err("EL2 had %llu %s before, and %llu now\n", before[i], counter_names[i],
		       after[i]);
		/* What tables and domains hold is among what was donated. */
		if (counters[i] == KVM_IOMMU_STAT_DONATED_PAGES ||
		    counters[i] == KVM_IOMMU_STAT_MAPPED_PAGES)
			lost += distance(before[i], after[i]);
		else
			host.nr_mismatches++;
	}
	sum_calls += host.nr_calls;
	sum_dma += host.nr_dma;
	sum_mismatches += host.nr_mismatches;
	state = FINISHED;
	return 0;
}

static int run_show(struct seq_file *m, void *unused)
{
	u64 n = 0;
	unsigned int i;

	mutex_lock(&lock);
	switch (state) {
	case READY:
		seq_puts(m, "ready\n");
		break;
	case RUNNING:
		for (i = 0; i < nr_torturers; i++)
			n += READ_ONCE(torturers[i].nr_calls);
		if (has_ended())
			seq_puts(m, "ended\n");
		else
			seq_printf(m, "running %llu\n", n);
		break;
	case FINISHED:
		seq_printf(m, "finished calls=%llu dma=%llu mismatches=%u lost=%llu\n", sum_calls,
			   sum_dma, sum_mismatches, lost);
		break;
	}
	mutex_unlock(&lock);
	return 0;
}

static int run_open(struct inode *inode, struct file *file)
{
	return single_open(file, run_show, NULL);
}

static ssize_t run_write(struct file *file, const char __user *user, size_t len, loff_t *pos)
{
	char word[16] = "";
	int ret;

	if (len >= sizeof(word) || copy_from_user(word, user, len))
		return -EINVAL;
	mutex_lock(&lock);
	if (sysfs_streq(word, "start"))
		ret = start();
	else if (sysfs_streq(word, "finish"))
		ret = finish();
	else
		ret = -EINVAL;
	mutex_unlock(&lock);
	return ret ?: len;
}

static const struct file_operations run_fops = {
	.owner = THIS_MODULE,
	.open = run_open,
	.read = seq_read,
	.write = run_write,
	.llseek = seq_lseek,
	.release = single_release,
};

/* EL2 is no more: what did it in? */
static int on_panic(struct notifier_block *nb, unsigned long action, void *data)
{
	unsigned int i;

	for (i = 0; i < nr_torturers && state == RUNNING; i++)
		if (READ_ONCE(torturers[i].doing))
			dump_history(&torturers[i]);
	return NOTIFY_DONE;
}

static struct notifier_block panic_block = { .notifier_call = on_panic };

static int __init torture_init(void)
{
	int ret;

	if (is_kernel_in_hyp_mode())
		return -ENODEV;
	host.doing = "look around";
	find_forbidden();
	ret = streams_find();
	if (ret)
		return ret;
	find_v7s();
	count(before);
	ret = streams_take();
	if (ret || host.nr_mismatches)
		return ret ?: -EIO;

	atomic_notifier_chain_register(&panic_notifier_list, &panic_block);
	dir = debugfs_create_dir("torture", NULL);
	debugfs_create_file("run", 0600, dir, NULL, &run_fops);
	return 0;
}
module_init(torture_init);

/* No exit: with the threads gone there is nothing left but what was told. */

MODULE_DESCRIPTION("Torture of EL2's IOMMU hypercalls");
MODULE_LICENSE("GPL");
