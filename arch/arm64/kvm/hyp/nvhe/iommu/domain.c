// SPDX-License-Identifier: GPL-2.0-only
/*
 * IOMMU core of the pKVM hypervisor: domains, and the pages that they map.
 *
 * A device can reach a page from the first table entry that maps it until the last
 * TLB entry is gone. During that time the page must not leave the host. So each
 * mapping of a page holds a reference to it (struct hyp_dma_counts):
 *
 *	map	take the reference, then write the table entry
 *	unmap	clear the table entry, then invalidate and sync every instance of
 *		the IOMMU, then drop the reference
 *
 * An unmap first lists, per CPU, the pages that it is going to remove. Their
 * references are dropped when the driver reports that the invalidation is complete.
 * If it times out, the domain is quarantined: its streams are blocked,
 * its pages never leave the host, and its tables are never freed.
 *
 * The host is hostile. All arguments are checked here or in the driver before
 * anything changes, and no call maps or unmaps more than KVM_IOMMU_MAX_PAGES pages.
 */

#include <linux/bitfield.h>
#include <linux/err.h>
#include <linux/iommu.h>
#include <linux/kvm_host.h>
#include <linux/minmax.h>
#include <linux/string.h>

#include <asm/kvm_mmu.h>

#include <nvhe/iommu.h>
#include <nvhe/mem_protect.h>
#include <nvhe/memory.h>
#include <nvhe/mm.h>

/* Guards the pointers in domains[] and each domain's refs. */
static DEFINE_HYP_SPINLOCK(table_lock);
static struct kvm_hyp_iommu_domain **domains;
static u32 nr_domains;
static u32 next_handle;

/*
 * Runs of pages (KVM_IOMMU_RUN()) that a call has unmapped and not yet released, or
 * is about to map.
 */
struct cleared_leaves {
	struct io_pgtable_runs	runs;
	/* Unmapping a block may unmap a table, and each of its entries may be a run. */
	u64			run[MAX(KVM_IOMMU_MAX_PAGES, PAGE_SIZE / sizeof(u64))];
};

static DEFINE_PER_CPU(struct cleared_leaves *, cleared);

/**
 * kvm_hyp_iommu_domains_init() - initialise the table of domains
 * @table: room for a pointer to each domain, zeroed
 * @cpus: KVM_IOMMU_CPU_STATE bytes for each CPU, zeroed
 *
 * No domain can be allocated before this.
 *
 * Context: __pkvm_iommu_init() only.
 */
void kvm_hyp_iommu_domains_init(void *table, void *cpus)
{
	unsigned long i;

	BUILD_BUG_ON(sizeof(struct cleared_leaves) > KVM_IOMMU_CPU_STATE);

	for (i = 0; i < hyp_nr_cpus; i++)
		*per_cpu_ptr(&cleared, i) = cpus + i * KVM_IOMMU_CPU_STATE;

	domains = table;
}

/*
 * Domains.
 */

static struct kvm_hyp_iommu_domain *domain_get(u32 handle)
{
	struct kvm_hyp_iommu_domain *domain;

