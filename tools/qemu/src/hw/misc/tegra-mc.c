/*
 * Tegra234 memory controller
 *
 * Modelled: the sid region, which decides the stream ID of each transaction,
 * for every client in tegra-mc-clients.c; the registers of the broadcast and
 * channel regions that Linux's tegra-mc driver uses; and the interrupt by which
 * a channel reports an error.
 *
 * Reset restores the state that firmware leaves: each client is overridden to
 * its own stream ID, except those in passthrough ("passthrough") and those
 * without an override (the GPU's and "no-override"); some are locked
 * ("locked"). A power cycle ("power-cycle") restores the same state: all that
 * software wrote is lost, locks included.
 *
 * The model is strict about the sid region. A violation is:
 *
 *  - a write that reaches no modelled register, sets a reserved bit or is not
 *    32 bits wide,
 *  - an override that is enabled before software has written its stream ID: the
 *    client would present whatever the register held,
 *  - a client that a loss of power has left in passthrough, and that is still
 *    in passthrough while software waits for the TLB of an SMMU.
 *
 * Writes to a locked client are ignored, as in hardware; they are counted but
 * are not violations.
 *
 * With "alias" the stream ID registers are also at their offsets in the
 * broadcast and channel regions: no public document says whether they are.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "qemu/osdep.h"
#include "qemu/log.h"
#include "qemu/module.h"
#include "qemu/units.h"
#include "qapi/error.h"
#include "qapi/visitor.h"
#include "hw/boards.h"
#include "hw/irq.h"
#include "hw/qdev-properties.h"
#include "hw/sysbus.h"
#include "hw/misc/tegra-mc.h"
#include "trace.h"

/* sid region, per client */
#define SID_OVERRIDE            0
#define SID_OVERRIDE_MASK       0xff
#define SID_SECURITY            4
#define SID_SECURITY_OVERRIDE   BIT(8)
#define SID_SECURITY_WRITE_DIS  BIT(16)
#define SID_SECURITY_MASK       (SID_SECURITY_OVERRIDE | SID_SECURITY_WRITE_DIS)

/* broadcast and channel regions */
#define MC_INTSTATUS            0x000
#define MC_INTMASK              0x004
#define MC_ERR_STATUS           0x008
#define   ERR_STATUS_TYPE_EMEM  (2U << 28)
#define MC_ERR_ADR              0x00c
#define MC_EMEM_CFG             0x050
#define MC_EMEM_ADR_CFG         0x054
#define MC_ERR_VPR_STATUS       0x654
#define MC_ERR_VPR_ADR          0x658
#define MC_ERR_SEC_STATUS       0x67c
#define MC_ERR_SEC_ADR          0x680
#define MC_ERR_MTS_STATUS       0x9b0
#define MC_ERR_MTS_ADR          0x9b4
#define MC_ERR_ROUTE_STATUS     0x9c0
#define MC_ERR_ROUTE_ADR        0x9c4
#define MC_ERR_GEN_CO_STATUS    0xc00
#define MC_ERR_GEN_CO_ADR       0xc04
#define MC_CARVEOUT_FIRST       0xc0c
#define MC_CARVEOUT_LAST        0xd98
#define MC_CHANNEL_ENABLE       0xdf8
#define MC_GLOBAL_INTSTATUS     0xf24
#define MC_ERR_ADR_HI           0x11fc

#define GLOBAL_INTSTATUS_SHIFT  8

#define BROADCAST               (-1)

typedef struct TegraMCChannel {
    TegraMCState *mc;
    int index;              /* BROADCAST, or the channel */
    uint32_t intstatus;
    uint32_t intmask;
    uint32_t err_status;
    uint32_t err_addr;
    uint32_t err_addr_hi;
} TegraMCChannel;

typedef struct TegraMCClientState {
    uint32_t override;
    uint32_t security;
    bool chosen;            /* software has written the override */
    bool opened;            /* a loss of power has left it in passthrough */
    uint64_t passthrough;
    uint64_t to_smmu;
} TegraMCClientState;

typedef struct TegraMCWait {
    Notifier notifier;
    TegraMCState *mc;
} TegraMCWait;

struct TegraMCState {
    SysBusDevice parent_obj;

