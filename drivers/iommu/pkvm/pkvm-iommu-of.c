// SPDX-License-Identifier: GPL-2.0-only
/*
 * Build the description of a driver's IOMMUs, encode it (linux/pkvm-iommu-desc.h), and
 * hand it over to the protected KVM hypervisor.
 *
 * A description is built in this order: IOMMUs, reserved stream IDs, then for each
 * device an endpoint and its streams. The streams of an endpoint are consecutive, so
 * streams can only be added to the last endpoint.
 *
 * Endpoints are available nodes of the device tree with "iommus" or "iommu-map". A
 * node with both (host1x) is two endpoints, since its map is for other devices.
 *
 * A node that cannot be described ends the description with -EINVAL and a message that
 * names the node: an incomplete description would leave the rest without isolation.
 */

#include <kunit/visibility.h>

#include <linux/errno.h>
#include <linux/export.h>
#include <linux/init.h>
#include <linux/limits.h>
#include <linux/minmax.h>
#include <linux/mm.h>
#include <linux/of.h>
#include <linux/printk.h>
#include <linux/slab.h>
#include <linux/string.h>

#include "pkvm-iommu.h"

/**
 * pkvm_iommu_builder_init() - start a description
 * @b: the description, all zero
 * @drv: the driver
 */
void pkvm_iommu_builder_init(struct pkvm_iommu_builder *b, const struct pkvm_iommu_driver *drv)
{
	b->drv = drv;
	b->desc.magic = drv->magic;
	b->desc.version = PKVM_IOMMU_DESC_VERSION;
	b->desc.sid_bits = drv->sid_bits;
}
EXPORT_SYMBOL_IF_KUNIT(pkvm_iommu_builder_init);

/**
 * pkvm_iommu_add() - add an IOMMU
 * @b: the description
 * @np: its node
 * @ignored: stream ID bits that it ignores
 *
 * Return: its index, -ENOSPC if there are too many
 */
int pkvm_iommu_add(struct pkvm_iommu_builder *b, struct device_node *np, u32 ignored)
{
	u32 i = b->desc.nr_iommus;

	if (i == PKVM_IOMMU_MAX_IOMMUS)
		return -ENOSPC;

	b->iommus[i].ignored = ignored;
	b->iommu_np[i] = of_node_get(np);
	return b->desc.nr_iommus++;
}
EXPORT_SYMBOL_IF_KUNIT(pkvm_iommu_add);

/**
 * pkvm_iommu_add_endpoint() - add a device
 * @b: the description
 *
 * Return: its index, -ENOSPC if there are too many
 */
int pkvm_iommu_add_endpoint(struct pkvm_iommu_builder *b)
{
	if (b->desc.nr_endpoints == PKVM_IOMMU_MAX_ENDPOINTS)
		return -ENOSPC;

	b->endpoints[b->desc.nr_endpoints] = (struct pkvm_iommu_desc_endpoint) {
		.first_stream = b->desc.nr_streams,
	};
	return b->desc.nr_endpoints++;
}
EXPORT_SYMBOL_IF_KUNIT(pkvm_iommu_add_endpoint);

static struct pkvm_iommu_layout builder_layout(const struct pkvm_iommu_builder *b)
{
	return (struct pkvm_iommu_layout) {
		.desc		= &b->desc,
		.iommus		= b->iommus,
		.endpoints	= b->endpoints,
		.streams	= b->streams,
	};
}

/**
 * pkvm_iommu_add_stream() - add stream IDs to the last endpoint
 * @b: the description
 * @iommu: index of the IOMMU
 * @sid: the stream ID, or the first one of a run
 * @mask: stream ID bits that are ignored, 0 unless @nr is 1
 * @nr: number of stream IDs
 *
 * A stream that the endpoint already has is not added again.
 *
 * Return: 0, -EINVAL if the stream is malformed, -EEXIST if it overlaps another stream
 * but is not the same, -EPERM if it matches a reserved stream ID, -ENOSPC if there are
 * too many streams
 */
