/*
 * Arm SMMUv2 (MMU-500): the device, and the path of a transaction
 *
 *   stream ID -> SMRn -> S2CRn -> bypass, fault, or a context bank
 *   context bank -> CBARn -> which stages, with which banks
 *   address -> TLB, or a walk -> permissions -> memory, or a fault
 *
 * A fault before the context bank is known is global; any other fault belongs
 * to the bank of the stage that failed. smmuv2-internal.h has the overview.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "qemu/osdep.h"
#include "qemu/main-loop.h"
#include "qemu/module.h"
#include "qapi/error.h"
#include "qapi/visitor.h"
#include "exec/address-spaces.h"
#include "hw/irq.h"
#include "hw/qdev-properties.h"
#include "migration/vmstate.h"
#include "trace.h"
#include "smmuv2-internal.h"

/* The registers of an MMU-500 that do not reset to zero */
#define MMU500_RESET_CR0    (R_CR0_CLIENTPD_MASK | R_CR0_SMCFCFG_MASK)
#define MMU500_RESET_ACR    0x0400001c
#define MMU500_RESET_S2CR   (S2CR_TYPE_FAULT << R_S2CR_TYPE_SHIFT)
#define MMU500_RESET_SCTLR  R_SCTLR_HUPCF_MASK
#define MMU500_RESET_ACTLR  (R_ACTLR_CMTLB_MASK | R_ACTLR_CPRE_MASK)
#define MMU500_RESET_TCR2   (R_TCR2_TBI0_MASK | R_TCR2_TBI1_MASK)

/* A transaction with the attributes that its stream's S2CR gives it */
typedef struct Transaction {
    const SMMUv2Txn *txn;
    SMMUv2Instance *inst;
    bool priv;
    bool insn;
} Transaction;

/* The stages that a stream's first context bank selects */
typedef struct Stages {
    SMMUv2Regime s1, s2;
    bool has_s1, has_s2;
} Stages;

/* ---- Interrupts and faults ---- */

void smmuv2_update_irq(SMMUv2Instance *inst)
{
    SMMUv2State *s = inst->smmu;
    uint32_t client = inst->gfsr & ~R_GFSR_CAF_MASK;
    bool global = (client && FIELD_EX32(inst->cr0, CR0, GFIE)) ||
                  (FIELD_EX32(inst->gfsr, GFSR, CAF) &&
                   FIELD_EX32(inst->cr0, CR0, GCFGFIE));
    bool context = false;

    for (unsigned n = 0; n < s->num_cb && !context; n++) {
        context = (inst->cb[n].fsr & SMMUV2_FSR_FAULTS) &&
                  FIELD_EX32(inst->cb[n].sctlr, SCTLR, CFIE);
    }
    trace_smmuv2_irq(smmuv2_name(s), inst->index, global, context);
    if (s->single_irq) {
        qemu_set_irq(inst->irq[0], global || context);
    } else {
        qemu_set_irq(inst->irq[0], global);
        qemu_set_irq(inst->irq[1], context);
    }
}

static SMMUv2Outcome global_fault(const Transaction *t, uint32_t gfsr)
{
    SMMUv2Instance *inst = t->inst;

    if (t->txn->probe) {
        return SMMUV2_ABORT;
    }
    inst->smmu->count.global_faults++;
    trace_smmuv2_global_fault(smmuv2_name(inst->smmu), inst->index,
                              t->txn->sid, t->txn->iova, gfsr);
    if (inst->gfsr) {
        inst->gfsr |= R_GFSR_MULTI_MASK;
    } else {
        uint32_t v = 0;

        v = FIELD_DP32(v, GFSYNR0, WNR, t->txn->write);
        v = FIELD_DP32(v, GFSYNR0, PNU, t->priv);
        v = FIELD_DP32(v, GFSYNR0, IND, t->insn);
        inst->gfsr = gfsr;
        inst->gfar = t->txn->iova;
        inst->gfsynr[0] = v;
        inst->gfsynr[1] = t->txn->sid;
        inst->gfsynr[2] = 0;
    }
    smmuv2_update_irq(inst);
    return FIELD_EX32(inst->cr0, CR0, GFRE) ? SMMUV2_ABORT : SMMUV2_RAZ_WI;
}

/* Terminate a transaction that bank n does not allow. */
static SMMUv2Outcome terminate(const Transaction *t, unsigned n)
{
    SMMUv2Instance *inst = t->inst;
    SMMUv2Bank *cb = &inst->cb[n];

    if (FIELD_EX32(cb->sctlr, SCTLR, CFCFG) &&
        !FIELD_EX32(inst->cr0, CR0, STALLD)) {
        inst->smmu->count.stalls++;
        cb->fsr |= R_FSR_SS_MASK;
        return SMMUV2_STALL;
    }
    return FIELD_EX32(cb->sctlr, SCTLR, CFRE) ? SMMUV2_ABORT : SMMUV2_RAZ_WI;
}

