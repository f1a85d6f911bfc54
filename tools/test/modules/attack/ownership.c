// SPDX-License-Identifier: GPL-2.0-only
/*
 * The pages that the host does not own, as EL2 enforces it now: memory that the host's
 * CPU cannot read, and EL2's code, which it can read. Each run of such pages is a line:
 *
 *	start end owner		(addresses, end exclusive)
 *
 * The registers that EL2 protects are listed, too. The host's side of the test compares
 * the list with the accesses that the model allowed.
 */
#include <linux/seq_file.h>

#include <mmio/access.h>

#include "attack.h"

static bool is_hidden(phys_addr_t phys)
{
	u64 val;

	return pfn_is_map_memory(PHYS_PFN(phys)) && access_read(phys_to_virt(phys), 8, &val);
}

static void show_memory(struct seq_file *m)
{
	unsigned long *max_pfn_ptr = symbol("max_pfn"), pfn;
	phys_addr_t (*start_of_dram)(void) = symbol("memblock_start_of_DRAM");
	phys_addr_t phys, start = 0;

	for (pfn = PHYS_PFN(start_of_dram()); pfn <= *max_pfn_ptr; pfn++) {
		phys = PFN_PHYS(pfn);
		if (pfn < *max_pfn_ptr && is_hidden(phys)) {
			start = start ?: phys;
		} else if (start) {
			seq_printf(m, "%#llx %#llx memory\n", start, phys);
			start = 0;
		}
		if (!(pfn & 0xfff))
			cond_resched();
	}
}

int owned_show(struct seq_file *m, void *unused)
{
	unsigned int i, j;

	if (!hyp_spare_page())
		return 0;
	show_memory(m);
	seq_printf(m, "%#llx %#llx code\n", hyp_text_page(),
		   PAGE_ALIGN(symbol_phys("__hyp_text_end")));
	for (i = 0; i < nr_smmus; i++)
		for (j = 0; j < smmus[i].nr_instances; j++)
			seq_printf(m, "%#llx %#llx SMMU\n", smmus[i].base[j],
				   smmus[i].base[j] + smmus[i].size);
	if (mc_sid_base)
		seq_printf(m, "%#llx %#llx MC\n", mc_sid_base, mc_sid_base + SZ_64K);
	return 0;
}
