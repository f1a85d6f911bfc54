// SPDX-License-Identifier: GPL-2.0-only
/*
 * One program, call by call: values for its arguments, the call, what must be
 * true after it.
 */
#include <linux/irqflags.h>
#include <linux/spinlock.h>
#include <linux/string.h>

#include "fuzz.h"

#define MAX_FEED	64
#define NR_READ		24	/* pages of a range */
#define PROTS		(IOMMU_READ | IOMMU_WRITE | IOMMU_CACHE | IOMMU_NOEXEC | IOMMU_MMIO | \
			 IOMMU_PRIV)

struct state state;

/* What a domain said of itself */
static struct info {
	u32 iommu, fmt, ias, oas;
	u64 pgsizes;
} infos[MAX_HANDLES];
static u32 freed;			/* the last one */
static DEFINE_RAW_SPINLOCK(state_lock);

static void add_handle(u32 handle, u32 iommu, const struct arm_smccc_res *res)
{
	unsigned long flags;
	unsigned int i;

	raw_spin_lock_irqsave(&state_lock, flags);
	for (i = 0; i < state.nr_handles; i++)
		if (state.handles[i] == handle)
			violation("domain %u was made twice", handle);
	if (state.nr_handles < MAX_HANDLES) {
		infos[state.nr_handles] = (struct info) {
			.iommu = iommu,
			.fmt = FIELD_GET(KVM_IOMMU_DOMAIN_FMT, res->a2),
			.ias = FIELD_GET(KVM_IOMMU_DOMAIN_IAS, res->a2),
			.oas = FIELD_GET(KVM_IOMMU_DOMAIN_OAS, res->a2),
			.pgsizes = res->a3,
		};
		state.handles[state.nr_handles++] = handle;
	}
	raw_spin_unlock_irqrestore(&state_lock, flags);
}

static void remove_handle(u32 handle)
{
	unsigned long flags;
	unsigned int i;

	raw_spin_lock_irqsave(&state_lock, flags);
	for (i = 0; i < state.nr_handles && state.handles[i] != handle; i++)
		;
	if (i == state.nr_handles) {
		violation("domain %u, which nobody made, was freed", handle);
	} else {
		for (state.nr_handles--; i < state.nr_handles; i++) {
			state.handles[i] = state.handles[i + 1];
			infos[i] = infos[i + 1];
		}
		freed = handle;
	}
	raw_spin_unlock_irqrestore(&state_lock, flags);
}

static const struct info *info_of(u32 handle)
{
	unsigned int i;

	for (i = 0; i < state.nr_handles; i++)
		if (state.handles[i] == handle)
			return &infos[i];
	return NULL;
}

static void add_mapped(u32 handle, u64 iova, u64 size)
{
	unsigned long flags;

	raw_spin_lock_irqsave(&state_lock, flags);
	if (state.nr_mapped < MAX_MAPPED)
		state.mapped[state.nr_mapped++] = (struct mapped) { handle, iova, size };
	raw_spin_unlock_irqrestore(&state_lock, flags);
}

u64 arg_value(const struct arg *a)
{
	unsigned int nr;

	switch (a->how) {
	case H_DOMAIN:
		nr = READ_ONCE(state.nr_handles);
		if (a->n >= 7)
			return freed + a->v;
		return (nr ? READ_ONCE(state.handles[a->n % nr]) : 0) + a->v;
	case H_IOMMU:
		return streams[a->n % nr_streams].iommu + a->v;
	case H_ENDPOINT:
		return streams[a->n % nr_streams].endpoint + a->v;
	case H_SID:
		return streams[a->n % nr_streams].id + a->v;
	case H_PAGE:
		return own_page(0) + a->v;
	case H_PAGE_PFN:
		return PHYS_PFN(own_page(0)) + a->v;
	case H_SPECIAL:
		return specials[a->n % nr_specials] + a->v;
	case H_SPECIAL_PFN:
		return (specials[a->n % nr_specials] >> PAGE_SHIFT) + a->v;
	case H_IOVA:
		nr = READ_ONCE(state.nr_mapped);
		return (nr ? state.mapped[(nr - 1 - a->n % nr) % MAX_MAPPED].iova : SZ_1G) + a->v;
	case H_STREAM:
		return stream_index(streams[a->n % nr_streams].endpoint,
				    streams[a->n % nr_streams].id) + a->v;
	case H_LIMIT:
		nr = READ_ONCE(state.nr_handles);
		return (nr ? BIT_ULL(infos[a->n % nr % MAX_HANDLES].ias) : BIT_ULL(32)) + a->v;
	default:
		return a->v;
	}
}

