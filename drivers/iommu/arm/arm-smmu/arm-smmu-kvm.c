// SPDX-License-Identifier: GPL-2.0-only
/*
 * IOMMU driver for Arm SMMUv2s that the protected KVM hypervisor owns.
 *
 * The hypervisor has the registers and the translation tables. This driver is
 * a front-end, which turns what the IOMMU core wants into hypercalls.
 *
 * Streams. What the hypervisor attaches to a domain is a stream of an endpoint
 * (see arm-smmu-kvm.h). Several devices can be one endpoint (functions behind a
 * PCIe controller with one stream ID), and several endpoints can have the same
 * stream ID; then they cannot be told apart, are in one group, and can only be
 * in one domain. The IOMMU core moves the devices of a group one by one. The
 * first one that moves takes all streams of the group along, so that a group
 * never needs more than one context bank. When one is blocked, a stream it
 * shares goes on until the last one is.
 *
 * Mapping. What the core maps in pieces, until it says that the pieces have to
 * work, goes to the hypervisor in one call (arm-smmu-kvm-batch.c), if waiting
 * for memory is out of the question then as well.
 *
 * Invalidation. An unmap has invalidated, on all instances, when the hypercall
 * returns: the hypervisor must not let go of a page earlier. So there is
 * nothing to gather, and a deferred flush (type DMA-FQ of a group, which sysfs
 * accepts whatever the driver can do) has nothing left to invalidate.
 */

#include <linux/bitfield.h>
#include <linux/delay.h>
#include <linux/dma-map-ops.h>
#include <linux/dma-mapping.h>
#include <linux/fsl/mc.h>
#include <linux/interrupt.h>
#include <linux/iommu.h>
#include <linux/list.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/of.h>
#include <linux/pci.h>
#include <linux/platform_device.h>
#include <linux/ratelimit.h>
#include <linux/slab.h>
#include <linux/string_choices.h>
#include <linux/workqueue.h>
#include <linux/xarray.h>

#include <asm/kvm_iommu.h>

#include "../../dma-iommu.h"

#include "arm-smmu.h"
#include "arm-smmu-kvm-host.h"

#define MSI_IOVA_BASE		0x8000000
#define MSI_IOVA_LENGTH		0x100000

/*
 * Faults that are taken from an SMMU in so many milliseconds. A device can
 * fault as fast as it can address memory, and if all of that were looked at,
 * a CPU would do nothing else. The line stays masked for the rest of the time;
 * meanwhile the SMMU remembers the first fault of each domain, and that there
 * were others.
 */
#define MAX_FAULTS		16
#define FAULT_INTERVAL_MS	100

/* Domains by handle, for faults. Its lock keeps a domain from being freed. */
static DEFINE_XARRAY_FLAGS(smmu_kvm_domains, XA_FLAGS_LOCK_IRQ);

static struct smmu_kvm_domain *to_smmu_kvm_domain(struct iommu_domain *domain)
{
	return container_of(domain, struct smmu_kvm_domain, domain);
}

/*
 * The hypervisor has given a domain up. Nothing reaches its pages any more. That
 * it has done so is to be logged, which no interrupt asks for. Any context.
 */
static void domain_lost(struct smmu_kvm_domain *domain)
{
	WRITE_ONCE(domain->lost, true);
	schedule_work(&domain->smmu->fault_work);
}

/*
 * Streams. All of this is called with smmu->lock held.
 */

static bool streams_match(const struct smmu_kvm_device *smmu, u32 id1, u32 id2)
{
	return smmu_kvm_ids_match(smmu->desc->smr_mask, id1, id2);
}

static int stream_attach(struct smmu_kvm_device *smmu,
			 struct smmu_kvm_stream *stream,
			 struct smmu_kvm_domain *domain)
{
	int ret;

	ret = kvm_iommu_attach(domain->handle, smmu->index, stream->endpoint,
			       stream->id, GFP_KERNEL);
	if (!ret)
		stream->domain = domain;

	return ret;
}

static void stream_detach(struct smmu_kvm_device *smmu,
			  struct smmu_kvm_stream *stream)
{
	int ret;

	ret = kvm_iommu_detach(stream->domain->handle, smmu->index,
			       stream->endpoint, stream->id);
	if (ret == -EIO)
		domain_lost(stream->domain);
	else if (ret)
		dev_err(smmu->dev, "cannot detach stream 0x%x: %d\n",
			stream->id, ret);

	stream->domain = NULL;
}

/*
 * Move the streams of a device, and all attached ones of its group, to @domain.
 * All leave their old domain first, whose context bank is then free for this.
 */
static int streams_move(struct smmu_kvm_master *master,
			struct smmu_kvm_domain *domain)
{
	struct smmu_kvm_device *smmu = master->smmu;
	struct iommu_group *group = master->dev->iommu_group;
	struct smmu_kvm_stream *s;
	unsigned int i;
	int ret = 0;

