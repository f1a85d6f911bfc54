/*
 * A machine like a Jetson Orin (Tegra234)
 *
 * The devices have Tegra234's addresses and interrupts, so that the device tree
 * nodes are those of Linux's tegra234.dtsi. Devices without a counterpart in
 * Tegra234 (PCIe by ECAM, ITS, PL330, the programmable bus masters) are at
 * addresses that this device tree leaves free. The only firmware is QEMU's
 * loader and PSCI, and there is no BPMP. Device trees: tools/qemu/dts/.
 *
 * Each bus master reaches memory through the DMA fabric (hw/misc/orin-dma.h):
 * memory controller, stream ID, SMMU.
 *
 *   -M orin                the three SMMUs and the memory controller
 *   -M orin,plain-smmu=on  one MMU-500 and no memory controller; the rest of
 *                          the board is the same
 *
 * When QEMU exits, for whatever reason, it prints the violations of the strict
 * models, and the counters, to stderr.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "qemu/osdep.h"
#include <libfdt.h>
#include "qemu/cutils.h"
#include "qemu/error-report.h"
#include "qemu/guest-random.h"
#include "qemu/module.h"
#include "qemu/timer.h"
#include "qemu/units.h"
#include "qapi/error.h"
#include "qapi/visitor.h"
#include "qobject/qlist.h"
#include "system/blockdev.h"
#include "system/device_tree.h"
#include "system/reset.h"
#include "system/system.h"
#include "exec/address-spaces.h"
#include "hw/arm/boot.h"
#include "hw/arm/orin-cpuidle.h"
#include "hw/arm/orin-dsu.h"
#include "hw/arm/orin-el3.h"
#include "hw/arm/orin-ffa.h"
#include "hw/arm/bsa.h"
#include "hw/arm/smmuv2.h"
#include "hw/boards.h"
#include "hw/char/pl011.h"
#include "hw/intc/arm_gicv3_common.h"
#include "hw/intc/arm_gicv3_its_common.h"
#include "hw/irq.h"
#include "hw/misc/orin-busmaster.h"
#include "hw/misc/orin-dma.h"
#include "hw/misc/tegra-mc.h"
#include "hw/or-irq.h"
#include "hw/pci-host/gpex.h"
#include "hw/qdev-properties.h"
#include "hw/sd/sd.h"
#include "hw/sd/tegra-sdhci.h"
#include "target/arm/arm-powerctl.h"
#include "target/arm/cpu.h"
#include "target/arm/cpu-qom.h"
#include "target/arm/gtimer.h"

#define TYPE_ORIN_MACHINE MACHINE_TYPE_NAME("orin")
OBJECT_DECLARE_SIMPLE_TYPE(OrinMachineState, ORIN_MACHINE)

#define ORIN_MAX_CPUS           12
#define ORIN_CPUS_PER_CLUSTER   4
#define ORIN_NUM_SPIS           960
#define ORIN_NUM_BUSMASTERS     4
#define ORIN_MAX_SMMUS          3

#define ORIN_RAM_BASE           0x80000000ULL

enum {
    ORIN_MC_SID,            /* followed by broadcast and channels 0-3 */
    ORIN_MC_CH4,
    ORIN_MC_CH8,
    ORIN_UARTI,
    ORIN_SDMMC4,
    ORIN_NISO1_0,
    ORIN_NISO1_1,
    ORIN_GICD,
    ORIN_GICR,
    ORIN_ITS,
    ORIN_BUSMASTERS,        /* all bus masters, contiguous */
    ORIN_PL330,
    ORIN_RESET,
    ORIN_ISO,
    ORIN_NISO0_1,
    ORIN_NISO0_0,
    ORIN_PCIE_PIO,
    ORIN_PCIE_MMIO,
    ORIN_PCIE_ECAM,
    ORIN_PCIE_MMIO_HIGH,
};

static const MemMapEntry orin_memmap[] = {
    /* Tegra234's */
    [ORIN_MC_CH8] =         { 0x001700000, 0x00080000 },
    [ORIN_MC_CH4] =         { 0x002b80000, 0x00040000 },
    [ORIN_MC_SID] =         { 0x002c00000, 0x00060000 },
    [ORIN_UARTI] =          { 0x0031d0000, 0x00010000 },
    [ORIN_SDMMC4] =         { 0x003460000, 0x00020000 },
    [ORIN_NISO1_1] =        { 0x007000000, 0x01000000 },
    [ORIN_NISO1_0] =        { 0x008000000, 0x01000000 },
    [ORIN_GICD] =           { 0x00f400000, 0x00010000 },
    [ORIN_GICR] =           { 0x00f440000, 0x00200000 },
    [ORIN_ISO] =            { 0x010000000, 0x01000000 },
    [ORIN_NISO0_1] =        { 0x011000000, 0x01000000 },
    [ORIN_NISO0_0] =        { 0x012000000, 0x01000000 },
    /* Added. The windows of the PCIe host are those of Tegra234's PCIe 4. */
    [ORIN_ITS] =            { 0x00f640000, 0x00020000 },
    [ORIN_BUSMASTERS] =     { 0x00f700000, 0x00010000 },
    [ORIN_PL330] =          { 0x00f780000, 0x00001000 },
    [ORIN_RESET] =          { 0x00f790000, 0x00001000 },
    [ORIN_PCIE_PIO] =       { 0x036100000, 0x00010000 },
    [ORIN_PCIE_MMIO_HIGH] = { 0x2140000000, 0x02e8000000 },
    [ORIN_PCIE_MMIO] =      { 0x2428000000, 0x08000000 },
    [ORIN_PCIE_ECAM] =      { 0x2430000000, 0x10000000 },
};

/* PCI bus address of ORIN_PCIE_MMIO */
#define ORIN_PCIE_MMIO_BUS      0x40000000

/* SPIs */
enum {
    ORIN_IRQ_SDMMC4     = 65,
    ORIN_IRQ_NISO0_0    = 170,
    ORIN_IRQ_NISO0_1    = 232,
    ORIN_IRQ_MC         = 223,
    ORIN_IRQ_NISO1_0    = 238,
    ORIN_IRQ_ISO        = 240,
    ORIN_IRQ_NISO1_1    = 242,
    ORIN_IRQ_UARTI      = 285,
    /* added */
    ORIN_IRQ_PLAIN_CTX  = 171,
    ORIN_IRQ_PL330      = 600,
    ORIN_IRQ_PCIE       = 604,  /* to 607, INTA to INTD */
};