    MemoryRegion mmio[TEGRA_MC_NUM_REGIONS];
    qemu_irq irq;
    SMMUv2State *smmu[TEGRA_MC_NUM_SMMUS];
    TegraMCWait wait[TEGRA_MC_NUM_SMMUS];

    TegraMCClientState *client;         /* as tegra_mc_clients[] */
    TegraMCChannel broadcast;
    TegraMCChannel channel[TEGRA_MC_NUM_CHANNELS];
    uint32_t global_intstatus;

    char *passthrough;
    char *no_override;
    char *locked;
    bool alias;
    uint8_t num_channels;
    uint32_t inject_client;
    uint64_t inject_addr;

    uint64_t sid_reads, sid_writes, locked_writes;
    uint64_t channel_reads, channel_writes, channel_unmodelled;
    uint64_t passthrough_count, smmu_count, abort_count;
    uint64_t power_cycles;
    uint64_t violations;
    GHashTable *reasons;                /* violation -> number */
};

/* Violations */

static void G_GNUC_PRINTF(2, 3)
tegra_mc_violation(TegraMCState *s, const char *fmt, ...)
{
    g_autofree char *reason = NULL;
    uint64_t *count;
    va_list ap;

    va_start(ap, fmt);
    reason = g_strdup_vprintf(fmt, ap);
    va_end(ap);

    s->violations++;
    qemu_log("tegra-mc: violation: %s\n", reason);

    count = g_hash_table_lookup(s->reasons, reason);
    if (!count) {
        count = g_new0(uint64_t, 1);
        g_hash_table_insert(s->reasons, g_steal_pointer(&reason), count);
    }
    (*count)++;
}

uint64_t tegra_mc_violations(TegraMCState *s)
{
    return s->violations;
}

/* Clients */

static int tegra_mc_find_client(unsigned id)
{
    unsigned lo = 0, hi = tegra_mc_num_clients;

    while (lo < hi) {
        unsigned mid = lo + (hi - lo) / 2;

        if (tegra_mc_clients[mid].id == id) {
            return mid;
        }
        if (tegra_mc_clients[mid].id < id) {
            lo = mid + 1;
        } else {
            hi = mid;
        }
    }
    return -1;
}

TegraMCRoute tegra_mc_route(TegraMCState *s, unsigned client, uint32_t own_sid,
                            hwaddr addr, bool write, bool probe,
                            SMMUv2State **smmu, uint32_t *sid)
{
    int i = tegra_mc_find_client(client);
    TegraMCClientState *c;

    if (i < 0) {
        if (!probe) {
            s->abort_count++;
            trace_tegra_mc_translate(client, own_sid, 0, addr, write,
                                     "unknown client");
        }
        return TEGRA_MC_ROUTE_ABORT;
    }

    c = &s->client[i];
    *sid = c->security & SID_SECURITY_OVERRIDE ? c->override : own_sid;
    if (*sid == TEGRA_MC_SID_PASSTHROUGH) {
        if (!probe) {
            s->passthrough_count++;
            c->passthrough++;
            trace_tegra_mc_translate(client, own_sid, *sid, addr, write,
                                     "passthrough");
        }
        return TEGRA_MC_ROUTE_PASSTHROUGH;
    }

    if (!probe) {
        s->smmu_count++;
        c->to_smmu++;
        trace_tegra_mc_translate(client, own_sid, *sid, addr, write, "SMMU");
    }
    *smmu = s->smmu[tegra_mc_clients[i].smmu];
    return TEGRA_MC_ROUTE_SMMU;
}

/* The sid region */

static int tegra_mc_sid_decode(hwaddr addr, unsigned size)
{
    return size == 4 && !(addr & 3) ? tegra_mc_find_client(addr / 8) : -1;
}

static uint64_t tegra_mc_sid_read(void *opaque, hwaddr addr, unsigned size)
{
    TegraMCState *s = opaque;
    int i = tegra_mc_sid_decode(addr, size);
    uint32_t value;

    s->sid_reads++;
    if (i < 0) {
        qemu_log_mask(LOG_UNIMP, "tegra-mc: sid region: read of %u bytes at "
                      "0x%" HWADDR_PRIx "\n", size, addr);
        return 0;
    }

    value = addr & 4 ? s->client[i].security : s->client[i].override;
    trace_tegra_mc_sid_read(tegra_mc_clients[i].name,
                            addr & 4 ? "security" : "override", value);
    return value;
}

