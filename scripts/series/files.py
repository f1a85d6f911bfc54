#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
"""List each kernel file that the series touches, with the patches that touch it.

    files.py KERNEL-TREE FROM TO PATCHES

FROM and TO are commits or trees of the kernel's repository: the base, and the base with
the series; PATCHES is the directory of the patches. Lines added and removed are those
between FROM and TO, and for each patch those of the patch. The listing goes to stdout.
"""

import os
import subprocess
import sys

HEAD = """\
# Files that the series touches

All kernel files that the series adds or changes, with the lines that it adds and removes
in all, and each patch that touches the file, with its own lines. The name of a new file
links to it, as it is after the last patch; the patches show what they change in the others.

`make export-series` writes this page, and `make check-series` proves that it is true.

"""


def git(tree, *args):
    return subprocess.run(
        ["git", "-C", tree, *args], check=True, stdout=subprocess.PIPE, text=True,
        env={**os.environ, "GIT_CONFIG_GLOBAL": "/dev/null", "GIT_CONFIG_NOSYSTEM": "1"}).stdout


def numbers(added, removed):
    """Parse the numbers of `git diff --numstat`; `-` is a binary file."""
    return tuple(0 if n == "-" else int(n) for n in (added, removed))


def differences(tree, start, end):
    """Return {path: (letter, old path if it was moved, lines added, lines removed)}."""
    found = {}
    options = ["diff", "-z", "-M", "--no-ext-diff", "--diff-algorithm=myers"]
    words = iter(git(tree, *options, "--name-status", start, end).split("\0"))
    for letter in filter(None, words):
        old = next(words) if letter[0] in "RC" else None
        found[next(words)] = letter[0], old
    words = iter(git(tree, *options, "--numstat", start, end).split("\0"))
    for word in filter(None, words):
        added, removed, path = word.split("\t")
        if not path:
            next(words)
            path = next(words)
        found[path] += numbers(added, removed)
    return found


def renames(patch):
    """Return [(from, to)] of moved files; in a patch, these lines are in no hunk."""
    old, found = None, []
    with open(patch, encoding="utf-8", errors="replace") as f:
        for line in f:
            if line.startswith("rename from "):
                old = line[12:-1]
            elif line.startswith("rename to "):
                found.append((old, line[10:-1]))
    return found


def touched(patches):
    """Return {final path: [(patch, lines added, lines removed)]}."""
    found = {}
    for name in patches:
        for old, new in renames(name):
            found[new] = found.pop(old, [])
        for word in filter(None, git("/", "apply", "--numstat", "-z",
                                     os.path.abspath(name)).split("\0")):
            added, removed, path = word.split("\t")
            found.setdefault(path, []).append((name, *numbers(added, removed)))
    return found


def signs(added, removed):
    return " ".join([f"+{added}"] * bool(added) + [f"-{removed}"] * bool(removed)) or "0"


def what(letter, old):
    return {"A": "new", "D": "removed", "R": f"was `{old}`"}.get(letter, "")


def row(path, difference, patches):
    letter, old, added, removed = difference
    name = f"[{path}](../{path})" if letter == "A" else f"`{path}`"
    links = ", ".join(f"[{os.path.basename(p)[:4]}]({os.path.basename(p)}) {signs(*lines)}"
                      for p, *lines in patches)
    return f"| {name} | {what(letter, old)} | {signs(added, removed)} | {links} |\n"


def main():
    tree, start, end, directory = sys.argv[1:]
    patches = sorted(os.path.join(directory, n) for n in os.listdir(directory)
                     if n[:1].isdigit() and n.endswith(".patch"))
    files, by_path = differences(tree, start, end), touched(patches)
    sys.stdout.write(HEAD)
    sys.stdout.write("| file | | lines | patches |\n| --- | --- | --- | --- |\n")
    for path in sorted(files):
        sys.stdout.write(row(path, files[path], by_path.pop(path, [])))
    for path in sorted(by_path):
        sys.stdout.write(row(path, ("", None, 0, 0), by_path[path]))
    new = sum(f[0] == "A" for f in files.values())
    added, removed = (sum(f[i] for f in files.values()) for i in (2, 3))
    sys.stdout.write(f"\n{len(files)} files, {new} of them new; {signs(added, removed)} lines "
                     f"in {len(patches)} patches.\n")


main()
