// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A TCG plugin that records which code was executed at EL2.
 *
 * A translation block belongs to one exception level, which is known when it is
 * translated. At exit, file `out` gets a line for each block that was executed at EL2:
 * the address of its first instruction, and the number of its instructions. An
 * exception in the middle of a block is ignored.
 *
 * A guest that must be told about newly executed code, such as a fuzzer, executes these
 * instructions, which have no effect, at EL1:
 *
 *     movz xzr, #0xbe10      the mailbox follows
 *     movz xzr, #0xbe11      start counting on this CPU
 *     movz xzr, #0xbe12      stop counting
 *
 * The mailbox is two 64-bit words at the next multiple of 16 bytes after the first of
 * these instructions, in the same page. While the CPU counts, the plugin increments the
 * first word for each block of EL2 that was not executed before, and the second word for
 * each pair of blocks that were not executed in sequence before. The guest reads them;
 * no other interface is needed.
 *
 * If all CPUs run in one thread (-accel tcg,thread=single), QEMU 10.0 passes plugins the
 * CPU that translated a block, not the one that executes it: with one-thread=on all CPUs
 * count while one of them does.
 */
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include <qemu-plugin.h>

QEMU_PLUGIN_EXPORT int qemu_plugin_version = QEMU_PLUGIN_VERSION;

#define MARK_MASK	0xffffff9fu
#define MARK		0xd297c21fu	/* movz xzr, #0xbe10, and the three after it */
#define PAGE		4096

enum { MARK_MAILBOX, MARK_START, MARK_STOP };

#define MAX_CPUS	64
#define NR_PAIRS	(1 << 16)

typedef struct {
	uint64_t pc, n;
	bool executed;		/* at all */
	bool counted;		/* while its CPU counted */
} Block;

typedef struct {
	uint64_t blocks, pairs;
} Mailbox;

typedef struct {
	unsigned int counts;
	uint64_t last;		/* the block before */
} Cpu;

static GHashTable *blocks;
static GMutex lock;
static struct qemu_plugin_register *cpsr;
static FILE *out;

static Mailbox unread, *mailbox = &unread;
static Cpu cpus[MAX_CPUS];
static bool pairs[NR_PAIRS];
static bool one_thread;

static Cpu *cpu_of(unsigned int cpu)
{
	return &cpus[one_thread || cpu >= MAX_CPUS ? 0 : cpu];
}

static unsigned int current_el(void)
{
	g_autoptr(GByteArray) buf = g_byte_array_new();
	uint64_t value = 0;

	if (cpsr && qemu_plugin_read_register(cpsr, buf) > 0)
		memcpy(&value, buf->data, MIN(buf->len, sizeof(value)));
	return value >> 2 & 3;
}

static void count(Cpu *c, Block *b)
{
	/* ignore the high bits of EL2's addresses, which are random */
	uint64_t pc = b->pc & 0x3fffffff;
	unsigned int pair = (pc * 0x9e3779b97f4a7c15 ^ c->last) >> 40 & (NR_PAIRS - 1);

	/* two CPUs may count the same block as new; this is tolerated */
	if (!b->counted) {
		b->counted = true;
		__atomic_add_fetch(&mailbox->blocks, 1, __ATOMIC_RELAXED);
	}
	if (!pairs[pair]) {
		pairs[pair] = true;
		__atomic_add_fetch(&mailbox->pairs, 1, __ATOMIC_RELAXED);
	}
	c->last = pc * 0xd6e8feb86659fd93;
}

static void executed(unsigned int cpu, void *data)
{
	Block *b = data;

	b->executed = true;
	if (cpu_of(cpu)->counts)
		count(cpu_of(cpu), b);
}

static void start(unsigned int cpu, void *unused)
{
	cpu_of(cpu)->counts++;
	cpu_of(cpu)->last = 0;
}

static void stop(unsigned int cpu, void *unused)
{
	if (cpu_of(cpu)->counts)
		cpu_of(cpu)->counts--;
}

static void new_mailbox(unsigned int cpu, void *at)
{
	uintptr_t addr = ((uintptr_t)at + 19) & ~(uintptr_t)15;

	if (addr / PAGE != (uintptr_t)at / PAGE ||
	    (addr + sizeof(*mailbox) - 1) / PAGE != (uintptr_t)at / PAGE)
		return;
	/* the memory may hold values from before a reset of the guest */
	*(Mailbox *)addr = (Mailbox) {};
	mailbox = (Mailbox *)addr;
}

static void look_for_marks(struct qemu_plugin_tb *tb)
{
	for (size_t i = 0; i < qemu_plugin_tb_n_insns(tb); i++) {
		struct qemu_plugin_insn *insn = qemu_plugin_tb_get_insn(tb, i);
		qemu_plugin_vcpu_udata_cb_t cb = NULL;
		void *haddr = NULL;
		uint32_t code = 0;

		if (qemu_plugin_insn_data(insn, &code, sizeof(code)) != sizeof(code) ||
		    (code & MARK_MASK) != MARK)
			continue;
		switch (code >> 5 & 3) {
		case MARK_MAILBOX:
			haddr = qemu_plugin_insn_haddr(insn);
			cb = haddr ? new_mailbox : NULL;
			break;
		case MARK_START:
			cb = start;
			break;
		case MARK_STOP:
			cb = stop;
			break;
		}
		if (cb)
			qemu_plugin_register_vcpu_insn_exec_cb(insn, cb, QEMU_PLUGIN_CB_NO_REGS,
							       haddr);
	}
}

static void translate(qemu_plugin_id_t id, struct qemu_plugin_tb *tb)
{
	Block key = { .pc = qemu_plugin_tb_vaddr(tb), .n = qemu_plugin_tb_n_insns(tb) }, *b;
	unsigned int el;

	/* the register of the CPU that is about to execute the block */
	el = current_el();
	if (el == 1)
		look_for_marks(tb);
	if (el != 2)
		return;

	g_mutex_lock(&lock);
	b = g_hash_table_lookup(blocks, &key.pc);
	if (!b || b->n < key.n) {
		/* a longer block replaces one that was cut short */
		if (b)
			key.counted = b->counted;
		b = g_memdup2(&key, sizeof(key));
		g_hash_table_replace(blocks, &b->pc, b);
	}
	g_mutex_unlock(&lock);

	qemu_plugin_register_vcpu_tb_exec_cb(tb, executed, QEMU_PLUGIN_CB_NO_REGS, b);
}

/* The handle is the same for all CPUs, which are of the same type. */
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
		else if (g_str_has_prefix(argv[i], "one-thread=") &&
			 !qemu_plugin_bool_parse("one-thread", argv[i] + 11, &one_thread))
			return -1;
	}
	if (!out) {
		fprintf(stderr, "elcov: out=FILE[,one-thread=on]\n");
		return -1;
	}

	blocks = g_hash_table_new(g_int64_hash, g_int64_equal);
	qemu_plugin_register_vcpu_init_cb(id, cpu_init);
	qemu_plugin_register_vcpu_tb_trans_cb(id, translate);
	qemu_plugin_register_atexit_cb(id, at_exit, NULL);
	return 0;
}
