#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# build-kernel.sh series|base: a kernel, its modules, and the modules that the
# tests load, out of tree:
#
#   series   build/linux, base and series, edits included      -> build/kernel
#   base     the same repository at tag `base`                 -> build/kernel-base
#
# The configuration is allnoconfig and tools/test/config/*.config; each line
# there has to take effect, except that the base kernel does not know what the
# series adds.

. "$(dirname "$0")/common.sh"

which=${1:-series}
case $which in
series)	src=$LINUX; O=$BUILD/kernel$V; M=$BUILD/modules$V ;;
base)	src=$LINUX_BASE; O=$BUILD/kernel-base$V; M=$BUILD/modules-base$V ;;
*)	die "build-kernel.sh: no kernel '$which'" "series or base" ;;
esac

lock "kernel-$which$V"

if [ $which = base ]; then
	if ! git -C "$src" rev-parse -q --verify HEAD >/dev/null 2>&1; then
		worktree()
		{
			bgit "$LINUX" worktree prune
			bgit "$LINUX" worktree add -q --detach "$src" base
		}
		step "check out the base kernel" worktree
	fi
	[ "$(git -C "$src" rev-parse HEAD)" = "$(git -C "$LINUX" rev-parse base^0)" ] ||
		bgit "$src" checkout -q --detach base
fi
[ -f "$src/Kbuild" ] || die "there is no kernel source in $src" "make fetch"

fragments=$(ls "$ROOT"/tools/test/config/*.config 2>/dev/null) ||
	die "there is no kernel configuration" "add tools/test/config/orin.config"
compiler=$("${CROSS}gcc" --version | head -1) ||
	die "${CROSS}gcc is missing" "scripts/apt.sh"
# shellcheck disable=SC2086
config=$(hash_of $fragments)
state=$(hash_text "$(tree_state "$src")" "$config" "$compiler" \
	"$(hash_of "$ROOT/tools/test/modules" "$ROOT/scripts/build-kernel.sh")")
if fresh "kernel-$which$V" "$state" && [ -f "$O/arch/arm64/boot/Image" ]; then
	exit 0
fi

# the same sources give the same kernel, whoever builds it, and whenever
KBUILD_BUILD_TIMESTAMP=$(git -C "$LINUX" log -1 --format=%cD base)
export KBUILD_BUILD_TIMESTAMP KBUILD_BUILD_VERSION=1
export KBUILD_BUILD_USER=orin KBUILD_BUILD_HOST=orin
export LOCALVERSION=
kmake()
{
	make -s -C "$src" O="$O" ARCH=arm64 CROSS_COMPILE="$CROSS" "$@"
}

configure()
{
	mkdir -p "$O"
	# shellcheck disable=SC2086
	cat $fragments >"$O/fragment"
	kmake KCONFIG_ALLCONFIG="$O/fragment" allnoconfig
	echo "$config" >"$O/fragment.hash"
}

# The two kernels differ in a few files, so the first build of the series starts
# from the objects of the base kernel, as after a `git switch` in a single work
# tree: the files that differ are touched, make does the rest.  The paths that
# kbuild noted are changed to those of this tree.
from=$BUILD/kernel-base$V
seed()
{
	rm -rf "$O.new"
	cp -a "$from" "$O.new"
	rm -f "$O.new/fragment.hash" "$O.new/release" "$O.new/source"
	grep -rlIZ -e "$LINUX_BASE" -e "$from" "$O.new" |
		xargs -0r sed -i -e "s,$LINUX_BASE\b,$src,g" -e "s,$from\b,$O,g"
	ln -s "$src" "$O.new/source"
	{
		git -C "$src" diff --name-only --no-renames -z "$(git -C "$LINUX_BASE" rev-parse HEAD)"
		git -C "$src" ls-files -z --others
	} | (cd "$src" && xargs -0r touch -c)
	mv "$O.new" "$O"
}

# Name each line of the fragments that the configuration does not have
verify()
{
	local line opt want got
	# the last line about an option is the one that counts
	tac "$O/fragment" | sed -n 's/^# \(CONFIG_[A-Z0-9a-z_]*\) is not set$/\1=n/p; /^CONFIG_/p' |
	awk -F= '!seen[$1]++' | while IFS= read -r line; do
		opt=${line%%=*}
		want=${line#*=}
		got=$(sed -n "s/^$opt=//p" "$O/.config")
		[ "$want" = "${got:-n}" ] && continue
		if ! git -C "$src" grep -qE "^[[:space:]]*(menu)?config ${opt#CONFIG_}\$" -- '*Kconfig*'; then
			[ $which = base ] || [ "$want" = n ] || echo "$opt is unknown to this kernel"
		else
			echo "$opt is ${got:-n}, not $want"
		fi
	done
}

if [ $which = series ] && [ ! -e "$O" ] && [ -e "$from/release" ] &&
   [ "$(cat "$from/fragment.hash")" = "$config" ]; then
	step "start from the base kernel's objects" seed
fi
if [ "$(cat "$O/fragment.hash" 2>/dev/null)" != "$config" ] || [ ! -f "$O/.config" ]; then
	step "configure the $which kernel" configure
fi
kmake olddefconfig >/dev/null 2>"$O/olddefconfig.err" ||
	die "the $which kernel's configuration fails: $(head -1 "$O/olddefconfig.err")" "see $O/olddefconfig.err"
wrong=$(verify)
if [ -n "$wrong" ]; then
	rm -f "$O/fragment.hash"
	die "tools/test/config does not take effect in the $which kernel: $(echo "$wrong" | paste -sd, | sed 's/,/, /g')" \
	    "drop these lines or enable what they depend on"
fi

version=$(kmake kernelrelease)
build()
{
	kmake -j"$JOBS" Image modules
	if [ -e "$ROOT/tools/test/modules/Kbuild" ]; then
		mkdir -p "$M"
		kmake -j"$JOBS" M="$ROOT/tools/test/modules" MO="$M" modules
	fi
	# so that later commands know what is in it
	echo "$version" >"$O/release"
}
step "build the $which kernel $version" build
stamp "kernel-$which$V" "$state"
