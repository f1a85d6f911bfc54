/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * DMA isolation for protected KVM: the interface between the host and the
 * hypervisor.
 *
 * The hypervisor owns the IOMMUs. The host describes them once, driver by driver,
 * while it is still trusted (__pkvm_iommu_init, refused after finalisation). From
 * then on it requests each change with a hypercall. It names a domain by its handle,
 * and a device by the IOMMU, the endpoint and the stream ID of the description, which
 * no longer changes.
 *
 * Every call returns 0, a handle or count, or a negative errno in x1. The registers
 * from x2 on are valid only where a call says so. A caller must check x0 first:
 * SMCCC_RET_NOT_SUPPORTED means that the hypervisor did not handle the call, and x1
 * has no meaning.
 */
#ifndef __ARM64_KVM_IOMMU_H__
#define __ARM64_KVM_IOMMU_H__

#include <linux/bits.h>
#include <linux/errno.h>
#include <linux/io-pgtable.h>
#include <linux/types.h>

#include <asm/kvm_pkvm.h>
#include <asm/page.h>

/* Maximum number of drivers at EL2. */
#define KVM_IOMMU_MAX_DRIVERS		4

/*
 * The number of an IOMMU consists of the number of its driver, in the order of
 * initialisation, and its index in the driver's description. Endpoints are numbered
 * by each driver separately.
 */
#define KVM_IOMMU_NUMBER(drv, index)	((u32)(drv) << 24 | (index))
#define KVM_IOMMU_DRIVER(iommu)		((iommu) >> 24)
#define KVM_IOMMU_INDEX(iommu)		((iommu) & GENMASK(23, 0))

/* Maximum number of domains. Handles are 1..KVM_IOMMU_MAX_DOMAINS. */
#define KVM_IOMMU_MAX_DOMAINS		4095

/*
 * The number of pages that one hypercall may map or unmap. It stops there and
 * returns its progress, and the caller continues from that point. The number is in
 * Documentation/virt/kvm/arm/pkvm-iommu.rst, too.
 */
#define KVM_IOMMU_MAX_PAGES		256

/*
 * A run of physically contiguous pages in a list, encoded as io-pgtable takes it. A
 * list for __pkvm_iommu_map_runs is in the page that the host shares for the calling
 * CPU, and has at most KVM_IOMMU_MAX_RUNS runs.
 */
#define KVM_IOMMU_RUN_MAX_PAGES		IO_PGTABLE_RUN_MAX_PAGES
#define KVM_IOMMU_RUN(addr, pages)	IO_PGTABLE_RUN(addr, pages)
#define KVM_IOMMU_RUN_ADDR(run)		IO_PGTABLE_RUN_ADDR(run)
#define KVM_IOMMU_RUN_PAGES(run)	IO_PGTABLE_RUN_PAGES(run)
#define KVM_IOMMU_MAX_RUNS		(PAGE_SIZE / sizeof(u64))

/*
 * Memory is donated to the hypervisor, and reclaimed, in blocks of order 0 or of this
 * order. The root of an Armv7 short-descriptor table needs order 2 (16 KiB).
 */
#define KVM_IOMMU_MAX_ORDER		2

/* Bytes for each CPU, to record the pages that a call unmaps. */
#define KVM_IOMMU_CPU_STATE		(PAGE_SIZE + 64)

/**
 * kvm_iommu_state_size() - compute the memory that the core at EL2 needs
 * @nr_cpus: number of possible CPUs
 * @nr_count_pages: hyp_dma_count_pages()
 *
 * Return: bytes, in the first run that __pkvm_iommu_init() is given
 */
static inline size_t kvm_iommu_state_size(unsigned long nr_cpus, unsigned long nr_count_pages)
{
	/* Domains by handle, the directory of counts, CPUs. */
	return PAGE_ALIGN((KVM_IOMMU_MAX_DOMAINS + 1) * sizeof(u64)) +
	       PAGE_ALIGN((HYP_MEMBLOCK_REGIONS + nr_count_pages) * sizeof(u64)) +
	       PAGE_ALIGN(nr_cpus * KVM_IOMMU_CPU_STATE);
}

/* Page-table format requested from __pkvm_iommu_alloc_domain. */
enum kvm_iommu_fmt {
	KVM_IOMMU_FMT_AUTO,		/* the hypervisor chooses */
	KVM_IOMMU_FMT_LPAE,		/* AArch64, stage 1 */
	KVM_IOMMU_FMT_V7S,		/* Armv7 short descriptor */
	KVM_IOMMU_FMT_AUTO_32BIT,	/* it chooses for a device with 32 address bits */
};

/*
 * How far DMA is isolated from the hypervisor and from protected guests, and how far
 * it must be before protected guests can be created (kvm-arm.protected_dma=).
 */
enum kvm_dma_isolation {
	KVM_DMA_ANY,		/* the hypervisor owns no IOMMU */
	KVM_DMA_OWNED,		/* it does, but some DMA is known to bypass it */
	KVM_DMA_ISOLATED,	/* it does, and no DMA is known to bypass it */
};

