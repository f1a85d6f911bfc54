# SPDX-License-Identifier: GPL-2.0-only
"""Devices at work: instructions for each I/O or frame.

Each load runs twice, for a small and for a large number of operations. The
difference is what the operations cost, without the start of programs.
"""

from . import boot

FIO = ("fio --name=x --filename={dev} --direct=1 --invalidate=0 --rw={rw} --bs={bs} "
       "--ioengine=libaio --iodepth={qd} --number_ios={n} --size={size}")
NVME = "/dev/nvme0n1"
SDMMC = "/dev/mmcblk0"


def fio(name, dev, rw, bs, qd, few, many):
    return [(name, n, FIO.format(dev=dev, rw=rw, bs=bs, qd=qd, n=n, size="48m"))
            for n in (few, many)]


def frames(name, length, few, many):
    return [(name, n, f"frames %a %b {n} {length}") for n in (few, many)]


LOADS = [
    *fio("nvme-randread-4k-qd1", NVME, "randread", "4k", 1, 100, 1100),
    *fio("nvme-randread-4k-qd32", NVME, "randread", "4k", 32, 100, 2100),
    *fio("nvme-randwrite-4k-qd1", NVME, "randwrite", "4k", 1, 100, 1100),
    *fio("nvme-randwrite-4k-qd32", NVME, "randwrite", "4k", 32, 100, 2100),
    *fio("nvme-read-128k-qd1", NVME, "read", "128k", 1, 20, 120),
    *fio("nvme-read-128k-qd32", NVME, "read", "128k", 32, 20, 120),
    *fio("nvme-write-128k-qd1", NVME, "write", "128k", 1, 20, 120),
    *fio("nvme-write-128k-qd32", NVME, "write", "128k", 32, 20, 120),
    *fio("sdmmc-read-128k", SDMMC, "read", "128k", 1, 5, 45),
    *fio("sdmmc-write-128k", SDMMC, "write", "128k", 1, 5, 45),
    *frames("nic-60", 60, 200, 2200),
    *frames("nic-1514", 1514, 200, 2200),
]


def run(variant, loads=None, **how):
    """{name: instructions, at EL2, hypercalls per operation}"""
    lines = [" ".join(str(w) for w in load) for load in loads or LOADS]
    counted = boot.boot(variant, "io", "bench-io", {"/bench/io": "\n".join(lines) + "\n"},
                        devices=("nvme", "sd", "nic"), fio=True, **how)
    results, first = {}, {}
    for i, (name, ops, ms) in enumerate(counted.lines):
        r = counted.regions[i + 1]
        now = {"ops": int(ops), "instructions": r["el0"] + r["el1"] + r["el2"],
               "el2_instructions": r["el2"], "hypercalls": r["hvc"], "milliseconds": int(ms)}
        if name not in first:
            first[name] = now
            continue
        was = first[name]
        n = now["ops"] - was["ops"]
        results[name] = {k: (now[k] - was[k]) / n for k in now if k != "ops"}
    return results, counted
