// SPDX-License-Identifier: GPL-2.0-only
/*
 * What happens to the system as a whole: processors go and come back, the
 * kernel is replaced, the kernel dies; and DMA runs on.
 */
#include <linux/cpu.h>
#include <linux/delay.h>
#include <linux/iommu.h>
#include <linux/smp.h>
#include <asm/virt.h>

#include <mmio/access.h>

#include "attack.h"

#define RW	(IOMMU_READ | IOMMU_WRITE)

/* A device aims at @phys as well as it can: by a mapping, or without. */
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
		is_na(o, "there is one CPU only");
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
		is_broken(o, "CPU %d does not go and come back: %d", cpu, ret);
	else if (!o->verdict && l.any)
		is_open(o, "a CPU that came back reads what is EL2's");
	else if (!o->verdict && !loop_is_dead(bm))
		is_open(o, "the device reads a hypervisor page");
	else if (!o->verdict)
		is_stopped(o, "%d CPUs went and came back, the device was kept out", cycled);
	unaim(bm);
	if (l.smmu)
		access_unmap(l.smmu);
	if (l.mc)
		access_unmap(l.mc);
}

/*
 * What kexec asks of EL2: give up, and let another kernel have all. Protected
 * EL2 has to stay. (SOFT_RESTART would not come back if it were granted, and
 * SET_VECTORS would take all of EL2, so that RESET_VECTORS stands for them.)
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
		is_open(o, "EL2 gave up (%#lx), and its memory can be read", answer);
	else
		is_stopped(o, "answered %#lx, EL2 is where it was", answer);
}

/* Aim a device at a page, and leave it at that: what comes after is for others to see. */
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
		is_na(o, "no page");
		return;
	}
	aim(b, phys, true);
	is_stopped(o, "aimed at %#llx", phys);
}

/* Can that bus master, with a stream ID of its own choice, read a hypervisor page? */
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
		is_stopped(o, "its driver does not take bus master %u", number);
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
		is_stopped(o, "its DMA aborts");
}

/* Is it EL2's, and no secret is lost if it is written? */
static void step_is_spare(struct outcome *o, unsigned long data, const char *arg)
{
	phys_addr_t phys;

	if (kstrtoull(arg, 0, &phys) || (phys & PAGE_MASK) != hyp_spare_page())
		is_na(o, "the hypervisor's idle page is %#llx", hyp_spare_page());
	else
		is_stopped(o, "it is");
}

const struct attack system_attacks[] = {
	{ "cpu-hotplug", "DMA while CPUs go off, and what they reach when they are back",
	  attack_hotplug },
	{ "hvc-stub", "ask EL2 to give up, as kexec does", attack_stub },
	{ "step-aim", NULL, step_aim },
	{ "step-is-spare", NULL, step_is_spare },
	{ "step-reach", NULL, step_reach },
	{ }
};
