// SPDX-License-Identifier: GPL-2.0-only
/*
 * limit SECONDS COMMAND...: run a command in a session of its own, and kill the
 * whole session after SECONDS.
 *
 * Exit status: the command's (128 + n if signal n ended it); 124 if it timed out and
 * was killed; 125 if it timed out and could not be killed, because it hangs in the
 * kernel.
 */
#define _GNU_SOURCE
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

/* Wait for up to @ms for SIGCHLD of @pid. */
static int reap(pid_t pid, long ms, int *status)
{
	struct timespec now, end;
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGCHLD);
	clock_gettime(CLOCK_MONOTONIC, &end);
	end.tv_sec += ms / 1000;
	end.tv_nsec += ms % 1000 * 1000000;

	for (;;) {
		struct timespec left;
		long ns;

		if (waitpid(pid, status, WNOHANG) == pid)
			return 1;

		clock_gettime(CLOCK_MONOTONIC, &now);
		ns = (end.tv_sec - now.tv_sec) * 1000000000 + end.tv_nsec - now.tv_nsec;
		if (ns <= 0)
			return 0;
		left.tv_sec = ns / 1000000000;
		left.tv_nsec = ns % 1000000000;
		sigtimedwait(&set, NULL, &left);
	}
}

int main(int argc, char **argv)
{
	sigset_t set, old;
	int status;
	pid_t pid;

	if (argc < 3 || atol(argv[1]) <= 0) {
		fprintf(stderr, "usage: limit SECONDS COMMAND...\n");
		return 2;
	}

	sigemptyset(&set);
	sigaddset(&set, SIGCHLD);
	sigprocmask(SIG_BLOCK, &set, &old);

	pid = fork();
	if (pid < 0) {
		perror("fork");
		return 2;
	}
	if (!pid) {
		setsid();
		sigprocmask(SIG_SETMASK, &old, NULL);
		execvp(argv[2], argv + 2);
		perror(argv[2]);
		_exit(127);
	}

	if (reap(pid, atol(argv[1]) * 1000, &status))
		return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);

	kill(-pid, SIGKILL);
	kill(pid, SIGKILL);
	return reap(pid, 5000, &status) ? 124 : 125;
}
