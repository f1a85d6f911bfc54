// SPDX-License-Identifier: GPL-2.0-only
/*
 * blkstress DEVICE [-j JOBS] [-q DEPTH] [-m MIB] [-x SECTORS] [-s SEED]:
 * write random extents of a disk and read them back, without the page cache, many
 * at a time, and compare each byte.  The contents of the disk are overwritten.
 *
 * JOBS processes share the disk, and each divides its part into DEPTH slots. A slot
 * has at most one request in flight, so each sector has one writer, and its contents
 * are always known. Each byte depends on sector, generation and position, so that
 * data that arrived late, elsewhere or not at all are detected. Requests have 1 to
 * SECTORS sectors, and buffers start anywhere in a page (on a 512-byte boundary), so
 * scatter lists differ. The buffer of a read is poisoned before the read.
 *
 * The last line has the numbers of requests, bytes and errors.  Exit status 0 if
 * each request succeeded and each byte was right.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <linux/aio_abi.h>
#include <linux/fs.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define SECTOR		512
#define WORDS		(SECTOR / 8)
#define MAX_SECTORS	512	/* of one request */
#define MAX_SLOT	768	/* of one slot, in sectors */

struct stats {
	uint64_t writes, reads, bytes, errors;
};

struct slot {
	uint64_t start;				/* its first sector */
	uint32_t generation[MAX_SLOT];		/* 0: never written */
	char *area;				/* its buffer, page aligned */
	char *buf;				/* the request's part of @area */
	struct iocb cb;
	unsigned int first, count;		/* the request in flight */
	int writing;
};

static unsigned int jobs = 2, depth = 16, mib = 16, max_sectors = 300, seed = 1;
static unsigned int slot_sectors;
static const char *path;

static uint64_t rnd_state;

static uint64_t rnd(void)
{
	rnd_state ^= rnd_state << 13;
	rnd_state ^= rnd_state >> 7;
	rnd_state ^= rnd_state << 17;
	return rnd_state;
}

static uint64_t pattern(uint64_t sector, uint32_t generation)
{
	uint64_t x = sector * 0x9e3779b97f4a7c15u ^ (uint64_t)generation * 0xc2b2ae3d27d4eb4fu ^ seed;

	x ^= x >> 31;
	return x * 0xd6e8feb86659fd93u;
}

static void fill(char *buf, uint64_t sector, uint32_t generation)
{
	uint64_t *w = (uint64_t *)buf, x = pattern(sector, generation);

	for (int i = 0; i < WORDS; i++)
		w[i] = x += 0x9e3779b97f4a7c15u;
}

/* Return how many words of a sector are wrong; *@at is the first of them. */
static int differs(const char *buf, uint64_t sector, uint32_t generation, int *at)
{
	const uint64_t *w = (const uint64_t *)buf;
	uint64_t x = pattern(sector, generation);
	int n = 0;

	for (int i = 0; i < WORDS; i++) {
		x += 0x9e3779b97f4a7c15u;
		if (w[i] != x && !n++)
			*at = i;
	}
	return n;
}

static void prepare(int fd, struct slot *s, int writing, unsigned int first, unsigned int count)
{
	s->first = first;
	s->count = count;
	s->writing = writing;
	s->buf = s->area + rnd() % 8 * SECTOR;

	for (unsigned int i = 0; i < count; i++) {
		char *p = s->buf + i * SECTOR;

		if (writing)
			fill(p, s->start + first + i, ++s->generation[first + i]);
		else
			memset(p, 0xa5, SECTOR);
	}

	memset(&s->cb, 0, sizeof(s->cb));
	s->cb.aio_data = (uintptr_t)s;
	s->cb.aio_lio_opcode = writing ? IOCB_CMD_PWRITE : IOCB_CMD_PREAD;
	s->cb.aio_fildes = fd;
	s->cb.aio_buf = (uintptr_t)s->buf;
	s->cb.aio_nbytes = count * SECTOR;
	s->cb.aio_offset = (s->start + first) * SECTOR;
}

static void complete(struct slot *s, int64_t res, struct stats *st)
{
	int64_t want = (int64_t)s->count * SECTOR;

	if (s->writing)
		st->writes++;
	else
		st->reads++;
	st->bytes += want;

	if (res != want) {
		if (st->errors++ < 4)
			fprintf(stderr, "%s: %s of %u sectors at %llu returned %lld\n", path,
				s->writing ? "write" : "read", s->count,
				(unsigned long long)(s->start + s->first), (long long)res);
		return;
	}
	if (s->writing)
		return;

	for (unsigned int i = 0; i < s->count; i++) {
		uint64_t sector = s->start + s->first + i;
		uint32_t gen = s->generation[s->first + i];
		int at = 0, n = differs(s->buf + i * SECTOR, sector, gen, &at);

		if (n && st->errors++ < 4)
			fprintf(stderr, "%s: sector %llu, generation %u: %d of %d words wrong, the first at %d: %016llx\n",
				path, (unsigned long long)sector, gen, n, WORDS, at,
				(unsigned long long)((uint64_t *)(s->buf + i * SECTOR))[at]);
	}
}

