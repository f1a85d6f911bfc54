/*
 * Arm SMMUv2 (MMU-500): violations, comparison of the instances, counters, logs
 *
 * A violation is an operation that software must not perform on an SMMU. It has
 * a short reason (the second word of its log line) and details:
 *
 *   access-size        a register is accessed by bytes, or a 32-bit register
 *                      with 64 bits
 *   reserved-bits      a write sets reserved bits of a register
 *   unmodelled-write   a write to an offset without a register, or to a
 *                      register that is not modelled
 *   read-only          a write to a read-only register
 *   smr-conflict       a stream matches two stream match registers
 *   reserved-type      S2CR.TYPE is reserved, or CBAR nests a bank on one that
 *                      is not a stage 2 bank
 *   bank-disabled      a stream reaches a bank whose SCTLR.M is clear, and
 *                      bypasses; or a write to SCTLR or CBAR makes a bank
 *                      bypass that streams are routed to; or a stream is routed
 *                      to such a bank
 *   bank-held          a transaction that is held before its bank lookup would
 *                      bypass if it continued now
 *   resume-open        a global TLB sync starts while all transactions bypass
 *                      another SMMU, which has lost its registers
 *   bank-busy          SCTLR.M is cleared while a sync of the bank is active:
 *                      the transactions that the sync waits for would bypass
 *   bank-changed       TTBR, TCR, MAIR, CONTEXTIDR, CBAR or CBA2R of a bank
 *                      that translates changes; CBAR may change to make the
 *                      bank fault
 *   tag-shared         a bank is enabled with the VMID and ASID of another
 *                      enabled bank that has other tables
 *   tag-reused         a bank is enabled with a VMID and ASID for which the TLB
 *                      holds entries from other tables
 *   tlb-alias          a bank hits an entry that was filled from other tables
 *   tlb-conflict       two entries translate one address
 *   break-before-make  a TLB entry is hit although the tables have another
 *                      valid translation, and no invalidation of the entry is
 *                      pending
 *   stale-walk         with walk-cache-erratum, a walk starts at a table that
 *                      is no longer linked to the tables in memory
 *   bad-tcr, bad-vtcr, bad-ttbr, bad-contiguous, bad-format
 *                      tables or their registers break the rules of the format
 *   tlbi-overflow      a million invalidations without a sync
 *   instances-differ   a transaction depends on a register that differs between
 *                      the two instances
 *
 * The instances cannot be written at the same instant. A register that was
 * written on one of them only is tolerated (and counted in mirror_windows)
 * until "mirror-grace-writes" more register writes, or "mirror-grace-us", have
 * passed.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "qemu/osdep.h"
#include "qemu/error-report.h"
#include "qemu/timer.h"
#include "qapi/error.h"
#include "qapi/visitor.h"
#include "trace.h"
#include "smmuv2-internal.h"

/* A register that was written on one instance only */
typedef struct HalfMirrored {
    unsigned instance;
    int64_t since;
    uint64_t writes;        /* number of register writes before this one */
} HalfMirrored;

static const struct {
    const char *name;
    size_t offset;
} counters[] = {
#define X(n) { #n, offsetof(SMMUv2Counters, n) },
    SMMUV2_COUNTERS(X)
#undef X
};

static uint64_t counter(SMMUv2State *s, unsigned i)
{
    return *(uint64_t *)((char *)&s->count + counters[i].offset);
}

/* All SMMUs of the machine */
static GPtrArray *all_smmus;

void smmuv2_violation(SMMUv2State *s, const char *reason, const char *fmt, ...)
{
    g_autofree char *details = NULL;
    va_list ap;

    va_start(ap, fmt);
    details = g_strdup_vprintf(fmt, ap);
    va_end(ap);

    s->violations++;
    trace_smmuv2_violation(smmuv2_name(s), reason, details);
    if (s->violation_log->len < SMMUV2_LOG_LINES) {
        warn_report("smmuv2: violation: %s: %s: %s", reason, smmuv2_name(s),
                    details);
        g_ptr_array_add(s->violation_log,
                        g_strdup_printf("%s: %s", reason, details));
    }
}

uint64_t smmuv2_violations(SMMUv2State *s)
{
    return s->violations;
}

/* ---- Other SMMUs, and banks ---- */

