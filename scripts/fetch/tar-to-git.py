#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
"""Turn a tar stream of a kernel tree into the first commit of a git repository.

    tar-to-git.py REPO WHERE-FROM < TAR

Through fast-import: one pack is written, not a hundred thousand loose objects.
Identity and date are fixed (the date is that of the tree's Makefile), so that
the same tree gives the same commit on every machine.  Sets the tag `base`.
"""

import re
import subprocess
import sys
import tarfile


def main():
    repo, origin = sys.argv[1:]
    subprocess.run(["git", "init", "-q", "--template=", "-b", "master", repo], check=True)
    git = subprocess.Popen(
        ["git", "-C", repo, "-c", "core.compression=1", "fast-import", "--quiet",
         "--depth=0"], stdin=subprocess.PIPE)
    send = git.stdin.write
    files = []
    version, date = "", 1

    tar = tarfile.open(fileobj=sys.stdin.buffer, mode="r|")
    for m in tar:
        name = m.name[2:] if m.name.startswith("./") else m.name
        if re.fullmatch(r"linux-source-[^/]*/?", name.split("/")[0]):
            name = name.partition("/")[2]       # Debian's tar file has a top directory
        if m.issym():
            data, mode = m.linkname.encode(), "120000"
        elif m.isreg():
            data = tar.extractfile(m).read()
            mode = "100755" if m.mode & 0o100 else "100644"
        else:
            continue
        if name == "Makefile":
            version = kernel_version(data.decode())
            date = int(m.mtime)
        if name == ".gitignore":
            # the last lines of Debian's file make git ignore every new file
            data = data.replace(b"\n/*\n!/debian/\n", b"\n")
        files.append(f"M {mode} :{len(files) + 1} {name}\n")
        send(b"blob\nmark :%d\ndata %d\n" % (len(files), len(data)))
        send(data)
        send(b"\n")

    if not version:
        git.kill()
        sys.exit("error: the archive contains no Linux source tree; fetch it again")
    text = f"Linux {version}\n\nFrom {origin}.\n".encode()
    send(b"commit refs/heads/master\ncommitter build <build@localhost> %d +0000\n" % date)
    send(b"data %d\n" % len(text) + text)
    send("".join(files).encode())
    send(b"\nreset refs/tags/base\nfrom refs/heads/master\n\n")
    git.stdin.close()
    sys.exit(git.wait())


def kernel_version(makefile):
    part = dict(re.findall(r"^(VERSION|PATCHLEVEL|SUBLEVEL|EXTRAVERSION) *= *(\S*)",
                           makefile, re.M))
    return "{VERSION}.{PATCHLEVEL}.{SUBLEVEL}{EXTRAVERSION}".format(**part)


main()
