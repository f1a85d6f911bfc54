// SPDX-License-Identifier: GPL-2.0-only
/*
 * Arm SMMUv2 at EL2: takeover, routing of streams, context banks.
 *
 * A stream that nobody attached matches no stream match register, and faults,
 * because sCR0.USFCFG is set at all times. A stream that is attached matches
 * exactly one, whose S2CR sends it to the context bank of its domain. There is
 * no third state: nothing bypasses.
 *
 *	attach	bank set up and enabled, then opened (first attachment of the
 *		domain), then S2CR, then the stream match register becomes
 *		valid, then the memory controller gives the device its stream ID
 *	detach	the same backwards, then, when the bank has no stream left and
 *		nothing is under way, it is closed, and disabled and free once
 *		its TLB entries are gone
 *
 * A transaction in flight on the way through either finds all of it, or it
 * faults. A bank whose stage 1 is disabled would bypass. So one that is not in
 * use is closed: its CBAR makes it fault, whatever its other registers say. It
 * is closed before stage 1 is disabled, and opened after stage 1 is enabled. One
 * that is quarantined is never disabled.
 *
 * A domain is one context bank with a stage 1 of its own, without stage 2: the
 * tables are the hypervisor's, there is nothing that a second stage would add.
 */

#include <linux/bitfield.h>
#include <linux/hash.h>
#include <linux/iommu.h>
#include <linux/minmax.h>
#include <linux/sizes.h>

#include <asm/kvm_mmu.h>

#include <nvhe/mem_protect.h>
#include <nvhe/memory.h>

#include "smmu-v2.h"

/* Auxiliary configuration of the MMU-500 (Arm MMU-500 TRM, 3.3). */
#define MMU500_ACTLR_CPRE	BIT(1)
#define MMU500_ACR_CACHE_LOCK	BIT(26)
#define MMU500_ACR_S2CRB_TLBEN	BIT(10)
#define MMU500_ACR_SMTNMB_TLBEN	BIT(8)

struct smmu_device *smmus;
unsigned int nr_smmus;

/* Attachments by stream of the description; guarded by the SMMU's lock. */
static u16 *stream_users;

/*
 * Takeover, part 1: look at the hardware without changing it.
 */

static unsigned int id_to_bits(unsigned int size)
{
	static const u8 bits[] = { 32, 36, 40, 42, 44, 48 };

	return size < ARRAY_SIZE(bits) ? bits[size] : 48;
}

/* IHI 0062, 9.6.3: SMMU_IDR0-7. */
static int smmu_read_ids(struct smmu_device *smmu, const struct smmu_kvm_desc_smmu *d)
{
	static const u8 regs[] = { ARM_SMMU_GR0_ID0, ARM_SMMU_GR0_ID1,
				   ARM_SMMU_GR0_ID2 };
	u32 id0, id1, id2;
	unsigned int i, inst;

	/* Mirrored instances that differ cannot be programmed alike. */
	for (inst = 1; inst < smmu->nr_instances; inst++)
		for (i = 0; i < ARRAY_SIZE(regs); i++)
			if (smmu_readl(smmu, inst, ARM_SMMU_GR0, regs[i]) !=
			    smmu_readl(smmu, 0, ARM_SMMU_GR0, regs[i]))
				return -ENODEV;

	id0 = smmu_readl(smmu, 0, ARM_SMMU_GR0, ARM_SMMU_GR0_ID0);
	id1 = smmu_readl(smmu, 0, ARM_SMMU_GR0, ARM_SMMU_GR0_ID1);
	id2 = smmu_readl(smmu, 0, ARM_SMMU_GR0, ARM_SMMU_GR0_ID2);

	/* Stage 1, AArch64 tables of 4 KiB, and stream matching we rely on. */
	if (!(id0 & ARM_SMMU_ID0_S1TS) || !(id0 & ARM_SMMU_ID0_SMS) ||
	    !(id2 & ARM_SMMU_ID2_PTFS_4K))
		return -ENODEV;

	smmu->pgshift = id1 & ARM_SMMU_ID1_PAGESIZE ? 16 : 12;
	smmu->numpage = 1 << (FIELD_GET(ARM_SMMU_ID1_NUMPAGENDXB, id1) + 1);
	if ((u64)smmu->numpage << (smmu->pgshift + 1) > d->size)
		return -ENODEV;

	/* An upper limit; smmu_size_streams() finds out what there is. */
	smmu->id_mask = BIT(FIELD_GET(ARM_SMMU_ID0_NUMSIDB, id0)) - 1;
	smmu->mask_mask = smmu->id_mask;

	smmu->nr_streams = FIELD_GET(ARM_SMMU_ID0_NUMSMRG, id0);
	smmu->nr_banks = FIELD_GET(ARM_SMMU_ID1_NUMCB, id1);
	/* Banks that can do stage 2 only come first, and are of no use. */
	smmu->first_bank = FIELD_GET(ARM_SMMU_ID1_NUMS2CB, id1);
	if (!smmu->nr_streams || smmu->nr_streams > SMMU_MAX_SMRS ||
	    !smmu->nr_banks || smmu->nr_banks > ARM_SMMU_MAX_CBS ||
	    smmu->nr_banks > smmu->numpage || smmu->first_bank >= smmu->nr_banks)
		return -ENODEV;

	smmu->ias = id_to_bits(FIELD_GET(ARM_SMMU_ID2_UBS, id2));
	smmu->oas = id_to_bits(FIELD_GET(ARM_SMMU_ID2_OAS, id2));

	smmu->lpae_pgsizes = SZ_4K;
	if (!(smmu->flags & SMMU_KVM_PAGES_ONLY))
		smmu->lpae_pgsizes |= SZ_2M;

	if (!(id0 & (ARM_SMMU_ID0_PTFS_NO_AARCH32 | ARM_SMMU_ID0_PTFS_NO_AARCH32S))) {
		smmu->v7s_pgsizes = SZ_4K;
		if (!(smmu->flags & SMMU_KVM_PAGES_ONLY))
			smmu->v7s_pgsizes |= SZ_64K | SZ_1M;
	}

	return 0;
}