int pkvm_iommu_add_stream(struct pkvm_iommu_builder *b, u32 iommu, u32 sid, u32 mask, u32 nr)
{
	const struct pkvm_iommu_desc_stream stream = {
		.iommu	= iommu,
		.sid	= sid,
		.mask	= mask,
		.nr	= nr,
	};
	const struct pkvm_iommu_layout layout = builder_layout(b);
	struct pkvm_iommu_desc_endpoint *ep;
	int ret;
	u32 i;

	if (!b->desc.nr_endpoints)
		return -EINVAL;

	ret = pkvm_iommu_check_stream(&layout, &stream);
	if (ret)
		return ret;

	ep = &b->endpoints[b->desc.nr_endpoints - 1];
	for (i = ep->first_stream; i < b->desc.nr_streams; i++) {
		const struct pkvm_iommu_desc_stream *s = &b->streams[i];

		if (s->iommu == iommu && s->sid == sid && s->mask == mask &&
		    s->nr == nr)
			return 0;
	}

	for (i = 0; i < b->desc.nr_streams; i++) {
		if (pkvm_iommu_streams_collide(&layout, &b->streams[i], &stream))
			return -EEXIST;
	}

	if (b->desc.nr_streams == PKVM_IOMMU_MAX_STREAMS)
		return -ENOSPC;

	b->streams[b->desc.nr_streams++] = stream;
	ep->nr_streams++;
	return 0;
}
EXPORT_SYMBOL_IF_KUNIT(pkvm_iommu_add_stream);

static void *put(void *to, const void *from, size_t size)
{
	memcpy(to, from, size);
	return to + size;
}

/**
 * pkvm_iommu_complete() - complete the header of a description
 * @b: the description, to which nothing will be added
 *
 * Return: the size of the encoded description in bytes
 */
size_t pkvm_iommu_complete(struct pkvm_iommu_builder *b)
{
	struct pkvm_iommu_desc *desc = &b->desc;

	desc->drv_size = b->drv->part_size(b);
	desc->size = pkvm_iommu_desc_size(desc);

	return desc->size;
}
EXPORT_SYMBOL_IF_KUNIT(pkvm_iommu_complete);

/**
 * pkvm_iommu_encode() - encode a description
 * @b: the description, whose header is complete
 * @nr_pages: number of pages that will be donated, at least those of the blob
 * @blob: zeroed buffer for the encoded description
 */
void pkvm_iommu_encode(struct pkvm_iommu_builder *b, u32 nr_pages, void *blob)
{
	const struct pkvm_iommu_desc *desc = &b->desc;
	void *p;

	b->desc.nr_pages = nr_pages;
	p = put(blob, desc, sizeof(*desc));
	p = put(p, b->iommus, desc->nr_iommus * sizeof(b->iommus[0]));
	p = put(p, b->endpoints, desc->nr_endpoints * sizeof(b->endpoints[0]));
	p = put(p, b->streams, desc->nr_streams * sizeof(b->streams[0]));
	b->drv->encode(b, p);
}
EXPORT_SYMBOL_IF_KUNIT(pkvm_iommu_encode);

/**
 * pkvm_iommu_find_endpoint() - find the device that presents a stream ID
 * @l: the description
 * @iommu: index of the IOMMU
 * @sid: the stream ID as the IOMMU reports it, including bits that it ignores
 *
 * Return: index of the first endpoint that has the stream ID, or -ENOENT
 */
int pkvm_iommu_find_endpoint(const struct pkvm_iommu_layout *l, u32 iommu, u32 sid)
{
	u32 i, j;

	for (i = 0; i < l->desc->nr_endpoints; i++) {
		const struct pkvm_iommu_desc_endpoint *ep = &l->endpoints[i];

		for (j = 0; j < ep->nr_streams; j++) {
			const struct pkvm_iommu_desc_stream *s;

			s = &l->streams[ep->first_stream + j];
			if (s->iommu == iommu && pkvm_iommu_stream_matches(l, s, sid))
				return i;
		}
	}

	return -ENOENT;
}
EXPORT_SYMBOL_IF_KUNIT(pkvm_iommu_find_endpoint);

/**
 * pkvm_iommu_malformed() - log why a node cannot be described
 * @drv: the driver
 * @np: the node
 * @what: the reason
 *
 * Return: -EINVAL
 */
int __init pkvm_iommu_malformed(const char *drv, const struct device_node *np, const char *what)
{
	pr_err("%s: %pOF: %s\n", drv, np, what);
	return -EINVAL;
}

/**
 * pkvm_iommu_node_available() - check whether a node and its buses are available
 * @np: the node
 *
 * Return: true if the node and all its parents are available
 */
bool __init pkvm_iommu_node_available(struct device_node *np)
{
	bool available = true;

	of_node_get(np);
	while (np) {
		available = available && of_device_is_available(np);
		np = of_get_next_parent(np);
	}

	return available;
}

static int __init find_iommu(const struct pkvm_iommu_builder *b,
			     const struct device_node *np)
{
	u32 i;

	for (i = 0; i < b->desc.nr_iommus; i++) {
		if (b->iommu_np[i] == np)
			return i;
	}

	return -ENOENT;
}

