#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Get the base kernel as a git repository with one commit, tagged `base`.
#
# It is either Debian's newest linux-source-$BASE_VERSION (apt verifies it), or the tree
# that KERNEL_SRC= names: a git repository or not, it is copied and never changed.
# If Debian no longer has $BASE_VERSION, and the user did not set it, it is the newest
# version that the series applies to; build/base-version then has its number.
# An existing base is kept; UPDATE=1 checks whether Debian has a newer one.

. "$(dirname "$0")/../lib/common.sh"
. "$(dirname "$0")/../lib/series.sh"

lock "kernel-source$V"

# The Debian version, or the state of KERNEL_SRC, that the base was made from
origin_file=$LINUX/.git/base-origin

src_state()
{
	if [ "$(git -C "$KERNEL_SRC" rev-parse --show-prefix 2>/dev/null)" = "" ] &&
	   git -C "$KERNEL_SRC" rev-parse --is-inside-work-tree >/dev/null 2>&1; then
		echo "git $(tree_state "$KERNEL_SRC" --exclude-standard)"
	else
		echo "files $(cd "$KERNEL_SRC" && find . -type f -printf '%p %s %T@\n' |
			sort | sha256sum | cut -d' ' -f1)"
	fi
}

# import FROM < TAR: make the stream the base commit and the work tree of $LINUX.new
import()
{
	local tmp=$LINUX.new
	rm -rf "$tmp"
	"$PYTHON" "$ROOT/scripts/fetch/tar-to-git.py" "$tmp" "$1"
	bgit "$tmp" config core.autocrlf false
	bgit "$tmp" checkout -q master
}

from_debian()
{
	local version=$1 deb
	deb=$(find "$DL" -name "${pkg}_${version/:/%3a}_*.deb" | head -1)
	dpkg-deb --fsys-tarfile "$deb" |
		tar -xO "./usr/src/$pkg.tar.xz" | xz -dc -T0 |
		import "Debian's $pkg $version"
	echo "$version" >"$LINUX.new/.git/base-origin"
	replace "$LINUX.new"
}

from_tree()
{
	local state=$1 tmp=$LINUX.copy
	case $state in
	git*)	# what is tracked or would be, edits included
		(cd "$KERNEL_SRC" && git ls-files -z --cached --others --exclude-standard |
			while IFS= read -r -d '' f; do
				[ ! -e "$f" ] && [ ! -L "$f" ] || printf '%s\0' "$f"
			done | tar -c --null --no-recursion -T -) | import "$KERNEL_SRC" ;;
	*)	rm -rf "$tmp"
		mkdir -p "$tmp"
		(cd "$KERNEL_SRC" && tar -c --exclude=./.git .) | tar -x -C "$tmp"
		make -s -C "$tmp" ARCH=arm64 mrproper
		tar -c -C "$tmp" . | import "$KERNEL_SRC"
		rm -rf "$tmp" ;;
	esac
	echo "$state" >"$LINUX.new/.git/base-origin"
	replace "$LINUX.new"
}

replace()
{
	rm -rf "$LINUX" "$LINUX_BASE"
	mv "$1" "$LINUX"
}

# Replace a base only if no work would be lost
may_replace()
{
	local work
	[ -e "$LINUX/.git" ] || return 0
	work=$(unexported) ||
		die "the base kernel changed, but git cannot read $LINUX" "move it away, then make fetch"
	[ -z "$work" ] ||
		die "the base kernel changed, but $LINUX has work that patches/ lacks: $work" \
		    "make export-series, or move $LINUX away"
}

# Debian removes a version of linux-source when the next one is available. Print the
# versions after the default that the archive has, newest first; nothing if the archive
# is not reachable.
later_versions()
{
	{ "$ROOT/scripts/fetch/private-apt.sh" names linux-source- 2>>"$said" || true
	  echo "linux-source-$DEFAULT_VERSION"; } |
		sed -n 's/^linux-source-\([0-9][0-9.]*\)$/\1/p' | sort -rVu |
		sed "/^${DEFAULT_VERSION//./\\.}\$/,\$d"
}

# The archive lacks the default, and the user did not set another version: use the newest
# that the series applies to, and record it. Returns if there is none.
take_another()
{
	local version tree
	for version in $(later_versions); do
		case " ${HIDE:-} " in
		*" linux-source-$version "*) continue ;;
		esac
		tree=$BUILD/linux-$version
		[ ! -e "$tree" ] || tree=
		if ( export BASE_VERSION=$version
		     "$ROOT/scripts/fetch/kernel.sh" && "$ROOT/scripts/fetch/kernel.sh" --fits ); then
			echo "$version" >"$BUILD/base-version"
			say_another "$version"
			exit 0
		fi
		note "the series does not apply to Linux $version"
		[ -z "$tree" ] || rm -rf "$tree"
	done
}

say_another()
{
	note "Debian has no linux-source-$DEFAULT_VERSION any more: using Linux $1, the newest to which the series applies"
}

if [ -n "$KERNEL_SRC" ]; then
	KERNEL_SRC=$(cd "$KERNEL_SRC" && pwd)
	[ -f "$KERNEL_SRC/Kbuild" ] && [ -d "$KERNEL_SRC/arch/arm64" ] ||
		die "KERNEL_SRC=$KERNEL_SRC is not a Linux source tree" "name the top directory of one"
	state=$(src_state)
	[ "$(cat "$origin_file" 2>/dev/null)" != "$state" ] || exit 0
	may_replace
	step "copy $KERNEL_SRC" from_tree "$state"
	exit 0
fi

if [ "${1:-}" = --fits ]; then
	series_tree "$LINUX" >/dev/null 2>&1
	exit
fi

if git -C "$LINUX" rev-parse -q --verify base^0 >/dev/null 2>&1; then
	[ -n "$BASE_NAMED" ] || [ "$BASE_VERSION" = "$DEFAULT_VERSION" ] || say_another "$BASE_VERSION"
	[ "${UPDATE:-0}" = 1 ] || exit 0
fi

pkg=linux-source-$BASE_VERSION
mkdir -p "$BUILD/log"
said=$BUILD/log/newest-$pkg.log
if version=$("$ROOT/scripts/fetch/private-apt.sh" newest "$pkg" 2>"$said"); then
	[ "$(cat "$origin_file" 2>/dev/null)" != "$version" ] || exit 0
	may_replace
	step "download $pkg $version" "$ROOT/scripts/fetch/private-apt.sh" download "$pkg"
else
	why=$(sed -n 's/^error: //p' "$said" | tail -1)
	! git -C "$LINUX" rev-parse -q --verify base^0 >/dev/null 2>&1 || die \
		"cannot look for a newer $pkg: ${why:-apt does not find the package}" \
		"check the network (log: $said), or omit UPDATE=1; $LINUX is unchanged"
	# not reachable, or no longer in the archive: use one that was fetched before
	deb=$(find "$DL" -name "${pkg}_*.deb" 2>/dev/null | sort -V | tail -1 || true)
	[ -n "$deb" ] || [ -n "$BASE_NAMED" ] || take_another
	[ -n "$deb" ] || die \
		"no kernel source found: tried $pkg in trixie-backports$([ -z "$V" ] ||
		echo ' and experimental') with apt (${why:-not found}), and $DL/${pkg}_*.deb" \
		"check the network (log: $said), or name a tree with KERNEL_SRC="
	version=$(dpkg-deb -f "$deb" Version)
fi
step "unpack $pkg $version" from_debian "$version"
