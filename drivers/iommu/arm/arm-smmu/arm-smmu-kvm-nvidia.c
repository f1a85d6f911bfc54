// SPDX-License-Identifier: GPL-2.0-only
/*
 * SMMUv2s for the protected KVM hypervisor: Tegra's memory controller.
 *
 * The memory controller gives each device its stream ID, so the hypervisor has to
 * own its stream ID registers, too. It is given a list of the memory clients
 * (drivers/memory/tegra), and parks those that no attached device uses. A device's
 * clients are those in its "interconnects". A client presents one stream ID, so an
 * endpoint with several stream IDs is given no clients, and they stay parked.
 *
 * Firmware leaves some clients in passthrough, so that they bypass the SMMUs: those
 * of the boot device, or of the display that shows a logo. Until its driver is
 * bound, such a device can reach all of memory.
 *
 *	arm_smmu_kvm.mc_policy=strict	(default) park these clients at takeover
 *	arm_smmu_kvm.mc_policy=report	leave them until their device is attached,
 *					and name them in the log
 *	arm_smmu_kvm.mc_keep=a,b	leave those whose names start with a or b,
 *					park the others
 *
 * The DMA of clients that are left is not isolated. No policy can change clients
 * that firmware has locked. Clients of the CPUs and of the memory subsystem itself
 * belong to no device and are never changed (enum tegra_mc_client_kind).
 */

#define pr_fmt(fmt) "arm-smmu-kvm: " fmt

#include <kunit/visibility.h>

#include <linux/align.h>
#include <linux/bitfield.h>
#include <linux/debugfs.h>
#include <linux/init.h>
#include <linux/kernel.h>
#include <linux/kstrtox.h>
#include <linux/minmax.h>
#include <linux/mm.h>
#include <linux/moduleparam.h>
#include <linux/of.h>
#include <linux/of_address.h>
#include <linux/seq_file.h>
#include <linux/slab.h>
#include <linux/string.h>

#include <asm/kvm_asm.h>
#include <asm/kvm_iommu.h>
#include <asm/kvm_mmu.h>

#include <soc/tegra/mc.h>

#include <dt-bindings/memory/tegra234-mc.h>

#include "arm-smmu-kvm-nvidia.h"

/* The SoC's operations at EL2 */
DECLARE_KVM_NVHE_SYM(tegra_mc_soc_ops);

/* Longer names are truncated. */
#define CLIENT_NAME	24

static char *mc_policy = "strict";
module_param(mc_policy, charp, 0444);
MODULE_PARM_DESC(mc_policy,
		 "Memory clients found bypassing the SMMUs: strict (default: park them) or report (leave them, and name them in the log)");

static char *mc_keep = "";
module_param(mc_keep, charp, 0444);
MODULE_PARM_DESC(mc_keep,
		 "Memory clients to leave even if strict, because firmware needs them: beginnings of names, separated by commas");

static bool mc_filter = true;
module_param(mc_filter, bool, 0444);
MODULE_PARM_DESC(mc_filter,
		 "Filter the host's accesses to the other regions of the memory controller (default: on)");

/* Return true if @name starts with an entry of mc_keep. */
static bool __init is_kept(const char *name)
{
	const char *p = mc_keep;

	while (*p) {
		size_t len = strcspn(p, ",");

		if (len && !strncmp(name, p, len))
			return true;
		p += len + !!p[len];
	}

	return false;
}

static struct smmu_kvm_nvidia_builder *builder;

/* After the takeover: the description that EL2 has, and the names of its clients. */
static struct tegra_mc_sid_layout layout __ro_after_init;
static const char **client_name __ro_after_init;
static const struct tegra_mc_sid_soc *chip __ro_after_init;

/**
 * smmu_kvm_nvidia_add_client() - add a memory client
 * @t: the memory controller's part of a description
 * @client: the client; its name is not copied
 *
 * Return: its index, -ENOSPC if there are too many
 */
