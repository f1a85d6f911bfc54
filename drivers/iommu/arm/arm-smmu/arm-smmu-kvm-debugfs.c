// SPDX-License-Identifier: GPL-2.0-only
/*
 * Who uses which stream of an SMMU that the protected KVM hypervisor owns.
 *
 * In /sys/kernel/debug/kvm_iommu:
 *
 *   streams	one line for each described stream. Device names come from the
 *		host; bank, format, domain and attachments are the hypervisor's
 *		answers. Of a range of stream IDs only those in use are listed.
 *   clients	one line for each client of the memory controller: its
 *		registers as the hypervisor found them and as they are
 *   domains	one line for each domain: mapped bytes, attached streams
 *   calls	one line for each hypercall: how often this kernel has issued
 *		it, and how often it failed
 *   stats	the hypervisor's counters, one "name value" a line
 */

#include <linux/bitfield.h>
#include <linux/debugfs.h>
#include <linux/device.h>
#include <linux/of.h>
#include <linux/seq_file.h>

#include <asm/kvm_iommu.h>

#include "arm-smmu-kvm-host.h"

static const struct smmu_kvm_topology *topology;
static struct smmu_kvm_device *smmus[SMMU_KVM_MAX_SMMUS];

static const char * const stat_names[] = {
	[KVM_IOMMU_STAT_DOMAINS]	= "domains",
	[KVM_IOMMU_STAT_FREE_ORDER0]	= "free_order0",
	[KVM_IOMMU_STAT_FREE_ORDER2]	= "free_order2",
	[KVM_IOMMU_STAT_DONATED_PAGES]	= "donated_pages",
	[KVM_IOMMU_STAT_TABLE_PAGES]	= "table_pages",
	[KVM_IOMMU_STAT_MAPPED_PAGES]	= "mapped_pages",
	[KVM_IOMMU_STAT_INSTANCES]	= "instances",
	[KVM_IOMMU_STAT_MC_CLIENTS]	= "mc_clients",
	[KVM_IOMMU_STAT_MC_PASSTHROUGH]	= "mc_passthrough",
	[KVM_IOMMU_STAT_MC_LOCKED]	= "mc_locked",
	[KVM_IOMMU_STAT_QUARANTINED]	= "quarantined",
	[KVM_IOMMU_STAT_FAULTS]		= "faults",
	[KVM_IOMMU_STAT_MC_UNLISTED]	= "mc_unlisted",
	[KVM_IOMMU_STAT_PREFETCH]	= "prefetching",
	[KVM_IOMMU_STAT_LONGEST_WAIT]	= "longest_wait_us",
	[KVM_IOMMU_STAT_WAIT_BOUND]	= "wait_bound_us",
};

static const char *format_name(enum kvm_iommu_fmt fmt)
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

static bool master_has(const struct smmu_kvm_master *master, u32 endpoint, u32 id)
{
	unsigned int i;

	for (i = 0; i < master->nr_streams; i++) {
		if (master->streams[i]->endpoint == endpoint &&
		    master->streams[i]->id == id)
			return true;
	}

	return false;
}

