// SPDX-License-Identifier: GPL-2.0-only
/*
 * A page table walker for the KUnit tests of the I/O page tables.
 *
 * It knows the two formats from the Arm architecture reference manuals (DDI
 * 0487, chapter D8, and DDI 0406C, section B3.5), and shares nothing with the
 * code that builds the tables: not a mask, not a macro.
 */

#include <linux/bits.h>

#include "io-pgtable-arm-kunit.h"

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

bool iopgt_kunit_walk(enum io_pgtable_fmt fmt, const struct io_pgtable_cfg *cfg,
		      u64 (*read)(void *ctx, phys_addr_t pa, size_t size),
		      void *ctx, u64 iova, struct iopgt_kunit_xlat *x)
{
	if (fmt == ARM_V7S)
		return walk_v7s(cfg, read, ctx, iova, x);

	return walk_lpae(cfg, read, ctx, iova, x);
}
