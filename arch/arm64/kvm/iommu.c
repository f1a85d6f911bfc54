// SPDX-License-Identifier: GPL-2.0-only
/*
 * DMA isolation for protected KVM: the host's side.
 *
 * An IOMMU driver comes in two halves. The half at EL2 owns the hardware, its
 * tables and everything that DMA can reach. The half in the host tells it
 * which devices there are, and asks.
 *
 * Three states follow one another at boot:
 *
 *  - Nobody has registered, and there is nothing to do. This is also the state
 *    of a system without protected KVM.
 *  - Pending: a driver has registered (kvm_iommu_register_driver(), from an
 *    early initcall), and the hypervisor has not taken the hardware yet. No
 *    hypercall may be issued, each wrapper returns -EPROBE_DEFER, and a driver
 *    that could program the same hardware must wait.
 *  - Ready or failed. Just before the host loses its privileges the driver's
 *    init() describes the hardware, and the hypervisor takes all of it or none.
 *    This is the last time that a description is believed. If it fails, the
 *    boot goes on as it does without this code: hardware that the hypervisor
 *    did not take is left to its native driver, so that the machine is usable
 *    and can be repaired. DMA is then not isolated, and that is said.
 *
 * A hypercall can fail in two ways. x0 tells whether the hypervisor saw it at
 * all; only then x1 is its answer, and only then x2 and x3 mean something.
 *
 * The hypervisor has no memory of its own for translation tables. A call that
 * needs some fails with -ENOMEM and the kind of block that is missing; the host
 * donates a few of that kind and calls again. What has become free is
 * handed back when a domain goes, and when the host is short of memory.
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

/* How often one call is helped with memory, 1, 2, 4, 8, 8, ... blocks a time */
#define TOPUP_ROUNDS		32
#define TOPUP_BATCH_SHIFT	3

/* Blocks that one donation may meet that cannot leave the host */
#define DONATE_TRIES		64

/* Free blocks of each order that the hypervisor keeps when a domain goes */
#define POOL_KEEP_ORDER0	128
#define POOL_KEEP_ORDER2	4

enum kvm_iommu_state {
	KVM_IOMMU_ABSENT,
	KVM_IOMMU_PENDING,
	KVM_IOMMU_FAILED,
	KVM_IOMMU_READY,
};

/* Where this CPU leaves a list of runs for the hypervisor, see kvm_iommu_map_runs() */
static DEFINE_PER_CPU(u64 *, kvm_iommu_runs);
static bool kvm_iommu_have_runs __ro_after_init;

static const struct kvm_iommu_driver *kvm_iommu_driver __ro_after_init;
static enum kvm_iommu_state kvm_iommu_state __ro_after_init;

/*
 * How often each call was issued, and how often it failed. A call that asked
 * for memory has failed, its repetition is another call.
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
	[CALL(__pkvm_iommu_next_fault)]		= "next_fault",
	[CALL(__pkvm_iommu_stream_info)]	= "stream_info",
	[CALL(__pkvm_iommu_get_stats)]		= "get_stats",
};

struct kvm_iommu_calls {
	u64 calls[ARRAY_SIZE(kvm_iommu_call_names)];
	u64 errors[ARRAY_SIZE(kvm_iommu_call_names)];
};

static DEFINE_PER_CPU(struct kvm_iommu_calls, kvm_iommu_calls);

/* The hypervisor's answer, and nothing that could be taken for one. */
static long kvm_iommu_result(struct arm_smccc_res *res)
{
	if (res->a0 == SMCCC_RET_SUCCESS)
		return res->a1;

	pr_warn_once("the hypervisor does not know a call: %ld\n",
		     (long)res->a0);
	*res = (struct arm_smccc_res) { .a0 = res->a0 };
	return -EOPNOTSUPP;
}