bool smmuv2_lets_all_pass(SMMUv2State *s)
{
    for (unsigned i = 0; i < s->num_instances; i++) {
        if (FIELD_EX32(s->inst[i].cr0, CR0, CLIENTPD)) {
            return true;
        }
    }
    return false;
}

/*
 * A global TLB sync can take long. After a loss of power all SMMUs must block
 * before software waits for one of them.
 */
void smmuv2_check_wait(SMMUv2State *s)
{
    for (unsigned i = 0; i < all_smmus->len; i++) {
        SMMUv2State *other = g_ptr_array_index(all_smmus, i);

        if (other != s && other->lost && smmuv2_lets_all_pass(other)) {
            smmuv2_violation(s, "resume-open",
                             "TLB sync starts while all transactions bypass %s, "
                             "which has lost its registers",
                             smmuv2_name(other));
        }
    }
    notifier_list_notify(&s->wait_notifiers, s);
}

bool smmuv2_leads_nowhere(SMMUv2Instance *inst, unsigned stream)
{
    unsigned n = FIELD_EX32(inst->s2cr[stream], S2CR, CBNDX);

    return !FIELD_EX32(inst->cr0, CR0, CLIENTPD) &&
           FIELD_EX32(inst->smr[stream], SMR, VALID) &&
           FIELD_EX32(inst->s2cr[stream], S2CR, TYPE) == S2CR_TYPE_TRANS &&
           n < inst->smmu->num_cb && !FIELD_EX32(inst->cb[n].sctlr, SCTLR, M);
}

void smmuv2_check_route(SMMUv2Instance *inst, unsigned stream, bool before)
{
    unsigned n = FIELD_EX32(inst->s2cr[stream], S2CR, CBNDX);

    if (before || !smmuv2_leads_nowhere(inst, stream)) {
        return;
    }
    smmuv2_violation(inst->smmu, "bank-disabled",
                     "instance %u: S2CR%u routes a stream to bank %u, which is "
                     "disabled: it would bypass", inst->index, stream, n);
    inst->smmu->count.bypass_opened +=
        FIELD_EX32(inst->cb[n].cbar, CBAR, TYPE) == CBAR_TYPE_S1_S2_BYPASS;
}

/* ---- The two instances ---- */

static gpointer reg_key(hwaddr reg)
{
    return (gpointer)(uintptr_t)(reg + 1);
}

void smmuv2_mirror_write(SMMUv2Instance *inst, hwaddr reg)
{
    SMMUv2State *s = inst->smmu;
    HalfMirrored *h;

    if (s->num_instances < 2) {
        return;
    }
    h = g_hash_table_lookup(s->half_mirrored, reg_key(reg));
    if (!h) {
        h = g_new(HalfMirrored, 1);
        h->instance = inst->index;
        h->since = qemu_clock_get_us(QEMU_CLOCK_VIRTUAL);
        h->writes = s->writes;
        g_hash_table_insert(s->half_mirrored, reg_key(reg), h);
    } else if (h->instance != inst->index) {
        g_hash_table_remove(s->half_mirrored, reg_key(reg));
    }
}

static void compare(SMMUv2Instance *inst, hwaddr reg, const char *what,
                    unsigned n, uint64_t mine, uint64_t other)
{
    SMMUv2State *s = inst->smmu;
    HalfMirrored *h;

    if (mine == other) {
        return;
    }
    h = g_hash_table_lookup(s->half_mirrored, reg_key(reg));
    if (h && s->writes - h->writes <= s->mirror_grace_writes &&
        qemu_clock_get_us(QEMU_CLOCK_VIRTUAL) - h->since <
        s->mirror_grace_us) {
        s->count.mirror_windows++;
        return;
    }
    smmuv2_violation(s, "instances-differ",
                     "%s%u is 0x%" PRIx64 " on instance %u, 0x%" PRIx64
                     " on the other", what, n, mine, inst->index, other);
}

static bool may_match(uint32_t smr, uint32_t sid)
{
    return FIELD_EX32(smr, SMR, VALID) &&
           !((FIELD_EX32(smr, SMR, ID) ^ sid) & ~FIELD_EX32(smr, SMR, MASK));
}

