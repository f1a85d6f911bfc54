/*
 * Arm SMMUv2 (MMU-500): the register file
 *
 * An instance's aperture is 2 * num_page pages of 1 << page-shift bytes:
 *
 *   page 0                 global register space 0
 *   page 1                 global register space 1
 *   page num_page + n      context bank n
 *
 * Each register has a size, bits that a write may set, and bits that it can
 * change; any other write has no effect and is a violation. A write to a
 * register that transactions depend on is checked for its effect on the streams
 * that reach the bank.
 *
 * Reset values and read-only bits of an MMU-500 are those in its vendors'
 * register references; "mmu500" off gives an SMMUv2 without them.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "qemu/osdep.h"
#include "trace.h"
#include "smmuv2-internal.h"

/* Fields that the MMU-500 does not implement or that are fixed */
#define MMU500_CR0_RAZ      (R_CR0_GCFGFRE_MASK | R_CR0_GCFGFIE_MASK | \
                             R_CR0_STALLD_MASK | R_CR0_GSE_MASK)
#define MMU500_CR0_RAO      R_CR0_SMCFCFG_MASK
#define MMU500_TCR2_RAO     (R_TCR2_TBI0_MASK | R_TCR2_TBI1_MASK)

/* Bits that are not reserved */
#define CR0_BITS            (MAKE_64BIT_MASK(0, 28) & ~R_CR0_EXIDENABLE_MASK)
#define S2CR_TRANS_BITS     0x3fffffff
#define CBAR_BITS           0x00ffffff
#define SCTLR_BITS          0x3fffffff
#define TCR2_BITS           0x4003c077
#define GFSR_BITS           (R_GFSR_MULTI_MASK | 0x1ff)

typedef struct Access {
    SMMUv2Instance *inst;
    hwaddr addr;            /* in the aperture */
    hwaddr reg;             /* in its page */
    unsigned bank;
    unsigned size;
    const char *space;
} Access;

/* Merge a write to a 64-bit register or to one half of it. */
static uint64_t merge(const Access *a, uint64_t old, uint64_t val)
{
    if (a->size == 8) {
        return val;
    }
    return deposit64(old, a->reg & 4 ? 32 : 0, 32, val);
}

static uint64_t part(const Access *a, uint64_t val)
{
    if (a->size == 8) {
        return val;
    }
    return a->reg & 4 ? val >> 32 : (uint32_t)val;
}

static bool reserved(const Access *a, const char *name, uint64_t val,
                     uint64_t allowed)
{
    if (val & ~allowed) {
        smmuv2_violation(a->inst->smmu, "reserved-bits",
                         "instance %u: %s written as 0x%" PRIx64
                         ", which sets reserved bits 0x%" PRIx64,
                         a->inst->index, name, val, val & ~allowed);
        return true;
    }
    return false;
}

static void read_only(const Access *a, const char *name, uint64_t val)
{
    smmuv2_violation(a->inst->smmu, "read-only",
                     "instance %u: read-only register %s written as 0x%" PRIx64,
                     a->inst->index, name, val);
}

static void unmodelled_write(const Access *a, uint64_t val)
{
    a->inst->smmu->count.unmodelled_writes++;
    smmuv2_violation(a->inst->smmu, "unmodelled-write",
                     "instance %u: 0x%" PRIx64 " written to offset 0x%" PRIx64
                     " of %s, where no register is modelled", a->inst->index,
                     val, (uint64_t)a->reg, a->space);
}

static uint64_t unmodelled_read(const Access *a)
{
    a->inst->smmu->count.unmodelled_reads++;
    return 0;
}

/* ---- Use of a bank ---- */

static bool routed(SMMUv2Instance *inst, unsigned n)
{
    SMMUv2State *s = inst->smmu;

    if (FIELD_EX32(inst->cr0, CR0, CLIENTPD)) {
        return false;
    }
    for (unsigned i = 0; i < s->num_smr; i++) {
        unsigned first = FIELD_EX32(inst->s2cr[i], S2CR, CBNDX);
        uint32_t cbar;

        if (!FIELD_EX32(inst->smr[i], SMR, VALID) || first >= s->num_cb ||
            FIELD_EX32(inst->s2cr[i], S2CR, TYPE) != S2CR_TYPE_TRANS) {
            continue;
        }
        if (first == n) {
            return true;
        }
        cbar = inst->cb[first].cbar;
        if (FIELD_EX32(cbar, CBAR, TYPE) == CBAR_TYPE_NESTED &&
            FIELD_EX32(cbar, CBAR, CBNDX) == n) {
            return true;
        }
    }
    return false;
}

/*
 * Return true unless CBAR makes every transaction fault that reaches the bank.
 * With stage 2 set to fault, the bank's other registers do not matter.
 */
static bool bank_open(const SMMUv2Bank *cb)
{
    return FIELD_EX32(cb->cbar, CBAR, TYPE) != CBAR_TYPE_S1_S2_FAULT;
}

