#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Run the checks that reviewers and their robots run on a series:
#
#   checkpatch  --strict, each patch
#   gcc         W=1, with sparse (C=1); each patch
#   clang       W=1; each patch
#   kernel-doc  -Wall, the files that a patch touches; each patch
#   coccicheck  the files that the series touches
#   htmldocs    the directories of documents that it touches
#   bindings    dt_binding_check, if it touches any
#   bases       patches/ applies to Linux 7.3 as well as to 7.2
#
#   CHECKS="NAME ..."  some of them         SERIES=NAME  another branch
#
# Compilers check the directories that the series touches, with the configuration of the
# tests.  Remarks that the base kernel has, too, are ignored; other exceptions are listed
# with their reasons in scripts/data/check-exceptions (for checkpatch, in
# scripts/data/checkpatch-exceptions).  Prints a line for each check, followed by its
# remarks, with the patch that causes each; the last line is `N checks, N quiet`.
#
# Remarks are kept in build/check under the hash of their input, so that no check is
# repeated for the same input.

EXTRA_PACKAGES="sparse clang-19 lld-19 llvm-19 coccinelle python3-sphinx python3-yaml graphviz" \
	"$(dirname "$0")/../fetch/packages.sh" || exit 1

. "$(dirname "$0")/../lib/common.sh"
. "$(dirname "$0")/../lib/series.sh"

src=$BUILD/linux-check$V
work=$BUILD/check$V
. "$(dirname "$0")/../lib/kbuild.sh"
lock "check$V"

SERIES=${SERIES:-series}
git -C "$LINUX" rev-parse -q --verify "$SERIES^0" >/dev/null ||
	die "there is no branch $SERIES in $LINUX" "make apply-series"
mapfile -t commits < <(git -C "$LINUX" rev-list --reverse "base..$SERIES")
head=$(git -C "$LINUX" rev-parse "$SERIES^{commit}")
mkdir -p "$work"

# touched [PATTERN...]: print the files that the series touches and does not remove
touched()
{
	git -C "$LINUX" diff --name-only --no-renames --diff-filter=d base "$SERIES" -- "$@"
}

# Directories to compile
touched_dirs()
{
	git -C "$LINUX" diff --name-only base "$SERIES" -- '*.c' '*.h' '*.S' |
		sed -nE 's,^(arch/[^/]+/[^/]+|[^/]+/[^/]+)/.*,\1/,p' | sort -u
}

# those that exist in the current tree
dirs()
{
	touched_dirs | while read -r d; do
		[ ! -f "$src/${d}Makefile" ] || echo "$d"
	done
}

# remarks < LOG: print the remarks, one per line, with paths relative to the tree
remarks()
{
	grep -E ':[0-9]+(:[0-9]+)?: *(warning|error|WARNING|ERROR)|^(Warning|warning|WARNING|Error|error): ' |
		sed -E "s,^[^ ]*/$(basename "$src")/,,; s,^((W|w)arning|WARNING): [^ ]*/$(basename "$src")/,\\1: ," |
		sort -u || true
}

# Remove line numbers from a remark, to compare it with those of the base
unnumbered()
{
	sed -E 's,:[0-9]+(:[0-9]+)?(:| ),:,; s,line [0-9]+,line,g'
}

# new BASE-FILE CHECK < REMARKS: print those that neither the base has nor the exceptions
new()
{
	local r plain
	while IFS= read -r r; do
		plain=$(echo "$r" | unnumbered)
		! unnumbered <"$1" | grep -qxF -e "$plain" || continue
		awk -F ' *[|] *' -v c="$2" -v r="$r" '/^[^#]/ && $1 == c && r ~ $2 { f = 1 } END { exit !f }' \
			"$ROOT/scripts/data/check-exceptions" || echo "$r"
	done
}

# --- checks of each patch ----------------------------------------------------

# A warning appears only when its file is compiled: after a jump within the series,
# compile everything that depends on a file that the series touches
forget()
{
	[ -d "$O" ] || return 0
	git -C "$LINUX" diff --name-only base "$SERIES" | sed 's,^,/,' >"$work/touched"
	{ find "$O" -name '.*.o.cmd' -path "$O/*/*" -exec grep -lZF -f "$work/touched" {} + || true; } |
		xargs -0r rm -f
}

