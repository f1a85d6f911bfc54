// SPDX-License-Identifier: GPL-2.0-only
/*
 * KUnit tests for the description of SMMUv2s that the protected KVM hypervisor
 * is given: what is collected is what is encoded, and what cannot be described
 * is refused.
 */

#include <kunit/test.h>

#include <linux/limits.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/slab.h>

#include "arm-smmu-kvm-host.h"

static const struct smmu_kvm_desc_smmu test_smmu = {
	.base		= { 0x08000000, 0x07000000 },
	.size		= 0x01000000,
	.nr_instances	= 2,
	.flags		= SMMU_KVM_PAGES_ONLY,
	.smr_mask	= 0x7f80,
};

static void builder_free_action(void *b)
{
	kvfree(b);
}

/* With two SMMUs and three clients */
static struct smmu_kvm_builder *new_builder(struct kunit *test)
{
	struct smmu_kvm_builder *b = kvzalloc_obj(*b);
	int i;

	KUNIT_ASSERT_NOT_NULL(test, b);
	KUNIT_ASSERT_EQ(test, 0, kunit_add_action_or_reset(test, builder_free_action, b));

	KUNIT_ASSERT_EQ(test, 0, smmu_kvm_add_smmu(b, &test_smmu));
	KUNIT_ASSERT_EQ(test, 1, smmu_kvm_add_smmu(b, &test_smmu));
	for (i = 0; i < 3; i++)
		KUNIT_ASSERT_EQ(test, i, smmu_kvm_add_client(b, 0xa8 + 8 * i, 0xac + 8 * i));

	return b;
}

static void *encode(struct kunit *test, struct smmu_kvm_builder *b)
{
	size_t size = smmu_kvm_desc_size(b);
	u8 *blob = kunit_kzalloc(test, size + 1, GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, blob);
	blob[size] = 0xa5;
	smmu_kvm_encode(b, 3, blob);
	KUNIT_EXPECT_EQ_MSG(test, 0xa5, blob[size], "written past the end");

	return blob;
}

static void test_empty(struct kunit *test)
{
	struct smmu_kvm_builder *b = kvzalloc_obj(*b);

	KUNIT_ASSERT_NOT_NULL(test, b);
	KUNIT_ASSERT_EQ(test, 0, kunit_add_action_or_reset(test, builder_free_action, b));

	KUNIT_EXPECT_EQ(test, sizeof(struct smmu_kvm_desc), smmu_kvm_desc_size(b));
	KUNIT_EXPECT_EQ(test, -EINVAL, smmu_kvm_add_stream(b, 0, 1, 0, 1));
	KUNIT_EXPECT_EQ(test, -EINVAL, smmu_kvm_add_client_ref(b, 0));
}