/*
 * Takeover, part 2: every stream faults.
 *
 * Firmware may have left the SMMU off (CLIENTPD), with streams that bypass, or
 * with streams that translate. What does not match is made to fault first, so
 * that each register that is cleared after it takes something away and nothing
 * is passed by.
 */

/* What both instances can hold of a stream ID and its mask (IHI 0062, 9.6.28). */
static void smmu_size_streams(struct smmu_device *smmu)
{
	unsigned int inst;
	u32 smr;

	smmu_writel(smmu, ARM_SMMU_GR0, ARM_SMMU_GR0_SMR(0),
		    FIELD_PREP(ARM_SMMU_SMR_ID, smmu->id_mask));
	for (inst = 0; inst < smmu->nr_instances; inst++) {
		smr = smmu_readl(smmu, inst, ARM_SMMU_GR0, ARM_SMMU_GR0_SMR(0));
		smmu->id_mask &= FIELD_GET(ARM_SMMU_SMR_ID, smr);
	}

	smmu_writel(smmu, ARM_SMMU_GR0, ARM_SMMU_GR0_SMR(0),
		    FIELD_PREP(ARM_SMMU_SMR_MASK, smmu->mask_mask));
	for (inst = 0; inst < smmu->nr_instances; inst++) {
		smr = smmu_readl(smmu, inst, ARM_SMMU_GR0, ARM_SMMU_GR0_SMR(0));
		smmu->mask_mask &= FIELD_GET(ARM_SMMU_SMR_MASK, smr);
	}

	smmu_writel(smmu, ARM_SMMU_GR0, ARM_SMMU_GR0_SMR(0), 0);
}

/*
 * IHI 0062, 9.6.1: fault what does not match or matches twice, report it, keep
 * the TLB to this SMMU's own invalidations (PTM, VMIDPNE).
 */
#define SMMU_CR0	(ARM_SMMU_sCR0_USFCFG | ARM_SMMU_sCR0_SMCFCFG |		\
			 ARM_SMMU_sCR0_GFRE | ARM_SMMU_sCR0_GFIE |		\
			 ARM_SMMU_sCR0_GCFGFRE | ARM_SMMU_sCR0_GCFGFIE |	\
			 ARM_SMMU_sCR0_VMIDPNE | ARM_SMMU_sCR0_PTM)

/*
 * No stream matches, and what does not match faults. Fast: until it is done, an
 * SMMU that has lost its registers passes everything.
 */
static void smmu_block_streams(struct smmu_device *smmu)
{
	unsigned int i, inst;
	u32 off;

	for (inst = 0; inst < smmu->nr_instances; inst++) {
		/* Once it was taken over, no value that it reads as turns it off. */
		off = smmu->cr0[inst] ? 0 :
		      smmu_readl(smmu, inst, ARM_SMMU_GR0, ARM_SMMU_GR0_sCR0) &
		      ARM_SMMU_sCR0_CLIENTPD;
		writel_relaxed(SMMU_CR0 | off,
			       smmu_page(smmu, inst, ARM_SMMU_GR0) + ARM_SMMU_GR0_sCR0);
	}

	for (i = 0; i < smmu->nr_streams; i++) {
		smmu_writel(smmu, ARM_SMMU_GR0, ARM_SMMU_GR0_S2CR(i),
			    FIELD_PREP(ARM_SMMU_S2CR_TYPE, S2CR_TYPE_FAULT));
		smmu_writel(smmu, ARM_SMMU_GR0, ARM_SMMU_GR0_SMR(i), 0);
	}

	smmu_writel(smmu, ARM_SMMU_GR0, ARM_SMMU_GR0_sCR0, SMMU_CR0);
}

/*
 * Make a bank fault, whatever its other registers say (IHI 0062, 9.6.35). The
 * VMID is what its TLB entries have, for the invalidation that follows.
 */
static u32 smmu_closed_cbar(unsigned int bank)
{
	return FIELD_PREP(ARM_SMMU_CBAR_TYPE, CBAR_TYPE_S1_TRANS_S2_FAULT) |
	       FIELD_PREP(ARM_SMMU_CBAR_VMID, smmu_bank_tag(bank));
}

static void smmu_close_bank(struct smmu_device *smmu, unsigned int bank)
{
	smmu_writel(smmu, ARM_SMMU_GR1, ARM_SMMU_GR1_CBAR(bank), smmu_closed_cbar(bank));
}

/*
 * Close all banks, in whatever state firmware or a loss of power left them. A
 * bank for stage 2 is closed after the banks for stage 1 that may be nested on
 * it. Those that can do stage 2 only cannot be made to fault, and stay as they
 * are: no stream leads there any more.
 */
static void smmu_close_banks(struct smmu_device *smmu)
{
	unsigned int i, inst;

	for (inst = 0; inst < smmu->nr_instances; inst++) {
		for (i = smmu->first_bank; i < smmu->nr_banks; i++) {
			void __iomem *cbar = smmu_page(smmu, inst, ARM_SMMU_GR1) +
					     ARM_SMMU_GR1_CBAR(i);

			if (FIELD_GET(ARM_SMMU_CBAR_TYPE, readl_relaxed(cbar)) !=
			    CBAR_TYPE_S2_TRANS)
				writel_relaxed(smmu_closed_cbar(i), cbar);
		}
	}

	for (i = smmu->first_bank; i < smmu->nr_banks; i++)
		smmu_close_bank(smmu, i);
}

/*
 * Only for a bank that is closed, after a sync: an SMMU may have read CBAR for a
 * transaction before that was written, and may read SCTLR for it now.
 */
