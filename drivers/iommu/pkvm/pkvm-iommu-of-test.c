// SPDX-License-Identifier: GPL-2.0-only
/*
 * KUnit tests of the description of IOMMUs that the host builds for the protected KVM
 * hypervisor: it is encoded completely, and what cannot be described is refused.
 */

#include <kunit/test.h>

#include <linux/limits.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/slab.h>

#include "pkvm-iommu.h"

#define IGNORED		0x7f80
#define MAGIC		0x74736574

static size_t fake_part_size(struct pkvm_iommu_builder *b)
{
	return sizeof(u64);
}

static void fake_encode(struct pkvm_iommu_builder *b, void *part)
{
	*(u64 *)part = MAGIC;
}

static const struct pkvm_iommu_driver fake_driver = {
	.magic		= MAGIC,
	.sid_bits	= 16,
	.part_size	= fake_part_size,
	.encode		= fake_encode,
};

/* A driver with stream IDs of 32 bits, which leave no room for masks */
static const struct pkvm_iommu_driver fake_wide_driver = {
	.sid_bits	= 32,
};

static void builder_free_action(void *b)
{
	kvfree(b);
}

/* Make a builder with two IOMMUs. */
static struct pkvm_iommu_builder *new_builder(struct kunit *test)
{
	struct pkvm_iommu_builder *b = kvzalloc_obj(*b);

	KUNIT_ASSERT_NOT_NULL(test, b);
	KUNIT_ASSERT_EQ(test, 0, kunit_add_action_or_reset(test, builder_free_action, b));

	pkvm_iommu_builder_init(b, &fake_driver);
	KUNIT_ASSERT_EQ(test, 0, pkvm_iommu_add(b, NULL, IGNORED));
	KUNIT_ASSERT_EQ(test, 1, pkvm_iommu_add(b, NULL, IGNORED));

	return b;
}

static void *encode(struct kunit *test, struct pkvm_iommu_builder *b)
{
	size_t size = pkvm_iommu_complete(b);
	u8 *blob = kunit_kzalloc(test, size + 1, GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, blob);
	blob[size] = 0xa5;
	pkvm_iommu_encode(b, 3, blob);
	KUNIT_EXPECT_EQ_MSG(test, 0xa5, blob[size], "written past the end");

	return blob;
}

static void empty_description_is_its_header(struct kunit *test)
{
	struct pkvm_iommu_builder *b = kvzalloc_obj(*b);

	KUNIT_ASSERT_NOT_NULL(test, b);
	KUNIT_ASSERT_EQ(test, 0, kunit_add_action_or_reset(test, builder_free_action, b));

	pkvm_iommu_builder_init(b, &fake_driver);
	KUNIT_EXPECT_EQ(test, sizeof(struct pkvm_iommu_desc), pkvm_iommu_desc_size(&b->desc));
	KUNIT_EXPECT_EQ(test, -EINVAL, pkvm_iommu_add_stream(b, 0, 1, 0, 1));
}

