// SPDX-License-Identifier: GPL-2.0-only
/*
 * Races of the probe of clients with the registration of an IOMMU.
 *
 * When an IOMMU registers, the IOMMU core walks all devices of all buses and creates
 * groups and domains for those that have none. A client whose driver probes at that
 * moment on another CPU must not get DMA operations without translation: it would do
 * DMA with physical addresses, and keep doing so, because its group then exists and is
 * not checked again.
 *
 * While the module is being loaded:
 *
 *   one thread		destroys and creates the platform devices of the
 *			programmable bus masters, so that each probes from scratch
 *   kworkers		probe them, asynchronously
 *   one thread for	registers and unregisters an IOMMU that no device is behind
 *   each CPU but one
 *
 * Each probe of a client checks that its domain translates, that the device reaches a
 * buffer at its IOVA with the right data, and that the same buffer is unreachable by
 * its physical address.
 */
#include <linux/delay.h>
#include <linux/device/driver.h>
#include <linux/dma-mapping.h>
#include <linux/io.h>
#include <linux/iommu.h>
#include <linux/kthread.h>
#include <linux/module.h>
#include <linux/of.h>
#include <linux/of_platform.h>
#include <linux/platform_device.h>
#include <linux/property.h>
#include <linux/rwsem.h>

static unsigned int rounds = 350;
module_param(rounds, uint, 0444);
MODULE_PARM_DESC(rounds, "Number of times that each client is created");

static unsigned int seconds = 40;
module_param(seconds, uint, 0444);
MODULE_PARM_DESC(seconds, "Stop after this time, on a slow and busy machine");

#define REG_CLIENT	0x04
#define REG_SID		0x08
#define REG_CTRL	0x0c
#define CTRL_WRITE	1
#define REG_ADDR_LO	0x10
#define REG_ADDR_HI	0x14
#define REG_LEN		0x18
#define REG_CMD		0x1c
#define CMD_GO		1
#define REG_STATUS	0x24
#define STATUS_ERROR	2
#define REG_DATA	0x1000

#define MAX_CLIENTS	8

static struct device_node *nodes[MAX_CLIENTS];
static unsigned int nr_nodes;

static atomic_t nr_probes, nr_direct, nr_wrong_data, nr_open, nr_wrong_sid, nr_unmapped;
static atomic_t nr_registrations, nr_registration_errors;

/*
 * A registration accesses the groups of all devices without a reference: the IOMMU core
 * does not survive if a device is destroyed meanwhile. This does not happen when a
 * machine boots; here devices are destroyed only to be probed again.
 */
static DECLARE_RWSEM(destroying);

/* Return the client that writes: the second one of the device, or the only one. */
static u32 client_of(struct device_node *np)
{
	struct of_phandle_args args;
	u32 client = 0;
	int i, n = 0;

	for (i = 0; n < 2 && !of_parse_phandle_with_args(np, "interconnects", "#interconnect-cells",
							 i, &args); i++) {
		if (args.args_count == 1) {
			client = args.args[0];
			n++;
		}
		of_node_put(args.np);
	}

	return client;
}

/* Do a transfer; return true unless it was aborted. */
static bool transfer(struct device *dev, void __iomem *regs, u64 addr, bool write, u32 sid)
{
	writel(client_of(dev->of_node), regs + REG_CLIENT);
	writel(sid, regs + REG_SID);
	writel(write ? CTRL_WRITE : 0, regs + REG_CTRL);
	writel(lower_32_bits(addr), regs + REG_ADDR_LO);
	writel(upper_32_bits(addr), regs + REG_ADDR_HI);
	writel(sizeof(u32), regs + REG_LEN);
	writel(CMD_GO, regs + REG_CMD);

	return !(readl(regs + REG_STATUS) & STATUS_ERROR);
}

/* Compare bits [7:0] of Tegra's helper for the stream ID with the device tree. */
static void check_sid(struct device *dev, u32 *sid)
{
	struct of_phandle_args args;

	if (of_parse_phandle_with_args(dev->of_node, "iommus", "#iommu-cells", 0, &args))
		return;
	of_node_put(args.np);

	if (!tegra_dev_iommu_get_stream_id(dev, sid) || *sid != args.args[0]) {
		atomic_inc(&nr_wrong_sid);
		*sid = args.args[0];
	}
}

static int client_probe(struct platform_device *pdev)
{
	struct device *dev = &pdev->dev;
	struct iommu_domain *domain;
	phys_addr_t phys;
	dma_addr_t iova;
	void __iomem *regs;
	u32 sid = 0;
	u32 *buf;

	atomic_inc(&nr_probes);

	regs = devm_platform_ioremap_resource(pdev, 0);
	if (IS_ERR(regs))
		return PTR_ERR(regs);

	check_sid(dev, &sid);

	domain = iommu_get_domain_for_dev(dev);
	if (!domain || !(domain->type & __IOMMU_DOMAIN_PAGING) || !dev->iommu_group)
		atomic_inc(&nr_direct);

	buf = (u32 *)get_zeroed_page(GFP_KERNEL);
	if (!buf)
		return -ENOMEM;
	phys = virt_to_phys(buf);

	iova = dma_map_single(dev, buf, PAGE_SIZE, DMA_FROM_DEVICE);
	if (dma_mapping_error(dev, iova)) {
		atomic_inc(&nr_unmapped);
		goto free;
	}
	if (iova == phys)
		atomic_inc(&nr_direct);

	/* The page must be unreachable by its physical address. */
	writel(0xbad, regs + REG_DATA);
	if (transfer(dev, regs, phys, true, sid))
		atomic_inc(&nr_open);

	writel(0x600d, regs + REG_DATA);
	if (!transfer(dev, regs, iova, true, sid))
		atomic_inc(&nr_wrong_data);
	dma_unmap_single(dev, iova, PAGE_SIZE, DMA_FROM_DEVICE);
	if (READ_ONCE(*buf) != 0x600d)
		atomic_inc(&nr_wrong_data);

	/* An unmapped page must be unreachable. */
	if (transfer(dev, regs, iova, true, sid))
		atomic_inc(&nr_open);
free:
	free_page((unsigned long)buf);

	return 0;
}

