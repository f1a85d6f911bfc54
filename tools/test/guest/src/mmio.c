// SPDX-License-Identifier: GPL-2.0-only
/*
 * mmio COMMAND...: hand one command to mmio.ko and print its answer, which has
 * to be read from the file that it was written to.
 */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

int main(int argc, char **argv)
{
	char buf[256] = "";
	ssize_t n;
	int fd;

	for (int i = 1; i < argc; i++)
		snprintf(buf + strlen(buf), sizeof(buf) - strlen(buf), "%s%s", i > 1 ? " " : "", argv[i]);

	fd = open("/sys/kernel/debug/mmio", O_RDWR);
	if (fd < 0 || write(fd, buf, strlen(buf)) < 0) {
		perror("mmio");
		return 2;
	}
	n = read(fd, buf, sizeof(buf));
	if (n <= 0) {
		perror("mmio");
		return 2;
	}
	fwrite(buf, 1, n, stdout);
	return 0;
}
