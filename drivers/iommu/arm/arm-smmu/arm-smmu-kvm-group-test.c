// SPDX-License-Identifier: GPL-2.0-only
/*
 * KUnit tests of how groups of devices move between domains, and of what is
 * reserved for them. The hypervisor is a few arrays here: it has as many context
 * banks as a test wants, and a domain that it has given up.
 *
 * Part of arm-smmu-kvm.c.
 */

#include <kunit/static_stub.h>
#include <kunit/test.h>

#define TEST_MAX	4

/* No handle of the hypervisor's is as large */
#define TEST_HANDLE(n)	(KVM_IOMMU_MAX_DOMAINS + (n))

static struct {
	unsigned int nr_banks;
	unsigned int nr_ids;
	u32 lost;			/* a domain that cannot be attached */
	u32 handle[TEST_MAX];		/* of each endpoint, 0: not attached */
	bool freed_attached;
} hyp;

static const struct smmu_kvm_desc_smmu test_group_smmu = {
	.nr_instances	= 1,
	.smr_mask	= 0x7f80,
};

static unsigned int hyp_banks(u32 handle)
{
	unsigned int i, j, n = 0;

	for (i = 0; i < TEST_MAX; i++) {
		if (!hyp.handle[i] || hyp.handle[i] == handle)
			continue;
		for (j = 0; hyp.handle[j] != hyp.handle[i]; j++)
			;
		n += i == j;
	}

	return n;
}

static int fake_attach(u32 handle, u32 iommu, u32 endpoint, u32 id, gfp_t gfp)
{
	if (handle == hyp.lost)
		return -EIO;
	if (hyp.handle[endpoint])
		return -EBUSY;
	if (hyp_banks(handle) == hyp.nr_banks)
		return -ENOSPC;

	hyp.handle[endpoint] = handle;
	return 0;
}

static int fake_detach(u32 handle, u32 iommu, u32 endpoint, u32 id)
{
	if (hyp.handle[endpoint] != handle)
		return -ENOENT;

	hyp.handle[endpoint] = 0;
	return 0;
}

static int fake_free_domain(u32 handle)
{
	unsigned int i;

	for (i = 0; i < TEST_MAX; i++) {
		if (hyp.handle[i] == handle)
			hyp.freed_attached = true;
	}

	return 0;
}

static int fake_get_stat(u32 stat, u64 *value)
{
	*value = FIELD_PREP(KVM_IOMMU_ROOM_DOMAINS, hyp.nr_banks) |
		 FIELD_PREP(KVM_IOMMU_ROOM_STREAMS, hyp.nr_ids);
	return 0;
}

struct test_group {
	struct smmu_kvm_device smmu;
	struct device smmu_dev;
	struct device dev[TEST_MAX];
	struct dev_iommu iommu[TEST_MAX];
	struct smmu_kvm_master *master[TEST_MAX];
};

/* A device for each endpoint, none of which has a stream */
static int test_group_init(struct kunit *test)
{
	struct test_group *t = kunit_kzalloc(test, sizeof(*t), GFP_KERNEL);
	unsigned int i;

	KUNIT_ASSERT_NOT_NULL(test, t);
	memset(&hyp, 0, sizeof(hyp));
	hyp.nr_banks = TEST_MAX;
	hyp.nr_ids = TEST_MAX;

	t->smmu_dev.init_name = "kunit-smmu";
	t->smmu.dev = &t->smmu_dev;
	t->smmu.desc = &test_group_smmu;
	mutex_init(&t->smmu.lock);
	INIT_LIST_HEAD(&t->smmu.streams);
	INIT_LIST_HEAD(&t->smmu.masters);

	for (i = 0; i < TEST_MAX; i++) {
		struct smmu_kvm_master *m;

		m = kunit_kzalloc(test, struct_size(m, streams, TEST_MAX), GFP_KERNEL);
		KUNIT_ASSERT_NOT_NULL(test, m);
		m->smmu = &t->smmu;
		m->dev = &t->dev[i];
		t->master[i] = m;
		t->iommu[i].priv = m;
		t->dev[i].init_name = "kunit-device";
		t->dev[i].iommu = &t->iommu[i];
	}

	kunit_activate_static_stub(test, kvm_iommu_attach, fake_attach);
	kunit_activate_static_stub(test, kvm_iommu_detach, fake_detach);
	kunit_activate_static_stub(test, kvm_iommu_free_domain, fake_free_domain);
	kunit_activate_static_stub(test, kvm_iommu_get_stat, fake_get_stat);

	test->priv = t;
	return 0;
}

static void test_group_exit(struct kunit *test)
{
	struct test_group *t = test->priv;
	struct smmu_kvm_stream *s, *next;

	if (!t)
		return;

	list_for_each_entry_safe(s, next, &t->smmu.streams, list) {
		list_del(&s->list);
		kfree(s);
	}
}