/*
 * Of the host's memory, only our own is offered: if EL2 took something else by
 * mistake, it would not be EL2 that fails. What is not the host's memory can be
 * offered without harm.
 */
static bool may_offer(u64 pfn, u32 order)
{
	u64 i, n = order == KVM_IOMMU_MAX_ORDER ? 1 << order : 1;

	for (i = 0; i < n; i++) {
		u64 phys = (pfn + i) << PAGE_SHIFT;

		/* also if EL2 forgets the high bits */
		if (pfn_valid(PHYS_PFN(phys)) && page_number(phys) < 0 &&
		    may_be_mapped(phys, SZ_4K))
			return false;
	}
	return true;
}

static void check_lookup(u32 handle, u64 iova, u64 want)
{
	struct arm_smccc_res res;
	long ret = call(&res, __pkvm_iommu_iova_to_phys, handle, iova);

	if (ret != (want ? 0 : -ENOENT) || res.a2 != want)
		violation("domain %u: %#llx is %#lx (%ld), not %#llx", handle, iova, res.a2, ret,
			  want);
}

/* How many pages one call does */
static u64 bounded(u64 pgsize, u64 count)
{
	return min(count, max(KVM_IOMMU_MAX_PAGES * SZ_4K / pgsize, 1ULL));
}

static bool range_is_valid(const struct info *info, u64 iova, u64 pgsize, u64 count)
{
	u64 size;

	if (!is_power_of_2(pgsize) || !(pgsize & info->pgsizes) || !count)
		return false;
	size = pgsize * bounded(pgsize, count);
	return IS_ALIGNED(iova, pgsize) && iova + size - 1 >= iova &&
	       !((iova + size - 1) >> info->ias);
}

static void check_map(const u64 *arg, long ret, u64 done)
{
	u32 handle = arg[0], prot = arg[5];
	u64 iova = arg[1], phys = arg[2], pgsize = arg[3], count = arg[4];
	const struct info *info = info_of(handle);
	u64 size;

	if (ret && !done)
		return;
	if (!info || !range_is_valid(info, iova, pgsize, count)) {
		violation("map: an invalid range was mapped, %#llx bytes", done);
		return;
	}
	size = pgsize * bounded(pgsize, count);
	if (!IS_ALIGNED(phys, pgsize) || phys + size - 1 < phys || (phys + size - 1) >> info->oas ||
	    prot & ~PROTS || !(prot & (IOMMU_READ | IOMMU_WRITE)))
		violation("map: something invalid was mapped, %#llx bytes", done);
	else if (!IS_ALIGNED(done, pgsize) || (ret ? done >= size : done != size))
		violation("map: %#llx bytes done of %#llx", done, size);
	else if (!may_be_mapped(phys, done))
		violation("map: %#llx at %#llx is not the host's", done, phys);
	if (wrong)
		return;
	check_lookup(handle, iova, phys);
	check_lookup(handle, iova + done - 1, phys + done - 1);
}

static void check_unmap(const u64 *arg, long ret, u64 done)
{
	u32 handle = arg[0];
	u64 iova = arg[1], pgsize = arg[2], count = arg[3];
	const struct info *info = info_of(handle);

	if (!done != !!ret) {
		violation("unmap: %ld, and %#llx bytes done", ret, done);
		return;
	}
	if (ret)
		return;
	if (!info || !range_is_valid(info, iova, pgsize, count) ||
	    done > pgsize * bounded(pgsize, count) || !PAGE_ALIGNED(done)) {
		violation("unmap: %#llx bytes", done);
		return;
	}
	check_lookup(handle, iova, 0);
	check_lookup(handle, iova + done - 1, 0);
}

