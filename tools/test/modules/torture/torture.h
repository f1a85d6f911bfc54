/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Torture of the hypercalls for DMA isolation, in the manner of rcutorture.
 *
 * Threads issue hypercalls past the host's own IOMMU driver, in random order,
 * with arguments that are valid, nearly valid, or wild. There are two kinds of
 * domains:
 *
 *	private	Only one thread names it. The thread keeps a model: what is
 *		mapped where, which of its pages are mapped how often, what its
 *		bus master is attached to. EL2's answer to each call follows
 *		from the model and has to be exactly that; so has what the bus
 *		master reaches.
 *	racing	All threads name them, and the streams of one bus master, all at
 *		once. No answer can be foretold, but a set of possible ones; and
 *		what the bus master reads must be a page of the racing ones.
 *
 * A thread's choices depend on its seed, and on answers that depend on nothing
 * else (but in races). So the same seed does the same again, in another
 * interleaving.
 *
 * No call that could succeed names a page, a domain or a stream of somebody
 * else: the host's own devices are in use meanwhile.
 */
#ifndef _TORTURE_H
#define _TORTURE_H

#include <linux/iommu.h>
#include <linux/list.h>
#include <linux/sched.h>
#include <linux/sizes.h>
#include <linux/types.h>

#include <busmaster/busmaster.h>
#include <common/hypercall.h>
#include <common/random.h>

#undef pr_fmt
#define pr_fmt(fmt) "torture: " fmt

/* --- calls (hvc.c) ---------------------------------------------------------- */

enum fn {
	FN_ALLOC, FN_FREE, FN_ATTACH, FN_DETACH, FN_MAP, FN_MAP_RUNS, FN_SET_RUNS, FN_UNMAP,
	FN_LOOKUP, FN_TOPUP,
	FN_RECLAIM, FN_FAULTS, FN_DEBUG, FN_SHARE, FN_UNSHARE, FN_RAW,
};

#define NR_ARGS		6
struct call {
	enum fn fn;
	u32 id;			/* of FN_RAW */
	u64 op;
	u64 arg[NR_ARGS];
	u64 res[4];
};

#define NR_HISTORY	24

/* --- a private domain (model.c) --------------------------------------------- */

#define REGIONS		4
#define REGION_PAGES	512
#define REGION_SIZE	((u64)REGION_PAGES * SZ_4K)

struct slot {			/* 4 KiB of address space */
	u64 phys;
	u16 prot;
	u8 shift;		/* of the leaf that it is part of; 0: nothing */
};

struct domain {
	u32 handle;		/* 0: there is none */
	u32 iommu;
	enum kvm_iommu_fmt fmt;
	unsigned int ias;
	unsigned int oas;
	u64 pgsizes;
	u64 base[REGIONS];
	struct slot *slots;	/* REGIONS * REGION_PAGES */
	u64 last;		/* an address that something was done to */
};

/* --- streams (streams.c) ---------------------------------------------------- */

struct stream {
	u32 iommu, endpoint, id;
	u32 owner;		/* the host's handle, put back at the end */
	struct bm *bm;		/* whose it is, NULL: not a bus master's */
	bool taken;
};

#define MAX_STREAMS	64
extern struct stream streams[MAX_STREAMS];
extern unsigned int nr_streams;
extern unsigned int nr_iommus;
extern struct stream *racing[MAX_STREAMS];	/* of one stream ID */
extern unsigned int nr_racing;

int streams_find(void);
int streams_take(void);
void streams_put_back(void);
struct stream *stream_of_thread(unsigned int id);

/* --- a thread --------------------------------------------------------------- */

struct own_page {
	struct page *page;
	unsigned int mapped;	/* how often */
	bool shared;		/* with EL2 */
};

#define NR_DOMAINS	3
#define NR_SINGLES	24

struct torturer {
	unsigned int id;
	struct task_struct *task;
	struct rnd_state rnd;
	const char *doing;
	u64 nr_ops, nr_calls, max_calls;
	u64 nr_dma;
	unsigned int nr_mismatches;
	struct call history[NR_HISTORY];

	struct domain domains[NR_DOMAINS];
	struct own_page singles[NR_SINGLES];
	struct page *block;		/* REGION_PAGES of them, contiguous */
	u16 block_mapped[REGION_PAGES];

