// SPDX-License-Identifier: GPL-2.0-only
/*
 * KUnit tests of Tegra's memory controller in the description for the protected KVM
 * hypervisor: how the host builds this part, and what EL2 accepts.
 */

#include <kunit/test.h>

#include <linux/mm.h>
#include <linux/module.h>
#include <linux/sizes.h>
#include <linux/slab.h>

#include "arm-smmu-kvm-nvidia.h"

static const struct pkvm_iommu_driver fake_driver = {
	.sid_bits	= SMMU_KVM_SID_BITS,
};

static void free_action(void *p)
{
	kvfree(p);
}

/* Make a builder with two SMMUs. */
static struct pkvm_iommu_builder *new_builder(struct kunit *test)
{
	struct pkvm_iommu_builder *b = kvzalloc_obj(*b);

	KUNIT_ASSERT_NOT_NULL(test, b);
	KUNIT_ASSERT_EQ(test, 0, kunit_add_action_or_reset(test, free_action, b));
	pkvm_iommu_builder_init(b, &fake_driver);
	KUNIT_ASSERT_EQ(test, 0, pkvm_iommu_add(b, NULL, 0x7f80));
	KUNIT_ASSERT_EQ(test, 1, pkvm_iommu_add(b, NULL, 0x7f80));

	return b;
}

/* Make a part with three clients; the last one belongs to the CPUs. */
static struct smmu_kvm_nvidia_builder *new_part(struct kunit *test)
{
	struct smmu_kvm_nvidia_builder *t = kvzalloc_obj(*t);
	int i;

	KUNIT_ASSERT_NOT_NULL(test, t);
	KUNIT_ASSERT_EQ(test, 0, kunit_add_action_or_reset(test, free_action, t));
	for (i = 0; i < 3; i++) {
		const struct tegra_mc_sid_client client = {
			.name = "client",
			.id = i,
			.override = 8 * i,
			.security = 8 * i + 4,
			.kind = i == 2 ? TEGRA_MC_CLIENT_CPU : TEGRA_MC_CLIENT_DEVICE,
		};

		KUNIT_ASSERT_EQ(test, i, smmu_kvm_nvidia_add_client(t, &client));
	}

	return t;
}

static void client_has_one_stream_id(struct kunit *test)
{
	struct smmu_kvm_nvidia_builder *t = new_part(test);
	struct pkvm_iommu_builder *b = new_builder(test);

	KUNIT_ASSERT_EQ(test, 0, pkvm_iommu_add_endpoint(b));
	/* A client needs an endpoint with exactly one stream ID: none, one, two */
	KUNIT_EXPECT_EQ(test, -EINVAL, smmu_kvm_nvidia_add_ref(t, b, 0));
	KUNIT_ASSERT_EQ(test, 0, pkvm_iommu_add_stream(b, 0, 5, 0, 1));
	KUNIT_EXPECT_EQ(test, -EINVAL, smmu_kvm_nvidia_add_ref(t, b, 3));
	KUNIT_EXPECT_EQ(test, 0, smmu_kvm_nvidia_add_ref(t, b, 0));
	KUNIT_ASSERT_EQ(test, 0, pkvm_iommu_add_stream(b, 0, 6, 0, 1));
	KUNIT_EXPECT_EQ(test, -EINVAL, smmu_kvm_nvidia_add_ref(t, b, 1));

	/* A run has several stream IDs */
	KUNIT_ASSERT_EQ(test, 1, pkvm_iommu_add_endpoint(b));
	KUNIT_ASSERT_EQ(test, 0, pkvm_iommu_add_stream(b, 0, 7, 0, 2));
	KUNIT_EXPECT_EQ(test, -EINVAL, smmu_kvm_nvidia_add_ref(t, b, 1));

	/* A client cannot have two stream IDs, nor the same one on two SMMUs */
	KUNIT_ASSERT_EQ(test, 2, pkvm_iommu_add_endpoint(b));
	KUNIT_ASSERT_EQ(test, 0, pkvm_iommu_add_stream(b, 0, 9, 0, 1));
	KUNIT_EXPECT_EQ(test, -EBUSY, smmu_kvm_nvidia_add_ref(t, b, 0));
	KUNIT_ASSERT_EQ(test, 3, pkvm_iommu_add_endpoint(b));
	KUNIT_ASSERT_EQ(test, 0, pkvm_iommu_add_stream(b, 1, 5, 0, 1));
	KUNIT_EXPECT_EQ(test, -EBUSY, smmu_kvm_nvidia_add_ref(t, b, 0));
}

/* A device with two streams and no clients, then two devices that share a client */
struct test_part {
	struct tegra_mc_sid_desc		head;
	struct tegra_mc_sid_desc_client		clients[3];
	struct tegra_mc_sid_desc_endpoint	endpoints[3];
	u32					refs[4];
};

