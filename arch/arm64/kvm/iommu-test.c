// SPDX-License-Identifier: GPL-2.0-only
/*
 * KUnit tests of the host's side of DMA isolation: no call is issued before
 * the hypervisor can take it, and no call that it has not seen is taken for
 * one that has succeeded.
 *
 * Part of iommu.c.
 */

#include <kunit/static_stub.h>
#include <kunit/test.h>

/* An interrupt that comes in between is not part of the test */
static bool too_early(void)
{
	return !in_task() && is_pkvm_initialized();
}

/*
 * A call that went to the hypervisor all the same would come back with its
 * answer: there is no domain 0 and no such IOMMU, or, if the hypervisor takes
 * no calls at all, that it does not know it. None of that is -EPROBE_DEFER.
 */
static void test_too_early(struct kunit *test)
{
	struct kvm_iommu_domain_info info = {};
	struct kvm_iommu_fault fault = {};
	size_t mapped = 0, unmapped = 0;
	u64 value = 1;

	kunit_activate_static_stub(test, kvm_iommu_may_call, too_early);

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
	KUNIT_EXPECT_EQ(test, -EPROBE_DEFER, kvm_iommu_next_fault(0, &fault));
	KUNIT_EXPECT_EQ(test, -EPROBE_DEFER, kvm_iommu_stream_info(0, 0, 0, &value));
	KUNIT_EXPECT_EQ(test, -EPROBE_DEFER, kvm_iommu_get_stat(KVM_IOMMU_STAT_DOMAINS, &value));
	KUNIT_EXPECT_EQ(test, 1, value);
	KUNIT_EXPECT_EQ(test, 0, kvm_iommu_reclaim(0, 1));
	KUNIT_EXPECT_EQ(test, -EPROBE_DEFER, kvm_iommu_donate(0, GFP_KERNEL));
	KUNIT_EXPECT_FALSE(test, kvm_iommu_ready());
}

/* x0 says that nobody has seen the call; x1 to x3 are whatever they were. */
static void test_not_seen(struct kunit *test)
{
	struct arm_smccc_res res = {
		.a0 = SMCCC_RET_NOT_SUPPORTED, .a1 = 0, .a2 = SZ_2M, .a3 = 1,
	};

	KUNIT_EXPECT_EQ(test, -EOPNOTSUPP, kvm_iommu_result(&res));
	KUNIT_EXPECT_EQ(test, 0, res.a2);
	KUNIT_EXPECT_EQ(test, 0, res.a3);
}

static void test_seen(struct kunit *test)
{
	struct arm_smccc_res res = {
		.a0 = SMCCC_RET_SUCCESS, .a1 = -ENOMEM, .a2 = SZ_4K, .a3 = 2,
	};

	KUNIT_EXPECT_EQ(test, -ENOMEM, kvm_iommu_result(&res));
	KUNIT_EXPECT_EQ(test, SZ_4K, res.a2);
	KUNIT_EXPECT_EQ(test, 2, res.a3);
}

/* A hypervisor that claims to have done more than it was asked for */
static void test_progress(struct kunit *test)
{
	struct arm_smccc_res res = { .a2 = SZ_64K };

	KUNIT_EXPECT_EQ(test, 3, kvm_iommu_progress(&res, SZ_4K, 3));
	KUNIT_EXPECT_EQ(test, 16, kvm_iommu_progress(&res, SZ_4K, 512));
	KUNIT_EXPECT_EQ(test, 0, kvm_iommu_progress(&res, SZ_2M, 1));
}

static struct kunit_case kvm_iommu_test_cases[] = {
	KUNIT_CASE(test_too_early),
	KUNIT_CASE(test_not_seen),
	KUNIT_CASE(test_seen),
	KUNIT_CASE(test_progress),
	{}
};

static struct kunit_suite kvm_iommu_test_suite = {
	.name = "kvm-iommu",
	.test_cases = kvm_iommu_test_cases,
};

kunit_test_suite(kvm_iommu_test_suite);
