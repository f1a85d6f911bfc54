/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Tegra memory controller at EL2: declarations that its files share.
 *
 *	mc-desc.c	check of the memory controller's part of the description
 *	mc-sid.c	which stream ID a memory client presents
 *	mc-filter.c	what the host may access in the other regions
 */
#ifndef _PKVM_MC_SID_H
#define _PKVM_MC_SID_H

#include <linux/arm-smmu-kvm-desc.h>
#include <linux/types.h>

#include <soc/tegra/mc-sid.h>

#include <nvhe/iommu.h>

/* The memory controller's part of the description; constant once it is checked. */
extern struct tegra_mc_sid_layout mc_layout;

/* mc-filter.c */
int mc_filter_take(void);
void mc_filter_give_back(void);
int mc_filter_access(phys_addr_t phys, bool write, unsigned int size, u64 *val);

#endif /* _PKVM_MC_SID_H */
