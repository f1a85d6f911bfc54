# SPDX-License-Identifier: GPL-2.0-only
"""The variants to compare: the driver of the SMMUs and its options."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Variant:
    name: str
    label: str
    mode: str                   # as in machine.Boot
    append: str = ""
    dtb: str = "orin"
    qemu: tuple = ()            # further arguments


# A TLB sync of the model takes 1 microsecond of guest time on one instance and 3 on the
# other, in which the CPU polls, at EL1 or EL2.  With this option it takes no time, so that
# only the instructions of the work are counted.
NO_WAIT = ("-global", "arm-smmuv2.sync-delay-ns=0")

VARIANTS = {v.name: v for v in [
    Variant("ours", "ours, protected, default format", "protected"),
    Variant("ours-v7s", "ours, protected, v7s", "protected", "arm_smmu_kvm.format=v7s"),
    Variant("ours-lazy", "ours, protected, iommu.strict=0", "protected", "iommu.strict=0"),
    Variant("native", "arm-smmu, not protected (nVHE)", "nvhe"),
    Variant("native-vhe", "arm-smmu, not protected (VHE)", "vhe"),
    Variant("native-lazy", "arm-smmu, nVHE, iommu.strict=0", "nvhe", "iommu.strict=0"),
    Variant("ours-nowait", "ours, a TLB sync takes no time", "protected", qemu=NO_WAIT),
    Variant("native-nowait", "arm-smmu, nVHE, a TLB sync takes no time", "nvhe", qemu=NO_WAIT),
    Variant("none", "no SMMU (nVHE)", "nvhe", dtb="orin-no-smmu"),
]}
