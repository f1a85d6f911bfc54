#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Boot the machine to a shell.  Ctrl-A X ends QEMU, Ctrl-A C is its monitor.
#
#   BASE=1            the base kernel, without the series
#   PROTECTED=0       not protected: the native arm-smmu driver
#   DTB=orin-plain    another device tree; MACHINE=plain-smmu=on properties
#   QEMU= KERNEL= APPEND= MEM= SMP= CPU= INITRD_EXTRA=

. "$(dirname "$0")/../lib/common.sh"

which=series
[ "${BASE:-0}" != 1 ] || which=base
"$ROOT/scripts/build/all.sh" $which
exec "$PYTHON" "$ROOT/tools/test/boot" $which
