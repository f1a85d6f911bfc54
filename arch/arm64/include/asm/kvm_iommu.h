/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * DMA isolation for protected KVM: what the host and the hypervisor say to
 * each other.
 *
 * The hypervisor owns the IOMMUs. The host describes them once, while it is
 * still trusted (__pkvm_iommu_init, refused after finalisation), and from then
 * on asks: it names a domain by handle, and a device by the IOMMU instance,
 * the endpoint and the stream ID that the frozen description gave it.
 *
 * Every call returns 0 or a handle, or a negative errno, in x1; the registers
 * x2 and up are valid only where a call says so. A caller must look at x0
 * first: SMCCC_RET_NOT_SUPPORTED there means that the hypervisor never saw the
 * call, and x1 is then whatever it was.
 */
#ifndef __ARM64_KVM_IOMMU_H__
#define __ARM64_KVM_IOMMU_H__

#include <linux/bits.h>
#include <linux/errno.h>
#include <linux/types.h>

#include <asm/kvm_pkvm.h>
#include <asm/page.h>

/* Domains that can exist at one time. Handles are 1..KVM_IOMMU_MAX_DOMAINS. */
#define KVM_IOMMU_MAX_DOMAINS		4095

/*
 * The work that one hypercall may do, in pages: map and unmap stop there and
 * say how far they came, the caller goes on from that point.
 */
#define KVM_IOMMU_MAX_PAGES		256

/*
 * A run of pages in a list for __pkvm_iommu_map_runs: the address of the first,
 * and in the bits that it has none in, their number less one. The list fills
 * the page that the host shares for the CPU it calls from.
 */
#define KVM_IOMMU_RUN_MAX_PAGES		PAGE_SIZE
#define KVM_IOMMU_RUN(addr, pages)	((addr) | ((pages) - 1))
#define KVM_IOMMU_RUN_ADDR(run)		((run) & PAGE_MASK)
#define KVM_IOMMU_RUN_PAGES(run)	(((run) & ~PAGE_MASK) + 1)
#define KVM_IOMMU_MAX_RUNS		(PAGE_SIZE / sizeof(u64))

/*
 * Memory is given to the hypervisor, and taken back, in blocks of one of these
 * orders. Order 2 (16 KiB) is what an Armv7 short-descriptor root needs.
 */
#define KVM_IOMMU_MAX_ORDER		2

/* What the hypervisor keeps of what was unmapped, for each CPU, in bytes. */
#define KVM_IOMMU_CPU_STATE		(PAGE_SIZE + 64)

/**
 * kvm_iommu_state_size() - the memory that the hypervisor's IOMMU core needs
 * @nr_cpus: CPUs that there may be
 * @nr_count_pages: hyp_dma_count_pages()
 *
 * Return: bytes, at the end of what __pkvm_iommu_init() is given
 */
static inline size_t kvm_iommu_state_size(unsigned long nr_cpus, unsigned long nr_count_pages)
{
	/* Domains by handle, the directory of counts, CPUs. */
	return PAGE_ALIGN((KVM_IOMMU_MAX_DOMAINS + 1) * sizeof(u64)) +
	       PAGE_ALIGN((HYP_MEMBLOCK_REGIONS + nr_count_pages) * sizeof(u64)) +
	       PAGE_ALIGN(nr_cpus * KVM_IOMMU_CPU_STATE);
}

/* Page-table format asked for in __pkvm_iommu_alloc_domain. */
enum kvm_iommu_fmt {
	KVM_IOMMU_FMT_AUTO,		/* the hypervisor chooses */
	KVM_IOMMU_FMT_LPAE,		/* AArch64, stage 1 */
	KVM_IOMMU_FMT_V7S,		/* Armv7 short descriptor */
	KVM_IOMMU_FMT_AUTO_32BIT,	/* the device has 32 address bits: it chooses */
};

/*
 * How far DMA is isolated from the hypervisor and from protected guests, and how
 * far it has to be before there can be any (kvm-arm.protected_dma=).
 */
enum kvm_dma_isolation {
	KVM_DMA_ANY,		/* the hypervisor owns no IOMMU */
	KVM_DMA_OWNED,		/* it does, but some DMA is known to bypass it */
	KVM_DMA_ISOLATED,	/* it does, and no DMA is known to bypass it */
};

