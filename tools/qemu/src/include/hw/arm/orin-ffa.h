/*
 * A secure partition manager, as seen from the normal world: orin-ffa.c
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef HW_ARM_ORIN_FFA_H
#define HW_ARM_ORIN_FFA_H

/* From now on calls by SMC are answered as if there were one. */
void orin_ffa_init(void);

#endif
