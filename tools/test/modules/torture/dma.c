// SPDX-License-Identifier: GPL-2.0-only
/*
 * What the hardware does: a bus master that is attached to a private domain
 * reaches exactly what is mapped there, with exactly the permissions.
 */
#include <linux/bitfield.h>
#include <linux/mm.h>
#include <linux/string.h>

#include "torture.h"

/* Bit 39 of an address has a meaning of its own on Tegra234. */
#define DMA_LIMIT	BIT_ULL(39)

static bool transfer(struct torturer *t, struct stream *s, u64 addr, u32 flags, void *data,
		     u32 len)
{
	t->nr_dma++;
	return bm_dma(s->bm, flags, addr, data, len);
}

bool bm_read(struct torturer *t, struct stream *s, u64 addr, u32 flags, void *data, u32 len)
{
	return transfer(t, s, addr, flags & ~BM_F_WRITE, data, len);
}

/*
 * Stage 1 of AArch64 has two rules of its own for fetches: what may be written
 * without privilege is not fetched with it, and what may not be read without
 * privilege may still be fetched.
 */
static bool allowed(struct domain *d, struct slot *slot, u32 flags)
{
	bool lpae = d->fmt == KVM_IOMMU_FMT_LPAE, priv = flags & BM_F_PRIV;
	bool user = !(slot->prot & IOMMU_PRIV), write = slot->prot & IOMMU_WRITE;

	if (!slot->shift)
		return false;
	if (flags & BM_F_WRITE)
		return write && (priv || user);
	if (!(flags & BM_F_INSN))
		return priv || user;
	if (slot->prot & IOMMU_NOEXEC)
		return false;
	if (!priv)
		return lpae || user;
	return !(lpae && user && write);
}

static void check_read(struct torturer *t, struct slot *slot, u64 iova, u32 flags)
{
	bool may = allowed(t->attached, slot, flags), did;
	struct stamp got = {};

	did = bm_read(t, t->stream, iova, flags, &got, sizeof(got));
	if (did != may) {
		mismatch(t, "a read (%#x) of %#llx (%#x, %u) %s", flags, iova, slot->prot,
			 slot->shift, did ? "went through" : "was stopped");
		return;
	}
	if (did && (got.magic != STAMP_PRIVATE || got.phys != slot->phys))
		mismatch(t, "a read of %#llx reached %#llx (%#llx), not %#llx", iova, got.phys,
			 got.magic, slot->phys);
}

static void check_write(struct torturer *t, struct slot *slot, u64 iova, u32 flags)
{
	bool may = allowed(t->attached, slot, flags), did;
	u32 offset = 1024 + rnd(t, 256) * 8;
	u64 data = rnd64(t) | 1, *word, before, after;

	word = slot->shift ? phys_to_virt(slot->phys) + offset : NULL;
	before = word ? READ_ONCE(*word) : 0;
	did = transfer(t, t->stream, iova + offset, flags, &data, sizeof(data));
	after = word ? READ_ONCE(*word) : 0;
	if (did != may)
		mismatch(t, "a write (%#x) to %#llx (%#x, %u) %s", flags, iova, slot->prot,
			 slot->shift, did ? "went through" : "was stopped");
	else if (after != (did ? data : before))
		mismatch(t, "a write of %#llx to %#llx left %#llx where %#llx was", data, iova,
			 after, before);
}

/* Across the end of a page: both have to be there, or nothing is. */
static void check_across(struct torturer *t, struct slot *slot, u64 iova)
{
	struct slot none = {}, *next = &none;
	bool may, did;
	u8 data[32];

	domain_slot(t->attached, iova + SZ_4K, &next);
	if (next->shift && !pfn_valid(PHYS_PFN(next->phys)))
		return;
	may = allowed(t->attached, slot, 0) && allowed(t->attached, next, 0);
	did = bm_read(t, t->stream, iova + SZ_4K - 16, 0, data, sizeof(data));
	if (did != may)
		mismatch(t, "a read across %#llx %s", iova + SZ_4K,
			 did ? "went through" : "was stopped");
	else if (did && memcmp(data + 16, phys_to_virt(next->phys), sizeof(struct stamp)))
		mismatch(t, "a read across %#llx did not reach %#llx", iova + SZ_4K, next->phys);
}

