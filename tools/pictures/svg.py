# SPDX-License-Identifier: GPL-2.0-only
"""The shapes of the pictures, as SVG.

A picture is a light panel with a border, so that it is readable on a white and on a dark
page.  It does not depend on the host that draws it: widths of text are estimates, and
the font is the reader's sans-serif.
"""

from xml.sax.saxutils import escape

PANEL, BORDER, INK, FAINT = "#fbfcfe", "#c3ccd8", "#1c2733", "#56646f"
EL2, EL2_FILL = "#1b5e93", "#d8e8f6"            # what the hypervisor owns
HOST, HOST_FILL = "#6b7683", "#ffffff"          # what the host owns
STOP, STOP_FILL = "#a8321f", "#fae3de"          # a fault
OTHER = "#b4783a"


def number(value):
    return f"{value:.1f}".rstrip("0").rstrip(".")


def width(text, size=13):
    """Return the maximum width of a text in the usual sans-serif fonts."""
    return sum(0.34 if c in "iljtfr.,:;|()' " else 0.62 for c in text) * size


class Picture:
    def __init__(self, title, description):
        self.title, self.description, self.out = title, description, []

    def text(self, x, y, what, size=13, anchor="middle", colour=INK, weight=""):
        weight = f' font-weight="{weight}"' if weight else ""
        self.out.append(f'<text x="{number(x)}" y="{number(y)}" font-size="{size}" '
                        f'text-anchor="{anchor}" fill="{colour}"{weight}>{escape(what)}</text>')

    def rect(self, x, y, w, h, fill, stroke="none", radius=4, dash=""):
        dash = f' stroke-dasharray="{dash}"' if dash else ""
        self.out.append(f'<rect x="{number(x)}" y="{number(y)}" width="{number(w)}" '
                        f'height="{number(h)}" rx="{radius}" fill="{fill}" stroke="{stroke}" '
                        f'stroke-width="1.5"{dash}/>')

    def box(self, x, y, w, h, lines, fill=HOST_FILL, stroke=HOST, size=13):
        """Draw a box with centred lines of text, the first of them bold."""
        self.rect(x, y, w, h, fill, stroke)
        step = size + 4
        top = y + h / 2 - step * (len(lines) - 1) / 2 + size * 0.36
        for i, line in enumerate(lines):
            self.text(x + w / 2, top + i * step, line, size if i == 0 else size - 1.5,
                      weight="bold" if i == 0 and len(lines) > 1 else "",
                      colour=INK if i == 0 else FAINT)

    def path(self, points, colour=FAINT, arrow=True, dash="", wide=1.8):
        """Draw straight lines between points, with an arrow head at the last point."""
        d = "M" + " L".join(f"{number(x)} {number(y)}" for x, y in points)
        dash = f' stroke-dasharray="{dash}"' if dash else ""
        self.out.append(f'<path d="{d}" fill="none" stroke="{colour}" stroke-width="{wide}"{dash}/>')
        if arrow:
            (x1, y1), (x, y) = points[-2], points[-1]
            length = max(abs(x - x1), abs(y - y1), 0.1)
            dx, dy = (x - x1) / length, (y - y1) / length
            back = (x - 8 * dx, y - 8 * dy)
            corners = [(x, y), (back[0] - 4 * dy, back[1] + 4 * dx),
                       (back[0] + 4 * dy, back[1] - 4 * dx)]
            self.out.append('<polygon points="%s" fill="%s"/>' % (
                " ".join(f"{number(a)},{number(b)}" for a, b in corners), colour))

    def curve(self, x1, y1, x2, y2, colour=FAINT):
        middle = (x1 + x2) / 2
        self.out.append(f'<path d="M{number(x1)} {number(y1)} C{number(middle)} {number(y1)} '
                        f'{number(middle)} {number(y2)} {number(x2)} {number(y2)}" fill="none" '
                        f'stroke="{colour}" stroke-width="1.5"/>')

    def svg(self, w, h):
        return (f'<svg xmlns="http://www.w3.org/2000/svg" width="{number(w)}" height="{number(h)}" '
                f'viewBox="0 0 {number(w)} {number(h)}" font-family="sans-serif" role="img">\n'
                f'<!-- SPDX-License-Identifier: GPL-2.0-only; drawn by tools/pictures/draw -->\n'
                f'<title>{escape(self.title)}</title>\n<desc>{escape(self.description)}</desc>\n'
                f'<rect x="1" y="1" width="{number(w - 2)}" height="{number(h - 2)}" rx="8" '
                f'fill="{PANEL}" stroke="{BORDER}"/>\n' + "\n".join(self.out) + "\n</svg>\n")
