/*
 * Tegra SD/MMC host: a standard SDHCI with vendor registers around it
 *
 * Only the vendor registers whose values Linux's sdhci-tegra driver depends on
 * are modelled; the others hold what is written to them. The stream ID register
 * (CIF2AXI_CTRL) sets the device's own stream ID for its DMA port. The command
 * queue engine is not modelled.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#ifndef HW_SD_TEGRA_SDHCI_H
#define HW_SD_TEGRA_SDHCI_H

#include "qom/object.h"
#include "hw/sysbus.h"
#include "hw/misc/orin-dma.h"
#include "hw/sd/sdhci.h"

#define TYPE_TEGRA_SDHCI "tegra234-sdhci"
OBJECT_DECLARE_SIMPLE_TYPE(TegraSDHCIState, TEGRA_SDHCI)

#define TEGRA_SDHCI_SIZE        0x20000
#define TEGRA_SDHCI_VENDOR      0x100
#define TEGRA_SDHCI_VENDOR_SIZE 0x100

struct TegraSDHCIState {
    SysBusDevice parent_obj;

    MemoryRegion container;
    MemoryRegion vendor_mmio;
    SDHCIState sdhci;
    /* set by the board before realize */
    OrinDMAPort *port;
    uint32_t reset_sid;

    uint32_t vendor[TEGRA_SDHCI_VENDOR_SIZE / 4];
};

#endif /* HW_SD_TEGRA_SDHCI_H */
