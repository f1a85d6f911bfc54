/*
 * Arm SMMUv2 (MMU-500): registers and the parts of the model
 *
 * The model replaces silicon in tests of drivers. Where the architecture lets
 * hardware choose, the model behaves so that an incorrect driver fails:
 *
 *  - The TLB keeps each translation and each table pointer that a walk read,
 *    until software invalidates it. Entries are never evicted, and a table is
 *    never read again while an entry for it is cached.
 *  - A TLB invalidation takes effect when a sync that follows it completes,
 *    some time after that sync was started, and at different times on the
 *    instances. A driver that does not wait, or waits for one instance only,
 *    meets stale entries.
 *  - What no driver may do is a violation: it is counted and logged, and the
 *    model continues as some hardware would. A fault that a device provokes is
 *    not a violation, nor is a stale TLB entry by itself; these have their own
 *    counters.
 *
 * The files:
 *
 *   smmuv2.c         the device: properties, interrupts, and the path of a
 *                    transaction from stream matching to memory or a fault
 *   smmuv2-regs.c    the register file: what a write may set, what it starts
 *   smmuv2-tlb.c     TLB, walk cache, and invalidations that wait for a sync
 *   smmuv2-walk.c    translation regimes; walks of the long formats, nested
 *   smmuv2-v7s.c     walks of the AArch32 short-descriptor format
 *   smmuv2-check.c   violations, comparison of the instances, counters, logs
 *   smmuv2-inject.c  injection: faults, losses of power, and transactions that
 *                    are held before their bank lookup
 *
 * All of it runs under the BQL.
 *
 * Not modelled: the Secure side (a machine without EL3 has none), stream
 * indexing and compressed indexing, extended stream IDs, performance
 * monitors, 16-bit VMIDs, memory attributes. Attributes are not decoded: QEMU
 * has no caches, so a walk sees what a CPU wrote even if it was not cleaned.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#ifndef HW_ARM_SMMUV2_INTERNAL_H
#define HW_ARM_SMMUV2_INTERNAL_H

#include "qemu/bitmap.h"
#include "hw/registerfields.h"
#include "hw/sysbus.h"
#include "hw/arm/smmuv2.h"

/* ---- Global register space 0 ---- */

REG32(CR0, 0x000)
    FIELD(CR0, CLIENTPD, 0, 1)
    FIELD(CR0, GFRE, 1, 1)
    FIELD(CR0, GFIE, 2, 1)
    FIELD(CR0, EXIDENABLE, 3, 1)
    FIELD(CR0, GCFGFRE, 4, 1)
    FIELD(CR0, GCFGFIE, 5, 1)
    FIELD(CR0, TRANSIENTCFG, 6, 2)
    FIELD(CR0, STALLD, 8, 1)
    FIELD(CR0, GSE, 9, 1)
    FIELD(CR0, USFCFG, 10, 1)
    FIELD(CR0, VMIDPNE, 11, 1)
    FIELD(CR0, PTM, 12, 1)
    FIELD(CR0, FB, 13, 1)
    FIELD(CR0, BSU, 14, 2)
    FIELD(CR0, MEMATTR, 16, 4)
    FIELD(CR0, MTCFG, 20, 1)
    FIELD(CR0, SMCFCFG, 21, 1)
    FIELD(CR0, SHCFG, 22, 2)
    FIELD(CR0, RACFG, 24, 2)
    FIELD(CR0, WACFG, 26, 2)
    FIELD(CR0, VMID16EN, 31, 1)
REG32(CR2, 0x008)
    FIELD(CR2, BPVMID, 0, 8)
REG32(ACR, 0x010)
    FIELD(ACR, CACHE_LOCK, 26, 1)
REG32(IDR0, 0x020)
    FIELD(IDR0, NUMSMRG, 0, 8)
    FIELD(IDR0, NUMSIDB, 9, 4)
    FIELD(IDR0, BTM, 13, 1)
    FIELD(IDR0, CTTW, 14, 1)
    FIELD(IDR0, NUMIRPT, 16, 8)
    FIELD(IDR0, PTFS, 24, 2)
    FIELD(IDR0, ATOSNS, 26, 1)
    FIELD(IDR0, SMS, 27, 1)
    FIELD(IDR0, NTS, 28, 1)
    FIELD(IDR0, S2TS, 29, 1)
    FIELD(IDR0, S1TS, 30, 1)
