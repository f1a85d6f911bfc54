// SPDX-License-Identifier: GPL-2.0-only
/*
 * Tegra memory controller at EL2: which stream ID a device presents.
 *
 * Devices do DMA through clients of the memory controller. Each client has two
 * registers: one holds a stream ID, the other says whether this overrides the
 * stream ID that the device itself presents, and whether both registers can still
 * be written. One stream ID bypasses the SMMUs. Whoever writes these registers
 * decides which address space a device uses, if any, so they are half of the IOMMU.
 *
 * After takeover a client is in one of three states:
 *
 *	parked	It presents a stream ID that no device has, and faults.
 *	routed	It presents the stream ID of its device, which is attached.
 *	left	It bypasses the SMMUs as it was found, because the host asked
 *		for that at boot, until its device is attached for the first
 *		time.
 *
 * Firmware may have locked a client before takeover. It cannot be routed to another
 * stream ID, so attaching its device fails. A client that is locked in passthrough
 * goes on bypassing the SMMUs: the host can only read this state and report it.
 *
 * A client without an override presents the stream ID that its device chooses, which
 * may be any. It is parked even if the host asks to leave clients.
 *
 * Clients that belong to no device, such as those of the CPUs and of the SMMUs' table
 * walks, are exempt: they are never changed.
 */

#include <linux/bitfield.h>
#include <linux/io.h>
#include <linux/minmax.h>

#include <nvhe/mem_protect.h>

#include "mc-sid.h"

#define MC_OVERRIDE_SID			TEGRA_MC_SID_MASK
#define MC_SECURITY_OVERRIDE		BIT(8)
#define MC_SECURITY_WRITE_DISABLED	BIT(16)

/*
 * The memory controller does not take bit 39 for a part of the address: it selects
 * another layout of the same memory. No address of the SoC is that large.
 */
#define MC_ADDRESS_BITS			39
#define MC_ADDRESS_LIMIT		BIT_ULL(MC_ADDRESS_BITS)

/* The bits of both registers that are recorded as found: they fit into one word. */
#define MC_FOUND_MASK	(MC_OVERRIDE_SID | MC_SECURITY_OVERRIDE | MC_SECURITY_WRITE_DISABLED)

/**
 * struct mc_client - a described client
 * @users: number of attached devices; devices that share a stream ID may share a
 *	   client
 * @sid: the stream ID that it must present, unless @left
 * @left: found in passthrough and left, because its device was not attached yet
 * @found: its registers as they were found, MC_FOUND_MASK
 */
struct mc_client {
	u16	users;
	u8	sid;
	bool	left;
	u32	found;
};

/**
 * struct mc_unlisted - a client that is not described
 * @override: offset of its override register; the security register follows
 * @found: its registers as they were found, MC_FOUND_MASK
 */
struct mc_unlisted {
	u32	override;
	u32	found;
};

struct tegra_mc_sid_layout mc_layout;

static struct {
	hyp_spinlock_t		lock;
	void __iomem		*regs;
	struct mc_client	*clients;
	struct mc_unlisted	*unlisted;
	unsigned int		nr_unlisted;
	unsigned int		nr_passthrough;		/* described clients, as found */
	unsigned int		nr_unlisted_passthrough;
	unsigned int		nr_locked;		/* clients that could not be parked */
	/* A locked client accepted another stream ID. */
	bool			lock_spares_override;
} mc;

static bool mc_is_passthrough(u32 found)
{
	return found & MC_SECURITY_OVERRIDE &&
	       FIELD_GET(MC_OVERRIDE_SID, found) == mc_layout.desc->passthrough_sid;
}

static u32 mc_read(u32 override, u32 security)
{
	return (readl_relaxed(mc.regs + override) & MC_OVERRIDE_SID) |
	       (readl_relaxed(mc.regs + security) & MC_FOUND_MASK & ~MC_OVERRIDE_SID);
}

static bool mc_is_forced(u32 override, u32 security, u32 sid)
{
	return (mc_read(override, security) & ~MC_SECURITY_WRITE_DISABLED) ==
	       (sid | MC_SECURITY_OVERRIDE);
}

