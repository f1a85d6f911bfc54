// SPDX-License-Identifier: GPL-2.0-only
/*
 * usermem read|write ADDRESS [VALUE]: one access of four bytes from user space to a
 * physical address, through /dev/mem.
 *
 * Prints `refused` if the access raises a signal, else `done VALUE`; so does mmio.ko
 * for accesses from the kernel.
 */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

static sigjmp_buf back;

static void caught(int sig)
{
	siglongjmp(back, sig);
}

int main(int argc, char **argv)
{
	struct sigaction act = { .sa_handler = caught };
	volatile uint32_t *reg;
	uint64_t phys;
	uint32_t val;
	size_t page = sysconf(_SC_PAGESIZE);
	char *map;
	int fd, write;

	write = argc == 4 && !strcmp(argv[1], "write");
	if (!write && (argc != 3 || strcmp(argv[1], "read"))) {
		fprintf(stderr, "usage: usermem read ADDRESS | write ADDRESS VALUE\n");
		return 2;
	}
	phys = strtoull(argv[2], NULL, 0);
	val = write ? strtoul(argv[3], NULL, 0) : 0;

	fd = open("/dev/mem", O_RDWR | O_SYNC);
	if (fd < 0) {
		printf("/dev/mem: %s\n", strerror(errno));
		return 2;
	}
	map = mmap(NULL, page, PROT_READ | PROT_WRITE, MAP_SHARED, fd, phys & -page);
	if (map == MAP_FAILED) {
		printf("mmap: %s\n", strerror(errno));
		return 2;
	}
	reg = (volatile uint32_t *)(map + phys % page);

	sigaction(SIGBUS, &act, NULL);
	sigaction(SIGSEGV, &act, NULL);
	if (sigsetjmp(back, 1)) {
		puts("refused");
		return 0;
	}
	if (write)
		*reg = val;
	else
		val = *reg;
	printf("done 0x%x\n", val);
	return 0;
}
