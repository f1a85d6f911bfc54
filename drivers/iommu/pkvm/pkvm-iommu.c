// SPDX-License-Identifier: GPL-2.0-only
/*
 * IOMMU driver for IOMMUs that the protected KVM hypervisor owns.
 *
 * The hypervisor owns the registers and the translation tables. This driver is a
 * front-end: it translates the calls of the IOMMU core into hypercalls. What differs
 * between IOMMU architectures is in struct pkvm_iommu_driver.
 *
 * Streams. The hypervisor attaches streams of endpoints to domains (see
 * linux/pkvm-iommu-desc.h). Several devices can be one endpoint: functions behind a
 * PCIe controller with one stream ID. Several endpoints can have the same stream ID;
 * then they cannot be told apart, are in one group, and share a domain. The IOMMU core
 * moves the devices of a group one by one. The first one takes all streams of the group
 * along, so that a group never has streams in more than one domain. When a device is
 * blocked, a stream that it shares is blocked only with the last device that has it.
 *
 * Mapping. Pages that the core maps in several calls, before it calls iotlb_sync_map,
 * are mapped by one hypercall (pkvm-iommu-map.c). This is limited to callers that may
 * not sleep, because the hypercall's memory is then allocated atomically.
 *
 * Invalidation. When the hypercall of an unmap returns, the invalidation is complete on
 * all instances: the hypervisor cannot release a page earlier. So there is nothing to
 * gather, and a deferred flush has nothing to invalidate. (sysfs accepts the group type
 * DMA-FQ for any driver.)
 */

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
#include <linux/workqueue.h>
#include <linux/xarray.h>

#include <asm/kvm_iommu.h>

#include "../dma-iommu.h"

#include "pkvm-iommu.h"

#define MSI_IOVA_BASE		0x8000000
#define MSI_IOVA_LENGTH		0x100000

/*
 * Handle at most so many faults of an IOMMU in so many milliseconds. A device can fault
 * as fast as it accesses memory, and handling all of these faults would keep a CPU busy.
 * The interrupt stays masked for the rest of the interval. Meanwhile the IOMMU records
 * some faults, and that there were more.
 */
#define MAX_FAULTS		16
#define FAULT_INTERVAL_MS	100

/* Domains by handle, to report faults. Its lock keeps a domain from being freed. */
static DEFINE_XARRAY_FLAGS(pkvm_iommu_domains, XA_FLAGS_LOCK_IRQ);

static struct pkvm_iommu_domain *to_pkvm_iommu_domain(struct iommu_domain *domain)
{
	return container_of(domain, struct pkvm_iommu_domain, domain);
}

/*
 * The hypervisor has quarantined a domain: no device can reach its pages any more. No
 * interrupt reports this, so queue the work that logs it. Any context.
 */
static void domain_lost(struct pkvm_iommu_domain *domain)
{
	schedule_work(&domain->iommu->fault_work);
}

/*
 * Streams. These functions are called with iommu->lock held.
 */

static bool ids_overlap(const struct pkvm_iommu *iommu, u32 id1, u32 id2)
{
	const struct pkvm_iommu_driver *drv = iommu->drv;

	return pkvm_iommu_ids_overlap(pkvm_iommu_id_sid(drv, id1),
				      pkvm_iommu_id_mask(drv, id1) | iommu->ignored,
				      pkvm_iommu_id_sid(drv, id2), pkvm_iommu_id_mask(drv, id2));
}

/* Return true if both IDs match the same transactions. */
static bool ids_match(const struct pkvm_iommu *iommu, u32 id1, u32 id2)
{
	return pkvm_iommu_id_mask(iommu->drv, id1) == pkvm_iommu_id_mask(iommu->drv, id2) &&
	       ids_overlap(iommu, id1, id2);
}

/* Hypercalls name a stream by its ID: the hypervisor knows the mask. */
static u32 stream_sid(const struct pkvm_iommu *iommu, const struct pkvm_iommu_stream *stream)
{
	return pkvm_iommu_id_sid(iommu->drv, stream->id);
}

static int stream_attach(struct pkvm_iommu *iommu,
			 struct pkvm_iommu_stream *stream,
			 struct pkvm_iommu_domain *domain)
{
	int ret;

	ret = kvm_iommu_attach(domain->handle, iommu->number, stream->endpoint,
			       stream_sid(iommu, stream), GFP_KERNEL);
	if (!ret)
		stream->domain = domain;

	return ret;
}

static void stream_detach(struct pkvm_iommu *iommu,
			  struct pkvm_iommu_stream *stream)
{
	int ret;

