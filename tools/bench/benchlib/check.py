# SPDX-License-Identifier: GPL-2.0-only
"""Do operations take more hypercalls than limits.toml allows? TAP lines."""

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
    failed = 0
    for name in ("ours", "ours-v7s"):
        try:
            said = micro.run_one(VARIANTS[name], lines, "check")
        except boot.Failed as e:
            print(f"not ok - {name}: hypercalls are counted # {e}")
            failed += 1
            continue
        # a count of none would be a count of nothing
        for dev, op, size, figures in said:
            limit = limits[op, size]["hypercalls"]
            what = f"{name}, {dev}: {op} {micro.name_of(op, size)}"
            if "error" in figures:
                print(f"not ok - {what} # {figures['error']}")
                failed += 1
            elif not 0 < figures["hypercalls"] <= limit:
                print(f"not ok - {what}: at most {limit} hypercalls # "
                      f"it takes {figures['hypercalls']:.4g}; {os.path.relpath(LIMITS)} has the reason")
                failed += 1
            else:
                print(f"ok - {what}: at most {limit} hypercalls")
        if len(said) != len(lines) - 1:
            print(f"not ok - {name}: all operations # {len(said)} of {len(lines) - 1} were measured")
            failed += 1
    return 1 if failed else 0
