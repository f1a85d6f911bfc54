// SPDX-License-Identifier: GPL-2.0-only
/*
 * The owner of a page changes while a device writes to it.
 *
 * Once the new owner has the page, no access by the device may succeed, neither through
 * a mapping nor through a stale TLB entry; the model's TLBs never evict entries. The
 * device has no other target, so its count of completed transfers proves it.
 *
 * Donations to EL2:
 *
 *	__pkvm_iommu_topup()	a page for I/O page tables (with the series)
 *	__pkvm_init_vm()	the memory for EL2's description of a guest (any kernel)
 *
 * KVM_RUN, called by user space, donates pages to guests: see the steps at the end, and
 * tests/attack.
 */
#include <linux/arm-smccc.h>
#include <linux/delay.h>
#include <linux/iommu.h>
#include <linux/kthread.h>
#include <linux/kvm_host.h>
#include <linux/slab.h>
#include <asm/kvm_asm.h>
#include <asm/virt.h>

#include "attack.h"

#define RW	(IOMMU_READ | IOMMU_WRITE)

static bool ready(struct outcome *o, bool series)
{
	if (!bm || !hyp_spare_page())
		is_na(o, "there is no bus master or no hypervisor memory");
	else if (host_may_read(hyp_spare_page()))
		is_na(o, "the host's CPU can access EL2's memory, too");
	else if (series && bm_domain_handle() == -ENOSYS)
		is_na(o, "the kernel has no such hypercall");
	else if (series && bm_domain_handle() < 0)
		is_broken(o, "the bus master's domain was not found: %d", bm_domain_handle());
	else
		return true;
	return false;
}

/* Reclaim pages of EL2's pool until this one is returned; donate the others again. */
#define POOL_MAX	64

long take_back(struct page *page, bool *clean)
{
	u64 other[POOL_MAX], pfn = 0;
	long ret = 0;
	int n = 0, i;

	while (n < POOL_MAX) {
		ret = hyp_reclaim(&pfn);
		if (ret || pfn == page_to_pfn(page))
			break;
		other[n++] = pfn;
	}
	/* In the race the device may already have written the first word again. */
	*clean = !ret && !memchr_inv(page_address(page) + 8, 0, PAGE_SIZE - 8);
	for (i = 0; i < n; i++)
		hyp_topup(other[i]);
	return ret ?: n < POOL_MAX ? 0 : -ENOENT;
}

