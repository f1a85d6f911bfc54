/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The host's side of IOMMUs that the protected KVM hypervisor owns, for all IOMMU
 * architectures.
 *
 *   pkvm-iommu-of.c		describes devices from the device tree, and hands
 *				over a driver's IOMMUs at boot
 *   pkvm-iommu.c		IOMMU driver
 *   pkvm-iommu-map.c		maps the pages of a scatter-gather list with one
 *				hypercall
 *   pkvm-iommu-debugfs.c	shows the hypervisor's state in debugfs
 *   desc.c			checks a description, in the host and at EL2
 *
 * A driver implements one architecture with struct pkvm_iommu_driver.
 *
 * Indices of IOMMUs, endpoints and streams are those of the driver's encoded
 * description, in the host as in the hypervisor.
 */
#ifndef _PKVM_IOMMU_H
#define _PKVM_IOMMU_H

#include <linux/bits.h>
#include <linux/iommu.h>
#include <linux/list.h>
#include <linux/mutex.h>
#include <linux/pkvm-iommu-desc.h>
#include <linux/ratelimit_types.h>
#include <linux/spinlock.h>
#include <linux/types.h>
#include <linux/workqueue_types.h>

#include <asm/kvm_iommu.h>

struct dentry;
struct device;
struct device_node;
struct platform_device;
struct pkvm_iommu;
struct pkvm_iommu_driver;
struct seq_file;

/**
 * struct pkvm_iommu_builder - a description while it is built
 * @drv: the driver
 * @desc: header; its counts say how much of each array is used
 * @iommus: as encoded
 * @endpoints: as encoded
 * @streams: as encoded
 * @iommu_np: node of each IOMMU
 * @endpoint_np: node of each endpoint
 */
struct pkvm_iommu_builder {
	const struct pkvm_iommu_driver *drv;
	struct pkvm_iommu_desc desc;
	struct pkvm_iommu_desc_iommu iommus[PKVM_IOMMU_MAX_IOMMUS];
	struct pkvm_iommu_desc_endpoint endpoints[PKVM_IOMMU_MAX_ENDPOINTS];
	struct pkvm_iommu_desc_stream streams[PKVM_IOMMU_MAX_STREAMS];
	struct device_node *iommu_np[PKVM_IOMMU_MAX_IOMMUS];
	struct device_node *endpoint_np[PKVM_IOMMU_MAX_ENDPOINTS];
};

/**
 * struct pkvm_iommu_topology - the host's copy of a driver's description
 * @drv: the driver
 * @number: number of the driver at EL2, from kvm_iommu_init_hyp()
 * @layout: a copy of the encoded description
 * @iommu_np: node of each IOMMU
 * @endpoint_np: node of each endpoint
 * @iommus: each IOMMU, NULL until it is bound; set once
 */
struct pkvm_iommu_topology {
	const struct pkvm_iommu_driver *drv;
	u32 number;
	struct pkvm_iommu_layout layout;
	struct device_node **iommu_np;
	struct device_node **endpoint_np;
	struct pkvm_iommu *iommus[PKVM_IOMMU_MAX_IOMMUS];
};

/**
 * struct pkvm_iommu_driver - a driver for one IOMMU architecture
 * @name: name for messages
 * @sysfs_name: prefix of its IOMMUs' names in sysfs; a dot and an address follow
 * @magic: magic number of its descriptions
 * @sid_bits: number of bits of a stream ID. If fewer than 32, the higher bits of an ID
 *	      in a fwspec are a mask: stream ID bits that are ignored
 * @hyp_ops: the driver at EL2, the address of its kvm_nvhe_sym()
 * @domain_places: name, in the plural, of the resource that limits the number of
 *		   domains of an IOMMU
 * @stream_places: the same for streams
 * @add_endpoint: add the driver's description of the last endpoint, which is @np's
 * @part_size: return the bytes of its part of the description; called after the last
 *	       endpoint
 * @encode: write this part
 * @state_size: return an upper limit of the bytes that its half at EL2 allocates
 * @room: return how many domains and streams an IOMMU can serve at the same time, apart
 *	  from quarantined resources
 * @domain_fmt: return the page-table format for a device, or for any if it is NULL
 * @fault_is_write: return true if a translation fault was caused by a write
 * @log_fault: log a fault; @sid is the stream ID without the bits that the IOMMU
 *	       ignores, @np the node of the endpoint that has it, or NULL
 * @show_stream: print four words for debugfs, separated by a space: where the stream is
 *		 routed in the IOMMU, format, domain, number of attachments
 * @show_path: print one word for debugfs: how an endpoint reaches the IOMMU. May be NULL
 * @show_stats: print counters of its own, one "name value" per line
 * @debugfs_init: add files of its own. May be NULL
 */