REG32(IDR1, 0x024)
    FIELD(IDR1, NUMCB, 0, 8)
    FIELD(IDR1, NUMS2CB, 16, 8)
    FIELD(IDR1, NUMPAGENDXB, 28, 3)
    FIELD(IDR1, PAGESIZE, 31, 1)
REG32(IDR2, 0x028)
    FIELD(IDR2, IAS, 0, 4)
    FIELD(IDR2, OAS, 4, 4)
    FIELD(IDR2, UBS, 8, 4)
    FIELD(IDR2, PTFSV8_4K, 12, 1)
    FIELD(IDR2, PTFSV8_16K, 13, 1)
    FIELD(IDR2, PTFSV8_64K, 14, 1)
REG32(IDR3, 0x02c)
REG32(IDR4, 0x030)
REG32(IDR5, 0x034)
REG32(IDR6, 0x038)
REG32(IDR7, 0x03c)
REG32(GFAR, 0x040)
REG32(GFSR, 0x048)
    FIELD(GFSR, ICF, 0, 1)      /* invalid context */
    FIELD(GFSR, USF, 1, 1)      /* unidentified stream */
    FIELD(GFSR, SMCF, 2, 1)     /* stream match conflict */
    FIELD(GFSR, UCBF, 3, 1)     /* unimplemented context bank */
    FIELD(GFSR, UCIF, 4, 1)     /* unimplemented context interrupt */
    FIELD(GFSR, CAF, 5, 1)      /* configuration access */
    FIELD(GFSR, EF, 6, 1)       /* external */
    FIELD(GFSR, PF, 7, 1)       /* permission */
    FIELD(GFSR, UUT, 8, 1)      /* unsupported upstream transaction */
    FIELD(GFSR, MULTI, 31, 1)
REG32(GFSRRESTORE, 0x04c)
REG32(GFSYNR0, 0x050)
    FIELD(GFSYNR0, WNR, 1, 1)
    FIELD(GFSYNR0, PNU, 2, 1)
    FIELD(GFSYNR0, IND, 3, 1)
REG32(GFSYNR1, 0x054)
REG32(GFSYNR2, 0x058)
REG32(STLBIALL, 0x060)
REG32(TLBIVMID, 0x064)
REG32(TLBIALLNSNH, 0x068)
REG32(TLBIALLH, 0x06c)
REG32(TLBGSYNC, 0x070)
REG32(TLBGSTATUS, 0x074)
REG32(TLBIVAH, 0x078)
REG32(TLBIVALH64, 0x0b0)
REG32(TLBIVMIDS1, 0x0b8)
REG32(TLBIVAH64, 0x0c0)
REG32(SMR, 0x800)
    FIELD(SMR, ID, 0, 15)
    FIELD(SMR, MASK, 16, 15)
    FIELD(SMR, VALID, 31, 1)
REG32(S2CR, 0xc00)
    FIELD(S2CR, CBNDX, 0, 8)
    FIELD(S2CR, TYPE, 16, 2)
    FIELD(S2CR, PRIVCFG, 24, 2)
    FIELD(S2CR, INSTCFG, 26, 2)

enum {
    S2CR_TYPE_TRANS,
    S2CR_TYPE_BYPASS,
    S2CR_TYPE_FAULT,
};

/* ---- Global register space 1 ---- */

REG32(CBAR, 0x000)
    FIELD(CBAR, VMID, 0, 8)
    FIELD(CBAR, CBNDX, 8, 8)    /* the stage 2 bank; type 3 only */
    FIELD(CBAR, HYPC, 10, 1)    /* type 1 only */
    FIELD(CBAR, TYPE, 16, 2)
REG32(CBFRSYNRA, 0x400)
REG32(CBA2R, 0x800)
    FIELD(CBA2R, VA64, 0, 1)

enum {
    CBAR_TYPE_S2,
    CBAR_TYPE_S1_S2_BYPASS,
    CBAR_TYPE_S1_S2_FAULT,
    CBAR_TYPE_NESTED,
};

/* ---- Context bank ---- */

REG32(SCTLR, 0x000)
    FIELD(SCTLR, M, 0, 1)
    FIELD(SCTLR, TRE, 1, 1)
    FIELD(SCTLR, AFE, 2, 1)
    FIELD(SCTLR, AFFD, 3, 1)
    FIELD(SCTLR, E, 4, 1)
    FIELD(SCTLR, CFRE, 5, 1)
    FIELD(SCTLR, CFIE, 6, 1)
    FIELD(SCTLR, CFCFG, 7, 1)
    FIELD(SCTLR, HUPCF, 8, 1)
    FIELD(SCTLR, WXN, 9, 1)
    FIELD(SCTLR, UWXN, 10, 1)
    FIELD(SCTLR, ASIDPNE, 12, 1)
