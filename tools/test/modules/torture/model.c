// SPDX-License-Identifier: GPL-2.0-only
/*
 * Private domains: the model of their mappings.
 *
 * A domain has a few regions of 2 MiB at random places of its address space; each has a
 * slot for every 4 KiB. Regions are not adjacent: after each there is a hole.
 */
#include <linux/bitfield.h>
#include <linux/mm.h>
#include <linux/slab.h>

#include "torture.h"

struct domain *random_domain(struct torturer *t)
{
	struct domain *d = &t->domains[rnd(t, NR_DOMAINS)];

	return d->handle ? d : NULL;
}

/* Get the slot of an address; return false if it is in no region. */
bool domain_slot(struct domain *d, u64 iova, struct slot **slot)
{
	int i;

	for (i = 0; i < REGIONS; i++) {
		if (iova < d->base[i] || iova - d->base[i] >= REGION_SIZE)
			continue;
		*slot = &d->slots[i * REGION_PAGES + (iova - d->base[i]) / SZ_4K];
		return true;
	}
	return false;
}

u64 random_iova(struct torturer *t, struct domain *d)
{
	if (chance(t, 3))
		return d->last;
	return d->base[rnd(t, REGIONS)] + (u64)rnd(t, REGION_PAGES) * SZ_4K;
}

static void place_regions(struct torturer *t, struct domain *d)
{
	u64 regions = 1ULL << (d->ias - 21);
	int i, j;

	for (i = 0; i < REGIONS; i++) {
		u64 n;
again:
		n = rnd64(t) & (regions - 1);
		if (i == 0 && chance(t, 2))
			n = regions - 1;
		else if (i == 1 && chance(t, 4))
			n = 0;
		else if (i > 1)
			n &= (1ULL << (39 - 21)) - 1;	/* an address that all devices can use */
		for (j = 0; j < i; j++)
			if (abs((s64)(n - d->base[j] / SZ_2M)) < 2)
				goto again;
		d->base[i] = n * SZ_2M;
	}
	d->last = d->base[REGIONS - 1];
}

void op_alloc(struct torturer *t)
{
	struct domain *d = &t->domains[rnd(t, NR_DOMAINS)];
	u32 fmt = rnd(t, KVM_IOMMU_FMT_AUTO_32BIT + 1);
	u32 iommu = t->stream && !chance(t, 4) ? t->stream->iommu : rnd(t, nr_iommus);
	struct arm_smccc_res res;
	int tries = 0;
	long ret;

	if (d->handle)
		return;
	do {
		ret = call(t, FN_ALLOC, &res, iommu, fmt);
	} while (ret == -ENOMEM && tries++ < 64 && !give(t, res.a3));
	if (fmt == KVM_IOMMU_FMT_V7S && !has_v7s[iommu]) {
		expect(t, ret, -EOPNOTSUPP);
		return;
	}
	if (ret <= 0 || ret > KVM_IOMMU_MAX_DOMAINS) {
		mismatch(t, "allocation of a domain returned %ld", ret);
		return;
	}

	d->handle = ret;
	d->iommu = iommu;
	d->fmt = FIELD_GET(KVM_IOMMU_DOMAIN_FMT, res.a2);
	d->ias = FIELD_GET(KVM_IOMMU_DOMAIN_IAS, res.a2);
	d->oas = FIELD_GET(KVM_IOMMU_DOMAIN_OAS, res.a2);
	/* larger than the regions: modules/pool tests these */
	d->pgsizes = res.a3 & ~(u64)SZ_16M;
	if ((d->fmt != KVM_IOMMU_FMT_LPAE && d->fmt != KVM_IOMMU_FMT_V7S) ||
	    (fmt == KVM_IOMMU_FMT_LPAE && d->fmt != fmt) ||
	    (fmt == KVM_IOMMU_FMT_V7S && d->fmt != fmt) ||
	    d->ias < 32 || d->ias > 48 || !(d->pgsizes & SZ_4K) || d->pgsizes & ~(u64)(SZ_4K |
	    SZ_64K | SZ_1M | SZ_2M)) {
		mismatch(t, "a domain of format %u was allocated with format %u, %u bits, sizes %#llx", fmt,
			 d->fmt, d->ias, d->pgsizes);
		return;
	}
	memset(d->slots, 0, REGIONS * REGION_PAGES * sizeof(*d->slots));
	place_regions(t, d);
}

