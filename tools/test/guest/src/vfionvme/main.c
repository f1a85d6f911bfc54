// SPDX-License-Identifier: GPL-2.0-only
/*
 * vfionvme API BDF WHAT: drive the NVMe controller BDF, bound to vfio-pci, from user
 * space. The contents of the disk are overwritten.
 *
 * API is `type1` or `iommufd`. WHAT is one of
 *
 * data		identify; write and read, and compare; map and unmap 64 MiB
 * busy		print `busy`, and read and write until killed
 * protected	donate pages that the controller can reach to a protected guest
 * guest	share memory between the controller and an unprotected guest
 *
 * Prints a line for each result; exit status 1 if one is not ok.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "guest.h"
#include "nvme.h"
#include "vfio.h"

#define HUGE_PAGE	(2 << 20)
#define BUFFER_SIZE	(1 << 20)
#define LARGE_SIZE	(64 << 20)

/* IOVAs of the controller's buffers; they must not overlap PCI windows */
#define BUFFER_IOVA	0x30000000ULL
#define LARGE_IOVA	0x80000000ULL
#define GUEST_IOVA	0x90000000ULL

#define STATS		"/sys/kernel/debug/kvm_iommu/stats"

/* The state of every test: the device, its driver, and a buffer that it can reach */
struct test {
	const char *api;
	struct vfio vfio;
	struct nvme nvme;
	uint8_t *buffer;
};

static int failed;

/*
 * Results
 */

__attribute__((format(printf, 4, 5)))
static bool result(struct test *t, bool good, const char *name, const char *why, ...)
{
	va_list args;

	printf("%s - %s: %s", good ? "ok" : "not ok", t->api, name);
	if (!good) {
		printf(" # ");
		va_start(args, why);
		vprintf(why, args);
		va_end(args);
		failed = 1;
	}
	printf("\n");
	fflush(stdout);

	return good;
}

/* @ret: 0, a negative errno, or a status of NVMe */
static bool worked(struct test *t, int ret, const char *name)
{
	if (ret < 0)
		return result(t, false, name, "%s", strerror(-ret));

	return result(t, !ret, name, "NVMe status %#x", ret);
}

static bool has_errno(struct test *t, int ret, int wanted, const char *name)
{
	return result(t, ret == wanted, name, "got %d (%s), expected %d", ret,
		      ret < 0 ? strerror(-ret) : "success", wanted);
}

/*
 * Memory and data
 */

