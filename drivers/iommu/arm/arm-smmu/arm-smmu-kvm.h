/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The host's side of SMMUv2s that the protected KVM hypervisor owns, on top of
 * drivers/iommu/pkvm/.
 *
 *   arm-smmu-kvm.c		describes SMMUs, and drives them
 *   arm-smmu-kvm-nvidia.c	describes Tegra's memory controller
 */
#ifndef _ARM_SMMU_KVM_H
#define _ARM_SMMU_KVM_H

#include <linux/arm-smmu-kvm-desc.h>
#include <linux/container_of.h>
#include <linux/types.h>

#include "../../pkvm/pkvm-iommu.h"

struct dentry;
struct device_node;
struct seq_file;
struct smmu_kvm_soc;

/**
 * struct smmu_kvm_builder - a description while it is built
 * @common: the part that all drivers have
 * @desc: header of the driver's part
 * @smmus: as encoded
 * @soc: operations of the SoC, NULL if it has nothing between devices and SMMUs
 */
struct smmu_kvm_builder {
	struct pkvm_iommu_builder common;
	struct smmu_kvm_desc desc;
	struct smmu_kvm_desc_smmu smmus[PKVM_IOMMU_MAX_IOMMUS];
	const struct smmu_kvm_soc *soc;
};

static inline struct smmu_kvm_builder *to_smmu_kvm_builder(struct pkvm_iommu_builder *b)
{
	return container_of(b, struct smmu_kvm_builder, common);
}

/**
 * struct smmu_kvm_soc - the host's side of struct smmu_soc_ops
 * @add_endpoint: add the SoC's description of the last endpoint, which is @np's
 * @part_size: return the bytes of the SoC's part of the description; called after the
 *	       last endpoint
 * @state_size: return an upper limit of the bytes that struct smmu_soc_ops::probe
 *		allocates
 * @encode: write the SoC's part
 * @taken: called when the hypervisor owns the hardware; @blob is a copy of what @encode
 *	   has written, and is not freed
 * @abandon: called if the hypervisor does not take the hardware: free the description
 * @report: log what the hypervisor has found and done
 * @show_endpoint: print one word for debugfs: how the device reaches the SMMU
 * @debugfs_init: add files of its own
 * @show_stats: print counters of its own, one "name value" per line
 */
struct smmu_kvm_soc {
	int (*add_endpoint)(struct smmu_kvm_builder *b, struct device_node *np);
	size_t (*part_size)(struct smmu_kvm_builder *b);
	size_t (*state_size)(void);
	void (*encode)(void *blob);
	void (*taken)(const void *blob);
	void (*abandon)(void);
	void (*report)(void);
	void (*show_endpoint)(struct seq_file *m, u32 endpoint);
	void (*debugfs_init)(struct dentry *dir);
	void (*show_stats)(struct seq_file *m);
};

int smmu_kvm_malformed(const struct device_node *np, const char *what);
u32 smmu_kvm_number(u32 index);

#ifdef CONFIG_TEGRA_MC_PKVM
int smmu_kvm_nvidia_init(struct smmu_kvm_builder *b);
#else
static inline int smmu_kvm_nvidia_init(struct smmu_kvm_builder *b)
{
	return 0;
}
#endif

#endif /* _ARM_SMMU_KVM_H */