/*
 * The bus masters that use the domain read the first pages of a range, and the
 * last: so that TLBs know them, or must not any more.
 */
static void read_range(u32 handle, u64 iova, u64 size)
{
	unsigned int i;
	u64 info, at;

	for (i = 0; i < nr_bm_streams; i++) {
		struct stream *s = bm_streams[i];

		if (ask_stream(s->iommu, s->endpoint, s->id, &info) ||
		    FIELD_GET(SMMU_KVM_STREAM_DOMAIN, info) != handle)
			continue;
		for (at = 0; at < size && at < NR_READ * SZ_4K && !wrong; at += SZ_4K)
			check_read(s, iova + at, 0);
		if (!wrong)
			check_read(s, iova + size - SZ_4K, 0);
	}
}

static long op_unmap(const u64 *v, struct arm_smccc_res *res)
{
	const struct info *info = info_of(v[0]);
	bool look;
	u64 size;
	long ret;

	look = !state.parallel && info && range_is_valid(info, v[1], v[2], v[3]);
	size = look ? v[2] * bounded(v[2], v[3]) : 0;
	if (look)
		read_range(v[0], v[1], size);
	ret = call(res, __pkvm_iommu_unmap, v[0], v[1], v[2], v[3]);
	if (state.parallel || wrong)
		return ret;
	check_unmap(v, ret, res->a2);
	if (look && res->a2 && !wrong) {
		read_range(v[0], v[1], size);
		read_range(v[0], v[1], res->a2);
	}
	return ret;
}

static u64 stream_state(const u64 *v)
{
	u64 info;

	return ask_stream(v[1], v[2], v[3], &info) ? 0 : info;
}

static long op_attach(const u64 *v, struct arm_smccc_res *res)
{
	u64 before = state.parallel ? 0 : stream_state(v), after;
	long ret = call(res, __pkvm_iommu_attach, v[0], v[1], v[2], v[3], v[4]);
	const struct info *info = info_of(v[0]);
	u32 handle = v[0], flags = v[4];

	if (ret || state.parallel)
		return ret;
	after = stream_state(v);
	if (flags) {
		if (handle || flags != KVM_IOMMU_ATTACH_QUERY)
			violation("attach: domain %u, flags %#x", handle, flags);
		else if (before != after)
			violation("query: the stream was %#llx and is %#llx", before, after);
		return ret;
	}
	if (!info || info->iommu != (u32)v[1])
		violation("attach: domain %u is not for IOMMU %u", handle, (u32)v[1]);
	else if (before & SMMU_KVM_STREAM_ATTACHED &&
		 FIELD_GET(SMMU_KVM_STREAM_DOMAIN, before) != handle)
		violation("attach: the stream has another domain, %#llx", before);
	else if (!(after & SMMU_KVM_STREAM_ATTACHED) ||
		 FIELD_GET(SMMU_KVM_STREAM_DOMAIN, after) != handle ||
		 FIELD_GET(SMMU_KVM_STREAM_USERS, after) <=
		 FIELD_GET(SMMU_KVM_STREAM_USERS, before))
		violation("attach: the stream was %#llx and is %#llx", before, after);
	return ret;
}

/* A list has the runs that the program names, again and again. */
static u64 run_of(const struct op *op, unsigned int i)
{
	u64 run = arg_value(&op->run[i % NR_RUN_ARGS]);

	/* not always the same */
	if (i >= NR_RUN_ARGS && op->run[i % NR_RUN_ARGS].how == H_PAGE)
		run = own_page(0) + ((run - own_page(0) + i * SZ_4K) & (SZ_2M - 1));
	return run;
}

