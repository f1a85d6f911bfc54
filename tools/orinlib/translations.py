# SPDX-License-Identifier: GPL-2.0-only
"""The pages that devices accessed through the SMMUs, as the models log them.

A log has phases: the guest starts one with `HOST: mark PHASE`, and every page is logged
again in each phase.  Phase "boot" is the part before the first mark.
"""

import os
import re
from dataclasses import dataclass

LINE = re.compile(r"sid=(0x[0-9a-f]+) iova=(0x[0-9a-f]+) pa=(0x[0-9a-f]+) access=(\w) "
                  r"perm=(\w*) kind=(\S+)")


@dataclass(frozen=True)
class Translation:
    smmu: str
    sid: int
    iova: int
    pa: int
    access: str     # r, w
    kind: str

    def __str__(self):
        return (f"{self.smmu}: stream {self.sid:#x} at {self.iova:#x} to {self.pa:#x} "
                f"({self.access}, {self.kind})")


class TranslationLog:
    def __init__(self):
        self.files = {}                 # QOM path of the SMMU: file
        self.phases = {"boot": set()}
        self.bypassed = {}              # phase: transactions that bypassed SMMUs before it

    def start(self, qmp, workdir):
        for child in qmp.execute("qom-list", path="/machine"):
            if child["type"] == "child<arm-smmuv2>":
                path = "/machine/" + child["name"]
                self.files[path] = os.path.join(workdir, child["name"] + ".translations")
                qmp.execute("qom-set", path=path, property="translation-log",
                            value=self.files[path])

    def mark(self, qmp, phase):
        self.bypassed[phase] = self.count_bypass(qmp)
        for path in self.files:
            qmp.execute("qom-set", path=path, property="translation-log-mark", value=phase)

    def count_bypass(self, qmp):
        """Return how many transactions have bypassed the SMMUs since power-on."""
        count = sum(qmp.execute("qom-get", path=path, property="bypass-count")
                    for path in self.files)
        if any(c["name"] == "mc" for c in qmp.execute("qom-list", path="/machine")):
            count += qmp.execute("qom-get", path="/machine/mc", property="passthrough-count")
        return count

    def read(self):
        for path, name in self.files.items():
            phase = "boot"
            with open(name, encoding="utf-8") as f:
                for line in f:
                    if line.startswith("# "):
                        phase = line[2:].strip()
                        continue
                    m = LINE.match(line)
                    if m:
                        sid, iova, pa = (int(x, 16) for x in m.groups()[:3])
                        self.phases.setdefault(phase, set()).add(Translation(
                            os.path.basename(path), sid, iova, pa, m[4], m[6]))


class Ownership:
    """The pages that the host does not own, from lines `OWNED: phase start end owner`."""

    def __init__(self):
        self.maps = {}                  # phase: list of [(start, end, whose)]
        self.current = []

    def line(self, words):
        if words[1:] == ["end"]:
            self.maps.setdefault(words[0], []).append(self.current)
            self.current = []
        else:
            self.current.append((int(words[1], 16), int(words[2], 16), words[3]))

    @staticmethod
    def whose(ranges, page):
        return next((w for start, end, w in ranges if start <= page < end), None)

    def trespasses(self, translations):
        """Return (phase, translation, owner) of each translation to a page that the host
        did not own at the start and at the end of its phase, and how many were checked."""
        found = []
        checked = 0
        first = next(iter(self.maps.values()), [[]])[0]
        for phase, lines in translations.phases.items():
            maps = self.maps.get(phase)
            if maps is None:
                # before the first mark: the pages that EL2 has owned from the start, but
                # not "memory", which the host owned until EL2 took it
                maps = [[r for r in first if r[2] != "memory"]]
            for t in sorted(lines, key=str):
                checked += 1
                whose = [self.whose(m, t.pa) for m in maps]
                if all(whose):
                    found.append((phase, t, whose[0]))
        return found, checked
