// SPDX-License-Identifier: GPL-2.0-only
/*
 * Arguments: for each kind, values that are right, at a boundary, or wild.
 */
#include <soc/tegra/mc-sid.h>

#include "fuzz.h"

static const u64 wild[] = {
	0, 1, 2, 0x7f, 0x80, 0xff, 0x100, SZ_4K - 1, SZ_4K, 0xffff, SZ_64K, S32_MAX, BIT_ULL(31),
	U32_MAX, BIT_ULL(32), BIT_ULL(39), BIT_ULL(48), BIT_ULL(52), S64_MAX, BIT_ULL(63), ~0ULL,
};

static const u64 iova_bases[] = {
	0x40000000, 0x40000000, 0x40000000, 0x40000000, 0, SZ_2M, SZ_1G - SZ_2M,
	BIT_ULL(32) - SZ_2M, BIT_ULL(32) - SZ_16M, BIT_ULL(32), BIT_ULL(38),
	BIT_ULL(39) - SZ_2M, BIT_ULL(39),
	BIT_ULL(40) - SZ_2M, BIT_ULL(48) - SZ_2M, BIT_ULL(48) - SZ_1G, BIT_ULL(48), -(u64)SZ_2M,
};

static const u16 page_numbers[] = { 0, 0, 0, 1, 2, 15, 16, 17, 255, 256, 496, 510, 511 };

static const u64 sizes[] = {
	SZ_4K, SZ_4K, SZ_4K, SZ_4K, SZ_4K, SZ_64K, SZ_64K, SZ_1M, SZ_2M, SZ_2M, SZ_16M, SZ_1G,
};

static const u64 bad_sizes[] = {
	0, 1, SZ_1K, SZ_4K - 1, SZ_8K, SZ_16K, SZ_4K | SZ_2M, SZ_32M, BIT_ULL(39), BIT_ULL(63),
	~0ULL,
};

static const u64 counts[] = {
	1, 1, 1, 2, 3, 4, 15, 16, 17, 32, 255, 256, 257, 511, 512, 513, 0, 1025, BIT_ULL(20),
	BIT_ULL(32), BIT_ULL(40), BIT_ULL(43), BIT_ULL(51), BIT_ULL(52), ~0ULL,
};

static const u64 prots[] = {
	IOMMU_READ, IOMMU_WRITE, IOMMU_READ | IOMMU_WRITE, IOMMU_READ | IOMMU_WRITE,
	IOMMU_READ | IOMMU_WRITE | IOMMU_CACHE, IOMMU_READ | IOMMU_NOEXEC,
	IOMMU_READ | IOMMU_WRITE | IOMMU_MMIO, IOMMU_READ | IOMMU_PRIV,
	IOMMU_READ | IOMMU_WRITE | IOMMU_CACHE | IOMMU_PRIV | IOMMU_NOEXEC,
};

static const u64 bad_prots[] = {
	0, IOMMU_CACHE, IOMMU_NOEXEC, IOMMU_READ | BIT(6), IOMMU_READ | BIT(31), U32_MAX,
	IOMMU_READ | BIT_ULL(32), ~0ULL,
};

static const u64 orders[] = { 0, 0, 0, 2, 2, 2, 1, 3, 10, 63, 64, U32_MAX, BIT_ULL(32), ~0ULL };

static const u64 nr_runs[] = {
	1, 1, 2, 3, 4, 8, 16, 64, 256, 511, 512, 0, 513, BIT_ULL(32) | 1, ~0ULL,
};

static const u64 whats[] = {
	KVM_IOMMU_DEBUG_STAT, KVM_IOMMU_DEBUG_DOMAIN, SMMU_KVM_DEBUG_STAT, SMMU_KVM_DEBUG_ROOM,
	SMMU_KVM_DEBUG_STREAM, SMMU_KVM_DEBUG_STREAM, TEGRA_MC_DEBUG_STAT, TEGRA_MC_DEBUG_CLIENT,
};

static const u64 bad_whats[] = {
	KVM_IOMMU_DEBUG_DOMAIN + 1, KVM_IOMMU_DEBUG_DRIVER - 1, SMMU_KVM_DEBUG_STREAM + 1,
	SMMU_KVM_DEBUG_SOC - 1, TEGRA_MC_DEBUG_CLIENT + 1, U32_MAX, BIT_ULL(32),
};

static const u64 indices[] = {
	0, 1, 2, 3, 4, 5, 6, 7, 8, 100, 150, 300, 512, KVM_IOMMU_MAX_DOMAINS - 1,
	KVM_IOMMU_MAX_DOMAINS, KVM_IOMMU_MAX_DOMAINS + 1, U32_MAX, BIT_ULL(32), BIT_ULL(32) | 1,
};

static const u64 maxima[] = {
	KVM_IOMMU_MAX_FAULTS, KVM_IOMMU_MAX_FAULTS - 1, KVM_IOMMU_MAX_FAULTS + 1, 64, 65, S32_MAX,
	U32_MAX, BIT_ULL(32),
};

static void set(struct arg *a, enum how how, u8 n, s64 v)
{
	a->how = how;
	a->n = n;
	a->v = v;
}

/* A page of our own; blocks have to begin somewhere, too */
static void new_page(struct arg *a, enum how how)
{
	u32 n = chance(3) ? pick(page_numbers) : rnd(32);
	u32 shift = how == H_PAGE ? 12 : 0;

	set(a, how, 0, (s64)n << shift);
}

