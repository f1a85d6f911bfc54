// SPDX-License-Identifier: GPL-2.0-only
/*
 * Measure the cost of mapping memory for a device.
 *
 * <debugfs>/dmabench/run accepts a line `DEVICE OP SIZE COUNT`, executes it, and
 * returns `key=value` words when it is read next:
 *
 *	n	number of the last region (see below), counted from 1
 *	ops	number of measured operations
 *	ns	their duration, by the architected counter; with -icount shift=0 and
 *		a counter of 1 GHz this is the number of instructions
 *
 * DEVICE is the name of a device with a driver on the PCI or the platform bus; its
 * driver is not affected. OP is
 *
 *	pair	dma_map_single() of SIZE bytes and dma_unmap_single()
 *	map	dma_map_single() alone, at most MAX_LIVE
 *	unmap	dma_unmap_single() alone, at most MAX_LIVE
 *	sgpair	dma_map_sg() of SIZE pages that are not adjacent, and dma_unmap_sg()
 *	sgmap, sgunmap	only one of these
 *	fill	map SIZE more pages, outside the IOVAs of the DMA API, until `empty`;
 *		nothing is measured
 *	empty	unmap the pages of `fill` and `hold`
 *	hold	map a page with the DMA API, until `empty`
 *	attach	attach a new domain to the device, COUNT times
 *	parallel	SIZE CPUs do what `pair` does, each COUNT times, with the
 *		devices in turn: DEVICE can be several names, separated by commas
 *
 * Memory is mapped bidirectionally. The first rounds are not measured: they fill
 * caches of IOVAs, pools and tables. Interrupts are disabled during a measurement,
 * except for `attach` and `parallel`.
 *
 * A counter of instructions recognises the start and the end of a region by
 * instructions that have no effect (start(), stop()).
 */
#include <linux/debugfs.h>
#include <linux/dma-mapping.h>
#include <linux/iommu.h>
#include <linux/kthread.h>
#include <linux/list.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/pci.h>
#include <linux/platform_device.h>
#include <linux/scatterlist.h>
#include <linux/slab.h>
#include <linux/uaccess.h>

#include <asm/arch_timer.h>

#define WARMUP		64
#define MAX_LIVE	512
#define MAX_SG		256
#define MAX_DEVICES	8

#define FILL_BASE	BIT_ULL(36)
#define FILL_BASE_32BIT	0x10000000ULL	/* above the window of MSIs */
#define FILL_END_32BIT	0xe0000000ULL
#define FILL_ORDER	9

struct filled {
	struct list_head list;
	struct iommu_domain *domain;
	struct page *pages;
	u64 base, pages_mapped;
};

static DEFINE_MUTEX(lock);
static LIST_HEAD(all_filled);
static struct dentry *dir;
static char answer[128];
static unsigned int regions;
static u64 measured;

struct job {
	struct device *dev;
	size_t size;
	unsigned int count;
	void *buffer;
	dma_addr_t *iova;
	struct page *pages;
	struct scatterlist *sg;
};

static u64 now(void)
{
	isb();
	return read_sysreg(cntvct_el0);
}

static unsigned long flags;
static u64 started;

static void start_sleepable(void)
{
	asm volatile("movz xzr, #0xbe01" ::: "memory");
	started = now();
}

static void stop_sleepable(void)
{
	measured = now() - started;
	asm volatile("movz xzr, #0xbe02" ::: "memory");
	regions++;
}

static void start(void)
{
	local_irq_save(flags);
	start_sleepable();
}

static void stop(void)
{
	stop_sleepable();
	local_irq_restore(flags);
}

/*
 * dma_map_single()
 */

static int map_one(struct job *job, dma_addr_t *iova)
{
	*iova = dma_map_single(job->dev, job->buffer, job->size, DMA_BIDIRECTIONAL);
	return dma_mapping_error(job->dev, *iova);
}

static void unmap_one(struct job *job, dma_addr_t iova)
{
	dma_unmap_single(job->dev, iova, job->size, DMA_BIDIRECTIONAL);
}

static int pairs(struct job *job, unsigned int count)
{
	dma_addr_t iova;

	while (count--) {
		if (map_one(job, &iova))
			return -ENOMEM;
		unmap_one(job, iova);
	}
	return 0;
}

