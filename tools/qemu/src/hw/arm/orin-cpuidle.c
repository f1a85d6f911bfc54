/*
 * PSCI CPU_SUSPEND to power-down
 *
 * A CPU that suspends itself to a power-down state is off. Firmware, or logic
 * that it has set up, monitors the CPU's interrupts meanwhile: as soon as one
 * is pending and enabled, the CPU starts from reset at the entry point that it
 * passed to CPU_SUSPEND. Its generic timers stay powered: they continue to
 * count, wake the CPU, and keep their state. All other state of the CPU is
 * lost.
 *
 * QEMU's own CPU_SUSPEND is a WFI for every power state: no state is lost, so
 * no test would notice state that software fails to restore.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "qemu/osdep.h"
#include "qemu/main-loop.h"
#include "qemu/timer.h"
#include "hw/core/cpu.h"
#include "hw/arm/orin-cpuidle.h"
#include "target/arm/arm-powerctl.h"
#include "target/arm/cpu.h"
#include "target/arm/multiprocessing.h"

/* The GIC does not signal pending interrupts of a CPU that is off: poll. */
#define POLL_US         100
#define PRIO_IDLE       0xff

static OrinCpuIdle *cpuidle;

typedef struct Timers {
    ARMGenericTimer phys, virt;
} Timers;

static void restore_timers(CPUState *cs, run_on_cpu_data data)
{
    ARMCPU *cpu = ARM_CPU(cs);
    g_autofree Timers *timers = data.host_ptr;

    cpu->env.cp15.c14_timer[GTIMER_PHYS] = timers->phys;
    cpu->env.cp15.c14_timer[GTIMER_VIRT] = timers->virt;
    arm_gt_ptimer_cb(cpu);
    arm_gt_vtimer_cb(cpu);
    cpuidle->cpu[cs->cpu_index].starting = false;
}

static bool wake(OrinCpuIdle *s, unsigned i)
{
    CPUState *cs = qemu_get_cpu(i);
    ARMCPU *cpu = ARM_CPU(cs);
    Timers *timers;

    if (cpu->power_state != PSCI_OFF) {
        /* not off yet */
        return false;
    }
    if (s->is_down) {
        s->is_down = false;
        if (s->up) {
            s->up(s->opaque);
        }
    }
    timers = g_new(Timers, 1);
    timers->phys = cpu->env.cp15.c14_timer[GTIMER_PHYS];
    timers->virt = cpu->env.cp15.c14_timer[GTIMER_VIRT];
    if (arm_set_cpu_on(arm_cpu_mp_affinity(cpu), s->cpu[i].entry,
                       s->cpu[i].context_id, 2, true) !=
        QEMU_ARM_POWERCTL_RET_SUCCESS) {
        g_free(timers);
        return false;
    }
    /* After the reset and before the first instruction: both take the BQL. */
    async_run_on_cpu(cs, restore_timers, RUN_ON_CPU_HOST_PTR(timers));
    s->cpu[i].suspended = false;
    s->cpu[i].starting = true;
    return true;
}

static void look_down(OrinCpuIdle *s)
{
    unsigned i;

    if (s->is_down) {
        return;
    }
    for (i = 0; i < s->num_cpus; i++) {
        if (ARM_CPU(qemu_get_cpu(i))->power_state != PSCI_OFF ||
            s->cpu[i].starting) {
            return;
        }
    }
    s->is_down = true;
    s->all_down++;
    if (s->down) {
        s->down(s->opaque);
    }
}

static void look(void *opaque)
{
    OrinCpuIdle *s = opaque;
    unsigned i, left = 0;

    look_down(s);
    for (i = 0; i < s->num_cpus; i++) {
        if (!s->cpu[i].suspended) {
            continue;
        }
        if (s->gic->cpu[i].hppi.prio == PRIO_IDLE || !wake(s, i)) {
            left++;
        }
    }
    if (left) {
        timer_mod(s->poll, qemu_clock_get_us(QEMU_CLOCK_VIRTUAL) + POLL_US);
    }
}

static void suspend(uint64_t cpuid, uint64_t entry, uint64_t context_id)
{
    OrinCpuIdle *s = cpuidle;
    unsigned i = arm_get_cpu_by_id(cpuid)->cpu_index;

    s->cpu[i].suspended = true;
    s->cpu[i].entry = entry;
    s->cpu[i].context_id = context_id;
    s->suspends++;
    timer_mod(s->poll, qemu_clock_get_us(QEMU_CLOCK_VIRTUAL) + POLL_US);
}

void orin_cpuidle_reset(OrinCpuIdle *s)
{
    unsigned i;

    timer_del(s->poll);
    s->is_down = false;
    for (i = 0; i < s->num_cpus; i++) {
        s->cpu[i].suspended = false;
        s->cpu[i].starting = false;
    }
}

void orin_cpuidle_init(OrinCpuIdle *s, GICv3State *gic, void (*down)(void *),
                       void (*up)(void *), void *opaque)
{
    s->gic = gic;
    s->down = down;
    s->up = up;
    s->opaque = opaque;
    s->num_cpus = gic->num_cpu;
    s->cpu = g_malloc0_n(s->num_cpus, sizeof(*s->cpu));
    s->poll = timer_new_us(QEMU_CLOCK_VIRTUAL, look, s);
    cpuidle = s;
    arm_cpu_suspend = suspend;
}
