/*
 * Arm SMMUv2 (MMU-500): translation regimes and long-descriptor walks
 *
 * A context bank's registers define one stage of translation (SMMUv2Regime).
 * A walk has up to two stages: stage 1 translates the input address to an
 * intermediate address; stage 2 translates that, and the address of each stage
 * 1 descriptor, to a physical address.
 *
 * The long formats (AArch64 with granules of 4, 16 and 64 KiB, and AArch32
 * LPAE, in both stages) differ in how the input address is bounded and where
 * the walk starts. The rest of the walk is common to them.
 *
 * A walk with use_tlb and fill_tlb is that of the hardware. Without both flags
 * it returns the translation in memory, for comparison with the TLB.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "qemu/osdep.h"
#include "qemu/bswap.h"
#include "qemu/rcu.h"
#include "trace.h"
#include "smmuv2-internal.h"

/* Where and how a long-descriptor walk starts */
typedef struct LongFormat {
    SMMUv2Format format;
    unsigned granule;       /* log2 of a table's size */
    unsigned level;
    unsigned in_bits;
    unsigned out_bits;
    uint64_t table;
} LongFormat;

/* Hierarchical attributes of stage 1, as bits 63 to 59 of a table descriptor */
#define TABLE_PXN   (1 << 0)
#define TABLE_XN    (1 << 1)
#define TABLE_UNPRIV_NONE (1 << 2)
#define TABLE_RO    (1 << 3)

/* Report violations in walks that hardware would do, not in comparisons. */
#define walk_violation(w, ...)                                  \
    do {                                                        \
        if ((w)->fill_tlb) {                                    \
            smmuv2_violation((w)->inst->smmu, __VA_ARGS__);     \
        }                                                       \
    } while (0)

void smmuv2_regime(SMMUv2Instance *inst, unsigned n, unsigned stage,
                   SMMUv2Regime *r)
{
    const SMMUv2Bank *cb = &inst->cb[n];
    uint64_t base = MAKE_64BIT_MASK(6, 42);

    *r = (SMMUv2Regime) {
        .bank = n,
        .cb = cb,
        .stage = stage,
        .enabled = FIELD_EX32(cb->sctlr, SCTLR, M),
        .aarch64 = FIELD_EX32(cb->cba2r, CBA2R, VA64),
    };
    r->eae = !r->aarch64 && (stage == 2 || FIELD_EX32(cb->tcr, TCR, EAE));
    r->hyp = FIELD_EX32(cb->cbar, CBAR, TYPE) == CBAR_TYPE_S1_S2_BYPASS &&
             FIELD_EX32(cb->cbar, CBAR, HYPC);
    if (!r->hyp) {
        r->vmid = FIELD_EX32(cb->cbar, CBAR, VMID);
    }

    if (stage == 2) {
        r->root = cb->ttbr[0] & base;
        return;
    }
    if (!r->aarch64 && !r->eae) {
        r->root = (uint32_t)cb->ttbr[0] & base;
        if (FIELD_EX32(cb->tcr, TCR, N)) {
            r->root ^= ((uint32_t)cb->ttbr[1] & base) << 16;
        }
        if (!r->hyp) {
            r->asid = cb->contextidr & 0xff;
        }
        return;
    }
    if (!FIELD_EX32(cb->tcr, TCR, EPD0)) {
        r->root = cb->ttbr[0] & base;
    }
    if (!FIELD_EX32(cb->tcr, TCR, EPD1)) {
        r->root ^= (cb->ttbr[1] & base) << 16;
    }
    if (!r->hyp) {
        r->asid = cb->ttbr[FIELD_EX32(cb->tcr, TCR, A1)] >> 48;
        if (!r->aarch64 || !FIELD_EX32(cb->tcr2, TCR2, AS)) {
            r->asid &= 0xff;
        }
    }
}

bool smmuv2_walk_fault(SMMUv2Walk *w, const SMMUv2Regime *r, unsigned level,
                       uint32_t fsr)
{
    w->fault.fsr = fsr;
    w->fault.stage = r->stage;
    w->fault.level = level;
    return false;
}

