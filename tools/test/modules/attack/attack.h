/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A hostile host: a module that controls EL1 and a bus master, and tries to access what
 * EL2 owns.
 *
 * Each attack is an entry of a table: an ID, a description, a function. Its result is
 * one of
 *
 *	open	memory or registers that EL2 owns were accessed, with proof
 *	stopped	every step was refused
 *	n/a	the machine or the kernel lacks what is attacked
 *	broken	the attack itself does not work, so its failure proves nothing
 *
 * "stopped" proves nothing if the attack fails anyway. So there are controls: before an
 * attack accepts a refusal, the same steps must have succeeded with a page that the host
 * owns.
 *
 * An attack restores what it changed, so that another attack can follow.
 */
#ifndef _ATTACK_H
#define _ATTACK_H

#include <linux/list.h>
#include <linux/types.h>

#include <busmaster/busmaster.h>

enum verdict {
	VERDICT_NONE,		/* the function has not set a result */
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
	const char *what;	/* NULL: a step of an attack by user space */
	/* @arg: the words after the ID in the request, may be empty */
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

/* machine.c: targets and means of attacks */

void *symbol(const char *name);
/* Return the physical address of a symbol of the kernel image. */
phys_addr_t symbol_phys(const char *name);

/* Return a page that EL2 owns and does not use, 0 without protected KVM. */
phys_addr_t hyp_spare_page(void);
phys_addr_t hyp_text_page(void);
/* Return the location of EL2's pointer to the host's stage-2 table. */
phys_addr_t hyp_stage2_pointer(void);
bool host_may_read(phys_addr_t phys);
bool host_may_write(phys_addr_t phys);	/* reads a word and writes it back */

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

extern struct bm *bm;			/* the bus master that attacks */
extern struct bm_info bm_info;
extern struct smmu *bm_smmu;		/* the SMMU that it is behind */
/*
 * Do one transfer with the client and stream ID of the device tree; return true if it
 * completed. If not, wait until the fault is handled: until then the SMMU may abort all
 * transfers.
 */
bool dma(u64 addr, bool write, void *data, u32 len);
/* The same as any memory client, with any own stream ID */
bool dma_as(u32 client, u32 sid, u64 addr, bool write, void *data, u32 len);

/* Do one transfer without waiting for a fault to be handled. */
bool dma_once(u64 addr, bool write, void *data, u32 len);

/*
 * Let the device repeat a transfer every 50 us; it writes LOOP_WORD. loop_reached()
 * returns how many transfers completed since its last call; loop_lives() returns true if
 * one completes within 20 ms.
 */
#define LOOP_WORD	0x2121414d44213f3fULL
void loop_start(struct bm *b, u64 addr, bool write);
void loop_stop(struct bm *b);
u32 loop_reached(struct bm *b);
bool loop_lives(struct bm *b);
/* Return true if for some milliseconds the device tries and all transfers are aborted. */
bool loop_is_dead(struct bm *b);

/* Do not free a page that a device may still access. */
void keep_page(struct page *page);

int machine_init(unsigned long lookup);
void machine_exit(void);

/* dma.c */

struct iommu_domain *bm_domain(void);
/* An IOVA in the bus master's domain that the DMA API does not allocate */
#define ATTACK_IOVA	0x10000000UL

/* hypercalls.c */

/* Return the handle of the bus master's domain, or a negative errno. */
int bm_domain_handle(void);
/* The bus master's IOMMU and endpoint, set by bm_domain_handle() */
extern int bm_iommu, bm_endpoint;
/* Map and unmap without the host's IOMMU driver. -ENOSYS: no such call. */
long hyp_map(u32 handle, u64 iova, u64 phys, u64 pgsize, u64 pgcount, u32 prot);
long hyp_map_runs(u32 handle, u64 iova, const u64 *runs, u64 nr, u32 prot);
long hyp_unmap(u32 handle, u64 iova, u64 pgsize, u64 pgcount);
long hyp_attach(u64 handle, u64 iommu, u64 endpoint, u64 id);
long hyp_detach(u64 handle, u64 iommu, u64 endpoint, u64 id);
/* Return a handle, or an error; donate the memory that the call needs. */
long hyp_alloc_domain(u32 iommu);
long hyp_free_domain(u64 handle);
/* Return the context bank that the bus master's stream is attached to, or an error. */
long hyp_stream_bank(void);
/* Donate a page, or a block of four, to EL2; reclaim a page. */
long hyp_topup(u64 pfn);
long hyp_topup_block(u64 pfn);
long hyp_reclaim(u64 *pfn);

/* donate.c */

/* Reclaim a page that was donated to EL2's pool. *@clean: it is zero. */
long take_back(struct page *page, bool *clean);

/* ownership.c: the pages that the host does not own, as lines */

struct seq_file;
int owned_show(struct seq_file *m, void *unused);

#endif /* _ATTACK_H */
