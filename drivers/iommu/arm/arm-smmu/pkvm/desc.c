// SPDX-License-Identifier: GPL-2.0-only
/*
 * The frozen description of SMMUs, devices and stream IDs.
 *
 * The host passed it while it was trusted, but it was made from a device tree,
 * which may be wrong: everything that other code relies on is checked once,
 * here. It lies in memory that the host has donated, so it stays as checked.
 *
 * Two streams of an SMMU that can match the same stream ID must be the same
 * stream: devices may share one, but a stream match register for one device
 * must never catch another's transactions.
 */

#include <linux/align.h>
#include <linux/bitops.h>
#include <linux/bits.h>
#include <linux/errno.h>
#include <linux/mm.h>
#include <linux/sizes.h>

#include "desc.h"

static struct {
	const struct smmu_kvm_desc		*head;
	const struct smmu_kvm_desc_smmu		*smmus;
	const struct smmu_kvm_desc_endpoint	*endpoints;
	const struct smmu_kvm_desc_stream	*streams;
	const struct smmu_kvm_desc_client	*clients;
	const u32				*client_refs;
} desc;

static bool run_fits(u32 first, u32 nr, u32 limit)
{
	return first <= limit && nr <= limit - first;
}

static bool ranges_overlap(u64 a, u64 a_size, u64 b, u64 b_size)
{
	return a < b + b_size && b < a + a_size;
}

static int check_head(const struct smmu_kvm_desc *head, size_t room)
{
	size_t size = sizeof(*head);
	u32 i;

	if (room < sizeof(*head) || head->magic != SMMU_KVM_DESC_MAGIC ||
	    head->version != SMMU_KVM_DESC_VERSION)
		return -EINVAL;

	if (!head->nr_smmus || head->nr_smmus > SMMU_KVM_MAX_SMMUS ||
	    head->nr_endpoints > SMMU_KVM_MAX_ENDPOINTS ||
	    head->nr_streams > SMMU_KVM_MAX_STREAMS ||
	    head->nr_clients > SMMU_KVM_MAX_CLIENTS ||
	    head->nr_client_refs > SMMU_KVM_MAX_CLIENT_REFS)
		return -E2BIG;

	size += head->nr_smmus * sizeof(*desc.smmus);
	size += head->nr_endpoints * sizeof(*desc.endpoints);
	size += head->nr_streams * sizeof(*desc.streams);
	size += head->nr_clients * sizeof(*desc.clients);
	size += head->nr_client_refs * sizeof(*desc.client_refs);

	if (head->size != size || size > room)
		return -EINVAL;

	if (head->flags & ~SMMU_KVM_MC_REPORT)
		return -EINVAL;

	if (head->nr_mc_aliases > SMMU_KVM_MAX_MC_ALIASES || head->reserved)
		return -EINVAL;

	/* Without registers there is nothing that a client could be. */
	if (!head->mc_size)
		return head->nr_clients || head->mc_base || head->nr_mc_aliases ? -EINVAL : 0;

	if (!PAGE_ALIGNED(head->mc_base | head->mc_size) || head->mc_size > SZ_16M ||
	    head->mc_passthrough_sid > 0xff || head->mc_parked_sid > 0xff ||
	    head->mc_passthrough_sid == head->mc_parked_sid)
		return -EINVAL;

	/* Its pages are checked, and that nobody has them, when they are taken. */
	for (i = 0; i < head->nr_mc_aliases; i++)
		if (!PAGE_ALIGNED(head->mc_alias[i].base) || head->mc_alias[i].reserved ||
		    head->mc_alias[i].channel > SMMU_KVM_MC_UNNAMED)
			return -EINVAL;

	return 0;
}

