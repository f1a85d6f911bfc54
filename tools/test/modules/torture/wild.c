// SPDX-License-Identifier: GPL-2.0-only
/*
 * Calls that no honest host makes: each has at least one argument that EL2 has
 * to refuse, and the error is the one that the argument deserves. The others
 * are right, or random.
 */
#include <linux/bitfield.h>
#include <linux/limits.h>

#include "torture.h"

static const u64 bad_handles[] = {
	0, KVM_IOMMU_MAX_DOMAINS + 1, KVM_IOMMU_MAX_DOMAINS + 2, 0x8000, 0x10000, S32_MAX,
	U32_MAX, BIT_ULL(32), BIT_ULL(63), ~0ULL,
};

static const u64 bad_sizes[] = {
	0, 1, 3, SZ_1K, SZ_4K - 1, SZ_4K + 1, SZ_8K, SZ_16K, SZ_4K | SZ_2M, SZ_4K | SZ_64K, SZ_32M,
	SZ_1G, BIT_ULL(39), BIT_ULL(52), BIT_ULL(63), ~0ULL,
};

#define pick(t, array)	((array)[rnd(t, ARRAY_SIZE(array))])

static void wild_map(struct torturer *t, bool map)
{
	struct domain *d = random_domain(t);
	u64 handle, iova, phys, pgsize = SZ_4K, count = 1 + rnd(t, 4), prot = 3;
	struct arm_smccc_res res;
	long ret, want = -EINVAL;

	if (!d)
		return;
	handle = d->handle;
	iova = random_iova(t, d) & PAGE_MASK;
	phys = page_to_phys(t->block);

	switch (rnd(t, map ? 11 : 6)) {
	case 0:
		handle = pick(t, bad_handles);
		want = -ENOENT;
		break;
	case 1:
		pgsize = pick(t, bad_sizes);
		if (chance(t, 2))
			count = rnd64(t);
		if (chance(t, 2))
			iova = phys = 0;
		break;
	case 2:
		count = 0;
		break;
	case 3:
		iova += 1 + rnd(t, SZ_4K - 1);
		break;
	case 4:
		iova = (BIT_ULL(d->ias) << rnd(t, 64 - d->ias)) | iova;
		if (chance(t, 2))
			iova = -(u64)SZ_4K;
		break;
	case 5:		/* across the end */
		iova = BIT_ULL(d->ias) - SZ_4K;
		count = 2 + rnd(t, 1000);
		break;
	case 6:
		prot = chance(t, 2) ? 0 : 3 | BIT(6 + rnd(t, 26));
		if (chance(t, 3))
			prot = IOMMU_CACHE | IOMMU_NOEXEC;
		break;
	case 7:
		phys += 1 + rnd(t, SZ_4K - 1);
		break;
	case 8:
		phys = BIT_ULL(d->oas) << rnd(t, 64 - d->oas);
		if (chance(t, 3))
			phys = -(u64)SZ_4K * (1 + rnd(t, 2));
		/* another view of memory, and what begins in the first one */
		if (has_mc && chance(t, 2))
			phys = page_to_phys(t->block + rnd(t, REGION_PAGES)) | BIT_ULL(39);
		else if (has_mc && count > 1 && chance(t, 2))
			phys = BIT_ULL(39) - SZ_4K;
		break;
	case 9:
		phys = forbidden[rnd(t, nr_forbidden)];
		count = 1;
		want = -EPERM;
		if (phys >> d->oas)
			want = -EINVAL;
		break;
	case 10:	/* begins with the host's, or ends with it */
		if (!nr_edges)
			return;
		phys = edges[rnd(t, nr_edges)];
		count = 2 + rnd(t, 100);
		if (iova + count * SZ_4K > BIT_ULL(d->ias))
			return;
		want = -EPERM;
		break;
	}
	if (map)
		ret = call(t, FN_MAP, &res, handle, iova, phys, pgsize, count, prot);
	else
		ret = call(t, FN_UNMAP, &res, handle, iova, pgsize, count);
	if (expect(t, ret, want) && res.a2)
		mismatch(t, "a call that fails did %lu bytes", res.a2);
}

