# SPDX-License-Identifier: GPL-2.0-only
"""The table of tests (tools/test/tests.toml): boots of the machine and programs on
the host, and their results.
"""

import os
import re
import subprocess
import sys
import tomllib

from . import console, machine, paths, tap
from .console import Run
from .settings import settings
from .tap import Result

TABLE = os.path.join(paths.ROOT, "tools/test/tests.toml")
# any seed is valid; the tests are known to pass in this order
DEFAULT_SEED = 72371

BOOT_KEYS = {"kernel", "mode", "cpu", "mem", "smp", "dtb", "machine", "append",
             "devices", "qemu", "icount", "root"}
RUN_KEYS = {"tests", "timeout", "violations"}
HOST_KEYS = {"run", "timeout"}


def load(path=TABLE):
    with open(path, "rb") as f:
        table = tomllib.load(f)
    default = table.get("default", {})

    def known(name, entry, keys):
        unknown = set(entry) - keys
        if unknown:
            sys.exit(f"error: {path}: {name} has unknown keys: "
                     f"{', '.join(sorted(unknown))}; see its head")
        return entry

    entries = []
    for name, entry in table.get("boot", {}).items():
        entries.append(BootEntry(name, known(f"boot.{name}", {**default, **entry},
                                             BOOT_KEYS | RUN_KEYS)))
    for name, entry in table.get("host", {}).items():
        entries.append(HostEntry(name, known(f"host.{name}", entry, HOST_KEYS)))
    return entries


class BootEntry:
    def __init__(self, name, entry):
        self.name = name
        self.tests = entry.get("tests", ["all"])
        self.timeout = entry.get("timeout", 900)
        self.allowed = entry.get("violations", [])
        self.seed = 0
        self.boot = machine.Boot(
            name=name, **{k: v for k, v in entry.items() if k in BOOT_KEYS})

    def describe(self):
        b = self.boot
        return f"{b.kernel} kernel, {b.mode}, {b.cpu} x{b.smp}, {b.mem}" + \
            (f", {b.machine}" if b.machine else "") + ": " + " ".join(self.tests)

    def run(self):
        self.boot.override()
        results = []
        done = []

        def on_line(line, _run):
            if not line.startswith("TAP: "):
                return
            line = line[5:]
            result = tap.parse(line)
            if result:
                results.append(result)
            elif line.startswith("done "):
                done.append(int(line.split()[1]))

        words = [f"tests={','.join(self.tests)}", f"testseed={self.seed}"]
        log = os.path.join(paths.OUT, "log", self.name + ".log")
        run = Run(self.boot, words, self.timeout, log, on_line).run()
        results.append(self.ended(run, results, done))
        if run.qemu:
            results.append(self.no_violation(run))
            if self.isolated:
                results.append(self.nothing_opened(run))
        return results

    @property
    def isolated(self):
        """True if EL2 owns the SMMUs during the whole boot; not so in all boots of `states`."""
        b = self.boot
        return b.kernel == "series" and b.mode == "protected" and "states" not in self.tests

    @staticmethod
    def nothing_opened(run):
        """No register write made transactions bypass an SMMU, even if no device did DMA
        meanwhile."""
        name = "no write to an SMMU opened a bypass"
        smmus = run.stats.get("smmu", {})
        opened = {n: s["bypass_opened"] for n, s in smmus.items() if s.get("bypass_opened")}
        if not smmus:
            return Result(name, "not ok", "QEMU printed no counters")
        if opened:
            return Result(name, "not ok", ", ".join(f"{n}: {c}" for n, c in opened.items()))
        return Result(name, "ok")

    @staticmethod
    def ended(run, results, done):
        name = "the run completes"
        said = len(results)
        if run.error:
            return Result(name, "not ok", run.error)
        if not done:
            last = next((x for x in reversed(run.lines) if x.strip()), "nothing")
            return Result(name, "not ok", f"no 'TAP: done' after {said} results; last: {last}")
        if done[-1] != said:
            return Result(name, "not ok", f"the guest reported {done[-1]} results, {said} arrived")
        return Result(name, "ok")

    def no_violation(self, run):
        name = "no violation of the strict model"
        if run.violations is None:
            return Result(name, "not ok", "QEMU printed no count of violations")
        strange = [v for v in run.violation_lines
                   if not any(re.search(a["match"], v) for a in self.allowed)]
        if strange:
            return Result(name, "not ok", f"{run.violations} violations, the first: {strange[0]}")
        if not run.violations:
            return Result(name, "ok")
        if not run.violation_lines:
            return Result(name, "not ok", f"{run.violations}, but no line describes them")
        used = [a for a in self.allowed
                if any(re.search(a["match"], v) for v in run.violation_lines)]
        return Result(f"{name} except the expected ones ({'; '.join(a['why'] for a in used)})", "ok")


class HostEntry:
    """A program on the host.  Its results are the TAP lines that it prints; without
    any, its exit status. Status 77: something that it needs is missing."""

    def __init__(self, name, entry):
        self.name = name
        self.command = entry["run"]
        self.timeout = entry.get("timeout", 900)

    def describe(self):
        return f"on the host: {self.command}"

    def run(self):
        log = os.path.join(paths.OUT, "log", self.name + ".log")
        os.makedirs(os.path.dirname(log), exist_ok=True)
        environ = {**settings.environment(), "QEMU": paths.qemu_binary(),
                   "BUILD": paths.BUILD, "OUT": paths.OUT}
        p = subprocess.Popen(["bash", "-c", self.command], cwd=paths.ROOT, env=environ,
                             stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                             stderr=subprocess.STDOUT, text=True, errors="replace",
                             start_new_session=True)
        console.started(p)
        try:
            output, code = p.communicate(timeout=self.timeout)[0], p.returncode
        except subprocess.TimeoutExpired:
            # stops its children, too
            console.stop(p)
            output, code = p.communicate()[0], f"timed out after {self.timeout} seconds"
        finally:
            console.running.discard(p)
        with open(log, "w", encoding="utf-8") as f:
            f.write(f"$ {self.command}\n{output}")
        lines = [x for x in output.splitlines() if x.strip()]
        last = lines[-1].strip() if lines else "it printed nothing"
        results = [r for r in map(tap.parse, lines) if r]
        if code == 77:
            results.append(Result("all", "skip", last))
        elif code != 0 and not any(r.state == "not ok" for r in results):
            results.append(Result("succeeds", "not ok", f"{code}: {last}"))
        elif not results:
            results.append(Result("succeeds", "ok"))
        return results


def select(entries, wanted, seed=None):
    """Choose the entries that WANTED names. SEED determines the order of a boot's tests;
    None: DEFAULT_SEED, or the order in which tests are named."""
    for e in entries:
        if isinstance(e, BootEntry):
            e.seed = DEFAULT_SEED if seed is None else seed
    if not wanted:
        return entries
    by_name = {e.name: e for e in entries}
    chosen = {}             # entry: its tests to run
    for w in wanted:
        name, _, tests = w.partition(":")
        entry = by_name.get(name)
        if not entry:
            sys.exit(f"error: there is no entry '{name}'; tools/test/run -l lists all entries")
        if tests and not isinstance(entry, BootEntry):
            sys.exit(f"error: {name} is not a boot and has no tests to select; omit ':{tests}'")
        if tests and seed is None:
            entry.seed = 0
        some = chosen.setdefault(entry, [])
        some += [t for t in (tests.split(",") if tests else getattr(entry, "tests", []))
                 if t not in some]
    for entry, some in chosen.items():
        entry.tests = some
    return list(chosen)