	list_for_each_entry(s, &smmu->streams, list) {
		s->saved = s->domain;
		if (s->group == group && s->domain && s->domain != domain)
			stream_detach(smmu, s);
	}

	for (i = 0; i < master->nr_streams && !ret; i++) {
		s = master->streams[i];
		if (s->domain != domain)
			ret = stream_attach(smmu, s, domain);
	}

	list_for_each_entry(s, &smmu->streams, list) {
		if (!ret && s->group == group && s->saved && s->domain != domain)
			ret = stream_attach(smmu, s, domain);
	}

	return ret;
}

/*
 * Undo streams_move(). The IOMMU core does not say whether it goes on with the
 * old domain or, because the attach had to succeed, gives that up. The latter is
 * about default domains: whoever drives the device next expects to be in
 * @domain, so that the device must not go on with what the old one maps.
 */
static void streams_move_back(struct smmu_kvm_device *smmu,
			      struct smmu_kvm_domain *domain)
{
	bool block = iommu_is_dma_domain(&domain->domain);
	struct smmu_kvm_stream *s;

	list_for_each_entry(s, &smmu->streams, list) {
		if (s->domain && s->domain != s->saved)
			stream_detach(smmu, s);
	}

	list_for_each_entry(s, &smmu->streams, list) {
		if (s->domain == s->saved)
			continue;
		if (block || stream_attach(smmu, s, s->saved))
			dev_err(smmu->dev, "stream 0x%x stays blocked\n", s->id);
	}
}

/* No stream must point to a domain that is about to be freed. */
static void streams_leave(struct smmu_kvm_device *smmu,
			  struct smmu_kvm_domain *domain)
{
	struct smmu_kvm_stream *s;

	list_for_each_entry(s, &smmu->streams, list) {
		if (s->domain != domain)
			continue;

		dev_err(smmu->dev, "stream 0x%x is blocked: its domain is freed\n",
			s->id);
		stream_detach(smmu, s);
	}
}

/*
 * Reservations. The IOMMU core expects the first attach of a device to succeed,
 * and gives up the whole IOMMU if it does not. So a device is refused at its
 * probe if there is no stream match register for one of its streams, or no
 * context bank for its group. Each ID of a device that was not refused counts as
 * one register, and each group as one bank, whether attached or not.
 */

static unsigned int count_ids(const struct smmu_kvm_device *smmu)
{
	const struct smmu_kvm_stream *s, *t;
	unsigned int n = 0;

	list_for_each_entry(s, &smmu->streams, list) {
		/* The first of those that match the same */
		list_for_each_entry(t, &smmu->streams, list) {
			if (streams_match(smmu, s->id, t->id))
				break;
		}
		n += s == t;
	}

	return n;
}

static unsigned int count_groups(const struct smmu_kvm_device *smmu)
{
	const struct smmu_kvm_stream *s, *t;
	unsigned int n = 0;

	list_for_each_entry(s, &smmu->streams, list) {
		list_for_each_entry(t, &smmu->streams, list) {
			if (s->group == t->group)
				break;
		}
		n += s == t && s->group;
	}

	return n;
}

/* Room for a new ID, next to those that are reserved? */
static bool has_register(struct smmu_kvm_device *smmu, struct device *dev)
{
	unsigned int max;
	u64 room;

	if (kvm_iommu_get_stat(KVM_IOMMU_STAT_IOMMU + smmu->index, &room))
		return false;

	max = FIELD_GET(KVM_IOMMU_ROOM_STREAMS, room);
	if (count_ids(smmu) < max)
		return true;

	dev_err(dev, "refused: each of the %u stream match registers of %s is reserved for another device\n",
		max, dev_name(smmu->dev));
	return false;
}

/* A context bank that no other group has reserved? Some may be in quarantine. */
static bool has_bank(struct smmu_kvm_device *smmu, struct device *dev,
		     const struct iommu_group *group)
{
	const struct smmu_kvm_stream *s;
	unsigned int max;
	u64 room;

	list_for_each_entry(s, &smmu->streams, list) {
		if (s->group == group)
			return true;
	}

	if (kvm_iommu_get_stat(KVM_IOMMU_STAT_IOMMU + smmu->index, &room))
		return false;

	max = FIELD_GET(KVM_IOMMU_ROOM_DOMAINS, room);
	if (count_groups(smmu) < max)
		return true;

	dev_err(dev, "refused: each of the %u context banks of %s is reserved for another group\n",
		max, dev_name(smmu->dev));
	return false;
}

