// SPDX-License-Identifier: GPL-2.0-only
/*
 * Hypercalls that no honest host would make, straight past its IOMMU driver.
 *
 * Their numbers come from the headers that this module is built against: a
 * kernel without the series has none, and nothing to attack here.
 */
#include <linux/arm-smccc.h>
#include <linux/bitfield.h>
#include <linux/iommu.h>
#include <linux/irqflags.h>
#include <linux/percpu.h>
#include <linux/slab.h>
#include <asm/kvm_asm.h>
#include <asm/virt.h>

#include "attack.h"

#if __has_include(<asm/kvm_iommu.h>)

#include <common/hypercall.h>

/* With the kernel itself at EL2 there is nobody to call. */
#define call(res, f, ...)							\
do {										\
	if (is_kernel_in_hyp_mode())						\
		(res)->a0 = SMCCC_RET_NOT_SUPPORTED;				\
	else									\
		arm_smccc_1_1_hvc(KVM_HOST_SMCCC_FUNC(f), ##__VA_ARGS__, res);	\
} while (0)

/* EL2 asks for the memory of its tables; what it is given it keeps. */
static bool give_memory(u64 want)
{
	unsigned int order = wanted_order(want);
	struct arm_smccc_res res;
	struct page *page;

	if (order > KVM_IOMMU_MAX_ORDER)
		return false;
	page = alloc_wanted(want, __GFP_ZERO);
	if (!page)
		return false;
	call(&res, __pkvm_iommu_topup, page_to_pfn(page), order);
	if (!hypercall_answer(&res))
		return true;
	__free_pages(page, order);
	return false;
}

long hyp_map(u32 handle, u64 iova, u64 phys, u64 pgsize, u64 pgcount, u32 prot)
{
	struct arm_smccc_res res;
	int tries;

	for (tries = 0; tries < 8; tries++) {
		call(&res, __pkvm_iommu_map, handle, iova, phys, pgsize, pgcount, prot);
		if (hypercall_answer(&res) != -ENOMEM ||
		    !give_memory(res.a3))
			break;
	}
	return hypercall_answer(&res);
}

/* The host's own lists are in the same pages, one for each CPU. */
long hyp_map_runs(u32 handle, u64 iova, const u64 *runs, u64 nr, u32 prot)
{
	u64 * __percpu *lists = (u64 * __percpu *)symbol("kvm_iommu_runs");
	struct arm_smccc_res res;
	unsigned long flags;
	int tries;

	if (!lists)
		return -ENOSYS;
	for (tries = 0; tries < 8; tries++) {
		local_irq_save(flags);
		memcpy(*this_cpu_ptr(lists), runs, nr * sizeof(*runs));
		call(&res, __pkvm_iommu_map_runs, handle, iova, nr, prot);
		local_irq_restore(flags);
		if (hypercall_answer(&res) != -ENOMEM || res.a2 ||
		    !give_memory(res.a3))
			break;
	}
	return hypercall_answer(&res);
}

long hyp_unmap(u32 handle, u64 iova, u64 pgsize, u64 pgcount)
{
	struct arm_smccc_res res;

	call(&res, __pkvm_iommu_unmap, handle, iova, pgsize, pgcount);
	return hypercall_answer(&res);
}

long hyp_attach(u64 handle, u64 iommu, u64 endpoint, u64 id)
{
	struct arm_smccc_res res;

	call(&res, __pkvm_iommu_attach, handle, iommu, endpoint, id, 0);
	return hypercall_answer(&res);
}

long hyp_detach(u64 handle, u64 iommu, u64 endpoint, u64 id)
{
	struct arm_smccc_res res;

	call(&res, __pkvm_iommu_detach, handle, iommu, endpoint, id);
	return hypercall_answer(&res);
}

long hyp_topup(u64 pfn)
{
	struct arm_smccc_res res;

	call(&res, __pkvm_iommu_topup, pfn, 0);
	return hypercall_answer(&res);
}

long hyp_topup_block(u64 pfn)
{
	struct arm_smccc_res res;

	call(&res, __pkvm_iommu_topup, pfn, KVM_IOMMU_MAX_ORDER);
	return hypercall_answer(&res);
}

long hyp_reclaim(u64 *pfn)
{
	struct arm_smccc_res res;

	call(&res, __pkvm_iommu_reclaim, 0);
	*pfn = res.a2;
	return hypercall_answer(&res);
}

long hyp_alloc_domain(u32 iommu)
{
	struct arm_smccc_res res;
	int tries;

	for (tries = 0; tries < 8; tries++) {
		call(&res, __pkvm_iommu_alloc_domain, iommu, KVM_IOMMU_FMT_LPAE);
		if (hypercall_answer(&res) != -ENOMEM ||
		    !give_memory(res.a3))
			break;
	}
	return hypercall_answer(&res);
}

long hyp_free_domain(u64 handle)
{
	struct arm_smccc_res res;

	do {
		call(&res, __pkvm_iommu_free_domain, handle);
	} while (hypercall_answer(&res) == -EAGAIN);
	return hypercall_answer(&res);
}

/* What a stream is attached to: SMMU_KVM_STREAM_*, or an error. */
static long stream_state(u32 iommu, u32 endpoint, u32 sid, u64 *state)
{
	struct arm_smccc_res res;

	call(&res, __pkvm_iommu_debug, iommu, SMMU_KVM_DEBUG_STREAM, stream_index(endpoint, sid));
	*state = res.a2;
	return hypercall_answer(&res);
}

long hyp_stream_bank(void)
{
	u64 state;
	long ret = stream_state(bm_iommu, bm_endpoint, bm_info.sid, &state);

	if (ret)
		return ret;
	if (!(state & SMMU_KVM_STREAM_ATTACHED))
		return -ENOENT;
	return FIELD_GET(SMMU_KVM_STREAM_BANK, state);
}

/* Where the description put the bus master: EL2 knows, and tells by errors. */
#define SMMU_SEARCH	8
#define ENDPOINT_SEARCH	128

int bm_iommu = -1, bm_endpoint = -1;

/* Does a page that is mapped by that handle appear in the bus master's domain? */
static bool is_bm_domain(u32 handle, struct page *page)
{
	phys_addr_t phys;

	if (hyp_map(handle, ATTACK_IOVA, page_to_phys(page), PAGE_SIZE, 1, IOMMU_READ))
		return false;
	phys = iommu_iova_to_phys(bm_domain(), ATTACK_IOVA);
	hyp_unmap(handle, ATTACK_IOVA, PAGE_SIZE, 1);
	return phys == page_to_phys(page);
}

static int find_bm(u32 *handle)
{
	struct page *page = alloc_page(GFP_KERNEL | __GFP_ZERO);
	int i, j, ret = -ENODEV;
	u64 state;

	if (!page)
		return -ENOMEM;
	for (i = 0; i < SMMU_SEARCH && ret; i++) {
		for (j = 0; j < ENDPOINT_SEARCH && ret; j++) {
			if (stream_state(i, j, bm_info.sid, &state) ||
			    !(state & SMMU_KVM_STREAM_ATTACHED))
				continue;
			/* Other SMMUs may have that stream ID, too. */
			*handle = FIELD_GET(SMMU_KVM_STREAM_DOMAIN, state);
			if (!is_bm_domain(*handle, page))
				continue;
			bm_iommu = i;
			bm_endpoint = j;
			ret = 0;
		}
	}
	__free_page(page);
	return ret;
}

int bm_domain_handle(void)
{
	static u32 handle;
	int ret;

	if (!handle) {
		ret = find_bm(&handle);
		if (ret) {
			handle = 0;
			return ret;
		}
	}
	return handle;
}

/* --- arguments that must be refused --------------------------------------- */

struct map_args {
	const char *what;
	u64 iova, phys, pgsize, pgcount;
	u32 prot;
	bool partly;	/* a call may do a part, and say how much */
};

/*
 * Each map names a page of the host's own as far as it is sane; @HYP stands for
 * the hypervisor's spare page, @OWN for the host's.
 */
#define OWN	1
#define HYP	2
#define RW	(IOMMU_READ | IOMMU_WRITE)

static const struct map_args bad_maps[] = {
	{ "no pages", ATTACK_IOVA, OWN, SZ_4K, 0, RW, true },
	{ "no page size", ATTACK_IOVA, OWN, 0, 1, RW },
	{ "a page size of 3", ATTACK_IOVA, OWN, 3, 1, RW },
	{ "a page size of two bits", ATTACK_IOVA, OWN, SZ_4K | SZ_2M, 1, RW },
	{ "a page size of 2^63", ATTACK_IOVA, OWN, 1ULL << 63, 1, RW },
	{ "a page size of 2^63, twice", ATTACK_IOVA, OWN, 1ULL << 63, 2, RW },
	{ "pages whose size overflows", ATTACK_IOVA, OWN, SZ_4K, 1ULL << 52, RW, true },
	{ "pages whose size overflows to one", ATTACK_IOVA, OWN, SZ_4K, (1ULL << 52) + 1, RW,
	  true },
	{ "all pages there can be", ATTACK_IOVA, OWN, SZ_4K, ~0ULL, RW, true },
	{ "more than a call may do", ATTACK_IOVA, OWN, SZ_4K, KVM_IOMMU_MAX_PAGES + 1, RW, true },
	{ "an unaligned IOVA", ATTACK_IOVA + 1, OWN, SZ_4K, 1, RW },
	{ "an unaligned page", ATTACK_IOVA, OWN + 0x800, SZ_4K, 1, RW },
	{ "an IOVA at the end", -(u64)SZ_4K, OWN, SZ_4K, 1, RW },
	{ "an IOVA that wraps", -(u64)SZ_4K, OWN, SZ_4K, 2, RW },
	{ "an IOVA beyond the domain", 1ULL << 52, OWN, SZ_4K, 1, RW },
	{ "no permission", ATTACK_IOVA, OWN, SZ_4K, 1, 0 },
	{ "permissions that do not exist", ATTACK_IOVA, OWN, SZ_4K, 1, RW | 0x80000000 },
	{ "the hypervisor's page", ATTACK_IOVA, HYP, SZ_4K, 1, RW },
	{ "the hypervisor's page, for reading", ATTACK_IOVA, HYP, SZ_4K, 1, IOMMU_READ },
	{ "a range that ends in the hypervisor's", ATTACK_IOVA, HYP + 0x1000, SZ_4K, 2, RW, true },
	{ "a 2 MiB block around the hypervisor's page", 0x40000000, HYP + 0x2000, SZ_2M, 1, RW },
	{ "a 1 GiB block around the hypervisor's page", 0x40000000, HYP + 0x3000, SZ_1G, 1, RW },
	{ "no memory at all", ATTACK_IOVA, 1ULL << 51, SZ_4K, 1, RW },
	{ "a page at the end of all addresses", ATTACK_IOVA, -(u64)SZ_4K, SZ_4K, 1, RW },
	{ "pages that wrap", ATTACK_IOVA, -(u64)SZ_4K, SZ_4K, 2, RW },
};

static u64 resolve(u64 phys, struct page *own)
{
	phys_addr_t *hyp_base = symbol("hyp_mem_base");

	switch (phys) {
	case OWN:
		return page_to_phys(own);
	case OWN + 0x800:
		return page_to_phys(own) + 0x800;
	case HYP:
		return hyp_spare_page();
	case HYP + 0x1000:
		return *hyp_base - PAGE_SIZE;
	case HYP + 0x2000:
		return ALIGN_DOWN(hyp_spare_page(), SZ_2M);
	case HYP + 0x3000:
		return ALIGN_DOWN(hyp_spare_page(), SZ_1G);
	}
	return phys;
}

/*
 * Is it the host's? EL2 lets the host read its own pages, and EL2's code, which
 * it must not write. Whether it may write others cannot be tried by writing:
 * the kernel's own mapping of its code is read-only, too.
 */
static bool is_hosts(phys_addr_t phys)
{
	if (!pfn_valid(PHYS_PFN(phys)) || !host_may_read(phys))
		return false;
	return phys < ALIGN_DOWN(symbol_phys("__hyp_text_start"), PAGE_SIZE) ||
	       phys >= PAGE_ALIGN(symbol_phys("__hyp_text_end"));
}

/*
 * What a call mapped, if anything, has to be the host's. Returns how many pages
 * the domain leads to now, or -EPERM; unmaps them.
 */
static long check_mapped(int handle, const struct map_args *m)
{
	u64 iova = ALIGN(m->iova, SZ_4K);
	bool bad = false;
	long n;

	for (n = 0; n <= KVM_IOMMU_MAX_PAGES; n++) {
		phys_addr_t phys = iommu_iova_to_phys(bm_domain(), iova + n * SZ_4K);

		if (!phys)
			break;
		bad |= !is_hosts(phys);
	}
	if (n)
		hyp_unmap(handle, iova, SZ_4K, n);
	if (bad || n > KVM_IOMMU_MAX_PAGES)
		return -EPERM;
	return n;
}

static void attack_maps(struct outcome *o, unsigned long data, const char *arg)
{
	int i, handle, refused = 0, partly = 0;
	struct page *own;

	if (!bm || !hyp_spare_page()) {
		is_na(o, "there is no bus master or no hypervisor memory");
		return;
	}
	handle = bm_domain_handle();
	if (handle < 0) {
		is_broken(o, "the bus master's domain was not found: error %d", handle);
		return;
	}
	own = alloc_page(GFP_KERNEL | __GFP_ZERO);
	if (!own)
		return;

	for (i = 0; i < ARRAY_SIZE(bad_maps); i++) {
		const struct map_args *m = &bad_maps[i];
		long ret, mapped;

		ret = hyp_map(handle, m->iova, resolve(m->phys, own), m->pgsize, m->pgcount,
			      m->prot);
		mapped = check_mapped(handle, m);
		if (mapped < 0) {
			is_open(o, "%s: answered %ld, and others' pages are mapped", m->what, ret);
			break;
		}
		if (!m->partly && (ret >= 0 || mapped)) {
			is_open(o, "%s: answered %ld, %ld pages are mapped", m->what, ret, mapped);
			break;
		}
		if (mapped)
			partly++;
		else
			refused++;
	}
	if (i == ARRAY_SIZE(bad_maps))
		is_stopped(o, "of %d bad calls %d did nothing, %d mapped a part that is the host's",
			   i, refused, partly);
	__free_page(own);
}

static const u64 bad_handles[] = {
	0, KVM_IOMMU_MAX_DOMAINS, KVM_IOMMU_MAX_DOMAINS + 1, 0x7fffffff, 0xffffffff,
	1ULL << 32, ~0ULL,
};

static void attack_handles(struct outcome *o, unsigned long data, const char *arg)
{
	struct arm_smccc_res res;
	struct page *own;
	int i, handle;

	if (!bm) {
		is_na(o, "there is no bus master");
		return;
	}
	handle = bm_domain_handle();
	if (handle < 0) {
		is_broken(o, "the bus master's domain was not found: error %d", handle);
		return;
	}
	own = alloc_page(GFP_KERNEL | __GFP_ZERO);
	if (!own)
		return;

	for (i = 0; i < ARRAY_SIZE(bad_handles); i++) {
		u64 h = bad_handles[i];

		call(&res, __pkvm_iommu_map, h, ATTACK_IOVA, page_to_phys(own), SZ_4K, 1, RW);
		if (hypercall_answer(&res) >= 0) {
			is_open(o, "map with handle %#llx", h);
			goto out;
		}
		call(&res, __pkvm_iommu_unmap, h, ATTACK_IOVA, SZ_4K, 1);
		if (hypercall_answer(&res) >= 0) {
			is_open(o, "unmap with handle %#llx", h);
			goto out;
		}
		call(&res, __pkvm_iommu_iova_to_phys, h, ATTACK_IOVA);
		if (hypercall_answer(&res) >= 0) {
			is_open(o, "iova_to_phys with handle %#llx", h);
			goto out;
		}
		if (hyp_attach(h, bm_iommu, bm_endpoint, bm_info.sid) >= 0 ||
		    hyp_detach(h, bm_iommu, bm_endpoint, bm_info.sid) >= 0) {
			is_open(o, "attach or detach with handle %#llx", h);
			goto out;
		}
		call(&res, __pkvm_iommu_free_domain, h);
		if (hypercall_answer(&res) >= 0) {
			is_open(o, "free with handle %#llx", h);
			goto out;
		}
	}
	call(&res, __pkvm_iommu_free_domain, handle);
	if (hypercall_answer(&res) >= 0)
		is_open(o, "a domain was freed that a device is attached to");
	else
		is_stopped(o, "%zu bad handles and an attached domain, all refused",
			   ARRAY_SIZE(bad_handles));
out:
	__free_page(own);
}

static void attack_streams(struct outcome *o, unsigned long data, const char *arg)
{
	int handle, i;

	if (!bm) {
		is_na(o, "there is no bus master");
		return;
	}
	handle = bm_domain_handle();
	if (handle < 0) {
		is_broken(o, "the bus master's domain was not found: error %d", handle);
		return;
	}

	/* Streams that the description lacks for this endpoint, and masks. */
	for (i = 0; i < 0x100; i++) {
		if (i == bm_info.sid)
			continue;
		if (hyp_attach(handle, bm_iommu, bm_endpoint, i) >= 0) {
			is_open(o, "stream %#x was attached", i);
			return;
		}
	}
	for (i = 0; i < 16; i++) {
		if (hyp_attach(handle, bm_iommu, bm_endpoint, bm_info.sid | 0x10000 << i) >= 0) {
			is_open(o, "a mask of bit %d was attached", i);
			return;
		}
	}
	for (i = 0; i < 4096; i++) {
		if (i == bm_iommu)
			continue;
		if (i > 7 && i < 4000)
			continue;
		if (hyp_attach(handle, i, bm_endpoint, bm_info.sid) >= 0) {
			is_open(o, "it was attached at SMMU %d", i);
			return;
		}
	}
	if (hyp_attach(handle, ~0ULL, bm_endpoint, bm_info.sid) >= 0 ||
	    hyp_attach(handle, bm_iommu, ~0ULL, bm_info.sid) >= 0 ||
	    hyp_attach(handle, bm_iommu, bm_endpoint, ~0ULL) >= 0) {
		is_open(o, "out of any range was attached");
		return;
	}
	is_stopped(o, "streams, masks, SMMUs that it was not described with: all refused");
}

/*
 * Streams that are described and that nobody has, some of them because firmware
 * has locked a client of theirs. What is refused is refused alike each time, more
 * often than there are banks, and leaves neither stream nor bank with a domain.
 */
#define AT_ONCE		3
#define ROUNDS		50

/* Attach to each of some domains and detach: the answer, or -EPIPE if they differ. */
static long try_stream(u32 iommu, u32 endpoint, u32 sid)
{
	long domain[AT_ONCE], ret[AT_ONCE] = { -EPIPE }, freed = 0;
	int i;

	for (i = 0; i < AT_ONCE; i++)
		domain[i] = hyp_alloc_domain(iommu);
	for (i = 0; i < AT_ONCE; i++) {
		ret[i] = hyp_attach(domain[i], iommu, endpoint, sid);
		if (!ret[i])
			freed |= hyp_detach(domain[i], iommu, endpoint, sid);
	}
	for (i = 0; i < AT_ONCE; i++)
		freed |= hyp_free_domain(domain[i]);
	for (i = 0; i < AT_ONCE; i++)
		if (domain[i] < 0 || ret[i] != ret[0] || freed)
			return -EPIPE;
	return ret[0];
}

/* Has any device the stream? Some share one. */
static bool stream_is_attached(u32 iommu, u32 sid)
{
	u64 state;
	u32 i;

	for (i = 0; i < ENDPOINT_SEARCH; i++)
		if (!stream_state(iommu, i, sid, &state) && state & SMMU_KVM_STREAM_ATTACHED)
			return true;
	return false;
}

static void attack_refused(struct outcome *o, unsigned long data, const char *arg)
{
	unsigned int accepted = 0, refused = 0, round;
	long ret, first = 0;
	u32 i, j, sid;
	u64 state;

	if (!hyp_spare_page()) {
		is_na(o, "EL2 has no memory of its own");
		return;
	}
	for (i = 0; i < SMMU_SEARCH; i++) {
		for (j = 0; j < ENDPOINT_SEARCH; j++) {
			for (sid = 0; sid < 0x7f; sid++) {
				if (stream_state(i, j, sid, &state) ||
				    state & SMMU_KVM_STREAM_ATTACHED)
					continue;
				first = try_stream(i, j, sid);
				ret = first;
				for (round = 1; first && ret == first && round < ROUNDS; round++)
					ret = try_stream(i, j, sid);
				/* What an earlier refusal left would be in the way of the next. */
				if (ret == -EPIPE || ret != first ||
				    (ret == -EBUSY && !stream_is_attached(i, sid))) {
					is_open(o, "stream %#x of SMMU %u: %ld, in round %u %ld",
						sid, i, first, round, ret);
					return;
				}
				if (first)
					refused++;
				else
					accepted++;
			}
		}
	}
	is_stopped(o, "%u streams, %u refused, alike each time", accepted + refused, refused);
}

static void attack_init(struct outcome *o, unsigned long data, const char *arg)
{
	struct page *own = alloc_pages(GFP_KERNEL | __GFP_ZERO, 2);
	struct arm_smccc_res res;

	if (!own)
		return;
	call(&res, __pkvm_iommu_init, 0, page_to_pfn(own), 4);
	if (hypercall_answer(&res) >= 0)
		is_open(o, "described again");
	else if (!host_may_write(page_to_phys(own)))
		is_open(o, "refused, but the page was taken");
	else
		is_stopped(o, "a0 %ld, a1 %ld", (long)res.a0, (long)res.a1);
	__free_pages(own, 2);
}

static void attack_topup(struct outcome *o, unsigned long data, const char *arg)
{
	struct arm_smccc_res res;
	phys_addr_t *base = symbol("hyp_mem_base");
	const u64 bad[][2] = {
		{ PHYS_PFN(hyp_spare_page()), 0 },
		{ PHYS_PFN(hyp_text_page()), 0 },
		{ base ? PHYS_PFN(*base) - 1 : 0, 1 },
		{ 0, 0 },
		{ ~0ULL, 0 },
		{ ~0ULL >> 12, 0 },
		{ 1ULL << 52, 0 },
		{ PHYS_PFN(smmus[0].base[0]), 0 },
		{ PHYS_PFN(mc_sid_base), 0 },
		{ PHYS_PFN(hyp_spare_page()), 63 },
		{ PHYS_PFN(hyp_spare_page()), KVM_IOMMU_MAX_ORDER + 1 },
	};
	int i;

	if (!hyp_spare_page()) {
		is_na(o, "EL2 has no memory of its own");
		return;
	}
	for (i = 0; i < ARRAY_SIZE(bad); i++) {
		call(&res, __pkvm_iommu_topup, bad[i][0], bad[i][1]);
		if (hypercall_answer(&res) >= 0) {
			is_open(o, "page %#llx of order %llu was taken", bad[i][0], bad[i][1]);
			return;
		}
	}
	call(&res, __pkvm_iommu_reclaim, KVM_IOMMU_MAX_ORDER + 1);
	if (hypercall_answer(&res) >= 0) {
		is_open(o, "reclaim of an order that does not exist");
		return;
	}
	is_stopped(o, "%zu pages that are not the host's, all refused", ARRAY_SIZE(bad));
}

#else /* a kernel without the series */

int bm_iommu = -1, bm_endpoint = -1;

long hyp_map(u32 handle, u64 iova, u64 phys, u64 pgsize, u64 pgcount, u32 prot)
{
	return -ENOSYS;
}

long hyp_map_runs(u32 handle, u64 iova, const u64 *runs, u64 nr, u32 prot)
{
	return -ENOSYS;
}

long hyp_unmap(u32 handle, u64 iova, u64 pgsize, u64 pgcount)
{
	return -ENOSYS;
}

int bm_domain_handle(void)
{
	return -ENOSYS;
}

long hyp_attach(u64 handle, u64 iommu, u64 endpoint, u64 id)
{
	return -ENOSYS;
}

long hyp_detach(u64 handle, u64 iommu, u64 endpoint, u64 id)
{
	return -ENOSYS;
}

long hyp_alloc_domain(u32 iommu)
{
	return -ENOSYS;
}

long hyp_free_domain(u64 handle)
{
	return -ENOSYS;
}

long hyp_stream_bank(void)
{
	return -ENOSYS;
}

long hyp_topup(u64 pfn)
{
	return -ENOSYS;
}

long hyp_topup_block(u64 pfn)
{
	return -ENOSYS;
}

long hyp_reclaim(u64 *pfn)
{
	return -ENOSYS;
}

static void no_such_call(struct outcome *o, unsigned long data, const char *arg)
{
	is_na(o, "the kernel has no such hypercall");
}

#define attack_maps	no_such_call
#define attack_handles	no_such_call
#define attack_streams	no_such_call
#define attack_refused	no_such_call
#define attack_init	no_such_call
#define attack_topup	no_such_call

#endif

const struct attack hypercall_attacks[] = {
	{ "hvc-map", "map with bad sizes, addresses, permissions, others' pages", attack_maps },
	{ "hvc-handle", "name domains that do not exist, free one in use", attack_handles },
	{ "hvc-stream", "attach streams that the device was not described with", attack_streams },
	{ "hvc-refused", "attach a stream again that is refused, or free its domain",
	  attack_refused },
	{ "hvc-init", "describe the hardware again, after finalisation", attack_init },
	{ "hvc-topup", "give EL2 memory that is not the host's", attack_topup },
	{ }
};
