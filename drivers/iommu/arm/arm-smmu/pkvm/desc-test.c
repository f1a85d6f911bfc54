// SPDX-License-Identifier: GPL-2.0-only
/*
 * KUnit tests of the checks that the hypervisor applies to the description of SMMUs,
 * and of its look-ups there. They test the code that runs at EL2, compiled for the
 * host.
 */

#include <kunit/test.h>

#include <linux/arm-smmu-kvm-desc.h>
#include <linux/module.h>
#include <linux/sizes.h>

/*
 * Two SMMUs, the first of two instances, and a part for the SoC. Endpoint 0 is a
 * device with one stream ID, endpoint 1 a PCIe host with a run of stream IDs.
 * Endpoint 2 shares its stream ID with endpoint 0, and endpoint 3 has a stream with
 * a mask and another one.
 */
struct test_blob {
	struct pkvm_iommu_desc		head;
	struct pkvm_iommu_desc_iommu	iommus[2];
	struct pkvm_iommu_desc_endpoint	endpoints[4];
	struct pkvm_iommu_desc_stream	streams[5];
	struct smmu_kvm_desc		part;
	struct smmu_kvm_desc_smmu	smmus[2];
	u64				soc[2];
};

static const struct smmu_soc_ops test_soc;

static const struct test_blob good = {
	.head = {
		.magic = SMMU_KVM_DESC_MAGIC,
		.version = PKVM_IOMMU_DESC_VERSION,
		.size = sizeof(struct test_blob),
		.nr_pages = 1,
		.sid_bits = SMMU_KVM_SID_BITS,
		.nr_iommus = 2,
		.nr_endpoints = 4,
		.nr_streams = 5,
		.nr_reserved_ids = 2,
		.reserved_id = { 0x7f, 0 },
		.drv_size = sizeof(struct test_blob) - offsetof(struct test_blob, part),
	},
	.iommus = { { .ignored = 0x7f80 }, { .ignored = 0 } },
	.part = {
		.soc = &test_soc,
		.soc_size = 2 * sizeof(u64),
	},
	.smmus = {
		{ .base = { 0x12000000, 0x11000000 }, .size = SZ_16M, .nr_instances = 2 },
		{ .base = { 0x10000000 }, .size = SZ_16M, .nr_instances = 1 },
	},
	.endpoints = {
		{ .first_stream = 0, .nr_streams = 1 },
		{ .first_stream = 1, .nr_streams = 1 },
		{ .first_stream = 2, .nr_streams = 1 },
		{ .first_stream = 3, .nr_streams = 2 },
	},
	.streams = {
		{ .iommu = 0, .sid = 4, .nr = 1 },
		{ .iommu = 1, .sid = 0x100, .nr = 0x100 },
		{ .iommu = 0, .sid = 4, .nr = 1 },
		{ .iommu = 1, .sid = 0x20, .mask = 0xf, .nr = 1 },
		{ .iommu = 0, .sid = 5, .nr = 1 },
	},
};

static struct test_blob *new_blob(struct kunit *test)
{
	struct test_blob *blob = kunit_kmalloc(test, sizeof(*blob), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, blob);
	*blob = good;

	return blob;
}

static void good_description_is_accepted(struct kunit *test)
{
	struct test_blob *blob = new_blob(test);
	struct smmu_kvm_layout l;

	KUNIT_EXPECT_EQ(test, smmu_kvm_check(&l, blob, sizeof(*blob)), 0);
	KUNIT_EXPECT_PTR_EQ(test, l.common.desc, &blob->head);
	KUNIT_EXPECT_PTR_EQ(test, l.desc, &blob->part);
	KUNIT_EXPECT_PTR_EQ(test, &l.smmus[1], &blob->smmus[1]);
	KUNIT_EXPECT_PTR_EQ(test, &l.common.streams[4], &blob->streams[4]);
	KUNIT_EXPECT_PTR_EQ(test, l.soc, (const void *)blob->soc);
}