	ret = kvm_iommu_detach(stream->domain->handle, iommu->number,
			       stream->endpoint, stream_sid(iommu, stream));
	if (ret == -EIO)
		domain_lost(stream->domain);
	else if (ret)
		dev_err(iommu->dev, "cannot detach stream 0x%x: %d\n",
			stream->id, ret);

	stream->domain = NULL;
}

/*
 * Move the streams of a device, and all attached streams of its group, to @domain.
 * Detach all of them first, so that the old domain's room in the IOMMU is free.
 */
static int streams_move(struct pkvm_iommu_master *master,
			struct pkvm_iommu_domain *domain)
{
	struct pkvm_iommu *iommu = master->iommu;
	struct iommu_group *group = master->dev->iommu_group;
	struct pkvm_iommu_stream *s;
	unsigned int i;
	int ret = 0;

	list_for_each_entry(s, &iommu->streams, list) {
		s->saved = s->domain;
		if (s->group == group && s->domain && s->domain != domain)
			stream_detach(iommu, s);
	}

	for (i = 0; i < master->nr_streams && !ret; i++) {
		s = master->streams[i];
		if (s->domain != domain)
			ret = stream_attach(iommu, s, domain);
	}

	list_for_each_entry(s, &iommu->streams, list) {
		if (!ret && s->group == group && s->saved && s->domain != domain)
			ret = stream_attach(iommu, s, domain);
	}

	return ret;
}

/*
 * Undo streams_move(). The IOMMU core does not say whether it keeps the old domain or
 * drops it because the attach was not allowed to fail. The latter concerns default
 * domains: the next driver of the device expects to be in @domain, so the device must
 * not keep access to the pages of the old one.
 */
static void streams_move_back(struct pkvm_iommu *iommu,
			      struct pkvm_iommu_domain *domain)
{
	bool block = iommu_is_dma_domain(&domain->domain);
	struct pkvm_iommu_stream *s;

	list_for_each_entry(s, &iommu->streams, list) {
		if (s->domain && s->domain != s->saved)
			stream_detach(iommu, s);
	}

	list_for_each_entry(s, &iommu->streams, list) {
		if (s->domain == s->saved)
			continue;
		if (block || stream_attach(iommu, s, s->saved))
			dev_err(iommu->dev, "stream 0x%x stays blocked\n", s->id);
	}
}

/* Detach all streams from a domain that is about to be freed. */
static void streams_leave(struct pkvm_iommu *iommu,
			  struct pkvm_iommu_domain *domain)
{
	struct pkvm_iommu_stream *s;

	list_for_each_entry(s, &iommu->streams, list) {
		if (s->domain != domain)
			continue;

		dev_err(iommu->dev, "stream 0x%x is blocked: its domain is freed\n",
			s->id);
		stream_detach(iommu, s);
	}
}

/*
 * Reservations. The IOMMU core expects the first attach of a device to succeed, and
 * unregisters the whole IOMMU otherwise. So refuse to probe a device if the IOMMU has no
 * room for one of its streams, or for a domain of its group. Each stream ID of a probed
 * device reserves room for a stream, and each group room for a domain, whether it is
 * attached or not.
 */

static unsigned int count_ids(const struct pkvm_iommu *iommu)
{
	const struct pkvm_iommu_stream *s, *t;
	unsigned int n = 0;

	list_for_each_entry(s, &iommu->streams, list) {
		/* Count only the first of the streams that match each other */
		list_for_each_entry(t, &iommu->streams, list) {
			if (ids_match(iommu, s->id, t->id))
				break;
		}
		n += s == t;
	}

	return n;
}

static unsigned int count_groups(const struct pkvm_iommu *iommu)
{
	const struct pkvm_iommu_stream *s, *t;
	unsigned int n = 0;

	list_for_each_entry(s, &iommu->streams, list) {
		list_for_each_entry(t, &iommu->streams, list) {
			if (s->group == t->group)
				break;
		}
		n += s == t && s->group;
	}

	return n;
}

/* Return true if there is room for another stream ID that is not reserved. */
static bool has_room_for_id(struct pkvm_iommu *iommu, struct device *dev)
{
	unsigned int domains, streams;

	if (iommu->drv->room(iommu->number, &domains, &streams))
		return false;
	if (count_ids(iommu) < streams)
		return true;

	dev_err(dev, "refused: all %u %s of %s are reserved for other devices\n",
		streams, iommu->drv->stream_places, dev_name(iommu->dev));
	return false;
}