REG32(ACTLR, 0x004)
    FIELD(ACTLR, CMTLB, 0, 1)
    FIELD(ACTLR, CPRE, 1, 1)
REG32(RESUME, 0x008)
    FIELD(RESUME, TNR, 0, 1)
REG32(TCR2, 0x010)
    FIELD(TCR2, PASIZE, 0, 3)
    FIELD(TCR2, AS, 4, 1)
    FIELD(TCR2, TBI0, 5, 1)
    FIELD(TCR2, TBI1, 6, 1)
    FIELD(TCR2, SEP, 15, 3)
REG32(TTBR0, 0x020)
REG32(TTBR1, 0x028)
REG32(TCR, 0x030)
    FIELD(TCR, T0SZ, 0, 6)
    FIELD(TCR, EPD0, 7, 1)
    FIELD(TCR, TG0, 14, 2)
    FIELD(TCR, T1SZ, 16, 6)
    FIELD(TCR, A1, 22, 1)
    FIELD(TCR, EPD1, 23, 1)
    FIELD(TCR, TG1, 30, 2)
    FIELD(TCR, EAE, 31, 1)
    /* stage 2 */
    FIELD(TCR, SL0, 6, 2)
    FIELD(TCR, PS, 16, 3)
    /* short-descriptor format */
    FIELD(TCR, N, 0, 3)
    FIELD(TCR, PD0, 4, 1)
    FIELD(TCR, PD1, 5, 1)
REG32(CONTEXTIDR, 0x034)
REG32(MAIR0, 0x038)
REG32(MAIR1, 0x03c)
REG32(PAR, 0x050)
REG32(FSR, 0x058)
    FIELD(FSR, TF, 1, 1)
    FIELD(FSR, AFF, 2, 1)
    FIELD(FSR, PF, 3, 1)
    FIELD(FSR, EF, 4, 1)
    FIELD(FSR, TLBMCF, 5, 1)
    FIELD(FSR, TLBLKF, 6, 1)
    FIELD(FSR, ASF, 7, 1)
    FIELD(FSR, UUT, 8, 1)
    FIELD(FSR, FORMAT, 9, 2)
    FIELD(FSR, SS, 30, 1)
    FIELD(FSR, MULTI, 31, 1)
REG32(FSRRESTORE, 0x05c)
REG32(FAR, 0x060)
REG32(FSYNR0, 0x068)
    FIELD(FSYNR0, PLVL, 0, 2)
    FIELD(FSYNR0, WNR, 4, 1)
    FIELD(FSYNR0, PNU, 5, 1)
    FIELD(FSYNR0, IND, 6, 1)
    FIELD(FSYNR0, PTWF, 10, 1)
    FIELD(FSYNR0, S1CBNDX, 16, 8)
REG32(FSYNR1, 0x06c)
REG32(IPAFAR, 0x070)
REG32(TLBIVA, 0x600)
REG32(TLBIVAA, 0x608)
REG32(TLBIASID, 0x610)
REG32(TLBIALL, 0x618)
REG32(TLBIVAL, 0x620)
REG32(TLBIVAAL, 0x628)
REG32(TLBIIPAS2, 0x630)
REG32(TLBIIPAS2L, 0x638)
REG32(TLBSYNC, 0x7f0)
REG32(TLBSTATUS, 0x7f4)
REG32(ATS1PR, 0x800)
REG32(ATS1PW, 0x808)
REG32(ATS1UR, 0x810)
REG32(ATS1UW, 0x818)
REG32(ATSR, 0x8f0)

#define SMMUV2_FSR_FAULTS   (R_FSR_TF_MASK | R_FSR_AFF_MASK | R_FSR_PF_MASK | \
                             R_FSR_EF_MASK | R_FSR_TLBMCF_MASK | \
                             R_FSR_TLBLKF_MASK | R_FSR_ASF_MASK | \
                             R_FSR_UUT_MASK)

#define SMMUV2_MAX_CB       128
#define SMMUV2_MAX_SMR      128
#define SMMUV2_LOG_LINES    64