/* EL2 refuses the page while it is mapped, and accepts it after the unmap. */
static void attack_topup_mapped(struct outcome *o, unsigned long data, const char *arg)
{
	struct page *page;
	bool clean = false;
	u64 word = 0;
	long ret;

	if (!ready(o, true))
		return;
	page = alloc_page(GFP_KERNEL);
	if (!page)
		return;
	memset(page_address(page), 0xa5, PAGE_SIZE);
	ret = iommu_map(bm_domain(), ATTACK_IOVA, page_to_phys(page), PAGE_SIZE, RW, GFP_KERNEL);
	if (ret) {
		is_broken(o, "the page cannot be mapped: %ld", ret);
		goto free;
	}
	loop_start(bm, ATTACK_IOVA, true);
	if (!loop_lives(bm)) {
		is_broken(o, "the device does not write to the page");
		iommu_unmap(bm_domain(), ATTACK_IOVA, PAGE_SIZE);
		goto stop;
	}

	ret = hyp_topup(page_to_pfn(page));
	if (!ret) {
		is_open(o, "EL2 accepted a page that %s", loop_lives(bm) ?
			"the device still writes to" : "is mapped for the device");
		goto stop;
	}
	if (ret != -EBUSY || !host_may_write(page_to_phys(page)) || !loop_lives(bm)) {
		is_broken(o, "refused with %ld, but not without effect", ret);
		iommu_unmap(bm_domain(), ATTACK_IOVA, PAGE_SIZE);
		goto stop;
	}

	iommu_unmap(bm_domain(), ATTACK_IOVA, PAGE_SIZE);
	loop_reached(bm);
	ret = hyp_topup(page_to_pfn(page));
	if (ret) {
		is_broken(o, "EL2 refuses the page after the unmap, too: %ld", ret);
		goto stop;
	}
	if (!loop_is_dead(bm)) {
		is_open(o, "the device still writes to EL2's page after the unmap");
		goto stop;
	}
	if (host_may_read(page_to_phys(page))) {
		is_broken(o, "EL2 owns the page, but the host can read it");
		goto stop;
	}
	if (!iommu_map(bm_domain(), ATTACK_IOVA, page_to_phys(page), PAGE_SIZE, RW, GFP_KERNEL)) {
		is_open(o, "EL2's page was mapped");
		goto stop;
	}
	loop_stop(bm);
	ret = take_back(page, &clean);
	if (ret || !clean) {
		is_broken(o, "reclaim: error %ld, the page is %s", ret, clean ? "zero" : "not zero");
		return;
	}
	ret = iommu_map(bm_domain(), ATTACK_IOVA, page_to_phys(page), PAGE_SIZE, RW, GFP_KERNEL);
	word = 1;
	if (ret || !dma(ATTACK_IOVA, false, &word, sizeof(word)) || word)
		is_broken(o, "the reclaimed page cannot be mapped (%ld) or holds %#llx", ret, word);
	else
		is_stopped(o, "-EBUSY while mapped; after the unmap donated, unreachable, reclaimed as zero");
	if (!ret)
		iommu_unmap(bm_domain(), ATTACK_IOVA, PAGE_SIZE);
	keep_page(page);
	return;
stop:
	loop_stop(bm);
	return;		/* EL2 may own the page */
free:
	__free_page(page);
}

/* Pages for both instances; all are in the TLBs when they are unmapped. */
#define NR_STALE	16

static void attack_stale(struct outcome *o, unsigned long data, const char *arg)
{
	struct page *pages = NULL, *one[NR_STALE];
	int i, handle, given = 0, reached = 0;
	bool clean;
	u64 word;
	long ret;

	if (!ready(o, true))
		return;
	handle = bm_domain_handle();
	for (i = 0; i < NR_STALE; i++) {
		one[i] = alloc_page(GFP_KERNEL | __GFP_ZERO);
		if (!one[i])
			return;
		ret = hyp_map(handle, ATTACK_IOVA + i * PAGE_SIZE, page_to_phys(one[i]),
			      PAGE_SIZE, 1, RW);
		word = i;
		if (ret || !dma_once(ATTACK_IOVA + i * PAGE_SIZE, true, &word, 8) ||
		    !dma_once(ATTACK_IOVA + i * PAGE_SIZE, false, &word, 8)) {
			is_broken(o, "page %d is not mapped (%ld) or not reached", i, ret);
			return;
		}
	}
	ret = hyp_unmap(handle, ATTACK_IOVA, PAGE_SIZE, NR_STALE);
	for (i = 0; i < NR_STALE; i++)
		given += !hyp_topup(page_to_pfn(one[i]));
	word = LOOP_WORD;
	for (i = 0; i < NR_STALE; i++) {
		reached += dma_once(ATTACK_IOVA + i * PAGE_SIZE, true, &word, 8);
		reached += dma_once(ATTACK_IOVA + i * PAGE_SIZE, false, &word, 8);
	}
	if (reached)
		is_open(o, "%d accesses reached EL2's pages through stale TLB entries", reached);
	else if (ret || given != NR_STALE)
		is_broken(o, "unmap returned %ld; EL2 accepted %d of %d pages", ret, given, NR_STALE);
	else
		is_stopped(o, "%d pages in the TLBs were donated, and unreachable", given);
	for (i = 0; i < NR_STALE; i++) {
		pages = one[NR_STALE - 1 - i];
		if (!take_back(pages, &clean))
			keep_page(pages);
	}
}

