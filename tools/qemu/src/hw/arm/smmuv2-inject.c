/*
 * Arm SMMUv2 (MMU-500): fault injection for tests
 *
 *   inject-global-fault     spurious faults
 *   power-cycle             a loss of power: of "power-loses-instances", of all
 *                           registers but those of "power-keeps"
 *   hold-sid, held, release a transaction that is held in flight
 *
 * A held transaction has found its stream match register and S2CR, but has not
 * yet read its bank's registers. No sync waits for it, which is stricter than
 * hardware may be: software cannot wait until it is safe to let the bank
 * bypass. After each register write the model checks whether the transaction
 * would bypass. When it is released, the registers of that moment decide its
 * outcome.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "qemu/osdep.h"
#include "qapi/error.h"
#include "qapi/visitor.h"
#include "smmuv2-internal.h"

/* ---- Spurious faults ---- */

static void set_inject_global_fault(Object *obj, Visitor *v, const char *name,
                                    void *opaque, Error **errp)
{
    SMMUv2State *s = SMMUV2(obj);
    uint64_t instances;

    if (!visit_type_uint64(v, name, &instances, errp)) {
        return;
    }
    for (unsigned i = 0; i < s->num_instances; i++) {
        if (instances & (1ULL << i)) {
            SMMUv2Instance *inst = &s->inst[i];

            inst->gfsr |= inst->gfsr ? R_GFSR_MULTI_MASK : R_GFSR_EF_MASK;
            smmuv2_update_irq(inst);
        }
    }
}

/* ---- Power ---- */

enum {
    KEEP_CR0    = 1 << 0,
    KEEP_ACR    = 1 << 1,
    KEEP_SMR    = 1 << 2,
    KEEP_S2CR   = 1 << 3,
    KEEP_CBAR   = 1 << 4,
    KEEP_SCTLR  = 1 << 5,
    KEEP_ACTLR  = 1 << 6,
    KEEP_TCR    = 1 << 7,
    KEEP_TTBR   = 1 << 8,
    KEEP_MAIR   = 1 << 9,
};

static const struct {
    const char *name;
    unsigned groups;
} keep_names[] = {
    { "none", 0 },
    { "cr0", KEEP_CR0 },
    { "acr", KEEP_ACR },
    { "smr", KEEP_SMR },
    { "s2cr", KEEP_S2CR },
    { "cbar", KEEP_CBAR },
    { "sctlr", KEEP_SCTLR },
    { "actlr", KEEP_ACTLR },
    { "tcr", KEEP_TCR },
    { "ttbr", KEEP_TTBR },
    { "mair", KEEP_MAIR },
    { "banks", KEEP_CBAR | KEEP_SCTLR | KEEP_ACTLR | KEEP_TCR | KEEP_TTBR |
               KEEP_MAIR },
};

static unsigned parse_keeps(const char *value, Error **errp)
{
    g_auto(GStrv) names = g_strsplit(value ?: "", ":", -1);
    unsigned groups = 0, k;

    for (unsigned i = 0; names[i]; i++) {
        if (!*names[i]) {
            continue;
        }
        for (k = 0; k < ARRAY_SIZE(keep_names); k++) {
            if (!strcmp(names[i], keep_names[k].name)) {
                groups |= keep_names[k].groups;
                break;
            }
        }
        if (k == ARRAY_SIZE(keep_names)) {
            error_setg(errp, "power-keeps: unknown group '%s'", names[i]);
            return 0;
        }
    }
    return groups;
}

static void keep_bank(SMMUv2Bank *cb, const SMMUv2Bank *old, unsigned groups)
{
    if (groups & KEEP_CBAR) {
        cb->cbar = old->cbar;
        cb->cba2r = old->cba2r;
    }
    if (groups & KEEP_SCTLR) {
        cb->sctlr = old->sctlr;
    }
    if (groups & KEEP_ACTLR) {
        cb->actlr = old->actlr;
    }
    if (groups & KEEP_TCR) {
        cb->tcr = old->tcr;
        cb->tcr2 = old->tcr2;
    }
    if (groups & KEEP_TTBR) {
        cb->ttbr[0] = old->ttbr[0];
        cb->ttbr[1] = old->ttbr[1];
        cb->contextidr = old->contextidr;
    }
    if (groups & KEEP_MAIR) {
        cb->mair[0] = old->mair[0];
        cb->mair[1] = old->mair[1];
    }
}

