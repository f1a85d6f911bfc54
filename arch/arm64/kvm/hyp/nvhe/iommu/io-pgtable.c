// SPDX-License-Identifier: GPL-2.0-only
/*
 * I/O page tables at EL2: what is the same for all formats.
 *
 * A format trusts its caller, and warns of mistakes, which would be fatal here.
 * So the arguments of a call are checked once, by hyp_io_pgtable_check_map() and
 * hyp_io_pgtable_check_range(), and what depends on the state of a table is found
 * out by a walk, before the format is asked to change anything: a block is mapped
 * only where nothing is mapped, and only what is there is unmapped, in the sizes
 * in which it was mapped.
 */

#include <linux/align.h>
#include <linux/iommu.h>
#include <linux/log2.h>
#include <linux/minmax.h>
#include <linux/overflow.h>
#include <linux/sizes.h>

#include <nvhe/io-pgtable.h>

/* What a mapping may ask for. */
#define KVM_IOMMU_PROT_MASK	(IOMMU_READ | IOMMU_WRITE | IOMMU_CACHE | \
				 IOMMU_NOEXEC | IOMMU_MMIO | IOMMU_PRIV)

/* How often hyp_io_pgtable_clear() looks for what is mapped. */
#define MAX_CLEAR_STEPS			8

/* An unmap leaves the TLB to the caller of hyp_io_pgtable_unmap(). */
static struct iommu_iotlb_gather no_gather = { .queued = true };

/**
 * struct hyp_io_pgtable_fmt - A format
 * @fns:         How the kernel makes and frees tables of it.
 * @quirks:      Those that it can be asked for at EL2.
 * @oas:         A bit for each output address size that it can be asked for.
 * @min_ias:     The smallest input address size, in bits.
 * @max_ias:     The largest.
 * @table_shift: What a table of the last level maps, as a power of two.
 * @level_shift: How many tables of a level the one above leads to, likewise.
 */
struct hyp_io_pgtable_fmt {
	const struct io_pgtable_init_fns *fns;
	unsigned long	quirks;
	u64		oas;
	u8		min_ias;
	u8		max_ias;
	u8		table_shift;
	u8		level_shift;
};

static const struct hyp_io_pgtable_fmt fmt_lpae_s1 = {
	.fns		= &io_pgtable_arm_64_lpae_s1_init_fns,
	.quirks		= IO_PGTABLE_QUIRK_ARM_NS | IO_PGTABLE_QUIRK_NO_WARN,
	.oas		= BIT_ULL(32) | BIT_ULL(36) | BIT_ULL(40) | BIT_ULL(42) |
			  BIT_ULL(44) | BIT_ULL(48),
	/* TCR.T0SZ is at most 39 */
	.min_ias	= 25,
	.max_ias	= 48,
	.table_shift	= PAGE_SHIFT + PAGE_SHIFT - 3,
	.level_shift	= PAGE_SHIFT - 3,
};

static const struct hyp_io_pgtable_fmt fmt_v7s = {
	.fns		= &io_pgtable_arm_v7s_init_fns,
	.quirks		= IO_PGTABLE_QUIRK_ARM_NS | IO_PGTABLE_QUIRK_NO_WARN,
	.oas		= BIT_ULL(32),
	/* TTBCR.N is 0: the walker takes a root for all of 32 bits */
	.min_ias	= 32,
	.max_ias	= 32,
	.table_shift	= 20,
	.level_shift	= 12,
};

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

/* Return true if a part of a range is mapped, or if @mapped is false: is not mapped. */
static bool has_part(struct hyp_io_pgtable *pgt, u64 iova, u64 size, bool mapped)
{
	struct io_pgtable_ops *ops = &pgt->iop->ops;
	size_t len, pgsize;

	for (; size; iova += len, size -= len) {
		pgsize = SIZE_MAX;
		len = ops->unmap_runs(ops, iova, size, &pgsize, NULL);
		if (!!pgsize == mapped)
			return true;
		len = min(len, size);
	}

	return false;
}

int hyp_io_pgtable_map(struct hyp_io_pgtable *pgt, unsigned long iova,
		       phys_addr_t paddr, size_t pgsize, size_t pgcount, int prot,
		       size_t *mapped)
{
	bool block = pgsize >= BIT(pgt->fmt->table_shift);
	struct io_pgtable_ops *ops = &pgt->iop->ops;
	size_t step, size = pgsize * pgcount;
	int ret = 0;

	pgt->cleared = 0;

	for (; size && !ret; iova += step, paddr += step, size -= step) {
		step = 0;
		/* The format replaces a table by a block: one that maps nothing. */
		if (block && has_part(pgt, iova, pgsize, true))
			ret = -EEXIST;
		else
			ret = ops->map_pages(ops, iova, paddr, pgsize,
					     block ? 1 : size / pgsize, prot, 0, &step);
		*mapped += step;

		/* No format does nothing and calls it success. */
		if (!ret && !step)
			ret = -EINVAL;
	}

	return ret;
}

size_t hyp_io_pgtable_unmap(struct hyp_io_pgtable *pgt, unsigned long iova,
			    size_t pgsize, size_t pgcount,
			    struct io_pgtable_runs *runs, size_t *granule)
{
	bool large = pgsize > PAGE_SIZE && pgsize < BIT(pgt->fmt->table_shift);
	unsigned long pos = iova, end = iova + pgsize * pgcount, done = iova;
	struct io_pgtable_ops *ops = &pgt->iop->ops;
	size_t len, found;