struct pkvm_iommu_driver {
	const char *name;
	const char *sysfs_name;
	u32 magic;
	unsigned int sid_bits;
	const struct kvm_iommu_ops *hyp_ops;
	const char *domain_places;
	const char *stream_places;

	int (*add_endpoint)(struct pkvm_iommu_builder *b, struct device_node *np);
	size_t (*part_size)(struct pkvm_iommu_builder *b);
	void (*encode)(struct pkvm_iommu_builder *b, void *part);
	size_t (*state_size)(struct pkvm_iommu_builder *b);

	int (*room)(u32 iommu, unsigned int *domains, unsigned int *streams);
	enum kvm_iommu_fmt (*domain_fmt)(struct device *dev);
	bool (*fault_is_write)(const struct kvm_iommu_fault *fault);
	void (*log_fault)(struct pkvm_iommu *iommu, const struct kvm_iommu_fault *fault,
			  u32 sid, const struct device_node *np);

	void (*show_stream)(struct seq_file *m, u32 iommu, u32 endpoint, u32 sid);
	void (*show_path)(struct seq_file *m, u32 endpoint);
	void (*show_stats)(struct seq_file *m);
	void (*debugfs_init)(struct dentry *dir);
};

/* An ID in a fwspec consists of a stream ID and its mask. */
static inline u32 pkvm_iommu_id_sid(const struct pkvm_iommu_driver *drv, u32 id)
{
	return id & GENMASK(drv->sid_bits - 1, 0);
}

static inline u32 pkvm_iommu_id_mask(const struct pkvm_iommu_driver *drv, u32 id)
{
	return (u64)id >> drv->sid_bits;
}

static inline u32 pkvm_iommu_id(const struct pkvm_iommu_driver *drv, u32 sid, u32 mask)
{
	return sid | (u64)mask << drv->sid_bits;
}

/* The number of an IOMMU in hypercalls. */
static inline u32 pkvm_iommu_number(const struct pkvm_iommu_topology *topo, u32 index)
{
	return KVM_IOMMU_NUMBER(topo->number, index);
}

/* pkvm-iommu-of.c */
void pkvm_iommu_builder_init(struct pkvm_iommu_builder *b, const struct pkvm_iommu_driver *drv);
int pkvm_iommu_add(struct pkvm_iommu_builder *b, struct device_node *np, u32 ignored);
int pkvm_iommu_add_endpoint(struct pkvm_iommu_builder *b);
int pkvm_iommu_add_stream(struct pkvm_iommu_builder *b, u32 iommu, u32 sid, u32 mask, u32 nr);
size_t pkvm_iommu_complete(struct pkvm_iommu_builder *b);
void pkvm_iommu_encode(struct pkvm_iommu_builder *b, u32 nr_pages, void *blob);
int pkvm_iommu_find_endpoint(const struct pkvm_iommu_layout *l, u32 iommu, u32 sid);
int pkvm_iommu_malformed(const char *drv, const struct device_node *np, const char *what);
bool pkvm_iommu_node_available(struct device_node *np);
int pkvm_iommu_describe_endpoints(struct pkvm_iommu_builder *b);
int pkvm_iommu_hand_over(struct pkvm_iommu_builder *b, struct pkvm_iommu_topology *topo);
void pkvm_iommu_put_nodes(struct pkvm_iommu_builder *b);
int pkvm_iommu_index(const struct pkvm_iommu_topology *topo, const struct device_node *np);

/**
 * struct pkvm_iommu_stream - a stream of an endpoint that is in use
 * @list: entry in the IOMMU's list of streams
 * @endpoint: index of the endpoint
 * @id: stream ID and mask, as in a fwspec
 * @users: number of devices that have it
 * @attached: number of these devices that are attached to a domain
 * @domain: the domain that the hypervisor has attached it to, NULL if it is blocked
 * @saved: @domain before an attach that may have to be undone
 * @group: the group of its devices
 */