static void tegra_mc_sid_write(void *opaque, hwaddr addr, uint64_t value,
                               unsigned size)
{
    TegraMCState *s = opaque;
    int i = tegra_mc_sid_decode(addr, size);
    const char *reg = addr & 4 ? "security" : "override";
    uint32_t mask = addr & 4 ? SID_SECURITY_MASK : SID_OVERRIDE_MASK;
    TegraMCClientState *c;

    s->sid_writes++;
    if (i < 0) {
        tegra_mc_violation(s, "sid region: write of %u bytes at 0x%"
                           HWADDR_PRIx ", no such register", size, addr);
        return;
    }

    c = &s->client[i];
    if (c->security & SID_SECURITY_WRITE_DIS) {
        s->locked_writes++;
        trace_tegra_mc_sid_locked(tegra_mc_clients[i].name, reg, value);
        return;
    }
    if (value & ~mask) {
        tegra_mc_violation(s, "%s of %s: reserved bits in 0x%" PRIx64, reg,
                           tegra_mc_clients[i].name, value);
    }

    trace_tegra_mc_sid_write(tegra_mc_clients[i].name, reg, value);
    if (addr & 4) {
        if (value & SID_SECURITY_OVERRIDE) {
            if (!(c->security & SID_SECURITY_OVERRIDE) && !c->chosen) {
                tegra_mc_violation(s, "override of %s enabled with stream ID "
                                   "0x%x, which software did not write",
                                   tegra_mc_clients[i].name, c->override);
            }
        } else {
            c->chosen = false;
        }
        c->security = value & mask;
    } else {
        c->override = value & mask;
        c->chosen = true;
    }
}

static bool tegra_mc_is_passthrough(const TegraMCClientState *c)
{
    return c->security & SID_SECURITY_OVERRIDE &&
           c->override == TEGRA_MC_SID_PASSTHROUGH;
}

/*
 * Software starts to wait for an SMMU, which can take long: no client that a
 * loss of power has left in passthrough may still be in passthrough.
 */
static void tegra_mc_smmu_waits(Notifier *n, void *smmu)
{
    TegraMCState *s = container_of(n, TegraMCWait, notifier)->mc;
    unsigned i;

    for (i = 0; i < tegra_mc_num_clients; i++) {
        TegraMCClientState *c = &s->client[i];

        if (c->opened && tegra_mc_is_passthrough(c)) {
            tegra_mc_violation(s, "%s still bypasses the SMMU after a loss of "
                               "power, while software waits for a TLB sync",
                               tegra_mc_clients[i].name);
        }
    }
}

static const MemoryRegionOps tegra_mc_sid_ops = {
    .read = tegra_mc_sid_read,
    .write = tegra_mc_sid_write,
    .endianness = DEVICE_LITTLE_ENDIAN,
    .valid = { .min_access_size = 1, .max_access_size = 8 },
    .impl = { .min_access_size = 1, .max_access_size = 8 },
};

/* Broadcast and channels */

static void tegra_mc_update_irq(TegraMCState *s)
{
    bool level = false;
    int i;

    for (i = 0; i < TEGRA_MC_NUM_CHANNELS; i++) {
        level |= s->channel[i].intstatus & s->channel[i].intmask;
    }
    trace_tegra_mc_irq(level);
    qemu_set_irq(s->irq, level);
}