	if (!domains || !handle || handle > KVM_IOMMU_MAX_DOMAINS)
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

/* Once this drops the lock, the host can use the domain, and free it. */
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

static const struct kvm_iommu_domain_ops *find_domain_ops(u32 iommu)
{
	const struct kvm_iommu_ops *ops = kvm_hyp_iommu_driver(iommu);

	if (IS_ERR(ops))
		return ERR_CAST(ops);

	return ops->domain_ops ?: ERR_PTR(-EOPNOTSUPP);
}

/**
 * __pkvm_iommu_alloc_domain() - allocate a domain
 * @iommu: number of the IOMMU that it is for
 * @fmt: enum kvm_iommu_fmt
 * @regs: x2 and x3 to return
 *
 * Return: a handle, -ENODEV: there is no driver; -EINVAL: no such IOMMU or format;
 * -EOPNOTSUPP: the IOMMU does not support the format, or has no domains; -ENOSPC:
 * there are too many domains; -ENOMEM: regs[1] is the block that is needed.
 */
int __pkvm_iommu_alloc_domain(u32 iommu, u32 fmt, u64 *regs)
{
	const struct kvm_iommu_domain_ops *ops = find_domain_ops(iommu);
	struct kvm_hyp_iommu_domain *domain;
	struct io_pgtable_cfg *cfg;
	int ret;

	BUILD_BUG_ON(sizeof(*domain) > PAGE_SIZE);

	if (IS_ERR(ops))
		return PTR_ERR(ops);
	if (fmt > KVM_IOMMU_FMT_AUTO_32BIT)
		return -EINVAL;

	domain = kvm_iommu_donate_pages(0);
	if (!domain) {
		regs[1] = 0;
		return -ENOMEM;
	}

	hyp_spin_lock_init(&domain->lock);
	domain->ops = ops;
	domain->number = iommu;
	domain->iommu = KVM_IOMMU_INDEX(iommu);
	domain->fmt = fmt;

	ret = ops->alloc_domain(domain);
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

	ops->free_domain(domain);
free:
	kvm_iommu_reclaim_pages(domain);

	return ret;
}

/* Drop the references of the pages on the list: no translation of them is left. */
static void release_cleared(struct kvm_hyp_iommu_domain *domain)
{
	struct io_pgtable_runs *runs = &(*this_cpu_ptr(&cleared))->runs;
	unsigned int i;
	u64 released = 0;

	for (i = 0; i < runs->nr; i++) {
		u64 pages = KVM_IOMMU_RUN_PAGES(runs->run[i]);

		__pkvm_host_unuse_dma(KVM_IOMMU_RUN_ADDR(runs->run[i]), pages << PAGE_SHIFT);
		released += pages;
	}
	runs->nr = 0;

	domain->nr_mapped -= released;
}

/* Return the list of this CPU, empty. */
static struct io_pgtable_runs *start_clearing(void)
{
	struct cleared_leaves *list = *this_cpu_ptr(&cleared);

	list->runs = (struct io_pgtable_runs){
		.run = list->run,
		.max = ARRAY_SIZE(list->run),
	};

