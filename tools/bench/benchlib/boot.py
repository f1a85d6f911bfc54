# SPDX-License-Identifier: GPL-2.0-only
"""A boot of the machine with the counting plugin, and its figures."""

import glob
import json
import os
import shutil
import tempfile

from orinlib import machine, paths, tap
from orinlib.console import Run
from orinlib.settings import settings


class Failed(Exception):
    """A boot without valid figures."""


def bench_dir(*below):
    return os.path.join(paths.BUILD, "bench", *below)


HERE = os.path.dirname(os.path.realpath(__file__))


def extra_tree(files, fio):
    """Return a directory to add to the initramfs; FILES is {path: text}."""
    tree = tempfile.mkdtemp(prefix="orin-bench-", dir=paths.scratch())
    shutil.copytree(bench_dir("bin"), os.path.join(tree, "bin"))
    shutil.copytree(os.path.join(HERE, "../guest/tests"), os.path.join(tree, "test/tests"))
    os.makedirs(os.path.join(tree, "lib/modules"))
    modules = bench_dir(os.path.basename(paths.kernel_dir()))
    for path in glob.glob(f"{modules}/*.ko") + glob.glob(f"{modules}/test/**/*.ko", recursive=True):
        shutil.copy(path, os.path.join(tree, "lib/modules"))
    if fio:
        shutil.copytree(bench_dir("fio"), tree, dirs_exist_ok=True)
    user = settings.initrd_extra
    if user:
        shutil.copytree(user, tree, dirs_exist_ok=True)
    for path, text in files.items():
        path = os.path.join(tree, path.lstrip("/"))
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "w", encoding="utf-8") as f:
            f.write(text)
    return tree


class Counted:
    """After a boot: `lines` (of words after `BENCH:`), `regions` {number: dict},
    `whole` (region 0), `seconds`, `stats` of the models, `console`."""

    def __init__(self):
        self.lines = []
        self.regions = {}
        self.whole = None
        self.console = []
        self.seconds = 0.0
        self.stats = {}


# The plugin with several CPUs needs a boot without -icount: see elcount.c.
def boot(variant, what, tests, files, devices=("nvme",), smp=1, plugin=True, icount=None,
         timeout=300, mem="2G", append="", root="", init="/init", fio=False, kernel="series",
         dtb="", props="", plugin_options="", qemu=()):
    name = f"bench-{what}-{variant.name}"
    tree = extra_tree(files, fio)
    counts = tree + ".counts"
    arguments = [*qemu, *variant.qemu]
    if plugin:
        arguments += ["-plugin", f"{bench_dir()}/elcount.so,out={counts}{plugin_options}"]
    image = ""
    if kernel == "base":
        image = paths.kernel_image("base")
    if icount is None:
        icount = smp == 1 or not plugin
    b = machine.Boot(name=name, kernel=kernel, image=image, mode=variant.mode, dtb=dtb or variant.dtb,
                     append=f"{variant.append} {append}", cpu="cortex-a76,cntfrq=1000000000",
                     smp=smp, mem=mem, icount=icount, machine=props, devices=list(devices),
                     qemu=arguments, root=root, init=init, extra=tree)
    results, done = Counted(), []
    bad = []

    def on_line(line, _run):
        if line.startswith("BENCH: "):
            results.lines.append(line[7:].split())
        elif line.startswith("TAP: done"):
            done.append(line)
        elif line.startswith("TAP: "):
            r = tap.parse(line[5:])
            if r and r.state == "not ok":
                bad.append(f"{r.name}: {r.reason}")

    log = os.path.join(paths.OUT, "log", name + ".log")
    try:
        run = Run(b, [f"tests={tests}", f"testlimit={timeout}"], timeout, log, on_line).run()
        results.seconds = run.seconds
        results.console = run.lines
        results.stats = run.stats
        why = run.error or (bad and bad[0]) or (not done and "the run did not complete")
        if why:
            raise Failed(f"{name}: {why}; see {os.path.relpath(log)}")
        if plugin:
            with open(counts, encoding="utf-8") as f:
                for line in f:
                    r = json.loads(line)
                    results.regions[r["n"]] = r
            results.whole = results.regions.pop(0)
    finally:
        shutil.rmtree(tree, ignore_errors=True)
        if os.path.exists(counts):
            os.unlink(counts)
    return results