/* Give device @n the stream of an endpoint, and let it be in a group */
static struct smmu_kvm_stream *add_stream(struct kunit *test, unsigned int n,
					  u32 endpoint, u32 id, unsigned long group)
{
	struct test_group *t = test->priv;
	struct smmu_kvm_master *m = t->master[n];
	struct smmu_kvm_stream *s;

	s = stream_get(&t->smmu, &t->dev[n], endpoint, id);
	if (IS_ERR(s))
		return s;

	/* Only compared */
	t->dev[n].iommu_group = (struct iommu_group *)group;
	s->group = t->dev[n].iommu_group;
	m->nr_streams++;
	m->streams[m->nr_streams - 1] = s;
	return s;
}

static struct smmu_kvm_domain *add_domain(struct kunit *test, unsigned int n,
					  unsigned int type)
{
	struct test_group *t = test->priv;
	struct smmu_kvm_domain *d = kzalloc_obj(*d);

	KUNIT_ASSERT_NOT_NULL(test, d);
	d->smmu = &t->smmu;
	d->handle = TEST_HANDLE(n);
	d->domain.type = type;
	return d;
}

static int attach(struct kunit *test, unsigned int n, struct smmu_kvm_domain *d)
{
	struct test_group *t = test->priv;

	return smmu_kvm_attach_dev(&d->domain, &t->dev[n], NULL);
}

/* Two devices of three streams move to another domain, with one context bank. */
static void test_move_group(struct kunit *test)
{
	struct smmu_kvm_domain *d1 = add_domain(test, 1, IOMMU_DOMAIN_DMA);
	struct smmu_kvm_domain *d2 = add_domain(test, 2, IOMMU_DOMAIN_UNMANAGED);
	unsigned int i;

	hyp.nr_banks = 1;
	add_stream(test, 0, 0, 1, 0x1000);
	add_stream(test, 0, 1, 2, 0x1000);
	add_stream(test, 1, 2, 3, 0x1000);

	KUNIT_EXPECT_EQ(test, 0, attach(test, 0, d1));
	KUNIT_EXPECT_EQ(test, 0, hyp.handle[2]);
	KUNIT_EXPECT_EQ(test, 0, attach(test, 1, d1));

	KUNIT_EXPECT_EQ(test, 0, attach(test, 0, d2));
	for (i = 0; i < 3; i++)
		KUNIT_EXPECT_EQ(test, d2->handle, hyp.handle[i]);
	KUNIT_EXPECT_EQ(test, 0, attach(test, 1, d2));
	for (i = 0; i < 3; i++)
		KUNIT_EXPECT_EQ(test, d2->handle, hyp.handle[i]);

	smmu_kvm_domain_free(&d1->domain);
	KUNIT_EXPECT_FALSE(test, hyp.freed_attached);
	smmu_kvm_domain_free(&d2->domain);
}

/* Another group stays where it is. */
static void test_move_other_group(struct kunit *test)
{
	struct smmu_kvm_domain *d1 = add_domain(test, 1, IOMMU_DOMAIN_DMA);
	struct smmu_kvm_domain *d2 = add_domain(test, 2, IOMMU_DOMAIN_DMA);
	struct smmu_kvm_domain *d3 = add_domain(test, 3, IOMMU_DOMAIN_UNMANAGED);

	hyp.nr_banks = 2;
	add_stream(test, 0, 0, 1, 0x1000);
	add_stream(test, 1, 1, 2, 0x2000);
	KUNIT_EXPECT_EQ(test, 0, attach(test, 0, d1));
	KUNIT_EXPECT_EQ(test, 0, attach(test, 1, d2));
	KUNIT_EXPECT_EQ(test, 0, attach(test, 0, d3));
	KUNIT_EXPECT_EQ(test, d3->handle, hyp.handle[0]);
	KUNIT_EXPECT_EQ(test, d2->handle, hyp.handle[1]);

	smmu_kvm_domain_free(&d1->domain);
	KUNIT_EXPECT_FALSE(test, hyp.freed_attached);
	smmu_kvm_domain_free(&d2->domain);
	smmu_kvm_domain_free(&d3->domain);
}

