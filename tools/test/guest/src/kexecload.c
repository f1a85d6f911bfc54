// SPDX-License-Identifier: GPL-2.0-only
/*
 * kexecload: ask the kernel to load another kernel, by kexec_load().
 *
 * The image is an empty page: only the answer matters. Prints `loaded` (and unloads
 * the image), or the error.
 */
#include <errno.h>
#include <linux/kexec.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

int main(int argc, char **argv)
{
	static char page[4096];
	struct kexec_segment segment = {
		.buf = page,
		.bufsz = sizeof(page),
		/* any address in memory */
		.mem = (void *)strtoul(argc > 1 ? argv[1] : "0x90000000", NULL, 0),
		.memsz = sizeof(page),
	};

	if (syscall(SYS_kexec_load, segment.mem, 1UL, &segment, KEXEC_ARCH_DEFAULT)) {
		printf("errno %d: %s\n", errno, strerror(errno));
		return 1;
	}
	syscall(SYS_kexec_load, 0UL, 0UL, NULL, 0UL);
	printf("loaded\n");
	return 0;
}
