// SPDX-License-Identifier: GPL-2.0-only
/*
 * Events of the whole system while DMA runs: CPU hotplug, kexec, a panic.
 */
#include <linux/cpu.h>
#include <linux/delay.h>
#include <linux/iommu.h>
#include <linux/smp.h>
#include <asm/virt.h>

#include <mmio/access.h>

#include "attack.h"

#define RW	(IOMMU_READ | IOMMU_WRITE)

/* Let a device access @phys in a loop, through a mapping if that is possible. */
static void aim(struct bm *b, phys_addr_t phys, bool write)
{
	struct iommu_domain *domain = iommu_get_domain_for_dev(bm_device(b));

	if (!iommu_map(domain, ATTACK_IOVA, phys & PAGE_MASK, PAGE_SIZE, RW, GFP_KERNEL))
		loop_start(b, ATTACK_IOVA + PAGE_SIZE - 8, write);
	else
		loop_start(b, (phys & PAGE_MASK) + PAGE_SIZE - 8, write);
}

static void unaim(struct bm *b)
{
	struct iommu_domain *domain = iommu_get_domain_for_dev(bm_device(b));

	loop_stop(b);
	if (iommu_iova_to_phys(domain, ATTACK_IOVA))
		iommu_unmap(domain, ATTACK_IOVA, PAGE_SIZE);
}

struct look {
	void *smmu, *mc, *page;
	bool any;
};

static void look_here(void *arg)
{
	struct look *l = arg;
	u64 val;

	l->any |= !access_read(l->page, 8, &val);
	l->any |= l->smmu && !access_read(l->smmu, 4, &val);
	l->any |= l->mc && !access_read(l->mc, 4, &val);
}

static void attack_hotplug(struct outcome *o, unsigned long data, const char *arg)
{
	struct look l = {};
	int cpu, ret = 0, cycled = 0;

	if (!bm || !hyp_spare_page() || host_may_read(hyp_spare_page())) {
		is_na(o, "there is no bus master, or no hypervisor memory");
		return;
	}
	if (num_possible_cpus() == 1) {
		is_na(o, "there is only one CPU");
		return;
	}
	l.page = phys_to_virt(hyp_spare_page());
	l.smmu = nr_smmus ? access_map(smmus[0].base[0], PAGE_SIZE) : NULL;
	l.mc = mc_sid_base ? access_map(mc_sid_base, PAGE_SIZE) : NULL;

	aim(bm, hyp_spare_page(), false);
	for_each_possible_cpu(cpu) {
		if (cpu == 0)
			continue;
		ret = remove_cpu(cpu);
		if (!ret && loop_lives(bm))
			is_open(o, "CPU %d is off, and a device reads a hypervisor page", cpu);
		ret = ret ?: add_cpu(cpu);
		if (ret)
			break;
		cycled++;
		smp_call_function_single(cpu, look_here, &l, true);
	}
	if (!o->verdict && ret)
		is_broken(o, "CPU %d cannot be set offline and online: %d", cpu, ret);
	else if (!o->verdict && l.any)
		is_open(o, "a CPU that came back can read what EL2 owns");
	else if (!o->verdict && !loop_is_dead(bm))
		is_open(o, "the device reads a hypervisor page");
	else if (!o->verdict)
		is_stopped(o, "%d CPUs were set offline and online, all DMA was aborted", cycled);
	unaim(bm);
	if (l.smmu)
		access_unmap(l.smmu);
	if (l.mc)
		access_unmap(l.mc);
}

/*
 * kexec asks EL2 to give up control to another kernel; a protected EL2 must refuse. (If
 * granted, SOFT_RESTART would not return, and SET_VECTORS would take over EL2, so only
 * RESET_VECTORS is tried.)
 */
static void attack_stub(struct outcome *o, unsigned long data, const char *arg)
{
	register unsigned long x0 asm("x0") = HVC_RESET_VECTORS;
	unsigned long answer;

	if (!hyp_spare_page() || host_may_read(hyp_spare_page())) {
		is_na(o, "there is no hypervisor memory");
		return;
	}
	asm volatile("hvc #0" : "+r" (x0) :: "x1", "x2", "x3", "x4", "x5", "memory");
	answer = x0;
	if (host_may_read(hyp_spare_page()))
		is_open(o, "EL2 gave up control (%#lx), its memory can be read", answer);
	else
		is_stopped(o, "returned %#lx, EL2 keeps control", answer);
}

/* Let a device access a page in a loop, also after the end of this test. */
static void step_aim(struct outcome *o, unsigned long data, const char *arg)
{
	unsigned int number;
	phys_addr_t phys;
	struct bm *b;
	char what[24];

	if (sscanf(arg, "%u %23s", &number, what) != 2)
		return;
	b = bm_get(number);
	if (!b) {
		is_na(o, "there is no bus master %u", number);
		return;
	}
	if (!strcmp(what, "own")) {
		struct page *page = alloc_page(GFP_KERNEL | __GFP_ZERO);

		phys = page ? page_to_phys(page) : 0;
	} else if (!strcmp(what, "hyp")) {
		phys = hyp_spare_page();
	} else if (kstrtoull(what, 0, &phys)) {
		phys = 0;
	}
	if (!phys) {
		is_na(o, "there is no page");
		return;
	}
	aim(b, phys, true);
	is_stopped(o, "accesses %#llx", phys);
}

/* Try to read a hypervisor page by a bus master, with a stream ID of its own choice. */
static void step_reach(struct outcome *o, unsigned long data, const char *arg)
{
	struct bm_xfer x = {
		.client = BM_AS_DESCRIBED,
		.sid = BM_AS_DESCRIBED,
		.addr = hyp_spare_page(),
		.len = 8,
	};
	unsigned int number;
	char sid[12];
	struct bm *b;
	u64 word;

	if (sscanf(arg, "%u %11s", &number, sid) != 2)
		return;
	b = bm_get(number);
	if (!b) {
		is_stopped(o, "the driver is not bound to bus master %u", number);
		return;
	}
	if (!x.addr || host_may_read(x.addr)) {
		is_na(o, "there is no hypervisor memory");
		return;
	}
	if (strcmp(sid, "-") && kstrtouint(sid, 0, &x.sid))
		return;
	bm_transfer(b, &x, &word);
	if ((x.status & BM_S_DONE) && !(x.status & BM_S_ERROR))
		is_open(o, "a hypervisor page was read");
	else
		is_stopped(o, "DMA was aborted");
}

/* Check that the page is EL2's unused one, which may be overwritten. */
static void step_is_spare(struct outcome *o, unsigned long data, const char *arg)
{
	phys_addr_t phys;

	if (kstrtoull(arg, 0, &phys) || (phys & PAGE_MASK) != hyp_spare_page())
		is_na(o, "the hypervisor's idle page is %#llx", hyp_spare_page());
	else
		is_stopped(o, "it is the hypervisor's idle page");
}

const struct attack system_attacks[] = {
	{ "cpu-hotplug", "access hypervisor memory during and after CPU hotplug",
	  attack_hotplug },
	{ "hvc-stub", "ask EL2 to give up control, as kexec does", attack_stub },
	{ "step-aim", NULL, step_aim },
	{ "step-is-spare", NULL, step_is_spare },
	{ "step-reach", NULL, step_reach },
	{ }
};
