# SPDX-License-Identifier: GPL-2.0-only
"""Instructions from the kernel's first to the first of user space, with the root file
system on NVMe. Waiting does not count."""

import re

from . import boot


def run(variant, kernel="series"):
    counted = boot.boot(variant, f"boot-{kernel}", "bench-nothing", {}, root="nvme", init="/bin/first",
                        kernel=kernel)
    return {"instructions": counted.regions[1]["before"]}


RESERVED = re.compile(r"kvm \[\d+\]: Reserved (\d+) MiB")


def reserved_mib(variant, kernel, mem):
    """Return the memory that a protected kernel reserves for EL2 at boot."""
    counted = boot.boot(variant, f"reserved-{kernel}-{mem}", "bench-nothing", {}, mem=mem,
                        kernel=kernel, plugin=False)
    for line in counted.console:
        found = RESERVED.search(line)
        if found:
            return int(found.group(1))
    raise boot.Failed("the kernel's log does not say how much memory it reserves")
