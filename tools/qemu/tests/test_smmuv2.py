# SPDX-License-Identifier: GPL-2.0-or-later
"""Check that the SMMUv2 model behaves as the architecture requires.

Each test starts its own QEMU, without a CPU. It programs the SMMU, writes tables
into memory, and lets a programmable bus master read and write through them. A
test that provokes violations sets `e.violations`; any other violation fails it.
"""

import os

import pytest

import smmuv2_driver as hw
from qtest import Machine

RAM = 0x80000000
TABLES = RAM + 0x1000000
DATA = RAM + 0x4000000
BUSMASTER = 0xf700000
MC_SID = 0x2c00000
VICSRD, VICSWR = 0x6c, 0x6d
SID = 0x15


class Env:
    """One SMMU, a bus master behind it, memory for tables, two data pages."""

    def __init__(self, qemu, dtb, two=False, **props):
        self.violations = []        # expected reasons
        args = ["-M", "orin" if two else "orin,plain-smmu=on", "-m", "1G",
                "-dtb", dtb]
        for name, value in props.items():
            args += ["-global", "arm-smmuv2.%s=%s" % (name, value)]
        self.m = Machine(qemu, args)
        if two:
            self.smmu = hw.SMMU(self.m, "/machine/smmu-niso1",
                                [0x8000000, 0x7000000], 16, 128)
            for client in VICSRD, VICSWR:
                self.m.write(MC_SID + 8 * client, SID)
        else:
            self.smmu = hw.SMMU(self.m, "/machine/smmu-plain", [0x12000000],
                                12, 16)
        self.dev = hw.BusMaster(self.m, BUSMASTER)
        self.mem = hw.Memory(self.m, TABLES)
        self.page = [DATA + 0x10000 * i for i in range(4)]
        for i, page in enumerate(self.page):
            self.m.write(page, 0x1000 + i)

    def expect(self, what, got, wanted):
        if got != wanted:
            show = [hex(v) if isinstance(v, int) else repr(v)
                    for v in (got, wanted)]
            raise AssertionError("%s: %s, expected %s" % (what, *show))

    def reads(self, iova, wanted, **kw):
        self.expect("read of 0x%x" % iova, self.dev.load(SID, iova, **kw),
                    wanted)

    def fault(self, bank, fsr, far=None, inst=0):
        """Check that the bank has exactly this fault, and clear it."""
        s = self.smmu
        self.expect("FSR", s.rd(bank, hw.FSR, inst) & ~0x600, fsr)
        if far is not None:
            self.expect("FAR", s.rd(bank, hw.FAR, inst), far)
        s.wr(bank, hw.FSR, 0xffffffff, inst)
        self.expect("FSR after clearing", s.rd(bank, hw.FSR, inst), 0)

    def stage1(self, sctlr=0, **kw):
        """Route stream SID to bank 0, with an empty table."""
        table = hw.LongTable(self.mem)
        self.smmu.bank_s1_64(0, table.root, sctlr=sctlr, **kw)
        self.smmu.stream(0, SID, hw.TRANS | 0)
        self.smmu.enable()
        return table

    def stage2(self, **kw):
        table = hw.LongTable(self.mem, in_bits=40, level=1)
        self.smmu.bank_s2(0, table.root, **kw)
        self.smmu.stream(0, SID, hw.TRANS | 0)
        self.smmu.enable()
        return table


smmu = pytest.mark.smmu


@pytest.fixture
def e(request, qemu, dtb):
    mark = request.node.get_closest_marker("smmu")
    env = Env(qemu, dtb, **(mark.kwargs if mark else {}))
    try:
        yield env
        env.expect("violations", env.smmu.reasons(), env.violations)
    finally:
        print(env.m.log())
        env.m.close()


VA = 0x92345000


# ---- Registers ----

def test_identification_registers_describe_the_plain_SMMU(e):
    s = e.smmu
    e.expect("IDR0", s.rd0(hw.IDR0), 0x7c013e00 | 32)
    e.expect("IDR1", s.rd0(hw.IDR1), 3 << 28 | 16)
    e.expect("IDR2", s.rd0(hw.IDR2), 0x5555)


@smmu(two=True)
def test_identification_registers_describe_a_Tegra234_instance(e):
    for i in range(2):
        e.expect("IDR0", e.smmu.rd0(hw.IDR0, i), 0x7c013e80)
        e.expect("IDR1", e.smmu.rd0(hw.IDR1, i), 0xe0000080)


def test_registers_reset_to_the_values_of_an_MMU_500(e):
    s = e.smmu
    e.expect("CR0", s.rd0(hw.CR0), hw.CLIENTPD | hw.SMCFCFG)
    e.expect("ACR", s.rd0(hw.ACR), 0x0400001c)
    e.expect("S2CR", s.rd0(hw.S2CR + 4 * 31), hw.FAULT)
    e.expect("SCTLR", s.rd(15, hw.SCTLR), hw.HUPCF)
    e.expect("ACTLR", s.rd(15, hw.ACTLR), 3)


def test_ACTLR_is_locked_until_ACR_CACHE_LOCK_is_cleared(e):
    s = e.smmu
    s.wr(0, hw.ACTLR, 1)
    e.expect("ACTLR while locked", s.rd(0, hw.ACTLR), 3)
    s.wr0(hw.ACR, s.rd0(hw.ACR) & ~(1 << 26))
    s.wr(0, hw.ACTLR, 1)
    e.expect("ACTLR", s.rd(0, hw.ACTLR), 1)


def test_SMR_bits_can_be_probed(e):
    s = e.smmu
    s.wr0(hw.SMR, 0x7fff)
    e.expect("ID", s.rd0(hw.SMR), 0x7fff)
    s.wr0(hw.SMR, 0x7fff << 16)
    e.expect("MASK", s.rd0(hw.SMR), 0x7fff << 16)


def test_64_bit_registers_can_be_written_by_halves(e):
    s = e.smmu
    s.wr(0, hw.TTBR0, 0x1234567812340000)
    e.expect("upper half", s.m.read(s.bases[0] + (16 << 12) + 0x24), 0x12345678)
    s.wr(0, hw.TTBR0 + 4, 0xabcd0000)
    e.expect("TTBR0", s.rd(0, hw.TTBR0), 0xabcd000012340000)


def test_invalid_accesses_are_violations(e):
    s = e.smmu
    s.wr0(hw.IDR0, 0)
    s.wr0(0x300, 1)
    s.wr1(0xc00, 1)
    s.wr0(hw.SMR, 0x8000)
    s.wr0(hw.CR0, 0x40000001)
    s.m.write(s.bases[0], 0, 8)
    s.m.write(s.bases[0], 0, 1)
    s.m.write(s.bases[0] + 2 * 0x1000, 0)
    s.wr(0, 0xf00, 1)
    e.expect("stats", s.stats()["unmodelled_writes"], 4)
    e.violations = ["read-only", "unmodelled-write", "unmodelled-write",
                    "reserved-bits", "reserved-bits", "access-size", "access-size",
                    "unmodelled-write", "unmodelled-write"]


# ---- Streams ----

def test_all_streams_bypass_after_reset(e):
    e.reads(e.page[0], 0x1000)
    e.expect("bypass-count", e.smmu.get("bypass-count"), 1)
    e.expect("by SID", e.smmu.stats()["bypass_by_sid"], {"0x15": 1})


