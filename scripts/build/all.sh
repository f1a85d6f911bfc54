#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Fetch and build everything that a boot needs: packages, sources, QEMU, both kernels,
# device trees, initramfs images.  If all is up to date, this takes a second or two.
#
#   all.sh [series|base]     only what a boot of that kernel needs

. "$(dirname "$0")/../lib/common.sh"

S=$ROOT/scripts
start=$SECONDS

"$S/fetch/packages.sh"
"$S/fetch/kernel.sh"
"$S/series/apply.sh"
"$S/fetch/qemu.sh"
"$S/build/dtb.sh"
for which in ${1:-base series}; do
	"$S/build/kernel.sh" "$which"
	"$S/build/initramfs.sh" "$which"
done
[ $((SECONDS - start)) -lt 10 ] || echo "==> all is built ($((SECONDS - start))s)"
