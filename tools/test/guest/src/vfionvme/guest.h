/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A guest of a few instructions, run with KVM's ioctls alone. In each run it reads the
 * words of a few pages, adds one to each, writes them to other pages, and stores the
 * last word to an unmapped address, which ends the run.
 */
#ifndef VFIONVME_GUEST_H
#define VFIONVME_GUEST_H

#include <stdbool.h>
#include <stdint.h>

#define GUEST_PAGE	4096
#define GUEST_PAGES	8		/* pages to read; as many to write */
#define GUEST_BYTES	(GUEST_PAGES * GUEST_PAGE)

/* Its memory: code at the start, then pages to read and pages to write */
#define GUEST_SIZE	(4 << 20)
#define GUEST_IN	0x1000
#define GUEST_OUT	0x200000

struct guest {
	int kvm, vm, vcpu;
	struct kvm_run *run;
	int run_size;
};

/*
 * Functions return 0 or a negative errno. @memory: GUEST_SIZE bytes, aligned to 2 MiB;
 * the guest's program is copied to its start.
 */
int guest_start(struct guest *g, bool protected, void *memory);

/* @last: the last word. -EPROTO if the run did not end with its store. */
int guest_run(struct guest *g, uint64_t *last);

void guest_stop(struct guest *g);

#endif
