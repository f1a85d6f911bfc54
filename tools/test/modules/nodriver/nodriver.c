// SPDX-License-Identifier: GPL-2.0-only
/*
 * Every hypercall for DMA isolation, where the hypervisor has no IOMMU driver:
 * none came up, or it failed. Whatever the arguments, each call has one answer,
 * and nothing is taken from the host.
 *
 *	<debugfs>/nodriver
 *		reading runs it: lines "ok - WHAT" and "not ok - WHAT # WHY"
 *
 * absent=1: KVM did not come up. The host is not deprivileged, and the hypervisor
 * knows none of these calls.
 */
#include <linux/cpu.h>
#include <linux/debugfs.h>
#include <linux/gfp.h>
#include <linux/kvm_host.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/random.h>
#include <linux/seq_file.h>
#include <linux/sizes.h>
#include <linux/smp.h>

#include <common/hypercall.h>
#include <mmio/access.h>

#define NR_ARGS		6
#define NR_ROUNDS	2000		/* of each call, on each CPU */
#define BLOCK_ORDER	KVM_IOMMU_MAX_ORDER
#define PATTERN		0x6e6f647269766572ULL

static bool absent;
module_param(absent, bool, 0444);

#define FN(call, answer, ...)	{ HVC_##call, answer, { __VA_ARGS__ } }

/* What an honest host would pass; PAGE and PFN stand for a page of ours. */
#define PAGE		1
#define PFN		2

static const struct fn {
	const char *name;
	u32 id;
	unsigned int nr_args;
	long answer;
	u64 good[NR_ARGS];
} hypercalls[] = {
	FN(ALLOC, -ENODEV, 0, KVM_IOMMU_FMT_AUTO),
	FN(FREE, -ENOENT, 1),
	FN(ATTACH, -ENOENT, 1, 0, 0, 1, 0),
	FN(DETACH, -ENOENT, 1, 0, 0, 1),
	FN(MAP, -ENOENT, 1, SZ_1M, PAGE, SZ_4K, 1, 3),
	FN(UNMAP, -ENOENT, 1, SZ_1M, SZ_4K, 1),
	FN(SET_RUNS, -ENODEV, 0, PFN),
	FN(MAP_RUNS, -EINVAL, 1, SZ_1M, 1, 3),
	FN(LOOKUP, -ENOENT, 1, SZ_1M),
	FN(TOPUP, -ENODEV, PFN, 0),
	FN(RECLAIM, -ENODEV, 0),
	FN(FAULTS, -ENODEV, 0, KVM_IOMMU_MAX_FAULTS),
	FN(DEBUG, -ENODEV, 0, KVM_IOMMU_DEBUG_STAT, KVM_IOMMU_STAT_DOMAINS),
};

/* The wild ones name no page of the host's: what is given away would be missed. */
static const u64 wild[] = {
	0, 1, 2, 3, 4, SZ_4K - 1, KVM_IOMMU_MAX_DOMAINS, KVM_IOMMU_MAX_DOMAINS + 1,
	SMMU_KVM_DEBUG_STAT, SMMU_KVM_DEBUG_STREAM, SMMU_KVM_DEBUG_SOC, SZ_64K, S32_MAX, U32_MAX,
	BIT_ULL(32), BIT_ULL(39), BIT_ULL(48), BIT_ULL(52), S64_MAX, BIT_ULL(63),
	-(u64)SZ_4K, ~0ULL,
};

static struct page *block;

struct result {
	const struct fn *fn;
	u64 args[NR_ARGS];
	struct arm_smccc_res res;
	unsigned int calls, wrong;
};

static u64 good(const struct fn *fn, unsigned int i)
{
	if (fn->id == KVM_HOST_SMCCC_FUNC(__pkvm_iommu_map) && i == 2)
		return page_to_phys(block);
	if ((fn->id == KVM_HOST_SMCCC_FUNC(__pkvm_iommu_set_runs) && i == 1) ||
	    (fn->id == KVM_HOST_SMCCC_FUNC(__pkvm_iommu_topup) && i == 0))
		return page_to_pfn(block);
	return fn->good[i];
}

/* A query names no domain: it is the driver that is missing. */
static bool is_query(const struct fn *fn, const u64 *a)
{
	return fn->id == KVM_HOST_SMCCC_FUNC(__pkvm_iommu_attach) &&
	       !lower_32_bits(a[0]) && lower_32_bits(a[4]) == KVM_IOMMU_ATTACH_QUERY;
}

