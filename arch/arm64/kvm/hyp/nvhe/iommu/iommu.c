// SPDX-License-Identifier: GPL-2.0-only
/*
 * IOMMU core of the pKVM hypervisor: its drivers.
 *
 * While the host is still trusted, it hands over the hardware of one driver after
 * another. Each driver has a description of its own, and takes either all of its
 * hardware or none. A driver that fails leaves no trace. The core's own memory is
 * donated with the first driver. Until a driver is initialised, every call of the
 * host fails.
 *
 * The number of an IOMMU says which driver it belongs to. A driver may have no
 * IOMMUs, and only control the host's accesses to other hardware.
 *
 * See domain.c for domains, and pool.c for memory.
 */

#include <linux/bitfield.h>
#include <linux/err.h>
#include <linux/kvm_host.h>
#include <linux/minmax.h>
#include <linux/string.h>

#include <asm/esr.h>
#include <asm/kvm_hypevents.h>
#include <asm/kvm_mmu.h>

#include <nvhe/iommu.h>
#include <nvhe/mem_protect.h>
#include <nvhe/memory.h>
#include <nvhe/mm.h>
#include <nvhe/trap_handler.h>

#include <hyp/adjust_pc.h>

/*
 * Drivers in the order of their initialisation, indexed by KVM_IOMMU_DRIVER() of an
 * IOMMU. Written before finalisation only.
 */
static const struct kvm_iommu_ops *drivers[KVM_IOMMU_MAX_DRIVERS];
static unsigned int nr_drivers;

/* Some DMA may bypass the IOMMUs. Before finalisation the host reads and sets it, too. */
bool kvm_hyp_iommu_bypassed;

/* Guards host_pages of all CPUs, until they are set. */
static DEFINE_HYP_SPINLOCK(set_runs_lock);

/*
 * A page for each CPU, shared by the host and pinned: the host writes lists of runs
 * there, the hypervisor writes faults.
 */
static DEFINE_PER_CPU(void *, host_pages);

/* While a driver initialises: the part of its donated pages that is still unused. */
static void *boot_mem, *boot_mem_end;

/**
 * kvm_hyp_iommu_has_driver() - check whether a driver has been initialised
 *
 * Return: true if so; then the core can be used.
 */
bool kvm_hyp_iommu_has_driver(void)
{
	return nr_drivers;
}

/**
 * kvm_hyp_iommu_driver() - find the driver of an IOMMU
 * @iommu: number of the IOMMU; its index is not checked
 *
 * Return: the driver, ERR_PTR(-ENODEV) if there are no drivers, ERR_PTR(-EINVAL) if
 * there is no such driver.
 */
const struct kvm_iommu_ops *kvm_hyp_iommu_driver(u32 iommu)
{
	if (!nr_drivers)
		return ERR_PTR(-ENODEV);
	if (KVM_IOMMU_DRIVER(iommu) >= nr_drivers)
		return ERR_PTR(-EINVAL);

	return drivers[KVM_IOMMU_DRIVER(iommu)];
}

/**
 * kvm_hyp_iommu_host_page() - find the page that the host shares for the calling CPU
 *
 * The host may write to it at any time.
 *
 * Return: the page, or NULL if there is none.
 */
void *kvm_hyp_iommu_host_page(void)
{
	return READ_ONCE(*this_cpu_ptr(&host_pages));
}

/**
 * kvm_hyp_iommu_boot_alloc() - allocate memory that is never freed
 * @size: bytes
 *
 * Context: __pkvm_iommu_init() only.
 *
 * Return: zeroed memory aligned to 64 bytes, or NULL.
 */
void *kvm_hyp_iommu_boot_alloc(size_t size)
{
	void *ret = boot_mem;

	size = ALIGN(size, 64);
	if (size > boot_mem_end - boot_mem)
		return NULL;

	boot_mem += size;

	return ret;
}

/**
 * kvm_hyp_iommu_memory_above() - check for memory at or above an address
 * @limit: the address
 *
 * Return: true if there is any.
 */
bool kvm_hyp_iommu_memory_above(u64 limit)
{
	unsigned int i;

	for (i = 0; i < hyp_memblock_nr; i++)
		if (hyp_memory[i].base + hyp_memory[i].size > limit)
			return true;

	return false;
}

static u64 *run_to_virt(u64 run)
{
	return hyp_phys_to_virt(KVM_IOMMU_RUN_ADDR(run));
}

