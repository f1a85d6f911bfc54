# SPDX-License-Identifier: GPL-2.0-only
"""The figures of the README's picture: tools/pictures/cost.tsv."""

import os
import subprocess

from orinlib import paths
from orinlib.settings import settings

PICTURES = os.path.join(paths.ROOT, "tools/pictures")
# settings that select another kernel or another machine
OTHERS = ("KERNEL", "KERNEL_SRC", "BASE_VERSION", "QEMU", "MEM", "SMP", "CPU", "APPEND")

# (series, what, section, key)
ROWS = [
    ("yes", "map and unmap 4 KiB, strict", "dma_api", ("pci", "pair", 4 << 10)),
    ("yes", "map and unmap 2 MiB, in pages of 4 KiB", "dma_api", ("pci", "pair", 2 << 20)),
    ("yes", "map a list of 256 single pages", "dma_api", ("pci", "sgmap", 256)),
    ("yes", "unmap that list", "dma_api", ("pci", "sgunmap", 256)),
    ("yes", "NVMe, random reads of 4 KiB, depth 32", "io", "nvme-randread-4k-qd32"),
    ("yes", "boot, until the root file system is on NVMe", "boot", None),
    ("no", "boot, protected without the series", "boot", None),
]


def rows(raw):
    for series, what, section, key in ROWS:
        results = raw[section]
        ours = results["ours" if series == "yes" else "base-protected"]
        ours, native = (r["instructions"] if key is None else r[key]["instructions"]
                        for r in (ours, results["native"]))
        count = f"{ours:.0f}" if section == "dma_api" else "-"
        yield f"{ours / native:.2f}\t{count}\t{series}\t{what}\n"


def update(raw):
    """Write cost.tsv and draw it, unless another kernel or machine was measured."""
    others = settings.given(OTHERS)
    if others:
        print(f"==> tools/pictures/cost.tsv is not updated: {', '.join(others)} is set")
        return
    path = os.path.join(PICTURES, "cost.tsv")
    with open(path, encoding="utf-8") as f:
        head = [line for line in f if line.startswith("#")]
    with open(path, "w", encoding="utf-8") as f:
        f.writelines([*head, *rows(raw)])
    subprocess.run([os.path.join(PICTURES, "draw")], check=True, stdout=subprocess.DEVNULL)
