// SPDX-License-Identifier: GPL-2.0-only
/*
 * KUnit tests of how groups of devices move between domains, of what is reserved for
 * them, and of the device for which a fault is reported. Stubs stand for the hypervisor:
 * it has room for as many domains as a test sets, and may have quarantined a domain.
 *
 * Part of pkvm-iommu.c.
 */

#include <kunit/static_stub.h>
#include <kunit/test.h>

#define TEST_MAX	4

/* The hypervisor has no handles as large as these */
#define TEST_HANDLE(n)	(KVM_IOMMU_MAX_DOMAINS + (n))

static struct {
	unsigned int nr_domains;
	unsigned int nr_ids;
	u32 quarantined;		/* a domain that nothing can be attached to */
	u32 handle[TEST_MAX];		/* domain of each endpoint, 0: not attached */
	bool freed_attached;
} hyp;

static unsigned int hyp_domains(u32 handle)
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
	if (handle == hyp.quarantined)
		return -EIO;
	if (hyp.handle[endpoint])
		return -EBUSY;
	if (hyp_domains(handle) == hyp.nr_domains)
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

static int fake_room(u32 iommu, unsigned int *domains, unsigned int *streams)
{
	*domains = hyp.nr_domains;
	*streams = hyp.nr_ids;
	return 0;
}

static bool fake_fault_is_write(const struct kvm_iommu_fault *fault)
{
	return false;
}

static const struct pkvm_iommu_driver fake_driver = {
	.sid_bits	= 16,
	.domain_places	= "domains",
	.stream_places	= "streams",
	.room		= fake_room,
	.fault_is_write	= fake_fault_is_write,
};

struct test_group {
	struct pkvm_iommu iommu;
	struct device iommu_dev;
	struct device dev[TEST_MAX];
	struct dev_iommu dev_iommu[TEST_MAX];
	struct pkvm_iommu_master *master[TEST_MAX];
};

/* Make a device for each endpoint, without streams. */
static int test_group_init(struct kunit *test)
{
	struct test_group *t = kunit_kzalloc(test, sizeof(*t), GFP_KERNEL);
	unsigned int i;

	KUNIT_ASSERT_NOT_NULL(test, t);
	memset(&hyp, 0, sizeof(hyp));
	hyp.nr_domains = TEST_MAX;
	hyp.nr_ids = TEST_MAX;

	t->iommu_dev.init_name = "kunit-iommu";
	t->iommu.dev = &t->iommu_dev;
	t->iommu.drv = &fake_driver;
	t->iommu.ignored = 0x7f80;
	mutex_init(&t->iommu.lock);
	INIT_LIST_HEAD(&t->iommu.streams);
	INIT_LIST_HEAD(&t->iommu.masters);

	for (i = 0; i < TEST_MAX; i++) {
		struct pkvm_iommu_master *m;

		m = kunit_kzalloc(test, struct_size(m, streams, TEST_MAX), GFP_KERNEL);
		KUNIT_ASSERT_NOT_NULL(test, m);
		m->iommu = &t->iommu;
		m->dev = &t->dev[i];
		t->master[i] = m;
		t->dev_iommu[i].priv = m;
		t->dev[i].init_name = "kunit-device";
		t->dev[i].iommu = &t->dev_iommu[i];
	}

	kunit_activate_static_stub(test, kvm_iommu_attach, fake_attach);
	kunit_activate_static_stub(test, kvm_iommu_detach, fake_detach);
	kunit_activate_static_stub(test, kvm_iommu_free_domain, fake_free_domain);

	test->priv = t;
	return 0;
}

static void test_group_exit(struct kunit *test)
{
	struct test_group *t = test->priv;
	struct pkvm_iommu_stream *s, *next;

	if (!t)
		return;

	list_for_each_entry_safe(s, next, &t->iommu.streams, list) {
		list_del(&s->list);
		kfree(s);
	}
}

/* Give device @n a stream of an endpoint, and put it into a group. */
static struct pkvm_iommu_stream *add_stream(struct kunit *test, unsigned int n,
					    u32 endpoint, u32 id, unsigned long group)
{
	struct test_group *t = test->priv;
	struct pkvm_iommu_master *m = t->master[n];
	struct pkvm_iommu_stream *s;

	s = stream_get(&t->iommu, &t->dev[n], endpoint, id);
	if (IS_ERR(s))
		return s;

	/* Groups are only compared, never dereferenced */
	t->dev[n].iommu_group = (struct iommu_group *)group;
	s->group = t->dev[n].iommu_group;
	m->nr_streams++;
	m->streams[m->nr_streams - 1] = s;
	return s;
}

