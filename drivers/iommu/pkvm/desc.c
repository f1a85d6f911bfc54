// SPDX-License-Identifier: GPL-2.0-only
/*
 * Checks of a description of IOMMUs, devices and stream IDs.
 *
 * The host passes the description while it is still trusted. But it is made from
 * a device tree, which may be wrong, so everything that other code relies on is
 * checked once, here. At EL2 the description lies in donated memory and cannot
 * change after the check. The host applies the same checks when it adds a stream,
 * so that it can tell which node is wrong.
 *
 * Two streams of an IOMMU that can match the same stream ID must be the same
 * stream: devices may share a stream, but the routing of one device's stream must
 * never apply to another device's transactions.
 *
 * This file is built for the host and for EL2.
 */

#include <kunit/visibility.h>

#include <linux/align.h>
#include <linux/bitops.h>
#include <linux/bits.h>
#include <linux/errno.h>
#include <linux/pkvm-iommu-desc.h>

/**
 * pkvm_iommu_desc_size() - compute the size of an encoded description
 * @desc: its header; only the counts and @desc->drv_size are read
 *
 * Return: the size in bytes
 */
size_t pkvm_iommu_desc_size(const struct pkvm_iommu_desc *desc)
{
	return sizeof(*desc) +
	       desc->nr_iommus * sizeof(struct pkvm_iommu_desc_iommu) +
	       desc->nr_endpoints * sizeof(struct pkvm_iommu_desc_endpoint) +
	       desc->nr_streams * sizeof(struct pkvm_iommu_desc_stream) +
	       desc->drv_size;
}
EXPORT_SYMBOL_IF_KUNIT(pkvm_iommu_desc_size);

/**
 * pkvm_iommu_decode() - find the parts of an encoded description
 * @l: the parts, to be filled in
 * @blob: the description, as large as its header says
 */
void pkvm_iommu_decode(struct pkvm_iommu_layout *l, const void *blob)
{
	l->desc = blob;
	l->iommus = (const void *)(l->desc + 1);
	l->endpoints = (const void *)(l->iommus + l->desc->nr_iommus);
	l->streams = (const void *)(l->endpoints + l->desc->nr_endpoints);
	l->drv = l->streams + l->desc->nr_streams;
}
EXPORT_SYMBOL_IF_KUNIT(pkvm_iommu_decode);

static bool run_fits(u32 first, u32 nr, u32 limit)
{
	return first <= limit && nr <= limit - first;
}

static bool ranges_overlap(u64 a, u64 a_size, u64 b, u64 b_size)
{
	return a < b + b_size && b < a + a_size;
}

static int check_head(const struct pkvm_iommu_desc *desc, size_t room, u32 magic)
{
	if (room < sizeof(*desc) || desc->magic != magic ||
	    desc->version != PKVM_IOMMU_DESC_VERSION)
		return -EINVAL;

	if (!desc->nr_iommus || desc->nr_iommus > PKVM_IOMMU_MAX_IOMMUS ||
	    desc->nr_endpoints > PKVM_IOMMU_MAX_ENDPOINTS ||
	    desc->nr_streams > PKVM_IOMMU_MAX_STREAMS ||
	    desc->nr_reserved_ids > PKVM_IOMMU_MAX_RESERVED_IDS ||
	    desc->drv_size > PKVM_IOMMU_MAX_DRV_SIZE)
		return -E2BIG;

	if (!desc->sid_bits || desc->sid_bits > 32 || !IS_ALIGNED(desc->drv_size, 8))
		return -EINVAL;

	if (desc->size != pkvm_iommu_desc_size(desc) || desc->size > room)
		return -EINVAL;

	return 0;
}

static u32 sid_mask(const struct pkvm_iommu_desc *desc)
{
	return GENMASK(desc->sid_bits - 1, 0);
}

static int check_iommus(const struct pkvm_iommu_layout *l)
{
	u32 i;

	for (i = 0; i < l->desc->nr_iommus; i++)
		if (l->iommus[i].ignored & ~sid_mask(l->desc) || l->iommus[i].reserved)
			return -EINVAL;

	return 0;
}

/**
 * pkvm_iommu_ids_overlap() - check whether two stream IDs with masks overlap
 * @id: the first stream ID
 * @mask: bits of the first stream ID that are ignored
 * @other_id: the second stream ID
 * @other_mask: bits of the second stream ID that are ignored
 *
 * Return: true if some stream ID matches both.
 */
bool pkvm_iommu_ids_overlap(u32 id, u32 mask, u32 other_id, u32 other_mask)
{
	return !((id ^ other_id) & ~(mask | other_mask));
}
EXPORT_SYMBOL_IF_KUNIT(pkvm_iommu_ids_overlap);

/**
 * pkvm_iommu_streams_collide() - check whether different streams match the same stream ID
 * @l: the description
 * @a: a stream, valid according to pkvm_iommu_check_stream()
 * @b: another one
 *
 * If they did, what one device can reach would depend on the other device.
 *
 * Return: true if the streams are different and some stream ID may match both.
 */
bool pkvm_iommu_streams_collide(const struct pkvm_iommu_layout *l,
				const struct pkvm_iommu_desc_stream *a,
			      const struct pkvm_iommu_desc_stream *b)
{
	u32 ignored, mask_a, mask_b;

	if (a->iommu != b->iommu)
		return false;

	ignored = l->iommus[a->iommu].ignored;

	if (a->nr == 1 && b->nr == 1) {
		if (a->sid == b->sid && a->mask == b->mask)
			return false;
		return pkvm_iommu_ids_overlap(a->sid, a->mask | ignored, b->sid, b->mask);
	}

	/*
	 * A run of stream IDs has no mask, and the bits that the IOMMU ignores are
	 * the same in all of its IDs. Compare it with the whole range that the
	 * other stream's mask may span: this may refuse streams that do not
	 * collide, but accepts none that do.
	 */
	mask_a = a->mask & ~ignored;
	mask_b = b->mask & ~ignored;
	return ranges_overlap(a->sid & ~(a->mask | ignored), (u64)a->nr + mask_a,
			      b->sid & ~(b->mask | ignored), (u64)b->nr + mask_b);
}
EXPORT_SYMBOL_IF_KUNIT(pkvm_iommu_streams_collide);