static struct smmu_kvm_stream *stream_get(struct smmu_kvm_device *smmu,
					  struct device *dev, u32 endpoint,
					  u32 id)
{
	struct smmu_kvm_stream *s;
	bool known = false;

	list_for_each_entry(s, &smmu->streams, list) {
		if (s->endpoint == endpoint && s->id == id) {
			s->users++;
			return s;
		}
	}

	list_for_each_entry(s, &smmu->streams, list) {
		if (!smmu_kvm_ids_overlap(smmu->desc->smr_mask, s->id, id))
			continue;
		if (!streams_match(smmu, s->id, id)) {
			dev_err(dev, "refused: stream 0x%x conflicts with another device's\n",
				id);
			return ERR_PTR(-EINVAL);
		}
		known = true;
	}

	if (!known && !has_register(smmu, dev))
		return ERR_PTR(-ENOSPC);

	s = kzalloc_obj(*s);
	if (!s)
		return ERR_PTR(-ENOMEM);

	s->endpoint = endpoint;
	s->id = id;
	s->users = 1;
	list_add_tail(&s->list, &smmu->streams);
	return s;
}

static void stream_put(struct smmu_kvm_device *smmu,
		       struct smmu_kvm_stream *stream)
{
	if (--stream->users)
		return;

	if (WARN_ON(stream->domain))
		stream_detach(smmu, stream);
	list_del(&stream->list);
	kfree(stream);
}

/*
 * Domains
 */

static char *smmu_kvm_fmt = "auto";
module_param_named(format, smmu_kvm_fmt, charp, 0444);
MODULE_PARM_DESC(format, "Page-table format: auto (default), lpae, v7s");

/*
 * Short descriptors serve devices of 32 address bits. Where a device has more,
 * its drivers may want to use them: its format is AArch64, unless the command
 * line says otherwise.
 */
static enum kvm_iommu_fmt domain_fmt(struct device *dev)
{
	if (!strcmp(smmu_kvm_fmt, "v7s"))
		return KVM_IOMMU_FMT_V7S;
	if (!strcmp(smmu_kvm_fmt, "lpae"))
		return KVM_IOMMU_FMT_LPAE;
	if (dev && dev->bus_dma_limit && dev->bus_dma_limit <= DMA_BIT_MASK(32))
		return KVM_IOMMU_FMT_AUTO_32BIT;

	return KVM_IOMMU_FMT_AUTO;
}

static struct smmu_kvm_domain *domain_alloc(struct smmu_kvm_device *smmu,
					    struct device *dev)
{
	struct kvm_iommu_domain_info info;
	struct smmu_kvm_domain *domain;
	int ret;

	domain = kzalloc_obj(*domain);
	if (!domain)
		return ERR_PTR(-ENOMEM);

	ret = kvm_iommu_alloc_domain(smmu->index, domain_fmt(dev), &info,
				     GFP_KERNEL);
	if (ret == -EOPNOTSUPP)
		dev_err(smmu->dev, "format %s: the SMMU does not have it, or memory is out of its reach\n",
			smmu_kvm_fmt);
	if (ret < 0)
		goto err_free;

	domain->smmu = smmu;
	domain->handle = ret;
	domain->domain.pgsize_bitmap = info.pgsize_bitmap;
	domain->domain.geometry.aperture_end = GENMASK_ULL(info.ias - 1, 0);
	domain->domain.geometry.force_aperture = true;

	ret = xa_insert_irq(&smmu_kvm_domains, domain->handle, domain, GFP_KERNEL);
	if (ret)
		goto err_free_domain;

	smmu_kvm_batch_init(&domain->batch);
	return domain;

err_free_domain:
	kvm_iommu_free_domain(domain->handle);
err_free:
	kfree(domain);
	return ERR_PTR(ret);
}

static void domain_free(struct smmu_kvm_domain *domain)
{
	int ret;

	xa_erase_irq(&smmu_kvm_domains, domain->handle);

	ret = kvm_iommu_free_domain(domain->handle);
	if (ret)
		dev_warn(domain->smmu->dev, "domain %u cannot be freed: %d\n",
			 domain->handle, ret);
	smmu_kvm_batch_free(&domain->batch);
	kfree(domain);
}

static struct iommu_domain *smmu_kvm_domain_alloc_paging(struct device *dev)
{
	struct smmu_kvm_master *master = dev_iommu_priv_get(dev);
	struct smmu_kvm_domain *domain;

	domain = domain_alloc(master->smmu, dev);
	if (IS_ERR(domain))
		return ERR_CAST(domain);

	return &domain->domain;
}

/*
 * The IOMMU core frees the domain that a group leaves also where the group could
 * not be attached to the next one.
 */
static void smmu_kvm_domain_free(struct iommu_domain *iommu_domain)
{
	struct smmu_kvm_domain *domain = to_smmu_kvm_domain(iommu_domain);

	mutex_lock(&domain->smmu->lock);
	streams_leave(domain->smmu, domain);
	mutex_unlock(&domain->smmu->lock);

	domain_free(domain);
}

