// SPDX-License-Identifier: GPL-2.0-only
/*
 * State of IOMMUs that the protected KVM hypervisor owns, in
 * /sys/kernel/debug/kvm_iommu:
 *
 *   streams	a line for each described stream. The host knows the names of
 *		devices; bank, format, domain and attachments are read from the
 *		hypervisor. Of a run of stream IDs, only those in use are listed.
 *   domains	a line for each domain: mapped bytes, attached streams
 *   calls	a line for each hypercall: how often this kernel has issued it,
 *		and how often it failed
 *   stats	the hypervisor's counters, one "name value" per line
 *
 * Drivers add files and counters of their own.
 */

#include <linux/bitfield.h>
#include <linux/debugfs.h>
#include <linux/device.h>
#include <linux/of.h>
#include <linux/seq_file.h>

#include "pkvm-iommu.h"

/* Descriptions of the IOMMUs that the hypervisor owns, by the driver's number */
static const struct pkvm_iommu_topology *topologies[KVM_IOMMU_MAX_DRIVERS];

static const char * const stat_names[] = {
	[KVM_IOMMU_STAT_DOMAINS]	= "domains",
	[KVM_IOMMU_STAT_FREE_ORDER0]	= "free_order0",
	[KVM_IOMMU_STAT_FREE_ORDER2]	= "free_order2",
	[KVM_IOMMU_STAT_DONATED_PAGES]	= "donated_pages",
	[KVM_IOMMU_STAT_TABLE_PAGES]	= "table_pages",
	[KVM_IOMMU_STAT_MAPPED_PAGES]	= "mapped_pages",
};

static bool master_has(const struct pkvm_iommu_master *master, u32 endpoint, u32 id)
{
	unsigned int i;

	for (i = 0; i < master->nr_streams; i++) {
		if (master->streams[i]->endpoint == endpoint &&
		    master->streams[i]->id == id)
			return true;
	}

	return false;
}

static void show_devices(struct seq_file *m, const struct pkvm_iommu *iommu,
			 u32 endpoint, u32 id)
{
	const struct pkvm_iommu_master *master;
	bool any = false;

	if (iommu) {
		list_for_each_entry(master, &iommu->masters, list) {
			if (!master_has(master, endpoint, id))
				continue;
			seq_printf(m, "%s%s", any ? "," : "",
				   dev_name(master->dev));
			any = true;
		}
	}

	if (!any)
		seq_putc(m, '-');
}

static void show_stream(struct seq_file *m, const struct pkvm_iommu_topology *topo,
			u32 index, u32 endpoint, u32 id)
{
	const struct pkvm_iommu_driver *drv = topo->drv;

	show_devices(m, topo->iommus[index], endpoint, id);
	seq_printf(m, " %pOF %pOF 0x%x ", topo->endpoint_np[endpoint],
		   topo->iommu_np[index], id);
	drv->show_stream(m, pkvm_iommu_number(topo, index), endpoint,
			 pkvm_iommu_id_sid(drv, id));
	seq_putc(m, ' ');
	if (drv->show_path)
		drv->show_path(m, endpoint);
	else
		seq_putc(m, '-');
	seq_putc(m, '\n');
}

/* Show an endpoint's streams on one IOMMU, whose lock is held if it is bound. */
static void show_endpoint(struct seq_file *m, const struct pkvm_iommu_topology *topo,
			  u32 endpoint, u32 index)
{
	const struct pkvm_iommu_desc_endpoint *ep = &topo->layout.endpoints[endpoint];
	const struct pkvm_iommu *iommu = topo->iommus[index];
	const struct pkvm_iommu_stream *stream;
	u32 i;

	for (i = 0; i < ep->nr_streams; i++) {
		const struct pkvm_iommu_desc_stream *s;

		s = &topo->layout.streams[ep->first_stream + i];
		if (s->iommu != index)
			continue;

		if (s->nr == 1) {
			show_stream(m, topo, index, endpoint,
				    pkvm_iommu_id(topo->drv, s->sid, s->mask));
			continue;
		}

		if (!iommu)
			continue;
		list_for_each_entry(stream, &iommu->streams, list) {
			if (stream->endpoint == endpoint &&
			    stream->id - s->sid < s->nr)
				show_stream(m, topo, index, endpoint, stream->id);
		}
	}
}

