# SPDX-License-Identifier: GPL-2.0-or-later
"""A machine under QEMU's qtest protocol, and its QOM properties by QMP.

No CPU runs: the test reads and writes physical memory and device registers,
and steps virtual time.
"""

import os
import shutil
import socket
import subprocess
import tempfile
import time

from orinlib.qmp import QMP, QMPError

START_TIMEOUT = 30


class Machine:
    def __init__(self, qemu, args):
        self.irq = {}       # output lines of the watched device: raised?
        self.dir = tempfile.mkdtemp(prefix="qtest-")
        names = [os.path.join(self.dir, n) for n in ("qtest", "qmp")]
        listeners = []
        for name in names:
            s = socket.socket(socket.AF_UNIX)
            s.bind(name)
            s.listen(1)
            s.settimeout(START_TIMEOUT)
            listeners.append(s)
        self.stderr = open(os.path.join(self.dir, "stderr"), "w+")
        self.proc = subprocess.Popen(
            [qemu, "-accel", "qtest", "-display", "none", "-nodefaults",
             "-serial", "null", "-qtest", "unix:" + names[0],
             "-qtest-log", "/dev/null",
             "-chardev", "socket,id=qmp,path=" + names[1],
             "-mon", "chardev=qmp,mode=control"] + args,
            stdin=subprocess.DEVNULL, stdout=self.stderr, stderr=self.stderr)
        try:
            self.qtest = self._accept(listeners[0]).makefile("rw")
            self.qmp = QMP(self._accept(listeners[1]))
        except Exception:
            self.close()
            raise
        finally:
            for s in listeners:
                s.close()

    def _accept(self, listener):
        deadline = time.monotonic() + START_TIMEOUT
        listener.settimeout(0.2)
        while True:
            try:
                conn = listener.accept()[0]
                conn.settimeout(START_TIMEOUT)
                return conn
            except socket.timeout:
                if self.proc.poll() is not None:
                    raise RuntimeError("QEMU did not start: " + self.log())
                if time.monotonic() > deadline:
                    raise

    def log(self):
        self.stderr.flush()
        self.stderr.seek(0)
        return self.stderr.read().strip()

    def close(self):
        self.proc.kill()
        self.proc.wait()
        self.stderr.close()
        shutil.rmtree(self.dir)

    # qtest

    def _command(self, line):
        self.qtest.write(line + "\n")
        self.qtest.flush()
        while True:
            answer = self.qtest.readline()
            if not answer:
                raise RuntimeError("QEMU exited: " + self.log())
            words = answer.split()
            if words[0] == "IRQ":
                self.irq[int(words[-1])] = words[1] == "raise"
                continue
            if words[0] != "OK":
                raise RuntimeError("%s: %s" % (line, answer))
            return words[1] if len(words) > 1 else None

    def read(self, addr, size=4):
        return int(self._command("read%s 0x%x" % (" bw l   q"[size], addr)), 0)

    def write(self, addr, value, size=4):
        self._command("write%s 0x%x 0x%x" % (" bw l   q"[size], addr, value))

    def fill(self, addr, size, byte):
        self._command("memset 0x%x 0x%x 0x%x" % (addr, size, byte))

    def watch_irqs(self, path):
        self._command("irq_intercept_out %s sysbus-irq" % path)

    def line(self, n):
        """Return True if the watched device's line n is raised."""
        self._command("endianness")
        return self.irq.get(n, False)

    def step(self, ns):
        self._command("clock_step %d" % ns)

    # QMP

    def execute(self, command, **arguments):
        try:
            return self.qmp.execute(command, **arguments)
        except QMPError as e:
            raise RuntimeError(f"{e}: {self.log()}") from e

    def get(self, path, prop):
        return self.execute("qom-get", path=path, property=prop)

    def set(self, path, prop, value):
        self.execute("qom-set", path=path, property=prop, value=value)