/*
 * Write the stream ID first: the override must not start with a stale one. The
 * call has succeeded if the registers read back as written.
 */
static int mc_force_regs(u32 override, u32 security, u32 sid)
{
	u32 val;

	writel_relaxed(sid, mc.regs + override);
	val = readl_relaxed(mc.regs + security);
	if (!(val & MC_SECURITY_OVERRIDE))
		writel_relaxed(val | MC_SECURITY_OVERRIDE, mc.regs + security);

	return mc_is_forced(override, security, sid) ? 0 : -EACCES;
}

static int mc_force(unsigned int i, u32 sid)
{
	const struct tegra_mc_sid_desc_client *c = &mc_layout.clients[i];

	mc.clients[i].left = false;

	return mc_force_regs(c->override, c->security, sid);
}

static bool mc_is_exempt(unsigned int i)
{
	return tegra_mc_client_is_exempt(mc_layout.clients[i].kind);
}

static unsigned int mc_client_of(u32 endpoint, unsigned int i)
{
	return mc_layout.refs[mc_layout.endpoints[endpoint].first_ref + i];
}

/* Return true if the client presents the stream ID that it must. */
static bool mc_client_is_right(unsigned int i)
{
	const struct tegra_mc_sid_desc_client *c = &mc_layout.clients[i];

	return mc_is_exempt(i) || mc.clients[i].left ||
	       mc_is_forced(c->override, c->security, mc.clients[i].sid);
}

/* Undescribed clients are searched up to the registers of the last described one. */
static u32 mc_unlisted_end(void)
{
	u32 end = 0;
	unsigned int i;

	for (i = 0; i < mc_layout.desc->nr_clients; i++)
		end = max(end, mc_layout.clients[i].override);

	return end;
}

static int mc_probe(const struct smmu_kvm_layout *smmus)
{
	const struct tegra_mc_sid_desc *desc;
	int ret;

	ret = tegra_mc_sid_check(smmus, &mc_layout);
	if (ret)
		return ret;

	desc = mc_layout.desc;
	hyp_spin_lock_init(&mc.lock);
	mc.clients = kvm_hyp_iommu_boot_alloc(desc->nr_clients * sizeof(*mc.clients));
	mc.unlisted = kvm_hyp_iommu_boot_alloc(mc_unlisted_end() / 8 * sizeof(*mc.unlisted));

	return mc.clients && mc.unlisted ? 0 : -ENOMEM;
}

static int mc_take(void)
{
	const struct tegra_mc_sid_desc *desc = mc_layout.desc;
	unsigned long haddr;
	int ret;

	ret = __pkvm_host_donate_hyp_mmio(desc->base, desc->size, &haddr);
	if (ret)
		return ret;
	mc.regs = (void __iomem *)haddr;

	ret = mc_filter_take();
	if (ret)
		goto give_back;

	ret = __pkvm_host_limit_mmio(MC_ADDRESS_LIMIT);
	if (ret)
		goto give_back_filter;

	return 0;

give_back_filter:
	mc_filter_give_back();
give_back:
	__pkvm_hyp_donate_host_mmio(desc->base, desc->size);

	return ret;
}

static void mc_give_back(void)
{
	const struct tegra_mc_sid_desc *desc = mc_layout.desc;

	__pkvm_host_limit_mmio(U64_MAX);
	mc_filter_give_back();
	__pkvm_hyp_donate_host_mmio(desc->base, desc->size);
}

/* Return true if a client is described, or was found by an earlier search. */
static bool mc_is_known(u32 override)
{
	unsigned int i;

	for (i = 0; i < mc_layout.desc->nr_clients; i++)
		if (mc_layout.clients[i].override == override)
			return true;

	for (i = 0; i < mc.nr_unlisted; i++)
		if (mc.unlisted[i].override == override)
			return true;

	return false;
}