static void show_topology(struct seq_file *m, const struct pkvm_iommu_topology *topo)
{
	u32 i, index;

	for (index = 0; index < topo->layout.desc->nr_iommus; index++) {
		struct pkvm_iommu *iommu = READ_ONCE(topo->iommus[index]);

		if (iommu)
			mutex_lock(&iommu->lock);
		for (i = 0; i < topo->layout.desc->nr_endpoints; i++)
			show_endpoint(m, topo, i, index);
		if (iommu)
			mutex_unlock(&iommu->lock);
	}
}

static int streams_show(struct seq_file *m, void *unused)
{
	unsigned int i;

	seq_puts(m, "device node smmu sid bank format domain users clients\n");

	for (i = 0; i < ARRAY_SIZE(topologies); i++) {
		if (topologies[i])
			show_topology(m, topologies[i]);
	}

	return 0;
}
DEFINE_SHOW_ATTRIBUTE(streams);

static struct device_node *iommu_node(u32 number)
{
	return topologies[KVM_IOMMU_DRIVER(number)]->iommu_np[KVM_IOMMU_INDEX(number)];
}

static int domains_show(struct seq_file *m, void *unused)
{
	u64 left, val[2], info;
	u32 handle;

	seq_puts(m, "domain smmu format mapped attached state\n");

	if (kvm_iommu_get_stat(KVM_IOMMU_STAT_DOMAINS, &left))
		return 0;

	for (handle = 1; left && handle <= KVM_IOMMU_MAX_DOMAINS; handle++) {
		if (kvm_iommu_debug(0, KVM_IOMMU_DEBUG_DOMAIN, handle, val))
			continue;

		left--;
		info = val[0];
		seq_printf(m, "%u %pOF %s %llu %lu %s\n", handle, iommu_node(val[1]),
			   pkvm_iommu_fmt_name(FIELD_GET(KVM_IOMMU_USE_FMT, info)),
			   (u64)FIELD_GET(KVM_IOMMU_USE_PAGES, info) << PAGE_SHIFT,
			   FIELD_GET(KVM_IOMMU_USE_ATTACHED, info),
			   info & KVM_IOMMU_USE_QUARANTINED ? "quarantined" : "ok");
	}

	return 0;
}
DEFINE_SHOW_ATTRIBUTE(domains);

static int calls_show(struct seq_file *m, void *unused)
{
	const char *name;
	u64 calls, errors;
	unsigned int i;

	seq_puts(m, "call count errors\n");

	for (i = 0; (name = kvm_iommu_get_calls(i, &calls, &errors)); i++)
		seq_printf(m, "%s %llu %llu\n", name, calls, errors);

	return 0;
}
DEFINE_SHOW_ATTRIBUTE(calls);

static int stats_show(struct seq_file *m, void *unused)
{
	unsigned int i;
	u64 value;

	for (i = 0; i < ARRAY_SIZE(stat_names); i++) {
		if (!kvm_iommu_get_stat(i, &value))
			seq_printf(m, "%s %llu\n", stat_names[i], value);
	}
	for (i = 0; i < ARRAY_SIZE(topologies); i++) {
		if (topologies[i])
			topologies[i]->drv->show_stats(m);
	}

	return 0;
}
DEFINE_SHOW_ATTRIBUTE(stats);

/**
 * pkvm_iommu_debugfs_init() - show a driver's IOMMUs in debugfs
 * @topo: the description that the hypervisor has
 */
void __init pkvm_iommu_debugfs_init(const struct pkvm_iommu_topology *topo)
{
	static struct dentry *dir __initdata;

	topologies[topo->number] = topo;

	if (!dir) {
		dir = debugfs_create_dir("kvm_iommu", NULL);
		debugfs_create_file("streams", 0400, dir, NULL, &streams_fops);
		debugfs_create_file("domains", 0400, dir, NULL, &domains_fops);
		debugfs_create_file("calls", 0400, dir, NULL, &calls_fops);
		debugfs_create_file("stats", 0400, dir, NULL, &stats_fops);
	}
	if (topo->drv->debugfs_init)
		topo->drv->debugfs_init(dir);
}
