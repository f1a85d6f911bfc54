// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A TCG plugin that notes which code was executed at EL2.
 *
 * A block of translated code belongs to one exception level, which is known
 * when it is translated. At the end file `out` gets a line for each block that
 * was executed at EL2: address of its first instruction, number of its
 * instructions. That an exception may end a block early is ignored.
 */
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include <qemu-plugin.h>

QEMU_PLUGIN_EXPORT int qemu_plugin_version = QEMU_PLUGIN_VERSION;

typedef struct {
	uint64_t pc, n;
	bool executed;
} Block;

static GHashTable *blocks;
static GMutex lock;
static struct qemu_plugin_register *cpsr;
static FILE *out;

static unsigned int current_el(void)
{
	g_autoptr(GByteArray) buf = g_byte_array_new();
	uint64_t value = 0;

	if (cpsr && qemu_plugin_read_register(cpsr, buf) > 0)
		memcpy(&value, buf->data, MIN(buf->len, sizeof(value)));
	return value >> 2 & 3;
}

static void executed(unsigned int cpu, void *data)
{
	Block *b = data;

	b->executed = true;
}

static void translate(qemu_plugin_id_t id, struct qemu_plugin_tb *tb)
{
	Block key = { qemu_plugin_tb_vaddr(tb), qemu_plugin_tb_n_insns(tb), false }, *b;

	/* It is read of the CPU that is about to execute the block. */
	if (current_el() != 2)
		return;

	g_mutex_lock(&lock);
	b = g_hash_table_lookup(blocks, &key.pc);
	if (!b || b->n < key.n) {
		/* A longer one takes the place of one that was cut short. */
		b = g_memdup2(&key, sizeof(key));
		g_hash_table_replace(blocks, &b->pc, b);
	}
	g_mutex_unlock(&lock);

	qemu_plugin_register_vcpu_tb_exec_cb(tb, executed, QEMU_PLUGIN_CB_NO_REGS, b);
}

/* The handle is the same for all CPUs: they are of the same kind. */
static void cpu_init(qemu_plugin_id_t id, unsigned int cpu)
{
	g_autoptr(GArray) regs = qemu_plugin_get_registers();

	for (unsigned int i = 0; i < regs->len; i++) {
		qemu_plugin_reg_descriptor *r =
			&g_array_index(regs, qemu_plugin_reg_descriptor, i);

		if (!strcmp(r->name, "cpsr"))
			cpsr = r->handle;
	}
}

static void at_exit(qemu_plugin_id_t id, void *unused)
{
	GHashTableIter i;
	gpointer b;

	g_hash_table_iter_init(&i, blocks);
	while (g_hash_table_iter_next(&i, NULL, &b))
		if (((Block *)b)->executed)
			fprintf(out, "%" PRIx64 " %" PRIu64 "\n", ((Block *)b)->pc, ((Block *)b)->n);
	fclose(out);
}

QEMU_PLUGIN_EXPORT int qemu_plugin_install(qemu_plugin_id_t id, const qemu_info_t *info,
					   int argc, char **argv)
{
	for (int i = 0; i < argc; i++) {
		if (g_str_has_prefix(argv[i], "out="))
			out = fopen(argv[i] + 4, "w");
	}
	if (!out) {
		fprintf(stderr, "elcov: out=FILE\n");
		return -1;
	}

	blocks = g_hash_table_new(g_int64_hash, g_int64_equal);
	qemu_plugin_register_vcpu_init_cb(id, cpu_init);
	qemu_plugin_register_vcpu_tb_trans_cb(id, translate);
	qemu_plugin_register_atexit_cb(id, at_exit, NULL);
	return 0;
}