static uint64_t tegra_mc_channel_read(void *opaque, hwaddr addr, unsigned size)
{
    TegraMCChannel *c = opaque;
    TegraMCState *s = c->mc;
    MachineState *ms = MACHINE(qdev_get_machine());

    if (s->alias && tegra_mc_sid_decode(addr, size) >= 0) {
        return tegra_mc_sid_read(s, addr, size);
    }

    s->channel_reads++;
    if (addr == MC_GLOBAL_INTSTATUS && c->index == BROADCAST) {
        return s->global_intstatus;
    }
    if (c->index == BROADCAST) {
        c = &s->channel[0];
    }

    switch (addr) {
    case MC_INTSTATUS:
        return c->intstatus;
    case MC_INTMASK:
        return c->intmask;
    case MC_ERR_STATUS:
    case MC_ERR_VPR_STATUS:
    case MC_ERR_SEC_STATUS:
    case MC_ERR_MTS_STATUS:
    case MC_ERR_ROUTE_STATUS:
    case MC_ERR_GEN_CO_STATUS:
        return c->err_status;
    case MC_ERR_ADR:
    case MC_ERR_VPR_ADR:
    case MC_ERR_SEC_ADR:
    case MC_ERR_MTS_ADR:
    case MC_ERR_ROUTE_ADR:
    case MC_ERR_GEN_CO_ADR:
        return c->err_addr;
    case MC_ERR_ADR_HI:
        return c->err_addr_hi;
    case MC_EMEM_CFG:
        return ms->ram_size / MiB;
    case MC_EMEM_ADR_CFG:
        return 0;               /* one rank */
    case MC_CHANNEL_ENABLE:
        return MAKE_64BIT_MASK(0, s->num_channels);
    case MC_CARVEOUT_FIRST ... MC_CARVEOUT_LAST:
        return 0;               /* no carveouts */
    default:
        s->channel_unmodelled++;
        qemu_log_mask(LOG_UNIMP, "tegra-mc: channel %d: read at 0x%"
                      HWADDR_PRIx "\n", c->index, addr);
        return 0;
    }
}

static void tegra_mc_channel_write(void *opaque, hwaddr addr, uint64_t value,
                                   unsigned size)
{
    TegraMCChannel *c = opaque;
    TegraMCState *s = c->mc;
    int first = c->index == BROADCAST ? 0 : c->index;
    int last = c->index == BROADCAST ? TEGRA_MC_NUM_CHANNELS - 1 : c->index;
    int i;

    if (s->alias && tegra_mc_sid_decode(addr, size) >= 0) {
        tegra_mc_sid_write(s, addr, value, size);
        return;
    }

    s->channel_writes++;
    switch (addr) {
    case MC_GLOBAL_INTSTATUS:
        /* A channel's bit stays set while the channel reports an error. */
        s->global_intstatus &= ~value;
        for (i = 0; i < TEGRA_MC_NUM_CHANNELS; i++) {
            if (s->channel[i].intstatus) {
                s->global_intstatus |= BIT(GLOBAL_INTSTATUS_SHIFT + i);
            }
        }
        break;
    case MC_INTSTATUS:
        for (i = first; i <= last; i++) {
            s->channel[i].intstatus &= ~value;
        }
        break;
    case MC_INTMASK:
        for (i = first; i <= last; i++) {
            s->channel[i].intmask = value;
        }
        break;
    default:
        s->channel_unmodelled++;
        qemu_log_mask(LOG_UNIMP, "tegra-mc: channel %d: write of 0x%" PRIx64
                      " at 0x%" HWADDR_PRIx "\n", c->index, value, addr);
        return;
    }
    tegra_mc_update_irq(s);
}

/* An access to a channel that the chip lacks is an external abort. */
static bool tegra_mc_channel_accepts(void *opaque, hwaddr addr, unsigned size,
                                     bool is_write, MemTxAttrs attrs)
{
    TegraMCChannel *c = opaque;

    return c->index == BROADCAST || c->index < c->mc->num_channels;
}

static const MemoryRegionOps tegra_mc_channel_ops = {
    .read = tegra_mc_channel_read,
    .write = tegra_mc_channel_write,
    .endianness = DEVICE_LITTLE_ENDIAN,
    .valid = { .min_access_size = 4, .max_access_size = 4,
               .accepts = tegra_mc_channel_accepts },
    .impl = { .min_access_size = 4, .max_access_size = 4 },
};

/* Reset and power */

/* Return true if @name, or a prefix of it, is in the list. */
static bool tegra_mc_in_list(const char *list, const char *name)
{
    g_auto(GStrv) items = g_strsplit_set(list ?: "", ",:; ", -1);
    char **p;

    for (p = items; *p; p++) {
        if (**p && g_str_has_prefix(name, *p)) {
            return true;
        }
    }
    return false;
}

