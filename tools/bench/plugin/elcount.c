// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A TCG plugin that counts instructions by exception level.
 *
 * Each executed instruction increments the counter of its level, on its CPU. A
 * translation block belongs to one level, which is known when it is translated.
 *
 * The guest marks a region to be counted by instructions that have no effect,
 *
 *     movz xzr, #0xbe01      start
 *     movz xzr, #0xbe02      end
 *
 * in the kernel or in user space. For each region, numbered from 1, the file `out` has
 * a line of JSON:
 *
 *     n          number of the region
 *     before     instructions of the run before the region
 *     el0, el1, el2    instructions, of all CPUs
 *     hvc, smc   calls by EL1; calls by EL2 to the firmware are not counted
 *     stays      number of entries to EL2, for any reason
 *     longest    instructions of the longest stay at EL2; longest_call is x0 if the
 *                stay began with a call
 *     calls      {x0: [calls, instructions at EL2, those of the longest call]}, by the
 *                low 16 bits of x0
 *
 * With profile=FILE, FILE has at exit a line for each block of code that was executed
 * in a region: level, virtual address, address in the host (the same code can have
 * several virtual addresses), executed instructions; and a line for each spinlock that
 * EL2 acquired and released in a region: "lock", its physical address, how often, for
 * how many instructions it was held in total and at most.
 *
 * The last line ("n":0) is for the whole run. An instruction that leaves EL2 counts for
 * EL2; one that enters EL2 counts for its previous level.
 *
 * With several CPUs and -icount, which runs them in one thread, QEMU 10.0 passes plugins
 * the wrong CPU and can fail an assertion: use only one of them.
 */
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include <qemu-plugin.h>

QEMU_PLUGIN_EXPORT int qemu_plugin_version = QEMU_PLUGIN_VERSION;

#define MARK		0xd2800000u	/* movz x0, #0 */
#define MARK_START	(MARK | 0xbe01 << 5 | 31)
#define MARK_STOP	(MARK | 0xbe02 << 5 | 31)

#define HVC		0xd4000002u
#define SMC		0xd4000003u
#define CALL_MASK	0xffe0001fu

/* Instructions that acquire and release a hyp_spinlock_t: LSE atomics or exclusives */
#define LDADDA		0xb8a00000u
#define LDADDA_MASK	0xffe0fc00u
#define STADDLH		0x7860001fu
#define STADDLH_MASK	0xffe0fc1fu
#define LDAXR		0x885ffc00u
#define STLRH		0x489ffc00u
#define LDST_MASK	0xfffffc00u

#define MAX_LOCKS	1024
#define MAX_HELD	8

#define MAX_CPUS	16
#define MAX_CALLS	128

enum { EL0, EL1, EL2, EL3, NR_EL };

typedef struct {
	uint64_t el[NR_EL];
} Count;

typedef struct {
	uint64_t calls, insns, longest;
} Call;

typedef struct {
	uint64_t hvc, smc, stays, longest;
	uint16_t longest_call;
	Call call[MAX_CALLS + 1];	/* the last one: unknown calls */
} Stats;

/* State of a CPU */
typedef struct {
	struct qemu_plugin_register *cpsr, *x0;
	uint64_t outside;	/* instructions below EL2 when the stay began */
	uint64_t began;		/* instructions at EL2 when the stay began */
	bool stay, called;
	unsigned int call;
	struct {
		uint64_t addr, since;
	} held[MAX_HELD];
	Stats all, region;
} Cpu;

/* A block of code, for the profile */
typedef struct {
	unsigned int el, insns;
	uint64_t vaddr, times;
	uintptr_t haddr;
} Block;

typedef struct {
	uint64_t addr, times, insns, longest;
} Lock;

static Lock locks[MAX_LOCKS];
static unsigned int nr_locks;

static struct qemu_plugin_scoreboard *counts;
static Cpu cpus[MAX_CPUS];
static uint64_t region_el[NR_EL];
static unsigned int region_nr;
static bool in_region;
static FILE *out, *profile;
static GPtrArray *blocks;

static qemu_plugin_u64 counter(unsigned int el)
{
	return (qemu_plugin_u64) { counts, el * sizeof(uint64_t) };
}

