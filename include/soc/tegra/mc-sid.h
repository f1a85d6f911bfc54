/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Stream ID registers of Tegra's memory controller that the protected KVM
 * hypervisor owns: the memory clients of a chip, and the memory controller's part
 * of the description of a system's SMMUs (linux/arm-smmu-kvm-desc.h).
 *
 * That part consists of the following, in this order and without gaps:
 *
 *	struct tegra_mc_sid_desc			the header
 *	struct tegra_mc_sid_desc_client		[nr_clients]
 *	struct tegra_mc_sid_desc_endpoint	[nr_endpoints]
 *	u32 client index			[nr_refs]
 *
 * The endpoints are those of the SMMUs' description. An endpoint that has clients
 * has exactly one stream, because a client presents one stream ID.
 */
#ifndef __SOC_TEGRA_MC_SID_H
#define __SOC_TEGRA_MC_SID_H

#include <linux/bits.h>
#include <linux/types.h>

#define TEGRA_MC_SID_MAX_CLIENTS	512
#define TEGRA_MC_SID_MAX_REFS		2048
#define TEGRA_MC_SID_MAX_ALIASES	20

/* The memory controller's stream IDs have eight bits. */
#define TEGRA_MC_SID_MASK		GENMASK(7, 0)

/**
 * enum tegra_mc_client_kind - what a memory client belongs to
 * @TEGRA_MC_CLIENT_DEVICE: a device that the host drives
 * @TEGRA_MC_CLIENT_GPU: the GPU
 * @TEGRA_MC_CLIENT_FIRMWARE: a processor that runs firmware of its own
 * @TEGRA_MC_CLIENT_CPU: the CPUs
 * @TEGRA_MC_CLIENT_INTERNAL: the memory subsystem itself, including the SMMUs'
 *			      table walks
 *
 * Clients of the last two kinds are exempt: they are never changed, because the
 * machine could not run without them.
 */
enum tegra_mc_client_kind {
	TEGRA_MC_CLIENT_DEVICE,
	TEGRA_MC_CLIENT_GPU,
	TEGRA_MC_CLIENT_FIRMWARE,
	TEGRA_MC_CLIENT_CPU,
	TEGRA_MC_CLIENT_INTERNAL,
};

static inline bool tegra_mc_client_is_exempt(u32 kind)
{
	return kind == TEGRA_MC_CLIENT_CPU || kind == TEGRA_MC_CLIENT_INTERNAL;
}

/**
 * struct tegra_mc_sid_client - a memory client that has stream ID registers
 * @name: its name
 * @id: its number, as in "interconnects"
 * @override: offset of its stream ID override register
 * @security: offset of its override security register
 * @kind: what it belongs to
 */
struct tegra_mc_sid_client {
	const char *name;
	u16 id;
	u16 override;
	u16 security;
	u8 kind;
};

/**
 * struct tegra_mc_sid_soc - the memory clients of a chip
 * @clients: all clients that are known
 * @num_clients: number of them
 */
struct tegra_mc_sid_soc {
	const struct tegra_mc_sid_client *clients;
	unsigned int num_clients;
};

/* struct tegra_mc_sid_desc::flags */
#define TEGRA_MC_SID_REPORT		BIT(0)	/* leave clients found in passthrough */

/* struct tegra_mc_sid_desc_alias::channel, if it is not the number of a channel (0-31) */
#define TEGRA_MC_SID_BROADCAST		32	/* writes go to all channels */
#define TEGRA_MC_SID_UNNAMED		33	/* unknown: the host may not use it */

/**
 * struct tegra_mc_sid_desc_alias - another region of the memory controller
 * @base: physical address
 * @channel: the channel whose registers these are
 * @reserved: zero
 */
struct tegra_mc_sid_desc_alias {
	u64 base;
	u32 channel;
	u32 reserved;
};

/**
 * struct tegra_mc_sid_desc - header
 * @base: physical address of the stream ID registers
 * @size: bytes at @base
 * @flags: TEGRA_MC_SID_*
 * @passthrough_sid: the stream ID that bypasses the SMMUs
 * @parked_sid: the stream ID of parked clients, which no device has
 * @nr_clients: 0..TEGRA_MC_SID_MAX_CLIENTS
 * @nr_endpoints: as in the SMMUs' description
 * @nr_refs: 0..TEGRA_MC_SID_MAX_REFS
 * @nr_aliases: 0..TEGRA_MC_SID_MAX_ALIASES; 0 if the host keeps these regions
 * @reserved: zero
 * @alias: other regions of the memory controller, of @size bytes each, in which
 *	   stream ID registers may appear as well
 */