/* Only the reserved stream IDs themselves are refused. */
static void ids_next_to_reserved_are_accepted(struct kunit *test)
{
	struct test_blob *blob = new_blob(test);
	struct smmu_kvm_layout l;

	blob->streams[0].sid = 0x7e;
	blob->streams[2].sid = 0x7e;
	blob->streams[1].sid = 1;
	blob->streams[1].nr = 0x7e;
	blob->streams[3].sid = 0x80;
	KUNIT_EXPECT_EQ(test, smmu_kvm_check(&l, blob, sizeof(*blob)), 0);

	/* No stream ID is reserved if the SoC reserves none. */
	blob->head.nr_reserved_ids = 0;
	blob->part.soc = NULL;
	blob->part.soc_size = 0;
	blob->head.drv_size -= sizeof(blob->soc);
	blob->head.size -= sizeof(blob->soc);
	blob->streams[1].sid = 0;
	blob->streams[1].nr = 0x80;
	KUNIT_EXPECT_EQ(test, smmu_kvm_check(&l, blob, sizeof(*blob)), 0);
}

static void truncated_description_is_refused(struct kunit *test)
{
	struct test_blob *blob = new_blob(test);
	struct smmu_kvm_layout l;
	size_t room;

	for (room = 0; room < sizeof(*blob); room++)
		KUNIT_EXPECT_NE_MSG(test, smmu_kvm_check(&l, blob, room), 0, "room %zu", room);
}

static void only_described_streams_are_found(struct kunit *test)
{
	struct test_blob *blob = new_blob(test);
	struct smmu_kvm_layout l;

	KUNIT_ASSERT_EQ(test, smmu_kvm_check(&l, blob, sizeof(*blob)), 0);

	KUNIT_EXPECT_EQ(test, pkvm_iommu_find_stream(&l.common, 0, 0, 4), 0);
	KUNIT_EXPECT_EQ(test, pkvm_iommu_find_stream(&l.common, 0, 2, 4), 2);
	KUNIT_EXPECT_EQ(test, pkvm_iommu_find_stream(&l.common, 1, 3, 0x20), 3);
	KUNIT_EXPECT_EQ(test, pkvm_iommu_find_stream(&l.common, 0, 3, 5), 4);
	/* The first and last IDs of the run, and those next to it. */
	KUNIT_EXPECT_EQ(test, pkvm_iommu_find_stream(&l.common, 1, 1, 0x100), 1);
	KUNIT_EXPECT_EQ(test, pkvm_iommu_find_stream(&l.common, 1, 1, 0x1ff), 1);
	KUNIT_EXPECT_EQ(test, pkvm_iommu_find_stream(&l.common, 1, 1, 0xff), -ENODEV);
	KUNIT_EXPECT_EQ(test, pkvm_iommu_find_stream(&l.common, 1, 1, 0x200), -ENODEV);
	/* The wrong SMMU or device, or another ID that the stream matches. */
	KUNIT_EXPECT_EQ(test, pkvm_iommu_find_stream(&l.common, 1, 0, 4), -ENODEV);
	KUNIT_EXPECT_EQ(test, pkvm_iommu_find_stream(&l.common, 0, 1, 0x100), -ENODEV);
	KUNIT_EXPECT_EQ(test, pkvm_iommu_find_stream(&l.common, 0, 0, 5), -ENODEV);
	KUNIT_EXPECT_EQ(test, pkvm_iommu_find_stream(&l.common, 1, 3, 0x21), -ENODEV);
	KUNIT_EXPECT_EQ(test, pkvm_iommu_find_stream(&l.common, 0, 0, 4 | 1 << 16), -ENODEV);
	/* Arguments that a malicious host may pass. */
	KUNIT_EXPECT_EQ(test, pkvm_iommu_find_stream(&l.common, 0, 4, 4), -ENODEV);
	KUNIT_EXPECT_EQ(test, pkvm_iommu_find_stream(&l.common, 0, U32_MAX, 4), -ENODEV);
	KUNIT_EXPECT_EQ(test, pkvm_iommu_find_stream(&l.common, U32_MAX, 0, 4), -ENODEV);
	KUNIT_EXPECT_EQ(test, pkvm_iommu_find_stream(&l.common, 0, 0, 0), -ENODEV);
}

struct bad_case {
	const char *name;
	void (*spoil)(struct test_blob *blob);
};

#define BAD(what, ...)							\
	static void spoil_##what(struct test_blob *b) { __VA_ARGS__; }