struct OrinMachineState {
    MachineState parent;

    struct arm_boot_info bootinfo;
    Notifier exit_notifier;
    MemoryRegion ram_view;
    DeviceState *gic;
    SMMUv2State *smmu[ORIN_MAX_SMMUS];
    const char *smmu_name[ORIN_MAX_SMMUS];
    unsigned num_smmus;
    TegraMCState *mc;
    OrinDMAFabric fabric;
    OrinDMAPort pcie_port;
    AddressSpace pcie_as;
    OrinDMAPort pl330_port;
    OrinDMAPort sdmmc_port;
    DeviceState *sdmmc;
    OrinBusMaster *busmaster[ORIN_NUM_BUSMASTERS];
    uint32_t reset_lines;

    QEMUTimer *heartbeat;

    /* PSCI SYSTEM_SUSPEND: which CPU starts where on wake-up */
    QEMUTimer *wakeup;
    uint64_t wakeup_cpu, wakeup_entry, wakeup_context;
    uint64_t suspends;
    OrinCpuIdle cpuidle;
    bool idle_loses;
    uint64_t idle_losses;

    /* properties */
    bool plain_smmu;
    bool dma_strict;
    bool mc_alias;
    bool ffa;
    bool aborts_to_el3;
    uint32_t wakeup_ms;
    char *passthrough;
    char *no_override;
    char *locked;
    char *busmaster_boot;
};

/*
 * Clients and stream IDs of the masters. With the plain SMMU there are no
 * clients, and the stream IDs are those of orin-plain.dts.
 */
typedef struct OrinMaster {
    uint32_t read_client, write_client;
    uint32_t sid, plain_sid;
} OrinMaster;

static const OrinMaster orin_pcie = {
    TEGRA_MC_PCIE4R, TEGRA_MC_PCIE4W, 0x13, 0x13,
};
static const OrinMaster orin_pl330 = {
    TEGRA_MC_APEDMAR, TEGRA_MC_APEDMAW, 0x02, 0x02,
};
static const OrinMaster orin_sdmmc = {
    TEGRA_MC_SDMMCRAB, TEGRA_MC_SDMMCWAB, 0x02, 0x22,
};
static const OrinMaster orin_busmaster[ORIN_NUM_BUSMASTERS] = {
    { TEGRA_MC_VICSRD, TEGRA_MC_VICSWR, 0x34, 0x34 },           /* niso1 */
    { TEGRA_MC_NVENCSRD, TEGRA_MC_NVENCSWR, 0x24, 0x24 },       /* niso0 */
    { TEGRA_MC_NVDISPLAYR, TEGRA_MC_NVDISPLAYR, 0x01, 0x01 },   /* iso */
    { TEGRA_MC_APER, TEGRA_MC_APEW, 0x02, 0x02 },               /* niso0 */
};

static uint32_t orin_sid(OrinMachineState *oms, const OrinMaster *master)
{
    return oms->plain_smmu ? master->plain_sid : master->sid;
}

static qemu_irq orin_spi(OrinMachineState *oms, int spi)
{
    return qdev_get_gpio_in(oms->gic, spi);
}

static void orin_init_port(OrinMachineState *oms, OrinDMAPort *port,
                           const char *name, const OrinMaster *master)
{
    orin_dma_port_init(port, OBJECT(oms), name, &oms->fabric,
                       master->read_client, master->write_client,
                       orin_sid(oms, master));
}

/* GIC */

static void orin_create_gic(OrinMachineState *oms)
{
    unsigned smp_cpus = MACHINE(oms)->smp.cpus;
    QList *redist_region_count = qlist_new();
    SysBusDevice *sbd;
    DeviceState *its;
    unsigned i;

    oms->gic = qdev_new(gicv3_class_name());
    sbd = SYS_BUS_DEVICE(oms->gic);
    object_property_add_child(OBJECT(oms), "gic", OBJECT(oms->gic));
    qdev_prop_set_uint32(oms->gic, "revision", 3);
    qdev_prop_set_uint32(oms->gic, "num-cpu", smp_cpus);
    qdev_prop_set_uint32(oms->gic, "num-irq", ORIN_NUM_SPIS + GIC_INTERNAL);
    qdev_prop_set_bit(oms->gic, "has-security-extensions", false);
    qdev_prop_set_bit(oms->gic, "has-lpi", true);
    qlist_append_int(redist_region_count, smp_cpus);
    qdev_prop_set_array(oms->gic, "redist-region-count", redist_region_count);
    object_property_set_link(OBJECT(oms->gic), "sysmem",
                             OBJECT(get_system_memory()), &error_fatal);
    sysbus_realize_and_unref(sbd, &error_fatal);
    sysbus_mmio_map(sbd, 0, orin_memmap[ORIN_GICD].base);
    sysbus_mmio_map(sbd, 1, orin_memmap[ORIN_GICR].base);

    for (i = 0; i < smp_cpus; i++) {
        DeviceState *cpu = DEVICE(qemu_get_cpu(i));
        int ppi = ORIN_NUM_SPIS + i * GIC_INTERNAL;
        static const int timer_irq[] = {
            [GTIMER_PHYS] = ARCH_TIMER_NS_EL1_IRQ,
            [GTIMER_VIRT] = ARCH_TIMER_VIRT_IRQ,
            [GTIMER_HYP] = ARCH_TIMER_NS_EL2_IRQ,
            [GTIMER_SEC] = ARCH_TIMER_S_EL1_IRQ,
            [GTIMER_HYPVIRT] = ARCH_TIMER_NS_EL2_VIRT_IRQ,
        };
        unsigned t;

        for (t = 0; t < ARRAY_SIZE(timer_irq); t++) {
            qdev_connect_gpio_out(cpu, t, orin_spi(oms, ppi + timer_irq[t]));
        }
        qdev_connect_gpio_out_named(cpu, "gicv3-maintenance-interrupt", 0,
                                    orin_spi(oms, ppi + ARCH_GIC_MAINT_IRQ));
        qdev_connect_gpio_out_named(cpu, "pmu-interrupt", 0,
                                    orin_spi(oms, ppi + VIRTUAL_PMU_IRQ));
        sysbus_connect_irq(sbd, i, qdev_get_gpio_in(cpu, ARM_CPU_IRQ));
        sysbus_connect_irq(sbd, i + smp_cpus,
                           qdev_get_gpio_in(cpu, ARM_CPU_FIQ));
        sysbus_connect_irq(sbd, i + 2 * smp_cpus,
                           qdev_get_gpio_in(cpu, ARM_CPU_VIRQ));
        sysbus_connect_irq(sbd, i + 3 * smp_cpus,
                           qdev_get_gpio_in(cpu, ARM_CPU_VFIQ));
    }

    its = qdev_new(its_class_name());
    object_property_add_child(OBJECT(oms), "its", OBJECT(its));
    object_property_set_link(OBJECT(its), "parent-gicv3", OBJECT(oms->gic),
                             &error_abort);
    sysbus_realize_and_unref(SYS_BUS_DEVICE(its), &error_fatal);
    sysbus_mmio_map(SYS_BUS_DEVICE(its), 0, orin_memmap[ORIN_ITS].base);
}

