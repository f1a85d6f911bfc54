#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
"""Check the pages of this repository (*.md) and `make help`: TAP lines.

Files and headings that a page links to exist, and so do the paths that it names; each
`make TARGET` is a target; `make help` names each target and each variable.

    readmes.py KERNEL-TREE      where paths of kernel files are, besides here
"""

import glob
import os
import re
import subprocess
import sys

ROOT = os.path.realpath(os.path.join(os.path.dirname(__file__), "../.."))
LINK = re.compile(r"\]\(([^)\s]+)\)")
# in `...`, or in a block of commands
PATH = re.compile(r"(?<![\w./$@-])(?:scripts|tools|patches|arch|drivers|include|Documentation)/"
                  r"[\w.,/*+-]*")
MAKE = re.compile(r"(?<![\w-])make ([a-z][a-z0-9-]*)")
CODE = re.compile(r"`([^`]+)`|^ {4,}(.*)", re.MULTILINE)
# column heads of tables whose first column names files beside the page
FILES = {"where", "file", "folder", "directory"}
# what a build and a run leave
MADE = {"build/", "out/"}
failed = False


def result(name, wrong):
    global failed
    failed |= bool(wrong)
    print(f"not ok - {name} # {'; '.join(wrong)}" if wrong else f"ok - {name}", flush=True)


def pages():
    yield "README.md"
    for top in "patches", "scripts", "tools":
        for at, dirs, files in os.walk(os.path.join(ROOT, top)):
            dirs.sort()
            for name in sorted(files):
                if name.endswith(".md"):
                    yield os.path.relpath(os.path.join(at, name), ROOT)


def read(page):
    with open(os.path.join(ROOT, page), encoding="utf-8") as f:
        return f.read()


def anchors(page):
    """As GitHub makes them of a page's headings."""
    heads = re.findall(r"^#+ +(.*)", read(page), re.MULTILINE)
    return {re.sub(r"[^\w -]", "", h.lower()).replace(" ", "-") for h in heads}


def dead_links(page):
    for link in LINK.findall(read(page)):
        path, _, anchor = link.partition("#")
        if "://" in path:
            continue
        target = os.path.normpath(os.path.join(os.path.dirname(page), path)) if path else page
        if not os.path.exists(os.path.join(ROOT, target)):
            yield f"{page}: {link}"
        elif anchor and anchor not in anchors(target):
            yield f"{page}: {link} has no such heading"


def code(page):
    for inline, block in CODE.findall(read(page)):
        yield inline or block


def exists(path, *directories):
    return any(glob.glob(os.path.join(d, path)) for d in directories)


def dead_paths(page, kernel):
    here = os.path.join(ROOT, os.path.dirname(page))
    for text in code(page):
        for path in PATH.findall(text):
            path = path.rstrip(".,")
            if not exists(path, ROOT, here, kernel):
                yield f"{page}: {path}"
    files = False
    for line in read(page).splitlines():
        if not line.startswith("|"):
            files = False
        elif line.split("|")[1].strip() in FILES:
            files = True
        elif files:
            for path in re.findall(r"`([^`]+)`", line.split("|")[1]):
                if path not in MADE and not exists(path, ROOT, here, kernel):
                    yield f"{page}: {path}"


def makefile(start):
    """The words of the line of the Makefile that begins like this."""
    text = read("Makefile").replace("\\\n", " ")
    return re.search(rf"^{start}(.*)", text, re.MULTILINE)[1].split()


def rules(page):
    """Targets of the Makefile beside a page, if there is one."""
    beside = os.path.join(os.path.dirname(page), "Makefile")
    if not os.path.exists(os.path.join(ROOT, beside)):
        return []
    return re.findall(r"^([\w-]+):", read(beside), re.MULTILINE)


def main():
    kernel = sys.argv[1] if len(sys.argv) > 1 else ROOT
    all_pages = list(pages())
    targets, variables = makefile(r"\.PHONY:"), makefile("export") + ["T"]
    result("pages link to what is there", [x for p in all_pages for x in dead_links(p)])
    result("paths that pages name are there",
           [x for p in all_pages for x in dict.fromkeys(dead_paths(p, kernel))])
    result("each `make TARGET` of a page is a target",
           [f"{p}: {t}" for p in all_pages for text in code(p) for t in MAKE.findall(text)
            if t not in targets + rules(p)])
    told = subprocess.run(["make", "-s", "-C", ROOT, "--no-print-directory", "help"], check=True,
                          stdout=subprocess.PIPE, text=True).stdout
    words = set(re.findall(r"[\w-]+", told))
    given = set(re.findall(r"\b([A-Z_]+)=", told))
    result("`make help` names each target", [t for t in targets if t not in words | {"help"}])
    result("`make help` names each variable", [v for v in variables if v not in given])
    return failed


sys.exit(main())
