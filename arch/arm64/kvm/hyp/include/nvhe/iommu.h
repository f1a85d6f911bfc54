/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * IOMMUs owned by the hypervisor.
 *
 * The core (nvhe/iommu/) manages drivers, domains, the pages that they map, and
 * memory. A driver implements one IOMMU architecture: its registers, the routing of
 * streams, invalidation. A driver may also have no domains, and only keep the host
 * from accessing hardware.
 *
 * Locks, outermost first:
 *
 *	domain->lock		mappings of a domain, its attachments
 *	  the driver's own	routing of streams
 *	    host_mmu.lock, pkvm_pgd_lock
 *				ownership of pages
 *	    pool->lock		free memory
 *	table_lock		handle to domain; nothing is taken inside it
 *
 *	set_runs_lock		table of the pages that the host shares for its CPUs
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
 * @refs: 0 while it is being freed, otherwise 1 plus its attachments and the calls
 *	  that use it; guarded by the table lock
 * @handle: its name in hypercalls
 * @number: number of the IOMMU that it was allocated for
 * @iommu: index of this IOMMU in its driver's description
 * @ops: operations of its driver
 * @fmt: page-table format, never KVM_IOMMU_FMT_AUTO
 * @low_tables: tables have to be below 4 GiB
 * @want: the block that the last failed allocation needed, KVM_IOMMU_BLOCK_*
 * @quarantined: an invalidation timed out. Its streams are blocked, its pages cannot
 *		 leave the host, and its tables are never freed
 * @nr_attached: number of attachments
 * @nr_mapped: number of page references held
 * @pgt: the page table
 * @priv: for the driver
 */
struct kvm_hyp_iommu_domain {
	hyp_spinlock_t		lock;
	u32			refs;
	u32			handle;
	u32			number;
	u32			iommu;
	const struct kvm_iommu_domain_ops *ops;
	enum kvm_iommu_fmt	fmt;
	bool			low_tables;
	u32			want;
	bool			quarantined;
	u32			nr_attached;
	u64			nr_mapped;
	struct hyp_io_pgtable	pgt;
	unsigned long		priv[2];
};

/**
 * struct kvm_iommu_domain_ops - operations of a driver that has domains
 *
 * They name an IOMMU by its index in the driver's description.
 *
 * @alloc_domain: choose a format (@domain->fmt), fill in @domain->pgt.cfg and
 *	  its pa_bits, and allocate the page table. -EINVAL: no such IOMMU;
 *	  -EOPNOTSUPP: it does not support this format.
 * @free_domain: undo @alloc_domain. Nothing is attached or mapped.
 * @attach_dev: route a stream of an endpoint to the domain. All or nothing.
 *	  -ENODEV: the description has no such stream; -EBUSY: another domain
 *	  has it; -ENOSPC: the IOMMU has no room for another domain or stream;
 *	  -EACCES: firmware has locked the device to another stream ID.
 * @query_dev: return what @attach_dev would return for a domain without streams,
 *	  apart from room for the domain, without changing anything. -EINVAL: no
 *	  such IOMMU.
 * @detach_dev: undo @attach_dev. When it returns, the stream faults; if it was the
 *	  last one, no translation of the domain is cached any more. -ENOENT: it was
 *	  not attached; -ETIMEDOUT: the core must quarantine the domain.
 * @iotlb_sync: invalidate the translations of a range on every instance, and wait
 *	  until this is complete. 0 or -ETIMEDOUT.
 * @block: make all streams of the domain fault, without waiting.
 */
struct kvm_iommu_domain_ops {
	int (*alloc_domain)(struct kvm_hyp_iommu_domain *domain);
	void (*free_domain)(struct kvm_hyp_iommu_domain *domain);
	int (*attach_dev)(struct kvm_hyp_iommu_domain *domain, u32 endpoint, u32 sid);
	int (*query_dev)(u32 iommu, u32 endpoint, u32 sid);
	int (*detach_dev)(struct kvm_hyp_iommu_domain *domain, u32 endpoint, u32 sid);
	int (*iotlb_sync)(struct kvm_hyp_iommu_domain *domain, unsigned long iova,
			  size_t size, size_t granule);
	void (*block)(struct kvm_hyp_iommu_domain *domain);
};

/**
 * struct kvm_iommu_ops - a driver
 * @init: check the description and the hardware, and take the hardware over so that
 *	  every stream faults. All or nothing: after an error the host has the
 *	  hardware back. The host is still trusted, and no other CPU makes calls.
 * @resume: restore registers that a loss of power may have reset. Called when a CPU
 *	  returns to the host from reset, before the host runs.
 * @host_access: make an access for the host to device memory that the driver has
 *	  taken: @size bytes at @phys, from or to @val. -EPERM: the host may not make
 *	  it, or the driver does not own this memory. If NULL, all accesses are
 *	  refused. The core decodes the syndrome once, for all drivers.
 * @get_fault: find a fault, report it and clear it, in bounded time. 1: found one;
 *	  0: there is none; -EINVAL: no such IOMMU. If NULL, there are no faults.
 * @debug: return values for @what, which is at least KVM_IOMMU_DEBUG_DRIVER. -EINVAL:
 *	  @what is not known; -ENOENT: @index is past the last one. If NULL, there are
 *	  no values.
 * @domain_ops: operations on domains, NULL if the driver has none
 */