struct pkvm_iommu_stream {
	struct list_head list;
	u32 endpoint;
	u32 id;
	unsigned int users;
	unsigned int attached;
	struct pkvm_iommu_domain *domain;
	struct pkvm_iommu_domain *saved;
	struct iommu_group *group;
};

/**
 * struct pkvm_iommu - an IOMMU
 * @iommu: for the IOMMU core
 * @dev: the platform device
 * @topo: its driver's description
 * @drv: its driver
 * @index: its index in the description
 * @number: its number in hypercalls
 * @ignored: stream ID bits that it ignores
 * @fault_rate: limit on the rate of faults that are handled
 * @log_rate: limit on the rate of faults that are logged
 * @fault_work: reads faults that no interrupt reports
 * @lock: guards what follows, and the streams
 * @streams: streams that a device has
 * @masters: devices behind this IOMMU
 */
struct pkvm_iommu {
	struct iommu_device iommu;
	struct device *dev;
	const struct pkvm_iommu_topology *topo;
	const struct pkvm_iommu_driver *drv;
	u32 index;
	u32 number;
	u32 ignored;
	struct ratelimit_state fault_rate;
	struct ratelimit_state log_rate;
	struct work_struct fault_work;
	struct mutex lock;		/* guards what follows, and the streams */
	struct list_head streams;
	struct list_head masters;
};

/**
 * struct pkvm_iommu_batch - pages to be mapped at consecutive I/O addresses
 * @lock: guards what follows
 * @runs: array of KVM_IOMMU_MAX_RUNS runs; NULL if this domain collects nothing
 * @nr: number of runs
 * @prot: how to map them
 * @iova: I/O address of the first run
 * @size: bytes of all runs
 * @owner: the task that started the batch
 * @in_task: whether it was started in task context, rather than in an interrupt
 */
struct pkvm_iommu_batch {
	spinlock_t lock;		/* guards what follows */
	u64 *runs;
	unsigned int nr;
	int prot;
	unsigned long iova;
	size_t size;
	struct task_struct *owner;
	bool in_task;
};

/* pkvm-iommu-map.c */
void pkvm_iommu_batch_init(struct pkvm_iommu_batch *b);
void pkvm_iommu_batch_free(struct pkvm_iommu_batch *b);
int pkvm_iommu_batch_add(struct pkvm_iommu_batch *b, u32 handle, unsigned long iova,
			 phys_addr_t paddr, size_t size, int prot);
int pkvm_iommu_batch_sync(struct pkvm_iommu_batch *b, u32 handle,
			  unsigned long iova, size_t size);
size_t pkvm_iommu_batch_cancel(struct pkvm_iommu_batch *b, u32 handle,
			       unsigned long iova, size_t size);
phys_addr_t pkvm_iommu_batch_find(struct pkvm_iommu_batch *b, unsigned long iova);

/**
 * struct pkvm_iommu_domain - a domain
 * @domain: for the IOMMU core
 * @iommu: the IOMMU that its tables are for
 * @handle: its name in hypercalls
 * @batch: pages to be mapped by the next iotlb_sync_map
 */
struct pkvm_iommu_domain {
	struct iommu_domain domain;
	struct pkvm_iommu *iommu;
	u32 handle;
	struct pkvm_iommu_batch batch;
};

/**
 * struct pkvm_iommu_master - a device behind an IOMMU
 * @list: entry in the IOMMU's list of masters
 * @iommu: the IOMMU
 * @dev: the device
 * @attached: whether it is attached to a domain
 * @nr_streams: number of elements of @streams
 * @streams: a stream for each ID of the device's fwspec
 */
struct pkvm_iommu_master {
	struct list_head list;
	struct pkvm_iommu *iommu;
	struct device *dev;
	bool attached;
	unsigned int nr_streams;
	struct pkvm_iommu_stream *streams[] __counted_by(nr_streams);
};

/* pkvm-iommu.c */
int pkvm_iommu_probe(struct platform_device *pdev, struct pkvm_iommu_topology *topo);
const char *pkvm_iommu_fmt_name(enum kvm_iommu_fmt fmt);

/* pkvm-iommu-debugfs.c */
#ifdef CONFIG_DEBUG_FS
void pkvm_iommu_debugfs_init(const struct pkvm_iommu_topology *topo);
#else
static inline void pkvm_iommu_debugfs_init(const struct pkvm_iommu_topology *topo)
{
}
#endif

#endif /* _PKVM_IOMMU_H */