static int map_many(struct job *job, unsigned int count, unsigned int *done)
{
	for (*done = 0; *done < count; (*done)++) {
		if (map_one(job, &job->iova[*done]))
			return -ENOMEM;
	}
	return 0;
}

static void unmap_many(struct job *job, unsigned int count)
{
	while (count--)
		unmap_one(job, job->iova[count]);
}

static int job_single(struct job *job, const char *op)
{
	unsigned int order = get_order(job->size), done;
	int ret;

	job->buffer = (void *)__get_free_pages(GFP_KERNEL, order);
	if (!job->buffer)
		return -ENOMEM;

	if (!strcmp(op, "pair")) {
		ret = pairs(job, WARMUP);
		if (!ret) {
			start();
			ret = pairs(job, job->count);
			stop();
		}
		goto free;
	}

	job->count = min(job->count, MAX_LIVE);
	job->iova = kcalloc(job->count, sizeof(*job->iova), GFP_KERNEL);
	if (!job->iova) {
		ret = -ENOMEM;
		goto free;
	}

	/* once without measuring */
	ret = map_many(job, job->count, &done);
	unmap_many(job, done);
	if (ret)
		goto free;

	if (!strcmp(op, "map")) {
		start();
		ret = map_many(job, job->count, &done);
		stop();
		unmap_many(job, done);
	} else {
		ret = map_many(job, job->count, &done);
		start();
		unmap_many(job, done);
		stop();
	}

free:
	kfree(job->iova);
	free_pages((unsigned long)job->buffer, order);
	return ret;
}

/*
 * dma_map_sg()
 */

static int sg_map(struct job *job)
{
	return dma_map_sg(job->dev, job->sg, job->size, DMA_BIDIRECTIONAL) ? 0 : -ENOMEM;
}

static void sg_unmap(struct job *job)
{
	dma_unmap_sg(job->dev, job->sg, job->size, DMA_BIDIRECTIONAL);
}

/*
 * A list can be mapped only once at a time, so sgmap is measured as the sum of one
 * region per map.
 */
static int sg_run(struct job *job, const char *op)
{
	unsigned int i;
	u64 sum = 0;
	int ret = 0;

	for (i = 0; i < WARMUP && !ret; i++) {
		ret = sg_map(job);
		if (!ret)
			sg_unmap(job);
	}
	if (ret)
		return ret;

	if (!strcmp(op, "sgpair")) {
		start();
		for (i = 0; i < job->count && !ret; i++) {
			ret = sg_map(job);
			if (!ret)
				sg_unmap(job);
		}
		stop();
		return ret;
	}

	for (i = 0; i < job->count; i++) {
		bool map = !strcmp(op, "sgmap");

		if (map)
			start();
		ret = sg_map(job);
		if (map)
			stop();
		if (ret)
			return ret;
		if (!map)
			start();
		sg_unmap(job);
		if (!map)
			stop();
		sum += measured;
	}
	measured = sum;
	return 0;
}

static int job_sg(struct job *job, const char *op)
{
	unsigned int order, i;
	int ret;

	if (!job->size || job->size > MAX_SG)
		return -EINVAL;

	/* every other page of a block */
	order = get_order(job->size * 2 * PAGE_SIZE);
	job->pages = alloc_pages(GFP_KERNEL, order);
	job->sg = kcalloc(job->size, sizeof(*job->sg), GFP_KERNEL);
	ret = -ENOMEM;
	if (job->pages && job->sg) {
		sg_init_table(job->sg, job->size);
		for (i = 0; i < job->size; i++)
			sg_set_page(&job->sg[i], job->pages + 2 * i, PAGE_SIZE, 0);
		ret = sg_run(job, op);
	}
	kfree(job->sg);
	if (job->pages)
		__free_pages(job->pages, order);
	return ret;
}

/*
 * Pages that stay mapped
 */

static void empty(void)
{
	struct filled *f, *tmp;

	list_for_each_entry_safe(f, tmp, &all_filled, list) {
		u64 i;

		/* in pieces: this takes long */
		for (i = 0; i < f->pages_mapped; i += 1 << FILL_ORDER) {
			iommu_unmap(f->domain, f->base + i * PAGE_SIZE,
				    PAGE_SIZE << FILL_ORDER);
			cond_resched();
		}
		__free_pages(f->pages, FILL_ORDER);
		list_del(&f->list);
		kfree(f);
	}
}

static struct filled *filled_of(struct iommu_domain *domain)
{
	struct filled *f;

