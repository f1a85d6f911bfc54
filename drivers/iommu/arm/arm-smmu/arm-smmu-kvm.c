// SPDX-License-Identifier: GPL-2.0-only
/*
 * Arm SMMUv2s that the protected KVM hypervisor owns: the host's half of the
 * driver. Code shared with other IOMMU architectures is in drivers/iommu/pkvm/.
 *
 * The hypervisor takes available SMMUs that this driver supports. One that only the
 * native driver supports is left to it and named at boot: devices behind it are not
 * isolated. So is a disabled one, unless it belongs to a memory controller: such an
 * SMMU has power whenever memory has, and DMA reaches it. The hypervisor takes it and
 * blocks all streams.
 *
 * The hardware that a SoC has between devices and SMMUs is described by a file of its
 * own (struct smmu_kvm_soc).
 *
 * The order at boot is:
 *
 *	subsys_initcall		smmu_kvm_early_init() registers the driver. From
 *				here on the native driver defers.
 *	device_initcall		KVM is initialised. Client drivers defer: their
 *				IOMMUs have no driver.
 *	device_initcall_sync	KVM calls smmu_kvm_init(), which describes the
 *				system and hands it over, and deprivileges the
 *				host. Linked after it, smmu_kvm_driver_init()
 *				registers the platform driver, which binds the
 *				SMMUs. Devices get their groups and domains.
 *	late_initcall		Deferred clients probe, with their domains in
 *				place.
 *
 * If the hypervisor does not take the SMMUs, the deferred native driver gets
 * them at late_initcall.
 */

#define pr_fmt(fmt) "arm-smmu-kvm: " fmt

#include <linux/bitfield.h>
#include <linux/device.h>
#include <linux/dma-mapping.h>
#include <linux/init.h>
#include <linux/ioport.h>
#include <linux/module.h>
#include <linux/of.h>
#include <linux/of_address.h>
#include <linux/platform_device.h>
#include <linux/printk.h>
#include <linux/seq_file.h>
#include <linux/sizes.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/string_choices.h>

#include <asm/kvm_asm.h>
#include <asm/kvm_iommu.h>
#include <asm/virt.h>

#include "arm-smmu.h"
#include "arm-smmu-kvm.h"

/* Upper limits of the bytes that the driver at EL2 allocates */
#define STATE_PER_SMMU		SZ_16K
#define STATE_PER_ENTRY		64

#define DRV_NAME		"arm-smmu-kvm"

/* The driver at EL2 */
DECLARE_KVM_NVHE_SYM(smmu_v2_ops);

/* The description that the hypervisor has, empty if it has not taken the SMMUs */
static struct pkvm_iommu_topology topology;

/* The SMMUs' part of it */
static struct smmu_kvm_layout layout __ro_after_init;
static const struct smmu_kvm_soc *smmu_soc __ro_after_init;

/*
 * Description
 */

static bool leave_disabled;
module_param(leave_disabled, bool, 0444);
MODULE_PARM_DESC(leave_disabled,
		 "Leave SMMUs that the device tree disables alone, instead of blocking DMA behind them");

struct smmu_kvm_match {
	u32 flags;
	unsigned int max_instances;
};

static const struct smmu_kvm_match match_v2 = {
	.max_instances = 1,
};

static const struct smmu_kvm_match match_mmu500 = {
	.flags = SMMU_KVM_MMU500,
	.max_instances = 1,
};

/* Tegra's SMMUs are MMU-500s. */
static const struct smmu_kvm_match match_tegra186 = {
	.flags = SMMU_KVM_MMU500,
	.max_instances = SMMU_KVM_MAX_INSTANCES,
};

static const struct smmu_kvm_match match_tegra194 = {
	.flags = SMMU_KVM_MMU500 | SMMU_KVM_PAGES_ONLY,
	.max_instances = SMMU_KVM_MAX_INSTANCES,
};

/* Without data: not supported, because it needs a special implementation or is older. */
static const struct of_device_id smmu_kvm_of_ids[] = {
	{ .compatible = "arm,mmu-400" },
	{ .compatible = "arm,mmu-401" },
	{ .compatible = "arm,mmu-500", .data = &match_mmu500 },
	{ .compatible = "arm,smmu-v1" },
	{ .compatible = "arm,smmu-v2", .data = &match_v2 },
	{ .compatible = "cavium,smmu-v2" },
	{ .compatible = "marvell,ap806-smmu-500" },
	{ .compatible = "nvidia,smmu-500", .data = &match_mmu500 },
	{ .compatible = "nvidia,tegra186-smmu", .data = &match_tegra186 },
	{ .compatible = "nvidia,tegra194-smmu", .data = &match_tegra194 },
	{ .compatible = "nvidia,tegra234-smmu", .data = &match_tegra194 },
	{ .compatible = "qcom,adreno-smmu" },
	{ .compatible = "qcom,smmu-500" },
	{ .compatible = "qcom,smmu-v2" },
	{ }
};