/* @iova is the start of a page; it may be mapped or not. */
void check_dma(struct torturer *t, u64 iova)
{
	struct slot none = {}, *slot = &none;
	u32 flags = 0;

	if (!t->attached || iova + 2 * SZ_4K >= DMA_LIMIT)
		return;
	domain_slot(t->attached, iova, &slot);
	if (slot->shift && !pfn_valid(PHYS_PFN(slot->phys)))
		return;

	if (chance(t, 4))
		flags |= BM_F_PRIV;
	if (chance(t, 8))
		check_across(t, slot, iova);
	else if (chance(t, 2))
		check_write(t, slot, iova, flags | BM_F_WRITE);
	else
		check_read(t, slot, iova, flags | (chance(t, 8) ? BM_F_INSN : 0));
}

/* A stream that is not attached reaches nothing. */
static void check_detached(struct torturer *t)
{
	struct stamp got;
	u64 iova = 0;
	int i;

	for (i = 0; i < NR_DOMAINS; i++)
		if (t->domains[i].handle && chance(t, 2))
			iova = random_iova(t, &t->domains[i]);
	if (iova < DMA_LIMIT && bm_read(t, t->stream, iova, 0, &got, sizeof(got)))
		mismatch(t, "a stream that is not attached read %#llx", iova);
}

void op_dma(struct torturer *t)
{
	int n = 1 + rnd(t, 8);

	if (!t->stream)
		return;
	if (!t->attached) {
		check_detached(t);
		return;
	}
	while (n--)
		check_dma(t, random_iova(t, t->attached) & PAGE_MASK);
}

static long attach(struct torturer *t, enum fn fn, struct domain *d)
{
	struct arm_smccc_res res;
	int tries = 0;
	long ret;

	do {
		ret = call(t, fn, &res, d->handle, t->stream->iommu, t->stream->endpoint,
			   t->stream->id);
	} while (ret == -ENOMEM && tries++ < 64 && !give(t, res.a3));
	return ret;
}

static void detach(struct torturer *t)
{
	if (expect(t, attach(t, FN_DETACH, t->attached), 0) && !--t->users) {
		t->attached = NULL;
		check_detached(t);
	}
}

void detach_all(struct torturer *t)
{
	while (t->attached && t->users) {
		unsigned int users = t->users;

		detach(t);
		if (t->users == users)
			break;
	}
}

/* Attach and detach, once, twice, a second domain, the wrong one. */
void op_attach(struct torturer *t)
{
	struct domain *d = random_domain(t);

	if (!d || !t->stream)
		return;
	if (chance(t, 3)) {
		if (d == t->attached) {
			detach(t);
			return;
		}
		expect(t, attach(t, FN_DETACH, d), -ENOENT);
		if (t->attached && chance(t, 2))
			detach_all(t);
		return;
	}
	if (d->iommu != t->stream->iommu) {
		expect(t, attach(t, FN_ATTACH, d), -EINVAL);
	} else if (t->attached && t->attached != d) {
		expect(t, attach(t, FN_ATTACH, d), -EBUSY);
	} else if (t->users < 4 && expect(t, attach(t, FN_ATTACH, d), 0)) {
		t->attached = d;
		t->users++;
	}
}

/* What EL2 says of the thread's own stream, and of what a host may know at all. */
void op_info(struct torturer *t)
{
	struct arm_smccc_res res;
	struct domain *d = t->attached;
	long ret;

	ret = call(t, FN_DEBUG, &res, 0, SMMU_KVM_DEBUG_STAT, SMMU_KVM_STAT_QUARANTINED);
	if (expect(t, ret, 0) && res.a2)
		mismatch(t, "%lu context banks are in quarantine", res.a2);
	if (!t->stream)
		return;

	ret = ask_stream(t, &res, t->stream->iommu, t->stream->endpoint, t->stream->id);
	if (!expect(t, ret, 0))
		return;
	if (!d) {
		expect(t, res.a2, 0);
		return;
	}
	if (!(res.a2 & SMMU_KVM_STREAM_ATTACHED) || res.a2 & SMMU_KVM_STREAM_QUARANTINED ||
	    FIELD_GET(SMMU_KVM_STREAM_FMT, res.a2) != d->fmt ||
	    FIELD_GET(SMMU_KVM_STREAM_USERS, res.a2) != t->users ||
	    FIELD_GET(SMMU_KVM_STREAM_DOMAIN, res.a2) != d->handle)
		mismatch(t, "the stream is said to be %#lx: not %u users of domain %u", res.a2,
			 t->users, d->handle);
}
