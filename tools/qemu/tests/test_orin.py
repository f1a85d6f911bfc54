# SPDX-License-Identifier: GPL-2.0-or-later
"""Check the orin machine except its SMMUs: the path of a DMA, the memory
controller, the bus masters, the report at exit.

Each test starts its own QEMU, without a CPU. The SMMUs stay in their reset state:
all streams bypass and are counted by stream ID. A test that provokes violations of
the memory controller sets `e.violations` to their number; any other number fails it.
"""

import json
import subprocess

import pytest

from qtest import START_TIMEOUT, Machine

RAM = 0x80000000
DATA = RAM + 0x1000000

MC = "/machine/mc"
MC_SID = 0x2c00000
MC_BROADCAST = 0x2c10000
MC_CH = [0x2c20000 + 0x10000 * i for i in range(4)] + \
        [0x2b80000 + 0x10000 * i for i in range(4)] + \
        [0x1700000 + 0x10000 * i for i in range(8)]
INTSTATUS, INTMASK, ERR_STATUS, ERR_ADR = 0, 4, 8, 0xc
CHANNEL_ENABLE, GLOBAL_INTSTATUS, ERR_ADR_HI = 0xdf8, 0xf24, 0x11fc
OVERRIDE, LOCK = 1 << 8, 1 << 16
PASSTHROUGH = 0x7f
ISO, TLBGSYNC = 0x10000000, 0x70

HDAR, SDMMCRAB, VICSRD, VICSWR, VIW = 0x15, 0x63, 0x6c, 0x6d, 0x72
XUSB_HOSTR, NVDISPLAYR, NVL1R, NVL5RHP = 0x4a, 0x92, 0xb8, 0x13
NO_CLIENT = 0x3ff

BM_CLIENT, BM_SID, BM_CTRL, BM_LO, BM_HI, BM_LEN, BM_CMD, BM_PERIOD, \
    BM_STATUS, BM_OK, BM_ERR = range(4, 0x30, 4)
WRITE, LOOP = 1, 2
GO, STOP = 1, 2
DONE, ERROR, RUNNING = 1, 2, 4
BM_DATA = 0x1000

SMMUS = (0x8000000, 0x7000000, 0x12000000, 0x11000000, 0x10000000)
PLAIN_SMMU = 0x12000000


class BusMaster:
    def __init__(self, m, index):
        self.m, self.base = m, 0xf700000 + 0x10000 * index

    def rd(self, reg):
        return self.m.read(self.base + reg)

    def wr(self, reg, value):
        self.m.write(self.base + reg, value)

    def go(self, addr, ctrl=0, length=4, client=None, sid=None):
        if client is not None:
            self.wr(BM_CLIENT, client)
        if sid is not None:
            self.wr(BM_SID, sid)
        self.wr(BM_CTRL, ctrl)
        self.wr(BM_LO, addr & 0xffffffff)
        self.wr(BM_HI, addr >> 32)
        self.wr(BM_LEN, length)
        self.wr(BM_CMD, GO)
        return not self.rd(BM_STATUS) & ERROR

    def store(self, addr, value, **kw):
        self.wr(BM_DATA, value)
        return self.go(addr, WRITE, **kw)

    def load(self, addr, **kw):
        return self.rd(BM_DATA) if self.go(addr, **kw) else None


class Env:
    def __init__(self, qemu, dtb, machine="", args=()):
        self.qemu, self.dtb = qemu, dtb
        self.violations = 0         # expected number, of the memory controller
        self.m = Machine(qemu, ["-M", "orin" + machine, "-m", "512M", "-dtb", dtb, *args])
        self.bm = [BusMaster(self.m, i) for i in range(4)]
        self.plain = "plain-smmu" in machine
        self.ended = False

    def expect(self, what, got, wanted):
        if got != wanted:
            show = [hex(v) if isinstance(v, int) else repr(v)
                    for v in (got, wanted)]
            raise AssertionError("%s: %s, expected %s" % (what, *show))

    def override(self, client):
        return self.m.read(MC_SID + 8 * client)

    def security(self, client):
        return self.m.read(MC_SID + 8 * client + 4)

    def set_override(self, client, value):
        self.m.write(MC_SID + 8 * client, value)

    def set_security(self, client, value):
        self.m.write(MC_SID + 8 * client + 4, value)

    def seen(self, smmu):
        """Return how often each stream ID bypassed this SMMU."""
        stats = json.loads(self.m.get("/machine/smmu-" + smmu, "stats"))
        return {int(k, 0): v for k, v in stats["bypass_by_sid"].items()}