int smmu_kvm_nvidia_add_client(struct smmu_kvm_nvidia_builder *t,
			       const struct tegra_mc_sid_client *client)
{
	u32 i = t->desc.nr_clients;

	if (i == TEGRA_MC_SID_MAX_CLIENTS)
		return -ENOSPC;

	t->clients[i] = (struct tegra_mc_sid_desc_client) {
		.override = client->override,
		.security = client->security,
		.kind = client->kind,
	};
	t->client_name[i] = client->name;
	t->client_id[i] = client->id;

	return t->desc.nr_clients++;
}
EXPORT_SYMBOL_IF_KUNIT(smmu_kvm_nvidia_add_client);

static bool same_stream(const struct pkvm_iommu_builder *b, u32 ep1, u32 ep2)
{
	const struct pkvm_iommu_desc_stream *s1, *s2;

	s1 = &b->streams[b->endpoints[ep1].first_stream];
	s2 = &b->streams[b->endpoints[ep2].first_stream];

	return s1->iommu == s2->iommu && s1->sid == s2->sid;
}

/**
 * smmu_kvm_nvidia_add_ref() - give a memory client to the last endpoint
 * @t: the memory controller's part of a description
 * @b: the description
 * @client: index of the client
 *
 * Endpoints that have the same stream may share a client.
 *
 * Return: 0, -EINVAL if there is no such client or the endpoint does not have exactly
 * one stream ID, -EBUSY if the client belongs to an endpoint with another stream,
 * -ENOSPC if there are too many references
 */
int smmu_kvm_nvidia_add_ref(struct smmu_kvm_nvidia_builder *t,
			    const struct pkvm_iommu_builder *b, u32 client)
{
	struct tegra_mc_sid_desc_endpoint *ep;
	u32 i, last, user;

	if (!b->desc.nr_endpoints || client >= t->desc.nr_clients)
		return -EINVAL;

	last = b->desc.nr_endpoints - 1;
	if (b->endpoints[last].nr_streams != 1 ||
	    b->streams[b->endpoints[last].first_stream].nr != 1)
		return -EINVAL;

	ep = &t->endpoints[last];
	if (!ep->nr_refs)
		ep->first_ref = t->desc.nr_refs;

	for (i = ep->first_ref; i < t->desc.nr_refs; i++) {
		if (t->refs[i] == client)
			return 0;
	}

	user = t->client_user[client];
	if (user && !same_stream(b, user - 1, last))
		return -EBUSY;

	if (t->desc.nr_refs == TEGRA_MC_SID_MAX_REFS)
		return -ENOSPC;

	t->refs[t->desc.nr_refs++] = client;
	t->client_user[client] = last + 1;
	ep->nr_refs++;
	return 0;
}
EXPORT_SYMBOL_IF_KUNIT(smmu_kvm_nvidia_add_ref);

/**
 * smmu_kvm_nvidia_size() - compute the size of the memory controller's part
 * @t: the memory controller's part of a description
 *
 * Return: the size in bytes
 */
size_t smmu_kvm_nvidia_size(const struct smmu_kvm_nvidia_builder *t)
{
	return sizeof(t->desc) +
	       t->desc.nr_clients * sizeof(t->clients[0]) +
	       t->desc.nr_endpoints * sizeof(t->endpoints[0]) +
	       ALIGN(t->desc.nr_refs, 2) * sizeof(t->refs[0]);
}
EXPORT_SYMBOL_IF_KUNIT(smmu_kvm_nvidia_size);

static void *put(void *to, const void *from, size_t size)
{
	memcpy(to, from, size);
	return to + size;
}

/**
 * smmu_kvm_nvidia_encode() - encode the memory controller's part
 * @t: the memory controller's part of a description
 * @blob: buffer of smmu_kvm_nvidia_size() zeroed bytes
 */
void smmu_kvm_nvidia_encode(const struct smmu_kvm_nvidia_builder *t, void *blob)
{
	void *p = put(blob, &t->desc, sizeof(t->desc));

	p = put(p, t->clients, t->desc.nr_clients * sizeof(t->clients[0]));
	p = put(p, t->endpoints, t->desc.nr_endpoints * sizeof(t->endpoints[0]));
	put(p, t->refs, t->desc.nr_refs * sizeof(t->refs[0]));
}
EXPORT_SYMBOL_IF_KUNIT(smmu_kvm_nvidia_encode);

