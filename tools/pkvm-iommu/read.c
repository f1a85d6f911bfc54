// SPDX-License-Identifier: GPL-2.0-only
/* Read the kernel's tables: a file for each, a line per row, cells separated by blanks. */

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "pkvm-iommu.h"

static const struct {
	const char *name;
	const char *columns;	/* for a file without a line of column names */
} files[NR_TABLES] = {
	[STREAMS] = { "streams" },
	[DOMAINS] = { "domains" },
	[CLIENTS] = { "clients" },
	[CALLS] = { "calls" },
	[STATS] = { "stats", "name value" },
};

static void *allocate(void *old, size_t size)
{
	void *mem = realloc(old, size ? size : 1);

	if (!mem) {
		fprintf(stderr, "pkvm-iommu: out of memory\n");
		exit(1);
	}

	return mem;
}

/* Return the contents of the file as a string, after @head unless that is NULL. */
static char *read_file(const char *path, const char *head)
{
	size_t size = 4096, len = 0, got;
	char *text = allocate(NULL, size);
	FILE *f = fopen(path, "r");

	if (!f)
		goto fail;
	if (head)
		len = snprintf(text, size, "%s\n", head);

	while ((got = fread(text + len, 1, size - len - 1, f))) {
		len += got;
		if (size - len < 2)
			text = allocate(text, size *= 2);
	}
	if (ferror(f))
		goto fail;
	fclose(f);
	text[len] = '\0';

	return text;

fail:
	fprintf(stderr, "pkvm-iommu: %s: %s\n", path, strerror(errno));
	if (f)
		fclose(f);
	free(text);

	return NULL;
}

/* Split a line into words, in place; return their number. */
static size_t split(char *line, char ***words)
{
	char *word, *rest;
	size_t nr = 0;

	*words = NULL;
	for (word = strtok_r(line, " ", &rest); word; word = strtok_r(NULL, " ", &rest)) {
		*words = allocate(*words, (nr + 1) * sizeof(**words));
		(*words)[nr++] = word;
	}

	return nr;
}

static int read_table(struct table *t, const char *path)
{
	char *line, *rest, **words;
	size_t nr;

	line = strtok_r(t->text, "\n", &rest);
	t->nr_columns = line ? split(line, &t->columns) : 0;

	while (t->nr_columns && (line = strtok_r(NULL, "\n", &rest))) {
		nr = split(line, &words);
		if (nr != t->nr_columns) {
			fprintf(stderr, "pkvm-iommu: %s: row %zu has %zu cells, expected %zu\n",
				path, t->nr_rows + 1, nr, t->nr_columns);
			free(words);
			return -1;
		}

		t->cells = allocate(t->cells, (t->nr_rows + 1) * nr * sizeof(*words));
		memcpy(t->cells + t->nr_rows * nr, words, nr * sizeof(*words));
		t->nr_rows++;
		free(words);
	}

	return 0;
}

int read_state(struct state *state, const char *dir)
{
	char path[4096];
	size_t i;

	memset(state, 0, sizeof(*state));

	for (i = 0; i < NR_TABLES; i++) {
		struct table *t = &state->table[i];

		snprintf(path, sizeof(path), "%s/%s", dir, files[i].name);
		t->name = files[i].name;
		t->text = read_file(path, files[i].columns);
		if (!t->text || read_table(t, path))
			return -1;
	}

	return 0;
}

void free_state(struct state *state)
{
	size_t i;

	for (i = 0; i < NR_TABLES; i++) {
		free(state->table[i].columns);
		free(state->table[i].cells);
		free(state->table[i].text);
	}
}

const char *cell(const struct table *t, size_t row, const char *column)
{
	size_t i;

	for (i = 0; i < t->nr_columns; i++) {
		if (!strcmp(t->columns[i], column))
			return t->cells[row * t->nr_columns + i];
	}

	return "-";
}

bool is_none(const char *text)
{
	return !strcmp(text, "-");
}

size_t next_item(const char **list, const char **item)
{
	size_t len;

	if (!**list || is_none(*list))
		return 0;

	*item = *list;
	len = strcspn(*list, ",");
	*list += len;
	if (**list == ',')
		(*list)++;

	return len;
}

const char *node_name(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash && slash[1] ? slash + 1 : path;
}

const char *bytes(const char *number)
{
	static const char * const units[] = { "B", "KiB", "MiB", "GiB", "TiB" };
	double n = strtoull(number, NULL, 0);
	static char text[64];
	size_t unit;

	for (unit = 0; n >= 1024 && unit < 4; unit++)
		n /= 1024;
	snprintf(text, sizeof(text), "%.*f %s", n == (unsigned long long)n ? 0 : 1, n,
		 units[unit]);

	return text;
}