/* Later than is_protected_kvm_enabled(): from when on the hypervisor answers */
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
		 * A domain that the hypervisor had to give up holds on to it.
		 * It is of no use for this, ever: do not meet it again.
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
 * Give the hypervisor blocks as it @want-s them (KVM_IOMMU_BLOCK_*). The
 * caller's flags hold for the first one. The others only save hypercalls, and
 * nothing waits for them.
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
 * kvm_iommu_reclaim() - take back memory that the hypervisor does not use
 * @order: the order of the blocks
 * @nr_blocks: at most how many
 *
 * Return: the number of blocks that came back
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

/* Take back what is free of an order, but for the last @keep blocks */
static void kvm_iommu_trim_pool(enum kvm_iommu_stat free, unsigned int order,
				unsigned long keep)
{
	u64 nr_free;

	if (!kvm_iommu_get_stat(free, &nr_free) && nr_free > keep)
		kvm_iommu_reclaim(order, nr_free - keep);
}

/**
 * kvm_iommu_alloc_domain() - create a domain
 * @iommu: index of the IOMMU that will use it
 * @fmt: page-table format, KVM_IOMMU_FMT_AUTO to let the hypervisor choose
 * @info: what the new domain can do
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

	/* What is still mapped goes bit by bit */
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
 * kvm_iommu_attach() - let a stream of a device use a domain
 * @handle: the domain
 * @iommu: index of the IOMMU
 * @endpoint: index of the device
 * @id: stream ID, its mask in [31:16]
 * @gfp: how to allocate memory that the hypervisor needs
 *
 * Return: 0 or a negative errno
 */
int kvm_iommu_attach(u32 handle, u32 iommu, u32 endpoint, u32 id, gfp_t gfp)
{
	struct arm_smccc_res res;

	KUNIT_STATIC_STUB_REDIRECT(kvm_iommu_attach, handle, iommu, endpoint,
				   id, gfp);

	return kvm_iommu_call_topup(&res, gfp, __pkvm_iommu_attach, handle,
				    iommu, endpoint, id, 0);
}

/**
 * kvm_iommu_query() - could a stream of a device use a new domain?
 * @iommu: index of the IOMMU
 * @endpoint: index of the device
 * @id: stream ID, its mask in [31:16]
 *
 * Nothing changes: what the device reaches before, it reaches after this.
 *
 * Return: 0, or the error that kvm_iommu_attach() would fail with
 */
int kvm_iommu_query(u32 iommu, u32 endpoint, u32 id)
{
	struct arm_smccc_res res;

	return kvm_iommu_call(&res, __pkvm_iommu_attach, 0, iommu, endpoint, id,
			      KVM_IOMMU_ATTACH_QUERY);
}

/**
 * kvm_iommu_detach() - block a stream of a device that uses a domain
 * @handle: the domain
 * @iommu: index of the IOMMU
 * @endpoint: index of the device
 * @id: stream ID, its mask in [31:16]
 *
 * Return: 0 or a negative errno
 */
int kvm_iommu_detach(u32 handle, u32 iommu, u32 endpoint, u32 id)
{
	struct arm_smccc_res res;

	KUNIT_STATIC_STUB_REDIRECT(kvm_iommu_detach, handle, iommu, endpoint, id);

	return kvm_iommu_call(&res, __pkvm_iommu_detach, handle, iommu,
			      endpoint, id);
}

/* How far a call came, in pages of @pgsize, never more than it was asked for */
static size_t kvm_iommu_progress(const struct arm_smccc_res *res,
				 size_t pgsize, size_t pgcount)
{
	return min_t(size_t, res->a2 / pgsize, pgcount);
}