static int take_run(u64 run)
{
	return __pkvm_host_donate_hyp(hyp_phys_to_pfn(KVM_IOMMU_RUN_ADDR(run)),
				      KVM_IOMMU_RUN_PAGES(run));
}

static void return_run(u64 run)
{
	WARN_ON(__pkvm_hyp_donate_host(hyp_phys_to_pfn(KVM_IOMMU_RUN_ADDR(run)),
				       KVM_IOMMU_RUN_PAGES(run)));
}

/* Return the runs of a list to the host unchanged, from @run up to but not @end. */
static void return_runs(u64 run, u64 end)
{
	while (run != end) {
		u64 next = *run_to_virt(run);

		return_run(run);
		run = next;
	}
}

/* Take all runs of a list from the host, and use their pages for @counts. */
static int take_runs(u64 first, struct hyp_dma_counts *counts)
{
	unsigned long missing = hyp_dma_count_pages();
	u32 **page = counts->page;
	u64 run = first, i;
	int ret = 0;

	while (run && !ret) {
		ret = take_run(run);
		if (ret)
			break;

		for (i = 0; i < KVM_IOMMU_RUN_PAGES(run) && missing; i++, missing--)
			*page++ = (void *)run_to_virt(run) + i * PAGE_SIZE;
		run = *run_to_virt(run);
	}

	if (!ret && missing)
		ret = -ENOMEM;
	if (ret)
		return_runs(first, run);

	return ret;
}

/**
 * struct core_memory - memory of the core
 * @first: the first run of the list, which has room for the following
 * @rest: the second run; the runs from here on are for pages of counts
 * @domains: domains by handle
 * @counts: the directory of counts
 * @cpus: state of the CPUs
 *
 * It is not used until a driver is initialised, so it can be returned to the host if
 * the driver fails.
 */
struct core_memory {
	u64			first;
	u64			rest;
	void			*domains;
	struct hyp_dma_counts	*counts;
	void			*cpus;
};

static void divide_core_memory(struct core_memory *core, void *mem)
{
	core->domains = mem;
	mem += PAGE_ALIGN((KVM_IOMMU_MAX_DOMAINS + 1) * sizeof(u64));
	core->counts = mem;
	mem += PAGE_ALIGN(struct_size(core->counts, page, hyp_dma_count_pages()));
	core->cpus = mem;
}

static int take_core_memory(struct core_memory *core, u64 run)
{
	size_t size = kvm_iommu_state_size(hyp_nr_cpus, hyp_dma_count_pages());
	void *mem = run_to_virt(run);
	int ret;

	ret = take_run(run);
	if (ret)
		return ret;

	core->first = run;
	core->rest = *run_to_virt(run);

	ret = -ENOMEM;
	if (size > KVM_IOMMU_RUN_PAGES(run) << PAGE_SHIFT)
		goto give_back;

	memset(mem, 0, size);
	divide_core_memory(core, mem);
	ret = take_runs(core->rest, core->counts);
	if (ret)
		goto give_back;

	return 0;

give_back:
	*run_to_virt(run) = core->rest;
	return_run(run);

	return ret;
}

/* Return all of the core's memory to the host, with the list as it was. */
static void return_core_memory(const struct core_memory *core)
{
	size_t size = kvm_iommu_state_size(hyp_nr_cpus, hyp_dma_count_pages());

	return_runs(core->rest, 0);
	memset(run_to_virt(core->first), 0, size);
	*run_to_virt(core->first) = core->rest;
	return_run(core->first);
}

static void start_core(const struct core_memory *core)
{
	unsigned long i;

	for (i = 0; i < hyp_dma_count_pages(); i++)
		memset(core->counts->page[i], 0, PAGE_SIZE);
	__pkvm_host_count_dma(core->counts);

	kvm_hyp_iommu_domains_init(core->domains, core->cpus);
}

/*
 * A driver allocates memory from its donated pages, which start with the description.
 * So it must check the description, and allocate the description's own size first.
 */
static int init_driver(const struct kvm_iommu_ops *ops, void *desc, size_t size)
{
	int ret;

	boot_mem = desc;
	boot_mem_end = desc + size;
	ret = ops->init(desc, size);
	boot_mem = NULL;
	boot_mem_end = NULL;

	return ret;
}

static bool driver_is_known(const struct kvm_iommu_ops *ops)
{
	unsigned int i;

	for (i = 0; i < nr_drivers; i++)
		if (drivers[i] == ops)
			return true;

	return false;
}