	struct stream *stream;		/* NULL: has no bus master */
	struct domain *attached;
	unsigned int users;
};

extern struct torturer host;	/* for calls before and after */
extern u64 seed;
extern bool stopping;
extern unsigned long end_time;
extern unsigned int nr_torturers;
extern struct torturer *torturers;
extern bool has_v7s[8];
extern phys_addr_t forbidden[8];	/* EL2's: memory, registers */
extern unsigned int nr_forbidden;
extern phys_addr_t edges[16];		/* the last page before those, and behind them */
extern unsigned int nr_edges;
extern bool has_mc;

static inline u32 rnd(struct torturer *t, u32 below)
{
	return random_below(&t->rnd, below);
}

static inline u64 rnd64(struct torturer *t)
{
	return random_u64(&t->rnd);
}

static inline bool chance(struct torturer *t, u32 one_in)
{
	return !rnd(t, one_in);
}

/* EL2 or the hardware did other than it must. */
__printf(2, 3) void mismatch(struct torturer *t, const char *fmt, ...);
void dump_history(struct torturer *t);

/* x1 if EL2 has seen the call, else -EOPNOTSUPP. */
long hvc(struct torturer *t, enum fn fn, struct arm_smccc_res *res, u64 a1, u64 a2, u64 a3,
	 u64 a4, u64 a5, u64 a6);
#define __call7(t, fn, res, a, b, c, d, e, f, ...)	hvc(t, fn, res, a, b, c, d, e, f)
#define call(t, fn, res, ...)		__call7(t, fn, res, ##__VA_ARGS__, 0, 0, 0, 0, 0, 0)
/* Any function id of the host's range; the answer is x0. */
long hvc_raw(struct torturer *t, u32 id, u64 a1, u64 a2, u64 a3);

/* True if it is; else it was told. */
#define expect(t, got, want)							\
({										\
	long __got = (got), __want = (want);					\
	if (__got != __want)							\
		mismatch(t, "%s: answered %ld, not %ld", (t)->doing, __got, __want); \
	__got == __want;							\
})

static inline long ask_stream(struct torturer *t, struct arm_smccc_res *res, u32 iommu,
			      u32 endpoint, u32 sid)
{
	return call(t, FN_DEBUG, res, iommu, SMMU_KVM_DEBUG_STREAM, stream_index(endpoint, sid));
}

/* memory.c */
int memory_init(struct torturer *t);
void memory_exit(struct torturer *t);
int give(struct torturer *t, u64 want);
unsigned long reclaim_all(struct torturer *t);
int donate_page(struct torturer *t, struct page *page, unsigned int order);
void page_used(struct torturer *t, u64 phys, int by);
void stamp_page(struct page *page, u64 magic);
void op_donate(struct torturer *t);
void op_reclaim(struct torturer *t);
void op_share(struct torturer *t);

#define STAMP_PRIVATE	0x7072697661746521ULL
#define STAMP_RACING	0x726163696e672121ULL
#define STAMP_LEN	16
struct stamp {
	u64 magic, phys;
};

/* model.c */
bool domain_slot(struct domain *d, u64 iova, struct slot **slot);
u64 random_iova(struct torturer *t, struct domain *d);
struct domain *random_domain(struct torturer *t);
void op_alloc(struct torturer *t);
void op_free(struct torturer *t);
void op_map(struct torturer *t);
void op_unmap(struct torturer *t);
void op_lookup(struct torturer *t);
void free_domain(struct torturer *t, struct domain *d);
void free_handle(struct torturer *t, u32 handle);

/* runs.c */
void runs_init(unsigned long percpu_symbol);
void op_map_runs(struct torturer *t);
void wild_runs(struct torturer *t);
void wild_faults(struct torturer *t);

/* dma.c */
void op_attach(struct torturer *t);
void op_dma(struct torturer *t);
void op_info(struct torturer *t);
void check_dma(struct torturer *t, u64 iova);
void detach_all(struct torturer *t);
bool bm_read(struct torturer *t, struct stream *s, u64 addr, u32 flags, void *data, u32 len);

/* wild.c */
void op_wild(struct torturer *t);

/* race.c */
int race_init(void);
void op_race(struct torturer *t);
void race_exit(void);

/* thread.c */
int torturer(void *data);

#endif /* _TORTURE_H */
