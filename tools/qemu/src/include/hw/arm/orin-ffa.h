/*
 * The normal world's view of a secure partition manager: orin-ffa.c
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef HW_ARM_ORIN_FFA_H
#define HW_ARM_ORIN_FFA_H

/* Answer FF-A calls by SMC as a secure partition manager would. */
void orin_ffa_init(void);

#endif
