// SPDX-License-Identifier: GPL-2.0-only
#define _GNU_SOURCE
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/pci_regs.h>
#include <linux/vfio.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "vfio.h"

/*
 * The parts of iommufd's and VFIO's interface that are used here: some distributions
 * have older headers.
 */
struct ioas_alloc {
	uint32_t size, flags, ioas;
};

struct ioas_map {
	uint32_t size, flags, ioas, reserved;
	uint64_t va, length, iova;
};

struct ioas_unmap {
	uint32_t size, ioas;
	uint64_t iova, length;
};

struct device_bind {
	uint32_t size, flags;
	int32_t iommufd;
	uint32_t devid;
};

struct device_attach {
	uint32_t size, flags, ioas;
};

#define IOAS_ALLOC	_IO(';', 0x81)
#define IOAS_MAP	_IO(';', 0x85)
#define IOAS_UNMAP	_IO(';', 0x86)
#define IOAS_MAP_FLAGS	7	/* at this IOVA, writable, readable */
#define DEVICE_BIND	_IO(VFIO_TYPE, VFIO_BASE + 18)
#define DEVICE_ATTACH	_IO(VFIO_TYPE, VFIO_BASE + 19)

#define DIR_MAX		256

/* Return 0 or a negative errno; some ioctls return a positive value. */
static int answer(int ret)
{
	return ret < 0 ? -errno : 0;
}

static int open_rw(const char *path, int *fd)
{
	*fd = open(path, O_RDWR | O_CLOEXEC);

	return *fd < 0 ? -errno : 0;
}

static int open_type1(struct vfio *v, const char *bdf, const char **step)
{
	char path[DIR_MAX], group[DIR_MAX];
	const char *number;
	ssize_t len;
	int ret;

	*step = "find the IOMMU group";
	snprintf(path, sizeof(path), "/sys/bus/pci/devices/%s/iommu_group", bdf);
	len = readlink(path, group, sizeof(group) - 1);
	if (len < 0)
		return -errno;
	group[len] = 0;
	number = strrchr(group, '/');
	if (!number)
		return -EINVAL;

	*step = "open the container";
	ret = open_rw("/dev/vfio/vfio", &v->iommu);
	if (ret)
		return ret;

	*step = "open the group";
	snprintf(path, sizeof(path), "/dev/vfio%s", number);
	ret = open_rw(path, &v->group);
	if (ret)
		return ret;

	*step = "put the group into the container";
	ret = answer(ioctl(v->group, VFIO_GROUP_SET_CONTAINER, &v->iommu));
	if (ret)
		return ret;

	*step = "choose type 1";
	ret = answer(ioctl(v->iommu, VFIO_SET_IOMMU, VFIO_TYPE1v2_IOMMU));
	if (ret)
		return ret;

	*step = "get the device";
	v->device = ioctl(v->group, VFIO_GROUP_GET_DEVICE_FD, bdf);

	return answer(v->device);
}

/* Find the device node of a function: /dev/vfio/devices/vfioN. */
static int find_node(const char *bdf, char *path, size_t size)
{
	char dir[DIR_MAX];
	struct dirent *e;
	int ret = -ENOENT;
	DIR *d;

	snprintf(dir, sizeof(dir), "/sys/bus/pci/devices/%s/vfio-dev", bdf);
	d = opendir(dir);
	if (!d)
		return -errno;

	while (ret && (e = readdir(d))) {
		if (strncmp(e->d_name, "vfio", 4))
			continue;
		snprintf(path, size, "/dev/vfio/devices/%s", e->d_name);
		ret = 0;
	}
	closedir(d);

	return ret;
}

static int open_iommufd(struct vfio *v, const char *bdf, const char **step)
{
	struct device_bind bind = { .size = sizeof(bind) };
	struct ioas_alloc alloc = { .size = sizeof(alloc) };
	struct device_attach attach = { .size = sizeof(attach) };
	char path[2 * DIR_MAX];
	int ret;

	*step = "find the device's node";
	ret = find_node(bdf, path, sizeof(path));
	if (ret)
		return ret;

	*step = "open the device's node";
	ret = open_rw(path, &v->device);
	if (ret)
		return ret;

	*step = "open /dev/iommu";
	ret = open_rw("/dev/iommu", &v->iommu);
	if (ret)
		return ret;

	*step = "bind the device to iommufd";
	bind.iommufd = v->iommu;
	ret = answer(ioctl(v->device, DEVICE_BIND, &bind));
	if (ret)
		return ret;

	*step = "allocate an address space";
	ret = answer(ioctl(v->iommu, IOAS_ALLOC, &alloc));
	if (ret)
		return ret;
	v->ioas = alloc.ioas;

	*step = "attach the device to the address space";
	attach.ioas = v->ioas;

	return answer(ioctl(v->device, DEVICE_ATTACH, &attach));
}