static uint64_t get(unsigned int cpu, unsigned int el)
{
	return qemu_plugin_u64_get(counter(el), cpu);
}

static uint64_t read_reg(struct qemu_plugin_register *reg)
{
	GByteArray *buf = g_byte_array_new();
	uint64_t value = 0;

	if (reg && qemu_plugin_read_register(reg, buf) > 0)
		memcpy(&value, buf->data, MIN(buf->len, sizeof(value)));
	g_byte_array_free(buf, true);
	return value;
}

/* A stay at EL2 ends, or its region does. */
static void end_stay(unsigned int cpu)
{
	Cpu *c = &cpus[cpu];
	uint64_t len = get(cpu, EL2) - c->began;
	Stats *s[] = { &c->all, &c->region };

	if (!c->stay)
		return;
	c->stay = false;

	for (unsigned int i = 0; i < G_N_ELEMENTS(s); i++) {
		Call *call = &s[i]->call[c->call];

		s[i]->stays++;
		call->calls++;
		call->insns += len;
		call->longest = MAX(call->longest, len);
		if (len > s[i]->longest) {
			s[i]->longest = len;
			s[i]->longest_call = c->call;
		}
	}
}

/* An instruction at EL2: start a stay if none has begun. */
static void el2_exec(unsigned int cpu, void *unused)
{
	uint64_t outside = get(cpu, EL0) + get(cpu, EL1);
	Cpu *c = &cpus[cpu];

	if (c->stay && c->outside == outside)
		return;

	end_stay(cpu);
	c->stay = true;
	c->outside = outside;
	c->began = get(cpu, EL2);
	if (!c->called)
		c->call = MAX_CALLS;
	c->called = false;
}

/* A call by EL1, before it is executed */
static void call_exec(unsigned int cpu, void *hvc)
{
	Cpu *c = &cpus[cpu];

	/* the previous stay has ended */
	end_stay(cpu);
	if (hvc) {
		c->all.hvc++;
		c->region.hvc++;
		c->call = MIN(read_reg(c->x0) & 0xffff, MAX_CALLS);
		c->called = true;
	} else {
		c->all.smc++;
		c->region.smc++;
	}
}

static void sum(uint64_t *el)
{
	for (unsigned int e = 0; e < NR_EL; e++)
		el[e] = qemu_plugin_u64_sum(counter(e));
}

static Stats sum_stats(bool whole_run)
{
	Stats sum = {};

	for (unsigned int i = 0; i < MAX_CPUS; i++) {
		const Stats *s = whole_run ? &cpus[i].all : &cpus[i].region;

		sum.hvc += s->hvc;
		sum.smc += s->smc;
		sum.stays += s->stays;
		if (s->longest > sum.longest) {
			sum.longest = s->longest;
			sum.longest_call = s->longest_call;
		}
		for (unsigned int c = 0; c <= MAX_CALLS; c++) {
			sum.call[c].calls += s->call[c].calls;
			sum.call[c].insns += s->call[c].insns;
			sum.call[c].longest = MAX(sum.call[c].longest, s->call[c].longest);
		}
	}
	return sum;
}

static void report(unsigned int n, const uint64_t *el)
{
	Stats stats = sum_stats(!n), *s = &stats;
	const char *sep = "";

	fprintf(out, "{\"n\": %u, \"before\": %" PRIu64 ", \"el0\": %" PRIu64 ", \"el1\": %" PRIu64
		", \"el2\": %" PRIu64 ", \"hvc\": %" PRIu64 ", \"smc\": %" PRIu64
		", \"stays\": %" PRIu64 ", \"longest\": %" PRIu64
		", \"longest_call\": %u, \"calls\": {", n,
		n ? region_el[EL0] + region_el[EL1] + region_el[EL2] : 0, el[EL0], el[EL1], el[EL2],
		s->hvc, s->smc, s->stays, s->longest, s->longest_call);
	for (unsigned int i = 0; i <= MAX_CALLS; i++) {
		const Call *c = &s->call[i];

		if (!c->calls)
			continue;
		fprintf(out, "%s\"%u\": [%" PRIu64 ", %" PRIu64 ", %" PRIu64 "]",
			sep, i, c->calls, c->insns, c->longest);
		sep = ", ";
	}
	fputs("}}\n", out);
	fflush(out);
}

