// SPDX-License-Identifier: GPL-2.0-only
/*
 * IOMMU core of the pKVM hypervisor: domains, and the pages they map.
 *
 * A page that a device can reach is one that the host could reach itself, at
 * every moment from the first table entry that names it to the last TLB entry.
 * So each mapping of a page holds a reference on it (struct hyp_dma_counts), which
 * keeps it with the host:
 *
 *	map	reference, then table entry
 *	unmap	table entry, then invalidation and sync on every instance of the
 *		IOMMU, then reference
 *
 * What an unmap removes is collected on a per-CPU list by
 * pkvm_iommu_leaf_cleared() on the way, and released when the driver says that
 * the invalidation is done. If the driver says that it does not come to an end
 * the domain is quarantined: its streams are blocked, and all it references,
 * tables included, stays where it is for good.
 *
 * The host is hostile. All arguments are checked here or in the driver before
 * anything changes, and no call does more than KVM_IOMMU_MAX_PAGES pages' work.
 */

#include <linux/bitfield.h>
#include <linux/iommu.h>
#include <linux/kvm_host.h>
#include <linux/minmax.h>
#include <linux/string.h>

#include <asm/esr.h>
#include <asm/kvm_mmu.h>

#include <nvhe/iommu.h>
#include <nvhe/mem_protect.h>
#include <nvhe/memory.h>
#include <nvhe/mm.h>
#include <nvhe/trap_handler.h>

#include <hyp/adjust_pc.h>

/* What a mapping may ask for. */
#define KVM_IOMMU_PROT_MASK	(IOMMU_READ | IOMMU_WRITE | IOMMU_CACHE | \
				 IOMMU_NOEXEC | IOMMU_MMIO | IOMMU_PRIV)

/*
 * Set once, before finalisation, when all else is ready. Without it every call
 * of the host fails, and nothing else here is valid.
 */
static const struct kvm_hyp_iommu_ops *iommu_ops;

/* The host reads it before finalisation, and may have set it. */
bool kvm_hyp_iommu_bypassed;

/* Guards the pointers in domains[] and each domain's refs. */
static DEFINE_HYP_SPINLOCK(table_lock);
static struct kvm_hyp_iommu_domain **domains;
static u32 nr_domains;
static u32 next_handle;

/* Guards host_runs of all CPUs, until they are set. */
static DEFINE_HYP_SPINLOCK(set_runs_lock);

/*
 * What a call has unmapped, but not yet released, or is about to map: runs of
 * pages, KVM_IOMMU_RUN().
 */
struct cleared_leaves {
	unsigned int	nr;
	bool		overflow;
	phys_addr_t	limit;		/* of the last run, 0: not looked at */
	/* What goes as one block can be a table, and each of its entries a run. */
	u64		run[MAX(KVM_IOMMU_MAX_PAGES, PAGE_SIZE / sizeof(u64))];
};

static DEFINE_PER_CPU(struct cleared_leaves *, cleared);

/* Where each CPU of the host leaves lists of runs: the host's, shared and pinned. */
static DEFINE_PER_CPU(u64 *, host_runs);

/* What is left of the memory that came with the description, during initialisation. */
static void *boot_mem, *boot_mem_end;

/**
 * kvm_hyp_iommu_boot_alloc() - memory for the lifetime of the system
 * @size: bytes
 *
 * Context: __pkvm_iommu_init() only.
 *
 * Return: zeroed memory aligned to 64 bytes, or NULL.
 */
void *kvm_hyp_iommu_boot_alloc(size_t size)
{
	void *ret = boot_mem;

	size = ALIGN(size, 64);
	if (size > boot_mem_end - boot_mem)
		return NULL;

	boot_mem += size;

	return ret;
}

/**
 * kvm_hyp_iommu_map_mmio() - map registers at EL2
 * @phys: physical address, page aligned
 * @size: bytes, a multiple of the page size
 * @va: where they are
 *
 * This does not take them from the host, see __pkvm_host_donate_hyp_mmio().
 *
 * Context: __pkvm_iommu_init() only.
 *
 * Return: 0 or an error from the page table.
 */
int kvm_hyp_iommu_map_mmio(phys_addr_t phys, size_t size, void __iomem **va)
{
	unsigned long addr;
	int ret;

	ret = __pkvm_create_private_mapping(phys, size, PAGE_HYP_DEVICE, &addr);
	if (ret)
		return ret;

	*va = (void __iomem *)addr;

	return 0;
}

/**
 * kvm_hyp_iommu_memory_above() - is there any memory at or above an address?
 * @limit: the address
 *
 * Return: whether there is.
 */
bool kvm_hyp_iommu_memory_above(u64 limit)
{
	unsigned int i;

	for (i = 0; i < hyp_memblock_nr; i++)
		if (hyp_memory[i].base + hyp_memory[i].size > limit)
			return true;

	return false;
}

static u64 *run_to_virt(u64 run)
{
	return hyp_phys_to_virt(KVM_IOMMU_RUN_ADDR(run));
}

