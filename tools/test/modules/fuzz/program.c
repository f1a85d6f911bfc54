// SPDX-License-Identifier: GPL-2.0-only
/*
 * Programs: new ones, changed ones, printed ones.
 */
#include <linux/cpumask.h>
#include <linux/string.h>

#include "fuzz.h"

#define ERRORS(...)	((const int[]) { __VA_ARGS__, 0 })

const struct fn_info fn_infos[NR_FNS] = {
	[FN_ALLOC] = { HVC_ALLOC, { K_IOMMU, K_FMT },
		       ERRORS(EINVAL, EOPNOTSUPP, ENOMEM) },
	[FN_FREE] = { HVC_FREE, { K_HANDLE },
		      ERRORS(ENOENT, EBUSY, EAGAIN) },
	[FN_ATTACH] = { HVC_ATTACH,
			{ K_HANDLE, K_IOMMU, K_ENDPOINT, K_SID, K_QUERY },
			ERRORS(ENOENT, EINVAL, ENODEV, EBUSY, ENOSPC, EACCES) },
	[FN_DETACH] = { HVC_DETACH,
			{ K_HANDLE, K_IOMMU, K_ENDPOINT, K_SID }, ERRORS(ENOENT) },
	[FN_MAP] = { HVC_MAP,
		     { K_HANDLE, K_IOVA, K_PADDR, K_PGSIZE, K_COUNT, K_PROT },
		     ERRORS(EINVAL, ENOENT, EPERM, EEXIST, EOVERFLOW, ENOMEM) },
	[FN_UNMAP] = { HVC_UNMAP, { K_HANDLE, K_IOVA, K_PGSIZE, K_COUNT },
		       ERRORS(EINVAL, ENOENT) },
	[FN_LOOKUP] = { HVC_LOOKUP, { K_HANDLE, K_IOVA },
			ERRORS(ENOENT) },
	[FN_MAP_RUNS] = { HVC_MAP_RUNS,
			  { K_HANDLE, K_IOVA, K_NR_RUNS, K_PROT },
			  ERRORS(EINVAL, ENOENT, EPERM, EEXIST, EOVERFLOW, ENOMEM) },
	[FN_SET_RUNS] = { HVC_SET_RUNS, { K_CPU, K_PFN },
			  ERRORS(EINVAL, EBUSY) },
	[FN_TOPUP] = { HVC_TOPUP, { K_PFN, K_ORDER },
		       ERRORS(EINVAL, EPERM, EBUSY) },
	[FN_RECLAIM] = { HVC_RECLAIM, { K_ORDER },
			 ERRORS(EINVAL, ENOENT) },
	[FN_FAULTS] = { HVC_FAULTS, { K_IOMMU, K_MAX }, ERRORS(EINVAL) },
	[FN_DEBUG] = { HVC_DEBUG, { K_IOMMU, K_WHAT, K_INDEX },
		       ERRORS(EINVAL, ENODEV, ENOENT) },
	[FN_SHARE] = { HVC_SHARE, { K_PFN },
		       ERRORS(EINVAL, EPERM) },
	[FN_UNSHARE] = { HVC_UNSHARE, { K_PFN },
			 ERRORS(EINVAL, EPERM, EBUSY) },
	/* pkvm_iommu_init, which is over, and numbers that nothing has */
	[FN_RAW] = { "raw", 0, 4, { K_NUMBER, K_NUMBER, K_PFN, K_COUNT }, NULL },
	[FN_DMA] = { "DMA", 0, 3, { K_BM, K_IOVA, K_FLAGS }, NULL },
};

static const u8 weights[NR_FNS] = {
	[FN_ALLOC] = 8, [FN_FREE] = 5, [FN_ATTACH] = 10, [FN_DETACH] = 7, [FN_MAP] = 22,
	[FN_UNMAP] = 18, [FN_LOOKUP] = 5, [FN_MAP_RUNS] = 12, [FN_SET_RUNS] = 1, [FN_TOPUP] = 8,
	[FN_RECLAIM] = 8, [FN_FAULTS] = 3, [FN_DEBUG] = 7, [FN_SHARE] = 3, [FN_UNSHARE] = 3,
	[FN_RAW] = 1, [FN_DMA] = 12,
};

static enum fn random_fn(void)
{
	unsigned int i, sum = 0, n;