/*
 * One CPU maps and unmaps the page by raw hypercalls while another donates it. Whenever
 * EL2 has accepted it, it must be unreachable for the device, and stay so.
 */
static struct {
	phys_addr_t phys;
	int handle;
	unsigned long mapped, refused;
} flip;

static int flip_thread(void *unused)
{
	while (!kthread_should_stop()) {
		long ret;

		if (flip.handle < 0)
			ret = iommu_map(bm_domain(), ATTACK_IOVA, flip.phys, PAGE_SIZE, RW,
					GFP_KERNEL);
		else
			ret = hyp_map(flip.handle, ATTACK_IOVA, flip.phys, PAGE_SIZE, 1, RW);
		if (ret)
			flip.refused++;
		else
			flip.mapped++;
		/* on base the page would stay mapped while EL2 owns it */
		if (ret) {
			cond_resched();
			continue;
		}
		ndelay(500 * (flip.mapped % 64));
		if (flip.handle < 0)
			iommu_unmap(bm_domain(), ATTACK_IOVA, PAGE_SIZE);
		else
			hyp_unmap(flip.handle, ATTACK_IOVA, PAGE_SIZE, 1);
		cond_resched();
	}
	return 0;
}

static struct task_struct *flip_start(phys_addr_t phys, int handle)
{
	struct task_struct *t;
	int cpu = cpumask_any_but(cpu_online_mask, raw_smp_processor_id());

	flip.phys = phys;
	flip.handle = handle;
	flip.mapped = 0;
	flip.refused = 0;
	if (cpu >= nr_cpu_ids)
		return NULL;
	t = kthread_create(flip_thread, NULL, "attack-flip");
	if (IS_ERR(t))
		return NULL;
	kthread_bind(t, cpu);
	wake_up_process(t);
	return t;
}

#define RACE_MS	1500

static void attack_topup_race(struct outcome *o, unsigned long data, const char *arg)
{
	unsigned long end, given = 0, busy = 0, dirty = 0;
	struct task_struct *t;
	struct page *page;
	bool clean;
	long ret;

	if (!ready(o, true))
		return;
	page = alloc_page(GFP_KERNEL | __GFP_ZERO);
	if (!page)
		return;
	t = flip_start(page_to_phys(page), bm_domain_handle());
	if (!t) {
		is_na(o, "there is only one CPU");
		return;
	}
	loop_start(bm, ATTACK_IOVA, true);
	end = jiffies + msecs_to_jiffies(RACE_MS);
	while (time_before(jiffies, end)) {
		memset(page_address(page) + 8, 0xa5, PAGE_SIZE - 8);
		ret = hyp_topup(page_to_pfn(page));
		if (ret == -EBUSY) {
			busy++;
			cond_resched();
			continue;
		}
		if (ret) {
			is_broken(o, "EL2 refuses the page: %ld", ret);
			break;
		}
		given++;
		loop_reached(bm);
		usleep_range(300, 400);
		if (loop_reached(bm)) {
			is_open(o, "the device wrote to EL2's page after %lu donations",
				given);
			break;
		}
		ret = take_back(page, &clean);
		if (ret) {
			is_broken(o, "EL2 does not return the page: %ld", ret);
			break;
		}
		dirty += !clean;
	}
	kthread_stop(t);
	loop_stop(bm);
	hyp_unmap(bm_domain_handle(), ATTACK_IOVA, PAGE_SIZE, 1);
	if (o->verdict)
		return;
	if (dirty)
		is_open(o, "the page was not zero %lu times when it was reclaimed", dirty);
	else if (!given || !busy || !flip.mapped || !flip.refused)
		is_broken(o, "no race: donated %lu, busy %lu, mapped %lu, refused %lu", given, busy,
			  flip.mapped, flip.refused);
	else
		is_stopped(o, "donated %lu times, busy %lu; mapped %lu, refused %lu; unreachable",
			   given, busy, flip.mapped, flip.refused);
	keep_page(page);
}

