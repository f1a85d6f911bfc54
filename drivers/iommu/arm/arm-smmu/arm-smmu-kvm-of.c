// SPDX-License-Identifier: GPL-2.0-only
/*
 * What the protected KVM hypervisor has to know of a system's SMMUv2s, from the
 * device tree.
 *
 *   SMMUs	available nodes that this driver knows. One that needs what only
 *		the native driver has is left out and named at boot: the devices
 *		behind it have no stream here. So is one that is disabled, except
 *		behind a memory controller: it has power as long as memory has,
 *		and clients that present stream IDs to it, parked ones included.
 *		The hypervisor takes it and lets nothing through.
 *   endpoints	available nodes with "iommus" or "iommu-map". A node with both
 *		(host1x) is two endpoints, since its map is for other devices.
 *   clients	the memory controller that the SMMUs name in
 *		"nvidia,memory-controller" has a table of them. All are described:
 *		those that no device has are to be parked, but for those that
 *		are the processors' (arm-smmu-kvm-mc.c). Which of them a device
 *		has, "interconnects" tells.
 *
 * The memory controller can give a client one stream ID. So an endpoint with
 * several has no clients in the description, and its clients stay parked.
 *
 * What this code cannot make sense of ends the description with -EINVAL and one
 * line that names the node. Half a description would be one that lets go of the
 * other half.
 */

#define pr_fmt(fmt) "arm-smmu-kvm: " fmt

#include <linux/ioport.h>
#include <linux/kstrtox.h>
#include <linux/minmax.h>
#include <linux/moduleparam.h>
#include <linux/of.h>
#include <linux/of_address.h>
#include <linux/printk.h>
#include <linux/string.h>

#include <asm/kvm_iommu.h>

#include <soc/tegra/mc.h>

#include <dt-bindings/memory/tegra234-mc.h>

#include "arm-smmu-kvm-host.h"

static bool leave_disabled;
module_param(leave_disabled, bool, 0444);
MODULE_PARM_DESC(leave_disabled,
		 "Do not touch SMMUs that the device tree disables, not even to block what is behind them");

struct smmu_kvm_match {
	u32 flags;
	unsigned int max_instances;
};

static const struct smmu_kvm_match match_v2 = {
	.max_instances = 1,
};

static const struct smmu_kvm_match match_mmu500 = {
	.flags = SMMU_KVM_MMU500,
	.max_instances = 1,
};

/* Tegra's SMMUs are MMU-500s. */
static const struct smmu_kvm_match match_tegra186 = {
	.flags = SMMU_KVM_MMU500,
	.max_instances = SMMU_KVM_MAX_INSTANCES,
};

static const struct smmu_kvm_match match_tegra194 = {
	.flags = SMMU_KVM_MMU500 | SMMU_KVM_PAGES_ONLY,
	.max_instances = SMMU_KVM_MAX_INSTANCES,
};

/* Without data: known to need an implementation of its own, or older. */
static const struct of_device_id smmu_kvm_of_ids[] = {
	{ .compatible = "arm,mmu-400" },
	{ .compatible = "arm,mmu-401" },
	{ .compatible = "arm,mmu-500", .data = &match_mmu500 },
	{ .compatible = "arm,smmu-v1" },
	{ .compatible = "arm,smmu-v2", .data = &match_v2 },
	{ .compatible = "cavium,smmu-v2" },
	{ .compatible = "marvell,ap806-smmu-500" },
	{ .compatible = "nvidia,smmu-500", .data = &match_mmu500 },
	{ .compatible = "nvidia,tegra186-smmu", .data = &match_tegra186 },
	{ .compatible = "nvidia,tegra194-smmu", .data = &match_tegra194 },
	{ .compatible = "nvidia,tegra234-smmu", .data = &match_tegra194 },
	{ .compatible = "qcom,adreno-smmu" },
	{ .compatible = "qcom,smmu-500" },
	{ .compatible = "qcom,smmu-v2" },
	{ }
};

/*
 * What the hypervisor cannot drive. Clocks and power domains are the host's:
 * it could stop an SMMU, or have it forget all it was told, and the hypervisor
 * would not notice.
 */