/* Return true if the group has room for a domain, or there is room that is not reserved. */
static bool has_room_for_group(struct pkvm_iommu *iommu, struct device *dev,
			       const struct iommu_group *group)
{
	const struct pkvm_iommu_stream *s;
	unsigned int domains, streams;

	list_for_each_entry(s, &iommu->streams, list) {
		if (s->group == group)
			return true;
	}

	if (iommu->drv->room(iommu->number, &domains, &streams))
		return false;
	if (count_groups(iommu) < domains)
		return true;

	dev_err(dev, "refused: all %u %s of %s are reserved for other groups\n",
		domains, iommu->drv->domain_places, dev_name(iommu->dev));
	return false;
}

static struct pkvm_iommu_stream *stream_get(struct pkvm_iommu *iommu,
					    struct device *dev, u32 endpoint, u32 id)
{
	struct pkvm_iommu_stream *s;
	bool known = false;

	list_for_each_entry(s, &iommu->streams, list) {
		if (s->endpoint == endpoint && s->id == id) {
			s->users++;
			return s;
		}
	}

	list_for_each_entry(s, &iommu->streams, list) {
		if (!ids_overlap(iommu, s->id, id))
			continue;
		if (!ids_match(iommu, s->id, id)) {
			dev_err(dev, "refused: stream 0x%x overlaps a stream of another device\n",
				id);
			return ERR_PTR(-EINVAL);
		}
		known = true;
	}

	if (!known && !has_room_for_id(iommu, dev))
		return ERR_PTR(-ENOSPC);

	s = kzalloc_obj(*s);
	if (!s)
		return ERR_PTR(-ENOMEM);

	s->endpoint = endpoint;
	s->id = id;
	s->users = 1;
	list_add_tail(&s->list, &iommu->streams);
	return s;
}

static void stream_put(struct pkvm_iommu *iommu,
		       struct pkvm_iommu_stream *stream)
{
	if (--stream->users)
		return;

	if (WARN_ON(stream->domain))
		stream_detach(iommu, stream);
	list_del(&stream->list);
	kfree(stream);
}

/*
 * Domains
 */

/**
 * pkvm_iommu_fmt_name() - return the name of a page-table format
 * @fmt: the format
 *
 * Return: its name
 */
const char *pkvm_iommu_fmt_name(enum kvm_iommu_fmt fmt)
{
	switch (fmt) {
	case KVM_IOMMU_FMT_LPAE:
		return "lpae";
	case KVM_IOMMU_FMT_V7S:
		return "v7s";
	default:
		return "?";
	}
}

static struct pkvm_iommu_domain *domain_alloc(struct pkvm_iommu *iommu, struct device *dev)
{
	enum kvm_iommu_fmt fmt = iommu->drv->domain_fmt(dev);
	struct kvm_iommu_domain_info info;
	struct pkvm_iommu_domain *domain;
	int ret;

	domain = kzalloc_obj(*domain);
	if (!domain)
		return ERR_PTR(-ENOMEM);

	ret = kvm_iommu_alloc_domain(iommu->number, fmt, &info, GFP_KERNEL);
	if (ret == -EOPNOTSUPP)
		dev_err(iommu->dev, "format %s refused: the IOMMU does not support it, or there is memory beyond its addresses\n",
			pkvm_iommu_fmt_name(fmt));
	if (ret < 0)
		goto err_free;

	domain->iommu = iommu;
	domain->handle = ret;
	domain->domain.pgsize_bitmap = info.pgsize_bitmap;
	domain->domain.geometry.aperture_end = GENMASK_ULL(info.ias - 1, 0);
	domain->domain.geometry.force_aperture = true;

	ret = xa_insert_irq(&pkvm_iommu_domains, domain->handle, domain, GFP_KERNEL);
	if (ret)
		goto err_free_domain;

	pkvm_iommu_batch_init(&domain->batch);
	return domain;

err_free_domain:
	kvm_iommu_free_domain(domain->handle);
err_free:
	kfree(domain);
	return ERR_PTR(ret);
}

static void domain_free(struct pkvm_iommu_domain *domain)
{
	int ret;

	xa_erase_irq(&pkvm_iommu_domains, domain->handle);

	ret = kvm_iommu_free_domain(domain->handle);
	if (ret)
		dev_warn(domain->iommu->dev, "domain %u cannot be freed: %d\n",
			 domain->handle, ret);
	pkvm_iommu_batch_free(&domain->batch);
	kfree(domain);
}