static bool is_right(const struct fn *fn, const u64 *a, const struct arm_smccc_res *res)
{
	long answer = is_query(fn, a) ? -ENODEV : fn->answer;

	if (absent)
		return res->a0 != SMCCC_RET_SUCCESS;
	return res->a0 == SMCCC_RET_SUCCESS && (long)res->a1 == answer;
}

static void call(struct result *r, const struct fn *fn, const u64 *a)
{
	struct arm_smccc_res res = {};

	arm_smccc_1_1_hvc(fn->id, a[0], a[1], a[2], a[3], a[4], a[5], &res);
	r->calls++;
	if (is_right(fn, a, &res))
		return;
	if (!r->wrong++) {
		r->fn = fn;
		memcpy(r->args, a, sizeof(r->args));
		r->res = res;
	}
}

static void call_all(void *data)
{
	struct result *r = data;
	const struct fn *fn;
	u64 args[NR_ARGS];
	unsigned int n, i;

	for (fn = hypercalls; fn < hypercalls + ARRAY_SIZE(hypercalls) && !r->wrong; fn++) {
		for (n = 0; n < NR_ROUNDS && !r->wrong; n++) {
			/* First all good, then one after the other is not. */
			for (i = 0; i < NR_ARGS; i++)
				args[i] = !n || get_random_u32_below(3) ? good(fn, i) :
					  get_random_u32_below(4) ?
					  wild[get_random_u32_below(ARRAY_SIZE(wild))] :
					  BIT_ULL(63) | get_random_u64();
			call(r, fn, args);
		}
	}
}

/* Is the block still the host's, with what it held? */
static unsigned int pages_gone(void)
{
	unsigned int i, n = 0;
	u64 val;

	for (i = 0; i < BIT(BLOCK_ORDER); i++) {
		void *va = page_address(block + i);

		n += access_read(va, 8, &val) || val != PATTERN ||
		     access_write(va, 8, PATTERN);
	}
	return n;
}

static int run_show(struct seq_file *m, void *unused)
{
	struct arm_smccc_res res = {};
	struct result r = {};
	unsigned int cpu, i, gone;

	block = alloc_pages(GFP_KERNEL, BLOCK_ORDER);
	if (!block)
		return -ENOMEM;
	for (i = 0; i < BIT(BLOCK_ORDER); i++)
		*(u64 *)page_address(block + i) = PATTERN;

	cpus_read_lock();
	for_each_online_cpu(cpu)
		smp_call_function_single(cpu, call_all, &r, true);
	cpus_read_unlock();
	if (r.wrong)
		seq_printf(m, "not ok - each hypercall has its answer # %s(%#llx, %#llx, %#llx, %#llx, %#llx, %#llx): x0 %ld x1 %ld, not %ld\n",
			   r.fn->name, r.args[0], r.args[1], r.args[2], r.args[3], r.args[4],
			   r.args[5], (long)r.res.a0, (long)r.res.a1, r.fn->answer);
	else
		seq_printf(m, "ok - each hypercall has its answer (%u calls)\n", r.calls);

	/* No description after finalisation. Where KVM did not come up there is none. */
	if (!absent)
		arm_smccc_1_1_hvc(KVM_HOST_SMCCC_FUNC(__pkvm_iommu_init), 0,
				  page_to_pfn(block), 1UL << BLOCK_ORDER, 0, &res);
	if (absent)
		seq_puts(m, "ok - no initialisation any more # SKIP KVM did not come up\n");
	else if (res.a0 == SMCCC_RET_SUCCESS)
		seq_printf(m, "not ok - no initialisation any more # x1 %ld\n", (long)res.a1);
	else
		seq_puts(m, "ok - no initialisation any more\n");

	gone = pages_gone();
	if (gone)
		seq_printf(m, "not ok - the host has its pages # %u of %lu gone\n", gone,
			   BIT(BLOCK_ORDER));
	else
		seq_puts(m, "ok - the host has its pages\n");
	if (!gone)
		__free_pages(block, BLOCK_ORDER);
	return 0;
}
DEFINE_SHOW_ATTRIBUTE(run);

static struct dentry *dentry;

static int __init nodriver_init(void)
{
	dentry = debugfs_create_file("nodriver", 0400, NULL, NULL, &run_fops);
	return PTR_ERR_OR_ZERO(dentry);
}
module_init(nodriver_init);

static void __exit nodriver_exit(void)
{
	debugfs_remove(dentry);
}
module_exit(nodriver_exit);

MODULE_DESCRIPTION("Hypercalls for DMA isolation where there is no driver for them");
MODULE_LICENSE("GPL");