static int smmu_kvm_attach_dev(struct iommu_domain *iommu_domain,
			       struct device *dev, struct iommu_domain *old)
{
	struct smmu_kvm_domain *domain = to_smmu_kvm_domain(iommu_domain);
	struct smmu_kvm_master *master = dev_iommu_priv_get(dev);
	struct smmu_kvm_device *smmu = master->smmu;
	unsigned int i;
	int ret;

	/* A domain has the tables of one SMMU */
	if (domain->smmu != smmu)
		return -EINVAL;

	mutex_lock(&smmu->lock);
	ret = streams_move(master, domain);
	if (ret) {
		dev_err(dev, "cannot be attached: %d\n", ret);
		streams_move_back(smmu, domain);
	} else if (!master->attached) {
		for (i = 0; i < master->nr_streams; i++)
			master->streams[i]->attached++;
		master->attached = true;
	}
	mutex_unlock(&smmu->lock);

	return ret;
}

static int smmu_kvm_attach_dev_blocked(struct iommu_domain *domain,
				       struct device *dev,
				       struct iommu_domain *old)
{
	struct smmu_kvm_master *master = dev_iommu_priv_get(dev);
	struct smmu_kvm_device *smmu = master->smmu;
	unsigned int i;

	mutex_lock(&smmu->lock);
	for (i = 0; master->attached && i < master->nr_streams; i++) {
		struct smmu_kvm_stream *s = master->streams[i];

		if (!--s->attached && s->domain)
			stream_detach(smmu, s);
	}
	master->attached = false;
	mutex_unlock(&smmu->lock);

	return 0;
}

static int smmu_kvm_map_pages(struct iommu_domain *domain, unsigned long iova,
			      phys_addr_t paddr, size_t pgsize, size_t pgcount,
			      int prot, gfp_t gfp, size_t *mapped)
{
	struct smmu_kvm_domain *d = to_smmu_kvm_domain(domain);
	size_t size = pgsize * pgcount;

	if (pgsize == PAGE_SIZE && !gfpflags_allow_blocking(gfp)) {
		int ret = smmu_kvm_batch_add(&d->batch, d->handle, iova, paddr,
					     size, prot);

		if (!ret)
			*mapped += size;
		if (ret != -EAGAIN)
			return ret;
	}

	return kvm_iommu_map(d->handle, iova, paddr, pgsize, pgcount, prot, gfp,
			     mapped);
}

static int smmu_kvm_iotlb_sync_map(struct iommu_domain *domain,
				   unsigned long iova, size_t size)
{
	struct smmu_kvm_domain *d = to_smmu_kvm_domain(domain);

	return smmu_kvm_batch_sync(&d->batch, d->handle, iova, size);
}

static size_t smmu_kvm_unmap_pages(struct iommu_domain *domain,
				   unsigned long iova, size_t pgsize,
				   size_t pgcount,
				   struct iommu_iotlb_gather *gather)
{
	struct smmu_kvm_domain *d = to_smmu_kvm_domain(domain);
	size_t size = pgsize * pgcount, unmapped;
	int ret;

	/* A page that has only been collected so far is as good as mapped */
	unmapped = smmu_kvm_batch_cancel(&d->batch, d->handle, iova, size);
	if (unmapped >= size)
		return size;

	ret = kvm_iommu_unmap(d->handle, iova, pgsize,
			      DIV_ROUND_UP(size - unmapped, pgsize), &unmapped);
	if (unlikely(ret == -EIO)) {
		/* For its user the pages are unmapped. They cannot leave the host. */
		domain_lost(d);
		return size;
	}

	return min(unmapped, size);
}

/*
 * What the flush queue of a DMA-FQ domain calls before it frees addresses for
 * reuse. Each of them was unmapped, and so invalidated, before it was queued.
 */
static void smmu_kvm_flush_iotlb_all(struct iommu_domain *domain)
{
}

static phys_addr_t smmu_kvm_iova_to_phys(struct iommu_domain *domain,
					 dma_addr_t iova)
{
	struct smmu_kvm_domain *d = to_smmu_kvm_domain(domain);

	return smmu_kvm_batch_find(&d->batch, iova) ?:
	       kvm_iommu_iova_to_phys(d->handle, iova);
}

/*
 * Devices
 */

/*
 * Which endpoint has this stream? A device has the node of its own, of the bus
 * it is on (PCI), or of the device that made it (host1x contexts).
 */
static int find_endpoint(struct device *dev, u32 smmu, u32 id)
{
	const struct smmu_kvm_topology *topo = smmu_kvm_topology();
	u32 i;

	for (; dev; dev = dev->parent) {
		if (!dev->of_node)
			continue;

		for (i = 0; i < topo->desc->nr_endpoints; i++) {
			if (topo->endpoint_np[i] == dev->of_node &&
			    smmu_kvm_endpoint_has_stream(topo, i, smmu, id))
				return i;
		}
	}

	return -ENODEV;
}

static struct smmu_kvm_device *smmu_kvm_from_fwnode(struct fwnode_handle *fwnode)
{
	struct device *dev;

