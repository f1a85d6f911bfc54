// SPDX-License-Identifier: GPL-2.0-only
/*
 * KUnit tests of the Arm I/O page tables against a plain array.
 *
 * The tables are those of io-pgtable-arm.c and io-pgtable-arm-v7s.c, twice: as
 * the hypervisor of protected KVM compiles them, through <nvhe/io-pgtable.h>,
 * and as the kernel does.
 *
 * The model is an array with an entry for each page of a few windows of IOVA
 * space: what the page maps to, with which permissions, and how large the leaf
 * is that it belongs to. Random operations are applied to both. What an
 * operation has to answer follows from the array, and what it did is looked for
 * with iova_to_phys() and with a walker that knows the formats on its own.
 *
 * The walker for the hypervisor's tables is one that does not snoop. It has its
 * own copy of each table, which begins as garbage and changes with what is
 * cleaned to the point of coherency. It cannot read what is not a table, and it
 * has to be told before something ceases to be one.
 */

#include <kunit/device.h>
#include <kunit/test.h>
#include <linux/dma-mapping.h>
#include <linux/gfp.h>
#include <linux/io-pgtable.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/prandom.h>
#include <linux/sizes.h>
#include <linux/slab.h>
#include <linux/vmalloc.h>
#include <linux/xarray.h>

#include <nvhe/io-pgtable.h>

/* What all formats have in common at EL2 */
#include "../../arch/arm64/kvm/hyp/nvhe/iommu/io-pgtable.c"

/*
 * A page table walker. It knows the two formats from the Arm architecture
 * reference manuals (DDI 0487, chapter D8, and DDI 0406C, section B3.5), and
 * shares nothing with the code that builds the tables: not a mask, not a macro.
 */

enum iopgt_kunit_mem {
	IOPGT_KUNIT_DEVICE,
	IOPGT_KUNIT_NC,
	IOPGT_KUNIT_WB,
	IOPGT_KUNIT_UNKNOWN,
};

/* A translation that has bits set which are reserved */
#define IOPGT_KUNIT_NOWHERE	PHYS_ADDR_MAX

/**
 * struct iopgt_kunit_xlat - What a walker makes of an address
 * @pa:     Where it leads.
 * @shift:  log2 of the size of the leaf.
 * @write:  May be written to.
 * @unpriv: May be used by unprivileged transactions.
 * @exec:   May be fetched from.
 * @mem:    The memory type.
 */
struct iopgt_kunit_xlat {
	phys_addr_t		pa;
	unsigned int		shift;
	bool			write;
	bool			unpriv;
	bool			exec;
	enum iopgt_kunit_mem	mem;
};

static u64 field(u64 val, unsigned int hi, unsigned int lo)
{
	return (val >> lo) & (BIT_ULL(hi - lo + 1) - 1);
}

/* Stage 1 of the VMSAv8-64 format with a 4 KiB granule */
static bool walk_lpae(const struct io_pgtable_cfg *cfg,
		      u64 (*read)(void *ctx, phys_addr_t pa, size_t size),
		      void *ctx, u64 iova, struct iopgt_kunit_xlat *x)
{
	unsigned int bits = 64 - cfg->arm_lpae_s1_cfg.tcr.tsz;
	u64 base = cfg->arm_lpae_s1_cfg.ttbr;
	unsigned int shift, top = bits;
	u64 desc;

	if (iova >> bits)
		return false;

	/* The level where the walk begins resolves what the others leave */
	for (shift = 12; shift + 9 < bits; shift += 9)
		;

	for (;; shift -= 9) {
		desc = read(ctx, base + field(iova, top - 1, shift) * 8, 8);
		if (!(desc & 1))
			return false;

		/* Blocks are for levels 1 and 2, pages for level 3 */
		if (shift == 12) {
			if (!(desc & 2))
				return false;
			break;
		}
		if (!(desc & 2)) {
			if (shift != 21 && shift != 30)
				return false;
			break;
		}

		base = desc & GENMASK_ULL(47, 12);
		top = shift;
	}

	/* AF: there is nobody to set it */
	if (!field(desc, 10, 10))
		return false;

	x->shift = shift;
	x->pa = (desc & GENMASK_ULL(47, shift)) | field(iova, shift - 1, 0);
	if (shift > 12 && field(desc, shift - 1, 12))
		x->pa = IOPGT_KUNIT_NOWHERE;
	x->unpriv = field(desc, 6, 6);
	x->write = !field(desc, 7, 7);
	x->exec = !field(desc, 54, 54);

	switch (field(cfg->arm_lpae_s1_cfg.mair, field(desc, 4, 2) * 8 + 7,
		      field(desc, 4, 2) * 8)) {
	case 0x04:
		x->mem = IOPGT_KUNIT_DEVICE;
		break;
	case 0x44:
		x->mem = IOPGT_KUNIT_NC;
		break;
	case 0xff:
		x->mem = IOPGT_KUNIT_WB;
		break;
	default:
		x->mem = IOPGT_KUNIT_UNKNOWN;
	}

	return true;
}