static const struct of_device_id client_of_match[] = {
	{ .compatible = "orin-qemu,busmaster" },
	{ }
};

static struct platform_driver client_driver = {
	.driver = {
		.name = "proberace",
		.of_match_table = client_of_match,
		.probe_type = PROBE_PREFER_ASYNCHRONOUS,
	},
	.probe = client_probe,
};

/* probe_device() of an IOMMU that no device is behind */
static struct iommu_device *no_device(struct device *dev)
{
	return ERR_PTR(-ENODEV);
}

static const struct iommu_ops no_ops = {
	.owner = THIS_MODULE,
	.probe_device = no_device,
};

static int register_thread(void *unused)
{
	struct iommu_device iommu;
	int ret;

	while (!kthread_should_stop()) {
		memset(&iommu, 0, sizeof(iommu));
		iommu.fwnode = fwnode_create_software_node(NULL, NULL);
		if (IS_ERR(iommu.fwnode)) {
			msleep(10);
			continue;
		}

		down_read(&destroying);
		ret = iommu_device_register(&iommu, &no_ops, NULL);
		up_read(&destroying);
		if (ret) {
			atomic_inc(&nr_registration_errors);
			pr_info("proberace: registration: %d\n", ret);
		} else {
			atomic_inc(&nr_registrations);
			iommu_device_unregister(&iommu);
		}
		fwnode_remove_software_node(iommu.fwnode);
		cond_resched();
	}

	return 0;
}

static bool is_bound(struct device_node *np)
{
	struct platform_device *pdev = of_find_device_by_node(np);
	bool bound;

	if (!pdev)
		return false;

	device_lock(&pdev->dev);
	bound = pdev->dev.driver == &client_driver.driver;
	device_unlock(&pdev->dev);
	put_device(&pdev->dev);

	return bound;
}

/* Destroy and create the device, so that it probes from scratch. */
static void recreate(struct device_node *np)
{
	struct platform_device *pdev = of_find_device_by_node(np);
	struct device *parent = NULL;

	if (pdev) {
		parent = get_device(pdev->dev.parent);
		down_write(&destroying);
		of_platform_device_destroy(&pdev->dev, NULL);
		up_write(&destroying);
		put_device(&pdev->dev);
	}
	of_platform_device_create(np, NULL, parent);
	put_device(parent);
}

static int __init proberace_init(void)
{
	struct task_struct *threads[NR_CPUS] = {};
	unsigned int i, round, nr_threads = 0, bound = 0;
	unsigned long end = jiffies + seconds * HZ;
	struct device_node *np;
	int cpu, ret;

	for_each_compatible_node(np, NULL, "orin-qemu,busmaster")
		if (nr_nodes < MAX_CLIENTS)
			nodes[nr_nodes++] = of_node_get(np);
	if (!nr_nodes)
		return -ENODEV;

	ret = platform_driver_register(&client_driver);
	if (ret)
		return ret;

	for_each_online_cpu(cpu) {
		struct task_struct *t;

		if (!cpu)
			continue;
		t = kthread_create_on_cpu(register_thread, NULL, cpu, "proberace/%u");
		if (IS_ERR(t))
			continue;
		threads[nr_threads++] = t;
		wake_up_process(t);
	}

	/* Destroy some devices during their probe, some after it. */
	for (round = 0; round < rounds && time_before(jiffies, end); round++) {
		for (i = 0; i < nr_nodes; i++)
			recreate(nodes[i]);
		if (round % 4)
			wait_for_device_probe();
		cond_resched();
	}

	while (nr_threads)
		kthread_stop(threads[--nr_threads]);

	/* Wait for deferred probes. */
	wait_for_device_probe();
	for (i = 0; i < 100; i++) {
		for (bound = 0; bound < nr_nodes && is_bound(nodes[bound]); bound++)
			;
		if (bound == nr_nodes)
			break;
		msleep(20);
	}

	pr_info("proberace: %u clients created %u times: probes %d, registrations %d\n",
		nr_nodes, round, atomic_read(&nr_probes), atomic_read(&nr_registrations));
	pr_info("proberace: bound %u of %u\n", bound, nr_nodes);
	pr_info("proberace: direct %d open %d wrong-data %d unmapped %d wrong-sid %d refused-registrations %d\n",
		atomic_read(&nr_direct), atomic_read(&nr_open), atomic_read(&nr_wrong_data),
		atomic_read(&nr_unmapped), atomic_read(&nr_wrong_sid),
		atomic_read(&nr_registration_errors));

	return 0;
}

static void __exit proberace_exit(void)
{
	platform_driver_unregister(&client_driver);
	while (nr_nodes)
		of_node_put(nodes[--nr_nodes]);
}

module_init(proberace_init);
module_exit(proberace_exit);

MODULE_DESCRIPTION("Probe of clients against the registration of IOMMUs");
MODULE_LICENSE("GPL");