static void smmu_disable_bank(struct smmu_device *smmu, unsigned int bank)
{
	smmu_writel(smmu, smmu_bank_page(smmu, bank), ARM_SMMU_CB_SCTLR, 0);
}

/* Clear bits, unless all read as ones: an SMMU that does not answer. */
static u32 smmu_clear_bits(void __iomem *reg, u32 bits)
{
	u32 val = readl_relaxed(reg);

	if (val != U32_MAX)
		writel_relaxed(val & ~bits, reg);

	return readl_relaxed(reg);
}

/*
 * Errata 826419, 841119 and others of the MMU-500: no prefetch (ACTLR.CPRE).
 * Return true if that took.
 */
static bool smmu_stop_prefetch(struct smmu_device *smmu, unsigned int inst, unsigned int bank)
{
	void __iomem *reg = smmu_page(smmu, inst, smmu_bank_page(smmu, bank)) + ARM_SMMU_CB_ACTLR;

	return !(smmu_clear_bits(reg, MMU500_ACTLR_CPRE) & MMU500_ACTLR_CPRE);
}

/*
 * ACR.CACHE_LOCK makes ACTLR read-only, and the Secure side may have locked it
 * for good. The host is told of banks that go on prefetching. Nothing is to be
 * remembered of streams that match nothing or bypass: there are none that should
 * get through.
 */
static void smmu_setup_mmu500(struct smmu_device *smmu)
{
	unsigned int i, inst;

	smmu->nr_prefetch = 0;
	for (inst = 0; inst < smmu->nr_instances; inst++) {
		void __iomem *reg = smmu_page(smmu, inst, ARM_SMMU_GR0) + ARM_SMMU_GR0_sACR;

		smmu->acr[inst] = smmu_clear_bits(reg, MMU500_ACR_CACHE_LOCK |
						       MMU500_ACR_SMTNMB_TLBEN |
						       MMU500_ACR_S2CRB_TLBEN);
		for (i = 0; i < smmu->nr_banks; i++)
			smmu->nr_prefetch += !smmu_stop_prefetch(smmu, inst, i);
	}
}

static int smmu_reset(struct smmu_device *smmu)
{
	u32 cr0, vital, fsr;
	unsigned int i, inst;
	int ret;

	smmu_block_streams(smmu);
	smmu_size_streams(smmu);
	smmu_close_banks(smmu);

	if (smmu->flags & SMMU_KVM_MMU500)
		smmu_setup_mmu500(smmu);

	for (i = 0; i < smmu->nr_banks; i++)
		smmu_writel(smmu, smmu_bank_page(smmu, i), ARM_SMMU_CB_FSR, ARM_SMMU_CB_FSR_FAULT);

	smmu_writel(smmu, ARM_SMMU_GR0, ARM_SMMU_GR0_TLBIALLH, 0);
	smmu_writel(smmu, ARM_SMMU_GR0, ARM_SMMU_GR0_TLBIALLNSNH, 0);
	ret = smmu_tlb_sync_global(smmu);

	/* A bank that something may still be under way to stays enabled. */
	for (i = smmu->first_bank; !ret && i < smmu->nr_banks; i++)
		smmu_disable_bank(smmu, i);

	for (inst = 0; inst < smmu->nr_instances; inst++) {
		fsr = smmu_readl(smmu, inst, ARM_SMMU_GR0, ARM_SMMU_GR0_sGFSR);
		writel_relaxed(fsr, smmu_page(smmu, inst, ARM_SMMU_GR0) + ARM_SMMU_GR0_sGFSR);
	}

	/* Believe nothing of what isolation rests on that was not read back. */
	vital = ARM_SMMU_sCR0_USFCFG | ARM_SMMU_sCR0_SMCFCFG | ARM_SMMU_sCR0_GFIE;
	for (inst = 0; inst < smmu->nr_instances; inst++) {
		cr0 = smmu_readl(smmu, inst, ARM_SMMU_GR0, ARM_SMMU_GR0_sCR0);
		if ((cr0 & (vital | ARM_SMMU_sCR0_CLIENTPD)) != vital) {
			smmu->stuck = inst + 1;
			return -EIO;
		}
		smmu->cr0[inst] = cr0;
	}

	return ret;
}

static int smmu_probe(unsigned int i)
{
	const struct smmu_kvm_desc_smmu *d = smmu_desc_smmu(i);
	struct smmu_device *smmu = &smmus[i];
	unsigned int inst;
	int ret;

	hyp_spin_lock_init(&smmu->lock);
	hyp_spin_lock_init(&smmu->fault_lock);
	smmu->nr_instances = d->nr_instances;
	smmu->flags = d->flags;

	for (inst = 0; inst < smmu->nr_instances; inst++) {
		ret = kvm_hyp_iommu_map_mmio(d->base[inst], d->size, &smmu->base[inst]);
		if (ret)
			return ret;
	}

	return smmu_read_ids(smmu, d);
}

static int smmu_take(unsigned int i)
{
	const struct smmu_kvm_desc_smmu *d = smmu_desc_smmu(i);
	unsigned int inst;
	int ret = 0;

	for (inst = 0; inst < d->nr_instances && !ret; inst++)
		ret = __pkvm_host_donate_hyp_mmio(d->base[inst], d->size);

	if (ret)
		for (inst--; inst-- > 0; )
			__pkvm_hyp_return_mmio(d->base[inst], d->size);

	return ret;
}

static void smmu_return(unsigned int i)
{
	const struct smmu_kvm_desc_smmu *d = smmu_desc_smmu(i);
	unsigned int inst;

	for (inst = 0; inst < d->nr_instances; inst++)
		__pkvm_hyp_return_mmio(d->base[inst], d->size);
}