/* Find the memory controller that the SMMUs name: they must not name several. */
static int __init find_mc(struct smmu_kvm_builder *b, struct device_node **mc)
{
	u32 i;

	*mc = NULL;
	for (i = 0; i < b->common.desc.nr_iommus; i++) {
		struct device_node *np;

		np = of_parse_phandle(b->common.iommu_np[i], "nvidia,memory-controller",
				      0);
		if (np && *mc && np != *mc) {
			of_node_put(np);
			of_node_put(*mc);
			return smmu_kvm_malformed(b->common.iommu_np[i],
					 "names another memory controller than other SMMUs");
		}
		if (np && *mc)
			of_node_put(np);
		else if (np)
			*mc = np;
	}

	return 0;
}

/* Return the channel whose registers are in region @i of the memory controller. */
static u32 __init alias_channel(const struct device_node *mc, int i)
{
	const char *name;
	u32 channel;

	if (of_property_read_string_index(mc, "reg-names", i, &name))
		return TEGRA_MC_SID_UNNAMED;
	if (!strcmp(name, "broadcast"))
		return TEGRA_MC_SID_BROADCAST;
	if (str_has_prefix(name, "ch") && !kstrtou32(name + 2, 10, &channel) &&
	    channel < TEGRA_MC_SID_BROADCAST)
		return channel;

	return TEGRA_MC_SID_UNNAMED;
}

/*
 * Describe all other regions of the memory controller, so that the hypervisor can
 * filter the host's accesses there. They must be as large as region "sid".
 */
static int __init describe_aliases(struct smmu_kvm_nvidia_builder *t,
				   const struct device_node *mc)
{
	struct resource res;
	int i;

	if (!mc_filter)
		return 0;

	for (i = 0; !of_address_to_resource((struct device_node *)mc, i, &res); i++) {
		if (res.start == t->desc.base)
			continue;
		if (resource_size(&res) != t->desc.size)
			return smmu_kvm_malformed(mc, "regions are not as large as region \"sid\"");
		if (t->desc.nr_aliases == TEGRA_MC_SID_MAX_ALIASES)
			return smmu_kvm_malformed(mc, "too many regions");
		t->desc.alias[t->desc.nr_aliases++] = (struct tegra_mc_sid_desc_alias) {
			.base	 = res.start,
			.channel = alias_channel(mc, i),
		};
	}

	return 0;
}

static int __init add_client(const struct tegra_mc_sid_client *client, void *data)
{
	struct smmu_kvm_nvidia_builder *t = data;
	int i = smmu_kvm_nvidia_add_client(t, client);

	if (i < 0)
		return i;
	if (is_kept(client->name))
		t->clients[i].flags |= TEGRA_MC_SID_KEEP;

	return 0;
}

static int __init describe_mc(struct smmu_kvm_nvidia_builder *t,
			      const struct device_node *mc)
{
	struct resource res;
	int ret;

	ret = of_property_match_string(mc, "reg-names", "sid");
	if (ret < 0)
		return smmu_kvm_malformed(mc, "reg-names has no \"sid\"");
	if (of_address_to_resource((struct device_node *)mc, ret, &res))
		return smmu_kvm_malformed(mc, "region \"sid\" has no address");

	t->desc.base = res.start;
	t->desc.size = resource_size(&res);
	/* The same on all chips that have these registers */
	t->desc.passthrough_sid = TEGRA234_SID_PASSTHROUGH;
	t->desc.parked_sid = TEGRA234_SID_INVALID;

	if (!strcmp(mc_policy, "report"))
		t->desc.flags |= TEGRA_MC_SID_REPORT;
	else if (strcmp(mc_policy, "strict"))
		pr_err("mc_policy=%s is unknown, using strict\n", mc_policy);

	ret = describe_aliases(t, mc);
	if (ret)
		return ret;

	ret = tegra_mc_sid_for_each(mc, add_client, t);
	if (ret == -ENODEV)
		return smmu_kvm_malformed(mc, "unknown memory controller");

	return ret ? smmu_kvm_malformed(mc, "too many clients") : 0;
}

