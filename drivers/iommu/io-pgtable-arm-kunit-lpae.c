// SPDX-License-Identifier: GPL-2.0-only
/* The long-descriptor format as EL2 compiles it, for the KUnit tests */

#include "io-pgtable-arm-kunit-env.h"

#include "io-pgtable-arm.c"
#include "io-pgtable-arm-hyp.c"
