# SPDX-License-Identifier: GPL-2.0-only
"""cost.svg: guest instructions against the native driver, from cost.tsv."""

from svg import EL2, FAINT, OTHER, STOP, Picture

LEFT, WIDTH, TOP, STEP, BAR = 330, 400, 70, 38, 20


def read(lines):
    """Return [(ratio, instructions or None, True if with the series, description)]."""
    rows = []
    for line in lines:
        if line.strip() and not line.startswith("#"):
            ratio, instructions, series, what = line.rstrip("\n").split("\t")
            rows.append((float(ratio), None if instructions == "-" else int(instructions),
                         series == "yes", what))
    return rows


def draw(lines):
    rows = read(lines)
    p = Picture("The cost of DMA isolation against the native driver",
                "; ".join(f"{what}: {ratio:.2f}" for ratio, _, _, what in rows))
    most = max([1.4] + [r[0] for r in rows])
    scale = WIDTH / most
    p.text(24, 34, "Guest instructions, relative to the native driver on the same kernel", 14,
           "start", weight="bold")
    p.text(24, 54, "Not protected = 1; shorter is better. Waits for the SMMU are included.", 12,
           "start", FAINT)
    y = TOP
    for ratio, instructions, series, what in rows:
        p.text(LEFT - 12, y + BAR / 2 + 4.5, what, 13, "end")
        p.rect(LEFT, y, ratio * scale, BAR, EL2 if series else OTHER, radius=2)
        note = f"{ratio:.2f}"
        p.text(LEFT + max(ratio, 1) * scale + 10, y + BAR / 2 + 4.5, note, 13, "start", weight="bold")
        if instructions is not None:
            p.text(LEFT + WIDTH + 170, y + BAR / 2 + 4.5, f"{instructions:,}".replace(",", " "),
                   12, "end", FAINT)
        y += STEP
    p.text(LEFT + WIDTH + 170, TOP - 12, "instructions", 12, "end", FAINT)
    x = LEFT + scale
    p.path([(x, TOP - 10), (x, y - STEP + BAR + 10)], STOP, False, "4 3", 1.5)
    p.text(x, y + 12, "native driver = 1", 12, "middle", STOP)
    p.rect(24, y + 22, 14, 14, EL2, radius=2)
    p.text(46, y + 34, "protected, with the series", 12, "start", FAINT)
    p.rect(230, y + 22, 14, 14, OTHER, radius=2)
    p.text(252, y + 34, "protected, without it", 12, "start", FAINT)
    return p.svg(LEFT + WIDTH + 194, y + 52)
