# SPDX-License-Identifier: GPL-2.0-only
"""The machine on the host's side: where what was built lies, and QEMU's command
line for a boot.  Used by the test runner, `make boot` and `make demo` alike.

A Boot says what a boot is; the environment (QEMU, KERNEL, APPEND, MEM, SMP, CPU,
INITRD_EXTRA) overrides what it says. PLUGIN, a TCG plugin for QEMU with its
arguments, is loaded in each boot of the series; {name} there is the boot's.
"""

import hashlib
import os
import shutil
import subprocess
import sys
from dataclasses import dataclass, field

ROOT = os.path.realpath(os.path.join(os.path.dirname(__file__), "../../.."))
BUILD = os.environ.get("BUILD") or os.path.join(ROOT, "build")
OUT = os.environ.get("OUT") or os.path.join(ROOT, "out")

DISK = 64 << 20

# how Tegra234's manual calls the SMMUs, by their first instance
UNITS = {0x8000000: "niso1", 0x12000000: "niso0", 0x10000000: "iso"}


class Missing(Exception):
    """Something that a boot needs is not there."""


def env(name, default=None):
    """An empty variable is as good as none."""
    return os.environ.get(name) or default


def number(name, default):
    """An environment variable that is a number, hexadecimal with 0x."""
    try:
        return int(env(name, str(default)), 0)
    except ValueError:
        sys.exit(f"error: {name}={env(name)} is no number; {name}=N")


def smmu_unit(node):
    """How the manual calls the SMMU of a node like /bus@0/iommu@8000000, or at an
    address; None if it does not."""
    try:
        return UNITS.get(int(node.rsplit("@", 1)[-1], 16))
    except ValueError:
        return None


def scratch():
    """Where disk images go: into memory if there is room. The SD card's model
    waits for the file system, and the whole machine with it."""
    shm = "/dev/shm"
    try:
        room = os.statvfs(shm)
        if os.access(shm, os.W_OK) and room.f_bavail * room.f_frsize >= 2 << 30:
            return shm
    except OSError:
        pass
    return None


def variant():
    """Suffix of the build directories; scripts/lib/common.sh computes it."""
    if env("KERNEL_SRC") or env("BASE_VERSION") or \
       os.path.exists(os.path.join(BUILD, "base-version")):
        p = subprocess.run(
            ["bash", "-c", '. "$1"; printf %s "$V"', "-",
             os.path.join(ROOT, "scripts/lib/common.sh")],
            check=False, stdout=subprocess.PIPE, text=True)
        if p.returncode:
            sys.exit(1)         # and it has said why
        return p.stdout
    return ""


@dataclass
class Boot:
    name: str = "boot"
    kernel: str = "series"          # or base
    image: str = ""                 # in place of that kernel's
    mode: str = "protected"         # nvhe, vhe: not protected; none: no KVM
    cpu: str = "cortex-a76"
    mem: str = "2G"
    smp: int = 2
    dtb: str = "orin"
    machine: str = ""               # properties: "locked=a:b,passthrough=c"
    append: str = ""
    devices: list = field(default_factory=lambda: ["nvme", "sd", "nic"])
    qemu: list = field(default_factory=list)    # further arguments
    icount: bool = False            # guest time counts instructions
    root: str = ""                  # nvme, sd: root file system there, no initramfs
    init: str = "/init"             # there
    extra: str = ""                 # a directory, added to the initramfs or the root

    def override(self):
        self.mem = env("MEM", self.mem)
        self.smp = number("SMP", self.smp)
        self.cpu = env("CPU", self.cpu)
        return self


MODES = {
    "protected": "kvm-arm.mode=protected",
    "nvhe": "kvm-arm.mode=nvhe",
    "vhe": "",
    "none": "kvm-arm.mode=none",
}


def qemu_binary():
    return env("QEMU", os.path.join(BUILD, "qemu/qemu-system-aarch64"))


def need(path, what):
    if not os.path.exists(path):
        raise Missing(f"{what} is missing ({path}); make build")
    return path


def image(boot):
    suffix = ("-base" if boot.kernel == "base" else "") + variant()
    return boot.image or env("KERNEL", os.path.join(BUILD, "kernel" + suffix, "arch/arm64/boot/Image"))


def initramfs(boot, workdir):
    suffix = ("-base" if boot.kernel == "base" else "") + variant()
    path = need(os.path.join(BUILD, f"initramfs{suffix}.cpio.gz"), "the initramfs")
    extra = boot.extra or env("INITRD_EXTRA")
    if not extra:
        return path
    if not os.path.isdir(extra):
        raise Missing(f"INITRD_EXTRA={extra} is no directory")
    # the kernel unpacks archives that follow each other
    added = os.path.join(workdir, "extra.cpio.gz")
    subprocess.run([os.path.join(ROOT, "scripts/build/pack-initramfs.sh"), extra, added],
                   check=True)
    both = os.path.join(workdir, "initramfs.cpio.gz")
    with open(both, "wb") as out:
        for part in (path, added):
            with open(part, "rb") as f:
                out.write(f.read())
    return both


