/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A PCI function bound to vfio-pci, and the memory that is mapped for it: through a
 * type 1 container, or through iommufd and the device's own node.
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

/* Map @size bytes at @va for the device at @iova, readable and writable; unmap them. */
int vfio_map(struct vfio *v, void *va, uint64_t iova, size_t size);
int vfio_unmap(struct vfio *v, uint64_t iova, size_t size);

/* Map the first @size bytes of a BAR; NULL on failure. */
volatile void *vfio_map_bar(struct vfio *v, unsigned int bar, size_t size);

/* Enable memory accesses and bus mastering in the command register. */
int vfio_enable(struct vfio *v);

/* Make MSI-X vector 0 signal the eventfd @fd. */
int vfio_set_msix(struct vfio *v, int fd);

#endif
