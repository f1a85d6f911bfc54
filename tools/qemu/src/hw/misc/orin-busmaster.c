/*
 * Programmable bus master: see the header for its registers
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "qemu/osdep.h"
#include "qemu/log.h"
#include "qemu/module.h"
#include "qemu/timer.h"
#include "qapi/error.h"
#include "hw/qdev-properties.h"
#include "hw/misc/orin-busmaster.h"
#include "trace.h"

#define REG_ID          0x00
#define REG_CLIENT      0x04
#define REG_SID         0x08
#define REG_CTRL        0x0c
#define   CTRL_WRITE    BIT(0)
#define   CTRL_LOOP     BIT(1)
#define   CTRL_PRIV     BIT(2)
#define   CTRL_INSN     BIT(3)
#define   CTRL_MASK     0xf
#define REG_ADDR_LO     0x10
#define REG_ADDR_HI     0x14
#define REG_LEN         0x18
#define REG_CMD         0x1c
#define   CMD_GO        1
#define   CMD_STOP      2
#define REG_PERIOD_US   0x20
#define REG_STATUS      0x24
#define   STATUS_DONE   BIT(0)
#define   STATUS_ERROR  BIT(1)
#define   STATUS_RUNNING BIT(2)
#define REG_OK_COUNT    0x28
#define REG_ERR_COUNT   0x2c

#define BUSMASTER_ID    0x424d4131
#define DEFAULT_PERIOD_US 100

static void orin_busmaster_transfer(OrinBusMaster *s)
{
    OrinDMATxn txn = {
        .client = s->client,
        .sid = s->sid,
        .addr = s->addr,
        .write = s->ctrl & CTRL_WRITE,
        .priv = s->ctrl & CTRL_PRIV,
        .insn = s->ctrl & CTRL_INSN,
    };
    MemTxResult result;

    trace_orin_busmaster_go(s->client, s->sid, s->addr, s->len, s->ctrl);
    result = orin_dma_rw(s->fabric, &txn, s->data, s->len);
    trace_orin_busmaster_done(s->addr, result == MEMTX_OK);

    s->status |= STATUS_DONE;
    if (result == MEMTX_OK) {
        s->status &= ~STATUS_ERROR;
        s->ok_count++;
        s->total_ok++;
    } else {
        s->status |= STATUS_ERROR;
        s->err_count++;
        s->total_err++;
    }

    if (s->status & STATUS_RUNNING) {
        timer_mod(s->timer, qemu_clock_get_us(QEMU_CLOCK_VIRTUAL) +
                            MAX(s->period_us, 1));
    }
}

static void orin_busmaster_timer(void *opaque)
{
    orin_busmaster_transfer(opaque);
}

static void orin_busmaster_stop(OrinBusMaster *s)
{
    timer_del(s->timer);
    s->status &= ~STATUS_RUNNING;
}

static void orin_busmaster_cmd(OrinBusMaster *s, uint32_t cmd)
{
    orin_busmaster_stop(s);
    switch (cmd) {
    case CMD_GO:
        s->status = s->ctrl & CTRL_LOOP ? STATUS_RUNNING : 0;
        s->ok_count = s->err_count = 0;
        orin_busmaster_transfer(s);
        break;
    case CMD_STOP:
        break;
    default:
        qemu_log_mask(LOG_GUEST_ERROR, "orin-busmaster: unknown command %u\n",
                      cmd);
    }
}

static uint64_t orin_busmaster_read(void *opaque, hwaddr addr, unsigned size)
{
    OrinBusMaster *s = opaque;

    if (addr >= ORIN_BUSMASTER_DATA && addr < 2 * ORIN_BUSMASTER_DATA) {
        return ldl_le_p(s->data + addr - ORIN_BUSMASTER_DATA);
    }

    switch (addr) {
    case REG_ID:
        return BUSMASTER_ID;
    case REG_CLIENT:
        return s->client;
    case REG_SID:
        return s->sid;
    case REG_CTRL:
        return s->ctrl;
    case REG_ADDR_LO:
        return extract64(s->addr, 0, 32);
    case REG_ADDR_HI:
        return extract64(s->addr, 32, 32);
    case REG_LEN:
        return s->len;
    case REG_PERIOD_US:
        return s->period_us;
    case REG_STATUS:
        return s->status;
    case REG_OK_COUNT:
        return s->ok_count;
    case REG_ERR_COUNT:
        return s->err_count;
    default:
        qemu_log_mask(LOG_GUEST_ERROR, "orin-busmaster: read at 0x%" HWADDR_PRIx
                      "\n", addr);
        return 0;
    }
}

static void orin_busmaster_write(void *opaque, hwaddr addr, uint64_t value,
                                 unsigned size)
{
    OrinBusMaster *s = opaque;

    if (addr >= ORIN_BUSMASTER_DATA && addr < 2 * ORIN_BUSMASTER_DATA) {
        stl_le_p(s->data + addr - ORIN_BUSMASTER_DATA, value);
        return;
    }

    switch (addr) {
    case REG_CLIENT:
        s->client = value;
        break;
    case REG_SID:
        s->sid = value;
        break;
    case REG_CTRL:
        s->ctrl = value & CTRL_MASK;
        break;
    case REG_ADDR_LO:
        s->addr = deposit64(s->addr, 0, 32, value);
        break;
    case REG_ADDR_HI:
        s->addr = deposit64(s->addr, 32, 32, value);
        break;
    case REG_LEN:
        if (value < 1 || value > sizeof(s->data)) {
            qemu_log_mask(LOG_GUEST_ERROR, "orin-busmaster: length %" PRIu64
                          "\n", value);
            break;
        }
        s->len = value;
        break;
    case REG_CMD:
        orin_busmaster_cmd(s, value);
        break;
    case REG_PERIOD_US:
        s->period_us = value;
        break;
    default:
        qemu_log_mask(LOG_GUEST_ERROR, "orin-busmaster: write at 0x%"
                      HWADDR_PRIx "\n", addr);
    }
}

static const MemoryRegionOps orin_busmaster_ops = {
    .read = orin_busmaster_read,
    .write = orin_busmaster_write,
    .endianness = DEVICE_LITTLE_ENDIAN,
    .valid = { .min_access_size = 4, .max_access_size = 8 },
    .impl = { .min_access_size = 4, .max_access_size = 4 },
};

static void orin_busmaster_reset(DeviceState *dev)
{
    OrinBusMaster *s = ORIN_BUSMASTER(dev);

    orin_busmaster_stop(s);
    s->client = s->reset_client;
    s->sid = s->reset_sid;
    s->ctrl = 0;
    s->addr = 0;
    s->len = 4;
    s->period_us = DEFAULT_PERIOD_US;
    s->status = 0;
    s->ok_count = s->err_count = 0;
    memset(s->data, 0, sizeof(s->data));

    if (s->boot_len) {
        unsigned i;

        s->client = s->boot_client;
        s->sid = s->boot_sid;
        s->addr = s->boot_addr;
        s->len = MIN(s->boot_len, sizeof(s->data));
        s->ctrl = CTRL_LOOP | (s->boot_write ? CTRL_WRITE : 0);
        s->period_us = s->boot_period_us;
        for (i = 0; i < sizeof(s->data); i++) {
            s->data[i] = "BOOTDMA!"[i % 8];
        }
        s->status = STATUS_RUNNING;
        timer_mod(s->timer, qemu_clock_get_us(QEMU_CLOCK_VIRTUAL) + 1);
    }
}

static void orin_busmaster_init(Object *obj)
{
    OrinBusMaster *s = ORIN_BUSMASTER(obj);

    object_property_add_uint64_ptr(obj, "ok-count", &s->total_ok,
                                   OBJ_PROP_FLAG_READ);
    object_property_add_uint64_ptr(obj, "err-count", &s->total_err,
                                   OBJ_PROP_FLAG_READ);
}

static void orin_busmaster_realize(DeviceState *dev, Error **errp)
{
    OrinBusMaster *s = ORIN_BUSMASTER(dev);

    if (!s->fabric) {
        error_setg(errp, "the board must set the DMA fabric");
        return;
    }
    s->timer = timer_new_us(QEMU_CLOCK_VIRTUAL, orin_busmaster_timer, s);
    memory_region_init_io(&s->mmio, OBJECT(s), &orin_busmaster_ops, s,
                          "orin-busmaster", ORIN_BUSMASTER_SIZE);
    sysbus_init_mmio(SYS_BUS_DEVICE(dev), &s->mmio);
}

static const Property orin_busmaster_properties[] = {
    DEFINE_PROP_UINT32("client", OrinBusMaster, reset_client, 0),
    DEFINE_PROP_UINT32("sid", OrinBusMaster, reset_sid, 0),
    DEFINE_PROP_UINT32("boot-client", OrinBusMaster, boot_client, 0),
    DEFINE_PROP_UINT32("boot-sid", OrinBusMaster, boot_sid, 0),
    DEFINE_PROP_UINT64("boot-addr", OrinBusMaster, boot_addr, 0),
    DEFINE_PROP_UINT32("boot-len", OrinBusMaster, boot_len, 0),
    DEFINE_PROP_UINT32("boot-period-us", OrinBusMaster, boot_period_us,
                       DEFAULT_PERIOD_US),
    DEFINE_PROP_BOOL("boot-write", OrinBusMaster, boot_write, false),
};

static void orin_busmaster_class_init(ObjectClass *klass, void *data)
{
    DeviceClass *dc = DEVICE_CLASS(klass);

    dc->desc = "Programmable bus master";
    dc->realize = orin_busmaster_realize;
    dc->user_creatable = false;
    device_class_set_legacy_reset(dc, orin_busmaster_reset);
    device_class_set_props(dc, orin_busmaster_properties);
}

static const TypeInfo orin_busmaster_types[] = {
    {
        .name = TYPE_ORIN_BUSMASTER,
        .parent = TYPE_SYS_BUS_DEVICE,
        .instance_size = sizeof(OrinBusMaster),
        .instance_init = orin_busmaster_init,
        .class_init = orin_busmaster_class_init,
    },
};

DEFINE_TYPES(orin_busmaster_types)