/* Give the runs of a list back, from the first up to @end, as they were. */
static void return_runs(u64 run, u64 end)
{
	while (run != end) {
		u64 next = *run_to_virt(run);

		WARN_ON(__pkvm_hyp_donate_host(hyp_phys_to_pfn(KVM_IOMMU_RUN_ADDR(run)),
					       KVM_IOMMU_RUN_PAGES(run)));
		run = next;
	}
}

/* Take all runs of a list, whose pages become those of @counts. */
static int take_runs(u64 first, struct hyp_dma_counts *counts)
{
	unsigned long missing = hyp_dma_count_pages();
	u32 **page = counts->page;
	u64 run = first, i;
	int ret = 0;

	while (run && !ret) {
		ret = __pkvm_host_donate_hyp(hyp_phys_to_pfn(KVM_IOMMU_RUN_ADDR(run)),
					     KVM_IOMMU_RUN_PAGES(run));
		if (ret)
			break;

		for (i = 0; i < KVM_IOMMU_RUN_PAGES(run) && missing; i++, missing--)
			*page++ = (void *)run_to_virt(run) + i * PAGE_SIZE;
		run = *run_to_virt(run);
	}

	if (!ret && missing)
		ret = -ENOMEM;
	if (ret)
		return_runs(first, run);

	return ret;
}

/*
 * What the core needs for itself. Nobody sees any of it before the driver has
 * come up: after a failure all of this memory is the host's again.
 */
struct iommu_core {
	struct kvm_hyp_iommu_domain	**domains;
	struct hyp_dma_counts		*counts;
	void				*cpus;
};

static void divide_state(struct iommu_core *state, void *mem)
{
	BUILD_BUG_ON(sizeof(struct cleared_leaves) > KVM_IOMMU_CPU_STATE);

	state->domains = mem;
	mem += PAGE_ALIGN((KVM_IOMMU_MAX_DOMAINS + 1) * sizeof(*domains));
	state->counts = mem;
	mem += PAGE_ALIGN(struct_size(state->counts, page, hyp_dma_count_pages()));
	state->cpus = mem;
}

static void publish(const struct kvm_hyp_iommu_ops *ops, const struct iommu_core *state)
{
	unsigned long i;

	for (i = 0; i < hyp_dma_count_pages(); i++)
		memset(state->counts->page[i], 0, PAGE_SIZE);
	__pkvm_host_count_dma(state->counts);

	for (i = 0; i < hyp_nr_cpus; i++)
		*per_cpu_ptr(&cleared, i) = state->cpus + i * KVM_IOMMU_CPU_STATE;

	domains = state->domains;
	iommu_ops = ops;
}

/**
 * __pkvm_iommu_init() - take a description of the IOMMUs, and the IOMMUs
 * @ops: the driver
 * @pfn: first page of the description
 * @nr_pages: pages to be donated: the description, then room for the driver, then
 *	      kvm_iommu_state_size() for the core
 * @run: first of a list of runs of pages, for counts of DMA mappings
 *
 * Context: before finalisation, once. On failure pages and registers are the
 * host's again. An IOMMU that was taken by then lets nothing through.
 *
 * Return: 0, -EBUSY if it was done before, or what the driver says.
 */
int __pkvm_iommu_init(const struct kvm_hyp_iommu_ops *ops, u64 pfn, u64 nr_pages, u64 run)
{
	size_t size = nr_pages << PAGE_SHIFT, core_size;
	void *desc = hyp_phys_to_virt(hyp_pfn_to_phys(pfn));
	struct iommu_core state;
	int ret;

	if (iommu_ops)
		return -EBUSY;
	if (!nr_pages || nr_pages > SZ_16M >> PAGE_SHIFT)
		return -EINVAL;

	ret = __pkvm_host_donate_hyp(pfn, nr_pages);
	if (ret)
		return ret;

	core_size = kvm_iommu_state_size(hyp_nr_cpus, hyp_dma_count_pages());
	if (core_size >= size) {
		ret = -ENOMEM;
		goto give_back;
	}
	size -= core_size;
	memset(desc + size, 0, core_size);
	divide_state(&state, desc + size);

	ret = take_runs(run, state.counts);
	if (ret)
		goto give_back;

	/* The driver allocates from behind the description, which it must check first. */
	boot_mem = desc;
	boot_mem_end = desc + size;
	ret = ops->init(desc, size);
	boot_mem = NULL;
	boot_mem_end = NULL;
	if (ret) {
		return_runs(run, 0);
		goto give_back;
	}

	publish(ops, &state);

	return 0;

give_back:
	memset(desc, 0, nr_pages << PAGE_SHIFT);
	WARN_ON(__pkvm_hyp_donate_host(pfn, nr_pages));

	return ret;
}

/*
 * Domains.
 */

static struct kvm_hyp_iommu_domain *domain_get(u32 handle)
{
	struct kvm_hyp_iommu_domain *domain;

	if (!iommu_ops || !handle || handle > KVM_IOMMU_MAX_DOMAINS)
		return NULL;