static int smmu_init(void *blob, size_t size)
{
	const struct smmu_kvm_desc *desc;
	unsigned int i, taken = 0;
	int ret;

	ret = smmu_desc_init(blob, size);
	if (ret)
		return ret;

	desc = smmu_desc();
	if (!kvm_hyp_iommu_boot_alloc(desc->size))
		return -ENOMEM;
	memset(blob + desc->size, 0, size - desc->size);

	nr_smmus = desc->nr_smmus;
	smmus = kvm_hyp_iommu_boot_alloc(nr_smmus * sizeof(*smmus));
	stream_users = kvm_hyp_iommu_boot_alloc(desc->nr_streams * sizeof(*stream_users));
	if (!smmus || !stream_users)
		return -ENOMEM;

	for (i = 0; i < nr_smmus; i++) {
		ret = smmu_probe(i);
		if (ret)
			return ret;
	}

	ret = tegra_mc_probe();
	if (ret)
		return ret;

	for (taken = 0; taken < nr_smmus; taken++) {
		ret = smmu_take(taken);
		if (ret)
			goto give_back;
	}

	ret = tegra_mc_take();
	if (ret)
		goto give_back;

	/* The SMMUs first: a parked client must find one that blocks. */
	for (i = 0; i < nr_smmus; i++) {
		ret = smmu_reset(&smmus[i]);
		if (ret)
			goto give_back_mc;
		smmus[i].global_mask = smmu_desc_smmu(i)->smr_mask & smmus[i].mask_mask;
	}
	tegra_mc_park_all();

	return 0;

give_back_mc:
	tegra_mc_return();
give_back:
	while (taken--)
		smmu_return(taken);

	return ret;
}

/*
 * Domains.
 */

/*
 * Short descriptors have 32 bits for input and output addresses. That will do
 * for a device with no more address bits, if all memory can be reached.
 */
static int smmu_choose_fmt(struct kvm_hyp_iommu_domain *domain)
{
	bool v7s = smmu_of(domain)->v7s_pgsizes && !kvm_hyp_iommu_memory_above(SZ_4G);

	switch (domain->fmt) {
	case KVM_IOMMU_FMT_AUTO_32BIT:
		domain->fmt = v7s ? KVM_IOMMU_FMT_V7S : KVM_IOMMU_FMT_LPAE;
		return 0;
	case KVM_IOMMU_FMT_AUTO:
		domain->fmt = KVM_IOMMU_FMT_LPAE;
		return 0;
	case KVM_IOMMU_FMT_V7S:
		return v7s ? 0 : -EOPNOTSUPP;
	default:
		return 0;
	}
}

static int smmu_domain_init(struct kvm_hyp_iommu_domain *domain)
{
	struct io_pgtable_cfg *cfg = &domain->pgt.cfg;
	struct smmu_device *smmu;
	int ret;

	if (domain->iommu >= nr_smmus)
		return -EINVAL;

	ret = smmu_choose_fmt(domain);
	if (ret)
		return ret;

	smmu = smmu_of(domain);
	/*
	 * To Tegra's memory controller bit 39 may be no address bit, but another
	 * layout of the same memory, and no address is as large.
	 */
	if (smmu_desc()->mc_size)
		domain->pa_bits = 39;
	*cfg = (struct io_pgtable_cfg) {
		.pgsize_bitmap	= smmu->lpae_pgsizes,
		.ias		= smmu->ias,
		.oas		= smmu->oas,
		.coherent_walk	= smmu->flags & SMMU_KVM_COHERENT_WALK,
		.tlb		= &smmu_flush_ops,
	};

	if (domain->fmt == KVM_IOMMU_FMT_LPAE)
		return hyp_io_pgtable_init(&domain->pgt, ARM_64_LPAE_S1, domain);

	cfg->pgsize_bitmap = smmu->v7s_pgsizes;
	cfg->ias = 32;
	cfg->oas = 32;
	domain->low_tables = true;

	return hyp_io_pgtable_init(&domain->pgt, ARM_V7S, domain);
}

static void smmu_domain_destroy(struct kvm_hyp_iommu_domain *domain)
{
	hyp_io_pgtable_destroy(&domain->pgt);
}

/*
 * Translation of an AArch64 bank: TCR2 and TCR before the TTBRs, because they
 * say what those mean; SEP and TBI as for addresses of 48 bits; TTBR1 unused
 * (TCR.EPD1); the ASID is in the TTBRs (IHI 0062, 16.5).
 */
static void smmu_write_lpae(struct smmu_device *smmu, unsigned int bank,
			    const struct io_pgtable_cfg *cfg)
{
	unsigned int page = smmu_bank_page(smmu, bank);
	u64 asid = FIELD_PREP(ARM_SMMU_TTBRn_ASID, smmu_bank_tag(bank));

	smmu_writel(smmu, page, ARM_SMMU_CB_TCR2, arm_smmu_lpae_tcr2(cfg) | ARM_SMMU_TCR2_AS);
	smmu_writel(smmu, page, ARM_SMMU_CB_TCR, arm_smmu_lpae_tcr(cfg));
	smmu_writeq(smmu, page, ARM_SMMU_CB_TTBR0, asid | cfg->arm_lpae_s1_cfg.ttbr);
	smmu_writeq(smmu, page, ARM_SMMU_CB_TTBR1, asid);
	smmu_writel(smmu, page, ARM_SMMU_CB_S1_MAIR0, lower_32_bits(cfg->arm_lpae_s1_cfg.mair));
	smmu_writel(smmu, page, ARM_SMMU_CB_S1_MAIR1, upper_32_bits(cfg->arm_lpae_s1_cfg.mair));
}

/*
 * Translation of a short-descriptor bank: TTBCR.EAE is 0, and TTBCR.N, so that
 * TTBR0 has all of the address space; memory types by PRRR and NMRR
 * (SCTLR.TRE); the ASID is in CONTEXTIDR (IHI 0062, 16.5).
 */
