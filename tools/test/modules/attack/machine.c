// SPDX-License-Identifier: GPL-2.0-only
/*
 * Targets and means of attacks.
 *
 * A hostile kernel knows its own symbols, and so the memory that it gave to EL2 at boot,
 * and the addresses of EL2's code and data in the kernel image. It knows the addresses
 * of registers from the device tree.
 */
#include <linux/delay.h>
#include <linux/dma-mapping.h>
#include <linux/iommu.h>
#include <linux/kvm_host.h>

#include <common/places.h>
#include <mmio/access.h>

#include "attack.h"

struct smmu smmus[MAX_SMMUS];
unsigned int nr_smmus;
phys_addr_t mc_sid_base;
struct bm *bm;
struct bm_info bm_info;
struct smmu *bm_smmu;

static lookup_name_t lookup_name;

void *symbol(const char *name)
{
	return (void *)lookup_name(name);
}

phys_addr_t symbol_phys(const char *name)
{
	unsigned long va = lookup_name(name);

	return va ? va - kimage_voffset : 0;
}

phys_addr_t hyp_spare_page(void)
{
	return hyp_idle_page(lookup_name);
}

phys_addr_t hyp_text_page(void)
{
	return symbol_phys("__hyp_text_start") & PAGE_MASK;
}

/* host_mmu starts with the host's struct kvm_arch, which starts with its kvm_s2_mmu. */
phys_addr_t hyp_stage2_pointer(void)
{
	phys_addr_t mmu = symbol_phys("__kvm_nvhe_host_mmu");

	return mmu ? mmu + offsetof(struct kvm_arch, mmu.pgd_phys) : 0;
}

int read32(phys_addr_t phys, u32 *val)
{
	void *page = access_map(phys & PAGE_MASK, PAGE_SIZE);
	u64 v;
	int ret;

	if (!page)
		return -ENOMEM;
	ret = access_read(page + offset_in_page(phys), 4, &v);
	*val = v;
	access_unmap(page);
	return ret;
}

int write32(phys_addr_t phys, u32 val)
{
	void *page = access_map(phys & PAGE_MASK, PAGE_SIZE);
	int ret;

	if (!page)
		return -ENOMEM;
	ret = access_write(page + offset_in_page(phys), 4, val);
	access_unmap(page);
	return ret;
}

bool host_may_read(phys_addr_t phys)
{
	u32 val;

	return !read32(phys, &val);
}

bool host_may_write(phys_addr_t phys)
{
	u32 val;

	return !read32(phys, &val) && !write32(phys, val);
}

/* Pages that are always mapped, enough to use each instance of an SMMU */
#define ALWAYS_SIZE	(16 * PAGE_SIZE)

static void *always;
static dma_addr_t always_iova;

static bool transfer(u32 client, u32 sid, u64 addr, bool write, void *data, u32 len)
{
	return bm_once(bm, client, sid, write ? BM_F_WRITE : 0, addr, data, len);
}

static void settle(void)
{
	u32 word, i, tries;

	for (tries = 0; tries < 500; tries++) {
		for (i = 0; i < ALWAYS_SIZE; i += PAGE_SIZE)
			if (!transfer(BM_AS_DESCRIBED, BM_AS_DESCRIBED, always_iova + i, false,
				      &word, sizeof(word)))
				break;
		if (i == ALWAYS_SIZE)
			return;
		msleep(2);
	}
}

bool dma_as(u32 client, u32 sid, u64 addr, bool write, void *data, u32 len)
{
	if (transfer(client, sid, addr, write, data, len))
		return true;
	settle();
	return false;
}

bool dma_once(u64 addr, bool write, void *data, u32 len)
{
	return transfer(BM_AS_DESCRIBED, BM_AS_DESCRIBED, addr, write, data, len);
}

void loop_start(struct bm *b, u64 addr, bool write)
{
	u64 word = LOOP_WORD;
	struct bm_xfer x = {
		.client = BM_AS_DESCRIBED,
		.sid = BM_AS_DESCRIBED,
		.flags = BM_F_LOOP | (write ? BM_F_WRITE : 0),
		.addr = addr,
		.len = sizeof(word),
		.period_us = 50,
	};

	bm_transfer(b, &x, &word);
}

void loop_stop(struct bm *b)
{
	bm_stop(b);
}

static u32 loop_ok, loop_err;

u32 loop_reached(struct bm *b)
{
	struct bm_xfer x = { };
	u32 ok = loop_ok;

	bm_status(b, &x, NULL);
	loop_ok = x.ok_count;
	loop_err = x.err_count;
	return loop_ok - ok;
}

bool loop_lives(struct bm *b)
{
	int tries;

	loop_reached(b);
	for (tries = 0; tries < 20; tries++) {
		msleep(1);
		if (loop_reached(b))
			return true;
	}
	return false;
}

bool loop_is_dead(struct bm *b)
{
	u32 err;
	int tries;

	loop_reached(b);
	err = loop_err;
	/* On a busy host the device may be slow to try. */
	for (tries = 0; tries < 200 && loop_err - err < 10; tries++) {
		msleep(1);
		if (loop_reached(b))
			return false;
	}
	return loop_err != err;
}

#define MAX_KEPT	256
static struct page *kept[MAX_KEPT];
static unsigned int nr_kept;

void keep_page(struct page *page)
{
	if (nr_kept < MAX_KEPT)
		kept[nr_kept++] = page;
}

bool dma(u64 addr, bool write, void *data, u32 len)
{
	return dma_as(BM_AS_DESCRIBED, BM_AS_DESCRIBED, addr, write, data, len);
}

static void find_smmus(const struct device_node *mine)
{
	struct device_node *np;
	struct resource res;
	struct smmu *s;

	for_each_smmu(np) {
		if (nr_smmus == MAX_SMMUS)
			continue;
		s = &smmus[nr_smmus++];
		while (s->nr_instances < MAX_INSTANCES &&
		       !of_address_to_resource(np, s->nr_instances, &res)) {
			s->base[s->nr_instances++] = res.start;
			s->size = resource_size(&res);
		}
		snprintf(s->name, sizeof(s->name), "smmu@%llx", s->base[0]);
		if (np == mine)
			bm_smmu = s;
	}
}

static void find_mc(void)
{
	struct device_node *np = find_mc_node();
	struct resource res;
	int i;

	if (!np)
		return;
	i = of_property_match_string(np, "reg-names", "sid");
	if (i >= 0 && !of_address_to_resource(np, i, &res))
		mc_sid_base = res.start;
	of_node_put(np);
}

int machine_init(unsigned long lookup)
{
	struct of_phandle_args args = {};

	if (!lookup)
		return -EINVAL;
	lookup_name = (void *)lookup;

	bm = bm_get(0);
	if (bm) {
		always = dma_alloc_coherent(bm_device(bm), ALWAYS_SIZE, &always_iova, GFP_KERNEL);
		if (!always)
			return -ENOMEM;
		bm_describe(bm, &bm_info);
		if (of_parse_phandle_with_args(bm_device(bm)->of_node, "iommus", "#iommu-cells",
					       0, &args))
			args.np = NULL;
	}
	find_smmus(args.np);
	of_node_put(args.np);
	find_mc();
	return 0;
}

void machine_exit(void)
{
	while (nr_kept)
		__free_page(kept[--nr_kept]);
	if (always)
		dma_free_coherent(bm_device(bm), ALWAYS_SIZE, always, always_iova);
}