/* The short-descriptor format with AFE and TEX remap */
static bool walk_v7s(const struct io_pgtable_cfg *cfg,
		     u64 (*read)(void *ctx, phys_addr_t pa, size_t size),
		     void *ctx, u64 iova, struct iopgt_kunit_xlat *x)
{
	u32 l1, l2, attrs, type;
	bool xn, broken = false;

	if (iova >> 32 || cfg->arm_v7s_cfg.tcr)
		return false;

	l1 = read(ctx, (cfg->arm_v7s_cfg.ttbr & GENMASK(31, 14)) +
		  field(iova, 31, 20) * 4, 4);

	/* Each is turned into TEX[0], C, B in [2:0], AP[2:0] in [5:3] */
	switch (l1 & 3) {
	case 2:
	case 3:
		/* Section or supersection: XN 4, AP 15 and 11:10, TEX 14:12 */
		x->shift = field(l1, 18, 18) ? 24 : 20;
		/* There would be more than 32 bits of address in these */
		if (x->shift == 24)
			broken = field(l1, 23, 20) || field(l1, 8, 5);
		x->pa = l1 & GENMASK(31, x->shift);
		xn = field(l1, 4, 4);
		attrs = field(l1, 12, 12) << 2 | field(l1, 3, 2) |
			field(l1, 11, 10) << 3 | field(l1, 15, 15) << 5;
		break;
	case 1:
		l2 = read(ctx, (l1 & GENMASK(31, 10)) + field(iova, 19, 12) * 4, 4);
		if (!(l2 & 3))
			return false;

		if (l2 & 2) {
			/* Small page: XN 0, AP 9 and 5:4, TEX 8:6 */
			x->shift = 12;
			xn = field(l2, 0, 0);
			attrs = field(l2, 6, 6) << 2;
		} else {
			/* Large page: XN 15, AP 9 and 5:4, TEX 14:12 */
			x->shift = 16;
			xn = field(l2, 15, 15);
			attrs = field(l2, 12, 12) << 2;
		}
		x->pa = l2 & GENMASK(31, x->shift);
		attrs |= field(l2, 3, 2) | field(l2, 5, 4) << 3 | field(l2, 9, 9) << 5;
		break;
	default:
		return false;
	}

	x->pa |= field(iova, x->shift - 1, 0);
	if (broken)
		x->pa = IOPGT_KUNIT_NOWHERE;

	/* AP[0] is the access flag, AP[1] is for all, AP[2] is read-only */
	if (!(attrs & BIT(3)))
		return false;
	x->unpriv = attrs & BIT(4);
	x->write = !(attrs & BIT(5));
	x->exec = !xn;

	/* PRRR.TRn: 1 is Device, 2 Normal; then NMRR has the cacheability */
	attrs &= 7;
	type = field(cfg->arm_v7s_cfg.prrr, attrs * 2 + 1, attrs * 2);
	x->mem = IOPGT_KUNIT_UNKNOWN;
	if (type == 1) {
		x->mem = IOPGT_KUNIT_DEVICE;
	} else if (type == 2) {
		u32 inner = field(cfg->arm_v7s_cfg.nmrr, attrs * 2 + 1, attrs * 2);
		u32 outer = field(cfg->arm_v7s_cfg.nmrr, attrs * 2 + 17, attrs * 2 + 16);

		if (inner == outer && inner == 0)
			x->mem = IOPGT_KUNIT_NC;
		else if (inner == outer && inner == 1)
			x->mem = IOPGT_KUNIT_WB;
	}

	return true;
}

/* Translate as the hardware would. Return false if there is no translation. */
static bool iopgt_kunit_walk(enum io_pgtable_fmt fmt, const struct io_pgtable_cfg *cfg,
			     u64 (*read)(void *ctx, phys_addr_t pa, size_t size),
			     void *ctx, u64 iova, struct iopgt_kunit_xlat *x)
{
	if (fmt == ARM_V7S)
		return walk_v7s(cfg, read, ctx, iova, x);

	return walk_lpae(cfg, read, ctx, iova, x);
}

/*
 * The test
 */

#define NR_OPS		100000
#define NR_WINDOWS	4
#define WINDOW_SIZE	SZ_2G
#define WINDOW_PAGES	(WINDOW_SIZE / SZ_4K)

/* Tables come in multiples of this, and so does the walker's copy of them */
#define CHUNK_SHIFT	10
#define CHUNK_SIZE	BIT(CHUNK_SHIFT)

/*
 * An entry of the model. 0 is a page that is not mapped, others have
 * [63:12] its physical address, [11:6] the IOMMU_* permissions it is mapped
 * with, [5:0] log2 of the size of the leaf.
 */
#define ENTRY(pa, prot, shift)	((u64)(pa) | (u64)(prot) << 6 | (shift))
#define ENTRY_PA(e)		((e) & ~0xfffULL)
#define ENTRY_PROT(e)		(((e) >> 6) & 0x3f)
#define ENTRY_SIZE(e)		BIT_ULL((e) & 0x3f)

struct page_size {
	unsigned long	size;
	/* Of a hundred, how often */
	unsigned int	weight;
	/* How many in a row, at most */
	unsigned int	max;
	/* Nonzero if it is made of entries of this size */
	unsigned long	contig;
};

struct format {
	const char		*name;
	enum io_pgtable_fmt	fmt;
	unsigned int		ias;
	unsigned int		oas;
	bool			hyp;
	bool			coherent;
	struct page_size	sizes[4];
};

#define LPAE_SIZES	{ { SZ_2M, 30, 4 }, { SZ_4K, 70, 1200 } }
#define KERNEL_SIZES	{ { SZ_1G, 1, 1 }, { SZ_2M, 29, 4 }, { SZ_4K, 70, 1200 } }
#define V7S_SIZES	{ { SZ_16M, 2, 3, SZ_1M }, { SZ_1M, 18, 5 },	\
			  { SZ_64K, 30, 20, SZ_4K }, { SZ_4K, 50, 600 } }

static const struct format formats[] = {
	{ "lpae-48", ARM_64_LPAE_S1, 48, 40, true, false, LPAE_SIZES },
	{ "lpae-39-coherent", ARM_64_LPAE_S1, 39, 48, true, true, LPAE_SIZES },
	{ "lpae-32", ARM_64_LPAE_S1, 32, 32, true, false, LPAE_SIZES },
	{ "v7s", ARM_V7S, 32, 32, true, false, V7S_SIZES },
	{ "v7s-coherent", ARM_V7S, 32, 32, true, true, V7S_SIZES },
	{ "lpae-48-kernel", ARM_64_LPAE_S1, 48, 40, false, true, KERNEL_SIZES },
	{ "v7s-kernel", ARM_V7S, 32, 32, false, true, V7S_SIZES },
};

struct window {
	u64	base;
	u64	*page;
};

/* Room in the list of what was unmapped: more than the largest block needs */
#define MAX_RUNS	SZ_16K

struct table_test {
	struct kunit			*test;
	const struct format		*f;
	struct rnd_state		rnd;
	unsigned int			nr_windows;
	struct window			window[NR_WINDOWS];

	struct hyp_io_pgtable		hyp;
	struct io_pgtable_cfg		cfg;
	struct io_pgtable_ops		*ops;

