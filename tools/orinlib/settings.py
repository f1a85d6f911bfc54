# SPDX-License-Identifier: GPL-2.0-only
"""Settings from environment variables, read once. `make help` describes them; an empty
variable counts as unset.

PLUGIN, a TCG plugin for QEMU with its arguments, is loaded in each boot of the
series; {name} in it is replaced by the boot's name.

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
        """Parse a decimal number, or a hexadecimal one with 0x."""
        try:
            return int(text, 0) if text else None
        except ValueError:
            sys.exit(f"error: {name}={text} is not a number; set {name}=N")

    def given(self, names):
        """Return those of these variables that are set."""
        return [name for name in names if getattr(self, name.lower()) is not None]

    def environment(self):
        """Return the environment for a program that reads the settings itself."""
        return {**os.environ, **{name: str(getattr(self, name.lower()))
                                 for name in self.given(TEXTS + NUMBERS)}}


settings = Settings(os.environ)


def default(value, otherwise):
    """Return a setting, or its default if it is not set."""
    return otherwise if value is None else value
