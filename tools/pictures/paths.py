# SPDX-License-Identifier: GPL-2.0-only
"""paths.svg: the address paths of a CPU and of a device, with EL2 between them."""

from svg import EL2, EL2_FILL, FAINT, HOST, HOST_FILL, STOP, STOP_FILL, Picture

TOP, BOTTOM, HIGH = 58, 308, 58         # of the two rows of boxes, and how high a box is


def draw():
    p = Picture("Two address paths, both owned by EL2",
                "A CPU of the host reaches memory through stage 1, which the host owns, and "
                "stage 2, which EL2 owns. A device reaches memory through its memory client, the "
                "stream ID override and stage 1 of an SMMU; EL2 owns the override, the SMMU and "
                "its tables.")

    def row(y, boxes):
        for x, w, lines, owned in boxes:
            p.box(x, y, w, HIGH, lines, *((EL2_FILL, EL2) if owned else (HOST_FILL, HOST)))

    def step(y, x1, x2, label):
        p.path([(x1, y + HIGH / 2), (x2, y + HIGH / 2)])
        p.text((x1 + x2) / 2 - 3, y + HIGH / 2 - 7, label, 11, colour=FAINT)

    # the path of a CPU
    p.text(24, 36, "What a CPU of the host reaches", 14, "start", weight="bold")
    row(TOP, [(24, 110, ["CPU", "host, at EL1"], False),
              (190, 140, ["stage 1", "the host's tables"], False),
              (510, 170, ["stage 2", "EL2's tables"], True)])
    step(TOP, 134, 190, "VA")
    step(TOP, 330, 510, "IPA")
    step(TOP, 680, 800, "PA")

    # the path of a device
    p.text(24, BOTTOM + HIGH + 78, "What a device reaches", 14, "start", weight="bold")
    row(BOTTOM, [(24, 110, ["device", "NVMe, eMMC, ..."], False),
                 (190, 140, ["memory client", "on Tegra234"], False),
                 (370, 120, ["override", "of the stream ID"], True),
                 (530, 150, ["SMMU stage 1", "EL2's tables"], True)])
    step(BOTTOM, 134, 190, "IOVA")
    step(BOTTOM, 330, 370, "")
    step(BOTTOM, 490, 530, "SID")
    step(BOTTOM, 680, 800, "PA")

    # EL2, between the two paths
    p.rect(190, 168, 490, 92, EL2_FILL, EL2)
    p.text(435, 191, "EL2: the hypervisor", 14, weight="bold")
    p.text(435, 212, "A device can reach a page only while the host owns or shares it.", 12)
    p.text(435, 230, "A page that is mapped for DMA cannot leave the host.", 12)
    p.text(435, 248, "The unmap is complete when every SMMU instance has invalidated it.", 12)
    p.path([(595, 168), (595, TOP + HIGH)], EL2)
    p.path([(430, 260), (430, BOTTOM)], EL2)
    p.path([(605, 260), (605, BOTTOM)], EL2)
    p.path([(79, TOP + HIGH), (79, 214), (190, 214)], HOST)
    p.text(134, 190, "hypercalls:", 11, colour=FAINT)
    p.text(134, 204, "map, unmap", 11, colour=FAINT)

    # memory
    p.rect(800, TOP - 20, 156, BOTTOM + HIGH + 20 - (TOP - 20), HOST_FILL, HOST)
    p.text(878, TOP - 28, "memory", 14, weight="bold")
    p.text(878, TOP + HIGH / 2 + 4, "pages of the host")
    p.text(878, BOTTOM + HIGH / 2 + 4, "pages of the host")
    p.box(800, 156, 156, 116, ["hypervisor,", "protected guests,", "tables of the SMMUs:",
                               "on neither path"], EL2_FILL, EL2)

    # where refused accesses end
    def fault(x, y, up, text, w):
        p.rect(x - w / 2, y, w, 24, STOP_FILL, STOP, 12)
        p.text(x, y + 16.5, text, 11.5, colour=STOP)
        p.path([(x, up), (x, y if y > up else y + 24)], STOP)

    fault(595, 16, TOP, "the host does not own the page: abort", 246)
    below = BOTTOM + HIGH
    fault(605, below + 20, below, "not attached or not mapped: fault", 232)

    p.rect(560, below + 66, 14, 14, EL2_FILL, EL2, 2)
    p.text(582, below + 78, "EL2 owns it", 12, "start", FAINT)
    p.rect(690, below + 66, 14, 14, HOST_FILL, HOST, 2)
    p.text(712, below + 78, "the host owns or programs it", 12, "start", FAINT)
    return p.svg(980, below + 96)
