#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# build-initramfs.sh series|base: what the machine boots into, with the modules
# of that kernel; see tools/test/guest/README.md for what is in it.

. "$(dirname "$0")/common.sh"

which=${1:-series}
case $which in
series)	s=$V ;;
base)	s=-base$V ;;
*)	die "build-initramfs.sh: no kernel '$which'" "series or base" ;;
esac
guest=$ROOT/tools/test/guest
out=$BUILD/initramfs$s.cpio.gz
bin=$BUILD/guest
lock "initramfs-$which$V"

(
	lock guest
	busybox()
	{
		"$ROOT/scripts/private-apt.sh" download busybox-static:arm64
		rm -rf "$BUILD/busybox"
		mkdir -p "$BUILD/busybox"
		dpkg-deb -x "$(find "$DL" -name 'busybox-static_*_arm64.deb' | sort -V | tail -1)" \
			"$BUILD/busybox"
	}
	[ -n "$(find "$BUILD/busybox" -path "*/bin/busybox" -type f 2>/dev/null)" ] ||
		step "fetch busybox" busybox

	programs()
	{
		local f
		rm -rf "$bin"
		mkdir -p "$bin"
		for f in "$guest"/src/*.c; do
			[ -e "$f" ] || continue
			"${CROSS}gcc" -O2 -Wall -Wextra -static -o "$bin/$(basename "$f" .c)" "$f" -lpthread
		done
		make -s -C "$ROOT/tools/pkvm-iommu" CC="${CROSS}gcc" LDFLAGS=-static O="$bin"
	}
	state=$(hash_text "$(hash_of "$guest/src" "$ROOT/tools/pkvm-iommu")" "$("${CROSS}gcc" --version | head -1)")
	if ! fresh guest "$state"; then
		step "build the guest's programs" programs
		stamp guest "$state"
	fi
)

state=$(hash_text "$(hash_of "$guest" "$ROOT/tools/pkvm-iommu" "$ROOT/scripts/build-initramfs.sh" "$ROOT/scripts/cpio.py" \
	"$BUILD/stamps/kernel-$which$V")")
if fresh "initramfs$s" "$state" && [ -f "$out" ]; then
	exit 0
fi

build()
{
	local root=$BUILD/initramfs$s m
	rm -rf "$root"
	mkdir -p "$root/bin" "$root/test" "$root/lib/modules"
	install -m 755 "$(find "$BUILD/busybox" -path "*/bin/busybox" -type f | head -1)" "$root/bin/busybox"
	install -m 755 "$guest/init" "$root/init"
	for m in lib.sh attacks.sh runner tests demo; do
		[ ! -e "$guest/$m" ] || cp -r "$guest/$m" "$root/test/"
	done
	find "$root/test" -type f -exec chmod 755 {} +
	[ -z "$(ls "$bin")" ] || cp "$bin"/* "$root/bin/"
	find "$BUILD/kernel$s" "$BUILD/modules$s" -name '*.ko' \
		-exec cp {} "$root/lib/modules/" \; 2>/dev/null || true
	"${CROSS}strip" --strip-debug "$root"/lib/modules/*.ko "$root"/bin/* 2>/dev/null || true
	"$PYTHON" "$ROOT/scripts/cpio.py" "$root" "$out"
}
step "build the initramfs ($which)" build
stamp "initramfs$s" "$state"
