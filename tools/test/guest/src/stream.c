// SPDX-License-Identifier: GPL-2.0-only
/*
 * stream listen PORT >FILE	accept one TCP connection, write what is received
 * stream connect ADDR PORT <FILE	connect, send the input
 *
 * Data flow in one direction; both ends exit at the end of the data.
 */
#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static int copy(int from, int to)
{
	static char buf[65536];
	ssize_t n, done, m;

	while ((n = read(from, buf, sizeof(buf))) > 0) {
		for (done = 0; done < n; done += m) {
			m = write(to, buf + done, n - done);
			if (m <= 0) {
				perror("write");
				return 1;
			}
		}
	}
	if (n < 0)
		perror("read");
	return n < 0;
}

int main(int argc, char **argv)
{
	struct sockaddr_in sin = { .sin_family = AF_INET };
	int fd = socket(AF_INET, SOCK_STREAM, 0), one = 1, conn, try;

	if (argc == 3 && !strcmp(argv[1], "listen")) {
		sin.sin_port = htons(atoi(argv[2]));
		setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
		if (bind(fd, (struct sockaddr *)&sin, sizeof(sin)) || listen(fd, 1)) {
			perror("listen");
			return 1;
		}
		conn = accept(fd, NULL, NULL);
		return conn < 0 || copy(conn, 1);
	}
	if (argc == 4 && !strcmp(argv[1], "connect")) {
		sin.sin_port = htons(atoi(argv[3]));
		inet_aton(argv[2], &sin.sin_addr);
		/* the listener may not be ready yet */
		for (try = 0; connect(fd, (struct sockaddr *)&sin, sizeof(sin)); try++) {
			if (try == 50) {
				perror("connect");
				return 1;
			}
			usleep(100000);
			close(fd);
			fd = socket(AF_INET, SOCK_STREAM, 0);
		}
		return copy(0, fd);
	}
	fprintf(stderr, "usage: stream listen PORT | stream connect ADDR PORT\n");
	return 2;
}
