/*
 * Tegra234 memory controller: its clients
 *
 * The SMMU that serves a client is that of its device in tegra234.dtsi, or, for
 * a device that is not there, the one that the namespace of the stream ID in
 * dt-bindings/memory/tegra234-mc.h belongs to. A client marked "unlisted" has
 * no entry in the table of Linux's tegra-mc driver although a device uses it.
 * The GPU's clients (nvl*) have no override after reset: no source says how
 * firmware configures them.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "qemu/osdep.h"
#include "hw/misc/tegra-mc.h"

/* What the device itself sends */
#define OWN TEGRA_MC_SID_OWN

#define C(id, name, sid, smmu) { id, sid, TEGRA_MC_ ## smmu, name }

const TegraMCClient tegra_mc_clients[] = {
    C(0x013, "nvl5rhp",     OWN,  NISO0), /* unlisted */
    C(0x014, "nvl5r",       OWN,  NISO0), /* unlisted */
    C(0x015, "hdar",        0x03, NISO0),
    C(0x016, "host1xdmar",  0x27, NISO1), /* unlisted */
    C(0x017, "nvl5w",       OWN,  NISO0), /* unlisted */
    C(0x018, "nvl6rhp",     OWN,  NISO0), /* unlisted */
    C(0x019, "nvl6r",       OWN,  NISO0), /* unlisted */
    C(0x01a, "nvl6w",       OWN,  NISO0), /* unlisted */
    C(0x01b, "nvl7rhp",     OWN,  NISO0), /* unlisted */
    C(0x01c, "nvencsrd",    0x24, NISO0),
    C(0x01d, "nvl7r",       OWN,  NISO0), /* unlisted */
    C(0x01e, "nvl7w",       OWN,  NISO0), /* unlisted */
    C(0x020, "nvl8rhp",     OWN,  NISO0), /* unlisted */
    C(0x021, "nvl8r",       OWN,  NISO0), /* unlisted */
    C(0x022, "nvl8w",       OWN,  NISO0), /* unlisted */
    C(0x023, "nvl9rhp",     OWN,  NISO0), /* unlisted */
    C(0x024, "nvl9r",       OWN,  NISO0), /* unlisted */
    C(0x025, "nvl9w",       OWN,  NISO0), /* unlisted */
    C(0x028, "pcie6ar",     0x15, NISO0),
    C(0x029, "pcie6aw",     0x15, NISO0),
    C(0x02a, "pcie7ar",     0x08, NISO1),
    C(0x02b, "nvencswr",    0x24, NISO0),
    C(0x02c, "dla0rdb",     0x2b, NISO1),
    C(0x02d, "dla0rdb1",    0x2b, NISO1),
    C(0x02e, "dla0wrb",     0x2b, NISO1),
    C(0x02f, "dla1rdb",     0x23, NISO0),
    C(0x030, "pcie7aw",     0x08, NISO1),
    C(0x032, "pcie8ar",     0x09, NISO1),
    C(0x035, "hdaw",        0x03, NISO0),
    C(0x03b, "pcie8aw",     0x09, NISO1),
    C(0x03c, "pcie9ar",     0x1f, NISO0),
    C(0x03d, "pcie6ar1",    0x15, NISO0),
    C(0x03e, "pcie9aw",     0x1f, NISO0),
    C(0x03f, "pcie10ar",    0x0b, NISO1),
    C(0x040, "pcie10aw",    0x0b, NISO1),
    C(0x048, "pcie10ar1",   0x0b, NISO1),
    C(0x049, "pcie7ar1",    0x08, NISO1),
    C(0x04a, "xusb_hostr",  0x0e, NISO1), /* unlisted */
    C(0x04b, "xusb_hostw",  0x0e, NISO1), /* unlisted */
    C(0x04c, "xusb_devr",   0x0f, NISO1), /* unlisted */
    C(0x04d, "xusb_devw",   0x0f, NISO1), /* unlisted */
    C(0x058, "mgbeard",     0x06, NISO0),
    C(0x059, "mgbebrd",     0x49, NISO0),
    C(0x05a, "mgbecrd",     0x4a, NISO0),
    C(0x05b, "mgbedrd",     0x4b, NISO0),
    C(0x05c, "mgbeawr",     0x06, NISO0),
    C(0x05f, "mgbebwr",     0x49, NISO0),
    C(0x060, "sdmmcra",     0x01, NISO1), /* unlisted */
    C(0x061, "mgbecwr",     0x4a, NISO0),
    C(0x063, "sdmmcrab",    0x02, NISO1),
    C(0x064, "sdmmcwa",     0x01, NISO1), /* unlisted */
    C(0x065, "mgbedwr",     0x4b, NISO0),
    C(0x067, "sdmmcwab",    0x02, NISO1),
    C(0x06c, "vicsrd",      0x34, NISO1),
    C(0x06d, "vicswr",      0x34, NISO1),
    C(0x06e, "dla1rdb1",    0x23, NISO0),
    C(0x06f, "dla1wrb",     0x23, NISO0),
    C(0x070, "vi2w",        0x04, ISO),
    C(0x071, "vi2falr",     0x05, ISO),
    C(0x072, "viw",         0x02, ISO),
    C(0x078, "nvdecsrd",    0x29, NISO1),
    C(0x079, "nvdecswr",    0x29, NISO1),
    C(0x07a, "aper",        0x02, NISO0),
    C(0x07b, "apew",        0x02, NISO0),
    C(0x07c, "vi2falw",     0x05, ISO),
    C(0x07e, "nvjpgsrd",    0x2a, NISO1),
    C(0x07f, "nvjpgswr",    0x2a, NISO1),
    C(0x08c, "axisr",       0x04, NISO0), /* unlisted */
    C(0x08d, "axisw",       0x04, NISO0), /* unlisted */
    C(0x092, "nvdisplayr",  0x01, ISO),
    C(0x093, "bpmpr",       0x10, NISO1),
    C(0x094, "bpmpw",       0x10, NISO1),
    C(0x095, "bpmpdmar",    0x10, NISO1),
    C(0x096, "bpmpdmaw",    0x10, NISO1),
    C(0x09f, "apedmar",     0x02, NISO0),
    C(0x0a0, "apedmaw",     0x02, NISO0),
    C(0x0a1, "nvdisplayr1", 0x01, ISO),
    C(0x0b6, "nvl0r",       OWN,  NISO0), /* unlisted */
    C(0x0b7, "nvl0w",       OWN,  NISO0), /* unlisted */
    C(0x0b8, "nvl1r",       OWN,  NISO0), /* unlisted */
    C(0x0b9, "nvl1w",       OWN,  NISO0), /* unlisted */
    C(0x0ba, "nvl2r",       OWN,  NISO0), /* unlisted */
    C(0x0bb, "nvl2w",       OWN,  NISO0), /* unlisted */
    C(0x0bc, "vifalr",      0x03, ISO),
    C(0x0bd, "vifalw",      0x03, ISO),
    C(0x0be, "dla0rda",     0x2b, NISO1),
    C(0x0bf, "dla0falrdb",  0x2b, NISO1),
    C(0x0c0, "dla0wra",     0x2b, NISO1),
    C(0x0c1, "dla0falwrb",  0x2b, NISO1),
    C(0x0c2, "dla1rda",     0x23, NISO0),
    C(0x0c3, "dla1falrdb",  0x23, NISO0),
    C(0x0c4, "dla1wra",     0x23, NISO0),
    C(0x0c5, "dla1falwrb",  0x23, NISO0),
    C(0x0d2, "rcer",        0x0a, NISO0),
    C(0x0d3, "rcew",        0x0a, NISO0),
    C(0x0d8, "pcie0r",      0x12, NISO0),
    C(0x0d9, "pcie0w",      0x12, NISO0),
    C(0x0da, "pcie1r",      0x05, NISO1),
    C(0x0db, "pcie1w",      0x05, NISO1),
    C(0x0dc, "pcie2ar",     0x06, NISO1),
    C(0x0dd, "pcie2aw",     0x06, NISO1),
    C(0x0de, "pcie3r",      0x07, NISO1),
    C(0x0df, "pcie3w",      0x07, NISO1),
    C(0x0e0, "pcie4r",      0x13, NISO0),
    C(0x0e1, "pcie4w",      0x13, NISO0),
    C(0x0e2, "pcie5r",      0x14, NISO0),
    C(0x0e3, "pcie5w",      0x14, NISO0),
    C(0x0e5, "nvl3r",       OWN,  NISO0), /* unlisted */
    C(0x0e6, "nvl3w",       OWN,  NISO0), /* unlisted */
    C(0x0e7, "nvl4r",       OWN,  NISO0), /* unlisted */
    C(0x0e8, "nvl4w",       OWN,  NISO0), /* unlisted */
    C(0x0e9, "dla0rda1",    0x2b, NISO1),
    C(0x0ea, "dla1rda1",    0x23, NISO0),
    C(0x0ef, "pcie5r1",     0x14, NISO0),
    C(0x0f4, "nvl0rhp",     OWN,  NISO0), /* unlisted */
    C(0x0f5, "nvl1rhp",     OWN,  NISO0), /* unlisted */
    C(0x0f6, "nvl2rhp",     OWN,  NISO0), /* unlisted */
    C(0x0f7, "nvl3rhp",     OWN,  NISO0), /* unlisted */
    C(0x0f8, "nvl4rhp",     OWN,  NISO0), /* unlisted */
    C(0x123, "nvjpg1srd",   0x25, NISO0),
    C(0x124, "nvjpg1swr",   0x25, NISO0),
};

const unsigned tegra_mc_num_clients = ARRAY_SIZE(tegra_mc_clients);
