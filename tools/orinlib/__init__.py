# SPDX-License-Identifier: GPL-2.0-only
"""What the programs below tools/ share; README.md describes it."""