/* On Tegra, registers outside the SMMU decide which devices bypass it. */
static bool has_memory_controller(const struct device_node *np)
{
	return of_property_present(np, "nvidia,memory-controller");
}

/*
 * Return NULL for an SMMU that the hypervisor cannot drive. That includes one with
 * clocks or power domains, which the host controls: it could stop the SMMU, or reset
 * its registers, without the hypervisor noticing.
 */
static const struct smmu_kvm_match *smmu_match(const struct device_node *np)
{
	const struct of_device_id *id = of_match_node(smmu_kvm_of_ids, np);

	if (!id || of_property_present(np, "clocks") ||
	    of_property_present(np, "power-domains"))
		return NULL;
	if (has_memory_controller(np) && !IS_ENABLED(CONFIG_TEGRA_MC_PKVM))
		return NULL;

	return id->data;
}

/* Return true if the hypervisor shall take an SMMU, enabled or not. */
static bool __init smmu_is_taken(struct device_node *np)
{
	return pkvm_iommu_node_available(np) ||
	       (!leave_disabled && has_memory_controller(np));
}

/*
 * Return true if there is an SMMU that the hypervisor can drive. Log those that it
 * cannot drive, or must leave alone: the host keeps their registers, so DMA behind them
 * is not isolated.
 */
static bool __init smmus_present(void)
{
	struct device_node *np;
	bool present = false;

	for_each_matching_node(np, smmu_kvm_of_ids) {
		if (!smmu_is_taken(np)) {
			pr_warn("%pOF: disabled, DMA behind it is not isolated\n",
				np);
			kvm_iommu_set_bypassed();
			continue;
		}
		if (!smmu_match(np)) {
			pr_warn("%pOF: not supported, DMA behind it is not isolated\n",
				np);
			kvm_iommu_set_bypassed();
			continue;
		}
		if (!pkvm_iommu_node_available(np))
			pr_warn("%pOF: disabled, DMA behind it is blocked\n",
				np);
		present = true;
	}

	return present;
}

/**
 * smmu_kvm_malformed() - log why a node cannot be described
 * @np: the node
 * @what: the reason
 *
 * Return: -EINVAL
 */
int __init smmu_kvm_malformed(const struct device_node *np, const char *what)
{
	return pkvm_iommu_malformed(DRV_NAME, np, what);
}

static int __init describe_smmu(struct smmu_kvm_builder *b,
				struct device_node *np,
				const struct smmu_kvm_match *match)
{
	struct smmu_kvm_desc_smmu smmu = { .flags = match->flags };
	u32 ignored = 0;
	int idx;

	while (smmu.nr_instances < match->max_instances) {
		struct resource res;

		if (of_address_to_resource(np, smmu.nr_instances, &res))
			break;
		if (smmu.nr_instances && resource_size(&res) != smmu.size)
			return smmu_kvm_malformed(np, "instances differ in size");

		smmu.size = resource_size(&res);
		smmu.base[smmu.nr_instances++] = res.start;
	}
	if (!smmu.nr_instances)
		return smmu_kvm_malformed(np, "no registers");

	of_property_read_u32(np, "stream-match-mask", &ignored);
	if (ignored > U16_MAX)
		return smmu_kvm_malformed(np, "stream-match-mask: more than 16 bits");

	if (of_dma_is_coherent(np))
		smmu.flags |= SMMU_KVM_COHERENT_WALK;

	idx = pkvm_iommu_add(&b->common, np, ignored);
	if (idx < 0)
		return smmu_kvm_malformed(np, "too many SMMUs");

	b->smmus[idx] = smmu;
	return 0;
}

static int __init describe_smmus(struct smmu_kvm_builder *b)
{
	const struct smmu_kvm_match *match;
	struct device_node *np;
	int ret = 0;

	for_each_matching_node(np, smmu_kvm_of_ids) {
		match = smmu_match(np);
		if (!match || !smmu_is_taken(np))
			continue;

		ret = describe_smmu(b, np, match);
		if (ret) {
			of_node_put(np);
			break;
		}
	}

	return ret;
}

