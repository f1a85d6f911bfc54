/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The frozen description of SMMUs, devices and stream IDs, see desc.c.
 *
 * Nothing here needs the hypervisor, so that the host can test it.
 */
#ifndef _PKVM_SMMU_DESC_H
#define _PKVM_SMMU_DESC_H

#include <linux/types.h>

#include "../arm-smmu-kvm.h"

/**
 * smmu_streams_overlap() - is there a stream ID that both match?
 * @id: stream ID of one stream match register
 * @mask: bits of it that are not compared
 * @other_id: stream ID of the other
 * @other_mask: bits of it that are not compared
 *
 * IHI 0062, 9.6.28: the transaction of a stream ID that matches twice is a
 * stream match conflict.
 *
 * Return: whether there is.
 */
static inline bool smmu_streams_overlap(u16 id, u16 mask, u16 other_id, u16 other_mask)
{
	return !((id ^ other_id) & ~(mask | other_mask) & U16_MAX);
}

int smmu_desc_init(const void *blob, size_t size);
const struct smmu_kvm_desc *smmu_desc(void);
const struct smmu_kvm_desc_smmu *smmu_desc_smmu(unsigned int i);
const struct smmu_kvm_desc_client *smmu_desc_client(unsigned int i);
int smmu_desc_find_stream(u32 iommu, u32 endpoint, u16 id, u16 mask);
unsigned int smmu_desc_nr_clients(u32 endpoint);
unsigned int smmu_desc_endpoint_client(u32 endpoint, unsigned int i);

#endif /* _PKVM_SMMU_DESC_H */