	hyp_spin_lock(&table_lock);
	domain = domains[handle];
	if (domain) {
		if (domain->refs && domain->refs < U32_MAX)
			domain->refs++;
		else
			domain = NULL;
	}
	hyp_spin_unlock(&table_lock);

	return domain;
}

static void domain_put(struct kvm_hyp_iommu_domain *domain)
{
	hyp_spin_lock(&table_lock);
	domain->refs--;
	hyp_spin_unlock(&table_lock);
}

/* Once the lock is dropped, the host can name the domain, and free it. */
static int domain_insert(struct kvm_hyp_iommu_domain *domain)
{
	int ret = -ENOSPC;
	u32 i, handle;

	hyp_spin_lock(&table_lock);
	for (i = 0; i < KVM_IOMMU_MAX_DOMAINS; i++) {
		handle = next_handle + 1;
		next_handle = handle % KVM_IOMMU_MAX_DOMAINS;
		if (domains[handle])
			continue;

		domain->handle = handle;
		domain->refs = 1;
		domains[handle] = domain;
		WRITE_ONCE(nr_domains, nr_domains + 1);
		ret = handle;
		break;
	}
	hyp_spin_unlock(&table_lock);

	return ret;
}

/**
 * __pkvm_iommu_alloc_domain() - make a domain
 * @iommu: index of the IOMMU that it is for
 * @fmt: enum kvm_iommu_fmt
 * @regs: x2 and x3 to return
 *
 * Return: a handle, -EINVAL, -EOPNOTSUPP for a format that the IOMMU cannot do,
 * -ENOSPC when there are too many domains, -ENOMEM with the block that is
 * missing in regs[1].
 */
int __pkvm_iommu_alloc_domain(u32 iommu, u32 fmt, u64 *regs)
{
	struct kvm_hyp_iommu_domain *domain;
	struct io_pgtable_cfg *cfg;
	int ret;

	BUILD_BUG_ON(sizeof(*domain) > PAGE_SIZE);

	if (!iommu_ops)
		return -ENODEV;
	if (fmt > KVM_IOMMU_FMT_AUTO_32BIT)
		return -EINVAL;

	domain = kvm_hyp_iommu_pool_alloc(0, false);
	if (!domain) {
		regs[1] = 0;
		return -ENOMEM;
	}

	hyp_spin_lock_init(&domain->lock);
	domain->iommu = iommu;
	domain->fmt = fmt;

	ret = iommu_ops->domain_init(domain);
	if (ret) {
		regs[1] = domain->want;
		goto free;
	}

	cfg = &domain->pgt.cfg;
	regs[0] = FIELD_PREP(KVM_IOMMU_DOMAIN_FMT, domain->fmt) |
		  FIELD_PREP(KVM_IOMMU_DOMAIN_IAS, cfg->ias) |
		  FIELD_PREP(KVM_IOMMU_DOMAIN_OAS, cfg->oas);
	regs[1] = cfg->pgsize_bitmap;

	ret = domain_insert(domain);
	if (ret > 0)
		return ret;

	iommu_ops->domain_destroy(domain);
free:
	kvm_hyp_iommu_pool_free(domain, 0);

	return ret;
}

/* Drop what the list holds: no translation of these pages is left anywhere. */
static void release_cleared(struct kvm_hyp_iommu_domain *domain)
{
	struct cleared_leaves *list = *this_cpu_ptr(&cleared);
	unsigned int i;
	u64 released = 0;

	for (i = 0; i < list->nr; i++) {
		u64 pages = KVM_IOMMU_RUN_PAGES(list->run[i]);

		__pkvm_host_unuse_dma(KVM_IOMMU_RUN_ADDR(list->run[i]), pages << PAGE_SHIFT);
		released += pages;
	}
	list->nr = 0;

	domain->nr_mapped -= released;
}

static void start_clearing(void)
{
	struct cleared_leaves *list = *this_cpu_ptr(&cleared);

	list->nr = 0;
	list->overflow = false;
}

/**
 * __pkvm_iommu_free_domain() - destroy a domain
 * @handle: the domain
 *
 * Return: 0, -ENOENT if there is none, -EBUSY while something is attached, -EIO
 * if it is quarantined, -EAGAIN if another call uses it, or if it still mapped
 * more than one call may undo: call again.
 */
