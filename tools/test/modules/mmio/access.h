/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * CPU accesses of all kinds that may abort: each instruction has an exception table
 * entry, as in copy_from_kernel_nofault(), but the caller chooses the instruction.
 */
#ifndef _TEST_ACCESS_H
#define _TEST_ACCESS_H

#include <linux/io.h>
#include <linux/mm.h>
#include <asm/asm-extable.h>

#define __access_load(insn, fmt, va, val)					\
({										\
	int __err = 0;								\
	u64 __v = 0;								\
										\
	asm volatile(								\
	"1:	" insn "	" fmt "1, [%2]\n"				\
	"2:\n"									\
	_ASM_EXTABLE_KACCESS_ERR_ZERO(1b, 2b, %w0, %w1)				\
	: "+r" (__err), "+r" (__v) : "r" (va) : "memory");			\
	*(val) = __v;								\
	__err;									\
})

#define __access_store(insn, fmt, va, val)					\
({										\
	int __err = 0;								\
										\
	asm volatile(								\
	"1:	" insn "	" fmt "1, [%2]\n"				\
	"	dsb	sy\n"							\
	"2:\n"									\
	_ASM_EXTABLE_KACCESS_ERR(1b, 2b, %w0)					\
	: "+r" (__err) : "r" ((u64)(val)), "r" (va) : "memory");		\
	__err;									\
})

#define __access_maintain(insn, va)						\
({										\
	int __err = 0;								\
										\
	asm volatile(								\
	"1:	" insn ", %1\n"							\
	"	dsb	sy\n"							\
	"2:\n"									\
	_ASM_EXTABLE_KACCESS_ERR(1b, 2b, %w0)					\
	: "+r" (__err) : "r" (va) : "memory");					\
	__err;									\
})

/* All functions return 0 or -EFAULT. */
static inline int access_read(void *va, unsigned int bytes, u64 *val)
{
	switch (bytes) {
	case 1: return __access_load("ldrb", "%w", va, val);
	case 2: return __access_load("ldrh", "%w", va, val);
	case 4: return __access_load("ldr", "%w", va, val);
	case 8: return __access_load("ldr", "%x", va, val);
	}
	return -EINVAL;
}

static inline int access_write(void *va, unsigned int bytes, u64 val)
{
	switch (bytes) {
	case 1: return __access_store("strb", "%w", va, val);
	case 2: return __access_store("strh", "%w", va, val);
	case 4: return __access_store("str", "%w", va, val);
	case 8: return __access_store("str", "%x", va, val);
	}
	return -EINVAL;
}

static inline int access_read_exclusive(void *va, u64 *val)
{
	int err = __access_load("ldxr", "%w", va, val);

	asm volatile("clrex" ::: "memory");
	return err;
}

static inline int access_read_acquire(void *va, u64 *val)
{
	return __access_load("ldar", "%w", va, val);
}

/* A signed load of four bytes to a 64-bit register */
static inline int access_read_signed(void *va, u64 *val)
{
	return __access_load("ldrsw", "%x", va, val);
}

static inline int access_write_release(void *va, u64 val)
{
	return __access_store("stlr", "%w", va, val);
}

/* A store-exclusive, and the load-exclusive that it needs; both may abort. */
static inline int access_write_exclusive(void *va, u64 val)
{
	u32 fail = 0, old;
	int err = 0;

	asm volatile("1:	ldxr	%w2, [%4]\n"
	"2:	stxr	%w1, %w3, [%4]\n"
	"	dsb	sy\n"
	"3:	clrex\n"
	_ASM_EXTABLE_KACCESS_ERR(1b, 3b, %w0)
	_ASM_EXTABLE_KACCESS_ERR(2b, 3b, %w0)
	: "+r" (err), "+&r" (fail), "=&r" (old) : "r" ((u32)val), "r" (va) : "memory");
	return err ?: (fail ? -EAGAIN : 0);
}

static inline int access_read_pair(void *va, u64 *val)
{
	int err = 0;
	u64 a = 0, b = 0;

	asm volatile("1:	ldp	%w1, %w2, [%3]\n"
	"2:\n"
	_ASM_EXTABLE_KACCESS_ERR(1b, 2b, %w0)
	: "+r" (err), "+r" (a), "+r" (b) : "r" (va) : "memory");
	*val = a | b << 32;
	return err;
}

static inline int access_clean(void *va)
{
	return __access_maintain("dc	cvac", va);
}

static inline int access_clean_invalidate(void *va)
{
	return __access_maintain("dc	civac", va);
}

static inline int access_invalidate(void *va)
{
	return __access_maintain("dc	ivac", va);
}

/*
 * Return a kernel address for a physical one: the linear map for memory, a new device
 * mapping for all else. Release it with access_unmap().
 */
static inline void *access_map(phys_addr_t phys, size_t size)
{
	if (pfn_valid(PHYS_PFN(phys)) && pfn_is_map_memory(PHYS_PFN(phys)))
		return phys_to_virt(phys);
	return (void __force *)ioremap(phys, size);
}

static inline void access_unmap(void *va)
{
	if (is_vmalloc_addr(va))
		iounmap((void __iomem __force *)va);
}

#endif /* _TEST_ACCESS_H */