static bool tegra_mc_check_list(const char *list, Error **errp)
{
    g_auto(GStrv) items = g_strsplit_set(list ?: "", ",:; ", -1);
    char **p;
    unsigned i;

    for (p = items; *p; p++) {
        for (i = 0; i < tegra_mc_num_clients; i++) {
            if (g_str_has_prefix(tegra_mc_clients[i].name, *p)) {
                break;
            }
        }
        if (i == tegra_mc_num_clients) {
            error_setg(errp, "no memory client's name starts with '%s'", *p);
            return false;
        }
    }
    return true;
}

static void tegra_mc_firmware_state(TegraMCState *s)
{
    unsigned i;

    for (i = 0; i < tegra_mc_num_clients; i++) {
        const TegraMCClient *client = &tegra_mc_clients[i];
        TegraMCClientState *c = &s->client[i];

        c->chosen = c->opened = false;
        c->override = client->sid;
        c->security = SID_SECURITY_OVERRIDE;
        if (client->sid == TEGRA_MC_SID_OWN) {
            c->override = 0;
            c->security = 0;
        }
        if (tegra_mc_in_list(s->passthrough, client->name)) {
            c->override = TEGRA_MC_SID_PASSTHROUGH;
            c->security = SID_SECURITY_OVERRIDE;
        }
        if (tegra_mc_in_list(s->no_override, client->name)) {
            c->override = 0;
            c->security = 0;
        }
        if (tegra_mc_in_list(s->locked, client->name)) {
            c->security |= SID_SECURITY_WRITE_DIS;
        }
    }

    for (i = 0; i < TEGRA_MC_NUM_CHANNELS; i++) {
        TegraMCChannel *c = &s->channel[i];

        c->intstatus = c->intmask = 0;
        c->err_status = c->err_addr = c->err_addr_hi = 0;
    }
    s->global_intstatus = 0;
    tegra_mc_update_irq(s);
}

static void tegra_mc_reset(DeviceState *dev)
{
    tegra_mc_firmware_state(TEGRA_MC(dev));
}

static bool tegra_mc_get_power_cycle(Object *obj, Error **errp)
{
    return false;
}

static void tegra_mc_set_power_cycle(Object *obj, bool value, Error **errp)
{
    TegraMCState *s = TEGRA_MC(obj);

    g_autofree bool *before = NULL;
    unsigned i;

    if (!value || !s->client) {
        return;
    }
    before = g_new(bool, tegra_mc_num_clients);
    for (i = 0; i < tegra_mc_num_clients; i++) {
        TegraMCClientState *c = &s->client[i];

        before[i] = tegra_mc_is_passthrough(c) && !c->opened;
    }
    s->power_cycles++;
    tegra_mc_firmware_state(s);
    for (i = 0; i < tegra_mc_num_clients; i++) {
        s->client[i].opened = !before[i];
    }
}

/*
 * Writing a mask of MC_INTSTATUS bits to "inject-error" makes channel 0 report
 * those errors, for the client in "inject-client" and the address in
 * "inject-addr".
 */
static void tegra_mc_set_inject_error(Object *obj, Visitor *v, const char *name,
                                      void *opaque, Error **errp)
{
    TegraMCState *s = TEGRA_MC(obj);
    TegraMCChannel *c = &s->channel[0];
    uint32_t bits;

    if (!visit_type_uint32(v, name, &bits, errp)) {
        return;
    }
    c->intstatus |= bits;
    c->err_status = ERR_STATUS_TYPE_EMEM | s->inject_client;
    c->err_addr = s->inject_addr;
    c->err_addr_hi = s->inject_addr >> 32;
    s->global_intstatus |= BIT(GLOBAL_INTSTATUS_SHIFT);
    tegra_mc_update_irq(s);
}

/* Statistics */

