/*
 * External aborts that are taken to EL3
 *
 * Jetson's BL31 takes external aborts of all exception levels first, with
 * SCR_EL3.EA, and stops: an access that the bus refuses does not come back as an
 * abort. The machine has no EL3, so it stops where BL31 would.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "qemu/osdep.h"
#include "qemu/error-report.h"
#include "accel/tcg/cpu-ops.h"
#include "exec/cpu-common.h"
#include "hw/arm/orin-el3.h"
#include "system/runstate.h"
#include "target/arm/cpu.h"
#include "target/arm/internals.h"

static void orin_el3_abort(CPUState *cs, hwaddr physaddr, vaddr addr,
                           unsigned size, MMUAccessType access_type,
                           int mmu_idx, MemTxAttrs attrs, MemTxResult response,
                           uintptr_t retaddr)
{
    static const char *const type[] = {
        [MMU_DATA_LOAD] = "read",
        [MMU_DATA_STORE] = "write",
        [MMU_INST_FETCH] = "fetch",
    };
    CPUARMState *env = cpu_env(cs);

    cpu_restore_state(cs, retaddr);
    error_report("orin: Unhandled Exception in EL3: external abort of a %s of %u"
                 " bytes at 0x%" HWADDR_PRIx ", EL%d, pc 0x%" PRIx64,
                 type[access_type], size, physaddr, arm_current_el(env),
                 env->pc);

    qemu_system_shutdown_request(SHUTDOWN_CAUSE_GUEST_PANIC);
    cs->stop = true;
    cs->exception_index = EXCP_HALTED;
    cpu_loop_exit(cs);
}

void orin_el3_take_aborts(CPUState *cs)
{
    static TCGCPUOps ops;

    ops = *cs->cc->tcg_ops;
    ops.do_transaction_failed = orin_el3_abort;
    cs->cc->tcg_ops = &ops;
}
