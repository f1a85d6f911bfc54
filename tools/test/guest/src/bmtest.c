// SPDX-License-Identifier: GPL-2.0-only
/*
 * bmtest DEVICE [TEST...]: check what a driver may expect of its device's DMA, with
 * the programmable bus master. Mapped pages are reachable, as they were mapped;
 * other pages are unreachable, and so is a page from the moment that its unmap
 * returns.
 *
 * bmtest DEVICE xfer [-w] [-a ADDR] [-l LEN] [-c CLIENT] [-s SID]: one transfer
 *
 * Prints a line for each result; exit status 1 if one is not ok.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "../../modules/busmaster/busmaster.h"

#define PAGE 4096

static int dev, failed;
static struct bm_info info;
static uint8_t out[BM_MAX_LEN], in[BM_MAX_LEN];

static void result(int good, const char *name, const char *why, ...)
{
	va_list ap;

	printf("%s - %s", good ? "ok" : "not ok", name);
	if (!good) {
		printf(" # ");
		va_start(ap, why);
		vprintf(why, ap);
		va_end(ap);
		failed = 1;
	}
	printf("\n");
	fflush(stdout);
}

static void die(const char *what)
{
	printf("not ok - %s # %s\n", what, strerror(errno));
	exit(1);
}

static uint32_t rnd(void)
{
	static uint64_t x = 88172645463325252u;

	x ^= x << 13;
	x ^= x >> 7;
	x ^= x << 17;
	return x >> 16;
}

static void random_bytes(uint8_t *p, unsigned int n)
{
	while (n--)
		*p++ = rnd();
}

static struct bm_buffer alloc(unsigned int size, int coherent, enum bm_dir dir)
{
	struct bm_buffer b = { .size = size, .coherent = coherent, .dir = dir };

	if (ioctl(dev, BM_ALLOC, &b))
		die("a buffer can be allocated");
	return b;
}

static void unmap(struct bm_buffer *b)
{
	if (ioctl(dev, BM_UNMAP, b->id))
		die("a buffer can be unmapped");
}

static void map_again(struct bm_buffer *b)
{
	if (ioctl(dev, BM_MAP, b))
		die("a buffer can be mapped again");
}

static void release(struct bm_buffer *b)
{
	if (ioctl(dev, BM_FREE, b->id))
		die("a buffer can be freed");
}

/* Access a buffer by the CPU. */
static void cpu_rw(struct bm_buffer *b, unsigned int offset, void *data, unsigned int len, int write)
{
	struct bm_rw rw = { .id = b->id, .write = write, .offset = offset, .len = len,
			    .data = (uintptr_t)data };

	if (ioctl(dev, BM_RW, &rw))
		die("the CPU can access the buffer");
}

static void cpu_write(struct bm_buffer *b, unsigned int offset, void *data, unsigned int len)
{
	cpu_rw(b, offset, data, len, 1);
}

static void cpu_read(struct bm_buffer *b, unsigned int offset, void *data, unsigned int len)
{
	cpu_rw(b, offset, data, len, 0);
}

/*
 * Until the fault of an aborted transfer is handled, its context bank aborts other
 * transfers, too (SCTLR.HUPCF), on the instance that faulted. After an abort, wait
 * until pages that are always mapped, enough of them to use each instance, are
 * reachable again. The wait is bounded: if the fault is never cleared, the next
 * checks fail.
 */
#define ALWAYS_PAGES 16

static struct bm_buffer always;

static int reaches_always(void)
{
	for (int i = 0; i < ALWAYS_PAGES; i++) {
		struct bm_xfer x = { .client = BM_AS_DESCRIBED, .sid = BM_AS_DESCRIBED,
				     .addr = always.iova + i * PAGE, .len = 4 };

		if (ioctl(dev, BM_XFER, &x) || (x.status & BM_S_ERROR))
			return 0;
	}
	return 1;
}

static void settle(void)
{
	for (int i = 0; i < 1000 && !reaches_always(); i++)
		usleep(1000);
}

/* Do one transfer. Return 1 if it completed, 0 if it was aborted. */
static int xfer_as(uint32_t client, uint32_t sid, uint64_t addr, void *data, unsigned int len,
		   unsigned int flags)
{
	struct bm_xfer x = { .client = client, .sid = sid, .flags = flags, .addr = addr, .len = len,
			     .data = (uintptr_t)data };

	if (ioctl(dev, BM_XFER, &x))
		die("the device accepts the command");
	if (!(x.status & BM_S_DONE))
		die("a transfer has completed when the command returns");
	if (x.status & BM_S_ERROR) {
		settle();
		return 0;
	}
	return 1;
}