static void encoded_description_is_decoded(struct kunit *test)
{
	struct pkvm_iommu_builder *b = new_builder(test);
	struct pkvm_iommu_layout l;

	KUNIT_ASSERT_EQ(test, 0, pkvm_iommu_add_endpoint(b));
	KUNIT_ASSERT_EQ(test, 0, pkvm_iommu_add_stream(b, 0, 2, 0, 1));
	KUNIT_ASSERT_EQ(test, 1, pkvm_iommu_add_endpoint(b));
	KUNIT_ASSERT_EQ(test, 0, pkvm_iommu_add_stream(b, 1, 0x100, 0, 0x80));
	KUNIT_ASSERT_EQ(test, 0, pkvm_iommu_add_stream(b, 0, 0x10, 0xf, 1));

	b->desc.nr_reserved_ids = 1;
	b->desc.reserved_id[0] = 0x807f;

	pkvm_iommu_decode(&l, encode(test, b));

	KUNIT_EXPECT_EQ(test, MAGIC, l.desc->magic);
	KUNIT_EXPECT_EQ(test, PKVM_IOMMU_DESC_VERSION, l.desc->version);
	KUNIT_EXPECT_EQ(test, pkvm_iommu_desc_size(&b->desc), l.desc->size);
	KUNIT_EXPECT_EQ(test, 3, l.desc->nr_pages);
	KUNIT_EXPECT_EQ(test, 0x807f, l.desc->reserved_id[0]);

	KUNIT_EXPECT_EQ(test, 16, l.desc->sid_bits);
	KUNIT_ASSERT_EQ(test, 2, l.desc->nr_iommus);
	KUNIT_EXPECT_EQ(test, IGNORED, l.iommus[0].ignored);
	KUNIT_EXPECT_EQ(test, IGNORED, l.iommus[1].ignored);

	KUNIT_ASSERT_EQ(test, 2, l.desc->nr_endpoints);
	KUNIT_EXPECT_EQ(test, 0, l.endpoints[0].first_stream);
	KUNIT_EXPECT_EQ(test, 1, l.endpoints[0].nr_streams);
	KUNIT_EXPECT_EQ(test, 1, l.endpoints[1].first_stream);
	KUNIT_EXPECT_EQ(test, 2, l.endpoints[1].nr_streams);

	KUNIT_ASSERT_EQ(test, 3, l.desc->nr_streams);
	KUNIT_EXPECT_EQ(test, 1, l.streams[1].iommu);
	KUNIT_EXPECT_EQ(test, 0x100, l.streams[1].sid);
	KUNIT_EXPECT_EQ(test, 0x80, l.streams[1].nr);
	KUNIT_EXPECT_EQ(test, 0xf, l.streams[2].mask);

	KUNIT_EXPECT_EQ(test, sizeof(u64), l.desc->drv_size);
	KUNIT_EXPECT_EQ(test, MAGIC, *(const u64 *)l.drv);

	KUNIT_EXPECT_EQ(test, 0, pkvm_iommu_check(&l, l.desc, l.desc->size, MAGIC));
	KUNIT_EXPECT_EQ(test, -EINVAL, pkvm_iommu_check(&l, l.desc, l.desc->size, MAGIC + 1));
	KUNIT_EXPECT_EQ(test, -EINVAL, pkvm_iommu_check(&l, l.desc, l.desc->size - 1, MAGIC));
}

static void only_described_streams_are_found(struct kunit *test)
{
	struct pkvm_iommu_builder *b = new_builder(test);
	struct pkvm_iommu_layout l;

	KUNIT_ASSERT_EQ(test, 0, pkvm_iommu_add_endpoint(b));
	KUNIT_ASSERT_EQ(test, 0, pkvm_iommu_add_stream(b, 0, 2, 0, 1));
	KUNIT_ASSERT_EQ(test, 1, pkvm_iommu_add_endpoint(b));
	KUNIT_ASSERT_EQ(test, 0, pkvm_iommu_add_stream(b, 1, 0x100, 0, 0x80));
	KUNIT_ASSERT_EQ(test, 0, pkvm_iommu_add_stream(b, 0, 0x10, 0xf, 1));

	pkvm_iommu_decode(&l, encode(test, b));

	KUNIT_EXPECT_GE(test, pkvm_iommu_find_stream(&l, 0, 0, 2), 0);
	KUNIT_EXPECT_EQ(test, -ENODEV, pkvm_iommu_find_stream(&l, 0, 0, 3));
	/* The right stream ID on the wrong IOMMU */
	KUNIT_EXPECT_EQ(test, -ENODEV, pkvm_iommu_find_stream(&l, 1, 0, 2));
	/* ... and of the wrong endpoint */
	KUNIT_EXPECT_EQ(test, -ENODEV, pkvm_iommu_find_stream(&l, 0, 1, 2));

	KUNIT_EXPECT_EQ(test, -ENODEV, pkvm_iommu_find_stream(&l, 1, 1, 0xff));
	KUNIT_EXPECT_GE(test, pkvm_iommu_find_stream(&l, 1, 1, 0x100), 0);
	KUNIT_EXPECT_GE(test, pkvm_iommu_find_stream(&l, 1, 1, 0x17f), 0);
	KUNIT_EXPECT_EQ(test, -ENODEV, pkvm_iommu_find_stream(&l, 1, 1, 0x180));

	/* A stream with a mask is found by the described ID only */
	KUNIT_EXPECT_GE(test, pkvm_iommu_find_stream(&l, 0, 1, 0x10), 0);
	KUNIT_EXPECT_EQ(test, -ENODEV, pkvm_iommu_find_stream(&l, 0, 1, 0x11));
	KUNIT_EXPECT_EQ(test, -ENODEV, pkvm_iommu_find_stream(&l, 0, 1, 0x000f0010));
}

