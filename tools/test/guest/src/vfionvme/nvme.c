// SPDX-License-Identifier: GPL-2.0-only
#define _GNU_SOURCE
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#include "nvme.h"

/* Registers */
#define REG_CAP		0x00		/* 64 bits */
#define REG_CC		0x14
#define REG_CSTS	0x1c
#define REG_AQA		0x24
#define REG_ASQ		0x28		/* 64 bits */
#define REG_ACQ		0x30		/* 64 bits */
#define REG_DOORBELLS	0x1000
#define REG_SIZE	0x2000

#define CAP_TIMEOUT(cap)	((cap) >> 24 & 0xff)	/* in 500 ms */
#define CAP_STRIDE(cap)		((cap) >> 32 & 0xf)	/* doorbells are 4 << stride bytes apart */
#define CC_ENABLE		(1 << 0)
#define CC_ENTRY_SIZES		(6 << 16 | 4 << 20)	/* 64 and 16 bytes */
#define CSTS_READY		(1 << 0)
#define CSTS_FATAL		(1 << 1)

/* Commands */
#define ADMIN_CREATE_SQ		0x01
#define ADMIN_CREATE_CQ		0x05
#define ADMIN_IDENTIFY		0x06
#define IO_WRITE		0x01
#define IO_READ			0x02

#define IDENTIFY_NAMESPACE	0
#define IDENTIFY_CONTROLLER	1
#define QUEUE_CONTIGUOUS	(1 << 0)
#define QUEUE_INTERRUPT		(1 << 1)	/* by vector 0 */
#define NAMESPACE		1

#define COMMAND_TIMEOUT_MS	30000

struct nvme_command {
	uint8_t opcode, flags;
	uint16_t id;
	uint32_t nsid;
	uint64_t reserved, metadata;
	uint64_t prp1, prp2;
	uint32_t dw10, dw11, dw12, dw13, dw14, dw15;
};

struct nvme_completion {
	uint32_t result, reserved;
	uint16_t sq_head, sq_id;
	uint16_t id;
	uint16_t status;	/* phase in bit 0 */
};

_Static_assert(sizeof(struct nvme_command) == 64, "size in the specification");
_Static_assert(sizeof(struct nvme_completion) == 16, "size in the specification");

/* Pages of the driver's memory */
enum {
	PAGE_ADMIN_SQ,
	PAGE_ADMIN_CQ,
	PAGE_IO_SQ,
	PAGE_IO_CQ,
	PAGE_IDENTIFY,
	PAGE_LISTS,		/* one for each command in flight */
	PAGES = PAGE_LISTS + NVME_ENTRIES,
};

static uint64_t iova_of(unsigned int page)
{
	return NVME_IOVA + page * NVME_PAGE;
}

static void *va_of(struct nvme *n, unsigned int page)
{
	return n->memory + page * NVME_PAGE;
}

/* Make earlier stores visible to the device before later ones. */
static void barrier(void)
{
	asm volatile("dsb sy" : : : "memory");
}

static uint32_t read32(struct nvme *n, unsigned int reg)
{
	uint32_t val = *(volatile uint32_t *)(n->regs + reg);

	barrier();
	return val;
}

static void write32(struct nvme *n, unsigned int reg, uint32_t val)
{
	barrier();
	*(volatile uint32_t *)(n->regs + reg) = val;
}

static void write64(struct nvme *n, unsigned int reg, uint64_t val)
{
	write32(n, reg, val);
	write32(n, reg + 4, val >> 32);
}

static unsigned int doorbell(struct nvme *n, struct nvme_queue *q, bool completions)
{
	return REG_DOORBELLS + ((2 * q->id + completions) << n->doorbell_shift);
}

static uint64_t now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000ULL + t.tv_nsec / 1000000;
}

/*
 * Queues
 */

static void queue_init(struct nvme *n, struct nvme_queue *q, unsigned int id,
		       unsigned int sq_page, unsigned int cq_page)
{
	memset(va_of(n, sq_page), 0, NVME_PAGE);
	memset(va_of(n, cq_page), 0, NVME_PAGE);
	*q = (struct nvme_queue){
		.id = id,
		.sq = va_of(n, sq_page),
		.cq = va_of(n, cq_page),
		.phase = 1,
	};
}

static void queue_submit(struct nvme *n, struct nvme_queue *q, const struct nvme_command *c)
{
	q->sq[q->tail] = *c;
	q->tail = (q->tail + 1) % NVME_ENTRIES;
	write32(n, doorbell(n, q, false), q->tail);
}