static int xfer(uint64_t addr, void *data, unsigned int len, unsigned int flags)
{
	return xfer_as(BM_AS_DESCRIBED, BM_AS_DESCRIBED, addr, data, len, flags);
}

static int dev_write(uint64_t addr, void *data, unsigned int len)
{
	return xfer(addr, data, len, BM_F_WRITE);
}

/*
 * Fill @data before the read: an aborted read must not transfer data, which the
 * caller can check.
 */
static int dev_read(uint64_t addr, void *data, unsigned int len)
{
	memset(data, 0x5a, len);
	return xfer(addr, data, len, 0);
}

static void test_described(void)
{
	result(info.sid != BM_AS_DESCRIBED && info.translated, "the device is behind an IOMMU",
	       "stream ID %#x, translated %u", info.sid, info.translated);
}

/* Transfers at any offset of a buffer, of any length, both ways */
static void test_data(int coherent)
{
	struct bm_buffer b = alloc(16 * PAGE, coherent, BM_BIDIRECTIONAL);
	const char *name = coherent ? "coherent memory: data of 200 transfers both ways are right" :
				      "streaming memory: data of 200 transfers both ways are right";
	static uint8_t shadow[16 * PAGE], now[16 * PAGE];
	int bad = 0;

	random_bytes(shadow, sizeof(shadow));
	cpu_write(&b, 0, shadow, sizeof(shadow));

	for (int i = 0; i < 200 && !bad; i++) {
		unsigned int len = 1 + rnd() % BM_MAX_LEN, offset = rnd() % (sizeof(shadow) - len);

		if (i & 1) {
			random_bytes(out, len);
			memcpy(shadow + offset, out, len);
			if (!dev_write(b.iova + offset, out, len))
				bad = 1;
		} else if (!dev_read(b.iova + offset, in, len)) {
			bad = 2;
		} else if (memcmp(in, shadow + offset, len)) {
			bad = 3;
		}
	}
	cpu_read(&b, 0, now, sizeof(now));
	if (!bad && memcmp(now, shadow, sizeof(now)))
		bad = 4;
	result(!bad, name, "%s",
	       (const char *[]){ "", "a write was aborted", "a read was aborted",
				 "a read returned wrong data", "memory does not have the written data" }[bad]);
	release(&b);
}

static void test_iova_to_phys(void)
{
	struct bm_buffer b = alloc(PAGE, 0, BM_BIDIRECTIONAL);
	struct bm_lookup l = { .iova = b.iova + 0x123 };

	if (ioctl(dev, BM_LOOKUP, &l))
		die("an IOVA can be looked up");
	result(l.phys == b.phys + 0x123, "iova_to_phys returns the address of a mapped page",
	       "got %#llx, expected %#llx", (unsigned long long)l.phys,
	       (unsigned long long)b.phys + 0x123);

	l.iova = b.iova;
	unmap(&b);
	if (ioctl(dev, BM_LOOKUP, &l))
		die("an IOVA can be looked up");
	result(!l.phys, "iova_to_phys returns 0 for an unmapped page", "got %#llx",
	       (unsigned long long)l.phys);
	release(&b);
}

static void test_read_only(void)
{
	struct bm_buffer b = alloc(PAGE, 0, BM_TO_DEVICE);
	uint8_t now[256];

	random_bytes(in, 256);
	memcpy(now, in, 256);
	cpu_write(&b, 0, now, 256);
	memset(out, 0, 256);

	result(dev_read(b.iova, in, 256) && !memcmp(in, now, 256),
	       "page mapped read-only is readable", "the read was aborted, or returned wrong data");
	result(!dev_write(b.iova, out, 256), "page mapped read-only is not writable",
	       "the write completed");
	memcpy(out, now, 256);
	cpu_read(&b, 0, now, 256);
	result(!memcmp(out, now, 256), "an aborted write does not change the page", "it changed");
	release(&b);
}

static void test_unmapped(void)
{
	struct bm_buffer b = alloc(PAGE, 0, BM_BIDIRECTIONAL);
	uint64_t far = (b.iova & ~0x3fffffffull) - 0x40000000;

	unmap(&b);
	result(!dev_read(far, in, 64) && !dev_write(far, in, 64),
	       "address that was never mapped is unreachable", "a transfer completed");
	result(!dev_read(b.phys, in, 64) && !dev_write(b.phys, in, 64),
	       "physical address of a page is unreachable", "a transfer completed");
	result(!dev_read(0, in, 64), "address 0 is unreachable", "a transfer completed");
	release(&b);
}