machine = pytest.mark.machine


@pytest.fixture
def e(request, qemu, dtb):
    mark = request.node.get_closest_marker("machine")
    env = Env(qemu, dtb, *mark.args, **mark.kwargs) if mark else Env(qemu, dtb)
    try:
        yield env
        if not env.plain and not env.ended:
            env.expect("violations", env.m.get(MC, "violations"), env.violations)
    finally:
        print(env.m.log())
        env.m.close()


# ---- Memory controller ----

def test_firmware_leaves_overrides_and_some_clients_in_passthrough(e):
    for client, sid in ((HDAR, 3), (VICSRD, 0x34), (VIW, 2),
                        (SDMMCRAB, PASSTHROUGH), (XUSB_HOSTR, PASSTHROUGH),
                        (NVDISPLAYR, PASSTHROUGH)):
        e.expect("override", e.override(client), sid)
        e.expect("security", e.security(client), OVERRIDE)
    for client in NVL1R, NVL5RHP:
        e.expect("security", e.security(client), 0)


@machine(",passthrough=nvl1")
def test_the_GPU_sends_its_own_stream_ID_until_it_is_overridden(e):
    e.expect("passthrough", e.override(NVL1R), PASSTHROUGH)
    e.expect("passthrough", e.security(NVL1R), OVERRIDE)
    e.expect("load", e.bm[0].load(DATA, client=NVL5RHP, sid=PASSTHROUGH), 0)
    e.set_override(NVL5RHP, 0x15)
    e.set_security(NVL5RHP, OVERRIDE)
    e.bm[0].load(DATA, client=NVL5RHP, sid=PASSTHROUGH)
    e.expect("seen", e.seen("niso0"), {0x15: 1})


@machine(",passthrough=vic:hda,no-override=viw,locked=vicsrd")
def test_the_state_that_firmware_leaves_can_be_chosen(e):
    e.expect("passthrough", e.override(VICSWR), PASSTHROUGH)
    e.expect("passthrough", e.override(HDAR), PASSTHROUGH)
    e.expect("not passthrough", e.override(SDMMCRAB), 2)
    e.expect("no override", e.security(VIW), 0)
    e.expect("locked", e.security(VICSRD), OVERRIDE | LOCK)


def test_each_client_reaches_its_SMMU_with_the_override(e):
    for smmu, client in (("niso0", HDAR), ("niso1", SDMMCRAB), ("iso", VIW)):
        e.set_override(client, 0x15)
        e.expect("load", e.bm[0].load(DATA, client=client, sid=0x16), 0)
        e.expect("seen by " + smmu, e.seen(smmu), {0x15: 1})
    e.set_security(HDAR, 0)
    e.bm[0].load(DATA, client=HDAR, sid=0x16)
    e.expect("without override", e.seen("niso0"), {0x15: 1, 0x16: 1})


def test_passthrough_bypasses_the_SMMU(e):
    e.m.write(DATA, 0x1234)
    e.set_override(VICSRD, PASSTHROUGH)
    e.expect("load", e.bm[0].load(DATA, client=VICSRD), 0x1234)
    e.expect("passthrough-count", e.m.get(MC, "passthrough-count"), 1)
    e.set_security(VICSWR, 0)
    e.expect("store", e.bm[0].store(DATA, 5, client=VICSWR, sid=PASSTHROUGH),
             True)
    e.expect("own stream ID", e.m.get(MC, "passthrough-count"), 2)
    e.expect("memory", e.m.read(DATA), 5)
    for smmu in "niso0", "niso1", "iso":
        e.expect("seen by " + smmu, e.seen(smmu), {})


def test_a_DMA_of_an_unknown_client_is_aborted(e):
    e.expect("load", e.bm[0].load(DATA, client=NO_CLIENT), None)
    e.expect("counts", (e.bm[0].rd(BM_OK), e.bm[0].rd(BM_ERR)), (0, 1))


def check_lock(e, undo):
    e.set_override(VICSRD, 0x15)
    e.set_security(VICSRD, OVERRIDE | LOCK)
    e.set_override(VICSRD, 0x16)
    e.set_security(VICSRD, 0)
    e.expect("override", e.override(VICSRD), 0x15)
    e.expect("security", e.security(VICSRD), OVERRIDE | LOCK)
    e.expect("locked-writes", e.m.get(MC, "locked-writes"), 2)
    e.set_override(VICSWR, 0x17)
    undo()
    e.expect("override afterwards", e.override(VICSRD), 0x34)
    e.expect("security afterwards", e.security(VICSRD), OVERRIDE)
    e.expect("the other client", e.override(VICSWR), 0x34)