void tegra_mc_print_stats(TegraMCState *s, FILE *f)
{
    GHashTableIter iter;
    gpointer reason, count;
    unsigned i;

    g_hash_table_iter_init(&iter, s->reasons);
    while (g_hash_table_iter_next(&iter, &reason, &count)) {
        fprintf(f, "mc: violation: %s (%" PRIu64 ")\n", (char *)reason,
                *(uint64_t *)count);
    }
    fprintf(f, "mc: sid reads %" PRIu64 " writes %" PRIu64 " locked %" PRIu64
            ", channel reads %" PRIu64 " writes %" PRIu64 " unmodelled %" PRIu64
            "\n", s->sid_reads, s->sid_writes, s->locked_writes,
            s->channel_reads, s->channel_writes, s->channel_unmodelled);
    fprintf(f, "mc: DMA to SMMUs %" PRIu64 ", passthrough %" PRIu64
            ", aborted %" PRIu64 "\n", s->smmu_count, s->passthrough_count,
            s->abort_count);
    for (i = 0; i < tegra_mc_num_clients; i++) {
        TegraMCClientState *c = &s->client[i];

        if (c->passthrough || c->to_smmu) {
            fprintf(f, "mc: client %s: SID 0x%02x%s%s, to SMMU %" PRIu64
                    ", passthrough %" PRIu64 "\n", tegra_mc_clients[i].name,
                    c->override,
                    c->security & SID_SECURITY_OVERRIDE ? "" : " (not used)",
                    c->security & SID_SECURITY_WRITE_DIS ? " (locked)" : "",
                    c->to_smmu, c->passthrough);
        }
    }
}

void tegra_mc_json_stats(TegraMCState *s, GString *str)
{
    const char *sep = "";
    unsigned i;

    g_string_append_printf(str, "{\"violations\":%" PRIu64
                           ",\"sid_reads\":%" PRIu64 ",\"sid_writes\":%" PRIu64
                           ",\"locked_writes\":%" PRIu64
                           ",\"channel_reads\":%" PRIu64
                           ",\"channel_writes\":%" PRIu64
                           ",\"channel_unmodelled\":%" PRIu64
                           ",\"to_smmu\":%" PRIu64 ",\"passthrough\":%" PRIu64
                           ",\"aborted\":%" PRIu64 ",\"power_cycles\":%" PRIu64
                           ",\"clients\":{", s->violations, s->sid_reads,
                           s->sid_writes, s->locked_writes, s->channel_reads,
                           s->channel_writes, s->channel_unmodelled,
                           s->smmu_count, s->passthrough_count,
                           s->abort_count, s->power_cycles);
    for (i = 0; i < tegra_mc_num_clients; i++) {
        TegraMCClientState *c = &s->client[i];

        if (c->passthrough || c->to_smmu) {
            g_string_append_printf(str, "%s\"%s\":{\"sid\":%u,\"to_smmu\":%"
                                   PRIu64 ",\"passthrough\":%" PRIu64 "}", sep,
                                   tegra_mc_clients[i].name, c->override,
                                   c->to_smmu, c->passthrough);
            sep = ",";
        }
    }
    g_string_append(str, "}}");
}

/* Device */

static void tegra_mc_init(Object *obj)
{
    TegraMCState *s = TEGRA_MC(obj);

    s->reasons = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
    object_property_add_uint64_ptr(obj, "violations", &s->violations,
                                   OBJ_PROP_FLAG_READ);
    object_property_add_uint64_ptr(obj, "passthrough-count",
                                   &s->passthrough_count, OBJ_PROP_FLAG_READ);
    object_property_add_uint64_ptr(obj, "sid-reads", &s->sid_reads,
                                   OBJ_PROP_FLAG_READ);
    object_property_add_uint64_ptr(obj, "sid-writes", &s->sid_writes,
                                   OBJ_PROP_FLAG_READ);
    object_property_add_uint64_ptr(obj, "locked-writes", &s->locked_writes,
                                   OBJ_PROP_FLAG_READ);
    object_property_add_uint32_ptr(obj, "inject-client", &s->inject_client,
                                   OBJ_PROP_FLAG_READWRITE);
    object_property_add_uint64_ptr(obj, "inject-addr", &s->inject_addr,
                                   OBJ_PROP_FLAG_READWRITE);
    object_property_add(obj, "inject-error", "uint32", NULL,
                        tegra_mc_set_inject_error, NULL, NULL);
    object_property_add_bool(obj, "power-cycle", tegra_mc_get_power_cycle,
                             tegra_mc_set_power_cycle);
}

static void tegra_mc_finalize(Object *obj)
{
    TegraMCState *s = TEGRA_MC(obj);

    g_hash_table_unref(s->reasons);
    g_free(s->client);
}

