/*
 * Arm SMMUv2 (MMU-500): TLB and walk cache
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "qemu/osdep.h"