static const struct smmu_kvm_match *smmu_match(const struct device_node *np)
{
	const struct of_device_id *id = of_match_node(smmu_kvm_of_ids, np);

	if (!id || of_property_present(np, "clocks") ||
	    of_property_present(np, "power-domains"))
		return NULL;

	return id->data;
}

/**
 * smmu_kvm_of_match() - is a node an SMMU that the hypervisor can drive?
 * @np: the node
 *
 * Return: true if it is
 */
bool smmu_kvm_of_match(const struct device_node *np)
{
	return smmu_match(np);
}

/* A node below a disabled bus is as far away as a disabled one. */
static bool __init node_available(struct device_node *np)
{
	bool available = true;

	of_node_get(np);
	while (np) {
		available = available && of_device_is_available(np);
		np = of_get_next_parent(np);
	}

	return available;
}

/* Will the hypervisor take it? */
static bool __init smmu_is_taken(struct device_node *np)
{
	return node_available(np) ||
	       (!leave_disabled &&
		of_property_present(np, "nvidia,memory-controller"));
}

/**
 * smmu_kvm_of_present() - is there an SMMU that the hypervisor can drive?
 *
 * Names those that it cannot, or must not: their registers stay with the host,
 * and with them whatever DMA goes that way.
 *
 * Return: true if there is
 */
bool __init smmu_kvm_of_present(void)
{
	struct device_node *np;
	bool present = false;

	for_each_matching_node(np, smmu_kvm_of_ids) {
		if (!smmu_is_taken(np)) {
			pr_warn("%pOF: disabled, DMA behind it is not isolated\n",
				np);
			kvm_iommu_set_bypassed();
			continue;
		}
		if (!smmu_kvm_of_match(np)) {
			pr_warn("%pOF: not supported, DMA behind it is not isolated\n",
				np);
			kvm_iommu_set_bypassed();
			continue;
		}
		if (!node_available(np))
			pr_warn("%pOF: disabled, DMA behind it is blocked\n",
				np);
		present = true;
	}

	return present;
}

static int __init malformed(const struct device_node *np, const char *what)
{
	pr_err("%pOF: %s\n", np, what);
	return -EINVAL;
}

static int __init describe_smmu(struct smmu_kvm_builder *b,
				struct device_node *np,
				const struct smmu_kvm_match *match)
{
	struct smmu_kvm_desc_smmu smmu = { .flags = match->flags };
	int idx;

	while (smmu.nr_instances < match->max_instances) {
		struct resource res;

		if (of_address_to_resource(np, smmu.nr_instances, &res))
			break;
		if (smmu.nr_instances && resource_size(&res) != smmu.size)
			return malformed(np, "instances differ in size");

		smmu.size = resource_size(&res);
		smmu.base[smmu.nr_instances++] = res.start;
	}
	if (!smmu.nr_instances)
		return malformed(np, "no registers");

	of_property_read_u32(np, "stream-match-mask", &smmu.smr_mask);
	if (smmu.smr_mask > U16_MAX)
		return malformed(np, "stream-match-mask too wide");

	if (of_dma_is_coherent(np))
		smmu.flags |= SMMU_KVM_COHERENT_WALK;

	idx = smmu_kvm_add_smmu(b, &smmu);
	if (idx < 0)
		return malformed(np, "one SMMU too many");

	b->smmu_np[idx] = of_node_get(np);
	return 0;
}

static int __init describe_smmus(struct smmu_kvm_builder *b)
{
	const struct smmu_kvm_match *match;
	struct device_node *np;
	int ret = 0;

	for_each_matching_node(np, smmu_kvm_of_ids) {
		match = smmu_match(np);
		if (!match || !smmu_is_taken(np))
			continue;

		ret = describe_smmu(b, np, match);
		if (ret) {
			of_node_put(np);
			break;
		}
	}

	return ret;
}