static void tegra_mc_realize(DeviceState *dev, Error **errp)
{
    TegraMCState *s = TEGRA_MC(dev);
    SysBusDevice *sbd = SYS_BUS_DEVICE(dev);
    int i;

    for (i = 0; i < TEGRA_MC_NUM_SMMUS; i++) {
        if (!s->smmu[i]) {
            error_setg(errp, "each SMMU link must be set");
            return;
        }
    }
    if (!tegra_mc_check_list(s->passthrough, errp) ||
        !tegra_mc_check_list(s->no_override, errp) ||
        !tegra_mc_check_list(s->locked, errp)) {
        return;
    }
    if (!s->num_channels || s->num_channels > TEGRA_MC_NUM_CHANNELS) {
        error_setg(errp, "channels must be 1 to %d", TEGRA_MC_NUM_CHANNELS);
        return;
    }
    s->client = g_new0(TegraMCClientState, tegra_mc_num_clients);
    for (i = 0; i < TEGRA_MC_NUM_SMMUS; i++) {
        s->wait[i].mc = s;
        s->wait[i].notifier.notify = tegra_mc_smmu_waits;
        smmuv2_add_wait_notifier(s->smmu[i], &s->wait[i].notifier);
    }

    memory_region_init_io(&s->mmio[0], OBJECT(s), &tegra_mc_sid_ops, s,
                          "tegra-mc-sid", TEGRA_MC_REGION_SIZE);
    s->broadcast.mc = s;
    s->broadcast.index = BROADCAST;
    memory_region_init_io(&s->mmio[1], OBJECT(s), &tegra_mc_channel_ops,
                          &s->broadcast, "tegra-mc-broadcast",
                          TEGRA_MC_REGION_SIZE);
    for (i = 0; i < TEGRA_MC_NUM_CHANNELS; i++) {
        g_autofree char *name = g_strdup_printf("tegra-mc-ch%d", i);

        s->channel[i].mc = s;
        s->channel[i].index = i;
        memory_region_init_io(&s->mmio[2 + i], OBJECT(s), &tegra_mc_channel_ops,
                              &s->channel[i], name, TEGRA_MC_REGION_SIZE);
    }
    for (i = 0; i < TEGRA_MC_NUM_REGIONS; i++) {
        sysbus_init_mmio(sbd, &s->mmio[i]);
    }
    sysbus_init_irq(sbd, &s->irq);
}

static const Property tegra_mc_properties[] = {
    DEFINE_PROP_LINK("smmu-niso0", TegraMCState, smmu[TEGRA_MC_NISO0],
                     TYPE_SMMUV2, SMMUv2State *),
    DEFINE_PROP_LINK("smmu-niso1", TegraMCState, smmu[TEGRA_MC_NISO1],
                     TYPE_SMMUV2, SMMUv2State *),
    DEFINE_PROP_LINK("smmu-iso", TegraMCState, smmu[TEGRA_MC_ISO],
                     TYPE_SMMUV2, SMMUv2State *),
    /* State that firmware leaves: lists of names or prefixes of clients */
    DEFINE_PROP_STRING("passthrough", TegraMCState, passthrough),
    DEFINE_PROP_STRING("no-override", TegraMCState, no_override),
    DEFINE_PROP_STRING("locked", TegraMCState, locked),
    DEFINE_PROP_BOOL("alias", TegraMCState, alias, false),
    /* Smaller chips have fewer channels; the other regions do not exist. */
    DEFINE_PROP_UINT8("channels", TegraMCState, num_channels,
                      TEGRA_MC_NUM_CHANNELS),
};

static void tegra_mc_class_init(ObjectClass *klass, void *data)
{
    DeviceClass *dc = DEVICE_CLASS(klass);

    dc->desc = "Tegra234 memory controller";
    dc->realize = tegra_mc_realize;
    dc->user_creatable = false;
    device_class_set_legacy_reset(dc, tegra_mc_reset);
    device_class_set_props(dc, tegra_mc_properties);
}

static const TypeInfo tegra_mc_types[] = {
    {
        .name = TYPE_TEGRA_MC,
        .parent = TYPE_SYS_BUS_DEVICE,
        .instance_size = sizeof(TegraMCState),
        .instance_init = tegra_mc_init,
        .instance_finalize = tegra_mc_finalize,
        .class_init = tegra_mc_class_init,
    },
};

DEFINE_TYPES(tegra_mc_types)
