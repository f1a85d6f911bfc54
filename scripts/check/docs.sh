#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Check the series' document: its diagrams render, and it describes every hypercall of the
# kernel. Check the pages of the repository and `make help` (see readmes.py), and that the
# kernel has the line that the first change edits.  TAP lines.
#
#   docs.sh [KERNEL-TREE]

. "$(dirname "$0")/../lib/common.sh"

tree=${1:-$LINUX}
doc=$tree/Documentation/virt/kvm/arm/pkvm-iommu.rst
[ -f "$doc" ] || die "there is no $doc" "make fetch"
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
bad=0

# write each diagram to a file of its own
awk -v dir="$tmp" '
	/^\.\. kernel-render:: DOT/ { f = sprintf("%s/%02d.dot", dir, ++n); next }
	f && /^[^ ]/ { f = "" }
	f && !/^   :/ { print substr($0, 4) >f }
	f && /^   :caption:/ { print substr($0, 14) >f ".name" }' "$doc"
if [ -z "$(ls "$tmp")" ]; then
	bad=1
	echo "not ok - the document has diagrams # it has none"
fi
for f in "$tmp"/*.dot; do
	[ -e "$f" ] || continue
	name="diagram: $(cat "$f.name" 2>/dev/null || basename "$f")"
	if ! command -v dot >/dev/null; then
		echo "ok - $name # SKIP dot is not installed (package graphviz)"
	elif out=$(dot -Tsvg -o /dev/null "$f" 2>&1) && [ -z "$out" ]; then
		echo "ok - $name"
	else
		bad=1
		echo "not ok - $name # $(echo "$out" | head -1)"
	fi
done

lacks=$(grep -oE '__KVM_HOST_SMCCC_FUNC___pkvm_iommu_\w+' "$tree/arch/arm64/include/asm/kvm_asm.h" |
	sed 's/.*FUNC_//' | while read -r call; do
		grep -qF "\`\`$call(" "$doc" || echo "$call"
	done | paste -sd " ")
if [ -n "$lacks" ]; then
	bad=1
	echo "not ok - the document describes each hypercall # missing: $lacks"
else
	echo "ok - the document describes each hypercall"
fi

"$ROOT/scripts/check/readmes.py" "$tree" || bad=1

# the line `    -<tab>line` of the first change, below the name of the file
readme=tools/test/writing.md
file=$(grep -oE 'build/linux/[^`]*\.c' "$ROOT/$readme" | head -1)
line=$(sed -n 's/^    -\(	.*\)/\1/p' "$ROOT/$readme")
name="$readme: the line to be changed first is in $(basename "$file")"
if [ -n "$line" ] && grep -qxF "$line" "$tree/${file#build/linux/}"; then
	echo "ok - $name"
else
	bad=1
	echo "not ok - $name # '$line' is not"
fi
exit $bad