/*
 * Find clients that are not described. Each client has its pair of registers at a
 * multiple of eight bytes. One that holds the passthrough stream ID can bypass the
 * SMMUs. Leave others as they are: some devices depend on the stream ID that
 * firmware has given to their client, and it is not known which client that is.
 */
static void mc_find_unlisted(void)
{
	u32 override, end = mc_unlisted_end();

	for (override = 0; override < end / 8 * 8; override += 8) {
		u32 found = mc_read(override, override + 4);

		if (mc_is_known(override) ||
		    FIELD_GET(MC_OVERRIDE_SID, found) != mc_layout.desc->passthrough_sid)
			continue;

		mc.unlisted[mc.nr_unlisted++] = (struct mc_unlisted) {
			.override	= override,
			.found		= found,
		};
		mc.nr_unlisted_passthrough += mc_is_passthrough(found);
	}
}

static bool mc_unlisted_is_left(const struct mc_unlisted *u)
{
	return mc_layout.desc->flags & TEGRA_MC_SID_REPORT && mc_is_passthrough(u->found);
}

static unsigned int mc_park_unlisted(void)
{
	unsigned int i, nr_failed = 0;

	for (i = 0; i < mc.nr_unlisted; i++) {
		const struct mc_unlisted *u = &mc.unlisted[i];

		if (!mc_unlisted_is_left(u) &&
		    mc_force_regs(u->override, u->override + 4, mc_layout.desc->parked_sid))
			nr_failed++;
	}

	return nr_failed;
}

/*
 * Return true if a client bypasses the SMMUs, or may do so: one that firmware has
 * locked without an override presents the stream ID that its device chooses, which
 * may be the passthrough one.
 */
static bool mc_bypasses(u32 override, u32 security)
{
	u32 now = mc_read(override, security);

	return mc_is_passthrough(now) ||
	       (now & (MC_SECURITY_OVERRIDE | MC_SECURITY_WRITE_DISABLED)) ==
	       MC_SECURITY_WRITE_DISABLED;
}

static bool mc_any_bypasses(void)
{
	unsigned int i;

	for (i = 0; i < mc_layout.desc->nr_clients; i++) {
		const struct tegra_mc_sid_desc_client *c = &mc_layout.clients[i];

		if (!mc_is_exempt(i) && mc_bypasses(c->override, c->security))
			return true;
	}

	for (i = 0; i < mc.nr_unlisted; i++) {
		u32 override = mc.unlisted[i].override;

		if (mc_bypasses(override, override + 4))
			return true;
	}

	return false;
}

/*
 * Park every client. Those that were found bypassing the SMMUs are left if the
 * description says so (TEGRA_MC_SID_REPORT, TEGRA_MC_SID_KEEP).
 */
static void mc_park_all(void)
{
	const struct tegra_mc_sid_desc *desc = mc_layout.desc;
	unsigned int i;

	for (i = 0; i < desc->nr_clients; i++) {
		const struct tegra_mc_sid_desc_client *c = &mc_layout.clients[i];
		struct mc_client *client = &mc.clients[i];

		client->sid = desc->parked_sid;
		client->found = mc_read(c->override, c->security);
		if (mc_is_exempt(i))
			continue;

		if (mc_is_passthrough(client->found)) {
			mc.nr_passthrough++;
			if (desc->flags & TEGRA_MC_SID_REPORT || c->flags & TEGRA_MC_SID_KEEP) {
				client->left = true;
				continue;
			}
		}

		if (mc_force(i, desc->parked_sid))
			mc.nr_locked++;
		else if (client->found & MC_SECURITY_WRITE_DISABLED &&
			 FIELD_GET(MC_OVERRIDE_SID, client->found) != desc->parked_sid)
			mc.lock_spares_override = true;
	}

	mc_find_unlisted();
	mc.nr_locked += mc_park_unlisted();

	if (mc_any_bypasses())
		kvm_hyp_iommu_bypassed = true;
}

/* Drop a device's use of a client, and park the client after the last one. */
static void mc_unroute_client(unsigned int i)
{
	hyp_assert_lock_held(&mc.lock);

	if (--mc.clients[i].users)
		return;

	mc_force(i, mc_layout.desc->parked_sid);
	mc.clients[i].sid = mc_layout.desc->parked_sid;
}