typedef struct SMMUv2Instance SMMUv2Instance;

typedef struct SMMUv2Bank {
    /* from global register space 1 */
    uint32_t cbar;
    uint32_t cba2r;
    uint32_t cbfrsynra;

    uint32_t sctlr;
    uint32_t actlr;
    uint32_t tcr2;
    uint32_t tcr;
    uint32_t contextidr;
    uint32_t mair[2];
    uint64_t ttbr[2];
    uint64_t par;
    uint32_t fsr;
    uint64_t far;
    uint32_t fsynr0;
    uint32_t fsynr1;
    uint64_t ipafar;

    uint32_t arg_high;      /* upper half of a 64-bit operation */
    bool sync_active;
    int64_t sync_due;       /* virtual time at which TLBSYNC completes */
    bool used;              /* by a transaction since SCTLR.M was set */
    uint64_t last_va;       /* address of the last transaction */
} SMMUv2Bank;

struct SMMUv2Instance {
    SMMUv2State *smmu;
    unsigned index;
    MemoryRegion mmio;
    qemu_irq irq[2];        /* global and context, or both on the first */

    uint32_t cr0;
    uint32_t cr2;
    uint32_t acr;
    uint64_t gfar;
    uint32_t gfsr;
    uint32_t gfsynr[3];
    uint32_t smr[SMMUV2_MAX_SMR];
    uint32_t s2cr[SMMUV2_MAX_SMR];
    SMMUv2Bank cb[SMMUV2_MAX_CB];

    uint32_t arg_high;
    bool sync_active;
    int64_t sync_due;

    /* smmuv2-tlb.c */
    GHashTable *tlb;
    GArray *pending;        /* SMMUv2Inv, in the order of their writes */
    int64_t next_due;       /* earliest due time in @pending */
    uint64_t syncs;         /* number of syncs started */
    uint64_t seq;           /* counts fills and invalidations */
    uint64_t shifts[4];     /* by SMMUv2TLBKind: entry sizes in the TLB */
    uint32_t formats;       /* formats of the table pointers in the TLB */
};

/* Counters: name in "stats", and in the source */
#define SMMUV2_COUNTERS(X)      \
    X(id_reads)                 \
    X(config_reads)             \
    X(config_writes)            \
    X(fault_reads)              \
    X(fault_writes)             \
    X(tlbi_writes)              \
    X(sync_writes)              \
    X(sync_polls)               \
    X(ats_accesses)             \
    X(unmodelled_reads)         \
    X(unmodelled_writes)        \
    X(translations)             \
    X(tlb_hits)                 \
    X(tlb_misses)               \
    X(stale_hits)               \
    X(table_reads)              \
    X(walk_cache_hits)          \
    X(prefetches)               \
    X(entries_invalidated)      \
    X(context_faults)           \
    X(global_faults)            \
    X(hit_under_fault)          \
    X(stalls)                   \
    X(bypassed)                 \
    X(bypass_opened)            \
    X(bank_bypass_opened)       \
    X(mirror_windows)

typedef struct SMMUv2Counters {
#define X(name) uint64_t name;
    SMMUV2_COUNTERS(X)
#undef X
} SMMUv2Counters;

/*
 * A transaction that is held between stream lookup and bank lookup. Its master
 * has already seen an abort, because no master of this machine can wait.
 */
typedef struct SMMUv2Held {
    bool valid;
    bool reported;          /* "bank-held" has been reported */
    SMMUv2Txn txn;
    unsigned instance;
    unsigned bank;
    bool priv, insn;        /* after S2CR's overrides */
} SMMUv2Held;

#define SMMUV2_HOLD_NONE    UINT64_MAX
#define SMMUV2_HOLD_ANY     UINT32_MAX

struct SMMUv2State {
    SysBusDevice parent_obj;

    SMMUv2Instance inst[SMMUV2_MAX_INSTANCES];
    unsigned num_page;
    AddressSpace as;
    NotifierList resume_notifiers;
    NotifierList wait_notifiers;
    bool lost;              /* its registers were lost after it was enabled */

    /* properties: identity */
    char *name;
    MemoryRegion *memory;
    uint32_t num_instances;
    bool single_irq;
    bool mmu500;
    uint32_t num_smr;
    uint32_t num_cb;
    uint32_t num_s2cb;
    uint32_t page_shift;
    uint32_t smr_id_bits;
    bool s1ts, s2ts, nts, atos, cttw;
    bool aarch32_s, aarch32_l;
    bool ptfs_4k, ptfs_16k, ptfs_64k;
    uint32_t ias, oas, ubs;
    uint32_t idr7;
    char *firmware_state;

