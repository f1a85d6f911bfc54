# SPDX-License-Identifier: GPL-2.0-only
"""A client of QEMU's monitor protocol, for one command at a time."""

import json
import socket


class QMPError(Exception):
    pass


class QMP:
    """On a connected socket."""

    def __init__(self, connection):
        connection.settimeout(30)
        self.file = connection.makefile("rw", encoding="utf-8")
        self._read()                            # the greeting
        self.execute("qmp_capabilities")

    @classmethod
    def connect(cls, path):
        connection = socket.socket(socket.AF_UNIX)
        try:
            connection.connect(path)
            return cls(connection)
        except OSError:
            connection.close()
            raise

    def _read(self):
        line = self.file.readline()
        if not line:
            raise QMPError("QEMU closed the connection")
        return json.loads(line)

    def execute(self, command, **arguments):
        self.file.write(json.dumps({"execute": command, "arguments": arguments}) + "\n")
        self.file.flush()
        while True:
            answer = self._read()
            if "return" in answer:
                return answer["return"]
            if "error" in answer:
                raise QMPError(answer["error"]["desc"])


def value_of(text):
    """Parse a property's value as the guest writes it: on, off, a number or a string."""
    if text in ("on", "true"):
        return True
    if text in ("off", "false"):
        return False
    try:
        return int(text, 0)
    except ValueError:
        return text