static int __init find_client(const struct smmu_kvm_nvidia_builder *t, u32 id)
{
	u32 i;

	for (i = 0; i < t->desc.nr_clients; i++) {
		if (t->client_id[i] == id)
			return i;
	}

	return -ENOENT;
}

/*
 * Add a client that the memory controller's driver has no table entry for, although
 * a device uses it. Its registers are at eight times its number, as on all memory
 * controllers of this kind.
 */
static int __init add_device_client(struct smmu_kvm_nvidia_builder *t, u32 id)
{
	struct tegra_mc_sid_client client = {
		.id		= id,
		.override	= id * 8,
		.security	= id * 8 + 4,
	};
	int ret;

	if (id >= t->desc.size / 8 || id > U16_MAX / 8)
		return -ENOENT;

	client.name = kstrdup_const(tegra_mc_sid_client_name(t->chip, id * 8), GFP_KERNEL) ?:
		      kasprintf(GFP_KERNEL, "client%u", id);
	if (!client.name)
		return -ENOMEM;

	ret = add_client(&client, t);

	return ret ?: (int)t->desc.nr_clients - 1;
}

/* Give the clients in @np's "interconnects" to the last endpoint, which is @np's. */
static int __init nvidia_add_endpoint(struct smmu_kvm_builder *b, struct device_node *np)
{
	struct smmu_kvm_nvidia_builder *t = builder;
	struct of_phandle_args args;
	unsigned int i;

	for (i = 0; !of_parse_phandle_with_args(np, "interconnects",
						"#interconnect-cells", i,
						&args); i++) {
		bool is_mc = args.np == t->mc && args.args_count;
		int client;

		of_node_put(args.np);
		if (!is_mc)
			continue;

		client = find_client(t, args.args[0]);
		if (client == -ENOENT)
			client = add_device_client(t, args.args[0]);
		if (client == -ENOENT) {
			pr_info("%pOF: memory client %u has no stream ID register\n",
				np, args.args[0]);
			continue;
		}
		if (client < 0)
			return smmu_kvm_malformed(np, "too many memory clients");

		switch (smmu_kvm_nvidia_add_ref(t, &b->common, client)) {
		case 0:
			break;
		case -EINVAL:
			pr_info("%pOF: memory clients stay parked, because it has several stream IDs\n",
				np);
			return 0;
		case -EBUSY:
			return smmu_kvm_malformed(np,
						  "shares a memory client with a device of another stream ID");
		default:
			return smmu_kvm_malformed(np, "too many references to memory clients");
		}
	}

	return 0;
}

static size_t __init nvidia_part_size(struct smmu_kvm_builder *b)
{
	builder->desc.nr_endpoints = b->common.desc.nr_endpoints;

	return smmu_kvm_nvidia_size(builder);
}

/* Bytes for the hypervisor's state of each described client, and each other it may find */
static size_t __init nvidia_state_size(void)
{
	u32 i, end = 0;

	for (i = 0; i < builder->desc.nr_clients; i++)
		end = max(end, builder->clients[i].override);

	return builder->desc.nr_clients * 64 + end;
}

static void __init nvidia_encode(void *blob)
{
	smmu_kvm_nvidia_encode(builder, blob);
}

static void __init nvidia_free(void)
{
	of_node_put(builder->mc);
	kvfree(builder);
	builder = NULL;
}

static void __init nvidia_abandon(void)
{
	u32 i;

	for (i = 0; i < builder->desc.nr_clients; i++)
		kfree_const(builder->client_name[i]);
	nvidia_free();
}

static void __init nvidia_taken(const void *blob)
{
	tegra_mc_sid_decode(&layout, blob);
	chip = builder->chip;
	client_name = kmemdup_array(builder->client_name, layout.desc->nr_clients,
				    sizeof(*client_name), GFP_KERNEL);
	nvidia_free();

	tegra_mc_hand_over_sid();
	pr_info("%u memory clients\n", layout.desc->nr_clients);
}

