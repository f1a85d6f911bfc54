// SPDX-License-Identifier: GPL-2.0-only
/*
 * I/O page tables at EL2: what is the same for all formats.
 *
 * A format trusts its caller, within limits that differ from one to the next,
 * and does as much of a request as suits its layout. hyp_io_pgtable_check_map()
 * and hyp_io_pgtable_check_range() are where the arguments of a call are checked,
 * once; the operations trust their caller to have done so, and repeat until all
 * is done.
 */

#include <linux/align.h>
#include <linux/log2.h>
#include <linux/minmax.h>
#include <linux/overflow.h>
#include <linux/string.h>

#include <nvhe/io-pgtable.h>

/* What a mapping may ask for. */
#define KVM_IOMMU_PROT_MASK	(IOMMU_READ | IOMMU_WRITE | IOMMU_CACHE | \
				 IOMMU_NOEXEC | IOMMU_MMIO | IOMMU_PRIV)

static struct hyp_io_pgtable *ops_to_pgt(struct io_pgtable_ops *ops)
{
	return container_of(ops, struct hyp_io_pgtable, hyp_ops);
}

/* Return true if the @size bytes from @addr are aligned to @pgsize and within @bits bits. */
static bool range_valid(u64 addr, size_t size, size_t pgsize, unsigned int bits)
{
	u64 last;

	return IS_ALIGNED(addr, pgsize) &&
	       !check_add_overflow(addr, size - 1, &last) && !(last >> bits);
}

int hyp_io_pgtable_check_range(const struct hyp_io_pgtable *pgt, u64 iova, u64 pgsize,
			       u64 pgcount)
{
	const struct io_pgtable_cfg *cfg = &pgt->cfg;
	u64 size;

	if (!is_power_of_2(pgsize) || !(pgsize & cfg->pgsize_bitmap))
		return -EINVAL;

	if (!pgcount || check_mul_overflow(pgsize, pgcount, &size))
		return -EINVAL;

	return range_valid(iova, size, pgsize, cfg->ias) ? 0 : -EINVAL;
}

int hyp_io_pgtable_check_map(const struct hyp_io_pgtable *pgt, u64 iova, u64 paddr,
			     u64 pgsize, u64 pgcount, int prot)
{
	unsigned int pa_bits = pgt->pa_bits ?: pgt->cfg.oas;
	int ret;

	ret = hyp_io_pgtable_check_range(pgt, iova, pgsize, pgcount);
	if (ret)
		return ret;

	if (!(prot & (IOMMU_READ | IOMMU_WRITE)) || (prot & ~KVM_IOMMU_PROT_MASK))
		return -EINVAL;

	return range_valid(paddr, pgsize * pgcount, pgsize, min(pa_bits, pgt->cfg.oas)) ?
	       0 : -EINVAL;
}

/*
 * Free the tables in a range that map nothing, where a block is to be mapped or
 * unmapped. They are the only ones that go while the walker may know them: one
 * that has no reliable way to forget them must have no blocks.
 */
static void free_empty(struct hyp_io_pgtable *pgt, unsigned long iova, size_t pgsize,
		       size_t size)
{
	size_t offset, table_size = BIT(pgt->fmt->table_shift);

	for (offset = 0; pgsize >= table_size && offset < size; offset += table_size)
		pgt->fmt->free_empty(&pgt->iop, iova + offset, pgsize);
}

static int hyp_map_pages(struct io_pgtable_ops *ops, unsigned long iova,
			 phys_addr_t paddr, size_t pgsize, size_t pgcount,
			 int prot, gfp_t gfp, size_t *mapped)
{
	struct hyp_io_pgtable *pgt = ops_to_pgt(ops);
	size_t size = pgsize * pgcount;
	int ret;

	/* An empty table is not in the way of a block */
	free_empty(pgt, iova, pgsize, size);

	while (size) {
		size_t step = 0;

		ret = pgt->iop.ops.map_pages(&pgt->iop.ops, iova, paddr, pgsize,
					     size / pgsize, prot, gfp, &step);
		*mapped += step;
		iova += step;
		paddr += step;
		size -= step;

		if (ret)
			return ret;

		/* No format does nothing and calls it success */
		if (!step)
			return -EINVAL;
	}

	return 0;
}

static size_t hyp_unmap_pages(struct io_pgtable_ops *ops, unsigned long iova,
			      size_t pgsize, size_t pgcount,
			      struct iommu_iotlb_gather *gather)
{
	struct hyp_io_pgtable *pgt = ops_to_pgt(ops);
	size_t size = pgsize * pgcount, unmapped = 0;

	/* An empty table is not something that is mapped */
	free_empty(pgt, iova, pgsize, size);

	while (unmapped < size) {
		size_t step;

		step = pgt->iop.ops.unmap_pages(&pgt->iop.ops, iova + unmapped, pgsize,
						(size - unmapped) / pgsize, gather);
		if (!step)
			break;

		unmapped += step;
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
	pgt->hyp_ops = (struct io_pgtable_ops) {
		.map_pages	= hyp_map_pages,
		.unmap_pages	= hyp_unmap_pages,
		.iova_to_phys	= hyp_iova_to_phys,
	};
	pgt->fmt = f;
	pgt->ops = &pgt->hyp_ops;

	return 0;
}

/*
 * One run of leaves, or one empty table, at a time. It takes a walk to find it,
 * which reads all of the tables on the way, and another one to free them if
 * there is nothing else in them.
 */
bool hyp_io_pgtable_clear(struct hyp_io_pgtable *pgt, unsigned int max)
{
	struct iommu_iotlb_gather gather = { .queued = true };
	struct io_pgtable_ops *ops = &pgt->iop.ops;
	unsigned int count;
	unsigned long iova;
	size_t size;

	count = pgt->fmt->first_leaves(&pgt->iop, max ?: 1, &iova, &size);
	if (!size)
		return true;

	if (max && count) {
		/* A block is done in one go, however large */
		count = clamp(max / (size >> PAGE_SHIFT), 1, count);
		ops->unmap_pages(ops, iova, size, count, &gather);
	}
	if (max)
		pgt->fmt->free_empty(&pgt->iop, iova, SIZE_MAX);

	return false;
}

void hyp_io_pgtable_destroy(struct hyp_io_pgtable *pgt)
{
	if (!pgt->ops)
		return;

	pgt->ops = NULL;
	pgt->fmt->free(&pgt->iop);
}