/* Unmap a page after DMA to it, so that its translation is in the TLB. */
static void test_stale(void)
{
	struct bm_buffer b = alloc(PAGE, 0, BM_BIDIRECTIONAL), other;
	int same = 0, reached = 0, stale = 0;
	uint8_t secret[64], now[64];

	random_bytes(secret, 64);
	random_bytes(out, 64);
	if (!dev_write(b.iova, out, 64) || !dev_read(b.iova, in, 64))
		result(0, "mapped page is reachable", "a transfer was aborted");

	unmap(&b);
	cpu_write(&b, 0, secret, 64);
	result(!dev_read(b.iova, in, 64) && memcmp(in, secret, 64),
	       "unmapped page is unreachable", "DMA still read it");
	result(!dev_write(b.iova, out, 64), "unmapped page is not writable", "DMA still wrote it");
	cpu_read(&b, 0, now, 64);
	result(!memcmp(now, secret, 64), "unmapped page keeps the data of the CPU", "they changed");
	release(&b);

	/* An IOVA that is reused for another page maps to that page only. */
	b = alloc(PAGE, 0, BM_BIDIRECTIONAL);
	other = alloc(PAGE, 0, BM_BIDIRECTIONAL);
	unmap(&other);
	for (int i = 0; i < 20; i++) {
		struct bm_buffer *from = i & 1 ? &other : &b, *to = i & 1 ? &b : &other;
		uint64_t was = from->iova;

		memset(secret, i, 64);
		cpu_write(from, 0, secret, 64);
		if (!dev_read(was, in, 64) || memcmp(in, secret, 64))
			reached++;
		unmap(from);
		map_again(to);
		same += to->iova == was;
		memset(secret, 0x80 + i, 64);
		cpu_write(to, 0, secret, 64);
		if (!dev_read(to->iova, in, 64) || memcmp(in, secret, 64))
			stale++;
	}
	result(!reached && !stale, "reused IOVA maps to its new page",
	       "%d of 20 pages were not read before the unmap, %d of 20 after the IOVA was reused",
	       reached, stale);
	printf("the IOVA was reused %d of 20 times\n", same);
	release(&b);
	release(&other);
}

/* A transfer that is only partly mapped */
static void test_crossing(void)
{
	struct bm_buffer b = alloc(PAGE, 0, BM_BIDIRECTIONAL);
	struct bm_lookup l = { .iova = b.iova + PAGE };

	ioctl(dev, BM_LOOKUP, &l);
	if (l.phys) {
		/* the next page is mapped, for another buffer: try the previous one */
		l.iova = b.iova - PAGE;
		ioctl(dev, BM_LOOKUP, &l);
		if (l.phys) {
			printf("ok - transfer that leaves the mapping is aborted # SKIP both adjacent pages are mapped\n");
			release(&b);
			return;
		}
		result(!dev_write(b.iova - 128, out, 256), "transfer that leaves the mapping is aborted",
		       "it completed");
	} else {
		result(!dev_write(b.iova + PAGE - 128, out, 256), "transfer that leaves the mapping is aborted",
		       "it completed");
	}
	release(&b);
}

/* Many buffers, mapped and unmapped in random order */
static void test_storm(void)
{
	struct bm_buffer b[48];
	uint8_t mapped[48], tag[48];
	int reached = 0, refused = 0, wrong = 0;

	for (int i = 0; i < 48; i++) {
		b[i] = alloc((1 + i % 4) * PAGE, 0, BM_BIDIRECTIONAL);
		mapped[i] = 1;
		tag[i] = i;
		memset(out, i, 64);
		cpu_write(&b[i], 0, out, 64);
	}
	for (int round = 0; round < 600; round++) {
		int i = rnd() % 48, done;

		switch (rnd() % 4) {
		case 0:
			if (mapped[i])
				unmap(&b[i]);
			else
				map_again(&b[i]);
			mapped[i] ^= 1;
			break;
		case 1:
			if (!mapped[i])
				break;
			tag[i] = rnd();
			memset(out, tag[i], 64);
			if (!dev_write(b[i].iova, out, 64))
				refused++;
			break;
		case 2:
			memset(out, tag[i], 64);
			if (!mapped[i])
				break;
			if (!dev_read(b[i].iova, in, 64))
				refused++;
			else if (memcmp(in, out, 64))
				wrong++;
			break;
		case 3:
			/* its old IOVA may map another buffer now */
			done = 0;
			for (int j = 0; j < 48; j++)
				done |= mapped[j] && b[i].iova >= b[j].iova &&
					b[i].iova < b[j].iova + b[j].size;
			if (!done && dev_read(b[i].iova, in, 64))
				reached++;
			break;
		}
	}
	for (int i = 0; i < 48; i++) {
		memset(out, tag[i], 64);
		cpu_read(&b[i], 0, in, 64);
		wrong += !!memcmp(in, out, 64);
		release(&b[i]);
	}
	result(!reached && !refused && !wrong,
	       "mapped pages are reachable, unmapped ones unreachable (600 steps, 48 buffers)",
	       "DMA reached %d unmapped pages, was aborted at %d mapped ones; %d pages have wrong data",
	       reached, refused, wrong);
}