void smmuv2_mirror_check_stream(SMMUv2Instance *inst, uint32_t sid)
{
    SMMUv2State *s = inst->smmu;
    const uint32_t relevant = R_CR0_CLIENTPD_MASK | R_CR0_GFRE_MASK |
                              R_CR0_GFIE_MASK | R_CR0_USFCFG_MASK |
                              R_CR0_SMCFCFG_MASK;
    SMMUv2Instance *other;

    if (s->num_instances < 2) {
        return;
    }
    other = &s->inst[!inst->index];
    compare(inst, A_CR0, "CR", 0, inst->cr0 & relevant, other->cr0 & relevant);
    for (unsigned i = 0; i < s->num_smr; i++) {
        if (may_match(inst->smr[i], sid) || may_match(other->smr[i], sid)) {
            compare(inst, A_SMR + 4 * i, "SMR", i, inst->smr[i], other->smr[i]);
            compare(inst, A_S2CR + 4 * i, "S2CR", i, inst->s2cr[i],
                    other->s2cr[i]);
        }
    }
}

void smmuv2_mirror_check_bank(SMMUv2Instance *inst, unsigned n)
{
    SMMUv2State *s = inst->smmu;
    hwaddr gr1 = 1ULL << s->page_shift;
    hwaddr bank = (hwaddr)(s->num_page + n) << s->page_shift;
    SMMUv2Bank *a, *b;

    if (s->num_instances < 2) {
        return;
    }
    a = &inst->cb[n];
    b = &s->inst[!inst->index].cb[n];
    compare(inst, gr1 + A_CBAR + 4 * n, "CBAR", n, a->cbar, b->cbar);
    compare(inst, gr1 + A_CBA2R + 4 * n, "CBA2R", n, a->cba2r, b->cba2r);
    compare(inst, bank + A_SCTLR, "SCTLR", n, a->sctlr, b->sctlr);
    compare(inst, bank + A_TCR2, "TCR2 of bank ", n, a->tcr2, b->tcr2);
    compare(inst, bank + A_TCR, "TCR of bank ", n, a->tcr, b->tcr);
    compare(inst, bank + A_TTBR0, "TTBR0 of bank ", n, a->ttbr[0], b->ttbr[0]);
    compare(inst, bank + A_TTBR1, "TTBR1 of bank ", n, a->ttbr[1], b->ttbr[1]);
    compare(inst, bank + A_MAIR0, "MAIR0 of bank ", n, a->mair[0], b->mair[0]);
    compare(inst, bank + A_MAIR1, "MAIR1 of bank ", n, a->mair[1], b->mair[1]);
    compare(inst, bank + A_CONTEXTIDR, "CONTEXTIDR of bank ", n, a->contextidr,
            b->contextidr);
}

/* ---- Logs ---- */

void smmuv2_log_stale(SMMUv2Instance *inst, const SMMUv2Txn *txn, uint64_t pa)
{
    SMMUv2State *s = inst->smmu;

    s->count.stale_hits++;
    trace_smmuv2_stale_hit(smmuv2_name(s), inst->index, txn->sid, txn->iova,
                           pa);
    if (s->stale_log->len < SMMUV2_LOG_LINES) {
        g_ptr_array_add(s->stale_log,
                        g_strdup_printf("instance=%u sid=0x%x iova=0x%" PRIx64
                                        " pa=0x%" PRIx64 " access=%c",
                                        inst->index, txn->sid, txn->iova, pa,
                                        txn->write ? 'w' : 'r'));
    }
}

void smmuv2_log_bypass(SMMUv2Instance *inst, const SMMUv2Txn *txn,
                       const char *why)
{
    SMMUv2State *s = inst->smmu;
    gpointer key = reg_key(txn->sid);
    uintptr_t n = (uintptr_t)g_hash_table_lookup(s->bypass_by_sid, key);

    s->count.bypassed++;
    g_hash_table_insert(s->bypass_by_sid, key, (gpointer)(n + 1));
    trace_smmuv2_bypass(smmuv2_name(s), inst->index, txn->sid, txn->iova, why);
}