static SMMUv2Outcome context_fault(const Transaction *t, const Stages *st,
                                   const SMMUv2Fault *f)
{
    SMMUv2Instance *inst = t->inst;
    const SMMUv2Regime *r = f->stage == 1 ? &st->s1 : &st->s2;
    SMMUv2Bank *cb = &inst->cb[r->bank];
    SMMUv2Outcome outcome;

    if (t->txn->probe) {
        return SMMUV2_ABORT;
    }
    inst->smmu->count.context_faults++;
    if (cb->fsr & SMMUV2_FSR_FAULTS) {
        cb->fsr |= R_FSR_MULTI_MASK;
    } else {
        uint32_t v = 0;

        v = FIELD_DP32(v, FSYNR0, PLVL, f->level);
        v = FIELD_DP32(v, FSYNR0, WNR, t->txn->write);
        v = FIELD_DP32(v, FSYNR0, PNU, t->priv);
        v = FIELD_DP32(v, FSYNR0, IND, t->insn);
        v = FIELD_DP32(v, FSYNR0, PTWF, f->walk);
        if (f->stage == 2 && st->has_s1) {
            v = FIELD_DP32(v, FSYNR0, S1CBNDX, st->s1.bank);
        }
        cb->fsynr0 = v;
        cb->fsynr1 = 0;
        cb->fsr = (cb->fsr & R_FSR_SS_MASK) | f->fsr;
        cb->fsr = FIELD_DP32(cb->fsr, FSR, FORMAT,
                             r->aarch64 ? 2 : r->eae ? 1 : 0);
        cb->far = t->txn->iova;
        cb->ipafar = f->stage == 2 ? f->ipa : 0;
        cb->cbfrsynra = t->txn->sid;
    }
    outcome = terminate(t, r->bank);
    trace_smmuv2_context_fault(smmuv2_name(inst->smmu), inst->index, r->bank,
                               t->txn->sid, cb->far, cb->fsr, cb->fsynr0);
    smmuv2_update_irq(inst);
    return outcome;
}

/* ---- Path of a transaction ---- */

/*
 * Return the instance that serves an address. Neighbouring pages, and
 * neighbouring groups of pages of up to megabytes, differ in their instance.
 */
static SMMUv2Instance *select_instance(SMMUv2State *s, hwaddr iova)
{
    uint64_t h = (iova >> 12) ^ (iova >> 14) ^ (iova >> 17) ^ (iova >> 21);

    return &s->inst[s->num_instances == 2 ? h & 1 : 0];
}

/* Return the number of matching SMRs, and the first one in *index. */
static unsigned match_stream(SMMUv2Instance *inst, uint32_t sid,
                             unsigned *index)
{
    SMMUv2State *s = inst->smmu;
    unsigned matches = 0;

    for (unsigned i = 0; i < s->num_smr; i++) {
        uint32_t smr = inst->smr[i];

        if (FIELD_EX32(smr, SMR, VALID) &&
            !((FIELD_EX32(smr, SMR, ID) ^ sid) & ~FIELD_EX32(smr, SMR, MASK))) {
            if (!matches++) {
                *index = i;
            }
        }
    }
    return matches;
}

static void pass(const Transaction *t, const char *why, IOMMUTLBEntry *entry)
{
    entry->translated_addr = entry->iova;
    entry->perm = IOMMU_RW;
    if (!t->txn->probe) {
        smmuv2_log_bypass(t->inst, t->txn, why);
        smmuv2_log_translation(t->inst->smmu, t->txn, t->txn->iova,
                               SMMUV2_ALL, "bypass");
    }
}

/*
 * Find the stages of context bank n. Return a global fault, or 0; then *through
 * is true if no stage is enabled.
 */