/* What kind of block a call is missing that fails with -ENOMEM, in x3. */
#define KVM_IOMMU_BLOCK_ORDER		GENMASK(7, 0)
#define KVM_IOMMU_BLOCK_LOW		BIT(8)	/* below 4 GiB */

/*
 * The calls and what they return. A call that fails with -ENOMEM leaves the
 * kind of the block that is missing in x3: top up and call again.
 *
 * Before finalisation only:
 *   __pkvm_iommu_init(ops, pfn, nr_pages, run)
 *	@run is the first of a list of runs of pages, hyp_dma_count_pages() in all:
 *	each begins with the next run, the last with 0
 *
 * After finalisation only:
 *   __pkvm_iommu_alloc_domain(iommu, fmt)
 *	handle; x2 = fmt | input address bits << 8 | output address bits << 16,
 *	x3 = page sizes (bitmap)
 *   __pkvm_iommu_free_domain(handle)
 *   __pkvm_iommu_attach(handle, iommu, endpoint, id, flags)
 *   __pkvm_iommu_detach(handle, iommu, endpoint, id)
 *	id is a stream ID, its mask in [31:16]; flags are KVM_IOMMU_ATTACH_*
 *   __pkvm_iommu_map(handle, iova, paddr, pgsize, pgcount, prot)
 *   __pkvm_iommu_unmap(handle, iova, pgsize, pgcount)
 *	x2 = bytes done, also when the call fails
 *   __pkvm_iommu_set_runs(cpu, pfn)
 *	the page becomes shared with the hypervisor; @cpu leaves lists there
 *   __pkvm_iommu_map_runs(handle, iova, nr, prot)
 *	maps the @nr runs of pages that the calling CPU has left in its page, one
 *	behind the other from @iova on; x2 = bytes done, also when the call fails
 *   __pkvm_iommu_iova_to_phys(handle, iova)
 *	x2 = physical address
 *   __pkvm_iommu_topup(pfn, order)
 *   __pkvm_iommu_reclaim(order)
 *	x2 = pfn; -ENOENT: nothing is free
 *   __pkvm_iommu_next_fault(iommu)
 *	type | instance << 8 | sid << 16 | handle << 32; x2 = iova,
 *	x3 = fsr | fsynr << 32
 *   __pkvm_iommu_stream_info(iommu, endpoint, id)
 *	x2 = KVM_IOMMU_STREAM_*
 *   __pkvm_iommu_get_stats(index)
 *	x2 = the value
 */

/*
 * Flag of __pkvm_iommu_attach: change nothing, say whether the stream could be
 * attached to a new domain. The handle is 0.
 */
#define KVM_IOMMU_ATTACH_QUERY		BIT(0)

/* x2 of __pkvm_iommu_alloc_domain. */
#define KVM_IOMMU_DOMAIN_FMT		GENMASK(7, 0)	/* enum kvm_iommu_fmt */
#define KVM_IOMMU_DOMAIN_IAS		GENMASK(15, 8)
#define KVM_IOMMU_DOMAIN_OAS		GENMASK(23, 16)

/* What __pkvm_iommu_next_fault returns in x1 when there is something to say. */
enum kvm_iommu_fault_type {
	KVM_IOMMU_FAULT_NONE,
	KVM_IOMMU_FAULT_CONTEXT,	/* a translation of an attached stream */
	KVM_IOMMU_FAULT_GLOBAL,		/* a stream that nobody attached, ... */
	KVM_IOMMU_FAULT_SYNC,		/* an invalidation never completed */
};

#define KVM_IOMMU_FAULT_TYPE		GENMASK(7, 0)
#define KVM_IOMMU_FAULT_INSTANCE	GENMASK(15, 8)
#define KVM_IOMMU_FAULT_SID		GENMASK(31, 16)
#define KVM_IOMMU_FAULT_HANDLE		GENMASK(47, 32)

/* x2 of __pkvm_iommu_stream_info. */
#define KVM_IOMMU_STREAM_ATTACHED	BIT(0)
#define KVM_IOMMU_STREAM_QUARANTINED	BIT(1)	/* a sync timed out: blocked */
#define KVM_IOMMU_STREAM_BANK		GENMASK(15, 8)
#define KVM_IOMMU_STREAM_FMT		GENMASK(19, 16)	/* enum kvm_iommu_fmt */
#define KVM_IOMMU_STREAM_USERS		GENMASK(31, 20)
#define KVM_IOMMU_STREAM_DOMAIN		GENMASK(63, 32)	/* handle */