static void start_exec(unsigned int cpu, void *unused)
{
	end_stay(cpu);
	for (unsigned int i = 0; i < MAX_CPUS; i++)
		memset(&cpus[i].region, 0, sizeof(cpus[i].region));
	sum(region_el);
	in_region = true;
}

static void stop_exec(unsigned int cpu, void *unused)
{
	uint64_t el[NR_EL];

	if (!in_region)
		return;
	in_region = false;
	end_stay(cpu);
	sum(el);
	for (unsigned int e = 0; e < NR_EL; e++)
		el[e] -= region_el[e];
	report(++region_nr, el);
}

static uint64_t phys(qemu_plugin_meminfo_t info, uint64_t vaddr)
{
	struct qemu_plugin_hwaddr *hw = qemu_plugin_get_hwaddr(info, vaddr);

	return hw ? qemu_plugin_hwaddr_phys_addr(hw) : 0;
}

/*
 * Other atomics are taken for locks, too. They are never released, and the oldest
 * entry is replaced.
 */
static void lock_taken(unsigned int cpu, qemu_plugin_meminfo_t info, uint64_t vaddr, void *unused)
{
	uint64_t addr = phys(info, vaddr);
	Cpu *c = &cpus[cpu];
	unsigned int i, at = 0;

	for (i = 0; i < MAX_HELD; i++) {
		if (c->held[i].addr == addr) {
			at = i;
			break;
		}
		if (c->held[i].since < c->held[at].since)
			at = i;
	}
	c->held[at].addr = addr;
	c->held[at].since = get(cpu, EL2);
}

static void lock_given_back(unsigned int cpu, qemu_plugin_meminfo_t info, uint64_t vaddr,
			    void *unused)
{
	uint64_t addr = phys(info, vaddr), insns;
	Cpu *c = &cpus[cpu];
	unsigned int i, n;

	for (i = 0; i < MAX_HELD && (!addr || c->held[i].addr != addr); i++)
		;
	if (i == MAX_HELD)
		return;
	insns = get(cpu, EL2) - c->held[i].since;
	c->held[i].addr = c->held[i].since = 0;
	if (!in_region)
		return;

	for (n = 0; n < nr_locks && locks[n].addr != addr; n++)
		;
	if (n == MAX_LOCKS)
		return;
	if (n == nr_locks)
		locks[nr_locks++].addr = addr;
	locks[n].times++;
	locks[n].insns += insns;
	locks[n].longest = MAX(locks[n].longest, insns);
}

static void watch_lock(struct qemu_plugin_insn *insn, uint32_t code)
{
	qemu_plugin_vcpu_mem_cb_t cb = NULL;

	if ((code & LDADDA_MASK) == LDADDA || (code & LDST_MASK) == LDAXR)
		cb = lock_taken;
	else if ((code & STADDLH_MASK) == STADDLH || (code & LDST_MASK) == STLRH)
		cb = lock_given_back;
	if (cb)
		qemu_plugin_register_vcpu_mem_cb(insn, cb, QEMU_PLUGIN_CB_NO_REGS,
						 QEMU_PLUGIN_MEM_RW, NULL);
}

static void block_exec(unsigned int cpu, void *block)
{
	((Block *)block)->times += in_region;
}

static void profile_block(struct qemu_plugin_tb *tb, unsigned int el)
{
	Block *b = g_new0(Block, 1);

	b->el = el;
	b->insns = qemu_plugin_tb_n_insns(tb);
	b->vaddr = qemu_plugin_tb_vaddr(tb);
	b->haddr = (uintptr_t)qemu_plugin_insn_haddr(qemu_plugin_tb_get_insn(tb, 0));
	g_ptr_array_add(blocks, b);
	qemu_plugin_register_vcpu_tb_exec_cb(tb, block_exec, QEMU_PLUGIN_CB_NO_REGS, b);
}