/* A stream of a device that is in use. */
static struct stream *busy_stream(struct torturer *t)
{
	struct stream *s = &streams[rnd(t, nr_streams)];

	return s->taken || !s->owner ? NULL : s;
}

/* Never a stream of ours: what nobody has, and what the host's devices have. */
static void wild_attach(struct torturer *t, enum fn fn)
{
	struct domain *d = random_domain(t);
	struct stream *s = &streams[rnd(t, nr_streams)], *busy = busy_stream(t);
	struct arm_smccc_res res;
	u64 handle, iommu, endpoint = s->endpoint, id = s->id;
	long want;

	if (!d)
		return;
	handle = d->handle;
	iommu = d->iommu;
	want = fn == FN_ATTACH ? -ENODEV : -ENOENT;

	switch (rnd(t, 6)) {
	case 0:
		handle = pick(t, bad_handles);
		iommu = s->iommu;
		want = -ENOENT;
		break;
	case 1:
		iommu = chance(t, 2) ? nr_iommus + rnd(t, 4) : U32_MAX - rnd(t, 2);
		want = fn == FN_ATTACH ? -EINVAL : -ENOENT;
		break;
	case 2:
		endpoint = chance(t, 2) ? 64 + rnd(t, 1000) : U32_MAX - rnd(t, 4);
		break;
	case 3:		/* more bits than any stream ID has */
		id |= BIT(16 + rnd(t, 16));
		break;
	case 4:		/* no stream has that */
		id = chance(t, 2) ? 0x8000 | rnd(t, 0x7fff) : 0x7f80 | rnd(t, 0x7f);
		break;
	case 5:
		if (!busy)
			return;
		endpoint = busy->endpoint;
		id = busy->id;
		if (fn == FN_ATTACH) {
			/* Another IOMMU does not know it; and streams can have many. */
			if (d->iommu != busy->iommu)
				return;
			want = -EBUSY;
		}
		break;
	}
	expect(t, call(t, fn, &res, handle, iommu, endpoint, id), want);
}

/* A query says what an attach would, and changes nothing; no other flag is known. */
static void wild_query(struct torturer *t)
{
	struct stream *s = &streams[rnd(t, nr_streams)], *busy = busy_stream(t);
	u64 handle = 0, iommu = s->iommu, endpoint = s->endpoint, id = s->id;
	u64 flags = KVM_IOMMU_ATTACH_QUERY;
	struct domain *d = random_domain(t);
	struct arm_smccc_res res;
	long want = -ENODEV;

	switch (rnd(t, 6)) {
	case 0:
		iommu = chance(t, 2) ? nr_iommus + rnd(t, 4) : U32_MAX - rnd(t, 2);
		want = -EINVAL;
		break;
	case 1:
		endpoint = chance(t, 2) ? 64 + rnd(t, 1000) : U32_MAX - rnd(t, 4);
		break;
	case 2:
		id |= BIT(16 + rnd(t, 16));
		break;
	case 3:
		flags |= BIT(1 + rnd(t, 31));
		want = -ENOENT;
		break;
	case 4:		/* with a domain there is nothing to ask */
		if (!d)
			return;
		handle = d->handle;
		iommu = d->iommu;
		flags = chance(t, 2) ? flags : BIT(rnd(t, 32));
		want = -EINVAL;
		break;
	case 5:
		if (!busy)
			return;
		iommu = busy->iommu;
		endpoint = busy->endpoint;
		id = busy->id;
		want = 0;
		break;
	}
	expect(t, call(t, FN_ATTACH, &res, handle, iommu, endpoint, id, flags), want);
}

