// SPDX-License-Identifier: GPL-2.0-only
/*
 * frames IF_A IF_B COUNT LENGTH: send COUNT raw frames from one network device to
 * another that is connected to it, and receive them. At most WINDOW frames are in
 * flight. Exit status 0 if all arrived.
 */
#include <arpa/inet.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <net/if.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#define PROTO		0x88b5		/* IEEE: local experiments */
#define WINDOW		32

static unsigned char mac[2][ETH_ALEN];

static int open_if(const char *name, unsigned char *mac)
{
	struct sockaddr_ll addr = {
		.sll_family = AF_PACKET,
		.sll_protocol = htons(PROTO),
		.sll_ifindex = if_nametoindex(name),
	};
	int fd = socket(AF_PACKET, SOCK_RAW, htons(PROTO));
	struct ifreq req = {};

	strncpy(req.ifr_name, name, IFNAMSIZ - 1);
	if (fd < 0 || bind(fd, (struct sockaddr *)&addr, sizeof(addr)) ||
	    ioctl(fd, SIOCGIFHWADDR, &req)) {
		perror(name);
		exit(1);
	}
	memcpy(mac, req.ifr_hwaddr.sa_data, ETH_ALEN);
	return fd;
}

int main(int argc, char **argv)
{
	static unsigned char frame[ETH_FRAME_LEN], got[2048];
	unsigned int count, len, sent = 0, seen = 0;
	struct ethhdr *eth = (void *)frame;
	int a, b;

	if (argc != 5) {
		fprintf(stderr, "frames IF_A IF_B COUNT LENGTH\n");
		return 2;
	}
	count = atoi(argv[3]);
	len = atoi(argv[4]);
	if (len < ETH_ZLEN || len > ETH_FRAME_LEN)
		return 2;
	a = open_if(argv[1], mac[0]);
	b = open_if(argv[2], mac[1]);
	memcpy(eth->h_dest, mac[1], ETH_ALEN);
	memcpy(eth->h_source, mac[0], ETH_ALEN);
	eth->h_proto = htons(PROTO);

	while (seen < count) {
		struct pollfd p = { .fd = b, .events = POLLIN };

		for (; sent < count && sent < seen + WINDOW; sent++) {
			if (send(a, frame, len, 0) != (int)len) {
				perror("send");
				return 1;
			}
		}
		if (poll(&p, 1, 5000) <= 0) {
			fprintf(stderr, "frame %u of %u did not arrive\n", seen, count);
			return 1;
		}
		while (recv(b, got, sizeof(got), MSG_DONTWAIT) == (int)len)
			seen++;
	}
	return 0;
}
