/*
 * Arm SMMUv2 (MMU-500): translation table walks, long-descriptor formats
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "qemu/osdep.h"