/* Return true if transactions that reach bank n bypass. */
static bool bank_bypasses(SMMUv2Instance *inst, unsigned n)
{
    SMMUv2Bank *cb = &inst->cb[n];
    unsigned second = FIELD_EX32(cb->cbar, CBAR, CBNDX);

    if (!bank_open(cb) || FIELD_EX32(cb->sctlr, SCTLR, M)) {
        return false;
    }
    return FIELD_EX32(cb->cbar, CBAR, TYPE) != CBAR_TYPE_NESTED ||
           (second < inst->smmu->num_cb &&
            FIELD_EX32(inst->cb[second].cbar, CBAR, TYPE) == CBAR_TYPE_S2 &&
            !FIELD_EX32(inst->cb[second].sctlr, SCTLR, M));
}

static bool bank_translates(const SMMUv2Bank *cb)
{
    return bank_open(cb) && FIELD_EX32(cb->sctlr, SCTLR, M);
}

/* A transaction in flight may use an enabled bank even if no stream does. */
static void check_change(const Access *a, const char *name, uint64_t old,
                         uint64_t val)
{
    if (old != val && bank_translates(&a->inst->cb[a->bank])) {
        smmuv2_violation(a->inst->smmu, "bank-changed",
                         "instance %u: %s of bank %u changed from 0x%" PRIx64
                         " to 0x%" PRIx64 " while %s: a walk may use both",
                         a->inst->index, name, a->bank, old, val,
                         routed(a->inst, a->bank) ?
                         "streams are routed to it" : "it is enabled");
    }
}

/* When bank n starts to translate, check that no other tables use its tags. */
static void check_tags(SMMUv2Instance *inst, unsigned n)
{
    SMMUv2State *s = inst->smmu;
    unsigned type = FIELD_EX32(inst->cb[n].cbar, CBAR, TYPE);
    unsigned stage = type == CBAR_TYPE_S2 ? 2 : 1;
    SMMUv2Regime mine, other;
    SMMUv2TLBEntry *e;

    smmuv2_regime(inst, n, stage, &mine);
    for (unsigned i = 0; i < s->num_cb; i++) {
        bool s2 = FIELD_EX32(inst->cb[i].cbar, CBAR, TYPE) == CBAR_TYPE_S2;

        if (i == n || !bank_translates(&inst->cb[i]) || s2 != (stage == 2)) {
            continue;
        }
        smmuv2_regime(inst, i, stage, &other);
        if (other.vmid == mine.vmid && other.asid == mine.asid &&
            other.hyp == mine.hyp && other.root != mine.root) {
            smmuv2_violation(s, "tag-shared",
                             "instance %u: bank %u is enabled with vmid %u asid "
                             "%u, which bank %u uses for other tables: they "
                             "would share TLB entries",
                             inst->index, n, mine.vmid, mine.asid, i);
        }
    }
    smmuv2_tlb_catch_up(inst);
    e = smmuv2_tlb_foreign(inst, &mine);
    if (e) {
        smmuv2_violation(s, "tag-reused",
                         "instance %u: bank %u is enabled with vmid %u asid %u, "
                         "but the TLB still holds their entry for 0x%" PRIx64
                         " from other tables (bank %u)", inst->index, n,
                         mine.vmid, mine.asid,
                         e->key.va, e->bank);
    }
}

/*
 * Check a write to SCTLR or CBAR of a bank. If the bank starts to translate,
 * check its tags. If it stops without faulting instead, report a violation if
 * streams are routed to it; a bypass is counted in any case, because a
 * transaction may be in flight.
 */
static void bank_switched(const Access *a, bool translated, bool bypassed)
{
    SMMUv2Instance *inst = a->inst;
    SMMUv2Bank *cb = &inst->cb[a->bank];
    bool opened = !bypassed && bank_bypasses(inst, a->bank);

    if (!translated && bank_translates(cb)) {
        cb->used = false;
        check_tags(inst, a->bank);
    }
    inst->smmu->count.bank_bypass_opened += opened;
    if ((opened || (translated && bank_open(cb) && !bank_translates(cb))) &&
        routed(inst, a->bank)) {
        smmuv2_violation(inst->smmu, "bank-disabled",
                         "instance %u: bank %u stops translating while streams "
                         "are routed to it: they bypass", inst->index, a->bank);
        inst->smmu->count.bypass_opened++;
    }
}

static void write_sctlr(const Access *a, uint32_t val)
{
    SMMUv2Instance *inst = a->inst;
    SMMUv2State *s = inst->smmu;
    SMMUv2Bank *cb = &inst->cb[a->bank];
    bool translated = bank_translates(cb);
    bool bypassed = bank_bypasses(inst, a->bank);

    reserved(a, "SCTLR", val, SCTLR_BITS);
    val &= SCTLR_BITS;
    if (!s->asidpne) {
        val &= ~R_SCTLR_ASIDPNE_MASK;
    }
    if (FIELD_EX32(cb->sctlr, SCTLR, M) && !FIELD_EX32(val, SCTLR, M) &&
        !routed(inst, a->bank) && cb->used &&
        smmuv2_tlb_sync_active(inst, a->bank)) {
        smmuv2_violation(s, "bank-busy",
                         "instance %u: SCTLR.M of bank %u cleared while its TLB "
                         "sync waits for transactions: they may bypass",
                         inst->index, a->bank);
    }
    cb->sctlr = val;
    bank_switched(a, translated, bypassed);
    smmuv2_update_irq(inst);
}

