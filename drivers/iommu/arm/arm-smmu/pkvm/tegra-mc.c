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
 * From takeover on a client is in one of two states:
 *
 *	parked	it presents a stream ID that no device has, and faults
 *	routed	it presents the stream ID of its device, which is attached
 *
 * Firmware may have frozen a client before we came. Then routing it to another
 * stream ID fails, and so does the attachment.
 */

#include <linux/bitfield.h>
#include <linux/io.h>
#include <linux/minmax.h>

#include <nvhe/mem_protect.h>

#include "smmu-v2.h"

#define MC_OVERRIDE_SID			GENMASK(7, 0)
#define MC_SECURITY_OVERRIDE		BIT(8)
#define MC_SECURITY_WRITE_DISABLED	BIT(16)

/* Devices may share a client, if they share the stream ID. */
struct mc_client {
	u16	users;
	u8	sid;
};

static struct {
	hyp_spinlock_t		lock;
	void __iomem		*regs;
	struct mc_client	*clients;
	unsigned int		nr_passthrough;		/* as found */
	unsigned int		nr_locked;		/* could not be parked */
	unsigned int		nr_unlisted;		/* passthrough, and nobody's */
} mc;

static bool mc_present(void)
{
	return smmu_desc()->mc_size;
}

/* What does the client present? Its own stream ID is as good as passthrough. */
static bool mc_client_is_forced(unsigned int i, u32 sid)
{
	const struct smmu_kvm_desc_client *c = smmu_desc_client(i);

	return readl_relaxed(mc.regs + c->security) & MC_SECURITY_OVERRIDE &&
	       FIELD_GET(MC_OVERRIDE_SID, readl_relaxed(mc.regs + c->override)) == sid;
}

/* The stream ID first: the override must not begin with a stale one. */
static int mc_force(unsigned int i, u32 sid)
{
	const struct smmu_kvm_desc_client *c = smmu_desc_client(i);
	u32 security;

	writel_relaxed(sid, mc.regs + c->override);
	security = readl_relaxed(mc.regs + c->security);
	if (!(security & MC_SECURITY_OVERRIDE))
		writel_relaxed(security | MC_SECURITY_OVERRIDE, mc.regs + c->security);

	return mc_client_is_forced(i, sid) ? 0 : -EACCES;
}

/* Map the registers; the host keeps them until tegra_mc_take(). */
int tegra_mc_probe(void)
{
	const struct smmu_kvm_desc *desc = smmu_desc();

	if (!mc_present())
		return 0;

	hyp_spin_lock_init(&mc.lock);
	mc.clients = kvm_hyp_iommu_boot_alloc(desc->nr_clients * sizeof(*mc.clients));
	if (!mc.clients)
		return -ENOMEM;

	return kvm_hyp_iommu_map_mmio(desc->mc_base, desc->mc_size, &mc.regs);
}

int tegra_mc_take(void)
{
	const struct smmu_kvm_desc *desc = smmu_desc();

	return mc_present() ? __pkvm_host_donate_hyp_mmio(desc->mc_base, desc->mc_size) : 0;
}

void tegra_mc_return(void)
{
	const struct smmu_kvm_desc *desc = smmu_desc();

	if (mc_present())
		__pkvm_hyp_return_mmio(desc->mc_base, desc->mc_size);
}

static bool mc_is_listed(u32 override)
{
	unsigned int i;

	for (i = 0; i < smmu_desc()->nr_clients; i++)
		if (smmu_desc_client(i)->override == override)
			return true;

	return false;
}

/*
 * There may be clients that nobody has described. Their registers are where a
 * client's are, an override and eight bytes on the next one. What reads as
 * passthrough there is a way around the SMMU.
 */
static void mc_park_unlisted(void)
{
	const struct smmu_kvm_desc *desc = smmu_desc();
	u32 override, end = 0, security;
	unsigned int i;

	for (i = 0; i < desc->nr_clients; i++)
		end = max(end, smmu_desc_client(i)->override);

	for (override = 0; override < end; override += 8) {
		if (mc_is_listed(override) ||
		    readl_relaxed(mc.regs + override) != desc->mc_passthrough_sid)
			continue;

		mc.nr_unlisted++;
		if (desc->flags & SMMU_KVM_MC_REPORT)
			continue;

		writel_relaxed(desc->mc_parked_sid, mc.regs + override);
		security = readl_relaxed(mc.regs + override + 4);
		writel_relaxed(security | MC_SECURITY_OVERRIDE, mc.regs + override + 4);
		if (readl_relaxed(mc.regs + override) == desc->mc_passthrough_sid)
			mc.nr_locked++;
	}
}

/*
 * Park every client. What was going around the SMMU stops doing so, unless
 * the description says to leave it (SMMU_KVM_MC_REPORT).
 */
void tegra_mc_park_all(void)
{
	const struct smmu_kvm_desc *desc = smmu_desc();
	unsigned int i;

	if (!mc_present())
		return;

	for (i = 0; i < desc->nr_clients; i++) {
		const struct smmu_kvm_desc_client *c = smmu_desc_client(i);
		u32 sid = FIELD_GET(MC_OVERRIDE_SID, readl_relaxed(mc.regs + c->override));

		mc.clients[i].sid = desc->mc_parked_sid;

		if (sid == desc->mc_passthrough_sid) {
			mc.nr_passthrough++;
			if (desc->flags & SMMU_KVM_MC_REPORT)
				continue;
		}

		if (mc_force(i, desc->mc_parked_sid))
			mc.nr_locked++;
	}

	mc_park_unlisted();
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

/* Put back what a loss of power has undone, before the host runs. */
void tegra_mc_resume(void)
{
	unsigned int i;

	if (!mc_present())
		return;

	hyp_spin_lock(&mc.lock);
	for (i = 0; i < smmu_desc()->nr_clients; i++)
		if (!mc_client_is_forced(i, mc.clients[i].sid))
			break;

	if (i < smmu_desc()->nr_clients) {
		for (i = 0; i < smmu_desc()->nr_clients; i++)
			mc_force(i, mc.clients[i].sid);
		mc_park_unlisted();
	}
	hyp_spin_unlock(&mc.lock);
}

/**
 * tegra_mc_route() - let the clients of a device present its stream ID
 * @endpoint: the device
 * @sid: its stream ID
 *
 * All clients or none.
 *
 * Return: 0, -EBUSY: another device that is attached has one of the clients,
 * and another stream ID; -EACCES: firmware has frozen one to something else.
 */
int tegra_mc_route(u32 endpoint, u32 sid)
{
	unsigned int i, n = smmu_desc_nr_clients(endpoint);
	int ret = 0;

	if (!n)
		return 0;

	hyp_spin_lock(&mc.lock);

	for (i = 0; i < n; i++) {
		struct mc_client *c = &mc.clients[smmu_desc_endpoint_client(endpoint, i)];

		if (c->users && (c->sid != sid || c->users == U16_MAX)) {
			ret = -EBUSY;
			goto unlock;
		}
	}

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

int tegra_mc_stat(u32 index, u64 *val)
{
	switch (index) {
	case KVM_IOMMU_STAT_MC_CLIENTS:
		*val = smmu_desc()->nr_clients;
		return 0;
	case KVM_IOMMU_STAT_MC_PASSTHROUGH:
		*val = mc.nr_passthrough;
		return 0;
	case KVM_IOMMU_STAT_MC_UNLISTED:
		*val = mc.nr_unlisted;
		return 0;
	case KVM_IOMMU_STAT_MC_LOCKED:
		*val = mc.nr_locked;
		return 0;
	}

	return -EINVAL;
}
