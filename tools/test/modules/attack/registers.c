// SPDX-License-Identifier: GPL-2.0-only
/*
 * Accesses by the host's CPUs to registers of SMMUs and memory controller: reads and
 * writes of every kind, of each instance, from each CPU.
 *
 * A write that succeeds is harmless: it writes back the value that was read, or clears
 * no bit of a status register.
 */
#include <linux/cpu.h>
#include <linux/gfp.h>
#include <linux/slab.h>
#include <linux/smp.h>
#include <linux/vmalloc.h>

#include <mmio/access.h>

#include "attack.h"

#define SMMU_SGFSR	0x48	/* a written 0 changes nothing */
#define SMMU_SMR0	0x800

enum { TO_SMMUS, TO_MC, TO_SECOND };

enum kind {
	KIND_READ, KIND_WRITE, KIND_BYTE, KIND_DOUBLE, KIND_UNALIGNED, KIND_EXCLUSIVE, KIND_PAIR,
	KIND_CACHE, KIND_CACHED, KIND_ALL_CPUS, NR_KINDS,
};

static const char * const kinds[NR_KINDS] = {
	"read", "write", "byte access", "64-bit access", "unaligned access", "exclusive access",
	"load pair", "cache maintenance", "access through a cacheable mapping",
	"access from each CPU",
};

static void read_here(void *arg)
{
	void *va = *(void **)arg;
	u64 val;

	if (!access_read(va, 4, &val))
		*(void **)arg = NULL;
}

/* Return 0: succeeded, -EFAULT: refused, -ENODATA: without a visible effect. */
static int try_access(enum kind kind, void *va)
{
	u64 val = 0;
	void *arg;
	int cpu;

	switch (kind) {
	case KIND_READ:
	case KIND_CACHED:
		return access_read(va, 4, &val);
	case KIND_WRITE:
		if (access_read(va, 4, &val))
			val = 0;
		return access_write(va, 4, val);
	case KIND_BYTE:
		return access_read(va, 1, &val) && access_write(va, 1, val) ? -EFAULT : 0;
	case KIND_DOUBLE:
		return access_read(va, 8, &val) && access_write(va, 8, val) ? -EFAULT : 0;
	case KIND_UNALIGNED:
		return access_read(va + 2, 4, &val);
	case KIND_EXCLUSIVE:
		return access_read_exclusive(va, &val) && access_write_exclusive(va, 0) ?
		       -EFAULT : 0;
	case KIND_PAIR:
		return access_read_pair(va, &val);
	case KIND_CACHE:
		/* The architecture allows these to fault or to have no effect. */
		access_clean(va);
		access_clean_invalidate(va);
		access_invalidate(va);
		return -ENODATA;
	case KIND_ALL_CPUS:
		for_each_online_cpu(cpu) {
			arg = va;
			smp_call_function_single(cpu, read_here, &arg, true);
			if (!arg)
				return 0;
		}
		return -EFAULT;
	default:
		return -EINVAL;
	}
}

/*
 * Create a new mapping, with attributes that the host can choose at its stage 1. Device
 * memory does not allow unaligned accesses, normal memory does.
 */
static void *map_for(enum kind kind, phys_addr_t phys)
{
	void __iomem *va;

	if (kind == KIND_CACHED)
		va = ioremap_cache(phys, PAGE_SIZE);
	else if (kind == KIND_UNALIGNED)
		va = ioremap_wc(phys, PAGE_SIZE);
	else
		va = ioremap(phys, PAGE_SIZE);
	return (void __force *)va;
}

static int try_page(enum kind kind, phys_addr_t phys, unsigned int offset)
{
	void *page = map_for(kind, phys);
	int ret;

	if (!page)
		return -ENOMEM;
	ret = try_access(kind, page + offset);
	iounmap((void __iomem __force *)page);
	return ret;
}

/* Report that all accesses were refused, or without effect. */
static void stopped(struct outcome *o, enum kind kind, unsigned int tried)
{
	if (kind == KIND_CACHE)
		is_stopped(o, "no effect on %u pages, the host survives", tried);
	else
		is_stopped(o, "refused at %u pages, the host survives", tried);
}

#define TRY(to, kind)	((TO_##to) << 8 | KIND_##kind)

static void attack_registers(struct outcome *o, unsigned long data, const char *arg)
{
	enum kind kind = data & 0xff;
	unsigned int i, j, tried = 0;
	int ret;

	if (data >> 8 == TO_MC) {
		if (!mc_sid_base) {
			is_na(o, "the machine has no memory controller");
			return;
		}
		for (i = 0; i < SZ_64K; i += PAGE_SIZE) {
			tried++;
			ret = try_page(kind, mc_sid_base + i, 0xa8);
			if (!ret) {
				is_open(o, "%s of stream ID registers at %#llx", kinds[kind],
					mc_sid_base + i);
				return;
			}
			if (ret != -EFAULT && ret != -ENODATA) {
				is_broken(o, "error %d", ret);
				return;
			}
		}
		stopped(o, kind, tried);
		return;
	}

	if (!nr_smmus || (data >> 8 == TO_SECOND && smmus[0].nr_instances < 2)) {
		is_na(o, "the machine has no such SMMU");
		return;
	}
	for (i = 0; i < nr_smmus; i++) {
		for (j = data >> 8 == TO_SECOND; j < smmus[i].nr_instances; j++) {
			const phys_addr_t at[] = {
				smmus[i].base[j],
				smmus[i].base[j] + smmus[i].size / 2,
				smmus[i].base[j] + smmus[i].size - PAGE_SIZE,
			};
			int k;

			for (k = 0; k < ARRAY_SIZE(at); k++) {
				tried++;
				ret = try_page(kind, at[k], k ? 0 : SMMU_SGFSR);
				if (!ret) {
					is_open(o, "%s of SMMU registers at %#llx", kinds[kind],
						at[k]);
					return;
				}
				if (ret != -EFAULT && ret != -ENODATA) {
					is_broken(o, "error %d", ret);
					return;
				}
			}
		}
	}
	stopped(o, kind, tried);
}