/* Back to a default domain that is lost: the device is blocked at once. */
static void test_lost_default(struct kunit *test)
{
	struct smmu_kvm_domain *d1 = add_domain(test, 1, IOMMU_DOMAIN_UNMANAGED);
	struct smmu_kvm_domain *d2 = add_domain(test, 2, IOMMU_DOMAIN_DMA);
	struct smmu_kvm_stream *s;

	s = add_stream(test, 0, 0, 1, 0x1000);
	KUNIT_EXPECT_EQ(test, 0, attach(test, 0, d1));
	hyp.lost = d2->handle;
	KUNIT_EXPECT_EQ(test, -EIO, attach(test, 0, d2));
	KUNIT_EXPECT_EQ(test, 0, hyp.handle[0]);
	KUNIT_EXPECT_NULL(test, s->domain);

	smmu_kvm_domain_free(&d1->domain);
	KUNIT_EXPECT_FALSE(test, hyp.freed_attached);
	smmu_kvm_domain_free(&d2->domain);
}

/* To somebody's own domain that is lost: it goes on as before. */
static void test_lost_own(struct kunit *test)
{
	struct smmu_kvm_domain *d1 = add_domain(test, 1, IOMMU_DOMAIN_DMA);
	struct smmu_kvm_domain *d2 = add_domain(test, 2, IOMMU_DOMAIN_UNMANAGED);
	struct smmu_kvm_stream *s;

	s = add_stream(test, 0, 0, 1, 0x1000);
	KUNIT_EXPECT_EQ(test, 0, attach(test, 0, d1));
	hyp.lost = d2->handle;
	KUNIT_EXPECT_EQ(test, -EIO, attach(test, 0, d2));
	KUNIT_EXPECT_EQ(test, d1->handle, hyp.handle[0]);
	KUNIT_EXPECT_PTR_EQ(test, d1, s->domain);

	/* The core may have given it up all the same */
	smmu_kvm_domain_free(&d1->domain);
	KUNIT_EXPECT_FALSE(test, hyp.freed_attached);
	KUNIT_EXPECT_EQ(test, 0, hyp.handle[0]);
	KUNIT_EXPECT_NULL(test, s->domain);
	smmu_kvm_domain_free(&d2->domain);
}

static void test_reserve_banks(struct kunit *test)
{
	struct test_group *t = test->priv;
	struct iommu_group *group[] = { (void *)0x1000, (void *)0x2000, (void *)0x3000 };

	hyp.nr_banks = 2;
	KUNIT_EXPECT_TRUE(test, has_bank(&t->smmu, &t->dev[0], group[0]));
	add_stream(test, 0, 0, 1, 0x1000);
	add_stream(test, 0, 1, 2, 0x1000);
	KUNIT_EXPECT_TRUE(test, has_bank(&t->smmu, &t->dev[1], group[1]));
	add_stream(test, 1, 2, 3, 0x2000);
	KUNIT_EXPECT_FALSE(test, has_bank(&t->smmu, &t->dev[2], group[2]));
	/* A group that has one shares it with whoever joins it, also after a loss */
	hyp.nr_banks = 1;
	KUNIT_EXPECT_TRUE(test, has_bank(&t->smmu, &t->dev[2], group[1]));
	hyp.nr_banks = 2;

	/* Until the last device of a group is gone */
	stream_put(&t->smmu, t->master[0]->streams[1]);
	KUNIT_EXPECT_FALSE(test, has_bank(&t->smmu, &t->dev[2], group[2]));
	stream_put(&t->smmu, t->master[0]->streams[0]);
	KUNIT_EXPECT_TRUE(test, has_bank(&t->smmu, &t->dev[2], group[2]));
}

static void test_reserve_ids(struct kunit *test)
{
	hyp.nr_ids = 2;
	KUNIT_EXPECT_FALSE(test, IS_ERR(add_stream(test, 0, 0, 1, 0x1000)));
	KUNIT_EXPECT_FALSE(test, IS_ERR(add_stream(test, 1, 1, 2, 0x2000)));
	KUNIT_EXPECT_EQ(test, -ENOSPC, PTR_ERR_OR_ZERO(add_stream(test, 2, 2, 3, 0x3000)));
	/* The same to an SMMU that does not compare 0x7f80 */
	KUNIT_EXPECT_FALSE(test, IS_ERR(add_stream(test, 2, 2, 0x82, 0x2000)));
	KUNIT_EXPECT_EQ(test, -ENOSPC, PTR_ERR_OR_ZERO(add_stream(test, 3, 3, 3, 0x3000)));
}

static struct kunit_case smmu_kvm_group_test_cases[] = {
	KUNIT_CASE(test_move_group),
	KUNIT_CASE(test_move_other_group),
	KUNIT_CASE(test_lost_default),
	KUNIT_CASE(test_lost_own),
	KUNIT_CASE(test_reserve_banks),
	KUNIT_CASE(test_reserve_ids),
	{}
};

static struct kunit_suite smmu_kvm_group_test_suite = {
	.name = "arm-smmu-kvm-group",
	.init = test_group_init,
	.exit = test_group_exit,
	.test_cases = smmu_kvm_group_test_cases,
};

kunit_test_suite(smmu_kvm_group_test_suite);