	for (i = 0; i < NR_FNS; i++)
		sum += weights[i];
	n = rnd(sum);
	for (i = 0; n >= weights[i]; i++)
		n -= weights[i];
	return i;
}

static void match_index(struct arg *a)
{
	u8 n = rnd(chance(4) ? MAX_STREAMS : 5);

	a[0] = (struct arg) { .how = H_IOMMU, .n = n };
	switch (a[1].v) {
	case KVM_IOMMU_DEBUG_DOMAIN:
		a[2] = (struct arg) { .how = H_DOMAIN, .n = rnd(3) };
		break;
	case SMMU_KVM_DEBUG_STREAM:
		a[2] = (struct arg) { .how = H_STREAM, .n = n };
		break;
	default:
		a[2] = (struct arg) { .v = rnd(8) };
		break;
	}
}

static void op_new(struct op *op, enum fn fn)
{
	int i;

	*op = (struct op) {
		.fn = fn,
		.cpu = rnd(num_online_cpus()),
		.feed = !chance(6),
	};
	for (i = 0; i < fn_infos[fn].nr_args; i++)
		arg_new(&op->arg[i], fn_infos[fn].kind[i]);
	for (i = 0; i < NR_RUN_ARGS && fn == FN_MAP_RUNS; i++)
		arg_new(&op->run[i], K_RUN);

	/* Most often, what names a stream names one that exists */
	if ((fn == FN_ATTACH || fn == FN_DETACH) && !chance(6)) {
		u8 n = rnd(chance(4) ? MAX_STREAMS : 5);

		for (i = 0; i < 3; i++)
			op->arg[1 + i] = (struct arg) { .how = H_IOMMU + i, .n = n };
	}
	/* and an index is of what is asked about */
	if (fn == FN_DEBUG && !chance(6))
		match_index(op->arg);
	/* A question is about no domain */
	if (fn == FN_ATTACH && op->arg[4].v == KVM_IOMMU_ATTACH_QUERY && !chance(6))
		op->arg[0] = (struct arg) { .how = H_VALUE };
	/* and a domain is for one that has streams */
	if (fn == FN_ALLOC && !chance(12))
		op->arg[0] = (struct arg) { .how = H_IOMMU, .n = rnd(5) };
}

/* A page size is of use only where both addresses are aligned to it */
static void align_op(struct op *op)
{
	static const u64 blocks[] = { SZ_64K, SZ_64K, SZ_1M, SZ_2M, SZ_2M, SZ_16M, SZ_1G };
	u64 size = pick(blocks);

	if (op->fn != FN_MAP && op->fn != FN_UNMAP)
		return;
	op->arg[1].how = H_IOVA;
	op->arg[1].v = size * rnd(3);
	op->arg[op->fn == FN_MAP ? 3 : 2] = (struct arg) { .v = size };
	if (op->fn != FN_MAP)
		return;
	op->arg[2] = (struct arg) { .how = H_PAGE, .v = size < SZ_2M ? size * rnd(2) : 0 };
	if (size > SZ_2M)
		op->arg[2] = (struct arg) { .how = H_SPECIAL, .n = rnd(3) };
}

/* The end of the address space, a page before or behind it */
static void limit_op(struct op *op)
{
	u64 pages = 1 + rnd(3);

	if (op->fn != FN_MAP && op->fn != FN_UNMAP && op->fn != FN_MAP_RUNS)
		return;
	op->arg[1] = (struct arg) {
		.how = H_LIMIT,
		.n = op->arg[0].n,
		.v = -(s64)((pages + rnd(3) - 1) * SZ_4K),
	};
	if (op->fn == FN_MAP_RUNS)
		return;
	op->arg[op->fn == FN_MAP ? 3 : 2] = (struct arg) { .v = SZ_4K };
	op->arg[op->fn == FN_MAP ? 4 : 3] = (struct arg) { .v = pages };
}

/* The same for many addresses: what there is one of, there can be many of */
static void repeat_op(struct op *op)
{
	static const u8 strides[] = { 0, 12, 16, 20, 21, 21, 21, 24, 30 };

	op->repeat = op->repeat && chance(2) ? 0 : 1 + rnd(12);
	op->stride = pick(strides);
}

static void op_random(struct op *op)
{
	op_new(op, random_fn());
	if (chance(4))
		align_op(op);
	if (chance(12))
		limit_op(op);
	if (chance(16))
		repeat_op(op);
}

