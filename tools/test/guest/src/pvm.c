// SPDX-License-Identifier: GPL-2.0-only
/*
 * pvm [-u] [-h] [-s | -g]: run a protected guest of a few instructions, with KVM's
 * ioctls alone.
 *
 * The guest has two pages, for code and for data. It stores a word to its data page,
 * loads it, and stores it to an unmapped address, which exits to user space. By then
 * the guest owns both pages: a host access to them must raise SIGSEGV. When the
 * guest is destroyed, the host owns them again, without their contents.
 *
 * -u  the same guest, unprotected: the host may read its pages
 * -h  while the guest exists, print `held PHYS` with the physical address of its
 *     data page and wait for a line on stdin
 * -s  step by step: print a line as with -h, and wait, at each of
 *	ready PHYS	the host still owns the page
 *	busy PHYS	KVM_RUN failed with EBUSY, because a device can reach the
 *			page; it is repeated, at most 1000 times
 *	held PHYS	the guest owns the page
 *	back PHYS	the guest is destroyed, the host owns the page again
 * -g  another guest, which shares its page with the host and unshares it twice, step
 *     by step: print a line, and wait, at each of
 *	shared PHYS	the page is shared with the host
 *	first RESULT	of the guest's first unshare; 0: success
 *	second RESULT	of the second
 *
 * Prints a line for each result; exit status 1 if one is not ok.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <linux/kvm.h>
#include <setjmp.h>
#include <signal.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#define PAGE		4096
#define GUEST_MEM	0x40000000UL
#define GUEST_MMIO	0x0a000000UL
#define WORD		0xbeefUL
#define TYPE_PROTECTED	(1UL << 31)	/* KVM_VM_TYPE_ARM_PROTECTED */

#define CORE_REG(x)	(KVM_REG_ARM64 | KVM_REG_SIZE_U64 | KVM_REG_ARM_CORE | KVM_REG_ARM_CORE_REG(x))

static const uint32_t code[] = {
	0xd2a80000,	/* mov	x0, #0x40000000 */
	0xf2820000,	/* movk	x0, #0x1000		the data page */
	0xd297dde1,	/* mov	x1, #0xbeef */
	0xf9000001,	/* str	x1, [x0] */
	0xf9400002,	/* ldr	x2, [x0] */
	0xd2a14003,	/* mov	x3, #0x0a000000		unmapped */
	0xf9000062,	/* str	x2, [x3] */
	0x14000000,	/* b	. */
};

/* Shares its page, and unshares it repeatedly; stores each result. */
static const uint32_t sharing_code[] = {
	0xd2a80013,	/* mov	x19, #0x40000000 */
	0xf2820013,	/* movk	x19, #0x1000		the data page */
	0xd297dde1,	/* mov	x1, #0xbeef */
	0xf9000261,	/* str	x1, [x19] */
	0xd2a14014,	/* mov	x20, #0x0a000000	unmapped */
	0xd2800060,	/* mov	x0, #3			MEM_SHARE */
	0xf2b8c000,	/* movk	x0, #0xc600, lsl #16 */
	0xaa1303e1,	/* mov	x1, x19 */
	0xaa1f03e2,	/* mov	x2, xzr */
	0xaa1f03e3,	/* mov	x3, xzr */
	0xd4000002,	/* hvc	#0 */
	0xf9000280,	/* str	x0, [x20] */
	0xd2800080,	/* 1: mov	x0, #4			MEM_UNSHARE */
	0xf2b8c000,	/* movk	x0, #0xc600, lsl #16 */
	0xaa1303e1,	/* mov	x1, x19 */
	0xaa1f03e2,	/* mov	x2, xzr */
	0xaa1f03e3,	/* mov	x3, xzr */
	0xd4000002,	/* hvc	#0 */
	0xf9000280,	/* str	x0, [x20] */
	0x17fffff9,	/* b	1b */
};

static int failed;
static sigjmp_buf jump;