	/* What the hypervisor's tables asked for and reported */
	struct xarray			chunks;
	size_t				table_bytes;
	unsigned int			fail_in;
	bool				failed;
	bool				walk_flushed;
	bool				destroying;
	struct io_pgtable_runs		runs;
	u64				lowest;		/* page of the model */

	unsigned int			reports;
};

/* One mistake is enough to go by, and may be followed by a million */
#define MAX_REPORTS	10

#define report(t, fmt, ...)						\
do {									\
	struct table_test *__t = (t);					\
									\
	if (__t->reports++ < MAX_REPORTS)				\
		KUNIT_FAIL(__t->test, "%s: " fmt, __t->f->name, ##__VA_ARGS__); \
} while (0)

s64 iopgt_kunit_physvirt_offset;

/* The hypervisor's cache maintenance does not know whose table it is */
static struct table_test *current_test;

/*
 * The environment of the hypervisor's tables
 */

static void *table_alloc(void *cookie, size_t size, gfp_t gfp)
{
	struct table_test *t = cookie;
	void *table, *copy;

	if (t->fail_in && !--t->fail_in) {
		t->failed = true;
		return NULL;
	}

	/* Below 4 GiB for the sake of v7s */
	table = (void *)__get_free_pages(GFP_KERNEL | GFP_DMA32 | __GFP_ZERO,
					 get_order(size));
	copy = kmalloc(size, GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(t->test, table);
	KUNIT_ASSERT_NOT_NULL(t->test, copy);

	/* Valid in either format, if anything */
	memset(copy, 0xff, size);
	for (size_t off = 0; off < size; off += CHUNK_SIZE)
		xa_store(&t->chunks, (virt_to_phys(table) + off) >> CHUNK_SHIFT,
			 copy + off, GFP_KERNEL);
	t->table_bytes += size;

	return table;
}

static void table_free(void *cookie, void *table, size_t size)
{
	struct table_test *t = cookie;
	unsigned long first = virt_to_phys(table) >> CHUNK_SHIFT;
	void *copy = xa_load(&t->chunks, first);

	if (!t->walk_flushed && !t->destroying)
		report(t, "table freed behind the walker's back");

	KUNIT_ASSERT_NOT_NULL(t->test, copy);
	for (size_t off = 0; off < size; off += CHUNK_SIZE)
		xa_erase(&t->chunks, first + (off >> CHUNK_SHIFT));
	kfree(copy);
	memset(table, 0x5a, size);
	free_pages((unsigned long)table, get_order(size));
	t->table_bytes -= size;
}

void iopgt_kunit_clean(void *addr, size_t size)
{
	struct table_test *t = current_test;
	unsigned long pa = virt_to_phys(addr);

	while (size) {
		size_t off = pa & (CHUNK_SIZE - 1);
		size_t len = min(size, CHUNK_SIZE - off);
		void *copy = xa_load(&t->chunks, pa >> CHUNK_SHIFT);

		if (!copy) {
			report(t, "cleaning what is not a table");
			return;
		}
		memcpy(copy + off, phys_to_virt(pa), len);
		pa += len;
		size -= len;
	}
}

static u64 read_entry(void *ctx, phys_addr_t pa, size_t size)
{
	struct table_test *t = ctx;
	const void *entry = phys_to_virt(pa);

	if (t->f->hyp) {
		void *copy = xa_load(&t->chunks, pa >> CHUNK_SHIFT);

		if (!copy) {
			report(t, "walk into what is not a table");
			return 0;
		}
		if (!t->f->coherent)
			entry = copy + (pa & (CHUNK_SIZE - 1));
	}

	return size == 8 ? *(const u64 *)entry : *(const u32 *)entry;
}

static void tlb_flush_all(void *cookie)
{
}

static void tlb_flush_walk(unsigned long iova, size_t size, size_t granule,
			   void *cookie)
{
	struct table_test *t = cookie;

	t->walk_flushed = true;
}

static void tlb_add_page(struct iommu_iotlb_gather *gather, unsigned long iova,
			 size_t granule, void *cookie)
{
}

static const struct iommu_flush_ops tlb_ops = {
	.tlb_flush_all	= tlb_flush_all,
	.tlb_flush_walk	= tlb_flush_walk,
	.tlb_add_page	= tlb_add_page,
};

/*
 * The model
 */

static u32 rnd_below(struct table_test *t, u32 n)
{
	return prandom_u32_state(&t->rnd) % n;
}

static u64 rnd64(struct table_test *t)
{
	return (u64)prandom_u32_state(&t->rnd) << 32 | prandom_u32_state(&t->rnd);
}

enum slot {
	SLOT_EMPTY,		/* nothing is mapped */
	SLOT_LEAF,		/* one leaf, of exactly this size */
	SLOT_LARGER,		/* part of a larger leaf */
	SLOT_SMALLER,		/* smaller leaves, which can go as one */
	SLOT_HOLES,		/* smaller leaves, which cannot */
};

static enum slot slot_state(const u64 *page, const struct page_size *ps)
{
	unsigned long i, n = ps->size / SZ_4K, sub = ps->contig / SZ_4K;
	bool any = false, any_in_sub = false, hole = false;

	if (page[0] && ENTRY_SIZE(page[0]) == ps->size)
		return SLOT_LEAF;
	if (page[0] && ENTRY_SIZE(page[0]) > ps->size)
		return SLOT_LARGER;

	for (i = 0; i < n; i++) {
		if (page[i]) {
			any = true;
			any_in_sub = true;
		}
		if (sub && (i + 1) % sub == 0) {
			hole |= !any_in_sub;
			any_in_sub = false;
		}
	}

	if (!any)
		return SLOT_EMPTY;

	return hole ? SLOT_HOLES : SLOT_SMALLER;
}

static void slot_clear(u64 *page, unsigned long size)
{
	memset(page, 0, size / SZ_4K * sizeof(*page));
}

static size_t slot_smallest(const u64 *page, unsigned long size)
{
	size_t smallest = size;

	for (unsigned long i = 0; i < size / SZ_4K; i++)
		if (page[i])
			smallest = min(smallest, ENTRY_SIZE(page[i]));

	return smallest;
}

/* Is @page the next one of the list? */
static bool found_next(struct table_test *t, unsigned int *nr, u64 page)
{
	u64 *run = &t->runs.run[*nr];

	if (*nr == t->runs.nr || IO_PGTABLE_RUN_ADDR(*run) != ENTRY_PA(page))
		return false;

	if (IO_PGTABLE_RUN_PAGES(*run) == 1)
		++*nr;
	else
		*run += SZ_4K - 1;

	return true;
}

static u64 pages_found(struct table_test *t)
{
	u64 pages = 0;

	for (unsigned int i = 0; i < t->runs.nr; i++)
		pages += IO_PGTABLE_RUN_PAGES(t->runs.run[i]);

	return pages;
}

/* Clear what is in the list: it has to be what the model has first. */
static void clear_found(struct table_test *t)
{
	unsigned int nr = 0;

	for (; nr < t->runs.nr && t->lowest < t->nr_windows * WINDOW_PAGES; t->lowest++) {
		u64 *page = &t->window[t->lowest / WINDOW_PAGES].page[t->lowest % WINDOW_PAGES];

		if (*page && !found_next(t, &nr, *page))
			break;
		*page = 0;
	}

	if (nr < t->runs.nr)
		report(t, "%#llx is not what was mapped first", t->runs.run[nr]);
}

static void slot_fill(u64 *page, unsigned long size, phys_addr_t paddr, int prot)
{
	unsigned long i, n = size / SZ_4K;

	for (i = 0; i < n; i++)
		page[i] = ENTRY(paddr + i * SZ_4K, prot, ilog2(size));
}

/* How much memory the tables should take: what needs one has one */
static size_t tables_needed(struct table_test *t)
{
	bool v7s = t->f->fmt == ARM_V7S;
	unsigned int shift = v7s ? 20 : 21;
	size_t bytes = v7s ? SZ_16K : SZ_4K;

	/* Below the root, for each level, where there is something smaller */
	for (; shift < (v7s ? 21 : t->f->ias); shift += 9) {
		u64 last = U64_MAX;

		for (int w = 0; w < t->nr_windows; w++)
			for (u64 i = 0; i < WINDOW_PAGES; i++) {
				u64 e = t->window[w].page[i];
				u64 table = (t->window[w].base + i * SZ_4K) >> shift;

				if (e && ENTRY_SIZE(e) < BIT_ULL(shift) && table != last) {
					bytes += v7s ? SZ_1K : SZ_4K;
					last = table;
				}
			}
	}

	return bytes;
}

static bool xlat_matches(u64 e, u64 iova, const struct iopgt_kunit_xlat *x)
{
	int prot = ENTRY_PROT(e);
	enum iopgt_kunit_mem mem = prot & IOMMU_MMIO ? IOPGT_KUNIT_DEVICE :
				   prot & IOMMU_CACHE ? IOPGT_KUNIT_WB :
				   IOPGT_KUNIT_NC;

	return x->pa == (ENTRY_PA(e) | (iova & (SZ_4K - 1))) &&
	       BIT_ULL(x->shift) == ENTRY_SIZE(e) &&
	       x->write == !!(prot & IOMMU_WRITE) &&
	       x->unpriv == !(prot & IOMMU_PRIV) &&
	       x->exec == !(prot & IOMMU_NOEXEC) && x->mem == mem;
}

static void check_walk(struct table_test *t, u64 e, u64 iova)
{
	struct iopgt_kunit_xlat x = { };
	bool ok;

	ok = iopgt_kunit_walk(t->f->fmt, &t->cfg, read_entry, t, iova, &x);
	if (ok != !!e || (ok && !xlat_matches(e, iova, &x)))
		report(t, "walk of %#llx: model %#llx, walker %s %pa/%u w%d u%d x%d m%d",
		       iova, e, ok ? "finds" : "faults", &x.pa,
		       x.shift, x.write, x.unpriv, x.exec, x.mem);
}

/* The page at @idx of window @w, by all means of finding out */
static void check_page(struct table_test *t, struct window *w, u64 idx)
{
	u64 iova = w->base + idx * SZ_4K + rnd_below(t, SZ_4K);
	u64 e = w->page[idx];
	phys_addr_t want = e ? ENTRY_PA(e) | (iova & (SZ_4K - 1)) : 0;
	phys_addr_t got = t->ops->iova_to_phys(t->ops, iova);

	if (got != want)
		report(t, "iova_to_phys(%#llx) is %pa, should be %pa",
		       iova, &got, &want);

	check_walk(t, e, iova);
}

static void check_all(struct table_test *t)
{
	for (int w = 0; w < t->nr_windows; w++)
		for (u64 i = 0; i < WINDOW_PAGES; i++)
			check_walk(t, t->window[w].page[i],
				   t->window[w].base + i * SZ_4K);
}

static int rnd_prot(struct table_test *t)
{
	static const int access[] = {
		IOMMU_READ, IOMMU_WRITE | IOMMU_READ, IOMMU_WRITE,
	};

	return access[rnd_below(t, ARRAY_SIZE(access))] |
	       (prandom_u32_state(&t->rnd) &
		(IOMMU_CACHE | IOMMU_NOEXEC | IOMMU_MMIO | IOMMU_PRIV));
}

static void op_begin(struct table_test *t)
{
	t->walk_flushed = false;
	t->failed = false;
	t->runs.nr = 0;
	t->runs.max = MAX_RUNS;
}

/* Map as runs, of whatever length */
static int do_map_runs(struct table_test *t, u64 iova, phys_addr_t paddr,
		       size_t count, int prot, size_t *mapped)
{
	unsigned int nr = 0;
	size_t pages;
	u64 *runs;
	int ret;

	runs = kmalloc_array(count, sizeof(*runs), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(t->test, runs);

	for (; count; count -= pages, paddr += pages * SZ_4K) {
		pages = 1 + rnd_below(t, min(count, 5));
		runs[nr++] = IO_PGTABLE_RUN(paddr, pages);
	}

	if (t->f->hyp)
		ret = hyp_io_pgtable_map_runs(&t->hyp, iova, runs, nr, prot, mapped);
	else
		ret = t->ops->map_runs(t->ops, iova, runs, nr, prot, mapped);
	kfree(runs);

	return ret;
}

static int do_map(struct table_test *t, u64 iova, phys_addr_t paddr, size_t pgsize,
		  size_t count, int prot, size_t *mapped)
{
	size_t done;
	int ret;

	*mapped = 0;
	if (pgsize == PAGE_SIZE && rnd_below(t, 2))
		return do_map_runs(t, iova, paddr, count, prot, mapped);
	if (t->f->hyp)
		return hyp_io_pgtable_map(&t->hyp, iova, paddr, pgsize, count, prot, mapped);

	/* The kernel's callers repeat what did a part of the work */
	do {
		done = 0;
		ret = t->ops->map_pages(t->ops, iova + *mapped, paddr + *mapped,
					pgsize, count - *mapped / pgsize, prot,
					GFP_KERNEL, &done);
		*mapped += done;
	} while (!ret && done && *mapped < count * pgsize);

	return ret;
}

static size_t do_unmap(struct table_test *t, u64 iova, size_t pgsize, size_t count,
		       size_t *granule)
{
	struct iommu_iotlb_gather gather;
	size_t done, unmapped = 0;

	if (t->f->hyp)
		return hyp_io_pgtable_unmap(&t->hyp, iova, pgsize, count, &t->runs,
					    granule);

	iommu_iotlb_gather_init(&gather);
	do {
		done = t->ops->unmap_pages(t->ops, iova + unmapped, pgsize,
					   count - unmapped / pgsize, &gather);
		unmapped += done;
	} while (done && unmapped < count * pgsize);

	return unmapped;
}

static void op_map(struct table_test *t, struct window *w, u64 idx,
		   const struct page_size *ps, unsigned int count)
{
	u64 iova = w->base + idx * SZ_4K, step = ps->size / SZ_4K;
	u64 room = BIT_ULL(t->f->oas) - (u64)ps->size * count;
	phys_addr_t paddr = round_down(rnd64(t) % room, ps->size);
	int ret, prot = rnd_prot(t);
	size_t mapped, free = 0;

	while (free < count && slot_state(w->page + idx + free * step, ps) == SLOT_EMPTY)
		free++;

	/* The kernel drops what is smaller without telling: leave it alone */
	if (!t->f->hyp && free < count &&
	    slot_state(w->page + idx + free * step, ps) > SLOT_LARGER)
		return;

	if (t->f->hyp && !rnd_below(t, 16))
		t->fail_in = 1 + rnd_below(t, 4);

	ret = do_map(t, iova, paddr, ps->size, count, prot, &mapped);
	t->fail_in = 0;

	if (mapped % ps->size || mapped > free * ps->size ||
	    (!ret && mapped != count * ps->size) ||
	    (ret == -EEXIST && free == count) ||
	    (ret == -ENOMEM && !t->failed) ||
	    (ret && ret != -EEXIST && ret != -ENOMEM))
		report(t, "map %#llx, %u of %#lx, %zu free: %d, mapped %#zx",
		       iova, count, ps->size, free, ret, mapped);

	if (t->runs.nr)
		report(t, "map %#llx removed something", iova);

	t->lowest = 0;
	for (u64 i = 0; i < mapped / ps->size && i < count; i++)
		slot_fill(w->page + idx + i * step, ps->size, paddr + i * ps->size, prot);
}

static void op_unmap(struct table_test *t, struct window *w, u64 idx,
		     const struct page_size *ps, unsigned int count)
{
	u64 iova = w->base + idx * SZ_4K, step = ps->size / SZ_4K;
	size_t want = 0, got, granule = ps->size, smallest = ps->size;
	u64 *page = w->page + idx, i;
	unsigned int nr = 0;
	bool full;

	for (; want < count; want++) {
		enum slot s = slot_state(page + want * step, ps);

		if (s == SLOT_EMPTY || s == SLOT_LARGER)
			break;
		/* At EL2, a block may have holes, a large page not */
		if (s == SLOT_HOLES && (!t->f->hyp || ps->contig == SZ_4K))
			break;
		smallest = min(smallest, slot_smallest(page + want * step, ps->size));
	}

	/*
	 * The kernel warns of a part of a block, and takes a table that maps
	 * nothing for something that is mapped.
	 */
	if (!t->f->hyp) {
		count = want;
		if (!count)
			return;
	}

	if (t->f->hyp && !rnd_below(t, 16))
		t->runs.max = 1 + rnd_below(t, 16);

	got = do_unmap(t, iova, ps->size, count, &granule);

	/* What was unmapped of a block that had no room in the list is not counted */
	if (t->f->hyp)
		for (i = 0; i < want * step && nr < t->runs.nr; i++) {
			if (page[i] && !found_next(t, &nr, page[i]))
				break;
			page[i] = 0;
		}
	full = t->f->hyp && t->runs.nr == t->runs.max;
	if (nr < t->runs.nr)
		report(t, "unmap %#llx, %u of %#lx: wrong pages in the list",
		       iova, count, ps->size);

	if (got > want * ps->size || got % ps->size || (got != want * ps->size && !full))
		report(t, "unmap %#llx, %u of %#lx: %#zx, should be %#zx",
		       iova, count, ps->size, got, want * ps->size);
	if (t->f->hyp && (granule < smallest || (granule != smallest && !full)))
		report(t, "unmap %#llx, %u of %#lx: smallest is %#zx, should be %#zx",
		       iova, count, ps->size, granule, smallest);
	if (t->f->hyp && t->walk_flushed)
		report(t, "unmap %#llx freed a table", iova);
	if (t->f->hyp && memchr_inv(page, 0, got / SZ_4K * sizeof(*page)))
		report(t, "unmap %#llx, %u of %#lx: pages are missing in the list",
		       iova, count, ps->size);

	if (!t->f->hyp)
		slot_clear(page, got);
}

static void one_op(struct table_test *t)
{
	struct window *w = &t->window[rnd_below(t, t->nr_windows)];
	const struct page_size *ps = t->f->sizes;
	unsigned int n = rnd_below(t, 100), count = 1;
	u64 idx, step, end;

	while (n >= ps->weight)
		n -= ps++->weight;
	step = ps->size / SZ_4K;

	/* Often close to others, so that they meet */
	idx = round_down(rnd_below(t, WINDOW_PAGES), step);
	if (rnd_below(t, 2))
		idx = round_down(idx % (SZ_32M / SZ_4K), step);

	if (rnd_below(t, 2))
		count += rnd_below(t, rnd_below(t, 8) ? min(ps->max, 8) : ps->max);
	count = min_t(u64, count, (WINDOW_PAGES - idx) / step);

	op_begin(t);
	if (rnd_below(t, 2))
		op_map(t, w, idx, ps, count);
	else
		op_unmap(t, w, idx, ps, count);

	end = idx + count * step - 1;
	check_page(t, w, idx);
	check_page(t, w, end);
	check_page(t, w, idx + rnd_below(t, end - idx + 1));
	if (idx)
		check_page(t, w, idx - 1);
	if (end + 1 < WINDOW_PAGES)
		check_page(t, w, end + 1);
}

static void table_make(struct table_test *t)
{
	unsigned long pgsizes = 0;
	int ret;

	for (int i = 0; i < ARRAY_SIZE(t->f->sizes); i++)
		pgsizes |= t->f->sizes[i].size;

	t->cfg = (struct io_pgtable_cfg) {
		.quirks		= IO_PGTABLE_QUIRK_NO_WARN,
		.pgsize_bitmap	= pgsizes,
		.ias		= t->f->ias,
		.oas		= t->f->oas,
		.coherent_walk	= t->f->coherent,
		.tlb		= &tlb_ops,
	};

	if (t->f->hyp) {
		t->hyp.cfg = t->cfg;
		t->hyp.cfg.alloc = table_alloc;
		t->hyp.cfg.free = table_free;
		ret = hyp_io_pgtable_init(&t->hyp, t->f->fmt, t);
		KUNIT_ASSERT_EQ(t->test, ret, 0);
		t->ops = &t->hyp.iop->ops;
		t->cfg = t->hyp.cfg;
	} else {
		t->cfg.iommu_dev = kunit_device_register(t->test, "io-pgtable-arm-kunit");
		KUNIT_ASSERT_NOT_ERR_OR_NULL(t->test, t->cfg.iommu_dev);
		t->ops = alloc_io_pgtable_ops(t->f->fmt, &t->cfg, t);
		KUNIT_ASSERT_NOT_NULL(t->test, t->ops);
	}
	KUNIT_EXPECT_EQ(t->test, t->cfg.pgsize_bitmap, pgsizes);
}

static void table_unmake(struct table_test *t)
{
	if (!t->f->hyp) {
		free_io_pgtable_ops(t->ops);
		return;
	}

	/* Only the root is left, which nobody walks any more */
	t->destroying = true;
	hyp_io_pgtable_destroy(&t->hyp);
	t->destroying = false;
	KUNIT_EXPECT_EQ(t->test, t->table_bytes, 0);
}

static struct table_test *table_test_init(struct kunit *test, const struct format *f)
{
	struct table_test *t = kunit_kzalloc(test, sizeof(*t), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, t);
	t->test = test;
	t->f = f;
	prandom_seed_state(&t->rnd, 0x5eed + (f - formats));
	xa_init(&t->chunks);
	t->runs.run = vmalloc_array(MAX_RUNS, sizeof(u64));
	KUNIT_ASSERT_NOT_NULL(test, t->runs.run);
	current_test = t;
	iopgt_kunit_physvirt_offset = (s64)virt_to_phys(t) - (s64)t;

	/* The ends of the space, and some of what is between */
	t->nr_windows = min_t(u64, BIT_ULL(f->ias) / WINDOW_SIZE, NR_WINDOWS);
	for (int i = 0; i < t->nr_windows; i++) {
		u64 n = BIT_ULL(f->ias) / WINDOW_SIZE;

		t->window[i].base = i == t->nr_windows - 1 ? n - 1 :
				    i * (n / t->nr_windows) +
				    (i ? rnd_below(t, n / t->nr_windows) : 0);
		t->window[i].base *= WINDOW_SIZE;
		t->window[i].page = vcalloc(WINDOW_PAGES, sizeof(u64));
		KUNIT_ASSERT_NOT_NULL(test, t->window[i].page);
	}

	return t;
}

static void table_test_exit(struct table_test *t)
{
	for (int i = 0; i < t->nr_windows; i++)
		vfree(t->window[i].page);
	xa_destroy(&t->chunks);
	vfree(t->runs.run);
	current_test = NULL;
}

/* Everything that is left, with the largest pages it can be done with */
static void unmap_all(struct table_test *t)
{
	for (int w = 0; w < t->nr_windows; w++) {
		struct window *win = &t->window[w];

		for (u64 i = 0; i < WINDOW_PAGES; i++) {
			struct page_size ps = { };

			if (!win->page[i])
				continue;
			ps.size = ENTRY_SIZE(win->page[i]);
			op_begin(t);
			op_unmap(t, win, i, &ps, 1);
		}
	}
}

/* With nothing mapped all but the root can be freed. That is how much? */
static size_t root_bytes(struct table_test *t)
{
	bool done = !t->f->hyp;

	while (!done && !t->reports) {
		op_begin(t);
		done = hyp_io_pgtable_clear(&t->hyp, 1, &t->runs);
		KUNIT_EXPECT_EQ(t->test, t->runs.nr, 0);
	}

	return t->table_bytes;
}

static void random_ops_test(struct kunit *test)
{
	const struct format *f = test->param_value;
	struct table_test *t = table_test_init(test, f);
	size_t empty;

	table_make(t);
	empty = t->table_bytes;

	for (int i = 1; i <= NR_OPS && !t->reports; i++) {
		one_op(t);
		if (f->hyp && i % (NR_OPS / 20) == 0)
			KUNIT_EXPECT_GE(test, t->table_bytes, tables_needed(t));
		cond_resched();
	}

	check_all(t);
	unmap_all(t);
	check_all(t);

	KUNIT_EXPECT_EQ(test, root_bytes(t), empty);

	table_unmake(t);
	table_test_exit(t);
}

/* Without blocks no table is freed, and no walk flushed, as long as it is in use */
static void pages_only_test(struct kunit *test)
{
	const struct format *f = test->param_value;
	struct format pages = *f;
	struct table_test *t;
	size_t empty, before;

	if (!f->hyp) {
		kunit_skip(test, "the kernel does not count its tables");
		return;
	}

	t = table_test_init(test, f);
	memset(pages.sizes, 0, sizeof(pages.sizes));
	pages.sizes[0] = (struct page_size){ SZ_4K, 100, 1200 };
	t->f = &pages;
	table_make(t);
	empty = t->table_bytes;

	for (int i = 0; i < NR_OPS / 20 && !t->reports; i++) {
		before = t->table_bytes;
		one_op(t);
		if (t->table_bytes < before || t->walk_flushed)
			report(t, "a table was freed: %zu bytes are left of %zu",
			       t->table_bytes, before);
		cond_resched();
	}

	before = t->table_bytes;
	unmap_all(t);
	check_all(t);
	KUNIT_EXPECT_EQ(test, t->table_bytes, before);
	KUNIT_EXPECT_GT(test, t->table_bytes, empty);
	KUNIT_EXPECT_EQ(test, root_bytes(t), empty);

	table_unmake(t);
	table_test_exit(t);
}

/*
 * A table that is full, cleared in steps, gives all of it back, also if something
 * is mapped or unmapped between two steps
 */
static void clear_test(struct kunit *test)
{
	const struct format *f = test->param_value;
	unsigned int max, left = 50;
	struct table_test *t;
	size_t empty;
	bool done;

	if (!f->hyp) {
		kunit_skip(test, "the kernel has no such operation");
		return;
	}

	t = table_test_init(test, f);
	table_make(t);
	empty = t->table_bytes;

	for (int i = 0; i < 2000; i++)
		one_op(t);

	do {
		max = 1 + rnd_below(t, 300);
		op_begin(t);
		if (!rnd_below(t, 4))
			t->runs.max = 1;
		done = hyp_io_pgtable_clear(&t->hyp, max, &t->runs);
		/* A block goes as a whole */
		KUNIT_EXPECT_LT(test, pages_found(t), max + f->sizes[0].size / SZ_4K);
		clear_found(t);

		if (left && !rnd_below(t, 4)) {
			left--;
			one_op(t);
			done = false;
		}
	} while (!done && !t->reports);

	KUNIT_EXPECT_EQ(test, t->table_bytes, empty);
	for (int w = 0; w < t->nr_windows; w++)
		KUNIT_EXPECT_NULL(test, memchr_inv(t->window[w].page, 0,
						   WINDOW_PAGES * sizeof(u64)));
	check_all(t);

	table_unmake(t);
	table_test_exit(t);
}

/* Nothing the host can come up with does anything but fail */
static void arguments_test(struct kunit *test)
{
	const struct format *f = test->param_value;
	const u64 end = BIT_ULL(f->ias), oend = BIT_ULL(f->oas);
	const struct {
		u64 iova, paddr, pgsize, count;
		int prot, ret;
	} maps[] = {
		{ 0, 0, 0, 1, IOMMU_READ, -EINVAL },
		{ 0, 0, SZ_4K, 0, IOMMU_READ, -EINVAL },
		{ 0, 0, SZ_8K, 1, IOMMU_READ, -EINVAL },
		{ 0, 0, SZ_4K | SZ_64K | SZ_2M, 1, IOMMU_READ, -EINVAL },
		{ 0, 0, BIT_ULL(63), 1, IOMMU_READ, -EINVAL },
		{ 0, 0, SZ_4K, BIT_ULL(52), IOMMU_READ, -EINVAL },
		{ 0, 0, SZ_4K, U64_MAX, IOMMU_READ, -EINVAL },
		{ 0, 0, SZ_4K, 1, 0, -EINVAL },
		{ 0, 0, SZ_4K, 1, IOMMU_CACHE, -EINVAL },
		{ 0, 0, SZ_4K, 1, IOMMU_READ | BIT(6), -EINVAL },
		{ 0, 0, SZ_4K, 1, IOMMU_READ | BIT(31), -EINVAL },
		{ 1, 0, SZ_4K, 1, IOMMU_READ, -EINVAL },
		{ 0, 1, SZ_4K, 1, IOMMU_READ, -EINVAL },
		{ SZ_4K, 0, f->sizes[0].size, 1, IOMMU_READ, -EINVAL },
		{ 0, SZ_4K, f->sizes[0].size, 1, IOMMU_READ, -EINVAL },
		{ end, 0, SZ_4K, 1, IOMMU_READ, -EINVAL },
		{ end - SZ_4K, 0, SZ_4K, 2, IOMMU_READ, -EINVAL },
		{ 0, 0, SZ_4K, end / SZ_4K + 1, IOMMU_READ, -EINVAL },
		{ U64_MAX - SZ_4K + 1, 0, SZ_4K, 1, IOMMU_READ, -EINVAL },
		{ U64_MAX - SZ_4K + 1, 0, SZ_4K, 2, IOMMU_READ, -EINVAL },
		{ 0, oend, SZ_4K, 1, IOMMU_READ, -EINVAL },
		{ 0, oend - SZ_4K, SZ_4K, 2, IOMMU_READ, -EINVAL },
		{ 0, U64_MAX - SZ_4K + 1, SZ_4K, 2, IOMMU_READ, -EINVAL },
	};
	struct table_test *t;
	size_t empty, granule;

	if (!f->hyp) {
		kunit_skip(test, "the kernel trusts its drivers");
		return;
	}

	t = table_test_init(test, f);
	table_make(t);
	empty = t->table_bytes;

	for (int i = 0; i < ARRAY_SIZE(maps); i++) {
		op_begin(t);
		KUNIT_EXPECT_EQ_MSG(test, maps[i].ret,
				    hyp_io_pgtable_check_map(&t->hyp, maps[i].iova,
							     maps[i].paddr,
							     maps[i].pgsize,
							     maps[i].count,
							     maps[i].prot),
				    "case %d", i);
		/* The same places, with nothing there or nowhere */
		if (hyp_io_pgtable_check_range(&t->hyp, maps[i].iova,
					       maps[i].pgsize, maps[i].count))
			continue;
		KUNIT_EXPECT_EQ(test, 0, do_unmap(t, maps[i].iova, maps[i].pgsize,
						  maps[i].count, &granule));
	}

	KUNIT_EXPECT_EQ(test, 0, hyp_io_pgtable_iova_to_phys(&t->hyp, end));
	KUNIT_EXPECT_EQ(test, 0, hyp_io_pgtable_iova_to_phys(&t->hyp, U64_MAX));
	KUNIT_EXPECT_EQ(test, t->table_bytes, empty);

	table_unmake(t);
	table_test_exit(t);
}

static void configs_test(struct kunit *test)
{
#define CFG(_pgsizes, _ias, _oas, _quirks)	\
	{ .pgsize_bitmap = (_pgsizes), .ias = (_ias), .oas = (_oas), .quirks = (_quirks), \
	  .alloc = table_alloc, .free = table_free }
	static const struct {
		enum io_pgtable_fmt fmt;
		struct io_pgtable_cfg cfg;
		int ret;
	} cases[] = {
		{ ARM_64_LPAE_S2, CFG(SZ_4K, 40, 40, 0), -EOPNOTSUPP },
		{ ARM_MALI_LPAE, CFG(SZ_4K, 40, 40, 0), -EOPNOTSUPP },
		{ IO_PGTABLE_NUM_FMTS, CFG(SZ_4K, 40, 40, 0), -EOPNOTSUPP },
		{ ARM_64_LPAE_S1, CFG(0, 40, 40, 0), -EINVAL },
		{ ARM_64_LPAE_S1, CFG(SZ_8K, 40, 40, 0), -EINVAL },
		{ ARM_64_LPAE_S1, CFG(SZ_4K, 0, 40, 0), -EINVAL },
		{ ARM_64_LPAE_S1, CFG(SZ_4K, 24, 40, 0), -EINVAL },
		{ ARM_64_LPAE_S1, CFG(SZ_4K, 65, 40, 0), -EINVAL },
		{ ARM_64_LPAE_S1, CFG(SZ_4K, 40, 41, 0), -EINVAL },
		{ ARM_64_LPAE_S1, CFG(SZ_4K, 40, 40, IO_PGTABLE_QUIRK_ARM_TTBR1), -EINVAL },
		{ ARM_V7S, CFG(SZ_4K, 31, 32, 0), -EINVAL },
		{ ARM_V7S, CFG(SZ_4K, 33, 32, 0), -EINVAL },
		{ ARM_V7S, CFG(SZ_4K, 32, 33, 0), -EINVAL },
		{ ARM_V7S, CFG(SZ_8K, 32, 32, 0), -EINVAL },
		{ ARM_V7S, CFG(SZ_4K, 32, 32, IO_PGTABLE_QUIRK_ARM_MTK_EXT), -EINVAL },
		{ ARM_V7S, CFG(SZ_4K, 32, 32, IO_PGTABLE_QUIRK_NO_PERMS), -EINVAL },
	};
#undef CFG
	struct table_test *t = table_test_init(test, &formats[0]);

	for (int i = 0; i < ARRAY_SIZE(cases); i++) {
		t->hyp.cfg = cases[i].cfg;
		KUNIT_EXPECT_EQ_MSG(test, cases[i].ret,
				    hyp_io_pgtable_init(&t->hyp, cases[i].fmt, t),
				    "case %d", i);
		KUNIT_EXPECT_NULL(test, t->hyp.iop);
		KUNIT_EXPECT_EQ(test, t->table_bytes, 0);
	}

	/* No memory for the root */
	t->fail_in = 1;
	t->hyp.cfg = (struct io_pgtable_cfg) {
		.pgsize_bitmap = SZ_4K, .ias = 40, .oas = 40,
		.alloc = table_alloc, .free = table_free,
	};
	KUNIT_EXPECT_EQ(test, -ENOMEM, hyp_io_pgtable_init(&t->hyp, ARM_64_LPAE_S1, t));

	table_test_exit(t);
}

/* A thousand domains made, filled, emptied and freed */
static void domains_test(struct kunit *test)
{
	const struct format *f = test->param_value;
	struct table_test *t;

	if (!f->hyp) {
		kunit_skip(test, "the kernel does not count its tables");
		return;
	}

	t = table_test_init(test, f);
	for (int i = 0; i < 1000; i++) {
		size_t empty, mapped, granule;
		u64 iova = 0;

		table_make(t);
		empty = t->table_bytes;
		for (int s = 0; s < ARRAY_SIZE(f->sizes) && f->sizes[s].size; s++) {
			op_begin(t);
			KUNIT_EXPECT_EQ(test, 0,
					do_map(t, iova, 0, f->sizes[s].size, 3,
					       IOMMU_READ, &mapped));
			iova += mapped;
		}
		KUNIT_EXPECT_GT(test, t->table_bytes, empty);
		for (int s = 0; s < ARRAY_SIZE(f->sizes) && f->sizes[s].size; s++) {
			op_begin(t);
			iova = s ? iova + 3 * f->sizes[s - 1].size : 0;
			KUNIT_EXPECT_EQ(test, 3 * f->sizes[s].size,
					do_unmap(t, iova, f->sizes[s].size, 3, &granule));
		}
		KUNIT_EXPECT_EQ(test, root_bytes(t), empty);
		table_unmake(t);
	}
	table_test_exit(t);
}

static void format_desc(const struct format *f, char *desc)
{
	strscpy(desc, f->name, KUNIT_PARAM_DESC_SIZE);
}

KUNIT_ARRAY_PARAM(format, formats, format_desc);

static struct kunit_case io_pgtable_cases[] = {
	KUNIT_CASE(configs_test),
	KUNIT_CASE_PARAM(arguments_test, format_gen_params),
	KUNIT_CASE_PARAM(clear_test, format_gen_params),
	KUNIT_CASE_PARAM(domains_test, format_gen_params),
	KUNIT_CASE_PARAM(pages_only_test, format_gen_params),
	KUNIT_CASE_PARAM_ATTR(random_ops_test, format_gen_params, { .speed = KUNIT_SPEED_SLOW }),
	{}
};

static struct kunit_suite io_pgtable_suite = {
	.name		= "io-pgtable",
	.test_cases	= io_pgtable_cases,
};

kunit_test_suite(io_pgtable_suite);

MODULE_DESCRIPTION("KUnit tests of the Arm I/O page tables");
MODULE_LICENSE("GPL");
