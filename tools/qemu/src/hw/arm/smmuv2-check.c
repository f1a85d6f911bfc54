/*
 * Arm SMMUv2 (MMU-500): violations, counters and logs
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "qemu/osdep.h"