void program_new(struct program *p)
{
	static const u8 begin[] = { FN_ALLOC, FN_ATTACH, FN_MAP };
	unsigned int i, n = 3 + rnd(MAX_OPS / 2);

	memset(p, 0, sizeof(*p));
	for (i = 0; i < n; i++) {
		if (i < ARRAY_SIZE(begin) && !chance(8))
			op_new(&p->op[i], begin[i]);
		else
			op_random(&p->op[i]);
	}
	p->nr_ops = n;
	p->parallel = num_online_cpus() > 1 && chance(4);
}

/* One to begin with: each stream has a domain of its own, with a page for a while. */
void program_first(struct program *p)
{
	static const u8 calls[] = { FN_ALLOC, FN_ATTACH, FN_MAP, FN_UNMAP };
	unsigned int i;

	memset(p, 0, sizeof(*p));
	for (i = 0; i < MAX_OPS && i < ARRAY_SIZE(calls) * nr_streams; i++) {
		u8 n = i / ARRAY_SIZE(calls), fn = calls[i % ARRAY_SIZE(calls)];
		struct op *op = &p->op[i];

		*op = (struct op) { .fn = fn, .feed = true };
		op->arg[0] = (struct arg) { .how = fn == FN_ALLOC ? H_IOMMU : H_DOMAIN, .n = n };
		if (fn == FN_ALLOC)
			continue;
		op->arg[1] = (struct arg) { .v = SZ_1G };
		if (fn == FN_ATTACH) {
			op->arg[1] = (struct arg) { .how = H_IOMMU, .n = n };
			op->arg[2] = (struct arg) { .how = H_ENDPOINT, .n = n };
			op->arg[3] = (struct arg) { .how = H_SID, .n = n };
		} else if (fn == FN_MAP) {
			op->arg[2] = (struct arg) { .how = H_PAGE, .v = n * SZ_4K };
			op->arg[3] = (struct arg) { .v = SZ_4K };
			op->arg[4] = (struct arg) { .v = 1 };
			op->arg[5] = (struct arg) { .v = IOMMU_READ | IOMMU_WRITE };
		} else {
			op->arg[2] = (struct arg) { .v = SZ_4K };
			op->arg[3] = (struct arg) { .v = 1 };
		}
	}
	p->nr_ops = i;
}

static void insert(struct program *p, unsigned int at, const struct op *op)
{
	if (p->nr_ops == MAX_OPS)
		return;
	memmove(&p->op[at + 1], &p->op[at], (p->nr_ops - at) * sizeof(*op));
	p->op[at] = *op;
	p->nr_ops++;
}

static void splice(struct program *p, const struct program *other)
{
	unsigned int from = rnd(other->nr_ops), n = 1 + rnd(other->nr_ops - from);
	unsigned int at = rnd(p->nr_ops + 1);

	while (n--)
		insert(p, at, &other->op[from + n]);
}

static void change_arg(struct op *op)
{
	unsigned int n = fn_infos[op->fn].nr_args;
	u32 i;

	if (op->fn == FN_MAP_RUNS && chance(2)) {
		arg_change(&op->run[rnd(NR_RUN_ARGS)], K_RUN);
		return;
	}
	i = rnd(n);
	arg_change(&op->arg[i], fn_infos[op->fn].kind[i]);
}

void program_change(struct program *p, const struct program *other)
{
	unsigned int n = 1 + rnd(chance(3) ? 8 : 3);
	struct op op;

	while (n--) {
		u32 i = rnd(p->nr_ops);

		switch (rnd(16)) {
		case 0 ... 3:
			op_random(&op);
			insert(p, rnd(p->nr_ops + 1), &op);
			break;
		case 4 ... 5:
			if (p->nr_ops == 1)
				break;
			p->nr_ops--;
			memmove(&p->op[i], &p->op[i + 1], (p->nr_ops - i) * sizeof(op));
			break;
		case 6:
			splice(p, other);
			break;
		case 7:
			op = p->op[i];
			insert(p, i, &op);
			break;
		case 8:
			op = p->op[i];
			insert(p, rnd(p->nr_ops + 1), &op);
			break;
		case 9:
			swap(p->op[i], p->op[rnd(p->nr_ops)]);
			break;
		case 10:
			p->op[i].feed = !p->op[i].feed;
			break;
		case 11:
			if (chance(3))
				limit_op(&p->op[i]);
			else if (chance(2))
				align_op(&p->op[i]);
			else
				repeat_op(&p->op[i]);
			break;
		case 12:
			p->op[i].cpu = rnd(num_online_cpus());
			p->parallel = num_online_cpus() > 1 && chance(3);
			break;
		default:
			change_arg(&p->op[i]);
			break;
		}
	}
}