static struct iommu_domain *pkvm_iommu_domain_alloc_paging(struct device *dev)
{
	struct pkvm_iommu_master *master = dev_iommu_priv_get(dev);
	struct pkvm_iommu_domain *domain;

	domain = domain_alloc(master->iommu, dev);
	if (IS_ERR(domain))
		return ERR_CAST(domain);

	return &domain->domain;
}

/*
 * The IOMMU core frees a group's old domain even if the group could not be attached to
 * the new one.
 */
static void pkvm_iommu_domain_free(struct iommu_domain *iommu_domain)
{
	struct pkvm_iommu_domain *domain = to_pkvm_iommu_domain(iommu_domain);

	mutex_lock(&domain->iommu->lock);
	streams_leave(domain->iommu, domain);
	mutex_unlock(&domain->iommu->lock);

	domain_free(domain);
}

static int pkvm_iommu_attach_dev(struct iommu_domain *iommu_domain,
				 struct device *dev, struct iommu_domain *old)
{
	struct pkvm_iommu_domain *domain = to_pkvm_iommu_domain(iommu_domain);
	struct pkvm_iommu_master *master = dev_iommu_priv_get(dev);
	struct pkvm_iommu *iommu = master->iommu;
	unsigned int i;
	int ret;

	/* A domain has tables for one IOMMU only */
	if (domain->iommu != iommu)
		return -EINVAL;

	mutex_lock(&iommu->lock);
	ret = streams_move(master, domain);
	if (ret) {
		dev_err(dev, "cannot be attached: %d\n", ret);
		streams_move_back(iommu, domain);
	} else if (!master->attached) {
		for (i = 0; i < master->nr_streams; i++)
			master->streams[i]->attached++;
		master->attached = true;
	}
	mutex_unlock(&iommu->lock);

	return ret;
}

static int pkvm_iommu_attach_dev_blocked(struct iommu_domain *domain,
					 struct device *dev,
				       struct iommu_domain *old)
{
	struct pkvm_iommu_master *master = dev_iommu_priv_get(dev);
	struct pkvm_iommu *iommu = master->iommu;
	unsigned int i;

	mutex_lock(&iommu->lock);
	for (i = 0; master->attached && i < master->nr_streams; i++) {
		struct pkvm_iommu_stream *s = master->streams[i];

		if (!--s->attached && s->domain)
			stream_detach(iommu, s);
	}
	master->attached = false;
	mutex_unlock(&iommu->lock);

	return 0;
}

static int pkvm_iommu_map_pages(struct iommu_domain *domain, unsigned long iova,
				phys_addr_t paddr, size_t pgsize, size_t pgcount,
			      int prot, gfp_t gfp, size_t *mapped)
{
	struct pkvm_iommu_domain *d = to_pkvm_iommu_domain(domain);
	size_t size = pgsize * pgcount;

	if (pgsize == PAGE_SIZE && !gfpflags_allow_blocking(gfp)) {
		int ret = pkvm_iommu_batch_add(&d->batch, d->handle, iova, paddr,
					     size, prot);

		if (!ret)
			*mapped += size;
		if (ret != -EAGAIN)
			return ret;
	}

	return kvm_iommu_map(d->handle, iova, paddr, pgsize, pgcount, prot, gfp,
			     mapped);
}

static int pkvm_iommu_iotlb_sync_map(struct iommu_domain *domain,
				     unsigned long iova, size_t size)
{
	struct pkvm_iommu_domain *d = to_pkvm_iommu_domain(domain);

	return pkvm_iommu_batch_sync(&d->batch, d->handle, iova, size);
}

static size_t pkvm_iommu_unmap_pages(struct iommu_domain *domain,
				     unsigned long iova, size_t pgsize,
				   size_t pgcount,
				   struct iommu_iotlb_gather *gather)
{
	struct pkvm_iommu_domain *d = to_pkvm_iommu_domain(domain);
	size_t size = pgsize * pgcount, unmapped;
	int ret;

	/* Pages that are still in the batch count as mapped */
	unmapped = pkvm_iommu_batch_cancel(&d->batch, d->handle, iova, size);
	if (unmapped >= size)
		return size;

	ret = kvm_iommu_unmap(d->handle, iova, pgsize,
			      DIV_ROUND_UP(size - unmapped, pgsize), &unmapped);
	if (unlikely(ret == -EIO)) {
		/* The caller may treat the pages as unmapped, but they cannot leave the host. */
		domain_lost(d);
		return size;
	}

	return min(unmapped, size);
}

