/*
 * Arm SMMUv2 (MMU-500): what a machine and its bus masters need
 *
 * One SMMUv2State is one SMMU as the device tree describes it. It consists of
 * one or two MMU-500 instances ("num-instances"). The instances must be
 * programmed alike but share no state: each has its own registers, TLB, faults
 * and interrupt. A hash of the address selects the instance that serves a
 * transaction.
 *
 * To wire it:
 *
 *   dev = qdev_new(TYPE_SMMUV2);
 *   qdev_prop_set_string(dev, "name", "niso0");
 *   qdev_prop_set_uint32(dev, "num-instances", 2);
 *   qdev_prop_set_bit(dev, "single-irq", true);
 *   object_property_set_link(OBJECT(dev), "memory", OBJECT(sysmem), ...);
 *   sysbus_realize_and_unref(...);
 *   sysbus_mmio_map(sbd, i, base of instance i);
 *   sysbus_connect_irq(sbd, i, irq of instance i);
 *
 * Without "single-irq", instance i has two lines: 2 * i for global faults and
 * 2 * i + 1 for the context faults of all its banks.
 *
 * Properties of the device (-global arm-smmuv2.x=y):
 *
 *   num-instances, single-irq, num-cb, num-s2cb, num-smr, smr-id-bits,
 *   page-shift         number of instances, interrupts, banks and registers;
 *                      layout of the register pages
 *   mmu500             on: reset values and fixed bits of an MMU-500; off:
 *                      those of a generic SMMUv2
 *   s1ts, s2ts, nts, atos, cttw, aarch32-s, aarch32-l, ptfs-4k, ptfs-16k,
 *   ptfs-64k, ias, oas, ubs, idr7
 *                      features: reported in the identification registers, and
 *                      implemented accordingly
 *   firmware-state     "reset"; "passthrough": enabled, and all streams bypass;
 *                      "live": also with a stream match and old faults;
 *                      "translating": all streams are routed to enabled banks,
 *                      even stream IDs to stage 1, odd ones to both stages
 *   asidpne            SCTLR.ASIDPNE can be set; some MMU-500s lack it
 *   cache-lock-sticky  ACR.CACHE_LOCK cannot be cleared, so ACTLR is read-only
 *   prefetch           let ACTLR.CPRE prefetch the next page
 *   walk-cache-erratum worst case of the erratum of Tegra194 and Tegra234: no
 *                      invalidation by address, ASID or VMID removes cached
 *                      table pointers. A global invalidation removes those of
 *                      banks that are disabled when it is accepted. A walk that
 *                      starts at a table that has since been unlinked is a
 *                      violation
 *   walk-cache-va-erratum
 *                      no invalidation by address removes cached table pointers
 *   sync-delay-ns      duration of a sync; it is three times as long on one of
 *                      the instances, alternating between them
 *   mirror-grace-us, mirror-grace-writes
 *                      how long the instances may differ in a register that is
 *                      being written
 *
 * Properties at run time (qom-get, qom-set):
 *
 *   violations, stale-hits, bypass-count        numbers
 *   cr0                                         the register sCR0
 *   violation-log, stale-log                    the first 64 of each, as lines
 *   stats                                       all counters, as JSON
 *   translation-log=file    log one line for each page that a stream accessed
 *   translation-log-mark    write a comment to the log, and log again the pages
 *                           that are already in it
 *   sync-stuck              bitmap of instances whose syncs do not complete
 *   no-answer               bitmap of instances that abort all transactions,
 *                           and whose registers read as all ones
 *   inject-global-fault     bitmap of instances that report a spurious fault
 *   power-cycle             write true: registers and TLB are lost
 *   power-keeps             groups of registers that survive power-cycle: cr0,
 *                           acr, smr, s2cr, cbar (with CBA2R), sctlr, actlr,
 *                           tcr (with TCR2), ttbr (with CONTEXTIDR), mair;
 *                           banks: the last six; none; separated by ":"
 *   power-loses-instances   bitmap of instances that power-cycle affects
 *   hold-sid                hold the next transaction with this stream ID (any:
 *                           0xffffffff) between stream lookup and bank lookup,
 *                           even while syncs complete; its master sees an abort
 *   held                    the transaction that is held, or how the last one
 *                           ended: "fault", "bypass", its address, or "lost"
 *                           with the power
 *   release                 write true: let the held transaction continue
 *
 * smmuv2-check.c lists the violations, smmuv2-internal.h describes the model.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#ifndef HW_ARM_SMMUV2_H
#define HW_ARM_SMMUV2_H

#include "qom/object.h"
#include "exec/hwaddr.h"
#include "exec/memory.h"
#include "qemu/notify.h"

#define TYPE_SMMUV2 "arm-smmuv2"
OBJECT_DECLARE_SIMPLE_TYPE(SMMUv2State, SMMUV2)

#define SMMUV2_MAX_INSTANCES 2

typedef struct SMMUv2Txn {
    uint32_t sid;       /* stream ID that this SMMU receives */
    hwaddr iova;
    unsigned size;      /* in bytes; must not cross a 4 KiB boundary */
    bool write;
    bool priv;
    bool insn;
    bool probe;         /* debug access: no TLB fill, fault, count or log */
} SMMUv2Txn;

typedef enum SMMUv2Outcome {
    SMMUV2_OK,          /* continues to IOMMUTLBEntry.translated_addr */
    SMMUV2_ABORT,       /* terminated, the master sees an abort */
    SMMUV2_RAZ_WI,      /* terminated, the master reads zeroes without error */
    SMMUV2_STALL,       /* held until the bank's RESUME register is written */
} SMMUv2Outcome;

/*
 * Translate one access. The entry's perm is IOMMU_NONE unless the access is
 * allowed. addr_mask never exceeds a 4 KiB page, because the next page may be
 * served by the other instance. The entry is valid for this access only; the
 * caller must not cache it. The BQL must be held.
 */
IOMMUTLBEntry smmuv2_translate(SMMUv2State *s, const SMMUv2Txn *txn);

/* The same, for a master that distinguishes the outcomes. */
SMMUv2Outcome smmuv2_translate_outcome(SMMUv2State *s, const SMMUv2Txn *txn,
                                       IOMMUTLBEntry *entry);

/*
 * Notify @notifier when software writes RESUME; the data is a SMMUv2Resume. A
 * master that holds a stalled access repeats it, or aborts it if terminate is
 * set.
 */
typedef struct SMMUv2Resume {
    unsigned instance;
    unsigned bank;
    bool terminate;
} SMMUv2Resume;

void smmuv2_add_resume_notifier(SMMUv2State *s, Notifier *notifier);

/* Notify @notifier when software starts a global TLB sync of this SMMU. */
void smmuv2_add_wait_notifier(SMMUv2State *s, Notifier *notifier);

/* Number of violations so far; see "violation-log". */
uint64_t smmuv2_violations(SMMUv2State *s);

/* The property "stats": all counters, as a JSON object. The caller frees it. */
char *smmuv2_stats_json(SMMUv2State *s);

/* Print name, violations and the counters of "stats", one line each. */
void smmuv2_print_stats(SMMUv2State *s, FILE *f);

#endif /* HW_ARM_SMMUV2_H */
