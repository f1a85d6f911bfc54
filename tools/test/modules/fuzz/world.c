// SPDX-License-Identifier: GPL-2.0-only
/*
 * What there is besides our own pages: streams and the bus masters behind them,
 * addresses that are not ours; and that all of it is as before after a program.
 */
#include <linux/interrupt.h>
#include <linux/mm.h>
#include <linux/of_irq.h>
#include <linux/slab.h>

#include <common/places.h>

#include "fuzz.h"

#define PROBE_IOVA	0x10000000UL
/* Bit 39 of an address has a meaning of its own on Tegra234. */
#define DMA_LIMIT	BIT_ULL(39)
#define MANY		100000

struct stream streams[MAX_STREAMS];
unsigned int nr_streams, nr_iommus, nr_specials;
u64 specials[MAX_SPECIAL];
struct stream *bm_streams[MAX_BMS];
unsigned int nr_bm_streams;
u64 * __percpu *lists;

/* Not the host's */
static struct {
	u64 start, end;		/* behind it */
} forbidden[32];
static unsigned int nr_forbidden;
static bool has_mc;

/* Domains that EL2 has given up */
static unsigned int nr_dead;

static void forbid(u64 start, u64 size)
{
	if (nr_forbidden < ARRAY_SIZE(forbidden)) {
		forbidden[nr_forbidden].start = start;
		forbidden[nr_forbidden++].end = start + size;
	}
}

static void special(u64 addr)
{
	if (nr_specials < MAX_SPECIAL)
		specials[nr_specials++] = addr;
}

bool may_be_mapped(u64 phys, u64 size)
{
	unsigned int i;

	/* To Tegra's memory controller that bit may be another view of memory. */
	if (has_mc && (phys + size - 1) >> 39)
		return false;
	for (i = 0; i < nr_forbidden; i++)
		if (phys < forbidden[i].end && forbidden[i].start < phys + size)
			return false;
	for (i = 0; i < NR_OWN; i++)
		if (own_page(i) - phys < size && !page_is_hosts(i))
			return false;
	return true;
}

static void find_registers(void)
{
	struct device_node *np;
	struct resource res;
	unsigned int irq;
	int n;

	for_each_smmu(np) {
		for (n = 0; n < 2 && !of_address_to_resource(np, n, &res); n++) {
			forbid(res.start, resource_size(&res));
			if (nr_specials < 10)
				special(n ? res.end + 1 - PAGE_SIZE : res.start);
		}
		/* The host does not ask for faults: who asks when is up to the programs. */
		for (n = 0; (irq = irq_of_parse_and_map(np, n)); n++)
			disable_irq(irq);
	}
	np = find_mc_node();
	has_mc = np;
	if (np && !of_address_to_resource(np, 0, &res)) {
		forbid(res.start, resource_size(&res));
		special(res.start);
		special(res.start - PAGE_SIZE);
		special(BIT_ULL(39) + SZ_2G);
		special(BIT_ULL(39) - PAGE_SIZE);
	}
	of_node_put(np);
}

static int find_memory(unsigned long lookup)
{
	lookup_name_t lookup_name = (void *)lookup;
	phys_addr_t base, size;
	unsigned long text, end, *last;

	text = lookup_name("__hyp_text_start");
	end = lookup_name("__hyp_text_end");
	last = (void *)lookup_name("max_pfn");
	lists = (void *)lookup_name("kvm_iommu_runs");
	if (!hyp_memory(lookup_name, &base, &size) || !text || !lists || !last)
		return -ENOENT;

	/* Large blocks: memory, if there is so much, and where nothing is */
	special(BIT_ULL(32));
	special(SZ_1G);
	special(SZ_2G + SZ_256M);
	forbid(base, size);
	special(base);
	special(base - PAGE_SIZE);
	forbid(__pa_symbol(text), end - text);
	special(__pa_symbol(text));
	find_registers();
	special(virt_to_phys(raw_cpu_read(*lists)));
	special(0);
	special(PFN_PHYS(*last));
	special(-(u64)PAGE_SIZE);
	return 0;
}

static void add_stream(u32 iommu, u32 endpoint, u32 sid, u64 state)
{
	if (nr_streams < MAX_STREAMS)
		streams[nr_streams++] = (struct stream) { iommu, endpoint, sid };
}

static u64 ask_stat(u32 what, u32 which)
{
	struct arm_smccc_res res;
	long ret = call(&res, __pkvm_iommu_debug, 0, what, which);

	if (ret)
		violation("EL2 does not say statistic %u of %u: %ld", which, what, ret);
	return ret ? 0 : res.a2;
}

