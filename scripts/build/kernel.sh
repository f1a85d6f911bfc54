#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# kernel.sh series|base: build a kernel, its modules, and the tests' modules, out of
# tree:
#
#   series   build/linux, base and series, edits included      -> build/kernel
#   base     the same repository at tag `base`                 -> build/kernel-base
#
# The configuration is allnoconfig, tools/test/config/*.config, the files in since-VERSION
# there for that and later versions, and those in series for the kernel with the series.
# Each line must take effect, except that the base kernel lacks the options that the series
# adds.

. "$(dirname "$0")/../lib/common.sh"

which=${1:-series}
case $which in
series)	src=$LINUX; O=$BUILD/kernel$V; M=$BUILD/modules$V ;;
base)	src=$LINUX_BASE; O=$BUILD/kernel-base$V; M=$BUILD/modules-base$V ;;
*)	die "scripts/build/kernel.sh: there is no kernel '$which'" "name series or base" ;;
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

. "$(dirname "$0")/../lib/kbuild.sh"
state=$(hash_text "$(tree_state "$src")" "$config" "$compiler" \
	"$(hash_of "$ROOT/tools/test/modules" "$ROOT/scripts/build/kernel.sh" "$ROOT/scripts/lib/kbuild.sh")")
if fresh "kernel-$which$V" "$state" && [ -f "$O/arch/arm64/boot/Image" ]; then
	exit 0
fi

# Print each line of the fragments that the configuration lacks
verify()
{
	local line opt want got
	# the last line of an option takes effect
	tac "$O/fragment" | sed -n 's/^# \(CONFIG_[A-Z0-9a-z_]*\) is not set$/\1=n/p; /^CONFIG_/p' |
	awk -F= '!seen[$1]++' | while IFS= read -r line; do
		opt=${line%%=*}
		want=${line#*=}
		got=$(sed -n "s/^$opt=//p" "$O/.config")
		[ "$want" = "${got:-n}" ] && continue
		if ! git -C "$src" grep -qE "^[[:space:]]*(menu)?config ${opt#CONFIG_}\$" -- '*Kconfig*'; then
			[ $which = base ] || [ "$want" = n ] || echo "$opt does not exist in this kernel"
		else
			echo "$opt is ${got:-n}, not $want"
		fi
	done
}

if [ $which = series ] && can_seed; then
	step "start from the base kernel's objects" seed
fi
if [ "$(cat "$O/fragment.hash" 2>/dev/null)" != "$config" ] || [ ! -f "$O/.config" ]; then
	step "configure the $which kernel" configure
	# kbuild does not compile external modules again for another configuration
	rm -rf "$M"
fi
kmake olddefconfig >/dev/null 2>"$O/olddefconfig.err" ||
	die "the configuration of the $which kernel failed: $(head -1 "$O/olddefconfig.err")" "read $O/olddefconfig.err"
wrong=$(verify)
if [ -n "$wrong" ]; then
	rm -f "$O/fragment.hash"
	die "tools/test/config has options that do not take effect in the $which kernel: $(echo "$wrong" | paste -sd, | sed 's/,/, /g')" \
	    "remove these options, or enable their dependencies"
fi

version=$(kmake kernelrelease)
build()
{
	kmake -j"$JOBS" Image modules
	if [ -e "$ROOT/tools/test/modules/Kbuild" ]; then
		mkdir -p "$M"
		kmake -j"$JOBS" M="$ROOT/tools/test/modules" MO="$M" modules
	fi
	# later commands read the version
	echo "$version" >"$O/release"
}
step "build the $which kernel $version" build
stamp "kernel-$which$V" "$state"
