// SPDX-License-Identifier: GPL-2.0-only
/*
 * Arm SMMUv2s for the protected KVM hypervisor: who owns them, and the moment
 * at which they are handed over.
 *
 * At boot, in this order:
 *
 *	subsys_initcall		smmu_kvm_early_init() announces the driver. From
 *				here the native driver defers.
 *	device_initcall		KVM comes up. Client drivers defer: their IOMMUs
 *				have no driver.
 *	device_initcall_sync	KVM calls smmu_kvm_init(), which describes the
 *				system and hands it over, and deprivileges the
 *				host. Linked after it, arm-smmu-kvm.c registers
 *				its platform driver, which binds the SMMUs.
 *				Devices get their groups and domains.
 *	late_initcall		Deferred clients probe, with their domains in
 *				place.
 *
 * If the hypervisor does not take the SMMUs, the deferred native driver gets
 * them at late_initcall.
 */

#define pr_fmt(fmt) "arm-smmu-kvm: " fmt

#include <linux/device.h>
#include <linux/init.h>
#include <linux/minmax.h>
#include <linux/mm.h>
#include <linux/of.h>
#include <linux/sizes.h>
#include <linux/slab.h>

#include <asm/kvm_asm.h>
#include <asm/kvm_iommu.h>
#include <asm/virt.h>

#include <soc/tegra/mc.h>

#include "arm-smmu-kvm-host.h"

/* What the hypervisor can use for its own state, generously, in bytes */
#define STATE_PER_SMMU		SZ_16K
#define STATE_PER_ENTRY		64

/* The driver at EL2 */
DECLARE_KVM_NVHE_SYM(smmu_v2_ops);

static struct smmu_kvm_topology topology __ro_after_init;

/**
 * smmu_kvm_topology() - what the hypervisor was told
 *
 * Return: the description, NULL if the hypervisor has taken none
 */
const struct smmu_kvm_topology *smmu_kvm_topology(void)
{
	return topology.desc ? &topology : NULL;
}

/**
 * smmu_kvm_claims() - is an SMMU out of bounds for the native driver?
 * @dev: the SMMU
 *
 * Return: 0 if it is not, -ENODEV if the hypervisor owns it, -EPROBE_DEFER as
 * long as that is open
 */
int smmu_kvm_claims(struct device *dev)
{
	const struct smmu_kvm_topology *topo = smmu_kvm_topology();
	u32 i;

	if (!dev->of_node || !smmu_kvm_of_match(dev->of_node))
		return 0;
	if (kvm_iommu_pending())
		return -EPROBE_DEFER;
	if (!topo)
		return 0;

	for (i = 0; i < topo->desc->nr_smmus; i++) {
		if (topo->smmu_np[i] == dev->of_node)
			return -ENODEV;
	}

	return 0;
}

static void __init builder_free(struct smmu_kvm_builder *b)
{
	u32 i;

	for (i = 0; i < SMMU_KVM_MAX_SMMUS; i++)
		of_node_put(b->smmu_np[i]);
	for (i = 0; i < SMMU_KVM_MAX_ENDPOINTS; i++)
		of_node_put(b->endpoint_np[i]);
	for (i = 0; i < SMMU_KVM_MAX_CLIENTS; i++)
		kfree_const(b->client_name[i]);
	kvfree(b);
}

static void __init topology_free(struct smmu_kvm_topology *topo)
{
	kfree(topo->desc);
	kfree(topo->smmu_np);
	kfree(topo->endpoint_np);
	kfree(topo->client_name);
}

/* Keep what is needed later. The nodes become the topology's on success. */
static int __init topology_init(struct smmu_kvm_topology *topo,
				const struct smmu_kvm_builder *b,
				const void *blob)
{
	const void *copy;

	copy = kmemdup(blob, smmu_kvm_desc_size(b), GFP_KERNEL);
	if (!copy)
		return -ENOMEM;
	smmu_kvm_decode(topo, copy);

	topo->smmu_np = kmemdup_array(b->smmu_np, b->desc.nr_smmus,
				      sizeof(*b->smmu_np), GFP_KERNEL);
	topo->endpoint_np = kmemdup_array(b->endpoint_np, b->desc.nr_endpoints,
					  sizeof(*b->endpoint_np), GFP_KERNEL);
	topo->client_name = kmemdup_array(b->client_name, b->desc.nr_clients,
					  sizeof(*b->client_name), GFP_KERNEL);
	if (!topo->smmu_np || !topo->endpoint_np || !topo->client_name) {
		topology_free(topo);
		return -ENOMEM;
	}

	return 0;
}

static size_t __init hyp_state_size(const struct smmu_kvm_builder *b)
{
	u32 nr_entries = b->desc.nr_endpoints + b->desc.nr_streams +
			 b->desc.nr_clients;
	u32 i, mc_end = 0;

	/* Between the registers of the clients may be those of others. */
	for (i = 0; i < b->desc.nr_clients; i++)
		mc_end = max(mc_end, b->clients[i].override);

	return b->desc.nr_smmus * STATE_PER_SMMU +
	       nr_entries * STATE_PER_ENTRY + mc_end;
}

static int __init smmu_kvm_init(void)
{
	struct smmu_kvm_topology topo = {};
	struct smmu_kvm_builder *b;
	size_t size;
	void *blob;
	int ret;

	b = kvzalloc_obj(*b);
	if (!b)
		return -ENOMEM;

	ret = smmu_kvm_of_describe(b);
	if (ret)
		goto err_free_builder;

	smmu_kvm_mc_policy(b);

	size = PAGE_ALIGN(smmu_kvm_desc_size(b)) + PAGE_ALIGN(hyp_state_size(b)) +
	       kvm_iommu_boot_size();
	blob = alloc_pages_exact(size, GFP_KERNEL | __GFP_ZERO);
	if (!blob) {
		ret = -ENOMEM;
		goto err_free_builder;
	}
	smmu_kvm_encode(b, size >> PAGE_SHIFT, blob);

	ret = topology_init(&topo, b, blob);
	if (ret)
		goto err_free_blob;

	ret = kvm_iommu_init_hyp((void *)kvm_nvhe_sym(smmu_v2_ops), blob,
				 size >> PAGE_SHIFT);
	if (ret) {
		pr_err("the hypervisor refuses %u SMMUs: %d\n",
		       b->desc.nr_smmus, ret);
		goto err_free_topology;
	}

	if (b->desc.mc_size)
		tegra_mc_hand_over_sid();

	pr_info("%u SMMUs, %u devices, %u streams, %u memory clients\n",
		b->desc.nr_smmus, b->desc.nr_endpoints, b->desc.nr_streams,
		b->desc.nr_clients);

	topology = topo;
	kvfree(b);
	return 0;

err_free_topology:
	topology_free(&topo);
err_free_blob:
	free_pages_exact(blob, size);
err_free_builder:
	builder_free(b);
	return ret;
}

static const struct kvm_iommu_driver smmu_kvm_driver __initconst = {
	.name = "arm-smmu-kvm",
	.init = smmu_kvm_init,
};

static int __init smmu_kvm_early_init(void)
{
	if (!is_protected_kvm_enabled() || !smmu_kvm_of_present())
		return 0;

	return kvm_iommu_register_driver(&smmu_kvm_driver);
}
subsys_initcall(smmu_kvm_early_init);