static void test_encode(struct kunit *test)
{
	struct smmu_kvm_builder *b = new_builder(test);
	struct smmu_kvm_topology topo;

	KUNIT_ASSERT_EQ(test, 0, smmu_kvm_add_endpoint(b));
	KUNIT_ASSERT_EQ(test, 0, smmu_kvm_add_stream(b, 0, 2, 0, 1));
	KUNIT_ASSERT_EQ(test, 0, smmu_kvm_add_client_ref(b, 2));
	KUNIT_ASSERT_EQ(test, 0, smmu_kvm_add_client_ref(b, 0));
	KUNIT_ASSERT_EQ(test, 1, smmu_kvm_add_endpoint(b));
	KUNIT_ASSERT_EQ(test, 0, smmu_kvm_add_stream(b, 1, 0x100, 0, 0x80));
	KUNIT_ASSERT_EQ(test, 0, smmu_kvm_add_stream(b, 0, 0x10, 0xf, 1));

	b->desc.mc_base = 0x02c00000;
	b->desc.mc_size = 0x10000;
	b->desc.mc_passthrough_sid = 0x7f;

	smmu_kvm_decode(&topo, encode(test, b));

	KUNIT_EXPECT_EQ(test, SMMU_KVM_DESC_MAGIC, topo.desc->magic);
	KUNIT_EXPECT_EQ(test, SMMU_KVM_DESC_VERSION, topo.desc->version);
	KUNIT_EXPECT_EQ(test, smmu_kvm_desc_size(b), topo.desc->size);
	KUNIT_EXPECT_EQ(test, 3, topo.desc->nr_pages);
	KUNIT_EXPECT_EQ(test, 0x02c00000, topo.desc->mc_base);

	KUNIT_EXPECT_MEMEQ(test, &topo.smmus[0], &test_smmu, sizeof(test_smmu));
	KUNIT_EXPECT_MEMEQ(test, &topo.smmus[1], &test_smmu, sizeof(test_smmu));

	KUNIT_ASSERT_EQ(test, 2, topo.desc->nr_endpoints);
	KUNIT_EXPECT_EQ(test, 0, topo.endpoints[0].first_stream);
	KUNIT_EXPECT_EQ(test, 1, topo.endpoints[0].nr_streams);
	KUNIT_EXPECT_EQ(test, 0, topo.endpoints[0].first_client);
	KUNIT_EXPECT_EQ(test, 2, topo.endpoints[0].nr_clients);
	KUNIT_EXPECT_EQ(test, 1, topo.endpoints[1].first_stream);
	KUNIT_EXPECT_EQ(test, 2, topo.endpoints[1].nr_streams);
	KUNIT_EXPECT_EQ(test, 2, topo.endpoints[1].first_client);
	KUNIT_EXPECT_EQ(test, 0, topo.endpoints[1].nr_clients);

	KUNIT_ASSERT_EQ(test, 3, topo.desc->nr_streams);
	KUNIT_EXPECT_EQ(test, 1, topo.streams[1].smmu);
	KUNIT_EXPECT_EQ(test, 0x100, topo.streams[1].sid);
	KUNIT_EXPECT_EQ(test, 0x80, topo.streams[1].nr);
	KUNIT_EXPECT_EQ(test, 0xf, topo.streams[2].mask);

	KUNIT_ASSERT_EQ(test, 3, topo.desc->nr_clients);
	KUNIT_EXPECT_EQ(test, 0xb0, topo.clients[1].override);
	KUNIT_EXPECT_EQ(test, 0xb4, topo.clients[1].security);

	KUNIT_ASSERT_EQ(test, 2, topo.desc->nr_client_refs);
	KUNIT_EXPECT_EQ(test, 2, topo.client_refs[0]);
	KUNIT_EXPECT_EQ(test, 0, topo.client_refs[1]);
}

static void test_find_stream(struct kunit *test)
{
	struct smmu_kvm_builder *b = new_builder(test);
	struct smmu_kvm_topology topo;

	KUNIT_ASSERT_EQ(test, 0, smmu_kvm_add_endpoint(b));
	KUNIT_ASSERT_EQ(test, 0, smmu_kvm_add_stream(b, 0, 2, 0, 1));
	KUNIT_ASSERT_EQ(test, 1, smmu_kvm_add_endpoint(b));
	KUNIT_ASSERT_EQ(test, 0, smmu_kvm_add_stream(b, 1, 0x100, 0, 0x80));
	KUNIT_ASSERT_EQ(test, 0, smmu_kvm_add_stream(b, 0, 0x10, 0xf, 1));

	smmu_kvm_decode(&topo, encode(test, b));

	KUNIT_EXPECT_TRUE(test, smmu_kvm_endpoint_has_stream(&topo, 0, 0, 2));
	KUNIT_EXPECT_FALSE(test, smmu_kvm_endpoint_has_stream(&topo, 0, 0, 3));
	/* Stream IDs mean nothing without their SMMU */
	KUNIT_EXPECT_FALSE(test, smmu_kvm_endpoint_has_stream(&topo, 0, 1, 2));
	/* ... nor without their endpoint */
	KUNIT_EXPECT_FALSE(test, smmu_kvm_endpoint_has_stream(&topo, 1, 0, 2));

	KUNIT_EXPECT_FALSE(test, smmu_kvm_endpoint_has_stream(&topo, 1, 1, 0xff));
	KUNIT_EXPECT_TRUE(test, smmu_kvm_endpoint_has_stream(&topo, 1, 1, 0x100));
	KUNIT_EXPECT_TRUE(test, smmu_kvm_endpoint_has_stream(&topo, 1, 1, 0x17f));
	KUNIT_EXPECT_FALSE(test, smmu_kvm_endpoint_has_stream(&topo, 1, 1, 0x180));

	/* A mask has to be the one that was described */
	KUNIT_EXPECT_TRUE(test, smmu_kvm_endpoint_has_stream(&topo, 1, 0, 0x000f0010));
	KUNIT_EXPECT_FALSE(test, smmu_kvm_endpoint_has_stream(&topo, 1, 0, 0x00000010));
	KUNIT_EXPECT_FALSE(test, smmu_kvm_endpoint_has_stream(&topo, 1, 0, 0x00ff0010));
	KUNIT_EXPECT_FALSE(test, smmu_kvm_endpoint_has_stream(&topo, 0, 0, 0xffff0002));
}

