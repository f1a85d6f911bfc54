/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Hypercalls past the host's own IOMMU driver, and the memory that EL2 asks for.
 */
#ifndef _COMMON_HYPERCALL_H
#define _COMMON_HYPERCALL_H

#include <linux/arm-smccc.h>
#include <linux/arm-smmu-kvm-desc.h>
#include <linux/bitfield.h>
#include <linux/gfp.h>
#include <linux/mm.h>
#include <linux/vmstat.h>
#include <asm/kvm_asm.h>
#include <asm/kvm_iommu.h>

/* Name, number, and how many arguments: the first members of an entry of a table. */
#define HYPERCALL(name, function, nr_args)	name, KVM_HOST_SMCCC_FUNC(function), nr_args

#define HVC_ALLOC	HYPERCALL("alloc_domain", __pkvm_iommu_alloc_domain, 2)
#define HVC_FREE	HYPERCALL("free_domain", __pkvm_iommu_free_domain, 1)
#define HVC_ATTACH	HYPERCALL("attach", __pkvm_iommu_attach, 5)
#define HVC_DETACH	HYPERCALL("detach", __pkvm_iommu_detach, 4)
#define HVC_MAP		HYPERCALL("map", __pkvm_iommu_map, 6)
#define HVC_MAP_RUNS	HYPERCALL("map_runs", __pkvm_iommu_map_runs, 4)
#define HVC_SET_RUNS	HYPERCALL("set_runs", __pkvm_iommu_set_runs, 2)
#define HVC_UNMAP	HYPERCALL("unmap", __pkvm_iommu_unmap, 4)
#define HVC_LOOKUP	HYPERCALL("iova_to_phys", __pkvm_iommu_iova_to_phys, 2)
#define HVC_TOPUP	HYPERCALL("topup", __pkvm_iommu_topup, 2)
#define HVC_RECLAIM	HYPERCALL("reclaim", __pkvm_iommu_reclaim, 1)
#define HVC_FAULTS	HYPERCALL("get_faults", __pkvm_iommu_get_faults, 2)
#define HVC_DEBUG	HYPERCALL("debug", __pkvm_iommu_debug, 3)
#define HVC_SHARE	HYPERCALL("share_hyp", __pkvm_host_share_hyp, 1)
#define HVC_UNSHARE	HYPERCALL("unshare_hyp", __pkvm_host_unshare_hyp, 1)

/* x1 if EL2 knows the call, else -EOPNOTSUPP. */
static inline long hypercall_answer(const struct arm_smccc_res *res)
{
	return res->a0 == SMCCC_RET_SUCCESS ? (long)res->a1 : -EOPNOTSUPP;
}

#define hypercall(res, f, ...)							\
({										\
	arm_smccc_1_1_hvc(KVM_HOST_SMCCC_FUNC(f), ##__VA_ARGS__, res);		\
	hypercall_answer(res);							\
})

/* The order of the block that a call asked for in x3. */
static inline unsigned int wanted_order(u64 want)
{
	return FIELD_GET(KVM_IOMMU_BLOCK_ORDER, want);
}

static inline struct page *alloc_wanted(u64 want, gfp_t gfp)
{
	if (want & KVM_IOMMU_BLOCK_LOW)
		gfp |= GFP_DMA32;
	return alloc_pages(GFP_KERNEL | gfp, wanted_order(want));
}

/*
 * The host's driver counts the pages that EL2 has. Whoever gets a page back
 * subtracts it, so whoever gives one past that driver adds it.
 */
static inline void count_given(struct page *page, long nr_pages)
{
	mod_node_page_state(page_pgdat(page), NR_IOMMU_PAGES, nr_pages);
	mod_node_page_state(page_pgdat(page), NR_SECONDARY_PAGETABLE, nr_pages);
}

/* The index of SMMU_KVM_DEBUG_STREAM. */
static inline u64 stream_index(u32 endpoint, u32 sid)
{
	return (u64)endpoint << 32 | sid;
}

/*
 * EL2 names an endpoint by its number in a description that only it has: find them
 * by asking for all. @info asks EL2 about a stream: its answer, and the state in x2;
 * @found is called for each stream that there is. Returns the number of IOMMUs.
 */
#define MAX_ENDPOINTS	64
#define MAX_SIDS	128

static inline u32 ask_for_streams(long (*info)(u32 iommu, u32 endpoint, u32 sid, u64 *state),
				  void (*found)(u32 iommu, u32 endpoint, u32 sid, u64 state))
{
	u32 iommu, endpoint, sid;
	u64 state;

	for (iommu = 0; info(iommu, 0, 0, &state) != -EINVAL; iommu++)
		for (endpoint = 0; endpoint < MAX_ENDPOINTS; endpoint++)
			for (sid = 0; sid < MAX_SIDS; sid++)
				if (!info(iommu, endpoint, sid, &state))
					found(iommu, endpoint, sid, state);
	return iommu;
}

#endif /* _COMMON_HYPERCALL_H */