/* A device that writes all the time */
static void test_loop(void)
{
	struct bm_buffer b = alloc(PAGE, 0, BM_BIDIRECTIONAL);
	struct bm_xfer x = { .client = BM_AS_DESCRIBED, .sid = BM_AS_DESCRIBED,
			     .flags = BM_F_WRITE | BM_F_LOOP, .addr = b.iova, .len = 256,
			     .period_us = 200, .data = (uintptr_t)out };
	uint8_t marker[256], now[256];
	uint32_t ok;

	random_bytes(out, 256);
	memset(marker, 0xee, 256);
	if (ioctl(dev, BM_XFER, &x))
		die("the device accepts the loop");
	usleep(50000);
	ioctl(dev, BM_STATUS, &x);
	cpu_read(&b, 0, now, 256);
	result(x.ok_count > 1 && !x.err_count && !memcmp(now, out, 256),
	       "page is reachable for a device that writes all the time",
	       "%u transfers completed, %u were aborted", x.ok_count, x.err_count);

	unmap(&b);
	ioctl(dev, BM_STATUS, &x);
	ok = x.ok_count;
	cpu_write(&b, 0, marker, 256);
	usleep(50000);
	ioctl(dev, BM_STATUS, &x);
	cpu_read(&b, 0, now, 256);
	result(x.err_count && x.ok_count == ok && !memcmp(now, marker, 256),
	       "page is unreachable from unmap on for a device that writes all the time",
	       "%u transfers completed since, %u were aborted, the page %s", x.ok_count - ok,
	       x.err_count, memcmp(now, marker, 256) ? "changed" : "is intact");
	ioctl(dev, BM_STOP, 0);
	settle();
	release(&b);
}

/* One transfer as another client, or with another own stream ID */
static int reads_secret(uint32_t client, uint32_t sid, uint64_t addr, const uint8_t *secret)
{
	memset(in, 0x5a, 64);
	return xfer_as(client, sid, addr, in, 64, 0) && !memcmp(in, secret, 64);
}

/*
 * The page is reachable at its IOVA for the device's own clients only, and at its
 * physical address for no client. In particular, unattached clients must not reach
 * it, in whatever state firmware left them. Devices with the same stream ID cannot
 * be told apart; $SHARED names their clients.
 */
static int shares_stream(int client)
{
	const char *p = getenv("SHARED");
	char *end;

	for (; p && *p; p = end) {
		if ((int)strtol(p, &end, 0) == client)
			return 1;
		if (end == p)
			break;
	}
	return 0;
}

static void test_clients(void)
{
	struct bm_buffer b = alloc(PAGE, 0, BM_BIDIRECTIONAL);
	int reached = 0, first = -1;
	uint8_t secret[64];

	random_bytes(secret, 64);
	cpu_write(&b, 0, secret, 64);
	result(reads_secret(BM_AS_DESCRIBED, BM_AS_DESCRIBED, b.iova, secret),
	       "mapped page is reachable for the device's own client", "it was not read");
	for (int c = 0; c < 0x120; c++) {
		int own = c == (int)info.client_read || c == (int)info.client_write ||
			  shares_stream(c);

		if (reads_secret(c, BM_AS_DESCRIBED, b.phys, secret) ||
		    (!own && reads_secret(c, BM_AS_DESCRIBED, b.iova, secret))) {
			reached++;
			first = first < 0 ? c : first;
		}
	}
	result(!reached, "mapped page is unreachable for other clients, and by its physical address",
	       "%d clients read it, the first is %#x", reached, first);
	release(&b);
}

