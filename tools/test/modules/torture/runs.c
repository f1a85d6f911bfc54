// SPDX-License-Identifier: GPL-2.0-only
/*
 * Lists of runs of pages, mapped with one call. The host's own lists are in the
 * same pages, one for each CPU: interrupts are off from when one is written
 * until EL2 has seen it.
 *
 * EL2 checks all pages of a list before it maps any, so which of two reasons to
 * stop it answers with follows from where they are, not from which is first
 * in the list.
 */
#include <linux/irqflags.h>
#include <linux/mm.h>
#include <linux/percpu.h>
#include <linux/string.h>

#include "torture.h"

static u64 * __percpu *lists;

/* Where the host's kernel keeps the address of its list */
void runs_init(unsigned long percpu_symbol)
{
	lists = (u64 * __percpu *)percpu_symbol;
}

static long map_runs(struct torturer *t, struct arm_smccc_res *res, u64 handle, u64 iova,
		     const u64 *runs, u64 nr, u64 written, u64 prot)
{
	unsigned long flags;
	long ret;

	local_irq_save(flags);
	memcpy(*this_cpu_ptr(lists), runs, written * sizeof(*runs));
	ret = call(t, FN_MAP_RUNS, res, handle, iova, nr, prot);
	local_irq_restore(flags);
	return ret;
}

/* What a page of a list is to be: the host's, at times not */
static u64 random_run(struct torturer *t, unsigned int *pages, bool *bad)
{
	struct own_page *p = &t->singles[rnd(t, NR_SINGLES)];
	u32 from = rnd(t, REGION_PAGES);

	*pages = 1;
	*bad = false;
	if (chance(t, 2) && p->page)
		return page_to_phys(p->page);
	if (chance(t, 60)) {
		*bad = true;
		return forbidden[rnd(t, nr_forbidden)];
	}
	if (chance(t, 4))
		*pages = 1 + rnd(t, min(REGION_PAGES - from, 40));
	return page_to_phys(t->block) + from * SZ_4K;
}

static u64 page_of_list(const u64 *runs, unsigned int i)
{
	for (; i >= KVM_IOMMU_RUN_PAGES(*runs); runs++)
		i -= KVM_IOMMU_RUN_PAGES(*runs);
	return KVM_IOMMU_RUN_ADDR(*runs) + i * SZ_4K;
}

/* The first page of the run that a page is in */
static unsigned int start_of_run(const u64 *runs, unsigned int i)
{
	unsigned int start = 0;

	while (i - start >= KVM_IOMMU_RUN_PAGES(*runs))
		start += KVM_IOMMU_RUN_PAGES(*runs++);
	return start;
}

void op_map_runs(struct torturer *t)
{
	u64 runs[48], iova, done;
	unsigned int nr, n = 0, pages, total = 0, from, bad_at = UINT_MAX, taken, i, room;
	struct domain *d = random_domain(t);
	struct arm_smccc_res res;
	struct slot *slot;
	int prot, tries = 0;
	long ret, want;
	bool bad;

	if (!d || !lists || !nr_forbidden)
		return;
	prot = IOMMU_READ | (chance(t, 2) ? IOMMU_WRITE : 0);
	from = rnd(t, REGION_PAGES);
	room = REGION_PAGES - from;
	iova = d->base[rnd(t, REGIONS)] + from * SZ_4K;
	d->last = iova;
	domain_slot(d, iova, &slot);

	for (nr = 1 + rnd(t, ARRAY_SIZE(runs)); n < nr; n++) {
		u64 addr = random_run(t, &pages, &bad);

		if (total + pages > min(room, KVM_IOMMU_MAX_PAGES))
			break;
		runs[n] = KVM_IOMMU_RUN(addr, pages);
		if (bad && bad_at == UINT_MAX)
			bad_at = total;
		total += pages;
	}
	if (!n)
		return;

	for (taken = 0; taken < total && !slot[taken].shift; taken++)
		;
again:
	want = taken < min(bad_at, total) ? -EEXIST : bad_at < total ? -EPERM : 0;
	ret = map_runs(t, &res, d->handle, iova, runs, n, n, prot);
	done = res.a2 / SZ_4K;
	if (!PAGE_ALIGNED(res.a2) || done > min3(taken, bad_at, total)) {
		mismatch(t, "a list: %#lx bytes done, there are %u pages, one is mapped at %u, one bad at %u",
			 res.a2, total, taken, bad_at);
		return;
	}
	for (i = 0; i < done; i++) {
		slot[i].phys = page_of_list(runs, i);
		slot[i].prot = prot;
		slot[i].shift = 12;
		page_used(t, slot[i].phys, 1);
	}
	if (ret == -ENOMEM && !done) {
		if (tries++ < 64 && !give(t, res.a3))
			goto again;
		return;
	}
	/* The rest would begin within a run: there is a list more another time */
	if (ret == -ENOMEM)
		return;
	/* A run that meets with something is not begun */
	if (ret == -EEXIST && want == ret && done >= start_of_run(runs, taken))
		return;
	if (expect(t, ret, want) && done != min3(taken, bad_at, total))
		mismatch(t, "a list: %llu pages done, there are %u, one is mapped at %u, one bad at %u",
			 done, total, taken, bad_at);
}

