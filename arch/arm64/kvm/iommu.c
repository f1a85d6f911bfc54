// SPDX-License-Identifier: GPL-2.0-only
/*
 * DMA isolation for protected KVM: the host's side.
 *
 * An IOMMU driver has two halves. The half at EL2 owns the hardware and the
 * translation tables, and decides what DMA can reach. The half in the host describes
 * the devices, and requests each change with a hypercall.
 *
 * Boot goes through three states:
 *
 *  - Absent: no driver has registered, and there is nothing to do. This is also the
 *    state of a system without protected KVM.
 *  - Pending: drivers have registered (kvm_iommu_register_driver(), from an
 *    early initcall), and the hypervisor has not taken their hardware yet. No
 *    hypercall may be issued: each wrapper returns -EPROBE_DEFER. A driver that
 *    could program the same hardware must wait.
 *  - Ready or failed. Just before the host is deprivileged, the init() of each
 *    driver describes its hardware, and the hypervisor takes all of it or none.
 *    Later it accepts no description. If a driver fails, the boot continues with
 *    the others, and hardware that the hypervisor did not take is left to its
 *    native driver, so that the machine is usable and can be repaired. The log
 *    then says that DMA is not isolated.
 *
 * A hypercall can fail in two ways. x0 says whether the hypervisor handled it. Only
 * if it did, x1 is the result, and x2 and x3 are valid.
 *
 * The hypervisor has no memory of its own for translation tables. A call that needs
 * memory fails with -ENOMEM and says which kind of block it needs; the host donates
 * some of that kind and repeats the call. Free blocks are reclaimed when a domain is
 * freed, and when the host is short of memory.
 */

#define pr_fmt(fmt) "kvm-iommu: " fmt

#include <kunit/static_stub.h>
#include <kunit/visibility.h>

#include <linux/arm-smccc.h>
#include <linux/bitfield.h>
#include <linux/crash_reserve.h>
#include <linux/export.h>
#include <linux/init.h>
#include <linux/kvm_host.h>
#include <linux/log2.h>
#include <linux/minmax.h>
#include <linux/mm.h>
#include <linux/percpu.h>
#include <linux/shrinker.h>
#include <linux/sizes.h>
#include <linux/vmstat.h>

#include <asm/kvm_asm.h>
#include <asm/kvm_iommu.h>
#include <asm/kvm_mmu.h>
#include <asm/kvm_pkvm.h>
#include <asm/virt.h>

/* How often a call is repeated after a donation of 1, 2, 4, 8, 8, ... blocks */
#define TOPUP_ROUNDS		32
#define TOPUP_BATCH_SHIFT	3

/* How many blocks one donation tries, if they cannot leave the host */
#define DONATE_TRIES		64

/* Free blocks of each order that the hypervisor keeps when a domain is freed */
#define POOL_KEEP_ORDER0	128
#define POOL_KEEP_ORDER2	4

enum kvm_iommu_state {
	KVM_IOMMU_ABSENT,
	KVM_IOMMU_PENDING,
	KVM_IOMMU_FAILED,
	KVM_IOMMU_READY,
};

/* The page that this CPU shares with the hypervisor, for lists of runs and faults */
static DEFINE_PER_CPU(u64 *, kvm_iommu_runs);
static bool kvm_iommu_have_runs __ro_after_init;

/*
 * The registered drivers, how many of them the hypervisor has initialised, and how many
 * pages were donated for that.
 */
static struct {
	const struct kvm_iommu_driver *driver[KVM_IOMMU_MAX_DRIVERS];
	unsigned int nr_registered;
	unsigned int nr_ready;
	unsigned long nr_pages;
} kvm_iommu_boot __initdata;

static enum kvm_iommu_state kvm_iommu_state __ro_after_init;

/*
 * How often each call was issued, and how often it failed. A call that needed memory
 * counts as failed, and its repetition as another call.
 */
#define CALL(f)	(__KVM_HOST_SMCCC_FUNC_##f - __KVM_HOST_SMCCC_FUNC___pkvm_iommu_alloc_domain)