def test_unmatched_streams_fault_with_USFCFG_and_bypass_without(e):
    s = e.smmu
    e.m.watch_irqs(s.path)
    s.enable()
    e.reads(e.page[0], None)
    e.expect("GFSR", s.rd0(hw.GFSR), hw.USF)
    e.expect("GFSYNR1", s.rd0(hw.GFSYNR1), SID)
    e.expect("GFAR", s.rd0(hw.GFAR, size=8), e.page[0])
    e.expect("interrupt", e.m.line(0), True)
    e.reads(e.page[1], None)
    e.expect("GFSR", s.rd0(hw.GFSR), hw.USF | hw.MULTI)
    e.expect("GFAR", s.rd0(hw.GFAR, size=8), e.page[0])
    s.wr0(hw.GFSR, hw.USF | hw.MULTI)
    e.expect("interrupt", e.m.line(0), False)
    s.enable(hw.GFRE)
    e.reads(e.page[0], 0x1000)


def test_without_GFRE_a_global_fault_reads_as_zero(e):
    e.smmu.enable(hw.USFCFG)
    e.reads(e.page[0], 0)
    e.expect("write", e.dev.store(SID, e.page[0], 5), True)
    e.expect("memory", e.m.read(e.page[0]), 0x1000)


def test_S2CR_selects_bypass_fault_or_a_context_bank(e):
    s = e.smmu
    s.enable()
    s.stream(3, SID & ~7, hw.BYPASS, mask=7)
    e.reads(e.page[0], 0x1000)
    s.stream(3, SID & ~7, hw.FAULT, mask=7)
    e.reads(e.page[0], None)
    e.expect("GFSR", s.rd0(hw.GFSR), hw.ICF)
    s.wr0(hw.GFSR, hw.ICF)
    s.stream(3, SID & ~7, hw.TRANS | 16, mask=7)
    e.reads(e.page[0], None)
    e.expect("GFSR", s.rd0(hw.GFSR), hw.UCBF)
    s.wr0(hw.GFSR, hw.UCBF)
    s.wr1(hw.CBAR, hw.CBAR_S1_S2FAULT)
    s.stream(3, SID & ~7, hw.TRANS | 0, mask=7)
    e.reads(e.page[0], None)
    e.expect("GFSR", s.rd0(hw.GFSR), hw.ICF)
    e.violations = ["bank-disabled"]


def test_writes_that_open_a_bypass_are_counted(e):
    s = e.smmu
    s.stream(0, SID, hw.FAULT)
    s.enable()
    e.expect("bypass_opened before", s.stats()["bypass_opened"], 0)
    s.enable(hw.USFCFG | hw.CLIENTPD)
    s.enable(hw.USFCFG)
    s.enable(0)
    s.wr0(hw.S2CR, hw.BYPASS)
    s.wr0(hw.SMR, 0)
    s.wr0(hw.SMR, 1 << 31)
    e.expect("bypass_opened", s.stats()["bypass_opened"], 4)


def test_two_matching_SMRs_fault(e):
    s = e.smmu
    s.enable()
    s.stream(0, SID, hw.BYPASS)
    s.stream(1, SID & ~1, hw.BYPASS, mask=1)
    e.reads(e.page[0], None)
    e.expect("GFSR", s.rd0(hw.GFSR), hw.SMCF)
    e.violations = ["smr-conflict"]


@smmu(mmu500="off")
def test_conflicting_streams_bypass_a_generic_SMMUv2_without_SMCFCFG(e):
    s = e.smmu
    s.enable(hw.GFRE | hw.USFCFG)
    s.stream(0, SID, hw.FAULT)
    s.stream(1, SID, hw.FAULT)
    e.reads(e.page[0], 0x1000)
    s.enable()
    e.reads(e.page[0], None)
    e.violations = ["smr-conflict"] * 2


# ---- Stage 1 ----

def test_stage_1_enforces_read_and_write_permissions(e):
    t = e.stage1()
    s = e.smmu
    e.m.watch_irqs(s.path)
    t.map(VA, e.page[0], hw.S1_RW)
    t.map(VA + 0x1000, e.page[1], hw.S1_RO)
    e.reads(VA, 0x1000)
    e.reads(VA + 0x1000, 0x1001)
    e.expect("write", e.dev.store(SID, VA + 8, 77), True)
    e.expect("memory", e.m.read(e.page[0] + 8), 77)
    e.expect("write", e.dev.store(SID, VA + 0x1008, 77), False)
    e.expect("interrupt", e.m.line(1), True)
    e.expect("CBFRSYNRA", s.rd1(hw.CBFRSYNRA), SID)
    e.expect("FSYNR0", s.rd(0, hw.FSYNR0), hw.WNR | 3)
    e.expect("FSR.FORMAT", s.rd(0, hw.FSR) >> 9 & 3, 2)
    e.fault(0, hw.PF, VA + 0x1008)
    e.expect("interrupt", e.m.line(1), False)
    e.reads(VA + 0x2000, None)
    e.fault(0, hw.TF, VA + 0x2000)
    e.expect("FSYNR0", s.rd(0, hw.FSYNR0), 3)
    e.reads(1 << 30, None)
    e.fault(0, hw.TF, 1 << 30)
    e.expect("FSYNR0", s.rd(0, hw.FSYNR0), 1)
    e.reads(1 << 39, None)
    e.fault(0, hw.TF, 1 << 39)


def test_stage_1_enforces_privilege_and_execute_permissions(e):
    t = e.stage1()
    s = e.smmu
    t.map(VA, e.page[0], hw.AF | hw.NG)
    t.map(VA + 0x1000, e.page[1], hw.S1_RW | hw.UXN)
    t.map(VA + 0x2000, e.page[2], hw.S1_RO | hw.PXN)
    e.reads(VA, None)
    e.fault(0, hw.PF)
    e.reads(VA, 0x1000, priv=True)
    s.wr0(hw.S2CR, hw.TRANS | hw.PRIVCFG_PRIV)
    e.reads(VA, 0x1000)
    s.wr0(hw.S2CR, hw.TRANS | hw.PRIVCFG_UNPRIV)
    e.reads(VA, None, priv=True)
    e.fault(0, hw.PF)
    s.wr0(hw.S2CR, hw.TRANS)
    e.reads(VA + 0x1000, None, insn=True)
    e.fault(0, hw.PF)
    e.reads(VA + 0x2000, 0x1002, insn=True)
    e.reads(VA + 0x2000, None, insn=True, priv=True)
    e.fault(0, hw.PF)


def test_stage_1_enforces_the_access_flag_and_table_permissions(e):
    t = e.stage1()
    t.map(VA, e.page[0], hw.S1_RW & ~hw.AF)
    e.reads(VA, None)
    e.fault(0, hw.AFF)
    at = t.slot(1 << 30, 2)
    t.map(1 << 30, e.page[0], hw.S1_RW)
    e.m.write(at, e.m.read(at, 8) | 1 << 62, 8)
    e.reads(1 << 30, 0x1000)
    e.expect("write", e.dev.store(SID, 1 << 30, 1), False)
    e.fault(0, hw.PF)


def test_stage_1_output_beyond_PASize_faults(e):
    t = e.stage1()
    e.smmu.stream(0, SID, hw.FAULT)
    sctlr = e.smmu.rd(0, hw.SCTLR)
    e.smmu.wr(0, hw.SCTLR, 0)
    e.smmu.wr(0, hw.TCR2, 7 << 15 | 1 << 4 | 0)
    e.smmu.wr(0, hw.SCTLR, sctlr)
    e.smmu.stream(0, SID, hw.TRANS)
    t.map(VA, 1 << 32, hw.S1_RW)
    e.reads(VA, None)
    e.fault(0, hw.ASF)