/* Return true if the IOMMU can tell the stream IDs of a run apart. */
static bool run_is_distinct(const struct pkvm_iommu_layout *l,
			    const struct pkvm_iommu_desc_stream *s)
{
	u32 differ = s->sid ^ (s->sid + s->nr - 1);

	return !(l->iommus[s->iommu].ignored & (BIT_ULL(fls(differ)) - 1));
}

/**
 * pkvm_iommu_stream_matches() - check whether a stream ID belongs to a stream
 * @l: the description
 * @s: the stream
 * @id: stream ID of a transaction, including bits that the IOMMU ignores
 *
 * Return: true if it does.
 */
bool pkvm_iommu_stream_matches(const struct pkvm_iommu_layout *l,
			       const struct pkvm_iommu_desc_stream *s, u32 id)
{
	u32 ignored = l->iommus[s->iommu].ignored;

	if (s->nr == 1)
		return pkvm_iommu_ids_overlap(s->sid, s->mask | ignored, id, 0);

	/* The bits that the IOMMU ignores are the same in all IDs of a run. */
	return (id & ~ignored) - (s->sid & ~ignored) < s->nr;
}
EXPORT_SYMBOL_IF_KUNIT(pkvm_iommu_stream_matches);

/**
 * pkvm_iommu_check_stream() - check a stream, without regard to other streams
 * @l: the description; its header and IOMMUs are complete
 * @s: the stream
 *
 * Return: 0, -EINVAL if the stream is malformed, -EPERM if it matches a reserved
 * stream ID
 */
int pkvm_iommu_check_stream(const struct pkvm_iommu_layout *l,
			    const struct pkvm_iommu_desc_stream *s)
{
	u64 end = (u64)s->sid + s->nr;
	u32 i;

	if (s->iommu >= l->desc->nr_iommus || (s->sid | s->mask) & ~sid_mask(l->desc) ||
	    !s->nr || end > BIT_ULL(l->desc->sid_bits) || (s->nr > 1 && s->mask) ||
	    !run_is_distinct(l, s))
		return -EINVAL;

	for (i = 0; i < l->desc->nr_reserved_ids; i++)
		if (pkvm_iommu_stream_matches(l, s, l->desc->reserved_id[i]))
			return -EPERM;

	return 0;
}
EXPORT_SYMBOL_IF_KUNIT(pkvm_iommu_check_stream);

static int check_streams(const struct pkvm_iommu_layout *l)
{
	u32 i, j;

	for (i = 0; i < l->desc->nr_streams; i++) {
		if (pkvm_iommu_check_stream(l, &l->streams[i]))
			return -EINVAL;

		for (j = 0; j < i; j++)
			if (pkvm_iommu_streams_collide(l, &l->streams[i], &l->streams[j]))
				return -EINVAL;
	}

	return 0;
}

static int check_endpoints(const struct pkvm_iommu_layout *l)
{
	u32 i, stream = 0;

	for (i = 0; i < l->desc->nr_endpoints; i++) {
		const struct pkvm_iommu_desc_endpoint *ep = &l->endpoints[i];

		/* Endpoints own consecutive runs of streams: a stream has one owner. */
		if (ep->first_stream != stream || !ep->nr_streams ||
		    !run_fits(ep->first_stream, ep->nr_streams, l->desc->nr_streams))
			return -EINVAL;
		stream += ep->nr_streams;
	}

	return stream == l->desc->nr_streams ? 0 : -EINVAL;
}

/**
 * pkvm_iommu_check() - check a description, except the driver's part
 * @l: the parts, to be filled in
 * @blob: the description, in memory that nobody else can write
 * @room: size of that memory in bytes
 * @magic: magic number of the driver's descriptions
 *
 * Return: 0, -EINVAL or -E2BIG
 */
int pkvm_iommu_check(struct pkvm_iommu_layout *l, const void *blob, size_t room, u32 magic)
{
	int ret;

	ret = check_head(blob, room, magic);
	if (ret)
		return ret;

	pkvm_iommu_decode(l, blob);

	return check_iommus(l) ?: check_streams(l) ?: check_endpoints(l);
}
EXPORT_SYMBOL_IF_KUNIT(pkvm_iommu_check);

/**
 * pkvm_iommu_find_stream() - find a stream of a device
 * @l: the description
 * @iommu: index of the IOMMU
 * @endpoint: index of the device
 * @sid: stream ID; for a stream with a mask, the ID in the description
 *
 * Return: the index of the stream, or -ENODEV if the device has no such stream
 */
int pkvm_iommu_find_stream(const struct pkvm_iommu_layout *l, u32 iommu, u32 endpoint, u32 sid)
{
	const struct pkvm_iommu_desc_endpoint *ep;
	u32 i;

	if (endpoint >= l->desc->nr_endpoints)
		return -ENODEV;

	ep = &l->endpoints[endpoint];
	for (i = ep->first_stream; i < ep->first_stream + ep->nr_streams; i++) {
		const struct pkvm_iommu_desc_stream *s = &l->streams[i];

		if (s->iommu == iommu && sid >= s->sid && sid - s->sid < s->nr)
			return i;
	}

	return -ENODEV;
}
EXPORT_SYMBOL_IF_KUNIT(pkvm_iommu_find_stream);
