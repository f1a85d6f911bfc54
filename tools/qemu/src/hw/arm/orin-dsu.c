/*
 * Registers of the DynamIQ Shared Unit, as a CPU without EL3 has them
 *
 * CLUSTERPM*, those of the PMU, trap to EL2 while ACTLR_EL2.CLUSTERPMUEN is 0,
 * and CLUSTERTHREADSID_EL1 while ACTLR_EL2.TSIDEN is 0. QEMU's ACTLR_EL2 is
 * always 0. At EL2 all read as zero: the PMU has no counters.
 *
 * Arm DynamIQ Shared Unit TRM, "Cluster PMU registers" and "Control registers";
 * Cortex-A76 TRM, ACTLR_EL2.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "qemu/osdep.h"
#include "hw/arm/orin-dsu.h"
#include "target/arm/cpu.h"
#include "target/arm/cpregs.h"
#include "target/arm/internals.h"

static CPAccessResult dsu_access(CPUARMState *env, const ARMCPRegInfo *ri,
                                 bool isread)
{
    return arm_current_el(env) < 2 && arm_is_el2_enabled(env) ?
           CP_ACCESS_TRAP_EL2 : CP_ACCESS_OK;
}

static const ARMCPRegInfo dsu_regs[] = {
    { .name = "CLUSTERTHREADSID_EL1", .state = ARM_CP_STATE_AA64,
      .opc0 = 3, .opc1 = 0, .crn = 15, .crm = 4, .opc2 = 0,
      .access = PL1_RW, .accessfn = dsu_access,
      .type = ARM_CP_CONST | ARM_CP_NO_RAW, .resetvalue = 0 },
    /* CLUSTERPMCR_EL1 to CLUSTERPMCEID1_EL1 */
    { .name = "CLUSTERPM_C5", .state = ARM_CP_STATE_AA64,
      .opc0 = 3, .opc1 = 0, .crn = 15, .crm = 5, .opc2 = CP_ANY,
      .access = PL1_RW, .accessfn = dsu_access,
      .type = ARM_CP_CONST | ARM_CP_NO_RAW, .resetvalue = 0 },
    { .name = "CLUSTERPM_C6", .state = ARM_CP_STATE_AA64,
      .opc0 = 3, .opc1 = 0, .crn = 15, .crm = 6, .opc2 = CP_ANY,
      .access = PL1_RW, .accessfn = dsu_access,
      .type = ARM_CP_CONST | ARM_CP_NO_RAW, .resetvalue = 0 },
};

bool orin_cpu_has_dsu(const char *cpu_type)
{
    return g_str_equal(cpu_type, ARM_CPU_TYPE_NAME("cortex-a76"));
}

void orin_dsu_init(ARMCPU *cpu)
{
    define_arm_cp_regs(cpu, dsu_regs);
}