/*
 * __pkvm_init_vm(): the host donates the memory for EL2's description of a guest. The
 * host does not know its size, so several pages are prepared; those that the host cannot
 * read afterwards were donated, and the end of the last of them is not used.
 */
#define VM_ORDER	3
#define PGD_ORDER	4
#define VM_SIZE		(PAGE_SIZE << VM_ORDER)

#define pkvm(res, f, ...)	arm_smccc_1_1_hvc(KVM_HOST_SMCCC_FUNC(f), ##__VA_ARGS__, res)

struct vm_memory {
	struct page *kvm, *vm, *pgd;
	unsigned int kvm_order;
	long handle;
};

static void vm_share(struct vm_memory *v, bool share)
{
	struct arm_smccc_res res;
	unsigned long i;

	for (i = 0; i < 1UL << v->kvm_order; i++) {
		if (share)
			pkvm(&res, __pkvm_host_share_hyp, page_to_pfn(v->kvm) + i);
		else
			pkvm(&res, __pkvm_host_unshare_hyp, page_to_pfn(v->kvm) + i);
	}
}

static long vm_init(struct vm_memory *v)
{
	struct arm_smccc_res res;

	pkvm(&res, __pkvm_init_vm, page_address(v->kvm), page_address(v->vm),
	     page_address(v->pgd));
	return res.a0 == SMCCC_RET_SUCCESS ? (int)res.a1 : -EOPNOTSUPP;
}

static int vm_prepare(struct vm_memory *v)
{
	struct arm_smccc_res res;
	struct kvm *kvm;

	v->kvm_order = get_order(sizeof(struct kvm));
	v->kvm = alloc_pages(GFP_KERNEL | __GFP_ZERO, v->kvm_order);
	v->vm = alloc_pages(GFP_KERNEL | __GFP_ZERO, VM_ORDER);
	v->pgd = alloc_pages(GFP_KERNEL | __GFP_ZERO, PGD_ORDER);
	if (!v->kvm || !v->vm || !v->pgd)
		return -ENOMEM;
	vm_share(v, true);
	pkvm(&res, __pkvm_reserve_vm);
	v->handle = (int)res.a1;
	if (res.a0 != SMCCC_RET_SUCCESS || v->handle < 0)
		return -EOPNOTSUPP;
	kvm = page_address(v->kvm);
	kvm->created_vcpus = 1;
	kvm->arch.pkvm.handle = v->handle;
	kvm->arch.pkvm.is_protected = true;
	return 0;
}

static int nr_vm_pages(struct vm_memory *v)
{
	int n = 0;

	while (n < 1 << VM_ORDER && !host_may_read(page_to_phys(v->vm + n)))
		n++;
	return n;
}

static void vm_free(struct vm_memory *v)
{
	__free_pages(v->vm, VM_ORDER);
	__free_pages(v->pgd, PGD_ORDER);
	vm_share(v, false);
	__free_pages(v->kvm, v->kvm_order);
}

/* Free only memory that EL2 has returned. */
static void vm_destroy(struct vm_memory *v)
{
	struct arm_smccc_res res;

	pkvm(&res, __pkvm_start_teardown_vm, v->handle);
	pkvm(&res, __pkvm_finalize_teardown_vm, v->handle);
	if (res.a0 == SMCCC_RET_SUCCESS && !res.a1 && !nr_vm_pages(v))
		vm_free(v);
}

/* Access the last word of the last donated page; return true if it was written. */
static bool vm_reached(u64 iova, int pages)
{
	u64 addr = iova + pages * PAGE_SIZE - 8, mark = LOOP_WORD, old = 0, now = 0;

	if (!pages || !dma_once(addr, false, &old, 8) || !dma_once(addr, true, &mark, 8) ||
	    !dma_once(addr, false, &now, 8))
		return false;
	dma_once(addr, true, &old, 8);
	return now == mark;
}

