// SPDX-License-Identifier: GPL-2.0-only
/*
 * Domains of the attacker's own, by raw hypercalls past the host's driver: the
 * bus master's stream is detached from the driver's domain for the time of an
 * attack, and attached to it again.
 */
#include <linux/delay.h>
#include <linux/iommu.h>
#include <linux/slab.h>

#include "attack.h"

#define RW	(IOMMU_READ | IOMMU_WRITE)
#define IOVA	0x4000UL

static int host_domain;
static unsigned int host_users;

static long attach(long domain)
{
	return hyp_attach(domain, bm_iommu, bm_endpoint, bm_info.sid);
}

static long detach(long domain)
{
	return hyp_detach(domain, bm_iommu, bm_endpoint, bm_info.sid);
}

static bool take_stream(struct outcome *o)
{
	if (!bm) {
		is_na(o, "there is no bus master");
		return false;
	}
	host_domain = bm_domain_handle();
	if (host_domain == -ENOSYS) {
		is_na(o, "the kernel has no such hypercall");
		return false;
	}
	if (host_domain < 0) {
		is_broken(o, "the bus master's domain was not found: %d", host_domain);
		return false;
	}
	for (host_users = 0; host_users < 16 && !detach(host_domain); host_users++)
		;
	if (!host_users || hyp_stream_bank() != -ENOENT) {
		is_broken(o, "the stream cannot be detached");
		return false;
	}
	return true;
}

static void return_stream(struct outcome *o)
{
	loop_stop(bm);
	while (host_users && !attach(host_domain))
		host_users--;
	if (host_users && o->verdict != VERDICT_OPEN)
		is_broken(o, "the host's domain cannot be attached again");
}

/* A domain with a page of the host's at IOVA. */
static long make_domain(struct outcome *o, struct page **page)
{
	long domain = hyp_alloc_domain(bm_iommu), ret = 0;

	if (domain > 0 && page) {
		*page = alloc_page(GFP_KERNEL | __GFP_ZERO);
		ret = *page ? hyp_map(domain, IOVA, page_to_phys(*page), PAGE_SIZE, 1, RW) :
			      -ENOMEM;
	}
	if (domain > 0 && !ret)
		return domain;
	is_broken(o, "no domain, or nothing to map: %ld, %ld", domain, ret);
	return -ENOMEM;
}

static void attack_twice(struct outcome *o, unsigned long data, const char *arg)
{
	struct page *page, *other;
	long a, b, ret;

	if (!take_stream(o))
		return;
	a = make_domain(o, &page);
	b = a > 0 ? make_domain(o, &other) : a;
	if (b < 0)
		goto out;
	ret = attach(a);
	if (ret) {
		is_broken(o, "it cannot be attached once: %ld", ret);
		goto out;
	}
	loop_start(bm, IOVA, true);
	ret = attach(b);
	if (!ret) {
		is_open(o, "one stream in two domains");
		detach(b);
		goto detach;
	}
	if (attach(host_domain) != ret || !loop_lives(bm)) {
		is_broken(o, "refused with %ld, and the first attachment has suffered", ret);
		goto detach;
	}
	/* A second time to the same is counted: one detach leaves it, two do not. */
	ret = attach(a);
	if (!ret && (detach(a) || !loop_lives(bm))) {
		is_broken(o, "one of two attachments did not last");
		goto detach;
	}
	ret = detach(a);
	if (ret || !loop_is_dead(bm) || READ_ONCE(*(u64 *)page_address(other)))
		is_open(o, "detached (%ld), and the device is not out", ret);
	else if (!detach(a))
		is_open(o, "detached more often than attached");
	else
		is_stopped(o, "a second domain is refused; the last detach ends it");
	hyp_free_domain(a);
	hyp_free_domain(b);
	goto out;
detach:
	while (!detach(a))
		;
	hyp_free_domain(a);
	hyp_free_domain(b);
out:
	return_stream(o);
}

/*
 * With bits set above those of any stream ID, where SMR has a mask: alone, and beside
 * the attachment that is described.
 */
static void attack_high_bits(struct outcome *o, unsigned long data, const char *arg)
{
	u32 sid = bm_info.sid, bits, refused = 0, attached;
	long a;

	if (!take_stream(o))
		return;
	a = make_domain(o, NULL);
	if (a < 0)
		goto out;
	for (attached = 0; attached < 2 && !o->verdict; attached++) {
		if (attached && attach(a)) {
			is_broken(o, "it cannot be attached as described");
			break;
		}
		for (bits = 1; bits <= 0xffff; bits = bits < 0x100 ? bits + 1 : bits * 2 + 1) {
			if (!hyp_attach(a, bm_iommu, bm_endpoint, sid | bits << 16) ||
			    !hyp_attach(a, bm_iommu, bm_endpoint, (sid & ~bits) | bits << 16)) {
				is_open(o, "stream %#x with %#x above it was attached", sid, bits);
				break;
			}
			refused += 2;
		}
	}
	if (!o->verdict)
		is_stopped(o, "%u attachments with more bits, all refused", refused);
	while (!detach(a))
		;
	hyp_free_domain(a);
out:
	return_stream(o);
}

