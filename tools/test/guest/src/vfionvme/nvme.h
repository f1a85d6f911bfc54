/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A small driver for an NVMe controller, in user space: one pair of queues for
 * commands to the controller, one for reads and writes of namespace 1, whose
 * completions come with an interrupt.
 */
#ifndef VFIONVME_NVME_H
#define VFIONVME_NVME_H

#include <stdbool.h>
#include <stdint.h>

#include "vfio.h"

#define NVME_PAGE	4096
#define NVME_ENTRIES	32		/* of each queue */
#define NVME_DEPTH	(NVME_ENTRIES - 1)	/* commands in flight: a full ring looks empty */
#define NVME_MAX_BYTES	(64 * 1024)	/* of one command */

/* What the driver itself maps for the controller is here. */
#define NVME_IOVA	0x20000000ULL
#define NVME_IOVA_SIZE	0x01000000ULL

struct nvme_queue {
	unsigned int id;
	volatile struct nvme_command *sq;
	volatile struct nvme_completion *cq;
	unsigned int tail, head;	/* of sq, of cq */
	unsigned int phase;		/* what a new completion has */
};

struct nvme {
	struct vfio *vfio;
	volatile uint8_t *regs;
	unsigned int doorbell_shift;
	unsigned int timeout_ms;	/* to become ready, or not */

	uint8_t *memory;		/* queues, lists and a page to identify to */
	struct nvme_queue admin, io;
	uint32_t busy;			/* a bit for each read or write in flight */

	int eventfd;
	unsigned int interrupts;	/* taken so far */

	char serial[21], model[41];
	uint64_t blocks;
	unsigned int block_size;
};

/*
 * Functions return 0 or a negative errno. Where a command ends in an error, they
 * return its status field, which is positive.
 */

/* Map what the driver needs, reset the controller and start it. */
int nvme_open(struct nvme *n, struct vfio *v);

/* Reset the controller and start it again: after it could not do its DMA. */
int nvme_restart(struct nvme *n);

/* Stop the controller, and unmap. */
int nvme_close(struct nvme *n);

/*
 * Start to read or write @bytes, at most NVME_MAX_BYTES, a multiple of the block
 * size. -EAGAIN: too many are in flight.
 */
int nvme_submit(struct nvme *n, bool write, uint64_t block, uint64_t iova, uint32_t bytes);

/* Wait for one that was started. -ETIMEDOUT; -EIO: the controller has given up. */
int nvme_wait(struct nvme *n, unsigned int timeout_ms);

/* Both, for one that nothing else is in flight with. */
int nvme_rw(struct nvme *n, bool write, uint64_t block, uint64_t iova, uint32_t bytes);

#endif