static long map_runs(struct op *op, struct arm_smccc_res *res)
{
	unsigned int i, n = min(op->value[2], KVM_IOMMU_MAX_RUNS);
	unsigned long flags;
	long ret;
	u64 *list;

	local_irq_save(flags);
	list = *this_cpu_ptr(lists);
	for (i = 0; i < n; i++)
		list[i] = run_of(op, i);
	ret = call(res, __pkvm_iommu_map_runs, op->value[0], op->value[1], op->value[2],
		   op->value[3]);
	local_irq_restore(flags);
	return ret;
}

static void check_runs(const struct op *op, u64 done)
{
	const struct info *info = info_of(op->value[0]);
	u64 iova = op->value[1], at = 0, phys = 0, n = 0;
	u32 prot = op->value[3];
	unsigned int i;

	if (!done)
		return;
	if (!info || !op->value[2] || op->value[2] > KVM_IOMMU_MAX_RUNS || !PAGE_ALIGNED(done) ||
	    done > KVM_IOMMU_MAX_PAGES * PAGE_SIZE || prot & ~PROTS ||
	    !(prot & (IOMMU_READ | IOMMU_WRITE)) ||
	    !range_is_valid(info, iova, PAGE_SIZE, done / PAGE_SIZE)) {
		violation("map_runs: something invalid was mapped, %#llx bytes", done);
		return;
	}
	for (i = 0; i < op->value[2] && at < done; i++, at += n) {
		u64 run = run_of(op, i);

		phys = KVM_IOMMU_RUN_ADDR(run);
		n = min(KVM_IOMMU_RUN_PAGES(run) * PAGE_SIZE, done - at);
		page_touched(phys, n);
		if ((phys + n - 1) >> info->oas || !may_be_mapped(phys, n)) {
			violation("map_runs: run %u, %#llx at %#llx, is not the host's", i, n,
				  phys);
			return;
		}
		if (state.parallel)
			continue;
		check_lookup(op->value[0], iova + at, phys);
		check_lookup(op->value[0], iova + at + n - 1, phys + n - 1);
		if (wrong)
			return;
	}
	if (at != done)
		violation("map_runs: %#llx bytes done of %#llx", done, at);
}

static long op_map(struct op *op, struct arm_smccc_res *res)
{
	u64 arg[NR_ARGS];
	long ret;

	memcpy(arg, op->value, sizeof(arg));
	for (;;) {
		u64 size = arg[3] * bounded(arg[3] ?: 1, arg[4]);

		ret = call(res, __pkvm_iommu_map, arg[0], arg[1], arg[2], arg[3], arg[4], arg[5]);
		op->times++;
		if (res->a2)
			add_mapped(arg[0], arg[1], res->a2);
		/* a reference could be left where nothing was mapped */
		if (ret != -EINVAL && ret != -ENOENT)
			page_touched(arg[2], min(size, SZ_2M));
		if (!state.parallel)
			check_map(arg, ret, res->a2);
		if (ret != -ENOMEM || !op->feed || op->times > MAX_FEED || wrong ||
		    give_page(res->a3))
			return ret;
		arg[1] += res->a2;
		arg[2] += res->a2;
		arg[4] -= res->a2 / arg[3];
	}
}

static void op_dma(struct op *op)
{
	struct stream *s = nr_bm_streams ? bm_streams[op->value[0] % nr_bm_streams] : NULL;
	u32 flags = op->value[2] & (BM_F_WRITE | BM_F_PRIV | BM_F_INSN);
	u64 data = 0x77, iova = op->value[1], info;
	struct arm_smccc_res res;

	if (!s)
		return;
	if (state.parallel) {
		struct stamp got;

		dma(s, iova & (BIT_ULL(39) - SZ_4K), flags & ~BM_F_WRITE, &got, sizeof(got));
		return;
	}
	check_read(s, iova, flags);
	if (!(flags & BM_F_WRITE) || wrong)
		return;
	/* Writes go to pages of our own, behind the stamp */
	if (ask_stream(s->iommu, s->endpoint, s->id, &info) ||
	    !(info & SMMU_KVM_STREAM_ATTACHED) ||
	    call(&res, __pkvm_iommu_iova_to_phys, FIELD_GET(SMMU_KVM_STREAM_DOMAIN, info),
		 iova & PAGE_MASK) || page_number(res.a2) < 0)
		return;
	dma(s, (iova & PAGE_MASK) + SZ_1K, flags, &data, sizeof(data));
}

