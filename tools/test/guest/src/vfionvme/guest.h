/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A guest of a few instructions, by KVM's ioctls alone. Each time it runs it
 * adds one to the words of a few pages, into other pages, and stores the last
 * of them to an address that has nothing behind it, which ends the run.
 */
#ifndef VFIONVME_GUEST_H
#define VFIONVME_GUEST_H

#include <stdbool.h>
#include <stdint.h>

#define GUEST_PAGE	4096
#define GUEST_PAGES	8		/* that it reads, and that it writes */
#define GUEST_BYTES	(GUEST_PAGES * GUEST_PAGE)

/* Its memory: code at the start, and where it reads and writes. */
#define GUEST_SIZE	(4 << 20)
#define GUEST_IN	0x1000
#define GUEST_OUT	0x200000

struct guest {
	int kvm, vm, vcpu;
	struct kvm_run *run;
	int run_size;
};

/*
 * Functions return 0 or a negative errno. @memory: GUEST_SIZE bytes, on a
 * boundary of 2 MiB; the guest's program is written to its start.
 */
int guest_start(struct guest *g, bool protected, void *memory);

/* @last: what it has stored. -EPROTO if it ended otherwise. */
int guest_run(struct guest *g, uint64_t *last);

void guest_stop(struct guest *g);

#endif