static void new_number_of_stream(struct arg *a, enum how how)
{
	set(a, how, rnd(4), 0);
	if (chance(12))
		a->v = chance(2) ? 1 : -1;
}

void arg_new(struct arg *a, enum kind kind)
{
	if (chance(40)) {
		set(a, H_VALUE, 0, chance(3) ? rnd64() : pick(wild));
		return;
	}

	switch (kind) {
	case K_HANDLE:
		set(a, H_DOMAIN, rnd(3), 0);
		if (chance(20))
			set(a, H_VALUE, 0, pick(wild));
		else if (chance(30))
			a->v = chance(2) ? BIT_ULL(32) : BIT(16);
		else if (chance(30))
			set(a, H_VALUE, 0, KVM_IOMMU_MAX_DOMAINS + rnd(2));
		break;
	case K_IOMMU:
		new_number_of_stream(a, H_IOMMU);
		break;
	case K_ENDPOINT:
		new_number_of_stream(a, H_ENDPOINT);
		break;
	case K_SID:
		new_number_of_stream(a, H_SID);
		if (chance(20))
			a->v = BIT_ULL(16 + rnd(20));	/* no stream ID has so many bits */
		break;
	case K_FMT:
		set(a, H_VALUE, 0, chance(12) ? 4 : rnd(4));
		break;
	case K_IOVA:
		if (chance(8))
			set(a, H_LIMIT, rnd(3), -(s64)rnd(4) * SZ_4K);
		else if (chance(3))
			set(a, H_VALUE, 0, pick(iova_bases));
		else
			set(a, H_IOVA, rnd(2), 0);
		if (chance(2))
			a->v += (u64)(chance(2) ? pick(page_numbers) : rnd(512)) * SZ_4K;
		if (chance(20))
			a->v += rnd(SZ_4K);
		break;
	case K_PADDR:
		if (chance(4)) {
			set(a, H_SPECIAL, rnd(MAX_SPECIAL), 0);
			if (chance(4))
				a->v = chance(2) ? -(s64)SZ_4K : SZ_4K;
		} else {
			new_page(a, H_PAGE);
		}
		if (chance(30))
			a->v += rnd(SZ_4K);
		break;
	case K_PFN:
		if (chance(8)) {
			set(a, H_SPECIAL_PFN, rnd(MAX_SPECIAL), 0);
			if (chance(4))
				a->v = chance(2) ? -1 : 1;
		} else {
			new_page(a, H_PAGE_PFN);
		}
		if (chance(40))
			a->v |= BIT_ULL(52 - rnd(4));
		break;
	case K_RUN:
		if (chance(16))
			set(a, H_SPECIAL, rnd(MAX_SPECIAL), 0);
		else
			new_page(a, H_PAGE);
		if (chance(3))		/* how many more */
			a->v += chance(6) ? rnd(SZ_4K) : rnd(64);
		break;
	case K_PGSIZE:
		set(a, H_VALUE, 0, chance(16) ? pick(bad_sizes) : pick(sizes));
		break;
	case K_COUNT:
		set(a, H_VALUE, 0, chance(3) ? pick(counts) : 1 + rnd(20));
		break;
	case K_PROT:
		set(a, H_VALUE, 0, chance(16) ? pick(bad_prots) : pick(prots));
		break;
	case K_ORDER:
		set(a, H_VALUE, 0, chance(6) ? pick(orders) : orders[rnd(6)]);
		break;
	case K_NR_RUNS:
		set(a, H_VALUE, 0, chance(3) ? pick(nr_runs) : 1 + rnd(8));
		break;
	case K_CPU:
		set(a, H_VALUE, 0, chance(4) ? pick(wild) : rnd(6));
		break;
	case K_WHAT:
		set(a, H_VALUE, 0, chance(12) ? pick(bad_whats) : pick(whats));
		break;
	case K_INDEX:
		if (chance(3))
			set(a, chance(2) ? H_DOMAIN : H_STREAM, rnd(5), 0);
		else
			set(a, H_VALUE, 0, chance(4) ? rnd(160) : pick(indices));
		break;
	case K_MAX:
		set(a, H_VALUE, 0, chance(4) ? pick(maxima) : rnd(4));
		break;
	case K_BM:
		set(a, H_VALUE, 0, rnd(4));
		break;
	case K_QUERY:
		set(a, H_VALUE, 0, chance(6) ? rnd(3) : 0);
		break;
	case K_FLAGS:
		set(a, H_VALUE, 0, chance(3) ? rnd(16) & ~(u32)BM_F_LOOP : 0);
		break;
	case K_NUMBER:
	case K_NONE:
		set(a, H_VALUE, 0, chance(2) ? rnd(256) : rnd64());
		break;
	}
}

/* Something near what it is, or something else */
void arg_change(struct arg *a, enum kind kind)
{
	static const s64 steps[] = { 1, -1, SZ_4K, -SZ_4K, SZ_64K, SZ_2M, -SZ_2M };

	switch (rnd(6)) {
	case 0:
		a->v += pick(steps);
		break;
	case 1:
		a->v ^= BIT_ULL(rnd(64));
		break;
	case 2:
		a->n = rnd(8);
		break;
	default:
		arg_new(a, kind);
		break;
	}
}
