# SPDX-License-Identifier: GPL-2.0-or-later
"""Fixtures of the models' tests, and a TAP line for each test.

QEMU=FILE selects the QEMU to test; the default is the one in build/.
"""

import os
import subprocess
import tempfile

import pytest

from orinlib.paths import Missing, need, qemu_binary

EMPTY_TREE = """/dts-v1/;
/ { #address-cells = <2>; #size-cells = <2>; compatible = "test"; };
"""


@pytest.fixture(scope="session")
def qemu():
    try:
        return need(qemu_binary(), "QEMU")
    except Missing as e:
        pytest.exit(f"error: {e}, or QEMU=FILE", 1)


@pytest.fixture(scope="session")
def dtb():
    """An empty device tree."""
    with tempfile.TemporaryDirectory() as scratch:
        path = os.path.join(scratch, "empty.dtb")
        subprocess.run(["dtc", "-q", "-I", "dts", "-O", "dtb", "-o", path],
                       input=EMPTY_TREE.encode(), check=True)
        yield path


class Tap:
    """Print a TAP line when a test ends, besides pytest's own output."""

    def __init__(self, terminal):
        self.terminal = terminal
        self.number = 0
        self.failed = {}

    def pytest_collection_finish(self, session):
        if not session.config.option.collectonly:
            self.terminal.write_line(f"1..{len(session.items)}")

    def pytest_report_teststatus(self, report):
        """Suppress pytest's dot for each test."""
        return report.outcome if report.failed or report.when == "call" else "", "", ""

    def pytest_runtest_logreport(self, report):
        if report.failed and report.nodeid not in self.failed:
            message = getattr(report.longrepr, "reprcrash", None)
            self.failed[report.nodeid] = message.message.splitlines()[0] if message else "failed"

    def pytest_runtest_logfinish(self, nodeid):
        self.number += 1
        path, _, name = nodeid.partition("::")
        model = path.rpartition("/")[2].removeprefix("test_").removesuffix(".py")
        name = name.removeprefix("test_").replace("_", " ")
        why = self.failed.get(nodeid)
        self.terminal.write_line(f"not ok {self.number} - {model}: {name} # {why}" if why else
                                 f"ok {self.number} - {model}: {name}")


@pytest.hookimpl(trylast=True)         # after the terminal reporter is registered
def pytest_configure(config):
    terminal = config.pluginmanager.getplugin("terminalreporter")
    config.pluginmanager.register(Tap(terminal), "tap")