	list_for_each_entry(f, &all_filled, list) {
		if (f->domain == domain)
			return f;
	}

	f = kzalloc_obj(*f);
	if (!f)
		return NULL;
	f->pages = alloc_pages(GFP_KERNEL, FILL_ORDER);
	if (!f->pages) {
		kfree(f);
		return NULL;
	}
	f->domain = domain;
	f->base = domain->geometry.aperture_end > U32_MAX ? FILL_BASE : FILL_BASE_32BIT;
	list_add(&f->list, &all_filled);
	return f;
}

static int job_fill(struct job *job)
{
	struct iommu_domain *domain = iommu_get_domain_for_dev(job->dev);
	size_t step = 1 << FILL_ORDER;
	struct filled *f;
	size_t i;
	int ret;

	if (!domain || !(domain->type & __IOMMU_DOMAIN_PAGING))
		return -EOPNOTSUPP;
	f = filled_of(domain);
	if (!f)
		return -ENOMEM;

	for (i = 0; i < job->size; i += step) {
		u64 iova = f->base + f->pages_mapped * PAGE_SIZE;

		/* The DMA API allocates from the end of the first 4 GiB. */
		if (f->base == FILL_BASE_32BIT && iova >= FILL_END_32BIT)
			return -ENOSPC;
		ret = iommu_map(domain, iova, page_to_phys(f->pages), PAGE_SIZE * step,
				IOMMU_READ | IOMMU_WRITE, GFP_KERNEL);
		if (ret)
			return ret;
		f->pages_mapped += step;
		cond_resched();
	}
	return 0;
}

struct held {
	struct list_head list;
	struct device *dev;
	void *page;
	dma_addr_t iova;
};

static LIST_HEAD(all_held);

static int job_hold(struct job *job)
{
	struct held *h = kzalloc_obj(*h);

	if (!h)
		return -ENOMEM;
	h->dev = get_device(job->dev);
	h->page = (void *)get_zeroed_page(GFP_KERNEL);
	if (h->page)
		h->iova = dma_map_single(h->dev, h->page, PAGE_SIZE, DMA_BIDIRECTIONAL);
	if (!h->page || dma_mapping_error(h->dev, h->iova)) {
		free_page((unsigned long)h->page);
		put_device(h->dev);
		kfree(h);
		return -ENOMEM;
	}
	list_add(&h->list, &all_held);
	return 0;
}

static void let_go(void)
{
	struct held *h, *tmp;

	list_for_each_entry_safe(h, tmp, &all_held, list) {
		dma_unmap_single(h->dev, h->iova, PAGE_SIZE, DMA_BIDIRECTIONAL);
		free_page((unsigned long)h->page);
		put_device(h->dev);
		list_del(&h->list);
		kfree(h);
	}
}

static int job_attach(struct job *job)
{
	struct iommu_domain *domain;
	unsigned int i;
	u64 sum = 0;
	int ret = 0;

	domain = iommu_paging_domain_alloc(job->dev);
	if (IS_ERR(domain))
		return PTR_ERR(domain);
	for (i = 0; i < job->count && !ret; i++) {
		start_sleepable();
		ret = iommu_attach_device(domain, job->dev);
		stop_sleepable();
		sum += measured;
		if (!ret)
			iommu_detach_device(domain, job->dev);
	}
	measured = sum;
	iommu_domain_free(domain);
	return ret;
}

/*
 * Several CPUs
 */

struct worker {
	struct task_struct *task;
	struct device *dev;
	unsigned int count, nr;
	atomic_t *waiting;
	int ret;
};

static int work(void *data)
{
	struct worker *w = data;
	struct job job = { .dev = w->dev, .size = PAGE_SIZE };

	job.buffer = (void *)get_zeroed_page(GFP_KERNEL);
	w->ret = job.buffer ? pairs(&job, WARMUP) : -ENOMEM;

	/* all threads start together */
	atomic_dec(w->waiting);
	while (atomic_read(w->waiting) > 0)
		cpu_relax();
	if (!w->ret)
		w->ret = pairs(&job, w->count);

	/* the last thread reads the clock */
	if (atomic_dec_return(w->waiting) == -(int)w->nr)
		stop_sleepable();
	free_page((unsigned long)job.buffer);
	while (!kthread_should_stop())
		schedule_timeout_interruptible(1);
	return 0;
}

