/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Arm SMMUv2 at EL2: declarations that its files share.
 *
 *	desc.c		checks of the host's description
 *	smmu-v2.c	takeover of SMMUs; streams, context banks, domains
 *	tlb.c		TLB invalidation
 *	fault.c		faults, and the state that the host may read
 *
 * Everything specific to one SoC is behind struct smmu_soc_ops.
 *
 * Section numbers are those of the Arm System Memory Management Unit
 * Architecture Specification, SMMU architecture version 2 (IHI 0062).
 */
#ifndef _PKVM_SMMU_V2_H
#define _PKVM_SMMU_V2_H

#include <linux/arm-smmu-kvm-desc.h>
#include <linux/bitfield.h>
#include <linux/io.h>
#include <linux/types.h>

#include <nvhe/iommu.h>

#include "../arm-smmu-regs.h"

#define SMMU_MAX_SMRS		128

/**
 * struct smmu_stream - a stream match register and its S2CR
 * @domain: the domain that it is routed to, NULL if the pair is free
 * @users: number of attachments
 * @id: stream ID
 * @mask: stream ID bits that are ignored
 */
struct smmu_stream {
	struct kvm_hyp_iommu_domain	*domain;
	u16				users;
	u16				id;
	u16				mask;
};

/**
 * struct smmu_bank - a context bank
 * @domain: the domain that it translates for, NULL if the bank is free
 * @digest: digest of its registers as they read back when it was enabled, for
 *	    each instance
 * @quarantined: the TLB may still hold its translations: never use it again
 * @stuck: instance + 1 whose sync timed out, 0 once this has been reported
 */
struct smmu_bank {
	struct kvm_hyp_iommu_domain	*domain;
	u64				digest[SMMU_KVM_MAX_INSTANCES];
	bool				quarantined;
	u8				stuck;
};

/**
 * struct smmu_device - an SMMU, of one or several mirrored instances
 * @lock: guards @streams, @banks and the registers of both
 * @fault_lock: guards @fault_next and fault registers
 * @base: registers of each instance
 * @nr_instances: number of instances
 * @pgshift: a register page has 1 << @pgshift bytes
 * @numpage: register pages of the global address space; the context banks' follow
 * @nr_streams: number of pairs of stream match register and S2CR
 * @first_bank: the first context bank that can do stage 1
 * @nr_banks: number of context banks
 * @id_mask: stream ID bits that a stream match register can compare
 * @mask_mask: stream ID bits that a stream match register can ignore
 * @global_mask: stream ID bits that every stream match register must ignore
 * @ias: input address bits
 * @oas: output address bits
 * @lpae_pgsizes: page sizes of AArch64 tables
 * @v7s_pgsizes: page sizes of short-descriptor tables, 0 if not supported
 * @flags: SMMU_KVM_* of the description
 * @cr0: sCR0 of each instance, as it read back at takeover
 * @acr: sACR of each instance, as it read back at takeover; of an MMU-500 only
 * @nr_prefetch: context banks of all instances whose prefetch cannot be disabled
 * @blocked: the last reset failed: all streams fault, and none can be attached
 * @stuck: instance + 1 whose reset or global sync failed, 0 once this has been
 *	   reported
 * @fault_next: where the next search for a fault starts
 * @nr_faults: faults found so far
 * @streams: pairs of stream match register and S2CR
 * @banks: context banks
 */
struct smmu_device {
	hyp_spinlock_t		lock;
	hyp_spinlock_t		fault_lock;

	void __iomem		*base[SMMU_KVM_MAX_INSTANCES];
	unsigned int		nr_instances;
	unsigned int		pgshift;
	unsigned int		numpage;
	unsigned int		nr_streams;
	unsigned int		first_bank;
	unsigned int		nr_banks;
	u16			id_mask;
	u16			mask_mask;
	u16			global_mask;
	unsigned int		ias;
	unsigned int		oas;
	unsigned long		lpae_pgsizes;
	unsigned long		v7s_pgsizes;
	u32			flags;
	u32			cr0[SMMU_KVM_MAX_INSTANCES];
	u32			acr[SMMU_KVM_MAX_INSTANCES];
	unsigned int		nr_prefetch;
	bool			blocked;
	u8			stuck;

	unsigned int		fault_next;
	u64			nr_faults;

	struct smmu_stream	streams[SMMU_MAX_SMRS];
	struct smmu_bank	banks[ARM_SMMU_MAX_CBS];
};

extern struct smmu_device *smmus;
extern unsigned int nr_smmus;
extern const struct smmu_soc_ops *smmu_soc;

/*
 * The context bank of a domain, or -1. priv[0] holds bank + 1, so that a new
 * domain has none. Guarded by the domain's lock.
 */
static inline int smmu_domain_bank(struct kvm_hyp_iommu_domain *domain)
{
	return (int)domain->priv[0] - 1;
}

static inline struct smmu_device *smmu_of(struct kvm_hyp_iommu_domain *domain)
{
	return &smmus[domain->iommu];
}

/*
 * Registers. A write goes to all instances, which must be programmed alike; a
 * read names its instance.
 */
/* Register pages of the global address spaces. */
#define ARM_SMMU_GR0		0
#define ARM_SMMU_GR1		1

static inline void __iomem *smmu_page(struct smmu_device *smmu, unsigned int inst,
				      unsigned int page)
{
	return smmu->base[inst] + ((size_t)page << smmu->pgshift);
}

static inline unsigned int smmu_bank_page(struct smmu_device *smmu, unsigned int bank)
{
	return smmu->numpage + bank;
}

static inline u32 smmu_readl(struct smmu_device *smmu, unsigned int inst,
			     unsigned int page, unsigned int reg)
{
	return readl_relaxed(smmu_page(smmu, inst, page) + reg);
}

static inline void smmu_writel(struct smmu_device *smmu, unsigned int page,
			       unsigned int reg, u32 val)
{
	unsigned int inst;

	for (inst = 0; inst < smmu->nr_instances; inst++)
		writel_relaxed(val, smmu_page(smmu, inst, page) + reg);
}

static inline void smmu_writeq(struct smmu_device *smmu, unsigned int page,
			       unsigned int reg, u64 val)
{
	unsigned int inst;

	for (inst = 0; inst < smmu->nr_instances; inst++)
		writeq_relaxed(val, smmu_page(smmu, inst, page) + reg);
}

/* The ASID and VMID of a bank: its own, so that no two banks share a TLB entry. */
static inline u16 smmu_bank_tag(unsigned int bank)
{
	return bank + 1;
}

/* smmu-v2.c */
extern const struct kvm_iommu_ops smmu_v2_ops;

int smmu_stream_info(u32 iommu, u32 endpoint, u32 id, u64 *info);

/* tlb.c */
extern const struct iommu_flush_ops smmu_flush_ops;
u64 smmu_tlb_longest_wait_us(void);
u64 smmu_tlb_wait_bound_us(void);
int smmu_tlb_sync_global(struct smmu_device *smmu);
int smmu_tlb_inv_bank(struct smmu_device *smmu, unsigned int bank);
int smmu_tlb_inv_walks(struct smmu_device *smmu);
int smmu_tlb_inv_range(struct kvm_hyp_iommu_domain *domain, unsigned long iova,
		       size_t size, size_t granule);

/* fault.c */
int smmu_get_fault(u32 iommu, struct kvm_iommu_fault *f);
int smmu_debug(u32 iommu, u32 what, u64 index, u64 *val);

#endif /* _PKVM_SMMU_V2_H */
