/*
 * Path of a DMA access on the orin machine
 *
 *   master -> memory controller client -> stream ID -> SMMU -> memory
 *
 * The fabric models this path. On a machine without a memory controller the
 * master's own stream ID goes to the only SMMU.
 *
 * A device model that does DMA through a memory region or address space gets a
 * port: an IOMMU memory region that enters the fabric with a fixed client and
 * stream ID for reads and for writes. A master that chooses them per transfer
 * calls orin_dma_rw().
 *
 * No translation is cached between accesses. A port does not translate to
 * memory but to a window, an I/O region that forwards to the system address
 * space. So no device model can hold a host pointer to memory, and each access,
 * of at most eight bytes, is translated when its data moves.
 * address_space_map() gets a bounce buffer that is read or written in the same
 * way. With "strict" off, ports translate to memory itself, which is faster and
 * lets QEMU keep a mapping during an I/O request.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#ifndef HW_MISC_ORIN_DMA_H
#define HW_MISC_ORIN_DMA_H

#include "qom/object.h"
#include "exec/memory.h"
#include "hw/arm/smmuv2.h"
#include "hw/misc/tegra-mc.h"

typedef struct OrinDMAFabric {
    TegraMCState *mc;       /* or NULL */
    SMMUv2State *smmu;      /* used without a memory controller */
    bool strict;

    MemoryRegion window;
    AddressSpace window_as;
    MemoryRegion raz_wi;
    AddressSpace raz_wi_as;

    bool off;               /* no power: all accesses are aborted */
    uint64_t stalls;        /* stalled accesses, which are aborted here */
} OrinDMAFabric;

void orin_dma_fabric_init(OrinDMAFabric *fabric, TegraMCState *mc,
                          SMMUv2State *smmu, bool strict);

typedef struct OrinDMATxn {
    uint32_t client;
    uint32_t sid;           /* the master's own */
    hwaddr addr;
    bool write;
    bool priv;
    bool insn;
} OrinDMATxn;

/* Do a DMA of any length. It stops at the first access that is aborted. */
MemTxResult orin_dma_rw(OrinDMAFabric *fabric, const OrinDMATxn *txn,
                        void *buf, unsigned len);

#define TYPE_ORIN_DMA_PORT "orin-dma-port"
OBJECT_DECLARE_SIMPLE_TYPE(OrinDMAPort, ORIN_DMA_PORT)

struct OrinDMAPort {
    IOMMUMemoryRegion iommu;
    OrinDMAFabric *fabric;
    uint32_t client[2];     /* for reads, for writes */
    uint32_t sid[2];
    bool priv;              /* the master's accesses are privileged */
};

void orin_dma_port_init(OrinDMAPort *port, Object *owner, const char *name,
                        OrinDMAFabric *fabric, uint32_t read_client,
                        uint32_t write_client, uint32_t sid);

static inline MemoryRegion *orin_dma_port_mr(OrinDMAPort *port)
{
    return MEMORY_REGION(&port->iommu);
}

#endif /* HW_MISC_ORIN_DMA_H */
