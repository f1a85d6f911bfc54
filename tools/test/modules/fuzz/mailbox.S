/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What QEMU's plugin tools/coverage/elcov.c understands: instructions that do
 * nothing. Without the plugin, the mailbox stays empty.
 */
#include <linux/linkage.h>

	.text
	/* All in one page */
	.balign	64
SYM_FUNC_START(coverage_mailbox)
	movz	xzr, #0xbe10
	adr	x0, 1f
	ret
	.balign	16
1:	.quad	0, 0
SYM_FUNC_END(coverage_mailbox)

SYM_FUNC_START(coverage_start)
	movz	xzr, #0xbe11
	ret
SYM_FUNC_END(coverage_start)

SYM_FUNC_START(coverage_stop)
	movz	xzr, #0xbe12
	ret
SYM_FUNC_END(coverage_stop)
