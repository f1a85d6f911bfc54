#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Write branch `series` of the kernel work tree to patches/, with a listing of the files
# that it touches; copy the files that it adds to their paths in this repository; remove
# those that it no longer has.

. "$(dirname "$0")/../lib/common.sh"
. "$(dirname "$0")/../lib/series.sh"

git -C "$LINUX" rev-parse -q --verify refs/heads/series >/dev/null 2>&1 ||
	die "there is no branch series in $LINUX" "make apply-series"
[ -z "$(git -C "$LINUX" status --porcelain --untracked-files=no | head -1)" ] ||
	note "$LINUX has edits that are not committed: they are not exported"
[ -f "$ROOT/scripts/data/cover-letter.txt" ] ||
	die "scripts/data/cover-letter.txt is missing" "write the text of the cover letter to that file"

new=$(mktemp -d "$BUILD/export.XXXXXX")
trap 'rm -rf "$new"' EXIT
format_series "$LINUX" base series "$new/patches"

mkdir -p "$PATCHES" "$new/patches"
find "$PATCHES" -maxdepth 1 \( -name '[0-9]*.patch' -o -name '0000-cover-letter.txt' \) -delete
find "$new/patches" -type f -exec cp {} "$PATCHES" \;
files_listing series >"$new/FILES.md"
cp "$new/FILES.md" "$PATCHES/FILES.md"

added_files "$LINUX" base series | sort >"$new/added"
while read -r f; do
	case " $(echo $INTREE) " in
	*" ${f%%/*} "* | *" $(echo "$f" | cut -d/ -f1,2) "*) ;;
	*) die "the series adds $f, which is outside the exported directories" "add its directory to INTREE in scripts/lib/series.sh" ;;
	esac
	mkdir -p "$ROOT/$(dirname "$f")"
	git -C "$LINUX" cat-file blob "series:$f" >"$new/blob"
	cmp -s "$new/blob" "$ROOT/$f" || cp "$new/blob" "$ROOT/$f"
	case $(git -C "$LINUX" ls-tree series "$f") in
	100755*) chmod 755 "$ROOT/$f" ;;
	*)	chmod 644 "$ROOT/$f" ;;
	esac
done <"$new/added"
comm -13 "$new/added" <(exported_files) | while read -r f; do
	rm "$ROOT/$f"
	(cd "$ROOT" && rmdir -p --ignore-fail-on-non-empty "$(dirname "$f")")
done

git -C "$LINUX" update-ref refs/orin/applied refs/heads/series
patches_hash >"$(git -C "$LINUX" rev-parse --absolute-git-dir)/applied-patches"
echo "==> exported $(patch_files | tr -cd '\0' | wc -c) patches, $(wc -l <"$new/added") new files"