static void write_cbar(const Access *a, uint32_t val)
{
    SMMUv2Instance *inst = a->inst;
    SMMUv2Bank *cb = &inst->cb[a->bank];
    bool translated = bank_translates(cb);
    bool bypassed = bank_bypasses(inst, a->bank);

    reserved(a, "CBAR", val, CBAR_BITS);
    val &= CBAR_BITS;
    if (a->bank < inst->smmu->num_s2cb) {
        val = FIELD_DP32(val, CBAR, TYPE, CBAR_TYPE_S2);
    }
    /* Making an enabled bank fault is always allowed. */
    if (FIELD_EX32(val, CBAR, TYPE) != CBAR_TYPE_S1_S2_FAULT) {
        check_change(a, "CBAR", cb->cbar, val);
    }
    cb->cbar = val;
    bank_switched(a, translated, bypassed);
}

/* ---- Context banks ---- */

/*
 * A 64-bit operation starts when its lower half is written. Software that
 * writes 32 bits only never writes the upper half.
 */
static bool operand(const Access *a, uint32_t *high, uint64_t *val)
{
    if (a->size == 8) {
        return true;
    }
    if (a->reg & 4) {
        *high = *val;
        return false;
    }
    *val |= (uint64_t)*high << 32;
    *high = 0;
    return true;
}

static void bank_invalidate(const Access *a, SMMUv2InvOp op, uint64_t val)
{
    SMMUv2Instance *inst = a->inst;
    SMMUv2Bank *cb = &inst->cb[a->bank];
    bool stage2 = op == SMMUV2_INV_IPA || op == SMMUV2_INV_IPAL;
    bool by_address = op != SMMUV2_INV_ASID && op != SMMUV2_INV_ALL;
    SMMUv2Regime r;
    SMMUv2Inv inv;

    inst->smmu->count.tlbi_writes++;
    if (by_address && !operand(a, &cb->arg_high, &val)) {
        return;
    }
    if (stage2 != (FIELD_EX32(cb->cbar, CBAR, TYPE) == CBAR_TYPE_S2)) {
        smmuv2_violation(inst->smmu, "unmodelled-write",
                         "instance %u: TLB invalidation of stage %u in bank %u, "
                         "which has the other stage: it is ignored",
                         inst->index, stage2 ? 2 : 1,
                         a->bank);
        return;
    }
    smmuv2_regime(inst, a->bank, stage2 ? 2 : 1, &r);
    inv = (SMMUv2Inv) {
        .op = op,
        .bank = a->bank,
        .hyp = r.hyp,
        .vmid = r.vmid,
    };
    if (stage2) {
        inv.va = extract64(val, 0, 36) << 12;
    } else if (op == SMMUV2_INV_ASID) {
        inv.asid = val;
    } else if (by_address && r.aarch64) {
        inv.va = sextract64(val, 0, 44) << 12;
        inv.asid = val >> 48;
    } else if (by_address) {
        inv.va = val & 0xfffff000;
        inv.asid = val & 0xff;
    }
    if (r.hyp) {
        inv.asid = 0;
    }
    smmuv2_tlb_invalidate(inst, &inv);
}

static void bank_translate(const Access *a, uint64_t val, bool write, bool priv)
{
    SMMUv2Bank *cb = &a->inst->cb[a->bank];

    a->inst->smmu->count.ats_accesses++;
    if (!a->inst->smmu->atos) {
        unmodelled_write(a, val);
        return;
    }
    if (operand(a, &cb->arg_high, &val)) {
        cb->par = smmuv2_address_translation(a->inst, a->bank, val & ~0xfffULL,
                                             write, priv);
    }
}

static void write_fsr(const Access *a, uint32_t val)
{
    SMMUv2Bank *cb = &a->inst->cb[a->bank];

    cb->fsr &= ~(val & (SMMUV2_FSR_FAULTS | R_FSR_MULTI_MASK));
    if (!(cb->fsr & (SMMUV2_FSR_FAULTS | R_FSR_SS_MASK))) {
        cb->fsr = 0;
    }
    smmuv2_update_irq(a->inst);
}

static void write_resume(const Access *a, SMMUv2State *s, uint32_t val)
{
    SMMUv2Bank *cb = &a->inst->cb[a->bank];
    SMMUv2Resume resume = {
        .instance = a->inst->index,
        .bank = a->bank,
        .terminate = FIELD_EX32(val, RESUME, TNR),
    };

    reserved(a, "RESUME", val, R_RESUME_TNR_MASK);
    if (!FIELD_EX32(cb->fsr, FSR, SS)) {
        return;
    }
    cb->fsr &= ~R_FSR_SS_MASK;
    if (!(cb->fsr & SMMUV2_FSR_FAULTS)) {
        cb->fsr = 0;
    }
    smmuv2_update_irq(a->inst);
    notifier_list_notify(&s->resume_notifiers, &resume);
}

