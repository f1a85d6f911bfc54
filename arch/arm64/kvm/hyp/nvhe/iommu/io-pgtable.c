// SPDX-License-Identifier: GPL-2.0-only
/*
 * I/O page tables at EL2: what is the same for all formats.
 *
 * A format trusts its caller, within limits that differ from one to the next,
 * and does as much of a request as suits its layout. The operations here check
 * everything before a format sees it, and repeat until all is done.
 */

#include <linux/align.h>
#include <linux/log2.h>
#include <linux/minmax.h>
#include <linux/overflow.h>
#include <linux/string.h>

#include <nvhe/io-pgtable.h>

#define HYP_IOMMU_PROT	(IOMMU_READ | IOMMU_WRITE | IOMMU_CACHE | \
			 IOMMU_NOEXEC | IOMMU_MMIO | IOMMU_PRIV)

static struct hyp_io_pgtable *ops_to_pgt(struct io_pgtable_ops *ops)
{
	return container_of(ops, struct hyp_io_pgtable, checked_ops);
}

/* Are the @size bytes from @addr aligned to @pgsize and within @bits bits? */
static bool range_valid(u64 addr, size_t size, size_t pgsize, unsigned int bits)
{
	u64 last;

	return IS_ALIGNED(addr, pgsize) &&
	       !check_add_overflow(addr, size - 1, &last) && !(last >> bits);
}

static int check_size(struct io_pgtable_cfg *cfg, size_t pgsize, size_t pgcount,
		      size_t *size)
{
	if (!is_power_of_2(pgsize) || !(pgsize & cfg->pgsize_bitmap))
		return -EINVAL;

	if (!pgcount || check_mul_overflow(pgsize, pgcount, size))
		return -EINVAL;

	return 0;
}

/*
 * Something went, or never came, at @iova: was it the last in its table? Then
 * keep that, in place of the one that was empty first.
 *
 * A table that is kept may be in use again. What matters is that each one that
 * is empty is in kept[], as the number of the table, from 1.
 */
static void keep_if_empty(struct hyp_io_pgtable *pgt, unsigned long iova)
{
	u32 table = (iova >> pgt->fmt->table_shift) + 1, *kept;
	unsigned int i;

	for (i = 0; i < HYP_IO_PGTABLE_KEEP; i++)
		if (pgt->kept[i] == table)
			return;

	if (!pgt->fmt->table_empty(&pgt->iop, iova,
				   &pgt->witness[table % HYP_IO_PGTABLE_KEEP]))
		return;

	kept = &pgt->kept[pgt->next_kept++ % HYP_IO_PGTABLE_KEEP];
	swap(*kept, table);
	if (!table)
		WRITE_ONCE(pgt->nr_kept, pgt->nr_kept + 1);
	else
		pgt->fmt->free_empty(&pgt->iop,
				     (unsigned long)(table - 1) << pgt->fmt->table_shift);
}

/* Free what is empty in a range, whose pages are as large as what a table maps. */
static void free_kept(struct hyp_io_pgtable *pgt, unsigned long iova, size_t size)
{
	unsigned int i;

	for (i = 0; i < HYP_IO_PGTABLE_KEEP; i++) {
		unsigned long start;

		if (!pgt->kept[i])
			continue;

		start = (unsigned long)(pgt->kept[i] - 1) << pgt->fmt->table_shift;
		if (start - iova >= size)
			continue;

		pgt->kept[i] = 0;
		WRITE_ONCE(pgt->nr_kept, pgt->nr_kept - 1);
		pgt->fmt->free_empty(&pgt->iop, start);
	}
}

void hyp_io_pgtable_trim(struct hyp_io_pgtable *pgt)
{
	free_kept(pgt, 0, SIZE_MAX);
}

static int hyp_map_pages(struct io_pgtable_ops *ops, unsigned long iova,
			 phys_addr_t paddr, size_t pgsize, size_t pgcount,
			 int prot, gfp_t gfp, size_t *mapped)
{
	struct hyp_io_pgtable *pgt = ops_to_pgt(ops);
	struct io_pgtable_cfg *cfg = &pgt->iop.cfg;
	size_t size;
	int ret;

	ret = check_size(cfg, pgsize, pgcount, &size);
	if (ret)
		return ret;

	if (!(prot & (IOMMU_READ | IOMMU_WRITE)) || (prot & ~HYP_IOMMU_PROT))
		return -EINVAL;

	if (!range_valid(iova, size, pgsize, cfg->ias) ||
	    !range_valid(paddr, size, pgsize, cfg->oas))
		return -ERANGE;

	/* An empty table is not in the way of a block */
	if (pgsize >= BIT(pgt->fmt->table_shift))
		free_kept(pgt, iova, size);

	while (size) {
		size_t done = 0;

		if (pgsize == PAGE_SIZE && size > PAGE_SIZE) {
			u64 run = KVM_IOMMU_RUN(paddr, min(size / PAGE_SIZE,
							   KVM_IOMMU_RUN_MAX_PAGES));

			ret = pgt->fmt->map_runs(&pgt->iop, iova, &run, 1, prot, &done);
		} else {
			ret = pgt->iop.ops.map_pages(&pgt->iop.ops, iova, paddr, pgsize,
						     size / pgsize, prot, gfp, &done);
		}
		*mapped += done;
		iova += done;
		paddr += done;
		size -= done;

		if (ret) {
			keep_if_empty(pgt, iova);
			return ret;
		}

		/* No format does nothing and calls it success */
		if (!done)
			return -EINVAL;
	}

	return 0;
}

