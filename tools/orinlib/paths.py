# SPDX-License-Identifier: GPL-2.0-only
"""Where the repository, what was built and what a run leaves lie."""

import os
import subprocess
import sys

from .settings import settings

ROOT = os.path.realpath(os.path.join(os.path.dirname(__file__), "../.."))
BUILD = settings.build or os.path.join(ROOT, "build")
OUT = settings.out or os.path.join(ROOT, "out")


class Missing(Exception):
    """Something that a boot needs is not there."""


def need(path, what):
    if not os.path.exists(path):
        raise Missing(f"{what} is missing ({path}); make build")
    return path


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
    if settings.kernel_src or settings.base_version or \
       os.path.exists(os.path.join(BUILD, "base-version")):
        p = subprocess.run(
            ["bash", "-c", '. "$1"; printf %s "$V"', "-",
             os.path.join(ROOT, "scripts/lib/common.sh")],
            check=False, stdout=subprocess.PIPE, text=True)
        if p.returncode:
            sys.exit(1)         # and it has said why
        return p.stdout
    return ""


def built(name, kernel="series"):
    """build/NAME of the series or of the base kernel, of this variant."""
    return os.path.join(BUILD, name + ("-base" if kernel == "base" else "") + variant())


def kernel_image(kernel="series"):
    return os.path.join(built("kernel", kernel), "arch/arm64/boot/Image")


def kernel_dir():
    """Where the kernel was built that KERNEL= names, an Image in its build directory;
    without one, the series' kernel. scripts/lib/common.sh has the same for shell."""
    image = settings.kernel or ""
    directory = image.removesuffix("/arch/arm64/boot/Image")
    return os.path.realpath(built("kernel") if directory == image else directory)


def qemu_binary():
    return settings.qemu or os.path.join(BUILD, "qemu/qemu-system-aarch64")