def test_stage_1_translates_blocks_and_contiguous_pages(e):
    t = e.stage1()
    t.map(0x40000000, 0x80000000, hw.S1_RW, level=1)
    e.reads(0x40000000 + e.page[1] - RAM, 0x1001)
    t.map(0x100200000, DATA, hw.S1_RW, level=2)
    e.reads(0x100200000 + 0x20000, 0x1002)
    for i in range(16):
        t.map(0x10000 + 0x1000 * i, DATA + 0x1000 * i, hw.S1_RW | hw.CONT)
    e.reads(0x10000, 0x1000)
    t.unmap(0x11000)
    e.m.write(DATA + 0x1000, 99)
    e.reads(0x11000, 99)
    e.expect("stale-hits", e.smmu.get("stale-hits"), 1)


@smmu(**{"ptfs-16k": "on"})
def test_stage_1_translates_with_granules_of_64_KiB_and_16_KiB(e):
    for granule, tg, bits in (16, 1, 42), (14, 2, 47):
        t = hw.LongTable(e.mem, in_bits=bits, granule=granule)
        e.smmu.bank_s1_64(granule - 14, t.root, asid=granule,
                          tcr=1 << 23 | tg << 14 | (64 - bits))
        e.smmu.stream(0, SID, hw.TRANS | granule - 14)
        e.smmu.enable()
        t.map(0x5550000, e.page[3], hw.S1_RW)
        e.reads(0x5550000, 0x1003)
        t.map(1 << bits - 1, RAM, hw.S1_RW, level=2)
        e.reads((1 << bits - 1) + (e.page[1] - RAM if granule == 16 else 0),
                0x1001 if granule == 16 else e.m.read(RAM))


def test_stage_1_translates_the_upper_range_with_TTBR1(e):
    low, high = hw.LongTable(e.mem), hw.LongTable(e.mem)
    e.smmu.bank_s1_64(0, low.root, ttbr1=high.root,
                      tcr=2 << 30 | 25 << 16 | 25)
    e.smmu.stream(0, SID, hw.TRANS)
    e.smmu.enable()
    low.map(0x7ffffff000, e.page[0], hw.S1_RW)
    high.map(0, e.page[1], hw.S1_RW)
    e.reads(0x7ffffff000, 0x1000)
    e.reads((1 << 49) - (1 << 39), 0x1001)
    e.reads(1 << 48, None)
    e.fault(0, hw.TF)


def test_AArch32_long_descriptors_translate(e):
    t = hw.LongTable(e.mem, in_bits=32)
    e.smmu.bank_s1_32(0, t.root, tcr=1 << 31)
    e.smmu.stream(0, SID, hw.TRANS)
    e.smmu.enable()
    t.map(VA, e.page[0], hw.S1_RW)
    e.reads(VA, 0x1000)
    e.reads(VA + (1 << 32), None)
    e.expect("FSR.FORMAT", e.smmu.rd(0, hw.FSR) >> 9 & 3, 1)
    e.fault(0, hw.TF)
    t.unmap(VA)
    e.smmu.wr(0, hw.TLBIVAL, VA | 1, size=4)
    e.smmu.sync(0)
    e.reads(VA, None)
    e.fault(0, hw.TF)


def invalidate_tables(e, va, asid, by_address):
    """Invalidate in every way while the bank is enabled, then with it disabled."""
    s = e.smmu
    e.reads(va, 0x1000)
    for reg, value in ((hw.TLBIVA, by_address), (hw.TLBIASID, asid),
                       (hw.TLBIALL, 0)):
        s.wr(0, reg, value)
        s.sync(0)
        e.reads(va, 0x1000)
    for reg in hw.TLBIVMID, hw.TLBIALLNSNH:
        s.wr0(reg, 0)
        s.gsync()
        e.reads(va, 0x1000)
    sctlr = s.rd(0, hw.SCTLR)
    s.wr0(hw.S2CR, hw.FAULT)
    s.wr(0, hw.SCTLR, 0)
    s.wr0(hw.TLBIALLNSNH, 0)
    s.gsync()
    s.wr(0, hw.SCTLR, sctlr)
    s.wr0(hw.S2CR, hw.TRANS)
    e.reads(va, None)
    e.fault(0, hw.TF)
    return ["stale-walk"] * 5


def short_table(e, ap=3 << 10, **kw):
    """Set up short-descriptor tables with TTBCR.N = 2."""
    s = e.smmu
    low, high = e.mem.alloc(0x4000), e.mem.alloc(0x4000)
    l2 = e.mem.alloc(0x1000)
    s.bank_s1_32(0, low, asid=9, ttbr1=high, tcr=2, **kw)
    s.stream(0, SID, hw.TRANS)
    s.enable()
    e.m.write(low + 4 * 1, l2 | 1)
    e.m.write(high + 4 * 0xc00, l2 | 1)
    e.m.write(low + 4 * 2, RAM + 0x4000000 | ap | 2)
    for i in range(16):
        e.m.write(low + 4 * (16 + i), RAM + 0x4000000 | 1 << 18 | ap | 2)
    return l2


def test_short_descriptors_translate_sections_and_pages_with_both_TTBRs(e):
    l2 = short_table(e)
    for i in range(16):
        e.m.write(l2 + 4 * (0x10 + i), e.page[1] | 3 << 4 | 1)
    e.m.write(l2 + 4 * 5, e.page[2] | 3 << 4 | 1 << 11 | 2)
    e.m.write(l2 + 4 * 6, e.page[3] | 1 << 9 | 3 << 4 | 2)
    e.reads(0x200000 + 0x10000, 0x1001)
    e.reads(0x1010000 + 0x10000, 0x1002)
    e.reads(0x110000, 0x1001)
    e.reads(0x105000, 0x1002)
    e.reads(0xc0005000, 0x1002)
    e.reads(0x106000, 0x1003)
    e.expect("write", e.dev.store(SID, 0x106000, 1), False)
    e.expect("FSR.FORMAT", e.smmu.rd(0, hw.FSR) >> 9 & 3, 0)
    e.expect("FSYNR0", e.smmu.rd(0, hw.FSYNR0), hw.WNR | 2)
    e.fault(0, hw.PF, 0x106000)
    e.reads(0x300000, None)
    e.expect("FSYNR0", e.smmu.rd(0, hw.FSYNR0), 1)
    e.fault(0, hw.TF, 0x300000)
    e.reads(0x107000, None)
    e.expect("FSYNR0", e.smmu.rd(0, hw.FSYNR0), 2)
    e.fault(0, hw.TF, 0x107000)


def test_short_descriptors_enforce_the_access_flag_and_are_invalidated(e):
    s = e.smmu
    l2 = short_table(e, sctlr=hw.AFE)
    e.m.write(l2 + 4 * 5, e.page[0] | 2 << 4 | 1 << 11 | 2)
    e.reads(0x105000, None)
    e.fault(0, hw.AFF)
    e.m.write(l2 + 4 * 5, e.page[0] | 3 << 4 | 1 << 11 | 2)
    e.reads(0x105000, 0x1000)
    e.m.write(l2 + 4 * 5, 0)
    s.wr(0, hw.TLBIVAL, 0x105000 | 8, size=4)
    s.sync(0)
    e.reads(0x105000, 0x1000)
    s.wr(0, hw.TLBIVAL, 0x105000 | 9, size=4)
    s.sync(0)
    e.reads(0x105000, None)
    e.fault(0, hw.TF)
    e.m.write(l2 + 4 * 5, e.page[1] | 3 << 4 | 1 << 11 | 2)
    e.reads(0x105000, 0x1001)
    s.wr(0, hw.TLBIASID, 9)
    s.sync(0)
    e.expect("TLB entries", s.stats()["instances"][0]
             ["tlb_entries"], 0)