static uint32_t find_stages(const Transaction *t, unsigned n, Stages *st,
                            bool *through)
{
    SMMUv2Instance *inst = t->inst;
    SMMUv2State *s = inst->smmu;
    bool quiet = t->txn->probe;
    unsigned type, second;

    *st = (Stages) { };
    *through = false;
    if (n >= s->num_cb) {
        return R_GFSR_UCBF_MASK;
    }
    if (!quiet) {
        smmuv2_mirror_check_bank(inst, n);
    }
    type = FIELD_EX32(inst->cb[n].cbar, CBAR, TYPE);
    switch (type) {
    case CBAR_TYPE_S2:
        st->has_s2 = true;
        smmuv2_regime(inst, n, 2, &st->s2);
        break;
    case CBAR_TYPE_S1_S2_BYPASS:
        st->has_s1 = true;
        smmuv2_regime(inst, n, 1, &st->s1);
        break;
    case CBAR_TYPE_NESTED:
        second = FIELD_EX32(inst->cb[n].cbar, CBAR, CBNDX);
        if (second >= s->num_cb) {
            return R_GFSR_UCBF_MASK;
        }
        if (!quiet) {
            smmuv2_mirror_check_bank(inst, second);
        }
        st->has_s1 = st->has_s2 = true;
        smmuv2_regime(inst, n, 1, &st->s1);
        smmuv2_regime(inst, second, 2, &st->s2);
        if (!s->nts ||
            FIELD_EX32(inst->cb[second].cbar, CBAR, TYPE) != CBAR_TYPE_S2 ||
            st->s1.vmid != st->s2.vmid) {
            if (!quiet) {
                smmuv2_violation(s, "reserved-type",
                                 "instance %u: bank %u is nested on bank %u, "
                                 "which is not a stage 2 bank", inst->index, n,
                                 second);
            }
            return R_GFSR_ICF_MASK;
        }
        break;
    default:
        return R_GFSR_ICF_MASK;
    }
    if ((st->has_s1 && !s->s1ts) || (st->has_s2 && !s->s2ts)) {
        return R_GFSR_ICF_MASK;
    }

    if (st->has_s2 ? !st->s2.enabled : !st->s1.enabled) {
        if (!quiet) {
            smmuv2_violation(s, "bank-disabled",
                             "instance %u: sid 0x%x reaches bank %u, which is "
                             "disabled: it bypasses", inst->index, t->txn->sid,
                             st->has_s2 ? st->s2.bank : n);
        }
        *through = !(st->has_s1 && st->s1.enabled);
    }
    return 0;
}

/* Return the input address, sign-extended if the format has two ranges. */
static uint64_t input_address(SMMUv2State *s, const Stages *st, hwaddr iova)
{
    static const uint8_t bits[] = { 31, 35, 39, 41, 43, 47 };
    unsigned sep, bit;

    if (!st->has_s1 || !st->s1.enabled || !st->s1.aarch64) {
        return iova;
    }
    sep = FIELD_EX32(st->s1.cb->tcr2, TCR2, SEP);
    bit = sep < ARRAY_SIZE(bits) ? bits[sep] : s->ubs;
    return iova >> (bit + 1) ? iova : sextract64(iova, 0, bit + 1);
}

static bool format_supported(const Transaction *t, const SMMUv2Regime *r)
{
    SMMUv2State *s = t->inst->smmu;

    if (r->aarch64 || (r->eae ? s->aarch32_l : s->aarch32_s)) {
        return true;
    }
    if (!t->txn->probe) {
        smmuv2_violation(s, "bad-format", "instance %u: bank %u uses a table "
                         "format that this SMMU lacks", t->inst->index,
                         r->bank);
    }
    return false;
}

static unsigned needed(const Transaction *t)
{
    unsigned perm = t->txn->write ? SMMUV2_PW : t->insn ? SMMUV2_PX : SMMUV2_PR;

    return t->priv ? perm : perm << 3;
}

/*
 * Return true if only a stale TLB entry allows the access: the tables in memory
 * now refuse it or map it to another address.
 */
static bool is_stale(const Transaction *t, SMMUv2Walk walk, uint64_t pa,
                     const SMMUv2TLBEntry *hit)
{
    SMMUv2Instance *inst = t->inst;
    unsigned need = needed(t);
    uint64_t now;

    walk.use_tlb = walk.fill_tlb = false;
    if (!smmuv2_walk(&walk)) {
        return true;
    }
    now = walk.leaf.pa | (walk.va & MAKE_64BIT_MASK(0, walk.leaf.shift));
    if (now != pa) {
        if (hit && !smmuv2_tlb_pending(inst, hit)) {
            smmuv2_violation(inst->smmu, "break-before-make",
                             "instance %u: sid 0x%x iova 0x%" PRIx64
                             " maps to 0x%" PRIx64 " in the TLB and to 0x%"
                             PRIx64 " in the tables, without invalidation: "
                             "either may be used", inst->index, t->txn->sid,
                             t->txn->iova, pa, now);
        }
        return true;
    }
    return !(walk.leaf.perm & need) || !(walk.leaf.s2_perm & need);
}

/* Like an MMU-500, prefetch the translation after the one just walked. */
static void prefetch(const Transaction *t, const SMMUv2Walk *done,
                     const SMMUv2Regime *first)
{
    SMMUv2State *s = t->inst->smmu;
    SMMUv2Walk next = *done;

    if (!s->prefetch || !s->mmu500 ||
        !FIELD_EX32(first->cb->actlr, ACTLR, CPRE)) {
        return;
    }
    next.va = (done->va | MAKE_64BIT_MASK(0, done->leaf.shift)) + 1;
    if (!smmuv2_tlb_lookup(t->inst, first, next.va) && smmuv2_walk(&next)) {
        s->count.prefetches++;
    }
}

