"""Where everything of the image stands, in pixels. Pure geometry; templates/widget.svg paints it.

The same proportions as static/widget.css at 14 px. An image cannot ask how wide its font is, so texts are measured
roughly (`text_width`): what may not fit beside its label stands below it, and what is too long even there is squeezed.
"""

from __future__ import annotations

from dataclasses import dataclass

from counter.widget.digits import HEIGHT as FRAME
from counter.widget.digits import Digits, draw_digits
from counter.widget.text_width import text_width
from counter.widget.theme import THEMES, Theme
from counter.widget.view import View, WidgetRow

WIDTH = 246
PAD = 15
ICON = 25  # from the edge of the lines to their labels
BAND, BAND_INSET = 8.4, 3.8  # height of a theme's band, and how far it stands from the card's edge
ROW = 27
SECOND_LINE = 15  # more for what stands below its label, and for the day of the record
DATE = 24
GAP = 8  # between a label and its number
ROOM = WIDTH - 2 * PAD - ICON  # for a label and its number
FLAG_WIDTH, FLAG_HEIGHT, FLAG_GAP = 24, 15, 3
FLAGS_A_LINE = (WIDTH - 2 * PAD + FLAG_GAP) // (FLAG_WIDTH + FLAG_GAP)
LABEL_SIZE, SMALL_SIZE, TINY_SIZE = 14.0, 12.0, 10.5


@dataclass(frozen=True, slots=True)
class Flag:
    code: str
    x: int
    y: int


@dataclass(frozen=True, slots=True)
class Line:
    """A row and its place. Widths are 0 where a text has its own, else what it is squeezed into."""

    top: int
    row: WidgetRow
    below: bool  # the number stands below the label
    size: str  # of the number: '', small or tiny, a class of the style sheet
    label_width: float
    text_width: float
    flags: tuple[Flag, ...] = ()


@dataclass(frozen=True, slots=True)
class Picture:
    """`start` and `end` are where labels and numbers begin, by direction."""

    width: int
    height: int
    start: int
    end: int
    icon: int
    radius: float  # of the card
    bands: tuple[str, ...]  # points of the theme's band, above and below
    digits: Digits | None
    lines: tuple[Line, ...]
    date: int  # baseline


def picture_of(view: View) -> Picture:
    rtl = view.language.direction == "rtl"
    theme = THEMES[view.theme]
    digits = draw_digits(theme, view.digits, PAD, PAD, WIDTH - 2 * PAD) if view.digits else None
    top = PAD + (FRAME + 7 if digits else 0)
    lines = []
    for row in view.rows:
        line = _line(row, top, rtl)
        lines.append(line)
        top += ROW + (SECOND_LINE if line.below or row.day else 0) + _flags_height(line.flags)
    height = top + (DATE if view.date else 0) + PAD - 3
    return Picture(
        width=WIDTH,
        height=height,
        start=WIDTH - PAD - ICON if rtl else PAD + ICON,
        end=PAD if rtl else WIDTH - PAD,
        icon=WIDTH - PAD - 16 if rtl else PAD,
        radius=theme.pixels("card-radius"),
        bands=_bands(theme, height),
        digits=digits,
        lines=tuple(lines),
        date=top + 18 if view.date else 0,
    )


def _line(row: WidgetRow, top: int, rtl: bool) -> Line:
    size = "tiny" if row.long and row.is_number else "small" if row.name == "ip" or not row.is_number else ""
    pixels = {"": LABEL_SIZE, "small": SMALL_SIZE, "tiny": TINY_SIZE}[size]
    label = text_width(row.label, LABEL_SIZE, bold=row.name == "all")
    text = text_width(row.text, pixels, bold=not size)
    below = not row.day and label + GAP + text > ROOM
    beside = ROOM if below else ROOM - GAP - text
    return Line(
        top=top,
        row=row,
        below=below,
        size=size,
        label_width=round(beside, 1) if label > beside else 0,
        text_width=ROOM if text > ROOM else 0,
        flags=_flags(row.codes, rtl),
    )


def _flags(codes: tuple[tuple[str, str], ...], rtl: bool) -> tuple[Flag, ...]:
    """Lines of codes below the number, from the side where reading begins."""
    flags = []
    for number, (code, _) in enumerate(codes):
        line, place = divmod(number, FLAGS_A_LINE)
        x = place * (FLAG_WIDTH + FLAG_GAP)
        flags.append(Flag(code, WIDTH - PAD - x - FLAG_WIDTH if rtl else PAD + x, 27 + line * (FLAG_HEIGHT + FLAG_GAP)))
    return tuple(flags)


def _flags_height(flags: tuple[Flag, ...]) -> int:
    return flags[-1].y - ROW + FLAG_HEIGHT + 7 if flags else 0


def _bands(theme: Theme, height: int) -> tuple[str, ...]:
    """The ornament of a theme in the padding, the lower one upside down."""
    if "band" not in theme.shapes:
        return ()
    band, room = theme.shapes["band"], WIDTH - 2 * PAD
    return (
        band.within(PAD, BAND_INSET, room, BAND),
        band.within(PAD, height - BAND_INSET, room, -BAND),
    )