@smmu(**{"walk-cache-erratum": "on", "prefetch": "off"})
def test_the_walk_cache_erratum_keeps_short_descriptor_tables(e):
    l2 = short_table(e)
    low = e.smmu.rd(0, hw.TTBR0) & 0xffffc000
    e.m.write(l2 + 4 * 5, e.page[0] | 3 << 4 | 1 << 11 | 2)
    e.reads(0x105000, 0x1000)
    e.m.write(low + 4 * 1, 0)
    e.violations = invalidate_tables(e, 0x105000, 9, 0x105009)


# ---- Stage 2 and nested ----

def test_stage_2_enforces_permissions_and_is_invalidated(e):
    t = e.stage2(vmid=5)
    s = e.smmu
    t.map(VA, e.page[0], hw.S2_RW)
    t.map(VA + 0x1000, e.page[1], hw.S2_RO)
    t.map(VA + 0x2000, e.page[2], hw.S2_WO)
    e.reads(VA, 0x1000)
    e.reads(VA + 0x1000, 0x1001)
    e.expect("write", e.dev.store(SID, VA + 0x1000, 1), False)
    e.fault(0, hw.PF, VA + 0x1000)
    e.expect("IPAFAR", s.rd(0, hw.IPAFAR), VA + 0x1000)
    e.reads(VA + 0x2000, None)
    e.fault(0, hw.PF)
    e.expect("write", e.dev.store(SID, VA + 0x2000, 1), True)
    t.unmap(VA)
    t.unmap(VA + 0x1000)
    s.wr(0, hw.TLBIIPAS2L, VA >> 12)
    s.sync(0)
    e.reads(VA, None)
    e.fault(0, hw.TF)
    e.reads(VA + 0x1000, 0x1001)
    s.wr0(hw.TLBIVMID, 4)
    s.gsync()
    e.reads(VA + 0x1000, 0x1001)
    s.wr0(hw.TLBIVMID, 5)
    s.gsync()
    e.reads(VA + 0x1000, None)
    e.fault(0, hw.TF)
    e.reads(1 << 40, None)
    e.fault(0, hw.TF)


def test_stage_2_translates_in_AArch32_format(e):
    t = hw.LongTable(e.mem, in_bits=40, level=1)
    e.smmu.bank_s2(0, t.root, va64=0, tsz=0x18, sl0=1, ps=0)
    e.smmu.stream(0, SID, hw.TRANS)
    e.smmu.enable()
    t.map(VA, e.page[0], hw.S2_RW)
    t.map(0xab << 32, e.page[1], hw.S2_RW)
    e.reads(VA, 0x1000)
    e.reads(0xab << 32, 0x1001)
    t.unmap(VA)
    e.smmu.wr(0, hw.TLBIIPAS2L, VA >> 12, size=4)
    e.smmu.sync(0)
    e.reads(VA, None)
    e.fault(0, hw.TF)


def nested(e):
    """Nest bank 0, stage 1 of VMID 3, on bank 1, its stage 2, with RAM at IPA 0."""
    s = e.smmu
    t2 = hw.LongTable(e.mem, in_bits=40, level=1)
    s.bank_s2(1, t2.root, vmid=3)
    t1 = hw.LongTable(e.mem)
    s.bank_s1_64(0, t1.root - RAM, cbar=hw.CBAR_NESTED | 1 << 8 | 3)
    s.stream(0, SID, hw.TRANS)
    s.enable()
    at = t1.slot(VA)
    for d in [t1.slot(VA, level) for level in (1, 2)]:
        e.m.write(d, e.m.read(d, 8) - RAM, 8)
    for pa in range(TABLES, e.mem.next, 0x1000):
        t2.map(pa - RAM, pa, hw.S2_RW)
    e.m.write(at, e.page[0] - RAM | hw.S1_RW | 3, 8)
    t2.map(e.page[0] - RAM, e.page[0], hw.S2_RO)
    return t1, t2, at


def test_nested_both_stages_translate(e):
    t1, t2, at = nested(e)
    s = e.smmu
    e.reads(VA, 0x1000)
    e.expect("write", e.dev.store(SID, VA, 1), False)
    e.expect("FSYNR0", s.rd(1, hw.FSYNR0), hw.WNR | 3)
    e.expect("IPAFAR", s.rd(1, hw.IPAFAR), e.page[0] - RAM)
    e.expect("stage 1 FSR", s.rd(0, hw.FSR), 0)
    e.fault(1, hw.PF, VA)
    e.reads(VA + 0x1000, None)
    e.fault(0, hw.TF, VA + 0x1000)


def test_nested_invalidation_by_IPA_leaves_combined_entries(e):
    t1, t2, at = nested(e)
    s = e.smmu
    e.reads(VA, 0x1000)
    t2.unmap(e.page[0] - RAM)
    s.wr(1, hw.TLBIIPAS2, e.page[0] - RAM >> 12)
    s.sync(1)
    e.reads(VA, 0x1000)
    e.expect("stale-hits", s.get("stale-hits"), 1)
    s.wr(0, hw.TLBIALL, 0)
    s.sync(0)
    e.reads(VA, None)
    e.expect("IPAFAR", s.rd(1, hw.IPAFAR), e.page[0] - RAM)
    e.fault(1, hw.TF, VA)


def test_nested_stage_2_faults_on_a_stage_1_table(e):
    t1, t2, at = nested(e)
    s = e.smmu
    t2.unmap(t1.slot(VA, 1) - RAM)
    e.reads(VA, None)
    e.expect("FSYNR0", s.rd(1, hw.FSYNR0), hw.PTWF | 3)
    e.expect("IPAFAR", s.rd(1, hw.IPAFAR), t1.slot(VA, 1) - RAM)
    e.fault(1, hw.TF, VA)


def test_nested_type_is_reserved_on_a_bank_without_stage_2(e):
    s = e.smmu
    s.wr1(hw.CBAR, hw.CBAR_NESTED | 1 << 8)
    s.wr1(hw.CBAR + 4, hw.CBAR_S1)
    s.stream(0, SID, hw.TRANS)
    s.enable()
    e.reads(VA, None)
    e.expect("GFSR", s.rd0(hw.GFSR), hw.ICF)
    e.violations = ["reserved-type"]


# ---- TLB ----

def test_a_translation_stays_until_its_invalidation_is_synced(e):
    t = e.stage1()
    s = e.smmu
    t.map(VA, e.page[0], hw.S1_RW)
    e.reads(VA, 0x1000)
    t.unmap(VA)
    e.reads(VA, 0x1000)
    e.expect("stale-hits", s.get("stale-hits"), 1)
    s.wr(0, hw.TLBIVAL, VA >> 12 | 1 << 48)
    e.m.step(1000000)
    e.reads(VA, 0x1000)
    s.wr(0, hw.TLBSYNC, 0)
    e.expect("TLBSTATUS", s.rd(0, hw.TLBSTATUS), 1)
    e.reads(VA, 0x1000)
    e.m.step(100000)
    e.expect("TLBSTATUS", s.rd(0, hw.TLBSTATUS), 0)
    e.reads(VA, None)
    e.fault(0, hw.TF)
    e.expect("stale-log", s.get("stale-log").splitlines()[0],
             "instance=0 sid=0x15 iova=0x%x pa=0x%x access=r"
             % (VA, e.page[0]))


def test_a_translation_that_faulted_is_not_cached(e):
    t = e.stage1()
    t.slot(VA)
    e.reads(VA, None)
    e.fault(0, hw.TF)
    t.map(VA, e.page[0], hw.S1_RW)
    e.reads(VA, 0x1000)


