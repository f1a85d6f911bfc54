#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Run the kernel's checkpatch --strict on each patch; a TAP line for each.
#
#   checkpatch.sh [DIR]     the patches in DIR; the default is patches/
#
# scripts/data/checkpatch-exceptions lists the exceptions with their reasons.

. "$(dirname "$0")/../lib/common.sh"
. "$(dirname "$0")/../lib/series.sh"

[ -z "${1:-}" ] || PATCHES=$1
[ -x "$LINUX/scripts/checkpatch.pl" ] || die "there is no kernel source in $LINUX" "make fetch"

# checkpatch writes a file to the current directory
mkdir -p "$BUILD/checkpatch"
cd "$BUILD/checkpatch"

# PATCH-NAME-OR-* TYPE REASON...
exceptions=$ROOT/scripts/data/checkpatch-exceptions
bad=0
while IFS= read -r -d '' p; do
	name=$(basename "$p" .patch)
	ignore=$(awk -v n="${name#*-}" '/^[^#]/ && ($1 == "*" || index(n, $1) == 1) { printf "%s,", $2 }' \
		"$exceptions")
	if out=$("$LINUX/scripts/checkpatch.pl" --root="$LINUX" --strict --no-summary --terse \
		--show-types --color=never ${ignore:+--ignore "${ignore%,}"} "$p" 2>/dev/null) &&
	   [ -z "$out" ]; then
		echo "ok - $name"
	else
		bad=1
		first=$(echo "$out" | head -1)
		echo "not ok - $name # $(echo "$out" | grep -c .) remarks, the first: ${first#"$p":}"
		echo "${out//"$p":/    }"
	fi
done < <(patch_files)
exit $bad
