/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Exception vectors that skip the instruction that was taken to them, and leave its
 * syndrome in x10. Only a synchronous exception of the current exception level is
 * expected: all others end in a loop.
 */
#include <linux/linkage.h>

	.text
	.balign	2048
SYM_DATA_START(skip_vectors)
	.rept	4
	b	.
	.balign	128
	.endr

	mrs	x10, elr_el1
	add	x10, x10, #4
	msr	elr_el1, x10
	mrs	x10, esr_el1
	eret
	.balign	128

	.rept	11
	b	.
	.balign	128
	.endr
SYM_DATA_END(skip_vectors)