int hyp_io_pgtable_map_runs(struct hyp_io_pgtable *pgt, unsigned long iova,
			    const u64 *runs, unsigned int nr, int prot, size_t *mapped)
{
	struct io_pgtable_cfg *cfg = &pgt->iop.cfg;
	size_t size = 0, done = 0;
	unsigned int i;
	int ret;

	if (!(cfg->pgsize_bitmap & PAGE_SIZE) || !nr)
		return -EINVAL;

	if (!(prot & (IOMMU_READ | IOMMU_WRITE)) || (prot & ~HYP_IOMMU_PROT))
		return -EINVAL;

	for (i = 0; i < nr; i++) {
		size_t run = KVM_IOMMU_RUN_PAGES(runs[i]) * PAGE_SIZE;

		if (!range_valid(KVM_IOMMU_RUN_ADDR(runs[i]), run, PAGE_SIZE, cfg->oas))
			return -ERANGE;
		size += run;
	}

	if (!range_valid(iova, size, PAGE_SIZE, cfg->ias))
		return -ERANGE;

	ret = pgt->fmt->map_runs(&pgt->iop, iova, runs, nr, prot, &done);
	*mapped += done;
	if (ret)
		keep_if_empty(pgt, iova + done);

	return ret;
}

static size_t hyp_unmap_pages(struct io_pgtable_ops *ops, unsigned long iova,
			      size_t pgsize, size_t pgcount,
			      struct iommu_iotlb_gather *gather)
{
	struct hyp_io_pgtable *pgt = ops_to_pgt(ops);
	struct io_pgtable_cfg *cfg = &pgt->iop.cfg;
	size_t table_size = BIT(pgt->fmt->table_shift);
	size_t size, unmapped = 0;

	if (check_size(cfg, pgsize, pgcount, &size) ||
	    !range_valid(iova, size, pgsize, cfg->ias))
		return 0;

	/* An empty table is not something that is mapped */
	if (pgsize >= table_size)
		free_kept(pgt, iova, size);

	while (unmapped < size) {
		size_t done, chunk = size - unmapped;

		/* No more than one table of the last level at a time */
		if (pgsize < table_size)
			chunk = min(chunk, table_size - (iova & (table_size - 1)));

		done = pgt->iop.ops.unmap_pages(&pgt->iop.ops, iova, pgsize,
						chunk / pgsize, gather);
		if (!done)
			break;

		keep_if_empty(pgt, iova);
		iova += done;
		unmapped += done;
	}

	return unmapped;
}

static phys_addr_t hyp_iova_to_phys(struct io_pgtable_ops *ops,
				    unsigned long iova)
{
	struct hyp_io_pgtable *pgt = ops_to_pgt(ops);

	if ((u64)iova >> pgt->iop.cfg.ias)
		return 0;

	return pgt->iop.ops.iova_to_phys(&pgt->iop.ops, iova);
}

int hyp_io_pgtable_init(struct hyp_io_pgtable *pgt, enum io_pgtable_fmt fmt,
			void *cookie)
{
	struct io_pgtable_cfg *cfg = &pgt->cfg;
	const struct hyp_io_pgtable_fmt *f;
	int ret;

	pgt->ops = NULL;
	memset(pgt->kept, 0, sizeof(pgt->kept));
	pgt->nr_kept = 0;
	pgt->next_kept = 0;

	switch (fmt) {
	case ARM_64_LPAE_S1:
		f = &hyp_io_pgtable_arm_64_lpae_s1;
		break;
	case ARM_V7S:
		f = &hyp_io_pgtable_arm_v7s;
		break;
	default:
		return -EOPNOTSUPP;
	}

	if (cfg->quirks & ~f->quirks || cfg->ias < f->min_ias ||
	    cfg->ias > 64 || cfg->alloc || cfg->free)
		return -EINVAL;

	pgt->iop.fmt = fmt;
	pgt->iop.cookie = cookie;

	ret = f->init(&pgt->iop, cfg);
	if (ret)
		return ret;

	pgt->iop.cfg = *cfg;
	pgt->checked_ops = (struct io_pgtable_ops) {
		.map_pages	= hyp_map_pages,
		.unmap_pages	= hyp_unmap_pages,
		.iova_to_phys	= hyp_iova_to_phys,
	};
	pgt->fmt = f;
	pgt->ops = &pgt->checked_ops;

	return 0;
}

/*
 * One run of leaves at a time. It takes a walk to find it, which looks at all of
 * the tables on the way, and if there is nothing else in them one to free them.
 */
bool hyp_io_pgtable_clear(struct hyp_io_pgtable *pgt, unsigned int max)
{
	struct iommu_iotlb_gather gather = { .queued = true };
	struct io_pgtable_ops *ops = &pgt->iop.ops;
	unsigned int count;
	unsigned long iova;
	size_t size;

	if (hyp_io_pgtable_keeps(pgt)) {
		hyp_io_pgtable_trim(pgt);
		return false;
	}

	count = pgt->fmt->first_leaves(&pgt->iop, max ?: 1, &iova, &size);
	if (!count)
		return true;

	if (max) {
		/* A block is done in one go, however large */
		count = clamp(max / (size >> PAGE_SHIFT), 1, count);
		ops->unmap_pages(ops, iova, size, count, &gather);
		pgt->fmt->free_empty(&pgt->iop, iova);
	}

	return false;
}

void hyp_io_pgtable_destroy(struct hyp_io_pgtable *pgt)
{
	if (!pgt->ops)
		return;

	pgt->ops = NULL;
	pgt->fmt->free(&pgt->iop);
}
