# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
#
# Functions to write the series to files; source it after common.sh.
#
#   patches/NNNN-*.patch            the series, for `git am patches/*.patch`
#   patches/0000-cover-letter.txt   its cover letter, from scripts/data/cover-letter.txt
#   patches/FILES.md                each file that the series touches, with the patches
#   arch/ drivers/ include/ ...     the files that the series adds, in their final state
#
# The same commits give the same files on each machine: they do not contain commit IDs,
# signatures or abbreviated hashes, or depend on the user's settings.

# Top directories of exported kernel files.  Not scripts/ and tools/, which belong to this
# repository; tools/testing/ is the kernel's.
INTREE="arch block crypto Documentation drivers fs include init ipc kernel lib mm
	net rust samples security sound tools/testing usr virt"

PATCHES=$ROOT/patches
# in the subjects until the series was tested on a board
PREFIX="RFC PATCH"

# patch_files: print all patches in order, separated by NUL
patch_files()
{
	[ ! -d "$PATCHES" ] || find "$PATCHES" -maxdepth 1 -name '[0-9]*.patch' -print0 | sort -z
}

patches_hash()
{
	patch_files | xargs -0r cat | sha256sum | cut -d' ' -f1
}

# Print the commit of a name in $LINUX, or `none`
rev()
{
	git -C "$LINUX" rev-parse -q --verify "$1" || echo none
}

clean()		# no edits, and no new files
{
	[ -z "$(git -C "$LINUX" status --porcelain | head -1)" ]
}

# Succeed if branch series of $LINUX is equal to patches/
same_as_patches()
{
	local tmp rc=0
	tmp=$(mktemp -d "$BUILD/export.XXXXXX")
	format_series "$LINUX" base series "$tmp"
	diff -rq -x '*.txt' -x FILES.md "$tmp" "$PATCHES" >/dev/null 2>&1 ||
		{ [ -z "$(ls "$tmp")" ] && [ -z "$(patch_files | tr -d '\0')" ]; } || rc=1
	rm -rf "$tmp"
	return $rc
}

# Succeed if all of branch series was made from patches/, or exported to it
series_is_exported()
{
	local series
	series=$(rev refs/heads/series)
	[ "$series" = none ] || [ "$series" = "$(rev base^0)" ] ||
		[ "$series" = "$(rev refs/orin/applied)" ] || same_as_patches
}

plural()		# N NOUN
{
	echo "$1 $2$([ "$1" = 1 ] || echo s)"
}

# unexported: describe the work in $LINUX that patches/ lacks; print nothing if there is
# none.  Fails if the repository cannot be read.
unexported()
{
	local n ref known what=()
	n=$(git -C "$LINUX" status --porcelain | wc -l) && [ "$(rev base^0)" != none ] || return 1
	[ "$n" = 0 ] || what+=("$(plural "$n" "edited or new file")")
	known=$(git -C "$LINUX" for-each-ref --format='%(refname)' refs/orin/applied refs/heads/series)
	if ! series_is_exported; then
		# shellcheck disable=SC2086
		n=$(git -C "$LINUX" rev-list --count series --not base \
			$(echo "$known" | grep -x refs/orin/applied || true))
		what+=("$(plural "$n" commit) on branch series")
	fi
	for ref in $(git -C "$LINUX" for-each-ref --format='%(refname)' refs/heads refs/tags) HEAD; do
		# shellcheck disable=SC2086
		n=$(git -C "$LINUX" rev-list --count "$ref" --not base $known --remotes) || return 1
		case $n:$ref in
		0:*)	;;
		*:HEAD)	git -C "$LINUX" symbolic-ref -q HEAD >/dev/null || what+=("$(plural "$n" commit) at HEAD") ;;
		*)	what+=("$(plural "$n" commit) on ${ref#refs/*/}") ;;
		esac
	done
	n=$(git -C "$LINUX" stash list | wc -l)
	[ "$n" = 0 ] || what+=("$(plural "$n" "stashed change")")
	[ ${#what[@]} = 0 ] || (IFS=,; echo "${what[*]}" | sed 's/,/, /g')
}

# format_series TREE FROM TO OUT: write patches and cover letter of FROM..TO to OUT
format_series()
{
	local repo=$1 from=$2 to=$3 out=$4
	mkdir -p "$out"
	[ "$(git -C "$repo" rev-list --count "$from..$to")" -gt 0 ] || return 0
	stable_git "$repo" format-patch -q -o "$out" --numbered --zero-commit \
		--no-signature --no-thread --no-attach --no-cover-letter --no-base \
		--subject-prefix="$PREFIX" --encode-email-headers --full-index -M \
		--diff-algorithm=myers --stat=80 --no-ext-diff "$from..$to"
	cover_letter "$repo" "$from" "$to" >"$out/0000-cover-letter.txt"
}

stable_git()
{
	local repo=$1
	shift
	GIT_CONFIG_GLOBAL=/dev/null GIT_CONFIG_NOSYSTEM=1 git -C "$repo" "$@"
}

# Subject and text are in scripts/data/cover-letter.txt (its first line, and the rest);
# author, date and statistics are those of the commits.
cover_letter()
{
	local repo=$1 from=$2 to=$3 n text=$ROOT/scripts/data/cover-letter.txt
	n=$(git -C "$repo" rev-list --count "$from..$to")
	echo "From 0000000000000000000000000000000000000000 Mon Sep 17 00:00:00 2001"
	stable_git "$repo" log -1 --format='From: %an <%ae>%nDate: %aD' "$to"
	echo "Subject: [$PREFIX $(printf "%0${#n}d" 0)/$n] $(head -n 1 "$text")"
	echo
	tail -n +3 "$text"
	echo
	stable_git "$repo" shortlog -w72,2,4 "$from..$to" </dev/null
	stable_git "$repo" diff --stat=80 --summary -M "$from" "$to"
}

# added_files TREE FROM TO: print the files that the series adds; a moved file is not added
added_files()
{
	stable_git "$1" diff --name-only --diff-filter=A -M "$2" "$3"
}

# files_listing TO: print the contents of patches/FILES.md for base + patches/, which is TO
files_listing()
{
	"$PYTHON" "$ROOT/scripts/series/files.py" "$LINUX" base "$1" "$PATCHES"
}

# exported_files: print the kernel files in this repository
exported_files()
{
	local d
	for d in $INTREE; do
		[ ! -d "$ROOT/$d" ] || (cd "$ROOT" && find "$d" -type f)
	done | sort
}

# series_tree TREE: create base + patches/ as a git tree, without a work tree.
# Print the tree's ID, or the patch that does not apply.
series_tree()
{
	local repo=$1 tmp p
	tmp=$(mktemp -d "$BUILD/index.XXXXXX")
	export GIT_INDEX_FILE=$tmp/index
	git -C "$repo" read-tree base
	while IFS= read -r -d '' p; do
		git -C "$repo" apply --cached --whitespace=nowarn "$p" || {
			rm -rf "$tmp"
			die "${p##*/} does not apply to $(git -C "$repo" log -1 --format=%s base)" \
			    "correct it in $repo, then make export-series"
		}
	done < <(patch_files)
	git -C "$repo" write-tree
	rm -rf "$tmp"
	unset GIT_INDEX_FILE
}
