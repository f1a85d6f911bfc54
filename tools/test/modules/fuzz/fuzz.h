/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A fuzzer of the hypercalls for DMA isolation, driven by what EL2 executes.
 *
 * It has all of the machine's IOMMUs to itself: the host's own domains are taken
 * apart first, and no device but the bus masters is in use.
 *
 *	program	a short sequence of calls. An argument knows its kind; it says
 *		how to find the value (the second domain made, page 5 of our
 *		own), so that a program means the same after a change.
 *	corpus	programs that made EL2 execute what it had not before (elcov.c).
 *		Most new programs are changed ones of these.
 *	run	the calls, on one CPU, or on all at the same time; then all that
 *		they left is undone: streams detached, domains freed, memory
 *		reclaimed.
 *
 * There is no model of what each call has to answer, as torture has. What is
 * checked holds whatever was called:
 *
 *	- a call returns one of its errors, and does not succeed with arguments
 *	  that are not valid; what was mapped is what is looked up, what was
 *	  unmapped is not;
 *	- nothing that EL2 maps is not the host's, and a bus master reads nothing
 *	  but what EL2 says is mapped;
 *	- in the end there is no domain, no table, no mapping, no reference; all
 *	  memory that EL2 got has come back, with nothing in it.
 *
 * Where calls of several CPUs meet, some of this can be said in the end only.
 *
 * While an IOMMU is broken on purpose, EL2 may give domains up, and what they
 * hold: it is theirs for good then, but all that concerns the host's memory and
 * what devices reach holds as before.
 */
#ifndef _FUZZ_H
#define _FUZZ_H

#include <linux/bitfield.h>
#include <linux/iommu.h>
#include <linux/mm.h>
#include <linux/sizes.h>
#include <linux/types.h>

#include <busmaster/busmaster.h>
#include <common/hypercall.h>
#include <common/random.h>

#undef pr_fmt
#define pr_fmt(fmt) "fuzz: " fmt

/* --- programs (program.c, values.c) ------------------------------------------ */

enum fn {
	FN_ALLOC, FN_FREE, FN_ATTACH, FN_DETACH, FN_MAP, FN_UNMAP, FN_LOOKUP, FN_MAP_RUNS,
	FN_SET_RUNS, FN_TOPUP, FN_RECLAIM, FN_FAULTS, FN_DEBUG, FN_SHARE, FN_UNSHARE,
	FN_RAW, FN_DMA, NR_FNS
};

/* What an argument means */
enum kind {
	K_NONE, K_HANDLE, K_IOMMU, K_ENDPOINT, K_SID, K_FMT, K_IOVA, K_PADDR, K_PGSIZE, K_COUNT,
	K_PROT, K_PFN, K_ORDER, K_NR_RUNS, K_RUN, K_CPU, K_WHAT, K_INDEX, K_NUMBER, K_BM,
	K_FLAGS, K_QUERY, K_MAX,
};

/* How to find its value: @v is added to what @n of that is */
enum how {
	H_VALUE,
	H_DOMAIN,		/* handle of the nth domain that was made */
	H_IOMMU, H_ENDPOINT, H_SID,	/* of the nth stream */
	H_PAGE, H_PAGE_PFN,	/* of our own */
	H_SPECIAL, H_SPECIAL_PFN,	/* an address that is not ours */
	H_IOVA,			/* where something is mapped, often */
	H_LIMIT,		/* behind the last address of the nth domain */
	H_STREAM,		/* the nth stream, as an index of SMMU_KVM_DEBUG_STREAM */
};

struct arg {
	u8 how, n;
	s64 v;
};

#define NR_ARGS		6
#define NR_RUN_ARGS	4

struct op {
	u8 fn;
	u8 cpu;
	bool feed;		/* give what EL2 wants, and call again */
	u8 repeat, stride;	/* so often more, 1 << stride further on each time */
	struct arg arg[NR_ARGS];
	struct arg run[NR_RUN_ARGS];	/* of map_runs: they repeat */
	/* of the last run */
	u64 value[NR_ARGS];
	u64 res[4];
	u32 times;
};

#define MAX_OPS		28

struct program {
	unsigned int nr_ops;
	bool parallel;
	struct op op[MAX_OPS];
};