int __pkvm_iommu_free_domain(u32 handle)
{
	struct kvm_hyp_iommu_domain *domain;
	bool empty;
	int ret = 0;

	if (!iommu_ops || !handle || handle > KVM_IOMMU_MAX_DOMAINS)
		return -ENOENT;

	/* With refs at 0 nobody else finds it: the domain is ours. */
	hyp_spin_lock(&table_lock);
	domain = domains[handle];
	if (!domain || !domain->refs)
		ret = -ENOENT;
	else if (domain->refs > 1)
		ret = READ_ONCE(domain->nr_attached) ? -EBUSY : -EAGAIN;
	else
		domain->refs = 0;
	hyp_spin_unlock(&table_lock);
	if (ret)
		return ret;

	hyp_spin_lock(&domain->lock);
	if (domain->quarantined) {
		ret = -EIO;
	} else {
		/* Nothing is attached: no TLB knows what is still mapped. */
		start_clearing();
		empty = hyp_io_pgtable_clear(&domain->pgt, KVM_IOMMU_MAX_PAGES);
		release_cleared(domain);
		if (!empty)
			ret = -EAGAIN;
	}
	hyp_spin_unlock(&domain->lock);

	if (ret) {
		hyp_spin_lock(&table_lock);
		domain->refs = 1;
		hyp_spin_unlock(&table_lock);
		return ret;
	}

	iommu_ops->domain_destroy(domain);

	hyp_spin_lock(&table_lock);
	domains[handle] = NULL;
	WRITE_ONCE(nr_domains, nr_domains - 1);
	hyp_spin_unlock(&table_lock);

	kvm_hyp_iommu_pool_free(domain, 0);

	return 0;
}

/**
 * kvm_hyp_iommu_quarantine() - give a domain up
 * @domain: an invalidation of it did not end
 *
 * A TLB may hold translations to its pages and tables until the system is
 * reset, so they must never serve another purpose.
 */
void kvm_hyp_iommu_quarantine(struct kvm_hyp_iommu_domain *domain)
{
	hyp_assert_lock_held(&domain->lock);

	if (domain->quarantined)
		return;

	domain->quarantined = true;
	iommu_ops->block(domain);
}

/**
 * __pkvm_iommu_attach() - let a device use a domain
 * @handle: the domain
 * @iommu: the device's IOMMU
 * @endpoint: the device's number in the description
 * @id: one of its stream IDs, its mask in [31:16]
 * @flags: KVM_IOMMU_ATTACH_QUERY: change nothing, return what an attach to a new
 *	   domain would; @handle is 0
 *
 * Return: 0, -ENOENT: no such domain; -EINVAL: the domain is for another IOMMU,
 * or a flag is unknown; -EIO: the domain is quarantined; or what the driver's
 * attach says. A query: -EINVAL: no such IOMMU; -ENODEV: there is no driver.
 */
int __pkvm_iommu_attach(u32 handle, u32 iommu, u32 endpoint, u32 id, u32 flags)
{
	struct kvm_hyp_iommu_domain *domain;
	int ret;

	if (!handle && flags == KVM_IOMMU_ATTACH_QUERY)
		return iommu_ops ? iommu_ops->query(iommu, endpoint, id) : -ENODEV;

	domain = domain_get(handle);
	if (!domain)
		return -ENOENT;

	hyp_spin_lock(&domain->lock);

	if (flags || domain->iommu != iommu)
		ret = -EINVAL;
	else if (domain->quarantined)
		ret = -EIO;
	else
		ret = iommu_ops->attach(domain, endpoint, id);

	if (!ret)
		domain->nr_attached++;

	hyp_spin_unlock(&domain->lock);

	/* An attachment keeps the reference. */
	if (ret)
		domain_put(domain);

	return ret;
}

/**
 * __pkvm_iommu_detach() - undo __pkvm_iommu_attach()
 * @handle: the domain
 * @iommu: the device's IOMMU
 * @endpoint: the device's number in the description
 * @id: one of its stream IDs, its mask in [31:16]
 *
 * Return: 0, -ENOENT: no such domain, or it was not attached; -EIO: the stream
 * is blocked and detached, and the domain in quarantine.
 */
int __pkvm_iommu_detach(u32 handle, u32 iommu, u32 endpoint, u32 id)
{
	struct kvm_hyp_iommu_domain *domain = domain_get(handle);
	int ret;

	if (!domain)
		return -ENOENT;

	hyp_spin_lock(&domain->lock);

	ret = domain->iommu == iommu && domain->nr_attached ?
	      iommu_ops->detach(domain, endpoint, id) : -ENOENT;

	if (ret == -ETIMEDOUT) {
		kvm_hyp_iommu_quarantine(domain);
		ret = -EIO;
	}

	if (!ret || ret == -EIO) {
		domain->nr_attached--;
		domain_put(domain);
	}

	hyp_spin_unlock(&domain->lock);
	domain_put(domain);

	return ret;
}

/*
 * Mappings.
 */

/*
 * Check the page size, bound the count by what one call may do, and make sure
 * that the range does not wrap or leave the address space.
 */
static int check_range(struct kvm_hyp_iommu_domain *domain, u64 iova, u64 pgsize,
		       u64 *pgcount)
{
	struct io_pgtable_cfg *cfg = &domain->pgt.cfg;
	u64 max = max(KVM_IOMMU_MAX_PAGES * PAGE_SIZE / (pgsize ?: 1), 1UL);
	u64 last;

	if (!pgsize || !is_power_of_2(pgsize) || !(pgsize & cfg->pgsize_bitmap))
		return -EINVAL;
	if (!*pgcount || !IS_ALIGNED(iova, pgsize))
		return -EINVAL;

	*pgcount = min(*pgcount, max);
	if (check_add_overflow(iova, pgsize * *pgcount - 1, &last) || last >> cfg->ias)
		return -EINVAL;

	return 0;
}

