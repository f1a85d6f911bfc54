# SPDX-License-Identifier: GPL-2.0-only
"""Measurements other than the DMA API and I/O. Each function boots the machine once or
more and returns raw figures."""

from . import boot, boottime, calls, micro, profile
from .variants import VARIANTS

# --- cost against size -----------------------------------------------------

LEVELS = [1 << 10, 1 << 14, 1 << 17, 1 << 20]
# short descriptors translate 4 GiB, a part of which the DMA API uses
LEVELS_V7S = LEVELS[:-1] + [1 << 19]


def growth(variant):
    """Return [{live, map, unmap, pair, ...}]: instructions with `live` mapped pages."""
    lines, at = [], 0
    levels = LEVELS_V7S if "v7s" in variant.name else LEVELS
    for n in levels:
        lines += [f"pci fill {n - at} 1", "pci map 4096 256", "pci unmap 4096 256",
                  "pci pair 4096 400", "pci stats - -"]
        at = n
    lines.append("pci empty 0 0")
    counted = micro.boot_jobs(variant, lines, "growth")
    results = []
    for _dev, op, _size, said in micro.parse(counted):
        if op == "map":
            results.append({"live": levels[len(results)]})
        if op == "stats":
            results[-1]["el2_memory"] = said
        else:
            results[-1][op] = said["instructions"]
            results[-1][op + "_el2"] = said["el2_instructions"]
    return {"levels": results, "whole": counted.whole}


# --- attaching -------------------------------------------------------------

STREAMS = [1, 4, 16]


def attach(variant):
    """Return {streams: {instructions, el2_instructions, hypercalls}} of attaching a device
    with so many streams to a domain, which detaches it from its previous one."""
    lines = [f"soc@0:streams{n} attach {n} 8" for n in STREAMS]
    said = micro.run_one(variant, lines, "attach", dtb="orin-streams", props="plain-smmu=on")
    for r in said:
        if "error" in r[3]:
            raise boot.Failed(f"attach: {r[3]['error']}")
    keys = ("instructions", "el2_instructions", "hypercalls", "longest_el2_stay")
    return {str(size): {k: figures[k] for k in keys} for _, _, size, figures in said}


# --- register accesses -----------------------------------------------------

REGISTER_JOBS = [("pair", 4096, 100), ("pair", 64 << 10, 50), ("pair", 2 << 20, 10),
                 ("sgpair", 1, 50), ("sgpair", 16, 50), ("sgpair", 64, 20), ("sgpair", 256, 10)]
# the counters of CPU accesses among the model's counters
REGISTERS = ["id_reads", "config_reads", "config_writes", "fault_reads", "fault_writes",
             "tlbi_writes", "sync_writes", "sync_polls", "unmodelled_reads", "unmodelled_writes"]


def registers(variant):
    """Return the CPU's accesses to the registers of the NVMe controller's SMMU per map and
    unmap. The overhead of a job does not depend on its count, so the difference of two
    counts is taken."""
    lines = ["pci regs niso0 -"]
    for op, size, count in REGISTER_JOBS:
        for n in (count, 3 * count):
            lines += [f"pci {op} {size} {n}", "pci regs niso0 -"]
    seen = [r[3] for r in micro.run_one(variant, lines, "registers") if r[1] == "regs"]
    results = {}
    for i, (op, size, count) in enumerate(REGISTER_JOBS):
        a, b, c = seen[2 * i:2 * i + 3]
        results[f"{op} {micro.name_of(op, size)}"] = {
            k: ((c[k] - b[k]) - (b[k] - a[k])) / (2 * count) for k in REGISTERS}
    return results


# --- the longest stay at EL2 -----------------------------------------------

TORTURE = "torture_seed=1 torture_calls=12000"
# called once, before the host is deprivileged
AT_BOOT = {"pkvm_iommu_init"}


def longest(wholes):
    """Return {call: [calls, instructions of all, of the longest]} of hypercalls for DMA,
    over all runs and a torture run of random calls."""
    torture = boot.boot(VARIANTS["ours"], "torture", "torture", {}, devices=("nvme", "sd", "nic"),
                        append=TORTURE)
    names = calls.names()
    found = {}
    for whole in [*wholes, torture.whole]:
        for number, (n, insns, longest_one) in whole["calls"].items():
            name = names.get(int(number), number)
            had = found.setdefault(name, [0, 0, 0])
            found[name] = [had[0] + n, had[1] + insns, max(had[2], longest_one)]
    return {n: f for n, f in found.items() if "iommu" in n and n not in AT_BOOT}


