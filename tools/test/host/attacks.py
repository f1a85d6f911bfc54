# SPDX-License-Identifier: GPL-2.0-only
"""The scenes of `make attack`: in which boots the attacks are tried, and what
the host looks at meanwhile that the guest cannot see.
"""

import os
from dataclasses import dataclass, field

from . import machine
from .console import Run
from .translations import Ownership

TIMEOUT = int(machine.env("ATTACK_TIMEOUT", "280"))


@dataclass
class Outcome:
    result: str         # open, stopped, n/a; anything else: it does not work
    why: str = ""


def parse(line):
    """(id, what was tried, Outcome) of `ATTACK: id result why what`."""
    words = line[8:].split("\t")
    if len(words) < 4:
        return line[8:], "", Outcome("broken", "the line cannot be read")
    ident, result, why, what = words[:4]
    return ident, what, Outcome(result, why)


@dataclass
class Scene:
    name: str
    test: str                                   # of guest/tests
    boot: dict = field(default_factory=dict)    # beyond the defaults of machine.Boot

    def play(self, kernel):
        """Returns what came of it by id, what went wrong, seconds."""
        outcomes, complaints = {}, []
        boot = machine.Boot(name=f"attack-{self.name}-{kernel}", kernel=kernel,
                            mode="protected", **self.boot).override()
        done = []
        ownership = Ownership()

        def on_line(line, _run):
            if line.startswith("ATTACK: "):
                ident, what, outcome = parse(line)
                outcomes[ident] = (what, outcome)
            elif line.startswith("OWNED: "):
                ownership.line(line[7:].split())
            elif line.startswith("TAP: done"):
                done.append(line)

        log = os.path.join(machine.OUT, "log", boot.name + ".log")
        run = Run(boot, [f"tests={self.test}", f"testlimit={TIMEOUT}"], TIMEOUT, log,
                  on_line, log_translations=True).run()
        complaints += self.look_back(run, kernel, outcomes, done)
        outcomes[f"log-{self.name}"] = self.compare(run, ownership)
        return outcomes, complaints, run.seconds

    @staticmethod
    def compare(run, ownership):
        """Page by page: what the model let through, and whose it was."""
        what = "what the devices reached, page by page, against what EL2 keeps from the host"
        translations = run.translations
        found, checked = ownership.trespasses(translations)
        if found:
            phase, translation, whose = found[0]
            return what, Outcome("open", f"{len(found)} of {checked}; {phase}: {translation}, "
                                         f"which is {whose}")
        if not checked or not ownership.maps:
            return what, Outcome("broken", "nothing was logged")
        around = run.stats.get("mc", {}).get("passthrough", 0)
        around += sum(s["bypassed"] for s in run.stats.get("smmu", {}).values())
        if around:
            return what, Outcome("open", f"{around} transactions went around the SMMUs")
        pages = sum((e - s) >> 12 for s, e, _w in next(iter(ownership.maps.values()))[0])
        return what, Outcome("stopped", f"{checked} translations in {len(translations.phases)} "
                                        f"phases, none to one of {pages} pages")

    def look_back(self, run, kernel, outcomes, done):
        """What the host finds after the run."""
        complaints = []
        if run.error:
            complaints.append(run.error)
        elif not done:
            complaints.append("the run did not come to its end")
        if kernel == "series" and run.violations != 0:
            first = (run.violation_lines or ["nothing says which"])[0]
            complaints.append(f"violations of the strict model: {run.violations}: {first}")
        return complaints


SCENES = [
    Scene("host", "attack"),
]
