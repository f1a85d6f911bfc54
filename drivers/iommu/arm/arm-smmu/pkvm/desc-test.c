// SPDX-License-Identifier: GPL-2.0-only
/*
 * KUnit tests of the check that the hypervisor makes of the description of the
 * hardware, and of the questions that it answers from it. This is the code that
 * runs at EL2, compiled for the host.
 */

#include <kunit/test.h>
#include <linux/sizes.h>

#include "desc.h"

/*
 * Two SMMUs, the first of two instances. Endpoint 0 is a device with two memory
 * controller clients, endpoint 1 a PCIe host with a run of stream IDs,
 * endpoint 2 shares its stream ID with endpoint 0, endpoint 3 has a mask.
 */
struct test_blob {
	struct smmu_kvm_desc		head;
	struct smmu_kvm_desc_smmu	smmus[2];
	struct smmu_kvm_desc_endpoint	endpoints[4];
	struct smmu_kvm_desc_stream	streams[5];
	struct smmu_kvm_desc_client	clients[3];
	u32				refs[2];
} __packed;

static const struct test_blob good = {
	.head = {
		.magic = SMMU_KVM_DESC_MAGIC,
		.version = SMMU_KVM_DESC_VERSION,
		.size = sizeof(struct test_blob),
		.nr_pages = 1,
		.nr_smmus = 2,
		.nr_endpoints = 4,
		.nr_streams = 5,
		.nr_clients = 3,
		.nr_client_refs = 2,
		.mc_passthrough_sid = 0x7f,
		.mc_parked_sid = 0,
		.mc_base = 0x2c00000,
		.mc_size = SZ_64K,
	},
	.smmus = {
		{ .base = { 0x12000000, 0x11000000 }, .size = SZ_16M, .nr_instances = 2,
		  .smr_mask = 0x7f80 },
		{ .base = { 0x10000000 }, .size = SZ_16M, .nr_instances = 1 },
	},
	.endpoints = {
		{ .first_stream = 0, .nr_streams = 1, .first_client = 0, .nr_clients = 2 },
		{ .first_stream = 1, .nr_streams = 1 },
		{ .first_stream = 2, .nr_streams = 1 },
		{ .first_stream = 3, .nr_streams = 2 },
	},
	.streams = {
		{ .smmu = 0, .sid = 4, .nr = 1 },
		{ .smmu = 1, .sid = 0x100, .nr = 0x100 },
		{ .smmu = 0, .sid = 4, .nr = 1 },
		{ .smmu = 1, .sid = 0x20, .mask = 0xf, .nr = 1 },
		{ .smmu = 0, .sid = 5, .nr = 1 },
	},
	.clients = {
		{ .override = 0xa8, .security = 0xac },
		{ .override = 0xe0, .security = 0xe4 },
		{ .override = 0xfff8, .security = 0xfffc },
	},
	.refs = { 0, 2 },
};

static struct test_blob *new_blob(struct kunit *test)
{
	struct test_blob *blob = kunit_kmalloc(test, sizeof(*blob), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, blob);
	*blob = good;

	return blob;
}

static void desc_accepts_good(struct kunit *test)
{
	struct test_blob *blob = new_blob(test);

	KUNIT_EXPECT_EQ(test, smmu_desc_init(blob, sizeof(*blob)), 0);
	KUNIT_EXPECT_PTR_EQ(test, smmu_desc(), &blob->head);
	KUNIT_EXPECT_PTR_EQ(test, smmu_desc_smmu(1), &blob->smmus[1]);
	KUNIT_EXPECT_PTR_EQ(test, smmu_desc_client(2), &blob->clients[2]);
}

/* What is next to the reserved stream IDs is not reserved. */
static void desc_accepts_neighbours(struct kunit *test)
{
	struct test_blob *blob = new_blob(test);

	blob->streams[0].sid = 0x7e;
	blob->streams[2].sid = 0x7e;
	blob->streams[1].sid = 1;
	blob->streams[1].nr = 0x7e;
	blob->streams[3].sid = 0x80;
	KUNIT_EXPECT_EQ(test, smmu_desc_init(blob, sizeof(*blob)), 0);

	/* Without a memory controller none is. */
	blob->head.nr_clients = 0;
	blob->head.nr_client_refs = 0;
	blob->head.mc_base = 0;
	blob->head.mc_size = 0;
	blob->head.size -= sizeof(blob->clients) + sizeof(blob->refs);
	blob->endpoints[0].nr_clients = 0;
	blob->streams[1].sid = 0;
	blob->streams[1].nr = 0x80;
	KUNIT_EXPECT_EQ(test, smmu_desc_init(blob, sizeof(*blob)), 0);
}