/* Tegra: one memory controller, which every SMMU names. */
static int __init find_mc(struct smmu_kvm_builder *b, struct device_node **mc)
{
	u32 i;

	*mc = NULL;
	for (i = 0; i < b->desc.nr_smmus; i++) {
		struct device_node *np;

		np = of_parse_phandle(b->smmu_np[i], "nvidia,memory-controller",
				      0);
		if (np && *mc && np != *mc) {
			of_node_put(np);
			of_node_put(*mc);
			return malformed(b->smmu_np[i],
					 "another memory controller");
		}
		if (np && *mc)
			of_node_put(np);
		else if (np)
			*mc = np;
	}

	return 0;
}

/* Whose registers are in region @i of the memory controller? */
static u32 __init alias_channel(const struct device_node *mc, int i)
{
	const char *name;
	u32 channel;

	if (of_property_read_string_index(mc, "reg-names", i, &name))
		return SMMU_KVM_MC_UNNAMED;
	if (!strcmp(name, "broadcast"))
		return SMMU_KVM_MC_BROADCAST;
	if (str_has_prefix(name, "ch") && !kstrtou32(name + 2, 10, &channel) &&
	    channel < SMMU_KVM_MC_BROADCAST)
		return channel;

	return SMMU_KVM_MC_UNNAMED;
}

/*
 * The other regions of the memory controller, if the hypervisor shall watch
 * what the host does there: all of them, of the size of the first.
 */
static int __init describe_aliases(struct smmu_kvm_builder *b,
				   const struct device_node *mc)
{
	struct resource res;
	int i;

	if (!smmu_kvm_mc_filter())
		return 0;

	for (i = 0; !of_address_to_resource((struct device_node *)mc, i, &res); i++) {
		if (res.start == b->desc.mc_base)
			continue;
		if (resource_size(&res) != b->desc.mc_size)
			return malformed(mc, "regions differ in size");
		if (b->desc.nr_mc_aliases == SMMU_KVM_MAX_MC_ALIASES)
			return malformed(mc, "too many regions");
		b->desc.mc_alias[b->desc.nr_mc_aliases++] = (struct smmu_kvm_desc_alias) {
			.base	 = res.start,
			.channel = alias_channel(mc, i),
		};
	}

	return 0;
}

static int __init describe_clients(struct smmu_kvm_builder *b,
				   const struct device_node *mc)
{
	const struct tegra_mc_soc *soc = tegra_mc_soc_from_node(mc);
	struct resource res;
	unsigned int i;
	int ret;

	if (!soc)
		return malformed(mc, "unknown memory controller");
	ret = of_property_match_string(mc, "reg-names", "sid");
	if (ret < 0)
		return malformed(mc, "no region of stream ID registers");
	if (of_address_to_resource((struct device_node *)mc, ret, &res))
		return malformed(mc, "no registers for stream IDs");

	b->desc.mc_base = res.start;
	b->desc.mc_size = resource_size(&res);
	/* The same on all that have these registers */
	b->desc.mc_passthrough_sid = TEGRA234_SID_PASSTHROUGH;
	b->desc.mc_parked_sid = TEGRA234_SID_INVALID;

	ret = describe_aliases(b, mc);
	if (ret)
		return ret;

	for (i = 0; i < soc->num_clients; i++) {
		const struct tegra_mc_client *client = &soc->clients[i];

		if (!client->regs.sid.override && !client->regs.sid.security)
			continue;

		ret = smmu_kvm_add_client(b, client->regs.sid.override,
					  client->regs.sid.security);
		if (ret < 0)
			return malformed(mc, "too many clients");

		b->client_name[ret] = client->name;
		b->client_id[ret] = client->id;
	}

	if (smmu_kvm_mc_exempt(b, of_device_is_compatible(mc, "nvidia,tegra234-mc")))
		return malformed(mc, "too many clients");

	return 0;
}

static int __init find_smmu(const struct smmu_kvm_builder *b,
			    const struct device_node *np)
{
	u32 i;

	for (i = 0; i < b->desc.nr_smmus; i++) {
		if (b->smmu_np[i] == np)
			return i;
	}

	return -ENOENT;
}

