// SPDX-License-Identifier: GPL-2.0-only
/*
 * netblast IF_A IF_B [FRAMES] [SEED]: send raw frames between two connected network
 * devices, both ways at once, and check each byte that arrives.
 *
 * Frames have random lengths between 60 and 1514 bytes; each byte of the payload
 * depends on number and direction. A sender is at most WINDOW frames ahead of its
 * receiver, so no queue overflows and each missing frame is an error. Frames may
 * arrive in another order.
 *
 * Exit status 0 if each frame arrived once and intact.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <net/if.h>
#include <poll.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define PROTO		0x88b5		/* IEEE: local experiments */
#define WINDOW		32
#define TIMEOUT_MS	5000
#define MIN_LEN		60
#define MAX_LEN		1514

struct end {
	const char *name;
	int fd, index;
	unsigned char mac[ETH_ALEN];
	unsigned int sent, seen, errors;	/* seen: frames received from the other end */
	unsigned char *got;			/* which frames were received */
};

struct head {
	struct ethhdr eth;
	uint32_t number;
	uint16_t len;		/* of the frame, as sent */
	uint16_t from;		/* the end that sent it */
} __attribute__((packed));

static unsigned int frames = 2000, seed = 1;

static uint64_t mix(uint64_t x)
{
	x ^= x >> 33;
	x *= 0xff51afd7ed558ccdu;
	x ^= x >> 33;
	x *= 0xc4ceb9fe1a85ec53u;
	return x ^ x >> 33;
}

static unsigned int frame_len(unsigned int from, unsigned int number)
{
	return MIN_LEN + mix(seed + number * 2 + from) % (MAX_LEN - MIN_LEN + 1);
}

static unsigned char payload(unsigned int from, unsigned int number, unsigned int at)
{
	return mix(seed + number * 2 + from + ((uint64_t)(at / 8) << 32)) >> at % 8 * 8;
}

static int open_end(struct end *e, const char *name)
{
	struct sockaddr_ll sll = { .sll_family = AF_PACKET, .sll_protocol = htons(PROTO) };
	struct ifreq ifr = { 0 };
	int size = 4 << 20;

	e->name = name;
	e->got = calloc(frames, 1);
	e->fd = socket(AF_PACKET, SOCK_RAW, htons(PROTO));
	if (e->fd < 0) {
		perror("socket");
		return -1;
	}
	snprintf(ifr.ifr_name, sizeof(ifr.ifr_name), "%s", name);
	if (ioctl(e->fd, SIOCGIFHWADDR, &ifr)) {
		perror(name);
		return -1;
	}
	memcpy(e->mac, ifr.ifr_hwaddr.sa_data, ETH_ALEN);
	if (ioctl(e->fd, SIOCGIFINDEX, &ifr)) {
		perror(name);
		return -1;
	}
	e->index = sll.sll_ifindex = ifr.ifr_ifindex;
	setsockopt(e->fd, SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof(size));
	if (bind(e->fd, (struct sockaddr *)&sll, sizeof(sll))) {
		perror(name);
		return -1;
	}
	return 0;
}

static void send_one(struct end *e, const struct end *to, unsigned int from)
{
	unsigned char buf[MAX_LEN];
	struct head *h = (struct head *)buf;
	unsigned int len = frame_len(from, e->sent);

	memcpy(h->eth.h_dest, to->mac, ETH_ALEN);
	memcpy(h->eth.h_source, e->mac, ETH_ALEN);
	h->eth.h_proto = htons(PROTO);
	h->number = e->sent;
	h->len = len;
	h->from = from;
	for (unsigned int i = sizeof(*h); i < len; i++)
		buf[i] = payload(from, e->sent, i);

	if (send(e->fd, buf, len, 0) == (ssize_t)len) {
		e->sent++;
	} else if (errno != ENOBUFS && errno != EAGAIN) {
		perror("send");
		e->errors++;
		e->sent++;
	}
}

/* Check a frame from the other end, number @from. */
static void receive_one(struct end *e, unsigned int from)
{
	unsigned char buf[2048];
	struct head *h = (struct head *)buf;
	struct sockaddr_ll sll;
	socklen_t sll_len = sizeof(sll);
	ssize_t len = recvfrom(e->fd, buf, sizeof(buf), MSG_DONTWAIT, (struct sockaddr *)&sll, &sll_len);

	if (len < 0 || sll.sll_pkttype == PACKET_OUTGOING)
		return;
	if (len < (ssize_t)sizeof(*h) || h->from != from || h->number >= frames ||
	    h->len != frame_len(from, h->number) || len != h->len) {
		if (e->errors++ < 4)
			fprintf(stderr, "%s: unexpected frame of %zd bytes\n", e->name, len);
		return;
	}
	for (unsigned int i = sizeof(*h); i < h->len; i++) {
		if (buf[i] == payload(from, h->number, i))
			continue;
		if (e->errors++ < 4)
			fprintf(stderr, "%s: frame %u of %u bytes differs at byte %u\n", e->name,
				h->number, h->len, i);
		break;
	}
	if (e->got[h->number]++) {
		if (e->errors++ < 4)
			fprintf(stderr, "%s: frame %u arrived twice\n", e->name, h->number);
		return;
	}
	e->seen++;
}

static long now_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

int main(int argc, char **argv)
{
	struct end e[2] = { 0 };
	uint64_t bytes = 0;
	long last;

	if (argc < 3) {
		fprintf(stderr, "usage: netblast IF_A IF_B [FRAMES] [SEED]\n");
		return 2;
	}
	if (argc > 3)
		frames = strtoul(argv[3], NULL, 0);
	if (argc > 4)
		seed = strtoul(argv[4], NULL, 0);
	if (open_end(&e[0], argv[1]) || open_end(&e[1], argv[2]))
		return 2;

	last = now_ms();
	while (e[0].seen < frames || e[1].seen < frames) {
		struct pollfd pfd[2] = { { .fd = e[0].fd }, { .fd = e[1].fd } };
		unsigned int before = e[0].seen + e[1].seen;

		for (int i = 0; i < 2; i++) {
			while (e[i].sent < frames && e[i].sent - e[!i].seen < WINDOW) {
				unsigned int sent = e[i].sent;

				send_one(&e[i], &e[!i], i);
				if (e[i].sent == sent)
					break;
			}
			pfd[i].events = POLLIN;
		}

		if (poll(pfd, 2, 100) > 0)
			for (int i = 0; i < 2; i++)
				if (pfd[i].revents & POLLIN)
					receive_one(&e[i], !i);

		if (e[0].seen + e[1].seen != before)
			last = now_ms();
		else if (now_ms() - last > TIMEOUT_MS)
			break;
	}

	for (unsigned int n = 0; n < frames; n++)
		for (int i = 0; i < 2; i++)
			bytes += e[!i].got[n] ? frame_len(i, n) : 0;
	for (int i = 0; i < 2; i++) {
		unsigned int lost = 0;

		printf("%s: %u sent, %u of %u received, %u errors\n", e[i].name, e[i].sent, e[i].seen,
		       frames, e[i].errors);
		for (unsigned int n = 0; n < e[!i].sent; n++)
			if (!e[i].got[n] && lost++ < 8)
				printf("%s: frame %u of %u bytes is missing\n", e[i].name, n,
				       frame_len(!i, n));
	}
	printf("%llu KiB\n", (unsigned long long)bytes / 1024);
	return e[0].seen != frames || e[1].seen != frames || e[0].errors || e[1].errors;
}