ROOTS = {
    "nvme": "root=/dev/nvme0n1",
    "sd": "root=/dev/mmcblk0",
}


def root_disk(boot, workdir, name):
    """A disk with the initramfs's files in an ext4 file system, and a list of
    their sums (/root.sha256)."""
    suffix = ("-base" if boot.kernel == "base" else "") + variant()
    mke2fs = shutil.which("mke2fs", path=os.environ.get("PATH", "") + ":/usr/sbin:/sbin")
    if not mke2fs:
        raise Missing("mke2fs is missing (package e2fsprogs)")
    tree = os.path.join(workdir, "root")
    shutil.copytree(need(os.path.join(BUILD, "initramfs" + suffix), "the initramfs's tree"), tree)
    extra = boot.extra or env("INITRD_EXTRA")
    if extra:
        shutil.copytree(extra, tree, dirs_exist_ok=True)
    for d in ("dev", "proc", "sys", "tmp", "run", "mnt"):
        os.makedirs(os.path.join(tree, d), exist_ok=True)
    sums = []
    for at, _, files in sorted(os.walk(tree)):
        for f in sorted(files):
            path = os.path.join(at, f)
            with open(path, "rb") as file:
                sums.append(f"{hashlib.sha256(file.read()).hexdigest()}  "
                            f"/{os.path.relpath(path, tree)}\n")
    with open(os.path.join(tree, "root.sha256"), "w", encoding="utf-8") as f:
        f.writelines(sums)
    path = disk(workdir, name)
    subprocess.run([mke2fs, "-q", "-F", "-t", "ext4", "-E", "root_owner=0:0", "-d", tree, path],
                   check=True, stdout=subprocess.DEVNULL)
    shutil.rmtree(tree)
    return path


def disk(workdir, name):
    path = os.path.join(workdir, name + ".img")
    with open(path, "wb") as f:
        f.truncate(DISK)
    return path


def command(boot, workdir, words=(), interactive=False):
    """QEMU's command line.  The console is stdin and stdout, QMP is the socket
    `qmp` in WORKDIR."""
    append = ["console=ttyAMA0", MODES[boot.mode], boot.append, *words, env("APPEND", "")]
    if boot.icount:
        append.append("icount")
    if boot.root:
        append += [ROOTS[boot.root], f"rootfstype=ext4 rw rootwait init={boot.init}"]
    machine = "orin" + ("," + boot.machine if boot.machine else "")
    cmd = [
        need(qemu_binary(), "QEMU"),
        "-M", machine, "-cpu", boot.cpu, "-smp", str(boot.smp), "-m", boot.mem,
        "-nodefaults", "-no-user-config", "-display", "none", "-no-reboot",
        "-kernel", need(image(boot), "the kernel"),
        "-dtb", need(os.path.join(BUILD, "dtb" + variant(), boot.dtb + ".dtb"),
                     "the device tree"),
        "-append", " ".join(" ".join(append).split()),
        "-serial", "chardev:console",
        "-qmp", f"unix:{workdir}/qmp,server=on,wait=off",
    ]
    if interactive:
        cmd += ["-chardev", "stdio,id=console,mux=on,signal=off", "-mon", "chardev=console"]
    else:
        cmd += ["-chardev", "stdio,id=console,signal=off"]
    if not boot.root:
        cmd += ["-initrd", initramfs(boot, workdir)]
    if boot.icount:
        cmd += ["-icount", "shift=0"]

    # of the series only, and not where QEMU's plugins and -icount do not go together
    if env("PLUGIN") and boot.kernel == "series" and not boot.icount:
        cmd += ["-plugin", env("PLUGIN").format(name=boot.name)]

    options = "format=raw,cache=unsafe"
    for dev in boot.devices:
        make = root_disk if dev == boot.root else lambda _, *where: disk(*where)
        if dev == "nvme":
            cmd += ["-drive", f"if=none,id=nvme,file={make(boot, workdir, 'nvme')},{options}",
                    "-device", "nvme,drive=nvme,serial=orin"]
        elif dev == "sd":
            cmd += ["-drive", f"if=sd,file={make(boot, workdir, 'sd')},{options}"]
        elif dev == "nic":
            # two cards on one wire
            for i in range(2):
                cmd += ["-netdev", f"hubport,id=wire{i},hubid=0",
                        "-device", f"e1000e,netdev=wire{i},mac=52:54:00:00:00:{i + 1:02x}"]
            if interactive:
                cmd += ["-netdev", "user,id=host",
                        "-netdev", "hubport,id=wire9,hubid=0,netdev=host"]
        else:
            raise Missing(f"{boot.name}: there is no device '{dev}'")
    return cmd + list(boot.qemu)
