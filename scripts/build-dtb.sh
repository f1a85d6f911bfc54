#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Device trees of the machine: tools/qemu/dts/*.dts, which include the kernel's
# own tegra234.dtsi, into build/dtb/*.dtb.

. "$(dirname "$0")/common.sh"

dts=$ROOT/tools/qemu/dts
D=$BUILD/dtb$V
lock "dtb$V"
[ -d "$dts" ] || die "there are no device trees" "tools/qemu/dts is missing"

state=$(hash_text "$(hash_of "$dts" "$LINUX/arch/arm64/boot/dts/nvidia/tegra234.dtsi" \
	"$LINUX/include/dt-bindings" "$ROOT/scripts/build-dtb.sh")")
if fresh "dtb$V" "$state" && [ -d "$D" ]; then
	exit 0
fi

build()
{
	local f name
	mkdir -p "$D"
	for f in "$dts"/*.dts; do
		name=$(basename "$f" .dts)
		"${CROSS}cpp" -nostdinc -undef -D__DTS__ -x assembler-with-cpp \
			-I "$LINUX/include" -I "$LINUX/arch/arm64/boot/dts" \
			-I "$LINUX/arch/arm64/boot/dts/nvidia" \
			-I "$LINUX/scripts/dtc/include-prefixes" -I "$dts" \
			-o "$D/$name.tmp" "$f"
		dtc -@ -q -I dts -O dtb -o "$D/$name.dtb" "$D/$name.tmp"
		rm "$D/$name.tmp"
	done
}
step "build the device trees" build
stamp "dtb$V" "$state"
