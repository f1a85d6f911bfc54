/*
 * Path of a DMA access on the orin machine: see the header
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "qemu/osdep.h"
#include "qemu/bswap.h"
#include "qemu/module.h"
#include "exec/address-spaces.h"
#include "hw/misc/orin-dma.h"

#define DMA_PAGE_MASK   0xfffULL

/* Windows */

static MemTxResult orin_dma_window_read(void *opaque, hwaddr addr,
                                        uint64_t *data, unsigned size,
                                        MemTxAttrs attrs)
{
    uint8_t buf[8] = { 0 };
    MemTxResult result;

    result = address_space_read(&address_space_memory, addr, attrs, buf, size);
    *data = ldn_le_p(buf, size);
    return result;
}

static MemTxResult orin_dma_window_write(void *opaque, hwaddr addr,
                                         uint64_t data, unsigned size,
                                         MemTxAttrs attrs)
{
    uint8_t buf[8];

    stn_le_p(buf, size, data);
    return address_space_write(&address_space_memory, addr, attrs, buf, size);
}

static const MemoryRegionOps orin_dma_window_ops = {
    .read_with_attrs = orin_dma_window_read,
    .write_with_attrs = orin_dma_window_write,
    .endianness = DEVICE_LITTLE_ENDIAN,
    .valid = { .min_access_size = 1, .max_access_size = 8, .unaligned = true },
    .impl = { .min_access_size = 1, .max_access_size = 8, .unaligned = true },
};

static uint64_t orin_dma_raz(void *opaque, hwaddr addr, unsigned size)
{
    return 0;
}

static void orin_dma_wi(void *opaque, hwaddr addr, uint64_t data, unsigned size)
{
}

static const MemoryRegionOps orin_dma_raz_wi_ops = {
    .read = orin_dma_raz,
    .write = orin_dma_wi,
    .endianness = DEVICE_LITTLE_ENDIAN,
    .valid = { .min_access_size = 1, .max_access_size = 8, .unaligned = true },
    .impl = { .min_access_size = 1, .max_access_size = 8, .unaligned = true },
};

/*
 * The windows have no owner: a device may access any other device through them,
 * and QEMU's re-entrancy guard must see the accessed device only.
 */
void orin_dma_fabric_init(OrinDMAFabric *fabric, TegraMCState *mc,
                          SMMUv2State *smmu, bool strict)
{
    fabric->mc = mc;
    fabric->smmu = smmu;
    fabric->strict = strict;

    memory_region_init_io(&fabric->window, NULL, &orin_dma_window_ops, fabric,
                          "orin-dma-window", UINT64_MAX);
    address_space_init(&fabric->window_as, &fabric->window, "orin-dma-window");
    memory_region_init_io(&fabric->raz_wi, NULL, &orin_dma_raz_wi_ops, fabric,
                          "orin-dma-raz-wi", UINT64_MAX);
    address_space_init(&fabric->raz_wi_as, &fabric->raz_wi, "orin-dma-raz-wi");
}

/* Translation */

static IOMMUTLBEntry orin_dma_identity(AddressSpace *as, hwaddr addr)
{
    return (IOMMUTLBEntry) {
        .target_as = as,
        .iova = addr & ~DMA_PAGE_MASK,
        .translated_addr = addr & ~DMA_PAGE_MASK,
        .addr_mask = DMA_PAGE_MASK,
        .perm = IOMMU_RW,
    };
}

static IOMMUTLBEntry orin_dma_translate(OrinDMAFabric *fabric,
                                        const OrinDMATxn *txn, unsigned size,
                                        bool probe)
{
    AddressSpace *memory = fabric->strict ? &fabric->window_as
                                          : &address_space_memory;
    IOMMUTLBEntry entry = { .target_as = memory, .perm = IOMMU_NONE };
    TegraMCRoute route = TEGRA_MC_ROUTE_SMMU;
    SMMUv2State *smmu = fabric->smmu;
    SMMUv2Txn smmu_txn = {
        .sid = txn->sid,
        .iova = txn->addr,
        .size = size,
        .write = txn->write,
        .priv = txn->priv,
        .insn = txn->insn,
        .probe = probe,
    };

    if (fabric->off) {
        return entry;
    }
    if (fabric->mc) {
        route = tegra_mc_route(fabric->mc, txn->client, txn->sid, txn->addr,
                               txn->write, probe, &smmu, &smmu_txn.sid);
    }

    switch (route) {
    case TEGRA_MC_ROUTE_ABORT:
        return entry;
    case TEGRA_MC_ROUTE_PASSTHROUGH:
        return orin_dma_identity(memory, txn->addr);
    case TEGRA_MC_ROUTE_SMMU:
        break;
    }

    switch (smmuv2_translate_outcome(smmu, &smmu_txn, &entry)) {
    case SMMUV2_OK:
        entry.target_as = memory;
        break;
    case SMMUV2_RAZ_WI:
        return orin_dma_identity(&fabric->raz_wi_as, txn->addr);
    case SMMUV2_STALL:
        fabric->stalls += !probe;
        /* fall through */
    case SMMUV2_ABORT:
        entry.perm = IOMMU_NONE;
        break;
    }
    return entry;
}