int vfio_open(struct vfio *v, enum vfio_api api, const char *bdf, const char **step)
{
	int ret;

	*v = (struct vfio){ .api = api, .device = -1, .group = -1, .iommu = -1 };

	if (api == VFIO_API_TYPE1)
		ret = open_type1(v, bdf, step);
	else
		ret = open_iommufd(v, bdf, step);
	if (ret)
		vfio_close(v);

	return ret;
}

void vfio_close(struct vfio *v)
{
	if (v->device >= 0)
		close(v->device);
	if (v->group >= 0)
		close(v->group);
	if (v->iommu >= 0)
		close(v->iommu);
}

int vfio_map(struct vfio *v, void *va, uint64_t iova, size_t size)
{
	struct vfio_iommu_type1_dma_map type1 = {
		.argsz = sizeof(type1),
		.flags = VFIO_DMA_MAP_FLAG_READ | VFIO_DMA_MAP_FLAG_WRITE,
		.vaddr = (uintptr_t)va,
		.iova = iova,
		.size = size,
	};
	struct ioas_map ioas = {
		.size = sizeof(ioas),
		.flags = IOAS_MAP_FLAGS,
		.ioas = v->ioas,
		.va = (uintptr_t)va,
		.length = size,
		.iova = iova,
	};

	if (v->api == VFIO_API_TYPE1)
		return answer(ioctl(v->iommu, VFIO_IOMMU_MAP_DMA, &type1));

	return answer(ioctl(v->iommu, IOAS_MAP, &ioas));
}

int vfio_unmap(struct vfio *v, uint64_t iova, size_t size)
{
	struct vfio_iommu_type1_dma_unmap type1 = {
		.argsz = sizeof(type1),
		.iova = iova,
		.size = size,
	};
	struct ioas_unmap ioas = {
		.size = sizeof(ioas),
		.ioas = v->ioas,
		.iova = iova,
		.length = size,
	};
	int ret;

	if (v->api == VFIO_API_TYPE1) {
		ret = answer(ioctl(v->iommu, VFIO_IOMMU_UNMAP_DMA, &type1));
		return ret ?: type1.size == size ? 0 : -ENOENT;
	}

	ret = answer(ioctl(v->iommu, IOAS_UNMAP, &ioas));
	return ret ?: ioas.length == size ? 0 : -ENOENT;
}

static int region_of(struct vfio *v, unsigned int index, struct vfio_region_info *info)
{
	*info = (struct vfio_region_info){ .argsz = sizeof(*info), .index = index };

	return answer(ioctl(v->device, VFIO_DEVICE_GET_REGION_INFO, info));
}

volatile void *vfio_map_bar(struct vfio *v, unsigned int bar, size_t size)
{
	struct vfio_region_info info;
	void *p;

	if (region_of(v, VFIO_PCI_BAR0_REGION_INDEX + bar, &info) || info.size < size)
		return NULL;
	p = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, v->device, info.offset);

	return p == MAP_FAILED ? NULL : p;
}

int vfio_enable(struct vfio *v)
{
	struct vfio_region_info info;
	uint16_t command;
	int ret;

	ret = region_of(v, VFIO_PCI_CONFIG_REGION_INDEX, &info);
	if (ret)
		return ret;
	if (pread(v->device, &command, 2, info.offset + PCI_COMMAND) != 2)
		return -EIO;
	command |= PCI_COMMAND_MEMORY | PCI_COMMAND_MASTER;
	if (pwrite(v->device, &command, 2, info.offset + PCI_COMMAND) != 2)
		return -EIO;

	return 0;
}

int vfio_set_msix(struct vfio *v, int fd)
{
	char buf[sizeof(struct vfio_irq_set) + sizeof(int)]
		__attribute__((aligned(__alignof__(struct vfio_irq_set))));
	struct vfio_irq_set *set = (struct vfio_irq_set *)buf;

	*set = (struct vfio_irq_set){
		.argsz = sizeof(buf),
		.flags = VFIO_IRQ_SET_DATA_EVENTFD | VFIO_IRQ_SET_ACTION_TRIGGER,
		.index = VFIO_PCI_MSIX_IRQ_INDEX,
		.count = 1,
	};
	memcpy(set->data, &fd, sizeof(fd));

	return answer(ioctl(v->device, VFIO_DEVICE_SET_IRQS, set));
}