static void translate(qemu_plugin_id_t id, struct qemu_plugin_tb *tb)
{
	unsigned int el, n = qemu_plugin_tb_n_insns(tb);

	/* the register of the CPU that is about to execute the block */
	el = read_reg(cpus[0].cpsr) >> 2 & 3;
	if (profile)
		profile_block(tb, el);

	for (unsigned int i = 0; i < n; i++) {
		struct qemu_plugin_insn *insn = qemu_plugin_tb_get_insn(tb, i);
		uint32_t code = 0;

		qemu_plugin_insn_data(insn, &code, sizeof(code));
		if (code == MARK_STOP)
			qemu_plugin_register_vcpu_insn_exec_cb(insn, stop_exec,
							       QEMU_PLUGIN_CB_NO_REGS, NULL);
		if (i == 0 && el == EL2)
			qemu_plugin_register_vcpu_insn_exec_cb(insn, el2_exec,
							       QEMU_PLUGIN_CB_NO_REGS, NULL);
		qemu_plugin_register_vcpu_insn_exec_inline_per_vcpu(insn,
			QEMU_PLUGIN_INLINE_ADD_U64, counter(el), 1);
		if (code == MARK_START)
			qemu_plugin_register_vcpu_insn_exec_cb(insn, start_exec,
							       QEMU_PLUGIN_CB_NO_REGS, NULL);
		if (profile && el == EL2)
			watch_lock(insn, code);
		if (el == EL1 && (code & CALL_MASK) == HVC)
			qemu_plugin_register_vcpu_insn_exec_cb(insn, call_exec,
							       QEMU_PLUGIN_CB_R_REGS, (void *)1);
		if (el == EL1 && (code & CALL_MASK) == SMC)
			qemu_plugin_register_vcpu_insn_exec_cb(insn, call_exec,
							       QEMU_PLUGIN_CB_R_REGS, NULL);
	}
}

/* The handles are the same for all CPUs, which are of the same type. */
static void cpu_init(qemu_plugin_id_t id, unsigned int cpu)
{
	g_autoptr(GArray) regs = qemu_plugin_get_registers();

	if (cpu >= MAX_CPUS) {
		fprintf(stderr, "elcount: more than %u CPUs\n", MAX_CPUS);
		return;
	}
	for (unsigned int i = 0; i < regs->len; i++) {
		qemu_plugin_reg_descriptor *r =
			&g_array_index(regs, qemu_plugin_reg_descriptor, i);

		if (!strcmp(r->name, "cpsr"))
			cpus[cpu].cpsr = r->handle;
		else if (!strcmp(r->name, "x0"))
			cpus[cpu].x0 = r->handle;
	}
}

static void at_exit(qemu_plugin_id_t id, void *unused)
{
	uint64_t el[NR_EL];

	sum(el);
	report(0, el);
	fclose(out);

	for (unsigned int i = 0; profile && i < blocks->len; i++) {
		const Block *b = blocks->pdata[i];

		fprintf(profile, "%u 0x%" PRIx64 " 0x%" PRIxPTR " %" PRIu64 "\n", b->el, b->vaddr,
			b->haddr, b->times * b->insns);
	}
	for (unsigned int i = 0; profile && i < nr_locks; i++) {
		fprintf(profile, "lock 0x%" PRIx64 " %" PRIu64 " %" PRIu64 " %" PRIu64 "\n",
			locks[i].addr, locks[i].times, locks[i].insns, locks[i].longest);
	}
	if (profile)
		fclose(profile);
}

QEMU_PLUGIN_EXPORT int qemu_plugin_install(qemu_plugin_id_t id, const qemu_info_t *info,
					   int argc, char **argv)
{
	for (int i = 0; i < argc; i++) {
		if (g_str_has_prefix(argv[i], "out="))
			out = fopen(argv[i] + 4, "w");
		else if (g_str_has_prefix(argv[i], "profile="))
			profile = fopen(argv[i] + 8, "w");
	}
	if (!out || info->system.max_vcpus > MAX_CPUS) {
		fprintf(stderr, "elcount: out=FILE, at most %u CPUs\n", MAX_CPUS);
		return -1;
	}

	blocks = g_ptr_array_new();
	counts = qemu_plugin_scoreboard_new(sizeof(Count));
	qemu_plugin_register_vcpu_init_cb(id, cpu_init);
	qemu_plugin_register_vcpu_tb_trans_cb(id, translate);
	qemu_plugin_register_atexit_cb(id, at_exit, NULL);
	return 0;
}
