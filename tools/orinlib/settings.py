# SPDX-License-Identifier: GPL-2.0-only
"""What the user sets by variables of the environment, read once. `make help` says
what each of them means; an empty one is as good as none.

PLUGIN, a TCG plugin for QEMU with its arguments, is loaded in each boot of the
series; {name} there is the boot's.

A program may change a setting for its own boots by assigning to it.
"""

import os
import sys

TEXTS = ("BUILD", "OUT", "KERNEL_SRC", "BASE_VERSION", "QEMU", "KERNEL", "APPEND", "MEM", "CPU",
         "INITRD_EXTRA", "DTB", "MACHINE", "ACCEL", "PLUGIN", "PROGRAM", "PROTECTED", "LOAD", "AGAIN")
NUMBERS = ("SMP", "JOBS", "SEED", "SECONDS", "CALLS", "PROGRAMS", "THREADS", "LIMIT", "N",
           "DEMO_TIMEOUT", "ATTACK_TIMEOUT", "MUTANT_TIMEOUT")


class Settings:
    """An attribute for each variable, in lower case: a string or a number, or None."""

    def __init__(self, environment):
        for name in TEXTS:
            setattr(self, name.lower(), environment.get(name) or None)
        for name in NUMBERS:
            setattr(self, name.lower(), self.number(name, environment.get(name)))

    @staticmethod
    def number(name, text):
        """Hexadecimal with 0x."""
        try:
            return int(text, 0) if text else None
        except ValueError:
            sys.exit(f"error: {name}={text} is not a number; set {name}=N")

    def given(self, names):
        """Those of these variables that are set."""
        return [name for name in names if getattr(self, name.lower()) is not None]

    def environment(self):
        """For a program that reads them by itself."""
        return {**os.environ, **{name: str(getattr(self, name.lower()))
                                 for name in self.given(TEXTS + NUMBERS)}}


settings = Settings(os.environ)


def default(value, otherwise):
    """A setting, or what holds without it."""
    return otherwise if value is None else value
