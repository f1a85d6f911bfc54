/*
 * Tegra234 memory controller: the stream ID of each DMA, and its errors
 *
 * Every bus master of the SoC is a "client" of the memory controller; most have
 * one client for reads and one for writes. Each client has an override
 * register, which holds the stream ID of its transactions, and a security
 * register, which selects whether the override applies and whether both
 * registers can still be written. A transaction goes to the SMMU that serves
 * the client; with the passthrough stream ID it bypasses that SMMU.
 *
 * To wire it: set the links "smmu-niso0", "smmu-niso1" and "smmu-iso",
 * realize, map MMIO regions 0 (sid), 1 (broadcast) and 2..17 (channels 0..15),
 * connect IRQ 0.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#ifndef HW_MISC_TEGRA_MC_H
#define HW_MISC_TEGRA_MC_H

#include "qom/object.h"
#include "exec/hwaddr.h"
#include "hw/arm/smmuv2.h"

#define TYPE_TEGRA_MC "tegra234-mc"
OBJECT_DECLARE_SIMPLE_TYPE(TegraMCState, TEGRA_MC)

#define TEGRA_MC_NUM_CHANNELS   16
#define TEGRA_MC_NUM_REGIONS    (2 + TEGRA_MC_NUM_CHANNELS)
#define TEGRA_MC_REGION_SIZE    0x10000

#define TEGRA_MC_SID_PASSTHROUGH 0x7f
#define TEGRA_MC_SID_OWN        0x100   /* no override */

typedef enum TegraMCSMMU {
    TEGRA_MC_NISO0,
    TEGRA_MC_NISO1,
    TEGRA_MC_ISO,
    TEGRA_MC_NUM_SMMUS,
} TegraMCSMMU;

typedef struct TegraMCClient {
    uint16_t id;        /* its registers are at 8 * id in the sid region */
    uint16_t sid;       /* stream ID that firmware sets */
    uint8_t smmu;       /* TegraMCSMMU */
    const char *name;
} TegraMCClient;

/* Sorted by id. */
extern const TegraMCClient tegra_mc_clients[];
extern const unsigned tegra_mc_num_clients;

/* The clients that the board's own bus masters use. */
enum {
    TEGRA_MC_SDMMCRAB   = 0x63,
    TEGRA_MC_SDMMCWAB   = 0x67,
    TEGRA_MC_NVENCSRD   = 0x1c,
    TEGRA_MC_NVENCSWR   = 0x2b,
    TEGRA_MC_VICSRD     = 0x6c,
    TEGRA_MC_VICSWR     = 0x6d,
    TEGRA_MC_APER       = 0x7a,
    TEGRA_MC_APEW       = 0x7b,
    TEGRA_MC_NVDISPLAYR = 0x92,
    TEGRA_MC_APEDMAR    = 0x9f,
    TEGRA_MC_APEDMAW    = 0xa0,
    TEGRA_MC_PCIE4R     = 0xe0,
    TEGRA_MC_PCIE4W     = 0xe1,
};

typedef enum TegraMCRoute {
    TEGRA_MC_ROUTE_ABORT,       /* unknown client */
    TEGRA_MC_ROUTE_PASSTHROUGH, /* to memory, bypassing the SMMU */
    TEGRA_MC_ROUTE_SMMU,        /* to *smmu with stream ID *sid */
} TegraMCRoute;

/*
 * Route a transaction of @client whose master presents stream ID @own_sid.
 * @probe: do not count or log it.
 */
TegraMCRoute tegra_mc_route(TegraMCState *s, unsigned client, uint32_t own_sid,
                            hwaddr addr, bool write, bool probe,
                            SMMUv2State **smmu, uint32_t *sid);

/* Number of violations so far; the statistics have their reasons. */
uint64_t tegra_mc_violations(TegraMCState *s);

/* Print the violations by reason, and the counters, one per line. */
void tegra_mc_print_stats(TegraMCState *s, FILE *f);

/* Append the counters as one JSON object. */
void tegra_mc_json_stats(TegraMCState *s, GString *str);

#endif /* HW_MISC_TEGRA_MC_H */