void smmuv2_log_translation(SMMUv2State *s, const SMMUv2Txn *txn, uint64_t pa,
                            unsigned perm, const char *kind)
{
    const uint64_t page = MAKE_64BIT_MASK(12, 52);
    g_autofree char *line = NULL;

    if (!s->translation_file) {
        return;
    }
    line = g_strdup_printf("sid=0x%x iova=0x%" PRIx64 " pa=0x%" PRIx64
                           " access=%c perm=%s%s kind=%s", txn->sid,
                           txn->iova & page, pa & page,
                           txn->write ? 'w' : 'r',
                           perm & (SMMUV2_PR | SMMUV2_UR) ? "r" : "",
                           perm & (SMMUV2_PW | SMMUV2_UW) ? "w" : "", kind);
    if (!g_hash_table_contains(s->translation_seen, line)) {
        fprintf(s->translation_file, "%s\n", line);
        fflush(s->translation_file);
        g_hash_table_add(s->translation_seen, g_steal_pointer(&line));
    }
}

static char *join(GPtrArray *lines)
{
    GString *out = g_string_new(NULL);

    for (unsigned i = 0; i < lines->len; i++) {
        g_string_append_printf(out, "%s%s", i ? "\n" : "",
                               (char *)g_ptr_array_index(lines, i));
    }
    return g_string_free(out, false);
}

char *smmuv2_stats_json(SMMUv2State *s)
{
    GString *out = g_string_new(NULL);
    GHashTableIter iter;
    gpointer sid, n;
    const char *sep = "";

    g_string_append_printf(out, "{\"name\": \"%s\", \"violations\": %" PRIu64,
                           smmuv2_name(s), s->violations);
    for (unsigned i = 0; i < ARRAY_SIZE(counters); i++) {
        g_string_append_printf(out, ", \"%s\": %" PRIu64, counters[i].name,
                               counter(s, i));
    }
    g_string_append(out, ", \"instances\": [");
    for (unsigned i = 0; i < s->num_instances; i++) {
        g_string_append_printf(out, "%s{\"transactions\": %" PRIu64
                               ", \"tlb_entries\": %u, \"pending\": %u}",
                               i ? ", " : "", s->txns[i],
                               g_hash_table_size(s->inst[i].tlb),
                               s->inst[i].pending->len);
    }
    g_string_append(out, "], \"bypass_by_sid\": {");
    g_hash_table_iter_init(&iter, s->bypass_by_sid);
    while (g_hash_table_iter_next(&iter, &sid, &n)) {
        g_string_append_printf(out, "%s\"0x%x\": %" PRIu64, sep,
                               (unsigned)((uintptr_t)sid - 1),
                               (uint64_t)(uintptr_t)n);
        sep = ", ";
    }
    g_string_append(out, "}}");
    return g_string_free(out, false);
}

void smmuv2_print_stats(SMMUv2State *s, FILE *f)
{
    fprintf(f, "smmuv2: %s: violations: %" PRIu64 "\n", smmuv2_name(s),
            s->violations);
    for (unsigned i = 0; i < ARRAY_SIZE(counters); i++) {
        if (counter(s, i)) {
            fprintf(f, "smmuv2: %s: %s: %" PRIu64 "\n", smmuv2_name(s),
                    counters[i].name, counter(s, i));
        }
    }
}

/* ---- QOM properties ---- */

static void get_u64(Object *obj, Visitor *v, const char *name, void *opaque,
                    Error **errp)
{
    uint64_t value = *(uint64_t *)((char *)SMMUV2(obj) + (uintptr_t)opaque);

    visit_type_uint64(v, name, &value, errp);
}

/* Return that of the first instance: a difference is a violation anyway. */
static void get_cr0(Object *obj, Visitor *v, const char *name, void *opaque,
                    Error **errp)
{
    uint32_t value = SMMUV2(obj)->inst[0].cr0;

    visit_type_uint32(v, name, &value, errp);
}

static char *get_violation_log(Object *obj, Error **errp)
{
    SMMUv2State *s = SMMUV2(obj);

    return s->violation_log ? join(s->violation_log) : g_strdup("");
}

static char *get_stale_log(Object *obj, Error **errp)
{
    SMMUv2State *s = SMMUV2(obj);

    return s->stale_log ? join(s->stale_log) : g_strdup("");
}

static char *get_stats(Object *obj, Error **errp)
{
    SMMUv2State *s = SMMUV2(obj);

    return s->violation_log ? smmuv2_stats_json(s) : g_strdup("{}");
}

