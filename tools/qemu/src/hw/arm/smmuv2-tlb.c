/*
 * Arm SMMUv2 (MMU-500): TLB and walk cache
 *
 * One table per instance holds four kinds of entries: translations of stage 1
 * (combined with stage 2 where both apply), translations of stage 2, and the
 * table pointers read for either. An entry is found by its tags (VMID, ASID
 * unless global, hyp) and its input address. The context bank is not a tag: two
 * banks with the same ASID and VMID share entries, as they may in silicon. An
 * entry records which tables it came from; a hit for other tables is a
 * violation.
 *
 * Entries are created by walks and removed only by invalidation:
 *
 *   TLBI register written   ->  accepted: queued with the sequence number of
 *                               the newest entry, which is the last it can
 *                               remove
 *   sync register written   ->  the invalidations that its bank queued (all,
 *                               for the global sync) get a due time
 *   that time is reached    ->  entries are removed, the status register is
 *                               idle
 *
 * An entry filled after the TLBI was accepted survives it: a driver that clears
 * the descriptor after the invalidation must invalidate again.
 *
 * With walk-cache-erratum table pointers survive more than that: see missed().
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "qemu/osdep.h"
#include "qemu/bitops.h"
#include "qemu/bitmap.h"
#include "qemu/timer.h"
#include "trace.h"
#include "smmuv2-internal.h"

/* Bounds the memory of the queue; no driver queues as many before a sync. */
#define SMMUV2_MAX_PENDING  (1 << 20)

static const char *const kind_name[] = {
    [SMMUV2_TLB_S1] = "stage 1",
    [SMMUV2_TLB_S2] = "stage 2",
    [SMMUV2_TLB_TABLE_S1] = "stage 1 table",
    [SMMUV2_TLB_TABLE_S2] = "stage 2 table",
};

static const char *const op_name[] = {
    [SMMUV2_INV_VA] = "va",
    [SMMUV2_INV_VAL] = "va, last level",
    [SMMUV2_INV_VAA] = "va, all asids",
    [SMMUV2_INV_VAAL] = "va, all asids, last level",
    [SMMUV2_INV_ASID] = "asid",
    [SMMUV2_INV_ALL] = "stage 1 of a vmid",
    [SMMUV2_INV_IPA] = "ipa",
    [SMMUV2_INV_IPAL] = "ipa, last level",
    [SMMUV2_INV_VMID] = "vmid",
    [SMMUV2_INV_ALLNSNH] = "all",
    [SMMUV2_INV_ALLH] = "all hyp",
};

QEMU_BUILD_BUG_ON(sizeof(SMMUv2TLBKey) != 16);

static guint key_hash(gconstpointer v)
{
    uint64_t w[2];

    memcpy(w, v, sizeof(w));
    w[0] ^= (w[1] << 29) | (w[1] >> 35);
    w[0] *= 0x9e3779b97f4a7c15ULL;
    return w[0] >> 32;
}

static gboolean key_equal(gconstpointer a, gconstpointer b)
{
    return !memcmp(a, b, sizeof(SMMUv2TLBKey));
}

static uint64_t round_to(uint64_t va, unsigned shift)
{
    return shift < 64 ? va >> shift << shift : 0;
}

static bool is_stage1(unsigned kind)
{
    return kind == SMMUV2_TLB_S1 || kind == SMMUV2_TLB_TABLE_S1;
}

static bool is_table(unsigned kind)
{
    return kind == SMMUV2_TLB_TABLE_S1 || kind == SMMUV2_TLB_TABLE_S2;
}

static SMMUv2TLBKey make_key(const SMMUv2Regime *r, SMMUv2TLBKind kind,
                             unsigned format, uint64_t va, unsigned shift,
                             bool global)
{
    return (SMMUv2TLBKey) {
        .va = round_to(va, shift),
        .vmid = r->vmid,
        .asid = global ? 0 : r->asid,
        .shift = shift,
        .kind = kind,
        .format = format,
        .flags = (r->hyp ? SMMUV2_TLB_HYP : 0) |
                 (global ? SMMUV2_TLB_GLOBAL : 0),
    };
}