/*
 * The flush queue of a DMA-FQ domain calls this before it frees I/O addresses for
 * reuse. They were invalidated when they were unmapped, before they were queued.
 */
static void pkvm_iommu_flush_iotlb_all(struct iommu_domain *domain)
{
}

static phys_addr_t pkvm_iommu_iova_to_phys(struct iommu_domain *domain,
					   dma_addr_t iova)
{
	struct pkvm_iommu_domain *d = to_pkvm_iommu_domain(domain);

	return pkvm_iommu_batch_find(&d->batch, iova) ?:
	       kvm_iommu_iova_to_phys(d->handle, iova);
}

/*
 * Devices
 */

/* Return true if the description gives an endpoint this stream ID, with this mask. */
static bool endpoint_has_stream(const struct pkvm_iommu *iommu, u32 endpoint, u32 id)
{
	const struct pkvm_iommu_layout *l = &iommu->topo->layout;
	int i = pkvm_iommu_find_stream(l, iommu->index, endpoint,
				       pkvm_iommu_id_sid(iommu->drv, id));

	return i >= 0 && l->streams[i].mask == pkvm_iommu_id_mask(iommu->drv, id);
}

/*
 * Find the endpoint that has a stream. Its node is the device's own, that of its bus
 * (PCI), or that of the device that created it (host1x contexts).
 */
static int find_endpoint(struct device *dev, const struct pkvm_iommu *iommu, u32 id)
{
	const struct pkvm_iommu_topology *topo = iommu->topo;
	u32 i;

	for (; dev; dev = dev->parent) {
		if (!dev->of_node)
			continue;

		for (i = 0; i < topo->layout.desc->nr_endpoints; i++) {
			if (topo->endpoint_np[i] == dev->of_node &&
			    endpoint_has_stream(iommu, i, id))
				return i;
		}
	}

	return -ENODEV;
}

static struct pkvm_iommu *pkvm_iommu_from_fwnode(struct fwnode_handle *fwnode)
{
	struct device *dev;

	dev = bus_find_device_by_fwnode(&platform_bus_type, fwnode);
	put_device(dev);

	return dev ? dev_get_drvdata(dev) : NULL;
}

static void master_put_streams(struct pkvm_iommu_master *master)
{
	for (; master->nr_streams; master->nr_streams--)
		stream_put(master->iommu, master->streams[master->nr_streams - 1]);
}

static int master_get_streams(struct pkvm_iommu_master *master,
			      const struct iommu_fwspec *fwspec)
{
	struct pkvm_iommu *iommu = master->iommu;
	struct device *dev = master->dev;
	unsigned int i;
	int ret;

	for (i = 0; i < fwspec->num_ids; i++) {
		struct pkvm_iommu_stream *stream;
		u32 id = fwspec->ids[i];
		int endpoint;

		endpoint = find_endpoint(dev, iommu, id);
		if (endpoint < 0) {
			dev_err(dev, "stream 0x%x was not described at boot\n",
				id);
			return endpoint;
		}

		stream = stream_get(iommu, dev, endpoint, id);
		if (IS_ERR(stream))
			return PTR_ERR(stream);
		/* Raise the count first, because of __counted_by() */
		master->nr_streams++;
		master->streams[master->nr_streams - 1] = stream;

		/* Check that the hypervisor can attach the stream */
		ret = kvm_iommu_query(iommu->number, endpoint,
				      pkvm_iommu_id_sid(iommu->drv, id));
		if (ret) {
			dev_err(dev, "stream 0x%x refused by the hypervisor: %d%s\n",
				id, ret, ret == -EACCES ?
				", firmware has locked the device to another stream ID" : "");
			return ret;
		}
	}

	return 0;
}

/*
 * A device that is refused here has no access to memory. Return -ENODEV for any
 * reason, because the IOMMU core would unregister the whole IOMMU after another error.
 */
static struct iommu_device *pkvm_iommu_probe_device(struct device *dev)
{
	struct iommu_fwspec *fwspec = dev_iommu_fwspec_get(dev);
	struct pkvm_iommu *iommu;
	struct pkvm_iommu_master *master;
	int ret;

	iommu = pkvm_iommu_from_fwnode(fwspec->iommu_fwnode);
	if (!iommu)
		return ERR_PTR(-ENODEV);

	master = kzalloc_flex(*master, streams, fwspec->num_ids);
	if (!master)
		return ERR_PTR(-ENOMEM);

	master->iommu = iommu;
	master->dev = dev;
	/* kzalloc_flex() may have set this to num_ids, because of __counted_by() */
	master->nr_streams = 0;

