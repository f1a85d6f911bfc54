// SPDX-License-Identifier: GPL-2.0-only
/*
 * Memory controller clients that go around the SMMUs: what to do about them,
 * and what was done.
 *
 * Firmware leaves some clients in passthrough: of the device that it booted
 * from, of the screen that shows its logo. Until the driver of the device comes
 * along, whatever is programmed into the device reaches all of memory.
 *
 *	arm_smmu_kvm.mc_policy=strict	(default) they are parked at takeover
 *	arm_smmu_kvm.mc_policy=report	they are left until their device is
 *					attached, and named
 *	arm_smmu_kvm.mc_keep=a,b	strict, but for clients whose names begin
 *					so
 *
 * Whatever is left is not isolated. What firmware has locked cannot be changed
 * by either policy.
 *
 * Some clients are no device's, and the machine would not survive if they were
 * stopped. They are exempt under all policies:
 *
 *	ptcr		the SMMUs' own walks of translation tables
 *	mpcore, nvl	the processors
 *	miu, dpmu	inside the memory subsystem
 */

#define pr_fmt(fmt) "arm-smmu-kvm: " fmt

#include <linux/bitfield.h>
#include <linux/init.h>
#include <linux/kernel.h>
#include <linux/moduleparam.h>
#include <linux/slab.h>
#include <linux/string.h>

#include <asm/kvm_iommu.h>

#include "arm-smmu-kvm-host.h"

static char *mc_policy = "strict";
module_param(mc_policy, charp, 0444);
MODULE_PARM_DESC(mc_policy,
		 "Memory clients found going around the SMMUs: strict (default, they are stopped) or report (they are left alone, and named)");

static char *mc_keep = "";
module_param(mc_keep, charp, 0444);
MODULE_PARM_DESC(mc_keep,
		 "Memory clients (beginnings of names, comma separated) to leave alone even if strict, because firmware needs them");

static bool mc_filter = true;
module_param(mc_filter, bool, 0444);
MODULE_PARM_DESC(mc_filter,
		 "Let the host use the other regions of the memory controller through the hypervisor only (default on)");

/**
 * smmu_kvm_mc_filter() - has the hypervisor to watch all of the memory controller?
 *
 * Return: true if it has
 */
bool __init smmu_kvm_mc_filter(void)
{
	return mc_filter;
}

/* Is there a beginning of @name in the list? */
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

static const char * const exempt_names[] __initconst = {
	"ptcr", "mpcore", "nvl", "miu", "dpmu",
};

/* Those of Tegra234 that the memory controller's driver has no table entry for */
static const struct {
	const char *name;
	u16 first, last;
} tegra234_exempt[] __initconst = {
	{ "ptcr", 0x00, 0x00 }, { "miu", 0x01, 0x0e }, { "nvl", 0x13, 0x14 },
	{ "nvl", 0x17, 0x1b }, { "nvl", 0x1d, 0x1e }, { "nvl", 0x20, 0x25 },
	{ "mpcorer", 0x27, 0x27 }, { "mpcorew", 0x39, 0x39 },
	{ "miu", 0xa6, 0xa9 }, { "miu", 0xae, 0xb3 }, { "dpmu", 0xb4, 0xb5 },
	{ "nvl", 0xb6, 0xbb }, { "nvl", 0xe5, 0xe8 }, { "nvl", 0xf4, 0xf8 },
	{ "miu", 0xfc, 0xff },
};

static bool __init is_described(const struct smmu_kvm_builder *b, u32 id)
{
	u32 i;

	for (i = 0; i < b->desc.nr_clients; i++) {
		if (b->clients[i].override == id * 8)
			return true;
	}

	return false;
}

/**
 * smmu_kvm_mc_exempt() - describe the clients that are no device's
 * @b: the description, with all clients that the memory controller's driver has
 * @tegra234: whether it is a Tegra234
 *
 * Return: 0, -ENOSPC if there are too many, -ENOMEM
 */