/* Add streams to the endpoint of @np, which is made with its first one. */
static int __init add_stream(struct smmu_kvm_builder *b, struct device_node *np,
			     int *endpoint, u32 smmu, u32 sid, u32 mask, u32 nr)
{
	if (*endpoint < 0) {
		*endpoint = smmu_kvm_add_endpoint(b);
		if (*endpoint < 0)
			return malformed(np, "one device too many");
		b->endpoint_np[*endpoint] = of_node_get(np);
	}

	switch (smmu_kvm_add_stream(b, smmu, sid, mask, nr)) {
	case 0:
		return 0;
	case -ENOSPC:
		return malformed(np, "too many stream IDs");
	case -EEXIST:
		return malformed(np, "stream IDs overlap another device's");
	case -EPERM:
		return malformed(np, "stream ID reserved by the memory controller");
	default:
		return malformed(np, "stream ID out of range");
	}
}

static int __init describe_iommus(struct smmu_kvm_builder *b,
				  struct device_node *np, int *endpoint)
{
	struct of_phandle_args args;
	unsigned int i;
	int ret;

	for (i = 0; ; i++) {
		int smmu;

		ret = of_parse_phandle_with_args(np, "iommus", "#iommu-cells",
						 i, &args);
		if (ret)
			break;

		smmu = find_smmu(b, args.np);
		of_node_put(args.np);
		if (smmu < 0)
			continue;

		if (args.args_count < 1 || args.args_count > 2)
			return malformed(np, "iommus: 1 or 2 cells expected");

		ret = add_stream(b, np, endpoint, smmu, args.args[0],
				 args.args_count > 1 ? args.args[1] : 0, 1);
		if (ret)
			return ret;
	}

	return ret == -ENOENT ? 0 : malformed(np, "iommus: malformed");
}

/*
 * One entry of "iommu-map": input IDs [base, base + len), as far as the mask
 * lets them through, have the stream IDs from @sid on. @base is inside @mask,
 * so no input ID is above @mask.
 */
static int __init describe_map_entry(struct smmu_kvm_builder *b,
				     struct device_node *np, int *endpoint,
				     int smmu, u32 base, u32 mask,
				     const __be32 *out, u32 cells, u32 len)
{
	u32 nr;

	if (base & ~mask)
		return malformed(np, "iommu-map: base outside iommu-map-mask");
	if (!len)
		return malformed(np, "iommu-map: empty range");
	if (cells > 1 && len > 1)
		return malformed(np, "iommu-map: range of masked stream IDs");

	nr = min_t(u64, len, (u64)mask - base + 1);
	return add_stream(b, np, endpoint, smmu, be32_to_cpu(out[0]),
			  cells > 1 ? be32_to_cpu(out[1]) : 0, nr);
}

static int __init describe_map(struct smmu_kvm_builder *b,
			       struct device_node *np, int *endpoint)
{
	u32 mask = U32_MAX;
	const __be32 *map;
	int pos, len;

	map = of_get_property(np, "iommu-map", &len);
	if (!map)
		return 0;

	of_property_read_u32(np, "iommu-map-mask", &mask);

	len /= sizeof(*map);
	for (pos = 0; pos < len; ) {
		struct device_node *target;
		u32 cells;
		int smmu, ret;

		if (len - pos < 4)
			return malformed(np, "iommu-map: malformed");

		target = of_find_node_by_phandle(be32_to_cpu(map[pos + 1]));
		if (!target || of_property_read_u32(target, "#iommu-cells", &cells))
			cells = 1;
		smmu = find_smmu(b, target);
		of_node_put(target);

		if (cells > MAX_PHANDLE_ARGS || len - pos < 3 + cells)
			return malformed(np, "iommu-map: malformed");
		if (smmu >= 0 && (cells < 1 || cells > 2))
			return malformed(np, "iommu-map: 1 or 2 cells expected");

		ret = smmu < 0 ? 0 :
		      describe_map_entry(b, np, endpoint, smmu,
					 be32_to_cpu(map[pos]), mask,
					 &map[pos + 2], cells,
					 be32_to_cpu(map[pos + 2 + cells]));
		if (ret)
			return ret;

		pos += 3 + cells;
	}