static void attack_detach_live(struct outcome *o, unsigned long data, const char *arg)
{
	struct page *page;
	long a, ret, i;
	u64 pfn;

	if (!take_stream(o))
		return;
	a = make_domain(o, &page);
	if (a < 0)
		goto out;
	for (i = 0; i < 20 && !o->verdict; i++) {
		ret = attach(a);
		loop_start(bm, IOVA, true);
		if (ret || !loop_lives(bm)) {
			is_broken(o, "round %ld: attach %ld, or the device does not write", i, ret);
			break;
		}
		ret = detach(a);
		WRITE_ONCE(*(u64 *)page_address(page), 0);
		loop_reached(bm);
		if (ret)
			is_broken(o, "detach: %ld", ret);
		else if (!loop_is_dead(bm) || READ_ONCE(*(u64 *)page_address(page)))
			is_open(o, "detached, and the device writes to the page");
	}
	/* No reference may be lost: when the domain is gone EL2 takes the page. */
	ret = hyp_free_domain(a);
	if (!o->verdict && (ret || hyp_topup(page_to_pfn(page)))) {
		is_broken(o, "the domain is not freed (%ld), or its page still held", ret);
	} else if (!o->verdict) {
		if (!loop_is_dead(bm))
			is_open(o, "the device writes to what is EL2's now");
		else
			is_stopped(o, "%ld times, and it is out when the call returns", i);
		hyp_reclaim(&pfn);
	}
out:
	return_stream(o);
}

static void attack_free_live(struct outcome *o, unsigned long data, const char *arg)
{
	struct page *page;
	long a, ret;

	if (!take_stream(o))
		return;
	a = make_domain(o, &page);
	if (a < 0)
		goto out;
	ret = attach(a);
	loop_start(bm, IOVA, true);
	if (ret || !loop_lives(bm)) {
		is_broken(o, "attach %ld, or the device does not write", ret);
		goto out;
	}
	ret = hyp_free_domain(a);
	if (!ret) {
		is_open(o, "freed while a device writes through it");
		goto out;
	}
	if (!hyp_topup(page_to_pfn(page)))
		is_open(o, "free is refused (%ld), and its page can be given away", ret);
	else if (!loop_lives(bm))
		is_broken(o, "free is refused (%ld), and yet something was undone", ret);
	else
		is_stopped(o, "refused (%ld), nothing has changed", ret);
	detach(a);
	hyp_free_domain(a);
out:
	return_stream(o);
}

static void attack_freed_handle(struct outcome *o, unsigned long data, const char *arg)
{
	struct page *page;
	long a, ret;

	if (!take_stream(o))
		return;
	a = make_domain(o, &page);
	if (a < 0)
		goto out;
	ret = attach(a) ?: detach(a) ?: hyp_free_domain(a);
	if (ret)
		is_broken(o, "it cannot be used and freed: %ld", ret);
	else if (hyp_map(a, IOVA, page_to_phys(page), PAGE_SIZE, 1, RW) >= 0)
		is_open(o, "map with a freed handle");
	else if (hyp_unmap(a, IOVA, PAGE_SIZE, 1) >= 0)
		is_open(o, "unmap with a freed handle");
	else if (attach(a) >= 0)
		is_open(o, "attach with a freed handle");
	else if (detach(a) >= 0)
		is_open(o, "detach with a freed handle");
	else if (hyp_free_domain(a) >= 0)
		is_open(o, "freed twice");
	else
		is_stopped(o, "map, unmap, attach, detach, free: all refused");
out:
	return_stream(o);
}

/* The next domain gets the context bank that the last one had, and its tag. */
static void attack_bank(struct outcome *o, unsigned long data, const char *arg)
{
	struct page *page, *own;
	long a, b, bank, ret, i;
	u64 word = LOOP_WORD, got;

	if (!take_stream(o))
		return;
	b = make_domain(o, NULL);
	a = b > 0 ? make_domain(o, &page) : b;
	own = alloc_page(GFP_KERNEL | __GFP_ZERO);
	if (a < 0 || !own)
		goto out;
	for (i = 0; i < 20 && !o->verdict; i++) {
		WRITE_ONCE(*(u64 *)page_address(page), 0);
		ret = attach(a);
		bank = hyp_stream_bank();
		if (ret || !dma_once(IOVA, true, &word, 8)) {
			is_broken(o, "round %ld: attach %ld, or no access", i, ret);
			break;
		}
		ret = detach(a) ?: attach(b);
		if (ret || hyp_stream_bank() != bank) {
			is_broken(o, "error %ld, or another bank: %ld was %ld", ret,
				  hyp_stream_bank(), bank);
			break;
		}
		if (dma_once(IOVA, false, &got, 8) || dma_once(IOVA, true, &word, 8)) {
			is_open(o, "bank %ld: the new domain reaches the page of the old", bank);
			break;
		}
		ret = hyp_map(b, IOVA, page_to_phys(own), PAGE_SIZE, 1, RW);
		WRITE_ONCE(*(u64 *)page_address(page), 0);
		word++;
		if (ret || !dma_once(IOVA, true, &word, 8) ||
		    READ_ONCE(*(u64 *)page_address(own)) != word)
			is_broken(o, "map %ld, or the new domain's page is not reached", ret);
		else if (READ_ONCE(*(u64 *)page_address(page)))
			is_open(o, "bank %ld: written to the page of the old domain", bank);
		hyp_unmap(b, IOVA, PAGE_SIZE, 1);
		detach(b);
	}
	if (!o->verdict)
		is_stopped(o, "%ld times the same bank, and nothing of the old domain in it", i);
	detach(a);
	detach(b);
	hyp_free_domain(a);
	hyp_free_domain(b);
out:
	return_stream(o);
}

const struct attack domain_attacks[] = {
	{ "domain-twice", "attach a stream to two domains, and twice to one", attack_twice },
	{ "domain-high-bits", "attach a stream with bits above its stream ID", attack_high_bits },
	{ "domain-detach", "detach while DMA runs", attack_detach_live },
	{ "domain-free", "free a domain while DMA runs through it", attack_free_live },
	{ "domain-freed", "use the handle of a domain that was freed", attack_freed_handle },
	{ "domain-bank", "attach another domain at once, in the same context bank", attack_bank },
	{ }
};