static bool wide(const Access *a)
{
    switch (a->reg & ~7) {
    case A_TTBR0:
    case A_TTBR1:
    case A_PAR:
    case A_FAR:
    case A_IPAFAR:
    case A_TLBIVA:
    case A_TLBIVAA:
    case A_TLBIVAL:
    case A_TLBIVAAL:
    case A_TLBIIPAS2:
    case A_TLBIIPAS2L:
    case A_ATS1PR:
    case A_ATS1PW:
    case A_ATS1UR:
    case A_ATS1UW:
        return true;
    default:
        return false;
    }
}

static uint64_t bank_read(const Access *a)
{
    SMMUv2Instance *inst = a->inst;
    SMMUv2Counters *count = &inst->smmu->count;
    SMMUv2Bank *cb = &inst->cb[a->bank];

    switch (a->reg) {
    case A_TLBSTATUS:
        count->sync_polls++;
        return smmuv2_tlb_sync_active(inst, a->bank);
    case A_FSR:
        count->fault_reads++;
        return cb->fsr;
    case A_FAR:
    case A_FAR + 4:
        count->fault_reads++;
        return part(a, cb->far);
    case A_FSYNR0:
        count->fault_reads++;
        return cb->fsynr0;
    case A_FSYNR1:
        count->fault_reads++;
        return cb->fsynr1;
    case A_IPAFAR:
    case A_IPAFAR + 4:
        count->fault_reads++;
        return part(a, cb->ipafar);
    case A_PAR:
    case A_PAR + 4:
        count->ats_accesses++;
        return part(a, cb->par);
    case A_ATSR:
        count->ats_accesses++;
        return 0;
    }

    count->config_reads++;
    switch (a->reg) {
    case A_SCTLR:
        return cb->sctlr;
    case A_ACTLR:
        return cb->actlr;
    case A_TCR2:
        return cb->tcr2;
    case A_TTBR0:
    case A_TTBR0 + 4:
        return part(a, cb->ttbr[0]);
    case A_TTBR1:
    case A_TTBR1 + 4:
        return part(a, cb->ttbr[1]);
    case A_TCR:
        return cb->tcr;
    case A_CONTEXTIDR:
        return cb->contextidr;
    case A_MAIR0:
        return cb->mair[0];
    case A_MAIR1:
        return cb->mair[1];
    }
    count->config_reads--;
    return unmodelled_read(a);
}