int __init smmu_kvm_mc_exempt(struct smmu_kvm_builder *b, bool tegra234)
{
	u32 i, j, id;
	int client;

	for (i = 0; i < b->desc.nr_clients; i++) {
		for (j = 0; j < ARRAY_SIZE(exempt_names); j++) {
			if (strstarts(b->client_name[i], exempt_names[j]))
				b->clients[i].flags |= SMMU_KVM_CLIENT_EXEMPT;
		}
	}

	for (i = 0; tegra234 && i < ARRAY_SIZE(tegra234_exempt); i++) {
		for (id = tegra234_exempt[i].first; id <= tegra234_exempt[i].last; id++) {
			if (is_described(b, id))
				continue;

			client = smmu_kvm_add_client(b, id * 8, id * 8 + 4);
			if (client < 0)
				return client;

			b->clients[client].flags |= SMMU_KVM_CLIENT_EXEMPT;
			b->client_id[client] = id;
			b->client_name[client] = kasprintf(GFP_KERNEL, "%s-%02x",
							   tegra234_exempt[i].name, id);
			if (!b->client_name[client])
				return -ENOMEM;
		}
	}

	return 0;
}

/**
 * smmu_kvm_mc_policy() - tell the hypervisor what to do with clients
 * @b: the description
 */
void __init smmu_kvm_mc_policy(struct smmu_kvm_builder *b)
{
	u32 i;

	if (!strcmp(mc_policy, "report"))
		b->desc.flags |= SMMU_KVM_MC_REPORT;
	else if (strcmp(mc_policy, "strict"))
		pr_err("mc_policy=%s: unknown, it is strict\n", mc_policy);

	for (i = 0; i < b->desc.nr_clients; i++) {
		if (is_kept(b->client_name[i]))
			b->clients[i].flags |= SMMU_KVM_CLIENT_KEEP;
	}
}

/* Clients of Tegra234 that the hypervisor may come across, by name */
static const struct {
	u16 id;
	const char *name;
} other_clients[] = {
	{ 0x16, "host1xdmar" }, { 0x4a, "xusb_hostr" }, { 0x4b, "xusb_hostw" },
	{ 0x4c, "xusb_devr" }, { 0x4d, "xusb_devw" }, { 0x54, "tsecsrd" },
	{ 0x55, "tsecswr" }, { 0x60, "sdmmcra" }, { 0x64, "sdmmcwa" },
	{ 0x80, "sesrd" }, { 0x81, "seswr" }, { 0x82, "axiapr" },
	{ 0x83, "axiapw" }, { 0x84, "etrr" }, { 0x85, "etrw" },
	{ 0x8c, "axisr" }, { 0x8d, "axisw" }, { 0x90, "ufshcr" },
	{ 0x91, "ufshcw" }, { 0x97, "aonr" }, { 0x98, "aonw" },
};

static void other_name(char *name, u32 id)
{
	u32 i;

	for (i = 0; i < ARRAY_SIZE(other_clients); i++) {
		if (other_clients[i].id == id) {
			strscpy(name, other_clients[i].name, SMMU_KVM_CLIENT_NAME);
			return;
		}
	}

	snprintf(name, SMMU_KVM_CLIENT_NAME, "client%u", id);
}

/**
 * smmu_kvm_mc_client() - ask the hypervisor for a client
 * @topo: the description
 * @i: which; those of the description come first
 * @name: its name, SMMU_KVM_CLIENT_NAME bytes
 * @info: KVM_IOMMU_CLIENT_*
 *
 * Return: 0, -ENOENT if there are no more
 */
int smmu_kvm_mc_client(const struct smmu_kvm_topology *topo, u32 i, char *name,
		       u64 *info)
{
	int ret;

	ret = kvm_iommu_get_stat(KVM_IOMMU_STAT_MC_CLIENT + i, info);
	if (ret)
		return ret;

	if (i < topo->desc->nr_clients)
		strscpy(name, topo->client_name[i], SMMU_KVM_CLIENT_NAME);
	else
		other_name(name, FIELD_GET(KVM_IOMMU_CLIENT_OVERRIDE, *info) / 8);

	return 0;
}

