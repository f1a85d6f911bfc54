# SPDX-License-Identifier: GPL-2.0-or-later
"""An SMMUv2 as its driver sees it: registers, and tables in each format."""

import json

# Global register space 0
CR0, ACR, IDR0, IDR1, IDR2, IDR7 = 0x0, 0x10, 0x20, 0x24, 0x28, 0x3c
GFAR, GFSR, GFSYNR0, GFSYNR1 = 0x40, 0x48, 0x50, 0x54
TLBIVMID, TLBIALLNSNH, TLBIALLH = 0x64, 0x68, 0x6c
TLBGSYNC, TLBGSTATUS = 0x70, 0x74
SMR, S2CR = 0x800, 0xc00
CLIENTPD, GFRE, GFIE, USFCFG, SMCFCFG = (1 << n for n in (0, 1, 2, 10, 21))
ICF, USF, SMCF, UCBF = (1 << n for n in range(4))
TRANS, BYPASS, FAULT = (n << 16 for n in range(3))
PRIVCFG_UNPRIV, PRIVCFG_PRIV = 2 << 24, 3 << 24

# Global register space 1
CBAR, CBFRSYNRA, CBA2R = 0x0, 0x400, 0x800
CBAR_S2, CBAR_S1, CBAR_S1_S2FAULT, CBAR_NESTED = (n << 16 for n in range(4))

# Context bank
SCTLR, ACTLR, RESUME, TCR2, TTBR0, TTBR1 = 0x0, 0x4, 0x8, 0x10, 0x20, 0x28
TCR, CONTEXTIDR, MAIR0, MAIR1, PAR = 0x30, 0x34, 0x38, 0x3c, 0x50
FSR, FAR, FSYNR0, IPAFAR = 0x58, 0x60, 0x68, 0x70
TLBIVA, TLBIVAA, TLBIASID, TLBIALL = 0x600, 0x608, 0x610, 0x618
TLBIVAL, TLBIVAAL, TLBIIPAS2, TLBIIPAS2L = 0x620, 0x628, 0x630, 0x638
TLBSYNC, TLBSTATUS, ATS1PR, ATS1PW = 0x7f0, 0x7f4, 0x800, 0x808
M, TRE, AFE, CFRE, CFIE, CFCFG, HUPCF = (1 << n for n in (0, 1, 2, 5, 6, 7, 8))
TF, AFF, PF, EF, ASF = (1 << n for n in (1, 2, 3, 4, 7))
SS, MULTI = 1 << 30, 1 << 31
WNR, PTWF = 1 << 4, 1 << 10

# Long descriptors
AF, NG, CONT, PXN, UXN = 1 << 10, 1 << 11, 1 << 52, 1 << 53, 1 << 54
AP_UNPRIV, AP_RO = 1 << 6, 1 << 7
S1_RW = AF | NG | AP_UNPRIV
S1_RO = S1_RW | AP_RO
S2_RO, S2_WO, S2_RW = AF | 0x3c | 1 << 6, AF | 0x3c | 2 << 6, AF | 0x3c | 3 << 6

WIDE = (GFAR, TTBR0, TTBR1, PAR, FAR, IPAFAR, TLBIVA, TLBIVAA, TLBIVAL,
        TLBIVAAL, TLBIIPAS2, TLBIIPAS2L, ATS1PR, ATS1PW)


