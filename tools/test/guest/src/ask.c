// SPDX-License-Identifier: GPL-2.0-only
/*
 * ask FILE WORD...: write the words to a debugfs file of a test module, and print
 * the answer, which must be read from the same open file.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

int main(int argc, char **argv)
{
	char buf[1024] = "";
	ssize_t n;
	int fd;

	if (argc < 3) {
		fprintf(stderr, "usage: ask FILE WORD...\n");
		return 2;
	}
	for (int i = 2; i < argc; i++)
		snprintf(buf + strlen(buf), sizeof(buf) - strlen(buf), "%s%s", i > 2 ? " " : "", argv[i]);

	fd = open(argv[1], O_RDWR);
	if (fd < 0 || write(fd, buf, strlen(buf)) < 0 || (n = read(fd, buf, sizeof(buf))) <= 0) {
		printf("%s: %s\n", argv[1], strerror(errno));
		return 2;
	}
	fwrite(buf, 1, n, stdout);
	return 0;
}