/* As an SMMU reports it: with bits that it does not compare */
static void test_find_endpoint(struct kunit *test)
{
	struct smmu_kvm_builder *b = new_builder(test);
	struct smmu_kvm_topology topo;

	KUNIT_ASSERT_EQ(test, 0, smmu_kvm_add_endpoint(b));
	KUNIT_ASSERT_EQ(test, 0, smmu_kvm_add_stream(b, 0, 0xe, 0, 1));
	KUNIT_ASSERT_EQ(test, 1, smmu_kvm_add_endpoint(b));
	KUNIT_ASSERT_EQ(test, 0, smmu_kvm_add_stream(b, 1, 0x110, 0, 8));
	KUNIT_ASSERT_EQ(test, 0, smmu_kvm_add_stream(b, 0, 0x20, 0xf, 1));

	smmu_kvm_decode(&topo, encode(test, b));

	KUNIT_EXPECT_EQ(test, 0, smmu_kvm_find_endpoint(&topo, 0, 0xe));
	KUNIT_EXPECT_EQ(test, 0, smmu_kvm_find_endpoint(&topo, 0, 0x80e));
	KUNIT_EXPECT_EQ(test, 0, smmu_kvm_find_endpoint(&topo, 0, 0x100e));
	KUNIT_EXPECT_EQ(test, -ENOENT, smmu_kvm_find_endpoint(&topo, 0, 0x801e));
	KUNIT_EXPECT_EQ(test, -ENOENT, smmu_kvm_find_endpoint(&topo, 0, 0x80d));
	KUNIT_EXPECT_EQ(test, -ENOENT, smmu_kvm_find_endpoint(&topo, 1, 0xe));

	KUNIT_EXPECT_EQ(test, 1, smmu_kvm_find_endpoint(&topo, 0, 0x42b));
	KUNIT_EXPECT_EQ(test, -ENOENT, smmu_kvm_find_endpoint(&topo, 1, 0x10f));
	KUNIT_EXPECT_EQ(test, 1, smmu_kvm_find_endpoint(&topo, 1, 0x10));
	KUNIT_EXPECT_EQ(test, 1, smmu_kvm_find_endpoint(&topo, 1, 0x897));
	KUNIT_EXPECT_EQ(test, -ENOENT, smmu_kvm_find_endpoint(&topo, 1, 0x118));
}

static void test_stream_ranges(struct kunit *test)
{
	struct smmu_kvm_builder *b = new_builder(test);

	KUNIT_ASSERT_EQ(test, 0, smmu_kvm_add_endpoint(b));

	KUNIT_EXPECT_EQ(test, -EINVAL, smmu_kvm_add_stream(b, 2, 1, 0, 1));
	KUNIT_EXPECT_EQ(test, -EINVAL, smmu_kvm_add_stream(b, 0, 0x10000, 0, 1));
	KUNIT_EXPECT_EQ(test, -EINVAL, smmu_kvm_add_stream(b, 0, 0, 0x10000, 1));
	KUNIT_EXPECT_EQ(test, -EINVAL, smmu_kvm_add_stream(b, 0, 0, 0, 0));
	KUNIT_EXPECT_EQ(test, -EINVAL, smmu_kvm_add_stream(b, 0, 0, 1, 2));
	KUNIT_EXPECT_EQ(test, -EINVAL, smmu_kvm_add_stream(b, 0, 1, 0, 0x10000));
	KUNIT_EXPECT_EQ(test, -EINVAL, smmu_kvm_add_stream(b, 0, 1, 0, U32_MAX));
	KUNIT_EXPECT_EQ(test, 0, b->desc.nr_streams);

	/* An SMMU that does not compare 0x7f80 cannot tell these apart */
	KUNIT_EXPECT_EQ(test, -EINVAL, smmu_kvm_add_stream(b, 0, 0, 0, 0x10000));
	KUNIT_EXPECT_EQ(test, -EINVAL, smmu_kvm_add_stream(b, 0, 0x7f, 0, 2));
	KUNIT_EXPECT_EQ(test, 0, smmu_kvm_add_stream(b, 0, 0x100, 0, 0x80));
	KUNIT_EXPECT_EQ(test, -EEXIST, smmu_kvm_add_stream(b, 0, 0x7f, 0, 1));
	b->desc.nr_streams = 0;
	b->endpoints[0].nr_streams = 0;

	b->smmus[0].smr_mask = 0;
	KUNIT_EXPECT_EQ(test, 0, smmu_kvm_add_stream(b, 0, 0, 0, 0x10000));
	KUNIT_EXPECT_EQ(test, -EEXIST, smmu_kvm_add_stream(b, 0, 0xffff, 0, 1));
	KUNIT_EXPECT_EQ(test, 0, smmu_kvm_add_stream(b, 1, 0xffff, 0, 1));
	KUNIT_EXPECT_EQ(test, 2, b->desc.nr_streams);
}

