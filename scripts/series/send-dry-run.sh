#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Show exactly which mails would be sent, and to whom; nothing is sent, and no server is
# needed.  The output of git send-email is in out/send-dry-run.txt, the mails are in
# out/mails; a summary is printed.
#
# Recipients are those of scripts/get_maintainer.pl in the kernel with the series: for a
# patch its maintainers (To), its reviewers and lists (Cc), and all lists of the series;
# for the cover letter, the recipients of all patches.

. "$(dirname "$0")/../lib/common.sh"
. "$(dirname "$0")/../lib/series.sh"

maintainers()	# OPTION... PATCH...
{
	(cd "$LINUX" && perl scripts/get_maintainer.pl --no-git --no-git-fallback --norolestats \
		--no-fixes "$@") | sort -u
}

# git send-email runs these for each mail
case ${1:-} in
--to)
	cat "$OUT/recipients/to.$(basename "$2" | cut -c1-4)"
	exit ;;
--cc)
	cat "$OUT/recipients/cc.$(basename "$2" | cut -c1-4)"
	exit ;;
esac

EXTRA_PACKAGES="git-email libmailtools-perl" "$ROOT/scripts/fetch/packages.sh"
[ -f "$LINUX/scripts/get_maintainer.pl" ] || die "there is no kernel source in $LINUX" "make fetch"
{ clean && series_is_exported; } ||
	note "$LINUX has work that patches/ lacks: patches/ is what is shown"

to=$OUT/recipients mails=$OUT/mails
rm -rf "$to" "$mails"
mkdir -p "$to" "$mails"
cp "$PATCHES/0000-cover-letter.txt" "$mails/0000-cover-letter.patch"
patch_files | xargs -0 cp -t "$mails"

for p in "$mails"/*.patch; do
	n=$(basename "$p" | cut -c1-4)
	[ "$n" != 0000 ] || continue
	maintainers --m --nor --nol "$p" >"$to/to.$n"
	maintainers --nom --r --nol "$p" >"$to/r.$n"
	maintainers --nom --nor --l "$p" >"$to/l.$n"
done
sort -u "$to"/to.* >"$to/all.to"
sort -u "$to"/l.* >"$to/all.l"
mv "$to/all.to" "$to/to.0000"
sort -u "$to"/r.* "$to/all.l" | comm -23 - "$to/to.0000" >"$to/cc.0000"
for p in "$to"/r.*; do
	sort -u "$p" "$to/all.l" | comm -23 - "$to/to.${p##*.}" >"$to/cc.${p##*.}"
done

bad=
for p in "$to"/to.*; do
	[ -s "$p" ] || {
		echo "patch ${p##*.} has no maintainer: $(grep -m1 '^Subject:' "$mails/${p##*.}"*)"
		bad=" a patch without a maintainer"
	}
done

from=$(sed -n 's/^From: //p' "$mails/0000-cover-letter.patch" | head -1)
(cd "$mails" && git -c core.hooksPath=/dev/null send-email --dry-run --confirm=never --thread --no-chain-reply-to \
	--no-signed-off-by-cc --suppress-cc=author --suppress-cc=self --no-format-patch --no-validate \
	--8bit-encoding=UTF-8 --from="$from" \
	--to-cmd="$ROOT/scripts/series/send-dry-run.sh --to" --cc-cmd="$ROOT/scripts/series/send-dry-run.sh --cc" \
	./*.patch) >"$OUT/send-dry-run.txt" 2>&1 ||
	die "git send-email failed: $(tail -1 "$OUT/send-dry-run.txt")" "read $OUT/send-dry-run.txt"

# mailing lists limit the size of mails
limit=$((100 << 10))
big=$(find "$mails" -name '*.patch' -size +${limit}c -printf '%f (%k KiB) ')
[ -z "$big" ] || { echo "longer than 100 KiB: $big"; bad="$bad${bad:+,} a mail that is too long"; }

echo "From: $from"
echo "To, of the cover letter:"
sed 's/^/    /' "$to/to.0000"
echo "Cc:"
sed 's/^/    /' "$to/cc.0000"
grep '^Subject: ' "$OUT/send-dry-run.txt"
[ -z "$bad" ] || echo "error: there is$bad (see above); correct the series, then make export-series" >&2
echo "$(grep -c '^Subject: ' "$OUT/send-dry-run.txt") mails, $(wc -l <"$to/to.0000") in To, $(wc -l <"$to/cc.0000") in Cc;" \
	"each with its own in ${OUT#"$ROOT"/}/send-dry-run.txt, as they would leave in ${OUT#"$ROOT"/}/mails"
[ -z "$bad" ]