/* May the domain's devices reach the pages? Take the references if so. */
static int use_pages(struct kvm_hyp_iommu_domain *domain, u64 paddr, u64 size)
{
	u64 last;

	if (check_add_overflow(paddr, size - 1, &last) || last >> domain->pgt.cfg.oas ||
	    (domain->pa_bits && last >> domain->pa_bits))
		return -EINVAL;

	return __pkvm_host_use_dma(paddr, size);
}

/* As __pkvm_iommu_map(), for a domain that is locked. */
static int map_locked(struct kvm_hyp_iommu_domain *domain, u64 iova, u64 paddr,
		      u64 pgsize, u64 pgcount, u32 prot, u64 *done)
{
	struct io_pgtable_ops *ops = domain->pgt.ops;
	size_t size, mapped = 0;
	int ret;

	hyp_assert_lock_held(&domain->lock);

	ret = check_range(domain, iova, pgsize, &pgcount);
	if (ret)
		return ret;

	size = pgsize * pgcount;
	if ((prot & ~KVM_IOMMU_PROT_MASK) || !(prot & (IOMMU_READ | IOMMU_WRITE)))
		return -EINVAL;
	if (!IS_ALIGNED(paddr, pgsize))
		return -EINVAL;

	if (domain->quarantined)
		return -EIO;

	ret = use_pages(domain, paddr, size);
	if (ret)
		return ret;

	ret = ops->map_pages(ops, iova, paddr, pgsize, pgcount, prot, 0, &mapped);
	if (mapped < size)
		__pkvm_host_unuse_dma(paddr + mapped, size - mapped);

	domain->nr_mapped += mapped >> PAGE_SHIFT;
	*done += mapped;

	return ret;
}

/**
 * __pkvm_iommu_map() - map pages of the host
 * @handle: the domain
 * @iova: I/O virtual address, aligned to @pgsize
 * @paddr: physical address, aligned to @pgsize
 * @pgsize: one of the domain's page sizes
 * @pgcount: how many; the call may stop after KVM_IOMMU_MAX_PAGES * PAGE_SIZE
 * @prot: IOMMU_READ, IOMMU_WRITE, ...
 * @done: bytes mapped, also if an error is returned
 * @want: after -ENOMEM, the block that is missing, KVM_IOMMU_BLOCK_*
 *
 * Return: 0, -EINVAL: bad argument; -ENOENT: no such domain; -EIO: it is
 * quarantined; -EPERM: the host does not have the pages; -EEXIST: something is
 * mapped there; -EOVERFLOW: a page is mapped too often; -ENOMEM.
 */
int __pkvm_iommu_map(u32 handle, u64 iova, u64 paddr, u64 pgsize, u64 pgcount,
		     u32 prot, u64 *done, u64 *want)
{
	struct kvm_hyp_iommu_domain *domain = domain_get(handle);
	int ret;

	*done = 0;

	if (!domain)
		return -ENOENT;

	hyp_spin_lock(&domain->lock);
	ret = map_locked(domain, iova, paddr, pgsize, pgcount, prot, done);
	*want = domain->want;
	hyp_spin_unlock(&domain->lock);
	domain_put(domain);

	return ret;
}

/**
 * __pkvm_iommu_set_runs() - say where a CPU leaves lists of runs of pages
 * @cpu: the CPU
 * @pfn: a page of the host, which becomes shared with the hypervisor
 *
 * It stays so for good: the host can no longer unshare it. It is shared here,
 * and not before, so that it serves no other purpose: nobody else has to give
 * back what this pins.
 *
 * Return: 0, -EINVAL: no such CPU; -EBUSY: it has one; -EPERM: the page is not
 * the host's alone.
 */
int __pkvm_iommu_set_runs(u64 cpu, u64 pfn)
{
	u64 **runs, *page = hyp_phys_to_virt(hyp_pfn_to_phys(pfn));
	int ret = -EBUSY;

	if (!iommu_ops)
		return -ENODEV;
	if (cpu >= hyp_nr_cpus)
		return -EINVAL;

	hyp_spin_lock(&set_runs_lock);
	runs = per_cpu_ptr(&host_runs, cpu);
	if (*runs)
		goto unlock;

	ret = __pkvm_host_share_hyp(pfn);
	if (ret)
		goto unlock;

	ret = hyp_pin_shared_mem(page, page + 1);
	if (ret)
		__pkvm_host_unshare_hyp(pfn);
	else
		WRITE_ONCE(*runs, page);
unlock:
	hyp_spin_unlock(&set_runs_lock);

	return ret;
}

/*
 * All references first, then one walk for all entries. The runs are copied to
 * where an unmap collects its own: a map has none.
 */
