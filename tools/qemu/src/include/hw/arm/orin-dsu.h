/*
 * Registers of the DynamIQ Shared Unit
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef HW_ARM_ORIN_DSU_H
#define HW_ARM_ORIN_DSU_H

#include "target/arm/cpu-qom.h"

/* Return true if CPUs of a type belong to a DSU, like Tegra234's Cortex-A78AE. */
bool orin_cpu_has_dsu(const char *cpu_type);

/* Give a realized CPU the registers of its cluster. */
void orin_dsu_init(ARMCPU *cpu);

#endif
