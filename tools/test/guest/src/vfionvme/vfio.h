/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A PCI function that vfio-pci is bound to, and the memory that it can reach:
 * through a container of type 1, or through iommufd and the device's own node.
 */
#ifndef VFIONVME_VFIO_H
#define VFIONVME_VFIO_H

#include <stddef.h>
#include <stdint.h>

enum vfio_api {
	VFIO_API_TYPE1,
	VFIO_API_IOMMUFD,
};

struct vfio {
	enum vfio_api api;
	int device;
	int group;		/* type 1 */
	int iommu;		/* the container, or /dev/iommu */
	uint32_t ioas;		/* iommufd: the address space */
};

/* Functions return 0 or a negative errno, unless they say otherwise. */

/* @bdf: as in /sys/bus/pci/devices. On failure, @step is set to what failed. */
int vfio_open(struct vfio *v, enum vfio_api api, const char *bdf, const char **step);
void vfio_close(struct vfio *v);

/* Let the device read and write [@va, @va + @size[ at @iova; and no longer. */
int vfio_map(struct vfio *v, void *va, uint64_t iova, size_t size);
int vfio_unmap(struct vfio *v, uint64_t iova, size_t size);

/* The first @size bytes of a BAR, NULL if they cannot be mapped. */
volatile void *vfio_map_bar(struct vfio *v, unsigned int bar, size_t size);

/* Enable memory accesses and bus mastering in the command register. */
int vfio_enable(struct vfio *v);

/* MSI-X vector 0 signals the eventfd @fd from now on. */
int vfio_set_msix(struct vfio *v, int fd);

#endif