/* TLB, faults and active operations are always lost. */
static void lose_power(SMMUv2Instance *inst, unsigned groups)
{
    g_autofree SMMUv2Instance *old = g_memdup2(inst, sizeof(*inst));

    smmuv2_instance_reset(inst);
    if (groups & KEEP_CR0) {
        inst->cr0 = old->cr0;
        inst->cr2 = old->cr2;
    }
    if (groups & KEEP_ACR) {
        inst->acr = old->acr;
    }
    if (groups & KEEP_SMR) {
        memcpy(inst->smr, old->smr, sizeof(inst->smr));
    }
    if (groups & KEEP_S2CR) {
        memcpy(inst->s2cr, old->s2cr, sizeof(inst->s2cr));
    }
    for (unsigned n = 0; n < inst->smmu->num_cb; n++) {
        keep_bank(&inst->cb[n], &old->cb[n], groups);
    }
    smmuv2_update_irq(inst);
}

static void set_power_cycle(Object *obj, bool value, Error **errp)
{
    SMMUv2State *s = SMMUV2(obj);
    unsigned groups = parse_keeps(s->power_keeps, &error_abort);

    if (!value || !s->half_mirrored) {
        return;
    }
    s->lost |= !smmuv2_lets_all_pass(s);
    g_hash_table_remove_all(s->half_mirrored);
    for (unsigned i = 0; i < s->num_instances; i++) {
        if (!(s->power_loses_instances & (1ULL << i))) {
            continue;
        }
        lose_power(&s->inst[i], groups);
        if (s->held.valid && s->held.instance == i) {
            s->held.valid = false;
            g_free(s->held_outcome);
            s->held_outcome = g_strdup("lost");
        }
    }
}

static char *get_power_keeps(Object *obj, Error **errp)
{
    return g_strdup(SMMUV2(obj)->power_keeps ?: "");
}

static void set_power_keeps(Object *obj, const char *value, Error **errp)
{
    SMMUv2State *s = SMMUV2(obj);
    Error *err = NULL;

    parse_keeps(value, &err);
    if (err) {
        error_propagate(errp, err);
        return;
    }
    g_free(s->power_keeps);
    s->power_keeps = g_strdup(value);
}

/* ---- Held transactions ---- */

bool smmuv2_hold(SMMUv2State *s, const SMMUv2Held *h)
{
    if (s->held.valid || s->hold_sid == SMMUV2_HOLD_NONE ||
        (s->hold_sid != SMMUV2_HOLD_ANY && s->hold_sid != h->txn.sid)) {
        return false;
    }
    /* Hold one transaction; the property must be set again for another. */
    s->hold_sid = SMMUV2_HOLD_NONE;
    s->held = *h;
    return true;
}

void smmuv2_held_check(SMMUv2State *s)
{
    SMMUv2Held *h = &s->held;

    if (!h->valid || h->reported || !smmuv2_bank_passes(s, h)) {
        return;
    }
    h->reported = true;
    smmuv2_violation(s, "bank-held",
                     "instance %u: sid 0x%x, held before its lookup of bank %u, "
                     "would bypass now", h->instance, h->txn.sid, h->bank);
}