/* SMMUs and memory controller */

typedef struct OrinSMMU {
    const char *name;
    int num_instances;
    int map[SMMUV2_MAX_INSTANCES];
    int irq[SMMUV2_MAX_INSTANCES];
} OrinSMMU;

static const OrinSMMU orin_smmus[TEGRA_MC_NUM_SMMUS] = {
    [TEGRA_MC_NISO0] = {
        "niso0", 2,
        { ORIN_NISO0_0, ORIN_NISO0_1 }, { ORIN_IRQ_NISO0_0, ORIN_IRQ_NISO0_1 },
    },
    [TEGRA_MC_NISO1] = {
        "niso1", 2,
        { ORIN_NISO1_0, ORIN_NISO1_1 }, { ORIN_IRQ_NISO1_0, ORIN_IRQ_NISO1_1 },
    },
    [TEGRA_MC_ISO] = {
        "iso", 1, { ORIN_ISO }, { ORIN_IRQ_ISO },
    },
};

/* Properties that the board sets for its SMMUs; -global must not change them */
static const char * const orin_smmu_wiring[] = {
    "name", "num-instances", "single-irq",
};

/* Set a property of the board's SMMU unless -global sets it. */
static void orin_smmu_default(DeviceState *dev, const char *name,
                              uint32_t value)
{
    if (!qdev_find_global_prop(OBJECT(dev), name)) {
        qdev_prop_set_uint32(dev, name, value);
    }
}

static DeviceState *orin_new_smmu(OrinMachineState *oms, const char *name)
{
    g_autofree char *path = g_strdup_printf("smmu-%s", name);
    DeviceState *dev = qdev_new(TYPE_SMMUV2);
    size_t i;

    for (i = 0; i < ARRAY_SIZE(orin_smmu_wiring); i++) {
        if (qdev_find_global_prop(OBJECT(dev), orin_smmu_wiring[i])) {
            error_report("-global " TYPE_SMMUV2 ".%s: the machine sets it",
                         orin_smmu_wiring[i]);
            exit(1);
        }
    }
    object_property_add_child(OBJECT(oms), path, OBJECT(dev));
    qdev_prop_set_string(dev, "name", name);
    object_property_set_link(OBJECT(dev), "memory",
                             OBJECT(get_system_memory()), &error_abort);
    oms->smmu_name[oms->num_smmus] = name;
    oms->smmu[oms->num_smmus++] = SMMUV2(dev);
    return dev;
}

static void orin_create_smmus(OrinMachineState *oms)
{
    int i, j;

    for (i = 0; i < TEGRA_MC_NUM_SMMUS; i++) {
        const OrinSMMU *smmu = &orin_smmus[i];
        DeviceState *dev = orin_new_smmu(oms, smmu->name);
        SysBusDevice *sbd = SYS_BUS_DEVICE(dev);

        qdev_prop_set_uint32(dev, "num-instances", smmu->num_instances);
        orin_smmu_default(dev, "num-cb", 128);
        orin_smmu_default(dev, "num-smr", 128);
        orin_smmu_default(dev, "page-shift", 16);
        qdev_prop_set_bit(dev, "single-irq", true);
        sysbus_realize_and_unref(sbd, &error_fatal);
        for (j = 0; j < smmu->num_instances; j++) {
            sysbus_mmio_map(sbd, j, orin_memmap[smmu->map[j]].base);
            sysbus_connect_irq(sbd, j, orin_spi(oms, smmu->irq[j]));
        }
    }
}

static void orin_create_plain_smmu(OrinMachineState *oms)
{
    DeviceState *dev = orin_new_smmu(oms, "plain");
    SysBusDevice *sbd = SYS_BUS_DEVICE(dev);

    qdev_prop_set_uint32(dev, "num-instances", 1);
    orin_smmu_default(dev, "num-cb", 16);
    orin_smmu_default(dev, "num-smr", 32);
    orin_smmu_default(dev, "page-shift", 12);
    sysbus_realize_and_unref(sbd, &error_fatal);
    sysbus_mmio_map(sbd, 0, orin_memmap[ORIN_NISO0_0].base);
    sysbus_connect_irq(sbd, 0, orin_spi(oms, ORIN_IRQ_NISO0_0));
    sysbus_connect_irq(sbd, 1, orin_spi(oms, ORIN_IRQ_PLAIN_CTX));
}

static void orin_create_mc(OrinMachineState *oms)
{
    DeviceState *dev = qdev_new(TYPE_TEGRA_MC);
    SysBusDevice *sbd = SYS_BUS_DEVICE(dev);
    int i;

    object_property_add_child(OBJECT(oms), "mc", OBJECT(dev));
    for (i = 0; i < TEGRA_MC_NUM_SMMUS; i++) {
        g_autofree char *link = g_strdup_printf("smmu-%s", orin_smmus[i].name);

        object_property_set_link(OBJECT(dev), link, OBJECT(oms->smmu[i]),
                                 &error_abort);
    }
    qdev_prop_set_string(dev, "passthrough", oms->passthrough);
    qdev_prop_set_string(dev, "no-override", oms->no_override ?: "");
    qdev_prop_set_string(dev, "locked", oms->locked ?: "");
    qdev_prop_set_bit(dev, "alias", oms->mc_alias);
    sysbus_realize_and_unref(sbd, &error_fatal);

    for (i = 0; i < TEGRA_MC_NUM_REGIONS; i++) {
        int channel = i - 2;
        hwaddr base;

        if (channel < 4) {
            base = orin_memmap[ORIN_MC_SID].base + i * TEGRA_MC_REGION_SIZE;
        } else if (channel < 8) {
            base = orin_memmap[ORIN_MC_CH4].base +
                   (channel - 4) * TEGRA_MC_REGION_SIZE;
        } else {
            base = orin_memmap[ORIN_MC_CH8].base +
                   (channel - 8) * TEGRA_MC_REGION_SIZE;
        }
        sysbus_mmio_map(sbd, i, base);
    }
    sysbus_connect_irq(sbd, 0, orin_spi(oms, ORIN_IRQ_MC));
    oms->mc = TEGRA_MC(dev);
}