/* An IOMMU reports stream IDs with bits that it ignores. */
static void endpoint_is_found_by_reported_id(struct kunit *test)
{
	struct pkvm_iommu_builder *b = new_builder(test);
	struct pkvm_iommu_layout l;

	KUNIT_ASSERT_EQ(test, 0, pkvm_iommu_add_endpoint(b));
	KUNIT_ASSERT_EQ(test, 0, pkvm_iommu_add_stream(b, 0, 0xe, 0, 1));
	KUNIT_ASSERT_EQ(test, 1, pkvm_iommu_add_endpoint(b));
	KUNIT_ASSERT_EQ(test, 0, pkvm_iommu_add_stream(b, 1, 0x110, 0, 8));
	KUNIT_ASSERT_EQ(test, 0, pkvm_iommu_add_stream(b, 0, 0x20, 0xf, 1));

	pkvm_iommu_decode(&l, encode(test, b));

	KUNIT_EXPECT_EQ(test, 0, pkvm_iommu_find_endpoint(&l, 0, 0xe));
	KUNIT_EXPECT_EQ(test, 0, pkvm_iommu_find_endpoint(&l, 0, 0x80e));
	KUNIT_EXPECT_EQ(test, 0, pkvm_iommu_find_endpoint(&l, 0, 0x100e));
	KUNIT_EXPECT_EQ(test, -ENOENT, pkvm_iommu_find_endpoint(&l, 0, 0x801e));
	KUNIT_EXPECT_EQ(test, -ENOENT, pkvm_iommu_find_endpoint(&l, 0, 0x80d));
	KUNIT_EXPECT_EQ(test, -ENOENT, pkvm_iommu_find_endpoint(&l, 1, 0xe));

	KUNIT_EXPECT_EQ(test, 1, pkvm_iommu_find_endpoint(&l, 0, 0x42b));
	KUNIT_EXPECT_EQ(test, -ENOENT, pkvm_iommu_find_endpoint(&l, 1, 0x10f));
	KUNIT_EXPECT_EQ(test, 1, pkvm_iommu_find_endpoint(&l, 1, 0x10));
	KUNIT_EXPECT_EQ(test, 1, pkvm_iommu_find_endpoint(&l, 1, 0x897));
	KUNIT_EXPECT_EQ(test, -ENOENT, pkvm_iommu_find_endpoint(&l, 1, 0x118));
}