# Work around features that sparse 0.6.4 lacks: __typeof_unqual__, which the kernel uses
# depending on the compiler's version; and a constant length of literals, without which
# each MODULE_LICENSE() is an error.  After an error sparse prints no warnings of the file.
sparse="sparse -D__typeof_unqual__=__typeof__ -D'__builtin_strlen(s)=(sizeof(s) - 1)'"

look_gcc()	# COMMIT
{
	configure
	# shellcheck disable=SC2046
	kmake -j"$JOBS" W=1 C=1 CHECK="$sparse" $(dirs)
}

look_clang()
{
	export LLVM=-19
	configure
	# shellcheck disable=SC2046
	kmake -j"$JOBS" W=1 $(dirs)
}

look_kernel-doc()
{
	local files
	if [ "$1" = base ]; then
		files=$(git -C "$LINUX" diff --name-only --diff-filter=a --no-renames base "$SERIES" -- '*.c' '*.h')
	else
		files=$(git -C "$LINUX" diff --name-only --diff-filter=d "$1^" "$1" -- '*.c' '*.h')
	fi
	# shellcheck disable=SC2086
	[ -z "$files" ] || (cd "$src" && scripts/kernel-doc -none -Wall $files)
}

each_patch()	# CHECK
{
	local c key dir tool what jump=1 i=0 fail=0 known=$work/known.$1 r
	O=$work/objects-$1
	case $1 in
	gcc)	tool="$compiler $sparse $(sparse --version)" what=$(touched_dirs) ;;
	clang)	tool=$(clang-19 --version | head -1) what=$(touched_dirs) ;;
	*)	tool='' what=$(touched) ;;
	esac
	for c in base "${commits[@]}"; do
		# remarks of a patch are those of all files that were compiled since the
		# previous patch, so the tree before it is needed, too
		key=$(hash_text "$1" "$tool" "$what" "$config" "$(git -C "$LINUX" rev-parse "$c^{tree}")" \
			"$([ "$c" = base ] || git -C "$LINUX" rev-parse "$c^^{tree}")" | cut -c1-16)
		dir=$work/kept
		mkdir -p "$dir"
		if [ ! -f "$dir/$key" ]; then
			own_tree "$c"
			[ $jump = 0 ] || forget
			set +e
			( set -e; "look_$1" "$c" ) >"$work/log" 2>&1 </dev/null
			r=$?
			set -e
			if [ $r != 0 ] && [ "$1" != kernel-doc ]; then
				cp "$work/log" "$dir/$key.log"
				echo "    $(short "$i") does not build: $(grep -m1 -i error "$work/log"); see $dir/$key.log"
				return 1
			fi
			remarks <"$work/log" >"$dir/$key.new"
			mv "$dir/$key.new" "$dir/$key"
			jump=0
		else
			jump=1
		fi
		if [ "$c" = base ]; then
			cp "$dir/$key" "$known"
		else
			new "$known" "$1" <"$dir/$key" >"$work/new"
			if [ -s "$work/new" ]; then
				fail=1
				sed "s,^,    $(short "$i"): ," "$work/new"
				cat "$work/new" >>"$known"
			fi
		fi
		i=$((i + 1))
	done
	return $fail
}

short()		# NUMBER
{
	[ "$1" != 0 ] || { echo base; return; }
	printf '%02d/%d' "$1" "${#commits[@]}"
}

check_gcc()	   { each_patch gcc; }
check_clang()	   { each_patch clang; }
check_kernel-doc() { each_patch kernel-doc; }

# --- checks of the whole ------------------------------------------------------

check_checkpatch()
{
	rm -rf "$work/patches"
	format_series "$LINUX" base "$SERIES" "$work/patches"
	"$ROOT/scripts/check/checkpatch.sh" "$work/patches" | sed '/^ok/d; s/^/    /'
}

# run coccicheck's rules in report mode on some files of the current tree
cocci()		# FILE...
{
	local rule opts requires version
	version=$(spatch --version | sed -n '1s/.*version \([0-9.]*[0-9]\).*/\1/p')
	cd "$src"
	find scripts/coccinelle -name '*.cocci' | sort | while read -r rule; do
		grep -q 'virtual[[:space:]]\+report' "$rule" || continue
		requires=$(sed -n 's,.*Requires: *,,p' "$rule" | head -1)
		[ -z "$requires" ] || printf '%s\n' "$requires" "$version" | sort -CV || continue
		opts=$(sed -n 's,.*Options: *,,p' "$rule" | head -1)
		# shellcheck disable=SC2086
		spatch -D report --no-show-diff --very-quiet --cocci-file "$rule" $opts \
			-I arch/arm64/include -I include "$@" || echo "$rule:1: error: spatch failed"
	done 2>&1
}