static void attack_init_vm(struct outcome *o, unsigned long data, const char *arg)
{
	struct vm_memory v = {};
	bool refused = false;
	long ret, first = 0;
	u64 word = 0;
	int i, pages;

	if (!ready(o, false))
		return;
	ret = vm_prepare(&v);
	if (ret) {
		is_broken(o, "no guest can be prepared: %ld", ret);
		return;
	}
	ret = iommu_map(bm_domain(), ATTACK_IOVA, page_to_phys(v.vm), VM_SIZE, RW, GFP_KERNEL);
	/* fill the TLBs with all of it */
	for (i = 0; i < 1 << VM_ORDER && !ret; i++)
		ret = dma_once(ATTACK_IOVA + i * PAGE_SIZE, true, &word, 8) ? 0 : -EIO;
	if (ret) {
		is_broken(o, "the memory cannot be mapped or not reached: %ld", ret);
		return;
	}
	ret = vm_init(&v);
	pages = nr_vm_pages(&v);
	if (!ret && vm_reached(ATTACK_IOVA, pages)) {
		is_open(o, "EL2's description of a guest was read and written");
	} else if (pages && ret) {
		is_broken(o, "refused (%ld), but EL2 owns %d pages", ret, pages);
	} else if (ret) {
		refused = true;
		first = ret;
	}
	iommu_unmap(bm_domain(), ATTACK_IOVA, VM_SIZE);
	if (refused) {
		ret = vm_init(&v);
		pages = nr_vm_pages(&v);
		if (ret || !pages) {
			is_broken(o, "refused (%ld), also after the unmap (%ld)", first, ret);
			return;
		}
		if (vm_reached(ATTACK_IOVA, pages))
			is_open(o, "EL2's pages were reached through stale TLB entries after the unmap");
		else if (!iommu_map(bm_domain(), ATTACK_IOVA, page_to_phys(v.vm), PAGE_SIZE, RW,
				    GFP_KERNEL))
			is_open(o, "EL2's page was mapped");
		else
			is_stopped(o, "refused (%ld) while mapped; after the unmap donated, unreachable",
				   first);
	}
	if (!ret)
		vm_destroy(&v);
}

/*
 * Ask EL2 to create a protected guest, without the host's KVM: the command line may
 * forbid it (kvm-arm.protected_dma=).
 */
static void step_init_vm(struct outcome *o, unsigned long data, const char *arg)
{
	struct vm_memory v = {};
	struct arm_smccc_res res;
	long ret;

	ret = vm_prepare(&v);
	if (ret) {
		is_broken(o, "no guest can be prepared: %ld", ret);
		return;
	}

	ret = vm_init(&v);
	if (!ret) {
		is_open(o, "EL2 created a protected guest");
		vm_destroy(&v);
	} else if (nr_vm_pages(&v)) {
		is_broken(o, "refused (%ld), but %d pages are gone", ret, nr_vm_pages(&v));
	} else {
		is_stopped(o, "%ld", ret);
		pkvm(&res, __pkvm_unreserve_vm, v.handle);
		vm_free(&v);
	}
}

/* --- a guest's page: steps, which user space runs in order ---------------------- */

static phys_addr_t given_phys;
static bool given_mapped;
static struct task_struct *given_flip;

