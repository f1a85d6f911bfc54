// SPDX-License-Identifier: GPL-2.0-only
/*
 * CPU accesses to any physical address, which may be refused
 *
 * Write one command to <debugfs>/mmio and read the answer from the same open
 * file:
 *
 *	read WIDTH ADDRESS		WIDTH: 1 2 4 8, x (exclusive), a (acquire),
 *					p (pair), s (signed, 4 bytes)
 *	write WIDTH ADDRESS VALUE	WIDTH: 1 2 4 8, x (exclusive), r (release)
 *	clean|flush|inval - ADDRESS	cache maintenance by address
 *
 * The answer is `refused` if the access aborted, else `done VALUE`.
 */
#include <linux/debugfs.h>
#include <linux/fs.h>
#include <linux/module.h>

#include "access.h"

static int do_access(const char *op, char width, phys_addr_t phys, u64 *val)
{
	unsigned int bytes = width - '0';
	void *page, *va;
	int err = -EINVAL;

	/* An unaligned access may cross into the next page. */
	page = access_map(phys & PAGE_MASK, 2 * PAGE_SIZE);
	if (!page)
		return -ENOMEM;
	va = page + offset_in_page(phys);

	if (!strcmp(op, "read")) {
		if (width == 'x')
			err = access_read_exclusive(va, val);
		else if (width == 'a')
			err = access_read_acquire(va, val);
		else if (width == 'p')
			err = access_read_pair(va, val);
		else if (width == 's')
			err = access_read_signed(va, val);
		else
			err = access_read(va, bytes, val);
	} else if (!strcmp(op, "write")) {
		if (width == 'x')
			err = access_write_exclusive(va, *val);
		else if (width == 'r')
			err = access_write_release(va, *val);
		else
			err = access_write(va, bytes, *val);
	} else if (!strcmp(op, "clean")) {
		err = access_clean(va);
	} else if (!strcmp(op, "flush")) {
		err = access_clean_invalidate(va);
	} else if (!strcmp(op, "inval")) {
		err = access_invalidate(va);
	}

	access_unmap(page);
	return err;
}

static ssize_t mmio_write(struct file *file, const char __user *buf, size_t size, loff_t *pos)
{
	char *s = simple_transaction_get(file, buf, size);
	char op[8], width;
	u64 phys, val = 0;
	int n, err;

	if (IS_ERR(s))
		return PTR_ERR(s);
	n = sscanf(s, "%7s %c %llx %llx", op, &width, &phys, &val);
	if (n < 3 || (n < 4 && !strcmp(op, "write")))
		return -EINVAL;

	err = do_access(op, width, phys, &val);
	if (err == -EFAULT)
		n = sprintf(s, "refused\n");
	else if (err == -EAGAIN)
		n = sprintf(s, "not-exclusive\n");
	else if (err)
		return err;
	else
		n = sprintf(s, "done %#llx\n", val);
	simple_transaction_set(file, n);
	return size;
}

static const struct file_operations mmio_fops = {
	.owner = THIS_MODULE,
	.write = mmio_write,
	.read = simple_transaction_read,
	.release = simple_transaction_release,
};

static struct dentry *dentry;

static int __init mmio_init(void)
{
	dentry = debugfs_create_file("mmio", 0600, NULL, NULL, &mmio_fops);
	return PTR_ERR_OR_ZERO(dentry);
}
module_init(mmio_init);

static void __exit mmio_exit(void)
{
	debugfs_remove(dentry);
}
module_exit(mmio_exit);

MODULE_DESCRIPTION("CPU accesses that may be refused");
MODULE_LICENSE("GPL");
