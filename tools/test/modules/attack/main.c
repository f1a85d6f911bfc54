// SPDX-License-Identifier: GPL-2.0-only
/*
 * The list of attacks, and its interface to user space:
 *
 *	<debugfs>/attack/list	a line for each: ID, a tab, description
 *	<debugfs>/attack/run	write an ID (and its argument), read from the same open
 *				file: result, a tab, the reason
 *	<debugfs>/attack/owned	pages that the host does not own: see ownership.c
 *
 * The argument of attacks on a protected guest (guest-...) is the physical
 * address of its page.
 */
#include <linux/debugfs.h>
#include <linux/fs.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/seq_file.h>

#include "attack.h"

static unsigned long lookup;
module_param(lookup, ulong, 0400);
MODULE_PARM_DESC(lookup, "address of kallsyms_lookup_name");

static const struct attack * const tables[] = {
	dma_attacks, client_attacks, register_attacks, hypercall_attacks, donate_attacks,
	domain_attacks, system_attacks, range_attacks,
};

static const char * const verdicts[] = {
	[VERDICT_NONE] = "broken",
	[VERDICT_OPEN] = "open",
	[VERDICT_STOPPED] = "stopped",
	[VERDICT_NA] = "n/a",
	[VERDICT_BROKEN] = "broken",
};

#define DEFINE_VERDICT(name, v)						\
void name(struct outcome *o, const char *fmt, ...)			\
{									\
	va_list ap;							\
									\
	o->verdict = v;							\
	va_start(ap, fmt);						\
	vscnprintf(o->why, sizeof(o->why), fmt, ap);			\
	va_end(ap);							\
}

DEFINE_VERDICT(is_open, VERDICT_OPEN)
DEFINE_VERDICT(is_stopped, VERDICT_STOPPED)
DEFINE_VERDICT(is_na, VERDICT_NA)
DEFINE_VERDICT(is_broken, VERDICT_BROKEN)

static int list_show(struct seq_file *m, void *unused)
{
	const struct attack *a;
	int i;

	for (i = 0; i < ARRAY_SIZE(tables); i++)
		for (a = tables[i]; a->id; a++)
			if (a->what)
				seq_printf(m, "%s\t%s\n", a->id, a->what);
	return 0;
}
DEFINE_SHOW_ATTRIBUTE(list);
DEFINE_SHOW_ATTRIBUTE(owned);

static const struct attack *find_attack(const char *id)
{
	const struct attack *a;
	int i;

	for (i = 0; i < ARRAY_SIZE(tables); i++)
		for (a = tables[i]; a->id; a++)
			if (!strcmp(a->id, id))
				return a;
	return NULL;
}

static DEFINE_MUTEX(run_lock);

static ssize_t run_write(struct file *file, const char __user *buf, size_t size, loff_t *pos)
{
	char *s = simple_transaction_get(file, buf, size), *arg, *id;
	const struct attack *a;
	struct outcome o = {};
	int n;

	if (IS_ERR(s))
		return PTR_ERR(s);
	arg = strim(s);
	id = strsep(&arg, " \t");
	a = find_attack(id);
	if (!a)
		return -ENOENT;

	mutex_lock(&run_lock);
	a->run(&o, a->data, arg ?: "");
	mutex_unlock(&run_lock);

	n = scnprintf(s, SIMPLE_TRANSACTION_LIMIT, "%s\t%s\n", verdicts[o.verdict], o.why);
	simple_transaction_set(file, n);
	return size;
}

static const struct file_operations run_fops = {
	.owner = THIS_MODULE,
	.write = run_write,
	.read = simple_transaction_read,
	.release = simple_transaction_release,
};

static struct dentry *dir;

static int __init attack_init(void)
{
	int ret = machine_init(lookup);

	if (ret)
		return ret;
	dir = debugfs_create_dir("attack", NULL);
	debugfs_create_file("list", 0400, dir, NULL, &list_fops);
	debugfs_create_file("run", 0600, dir, NULL, &run_fops);
	debugfs_create_file("owned", 0400, dir, NULL, &owned_fops);
	return 0;
}
module_init(attack_init);

static void __exit attack_exit(void)
{
	debugfs_remove(dir);
	machine_exit();
}
module_exit(attack_exit);

MODULE_DESCRIPTION("A hostile host");
MODULE_LICENSE("GPL");