def test_invalidation_by_ASID_spares_other_ASIDs_and_global_pages(e):
    t = e.stage1(asid=7)
    s = e.smmu
    t.map(VA, e.page[0], hw.S1_RW)
    t.map(VA + 0x1000, e.page[1], hw.S1_RW & ~hw.NG)
    e.reads(VA, 0x1000)
    e.reads(VA + 0x1000, 0x1001)
    t.unmap(VA)
    t.unmap(VA + 0x1000)
    s.wr(0, hw.TLBIVA, VA >> 12 | 8 << 48)
    s.sync(0)
    e.reads(VA, 0x1000)
    s.wr(0, hw.TLBIASID, 7)
    s.sync(0)
    e.reads(VA + 0x1000, 0x1001)
    e.reads(VA, None)
    e.fault(0, hw.TF)
    s.wr(0, hw.TLBIVA, VA + 0x1000 >> 12 | 8 << 48)
    s.sync(0)
    e.reads(VA + 0x1000, None)
    e.fault(0, hw.TF)


def test_invalidation_by_address_can_cover_all_ASIDs(e):
    t = e.stage1(asid=7)
    s = e.smmu
    t.map(VA, e.page[0], hw.S1_RW)
    e.reads(VA, 0x1000)
    t.unmap(VA)
    s.wr(0, hw.TLBIVAAL, VA >> 12)
    s.sync(0)
    e.reads(VA, None)
    e.fault(0, hw.TF)


def test_a_last_level_invalidation_leaves_table_pointers(e):
    t = e.stage1()
    s = e.smmu
    old = t.map(VA, e.page[0], hw.S1_RW)
    e.reads(VA, 0x1000)
    upper = t.slot(VA, 2)
    new = e.mem.alloc()
    e.m.write(new + (old & 0xfff), e.page[1] | hw.S1_RW | 3, 8)
    e.m.write(upper, new | 3, 8)
    s.wr(0, hw.TLBIVAL, VA >> 12 | 1 << 48)
    s.sync(0)
    e.reads(VA, 0x1000)
    e.expect("stale-hits", s.get("stale-hits"), 1)
    s.wr(0, hw.TLBIVA, VA >> 12 | 1 << 48)
    s.sync(0)
    e.reads(VA, 0x1001)


@smmu(**{"walk-cache-va-erratum": "on"})
def test_the_weaker_walk_cache_erratum_spares_invalidation_by_ASID(e):
    t = e.stage1()
    s = e.smmu
    t.map(VA, e.page[0], hw.S1_RW)
    e.reads(VA, 0x1000)
    e.m.write(t.slot(VA, 2), 0, 8)
    s.wr(0, hw.TLBIVA, VA >> 12 | 1 << 48)
    s.sync(0)
    e.reads(VA, 0x1000)
    s.wr(0, hw.TLBIASID, 1)
    s.sync(0)
    e.reads(VA, None)
    e.fault(0, hw.TF)


@smmu(**{"walk-cache-erratum": "on", "prefetch": "off"})
def test_the_walk_cache_erratum_keeps_tables_of_a_bank_in_use(e):
    t = e.stage1()
    t.map(VA, e.page[0], hw.S1_RW)
    e.reads(VA, 0x1000)
    e.m.write(t.slot(VA, 2), 0, 8)
    e.violations = invalidate_tables(e, VA, 1, VA >> 12 | 1 << 48)


@smmu(**{"walk-cache-erratum": "on"})
def test_the_walk_cache_erratum_keeps_tables_of_a_bank_disabled_after_the_invalidation(e):
    s = e.smmu
    t = e.stage1()
    t.map(VA, e.page[0], hw.S1_RW)
    e.reads(VA, 0x1000)
    s.wr0(hw.S2CR, hw.FAULT)
    s.wr0(hw.TLBIALLNSNH, 0)
    s.wr(0, hw.SCTLR, 0)
    s.gsync()
    s.wr(0, hw.TTBR0, 1 << 48 | hw.LongTable(e.mem).root)
    s.wr(0, hw.SCTLR, hw.M | hw.CFRE)
    e.violations = ["tag-reused"]


@smmu(**{"walk-cache-erratum": "on"})
def test_with_the_walk_cache_erratum_linked_tables_may_stay_cached(e):
    s = e.smmu
    t = e.stage1()
    t.map(VA, e.page[0], hw.S1_RW)
    e.reads(VA, 0x1000)
    t.unmap(VA)
    s.wr(0, hw.TLBIASID, 1)
    s.sync(0)
    e.reads(VA, None)
    e.fault(0, hw.TF)
    t.map(VA, e.page[1], hw.S1_RW)
    e.reads(VA, 0x1001)


def test_a_banks_sync_completes_its_own_invalidations_only(e):
    t = e.stage1()
    s = e.smmu
    t.map(VA, e.page[0], hw.S1_RW)
    e.reads(VA, 0x1000)
    t.unmap(VA)
    s.wr(0, hw.TLBIASID, 1)
    s.sync(1)
    e.reads(VA, 0x1000)
    s.gsync()
    e.reads(VA, None)
    e.fault(0, hw.TF)


def test_an_entry_filled_after_the_invalidation_survives_it(e):
    t = e.stage1()
    s = e.smmu
    t.map(VA, e.page[0], hw.S1_RW)
    s.wr(0, hw.TLBIASID, 1)
    e.reads(VA, 0x1000)
    t.unmap(VA)
    s.sync(0)
    e.reads(VA, 0x1000)


def test_global_invalidation_reaches_all_entries(e):
    t = e.stage1()
    s = e.smmu
    t.map(VA, e.page[0], hw.S1_RW)
    e.reads(VA, 0x1000)
    s.wr0(hw.TLBIALLH, 0xffffffff)
    s.gsync()
    e.expect("entries", s.stats()["instances"][0]["tlb_entries"] > 0, True)
    s.wr0(hw.TLBIALLNSNH, 0xffffffff)
    s.gsync()
    e.expect("entries", s.stats()["instances"][0]["tlb_entries"], 0)


def test_missing_break_before_make_is_a_violation(e):
    t = e.stage1()
    s = e.smmu
    t.map(VA, e.page[0], hw.S1_RW)
    e.reads(VA, 0x1000)
    t.map(VA, e.page[1], hw.S1_RW)
    s.wr(0, hw.TLBIVAL, VA >> 12 | 1 << 48)
    e.reads(VA, 0x1000)
    e.expect("while pending", s.reasons(), [])
    s.sync(0)
    e.reads(VA, 0x1001)
    t.map(VA, e.page[2], hw.S1_RW)
    e.reads(VA, 0x1001)
    e.violations = ["break-before-make"]


def test_the_prefetcher_caches_the_next_page(e):
    t = e.stage1()
    s = e.smmu
    t.map(VA, e.page[0], hw.S1_RW)
    t.map(VA + 0x1000, e.page[1], hw.S1_RW)
    e.reads(VA, 0x1000)
    t.unmap(VA + 0x1000)
    e.reads(VA + 0x1000, 0x1001)
    e.expect("stale-hits", s.get("stale-hits"), 1)
    s.wr0(hw.ACR, 0)
    s.wr(0, hw.ACTLR, 1)
    t.map(VA + 0x2000, e.page[2], hw.S1_RW)
    t.map(VA + 0x3000, e.page[3], hw.S1_RW)
    e.reads(VA + 0x2000, 0x1002)
    t.unmap(VA + 0x3000)
    e.reads(VA + 0x3000, None)
    e.fault(0, hw.TF)


# ---- Faults ----

def test_a_second_fault_sets_MULTI_and_keeps_the_first_syndrome(e):
    t = e.stage1(sctlr=hw.HUPCF)
    e.reads(VA, None)
    t.map(VA + 0x1000, e.page[0], hw.S1_RW)
    e.reads(VA + 0x1000, 0x1000)
    e.reads(VA + 0x5000, None)
    e.fault(0, hw.TF | hw.MULTI, VA)