/* Add streams to the endpoint of @np, which is added with its first stream. */
static int __init add_stream(struct pkvm_iommu_builder *b, struct device_node *np,
			     int *endpoint, u32 iommu, u32 sid, u32 mask, u32 nr)
{
	if (*endpoint < 0) {
		*endpoint = pkvm_iommu_add_endpoint(b);
		if (*endpoint < 0)
			return pkvm_iommu_malformed(b->drv->name, np, "too many devices");
		b->endpoint_np[*endpoint] = of_node_get(np);
	}

	switch (pkvm_iommu_add_stream(b, iommu, sid, mask, nr)) {
	case 0:
		return 0;
	case -ENOSPC:
		return pkvm_iommu_malformed(b->drv->name, np, "too many stream IDs");
	case -EEXIST:
		return pkvm_iommu_malformed(b->drv->name, np,
					    "stream IDs overlap another device's");
	case -EPERM:
		return pkvm_iommu_malformed(b->drv->name, np, "stream ID is reserved");
	default:
		return pkvm_iommu_malformed(b->drv->name, np, "stream ID out of range");
	}
}

static int __init describe_iommus(struct pkvm_iommu_builder *b,
				  struct device_node *np, int *endpoint)
{
	struct of_phandle_args args;
	unsigned int i;
	int ret;

	for (i = 0; ; i++) {
		int iommu;

		ret = of_parse_phandle_with_args(np, "iommus", "#iommu-cells",
						 i, &args);
		if (ret)
			break;

		iommu = find_iommu(b, args.np);
		of_node_put(args.np);
		if (iommu < 0)
			continue;

		if (args.args_count < 1 || args.args_count > 2)
			return pkvm_iommu_malformed(b->drv->name, np,
						    "iommus: 1 or 2 cells expected");

		ret = add_stream(b, np, endpoint, iommu, args.args[0],
				 args.args_count > 1 ? args.args[1] : 0, 1);
		if (ret)
			return ret;
	}

	return ret == -ENOENT ? 0 : pkvm_iommu_malformed(b->drv->name, np, "iommus: malformed");
}

/*
 * Describe an entry of "iommu-map". Its input IDs [base, base + len), limited by
 * @mask, have the stream IDs from @out[0] on. @base is within @mask, so no input ID
 * is larger than @mask.
 */
static int __init describe_map_entry(struct pkvm_iommu_builder *b,
				     struct device_node *np, int *endpoint,
				     int iommu, u32 base, u32 mask,
				     const __be32 *out, u32 cells, u32 len)
{
	u32 nr;

	if (base & ~mask)
		return pkvm_iommu_malformed(b->drv->name, np,
					    "iommu-map: base outside iommu-map-mask");
	if (!len)
		return pkvm_iommu_malformed(b->drv->name, np, "iommu-map: empty range");
	if (cells > 1 && len > 1)
		return pkvm_iommu_malformed(b->drv->name, np,
					    "iommu-map: a range cannot have a mask");

	nr = min_t(u64, len, (u64)mask - base + 1);
	return add_stream(b, np, endpoint, iommu, be32_to_cpu(out[0]),
			  cells > 1 ? be32_to_cpu(out[1]) : 0, nr);
}

static int __init describe_map(struct pkvm_iommu_builder *b,
			       struct device_node *np, int *endpoint)
{
	u32 mask = U32_MAX;
	const __be32 *map;
	int pos, len;

	map = of_get_property(np, "iommu-map", &len);
	if (!map)
		return 0;

	of_property_read_u32(np, "iommu-map-mask", &mask);

	len /= sizeof(*map);
	for (pos = 0; pos < len; ) {
		struct device_node *target;
		u32 cells;
		int iommu, ret;

		if (len - pos < 4)
			return pkvm_iommu_malformed(b->drv->name, np, "iommu-map: malformed");

		target = of_find_node_by_phandle(be32_to_cpu(map[pos + 1]));
		if (!target || of_property_read_u32(target, "#iommu-cells", &cells))
			cells = 1;
		iommu = find_iommu(b, target);
		of_node_put(target);

		if (cells > MAX_PHANDLE_ARGS || len - pos < 3 + cells)
			return pkvm_iommu_malformed(b->drv->name, np, "iommu-map: malformed");
		if (iommu >= 0 && (cells < 1 || cells > 2))
			return pkvm_iommu_malformed(b->drv->name, np,
						    "iommu-map: 1 or 2 cells expected");

		ret = iommu < 0 ? 0 :
		      describe_map_entry(b, np, endpoint, iommu,
					 be32_to_cpu(map[pos]), mask,
					 &map[pos + 2], cells,
					 be32_to_cpu(map[pos + 2 + cells]));
		if (ret)
			return ret;

		pos += 3 + cells;
	}

	return 0;
}

static int __init describe_endpoint(struct pkvm_iommu_builder *b,
				    struct device_node *np)
{
	int endpoint = -1, map_endpoint = -1;
	int ret;