def test_a_lock_holds_until_reset(e):
    check_lock(e, lambda: e.m.execute("system_reset"))


def test_a_lock_holds_until_a_power_cycle(e):
    check_lock(e, lambda: e.m.set(MC, "power-cycle", True))


def test_a_power_cycle_of_the_machine_reaches_memory_controller_and_SMMUs(e):
    scr0 = 0x12000000
    reset = e.m.read(scr0)
    e.m.write(scr0, reset ^ 1)
    e.expect("sCR0 changed", e.m.read(scr0) != reset, True)
    e.set_override(VICSRD, 0x15)
    e.m.set("/machine", "power-cycle", True)
    e.expect("sCR0", e.m.read(scr0), reset)
    e.expect("override", e.override(VICSRD), 0x34)


def test_invalid_accesses_to_the_sid_region_are_violations(e):
    e.m.write(MC_SID + 8 * 0x3a, 1)             # unknown client
    e.m.write(MC_SID + 0xf000, 1)
    e.m.write(MC_SID + 8 * VICSRD, 1, 8)        # size
    e.m.write(MC_SID + 8 * VICSRD + 2, 1, 2)
    e.set_override(VICSRD, 0x115)               # reserved bits
    e.set_security(VICSRD, OVERRIDE | 1)
    e.expect("override", e.override(VICSRD), 0x15)
    e.expect("security", e.security(VICSRD), OVERRIDE)
    e.expect("sum", e.m.get("/machine", "violations"), 6)
    e.violations = 6


@machine(",no-override=viw:hda")
def test_enabling_an_override_without_a_written_stream_ID_is_a_violation(e):
    e.set_override(HDAR, 0x15)
    e.set_security(HDAR, OVERRIDE)
    e.set_security(VIW, OVERRIDE)       # a violation
    e.set_override(VIW, 0x15)
    e.set_security(VIW, 0)
    e.set_override(VIW, 0x16)
    e.set_security(VIW, OVERRIDE)
    e.violations = 1


def test_waiting_for_an_SMMU_with_clients_in_passthrough_after_a_loss_of_power_is_a_violation(e):
    def sync():
        e.m.write(ISO + TLBGSYNC, 0)

    sync()
    e.m.set("/machine", "power-cycle", True)
    sync()                              # allowed: in passthrough before the loss
    e.set_override(NVDISPLAYR, 0x15)
    e.m.set("/machine", "power-cycle", True)
    sync()                              # a violation
    e.set_override(NVDISPLAYR, 0)
    sync()
    e.violations = 1


def test_a_channel_reports_an_error_by_interrupt(e):
    m = e.m
    m.watch_irqs(MC)
    e.expect("channels", m.read(MC_CH[0] + CHANNEL_ENABLE), 0xffff)
    m.write(MC_BROADCAST + INTMASK, 0x40)
    for ch in MC_CH:
        e.expect("mask", m.read(ch + INTMASK), 0x40)
    m.set(MC, "inject-client", VICSRD)
    m.set(MC, "inject-addr", 0x312345678)
    m.set(MC, "inject-error", 0x80)
    e.expect("masked", m.line(0), False)
    m.set(MC, "inject-error", 0x40)
    e.expect("raised", m.line(0), True)
    e.expect("global", m.read(MC_BROADCAST + GLOBAL_INTSTATUS), 1 << 8)
    e.expect("status", m.read(MC_CH[0] + INTSTATUS), 0xc0)
    e.expect("client", m.read(MC_CH[0] + ERR_STATUS) & 0x1ff, VICSRD)
    e.expect("address", m.read(MC_CH[0] + ERR_ADR), 0x12345678)
    e.expect("high", m.read(MC_CH[0] + ERR_ADR_HI), 3)
    m.write(MC_CH[0] + INTSTATUS, 0xc0)
    m.write(MC_BROADCAST + GLOBAL_INTSTATUS, 1 << 8)
    e.expect("lowered", m.line(0), False)
    e.expect("global", m.read(MC_BROADCAST + GLOBAL_INTSTATUS), 0)