check_coccicheck()
{
	local key files
	key=$work/kept/cocci-$(hash_text "$(spatch --version | head -1)" \
		"$(git -C "$LINUX" rev-parse "base^{tree}" "$head^{tree}")" | cut -c1-16)
	if [ ! -f "$key" ]; then
		own_tree base
		files=$(git -C "$LINUX" diff --name-only --diff-filter=a --no-renames base "$SERIES" -- '*.c')
		# shellcheck disable=SC2086
		cocci $files | grep -E '^[^ ]+:[0-9]+' | sort -u >"$key.base" || true
		own_tree "$head"
		# shellcheck disable=SC2046
		cocci $(touched '*.c') | grep -E '^[^ ]+:[0-9]+' | sort -u >"$key.new" || true
		mv "$key.new" "$key"
	fi
	new "$key.base" coccicheck <"$key" >"$work/new"
	sed -n 's,^\([^:]*cocci\):1: error: spatch failed$,    not run: spatch fails on this machine: \1,p' "$key"
	sed 's,^,    ,' "$work/new"
	[ ! -s "$work/new" ]
}

check_htmldocs()
{
	local d log=$work/htmldocs.log
	own_tree "$head"
	O=$work/objects-docs
	mkdir -p "$O"
	d=$(touched 'Documentation/*.rst' | xargs -rn1 dirname | sed 's,^Documentation/,,' | sort -u)
	[ -n "$d" ] || { echo "    no document is touched"; return 0; }
	rm -rf "$O/Documentation/output"
	# shellcheck disable=SC2116
	kmake SPHINXDIRS="$(echo $d)" htmldocs >"$log" 2>&1 || {
		echo "    it fails; see $log"
		return 1
	}
	remarks <"$log" | { grep -F "$(touched Documentation)" || true; } | new /dev/null htmldocs >"$work/new"
	sed 's,^,    ,' "$work/new"
	[ ! -s "$work/new" ]
}

check_bindings()
{
	local b log=$work/bindings.log
	b=$(touched Documentation/devicetree/bindings)
	[ -n "$b" ] || { echo "    no binding is touched"; return 0; }
	command -v dt-doc-validate >/dev/null || { echo "    dt-doc-validate is missing"; return 1; }
	own_tree "$head"
	O=$work/objects-docs
	# shellcheck disable=SC2086
	kmake DT_SCHEMA_FILES="$(echo $b | tr ' ' ':')" dt_binding_check >"$log" 2>&1 || {
		echo "    it fails: $(grep -m1 -i error "$log" || tail -1 "$log"); see $log"
		return 1
	}
	remarks <"$log" >"$work/new"
	sed 's,^,    ,' "$work/new"
	[ ! -s "$work/new" ]
}

# Kernels other than the default that the series must apply to
BASES=7.3
check_bases()
{
	local v
	for v in $BASES; do
		BASE_VERSION=$v KERNEL_SRC='' "$ROOT/scripts/fetch/kernel.sh" &&
			BASE_VERSION=$v KERNEL_SRC='' "$ROOT/scripts/check/series.sh" || exit 1
	done 2>&1 | sed 's/^/    /'
}

n=0 quiet=0 loud=
for check in ${CHECKS:-checkpatch gcc clang kernel-doc coccicheck htmldocs bindings bases}; do
	declare -F "check_$check" >/dev/null || die "there is no check '$check'" "the head of $0 lists the checks"
	n=$((n + 1))
	start=$SECONDS
	set +e
	out=$( set -e; "check_$check" )
	rc=$?
	set -e
	if [ $rc = 0 ]; then
		quiet=$((quiet + 1))
		echo "ok - $check ($((SECONDS - start))s)"
	else
		loud="$loud $check"
		echo "not ok - $check ($((SECONDS - start))s)"
	fi
	[ -z "$out" ] || echo "$out"
done
[ -z "$loud" ] ||
	echo "error: these checks have remarks:$loud; correct the patches named above, or add the remarks to scripts/data/check-exceptions with a reason" >&2
echo "$n checks, $quiet quiet"
[ -z "$loud" ]