static void bank_write(const Access *a, uint64_t val)
{
    SMMUv2Instance *inst = a->inst;
    SMMUv2State *s = inst->smmu;
    SMMUv2Bank *cb = &inst->cb[a->bank];
    uint64_t merged;

    /* Operations, and registers that are not configuration */
    switch (a->reg) {
    case A_TLBIVA:
    case A_TLBIVA + 4:
        bank_invalidate(a, SMMUV2_INV_VA, val);
        return;
    case A_TLBIVAA:
    case A_TLBIVAA + 4:
        bank_invalidate(a, SMMUV2_INV_VAA, val);
        return;
    case A_TLBIASID:
        reserved(a, "TLBIASID", val, 0xffff);
        bank_invalidate(a, SMMUV2_INV_ASID, val);
        return;
    case A_TLBIALL:
        bank_invalidate(a, SMMUV2_INV_ALL, val);
        return;
    case A_TLBIVAL:
    case A_TLBIVAL + 4:
        bank_invalidate(a, SMMUV2_INV_VAL, val);
        return;
    case A_TLBIVAAL:
    case A_TLBIVAAL + 4:
        bank_invalidate(a, SMMUV2_INV_VAAL, val);
        return;
    case A_TLBIIPAS2:
    case A_TLBIIPAS2 + 4:
        bank_invalidate(a, SMMUV2_INV_IPA, val);
        return;
    case A_TLBIIPAS2L:
    case A_TLBIIPAS2L + 4:
        bank_invalidate(a, SMMUV2_INV_IPAL, val);
        return;
    case A_TLBSYNC:
        s->count.sync_writes++;
        if (!routed(inst, a->bank)) {
            smmuv2_late_walk(inst, a->bank);
        }
        smmuv2_tlb_sync(inst, a->bank);
        return;
    case A_TLBSTATUS:
    case A_ATSR:
        read_only(a, a->reg == A_ATSR ? "ATSR" : "TLBSTATUS", val);
        return;
    case A_ATS1PR:
    case A_ATS1PR + 4:
        bank_translate(a, val, false, true);
        return;
    case A_ATS1PW:
    case A_ATS1PW + 4:
        bank_translate(a, val, true, true);
        return;
    case A_ATS1UR:
    case A_ATS1UR + 4:
        bank_translate(a, val, false, false);
        return;
    case A_ATS1UW:
    case A_ATS1UW + 4:
        bank_translate(a, val, true, false);
        return;
    case A_PAR:
    case A_PAR + 4:
        s->count.ats_accesses++;
        cb->par = merge(a, cb->par, val);
        return;
    case A_FSR:
        s->count.fault_writes++;
        write_fsr(a, val);
        return;
    case A_FSRRESTORE:
        s->count.fault_writes++;
        cb->fsr = val & (SMMUV2_FSR_FAULTS | R_FSR_MULTI_MASK |
                         R_FSR_FORMAT_MASK);
        smmuv2_update_irq(inst);
        return;
    case A_FAR:
    case A_FAR + 4:
        s->count.fault_writes++;
        cb->far = merge(a, cb->far, val);
        return;
    case A_FSYNR0:
        s->count.fault_writes++;
        cb->fsynr0 = val;
        return;
    case A_FSYNR1:
        s->count.fault_writes++;
        cb->fsynr1 = val;
        return;
    case A_IPAFAR:
    case A_IPAFAR + 4:
        s->count.fault_writes++;
        cb->ipafar = merge(a, cb->ipafar, val);
        return;
    case A_RESUME:
        s->count.fault_writes++;
        write_resume(a, s, val);
        return;
    }

    s->count.config_writes++;
    switch (a->reg) {
    case A_SCTLR:
        write_sctlr(a, val);
        break;
    case A_ACTLR:
        reserved(a, "ACTLR", val, R_ACTLR_CMTLB_MASK | R_ACTLR_CPRE_MASK);
        if (!s->mmu500 || !FIELD_EX32(inst->acr, ACR, CACHE_LOCK)) {
            cb->actlr = val & (R_ACTLR_CMTLB_MASK | R_ACTLR_CPRE_MASK);
        }
        break;
    case A_TCR2:
        reserved(a, "TCR2", val, TCR2_BITS);
        val &= TCR2_BITS;
        if (s->mmu500) {
            val |= MMU500_TCR2_RAO;
        }
        check_change(a, "TCR2", cb->tcr2, val);
        cb->tcr2 = val;
        break;
    case A_TTBR0:
    case A_TTBR0 + 4:
        merged = merge(a, cb->ttbr[0], val);
        check_change(a, "TTBR0", cb->ttbr[0], merged);
        cb->ttbr[0] = merged;
        break;
    case A_TTBR1:
    case A_TTBR1 + 4:
        merged = merge(a, cb->ttbr[1], val);
        check_change(a, "TTBR1", cb->ttbr[1], merged);
        cb->ttbr[1] = merged;
        break;
    case A_TCR:
        check_change(a, "TCR", cb->tcr, val);
        cb->tcr = val;
        break;
    case A_CONTEXTIDR:
        check_change(a, "CONTEXTIDR", cb->contextidr, val);
        cb->contextidr = val;
        break;
    case A_MAIR0:
        check_change(a, "MAIR0", cb->mair[0], val);
        cb->mair[0] = val;
        break;
    case A_MAIR1:
        check_change(a, "MAIR1", cb->mair[1], val);
        cb->mair[1] = val;
        break;
    default:
        s->count.config_writes--;
        unmodelled_write(a, val);
        return;
    }
    smmuv2_mirror_write(inst, a->addr - a->reg +
                        (wide(a) ? a->reg & ~7 : a->reg));
}

/* ---- Global register space 1 ---- */

static uint64_t gr1_read(Access *a)
{
    SMMUv2Instance *inst = a->inst;
    SMMUv2State *s = inst->smmu;
    unsigned n = extract32(a->reg, 2, 8);

    if (n < s->num_cb && !(a->reg & 3)) {
        switch (a->reg & ~0x3ff) {
        case A_CBAR:
            s->count.config_reads++;
            return inst->cb[n].cbar;
        case A_CBFRSYNRA:
            s->count.fault_reads++;
            return inst->cb[n].cbfrsynra;
        case A_CBA2R:
            s->count.config_reads++;
            return inst->cb[n].cba2r;
        }
    }
    return unmodelled_read(a);
}

static void gr1_write(Access *a, uint64_t val)
{
    SMMUv2Instance *inst = a->inst;
    SMMUv2State *s = inst->smmu;
    unsigned n = extract32(a->reg, 2, 8);
    SMMUv2Bank *cb = &inst->cb[n];

    if (n >= s->num_cb) {
        unmodelled_write(a, val);
        return;
    }
    a->bank = n;
    switch (a->reg & ~0x3ff) {
    case A_CBAR:
        write_cbar(a, val);
        break;
    case A_CBA2R:
        reserved(a, "CBA2R", val, R_CBA2R_VA64_MASK);
        val &= R_CBA2R_VA64_MASK;
        check_change(a, "CBA2R", cb->cba2r, val);
        cb->cba2r = val;
        break;
    case A_CBFRSYNRA:
        s->count.fault_writes++;
        cb->cbfrsynra = val;
        return;
    default:
        unmodelled_write(a, val);
        return;
    }
    s->count.config_writes++;
    smmuv2_mirror_write(inst, a->addr);
}

/* ---- Global register space 0 ---- */