class SMMU:
    def __init__(self, machine, path, bases, page_shift, num_page):
        self.m, self.path, self.bases = machine, path, bases
        self.page_shift, self.num_page = page_shift, num_page

    def _addr(self, page, reg, inst):
        return self.bases[inst] + (page << self.page_shift) + reg

    def _each(self, inst):
        return range(len(self.bases)) if inst is None else [inst]

    # Global space 0 and 1, context bank; inst=None writes all instances.

    def rd0(self, reg, inst=0, size=4):
        return self.m.read(self._addr(0, reg, inst), size)

    def wr0(self, reg, value, inst=None, size=4):
        for i in self._each(inst):
            self.m.write(self._addr(0, reg, i), value, size)

    def rd1(self, reg, inst=0):
        return self.m.read(self._addr(1, reg, inst))

    def wr1(self, reg, value, inst=None):
        for i in self._each(inst):
            self.m.write(self._addr(1, reg, i), value)

    def rd(self, bank, reg, inst=0):
        return self.m.read(self._addr(self.num_page + bank, reg, inst),
                           8 if reg in WIDE else 4)

    def wr(self, bank, reg, value, inst=None, size=None):
        for i in self._each(inst):
            self.m.write(self._addr(self.num_page + bank, reg, i), value,
                         size or (8 if reg in WIDE else 4))

    # Sequences

    def enable(self, cr0=GFRE | GFIE | USFCFG | SMCFCFG):
        self.wr0(CR0, cr0)

    def stream(self, n, sid, s2cr, mask=0):
        self.wr0(S2CR + 4 * n, s2cr)
        self.wr0(SMR + 4 * n, 1 << 31 | mask << 16 | sid)

    def bank_s1_64(self, bank, ttbr0, asid=1, tcr=None, ttbr1=0, tcr2=0,
                   cbar=CBAR_S1, sctlr=0, tsz=25):
        """AArch64 stage 1, 4 KiB granule and no TTBR1 unless tcr is given."""
        self.wr1(CBA2R + 4 * bank, 1)
        self.wr1(CBAR + 4 * bank, cbar)
        self.wr(bank, TCR2, 7 << 15 | 5 | 1 << 4 | tcr2)
        self.wr(bank, TCR, 1 << 23 | tsz if tcr is None else tcr)
        self.wr(bank, TTBR0, asid << 48 | ttbr0)
        self.wr(bank, TTBR1, asid << 48 | ttbr1)
        self.wr(bank, SCTLR, M | CFRE | CFIE | sctlr)

    def bank_s1_32(self, bank, ttbr0, asid=1, tcr=0, ttbr1=0, sctlr=0):
        """AArch32 stage 1: short descriptors, or long ones if tcr has EAE."""
        self.wr1(CBA2R + 4 * bank, 0)
        self.wr1(CBAR + 4 * bank, CBAR_S1)
        self.wr(bank, TCR2, 0)
        self.wr(bank, TCR, tcr)
        self.wr(bank, CONTEXTIDR, asid)
        if tcr >> 31:
            self.wr(bank, TTBR0, asid << 48 | ttbr0)
            self.wr(bank, TTBR1, asid << 48 | ttbr1)
        else:
            self.wr(bank, TTBR0, ttbr0, size=4)
            self.wr(bank, TTBR1, ttbr1, size=4)
        self.wr(bank, SCTLR, M | CFRE | CFIE | sctlr)

    def bank_s2(self, bank, ttbr, vmid=1, tsz=24, sl0=1, va64=1, tg=0, ps=5,
                sctlr=0):
        self.wr1(CBA2R + 4 * bank, va64)
        self.wr1(CBAR + 4 * bank, CBAR_S2 | vmid)
        self.wr(bank, TCR, 1 << 31 | ps << 16 | tg << 14 | sl0 << 6 | tsz)
        self.wr(bank, TTBR0, ttbr)
        self.wr(bank, SCTLR, M | CFRE | CFIE | sctlr)

    def sync(self, bank, inst=None):
        """Start a sync, and step the clock until it completes."""
        self.wr(bank, TLBSYNC, 0, inst)
        self.m.step(100000)
        for i in self._each(inst):
            assert self.rd(bank, TLBSTATUS, i) == 0

    def gsync(self, inst=None):
        self.wr0(TLBGSYNC, 0, inst)
        self.m.step(100000)
        for i in self._each(inst):
            assert self.rd0(TLBGSTATUS, i) == 0

    def get(self, prop):
        return self.m.get(self.path, prop)

    def set(self, prop, value):
        self.m.set(self.path, prop, value)

    def stats(self):
        return json.loads(self.get("stats"))

    def reasons(self):
        """Return the reasons of the violations so far."""
        log = self.get("violation-log")
        return [line.split(":")[0] for line in log.splitlines()]


class Memory:
    """Allocates pages of RAM in ascending order."""

    def __init__(self, machine, base):
        self.m, self.next = machine, base

    def alloc(self, size=0x1000):
        self.next = (self.next + size - 1) & -size
        self.m.fill(self.next, size, 0)
        self.next += size
        return self.next - size


class LongTable:
    """Tables of 64-bit descriptors."""

    def __init__(self, mem, in_bits=39, granule=12, level=None):
        self.mem, self.granule, self.stride = mem, granule, granule - 3
        if level is None:
            level = 4 + (granule - in_bits) // self.stride
        self.level, self.in_bits = level, in_bits
        self.root = mem.alloc(8 << (in_bits - self.shift(level)))

    def shift(self, level):
        return self.granule + self.stride * (3 - level)

    def _slot(self, table, va, level):
        bits = self.stride
        if level == self.level:
            bits = self.in_bits - self.shift(level)
        return table + (va >> self.shift(level) & (1 << bits) - 1) * 8

    def slot(self, va, level=3):
        """Return the address of the descriptor for va; allocate missing tables."""
        table = self.root
        for l in range(self.level, level):
            at = self._slot(table, va, l)
            desc = self.mem.m.read(at, 8)
            if not desc & 1:
                desc = self.mem.alloc(1 << self.granule) | 3
                self.mem.m.write(at, desc, 8)
            table = desc & (1 << 48) - (1 << self.granule)
        return self._slot(table, va, level)

    def map(self, va, pa, attrs, level=3):
        at = self.slot(va, level)
        self.mem.m.write(at, pa | attrs | (3 if level == 3 else 1), 8)
        return at

    def unmap(self, va, level=3):
        self.mem.m.write(self.slot(va, level), 0, 8)


class BusMaster:
    def __init__(self, machine, base):
        self.m, self.base = machine, base

    def go(self, sid, addr, write=False, priv=False, insn=False):
        m, b = self.m, self.base
        m.write(b + 0x08, sid)
        m.write(b + 0x0c, write | priv << 2 | insn << 3)
        m.write(b + 0x10, addr & 0xffffffff)
        m.write(b + 0x14, addr >> 32)
        m.write(b + 0x18, 8)
        m.write(b + 0x1c, 1)
        return not m.read(b + 0x24) & 2

    def load(self, sid, addr, **kw):
        """Return what the device reads, or None if the read was aborted."""
        self.m.write(self.base + 0x1000, 0xdeadbeef)
        if not self.go(sid, addr, **kw):
            return None
        return self.m.read(self.base + 0x1000)

    def store(self, sid, addr, value, **kw):
        self.m.write(self.base + 0x1000, value)
        return self.go(sid, addr, write=True, **kw)