/*
 * Faults come back in the page of the CPU: as many as were asked for at most, and
 * nothing is written behind the last. They are anybody's: seldom, the host wants them.
 */
void wild_faults(struct torturer *t)
{
	struct kvm_iommu_fault *fault;
	u64 iommu = rnd(t, nr_iommus), max = rnd(t, KVM_IOMMU_MAX_FAULTS + 2);
	struct arm_smccc_res res;
	const char *wrong = NULL;
	unsigned long flags;
	long ret;

	if (!lists)
		return;
	if (!chance(t, 8))
		iommu = nr_iommus + rnd(t, U32_MAX - 8);
	if (chance(t, 4))
		max = U32_MAX - rnd(t, S32_MAX);

	local_irq_save(flags);
	fault = (void *)*this_cpu_ptr(lists);
	memset(fault, 0xa5, PAGE_SIZE);
	ret = call(t, FN_FAULTS, &res, iommu, max);
	if (iommu >= nr_iommus && max) {
		wrong = ret == -EINVAL ? NULL : "of no IOMMU";
		ret = 0;
	} else if (ret < 0 || ret > min(max, KVM_IOMMU_MAX_FAULTS)) {
		wrong = "more than were asked for";
		ret = 0;
	}
	for (; ret && !wrong; ret--, fault++)
		if (!fault->type || fault->type > KVM_IOMMU_FAULT_SYNC || fault->flags ||
		    fault->iommu != iommu)
			wrong = "of no type, or of another IOMMU";
	if (!wrong && memchr_inv(fault, 0xa5, PAGE_SIZE - offset_in_page(fault)))
		wrong = "behind the last";
	local_irq_restore(flags);
	if (wrong)
		mismatch(t, "faults: %s: answered %ld", wrong, (long)res.a1);
}

void wild_runs(struct torturer *t)
{
	struct domain *d = random_domain(t);
	u64 handle, iova, nr = 1, prot = 3, run = KVM_IOMMU_RUN(page_to_phys(t->block), 1);
	struct arm_smccc_res res;
	long want = -EINVAL;

	if (!d || !lists)
		return;
	handle = d->handle;
	iova = random_iova(t, d) & PAGE_MASK;

	switch (rnd(t, 11)) {
	case 0:
		handle = chance(t, 2) ? 0 : KVM_IOMMU_MAX_DOMAINS + 1 + rnd(t, S32_MAX);
		want = -ENOENT;
		break;
	case 1:
		nr = chance(t, 2) ? 0 : KVM_IOMMU_MAX_RUNS + 1 + rnd(t, 3);
		break;
	case 2:
		nr = rnd64(t) | BIT_ULL(9 + rnd(t, 55)) | 1;
		break;
	case 3:
		iova += 1 + rnd(t, SZ_4K - 1);
		break;
	case 4:
		iova = BIT_ULL(d->ias) << rnd(t, 64 - d->ias);
		break;
	case 5:		/* across the end */
		iova = BIT_ULL(d->ias) - SZ_4K;
		run = KVM_IOMMU_RUN(page_to_phys(t->block), 2 + rnd(t, 500));
		break;
	case 6:
		prot = chance(t, 2) ? 0 : 3 | BIT(6 + rnd(t, 26));
		break;
	case 7:		/* EL2's, the last pages there are, none at all */
		run = chance(t, 2) ? forbidden[rnd(t, nr_forbidden)] : ~0ULL << rnd(t, 12);
		if (chance(t, 2))
			run |= rnd(t, SZ_4K);
		map_runs(t, &res, handle, iova, &run, 1, 1, prot);
		if ((long)res.a1 != -EPERM && (long)res.a1 != -EINVAL)
			expect(t, res.a1, -EPERM);
		goto none;
	case 8:		/* begins with the host's, or ends with it */
		if (!nr_edges)
			return;
		run = KVM_IOMMU_RUN(edges[rnd(t, nr_edges)], 2 + rnd(t, 100));
		want = -EPERM;
		break;
	case 9:		/* another view of memory */
		if (!has_mc)
			return;
		run = KVM_IOMMU_RUN(page_to_phys(t->block) | BIT_ULL(39), 1);
		if (chance(t, 2))
			run = KVM_IOMMU_RUN(BIT_ULL(39) - SZ_4K, 2 + rnd(t, 100));
		break;
	case 10:	/* each CPU has one, and no other CPU may have any */
		nr = rnd(t, num_possible_cpus() + 8);
		if (chance(t, 4))
			nr = rnd64(t) | BIT_ULL(40);
		expect(t, call(t, FN_SET_RUNS, &res, nr, page_to_pfn(t->block)),
		       nr < num_possible_cpus() ? -EBUSY : -EINVAL);
		/* EL2 reads it whenever it is called */
		expect(t, call(t, FN_UNSHARE, &res, virt_to_pfn(raw_cpu_read(*lists))), -EBUSY);
		return;
	}
	expect(t, map_runs(t, &res, handle, iova, &run, nr, 1, prot), want);
none:
	if (res.a2)
		mismatch(t, "a list that is refused: %#lx bytes done", res.a2);
}
