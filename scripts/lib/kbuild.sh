# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
#
# Functions to build kernels; source it after common.sh. The caller sets
#
#   src         a kernel tree           O    directory for its objects
#   fragments   files of configuration, added to allnoconfig
#
# and may read `config`, the hash of the configuration, and `compiler`, its version.

fragments=$(ls "$ROOT"/tools/test/config/*.config 2>/dev/null) ||
	die "tools/test/config/orin.config is missing" "git checkout tools/test/config"
# since-VERSION: names of options in that and later versions
kernel_version=$(sed -n 's/^\(VERSION\|PATCHLEVEL\) = //p' "$LINUX/Makefile" | paste -sd.)
for dir in "$ROOT"/tools/test/config/since-*/; do
	since=$(basename "${dir#*since-}")
	[ "$(printf '%s\n' "$since" "$kernel_version" | sort -V | head -1)" != "$since" ] ||
		fragments="$fragments $(ls "$dir"*.config)"
done
# series: what the base kernel cannot have
[ "${which:-}" = base ] || fragments="$fragments $(ls "$ROOT"/tools/test/config/series/*.config)"
compiler=$("${CROSS}gcc" --version | head -1) ||
	die "${CROSS}gcc is missing" "make packages"
# shellcheck disable=SC2086
config=$(hash_of $fragments)

# the same sources give the same kernel, on any host and at any time
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

# The kernels differ in few files, so the first build of another kernel starts from the
# objects of the base kernel, as after a `git switch` in a single work tree: files that
# differ are touched, and make does the rest, with any configuration.  The paths that
# kbuild recorded are changed to those of this tree.
from=$BUILD/kernel-base$V
can_seed()
{
	[ ! -e "$O" ] && [ -e "$from/release" ]
}

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

# own_tree COMMIT: make $src a work tree at COMMIT. Files of a new tree are older than any
# object, so that seed() can be used. Objects of an earlier tree whose repository does not
# exist any more would appear to be up to date: $O, and all in $work.
own_tree()
{
	if ! git -C "$src" rev-parse -q --verify HEAD >/dev/null 2>&1; then
		rm -rf "$src" ${O:+"$O"} ${work:+"$work"/objects-*}
		bgit "$LINUX" worktree prune
		bgit "$LINUX" worktree add -q --detach "$src" "$1"
		git -C "$src" ls-files -z | (cd "$src" && xargs -0 touch -h -d "$KBUILD_BUILD_TIMESTAMP")
		git -C "$src" update-index -q --refresh
	fi
	bgit "$src" checkout -q -f --detach "$1"
}
