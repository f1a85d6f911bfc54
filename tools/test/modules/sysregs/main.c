// SPDX-License-Identifier: GPL-2.0-only
/*
 * Accesses to system registers that may trap to EL2, or not exist
 *
 * Reading <debugfs>/sysregs makes them on the CPU that the reader runs on, a line each:
 *
 *	read NAME VALUE|undefined|SYNDROME
 *	discard|write NAME done|undefined|SYNDROME	discard: a read to XZR
 */
#include <linux/debugfs.h>
#include <linux/irqflags.h>
#include <linux/module.h>
#include <linux/seq_file.h>

#include <asm/arm_dsu_pmu.h>
#include <asm/daifflags.h>
#include <asm/esr.h>

/* EL2 disables it with ACTLR_EL2.TSIDEN, and KVM has never heard of it. */
#define CLUSTERTHREADSID_EL1	sys_reg(3, 0, 15, 4, 0)

extern const char skip_vectors[];

/*
 * Run one instruction, whose register is %1, with vectors that skip it. Return the
 * syndrome, 0 if there was no exception.
 */
#define try(insn, val)							\
({									\
	unsigned long flags = local_daif_save();			\
	u64 vectors = read_sysreg(vbar_el1), esr;			\
									\
	write_sysreg(skip_vectors, vbar_el1);				\
	isb();								\
	asm volatile("mov x10, xzr\n" insn "mov %0, x10"		\
		     : "=&r" (esr), "+&r" (val) : : "x10", "memory");	\
	write_sysreg(vectors, vbar_el1);				\
	isb();								\
	local_daif_restore(flags);					\
	esr;								\
})

static void report(struct seq_file *m, const char *op, const char *name, u64 esr, u64 val)
{
	seq_printf(m, "%s %s ", op, name);
	if (!esr && *op == 'r')
		seq_printf(m, "%#llx\n", val);
	else if (!esr)
		seq_puts(m, "done\n");
	else if (ESR_ELx_EC(esr) == ESR_ELx_EC_UNKNOWN)
		seq_puts(m, "undefined\n");
	else
		seq_printf(m, "%#llx\n", esr);
}

#define ACCESS(m, op, name, insn)					\
do {									\
	u64 val = 0x7261772076616c75, esr = try(insn, val);		\
									\
	report(m, op, name, esr, val);					\
} while (0)

#define READ(m, reg)		ACCESS(m, "read", #reg, __mrs_s("%1", reg))
#define DISCARD(m, reg)		ACCESS(m, "discard", #reg, __mrs_s("xzr", reg))
#define WRITE(m, reg)		ACCESS(m, "write", #reg, __msr_s(reg, "%1"))

static int sysregs_show(struct seq_file *m, void *unused)
{
	READ(m, CLUSTERPMCR_EL1);
	DISCARD(m, CLUSTERPMCR_EL1);
	WRITE(m, CLUSTERPMCR_EL1);
	READ(m, CLUSTERPMINTENCLR_EL1);
	WRITE(m, CLUSTERPMCCNTR_EL1);
	READ(m, CLUSTERPMCCNTR_EL1);
	READ(m, CLUSTERPMCEID1_EL1);
	READ(m, CLUSTERTHREADSID_EL1);
	DISCARD(m, CLUSTERTHREADSID_EL1);
	WRITE(m, CLUSTERTHREADSID_EL1);

	return 0;
}
DEFINE_SHOW_ATTRIBUTE(sysregs);

static struct dentry *dentry;

static int __init sysregs_init(void)
{
	dentry = debugfs_create_file("sysregs", 0400, NULL, NULL, &sysregs_fops);
	return PTR_ERR_OR_ZERO(dentry);
}
module_init(sysregs_init);

static void __exit sysregs_exit(void)
{
	debugfs_remove(dentry);
}
module_exit(sysregs_exit);

MODULE_DESCRIPTION("Accesses to system registers that may trap");
MODULE_LICENSE("GPL");
