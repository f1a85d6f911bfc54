// SPDX-License-Identifier: GPL-2.0-only
/* What all formats have in common at EL2, for the KUnit tests */

#include "io-pgtable-arm-kunit-env.h"

#include "../../arch/arm64/kvm/hyp/nvhe/iommu/io-pgtable.c"