static void ids_out_of_range_are_refused(struct kunit *test)
{
	struct pkvm_iommu_builder *b = new_builder(test);

	KUNIT_ASSERT_EQ(test, 0, pkvm_iommu_add_endpoint(b));

	KUNIT_EXPECT_EQ(test, -EINVAL, pkvm_iommu_add_stream(b, 2, 1, 0, 1));
	KUNIT_EXPECT_EQ(test, -EINVAL, pkvm_iommu_add_stream(b, 0, 0x10000, 0, 1));
	KUNIT_EXPECT_EQ(test, -EINVAL, pkvm_iommu_add_stream(b, 0, 0, 0x10000, 1));
	KUNIT_EXPECT_EQ(test, -EINVAL, pkvm_iommu_add_stream(b, 0, 0, 0, 0));
	KUNIT_EXPECT_EQ(test, -EINVAL, pkvm_iommu_add_stream(b, 0, 0, 1, 2));
	KUNIT_EXPECT_EQ(test, -EINVAL, pkvm_iommu_add_stream(b, 0, 1, 0, 0x10000));
	KUNIT_EXPECT_EQ(test, -EINVAL, pkvm_iommu_add_stream(b, 0, 1, 0, U32_MAX));
	KUNIT_EXPECT_EQ(test, 0, b->desc.nr_streams);

	/* An IOMMU that ignores 0x7f80 cannot tell the IDs of these runs apart */
	KUNIT_EXPECT_EQ(test, -EINVAL, pkvm_iommu_add_stream(b, 0, 0, 0, 0x10000));
	KUNIT_EXPECT_EQ(test, -EINVAL, pkvm_iommu_add_stream(b, 0, 0x7f, 0, 2));
	KUNIT_EXPECT_EQ(test, 0, pkvm_iommu_add_stream(b, 0, 0x100, 0, 0x80));
	KUNIT_EXPECT_EQ(test, -EEXIST, pkvm_iommu_add_stream(b, 0, 0x7f, 0, 1));
	b->desc.nr_streams = 0;
	b->endpoints[0].nr_streams = 0;

	b->iommus[0].ignored = 0;
	KUNIT_EXPECT_EQ(test, 0, pkvm_iommu_add_stream(b, 0, 0, 0, 0x10000));
	KUNIT_EXPECT_EQ(test, -EEXIST, pkvm_iommu_add_stream(b, 0, 0xffff, 0, 1));
	KUNIT_EXPECT_EQ(test, 0, pkvm_iommu_add_stream(b, 1, 0xffff, 0, 1));
	KUNIT_EXPECT_EQ(test, 2, b->desc.nr_streams);
}

/* 0x7f and 0 are reserved; IOMMU 0 ignores the bits 0x7f80. */
static void reserved_ids_are_refused(struct kunit *test)
{
	struct pkvm_iommu_builder *b = new_builder(test);

	b->desc.nr_reserved_ids = 2;
	b->desc.reserved_id[0] = 0x7f;
	KUNIT_ASSERT_EQ(test, 0, pkvm_iommu_add_endpoint(b));

	KUNIT_EXPECT_EQ(test, -EPERM, pkvm_iommu_add_stream(b, 0, 0, 0, 1));
	KUNIT_EXPECT_EQ(test, -EPERM, pkvm_iommu_add_stream(b, 0, 0x80, 0, 1));
	KUNIT_EXPECT_EQ(test, -EPERM, pkvm_iommu_add_stream(b, 0, 0x7f, 0, 1));
	KUNIT_EXPECT_EQ(test, -EPERM, pkvm_iommu_add_stream(b, 0, 0xff, 0, 1));
	KUNIT_EXPECT_EQ(test, -EPERM, pkvm_iommu_add_stream(b, 0, 4, 7, 1));
	KUNIT_EXPECT_EQ(test, -EPERM, pkvm_iommu_add_stream(b, 0, 0x78, 7, 1));
	KUNIT_EXPECT_EQ(test, -EPERM, pkvm_iommu_add_stream(b, 0, 0x100, 0, 4));
	KUNIT_EXPECT_EQ(test, -EPERM, pkvm_iommu_add_stream(b, 0, 0x17e, 0, 2));
	KUNIT_EXPECT_EQ(test, 0, b->desc.nr_streams);

	KUNIT_EXPECT_EQ(test, 0, pkvm_iommu_add_stream(b, 0, 0x101, 0, 0x7e));
	KUNIT_EXPECT_EQ(test, 0, pkvm_iommu_add_stream(b, 1, 0x8001, 0, 1));
	KUNIT_EXPECT_EQ(test, 0, pkvm_iommu_add_stream(b, 1, 0x8080, 0, 1));

	/* No stream ID is reserved if the SoC reserves none */
	b->desc.nr_reserved_ids = 0;
	KUNIT_EXPECT_EQ(test, 0, pkvm_iommu_add_stream(b, 1, 0, 0, 1));
	KUNIT_EXPECT_EQ(test, 0, pkvm_iommu_add_stream(b, 1, 0xff, 0, 1));
}