static SMMUv2Outcome translate_bank(const Transaction *t, const Stages *st,
                                    IOMMUTLBEntry *entry)
{
    SMMUv2Instance *inst = t->inst;
    SMMUv2State *s = inst->smmu;
    const SMMUv2Regime *first = st->has_s1 && st->s1.enabled ? &st->s1
                                                             : &st->s2;
    unsigned need = needed(t), perm;
    SMMUv2Walk walk = {
        .inst = inst,
        .s1 = st->has_s1 ? &st->s1 : NULL,
        .s2 = st->has_s2 ? &st->s2 : NULL,
        .va = input_address(s, st, t->txn->iova),
        .use_tlb = true,
        .fill_tlb = !t->txn->probe,
        .fault = { .stage = first->stage, .ipa = t->txn->iova },
    };
    SMMUv2TLBEntry *hit;
    bool stale = false;
    uint64_t pa;

    for (unsigned i = 0; i < 2; i++) {
        const SMMUv2Regime *r = i ? walk.s2 : walk.s1;

        if (!r || t->txn->probe) {
            continue;
        }
        if ((r->cb->fsr & (SMMUV2_FSR_FAULTS | R_FSR_SS_MASK)) &&
            !FIELD_EX32(r->cb->sctlr, SCTLR, HUPCF)) {
            s->count.hit_under_fault++;
            return terminate(t, r->bank);
        }
        inst->cb[r->bank].used = true;
        inst->cb[r->bank].last_va = walk.va;
    }
    if (!format_supported(t, first)) {
        smmuv2_walk_fault(&walk, first, 0, R_FSR_TF_MASK);
        return context_fault(t, st, &walk.fault);
    }

    hit = smmuv2_tlb_lookup(inst, first, walk.va);
    if (hit) {
        walk.leaf = hit->leaf;
    } else if (!smmuv2_walk(&walk)) {
        if (!t->txn->probe) {
            s->count.tlb_misses++;
        }
        return context_fault(t, st, &walk.fault);
    }
    if (!t->txn->probe) {
        s->count.tlb_hits += !!hit;
        s->count.tlb_misses += !hit;
    }

    if (!(walk.leaf.perm & need)) {
        smmuv2_walk_fault(&walk, &st->s1, walk.leaf.level, R_FSR_PF_MASK);
        return context_fault(t, st, &walk.fault);
    }
    if (!(walk.leaf.s2_perm & need)) {
        walk.fault.ipa = st->has_s1 && st->s1.enabled ?
            walk.leaf.ipa | (walk.va & MAKE_64BIT_MASK(0, walk.leaf.shift)) :
            walk.va;
        smmuv2_walk_fault(&walk, &st->s2, walk.leaf.s2_level, R_FSR_PF_MASK);
        return context_fault(t, st, &walk.fault);
    }

    pa = walk.leaf.pa | (walk.va & MAKE_64BIT_MASK(0, walk.leaf.shift));
    perm = walk.leaf.perm & walk.leaf.s2_perm;
    entry->translated_addr = pa & ~entry->addr_mask;
    if (perm & (t->priv ? SMMUV2_PR : SMMUV2_UR)) {
        entry->perm |= IOMMU_RO;
    }
    if (perm & (t->priv ? SMMUV2_PW : SMMUV2_UW)) {
        entry->perm |= IOMMU_WO;
    }
    if (t->insn && !t->txn->write) {
        entry->perm |= IOMMU_RO;
    }
    if (t->txn->probe) {
        return SMMUV2_OK;
    }

    s->count.translations++;
    stale = is_stale(t, walk, pa, hit);
    if (stale) {
        smmuv2_log_stale(inst, t->txn, pa);
    }
    trace_smmuv2_translated(smmuv2_name(s), inst->index, t->txn->sid,
                            t->txn->iova, pa, t->txn->write ? "write" : "read",
                            first->bank, hit ? "hit" : "walk");
    smmuv2_log_translation(s, t->txn, pa, perm, stale ? "stale" : "trans");
    if (!hit) {
        prefetch(t, &walk, first);
    }
    return SMMUV2_OK;
}

SMMUv2Outcome smmuv2_enter_bank(SMMUv2State *s, const SMMUv2Held *h,
                                IOMMUTLBEntry *entry)
{
    Transaction t = {
        .txn = &h->txn,
        .inst = &s->inst[h->instance],
        .priv = h->priv,
        .insn = h->insn,
    };
    uint32_t gfsr;
    bool through;
    Stages st;

    gfsr = find_stages(&t, h->bank, &st, &through);
    if (gfsr) {
        return global_fault(&t, gfsr);
    }
    if (through) {
        pass(&t, "context bank disabled", entry);
        return SMMUV2_OK;
    }
    return translate_bank(&t, &st, entry);
}

bool smmuv2_bank_passes(SMMUv2State *s, const SMMUv2Held *h)
{
    SMMUv2Txn probe = h->txn;
    Transaction t = { .txn = &probe, .inst = &s->inst[h->instance] };
    bool through;
    Stages st;

    probe.probe = true;
    return !find_stages(&t, h->bank, &st, &through) && through;
}