struct tegra_mc_sid_desc {
	u64 base;
	u64 size;
	u32 flags;
	u32 passthrough_sid;
	u32 parked_sid;
	u32 nr_clients;
	u32 nr_endpoints;
	u32 nr_refs;
	u32 nr_aliases;
	u32 reserved;
	struct tegra_mc_sid_desc_alias alias[TEGRA_MC_SID_MAX_ALIASES];
};

/* struct tegra_mc_sid_desc_client::flags */
#define TEGRA_MC_SID_KEEP		BIT(0)	/* leave it if it is found in passthrough */

/**
 * struct tegra_mc_sid_desc_client - a memory client
 * @override: offset of its stream ID override register
 * @security: offset of its override security register
 * @kind: enum tegra_mc_client_kind
 * @flags: TEGRA_MC_SID_KEEP
 */
struct tegra_mc_sid_desc_client {
	u32 override;
	u32 security;
	u32 kind;
	u32 flags;
};

/**
 * struct tegra_mc_sid_desc_endpoint - the memory clients of a device
 * @first_ref: index of its first client reference
 * @nr_refs: number of them, 0 if no memory client is routed for the device
 */
struct tegra_mc_sid_desc_endpoint {
	u32 first_ref;
	u32 nr_refs;
};

/**
 * struct tegra_mc_sid_layout - the parts of a description
 * @desc: the header
 * @clients: array of @desc->nr_clients elements
 * @endpoints: array of @desc->nr_endpoints elements
 * @refs: client indices, @desc->nr_refs of them
 */
struct tegra_mc_sid_layout {
	const struct tegra_mc_sid_desc *desc;
	const struct tegra_mc_sid_desc_client *clients;
	const struct tegra_mc_sid_desc_endpoint *endpoints;
	const u32 *refs;
};

static inline void tegra_mc_sid_decode(struct tegra_mc_sid_layout *l, const void *blob)
{
	l->desc = blob;
	l->clients = (const void *)(l->desc + 1);
	l->endpoints = (const void *)(l->clients + l->desc->nr_clients);
	l->refs = (const void *)(l->endpoints + l->desc->nr_endpoints);
}

struct smmu_kvm_layout;

int tegra_mc_sid_check(const struct smmu_kvm_layout *smmus, struct tegra_mc_sid_layout *l);

/* What __pkvm_iommu_debug returns about the memory controller */
#define TEGRA_MC_DEBUG_STAT		(SMMU_KVM_DEBUG_SOC + 0)	/* a counter */
#define TEGRA_MC_DEBUG_CLIENT		(SMMU_KVM_DEBUG_SOC + 1)	/* a client */

/* Index of TEGRA_MC_DEBUG_STAT */
enum tegra_mc_sid_stat {
	TEGRA_MC_STAT_CLIENTS,		/* described clients */
	TEGRA_MC_STAT_PASSTHROUGH,	/* described clients found bypassing the SMMUs */
	TEGRA_MC_STAT_LOCKED,		/* locked clients, which could not be parked */
	TEGRA_MC_STAT_UNLISTED,		/* other clients found bypassing the SMMUs */
};

/*
 * What TEGRA_MC_DEBUG_CLIENT returns: the state of a client when it was found, and
 * its state now. Indices count the described clients first, then others that EL2
 * has found; past the last one the answer is -ENOENT.
 */
#define TEGRA_MC_SID_INFO_FOUND_SID	GENMASK(7, 0)
#define TEGRA_MC_SID_INFO_FOUND_FORCED	BIT(8)	/* it overrode the device's stream ID */
#define TEGRA_MC_SID_INFO_LOCKED	BIT(9)	/* firmware has locked it */
#define TEGRA_MC_SID_INFO_LEFT		BIT(10)	/* left as found, as the host asked */
#define TEGRA_MC_SID_INFO_UNLISTED	BIT(11)	/* not described */
#define TEGRA_MC_SID_INFO_EXEMPT	BIT(12)	/* belongs to no device, never changed */
#define TEGRA_MC_SID_INFO_SID		GENMASK(23, 16)
#define TEGRA_MC_SID_INFO_FORCED	BIT(24)
#define TEGRA_MC_SID_INFO_USERS		GENMASK(47, 32)	/* attached devices */
#define TEGRA_MC_SID_INFO_OVERRIDE	GENMASK(63, 48)	/* offset of the register */

extern const struct tegra_mc_sid_soc tegra234_mc_sid_soc;

struct device_node;

int tegra_mc_sid_for_each(const struct device_node *np,
			  int (*fn)(const struct tegra_mc_sid_client *c, void *data),
			  void *data);
const char *tegra_mc_sid_client_name(const struct tegra_mc_sid_soc *sid, u32 override);

#endif /* __SOC_TEGRA_MC_SID_H */
