// SPDX-License-Identifier: GPL-2.0-only
/*
 * A thread: random steps until the limit of calls or time, or a mismatch in any thread.
 * Then it undoes everything.
 */
#include <linux/kthread.h>
#include <linux/sched.h>

#include "torture.h"

static const struct {
	const char *name;
	void (*fn)(struct torturer *t);
	unsigned int weight;
} ops[] = {
	{ "map", op_map, 20 },
	{ "map a list", op_map_runs, 12 },
	{ "unmap", op_unmap, 24 },
	{ "look up", op_lookup, 8 },
	{ "DMA", op_dma, 20 },
	{ "attach", op_attach, 6 },
	{ "allocate a domain", op_alloc, 4 },
	{ "free a domain", op_free, 1 },
	{ "donate", op_donate, 5 },
	{ "reclaim", op_reclaim, 5 },
	{ "share", op_share, 2 },
	{ "ask", op_info, 3 },
	{ "wild", op_wild, 16 },
	{ "race", op_race, 16 },
};

static unsigned int choose(struct torturer *t)
{
	unsigned int i, sum = 0;
	u32 n;

	for (i = 0; i < ARRAY_SIZE(ops); i++)
		sum += ops[i].weight;
	n = rnd(t, sum);
	for (i = 0; n >= ops[i].weight; i++)
		n -= ops[i].weight;
	return i;
}

static bool goes_on(struct torturer *t)
{
	if (READ_ONCE(stopping) || t->nr_calls >= t->max_calls)
		return false;
	return !end_time || time_before(jiffies, end_time);
}

int torturer(void *data)
{
	struct torturer *t = data;
	unsigned int op;
	int i;

	while (goes_on(t)) {
		op = choose(t);
		t->doing = ops[op].name;
		t->nr_ops++;
		ops[op].fn(t);
		cond_resched();
	}

	t->doing = "exit";
	detach_all(t);
	for (i = 0; i < NR_DOMAINS; i++)
		if (t->domains[i].handle)
			free_domain(t, &t->domains[i]);
	memory_exit(t);

	/* Wait for kthread_stop(). */
	set_current_state(TASK_INTERRUPTIBLE);
	while (!kthread_should_stop()) {
		WRITE_ONCE(t->doing, NULL);
		schedule();
		set_current_state(TASK_INTERRUPTIBLE);
	}
	__set_current_state(TASK_RUNNING);
	return 0;
}