static const char * const kvm_iommu_call_names[] = {
	[CALL(__pkvm_iommu_alloc_domain)]	= "alloc_domain",
	[CALL(__pkvm_iommu_free_domain)]	= "free_domain",
	[CALL(__pkvm_iommu_attach)]		= "attach",
	[CALL(__pkvm_iommu_detach)]		= "detach",
	[CALL(__pkvm_iommu_map)]		= "map",
	[CALL(__pkvm_iommu_unmap)]		= "unmap",
	[CALL(__pkvm_iommu_set_runs)]		= "set_runs",
	[CALL(__pkvm_iommu_map_runs)]		= "map_runs",
	[CALL(__pkvm_iommu_iova_to_phys)]	= "iova_to_phys",
	[CALL(__pkvm_iommu_topup)]		= "topup",
	[CALL(__pkvm_iommu_reclaim)]		= "reclaim",
	[CALL(__pkvm_iommu_get_faults)]		= "get_faults",
	[CALL(__pkvm_iommu_debug)]		= "debug",
};

struct kvm_iommu_calls {
	u64 calls[ARRAY_SIZE(kvm_iommu_call_names)];
	u64 errors[ARRAY_SIZE(kvm_iommu_call_names)];
};

static DEFINE_PER_CPU(struct kvm_iommu_calls, kvm_iommu_calls);

/* Return the result of a call. If it was not handled, clear what is not a result. */
static long kvm_iommu_result(struct arm_smccc_res *res)
{
	if (res->a0 == SMCCC_RET_SUCCESS)
		return res->a1;

	pr_warn_once("the hypervisor did not handle a hypercall: %ld\n",
		     (long)res->a0);
	*res = (struct arm_smccc_res) { .a0 = res->a0 };
	return -EOPNOTSUPP;
}

/* Return true once the hypervisor handles calls: later than is_protected_kvm_enabled(). */
static bool kvm_iommu_may_call(void)
{
	KUNIT_STATIC_STUB_REDIRECT(kvm_iommu_may_call);

	return is_pkvm_initialized();
}