/*
 * Restore registers that a loss of power has reset, before the host runs. Then
 * undescribed clients may be in another state than when they were found: search
 * for them again.
 */
static void mc_resume(void)
{
	bool lost = false;
	unsigned int i;

	hyp_spin_lock(&mc.lock);
	for (i = 0; i < mc_layout.desc->nr_clients; i++) {
		if (mc_client_is_right(i))
			continue;
		lost = true;
		mc_force(i, mc.clients[i].sid);
	}
	if (lost)
		mc_find_unlisted();
	mc_park_unlisted();
	hyp_spin_unlock(&mc.lock);
}

/* Return true for the passthrough and the parked stream ID: no device may have them. */
static bool mc_is_reserved(u32 sid)
{
	return sid == mc_layout.desc->passthrough_sid || sid == mc_layout.desc->parked_sid;
}

/**
 * mc_route() - let the clients of a device present its stream ID
 * @endpoint: the device
 * @sid: its stream ID, as the SMMU compares it
 *
 * Either all clients present it, or none does.
 *
 * Return: 0, -EBUSY if an attached device with another stream ID uses one of the
 * clients, -EACCES if firmware has locked one to another stream ID, or if no device
 * may have the stream ID.
 */
static int mc_route(u32 endpoint, u32 sid)
{
	unsigned int i, n = mc_layout.endpoints[endpoint].nr_refs;
	int ret = mc_is_reserved(sid) ? -EACCES : 0;

	if (!n)
		return 0;

	hyp_spin_lock(&mc.lock);

	for (i = 0; i < n && !ret; i++) {
		struct mc_client *c = &mc.clients[mc_client_of(endpoint, i)];

		if (c->users && (c->sid != sid || c->users == U16_MAX))
			ret = -EBUSY;
	}
	if (ret)
		goto unlock;

	for (i = 0; i < n && !ret; i++) {
		unsigned int client = mc_client_of(endpoint, i);

		if (!mc.clients[client].users)
			ret = mc_force(client, sid);
		mc.clients[client].users++;
		mc.clients[client].sid = sid;
	}

	/* Undo all, including the one that failed. */
	while (ret && i--)
		mc_unroute_client(mc_client_of(endpoint, i));
unlock:
	hyp_spin_unlock(&mc.lock);

	return ret;
}

/*
 * Return true if mc_force() could make a client present a stream ID. Do not write,
 * because the client may be in use. A client that presents the stream ID that it
 * must accepts another one, unless it was found locked; then it does only if the
 * lock is known to spare the stream ID, because another locked client accepted one.
 */
static bool mc_can_force(unsigned int i, u32 sid)
{
	const struct tegra_mc_sid_desc_client *c = &mc_layout.clients[i];

	if (mc_is_forced(c->override, c->security, sid))
		return true;

	return mc_client_is_right(i) &&
	       (!(mc.clients[i].found & MC_SECURITY_WRITE_DISABLED) || mc.lock_spares_override);
}

/**
 * mc_query() - ask whether mc_route() would succeed, without changing anything
 * @endpoint: the device
 * @sid: its stream ID
 *
 * Return: what mc_route() would return.
 */
static int mc_query(u32 endpoint, u32 sid)
{
	unsigned int i, n = mc_layout.endpoints[endpoint].nr_refs;
	int ret = 0;

	if (!n)
		return 0;

	hyp_spin_lock(&mc.lock);
	for (i = 0; i < n && !ret; i++) {
		unsigned int client = mc_client_of(endpoint, i);
		struct mc_client *c = &mc.clients[client];

		if (c->users && (c->sid != sid || c->users == U16_MAX))
			ret = -EBUSY;
		else if (!c->users && !mc_can_force(client, sid))
			ret = -EACCES;
	}
	hyp_spin_unlock(&mc.lock);

	return ret;
}