/*
 * The stream ID that a device presents itself: the memory controller overrides it.
 * Without a memory controller the SMMU uses it, and the page is reachable with the
 * right stream ID only.
 */
static void test_sids(void)
{
	struct bm_buffer b = alloc(PAGE, 0, BM_BIDIRECTIONAL);
	int overridden = info.client_read != BM_AS_DESCRIBED, wrong = 0, bypassing = 0;
	uint8_t secret[64];

	random_bytes(secret, 64);
	cpu_write(&b, 0, secret, 64);
	for (uint32_t s = 0; s < 0x10000; s = s < 0x100 ? s + 1 : s * 2 - 0xff) {
		int want = overridden || s == info.sid;

		wrong += reads_secret(BM_AS_DESCRIBED, s, b.iova, secret) != want;
		bypassing += reads_secret(BM_AS_DESCRIBED, s, b.phys, secret);
	}
	result(!wrong && !bypassing,
	       overridden ? "the stream ID that a device presents has no effect" :
			    "page is unreachable with another stream ID",
	       "%d stream IDs have another result, %d bypass the IOMMU", wrong, bypassing);
	release(&b);
}

static const struct {
	const char *name;
	void (*fn)(void);
	int unless_named;	/* run only if it is named */
} tests[] = {
	{ "described", test_described, 0 },
	{ "iova_to_phys", test_iova_to_phys, 0 },
	{ "read_only", test_read_only, 0 },
	{ "unmapped", test_unmapped, 0 },
	{ "stale", test_stale, 0 },
	{ "crossing", test_crossing, 0 },
	{ "storm", test_storm, 0 },
	{ "loop", test_loop, 0 },
	{ "sids", test_sids, 0 },
	{ "clients", test_clients, 1 },
};

static int one_transfer(int argc, char **argv)
{
	struct bm_xfer x = { .client = BM_AS_DESCRIBED, .sid = BM_AS_DESCRIBED, .len = 64,
			     .data = (uintptr_t)in };
	int c;

	while ((c = getopt(argc, argv, "wpia:l:c:s:")) != -1) {
		switch (c) {
		case 'w': x.flags |= BM_F_WRITE; break;
		case 'p': x.flags |= BM_F_PRIV; break;
		case 'i': x.flags |= BM_F_INSN; break;
		case 'a': x.addr = strtoull(optarg, NULL, 0); break;
		case 'l': x.len = strtoul(optarg, NULL, 0); break;
		case 'c': x.client = strtoul(optarg, NULL, 0); break;
		case 's': x.sid = strtoul(optarg, NULL, 0); break;
		default: return 2;
		}
	}
	if (ioctl(dev, BM_XFER, &x)) {
		perror("transfer");
		return 2;
	}
	printf("%s", x.status & BM_S_ERROR ? "aborted" : "done");
	if (!(x.flags & BM_F_WRITE) && !(x.status & BM_S_ERROR)) {
		printf(" ");
		for (unsigned int i = 0; i < x.len && i < 32; i++)
			printf("%02x", in[i]);
	}
	printf("\n");
	return !!(x.status & BM_S_ERROR);
}

int main(int argc, char **argv)
{
	if (argc < 2) {
		fprintf(stderr, "usage: bmtest DEVICE [TEST... | xfer OPTIONS]\n");
		return 2;
	}
	dev = open(argv[1], O_RDWR);
	if (dev < 0 || ioctl(dev, BM_INFO, &info)) {
		perror(argv[1]);
		return 2;
	}
	if (argc > 2 && !strcmp(argv[2], "xfer"))
		return one_transfer(argc - 2, argv + 2);
	if (argc > 2 && !strcmp(argv[2], "info")) {
		printf("client_read=%#x client_write=%#x sid=%#x translated=%u\n", info.client_read,
		       info.client_write, info.sid, info.translated);
		return 0;
	}

	always = alloc(ALWAYS_PAGES * PAGE, 0, BM_BIDIRECTIONAL);
	settle();
	for (unsigned int i = 0; i < sizeof(tests) / sizeof(*tests); i++) {
		int wanted = argc == 2 && !tests[i].unless_named;

		for (int j = 2; j < argc; j++)
			wanted |= !strcmp(argv[j], tests[i].name);
		if (wanted)
			tests[i].fn();
	}
	if (argc == 2) {
		test_data(0);
		test_data(1);
	}
	release(&always);
	return failed;
}
