// SPDX-License-Identifier: GPL-2.0-only

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "pkvm-iommu.h"

#define DEFAULT_DIR	"/sys/kernel/debug/kvm_iommu"

static const char usage[] =
	"usage: pkvm-iommu [-t | -j | -g] [-a] [-d DIR]\n"
	"Show the state of the IOMMUs that the protected KVM hypervisor owns.\n"
	"\n"
	"  -t, --table     tables (the default)\n"
	"  -j, --json      JSON\n"
	"  -g, --graph     a graph, for dot of Graphviz\n"
	"  -a, --all       with -t: also memory clients that are parked or exempt\n"
	"  -d, --dir DIR   directory of the kernel's files (" DEFAULT_DIR ")\n"
	"  -h, --help      print this summary\n";

static const struct option options[] = {
	{ "table", no_argument, NULL, 't' },
	{ "json", no_argument, NULL, 'j' },
	{ "graph", no_argument, NULL, 'g' },
	{ "all", no_argument, NULL, 'a' },
	{ "dir", required_argument, NULL, 'd' },
	{ "help", no_argument, NULL, 'h' },
	{ }
};

int main(int argc, char **argv)
{
	const char *dir = DEFAULT_DIR;
	struct state state;
	bool all = false;
	int form = 't';
	int opt;

	while ((opt = getopt_long(argc, argv, "tjgad:h", options, NULL)) != -1) {
		switch (opt) {
		case 't':
		case 'j':
		case 'g':
			form = opt;
			break;
		case 'a':
			all = true;
			break;
		case 'd':
			dir = optarg;
			break;
		case 'h':
			fputs(usage, stdout);
			return 0;
		default:
			fputs(usage, stderr);
			return 2;
		}
	}
	if (optind != argc) {
		fputs(usage, stderr);
		return 2;
	}

	if (read_state(&state, dir)) {
		if (access(dir, X_OK))
			fprintf(stderr, "Run as root, with debugfs mounted. If the hypervisor owns no IOMMU, the\n"
				"kernel's log gives the reason: dmesg | grep -e kvm -e smmu\n");
		return 1;
	}

	if (form == 'j')
		print_json(&state);
	else if (form == 'g')
		print_graph(&state);
	else
		print_tables(&state, all);

	free_state(&state);

	if (fflush(stdout) || ferror(stdout)) {
		perror("pkvm-iommu");
		return 1;
	}

	return 0;
}