	return 0;
}

static int __init find_client(const struct smmu_kvm_builder *b, u32 id)
{
	u32 i;

	for (i = 0; i < b->desc.nr_clients; i++) {
		if (b->client_id[i] == id)
			return i;
	}

	return -ENOENT;
}

/*
 * The tables of the memory controller driver lack clients that it has no use
 * for. All of its kind have a client's registers at eight times its number.
 */
static int __init add_unlisted_client(struct smmu_kvm_builder *b, u32 id)
{
	int client;

	if (id >= b->desc.mc_size / 8)
		return -ENOENT;

	client = smmu_kvm_add_client(b, id * 8, id * 8 + 4);
	if (client < 0)
		return client;

	b->client_name[client] = kasprintf(GFP_KERNEL, "client%u", id);
	b->client_id[client] = id;

	return b->client_name[client] ? client : -ENOMEM;
}

/* Give the last endpoint, which is @np's, the clients that @np has. */
static int __init describe_client_refs(struct smmu_kvm_builder *b,
				       struct device_node *np,
				       const struct device_node *mc)
{
	struct of_phandle_args args;
	unsigned int i;

	for (i = 0; !of_parse_phandle_with_args(np, "interconnects",
						"#interconnect-cells", i,
						&args); i++) {
		bool is_mc = args.np == mc && args.args_count;
		int client;

		of_node_put(args.np);
		if (!is_mc)
			continue;

		client = find_client(b, args.args[0]);
		if (client == -ENOENT)
			client = add_unlisted_client(b, args.args[0]);
		if (client == -ENOENT) {
			pr_info("%pOF: memory client %u has no stream ID register\n",
				np, args.args[0]);
			continue;
		}
		if (client < 0)
			return malformed(np, "too many memory clients");

		switch (smmu_kvm_add_client_ref(b, client)) {
		case 0:
			break;
		case -EINVAL:
			pr_info("%pOF: several stream IDs, its memory clients stay parked\n",
				np);
			return 0;
		case -EBUSY:
			return malformed(np, "shares a memory client, but not its stream ID");
		default:
			return malformed(np, "too many memory clients");
		}
	}

	return 0;
}

static int __init describe_endpoint(struct smmu_kvm_builder *b,
				    struct device_node *np,
				    const struct device_node *mc)
{
	int endpoint = -1, map_endpoint = -1;
	int ret;

	ret = describe_iommus(b, np, &endpoint);
	if (!ret && mc && endpoint >= 0)
		ret = describe_client_refs(b, np, mc);
	if (!ret)
		ret = describe_map(b, np, &map_endpoint);
	if (!ret && mc && endpoint < 0 && map_endpoint >= 0)
		ret = describe_client_refs(b, np, mc);

	return ret;
}

static int __init describe_endpoints(struct smmu_kvm_builder *b,
				     const struct device_node *mc)
{
	struct device_node *np;
	int ret;

	for_each_of_allnodes(np) {
		if (!of_property_present(np, "iommus") &&
		    !of_property_present(np, "iommu-map"))
			continue;
		if (!node_available(np))
			continue;

		ret = describe_endpoint(b, np, mc);
		if (ret) {
			of_node_put(np);
			return ret;
		}
	}

	return 0;
}

/**
 * smmu_kvm_of_describe() - describe the system
 * @b: an empty description
 *
 * Return: 0, -ENODEV if there is no SMMU to describe, -EINVAL. On failure @b
 * keeps references to nodes in smmu_np and endpoint_np.
 */
int __init smmu_kvm_of_describe(struct smmu_kvm_builder *b)
{
	struct device_node *mc;
	int ret;

	ret = describe_smmus(b);
	if (ret)
		return ret;
	if (!b->desc.nr_smmus)
		return -ENODEV;

	ret = find_mc(b, &mc);
	if (ret)
		return ret;

	if (mc)
		ret = describe_clients(b, mc);
	if (!ret)
		ret = describe_endpoints(b, mc);
	of_node_put(mc);

	return ret;
}