static int job_parallel(struct job *job, struct device **devs, unsigned int nr_devs)
{
	unsigned int i, nr = job->size, made;
	struct worker *workers;
	atomic_t waiting;
	int ret = 0;

	if (!nr || nr > num_online_cpus())
		return -EINVAL;
	workers = kcalloc(nr, sizeof(*workers), GFP_KERNEL);
	if (!workers)
		return -ENOMEM;

	/* this thread arrives last */
	atomic_set(&waiting, nr + 1);
	for (made = 0; made < nr; made++) {
		struct worker *w = &workers[made];

		w->dev = devs[made % nr_devs];
		w->count = job->count;
		w->nr = nr;
		w->waiting = &waiting;
		w->task = kthread_create_on_cpu(work, w, made, "dmabench/%u");
		if (IS_ERR(w->task)) {
			ret = PTR_ERR(w->task);
			break;
		}
		wake_up_process(w->task);
	}
	atomic_sub(nr - made, &waiting);
	while (atomic_read(&waiting) > 1)
		schedule_timeout_uninterruptible(1);
	start_sleepable();
	atomic_dec(&waiting);
	while (atomic_read(&waiting) > -(int)made)
		schedule_timeout_uninterruptible(1);

	for (i = 0; i < made; i++) {
		ret = ret ?: workers[i].ret;
		kthread_stop(workers[i].task);
	}
	job->count *= made;
	kfree(workers);
	return ret;
}

static int do_job(struct job *job, const char *op)
{
	if (!strcmp(op, "pair") || !strcmp(op, "map") || !strcmp(op, "unmap"))
		return job_single(job, op);
	if (!strcmp(op, "sgpair") || !strcmp(op, "sgmap") || !strcmp(op, "sgunmap"))
		return job_sg(job, op);
	if (!strcmp(op, "fill"))
		return job_fill(job);
	if (!strcmp(op, "hold"))
		return job_hold(job);
	if (!strcmp(op, "attach"))
		return job_attach(job);
	if (!strcmp(op, "empty")) {
		empty();
		let_go();
		return 0;
	}
	return -EINVAL;
}

static struct device *find_device(const char *name)
{
	return bus_find_device_by_name(&platform_bus_type, NULL, name) ?:
	       bus_find_device_by_name(&pci_bus_type, NULL, name);
}

static ssize_t run_write(struct file *file, const char __user *from, size_t len, loff_t *pos)
{
	struct device *devs[MAX_DEVICES] = {};
	char line[160] = "", names[128], op[16];
	char *rest = names, *name;
	unsigned int i, nr = 0;
	struct job job = {};
	int ret = 0;

	if (len >= sizeof(line) || copy_from_user(line, from, len))
		return -EINVAL;
	if (sscanf(line, "%127s %15s %zu %u", names, op, &job.size, &job.count) != 4)
		return -EINVAL;

	while ((name = strsep(&rest, ",")) && !ret) {
		if (nr < MAX_DEVICES)
			devs[nr] = find_device(name);
		if (nr == MAX_DEVICES || !devs[nr++])
			ret = -ENODEV;
	}

	if (!ret) {
		mutex_lock(&lock);
		measured = 0;
		job.dev = devs[0];
		if (!strcmp(op, "parallel"))
			ret = job_parallel(&job, devs, nr);
		else
			ret = do_job(&job, op);
		snprintf(answer, sizeof(answer), "n=%u ops=%u ns=%llu\n", regions, job.count,
			 measured);
		mutex_unlock(&lock);
	}

	for (i = 0; i < nr; i++)
		put_device(devs[i]);
	return ret ?: len;
}

static ssize_t run_read(struct file *file, char __user *to, size_t len, loff_t *pos)
{
	return simple_read_from_buffer(to, len, pos, answer, strlen(answer));
}

static const struct file_operations run_fops = {
	.owner = THIS_MODULE,
	.open = simple_open,
	.read = run_read,
	.write = run_write,
};

static int __init dmabench_init(void)
{
	dir = debugfs_create_dir("dmabench", NULL);
	debugfs_create_file("run", 0600, dir, NULL, &run_fops);
	return 0;
}
module_init(dmabench_init);

static void __exit dmabench_exit(void)
{
	debugfs_remove(dir);
	empty();
	let_go();
}
module_exit(dmabench_exit);

MODULE_DESCRIPTION("Cost of the DMA API, by instructions");
MODULE_LICENSE("GPL");