bool smmuv2_read_desc(SMMUv2Walk *w, const SMMUv2Regime *r, unsigned level,
                      uint64_t va, uint64_t pa, unsigned size, uint64_t *desc)
{
    SMMUv2State *s = w->inst->smmu;
    MemTxAttrs attrs = MEMTXATTRS_UNSPECIFIED;
    uint8_t buf[8] = { };
    hwaddr xlat, len = size;
    bool be = FIELD_EX32(r->cb->sctlr, SCTLR, E);

    WITH_RCU_READ_LOCK_GUARD() {
        MemoryRegion *mr = address_space_translate(&s->as, pa, &xlat, &len,
                                                   false, attrs);

        if (!memory_region_is_ram(mr) || len < size ||
            address_space_read(&s->as, pa, attrs, buf, size) != MEMTX_OK) {
            return smmuv2_walk_fault(w, r, level, R_FSR_EF_MASK);
        }
    }
    if (size == 4) {
        *desc = be ? ldl_be_p(buf) : ldl_le_p(buf);
    } else {
        *desc = be ? ldq_be_p(buf) : ldq_le_p(buf);
    }
    if (w->fill_tlb) {
        s->count.table_reads++;
        trace_smmuv2_ptw(smmuv2_name(s), w->inst->index, r->stage, level, va,
                         pa, *desc);
    }
    return true;
}

static unsigned output_bits(const SMMUv2State *s, unsigned code)
{
    static const uint8_t bits[] = { 32, 36, 40, 42, 44, 48, 48, 48 };

    return MIN(bits[code], s->oas);
}

/* The bit from which a stage 1 AArch64 input address is sign-extended */
static unsigned sign_bit(const SMMUv2State *s, const SMMUv2Bank *cb)
{
    static const uint8_t bits[] = { 31, 35, 39, 41, 43, 47 };
    unsigned sep = FIELD_EX32(cb->tcr2, TCR2, SEP);

    return sep < ARRAY_SIZE(bits) ? bits[sep] : s->ubs;
}

/*
 * Find the format that an AArch64 stage selects with its TG field. Return false
 * if this SMMU lacks it.
 */
static bool granule_format(SMMUv2State *s, const SMMUv2Regime *r, unsigned tg,
                           bool second, LongFormat *f)
{
    static const int8_t tg0[] = { 12, 16, 14, -1 };
    static const int8_t tg1[] = { -1, 14, 12, 16 };
    int granule = second ? tg1[tg] : tg0[tg];

    f->granule = granule;
    switch (granule) {
    case 12:
        f->format = SMMUV2_AARCH64_4K;
        return s->ptfs_4k;
    case 14:
        f->format = SMMUV2_AARCH64_16K;
        return s->ptfs_16k;
    case 16:
        f->format = SMMUV2_AARCH64_64K;
        return s->ptfs_64k;
    default:
        return false;
    }
}

static bool start_s1_64(SMMUv2Walk *w, const SMMUv2Regime *r, uint64_t va,
                        LongFormat *f)
{
    SMMUv2State *s = w->inst->smmu;
    const SMMUv2Bank *cb = r->cb;
    bool second = va >> 63;
    unsigned tsz = second ? FIELD_EX32(cb->tcr, TCR, T1SZ)
                          : FIELD_EX32(cb->tcr, TCR, T0SZ);
    unsigned tg = second ? FIELD_EX32(cb->tcr, TCR, TG1)
                         : FIELD_EX32(cb->tcr, TCR, TG0);
    bool epd = second ? FIELD_EX32(cb->tcr, TCR, EPD1)
                      : FIELD_EX32(cb->tcr, TCR, EPD0);

    if (va != sextract64(va, 0, sign_bit(s, cb) + 1) || epd) {
        return smmuv2_walk_fault(w, r, 0, R_FSR_TF_MASK);
    }
    if (tsz < 16 || tsz > 39 || !granule_format(s, r, tg, second, f)) {
        walk_violation(w, "bad-tcr", "instance %u: bank %u translates with "
                       "TCR 0x%08x, which this SMMU does not support",
                         w->inst->index, r->bank, cb->tcr);
        return smmuv2_walk_fault(w, r, 0, R_FSR_TF_MASK);
    }
    f->in_bits = 64 - tsz;
    if (va != sextract64(va, 0, f->in_bits + 1)) {
        return smmuv2_walk_fault(w, r, 0, R_FSR_TF_MASK);
    }
    f->out_bits = output_bits(s, FIELD_EX32(cb->tcr2, TCR2, PASIZE));
    f->level = 4 - DIV_ROUND_UP(f->in_bits - f->granule, f->granule - 3);
    f->table = extract64(cb->ttbr[second], 0, 48);
    return true;
}

