// SPDX-License-Identifier: GPL-2.0-only
/*
 * Hypercalls, the last few of each thread, and what to say when one is answered
 * wrong.
 */
#include <linux/stdarg.h>
#include <linux/string.h>

#include "torture.h"

static const struct {
	const char *name;
	u32 id;
	unsigned int nr_args;
} known[] = {
	[FN_ALLOC]	= { HVC_ALLOC },
	[FN_FREE]	= { HVC_FREE },
	[FN_ATTACH]	= { HVC_ATTACH },
	[FN_DETACH]	= { HVC_DETACH },
	[FN_MAP]	= { HVC_MAP },
	[FN_MAP_RUNS]	= { HVC_MAP_RUNS },
	[FN_SET_RUNS]	= { HVC_SET_RUNS },
	[FN_UNMAP]	= { HVC_UNMAP },
	[FN_LOOKUP]	= { HVC_LOOKUP },
	[FN_TOPUP]	= { HVC_TOPUP },
	[FN_RECLAIM]	= { HVC_RECLAIM },
	[FN_FAULTS]	= { HVC_FAULTS },
	[FN_DEBUG]	= { HVC_DEBUG },
	[FN_SHARE]	= { HVC_SHARE },
	[FN_UNSHARE]	= { HVC_UNSHARE },
	[FN_RAW]	= { "raw", 0, 3 },
};

static void record(struct torturer *t, enum fn fn, u32 id, const u64 *arg,
		   const struct arm_smccc_res *res)
{
	struct call *c = &t->history[t->nr_calls++ % NR_HISTORY];

	c->fn = fn;
	c->id = id;
	c->op = t->nr_ops;
	memcpy(c->arg, arg, sizeof(c->arg));
	c->res[0] = res->a0;
	c->res[1] = res->a1;
	c->res[2] = res->a2;
	c->res[3] = res->a3;
}

long hvc(struct torturer *t, enum fn fn, struct arm_smccc_res *res, u64 a1, u64 a2, u64 a3,
	 u64 a4, u64 a5, u64 a6)
{
	u64 arg[NR_ARGS] = { a1, a2, a3, a4, a5, a6 };

	arm_smccc_1_1_hvc(known[fn].id, a1, a2, a3, a4, a5, a6, res);
	record(t, fn, known[fn].id, arg, res);
	if (res->a0 == SMCCC_RET_SUCCESS)
		return res->a1;
	mismatch(t, "EL2 does not know %s", known[fn].name);
	return -EOPNOTSUPP;
}

long hvc_raw(struct torturer *t, u32 id, u64 a1, u64 a2, u64 a3)
{
	u64 arg[NR_ARGS] = { a1, a2, a3 };
	struct arm_smccc_res res;

	arm_smccc_1_1_hvc(id, a1, a2, a3, &res);
	record(t, FN_RAW, id, arg, &res);
	return (int)res.a0;
}

void dump_history(struct torturer *t)
{
	u64 n = min_t(u64, t->nr_calls, NR_HISTORY), i;
	unsigned int j;
	char args[160];

	pr_err("seed %llu, thread %u, step %llu (%s); its last %llu calls of %llu:\n", seed, t->id,
	       t->nr_ops, t->doing, n, t->nr_calls);
	for (i = t->nr_calls - n; i < t->nr_calls; i++) {
		struct call *c = &t->history[i % NR_HISTORY];
		int len = 0;

		args[0] = '\0';
		for (j = 0; j < known[c->fn].nr_args; j++)
			len += scnprintf(args + len, sizeof(args) - len, "%s%#llx", j ? ", " : "",
					 c->arg[j]);
		pr_err("  step %llu: %s %#x(%s) = %lld: %lld, %#llx, %#llx\n", c->op,
		       known[c->fn].name, c->id, args, (s64)c->res[0], (s64)c->res[1],
		       c->res[2], c->res[3]);
	}
}

void mismatch(struct torturer *t, const char *fmt, ...)
{
	struct va_format vaf = { .fmt = fmt };
	va_list args;

	va_start(args, fmt);
	vaf.va = &args;
	if (t->nr_mismatches < 8)
		pr_err("MISMATCH in thread %u: %pV\n", t->id, &vaf);
	va_end(args);
	/* One tells most; those that follow are told without the calls. */
	if (!t->nr_mismatches++)
		dump_history(t);
	WRITE_ONCE(stopping, true);
}
