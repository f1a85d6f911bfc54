# SPDX-License-Identifier: GPL-2.0-only
"""What the programs below tools/ share.

    settings        what the user sets by variables of the environment
    paths           where the repository and what was built lie
    machine         what a boot is, and QEMU's command line for it
    console         one run of the machine
    qmp             a client of QEMU's monitor protocol
    tap             results of tests
    table           the table of tests, and how an entry of it runs
    attacks, translations    scenes of `make attack`, and the log of DMA that they read

A program finds it by a link `orinlib` that lies beside it.
"""
