/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The host's side of SMMUv2s that the protected KVM hypervisor owns.
 *
 *   arm-smmu-kvm-desc.c	collects and encodes the description of a system
 *   arm-smmu-kvm-of.c		finds what to describe in the device tree
 *   arm-smmu-kvm-mc.c		what to do with memory clients, what was done
 *   arm-smmu-kvm-init.c	hands it over at boot
 *   arm-smmu-kvm.c		is the IOMMU driver after that
 *   arm-smmu-kvm-batch.c	collects the pages of a scatter-gather list
 *   arm-smmu-kvm-debugfs.c	who uses which stream, as the hypervisor sees it
 *
 * Indices of SMMUs, endpoints, streams and clients are those of the encoded
 * description, in the host as in the hypervisor.
 */
#ifndef _ARM_SMMU_KVM_HOST_H
#define _ARM_SMMU_KVM_HOST_H

#include <linux/bits.h>
#include <linux/iommu.h>
#include <linux/list.h>
#include <linux/mutex.h>
#include <linux/ratelimit_types.h>
#include <linux/spinlock.h>
#include <linux/types.h>
#include <linux/workqueue_types.h>

#include "arm-smmu-kvm.h"

struct device;
struct device_node;

/**
 * struct smmu_kvm_builder - a description that is being collected
 * @desc: header; the counts tell how much of each array is used
 * @smmus: as encoded
 * @endpoints: as encoded
 * @streams: as encoded
 * @clients: as encoded
 * @client_refs: as encoded
 * @client_user: endpoint + 1 that has a client, 0 if none has it
 * @smmu_np: node of each SMMU
 * @endpoint_np: node of each endpoint
 * @client_name: name of each client
 * @client_id: how "interconnects" names each client
 */
struct smmu_kvm_builder {
	struct smmu_kvm_desc desc;
	struct smmu_kvm_desc_smmu smmus[SMMU_KVM_MAX_SMMUS];
	struct smmu_kvm_desc_endpoint endpoints[SMMU_KVM_MAX_ENDPOINTS];
	struct smmu_kvm_desc_stream streams[SMMU_KVM_MAX_STREAMS];
	struct smmu_kvm_desc_client clients[SMMU_KVM_MAX_CLIENTS];
	u32 client_refs[SMMU_KVM_MAX_CLIENT_REFS];
	u32 client_user[SMMU_KVM_MAX_CLIENTS];
	struct device_node *smmu_np[SMMU_KVM_MAX_SMMUS];
	struct device_node *endpoint_np[SMMU_KVM_MAX_ENDPOINTS];
	const char *client_name[SMMU_KVM_MAX_CLIENTS];
	u32 client_id[SMMU_KVM_MAX_CLIENTS];
};

int smmu_kvm_add_smmu(struct smmu_kvm_builder *b,
		      const struct smmu_kvm_desc_smmu *smmu);
int smmu_kvm_add_endpoint(struct smmu_kvm_builder *b);
int smmu_kvm_add_stream(struct smmu_kvm_builder *b, u32 smmu, u32 sid, u32 mask,
			u32 nr);
int smmu_kvm_add_client(struct smmu_kvm_builder *b, u32 override, u32 security);
int smmu_kvm_add_client_ref(struct smmu_kvm_builder *b, u32 client);
size_t smmu_kvm_desc_size(const struct smmu_kvm_builder *b);
void smmu_kvm_encode(const struct smmu_kvm_builder *b, u32 nr_pages, void *blob);

/**
 * struct smmu_kvm_topology - the description as the host remembers it
 * @desc: the encoded description, a copy
 * @smmus: inside @desc
 * @endpoints: inside @desc
 * @streams: inside @desc
 * @clients: inside @desc
 * @client_refs: inside @desc
 * @smmu_np: node of each SMMU
 * @endpoint_np: node of each endpoint
 * @client_name: name of each client
 */
struct smmu_kvm_topology {
	const struct smmu_kvm_desc *desc;
	const struct smmu_kvm_desc_smmu *smmus;
	const struct smmu_kvm_desc_endpoint *endpoints;
	const struct smmu_kvm_desc_stream *streams;
	const struct smmu_kvm_desc_client *clients;
	const u32 *client_refs;
	struct device_node **smmu_np;
	struct device_node **endpoint_np;
	const char **client_name;
};

const struct smmu_kvm_topology *smmu_kvm_topology(void);
void smmu_kvm_decode(struct smmu_kvm_topology *topo, const void *blob);
bool smmu_kvm_endpoint_has_stream(const struct smmu_kvm_topology *topo,
				  u32 endpoint, u32 smmu, u32 id);
int smmu_kvm_find_endpoint(const struct smmu_kvm_topology *topo, u32 smmu, u32 sid);

/* A stream ID and its mask, as hypercalls and firmware specifiers have them */
#define SMMU_KVM_ID_SID		GENMASK(15, 0)
#define SMMU_KVM_ID_MASK	GENMASK(31, 16)

bool smmu_kvm_ids_overlap(u32 smr_mask, u32 id1, u32 id2);
bool smmu_kvm_ids_match(u32 smr_mask, u32 id1, u32 id2);

