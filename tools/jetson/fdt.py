# SPDX-License-Identifier: GPL-2.0-only
"""Parse a flattened device tree: nodes with their properties, as bytes."""

import struct


class Node:
    def __init__(self, path, parent):
        self.path = path
        self.parent = parent
        self.props = {}
        self.children = []

    def strings(self, name):
        return self.props.get(name, b"").decode("utf-8", "replace").split("\0")[:-1]

    def cells(self, name):
        value = self.props.get(name, b"")
        return list(struct.unpack(f">{len(value) // 4}I", value))

    @property
    def enabled(self):
        """True if neither the node nor any of its parents is disabled."""
        return self.strings("status") in ([], ["ok"], ["okay"]) and \
            (self.parent is None or self.parent.enabled)

    def walk(self):
        yield self
        for child in self.children:
            yield from child.walk()


class Tree:
    """The root node, and the nodes by phandle."""

    def __init__(self, path):
        with open(path, "rb") as f:
            blob = f.read()
        magic, _, at, names = struct.unpack_from(">4I", blob)
        if magic != 0xd00dfeed:
            raise ValueError(f"{path} is not a device tree")

        self.root = node = None
        while True:
            token, = struct.unpack_from(">I", blob, at)
            at += 4
            if token == 1:              # start of a node
                end = blob.index(b"\0", at)
                name = blob[at:end].decode()
                at = end + 4 & ~3
                parent = node
                if parent is None:
                    node = self.root = Node("", None)
                else:
                    node = Node(f"{parent.path}/{name}", parent)
                    parent.children.append(node)
            elif token == 2:            # end of a node
                node = node.parent
            elif token == 3:            # a property
                size, offset = struct.unpack_from(">2I", blob, at)
                at += 8
                end = blob.index(b"\0", names + offset)
                node.props[blob[names + offset:end].decode()] = blob[at:at + size]
                at = at + size + 3 & ~3
            elif token == 9:
                break
        self.phandles = {n.cells("phandle")[0]: n for n in self.root.walk() if "phandle" in n.props}

    def enabled(self):
        return [n for n in self.root.walk() if n.enabled]

    def model(self):
        return " ".join(self.root.strings("model"))


def boards(path):
    """Return the lines of the file `boards`: (name, device tree, description)."""
    with open(path, encoding="utf-8") as f:
        return [tuple(line.split(None, 2)) for line in map(str.strip, f)
                if line and not line.startswith("#")]
