# SPDX-License-Identifier: GPL-2.0-only
"""Profile: instructions by function, at EL1 and at EL2.

EL2 executes the kernel's image at addresses of its own. The position of a block of code
in the image follows from its address in the machine's memory, relative to a block that
EL1 executes: without KASLR, the address of such a block is the one that it was linked
for.
"""

import bisect
import os
import subprocess
import tempfile

from orinlib import paths

from . import micro

KERNEL_TEXT = 0xffff800000000000


def symbols():
    """Return sorted [(address, name)] of the kernel's code and data, and the address of
    the start of the code."""
    out = subprocess.run(["nm", "-n", os.path.join(paths.kernel_dir(), "vmlinux")],
                         check=True, stdout=subprocess.PIPE, text=True).stdout
    found, text = [], 0
    for line in out.splitlines():
        address, kind, name = line.split(None, 2)
        if name == "_text":
            text = int(address, 16)
        if kind in "tTwWdDbBrR" and not name.startswith("$"):
            found.append((int(address, 16), name))
    return found, text


class Profile:
    """`functions`: [(level, function, instructions per operation)]; `locks`: [(name, times
    per operation, instructions while it is held on average, at most)]. A lock outside the
    kernel's image is that of a domain, in memory that EL2 allocated."""

    def __init__(self, variant, job):
        self.table, text = symbols()
        self.starts = [a for a, _ in self.table]
        with tempfile.NamedTemporaryFile("r", suffix=".profile") as f:
            counted = micro.boot_jobs(variant, [job, "- image - -"], "profile", append="nokaslr",
                                      plugin_options=f",profile={f.name}")
            lines = [line.split() for line in f]
        said = micro.parse(counted)
        self.operations = said[0][3]["operations"]
        self.functions = self.by_function([[int(w, 0) for w in x] for x in lines if x[0] != "lock"])
        # from a physical address to a linked one
        shift = text - said[1][3]["text"]
        self.locks = sorted(
            ((self.name(int(addr, 0) + shift) or "a domain's", int(times) / self.operations,
              int(insns) / int(times), int(most))
             for _, addr, times, insns, most in (x for x in lines if x[0] == "lock")),
            key=lambda x: -x[3])

    def name(self, address):
        if not self.starts[0] <= address <= self.starts[-1]:
            return None
        at, name = self.table[bisect.bisect_right(self.starts, address) - 1]
        name = name.replace("__kvm_nvhe_", "")
        return name if at == address else f"{name}+{address - at:#x}"

    def by_function(self, blocks):
        # the image is contiguous: most blocks have the same offset
        first, last = self.starts[0], self.starts[-1]
        votes = {}
        for el, vaddr, haddr, _ in blocks:
            if el == 1 and first <= vaddr <= last and haddr:
                votes[haddr - vaddr] = votes.get(haddr - vaddr, 0) + 1
        offset = max(votes, key=votes.get)

        found = {}
        for el, vaddr, haddr, insns in blocks:
            if insns:
                name = self.name(vaddr) or self.name(haddr - offset) or \
                    ("(a module)" if vaddr >= KERNEL_TEXT else "(elsewhere)")
                key = el, name.split("+")[0]
                found[key] = found.get(key, 0) + insns / self.operations
        return sorted(((el, name, n) for (el, name), n in found.items()), key=lambda x: -x[2])


def show(variant, job, lines=45):
    p = Profile(variant, job)
    total = sum(n for _, _, n in p.functions)
    print(f"\n{variant.label}: {job}: {total:.0f} instructions per operation, "
          f"{sum(n for el, _, n in p.functions if el == 2):.0f} of them at EL2")
    for el, name, n in p.functions[:lines]:
        print(f"{n:10.1f} {100 * n / total:5.1f}%  EL{el}  {name}")
    for name, times, held, most in p.locks:
        print(f"lock {name}: taken {times:.3g} times, held for {held:.0f} instructions on average, "
              f"at most {most}")
