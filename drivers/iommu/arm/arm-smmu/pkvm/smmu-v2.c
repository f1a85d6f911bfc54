// SPDX-License-Identifier: GPL-2.0-only
/*
 * Arm SMMUv2 at EL2: takeover, routing of streams, context banks.
 *
 * Every stream either faults or translates; none bypasses. A stream that is not
 * attached matches no stream match register, and faults because sCR0.USFCFG is
 * always set. An attached stream matches exactly one, whose S2CR routes it to the
 * context bank of its domain.
 *
 *	attach	For the domain's first stream, set up a context bank, enable
 *		its stage 1 and open it. Write S2CR. Make the stream match
 *		register valid. Let the SoC present the device's stream ID.
 *	detach	Let the SoC stop presenting the device's stream ID. Make S2CR
 *		fault, then the stream match register invalid. If the bank has
 *		no stream left, wait for outstanding transactions and close it;
 *		once its TLB entries are invalidated, disable its stage 1 and
 *		free it.
 *
 * So a transaction in flight finds the whole path, or it faults.
 *
 * A bank whose stage 1 is disabled would bypass. So a bank that is not in use is
 * closed: its CBAR makes every transaction fault, whatever its other registers
 * contain. A bank is closed before its stage 1 is disabled, and opened after its
 * stage 1 is enabled. A quarantined bank is never disabled.
 *
 * A domain uses one context bank with stage 1 only. The hypervisor owns the
 * tables, so a second stage would add nothing.
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

/* The description, in the hypervisor's memory, and the SoC's operations. */
static struct smmu_kvm_layout layout;
const struct smmu_soc_ops *smmu_soc;

/* Number of attachments of each described stream; guarded by its SMMU's lock. */
static u16 *stream_users;

/*
 * Takeover, part 1: take the registers, and read what the hardware can do.
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

	/* Stage 1, AArch64 tables of 4 KiB and stream matching are required. */
	if (!(id0 & ARM_SMMU_ID0_S1TS) || !(id0 & ARM_SMMU_ID0_SMS) ||
	    !(id2 & ARM_SMMU_ID2_PTFS_4K))
		return -ENODEV;

	smmu->pgshift = id1 & ARM_SMMU_ID1_PAGESIZE ? 16 : 12;
	smmu->numpage = 1 << (FIELD_GET(ARM_SMMU_ID1_NUMPAGENDXB, id1) + 1);
	if ((u64)smmu->numpage << (smmu->pgshift + 1) > d->size)
		return -ENODEV;

	/* Upper limits; smmu_size_streams() finds the bits that exist. */
	smmu->id_mask = BIT(FIELD_GET(ARM_SMMU_ID0_NUMSIDB, id0)) - 1;
	smmu->mask_mask = smmu->id_mask;

	smmu->nr_streams = FIELD_GET(ARM_SMMU_ID0_NUMSMRG, id0);
	smmu->nr_banks = FIELD_GET(ARM_SMMU_ID1_NUMCB, id1);
	/* Banks that can only do stage 2 come first, and are not used. */
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
 * Takeover, part 2: make every stream fault.
 *
 * Firmware may have left the SMMU disabled (CLIENTPD), or with streams that
 * bypass or translate. Make unmatched streams fault first: then clearing a
 * register can only take access away from a stream, and never makes one bypass.
 */

/* Find the stream ID and mask bits that all instances have (IHI 0062, 9.6.28). */
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
 * Fault streams that match no stream match register or two of them, report these
 * faults, and ignore broadcast TLB invalidations (PTM, VMIDPNE; IHI 0062, 9.6.1).
 */
#define SMMU_CR0	(ARM_SMMU_sCR0_USFCFG | ARM_SMMU_sCR0_SMCFCFG |		\
			 ARM_SMMU_sCR0_GFRE | ARM_SMMU_sCR0_GFIE |		\
			 ARM_SMMU_sCR0_GCFGFRE | ARM_SMMU_sCR0_GCFGFIE |	\
			 ARM_SMMU_sCR0_VMIDPNE | ARM_SMMU_sCR0_PTM)