static void check_origin(SMMUv2Instance *inst, const SMMUv2Regime *r,
                         const SMMUv2TLBEntry *e)
{
    if (e->bank != r->bank && e->root != r->root) {
        smmuv2_violation(inst->smmu, "tlb-alias",
                         "instance %u: bank %u (vmid %u asid %u) hits an entry "
                         "for 0x%" PRIx64 " that bank %u filled from other "
                         "tables", inst->index, r->bank, r->vmid, r->asid,
                         e->key.va, e->bank);
    }
}

SMMUv2TLBEntry *smmuv2_tlb_lookup(SMMUv2Instance *inst, const SMMUv2Regime *r,
                                  uint64_t va)
{
    SMMUv2TLBKind kind = r->stage == 1 ? SMMUV2_TLB_S1 : SMMUV2_TLB_S2;
    uint64_t shifts = inst->shifts[kind];
    SMMUv2TLBEntry *found = NULL;

    while (shifts) {
        unsigned shift = ctz64(shifts);

        shifts &= shifts - 1;
        for (int global = 0; global <= (kind == SMMUV2_TLB_S1); global++) {
            SMMUv2TLBKey key = make_key(r, kind, 0, va, shift, global);
            SMMUv2TLBEntry *e = g_hash_table_lookup(inst->tlb, &key);

            if (!e) {
                continue;
            }
            if (found) {
                smmuv2_violation(inst->smmu, "tlb-conflict",
                                 "instance %u: two TLB entries of bank %u "
                                 "translate 0x%" PRIx64 ", of 2^%u and 2^%u "
                                 "bytes: either may be used",
                                 inst->index, r->bank, va, found->key.shift,
                                 shift);
                continue;
            }
            found = e;
        }
    }
    if (found) {
        check_origin(inst, r, found);
    }
    return found;
}

SMMUv2TLBEntry *smmuv2_tlb_lookup_table(SMMUv2Instance *inst,
                                        const SMMUv2Regime *r,
                                        SMMUv2Format format, uint64_t va,
                                        unsigned shift)
{
    SMMUv2TLBKind kind = r->stage == 1 ? SMMUV2_TLB_TABLE_S1
                                       : SMMUV2_TLB_TABLE_S2;
    SMMUv2TLBKey key = make_key(r, kind, format, va, shift, false);
    SMMUv2TLBEntry *e = g_hash_table_lookup(inst->tlb, &key);

    if (e) {
        check_origin(inst, r, e);
    }
    return e;
}

static SMMUv2TLBEntry *insert(SMMUv2Instance *inst, const SMMUv2Regime *r,
                              const SMMUv2TLBKey *key)
{
    SMMUv2TLBEntry *e = g_new0(SMMUv2TLBEntry, 1);

    e->key = *key;
    e->seq = ++inst->seq;
    e->root = r->root;
    e->bank = r->bank;
    inst->shifts[key->kind] |= 1ULL << key->shift;
    g_hash_table_replace(inst->tlb, &e->key, e);
    return e;
}

void smmuv2_tlb_fill(SMMUv2Instance *inst, const SMMUv2Regime *r, uint64_t va,
                     const SMMUv2Leaf *leaf)
{
    SMMUv2TLBKind kind = r->stage == 1 ? SMMUV2_TLB_S1 : SMMUV2_TLB_S2;
    SMMUv2TLBKey key = make_key(r, kind, 0, va, leaf->shift,
                                kind == SMMUV2_TLB_S1 && leaf->global);
    SMMUv2TLBEntry *e = insert(inst, r, &key);

    e->leaf = *leaf;
    trace_smmuv2_tlb_fill(smmuv2_name(inst->smmu), inst->index, kind_name[kind],
                          key.vmid, key.asid, key.va, key.shift, leaf->pa);
}