static bool start_s1_32(SMMUv2Walk *w, const SMMUv2Regime *r, uint64_t va,
                        LongFormat *f)
{
    const SMMUv2Bank *cb = r->cb;
    unsigned t0sz = FIELD_EX32(cb->tcr, TCR, T0SZ) & 7;
    unsigned t1sz = FIELD_EX32(cb->tcr, TCR, T1SZ) & 7;
    bool second;

    if (va >> 32) {
        return smmuv2_walk_fault(w, r, 1, R_FSR_TF_MASK);
    }
    if (!t0sz || !extract64(va, 32 - t0sz, t0sz)) {
        /* Part of TTBR0's region, unless TTBR1's begins below its end */
        second = !t0sz && t1sz && extract64(~va, 32 - t1sz, t1sz) == 0;
    } else if (!t1sz || !extract64(~va, 32 - t1sz, t1sz)) {
        second = true;
    } else {
        return smmuv2_walk_fault(w, r, 1, R_FSR_TF_MASK);
    }
    if (second ? FIELD_EX32(cb->tcr, TCR, EPD1)
               : FIELD_EX32(cb->tcr, TCR, EPD0)) {
        return smmuv2_walk_fault(w, r, 1, R_FSR_TF_MASK);
    }
    f->format = SMMUV2_AARCH32_L;
    f->granule = 12;
    f->in_bits = 32 - (second ? t1sz : t0sz);
    f->out_bits = MIN(40, w->inst->smmu->oas);
    f->level = f->in_bits > 30 ? 1 : 2;
    f->table = extract64(cb->ttbr[second], 0, 40);
    return true;
}

static bool start_s2(SMMUv2Walk *w, const SMMUv2Regime *r, uint64_t va,
                     LongFormat *f)
{
    SMMUv2State *s = w->inst->smmu;
    const SMMUv2Bank *cb = r->cb;
    unsigned sl0 = FIELD_EX32(cb->tcr, TCR, SL0);
    unsigned max_bits;
    int top;
    bool ok;

    if (r->aarch64) {
        unsigned tsz = FIELD_EX32(cb->tcr, TCR, T0SZ);

        ok = tsz >= 16 && tsz <= 39 && sl0 < 3 &&
             granule_format(s, r, FIELD_EX32(cb->tcr, TCR, TG0), false, f);
        f->in_bits = 64 - tsz;
        f->out_bits = output_bits(s, FIELD_EX32(cb->tcr, TCR, PS));
        f->level = (f->granule == 12 ? 2 : 3) - sl0;
        max_bits = s->ias;
    } else {
        f->format = SMMUV2_AARCH32_L;
        f->granule = 12;
        f->in_bits = 32 - sextract32(cb->tcr, 0, 4);
        f->out_bits = MIN(40, s->oas);
        f->level = 2 - sl0;
        ok = sl0 < 2;
        max_bits = 40;
    }
    f->table = extract64(cb->ttbr[0], 0, 48);
    /*
     * Up to sixteen tables may be concatenated at the first level: check that
     * they resolve at least one bit, and at most four more than one table does.
     */
    top = ok ? (int)f->in_bits -
               (int)(f->granule + (f->granule - 3) * (3 - f->level)) : 0;
    if (!ok || top < 1 || top > (int)f->granule - 3 + 4 ||
        f->in_bits > max_bits) {
        walk_violation(w, "bad-vtcr", "instance %u: bank %u translates with "
                         "stage 2 TCR 0x%08x, which this SMMU does not support",
                         w->inst->index, r->bank, cb->tcr);
        return smmuv2_walk_fault(w, r, 0, R_FSR_TF_MASK);
    }
    if (va >> f->in_bits) {
        return smmuv2_walk_fault(w, r, f->level, R_FSR_TF_MASK);
    }
    return true;
}

