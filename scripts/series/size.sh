#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Print how much there is to review: lines per patch, by kind.
#
#   code   added to .c, .h, .S, Makefile, Kconfig    test   of these, KUnit
#   doc    added below Documentation                 moved  added and removed unchanged
#                                                           in the same patch
#
# The last line is `N patches, N lines to read, the largest is NN (N lines)`; moved lines
# are not counted as lines to read.

. "$(dirname "$0")/../lib/common.sh"

SERIES=${SERIES:-series}
git -C "$LINUX" rev-parse -q --verify "$SERIES^0" >/dev/null ||
	die "there is no branch $SERIES in $LINUX" "make apply-series"

git -C "$LINUX" log --reverse --format='@%s' -p --no-renames --no-ext-diff "base..$SERIES" |
"$PYTHON" -c '
import re, sys

patches = []
path = None
header = True
for line in sys.stdin.buffer:
    line = line.decode("utf-8", "replace").rstrip("\n")
    if line.startswith("@") and not line.startswith("@@"):
        patches.append({"subject": line[1:], "minus": [], "plus": []})
        header = True
    elif line.startswith("diff --git"):
        path = line.split(" b/")[-1]
        header = True
    elif line.startswith("@@"):
        header = False
    elif not header and line[:1] in "+-":
        patches[-1]["plus" if line[0] == "+" else "minus"].append((path, line[1:].strip()))

def blocks(lines, minus):
    """Return how many of `lines` the patch also removes: these are moved."""
    gone = {}
    for _, text in minus:
        gone[text] = gone.get(text, 0) + 1
    moved = 0
    for _, text in lines:
        if gone.get(text):
            gone[text] -= 1
            moved += 1
    return moved

print(f"{chr(32):5} {chr(43)+chr(43):>6} {chr(45)+chr(45):>6} {chr(32)}code   test    doc  moved   read")
width = len(str(len(patches)))
total = [0] * 7
largest = (0, 0)
for n, p in enumerate(patches, 1):
    doc = sum(f.startswith("Documentation/") for f, _ in p["plus"])
    test = sum(bool(re.search(r"(-test|kunit)[^/]*$|selftests", f)) for f, _ in p["plus"])
    code = len(p["plus"]) - doc - test
    moved = blocks(p["plus"], p["minus"])
    read = len(p["plus"]) - moved
    row = [len(p["plus"]), len(p["minus"]), code, test, doc, moved, read]
    total = [a + b for a, b in zip(total, row)]
    largest = max(largest, (read, n))
    print(f"{n:>5} " + " ".join(f"{x:>6}" for x in row) + "  " + p["subject"])
print(f"{chr(32):5} " + " ".join(f"{x:>6}" for x in total))
print(f"{len(patches)} patches, {total[6]} lines to read, the largest is {largest[1]} ({largest[0]} lines)")
'