    /* properties: behaviour */
    uint64_t sync_delay_ns;
    uint64_t mirror_grace_us;
    uint64_t mirror_grace_writes;
    bool walk_cache_erratum;
    bool walk_cache_va_erratum;
    bool prefetch;
    bool asidpne;
    bool cache_lock_sticky;

    /* fault injection: smmuv2-inject.c */
    uint64_t sync_stuck;
    uint64_t no_answer;
    char *power_keeps;
    uint64_t power_loses_instances;
    uint64_t hold_sid;
    SMMUv2Held held;
    char *held_outcome;     /* how the last held transaction ended */

    /* smmuv2-check.c */
    SMMUv2Counters count;
    uint64_t txns[SMMUV2_MAX_INSTANCES];
    uint64_t writes;
    uint64_t violations;
    GPtrArray *violation_log;
    GPtrArray *stale_log;
    GHashTable *bypass_by_sid;      /* SID -> count */
    GHashTable *half_mirrored;      /* register -> SMMUv2HalfMirrored */
    char *translation_log;
    FILE *translation_file;
    GHashTable *translation_seen;   /* lines written */
};

/* ---- smmuv2.c ---- */

void smmuv2_update_irq(SMMUv2Instance *inst);
void smmuv2_instance_reset(SMMUv2Instance *inst);
/* Before a sync of bank n completes, let the bank's last transaction walk. */
void smmuv2_late_walk(SMMUv2Instance *inst, unsigned n);
/* Carry out an address translation operation of bank n; returns PAR. */
uint64_t smmuv2_address_translation(SMMUv2Instance *inst, unsigned n,
                                    uint64_t va, bool write, bool priv);

/* Translate a transaction that has found its bank, bypass it, or fault. */
SMMUv2Outcome smmuv2_enter_bank(SMMUv2State *s, const SMMUv2Held *h,
                                IOMMUTLBEntry *entry);
/* Return true if the transaction would bypass now. Has no side effects. */
bool smmuv2_bank_passes(SMMUv2State *s, const SMMUv2Held *h);

/* ---- smmuv2-inject.c ---- */

void smmuv2_inject_class_init(ObjectClass *klass);
void smmuv2_inject_init(SMMUv2State *s);
void smmuv2_inject_finalize(SMMUv2State *s);
/* Hold this transaction if its stream ID is the one to be held. */
bool smmuv2_hold(SMMUv2State *s, const SMMUv2Held *h);
/* After a register write: report a held transaction that would bypass now. */
void smmuv2_held_check(SMMUv2State *s);

/* ---- smmuv2-regs.c ---- */

extern const MemoryRegionOps smmuv2_mmio_ops;

/* ---- smmuv2-walk.c ---- */

typedef enum SMMUv2Format {
    SMMUV2_AARCH32_S,
    SMMUV2_AARCH32_L,
    SMMUV2_AARCH64_4K,
    SMMUV2_AARCH64_16K,
    SMMUV2_AARCH64_64K,
} SMMUv2Format;

/* One stage of translation, as a bank's registers define it */
typedef struct SMMUv2Regime {
    unsigned bank;
    const SMMUv2Bank *cb;
    unsigned stage;         /* 1 or 2 */
    bool enabled;           /* SCTLR.M; if clear, an identity mapping */
    bool aarch64;
    bool eae;               /* AArch32 long descriptors */
    bool hyp;
    uint16_t vmid;
    uint16_t asid;          /* 0 for stage 2 and for hyp */
    uint64_t root;          /* identifies the tables: TTBR0 and TTBR1 */
} SMMUv2Regime;

/* Permissions of an entry, by privilege */
enum {
    SMMUV2_PR = 1 << 0,
    SMMUV2_PW = 1 << 1,
    SMMUV2_PX = 1 << 2,
    SMMUV2_UR = 1 << 3,
    SMMUV2_UW = 1 << 4,
    SMMUV2_UX = 1 << 5,
    SMMUV2_ALL = (1 << 6) - 1,
};