/* Free a domain that no stream is attached to and no other thread uses. */
void free_handle(struct torturer *t, u32 handle)
{
	unsigned long end = jiffies + 30 * HZ;
	struct arm_smccc_res res;
	long ret;

	do {
		ret = call(t, FN_FREE, &res, handle);
		cond_resched();
	} while (ret == -EAGAIN && time_before(jiffies, end));
	expect(t, ret, 0);
}

void free_domain(struct torturer *t, struct domain *d)
{
	int i;

	free_handle(t, d->handle);
	d->handle = 0;
	for (i = 0; i < REGIONS * REGION_PAGES; i++)
		if (d->slots[i].shift)
			page_used(t, d->slots[i].phys, -1);
}

void op_free(struct torturer *t)
{
	struct domain *d = random_domain(t);
	struct arm_smccc_res res;

	if (!d)
		return;
	if (d == t->attached)
		expect(t, call(t, FN_FREE, &res, d->handle), -EBUSY);
	else
		free_domain(t, d);
}

static u64 random_pgsize(struct torturer *t, struct domain *d)
{
	u64 rest = d->pgsizes & ~(u64)SZ_4K;
	u32 n;

	if (!rest || !chance(t, 3))
		return SZ_4K;
	for (n = rnd(t, hweight64(rest)); n; n--)
		rest &= rest - 1;
	return rest & -rest;
}

static int random_prot(struct torturer *t)
{
	int prot = 1 + rnd(t, 3);	/* IOMMU_READ, IOMMU_WRITE, both */

	BUILD_BUG_ON(IOMMU_READ != 1 || IOMMU_WRITE != 2);
	if (chance(t, 2))
		prot = IOMMU_READ | IOMMU_WRITE;
	if (chance(t, 2))
		prot |= IOMMU_CACHE;
	if (chance(t, 8))
		prot |= IOMMU_MMIO;
	if (chance(t, 8))
		prot |= IOMMU_PRIV;
	if (chance(t, 4))
		prot |= IOMMU_NOEXEC;
	return prot;
}

/* Return how many of @count pages one call may map. */
static u64 bounded(u64 pgsize, u64 count)
{
	return min(count, max(KVM_IOMMU_MAX_PAGES * SZ_4K / pgsize, 1ULL));
}

static void model_map(struct torturer *t, struct slot *slot, u64 phys, u64 pgsize, u64 bytes,
		      int prot)
{
	u64 i;

	for (i = 0; i < bytes / SZ_4K; i++, phys += SZ_4K) {
		slot[i].phys = phys;
		slot[i].prot = prot;
		slot[i].shift = ilog2(pgsize);
		page_used(t, phys, 1);
	}
}

void op_map(struct torturer *t)
{
	struct domain *d = random_domain(t);
	u64 pgsize, count, iova, phys, first, step, room;
	int prot, tries = 0;
	struct slot *slot;
	struct own_page *p;

	if (!d)
		return;
	prot = random_prot(t);
	pgsize = random_pgsize(t, d);
	step = pgsize / SZ_4K;
	first = round_down(rnd(t, REGION_PAGES), step);
	count = 1;
	iova = d->base[rnd(t, REGIONS)];

	p = &t->singles[rnd(t, NR_SINGLES)];
	if (pgsize == SZ_4K && chance(t, 3) && p->page) {
		phys = page_to_phys(p->page);
	} else if (pgsize == SZ_4K && chance(t, 16) && t->stream) {
		phys = bm_registers(t->stream->bm);
	} else {
		u64 from = round_down(rnd(t, REGION_PAGES), step);

		if (chance(t, 4)) {
			from = 0;
			if (chance(t, 2))
				first = 0;
		}
		phys = page_to_phys(t->block) + from * SZ_4K;
		count = (REGION_PAGES - max(from, first)) / step;
		if (!chance(t, 4))
			count = 1 + rnd(t, min(count, 20ULL));
		else if (!chance(t, 4))
			count = 1 + rnd(t, count);
		/* A whole region at once: the range may continue beyond it. */
		if (!from && !first && count == REGION_PAGES / step && chance(t, 2))
			count += rnd(t, 100);
	}
	room = (REGION_PAGES - first) / step;
	iova += first * SZ_4K;
	d->last = iova;
	domain_slot(d, iova, &slot);

	while (count) {
		u64 bound = bounded(pgsize, count), i, free = bound, done;
		struct arm_smccc_res res;
		long ret;

		if ((iova + bound * pgsize - 1) >> d->ias) {
			mismatch(t, "the test left the domain");
			return;
		}
		for (i = 0; i < bound * step; i++) {
			if (slot[i].shift) {
				free = i / step;
				break;
			}
		}
		ret = call(t, FN_MAP, &res, d->handle, iova, phys, pgsize, count, prot);
		done = res.a2;
		if (!IS_ALIGNED(done, pgsize) || done > free * pgsize) {
			mismatch(t, "map reported %llu bytes of %llu", done, free * pgsize);
			return;
		}
		model_map(t, slot, phys, pgsize, done, prot);
		if (ret == -ENOMEM) {
			if (tries++ > 64 || give(t, res.a3))
				return;
			/* The range no longer starts with the region: limit it to the region. */
			count = min(count, room);
		} else if (free < bound) {
			expect(t, ret, -EEXIST);
			return;
		} else if (!expect(t, ret, 0) || !expect(t, done, bound * pgsize)) {
			return;
		} else if (count > room) {
			return;		/* the call has filled the region */
		}
		count -= done / pgsize;
		room -= done / pgsize;
		iova += done;
		phys += done;
		slot += done / SZ_4K;
	}
}

