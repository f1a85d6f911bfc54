#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Check that base + patches/ gives exactly the kernel files of this repository: none is
# missing or added, and contents and modes are equal; and that patches/FILES.md lists each
# file that the patches touch.
#
# Uses a git index of its own: no work tree is needed or changed.

. "$(dirname "$0")/../lib/common.sh"
. "$(dirname "$0")/../lib/series.sh"

git -C "$LINUX" rev-parse -q --verify base^0 >/dev/null 2>&1 ||
	die "there is no base kernel in $LINUX" "make fetch"

n=$(patch_files | tr -cd '\0' | wc -c)
tree=$(series_tree "$LINUX")
bad=0
say()
{
	echo "$1" >&2
	bad=$((bad + 1))
}

# check that the patches are numbered from 1 without gaps, and that the total is right
i=0
while IFS= read -r -d '' p; do
	i=$((i + 1))
	[ "$((10#$(basename "$p" | cut -d- -f1)))" = $i ] || say "${p##*/}: number $i is missing"
	grep -q -m1 "^Subject: \[$PREFIX 0*$i/$n\]" "$p" ||
		say "${p##*/}: not '$i/$n' in its subject"
done < <(patch_files)
[ "$n" = 0 ] || grep -q "^Subject: \[$PREFIX 0*/$n\]" "$PATCHES/0000-cover-letter.txt" 2>/dev/null ||
	say "0000-cover-letter.txt: not the cover letter of $n patches"

added=$(added_files "$LINUX" base "$tree" | sort)
here=$(exported_files)
for f in $(comm -23 <(echo "$added") <(echo "$here") | grep . || true); do
	say "$f: added by the series, missing here"
done
for f in $(comm -13 <(echo "$added") <(echo "$here") | grep . || true); do
	say "$f: here, but the series does not add it"
done
for f in $(comm -12 <(echo "$added") <(echo "$here") | grep . || true); do
	want=$(git -C "$LINUX" ls-tree "$tree" "$f" | awk '{ print $1, $3 }')
	mode=100644
	[ ! -x "$ROOT/$f" ] || mode=100755
	[ "$want" = "$mode $(git hash-object --no-filters "$ROOT/$f")" ] ||
		say "$f: differs from what the series makes it"
done

# line counts are those on the default base
[ -n "$V" ] || [ "$(files_listing "$tree")" = "$(cat "$PATCHES/FILES.md" 2>/dev/null)" ] ||
	say "patches/FILES.md: not the listing of the files that these patches touch"

[ $bad = 0 ] || die "patches/ and the files here differ in $bad places" "make export-series"
echo "check-series: $n patches on $(git -C "$LINUX" log -1 --format=%s base) give exactly" \
     "the $(echo "$added" | grep -c . || true) new files here$([ -n "$V" ] || echo ", and patches/FILES.md lists what they touch")"