	dev = bus_find_device_by_fwnode(&platform_bus_type, fwnode);
	put_device(dev);

	return dev ? dev_get_drvdata(dev) : NULL;
}

static void master_put_streams(struct smmu_kvm_master *master)
{
	for (; master->nr_streams; master->nr_streams--)
		stream_put(master->smmu, master->streams[master->nr_streams - 1]);
}

static int master_get_streams(struct smmu_kvm_master *master,
			      const struct iommu_fwspec *fwspec)
{
	struct smmu_kvm_device *smmu = master->smmu;
	struct device *dev = master->dev;
	unsigned int i;
	int ret;

	for (i = 0; i < fwspec->num_ids; i++) {
		struct smmu_kvm_stream *stream;
		u32 id = fwspec->ids[i];
		int endpoint;

		endpoint = find_endpoint(dev, smmu->index, id);
		if (endpoint < 0) {
			dev_err(dev, "stream 0x%x was not described at boot\n",
				id);
			return endpoint;
		}

		stream = stream_get(smmu, dev, endpoint, id);
		if (IS_ERR(stream))
			return PTR_ERR(stream);
		/* Counted first: __counted_by() */
		master->nr_streams++;
		master->streams[master->nr_streams - 1] = stream;

		/* Known to the hypervisor, and under its control? */
		ret = kvm_iommu_query(smmu->index, endpoint, id);
		if (ret) {
			dev_err(dev, "stream 0x%x refused by the hypervisor: %d%s\n",
				id, ret, ret == -EACCES ?
				", firmware has locked another stream ID" : "");
			return ret;
		}
	}

	return 0;
}

/*
 * A device that fails here has no access to memory. Say -ENODEV for all
 * reasons: anything else would make the IOMMU core give up the whole SMMU.
 */
static struct iommu_device *smmu_kvm_probe_device(struct device *dev)
{
	struct iommu_fwspec *fwspec = dev_iommu_fwspec_get(dev);
	struct smmu_kvm_device *smmu;
	struct smmu_kvm_master *master;
	int ret;

	smmu = smmu_kvm_from_fwnode(fwspec->iommu_fwnode);
	if (!smmu)
		return ERR_PTR(-ENODEV);

	master = kzalloc_flex(*master, streams, fwspec->num_ids);
	if (!master)
		return ERR_PTR(-ENOMEM);

	master->smmu = smmu;
	master->dev = dev;
	/* There is room for num_ids, and a compiler that knows it has set this */
	master->nr_streams = 0;

	mutex_lock(&smmu->lock);
	ret = master_get_streams(master, fwspec);
	if (ret)
		master_put_streams(master);
	else
		list_add_tail(&master->list, &smmu->masters);
	mutex_unlock(&smmu->lock);

	if (ret) {
		kfree(master);
		return ERR_PTR(-ENODEV);
	}

	dev_iommu_priv_set(dev, master);
	return &smmu->iommu;
}

static void smmu_kvm_release_device(struct device *dev)
{
	struct smmu_kvm_master *master = dev_iommu_priv_get(dev);
	struct smmu_kvm_device *smmu = master->smmu;

	mutex_lock(&smmu->lock);
	list_del(&master->list);
	master_put_streams(master);
	mutex_unlock(&smmu->lock);

	kfree(master);
}

/* Devices that share a stream ID share a group, which has a context bank. */
static struct iommu_group *smmu_kvm_device_group(struct device *dev)
{
	struct smmu_kvm_master *master = dev_iommu_priv_get(dev);
	struct smmu_kvm_device *smmu = master->smmu;
	struct iommu_group *group = NULL;
	struct smmu_kvm_stream *s;
	unsigned int i;

	mutex_lock(&smmu->lock);

	for (i = 0; i < master->nr_streams; i++) {
		list_for_each_entry(s, &smmu->streams, list) {
			if (!s->group ||
			    !streams_match(smmu, s->id, master->streams[i]->id))
				continue;
			if (group && group != s->group) {
				group = ERR_PTR(-ENODEV);
				goto unlock;
			}
			group = s->group;
		}
	}

	if (group)
		iommu_group_ref_get(group);
	else if (dev_is_pci(dev))
		group = pci_device_group(dev);
	else if (dev_is_fsl_mc(dev))
		group = fsl_mc_device_group(dev);
	else
		group = generic_device_group(dev);

	if (!IS_ERR(group) && !has_bank(smmu, dev, group)) {
		iommu_group_put(group);
		group = ERR_PTR(-ENODEV);
	}

	if (!IS_ERR(group)) {
		for (i = 0; i < master->nr_streams; i++)
			master->streams[i]->group = group;
	}

unlock:
	mutex_unlock(&smmu->lock);
	return group;
}

/*
 * The "stream-match-mask" of an SMMU is not part of an ID here: the hypervisor
 * knows it and applies it.
 */
