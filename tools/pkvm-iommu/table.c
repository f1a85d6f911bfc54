// SPDX-License-Identifier: GPL-2.0-only
/* Tables with a title and aligned columns. */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "pkvm-iommu.h"

/* Descriptions of counters; a counter that is not listed is printed by its name. */
static const struct {
	const char *name;
	const char *text;
	unsigned int pages;	/* pages per unit of the counter; 0: it does not count memory */
} counters[] = {
	{ "domains", "domains", 0 },
	{ "mapped_pages", "mapped for DMA", 1 },
	{ "donated_pages", "memory of the hypervisor for it", 1 },
	{ "table_pages", "of that, translation tables", 1 },
	{ "free_order0", "of that, free in small blocks", 1 },
	{ "free_order2", "of that, free in 16 KiB blocks", 4 },
	{ "instances", "SMMU instances taken over", 0 },
	{ "faults", "faults", 0 },
	{ "quarantined", "quarantined context banks", 0 },
	{ "prefetching", "context banks that still prefetch", 0 },
	{ "longest_wait_us", "longest wait for a TLB sync, in us", 0 },
	{ "wait_bound_us", "timeout of a TLB sync, in us", 0 },
	{ "mc_clients", "memory clients described", 0 },
	{ "mc_passthrough", "of them, found bypassing the SMMUs", 0 },
	{ "mc_locked", "memory clients locked by firmware", 0 },
	{ "mc_unlisted", "other memory clients found bypassing", 0 },
};

#define NR_COUNTERS	(sizeof(counters) / sizeof(*counters))

static void print_counter(const char *text, const char *value, unsigned int pages)
{
	char number[32];

	if (pages) {
		/* The hypervisor's page size is the kernel's. */
		snprintf(number, sizeof(number), "%llu",
			 strtoull(value, NULL, 0) * pages * sysconf(_SC_PAGESIZE));
		value = bytes(number);
	}
	printf("  %-44s %s\n", text, value);
}

/* Print the counters with a description, in this order, and then all others. */
static void print_counters(const struct table *t)
{
	size_t i, j;

	printf("HYPERVISOR\n");
	for (j = 0; j <= NR_COUNTERS; j++) {
		for (i = 0; i < t->nr_rows; i++) {
			const char *name = cell(t, i, "name");
			size_t known = 0;

			while (known < NR_COUNTERS && strcmp(counters[known].name, name))
				known++;
			if (known == j)
				print_counter(j < NR_COUNTERS ? counters[j].text : name,
					      cell(t, i, "value"),
					      j < NR_COUNTERS ? counters[j].pages : 0);
		}
	}
}

/* Memory clients that are parked or exempt; shown with -a only */
static bool is_dull(const struct table *t, size_t row)
{
	const char *state = cell(t, row, "state");

	return !strcmp(state, "parked") || !strcmp(state, "exempt");
}

static const char *shown(const struct table *t, size_t row, size_t column)
{
	const char *name = t->columns[column];
	const char *text = t->cells[row * t->nr_columns + column];

	if (!strcmp(name, "node") || !strcmp(name, "smmu"))
		return node_name(text);
	if (!strcmp(name, "mapped"))
		return bytes(text);

	return text;
}

static void print_rows(const struct table *t, const char *title,
		       bool (*hide)(const struct table *t, size_t row))
{
	size_t row, column, hidden = 0;

	printf("\n%s\n", title);
	for (row = 0; row <= t->nr_rows; row++) {
		if (row && hide && hide(t, row - 1)) {
			hidden++;
			continue;
		}

		for (column = 0; column < t->nr_columns; column++) {
			int width = strlen(t->columns[column]);
			size_t i;

			for (i = 0; i < t->nr_rows; i++) {
				int len = strlen(shown(t, i, column));

				if (len > width && !(hide && hide(t, i)))
					width = len;
			}
			if (column == t->nr_columns - 1)
				width = 0;
			printf("  %-*s", width,
			       row ? shown(t, row - 1, column) : t->columns[column]);
		}
		printf("\n");
	}
	if (hidden)
		printf("  and %zu parked or exempt, see -a\n", hidden);
}

void print_tables(const struct state *state, bool all)
{
	print_counters(&state->table[STATS]);
	print_rows(&state->table[DOMAINS], "DOMAINS", NULL);
	print_rows(&state->table[STREAMS], "STREAMS", NULL);
	if (state->table[CLIENTS].nr_rows)
		print_rows(&state->table[CLIENTS], "MEMORY CLIENTS", all ? NULL : is_dull);
	print_rows(&state->table[CALLS], "HYPERCALLS", NULL);
}