/* What __pkvm_iommu_get_stats can tell. */
enum kvm_iommu_stat {
	KVM_IOMMU_STAT_DOMAINS,		/* domains that exist */
	KVM_IOMMU_STAT_FREE_ORDER0,	/* free 4 KiB blocks in the pool */
	KVM_IOMMU_STAT_FREE_ORDER2,	/* free 16 KiB blocks in the pool */
	KVM_IOMMU_STAT_DONATED_PAGES,	/* pages donated and not given back */
	KVM_IOMMU_STAT_TABLE_PAGES,	/* pages in use as translation tables */
	KVM_IOMMU_STAT_MAPPED_PAGES,	/* page references held for DMA */

	KVM_IOMMU_STAT_DRIVER = 16,	/* the driver's own */
	KVM_IOMMU_STAT_INSTANCES = KVM_IOMMU_STAT_DRIVER, /* IOMMU instances taken over */
	KVM_IOMMU_STAT_MC_CLIENTS,	/* clients whose stream ID is under control */
	KVM_IOMMU_STAT_MC_PASSTHROUGH,	/* clients found going around the IOMMU */
	KVM_IOMMU_STAT_MC_LOCKED,	/* clients that firmware has frozen elsewhere */
	KVM_IOMMU_STAT_QUARANTINED,	/* context banks lost to quarantine */
	KVM_IOMMU_STAT_FAULTS,		/* faults taken */
	KVM_IOMMU_STAT_MC_UNLISTED,	/* passthrough clients that nobody described */
	KVM_IOMMU_STAT_PREFETCH,	/* context banks whose prefetch cannot be stopped */
	KVM_IOMMU_STAT_LONGEST_WAIT,	/* longest wait for a TLB sync so far, in us */
	KVM_IOMMU_STAT_WAIT_BOUND,	/* bound on that wait, in us */

	/* One for each IOMMU, + index, KVM_IOMMU_ROOM_*; -EINVAL: none such */
	KVM_IOMMU_STAT_IOMMU = 0x8000,

	/* One for each domain, + handle, KVM_IOMMU_USE_*; -ENOENT: none such */
	KVM_IOMMU_STAT_DOMAIN = 0xc000,

	/*
	 * One for each memory controller client, KVM_IOMMU_CLIENT_*: those of
	 * the description, then others that the hypervisor came across;
	 * -ENOENT behind the last.
	 */
	KVM_IOMMU_STAT_MC_CLIENT = 0x10000,
};

/* What an IOMMU has room for at the same time. What was lost is not counted. */
#define KVM_IOMMU_ROOM_DOMAINS		GENMASK(15, 0)	/* with a stream attached */
#define KVM_IOMMU_ROOM_STREAMS		GENMASK(31, 16)	/* attached, each ID once */

/* What a domain is used for. */
#define KVM_IOMMU_USE_PAGES		GENMASK(39, 0)	/* mapped, in pages */
#define KVM_IOMMU_USE_ATTACHED		GENMASK(51, 40)	/* attachments */
#define KVM_IOMMU_USE_IOMMU		GENMASK(57, 52)
#define KVM_IOMMU_USE_FMT		GENMASK(61, 58)	/* enum kvm_iommu_fmt */
#define KVM_IOMMU_USE_QUARANTINED	BIT(63)

/* A memory controller client: as it was found, then as it is. */
#define KVM_IOMMU_CLIENT_FOUND_SID	GENMASK(7, 0)
#define KVM_IOMMU_CLIENT_FOUND_FORCED	BIT(8)	/* that applied; else the device's own */
#define KVM_IOMMU_CLIENT_LOCKED		BIT(9)	/* firmware has frozen it */
#define KVM_IOMMU_CLIENT_LEFT		BIT(10)	/* left as found, as the host wished */
#define KVM_IOMMU_CLIENT_UNLISTED	BIT(11)	/* the description lacks it */
#define KVM_IOMMU_CLIENT_EXEMPT		BIT(12)	/* no device's, never touched */
#define KVM_IOMMU_CLIENT_SID		GENMASK(23, 16)
#define KVM_IOMMU_CLIENT_FORCED		BIT(24)
#define KVM_IOMMU_CLIENT_USERS		GENMASK(47, 32)	/* attached devices */
#define KVM_IOMMU_CLIENT_OVERRIDE	GENMASK(63, 48)	/* offset of the register */