BAD(magic, b->head.magic++)
BAD(version, b->head.version++)
BAD(size_small, b->head.size--)
BAD(size_large, b->head.size++)
BAD(many_reserved, b->head.nr_reserved_ids = PKVM_IOMMU_MAX_RESERVED_IDS + 1)
BAD(part_large, b->head.drv_size = PKVM_IOMMU_MAX_DRV_SIZE + 8)
BAD(part_small, b->head.drv_size = 8)
BAD(part_odd, b->head.drv_size -= 4; b->head.size -= 4)
BAD(part_reserved, b->part.reserved = 1)
BAD(sid_bits, b->head.sid_bits = SMMU_KVM_SID_BITS - 1)
BAD(sid_bits_none, b->head.sid_bits = 0)
BAD(sid_bits_many, b->head.sid_bits = 33)
BAD(soc_large, b->part.soc_size = SMMU_KVM_MAX_SOC_SIZE + 8)
BAD(soc_odd, b->part.soc_size -= 4)
BAD(soc_small, b->part.soc_size -= 8)
BAD(soc_no_ops, b->part.soc = NULL)
BAD(soc_no_part, b->part.soc_size = 0; b->head.drv_size -= sizeof(b->soc);
	b->head.size -= sizeof(b->soc))
BAD(no_smmu, b->head.nr_iommus = 0)
BAD(many_smmus, b->head.nr_iommus = PKVM_IOMMU_MAX_IOMMUS + 1)
BAD(many_endpoints, b->head.nr_endpoints = U32_MAX)
BAD(many_streams, b->head.nr_streams = PKVM_IOMMU_MAX_STREAMS + 1)
BAD(no_instance, b->smmus[1].nr_instances = 0)
BAD(many_instances, b->smmus[0].nr_instances = SMMU_KVM_MAX_INSTANCES + 1)
BAD(smmu_unaligned, b->smmus[0].base[1] += 0x800)
BAD(smmu_no_size, b->smmus[0].size = 0)
BAD(smmu_huge, b->smmus[0].size = SZ_128M)
BAD(smmu_flags, b->smmus[0].flags = BIT(31))
BAD(smmu_reserved, b->iommus[0].reserved = 1)
BAD(smmu_ignored, b->iommus[0].ignored = 0x10000)
BAD(instances_overlap, b->smmus[0].base[1] = b->smmus[0].base[0] + SZ_8M)
BAD(smmus_overlap, b->smmus[1].base[0] = b->smmus[0].base[1])
BAD(stream_sid, b->streams[1].sid = 0x10000)
BAD(stream_mask, b->streams[3].mask = 0x10000)
BAD(stream_smmu, b->streams[0].iommu = 2)
BAD(stream_none, b->streams[0].nr = 0)
BAD(stream_wraps, b->streams[1].nr = 0xff01)
BAD(stream_run_masked, b->streams[1].mask = 1)
BAD(stream_run_ignored, b->iommus[1].ignored = 0x80)
BAD(streams_collide_mask, b->streams[3].mask = 0x1ff)
BAD(streams_collide_run, b->streams[3].sid = 0x100)
BAD(streams_collide_run_ignored, b->iommus[1].ignored = 0x200; b->streams[3].sid = 0x310)
BAD(streams_collide_ignored, b->streams[4].sid = 0x84)
BAD(streams_collide_equal, b->streams[4].sid = 4; b->streams[4].mask = 1)
BAD(ep_order, b->endpoints[1].first_stream = 0)
BAD(ep_gap, b->endpoints[3].nr_streams = 1)
BAD(ep_no_stream, b->endpoints[1].nr_streams = 0)
BAD(ep_far, b->endpoints[3].nr_streams = U32_MAX)
BAD(ep_parked_sid, b->streams[0].sid = 0; b->streams[2].sid = 0)
BAD(ep_passthrough_sid, b->streams[0].sid = 0x7f; b->streams[2].sid = 0x7f)
/* Equal to a reserved stream ID in the bits that the SMMU compares */
BAD(ep_parked_masked, b->streams[0].sid = 0x80; b->streams[2].sid = 0x80)
BAD(ep_passthrough_masked, b->streams[0].sid = 0xff; b->streams[2].sid = 0xff)
/* Streams that match a reserved stream ID: parked clients must always fault */
BAD(stream_parked, b->streams[4].sid = 0)
BAD(stream_parked_mask, b->streams[3].sid = 0x10; b->streams[3].mask = 0x1f)
BAD(stream_parked_run, b->streams[1].sid = 0; b->streams[1].nr = 8)
BAD(stream_parked_run_masked, b->iommus[1].ignored = 0xff00; b->streams[1].nr = 0x10)
BAD(stream_passthrough_mask, b->streams[3].sid = 0x70)
BAD(stream_passthrough_run, b->streams[1].sid = 0x78; b->streams[1].nr = 8)

