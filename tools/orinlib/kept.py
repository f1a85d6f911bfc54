# SPDX-License-Identifier: GPL-2.0-only
"""What earlier runs found, kept by the contents of what decides it."""

import hashlib
import json
import os

from . import paths


def digest(*parts):
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()[:16]


def files_hash(tops, leave_out=()):
    """Of the names and contents of all files below these directories, but those of
    LEAVE_OUT and pages, which nothing executes."""
    parts = []
    for top in tops:
        for at, dirs, files in os.walk(os.path.realpath(top)):
            dirs[:] = sorted(d for d in dirs
                             if d != "__pycache__" and os.path.join(at, d) not in leave_out)
            for name in sorted(files):
                if not name.endswith(".md"):
                    path = os.path.join(at, name)
                    with open(path, "rb") as f:
                        parts += [os.path.relpath(path, paths.ROOT),
                                  hashlib.sha256(f.read()).hexdigest()]
    return digest(*parts)


class Store:
    """A JSON file for each name, in one directory."""

    def __init__(self, directory):
        self.directory = directory

    def path(self, name):
        return os.path.join(self.directory, name + ".json")

    def read(self, name):
        """None if there is none, or none that can be read."""
        try:
            with open(self.path(name), encoding="utf-8") as f:
                return json.load(f)
        except (OSError, ValueError):
            return None

    def write(self, name, facts):
        """All of it or nothing, whenever the program is interrupted."""
        path = self.path(name)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path + ".new", "w", encoding="utf-8") as f:
            json.dump(facts, f, indent=1)
        os.rename(path + ".new", path)
