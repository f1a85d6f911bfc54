/*
 * Arm SMMUv2 (MMU-500): walks of the AArch32 short-descriptor format
 *
 * Two levels of 32-bit descriptors for a 32-bit input address, stage 1 only:
 * a first-level table of up to 16 KiB whose entries stand for 1 MiB each
 * (section, a sixteenth of a supersection, or pointer), and second-level
 * tables of 1 KiB for small and large pages. TTBCR.N splits the input range
 * between TTBR0 and TTBR1. An SMMU has no DACR: every domain is a client
 * domain, so permissions always apply.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "qemu/osdep.h"
#include "smmuv2-internal.h"

#define L1_SHIFT        20
#define L2_SHIFT        12
#define SUPER_SHIFT     24
#define LARGE_SHIFT     16

/* PXN of a first-level descriptor that points to a table */
#define TABLE_PXN       (1 << 2)

static unsigned permissions(const SMMUv2Regime *r, unsigned ap, bool xn,
                            bool pxn)
{
    const SMMUv2Bank *cb = r->cb;
    const unsigned pr = SMMUV2_PR, pw = SMMUV2_PW;
    const unsigned ur = SMMUV2_UR, uw = SMMUV2_UW;
    /* By AP[2:0]; AP[2] makes it read-only, and 4 is reserved */
    const unsigned full[] = {
        0, pr | pw, pr | pw | ur, pr | pw | ur | uw,
        0, pr, pr | ur, pr | ur,
    };
    unsigned perm;

    if (FIELD_EX32(cb->sctlr, SCTLR, AFE)) {
        ap |= 1;            /* AP[0] is the access flag */
    }
    perm = full[ap & 7];
    if (!xn) {
        if ((perm & pr) && !pxn) {
            perm |= SMMUV2_PX;
        }
        if (perm & ur) {
            perm |= SMMUV2_UX;
        }
    }
    if (FIELD_EX32(cb->sctlr, SCTLR, WXN)) {
        perm &= ~((perm & pw ? SMMUV2_PX : 0) | (perm & uw ? SMMUV2_UX : 0));
    }
    if (FIELD_EX32(cb->sctlr, SCTLR, UWXN) && (perm & uw)) {
        perm &= ~SMMUV2_PX;
    }
    return perm;
}

/* Combine AP[1:0] at bit @low and AP[2] at bit @high. */
static unsigned ap_bits(uint32_t desc, unsigned low, unsigned high)
{
    return extract32(desc, low, 2) | extract32(desc, high, 1) << 2;
}

static bool finish(SMMUv2Walk *w, const SMMUv2Regime *r, unsigned level,
                   uint64_t pa, unsigned shift, unsigned ap, bool xn, bool pxn,
                   bool non_global, SMMUv2Leaf *leaf)
{
    const SMMUv2Bank *cb = r->cb;

    if (FIELD_EX32(cb->sctlr, SCTLR, AFE) && !(ap & 1) &&
        !FIELD_EX32(cb->sctlr, SCTLR, AFFD)) {
        return smmuv2_walk_fault(w, r, level, R_FSR_AFF_MASK);
    }
    *leaf = (SMMUv2Leaf) {
        .pa = pa,
        .shift = shift,
        .level = level,
        .perm = permissions(r, ap, xn, pxn),
        .s2_perm = SMMUV2_ALL,
        .global = !non_global,
    };
    return true;
}

static bool read_desc(SMMUv2Walk *w, const SMMUv2Regime *r, unsigned level,
                      uint64_t va, uint64_t ipa, uint64_t *desc)
{
    if (w->s2 && w->s2->enabled) {
        SMMUv2Leaf at;
        uint64_t page;

        if (!smmuv2_walk_ipa(w, ipa, &at)) {
            return false;
        }
        page = MAKE_64BIT_MASK(0, at.shift);
        ipa = (at.pa & ~page) | (ipa & page);
    }
    return smmuv2_read_desc(w, r, level, va, ipa, 4, desc);
}

/* Return true if the address is in the upper range, that of TTBR1. */
static bool is_second(const SMMUv2Bank *cb, uint64_t va)
{
    unsigned n = FIELD_EX32(cb->tcr, TCR, N);

    return n && extract64(va, 32 - n, n);
}

