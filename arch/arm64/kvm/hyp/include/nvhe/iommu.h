/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * IOMMUs owned by the hypervisor.
 *
 * The core (nvhe/iommu/iommu.c) knows domains, the pages they map, and memory.
 * A driver knows one architecture of IOMMU: its registers, who may use which
 * stream ID, invalidation.
 *
 * Locks, outermost first:
 *
 *	domain->lock		mappings of a domain, its attachments
 *	  the driver's own	routing of streams, context banks
 *	    host_mmu.lock, pkvm_pgd_lock
 *				ownership of pages
 *	    pool->lock		free memory
 *	table_lock		handle to domain; nothing is taken inside it
 *
 *	set_runs_lock		the pages where CPUs leave lists, while they are set
 *	  host_mmu.lock, pkvm_pgd_lock
 */
#ifndef __ARM64_KVM_NVHE_IOMMU_H__
#define __ARM64_KVM_NVHE_IOMMU_H__

#include <linux/bitfield.h>

#include <asm/kvm_iommu.h>

#include <nvhe/io-pgtable.h>
#include <nvhe/spinlock.h>

/**
 * struct kvm_hyp_iommu_domain - an I/O address space
 * @lock: guards all below but @refs
 * @refs: 0 free, 1 allocated, more: attachments and calls under way; guarded
 *	  by the table lock
 * @handle: what the host calls it
 * @iommu: index of the IOMMU that it is for
 * @fmt: page-table format, never KVM_IOMMU_FMT_AUTO
 * @pa_bits: bits of a physical address that may be mapped, if less than the page
 *	     table has
 * @low_tables: tables have to be below 4 GiB
 * @want: the block that the last failed allocation wanted, KVM_IOMMU_BLOCK_*
 * @quarantined: an invalidation never completed. Its streams are blocked, its
 *		 pages and tables stay where they are
 * @nr_attached: attachments
 * @nr_mapped: page references held
 * @pgt: the page table
 * @priv: the driver's
 */
struct kvm_hyp_iommu_domain {
	hyp_spinlock_t		lock;
	u32			refs;
	u32			handle;
	u32			iommu;
	enum kvm_iommu_fmt	fmt;
	u8			pa_bits;
	bool			low_tables;
	u32			want;
	bool			quarantined;
	u32			nr_attached;
	u64			nr_mapped;
	struct hyp_io_pgtable	pgt;
	unsigned long		priv[2];
};

/**
 * struct kvm_hyp_iommu_ops - a driver
 * @init: read the description, check the hardware, take it over so that every
 *	  stream faults. All or nothing: after an error the host has the
 *	  hardware back. The host is still trusted, other CPUs do not call.
 * @domain_init: choose a format (@domain->fmt), fill in @domain->pgt.cfg and
 *	  @domain->pa_bits, and make the page table. -EINVAL: no such IOMMU;
 *	  -EOPNOTSUPP: it cannot do this format.
 * @domain_destroy: undo @domain_init. Nothing is attached or mapped.
 * @attach: route a stream of an endpoint to the domain. All or nothing.
 *	  -ENODEV: the description has no such stream; -EBUSY: another domain
 *	  has it; -ENOSPC: no context bank or stream match is left; -EACCES:
 *	  firmware has frozen the device's stream ID to something else.
 * @query: return what @attach would for a domain that has no stream yet, apart
 *	  from context banks, and change nothing. -EINVAL: no such IOMMU.
 * @detach: undo @attach. When it returns the stream faults, and if it was the
 *	  last, no translation of the domain is cached. -ENOENT: was not
 *	  attached; -ETIMEDOUT: the core has to quarantine the domain.
 * @tlb_inv_range: forget translations of a range, on every instance, and wait
 *	  until that is done. 0 or -ETIMEDOUT.
 * @block: make all streams of the domain fault, without waiting.
 * @resume: power may have been lost: put back what the hardware has forgotten.
 *	  Called on the way back to the host, before it runs.
 * @next_fault: report a fault and clear it; regs[0..2] are x1..x3 to return.
 *	  Bounded; 0 when there is none.
 * @stream_info: fill in KVM_IOMMU_STREAM_* but for the domain's own.
 * @stat: the driver's statistic @index, or -EINVAL.
 * @host_access: make an access of the host to device memory that the driver
 *		 has taken: @size bytes at @phys, from or to @val. -EPERM: it is
 *		 not one that the host may make. No access is without this.
 */