static void smmu_write_v7s(struct smmu_device *smmu, unsigned int bank,
			   const struct io_pgtable_cfg *cfg)
{
	unsigned int page = smmu_bank_page(smmu, bank);

	smmu_writel(smmu, page, ARM_SMMU_CB_TCR2, 0);
	smmu_writel(smmu, page, ARM_SMMU_CB_TCR, cfg->arm_v7s_cfg.tcr);
	smmu_writel(smmu, page, ARM_SMMU_CB_CONTEXTIDR, smmu_bank_tag(bank));
	smmu_writel(smmu, page, ARM_SMMU_CB_TTBR0, cfg->arm_v7s_cfg.ttbr);
	smmu_writel(smmu, page, ARM_SMMU_CB_TTBR1, 0);
	smmu_writel(smmu, page, ARM_SMMU_CB_S1_MAIR0, cfg->arm_v7s_cfg.prrr);
	smmu_writel(smmu, page, ARM_SMMU_CB_S1_MAIR1, cfg->arm_v7s_cfg.nmrr);
}

/*
 * What a bank's registers say, in one word. Each step is invertible, so that a
 * single register that differs always shows.
 */
static u64 smmu_bank_digest(struct smmu_device *smmu, unsigned int inst, unsigned int bank)
{
	static const u8 regs[] = { ARM_SMMU_CB_SCTLR, ARM_SMMU_CB_TCR2, ARM_SMMU_CB_TCR,
				   ARM_SMMU_CB_CONTEXTIDR, ARM_SMMU_CB_S1_MAIR0,
				   ARM_SMMU_CB_S1_MAIR1 };
	void __iomem *cb = smmu_page(smmu, inst, smmu_bank_page(smmu, bank));
	u64 digest;
	unsigned int i;

	digest = smmu_readl(smmu, inst, ARM_SMMU_GR1, ARM_SMMU_GR1_CBAR(bank)) |
		 (u64)smmu_readl(smmu, inst, ARM_SMMU_GR1, ARM_SMMU_GR1_CBA2R(bank)) << 32;
	for (i = 0; i < ARRAY_SIZE(regs); i++)
		digest = hash_64(digest, 64) ^ readl_relaxed(cb + regs[i]);
	digest = hash_64(digest, 64) ^ readq_relaxed(cb + ARM_SMMU_CB_TTBR0);
	digest = hash_64(digest, 64) ^ readq_relaxed(cb + ARM_SMMU_CB_TTBR1);
	if (smmu->flags & SMMU_KVM_MMU500)
		digest = hash_64(digest, 64) ^ readl_relaxed(cb + ARM_SMMU_CB_ACTLR);

	return digest;
}

/*
 * Set up a bank, whatever its registers are, and open it. What reads back is what
 * smmu_is_lost() compares with: bits that an SMMU lacks, such as SCTLR.ASIDPNE on
 * some MMU-500s, are no loss.
 */
static void smmu_enable_bank(struct smmu_device *smmu, unsigned int bank)
{
	struct kvm_hyp_iommu_domain *domain = smmu->banks[bank].domain;
	bool lpae = domain->fmt == KVM_IOMMU_FMT_LPAE;
	unsigned int inst;

	smmu_close_bank(smmu, bank);

	/* CBA2R.VA64: which format the other registers have (9.6.38). */
	smmu_writel(smmu, ARM_SMMU_GR1, ARM_SMMU_GR1_CBA2R(bank),
		    lpae ? ARM_SMMU_CBA2R_VA64 : 0);

	if (lpae)
		smmu_write_lpae(smmu, bank, &domain->pgt.cfg);
	else
		smmu_write_v7s(smmu, bank, &domain->pgt.cfg);

	if (smmu->flags & SMMU_KVM_MMU500)
		for (inst = 0; inst < smmu->nr_instances; inst++)
			smmu_stop_prefetch(smmu, inst, bank);

	/*
	 * SCTLR: terminate what faults and say so (CFRE, CFIE; CFCFG clear),
	 * and let what does not fault go on meanwhile (HUPCF). AFE and TRE are
	 * how io-pgtable writes short descriptors.
	 */
	smmu_writel(smmu, smmu_bank_page(smmu, bank), ARM_SMMU_CB_SCTLR,
		    ARM_SMMU_SCTLR_S1_ASIDPNE | ARM_SMMU_SCTLR_HUPCF |
		    ARM_SMMU_SCTLR_CFIE | ARM_SMMU_SCTLR_CFRE |
		    ARM_SMMU_SCTLR_AFE | ARM_SMMU_SCTLR_TRE | ARM_SMMU_SCTLR_M);

	/* CBAR: stage 1 only, attributes as the tables have them (9.6.35). */
	smmu_writel(smmu, ARM_SMMU_GR1, ARM_SMMU_GR1_CBAR(bank),
		    FIELD_PREP(ARM_SMMU_CBAR_TYPE, CBAR_TYPE_S1_TRANS_S2_BYPASS) |
		    FIELD_PREP(ARM_SMMU_CBAR_S1_BPSHCFG, ARM_SMMU_CBAR_S1_BPSHCFG_NSH) |
		    FIELD_PREP(ARM_SMMU_CBAR_S1_MEMATTR, ARM_SMMU_CBAR_S1_MEMATTR_WB) |
		    FIELD_PREP(ARM_SMMU_CBAR_VMID, smmu_bank_tag(bank)));

	for (inst = 0; inst < smmu->nr_instances; inst++)
		smmu->banks[bank].digest[inst] = smmu_bank_digest(smmu, inst, bank);
}