# --- locks -----------------------------------------------------------------

LOCK_JOBS = ["pci pair 4096 200", "pci pair 2097152 10", "pci sgpair 256 10"]


def locks(variant):
    """Return {job: {lock: figures}}: EL2's locks during a map and unmap."""
    results = {}
    for job in LOCK_JOBS:
        _, op, size, _ = job.split()
        results[f"{op} {micro.name_of(op, int(size))}"] = {
            name: {"taken": times, "held_instructions": held, "held_at_most": most}
            for name, times, held, most in profile.Profile(variant, job).locks}
    return results


# --- EL2's memory ----------------------------------------------------------

MEM_MIB = 4096


def memory(levels):
    """Return EL2's memory other than tables, in percent of the mapped memory: the free
    pages of its pool with most pages mapped, and the memory reserved at boot for each page
    that can be mapped."""
    base, series = (boottime.reserved_mib(VARIANTS["ours"], k, f"{MEM_MIB}M")
                    for k in ("base", "series"))
    most = levels[-1]
    stats = most["el2_memory"]
    spare = stats["donated_pages"] - stats["table_pages"]
    return {"ram_mib": MEM_MIB, "reserved_mib": series, "reserved_mib_without_series": base,
            "mapped_pages": stats["mapped_pages"], "table_pages": stats["table_pages"],
            "spare_pages": spare,
            "percent": 100 * ((series - base) / MEM_MIB + spare / stats["mapped_pages"])}


# --- timeouts --------------------------------------------------------------

def waits(levels):
    """Return EL2's timeout of a TLB sync, after which it quarantines the domain, and the
    longest sync, which depends on the hardware, here on the model."""
    said = levels[-1]["el2_memory"]
    return {"bound_us": said["wait_bound_us"], "measured_us": said["longest_wait_us"]}


# --- several CPUs ----------------------------------------------------------

CPUS = [1, 2, 4, 8]
ONE = "pci"
SEVERAL = "f700000.busmaster,f710000.busmaster,f720000.busmaster,f730000.busmaster"


def parallel(variant, count=2000):
    """Return the instructions of all CPUs per map and unmap of 4 KiB on several CPUs,
    including waits for locks. The CPUs take turns in one thread: a CPU that waits (WFE,
    YIELD) ends its turn, unlike hardware. So the figures show the wasted work of waits, not
    their duration."""
    lines = [f"{d} hold 0 0" for d in SEVERAL.split(",")]
    lines += [f"{d} parallel {n} {count // n}" for n in CPUS for d in (ONE, SEVERAL)]
    results = {}
    for dev, op, size, said in micro.run_one(variant, lines, "parallel", smp=8, plugin=False):
        if op == "parallel":
            where = "one domain" if dev == ONE else "four domains"
            results[f"{size} CPUs, {where}"] = said["clock"]
    return results


# --- wall-clock time -------------------------------------------------------

def wall(variant):
    """Return nanoseconds of the host per map and unmap, as an indication."""
    lines = ["pci pair 4096 20000", "pci pair 65536 5000", "pci sgpair 256 200"]
    said = micro.run_one(variant, lines, "wall", plugin=False, icount=False)
    return {f"{op} {micro.name_of(op, size)}": figures["clock"] for _, op, size, figures in said}


# --- the kernel's own benchmark --------------------------------------------

def map_benchmark(variant):
    """Return the results of dma_map_benchmark with 4 KiB: {threads: {map, unmap}} in
    nanoseconds, one for each instruction of any CPU."""
    results = {}
    for threads in (1, 4):
        counted = boot.boot(variant, f"map-{threads}", "bench-map",
                            {"/bench/map": f"{threads} 1 1\n"}, smp=threads, plugin=False)
        for words in counted.lines:
            results[f"{threads} thread" + "s" * (threads > 1)] = \
                {k: int(v) for k, v in (w.split("=") for w in words[2:])}
    return results