/* Streams of two devices must not overlap, unless they are the same stream. */
static void overlapping_streams_are_refused(struct kunit *test)
{
	struct pkvm_iommu_builder *b = new_builder(test);

	b->iommus[1].ignored = 0;

	KUNIT_ASSERT_EQ(test, 0, pkvm_iommu_add_endpoint(b));
	KUNIT_EXPECT_EQ(test, 0, pkvm_iommu_add_stream(b, 0, 4, 0, 1));
	KUNIT_EXPECT_EQ(test, 0, pkvm_iommu_add_stream(b, 1, 0x10, 0xf, 1));
	KUNIT_EXPECT_EQ(test, 0, pkvm_iommu_add_stream(b, 1, 0x100, 0, 0x100));

	KUNIT_ASSERT_EQ(test, 1, pkvm_iommu_add_endpoint(b));
	KUNIT_EXPECT_EQ(test, 0, pkvm_iommu_add_stream(b, 0, 4, 0, 1));
	KUNIT_EXPECT_EQ(test, 0, pkvm_iommu_add_stream(b, 1, 4, 0, 1));
	KUNIT_EXPECT_EQ(test, 0, pkvm_iommu_add_stream(b, 1, 0x20, 0, 1));
	KUNIT_EXPECT_EQ(test, 0, pkvm_iommu_add_stream(b, 1, 0xff, 0, 1));
	KUNIT_EXPECT_EQ(test, 0, pkvm_iommu_add_stream(b, 1, 0x200, 0, 1));

	/* Overlaps; 0x84 and 4 are the same for an IOMMU that ignores 0x7f80 */
	KUNIT_EXPECT_EQ(test, -EEXIST, pkvm_iommu_add_stream(b, 0, 0x84, 0, 1));
	KUNIT_EXPECT_EQ(test, -EEXIST, pkvm_iommu_add_stream(b, 0, 4, 1, 1));
	KUNIT_EXPECT_EQ(test, -EEXIST, pkvm_iommu_add_stream(b, 1, 0x1f, 0, 1));
	KUNIT_EXPECT_EQ(test, -EEXIST, pkvm_iommu_add_stream(b, 1, 0x1ff, 0, 1));
	KUNIT_EXPECT_EQ(test, -EEXIST, pkvm_iommu_add_stream(b, 1, 0xf0, 0, 0x20));
}

static void same_stream_is_added_once(struct kunit *test)
{
	struct pkvm_iommu_builder *b = new_builder(test);

	KUNIT_ASSERT_EQ(test, 0, pkvm_iommu_add_endpoint(b));
	KUNIT_EXPECT_EQ(test, 0, pkvm_iommu_add_stream(b, 0, 4, 0, 1));
	KUNIT_EXPECT_EQ(test, 0, pkvm_iommu_add_stream(b, 0, 4, 0, 1));
	KUNIT_EXPECT_EQ(test, 1, b->endpoints[0].nr_streams);

	/* The same stream of another device is described once more */
	KUNIT_ASSERT_EQ(test, 1, pkvm_iommu_add_endpoint(b));
	KUNIT_EXPECT_EQ(test, 0, pkvm_iommu_add_stream(b, 0, 4, 0, 1));
	KUNIT_EXPECT_EQ(test, 1, b->endpoints[1].nr_streams);
	KUNIT_EXPECT_EQ(test, 2, b->desc.nr_streams);
}

static void limits_are_enforced(struct kunit *test)
{
	struct pkvm_iommu_builder *b = new_builder(test);
	int i;

	for (i = b->desc.nr_iommus; i < PKVM_IOMMU_MAX_IOMMUS; i++)
		KUNIT_ASSERT_EQ(test, i, pkvm_iommu_add(b, NULL, IGNORED));
	b->iommus[0].ignored = 0;
	KUNIT_EXPECT_EQ(test, -ENOSPC, pkvm_iommu_add(b, NULL, IGNORED));

	for (i = 0; i < PKVM_IOMMU_MAX_ENDPOINTS; i++)
		KUNIT_ASSERT_EQ(test, i, pkvm_iommu_add_endpoint(b));
	KUNIT_EXPECT_EQ(test, -ENOSPC, pkvm_iommu_add_endpoint(b));

	for (i = 0; i < PKVM_IOMMU_MAX_STREAMS; i++)
		KUNIT_ASSERT_EQ(test, 0, pkvm_iommu_add_stream(b, 0, i, 0, 1));
	KUNIT_EXPECT_EQ(test, -ENOSPC, pkvm_iommu_add_stream(b, 0, i, 0, 1));

	/* A full description is encoded without writing past its end */
	encode(test, b);
}

