// SPDX-License-Identifier: GPL-2.0-only
/*
 * Tegra memory controller at EL2: check of its part of the description.
 *
 * This file is built for EL2, and for the host's tests.
 */

#include <kunit/visibility.h>

#include <linux/align.h>
#include <linux/arm-smmu-kvm-desc.h>
#include <linux/bits.h>
#include <linux/errno.h>
#include <linux/mm.h>
#include <linux/sizes.h>

#include <soc/tegra/mc-sid.h>

static size_t desc_size(const struct tegra_mc_sid_desc *desc)
{
	return sizeof(*desc) +
	       desc->nr_clients * sizeof(struct tegra_mc_sid_desc_client) +
	       desc->nr_endpoints * sizeof(struct tegra_mc_sid_desc_endpoint) +
	       ALIGN(desc->nr_refs, 2) * sizeof(u32);
}

/* Return true if no device may have a stream ID, according to the description. */
static bool is_reserved(const struct smmu_kvm_layout *smmus, u32 sid)
{
	u32 i;

	for (i = 0; i < smmus->common.desc->nr_reserved_ids; i++)
		if (smmus->common.desc->reserved_id[i] == sid)
			return true;

	return false;
}

static int check_head(const struct smmu_kvm_layout *smmus)
{
	const struct tegra_mc_sid_desc *desc = smmus->soc;
	u32 i;

	if (smmus->desc->soc_size < sizeof(*desc))
		return -EINVAL;

	if (desc->nr_clients > TEGRA_MC_SID_MAX_CLIENTS ||
	    desc->nr_refs > TEGRA_MC_SID_MAX_REFS ||
	    desc->nr_aliases > TEGRA_MC_SID_MAX_ALIASES)
		return -E2BIG;

	if (desc->nr_endpoints != smmus->common.desc->nr_endpoints ||
	    smmus->desc->soc_size != desc_size(desc) ||
	    desc->flags & ~TEGRA_MC_SID_REPORT || desc->reserved)
		return -EINVAL;

	if (!desc->size || !PAGE_ALIGNED(desc->base | desc->size) || desc->size > SZ_16M ||
	    desc->passthrough_sid & ~TEGRA_MC_SID_MASK ||
	    desc->parked_sid & ~TEGRA_MC_SID_MASK ||
	    desc->passthrough_sid == desc->parked_sid ||
	    !is_reserved(smmus, desc->passthrough_sid) ||
	    !is_reserved(smmus, desc->parked_sid))
		return -EINVAL;

	/* Taking them checks that they do not overlap what EL2 already owns. */
	for (i = 0; i < desc->nr_aliases; i++)
		if (!PAGE_ALIGNED(desc->alias[i].base) || desc->alias[i].reserved ||
		    desc->alias[i].channel > TEGRA_MC_SID_UNNAMED)
			return -EINVAL;

	return 0;
}

static int check_registers(const struct smmu_kvm_layout *smmus,
			   const struct tegra_mc_sid_desc *desc)
{
	u32 i, k;

	for (i = 0; i < smmus->common.desc->nr_iommus; i++) {
		const struct smmu_kvm_desc_smmu *smmu = &smmus->smmus[i];

		for (k = 0; k < smmu->nr_instances; k++)
			if (smmu->base[k] < desc->base + desc->size &&
			    desc->base < smmu->base[k] + smmu->size)
				return -EINVAL;
	}

	return 0;
}

static int check_clients(const struct tegra_mc_sid_layout *l)
{
	u32 i, j;

	for (i = 0; i < l->desc->nr_clients; i++) {
		const struct tegra_mc_sid_desc_client *a = &l->clients[i];

		if (!IS_ALIGNED(a->override | a->security, 4) ||
		    a->override == a->security ||
		    a->kind > TEGRA_MC_CLIENT_INTERNAL || a->flags & ~TEGRA_MC_SID_KEEP ||
		    a->override > l->desc->size - 4 || a->security > l->desc->size - 4)
			return -EINVAL;

		for (j = 0; j < i; j++) {
			const struct tegra_mc_sid_desc_client *b = &l->clients[j];

			if (a->override == b->override || a->override == b->security ||
			    a->security == b->override || a->security == b->security)
				return -EINVAL;
		}
	}

	for (i = 0; i < l->desc->nr_refs; i++)
		if (l->refs[i] >= l->desc->nr_clients ||
		    tegra_mc_client_is_exempt(l->clients[l->refs[i]].kind))
			return -EINVAL;

	return 0;
}

/* An endpoint with clients has one stream ID, of eight bits: clients present no more. */
static int check_endpoints(const struct smmu_kvm_layout *smmus, const struct tegra_mc_sid_layout *l)
{
	u32 i;

	for (i = 0; i < l->desc->nr_endpoints; i++) {
		const struct tegra_mc_sid_desc_endpoint *ep = &l->endpoints[i];
		const struct pkvm_iommu_desc_stream *s;

		if (ep->first_ref > l->desc->nr_refs ||
		    ep->nr_refs > l->desc->nr_refs - ep->first_ref)
			return -EINVAL;
		if (!ep->nr_refs)
			continue;

		s = &smmus->common.streams[smmus->common.endpoints[i].first_stream];
		if (smmus->common.endpoints[i].nr_streams != 1 || s->nr != 1 || s->mask ||
		    s->sid & ~TEGRA_MC_SID_MASK)
			return -EINVAL;
	}

	return 0;
}

/**
 * tegra_mc_sid_check() - check the memory controller's part of a description
 * @smmus: the description, which is valid except for this part
 * @l: where the memory controller's structures are, to be filled in
 *
 * Return: 0, -EINVAL or -E2BIG
 */
int tegra_mc_sid_check(const struct smmu_kvm_layout *smmus, struct tegra_mc_sid_layout *l)
{
	int ret;

	ret = check_head(smmus);
	if (ret)
		return ret;

	tegra_mc_sid_decode(l, smmus->soc);

	return check_registers(smmus, l->desc) ?: check_clients(l) ?: check_endpoints(smmus, l);
}
EXPORT_SYMBOL_IF_KUNIT(tegra_mc_sid_check);