SMMUv2Outcome smmuv2_translate_outcome(SMMUv2State *s, const SMMUv2Txn *txn,
                                       IOMMUTLBEntry *entry)
{
    Transaction t = {
        .txn = txn,
        .inst = select_instance(s, txn->iova),
        .priv = txn->priv,
        .insn = txn->insn,
    };
    SMMUv2Instance *inst = t.inst;
    unsigned matches, i = 0;
    SMMUv2Held held;
    uint32_t s2cr;

    g_assert(bql_locked());
    *entry = (IOMMUTLBEntry) {
        .target_as = &s->as,
        .iova = txn->iova & ~0xfffULL,
        .addr_mask = 0xfff,
        .perm = IOMMU_NONE,
    };

    smmuv2_tlb_catch_up(inst);
    if (s->no_answer & (1ULL << inst->index)) {
        return SMMUV2_ABORT;
    }
    if (!txn->probe) {
        s->txns[inst->index]++;
        smmuv2_mirror_check_stream(inst, txn->sid);
    }
    if (FIELD_EX32(inst->cr0, CR0, CLIENTPD)) {
        pass(&t, "sCR0.CLIENTPD set", entry);
        return SMMUV2_OK;
    }

    matches = match_stream(inst, txn->sid, &i);
    if (matches != 1) {
        bool fault = matches ? FIELD_EX32(inst->cr0, CR0, SMCFCFG)
                             : FIELD_EX32(inst->cr0, CR0, USFCFG);

        trace_smmuv2_no_stream(smmuv2_name(s), inst->index, txn->sid, matches,
                               fault ? "fault" : "bypass");
        if (matches && !txn->probe) {
            smmuv2_violation(s, "smr-conflict",
                             "instance %u: sid 0x%x matches %u stream match "
                             "registers, the first is %u: the outcome is "
                             "unpredictable", inst->index, txn->sid, matches, i);
        }
        if (fault) {
            return global_fault(&t, matches ? R_GFSR_SMCF_MASK
                                            : R_GFSR_USF_MASK);
        }
        pass(&t, matches ? "stream match conflict" : "no match", entry);
        return SMMUV2_OK;
    }

    s2cr = inst->s2cr[i];
    trace_smmuv2_stream(smmuv2_name(s), inst->index, txn->sid, i, s2cr);
    switch (FIELD_EX32(s2cr, S2CR, TYPE)) {
    case S2CR_TYPE_TRANS:
        break;
    case S2CR_TYPE_BYPASS:
        pass(&t, "S2CR", entry);
        return SMMUV2_OK;
    default:
        return global_fault(&t, R_GFSR_ICF_MASK);
    }
    switch (FIELD_EX32(s2cr, S2CR, PRIVCFG)) {
    case 2:
        t.priv = false;
        break;
    case 3:
        t.priv = true;
        break;
    }
    switch (FIELD_EX32(s2cr, S2CR, INSTCFG)) {
    case 2:
        t.insn = false;
        break;
    case 3:
        t.insn = !txn->write;
        break;
    }

    held = (SMMUv2Held) {
        .valid = true,
        .txn = *txn,
        .instance = inst->index,
        .bank = FIELD_EX32(s2cr, S2CR, CBNDX),
        .priv = t.priv,
        .insn = t.insn,
    };
    if (!txn->probe && smmuv2_hold(s, &held)) {
        return SMMUV2_ABORT;
    }
    return smmuv2_enter_bank(s, &held, entry);
}

IOMMUTLBEntry smmuv2_translate(SMMUv2State *s, const SMMUv2Txn *txn)
{
    IOMMUTLBEntry entry;

    if (smmuv2_translate_outcome(s, txn, &entry) != SMMUV2_OK) {
        entry.perm = IOMMU_NONE;
    }
    return entry;
}

/*
 * No stream is routed to the bank any more, but a transaction that read its
 * S2CR earlier may still walk after the pending invalidations were accepted.
 * When the sync completes, the TLB may therefore hold what the tables contained
 * when the sync began.
 */
void smmuv2_late_walk(SMMUv2Instance *inst, unsigned n)
{
    SMMUv2Bank *cb = &inst->cb[n];
    SMMUv2Regime s1;
    SMMUv2Walk walk = {
        .inst = inst,
        .s1 = &s1,
        .va = cb->last_va,
        .fill_tlb = true,
    };

    if (!cb->used || !FIELD_EX32(cb->sctlr, SCTLR, M) ||
        FIELD_EX32(cb->cbar, CBAR, TYPE) != CBAR_TYPE_S1_S2_BYPASS) {
        return;
    }
    smmuv2_regime(inst, n, 1, &s1);
    if (s1.aarch64 || (s1.eae ? inst->smmu->aarch32_l : inst->smmu->aarch32_s)) {
        smmuv2_walk(&walk);
    }
}