static unsigned stage1_perm(const SMMUv2Regime *r, uint64_t desc,
                            unsigned attrs)
{
    bool unpriv = (desc & (1 << 6)) && !(attrs & TABLE_UNPRIV_NONE);
    bool write = !(desc & (1 << 7)) && !(attrs & TABLE_RO);
    bool xn = (desc & (1ULL << 54)) || (attrs & TABLE_XN);
    bool pxn = (desc & (1ULL << 53)) || (attrs & TABLE_PXN);
    unsigned perm = SMMUV2_PR | (write ? SMMUV2_PW : 0);

    if (unpriv) {
        perm |= SMMUV2_UR | (write ? SMMUV2_UW : 0);
    }
    /* A page that is writable without privilege has no privileged execution. */
    if (!pxn && !(!r->aarch64 && xn) && !(unpriv && write && r->aarch64)) {
        perm |= SMMUV2_PX;
    }
    if (!xn && (unpriv || r->aarch64)) {
        perm |= SMMUV2_UX;
    }
    if (FIELD_EX32(r->cb->sctlr, SCTLR, WXN)) {
        perm &= ~((perm & SMMUV2_PW ? SMMUV2_PX : 0) |
                  (perm & SMMUV2_UW ? SMMUV2_UX : 0));
    }
    if (FIELD_EX32(r->cb->sctlr, SCTLR, UWXN) && (perm & SMMUV2_UW)) {
        perm &= ~SMMUV2_PX;
    }
    return perm;
}

static unsigned stage2_perm(uint64_t desc)
{
    unsigned perm = 0;

    if (desc & (1 << 6)) {
        perm |= SMMUV2_PR | SMMUV2_UR;
    }
    if (desc & (1 << 7)) {
        perm |= SMMUV2_PW | SMMUV2_UW;
    }
    if (!(desc & (1ULL << 54)) && (desc & (1 << 6))) {
        perm |= SMMUV2_PX | SMMUV2_UX;
    }
    return perm;
}

/* Return log2 of the number of entries that the contiguous bit combines. */
static unsigned contiguous_bits(unsigned granule, unsigned level)
{
    switch (granule) {
    case 12:
        return 4;
    case 14:
        return level == 3 ? 7 : 5;
    default:
        return 5;
    }
}

static bool block_allowed(unsigned granule, unsigned level)
{
    return level == 2 || (level == 1 && granule == 12);
}

bool smmuv2_walk_is_checked(const SMMUv2Walk *w, const SMMUv2Regime *r)
{
    /* With stage 2 enabled, the stage 1 tables alone do not tell. */
    return w->fill_tlb && w->inst->smmu->walk_cache_erratum &&
           !(r->stage == 1 && w->s2 && w->s2->enabled);
}

void smmuv2_stale_walk(SMMUv2Walk *w, const SMMUv2Regime *r, uint64_t va,
                       uint64_t table)
{
    smmuv2_violation(w->inst->smmu, "stale-walk", "instance %u: bank %u walks "
                     "0x%" PRIx64 " from a cached pointer to the table at 0x%"
                     PRIx64 ", which has been unlinked and may be reused",
                     w->inst->index, r->bank, va, table);
}

/* Return true if a walk of the tables in memory reaches @table at @level. */
static bool is_linked(const SMMUv2Walk *w, const SMMUv2Regime *r,
                      const LongFormat *f, uint64_t va, unsigned level,
                      uint64_t table)
{
    unsigned stride = f->granule - 3;
    SMMUv2Walk look = *w;
    uint64_t desc, at = f->table;

    look.use_tlb = look.fill_tlb = false;
    for (unsigned l = f->level; l < level; l++) {
        unsigned shift = f->granule + stride * (3 - l);
        unsigned bits = l == f->level ? f->in_bits - shift : stride;

        if (!smmuv2_read_desc(&look, r, l, va, at + extract64(va, shift, bits) * 8,
                              8, &desc) || (desc & 3) != 3) {
            return false;
        }
        at = desc & MAKE_64BIT_MASK(f->granule, 48 - f->granule);
    }
    return at == table;
}

