/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * pkvm-iommu: what the protected KVM hypervisor does with the IOMMUs it owns,
 * for people and for programs.
 *
 *	read.c		the kernel's tables, as they are in debugfs
 *	table.c		for people
 *	json.c		for programs
 *	graph.c		for Graphviz
 *	main.c		options
 *
 * A table is kept as the text that the kernel printed. Columns are found by
 * the name that its first line gives them, so that a kernel may add some.
 */
#ifndef PKVM_IOMMU_H
#define PKVM_IOMMU_H

#include <stdbool.h>
#include <stddef.h>

struct table {
	const char *name;
	size_t nr_columns;
	size_t nr_rows;
	char **columns;
	char **cells;		/* nr_rows * nr_columns */
	char *text;		/* where all of them are */
};

enum table_id {
	STREAMS,
	DOMAINS,
	CLIENTS,
	CALLS,
	STATS,
	NR_TABLES,
};

struct state {
	struct table table[NR_TABLES];
};

int read_state(struct state *state, const char *dir);
void free_state(struct state *state);

/* A cell of a table, or "-", which also is what the kernel prints for none */
const char *cell(const struct table *table, size_t row, const char *column);
bool is_none(const char *text);

/* The next part of a list with commas: its length, 0 at the end */
size_t next_item(const char **list, const char **item);

/* The last part of a node's path */
const char *node_name(const char *path);

/* A number of bytes as people read it */
const char *bytes(const char *number);

void print_tables(const struct state *state, bool all);
void print_json(const struct state *state);
void print_graph(const struct state *state);

#endif
