/*
 * Tegra SD/MMC host: see the header
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "qemu/osdep.h"
#include "qemu/log.h"
#include "qemu/module.h"
#include "qapi/error.h"
#include "hw/qdev-properties.h"
#include "hw/sd/tegra-sdhci.h"

/* Offsets from the start of the host's registers */
#define VENDOR_DLLCAL_CFG       0x1b0
#define   DLLCAL_CALIBRATE      BIT(31)
#define VENDOR_DLLCAL_STA       0x1bc
#define AUTO_CAL_CONFIG         0x1e4
#define   AUTO_CAL_START        BIT(31)
#define AUTO_CAL_STATUS         0x1ec
#define CIF2AXI_CTRL            0x1fc
#define   CIF2AXI_READ_SID      0
#define   CIF2AXI_WRITE_SID     8

/*
 * 3.3 V, high speed, ADMA2 with 64-bit addresses, SDMA, blocks of up to 512
 * bytes; a base clock of 52 MHz and a timeout clock of 12 MHz. Version 2 of the
 * specification, because QEMU's SDHCI lacks the automatic CMD23 of version 3.
 */
#define TEGRA_SDHCI_SPEC 2
#define TEGRA_SDHCI_CAPS \
    (12 | BIT(7) | 52 << 8 | BIT(19) | BIT(21) | BIT(22) | BIT(24) | BIT(28))

static uint32_t *tegra_sdhci_reg(TegraSDHCIState *s, hwaddr offset)
{
    return &s->vendor[(offset - TEGRA_SDHCI_VENDOR) / 4];
}

static uint64_t tegra_sdhci_read(void *opaque, hwaddr offset, unsigned size)
{
    TegraSDHCIState *s = opaque;

    if (offset < TEGRA_SDHCI_VENDOR ||
        offset >= TEGRA_SDHCI_VENDOR + TEGRA_SDHCI_VENDOR_SIZE) {
        qemu_log_mask(LOG_UNIMP, "tegra-sdhci: read at 0x%" HWADDR_PRIx "\n",
                      offset);
        return 0;
    }
    switch (offset) {
    case VENDOR_DLLCAL_STA:
    case AUTO_CAL_STATUS:
        return 0;               /* calibration completes at once */
    default:
        return *tegra_sdhci_reg(s, offset);
    }
}

static void tegra_sdhci_write(void *opaque, hwaddr offset, uint64_t value,
                              unsigned size)
{
    TegraSDHCIState *s = opaque;

    if (offset < TEGRA_SDHCI_VENDOR ||
        offset >= TEGRA_SDHCI_VENDOR + TEGRA_SDHCI_VENDOR_SIZE) {
        qemu_log_mask(LOG_UNIMP, "tegra-sdhci: write of 0x%" PRIx64 " at 0x%"
                      HWADDR_PRIx "\n", value, offset);
        return;
    }
    switch (offset) {
    case VENDOR_DLLCAL_CFG:
        value &= ~DLLCAL_CALIBRATE;
        break;
    case AUTO_CAL_CONFIG:
        value &= ~AUTO_CAL_START;
        break;
    case CIF2AXI_CTRL:
        s->port->sid[false] = extract32(value, CIF2AXI_READ_SID, 8);
        s->port->sid[true] = extract32(value, CIF2AXI_WRITE_SID, 8);
        break;
    }
    *tegra_sdhci_reg(s, offset) = value;
}

static const MemoryRegionOps tegra_sdhci_ops = {
    .read = tegra_sdhci_read,
    .write = tegra_sdhci_write,
    .endianness = DEVICE_LITTLE_ENDIAN,
    .valid = { .min_access_size = 1, .max_access_size = 4 },
    .impl = { .min_access_size = 4, .max_access_size = 4 },
};

static void tegra_sdhci_reset(DeviceState *dev)
{
    TegraSDHCIState *s = TEGRA_SDHCI(dev);

    device_cold_reset(DEVICE(&s->sdhci));
    memset(s->vendor, 0, sizeof(s->vendor));
    s->port->sid[false] = s->port->sid[true] = s->reset_sid;
}

static void tegra_sdhci_init(Object *obj)
{
    TegraSDHCIState *s = TEGRA_SDHCI(obj);

    object_initialize_child(obj, "sdhci", &s->sdhci, TYPE_SYSBUS_SDHCI);
}

static void tegra_sdhci_realize(DeviceState *dev, Error **errp)
{
    TegraSDHCIState *s = TEGRA_SDHCI(dev);
    SysBusDevice *sbd = SYS_BUS_DEVICE(dev);
    SysBusDevice *sdhci = SYS_BUS_DEVICE(&s->sdhci);

    if (!s->port) {
        error_setg(errp, "the board must set the DMA port");
        return;
    }
    qdev_prop_set_uint8(DEVICE(sdhci), "sd-spec-version",
                        TEGRA_SDHCI_SPEC);
    qdev_prop_set_uint64(DEVICE(sdhci), "capareg", TEGRA_SDHCI_CAPS);
    object_property_set_link(OBJECT(sdhci), "dma",
                             OBJECT(orin_dma_port_mr(s->port)), &error_abort);
    if (!sysbus_realize(sdhci, errp)) {
        return;
    }

    memory_region_init(&s->container, OBJECT(s), "tegra-sdhci",
                       TEGRA_SDHCI_SIZE);
    memory_region_init_io(&s->vendor_mmio, OBJECT(s), &tegra_sdhci_ops, s,
                          "tegra-sdhci-vendor", TEGRA_SDHCI_SIZE);
    memory_region_add_subregion(&s->container, 0, &s->vendor_mmio);
    memory_region_add_subregion_overlap(&s->container, 0,
                                        sysbus_mmio_get_region(sdhci, 0), 1);
    sysbus_init_mmio(sbd, &s->container);
    sysbus_pass_irq(sbd, sdhci);
}

static void tegra_sdhci_class_init(ObjectClass *klass, void *data)
{
    DeviceClass *dc = DEVICE_CLASS(klass);

    dc->desc = "Tegra234 SD/MMC host";
    dc->realize = tegra_sdhci_realize;
    dc->user_creatable = false;
    device_class_set_legacy_reset(dc, tegra_sdhci_reset);
}

static const TypeInfo tegra_sdhci_types[] = {
    {
        .name = TYPE_TEGRA_SDHCI,
        .parent = TYPE_SYS_BUS_DEVICE,
        .instance_size = sizeof(TegraSDHCIState),
        .instance_init = tegra_sdhci_init,
        .class_init = tegra_sdhci_class_init,
    },
};

DEFINE_TYPES(tegra_sdhci_types)