static int smmu_kvm_of_xlate(struct device *dev,
			     const struct of_phandle_args *args)
{
	const struct iommu_fwspec *fwspec = dev_iommu_fwspec_get(dev);
	u32 id;

	/* A domain has the tables of one SMMU, and the core one for a device */
	if (fwspec->iommu_fwnode != of_fwnode_handle(args->np)) {
		dev_err(dev, "has streams on two SMMUs, %pfw and %pOF: not supported, its DMA is blocked\n",
			fwspec->iommu_fwnode, args->np);
		return -EINVAL;
	}

	if (args->args_count < 1 || args->args_count > 2 ||
	    args->args[0] > U16_MAX)
		return -EINVAL;

	id = FIELD_PREP(SMMU_KVM_ID_SID, args->args[0]);
	if (args->args_count > 1)
		id |= FIELD_PREP(SMMU_KVM_ID_MASK, args->args[1]);

	return iommu_fwspec_add_ids(dev, &id, 1);
}

static void smmu_kvm_get_resv_regions(struct device *dev, struct list_head *head)
{
	int prot = IOMMU_WRITE | IOMMU_NOEXEC | IOMMU_MMIO;
	struct iommu_resv_region *region;

	region = iommu_alloc_resv_region(MSI_IOVA_BASE, MSI_IOVA_LENGTH, prot,
					 IOMMU_RESV_SW_MSI, GFP_KERNEL);
	if (!region)
		return;

	list_add_tail(&region->list, head);

	iommu_dma_get_resv_regions(dev, head);
}

static bool smmu_kvm_capable(struct device *dev, enum iommu_cap cap)
{
	switch (cap) {
	case IOMMU_CAP_CACHE_COHERENCY:
		/*
		 * What the DMA API believes. The firmware node cannot be asked:
		 * a PCI function has none, its host bridge has.
		 */
		return dev_is_dma_coherent(dev);
	case IOMMU_CAP_NOEXEC:
		return true;
	default:
		return false;
	}
}

/* No way around the SMMU: the hypervisor has no identity domain. */
static int smmu_kvm_def_domain_type(struct device *dev)
{
	return IOMMU_DOMAIN_DMA;
}

static struct iommu_domain smmu_kvm_blocked_domain = {
	.type = IOMMU_DOMAIN_BLOCKED,
	.ops = &(const struct iommu_domain_ops) {
		.attach_dev = smmu_kvm_attach_dev_blocked,
	},
};

static const struct iommu_ops smmu_kvm_ops = {
	.blocked_domain		= &smmu_kvm_blocked_domain,
	.release_domain		= &smmu_kvm_blocked_domain,
	.capable		= smmu_kvm_capable,
	.domain_alloc_paging	= smmu_kvm_domain_alloc_paging,
	.probe_device		= smmu_kvm_probe_device,
	.release_device		= smmu_kvm_release_device,
	.device_group		= smmu_kvm_device_group,
	.of_xlate		= smmu_kvm_of_xlate,
	.get_resv_regions	= smmu_kvm_get_resv_regions,
	.def_domain_type	= smmu_kvm_def_domain_type,
	.owner			= THIS_MODULE,
	.default_domain_ops = &(const struct iommu_domain_ops) {
		.attach_dev	= smmu_kvm_attach_dev,
		.map_pages	= smmu_kvm_map_pages,
		.iotlb_sync_map	= smmu_kvm_iotlb_sync_map,
		.unmap_pages	= smmu_kvm_unmap_pages,
		.flush_iotlb_all = smmu_kvm_flush_iotlb_all,
		.iova_to_phys	= smmu_kvm_iova_to_phys,
		.free		= smmu_kvm_domain_free,
	},
};

/*
 * Faults
 */

/* The node that a stream ID belongs to, if the description knows one */
static struct device_node *find_node(u32 smmu, u32 sid)
{
	const struct smmu_kvm_topology *topo = smmu_kvm_topology();
	int endpoint = smmu_kvm_find_endpoint(topo, smmu, sid);

	return endpoint < 0 ? NULL : topo->endpoint_np[endpoint];
}

/*
 * A device that presents a stream ID, or else the SMMU: reports need one. It
 * stays as long as smmu->lock is held.
 */
static struct device *find_device(struct smmu_kvm_device *smmu, u32 sid)
{
	struct smmu_kvm_master *master;
	unsigned int i;

	lockdep_assert_held(&smmu->lock);

	list_for_each_entry(master, &smmu->masters, list) {
		for (i = 0; i < master->nr_streams; i++) {
			if (smmu_kvm_ids_overlap(smmu->desc->smr_mask,
						 master->streams[i]->id, sid))
				return master->dev;
		}
	}

	return smmu->dev;
}