static unsigned size_code(unsigned bits)
{
    switch (bits) {
    case 32:
        return 0;
    case 36:
        return 1;
    case 40:
        return 2;
    case 42:
        return 3;
    case 44:
        return 4;
    default:
        return 5;
    }
}

static uint32_t idr(SMMUv2State *s, hwaddr reg)
{
    uint32_t v = 0;

    switch (reg) {
    case A_IDR0:
        v = FIELD_DP32(v, IDR0, NUMSMRG, s->num_smr);
        v = FIELD_DP32(v, IDR0, NUMSIDB, s->smr_id_bits);
        v = FIELD_DP32(v, IDR0, BTM, 1);
        v = FIELD_DP32(v, IDR0, CTTW, s->cttw);
        v = FIELD_DP32(v, IDR0, NUMIRPT, 1);
        v = FIELD_DP32(v, IDR0, PTFS, s->aarch32_s ? 0 : s->aarch32_l ? 1 : 2);
        v = FIELD_DP32(v, IDR0, ATOSNS, !s->atos);
        v = FIELD_DP32(v, IDR0, SMS, 1);
        v = FIELD_DP32(v, IDR0, NTS, s->nts);
        v = FIELD_DP32(v, IDR0, S2TS, s->s2ts);
        v = FIELD_DP32(v, IDR0, S1TS, s->s1ts);
        return v;
    case A_IDR1:
        v = FIELD_DP32(v, IDR1, NUMCB, s->num_cb);
        v = FIELD_DP32(v, IDR1, NUMS2CB, s->num_s2cb);
        v = FIELD_DP32(v, IDR1, NUMPAGENDXB, ctz32(s->num_page) - 1);
        v = FIELD_DP32(v, IDR1, PAGESIZE, s->page_shift == 16);
        return v;
    case A_IDR2:
        v = FIELD_DP32(v, IDR2, IAS, size_code(s->ias));
        v = FIELD_DP32(v, IDR2, OAS, size_code(s->oas));
        v = FIELD_DP32(v, IDR2, UBS, size_code(s->ubs));
        v = FIELD_DP32(v, IDR2, PTFSV8_4K, s->ptfs_4k);
        v = FIELD_DP32(v, IDR2, PTFSV8_16K, s->ptfs_16k);
        v = FIELD_DP32(v, IDR2, PTFSV8_64K, s->ptfs_64k);
        return v;
    case A_IDR7:
        return s->idr7;
    default:
        return 0;
    }
}

static uint64_t gr0_read(const Access *a)
{
    SMMUv2Instance *inst = a->inst;
    SMMUv2State *s = inst->smmu;

    switch (a->reg) {
    case A_IDR0 ... A_IDR7:
        s->count.id_reads++;
        return idr(s, a->reg);
    case A_CR0:
        s->count.config_reads++;
        return inst->cr0;
    case A_CR2:
        s->count.config_reads++;
        return inst->cr2;
    case A_ACR:
        s->count.config_reads++;
        return inst->acr;
    case A_GFAR:
    case A_GFAR + 4:
        s->count.fault_reads++;
        return part(a, inst->gfar);
    case A_GFSR:
        s->count.fault_reads++;
        return inst->gfsr;
    case A_GFSYNR0:
    case A_GFSYNR1:
    case A_GFSYNR2:
        s->count.fault_reads++;
        return inst->gfsynr[(a->reg - A_GFSYNR0) / 4];
    case A_TLBGSTATUS:
        s->count.sync_polls++;
        return smmuv2_tlb_sync_active(inst, SMMUV2_GLOBAL);
    }
    if (a->reg >= A_SMR && a->reg < A_SMR + 4 * s->num_smr) {
        s->count.config_reads++;
        return inst->smr[(a->reg - A_SMR) / 4];
    }
    if (a->reg >= A_S2CR && a->reg < A_S2CR + 4 * s->num_smr) {
        s->count.config_reads++;
        return inst->s2cr[(a->reg - A_S2CR) / 4];
    }
    return unmodelled_read(a);
}

static void global_invalidate(const Access *a, SMMUv2InvOp op, uint64_t val)
{
    SMMUv2Inv inv = {
        .op = op,
        .bank = SMMUV2_GLOBAL,
        .hyp = op == SMMUV2_INV_VA || op == SMMUV2_INV_VAL,
    };

    a->inst->smmu->count.tlbi_writes++;
    switch (op) {
    case SMMUV2_INV_VMID:
    case SMMUV2_INV_ALL:
        reserved(a, "TLBIVMID", val, 0xff);
        inv.vmid = val & 0xff;
        break;
    case SMMUV2_INV_VA:
    case SMMUV2_INV_VAL:
        if (a->reg == A_TLBIVAH) {
            inv.va = val & 0xfffff000;
        } else {
            if (!operand(a, &a->inst->arg_high, &val)) {
                return;
            }
            inv.va = sextract64(val, 0, 44) << 12;
        }
        break;
    default:
        break;
    }
    smmuv2_tlb_invalidate(a->inst, &inv);
}

/*
 * Return true if transactions of the stream bypass. A write that makes them
 * bypass is counted, whether or not a transaction follows.
 */