typedef struct SMMUv2Leaf {
    uint64_t pa;            /* of the first byte that the entry maps */
    uint8_t shift;          /* log2 of its size */
    uint8_t level;
    uint8_t perm;           /* of stage 1; all permissions without stage 1 */
    uint8_t s2_perm;
    uint8_t s2_level;
    uint64_t ipa;           /* of the first byte, if both stages were walked */
    bool global;
} SMMUv2Leaf;

typedef struct SMMUv2Fault {
    uint32_t fsr;           /* one of R_FSR_*_MASK */
    unsigned stage;
    unsigned level;
    bool walk;              /* a stage 2 fault on a stage 1 table */
    uint64_t ipa;
} SMMUv2Fault;

/* One translation by one instance. */
typedef struct SMMUv2Walk {
    SMMUv2Instance *inst;
    const SMMUv2Regime *s1; /* NULL if the bank has stage 2 only */
    const SMMUv2Regime *s2; /* NULL if stage 2 is bypassed */
    uint64_t va;
    bool use_tlb;
    bool fill_tlb;
    SMMUv2Leaf leaf;
    SMMUv2Fault fault;
} SMMUv2Walk;

/* Decode bank n as the given stage. */
void smmuv2_regime(SMMUv2Instance *inst, unsigned n, unsigned stage,
                   SMMUv2Regime *r);

/* Walk the tables: true with leaf, or false with fault. */
bool smmuv2_walk(SMMUv2Walk *w);

/* Translate the address of a stage 1 descriptor; for the walkers. */
bool smmuv2_walk_ipa(SMMUv2Walk *w, uint64_t ipa, SMMUv2Leaf *leaf);
/* Return true if a walk that starts at an unlinked table is a violation. */
bool smmuv2_walk_is_checked(const SMMUv2Walk *w, const SMMUv2Regime *r);
void smmuv2_stale_walk(SMMUv2Walk *w, const SMMUv2Regime *r, uint64_t va,
                       uint64_t table);
/* Read a descriptor of 4 or 8 bytes from physical memory. */
bool smmuv2_read_desc(SMMUv2Walk *w, const SMMUv2Regime *r, unsigned level,
                      uint64_t va, uint64_t pa, unsigned size, uint64_t *desc);
bool smmuv2_walk_fault(SMMUv2Walk *w, const SMMUv2Regime *r, unsigned level,
                       uint32_t fsr);

/* ---- smmuv2-v7s.c ---- */

bool smmuv2_walk_v7s(SMMUv2Walk *w, const SMMUv2Regime *r, uint64_t va,
                     SMMUv2Leaf *leaf);

/* ---- smmuv2-tlb.c ---- */

typedef enum SMMUv2TLBKind {
    SMMUV2_TLB_S1,          /* a translation; of both stages if nested */
    SMMUV2_TLB_S2,
    SMMUV2_TLB_TABLE_S1,    /* a pointer to a table */
    SMMUV2_TLB_TABLE_S2,
} SMMUv2TLBKind;

/* The key of an entry, hashed and compared as bytes */
typedef struct SMMUv2TLBKey {
    uint64_t va;
    uint16_t vmid;
    uint16_t asid;
    uint8_t shift;          /* log2 of what the entry covers */
    uint8_t kind;
    uint8_t format;         /* of a table pointer; 0 for a translation */
    uint8_t flags;
} SMMUv2TLBKey;

#define SMMUV2_TLB_HYP      1
#define SMMUV2_TLB_GLOBAL   2

typedef struct SMMUv2TLBEntry {
    SMMUv2TLBKey key;
    uint64_t seq;
    uint64_t root;
    uint8_t bank;
    union {
        SMMUv2Leaf leaf;
        struct {
            uint64_t ipa;       /* the address in the descriptor */
            uint64_t pa;        /* that address after stage 2 */
            uint8_t pa_shift;   /* log2 of the size of the stage 2 mapping */
            uint8_t attrs;      /* hierarchical attributes of the walk so far */
        } table;
    };
} SMMUv2TLBEntry;

typedef enum SMMUv2InvOp {
    SMMUV2_INV_VA,
    SMMUV2_INV_VAL,
    SMMUV2_INV_VAA,
    SMMUV2_INV_VAAL,
    SMMUV2_INV_ASID,
    SMMUV2_INV_ALL,         /* all of stage 1 of a VMID */
    SMMUV2_INV_IPA,
    SMMUV2_INV_IPAL,
    SMMUV2_INV_VMID,
    SMMUV2_INV_ALLNSNH,
    SMMUV2_INV_ALLH,
} SMMUv2InvOp;

