# SPDX-License-Identifier: GPL-2.0-only
"""Devices: instructions per I/O or frame.

Each load runs twice, with a small and with a large number of operations. The difference
is the cost of the operations, without that of starting programs.
"""

import statistics

from . import boot

FIO = ("fio --name=x --filename={dev} --direct=1 --invalidate=0 --rw={rw} --bs={bs} "
       "--ioengine=libaio --iodepth={qd} --clocksource=clock_gettime --number_ios={n} --size={size}")
NVME = "/dev/nvme0n1"
SDMMC = "/dev/mmcblk0"


def fio(name, dev, rw, bs, qd, few, many):
    return [(name, n, FIO.format(dev=dev, rw=rw, bs=bs, qd=qd, n=n, size="48m"))
            for n in (few, many)]


def frames(name, length, few, many):
    return [(name, n, f"frames %a %b {n} {length}") for n in (few, many)]


LOADS = [
    *fio("nvme-randread-4k-qd1", NVME, "randread", "4k", 1, 100, 4100),
    *fio("nvme-randread-4k-qd32", NVME, "randread", "4k", 32, 100, 10100),
    *fio("nvme-randwrite-4k-qd1", NVME, "randwrite", "4k", 1, 100, 4100),
    *fio("nvme-randwrite-4k-qd32", NVME, "randwrite", "4k", 32, 100, 10100),
    *fio("nvme-read-128k-qd1", NVME, "read", "128k", 1, 20, 270),
    *fio("nvme-read-128k-qd32", NVME, "read", "128k", 32, 20, 270),
    *fio("nvme-write-128k-qd1", NVME, "write", "128k", 1, 20, 270),
    *fio("nvme-write-128k-qd32", NVME, "write", "128k", 32, 20, 270),
    *fio("sdmmc-read-128k", SDMMC, "read", "128k", 1, 5, 105),
    *fio("sdmmc-write-128k", SDMMC, "write", "128k", 1, 5, 105),
    *frames("nic-60", 60, 200, 2200),
    *frames("nic-1514", 1514, 200, 2200),
]


# A disk without storage: a request completes at once, and does not wait for a thread of
# the host.
NULL_NVME = ("-drive", "if=none,id=null,driver=null-co,size=64M,read-zeroes=on",
             "-device", "nvme,drive=null,serial=orin")


def run(variant, loads=None, **how):
    """Return {load: figures per operation}."""
    lines = [" ".join(str(w) for w in load) for load in loads or LOADS]
    counted = boot.boot(variant, "io", "bench-io", {"/bench/io": "\n".join(lines) + "\n"},
                        devices=("sd", "nic"), qemu=NULL_NVME, fio=True, **how)
    runs = {}
    for i, (name, ops, ms) in enumerate(counted.lines):
        r = counted.regions[i + 1]
        runs.setdefault(name, {}).setdefault(int(ops), []).append({
            "instructions": r["el0"] + r["el1"] + r["el2"], "el2_instructions": r["el2"],
            "hypercalls": r["hvc"], "milliseconds": int(ms)})
    results = {}
    for name, by_ops in runs.items():
        few, many = min(by_ops), max(by_ops)
        results[name] = {k: (middle(by_ops[many], k) - middle(by_ops[few], k)) / (many - few)
                         for k in by_ops[few][0]}
    return results


def middle(runs, key):
    return statistics.median(r[key] for r in runs)