/* The host owns the page: map it, and let the device write to it in a loop. */
static void step_give_start(struct outcome *o, unsigned long race, const char *arg)
{
	long ret;

	if (!bm || kstrtoull(arg, 0, &given_phys) || !given_phys) {
		is_na(o, "there is no bus master or no page");
		return;
	}
	if (race) {
		given_flip = flip_start(given_phys, bm_domain_handle());
		if (!given_flip) {
			is_na(o, "there is only one CPU");
			return;
		}
	} else {
		ret = iommu_map(bm_domain(), ATTACK_IOVA, given_phys, PAGE_SIZE, RW, GFP_KERNEL);
		if (ret) {
			is_broken(o, "the page cannot be mapped: %ld", ret);
			return;
		}
		given_mapped = true;
	}
	/* Write the end of the page: the guest uses its start. */
	loop_start(bm, ATTACK_IOVA + PAGE_SIZE - 8, true);
	if (!loop_lives(bm))
		is_broken(o, "the device does not write to the page");
	else
		is_stopped(o, "the device writes to it");
}

static void step_give_unmap(struct outcome *o, unsigned long data, const char *arg)
{
	if (!loop_lives(bm)) {
		is_broken(o, "the device has stopped writing to the page");
		return;
	}
	if (given_mapped)
		iommu_unmap(bm_domain(), ATTACK_IOVA, PAGE_SIZE);
	given_mapped = false;
	loop_reached(bm);
	is_stopped(o, "unmapped");
}

/* The guest owns the page. */
static void step_give_check(struct outcome *o, unsigned long data, const char *arg)
{
	if (host_may_read(given_phys))
		is_broken(o, "the guest owns the page, but the host can read it");
	else if (!loop_is_dead(bm))
		is_open(o, "the device writes to the guest's page %#llx", given_phys);
	else
		is_stopped(o, "the guest's page is unreachable for the device");
}

static void step_give_end(struct outcome *o, unsigned long data, const char *arg)
{
	if (given_flip)
		kthread_stop(given_flip);
	given_flip = NULL;
	loop_stop(bm);
	if (given_mapped)
		iommu_unmap(bm_domain(), ATTACK_IOVA, PAGE_SIZE);
	given_mapped = false;
	is_stopped(o, "mapped %lu times, refused %lu", flip.mapped, flip.refused);
}

/* The guest was destroyed: its page must be zero, and can be mapped again. */
static void step_give_back(struct outcome *o, unsigned long data, const char *arg)
{
	static u64 words[PAGE_SIZE / 8];
	phys_addr_t phys;
	long ret;

	if (!bm || kstrtoull(arg, 0, &phys) || !phys) {
		is_na(o, "there is no bus master or no page");
		return;
	}
	ret = iommu_map(bm_domain(), ATTACK_IOVA, phys, PAGE_SIZE, RW, GFP_KERNEL);
	if (ret) {
		is_broken(o, "the returned page cannot be mapped: %ld", ret);
		return;
	}
	if (!dma(ATTACK_IOVA, false, words, sizeof(words)))
		is_broken(o, "the returned page is not reached");
	else if (memchr_inv(words, 0, sizeof(words)))
		is_open(o, "the returned page is not zero, it starts with %#llx", words[0]);
	else
		is_stopped(o, "the returned page is zero, and can be mapped");
	iommu_unmap(bm_domain(), ATTACK_IOVA, PAGE_SIZE);
}

const struct attack donate_attacks[] = {
	{ "give-topup", "donate a page to EL2 while it is mapped for a device, and after",
	  attack_topup_mapped },
	{ "give-topup-race", "donate a page to EL2 while another CPU maps and unmaps it",
	  attack_topup_race },
	{ "give-topup-stale", "donate pages to EL2 that are in the TLBs of both instances",
	  attack_stale },
	{ "give-init-vm", "donate mapped memory for EL2's description of a guest",
	  attack_init_vm },
	{ "step-init-vm", NULL, step_init_vm },
	{ "step-give-start", NULL, step_give_start, 0 },
	{ "step-give-race", NULL, step_give_start, 1 },
	{ "step-give-unmap", NULL, step_give_unmap },
	{ "step-give-check", NULL, step_give_check },
	{ "step-give-end", NULL, step_give_end },
	{ "step-give-back", NULL, step_give_back },
	{ }
};