/* The stream IDs that bypass or are parked, as an SMMU with 0x7f80 sees them */
static void test_reserved(struct kunit *test)
{
	struct smmu_kvm_builder *b = new_builder(test);

	b->desc.mc_size = 0x10000;
	b->desc.mc_passthrough_sid = 0x7f;
	KUNIT_ASSERT_EQ(test, 0, smmu_kvm_add_endpoint(b));

	KUNIT_EXPECT_EQ(test, -EPERM, smmu_kvm_add_stream(b, 0, 0, 0, 1));
	KUNIT_EXPECT_EQ(test, -EPERM, smmu_kvm_add_stream(b, 0, 0x80, 0, 1));
	KUNIT_EXPECT_EQ(test, -EPERM, smmu_kvm_add_stream(b, 0, 0x7f, 0, 1));
	KUNIT_EXPECT_EQ(test, -EPERM, smmu_kvm_add_stream(b, 0, 0xff, 0, 1));
	KUNIT_EXPECT_EQ(test, -EPERM, smmu_kvm_add_stream(b, 0, 4, 7, 1));
	KUNIT_EXPECT_EQ(test, -EPERM, smmu_kvm_add_stream(b, 0, 0x78, 7, 1));
	KUNIT_EXPECT_EQ(test, -EPERM, smmu_kvm_add_stream(b, 0, 0x100, 0, 4));
	KUNIT_EXPECT_EQ(test, -EPERM, smmu_kvm_add_stream(b, 0, 0x17e, 0, 2));
	KUNIT_EXPECT_EQ(test, 0, b->desc.nr_streams);

	KUNIT_EXPECT_EQ(test, 0, smmu_kvm_add_stream(b, 0, 0x101, 0, 0x7e));
	KUNIT_EXPECT_EQ(test, 0, smmu_kvm_add_stream(b, 1, 0x8001, 0, 1));
	KUNIT_EXPECT_EQ(test, 0, smmu_kvm_add_stream(b, 1, 0x8080, 0, 1));

	/* Where there is no memory controller, no stream ID is special */
	b->desc.mc_size = 0;
	KUNIT_EXPECT_EQ(test, 0, smmu_kvm_add_stream(b, 1, 0, 0, 1));
	KUNIT_EXPECT_EQ(test, 0, smmu_kvm_add_stream(b, 1, 0xff, 0, 1));
}

/* What one device can match, no other one must, unless it is the same stream. */
static void test_overlaps(struct kunit *test)
{
	struct smmu_kvm_builder *b = new_builder(test);

	b->smmus[1].smr_mask = 0;

	KUNIT_ASSERT_EQ(test, 0, smmu_kvm_add_endpoint(b));
	KUNIT_EXPECT_EQ(test, 0, smmu_kvm_add_stream(b, 0, 4, 0, 1));
	KUNIT_EXPECT_EQ(test, 0, smmu_kvm_add_stream(b, 1, 0x10, 0xf, 1));
	KUNIT_EXPECT_EQ(test, 0, smmu_kvm_add_stream(b, 1, 0x100, 0, 0x100));

	KUNIT_ASSERT_EQ(test, 1, smmu_kvm_add_endpoint(b));
	KUNIT_EXPECT_EQ(test, 0, smmu_kvm_add_stream(b, 0, 4, 0, 1));
	KUNIT_EXPECT_EQ(test, 0, smmu_kvm_add_stream(b, 1, 4, 0, 1));
	KUNIT_EXPECT_EQ(test, 0, smmu_kvm_add_stream(b, 1, 0x20, 0, 1));
	KUNIT_EXPECT_EQ(test, 0, smmu_kvm_add_stream(b, 1, 0xff, 0, 1));
	KUNIT_EXPECT_EQ(test, 0, smmu_kvm_add_stream(b, 1, 0x200, 0, 1));

	/* The same to an SMMU that does not compare 0x7f80 */
	KUNIT_EXPECT_EQ(test, -EEXIST, smmu_kvm_add_stream(b, 0, 0x84, 0, 1));
	KUNIT_EXPECT_EQ(test, -EEXIST, smmu_kvm_add_stream(b, 0, 4, 1, 1));
	KUNIT_EXPECT_EQ(test, -EEXIST, smmu_kvm_add_stream(b, 1, 0x1f, 0, 1));
	KUNIT_EXPECT_EQ(test, -EEXIST, smmu_kvm_add_stream(b, 1, 0x1ff, 0, 1));
	KUNIT_EXPECT_EQ(test, -EEXIST, smmu_kvm_add_stream(b, 1, 0xf0, 0, 0x20));
}