/* Devices */

static void orin_create_uart(OrinMachineState *oms)
{
    DeviceState *dev = qdev_new(TYPE_PL011);

    qdev_prop_set_chr(dev, "chardev", serial_hd(0));
    sysbus_realize_and_unref(SYS_BUS_DEVICE(dev), &error_fatal);
    sysbus_mmio_map(SYS_BUS_DEVICE(dev), 0, orin_memmap[ORIN_UARTI].base);
    sysbus_connect_irq(SYS_BUS_DEVICE(dev), 0,
                       orin_spi(oms, ORIN_IRQ_UARTI));
}

/*
 * An eMMC, from -drive if=sd. Without a drive the slot is empty.
 */
static void orin_create_sdmmc(OrinMachineState *oms)
{
    DeviceState *dev = qdev_new(TYPE_TEGRA_SDHCI);
    TegraSDHCIState *s = TEGRA_SDHCI(dev);
    DriveInfo *dinfo = drive_get(IF_SD, 0, 0);
    DeviceState *card;

    oms->sdmmc = dev;
    object_property_add_child(OBJECT(oms), "sdmmc4", OBJECT(dev));
    orin_init_port(oms, &oms->sdmmc_port, "sdmmc4-dma", &orin_sdmmc);
    s->port = &oms->sdmmc_port;
    s->reset_sid = orin_sid(oms, &orin_sdmmc);
    sysbus_realize_and_unref(SYS_BUS_DEVICE(dev), &error_fatal);
    sysbus_mmio_map(SYS_BUS_DEVICE(dev), 0, orin_memmap[ORIN_SDMMC4].base);
    sysbus_connect_irq(SYS_BUS_DEVICE(dev), 0,
                       orin_spi(oms, ORIN_IRQ_SDMMC4));

    if (dinfo) {
        card = qdev_new(TYPE_EMMC);
        qdev_prop_set_drive_err(card, "drive", blk_by_legacy_dinfo(dinfo),
                                &error_fatal);
        qdev_realize_and_unref(card,
                               qdev_get_child_bus(DEVICE(&s->sdhci), "sd-bus"),
                               &error_fatal);
    }
}

static void orin_create_pl330(OrinMachineState *oms)
{
    DeviceState *dev = qdev_new("pl330");
    DeviceState *orgate = qdev_new(TYPE_OR_IRQ);
    const int num_events = 16;
    int i;

    /* A PL330 in secure state, its state after reset, is privileged. */
    orin_init_port(oms, &oms->pl330_port, "pl330-dma", &orin_pl330);
    oms->pl330_port.priv = true;
    object_property_add_child(OBJECT(oms), "pl330", OBJECT(dev));
    object_property_add_child(OBJECT(oms), "pl330-irq", OBJECT(orgate));
    qdev_prop_set_uint8(dev, "num_events", num_events);
    object_property_set_link(OBJECT(dev), "memory",
                             OBJECT(orin_dma_port_mr(&oms->pl330_port)),
                             &error_abort);
    sysbus_realize_and_unref(SYS_BUS_DEVICE(dev), &error_fatal);
    sysbus_mmio_map(SYS_BUS_DEVICE(dev), 0, orin_memmap[ORIN_PL330].base);

    qdev_prop_set_uint16(orgate, "num-lines", num_events + 1);
    qdev_realize_and_unref(orgate, NULL, &error_fatal);
    for (i = 0; i < num_events + 1; i++) {
        sysbus_connect_irq(SYS_BUS_DEVICE(dev), i,
                           qdev_get_gpio_in(orgate, i));
    }
    qdev_connect_gpio_out(orgate, 0, orin_spi(oms, ORIN_IRQ_PL330));
}

static void orin_create_busmasters(OrinMachineState *oms)
{
    int i;

    for (i = 0; i < ORIN_NUM_BUSMASTERS; i++) {
        g_autofree char *path = g_strdup_printf("busmaster%d", i);
        DeviceState *dev = qdev_new(TYPE_ORIN_BUSMASTER);

        object_property_add_child(OBJECT(oms), path, OBJECT(dev));
        oms->busmaster[i] = ORIN_BUSMASTER(dev);
        oms->busmaster[i]->fabric = &oms->fabric;
        qdev_prop_set_uint32(dev, "client", orin_busmaster[i].write_client);
        qdev_prop_set_uint32(dev, "sid", orin_sid(oms, &orin_busmaster[i]));
    }
}

/*
 * "busmaster-boot" is a list, separated by semicolons, of
 *
 *   <index>:addr=<n>:len=<n>[:write=on][:client=<n>][:sid=<n>][:period-us=<n>]
 *
 * and sets the boot-* properties of the bus masters it names.
 */
static void orin_parse_busmaster_boot(OrinMachineState *oms)
{
    g_auto(GStrv) items = g_strsplit(oms->busmaster_boot ?: "", ";", -1);
    char **item, **p;

    for (item = items; *item; item++) {
        g_auto(GStrv) parts = g_strsplit(*item, ":", -1);
        unsigned index;
        DeviceState *dev;

        if (!parts[0]) {
            continue;
        }
        if (qemu_strtoui(parts[0], NULL, 0, &index) ||
            index >= ORIN_NUM_BUSMASTERS) {
            error_report("busmaster-boot: '%s' is not a bus master", parts[0]);
            exit(1);
        }
        dev = DEVICE(oms->busmaster[index]);
        qdev_prop_set_uint32(dev, "boot-client",
                             orin_busmaster[index].write_client);
        qdev_prop_set_uint32(dev, "boot-sid",
                             orin_sid(oms, &orin_busmaster[index]));
        for (p = parts + 1; *p; p++) {
            g_auto(GStrv) pair = g_strsplit(*p, "=", 2);
            g_autofree char *name = g_strdup_printf("boot-%s", pair[0]);

            object_property_parse(OBJECT(dev), name, pair[1] ?: "",
                                  &error_fatal);
        }
    }
}

