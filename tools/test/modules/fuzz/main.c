// SPDX-License-Identifier: GPL-2.0-only
/*
 * A fuzzer of EL2's IOMMU hypercalls, see fuzz.h.
 *
 *	insmod fuzz.ko lookup=ADDRESS seed=N seconds=N programs=N
 *
 * detaches all streams, and frees the domains of the host: no device works afterwards.
 * Writing "start" to /sys/kernel/debug/fuzz/run starts it. Reading the file returns
 * `ready`, `running ...`, and at the end `finished programs=N calls=N corpus=N blocks=N
 * pairs=N lost=N violations=N`. Then "broken N" runs N more programs, while an IOMMU is
 * broken; from then on domains may be quarantined.
 *
 * To run a printed program again, write each of its lines that start with "@", and then
 * "again N" for N times.
 *
 * lookup is the address of kallsyms_lookup_name().
 */
#include <linux/completion.h>
#include <linux/cpu.h>
#include <linux/debugfs.h>
#include <linux/jiffies.h>
#include <linux/kthread.h>
#include <linux/module.h>
#include <linux/panic_notifier.h>
#include <linux/seq_file.h>
#include <linux/slab.h>
#include <linux/stdarg.h>
#include <linux/uaccess.h>
#include <asm/virt.h>

#include "fuzz.h"

static unsigned long lookup;
module_param(lookup, ulong, 0);
static u64 seed = 1;
module_param(seed, ullong, 0444);
static unsigned int seconds;
module_param(seconds, uint, 0444);
static unsigned long long programs;
module_param(programs, ullong, 0444);
static bool parallel = true;
module_param(parallel, bool, 0444);

#define MAX_CORPUS	4096
#define MAX_WORKERS	16
#define CHECK_WORKS	64	/* programs between two checks */

struct rnd_state rnd_state;
DEFINE_PER_CPU(u64, fuzz_calls);
bool wrong, broken;
u64 nr_violations, nr_lost;

static struct program *corpus[MAX_CORPUS], *current_program;
static unsigned int nr_corpus;
static struct program *again;		/* a program that was written to `run` */
static u64 nr_programs;
static const struct mailbox *mailbox;
static enum { READY, RUNNING, FINISHED } phase;

static struct worker {
	struct task_struct *task;
	struct completion start;
} workers[MAX_WORKERS];
static unsigned int nr_workers;
static atomic_t busy;
static DECLARE_COMPLETION(all_done);

void violation(const char *fmt, ...)
{
	struct va_format vaf = { .fmt = fmt };
	va_list args;

	va_start(args, fmt);
	vaf.va = &args;
	if (nr_violations++ < 8)
		pr_err("VIOLATION in program %llu of seed %llu: %pV\n", nr_programs, seed, &vaf);
	va_end(args);
	WRITE_ONCE(wrong, true);
}

static int worker(void *data)
{
	struct worker *w = data;

	for (;;) {
		wait_for_completion_state(&w->start, TASK_IDLE);
		run_calls(current_program, w - workers);
		if (atomic_dec_and_test(&busy))
			complete(&all_done);
	}
	return 0;
}

static int start_workers(void)
{
	unsigned int cpu;

	for_each_online_cpu(cpu) {
		struct worker *w = &workers[nr_workers];

		if (nr_workers == MAX_WORKERS)
			break;
		init_completion(&w->start);
		w->task = kthread_create(worker, w, "fuzz/%u", cpu);
		if (IS_ERR(w->task))
			return PTR_ERR(w->task);
		kthread_bind(w->task, cpu);
		wake_up_process(w->task);
		nr_workers++;
	}
	return 0;
}

static void run_on_all(struct program *p)
{
	unsigned int i;

	reinit_completion(&all_done);
	atomic_set(&busy, nr_workers);
	for (i = 0; i < nr_workers; i++)
		complete(&workers[i].start);
	wait_for_completion(&all_done);
}

static void run(struct program *p)
{
	memset(&state, 0, sizeof(state));
	state.parallel = p->parallel && parallel && nr_workers > 1;
	current_program = p;
	nr_programs++;
	if (state.parallel)
		run_on_all(p);
	else
		run_calls(p, -1);
	if (!wrong)
		check_streams();
	coverage_start();
	if (!wrong)
		world_reset();
	coverage_stop();
	if (!wrong && !broken && nr_programs % CHECK_WORKS == 0)
		check_works();
	if (wrong)
		program_print(p);
	current_program = NULL;
}

static void keep(const struct program *p)
{
	struct program *copy;

	if (nr_corpus == MAX_CORPUS)
		return;
	copy = kvmalloc(sizeof(*copy), GFP_KERNEL);
	if (!copy)
		return;
	*copy = *p;
	corpus[nr_corpus++] = copy;
}

