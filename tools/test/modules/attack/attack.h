/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A hostile host: a module that has EL1 to itself, and a bus master, and tries
 * to reach what belongs to EL2.
 *
 * Each attack is a line of a table: an id, what it tries, a function. It ends
 * in one of
 *
 *	open	what is EL2's was reached, and something shows it
 *	stopped	every step was refused
 *	n/a	it cannot be tried here: there is no such thing to attack
 *	broken	the attack itself does not work, so that nothing follows from
 *		its failure
 *
 * "stopped" means little where the attack would fail against nothing, too.
 * Hence controls: before an attack believes a refusal, the same steps with a
 * page of the host's own must have worked.
 *
 * An attack puts back what it changed, so that each can be tried after the
 * others.
 */
#ifndef _ATTACK_H
#define _ATTACK_H

#include <linux/list.h>
#include <linux/types.h>

#include <busmaster/busmaster.h>

enum verdict {
	VERDICT_NONE,		/* the function forgot to say */
	VERDICT_OPEN,
	VERDICT_STOPPED,
	VERDICT_NA,
	VERDICT_BROKEN,
};

struct outcome {
	enum verdict verdict;
	char why[240];
};

struct attack {
	const char *id;
	const char *what;	/* NULL: a step of an attack that user space makes */
	/* @arg is what follows the id in the request, may be empty */
	void (*run)(struct outcome *o, unsigned long data, const char *arg);
	unsigned long data;
};

__printf(2, 3) void is_open(struct outcome *o, const char *fmt, ...);
__printf(2, 3) void is_stopped(struct outcome *o, const char *fmt, ...);
__printf(2, 3) void is_na(struct outcome *o, const char *fmt, ...);
__printf(2, 3) void is_broken(struct outcome *o, const char *fmt, ...);

extern const struct attack dma_attacks[], client_attacks[], register_attacks[],
			   hypercall_attacks[], donate_attacks[], domain_attacks[],
			   system_attacks[], range_attacks[];

/* machine.c: what there is to attack, and with what. */

void *symbol(const char *name);
/* The physical address of a symbol of the kernel image. */
phys_addr_t symbol_phys(const char *name);

/* A page that EL2 took and does not use, 0 without protected KVM. */
phys_addr_t hyp_spare_page(void);
phys_addr_t hyp_text_page(void);
/* Where EL2 keeps the address of the host's stage-2 table. */
phys_addr_t hyp_stage2_pointer(void);
bool host_may_read(phys_addr_t phys);
bool host_may_write(phys_addr_t phys);	/* writes back what it read */

#define MAX_SMMUS	8
#define MAX_INSTANCES	2

struct smmu {
	char name[32];
	phys_addr_t base[MAX_INSTANCES];
	unsigned int nr_instances;
	size_t size;
};

extern struct smmu smmus[MAX_SMMUS];
extern unsigned int nr_smmus;
extern phys_addr_t mc_sid_base;		/* 0: no memory controller */
#define MC_SID_PASSTHROUGH	0x7f
#define MC_OVERRIDE(client)	((client) * 8)
#define MC_SECURITY(client)	((client) * 8 + 4)

int read32(phys_addr_t phys, u32 *val);
int write32(phys_addr_t phys, u32 val);

extern struct bm *bm;			/* the weapon */
extern struct bm_info bm_info;
extern struct smmu *bm_smmu;		/* that it sits behind */
/*
 * One transfer as its device tree node says; true if it completed. If not, the
 * SMMU may go on to abort until somebody has handled the fault: wait for that.
 */
bool dma(u64 addr, bool write, void *data, u32 len);
/* The same as any client of the memory controller, with any stream ID of its own. */
bool dma_as(u32 client, u32 sid, u64 addr, bool write, void *data, u32 len);

/* One transfer that does not wait for anything, whatever comes of it. */
bool dma_once(u64 addr, bool write, void *data, u32 len);

/*
 * The device goes on by itself, every 50 us. What it writes is LOOP_WORD.
 * loop_reached() says how often it was let through since it was last asked;
 * loop_lives(), whether it is let through within 20 ms.
 */
#define LOOP_WORD	0x2121414d44213f3fULL
void loop_start(struct bm *b, u64 addr, bool write);
void loop_stop(struct bm *b);
u32 loop_reached(struct bm *b);
bool loop_lives(struct bm *b);
/* It tries, and is never let through, for some milliseconds. */
bool loop_is_dead(struct bm *b);

/* A page that a device may have been told of: not given back to the kernel. */
void keep_page(struct page *page);

int machine_init(unsigned long lookup);
void machine_exit(void);

/* dma.c */

struct iommu_domain *bm_domain(void);
/* An address in the bus master's domain that the DMA API does not hand out. */
#define ATTACK_IOVA	0x10000000UL

/* hypercalls.c */

/* The handle of the bus master's domain, or a negative errno. */
int bm_domain_handle(void);
/* Where the description put the bus master, once bm_domain_handle() found it. */
extern int bm_iommu, bm_endpoint;
/* Map and unmap past the host's own IOMMU driver. -ENOSYS: no such call. */
long hyp_map(u32 handle, u64 iova, u64 phys, u64 pgsize, u64 pgcount, u32 prot);
long hyp_map_runs(u32 handle, u64 iova, const u64 *runs, u64 nr, u32 prot);
long hyp_unmap(u32 handle, u64 iova, u64 pgsize, u64 pgcount);
long hyp_attach(u64 handle, u64 iommu, u64 endpoint, u64 id);
long hyp_detach(u64 handle, u64 iommu, u64 endpoint, u64 id);
/* A handle; memory that the call lacks is given. */
long hyp_alloc_domain(u32 iommu);
long hyp_free_domain(u64 handle);
/* The context bank that the bus master's stream leads to, or an error. */
long hyp_stream_bank(void);
/* Give EL2 a page, or a block of four; take a page back. */
long hyp_topup(u64 pfn);
long hyp_topup_block(u64 pfn);
long hyp_reclaim(u64 *pfn);

/* donate.c */

/* Have a page back that EL2's pool was given, and is it empty? */
long take_back(struct page *page, bool *clean);

/* ownership.c: the pages that EL2 keeps from the host, as lines. */

struct seq_file;
int owned_show(struct seq_file *m, void *unused);

#endif /* _ATTACK_H */