static void orin_realize_busmasters(OrinMachineState *oms)
{
    const MemMapEntry *map = &orin_memmap[ORIN_BUSMASTERS];
    int i;

    for (i = 0; i < ORIN_NUM_BUSMASTERS; i++) {
        SysBusDevice *sbd = SYS_BUS_DEVICE(oms->busmaster[i]);

        sysbus_realize_and_unref(sbd, &error_fatal);
        sysbus_mmio_map(sbd, 0, map->base + i * map->size);
    }
}

/*
 * All functions behind the host share one stream ID, as behind a PCIe
 * controller of Tegra234.
 */
static AddressSpace *orin_pcie_address_space(PCIBus *bus, void *opaque,
                                             int devfn)
{
    OrinMachineState *oms = opaque;

    return &oms->pcie_as;
}

static const PCIIOMMUOps orin_pcie_iommu_ops = {
    .get_address_space = orin_pcie_address_space,
};

static void orin_map_alias(DeviceState *dev, const char *name, int region,
                           hwaddr offset, int map)
{
    MemoryRegion *alias = g_new0(MemoryRegion, 1);

    memory_region_init_alias(alias, OBJECT(dev), name,
                             sysbus_mmio_get_region(SYS_BUS_DEVICE(dev),
                                                    region),
                             offset, orin_memmap[map].size);
    memory_region_add_subregion(get_system_memory(), orin_memmap[map].base,
                                alias);
}

static void orin_create_pcie(OrinMachineState *oms)
{
    MachineClass *mc = MACHINE_GET_CLASS(oms);
    DeviceState *dev = qdev_new(TYPE_GPEX_HOST);
    SysBusDevice *sbd = SYS_BUS_DEVICE(dev);
    PCIBus *bus;
    int i;

    object_property_add_child(OBJECT(oms), "pcie", OBJECT(dev));
    sysbus_realize_and_unref(sbd, &error_fatal);
    orin_map_alias(dev, "pcie-ecam", 0, 0, ORIN_PCIE_ECAM);
    orin_map_alias(dev, "pcie-mmio", 1, ORIN_PCIE_MMIO_BUS, ORIN_PCIE_MMIO);
    orin_map_alias(dev, "pcie-mmio-high", 1,
                   orin_memmap[ORIN_PCIE_MMIO_HIGH].base, ORIN_PCIE_MMIO_HIGH);
    sysbus_mmio_map(sbd, 2, orin_memmap[ORIN_PCIE_PIO].base);
    for (i = 0; i < PCI_NUM_PINS; i++) {
        sysbus_connect_irq(sbd, i, orin_spi(oms, ORIN_IRQ_PCIE + i));
        gpex_set_irq_num(GPEX_HOST(dev), i, ORIN_IRQ_PCIE + i);
    }

    orin_init_port(oms, &oms->pcie_port, "pcie-dma", &orin_pcie);
    address_space_init(&oms->pcie_as, orin_dma_port_mr(&oms->pcie_port),
                       "pcie-dma");
    bus = PCI_HOST_BRIDGE(dev)->bus;
    pci_setup_iommu(bus, &orin_pcie_iommu_ops, oms);
    pci_init_nic_devices(bus, mc->default_nic);
}

/*
 * A reset controller in the manner of "snps,dw-high-reset", in place of the
 * BPMP: bit 0 resets SDMMC4.
 */
static uint64_t orin_reset_read(void *opaque, hwaddr addr, unsigned size)
{
    OrinMachineState *oms = opaque;

    return addr == 0 ? oms->reset_lines : 0;
}

static void orin_reset_write(void *opaque, hwaddr addr, uint64_t value,
                             unsigned size)
{
    OrinMachineState *oms = opaque;

    if (addr == 0) {
        if (value & ~oms->reset_lines & BIT(0)) {
            device_cold_reset(oms->sdmmc);
        }
        oms->reset_lines = value;
    }
}

static const MemoryRegionOps orin_reset_ops = {
    .read = orin_reset_read,
    .write = orin_reset_write,
    .endianness = DEVICE_LITTLE_ENDIAN,
    .valid = { .min_access_size = 4, .max_access_size = 4 },
};

static void orin_create_reset(OrinMachineState *oms)
{
    MemoryRegion *mr = g_new0(MemoryRegion, 1);

    memory_region_init_io(mr, OBJECT(oms), &orin_reset_ops, oms, "orin-reset",
                          orin_memmap[ORIN_RESET].size);
    memory_region_add_subregion(get_system_memory(),
                                orin_memmap[ORIN_RESET].base, mr);
}

/* CPUs */

static uint64_t orin_cpu_mp_affinity(unsigned index)
{
    return (index % ORIN_CPUS_PER_CLUSTER) << ARM_AFF1_SHIFT |
           (uint64_t)(index / ORIN_CPUS_PER_CLUSTER) << ARM_AFF2_SHIFT;
}

static void orin_create_cpus(OrinMachineState *oms)
{
    MachineState *ms = MACHINE(oms);
    unsigned i;

    for (i = 0; i < ms->smp.cpus; i++) {
        Object *cpu = object_new(ms->cpu_type);

        object_property_set_int(cpu, "mp-affinity", orin_cpu_mp_affinity(i),
                                &error_abort);
        CPU(cpu)->cpu_index = i;
        if (!object_property_find(cpu, "has_el2")) {
            error_report("CPU type %s has no EL2", ms->cpu_type);
            exit(1);
        }
        if (object_property_find(cpu, "has_el3")) {
            object_property_set_bool(cpu, "has_el3", false, &error_abort);
        }
        if (object_property_find(cpu, "reset-cbar")) {
            object_property_set_int(cpu, "reset-cbar",
                                    orin_memmap[ORIN_GICD].base, &error_abort);
        }
        object_property_set_link(cpu, "memory", OBJECT(get_system_memory()),
                                 &error_abort);
        qdev_realize(DEVICE(cpu), NULL, &error_fatal);
        if (orin_cpu_has_dsu(ms->cpu_type)) {
            orin_dsu_init(ARM_CPU(cpu));
        }
        if (oms->aborts_to_el3 && !i) {
            orin_el3_take_aborts(CPU(cpu));
        }
        object_unref(cpu);
    }
}

static void orin_remove_node(void *fdt, const char *path)
{
    if (fdt_path_offset(fdt, path) >= 0) {
        qemu_fdt_nop_node(fdt, path);
    }
}