/**
 * kvm_iommu_map() - map physically contiguous pages
 * @handle: the domain
 * @iova: where
 * @paddr: the first page
 * @pgsize: size of a page, one of the domain's
 * @pgcount: how many
 * @prot: IOMMU_READ, IOMMU_WRITE, ...
 * @gfp: how to allocate memory that the hypervisor needs; may be atomic
 * @mapped: increased by the bytes that are mapped, also on failure
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
		size_t done;

		ret = kvm_iommu_call(&res, __pkvm_iommu_map, handle, iova,
				     paddr, pgsize, pgcount, prot);

		done = kvm_iommu_progress(&res, pgsize, pgcount);
		*mapped += done * pgsize;
		iova += done * pgsize;
		paddr += done * pgsize;
		pgcount -= done;
		if (done)
			round = 0;

		if (ret == -ENOMEM)
			ret = kvm_iommu_topup(res.a3, gfp, round++);
		else if (!ret && !done)
			ret = -EIO;
		if (ret)
			break;
	}

	return ret;
}

/* One call for the first @nr runs of a list, the first @skip pages of which are mapped */
static long kvm_iommu_call_map_runs(struct arm_smccc_res *res, u32 handle,
				    unsigned long iova, const u64 *runs,
				    unsigned int nr, size_t skip, int prot)
{
	unsigned long flags;
	long ret;
	u64 *buf;

	/* An interrupt may have a list, too */
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
 * @iova: where, all runs one behind the other
 * @runs: the runs, KVM_IOMMU_RUN()
 * @nr: how many, KVM_IOMMU_MAX_RUNS at most
 * @prot: IOMMU_READ, IOMMU_WRITE, ...
 * @gfp: how to allocate memory that the hypervisor needs; may be atomic
 * @mapped: increased by the bytes that are mapped, also on failure
 *
 * Context: any. kvm_iommu_can_map_runs() has said so.
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

	/* What fits into registers is left there */
	if (nr == 1)
		return kvm_iommu_map(handle, iova, KVM_IOMMU_RUN_ADDR(*runs),
				     PAGE_SIZE, KVM_IOMMU_RUN_PAGES(*runs),
				     prot, gfp, mapped);

	while (nr) {
		struct arm_smccc_res res;
		size_t done;

		ret = kvm_iommu_call_map_runs(&res, handle, iova, runs, nr,
					      skip, prot);

		done = res.a2 / PAGE_SIZE;
		*mapped += done * PAGE_SIZE;
		iova += done * PAGE_SIZE;
		if (done)
			round = 0;
		else if (!ret)
			ret = -EIO;

		for (skip += done; nr && skip >= KVM_IOMMU_RUN_PAGES(*runs); nr--)
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
 * kvm_iommu_can_map_runs() - is there a place to leave lists of runs in?
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
 * @iova: where
 * @pgsize: size of a page, one of the domain's
 * @pgcount: how many
 * @unmapped: increased by the bytes that are unmapped, also on failure
 *
 * When this returns, no device reaches these bytes through the domain any more.
 *
 * Return: 0 or a negative errno; -EIO: no device reaches anything through the
 * domain, ever again, and its pages cannot leave the host.
 */
int kvm_iommu_unmap(u32 handle, unsigned long iova, size_t pgsize,
		    size_t pgcount, size_t *unmapped)
{
	int ret = 0;

	while (pgcount) {
		struct arm_smccc_res res;
		size_t done;

		ret = kvm_iommu_call(&res, __pkvm_iommu_unmap, handle, iova,
				     pgsize, pgcount);

		done = kvm_iommu_progress(&res, pgsize, pgcount);
		*unmapped += done * pgsize;
		iova += done * pgsize;
		pgcount -= done;

		if (!ret && !done)
			ret = -ENOENT;
		if (ret)
			break;
	}

	return ret;
}

/**
 * kvm_iommu_iova_to_phys() - look up a translation
 * @handle: the domain
 * @iova: the address to translate
 *
 * Return: the physical address, or 0 if there is none
 */
phys_addr_t kvm_iommu_iova_to_phys(u32 handle, unsigned long iova)
{
	struct arm_smccc_res res;

	if (kvm_iommu_call(&res, __pkvm_iommu_iova_to_phys, handle, iova))
		return 0;

	return res.a2;
}

/**
 * kvm_iommu_next_fault() - take the next fault of an IOMMU
 * @iommu: index of the IOMMU
 * @fault: the fault, of type KVM_IOMMU_FAULT_NONE if there is none
 *
 * Return: 0 or a negative errno
 */
int kvm_iommu_next_fault(u32 iommu, struct kvm_iommu_fault *fault)
{
	struct arm_smccc_res res;
	long ret;

	ret = kvm_iommu_call(&res, __pkvm_iommu_next_fault, iommu);
	if (ret < 0)
		return ret;

	*fault = (struct kvm_iommu_fault) {
		.type		= FIELD_GET(KVM_IOMMU_FAULT_TYPE, ret),
		.instance	= FIELD_GET(KVM_IOMMU_FAULT_INSTANCE, ret),
		.sid		= FIELD_GET(KVM_IOMMU_FAULT_SID, ret),
		.handle		= FIELD_GET(KVM_IOMMU_FAULT_HANDLE, ret),
		.iova		= res.a2,
		.fsr		= lower_32_bits(res.a3),
		.fsynr		= upper_32_bits(res.a3),
	};
	return 0;
}

/**
 * kvm_iommu_stream_info() - what the hypervisor knows of a device's stream
 * @iommu: index of the IOMMU
 * @endpoint: index of the device
 * @id: stream ID, its mask in [31:16]
 * @info: KVM_IOMMU_STREAM_*
 *
 * Return: 0 or a negative errno
 */
int kvm_iommu_stream_info(u32 iommu, u32 endpoint, u32 id, u64 *info)
{
	struct arm_smccc_res res;
	int ret;

	ret = kvm_iommu_call(&res, __pkvm_iommu_stream_info, iommu, endpoint,
			     id);
	if (!ret)
		*info = res.a2;

	return ret;
}

/**
 * kvm_iommu_get_stat() - read one of the hypervisor's counters
 * @stat: which, enum kvm_iommu_stat
 * @value: its value
 *
 * Return: 0 or a negative errno
 */
int kvm_iommu_get_stat(u32 stat, u64 *value)
{
	struct arm_smccc_res res;
	int ret;

	KUNIT_STATIC_STUB_REDIRECT(kvm_iommu_get_stat, stat, value);

	ret = kvm_iommu_call(&res, __pkvm_iommu_get_stats, stat);
	if (!ret)
		*value = res.a2;

	return ret;
}

/**
 * kvm_iommu_get_calls() - how often this kernel has issued a hypercall
 * @i: which hypercall, from 0
 * @calls: how often it was issued
 * @errors: how often the hypervisor answered with an error
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
 * kvm_iommu_pending() - is it still open who will own the IOMMUs?
 *
 * Return: true from the registration of a driver until the hypervisor has taken
 * the hardware, or has not
 */
bool kvm_iommu_pending(void)
{
	return kvm_iommu_state == KVM_IOMMU_PENDING;
}

/**
 * kvm_iommu_ready() - does the hypervisor own the IOMMUs?
 *
 * Return: true if hypercalls can be issued
 */
bool kvm_iommu_ready(void)
{
	return kvm_iommu_state == KVM_IOMMU_READY && kvm_iommu_may_call();
}

/**
 * kvm_iommu_boot_size() - the memory that the hypervisor's IOMMU core needs
 *
 * Return: bytes, in addition to what a driver needs
 */
size_t __init kvm_iommu_boot_size(void)
{
	return kvm_iommu_state_size(num_possible_cpus(), hyp_dma_count_pages());
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

/* A list of runs of pages, each of which begins with the next; 0 if there is no memory. */
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

/**
 * kvm_iommu_init_hyp() - give the IOMMUs to the hypervisor
 * @ops: the driver at EL2, the address of its kvm_nvhe_sym()
 * @virt: description of the hardware, page aligned and physically contiguous
 * @nr_pages: pages at @virt, kvm_iommu_boot_size() included
 *
 * To be called by the init() of a driver. The pages are donated.
 *
 * Return: 0, or a negative errno, and then everything is as it was before
 */
int __init kvm_iommu_init_hyp(const struct kvm_hyp_iommu_ops *ops, void *virt,
			      unsigned long nr_pages)
{
	unsigned long nr_count_pages = hyp_dma_count_pages();
	struct arm_smccc_res res;
	u64 run;
	int ret;

	if (is_pkvm_initialized())
		return -EPERM;

	run = kvm_iommu_alloc_runs(nr_count_pages);
	if (!run)
		return -ENOMEM;

	arm_smccc_1_1_hvc(KVM_HOST_SMCCC_FUNC(__pkvm_iommu_init),
			  kern_hyp_va(lm_alias(ops)), virt_to_pfn(virt),
			  nr_pages, run, &res);

	ret = kvm_iommu_result(&res);
	if (ret)
		kvm_iommu_free_runs(run);
	else
		pr_info("the hypervisor has %lu KiB for IOMMUs, %lu KiB of them to count mappings\n",
			(nr_pages + nr_count_pages) * (PAGE_SIZE / SZ_1K),
			nr_count_pages * (PAGE_SIZE / SZ_1K));

	return ret;
}

/**
 * kvm_iommu_register_driver() - announce a driver
 * @drv: the driver
 *
 * From an initcall earlier than device_initcall, so that a driver for the same
 * hardware finds out that it has to wait.
 *
 * Return: 0, -ENODEV without protected KVM, -EBUSY if there is a driver
 */
int __init kvm_iommu_register_driver(const struct kvm_iommu_driver *drv)
{
	if (!is_protected_kvm_enabled())
		return -ENODEV;
	if (kvm_iommu_state != KVM_IOMMU_ABSENT)
		return -EBUSY;

	kvm_iommu_driver = drv;
	kvm_iommu_state = KVM_IOMMU_PENDING;
	return 0;
}

/* The hypervisor outlives a crash, and a crash kernel knows nothing of it. */
static void __init warn_crash_kernel(void)
{
	if (IS_ENABLED(CONFIG_CRASH_RESERVE) && crashk_res.end)
		pr_warn("kdump: the hypervisor keeps the IOMMUs, a crash kernel cannot use devices behind them\n");
}

/**
 * kvm_iommu_init_driver() - let the driver hand over the hardware
 *
 * Called once, right before the host loses its privileges, or when it is clear
 * that KVM will not work at all.
 */
void __init kvm_iommu_init_driver(void)
{
	int ret;

	if (kvm_iommu_state != KVM_IOMMU_PENDING)
		return;

	ret = is_kvm_arm_initialised() ? kvm_iommu_driver->init() : -ENODEV;
	if (!ret) {
		kvm_iommu_state = KVM_IOMMU_READY;
		warn_crash_kernel();
		return;
	}

	kvm_iommu_state = KVM_IOMMU_FAILED;
	pr_err("%s: initialisation failed (%d), DMA is not isolated\n",
	       kvm_iommu_driver->name, ret);
}

/**
 * kvm_iommu_set_bypassed() - some DMA goes where the hypervisor has no control
 *
 * To be called by a driver that leaves an IOMMU, or a way past one, to the host.
 */
void __init kvm_iommu_set_bypassed(void)
{
	kvm_nvhe_sym(kvm_hyp_iommu_bypassed) = true;
}

/**
 * kvm_iommu_isolation() - how far is DMA isolated?
 *
 * Called after kvm_iommu_init_driver(), and before the host loses its
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

/* In pages, of all orders */
static unsigned long kvm_iommu_shrink_count(struct shrinker *shrinker,
					    struct shrink_control *sc)
{
	u64 order0, order2;

	if (kvm_iommu_get_stat(KVM_IOMMU_STAT_FREE_ORDER0, &order0) ||
	    kvm_iommu_get_stat(KVM_IOMMU_STAT_FREE_ORDER2, &order2))
		return 0;

	return order0 + (order2 << KVM_IOMMU_MAX_ORDER) ?: SHRINK_EMPTY;
}

/* Large blocks first: few calls bring back much. */
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
 * A page for each CPU, which the hypervisor keeps. If one has none, the others
 * do no harm, and pages are mapped one run at a time.
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
			pr_warn("no place for lists of pages: %d\n", ret);
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
