#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Build qemu-system-aarch64 with the orin machine in it.
#
# Needs an unpacked QEMU 10.0 source tree and the packages to build it; neither is
# fetched here. Steps, each only if needed:
#
#   copy    tools/qemu/src/ into the source tree
#   patch   QEMU's files with tools/qemu/patches/, in the order of names
#   config  configure for one target and one machine
#   build   ninja
#
# Environment:
#   QEMU_SRC    source tree               (build/qemu-src)
#   QEMU_BUILD  build directory           (build/qemu)
#   MESON_DIR   Python packages with meson >= 1.5 and pycotap, if those of the
#               system are older          (build/tools/meson/usr/lib/python3/dist-packages)
#   JOBS        parallel jobs             (number of processors)

set -eu

top=$(cd "$(dirname "$0")/../.." && pwd)
src=${QEMU_SRC:-$top/build/qemu-src}
out=${QEMU_BUILD:-$top/build/qemu}
meson=${MESON_DIR:-$top/build/tools/meson/usr/lib/python3/dist-packages}
jobs=${JOBS:-$(nproc)}

step() {
	now=$(date +%s)
	[ -z "${what-}" ] || printf 'qemu: %-8s %3d s\n' "$what" $((now - since))
	what=${1-}
	since=$now
}

die() {
	echo "error: $*" >&2
	exit 1
}

[ -x "$src/configure" ] || die "there is no QEMU source in $src; run scripts/fetch/qemu.sh, or set QEMU_SRC=DIR"
case $(cat "$src/VERSION") in
10.0.*) ;;
*) die "$src is QEMU $(cat "$src/VERSION"), not 10.0; set QEMU_SRC= to a tree of 10.0" ;;
esac

# Two builds in one tree would disturb each other.
mkdir -p "$out"
exec 9>"$out/.orin-lock"
flock -n 9 || {
	echo "qemu: waiting for another build in $out" >&2
	flock 9
}

# Unchanged files keep their time, so that ninja rebuilds little.
put() {
	cmp -s "$1" "$2" || {
		mkdir -p "$(dirname "$2")"
		cp "$1" "$2"
	}
}

step copy
(cd "$top/tools/qemu/src" && find . -type f) | while read -r f; do
	put "$top/tools/qemu/src/$f" "$src/$f"
done

# Debian's source lacks the firmware images that meson.build names; they are not used
# here.
sed -n "s/^ *'\(edk2-.*\.fd\)',*$/\1/p" "$src/pc-bios/meson.build" |
while read -r f; do
	[ -e "$src/pc-bios/$f.bz2" ] || : >"$src/pc-bios/$f.bz2"
done

# Keep the original of each patched file. The patches are applied to copies of the
# originals, so that the source tree has either all patches or none.
step patch
orig=$src/.orin-orig
new=$src/.orin-new
rm -rf "$new"
mkdir -p "$orig" "$new"
sed -n 's,^--- a/,,p' "$top"/tools/qemu/patches/*.patch | sort -u | while read -r f; do
	[ -e "$orig/$f" ] || put "$src/$f" "$orig/$f"
done
cp -R "$orig/." "$new"
for p in "$top"/tools/qemu/patches/*.patch; do
	patch -s -f -d "$new" -p1 -r - <"$p" ||
		die "$(basename "$p") does not apply to $src; correct the patch, or remove $src if it was modified"
done
(cd "$new" && find . -type f ! -name '*.orig') | while read -r f; do
	put "$new/$f" "$src/$f"
done

has_meson() {
	"$@" /usr/bin/python3 -c '
import sys
from importlib.metadata import version
import pycotap
v = tuple(int(x) for x in version("meson").split(".")[:2])
sys.exit(v < (1, 5))' 2>/dev/null
}

if ! has_meson env; then
	has_meson env PYTHONPATH="$meson" ||
		die "meson 1.5 or pycotap is missing, and $meson does not have them; install them, or set MESON_DIR="
	PYTHONPATH=$meson
	export PYTHONPATH
fi

options="--target-list=aarch64-softmmu --with-devices-aarch64=orin \
--without-default-devices --without-default-features \
--disable-install-blobs --disable-docs --disable-werror --disable-debug-info \
--enable-system --enable-tcg --enable-fdt=system --enable-plugins --enable-pixman"
if pkg-config --exists slirp; then
	options="$options --enable-slirp"
fi

step config
if [ ! -e "$out/build.ninja" ] ||
   [ "$(cat "$out/.orin-options" 2>/dev/null)" != "$src $options" ]; then
	# shellcheck disable=SC2086
	(cd "$out" && "$src/configure" --python=/usr/bin/python3 $options) \
		>"$out/configure.log" 2>&1 ||
		{ tail -n 20 "$out/configure.log" >&2; die "configure failed; read $out/configure.log"; }
	echo "$src $options" >"$out/.orin-options"
fi

step build
ninja -C "$out" -j "$jobs" qemu-system-aarch64 >"$out/build.log" 2>&1 ||
	{ grep -A 20 -m 3 FAILED "$out/build.log" >&2 ||
	  tail -n 20 "$out/build.log" >&2; die "the build failed; read $out/build.log"; }
step
"$out/qemu-system-aarch64" --version | head -n 1