static int map_runs_locked(struct kvm_hyp_iommu_domain *domain, u64 iova, const u64 *runs,
			   u64 nr, u32 prot, u64 *done)
{
	u64 *copy = (*this_cpu_ptr(&cleared))->run;
	u64 pages, total = 0;
	size_t mapped = 0, skip;
	int ret = 0, err;
	unsigned int i, n;

	for (n = 0; n < nr && total < KVM_IOMMU_MAX_PAGES; n++, total += pages) {
		u64 run = READ_ONCE(runs[n]), paddr = KVM_IOMMU_RUN_ADDR(run);

		pages = min(KVM_IOMMU_RUN_PAGES(run), KVM_IOMMU_MAX_PAGES - total);
		ret = use_pages(domain, paddr, pages << PAGE_SHIFT);
		if (ret)
			break;
		copy[n] = KVM_IOMMU_RUN(paddr, pages);
	}
	if (!n)
		return ret;

	err = check_range(domain, iova, PAGE_SIZE, &total) ?:
	      hyp_io_pgtable_map_runs(&domain->pgt, iova, copy, n, prot, &mapped);
	if (err == -ERANGE)
		err = -EINVAL;

	/* What is not mapped is not in use: the end, if anything. */
	for (i = 0, skip = mapped >> PAGE_SHIFT; err && i < n; i++) {
		pages = KVM_IOMMU_RUN_PAGES(copy[i]);
		if (skip < pages)
			__pkvm_host_unuse_dma(KVM_IOMMU_RUN_ADDR(copy[i]) + (skip << PAGE_SHIFT),
					      (pages - skip) << PAGE_SHIFT);
		skip -= min(skip, pages);
	}

	domain->nr_mapped += mapped >> PAGE_SHIFT;
	*done = mapped;

	return err ?: ret;
}

/**
 * __pkvm_iommu_map_runs() - map runs of pages of the host, one behind the other
 * @handle: the domain
 * @iova: I/O virtual address of the first run, page aligned
 * @nr: how many runs the calling CPU has left in its page; the call may stop
 *	after KVM_IOMMU_MAX_PAGES pages, also within a run
 * @prot: IOMMU_READ, IOMMU_WRITE, ...
 * @done: bytes mapped, also if an error is returned
 * @want: after -ENOMEM, the block that is missing, KVM_IOMMU_BLOCK_*
 *
 * The host may write to the page at any time: each run is read once.
 *
 * Return: 0, -EINVAL: bad argument, or the CPU has no page; else as
 * __pkvm_iommu_map() about the first run that is not mapped in full.
 */
int __pkvm_iommu_map_runs(u32 handle, u64 iova, u64 nr, u32 prot, u64 *done, u64 *want)
{
	const u64 *runs = READ_ONCE(*this_cpu_ptr(&host_runs));
	struct kvm_hyp_iommu_domain *domain;
	int ret;

	*done = 0;

	if (!runs || !nr || nr > KVM_IOMMU_MAX_RUNS)
		return -EINVAL;

	domain = domain_get(handle);
	if (!domain)
		return -ENOENT;

	hyp_spin_lock(&domain->lock);
	ret = domain->quarantined ? -EIO : map_runs_locked(domain, iova, runs, nr, prot, done);
	*want = domain->want;
	hyp_spin_unlock(&domain->lock);
	domain_put(domain);

	return ret;
}

/**
 * __pkvm_iommu_unmap() - unmap pages
 * @handle: the domain
 * @iova: I/O virtual address, aligned to @pgsize
 * @pgsize: one of the domain's page sizes
 * @pgcount: how many; the call may stop after KVM_IOMMU_MAX_PAGES * PAGE_SIZE,
 *	     and stops at the first page that is not mapped
 * @done: bytes unmapped
 *
 * When the call returns, no device reaches what was unmapped, and the host may
 * give the pages away.
 *
 * Return: 0, -EINVAL: bad argument; -ENOENT: no such domain, or nothing is
 * mapped at @iova; -EIO: the domain is, or now is, quarantined.
 */
int __pkvm_iommu_unmap(u32 handle, u64 iova, u64 pgsize, u64 pgcount, u64 *done)
{
	struct kvm_hyp_iommu_domain *domain = domain_get(handle);
	struct io_pgtable_ops *ops;
	size_t unmapped;
	int ret;

	*done = 0;

	if (!domain)
		return -ENOENT;

	hyp_spin_lock(&domain->lock);

	ret = check_range(domain, iova, pgsize, &pgcount);
	if (ret)
		goto unlock;

	ret = -EIO;
	if (domain->quarantined)
		goto unlock;

	start_clearing();
	ops = domain->pgt.ops;
	unmapped = ops->unmap_pages(ops, iova, pgsize, pgcount, NULL);
	ret = unmapped ? 0 : -ENOENT;

	/* A flush on the way may have been one that did not end. */
	if (unmapped && !domain->quarantined &&
	    iommu_ops->tlb_inv_range(domain, iova, unmapped, pgsize))
		kvm_hyp_iommu_quarantine(domain);

	if (domain->quarantined || (*this_cpu_ptr(&cleared))->overflow) {
		kvm_hyp_iommu_quarantine(domain);
		ret = -EIO;
		goto unlock;
	}

	release_cleared(domain);
	*done = unmapped;
unlock:
	hyp_spin_unlock(&domain->lock);
	domain_put(domain);

	return ret;
}

