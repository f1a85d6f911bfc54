# SPDX-License-Identifier: GPL-2.0-only
"""Paths of the repository, of built files, and of the output of runs."""

import os
import subprocess
import sys

from .settings import settings

ROOT = os.path.realpath(os.path.join(os.path.dirname(__file__), "../.."))
BUILD = settings.build or os.path.join(ROOT, "build")
OUT = settings.out or os.path.join(ROOT, "out")


class Missing(Exception):
    """A file that a boot needs does not exist."""


def need(path, what):
    if not os.path.exists(path):
        raise Missing(f"{what} is missing ({path}); make build")
    return path


def scratch():
    """Return the directory for disk images: memory if there is room, because the model of
    the SD card, and with it the machine, waits for the file system."""
    shm = "/dev/shm"
    try:
        room = os.statvfs(shm)
        if os.access(shm, os.W_OK) and room.f_bavail * room.f_frsize >= 2 << 30:
            return shm
    except OSError:
        pass
    return None


def variant():
    """Return the suffix of the build directories, which scripts/lib/common.sh computes."""
    if settings.kernel_src or settings.base_version or \
       os.path.exists(os.path.join(BUILD, "base-version")):
        p = subprocess.run(
            ["bash", "-c", '. "$1"; printf %s "$V"', "-",
             os.path.join(ROOT, "scripts/lib/common.sh")],
            check=False, stdout=subprocess.PIPE, text=True)
        if p.returncode:
            sys.exit(1)         # it has printed the reason
        return p.stdout
    return ""


def built(name, kernel="series"):
    """Return build/NAME of the series or of the base kernel, of this variant."""
    return os.path.join(BUILD, name + ("-base" if kernel == "base" else "") + variant())


def kernel_image(kernel="series"):
    return os.path.join(built("kernel", kernel), "arch/arm64/boot/Image")


def kernel_dir():
    """Return the build directory of the kernel whose Image KERNEL= names, or of the
    series' kernel. scripts/lib/common.sh has the same function for shell."""
    image = settings.kernel or ""
    directory = image.removesuffix("/arch/arm64/boot/Image")
    return os.path.realpath(built("kernel") if directory == image else directory)


def qemu_binary():
    return settings.qemu or os.path.join(BUILD, "qemu/qemu-system-aarch64")
