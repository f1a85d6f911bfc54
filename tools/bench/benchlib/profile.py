# SPDX-License-Identifier: GPL-2.0-only
"""Where the instructions go: by function, at EL1 and at EL2.

EL2 executes the kernel's image at an address of its own. Where a block of code
lies in the image is known from where it lies in the machine's memory, as soon as
one block is known that EL1 executes; without KASLR its address is the one it was
linked for.
"""

import bisect
import os
import subprocess
import tempfile

from . import boot, micro

KERNEL_TEXT = 0xffff800000000000


def symbols():
    """Sorted [(address, name)] of the kernel's code."""
    out = subprocess.run(["nm", "-n", os.path.join(boot.kernel_dir(), "vmlinux")],
                         check=True, stdout=subprocess.PIPE, text=True).stdout
    found = []
    for line in out.splitlines():
        address, kind, name = line.split(None, 2)
        if kind in "tTwW" and not name.startswith("$"):
            found.append((int(address, 16), name))
    return found


def run(variant, job):
    """[(level, function, instructions per operation)] of a job for dmabench."""
    table = symbols()
    starts = [a for a, _ in table]
    first, last = starts[0], starts[-1]
    with tempfile.NamedTemporaryFile("r", suffix=".profile") as f:
        counted = micro.boot_jobs(variant, [job], "profile", append="nokaslr",
                                  plugin_options=f",profile={f.name}")
        blocks = [[int(w, 0) for w in line.split()] for line in f]
    ops = micro.parse(counted)[0][3]["operations"]

    # the image lies in one piece: most blocks agree
    votes = {}
    for el, vaddr, haddr, _ in blocks:
        if el == 1 and first <= vaddr <= last and haddr:
            votes[haddr - vaddr] = votes.get(haddr - vaddr, 0) + 1
    offset = max(votes, key=votes.get)

    found = {}
    for el, vaddr, haddr, insns in blocks:
        if not insns:
            continue
        for address in (vaddr, haddr - offset):
            if first <= address <= last:
                name = table[bisect.bisect_right(starts, address) - 1][1]
                break
        else:
            name = "(a module)" if vaddr >= KERNEL_TEXT else "(elsewhere)"
        key = el, name.replace("__kvm_nvhe_", "")
        found[key] = found.get(key, 0) + insns / ops
    return sorted(((el, name, n) for (el, name), n in found.items()), key=lambda x: -x[2])


def show(variant, job, lines=45):
    result = run(variant, job)
    total = sum(n for _, _, n in result)
    print(f"{variant.label}: {job}: {total:.0f} instructions per operation, of these at EL2 "
          f"{sum(n for el, _, n in result if el == 2):.0f}")
    for el, name, n in result[:lines]:
        print(f"{n:10.1f} {100 * n / total:5.1f}%  EL{el}  {name}")