static bool stream_passes(SMMUv2Instance *inst, unsigned i)
{
    return FIELD_EX32(inst->smr[i], SMR, VALID) &&
           FIELD_EX32(inst->s2cr[i], S2CR, TYPE) == S2CR_TYPE_BYPASS;
}

static void write_cr0(const Access *a, uint32_t val)
{
    SMMUv2State *s = a->inst->smmu;
    uint32_t old = a->inst->cr0;

    reserved(a, "CR0", val, CR0_BITS);
    val &= CR0_BITS;
    if (s->mmu500) {
        val = (val & ~MMU500_CR0_RAZ) | MMU500_CR0_RAO;
    }
    if (!FIELD_EX32(old, CR0, CLIENTPD) &&
        (FIELD_EX32(val, CR0, CLIENTPD) ||
         (FIELD_EX32(old, CR0, USFCFG) && !FIELD_EX32(val, CR0, USFCFG)))) {
        s->count.bypass_opened++;
    }
    a->inst->cr0 = val;
    smmuv2_update_irq(a->inst);
}

static void write_s2cr(const Access *a, unsigned i, uint32_t val)
{
    uint32_t allowed = S2CR_TRANS_BITS & ~(1 << 10);
    bool passed, nowhere;

    switch (FIELD_EX32(val, S2CR, TYPE)) {
    case S2CR_TYPE_TRANS:
    case S2CR_TYPE_BYPASS:
        break;
    case S2CR_TYPE_FAULT:
        /* The other fields are ignored; drivers leave them set. */
        break;
    default:
        smmuv2_violation(a->inst->smmu, "reserved-type",
                         "instance %u: S2CR%u written as 0x%08x, whose TYPE is "
                         "reserved",
                         a->inst->index, i, val);
        break;
    }
    reserved(a, "S2CR", val, allowed);
    passed = stream_passes(a->inst, i);
    nowhere = smmuv2_leads_nowhere(a->inst, i);
    a->inst->s2cr[i] = val & allowed;
    a->inst->smmu->count.bypass_opened += !passed && stream_passes(a->inst, i);
    smmuv2_check_route(a->inst, i, nowhere);
}

static void write_smr(const Access *a, unsigned i, uint32_t val)
{
    SMMUv2State *s = a->inst->smmu;
    uint32_t bits = MAKE_64BIT_MASK(0, s->smr_id_bits);
    uint32_t allowed = R_SMR_VALID_MASK | bits << R_SMR_MASK_SHIFT | bits;
    bool passed, nowhere;

    reserved(a, "SMR", val, allowed);
    passed = stream_passes(a->inst, i);
    nowhere = smmuv2_leads_nowhere(a->inst, i);
    a->inst->smr[i] = val & allowed;
    s->count.bypass_opened += !passed && stream_passes(a->inst, i);
    smmuv2_check_route(a->inst, i, nowhere);
}

static void gr0_write(const Access *a, uint64_t val)
{
    SMMUv2Instance *inst = a->inst;
    SMMUv2State *s = inst->smmu;

    switch (a->reg) {
    case A_STLBIALL:
        /* Secure in the architecture: affects nothing that is modelled. */
        unmodelled_write(a, val);
        return;
    case A_TLBIVMID:
        global_invalidate(a, SMMUV2_INV_VMID, val);
        return;
    case A_TLBIVMIDS1:
        global_invalidate(a, SMMUV2_INV_ALL, val);
        return;
    case A_TLBIALLNSNH:
        global_invalidate(a, SMMUV2_INV_ALLNSNH, val);
        return;
    case A_TLBIALLH:
        global_invalidate(a, SMMUV2_INV_ALLH, val);
        return;
    case A_TLBIVAH:
    case A_TLBIVAH64:
    case A_TLBIVAH64 + 4:
        global_invalidate(a, SMMUV2_INV_VA, val);
        return;
    case A_TLBIVALH64:
    case A_TLBIVALH64 + 4:
        global_invalidate(a, SMMUV2_INV_VAL, val);
        return;
    case A_TLBGSYNC:
        s->count.sync_writes++;
        smmuv2_check_wait(s);
        smmuv2_tlb_sync(inst, SMMUV2_GLOBAL);
        return;
    case A_TLBGSTATUS:
        read_only(a, "TLBGSTATUS", val);
        return;
    case A_IDR0 ... A_IDR7:
        read_only(a, "IDR", val);
        return;
    case A_GFAR:
    case A_GFAR + 4:
        s->count.fault_writes++;
        inst->gfar = merge(a, inst->gfar, val);
        return;
    case A_GFSR:
        s->count.fault_writes++;
        inst->gfsr &= ~val;
        smmuv2_update_irq(inst);
        return;
    case A_GFSRRESTORE:
        s->count.fault_writes++;
        inst->gfsr = val & GFSR_BITS;
        smmuv2_update_irq(inst);
        return;
    case A_GFSYNR0:
    case A_GFSYNR1:
    case A_GFSYNR2:
        s->count.fault_writes++;
        inst->gfsynr[(a->reg - A_GFSYNR0) / 4] = val;
        return;
    }

    s->count.config_writes++;
    switch (a->reg) {
    case A_CR0:
        write_cr0(a, val);
        break;
    case A_CR2:
        reserved(a, "CR2", val, R_CR2_BPVMID_MASK);
        inst->cr2 = val & R_CR2_BPVMID_MASK;
        break;
    case A_ACR:
        if (s->cache_lock_sticky) {
            val |= inst->acr & R_ACR_CACHE_LOCK_MASK;
        }
        inst->acr = val;
        break;
    case A_SMR ... A_SMR + 4 * (SMMUV2_MAX_SMR - 1):
        if ((a->reg - A_SMR) / 4 >= s->num_smr) {
            goto unmodelled;
        }
        write_smr(a, (a->reg - A_SMR) / 4, val);
        break;
    case A_S2CR ... A_S2CR + 4 * (SMMUV2_MAX_SMR - 1):
        if ((a->reg - A_S2CR) / 4 >= s->num_smr) {
            goto unmodelled;
        }
        write_s2cr(a, (a->reg - A_S2CR) / 4, val);
        break;
    default:
    unmodelled:
        s->count.config_writes--;
        unmodelled_write(a, val);
        return;
    }
    smmuv2_mirror_write(inst, a->addr);
}