	mutex_lock(&iommu->lock);
	ret = master_get_streams(master, fwspec);
	if (ret)
		master_put_streams(master);
	else
		list_add_tail(&master->list, &iommu->masters);
	mutex_unlock(&iommu->lock);

	if (ret) {
		kfree(master);
		return ERR_PTR(-ENODEV);
	}

	dev_iommu_priv_set(dev, master);
	return &iommu->iommu;
}

static void pkvm_iommu_release_device(struct device *dev)
{
	struct pkvm_iommu_master *master = dev_iommu_priv_get(dev);
	struct pkvm_iommu *iommu = master->iommu;

	mutex_lock(&iommu->lock);
	list_del(&master->list);
	master_put_streams(master);
	mutex_unlock(&iommu->lock);

	kfree(master);
}

/* Devices that share a stream ID share a group, and so a domain. */
static struct iommu_group *pkvm_iommu_device_group(struct device *dev)
{
	struct pkvm_iommu_master *master = dev_iommu_priv_get(dev);
	struct pkvm_iommu *iommu = master->iommu;
	struct iommu_group *group = NULL;
	struct pkvm_iommu_stream *s;
	unsigned int i;

	mutex_lock(&iommu->lock);

	for (i = 0; i < master->nr_streams; i++) {
		list_for_each_entry(s, &iommu->streams, list) {
			if (!s->group ||
			    !ids_match(iommu, s->id, master->streams[i]->id))
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

	if (!IS_ERR(group) && !has_room_for_group(iommu, dev, group)) {
		iommu_group_put(group);
		group = ERR_PTR(-ENODEV);
	}

	if (!IS_ERR(group)) {
		for (i = 0; i < master->nr_streams; i++)
			master->streams[i]->group = group;
	}

unlock:
	mutex_unlock(&iommu->lock);
	return group;
}

/*
 * The stream ID bits that an IOMMU ignores are not added to the mask of an ID: the
 * hypervisor applies them.
 */
static int pkvm_iommu_of_xlate(struct device *dev, const struct of_phandle_args *args)
{
	const struct iommu_fwspec *fwspec = dev_iommu_fwspec_get(dev);
	struct pkvm_iommu *iommu = pkvm_iommu_from_fwnode(fwspec->iommu_fwnode);
	u32 sid, mask = 0, id;

	/* A domain has tables for one IOMMU, and a device has one domain */
	if (fwspec->iommu_fwnode != of_fwnode_handle(args->np)) {
		dev_err(dev, "has streams on two IOMMUs, %pfw and %pOF: not supported, its DMA is blocked\n",
			fwspec->iommu_fwnode, args->np);
		return -EINVAL;
	}

	if (!iommu)
		return -ENODEV;
	if (args->args_count < 1 || args->args_count > 2)
		return -EINVAL;

	sid = args->args[0];
	if (args->args_count > 1)
		mask = args->args[1];

	id = pkvm_iommu_id(iommu->drv, sid, mask);
	if (pkvm_iommu_id_sid(iommu->drv, id) != sid || pkvm_iommu_id_mask(iommu->drv, id) != mask)
		return -EINVAL;

	return iommu_fwspec_add_ids(dev, &id, 1);
}

static void pkvm_iommu_get_resv_regions(struct device *dev, struct list_head *head)
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

static bool pkvm_iommu_capable(struct device *dev, enum iommu_cap cap)
{
	switch (cap) {
	case IOMMU_CAP_CACHE_COHERENCY:
		/*
		 * Ask the DMA API rather than the device's node: a PCI function
		 * has none, only its host bridge has.
		 */
		return dev_is_dma_coherent(dev);
	case IOMMU_CAP_NOEXEC:
		return true;
	default:
		return false;
	}
}

/* No device may bypass the IOMMU: the hypervisor has no identity domain. */
static int pkvm_iommu_def_domain_type(struct device *dev)
{
	return IOMMU_DOMAIN_DMA;
}

static struct iommu_domain pkvm_iommu_blocked_domain = {
	.type = IOMMU_DOMAIN_BLOCKED,
	.ops = &(const struct iommu_domain_ops) {
		.attach_dev = pkvm_iommu_attach_dev_blocked,
	},
};

static const struct iommu_ops pkvm_iommu_ops = {
	.blocked_domain		= &pkvm_iommu_blocked_domain,
	.release_domain		= &pkvm_iommu_blocked_domain,
	.capable		= pkvm_iommu_capable,
	.domain_alloc_paging	= pkvm_iommu_domain_alloc_paging,
	.probe_device		= pkvm_iommu_probe_device,
	.release_device		= pkvm_iommu_release_device,
	.device_group		= pkvm_iommu_device_group,
	.of_xlate		= pkvm_iommu_of_xlate,
	.get_resv_regions	= pkvm_iommu_get_resv_regions,
	.def_domain_type	= pkvm_iommu_def_domain_type,
	.owner			= THIS_MODULE,
	.default_domain_ops = &(const struct iommu_domain_ops) {
		.attach_dev	= pkvm_iommu_attach_dev,
		.map_pages	= pkvm_iommu_map_pages,
		.iotlb_sync_map	= pkvm_iommu_iotlb_sync_map,
		.unmap_pages	= pkvm_iommu_unmap_pages,
		.flush_iotlb_all = pkvm_iommu_flush_iotlb_all,
		.iova_to_phys	= pkvm_iommu_iova_to_phys,
		.free		= pkvm_iommu_domain_free,
	},
};

/*
 * Faults
 */

/* Return the node that a stream ID belongs to, NULL if it is not described. */
static struct device_node *find_node(const struct pkvm_iommu *iommu, u32 sid)
{
	int endpoint = pkvm_iommu_find_endpoint(&iommu->topo->layout, iommu->index, sid);

	return endpoint < 0 ? NULL : iommu->topo->endpoint_np[endpoint];
}

/*
 * Return a device that presents a stream ID, or the IOMMU: report_iommu_fault() needs a
 * device. It cannot be released while iommu->lock is held.
 */
static struct device *find_device(struct pkvm_iommu *iommu, u32 sid)
{
	struct pkvm_iommu_master *master;
	unsigned int i;

	lockdep_assert_held(&iommu->lock);

	list_for_each_entry(master, &iommu->masters, list) {
		for (i = 0; i < master->nr_streams; i++) {
			if (ids_overlap(iommu, master->streams[i]->id, sid))
				return master->dev;
		}
	}

	return iommu->dev;
}

/* Return true if the domain's fault handler has handled the fault. */
static bool report_to_owner(struct pkvm_iommu *iommu,
			    const struct kvm_iommu_fault *fault)
{
	int flags = iommu->drv->fault_is_write(fault) ? IOMMU_FAULT_WRITE : IOMMU_FAULT_READ;
	struct pkvm_iommu_domain *domain;
	unsigned long irqflags;
	int ret = -ENODEV;
	struct device *dev;

	mutex_lock(&iommu->lock);
	dev = find_device(iommu, fault->sid);

	xa_lock_irqsave(&pkvm_iommu_domains, irqflags);
	domain = xa_load(&pkvm_iommu_domains, fault->domain);
	if (domain)
		ret = report_iommu_fault(&domain->domain, dev, fault->iova,
					 flags);
	xa_unlock_irqrestore(&pkvm_iommu_domains, irqflags);

	mutex_unlock(&iommu->lock);

	return !ret;
}

static void report_fault(struct pkvm_iommu *iommu, const struct kvm_iommu_fault *fault)
{
	/* A device may set bits that the IOMMU ignores */
	u32 sid = fault->sid & ~iommu->ignored;

	if (fault->type == KVM_IOMMU_FAULT_TRANSLATION && report_to_owner(iommu, fault))
		return;

	/* Do not limit reports of timeouts: there is at most one for each domain */
	if (fault->type == KVM_IOMMU_FAULT_SYNC || __ratelimit(&iommu->log_rate))
		iommu->drv->log_fault(iommu, fault, sid, find_node(iommu, sid));
}

static bool take_fault(struct pkvm_iommu *iommu)
{
	struct kvm_iommu_fault fault;

	if (kvm_iommu_get_faults(iommu->number, &fault, 1) <= 0)
		return false;

	report_fault(iommu, &fault);
	return true;
}

/* Handle faults that no interrupt reports. */
static void pkvm_iommu_fault_work(struct work_struct *work)
{
	struct pkvm_iommu *iommu = container_of(work, struct pkvm_iommu,
						    fault_work);
	unsigned int n;

	for (n = 0; n < MAX_FAULTS && take_fault(iommu); n++)
		;
}

/*
 * Handle any interrupt of an IOMMU: only the hypervisor can find out the cause. The
 * handler is threaded and IRQF_ONESHOT, so the interrupt is masked while it sleeps.
 */
static irqreturn_t pkvm_iommu_fault(int irq, void *data)
{
	struct pkvm_iommu *iommu = data;
	bool found = false;

	while (take_fault(iommu)) {
		found = true;
		if (!__ratelimit(&iommu->fault_rate)) {
			msleep(FAULT_INTERVAL_MS);
			break;
		}
	}

	return found ? IRQ_HANDLED : IRQ_NONE;
}

/*
 * IOMMUs
 */

/* Request each interrupt once: an IOMMU's node may list one several times. */
static int request_irqs(struct pkvm_iommu *iommu,
			struct platform_device *pdev)
{
	int i, j, nr, ret;
	int *irqs;

	nr = platform_irq_count(pdev);
	if (nr <= 0)
		return nr;

	irqs = devm_kcalloc(iommu->dev, nr, sizeof(*irqs), GFP_KERNEL);
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

		ret = devm_request_threaded_irq(iommu->dev, irqs[i], NULL,
						pkvm_iommu_fault,
						IRQF_ONESHOT | IRQF_SHARED,
						dev_name(iommu->dev), iommu);
		if (ret)
			return ret;
	}

	return 0;
}

static struct pkvm_iommu *iommu_alloc(struct device *dev, const struct pkvm_iommu_topology *topo,
				      u32 index)
{
	struct pkvm_iommu *iommu;

	iommu = devm_kzalloc(dev, sizeof(*iommu), GFP_KERNEL);
	if (!iommu)
		return NULL;

	iommu->dev = dev;
	iommu->topo = topo;
	iommu->drv = topo->drv;
	iommu->index = index;
	iommu->number = pkvm_iommu_number(topo, index);
	iommu->ignored = topo->layout.iommus[index].ignored;
	ratelimit_state_init(&iommu->fault_rate,
			     msecs_to_jiffies(FAULT_INTERVAL_MS), MAX_FAULTS);
	ratelimit_default_init(&iommu->log_rate);
	ratelimit_set_flags(&iommu->fault_rate, RATELIMIT_MSG_ON_RELEASE);
	INIT_WORK(&iommu->fault_work, pkvm_iommu_fault_work);
	mutex_init(&iommu->lock);
	INIT_LIST_HEAD(&iommu->streams);
	INIT_LIST_HEAD(&iommu->masters);

	return iommu;
}

/**
 * pkvm_iommu_probe() - register an IOMMU that the hypervisor owns
 * @pdev: the IOMMU
 * @topo: its driver's description
 *
 * To be called by the probe() of a platform driver. This driver must have no remove() or
 * shutdown(), and must not be unbound: an IOMMU that the hypervisor owns is never
 * disabled. The driver data of @pdev belongs to this function.
 *
 * Return: 0, -ENODEV if the hypervisor does not own the IOMMU, or another negative errno
 */
int pkvm_iommu_probe(struct platform_device *pdev, struct pkvm_iommu_topology *topo)
{
	int ret, index = pkvm_iommu_index(topo, pdev->dev.of_node);
	struct device *dev = &pdev->dev;
	struct pkvm_iommu_domain *domain;
	struct pkvm_iommu *iommu;
	struct resource *res;

	if (!kvm_iommu_ready() || index < 0)
		return -ENODEV;

	iommu = iommu_alloc(dev, topo, index);
	if (!iommu)
		return -ENOMEM;
	platform_set_drvdata(pdev, iommu);

	/* Without domains no device could be attached: fail here, with one message */
	domain = domain_alloc(iommu, NULL);
	if (IS_ERR(domain))
		return dev_err_probe(dev, PTR_ERR(domain),
				     "cannot allocate a domain\n");
	domain_free(domain);

	ret = request_irqs(iommu, pdev);
	if (ret)
		return dev_err_probe(dev, ret, "cannot request interrupts\n");

	res = platform_get_resource(pdev, IORESOURCE_MEM, 0);
	if (!res)
		return -EINVAL;

	ret = iommu_device_sysfs_add(&iommu->iommu, dev, NULL, "%s.%pa",
				     topo->drv->sysfs_name, &res->start);
	if (ret)
		return dev_err_probe(dev, ret, "cannot register in sysfs\n");

	ret = iommu_device_register(&iommu->iommu, &pkvm_iommu_ops, dev);
	if (ret) {
		iommu_device_sysfs_remove(&iommu->iommu);
		return dev_err_probe(dev, ret, "cannot register\n");
	}

	WRITE_ONCE(topo->iommus[index], iommu);
	return 0;
}

#if IS_BUILTIN(CONFIG_PKVM_IOMMU_HOST_KUNIT_TEST)
#include "pkvm-iommu-group-test.c"
#endif