/*
 * Does it go around the SMMUs, or may it? One that firmware has locked without
 * an override presents what its device says, which may be just that.
 */
static bool goes_around(const struct smmu_kvm_topology *topo, u64 info)
{
	if (!(info & KVM_IOMMU_CLIENT_FORCED))
		return info & KVM_IOMMU_CLIENT_LOCKED;

	return FIELD_GET(KVM_IOMMU_CLIENT_SID, info) == topo->desc->mc_passthrough_sid;
}

static bool went_around(const struct smmu_kvm_topology *topo, u64 info)
{
	return info & KVM_IOMMU_CLIENT_FOUND_FORCED &&
	       FIELD_GET(KVM_IOMMU_CLIENT_FOUND_SID, info) == topo->desc->mc_passthrough_sid;
}

/**
 * smmu_kvm_mc_state() - what a client is up to
 * @topo: the description
 * @info: what the hypervisor says of it
 *
 * Return: one word
 */
const char *smmu_kvm_mc_state(const struct smmu_kvm_topology *topo, u64 info)
{
	bool locked = info & KVM_IOMMU_CLIENT_LOCKED;

	if (info & KVM_IOMMU_CLIENT_EXEMPT)
		return "exempt";
	if (goes_around(topo, info))
		return locked ? "around,locked" : "around";
	if (FIELD_GET(KVM_IOMMU_CLIENT_USERS, info))
		return locked ? "routed,locked" : "routed";

	return locked ? "locked" : "parked";
}

enum finding {
	PARKED,
	LEFT,
	LOCKED_AROUND,
	LOCKED,
	NOTHING,
};

static enum finding __init find(const struct smmu_kvm_topology *topo, u64 info)
{
	if (info & KVM_IOMMU_CLIENT_EXEMPT)
		return NOTHING;
	if (goes_around(topo, info))
		return info & KVM_IOMMU_CLIENT_LOCKED ? LOCKED_AROUND : LEFT;
	if (info & KVM_IOMMU_CLIENT_LOCKED)
		return LOCKED;

	return went_around(topo, info) ? PARKED : NOTHING;
}

/* The names of all clients of which there is something to say, in one line. */
static unsigned int __init collect(const struct smmu_kvm_topology *topo,
				   enum finding what, char *buf, size_t size)
{
	char name[SMMU_KVM_CLIENT_NAME];
	unsigned int n = 0;
	size_t len = 0;
	u64 info;
	u32 i;

	for (i = 0; !smmu_kvm_mc_client(topo, i, name, &info); i++) {
		if (find(topo, info) == what)
			len += scnprintf(buf + len, size - len, "%s%s",
					 n++ ? ", " : "", name);
	}

	return n;
}

/**
 * smmu_kvm_mc_report() - say what has become of the clients
 * @topo: the description
 */
void __init smmu_kvm_mc_report(const struct smmu_kvm_topology *topo)
{
	static char names[900] __initdata;

	if (!topo->desc->mc_size)
		return;

	if (collect(topo, PARKED, names, sizeof(names)))
		pr_info("memory clients that went around the SMMUs, now stopped: %s\n",
			names);
	if (collect(topo, LEFT, names, sizeof(names)))
		pr_warn("memory clients left going around the SMMUs (mc_policy=%s), their DMA is not isolated: %s\n",
			mc_policy, names);
	if (collect(topo, LOCKED_AROUND, names, sizeof(names)))
		pr_err("memory clients that firmware has locked going around the SMMUs, their DMA is not isolated: %s\n",
		       names);
	if (collect(topo, LOCKED, names, sizeof(names)))
		pr_warn("memory clients that firmware has locked: %s\n", names);
	if (topo->desc->nr_mc_aliases)
		pr_info("the host uses %u other regions of the memory controller through the hypervisor\n",
			topo->desc->nr_mc_aliases);
}