static void set_release(Object *obj, bool value, Error **errp)
{
    SMMUv2State *s = SMMUV2(obj);
    SMMUv2Held h = s->held;
    IOMMUTLBEntry entry = {
        .target_as = &s->as,
        .iova = h.txn.iova & ~0xfffULL,
        .addr_mask = 0xfff,
    };
    SMMUv2Outcome outcome;
    uint64_t passed = s->count.bypassed;

    if (!value || !h.valid) {
        return;
    }
    s->held.valid = false;
    outcome = smmuv2_enter_bank(s, &h, &entry);
    g_free(s->held_outcome);
    s->held_outcome =
        outcome != SMMUV2_OK ? g_strdup("fault") :
        s->count.bypassed != passed ? g_strdup("bypass") :
        g_strdup_printf("0x%" PRIx64,
                        entry.translated_addr | (h.txn.iova & 0xfff));
}

static char *get_held(Object *obj, Error **errp)
{
    SMMUv2State *s = SMMUV2(obj);
    SMMUv2Held *h = &s->held;

    if (!h->valid) {
        return g_strdup(s->held_outcome ?: "none");
    }
    return g_strdup_printf("sid=0x%x iova=0x%" PRIx64 " access=%c instance=%u "
                           "bank=%u", h->txn.sid, h->txn.iova,
                           h->txn.write ? 'w' : 'r', h->instance, h->bank);
}

/* ---- Properties ---- */

static void get_number(Object *obj, Visitor *v, const char *name, void *opaque,
                       Error **errp)
{
    uint64_t value = *(uint64_t *)((char *)SMMUV2(obj) + (uintptr_t)opaque);

    visit_type_uint64(v, name, &value, errp);
}

static void set_number(Object *obj, Visitor *v, const char *name, void *opaque,
                       Error **errp)
{
    visit_type_uint64(v, name,
                      (uint64_t *)((char *)SMMUV2(obj) + (uintptr_t)opaque),
                      errp);
}

void smmuv2_inject_class_init(ObjectClass *klass)
{
    static const struct {
        const char *name;
        size_t offset;
        const char *help;
    } numbers[] = {
        { "sync-stuck", offsetof(SMMUv2State, sync_stuck),
          "Bitmap of instances on which TLB syncs do not complete" },
        { "no-answer", offsetof(SMMUv2State, no_answer),
          "Bitmap of instances that abort all transactions, and whose "
          "registers read as all ones" },
        { "power-loses-instances",
          offsetof(SMMUv2State, power_loses_instances),
          "Bitmap of instances that lose registers with power-cycle" },
        { "hold-sid", offsetof(SMMUv2State, hold_sid),
          "Stream ID whose next transaction is held before its bank lookup; "
          "0xffffffff: any" },
    };

    for (unsigned i = 0; i < ARRAY_SIZE(numbers); i++) {
        object_class_property_add(klass, numbers[i].name, "uint64", get_number,
                                  set_number, NULL,
                                  (void *)numbers[i].offset);
        object_class_property_set_description(klass, numbers[i].name,
                                              numbers[i].help);
    }
    object_class_property_add(klass, "inject-global-fault", "uint64", NULL,
                              set_inject_global_fault, NULL, NULL);
    object_class_property_set_description(klass, "inject-global-fault",
        "Bitmap of instances that report a spurious global fault");
    object_class_property_add_bool(klass, "power-cycle", NULL, set_power_cycle);
    object_class_property_set_description(klass, "power-cycle",
        "Write true to lose registers and TLB");
    object_class_property_add_str(klass, "power-keeps", get_power_keeps,
                                  set_power_keeps);
    object_class_property_set_description(klass, "power-keeps",
        "Groups of registers that survive power-cycle, separated by ':'");
    object_class_property_add_bool(klass, "release", NULL, set_release);
    object_class_property_set_description(klass, "release",
        "Write true to let the held transaction continue");
    object_class_property_add_str(klass, "held", get_held, NULL);
    object_class_property_set_description(klass, "held",
        "The held transaction, or how the last one ended");
}

void smmuv2_inject_init(SMMUv2State *s)
{
    s->power_loses_instances = UINT64_MAX;
    s->hold_sid = SMMUV2_HOLD_NONE;
}

void smmuv2_inject_finalize(SMMUv2State *s)
{
    g_free(s->power_keeps);
    g_free(s->held_outcome);
}
