# SPDX-License-Identifier: GPL-2.0-only
"""The description of a boot, and QEMU's command line for it.  Used by the test runner,
`make boot` and `make demo`.

The settings QEMU, KERNEL, APPEND, MEM, SMP, CPU and INITRD_EXTRA override fields of a
Boot.
"""

import hashlib
import os
import shutil
import subprocess
from dataclasses import dataclass, field

from . import paths
from .paths import Missing, need
from .settings import default, settings

DISK = 64 << 20

# names of the SMMUs in Tegra234's manual, by the address of their first instance
UNITS = {0x8000000: "niso1", 0x12000000: "niso0", 0x10000000: "iso"}


def smmu_unit(node):
    """Return the manual's name of the SMMU of a node like /bus@0/iommu@8000000, or at an
    address; None if it has none."""
    try:
        return UNITS.get(int(node.rsplit("@", 1)[-1], 16))
    except ValueError:
        return None


@dataclass
class Boot:
    name: str = "boot"
    kernel: str = "series"          # or base
    image: str = ""                 # instead of that kernel's
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
    root: str = ""                  # nvme, sd: disk with the root file system; no initramfs
    init: str = "/init"             # in that root file system
    extra: str = ""                 # directory to add to the initramfs or the root

    def override(self):
        self.mem = default(settings.mem, self.mem)
        self.smp = default(settings.smp, self.smp)
        self.cpu = default(settings.cpu, self.cpu)
        return self


MODES = {
    "protected": "kvm-arm.mode=protected",
    "nvhe": "kvm-arm.mode=nvhe",
    "vhe": "",
    "none": "kvm-arm.mode=none",
}


def image(boot):
    return boot.image or settings.kernel or paths.kernel_image(boot.kernel)


def initramfs(boot, workdir):
    path = need(paths.built("initramfs", boot.kernel) + ".cpio.gz", "the initramfs")
    extra = boot.extra or settings.initrd_extra
    if not extra:
        return path
    if not os.path.isdir(extra):
        raise Missing(f"INITRD_EXTRA={extra} is not a directory; name one")
    # the kernel unpacks concatenated archives
    added = os.path.join(workdir, "extra.cpio.gz")
    subprocess.run([os.path.join(paths.ROOT, "scripts/build/pack-initramfs.sh"), extra, added],
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
    mke2fs = shutil.which("mke2fs", path=os.environ.get("PATH", "") + ":/usr/sbin:/sbin")
    if not mke2fs:
        raise Missing("mke2fs is missing; install package e2fsprogs")
    tree = os.path.join(workdir, "root")
    shutil.copytree(need(paths.built("initramfs", boot.kernel), "the initramfs's tree"), tree)
    extra = boot.extra or settings.initrd_extra
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
    append = ["console=ttyAMA0", MODES[boot.mode], boot.append, *words, settings.append or ""]
    if boot.icount:
        append.append("icount")
    if boot.root:
        append += [ROOTS[boot.root], f"rootfstype=ext4 rw rootwait init={boot.init}"]
    machine = "orin" + ("," + boot.machine if boot.machine else "")
    cmd = [
        need(paths.qemu_binary(), "QEMU"),
        "-M", machine, "-cpu", boot.cpu, "-smp", str(boot.smp), "-m", boot.mem,
        "-nodefaults", "-no-user-config", "-display", "none", "-no-reboot",
        "-kernel", need(image(boot), "the kernel"),
        "-dtb", need(os.path.join(paths.built("dtb"), boot.dtb + ".dtb"),
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

    # with the series only; QEMU does not support plugins with -icount
    if settings.plugin and boot.kernel == "series" and not boot.icount:
        cmd += ["-plugin", settings.plugin.format(name=boot.name)]

    options = "format=raw,cache=unsafe"
    for dev in boot.devices:
        make = root_disk if dev == boot.root else lambda _, *where: disk(*where)
        if dev == "nvme":
            cmd += ["-drive", f"if=none,id=nvme,file={make(boot, workdir, 'nvme')},{options}",
                    "-device", "nvme,drive=nvme,serial=orin"]
        elif dev == "sd":
            cmd += ["-drive", f"if=sd,file={make(boot, workdir, 'sd')},{options}"]
        elif dev == "nic":
            # two connected cards
            for i in range(2):
                cmd += ["-netdev", f"hubport,id=wire{i},hubid=0",
                        "-device", f"e1000e,netdev=wire{i},mac=52:54:00:00:00:{i + 1:02x}"]
            if interactive:
                cmd += ["-netdev", "user,id=host",
                        "-netdev", "hubport,id=wire9,hubid=0,netdev=host"]
        else:
            raise Missing(f"{boot.name}: there is no device '{dev}'; use nvme, sd or nic")
    return cmd + list(boot.qemu)