/* Has the owner of the domain dealt with it? */
static bool report_context_fault(struct smmu_kvm_device *smmu,
				 const struct kvm_iommu_fault *fault)
{
	int flags = fault->fsynr & ARM_SMMU_CB_FSYNR0_WNR ?
		    IOMMU_FAULT_WRITE : IOMMU_FAULT_READ;
	struct smmu_kvm_domain *domain;
	unsigned long irqflags;
	int ret = -ENODEV;
	struct device *dev;

	mutex_lock(&smmu->lock);
	dev = find_device(smmu, fault->sid);

	xa_lock_irqsave(&smmu_kvm_domains, irqflags);
	domain = xa_load(&smmu_kvm_domains, fault->handle);
	if (domain)
		ret = report_iommu_fault(&domain->domain, dev, fault->iova,
					 flags);
	xa_unlock_irqrestore(&smmu_kvm_domains, irqflags);

	mutex_unlock(&smmu->lock);

	return !ret;
}

static void report_sync_fault(struct smmu_kvm_device *smmu,
			      const struct kvm_iommu_fault *fault)
{
	if (!fault->handle) {
		dev_err(smmu->dev,
			"reset did not complete, instance=%u: all streams are blocked\n",
			fault->instance);
		return;
	}

	dev_err(smmu->dev,
		"TLB sync timed out -- SMMU may be deadlocked: domain=%u, instance=%u: its streams are blocked\n",
		fault->handle, fault->instance);
}

static void smmu_kvm_report(struct smmu_kvm_device *smmu,
			    const struct kvm_iommu_fault *fault)
{
	/* A device may set bits that the SMMU does not compare */
	u32 sid = fault->sid & ~smmu->desc->smr_mask;
	struct device_node *np = find_node(smmu->index, sid);

	/* Never many: once for each context bank */
	if (fault->type == KVM_IOMMU_FAULT_SYNC) {
		report_sync_fault(smmu, fault);
		return;
	}

	if (fault->type == KVM_IOMMU_FAULT_CONTEXT &&
	    report_context_fault(smmu, fault))
		return;

	if (!__ratelimit(&smmu->log_rate))
		return;

	switch (fault->type) {
	case KVM_IOMMU_FAULT_CONTEXT:
		dev_err(smmu->dev,
			"Unhandled context fault: fsr=0x%x, iova=0x%08llx, fsynr=0x%x, sid=0x%x (%pOF), domain=%u, instance=%u\n",
			fault->fsr, fault->iova, fault->fsynr, sid, np,
			fault->handle, fault->instance);
		break;
	case KVM_IOMMU_FAULT_GLOBAL:
		dev_err(smmu->dev,
			"Unexpected global fault: gfsr=0x%x, addr=0x%08llx, gfsynr0=0x%x, sid=0x%x (%pOF), instance=%u\n",
			fault->fsr, fault->iova, fault->fsynr, sid, np,
			fault->instance);
		break;
	default:
		dev_err(smmu->dev, "fault of unknown type %u\n", fault->type);
		break;
	}
}

static bool take_fault(struct smmu_kvm_device *smmu)
{
	struct kvm_iommu_fault fault;

	if (kvm_iommu_next_fault(smmu->index, &fault) ||
	    fault.type == KVM_IOMMU_FAULT_NONE)
		return false;

	smmu_kvm_report(smmu, &fault);
	return true;
}

/* For what no interrupt tells */
static void smmu_kvm_fault_work(struct work_struct *work)
{
	struct smmu_kvm_device *smmu = container_of(work, struct smmu_kvm_device,
						    fault_work);
	unsigned int n;

	for (n = 0; n < MAX_FAULTS && take_fault(smmu); n++)
		;
}

/*
 * One handler for all interrupts of an SMMU: only the hypervisor can look. It
 * is threaded and IRQF_ONESHOT, so that while it sleeps its line is quiet.
 */
static irqreturn_t smmu_kvm_fault(int irq, void *data)
{
	struct smmu_kvm_device *smmu = data;
	bool found = false;

	while (take_fault(smmu)) {
		found = true;
		if (!__ratelimit(&smmu->fault_rate)) {
			msleep(FAULT_INTERVAL_MS);
			break;
		}
	}

	return found ? IRQ_HANDLED : IRQ_NONE;
}

/*
 * SMMUs
 */

/* Context and global interrupts may be one, and an SMMU may name it often. */
static int request_irqs(struct smmu_kvm_device *smmu,
			struct platform_device *pdev)
{
	int i, j, nr, ret;
	int *irqs;

	nr = platform_irq_count(pdev);
	if (nr <= 0)
		return nr;

	irqs = devm_kcalloc(smmu->dev, nr, sizeof(*irqs), GFP_KERNEL);
	if (!irqs)
		return -ENOMEM;

	for (i = 0; i < nr; i++) {
		irqs[i] = platform_get_irq(pdev, i);
		if (irqs[i] < 0)
			return irqs[i];

		for (j = 0; irqs[j] != irqs[i]; j++)
			;
		if (j < i)
			continue;

		ret = devm_request_threaded_irq(smmu->dev, irqs[i], NULL,
						smmu_kvm_fault,
						IRQF_ONESHOT | IRQF_SHARED,
						dev_name(smmu->dev), smmu);
		if (ret)
			return ret;
	}