static u64 stat(enum kvm_iommu_stat which)
{
	return ask_stat(KVM_IOMMU_DEBUG_STAT, which);
}

static u64 nr_quarantined(void)
{
	return ask_stat(SMMU_KVM_DEBUG_STAT, SMMU_KVM_STAT_QUARANTINED);
}

static void free_domain(u32 handle)
{
	struct arm_smccc_res res;
	unsigned int tries = 0;
	long ret;

	do {
		ret = call(&res, __pkvm_iommu_free_domain, handle);
	} while (ret == -EAGAIN && tries++ < MANY);
	if (ret == -EIO && broken)
		nr_dead++;
	else if (ret)
		violation("domain %u cannot be freed: %ld", handle, ret);
}

static void detach_all(struct stream *s)
{
	struct arm_smccc_res res;
	unsigned int n = 0;
	u64 info;
	long ret;

	for (n = 0; n < MANY; n++) {
		ret = ask_stream(s->iommu, s->endpoint, s->id, &info);
		if (ret || !(info & SMMU_KVM_STREAM_ATTACHED))
			break;
		ret = call(&res, __pkvm_iommu_detach,
			   FIELD_GET(SMMU_KVM_STREAM_DOMAIN, info), s->iommu, s->endpoint, s->id);
		if (ret == -EIO && broken)
			ret = 0;
		if (ret)
			break;
	}
	if (ret || n == MANY)
		violation("stream %u of endpoint %u, IOMMU %u cannot be detached: %ld", s->id,
			  s->endpoint, s->iommu, ret);
}

/* The host's, too: its drivers are not to be used any more. */
static void free_all(void)
{
	struct arm_smccc_res res;
	u32 handle;

	for (handle = 1; handle <= KVM_IOMMU_MAX_DOMAINS && stat(KVM_IOMMU_STAT_DOMAINS); handle++)
		if (!call(&res, __pkvm_iommu_debug, 0, KVM_IOMMU_DEBUG_DOMAIN, handle))
			free_domain(handle);
}

/* The host's memory that EL2 has: back to where it came from */
static void return_pool(void)
{
	struct arm_smccc_res res;
	struct page *page;
	unsigned int order;
	long ret;

	for (order = 0; order <= KVM_IOMMU_MAX_ORDER; order += KVM_IOMMU_MAX_ORDER) {
		do {
			ret = call(&res, __pkvm_iommu_reclaim, order);
			if (ret)
				break;
			page = pfn_to_page(res.a2);
			count_given(page, -(1L << order));
			__free_pages(page, order);
		} while (!ret);
	}
}

bool dma(struct stream *s, u64 iova, u32 flags, void *data, u32 len)
{
	return bm_dma(s->bm, flags, iova, data, len);
}

/*
 * A domain of its own, attached to this stream: does the bus master read there
 * what it should? Returns 0 or an error that a healthy EL2 does not have.
 */
static long try_stream(struct stream *s, bool *reads)
{
	struct arm_smccc_res res;
	struct stamp got = {};
	long handle, ret;

	*reads = false;
	while ((handle = call(&res, __pkvm_iommu_alloc_domain, s->iommu, 0)) == -ENOMEM &&
	       !give_page(res.a3))
		;
	if (handle <= 0)
		return handle;
	while ((ret = call(&res, __pkvm_iommu_map, handle, PROBE_IOVA, own_page(0), SZ_4K, 1,
			   IOMMU_READ)) == -ENOMEM && !give_page(res.a3))
		;
	ret = ret ?: call(&res, __pkvm_iommu_attach, handle, s->iommu, s->endpoint,
			 s->id, 0);
	if (!ret)
		*reads = dma(s, PROBE_IOVA, 0, &got, sizeof(got)) && got.magic == STAMP &&
			 got.phys == own_page(0);
	detach_all(s);
	if (!ret && dma(s, PROBE_IOVA, 0, &got, sizeof(got)))
		violation("a device that is not attached reads");
	free_domain(handle);
	return ret;
}

/* Which stream is a bus master's: the one through which it reads. */
static void find_bm(struct bm *bm)
{
	struct bm_info info;
	unsigned int i;
	bool reads;

	bm_describe(bm, &info);
	for (i = 0; i < nr_streams && nr_bm_streams < MAX_BMS; i++) {
		struct stream *s = &streams[i];

		if (s->id != info.sid || s->bm)
			continue;
		s->bm = bm;
		if (!try_stream(s, &reads) && reads) {
			bm_streams[nr_bm_streams++] = s;
			return;
		}
		s->bm = NULL;
	}
}