static int result(int good, const char *name, const char *why, long value)
{
	printf("%s - %s", good ? "ok" : "not ok", name);
	if (!good) {
		printf(" # ");
		printf(why, value);
		failed = 1;
	}
	printf("\n");
	fflush(stdout);
	return good;
}

static void on_fault(int sig)
{
	siglongjmp(jump, sig);
}

/* Return 0, or the signal that the access raised. */
static int peek(volatile uint64_t *p, uint64_t *value)
{
	int sig = sigsetjmp(jump, 1);

	if (!sig)
		*value = *p;
	return sig;
}

static int poke(volatile uint64_t *p, uint64_t value)
{
	int sig = sigsetjmp(jump, 1);

	if (!sig)
		*p = value;
	return sig;
}

/* Print the step, and wait for a line. */
static void step(const char *where, uint64_t phys)
{
	int c;

	printf("%s %#llx\n", where, (unsigned long long)phys);
	fflush(stdout);
	while ((c = getchar()) != '\n' && c != EOF)
		;
}

static uint64_t phys_of(void *va)
{
	uint64_t entry = 0;
	int fd = open("/proc/self/pagemap", O_RDONLY);

	if (fd < 0 || pread(fd, &entry, 8, (uintptr_t)va / PAGE * 8) != 8)
		entry = 0;
	close(fd);
	return (entry & ((1ULL << 55) - 1)) * PAGE;
}

/* Run until the guest stores to an unmapped address: return 0 and the data. */
static int run_to_store(int vcpu, struct kvm_run *run, uint64_t *data)
{
	int ret;

	do {
		ret = ioctl(vcpu, KVM_RUN, 0);
	} while (ret && errno == EINTR);
	if (!result(!ret, "the guest runs", "KVM_RUN: errno %ld", errno) ||
	    !result(run->exit_reason == KVM_EXIT_MMIO, "a store to an unmapped address exits",
		    "exit reason %ld", run->exit_reason))
		return -1;
	*data = 0;
	memcpy(data, run->mmio.data, run->mmio.len < 8 ? run->mmio.len : 8);
	return 0;
}

static int share_and_take(int vcpu, struct kvm_run *run, uint64_t *page, uint64_t phys)
{
	uint64_t value = 0;

	if (run_to_store(vcpu, run, &value) ||
	    !result(!value, "the guest can share its page", "error %ld", (long)value))
		return 1;
	result(!peek(page, &value) && value == WORD, "the host can read a shared page",
	       "it reads %#lx", value);
	step("shared", phys);
	if (run_to_store(vcpu, run, &value))
		return 1;
	step("first", value);
	if (run_to_store(vcpu, run, &value))
		return 1;
	step("second", value);
	return failed;
}