static int fuzz(void *unused)
{
	unsigned long end = !broken && seconds ? jiffies + seconds * HZ : 0;
	struct program *p = kzalloc(sizeof(*p), GFP_KERNEL);
	bool first = true;

	/* The runner reads the program from memory if the machine hangs. */
	if (p)
		pr_emerg("program at %#llx, %zu bytes\n", (u64)virt_to_phys(p), sizeof(*p));

	while (p && !wrong && (!end || time_before(jiffies, end)) &&
	       (!programs || nr_programs < programs)) {
		u64 blocks = READ_ONCE(mailbox->blocks), pairs = READ_ONCE(mailbox->pairs);

		if (again) {
			*p = *again;
		} else if (first) {
			program_first(p);
		} else if (!nr_corpus || chance(10)) {
			program_new(p);
		} else {
			*p = *corpus[rnd(nr_corpus)];
			program_change(p, corpus[rnd(nr_corpus)]);
		}
		run(p);
		first = false;
		/* Without the plugin, keep any program */
		if (READ_ONCE(mailbox->blocks) != blocks || READ_ONCE(mailbox->pairs) != pairs ||
		    (!mailbox->blocks && chance(8)))
			keep(p);
		cond_resched();
	}
	kfree(p);
	WRITE_ONCE(phase, FINISHED);
	return 0;
}

static int start(void)
{
	struct task_struct *task;
	int ret = nr_workers ? 0 : start_workers();

	if (ret)
		return ret;
	task = kthread_create(fuzz, NULL, "fuzz");
	if (IS_ERR(task))
		return PTR_ERR(task);
	/* The plugin counts new code for each CPU separately. */
	kthread_bind(task, cpumask_first(cpu_online_mask));
	phase = RUNNING;
	wake_up_process(task);
	return 0;
}

static int start_broken(unsigned int n)
{
	if (phase != FINISHED || wrong)
		return -EBUSY;
	broken = true;
	programs = nr_programs + n;
	return start();
}

static int run_show(struct seq_file *m, void *unused)
{
	static const char * const names[] = { "ready", "running", "finished" };
	u64 calls = 0;
	int cpu;

	for_each_possible_cpu(cpu)
		calls += per_cpu(fuzz_calls, cpu);
	seq_printf(m, "%s programs=%llu calls=%llu corpus=%u blocks=%llu pairs=%llu lost=%llu violations=%llu\n",
		   names[READ_ONCE(phase)], nr_programs, calls, nr_corpus,
		   READ_ONCE(mailbox->blocks), READ_ONCE(mailbox->pairs), nr_lost, nr_violations);
	return 0;
}

static int run_open(struct inode *inode, struct file *file)
{
	return single_open(file, run_show, NULL);
}

static ssize_t run_write(struct file *file, const char __user *user, size_t len, loff_t *pos)
{
	char word[400] = "";
	unsigned int n;

	if (len >= sizeof(word) || copy_from_user(word, user, len))
		return -EINVAL;
	if (phase == READY && word[0] == '@') {
		again = again ?: kvzalloc(sizeof(*again), GFP_KERNEL);
		return again ? program_read(again, word) ?: len : -ENOMEM;
	}
	if (phase == READY && again && sscanf(word, "again %u", &n) == 1) {
		programs = n;
		seconds = 0;
		return start() ?: len;
	}
	if (phase == READY && sysfs_streq(word, "start"))
		return start() ?: len;
	if (sscanf(word, "broken %u", &n) == 1)
		return start_broken(n) ?: len;
	return -EINVAL;
}

static const struct file_operations run_fops = {
	.owner = THIS_MODULE,
	.open = run_open,
	.read = seq_read,
	.write = run_write,
	.llseek = seq_lseek,
	.release = single_release,
};

/* EL2 has panicked: print the program. */
static int on_panic(struct notifier_block *nb, unsigned long action, void *data)
{
	if (current_program) {
		pr_err("EL2 panicked in program %llu of seed %llu\n", nr_programs, seed);
		program_print(current_program);
	}
	return NOTIFY_DONE;
}

static struct notifier_block panic_block = { .notifier_call = on_panic };

static int __init fuzz_init(void)
{
	struct dentry *dir;
	int ret;

	if (is_kernel_in_hyp_mode() || !lookup)
		return -ENODEV;
	prandom_seed_state(&rnd_state, seed * 0x9e3779b97f4a7c15ULL);
	mailbox = coverage_mailbox();
	ret = world_init(lookup);
	if (ret)
		return ret;
	atomic_notifier_chain_register(&panic_notifier_list, &panic_block);
	dir = debugfs_create_dir("fuzz", NULL);
	debugfs_create_file("run", 0600, dir, NULL, &run_fops);
	return 0;
}
module_init(fuzz_init);

/* No exit function: the host's devices have no domains any more. */

MODULE_DESCRIPTION("Fuzzer of EL2's IOMMU hypercalls");
MODULE_LICENSE("GPL");
