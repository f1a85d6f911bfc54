/* SPDX-License-Identifier: GPL-2.0-only WITH Linux-syscall-note */
/*
 * Interface of the driver of the programmable bus master: /dev/busmasterN for user
 * space, functions for other modules.
 *
 * On command the bus master reads or writes up to 4096 bytes at a bus address. Buffers
 * are mapped by the DMA API, as for any driver: each has an ID, a bus address (its IOVA)
 * and pages. When a streaming buffer is unmapped, its pages and its IOVA stay known, so
 * that a test can access an address that is no longer mapped.
 */
#ifndef _BUSMASTER_H
#define _BUSMASTER_H

#include <linux/ioctl.h>
#include <linux/types.h>

#define BM_MAX_LEN	4096		/* of one transfer */
#define BM_MAX_SIZE	(1 << 20)	/* of one buffer */
#define BM_MAX_BUFFERS	64

#define BM_AS_DESCRIBED	0xffffffffU	/* client or sid: the device tree's */

struct bm_info {
	__u32 client_read;	/* memory controller client, BM_AS_DESCRIBED: none */
	__u32 client_write;
	__u32 sid;		/* BM_AS_DESCRIBED: the device has no IOMMU */
	__u32 translated;	/* 1 if its domain translates */
};

enum bm_dir {
	BM_BIDIRECTIONAL,
	BM_TO_DEVICE,		/* the device may read */
	BM_FROM_DEVICE,		/* the device may write */
};

struct bm_buffer {
	__u32 id;		/* out for BM_ALLOC, in for others */
	__u32 size;
	__u32 dir;		/* enum bm_dir */
	__u32 coherent;		/* dma_alloc_coherent(), not dma_map_page() */
	__u64 iova;		/* out */
	__u64 phys;		/* out: of the first page */
};

struct bm_rw {
	__u32 id;
	__u32 write;		/* 1: the CPU writes the buffer */
	__u32 offset;
	__u32 len;
	__u64 data;		/* user pointer */
};

#define BM_F_WRITE	(1 << 0)	/* the device writes memory */
#define BM_F_LOOP	(1 << 1)	/* repeat until BM_STOP */
#define BM_F_PRIV	(1 << 2)
#define BM_F_INSN	(1 << 3)

#define BM_S_DONE	(1 << 0)
#define BM_S_ERROR	(1 << 1)	/* the (last) transfer was aborted */
#define BM_S_RUNNING	(1 << 2)

struct bm_xfer {
	__u32 client;		/* or BM_AS_DESCRIBED */
	__u32 sid;		/* or BM_AS_DESCRIBED */
	__u32 flags;
	__u32 len;
	__u64 addr;
	__u32 period_us;	/* with BM_F_LOOP */
	__u32 status;		/* out, like all following fields */
	__u32 ok_count;
	__u32 err_count;
	__u64 data;		/* user pointer: in for BM_F_WRITE, else out */
};

struct bm_lookup {
	__u64 iova;
	__u64 phys;		/* out: iommu_iova_to_phys(), 0 if unmapped */
};

#define BM_INFO		_IOR('B', 0, struct bm_info)
#define BM_ALLOC	_IOWR('B', 1, struct bm_buffer)
#define BM_MAP		_IOWR('B', 2, struct bm_buffer)	/* again, after BM_UNMAP */
#define BM_UNMAP	_IO('B', 3)
#define BM_FREE		_IO('B', 4)
#define BM_RW		_IOW('B', 5, struct bm_rw)
#define BM_XFER		_IOWR('B', 6, struct bm_xfer)
#define BM_STATUS	_IOWR('B', 7, struct bm_xfer)
#define BM_STOP		_IO('B', 8)
#define BM_LOOKUP	_IOWR('B', 9, struct bm_lookup)

#ifdef __KERNEL__
struct bm;
struct device;

/* Return the bus master with this number, or NULL; valid while busmaster.ko is loaded. */
struct bm *bm_get(unsigned int number);
struct device *bm_device(struct bm *bm);
/* Return the physical address of its registers. */
phys_addr_t bm_registers(struct bm *bm);
void bm_describe(struct bm *bm, struct bm_info *info);
/* Do one transfer; @data is kernel memory, and xfer->data is ignored. */
void bm_transfer(struct bm *bm, struct bm_xfer *xfer, void *data);

/* Do one transfer; return true if it completed. */
static inline bool bm_once(struct bm *bm, u32 client, u32 sid, u32 flags, u64 addr, void *data,
			   u32 len)
{
	struct bm_xfer x = {
		.client = client,
		.sid = sid,
		.flags = flags,
		.addr = addr,
		.len = len,
	};

	bm_transfer(bm, &x, data);
	return (x.status & BM_S_DONE) && !(x.status & BM_S_ERROR) && x.ok_count == 1;
}

/* The same with the client and the stream ID of its device tree node. */
static inline bool bm_dma(struct bm *bm, u32 flags, u64 addr, void *data, u32 len)
{
	return bm_once(bm, BM_AS_DESCRIBED, BM_AS_DESCRIBED, flags, addr, data, len);
}

/* Get the status of a loop; @data may be NULL. */
void bm_status(struct bm *bm, struct bm_xfer *xfer, void *data);
void bm_stop(struct bm *bm);
#endif

#endif /* _BUSMASTER_H */
