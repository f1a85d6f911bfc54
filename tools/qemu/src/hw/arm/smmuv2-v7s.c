/*
 * Arm SMMUv2 (MMU-500): translation table walks, AArch32 short-descriptor format
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "qemu/osdep.h"
