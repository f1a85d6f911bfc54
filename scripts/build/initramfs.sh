#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# initramfs.sh series|base: build the initramfs with the modules of that kernel;
# tools/test/guest/README.md lists its contents.

. "$(dirname "$0")/../lib/common.sh"

which=${1:-series}
case $which in
series)	s=$V ;;
base)	s=-base$V ;;
*)	die "scripts/build/initramfs.sh: there is no kernel '$which'" "name series or base" ;;
esac
guest=$ROOT/tools/test/guest
out=$BUILD/initramfs$s.cpio.gz
bin=$BUILD/guest
lock "initramfs-$which$V"

(
	lock guest
	busybox()
	{
		"$ROOT/scripts/fetch/private-apt.sh" download busybox-static:arm64
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
			"${CROSS}gcc" -O2 -Wall -Wextra -static -o "$bin/$(basename "$f" .c)" "$f" -lpthread
		done
		for f in "$guest"/src/*/; do
			"${CROSS}gcc" -O2 -Wall -Wextra -static -o "$bin/$(basename "$f")" "$f"*.c -lpthread
		done
		make -s -C "$ROOT/tools/pkvm-iommu" CC="${CROSS}gcc" LDFLAGS=-static O="$bin"
	}
	state=$(hash_text "$(hash_of "$guest/src" "$ROOT/tools/pkvm-iommu")" "$("${CROSS}gcc" --version | head -1)")
	# all of them: a test may skip if a program is missing
	built()
	{
		local f
		for f in "$guest"/src/*.c "$guest"/src/*/ pkvm-iommu; do
			[ -x "$bin/$(basename "$f" .c)" ] || return 1
		done
	}
	if ! fresh guest "$state" || ! built; then
		step "build the guest's programs" programs
		stamp guest "$state"
	fi
)

state=$(hash_text "$(hash_of "$guest" "$ROOT/tools/pkvm-iommu" "$ROOT/scripts/build/initramfs.sh" \
	"$ROOT/scripts/build/pack-initramfs.sh" "$BUILD/stamps/kernel-$which$V")")
if fresh "initramfs$s" "$state" && [ -f "$out" ]; then
	exit 0
fi

# modules_of DIR: print the modules of the last build there
modules_of()
{
	[ -s "$1/modules.order" ] || die "there are no modules in $1" "rm $BUILD/stamps/kernel-$which$V, then make build"
	sed "s,\.o\$,.ko,; s,^,$1/," "$1/modules.order"
}

build()
{
	local root=$BUILD/initramfs$s m modules
	rm -rf "$root"
	mkdir -p "$root/bin" "$root/test" "$root/lib/modules"
	install -m 755 "$(find "$BUILD/busybox" -path "*/bin/busybox" -type f | head -1)" "$root/bin/busybox"
	install -m 755 "$guest/init" "$root/init"
	for m in lib.sh attacks.sh runner tests demo; do
		cp -r "$guest/$m" "$root/test/"
	done
	find "$root/test" -type f -exec chmod 755 {} +
	cp "$bin"/* "$root/bin/"
	# a missing module would make a test skip
	modules=$(modules_of "$BUILD/kernel$s" && modules_of "$BUILD/modules$s")
	xargs -d "\n" cp -t "$root/lib/modules" <<<"$modules"
	"${CROSS}strip" --strip-debug "$root"/lib/modules/*.ko "$root"/bin/*
	find "$root" -exec touch -h -d @0 {} +
	"$ROOT/scripts/build/pack-initramfs.sh" "$root" "$out"
}
step "build the initramfs ($which)" build
stamp "initramfs$s" "$state"
