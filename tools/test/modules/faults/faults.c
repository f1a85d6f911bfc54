// SPDX-License-Identifier: GPL-2.0-only
/*
 * Domains whose devices or IOMMU misbehave: each bus master can have a domain of its
 * own, with a fault handler.
 *
 *	<debugfs>/faults/run	write a command, read the answer from the same open file
 *
 *	own N		attach bus master N to a domain of its own, with 16 pages mapped
 *			at address 0x10000000 (enough to use each instance of an SMMU)
 *	drop N		return it to its DMA API domain
 *	dma N r|w ADDR	do one transfer: "ok" or "abort"
 *	reach N		"ok" if each page can be read and written
 *	loop N ADDR US [CLIENT SID]
 *			read ADDR every US microseconds, also as another memory client
 *			or stream
 *	stop N		end the loop: number of completed and of aborted transfers
 *	told N		reports of the fault handler since the last "told": number, last
 *			address, r or w
 *	unmap N PAGE	unmap a page: unmapped bytes, milliseconds
 *	empty N		unmap all pages at once: unmapped bytes, milliseconds
 *	fill N		fill EL2's cache of empty tables, so that "empty" frees a table:
 *			"ok"
 *	give N PAGE	donate the page to the hypervisor: 0 or the error
 *
 * A failure is answered with "error" and an errno.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/debugfs.h>
#include <linux/delay.h>
#include <linux/gfp.h>
#include <linux/iommu.h>
#include <linux/kvm_host.h>
#include <linux/ktime.h>
#include <linux/module.h>
#include <linux/mutex.h>

#include <busmaster/busmaster.h>
#include <common/domain.h>
#include <common/hypercall.h>

#define NR_LABS		4
#define NR_PAGES	16
#define BASE		0x10000000UL

struct lab {
	struct bm *bm;
	struct own_domain own;
	struct page *page[NR_PAGES];	/* NULL: donated, or left behind in quarantine */
	bool mapped[NR_PAGES];
	unsigned long told;
	unsigned long iova;
	int flags;
};

static struct lab labs[NR_LABS];
static DEFINE_MUTEX(lock);
static DEFINE_SPINLOCK(told_lock);
static struct dentry *dir;

static int handler(struct iommu_domain *domain, struct device *dev, unsigned long iova,
		   int flags, void *token)
{
	struct lab *lab = token;

	guard(spinlock_irqsave)(&told_lock);
	lab->told++;
	lab->iova = iova;
	lab->flags = flags;
	return 0;
}

/* Donate a page to EL2, and reclaim one, which may be a different page. */
static long give(struct lab *lab, unsigned int i)
{
	struct arm_smccc_res res;
	long ret;

	ret = hypercall(&res, __pkvm_iommu_topup, page_to_pfn(lab->page[i]), 0);
	if (ret)
		return ret;

	lab->page[i] = NULL;
	if (!hypercall(&res, __pkvm_iommu_reclaim, 0))
		__free_page(pfn_to_page(res.a2));
	return 0;
}

static void free_lab(struct lab *lab)
{
	int i;

	for (i = 0; i < NR_PAGES; i++) {
		if (lab->mapped[i])
			iommu_unmap(lab->own.domain, BASE + i * PAGE_SIZE, PAGE_SIZE);
		/* do not reuse pages that a quarantined domain still references */
		if (lab->page[i] && give(lab, i) && lab->page[i])
			pr_info("page %#lx is not freed: it cannot be donated\n",
				page_to_pfn(lab->page[i]));
	}
	own_domain_free(&lab->own);
	*lab = (struct lab) {};
}

static int own(struct lab *lab, unsigned int n)
{
	int i, ret;

	if (lab->bm)
		return -EBUSY;
	lab->bm = bm_get(n);
	if (!lab->bm)
		return -ENODEV;
	ret = own_domain_attach(&lab->own, lab->bm, handler, lab);
	if (ret)
		goto free;

	for (i = 0; i < NR_PAGES; i++) {
		ret = -ENOMEM;
		lab->page[i] = alloc_page(GFP_KERNEL | __GFP_ZERO);
		if (!lab->page[i])
			goto detach;
		ret = iommu_map(lab->own.domain, BASE + i * PAGE_SIZE, page_to_phys(lab->page[i]),
				PAGE_SIZE, IOMMU_READ | IOMMU_WRITE, GFP_KERNEL);
		if (ret)
			goto detach;
		lab->mapped[i] = true;
	}
	return 0;

detach:
	own_domain_detach(&lab->own);
free:
	free_lab(lab);
	return ret;
}

static void drop(struct lab *lab)
{
	bm_stop(lab->bm);
	own_domain_detach(&lab->own);
	free_lab(lab);
}

static bool dma(struct lab *lab, u64 addr, bool write, u64 *word)
{
	return bm_dma(lab->bm, write ? BM_F_WRITE : 0, addr, word, sizeof(*word));
}

/* The display's client cannot write: only read in this case. */
static bool reach(struct lab *lab)
{
	struct bm_info info;
	int i;

	bm_describe(lab->bm, &info);
	for (i = 0; i < NR_PAGES; i++) {
		u64 word = 0x0123456789abcdefULL * (i + 1), back = 0;

		if (!lab->mapped[i])
			continue;
		if (info.client_read != info.client_write || info.client_read == BM_AS_DESCRIBED) {
			if (!dma(lab, BASE + i * PAGE_SIZE, true, &word))
				return false;
		} else {
			*(u64 *)page_address(lab->page[i]) = word;
		}
		if (!dma(lab, BASE + i * PAGE_SIZE, false, &back) || back != word)
			return false;
	}
	return true;
}