@machine(args=("-global", "tegra234-mc.channels=8"))
def test_a_chip_with_fewer_channels_lacks_the_registers_of_the_others(e):
    m = e.m
    e.expect("channels", m.read(MC_CH[0] + CHANNEL_ENABLE), 0xff)
    m.write(MC_BROADCAST + INTMASK, 0x40)
    e.expect("mask of the last", m.read(MC_CH[7] + INTMASK), 0x40)
    for ch in MC_CH[8:]:
        e.expect("mask of a missing channel", m.read(ch + INTMASK), 0)


def test_bit_39_of_an_address_reaches_the_same_memory(e):
    view = 1 << 39
    e.m.write(0x80001000, 0x12345678)
    e.expect("read", e.m.read(view + 0x80001000), 0x12345678)
    e.m.write(view + 0x80001004, 0x87654321)
    e.expect("written", e.m.read(0x80001004), 0x87654321)


@machine(",plain-smmu=on")
def test_bit_39_selects_no_memory_without_a_memory_controller(e):
    e.m.write(0x80001000, 0x12345678)
    e.expect("read with bit 39 set", e.m.read((1 << 39) + 0x80001000), 0)


def test_stream_ID_registers_are_in_one_region_unless_aliased(e):
    e.m.write(MC_BROADCAST + 8 * VICSRD, 0x15)
    e.expect("override", e.override(VICSRD), 0x34)
    e.expect("read", e.m.read(MC_CH[3] + 8 * VICSRD), 0)


@machine(",mc-alias=on")
def test_aliased_stream_ID_registers_are_in_all_regions(e):
    for i, region in enumerate([MC_BROADCAST] + MC_CH):
        e.m.write(region + 8 * VICSRD, 0x20 + i)
        e.expect("override", e.override(VICSRD), 0x20 + i)
        e.expect("read", e.m.read(region + 8 * VICSRD), 0x20 + i)
    e.expect("channels", e.m.read(MC_CH[0] + CHANNEL_ENABLE), 0xffff)
    e.m.write(MC_BROADCAST + INTMASK, 0x40)
    e.expect("mask", e.m.read(MC_CH[5] + INTMASK), 0x40)


# ---- Bus masters ----

def test_a_transfer_of_4_KiB_crosses_a_page_boundary(e):
    bm = e.bm[1]
    e.expect("ID", bm.rd(0), 0x424d4131)
    for i in range(0, 0x1000, 4):
        bm.wr(BM_DATA + i, i)
    e.expect("store", bm.go(DATA + 0x804, WRITE, 0x1000), True)
    e.expect("before", e.m.read(DATA + 0x800), 0)
    for i in range(0, 0x1000, 4):
        e.expect("memory", e.m.read(DATA + 0x804 + i), i)
    e.expect("after", e.m.read(DATA + 0x1804), 0)
    e.expect("pages", e.seen("niso0"), {0x24: 2})


def test_a_loop_runs_in_virtual_time_until_it_is_stopped(e):
    bm = e.bm[0]
    bm.wr(BM_PERIOD, 50)
    bm.wr(BM_DATA, 0x77)
    bm.go(DATA, WRITE | LOOP)
    e.expect("first", bm.rd(BM_OK), 1)
    e.expect("status", bm.rd(BM_STATUS), DONE | RUNNING)
    for _ in range(10):
        e.m.step(50000)
    e.expect("counted", bm.rd(BM_OK), 11)
    bm.wr(BM_LO, (DATA + 0x100) & 0xffffffff)
    e.m.step(50000)
    e.expect("moved", e.m.read(DATA + 0x100), 0x77)
    bm.wr(BM_CMD, STOP)
    e.m.step(1000000)
    e.expect("stopped", (bm.rd(BM_OK), bm.rd(BM_STATUS)), (12, DONE))


@machine(",busmaster-boot=1:addr=0x81000000:len=16:write=on:period-us=10"
         ";0:addr=0x81000000:len=8:client=0x3ff")
def test_DMA_runs_from_power_on_and_again_after_a_reset(e):
    for _ in range(2):
        e.m.fill(DATA, 16, 0)
        for _ in range(3):
            e.m.step(10000)
        e.expect("memory", e.m.read(DATA + 8, 8),
                 int.from_bytes(b"BOOTDMA!", "little"))
        e.expect("running", e.bm[1].rd(BM_STATUS), DONE | RUNNING)
        e.expect("the other", e.bm[0].rd(BM_STATUS), DONE | ERROR | RUNNING)
        e.m.execute("system_reset")
    e.expect("stream ID", list(e.seen("niso0")), [0x24])


