#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Build Debian packages for a Jetson with Orin, in out/jetson: the kernel with its
# modules and device trees, and the command pkvm-iommu.  tools/jetson/board.md
# describes how to install them.
#
#   jetson.sh            build the packages: arm64's defconfig, half an hour on two cores
#   jetson.sh config     only configure; print the name of the file
#
#   CONFIG="FILE..."     only these options instead of defconfig and
#                        tools/jetson/*.config, to try this script in minutes:
#                        CONFIG="tools/test/config/orin.config" scripts/build/jetson.sh

. "$(dirname "$0")/../lib/common.sh"

[ -f "$LINUX/Kbuild" ] || die "there is no kernel source in $LINUX" "make fetch"

CONFIG=${CONFIG:-}
if [ -n "$CONFIG" ]; then
	J=$BUILD/jetson-$(hash_text "$CONFIG" | cut -c1-8)$V
	default=allnoconfig
	options=$CONFIG
else
	J=$BUILD/jetson$V
	default=defconfig
	options=$(ls "$ROOT"/tools/jetson/*.config)
fi
src=$LINUX
O=$J/kernel
# its `fragments` and configure() are for the tests' kernels and not used here
. "$(dirname "$0")/../lib/kbuild.sh"
lock "$(basename "$J")"

make_config()
{
	local opt
	mkdir -p "$O"
	# shellcheck disable=SC2086
	cat $options >"$J/fragment"
	if [ $default = allnoconfig ]; then
		kmake KCONFIG_ALLCONFIG="$J/fragment" allnoconfig
	else
		kmake $default
		# the last line of an option takes effect
		for opt in $(sed -n 's/^# \(CONFIG_[A-Za-z0-9_]*\) is not set$/\1/p; s/^\(CONFIG_[A-Za-z0-9_]*\)=.*/\1/p' \
			"$J/fragment"); do
			sed -i "/^$opt=/d; /^# $opt is not set\$/d" "$O/.config"
		done
		cat "$J/fragment" >>"$O/.config"
		kmake olddefconfig
	fi
}

# Print each line of the fragments that the configuration lacks
wrong()
{
	local line opt
	grep -E '^CONFIG_|^# CONFIG_.* is not set$' "$J/fragment" | while IFS= read -r line; do
		case $line in
		*=*)	grep -qxF "$line" "$O/.config" || echo "$line" ;;
		*)	opt=${line#\# }
			! grep -q "^${opt%% *}=" "$O/.config" || echo "$line" ;;
		esac
	done
}

# shellcheck disable=SC2086
state=$(hash_text "$default" "$(hash_of $options "$ROOT/scripts/build/jetson.sh" "$ROOT/scripts/lib/kbuild.sh")" \
	"$(git -C "$LINUX" ls-files -z '*Kconfig*' arch/arm64/configs/defconfig |
		(cd "$LINUX" && xargs -0 cat) | sha256sum)" "$compiler")
name=$(basename "$J")-config
if ! fresh "$name" "$state" || [ ! -f "$O/.config" ]; then
	log=$(step "configure the kernel for a Jetson" make_config)
	echo "$log" >&2
	missing=$(wrong)
	[ -z "$missing" ] || [ $default = allnoconfig ] ||
		die "tools/jetson/*.config has options that do not take effect: $(echo "$missing" | paste -sd, | sed 's/,/, /g')" \
		    "remove these options, or enable their dependencies"
	stamp "$name" "$state"
fi
if [ "${1:-}" = config ]; then
	echo "$O/.config"
	exit 0
fi

EXTRA_PACKAGES="debhelper dpkg-dev libdw-dev" "$ROOT/scripts/fetch/packages.sh"

# the part of a package's name that depends on the kernel, and its version
release=$(kmake kernelrelease)

