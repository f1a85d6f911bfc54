/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef IO_PGTABLE_ARM_KUNIT_H_
#define IO_PGTABLE_ARM_KUNIT_H_

#include <linux/io-pgtable.h>
#include <linux/limits.h>
#include <linux/types.h>

enum iopgt_kunit_mem {
	IOPGT_KUNIT_DEVICE,
	IOPGT_KUNIT_NC,
	IOPGT_KUNIT_WB,
	IOPGT_KUNIT_UNKNOWN,
};

/* A translation that has bits set which are reserved */
#define IOPGT_KUNIT_NOWHERE	PHYS_ADDR_MAX

/**
 * struct iopgt_kunit_xlat - What a walker makes of an address
 * @pa:     Where it leads.
 * @shift:  log2 of the size of the leaf.
 * @write:  May be written to.
 * @unpriv: May be used by unprivileged transactions.
 * @exec:   May be fetched from.
 * @mem:    The memory type.
 */
struct iopgt_kunit_xlat {
	phys_addr_t		pa;
	unsigned int		shift;
	bool			write;
	bool			unpriv;
	bool			exec;
	enum iopgt_kunit_mem	mem;
};

/**
 * iopgt_kunit_walk() - Translate as the hardware would
 * @fmt:  ARM_64_LPAE_S1 or ARM_V7S.
 * @cfg:  The register values.
 * @read: Reads an entry of 4 or 8 bytes as the walker sees it, 0 if it cannot.
 * @ctx:  Passed to @read.
 * @iova: The address.
 * @x:    What becomes of it.
 *
 * Return: false if there is no translation.
 */
bool iopgt_kunit_walk(enum io_pgtable_fmt fmt, const struct io_pgtable_cfg *cfg,
		      u64 (*read)(void *ctx, phys_addr_t pa, size_t size),
		      void *ctx, u64 iova, struct iopgt_kunit_xlat *x);

#endif /* IO_PGTABLE_ARM_KUNIT_H_ */
