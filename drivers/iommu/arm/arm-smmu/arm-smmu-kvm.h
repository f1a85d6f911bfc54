/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The description of a system's SMMUv2s, and of the memory controller that
 * gives devices their stream IDs, as the host passes it to the hypervisor
 * while it is still trusted.
 *
 * It is one physically contiguous blob that starts on a page, a header and
 * then, without gaps and in this order:
 *
 *	struct smmu_kvm_desc			the header
 *	struct smmu_kvm_desc_smmu	[nr_smmus]
 *	struct smmu_kvm_desc_endpoint	[nr_endpoints]
 *	struct smmu_kvm_desc_stream	[nr_streams]
 *	struct smmu_kvm_desc_client	[nr_clients]
 *	u32 client index		[nr_client_refs]
 *
 * An endpoint is a device tree node that does DMA. It owns a run of streams
 * and a run of client references. Where it has clients, it has exactly one
 * stream: the memory controller can give a client one stream ID.
 *
 * The pages of the blob, and as many behind it as the hypervisor needs for its
 * own state, are donated: after __pkvm_iommu_init the host cannot read them.
 */
#ifndef _ARM_SMMU_KVM_H
#define _ARM_SMMU_KVM_H

#include <linux/bits.h>
#include <linux/types.h>

#define SMMU_KVM_DESC_MAGIC		0x32564d53	/* "SMV2" */
#define SMMU_KVM_DESC_VERSION		1

#define SMMU_KVM_MAX_SMMUS		8
#define SMMU_KVM_MAX_INSTANCES		2
#define SMMU_KVM_MAX_ENDPOINTS		1024
#define SMMU_KVM_MAX_STREAMS		4096
#define SMMU_KVM_MAX_CLIENTS		512
#define SMMU_KVM_MAX_CLIENT_REFS	2048
#define SMMU_KVM_MAX_MC_ALIASES		20

/* struct smmu_kvm_desc::flags */
#define SMMU_KVM_MC_REPORT		BIT(0)	/* leave clients found in passthrough, say so */

/* struct smmu_kvm_desc_alias::channel, unless it is a number below 32 */
#define SMMU_KVM_MC_BROADCAST		32	/* to all channels */
#define SMMU_KVM_MC_UNNAMED		33	/* unknown: the host has no use for it */

/**
 * struct smmu_kvm_desc_alias - a region of the memory controller
 * @base: physical address
 * @channel: whose registers these are
 * @reserved: zero
 */
struct smmu_kvm_desc_alias {
	u64 base;
	u32 channel;
	u32 reserved;
};

/**
 * struct smmu_kvm_desc - header
 * @magic: SMMU_KVM_DESC_MAGIC
 * @version: SMMU_KVM_DESC_VERSION
 * @size: bytes of the blob, header included
 * @nr_pages: pages donated, the blob and what follows it
 * @flags: SMMU_KVM_MC_*
 * @nr_smmus: 1..SMMU_KVM_MAX_SMMUS
 * @nr_endpoints: 0..SMMU_KVM_MAX_ENDPOINTS
 * @nr_streams: 0..SMMU_KVM_MAX_STREAMS
 * @nr_clients: 0..SMMU_KVM_MAX_CLIENTS
 * @nr_client_refs: 0..SMMU_KVM_MAX_CLIENT_REFS
 * @mc_passthrough_sid: the stream ID that goes around the SMMUs
 * @mc_parked_sid: a stream ID that no device has: parked clients get it
 * @mc_base: physical address of the stream ID registers, 0 if there are none
 * @mc_size: bytes at @mc_base
 * @nr_mc_aliases: 0..SMMU_KVM_MAX_MC_ALIASES; 0: the host keeps these regions
 * @reserved: zero
 * @mc_alias: other regions of the memory controller, of @mc_size bytes each, where
 *	      stream ID registers may appear as well
 */
struct smmu_kvm_desc {
	u32 magic;
	u32 version;
	u32 size;
	u32 nr_pages;
	u32 flags;
	u32 nr_smmus;
	u32 nr_endpoints;
	u32 nr_streams;
	u32 nr_clients;
	u32 nr_client_refs;
	u32 mc_passthrough_sid;
	u32 mc_parked_sid;
	u64 mc_base;
	u64 mc_size;
	u32 nr_mc_aliases;
	u32 reserved;
	struct smmu_kvm_desc_alias mc_alias[SMMU_KVM_MAX_MC_ALIASES];
};

/* struct smmu_kvm_desc_smmu::flags */
#define SMMU_KVM_COHERENT_WALK		BIT(0)	/* "dma-coherent": the walker snoops */
#define SMMU_KVM_MMU500			BIT(1)	/* Arm's MMU-500, with its ACR and errata */
#define SMMU_KVM_PAGES_ONLY		BIT(2)	/* Tegra's walk-cache erratum: no blocks */

/**
 * struct smmu_kvm_desc_smmu - one SMMU, which may be several mirrored instances
 * @base: physical address of each instance's registers
 * @size: bytes at each @base
 * @nr_instances: 1..SMMU_KVM_MAX_INSTANCES
 * @flags: SMMU_KVM_*
 * @smr_mask: "stream-match-mask": stream ID bits that this SMMU never compares
 * @reserved: zero
 */
struct smmu_kvm_desc_smmu {
	u64 base[SMMU_KVM_MAX_INSTANCES];
	u64 size;
	u32 nr_instances;
	u32 flags;
	u32 smr_mask;
	u32 reserved;
};

/**
 * struct smmu_kvm_desc_endpoint - a device
 * @first_stream: index of its first stream
 * @nr_streams: how many
 * @first_client: index of its first client reference
 * @nr_clients: how many, 0 where no memory controller gives it its stream ID
 */
struct smmu_kvm_desc_endpoint {
	u32 first_stream;
	u32 nr_streams;
	u32 first_client;
	u32 nr_clients;
};

/**
 * struct smmu_kvm_desc_stream - stream IDs of an endpoint
 * @smmu: index of the SMMU
 * @sid: the (first) stream ID
 * @mask: stream ID bits not compared; 0 where @nr is not 1
 * @nr: how many consecutive stream IDs ("iommu-map" gives a range)
 */
struct smmu_kvm_desc_stream {
	u32 smmu;
	u16 sid;
	u16 mask;
	u32 nr;
};

/* struct smmu_kvm_desc_client::flags */
#define SMMU_KVM_CLIENT_KEEP		BIT(0)	/* leave it if found in passthrough */
#define SMMU_KVM_CLIENT_EXEMPT		BIT(1)	/* no device's: never touch it */

/**
 * struct smmu_kvm_desc_client - a memory controller client
 * @override: offset of its stream ID override register
 * @security: offset of its override security register
 * @flags: SMMU_KVM_CLIENT_*
 */
struct smmu_kvm_desc_client {
	u32 override;
	u32 security;
	u32 flags;
};

#endif /* _ARM_SMMU_KVM_H */
