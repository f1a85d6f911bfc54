// SPDX-License-Identifier: GPL-2.0-only
/*
 * A graph of the paths of DMA: device, its memory clients, the stream ID that they
 * present, and inside the SMMU the context bank that translates it, with its domain.
 * A client that bypasses the SMMUs is red.
 */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "pkvm-iommu.h"

static void print_text(const char *text, size_t len)
{
	for (; len--; text++) {
		if (*text == '"' || *text == '\\')
			putchar('\\');
		putchar(*text);
	}
}

static void print_id(const char *kind, const char *a, const char *b)
{
	printf("\"%s ", kind);
	print_text(a, strlen(a));
	if (b) {
		putchar(' ');
		print_text(b, strlen(b));
	}
	putchar('"');
}

/* Print a comma-separated list as the start of a label, one item per line. */
static void print_lines(const char *list)
{
	const char *item;
	size_t len;
	bool any = false;

	while ((len = next_item(&list, &item))) {
		if (any)
			printf("\\n");
		print_text(item, len);
		any = true;
	}
}

static const char *find(const struct table *t, const char *key_column, const char *key,
			const char *column)
{
	size_t i;

	for (i = 0; i < t->nr_rows; i++) {
		if (!strcmp(cell(t, i, key_column), key))
			return cell(t, i, column);
	}

	return "-";
}

/* Return true if an earlier row of the same SMMU has the same value in this column. */
static bool is_seen(const struct table *t, size_t row, const char *column)
{
	size_t i;

	for (i = 0; i < row; i++) {
		if (!strcmp(cell(t, i, "smmu"), cell(t, row, "smmu")) &&
		    !strcmp(cell(t, i, column), cell(t, row, column)))
			return true;
	}

	return false;
}

static void print_smmu(const struct state *state, const char *smmu)
{
	const struct table *t = &state->table[STREAMS];
	const struct table *domains = &state->table[DOMAINS];
	bool faults = false;
	size_t i;

	printf("\tsubgraph \"cluster %s\" {\n\t\tlabel=\"", smmu);
	print_text(node_name(smmu), strlen(node_name(smmu)));
	printf("\";\n");

	for (i = 0; i < t->nr_rows; i++) {
		const char *sid = cell(t, i, "sid"), *bank = cell(t, i, "bank");
		const char *domain = cell(t, i, "domain");

		if (strcmp(cell(t, i, "smmu"), smmu) || is_seen(t, i, "sid"))
			continue;

		printf("\t\t");
		print_id("sid", smmu, sid);
		printf(" [shape=ellipse, label=\"SID %s\"];\n\t\t", sid);
		print_id("sid", smmu, sid);
		printf(" -> ");
		if (is_none(domain)) {
			print_id("faults", smmu, NULL);
			printf(";\n");
			faults = true;
			continue;
		}
		print_id("bank", smmu, bank);
		printf(";\n");

		if (is_seen(t, i, "bank"))
			continue;
		printf("\t\t");
		print_id("bank", smmu, bank);
		printf(" [shape=component, label=\"bank %s\\n%s%s\"];\n\t\t",
		       bank, cell(t, i, "format"),
		       strchr(bank, '!') ? "\\nquarantined" : "");
		print_id("bank", smmu, bank);
		printf(" -> \"domain %s\";\n", domain);
		printf("\t\t\"domain %s\" [shape=folder, label=\"domain %s\\n%s\"];\n",
		       domain, domain, bytes(find(domains, "domain", domain, "mapped")));
	}

	if (faults) {
		printf("\t\t");
		print_id("faults", smmu, NULL);
		printf(" [shape=octagon, label=\"faults\"];\n");
	}
	printf("\t}\n");
}

static void print_device(const struct state *state, size_t row)
{
	const struct table *t = &state->table[STREAMS];
	const char *node = cell(t, row, "node"), *list, *item;
	const char *smmu = cell(t, row, "smmu"), *sid = cell(t, row, "sid");
	char client[64];
	bool any = false;
	size_t len;

	printf("\t");
	print_id("device", node, NULL);
	printf(" [shape=box, label=\"");
	if (is_none(cell(t, row, "device")))
		printf("%s\\nno device", node_name(node));
	else
		print_lines(cell(t, row, "device"));
	printf("\"];\n");

	for (list = cell(t, row, "clients"); (len = next_item(&list, &item)); any = true) {
		const char *kind;

		snprintf(client, sizeof(client), "%.*s", (int)len, item);
		kind = find(&state->table[CLIENTS], "client", client, "state");
		printf("\t");
		print_id("client", client, NULL);
		printf(" [shape=cds, label=\"%s", client);
		if (strcmp(kind, "routed"))
			printf("\\n%s", kind);
		printf("\"];\n\t");
		print_id("device", node, NULL);
		printf(" -> ");
		print_id("client", client, NULL);
		printf(" -> ");
		print_id("sid", smmu, sid);
		printf(";\n");
	}

	if (!any) {
		printf("\t");
		print_id("device", node, NULL);
		printf(" -> ");
		print_id("sid", smmu, sid);
		printf(";\n");
	}
}

static void print_bypass(const struct table *t)
{
	size_t i;

	for (i = 0; i < t->nr_rows; i++) {
		const char *client = cell(t, i, "client"), *state = cell(t, i, "state");

		if (strncmp(state, "bypass", 6))
			continue;
		printf("\t");
		print_id("client", client, NULL);
		printf(" [shape=cds, color=red, label=\"%s\\n%s\"];\n\t", client, state);
		print_id("client", client, NULL);
		printf(" -> \"memory\" [color=red];\n");
		printf("\t\"memory\" [shape=cylinder, color=red, label=\"memory,\\nnot isolated\"];\n");
	}
}

void print_graph(const struct state *state)
{
	const struct table *t = &state->table[STREAMS];
	size_t i, j;

	printf("digraph pkvm_iommu {\n\trankdir=LR;\n"
	       "\tnode [fontname=\"sans-serif\", fontsize=10];\n");

	for (i = 0; i < t->nr_rows; i++) {
		for (j = 0; j < i; j++) {
			if (!strcmp(cell(t, i, "smmu"), cell(t, j, "smmu")))
				break;
		}
		if (j == i)
			print_smmu(state, cell(t, i, "smmu"));
	}
	for (i = 0; i < t->nr_rows; i++)
		print_device(state, i);
	print_bypass(&state->table[CLIENTS]);
	printf("}\n");
}