/* Give the domain a bank. */
static int smmu_get_bank(struct kvm_hyp_iommu_domain *domain)
{
	struct smmu_device *smmu = smmu_of(domain);
	unsigned int bank;

	hyp_assert_lock_held(&smmu->lock);

	if (smmu_domain_bank(domain) >= 0)
		return smmu_domain_bank(domain);

	for (bank = smmu->first_bank; bank < smmu->nr_banks; bank++) {
		if (smmu->banks[bank].domain || smmu->banks[bank].quarantined)
			continue;

		smmu->banks[bank].domain = domain;
		domain->priv[0] = bank + 1;
		smmu_enable_bank(smmu, bank);
		return bank;
	}

	return -ENOSPC;
}

/*
 * Take the bank from a domain none of whose streams is left. Its tables are
 * out of use when this returns, or the bank is never used again.
 *
 * Two waits: the first for what had passed the S2CR before that was changed. It
 * translates until it is done, and may leave something in the TLB. The second
 * for the TLB to forget that, and for what had passed the CBAR before that was
 * changed: only then may the bank be disabled. Where the walk caches have an
 * erratum a third wait follows, see tlb.c.
 */
static int smmu_put_bank(struct kvm_hyp_iommu_domain *domain)
{
	struct smmu_device *smmu = smmu_of(domain);
	int bank = smmu_domain_bank(domain);
	int ret;

	hyp_assert_lock_held(&smmu->lock);

	ret = smmu_tlb_inv_bank(smmu, bank);
	if (!ret) {
		smmu_close_bank(smmu, bank);
		ret = smmu_tlb_inv_bank(smmu, bank);
	}
	if (!ret) {
		smmu_disable_bank(smmu, bank);
		ret = smmu_tlb_inv_walks(smmu);
	}
	if (ret) {
		smmu->banks[bank].quarantined = true;
		return ret;
	}

	smmu_writel(smmu, smmu_bank_page(smmu, bank), ARM_SMMU_CB_FSR, ARM_SMMU_CB_FSR_FAULT);
	smmu->banks[bank].domain = NULL;
	domain->priv[0] = 0;

	return 0;
}

/*
 * Streams.
 */

static struct smmu_stream *smmu_find_stream(struct smmu_device *smmu, u16 id, u16 mask)
{
	unsigned int i;

	for (i = 0; i < smmu->nr_streams; i++) {
		struct smmu_stream *s = &smmu->streams[i];

		if (s->domain && s->id == id && s->mask == mask)
			return s;
	}

	return NULL;
}

/* A free pair for a stream that no other can be mistaken for. */
static struct smmu_stream *smmu_new_stream(struct smmu_device *smmu, u16 id, u16 mask)
{
	struct smmu_stream *free = NULL;
	unsigned int i;

	for (i = 0; i < smmu->nr_streams; i++) {
		struct smmu_stream *s = &smmu->streams[i];

		if (!s->domain)
			free = free ?: s;
		else if (smmu_streams_overlap(s->id, s->mask, id, mask))
			return ERR_PTR(-EBUSY);
	}

	return free ?: ERR_PTR(-ENOSPC);
}

static u32 smmu_stream_smr(const struct smmu_stream *s)
{
	return ARM_SMMU_SMR_VALID | FIELD_PREP(ARM_SMMU_SMR_ID, s->id) |
	       FIELD_PREP(ARM_SMMU_SMR_MASK, s->mask);
}

static u32 smmu_stream_s2cr(unsigned int bank)
{
	return FIELD_PREP(ARM_SMMU_S2CR_TYPE, S2CR_TYPE_TRANS) |
	       FIELD_PREP(ARM_SMMU_S2CR_CBNDX, bank);
}

static void smmu_write_stream(struct smmu_device *smmu, struct smmu_stream *s, int bank)
{
	unsigned int i = s - smmu->streams;

	/* IHI 0062, 9.6.29 and 9.6.28: where to, before who. */
	smmu_writel(smmu, ARM_SMMU_GR0, ARM_SMMU_GR0_S2CR(i), smmu_stream_s2cr(bank));
	wmb();	/* no stream matches before its S2CR is right */
	smmu_writel(smmu, ARM_SMMU_GR0, ARM_SMMU_GR0_SMR(i), smmu_stream_smr(s));
}

static void smmu_clear_stream(struct smmu_device *smmu, struct smmu_stream *s)
{
	unsigned int i = s - smmu->streams;

	smmu_writel(smmu, ARM_SMMU_GR0, ARM_SMMU_GR0_S2CR(i),
		    FIELD_PREP(ARM_SMMU_S2CR_TYPE, S2CR_TYPE_FAULT));
	smmu_writel(smmu, ARM_SMMU_GR0, ARM_SMMU_GR0_SMR(i), 0);
	s->domain = NULL;
}

static bool smmu_bank_has_streams(struct kvm_hyp_iommu_domain *domain)
{
	struct smmu_device *smmu = smmu_of(domain);
	unsigned int i;

	for (i = 0; i < smmu->nr_streams; i++)
		if (smmu->streams[i].domain == domain)
			return true;

	return false;
}

/*
 * A stream that can be attached: its index in the description, its ID and mask
 * as a stream match register has them.
 */
static int smmu_resolve(u32 iommu, u32 endpoint, u32 id, u16 *sid, u16 *mask)
{
	struct smmu_device *smmu = &smmus[iommu];
	int index;

	*sid = FIELD_GET(ARM_SMMU_SMR_ID, id);
	*mask = FIELD_GET(ARM_SMMU_SMR_MASK, id);

	index = smmu_desc_find_stream(iommu, endpoint, *sid, *mask);
	if (index < 0)
		return index;
	if ((*sid & ~smmu->id_mask) || (*mask & ~smmu->mask_mask))
		return -ENODEV;

	*mask |= smmu->global_mask;
	*sid &= ~*mask;

	return index;
}

