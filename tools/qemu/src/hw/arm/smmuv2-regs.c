/*
 * Arm SMMUv2 (MMU-500): the register file
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "qemu/osdep.h"
