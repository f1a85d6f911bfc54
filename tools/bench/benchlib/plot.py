# SPDX-License-Identifier: GPL-2.0-only
"""A plot of the ratios to the native driver, written as SVG."""

from xml.sax.saxutils import escape

from . import micro

COLOURS = {"ours": "#1b6ca8", "ours-v7s": "#e07b39", "ours-lazy": "#58a55c", "none": "#999999",
           "native-lazy": "#c9b037"}
WIDTH, LEFT, RIGHT, BAR, GAP = 900, 230, 60, 9, 8


def text(x, y, what, size=12, anchor="start", colour="#222"):
    return (f'<text x="{x:.1f}" y="{y:.1f}" font-size="{size}" text-anchor="{anchor}" '
            f'fill="{colour}">{escape(what)}</text>')


def rect(x, y, w, h, colour):
    return f'<rect x="{x:.1f}" y="{y:.1f}" width="{max(w, 0.5):.1f}" height="{h:.1f}" fill="{colour}"/>'


def line(x1, y1, x2, y2, colour, dash=""):
    dash = f' stroke-dasharray="{dash}"' if dash else ""
    return (f'<line x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}" '
            f'stroke="{colour}"{dash}/>')


def bars(out, y, title, groups, names):
    """Draw bars. GROUPS: [(label, {name: ratio})]"""
    most = max([1.25] + [min(v, 4) for _, g in groups for v in g.values()])
    scale = (WIDTH - LEFT - RIGHT) / most
    out.append(text(10, y + 14, title, 15))
    x = LEFT
    for n in names:
        out += [rect(x, y + 22, 10, 10, COLOURS[n]), text(x + 14, y + 31, n)]
        x += 120
    y += 44
    top = y
    for label, group in groups:
        out.append(text(LEFT - 8, y + len(group) * BAR / 2 + 4, label, 12, "end"))
        for n, ratio in group.items():
            shown = min(ratio, most)
            out += [rect(LEFT, y, shown * scale, BAR - 1, COLOURS[n]),
                    text(LEFT + shown * scale + 3, y + BAR - 1, f"{ratio:.2f}", 9)]
            y += BAR
        y += GAP
    out += [line(LEFT + scale, top - 4, LEFT + scale, y, "#c00", "4 3"),
            text(LEFT + scale, y + 10, "native = 1", 10, "middle", "#c00")]
    return y + 30


def curve(out, y, title, growth):
    """Draw the instructions of a map against the number of mapped pages (logarithmic)."""
    height, points = 160, {n: [(r["live"], r["map"]) for r in levels] for n, levels in growth.items()}
    most = max(v for p in points.values() for _, v in p) * 1.15
    span = max(n for p in points.values() for n, _ in p).bit_length() - 1 - 10

    def at(live, value):
        return (LEFT + (live.bit_length() - 11) / span * (WIDTH - LEFT - RIGHT - 60),
                y + 30 + height - value / most * height)

    out.append(text(10, y + 14, title, 15))
    out += [line(LEFT, y + 30, LEFT, y + 30 + height, "#888"),
            line(LEFT, y + 30 + height, WIDTH - RIGHT, y + 30 + height, "#888")]
    for n, p in points.items():
        colour = COLOURS.get(n, "#c00")
        where = [at(*q) for q in p]
        out.append('<polyline fill="none" stroke-width="2" stroke="%s" points="%s"/>' % (
            colour, " ".join(f"{a:.1f},{b:.1f}" for a, b in where)))
        out.append(text(where[-1][0] + 6, where[-1][1] + 4, f"{n} {p[-1][1]:.0f}", 11, "start", colour))
    for live, _ in max(points.values(), key=len):
        out.append(text(at(live, 0)[0], y + 46 + height, f"{live}", 10, "middle"))
    return y + height + 70


def ratios(results, names, label, of=lambda r: r["instructions"]):
    groups = []
    for key, base in results["native"].items():
        group = {n: of(results[n][key]) / of(base)
                 for n in names if n in results and "instructions" in results[n].get(key, {})}
        if group and "instructions" in base:
            groups.append((label(key), group))
    return groups


def svg(raw):
    out, y = [], 10
    names = ["ours", "ours-v7s", "none"]
    for dev in ("pci", "soc1"):
        results = {n: {k: v for k, v in r.items() if k[0] == dev} for n, r in raw["dma_api"].items()}
        y = bars(out, y, f"DMA API, {micro.DEVICES[dev]}: instructions, ratio to the native driver",
                 ratios(results, names, lambda k: f"{k[1]} {micro.name_of(k[1], k[2])}"), names)
    names = ["ours", "ours-v7s", "ours-lazy", "native-lazy", "none"]
    y = bars(out, y, "Devices at work: instructions per I/O or frame, ratio to the native driver",
             ratios(raw["io"], names, lambda k: k), names)
    y = curve(out, y, "Instructions to map 4 KiB, against the number of pages mapped", raw["growth"])
    return (f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" height="{y:.0f}" '
            f'viewBox="0 0 {WIDTH} {y:.0f}" font-family="sans-serif">\n'
            f'{rect(0, 0, WIDTH, y, "#fff")}\n' + "\n".join(out) + "\n</svg>\n")
