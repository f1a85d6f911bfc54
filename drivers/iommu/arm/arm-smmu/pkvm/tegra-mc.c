// SPDX-License-Identifier: GPL-2.0-only
/*
 * Tegra memory controller at EL2: which stream ID a device presents.
 *
 * Each client of the memory controller, a port through which some device does
 * DMA, has two registers. One holds a stream ID; the other says whether that
 * overrides what the device itself presents, and whether both registers can
 * still be written. One stream ID goes around the SMMU altogether. Whoever
 * writes these registers decides whose address space a device uses, or that it
 * uses none, so they are half of the IOMMU.
 *
 * From takeover on a client is in one of three states:
 *
 *	parked	it presents a stream ID that no device has, and faults
 *	routed	it presents the stream ID of its device, which is attached
 *	left	it goes around the SMMU as it was found, and the host has said
 *		at boot that it may; until its device is attached for the first
 *		time
 *
 * Firmware may have frozen a client before we came. Then routing it to another
 * stream ID fails, and so does the attachment. One that is frozen going around
 * the SMMU is beyond our control: the host can ask, and say so.
 *
 * Clients that are no device's, through which the processors or the SMMUs'
 * own table walks go, are exempt: they are never touched.
 *
 * A client that presents what its device says, instead of an override, is
 * parked whatever the host wishes: the device might say anything.
 */

#include <linux/bitfield.h>
#include <linux/io.h>
#include <linux/minmax.h>

#include <nvhe/mem_protect.h>

#include "smmu-v2.h"

#define MC_OVERRIDE_SID			GENMASK(7, 0)
#define MC_SECURITY_OVERRIDE		BIT(8)
#define MC_SECURITY_WRITE_DISABLED	BIT(16)

/*
 * Bit 39 of an address is none to the memory controller, but selects another
 * layout of the same memory, and no address of the SoC is as large.
 */
#define MC_ADDRESS_LIMIT		BIT_ULL(39)

/* What is kept of the registers as they were found: both fit into one word. */
#define MC_FOUND_MASK	(MC_OVERRIDE_SID | MC_SECURITY_OVERRIDE | MC_SECURITY_WRITE_DISABLED)

/**
 * struct mc_client - a client of the description
 * @users: devices that are attached; they may share a client, if they share
 *	   the stream ID
 * @sid: what it presents, unless it is left
 * @left: it was found in passthrough, and nobody has attached it yet
 * @found: its registers as they were found, MC_FOUND_MASK
 */
struct mc_client {
	u16	users;
	u8	sid;
	bool	left;
	u32	found;
};

/**
 * struct mc_unlisted - a client that the description lacks
 * @override: offset of its override register, the other one follows
 * @found: its registers as they were found, MC_FOUND_MASK
 */
struct mc_unlisted {
	u32	override;
	u32	found;
};

static struct {
	hyp_spinlock_t		lock;
	void __iomem		*regs;
	struct mc_client	*clients;
	struct mc_unlisted	*unlisted;
	unsigned int		nr_unlisted;
	unsigned int		nr_passthrough;		/* of the description, as found */
	unsigned int		nr_unlisted_passthrough;
	unsigned int		nr_locked;		/* could not be parked */
	/* A client took a stream ID though its other register is locked. */
	bool			lock_spares_override;
} mc;

static bool mc_present(void)
{
	return smmu_desc()->mc_size;
}

static bool mc_is_passthrough(u32 found)
{
	return found & MC_SECURITY_OVERRIDE &&
	       FIELD_GET(MC_OVERRIDE_SID, found) == smmu_desc()->mc_passthrough_sid;
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
 * The stream ID first: the override must not begin with a stale one. What the
 * registers say afterwards is what counts.
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
	const struct smmu_kvm_desc_client *c = smmu_desc_client(i);

	mc.clients[i].left = false;

	return mc_force_regs(c->override, c->security, sid);
}

static bool mc_is_exempt(unsigned int i)
{
	return smmu_desc_client(i)->flags & SMMU_KVM_CLIENT_EXEMPT;
}

/* Is the client as it should be? */
static bool mc_client_is_right(unsigned int i)
{
	const struct smmu_kvm_desc_client *c = smmu_desc_client(i);

	return mc_is_exempt(i) || mc.clients[i].left ||
	       mc_is_forced(c->override, c->security, mc.clients[i].sid);
}

