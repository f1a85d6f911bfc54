#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Check that the series can be bisected: each patch builds without compiler warnings, with
# the configuration of the tests, and boots, both protected and not protected.  Prints a
# line for each patch; the last line is `N patches, N built, N booted`.
#
# Before the patch that hands the SMMUs over at boot, protected mode must work as without
# the series; from that patch on, devices must work through EL2.
#
#   NO_BOOT=1     build only
#   SERIES=NAME   a branch of the kernel repository other than `series`
#
# The results of a patch are kept with its kernel in build/bisect, under the hash of the
# tree, the configuration and the compiler: no result is computed twice, and an
# interrupted run continues.  Bisect has its own work tree and objects.

. "$(dirname "$0")/../lib/common.sh"

src=$BUILD/linux-bisect$V
O=$BUILD/kernel-bisect$V
kept=$BUILD/bisect$V
. "$(dirname "$0")/../lib/kbuild.sh"
lock "bisect$V"

SERIES=${SERIES:-series}
git -C "$LINUX" rev-parse -q --verify "$SERIES^0" >/dev/null ||
	die "there is no branch $SERIES in $LINUX" "make apply-series"
mapfile -t commits < <(git -C "$LINUX" rev-list --reverse "base..$SERIES")
n=${#commits[@]}
[ "$n" -gt 0 ] || die "$SERIES has no patches" "make apply-series"

# Once this is called, the SMMUs are taken over at boot, and a protected boot is isolated
HANDOVER=kvm_iommu_register_driver
# Once this exists, the test `takeover` can check it
DEBUGFS=drivers/iommu/arm/arm-smmu/arm-smmu-kvm-debugfs.c
# Tests that need no module: modules would have to be those of the patch
TESTS=nvme,iommu-groups

has_handover()
{
	git -C "$LINUX" grep -q "$HANDOVER(" "$1" -- drivers/iommu/arm
}

# build COMMIT DIR: write the kernel of this patch, its warnings, and the time to DIR
build()
{
	local log=$2/build.log start=$SECONDS
	own_tree "$1"
	! can_seed || seed
	configure >"$log" 2>&1 || return 1
	kmake -j"$JOBS" Image modules >>"$log" 2>&1 || return 1
	grep -E '(warning|WARNING):' "$log" | sort -u >"$2/warnings" || true
	cp "$O/arch/arm64/boot/Image" "$2/Image"
	echo $((SECONDS - start)) >"$2/built"
}

# entries COMMIT: print the boots and tests for this patch; before the hand-over those of
# the table's entries without the series, which do not expect EL2 to own SMMUs
entries()
{
	if ! has_handover "$1"; then
		echo "base:$TESTS base-protected:$TESTS"
	elif ! git -C "$LINUX" cat-file -e "$1:$DEBUGFS" 2>/dev/null; then
		echo "unprotected:$TESTS protected:$TESTS"
	else
		echo "unprotected:$TESTS protected:$TESTS,takeover"
	fi
}

# Hash the inputs of boots other than the kernel: of the table, the tests and the device
# trees only the parts that are used, so that a new test elsewhere repeats no boot
if [ "${NO_BOOT:-0}" != 1 ]; then
	machine=$(hash_of "$ROOT/tools/test/guest/init" "$ROOT/tools/test/guest/lib.sh" \
		"$ROOT/tools/test/guest/src/blkstress.c" "$ROOT/tools/orinlib" "$ROOT/tools/test/run" \
		"$BUILD/dtb$V/orin.dtb" "${QEMU:-$BUILD/qemu/qemu-system-aarch64}")
fi
boot_state()	# ENTRIES
{
	local names tests
	names=$(echo "$1" | sed 's/:[^ ]*//g; s/ /|/g')
	tests=${1##*:}
	# shellcheck disable=SC2046
	hash_text "$1" "$machine" \
		"$(awk "/^\\[/ { used = /^\\[(default|boot\\.($names))\\]\$/ } used" "$ROOT/tools/test/tests.toml")" \
		"$(hash_of $(printf "$ROOT/tools/test/guest/tests/%s " ${tests//,/ }))"
}

# boot ENTRIES DIR: run the boots, and write the time to DIR
boot()
{
	local start=$SECONDS
	# shellcheck disable=SC2086
	KERNEL=$2/Image OUT=$2 "$ROOT/tools/test/run" $1 >"$2/boots" 2>&1 || return 1
	echo "$((SECONDS - start))" >"$2/booted"
	boot_state "$1" >"$2/boot-state"
}

show()		# WHERE SUBJECT TEXT
{
	printf '%s %-72s %s\n' "$1" "$(echo "$2" | cut -c1-72)" "$3"
}

number=0 built=0 booted=0 warned=0 bad=
keys=
for c in "${commits[@]}"; do
	number=$((number + 1))
	at=$(printf "%0${#n}d/$n" $number)
	subject=$(git -C "$LINUX" log -1 --format=%s "$c")
	key=$(hash_text "$(git -C "$LINUX" rev-parse "$c^{tree}")" "$config" "$compiler" | cut -c1-16)
	dir=$kept/$key
	keys="$keys $key"
	mkdir -p "$dir"

	if [ ! -f "$dir/built" ]; then
		# not `if ! build`: this would disable set -e in it
		set +e
		( set -e; build "$c" "$dir" )
		rc=$?
		set -e
		if [ $rc != 0 ]; then
			bad="$bad ${at%/*}"
			show "$at" "$subject" "DOES NOT BUILD: $(grep -m1 -E 'error|Error|\*\*\*' "$dir/build.log"); see $dir/build.log"
			continue
		fi
	fi
	built=$((built + 1))
	text="built $(cat "$dir/built")s"
	if [ -s "$dir/warnings" ]; then
		warned=$((warned + 1))
		bad="$bad ${at%/*}"
		text="$text, $(wc -l <"$dir/warnings") WARNINGS, the first: $(head -1 "$dir/warnings")"
	fi

	if [ "${NO_BOOT:-0}" != 1 ]; then
		entries=$(entries "$c")
		if [ "$(cat "$dir/boot-state" 2>/dev/null)" != "$(boot_state "$entries")" ]; then
			rm -f "$dir/booted"
			boot "$entries" "$dir" || true
		fi
		if [ ! -f "$dir/booted" ]; then
			[ "${bad##* }" = "${at%/*}" ] || bad="$bad ${at%/*}"
			show "$at" "$subject" "$text, DOES NOT BOOT: $(grep -m1 'not ok' "$dir/boots" |
				tr -s ' '); see $dir/boots"
			continue
		fi
		booted=$((booted + 1))
		text="$text, booted $(cat "$dir/booted")s"
		! has_handover "$c" || text="$text, isolated"
	fi
	show "$at" "$subject" "$text"
done

# remove the kernels of patches that the series no longer has, but not on another branch
for dir in "$kept"/*/; do
	[ "$SERIES" = series ] || break
	case " $keys " in
	*" $(basename "$dir") "*) ;;
	*) rm -rf "$dir" ;;
	esac
done

[ $warned = 0 ] || echo "$warned patches have new compiler warnings"
[ -z "$bad" ] || echo "error: these patches fail:$bad; correct each as its line above says" >&2
echo "$n patches, $built built, $booted booted"
[ -z "$bad" ]