static struct pkvm_iommu_domain *add_domain(struct kunit *test, unsigned int n,
					    unsigned int type)
{
	struct test_group *t = test->priv;
	struct pkvm_iommu_domain *d = kzalloc_obj(*d);

	KUNIT_ASSERT_NOT_NULL(test, d);
	d->iommu = &t->iommu;
	d->handle = TEST_HANDLE(n);
	d->domain.type = type;
	return d;
}

static int attach(struct kunit *test, unsigned int n, struct pkvm_iommu_domain *d)
{
	struct test_group *t = test->priv;

	return pkvm_iommu_attach_dev(&d->domain, &t->dev[n], NULL);
}

/* Two devices with three streams move to another domain, with room for one domain. */
static void group_moves_with_all_streams(struct kunit *test)
{
	struct pkvm_iommu_domain *d1 = add_domain(test, 1, IOMMU_DOMAIN_DMA);
	struct pkvm_iommu_domain *d2 = add_domain(test, 2, IOMMU_DOMAIN_UNMANAGED);
	unsigned int i;

	hyp.nr_domains = 1;
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

	pkvm_iommu_domain_free(&d1->domain);
	KUNIT_EXPECT_FALSE(test, hyp.freed_attached);
	pkvm_iommu_domain_free(&d2->domain);
}

/* Another group stays where it is. */
static void other_group_stays_attached(struct kunit *test)
{
	struct pkvm_iommu_domain *d1 = add_domain(test, 1, IOMMU_DOMAIN_DMA);
	struct pkvm_iommu_domain *d2 = add_domain(test, 2, IOMMU_DOMAIN_DMA);
	struct pkvm_iommu_domain *d3 = add_domain(test, 3, IOMMU_DOMAIN_UNMANAGED);

	hyp.nr_domains = 2;
	add_stream(test, 0, 0, 1, 0x1000);
	add_stream(test, 1, 1, 2, 0x2000);
	KUNIT_EXPECT_EQ(test, 0, attach(test, 0, d1));
	KUNIT_EXPECT_EQ(test, 0, attach(test, 1, d2));
	KUNIT_EXPECT_EQ(test, 0, attach(test, 0, d3));
	KUNIT_EXPECT_EQ(test, d3->handle, hyp.handle[0]);
	KUNIT_EXPECT_EQ(test, d2->handle, hyp.handle[1]);

	pkvm_iommu_domain_free(&d1->domain);
	KUNIT_EXPECT_FALSE(test, hyp.freed_attached);
	pkvm_iommu_domain_free(&d2->domain);
	pkvm_iommu_domain_free(&d3->domain);
}

/* Attaching to a default domain that is quarantined blocks the device. */
static void quarantined_default_blocks_device(struct kunit *test)
{
	struct pkvm_iommu_domain *d1 = add_domain(test, 1, IOMMU_DOMAIN_UNMANAGED);
	struct pkvm_iommu_domain *d2 = add_domain(test, 2, IOMMU_DOMAIN_DMA);
	struct pkvm_iommu_stream *s;

	s = add_stream(test, 0, 0, 1, 0x1000);
	KUNIT_EXPECT_EQ(test, 0, attach(test, 0, d1));
	hyp.quarantined = d2->handle;
	KUNIT_EXPECT_EQ(test, -EIO, attach(test, 0, d2));
	KUNIT_EXPECT_EQ(test, 0, hyp.handle[0]);
	KUNIT_EXPECT_NULL(test, s->domain);

	pkvm_iommu_domain_free(&d1->domain);
	KUNIT_EXPECT_FALSE(test, hyp.freed_attached);
	pkvm_iommu_domain_free(&d2->domain);
}

/* Attaching to a quarantined domain that is not the default changes nothing. */
static void failed_attach_keeps_domain(struct kunit *test)
{
	struct pkvm_iommu_domain *d1 = add_domain(test, 1, IOMMU_DOMAIN_DMA);
	struct pkvm_iommu_domain *d2 = add_domain(test, 2, IOMMU_DOMAIN_UNMANAGED);
	struct pkvm_iommu_stream *s;

	s = add_stream(test, 0, 0, 1, 0x1000);
	KUNIT_EXPECT_EQ(test, 0, attach(test, 0, d1));
	hyp.quarantined = d2->handle;
	KUNIT_EXPECT_EQ(test, -EIO, attach(test, 0, d2));
	KUNIT_EXPECT_EQ(test, d1->handle, hyp.handle[0]);
	KUNIT_EXPECT_PTR_EQ(test, d1, s->domain);

	/* Freeing a domain detaches what is still attached */
	pkvm_iommu_domain_free(&d1->domain);
	KUNIT_EXPECT_FALSE(test, hyp.freed_attached);
	KUNIT_EXPECT_EQ(test, 0, hyp.handle[0]);
	KUNIT_EXPECT_NULL(test, s->domain);
	pkvm_iommu_domain_free(&d2->domain);
}