struct test_desc {
	struct pkvm_iommu_desc		head;
	struct pkvm_iommu_desc_iommu	iommu;
	struct pkvm_iommu_desc_endpoint	endpoints[3];
	struct pkvm_iommu_desc_stream	streams[4];
	struct smmu_kvm_desc		smmus;
	struct smmu_kvm_desc_smmu	smmu;
	struct test_part		part;
};

static const struct test_desc good = {
	.head = {
		.sid_bits = SMMU_KVM_SID_BITS,
		.nr_iommus = 1,
		.nr_endpoints = 3,
		.nr_streams = 4,
		.nr_reserved_ids = 2,
		.reserved_id = { 0x7f, 0 },
	},
	.smmus = { .soc_size = sizeof(struct test_part) },
	.smmu = { .base = { 0x08000000 }, .size = SZ_16M, .nr_instances = 1 },
	.endpoints = { { 0, 2 }, { 2, 1 }, { 3, 1 } },
	.streams = {
		{ .sid = 0x201, .nr = 1 }, { .sid = 0x202, .nr = 1 },
		{ .sid = 5, .nr = 1 }, { .sid = 5, .nr = 1 },
	},
	.part = {
		.head = {
			.base = 0x02c00000,
			.size = SZ_64K,
			.passthrough_sid = 0x7f,
			.nr_clients = 3,
			.nr_endpoints = 3,
			.nr_refs = 3,
			.nr_aliases = 1,
			.alias = { { .base = 0x02c10000, .channel = TEGRA_MC_SID_BROADCAST } },
		},
		.clients = {
			{ .override = 0, .security = 4 },
			{ .override = 8, .security = 12, .flags = TEGRA_MC_SID_KEEP },
			{ .override = 0xfff8, .security = 0xfffc, .kind = TEGRA_MC_CLIENT_CPU },
		},
		.endpoints = { { 0, 0 }, { 0, 2 }, { 2, 1 } },
		.refs = { 0, 1, 1 },
	},
};

static int check(const struct test_desc *d, struct tegra_mc_sid_layout *part)
{
	struct smmu_kvm_layout l;

	smmu_kvm_decode(&l, d);

	return tegra_mc_sid_check(&l, part);
}

static void good_part_is_accepted(struct kunit *test)
{
	struct tegra_mc_sid_layout part;

	KUNIT_ASSERT_EQ(test, check(&good, &part), 0);
	KUNIT_EXPECT_PTR_EQ(test, &part.clients[2], &good.part.clients[2]);
	KUNIT_EXPECT_PTR_EQ(test, &part.endpoints[1], &good.part.endpoints[1]);
	KUNIT_EXPECT_EQ(test, part.refs[2], 1);
}

/* EL2 decodes what the host encodes. */
static void encoded_part_is_decoded(struct kunit *test)
{
	struct smmu_kvm_nvidia_builder *t = new_part(test);
	struct pkvm_iommu_builder *b = new_builder(test);
	struct tegra_mc_sid_layout part;
	size_t size;
	u8 *blob;

	KUNIT_ASSERT_EQ(test, 0, pkvm_iommu_add_endpoint(b));
	KUNIT_ASSERT_EQ(test, 0, pkvm_iommu_add_stream(b, 0, 2, 0, 1));
	KUNIT_ASSERT_EQ(test, 1, pkvm_iommu_add_endpoint(b));
	KUNIT_ASSERT_EQ(test, 0, pkvm_iommu_add_stream(b, 0, 3, 0, 1));
	KUNIT_ASSERT_EQ(test, 0, smmu_kvm_nvidia_add_ref(t, b, 1));
	t->desc.nr_endpoints = b->desc.nr_endpoints;

	size = smmu_kvm_nvidia_size(t);
	KUNIT_EXPECT_EQ(test, size % 8, 0);
	blob = kunit_kzalloc(test, size + 1, GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, blob);
	blob[size] = 0xa5;
	smmu_kvm_nvidia_encode(t, blob);
	KUNIT_EXPECT_EQ_MSG(test, 0xa5, blob[size], "written past the end");

	tegra_mc_sid_decode(&part, blob);
	KUNIT_EXPECT_EQ(test, part.desc->nr_clients, 3);
	KUNIT_EXPECT_EQ(test, part.clients[1].security, 12);
	KUNIT_EXPECT_EQ(test, part.endpoints[0].nr_refs, 0);
	KUNIT_EXPECT_EQ(test, part.endpoints[1].nr_refs, 1);
	KUNIT_EXPECT_EQ(test, part.refs[part.endpoints[1].first_ref], 1);
}

struct bad_case {
	const char *name;
	void (*spoil)(struct test_desc *d);
};

#define BAD(what, ...)							\
	static void spoil_##what(struct test_desc *d)			\
	{								\
		struct test_part *p __maybe_unused = &d->part;		\
									\
		__VA_ARGS__;						\
	}