#define CASE(what)	{ #what, spoil_##what }

static const struct bad_case bad_cases[] = {
	CASE(magic), CASE(version), CASE(size_small), CASE(size_large),
	CASE(many_reserved), CASE(soc_large), CASE(soc_odd), CASE(soc_no_ops),
	CASE(soc_no_part), CASE(stream_sid), CASE(stream_mask), CASE(no_smmu),
	CASE(many_smmus), CASE(many_endpoints), CASE(many_streams), CASE(no_instance),
	CASE(many_instances), CASE(smmu_unaligned), CASE(smmu_no_size), CASE(smmu_huge),
	CASE(smmu_flags), CASE(smmu_reserved), CASE(smmu_ignored),
	CASE(instances_overlap), CASE(smmus_overlap), CASE(stream_smmu),
	CASE(stream_none), CASE(stream_wraps), CASE(stream_run_masked),
	CASE(stream_run_ignored), CASE(streams_collide_mask), CASE(streams_collide_run),
	CASE(streams_collide_run_ignored), CASE(streams_collide_ignored),
	CASE(streams_collide_equal), CASE(ep_order), CASE(ep_gap), CASE(ep_no_stream),
	CASE(ep_far), CASE(ep_parked_sid), CASE(ep_passthrough_sid),
	CASE(ep_parked_masked), CASE(ep_passthrough_masked), CASE(stream_parked),
	CASE(stream_parked_mask), CASE(stream_parked_run),
	CASE(stream_parked_run_masked), CASE(stream_passthrough_mask),
	CASE(stream_passthrough_run), CASE(part_large), CASE(part_small), CASE(part_odd),
	CASE(part_reserved), CASE(sid_bits), CASE(sid_bits_none), CASE(sid_bits_many),
	CASE(soc_small),
};

static void bad_case_name(const struct bad_case *c, char *name)
{
	strscpy(name, c->name, KUNIT_PARAM_DESC_SIZE);
}

KUNIT_ARRAY_PARAM(bad_case, bad_cases, bad_case_name);

static void malformed_description_is_refused(struct kunit *test)
{
	const struct bad_case *c = test->param_value;
	struct test_blob *blob = new_blob(test);
	struct smmu_kvm_layout l;

	c->spoil(blob);
	KUNIT_EXPECT_LT(test, smmu_kvm_check(&l, blob, sizeof(*blob)), 0);
}

static void overlap_follows_definition(struct kunit *test)
{
	unsigned int a, b, m, n, sid;

	/* Compare with the definition, for all values of four bits. */
	for (a = 0; a < 16; a++)
		for (b = 0; b < 16; b++)
			for (m = 0; m < 16; m++)
				for (n = 0; n < 16; n++) {
					bool both = false;

					for (sid = 0; sid < 16; sid++)
						both |= !((sid ^ a) & ~m & 15) &&
							!((sid ^ b) & ~n & 15);
					KUNIT_ASSERT_EQ(test, both,
							pkvm_iommu_ids_overlap(a, m, b, n));
				}

	KUNIT_EXPECT_FALSE(test, pkvm_iommu_ids_overlap(0x8000, 0, 0, 0x7fff));
	KUNIT_EXPECT_TRUE(test, pkvm_iommu_ids_overlap(0x8000, 0x8000, 0, 0));
}

static struct kunit_case desc_test_cases[] = {
	KUNIT_CASE(good_description_is_accepted),
	KUNIT_CASE(ids_next_to_reserved_are_accepted),
	KUNIT_CASE(truncated_description_is_refused),
	KUNIT_CASE(only_described_streams_are_found),
	KUNIT_CASE_PARAM(malformed_description_is_refused, bad_case_gen_params),
	KUNIT_CASE(overlap_follows_definition),
	{}
};

static struct kunit_suite desc_test_suite = {
	.name = "pkvm-smmu-v2-desc",
	.test_cases = desc_test_cases,
};

kunit_test_suite(desc_test_suite);

MODULE_IMPORT_NS("EXPORTED_FOR_KUNIT_TESTING");
MODULE_DESCRIPTION("Tests of the description of SMMUs for protected KVM");
MODULE_LICENSE("GPL");