static void test_duplicates(struct kunit *test)
{
	struct smmu_kvm_builder *b = new_builder(test);

	KUNIT_ASSERT_EQ(test, 0, smmu_kvm_add_endpoint(b));
	KUNIT_EXPECT_EQ(test, 0, smmu_kvm_add_stream(b, 0, 4, 0, 1));
	KUNIT_EXPECT_EQ(test, 0, smmu_kvm_add_stream(b, 0, 4, 0, 1));
	KUNIT_EXPECT_EQ(test, 1, b->endpoints[0].nr_streams);
	KUNIT_EXPECT_EQ(test, 0, smmu_kvm_add_client_ref(b, 1));
	KUNIT_EXPECT_EQ(test, 0, smmu_kvm_add_client_ref(b, 1));
	KUNIT_EXPECT_EQ(test, 1, b->endpoints[0].nr_clients);

	/* Another device with the same stream is another stream of the blob */
	KUNIT_ASSERT_EQ(test, 1, smmu_kvm_add_endpoint(b));
	KUNIT_EXPECT_EQ(test, 0, smmu_kvm_add_stream(b, 0, 4, 0, 1));
	KUNIT_EXPECT_EQ(test, 1, b->endpoints[1].nr_streams);
	KUNIT_EXPECT_EQ(test, 2, b->desc.nr_streams);
	KUNIT_EXPECT_EQ(test, 0, smmu_kvm_add_client_ref(b, 1));
	KUNIT_EXPECT_EQ(test, 2, b->desc.nr_client_refs);
}

static void test_client_refs(struct kunit *test)
{
	struct smmu_kvm_builder *b = new_builder(test);

	KUNIT_ASSERT_EQ(test, 0, smmu_kvm_add_endpoint(b));
	/* No stream ID that the client could get, one, several */
	KUNIT_EXPECT_EQ(test, -EINVAL, smmu_kvm_add_client_ref(b, 0));
	KUNIT_ASSERT_EQ(test, 0, smmu_kvm_add_stream(b, 0, 5, 0, 1));
	KUNIT_EXPECT_EQ(test, -EINVAL, smmu_kvm_add_client_ref(b, 3));
	KUNIT_EXPECT_EQ(test, 0, smmu_kvm_add_client_ref(b, 0));
	KUNIT_ASSERT_EQ(test, 0, smmu_kvm_add_stream(b, 0, 6, 0, 1));
	KUNIT_EXPECT_EQ(test, -EINVAL, smmu_kvm_add_client_ref(b, 1));

	/* A range is several */
	KUNIT_ASSERT_EQ(test, 1, smmu_kvm_add_endpoint(b));
	KUNIT_ASSERT_EQ(test, 0, smmu_kvm_add_stream(b, 0, 7, 0, 2));
	KUNIT_EXPECT_EQ(test, -EINVAL, smmu_kvm_add_client_ref(b, 1));

	/* One client cannot have two stream IDs, nor one of two SMMUs */
	KUNIT_ASSERT_EQ(test, 2, smmu_kvm_add_endpoint(b));
	KUNIT_ASSERT_EQ(test, 0, smmu_kvm_add_stream(b, 0, 9, 0, 1));
	KUNIT_EXPECT_EQ(test, -EBUSY, smmu_kvm_add_client_ref(b, 0));
	KUNIT_ASSERT_EQ(test, 3, smmu_kvm_add_endpoint(b));
	KUNIT_ASSERT_EQ(test, 0, smmu_kvm_add_stream(b, 1, 5, 0, 1));
	KUNIT_EXPECT_EQ(test, -EBUSY, smmu_kvm_add_client_ref(b, 0));
}