static void show_devices(struct seq_file *m, struct smmu_kvm_device *smmu,
			 u32 endpoint, u32 id)
{
	const struct smmu_kvm_master *master;
	bool any = false;

	if (smmu) {
		list_for_each_entry(master, &smmu->masters, list) {
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

static void show_clients(struct seq_file *m, u32 endpoint)
{
	const struct smmu_kvm_desc_endpoint *ep = &topology->endpoints[endpoint];
	u32 i;

	for (i = 0; i < ep->nr_clients; i++)
		seq_printf(m, "%s%s", i ? "," : "",
			   topology->client_name[topology->client_refs[ep->first_client + i]]);
	if (!i)
		seq_putc(m, '-');
}

static void show_stream(struct seq_file *m, u32 smmu, u32 endpoint, u32 id)
{
	u64 info = 0;
	int ret;

	ret = kvm_iommu_stream_info(smmu, endpoint, id, &info);

	show_devices(m, smmus[smmu], endpoint, id);
	seq_printf(m, " %pOF %pOF 0x%x ", topology->endpoint_np[endpoint],
		   topology->smmu_np[smmu], id);

	if (ret)
		seq_printf(m, "error:%d - - -", ret);
	else if (info & KVM_IOMMU_STREAM_ATTACHED)
		seq_printf(m, "%lu%s %s %lu %lu",
			   FIELD_GET(KVM_IOMMU_STREAM_BANK, info),
			   info & KVM_IOMMU_STREAM_QUARANTINED ? "!" : "",
			   format_name(FIELD_GET(KVM_IOMMU_STREAM_FMT, info)),
			   FIELD_GET(KVM_IOMMU_STREAM_DOMAIN, info),
			   FIELD_GET(KVM_IOMMU_STREAM_USERS, info));
	else
		seq_puts(m, "- - - 0");

	seq_putc(m, ' ');
	show_clients(m, endpoint);
	seq_putc(m, '\n');
}

/* The streams of an endpoint on one SMMU; its lock is held if it is bound. */
static void show_endpoint(struct seq_file *m, u32 endpoint, u32 smmu)
{
	const struct smmu_kvm_desc_endpoint *ep = &topology->endpoints[endpoint];
	const struct smmu_kvm_stream *stream;
	u32 i;

	for (i = 0; i < ep->nr_streams; i++) {
		const struct smmu_kvm_desc_stream *s;

		s = &topology->streams[ep->first_stream + i];
		if (s->smmu != smmu)
			continue;

		if (s->nr == 1) {
			show_stream(m, smmu, endpoint,
				    FIELD_PREP(SMMU_KVM_ID_SID, s->sid) |
				    FIELD_PREP(SMMU_KVM_ID_MASK, s->mask));
			continue;
		}

		if (!smmus[smmu])
			continue;
		list_for_each_entry(stream, &smmus[smmu]->streams, list) {
			if (stream->endpoint == endpoint &&
			    stream->id - s->sid < s->nr)
				show_stream(m, smmu, endpoint, stream->id);
		}
	}
}

static int streams_show(struct seq_file *m, void *unused)
{
	u32 i, smmu;

	seq_puts(m, "device node smmu sid bank format domain users clients\n");

	for (smmu = 0; smmu < topology->desc->nr_smmus; smmu++) {
		struct smmu_kvm_device *dev = smmus[smmu];

		if (dev)
			mutex_lock(&dev->lock);
		for (i = 0; i < topology->desc->nr_endpoints; i++)
			show_endpoint(m, i, smmu);
		if (dev)
			mutex_unlock(&dev->lock);
	}

	return 0;
}
DEFINE_SHOW_ATTRIBUTE(streams);

static void show_sid(struct seq_file *m, unsigned long sid, bool forced)
{
	if (forced)
		seq_printf(m, " 0x%02lx", sid);
	else
		seq_puts(m, " own");
}

static int clients_show(struct seq_file *m, void *unused)
{
	char name[SMMU_KVM_CLIENT_NAME];
	u64 info;
	u32 i;

	seq_puts(m, "client id found sid users state\n");

	for (i = 0; !smmu_kvm_mc_client(topology, i, name, &info); i++) {
		seq_printf(m, "%s 0x%lx", name,
			   FIELD_GET(KVM_IOMMU_CLIENT_OVERRIDE, info) / 8);
		show_sid(m, FIELD_GET(KVM_IOMMU_CLIENT_FOUND_SID, info),
			 info & KVM_IOMMU_CLIENT_FOUND_FORCED);
		show_sid(m, FIELD_GET(KVM_IOMMU_CLIENT_SID, info),
			 info & KVM_IOMMU_CLIENT_FORCED);
		seq_printf(m, " %lu %s\n",
			   FIELD_GET(KVM_IOMMU_CLIENT_USERS, info),
			   smmu_kvm_mc_state(topology, info));
	}

	return 0;
}
DEFINE_SHOW_ATTRIBUTE(clients);

static int domains_show(struct seq_file *m, void *unused)
{
	u64 left, info;
	u32 handle;

	seq_puts(m, "domain smmu format mapped attached state\n");

	if (kvm_iommu_get_stat(KVM_IOMMU_STAT_DOMAINS, &left))
		return 0;

	for (handle = 1; left && handle <= KVM_IOMMU_MAX_DOMAINS; handle++) {
		if (kvm_iommu_get_stat(KVM_IOMMU_STAT_DOMAIN + handle, &info))
			continue;

		left--;
		seq_printf(m, "%u %pOF %s %llu %lu %s\n", handle,
			   topology->smmu_np[FIELD_GET(KVM_IOMMU_USE_IOMMU, info)],
			   format_name(FIELD_GET(KVM_IOMMU_USE_FMT, info)),
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
		if (stat_names[i] && !kvm_iommu_get_stat(i, &value))
			seq_printf(m, "%s %llu\n", stat_names[i], value);
	}

	return 0;
}
DEFINE_SHOW_ATTRIBUTE(stats);

/**
 * smmu_kvm_debugfs_init() - make the files
 * @topo: what the hypervisor was told
 */
void __init smmu_kvm_debugfs_init(const struct smmu_kvm_topology *topo)
{
	struct dentry *dir = debugfs_create_dir("kvm_iommu", NULL);

	topology = topo;
	debugfs_create_file("streams", 0400, dir, NULL, &streams_fops);
	debugfs_create_file("clients", 0400, dir, NULL, &clients_fops);
	debugfs_create_file("domains", 0400, dir, NULL, &domains_fops);
	debugfs_create_file("calls", 0400, dir, NULL, &calls_fops);
	debugfs_create_file("stats", 0400, dir, NULL, &stats_fops);
}

/**
 * smmu_kvm_debugfs_add() - an SMMU has its driver
 * @smmu: the SMMU
 */
void smmu_kvm_debugfs_add(struct smmu_kvm_device *smmu)
{
	smmus[smmu->index] = smmu;
}