/**
 * struct smmu_kvm_stream - a stream of an endpoint that is in use
 * @list: in the SMMU's streams
 * @endpoint: index of the endpoint
 * @id: stream ID, its mask in [31:16]
 * @users: devices that have it
 * @attached: devices that have it and are attached to a domain
 * @domain: what the hypervisor has attached it to, NULL if it is blocked
 * @saved: @domain before an attach, which may have to be undone
 * @group: the group of its users
 */
struct smmu_kvm_stream {
	struct list_head list;
	u32 endpoint;
	u32 id;
	unsigned int users;
	unsigned int attached;
	struct smmu_kvm_domain *domain;
	struct smmu_kvm_domain *saved;
	struct iommu_group *group;
};

/**
 * struct smmu_kvm_device - an SMMU
 * @iommu: for the IOMMU core
 * @dev: the platform device
 * @index: its number in the description
 * @desc: its part of the description
 * @fault_rate: how many faults are taken in what time
 * @log_rate: how many of them are logged
 * @fault_work: looks for faults that no interrupt tells of
 * @lock: guards what follows, and the streams
 * @streams: streams that have a user
 * @masters: devices
 */
struct smmu_kvm_device {
	struct iommu_device iommu;
	struct device *dev;
	u32 index;
	const struct smmu_kvm_desc_smmu *desc;
	struct ratelimit_state fault_rate;
	struct ratelimit_state log_rate;
	struct work_struct fault_work;
	struct mutex lock;		/* guards what follows, and the streams */
	struct list_head streams;
	struct list_head masters;
};

/**
 * struct smmu_kvm_batch - pages at consecutive I/O addresses that are to be mapped
 * @lock: guards what follows
 * @runs: room for KVM_IOMMU_MAX_RUNS; NULL if nothing is collected
 * @nr: how many there are
 * @prot: how they are to be mapped
 * @iova: where
 * @size: bytes
 * @owner: the task that collects
 * @in_task: at task level, or in an interrupt?
 */
struct smmu_kvm_batch {
	spinlock_t lock;		/* guards what follows */
	u64 *runs;
	unsigned int nr;
	int prot;
	unsigned long iova;
	size_t size;
	struct task_struct *owner;
	bool in_task;
};

void smmu_kvm_batch_init(struct smmu_kvm_batch *b);
void smmu_kvm_batch_free(struct smmu_kvm_batch *b);
int smmu_kvm_batch_add(struct smmu_kvm_batch *b, u32 handle, unsigned long iova,
		       phys_addr_t paddr, size_t size, int prot);
int smmu_kvm_batch_sync(struct smmu_kvm_batch *b, u32 handle,
			unsigned long iova, size_t size);
size_t smmu_kvm_batch_cancel(struct smmu_kvm_batch *b, u32 handle,
			     unsigned long iova, size_t size);
phys_addr_t smmu_kvm_batch_find(struct smmu_kvm_batch *b, unsigned long iova);

/**
 * struct smmu_kvm_domain - a domain
 * @domain: for the IOMMU core
 * @smmu: the SMMU that its tables are for
 * @handle: its name to the hypervisor
 * @lost: the hypervisor has blocked it for good
 * @batch: what is to be mapped at the next iotlb_sync_map
 */
struct smmu_kvm_domain {
	struct iommu_domain domain;
	struct smmu_kvm_device *smmu;
	u32 handle;
	bool lost;
	struct smmu_kvm_batch batch;
};

/**
 * struct smmu_kvm_master - a device behind an SMMU
 * @list: in the SMMU's masters
 * @smmu: the SMMU
 * @dev: the device
 * @attached: whether it is attached to a domain
 * @nr_streams: entries of @streams
 * @streams: one for each ID of the device's fwspec
 */
struct smmu_kvm_master {
	struct list_head list;
	struct smmu_kvm_device *smmu;
	struct device *dev;
	bool attached;
	unsigned int nr_streams;
	struct smmu_kvm_stream *streams[] __counted_by(nr_streams);
};

int smmu_kvm_of_describe(struct smmu_kvm_builder *b);
bool smmu_kvm_of_present(void);
bool smmu_kvm_of_match(const struct device_node *np);

int smmu_kvm_mc_exempt(struct smmu_kvm_builder *b, bool tegra234);
void smmu_kvm_mc_policy(struct smmu_kvm_builder *b);
void smmu_kvm_mc_report(const struct smmu_kvm_topology *topo);
bool smmu_kvm_mc_filter(void);

/* Longer names are cut off */
#define SMMU_KVM_CLIENT_NAME	24

int smmu_kvm_mc_client(const struct smmu_kvm_topology *topo, u32 i, char *name,
		       u64 *info);
const char *smmu_kvm_mc_state(const struct smmu_kvm_topology *topo, u64 info);

#ifdef CONFIG_ARM_SMMU_KVM
int smmu_kvm_claims(struct device *dev);
#else
static inline int smmu_kvm_claims(struct device *dev)
{
	return 0;
}
#endif

#ifdef CONFIG_DEBUG_FS
void smmu_kvm_debugfs_init(const struct smmu_kvm_topology *topo);
void smmu_kvm_debugfs_add(struct smmu_kvm_device *smmu);
#else
static inline void smmu_kvm_debugfs_init(const struct smmu_kvm_topology *topo)
{
}

static inline void smmu_kvm_debugfs_add(struct smmu_kvm_device *smmu)
{
}
#endif

#endif /* _ARM_SMMU_KVM_HOST_H */