/* Where the registers of clients end that the description lacks. */
static u32 mc_unlisted_end(void)
{
	u32 end = 0;
	unsigned int i;

	for (i = 0; i < smmu_desc()->nr_clients; i++)
		end = max(end, smmu_desc_client(i)->override);

	return end;
}

/* Map the registers; the host keeps them until tegra_mc_take(). */
int tegra_mc_probe(void)
{
	const struct smmu_kvm_desc *desc = smmu_desc();
	int ret;

	if (!mc_present())
		return 0;

	hyp_spin_lock_init(&mc.lock);
	mc.clients = kvm_hyp_iommu_boot_alloc(desc->nr_clients * sizeof(*mc.clients));
	mc.unlisted = kvm_hyp_iommu_boot_alloc(mc_unlisted_end() / 8 * sizeof(*mc.unlisted));
	if (!mc.clients || !mc.unlisted)
		return -ENOMEM;

	ret = kvm_hyp_iommu_map_mmio(desc->mc_base, desc->mc_size, &mc.regs);

	return ret ?: tegra_mc_filter_probe();
}

int tegra_mc_take(void)
{
	const struct smmu_kvm_desc *desc = smmu_desc();
	int ret;

	if (!mc_present())
		return 0;

	ret = __pkvm_host_donate_hyp_mmio(desc->mc_base, desc->mc_size);
	if (ret)
		return ret;

	ret = tegra_mc_filter_take();
	if (ret)
		goto give_back;

	ret = __pkvm_host_limit_mmio(MC_ADDRESS_LIMIT);
	if (ret)
		goto give_back_filter;

	return 0;

give_back_filter:
	tegra_mc_filter_return();
give_back:
	__pkvm_hyp_return_mmio(desc->mc_base, desc->mc_size);

	return ret;
}

void tegra_mc_return(void)
{
	const struct smmu_kvm_desc *desc = smmu_desc();

	if (!mc_present())
		return;

	__pkvm_host_limit_mmio(U64_MAX);
	tegra_mc_filter_return();
	__pkvm_hyp_return_mmio(desc->mc_base, desc->mc_size);
}

/* Is it a client of the description, or one that was found before? */
static bool mc_is_known(u32 override)
{
	unsigned int i;

	for (i = 0; i < smmu_desc()->nr_clients; i++)
		if (smmu_desc_client(i)->override == override)
			return true;

	for (i = 0; i < mc.nr_unlisted; i++)
		if (mc.unlisted[i].override == override)
			return true;

	return false;
}

/*
 * There may be clients that nobody has described. Their registers are where a
 * client's are, an override and eight bytes on the next one. What reads as
 * passthrough there is a way around the SMMU. Others stay as they are: some
 * devices depend on what firmware has made their client present, and nothing
 * says which client theirs is.
 */
