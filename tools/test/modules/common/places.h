/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Memory and registers that a hostile host knows to be EL2's: memory by the symbols of
 * the kernel, registers by the device tree
 */
#ifndef _COMMON_PLACES_H
#define _COMMON_PLACES_H

#include <linux/of.h>
#include <linux/of_address.h>
#include <linux/types.h>

/* kallsyms_lookup_name(), whose address is a module parameter */
typedef unsigned long (*lookup_name_t)(const char *name);

/* Get the memory that EL2 received at boot. Return false without protected KVM. */
static inline bool hyp_memory(lookup_name_t lookup_name, phys_addr_t *start, phys_addr_t *size)
{
	phys_addr_t *base = (void *)lookup_name("hyp_mem_base");
	phys_addr_t *len = (void *)lookup_name("hyp_mem_size");

	if (!base || !len || !*base)
		return false;
	*start = *base;
	*size = *len;
	return true;
}

/*
 * Return a page that EL2 owns and does not use, 0 without protected KVM: EL2 allocates
 * its tables from the start of its memory, whose size is rounded up to 2 MiB, so the
 * last page is unused.
 */
static inline phys_addr_t hyp_idle_page(lookup_name_t lookup_name)
{
	phys_addr_t start, size;

	return hyp_memory(lookup_name, &start, &size) ? start + size - PAGE_SIZE : 0;
}

/* Iterate over the enabled SMMUs of the device tree. */
static inline struct device_node *next_smmu(struct device_node *np)
{
	static const char * const compatible[] = {
		"nvidia,tegra234-smmu", "arm,mmu-500", "arm,smmu-v2", NULL,
	};

	do {
		np = of_find_node_with_property(np, "#iommu-cells");
	} while (np && (!of_device_compatible_match(np, compatible) ||
			!of_device_is_available(np)));
	return np;
}

#define for_each_smmu(np)	for (np = next_smmu(NULL); np; np = next_smmu(np))

/* Return Tegra's memory controller, or NULL; the caller puts the node. */
static inline struct device_node *find_mc_node(void)
{
	return of_find_compatible_node(NULL, NULL, "nvidia,tegra234-mc");
}

#endif /* _COMMON_PLACES_H */
