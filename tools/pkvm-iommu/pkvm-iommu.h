/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * pkvm-iommu: show the state of the IOMMUs that the protected KVM hypervisor owns.
 *
 *	read.c		reads the kernel's tables from debugfs
 *	table.c		prints tables
 *	json.c		prints JSON
 *	graph.c		prints a graph for Graphviz
 *	main.c		options
 *
 * A table is kept as the text that the kernel printed. Columns are found by the names
 * in its first line, so that a kernel can add columns.
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
	char *text;		/* the buffer that the cells point to */
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

/* Return a cell, or "-" if the column is missing; the kernel prints "-" for no value. */
const char *cell(const struct table *table, size_t row, const char *column);
bool is_none(const char *text);

/* Return the length of the next item of a comma-separated list; 0 at the end. */
size_t next_item(const char **list, const char **item);

/* Return the last component of a node's path. */
const char *node_name(const char *path);

/* Return a number of bytes as text with a unit. */
const char *bytes(const char *number);

void print_tables(const struct state *state, bool all);
void print_json(const struct state *state);
void print_graph(const struct state *state);

#endif
