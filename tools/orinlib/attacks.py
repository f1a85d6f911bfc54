# SPDX-License-Identifier: GPL-2.0-only
"""The scenes of `make attack`: in which boots the attacks are tried, and what
the host looks at meanwhile that the guest cannot see.
"""

import os
import re
import time
from dataclasses import dataclass, field

from . import machine, paths
from .console import Run
from .settings import default, settings
from .translations import Ownership

TIMEOUT = default(settings.attack_timeout, 280)


@dataclass
class Outcome:
    result: str         # open, stopped, n/a, firmware (see the attack program); else it does not work
    why: str = ""


def parse(line):
    """(id, what was tried, Outcome) of `ATTACK: id result why what`."""
    words = line[8:].split("\t")
    if len(words) < 4:
        return line[8:], "", Outcome("broken", "the line cannot be read")
    ident, result, why, what = words[:4]
    return ident, what, Outcome(result, why)


class Performance:
    """One boot of a scene, while it runs."""

    def __init__(self, scene, kernel):
        self.scene, self.kernel = scene, kernel
        self.outcomes = {}
        self.ownership = Ownership()
        self.done = False
        self.boot = machine.Boot(name=f"attack-{scene.name}-{kernel}", kernel=kernel,
                                 mode="protected", **scene.boot).override()
        self.words = [f"tests={scene.test}", f"testlimit={TIMEOUT}"]

    def run(self):
        log = os.path.join(paths.OUT, "log", self.boot.name + ".log")
        run = Run(self.boot, self.words, TIMEOUT, log, self.on_line, log_translations=True).run()
        complaints = self.look_back(run)
        self.outcomes[f"log-{self.scene.name}"] = self.compare(run)
        return self.outcomes, complaints, run.seconds

    def on_line(self, line, _run):
        if line.startswith("ATTACK: "):
            ident, what, outcome = parse(line)
            self.outcomes[ident] = (what, outcome)
        elif line.startswith("OWNED: "):
            self.ownership.line(line[7:].split())
        elif line.startswith("TAP: done"):
            self.done = True

    def compare(self, run):
        """Page by page: what the model let through, and whose it was."""
        what = "what devices reached, page by page, against what EL2 keeps from the host"
        log, maps = run.translations, self.ownership.maps
        found, checked = self.ownership.trespasses(log)
        if found:
            phase, translation, whose = found[0]
            return what, Outcome("open", f"{len(found)} of {checked}; {phase}: {translation}, "
                                         f"which is {whose}")
        if not checked or not maps:
            return what, Outcome("broken", "nothing was logged")
        around = run.stats.get("mc", {}).get("passthrough", 0) + \
            sum(s["bypassed"] for s in run.stats.get("smmu", {}).values())
        around -= self.known_around(log)
        if around:
            return what, Outcome("open", f"{around} transactions went around the SMMUs")
        pages = sum((e - s) >> 12 for s, e, _w in next(iter(maps.values()))[0])
        return what, Outcome("stopped", f"{checked} translations in {len(log.phases)} phases, "
                                        f"none to one of {pages} pages")

    def known_around(self, log):        # pylint: disable=unused-argument
        """Transactions around the SMMUs that are accounted for elsewhere."""
        return 0

    def look_back(self, run):
        """What else the host finds after the run."""
        complaints = []
        if run.error:
            complaints.append(run.error)
        elif not self.done:
            complaints.append("the run did not come to its end")
        if self.kernel == "series" and run.violations != 0:
            first = (run.violation_lines or ["nothing says which"])[0]
            complaints.append(f"violations of the strict model: {run.violations}: {first}")
        return complaints


# Where the hypervisor's idle page is with 2 GiB. If not, the guest says where.
SPARE_PAGE = 0xff9ff000
# Clients of the memory controller that firmware leaves in passthrough.
XUSB_HOSTW, NVDISPLAYR = 0x4b, 0x92