static void domains_are_reserved_for_groups(struct kunit *test)
{
	struct test_group *t = test->priv;
	struct iommu_group *group[] = { (void *)0x1000, (void *)0x2000, (void *)0x3000 };

	hyp.nr_domains = 2;
	KUNIT_EXPECT_TRUE(test, has_room_for_group(&t->iommu, &t->dev[0], group[0]));
	add_stream(test, 0, 0, 1, 0x1000);
	add_stream(test, 0, 1, 2, 0x1000);
	KUNIT_EXPECT_TRUE(test, has_room_for_group(&t->iommu, &t->dev[1], group[1]));
	add_stream(test, 1, 2, 3, 0x2000);
	KUNIT_EXPECT_FALSE(test, has_room_for_group(&t->iommu, &t->dev[2], group[2]));
	/* A device that joins a group needs no room, even if there is less than before */
	hyp.nr_domains = 1;
	KUNIT_EXPECT_TRUE(test, has_room_for_group(&t->iommu, &t->dev[2], group[1]));
	hyp.nr_domains = 2;

	/* Room stays reserved until the last device of the group is gone */
	stream_put(&t->iommu, t->master[0]->streams[1]);
	KUNIT_EXPECT_FALSE(test, has_room_for_group(&t->iommu, &t->dev[2], group[2]));
	stream_put(&t->iommu, t->master[0]->streams[0]);
	KUNIT_EXPECT_TRUE(test, has_room_for_group(&t->iommu, &t->dev[2], group[2]));
}

static void stream_ids_are_reserved(struct kunit *test)
{
	hyp.nr_ids = 2;
	KUNIT_EXPECT_FALSE(test, IS_ERR(add_stream(test, 0, 0, 1, 0x1000)));
	KUNIT_EXPECT_FALSE(test, IS_ERR(add_stream(test, 1, 1, 2, 0x2000)));
	KUNIT_EXPECT_EQ(test, -ENOSPC, PTR_ERR_OR_ZERO(add_stream(test, 2, 2, 3, 0x3000)));
	/* 0x82 and 2 are the same for an IOMMU that ignores 0x7f80 */
	KUNIT_EXPECT_FALSE(test, IS_ERR(add_stream(test, 2, 2, 0x82, 0x2000)));
	KUNIT_EXPECT_EQ(test, -ENOSPC, PTR_ERR_OR_ZERO(add_stream(test, 3, 3, 3, 0x3000)));
}

static int record_device(struct iommu_domain *domain, struct device *dev,
			 unsigned long iova, int flags, void *token)
{
	*(struct device **)token = dev;
	return 0;
}

/* A stream may fault when its device is gone; the tracepoint reads the device's name. */
static void faults_have_a_device(struct kunit *test)
{
	struct pkvm_iommu_domain *d = add_domain(test, 1, IOMMU_DOMAIN_UNMANAGED);
	struct kvm_iommu_fault fault = { .domain = d->handle };
	struct test_group *t = test->priv;
	struct device *dev = NULL;

	add_stream(test, 0, 0, 1, 0x1000);
	list_add(&t->master[0]->list, &t->iommu.masters);
	iommu_set_fault_handler(&d->domain, record_device, &dev);
	KUNIT_ASSERT_EQ(test, 0, xa_insert_irq(&pkvm_iommu_domains, d->handle, d, GFP_KERNEL));

	fault.sid = 1;
	KUNIT_EXPECT_TRUE(test, report_to_owner(&t->iommu, &fault));
	KUNIT_EXPECT_PTR_EQ(test, &t->dev[0], dev);

	fault.sid = 2;
	KUNIT_EXPECT_TRUE(test, report_to_owner(&t->iommu, &fault));
	KUNIT_EXPECT_PTR_EQ(test, &t->iommu_dev, dev);

	/* A fault of a domain that is gone has no owner. */
	fault.domain = TEST_HANDLE(2);
	KUNIT_EXPECT_FALSE(test, report_to_owner(&t->iommu, &fault));

	pkvm_iommu_domain_free(&d->domain);
}

static struct kunit_case pkvm_iommu_group_test_cases[] = {
	KUNIT_CASE(group_moves_with_all_streams),
	KUNIT_CASE(other_group_stays_attached),
	KUNIT_CASE(quarantined_default_blocks_device),
	KUNIT_CASE(failed_attach_keeps_domain),
	KUNIT_CASE(domains_are_reserved_for_groups),
	KUNIT_CASE(stream_ids_are_reserved),
	KUNIT_CASE(faults_have_a_device),
	{}
};

static struct kunit_suite pkvm_iommu_group_test_suite = {
	.name = "pkvm-iommu-group",
	.init = test_group_init,
	.exit = test_group_exit,
	.test_cases = pkvm_iommu_group_test_cases,
};

kunit_test_suite(pkvm_iommu_group_test_suite);