static void mc_find_unlisted(void)
{
	u32 override, end = mc_unlisted_end();

	for (override = 0; override < end / 8 * 8; override += 8) {
		u32 found = mc_read(override, override + 4);

		if (mc_is_known(override) ||
		    FIELD_GET(MC_OVERRIDE_SID, found) != smmu_desc()->mc_passthrough_sid)
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
	return smmu_desc()->flags & SMMU_KVM_MC_REPORT && mc_is_passthrough(u->found);
}

static unsigned int mc_park_unlisted(void)
{
	unsigned int i, nr_failed = 0;

	for (i = 0; i < mc.nr_unlisted; i++) {
		const struct mc_unlisted *u = &mc.unlisted[i];

		if (!mc_unlisted_is_left(u) &&
		    mc_force_regs(u->override, u->override + 4, smmu_desc()->mc_parked_sid))
			nr_failed++;
	}

	return nr_failed;
}

/*
 * Does a client bypass the SMMU, or may it? One that firmware has locked without
 * an override presents what its device says, which may be just that.
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

	for (i = 0; i < smmu_desc()->nr_clients; i++) {
		const struct smmu_kvm_desc_client *c = smmu_desc_client(i);

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
 * Park every client. What was going around the SMMU stops doing so, unless
 * the description says to leave it (SMMU_KVM_MC_REPORT, SMMU_KVM_CLIENT_KEEP).
 */
void tegra_mc_park_all(void)
{
	const struct smmu_kvm_desc *desc = smmu_desc();
	unsigned int i;

	if (!mc_present())
		return;

	for (i = 0; i < desc->nr_clients; i++) {
		const struct smmu_kvm_desc_client *c = smmu_desc_client(i);
		struct mc_client *client = &mc.clients[i];

		client->sid = desc->mc_parked_sid;
		client->found = mc_read(c->override, c->security);
		if (mc_is_exempt(i))
			continue;

		if (mc_is_passthrough(client->found)) {
			mc.nr_passthrough++;
			if (desc->flags & SMMU_KVM_MC_REPORT || c->flags & SMMU_KVM_CLIENT_KEEP) {
				client->left = true;
				continue;
			}
		}

		if (mc_force(i, desc->mc_parked_sid))
			mc.nr_locked++;
		else if (client->found & MC_SECURITY_WRITE_DISABLED &&
			 FIELD_GET(MC_OVERRIDE_SID, client->found) != desc->mc_parked_sid)
			mc.lock_spares_override = true;
	}

	mc_find_unlisted();
	mc.nr_locked += mc_park_unlisted();

	if (mc_any_bypasses())
		kvm_hyp_iommu_bypassed = true;
}

/* One device less uses the client: park it after the last. */
static void mc_unroute_client(unsigned int i)
{
	hyp_assert_lock_held(&mc.lock);

	if (--mc.clients[i].users)
		return;

	mc_force(i, smmu_desc()->mc_parked_sid);
	mc.clients[i].sid = smmu_desc()->mc_parked_sid;
}

/*
 * Put back what a loss of power has undone, before the host runs. Clients that
 * nobody has described may come back otherwise than they were found.
 */
void tegra_mc_resume(void)
{
	bool lost = false;
	unsigned int i;

	if (!mc_present())
		return;

	hyp_spin_lock(&mc.lock);
	for (i = 0; i < smmu_desc()->nr_clients; i++) {
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

/* The stream ID that bypasses the SMMUs, or the one that no device has. */
static bool mc_is_reserved(u32 sid)
{
	return sid == smmu_desc()->mc_passthrough_sid || sid == smmu_desc()->mc_parked_sid;
}

/**
 * tegra_mc_route() - let the clients of a device present its stream ID
 * @endpoint: the device
 * @sid: its stream ID, as the SMMU compares it
 *
 * All clients or none.
 *
 * Return: 0, -EBUSY: another device that is attached has one of the clients,
 * and another stream ID; -EACCES: firmware has frozen one to something else, or
 * no device may have the stream ID.
 */
int tegra_mc_route(u32 endpoint, u32 sid)
{
	unsigned int i, n = smmu_desc_nr_clients(endpoint);
	int ret = mc_is_reserved(sid) ? -EACCES : 0;

	if (!n)
		return 0;

	hyp_spin_lock(&mc.lock);

	for (i = 0; i < n && !ret; i++) {
		struct mc_client *c = &mc.clients[smmu_desc_endpoint_client(endpoint, i)];

		if (c->users && (c->sid != sid || c->users == U16_MAX))
			ret = -EBUSY;
	}
	if (ret)
		goto unlock;

	for (i = 0; i < n && !ret; i++) {
		unsigned int client = smmu_desc_endpoint_client(endpoint, i);

		if (!mc.clients[client].users)
			ret = mc_force(client, sid);
		mc.clients[client].users++;
		mc.clients[client].sid = sid;
	}

	/* The one that failed included. */
	while (ret && i--)
		mc_unroute_client(smmu_desc_endpoint_client(endpoint, i));
unlock:
	hyp_spin_unlock(&mc.lock);

	return ret;
}

/*
 * Would mc_force() make a client present a stream ID? Asked without a write, as
 * the client may be in use. One that was parked, or routed, takes what it is
 * given, unless it was found with that and locked. Of one that was left as it
 * was found, and is locked, only others of its kind can tell.
 */
static bool mc_can_force(unsigned int i, u32 sid)
{
	const struct smmu_kvm_desc_client *c = smmu_desc_client(i);

	if (mc_is_forced(c->override, c->security, sid))
		return true;

	return mc_client_is_right(i) &&
	       (!(mc.clients[i].found & MC_SECURITY_WRITE_DISABLED) || mc.lock_spares_override);
}

/**
 * tegra_mc_query() - return what tegra_mc_route() would, and change nothing
 * @endpoint: the device
 * @sid: its stream ID
 */
int tegra_mc_query(u32 endpoint, u32 sid)
{
	unsigned int i, n = smmu_desc_nr_clients(endpoint);
	int ret = 0;

	if (!n)
		return 0;

	hyp_spin_lock(&mc.lock);
	for (i = 0; i < n && !ret; i++) {
		unsigned int client = smmu_desc_endpoint_client(endpoint, i);
		struct mc_client *c = &mc.clients[client];

		if (c->users && (c->sid != sid || c->users == U16_MAX))
			ret = -EBUSY;
		else if (!c->users && !mc_can_force(client, sid))
			ret = -EACCES;
	}
	hyp_spin_unlock(&mc.lock);

	return ret;
}

/* Undo tegra_mc_route(). */
void tegra_mc_unroute(u32 endpoint)
{
	unsigned int i, n = smmu_desc_nr_clients(endpoint);

	if (!n)
		return;

	hyp_spin_lock(&mc.lock);
	for (i = 0; i < n; i++)
		mc_unroute_client(smmu_desc_endpoint_client(endpoint, i));
	hyp_spin_unlock(&mc.lock);
}

static u64 mc_client_info(u32 override, u32 security, u32 found)
{
	u32 now = mc_read(override, security);

	return FIELD_PREP(KVM_IOMMU_CLIENT_FOUND_SID, FIELD_GET(MC_OVERRIDE_SID, found)) |
	       FIELD_PREP(KVM_IOMMU_CLIENT_FOUND_FORCED, !!(found & MC_SECURITY_OVERRIDE)) |
	       FIELD_PREP(KVM_IOMMU_CLIENT_LOCKED, !!(now & MC_SECURITY_WRITE_DISABLED)) |
	       FIELD_PREP(KVM_IOMMU_CLIENT_SID, FIELD_GET(MC_OVERRIDE_SID, now)) |
	       FIELD_PREP(KVM_IOMMU_CLIENT_FORCED, !!(now & MC_SECURITY_OVERRIDE)) |
	       FIELD_PREP(KVM_IOMMU_CLIENT_OVERRIDE, override);
}

/* What there is to say of client @i, see KVM_IOMMU_STAT_MC_CLIENT. */
static int mc_client_stat(u32 i, u64 *val)
{
	u32 nr_clients = smmu_desc()->nr_clients;
	int ret = 0;

	if (!mc_present())
		return -ENOENT;

	hyp_spin_lock(&mc.lock);
	if (i < nr_clients) {
		const struct smmu_kvm_desc_client *c = smmu_desc_client(i);

		*val = mc_client_info(c->override, c->security, mc.clients[i].found) |
		       FIELD_PREP(KVM_IOMMU_CLIENT_LEFT, mc.clients[i].left) |
		       FIELD_PREP(KVM_IOMMU_CLIENT_EXEMPT, mc_is_exempt(i)) |
		       FIELD_PREP(KVM_IOMMU_CLIENT_USERS, mc.clients[i].users);
	} else if (i - nr_clients < mc.nr_unlisted) {
		const struct mc_unlisted *u = &mc.unlisted[i - nr_clients];

		*val = mc_client_info(u->override, u->override + 4, u->found) |
		       FIELD_PREP(KVM_IOMMU_CLIENT_LEFT, mc_unlisted_is_left(u)) |
		       KVM_IOMMU_CLIENT_UNLISTED;
	} else {
		ret = -ENOENT;
	}
	hyp_spin_unlock(&mc.lock);

	return ret;
}

int tegra_mc_stat(u32 index, u64 *val)
{
	if (index >= KVM_IOMMU_STAT_MC_CLIENT)
		return mc_client_stat(index - KVM_IOMMU_STAT_MC_CLIENT, val);

	switch (index) {
	case KVM_IOMMU_STAT_MC_CLIENTS:
		*val = smmu_desc()->nr_clients;
		return 0;
	case KVM_IOMMU_STAT_MC_PASSTHROUGH:
		*val = mc.nr_passthrough;
		return 0;
	case KVM_IOMMU_STAT_MC_UNLISTED:
		*val = mc.nr_unlisted_passthrough;
		return 0;
	case KVM_IOMMU_STAT_MC_LOCKED:
		*val = mc.nr_locked;
		return 0;
	}

	return -EINVAL;
}
