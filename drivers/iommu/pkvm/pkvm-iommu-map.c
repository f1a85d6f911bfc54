// SPDX-License-Identifier: GPL-2.0-only
/*
 * Map the pages of a scatter-gather list with one hypercall.
 *
 * The IOMMU core maps a scatter-gather list as many runs of pages at consecutive I/O
 * addresses, and then calls iotlb_sync_map, after which the mappings must work. A
 * domain collects these runs in a batch:
 *
 *	map	map	map	sync
 *	 |	 |	 |	 |
 *	run	run	run	 `--> one hypercall for all
 *
 * A domain has one batch, of the addresses [iova, iova + size). It belongs to the
 * context that started it: a task, or an interrupt of that task. A run that does not
 * continue the batch, or belongs to another context, is mapped at once. A full batch
 * is mapped, and a new one is started.
 *
 * Runs stay in the batch until they are mapped or unmapped. If the hypervisor refuses
 * a run, the runs before it are mapped, and the others stay in the batch. The sync
 * fails, and the core unmaps the whole range, which drops them.
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

#include "pkvm-iommu.h"

/*
 * The limit is a number of pages, not of runs, so that the array never overflows:
 * each run has at least one page. Interrupts are off while they are mapped, which
 * takes a few calls.
 */
#define BATCH_SIZE	(KVM_IOMMU_MAX_RUNS * PAGE_SIZE)

/**
 * pkvm_iommu_batch_init() - initialise a domain's batch
 * @b: the batch
 *
 * If there is no memory, runs are not collected but mapped at once.
 */
void pkvm_iommu_batch_init(struct pkvm_iommu_batch *b)
{
	spin_lock_init(&b->lock);
	b->runs = kvm_iommu_can_map_runs() ?
		  (u64 *)__get_free_page(GFP_KERNEL) : NULL;
}
EXPORT_SYMBOL_IF_KUNIT(pkvm_iommu_batch_init);

/**
 * pkvm_iommu_batch_free() - undo pkvm_iommu_batch_init()
 * @b: the batch
 */
void pkvm_iommu_batch_free(struct pkvm_iommu_batch *b)
{
	free_page((unsigned long)b->runs);
}
EXPORT_SYMBOL_IF_KUNIT(pkvm_iommu_batch_free);

/*
 * Other tasks read @nr without the lock, to find out whether the batch is empty. So
 * it is written once, when all else is done.
 */

/* Drop the first @size bytes. */
static void drop_front(struct pkvm_iommu_batch *b, size_t size)
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

/* Drop the last @size bytes. */
static void drop_back(struct pkvm_iommu_batch *b, size_t size)
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

static bool overlaps(const struct pkvm_iommu_batch *b, unsigned long iova, size_t size)
{
	return b->nr && (iova - b->iova < b->size || b->iova - iova < size);
}

static int flush(struct pkvm_iommu_batch *b, u32 handle)
{
	size_t mapped = 0;
	int ret;

	ret = kvm_iommu_map_runs(handle, b->iova, b->runs, b->nr, b->prot,
				 GFP_ATOMIC, &mapped);
	drop_front(b, mapped);

	return ret;
}

/* Return true if a run continues the batch: in address, permissions and context. */
static bool continues(const struct pkvm_iommu_batch *b, unsigned long iova, int prot)
{
	return b->iova + b->size == iova && b->prot == prot &&
	       b->owner == current && b->in_task == in_task();
}

/**
 * pkvm_iommu_batch_add() - add a run of pages to a batch
 * @b: the batch
 * @handle: the domain
 * @iova: I/O address, page aligned
 * @paddr: physical address of the first page
 * @size: bytes
 * @prot: IOMMU_READ, IOMMU_WRITE, ...
 *
 * Return: 0, -EAGAIN if the caller must map the run, or another error if the batch was
 * full and could not be mapped
 */
int pkvm_iommu_batch_add(struct pkvm_iommu_batch *b, u32 handle, unsigned long iova,
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
EXPORT_SYMBOL_IF_KUNIT(pkvm_iommu_batch_add);

/**
 * pkvm_iommu_batch_sync() - map the pages of a range that are in a batch
 * @b: the batch
 * @handle: the domain
 * @iova: start of the range
 * @size: bytes
 *
 * Return: 0 if no page of the range is left in the batch, else a negative errno
 */
int pkvm_iommu_batch_sync(struct pkvm_iommu_batch *b, u32 handle,
			  unsigned long iova, size_t size)
{
	unsigned long flags;
	int ret = 0;

	/* If it is empty, no other context adds pages of this range */
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
EXPORT_SYMBOL_IF_KUNIT(pkvm_iommu_batch_sync);

/**
 * pkvm_iommu_batch_cancel() - drop the pages of a range from a batch
 * @b: the batch
 * @handle: the domain
 * @iova: start of the range
 * @size: bytes
 *
 * Return: the number of bytes of the range that were dropped; they are at its end
 */
size_t pkvm_iommu_batch_cancel(struct pkvm_iommu_batch *b, u32 handle,
			       unsigned long iova, size_t size)
{
	unsigned long flags, end = iova + size;
	size_t dropped = 0;

	if (!READ_ONCE(b->nr))
		return 0;

	spin_lock_irqsave(&b->lock, flags);

	/* Pages behind the range must be mapped, if the hypervisor accepts them */
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
EXPORT_SYMBOL_IF_KUNIT(pkvm_iommu_batch_cancel);

/**
 * pkvm_iommu_batch_find() - look up an address in a batch
 * @b: the batch
 * @iova: the I/O address
 *
 * Return: the physical address, or 0 if it is not in the batch
 */
phys_addr_t pkvm_iommu_batch_find(struct pkvm_iommu_batch *b, unsigned long iova)
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
EXPORT_SYMBOL_IF_KUNIT(pkvm_iommu_batch_find);
