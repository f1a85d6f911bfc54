/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The SMMUv2 driver's part of a description (linux/pkvm-iommu-desc.h), and the
 * operations of a SoC that has hardware of its own between devices and SMMUs.
 *
 * The driver's part consists of the following, in this order and without gaps:
 *
 *	struct smmu_kvm_desc			the header
 *	struct smmu_kvm_desc_smmu	[nr_iommus]
 *	the SoC's part, soc_size bytes	see struct smmu_soc_ops
 */
#ifndef __LINUX_ARM_SMMU_KVM_DESC_H
#define __LINUX_ARM_SMMU_KVM_DESC_H

#include <linux/bits.h>
#include <linux/pkvm-iommu-desc.h>
#include <linux/types.h>

#include <asm/kvm_iommu.h>

#define SMMU_KVM_DESC_MAGIC		0x32564d53	/* "SMV2" */

#define SMMU_KVM_SID_BITS		16
#define SMMU_KVM_MAX_INSTANCES		2
#define SMMU_KVM_MAX_SOC_SIZE		65536

struct smmu_soc_ops;

/**
 * struct smmu_kvm_desc - header
 * @soc: the SoC's operations at EL2, NULL if there are none
 * @soc_size: bytes of the SoC's part, a multiple of 8; 0 if there is none
 * @reserved: zero
 */
struct smmu_kvm_desc {
	const struct smmu_soc_ops *soc;
	u32 soc_size;
	u32 reserved;
};

/* struct smmu_kvm_desc_smmu::flags */
#define SMMU_KVM_COHERENT_WALK		BIT(0)	/* "dma-coherent": table walks snoop */
#define SMMU_KVM_MMU500			BIT(1)	/* Arm's MMU-500, with its ACR and errata */
#define SMMU_KVM_PAGES_ONLY		BIT(2)	/* walk-cache erratum: map no blocks */

/**
 * struct smmu_kvm_desc_smmu - an SMMU, of one or several mirrored instances
 * @base: physical address of each instance's registers
 * @size: bytes at each @base
 * @nr_instances: 1..SMMU_KVM_MAX_INSTANCES
 * @flags: SMMU_KVM_*
 */
struct smmu_kvm_desc_smmu {
	u64 base[SMMU_KVM_MAX_INSTANCES];
	u64 size;
	u32 nr_instances;
	u32 flags;
};

/**
 * struct smmu_kvm_layout - the parts of a description
 * @common: the parts that all drivers have
 * @desc: the header of the driver's part
 * @smmus: array of @common.desc->nr_iommus elements
 * @soc: the SoC's part, NULL if there is none
 */
struct smmu_kvm_layout {
	struct pkvm_iommu_layout common;
	const struct smmu_kvm_desc *desc;
	const struct smmu_kvm_desc_smmu *smmus;
	const void *soc;
};

size_t smmu_kvm_part_size(u32 nr_smmus, u32 soc_size);
void smmu_kvm_decode(struct smmu_kvm_layout *l, const void *blob);
int smmu_kvm_check(struct smmu_kvm_layout *l, const void *blob, size_t room);

/**
 * enum smmu_kvm_debug - what __pkvm_iommu_debug returns about SMMUs
 * @SMMU_KVM_DEBUG_STAT: a counter of all SMMUs; index: enum smmu_kvm_stat
 * @SMMU_KVM_DEBUG_ROOM: SMMU_KVM_ROOM_* of an SMMU; the index is not used
 * @SMMU_KVM_DEBUG_STREAM: SMMU_KVM_STREAM_* of a stream; index: endpoint << 32 |
 *			   stream ID
 * @SMMU_KVM_DEBUG_SOC: the first of the SoC's own values
 */
enum smmu_kvm_debug {
	SMMU_KVM_DEBUG_STAT = KVM_IOMMU_DEBUG_DRIVER,
	SMMU_KVM_DEBUG_ROOM,
	SMMU_KVM_DEBUG_STREAM,

	SMMU_KVM_DEBUG_SOC = 32,
};

enum smmu_kvm_stat {
	SMMU_KVM_STAT_INSTANCES,	/* SMMU instances taken over */
	SMMU_KVM_STAT_QUARANTINED,	/* quarantined context banks */
	SMMU_KVM_STAT_FAULTS,		/* faults found so far */
	SMMU_KVM_STAT_PREFETCH,		/* context banks whose prefetch cannot be disabled */
	SMMU_KVM_STAT_LONGEST_WAIT,	/* longest wait for a TLB sync so far, in us */
	SMMU_KVM_STAT_WAIT_BOUND,	/* timeout of a TLB sync, in us */
};

/* How much an SMMU can serve at the same time, apart from quarantined context banks. */
#define SMMU_KVM_ROOM_DOMAINS		GENMASK(15, 0)	/* domains with a stream attached */
#define SMMU_KVM_ROOM_STREAMS		GENMASK(31, 16)	/* attached streams, each ID once */

/* The state of a stream. */
#define SMMU_KVM_STREAM_ATTACHED	BIT(0)
#define SMMU_KVM_STREAM_QUARANTINED	BIT(1)	/* blocked, because a sync timed out */
#define SMMU_KVM_STREAM_BANK		GENMASK(15, 8)
#define SMMU_KVM_STREAM_FMT		GENMASK(19, 16)	/* enum kvm_iommu_fmt */
#define SMMU_KVM_STREAM_USERS		GENMASK(31, 20)
#define SMMU_KVM_STREAM_DOMAIN		GENMASK(63, 32)	/* handle */

/* Indices of struct kvm_iommu_fault::status */
#define SMMU_KVM_FAULT_FSR		0	/* SMMU_CBn_FSR, SMMU_sGFSR */
#define SMMU_KVM_FAULT_FSYNR		1	/* SMMU_CBn_FSYNR0, SMMU_sGFSYNR0 */

/**
 * struct smmu_soc_ops - operations at EL2 on a SoC's hardware between devices and SMMUs
 * @probe: check the SoC's part of the description, without changing the hardware
 * @take: take the registers from the host and map them, still without changing them
 * @give_back: undo @take
 * @block: let no device bypass the SMMUs. Called once, when all SMMUs block
 * @resume: restore registers that a loss of power may have reset
 * @query: return what @route would return, without changing anything
 * @route: let a device present its stream ID @sid. All or nothing. Called for the
 *	   first attachment of each described stream, after the SMMU routes it
 * @unroute: undo @route, after the last detachment
 * @access: make an access for the host to registers that @take has taken, see
 *	    @host_access in struct kvm_iommu_ops
 * @debug: return a value; @what is at least SMMU_KVM_DEBUG_SOC, see struct
 *	   kvm_iommu_ops
 * @pa_bits: number of physical address bits that may be mapped, 0 if the SMMU's own
 *	     number applies
 *
 * An operation may be NULL. Then there is nothing to do, and nothing is refused
 * except accesses of the host and debug values.
 */
struct smmu_soc_ops {
	int (*probe)(const struct smmu_kvm_layout *layout);
	int (*take)(void);
	void (*give_back)(void);
	void (*block)(void);
	void (*resume)(void);
	int (*query)(u32 endpoint, u32 sid);
	int (*route)(u32 endpoint, u32 sid);
	void (*unroute)(u32 endpoint);
	int (*access)(phys_addr_t phys, bool write, unsigned int size, u64 *val);
	int (*debug)(u32 what, u64 index, u64 *val);
	u8 pa_bits;
};

#endif /* __LINUX_ARM_SMMU_KVM_DESC_H */