static bool walk_long(SMMUv2Walk *w, const SMMUv2Regime *r, uint64_t va,
                      SMMUv2Leaf *leaf)
{
    SMMUv2Instance *inst = w->inst;
    LongFormat f = { };
    unsigned stride, level, bits, shift;
    unsigned attrs = 0;
    uint64_t table, addr_mask, desc, pa = 0;
    SMMUv2TLBEntry *cached = NULL;
    SMMUv2Leaf at = { };

    if (r->stage == 2 ? !start_s2(w, r, va, &f) :
        r->aarch64 ? !start_s1_64(w, r, va, &f) : !start_s1_32(w, r, va, &f)) {
        return false;
    }
    stride = f.granule - 3;
    level = f.level;
    table = f.table;
    shift = f.granule + stride * (3 - level);
    bits = f.in_bits - shift;
    addr_mask = MAKE_64BIT_MASK(f.granule, 48 - f.granule);

    if (table & MAKE_64BIT_MASK(0, MAX(bits + 3, 4))) {
        walk_violation(w, "bad-ttbr",
                       "instance %u: first table of bank %u, at 0x%" PRIx64
                       ", is not aligned to its size", inst->index,
                       r->bank, table);
        table &= ~MAKE_64BIT_MASK(0, MAX(bits + 3, 4));
    }
    if (table >> f.out_bits) {
        return smmuv2_walk_fault(w, r, 0, R_FSR_ASF_MASK);
    }

    /* Start at the deepest table that is cached. */
    if (w->use_tlb) {
        for (unsigned l = 3; l > f.level && !cached; l--) {
            cached = smmuv2_tlb_lookup_table(inst, r, f.format, va,
                                             f.granule + stride * (4 - l));
            if (cached) {
                level = l;
                table = cached->table.ipa;
                attrs = cached->table.attrs;
                at.pa = cached->table.pa;
                at.shift = cached->table.pa_shift;
                if (w->fill_tlb) {
                    inst->smmu->count.walk_cache_hits++;
                }
                if (smmuv2_walk_is_checked(w, r) &&
                    !is_linked(w, r, &f, va, level, table)) {
                    smmuv2_stale_walk(w, r, va, table);
                }
            }
        }
    }

    for (;; level++) {
        uint64_t ipa;

        shift = f.granule + stride * (3 - level);
        bits = level == f.level ? f.in_bits - shift : stride;
        ipa = table + extract64(va, shift, bits) * 8;

        if (r->stage == 1 && w->s2 && w->s2->enabled) {
            uint64_t page;

            /* A cached pointer includes the physical address of its table. */
            if (!cached || (ipa ^ table) >> at.shift) {
                if (!smmuv2_walk_ipa(w, ipa, &at)) {
                    return false;
                }
            }
            page = MAKE_64BIT_MASK(0, at.shift);
            pa = (at.pa & ~page) | (ipa & page);
        } else {
            pa = ipa;
        }
        cached = NULL;
        if (!smmuv2_read_desc(w, r, level, va, pa, 8, &desc)) {
            return false;
        }

        if (!(desc & 1) || (level == 3 && !(desc & 2)) ||
            (level < 3 && !(desc & 2) && !block_allowed(f.granule, level))) {
            return smmuv2_walk_fault(w, r, level, R_FSR_TF_MASK);
        }
        if ((desc & addr_mask) >> f.out_bits) {
            return smmuv2_walk_fault(w, r, level, R_FSR_ASF_MASK);
        }
        if (level == 3 || !(desc & 2)) {
            break;
        }

        table = desc & addr_mask;
        if (r->stage == 1) {
            attrs |= extract64(desc, 59, 5);
        }
        at = (SMMUv2Leaf) { .pa = table, .shift = f.granule };
        if (r->stage == 1 && w->s2 && w->s2->enabled &&
            !smmuv2_walk_ipa(w, table, &at)) {
            return false;
        }
        cached = NULL;
        if (w->fill_tlb) {
            SMMUv2TLBEntry *e = smmuv2_tlb_fill_table(inst, r, f.format, va,
                                                      shift, table);

            e->table.pa = at.pa | (table & MAKE_64BIT_MASK(0, at.shift));
            e->table.pa_shift = at.shift;
            e->table.attrs = attrs;
        }
    }

    if (!(desc & (1 << 10)) && !FIELD_EX32(r->cb->sctlr, SCTLR, AFFD)) {
        return smmuv2_walk_fault(w, r, level, R_FSR_AFF_MASK);
    }

    *leaf = (SMMUv2Leaf) {
        .pa = desc & addr_mask & ~MAKE_64BIT_MASK(0, shift),
        .shift = shift,
        .level = level,
        .perm = SMMUV2_ALL,
        .s2_perm = SMMUV2_ALL,
    };
    if (r->stage == 1) {
        leaf->perm = stage1_perm(r, desc, attrs);
        leaf->global = !(desc & (1 << 11));
    } else {
        leaf->s2_perm = stage2_perm(desc);
        leaf->s2_level = level;
    }
    if (desc & (1ULL << 52)) {
        unsigned joined = shift + contiguous_bits(f.granule, level);
        uint64_t rest = MAKE_64BIT_MASK(0, joined) & ~MAKE_64BIT_MASK(0, shift);

        if ((leaf->pa ^ va) & rest) {
            walk_violation(w, "bad-contiguous",
                           "instance %u: bank %u maps 0x%" PRIx64 " to 0x%"
                           PRIx64 " with the contiguous bit, but their offsets "
                           "in 2^%u bytes differ",
                           inst->index, r->bank, va, leaf->pa, joined);
        }
        leaf->pa &= ~rest;
        leaf->shift = joined;
    }
    return true;
}

