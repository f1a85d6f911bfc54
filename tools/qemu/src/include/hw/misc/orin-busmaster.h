/*
 * Programmable bus master
 *
 * Does the DMA that its registers request: through any client of the memory
 * controller, with any own stream ID, to any bus address. It represents a
 * device that an attacker controls, and lets a test do DMA without a driver or
 * a protocol.
 *
 * 32-bit registers:
 *
 *   0x00  ID          reads 0x424d4131 ("BMA1")
 *   0x04  CLIENT      memory controller client
 *   0x08  SID         stream ID of the device itself
 *   0x0c  CTRL        0 WRITE: write memory from DATA; else read it into DATA
 *                     1 LOOP: repeat until stopped
 *                     2 PRIV: privileged      3 INSN: instruction fetch
 *   0x10  ADDR_LO     bus address
 *   0x14  ADDR_HI
 *   0x18  LEN         1 to 4096 bytes
 *   0x1c  CMD         write 1: go; write 2: stop
 *   0x20  PERIOD_US   pause between two transfers of LOOP
 *   0x24  STATUS      0 DONE  1 ERROR: the last transfer was aborted  2 RUNNING
 *   0x28  OK_COUNT    transfers since the last go
 *   0x2c  ERR_COUNT
 *   0x1000 - 0x1fff   DATA
 *
 * The first transfer is complete when the write of CMD returns; a loop
 * continues in virtual time. CLIENT, SID, ADDR, LEN, CTRL and DATA may be
 * changed while a loop runs; the next transfer uses the new values.
 *
 * The boot-* properties start a loop at power-on, and again at each reset.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#ifndef HW_MISC_ORIN_BUSMASTER_H
#define HW_MISC_ORIN_BUSMASTER_H

#include "qom/object.h"
#include "hw/sysbus.h"
#include "hw/misc/orin-dma.h"

#define TYPE_ORIN_BUSMASTER "orin-busmaster"
OBJECT_DECLARE_SIMPLE_TYPE(OrinBusMaster, ORIN_BUSMASTER)

#define ORIN_BUSMASTER_SIZE     0x10000
#define ORIN_BUSMASTER_DATA     0x1000

struct OrinBusMaster {
    SysBusDevice parent_obj;

    MemoryRegion mmio;
    QEMUTimer *timer;
    OrinDMAFabric *fabric;  /* set by the board before realize */

    uint32_t client;
    uint32_t sid;
    uint32_t ctrl;
    uint64_t addr;
    uint32_t len;
    uint32_t period_us;
    uint32_t status;
    uint32_t ok_count;
    uint32_t err_count;
    uint8_t data[ORIN_BUSMASTER_DATA];

    uint64_t total_ok, total_err;

    /* properties */
    uint32_t reset_client;
    uint32_t reset_sid;
    uint32_t boot_client;
    uint32_t boot_sid;
    uint64_t boot_addr;
    uint32_t boot_len;      /* 0: no loop at power-on */
    uint32_t boot_period_us;
    bool boot_write;
};

#endif /* HW_MISC_ORIN_BUSMASTER_H */