MemTxResult orin_dma_rw(OrinDMAFabric *fabric, const OrinDMATxn *txn,
                        void *buf, unsigned len)
{
    OrinDMATxn part = *txn;
    uint8_t *p = buf;

    while (len) {
        unsigned n = MIN(len, DMA_PAGE_MASK + 1 - (part.addr & DMA_PAGE_MASK));
        IOMMUTLBEntry entry = orin_dma_translate(fabric, &part, n, false);
        MemTxResult result;
        hwaddr pa;

        if (!(entry.perm & (part.write ? IOMMU_WO : IOMMU_RO))) {
            return MEMTX_ACCESS_ERROR;
        }
        pa = (entry.translated_addr & ~entry.addr_mask) |
             (part.addr & entry.addr_mask);
        result = address_space_rw(entry.target_as, pa, MEMTXATTRS_UNSPECIFIED,
                                  p, n, part.write);
        if (result != MEMTX_OK) {
            return result;
        }
        part.addr += n;
        p += n;
        len -= n;
    }
    return MEMTX_OK;
}

/* Ports */

/*
 * A device model that marks its accesses as memory accesses (MemTxAttrs.memory,
 * as the SDHCI does) cannot use the window, which is I/O. It accesses memory
 * directly. This is as strict: such accesses are done at once. Only
 * address_space_map() would keep a pointer, and none of its callers sets the
 * attribute.
 */
enum {
    ORIN_DMA_IDX_WINDOW,
    ORIN_DMA_IDX_MEMORY,
    ORIN_DMA_NUM_IDX,
};

static int orin_dma_port_attrs_to_index(IOMMUMemoryRegion *iommu,
                                        MemTxAttrs attrs)
{
    return attrs.memory ? ORIN_DMA_IDX_MEMORY : ORIN_DMA_IDX_WINDOW;
}

static int orin_dma_port_num_indexes(IOMMUMemoryRegion *iommu)
{
    return ORIN_DMA_NUM_IDX;
}

static IOMMUTLBEntry orin_dma_port_translate(IOMMUMemoryRegion *iommu,
                                             hwaddr addr, IOMMUAccessFlags flag,
                                             int iommu_idx)
{
    OrinDMAPort *port = ORIN_DMA_PORT(iommu);
    bool write = flag & IOMMU_WO;
    OrinDMATxn txn = {
        .client = port->client[write],
        .sid = port->sid[write],
        .addr = addr,
        .write = write,
        .priv = port->priv,
    };
    IOMMUTLBEntry entry;

    entry = orin_dma_translate(port->fabric, &txn, 1, flag == IOMMU_NONE);
    if (iommu_idx == ORIN_DMA_IDX_MEMORY &&
        entry.target_as == &port->fabric->window_as) {
        entry.target_as = &address_space_memory;
    }
    return entry;
}

void orin_dma_port_init(OrinDMAPort *port, Object *owner, const char *name,
                        OrinDMAFabric *fabric, uint32_t read_client,
                        uint32_t write_client, uint32_t sid)
{
    memory_region_init_iommu(port, sizeof(*port), TYPE_ORIN_DMA_PORT, owner,
                             name, UINT64_MAX);
    port->fabric = fabric;
    port->client[false] = read_client;
    port->client[true] = write_client;
    port->sid[false] = port->sid[true] = sid;
}

static void orin_dma_port_class_init(ObjectClass *klass, void *data)
{
    IOMMUMemoryRegionClass *imrc = IOMMU_MEMORY_REGION_CLASS(klass);

    imrc->translate = orin_dma_port_translate;
    imrc->attrs_to_index = orin_dma_port_attrs_to_index;
    imrc->num_indexes = orin_dma_port_num_indexes;
}

static const TypeInfo orin_dma_types[] = {
    {
        .name = TYPE_ORIN_DMA_PORT,
        .parent = TYPE_IOMMU_MEMORY_REGION,
        .instance_size = sizeof(OrinDMAPort),
        .class_init = orin_dma_port_class_init,
    },
};

DEFINE_TYPES(orin_dma_types)