/* The block that a call needs, in x3 if the call failed with -ENOMEM. */
#define KVM_IOMMU_BLOCK_ORDER		GENMASK(7, 0)
#define KVM_IOMMU_BLOCK_LOW		BIT(8)	/* below 4 GiB */

/*
 * The calls and what they return. After -ENOMEM, x3 says which block the call needs:
 * donate one with __pkvm_iommu_topup and repeat the call.
 *
 * Before finalisation only:
 *   __pkvm_iommu_init(ops, pfn, nr_pages, run)
 *	returns the number of the driver, from 0. Called once for each driver, whose
 *	description and memory are the @nr_pages pages from @pfn on. Until a driver
 *	is initialised, @run passes the core's own memory: the first of a list of
 *	runs of pages, with kvm_iommu_state_size() bytes, followed by runs with
 *	hyp_dma_count_pages() pages in all. The first word of each run is the next
 *	run, or 0 in the last one. Afterwards @run is 0
 *
 * After finalisation only. @iommu is KVM_IOMMU_NUMBER() everywhere:
 *   __pkvm_iommu_alloc_domain(iommu, fmt)
 *	returns a handle; x2 = fmt | input address bits << 8 | output address
 *	bits << 16, x3 = page sizes (bitmap)
 *   __pkvm_iommu_free_domain(handle)
 *   __pkvm_iommu_attach(handle, iommu, endpoint, sid, flags)
 *   __pkvm_iommu_detach(handle, iommu, endpoint, sid)
 *	sid is a stream ID; for a stream with a mask, the ID in the description.
 *	flags are KVM_IOMMU_ATTACH_*
 *   __pkvm_iommu_map(handle, iova, paddr, pgsize, pgcount, prot)
 *   __pkvm_iommu_unmap(handle, iova, pgsize, pgcount)
 *	x2 = bytes mapped or unmapped, also if the call fails
 *   __pkvm_iommu_set_runs(cpu, pfn)
 *	share a page with the hypervisor, for lists and faults of calls by @cpu
 *   __pkvm_iommu_map_runs(handle, iova, nr, prot)
 *	map the @nr runs of pages in the calling CPU's page at consecutive addresses
 *	from @iova on; x2 = bytes mapped, also if the call fails
 *   __pkvm_iommu_iova_to_phys(handle, iova)
 *	x2 = physical address
 *   __pkvm_iommu_topup(pfn, order)
 *   __pkvm_iommu_reclaim(order)
 *	x2 = pfn; -ENOENT if no block of this order is free
 *   __pkvm_iommu_get_faults(iommu, max)
 *	returns the number of faults, at most @max and KVM_IOMMU_MAX_FAULTS. They
 *	are in the calling CPU's page, as struct kvm_iommu_fault
 *   __pkvm_iommu_debug(iommu, what, index)
 *	x2 and x3 = values, see enum kvm_iommu_debug. @iommu is one of the driver's
 *	IOMMUs, for values that a driver returns
 */

/*
 * Flag of __pkvm_iommu_attach: return whether the stream could be attached to a new
 * domain, without changing anything. The handle is 0.
 */
#define KVM_IOMMU_ATTACH_QUERY		BIT(0)

/* x2 of __pkvm_iommu_alloc_domain. */
#define KVM_IOMMU_DOMAIN_FMT		GENMASK(7, 0)	/* enum kvm_iommu_fmt */
#define KVM_IOMMU_DOMAIN_IAS		GENMASK(15, 8)
#define KVM_IOMMU_DOMAIN_OAS		GENMASK(23, 16)

/**
 * enum kvm_iommu_fault_type - type of a struct kvm_iommu_fault
 * @KVM_IOMMU_FAULT_TRANSLATION: an attached stream used an address or a kind of
 *				 access that its domain does not map
 * @KVM_IOMMU_FAULT_STREAM: a stream is not attached, or the IOMMU has another fault
 * @KVM_IOMMU_FAULT_SYNC: an invalidation timed out, or a reset failed
 */
enum kvm_iommu_fault_type {
	KVM_IOMMU_FAULT_TRANSLATION = 1,
	KVM_IOMMU_FAULT_STREAM,
	KVM_IOMMU_FAULT_SYNC,
};

/**
 * struct kvm_iommu_fault - a fault that the hypervisor has read from an IOMMU
 * @type: enum kvm_iommu_fault_type
 * @flags: zero
 * @iommu: number of the IOMMU
 * @instance: the instance of the IOMMU that reported the fault
 * @domain: handle of the domain, or 0
 * @sid: stream ID, if it is known
 * @iova: faulting address
 * @status: defined by the driver
 */
struct kvm_iommu_fault {
	u32 type;
	u32 flags;
	u32 iommu;
	u32 instance;
	u32 domain;
	u32 sid;
	u64 iova;
	u64 status[4];
};

/* The maximum number of faults that one __pkvm_iommu_get_faults returns. */
#define KVM_IOMMU_MAX_FAULTS		16