/* Take a completion, with its command's ID and status; return false if there is none. */
static bool queue_take(struct nvme *n, struct nvme_queue *q, unsigned int *id, int *status)
{
	uint16_t word = q->cq[q->head].status;

	if ((word & 1) != q->phase)
		return false;
	barrier();
	*id = q->cq[q->head].id;
	*status = word >> 1 & 0x7ff;

	q->head = (q->head + 1) % NVME_ENTRIES;
	if (!q->head)
		q->phase ^= 1;
	write32(n, doorbell(n, q, true), q->head);

	return true;
}

/* Execute an admin command and poll for its completion. */
static int admin(struct nvme *n, const struct nvme_command *c)
{
	uint64_t end = now_ms() + COMMAND_TIMEOUT_MS;
	unsigned int id;
	int status;

	queue_submit(n, &n->admin, c);
	while (!queue_take(n, &n->admin, &id, &status)) {
		if (read32(n, REG_CSTS) & CSTS_FATAL)
			return -EIO;
		if (now_ms() > end)
			return -ETIMEDOUT;
		usleep(1000);
	}

	return status;
}

static int identify(struct nvme *n, unsigned int what, uint32_t nsid)
{
	struct nvme_command c = {
		.opcode = ADMIN_IDENTIFY,
		.nsid = nsid,
		.prp1 = iova_of(PAGE_IDENTIFY),
		.dw10 = what,
	};

	memset(va_of(n, PAGE_IDENTIFY), 0, NVME_PAGE);
	return admin(n, &c);
}

static int create_queues(struct nvme *n)
{
	uint32_t size_and_id = (NVME_ENTRIES - 1) << 16 | n->io.id;
	struct nvme_command cq = {
		.opcode = ADMIN_CREATE_CQ,
		.prp1 = iova_of(PAGE_IO_CQ),
		.dw10 = size_and_id,
		.dw11 = QUEUE_CONTIGUOUS | QUEUE_INTERRUPT,
	};
	struct nvme_command sq = {
		.opcode = ADMIN_CREATE_SQ,
		.prp1 = iova_of(PAGE_IO_SQ),
		.dw10 = size_and_id,
		.dw11 = n->io.id << 16 | QUEUE_CONTIGUOUS,
	};

	return admin(n, &cq) ?: admin(n, &sq);
}

/*
 * The controller
 */

static int wait_ready(struct nvme *n, uint32_t ready)
{
	uint64_t end = now_ms() + n->timeout_ms;

	while ((read32(n, REG_CSTS) & CSTS_READY) != ready) {
		if (now_ms() > end)
			return -ETIMEDOUT;
		usleep(1000);
	}

	return 0;
}

static int disable(struct nvme *n)
{
	write32(n, REG_CC, 0);

	return wait_ready(n, 0);
}

static int enable(struct nvme *n)
{
	queue_init(n, &n->admin, 0, PAGE_ADMIN_SQ, PAGE_ADMIN_CQ);
	queue_init(n, &n->io, 1, PAGE_IO_SQ, PAGE_IO_CQ);
	n->busy = 0;

	write32(n, REG_AQA, (NVME_ENTRIES - 1) << 16 | (NVME_ENTRIES - 1));
	write64(n, REG_ASQ, iova_of(PAGE_ADMIN_SQ));
	write64(n, REG_ACQ, iova_of(PAGE_ADMIN_CQ));
	write32(n, REG_CC, CC_ENTRY_SIZES | CC_ENABLE);

	return wait_ready(n, CSTS_READY);
}

static void copy_string(char *to, const uint8_t *from, size_t len)
{
	memcpy(to, from, len);
	while (len && (to[len - 1] == ' ' || !to[len - 1]))
		len--;
	to[len] = 0;
}

static int identify_all(struct nvme *n)
{
	const uint8_t *page = va_of(n, PAGE_IDENTIFY);
	uint32_t format;
	int ret;

	ret = identify(n, IDENTIFY_CONTROLLER, 0);
	if (ret)
		return ret;
	copy_string(n->serial, page + 4, 20);
	copy_string(n->model, page + 24, 40);

	ret = identify(n, IDENTIFY_NAMESPACE, NAMESPACE);
	if (ret)
		return ret;
	memcpy(&n->blocks, page, sizeof(n->blocks));
	/* the format in use; the list is at offset 128 */
	memcpy(&format, page + 128 + (page[26] & 0xf) * sizeof(format), sizeof(format));
	n->block_size = 1U << (format >> 16 & 0xff);

	return 0;
}