SMMUv2TLBEntry *smmuv2_tlb_fill_table(SMMUv2Instance *inst,
                                      const SMMUv2Regime *r,
                                      SMMUv2Format format, uint64_t va,
                                      unsigned shift, uint64_t table)
{
    SMMUv2TLBKind kind = r->stage == 1 ? SMMUV2_TLB_TABLE_S1
                                       : SMMUV2_TLB_TABLE_S2;
    SMMUv2TLBKey key = make_key(r, kind, format, va, shift, false);
    SMMUv2TLBEntry *e = insert(inst, r, &key);

    inst->formats |= 1U << format;
    e->table.ipa = table;
    trace_smmuv2_tlb_fill(smmuv2_name(inst->smmu), inst->index, kind_name[kind],
                          key.vmid, key.asid, key.va, key.shift, table);
    return e;
}

/* Return true if the invalidation does not reach a table pointer. */
static bool missed(const SMMUv2State *s, const SMMUv2Inv *inv,
                   const SMMUv2TLBEntry *e)
{
    switch (inv->op) {
    case SMMUV2_INV_VA:
    case SMMUV2_INV_VAA:
    case SMMUV2_INV_IPA:
        return s->walk_cache_erratum || s->walk_cache_va_erratum;
    case SMMUV2_INV_VAL:
    case SMMUV2_INV_VAAL:
    case SMMUV2_INV_IPAL:
        return true;    /* last level only, by definition */
    case SMMUV2_INV_ALLNSNH:
    case SMMUV2_INV_ALLH:
        return s->walk_cache_erratum && test_bit(e->bank, inv->enabled);
    default:
        return s->walk_cache_erratum;
    }
}

/* Return true if the invalidation matches the entry, regardless of its age. */
static bool covers(const SMMUv2State *s, const SMMUv2Inv *inv,
                   const SMMUv2TLBEntry *e)
{
    const SMMUv2TLBKey *k = &e->key;
    bool hyp = k->flags & SMMUV2_TLB_HYP;
    bool global = k->flags & SMMUV2_TLB_GLOBAL;

    if (is_table(k->kind) && missed(s, inv, e)) {
        return false;
    }

    switch (inv->op) {
    case SMMUV2_INV_ALLNSNH:
        return !hyp;
    case SMMUV2_INV_ALLH:
        return hyp;
    default:
        break;
    }

    if (hyp != inv->hyp || k->vmid != inv->vmid) {
        return false;
    }
    switch (inv->op) {
    case SMMUV2_INV_VMID:
        return true;
    case SMMUV2_INV_ALL:
        return is_stage1(k->kind);
    case SMMUV2_INV_ASID:
        return is_stage1(k->kind) && !global && k->asid == inv->asid;
    case SMMUV2_INV_IPA:
    case SMMUV2_INV_IPAL:
        if (is_stage1(k->kind)) {
            return false;
        }
        break;
    case SMMUV2_INV_VA:
    case SMMUV2_INV_VAL:
        if (!global && k->asid != inv->asid) {
            return false;
        }
        /* fall through */
    default:
        if (!is_stage1(k->kind)) {
            return false;
        }
        break;
    }

    return round_to(inv->va, k->shift) == k->va;
}

static void drop(SMMUv2Instance *inst, const SMMUv2TLBEntry *e)
{
    trace_smmuv2_tlb_drop(smmuv2_name(inst->smmu), inst->index,
                          kind_name[e->key.kind], e->key.vmid, e->key.asid,
                          e->key.va, e->key.shift);
    inst->smmu->count.entries_invalidated++;
}

static void try_drop(SMMUv2Instance *inst, const SMMUv2Inv *inv,
                     SMMUv2TLBKey key)
{
    SMMUv2TLBEntry *e;

    key.va = round_to(inv->va, key.shift);
    e = g_hash_table_lookup(inst->tlb, &key);
    if (e && e->seq <= inv->seq && covers(inst->smmu, inv, e)) {
        drop(inst, e);
        g_hash_table_remove(inst->tlb, &key);
    }
}

