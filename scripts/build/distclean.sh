#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Remove OUT, and BUILD with everything that was fetched and built.  While a kernel tree
# there has work that patches/ lacks, nothing is removed, unless FORCE=1 is set.

. "$(dirname "$0")/../lib/common.sh"
. "$(dirname "$0")/../lib/series.sh"

# Kernel trees that people work in have a repository of their own; the others are work
# trees of these, which only scripts change
for git in "$BUILD"/linux*/.git; do
	[ -d "$git" ] && [ "${FORCE:-0}" != 1 ] || continue
	LINUX=${git%/.git}
	work=$(unexported) ||
		die "nothing was removed: git cannot read $LINUX" "move it away, or set FORCE=1"
	[ -z "$work" ] ||
		die "nothing was removed: $LINUX has work that patches/ lacks: $work" \
		    "commit it to branch series and make export-series, or set FORCE=1 to discard it"
done
rm -rf "$OUT" "$BUILD"