uint64_t smmuv2_address_translation(SMMUv2Instance *inst, unsigned n,
                                    uint64_t va, bool write, bool priv)
{
    SMMUv2Txn txn = { .iova = va, .write = write, .priv = priv };
    Transaction t = { .txn = &txn, .inst = inst, .priv = priv };
    unsigned type = FIELD_EX32(inst->cb[n].cbar, CBAR, TYPE);
    Stages st = { .has_s1 = true };
    SMMUv2TLBEntry *hit = NULL;
    SMMUv2Walk walk;

    smmuv2_regime(inst, n, 1, &st.s1);
    walk = (SMMUv2Walk) {
        .inst = inst,
        .s1 = &st.s1,
        .va = input_address(inst->smmu, &st, va),
    };
    if (type == CBAR_TYPE_S1_S2_BYPASS && st.s1.enabled) {
        hit = smmuv2_tlb_lookup(inst, &st.s1, walk.va);
    }
    if (hit) {
        walk.leaf = hit->leaf;
    } else if (type == CBAR_TYPE_S2 || !smmuv2_walk(&walk)) {
        return (walk.fault.fsr & SMMUV2_FSR_FAULTS) | 1;
    }
    if (!(walk.leaf.perm & needed(&t))) {
        return R_FSR_PF_MASK | 1;
    }
    return (walk.leaf.pa | (walk.va & MAKE_64BIT_MASK(0, walk.leaf.shift))) &
           MAKE_64BIT_MASK(12, 36);
}

void smmuv2_add_resume_notifier(SMMUv2State *s, Notifier *notifier)
{
    notifier_list_add(&s->resume_notifiers, notifier);
}

void smmuv2_add_wait_notifier(SMMUv2State *s, Notifier *notifier)
{
    notifier_list_add(&s->wait_notifiers, notifier);
}

/* ---- Reset, and the state that firmware leaves ---- */

void smmuv2_instance_reset(SMMUv2Instance *inst)
{
    bool mmu500 = inst->smmu->mmu500;

    inst->cr0 = mmu500 ? MMU500_RESET_CR0 : R_CR0_CLIENTPD_MASK;
    inst->cr2 = 0;
    inst->acr = mmu500 ? MMU500_RESET_ACR : 0;
    inst->gfar = 0;
    inst->gfsr = 0;
    inst->arg_high = 0;
    memset(inst->gfsynr, 0, sizeof(inst->gfsynr));
    for (unsigned i = 0; i < SMMUV2_MAX_SMR; i++) {
        inst->smr[i] = 0;
        inst->s2cr[i] = mmu500 ? MMU500_RESET_S2CR : 0;
    }
    for (unsigned n = 0; n < SMMUV2_MAX_CB; n++) {
        inst->cb[n] = (SMMUv2Bank) { };
        if (mmu500) {
            inst->cb[n].sctlr = MMU500_RESET_SCTLR;
            inst->cb[n].actlr = MMU500_RESET_ACTLR;
            inst->cb[n].tcr2 = MMU500_RESET_TCR2;
        }
    }
    smmuv2_tlb_reset(inst);
    smmuv2_update_irq(inst);
}

/*
 * Enable banks of each kind, and route all streams to two of them: even stream
 * IDs to stage 1 alone, odd ones to stage 1 on stage 2. Their tables are empty,
 * so every transaction faults.
 */
static void apply_live_banks(SMMUv2Instance *inst)
{
    SMMUv2State *s = inst->smmu;
    unsigned first = s->num_cb > 4 ? s->num_cb / 2 : s->num_s2cb;
    const uint32_t cbar[] = {
        CBAR_TYPE_S1_S2_BYPASS << R_CBAR_TYPE_SHIFT,
        CBAR_TYPE_NESTED << R_CBAR_TYPE_SHIFT |
            (first + 2) << R_CBAR_CBNDX_SHIFT,
        CBAR_TYPE_S2 << R_CBAR_TYPE_SHIFT,
    };

    for (unsigned i = 0; i < ARRAY_SIZE(cbar) && first + i < s->num_cb; i++) {
        SMMUv2Bank *cb = &inst->cb[first + i];

        cb->cbar = cbar[i];
        cb->cba2r = R_CBA2R_VA64_MASK;
        /* stage 1: no walks at all; stage 2: 40 bits from level 1 */
        cb->tcr = FIELD_EX32(cbar[i], CBAR, TYPE) == CBAR_TYPE_S2 ?
            R_TCR_EAE_MASK | 1 << R_TCR_SL0_SHIFT | 24 :
            R_TCR_EPD0_MASK | R_TCR_EPD1_MASK | 25;
        cb->sctlr = R_SCTLR_M_MASK | R_SCTLR_CFRE_MASK;
    }
    for (unsigned i = 0; i < 2 && i < s->num_smr; i++) {
        uint32_t ids = MAKE_64BIT_MASK(0, s->smr_id_bits) & ~1;

        inst->smr[i] = R_SMR_VALID_MASK | ids << R_SMR_MASK_SHIFT | i;
        inst->s2cr[i] = S2CR_TYPE_TRANS << R_S2CR_TYPE_SHIFT | (first + i);
    }
}

