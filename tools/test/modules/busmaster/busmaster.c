// SPDX-License-Identifier: GPL-2.0-only
/*
 * Driver of the programmable bus master of the orin machine.
 *
 * It is an ordinary driver: its device is behind the memory controller and an SMMU, as
 * the device tree describes, and the DMA API maps memory for it. In addition a test can
 * set each register, so that the device can also use addresses, stream IDs and clients
 * of others.
 */
#include <linux/dma-mapping.h>
#include <linux/io.h>
#include <linux/iommu.h>
#include <linux/miscdevice.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/of.h>
#include <linux/platform_device.h>
#include <linux/slab.h>
#include <linux/uaccess.h>
#include <linux/vmalloc.h>

#include "busmaster.h"

#define REG_ID		0x00
#define REG_CLIENT	0x04
#define REG_SID		0x08
#define REG_CTRL	0x0c
#define REG_ADDR_LO	0x10
#define REG_ADDR_HI	0x14
#define REG_LEN		0x18
#define REG_CMD		0x1c
#define CMD_GO		1
#define CMD_STOP	2
#define REG_PERIOD_US	0x20
#define REG_STATUS	0x24
#define REG_OK_COUNT	0x28
#define REG_ERR_COUNT	0x2c
#define REG_DATA	0x1000

#define ID		0x424d4131

struct buffer {
	struct list_head list;
	struct bm_buffer user;
	enum dma_data_direction dir;
	bool mapped;
	struct page *pages;		/* streaming */
	void *va;
	dma_addr_t iova;
};

struct bm {
	struct device *dev;
	void __iomem *regs;
	phys_addr_t phys;
	struct mutex lock;		/* protects the registers and the buffers */
	struct list_head buffers;
	u32 next_id;
	u32 nr_buffers;
	u32 client_read, client_write, sid;
	unsigned int number;
	struct miscdevice misc;
	char name[16];
};

#define MAX_BUSMASTERS	8
static struct bm *busmasters[MAX_BUSMASTERS];

struct bm *bm_get(unsigned int number)
{
	return number < MAX_BUSMASTERS ? busmasters[number] : NULL;
}
EXPORT_SYMBOL_GPL(bm_get);

struct device *bm_device(struct bm *bm)
{
	return bm->dev;
}
EXPORT_SYMBOL_GPL(bm_device);

phys_addr_t bm_registers(struct bm *bm)
{
	return bm->phys;
}
EXPORT_SYMBOL_GPL(bm_registers);

void bm_describe(struct bm *bm, struct bm_info *info)
{
	struct iommu_domain *domain = iommu_get_domain_for_dev(bm->dev);

	info->client_read = bm->client_read;
	info->client_write = bm->client_write;
	info->sid = bm->sid;
	info->translated = domain && (domain->type & __IOMMU_DOMAIN_PAGING);
}
EXPORT_SYMBOL_GPL(bm_describe);

/* Read DATA, which consists of 32-bit registers. */
static void data_read(struct bm *bm, u8 *data, u32 len)
{
	u32 i, v;

	for (i = 0; i < len; i += 4) {
		v = readl(bm->regs + REG_DATA + i);
		memcpy(data + i, &v, min(len - i, 4U));
	}
}

static void data_write(struct bm *bm, const u8 *data, u32 len)
{
	u32 i, v;

	for (i = 0; i < len; i += 4) {
		v = 0;
		memcpy(&v, data + i, min(len - i, 4U));
		writel(v, bm->regs + REG_DATA + i);
	}
}

static void status_read(struct bm *bm, struct bm_xfer *x)
{
	x->status = readl(bm->regs + REG_STATUS);
	x->ok_count = readl(bm->regs + REG_OK_COUNT);
	x->err_count = readl(bm->regs + REG_ERR_COUNT);
}