/*
 * On Tegra bit 39 of an address selects another view of the same memory. Read 8 bytes
 * there, or write them back.
 */
#define VIEW	BIT_ULL(39)

static int try_view(phys_addr_t phys, u64 *val)
{
	void *page = map_for(KIND_READ, (phys & PAGE_MASK) | VIEW), *va;
	int ret;

	if (!page)
		return -ENOMEM;
	va = page + offset_in_page(phys);
	ret = access_read(va, 8, val);
	if (ret)
		ret = access_write(va, 8, 0);
	iounmap((void __iomem __force *)page);
	return ret;
}

static void attack_view(struct outcome *o, unsigned long data, const char *arg)
{
	u64 *own = (u64 *)get_zeroed_page(GFP_KERNEL), seen = 0, val = 0;
	phys_addr_t phys = hyp_spare_page();
	bool has_view;
	int ret;

	if (!own)
		return;
	if (!mc_sid_base || !phys || host_may_read(phys)) {
		is_na(o, "the machine has no memory controller, or EL2 owns no page");
		goto out;
	}

	*own = 0x7669657776696577ULL;
	access_clean_invalidate(own);
	ret = try_view(virt_to_phys(own), &seen);
	has_view = !ret && seen == *own;
	ret = try_view(phys, &val);
	if (!ret && has_view)
		is_open(o, "the hypervisor's page %#llx was read at %#llx: %#llx", phys,
			phys | VIEW, val);
	else if (!ret)
		is_na(o, "there is no memory at %#llx", phys | VIEW);
	else if (has_view)
		is_open(o, "the host's own page is also at %#llx", virt_to_phys(own) | VIEW);
	else
		is_stopped(o, "refused, also for the host's own page");
out:
	free_page((unsigned long)own);
}

const struct attack register_attacks[] = {
	{ "cpu-view", "read a hypervisor page at another address of the same memory (bit 39)",
	  attack_view },
	{ "smmu-read", "read SMMU registers, of each instance", attack_registers,
	  TRY(SMMUS, READ) },
	{ "smmu-write", "write SMMU registers", attack_registers, TRY(SMMUS, WRITE) },
	{ "smmu-byte", "access SMMU registers by bytes", attack_registers, TRY(SMMUS, BYTE) },
	{ "smmu-double", "access SMMU registers with 64 bits", attack_registers,
	  TRY(SMMUS, DOUBLE) },
	{ "smmu-unaligned", "access SMMU registers unaligned", attack_registers,
	  TRY(SMMUS, UNALIGNED) },
	{ "smmu-exclusive", "access SMMU registers exclusively", attack_registers,
	  TRY(SMMUS, EXCLUSIVE) },
	{ "smmu-pair", "load SMMU registers as a pair", attack_registers, TRY(SMMUS, PAIR) },
	{ "smmu-cache", "cache maintenance of SMMU registers", attack_registers,
	  TRY(SMMUS, CACHE) },
	{ "smmu-cached", "read SMMU registers through a cacheable mapping", attack_registers,
	  TRY(SMMUS, CACHED) },
	{ "smmu-cpus", "read SMMU registers from each CPU", attack_registers,
	  TRY(SMMUS, ALL_CPUS) },
	{ "smmu-second-read", "read registers of second instances only", attack_registers,
	  TRY(SECOND, READ) },
	{ "smmu-second-write", "write registers of second instances only", attack_registers,
	  TRY(SECOND, WRITE) },
	{ "mc-read", "read the stream ID registers", attack_registers, TRY(MC, READ) },
	{ "mc-write", "write the stream ID registers", attack_registers, TRY(MC, WRITE) },
	{ "mc-byte", "access the stream ID registers by bytes", attack_registers, TRY(MC, BYTE) },
	{ "mc-double", "access the stream ID registers with 64 bits", attack_registers,
	  TRY(MC, DOUBLE) },
	{ "mc-unaligned", "access the stream ID registers unaligned", attack_registers,
	  TRY(MC, UNALIGNED) },
	{ "mc-exclusive", "access the stream ID registers exclusively", attack_registers,
	  TRY(MC, EXCLUSIVE) },
	{ "mc-pair", "load the stream ID registers as a pair", attack_registers, TRY(MC, PAIR) },
	{ "mc-cache", "cache maintenance of stream ID registers", attack_registers,
	  TRY(MC, CACHE) },
	{ "mc-cached", "read the stream ID registers through a cacheable mapping", attack_registers,
	  TRY(MC, CACHED) },
	{ "mc-cpus", "read the stream ID registers from each CPU", attack_registers,
	  TRY(MC, ALL_CPUS) },
	{ }
};
