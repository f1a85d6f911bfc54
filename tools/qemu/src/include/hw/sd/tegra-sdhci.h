/*
 * Tegra SD/MMC host: a standard SDHCI with vendor registers around it
 *
 * Of the vendor registers those are modelled which Linux's sdhci-tegra driver
 * expects something of; the others keep what is written to them. The stream
 * ID register (CIF2AXI_CTRL) sets the device's own stream ID of its DMA port.
 * The command queue engine is not modelled.
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
    OrinDMAPort *port;      /* this and */
    uint32_t reset_sid;     /* this are set by the board before realize */

    uint32_t vendor[TEGRA_SDHCI_VENDOR_SIZE / 4];
};

#endif /* HW_SD_TEGRA_SDHCI_H */