/**
 * __pkvm_iommu_iova_to_phys() - what does an address translate to?
 * @handle: the domain
 * @iova: I/O virtual address
 * @paddr: physical address
 *
 * Return: 0, -ENOENT: no such domain, or nothing is mapped there.
 */
int __pkvm_iommu_iova_to_phys(u32 handle, u64 iova, u64 *paddr)
{
	struct kvm_hyp_iommu_domain *domain = domain_get(handle);
	struct io_pgtable_ops *ops;
	int ret = -ENOENT;

	*paddr = 0;

	if (!domain)
		return -ENOENT;

	hyp_spin_lock(&domain->lock);
	if (!(iova >> domain->pgt.cfg.ias)) {
		ops = domain->pgt.ops;
		*paddr = ops->iova_to_phys(ops, iova);
		if (*paddr)
			ret = 0;
	}
	hyp_spin_unlock(&domain->lock);
	domain_put(domain);

	return ret;
}

/*
 * What io-pgtable asks of us, see nvhe/io-pgtable.h. The domain's lock is held,
 * but for a domain that nobody else knows.
 */

void *pkvm_iommu_table_alloc(void *cookie, size_t size)
{
	struct kvm_hyp_iommu_domain *domain = cookie;
	int order = size <= PAGE_SIZE ? 0 : get_order(size);
	void *table;

	if (order && order != KVM_IOMMU_MAX_ORDER)
		return NULL;

	if (size <= KVM_IOMMU_SMALL_SIZE && domain->low_tables)
		table = kvm_hyp_iommu_pool_alloc_small();
	else
		table = kvm_hyp_iommu_pool_alloc(order, domain->low_tables);

	if (!table)
		domain->want = FIELD_PREP(KVM_IOMMU_BLOCK_ORDER, order) |
			       (domain->low_tables ? KVM_IOMMU_BLOCK_LOW : 0);

	return table;
}

void pkvm_iommu_table_free(void *cookie, void *table, size_t size)
{
	struct kvm_hyp_iommu_domain *domain = cookie;

	/* A walker may still read it, then it must stay a table. */
	if (domain->quarantined)
		return;

	if (size <= KVM_IOMMU_SMALL_SIZE && domain->low_tables)
		kvm_hyp_iommu_pool_free_small(table);
	else
		kvm_hyp_iommu_pool_free(table, size <= PAGE_SIZE ? 0 : get_order(size));
}

void pkvm_iommu_leaf_cleared(void *cookie, phys_addr_t paddr, size_t size)
{
	struct cleared_leaves *list = *this_cpu_ptr(&cleared);
	u64 *last = list->nr ? &list->run[list->nr - 1] : NULL;
	u64 pages = size >> PAGE_SHIFT;

	/* A scatter-gather list often has neighbours: fewer runs, fewer locks. */
	if (last) {
		phys_addr_t start = KVM_IOMMU_RUN_ADDR(*last);
		u64 nr = KVM_IOMMU_RUN_PAGES(*last);

		if (start + (nr << PAGE_SHIFT) == paddr && nr + pages <= KVM_IOMMU_MAX_PAGES) {
			/* A run is memory, or is not */
			if (!list->limit)
				list->limit = addr_range_end(start);
			if (paddr < list->limit) {
				*last += pages;
				return;
			}
		}
	}

	if (list->nr == ARRAY_SIZE(list->run) || pages > PAGE_SIZE) {
		list->overflow = true;
		return;
	}

	list->limit = 0;
	list->run[list->nr++] = KVM_IOMMU_RUN(paddr, pages);
}

/**
 * __pkvm_iommu_topup() - take a block of memory from the host
 * @pfn: its first page
 * @order: 0 or KVM_IOMMU_MAX_ORDER
 *
 * Return: 0, -ENODEV where nothing could use it, or as kvm_hyp_iommu_topup().
 */
int __pkvm_iommu_topup(u64 pfn, u32 order)
{
	return iommu_ops ? kvm_hyp_iommu_topup(pfn, order) : -ENODEV;
}

/**
 * __pkvm_iommu_reclaim() - give a free block back to the host
 * @order: as it was donated
 * @pfn: its first page
 *
 * Return: 0, -ENODEV where nothing was ever donated, or as
 * kvm_hyp_iommu_reclaim().
 */
int __pkvm_iommu_reclaim(u32 order, u64 *pfn)
{
	return iommu_ops ? kvm_hyp_iommu_reclaim(order, pfn) : -ENODEV;
}

/**
 * kvm_hyp_iommu_resume() - make sure that isolation holds after a loss of power
 *
 * Context: a CPU that enters the host from reset.
 */
void kvm_hyp_iommu_resume(void)
{
	if (iommu_ops)
		iommu_ops->resume();
}

