# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
#
# Functions shared by all scripts.  Source it, do not run it.
#
# Names:  ROOT   this repository          BUILD  fetched and built files
#         OUT    output of runs           DL     downloaded packages
#         V      suffix of the directories of a kernel version or KERNEL_SRC, empty for
#                the default version: different versions do not share build directories
#
# Output: `==> text (12s)` for each step that was needed, nothing for a step that was not;
#         a failure is one line, `error: what failed; what to do`, followed by the end of
#         the log.

set -euo pipefail
export LC_ALL=C
umask 022

ROOT=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
BUILD=${BUILD:-$ROOT/build}
OUT=${OUT:-$ROOT/out}
mkdir -p "$BUILD" "$OUT"
BUILD=$(cd "$BUILD" && pwd)
OUT=$(cd "$OUT" && pwd)
DL=$BUILD/dl
JOBS=${JOBS:-$(nproc)}
DEFAULT_VERSION=7.2
# BASE_VERSION, if the user did not set it: the version that scripts/fetch/kernel.sh found
# if the archive no longer has the default
if [ -z "${BASE_VERSION:-}" ]; then
	unset BASE_VERSION
	BASE_VERSION=$(cat "$BUILD/base-version" 2>/dev/null || echo $DEFAULT_VERSION)
	BASE_NAMED=
else
	BASE_NAMED=1
	export BASE_VERSION
fi
KERNEL_SRC=${KERNEL_SRC:-}
PYTHON=${PYTHON:-/usr/bin/python3}
export GIT_OPTIONAL_LOCKS=0
export BUILD OUT JOBS KERNEL_SRC

if [ -n "$KERNEL_SRC" ]; then
	V=-$(cd "$KERNEL_SRC" 2>/dev/null && pwd | sha256sum | cut -c1-8) || {
		echo "error: KERNEL_SRC=$KERNEL_SRC is not a directory; name a kernel tree" >&2
		exit 1
	}
elif [ "$BASE_VERSION" != "$DEFAULT_VERSION" ]; then
	V=-$BASE_VERSION
else
	V=
fi

LINUX=$BUILD/linux$V			# base + series, a git work tree
LINUX_BASE=$BUILD/linux-base$V		# its tag `base`, a second work tree

HOST_ARCH=$(dpkg --print-architecture 2>/dev/null || uname -m)
if [ "$HOST_ARCH" = arm64 ]; then
	CROSS=
else
	CROSS=aarch64-linux-gnu-
fi

# die WHAT [DO-THIS]: print one line, and exit
die()
{
	echo "error: $1${2:+; $2}" >&2
	exit 1
}

note()
{
	echo "    $*"
}

# step TEXT COMMAND...: run a command with its output in a log, and print its duration
step()
{
	local text=$1 start=$SECONDS log
	shift
	log=$BUILD/log/$(echo "$text" | tr -cs 'A-Za-z0-9.\n' -).log
	mkdir -p "$BUILD/log"
	[ ! -t 1 ] || printf '==> %s ...' "$text"
	# not `if "$@"`: this would disable set -e in a function
	set +e
	( set -e; "$@" ) >"$log" 2>&1 </dev/null
	local rc=$?
	set -e
	[ ! -t 1 ] || printf '\r\033[K'
	if [ $rc -ne 0 ]; then
		echo "error: $text failed; read $log, which ends:" >&2
		tail -n 25 "$log" >&2
		exit 1
	fi
	echo "==> $text ($((SECONDS - start))s)"
}

# lock NAME: only one make at a time prepares NAME; the lock is held until exit
lock()
{
	mkdir -p "$BUILD/lock"
	exec {LOCK_FD}>"$BUILD/lock/$1"
	flock -n "$LOCK_FD" || {
		echo "    waiting for another run that prepares $1" >&2
		flock "$LOCK_FD"
	}
}

# hash_of PATH...: hash names and contents of all files below; a missing path counts, too
hash_of()
{
	local p
	for p in "$@"; do
		if [ -d "$p" ]; then
			(cd "$p" && find . \( -type f -o -type l ! -xtype d \) ! -name '*.pyc' -print0 |
				sort -z | xargs -0r sha256sum)
		elif [ -e "$p" ]; then
			sha256sum <"$p"
		else
			echo "none $p"
		fi
	done | sha256sum | cut -d' ' -f1
}

hash_text()
{
	printf '%s\0' "$@" | sha256sum | cut -d' ' -f1
}

# A stamp holds the hash of the inputs of a result
fresh()		# NAME HASH
{
	[ "$(cat "$BUILD/stamps/$1" 2>/dev/null)" = "$2" ]
}

stamp()		# NAME HASH
{
	mkdir -p "$BUILD/stamps"
	echo "$2" >"$BUILD/stamps/$1"
}

# Hash the state of a git work tree: tracked files, edits, new files. OPTION... selects the
# new files (git ls-files --others); by default all are included.
tree_state()	# DIR [OPTION...]
{
	{
		git -C "$1" rev-parse 'HEAD^{tree}'
		git -C "$1" diff --no-ext-diff --binary HEAD
		git -C "$1" ls-files -z --others "${@:2}" | (cd "$1" && xargs -0r sha256sum)
	} | sha256sum | cut -d' ' -f1
}

# kernel_dir: print the build directory of the kernel whose Image KERNEL= names, or of the
# series' kernel. paths.py has the same function for Python.
kernel_dir()
{
	local dir=$BUILD/kernel$V
	case ${KERNEL:-} in
	*/arch/arm64/boot/Image) dir=${KERNEL%/arch/arm64/boot/Image} ;;
	esac
	[ -f "$dir/.config" ] || die "$dir is not the build directory of a kernel" "make kernel, or set KERNEL=DIR/arch/arm64/boot/Image"
	(cd "$dir" && pwd -P)
}

# git for trees in BUILD: without the user's hooks, signing, templates and identity
bgit()
{
	local dir=$1
	shift
	git -C "$dir" -c core.hooksPath=/dev/null -c commit.gpgSign=false \
		-c gc.auto=0 -c advice.detachedHead=false \
		-c user.name="${BGIT_NAME:-build}" \
		-c user.email="${BGIT_EMAIL:-build@localhost}" "$@"
}