	return 0;
}

static int smmu_kvm_probe(struct platform_device *pdev)
{
	const struct smmu_kvm_topology *topo = smmu_kvm_topology();
	struct device *dev = &pdev->dev;
	struct smmu_kvm_domain *domain;
	struct smmu_kvm_device *smmu;
	phys_addr_t base;
	u32 index;
	int ret;

	if (!kvm_iommu_ready())
		return -ENODEV;

	for (index = 0; index < topo->desc->nr_smmus; index++) {
		if (topo->smmu_np[index] == dev->of_node)
			break;
	}
	if (index == topo->desc->nr_smmus)
		return -ENODEV;

	smmu = devm_kzalloc(dev, sizeof(*smmu), GFP_KERNEL);
	if (!smmu)
		return -ENOMEM;

	smmu->dev = dev;
	smmu->index = index;
	smmu->desc = &topo->smmus[index];
	ratelimit_state_init(&smmu->fault_rate,
			     msecs_to_jiffies(FAULT_INTERVAL_MS), MAX_FAULTS);
	ratelimit_default_init(&smmu->log_rate);
	ratelimit_set_flags(&smmu->fault_rate, RATELIMIT_MSG_ON_RELEASE);
	INIT_WORK(&smmu->fault_work, smmu_kvm_fault_work);
	mutex_init(&smmu->lock);
	INIT_LIST_HEAD(&smmu->streams);
	INIT_LIST_HEAD(&smmu->masters);
	platform_set_drvdata(pdev, smmu);

	/* Where no domain can be made, no device can be attached: say it once */
	domain = domain_alloc(smmu, NULL);
	if (IS_ERR(domain))
		return dev_err_probe(dev, PTR_ERR(domain),
				     "cannot allocate a domain\n");
	domain_free(domain);

	ret = request_irqs(smmu, pdev);
	if (ret)
		return dev_err_probe(dev, ret, "cannot request interrupts\n");

	base = smmu->desc->base[0];
	ret = iommu_device_sysfs_add(&smmu->iommu, dev, NULL, "smmu.%pa", &base);
	if (ret)
		return dev_err_probe(dev, ret, "cannot register in sysfs\n");

	ret = iommu_device_register(&smmu->iommu, &smmu_kvm_ops, dev);
	if (ret) {
		iommu_device_sysfs_remove(&smmu->iommu);
		return dev_err_probe(dev, ret, "cannot register\n");
	}

	smmu_kvm_debugfs_add(smmu);

	dev_info(dev, "owned by the hypervisor, %u instance%s\n",
		 smmu->desc->nr_instances,
		 str_plural(smmu->desc->nr_instances));
	return 0;
}

/*
 * Neither remove nor shutdown: an SMMU that the hypervisor owns is never
 * switched off or bypassed, and to unbind the driver would achieve nothing.
 */
static const struct of_device_id smmu_kvm_of_table[] = {
	{ .compatible = "arm,mmu-500" },
	{ .compatible = "arm,smmu-v2" },
	{ .compatible = "nvidia,smmu-500" },
	{ }
};

static struct platform_driver smmu_kvm_platform_driver = {
	.driver = {
		.name			= "arm-smmu-kvm",
		.of_match_table		= smmu_kvm_of_table,
		.suppress_bind_attrs	= true,
	},
	.probe = smmu_kvm_probe,
};

static void __init report_prefetch(void)
{
	u64 banks;

	if (!kvm_iommu_get_stat(KVM_IOMMU_STAT_PREFETCH, &banks) && banks)
		pr_warn("arm-smmu-kvm: %llu context banks go on prefetching, firmware has set ACR.CACHE_LOCK for good: errata 826419, 841119\n",
			banks);
}

static int __init smmu_kvm_driver_init(void)
{
	const struct smmu_kvm_topology *topo = smmu_kvm_topology();

	if (!kvm_iommu_ready() || !topo)
		return 0;

	if (strcmp(smmu_kvm_fmt, "auto") && strcmp(smmu_kvm_fmt, "lpae") &&
	    strcmp(smmu_kvm_fmt, "v7s"))
		pr_err("arm-smmu-kvm: format=%s: unknown, it is auto\n",
		       smmu_kvm_fmt);

	smmu_kvm_mc_report(topo);
	report_prefetch();
	smmu_kvm_debugfs_init(topo);

	return platform_driver_register(&smmu_kvm_platform_driver);
}
device_initcall_sync(smmu_kvm_driver_init);

#if IS_BUILTIN(CONFIG_ARM_SMMU_KVM_KUNIT_TEST)
#include "arm-smmu-kvm-group-test.c"
#endif
