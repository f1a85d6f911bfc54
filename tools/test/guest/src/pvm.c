// SPDX-License-Identifier: GPL-2.0-only
/*
 * pvm [-u] [-h] [-s | -g]: run a protected guest of a few instructions, by KVM's ioctls
 * alone.
 *
 * The guest has two pages, its code and its data. It stores a word to its data
 * page, loads it again and stores it to an address that has nothing behind it,
 * which ends KVM_RUN. By then both pages belong to the guest: a host access to
 * them must end in SIGSEGV. When the guest is gone the host gets them back,
 * without what was in them.
 *
 * -u  the same guest, not protected: the host may read its pages
 * -h  while the guest lives, print `held PHYS` with the physical address of its
 *     data page and wait for a line on stdin
 * -s  step by step: a line as with -h, and wait, at each of
 *	ready PHYS	the page is still the host's
 *	busy PHYS	KVM_RUN failed, because a device can reach the page; then
 *			it is tried again, at most 1000 times
 *	held PHYS	the guest has it
 *	back PHYS	the guest is gone, the page is the host's again
 * -g  another guest, that shares its page with the host and takes it back twice,
 *     step by step: a line, and wait, at each of
 *	shared PHYS	the host has it, too
 *	first RESULT	of the guest's attempt to take it back; 0: it has
 *	second RESULT	of another
 *
 * Prints a line per result; exit status 1 if one is not ok.
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
	0xd2a14003,	/* mov	x3, #0x0a000000		nothing is there */
	0xf9000062,	/* str	x2, [x3] */
	0x14000000,	/* b	. */
};

/* Its page is shared, and taken back again and again; each result is stored. */
static const uint32_t sharing_code[] = {
	0xd2a80013,	/* mov	x19, #0x40000000 */
	0xf2820013,	/* movk	x19, #0x1000		the data page */
	0xd297dde1,	/* mov	x1, #0xbeef */
	0xf9000261,	/* str	x1, [x19] */
	0xd2a14014,	/* mov	x20, #0x0a000000	nothing is there */
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

/* 0, or the signal that the access ended in. */
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

/* Say where we are, and wait to be told to go on. */
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

/* Until it stores to where nothing is: returns 0 and what it stores. */
static int run_to_store(int vcpu, struct kvm_run *run, uint64_t *data)
{
	int ret;

	do {
		ret = ioctl(vcpu, KVM_RUN, 0);
	} while (ret && errno == EINTR);
	if (!result(!ret, "it runs", "KVM_RUN: errno %ld", errno) ||
	    !result(run->exit_reason == KVM_EXIT_MMIO, "it ends where there is nothing",
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
	    !result(!value, "it shares its page", "error %ld", (long)value))
		return 1;
	result(!peek(page, &value) && value == WORD, "the host reads it", "it is %#lx", value);
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
	if (!result(kvm >= 0, "KVM is there", "errno %ld", errno))
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
	if (!result(vcpu >= 0, "it has memory and a CPU", "errno %ld", errno))
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
	if (!result(!ret, "its CPU is set up", "errno %ld", errno))
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
	if (!result(!ret, "it runs", "KVM_RUN: errno %ld", errno))
		return 1;
	if (!result(run->exit_reason == KVM_EXIT_MMIO, "it ends where there is nothing",
		    "exit reason %ld", run->exit_reason))
		return 1;
	memcpy(&data, run->mmio.data, run->mmio.len < 8 ? run->mmio.len : 8);
	result(run->mmio.phys_addr == GUEST_MMIO && run->mmio.is_write && data == WORD,
	       "with what it had stored and loaded", "it wrote %#lx", data);

	ret = peek(mem + PAGE / 8, &value);
	if (protected) {
		result(ret == SIGSEGV, "the host cannot read its data", "signal %ld", ret);
		result(poke(mem + PAGE / 8, 1) == SIGSEGV, "nor write them", "no signal%.0ld", 0);
		result(peek(mem, &value) == SIGSEGV, "nor read its code", "no signal%.0ld", 0);
	} else {
		result(!ret && value == WORD, "the host reads its data", "signal %ld", ret);
	}

	if (hold)
		step("held", phys);

	munmap(run, ioctl(kvm, KVM_GET_VCPU_MMAP_SIZE, 0));
	close(vcpu);
	close(vm);

	value = 0;
	ret = peek(mem + PAGE / 8, &value);
	if (protected) {
		result(!ret, "gone, it gives its pages back", "signal %ld", ret);
		result(value != WORD, "without what it had in them", "they hold %#lx", value);
		if (steps)
			step("back", phys);
		result(!poke(mem + PAGE / 8, 1), "and the host may write them", "signal%.0ld", 0);
	}
	munmap(mem, 2 * PAGE);
	close(kvm);
	return failed;
}