/**
 * kvm_hyp_iommu_host_access() - make an access of the host in its place
 * @host_ctxt: the host's registers
 * @esr: syndrome of the abort
 * @phys: the address, which is not the host's
 *
 * The driver decides whether the host may do what the syndrome describes. A
 * load or store whose syndrome does not describe it, an access by user space,
 * a walk of the host's own tables are not made.
 *
 * Return: true if it was made, and the host is to go on behind it.
 */
bool kvm_hyp_iommu_host_access(struct kvm_cpu_context *host_ctxt, u64 esr, phys_addr_t phys)
{
	unsigned int reg = FIELD_GET(ESR_ELx_SRT_MASK, esr);
	unsigned int size = 1 << FIELD_GET(ESR_ELx_SAS, esr);
	u64 mode = read_sysreg_el2(SYS_SPSR) & PSR_MODE_MASK;
	bool write = esr & ESR_ELx_WNR;
	u64 val = 0;

	if (!iommu_ops || !iommu_ops->host_access)
		return false;

	if (ESR_ELx_EC(esr) != ESR_ELx_EC_DABT_LOW || !esr_fsc_is_translation_fault(esr) ||
	    !(esr & ESR_ELx_ISV) || esr & (ESR_ELx_S1PTW | ESR_ELx_CM))
		return false;
	if (mode != PSR_MODE_EL1h && mode != PSR_MODE_EL1t)
		return false;

	/* Register 31 is the zero register. */
	if (write && reg != 31)
		val = cpu_reg(host_ctxt, reg) & GENMASK_ULL(size * 8 - 1, 0);

	if (iommu_ops->host_access(phys, write, size, &val))
		return false;

	if (!write && reg != 31) {
		if (esr & ESR_ELx_SSE)
			val = sign_extend64(val, size * 8 - 1);
		cpu_reg(host_ctxt, reg) = esr & ESR_ELx_SF ? val : lower_32_bits(val);
	}
	kvm_skip_host_instr();

	return true;
}

/*
 * Reports.
 */

int __pkvm_iommu_next_fault(u32 iommu, u64 *regs)
{
	return iommu_ops ? iommu_ops->next_fault(iommu, regs) : -ENODEV;
}

int __pkvm_iommu_stream_info(u32 iommu, u32 endpoint, u32 id, u64 *info)
{
	*info = 0;

	return iommu_ops ? iommu_ops->stream_info(iommu, endpoint, id, info) : -ENODEV;
}

/* Of all domains, a few at a time: a sum for those who look, which no call waits for. */
static u64 count_mapped(void)
{
	u64 sum = 0;
	u32 i = 1;

	while (i <= KVM_IOMMU_MAX_DOMAINS) {
		hyp_spin_lock(&table_lock);
		do {
			if (domains[i])
				sum += READ_ONCE(domains[i]->nr_mapped);
		} while (++i <= KVM_IOMMU_MAX_DOMAINS && i % 64);
		hyp_spin_unlock(&table_lock);
	}

	return sum;
}

/* Without a reference: while somebody has one, the domain cannot be freed. */
static int domain_use(u32 handle, u64 *val)
{
	const struct kvm_hyp_iommu_domain *domain;
	int ret = -ENOENT;

	hyp_spin_lock(&table_lock);
	domain = domains[handle];
	if (domain) {
		u64 pages = READ_ONCE(domain->nr_mapped);
		u64 attached = READ_ONCE(domain->nr_attached);

		pages = min_t(u64, pages, FIELD_MAX(KVM_IOMMU_USE_PAGES));
		attached = min_t(u64, attached, FIELD_MAX(KVM_IOMMU_USE_ATTACHED));
		*val = FIELD_PREP(KVM_IOMMU_USE_PAGES, pages) |
		       FIELD_PREP(KVM_IOMMU_USE_ATTACHED, attached) |
		       FIELD_PREP(KVM_IOMMU_USE_IOMMU, domain->iommu) |
		       FIELD_PREP(KVM_IOMMU_USE_FMT, domain->fmt);
		if (READ_ONCE(domain->quarantined))
			*val |= KVM_IOMMU_USE_QUARANTINED;
		ret = 0;
	}
	hyp_spin_unlock(&table_lock);

	return ret;
}

int __pkvm_iommu_get_stats(u32 index, u64 *val)
{
	*val = 0;

	if (!iommu_ops)
		return -ENODEV;

	switch (index) {
	case KVM_IOMMU_STAT_DOMAINS:
		*val = READ_ONCE(nr_domains);
		return 0;
	case KVM_IOMMU_STAT_MAPPED_PAGES:
		*val = count_mapped();
		return 0;
	}

	if (index < KVM_IOMMU_STAT_DRIVER)
		return kvm_hyp_iommu_pool_stat(index, val);
	if (index >= KVM_IOMMU_STAT_DOMAIN &&
	    index <= KVM_IOMMU_STAT_DOMAIN + KVM_IOMMU_MAX_DOMAINS)
		return domain_use(index - KVM_IOMMU_STAT_DOMAIN, val);

	return iommu_ops->stat(index, val);
}
