// SPDX-License-Identifier: GPL-2.0-only
/*
 * Tegra memory controller at EL2: its other regions, in which stream ID registers
 * may appear as well.
 *
 * Besides the region of the stream ID registers, a memory controller has a region
 * for each channel, and one that broadcasts to all channels. The host's driver uses
 * them for interrupts, the causes of errors, and the configuration. If the
 * description lists these regions, EL2 takes them as well. It makes the host's
 * accesses in its place, but only to the registers listed below; any other access
 * aborts in the host, as in all device memory that EL2 owns. So isolation does not
 * depend on knowing at which offsets stream ID registers would appear.
 *
 * Not every chip has all channels, and an access to a missing one causes an external
 * abort, which is fatal at EL2. Channel 0 always exists, and tells which others do.
 */

#include <linux/bits.h>
#include <linux/errno.h>
#include <linux/io.h>
#include <linux/kernel.h>

#include <nvhe/mem_protect.h>

#include "mc-sid.h"

#define EMEM_ADR_CFG_CHANNEL_ENABLE	0x0df8

/* Registers that the host may read, and whether it may also write them. */
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

static void __iomem *regs[TEGRA_MC_SID_MAX_ALIASES];

/* Bitmap of the channels that exist. */
static u32 channels;

/*
 * Return true if @offset may be a stream ID register of a described client: the
 * list above must not let the host use it. Exempt clients do not count, because
 * other registers, such as INTSTATUS, are known to be at their offsets.
 */
static bool is_stream_id_register(u32 offset)
{
	unsigned int i;

	for (i = 0; i < mc_layout.desc->nr_clients; i++) {
		const struct tegra_mc_sid_desc_client *c = &mc_layout.clients[i];

		if (!tegra_mc_client_is_exempt(c->kind) &&
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

static bool is_present(const struct tegra_mc_sid_desc_alias *alias)
{
	return alias->channel == TEGRA_MC_SID_BROADCAST ||
	       (alias->channel < 32 && channels & BIT(alias->channel));
}

static void find_channels(void)
{
	const struct tegra_mc_sid_desc *desc = mc_layout.desc;
	unsigned int i;

	channels = 0;
	for (i = 0; i < desc->nr_aliases; i++)
		if (!desc->alias[i].channel)
			channels = readl_relaxed(regs[i] + EMEM_ADR_CFG_CHANNEL_ENABLE) | BIT(0);
}

int mc_filter_take(void)
{
	const struct tegra_mc_sid_desc *desc = mc_layout.desc;
	unsigned long haddr;
	unsigned int i;
	int ret;

	for (i = 0; i < desc->nr_aliases; i++) {
		ret = __pkvm_host_donate_hyp_mmio(desc->alias[i].base, desc->size, &haddr);
		if (ret)
			goto give_back;
		regs[i] = (void __iomem *)haddr;
	}
	find_channels();

	return 0;

give_back:
	while (i--)
		__pkvm_hyp_donate_host_mmio(desc->alias[i].base, desc->size);

	return ret;
}

void mc_filter_give_back(void)
{
	const struct tegra_mc_sid_desc *desc = mc_layout.desc;
	unsigned int i;

	for (i = 0; i < desc->nr_aliases; i++)
		__pkvm_hyp_donate_host_mmio(desc->alias[i].base, desc->size);
}

/**
 * mc_filter_access() - make an access for the host, if the host may make it
 * @phys: the physical address
 * @write: true for a write, false for a read
 * @size: bytes
 * @val: the value to write, or the value read
 *
 * Return: 0, -EPERM if the host may not make this access.
 */
int mc_filter_access(phys_addr_t phys, bool write, unsigned int size, u64 *val)
{
	const struct tegra_mc_sid_desc *desc = mc_layout.desc;
	unsigned int i;
	u32 offset;

	for (i = 0; i < desc->nr_aliases; i++)
		if (phys >= desc->alias[i].base &&
		    phys - desc->alias[i].base < desc->size)
			break;
	if (i == desc->nr_aliases || !is_present(&desc->alias[i]))
		return -EPERM;

	offset = phys - desc->alias[i].base;
	if (size != sizeof(u32) || offset % sizeof(u32) || !is_allowed(offset, write))
		return -EPERM;

	if (write)
		writel_relaxed(*val, regs[i] + offset);
	else
		*val = readl_relaxed(regs[i] + offset);

	return 0;
}
