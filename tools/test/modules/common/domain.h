/* SPDX-License-Identifier: GPL-2.0-only */
/* A separate domain for a bus master, with the kernel's IOMMU API */
#ifndef _COMMON_DOMAIN_H
#define _COMMON_DOMAIN_H

#include <linux/err.h>
#include <linux/iommu.h>

#include <busmaster/busmaster.h>

struct own_domain {
	struct iommu_group *group;
	struct iommu_domain *domain;
};

/* Free the domain of own_domain_attach() after it was detached. */
static inline void own_domain_free(struct own_domain *own)
{
	if (!IS_ERR_OR_NULL(own->domain))
		iommu_domain_free(own->domain);
	if (own->group)
		iommu_group_put(own->group);
	*own = (struct own_domain) {};
}

static inline void own_domain_detach(struct own_domain *own)
{
	iommu_detach_group(own->domain, own->group);
}

/* Allocate a domain and attach it; on failure nothing is left allocated. */
static inline int own_domain_attach(struct own_domain *own, struct bm *bm,
				    iommu_fault_handler_t handler, void *token)
{
	int ret;

	own->group = iommu_group_get(bm_device(bm));
	if (!own->group)
		return -ENODEV;
	own->domain = iommu_paging_domain_alloc(bm_device(bm));
	ret = PTR_ERR_OR_ZERO(own->domain);
	if (!ret) {
		iommu_set_fault_handler(own->domain, handler, token);
		ret = iommu_attach_group(own->domain, own->group);
	}
	if (ret)
		own_domain_free(own);
	return ret;
}

#endif /* _COMMON_DOMAIN_H */