BAD(size_none, d->smmus.soc_size = 8)
BAD(size_small, d->smmus.soc_size -= 8)
BAD(size_large, d->smmus.soc_size += 8)
BAD(flags, p->head.flags = BIT(31))
BAD(head_reserved, p->head.reserved = 1)
BAD(many_clients, p->head.nr_clients = U32_MAX)
BAD(many_refs, p->head.nr_refs = U32_MAX / 4 + 1)
BAD(many_aliases, p->head.nr_aliases = TEGRA_MC_SID_MAX_ALIASES + 1)
BAD(endpoints, p->head.nr_endpoints = 2)
BAD(no_registers, p->head.size = 0)
BAD(unaligned, p->head.base += 4)
BAD(huge, p->head.size = SZ_32M)
BAD(in_smmu, p->head.base = d->smmu.base[0] + SZ_64K)
BAD(parked_is_passthrough, p->head.parked_sid = p->head.passthrough_sid)
BAD(parked_large, p->head.parked_sid = 0x100)
BAD(parked_not_reserved, p->head.parked_sid = 1)
BAD(passthrough_not_reserved, d->head.reserved_id[0] = 0x7e)
BAD(alias_unaligned, p->head.alias[0].base += 4)
BAD(alias_channel, p->head.alias[0].channel = TEGRA_MC_SID_UNNAMED + 1)
BAD(alias_reserved, p->head.alias[0].reserved = 1)
BAD(client_unaligned, p->clients[0].override++)
BAD(client_same, p->clients[0].security = p->clients[0].override)
BAD(client_far, p->clients[2].security = SZ_64K)
BAD(client_wrap, p->clients[2].security = U32_MAX & ~3U)
BAD(client_flags, p->clients[0].flags = BIT(31))
BAD(client_kind, p->clients[0].kind = TEGRA_MC_CLIENT_INTERNAL + 1)
BAD(client_exempt, p->clients[1].kind = TEGRA_MC_CLIENT_INTERNAL)
BAD(clients_share, p->clients[1].override = p->clients[0].security)
BAD(ref_far, p->refs[1] = 3)
BAD(ep_far, p->endpoints[2].nr_refs = 2)
BAD(ep_wrap, p->endpoints[1].first_ref = U32_MAX)
BAD(ep_two_streams, p->endpoints[0].nr_refs = 1)
BAD(ep_run, d->streams[2].nr = 2)
BAD(ep_mask, d->streams[2].mask = 8)
BAD(ep_wide_sid, d->streams[2].sid = 0x105)

#define CASE(what)	{ #what, spoil_##what }

static const struct bad_case bad_cases[] = {
	CASE(size_none), CASE(size_small), CASE(size_large), CASE(flags),
	CASE(head_reserved), CASE(many_clients), CASE(many_refs), CASE(many_aliases),
	CASE(endpoints), CASE(no_registers), CASE(unaligned), CASE(huge), CASE(in_smmu),
	CASE(parked_is_passthrough), CASE(parked_large), CASE(parked_not_reserved),
	CASE(passthrough_not_reserved), CASE(alias_unaligned), CASE(alias_channel),
	CASE(alias_reserved), CASE(client_unaligned), CASE(client_same), CASE(client_far),
	CASE(client_wrap), CASE(client_flags), CASE(client_kind), CASE(client_exempt),
	CASE(clients_share), CASE(ref_far), CASE(ep_far), CASE(ep_wrap),
	CASE(ep_two_streams), CASE(ep_run), CASE(ep_mask), CASE(ep_wide_sid),
};

static void bad_case_name(const struct bad_case *c, char *name)
{
	strscpy(name, c->name, KUNIT_PARAM_DESC_SIZE);
}

KUNIT_ARRAY_PARAM(bad_case, bad_cases, bad_case_name);

static void malformed_part_is_refused(struct kunit *test)
{
	const struct bad_case *c = test->param_value;
	struct test_desc *d = kunit_kmalloc(test, sizeof(*d), GFP_KERNEL);
	struct tegra_mc_sid_layout part;

	KUNIT_ASSERT_NOT_NULL(test, d);
	*d = good;
	c->spoil(d);
	KUNIT_EXPECT_LT(test, check(d, &part), 0);
}

static struct kunit_case nvidia_test_cases[] = {
	KUNIT_CASE(client_has_one_stream_id),
	KUNIT_CASE(encoded_part_is_decoded),
	KUNIT_CASE(good_part_is_accepted),
	KUNIT_CASE_PARAM(malformed_part_is_refused, bad_case_gen_params),
	{}
};

static struct kunit_suite nvidia_test_suite = {
	.name = "arm-smmu-kvm-nvidia",
	.test_cases = nvidia_test_cases,
};

kunit_test_suite(nvidia_test_suite);