static int check_smmus(void)
{
	const struct smmu_kvm_desc *head = desc.head;
	u32 i, j, k, l;

	for (i = 0; i < head->nr_smmus; i++) {
		const struct smmu_kvm_desc_smmu *a = &desc.smmus[i];

		if (!a->nr_instances || a->nr_instances > SMMU_KVM_MAX_INSTANCES ||
		    a->reserved || !a->size || a->size > SZ_64M || !PAGE_ALIGNED(a->size) ||
		    (a->flags & ~(SMMU_KVM_COHERENT_WALK | SMMU_KVM_MMU500 |
				  SMMU_KVM_PAGES_ONLY)) ||
		    a->smr_mask > U16_MAX)
			return -EINVAL;

		for (k = 0; k < a->nr_instances; k++) {
			if (!PAGE_ALIGNED(a->base[k]))
				return -EINVAL;
			if (head->mc_size && ranges_overlap(a->base[k], a->size,
							    head->mc_base, head->mc_size))
				return -EINVAL;

			for (j = 0; j <= i; j++) {
				const struct smmu_kvm_desc_smmu *b = &desc.smmus[j];

				for (l = 0; l < (j == i ? k : b->nr_instances); l++)
					if (ranges_overlap(a->base[k], a->size,
							   b->base[l], b->size))
						return -EINVAL;
			}
		}
	}

	return 0;
}

static bool streams_collide(const struct smmu_kvm_desc_stream *a,
			    const struct smmu_kvm_desc_stream *b)
{
	u32 smr_mask, mask_a, mask_b;

	if (a->smmu != b->smmu)
		return false;

	smr_mask = desc.smmus[a->smmu].smr_mask;

	if (a->nr == 1 && b->nr == 1) {
		if (a->sid == b->sid && a->mask == b->mask)
			return false;
		return smmu_streams_overlap(a->sid, a->mask | smr_mask, b->sid, b->mask);
	}

	/*
	 * A run of stream IDs has no mask of its own, and what the SMMU does
	 * not compare is the same in all of it; for the other side it is enough
	 * to be on the safe side and compare what it may span.
	 */
	mask_a = a->mask & ~smr_mask;
	mask_b = b->mask & ~smr_mask;
	return ranges_overlap(a->sid & ~(a->mask | smr_mask), a->nr + mask_a,
			      b->sid & ~(b->mask | smr_mask), b->nr + mask_b);
}

/* Can the SMMU tell the stream IDs of a run apart? */
static bool run_is_distinct(const struct smmu_kvm_desc_stream *s)
{
	u32 differ = s->sid ^ (s->sid + s->nr - 1);

	return !(desc.smmus[s->smmu].smr_mask & (BIT(fls(differ)) - 1));
}

/* Does the SMMU take a transaction with stream ID @id for one of the stream's? */
static bool stream_matches(const struct smmu_kvm_desc_stream *s, u32 id)
{
	u32 smr_mask = desc.smmus[s->smmu].smr_mask;

	if (s->nr == 1)
		return smmu_streams_overlap(s->sid, s->mask | smr_mask, id, 0);

	/* What the SMMU does not compare is the same in all of a run. */
	return (id & ~smr_mask) - (s->sid & ~smr_mask) < s->nr;
}

/*
 * With one of these stream IDs a client of the memory controller bypasses the
 * SMMUs, with the other it is parked: no device may have them.
 */
static bool stream_is_reserved(const struct smmu_kvm_desc_stream *s)
{
	const struct smmu_kvm_desc *head = desc.head;

	return head->mc_size && (stream_matches(s, head->mc_passthrough_sid) ||
				 stream_matches(s, head->mc_parked_sid));
}

static int check_streams(void)
{
	const struct smmu_kvm_desc *head = desc.head;
	u32 i, j;

	for (i = 0; i < head->nr_streams; i++) {
		const struct smmu_kvm_desc_stream *a = &desc.streams[i];

		if (a->smmu >= head->nr_smmus || !a->nr || a->nr > BIT(16) - a->sid ||
		    (a->nr > 1 && a->mask) || !run_is_distinct(a) ||
		    stream_is_reserved(a))
			return -EINVAL;
	}

	for (i = 0; i < head->nr_streams; i++)
		for (j = 0; j < i; j++)
			if (streams_collide(&desc.streams[i], &desc.streams[j]))
				return -EINVAL;

	return 0;
}

