#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Check that the series builds in the configurations of scripts/data/matrix.list, without
# errors, and without warnings in files that the series touches.  Prints a line for each;
# the last line is `N configurations, N built`.
#
#   CONFIGS="NAME ..."  some of them        SERIES=NAME  another branch
#
# arm64 is built with gcc, other architectures with clang, which needs no cross compiler.
# Results are kept in build/matrix while sources, list and compiler are unchanged.

EXTRA_PACKAGES="clang-19 lld-19 llvm-19" "$(dirname "$0")/../fetch/packages.sh" || exit 1

. "$(dirname "$0")/../lib/common.sh"

src=$BUILD/linux-matrix$V
work=$BUILD/matrix$V
. "$(dirname "$0")/../lib/kbuild.sh"
lock "matrix$V"

SERIES=${SERIES:-series}
head=$(git -C "$LINUX" rev-parse -q --verify "$SERIES^{commit}") ||
	die "there is no branch $SERIES in $LINUX" "make apply-series"
mkdir -p "$work"
git -C "$LINUX" diff --name-only base "$SERIES" >"$work/touched"

# Directories that the series touches, for the current architecture
dirs()		# ARCH
{
	sed -nE 's,^(arch/[^/]+/[^/]+|[^/]+/[^/]+)/.*\.[chS]$,\1/,p' "$work/touched" | sort -u |
		while read -r d; do
			case $d in
			arch/"$1"/*) ;;
			arch/*) continue ;;
			esac
			[ ! -f "$src/${d}Makefile" ] || echo "$d"
		done
}

amake()		# ARCH ARGUMENT...
{
	local arch=$1
	shift
	if [ "$arch" = arm64 ]; then
		kmake "$@"
	else
		kmake LLVM=-19 ARCH="$arch" CROSS_COMPILE= "$@"
	fi
}

# build NAME ARCH BASE WHAT OPTIONS
build()
{
	local arch=$2 base=$3 what=$4 o
	own_tree "$head"
	! can_seed || [ "$base" != tests ] || seed
	mkdir -p "$O"
	for o in $5; do
		case $o in
		*=n)	echo "# CONFIG_${o%=n} is not set" ;;
		*)	echo "CONFIG_$o" ;;
		esac
	done >"$work/options"
	case $base in
	tests)	# shellcheck disable=SC2086
		cat $fragments "$work/options" >"$O/fragment"
		amake "$arch" KCONFIG_ALLCONFIG="$O/fragment" allnoconfig ;;
	all*)	amake "$arch" KCONFIG_ALLCONFIG="$work/options" "$base" ;;
	*)	amake "$arch" "$base"
		cat "$work/options" >>"$O/.config"
		amake "$arch" olddefconfig ;;
	esac
	for o in $5; do
		if [ "${o#*=}" != "$(sed -n "s/^CONFIG_${o%=*}=//p" "$O/.config" | grep . || echo n)" ]; then
			echo "$work/options:0: error: $o does not take effect"
			return 1
		fi
	done
	if [ "$what" = all ]; then
		amake "$arch" -j"$JOBS" Image "$(grep -q '^CONFIG_MODULES=y' "$O/.config" && echo modules || echo vmlinux)"
	else
		# shellcheck disable=SC2046
		amake "$arch" -j"$JOBS" $(dirs "${arch%_64}")
		links_nvhe
		[ "$arch" != arm64 ] || links_host
	fi
}

# symbols KIND OBJECT...: print the symbols that these define, or (KIND u) need
symbols()
{
	local kind=$1
	shift
	if [ "$kind" = u ]; then
		"${CROSS}nm" -u "$@" | awk 'NF == 2 { print $2 }'
	else
		"${CROSS}nm" --defined-only --extern-only "$@" | awk 'NF == 3 { print $3 }'
	fi | sort -u
}

# undefined OBJECT LACKS DEFINED: check that each symbol of LACKS is in DEFINED
undefined()
{
	! comm -23 "$2" "$3" | sed "s/^/$1:0: error: undefined: /" | grep .
}

# The kernel is not linked in this case. Symbols that the kernel of the tests defines in
# these directories must be defined if they are used there: built in, if their user is.
links_host()
{
	local d archives=() all=() modules=() m
	for d in $(dirs arm64); do
		[ ! -f "$O/${d}built-in.a" ] || archives+=("$O/${d}built-in.a")
		[ ! -f "$BUILD/kernel$V/${d}built-in.a" ] || all+=("$BUILD/kernel$V/${d}built-in.a")
		[ ! -f "$O/${d}modules.order" ] || while IFS= read -r m; do
			modules+=("$O/$m")
		done <"$O/${d}modules.order"
	done
	symbols d "${all[@]}" >"$work/theirs"
	symbols d "${archives[@]}" >"$work/builtin"
	symbols u "${archives[@]}" | comm -12 - "$work/theirs" >"$work/lacks"
	undefined built-in.a "$work/lacks" "$work/builtin"
	[ ${#modules[@]} != 0 ] || return 0
	symbols d "${modules[@]}" | sort -u - "$work/builtin" >"$work/defined"
	symbols u "${modules[@]}" | comm -12 - "$work/theirs" >"$work/lacks"
	undefined modules "$work/lacks" "$work/defined"
}

# The kernel is not linked in this case, but its part for EL2 is: the symbols that it needs
# must be those that the link of the kernel provides.
links_nvhe()
{
	local o=$O/arch/arm64/kvm/hyp/nvhe/kvm_nvhe.o
	[ -f "$o" ] || return 0
	"${CROSS}nm" -u "$o" | awk '{ print $2 }' >"$work/lacks"
	sed -nE 's/.*KVM_NVHE_ALIAS\((\w+)\).*/__kvm_nvhe_\1/p
		 s/.*\b(__kvm_nvhe_\w+).*/\1/p' "$src/arch/arm64/kernel/image-vars.h" >"$work/given"
	! grep -vxF -f "$work/given" "$work/lacks" | sed 's/^/kvm_nvhe.o:0: error: undefined: /' | grep .
}

