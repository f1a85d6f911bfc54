# SPDX-License-Identifier: GPL-2.0-only
"""One run of the machine: start QEMU, read the guest's console line by line, answer the
guest's requests, write a log, and stop QEMU at a timeout.
"""

import atexit
import json
import os
import queue
import re
import shutil
import signal
import subprocess
import tempfile
import threading
import time

from . import machine, paths
from .qmp import QMP, QMPError, value_of
from .translations import TranslationLog

# colours and cursor movements
ESCAPE = re.compile(r"\x1b\[[0-9;?]*[a-zA-Z]|[\x00-\x08\x0b-\x1f]")

# Lines that must not be on the console.  The guest checks its kernel's log itself; these
# are for failures that stop it before it can.
DEATH = re.compile(r"(Kernel panic - not syncing.*|.*[Hh][Yy][Pp] panic.*|"
                   r"Internal error: .*|Unable to handle kernel .*|BUG: .*|"
                   r"kernel BUG at .*)")
VIOLATIONS = re.compile(r"^orin: violations: (\d+)")
VIOLATION = re.compile(r"violation: (.*)")

# processes to stop when the runner is interrupted
running = set()
stopping = threading.Event()


def started(process):
    running.add(process)
    if stopping.is_set():
        process.kill()


def stop(process):
    """Stop a process, and its session if it leads one: SIGTERM, so that it can clean up,
    and then SIGKILL."""
    try:
        signal_all = os.killpg if os.getsid(process.pid) == process.pid else os.kill
    except ProcessLookupError:
        return

    def send(number):
        try:
            signal_all(process.pid, number)
        except ProcessLookupError:
            pass

    send(signal.SIGTERM)
    try:
        process.wait(10)
    except subprocess.TimeoutExpired:
        pass
    send(signal.SIGKILL)


@atexit.register
def stop_all():
    stopping.set()
    stoppers = [threading.Thread(target=stop, args=(p,)) for p in list(running)]
    for t in stoppers:
        t.start()
    for t in stoppers:
        t.join()


class Run:
    """After run(): `lines` (of the console), `seconds`, `violations` (None if QEMU printed
    no count), `violation_lines`, `error` (why the run is not valid)."""

    def __init__(self, boot, words, timeout, log, on_line=None, log_translations=False):
        self.boot, self.words, self.timeout = boot, words, timeout
        self.log_path = log
        self.on_line = on_line or (lambda line, run: None)
        self.lines = []
        self.violations = None
        self.violation_lines = []
        self.error = None
        self.death = None
        self.seconds = 0.0
        self.qemu = self.qmp = None
        self.stderr_last = ""
        self.stats = {}                 # counters of the models, at the end
        self.translations = TranslationLog() if log_translations else None

    def run(self):
        os.makedirs(os.path.dirname(self.log_path), exist_ok=True)
        self.workdir = tempfile.mkdtemp(prefix="orin-", dir=paths.scratch())
        self.start = time.monotonic()
        try:
            with open(self.log_path, "w", encoding="utf-8") as self.log:
                self._run()
        finally:
            shutil.rmtree(self.workdir, ignore_errors=True)
            self.seconds = time.monotonic() - self.start
        return self

    def elapsed(self):
        return time.monotonic() - self.start

    def _run(self):
        try:
            command = machine.command(self.boot, self.workdir, self.words)
            if self.translations:
                command.append("-S")
        except paths.Missing as e:
            self.error = str(e)
            return
        self.log.write("$ " + " ".join(
            f"'{w}'" if re.search(r"[^\w.,:=/+-]", w) else w for w in command) + "\n")
        self.qemu = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
            stderr=subprocess.PIPE)
        started(self.qemu)
        said = queue.Queue()
        for stream, name in ((self.qemu.stdout, "console"), (self.qemu.stderr, "stderr")):
            threading.Thread(target=self._pump, args=(stream, name, said),
                             daemon=True).start()
        refused = None
        try:
            if self.translations:
                # the machine is not started yet: no translation is missed
                self.translations.start(self._qmp(), self.workdir)
                self._qmp().execute("cont")
        except (OSError, QMPError) as e:
            refused = e
            self.qemu.kill()
        open_streams = 2
        while open_streams:
            if not self.error and self.elapsed() > self.timeout:
                self.error = f"timed out after {self.timeout} seconds"
                self._end()
            try:
                name, line = said.get(timeout=1)
            except queue.Empty:
                continue
            if line is None:
                open_streams -= 1
            elif name == "stderr":
                self._stderr(line)
            else:
                self._console(line)
        code = self.qemu.wait()
        running.discard(self.qemu)
        if refused:
            self.error = f"{refused}: {self.last_error()}"
            return
        if self.translations:
            self.translations.read()
        if code and not self.error:
            self.error = f"QEMU exited with status {code}: {self.last_error()}"
        if not self.error and self.death:
            self.error = self.death

    def _pump(self, stream, name, said):
        for raw in iter(stream.readline, b""):
            said.put((name, raw.decode("utf-8", "replace").rstrip("\r\n")))
        said.put((name, None))

    def property(self, path, name):
        """Return a property of a device model, while the machine runs."""
        return self._qmp().execute("qom-get", path=path, property=name)

    def end(self):
        """Stop the run; for on_line."""
        self._end()

    def _end(self):
        """Ask QEMU to quit, so that it prints its violations; kill it if it does not."""
        try:
            self._qmp().execute("quit")
            self.qemu.wait(10)
        except (OSError, QMPError, ValueError, subprocess.TimeoutExpired):
            self.qemu.kill()

    def last_error(self):
        return self.stderr_last or "it printed no message"

    def _stderr(self, line):
        self.log.write(f"qemu: {line}\n")
        m = VIOLATIONS.match(line)
        if m:
            self.violations = int(m.group(1))
        elif VIOLATION.search(line):
            self.violation_lines.append(line)
        elif line.startswith("orin: stats: "):
            self.stats = json.loads(line[13:])
        elif line.startswith("qemu"):
            self.stderr_last = line

    def _console(self, line):
        line = ESCAPE.sub("", line)
        self.lines.append(line)
        self.log.write(line + "\n")
        self.log.flush()
        m = DEATH.search(line)
        if m and not self.death:
            self.death = m.group(1)
        if line.startswith("HOST: "):
            self._answer(line[6:].split())
        self.on_line(line, self)

    def _answer(self, words):
        try:
            answer = self._do(words)
        except (OSError, QMPError, ValueError, IndexError) as e:
            answer = f"failed {e}"
        self.log.write(f"host: {answer}\n")
        try:
            self.qemu.stdin.write((answer + "\n").encode())
            self.qemu.stdin.flush()
        except BrokenPipeError:
            pass

    def _qmp(self):
        for _ in range(200):
            if self.qmp or self.qemu.poll() is not None:
                break
            try:
                self.qmp = QMP.connect(os.path.join(self.workdir, "qmp"))
            except OSError:
                # QEMU has not created the socket yet
                time.sleep(0.05)
        if not self.qmp:
            raise QMPError("QEMU did not open its QMP socket")
        return self.qmp

    def _do(self, words):
        if words[0] == "qom-set":
            self._qmp().execute("qom-set", path=words[1], property=words[2],
                             value=value_of(words[3]))
            return "ok"
        if words[0] == "qom-get":
            value = self._qmp().execute("qom-get", path=words[1], property=words[2])
            if isinstance(value, bool):
                value = "on" if value else "off"
            return f"ok {value}"
        if words[0] == "mark":
            if self.translations:
                self.translations.mark(self._qmp(), words[1])
            return "ok"
        return f"failed unknown request: {words[0]}"