/* Read the state of a client from the hypervisor; described clients come first. */
static int get_client(u32 i, char *name, u64 *info)
{
	const char *known;
	u32 override;
	u64 val[2];
	int ret;

	ret = kvm_iommu_debug(smmu_kvm_number(0), TEGRA_MC_DEBUG_CLIENT, i, val);
	if (ret)
		return ret;

	*info = val[0];

	override = FIELD_GET(TEGRA_MC_SID_INFO_OVERRIDE, *info);
	known = i < layout.desc->nr_clients && client_name ?
		client_name[i] : tegra_mc_sid_client_name(chip, override);
	if (known)
		strscpy(name, known, CLIENT_NAME);
	else
		snprintf(name, CLIENT_NAME, "client%u", override / 8);

	return 0;
}

/*
 * Return true if a client bypasses the SMMUs, or may do so: one that firmware has
 * locked without an override presents the stream ID that its device chooses, which
 * may be the passthrough one.
 */
static bool bypasses(u64 info)
{
	if (!(info & TEGRA_MC_SID_INFO_FORCED))
		return info & TEGRA_MC_SID_INFO_LOCKED;

	return FIELD_GET(TEGRA_MC_SID_INFO_SID, info) == layout.desc->passthrough_sid;
}

static bool did_bypass(u64 info)
{
	return info & TEGRA_MC_SID_INFO_FOUND_FORCED &&
	       FIELD_GET(TEGRA_MC_SID_INFO_FOUND_SID, info) == layout.desc->passthrough_sid;
}

/* Return the state of a client as a word for debugfs. */
static const char *client_state(u64 info)
{
	bool locked = info & TEGRA_MC_SID_INFO_LOCKED;

	if (info & TEGRA_MC_SID_INFO_EXEMPT)
		return "exempt";
	if (bypasses(info))
		return locked ? "bypass,locked" : "bypass";
	if (FIELD_GET(TEGRA_MC_SID_INFO_USERS, info))
		return locked ? "routed,locked" : "routed";

	return locked ? "locked" : "parked";
}

enum finding {
	PARKED,
	LEFT,
	LOCKED_BYPASS,
	LOCKED,
	NOTHING,
};

static enum finding __init find(u64 info)
{
	if (info & TEGRA_MC_SID_INFO_EXEMPT)
		return NOTHING;
	if (bypasses(info))
		return info & TEGRA_MC_SID_INFO_LOCKED ? LOCKED_BYPASS : LEFT;
	if (info & TEGRA_MC_SID_INFO_LOCKED)
		return LOCKED;

	return did_bypass(info) ? PARKED : NOTHING;
}

/* Collect the names of all clients with a finding in one line. Return their number. */
static unsigned int __init collect(enum finding what, char *buf, size_t size)
{
	char name[CLIENT_NAME];
	unsigned int n = 0;
	size_t len = 0;
	u64 info;
	u32 i;

	for (i = 0; !get_client(i, name, &info); i++) {
		if (find(info) == what)
			len += scnprintf(buf + len, size - len, "%s%s",
					 n++ ? ", " : "", name);
	}

	return n;
}

static void __init nvidia_report(void)
{
	static char names[900] __initdata;

	if (collect(PARKED, names, sizeof(names)))
		pr_info("memory clients found bypassing the SMMUs, now parked: %s\n", names);
	if (collect(LEFT, names, sizeof(names)))
		pr_warn("memory clients left bypassing the SMMUs by mc_policy or mc_keep, their DMA is not isolated: %s\n",
			names);
	if (collect(LOCKED_BYPASS, names, sizeof(names)))
		pr_err("memory clients locked by firmware bypass the SMMUs, their DMA is not isolated: %s\n",
		       names);
	if (collect(LOCKED, names, sizeof(names)))
		pr_warn("memory clients locked by firmware keep their stream IDs: %s\n", names);
	if (layout.desc->nr_aliases)
		pr_info("the hypervisor filters the host's accesses to %u other regions of the memory controller\n",
			layout.desc->nr_aliases);
}

static void nvidia_show_endpoint(struct seq_file *m, u32 endpoint)
{
	const struct tegra_mc_sid_desc_endpoint *ep = &layout.endpoints[endpoint];
	u32 i;

	for (i = 0; i < ep->nr_refs && client_name; i++)
		seq_printf(m, "%s%s", i ? "," : "",
			   client_name[layout.refs[ep->first_ref + i]]);
	if (!i)
		seq_putc(m, '-');
}