/*
 * The device tree describes all CPUs, and their clusters' PMUs; remove those that
 * this machine lacks. A seed saves the kernel from waiting for entropy. There is
 * no seed for KASLR, so that the addresses in a log are the same each time.
 */
static void orin_modify_dtb(const struct arm_boot_info *info, void *fdt)
{
    OrinMachineState *oms = container_of(info, OrinMachineState, bootinfo);
    uint8_t seed[32];
    unsigned i;

    qemu_guest_getrandom_nofail(seed, sizeof(seed));
    qemu_fdt_setprop(fdt, "/chosen", "rng-seed", seed, sizeof(seed));

    for (i = MACHINE(oms)->smp.cpus; i < ORIN_MAX_CPUS; i++) {
        g_autofree char *path = g_strdup_printf("/cpus/cpu@%" PRIx64,
                                                orin_cpu_mp_affinity(i));

        orin_remove_node(fdt, path);
    }

    for (i = 0; i * ORIN_CPUS_PER_CLUSTER < ORIN_MAX_CPUS; i++) {
        g_autofree char *path = g_strdup_printf("/dsu-pmu%u", i);

        if (!orin_cpu_has_dsu(MACHINE(oms)->cpu_type) ||
            i * ORIN_CPUS_PER_CLUSTER >= MACHINE(oms)->smp.cpus) {
            orin_remove_node(fdt, path);
        }
    }
}

static void *orin_no_dtb(const struct arm_boot_info *info, int *size)
{
    error_report("the orin machine needs a device tree: -dtb orin.dtb");
    exit(1);
}

/* Exit */

static uint64_t orin_violations(OrinMachineState *oms)
{
    uint64_t n = oms->mc ? tegra_mc_violations(oms->mc) : 0;
    unsigned i;

    for (i = 0; i < oms->num_smmus; i++) {
        n += smmuv2_violations(oms->smmu[i]);
    }
    return n;
}

static void orin_exit(Notifier *n, void *data)
{
    OrinMachineState *oms = container_of(n, OrinMachineState, exit_notifier);
    g_autoptr(GString) json = g_string_new("{");
    unsigned i;

    fprintf(stderr, "orin: violations: %" PRIu64 "\n", orin_violations(oms));
    for (i = 0; i < oms->num_smmus; i++) {
        g_autofree char *log = object_property_get_str(OBJECT(oms->smmu[i]),
                                                       "violation-log", NULL);

        if (log && *log) {
            fprintf(stderr, "orin: violations of smmu-%s:\n%s%s",
                    oms->smmu_name[i], log,
                    g_str_has_suffix(log, "\n") ? "" : "\n");
        }
        smmuv2_print_stats(oms->smmu[i], stderr);
    }
    if (oms->mc) {
        tegra_mc_print_stats(oms->mc, stderr);
    }

    g_string_append_printf(json, "\"violations\":%" PRIu64 ",\"smmu\":{",
                           orin_violations(oms));
    for (i = 0; i < oms->num_smmus; i++) {
        g_autofree char *smmu = smmuv2_stats_json(oms->smmu[i]);

        g_string_append_printf(json, "%s\"%s\":%s", i ? "," : "",
                               oms->smmu_name[i], smmu);
    }
    g_string_append(json, "},\"mc\":");
    if (oms->mc) {
        tegra_mc_json_stats(oms->mc, json);
    } else {
        g_string_append(json, "null");
    }
    g_string_append(json, ",\"busmaster\":[");
    for (i = 0; i < ORIN_NUM_BUSMASTERS; i++) {
        OrinBusMaster *bm = oms->busmaster[i];

        g_string_append_printf(json, "%s{\"ok\":%" PRIu64 ",\"err\":%" PRIu64
                               "}", i ? "," : "", bm->total_ok, bm->total_err);
    }
    g_string_append_printf(json, "],\"stalls_aborted\":%" PRIu64
                           ",\"suspends\":%" PRIu64 "}",
                           oms->fabric.stalls, oms->suspends);
    fprintf(stderr, "orin: stats: %s\n", json->str);
}

/*
 * A model that waits for its disk, as the SD card does, runs QEMU's main event
 * context in a CPU's thread, and can consume an event that was to wake the main
 * loop. The main loop would then sleep, with timers due, until another event,
 * which may never come. A periodic timer wakes it.
 */
#define ORIN_HEARTBEAT_MS   50

static void orin_heartbeat(void *opaque)
{
    OrinMachineState *oms = opaque;

    timer_mod(oms->heartbeat, qemu_clock_get_ms(QEMU_CLOCK_REALTIME) +
                              ORIN_HEARTBEAT_MS);
}

/* Power */

/* SMMUs and memory controller share a power domain and lose their registers. */
static void orin_power_cycle(OrinMachineState *oms)
{
    unsigned i;

    for (i = 0; i < oms->num_smmus; i++) {
        object_property_set_bool(OBJECT(oms->smmu[i]), "power-cycle", true,
                                 &error_abort);
    }
    if (oms->mc) {
        object_property_set_bool(OBJECT(oms->mc), "power-cycle", true,
                                 &error_abort);
    }
}

/*
 * PSCI SYSTEM_SUSPEND. The CPUs, the SMMUs and the memory controller are
 * powered off. After a while they are powered on again, the SMMUs and the
 * memory controller in their reset state. Other devices, including the GIC,
 * keep their state: on hardware firmware would save it, and this machine has
 * none.
 */
static OrinMachineState *orin_suspendable;

static void orin_system_suspend(uint64_t cpuid, uint64_t entry,
                                uint64_t context_id)
{
    OrinMachineState *oms = orin_suspendable;

    oms->wakeup_cpu = cpuid;
    oms->wakeup_entry = entry;
    oms->wakeup_context = context_id;
    oms->suspends++;
    oms->fabric.off = true;
    orin_power_cycle(oms);
    timer_mod(oms->wakeup, qemu_clock_get_ms(QEMU_CLOCK_VIRTUAL) +
                           oms->wakeup_ms);
}

static void orin_wakeup(void *opaque)
{
    OrinMachineState *oms = opaque;

    oms->fabric.off = false;
    if (arm_set_cpu_on(oms->wakeup_cpu, oms->wakeup_entry, oms->wakeup_context,
                       2, true) != QEMU_ARM_POWERCTL_RET_SUCCESS) {
        /* It is not off yet. */
        timer_mod(oms->wakeup, qemu_clock_get_ms(QEMU_CLOCK_VIRTUAL) + 1);
    }
}

