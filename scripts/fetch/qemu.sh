#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Fetch QEMU 10.0, Debian's source package, which apt verifies, and meson if the machine's
# is too old; then run scripts/build/qemu.sh, which adds the machine's models.  QEMU= names
# a binary to use instead.

. "$(dirname "$0")/../lib/common.sh"

[ -z "${QEMU:-}" ] || {
	[ -x "$QEMU" ] || die "QEMU=$QEMU cannot be executed" "name a qemu-system-aarch64 with -M orin"
	exit 0
}

lock qemu
src=$BUILD/qemu-src
tools=$BUILD/tools/meson
packages=$tools/usr/lib/python3/dist-packages

unpack()
{
	local orig
	orig=$(find "$DL" -name 'qemu_10.0*.orig.tar.xz' | sort -V | tail -1)
	rm -rf "$src.new"
	mkdir -p "$src.new"
	tar -x -C "$src.new" --strip-components=1 -f "$orig"
	mv "$src.new" "$src"
}

if [ ! -x "$src/configure" ]; then
	if [ -z "$(find "$DL" -name 'qemu_10.0*.orig.tar.xz' 2>/dev/null)" ]; then
		step "download the source of QEMU" "$ROOT/scripts/fetch/private-apt.sh" source qemu
		[ -n "$(find "$DL" -name 'qemu_10.0*.orig.tar.xz')" ] ||
			die "trixie's QEMU is not 10.0" "copy qemu_10.0*.orig.tar.xz to $DL, or set QEMU="
	fi
	step "unpack QEMU" unpack
fi

has_meson()
{
	/usr/bin/python3 -c '
import sys
from importlib.metadata import version
import pycotap
sys.exit(tuple(int(x) for x in version("meson").split(".")[:2]) < (1, 5))' 2>/dev/null
}

meson()
{
	local p
	"$ROOT/scripts/fetch/private-apt.sh" download meson python3-pycotap
	mkdir -p "$tools"
	for p in meson python3-pycotap; do
		dpkg-deb -x "$(find "$DL" -name "${p}_*.deb" | sort -V | tail -1)" "$tools"
	done
}
has_meson || [ -d "$packages/mesonbuild" ] || step "fetch meson" meson

binary=$BUILD/qemu/qemu-system-aarch64
state=$(hash_text "$(hash_of "$ROOT/tools/qemu/src" "$ROOT/tools/qemu/patches" \
	"$ROOT/scripts/build/qemu.sh" "$src/VERSION")")
if fresh qemu "$state" && [ -x "$binary" ]; then
	exit 0
fi
export QEMU_SRC=$src QEMU_BUILD=$BUILD/qemu MESON_DIR=$packages
step "build QEMU $(cat "$src/VERSION")" "$ROOT/scripts/build/qemu.sh"
stamp qemu "$state"