def test_a_DMA_can_reach_the_registers_of_another_device(e):
    reg = MC_SID + 8 * VICSRD
    e.expect("store", e.bm[1].store(reg, PASSTHROUGH), True)
    e.expect("override", e.override(VICSRD), PASSTHROUGH)
    e.expect("load", e.bm[1].load(reg), PASSTHROUGH)


def test_a_DMA_to_the_devices_own_registers_is_refused(e):
    e.expect("store", e.bm[0].store(e.bm[0].base + BM_CMD, GO), False)


def test_a_DMA_to_an_unmapped_address_is_aborted(e):
    e.expect("store", e.bm[0].store(0x50000000, 1), False)


def test_masters_that_share_a_stream_ID_have_different_clients(e):
    e.bm[3].load(DATA)
    e.expect("seen", e.seen("niso0"), {2: 1})
    e.set_override(0x7b, 0x15)
    e.bm[3].load(DATA)
    e.expect("its own client", e.seen("niso0"), {2: 1, 0x15: 1})
    e.expect("the PL330's", e.override(0xa0), 2)


# ---- Board ----

@machine(",plain-smmu=on")
def test_the_plain_board_has_stream_IDs_but_no_clients(e):
    for i, sid in enumerate((0x34, 0x24, 1, 2)):
        e.expect("load", e.bm[i].load(DATA, client=NO_CLIENT), 0)
        e.expect("own SID", e.bm[i].rd(BM_SID), sid)
    e.bm[0].load(DATA, sid=PASSTHROUGH)
    e.expect("seen", e.seen("plain"),
             {0x34: 1, 0x24: 1, 1: 1, 2: 1, PASSTHROUGH: 1})


def smmu_size(e, base):
    """Stream match registers and context banks, as IDR0 and IDR1 have them."""
    return e.m.read(base + 0x20) & 0xff, e.m.read(base + 0x24) & 0xff


SMALL = ("-global", "arm-smmuv2.num-cb=4", "-global", "arm-smmuv2.num-smr=8")


def test_the_SMMUs_are_as_large_as_those_of_Tegra234_by_default(e):
    for base in SMMUS:
        e.expect(hex(base), smmu_size(e, base), (128, 128))


@machine(args=SMALL)
def test_global_option_sets_the_size_of_each_SMMU(e):
    for base in SMMUS:
        e.expect(hex(base), smmu_size(e, base), (8, 4))


@machine(",plain-smmu=on")
def test_the_SMMU_of_the_plain_board_is_small_by_default(e):
    e.expect("size", smmu_size(e, PLAIN_SMMU), (32, 16))


@machine(",plain-smmu=on", args=SMALL)
def test_global_option_sets_the_size_of_the_plain_boards_SMMU(e):
    e.expect("size", smmu_size(e, PLAIN_SMMU), (8, 4))


def test_global_option_cannot_change_how_the_SMMUs_are_wired(e):
    for name, value in (("num-instances", 1), ("single-irq", "off"),
                        ("name", "other")):
        p = subprocess.run([e.qemu, "-M", "orin", "-accel", "qtest",
                            "-display", "none", "-nodefaults",
                            "-dtb", e.dtb,
                            "-global", f"arm-smmuv2.{name}={value}"],
                           stdin=subprocess.DEVNULL, capture_output=True,
                           text=True, timeout=START_TIMEOUT)
        e.expect(name, p.returncode, 1)
        e.expect("reason", f"arm-smmuv2.{name}: the machine sets it"
                 in p.stderr, True)


def test_violations_and_counters_are_printed_at_exit(e):
    e.m.write(MC_SID + 0xf000, 1)
    e.bm[0].load(DATA)
    e.bm[2].load(DATA)
    e.m.execute("quit")
    e.m.proc.wait(30)
    e.ended = True
    lines = e.m.log().splitlines()
    e.expect("violations", "orin: violations: 1" in lines, True)
    e.expect("reason", any("no such register (1)" in s for s in lines), True)
    stats = [s for s in lines if s.startswith("orin: stats: ")]
    stats = json.loads(stats[0].split(": ", 2)[2])
    e.expect("sum", stats["violations"], 1)
    e.expect("clients", stats["mc"]["clients"], {
        "vicswr": {"sid": 0x34, "to_smmu": 1, "passthrough": 0},
        "nvdisplayr": {"sid": PASSTHROUGH, "to_smmu": 0, "passthrough": 1}})
    e.expect("SMMUs", sorted(stats["smmu"]), ["iso", "niso0", "niso1"])
    e.expect("bus masters", [b["ok"] for b in stats["busmaster"]],
             [1, 0, 1, 0])