int nvme_restart(struct nvme *n)
{
	return disable(n) ?: enable(n) ?: identify_all(n) ?: create_queues(n);
}

static int map_memory(struct nvme *n)
{
	n->memory = mmap(NULL, PAGES * NVME_PAGE, PROT_READ | PROT_WRITE,
			 MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (n->memory == MAP_FAILED)
		return -ENOMEM;

	return vfio_map(n->vfio, n->memory, NVME_IOVA, PAGES * NVME_PAGE);
}

int nvme_open(struct nvme *n, struct vfio *v)
{
	uint64_t cap;
	int ret;

	memset(n, 0, sizeof(*n));
	n->vfio = v;

	n->eventfd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (n->eventfd < 0)
		return -errno;

	n->regs = vfio_map_bar(v, 0, REG_SIZE);
	if (!n->regs)
		return -ENODEV;

	ret = map_memory(n) ?: vfio_set_msix(v, n->eventfd) ?: vfio_enable(v);
	if (ret)
		return ret;

	cap = read32(n, REG_CAP) | (uint64_t)read32(n, REG_CAP + 4) << 32;
	n->doorbell_shift = 2 + CAP_STRIDE(cap);
	n->timeout_ms = (CAP_TIMEOUT(cap) + 1) * 500 + COMMAND_TIMEOUT_MS;

	return nvme_restart(n);
}

int nvme_close(struct nvme *n)
{
	int ret = disable(n) ?: vfio_unmap(n->vfio, NVME_IOVA, PAGES * NVME_PAGE);

	munmap(n->memory, PAGES * NVME_PAGE);
	munmap((void *)n->regs, REG_SIZE);
	close(n->eventfd);

	return ret;
}

/*
 * Reads and writes
 */

/*
 * A command has the address of the first page, and that of the second page or, if
 * there are more, of a list of the other pages.
 */
static void set_pages(struct nvme *n, struct nvme_command *c, uint64_t iova, uint32_t bytes)
{
	uint64_t *list = va_of(n, PAGE_LISTS + c->id);
	uint64_t page = iova & ~(uint64_t)(NVME_PAGE - 1);
	unsigned int i, nr = (iova + bytes - 1 - page) / NVME_PAGE;

	c->prp1 = iova;
	if (nr == 1)
		c->prp2 = page + NVME_PAGE;
	else if (nr)
		c->prp2 = iova_of(PAGE_LISTS + c->id);
	for (i = 0; i < nr; i++)
		list[i] = page + (i + 1) * NVME_PAGE;
}

int nvme_submit(struct nvme *n, bool write, uint64_t block, uint64_t iova, uint32_t bytes)
{
	struct nvme_command c = {
		.opcode = write ? IO_WRITE : IO_READ,
		.nsid = NAMESPACE,
		.dw10 = block,
		.dw11 = block >> 32,
		.dw12 = bytes / n->block_size - 1,
	};

	if (!bytes || bytes > NVME_MAX_BYTES || bytes % n->block_size || iova % 4)
		return -EINVAL;

	while (c.id < NVME_DEPTH && n->busy & 1U << c.id)
		c.id++;
	if (c.id == NVME_DEPTH)
		return -EAGAIN;
	n->busy |= 1U << c.id;

	set_pages(n, &c, iova, bytes);
	queue_submit(n, &n->io, &c);

	return 0;
}

/* Wait for an interrupt, with a timeout: the controller may have given up. */
static void wait_interrupt(struct nvme *n)
{
	struct pollfd p = { .fd = n->eventfd, .events = POLLIN };
	uint64_t count;

	poll(&p, 1, 100);
	if (read(n->eventfd, &count, sizeof(count)) == sizeof(count))
		n->interrupts += count;
}

int nvme_wait(struct nvme *n, unsigned int timeout_ms)
{
	uint64_t end = now_ms() + timeout_ms;
	unsigned int id;
	int status;

	while (!queue_take(n, &n->io, &id, &status)) {
		if (read32(n, REG_CSTS) & CSTS_FATAL)
			return -EIO;
		if (now_ms() > end)
			return -ETIMEDOUT;
		wait_interrupt(n);
	}
	if (id >= NVME_DEPTH || !(n->busy & 1U << id))
		return -EPROTO;
	n->busy &= ~(1U << id);

	return status;
}

int nvme_rw(struct nvme *n, bool write, uint64_t block, uint64_t iova, uint32_t bytes)
{
	return nvme_submit(n, write, block, iova, bytes) ?: nvme_wait(n, COMMAND_TIMEOUT_MS);
}