/*
 * All CPUs are powered down. The property idle-loses selects whether the memory
 * controller's power domain is, too. If so, no DMA is possible until it is
 * powered on again.
 */
static void orin_idle_down(void *opaque)
{
    OrinMachineState *oms = opaque;

    if (oms->idle_loses) {
        oms->idle_losses++;
        oms->fabric.off = true;
        orin_power_cycle(oms);
    }
}

static void orin_idle_up(void *opaque)
{
    OrinMachineState *oms = opaque;

    oms->fabric.off = false;
}

/* A reset while the machine is suspended cancels the wake-up. */
static void orin_reset(MachineState *ms, ResetType type)
{
    OrinMachineState *oms = ORIN_MACHINE(ms);

    timer_del(oms->wakeup);
    orin_cpuidle_reset(&oms->cpuidle);
    oms->fabric.off = false;
    qemu_devices_reset(type);
}

/* Machine */

/*
 * For Tegra's memory controller, bit 39 of an address selects another layout of
 * the same memory. Model the worst case: the same layout, for all masters.
 */
static void orin_create_memory(OrinMachineState *oms)
{
    MemoryRegion *ram = MACHINE(oms)->ram;

    memory_region_add_subregion(get_system_memory(), ORIN_RAM_BASE, ram);
    if (!oms->plain_smmu) {
        memory_region_init_alias(&oms->ram_view, OBJECT(oms), "orin.ram-bit39",
                                 ram, 0, memory_region_size(ram));
        memory_region_add_subregion(get_system_memory(),
                                    BIT_ULL(39) + ORIN_RAM_BASE,
                                    &oms->ram_view);
    }
}

static void orin_init(MachineState *ms)
{
    OrinMachineState *oms = ORIN_MACHINE(ms);

    orin_create_memory(oms);
    orin_create_cpus(oms);
    orin_create_gic(oms);
    if (oms->plain_smmu) {
        orin_create_plain_smmu(oms);
    } else {
        orin_create_smmus(oms);
        orin_create_mc(oms);
    }
    orin_dma_fabric_init(&oms->fabric, oms->mc, oms->smmu[0], oms->dma_strict);

    orin_create_uart(oms);
    orin_create_reset(oms);
    orin_create_sdmmc(oms);
    orin_create_pl330(oms);
    orin_create_pcie(oms);
    orin_create_busmasters(oms);
    orin_parse_busmaster_boot(oms);
    orin_realize_busmasters(oms);

    oms->heartbeat = timer_new_ms(QEMU_CLOCK_REALTIME, orin_heartbeat, oms);
    orin_heartbeat(oms);
    oms->wakeup = timer_new_ms(QEMU_CLOCK_VIRTUAL, orin_wakeup, oms);
    orin_suspendable = oms;
    arm_system_suspend = orin_system_suspend;
    orin_cpuidle_init(&oms->cpuidle, ARM_GICV3_COMMON(oms->gic),
                      orin_idle_down, orin_idle_up, oms);
    if (oms->ffa) {
        orin_ffa_init();
    }

    oms->exit_notifier.notify = orin_exit;
    qemu_add_exit_notifier(&oms->exit_notifier);

    oms->bootinfo.ram_size = ms->ram_size;
    oms->bootinfo.board_id = -1;
    oms->bootinfo.loader_start = ORIN_RAM_BASE;
    oms->bootinfo.psci_conduit = QEMU_PSCI_CONDUIT_SMC;
    oms->bootinfo.get_dtb = orin_no_dtb;
    oms->bootinfo.modify_dtb = orin_modify_dtb;
    arm_load_kernel(ARM_CPU(first_cpu), ms, &oms->bootinfo);
}

static bool orin_get_plain_smmu(Object *obj, Error **errp)
{
    return ORIN_MACHINE(obj)->plain_smmu;
}

static void orin_set_plain_smmu(Object *obj, bool value, Error **errp)
{
    ORIN_MACHINE(obj)->plain_smmu = value;
}

static bool orin_get_dma_strict(Object *obj, Error **errp)
{
    return ORIN_MACHINE(obj)->dma_strict;
}

static void orin_set_dma_strict(Object *obj, bool value, Error **errp)
{
    ORIN_MACHINE(obj)->dma_strict = value;
}

static bool orin_get_mc_alias(Object *obj, Error **errp)
{
    return ORIN_MACHINE(obj)->mc_alias;
}

static void orin_set_mc_alias(Object *obj, bool value, Error **errp)
{
    ORIN_MACHINE(obj)->mc_alias = value;
}

static bool orin_get_ffa(Object *obj, Error **errp)
{
    return ORIN_MACHINE(obj)->ffa;
}

static void orin_set_ffa(Object *obj, bool value, Error **errp)
{
    ORIN_MACHINE(obj)->ffa = value;
}

static bool orin_get_aborts_to_el3(Object *obj, Error **errp)
{
    return ORIN_MACHINE(obj)->aborts_to_el3;
}

static void orin_set_aborts_to_el3(Object *obj, bool value, Error **errp)
{
    ORIN_MACHINE(obj)->aborts_to_el3 = value;
}

#define ORIN_STR_PROPERTY(field)                                            \
    static char *orin_get_##field(Object *obj, Error **errp)                \
    {                                                                       \
        return g_strdup(ORIN_MACHINE(obj)->field);                          \
    }                                                                       \
    static void orin_set_##field(Object *obj, const char *value,            \
                                 Error **errp)                              \
    {                                                                       \
        OrinMachineState *oms = ORIN_MACHINE(obj);                          \
                                                                            \
        g_free(oms->field);                                                 \
        oms->field = g_strdup(value);                                       \
    }

ORIN_STR_PROPERTY(passthrough)
ORIN_STR_PROPERTY(no_override)
ORIN_STR_PROPERTY(locked)
ORIN_STR_PROPERTY(busmaster_boot)

static bool orin_get_power_cycle(Object *obj, Error **errp)
{
    return false;
}

static void orin_set_power_cycle(Object *obj, bool value, Error **errp)
{
    if (value) {
        orin_power_cycle(ORIN_MACHINE(obj));
    }
}

static bool orin_get_idle_loses(Object *obj, Error **errp)
{
    return ORIN_MACHINE(obj)->idle_loses;
}

static void orin_set_idle_loses(Object *obj, bool value, Error **errp)
{
    ORIN_MACHINE(obj)->idle_loses = value;
}