/* What smmu_attach() would say to a domain with a bank, without a write. */
static int smmu_query(u32 iommu, u32 endpoint, u32 id)
{
	struct smmu_device *smmu;
	struct smmu_stream *s;
	u16 sid, mask;
	int index, ret = 0;

	if (iommu >= nr_smmus)
		return -EINVAL;

	smmu = &smmus[iommu];
	index = smmu_resolve(iommu, endpoint, id, &sid, &mask);
	if (index < 0)
		return index;

	hyp_spin_lock(&smmu->lock);

	s = smmu_find_stream(smmu, sid, mask);
	if (!s)
		s = smmu_new_stream(smmu, sid, mask);

	if (smmu->blocked)
		ret = -EIO;
	else if (IS_ERR(s))
		ret = PTR_ERR(s);
	else if (!stream_users[index])
		ret = tegra_mc_query(endpoint, sid);

	hyp_spin_unlock(&smmu->lock);

	return ret;
}

static int smmu_attach(struct kvm_hyp_iommu_domain *domain, u32 endpoint, u32 id)
{
	struct smmu_device *smmu = smmu_of(domain);
	struct smmu_stream *s;
	bool stuck = false;
	int bank, index, ret;
	u16 sid, mask;

	index = smmu_resolve(domain->iommu, endpoint, id, &sid, &mask);
	if (index < 0)
		return index;

	hyp_spin_lock(&smmu->lock);

	ret = -EIO;
	if (smmu->blocked)
		goto unlock;

	ret = -EBUSY;
	if (stream_users[index] == U16_MAX)
		goto unlock;

	s = smmu_find_stream(smmu, sid, mask);
	if (s) {
		if (s->domain != domain || s->users == U16_MAX)
			goto unlock;
	} else {
		s = smmu_new_stream(smmu, sid, mask);
		if (IS_ERR(s)) {
			ret = PTR_ERR(s);
			goto unlock;
		}

		bank = smmu_get_bank(domain);
		if (bank < 0) {
			ret = bank;
			goto unlock;
		}

		s->domain = domain;
		s->id = sid;
		s->mask = mask;
		s->users = 0;
		smmu_write_stream(smmu, s, bank);
	}

	/* Now that the path is complete, the device may take it. */
	ret = 0;
	if (!stream_users[index])
		ret = tegra_mc_route(endpoint, sid);

	if (!ret) {
		s->users++;
		stream_users[index]++;
	} else if (!s->users) {
		smmu_clear_stream(smmu, s);
		stuck = !smmu_bank_has_streams(domain) && smmu_put_bank(domain);
	}
unlock:
	hyp_spin_unlock(&smmu->lock);

	if (stuck)
		kvm_hyp_iommu_quarantine(domain);

	return ret;
}

static int smmu_detach(struct kvm_hyp_iommu_domain *domain, u32 endpoint, u32 id)
{
	struct smmu_device *smmu = smmu_of(domain);
	u16 sid = FIELD_GET(ARM_SMMU_SMR_ID, id), mask = FIELD_GET(ARM_SMMU_SMR_MASK, id);
	struct smmu_stream *s;
	int index, ret = 0;

	index = smmu_desc_find_stream(domain->iommu, endpoint, sid, mask);
	if (index < 0)
		return -ENOENT;

	mask |= smmu->global_mask;
	sid &= ~mask;

	hyp_spin_lock(&smmu->lock);

	s = smmu_find_stream(smmu, sid, mask);
	if (!s || s->domain != domain || !s->users || !stream_users[index]) {
		ret = -ENOENT;
		goto unlock;
	}

	if (!--stream_users[index])
		tegra_mc_unroute(endpoint);

	if (!--s->users) {
		smmu_clear_stream(smmu, s);
		if (!smmu_bank_has_streams(domain))
			ret = smmu_put_bank(domain);
	}
unlock:
	hyp_spin_unlock(&smmu->lock);

	return ret;
}

/*
 * The core has given the domain up: whatever it routes faults from now on. What
 * is on its way through the bank already, which may be what does not come to an
 * end, must go on finding the domain's tables there: the core keeps them, and
 * all that they lead to.
 */
static void smmu_block(struct kvm_hyp_iommu_domain *domain)
{
	struct smmu_device *smmu = smmu_of(domain);
	int bank = smmu_domain_bank(domain);
	unsigned int i;

	hyp_spin_lock(&smmu->lock);

	for (i = 0; i < smmu->nr_streams; i++)
		if (smmu->streams[i].domain == domain)
			smmu_writel(smmu, ARM_SMMU_GR0, ARM_SMMU_GR0_S2CR(i),
				    FIELD_PREP(ARM_SMMU_S2CR_TYPE, S2CR_TYPE_FAULT));

	if (bank >= 0)
		smmu->banks[bank].quarantined = true;

	hyp_spin_unlock(&smmu->lock);
}

/*
 * Power.
 *
 * An SMMU that lost its registers has CLIENTPD set, and all bypasses it. Make
 * it block first, as at takeover, then put back what was there. One whose TLB
 * does not come to an end stays blocked, until a later attempt succeeds. If the
 * register that blocks does not take the value, there is nothing left that
 * software could do about it.
 *
 * Any part of an instance may have kept its registers, so all that a stream
 * depends on is compared, on each instance. That is a read for each pair of
 * stream match register and S2CR, one more for each stream, and eleven for each
 * bank in use.
 */

/* A free pair must match nothing; a stream in quarantine must lead nowhere. */
static bool smmu_stream_is_lost(struct smmu_device *smmu, unsigned int inst, unsigned int i)
{
	u32 fields = ARM_SMMU_S2CR_TYPE | ARM_SMMU_S2CR_CBNDX | ARM_SMMU_S2CR_PRIVCFG;
	u32 smr = smmu_readl(smmu, inst, ARM_SMMU_GR0, ARM_SMMU_GR0_SMR(i)), s2cr;
	struct smmu_stream *s = &smmu->streams[i];
	int bank;

	if (!s->domain)
		return smr & ARM_SMMU_SMR_VALID;

	bank = smmu_domain_bank(s->domain);
	s2cr = smmu_readl(smmu, inst, ARM_SMMU_GR0, ARM_SMMU_GR0_S2CR(i));
	if (smmu->banks[bank].quarantined)
		return (smr & ARM_SMMU_SMR_VALID) &&
		       FIELD_GET(ARM_SMMU_S2CR_TYPE, s2cr) != S2CR_TYPE_FAULT;

	return smr != smmu_stream_smr(s) || (s2cr & fields) != smmu_stream_s2cr(bank);
}