	ret = describe_iommus(b, np, &endpoint);
	if (!ret && endpoint >= 0)
		ret = b->drv->add_endpoint(b, np);
	if (!ret)
		ret = describe_map(b, np, &map_endpoint);
	if (!ret && endpoint < 0 && map_endpoint >= 0)
		ret = b->drv->add_endpoint(b, np);

	return ret;
}

/**
 * pkvm_iommu_describe_endpoints() - add all devices behind the IOMMUs
 * @b: the description, with all IOMMUs and reserved stream IDs
 *
 * Return: 0, -EINVAL, or an error of the driver. On failure @b still holds references
 * to nodes, see pkvm_iommu_put_nodes()
 */
int __init pkvm_iommu_describe_endpoints(struct pkvm_iommu_builder *b)
{
	struct device_node *np;
	int ret;

	for_each_of_allnodes(np) {
		if (!of_property_present(np, "iommus") &&
		    !of_property_present(np, "iommu-map"))
			continue;
		if (!pkvm_iommu_node_available(np))
			continue;

		ret = describe_endpoint(b, np);
		if (ret) {
			of_node_put(np);
			return ret;
		}
	}

	return 0;
}

/**
 * pkvm_iommu_put_nodes() - drop a description's references to nodes
 * @b: the description, which was not handed over
 */
void __init pkvm_iommu_put_nodes(struct pkvm_iommu_builder *b)
{
	u32 i;

	for (i = 0; i < b->desc.nr_iommus; i++)
		of_node_put(b->iommu_np[i]);
	for (i = 0; i < b->desc.nr_endpoints; i++)
		of_node_put(b->endpoint_np[i]);
}

static void __init topology_free(struct pkvm_iommu_topology *topo)
{
	kfree(topo->layout.desc);
	kfree(topo->iommu_np);
	kfree(topo->endpoint_np);
	*topo = (struct pkvm_iommu_topology) {};
}

/* Copy what is needed later. On success the topology holds the nodes' references. */
static int __init topology_init(struct pkvm_iommu_topology *topo,
				const struct pkvm_iommu_builder *b, const void *blob)
{
	const void *copy;

	copy = kmemdup(blob, b->desc.size, GFP_KERNEL);
	if (!copy)
		return -ENOMEM;
	pkvm_iommu_decode(&topo->layout, copy);

	topo->drv = b->drv;
	topo->iommu_np = kmemdup_array(b->iommu_np, b->desc.nr_iommus,
				       sizeof(*b->iommu_np), GFP_KERNEL);
	topo->endpoint_np = kmemdup_array(b->endpoint_np, b->desc.nr_endpoints,
					  sizeof(*b->endpoint_np), GFP_KERNEL);
	if (!topo->iommu_np || !topo->endpoint_np) {
		topology_free(topo);
		return -ENOMEM;
	}

	return 0;
}

/**
 * pkvm_iommu_hand_over() - hand a driver's IOMMUs over to the hypervisor
 * @b: the complete description
 * @topo: the host's copy of it; all zero unless this succeeds
 *
 * To be called by the driver's init(), see struct kvm_iommu_driver.
 *
 * Return: 0, or a negative errno. On success @topo holds the references to nodes
 */
int __init pkvm_iommu_hand_over(struct pkvm_iommu_builder *b, struct pkvm_iommu_topology *topo)
{
	size_t size;
	void *blob;
	int ret;

	size = PAGE_ALIGN(pkvm_iommu_complete(b)) + PAGE_ALIGN(b->drv->state_size(b));
	blob = alloc_pages_exact(size, GFP_KERNEL | __GFP_ZERO);
	if (!blob)
		return -ENOMEM;
	pkvm_iommu_encode(b, size >> PAGE_SHIFT, blob);

	ret = topology_init(topo, b, blob);
	if (ret)
		goto free_blob;

	ret = kvm_iommu_init_hyp(b->drv->hyp_ops, blob, size >> PAGE_SHIFT);
	if (ret < 0)
		goto free_topology;

	topo->number = ret;
	return 0;

free_topology:
	topology_free(topo);
free_blob:
	free_pages_exact(blob, size);
	return ret;
}

/**
 * pkvm_iommu_index() - find an IOMMU in a description
 * @topo: the description; empty if the hypervisor has not taken the driver's IOMMUs
 * @np: the IOMMU's node
 *
 * Return: its index, or -ENODEV
 */
int pkvm_iommu_index(const struct pkvm_iommu_topology *topo, const struct device_node *np)
{
	u32 i;

	for (i = 0; topo->layout.desc && i < topo->layout.desc->nr_iommus; i++) {
		if (topo->iommu_np[i] == np)
			return i;
	}

	return -ENODEV;
}
