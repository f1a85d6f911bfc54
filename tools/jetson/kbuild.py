# SPDX-License-Identifier: GPL-2.0-only
"""Find the configuration symbols that build a source file, in the kernel's Makefiles.

Makefiles are parsed, not executed: lines that assign to obj-*, or to the parts of an
object (foo-y, foo-objs, foo-$(CONFIG_X)).  Conditionals (ifdef, ifeq) are ignored, but a
line in one is marked.
"""

import functools
import os
import re

ASSIGN = re.compile(r"^\s*([\w.-]+?)-(y|m|objs|\$\(CONFIG_(\w+)\)|\$\(subst m,y,\$\(CONFIG_(\w+)\)\))"
                    r"\s*[:+]?=\s*(.*)$")


class Kbuild:
    def __init__(self, source, config):
        self.source = source
        self.config = config            # {symbol: "y" or "m"}

    @functools.lru_cache(maxsize=None)
    def assignments(self, directory):
        """Return [(target, symbol or None, words, in a conditional)] of a directory."""
        for name in ("Kbuild", "Makefile"):
            path = os.path.join(self.source, directory, name)
            if os.path.exists(path):
                break
        else:
            return []
        with open(path, encoding="utf-8", errors="replace") as f:
            text = re.sub(r"\\\n\s*", " ", f.read())
        found, depth = [], 0
        for line in text.splitlines():
            line = line.split("#", 1)[0]
            if re.match(r"\s*if(n?def|n?eq)\b", line):
                depth += 1
            elif re.match(r"\s*endif\b", line):
                depth -= 1
            m = ASSIGN.match(line)
            if m:
                found.append((m[1], m[3] or m[4], m[5].split(), depth > 0))
        return found

    def value(self, symbol):
        return "y" if symbol is None else self.config.get(symbol, "n")

    def of_directory(self, directory):
        """Return how a directory is built: (value, the symbols that it depends on)."""
        if not directory or directory in ("arch/arm64", "."):
            return "y", set()
        parent, name = os.path.split(directory)
        best = ("n", set())
        # a Makefile may name a directory several levels below
        up = parent
        rest = name
        while True:
            for target, symbol, words, _ in self.assignments(up):
                if target not in ("obj", "core", "drivers", "libs", "subdir"):
                    continue
                if rest + "/" not in words and f"{up}/{rest}/".lstrip("/") not in words:
                    continue
                value, why = self.of_directory(up)
                best = better(best, both((value, why), (self.value(symbol), {symbol} - {None})))
            if not up:
                break
            up, last = os.path.split(up)
            rest = f"{last}/{rest}"
        return best

    def of_object(self, directory, name, seen=()):
        """Return how an object of a directory is built."""
        best = ("n", set())
        if name in seen:
            return best
        for target, symbol, words, _ in self.assignments(directory):
            if name + ".o" not in words:
                continue
            if target == "obj":
                outer = self.of_directory(directory)
            else:
                outer = self.of_object(directory, target, (*seen, name))
            best = better(best, both(outer, (self.value(symbol), {symbol} - {None})))
        # an object in the Makefile of a parent directory: obj-y += sub/foo.o
        parent, last = os.path.split(directory)
        if parent and best == ("n", set()):
            best = self.of_object(parent, f"{last}/{name}", (*seen, name)) \
                if name.count("/") < 3 else best
        return best

    def of_file(self, path):
        """Return (value, symbols) of a .c file; value None: no Makefile names it."""
        directory, name = os.path.split(path)
        value, why = self.of_object(directory, name[:-2])
        return (None, why) if value == "n" and not why else (value, why)


def both(a, b):
    return min(a[0], b[0], key="nmy".index), a[1] | b[1]


def better(a, b):
    if a == ("n", set()):
        return b
    return max(a, b, key=lambda x: "nmy".index(x[0]))


def read_config(path):
    with open(path, encoding="utf-8") as f:
        return dict(m.groups() for m in (re.match(r"CONFIG_(\w+)=([ym])$", x) for x in f) if m)