static int check_clients(void)
{
	const struct smmu_kvm_desc *head = desc.head;
	u32 i, j;

	for (i = 0; i < head->nr_clients; i++) {
		const struct smmu_kvm_desc_client *a = &desc.clients[i];

		if (!IS_ALIGNED(a->override | a->security, 4) ||
		    a->override == a->security ||
		    (a->flags & ~(SMMU_KVM_CLIENT_KEEP | SMMU_KVM_CLIENT_EXEMPT)) ||
		    a->override > head->mc_size - 4 || a->security > head->mc_size - 4)
			return -EINVAL;

		for (j = 0; j < i; j++) {
			const struct smmu_kvm_desc_client *b = &desc.clients[j];

			if (a->override == b->override || a->override == b->security ||
			    a->security == b->override || a->security == b->security)
				return -EINVAL;
		}
	}

	for (i = 0; i < head->nr_client_refs; i++)
		if (desc.client_refs[i] >= head->nr_clients ||
		    desc.clients[desc.client_refs[i]].flags & SMMU_KVM_CLIENT_EXEMPT)
			return -EINVAL;

	return 0;
}

static int check_endpoints(void)
{
	const struct smmu_kvm_desc *head = desc.head;
	u32 i, stream = 0;

	for (i = 0; i < head->nr_endpoints; i++) {
		const struct smmu_kvm_desc_endpoint *ep = &desc.endpoints[i];

		/* Runs of streams follow each other: a stream has one owner. */
		if (ep->first_stream != stream || !ep->nr_streams ||
		    !run_fits(ep->first_stream, ep->nr_streams, head->nr_streams) ||
		    !run_fits(ep->first_client, ep->nr_clients, head->nr_client_refs))
			return -EINVAL;
		stream += ep->nr_streams;

		if (ep->nr_clients) {
			const struct smmu_kvm_desc_stream *s = &desc.streams[ep->first_stream];

			/* A client has one stream ID, of eight bits. */
			if (ep->nr_streams != 1 || s->nr != 1 || s->mask || s->sid > 0xff)
				return -EINVAL;
		}
	}

	return stream == head->nr_streams ? 0 : -EINVAL;
}

/**
 * smmu_desc_init() - check a description and keep it
 * @blob: where it is, in memory of the hypervisor
 * @size: bytes that there are, at least
 *
 * Return: 0, -EINVAL or -E2BIG.
 */
int smmu_desc_init(const void *blob, size_t size)
{
	int ret;

	desc.head = blob;
	ret = check_head(desc.head, size);
	if (ret)
		return ret;

	desc.smmus = (const void *)(desc.head + 1);
	desc.endpoints = (const void *)(desc.smmus + desc.head->nr_smmus);
	desc.streams = (const void *)(desc.endpoints + desc.head->nr_endpoints);
	desc.clients = (const void *)(desc.streams + desc.head->nr_streams);
	desc.client_refs = (const void *)(desc.clients + desc.head->nr_clients);

	ret = check_smmus();
	if (ret)
		return ret;
	ret = check_streams();
	if (ret)
		return ret;
	ret = check_clients();
	if (ret)
		return ret;

	return check_endpoints();
}

const struct smmu_kvm_desc *smmu_desc(void)
{
	return desc.head;
}

const struct smmu_kvm_desc_smmu *smmu_desc_smmu(unsigned int i)
{
	return &desc.smmus[i];
}

const struct smmu_kvm_desc_client *smmu_desc_client(unsigned int i)
{
	return &desc.clients[i];
}

/**
 * smmu_desc_find_stream() - is this a stream of that device?
 * @iommu: index of the SMMU
 * @endpoint: index of the device
 * @id: stream ID
 * @mask: stream ID bits that are not compared
 *
 * Return: the index of the stream, or -ENODEV.
 */
int smmu_desc_find_stream(u32 iommu, u32 endpoint, u16 id, u16 mask)
{
	const struct smmu_kvm_desc_endpoint *ep;
	u32 i;

	if (endpoint >= desc.head->nr_endpoints)
		return -ENODEV;

	ep = &desc.endpoints[endpoint];
	for (i = ep->first_stream; i < ep->first_stream + ep->nr_streams; i++) {
		const struct smmu_kvm_desc_stream *s = &desc.streams[i];

		if (s->smmu == iommu && s->mask == mask && id >= s->sid &&
		    id - s->sid < s->nr)
			return i;
	}

	return -ENODEV;
}

/* How many clients of the memory controller a device has; @endpoint is valid. */
unsigned int smmu_desc_nr_clients(u32 endpoint)
{
	return desc.endpoints[endpoint].nr_clients;
}

/* The @i-th of them. */
unsigned int smmu_desc_endpoint_client(u32 endpoint, unsigned int i)
{
	return desc.client_refs[desc.endpoints[endpoint].first_client + i];
}