	return &list->runs;
}

/**
 * __pkvm_iommu_free_domain() - destroy a domain
 * @handle: the domain
 *
 * Return: 0, -ENOENT if there is no such domain, -EBUSY while a stream is attached,
 * -EIO if it is quarantined, -EAGAIN to call again: another call uses the domain, or
 * it still maps more pages than one call may unmap.
 */
int __pkvm_iommu_free_domain(u32 handle)
{
	struct kvm_hyp_iommu_domain *domain;
	bool empty;
	int ret = 0;

	if (!domains || !handle || handle > KVM_IOMMU_MAX_DOMAINS)
		return -ENOENT;

	/* While refs is 0, no other call can use the domain. */
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
		/* No stream is attached: no TLB holds what is still mapped. */
		empty = hyp_io_pgtable_clear(&domain->pgt, KVM_IOMMU_MAX_PAGES,
					     start_clearing());
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

	domain->ops->free_domain(domain);

	hyp_spin_lock(&table_lock);
	domains[handle] = NULL;
	WRITE_ONCE(nr_domains, nr_domains - 1);
	hyp_spin_unlock(&table_lock);

	kvm_iommu_reclaim_pages(domain);

	return 0;
}

/**
 * kvm_hyp_iommu_quarantine() - quarantine a domain
 * @domain: a domain of which an invalidation timed out
 *
 * A TLB may hold translations to its pages, and pointers to its tables, until the
 * system is reset. So none of them may ever be reused.
 */
void kvm_hyp_iommu_quarantine(struct kvm_hyp_iommu_domain *domain)
{
	hyp_assert_lock_held(&domain->lock);

	if (domain->quarantined)
		return;

	domain->quarantined = true;
	domain->ops->block(domain);
}

static int query(u32 iommu, u32 endpoint, u32 sid)
{
	const struct kvm_iommu_domain_ops *ops = find_domain_ops(iommu);

	return IS_ERR(ops) ? PTR_ERR(ops) : ops->query_dev(KVM_IOMMU_INDEX(iommu), endpoint, sid);
}

/**
 * __pkvm_iommu_attach() - attach a stream of a device to a domain
 * @handle: the domain
 * @iommu: number of the device's IOMMU
 * @endpoint: index of the device in the description
 * @sid: one of its stream IDs, as described
 * @flags: KVM_IOMMU_ATTACH_QUERY: return what attaching the stream to a new domain
 *	   would return, without changing anything; @handle is 0
 *
 * Return: 0, -ENOENT: no such domain; -EINVAL: the domain is for another IOMMU, or a
 * flag is unknown; -EIO: the domain is quarantined; or an error of the driver. For a
 * query also -EINVAL: no such IOMMU; -ENODEV: there is no driver; -EOPNOTSUPP: the
 * IOMMU has no domains.
 */
int __pkvm_iommu_attach(u32 handle, u32 iommu, u32 endpoint, u32 sid, u32 flags)
{
	struct kvm_hyp_iommu_domain *domain;
	int ret;

	if (!handle && flags == KVM_IOMMU_ATTACH_QUERY)
		return query(iommu, endpoint, sid);

	domain = domain_get(handle);
	if (!domain)
		return -ENOENT;

	hyp_spin_lock(&domain->lock);

	if (flags || domain->number != iommu)
		ret = -EINVAL;
	else if (domain->quarantined)
		ret = -EIO;
	else
		ret = domain->ops->attach_dev(domain, endpoint, sid);

	if (!ret)
		domain->nr_attached++;

	hyp_spin_unlock(&domain->lock);

	/* An attachment holds the reference. */
	if (ret)
		domain_put(domain);

	return ret;
}

/**
 * __pkvm_iommu_detach() - undo __pkvm_iommu_attach()
 * @handle: the domain
 * @iommu: number of the device's IOMMU
 * @endpoint: index of the device in the description
 * @sid: one of its stream IDs, as described
 *
 * Return: 0, -ENOENT: no such domain, or the stream was not attached to it; -EIO: the
 * stream is detached, and the domain quarantined.
 */
int __pkvm_iommu_detach(u32 handle, u32 iommu, u32 endpoint, u32 sid)
{
	struct kvm_hyp_iommu_domain *domain = domain_get(handle);
	int ret;

	if (!domain)
		return -ENOENT;

	hyp_spin_lock(&domain->lock);

	ret = domain->number == iommu && domain->nr_attached ?
	      domain->ops->detach_dev(domain, endpoint, sid) : -ENOENT;

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

/* Limit the work of one call, but to no less than one page of any size. */
static u64 limit_count(u64 pgsize, u64 pgcount)
{
	return min(pgcount, max(KVM_IOMMU_MAX_PAGES * PAGE_SIZE / (pgsize ?: 1), 1UL));
}

/* __pkvm_iommu_map() of a locked domain. */
static int map_locked(struct kvm_hyp_iommu_domain *domain, u64 iova, u64 paddr,
		      u64 pgsize, u64 pgcount, u32 prot, size_t *mapped)
{
	size_t size;
	u64 run;
	int ret;

	hyp_assert_lock_held(&domain->lock);

	pgcount = limit_count(pgsize, pgcount);
	ret = hyp_io_pgtable_check_map(&domain->pgt, iova, paddr, pgsize, pgcount, prot);
	if (ret)
		return ret;

	if (domain->quarantined)
		return -EIO;

	size = pgsize * pgcount;
	ret = __pkvm_host_use_dma(paddr, size);
	if (ret)
		return ret;

	/* Look up the table of single pages once, not for each page. */
	run = KVM_IOMMU_RUN(paddr, pgcount);
	if (pgsize == PAGE_SIZE)
		ret = hyp_io_pgtable_map_runs(&domain->pgt, iova, &run, 1, prot, mapped);
	else
		ret = hyp_io_pgtable_map(&domain->pgt, iova, paddr, pgsize, pgcount, prot,
					 mapped);
	if (*mapped < size)
		__pkvm_host_unuse_dma(paddr + *mapped, size - *mapped);

	domain->nr_mapped += *mapped >> PAGE_SHIFT;

	return ret;
}

/**
 * __pkvm_iommu_map() - map pages of the host
 * @handle: the domain
 * @iova: I/O virtual address, aligned to @pgsize
 * @paddr: physical address, aligned to @pgsize
 * @pgsize: one of the domain's page sizes
 * @pgcount: number of pages; the call may stop after KVM_IOMMU_MAX_PAGES * PAGE_SIZE
 * @prot: IOMMU_READ, IOMMU_WRITE, ...
 * @mapped: bytes mapped, also if an error is returned
 * @want: after -ENOMEM, the block that is needed, KVM_IOMMU_BLOCK_*
 *
 * Return: 0, -EINVAL: invalid argument; -ENOENT: no such domain; -EIO: it is
 * quarantined; -EPERM: the host may not access all of the pages; -EEXIST: @iova is
 * already mapped; -EOVERFLOW: a page has too many mappings; -ENOMEM.
 */
int __pkvm_iommu_map(u32 handle, u64 iova, u64 paddr, u64 pgsize, u64 pgcount,
		     u32 prot, size_t *mapped, u64 *want)
{
	struct kvm_hyp_iommu_domain *domain = domain_get(handle);
	int ret;

	*mapped = 0;

	if (!domain)
		return -ENOENT;

	hyp_spin_lock(&domain->lock);
	ret = map_locked(domain, iova, paddr, pgsize, pgcount, prot, mapped);
	*want = domain->want;
	hyp_spin_unlock(&domain->lock);
	domain_put(domain);

	return ret;
}

/*
 * Take all references first, then write all entries in one walk. The runs are copied
 * to the list of cleared leaves, which a map does not need otherwise.
 */
static int map_runs_locked(struct kvm_hyp_iommu_domain *domain, u64 iova, const u64 *runs,
			   u64 nr, u32 prot, size_t *mapped)
{
	u64 *copy = (*this_cpu_ptr(&cleared))->run;
	u64 pages, total = 0, skip;
	unsigned int i, n;
	int ret = 0, err;

	for (n = 0; n < nr && total < KVM_IOMMU_MAX_PAGES; n++, total += pages) {
		u64 run = READ_ONCE(runs[n]), paddr = KVM_IOMMU_RUN_ADDR(run);

		pages = min(KVM_IOMMU_RUN_PAGES(run), KVM_IOMMU_MAX_PAGES - total);
		ret = hyp_io_pgtable_check_map(&domain->pgt, iova + (total << PAGE_SHIFT), paddr,
					       PAGE_SIZE, pages, prot) ?:
		      __pkvm_host_use_dma(paddr, pages << PAGE_SHIFT);
		if (ret)
			break;
		copy[n] = KVM_IOMMU_RUN(paddr, pages);
	}
	if (!n)
		return ret;

	err = hyp_io_pgtable_map_runs(&domain->pgt, iova, copy, n, prot, mapped);

	/* After an error, drop the references of the pages that were not mapped. */
	for (i = 0, skip = *mapped >> PAGE_SHIFT; err && i < n; i++) {
		pages = KVM_IOMMU_RUN_PAGES(copy[i]);
		if (skip < pages)
			__pkvm_host_unuse_dma(KVM_IOMMU_RUN_ADDR(copy[i]) + (skip << PAGE_SHIFT),
					      (pages - skip) << PAGE_SHIFT);
		skip -= min(skip, pages);
	}

	domain->nr_mapped += *mapped >> PAGE_SHIFT;

	return err ?: ret;
}

/**
 * __pkvm_iommu_map_runs() - map runs of pages of the host at consecutive addresses
 * @handle: the domain
 * @iova: I/O virtual address of the first run, page aligned
 * @nr: number of runs in the calling CPU's page; the call may stop after
 *	KVM_IOMMU_MAX_PAGES pages, also within a run
 * @prot: IOMMU_READ, IOMMU_WRITE, ...
 * @mapped: bytes mapped, also if an error is returned
 * @want: after -ENOMEM, the block that is needed, KVM_IOMMU_BLOCK_*
 *
 * The host may write to the page at any time: each run is read once.
 *
 * Return: 0, -EINVAL: invalid argument, or the CPU has no page; otherwise an error of
 * __pkvm_iommu_map() for the first run that is not completely mapped.
 */
int __pkvm_iommu_map_runs(u32 handle, u64 iova, u64 nr, u32 prot, size_t *mapped, u64 *want)
{
	const u64 *runs = kvm_hyp_iommu_host_page();
	struct kvm_hyp_iommu_domain *domain;
	int ret;

	*mapped = 0;

	if (!runs || !nr || nr > KVM_IOMMU_MAX_RUNS)
		return -EINVAL;

	domain = domain_get(handle);
	if (!domain)
		return -ENOENT;

	hyp_spin_lock(&domain->lock);
	ret = domain->quarantined ? -EIO : map_runs_locked(domain, iova, runs, nr, prot, mapped);
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
 * @pgcount: number of pages; the call may stop after KVM_IOMMU_MAX_PAGES * PAGE_SIZE,
 *	     and stops at the first page that is not mapped
 * @unmapped: bytes unmapped
 *
 * When the call returns, no device can reach these bytes through the domain any more,
 * and the pages may leave the host.
 *
 * Return: 0, -EINVAL: invalid argument; -ENOENT: no such domain, or nothing is mapped
 * at @iova; -EIO: the domain was quarantined, now or before.
 */
int __pkvm_iommu_unmap(u32 handle, u64 iova, u64 pgsize, u64 pgcount, size_t *unmapped)
{
	struct kvm_hyp_iommu_domain *domain = domain_get(handle);
	struct io_pgtable_runs *runs;
	size_t size, granule;
	int ret;

	*unmapped = 0;

	if (!domain)
		return -ENOENT;

	hyp_spin_lock(&domain->lock);

	pgcount = limit_count(pgsize, pgcount);
	ret = hyp_io_pgtable_check_range(&domain->pgt, iova, pgsize, pgcount);
	if (ret)
		goto unlock;

	ret = -EIO;
	if (domain->quarantined)
		goto unlock;

	runs = start_clearing();
	size = hyp_io_pgtable_unmap(&domain->pgt, iova, pgsize, pgcount, runs, &granule);
	ret = size ? 0 : -ENOENT;

	/* The whole range: a full list ends the unmap within a block. */
	if (runs->nr && domain->ops->iotlb_sync(domain, iova, pgsize * pgcount, granule))
		kvm_hyp_iommu_quarantine(domain);

	if (domain->quarantined) {
		ret = -EIO;
		goto unlock;
	}

	release_cleared(domain);
	*unmapped = size;
unlock:
	hyp_spin_unlock(&domain->lock);
	domain_put(domain);

	return ret;
}

/**
 * __pkvm_iommu_iova_to_phys() - look up a translation
 * @handle: the domain
 * @iova: I/O virtual address
 * @paddr: set to the physical address
 *
 * Return: 0, -ENOENT: no such domain, or nothing is mapped at @iova.
 */
int __pkvm_iommu_iova_to_phys(u32 handle, u64 iova, u64 *paddr)
{
	struct kvm_hyp_iommu_domain *domain = domain_get(handle);
	int ret = -ENOENT;

	*paddr = 0;

	if (!domain)
		return -ENOENT;

	hyp_spin_lock(&domain->lock);
	*paddr = hyp_io_pgtable_iova_to_phys(&domain->pgt, iova);
	if (*paddr)
		ret = 0;
	hyp_spin_unlock(&domain->lock);
	domain_put(domain);

	return ret;
}

/*
 * Functions that io-pgtable calls, see nvhe/io-pgtable.h. The domain's lock is held,
 * except while the domain is allocated or freed and no other call can use it.
 */

void *kvm_hyp_iommu_alloc_table(void *cookie, size_t size, gfp_t gfp)
{
	struct kvm_hyp_iommu_domain *domain = cookie;
	int order = size <= PAGE_SIZE ? 0 : get_order(size);
	void *table;

	if (order && order != KVM_IOMMU_MAX_ORDER)
		return NULL;

	if (!domain->low_tables)
		table = kvm_iommu_donate_pages(order);
	else if (size > KVM_IOMMU_PIECE_SIZE)
		table = kvm_iommu_donate_low_pages(order);
	else
		table = kvm_iommu_donate_piece();

	if (!table)
		domain->want = FIELD_PREP(KVM_IOMMU_BLOCK_ORDER, order) |
			       (domain->low_tables ? KVM_IOMMU_BLOCK_LOW : 0);

	/* An entry could not say where it is. */
	if (table && hyp_virt_to_phys(table) >> domain->pgt.cfg.oas) {
		kvm_hyp_iommu_free_table(cookie, table, size);
		table = NULL;
	}

	return table;
}

void kvm_hyp_iommu_free_table(void *cookie, void *table, size_t size)
{
	struct kvm_hyp_iommu_domain *domain = cookie;

	/* A walker may still read the table, so it must never be reused. */
	if (domain->quarantined)
		return;

	if (size <= KVM_IOMMU_PIECE_SIZE && domain->low_tables)
		kvm_iommu_reclaim_piece(table);
	else
		kvm_iommu_reclaim_pages(table);
}

/*
 * Reports.
 */

/* Sum up all domains. Release the lock now and then, so that no call waits for long. */
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

/**
 * kvm_hyp_iommu_domain_use() - return the state of a domain
 * @handle: the domain
 * @val: KVM_IOMMU_USE_*, and the number of its IOMMU
 *
 * This reads the domain under the table lock, without a reference: that would make a
 * concurrent free fail.
 *
 * Return: 0, -EINVAL: not a handle; -ENOENT: no such domain.
 */
int kvm_hyp_iommu_domain_use(u64 handle, u64 *val)
{
	const struct kvm_hyp_iommu_domain *domain;
	int ret = -ENOENT;

	if (handle > KVM_IOMMU_MAX_DOMAINS)
		return -EINVAL;

	hyp_spin_lock(&table_lock);
	domain = domains[handle];
	if (domain) {
		u64 pages = READ_ONCE(domain->nr_mapped);
		u64 attached = READ_ONCE(domain->nr_attached);

		pages = min_t(u64, pages, FIELD_MAX(KVM_IOMMU_USE_PAGES));
		attached = min_t(u64, attached, FIELD_MAX(KVM_IOMMU_USE_ATTACHED));
		val[0] = FIELD_PREP(KVM_IOMMU_USE_PAGES, pages) |
			 FIELD_PREP(KVM_IOMMU_USE_ATTACHED, attached) |
			 FIELD_PREP(KVM_IOMMU_USE_FMT, domain->fmt);
		if (READ_ONCE(domain->quarantined))
			val[0] |= KVM_IOMMU_USE_QUARANTINED;
		val[1] = domain->number;
		ret = 0;
	}
	hyp_spin_unlock(&table_lock);

	return ret;
}

/**
 * kvm_hyp_iommu_domain_stat() - read a counter of domains
 * @index: enum kvm_iommu_stat
 * @val: its value
 *
 * Return: 0, or -EINVAL if @index is not a counter of domains.
 */
int kvm_hyp_iommu_domain_stat(u64 index, u64 *val)
{
	switch (index) {
	case KVM_IOMMU_STAT_DOMAINS:
		*val = READ_ONCE(nr_domains);
		return 0;
	case KVM_IOMMU_STAT_MAPPED_PAGES:
		*val = count_mapped();
		return 0;
	}

	return -EINVAL;
}
