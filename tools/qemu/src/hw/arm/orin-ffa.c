/*
 * The answers of a secure partition manager to the normal world's calls for
 * memory sharing (FF-A 1.0, DEN0077A).
 *
 * This machine has no secure world. With the property ffa=on one is simulated
 * that accepts all memory that is shared or lent, keeps its description, and
 * returns the memory. That is enough to test a hypervisor that checks the
 * host's calls. Any other call returns NOT_SUPPORTED.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "qemu/osdep.h"
#include "target/arm/cpu.h"
#include "exec/address-spaces.h"
#include "hw/arm/orin-ffa.h"
#include "target/arm/arm-powerctl.h"

#define SMCCC_VERSION           0x80000000u
#define SMCCC_ARCH_FEATURES     0x80000001u
#define PSCI_FEATURES           0x8400000au

#define FFA_ERROR               0x84000060u
#define FFA_SUCCESS             0x84000061u
#define FFA_VERSION             0x84000063u
#define FFA_FEATURES            0x84000064u
#define FFA_RX_RELEASE          0x84000065u
#define FFA_RXTX_MAP            0xc4000066u
#define FFA_RXTX_UNMAP          0x84000067u
#define FFA_ID_GET              0x84000069u
#define FFA_MEM_LEND            0xc4000072u
#define FFA_MEM_SHARE           0xc4000073u
#define FFA_MEM_RETRIEVE_REQ    0xc4000074u
#define FFA_MEM_RETRIEVE_RESP   0x84000075u
#define FFA_MEM_RECLAIM         0x84000077u

#define FFA_VERSION_1_0         0x10000u
#define NOT_SUPPORTED           (-1)
#define INVALID_PARAMETERS      (-2)
#define NO_MEMORY               (-3)

#define PAGE                    4096u
/* Offset of the handle in struct ffa_memory_region */
#define HANDLE_OFFSET           8

#define NR_HANDLES              16

static struct {
    uint64_t tx, rx;
    struct {
        uint32_t len;           /* 0: free */
        uint8_t data[PAGE];
    } region[NR_HANDLES];
} ffa;

static void answer(CPUARMState *env, uint64_t x0, uint64_t x1, uint64_t x2,
                   uint64_t x3)
{
    env->xregs[0] = x0;
    env->xregs[1] = x1;
    env->xregs[2] = x2;
    env->xregs[3] = x3;
    memset(&env->xregs[4], 0, 4 * sizeof(env->xregs[0]));
}

static void error(CPUARMState *env, int why)
{
    answer(env, FFA_ERROR, 0, (uint32_t)why, 0);
}

/* Accept the memory that the caller's transmit buffer describes. */
static void take(CPUARMState *env)
{
    uint32_t len = env->xregs[1], fraglen = env->xregs[2];
    unsigned int i;

    if (!ffa.tx || len != fraglen || len > PAGE) {
        error(env, INVALID_PARAMETERS);
        return;
    }
    for (i = 0; i < NR_HANDLES && ffa.region[i].len; i++) {
    }
    if (i == NR_HANDLES) {
        error(env, NO_MEMORY);
        return;
    }
    address_space_read(&address_space_memory, ffa.tx, MEMTXATTRS_UNSPECIFIED,
                       ffa.region[i].data, len);
    ffa.region[i].len = len;
    answer(env, FFA_SUCCESS, 0, i + 1, 0);
}

static bool valid(uint64_t handle)
{
    return handle && handle <= NR_HANDLES && ffa.region[handle - 1].len;
}

/* Return the description whose handle is in the caller's transmit buffer. */
static void describe(CPUARMState *env)
{
    uint64_t handle;

    if (!ffa.tx) {
        error(env, INVALID_PARAMETERS);
        return;
    }
    address_space_read(&address_space_memory, ffa.tx + HANDLE_OFFSET,
                       MEMTXATTRS_UNSPECIFIED, &handle, sizeof(handle));
    handle = le64_to_cpu(handle);
    if (!valid(handle)) {
        error(env, INVALID_PARAMETERS);
        return;
    }
    address_space_write(&address_space_memory, ffa.rx, MEMTXATTRS_UNSPECIFIED,
                        ffa.region[handle - 1].data,
                        ffa.region[handle - 1].len);
    answer(env, FFA_MEM_RETRIEVE_RESP, ffa.region[handle - 1].len,
           ffa.region[handle - 1].len, 0);
}

static void forget(CPUARMState *env)
{
    uint64_t handle = (uint32_t)env->xregs[1] | env->xregs[2] << 32;

    if (!valid(handle)) {
        error(env, INVALID_PARAMETERS);
        return;
    }
    ffa.region[handle - 1].len = 0;
    answer(env, FFA_SUCCESS, 0, 0, 0);
}

static bool orin_ffa_call(CPUARMState *env)
{
    uint32_t function = env->xregs[0];

    switch (function) {
    case PSCI_FEATURES:
        if ((uint32_t)env->xregs[1] != SMCCC_VERSION) {
            return false;
        }
        env->xregs[0] = 0;
        return true;
    case SMCCC_VERSION:
        env->xregs[0] = 0x10002;
        return true;
    case SMCCC_ARCH_FEATURES:
        env->xregs[0] = (int64_t)NOT_SUPPORTED;
        return true;
    case FFA_VERSION:
        answer(env, FFA_VERSION_1_0, 0, 0, 0);
        return true;
    case FFA_FEATURES:
    case FFA_ID_GET:
        /* Buffers of 4 KiB suffice; the host is endpoint 0. */
        answer(env, FFA_SUCCESS, 0, 0, 0);
        return true;
    case FFA_RXTX_MAP:
        ffa.tx = env->xregs[1];
        ffa.rx = env->xregs[2];
        answer(env, FFA_SUCCESS, 0, 0, 0);
        return true;
    case FFA_RXTX_UNMAP:
        ffa.tx = ffa.rx = 0;
        answer(env, FFA_SUCCESS, 0, 0, 0);
        return true;
    case FFA_RX_RELEASE:
        answer(env, FFA_SUCCESS, 0, 0, 0);
        return true;
    case FFA_MEM_LEND:
    case FFA_MEM_SHARE:
        take(env);
        return true;
    case FFA_MEM_RETRIEVE_REQ:
        describe(env);
        return true;
    case FFA_MEM_RECLAIM:
        forget(env);
        return true;
    }

    if ((function & 0xbfffffe0u) == (FFA_ERROR & ~0x1fu)) {
        error(env, NOT_SUPPORTED);
        return true;
    }
    return false;
}

void orin_ffa_init(void)
{
    arm_firmware_call = orin_ffa_call;
}