static int print_arg(char *buf, size_t len, const struct arg *a, u64 value)
{
	static const char * const hows[] = {
		"", "domain ", "iommu of ", "endpoint of ", "id of ", "page ", "page ", "special ",
		"special ", "iova ", "end of domain ", "stream ",
	};

	if (a->how == H_VALUE)
		return scnprintf(buf, len, "%#llx", value);
	return scnprintf(buf, len, "%s%u%+lld = %#llx", hows[a->how], a->n, a->v, value);
}

/*
 * What program_read() understands, a line for each call:
 *
 *	@ NUMBER FN CPU FEED REPEAT STRIDE PARALLEL HOW,N,V ...
 *
 * with as many arguments as there can be, and then the runs.
 */
static void print_again(const struct program *p)
{
	char line[400];
	unsigned int i, j;

	for (i = 0; i < p->nr_ops; i++) {
		const struct op *op = &p->op[i];
		int len = 0;

		for (j = 0; j < NR_ARGS + NR_RUN_ARGS; j++) {
			const struct arg *a = j < NR_ARGS ? &op->arg[j] : &op->run[j - NR_ARGS];

			len += scnprintf(line + len, sizeof(line) - len, " %u,%u,%llx", a->how, a->n,
					 (u64)a->v);
		}
		pr_err("@ %u %u %u %u %u %u %u%s\n", i, op->fn, op->cpu, op->feed, op->repeat,
		       op->stride, p->parallel, line);
	}
}

int program_read(struct program *p, char *line)
{
	unsigned int fn, cpu, feed, repeat, stride, parallel, how, n, j;
	struct op *op = &p->op[p->nr_ops];
	int at;
	u64 v;

	if (p->nr_ops == MAX_OPS ||
	    sscanf(line, "@ %*u %u %u %u %u %u %u%n", &fn, &cpu, &feed, &repeat, &stride, &parallel,
		   &at) != 6 || fn >= NR_FNS || stride > 63)
		return -EINVAL;
	*op = (struct op) {
		.fn = fn, .cpu = cpu, .feed = feed, .repeat = repeat, .stride = stride,
	};
	for (j = 0; j < NR_ARGS + NR_RUN_ARGS; j++) {
		line += at;
		if (sscanf(line, " %u,%u,%llx%n", &how, &n, &v, &at) != 3)
			return -EINVAL;
		*(j < NR_ARGS ? &op->arg[j] : &op->run[j - NR_ARGS]) = (struct arg) { how, n, v };
	}
	p->parallel = parallel;
	p->nr_ops++;
	return 0;
}

void program_print(const struct program *p)
{
	char line[400];
	unsigned int i, j;

	pr_err("a program of %u calls%s:\n", p->nr_ops, p->parallel ? ", on all CPUs" : "");
	for (i = 0; i < p->nr_ops; i++) {
		const struct op *op = &p->op[i];
		const struct fn_info *f = &fn_infos[op->fn];
		int len = 0;

		for (j = 0; j < f->nr_args; j++) {
			len += scnprintf(line + len, sizeof(line) - len, j ? ", " : "");
			len += print_arg(line + len, sizeof(line) - len, &op->arg[j], op->value[j]);
		}
		for (j = 0; j < NR_RUN_ARGS && op->fn == FN_MAP_RUNS; j++) {
			len += scnprintf(line + len, sizeof(line) - len, j ? ", " : "; runs ");
			len += print_arg(line + len, sizeof(line) - len, &op->run[j],
					 arg_value(&op->run[j]));
		}
		if (op->repeat)
			len += scnprintf(line + len, sizeof(line) - len, "; %u times, each %#llx on",
					 op->repeat + 1, BIT_ULL(op->stride));
		pr_err("  %2u cpu%u %s%s(%s) x%u = %lld: %lld, %#llx, %#llx\n", i, op->cpu, f->name,
		       op->feed ? "" : "!", line, op->times, (s64)op->res[0], (s64)op->res[1],
		       op->res[2], op->res[3]);
	}
	print_again(p);
}
