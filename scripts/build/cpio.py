#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
"""Pack a directory as an initramfs: cpio.py DIRECTORY OUT.cpio.gz

All is root's, times are zero, names are sorted: the same files give the same
archive.  Archives may be put one after the other; the kernel unpacks them all.
"""

import gzip
import os
import stat
import sys


def entry(name, mode, data=b"", inode=0):
    head = [inode, mode, 0, 0, 1, 0, len(data), 0, 0, 0, 0, len(name) + 1, 0]
    out = b"070701" + b"".join(b"%08x" % f for f in head) + name.encode() + b"\0"
    out += b"\0" * (-len(out) % 4) + data
    return out + b"\0" * (-len(out) % 4)


def main():
    root, target = sys.argv[1:]
    names = []
    for at, dirs, files in os.walk(root):
        for n in dirs + files:
            names.append(os.path.relpath(os.path.join(at, n), root))
    tmp = target + ".new"
    with open(tmp, "wb") as f, gzip.GzipFile("", "wb", 3, f, mtime=0) as out:
        for i, name in enumerate(sorted(names), 1):
            path = os.path.join(root, name)
            mode = os.lstat(path).st_mode
            if stat.S_ISLNK(mode):
                data = os.readlink(path).encode()
            elif stat.S_ISREG(mode):
                with open(path, "rb") as g:
                    data = g.read()
            elif stat.S_ISDIR(mode):
                data = b""
            else:
                continue
            out.write(entry(name, mode, data, i))
        out.write(entry("TRAILER!!!", 0))
    os.rename(tmp, target)


main()