/**
 * enum kvm_iommu_debug - what __pkvm_iommu_debug returns
 * @KVM_IOMMU_DEBUG_STAT: a counter of all IOMMUs; index: enum kvm_iommu_stat
 * @KVM_IOMMU_DEBUG_DOMAIN: KVM_IOMMU_USE_* of a domain, and in x3 the number of its
 *			    IOMMU; index: the handle
 * @KVM_IOMMU_DEBUG_DRIVER: the first of the driver's own values
 */
enum kvm_iommu_debug {
	KVM_IOMMU_DEBUG_STAT,
	KVM_IOMMU_DEBUG_DOMAIN,

	KVM_IOMMU_DEBUG_DRIVER = 16,
};

enum kvm_iommu_stat {
	KVM_IOMMU_STAT_DOMAINS,		/* domains that exist */
	KVM_IOMMU_STAT_FREE_ORDER0,	/* free 4 KiB blocks in the pool */
	KVM_IOMMU_STAT_FREE_ORDER2,	/* free 16 KiB blocks in the pool */
	KVM_IOMMU_STAT_DONATED_PAGES,	/* pages donated and not reclaimed */
	KVM_IOMMU_STAT_TABLE_PAGES,	/* pages in use as translation tables */
	KVM_IOMMU_STAT_MAPPED_PAGES,	/* page references held for DMA */
};

/* The state of a domain. */
#define KVM_IOMMU_USE_PAGES		GENMASK(39, 0)	/* mapped, in pages */
#define KVM_IOMMU_USE_ATTACHED		GENMASK(51, 40)	/* attachments */
#define KVM_IOMMU_USE_FMT		GENMASK(55, 52)	/* enum kvm_iommu_fmt */
#define KVM_IOMMU_USE_QUARANTINED	BIT(63)

#ifndef __KVM_NVHE_HYPERVISOR__

#include <linux/gfp_types.h>

#include <asm/hyp_image.h>

struct kvm_iommu_ops;

/**
 * struct kvm_iommu_driver - the host's half of a driver at EL2
 * @name: name for messages
 * @init: describe the hardware and hand it over with kvm_iommu_init_hyp(). Called
 *	  once, when the hypervisor is initialised and the host still privileged.
 *	  Return 0, or a negative errno to leave the hardware to the host.
 */
struct kvm_iommu_driver {
	const char *name;
	int (*init)(void);
};

/**
 * struct kvm_iommu_domain_info - properties of a domain
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

#ifdef CONFIG_PKVM_IOMMU
extern bool kvm_nvhe_sym(kvm_hyp_iommu_bypassed);

int kvm_iommu_register_driver(const struct kvm_iommu_driver *drv);
int kvm_iommu_init_hyp(const struct kvm_iommu_ops *ops, void *virt,
		       unsigned long nr_pages);
void kvm_iommu_init_drivers(void);
void kvm_iommu_set_bypassed(void);
enum kvm_dma_isolation kvm_iommu_isolation(void);

bool kvm_iommu_pending(void);
bool kvm_iommu_ready(void);

int kvm_iommu_alloc_domain(u32 iommu, enum kvm_iommu_fmt fmt,
			   struct kvm_iommu_domain_info *info, gfp_t gfp);
int kvm_iommu_free_domain(u32 handle);
int kvm_iommu_attach(u32 handle, u32 iommu, u32 endpoint, u32 sid, gfp_t gfp);
int kvm_iommu_query(u32 iommu, u32 endpoint, u32 sid);
int kvm_iommu_detach(u32 handle, u32 iommu, u32 endpoint, u32 sid);
int kvm_iommu_map(u32 handle, unsigned long iova, phys_addr_t paddr,
		  size_t pgsize, size_t pgcount, int prot, gfp_t gfp,
		  size_t *mapped);
int kvm_iommu_map_runs(u32 handle, unsigned long iova, const u64 *runs,
		       unsigned int nr, int prot, gfp_t gfp, size_t *mapped);
bool kvm_iommu_can_map_runs(void);
int kvm_iommu_unmap(u32 handle, unsigned long iova, size_t pgsize,
		    size_t pgcount, size_t *unmapped);
phys_addr_t kvm_iommu_iova_to_phys(u32 handle, unsigned long iova);
int kvm_iommu_get_faults(u32 iommu, struct kvm_iommu_fault *faults, unsigned int max);
int kvm_iommu_debug(u32 iommu, u32 what, u64 index, u64 *val);
int kvm_iommu_get_stat(u32 stat, u64 *value);
const char *kvm_iommu_get_calls(unsigned int i, u64 *calls, u64 *errors);
unsigned long kvm_iommu_reclaim(unsigned int order, unsigned long nr_blocks);
#else
static inline void kvm_iommu_init_drivers(void) { }

static inline enum kvm_dma_isolation kvm_iommu_isolation(void)
{
	return KVM_DMA_ANY;
}
#endif

#endif /* __KVM_NVHE_HYPERVISOR__ */

#endif /* __ARM64_KVM_IOMMU_H__ */