/* ---- The aperture ---- */

enum { SPACE_GR0, SPACE_GR1, SPACE_BANK, SPACE_NONE };

static unsigned decode(SMMUv2Instance *inst, hwaddr addr, unsigned size,
                       Access *a)
{
    SMMUv2State *s = inst->smmu;
    hwaddr page = addr >> s->page_shift;

    *a = (Access) {
        .inst = inst,
        .addr = addr,
        .reg = addr & MAKE_64BIT_MASK(0, s->page_shift),
        .size = size,
        .space = "a page without registers",
    };
    if (page == 0) {
        a->space = "global space 0";
        return SPACE_GR0;
    }
    if (page == 1) {
        a->space = "global space 1";
        return SPACE_GR1;
    }
    if (page >= s->num_page && page < s->num_page + s->num_cb) {
        a->bank = page - s->num_page;
        a->space = "a context bank";
        return SPACE_BANK;
    }
    return SPACE_NONE;
}

static bool bad_size(const Access *a, unsigned space)
{
    bool ok = a->size == 4 && !(a->reg & 3);

    if (a->size == 8 && !(a->reg & 7)) {
        ok = (space == SPACE_BANK && wide(a)) ||
             (space == SPACE_GR0 && (a->reg == A_GFAR ||
                                     a->reg == A_TLBIVAH64 ||
                                     a->reg == A_TLBIVALH64));
    }
    if (!ok) {
        smmuv2_violation(a->inst->smmu, "access-size",
                         "instance %u: access of %u bytes at offset 0x%" PRIx64
                         " of %s, which no register there supports",
                         a->inst->index, a->size, (uint64_t)a->reg, a->space);
    }
    return !ok;
}

static uint64_t mmio_read(void *opaque, hwaddr addr, unsigned size)
{
    SMMUv2Instance *inst = opaque;
    uint64_t val = 0;
    Access a;
    unsigned space = decode(inst, addr, size, &a);

    smmuv2_tlb_catch_up(inst);
    if (inst->smmu->no_answer & (1ULL << inst->index)) {
        val = MAKE_64BIT_MASK(0, size * 8);
    } else if (!bad_size(&a, space)) {
        switch (space) {
        case SPACE_GR0:
            val = gr0_read(&a);
            break;
        case SPACE_GR1:
            val = gr1_read(&a);
            break;
        case SPACE_BANK:
            val = bank_read(&a);
            break;
        default:
            val = unmodelled_read(&a);
            break;
        }
    }
    trace_smmuv2_read(smmuv2_name(inst->smmu), inst->index, addr, val, size);
    return val;
}

static void mmio_write(void *opaque, hwaddr addr, uint64_t val, unsigned size)
{
    SMMUv2Instance *inst = opaque;
    Access a;
    unsigned space = decode(inst, addr, size, &a);

    trace_smmuv2_write(smmuv2_name(inst->smmu), inst->index, addr, val, size);
    inst->smmu->writes++;
    smmuv2_tlb_catch_up(inst);
    if (bad_size(&a, space)) {
        return;
    }
    switch (space) {
    case SPACE_GR0:
        gr0_write(&a, val);
        break;
    case SPACE_GR1:
        gr1_write(&a, val);
        break;
    case SPACE_BANK:
        bank_write(&a, val);
        break;
    default:
        unmodelled_write(&a, val);
        break;
    }
    smmuv2_held_check(inst->smmu);
}

const MemoryRegionOps smmuv2_mmio_ops = {
    .read = mmio_read,
    .write = mmio_write,
    .endianness = DEVICE_LITTLE_ENDIAN,
    .valid = { .min_access_size = 1, .max_access_size = 8, .unaligned = true },
    .impl = { .min_access_size = 1, .max_access_size = 8, .unaligned = true },
};