/*
 * "passthrough": firmware has enabled the SMMU, and all streams bypass.
 * "live": it has also matched low stream IDs explicitly, and left an old fault.
 * "translating": it has enabled banks and routed streams to them.
 */
static void apply_firmware_state(SMMUv2State *s)
{
    bool live = !g_strcmp0(s->firmware_state, "live");
    bool translating = !g_strcmp0(s->firmware_state, "translating");

    if (!live && !translating &&
        g_strcmp0(s->firmware_state, "passthrough")) {
        return;
    }
    for (unsigned i = 0; i < s->num_instances; i++) {
        SMMUv2Instance *inst = &s->inst[i];

        inst->cr0 &= ~(R_CR0_CLIENTPD_MASK | R_CR0_USFCFG_MASK);
        if (live) {
            SMMUv2Bank *cb = &inst->cb[s->num_cb - 1];
            unsigned last = s->num_smr - 1;

            inst->smr[last] = R_SMR_VALID_MASK | 0x7f << R_SMR_MASK_SHIFT;
            inst->s2cr[last] = S2CR_TYPE_BYPASS << R_S2CR_TYPE_SHIFT;
            cb->fsr = R_FSR_TF_MASK | R_FSR_MULTI_MASK;
            cb->far = 0x80000000;
            inst->gfsr = R_GFSR_USF_MASK | R_GFSR_MULTI_MASK;
        }
        if (translating) {
            apply_live_banks(inst);
        }
        smmuv2_update_irq(inst);
    }
}

static void smmuv2_reset(DeviceState *dev)
{
    SMMUv2State *s = SMMUV2(dev);

    s->lost = false;
    g_hash_table_remove_all(s->half_mirrored);
    s->held.valid = false;
    for (unsigned i = 0; i < s->num_instances; i++) {
        smmuv2_instance_reset(&s->inst[i]);
    }
    apply_firmware_state(s);
}

/* ---- The device ---- */

static bool check_properties(SMMUv2State *s, Error **errp)
{
    const char *fw = s->firmware_state;

    if (s->num_instances < 1 || s->num_instances > SMMUV2_MAX_INSTANCES) {
        error_setg(errp, "num-instances must be 1 or 2");
    } else if (s->num_cb < 1 || s->num_cb > SMMUV2_MAX_CB ||
               s->num_s2cb > s->num_cb) {
        error_setg(errp, "num-cb must be 1 to %u, num-s2cb no more",
                   SMMUV2_MAX_CB);
    } else if (s->num_smr < 1 || s->num_smr > SMMUV2_MAX_SMR) {
        error_setg(errp, "num-smr must be 1 to %u", SMMUV2_MAX_SMR);
    } else if (s->smr_id_bits < 1 || s->smr_id_bits > 15) {
        error_setg(errp, "smr-id-bits must be 1 to 15");
    } else if (s->page_shift != 12 && s->page_shift != 16) {
        error_setg(errp, "page-shift must be 12 or 16");
    } else if (fw && strcmp(fw, "reset") && strcmp(fw, "passthrough") &&
               strcmp(fw, "live") && strcmp(fw, "translating")) {
        error_setg(errp, "firmware-state must be reset, passthrough, live or "
                   "translating");
    } else {
        return true;
    }
    return false;
}

static void smmuv2_realize(DeviceState *dev, Error **errp)
{
    SMMUv2State *s = SMMUV2(dev);
    SysBusDevice *sbd = SYS_BUS_DEVICE(dev);

    if (!check_properties(s, errp)) {
        return;
    }
    s->num_page = MAX(pow2ceil(s->num_cb), 4);
    address_space_init(&s->as, s->memory ?: get_system_memory(),
                       smmuv2_name(s));
    notifier_list_init(&s->resume_notifiers);
    notifier_list_init(&s->wait_notifiers);
    smmuv2_check_init(s, errp);

    for (unsigned i = 0; i < s->num_instances; i++) {
        SMMUv2Instance *inst = &s->inst[i];
        g_autofree char *name = g_strdup_printf("smmuv2.%s.%u", smmuv2_name(s),
                                                i);

        inst->smmu = s;
        inst->index = i;
        smmuv2_tlb_init(inst);
        memory_region_init_io(&inst->mmio, OBJECT(s), &smmuv2_mmio_ops, inst,
                              name, 2ULL * s->num_page << s->page_shift);
        sysbus_init_mmio(sbd, &inst->mmio);
        sysbus_init_irq(sbd, &inst->irq[0]);
        if (!s->single_irq) {
            sysbus_init_irq(sbd, &inst->irq[1]);
        }
    }
}

static void smmuv2_init(Object *obj)
{
    smmuv2_inject_init(SMMUV2(obj));
}