static char *get_translation_log(Object *obj, Error **errp)
{
    return g_strdup(SMMUV2(obj)->translation_log ?: "");
}

static void set_translation_log(Object *obj, const char *value, Error **errp)
{
    SMMUv2State *s = SMMUV2(obj);
    FILE *f = NULL;

    if (*value) {
        f = fopen(value, "w");
        if (!f) {
            error_setg_errno(errp, errno, "cannot write %s", value);
            return;
        }
    }
    if (s->translation_file) {
        fclose(s->translation_file);
    }
    s->translation_file = f;
    g_free(s->translation_log);
    s->translation_log = g_strdup(value);
    if (s->translation_seen) {
        g_hash_table_remove_all(s->translation_seen);
    } else {
        s->translation_seen = g_hash_table_new_full(g_str_hash, g_str_equal,
                                                    g_free, NULL);
    }
}

/* After the mark, pages are logged again. */
static void set_translation_log_mark(Object *obj, const char *value,
                                     Error **errp)
{
    SMMUv2State *s = SMMUV2(obj);

    if (!s->translation_file) {
        error_setg(errp, "translation-log is not set");
        return;
    }
    fprintf(s->translation_file, "# %s\n", value);
    fflush(s->translation_file);
    g_hash_table_remove_all(s->translation_seen);
}

void smmuv2_check_class_init(ObjectClass *klass)
{
    static const struct {
        const char *name;
        size_t offset;
        const char *help;
    } numbers[] = {
        { "violations", offsetof(SMMUv2State, violations),
          "Number of violations so far" },
        { "stale-hits", offsetof(SMMUv2State, count.stale_hits),
          "TLB hits that the tables in memory no longer allow" },
        { "bypass-count", offsetof(SMMUv2State, count.bypassed),
          "Transactions that bypassed" },
    };

    for (unsigned i = 0; i < ARRAY_SIZE(numbers); i++) {
        object_class_property_add(klass, numbers[i].name, "uint64", get_u64,
                                  NULL, NULL, (void *)numbers[i].offset);
        object_class_property_set_description(klass, numbers[i].name,
                                              numbers[i].help);
    }
    object_class_property_add(klass, "cr0", "uint32", get_cr0, NULL, NULL,
                              NULL);
    object_class_property_set_description(klass, "cr0", "sCR0");
    object_class_property_add_str(klass, "violation-log", get_violation_log,
                                  NULL);
    object_class_property_set_description(klass, "violation-log",
        "The first violations, one per line");
    object_class_property_add_str(klass, "stale-log", get_stale_log, NULL);
    object_class_property_set_description(klass, "stale-log",
        "The first stale hits, one per line");
    object_class_property_add_str(klass, "stats", get_stats, NULL);
    object_class_property_set_description(klass, "stats",
        "All counters, as a JSON object");
    object_class_property_add_str(klass, "translation-log",
                                  get_translation_log, set_translation_log);
    object_class_property_set_description(klass, "translation-log",
        "File that gets a line for each page that a stream accessed");
    object_class_property_add_str(klass, "translation-log-mark", NULL,
                                  set_translation_log_mark);
    object_class_property_set_description(klass, "translation-log-mark",
        "Write a comment to the log, and log again the pages already in it");
}

void smmuv2_check_init(SMMUv2State *s, Error **errp)
{
    if (!all_smmus) {
        all_smmus = g_ptr_array_new();
    }
    g_ptr_array_add(all_smmus, s);
    s->violation_log = g_ptr_array_new_with_free_func(g_free);
    s->stale_log = g_ptr_array_new_with_free_func(g_free);
    s->bypass_by_sid = g_hash_table_new(NULL, NULL);
    s->half_mirrored = g_hash_table_new_full(NULL, NULL, NULL, g_free);
}

void smmuv2_check_finalize(SMMUv2State *s)
{
    if (s->translation_file) {
        fclose(s->translation_file);
    }
    g_free(s->translation_log);
    if (s->translation_seen) {
        g_hash_table_destroy(s->translation_seen);
    }
    if (s->violation_log) {
        g_ptr_array_remove(all_smmus, s);
        g_ptr_array_unref(s->violation_log);
        g_ptr_array_unref(s->stale_log);
        g_hash_table_destroy(s->bypass_by_sid);
        g_hash_table_destroy(s->half_mirrored);
    }
}