/**
 * __pkvm_iommu_init() - take a driver's hardware
 * @ops: the driver
 * @pfn: first page of the description of its hardware
 * @nr_pages: number of pages to be donated, for the description and the driver's
 *	      memory
 * @run: for the first driver, a list of runs of pages for the core: the first run has
 *	 kvm_iommu_state_size() bytes, the others are for counts of DMA mappings.
 *	 0 for later drivers
 *
 * Context: before finalisation. On failure the host has its pages and registers back;
 * an IOMMU that was taken by then blocks all DMA.
 *
 * Return: the number of the driver, -EBUSY if it was initialised before, -ENOSPC if
 * there are too many drivers, -EINVAL, -ENOMEM, or an error of the driver.
 */
int __pkvm_iommu_init(const struct kvm_iommu_ops *ops, u64 pfn, u64 nr_pages, u64 run)
{
	void *desc = hyp_phys_to_virt(hyp_pfn_to_phys(pfn));
	size_t size = nr_pages << PAGE_SHIFT;
	bool first = !nr_drivers;
	struct core_memory core;
	int ret;

	if (driver_is_known(ops))
		return -EBUSY;
	if (nr_drivers == KVM_IOMMU_MAX_DRIVERS)
		return -ENOSPC;
	if (!nr_pages || nr_pages > SZ_16M >> PAGE_SHIFT || first != !!run)
		return -EINVAL;

	ret = __pkvm_host_donate_hyp(pfn, nr_pages);
	if (ret)
		return ret;

	ret = first ? take_core_memory(&core, run) : 0;
	if (ret)
		goto give_back;

	ret = init_driver(ops, desc, size);
	if (ret)
		goto give_back_core;

	if (first)
		start_core(&core);
	drivers[nr_drivers] = ops;

	return nr_drivers++;

give_back_core:
	if (first)
		return_core_memory(&core);
give_back:
	memset(desc, 0, size);
	WARN_ON(__pkvm_hyp_donate_host(pfn, nr_pages));

	return ret;
}

/**
 * __pkvm_iommu_set_runs() - share a page for a CPU's lists of runs and faults
 * @cpu: the CPU
 * @pfn: a page that only the host owns
 *
 * The page is pinned, so the host can never unshare it. This call shares the page
 * itself, so that it is not shared for another purpose as well.
 *
 * Return: 0, -ENODEV if there is no driver, -EINVAL if there is no such CPU, -EBUSY if
 * it has a page, -EPERM if the host does not own the page alone.
 */
int __pkvm_iommu_set_runs(u64 cpu, u64 pfn)
{
	void **host_page, *page = hyp_phys_to_virt(hyp_pfn_to_phys(pfn));
	int ret = -EBUSY;

	if (!nr_drivers)
		return -ENODEV;
	if (cpu >= hyp_nr_cpus)
		return -EINVAL;

	hyp_spin_lock(&set_runs_lock);
	host_page = per_cpu_ptr(&host_pages, cpu);
	if (*host_page)
		goto unlock;

	ret = __pkvm_host_share_hyp(pfn);
	if (ret)
		goto unlock;

	ret = hyp_pin_shared_mem(page, page + PAGE_SIZE);
	if (ret)
		__pkvm_host_unshare_hyp(pfn);
	else
		WRITE_ONCE(*host_page, page);
unlock:
	hyp_spin_unlock(&set_runs_lock);

	return ret;
}

/**
 * kvm_iommu_resume() - restore isolation after a loss of power
 *
 * Context: a CPU that enters the host from reset.
 */
void kvm_iommu_resume(void)
{
	unsigned int i;

	for (i = 0; i < nr_drivers; i++)
		drivers[i]->resume();
}

/* Let the driver that has taken this memory make an access for the host. */
static int make_host_access(phys_addr_t phys, bool write, unsigned int size, u64 *val)
{
	unsigned int i;
	int ret = -EPERM;

	for (i = 0; i < nr_drivers && ret; i++)
		if (drivers[i]->host_access)
			ret = drivers[i]->host_access(phys, write, size, val);

	return ret;
}

/**
 * kvm_iommu_host_dabt_handler() - make an access in the host's place
 * @host_ctxt: the host's registers
 * @esr: syndrome of the abort
 * @phys: the physical address, which the host may not access
 *
 * Its driver decides whether the host may make this access. Loads and stores without
 * a valid syndrome, accesses by user space and walks of the host's tables are never
 * made.
 *
 * Return: true if the access was made; the host continues after the instruction.
 */