/* Invalidate by address and known tags: look up the keys that can match. */
static void apply_by_key(SMMUv2Instance *inst, const SMMUv2Inv *inv)
{
    bool stage1 = inv->op == SMMUV2_INV_VA || inv->op == SMMUV2_INV_VAL;
    SMMUv2TLBKey key = {
        .vmid = inv->vmid,
        .flags = inv->hyp ? SMMUV2_TLB_HYP : 0,
    };

    for (unsigned kind = 0; kind < ARRAY_SIZE(inst->shifts); kind++) {
        uint64_t shifts = inst->shifts[kind];

        if (is_stage1(kind) != stage1) {
            continue;
        }
        key.kind = kind;
        while (shifts) {
            key.shift = ctz64(shifts);
            shifts &= shifts - 1;
            key.asid = stage1 ? inv->asid : 0;
            if (is_table(kind)) {
                for (unsigned f = 0; f < 8; f++) {
                    if (inst->formats & (1U << f)) {
                        key.format = f;
                        try_drop(inst, inv, key);
                    }
                }
                key.format = 0;
                continue;
            }
            try_drop(inst, inv, key);
            if (stage1) {
                key.asid = 0;
                key.flags |= SMMUV2_TLB_GLOBAL;
                try_drop(inst, inv, key);
                key.flags &= ~SMMUV2_TLB_GLOBAL;
            }
        }
    }
}

static void apply_by_scan(SMMUv2Instance *inst, const SMMUv2Inv *inv)
{
    GHashTableIter iter;
    gpointer value;

    g_hash_table_iter_init(&iter, inst->tlb);
    while (g_hash_table_iter_next(&iter, NULL, &value)) {
        SMMUv2TLBEntry *e = value;

        if (e->seq <= inv->seq && covers(inst->smmu, inv, e)) {
            drop(inst, e);
            g_hash_table_iter_remove(&iter);
        }
    }
}

static void apply(SMMUv2Instance *inst, const SMMUv2Inv *inv)
{
    switch (inv->op) {
    case SMMUV2_INV_VA:
    case SMMUV2_INV_VAL:
    case SMMUV2_INV_IPA:
    case SMMUV2_INV_IPAL:
        apply_by_key(inst, inv);
        break;
    default:
        apply_by_scan(inst, inv);
        break;
    }
}

void smmuv2_tlb_invalidate(SMMUv2Instance *inst, SMMUv2Inv *inv)
{
    trace_smmuv2_tlbi(smmuv2_name(inst->smmu), inst->index, inv->bank,
                      op_name[inv->op], inv->vmid, inv->asid, inv->va);
    if (inst->pending->len >= SMMUV2_MAX_PENDING) {
        smmuv2_violation(inst->smmu, "tlbi-overflow",
                         "instance %u: %u invalidations without a sync; this "
                         "one is dropped", inst->index, inst->pending->len);
        return;
    }
    inv->seq = inst->seq;
    inv->due = INT64_MAX;
    bitmap_zero(inv->enabled, SMMUV2_MAX_CB);
    if (inv->op == SMMUV2_INV_ALLNSNH || inv->op == SMMUV2_INV_ALLH) {
        for (unsigned n = 0; n < SMMUV2_MAX_CB; n++) {
            if (FIELD_EX32(inst->cb[n].sctlr, SCTLR, M)) {
                set_bit(n, inv->enabled);
            }
        }
    }
    g_array_append_val(inst->pending, *inv);
}

static bool stuck(const SMMUv2Instance *inst)
{
    return inst->smmu->sync_stuck & (1ULL << inst->index);
}

void smmuv2_tlb_sync(SMMUv2Instance *inst, int bank)
{
    SMMUv2State *s = inst->smmu;
    /* Alternate which instance is the slower one. */
    bool slow = (inst->syncs++ + inst->index) & 1;
    int64_t due = qemu_clock_get_ns(QEMU_CLOCK_VIRTUAL) +
                  s->sync_delay_ns * (slow ? 3 : 1);

    for (unsigned i = 0; i < inst->pending->len; i++) {
        SMMUv2Inv *inv = &g_array_index(inst->pending, SMMUv2Inv, i);

        if (inv->due == INT64_MAX &&
            (bank == SMMUV2_GLOBAL || bank == inv->bank)) {
            inv->due = due;
            inst->next_due = MIN(inst->next_due, due);
        }
    }
    if (bank == SMMUV2_GLOBAL) {
        inst->sync_active = true;
        inst->sync_due = due;
    } else {
        inst->cb[bank].sync_active = true;
        inst->cb[bank].sync_due = due;
    }
    trace_smmuv2_sync(smmuv2_name(s), inst->index, bank,
                      stuck(inst) ? "starts, is stuck" : "starts");
    smmuv2_tlb_catch_up(inst);
}