struct fn_info {
	const char *name;
	u32 id;
	unsigned int nr_args;
	enum kind kind[NR_ARGS];
	const int *errors;
};

extern const struct fn_info fn_infos[NR_FNS];

void program_first(struct program *p);
void program_new(struct program *p);
void program_change(struct program *p, const struct program *other);
void program_print(const struct program *p);
int program_read(struct program *p, char *line);
void arg_new(struct arg *a, enum kind kind);
void arg_change(struct arg *a, enum kind kind);

/* --- the state of a run (execute.c) ------------------------------------------ */

#define MAX_HANDLES	32
#define MAX_MAPPED	64

struct mapped {
	u32 handle;
	u64 iova, size;
};

extern struct state {
	u32 handles[MAX_HANDLES];
	unsigned int nr_handles;
	struct mapped mapped[MAX_MAPPED];
	unsigned int nr_mapped;
	bool parallel;
} state;

void run_calls(struct program *p, int cpu);
u64 arg_value(const struct arg *a);

/* --- calls ------------------------------------------------------------------- */

extern bool wrong, broken;	/* broken: an IOMMU is */
extern u64 nr_violations, nr_lost;

__printf(1, 2) void violation(const char *fmt, ...);

#define call(res, f, ...)							\
({										\
	raw_cpu_inc(fuzz_calls);						\
	hypercall(res, f, ##__VA_ARGS__);					\
})
DECLARE_PER_CPU(u64, fuzz_calls);

/* --- pages (pages.c) --------------------------------------------------------- */

#define NR_OWN		1024		/* two blocks of 2 MiB, of which... */
#define NR_USED		512		/* ...programs name the pages of the first */
#define STAMP		0x66757a7a66757a7aULL

struct stamp {
	u64 magic, phys;
};

int pages_init(void);
phys_addr_t own_page(unsigned int n);
/* Number of the page, or -1 */
int page_number(phys_addr_t phys);
bool page_is_hosts(int n);
void page_touched(phys_addr_t phys, u64 size);
long give_pfn(u64 pfn, u64 order, struct arm_smccc_res *res);
long give_page(u64 want);
long take_page(u64 order, struct arm_smccc_res *res);
long share_page(bool share, u64 pfn, struct arm_smccc_res *res);
void pages_check(void);

/* --- the world (world.c) ----------------------------------------------------- */

struct stream {
	u32 iommu, endpoint, id;
	struct bm *bm;
};

#define MAX_STREAMS	64
#define MAX_SPECIAL	20
#define MAX_BMS		8

extern struct stream streams[MAX_STREAMS];
extern unsigned int nr_streams, nr_iommus, nr_specials;
extern u64 specials[MAX_SPECIAL];
extern struct stream *bm_streams[MAX_BMS];
extern unsigned int nr_bm_streams;
extern u64 * __percpu *lists;

/* What EL2 says that a stream is attached to: SMMU_KVM_STREAM_*. */
static inline long ask_stream(u32 iommu, u32 endpoint, u32 sid, u64 *state)
{
	struct arm_smccc_res res;
	long ret = call(&res, __pkvm_iommu_debug, iommu, SMMU_KVM_DEBUG_STREAM,
			stream_index(endpoint, sid));

	*state = res.a2;
	return ret;
}

int world_init(unsigned long lookup);
void world_reset(void);
bool may_be_mapped(u64 phys, u64 size);
bool dma(struct stream *s, u64 iova, u32 flags, void *data, u32 len);
void check_read(struct stream *s, u64 iova, u32 flags);
void check_streams(void);
void check_works(void);

/* --- chance ------------------------------------------------------------------- */

extern struct rnd_state rnd_state;

static inline u32 rnd(u32 below)
{
	return random_below(&rnd_state, below);
}

static inline u64 rnd64(void)
{
	return random_u64(&rnd_state);
}

static inline bool chance(u32 one_in)
{
	return !rnd(one_in);
}

#define pick(array)	((array)[rnd(ARRAY_SIZE(array))])

/* --- mailbox.S ---------------------------------------------------------------- */

struct mailbox {
	u64 blocks, pairs;
};

const struct mailbox *coverage_mailbox(void);
void coverage_start(void);
void coverage_stop(void);

#endif /* _FUZZ_H */