static void smmuv2_finalize(Object *obj)
{
    SMMUv2State *s = SMMUV2(obj);

    for (unsigned i = 0; i < SMMUV2_MAX_INSTANCES; i++) {
        if (s->inst[i].tlb) {
            g_hash_table_destroy(s->inst[i].tlb);
            g_array_unref(s->inst[i].pending);
        }
    }
    smmuv2_check_finalize(s);
    smmuv2_inject_finalize(s);
}

static const VMStateDescription vmstate_smmuv2 = {
    .name = TYPE_SMMUV2,
    .unmigratable = 1,
};

static const Property smmuv2_properties[] = {
    DEFINE_PROP_STRING("name", SMMUv2State, name),
    DEFINE_PROP_LINK("memory", SMMUv2State, memory, TYPE_MEMORY_REGION,
                     MemoryRegion *),
    DEFINE_PROP_UINT32("num-instances", SMMUv2State, num_instances, 1),
    DEFINE_PROP_BOOL("single-irq", SMMUv2State, single_irq, false),
    DEFINE_PROP_BOOL("mmu500", SMMUv2State, mmu500, true),
    DEFINE_PROP_UINT32("num-smr", SMMUv2State, num_smr, 128),
    DEFINE_PROP_UINT32("num-cb", SMMUv2State, num_cb, 128),
    DEFINE_PROP_UINT32("num-s2cb", SMMUv2State, num_s2cb, 0),
    DEFINE_PROP_UINT32("page-shift", SMMUv2State, page_shift, 16),
    DEFINE_PROP_UINT32("smr-id-bits", SMMUv2State, smr_id_bits, 15),
    DEFINE_PROP_BOOL("s1ts", SMMUv2State, s1ts, true),
    DEFINE_PROP_BOOL("s2ts", SMMUv2State, s2ts, true),
    DEFINE_PROP_BOOL("nts", SMMUv2State, nts, true),
    DEFINE_PROP_BOOL("atos", SMMUv2State, atos, false),
    DEFINE_PROP_BOOL("cttw", SMMUv2State, cttw, false),
    DEFINE_PROP_BOOL("aarch32-s", SMMUv2State, aarch32_s, true),
    DEFINE_PROP_BOOL("aarch32-l", SMMUv2State, aarch32_l, true),
    DEFINE_PROP_BOOL("ptfs-4k", SMMUv2State, ptfs_4k, true),
    DEFINE_PROP_BOOL("ptfs-16k", SMMUv2State, ptfs_16k, false),
    DEFINE_PROP_BOOL("ptfs-64k", SMMUv2State, ptfs_64k, true),
    DEFINE_PROP_UINT32("ias", SMMUv2State, ias, 48),
    DEFINE_PROP_UINT32("oas", SMMUv2State, oas, 48),
    DEFINE_PROP_UINT32("ubs", SMMUv2State, ubs, 48),
    DEFINE_PROP_UINT32("idr7", SMMUv2State, idr7, 0x24),
    DEFINE_PROP_STRING("firmware-state", SMMUv2State, firmware_state),
    DEFINE_PROP_UINT64("sync-delay-ns", SMMUv2State, sync_delay_ns, 1000),
    DEFINE_PROP_UINT64("mirror-grace-us", SMMUv2State, mirror_grace_us,
                       1000000),
    DEFINE_PROP_UINT64("mirror-grace-writes", SMMUv2State, mirror_grace_writes,
                       64),
    DEFINE_PROP_BOOL("walk-cache-erratum", SMMUv2State, walk_cache_erratum,
                     false),
    DEFINE_PROP_BOOL("walk-cache-va-erratum", SMMUv2State,
                     walk_cache_va_erratum, false),
    DEFINE_PROP_BOOL("prefetch", SMMUv2State, prefetch, true),
    DEFINE_PROP_BOOL("asidpne", SMMUv2State, asidpne, true),
    DEFINE_PROP_BOOL("cache-lock-sticky", SMMUv2State, cache_lock_sticky,
                     false),
};

static void smmuv2_class_init(ObjectClass *klass, void *data)
{
    DeviceClass *dc = DEVICE_CLASS(klass);

    dc->realize = smmuv2_realize;
    dc->vmsd = &vmstate_smmuv2;
    dc->desc = "Arm SMMUv2 (MMU-500), strict";
    device_class_set_legacy_reset(dc, smmuv2_reset);
    device_class_set_props(dc, smmuv2_properties);
    smmuv2_check_class_init(klass);
    smmuv2_inject_class_init(klass);
}

static const TypeInfo smmuv2_types[] = {
    {
        .name = TYPE_SMMUV2,
        .parent = TYPE_SYS_BUS_DEVICE,
        .instance_size = sizeof(SMMUv2State),
        .instance_init = smmuv2_init,
        .instance_finalize = smmuv2_finalize,
        .class_init = smmuv2_class_init,
    },
};

DEFINE_TYPES(smmuv2_types)
