/*
 * PSCI CPU_SUSPEND to power-down: orin-cpuidle.c
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef HW_ARM_ORIN_CPUIDLE_H
#define HW_ARM_ORIN_CPUIDLE_H

#include "hw/intc/arm_gicv3_common.h"

typedef struct OrinCpuIdle {
    /* how often a processor lost its power, and how often all had none */
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
        bool starting;      /* woken, and has not come from reset yet */
        uint64_t entry;
        uint64_t context_id;
    } *cpu;
} OrinCpuIdle;

/*
 * orin_cpuidle_init:
 * @down: called when no processor has power, which at least one gave up by
 *        CPU_SUSPEND; NULL if nobody wants to know
 * @up: called after that, before the first of them starts
 *
 * From now on CPU_SUSPEND takes power states that lose the processor's context.
 */
void orin_cpuidle_init(OrinCpuIdle *s, GICv3State *gic, void (*down)(void *),
                       void (*up)(void *), void *opaque);
void orin_cpuidle_reset(OrinCpuIdle *s);

#endif