bool kvm_iommu_host_dabt_handler(struct kvm_cpu_context *host_ctxt, u64 esr, phys_addr_t phys)
{
	unsigned int reg = FIELD_GET(ESR_ELx_SRT_MASK, esr);
	unsigned int size = 1 << FIELD_GET(ESR_ELx_SAS, esr);
	u64 mode = read_sysreg_el2(SYS_SPSR) & PSR_MODE_MASK;
	bool write = esr & ESR_ELx_WNR;
	u64 val = 0;

	if (ESR_ELx_EC(esr) != ESR_ELx_EC_DABT_LOW || !esr_fsc_is_translation_fault(esr) ||
	    !(esr & ESR_ELx_ISV) || esr & (ESR_ELx_S1PTW | ESR_ELx_CM))
		return false;
	if (mode != PSR_MODE_EL1h && mode != PSR_MODE_EL1t)
		return false;

	/* Register 31 is the zero register. */
	if (write && reg != 31)
		val = cpu_reg(host_ctxt, reg) & GENMASK_ULL(size * 8 - 1, 0);

	if (make_host_access(phys, write, size, &val))
		return false;

	if (!write && reg != 31) {
		if (esr & ESR_ELx_SSE)
			val = sign_extend64(val, size * 8 - 1);
		cpu_reg(host_ctxt, reg) = esr & ESR_ELx_SF ? val : lower_32_bits(val);
	}
	kvm_skip_host_instr();

	return true;
}

/*
 * Reports.
 */

/**
 * __pkvm_iommu_get_faults() - report faults of an IOMMU
 * @iommu: number of the IOMMU
 * @max: maximum number of faults to report
 *
 * They are written to the page shared for the calling CPU, and never read back.
 *
 * Return: the number of faults, -ENODEV: there is no driver; -EINVAL: no such
 * IOMMU, or the CPU has no page.
 */
int __pkvm_iommu_get_faults(u32 iommu, u32 max)
{
	const struct kvm_iommu_ops *ops = kvm_hyp_iommu_driver(iommu);
	struct kvm_iommu_fault *faults = kvm_hyp_iommu_host_page();
	int ret = 0;
	u32 n;

	BUILD_BUG_ON(KVM_IOMMU_MAX_FAULTS * sizeof(*faults) > PAGE_SIZE);

	if (IS_ERR(ops))
		return PTR_ERR(ops);
	if (!faults)
		return -EINVAL;
	if (!ops->get_fault)
		return 0;

	for (n = 0; n < min(max, KVM_IOMMU_MAX_FAULTS); n++) {
		struct kvm_iommu_fault f = { .iommu = iommu };

		ret = ops->get_fault(KVM_IOMMU_INDEX(iommu), &f);
		if (ret <= 0)
			break;

		trace_iommu_fault(iommu, f.instance, f.type, f.sid, f.domain, f.iova,
				  f.status[0], f.status[1]);
		faults[n] = f;
	}

	return ret < 0 ? ret : n;
}

static int core_stat(u64 index, u64 *val)
{
	return kvm_hyp_iommu_domain_stat(index, val) ? kvm_hyp_iommu_pool_stat(index, val) : 0;
}

/**
 * __pkvm_iommu_debug() - return values for debugging
 * @iommu: number of an IOMMU, or of any IOMMU of the driver, depending on @what
 * @what: enum kvm_iommu_debug, or a value of the driver
 * @index: depends on @what, see there
 * @val: the two values
 *
 * The values reveal nothing about protected guests, and no call changes anything.
 *
 * Return: 0, -ENODEV if there is no driver, -EINVAL if @iommu, @what or @index is not
 * known, -ENOENT if @index is not in use.
 */
int __pkvm_iommu_debug(u32 iommu, u32 what, u64 index, u64 *val)
{
	const struct kvm_iommu_ops *ops;

	val[0] = 0;
	val[1] = 0;

	if (!nr_drivers)
		return -ENODEV;

	switch (what) {
	case KVM_IOMMU_DEBUG_STAT:
		return core_stat(index, val);
	case KVM_IOMMU_DEBUG_DOMAIN:
		return kvm_hyp_iommu_domain_use(index, val);
	}

	ops = kvm_hyp_iommu_driver(iommu);
	if (IS_ERR(ops))
		return PTR_ERR(ops);

	return what >= KVM_IOMMU_DEBUG_DRIVER && ops->debug ?
	       ops->debug(KVM_IOMMU_INDEX(iommu), what, index, val) : -EINVAL;
}