class PowerOn(Performance):
    """Bus masters that do DMA from power-on to a page that EL2 will have."""

    elsewhere = None        # where the page is, if not where it was looked for
    at_takeover = None      # transfers that were let through until then

    def __init__(self, scene, kernel, page=SPARE_PAGE):
        super().__init__(scene, kernel)
        to = f"addr={page:#x}:len=8:period-us=2000"
        masters = [f"0:{to}:write=on",
                   f"1:{to}:write=on:client={XUSB_HOSTW:#x}",
                   f"2:{to}:client={NVDISPLAYR:#x}",
                   f"3:{to}:write=on"]
        self.boot.machine = "busmaster-boot=" + ";".join(masters)
        self.words.append(f"attack_page={page:#x}")
        self.page = page

    def run(self):
        result = super().run()
        if self.page == SPARE_PAGE and self.elsewhere:
            again = PowerOn(self.scene, self.kernel, self.elsewhere).run()
            return again[0], again[1], result[2] + again[2]
        return result

    def on_line(self, line, run):
        if line.startswith("SPARE: "):
            self.elsewhere = int(line[7:], 16)
        if self.at_takeover is None and re.search(r"arm-smmu-kvm: \d+ SMMUs", line):
            self.at_takeover = self.let_through(run)
        if line.startswith("TAP: done") and self.at_takeover is not None:
            self.since_takeover(self.let_through(run) - self.at_takeover)
        super().on_line(line, run)

    @staticmethod
    def let_through(run):
        return sum(run.property(f"/machine/busmaster{n}", "ok-count") for n in range(4))

    def since_takeover(self, count):
        """All that they do now leads to the page of the hypervisor."""
        self.outcomes["boot-takeover"] = (
            "all of them, from takeover until everything is attached",
            Outcome("open", f"{count} transfers were let through") if count else
            Outcome("stopped", f"{self.at_takeover} transfers before takeover, none after"))

    def known_around(self, log):
        """Before takeover the page was nobody's yet."""
        return next(iter(log.around.values()))


class Frozen(Performance):
    """Firmware has frozen clients in a bad state: what follows is said, see the test."""

    def known_around(self, log):
        return sum(o.result == "firmware" for _what, o in self.outcomes.values())


class Panic(Performance):
    """The kernel dies while bus masters write: who is let through after that?"""

    WHO = {0: ("panic-hyp", "DMA to a hypervisor page goes on after a panic"),
           1: ("panic-guest", "DMA to a protected guest's page goes on after a panic")}

    def on_line(self, line, run):
        super().on_line(line, run)
        if "Kernel panic - not syncing" in line and not self.done:
            self.done = True
            self.watch(run)
            run.end()

    def watch(self, run):
        time.sleep(0.3)         # the other processors stop
        before = self.counts(run)
        time.sleep(1)
        after = self.counts(run)
        ok = {n: after[n][0] - before[n][0] for n in after}
        err = {n: after[n][1] - before[n][1] for n in after}
        for n, (ident, what) in self.WHO.items():
            if not ok[3]:
                outcome = Outcome("broken", "no DMA goes on: not even to the host's own page")
            elif ok[n]:
                outcome = Outcome("open", f"it was let through {ok[n]} times")
            elif not err[n]:
                outcome = Outcome("broken", "it was not tried")
            else:
                outcome = Outcome("stopped", f"aborted {err[n]} times; the host's own page "
                                             f"was reached {ok[3]} times")
            self.outcomes[ident] = (what, outcome)

    @staticmethod
    def counts(run):
        return {n: tuple(run.property(f"/machine/busmaster{n}", p)
                         for p in ("ok-count", "err-count")) for n in (0, 1, 3)}

    def look_back(self, run):
        if run.error == run.death and "sysrq triggered crash" in (run.death or ""):
            run.error = None
        return super().look_back(run)


@dataclass
class Scene:
    """A boot, on either kernel."""

    name: str
    test: str                                   # of guest/tests
    boot: dict = field(default_factory=dict)    # beyond the defaults of machine.Boot
    performance: type = Performance

    def play(self, kernel):
        """Returns what came of it by id, what went wrong, seconds."""
        return self.performance(self, kernel).run()


SCENES = [
    Scene("host", "attack"),
    Scene("power-on", "attack-power-on", performance=PowerOn),
    Scene("frozen", "attack-frozen", {
        "machine": "no-override=aper:apew,passthrough=nvdisplay:xusb:sdmmc:nvenc,"
                   "locked=nvenc:aper:apew"}, Frozen),
    Scene("panic", "attack-panic", performance=Panic),
]
