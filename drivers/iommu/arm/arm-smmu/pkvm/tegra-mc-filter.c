// SPDX-License-Identifier: GPL-2.0-only
/*
 * Tegra memory controller at EL2: its other regions, where the description
 * says that stream ID registers may appear there as well.
 *
 * Besides the region of the stream ID registers a memory controller has one
 * for each channel, and one that broadcasts to all. They have what the host's
 * driver needs: interrupts, the reasons of errors, what the configuration is.
 * EL2 takes these regions too, and makes the host's accesses in its place: to
 * the registers that are listed here. Any other offset is answered as if EL2
 * kept all to itself, with an abort in the host. So nothing depends on knowing
 * which offsets the stream ID registers would have.
 *
 * Not every chip has all channels, and an access to one that is not there ends
 * in an external abort, which EL2 does not survive. Channel 0 is always there;
 * it says which of the others are.
 */

#include <linux/bits.h>
#include <linux/errno.h>
#include <linux/io.h>
#include <linux/kernel.h>

#include <nvhe/mem_protect.h>

#include "smmu-v2.h"

#define EMEM_ADR_CFG_CHANNEL_ENABLE	0x0df8

/* Registers that the host may read, and those it may write as well. */
static const struct {
	u32	first;
	u32	last;
	bool	write;
} allowed[] = {
	{ 0x0000, 0x0004, true },	/* INTSTATUS, INTMASK */
	{ 0x0008, 0x000c },		/* ERR_STATUS, ERR_ADR */
	{ 0x0050, 0x0054 },		/* EMEM_CFG, EMEM_ADR_CFG */
	{ 0x0654, 0x0658 },		/* ERR_VPR_STATUS, ERR_VPR_ADR */
	{ 0x067c, 0x0680 },		/* ERR_SEC_STATUS, ERR_SEC_ADR */
	{ 0x09b0, 0x09b4 },		/* ERR_MTS_STATUS, ERR_MTS_ADR */
	{ 0x09c0, 0x09c4 },		/* ERR_ROUTE_SANITY_STATUS, _ADR */
	{ 0x0c00, 0x0c04 },		/* ERR_GENERALIZED_CARVEOUT_STATUS, _ADR */
	{ 0x0c0c, 0x0d54 },		/* SECURITY_CARVEOUT1 to 5 */
	{ EMEM_ADR_CFG_CHANNEL_ENABLE, EMEM_ADR_CFG_CHANNEL_ENABLE },
	{ 0x0f24, 0x0f24, true },	/* GLOBAL_INTSTATUS */
	{ 0x11fc, 0x11fc },		/* ERR_ADR_HI */
	{ 0x2004, 0x27dc },		/* SECURITY_CARVEOUT6 to 31 */
};

static void __iomem *regs[SMMU_KVM_MAX_MC_ALIASES];

/* The channels that exist. */
static u32 channels;

/*
 * The list keeps clear of them, for the clients that are known. Those that are
 * no device's have offsets of which it is certain that they are something else.
 */
static bool is_stream_id_register(u32 offset)
{
	unsigned int i;

	for (i = 0; i < smmu_desc()->nr_clients; i++) {
		const struct smmu_kvm_desc_client *c = smmu_desc_client(i);

		if (!(c->flags & SMMU_KVM_CLIENT_EXEMPT) &&
		    (c->override == offset || c->security == offset))
			return true;
	}

	return false;
}

static bool is_allowed(u32 offset, bool write)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(allowed); i++)
		if (offset >= allowed[i].first && offset <= allowed[i].last)
			return (allowed[i].write || !write) && !is_stream_id_register(offset);

	return false;
}

static bool is_present(const struct smmu_kvm_desc_alias *alias)
{
	return alias->channel == SMMU_KVM_MC_BROADCAST ||
	       (alias->channel < 32 && channels & BIT(alias->channel));
}

static void find_channels(void)
{
	const struct smmu_kvm_desc *desc = smmu_desc();
	unsigned int i;

	channels = 0;
	for (i = 0; i < desc->nr_mc_aliases; i++)
		if (!desc->mc_alias[i].channel)
			channels = readl_relaxed(regs[i] + EMEM_ADR_CFG_CHANNEL_ENABLE) | BIT(0);
}

int tegra_mc_filter_probe(void)
{
	const struct smmu_kvm_desc *desc = smmu_desc();
	unsigned int i;
	int ret;

	for (i = 0; i < desc->nr_mc_aliases; i++) {
		ret = kvm_hyp_iommu_map_mmio(desc->mc_alias[i].base, desc->mc_size, &regs[i]);
		if (ret)
			return ret;
	}

	return 0;
}

int tegra_mc_filter_take(void)
{
	const struct smmu_kvm_desc *desc = smmu_desc();
	unsigned int i;
	int ret;

	for (i = 0; i < desc->nr_mc_aliases; i++) {
		ret = __pkvm_host_donate_hyp_mmio(desc->mc_alias[i].base, desc->mc_size);
		if (ret)
			goto give_back;
	}
	find_channels();

	return 0;

give_back:
	while (i--)
		__pkvm_hyp_return_mmio(desc->mc_alias[i].base, desc->mc_size);

	return ret;
}

void tegra_mc_filter_return(void)
{
	const struct smmu_kvm_desc *desc = smmu_desc();
	unsigned int i;

	for (i = 0; i < desc->nr_mc_aliases; i++)
		__pkvm_hyp_return_mmio(desc->mc_alias[i].base, desc->mc_size);
}

/**
 * tegra_mc_filter_access() - make an access of the host, if it may
 * @phys: the address
 * @write: whether it writes
 * @size: bytes
 * @val: what to write, or what was read
 *
 * Return: 0, -EPERM if the host must not do that.
 */
int tegra_mc_filter_access(phys_addr_t phys, bool write, unsigned int size, u64 *val)
{
	const struct smmu_kvm_desc *desc = smmu_desc();
	unsigned int i;
	u32 offset;

	for (i = 0; i < desc->nr_mc_aliases; i++)
		if (phys >= desc->mc_alias[i].base &&
		    phys - desc->mc_alias[i].base < desc->mc_size)
			break;
	if (i == desc->nr_mc_aliases || !is_present(&desc->mc_alias[i]))
		return -EPERM;

	offset = phys - desc->mc_alias[i].base;
	if (size != sizeof(u32) || offset % sizeof(u32) || !is_allowed(offset, write))
		return -EPERM;

	if (write)
		writel_relaxed(*val, regs[i] + offset);
	else
		*val = readl_relaxed(regs[i] + offset);

	return 0;
}