/* With stream IDs of 32 bits, runs are neither truncated nor wrap around. */
static void wide_ids_do_not_wrap(struct kunit *test)
{
	struct pkvm_iommu_builder *b = kvzalloc_obj(*b);

	KUNIT_ASSERT_NOT_NULL(test, b);
	KUNIT_ASSERT_EQ(test, 0, kunit_add_action_or_reset(test, builder_free_action, b));
	pkvm_iommu_builder_init(b, &fake_wide_driver);
	KUNIT_ASSERT_EQ(test, 0, pkvm_iommu_add(b, NULL, 0));
	KUNIT_ASSERT_EQ(test, 0, pkvm_iommu_add_endpoint(b));

	KUNIT_EXPECT_EQ(test, 0, pkvm_iommu_add_stream(b, 0, 0x10000, 0, 0x10000));
	KUNIT_EXPECT_EQ(test, 0, pkvm_iommu_add_stream(b, 0, 0xffff0000, 0, 0x10000));
	KUNIT_EXPECT_EQ(test, -EINVAL, pkvm_iommu_add_stream(b, 0, 0xffff0000, 0, 0x10001));
	KUNIT_EXPECT_EQ(test, -EINVAL, pkvm_iommu_add_stream(b, 0, 2, 0, U32_MAX));
	KUNIT_EXPECT_EQ(test, -EEXIST, pkvm_iommu_add_stream(b, 0, 1, 0, U32_MAX));
	KUNIT_EXPECT_EQ(test, -EEXIST, pkvm_iommu_add_stream(b, 0, U32_MAX, 0, 1));
	KUNIT_EXPECT_EQ(test, -EEXIST, pkvm_iommu_add_stream(b, 0, 0x1ffff, 0, 1));
	KUNIT_EXPECT_EQ(test, 0, pkvm_iommu_add_stream(b, 0, 0x20000, 0, 1));
	KUNIT_EXPECT_EQ(test, 0, pkvm_iommu_add_stream(b, 0, 0xffff, 0, 1));

	KUNIT_EXPECT_EQ(test, 0x12345678, pkvm_iommu_id_sid(&fake_wide_driver, 0x12345678));
	KUNIT_EXPECT_EQ(test, 0, pkvm_iommu_id_mask(&fake_wide_driver, 0x12345678));
	KUNIT_EXPECT_EQ(test, 0x12345678, pkvm_iommu_id(&fake_wide_driver, 0x12345678, 0));
	KUNIT_EXPECT_EQ(test, 0x5678, pkvm_iommu_id_sid(&fake_driver, 0x12345678));
	KUNIT_EXPECT_EQ(test, 0x1234, pkvm_iommu_id_mask(&fake_driver, 0x12345678));
	KUNIT_EXPECT_EQ(test, 0x12345678, pkvm_iommu_id(&fake_driver, 0x5678, 0x1234));
}

static struct kunit_case pkvm_iommu_of_test_cases[] = {
	KUNIT_CASE(empty_description_is_its_header),
	KUNIT_CASE(encoded_description_is_decoded),
	KUNIT_CASE(only_described_streams_are_found),
	KUNIT_CASE(endpoint_is_found_by_reported_id),
	KUNIT_CASE(ids_out_of_range_are_refused),
	KUNIT_CASE(reserved_ids_are_refused),
	KUNIT_CASE(same_stream_is_added_once),
	KUNIT_CASE(overlapping_streams_are_refused),
	KUNIT_CASE(limits_are_enforced),
	KUNIT_CASE(wide_ids_do_not_wrap),
	{}
};

static struct kunit_suite pkvm_iommu_of_test_suite = {
	.name = "pkvm-iommu-of",
	.test_cases = pkvm_iommu_of_test_cases,
};

kunit_test_suite(pkvm_iommu_of_test_suite);

MODULE_IMPORT_NS("EXPORTED_FOR_KUNIT_TESTING");
MODULE_DESCRIPTION("Tests of the host's side of protected KVM's IOMMUs");
MODULE_LICENSE("GPL");
