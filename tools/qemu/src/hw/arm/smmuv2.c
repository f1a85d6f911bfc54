/*
 * Arm SMMUv2 (MMU-500): the device
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "qemu/osdep.h"
#include "qemu/main-loop.h"
#include "qemu/module.h"
#include "qapi/error.h"
#include "exec/address-spaces.h"
#include "hw/irq.h"
#include "hw/sysbus.h"
#include "hw/qdev-properties.h"
#include "hw/arm/smmuv2.h"

struct SMMUv2State {
    SysBusDevice parent_obj;
    MemoryRegion mmio[SMMUV2_MAX_INSTANCES];
    qemu_irq irq[2 * SMMUV2_MAX_INSTANCES];
    MemoryRegion *memory;
    char *name;
    uint32_t num_instances, num_smr, num_cb, page_shift;
    bool single_irq;
    NotifierList resume_notifiers;
};

SMMUv2Outcome smmuv2_translate_outcome(SMMUv2State *s, const SMMUv2Txn *txn,
                                       IOMMUTLBEntry *entry)
{
    *entry = (IOMMUTLBEntry) {
        .target_as = &address_space_memory,
        .iova = txn->iova & ~0xfffULL,
        .translated_addr = txn->iova & ~0xfffULL,
        .addr_mask = 0xfff,
        .perm = IOMMU_RW,
    };
    return SMMUV2_OK;
}

IOMMUTLBEntry smmuv2_translate(SMMUv2State *s, const SMMUv2Txn *txn)
{
    IOMMUTLBEntry entry;

    smmuv2_translate_outcome(s, txn, &entry);
    return entry;
}

void smmuv2_add_resume_notifier(SMMUv2State *s, Notifier *notifier)
{
    notifier_list_add(&s->resume_notifiers, notifier);
}

uint64_t smmuv2_violations(SMMUv2State *s)
{
    return 0;
}

void smmuv2_print_stats(SMMUv2State *s, FILE *f)
{
}

static uint64_t smmuv2_read(void *opaque, hwaddr addr, unsigned size)
{
    return 0;
}

static void smmuv2_write(void *opaque, hwaddr addr, uint64_t val, unsigned size)
{
}

static const MemoryRegionOps smmuv2_ops = {
    .read = smmuv2_read,
    .write = smmuv2_write,
    .endianness = DEVICE_LITTLE_ENDIAN,
    .valid.max_access_size = 8,
    .impl.max_access_size = 8,
};

static void smmuv2_realize(DeviceState *dev, Error **errp)
{
    SMMUv2State *s = SMMUV2(dev);
    SysBusDevice *sbd = SYS_BUS_DEVICE(dev);
    unsigned i, num_page = MAX(pow2ceil(s->num_cb), 4);

    notifier_list_init(&s->resume_notifiers);
    for (i = 0; i < s->num_instances; i++) {
        memory_region_init_io(&s->mmio[i], OBJECT(s), &smmuv2_ops, s,
                              s->name ?: "smmuv2",
                              2ULL * num_page << s->page_shift);
        sysbus_init_mmio(sbd, &s->mmio[i]);
    }
    for (i = 0; i < s->num_instances * (s->single_irq ? 1 : 2); i++) {
        sysbus_init_irq(sbd, &s->irq[i]);
    }
}

static const Property smmuv2_properties[] = {
    DEFINE_PROP_STRING("name", SMMUv2State, name),
    DEFINE_PROP_UINT32("num-instances", SMMUv2State, num_instances, 1),
    DEFINE_PROP_BOOL("single-irq", SMMUv2State, single_irq, false),
    DEFINE_PROP_UINT32("num-smr", SMMUv2State, num_smr, 128),
    DEFINE_PROP_UINT32("num-cb", SMMUv2State, num_cb, 128),
    DEFINE_PROP_UINT32("page-shift", SMMUv2State, page_shift, 16),
    DEFINE_PROP_LINK("memory", SMMUv2State, memory, TYPE_MEMORY_REGION,
                     MemoryRegion *),
};

static void smmuv2_class_init(ObjectClass *klass, void *data)
{
    DeviceClass *dc = DEVICE_CLASS(klass);

    dc->realize = smmuv2_realize;
    device_class_set_props(dc, smmuv2_properties);
}

static const TypeInfo smmuv2_types[] = {
    {
        .name = TYPE_SMMUV2,
        .parent = TYPE_SYS_BUS_DEVICE,
        .instance_size = sizeof(SMMUv2State),
        .class_init = smmuv2_class_init,
    },
};

DEFINE_TYPES(smmuv2_types)