static void show_sid(struct seq_file *m, unsigned long sid, bool forced)
{
	if (forced)
		seq_printf(m, " 0x%02lx", sid);
	else
		seq_puts(m, " own");
}

static int clients_show(struct seq_file *m, void *unused)
{
	char name[CLIENT_NAME];
	u64 info;
	u32 i;

	seq_puts(m, "client id found sid users state\n");

	for (i = 0; !get_client(i, name, &info); i++) {
		seq_printf(m, "%s 0x%lx", name,
			   FIELD_GET(TEGRA_MC_SID_INFO_OVERRIDE, info) / 8);
		show_sid(m, FIELD_GET(TEGRA_MC_SID_INFO_FOUND_SID, info),
			 info & TEGRA_MC_SID_INFO_FOUND_FORCED);
		show_sid(m, FIELD_GET(TEGRA_MC_SID_INFO_SID, info),
			 info & TEGRA_MC_SID_INFO_FORCED);
		seq_printf(m, " %lu %s\n",
			   FIELD_GET(TEGRA_MC_SID_INFO_USERS, info),
			   client_state(info));
	}

	return 0;
}
DEFINE_SHOW_ATTRIBUTE(clients);

static void nvidia_show_stats(struct seq_file *m)
{
	static const struct {
		const char *name;
		u32 stat;
	} stats[] = {
		{ "mc_clients",		TEGRA_MC_STAT_CLIENTS },
		{ "mc_passthrough",	TEGRA_MC_STAT_PASSTHROUGH },
		{ "mc_locked",		TEGRA_MC_STAT_LOCKED },
		{ "mc_unlisted",	TEGRA_MC_STAT_UNLISTED },
	};
	unsigned int i;
	u64 val[2];

	for (i = 0; i < ARRAY_SIZE(stats); i++) {
		if (!kvm_iommu_debug(smmu_kvm_number(0), TEGRA_MC_DEBUG_STAT, stats[i].stat, val))
			seq_printf(m, "%s %llu\n", stats[i].name, val[0]);
	}
}

/* clients: a line for each client, with its stream ID as it was found and as it is */
static void nvidia_debugfs_init(struct dentry *dir)
{
	debugfs_create_file("clients", 0400, dir, NULL, &clients_fops);
}

static const struct smmu_kvm_soc nvidia_soc = {
	.add_endpoint	= nvidia_add_endpoint,
	.part_size	= nvidia_part_size,
	.state_size	= nvidia_state_size,
	.encode		= nvidia_encode,
	.taken		= nvidia_taken,
	.abandon	= nvidia_abandon,
	.report		= nvidia_report,
	.show_endpoint	= nvidia_show_endpoint,
	.debugfs_init	= nvidia_debugfs_init,
	.show_stats	= nvidia_show_stats,
};

/**
 * smmu_kvm_nvidia_init() - describe the memory controller, if there is one
 * @b: the description, with all SMMUs and nothing else
 *
 * Return: 0, also if there is no memory controller, -EINVAL or -ENOMEM
 */
int __init smmu_kvm_nvidia_init(struct smmu_kvm_builder *b)
{
	const struct tegra_mc_soc *soc;
	struct device_node *mc;
	int ret;

	ret = find_mc(b, &mc);
	if (ret || !mc)
		return ret;

	builder = kvzalloc_obj(*builder);
	if (!builder) {
		of_node_put(mc);
		return -ENOMEM;
	}
	builder->mc = mc;
	b->soc = &nvidia_soc;

	soc = tegra_mc_soc_from_node(mc);
	builder->chip = soc ? soc->sid : NULL;

	ret = describe_mc(builder, mc);
	if (ret)
		return ret;

	b->desc.soc = kern_hyp_va(lm_alias((void *)kvm_nvhe_sym(tegra_mc_soc_ops)));
	b->common.desc.reserved_id[0] = builder->desc.passthrough_sid;
	b->common.desc.reserved_id[1] = builder->desc.parked_sid;
	b->common.desc.nr_reserved_ids = 2;

	return 0;
}