static void transfer_locked(struct bm *bm, struct bm_xfer *x, void *data)
{
	bool write = x->flags & BM_F_WRITE;
	u32 client = x->client, sid = x->sid, len = min_t(u32, x->len, BM_MAX_LEN);

	if (client == BM_AS_DESCRIBED)
		client = write ? bm->client_write : bm->client_read;
	if (sid == BM_AS_DESCRIBED)
		sid = bm->sid;

	writel(CMD_STOP, bm->regs + REG_CMD);
	writel(client, bm->regs + REG_CLIENT);
	writel(sid, bm->regs + REG_SID);
	writel(x->flags, bm->regs + REG_CTRL);
	writel(lower_32_bits(x->addr), bm->regs + REG_ADDR_LO);
	writel(upper_32_bits(x->addr), bm->regs + REG_ADDR_HI);
	writel(len, bm->regs + REG_LEN);
	if (x->flags & BM_F_LOOP)
		writel(x->period_us ?: 100, bm->regs + REG_PERIOD_US);
	if (write && data)
		data_write(bm, data, len);

	writel(CMD_GO, bm->regs + REG_CMD);
	status_read(bm, x);
	if (!write && data)
		data_read(bm, data, len);
}

void bm_transfer(struct bm *bm, struct bm_xfer *xfer, void *data)
{
	mutex_lock(&bm->lock);
	transfer_locked(bm, xfer, data);
	mutex_unlock(&bm->lock);
}
EXPORT_SYMBOL_GPL(bm_transfer);

void bm_status(struct bm *bm, struct bm_xfer *xfer, void *data)
{
	mutex_lock(&bm->lock);
	status_read(bm, xfer);
	if (data)
		data_read(bm, data, min_t(u32, xfer->len, BM_MAX_LEN));
	mutex_unlock(&bm->lock);
}
EXPORT_SYMBOL_GPL(bm_status);

void bm_stop(struct bm *bm)
{
	writel(CMD_STOP, bm->regs + REG_CMD);
}
EXPORT_SYMBOL_GPL(bm_stop);

static struct buffer *find_buffer(struct bm *bm, u32 id)
{
	struct buffer *b;

	list_for_each_entry(b, &bm->buffers, list)
		if (b->user.id == id)
			return b;
	return NULL;
}

static void unmap_buffer(struct bm *bm, struct buffer *b)
{
	if (!b->mapped)
		return;
	b->mapped = false;
	if (b->user.coherent)
		dma_free_coherent(bm->dev, b->user.size, b->va, b->iova);
	else
		dma_unmap_page(bm->dev, b->iova, b->user.size, b->dir);
}

static void free_buffer(struct bm *bm, struct buffer *b)
{
	unmap_buffer(bm, b);
	if (b->pages)
		__free_pages(b->pages, get_order(b->user.size));
	list_del(&b->list);
	bm->nr_buffers--;
	kfree(b);
}

static int map_streaming(struct bm *bm, struct buffer *b)
{
	b->iova = dma_map_page(bm->dev, b->pages, 0, b->user.size, b->dir);
	if (dma_mapping_error(bm->dev, b->iova))
		return -EIO;
	b->mapped = true;
	b->user.iova = b->iova;
	return 0;
}

static int alloc_buffer(struct bm *bm, struct bm_buffer *user)
{
	struct buffer *b;
	int ret;

	if (!user->size || user->size > BM_MAX_SIZE || user->dir > BM_FROM_DEVICE)
		return -EINVAL;
	if (bm->nr_buffers == BM_MAX_BUFFERS)
		return -ENOSPC;

	b = kzalloc(sizeof(*b), GFP_KERNEL);
	if (!b)
		return -ENOMEM;
	b->user = *user;
	b->user.size = PAGE_ALIGN(user->size);
	b->dir = user->dir == BM_TO_DEVICE ? DMA_TO_DEVICE :
		 user->dir == BM_FROM_DEVICE ? DMA_FROM_DEVICE : DMA_BIDIRECTIONAL;

	if (user->coherent) {
		b->va = dma_alloc_coherent(bm->dev, b->user.size, &b->iova, GFP_KERNEL);
		if (!b->va) {
			kfree(b);
			return -ENOMEM;
		}
		b->mapped = true;
		b->user.iova = b->iova;
		b->user.phys = is_vmalloc_addr(b->va) ? page_to_phys(vmalloc_to_page(b->va)) :
							virt_to_phys(b->va);
	} else {
		b->pages = alloc_pages(GFP_KERNEL | __GFP_ZERO, get_order(b->user.size));
		if (!b->pages) {
			kfree(b);
			return -ENOMEM;
		}
		b->va = page_address(b->pages);
		b->user.phys = page_to_phys(b->pages);
		ret = map_streaming(bm, b);
		if (ret) {
			__free_pages(b->pages, get_order(b->user.size));
			kfree(b);
			return ret;
		}
	}

	b->user.id = ++bm->next_id;
	list_add(&b->list, &bm->buffers);
	bm->nr_buffers++;
	*user = b->user;
	return 0;
}

