/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The description of a driver's IOMMUs, and of the devices behind them, which the
 * host passes to the protected KVM hypervisor while the host is still trusted.
 *
 * The description is one physically contiguous blob, aligned to a page. It
 * consists of the following parts, in this order and without gaps:
 *
 *	struct pkvm_iommu_desc			the header
 *	struct pkvm_iommu_desc_iommu	[nr_iommus]
 *	struct pkvm_iommu_desc_endpoint	[nr_endpoints]
 *	struct pkvm_iommu_desc_stream	[nr_streams]
 *	the driver's part, drv_size bytes
 *
 * An endpoint is a device with a device tree node of its own. It owns a run of
 * consecutive streams.
 *
 * The host donates the pages of the blob and the pages after it, as many as the
 * driver needs at EL2 for its own state. It cannot read them after
 * __pkvm_iommu_init.
 */
#ifndef __LINUX_PKVM_IOMMU_DESC_H
#define __LINUX_PKVM_IOMMU_DESC_H

#include <linux/types.h>

#define PKVM_IOMMU_DESC_VERSION		3

#define PKVM_IOMMU_MAX_IOMMUS		8
#define PKVM_IOMMU_MAX_ENDPOINTS	1024
#define PKVM_IOMMU_MAX_STREAMS		4096
#define PKVM_IOMMU_MAX_RESERVED_IDS	2
#define PKVM_IOMMU_MAX_DRV_SIZE		(128 * 1024)

/**
 * struct pkvm_iommu_desc - header
 * @magic: magic number of the driver
 * @version: PKVM_IOMMU_DESC_VERSION
 * @size: bytes of the blob, including the header
 * @nr_pages: number of pages donated, for the blob and the driver's state
 * @sid_bits: number of bits of a stream ID, 1..32
 * @nr_iommus: 1..PKVM_IOMMU_MAX_IOMMUS
 * @nr_endpoints: 0..PKVM_IOMMU_MAX_ENDPOINTS
 * @nr_streams: 0..PKVM_IOMMU_MAX_STREAMS
 * @nr_reserved_ids: 0..PKVM_IOMMU_MAX_RESERVED_IDS
 * @reserved_id: stream IDs that no device may have, because the system gives them
 *		 a special meaning
 * @drv_size: bytes of the driver's part, a multiple of 8
 */
struct pkvm_iommu_desc {
	u32 magic;
	u32 version;
	u32 size;
	u32 nr_pages;
	u32 sid_bits;
	u32 nr_iommus;
	u32 nr_endpoints;
	u32 nr_streams;
	u32 nr_reserved_ids;
	u32 reserved_id[PKVM_IOMMU_MAX_RESERVED_IDS];
	u32 drv_size;
};

/**
 * struct pkvm_iommu_desc_iommu - an IOMMU
 * @ignored: stream ID bits that this IOMMU ignores
 * @reserved: zero
 */
struct pkvm_iommu_desc_iommu {
	u32 ignored;
	u32 reserved;
};

/**
 * struct pkvm_iommu_desc_endpoint - a device
 * @first_stream: index of its first stream
 * @nr_streams: number of its streams
 */
struct pkvm_iommu_desc_endpoint {
	u32 first_stream;
	u32 nr_streams;
};

/**
 * struct pkvm_iommu_desc_stream - stream IDs of an endpoint
 * @iommu: index of the IOMMU
 * @sid: the stream ID, or the first one of a run
 * @mask: stream ID bits that are ignored; 0 unless @nr is 1
 * @nr: number of consecutive stream IDs; "iommu-map" describes runs
 */
struct pkvm_iommu_desc_stream {
	u32 iommu;
	u32 sid;
	u32 mask;
	u32 nr;
};

/**
 * struct pkvm_iommu_layout - the parts of a description
 * @desc: the header
 * @iommus: array of @desc->nr_iommus elements
 * @endpoints: array of @desc->nr_endpoints elements
 * @streams: array of @desc->nr_streams elements
 * @drv: the driver's part
 */
struct pkvm_iommu_layout {
	const struct pkvm_iommu_desc *desc;
	const struct pkvm_iommu_desc_iommu *iommus;
	const struct pkvm_iommu_desc_endpoint *endpoints;
	const struct pkvm_iommu_desc_stream *streams;
	const void *drv;
};

size_t pkvm_iommu_desc_size(const struct pkvm_iommu_desc *desc);
void pkvm_iommu_decode(struct pkvm_iommu_layout *l, const void *blob);
bool pkvm_iommu_ids_overlap(u32 id, u32 mask, u32 other_id, u32 other_mask);
int pkvm_iommu_check_stream(const struct pkvm_iommu_layout *l,
			    const struct pkvm_iommu_desc_stream *s);
bool pkvm_iommu_streams_collide(const struct pkvm_iommu_layout *l,
				const struct pkvm_iommu_desc_stream *a,
				const struct pkvm_iommu_desc_stream *b);
bool pkvm_iommu_stream_matches(const struct pkvm_iommu_layout *l,
			       const struct pkvm_iommu_desc_stream *s, u32 id);
int pkvm_iommu_check(struct pkvm_iommu_layout *l, const void *blob, size_t room, u32 magic);
int pkvm_iommu_find_stream(const struct pkvm_iommu_layout *l, u32 iommu, u32 endpoint, u32 sid);

#endif /* __LINUX_PKVM_IOMMU_DESC_H */