static int job(unsigned int number, uint64_t start, struct stats *st)
{
	uint64_t budget = (uint64_t)mib * 1024 * 1024 / jobs;
	unsigned int next = 0, in_flight = 0, phase = 0;
	struct slot *slots = calloc(depth, sizeof(*slots));
	struct io_event *events = calloc(depth, sizeof(*events));
	aio_context_t ctx = 0;
	int fd;

	rnd_state = (seed + number) * 0x9e3779b97f4a7c15u + 1;
	fd = open(path, O_RDWR | O_DIRECT);
	if (fd < 0 || !slots || !events || syscall(SYS_io_setup, depth, &ctx)) {
		perror(path);
		return 1;
	}

	for (unsigned int i = 0; i < depth; i++) {
		slots[i].start = start + (uint64_t)i * slot_sectors;
		slots[i].area = mmap(NULL, (slot_sectors + 8) * SECTOR, PROT_READ | PROT_WRITE,
				     MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
		if (slots[i].area == MAP_FAILED) {
			perror("mmap");
			return 1;
		}
	}

	/*
	 * Phase 0 writes each slot whole, once; phase 1 is random; phase 2
	 * reads each slot whole. A phase starts when the one before has
	 * completed.
	 */
	while (phase < 3) {
		struct iocb *batch[64];
		unsigned int n = 0;
		long got;

		while (n < 64) {
			struct slot *s;

			if (phase != 1) {
				if (next == depth)
					break;
				s = &slots[next++];
				prepare(fd, s, phase == 0, 0, slot_sectors);
			} else {
				unsigned int i, first, count;

				if (st->bytes >= budget)
					break;
				for (i = 0; i < depth && slots[i].count; i++)
					;
				if (i == depth)
					break;
				s = &slots[i];
				count = 1 + rnd() % max_sectors;
				first = rnd() % (slot_sectors - count + 1);
				prepare(fd, s, rnd() & 1, first, count);
			}
			batch[n++] = &s->cb;
		}

		for (unsigned int done = 0; done < n; ) {
			got = syscall(SYS_io_submit, ctx, n - done, batch + done);
			if (got <= 0) {
				fprintf(stderr, "%s: io_submit: %s\n", path, strerror(errno));
				return 1;
			}
			done += got;
		}
		in_flight += n;

		if (!in_flight) {
			phase++;
			next = 0;
			continue;
		}

		do	/* a system suspend interrupts it */
			got = syscall(SYS_io_getevents, ctx, 1, depth, events, NULL);
		while (got < 0 && errno == EINTR);
		if (got < 0) {
			perror("io_getevents");
			return 1;
		}
		for (long i = 0; i < got; i++) {
			struct slot *s = (struct slot *)(uintptr_t)events[i].data;

			complete(s, events[i].res, st);
			s->count = 0;
		}
		in_flight -= got;
	}

	syscall(SYS_io_destroy, ctx);
	if (fsync(fd)) {
		perror("fsync");
		st->errors++;
	}
	close(fd);
	return st->errors != 0;
}

int main(int argc, char **argv)
{
	struct stats *st, sum = { 0 };
	uint64_t size, need;
	int c, fd, failed = 0;

	while ((c = getopt(argc, argv, "j:q:m:x:s:")) != -1) {
		unsigned int v = strtoul(optarg ? optarg : "0", NULL, 0);

		switch (c) {
		case 'j': jobs = v; break;
		case 'q': depth = v; break;
		case 'm': mib = v; break;
		case 'x': max_sectors = v; break;
		case 's': seed = v; break;
		default: return 2;
		}
	}
	path = argv[optind];
	if (!path || !jobs || !depth || depth > 256 || !max_sectors || max_sectors > MAX_SECTORS) {
		fprintf(stderr, "usage: blkstress DEVICE [-j JOBS] [-q DEPTH] [-m MIB] [-x SECTORS] [-s SEED]\n");
		return 2;
	}

	slot_sectors = max_sectors + max_sectors / 2;

	fd = open(path, O_RDONLY);
	if (fd < 0 || ioctl(fd, BLKGETSIZE64, &size)) {
		perror(path);
		return 2;
	}
	close(fd);
	need = (uint64_t)jobs * depth * slot_sectors * SECTOR;
	if (size < need) {
		fprintf(stderr, "%s: %llu bytes, less than the %llu that are needed\n", path,
			(unsigned long long)size, (unsigned long long)need);
		return 2;
	}

	st = mmap(NULL, jobs * sizeof(*st), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (st == MAP_FAILED) {
		perror("mmap");
		return 2;
	}

	for (unsigned int i = 0; i < jobs; i++) {
		pid_t pid = fork();

		if (pid < 0) {
			perror("fork");
			return 2;
		}
		if (!pid) {
			/* parts spread over the whole disk */
			uint64_t start = size / SECTOR / jobs * i;

			_exit(job(i, start, &st[i]));
		}
	}
	for (unsigned int i = 0; i < jobs; i++) {
		int status;

		wait(&status);
		failed |= status;
	}

	for (unsigned int i = 0; i < jobs; i++) {
		sum.writes += st[i].writes;
		sum.reads += st[i].reads;
		sum.bytes += st[i].bytes;
		sum.errors += st[i].errors;
	}
	printf("%s: %u jobs, depth %u: %llu writes, %llu reads, %llu KiB, %llu errors\n", path, jobs,
	       depth, (unsigned long long)sum.writes, (unsigned long long)sum.reads,
	       (unsigned long long)sum.bytes / 1024, (unsigned long long)sum.errors);
	return failed || sum.errors ? 1 : 0;
}