bool smmuv2_tlb_sync_active(SMMUv2Instance *inst, int bank)
{
    bool *active = bank == SMMUV2_GLOBAL ? &inst->sync_active
                                         : &inst->cb[bank].sync_active;
    int64_t due = bank == SMMUV2_GLOBAL ? inst->sync_due
                                        : inst->cb[bank].sync_due;

    if (*active && !stuck(inst) &&
        due <= qemu_clock_get_ns(QEMU_CLOCK_VIRTUAL)) {
        trace_smmuv2_sync(smmuv2_name(inst->smmu), inst->index, bank, "ends");
        *active = false;
    }
    return *active;
}

void smmuv2_tlb_catch_up(SMMUv2Instance *inst)
{
    int64_t now;
    unsigned kept = 0;

    if (inst->next_due == INT64_MAX || stuck(inst)) {
        return;
    }
    now = qemu_clock_get_ns(QEMU_CLOCK_VIRTUAL);
    if (now < inst->next_due) {
        return;
    }
    inst->next_due = INT64_MAX;
    for (unsigned i = 0; i < inst->pending->len; i++) {
        SMMUv2Inv inv = g_array_index(inst->pending, SMMUv2Inv, i);

        if (inv.due <= now) {
            apply(inst, &inv);
        } else {
            g_array_index(inst->pending, SMMUv2Inv, kept++) = inv;
            inst->next_due = MIN(inst->next_due, inv.due);
        }
    }
    g_array_set_size(inst->pending, kept);
}

bool smmuv2_tlb_pending(SMMUv2Instance *inst, const SMMUv2TLBEntry *e)
{
    for (unsigned i = 0; i < inst->pending->len; i++) {
        SMMUv2Inv *inv = &g_array_index(inst->pending, SMMUv2Inv, i);

        if (e->seq <= inv->seq && covers(inst->smmu, inv, e)) {
            return true;
        }
    }
    return false;
}

SMMUv2TLBEntry *smmuv2_tlb_foreign(SMMUv2Instance *inst, const SMMUv2Regime *r)
{
    GHashTableIter iter;
    gpointer value;

    g_hash_table_iter_init(&iter, inst->tlb);
    while (g_hash_table_iter_next(&iter, NULL, &value)) {
        SMMUv2TLBEntry *e = value;
        bool hyp = e->key.flags & SMMUV2_TLB_HYP;

        if (is_stage1(e->key.kind) == (r->stage == 1) && hyp == r->hyp &&
            e->key.vmid == r->vmid && e->root != r->root &&
            (e->key.asid == r->asid || (e->key.flags & SMMUV2_TLB_GLOBAL))) {
            return e;
        }
    }
    return NULL;
}

void smmuv2_tlb_reset(SMMUv2Instance *inst)
{
    g_hash_table_remove_all(inst->tlb);
    g_array_set_size(inst->pending, 0);
    memset(inst->shifts, 0, sizeof(inst->shifts));
    inst->formats = 0;
    inst->next_due = INT64_MAX;
    inst->sync_active = false;
    for (unsigned n = 0; n < SMMUV2_MAX_CB; n++) {
        inst->cb[n].sync_active = false;
    }
}

void smmuv2_tlb_init(SMMUv2Instance *inst)
{
    inst->tlb = g_hash_table_new_full(key_hash, key_equal, NULL, g_free);
    inst->pending = g_array_new(false, false, sizeof(SMMUv2Inv));
    inst->next_due = INT64_MAX;
}