static int __init describe(struct smmu_kvm_builder *b)
{
	int ret;

	ret = describe_smmus(b);
	if (ret)
		return ret;
	if (!b->common.desc.nr_iommus)
		return -ENODEV;

	ret = smmu_kvm_nvidia_init(b);
	if (ret)
		return ret;

	return pkvm_iommu_describe_endpoints(&b->common);
}

static int __init smmu_kvm_add_endpoint(struct pkvm_iommu_builder *common,
					struct device_node *np)
{
	struct smmu_kvm_builder *b = to_smmu_kvm_builder(common);

	return b->soc ? b->soc->add_endpoint(b, np) : 0;
}

static size_t __init smmu_kvm_builder_part_size(struct pkvm_iommu_builder *common)
{
	struct smmu_kvm_builder *b = to_smmu_kvm_builder(common);

	b->desc.soc_size = b->soc ? b->soc->part_size(b) : 0;

	return smmu_kvm_part_size(common->desc.nr_iommus, b->desc.soc_size);
}

static void __init smmu_kvm_encode(struct pkvm_iommu_builder *common, void *part)
{
	struct smmu_kvm_builder *b = to_smmu_kvm_builder(common);
	size_t size = common->desc.nr_iommus * sizeof(b->smmus[0]);

	memcpy(part, &b->desc, sizeof(b->desc));
	part += sizeof(b->desc);
	memcpy(part, b->smmus, size);
	if (b->soc)
		b->soc->encode(part + size);
}

static size_t __init smmu_kvm_state_size(struct pkvm_iommu_builder *common)
{
	struct smmu_kvm_builder *b = to_smmu_kvm_builder(common);

	return common->desc.nr_iommus * STATE_PER_SMMU +
	       (common->desc.nr_endpoints + common->desc.nr_streams) * STATE_PER_ENTRY +
	       (b->soc ? b->soc->state_size() : 0);
}

/*
 * Driver
 */

/**
 * smmu_kvm_number() - return the number of an SMMU in hypercalls
 * @index: its index in the description
 *
 * Return: the number
 */
u32 smmu_kvm_number(u32 index)
{
	return pkvm_iommu_number(&topology, index);
}

static char *smmu_kvm_fmt = "auto";
module_param_named(format, smmu_kvm_fmt, charp, 0444);
MODULE_PARM_DESC(format, "Page-table format: auto (default), lpae, v7s");

/*
 * Short descriptors are for devices with 32 address bits. The driver of a device with
 * more may use them, so its format is AArch64 unless the command line says otherwise.
 */
static enum kvm_iommu_fmt smmu_kvm_domain_fmt(struct device *dev)
{
	if (!strcmp(smmu_kvm_fmt, "v7s"))
		return KVM_IOMMU_FMT_V7S;
	if (!strcmp(smmu_kvm_fmt, "lpae"))
		return KVM_IOMMU_FMT_LPAE;
	if (dev && dev->bus_dma_limit && dev->bus_dma_limit <= DMA_BIT_MASK(32))
		return KVM_IOMMU_FMT_AUTO_32BIT;

	return KVM_IOMMU_FMT_AUTO;
}

/* Each domain needs a context bank, each stream ID a stream match register. */
static int smmu_kvm_room(u32 iommu, unsigned int *domains, unsigned int *streams)
{
	u64 room[2];
	int ret;

	ret = kvm_iommu_debug(iommu, SMMU_KVM_DEBUG_ROOM, 0, room);
	if (ret)
		return ret;

	*domains = FIELD_GET(SMMU_KVM_ROOM_DOMAINS, room[0]);
	*streams = FIELD_GET(SMMU_KVM_ROOM_STREAMS, room[0]);
	return 0;
}

static bool smmu_kvm_fault_is_write(const struct kvm_iommu_fault *fault)
{
	return fault->status[SMMU_KVM_FAULT_FSYNR] & ARM_SMMU_CB_FSYNR0_WNR;
}

static void log_sync_fault(struct device *dev, const struct kvm_iommu_fault *fault)
{
	if (!fault->domain) {
		dev_err(dev, "reset did not complete, instance=%u: all streams are blocked\n",
			fault->instance);
		return;
	}

	dev_err(dev,
		"TLB sync timed out -- SMMU may be deadlocked: domain=%u, instance=%u: domain quarantined, its streams are blocked\n",
		fault->domain, fault->instance);
}