/*
 * Make all streams fault. This has to be fast: until it is done, all streams
 * bypass an SMMU that has lost its registers.
 */
static void smmu_block_streams(struct smmu_device *smmu)
{
	unsigned int i, inst;
	u32 off;

	for (inst = 0; inst < smmu->nr_instances; inst++) {
		/* At takeover keep CLIENTPD for now; later never write it back. */
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
 * CBAR of a closed bank, which faults whatever its other registers contain
 * (IHI 0062, 9.6.35). The VMID remains the one of its TLB entries, which are
 * still to be invalidated.
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
 * Close all banks, whatever state firmware or a loss of power left them in. Close
 * stage 2 banks last, because stage 1 banks may be nested on them. A bank that can
 * only do stage 2 cannot be made to fault; leave it, as no stream is routed there
 * any more.
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
 * Disable stage 1 of a bank. The bank must be closed, and a sync must have
 * completed since: for an earlier transaction the SMMU may have read the old CBAR
 * and not yet SCTLR.
 */
static void smmu_disable_bank(struct smmu_device *smmu, unsigned int bank)
{
	smmu_writel(smmu, smmu_bank_page(smmu, bank), ARM_SMMU_CB_SCTLR, 0);
}

/*
 * Clear bits of a register, and return what it reads as then. Do not write one
 * that reads as all ones: the SMMU does not respond.
 */
static u32 smmu_clear_bits(void __iomem *reg, u32 bits)
{
	u32 val = readl_relaxed(reg);

	if (val != U32_MAX)
		writel_relaxed(val & ~bits, reg);

	return readl_relaxed(reg);
}

/*
 * Disable prefetch (ACTLR.CPRE) because of the MMU-500's errata 826419, 841119 and
 * others. Return true if the register reads back as written.
 */
static bool smmu_stop_prefetch(struct smmu_device *smmu, unsigned int inst, unsigned int bank)
{
	void __iomem *reg = smmu_page(smmu, inst, smmu_bank_page(smmu, bank)) + ARM_SMMU_CB_ACTLR;

	return !(smmu_clear_bits(reg, MMU500_ACTLR_CPRE) & MMU500_ACTLR_CPRE);
}

/*
 * sACR.CACHE_LOCK makes ACTLR read-only, and the Secure world may have made that
 * permanent. Count the banks that still prefetch: the host can read their number.
 * Do not cache unmatched or bypassing streams in the TLB (SMTNMB_TLBEN,
 * S2CRB_TLBEN): none of them may reach memory.
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

	/* If the sync timed out, transactions may be outstanding: disable no bank. */
	for (i = smmu->first_bank; !ret && i < smmu->nr_banks; i++)
		smmu_disable_bank(smmu, i);

	for (inst = 0; inst < smmu->nr_instances; inst++) {
		fsr = smmu_readl(smmu, inst, ARM_SMMU_GR0, ARM_SMMU_GR0_sGFSR);
		writel_relaxed(fsr, smmu_page(smmu, inst, ARM_SMMU_GR0) + ARM_SMMU_GR0_sGFSR);
	}

	/* Isolation rests on these bits: check that they read back as written. */
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

static void smmu_give_back(unsigned int i, unsigned int nr_instances)
{
	const struct smmu_kvm_desc_smmu *d = &layout.smmus[i];

	while (nr_instances--)
		__pkvm_hyp_donate_host_mmio(d->base[nr_instances], d->size);
}

static int smmu_take(unsigned int i)
{
	const struct smmu_kvm_desc_smmu *d = &layout.smmus[i];
	unsigned long haddr;
	unsigned int inst;
	int ret;

	for (inst = 0; inst < d->nr_instances; inst++) {
		ret = __pkvm_host_donate_hyp_mmio(d->base[inst], d->size, &haddr);
		if (ret) {
			smmu_give_back(i, inst);
			return ret;
		}
		smmus[i].base[inst] = (void __iomem *)haddr;
	}

	return 0;
}

static int smmu_probe(unsigned int i)
{
	const struct smmu_kvm_desc_smmu *d = &layout.smmus[i];
	struct smmu_device *smmu = &smmus[i];
	int ret;

	hyp_spin_lock_init(&smmu->lock);
	hyp_spin_lock_init(&smmu->fault_lock);
	smmu->nr_instances = d->nr_instances;
	smmu->flags = d->flags;

	ret = smmu_take(i);
	if (ret)
		return ret;

	ret = smmu_read_ids(smmu, d);
	if (ret)
		smmu_give_back(i, d->nr_instances);

	return ret;
}

/* For a SoC that has nothing between its devices and the SMMUs. */
static const struct smmu_soc_ops no_soc;

static int smmu_init(void *blob, size_t size)
{
	const struct pkvm_iommu_desc *desc = blob;
	unsigned int i, taken = 0;
	int ret;

	ret = smmu_kvm_check(&layout, blob, size);
	if (ret)
		return ret;

	smmu_soc = layout.desc->soc ?: &no_soc;
	if (!kvm_hyp_iommu_boot_alloc(desc->size))
		return -ENOMEM;
	memset(blob + desc->size, 0, size - desc->size);

	nr_smmus = desc->nr_iommus;
	smmus = kvm_hyp_iommu_boot_alloc(nr_smmus * sizeof(*smmus));
	stream_users = kvm_hyp_iommu_boot_alloc(desc->nr_streams * sizeof(*stream_users));
	if (!smmus || !stream_users)
		return -ENOMEM;

	for (taken = 0; taken < nr_smmus; taken++) {
		ret = smmu_probe(taken);
		if (ret)
			goto give_back;
	}

	ret = smmu_soc->probe ? smmu_soc->probe(&layout) : 0;
	if (ret)
		goto give_back;

	ret = smmu_soc->take ? smmu_soc->take() : 0;
	if (ret)
		goto give_back;

	/* The SMMUs first: a device that no longer bypasses must find one that blocks. */
	for (i = 0; i < nr_smmus; i++) {
		ret = smmu_reset(&smmus[i]);
		if (ret)
			goto give_back_soc;
		smmus[i].global_mask = layout.common.iommus[i].ignored & smmus[i].mask_mask;
	}
	if (smmu_soc->block)
		smmu_soc->block();

	return 0;

give_back_soc:
	if (smmu_soc->give_back)
		smmu_soc->give_back();
give_back:
	while (taken--)
		smmu_give_back(taken, smmus[taken].nr_instances);

	return ret;
}

/*
 * Domains.
 */

/*
 * Short descriptors have 32 bits for input and output addresses. That is enough
 * for a device with 32 address bits, if all memory lies below 4 GiB.
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

static int smmu_alloc_domain(struct kvm_hyp_iommu_domain *domain)
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
	domain->pgt.pa_bits = smmu_soc->pa_bits;
	*cfg = (struct io_pgtable_cfg) {
		.pgsize_bitmap	= smmu->lpae_pgsizes,
		.ias		= smmu->ias,
		.oas		= smmu->oas,
		.coherent_walk	= smmu->flags & SMMU_KVM_COHERENT_WALK,
		.tlb		= &smmu_flush_ops,
		.alloc		= kvm_hyp_iommu_alloc_table,
		.free		= kvm_hyp_iommu_free_table,
	};

	if (domain->fmt == KVM_IOMMU_FMT_LPAE)
		return hyp_io_pgtable_init(&domain->pgt, ARM_64_LPAE_S1, domain);

	cfg->pgsize_bitmap = smmu->v7s_pgsizes;
	cfg->ias = 32;
	cfg->oas = 32;
	domain->low_tables = true;

	return hyp_io_pgtable_init(&domain->pgt, ARM_V7S, domain);
}

static void smmu_free_domain(struct kvm_hyp_iommu_domain *domain)
{
	hyp_io_pgtable_destroy(&domain->pgt);
}

/*
 * Write the translation registers of an AArch64 bank (IHI 0062, 16.5). TCR2 and
 * TCR come before the TTBRs, because they define their format. The sign extension
 * position is the upstream bus size, TTBR1 is unused (TCR.EPD1), and the ASID is
 * in the TTBRs (TCR2.AS).
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
 * Write the translation registers of a short-descriptor bank (IHI 0062, 16.5).
 * TTBCR.EAE and TTBCR.N are 0, so that TTBR0 covers the whole address space. PRRR
 * and NMRR define the memory types (SCTLR.TRE), and the ASID is in CONTEXTIDR.
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
 * Digest a bank's registers into one word. Each step is invertible, so a change
 * of a single register always changes the digest.
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
 * Set up a bank, whatever its registers contain, and open it. The digest is of the
 * values that read back, so that smmu_is_lost() does not take bits for lost that
 * the SMMU does not have, such as SCTLR.ASIDPNE on some MMU-500s.
 */
static void smmu_enable_bank(struct smmu_device *smmu, unsigned int bank)
{
	struct kvm_hyp_iommu_domain *domain = smmu->banks[bank].domain;
	bool lpae = domain->fmt == KVM_IOMMU_FMT_LPAE;
	unsigned int inst;

	smmu_close_bank(smmu, bank);

	/* CBA2R.VA64 selects the format of the other registers (9.6.38). */
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
	 * SCTLR: terminate transactions that fault and report them (CFRE, CFIE;
	 * CFCFG clear), and process others meanwhile (HUPCF). io-pgtable writes
	 * short descriptors for AFE and TRE.
	 */
	smmu_writel(smmu, smmu_bank_page(smmu, bank), ARM_SMMU_CB_SCTLR,
		    ARM_SMMU_SCTLR_S1_ASIDPNE | ARM_SMMU_SCTLR_HUPCF |
		    ARM_SMMU_SCTLR_CFIE | ARM_SMMU_SCTLR_CFRE |
		    ARM_SMMU_SCTLR_AFE | ARM_SMMU_SCTLR_TRE | ARM_SMMU_SCTLR_M);

	/* CBAR: stage 1 only, memory attributes from the tables (9.6.35). */
	smmu_writel(smmu, ARM_SMMU_GR1, ARM_SMMU_GR1_CBAR(bank),
		    FIELD_PREP(ARM_SMMU_CBAR_TYPE, CBAR_TYPE_S1_TRANS_S2_BYPASS) |
		    FIELD_PREP(ARM_SMMU_CBAR_S1_BPSHCFG, ARM_SMMU_CBAR_S1_BPSHCFG_NSH) |
		    FIELD_PREP(ARM_SMMU_CBAR_S1_MEMATTR, ARM_SMMU_CBAR_S1_MEMATTR_WB) |
		    FIELD_PREP(ARM_SMMU_CBAR_VMID, smmu_bank_tag(bank)));

	for (inst = 0; inst < smmu->nr_instances; inst++)
		smmu->banks[bank].digest[inst] = smmu_bank_digest(smmu, inst, bank);
}

/* Return the bank of a domain; if it has none, set one up. */
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
 * Free the bank of a domain whose last stream was detached. When this returns, no
 * walker reads the domain's tables any more; otherwise the bank is quarantined.
 *
 * The first sync waits for transactions that passed the S2CR before it was
 * changed: they translate until they complete, and may leave TLB entries. The
 * second one completes the invalidation of these entries, and waits for
 * transactions that passed the CBAR before it was changed: only then may the bank
 * be disabled. The walk-cache erratum requires a third one, see tlb.c.
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

/* Find a free pair for a stream that must not overlap any attached one. */
static struct smmu_stream *smmu_new_stream(struct smmu_device *smmu, u16 id, u16 mask)
{
	struct smmu_stream *free = NULL;
	unsigned int i;

	for (i = 0; i < smmu->nr_streams; i++) {
		struct smmu_stream *s = &smmu->streams[i];

		if (!s->domain)
			free = free ?: s;
		else if (pkvm_iommu_ids_overlap(s->id, s->mask, id, mask))
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

	/* A stream must not match before it is routed (IHI 0062, 9.6.28, 9.6.29). */
	smmu_writel(smmu, ARM_SMMU_GR0, ARM_SMMU_GR0_S2CR(i), smmu_stream_s2cr(bank));
	wmb();	/* S2CR before SMR */
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
 * Find a stream that is to be attached. Return its index in the description, and
 * its ID and mask as they go into a stream match register.
 */
static int smmu_resolve(u32 iommu, u32 endpoint, u32 id, u16 *sid, u16 *mask)
{
	struct smmu_device *smmu = &smmus[iommu];
	int index;

	index = pkvm_iommu_find_stream(&layout.common, iommu, endpoint, id);
	if (index < 0)
		return index;

	*sid = id;
	*mask = layout.common.streams[index].mask;
	if ((*sid & ~smmu->id_mask) || (*mask & ~smmu->mask_mask))
		return -ENODEV;

	*mask |= smmu->global_mask;
	*sid &= ~*mask;

	return index;
}

/*
 * Return what smmu_attach_dev() would return for a domain that has a bank, without
 * writing any register.
 */
static int smmu_query_dev(u32 iommu, u32 endpoint, u32 id)
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
	else if (!stream_users[index] && smmu_soc->query)
		ret = smmu_soc->query(endpoint, sid);

	hyp_spin_unlock(&smmu->lock);

	return ret;
}

static int smmu_attach_dev(struct kvm_hyp_iommu_domain *domain, u32 endpoint, u32 id)
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

	/* The path is complete: let the device present its stream ID. */
	ret = 0;
	if (!stream_users[index] && smmu_soc->route)
		ret = smmu_soc->route(endpoint, sid);

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

static int smmu_detach_dev(struct kvm_hyp_iommu_domain *domain, u32 endpoint, u32 id)
{
	struct smmu_device *smmu = smmu_of(domain);
	struct smmu_stream *s;
	int index, ret = 0;
	u16 sid, mask;

	index = pkvm_iommu_find_stream(&layout.common, domain->iommu, endpoint, id);
	if (index < 0)
		return -ENOENT;

	mask = layout.common.streams[index].mask | smmu->global_mask;
	sid = id & ~mask;

	hyp_spin_lock(&smmu->lock);

	s = smmu_find_stream(smmu, sid, mask);
	if (!s || s->domain != domain || !s->users || !stream_users[index]) {
		ret = -ENOENT;
		goto unlock;
	}

	if (!--stream_users[index] && smmu_soc->unroute)
		smmu_soc->unroute(endpoint);

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
 * The core has quarantined the domain: make its streams fault from now on.
 * Transactions that are already in the bank, perhaps the very ones that do not
 * complete, still walk the domain's tables. So the bank stays enabled, and the core
 * keeps the tables and the mapped pages.
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
 * All streams bypass an SMMU that has lost its registers, because CLIENTPD is set.
 * Make it block first, as at takeover, then restore its registers. If its TLB sync
 * times out, it stays blocked until a later attempt succeeds. If sCR0 does not take
 * the value that makes it block, there is nothing more that software can do.
 *
 * Any part of an instance may have kept its registers, so all registers that a
 * stream depends on are compared, on each instance: a read for each pair of stream
 * match register and S2CR, one more for each attached stream, and up to eleven for
 * each bank in use.
 */

/* A free pair must match nothing; a quarantined stream must fault. */
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

/* A free bank is not compared: it is set up anew before a stream is routed there. */
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

	/* Even if the SMMU is blocked: invalidations need banks that are set up. */
	for (i = 0; i < smmu->nr_banks; i++)
		if (smmu->banks[i].domain && !smmu->banks[i].quarantined)
			smmu_enable_bank(smmu, i);

	/* Route no stream while the TLB may hold translations that were unmapped. */
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

	/* Make all SMMUs block before waiting for the TLB of any. */
	for (i = 0; i < nr_smmus; i++) {
		hyp_spin_lock(&smmus[i].lock);
		if (smmu_is_lost(&smmus[i])) {
			smmu_block_streams(&smmus[i]);
			smmus[i].blocked = true;
		}
		hyp_spin_unlock(&smmus[i].lock);
	}

	/* All SMMUs that have lost their registers block: now let no device bypass. */
	if (smmu_soc->resume)
		smmu_soc->resume();

	for (i = 0; i < nr_smmus; i++) {
		hyp_spin_lock(&smmus[i].lock);
		if (smmu_is_lost(&smmus[i]))
			smmu_restore(&smmus[i]);
		hyp_spin_unlock(&smmus[i].lock);
	}
}

/* Return what a stream of a device is attached to, as SMMU_KVM_STREAM_*. */
int smmu_stream_info(u32 iommu, u32 endpoint, u32 id, u64 *info)
{
	struct smmu_device *smmu;
	struct smmu_stream *s;
	unsigned int bank;
	int index;
	u16 mask;

	if (iommu >= nr_smmus)
		return -EINVAL;

	index = pkvm_iommu_find_stream(&layout.common, iommu, endpoint, id);
	if (index < 0)
		return index;

	smmu = &smmus[iommu];
	mask = layout.common.streams[index].mask | smmu->global_mask;

	hyp_spin_lock(&smmu->lock);
	s = smmu_find_stream(smmu, id & ~mask, mask);
	if (s && stream_users[index]) {
		for (bank = 0; bank < smmu->nr_banks; bank++)
			if (smmu->banks[bank].domain == s->domain)
				break;

		*info = SMMU_KVM_STREAM_ATTACHED |
			FIELD_PREP(SMMU_KVM_STREAM_BANK, bank) |
			FIELD_PREP(SMMU_KVM_STREAM_FMT, s->domain->fmt) |
			FIELD_PREP(SMMU_KVM_STREAM_USERS, min(s->users, 0xfff)) |
			FIELD_PREP(SMMU_KVM_STREAM_DOMAIN, s->domain->handle);
		if (bank < smmu->nr_banks && smmu->banks[bank].quarantined)
			*info |= SMMU_KVM_STREAM_QUARANTINED;
	}
	hyp_spin_unlock(&smmu->lock);

	return 0;
}

/* Refuse any access to the SMMUs' registers: the host has no use for them. */
static int smmu_access(phys_addr_t phys, bool write, unsigned int size, u64 *val)
{
	return smmu_soc->access ? smmu_soc->access(phys, write, size, val) : -EPERM;
}

static const struct kvm_iommu_domain_ops smmu_domain_ops = {
	.alloc_domain	= smmu_alloc_domain,
	.free_domain	= smmu_free_domain,
	.attach_dev	= smmu_attach_dev,
	.query_dev	= smmu_query_dev,
	.detach_dev	= smmu_detach_dev,
	.iotlb_sync	= smmu_tlb_inv_range,
	.block		= smmu_block,
};

const struct kvm_iommu_ops smmu_v2_ops = {
	.init		= smmu_init,
	.resume		= smmu_resume,
	.host_access	= smmu_access,
	.get_fault	= smmu_get_fault,
	.debug		= smmu_debug,
	.domain_ops	= &smmu_domain_ops,
};