/* The faults are in the page of the CPU, where the host's lists are. */
static long op_faults(const u64 *v, struct arm_smccc_res *res)
{
	u32 iommu = v[0], max = min((u32)v[1], KVM_IOMMU_MAX_FAULTS), last;
	struct kvm_iommu_fault *f;
	const char *why = NULL;
	unsigned long flags;
	long ret, i;

	last = broken ? KVM_IOMMU_FAULT_SYNC : KVM_IOMMU_FAULT_STREAM;
	local_irq_save(flags);
	f = (void *)*this_cpu_ptr(lists);
	memset(f, 0xa5, PAGE_SIZE);
	ret = call(res, __pkvm_iommu_get_faults, v[0], v[1]);
	if (ret > (long)max)
		why = "more than were asked for";
	for (i = 0; i < ret && !why; i++)
		if (!f[i].type || f[i].type > last || f[i].flags || f[i].iommu != iommu)
			why = "one of no type, or of another IOMMU";
	if (!why && memchr_inv(&f[i], 0xa5, PAGE_SIZE - i * sizeof(*f)))
		why = "something behind the last";
	local_irq_restore(flags);
	if (why)
		violation("faults: %ld, %s", ret, why);
	return ret;
}

static void op_raw(struct op *op, struct arm_smccc_res *res)
{
	u32 id = KVM_HOST_SMCCC_FUNC(__pkvm_iommu_init);

	if (op->value[0] & 1)
		id = KVM_HOST_SMCCC_ID(0) + __KVM_HOST_SMCCC_FUNC_MAX +
		     op->value[0] % (0xff00 - __KVM_HOST_SMCCC_FUNC_MAX);
	raw_cpu_inc(fuzz_calls);
	arm_smccc_1_1_hvc(id, op->value[1], op->value[2], op->value[3], res);
	if ((int)res->a0 != SMCCC_RET_NOT_SUPPORTED)
		violation("function %#x, which is none, returns %ld", id, res->a0);
}

static bool is_error(const int *errors, long ret)
{
	while (*errors)
		if (*errors++ == -ret)
			return true;
	return false;
}

static void check_result(struct op *op, long ret, const struct arm_smccc_res *res)
{
	if (res->a0) {
		violation("EL2 does not know %s", fn_infos[op->fn].name);
		return;
	}
	if (ret < 0 && !is_error(fn_infos[op->fn].errors, ret) && !(ret == -EIO && broken)) {
		violation("%s returns %ld", fn_infos[op->fn].name, ret);
		return;
	}
	switch (op->fn) {
	case FN_ALLOC:
		if (!ret || ret > KVM_IOMMU_MAX_DOMAINS)
			violation("a new domain is %ld", ret);
		break;
	case FN_FAULTS:
		break;		/* a number, see op_faults() */
	case FN_DEBUG:
		if (ret && (ret > 0 || res->a2 || res->a3))
			violation("debug returns %ld, and %#lx, %#lx", ret, res->a2, res->a3);
		break;
	case FN_LOOKUP:
		/* of a domain that nobody else changes meanwhile */
		if (!ret && !state.parallel && !may_be_mapped(res->a2 & PAGE_MASK, SZ_4K))
			violation("%#llx is %#lx, which is not the host's", op->value[1], res->a2);
		break;
	default:
		if (ret > 0)
			violation("%s returns %ld", fn_infos[op->fn].name, ret);
		break;
	}
}

