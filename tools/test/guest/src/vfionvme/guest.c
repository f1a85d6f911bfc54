// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <fcntl.h>
#include <linux/kvm.h>
#include <stddef.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "guest.h"

#define GUEST_BASE	0x40000000UL
#define GUEST_MMIO	0x0a000000UL	/* unmapped */
#define TYPE_PROTECTED	(1UL << 31)	/* KVM_VM_TYPE_ARM_PROTECTED */

#define CORE_REG(x)	(KVM_REG_ARM64 | KVM_REG_SIZE_U64 | KVM_REG_ARM_CORE | KVM_REG_ARM_CORE_REG(x))

#define TEXT(x)		TEXT_(x)
#define TEXT_(x)	#x

/* The guest's program; it uses GUEST_BASE + GUEST_IN, + GUEST_OUT, and GUEST_MMIO. */
asm(
"	.pushsection .rodata, \"a\"\n"
"	.balign	4\n"
"	.globl	guest_code, guest_code_end\n"
"guest_code:\n"
"1:	movz	x0, #0x4000, lsl #16\n"
"	movk	x0, #" TEXT(GUEST_IN) "\n"
"	movz	x1, #0x4000 + " TEXT(GUEST_OUT) " / 0x10000, lsl #16\n"
"	mov	x2, #" TEXT(GUEST_PAGES) " * " TEXT(GUEST_PAGE) " / 8\n"
"2:	ldr	x3, [x0], #8\n"
"	add	x3, x3, #1\n"
"	str	x3, [x1], #8\n"
"	subs	x2, x2, #1\n"
"	b.ne	2b\n"
"	movz	x4, #0x0a00, lsl #16\n"
"	str	x3, [x4]\n"
"	b	1b\n"
"guest_code_end:\n"
"	.popsection\n"
);

extern const char guest_code[], guest_code_end[];

/* After an error the caller must call guest_stop(). */
static int set_up(struct guest *g, bool protected, void *memory)
{
	struct kvm_userspace_memory_region region = {
		.guest_phys_addr = GUEST_BASE,
		.memory_size = GUEST_SIZE,
		.userspace_addr = (uintptr_t)memory,
	};
	struct kvm_vcpu_init init = { 0 };
	uint64_t pc = GUEST_BASE;
	struct kvm_one_reg reg = {
		.id = CORE_REG(regs.pc),
		.addr = (uintptr_t)&pc,
	};

	g->kvm = open("/dev/kvm", O_RDWR | O_CLOEXEC);
	if (g->kvm < 0)
		return -errno;

	g->vm = ioctl(g->kvm, KVM_CREATE_VM, protected ? TYPE_PROTECTED : 0);
	if (g->vm < 0 || ioctl(g->vm, KVM_SET_USER_MEMORY_REGION, &region))
		return -errno;

	g->vcpu = ioctl(g->vm, KVM_CREATE_VCPU, 0);
	if (g->vcpu < 0)
		return -errno;

	g->run_size = ioctl(g->kvm, KVM_GET_VCPU_MMAP_SIZE, 0);
	g->run = mmap(NULL, g->run_size, PROT_READ | PROT_WRITE, MAP_SHARED, g->vcpu, 0);
	if (g->run == MAP_FAILED)
		return -errno;

	if (ioctl(g->vm, KVM_ARM_PREFERRED_TARGET, &init))
		return -errno;
	init.features[0] |= 1 << KVM_ARM_VCPU_PSCI_0_2;
	if (ioctl(g->vcpu, KVM_ARM_VCPU_INIT, &init) || ioctl(g->vcpu, KVM_SET_ONE_REG, &reg))
		return -errno;

	return 0;
}

int guest_start(struct guest *g, bool protected, void *memory)
{
	int ret;

	*g = (struct guest){ .kvm = -1, .vm = -1, .vcpu = -1, .run = MAP_FAILED };

	memcpy(memory, guest_code, guest_code_end - guest_code);
	__builtin___clear_cache(memory, (char *)memory + (guest_code_end - guest_code));

	ret = set_up(g, protected, memory);
	if (ret)
		guest_stop(g);

	return ret;
}

int guest_run(struct guest *g, uint64_t *last)
{
	int ret;

	do {
		ret = ioctl(g->vcpu, KVM_RUN, 0);
	} while (ret && errno == EINTR);
	if (ret)
		return -errno;

	if (g->run->exit_reason != KVM_EXIT_MMIO || !g->run->mmio.is_write ||
	    g->run->mmio.phys_addr != GUEST_MMIO || g->run->mmio.len != sizeof(*last))
		return -EPROTO;
	memcpy(last, g->run->mmio.data, sizeof(*last));

	return 0;
}

void guest_stop(struct guest *g)
{
	if (g->run != MAP_FAILED)
		munmap(g->run, g->run_size);
	if (g->vcpu >= 0)
		close(g->vcpu);
	if (g->vm >= 0)
		close(g->vm);
	if (g->kvm >= 0)
		close(g->kvm);
}
