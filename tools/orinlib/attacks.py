# SPDX-License-Identifier: GPL-2.0-only
"""The scenes of `make attack`: the boots in which attacks are tried, and checks by the
runner of what the guest cannot see.
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
    result: str         # open, stopped, n/a, firmware (see tools/test/attack); any other: it failed
    why: str = ""


def parse(line):
    """Parse `ATTACK: id result why what` into (id, what was tried, Outcome)."""
    words = line[8:].split("\t")
    if len(words) < 4:
        return line[8:], "", Outcome("broken", "its line on the console is malformed")
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
        """Compare each page that a device accessed with the owners of pages."""
        what = "DMA to any page that the host does not own, in the model's log of translations"
        log, maps = run.translations, self.ownership.maps
        found, checked = self.ownership.trespasses(log)
        if found:
            phase, translation, whose = found[0]
            return what, Outcome("open", f"{len(found)} of {checked}; {phase}: {translation}, "
                                         f"owned by {whose}")
        if not checked or not maps:
            return what, Outcome("broken", "no translation was logged")
        bypassed = run.stats.get("mc", {}).get("passthrough", 0) + \
            sum(s["bypassed"] for s in run.stats.get("smmu", {}).values())
        bypassed -= self.known_bypass(log)
        if bypassed:
            return what, Outcome("open", f"{bypassed} transactions bypassed the SMMUs")
        pages = sum((e - s) >> 12 for s, e, _w in next(iter(maps.values()))[0])
        return what, Outcome("stopped", f"{checked} translations in {len(log.phases)} phases, "
                                        f"none to one of {pages} pages")

    def known_bypass(self, log):        # pylint: disable=unused-argument
        """Return the number of bypassing transactions that another attack reports."""
        return 0

    def look_back(self, run):
        """Return other failures of the run."""
        complaints = []
        if run.error:
            complaints.append(run.error)
        elif not self.done:
            complaints.append("the run did not complete")
        if self.kernel == "series" and run.violations != 0:
            first = (run.violation_lines or ["no line describes them"])[0]
            complaints.append(f"violations of the strict model: {run.violations}: {first}")
        return complaints


# Address of the hypervisor's idle page with 2 GiB; the guest reports a different one.
SPARE_PAGE = 0xff9ff000
# Clients of the memory controller that firmware leaves in passthrough.
XUSB_HOSTW, NVDISPLAYR = 0x4b, 0x92


class PowerOn(Performance):
    """Bus masters that do DMA from power-on to a page that EL2 will own."""

    elsewhere = None        # address of the page, if not the expected one
    at_takeover = None      # transfers that had succeeded at takeover

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
        """COUNT transfers to the hypervisor's page have succeeded since takeover."""
        self.outcomes["boot-takeover"] = (
            "DMA to a hypervisor page by all four, from takeover until devices are attached",
            Outcome("open", f"{count} transfers succeeded") if count else
            Outcome("stopped", f"{self.at_takeover} transfers succeeded before takeover, none after"))

    def known_bypass(self, log):
        """Transactions before takeover, when the hypervisor did not own the page yet."""
        return next(iter(log.bypassed.values()))


class Frozen(Performance):
    """Firmware has locked clients in an open state, which the log must name: see the test."""

    def known_bypass(self, log):
        return sum(o.result == "firmware" for _what, o in self.outcomes.values())


class Panic(Performance):
    """The kernel panics while bus masters write: which accesses succeed after that?"""

    WHO = {0: ("panic-hyp", "DMA to a hypervisor page continues after a panic"),
           1: ("panic-guest", "DMA to a protected guest's page continues after a panic")}

    def on_line(self, line, run):
        super().on_line(line, run)
        if "Kernel panic - not syncing" in line and not self.done:
            self.done = True
            self.watch(run)
            run.end()

    def watch(self, run):
        time.sleep(0.3)         # until the other CPUs have stopped
        before = self.counts(run)
        time.sleep(1)
        after = self.counts(run)
        ok = {n: after[n][0] - before[n][0] for n in after}
        err = {n: after[n][1] - before[n][1] for n in after}
        for n, (ident, what) in self.WHO.items():
            if not ok[3]:
                outcome = Outcome("broken", "all DMA has stopped, even that to the host's own page")
            elif ok[n]:
                outcome = Outcome("open", f"{ok[n]} accesses succeeded")
            elif not err[n]:
                outcome = Outcome("broken", "no access was tried")
            else:
                outcome = Outcome("stopped", f"{err[n]} accesses were aborted; {ok[3]} accesses "
                                             "to the host's own page succeeded")
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
    test: str                                   # in guest/tests
    boot: dict = field(default_factory=dict)    # fields of machine.Boot
    performance: type = Performance

    def play(self, kernel):
        """Return the outcomes by id, failures of the run, and its seconds."""
        return self.performance(self, kernel).run()


SCENES = [
    Scene("host", "attack"),
    Scene("power-on", "attack-power-on", performance=PowerOn),
    Scene("frozen", "attack-frozen", {
        "machine": "no-override=aper:apew,passthrough=nvdisplay:xusb:sdmmc:nvenc,"
                   "locked=nvenc:aper:apew"}, Frozen),
    Scene("panic", "attack-panic", performance=Panic),
]