def test_without_HUPCF_an_uncleared_fault_blocks_the_bank(e):
    t = e.stage1()
    t.map(VA, e.page[0], hw.S1_RW)
    e.reads(VA, 0x1000)
    e.reads(VA + 0x5000, None)
    e.reads(VA, None)
    e.fault(0, hw.TF, VA + 0x5000)
    e.reads(VA, 0x1000)


def test_without_CFRE_a_context_fault_reads_as_zero(e):
    e.stage1()
    e.smmu.wr(0, hw.SCTLR, hw.M)
    e.reads(VA, 0)
    e.fault(0, hw.TF)


def test_RESUME_ends_a_stall(e):
    e.stage1(sctlr=hw.CFCFG)
    s = e.smmu
    e.reads(VA, None)
    s.wr(0, hw.FSR, hw.TF | hw.SS)
    e.expect("FSR", s.rd(0, hw.FSR) & hw.SS, hw.SS)
    s.wr(0, hw.RESUME, 1)
    e.expect("FSR", s.rd(0, hw.FSR), 0)


def test_tables_outside_memory_cause_an_external_abort(e):
    e.smmu.bank_s1_64(0, BUSMASTER)
    e.smmu.stream(0, SID, hw.TRANS)
    e.smmu.enable()
    e.reads(VA, None)
    e.fault(0, hw.EF, VA)


@smmu(atos="on")
def test_address_translation_operations_report_in_PAR_without_a_fault(e):
    t = e.stage1()
    s = e.smmu
    e.expect("IDR0.ATOSNS", s.rd0(hw.IDR0) >> 26 & 1, 0)
    t.map(VA, e.page[2], hw.S1_RO)
    s.wr(0, hw.ATS1PR, VA)
    e.expect("PAR", s.rd(0, hw.PAR), e.page[2])
    s.wr(0, hw.ATS1PW, VA)
    e.expect("PAR", s.rd(0, hw.PAR), hw.PF | 1)
    s.wr(0, hw.ATS1PR, VA + 0x1000)
    e.expect("PAR", s.rd(0, hw.PAR), hw.TF | 1)
    e.expect("FSR", s.rd(0, hw.FSR), 0)


# ---- Banks in use ----

def test_changing_a_bank_in_use_is_a_violation(e):
    e.stage1()
    s = e.smmu
    s.wr(0, hw.TCR, s.rd(0, hw.TCR))
    s.wr(0, hw.TTBR0, 1 << 48 | e.mem.alloc())
    s.wr(0, hw.TCR, s.rd(0, hw.TCR) & ~0x3f | 30)
    s.wr1(hw.CBAR, hw.CBAR_S2)
    s.wr1(hw.CBA2R, 0)
    s.wr(0, hw.MAIR0, 1)
    e.violations = ["bank-changed"] * 5


def test_changing_an_enabled_bank_without_streams_is_a_violation(e):
    e.stage1()
    s = e.smmu
    s.stream(0, SID, hw.FAULT)
    s.wr(0, hw.TTBR0, 1 << 48 | e.mem.alloc())
    s.wr(0, hw.SCTLR, 0)
    s.wr(0, hw.MAIR0, 1)
    e.violations = ["bank-changed"]


@smmu(two=True)
def test_disabling_a_bank_with_a_TLB_sync_outstanding_is_a_violation(e):
    s = e.smmu
    _a, b = pages_of_both(e)
    e.stage1().map(b, e.page[1], hw.S1_RW)
    sctlr = s.rd(0, hw.SCTLR)
    s.stream(0, SID, hw.FAULT)
    s.set("sync-stuck", 2)
    s.wr(0, hw.TLBSYNC, 0)
    s.wr(0, hw.SCTLR, 0)        # allowed: no transaction has used it
    s.set("sync-stuck", 0)
    s.wr(0, hw.SCTLR, sctlr)
    s.stream(0, SID, hw.TRANS | 0)
    e.reads(b, 0x1001)
    s.stream(0, SID, hw.FAULT)
    s.set("sync-stuck", 2)
    s.wr(0, hw.TLBSYNC, 0)
    s.wr(0, hw.SCTLR, 0)
    e.violations = ["bank-busy"]


def test_a_stream_that_reaches_a_disabled_bank_is_a_violation(e):
    e.stage1()
    e.smmu.wr(0, hw.SCTLR, 0)
    e.reads(e.page[0], 0x1000)
    e.expect("bypass-count", e.smmu.get("bypass-count"), 1)
    e.violations = ["bank-disabled"] * 2


def test_a_transaction_in_flight_can_fill_the_TLB_after_the_invalidation(e):
    s = e.smmu
    t = e.stage1()
    t.map(VA, e.page[0], hw.S1_RW)
    for again in True, False:
        s.stream(0, SID, hw.TRANS | 0)
        e.reads(VA, 0x1000)
        s.stream(0, SID, hw.FAULT)
        s.wr(0, hw.TLBIASID, 1)
        s.sync(0)
        s.wr(0, hw.SCTLR, 0)
        if again:
            s.wr(0, hw.TLBIASID, 1)
            s.sync(0)
        t = hw.LongTable(e.mem)
        t.map(VA, e.page[0], hw.S1_RW)
        s.wr(0, hw.TTBR0, 1 << 48 | t.root)
        s.wr(0, hw.SCTLR, hw.M | hw.CFRE)
    e.violations = ["tag-reused"]


def test_routing_a_stream_to_a_disabled_bank_is_a_violation(e):
    s = e.smmu
    s.stream(0, SID, hw.TRANS | 0)      # allowed: the SMMU is not enabled
    s.enable()
    s.stream(1, SID + 1, hw.TRANS | 0)
    s.stream(2, SID + 2, hw.FAULT)
    e.violations = ["bank-disabled"]


@smmu(two=True)
def test_waiting_for_an_SMMU_before_all_block_after_a_loss_of_power_is_a_violation(e):
    s = e.smmu
    cr0 = hw.GFRE | hw.GFIE | hw.USFCFG | hw.SMCFCFG
    others = [0x10000000, 0x12000000, 0x11000000]

    def enable_others():
        for base in others:
            e.m.write(base, cr0)

    s.enable()
    s.gsync()                   # allowed: no power was lost
    enable_others()
    for wait_first in True, False:
        e.m.set("/machine", "power-cycle", True)
        s.enable()
        if wait_first:
            s.gsync(0)
        enable_others()
        s.gsync()
    e.violations = ["resume-open"] * 2


def test_reusing_an_ASID_that_the_TLB_still_holds_is_a_violation(e):
    s = e.smmu
    t = e.stage1()
    t.map(VA, e.page[0], hw.S1_RW)
    e.reads(VA, 0x1000)
    s.wr0(hw.S2CR, hw.FAULT)
    s.wr(0, hw.SCTLR, 0)
    other = hw.LongTable(e.mem)
    s.wr(0, hw.TTBR0, 1 << 48 | other.root)
    s.wr(0, hw.SCTLR, hw.M | hw.CFRE)
    s.wr(0, hw.SCTLR, 0)
    s.wr(0, hw.TLBIASID, 1)
    s.sync(0)
    s.wr(0, hw.SCTLR, hw.M | hw.CFRE)
    e.violations = ["tag-reused"]


def test_sharing_an_ASID_between_banks_is_a_violation(e):
    s = e.smmu
    t = e.stage1()
    t.map(VA, e.page[0], hw.S1_RW)
    e.reads(VA, 0x1000)
    other = hw.LongTable(e.mem)
    s.bank_s1_64(1, other.root)
    s.stream(0, SID, hw.TRANS | 1)
    e.reads(VA, 0x1000)
    e.violations = ["tag-shared", "tag-reused", "tlb-alias"]