int main(int argc, char **argv)
{
	struct kvm_userspace_memory_region region = { .guest_phys_addr = GUEST_MEM,
						      .memory_size = 2 * PAGE };
	struct kvm_vcpu_init init = { 0 };
	struct kvm_one_reg reg;
	struct kvm_run *run;
	uint64_t *mem, value, pc = GUEST_MEM, phys, data = 0;
	int protected = 1, hold = 0, steps = 0, sharing = 0, tries = 0;
	int kvm, vm, vcpu, c, ret;

	while ((c = getopt(argc, argv, "uhsg")) != -1) {
		if (c == 'u')
			protected = 0;
		else if (c == 'h')
			hold = 1;
		else if (c == 's')
			steps = hold = 1;
		else if (c == 'g')
			sharing = 1;
		else
			return 2;
	}

	signal(SIGSEGV, on_fault);
	signal(SIGBUS, on_fault);

	kvm = open("/dev/kvm", O_RDWR);
	if (!result(kvm >= 0, "KVM is available", "errno %ld", errno))
		return 1;
	vm = ioctl(kvm, KVM_CREATE_VM, protected ? TYPE_PROTECTED : 0);
	if (!result(vm >= 0, protected ? "a protected guest is created" : "a guest is created",
		    "errno %ld", errno))
		return 1;

	mem = mmap(NULL, 2 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (mem == MAP_FAILED)
		return 2;
	if (sharing)
		memcpy(mem, sharing_code, sizeof(sharing_code));
	else
		memcpy(mem, code, sizeof(code));
	mem[PAGE / 8] = 0x5ec4e7;
	phys = phys_of(mem + PAGE / 8);

	region.userspace_addr = (uintptr_t)mem;
	vcpu = ioctl(vm, KVM_SET_USER_MEMORY_REGION, &region) ? -1 : ioctl(vm, KVM_CREATE_VCPU, 0);
	if (!result(vcpu >= 0, "the guest gets memory and a CPU", "errno %ld", errno))
		return 1;
	run = mmap(NULL, ioctl(kvm, KVM_GET_VCPU_MMAP_SIZE, 0), PROT_READ | PROT_WRITE, MAP_SHARED,
		   vcpu, 0);
	if (run == MAP_FAILED)
		return 2;

	ioctl(vm, KVM_ARM_PREFERRED_TARGET, &init);
	init.features[0] |= 1 << KVM_ARM_VCPU_PSCI_0_2;
	reg.id = CORE_REG(regs.pc);
	reg.addr = (uintptr_t)&pc;
	ret = ioctl(vcpu, KVM_ARM_VCPU_INIT, &init) ?: ioctl(vcpu, KVM_SET_ONE_REG, &reg);
	if (!result(!ret, "the guest's CPU is set up", "errno %ld", errno))
		return 1;

	if (sharing)
		return share_and_take(vcpu, run, mem + PAGE / 8, phys);

	if (steps)
		step("ready", phys);
	do {
		ret = ioctl(vcpu, KVM_RUN, 0);
		if (ret && errno == EBUSY && steps && tries < 1000) {
			if (!tries++)
				step("busy", phys);
			else
				usleep(500);
			errno = EINTR;
		}
	} while (ret && errno == EINTR);
	if (tries)
		printf("busy %d times\n", tries);
	if (!result(!ret, "the guest runs", "KVM_RUN: errno %ld", errno))
		return 1;
	if (!result(run->exit_reason == KVM_EXIT_MMIO, "a store to an unmapped address exits",
		    "exit reason %ld", run->exit_reason))
		return 1;
	memcpy(&data, run->mmio.data, run->mmio.len < 8 ? run->mmio.len : 8);
	result(run->mmio.phys_addr == GUEST_MMIO && run->mmio.is_write && data == WORD,
	       "the guest loads what it stored", "it loaded %#lx", data);

	ret = peek(mem + PAGE / 8, &value);
	if (protected) {
		result(ret == SIGSEGV, "the host cannot read the guest's data", "signal %ld", ret);
		result(poke(mem + PAGE / 8, 1) == SIGSEGV, "the host cannot write the guest's data",
		       "no signal%.0ld", 0);
		result(peek(mem, &value) == SIGSEGV, "the host cannot read the guest's code",
		       "no signal%.0ld", 0);
	} else {
		result(!ret && value == WORD, "the host can read the guest's data", "signal %ld", ret);
	}

	if (hold)
		step("held", phys);

	munmap(run, ioctl(kvm, KVM_GET_VCPU_MMAP_SIZE, 0));
	close(vcpu);
	close(vm);

	value = 0;
	ret = peek(mem + PAGE / 8, &value);
	if (protected) {
		result(!ret, "the host can read the page after the guest's end", "signal %ld", ret);
		result(value != WORD, "the returned page does not hold the guest's data",
		       "it holds %#lx", value);
		if (steps)
			step("back", phys);
		result(!poke(mem + PAGE / 8, 1), "the host can write the page after the guest's end",
		       "signal%.0ld", 0);
	}
	munmap(mem, 2 * PAGE);
	close(kvm);
	return failed;
}
