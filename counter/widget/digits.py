"""The digits of a theme for an image: where each reel and each shape stands, in pixels. Pure geometry.

templates/digits.svg paints it; static/widget.css does the same for pages, from the same properties of the theme.
"""

from __future__ import annotations

from dataclasses import dataclass

from counter.widget.theme import Theme

HEIGHT = 44  # of the frame at the widget's own size, 14 px
INSET = 4  # from the frame to its reels
REEL_WIDTH = 29.0  # at most
LONG = 8  # more digits than that are drawn smaller
SMALLER = 0.69
GLYPH_ROOM = 0.7  # of a reel's width, for a digit that the theme draws
GLYPH_HIGH = 0.86  # of a reel's height, at most
STITCH = 2.4  # pixels; smaller ones are a blur, and are left out
BASELINE = 0.355  # of the size of a text, below its middle
NEXT = 0.91  # of the same, from a digit to its neighbour on a wheel


@dataclass(frozen=True, slots=True)
class Reel:
    """One digit. `colour` is the class of its ink; `shape` its points, '' when it is text."""

    x: float
    digit: str
    colour: str
    last: bool
    shape: str
    around: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Digits:
    """A frame and its reels. What stands within a reel is measured from the reel's own corner."""

    x: float
    y: float
    width: float
    height: float
    radius: float
    cut: str  # points of the frame when it is no rectangle
    form: str  # of the reels, see theme.CHOICES
    reel_y: float
    reel_width: float
    reel_height: float
    reel_radius: float
    reels: tuple[Reel, ...]
    size: float  # of the text
    baseline: float
    neighbour: float  # from the baseline to that of the digits above and below
    neighbours: float  # how visible they are
    unlit: str
    stitch: tuple[float, float, float, float] | None  # a cell of the pattern: x, y, width, height
    hinge: float
    glow: float  # standard deviation of the blur
    typeface: str
    weight: int


def draw_digits(
    theme: Theme,
    digits: tuple[tuple[str, bool], ...],
    x: float,
    y: float,
    width: float,
    height: float = HEIGHT,
    larger: float = 1.0,
) -> Digits:
    """Digits, each with whether it is a leading zero, in a frame at (x, y). The frame's size depends on nothing else.

    `larger` is for small frames: how much larger than in the widget digits are in proportion to their reels.
    """
    scale = height / HEIGHT
    inset, gap = INSET * scale, theme.pixels("reel-gap") * scale
    count = len(digits)
    reel_width = min(REEL_WIDTH * scale, (width - 2 * inset - gap * (count - 1)) / count)
    reel_height = height - 2 * inset
    left = x + (width - count * (reel_width + gap) + gap) / 2
    size = theme.pixels("digit-size") * scale * (SMALLER if count > LONG else larger)
    box = _glyph_box(theme, reel_width, reel_height, size)
    baseline = reel_height / 2 + BASELINE * size
    return Digits(
        x=x,
        y=y,
        width=width,
        height=height,
        radius=_round(theme.pixels("frame-radius") * scale),
        cut=theme.shapes["frame-cut"].within(x, y, width, height) if "frame-cut" in theme.shapes else "",
        form=theme.choices["reel-form"],
        reel_y=_round(y + inset),
        reel_width=_round(reel_width),
        reel_height=_round(reel_height),
        reel_radius=_round(min(theme.pixels("reel-radius") * scale, reel_width / 2)),
        reels=tuple(
            _reel(theme, digit, blank, _round(left + place * (reel_width + gap)), place == count - 1, box)
            for place, (digit, blank) in enumerate(digits)
        ),
        size=_round(size),
        baseline=_round(baseline),
        neighbour=_round(NEXT * size),
        neighbours=theme.numbers["neighbours"],
        unlit=theme.shapes["unlit"].within(*box) if "unlit" in theme.shapes else "",
        stitch=_cell(box) if theme.choices["fill"] == "stitch" and box[2] / 5 >= STITCH else None,
        hinge=_round(theme.pixels("hinge") * scale),
        glow=_round(theme.pixels("glow") * scale / 2),
        typeface=theme.choices["typeface"],
        weight=round(theme.numbers["digit-weight"]),
    )


def _glyph_box(theme: Theme, reel_width: float, reel_height: float, size: float) -> tuple[float, float, float, float]:
    """Where a drawn digit stands in its reel: in the middle, as high as a text of the size, unless that is too wide."""
    ratio = theme.numbers["glyph-ratio"]
    width = min(GLYPH_ROOM * reel_width, ratio * min(size, GLYPH_HIGH * reel_height))
    height = width / ratio
    return (reel_width - width) / 2, (reel_height - height) / 2, width, height


def _reel(theme: Theme, digit: str, blank: bool, x: float, last: bool, box: tuple[float, float, float, float]) -> Reel:
    shape = theme.shapes.get(f"glyph-{digit if digit.isdigit() else 'dash'}")
    turns = theme.numbers["neighbours"] > 0 and digit.isdigit()
    return Reel(
        x=x,
        digit=digit,
        colour="blank" if blank else "last-digit" if last else "digit",
        last=last,
        shape=shape.within(*box) if shape else "",
        around=(str((int(digit) - 1) % 10), str((int(digit) + 1) % 10)) if turns else (),
    )


def _cell(box: tuple[float, float, float, float]) -> tuple[float, float, float, float]:
    """A stitch: a fifth of the digit's width, a seventh of its height."""
    x, y, width, height = box
    return round(x, 3), round(y, 3), round(width / 5, 4), round(height / 7, 4)


def _round(pixels: float) -> float:
    return round(pixels, 2)
