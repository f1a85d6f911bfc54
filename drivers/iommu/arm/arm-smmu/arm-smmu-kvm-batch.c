// SPDX-License-Identifier: GPL-2.0-only
/*
 * Pages that the IOMMU core maps one run at a time, handed to the hypervisor
 * together.
 *
 * The core maps a scatter-gather list as many runs of pages at consecutive I/O
 * addresses, and then says that these have to work (iotlb_sync_map). A domain
 * collects such runs:
 *
 *	map	map	map	sync
 *	 |	 |	 |	 |
 *	run	run	run	 `--> one hypercall for all
 *
 * There is one collection in a domain, [iova, iova + size[, and it belongs to
 * the task that began it, at task level or in an interrupt. A run that does not
 * continue it, or is somebody else's, goes to the hypervisor at once. When it is
 * full it is mapped, and a new one begins.
 *
 * What was collected stays so until it is mapped or taken back. If the
 * hypervisor refuses a run, those before it are mapped, and it and those behind
 * it remain: the sync fails, and the core unmaps the whole range, whereupon they
 * are dropped.
 */

#include <kunit/visibility.h>

#include <linux/build_bug.h>
#include <linux/export.h>
#include <linux/gfp.h>
#include <linux/minmax.h>
#include <linux/preempt.h>
#include <linux/sched.h>
#include <linux/spinlock.h>
#include <linux/string.h>

#include <asm/kvm_iommu.h>

#include "arm-smmu-kvm-host.h"

/*
 * As many pages as there is room for runs, so that there is room for each run.
 * Interrupts are off while they are mapped, which the hypervisor does with a few
 * calls.
 */
#define BATCH_SIZE	(KVM_IOMMU_MAX_RUNS * PAGE_SIZE)

/**
 * smmu_kvm_batch_init() - prepare a domain's collection
 * @b: the collection
 *
 * Without memory for it nothing is collected, and everything works.
 */
void smmu_kvm_batch_init(struct smmu_kvm_batch *b)
{
	spin_lock_init(&b->lock);
	b->runs = kvm_iommu_can_map_runs() ?
		  (u64 *)__get_free_page(GFP_KERNEL) : NULL;
}
EXPORT_SYMBOL_IF_KUNIT(smmu_kvm_batch_init);

/**
 * smmu_kvm_batch_free() - undo smmu_kvm_batch_init()
 * @b: the collection
 */
void smmu_kvm_batch_free(struct smmu_kvm_batch *b)
{
	free_page((unsigned long)b->runs);
}
EXPORT_SYMBOL_IF_KUNIT(smmu_kvm_batch_free);

/*
 * Others read the number of runs without the lock, to see whether there are any:
 * it changes once, at the end.
 */

/* Forget the first @size bytes */
static void drop_front(struct smmu_kvm_batch *b, size_t size)
{
	size_t pages = size / PAGE_SIZE;
	unsigned int i, nr;

	b->iova += size;
	b->size -= size;

	if (!b->size) {
		WRITE_ONCE(b->nr, 0);
		return;
	}

	for (i = 0; i < b->nr && pages >= KVM_IOMMU_RUN_PAGES(b->runs[i]); i++)
		pages -= KVM_IOMMU_RUN_PAGES(b->runs[i]);
	nr = b->nr - i;
	memmove(b->runs, b->runs + i, nr * sizeof(*b->runs));

	b->runs[0] = KVM_IOMMU_RUN(KVM_IOMMU_RUN_ADDR(b->runs[0]) + pages * PAGE_SIZE,
				   KVM_IOMMU_RUN_PAGES(b->runs[0]) - pages);
	WRITE_ONCE(b->nr, nr);
}

/* Forget the last @size bytes */
static void drop_back(struct smmu_kvm_batch *b, size_t size)
{
	size_t pages = size / PAGE_SIZE;
	unsigned int nr = b->nr;

	b->size -= size;

	while (nr && pages >= KVM_IOMMU_RUN_PAGES(b->runs[nr - 1]))
		pages -= KVM_IOMMU_RUN_PAGES(b->runs[--nr]);

	if (nr)
		b->runs[nr - 1] -= pages;
	WRITE_ONCE(b->nr, nr);
}

static bool overlaps(const struct smmu_kvm_batch *b, unsigned long iova, size_t size)
{
	return b->nr && (iova - b->iova < b->size || b->iova - iova < size);
}

static int flush(struct smmu_kvm_batch *b, u32 handle)
{
	size_t mapped = 0;
	int ret;

	ret = kvm_iommu_map_runs(handle, b->iova, b->runs, b->nr, b->prot,
				 GFP_ATOMIC, &mapped);
	drop_front(b, mapped);

	return ret;
}

/* Does a run go on where the collection ends, for the same purpose? */
static bool continues(const struct smmu_kvm_batch *b, unsigned long iova, int prot)
{
	return b->iova + b->size == iova && b->prot == prot &&
	       b->owner == current && b->in_task == in_task();
}

