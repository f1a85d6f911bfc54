# SPDX-License-Identifier: GPL-2.0-only
"""The benchmark on the host's side."""
