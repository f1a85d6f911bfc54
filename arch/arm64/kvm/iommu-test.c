// SPDX-License-Identifier: GPL-2.0-only
/*
 * KUnit tests of the host's side of DMA isolation: no hypercall is issued before the
 * hypervisor accepts it, and a call that the hypervisor did not handle is never taken
 * for a success.
 *
 * Part of iommu.c.
 */

#include <kunit/static_stub.h>
#include <kunit/test.h>

/* Calls of interrupts during the test are issued as usual. */
static bool only_interrupts_may_call(void)
{
	return !in_task() && is_pkvm_initialized();
}

/*
 * A call that reached the hypervisor would return its result: no domain 0, no such
 * IOMMU, or not supported. None of them is -EPROBE_DEFER.
 */
static void early_call_is_deferred(struct kunit *test)
{
	struct kvm_iommu_domain_info info = {};
	struct kvm_iommu_fault fault = {};
	size_t mapped = 0, unmapped = 0;
	u64 value = 1, val[2] = {};

	kunit_activate_static_stub(test, kvm_iommu_may_call, only_interrupts_may_call);

	KUNIT_EXPECT_EQ(test, -EPROBE_DEFER,
			kvm_iommu_alloc_domain(0, KVM_IOMMU_FMT_AUTO, &info, GFP_KERNEL));
	KUNIT_EXPECT_EQ(test, -EPROBE_DEFER, kvm_iommu_free_domain(0));
	KUNIT_EXPECT_EQ(test, -EPROBE_DEFER, kvm_iommu_attach(0, 0, 0, 0, GFP_KERNEL));
	KUNIT_EXPECT_EQ(test, -EPROBE_DEFER, kvm_iommu_query(0, 0, 0));
	KUNIT_EXPECT_EQ(test, -EPROBE_DEFER, kvm_iommu_detach(0, 0, 0, 0));
	KUNIT_EXPECT_EQ(test, -EPROBE_DEFER,
			kvm_iommu_map(0, 0, 0, PAGE_SIZE, 1, 0, GFP_KERNEL, &mapped));
	KUNIT_EXPECT_EQ(test, 0, mapped);
	KUNIT_EXPECT_EQ(test, -EPROBE_DEFER, kvm_iommu_unmap(0, 0, PAGE_SIZE, 1, &unmapped));
	KUNIT_EXPECT_EQ(test, 0, unmapped);
	KUNIT_EXPECT_EQ(test, 0, kvm_iommu_iova_to_phys(0, 0));
	KUNIT_EXPECT_EQ(test, -EPROBE_DEFER, kvm_iommu_get_faults(0, &fault, 1));
	KUNIT_EXPECT_EQ(test, -EPROBE_DEFER,
			kvm_iommu_debug(0, KVM_IOMMU_DEBUG_DRIVER, 0, val));
	KUNIT_EXPECT_EQ(test, -EPROBE_DEFER, kvm_iommu_get_stat(KVM_IOMMU_STAT_DOMAINS, &value));
	KUNIT_EXPECT_EQ(test, 1, value);
	KUNIT_EXPECT_EQ(test, 0, kvm_iommu_reclaim(0, 1));
	KUNIT_EXPECT_EQ(test, -EPROBE_DEFER, kvm_iommu_donate(0, GFP_KERNEL));
	KUNIT_EXPECT_FALSE(test, kvm_iommu_ready());
}

/* x0 says that the call was not handled, so x1 to x3 have no meaning. */
static void unhandled_call_is_no_success(struct kunit *test)
{
	struct arm_smccc_res res = {
		.a0 = SMCCC_RET_NOT_SUPPORTED, .a1 = 0, .a2 = SZ_2M, .a3 = 1,
	};

	KUNIT_EXPECT_EQ(test, -EOPNOTSUPP, kvm_iommu_result(&res));
	KUNIT_EXPECT_EQ(test, 0, res.a2);
	KUNIT_EXPECT_EQ(test, 0, res.a3);
}

static void handled_call_returns_its_result(struct kunit *test)
{
	struct arm_smccc_res res = {
		.a0 = SMCCC_RET_SUCCESS, .a1 = -ENOMEM, .a2 = SZ_4K, .a3 = 2,
	};

	KUNIT_EXPECT_EQ(test, -ENOMEM, kvm_iommu_result(&res));
	KUNIT_EXPECT_EQ(test, SZ_4K, res.a2);
	KUNIT_EXPECT_EQ(test, 2, res.a3);
}

/* The hypervisor reports more progress than was requested. */
static void progress_is_within_the_request(struct kunit *test)
{
	struct arm_smccc_res res = { .a2 = SZ_64K };

	KUNIT_EXPECT_EQ(test, 3, kvm_iommu_progress(&res, SZ_4K, 3));
	KUNIT_EXPECT_EQ(test, 16, kvm_iommu_progress(&res, SZ_4K, 512));
	KUNIT_EXPECT_EQ(test, 0, kvm_iommu_progress(&res, SZ_2M, 1));
}

static struct kunit_case kvm_iommu_test_cases[] = {
	KUNIT_CASE(early_call_is_deferred),
	KUNIT_CASE(unhandled_call_is_no_success),
	KUNIT_CASE(handled_call_returns_its_result),
	KUNIT_CASE(progress_is_within_the_request),
	{}
};

static struct kunit_suite kvm_iommu_test_suite = {
	.name = "kvm-iommu",
	.test_cases = kvm_iommu_test_cases,
};

kunit_test_suite(kvm_iommu_test_suite);