	*granule = pgsize;

	while (pos < end) {
		found = pgsize;
		len = 0;
		if (!large)
			len = ops->unmap_runs(ops, pos, end - pos, &found, runs);
		else if (!has_part(pgt, pos, pgsize, false))
			len = ops->unmap_runs(ops, pos, pgsize, &found, runs);

		if (!len) {
			/*
			 * Larger than what is to go, or fewer small pages than a large
			 * page has, or the list is full.
			 */
			done = min(done, round_down(pos, pgsize));
			break;
		}

		/* A block's worth of smaller pages may have holes, but not be one. */
		if (!found && pos + len >= done + pgsize)
			break;

		if (found) {
			done = round_up(pos + len, pgsize);
			*granule = min(*granule, found);
		}
		pos += len;
	}

	return done - iova;
}

phys_addr_t hyp_io_pgtable_iova_to_phys(struct hyp_io_pgtable *pgt, u64 iova)
{
	struct io_pgtable_ops *ops = &pgt->iop->ops;

	return iova >> pgt->cfg.ias ? 0 : ops->iova_to_phys(ops, iova);
}

/*
 * Clear what comes first behind what is cleared, or a part of it: pages, a block, or
 * a hole. Return the number of pages, at least one if the list is full.
 */
static unsigned int clear_some(struct hyp_io_pgtable *pgt, unsigned int max,
			       struct io_pgtable_runs *runs)
{
	u64 table_size, start = pgt->cleared, end = BIT_ULL(pgt->cfg.ias);
	struct io_pgtable_ops *ops = &pgt->iop->ops;
	size_t len, pgsize = SIZE_MAX;

	len = ops->unmap_runs(ops, start, end - start, &pgsize, NULL);
	if (pgsize) {
		/* A block goes as a whole, however large. */
		len = clamp(round_down((size_t)max << PAGE_SHIFT, pgsize), pgsize, len);
		len = ops->unmap_runs(ops, start, len, &pgsize, runs);
	}
	pgt->cleared += len;

	/* Nothing is left in the tables that end here. */
	for (table_size = BIT_ULL(pgt->fmt->table_shift); table_size < end;
	     table_size <<= pgt->fmt->level_shift)
		if (round_down(start, table_size) + table_size <= pgt->cleared)
			ops->unmap_pages(ops, round_down(start, table_size), table_size,
					 1, &no_gather);

	return pgsize ? max(len >> PAGE_SHIFT, 1) : 0;
}

bool hyp_io_pgtable_clear(struct hyp_io_pgtable *pgt, unsigned int max,
			  struct io_pgtable_runs *runs)
{
	u64 end = BIT_ULL(pgt->cfg.ias);
	unsigned int pages, step;

	/* To find what comes next takes time, too. */
	for (step = 0; step < MAX_CLEAR_STEPS && max && pgt->cleared < end; step++) {
		pages = clear_some(pgt, max, runs);
		max -= min(max, pages);
	}

	return pgt->cleared == end;
}

int hyp_io_pgtable_init(struct hyp_io_pgtable *pgt, enum io_pgtable_fmt fmt,
			void *cookie)
{
	struct io_pgtable_cfg *cfg = &pgt->cfg;
	const struct hyp_io_pgtable_fmt *f;
	u64 table_size;

	pgt->iop = NULL;

	switch (fmt) {
	case ARM_64_LPAE_S1:
		f = &fmt_lpae_s1;
		break;
	case ARM_V7S:
		f = &fmt_v7s;
		break;
	default:
		return -EOPNOTSUPP;
	}

	if (cfg->quirks & ~f->quirks || cfg->ias < f->min_ias || cfg->ias > f->max_ias ||
	    cfg->oas > 63 || !(f->oas & BIT_ULL(cfg->oas)) ||
	    !(cfg->pgsize_bitmap & PAGE_SIZE) || !cfg->alloc || !cfg->free)
		return -EINVAL;

	/* Conflicts are errors of the host. */
	cfg->quirks |= IO_PGTABLE_QUIRK_NO_WARN;

	pgt->iop = f->fns->alloc(cfg, cookie);
	if (!pgt->iop)
		return -ENOMEM;

	pgt->iop->fmt = fmt;
	pgt->iop->cookie = cookie;
	pgt->iop->cfg = *cfg;
	pgt->fmt = f;
	pgt->cleared = 0;

	/* A page or block is a part of a run. */
	cfg->pgsize_bitmap &= 2 * IO_PGTABLE_RUN_MAX_PAGES * PAGE_SIZE - 1;

	/* A table is freed by unmapping as much as it maps, where that is no page size too. */
	for (table_size = BIT_ULL(f->table_shift); table_size < BIT_ULL(cfg->ias);
	     table_size <<= f->level_shift)
		pgt->iop->cfg.pgsize_bitmap |= table_size;

	return 0;
}

void hyp_io_pgtable_destroy(struct hyp_io_pgtable *pgt)
{
	if (!pgt->iop)
		return;

	pgt->fmt->fns->free(pgt->iop);
	pgt->iop = NULL;
}