static void execute_once(struct op *op)
{
	const u64 *v = op->value;
	struct arm_smccc_res res = {};
	long ret = 0;

	op->times = 0;
	memset(op->res, 0xff, sizeof(op->res));

	switch (op->fn) {
	case FN_ALLOC:
		if (READ_ONCE(state.nr_handles) >= MAX_HANDLES - 8)
			return;
		do {
			ret = call(&res, __pkvm_iommu_alloc_domain, v[0], v[1]);
			op->times++;
		} while (ret == -ENOMEM && op->feed && op->times < MAX_FEED && !give_page(res.a3));
		if (ret > 0)
			add_handle(ret, v[0], &res);
		break;
	case FN_FREE:
		do {
			ret = call(&res, __pkvm_iommu_free_domain, v[0]);
			op->times++;
		} while (ret == -EAGAIN && op->feed && op->times < 1000);
		if (!ret)
			remove_handle(v[0]);
		break;
	case FN_ATTACH:
		ret = op_attach(v, &res);
		break;
	case FN_DETACH:
		ret = call(&res, __pkvm_iommu_detach, v[0], v[1], v[2], v[3]);
		break;
	case FN_MAP:
		ret = op_map(op, &res);
		break;
	case FN_UNMAP:
		ret = op_unmap(v, &res);
		break;
	case FN_LOOKUP:
		ret = call(&res, __pkvm_iommu_iova_to_phys, v[0], v[1]);
		break;
	case FN_MAP_RUNS:
		do {
			ret = map_runs(op, &res);
			op->times++;
			if (res.a2)
				add_mapped(v[0], v[1], res.a2);
			check_runs(op, res.a2);
		} while (ret == -ENOMEM && !res.a2 && op->feed && op->times < MAX_FEED && !wrong &&
			 !give_page(res.a3));
		break;
	case FN_SET_RUNS:
		ret = call(&res, __pkvm_iommu_set_runs, v[0], v[1]);
		if (!ret)
			violation("a CPU has two lists");
		break;
	case FN_TOPUP:
		if (!may_offer(v[0], v[1]))
			return;
		ret = give_pfn(v[0], v[1], &res);
		break;
	case FN_RECLAIM:
		do {
			ret = take_page(v[0], &res);
			op->times++;
		} while (ret == -EAGAIN && op->feed && op->times < 1000);
		break;
	case FN_FAULTS:
		ret = op_faults(v, &res);
		break;
	case FN_DEBUG:
		ret = call(&res, __pkvm_iommu_debug, v[0], v[1], v[2]);
		break;
	case FN_SHARE:
	case FN_UNSHARE:
		if (!may_offer(v[0], 0) &&
		    (op->fn == FN_SHARE || v[0] != virt_to_pfn(raw_cpu_read(*lists))))
			return;
		ret = share_page(op->fn == FN_SHARE, v[0], &res);
		break;
	case FN_DMA:
		op_dma(op);
		return;
	case FN_RAW:
		op_raw(op, &res);
		break;
	}
	op->res[0] = res.a0;
	op->res[1] = res.a1;
	op->res[2] = res.a2;
	op->res[3] = res.a3;
	if (!op->times)
		op->times = 1;
	if (op->fn != FN_RAW)
		check_result(op, ret, &res);
}

static void execute(struct op *op)
{
	unsigned int i;

	for (i = 0; i < fn_infos[op->fn].nr_args; i++)
		op->value[i] = arg_value(&op->arg[i]);
	for (i = 0; i <= op->repeat && !READ_ONCE(wrong); i++) {
		execute_once(op);
		/* The address, where there is one */
		if (fn_infos[op->fn].kind[1] == K_IOVA)
			op->value[1] += BIT_ULL(op->stride);
	}
}

/* The calls of one CPU, or all */
void run_calls(struct program *p, int cpu)
{
	unsigned int i;

	coverage_start();
	for (i = 0; i < p->nr_ops && !READ_ONCE(wrong); i++)
		if (cpu < 0 || p->op[i].cpu == cpu)
			execute(&p->op[i]);
	coverage_stop();
}