static void orin_get_violations(Object *obj, Visitor *v, const char *name,
                                void *opaque, Error **errp)
{
    uint64_t n = orin_violations(ORIN_MACHINE(obj));

    visit_type_uint64(v, name, &n, errp);
}

static void orin_instance_init(Object *obj)
{
    OrinMachineState *oms = ORIN_MACHINE(obj);

    oms->dma_strict = true;
    oms->wakeup_ms = 20;
    object_property_add_uint32_ptr(obj, "wakeup-ms", &oms->wakeup_ms,
                                   OBJ_PROP_FLAG_READWRITE);
    object_property_set_description(obj, "wakeup-ms",
        "PSCI SYSTEM_SUSPEND: time until the machine wakes up");
    object_property_add_uint64_ptr(obj, "suspends", &oms->suspends,
                                   OBJ_PROP_FLAG_READ);
    object_property_set_description(obj, "suspends",
        "how often the machine was suspended");
    object_property_add_uint64_ptr(obj, "cpu-suspends", &oms->cpuidle.suspends,
                                   OBJ_PROP_FLAG_READ);
    object_property_set_description(obj, "cpu-suspends",
        "how often a CPU powered itself down by PSCI CPU_SUSPEND");
    object_property_add_uint64_ptr(obj, "idle-losses", &oms->idle_losses,
                                   OBJ_PROP_FLAG_READ);
    object_property_set_description(obj, "idle-losses",
        "how often SMMUs and memory controller lost their registers when idle");
    oms->passthrough = g_strdup("nvdisplay:xusb:sdmmc");
}

static void orin_class_init(ObjectClass *oc, void *data)
{
    static const char * const valid_cpu_types[] = {
        ARM_CPU_TYPE_NAME("cortex-a57"),
        ARM_CPU_TYPE_NAME("cortex-a72"),
        ARM_CPU_TYPE_NAME("cortex-a76"),
        ARM_CPU_TYPE_NAME("neoverse-n1"),
        ARM_CPU_TYPE_NAME("neoverse-v1"),
        ARM_CPU_TYPE_NAME("neoverse-n2"),
        ARM_CPU_TYPE_NAME("max"),
        NULL
    };
    /* No option ROMs; and see hw/misc/orin-dma.h about bounce buffers. */
    static GlobalProperty compat[] = {
        { TYPE_PCI_DEVICE, "romfile", "" },
        { TYPE_PCI_DEVICE, "x-max-bounce-buffer-size", "16777216" },
    };
    MachineClass *mc = MACHINE_CLASS(oc);

    mc->desc = "Jetson Orin (Tegra234) like machine";
    mc->init = orin_init;
    mc->reset = orin_reset;
    mc->max_cpus = ORIN_MAX_CPUS;
    mc->default_cpus = 2;
    mc->default_cpu_type = ARM_CPU_TYPE_NAME("cortex-a76");
    mc->valid_cpu_types = valid_cpu_types;
    mc->default_ram_size = 2 * GiB;
    mc->default_ram_id = "orin.ram";
    mc->default_nic = "e1000e";
    mc->block_default_type = IF_SD;
    mc->no_floppy = 1;
    mc->no_cdrom = 1;
    mc->no_parallel = 1;
    compat_props_add(mc->compat_props, compat, G_N_ELEMENTS(compat));

    object_class_property_add_bool(oc, "plain-smmu", orin_get_plain_smmu,
                                   orin_set_plain_smmu);
    object_class_property_set_description(oc, "plain-smmu",
        "one MMU-500 and no memory controller");
    object_class_property_add_bool(oc, "dma-strict", orin_get_dma_strict,
                                   orin_set_dma_strict);
    object_class_property_set_description(oc, "dma-strict",
        "translate each DMA access again");
    object_class_property_add_bool(oc, "mc-alias", orin_get_mc_alias,
                                   orin_set_mc_alias);
    object_class_property_set_description(oc, "mc-alias",
        "alias the stream ID registers in all memory controller regions");
    object_class_property_add_bool(oc, "ffa", orin_get_ffa, orin_set_ffa);
    object_class_property_set_description(oc, "ffa",
        "simulate the FF-A calls of a secure world");
    object_class_property_add_bool(oc, "aborts-to-el3", orin_get_aborts_to_el3,
                                   orin_set_aborts_to_el3);
    object_class_property_set_description(oc, "aborts-to-el3",
        "stop at an external abort, as firmware at EL3 does");
    object_class_property_add_str(oc, "passthrough", orin_get_passthrough,
                                  orin_set_passthrough);
    object_class_property_set_description(oc, "passthrough",
        "memory clients that firmware leaves in passthrough, separated by ':'");
    object_class_property_add_str(oc, "no-override", orin_get_no_override,
                                  orin_set_no_override);
    object_class_property_set_description(oc, "no-override",
        "memory clients that firmware leaves without a stream ID override");
    object_class_property_add_str(oc, "locked", orin_get_locked,
                                  orin_set_locked);
    object_class_property_set_description(oc, "locked",
        "memory clients whose stream ID registers firmware has locked");
    object_class_property_add_str(oc, "busmaster-boot",
                                  orin_get_busmaster_boot,
                                  orin_set_busmaster_boot);
    object_class_property_set_description(oc, "busmaster-boot",
        "DMA from power-on: <index>:addr=<n>:len=<n>[:write=on][:client=<n>]"
        "[:sid=<n>][:period-us=<n>][;...]");
    object_class_property_add_bool(oc, "idle-loses", orin_get_idle_loses,
                                   orin_set_idle_loses);
    object_class_property_set_description(oc, "idle-loses",
        "power SMMUs and memory controller down when all CPUs are down");
    object_class_property_add_bool(oc, "power-cycle", orin_get_power_cycle,
                                   orin_set_power_cycle);
    object_class_property_set_description(oc, "power-cycle",
        "write true: the SMMUs and the memory controller lose their registers");
    object_class_property_add(oc, "violations", "uint64", orin_get_violations,
                              NULL, NULL, NULL);
    object_class_property_set_description(oc, "violations",
        "violations of the strict models so far");
}

static const TypeInfo orin_types[] = {
    {
        .name = TYPE_ORIN_MACHINE,
        .parent = TYPE_MACHINE,
        .instance_size = sizeof(OrinMachineState),
        .instance_init = orin_instance_init,
        .class_init = orin_class_init,
    },
};

DEFINE_TYPES(orin_types)
