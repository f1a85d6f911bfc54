#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Build the device trees, build/dtb/*.dtb: those of the machine, tools/qemu/dts/*.dts,
# which include the kernel's tegra234.dtsi, and the kernel's for the boards in
# tools/jetson/boards.

. "$(dirname "$0")/../lib/common.sh"

dts=$ROOT/tools/qemu/dts
D=$BUILD/dtb$V
lock "dtb$V"
[ -d "$dts" ] || die "tools/qemu/dts is missing" "git checkout tools/qemu/dts"

nvidia=$LINUX/arch/arm64/boot/dts/nvidia
boards=$(awk '!/^#/ { print $2 }' "$ROOT/tools/jetson/boards")

# shellcheck disable=SC2046
state=$(hash_text "$(hash_of "$dts" "$ROOT/tools/jetson/boards" $(echo "$nvidia"/tegra234*) \
	"$LINUX/include/dt-bindings" "$ROOT/scripts/build/dtb.sh")")
if fresh "dtb$V" "$state" && [ -d "$D" ]; then
	exit 0
fi

build()
{
	local f b name
	mkdir -p "$D"
	set -- "$dts"/*.dts
	for b in $boards; do
		set -- "$@" "$nvidia/$b.dts"
	done
	for f in "$@"; do
		name=$(basename "$f" .dts)
		"${CROSS}cpp" -nostdinc -undef -D__DTS__ -x assembler-with-cpp \
			-I "$LINUX/include" -I "$LINUX/arch/arm64/boot/dts" \
			-I "$nvidia" \
			-I "$LINUX/scripts/dtc/include-prefixes" -I "$dts" \
			-o "$D/$name.tmp" "$f"
		dtc -@ -q -I dts -O dtb -o "$D/$name.dtb" "$D/$name.tmp"
		rm "$D/$name.tmp"
	done
}
step "build the device trees" build
stamp "dtb$V" "$state"
