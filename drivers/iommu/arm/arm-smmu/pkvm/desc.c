// SPDX-License-Identifier: GPL-2.0-only
/*
 * Checks of a description of SMMUv2s: the driver's part of a description, see
 * drivers/iommu/pkvm/desc.c for the rest.
 *
 * This file is built for EL2 and for the host.
 */

#include <kunit/visibility.h>

#include <linux/align.h>
#include <linux/arm-smmu-kvm-desc.h>
#include <linux/errno.h>
#include <linux/mm.h>
#include <linux/sizes.h>

/**
 * smmu_kvm_part_size() - compute the size of the driver's part of a description
 * @nr_smmus: number of SMMUs
 * @soc_size: bytes of the SoC's part
 *
 * Return: the size in bytes
 */
size_t smmu_kvm_part_size(u32 nr_smmus, u32 soc_size)
{
	return sizeof(struct smmu_kvm_desc) +
	       nr_smmus * sizeof(struct smmu_kvm_desc_smmu) + soc_size;
}
EXPORT_SYMBOL_IF_KUNIT(smmu_kvm_part_size);

/**
 * smmu_kvm_decode() - find the parts of an encoded description
 * @l: the parts, to be filled in
 * @blob: the description, as large as its header says
 */
void smmu_kvm_decode(struct smmu_kvm_layout *l, const void *blob)
{
	pkvm_iommu_decode(&l->common, blob);
	l->desc = l->common.drv;
	l->smmus = (const void *)(l->desc + 1);
	l->soc = l->desc->soc_size ? l->smmus + l->common.desc->nr_iommus : NULL;
}
EXPORT_SYMBOL_IF_KUNIT(smmu_kvm_decode);

static int check_size(const struct pkvm_iommu_layout *common)
{
	const struct pkvm_iommu_desc *head = common->desc;
	const struct smmu_kvm_desc *desc = common->drv;

	if (head->sid_bits != SMMU_KVM_SID_BITS || head->drv_size < sizeof(*desc) ||
	    desc->reserved)
		return -EINVAL;

	if (desc->soc_size > SMMU_KVM_MAX_SOC_SIZE)
		return -E2BIG;

	/* The SoC's part of the description and its operations come together. */
	if (!IS_ALIGNED(desc->soc_size, 8) || !desc->soc_size != !desc->soc)
		return -EINVAL;

	return head->drv_size == smmu_kvm_part_size(head->nr_iommus, desc->soc_size) ?
	       0 : -EINVAL;
}

static bool ranges_overlap(u64 a, u64 a_size, u64 b, u64 b_size)
{
	return a < b + b_size && b < a + a_size;
}

static bool smmu_overlaps_others(const struct smmu_kvm_layout *l, u32 i, u32 instance)
{
	const struct smmu_kvm_desc_smmu *a = &l->smmus[i];
	u32 j, k;

	for (j = 0; j <= i; j++) {
		const struct smmu_kvm_desc_smmu *b = &l->smmus[j];

		for (k = 0; k < (j == i ? instance : b->nr_instances); k++)
			if (ranges_overlap(a->base[instance], a->size, b->base[k], b->size))
				return true;
	}

	return false;
}

static int check_smmus(const struct smmu_kvm_layout *l)
{
	u32 i, k;

	for (i = 0; i < l->common.desc->nr_iommus; i++) {
		const struct smmu_kvm_desc_smmu *a = &l->smmus[i];

		if (!a->nr_instances || a->nr_instances > SMMU_KVM_MAX_INSTANCES ||
		    !a->size || a->size > SZ_64M || !PAGE_ALIGNED(a->size) ||
		    (a->flags & ~(SMMU_KVM_COHERENT_WALK | SMMU_KVM_MMU500 |
				  SMMU_KVM_PAGES_ONLY)))
			return -EINVAL;

		for (k = 0; k < a->nr_instances; k++)
			if (!PAGE_ALIGNED(a->base[k]) || smmu_overlaps_others(l, i, k))
				return -EINVAL;
	}

	return 0;
}

/**
 * smmu_kvm_check() - check a description, except the SoC's part
 * @l: the parts, to be filled in
 * @blob: the description, in memory that nobody else can write
 * @room: size of that memory in bytes
 *
 * Return: 0, -EINVAL or -E2BIG
 */
int smmu_kvm_check(struct smmu_kvm_layout *l, const void *blob, size_t room)
{
	int ret;

	ret = pkvm_iommu_check(&l->common, blob, room, SMMU_KVM_DESC_MAGIC);
	if (ret)
		return ret;

	ret = check_size(&l->common);
	if (ret)
		return ret;

	smmu_kvm_decode(l, blob);

	return check_smmus(l);
}
EXPORT_SYMBOL_IF_KUNIT(smmu_kvm_check);
