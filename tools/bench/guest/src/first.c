// SPDX-License-Identifier: GPL-2.0-only
/*
 * Runs instead of /init: marks the start of user space on the root file system, and
 * executes /init.
 */
#include <unistd.h>

int main(int argc, char **argv)
{
	(void)argc;
	__asm__ volatile("movz xzr, #0xbe01\n\tmovz xzr, #0xbe02" ::: "memory");
	execv("/init", argv);
	return 1;
}
