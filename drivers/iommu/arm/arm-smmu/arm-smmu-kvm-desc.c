// SPDX-License-Identifier: GPL-2.0-only
/*
 * The description of SMMUv2s that the protected KVM hypervisor takes over: its
 * collection and its encoding, see arm-smmu-kvm.h. Pure data, no device tree
 * and no hardware here.
 *
 * A description is collected in this order: SMMUs, clients, then for each
 * device an endpoint, its streams and its client references. The streams and
 * references of an endpoint are a run in their array, so they go to the last
 * endpoint, and an endpoint is complete when the next one is added.
 */

#include <kunit/visibility.h>

#include <linux/bitfield.h>
#include <linux/bitops.h>
#include <linux/errno.h>
#include <linux/limits.h>
#include <linux/string.h>

#include "arm-smmu-kvm-host.h"

/**
 * smmu_kvm_add_smmu() - add an SMMU
 * @b: the description
 * @smmu: the SMMU
 *
 * Return: its index, -ENOSPC if there are too many
 */
int smmu_kvm_add_smmu(struct smmu_kvm_builder *b,
		      const struct smmu_kvm_desc_smmu *smmu)
{
	if (b->desc.nr_smmus == SMMU_KVM_MAX_SMMUS)
		return -ENOSPC;

	b->smmus[b->desc.nr_smmus] = *smmu;
	return b->desc.nr_smmus++;
}
EXPORT_SYMBOL_IF_KUNIT(smmu_kvm_add_smmu);

/**
 * smmu_kvm_add_endpoint() - add a device
 * @b: the description
 *
 * Return: its index, -ENOSPC if there are too many
 */
int smmu_kvm_add_endpoint(struct smmu_kvm_builder *b)
{
	if (b->desc.nr_endpoints == SMMU_KVM_MAX_ENDPOINTS)
		return -ENOSPC;

	b->endpoints[b->desc.nr_endpoints] = (struct smmu_kvm_desc_endpoint) {
		.first_stream = b->desc.nr_streams,
		.first_client = b->desc.nr_client_refs,
	};
	return b->desc.nr_endpoints++;
}
EXPORT_SYMBOL_IF_KUNIT(smmu_kvm_add_endpoint);

/* Can an SMMU that does not compare all bits tell a run of stream IDs apart? */
static bool run_is_distinct(u32 smr_mask, u32 sid, u32 nr)
{
	return !(smr_mask & (BIT(fls(sid ^ (sid + nr - 1))) - 1));
}

/* What a run of stream IDs, or one with a mask, can match at most */
static void stream_span(u32 smr_mask, const struct smmu_kvm_desc_stream *s,
			u32 *first, u32 *last)
{
	*first = s->sid & ~(s->mask | smr_mask);
	*last = *first + (s->mask & ~smr_mask) + s->nr - 1;
}

/*
 * Can two streams match the same transaction, without being the same? Then
 * what one device may do would depend on another one.
 */
static bool streams_collide(const struct smmu_kvm_builder *b,
			    const struct smmu_kvm_desc_stream *s1,
			    const struct smmu_kvm_desc_stream *s2)
{
	u32 smr_mask = b->smmus[s1->smmu].smr_mask;
	u32 first1, last1, first2, last2;

	if (s1->smmu != s2->smmu)
		return false;

	if (s1->nr == 1 && s2->nr == 1)
		return (s1->sid != s2->sid || s1->mask != s2->mask) &&
		       !((s1->sid ^ s2->sid) & ~(s1->mask | s2->mask | smr_mask));

	stream_span(smr_mask, s1, &first1, &last1);
	stream_span(smr_mask, s2, &first2, &last2);

	return first1 <= last2 && first2 <= last1;
}

/* Can a stream match a stream ID? */
static bool stream_matches(const struct smmu_kvm_builder *b,
			   const struct smmu_kvm_desc_stream *s, u32 id)
{
	u32 ignored = b->smmus[s->smmu].smr_mask;

	if (s->nr == 1)
		return !((s->sid ^ id) & ~(s->mask | ignored));

	return (id & ~ignored) - (s->sid & ~ignored) < s->nr;
}

