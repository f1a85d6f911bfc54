/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The memory controller's part of a description while it is built, for
 * arm-smmu-kvm-nvidia.c and its tests.
 */
#ifndef _ARM_SMMU_KVM_NVIDIA_H
#define _ARM_SMMU_KVM_NVIDIA_H

#include <soc/tegra/mc-sid.h>

#include "arm-smmu-kvm.h"

/**
 * struct smmu_kvm_nvidia_builder - the memory controller's part of a description
 * @desc: header; its counts say how much of each array is used
 * @clients: as encoded
 * @endpoints: as encoded
 * @refs: as encoded
 * @client_user: for each client, the last endpoint + 1 that it was given to, or 0
 * @client_name: name of each client
 * @client_id: number of each client in "interconnects"
 * @mc: node of the memory controller
 * @chip: the chip's table of clients, NULL if it has none
 */
struct smmu_kvm_nvidia_builder {
	struct tegra_mc_sid_desc desc;
	struct tegra_mc_sid_desc_client clients[TEGRA_MC_SID_MAX_CLIENTS];
	struct tegra_mc_sid_desc_endpoint endpoints[PKVM_IOMMU_MAX_ENDPOINTS];
	u32 refs[TEGRA_MC_SID_MAX_REFS];
	u32 client_user[TEGRA_MC_SID_MAX_CLIENTS];
	const char *client_name[TEGRA_MC_SID_MAX_CLIENTS];
	u32 client_id[TEGRA_MC_SID_MAX_CLIENTS];
	struct device_node *mc;
	const struct tegra_mc_sid_soc *chip;
};

int smmu_kvm_nvidia_add_client(struct smmu_kvm_nvidia_builder *t,
			       const struct tegra_mc_sid_client *client);
int smmu_kvm_nvidia_add_ref(struct smmu_kvm_nvidia_builder *t,
			    const struct pkvm_iommu_builder *b, u32 client);
size_t smmu_kvm_nvidia_size(const struct smmu_kvm_nvidia_builder *t);
void smmu_kvm_nvidia_encode(const struct smmu_kvm_nvidia_builder *t, void *blob);

#endif /* _ARM_SMMU_KVM_NVIDIA_H */
