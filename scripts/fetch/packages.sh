#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Install the Debian packages that a build needs and this machine lacks.
# Their names are printed first.  NO_APT=1: only print them.
#
# For Debian 12 and 13: with the native compiler on arm64, and with a cross compiler on
# amd64 and other machines.

. "$(dirname "$0")/../lib/common.sh"

common="bc bison ca-certificates cpio cpp curl device-tree-compiler e2fsprogs flex gcc git graphviz kmod
	libc6-dev libelf-dev libssl-dev make mandoc patch perl python3 rsync xz-utils zstd
	libfdt-dev libglib2.0-dev libpixman-1-dev libslirp-dev ninja-build pkg-config
	python3-pytest python3-venv zlib1g-dev"
case $HOST_ARCH in
arm64)	compiler="" ;;
*)	compiler="gcc-aarch64-linux-gnu libc6-dev-arm64-cross" ;;
esac

command -v dpkg-query >/dev/null && command -v apt-get >/dev/null ||
	die "apt is missing" "use Debian 12 or 13, or install: $common $compiler"

missing=
for p in $common $compiler ${EXTRA_PACKAGES:-}; do
	s=$(dpkg-query -W -f='${db:Status-Status}' "$p" 2>/dev/null || true)
	case $p:$s in
	*:installed) ;;
	# in Debian 13, pkgconf provides pkg-config
	pkg-config:*) command -v pkg-config >/dev/null || missing="$missing $p" ;;
	*)	missing="$missing $p" ;;
	esac
done
[ -n "$missing" ] || exit 0

echo "==> Debian packages needed and missing:$missing"
if [ "${NO_APT:-0}" = 1 ]; then
	die "packages are missing, and NO_APT=1 is set" "apt-get install$missing"
fi

as_root=
if [ "$(id -u)" != 0 ]; then
	command -v sudo >/dev/null ||
		die "packages are missing, and sudo is not installed" "run as root: apt-get install$missing"
	as_root=sudo
fi

lock apt
export DEBIAN_FRONTEND=noninteractive
install()
{
	# shellcheck disable=SC2086
	$as_root env DEBIAN_FRONTEND=noninteractive apt-get -y -q -o Dpkg::Use-Pty=0 \
		install --no-install-recommends $missing
}
update()
{
	$as_root apt-get -q update
}
# let sudo ask for the password before output goes to a log
[ -z "$as_root" ] || sudo -v || die "packages are missing, and sudo failed" "run as root: apt-get install$missing"
step "apt-get update" update
step "apt-get install" install