struct kvm_iommu_ops {
	int (*init)(void *desc, size_t size);
	void (*resume)(void);
	int (*host_access)(phys_addr_t phys, bool write, unsigned int size, u64 *val);
	int (*get_fault)(u32 iommu, struct kvm_iommu_fault *fault);
	int (*debug)(u32 iommu, u32 what, u64 index, u64 *val);
	const struct kvm_iommu_domain_ops *domain_ops;
};

/* For drivers, while they initialise. */
void *kvm_hyp_iommu_boot_alloc(size_t size);

/* For drivers: return true if there is memory at or above @limit. */
bool kvm_hyp_iommu_memory_above(u64 limit);

/* For drivers, while they initialise: set if some DMA may bypass the IOMMUs. */
extern bool kvm_hyp_iommu_bypassed;

/* For drivers, when a sync timed out. Called with the domain's lock held. */
void kvm_hyp_iommu_quarantine(struct kvm_hyp_iommu_domain *domain);

/* For drivers: alloc() and free() of a domain's struct io_pgtable_cfg. */
void *kvm_hyp_iommu_alloc_table(void *cookie, size_t size, gfp_t gfp);
void kvm_hyp_iommu_free_table(void *cookie, void *table, size_t size);

/* Drivers and the pages that the host shares, see nvhe/iommu/iommu.c. */
bool kvm_hyp_iommu_has_driver(void);
const struct kvm_iommu_ops *kvm_hyp_iommu_driver(u32 iommu);
void *kvm_hyp_iommu_host_page(void);

/* Domains, see nvhe/iommu/domain.c. */
void kvm_hyp_iommu_domains_init(void *table, void *cpus);
int kvm_hyp_iommu_domain_use(u64 handle, u64 *val);
int kvm_hyp_iommu_domain_stat(u64 index, u64 *val);

/* Memory that the host has donated, see nvhe/iommu/pool.c. */
#define KVM_IOMMU_PIECE_SIZE	1024

void *kvm_iommu_donate_pages(u8 order);
void *kvm_iommu_donate_low_pages(u8 order);
void kvm_iommu_reclaim_pages(void *addr);
void *kvm_iommu_donate_piece(void);
void kvm_iommu_reclaim_piece(void *addr);
int kvm_hyp_iommu_pool_stat(u64 index, u64 *val);

#ifdef CONFIG_PKVM_IOMMU
/* Called when a CPU returns to the host after it was off or suspended. */
void kvm_iommu_resume(void);

/* Called when the host may not access @phys: let a driver make the access for it. */
bool kvm_iommu_host_dabt_handler(struct kvm_cpu_context *host_ctxt, u64 esr, phys_addr_t phys);
#else
static inline void kvm_iommu_resume(void) { }

static inline bool kvm_iommu_host_dabt_handler(struct kvm_cpu_context *host_ctxt,
					       u64 esr, phys_addr_t phys)
{
	return false;
}
#endif

/* Hypercalls, see asm/kvm_iommu.h. */
int __pkvm_iommu_init(const struct kvm_iommu_ops *ops, u64 pfn, u64 nr_pages, u64 run);
int __pkvm_iommu_alloc_domain(u32 iommu, u32 fmt, u64 *regs);
int __pkvm_iommu_free_domain(u32 handle);
int __pkvm_iommu_attach(u32 handle, u32 iommu, u32 endpoint, u32 sid, u32 flags);
int __pkvm_iommu_detach(u32 handle, u32 iommu, u32 endpoint, u32 sid);
int __pkvm_iommu_map(u32 handle, u64 iova, u64 paddr, u64 pgsize, u64 pgcount,
		     u32 prot, size_t *mapped, u64 *want);
int __pkvm_iommu_set_runs(u64 cpu, u64 pfn);
int __pkvm_iommu_map_runs(u32 handle, u64 iova, u64 nr, u32 prot, size_t *mapped, u64 *want);
int __pkvm_iommu_unmap(u32 handle, u64 iova, u64 pgsize, u64 pgcount, size_t *unmapped);
int __pkvm_iommu_iova_to_phys(u32 handle, u64 iova, u64 *paddr);
int __pkvm_iommu_topup(u64 pfn, u32 order);
int __pkvm_iommu_reclaim(u32 order, u64 *pfn);
int __pkvm_iommu_get_faults(u32 iommu, u32 max);
int __pkvm_iommu_debug(u32 iommu, u32 what, u64 index, u64 *val);

#endif /* __ARM64_KVM_NVHE_IOMMU_H__ */