static void *get_memory(size_t size)
{
	uint8_t *p = mmap(NULL, size + HUGE_PAGE, PROT_READ | PROT_WRITE,
			  MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (p == MAP_FAILED) {
		perror("mmap");
		exit(2);
	}
	p = (uint8_t *)(((uintptr_t)p + HUGE_PAGE - 1) & -(uintptr_t)HUGE_PAGE);
	madvise(p, size, MADV_HUGEPAGE);

	return p;
}

/* Return a word that depends on @seed and its position alone. */
static uint64_t word(unsigned int seed, size_t i)
{
	uint64_t x = (seed * 0x1000000ULL + i + 1) * 0x9e3779b97f4a7c15ULL;

	return x ^ x >> 29;
}

static void fill(void *p, size_t bytes, unsigned int seed)
{
	uint64_t *w = p;
	size_t i;

	for (i = 0; i < bytes / 8; i++)
		w[i] = word(seed, i);
}

/* Return true if each word is that of fill() plus @more. */
static bool is_filled(const void *p, size_t bytes, unsigned int seed, uint64_t more)
{
	const volatile uint64_t *w = p;
	size_t i;

	for (i = 0; i < bytes / 8; i++)
		if (w[i] != word(seed, i) + more)
			return false;

	return true;
}

/* Return one of EL2's counters, or -1 if there is none of this name. */
static long counter(const char *name)
{
	FILE *f = fopen(STATS, "r");
	char line[128], word[64];
	long value, found = -1;

	while (f && found < 0 && fgets(line, sizeof(line), f))
		if (sscanf(line, "%63s %ld", word, &value) == 2 && !strcmp(word, name))
			found = value;
	if (f)
		fclose(f);

	return found;
}

/* Return the number of pages that are mapped for devices. */
static long mapped_pages(void)
{
	return counter("mapped_pages");
}

/*
 * The controller
 */

static bool start(struct test *t, enum vfio_api api, const char *bdf)
{
	const char *step = "";
	char name[80];
	int ret;

	ret = vfio_open(&t->vfio, api, bdf, &step);
	snprintf(name, sizeof(name), "VFIO gives the device%s%s", ret ? ": " : "",
		 ret ? step : "");
	if (!worked(t, ret, name))
		return false;

	if (!worked(t, nvme_open(&t->nvme, &t->vfio), "the controller starts"))
		return false;

	t->buffer = get_memory(BUFFER_SIZE);

	return worked(t, vfio_map(&t->vfio, t->buffer, BUFFER_IOVA, BUFFER_SIZE),
		      "a buffer is mapped for the controller");
}

static void stop(struct test *t)
{
	worked(t, vfio_unmap(&t->vfio, BUFFER_IOVA, BUFFER_SIZE), "the buffer is unmapped");
	worked(t, nvme_close(&t->nvme), "the controller stops");
	vfio_close(&t->vfio);
}

static uint64_t block_at(struct test *t, uint64_t bytes)
{
	return bytes / t->nvme.block_size;
}

/* Fill the buffer with the words of @seed, and write it to the start of the disk. */
static int put_on_disk(struct test *t, uint32_t bytes, unsigned int seed)
{
	fill(t->buffer, bytes, seed);

	return nvme_rw(&t->nvme, true, 0, BUFFER_IOVA, bytes);
}

/*
 * A read of the disk to an unmapped IOVA must fault. The controller may still report
 * success. If it cannot write its completion before the fault is handled, it gives up
 * and must be restarted.
 */
static void check_unreachable(struct test *t, uint64_t iova, const char *name)
{
	long before = counter("faults");
	int i, ret;

	ret = nvme_submit(&t->nvme, false, 0, iova, NVME_PAGE) ?: nvme_wait(&t->nvme, 30000);
	for (i = 0; i < 100 && counter("faults") == before; i++)
		usleep(100000);
	result(t, counter("faults") > before, name, "its DMA did not fault");

	for (i = 0; i < 50 && ret < 0; i++) {
		usleep(100000);
		ret = nvme_restart(&t->nvme);
	}
	if (ret < 0)
		worked(t, ret, "the controller restarts after a fault");
}

/*
 * data
 */

/* Lengths up to several pages, at different offsets in a page */
static int write_and_read(struct test *t)
{
	static const uint32_t lengths[] = { 512, 4096, 4608, 8192, 12288, 32768, 65536 };
	static const uint32_t offsets[] = { 0, 512, 2048, 3584 };
	uint8_t *back = t->buffer + BUFFER_SIZE / 2;
	unsigned int i, j, seed = 1;
	int ret;

	for (i = 0; i < sizeof(lengths) / sizeof(*lengths); i++) {
		for (j = 0; j < sizeof(offsets) / sizeof(*offsets); j++, seed++) {
			uint64_t block = block_at(t, seed * 131072ULL);
			uint32_t at = offsets[j];

			fill(t->buffer + at, lengths[i], seed);
			ret = nvme_rw(&t->nvme, true, block, BUFFER_IOVA + at, lengths[i]);
			if (ret)
				return ret;

			memset(back, 0xa5, BUFFER_SIZE / 2);
			at = offsets[(j + 1) % 4];
			ret = nvme_rw(&t->nvme, false, block, BUFFER_IOVA + BUFFER_SIZE / 2 + at,
				      lengths[i]);
			if (ret)
				return ret;

			if (!is_filled(back + at, lengths[i], seed, 0) ||
			    back[at + lengths[i]] != 0xa5 || (at && back[at - 1] != 0xa5))
				return -EILSEQ;
		}
	}

	return 0;
}

/* As many requests in flight as possible, each with its own blocks and buffer */
static int write_and_read_many(struct test *t)
{
	unsigned int i, write;
	int ret;

	for (i = 0; i < NVME_DEPTH; i++)
		fill(t->buffer + i * 8192, 8192, 1000 + i);

	for (write = 1; write != -1U; write--) {
		for (i = 0; i < NVME_DEPTH; i++) {
			ret = nvme_submit(&t->nvme, write, block_at(t, i * 8192),
					  BUFFER_IOVA + i * 8192, 8192);
			if (ret)
				return ret;
		}
		for (i = 0; i < NVME_DEPTH; i++) {
			ret = nvme_wait(&t->nvme, 30000);
			if (ret)
				return ret;
		}
		if (write)
			memset(t->buffer, 0xa5, BUFFER_SIZE);
	}

	for (i = 0; i < NVME_DEPTH; i++)
		if (!is_filled(t->buffer + i * 8192, 8192, 1000 + i, 0))
			return -EILSEQ;

	return 0;
}

/* Read to one page of each MiB, and to the last page. */
static int read_all_over(struct test *t, uint8_t *large)
{
	size_t at;
	int ret;

	for (at = 0; at < LARGE_SIZE; at += 1 << 20) {
		size_t page = at + (at >> 20) * NVME_PAGE * 4;

		ret = nvme_rw(&t->nvme, false, 0, LARGE_IOVA + page, NVME_PAGE);
		if (ret)
			return ret;
		if (!is_filled(large + page, NVME_PAGE, 7, 0))
			return -EILSEQ;
		memset(large + page, 0, NVME_PAGE);
	}

	return 0;
}

static void come_and_go(struct test *t, uint8_t *large)
{
	long before = mapped_pages();

	if (!worked(t, vfio_map(&t->vfio, large, LARGE_IOVA, LARGE_SIZE), "64 MiB are mapped"))
		return;
	result(t, mapped_pages() == before + LARGE_SIZE / NVME_PAGE, "EL2 counts each mapped page",
	       "%ld pages before, %ld now", before, mapped_pages());

	worked(t, read_all_over(t, large), "mapped pages are reachable");

	worked(t, vfio_unmap(&t->vfio, LARGE_IOVA, LARGE_SIZE), "64 MiB are unmapped");
	result(t, mapped_pages() == before, "EL2 does not count unmapped pages",
	       "%ld pages before, %ld now", before, mapped_pages());

	check_unreachable(t, LARGE_IOVA + LARGE_SIZE - NVME_PAGE, "unmapped page is unreachable");
	result(t, !large[LARGE_SIZE - NVME_PAGE], "unmapped page has no data of the disk",
	       "DMA still wrote it");
}

static void test_data(struct test *t)
{
	uint8_t *large = get_memory(LARGE_SIZE);

	result(t, !strcmp(t->nvme.serial, "orin"), "the controller has its serial number",
	       "it is '%s'", t->nvme.serial);
	result(t, t->nvme.blocks * t->nvme.block_size == 64 << 20, "the namespace has its size",
	       "%llu blocks of %u", (unsigned long long)t->nvme.blocks, t->nvme.block_size);

	worked(t, write_and_read(t), "data are right, one request at a time");
	worked(t, write_and_read_many(t), "data are right, many requests at a time");
	result(t, t->nvme.interrupts, "interrupts are delivered", "there was none");

	if (worked(t, put_on_disk(t, NVME_PAGE, 7), "a page is written to the disk")) {
		come_and_go(t, large);
		come_and_go(t, large);
	}
}

/*
 * busy
 */

static void test_busy(struct test *t)
{
	unsigned int n = 0, i = 0;
	int ret;

	while (1) {
		ret = nvme_submit(&t->nvme, i & 1, block_at(t, i % 64 * 65536),
				  BUFFER_IOVA + i % 8 * 65536, 65536);
		if (!ret) {
			i++;
			continue;
		}
		if (ret == -EAGAIN)
			ret = nvme_wait(&t->nvme, 30000);
		if (ret) {
			worked(t, ret, "reads and writes succeed");
			return;
		}
		if (++n == NVME_DEPTH) {
			printf("busy\n");
			fflush(stdout);
		}
	}
}

/*
 * Guests
 */

static int read_to_guest(struct test *t)
{
	return nvme_rw(&t->nvme, false, 0, GUEST_IOVA + GUEST_IN, GUEST_BYTES);
}

/* Run the guest while the controller writes to a page that it reads: must not succeed. */
static int run_meanwhile(struct test *t, struct guest *g)
{
	unsigned int i, nr = 8;
	uint64_t last;
	int ret, err;

	for (i = 0; i < nr; i++) {
		err = nvme_submit(&t->nvme, false, 0, GUEST_IOVA + GUEST_IN, GUEST_BYTES);
		if (err)
			return err;
	}
	ret = guest_run(g, &last);
	for (i = 0; i < nr; i++) {
		err = nvme_wait(&t->nvme, 30000);
		if (err)
			return err;
	}

	return ret;
}

static void offer(struct test *t, struct guest *g, uint8_t *memory)
{
	size_t last_in = GUEST_BYTES / 8 - 1;
	uint64_t last = 0;
	int i, ret = 0;

	worked(t, vfio_map(&t->vfio, memory + GUEST_IN, GUEST_IOVA + GUEST_IN, GUEST_BYTES),
	       "a guest's pages are mapped for the controller");
	worked(t, put_on_disk(t, GUEST_BYTES, 11) ?: read_to_guest(t),
	       "mapped pages of a guest are reachable");

	for (i = 0; i < 20 && (!i || ret == -EBUSY); i++)
		ret = run_meanwhile(t, g);
	has_errno(t, ret, -EBUSY, "mapped pages are not donated to the guest: KVM_RUN fails with EBUSY");
	result(t, is_filled(memory + GUEST_IN, GUEST_BYTES, 11, 0), "the host still owns mapped pages",
	       "their data changed");

	worked(t, vfio_unmap(&t->vfio, GUEST_IOVA + GUEST_IN, GUEST_BYTES), "the guest's pages are unmapped");
	worked(t, guest_run(g, &last), "unmapped pages are donated to the guest");
	result(t, last == word(11, last_in) + 1, "the guest reads what the controller wrote",
	       "the last word is %#llx", (unsigned long long)last);

	has_errno(t, vfio_map(&t->vfio, memory + GUEST_IN, GUEST_IOVA + GUEST_IN, GUEST_BYTES),
		  -EPERM, "pages of the guest cannot be mapped for the controller");
	check_unreachable(t, GUEST_IOVA + GUEST_IN, "pages of the guest are unreachable");
	worked(t, guest_run(g, &last), "the guest still runs");
	result(t, last == word(11, last_in) + 1, "the guest's data are unchanged",
	       "the last word is %#llx", (unsigned long long)last);
}

static void test_protected(struct test *t)
{
	uint8_t *memory = get_memory(GUEST_SIZE);
	struct guest g;
	long before;

	/* populate the pages, with data that are not zero */
	memset(memory, 0x55, GUEST_SIZE);
	before = mapped_pages();

	if (!worked(t, guest_start(&g, true, memory), "a protected guest is created"))
		return;
	offer(t, &g, memory);
	guest_stop(&g);

	result(t, mapped_pages() == before, "no page stays mapped", "%ld pages before, %ld now",
	       before, mapped_pages());
	result(t, !memory[GUEST_IN] && !memory[GUEST_IN + GUEST_BYTES - 1],
	       "pages that the guest returns are zero", "they are not");
	worked(t, vfio_map(&t->vfio, memory + GUEST_IN, GUEST_IOVA + GUEST_IN, GUEST_BYTES),
	       "returned pages can be mapped again");
	worked(t, read_to_guest(t), "returned pages are reachable again");
	result(t, is_filled(memory + GUEST_IN, GUEST_BYTES, 11, 0), "data in returned pages are right",
	       "they are not");
	worked(t, vfio_unmap(&t->vfio, GUEST_IOVA + GUEST_IN, GUEST_BYTES),
	       "returned pages are unmapped");
}

/* Read from the disk, run the guest on the data, and write its results to the disk. */
static int pass_through(struct test *t, struct guest *g, unsigned int seed)
{
	uint64_t last, out = block_at(t, 1 << 20);
	int ret;

	ret = put_on_disk(t, GUEST_BYTES, seed) ?: read_to_guest(t) ?: guest_run(g, &last);
	if (ret)
		return ret;
	if (last != word(seed, GUEST_BYTES / 8 - 1) + 1)
		return -EILSEQ;

	memset(t->buffer, 0, GUEST_BYTES);
	ret = nvme_rw(&t->nvme, true, out, GUEST_IOVA + GUEST_OUT, GUEST_BYTES) ?:
	      nvme_rw(&t->nvme, false, out, BUFFER_IOVA, GUEST_BYTES);
	if (ret)
		return ret;

	return is_filled(t->buffer, GUEST_BYTES, seed, 1) ? 0 : -EILSEQ;
}

/* Destroy a guest while the controller writes to its memory. */
static int stop_meanwhile(struct test *t, struct guest *g)
{
	unsigned int i, nr = 8;
	int ret;

	for (i = 0; i < nr; i++) {
		ret = nvme_submit(&t->nvme, false, 0, GUEST_IOVA + GUEST_IN, GUEST_BYTES);
		if (ret)
			return ret;
	}
	guest_stop(g);
	for (i = 0; i < nr; i++) {
		ret = nvme_wait(&t->nvme, 30000);
		if (ret)
			return ret;
	}

	return 0;
}

/* Create and destroy guests in memory that stays mapped. */
static void guests_in_mapped(struct test *t, uint8_t *memory)
{
	struct guest g;
	unsigned int i, seed = 20;
	int ret = 0;

	for (i = 0; i < 3 && !ret; i++, seed += 2) {
		ret = guest_start(&g, false, memory);
		if (ret)
			break;
		ret = pass_through(t, &g, seed) ?: pass_through(t, &g, seed + 1) ?:
		      stop_meanwhile(t, &g);
		if (!ret && !is_filled(memory + GUEST_IN, GUEST_BYTES, seed + 1, 0))
			ret = -EILSEQ;
	}
	worked(t, ret, "data are right with three guests, one after the other, in mapped memory");
}

/* Map and unmap the memory of a guest while it exists. */
static void mapped_in_guest(struct test *t, uint8_t *memory)
{
	struct guest g;
	unsigned int i;
	uint64_t last;
	int ret;

	ret = guest_start(&g, false, memory) ?: guest_run(&g, &last);
	for (i = 0; i < 3 && !ret; i++) {
		ret = vfio_map(&t->vfio, memory, GUEST_IOVA, GUEST_SIZE) ?:
		      pass_through(t, &g, 30 + i);
		ret = ret ?: vfio_unmap(&t->vfio, GUEST_IOVA, GUEST_SIZE);
		ret = ret ?: guest_run(&g, &last);
	}
	worked(t, ret, "data are right when a guest's memory is mapped and unmapped three times");
	check_unreachable(t, GUEST_IOVA + GUEST_IN, "unmapped memory of a guest is unreachable");
	worked(t, guest_run(&g, &last), "the guest still runs");
	guest_stop(&g);
}

static void test_guest(struct test *t)
{
	uint8_t *memory = get_memory(GUEST_SIZE);
	long before = mapped_pages();

	memset(memory, 0x55, GUEST_SIZE);
	worked(t, vfio_map(&t->vfio, memory, GUEST_IOVA, GUEST_SIZE),
	       "a guest's memory is mapped for the controller");
	guests_in_mapped(t, memory);
	worked(t, vfio_unmap(&t->vfio, GUEST_IOVA, GUEST_SIZE), "a guest's memory is unmapped");

	mapped_in_guest(t, memory);
	result(t, mapped_pages() == before, "no page stays mapped", "%ld pages before, %ld now",
	       before, mapped_pages());
}

static const struct {
	const char *name;
	void (*run)(struct test *t);
} tests[] = {
	{ "data", test_data },
	{ "busy", test_busy },
	{ "protected", test_protected },
	{ "guest", test_guest },
};

int main(int argc, char **argv)
{
	struct test t = { 0 };
	enum vfio_api api;
	unsigned int i;

	if (argc != 4)
		return 2;

	t.api = argv[1];
	if (!strcmp(t.api, "type1"))
		api = VFIO_API_TYPE1;
	else if (!strcmp(t.api, "iommufd"))
		api = VFIO_API_IOMMUFD;
	else
		return 2;

	for (i = 0; i < sizeof(tests) / sizeof(*tests); i++) {
		if (strcmp(tests[i].name, argv[3]))
			continue;
		if (start(&t, api, argv[2])) {
			tests[i].run(&t);
			stop(&t);
		}
		return failed;
	}

	return 2;
}