packages()
{
	rm -f "$J"/*.deb
	kmake -j"$JOBS" KDEB_PKGVERSION="$(kmake kernelversion)-1" DEB_BUILD_PROFILES="pkg.linux-upstream.nokernelheaders pkg.linux-upstream.nokerneldbg" \
		bindeb-pkg
}

# Boot loaders need an image that EFI can start, which must not be compressed
uncompress()
{
	local root=$J/image
	rm -rf "$root"
	dpkg-deb -R "$1" "$root"
	cp "$O/arch/arm64/boot/Image" "$root/boot/vmlinuz-$release"
	(cd "$root" && find . -type f ! -path './DEBIAN/*' -printf '%P\0' | sort -z | xargs -0 md5sum >DEBIAN/md5sums)
	dpkg-deb --build --root-owner-group "$root" "$1"
	rm -rf "$root"
}

command()
{
	local root=$J/command deb
	deb=$J/pkvm-iommu_$release-1_arm64.deb
	rm -rf "$root"
	mkdir -p "$root/DEBIAN"
	make -s -C "$ROOT/tools/pkvm-iommu" CC="${CROSS}gcc" LDFLAGS="-static -s" O="$J" \
		DESTDIR="$root" PREFIX=/usr install
	gzip -9n "$root/usr/share/man/man8/pkvm-iommu.8"
	cat >"$root/DEBIAN/control" <<-EOF
	Package: pkvm-iommu
	Version: $release-1
	Architecture: arm64
	Maintainer: $KBUILD_BUILD_USER <$KBUILD_BUILD_USER@$KBUILD_BUILD_HOST>
	Section: admin
	Priority: optional
	Description: show what the protected KVM hypervisor does with its IOMMUs
	EOF
	dpkg-deb --build --root-owner-group "$root" "$deb"
}

# Check the contents of the packages; print what is missing
contents()
{
	local image=$1 list magic board dtb
	list=$(dpkg-deb -c "$image" | awk '{ print $6 }')
	has()
	{
		grep -qE "$1" <<<"$list" || die "$(basename "$image") has no $2" "read $BUILD/log"
	}
	has "^\./boot/vmlinuz-$release\$" "kernel"
	has "^\./boot/config-$release\$" "configuration"
	has "^\./(usr/)?lib/modules/$release/.*\.ko\$" "module"
	while read -r board dtb _; do
		case $board in
		\#*|'')	continue ;;
		esac
		has "^\./usr/lib/linux-image-$release/nvidia/${dtb//+/\\+}\.dtb\$" "device tree for $board"
	done <"$ROOT/tools/jetson/boards"
	# read all of its output: a broken pipe would be a failure
	[ "$(dpkg-deb --fsys-tarfile "$image" | tar -xO "./boot/config-$release" |
		grep -cx CONFIG_ARM_SMMU_KVM=y)" = 1 ] ||
		die "the kernel in $(basename "$image") has no CONFIG_ARM_SMMU_KVM=y" "enable it in tools/jetson/jetson.config"
	# Documentation/arch/arm64/booting.rst, and the header of an EFI program
	magic=$(dpkg-deb --fsys-tarfile "$image" | tar -xO "./boot/vmlinuz-$release" |
		od -An -v -tx1 | sed -n '1p; 4p' | tr -d ' \n')
	case $magic in
	4d5a*41524d64*)	;;
	*41524d64*)	! grep -qx CONFIG_EFI=y "$O/.config" ||
				die "the kernel in $(basename "$image") is not an EFI program ($magic)" "enable CONFIG_EFI in tools/jetson/jetson.config" ;;
	*)		die "the kernel in $(basename "$image") is not an arm64 image ($magic)" "read $BUILD/log" ;;
	esac
	echo "    $(grep -c '\.ko' <<<"$list") modules, $(grep -c '\.dtb$' <<<"$list") device trees"
}

step "build the packages for a Jetson ($release)" packages
step "package the command pkvm-iommu" command
image=$(find "$J" -maxdepth 1 -name "linux-image-$release"'_*_arm64.deb')
[ -n "$image" ] || die "there is no linux-image-$release in $J" "read $BUILD/log"
step "put the uncompressed kernel into its package" uncompress "$image"
contents "$image"

mkdir -p "$OUT/jetson"
rm -f "$OUT"/jetson/*.deb
cp "$image" "$J"/pkvm-iommu_*.deb "$OUT/jetson/"
(cd "$OUT/jetson" && sha256sum -- *.deb >SHA256SUMS && ls -sh -- *.deb)
