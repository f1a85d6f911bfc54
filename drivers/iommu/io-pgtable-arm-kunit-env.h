/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The hypervisor's I/O page tables, as part of the kernel, for its KUnit tests.
 *
 * A file that includes this, and then a source file of the page tables, gets
 * what EL2 compiles with three exceptions: hyp addresses are those of the
 * kernel's linear map, a write that is cleaned to the point of coherency ends
 * up in the test's idea of what the walker sees, and the functions that the
 * kernel has as well go by other names.
 */
#ifndef IO_PGTABLE_ARM_KUNIT_ENV_H_
#define IO_PGTABLE_ARM_KUNIT_ENV_H_

#include <linux/kvm_host.h>
#include <linux/types.h>

#include <asm/kvm_mmu.h>

#define IOPGT_KUNIT_HYP

extern s64 iopgt_kunit_physvirt_offset;
void iopgt_kunit_clean(void *addr, size_t size);

#undef hyp_physvirt_offset
#define hyp_physvirt_offset		iopgt_kunit_physvirt_offset

#undef kvm_flush_dcache_to_poc
#define kvm_flush_dcache_to_poc(a, l)	iopgt_kunit_clean(a, l)

#define pkvm_iommu_table_alloc		iopgt_kunit_table_alloc
#define pkvm_iommu_table_free		iopgt_kunit_table_free
#define pkvm_iommu_leaf_cleared		iopgt_kunit_leaf_cleared

#define arm_64_lpae_init_pgtable_s1	iopgt_kunit_64_lpae_init_s1
#define arm_64_lpae_init_pgtable_s2	iopgt_kunit_64_lpae_init_s2
#define arm_32_lpae_init_pgtable_s1	iopgt_kunit_32_lpae_init_s1
#define arm_32_lpae_init_pgtable_s2	iopgt_kunit_32_lpae_init_s2
#define arm_mali_lpae_init_pgtable	iopgt_kunit_mali_lpae_init
#define arm_lpae_free_tables		iopgt_kunit_lpae_free_tables
#define arm_lpae_first_leaves		iopgt_kunit_lpae_first_leaves
#define arm_lpae_map_runs		iopgt_kunit_lpae_map_runs
#define arm_lpae_free_empty_tables	iopgt_kunit_lpae_free_empty_tables
#define __arm_lpae_alloc_pages		iopgt_kunit_lpae_alloc_pages
#define __arm_lpae_free_pages		iopgt_kunit_lpae_free_pages

#define arm_v7s_init_pgtable		iopgt_kunit_v7s_init
#define arm_v7s_free_tables		iopgt_kunit_v7s_free_tables
#define arm_v7s_first_leaves		iopgt_kunit_v7s_first_leaves
#define arm_v7s_map_runs		iopgt_kunit_v7s_map_runs
#define arm_v7s_free_empty_table	iopgt_kunit_v7s_free_empty_table
#define __arm_v7s_alloc_table		iopgt_kunit_v7s_alloc_table
#define __arm_v7s_free_table		iopgt_kunit_v7s_free_table

/* Each of the source files has its own */
#undef pr_fmt

#endif /* IO_PGTABLE_ARM_KUNIT_ENV_H_ */
