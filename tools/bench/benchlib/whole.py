# SPDX-License-Identifier: GPL-2.0-only
"""All measurements, as boots that run in parallel, and the summary."""

import concurrent.futures
import time

from . import boottime, io, micro, sections
from .variants import VARIANTS

# (section, function, variants)
PLAN = [
    ("io", io.run, ["ours", "native", "ours-v7s", "none", "ours-lazy", "native-lazy"]),
    ("growth", sections.growth, ["ours", "ours-v7s", "native"]),
    ("parallel", sections.parallel, ["ours", "native"]),
    ("dma_api", lambda v: micro.run_one(v, micro.QUICK), list(VARIANTS)),
    ("registers", sections.registers, ["native", "ours"]),
    ("attach", sections.attach, ["ours", "native"]),
    ("locks", sections.locks, ["ours"]),
    ("boot", boottime.run, ["ours", "native", "none"]),
    ("map_benchmark", sections.map_benchmark, ["ours", "native"]),
    ("wall", sections.wall, ["ours", "native", "none"]),
]

UNITS = {
    "instructions": "guest instructions of all exception levels, per operation",
    "el2_instructions": "instructions at EL2, per operation",
    "hypercalls": "per operation",
    "longest_el2_stay": "guest instructions",
    "clock": "nanoseconds of guest time per operation, one for each instruction",
    "milliseconds": "of guest time per operation, including waits",
    "growth": "guest instructions per operation, by number of mapped pages",
    "registers": "accesses of the CPU per map and unmap, both instances together",
    "parallel": "guest instructions of all CPUs per map and unmap",
    "boot": "guest instructions from reset to user space on NVMe; base-protected: without the series",
    "map_benchmark": "nanoseconds of guest time, one for each instruction of any CPU",
    "wall": "nanoseconds of the host's time per map and unmap: an indication",
    "longest": "hypercall: [calls, instructions at EL2 of all calls, of the longest]",
    "locks": "times per map and unmap, guest instructions while EL2 holds the lock",
    "waits": "microseconds of guest time of a TLB sync: EL2's timeout, and the longest sync",
    "memory": "MiB, pages of 4 KiB, percent of the mapped memory",
}

# key: (target, description)
TARGETS = {
    "map_unmap_4k_strict_ratio": (1.5, "map + unmap of 4 KiB, strict, ours / native"),
    "nvme_randread_4k_qd32_ratio": (1.10, "NVMe 4 KiB random read, queue depth 32, ours / native"),
    "sg256_map_hypercalls": (2, "hypercalls to map a list of 256 segments"),
    "sg256_unmap_hypercalls": (2, "hypercalls to unmap a list of 256 segments"),
    "map_cost_1m_over_1k": (1.05, "map with a million pages mapped / with a thousand"),
    "el2_memory_percent": (0.2, "EL2's memory other than tables, % of the mapped memory"),
    "el2_longest_call_instructions": (100000, "longest hypercall for DMA, instructions"),
    "el2_longest_wait_us": (None, "EL2's timeout of a TLB sync, us"),
    "boot_instructions_ratio": (None, "boot to root on NVMe, ours / native"),
}


def progress(text):
    print(f"    {text}", flush=True)


def run(at_a_time):
    start = time.monotonic()
    raw, wholes = {}, []
    with concurrent.futures.ThreadPoolExecutor(at_a_time) as pool:
        def timed(section, name, function):
            began = time.monotonic()
            result = function(VARIANTS[name])
            progress(f"{section:<14} {name:<14} {time.monotonic() - began:4.0f}s")
            return section, name, result

        futures = [pool.submit(timed, section, name, function)
                   for section, function, names in PLAN for name in names]
        futures.append(pool.submit(lambda: ("boot", "base-protected",
                                            boottime.run(VARIANTS["ours"], "base"))))
        for f in concurrent.futures.as_completed(futures):
            section, name, result = f.result()
            raw.setdefault(section, {})[name] = result
        for name in list(raw["growth"]):
            whole = raw["growth"][name].pop("whole")
            raw["growth"][name] = raw["growth"][name]["levels"]
            if name.startswith("ours"):
                wholes.append(whole)
        memory = pool.submit(sections.memory, raw["growth"]["ours"])
        longest = pool.submit(sections.longest, wholes)
        raw["memory"], raw["longest"] = memory.result(), longest.result()
        raw["waits"] = sections.waits(raw["growth"]["ours"])

    order = {name: i for i, name in enumerate(VARIANTS)}
    for section, _, _ in PLAN:
        raw[section] = dict(sorted(raw[section].items(), key=lambda x: order.get(x[0], 99)))
    raw["dma_api"] = {v: {r[:3]: r[3] for r in results} for v, results in raw["dma_api"].items()}
    raw["seconds"] = time.monotonic() - start
    return raw


def summary(raw):
    dma, io_ = raw["dma_api"], raw["io"]
    pair = ("pci", "pair", 4096)
    levels = {r["live"]: r for r in raw["growth"]["ours"]}

    def hypercalls(op):
        return max(dma["ours"][d, op, 256]["hypercalls"] for d in ("pci", "soc", "soc1"))

    return {
        "map_unmap_4k_strict_ratio":
            dma["ours"][pair]["instructions"] / dma["native"][pair]["instructions"],
        "nvme_randread_4k_qd32_ratio":
            io_["ours"]["nvme-randread-4k-qd32"]["instructions"] /
            io_["native"]["nvme-randread-4k-qd32"]["instructions"],
        "sg256_map_hypercalls": hypercalls("sgmap"),
        "sg256_unmap_hypercalls": hypercalls("sgunmap"),
        "map_cost_1m_over_1k": levels[1 << 20]["map"] / levels[1 << 10]["map"],
        "el2_memory_percent": raw["memory"]["percent"],
        "el2_longest_call_instructions": max(f[2] for f in raw["longest"].values()),
        "el2_longest_wait_us": raw["waits"]["bound_us"],
        "boot_instructions_ratio":
            raw["boot"]["ours"]["instructions"] / raw["boot"]["native"]["instructions"],
    }


def to_json(raw, figures):
    out = {"summary": figures, "targets": {k: t for k, (t, _) in TARGETS.items()}, "units": UNITS}
    for key, value in raw.items():
        if key == "dma_api":
            value = {v: [{"device": d, "operation": op, "size": size, **said}
                         for (d, op, size), said in results.items()]
                     for v, results in value.items()}
        out[key] = value
    return out
