/*
 * PSCI CPU_SUSPEND to power-down: orin-cpuidle.c
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef HW_ARM_ORIN_CPUIDLE_H
#define HW_ARM_ORIN_CPUIDLE_H

#include "hw/intc/arm_gicv3_common.h"

typedef struct OrinCpuIdle {
    /* how often a CPU powered down, and how often all CPUs were down */
    uint64_t suspends;
    uint64_t all_down;

    /* private */
    GICv3State *gic;
    void (*down)(void *opaque);
    void (*up)(void *opaque);
    void *opaque;
    bool is_down;
    QEMUTimer *poll;
    unsigned num_cpus;
    struct {
        bool suspended;
        bool starting;      /* woken, but not reset yet */
        uint64_t entry;
        uint64_t context_id;
    } *cpu;
} OrinCpuIdle;

/*
 * orin_cpuidle_init:
 * @down: called when all CPUs are powered down, at least one of them by
 *        CPU_SUSPEND; may be NULL
 * @up: called after @down, before the first CPU starts; may be NULL
 *
 * After this call CPU_SUSPEND accepts power states that lose the CPU's context.
 */
void orin_cpuidle_init(OrinCpuIdle *s, GICv3State *gic, void (*down)(void *),
                       void (*up)(void *), void *opaque);
void orin_cpuidle_reset(OrinCpuIdle *s);

#endif