static void desc_has_a_size(struct kunit *test)
{
	struct test_blob *blob = new_blob(test);
	size_t room;

	for (room = 0; room < sizeof(*blob); room++)
		KUNIT_EXPECT_NE_MSG(test, smmu_desc_init(blob, room), 0, "room %zu", room);
}

static void desc_finds_streams(struct kunit *test)
{
	struct test_blob *blob = new_blob(test);

	KUNIT_ASSERT_EQ(test, smmu_desc_init(blob, sizeof(*blob)), 0);

	KUNIT_EXPECT_EQ(test, smmu_desc_find_stream(0, 0, 4, 0), 0);
	KUNIT_EXPECT_EQ(test, smmu_desc_find_stream(0, 2, 4, 0), 2);
	KUNIT_EXPECT_EQ(test, smmu_desc_find_stream(1, 3, 0x20, 0xf), 3);
	KUNIT_EXPECT_EQ(test, smmu_desc_find_stream(0, 3, 5, 0), 4);
	/* The run, and what is next to it. */
	KUNIT_EXPECT_EQ(test, smmu_desc_find_stream(1, 1, 0x100, 0), 1);
	KUNIT_EXPECT_EQ(test, smmu_desc_find_stream(1, 1, 0x1ff, 0), 1);
	KUNIT_EXPECT_EQ(test, smmu_desc_find_stream(1, 1, 0xff, 0), -ENODEV);
	KUNIT_EXPECT_EQ(test, smmu_desc_find_stream(1, 1, 0x200, 0), -ENODEV);
	/* Right, but on the wrong SMMU, device, or with another mask. */
	KUNIT_EXPECT_EQ(test, smmu_desc_find_stream(1, 0, 4, 0), -ENODEV);
	KUNIT_EXPECT_EQ(test, smmu_desc_find_stream(0, 1, 0x100, 0), -ENODEV);
	KUNIT_EXPECT_EQ(test, smmu_desc_find_stream(0, 0, 5, 0), -ENODEV);
	KUNIT_EXPECT_EQ(test, smmu_desc_find_stream(1, 3, 0x20, 0), -ENODEV);
	KUNIT_EXPECT_EQ(test, smmu_desc_find_stream(1, 3, 0x21, 0xf), -ENODEV);
	KUNIT_EXPECT_EQ(test, smmu_desc_find_stream(0, 0, 4, 1), -ENODEV);
	/* What the host may make up. */
	KUNIT_EXPECT_EQ(test, smmu_desc_find_stream(0, 4, 4, 0), -ENODEV);
	KUNIT_EXPECT_EQ(test, smmu_desc_find_stream(0, U32_MAX, 4, 0), -ENODEV);
	KUNIT_EXPECT_EQ(test, smmu_desc_find_stream(U32_MAX, 0, 4, 0), -ENODEV);
	KUNIT_EXPECT_EQ(test, smmu_desc_find_stream(0, 0, 0, 0), -ENODEV);

	KUNIT_EXPECT_EQ(test, smmu_desc_nr_clients(0), 2);
	KUNIT_EXPECT_EQ(test, smmu_desc_endpoint_client(0, 0), 0);
	KUNIT_EXPECT_EQ(test, smmu_desc_endpoint_client(0, 1), 2);
	KUNIT_EXPECT_EQ(test, smmu_desc_nr_clients(1), 0);
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
BAD(flags, b->head.flags = BIT(31))
BAD(no_smmu, b->head.nr_smmus = 0)
BAD(many_smmus, b->head.nr_smmus = SMMU_KVM_MAX_SMMUS + 1)
BAD(many_endpoints, b->head.nr_endpoints = U32_MAX)
BAD(many_streams, b->head.nr_streams = SMMU_KVM_MAX_STREAMS + 1)
BAD(many_clients, b->head.nr_clients = U32_MAX)
BAD(many_refs, b->head.nr_client_refs = U32_MAX / 4 + 1)
BAD(clients_without_mc, b->head.mc_size = 0; b->head.mc_base = 0)
BAD(mc_unaligned, b->head.mc_base += 4)
BAD(mc_huge, b->head.mc_size = SZ_32M)
BAD(park_in_passthrough, b->head.mc_parked_sid = b->head.mc_passthrough_sid)
BAD(park_sid_large, b->head.mc_parked_sid = 0x100)
BAD(mc_in_smmu, b->head.mc_base = b->smmus[0].base[1] + SZ_64K)
BAD(no_instance, b->smmus[1].nr_instances = 0)
BAD(many_instances, b->smmus[0].nr_instances = SMMU_KVM_MAX_INSTANCES + 1)
BAD(smmu_unaligned, b->smmus[0].base[1] += 0x800)
BAD(smmu_no_size, b->smmus[0].size = 0)
BAD(smmu_huge, b->smmus[0].size = SZ_128M)
BAD(smmu_flags, b->smmus[0].flags = BIT(31))
BAD(smmu_reserved, b->smmus[0].reserved = 1)
BAD(smmu_smr_mask, b->smmus[0].smr_mask = 0x10000)
BAD(instances_overlap, b->smmus[0].base[1] = b->smmus[0].base[0] + SZ_8M)
BAD(smmus_overlap, b->smmus[1].base[0] = b->smmus[0].base[1])
BAD(stream_smmu, b->streams[0].smmu = 2)
BAD(stream_none, b->streams[0].nr = 0)
BAD(stream_wraps, b->streams[1].nr = 0xff01)
BAD(stream_run_masked, b->streams[1].mask = 1)
BAD(stream_run_ignored, b->smmus[1].smr_mask = 0x80)
BAD(streams_collide_mask, b->streams[3].mask = 0x1ff)
BAD(streams_collide_run, b->streams[3].sid = 0x100)
BAD(streams_collide_run_ignored, b->smmus[1].smr_mask = 0x200; b->streams[3].sid = 0x310)
BAD(streams_collide_ignored, b->streams[4].sid = 0x84)
BAD(streams_collide_equal, b->streams[4].sid = 4; b->streams[4].mask = 1)
BAD(ep_order, b->endpoints[1].first_stream = 0)
BAD(ep_gap, b->endpoints[3].nr_streams = 1)
BAD(ep_no_stream, b->endpoints[1].nr_streams = 0)
BAD(ep_far, b->endpoints[3].nr_streams = U32_MAX)
BAD(ep_client_far, b->endpoints[0].nr_clients = 3)
BAD(ep_client_wrap, b->endpoints[0].first_client = U32_MAX)
BAD(ep_parked_sid, b->streams[0].sid = 0; b->streams[2].sid = 0)
BAD(ep_passthrough_sid, b->streams[0].sid = 0x7f; b->streams[2].sid = 0x7f)
/* What is left of these, once the SMMU has masked them */
BAD(ep_parked_masked, b->streams[0].sid = 0x80; b->streams[2].sid = 0x80)
BAD(ep_passthrough_masked, b->streams[0].sid = 0xff; b->streams[2].sid = 0xff)
/* A parked client must fault, whatever else uses its SMMU */
BAD(stream_parked, b->streams[4].sid = 0)
BAD(stream_parked_mask, b->streams[3].sid = 0x10; b->streams[3].mask = 0x1f)
BAD(stream_parked_run, b->streams[1].sid = 0; b->streams[1].nr = 8)
BAD(stream_parked_run_masked, b->smmus[1].smr_mask = 0xff00; b->streams[1].nr = 0x10)
BAD(stream_passthrough_mask, b->streams[3].sid = 0x70)
BAD(stream_passthrough_run, b->streams[1].sid = 0x78; b->streams[1].nr = 8)
BAD(ep_wide_sid, b->streams[0].sid = 0x104; b->streams[2].sid = 0x104)
BAD(ep_two_streams_clients, b->endpoints[3].nr_clients = 1)
BAD(ep_run_clients, b->endpoints[1].nr_clients = 1)
BAD(client_unaligned, b->clients[0].override++)
BAD(client_same, b->clients[0].security = b->clients[0].override)
BAD(client_far, b->clients[2].security = SZ_64K)
BAD(client_wrap, b->clients[2].security = U32_MAX & ~3U)
BAD(client_flags, b->clients[0].flags = BIT(31))
BAD(client_exempt, b->clients[2].flags = SMMU_KVM_CLIENT_EXEMPT)
BAD(many_aliases, b->head.nr_mc_aliases = SMMU_KVM_MAX_MC_ALIASES + 1)
BAD(alias_unaligned, b->head.nr_mc_aliases = 2; b->head.mc_alias[1].base = 4)
BAD(alias_channel, b->head.nr_mc_aliases = 2; b->head.mc_alias[1].channel = 34)
BAD(alias_reserved, b->head.nr_mc_aliases = 2; b->head.mc_alias[1].reserved = 1)
BAD(aliases_without_mc, b->head.nr_clients = 0; b->head.mc_size = 0; b->head.mc_base = 0;
	b->head.nr_mc_aliases = 1)
BAD(head_reserved, b->head.reserved = 1)
BAD(clients_share, b->clients[1].override = b->clients[0].security)
BAD(ref_far, b->refs[1] = 3)

#define CASE(what)	{ #what, spoil_##what }

static const struct bad_case bad_cases[] = {
	CASE(magic), CASE(version), CASE(size_small), CASE(size_large), CASE(flags),
	CASE(no_smmu), CASE(many_smmus), CASE(many_endpoints), CASE(many_streams),
	CASE(many_clients), CASE(many_refs), CASE(clients_without_mc),
	CASE(mc_unaligned), CASE(mc_huge), CASE(park_in_passthrough),
	CASE(park_sid_large), CASE(mc_in_smmu), CASE(no_instance),
	CASE(many_instances), CASE(smmu_unaligned), CASE(smmu_no_size),
	CASE(smmu_huge), CASE(smmu_flags), CASE(smmu_reserved), CASE(smmu_smr_mask),
	CASE(instances_overlap), CASE(smmus_overlap), CASE(stream_smmu),
	CASE(stream_none), CASE(stream_wraps), CASE(stream_run_masked),
	CASE(stream_run_ignored), CASE(streams_collide_mask), CASE(streams_collide_run),
	CASE(streams_collide_run_ignored), CASE(streams_collide_ignored),
	CASE(streams_collide_equal), CASE(ep_order), CASE(ep_gap),
	CASE(ep_no_stream), CASE(ep_far), CASE(ep_client_far),
	CASE(ep_client_wrap), CASE(ep_parked_sid), CASE(ep_passthrough_sid),
	CASE(ep_parked_masked), CASE(ep_passthrough_masked), CASE(stream_parked),
	CASE(stream_parked_mask), CASE(stream_parked_run), CASE(stream_parked_run_masked),
	CASE(stream_passthrough_mask), CASE(stream_passthrough_run),
	CASE(alias_channel), CASE(alias_reserved),
	CASE(ep_wide_sid), CASE(ep_two_streams_clients), CASE(ep_run_clients),
	CASE(client_unaligned), CASE(client_same), CASE(client_far),
	CASE(client_flags), CASE(client_exempt), CASE(many_aliases),
	CASE(alias_unaligned), CASE(aliases_without_mc), CASE(head_reserved),
	CASE(client_wrap), CASE(clients_share), CASE(ref_far),
};

static void bad_case_name(const struct bad_case *c, char *name)
{
	strscpy(name, c->name, KUNIT_PARAM_DESC_SIZE);
}

KUNIT_ARRAY_PARAM(bad_case, bad_cases, bad_case_name);

static void desc_refuses_bad(struct kunit *test)
{
	const struct bad_case *c = test->param_value;
	struct test_blob *blob = new_blob(test);

	c->spoil(blob);
	KUNIT_EXPECT_LT(test, smmu_desc_init(blob, sizeof(*blob)), 0);
}

static void streams_overlap(struct kunit *test)
{
	unsigned int a, b, m, n, sid;

	/* Against the definition, for all of four bits. */
	for (a = 0; a < 16; a++)
		for (b = 0; b < 16; b++)
			for (m = 0; m < 16; m++)
				for (n = 0; n < 16; n++) {
					bool both = false;

					for (sid = 0; sid < 16; sid++)
						both |= !((sid ^ a) & ~m & 15) &&
							!((sid ^ b) & ~n & 15);
					KUNIT_ASSERT_EQ(test, both,
							smmu_streams_overlap(a, m, b, n));
				}

	KUNIT_EXPECT_FALSE(test, smmu_streams_overlap(0x8000, 0, 0, 0x7fff));
	KUNIT_EXPECT_TRUE(test, smmu_streams_overlap(0x8000, 0x8000, 0, 0));
}

static struct kunit_case desc_test_cases[] = {
	KUNIT_CASE(desc_accepts_good),
	KUNIT_CASE(desc_accepts_neighbours),
	KUNIT_CASE(desc_has_a_size),
	KUNIT_CASE(desc_finds_streams),
	KUNIT_CASE_PARAM(desc_refuses_bad, bad_case_gen_params),
	KUNIT_CASE(streams_overlap),
	{}
};

static struct kunit_suite desc_test_suite = {
	.name = "pkvm-smmu-v2-desc",
	.test_cases = desc_test_cases,
};

kunit_test_suite(desc_test_suite);

MODULE_DESCRIPTION("Tests of the description of SMMUs for protected KVM");
MODULE_LICENSE("GPL");