static void wild_free(struct torturer *t)
{
	struct stream *busy = busy_stream(t);
	struct arm_smccc_res res;

	if (busy && chance(t, 3))
		expect(t, call(t, FN_FREE, &res, busy->owner), -EBUSY);
	else
		expect(t, call(t, FN_FREE, &res, pick(t, bad_handles)), -ENOENT);
}

static void wild_alloc(struct torturer *t)
{
	struct arm_smccc_res res;
	u64 iommu = rnd(t, nr_iommus), fmt = rnd(t, 4);
	int tries = 0;
	long ret;

	if (chance(t, 2))
		iommu = chance(t, 2) ? nr_iommus + rnd(t, 10) : U32_MAX - rnd(t, 10);
	else
		fmt = 4 + rnd(t, chance(t, 2) ? 10 : S32_MAX);
	do {
		ret = call(t, FN_ALLOC, &res, iommu, fmt);
	} while (ret == -ENOMEM && tries++ < 64 && !give(t, res.a3));
	expect(t, ret, -EINVAL);
}

static void wild_memory(struct torturer *t)
{
	struct arm_smccc_res res;
	u64 pfn = page_to_pfn(t->block), order = 0;
	long ret, want = -EINVAL;

	switch (rnd(t, 6)) {
	case 0:
		order = chance(t, 2) ? 1 : 3 + rnd(t, 100);
		break;
	case 1:
		order = U32_MAX - rnd(t, 3);
		break;
	case 2:
		order = KVM_IOMMU_MAX_ORDER;
		pfn += 1 + rnd(t, 3);
		break;
	case 3:
		pfn = PHYS_PFN(forbidden[rnd(t, nr_forbidden)]);
		want = -EPERM;
		break;
	case 4:
		pfn = rnd64(t) | BIT_ULL(63 - rnd(t, 15));
		break;
	case 5:
		expect(t, call(t, FN_RECLAIM, &res, chance(t, 2) ? 1 : 3 + rnd(t, U32_MAX - 3)),
		       -EINVAL);
		return;
	}
	ret = call(t, FN_TOPUP, &res, pfn, order);
	if (ret == -EPERM && want == -EINVAL && order == 0)
		want = ret;		/* either will do */
	expect(t, ret, want);
}

/* Nothing has that number: no value comes back either. */
static void wild_debug(struct torturer *t)
{
	u64 iommu = rnd(t, nr_iommus), what, index = rnd(t, 4);
	struct arm_smccc_res res;
	long ret;

	switch (rnd(t, 5)) {
	case 0:		/* between the core's and the driver's, or behind all */
		what = chance(t, 2) ? KVM_IOMMU_DEBUG_DOMAIN + 1 + rnd(t, 8) :
				      SMMU_KVM_DEBUG_SOC + 8 + rnd(t, S32_MAX);
		break;
	case 1:
		what = KVM_IOMMU_DEBUG_STAT;
		index = KVM_IOMMU_STAT_MAPPED_PAGES + 1 + rnd(t, S32_MAX);
		break;
	case 2:
		what = SMMU_KVM_DEBUG_STAT;
		index = SMMU_KVM_STAT_WAIT_BOUND + 1 + rnd64(t) / 2;
		break;
	case 3:
		what = SMMU_KVM_DEBUG_ROOM;
		iommu = nr_iommus + rnd(t, U32_MAX - 8);
		break;
	default:
		what = KVM_IOMMU_DEBUG_DOMAIN;
		index = KVM_IOMMU_MAX_DOMAINS + 1 + rnd64(t) / 2;
		break;
	}
	ret = call(t, FN_DEBUG, &res, iommu, what, index);
	if (expect(t, ret, -EINVAL) && (res.a2 || res.a3))
		mismatch(t, "a question without an answer: %#lx, %#lx", res.a2, res.a3);
}