def test_a_TCR_that_the_SMMU_does_not_support_is_a_violation(e):
    e.stage1(tcr=1 << 23 | 2 << 14 | 25)
    e.reads(VA, None)
    e.fault(0, hw.TF)
    e.violations = ["bad-tcr"]


# ---- Two instances ----

def pages_of_both(e):
    """Return an address that instance 0 serves and one that instance 1 serves."""
    found = {}
    before = [i["transactions"] for i in e.smmu.stats()["instances"]]
    for va in range(VA, VA + 0x10000, 0x1000):
        e.dev.go(SID, va)
        now = [i["transactions"] for i in e.smmu.stats()["instances"]]
        found[0 if now[0] > before[0] else 1] = va
        before = now
    e.expect("instances used", sorted(found), [0, 1])
    return found[0], found[1]


@smmu(two=True)
def test_each_instance_has_its_own_faults_and_interrupt(e):
    s = e.smmu
    a, b = pages_of_both(e)
    t = e.stage1()
    e.m.watch_irqs(s.path)
    t.map(b, e.page[1], hw.S1_RW)
    e.reads(a, None)
    e.reads(b, 0x1001)
    e.expect("lines", (e.m.line(0), e.m.line(1)), (True, False))
    e.expect("FSR of the other", s.rd(0, hw.FSR, 1), 0)
    e.fault(0, hw.TF, a, 0)
    e.expect("line", e.m.line(0), False)


@smmu(two=True)
def test_each_instance_has_its_own_TLB_and_syncs(e):
    s = e.smmu
    a, b = pages_of_both(e)
    t = e.stage1()
    for i, va in enumerate((a, b)):
        t.map(va, e.page[i], hw.S1_RW)
        e.reads(va, 0x1000 + i)
        t.unmap(va)
    s.wr(0, hw.TLBIASID, 1)
    s.wr(0, hw.TLBSYNC, 0)
    e.m.step(1500)
    e.expect("status", (s.rd(0, hw.TLBSTATUS, 0), s.rd(0, hw.TLBSTATUS, 1)),
             (0, 1))
    e.reads(a, None)
    e.reads(b, 0x1001)
    e.m.step(10000)
    e.expect("status", s.rd(0, hw.TLBSTATUS, 1), 0)
    e.reads(b, None)


@smmu(two=True)
def test_instances_that_differ_are_a_violation(e):
    s = e.smmu
    e.stage1()
    s.wr0(hw.S2CR, hw.BYPASS, inst=0)
    e.dev.go(SID, VA)
    e.expect("violations within the grace period", s.reasons(), [])
    e.m.step(2000000000)
    e.dev.go(SID, VA)
    e.expect("violations after it", s.reasons(), ["instances-differ"])
    s.wr0(hw.S2CR, hw.BYPASS, inst=1)
    e.dev.go(SID, VA)
    s.wr0(hw.S2CR + 4, hw.BYPASS, inst=0)
    e.m.step(2000000000)
    e.dev.go(SID, VA)
    s.wr0(hw.S2CR, hw.FAULT, inst=1)
    for i in range(100):
        s.wr0(hw.S2CR + 4, hw.BYPASS)
    e.dev.go(SID, VA)
    e.violations = ["instances-differ"] * 2


# ---- Fault injection, logs ----

@smmu(two=True)
def test_a_sync_that_is_stuck_does_not_complete(e):
    s = e.smmu
    a, b = pages_of_both(e)
    t = e.stage1()
    t.map(b, e.page[1], hw.S1_RW)
    e.reads(b, 0x1001)
    t.unmap(b)
    s.set("sync-stuck", 2)
    s.wr(0, hw.TLBIASID, 1)
    s.wr(0, hw.TLBSYNC, 0)
    e.m.step(1000000000)
    e.expect("status", (s.rd(0, hw.TLBSTATUS, 0), s.rd(0, hw.TLBSTATUS, 1)),
             (0, 1))
    e.reads(b, 0x1001)
    s.set("sync-stuck", 0)
    e.expect("status", s.rd(0, hw.TLBSTATUS, 1), 0)
    e.reads(b, None)


def test_a_spurious_global_fault_raises_the_interrupt(e):
    s = e.smmu
    e.m.watch_irqs(s.path)
    s.enable()
    s.set("inject-global-fault", 1)
    e.expect("interrupt", e.m.line(0), True)
    e.expect("GFSR", s.rd0(hw.GFSR) != 0, True)
    s.wr0(hw.GFSR, s.rd0(hw.GFSR))
    e.expect("interrupt", e.m.line(0), False)


@smmu(two=True)
def test_an_instance_that_does_not_answer_blocks_all_streams(e):
    s = e.smmu
    a, b = pages_of_both(e)
    t = e.stage1()
    t.map(a, e.page[0], hw.S1_RW)
    t.map(b, e.page[1], hw.S1_RW)
    s.set("no-answer", 2)
    e.expect("CR0", (s.rd0(hw.CR0) == 0xffffffff, s.rd0(hw.CR0, 1)), (False, 0xffffffff))
    e.expect("status", s.rd(0, hw.TLBSTATUS, 1), 0xffffffff)
    e.reads(a, 0x1000)
    e.reads(b, None)
    s.set("no-answer", 0)
    e.reads(b, 0x1001)


def test_a_power_cycle_loses_registers_and_TLB(e):
    t = e.stage1()
    s = e.smmu
    t.map(VA, e.page[0], hw.S1_RW)
    e.reads(VA, 0x1000)
    s.set("power-cycle", True)
    e.expect("CR0", s.rd0(hw.CR0), hw.CLIENTPD | hw.SMCFCFG)
    e.expect("SMR", s.rd0(hw.SMR), 0)
    e.expect("SCTLR", s.rd(0, hw.SCTLR), hw.HUPCF)
    e.expect("entries", s.stats()["instances"][0]["tlb_entries"], 0)


# ---- Held transactions, and partial losses of power ----

def hold(e, iova):
    """Hold a transaction before its bank lookup."""
    e.smmu.set("hold-sid", SID)
    e.reads(iova, None)
    e.expect("held", "sid=0x%x" % SID in e.smmu.get("held"), True)


def released(e):
    e.smmu.set("release", True)
    return e.smmu.get("held")


def test_a_held_transaction_ends_as_the_registers_say_at_its_release(e):
    s = e.smmu
    t = e.stage1()
    t.map(VA, e.page[0], hw.S1_RW)
    e.expect("before", s.get("held"), "none")
    hold(e, VA + 8)
    e.reads(VA, 0x1000)             # no second transaction is held
    s.stream(0, SID, hw.FAULT)
    s.gsync()
    e.expect("outcome while the bank translates", released(e), hex(e.page[0] + 8))
    s.stream(0, SID, hw.TRANS | 0)
    hold(e, VA + 0x1000)
    e.expect("outcome of an unmapped address", released(e), "fault")
    e.fault(0, hw.TF, VA + 0x1000)
    hold(e, VA)
    s.wr1(hw.CBAR, hw.CBAR_S1_S2FAULT)
    s.wr(0, hw.SCTLR, 0)
    e.expect("outcome while CBAR faults", released(e), "fault")
    e.expect("GFSR", s.rd0(hw.GFSR), hw.ICF)
    e.expect("bypass-count", s.get("bypass-count"), 0)


def test_a_held_transaction_that_could_bypass_for_a_moment_is_a_violation(e):
    s = e.smmu
    e.stage1()
    hold(e, VA)
    s.stream(0, SID, hw.FAULT)
    s.gsync()
    s.wr(0, hw.SCTLR, 0)
    s.wr1(hw.CBAR, hw.CBAR_S1_S2FAULT)
    e.expect("outcome", released(e), "fault")
    s.wr(0, hw.SCTLR, hw.M)
    s.wr1(hw.CBAR, hw.CBAR_S1)
    s.stream(0, SID, hw.TRANS | 0)
    hold(e, VA)
    s.stream(0, SID, hw.FAULT)
    s.wr(0, hw.SCTLR, 0)
    e.expect("outcome", released(e), "bypass")
    e.expect("bypass-count", s.get("bypass-count"), 1)
    e.violations = ["bank-held", "bank-held", "bank-disabled"]