#define kvm_iommu_call(res, f, ...)					\
	({								\
		struct arm_smccc_res *__res = (res);			\
		long __ret = -EPROBE_DEFER;				\
									\
		*__res = (struct arm_smccc_res) { };			\
		if (kvm_iommu_may_call()) {				\
			arm_smccc_1_1_hvc(KVM_HOST_SMCCC_FUNC(f),	\
					  ##__VA_ARGS__, __res);	\
			__ret = kvm_iommu_result(__res);		\
			this_cpu_inc(kvm_iommu_calls.calls[CALL(f)]);	\
			if (__ret < 0)					\
				this_cpu_inc(kvm_iommu_calls.errors[CALL(f)]); \
		}							\
		__ret;							\
	})

#define kvm_iommu_call_topup(res, gfp, f, ...)				\
	({								\
		struct arm_smccc_res *__r = (res);			\
		unsigned int __round = 0;				\
		gfp_t __gfp = (gfp);					\
		long __answer;						\
									\
		do {							\
			__answer = kvm_iommu_call(__r, f,		\
						  ##__VA_ARGS__);	\
		} while (__answer == -ENOMEM &&				\
			 !kvm_iommu_topup(__r->a3, __gfp, __round++));	\
		__answer;						\
	})

static void kvm_iommu_account(struct page *page, long nr_pages)
{
	mod_node_page_state(page_pgdat(page), NR_IOMMU_PAGES, nr_pages);
	mod_node_page_state(page_pgdat(page), NR_SECONDARY_PAGETABLE, nr_pages);
}

static int kvm_iommu_donate(unsigned int order, gfp_t gfp)
{
	unsigned int tries = DONATE_TRIES;
	struct arm_smccc_res res;
	struct page *page;
	int ret;

	for (;;) {
		page = alloc_pages(gfp & ~__GFP_ACCOUNT, order);
		if (!page)
			return -ENOMEM;

		ret = kvm_iommu_call(&res, __pkvm_iommu_topup,
				     page_to_pfn(page), order);
		if (ret != -EBUSY || !--tries)
			break;

		/*
		 * The page is mapped in a quarantined domain, and can never be
		 * donated. Do not free it, so that it is not allocated again.
		 */
		pr_warn_ratelimited("page 0x%lx cannot leave the host\n",
				    page_to_pfn(page));
	}
	if (ret) {
		__free_pages(page, order);
		return ret;
	}

	kvm_iommu_account(page, 1L << order);
	return 0;
}

/*
 * Donate blocks of the kind that the hypervisor needs (@want, KVM_IOMMU_BLOCK_*). The
 * first one is allocated with the caller's flags. Further ones only save hypercalls,
 * so their allocation does not wait.
 */
static int kvm_iommu_topup(unsigned long want, gfp_t gfp, unsigned int round)
{
	unsigned int order = FIELD_GET(KVM_IOMMU_BLOCK_ORDER, want);
	unsigned int nr = 1U << min(round, TOPUP_BATCH_SHIFT);
	int ret;

	if (want & KVM_IOMMU_BLOCK_LOW)
		gfp = (gfp & ~GFP_ZONEMASK) | GFP_DMA32;

	if (order > KVM_IOMMU_MAX_ORDER || round >= TOPUP_ROUNDS)
		return -ENOMEM;

	ret = kvm_iommu_donate(order, gfp);
	if (ret)
		return ret;

	gfp = (gfp & ~__GFP_DIRECT_RECLAIM) | __GFP_NOWARN;
	while (--nr && !kvm_iommu_donate(order, gfp))
		;

	return 0;
}

/**
 * kvm_iommu_reclaim() - reclaim memory that the hypervisor does not use
 * @order: the order of the blocks
 * @nr_blocks: maximum number of blocks
 *
 * Return: the number of blocks that were reclaimed
 */
unsigned long kvm_iommu_reclaim(unsigned int order, unsigned long nr_blocks)
{
	struct arm_smccc_res res;
	unsigned long nr;

	for (nr = 0; nr < nr_blocks; nr++) {
		struct page *page;

		if (kvm_iommu_call(&res, __pkvm_iommu_reclaim, order))
			break;

		page = pfn_to_page(res.a2);
		kvm_iommu_account(page, -(1L << order));
		__free_pages(page, order);
	}

	return nr;
}

/* Reclaim the free blocks of an order, except @keep of them */
static void kvm_iommu_trim_pool(enum kvm_iommu_stat free, unsigned int order,
				unsigned long keep)
{
	u64 nr_free;

	if (!kvm_iommu_get_stat(free, &nr_free) && nr_free > keep)
		kvm_iommu_reclaim(order, nr_free - keep);
}

/**
 * kvm_iommu_alloc_domain() - create a domain
 * @iommu: number of the IOMMU that will use it
 * @fmt: page-table format, KVM_IOMMU_FMT_AUTO to let the hypervisor choose
 * @info: properties of the new domain
 * @gfp: how to allocate memory that the hypervisor needs
 *
 * Return: the domain's handle, or a negative errno
 */
int kvm_iommu_alloc_domain(u32 iommu, enum kvm_iommu_fmt fmt,
			   struct kvm_iommu_domain_info *info, gfp_t gfp)
{
	struct arm_smccc_res res;
	int handle;

	handle = kvm_iommu_call_topup(&res, gfp, __pkvm_iommu_alloc_domain,
				      iommu, fmt);
	if (handle < 0)
		return handle;

	info->fmt = FIELD_GET(KVM_IOMMU_DOMAIN_FMT, res.a2);
	info->ias = FIELD_GET(KVM_IOMMU_DOMAIN_IAS, res.a2);
	info->oas = FIELD_GET(KVM_IOMMU_DOMAIN_OAS, res.a2);
	info->pgsize_bitmap = res.a3;

	return handle;
}

/**
 * kvm_iommu_free_domain() - destroy a domain that nothing is attached to
 * @handle: the domain
 *
 * Context: may sleep
 *
 * Return: 0 or a negative errno
 */
int kvm_iommu_free_domain(u32 handle)
{
	struct arm_smccc_res res;
	int ret;

	KUNIT_STATIC_STUB_REDIRECT(kvm_iommu_free_domain, handle);

	/* Each call unmaps a limited number of pages */
	for (;;) {
		ret = kvm_iommu_call(&res, __pkvm_iommu_free_domain, handle);
		if (ret != -EAGAIN)
			break;
		cond_resched();
	}
	if (ret)
		return ret;

	kvm_iommu_trim_pool(KVM_IOMMU_STAT_FREE_ORDER0, 0, POOL_KEEP_ORDER0);
	kvm_iommu_trim_pool(KVM_IOMMU_STAT_FREE_ORDER2, KVM_IOMMU_MAX_ORDER,
			    POOL_KEEP_ORDER2);

	return 0;
}

/**
 * kvm_iommu_attach() - attach a stream of a device to a domain
 * @handle: the domain
 * @iommu: number of the IOMMU
 * @endpoint: index of the device
 * @sid: stream ID, as described
 * @gfp: how to allocate memory that the hypervisor needs
 *
 * Return: 0 or a negative errno
 */
int kvm_iommu_attach(u32 handle, u32 iommu, u32 endpoint, u32 sid, gfp_t gfp)
{
	struct arm_smccc_res res;

	KUNIT_STATIC_STUB_REDIRECT(kvm_iommu_attach, handle, iommu, endpoint,
				   sid, gfp);

	return kvm_iommu_call_topup(&res, gfp, __pkvm_iommu_attach, handle,
				    iommu, endpoint, sid, 0);
}

/**
 * kvm_iommu_query() - ask whether a stream of a device could be attached to a new domain
 * @iommu: number of the IOMMU
 * @endpoint: index of the device
 * @sid: stream ID, as described
 *
 * This changes nothing, in particular not what the device can reach.
 *
 * Return: 0, or the error that kvm_iommu_attach() would return
 */
int kvm_iommu_query(u32 iommu, u32 endpoint, u32 sid)
{
	struct arm_smccc_res res;

	return kvm_iommu_call(&res, __pkvm_iommu_attach, 0, iommu, endpoint, sid,
			      KVM_IOMMU_ATTACH_QUERY);
}

/**
 * kvm_iommu_detach() - detach a stream of a device from a domain, and block it
 * @handle: the domain
 * @iommu: number of the IOMMU
 * @endpoint: index of the device
 * @sid: stream ID, as described
 *
 * Return: 0 or a negative errno
 */
int kvm_iommu_detach(u32 handle, u32 iommu, u32 endpoint, u32 sid)
{
	struct arm_smccc_res res;

	KUNIT_STATIC_STUB_REDIRECT(kvm_iommu_detach, handle, iommu, endpoint, sid);

	return kvm_iommu_call(&res, __pkvm_iommu_detach, handle, iommu,
			      endpoint, sid);
}

/* Return the progress of a call in pages of @pgsize, at most what was requested */
static size_t kvm_iommu_progress(const struct arm_smccc_res *res,
				 size_t pgsize, size_t pgcount)
{
	return min_t(size_t, res->a2 / pgsize, pgcount);
}

/**
 * kvm_iommu_map() - map physically contiguous pages
 * @handle: the domain
 * @iova: I/O address to map them at
 * @paddr: physical address of the first page
 * @pgsize: size of a page, one of the domain's page sizes
 * @pgcount: number of pages
 * @prot: IOMMU_READ, IOMMU_WRITE, ...
 * @gfp: how to allocate memory that the hypervisor needs; may be atomic
 * @mapped: increased by the bytes that were mapped, also on failure
 *
 * Return: 0 or a negative errno
 */
int kvm_iommu_map(u32 handle, unsigned long iova, phys_addr_t paddr,
		  size_t pgsize, size_t pgcount, int prot, gfp_t gfp,
		  size_t *mapped)
{
	unsigned int round = 0;
	int ret = 0;

	while (pgcount) {
		struct arm_smccc_res res;
		size_t pages;

		ret = kvm_iommu_call(&res, __pkvm_iommu_map, handle, iova,
				     paddr, pgsize, pgcount, prot);

		pages = kvm_iommu_progress(&res, pgsize, pgcount);
		*mapped += pages * pgsize;
		iova += pages * pgsize;
		paddr += pages * pgsize;
		pgcount -= pages;
		if (pages)
			round = 0;

		if (ret == -ENOMEM)
			ret = kvm_iommu_topup(res.a3, gfp, round++);
		else if (!ret && !pages)
			ret = -EIO;
		if (ret)
			break;
	}

	return ret;
}

/* Map the first @nr runs of a list with one call, except the first @skip pages */
static long kvm_iommu_call_map_runs(struct arm_smccc_res *res, u32 handle,
				    unsigned long iova, const u64 *runs,
				    unsigned int nr, size_t skip, int prot)
{
	unsigned long flags;
	long ret;
	u64 *buf;

	/* An interrupt may use the page, too */
	local_irq_save(flags);
	buf = __this_cpu_read(kvm_iommu_runs);
	memcpy(buf, runs, nr * sizeof(*runs));
	buf[0] = KVM_IOMMU_RUN(KVM_IOMMU_RUN_ADDR(runs[0]) + skip * PAGE_SIZE,
			       KVM_IOMMU_RUN_PAGES(runs[0]) - skip);
	ret = kvm_iommu_call(res, __pkvm_iommu_map_runs, handle, iova, nr, prot);
	local_irq_restore(flags);

	return ret;
}

/**
 * kvm_iommu_map_runs() - map runs of physically contiguous pages
 * @handle: the domain
 * @iova: I/O address of the first run; the others follow without gaps
 * @runs: the runs, KVM_IOMMU_RUN()
 * @nr: number of runs, at most KVM_IOMMU_MAX_RUNS
 * @prot: IOMMU_READ, IOMMU_WRITE, ...
 * @gfp: how to allocate memory that the hypervisor needs; may be atomic
 * @mapped: increased by the bytes that were mapped, also on failure
 *
 * Context: any, if kvm_iommu_can_map_runs()
 *
 * Return: 0 or a negative errno
 */
int kvm_iommu_map_runs(u32 handle, unsigned long iova, const u64 *runs,
		       unsigned int nr, int prot, gfp_t gfp, size_t *mapped)
{
	unsigned int round = 0;
	size_t skip = 0;
	int ret = 0;

	KUNIT_STATIC_STUB_REDIRECT(kvm_iommu_map_runs, handle, iova, runs, nr,
				   prot, gfp, mapped);

	/* A single run fits into the registers of a call */
	if (nr == 1)
		return kvm_iommu_map(handle, iova, KVM_IOMMU_RUN_ADDR(*runs),
				     PAGE_SIZE, KVM_IOMMU_RUN_PAGES(*runs),
				     prot, gfp, mapped);

	while (nr) {
		struct arm_smccc_res res;
		size_t pages;

		ret = kvm_iommu_call_map_runs(&res, handle, iova, runs, nr,
					      skip, prot);

		pages = res.a2 / PAGE_SIZE;
		*mapped += pages * PAGE_SIZE;
		iova += pages * PAGE_SIZE;
		if (pages)
			round = 0;
		else if (!ret)
			ret = -EIO;

		for (skip += pages; nr && skip >= KVM_IOMMU_RUN_PAGES(*runs); nr--)
			skip -= KVM_IOMMU_RUN_PAGES(*runs++);

		if (ret == -ENOMEM)
			ret = kvm_iommu_topup(res.a3, gfp, round++);
		if (ret)
			break;
	}

	return ret;
}
EXPORT_SYMBOL_IF_KUNIT(kvm_iommu_map_runs);

/**
 * kvm_iommu_can_map_runs() - check whether each CPU has a page for lists of runs
 *
 * Return: true if kvm_iommu_map_runs() may be called
 */
bool kvm_iommu_can_map_runs(void)
{
	return kvm_iommu_have_runs;
}

/**
 * kvm_iommu_unmap() - unmap pages
 * @handle: the domain
 * @iova: I/O address of the first page
 * @pgsize: size of a page, one of the domain's page sizes
 * @pgcount: number of pages
 * @unmapped: increased by the bytes that were unmapped, also on failure
 *
 * When this returns, no device can reach these bytes through the domain any more.
 *
 * Return: 0 or a negative errno. -EIO: the domain is quarantined. No device can reach
 * anything through it any more, and its pages can never leave the host.
 */
int kvm_iommu_unmap(u32 handle, unsigned long iova, size_t pgsize,
		    size_t pgcount, size_t *unmapped)
{
	int ret = 0;

	while (pgcount) {
		struct arm_smccc_res res;
		size_t pages;

		ret = kvm_iommu_call(&res, __pkvm_iommu_unmap, handle, iova,
				     pgsize, pgcount);

		pages = kvm_iommu_progress(&res, pgsize, pgcount);
		*unmapped += pages * pgsize;
		iova += pages * pgsize;
		pgcount -= pages;

		if (!ret && !pages)
			ret = -ENOENT;
		if (ret)
			break;
	}

	return ret;
}

/**
 * kvm_iommu_iova_to_phys() - look up a translation
 * @handle: the domain
 * @iova: the I/O address
 *
 * Return: the physical address, or 0 if it is not mapped
 */
phys_addr_t kvm_iommu_iova_to_phys(u32 handle, unsigned long iova)
{
	struct arm_smccc_res res;

	if (kvm_iommu_call(&res, __pkvm_iommu_iova_to_phys, handle, iova))
		return 0;

	return res.a2;
}

/**
 * kvm_iommu_get_faults() - read faults of an IOMMU
 * @iommu: number of the IOMMU
 * @faults: array for the faults
 * @max: number of its elements
 *
 * Return: the number of faults, or a negative errno
 */
int kvm_iommu_get_faults(u32 iommu, struct kvm_iommu_fault *faults, unsigned int max)
{
	struct arm_smccc_res res;
	unsigned long flags;
	int ret;

	/* An interrupt may use the page, too */
	local_irq_save(flags);
	ret = kvm_iommu_call(&res, __pkvm_iommu_get_faults, iommu, max);
	if (ret > 0)
		memcpy(faults, __this_cpu_read(kvm_iommu_runs),
		       min_t(unsigned int, ret, max) * sizeof(*faults));
	local_irq_restore(flags);

	return ret;
}

/**
 * kvm_iommu_debug() - read values for debugging from the hypervisor
 * @iommu: number of an IOMMU, or of any IOMMU of the driver, depending on @what
 * @what: enum kvm_iommu_debug, or a value of the driver
 * @index: depends on @what, see there
 * @val: two values, unchanged on failure
 *
 * Return: 0 or a negative errno
 */
int kvm_iommu_debug(u32 iommu, u32 what, u64 index, u64 *val)
{
	struct arm_smccc_res res;
	int ret;

	KUNIT_STATIC_STUB_REDIRECT(kvm_iommu_debug, iommu, what, index, val);

	ret = kvm_iommu_call(&res, __pkvm_iommu_debug, iommu, what, index);
	if (!ret) {
		val[0] = res.a2;
		val[1] = res.a3;
	}

	return ret;
}

/**
 * kvm_iommu_get_stat() - read one of the hypervisor's counters
 * @stat: enum kvm_iommu_stat
 * @value: its value
 *
 * Return: 0 or a negative errno
 */
int kvm_iommu_get_stat(u32 stat, u64 *value)
{
	u64 val[2];
	int ret;

	ret = kvm_iommu_debug(0, KVM_IOMMU_DEBUG_STAT, stat, val);
	if (!ret)
		*value = val[0];

	return ret;
}

/**
 * kvm_iommu_get_calls() - count the hypercalls of this kernel
 * @i: index of the hypercall, from 0
 * @calls: number of times that it was issued
 * @errors: number of times that it returned an error
 *
 * Return: the hypercall's name, or NULL if there are no more
 */
const char *kvm_iommu_get_calls(unsigned int i, u64 *calls, u64 *errors)
{
	int cpu;

	if (i >= ARRAY_SIZE(kvm_iommu_call_names))
		return NULL;

	*calls = 0;
	*errors = 0;
	for_each_possible_cpu(cpu) {
		const struct kvm_iommu_calls *c = per_cpu_ptr(&kvm_iommu_calls, cpu);

		*calls += READ_ONCE(c->calls[i]);
		*errors += READ_ONCE(c->errors[i]);
	}

	return kvm_iommu_call_names[i];
}

/**
 * kvm_iommu_pending() - check whether it is still open who will own the IOMMUs
 *
 * Return: true from the registration of a driver until all drivers have handed over
 * their hardware, or failed
 */
bool kvm_iommu_pending(void)
{
	return kvm_iommu_state == KVM_IOMMU_PENDING;
}

/**
 * kvm_iommu_ready() - check whether the hypervisor owns IOMMUs
 *
 * Each driver knows by itself whether the hypervisor owns its IOMMUs.
 *
 * Return: true if hypercalls can be issued
 */
bool kvm_iommu_ready(void)
{
	return kvm_iommu_state == KVM_IOMMU_READY && kvm_iommu_may_call();
}

static void __init kvm_iommu_free_runs(u64 run)
{
	while (run) {
		u64 *block = phys_to_virt(KVM_IOMMU_RUN_ADDR(run));
		u64 next = *block;

		free_pages((unsigned long)block, ilog2(KVM_IOMMU_RUN_PAGES(run)));
		run = next;
	}
}

/* Allocate a list of runs of pages, each of which starts with the next. 0 on failure. */
static u64 __init kvm_iommu_alloc_runs(unsigned long nr_pages)
{
	unsigned int order = min_t(unsigned int, MAX_PAGE_ORDER,
				   ilog2(KVM_IOMMU_RUN_MAX_PAGES));
	u64 run = 0;

	while (nr_pages) {
		u64 *block;

		order = min_t(unsigned int, order, ilog2(nr_pages));
		block = (u64 *)__get_free_pages(GFP_KERNEL | __GFP_NOWARN, order);
		if (block) {
			*block = run;
			run = KVM_IOMMU_RUN(virt_to_phys(block), BIT(order));
			nr_pages -= BIT(order);
		} else if (order) {
			order--;
		} else {
			kvm_iommu_free_runs(run);
			return 0;
		}
	}

	return run;
}

static void __init kvm_iommu_free_core(u64 run)
{
	u64 *state;

	if (!run)
		return;

	state = phys_to_virt(KVM_IOMMU_RUN_ADDR(run));
	kvm_iommu_free_runs(*state);
	free_pages_exact(state, KVM_IOMMU_RUN_PAGES(run) * PAGE_SIZE);
}

/* Allocate the memory of the core at EL2, as a list of runs. 0 on failure. */
static u64 __init kvm_iommu_alloc_core(void)
{
	size_t size = kvm_iommu_state_size(num_possible_cpus(), hyp_dma_count_pages());
	u64 *state;
	u64 rest;

	if (size > KVM_IOMMU_RUN_MAX_PAGES * PAGE_SIZE)
		return 0;

	rest = kvm_iommu_alloc_runs(hyp_dma_count_pages());
	if (!rest)
		return 0;

	state = alloc_pages_exact(size, GFP_KERNEL);
	if (!state) {
		kvm_iommu_free_runs(rest);
		return 0;
	}

	*state = rest;
	return KVM_IOMMU_RUN(virt_to_phys(state), size / PAGE_SIZE);
}

/**
 * kvm_iommu_init_hyp() - hand a driver's hardware over to the hypervisor
 * @ops: the driver at EL2, the address of its kvm_nvhe_sym()
 * @virt: description of the hardware, page aligned and physically contiguous
 * @nr_pages: number of pages at @virt, including the memory of the driver at EL2
 *
 * To be called by the init() of a driver. The pages are donated.
 *
 * Return: the driver's part of KVM_IOMMU_NUMBER(), or a negative errno; then nothing
 * has changed
 */
int __init kvm_iommu_init_hyp(const struct kvm_iommu_ops *ops, void *virt,
			      unsigned long nr_pages)
{
	struct arm_smccc_res res;
	u64 run = 0;
	int ret;

	if (is_pkvm_initialized())
		return -EPERM;

	/* The core's own memory comes with the first driver */
	if (!kvm_iommu_boot.nr_ready) {
		run = kvm_iommu_alloc_core();
		if (!run)
			return -ENOMEM;
	}

	arm_smccc_1_1_hvc(KVM_HOST_SMCCC_FUNC(__pkvm_iommu_init),
			  kern_hyp_va(lm_alias(ops)), virt_to_pfn(virt),
			  nr_pages, run, &res);

	ret = kvm_iommu_result(&res);
	if (ret < 0) {
		kvm_iommu_free_core(run);
		return ret;
	}

	kvm_iommu_boot.nr_ready++;
	kvm_iommu_boot.nr_pages += nr_pages;
	if (run)
		kvm_iommu_boot.nr_pages += KVM_IOMMU_RUN_PAGES(run) + hyp_dma_count_pages();

	return ret;
}

/**
 * kvm_iommu_register_driver() - register a driver
 * @drv: the driver, which may be __initconst
 *
 * To be called by an initcall before device_initcall, so that a native driver of the
 * same hardware finds out that it has to wait.
 *
 * Return: 0, -ENODEV without protected KVM, -EBUSY if it is too late, -ENOSPC if there
 * are too many drivers
 */
int __init kvm_iommu_register_driver(const struct kvm_iommu_driver *drv)
{
	if (!is_protected_kvm_enabled())
		return -ENODEV;
	if (kvm_iommu_state > KVM_IOMMU_PENDING)
		return -EBUSY;
	if (kvm_iommu_boot.nr_registered == KVM_IOMMU_MAX_DRIVERS)
		return -ENOSPC;

	kvm_iommu_boot.driver[kvm_iommu_boot.nr_registered++] = drv;
	kvm_iommu_state = KVM_IOMMU_PENDING;
	return 0;
}

/* The hypervisor survives a crash, and a crash kernel cannot call it. */
static void __init warn_crash_kernel(void)
{
	if (IS_ENABLED(CONFIG_CRASH_RESERVE) && crashk_res.end)
		pr_warn("kdump: the hypervisor keeps the IOMMUs, a crash kernel cannot use devices behind them\n");
}

static void __init kvm_iommu_init_driver(const struct kvm_iommu_driver *drv)
{
	int ret = is_kvm_arm_initialised() ? drv->init() : -ENODEV;

	if (!ret)
		return;

	/* DMA behind this driver's IOMMUs can reach all of memory */
	kvm_iommu_set_bypassed();
	pr_err("%s: initialisation failed (%d), DMA is not isolated\n",
	       drv->name, ret);
}

/**
 * kvm_iommu_init_drivers() - let each driver hand over its hardware
 *
 * Called once, right before the host loses its privileges, or when it is clear
 * that KVM will not work at all.
 */
void __init kvm_iommu_init_drivers(void)
{
	unsigned int i;

	if (kvm_iommu_state != KVM_IOMMU_PENDING)
		return;

	for (i = 0; i < kvm_iommu_boot.nr_registered; i++)
		kvm_iommu_init_driver(kvm_iommu_boot.driver[i]);

	kvm_iommu_state = kvm_iommu_boot.nr_ready ? KVM_IOMMU_READY : KVM_IOMMU_FAILED;
	if (!kvm_iommu_boot.nr_ready)
		return;

	pr_info("the hypervisor has %lu KiB for IOMMUs, %lu KiB of them to count mappings\n",
		kvm_iommu_boot.nr_pages * (PAGE_SIZE / SZ_1K),
		hyp_dma_count_pages() * (PAGE_SIZE / SZ_1K));
	warn_crash_kernel();
}

/**
 * kvm_iommu_set_bypassed() - record that the hypervisor does not control all DMA
 *
 * To be called by a driver that leaves an IOMMU to the host, or lets some DMA bypass
 * it.
 */
void __init kvm_iommu_set_bypassed(void)
{
	kvm_nvhe_sym(kvm_hyp_iommu_bypassed) = true;
}

/**
 * kvm_iommu_isolation() - return how far DMA is isolated
 *
 * Called after kvm_iommu_init_drivers(), and before the host loses its
 * privileges: later it cannot read what its driver at EL2 has found.
 *
 * Return: enum kvm_dma_isolation
 */
enum kvm_dma_isolation __init kvm_iommu_isolation(void)
{
	if (kvm_iommu_state != KVM_IOMMU_READY)
		return KVM_DMA_ANY;

	return READ_ONCE(kvm_nvhe_sym(kvm_hyp_iommu_bypassed)) ?
	       KVM_DMA_OWNED : KVM_DMA_ISOLATED;
}

/* Count free pages, in blocks of all orders. */
static unsigned long kvm_iommu_shrink_count(struct shrinker *shrinker,
					    struct shrink_control *sc)
{
	u64 order0, order2;

	if (kvm_iommu_get_stat(KVM_IOMMU_STAT_FREE_ORDER0, &order0) ||
	    kvm_iommu_get_stat(KVM_IOMMU_STAT_FREE_ORDER2, &order2))
		return 0;

	return order0 + (order2 << KVM_IOMMU_MAX_ORDER) ?: SHRINK_EMPTY;
}

/* Reclaim large blocks first: they take fewer calls. */
static unsigned long kvm_iommu_shrink_scan(struct shrinker *shrinker,
					   struct shrink_control *sc)
{
	unsigned long want = sc->nr_to_scan, nr;

	nr = kvm_iommu_reclaim(KVM_IOMMU_MAX_ORDER,
			       DIV_ROUND_UP(want, 1UL << KVM_IOMMU_MAX_ORDER));
	nr <<= KVM_IOMMU_MAX_ORDER;
	if (nr < want)
		nr += kvm_iommu_reclaim(0, want - nr);

	return nr ?: SHRINK_STOP;
}

static int __init kvm_iommu_share_runs_of(unsigned int cpu)
{
	struct arm_smccc_res res;
	void *page;
	int ret;

	page = (void *)__get_free_page(GFP_KERNEL | __GFP_ZERO);
	if (!page)
		return -ENOMEM;

	ret = kvm_iommu_call(&res, __pkvm_iommu_set_runs, cpu, virt_to_pfn(page));
	if (ret) {
		free_page((unsigned long)page);
		return ret;
	}

	per_cpu(kvm_iommu_runs, cpu) = page;
	return 0;
}

/*
 * Share a page for each CPU with the hypervisor; it is never unshared. If this fails
 * for one CPU, no lists are used, and each run is mapped by a call of its own.
 */
static int __init kvm_iommu_share_runs(void)
{
	unsigned int cpu;
	int ret;

	if (!kvm_iommu_ready())
		return 0;

	for_each_possible_cpu(cpu) {
		ret = kvm_iommu_share_runs_of(cpu);
		if (ret) {
			pr_warn("cannot share a page of CPU %u with the hypervisor: %d\n",
				cpu, ret);
			return ret;
		}
	}

	kvm_iommu_have_runs = true;
	return 0;
}
device_initcall_sync(kvm_iommu_share_runs);	/* after finalize_pkvm() */

static int __init kvm_iommu_shrinker_init(void)
{
	struct shrinker *shrinker;

	if (!kvm_iommu_ready())
		return 0;

	shrinker = shrinker_alloc(0, "kvm-iommu");
	if (!shrinker)
		return -ENOMEM;

	shrinker->count_objects = kvm_iommu_shrink_count;
	shrinker->scan_objects = kvm_iommu_shrink_scan;
	shrinker_register(shrinker);
	return 0;
}
late_initcall(kvm_iommu_shrinker_init);

#ifdef CONFIG_PKVM_IOMMU_KUNIT_TEST
#include "iommu-test.c"
#endif