/**
 * smmu_kvm_add_stream() - add stream IDs to the last endpoint
 * @b: the description
 * @smmu: index of the SMMU
 * @sid: the (first) stream ID
 * @mask: stream ID bits not compared, 0 if @nr is not 1
 * @nr: how many
 *
 * What the endpoint has already is not added again.
 *
 * Return: 0, -EINVAL, -EEXIST if it overlaps one that is not the same, -EPERM if
 * it is one that the memory controller reserves, or -ENOSPC if there are too many
 */
int smmu_kvm_add_stream(struct smmu_kvm_builder *b, u32 smmu, u32 sid, u32 mask,
			u32 nr)
{
	const struct smmu_kvm_desc_stream stream = {
		.smmu	= smmu,
		.sid	= sid,
		.mask	= mask,
		.nr	= nr,
	};
	struct smmu_kvm_desc_endpoint *ep;
	u32 i;

	if (!b->desc.nr_endpoints || smmu >= b->desc.nr_smmus)
		return -EINVAL;
	if (sid > U16_MAX || mask > U16_MAX || (mask && nr != 1) ||
	    !nr || nr > U16_MAX + 1 - sid)
		return -EINVAL;
	if (!run_is_distinct(b->smmus[smmu].smr_mask, sid, nr))
		return -EINVAL;
	if (b->desc.mc_size && (stream_matches(b, &stream, b->desc.mc_passthrough_sid) ||
				stream_matches(b, &stream, b->desc.mc_parked_sid)))
		return -EPERM;

	ep = &b->endpoints[b->desc.nr_endpoints - 1];
	for (i = ep->first_stream; i < b->desc.nr_streams; i++) {
		const struct smmu_kvm_desc_stream *s = &b->streams[i];

		if (s->smmu == smmu && s->sid == sid && s->mask == mask &&
		    s->nr == nr)
			return 0;
	}

	for (i = 0; i < b->desc.nr_streams; i++) {
		if (streams_collide(b, &b->streams[i], &stream))
			return -EEXIST;
	}

	if (b->desc.nr_streams == SMMU_KVM_MAX_STREAMS)
		return -ENOSPC;

	b->streams[b->desc.nr_streams++] = stream;
	ep->nr_streams++;
	return 0;
}
EXPORT_SYMBOL_IF_KUNIT(smmu_kvm_add_stream);

/**
 * smmu_kvm_add_client() - add a client of the memory controller
 * @b: the description
 * @override: offset of its stream ID override register
 * @security: offset of its override security register
 *
 * Return: its index, -ENOSPC if there are too many
 */
int smmu_kvm_add_client(struct smmu_kvm_builder *b, u32 override, u32 security)
{
	if (b->desc.nr_clients == SMMU_KVM_MAX_CLIENTS)
		return -ENOSPC;

	b->clients[b->desc.nr_clients] = (struct smmu_kvm_desc_client) {
		.override = override,
		.security = security,
	};
	return b->desc.nr_clients++;
}
EXPORT_SYMBOL_IF_KUNIT(smmu_kvm_add_client);

static bool same_stream(const struct smmu_kvm_builder *b, u32 ep1, u32 ep2)
{
	const struct smmu_kvm_desc_stream *s1, *s2;

	s1 = &b->streams[b->endpoints[ep1].first_stream];
	s2 = &b->streams[b->endpoints[ep2].first_stream];

	return s1->smmu == s2->smmu && s1->sid == s2->sid;
}

/**
 * smmu_kvm_add_client_ref() - a client is the last endpoint's
 * @b: the description
 * @client: index of the client
 *
 * Several endpoints may have the same client if they have the same stream.
 *
 * Return: 0, -EINVAL if the endpoint has not exactly one stream ID, -EBUSY if
 * the client needs another one elsewhere, -ENOSPC if there are too many
 */
