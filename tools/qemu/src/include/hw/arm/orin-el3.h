/*
 * External aborts that are taken to EL3
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef HW_ARM_ORIN_EL3_H
#define HW_ARM_ORIN_EL3_H

#include "hw/core/cpu.h"

/* Stop the machine at each external abort of CPUs of this type. */
void orin_el3_take_aborts(CPUState *cs);

#endif