static void loop(struct lab *lab, u64 addr, unsigned int us, u32 client, u32 sid)
{
	struct bm_xfer x = {
		.client = client,
		.sid = sid,
		.flags = BM_F_LOOP,
		.len = 8,
		.addr = addr,
		.period_us = us,
	};

	bm_transfer(lab->bm, &x, NULL);
}

/* Map and unmap each page in a table of its own: HYP_IO_PGTABLE_KEEP is 8. */
static int fill(struct lab *lab)
{
	unsigned long iova;
	int i, ret = 0;

	for (i = 1; i <= 8 && !ret; i++) {
		iova = BASE + i * SZ_2M;
		ret = iommu_map(lab->own.domain, iova, page_to_phys(lab->page[0]), PAGE_SIZE,
				IOMMU_READ, GFP_KERNEL);
		if (!ret && iommu_unmap(lab->own.domain, iova, PAGE_SIZE) != PAGE_SIZE)
			ret = -EIO;
	}
	return ret;
}

static int run(char *s, int size, const char *verb, unsigned int n, const char *arg)
{
	struct lab *lab = &labs[n];
	struct bm_xfer x = {};
	unsigned long long addr;
	u32 us, page, client = BM_AS_DESCRIBED, sid = BM_AS_DESCRIBED;
	size_t unmapped;
	ktime_t start;
	u64 word = 0;
	char rw;

	if (!strcmp(verb, "own")) {
		int ret = own(lab, n);

		return scnprintf(s, size, ret ? "error %d\n" : "ok\n", ret);
	}
	if (!lab->bm)
		goto bad;

	if (!strcmp(verb, "drop")) {
		drop(lab);
		return scnprintf(s, size, "ok\n");
	}
	if (!strcmp(verb, "dma") && sscanf(arg, "%c %lli", &rw, &addr) == 2)
		return scnprintf(s, size, "%s\n",
				 dma(lab, addr, rw == 'w', &word) ? "ok" : "abort");
	if (!strcmp(verb, "reach"))
		return scnprintf(s, size, "%s\n", reach(lab) ? "ok" : "abort");
	if (!strcmp(verb, "loop") && sscanf(arg, "%lli %u %i %i", &addr, &us, &client, &sid) >= 2) {
		loop(lab, addr, us, client, sid);
		return scnprintf(s, size, "ok\n");
	}
	if (!strcmp(verb, "stop")) {
		bm_stop(lab->bm);
		bm_status(lab->bm, &x, NULL);
		return scnprintf(s, size, "%u %u\n", x.ok_count, x.err_count);
	}
	if (!strcmp(verb, "told")) {
		int ret;

		guard(spinlock_irq)(&told_lock);
		ret = scnprintf(s, size, "%lu %#lx %c\n", lab->told, lab->iova,
				lab->flags & IOMMU_FAULT_WRITE ? 'w' : 'r');
		lab->told = 0;
		return ret;
	}
	if (!strcmp(verb, "fill")) {
		int ret = lab->page[0] ? fill(lab) : -EINVAL;

		return scnprintf(s, size, ret ? "error %d\n" : "ok\n", ret);
	}
	if (!strcmp(verb, "empty")) {
		start = ktime_get();
		unmapped = iommu_unmap(lab->own.domain, BASE, NR_PAGES * PAGE_SIZE);
		memset(lab->mapped, 0, sizeof(lab->mapped));
		return scnprintf(s, size, "%zu %lld\n", unmapped,
				 ktime_ms_delta(ktime_get(), start));
	}
	if (sscanf(arg, "%u", &page) != 1 || page >= NR_PAGES)
		goto bad;
	if (!strcmp(verb, "unmap")) {
		start = ktime_get();
		unmapped = iommu_unmap(lab->own.domain, BASE + page * PAGE_SIZE, PAGE_SIZE);
		lab->mapped[page] = false;
		return scnprintf(s, size, "%zu %lld\n", unmapped,
				 ktime_ms_delta(ktime_get(), start));
	}
	if (!strcmp(verb, "give") && lab->page[page])
		return scnprintf(s, size, "%ld\n", give(lab, page));
bad:
	return scnprintf(s, size, "error %d\n", -EINVAL);
}

static ssize_t run_write(struct file *file, const char __user *buf, size_t size, loff_t *pos)
{
	char *s = simple_transaction_get(file, buf, size), verb[16], arg[64];
	unsigned int n;
	int at = 0;

	if (IS_ERR(s))
		return PTR_ERR(s);
	if (sscanf(s, "%15s %u %n", verb, &n, &at) < 2 || n >= NR_LABS)
		return -EINVAL;

	/* the answer replaces the command in the buffer */
	strscpy(arg, s + at);

	guard(mutex)(&lock);
	simple_transaction_set(file, run(s, SIMPLE_TRANSACTION_LIMIT, verb, n, arg));
	return size;
}

static const struct file_operations run_fops = {
	.owner = THIS_MODULE,
	.write = run_write,
	.read = simple_transaction_read,
	.release = simple_transaction_release,
};

static int __init faults_init(void)
{
	dir = debugfs_create_dir("faults", NULL);
	debugfs_create_file("run", 0600, dir, NULL, &run_fops);
	return 0;
}
module_init(faults_init);

static void __exit faults_exit(void)
{
	int i;

	debugfs_remove(dir);
	for (i = 0; i < NR_LABS; i++)
		if (labs[i].bm)
			drop(&labs[i]);
}
module_exit(faults_exit);

MODULE_DESCRIPTION("Domains whose devices or IOMMU misbehave");
MODULE_LICENSE("GPL");