static int rw_buffer(struct bm *bm, const struct bm_rw *rw)
{
	struct buffer *b = find_buffer(bm, rw->id);
	void __user *data = u64_to_user_ptr(rw->data);
	bool sync;
	int ret;

	if (!b || (b->user.coherent && !b->mapped))
		return -ENOENT;
	if (rw->offset > b->user.size || rw->len > b->user.size - rw->offset)
		return -EINVAL;

	sync = b->mapped && !b->user.coherent;
	if (sync)
		dma_sync_single_for_cpu(bm->dev, b->iova, b->user.size, b->dir);
	if (rw->write)
		ret = copy_from_user(b->va + rw->offset, data, rw->len);
	else
		ret = copy_to_user(data, b->va + rw->offset, rw->len);
	if (sync)
		dma_sync_single_for_device(bm->dev, b->iova, b->user.size, b->dir);
	return ret ? -EFAULT : 0;
}

static int xfer_user(struct bm *bm, struct bm_xfer *x, bool start)
{
	void __user *user = u64_to_user_ptr(x->data);
	void *data = NULL;
	int ret = 0;

	if (!x->len || x->len > BM_MAX_LEN)
		return -EINVAL;
	if (user) {
		data = kzalloc(BM_MAX_LEN, GFP_KERNEL);
		if (!data)
			return -ENOMEM;
	}
	if (start) {
		if (data && (x->flags & BM_F_WRITE) && copy_from_user(data, user, x->len))
			ret = -EFAULT;
		else
			transfer_locked(bm, x, data);
	} else {
		status_read(bm, x);
		if (data)
			data_read(bm, data, x->len);
	}
	if (!ret && data && !(x->flags & BM_F_WRITE) && copy_to_user(user, data, x->len))
		ret = -EFAULT;
	kfree(data);
	return ret;
}

static int lookup(struct bm *bm, struct bm_lookup *l)
{
	struct iommu_domain *domain = iommu_get_domain_for_dev(bm->dev);

	if (!domain)
		return -ENODEV;
	l->phys = iommu_iova_to_phys(domain, l->iova);
	return 0;
}

static long bm_ioctl_locked(struct bm *bm, unsigned int cmd, unsigned long arg)
{
	void __user *user = (void __user *)arg;
	union {
		struct bm_info info;
		struct bm_buffer buffer;
		struct bm_rw rw;
		struct bm_xfer xfer;
		struct bm_lookup lookup;
	} u = {};
	struct buffer *b;
	int ret = 0;

	if ((_IOC_DIR(cmd) & _IOC_WRITE) &&
	    (_IOC_SIZE(cmd) > sizeof(u) || copy_from_user(&u, user, _IOC_SIZE(cmd))))
		return -EFAULT;

	switch (cmd) {
	case BM_INFO:
		bm_describe(bm, &u.info);
		break;
	case BM_ALLOC:
		ret = alloc_buffer(bm, &u.buffer);
		break;
	case BM_MAP:
		b = find_buffer(bm, u.buffer.id);
		if (!b || b->mapped || b->user.coherent)
			return -ENOENT;
		ret = map_streaming(bm, b);
		u.buffer = b->user;
		break;
	case BM_UNMAP:
		b = find_buffer(bm, arg);
		if (!b || !b->mapped)
			return -ENOENT;
		unmap_buffer(bm, b);
		break;
	case BM_FREE:
		b = find_buffer(bm, arg);
		if (!b)
			return -ENOENT;
		free_buffer(bm, b);
		break;
	case BM_RW:
		ret = rw_buffer(bm, &u.rw);
		break;
	case BM_XFER:
		ret = xfer_user(bm, &u.xfer, true);
		break;
	case BM_STATUS:
		ret = xfer_user(bm, &u.xfer, false);
		break;
	case BM_STOP:
		bm_stop(bm);
		break;
	case BM_LOOKUP:
		ret = lookup(bm, &u.lookup);
		break;
	default:
		return -ENOTTY;
	}

	if (!ret && (_IOC_DIR(cmd) & _IOC_READ) && copy_to_user(user, &u, _IOC_SIZE(cmd)))
		ret = -EFAULT;
	return ret;
}

