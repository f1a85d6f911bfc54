/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The hypervisor's I/O page tables, as part of the kernel, for its KUnit tests.
 *
 * The compiler includes this before a source file of the page tables. It then gets
 * what EL2 compiles with three exceptions: hyp addresses are those of the kernel's
 * linear map, a write that is cleaned to the point of coherency ends up in the
 * test's idea of what the walker sees, and what the kernel has as well goes by
 * another name.
 */
#ifndef IO_PGTABLE_ARM_KUNIT_H_
#define IO_PGTABLE_ARM_KUNIT_H_

#include <linux/kvm_host.h>
#include <linux/types.h>

#include <asm/kvm_mmu.h>

#define IOMMU_PAGES_KUNIT

extern s64 iopgt_kunit_physvirt_offset;
void iopgt_kunit_clean(void *addr, size_t size);

#undef hyp_physvirt_offset
#define hyp_physvirt_offset			iopgt_kunit_physvirt_offset

#undef kvm_flush_dcache_to_poc
#define kvm_flush_dcache_to_poc(a, l)		iopgt_kunit_clean(a, l)

#define io_pgtable_arm_64_lpae_s1_init_fns	iopgt_kunit_64_lpae_s1_init_fns
#define io_pgtable_arm_64_lpae_s2_init_fns	iopgt_kunit_64_lpae_s2_init_fns
#define io_pgtable_arm_32_lpae_s1_init_fns	iopgt_kunit_32_lpae_s1_init_fns
#define io_pgtable_arm_32_lpae_s2_init_fns	iopgt_kunit_32_lpae_s2_init_fns
#define io_pgtable_arm_mali_lpae_init_fns	iopgt_kunit_mali_lpae_init_fns
#define io_pgtable_arm_v7s_init_fns		iopgt_kunit_v7s_init_fns

/* Each of the source files has its own */
#undef pr_fmt

#endif /* IO_PGTABLE_ARM_KUNIT_H_ */
