// SPDX-License-Identifier: GPL-2.0-only
/* One JSON object, with a member for each of the kernel's tables. */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "pkvm-iommu.h"

static const char *separator;	/* to print before the next member */

static void print_string(const char *text, size_t len)
{
	size_t i;

	putchar('"');
	for (i = 0; i < len; i++) {
		unsigned char c = text[i];

		if (c == '"' || c == '\\')
			printf("\\%c", c);
		else if (c < 0x20 || c >= 0x7f)
			printf("\\u%04x", c);
		else
			putchar(c);
	}
	putchar('"');
}

static void print_key(const char *key)
{
	printf("%s\"%s\": ", separator, key);
	separator = ", ";
}

static void member_string(const char *key, const char *text)
{
	print_key(key);
	if (is_none(text))
		printf("null");
	else
		print_string(text, strlen(text));
}

/* Print a number of the kernel: decimal, or hexadecimal with 0x. */
static void member_number(const char *key, const char *text)
{
	unsigned long long n;
	char *end;

	n = strtoull(text, &end, 0);
	print_key(key);
	if (*end || end == text)
		printf("null");
	else
		printf("%llu", n);
}

static void member_bool(const char *key, bool value)
{
	print_key(key);
	printf("%s", value ? "true" : "false");
}

static void member_list(const char *key, const char *list)
{
	const char *item, *comma = "";
	size_t len;

	print_key(key);
	putchar('[');
	while ((len = next_item(&list, &item))) {
		printf("%s", comma);
		print_string(item, len);
		comma = ", ";
	}
	putchar(']');
}

/* "own" instead of a stream ID: the one that the device presents */
static void member_sid(const char *key, const char *text)
{
	if (!strcmp(text, "own"))
		member_string(key, text);
	else
		member_number(key, text);
}

static void print_stream(const struct table *t, size_t row)
{
	unsigned long id = strtoul(cell(t, row, "sid"), NULL, 0);
	const char *bank = cell(t, row, "bank");
	const char *error = "-";
	char text[16];

	if (!strncmp(bank, "error:", 6)) {
		error = bank + 6;
		bank = "-";
	}

	member_list("devices", cell(t, row, "device"));
	member_string("node", cell(t, row, "node"));
	member_string("smmu", cell(t, row, "smmu"));
	print_key("sid");
	printf("%lu", id & 0xffff);
	print_key("mask");
	printf("%lu", id >> 16);
	snprintf(text, sizeof(text), "%.*s", (int)strcspn(bank, "!"), bank);
	member_number("bank", text);
	member_bool("quarantined", strchr(bank, '!'));
	member_string("format", cell(t, row, "format"));
	member_number("domain", cell(t, row, "domain"));
	member_number("users", cell(t, row, "users"));
	member_list("clients", cell(t, row, "clients"));
	if (!is_none(error)) {
		print_key("error");
		printf("%ld", strtol(error, NULL, 10));
	}
}

static void print_domain(const struct table *t, size_t row)
{
	member_number("domain", cell(t, row, "domain"));
	member_string("smmu", cell(t, row, "smmu"));
	member_string("format", cell(t, row, "format"));
	member_number("mapped", cell(t, row, "mapped"));
	member_number("attached", cell(t, row, "attached"));
	member_string("state", cell(t, row, "state"));
}

static void print_client(const struct table *t, size_t row)
{
	member_string("client", cell(t, row, "client"));
	member_number("id", cell(t, row, "id"));
	member_sid("found", cell(t, row, "found"));
	member_sid("sid", cell(t, row, "sid"));
	member_number("users", cell(t, row, "users"));
	member_string("state", cell(t, row, "state"));
}

static void print_call(const struct table *t, size_t row)
{
	member_string("call", cell(t, row, "call"));
	member_number("count", cell(t, row, "count"));
	member_number("errors", cell(t, row, "errors"));
}

static void print_rows(const struct table *t, void (*print)(const struct table *t, size_t row))
{
	size_t i;

	printf("\t\"%s\": [", t->name);
	for (i = 0; i < t->nr_rows; i++) {
		separator = "";
		printf("%s\n\t\t{ ", i ? "," : "");
		print(t, i);
		printf(" }");
	}
	printf("\n\t],\n");
}

void print_json(const struct state *state)
{
	const struct table *stats = &state->table[STATS];
	size_t i;

	printf("{\n");
	print_rows(&state->table[STREAMS], print_stream);
	print_rows(&state->table[DOMAINS], print_domain);
	print_rows(&state->table[CLIENTS], print_client);
	print_rows(&state->table[CALLS], print_call);

	printf("\t\"stats\": {");
	separator = " ";
	for (i = 0; i < stats->nr_rows; i++)
		member_number(cell(stats, i, "name"), cell(stats, i, "value"));
	printf(" }\n}\n");
}
