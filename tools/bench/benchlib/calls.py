# SPDX-License-Identifier: GPL-2.0-only
"""Names of hypercalls, from the source of the measured kernel."""

import os
import re

from orinlib import paths

HEADER = "source/arch/arm64/include/asm/kvm_asm.h"
# entry to EL2 by a fault or an interrupt
NO_CALL = 128


def names():
    """Return {number: name}; MARKER() lines have no number."""
    with open(os.path.join(paths.kernel_dir(), HEADER), encoding="utf-8") as f:
        text = f.read()
    enum = re.search(r"enum __kvm_host_smccc_func \{(.*?)\};", text, re.S).group(1)
    text = re.sub(r"/\*.*?\*/", "", enum, flags=re.S)
    found = re.findall(r"^\s*__KVM_HOST_SMCCC_FUNC_(?:__)?(\w+?)(?:\s*=[^,]*)?,", text, re.M)
    result = {0: "kvm_hyp_init", NO_CALL: "(no call)"}
    result.update(enumerate((n.lstrip("_") for n in found), start=1))
    return result