static bool walk_stage2(SMMUv2Walk *w, uint64_t ipa, SMMUv2Leaf *leaf)
{
    SMMUv2TLBEntry *e = NULL;

    w->fault.ipa = ipa;
    if (w->use_tlb) {
        e = smmuv2_tlb_lookup(w->inst, w->s2, ipa);
    }
    if (e) {
        *leaf = e->leaf;
        return true;
    }
    if (!walk_long(w, w->s2, ipa, leaf)) {
        return false;
    }
    if (w->fill_tlb) {
        smmuv2_tlb_fill(w->inst, w->s2, ipa, leaf);
    }
    return true;
}

bool smmuv2_walk_ipa(SMMUv2Walk *w, uint64_t ipa, SMMUv2Leaf *leaf)
{
    if (!walk_stage2(w, ipa, leaf)) {
        w->fault.walk = true;
        return false;
    }
    if (!(leaf->s2_perm & SMMUV2_PR)) {
        w->fault.walk = true;
        return smmuv2_walk_fault(w, w->s2, leaf->s2_level, R_FSR_PF_MASK);
    }
    return true;
}

bool smmuv2_walk(SMMUv2Walk *w)
{
    bool stage1 = w->s1 && w->s1->enabled;
    bool stage2 = w->s2 && w->s2->enabled;
    SMMUv2Leaf *leaf = &w->leaf;
    SMMUv2Leaf s2;
    uint64_t page;
    bool ok;

    if (!stage1) {
        if (stage2) {
            return walk_stage2(w, w->va, leaf);
        }
        *leaf = (SMMUv2Leaf) {
            .pa = w->va & ~0xfffULL,
            .shift = 12,
            .perm = SMMUV2_ALL,
            .s2_perm = SMMUV2_ALL,
        };
        return true;
    }

    if (w->s1->aarch64 || w->s1->eae) {
        ok = walk_long(w, w->s1, w->va, leaf);
    } else {
        ok = smmuv2_walk_v7s(w, w->s1, w->va, leaf);
    }
    if (!ok) {
        return false;
    }
    if (stage2) {
        page = MAKE_64BIT_MASK(0, leaf->shift);
        if (!walk_stage2(w, leaf->pa | (w->va & page), &s2)) {
            return false;
        }
        leaf->ipa = leaf->pa | (w->va & page);
        leaf->shift = MIN(leaf->shift, s2.shift);
        page = MAKE_64BIT_MASK(0, leaf->shift);
        leaf->pa = (s2.pa | (leaf->ipa & MAKE_64BIT_MASK(0, s2.shift))) & ~page;
        leaf->ipa &= ~page;
        leaf->s2_perm = s2.s2_perm;
        leaf->s2_level = s2.s2_level;
    }
    if (w->fill_tlb) {
        smmuv2_tlb_fill(w->inst, w->s1, w->va, leaf);
    }
    return true;
}