struct kvm_hyp_iommu_ops {
	int (*init)(void *desc, size_t size);
	int (*domain_init)(struct kvm_hyp_iommu_domain *domain);
	void (*domain_destroy)(struct kvm_hyp_iommu_domain *domain);
	int (*attach)(struct kvm_hyp_iommu_domain *domain, u32 endpoint, u32 id);
	int (*query)(u32 iommu, u32 endpoint, u32 id);
	int (*detach)(struct kvm_hyp_iommu_domain *domain, u32 endpoint, u32 id);
	int (*tlb_inv_range)(struct kvm_hyp_iommu_domain *domain, unsigned long iova,
			     size_t size, size_t granule);
	void (*block)(struct kvm_hyp_iommu_domain *domain);
	void (*resume)(void);
	int (*next_fault)(u32 iommu, u64 *regs);
	int (*stream_info)(u32 iommu, u32 endpoint, u32 id, u64 *info);
	int (*stat)(u32 index, u64 *val);
	int (*host_access)(phys_addr_t phys, bool write, unsigned int size, u64 *val);
};

/* For drivers, while they initialise. */
void *kvm_hyp_iommu_boot_alloc(size_t size);
int kvm_hyp_iommu_map_mmio(phys_addr_t phys, size_t size, void __iomem **va);

/* For drivers: is there any memory at or above @limit? */
bool kvm_hyp_iommu_memory_above(u64 limit);

/* For drivers, while they initialise: some DMA is out of their control. */
extern bool kvm_hyp_iommu_bypassed;

/* For drivers: a sync timed out. Called with the domain's lock. */
void kvm_hyp_iommu_quarantine(struct kvm_hyp_iommu_domain *domain);

/* Memory given by the host, see nvhe/iommu/pool.c. */
#define KVM_IOMMU_SMALL_SIZE	1024

int kvm_hyp_iommu_topup(u64 pfn, u32 order);
int kvm_hyp_iommu_reclaim(u32 order, u64 *pfn);
void *kvm_hyp_iommu_pool_alloc(u8 order, bool low);
void kvm_hyp_iommu_pool_free(void *addr, u8 order);
void *kvm_hyp_iommu_pool_alloc_small(void);
void kvm_hyp_iommu_pool_free_small(void *addr);
int kvm_hyp_iommu_pool_stat(u32 index, u64 *val);

#ifdef CONFIG_PKVM_IOMMU
/* A CPU comes back to the host, from being off or suspended. */
void kvm_hyp_iommu_resume(void);

/* The host has no right to an address: may a driver make the access for it? */
bool kvm_hyp_iommu_host_access(struct kvm_cpu_context *host_ctxt, u64 esr, phys_addr_t phys);
#else
static inline void kvm_hyp_iommu_resume(void) { }

static inline bool kvm_hyp_iommu_host_access(struct kvm_cpu_context *host_ctxt,
					     u64 esr, phys_addr_t phys)
{
	return false;
}
#endif

/* Hypercalls, see asm/kvm_iommu.h. */
int __pkvm_iommu_init(const struct kvm_hyp_iommu_ops *ops, u64 pfn, u64 nr_pages, u64 run);
int __pkvm_iommu_alloc_domain(u32 iommu, u32 fmt, u64 *regs);
int __pkvm_iommu_free_domain(u32 handle);
int __pkvm_iommu_attach(u32 handle, u32 iommu, u32 endpoint, u32 id, u32 flags);
int __pkvm_iommu_detach(u32 handle, u32 iommu, u32 endpoint, u32 id);
int __pkvm_iommu_map(u32 handle, u64 iova, u64 paddr, u64 pgsize, u64 pgcount,
		     u32 prot, u64 *done, u64 *want);
int __pkvm_iommu_set_runs(u64 cpu, u64 pfn);
int __pkvm_iommu_map_runs(u32 handle, u64 iova, u64 nr, u32 prot, u64 *done, u64 *want);
int __pkvm_iommu_unmap(u32 handle, u64 iova, u64 pgsize, u64 pgcount, u64 *done);
int __pkvm_iommu_iova_to_phys(u32 handle, u64 iova, u64 *paddr);
int __pkvm_iommu_topup(u64 pfn, u32 order);
int __pkvm_iommu_reclaim(u32 order, u64 *pfn);
int __pkvm_iommu_next_fault(u32 iommu, u64 *regs);
int __pkvm_iommu_stream_info(u32 iommu, u32 endpoint, u32 id, u64 *info);
int __pkvm_iommu_get_stats(u32 index, u64 *val);

#endif /* __ARM64_KVM_NVHE_IOMMU_H__ */