int smmu_kvm_add_client_ref(struct smmu_kvm_builder *b, u32 client)
{
	struct smmu_kvm_desc_endpoint *ep;
	u32 i, last, user;

	if (!b->desc.nr_endpoints || client >= b->desc.nr_clients)
		return -EINVAL;

	last = b->desc.nr_endpoints - 1;
	ep = &b->endpoints[last];
	if (ep->nr_streams != 1 || b->streams[ep->first_stream].nr != 1)
		return -EINVAL;

	for (i = ep->first_client; i < b->desc.nr_client_refs; i++) {
		if (b->client_refs[i] == client)
			return 0;
	}

	user = b->client_user[client];
	if (user && !same_stream(b, user - 1, last))
		return -EBUSY;

	if (b->desc.nr_client_refs == SMMU_KVM_MAX_CLIENT_REFS)
		return -ENOSPC;

	b->client_refs[b->desc.nr_client_refs++] = client;
	b->client_user[client] = last + 1;
	ep->nr_clients++;
	return 0;
}
EXPORT_SYMBOL_IF_KUNIT(smmu_kvm_add_client_ref);

/**
 * smmu_kvm_desc_size() - how large is the encoded description?
 * @b: the description
 *
 * Return: bytes
 */
size_t smmu_kvm_desc_size(const struct smmu_kvm_builder *b)
{
	return sizeof(b->desc) +
	       b->desc.nr_smmus * sizeof(b->smmus[0]) +
	       b->desc.nr_endpoints * sizeof(b->endpoints[0]) +
	       b->desc.nr_streams * sizeof(b->streams[0]) +
	       b->desc.nr_clients * sizeof(b->clients[0]) +
	       b->desc.nr_client_refs * sizeof(b->client_refs[0]);
}
EXPORT_SYMBOL_IF_KUNIT(smmu_kvm_desc_size);

static void *put(void *to, const void *from, size_t size)
{
	memcpy(to, from, size);
	return to + size;
}

/**
 * smmu_kvm_encode() - encode a description
 * @b: the description
 * @nr_pages: pages that will be donated, at least those of the blob
 * @blob: where to, smmu_kvm_desc_size() bytes
 */
void smmu_kvm_encode(const struct smmu_kvm_builder *b, u32 nr_pages, void *blob)
{
	struct smmu_kvm_desc *desc = blob;
	void *p = desc + 1;

	*desc = b->desc;
	desc->magic = SMMU_KVM_DESC_MAGIC;
	desc->version = SMMU_KVM_DESC_VERSION;
	desc->size = smmu_kvm_desc_size(b);
	desc->nr_pages = nr_pages;

	p = put(p, b->smmus, desc->nr_smmus * sizeof(b->smmus[0]));
	p = put(p, b->endpoints, desc->nr_endpoints * sizeof(b->endpoints[0]));
	p = put(p, b->streams, desc->nr_streams * sizeof(b->streams[0]));
	p = put(p, b->clients, desc->nr_clients * sizeof(b->clients[0]));
	put(p, b->client_refs, desc->nr_client_refs * sizeof(b->client_refs[0]));
}
EXPORT_SYMBOL_IF_KUNIT(smmu_kvm_encode);

/**
 * smmu_kvm_decode() - find the parts of an encoded description
 * @topo: points to them; other members are left alone
 * @blob: the encoded description, from smmu_kvm_encode()
 */
void smmu_kvm_decode(struct smmu_kvm_topology *topo, const void *blob)
{
	topo->desc = blob;
	topo->smmus = (const void *)(topo->desc + 1);
	topo->endpoints = (const void *)(topo->smmus + topo->desc->nr_smmus);
	topo->streams = (const void *)(topo->endpoints + topo->desc->nr_endpoints);
	topo->clients = (const void *)(topo->streams + topo->desc->nr_streams);
	topo->client_refs = (const void *)(topo->clients + topo->desc->nr_clients);
}
EXPORT_SYMBOL_IF_KUNIT(smmu_kvm_decode);