/**
 * smmu_kvm_batch_add() - collect a run of pages
 * @b: the collection
 * @handle: the domain
 * @iova: where, page aligned
 * @paddr: the first page
 * @size: bytes
 * @prot: IOMMU_READ, IOMMU_WRITE, ...
 *
 * Return: 0, -EAGAIN if it has to be mapped at once, or why what was collected
 * before it cannot be mapped
 */
int smmu_kvm_batch_add(struct smmu_kvm_batch *b, u32 handle, unsigned long iova,
		       phys_addr_t paddr, size_t size, int prot)
{
	unsigned long flags;
	int ret = -EAGAIN;

	BUILD_BUG_ON(BATCH_SIZE / PAGE_SIZE > KVM_IOMMU_RUN_MAX_PAGES);

	if (!b->runs)
		return -EAGAIN;

	spin_lock_irqsave(&b->lock, flags);

	if (b->nr && !continues(b, iova, prot))
		goto unlock;

	if (b->nr && size > BATCH_SIZE - b->size) {
		ret = flush(b, handle);
		if (ret)
			goto unlock;
		ret = -EAGAIN;
	}

	if (size > BATCH_SIZE)
		goto unlock;

	if (!b->nr) {
		b->owner = current;
		b->in_task = in_task();
		b->iova = iova;
		b->size = 0;
		b->prot = prot;
	}

	b->runs[b->nr] = KVM_IOMMU_RUN(paddr, size / PAGE_SIZE);
	WRITE_ONCE(b->nr, b->nr + 1);
	b->size += size;
	ret = 0;

unlock:
	spin_unlock_irqrestore(&b->lock, flags);
	return ret;
}
EXPORT_SYMBOL_IF_KUNIT(smmu_kvm_batch_add);

/**
 * smmu_kvm_batch_sync() - map what was collected of a range
 * @b: the collection
 * @handle: the domain
 * @iova: start of the range
 * @size: bytes
 *
 * Return: 0 if nothing of the range is left, else a negative errno
 */
int smmu_kvm_batch_sync(struct smmu_kvm_batch *b, u32 handle,
			unsigned long iova, size_t size)
{
	unsigned long flags;
	int ret = 0;

	/* Nobody else makes it more */
	if (!READ_ONCE(b->nr))
		return 0;

	spin_lock_irqsave(&b->lock, flags);
	if (overlaps(b, iova, size)) {
		ret = flush(b, handle);
		if (!overlaps(b, iova, size))
			ret = 0;
	}
	spin_unlock_irqrestore(&b->lock, flags);

	return ret;
}
EXPORT_SYMBOL_IF_KUNIT(smmu_kvm_batch_sync);

/**
 * smmu_kvm_batch_cancel() - do not map what was collected of a range
 * @b: the collection
 * @handle: the domain
 * @iova: start of the range
 * @size: bytes
 *
 * Return: the bytes of the range that were dropped; they are at its end
 */
size_t smmu_kvm_batch_cancel(struct smmu_kvm_batch *b, u32 handle,
			     unsigned long iova, size_t size)
{
	unsigned long flags, end = iova + size;
	size_t dropped = 0;

	if (!READ_ONCE(b->nr))
		return 0;

	spin_lock_irqsave(&b->lock, flags);

	/* What follows the range is wanted, if it can be had */
	if (overlaps(b, iova, size) && end < b->iova + b->size)
		flush(b, handle);

	if (overlaps(b, iova, size)) {
		unsigned long start = max(iova, b->iova);

		dropped = min(end, b->iova + b->size) - start;
		drop_back(b, b->iova + b->size - start);
	}

	spin_unlock_irqrestore(&b->lock, flags);

	return dropped;
}
EXPORT_SYMBOL_IF_KUNIT(smmu_kvm_batch_cancel);

/**
 * smmu_kvm_batch_find() - what does a collected address stand for?
 * @b: the collection
 * @iova: the address
 *
 * Return: the physical address, or 0 if it was not collected
 */
phys_addr_t smmu_kvm_batch_find(struct smmu_kvm_batch *b, unsigned long iova)
{
	phys_addr_t paddr = 0;
	unsigned long flags;
	unsigned int i;
	size_t offset;

	if (!READ_ONCE(b->nr))
		return 0;

	spin_lock_irqsave(&b->lock, flags);
	if (overlaps(b, iova, 1)) {
		offset = iova - b->iova;
		for (i = 0; offset / PAGE_SIZE >= KVM_IOMMU_RUN_PAGES(b->runs[i]); i++)
			offset -= KVM_IOMMU_RUN_PAGES(b->runs[i]) * PAGE_SIZE;
		paddr = KVM_IOMMU_RUN_ADDR(b->runs[i]) + offset;
	}
	spin_unlock_irqrestore(&b->lock, flags);

	return paddr;
}
EXPORT_SYMBOL_IF_KUNIT(smmu_kvm_batch_find);