static long bm_ioctl(struct file *file, unsigned int cmd, unsigned long arg)
{
	struct bm *bm = container_of(file->private_data, struct bm, misc);
	long ret;

	mutex_lock(&bm->lock);
	ret = bm_ioctl_locked(bm, cmd, arg);
	mutex_unlock(&bm->lock);
	return ret;
}

static const struct file_operations bm_fops = {
	.owner = THIS_MODULE,
	.unlocked_ioctl = bm_ioctl,
};

/* Find the device's clients: the first reads, the second, if it has one, writes. */
static void find_clients(struct bm *bm)
{
	struct of_phandle_args args;
	int i, n = 0;

	bm->client_read = BM_AS_DESCRIBED;
	bm->client_write = BM_AS_DESCRIBED;

	for (i = 0; n < 2 && !of_parse_phandle_with_args(bm->dev->of_node, "interconnects",
							 "#interconnect-cells", i, &args); i++) {
		/* Each path ends at the external memory controller, which has no cells. */
		if (args.args_count == 1) {
			if (!n++)
				bm->client_read = args.args[0];
			bm->client_write = args.args[0];
		}
		of_node_put(args.np);
	}
}

static int bm_probe(struct platform_device *pdev)
{
	struct device *dev = &pdev->dev;
	struct iommu_fwspec *fwspec = dev_iommu_fwspec_get(dev);
	struct resource *res;
	struct bm *bm;
	u32 id;
	int ret;

	bm = devm_kzalloc(dev, sizeof(*bm), GFP_KERNEL);
	if (!bm)
		return -ENOMEM;
	bm->dev = dev;
	bm->regs = devm_platform_get_and_ioremap_resource(pdev, 0, &res);
	if (IS_ERR(bm->regs))
		return PTR_ERR(bm->regs);
	bm->phys = res->start;

	id = readl(bm->regs + REG_ID);
	if (id != ID)
		return dev_err_probe(dev, -ENODEV, "ID register is %#x\n", id);

	/* Bit 39 of an address has a special meaning on Tegra234. */
	ret = dma_set_mask_and_coherent(dev, DMA_BIT_MASK(39));
	if (ret)
		return ret;

	mutex_init(&bm->lock);
	INIT_LIST_HEAD(&bm->buffers);
	find_clients(bm);
	bm->sid = fwspec && fwspec->num_ids ? fwspec->ids[0] & 0xffff : BM_AS_DESCRIBED;

	while (bm->number < MAX_BUSMASTERS && busmasters[bm->number])
		bm->number++;
	if (bm->number == MAX_BUSMASTERS)
		return -ENOSPC;

	snprintf(bm->name, sizeof(bm->name), "busmaster%u", bm->number);
	bm->misc.minor = MISC_DYNAMIC_MINOR;
	bm->misc.name = bm->name;
	bm->misc.fops = &bm_fops;
	bm->misc.parent = dev;
	ret = misc_register(&bm->misc);
	if (ret)
		return ret;

	busmasters[bm->number] = bm;
	platform_set_drvdata(pdev, bm);
	dev_info(dev, "%s: clients %#x and %#x, stream ID %#x\n", bm->name, bm->client_read,
		 bm->client_write, bm->sid);
	return 0;
}

static void bm_remove(struct platform_device *pdev)
{
	struct bm *bm = platform_get_drvdata(pdev);
	struct buffer *b, *next;

	misc_deregister(&bm->misc);
	busmasters[bm->number] = NULL;
	bm_stop(bm);
	list_for_each_entry_safe(b, next, &bm->buffers, list)
		free_buffer(bm, b);
}

static const struct of_device_id bm_of_match[] = {
	{ .compatible = "orin-qemu,busmaster" },
	{ }
};
MODULE_DEVICE_TABLE(of, bm_of_match);

static struct platform_driver bm_driver = {
	.driver = {
		.name = "busmaster",
		.of_match_table = bm_of_match,
	},
	.probe = bm_probe,
	.remove = bm_remove,
};
module_platform_driver(bm_driver);

MODULE_DESCRIPTION("Programmable bus master of the orin machine");
MODULE_LICENSE("GPL");