#define SMMUV2_GLOBAL   (-1)    /* global invalidation or sync, not a bank's */

typedef struct SMMUv2Inv {
    SMMUv2InvOp op;
    int bank;
    bool hyp;
    uint16_t vmid;
    uint16_t asid;
    uint64_t va;
    uint64_t seq;
    int64_t due;            /* INT64_MAX until its sync is started */
    /* if global: the banks that were enabled when it was accepted */
    DECLARE_BITMAP(enabled, SMMUV2_MAX_CB);
} SMMUv2Inv;

void smmuv2_tlb_init(SMMUv2Instance *inst);
void smmuv2_tlb_reset(SMMUv2Instance *inst);
SMMUv2TLBEntry *smmuv2_tlb_lookup(SMMUv2Instance *inst, const SMMUv2Regime *r,
                                  uint64_t va);
void smmuv2_tlb_fill(SMMUv2Instance *inst, const SMMUv2Regime *r, uint64_t va,
                     const SMMUv2Leaf *leaf);
/* Table pointers; shift is log2 of the range that the table translates. */
SMMUv2TLBEntry *smmuv2_tlb_lookup_table(SMMUv2Instance *inst,
                                        const SMMUv2Regime *r,
                                        SMMUv2Format format, uint64_t va,
                                        unsigned shift);
SMMUv2TLBEntry *smmuv2_tlb_fill_table(SMMUv2Instance *inst,
                                      const SMMUv2Regime *r,
                                      SMMUv2Format format, uint64_t va,
                                      unsigned shift, uint64_t table);
/* Accept an invalidation. It takes effect when a later sync completes. */
void smmuv2_tlb_invalidate(SMMUv2Instance *inst, SMMUv2Inv *inv);
void smmuv2_tlb_sync(SMMUv2Instance *inst, int bank);
bool smmuv2_tlb_sync_active(SMMUv2Instance *inst, int bank);
/* Carry out the invalidations and syncs that are due by now. */
void smmuv2_tlb_catch_up(SMMUv2Instance *inst);
/* Return true if an invalidation of this entry has not completed. */
bool smmuv2_tlb_pending(SMMUv2Instance *inst, const SMMUv2TLBEntry *e);
/* Return an entry with the tags of r that came from other tables, or NULL. */
SMMUv2TLBEntry *smmuv2_tlb_foreign(SMMUv2Instance *inst, const SMMUv2Regime *r);

/* ---- smmuv2-check.c ---- */

void smmuv2_check_init(SMMUv2State *s, Error **errp);
void smmuv2_check_finalize(SMMUv2State *s);
void smmuv2_check_class_init(ObjectClass *klass);

void smmuv2_violation(SMMUv2State *s, const char *reason, const char *fmt, ...)
    G_GNUC_PRINTF(3, 4);

/* Return true if all transactions bypass on at least one instance. */
bool smmuv2_lets_all_pass(SMMUv2State *s);
/* Check the other SMMUs when software starts a global TLB sync. */
void smmuv2_check_wait(SMMUv2State *s);
/* Return true if the stream is routed to a disabled bank. */
bool smmuv2_leads_nowhere(SMMUv2Instance *inst, unsigned stream);
/* Check a stream after a write. @before: its route was wrong already. */
void smmuv2_check_route(SMMUv2Instance *inst, unsigned stream, bool before);

/* Record the write of a configuration register of one instance. */
void smmuv2_mirror_write(SMMUv2Instance *inst, hwaddr reg);
/* Compare the registers that a transaction depends on; bank < 0: no bank. */
void smmuv2_mirror_check_stream(SMMUv2Instance *inst, uint32_t sid);
void smmuv2_mirror_check_bank(SMMUv2Instance *inst, unsigned bank);

void smmuv2_log_stale(SMMUv2Instance *inst, const SMMUv2Txn *txn, uint64_t pa);
void smmuv2_log_bypass(SMMUv2Instance *inst, const SMMUv2Txn *txn,
                       const char *why);
/* Log a page that a device was allowed to access. */
void smmuv2_log_translation(SMMUv2State *s, const SMMUv2Txn *txn, uint64_t pa,
                            unsigned perm, const char *kind);

static inline const char *smmuv2_name(const SMMUv2State *s)
{
    return s->name ? s->name : "smmu";
}

#endif /* HW_ARM_SMMUV2_INTERNAL_H */