static void test_limits(struct kunit *test)
{
	struct smmu_kvm_builder *b = new_builder(test);
	int i;

	for (i = b->desc.nr_smmus; i < SMMU_KVM_MAX_SMMUS; i++)
		KUNIT_ASSERT_EQ(test, i, smmu_kvm_add_smmu(b, &test_smmu));
	b->smmus[0].smr_mask = 0;
	KUNIT_EXPECT_EQ(test, -ENOSPC, smmu_kvm_add_smmu(b, &test_smmu));

	for (i = b->desc.nr_clients; i < SMMU_KVM_MAX_CLIENTS; i++)
		KUNIT_ASSERT_EQ(test, i, smmu_kvm_add_client(b, 8 * i, 8 * i + 4));
	KUNIT_EXPECT_EQ(test, -ENOSPC, smmu_kvm_add_client(b, 0, 4));

	for (i = 0; i < SMMU_KVM_MAX_ENDPOINTS; i++)
		KUNIT_ASSERT_EQ(test, i, smmu_kvm_add_endpoint(b));
	KUNIT_EXPECT_EQ(test, -ENOSPC, smmu_kvm_add_endpoint(b));

	for (i = 0; i < SMMU_KVM_MAX_STREAMS; i++)
		KUNIT_ASSERT_EQ(test, 0, smmu_kvm_add_stream(b, 0, i, 0, 1));
	KUNIT_EXPECT_EQ(test, -ENOSPC, smmu_kvm_add_stream(b, 0, i, 0, 1));

	/* A full description is still encoded to the last byte */
	encode(test, b);
}

static void test_ids(struct kunit *test)
{
	/* Equal, different */
	KUNIT_EXPECT_TRUE(test, smmu_kvm_ids_match(0, 4, 4));
	KUNIT_EXPECT_FALSE(test, smmu_kvm_ids_match(0, 4, 5));
	KUNIT_EXPECT_FALSE(test, smmu_kvm_ids_overlap(0, 4, 5));

	/* Bits that the SMMU never compares */
	KUNIT_EXPECT_TRUE(test, smmu_kvm_ids_match(0x7f80, 0x004, 0x084));
	KUNIT_EXPECT_FALSE(test, smmu_kvm_ids_match(0x7f80, 0x004, 0x085));

	/* One inside the other: they overlap, but are not the same */
	KUNIT_EXPECT_TRUE(test, smmu_kvm_ids_overlap(0, 0x000f0010, 0x00000013));
	KUNIT_EXPECT_TRUE(test, smmu_kvm_ids_overlap(0, 0x00000013, 0x000f0010));
	KUNIT_EXPECT_FALSE(test, smmu_kvm_ids_match(0, 0x000f0010, 0x00000013));
	KUNIT_EXPECT_FALSE(test, smmu_kvm_ids_overlap(0, 0x000f0010, 0x00000023));

	/* Across each other */
	KUNIT_EXPECT_TRUE(test, smmu_kvm_ids_overlap(0, 0x000f0010, 0x00f00002));
	KUNIT_EXPECT_FALSE(test, smmu_kvm_ids_match(0, 0x000f0010, 0x00f00002));

	/* The same mask, written with another ID */
	KUNIT_EXPECT_TRUE(test, smmu_kvm_ids_match(0, 0x000f0010, 0x000f001a));
}

static struct kunit_case smmu_kvm_test_cases[] = {
	KUNIT_CASE(test_empty),
	KUNIT_CASE(test_encode),
	KUNIT_CASE(test_find_stream),
	KUNIT_CASE(test_find_endpoint),
	KUNIT_CASE(test_stream_ranges),
	KUNIT_CASE(test_reserved),
	KUNIT_CASE(test_duplicates),
	KUNIT_CASE(test_client_refs),
	KUNIT_CASE(test_overlaps),
	KUNIT_CASE(test_limits),
	KUNIT_CASE(test_ids),
	{}
};

static struct kunit_suite smmu_kvm_test_suite = {
	.name = "arm-smmu-kvm-desc",
	.test_cases = smmu_kvm_test_cases,
};

kunit_test_suite(smmu_kvm_test_suite);

MODULE_IMPORT_NS("EXPORTED_FOR_KUNIT_TESTING");