/* A bank that is free is set up from scratch before any stream leads there. */
static bool smmu_bank_is_lost(struct smmu_device *smmu, unsigned int inst, unsigned int i)
{
	struct smmu_bank *bank = &smmu->banks[i];

	return bank->domain && !bank->quarantined &&
	       smmu_bank_digest(smmu, inst, i) != bank->digest[inst];
}

static bool smmu_instance_is_lost(struct smmu_device *smmu, unsigned int inst)
{
	unsigned int i;

	if (smmu_readl(smmu, inst, ARM_SMMU_GR0, ARM_SMMU_GR0_sCR0) != smmu->cr0[inst])
		return true;

	if ((smmu->flags & SMMU_KVM_MMU500) &&
	    smmu_readl(smmu, inst, ARM_SMMU_GR0, ARM_SMMU_GR0_sACR) != smmu->acr[inst])
		return true;

	for (i = 0; i < smmu->nr_streams; i++)
		if (smmu_stream_is_lost(smmu, inst, i))
			return true;

	for (i = smmu->first_bank; i < smmu->nr_banks; i++)
		if (smmu_bank_is_lost(smmu, inst, i))
			return true;

	return false;
}

static bool smmu_is_lost(struct smmu_device *smmu)
{
	unsigned int inst;

	if (smmu->blocked)
		return true;

	for (inst = 0; inst < smmu->nr_instances; inst++)
		if (smmu_instance_is_lost(smmu, inst))
			return true;

	return false;
}

static void smmu_restore(struct smmu_device *smmu)
{
	unsigned int i;

	smmu->blocked = smmu_reset(smmu);

	/* In any case, or invalidations in them would have no effect. */
	for (i = 0; i < smmu->nr_banks; i++)
		if (smmu->banks[i].domain && !smmu->banks[i].quarantined)
			smmu_enable_bank(smmu, i);

	/* No stream, as long as the TLB may know what is gone from the tables. */
	if (smmu->blocked)
		return;

	for (i = 0; i < smmu->nr_streams; i++) {
		struct smmu_stream *s = &smmu->streams[i];

		if (s->domain && !smmu->banks[smmu_domain_bank(s->domain)].quarantined)
			smmu_write_stream(smmu, s, smmu_domain_bank(s->domain));
	}
}

static void smmu_resume(void)
{
	unsigned int i;

	/* All block before one of them waits for its TLB. */
	for (i = 0; i < nr_smmus; i++) {
		hyp_spin_lock(&smmus[i].lock);
		if (smmu_is_lost(&smmus[i])) {
			smmu_block_streams(&smmus[i]);
			smmus[i].blocked = true;
		}
		hyp_spin_unlock(&smmus[i].lock);
	}

	/*
	 * Nor may a memory client bypass them meanwhile, which is how some come
	 * back. Once they are parked or routed, they find SMMUs that block.
	 */
	tegra_mc_resume();

	for (i = 0; i < nr_smmus; i++) {
		hyp_spin_lock(&smmus[i].lock);
		if (smmu_is_lost(&smmus[i]))
			smmu_restore(&smmus[i]);
		hyp_spin_unlock(&smmus[i].lock);
	}
}

static int smmu_stream_info(u32 iommu, u32 endpoint, u32 id, u64 *info)
{
	u16 sid = FIELD_GET(ARM_SMMU_SMR_ID, id), mask = FIELD_GET(ARM_SMMU_SMR_MASK, id);
	struct smmu_device *smmu;
	struct smmu_stream *s;
	unsigned int bank;
	int index;

	if (iommu >= nr_smmus)
		return -EINVAL;

	index = smmu_desc_find_stream(iommu, endpoint, sid, mask);
	if (index < 0)
		return index;

	smmu = &smmus[iommu];
	mask |= smmu->global_mask;

	hyp_spin_lock(&smmu->lock);
	s = smmu_find_stream(smmu, sid & ~mask, mask);
	if (s && stream_users[index]) {
		for (bank = 0; bank < smmu->nr_banks; bank++)
			if (smmu->banks[bank].domain == s->domain)
				break;

		*info = KVM_IOMMU_STREAM_ATTACHED |
			FIELD_PREP(KVM_IOMMU_STREAM_BANK, bank) |
			FIELD_PREP(KVM_IOMMU_STREAM_FMT, s->domain->fmt) |
			FIELD_PREP(KVM_IOMMU_STREAM_USERS, min(s->users, 0xfff)) |
			FIELD_PREP(KVM_IOMMU_STREAM_DOMAIN, s->domain->handle);
		if (bank < smmu->nr_banks && smmu->banks[bank].quarantined)
			*info |= KVM_IOMMU_STREAM_QUARANTINED;
	}
	hyp_spin_unlock(&smmu->lock);

	return 0;
}

const struct kvm_hyp_iommu_ops smmu_v2_ops = {
	.init		= smmu_init,
	.domain_init	= smmu_domain_init,
	.domain_destroy	= smmu_domain_destroy,
	.attach		= smmu_attach,
	.query		= smmu_query,
	.detach		= smmu_detach,
	.tlb_inv_range	= smmu_tlb_inv_range,
	.block		= smmu_block,
	.resume		= smmu_resume,
	.next_fault	= smmu_next_fault,
	.stream_info	= smmu_stream_info,
	.stat		= smmu_stat,
	.host_access	= tegra_mc_filter_access,
};
