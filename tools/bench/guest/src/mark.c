// SPDX-License-Identifier: GPL-2.0-only
/*
 * mark COMMAND [ARGUMENT...]: run a command with its start and end marked for the
 * counter of instructions (see tools/bench/plugin/elcount.c).
 */
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

int main(int argc, char **argv)
{
	int status = 0;
	pid_t pid;

	if (argc < 2) {
		fprintf(stderr, "mark COMMAND [ARGUMENT...]\n");
		return 2;
	}

	__asm__ volatile("movz xzr, #0xbe01" ::: "memory");
	pid = fork();
	if (pid < 0) {
		perror("fork");
		return 1;
	}
	if (!pid) {
		execvp(argv[1], argv + 1);
		perror(argv[1]);
		_exit(127);
	}
	waitpid(pid, &status, 0);
	__asm__ volatile("movz xzr, #0xbe02" ::: "memory");

	return WIFEXITED(status) ? WEXITSTATUS(status) : 1;
}
