/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A small user space driver for an NVMe controller: one pair of queues for admin
 * commands, and one for reads and writes of namespace 1, with an interrupt for
 * completions.
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

/* IOVA of the driver's own memory */
#define NVME_IOVA	0x20000000ULL
#define NVME_IOVA_SIZE	0x01000000ULL

struct nvme_queue {
	unsigned int id;
	volatile struct nvme_command *sq;
	volatile struct nvme_completion *cq;
	unsigned int tail, head;	/* of sq, of cq */
	unsigned int phase;		/* phase bit of a new completion */
};

struct nvme {
	struct vfio *vfio;
	volatile uint8_t *regs;
	unsigned int doorbell_shift;
	unsigned int timeout_ms;	/* for a change of CSTS.RDY */

	uint8_t *memory;		/* queues, lists and a page for Identify */
	struct nvme_queue admin, io;
	uint32_t busy;			/* a bit for each read or write in flight */

	int eventfd;
	unsigned int interrupts;	/* taken so far */

	char serial[21], model[41];
	uint64_t blocks;
	unsigned int block_size;
};

/*
 * Functions return 0 or a negative errno. If a command fails, they return its status
 * field, which is positive.
 */

/* Map the driver's memory, reset the controller and start it. */
int nvme_open(struct nvme *n, struct vfio *v);

/* Reset the controller and start it again, after its DMA failed. */
int nvme_restart(struct nvme *n);

/* Stop the controller, and unmap. */
int nvme_close(struct nvme *n);

/*
 * Start to read or write @bytes, a multiple of the block size, at most NVME_MAX_BYTES.
 * -EAGAIN: too many requests are in flight.
 */
int nvme_submit(struct nvme *n, bool write, uint64_t block, uint64_t iova, uint32_t bytes);

/* Wait for a completion. -ETIMEDOUT: timeout; -EIO: the controller has given up. */
int nvme_wait(struct nvme *n, unsigned int timeout_ms);

/* Submit a request and wait for it, with no other request in flight. */
int nvme_rw(struct nvme *n, bool write, uint64_t block, uint64_t iova, uint32_t bytes);

#endif