known=$(sed -n 's/^\([a-z0-9-]*\) *|.*/\1/p' "$ROOT/scripts/data/matrix.list")
for name in ${CONFIGS:-}; do
	grep -qxF -e "$name" <<<"$known" ||
		die "there is no configuration '$name'" "scripts/data/matrix.list has their names"
done

n=0 good=0 bad=
while IFS='|' read -r name arch base what options; do
	read -r name arch base what <<<"$name $arch $base $what"
	case ${name:-#} in
	\#*) continue ;;
	esac
	[ -z "${CONFIGS:-}" ] || [[ " $CONFIGS " == *" $name "* ]] || continue
	n=$((n + 1))
	key=$(hash_text "$(git -C "$LINUX" rev-parse "$head^{tree}")" "$config" "$compiler" \
		"$(clang-19 --version | head -1)" "$arch $base $what $options")
	if [ "$(cat "$work/$name.built" 2>/dev/null)" = "$key" ]; then
		good=$((good + 1))
		echo "ok - $name: built before"
		continue
	fi
	if [ "$base" = tests ]; then
		O=$work/objects-tests
	else
		O=$work/objects-$name
	fi
	start=$SECONDS
	set +e
	( set -e; build "$name" "$arch" "$base" "$what" "$options" ) >"$work/$name.log" 2>&1 </dev/null
	rc=$?
	set -e
	time=$((SECONDS - start))s
	warnings=$(grep -E '(warning|WARNING):' "$work/$name.log" | grep -F -f "$work/touched" | sort -u || true)
	if [ $rc != 0 ] || [ -n "$warnings" ]; then
		bad="$bad $name"
	fi
	if [ $rc != 0 ]; then
		echo "not ok - $name: $(grep -m1 -E 'error|Error|ERROR|\*\*\*' "$work/$name.log"); see $work/$name.log"
	elif [ -n "$warnings" ]; then
		echo "not ok - $name ($time): warnings, the first: $(echo "$warnings" | head -1); see $work/$name.log"
	else
		good=$((good + 1))
		echo "$key" >"$work/$name.built"
		echo "ok - $name ($time)"
	fi
	# the objects of modules are not needed any more
	[ "$base" = tests ] || rm -rf "$O"
done <"$ROOT/scripts/data/matrix.list"
[ -z "$bad" ] || echo "error: these configurations fail or have warnings:$bad; read $work/NAME.log" >&2
echo "$n configurations, $good built"
[ -z "$bad" ]