static void smmu_kvm_log_fault(struct pkvm_iommu *iommu, const struct kvm_iommu_fault *fault,
			       u32 sid, const struct device_node *np)
{
	u32 fsynr = fault->status[SMMU_KVM_FAULT_FSYNR];
	u32 fsr = fault->status[SMMU_KVM_FAULT_FSR];

	switch (fault->type) {
	case KVM_IOMMU_FAULT_SYNC:
		log_sync_fault(iommu->dev, fault);
		break;
	case KVM_IOMMU_FAULT_TRANSLATION:
		dev_err(iommu->dev,
			"Unhandled context fault: fsr=0x%x, iova=0x%08llx, fsynr=0x%x, sid=0x%x (%pOF), domain=%u, instance=%u\n",
			fsr, fault->iova, fsynr, sid, np,
			fault->domain, fault->instance);
		break;
	case KVM_IOMMU_FAULT_STREAM:
		dev_err(iommu->dev,
			"Unexpected global fault: gfsr=0x%x, addr=0x%08llx, gfsynr0=0x%x, sid=0x%x (%pOF), instance=%u\n",
			fsr, fault->iova, fsynr, sid, np,
			fault->instance);
		break;
	default:
		dev_err(iommu->dev, "fault of unknown type %u\n", fault->type);
		break;
	}
}

static void smmu_kvm_show_stream(struct seq_file *m, u32 iommu, u32 endpoint, u32 sid)
{
	u64 val[2], info;
	int ret;

	ret = kvm_iommu_debug(iommu, SMMU_KVM_DEBUG_STREAM, (u64)endpoint << 32 | sid, val);
	info = ret ? 0 : val[0];

	if (ret)
		seq_printf(m, "error:%d - - -", ret);
	else if (info & SMMU_KVM_STREAM_ATTACHED)
		seq_printf(m, "%lu%s %s %lu %lu",
			   FIELD_GET(SMMU_KVM_STREAM_BANK, info),
			   info & SMMU_KVM_STREAM_QUARANTINED ? "!" : "",
			   pkvm_iommu_fmt_name(FIELD_GET(SMMU_KVM_STREAM_FMT, info)),
			   FIELD_GET(SMMU_KVM_STREAM_DOMAIN, info),
			   FIELD_GET(SMMU_KVM_STREAM_USERS, info));
	else
		seq_puts(m, "- - - 0");
}

static void smmu_kvm_show_path(struct seq_file *m, u32 endpoint)
{
	if (smmu_soc)
		smmu_soc->show_endpoint(m, endpoint);
	else
		seq_putc(m, '-');
}

static void smmu_kvm_show_stats(struct seq_file *m)
{
	static const char * const names[] = {
		[SMMU_KVM_STAT_INSTANCES]	= "instances",
		[SMMU_KVM_STAT_QUARANTINED]	= "quarantined",
		[SMMU_KVM_STAT_FAULTS]		= "faults",
		[SMMU_KVM_STAT_PREFETCH]	= "prefetching",
		[SMMU_KVM_STAT_LONGEST_WAIT]	= "longest_wait_us",
		[SMMU_KVM_STAT_WAIT_BOUND]	= "wait_bound_us",
	};
	unsigned int i;
	u64 val[2];

	for (i = 0; i < ARRAY_SIZE(names); i++) {
		if (!kvm_iommu_debug(smmu_kvm_number(0), SMMU_KVM_DEBUG_STAT, i, val))
			seq_printf(m, "%s %llu\n", names[i], val[0]);
	}
	if (smmu_soc)
		smmu_soc->show_stats(m);
}

static void __init smmu_kvm_debugfs_init(struct dentry *dir)
{
	if (smmu_soc)
		smmu_soc->debugfs_init(dir);
}

static const struct pkvm_iommu_driver smmu_kvm_driver = {
	.name		= DRV_NAME,
	.sysfs_name	= "smmu",
	.magic		= SMMU_KVM_DESC_MAGIC,
	.sid_bits	= SMMU_KVM_SID_BITS,
	.hyp_ops	= (void *)kvm_nvhe_sym(smmu_v2_ops),
	.domain_places	= "context banks",
	.stream_places	= "stream match registers",
	.add_endpoint	= smmu_kvm_add_endpoint,
	.part_size	= smmu_kvm_builder_part_size,
	.encode		= smmu_kvm_encode,
	.state_size	= smmu_kvm_state_size,
	.room		= smmu_kvm_room,
	.domain_fmt	= smmu_kvm_domain_fmt,
	.fault_is_write	= smmu_kvm_fault_is_write,
	.log_fault	= smmu_kvm_log_fault,
	.show_stream	= smmu_kvm_show_stream,
	.show_path	= smmu_kvm_show_path,
	.show_stats	= smmu_kvm_show_stats,
	.debugfs_init	= smmu_kvm_debugfs_init,
};

