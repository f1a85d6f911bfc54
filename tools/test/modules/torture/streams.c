// SPDX-License-Identifier: GPL-2.0-only
/*
 * Which streams there are, and which of them are the bus masters'.
 *
 * EL2 names an endpoint by its number in a description that only it has. The
 * numbers are found by asking for all of them. A bus master's are those that
 * are attached to its domain; where devices share that, the one whose detaching
 * stops the bus master.
 */
#include <linux/bitfield.h>
#include <linux/iommu.h>
#include <linux/mm.h>
#include <linux/of.h>

#include <common/places.h>

#include "torture.h"

#define MAX_BMS		8
#define PROBE_IOVA	0x10000000UL

struct stream streams[MAX_STREAMS];
unsigned int nr_streams;
unsigned int nr_iommus;
struct stream *racing[MAX_STREAMS];
unsigned int nr_racing;

static struct stream *of_thread[MAX_STREAMS];
static unsigned int nr_of_thread;

struct stream *stream_of_thread(unsigned int id)
{
	return id < nr_of_thread ? of_thread[id] : NULL;
}

static long stream_info(u32 iommu, u32 endpoint, u32 sid, u64 *state)
{
	struct arm_smccc_res res;
	long ret = ask_stream(&host, &res, iommu, endpoint, sid);

	*state = res.a2;
	return ret;
}

static void add_stream(u32 iommu, u32 endpoint, u32 sid, u64 state)
{
	if (nr_streams == MAX_STREAMS)
		return;
	streams[nr_streams++] = (struct stream) {
		.iommu = iommu,
		.endpoint = endpoint,
		.id = sid,
		.owner = FIELD_GET(SMMU_KVM_STREAM_DOMAIN, state),
	};
}

static long move(enum fn fn, struct stream *s)
{
	struct arm_smccc_res res;

	return call(&host, fn, &res, s->owner, s->iommu, s->endpoint, s->id);
}

/* Does the bus master stop to work when the stream is detached? */
static bool stops(struct stream *s, struct bm *bm)
{
	struct stream probe = { .bm = bm };
	struct stamp got;
	bool works;

	if (move(FN_DETACH, s))
		return false;
	works = bm_read(&host, &probe, PROBE_IOVA, 0, &got, sizeof(got));
	move(FN_ATTACH, s);
	return !works;
}

/* Those attached to the bus master's domain; the first is its own. */
static unsigned int find_bm(struct bm *bm, u32 sid, struct stream **found)
{
	struct iommu_domain *domain = iommu_get_domain_for_dev(bm_device(bm));
	struct page *page = alloc_page(GFP_KERNEL | __GFP_ZERO);
	struct stream *own = NULL;
	unsigned int n = 0, i;
	struct arm_smccc_res res;

	if (!page)
		return 0;
	if (!domain || iommu_map(domain, PROBE_IOVA, page_to_phys(page), PAGE_SIZE, IOMMU_READ,
				 GFP_KERNEL))
		goto out;
	for (i = 0; i < nr_streams; i++) {
		struct stream *s = &streams[i];

		if (s->id != sid || !s->owner ||
		    call(&host, FN_LOOKUP, &res, s->owner, PROBE_IOVA) ||
		    res.a2 != page_to_phys(page))
			continue;
		found[n++] = s;
		if (!own && stops(s, bm)) {
			own = s;
			swap(found[0], found[n - 1]);
		}
	}
	iommu_unmap(domain, PROBE_IOVA, PAGE_SIZE);
	/* Who shares a stream is told apart by the memory controller, if there is one. */
	if (n && !own && find_mc_node())
		mismatch(&host, "a device works on, whichever of the %u streams is detached", n);
out:
	__free_page(page);
	return n;
}

/* One bus master is for races, best one that shares its stream; the rest for threads. */
int streams_find(void)
{
	static struct stream *found[MAX_BMS][MAX_STREAMS];
	unsigned int n[MAX_BMS] = {}, i, j, race = 0, nr_bms = 0;
	struct bm_info info;

	nr_iommus = ask_for_streams(stream_info, add_stream);
	for (i = 0; i < MAX_BMS && bm_get(i); i++) {
		bm_describe(bm_get(i), &info);
		n[i] = find_bm(bm_get(i), info.sid, found[i]);
		if (!n[i])
			continue;
		nr_bms++;
		if (n[i] >= n[race])
			race = i;
	}
	if (!nr_bms)
		return -ENODEV;
	for (i = 0; i < MAX_BMS; i++) {
		for (j = 0; j < n[i]; j++) {
			found[i][j]->taken = true;
			if (i == race && nr_bms > 1)
				racing[nr_racing++] = found[i][j];
		}
		if (!n[i])
			continue;
		found[i][0]->bm = bm_get(i);
		if (i != race || nr_bms == 1)
			of_thread[nr_of_thread++] = found[i][0];
	}
	pr_info("%u IOMMUs, %u streams, %u bus masters, %u streams for races\n", nr_iommus,
		nr_streams, nr_bms, nr_racing);
	return 0;
}

/* The host's own driver goes on to believe that they are attached. */
int streams_take(void)
{
	unsigned int i;

	host.doing = "take streams";
	for (i = 0; i < nr_streams; i++)
		if (streams[i].taken && !expect(&host, move(FN_DETACH, &streams[i]), 0))
			return -EBUSY;
	return 0;
}

void streams_put_back(void)
{
	unsigned int i;

	host.doing = "put streams back";
	for (i = 0; i < nr_streams; i++)
		if (streams[i].taken)
			expect(&host, move(FN_ATTACH, &streams[i]), 0);
}
