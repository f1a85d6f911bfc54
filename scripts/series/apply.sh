#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Set branch `series` of the kernel work tree to base + patches/.
#
# No work is lost: commits or edits in the tree that patches/ lacks are kept and built. If
# patches/ has changed, too, one line reports this, and the user must decide.
#
# The ref `applied` and the file `applied-patches` in the repository record what the branch
# was last made from or exported to.

. "$(dirname "$0")/../lib/common.sh"
. "$(dirname "$0")/../lib/series.sh"

git -C "$LINUX" rev-parse -q --verify base^0 >/dev/null 2>&1 ||
	die "there is no base kernel in $LINUX" "make fetch"

wanted=$(patches_hash)
made_from=$(cat "$(git -C "$LINUX" rev-parse --absolute-git-dir)/applied-patches" 2>/dev/null || true)
series=$(rev refs/heads/series)
applied=$(rev refs/orin/applied)

record()
{
	git -C "$LINUX" update-ref refs/orin/applied refs/heads/series
	echo "$wanted" >"$(git -C "$LINUX" rev-parse --absolute-git-dir)/applied-patches"
}

lock "kernel-source$V"

# Succeed if the branch is what it was made from
if [ "$series" != none ] && [ "$series" = "$applied" ] && [ "$wanted" = "$made_from" ]; then
	clean || note "$LINUX has edits that patches/ lacks: built as they are"
	exit 0
fi

if [ "$series" != none ]; then
	if same_as_patches; then
		record
		clean || note "$LINUX has edits that patches/ lacks: built as they are"
		exit 0
	fi
	if ! clean || { [ "$series" != "$applied" ] && [ "$series" != "$(rev base^0)" ]; }; then
		# work in progress; check that patches/ is as it was when the work began
		if [ "$wanted" = "$made_from" ] || [ "$made_from" = "" ]; then
			note "$LINUX has work that patches/ lacks: it is built as it is; make export-series exports the work"
			exit 0
		fi
		die "patches/ changed, and $LINUX has work that patches/ lacks" \
		    "rebase that work by hand, or discard it with git -C $LINUX reset --hard refs/orin/applied"
	fi
fi

apply()
{
	local p name
	bgit "$LINUX" checkout -q -B series base
	git -C "$LINUX" am --abort 2>/dev/null || true
	while IFS= read -r -d '' p; do
		name=$(sed -n '1,/^$/s/^From: \(.*\) <.*/\1/p' "$p" | head -1)
		# committer and date are the author's, so that commits are the same everywhere
		BGIT_NAME=$name \
		BGIT_EMAIL=$(sed -n '1,/^$/s/^From: .*<\(.*\)>.*/\1/p' "$p" | head -1) \
		bgit "$LINUX" am -q --committer-date-is-author-date "$p" || {
			git -C "$LINUX" am --abort
			bgit "$LINUX" checkout -q -B series base
			echo "${p##*/} does not apply to $(git -C "$LINUX" log -1 --format=%s base)"
			return 1
		}
	done < <(patch_files)
	record
}
n=$(patch_files | tr -cd '\0' | wc -c)
step "apply the series ($n patches)" apply