/* Undo mc_route(). */
static void mc_unroute(u32 endpoint)
{
	unsigned int i, n = mc_layout.endpoints[endpoint].nr_refs;

	if (!n)
		return;

	hyp_spin_lock(&mc.lock);
	for (i = 0; i < n; i++)
		mc_unroute_client(mc_client_of(endpoint, i));
	hyp_spin_unlock(&mc.lock);
}

static u64 mc_client_info(u32 override, u32 security, u32 found)
{
	u32 now = mc_read(override, security);

	return FIELD_PREP(TEGRA_MC_SID_INFO_FOUND_SID, FIELD_GET(MC_OVERRIDE_SID, found)) |
	       FIELD_PREP(TEGRA_MC_SID_INFO_FOUND_FORCED, !!(found & MC_SECURITY_OVERRIDE)) |
	       FIELD_PREP(TEGRA_MC_SID_INFO_LOCKED, !!(now & MC_SECURITY_WRITE_DISABLED)) |
	       FIELD_PREP(TEGRA_MC_SID_INFO_SID, FIELD_GET(MC_OVERRIDE_SID, now)) |
	       FIELD_PREP(TEGRA_MC_SID_INFO_FORCED, !!(now & MC_SECURITY_OVERRIDE)) |
	       FIELD_PREP(TEGRA_MC_SID_INFO_OVERRIDE, override);
}

/* Return the state of client @i as TEGRA_MC_SID_INFO_*. */
static int mc_client_stat(u64 i, u64 *val)
{
	u32 nr_clients = mc_layout.desc->nr_clients;
	int ret = 0;

	hyp_spin_lock(&mc.lock);
	if (i < nr_clients) {
		const struct tegra_mc_sid_desc_client *c = &mc_layout.clients[i];

		*val = mc_client_info(c->override, c->security, mc.clients[i].found) |
		       FIELD_PREP(TEGRA_MC_SID_INFO_LEFT, mc.clients[i].left) |
		       FIELD_PREP(TEGRA_MC_SID_INFO_EXEMPT, mc_is_exempt(i)) |
		       FIELD_PREP(TEGRA_MC_SID_INFO_USERS, mc.clients[i].users);
	} else if (i - nr_clients < mc.nr_unlisted) {
		const struct mc_unlisted *u = &mc.unlisted[i - nr_clients];

		*val = mc_client_info(u->override, u->override + 4, u->found) |
		       FIELD_PREP(TEGRA_MC_SID_INFO_LEFT, mc_unlisted_is_left(u)) |
		       TEGRA_MC_SID_INFO_UNLISTED;
	} else {
		ret = -ENOENT;
	}
	hyp_spin_unlock(&mc.lock);

	return ret;
}

static int mc_stat(u64 index, u64 *val)
{
	switch (index) {
	case TEGRA_MC_STAT_CLIENTS:
		*val = mc_layout.desc->nr_clients;
		return 0;
	case TEGRA_MC_STAT_PASSTHROUGH:
		*val = mc.nr_passthrough;
		return 0;
	case TEGRA_MC_STAT_UNLISTED:
		*val = mc.nr_unlisted_passthrough;
		return 0;
	case TEGRA_MC_STAT_LOCKED:
		*val = mc.nr_locked;
		return 0;
	}

	return -EINVAL;
}

static int mc_debug(u32 what, u64 index, u64 *val)
{
	switch (what) {
	case TEGRA_MC_DEBUG_STAT:
		return mc_stat(index, val);
	case TEGRA_MC_DEBUG_CLIENT:
		return mc_client_stat(index, val);
	}

	return -EINVAL;
}

const struct smmu_soc_ops tegra_mc_soc_ops = {
	.probe		= mc_probe,
	.take		= mc_take,
	.give_back	= mc_give_back,
	.block		= mc_park_all,
	.resume		= mc_resume,
	.query		= mc_query,
	.route		= mc_route,
	.unroute	= mc_unroute,
	.access		= mc_filter_access,
	.debug		= mc_debug,
	.pa_bits	= MC_ADDRESS_BITS,
};