/* What EL2 says of a domain that only this thread changes. */
static void wild_domain_use(struct torturer *t, struct domain *d)
{
	u64 pages = 0, users = d == t->attached ? t->users : 0;
	struct arm_smccc_res res;
	unsigned int i;

	if (!d) {
		expect(t, call(t, FN_DEBUG, &res, 0, KVM_IOMMU_DEBUG_DOMAIN, 0), -ENOENT);
		return;
	}
	for (i = 0; i < REGIONS * REGION_PAGES; i++)
		pages += !!d->slots[i].shift;
	if (!expect(t, call(t, FN_DEBUG, &res, 0, KVM_IOMMU_DEBUG_DOMAIN, d->handle), 0))
		return;
	if (FIELD_GET(KVM_IOMMU_USE_PAGES, res.a2) != pages ||
	    FIELD_GET(KVM_IOMMU_USE_ATTACHED, res.a2) != users ||
	    FIELD_GET(KVM_IOMMU_USE_IOMMU, res.a2) != d->iommu ||
	    FIELD_GET(KVM_IOMMU_USE_FMT, res.a2) != d->fmt || res.a2 & KVM_IOMMU_USE_QUARANTINED)
		mismatch(t, "domain %u is said to be %#lx: not %llu pages, %llu attachments",
			 d->handle, res.a2, pages, users);
}

static void wild_question(struct torturer *t)
{
	struct domain *d = random_domain(t);
	struct arm_smccc_res res;
	long ret;

	switch (rnd(t, 6)) {
	case 0:
		expect(t, call(t, FN_LOOKUP, &res, pick(t, bad_handles), rnd64(t)), -ENOENT);
		break;
	case 1:
		if (d)
			expect(t, call(t, FN_LOOKUP, &res, d->handle,
				       BIT_ULL(d->ias + rnd(t, 64 - d->ias)) | rnd(t, S32_MAX)),
			       -ENOENT);
		break;
	case 2:
		wild_faults(t);
		break;
	case 3:
		ret = ask_stream(t, &res, rnd(t, nr_iommus + 2), 64 + rnd(t, S32_MAX), rnd64(t));
		if ((ret != -ENODEV && ret != -EINVAL) || res.a2)
			mismatch(t, "a stream that nobody has: %ld, %#lx", ret, res.a2);
		break;
	case 4:
		wild_debug(t);
		break;
	case 5:
		wild_domain_use(t, d);
		break;
	}
}

/* What is over once the host has no privileges, and numbers that are no calls. */
static void wild_number(struct torturer *t)
{
	u32 base = KVM_HOST_SMCCC_ID(0), id;

	switch (rnd(t, 3)) {
	case 0:
		id = KVM_HOST_SMCCC_FUNC(__pkvm_iommu_init);
		break;
	case 1:
		id = base + rnd(t, __KVM_HOST_SMCCC_FUNC_MIN_PKVM);
		break;
	default:
		id = base + __KVM_HOST_SMCCC_FUNC_MAX +
		     rnd(t, 0xff00 - __KVM_HOST_SMCCC_FUNC_MAX);
		break;
	}
	expect(t, hvc_raw(t, id, rnd64(t), page_to_pfn(t->block), 1 + rnd(t, 4)),
	       SMCCC_RET_NOT_SUPPORTED);
}

void op_wild(struct torturer *t)
{
	switch (rnd(t, 14)) {
	case 0 ... 2:
		wild_map(t, true);
		break;
	case 3 ... 4:
		wild_map(t, false);
		break;
	case 5:
		wild_attach(t, FN_ATTACH);
		break;
	case 6:
		wild_attach(t, FN_DETACH);
		break;
	case 7:
		wild_free(t);
		break;
	case 8:
		wild_alloc(t);
		break;
	case 9:
		wild_memory(t);
		break;
	case 10:
		wild_question(t);
		break;
	case 11:
		wild_runs(t);
		break;
	case 12:
		wild_query(t);
		break;
	default:
		wild_number(t);
		break;
	}
}