static uint64_t l1_entry(const SMMUv2Bank *cb, uint64_t va)
{
    unsigned n = FIELD_EX32(cb->tcr, TCR, N);

    if (is_second(cb, va)) {
        return (cb->ttbr[1] & MAKE_64BIT_MASK(14, 18)) |
               extract64(va, L1_SHIFT, 12) << 2;
    }
    return (cb->ttbr[0] & MAKE_64BIT_MASK(14 - n, 18 + n)) |
           extract64(va, L1_SHIFT, 12 - n) << 2;
}

/* Return true if the tables in memory point to @table. */
static bool is_linked(const SMMUv2Walk *w, const SMMUv2Regime *r, uint64_t va,
                      uint64_t table)
{
    SMMUv2Walk look = *w;
    uint64_t desc;

    look.use_tlb = look.fill_tlb = false;
    return smmuv2_read_desc(&look, r, 1, va, l1_entry(r->cb, va), 4, &desc) &&
           (desc & 3) == 1 && (desc & MAKE_64BIT_MASK(10, 22)) == table;
}

bool smmuv2_walk_v7s(SMMUv2Walk *w, const SMMUv2Regime *r, uint64_t va,
                     SMMUv2Leaf *leaf)
{
    SMMUv2Instance *inst = w->inst;
    const SMMUv2Bank *cb = r->cb;
    SMMUv2TLBEntry *e = NULL;
    uint64_t desc, table;
    bool pxn;

    if (va >> 32) {
        return smmuv2_walk_fault(w, r, 1, R_FSR_TF_MASK);
    }

    if (w->use_tlb) {
        e = smmuv2_tlb_lookup_table(inst, r, SMMUV2_AARCH32_S, va, L1_SHIFT);
    }
    if (e) {
        table = e->table.ipa;
        pxn = e->table.attrs;
        if (w->fill_tlb) {
            inst->smmu->count.walk_cache_hits++;
        }
        if (smmuv2_walk_is_checked(w, r) && !is_linked(w, r, va, table)) {
            smmuv2_stale_walk(w, r, va, table);
        }
    } else {
        if (is_second(cb, va) ? FIELD_EX32(cb->tcr, TCR, PD1)
                              : FIELD_EX32(cb->tcr, TCR, PD0)) {
            return smmuv2_walk_fault(w, r, 1, R_FSR_TF_MASK);
        }
        if (!read_desc(w, r, 1, va, l1_entry(cb, va), &desc)) {
            return false;
        }

        switch (desc & 3) {
        case 0:
            return smmuv2_walk_fault(w, r, 1, R_FSR_TF_MASK);
        case 1:
            table = desc & MAKE_64BIT_MASK(10, 22);
            pxn = desc & TABLE_PXN;
            break;
        default:
            if (desc & (1 << 18)) {
                uint64_t high = extract64(desc, 20, 4) << 32 |
                                extract64(desc, 5, 4) << 36;

                return finish(w, r, 1, high | (desc & MAKE_64BIT_MASK(24, 8)),
                              SUPER_SHIFT, ap_bits(desc, 10, 15),
                              desc & (1 << 4), desc & 1, desc & (1 << 17),
                              leaf);
            }
            return finish(w, r, 1, desc & MAKE_64BIT_MASK(20, 12), L1_SHIFT,
                          ap_bits(desc, 10, 15), desc & (1 << 4), desc & 1,
                          desc & (1 << 17), leaf);
        }
        if (w->fill_tlb) {
            e = smmuv2_tlb_fill_table(inst, r, SMMUV2_AARCH32_S, va, L1_SHIFT,
                                      table);
            e->table.attrs = pxn;
        }
    }

    if (!read_desc(w, r, 2, va, table | extract64(va, L2_SHIFT, 8) << 2,
                   &desc)) {
        return false;
    }
    switch (desc & 3) {
    case 0:
        return smmuv2_walk_fault(w, r, 2, R_FSR_TF_MASK);
    case 1:
        return finish(w, r, 2, desc & MAKE_64BIT_MASK(16, 16), LARGE_SHIFT,
                      ap_bits(desc, 4, 9), desc & (1 << 15), pxn,
                      desc & (1 << 11), leaf);
    default:
        return finish(w, r, 2, desc & MAKE_64BIT_MASK(12, 20), L2_SHIFT,
                      ap_bits(desc, 4, 9), desc & 1, pxn, desc & (1 << 11),
                      leaf);
    }
}