/* What works at first has to work later, too. */
void check_works(void)
{
	unsigned int i;
	bool reads;
	long ret;

	for (i = 0; i < nr_bm_streams && !wrong; i++) {
		ret = try_stream(bm_streams[i], &reads);
		if (ret || !reads)
			violation("bus master %u does not work any more: %ld", i, ret);
	}
}

int world_init(unsigned long lookup)
{
	unsigned int i;
	int ret;

	ret = find_memory(lookup) ?: pages_init();
	if (ret)
		return ret;
	nr_iommus = ask_for_streams(ask_stream, add_stream);
	for (i = 0; i < nr_streams; i++)
		detach_all(&streams[i]);
	free_all();
	return_pool();
	for (i = 0; i < MAX_BMS && bm_get(i); i++)
		find_bm(bm_get(i));
	/* Those with a bus master are in front, where programs find them most often */
	for (i = 0; i < nr_bm_streams; i++) {
		struct stream *s = bm_streams[i];

		swap(streams[i], *s);
		bm_streams[i] = &streams[i];
	}
	pr_info("%u IOMMUs, %u streams, %u bus masters\n", nr_iommus, nr_streams, nr_bm_streams);
	world_reset();
	return wrong ? -EIO : 0;
}

/*
 * A read by a bus master. If it is not stopped, a stream of that number is
 * attached to a domain in which EL2 says that this page is mapped, which the
 * host has; and it is what was read.
 */
void check_read(struct stream *s, u64 iova, u32 flags)
{
	u64 phys = 0, at = iova & PAGE_MASK, info;
	struct arm_smccc_res res;
	struct stamp got = {};
	unsigned int i;
	int n;

	if (iova >= DMA_LIMIT - SZ_4K || !dma(s, at, flags & ~BM_F_WRITE, &got, sizeof(got)))
		return;
	for (i = 0; i < nr_streams; i++) {
		if (streams[i].iommu != s->iommu || streams[i].id != s->id ||
		    ask_stream(s->iommu, streams[i].endpoint, s->id, &info) ||
		    !(info & SMMU_KVM_STREAM_ATTACHED))
			continue;
		if (!call(&res, __pkvm_iommu_iova_to_phys,
			  FIELD_GET(SMMU_KVM_STREAM_DOMAIN, info), at)) {
			phys = res.a2;
			break;
		}
	}
	if (i == nr_streams) {
		violation("a device read %#llx, where EL2 says is nothing: %#llx %#llx", at,
			  got.magic, got.phys);
		return;
	}
	if (!may_be_mapped(phys, SZ_4K)) {
		violation("a device read %#llx at %#llx, which is not the host's", phys, at);
		return;
	}
	n = page_number(phys);
	if (n >= 0 && (got.magic != STAMP || got.phys != phys))
		violation("a device read %#llx at %#llx, not %#llx", got.phys, at, phys);
}

/* While nothing goes on: what do the bus masters reach? */
void check_streams(void)
{
	unsigned int i, j;

	for (i = 0; i < nr_bm_streams; i++) {
		for (j = 0; j < state.nr_mapped; j++) {
			struct mapped *m = &state.mapped[j];

			check_read(bm_streams[i], m->iova, 0);
			if (m->size > SZ_4K)
				check_read(bm_streams[i], m->iova + m->size - SZ_4K, 0);
		}
	}
}

/* As if the program had never been. */
void world_reset(void)
{
	unsigned int i;

	for (i = 0; i < nr_streams; i++)
		detach_all(&streams[i]);
	for (i = 0; i < state.nr_handles; i++)
		free_domain(state.handles[i]);
	if (stat(KVM_IOMMU_STAT_DOMAINS) != nr_dead) {
		violation("there are %llu domains that nobody made",
			  stat(KVM_IOMMU_STAT_DOMAINS) - nr_dead);
		return;
	}
	pages_check();
	if (broken)
		return;
	if (stat(KVM_IOMMU_STAT_MAPPED_PAGES))
		violation("%llu pages are mapped in no domain", stat(KVM_IOMMU_STAT_MAPPED_PAGES));
	if (stat(KVM_IOMMU_STAT_TABLE_PAGES))
		violation("%llu tables are of no domain", stat(KVM_IOMMU_STAT_TABLE_PAGES));
	if (stat(KVM_IOMMU_STAT_DONATED_PAGES))
		violation("EL2 keeps %llu pages", stat(KVM_IOMMU_STAT_DONATED_PAGES));
	if (nr_quarantined())
		violation("%llu context banks are in quarantine", nr_quarantined());
}