/*
 * Boot
 */

/**
 * smmu_kvm_claims() - check whether the native driver may drive an SMMU
 * @dev: the SMMU
 *
 * Return: 0 if it may, -ENODEV if the hypervisor owns the SMMU, -EPROBE_DEFER while
 * that is not decided
 */
int smmu_kvm_claims(struct device *dev)
{
	if (!dev->of_node || !smmu_match(dev->of_node))
		return 0;
	if (kvm_iommu_pending())
		return -EPROBE_DEFER;

	return pkvm_iommu_index(&topology, dev->of_node) < 0 ? 0 : -ENODEV;
}

static int __init smmu_kvm_init(void)
{
	struct smmu_kvm_builder *b;
	int ret;

	b = kvzalloc_obj(*b);
	if (!b)
		return -ENOMEM;
	pkvm_iommu_builder_init(&b->common, &smmu_kvm_driver);

	ret = describe(b);
	if (ret)
		goto abandon;

	ret = pkvm_iommu_hand_over(&b->common, &topology);
	if (ret) {
		pr_err("the hypervisor refused %u SMMUs: %d\n",
		       b->common.desc.nr_iommus, ret);
		goto abandon;
	}

	pr_info("%u SMMUs, %u devices, %u streams\n", b->common.desc.nr_iommus,
		b->common.desc.nr_endpoints, b->common.desc.nr_streams);

	smmu_kvm_decode(&layout, topology.layout.desc);
	smmu_soc = b->soc;
	if (smmu_soc)
		smmu_soc->taken(layout.soc);

	kvfree(b);
	return 0;

abandon:
	pkvm_iommu_put_nodes(&b->common);
	if (b->soc)
		b->soc->abandon();
	kvfree(b);
	return ret;
}

static const struct kvm_iommu_driver smmu_kvm_boot_driver __initconst = {
	.name = DRV_NAME,
	.init = smmu_kvm_init,
};

static int __init smmu_kvm_early_init(void)
{
	if (!is_protected_kvm_enabled() || !smmus_present())
		return 0;

	return kvm_iommu_register_driver(&smmu_kvm_boot_driver);
}
subsys_initcall(smmu_kvm_early_init);

static int smmu_kvm_probe(struct platform_device *pdev)
{
	u32 nr_instances;
	int ret;

	ret = pkvm_iommu_probe(pdev, &topology);
	if (ret)
		return ret;

	nr_instances = layout.smmus[pkvm_iommu_index(&topology, pdev->dev.of_node)].nr_instances;
	dev_info(&pdev->dev, "owned by the hypervisor, %u instance%s\n",
		 nr_instances, str_plural(nr_instances));
	return 0;
}

/*
 * There is no remove or shutdown: an SMMU that the hypervisor owns is never disabled,
 * so unbinding the driver would have no effect.
 */
static const struct of_device_id smmu_kvm_of_table[] = {
	{ .compatible = "arm,mmu-500" },
	{ .compatible = "arm,smmu-v2" },
	{ .compatible = "nvidia,smmu-500" },
	{ }
};

static struct platform_driver smmu_kvm_platform_driver = {
	.driver = {
		.name			= DRV_NAME,
		.of_match_table		= smmu_kvm_of_table,
		.suppress_bind_attrs	= true,
	},
	.probe = smmu_kvm_probe,
};

static void __init report_prefetch(void)
{
	u64 val[2];

	if (!kvm_iommu_debug(smmu_kvm_number(0), SMMU_KVM_DEBUG_STAT,
			     SMMU_KVM_STAT_PREFETCH, val) && val[0])
		pr_warn("%llu context banks still prefetch because firmware keeps ACR.CACHE_LOCK set, errata 826419 and 841119 apply\n",
			val[0]);
}

static int __init smmu_kvm_driver_init(void)
{
	if (!kvm_iommu_ready() || !topology.drv)
		return 0;

	if (strcmp(smmu_kvm_fmt, "auto") && strcmp(smmu_kvm_fmt, "lpae") &&
	    strcmp(smmu_kvm_fmt, "v7s"))
		pr_err("format=%s is unknown, using auto\n", smmu_kvm_fmt);

	if (smmu_soc)
		smmu_soc->report();
	report_prefetch();
	pkvm_iommu_debugfs_init(&topology);

	return platform_driver_register(&smmu_kvm_platform_driver);
}
device_initcall_sync(smmu_kvm_driver_init);
