# SPDX-License-Identifier: GPL-2.0-only
"""Check that no operation takes more hypercalls than limits.toml allows. TAP lines."""

import os
import tomllib

from . import boot, micro
from .variants import VARIANTS

LIMITS = os.path.join(os.path.dirname(os.path.realpath(__file__)), "../limits.toml")
DEVICES = ["pci", "soc1"]
COUNT = 16


def run():
    with open(LIMITS, "rb") as f:
        table = tomllib.load(f)
    limits = {(op, int(size)): entry
              for op, sizes in table.items() for size, entry in sizes.items()}
    lines = ["soc1 hold 0 0"] + [f"{dev} {op} {size} {COUNT}"
                                 for dev in DEVICES for op, size in limits]
    bad = {}
    for name in ("ours", "ours-v7s"):
        try:
            said = micro.run_one(VARIANTS[name], lines, "check")
        except boot.Failed as e:
            print(f"not ok - {name}: hypercalls are counted # {e}")
            return 1
        seen = {(op, size) for _, op, size, _ in said}
        for key in set(limits) - seen:
            bad.setdefault(key, []).append(f"{name}: not measured")
        for dev, op, size, figures in said:
            key = op, size
            # without any hypercall, the operation was not counted
            if "error" in figures:
                bad.setdefault(key, []).append(f"{name}, {dev}: {figures['error']}")
            elif not 0 < figures["hypercalls"] <= limits[key]["hypercalls"]:
                bad.setdefault(key, []).append(f"{name}, {dev}: {figures['hypercalls']:.4g}")
    for (op, size), entry in limits.items():
        what = f"{op} {micro.name_of(op, size)}: takes at most {entry['hypercalls']} hypercalls"
        if (op, size) in bad:
            print(f"not ok - {what} # {'; '.join(bad[op, size])}; see {os.path.relpath(LIMITS)}")
        else:
            print(f"ok - {what}")
    return 1 if bad else 0