/**
 * smmu_kvm_endpoint_has_stream() - is a stream an endpoint's?
 * @topo: the description
 * @endpoint: index of the endpoint
 * @smmu: index of the SMMU
 * @id: stream ID, its mask in [31:16]
 *
 * Return: true if it is
 */
bool smmu_kvm_endpoint_has_stream(const struct smmu_kvm_topology *topo,
				  u32 endpoint, u32 smmu, u32 id)
{
	const struct smmu_kvm_desc_endpoint *ep = &topo->endpoints[endpoint];
	u32 sid = FIELD_GET(SMMU_KVM_ID_SID, id);
	u32 mask = FIELD_GET(SMMU_KVM_ID_MASK, id);
	u32 i;

	for (i = 0; i < ep->nr_streams; i++) {
		const struct smmu_kvm_desc_stream *s;

		s = &topo->streams[ep->first_stream + i];
		if (s->smmu == smmu && s->mask == mask && sid >= s->sid &&
		    sid - s->sid < s->nr)
			return true;
	}

	return false;
}
EXPORT_SYMBOL_IF_KUNIT(smmu_kvm_endpoint_has_stream);

/**
 * smmu_kvm_find_endpoint() - find the device that presents a stream ID
 * @topo: the description
 * @smmu: index of the SMMU
 * @sid: the stream ID, as the SMMU reports it: with bits that it does not compare
 *
 * Return: index of the first endpoint that has the stream ID, or -ENOENT
 */
int smmu_kvm_find_endpoint(const struct smmu_kvm_topology *topo, u32 smmu, u32 sid)
{
	u32 i, j;

	for (i = 0; i < topo->desc->nr_endpoints; i++) {
		const struct smmu_kvm_desc_endpoint *ep = &topo->endpoints[i];

		for (j = 0; j < ep->nr_streams; j++) {
			const struct smmu_kvm_desc_stream *s;
			u32 ignored;

			s = &topo->streams[ep->first_stream + j];
			if (s->smmu != smmu)
				continue;

			/* A run has no mask */
			ignored = s->mask | topo->smmus[smmu].smr_mask;
			if ((sid & ~ignored) - (s->sid & ~ignored) < s->nr)
				return i;
		}
	}

	return -ENOENT;
}
EXPORT_SYMBOL_IF_KUNIT(smmu_kvm_find_endpoint);

/**
 * smmu_kvm_ids_overlap() - can a transaction match both?
 * @smr_mask: stream ID bits that the SMMU never compares
 * @id1: stream ID, its mask in [31:16]
 * @id2: another one
 *
 * Return: true if there is a stream ID that matches both
 */
bool smmu_kvm_ids_overlap(u32 smr_mask, u32 id1, u32 id2)
{
	u32 mask = FIELD_GET(SMMU_KVM_ID_MASK, id1 | id2) | smr_mask;

	return !(FIELD_GET(SMMU_KVM_ID_SID, id1 ^ id2) & ~mask);
}
EXPORT_SYMBOL_IF_KUNIT(smmu_kvm_ids_overlap);

/**
 * smmu_kvm_ids_match() - do two IDs match the same transactions?
 * @smr_mask: stream ID bits that the SMMU never compares
 * @id1: stream ID, its mask in [31:16]
 * @id2: another one
 *
 * Return: true if one stream match register serves both
 */
bool smmu_kvm_ids_match(u32 smr_mask, u32 id1, u32 id2)
{
	return FIELD_GET(SMMU_KVM_ID_MASK, id1) == FIELD_GET(SMMU_KVM_ID_MASK, id2) &&
	       smmu_kvm_ids_overlap(smr_mask, id1, id2);
}
EXPORT_SYMBOL_IF_KUNIT(smmu_kvm_ids_match);