#ifndef __KVM_NVHE_HYPERVISOR__

#include <linux/gfp_types.h>

#include <asm/hyp_image.h>

struct kvm_hyp_iommu_ops;

/**
 * struct kvm_iommu_driver - the host's half of an IOMMU driver at EL2
 * @name: for messages
 * @init: describe the hardware and hand it over with kvm_iommu_init_hyp().
 *	  Called once, when the hypervisor is up and the host still privileged.
 */
struct kvm_iommu_driver {
	const char *name;
	int (*init)(void);
};

/**
 * struct kvm_iommu_domain_info - what a domain can do
 * @fmt: page-table format
 * @ias: input address bits
 * @oas: output address bits
 * @pgsize_bitmap: page sizes
 */
struct kvm_iommu_domain_info {
	enum kvm_iommu_fmt fmt;
	unsigned int ias;
	unsigned int oas;
	unsigned long pgsize_bitmap;
};

/**
 * struct kvm_iommu_fault - a fault that the hypervisor took from an IOMMU
 * @type: what happened
 * @instance: which instance of the IOMMU reported it
 * @sid: stream ID, where it is known
 * @handle: domain, or 0
 * @iova: faulting address
 * @fsr: fault status, as the IOMMU reported it
 * @fsynr: fault syndrome, as the IOMMU reported it
 */
struct kvm_iommu_fault {
	enum kvm_iommu_fault_type type;
	unsigned int instance;
	u16 sid;
	u16 handle;
	u64 iova;
	u32 fsr;
	u32 fsynr;
};

#ifdef CONFIG_PKVM_IOMMU
extern bool kvm_nvhe_sym(kvm_hyp_iommu_bypassed);

int kvm_iommu_register_driver(const struct kvm_iommu_driver *drv);
size_t kvm_iommu_boot_size(void);
int kvm_iommu_init_hyp(const struct kvm_hyp_iommu_ops *ops, void *virt,
		       unsigned long nr_pages);
void kvm_iommu_init_driver(void);
void kvm_iommu_set_bypassed(void);
enum kvm_dma_isolation kvm_iommu_isolation(void);

bool kvm_iommu_pending(void);
bool kvm_iommu_ready(void);

int kvm_iommu_alloc_domain(u32 iommu, enum kvm_iommu_fmt fmt,
			   struct kvm_iommu_domain_info *info, gfp_t gfp);
int kvm_iommu_free_domain(u32 handle);
int kvm_iommu_attach(u32 handle, u32 iommu, u32 endpoint, u32 id, gfp_t gfp);
int kvm_iommu_query(u32 iommu, u32 endpoint, u32 id);
int kvm_iommu_detach(u32 handle, u32 iommu, u32 endpoint, u32 id);
int kvm_iommu_map(u32 handle, unsigned long iova, phys_addr_t paddr,
		  size_t pgsize, size_t pgcount, int prot, gfp_t gfp,
		  size_t *mapped);
int kvm_iommu_map_runs(u32 handle, unsigned long iova, const u64 *runs,
		       unsigned int nr, int prot, gfp_t gfp, size_t *mapped);
bool kvm_iommu_can_map_runs(void);
int kvm_iommu_unmap(u32 handle, unsigned long iova, size_t pgsize,
		    size_t pgcount, size_t *unmapped);
phys_addr_t kvm_iommu_iova_to_phys(u32 handle, unsigned long iova);
int kvm_iommu_next_fault(u32 iommu, struct kvm_iommu_fault *fault);
int kvm_iommu_stream_info(u32 iommu, u32 endpoint, u32 id, u64 *info);
int kvm_iommu_get_stat(u32 stat, u64 *value);
const char *kvm_iommu_get_calls(unsigned int i, u64 *calls, u64 *errors);
unsigned long kvm_iommu_reclaim(unsigned int order, unsigned long nr_blocks);
#else
static inline void kvm_iommu_init_driver(void) { }

static inline enum kvm_dma_isolation kvm_iommu_isolation(void)
{
	return KVM_DMA_ANY;
}
#endif

#endif /* __KVM_NVHE_HYPERVISOR__ */

#endif /* __ARM64_KVM_IOMMU_H__ */
