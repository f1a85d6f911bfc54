# SPDX-License-Identifier: GPL-2.0-only
"""Results of tests: the lines of a guest or a program, and out/test.tap."""

import re
from dataclasses import dataclass

LINE = re.compile(r"^(not ok|ok)\b *(?:\d+)? *-? *(.*?)(?: # *(.*))?$")


@dataclass
class Result:
    name: str
    state: str          # ok, not ok, skip
    reason: str = ""


def parse(line):
    """Parse a line `ok - NAME`, `not ok - NAME # REASON` or `ok - NAME # SKIP REASON`."""
    m = LINE.match(line)
    if not m:
        return None
    state, name, rest = m.group(1), m.group(2).strip(), (m.group(3) or "").strip()
    if rest.upper().startswith("SKIP"):
        return Result(name, "skip", rest[4:].lstrip(": "))
    return Result(name, state, rest)


class Report:
    """Prints the results of a program on the host."""

    def __init__(self):
        self.failed = 0

    def result(self, name, wrong=None):
        """Print a result; WRONG is the reason of a failure. Return True if it is ok."""
        self.failed += bool(wrong)
        print(f"not ok - {name} # {wrong}" if wrong else f"ok - {name}", flush=True)
        return not wrong


def count(results):
    states = [r.state for r in results]
    return tuple(states.count(s) for s in ("ok", "not ok", "skip"))


def summary(results):
    return "%d passed, %d failed, %d skipped" % count(results)


def write(path, groups):
    """Write the results. GROUPS: (name, results) in the order of the table."""
    total = sum(len(results) for _, results in groups)
    with open(path, "w", encoding="utf-8") as f:
        f.write(f"TAP version 13\n1..{total}\n")
        n = 0
        for group, results in groups:
            for r in results:
                n += 1
                what = "not ok" if r.state == "not ok" else "ok"
                tail = f" # SKIP {r.reason}" if r.state == "skip" else \
                       f" # {r.reason}" if r.reason else ""
                f.write(f"{what} {n} - {group}: {r.name}{tail}\n")
