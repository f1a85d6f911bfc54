// SPDX-License-Identifier: GPL-2.0-only
/*
 * Tegra's memory clients, as they are described to the protected KVM hypervisor,
 * which owns their stream ID registers.
 */

#include <linux/array_size.h>
#include <linux/errno.h>
#include <linux/of.h>
#include <linux/string.h>

#include <soc/tegra/mc.h>
#include <soc/tegra/mc-sid.h>

/* What a client belongs to, by the beginning of its name: for chips without a table. */
static const struct {
	const char *prefix;
	enum tegra_mc_client_kind kind;
} kinds[] = {
	{ "ptc",	TEGRA_MC_CLIENT_INTERNAL },
	{ "miu",	TEGRA_MC_CLIENT_INTERNAL },
	{ "dpmu",	TEGRA_MC_CLIENT_INTERNAL },
	{ "mpcore",	TEGRA_MC_CLIENT_CPU },
	{ "nvl",	TEGRA_MC_CLIENT_GPU },
	{ "bpmp",	TEGRA_MC_CLIENT_FIRMWARE },
	{ "aon",	TEGRA_MC_CLIENT_FIRMWARE },
	{ "sce",	TEGRA_MC_CLIENT_FIRMWARE },
	{ "rce",	TEGRA_MC_CLIENT_FIRMWARE },
	{ "ape",	TEGRA_MC_CLIENT_FIRMWARE },
};

static enum tegra_mc_client_kind __init kind_of(const char *name)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(kinds); i++) {
		if (strstarts(name, kinds[i].prefix))
			return kinds[i].kind;
	}

	return TEGRA_MC_CLIENT_DEVICE;
}

static bool __init driver_has(const struct tegra_mc_soc *soc, unsigned int id)
{
	unsigned int i;

	for (i = 0; i < soc->num_clients; i++) {
		const struct tegra_mc_client *c = &soc->clients[i];

		if (c->id == id && (c->regs.sid.override || c->regs.sid.security))
			return true;
	}

	return false;
}

/*
 * Return true if a client is to be described. The memory controller's driver leaves
 * clients that it has no table entry for as firmware has set them up, and some
 * devices and processors depend on that: do not describe these.
 */
static bool __init may_be_changed(const struct tegra_mc_soc *soc,
				  const struct tegra_mc_sid_client *c)
{
	return driver_has(soc, c->id) ||
	       (c->kind != TEGRA_MC_CLIENT_DEVICE && c->kind != TEGRA_MC_CLIENT_FIRMWARE);
}

/**
 * tegra_mc_sid_for_each() - call a function for each memory client to be described
 * @np: node of the memory controller
 * @fn: the function; an error ends the loop
 * @data: passed to @fn
 *
 * Return: 0, -ENODEV if the memory controller is not known, or an error of @fn
 */
int __init tegra_mc_sid_for_each(const struct device_node *np,
				 int (*fn)(const struct tegra_mc_sid_client *c, void *data),
				 void *data)
{
	const struct tegra_mc_soc *soc = tegra_mc_soc_from_node(np);
	unsigned int i;
	int ret = 0;

	if (!soc)
		return -ENODEV;

	for (i = 0; soc->sid && i < soc->sid->num_clients && !ret; i++) {
		if (may_be_changed(soc, &soc->sid->clients[i]))
			ret = fn(&soc->sid->clients[i], data);
	}

	for (i = 0; !soc->sid && i < soc->num_clients && !ret; i++) {
		const struct tegra_mc_sid_client c = {
			.name		= soc->clients[i].name,
			.id		= soc->clients[i].id,
			.override	= soc->clients[i].regs.sid.override,
			.security	= soc->clients[i].regs.sid.security,
			.kind		= kind_of(soc->clients[i].name),
		};

		if (c.override || c.security)
			ret = fn(&c, data);
	}

	return ret;
}

/**
 * tegra_mc_sid_client_name() - find the name of a client, described or not
 * @sid: the chip's table of clients, NULL if it has none
 * @override: offset of the client's override register
 *
 * Return: the name, or NULL if it is not known
 */
const char *tegra_mc_sid_client_name(const struct tegra_mc_sid_soc *sid, u32 override)
{
	unsigned int i;

	for (i = 0; sid && i < sid->num_clients; i++) {
		if (sid->clients[i].override == override)
			return sid->clients[i].name;
	}

	return NULL;
}