static bool any_mapped(struct slot *slot, u64 n)
{
	while (n--)
		if (slot[n].shift)
			return true;
	return false;
}

static bool all_mapped(struct slot *slot, u64 n, u8 shift)
{
	while (n--)
		if (slot[n].shift != shift)
			return false;
	return true;
}

/* Return true if an unmap of one page of that size succeeds. */
static bool may_unmap(struct domain *d, struct slot *slot, u64 pgsize)
{
	u64 n = pgsize / SZ_4K;

	if (slot->shift && 1ULL << slot->shift > pgsize)
		return false;
	switch (pgsize) {
	case SZ_4K:
		return slot->shift;
	case SZ_64K:	/* a large page, or small pages for all of it */
		return slot->shift && all_mapped(slot, n, slot->shift);
	default:	/* a block, or a table with any mappings */
		return any_mapped(slot, n);
	}
}

void op_unmap(struct torturer *t)
{
	struct domain *d = random_domain(t);
	u64 pgsize, count, bound, iova, want = 0, i;
	struct slot *slot, *s, *end;
	struct arm_smccc_res res;
	long ret;

	if (!d)
		return;
	pgsize = random_pgsize(t, d);
	iova = round_down(random_iova(t, d), pgsize);
	count = chance(t, 4) ? 1 + rnd(t, 2 * REGION_PAGES) : 1 + rnd(t, 40);
	d->last = iova;
	domain_slot(d, iova, &slot);
	end = slot + (REGION_PAGES - (iova & (REGION_SIZE - 1)) / SZ_4K);

	bound = bounded(pgsize, count);
	for (s = slot, i = 0; i < bound && s < end && may_unmap(d, s, pgsize); i++) {
		s += pgsize / SZ_4K;
		want += pgsize;
	}

	ret = call(t, FN_UNMAP, &res, d->handle, iova, pgsize, count);
	if ((iova + bound * pgsize - 1) >> d->ias) {
		expect(t, ret, -EINVAL);
		expect(t, res.a2, 0);
		return;
	}
	if (!expect(t, ret, want ? 0 : -ENOENT) || !expect(t, res.a2, want))
		return;
	for (s = slot; s < slot + want / SZ_4K; s++) {
		if (s->shift)
			page_used(t, s->phys, -1);
		s->shift = 0;
	}
	/* The pages must be unreachable: check before the model forgets them. */
	if (d == t->attached && want) {
		check_dma(t, iova + (u64)rnd(t, want / SZ_4K) * SZ_4K);
		check_dma(t, iova + (u64)rnd(t, want / SZ_4K) * SZ_4K);
	}
}

void op_lookup(struct torturer *t)
{
	struct domain *d = random_domain(t);
	struct arm_smccc_res res;
	struct slot *slot = NULL;
	u64 iova, want = 0;
	long ret;

	if (!d)
		return;
	iova = random_iova(t, d) + rnd(t, SZ_4K);
	if (chance(t, 16))
		iova = rnd64(t);
	if (domain_slot(d, iova, &slot) && slot->shift)
		want = slot->phys + offset_in_page(iova);

	ret = call(t, FN_LOOKUP, &res, d->handle, iova);
	if (expect(t, ret, want ? 0 : -ENOENT) && res.a2 != want)
		mismatch(t, "%#llx translates to %#lx, expected %#llx", iova, res.a2, want);
}