@smmu(two=True)
def test_a_held_transaction_is_lost_with_its_instances_power(e):
    s = e.smmu
    e.stage1()
    hold(e, VA)
    mine = int(s.get("held").split("instance=")[1].split()[0])
    s.set("power-loses-instances", 1 << (1 - mine))
    s.set("power-cycle", True)
    e.expect("held after the other lost power", "sid=" in s.get("held"), True)
    s.set("power-loses-instances", 1 << mine)
    s.set("power-cycle", True)
    e.expect("held after its own lost power", s.get("held"), "lost")


def test_writes_that_make_a_bank_bypass_are_counted(e):
    s = e.smmu
    count = lambda: s.stats()["bank_bypass_opened"]     # noqa: E731
    e.stage1()
    s.stream(0, SID, hw.FAULT)
    s.wr1(hw.CBAR, hw.CBAR_S1_S2FAULT)
    s.wr(0, hw.SCTLR, 0)
    s.wr(0, hw.TCR, 0)
    s.wr(0, hw.SCTLR, hw.M)
    s.wr1(hw.CBAR, hw.CBAR_S1)
    e.expect("count before", count(), 0)
    s.wr(0, hw.SCTLR, 0)
    e.expect("count after SCTLR", count(), 1)
    s.wr1(hw.CBAR, hw.CBAR_S1_S2FAULT)
    s.wr1(hw.CBAR, hw.CBAR_S1)
    e.expect("count after CBAR", count(), 2)


def test_an_enabled_bank_may_be_changed_only_while_it_faults(e):
    s = e.smmu
    t = e.stage1()
    t.map(VA, e.page[0], hw.S1_RW)
    e.reads(VA, 0x1000)
    s.wr1(hw.CBAR, hw.CBAR_S1_S2FAULT)
    e.reads(VA, None)
    s.wr0(hw.GFSR, hw.ICF)
    other = hw.LongTable(e.mem)
    s.wr(0, hw.TTBR0, 1 << 48 | other.root)
    s.wr1(hw.CBAR, hw.CBAR_S1)      # the TLB still holds entries from the first tables
    s.wr(0, hw.TTBR0, 1 << 48 | t.root)
    s.wr1(hw.CBAR, hw.CBAR_S2)
    e.violations = ["tag-reused"] + ["bank-changed"] * 2


@smmu(two=True)
def test_a_power_cycle_can_keep_registers(e):
    s = e.smmu
    a, _b = pages_of_both(e)
    t = e.stage1()
    t.map(a, e.page[0], hw.S1_RW)
    e.reads(a, 0x1000)
    cr0, cbar = s.rd0(hw.CR0), s.rd1(hw.CBAR)
    s.set("power-keeps", "cr0:smr:s2cr:cbar")
    s.set("power-cycle", True)
    e.expect("CR0", s.rd0(hw.CR0), cr0)
    e.expect("SMR", s.rd0(hw.SMR), 1 << 31 | SID)
    e.expect("S2CR", s.rd0(hw.S2CR), hw.TRANS)
    e.expect("CBAR", s.rd1(hw.CBAR), cbar)
    e.expect("SCTLR", s.rd(0, hw.SCTLR), hw.HUPCF)
    e.expect("TTBR0", s.rd(0, hw.TTBR0), 0)
    e.reads(a, e.m.read(a))             # stage 1 is disabled, stage 2 bypassed
    s.set("power-keeps", "")
    s.set("power-loses-instances", 2)
    s.set("power-cycle", True)
    e.expect("CR0 of the first", s.rd0(hw.CR0, 0), cr0)
    e.expect("CR0 of the second", s.rd0(hw.CR0, 1), hw.CLIENTPD | hw.SMCFCFG)
    e.violations = ["bank-disabled"]


def test_a_power_cycle_can_keep_each_group_of_registers(e):
    s = e.smmu
    t = e.stage1()
    t.map(VA, e.page[0], hw.S1_RW)
    s.wr(0, hw.MAIR0, s.rd(0, hw.MAIR0))
    s.set("power-keeps", "cr0:acr:smr:s2cr:cbar:sctlr:actlr:tcr:ttbr:mair")
    s.set("power-cycle", True)
    e.reads(VA, 0x1000)
    s.set("power-keeps", "cr0:smr:s2cr:banks")
    s.set("power-cycle", True)
    e.reads(VA, 0x1000)


@smmu(asidpne="off")
def test_SCTLR_ASIDPNE_cannot_be_set_where_it_is_missing(e):
    s = e.smmu
    s.wr1(hw.CBAR, hw.CBAR_S1_S2FAULT)
    s.wr(0, hw.SCTLR, 1 << 12 | hw.HUPCF)
    e.expect("SCTLR", s.rd(0, hw.SCTLR), hw.HUPCF)


@smmu(**{"cache-lock-sticky": "on"})
def test_a_sticky_ACR_CACHE_LOCK_keeps_ACTLR_read_only(e):
    s = e.smmu
    s.wr0(hw.ACR, 0)
    e.expect("ACR", s.rd0(hw.ACR), 1 << 26)
    s.wr(0, hw.ACTLR, 1)
    e.expect("ACTLR", s.rd(0, hw.ACTLR), 3)


@smmu(**{"firmware-state": "translating"})
def test_translating_firmware_leaves_streams_routed_to_enabled_banks(e):
    s = e.smmu
    e.expect("CR0", s.rd0(hw.CR0) & (hw.CLIENTPD | hw.USFCFG), 0)
    for i, kind in enumerate((hw.CBAR_S1, hw.CBAR_NESTED | 10 << 8, hw.CBAR_S2)):
        e.expect("CBAR", s.rd1(hw.CBAR + 4 * (8 + i)), kind)
        e.expect("SCTLR", s.rd(8 + i, hw.SCTLR), hw.M | hw.CFRE)
    e.reads(e.page[0], None)            # SID is odd: both stages
    e.fault(9, hw.TF)
    s.stream(1, 1 << 14, hw.FAULT)      # replaces the entry that matches all odd IDs
    s.stream(2, SID, hw.TRANS | 10)
    e.reads(e.page[0], None)
    e.expect("FSR", s.rd(10, hw.FSR) != 0, True)


@smmu(**{"firmware-state": "live"})
def test_live_firmware_leaves_a_stream_match_and_an_old_fault(e):
    s = e.smmu
    e.expect("CR0", s.rd0(hw.CR0) & (hw.CLIENTPD | hw.USFCFG), 0)
    e.reads(e.page[0], 0x1000)
    e.expect("SMR", s.rd0(hw.SMR + 4 * 31), 0x807f0000)
    e.expect("GFSR", s.rd0(hw.GFSR), hw.USF | hw.MULTI)


def test_the_translation_log_has_one_line_per_page(e):
    s = e.smmu
    log = os.path.join(e.m.dir, "log")
    s.set("translation-log", log)
    t = e.stage1()
    t.map(VA, e.page[0], hw.S1_RO)
    e.reads(VA, 0x1000)
    e.reads(VA + 8, 0)
    s.set("translation-log-mark", "again")
    e.reads(VA, 0x1000)
    line = "sid=0x15 iova=0x%x pa=0x%x access=r perm=r kind=trans" % (
        VA, e.page[0])
    with open(log) as f:
        e.expect("log", f.read().splitlines(), [line, "# again", line])
