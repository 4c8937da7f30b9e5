"""The widget without JavaScript: one snapshot of totals, drawn as HTML or as SVG. Pure; it reads nothing.

    query -> Options                           widget_options: bounded, refused with a sentence
    Snapshot + Options + address -> View       widget_view: the same for all forms
    View -> HTML, SVG                          here, by templates/widget*; all of them autoescape

The address of the reader comes in as an argument and only ever goes into the answer that is made for him: with
`address=None` the line is not there at all (images behind a proxy, answers that may be cached).
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import jinja2

from counter import __version__
from counter.web.theme import THEMES
from counter.web.widget_options import Options, options_from
from counter.web.widget_view import Row, View, view_of

if TYPE_CHECKING:
    from counter.stats.totals import Snapshot

__all__ = ["Options", "options_from", "render_html", "render_svg"]

# The image, in pixels. The same proportions as static/widget.css at 14 px.
WIDTH = 246
PAD = 15
FRAME = 44  # height of the odometer
REEL_WIDTH, REEL_GAP, REEL_INSET = 29.0, 2.0, 4
ROW = 27
SECOND_LINE = 15  # more for an IPv6 address, which stands below its label, and for the day of the record
DATE = 24

_templates = jinja2.Environment(
    loader=jinja2.FileSystemLoader(Path(__file__).parent / "templates"),
    autoescape=True,
    auto_reload=False,
    trim_blocks=True,
    lstrip_blocks=True,
    undefined=jinja2.StrictUndefined,
)


def render_html(snapshot: Snapshot, options: Options, address: str | None) -> str:
    """The page of an iframe, or with `options.fragment` the same table to be included elsewhere."""
    name = "widget_fragment.html" if options.fragment else "widget.html"
    return _templates.get_template(name).render(view=view_of(snapshot, options, address), version=__version__)


def render_svg(snapshot: Snapshot, options: Options, address: str | None) -> str:
    """An image of all lines: explicit size, colours inside, no script, no font and no request from elsewhere."""
    view = view_of(snapshot, options, address)
    picture = _picture(view)
    theme = THEMES[options.theme]
    return _templates.get_template("widget.svg").render(
        view=view,
        picture=picture,
        colours=theme.dark if options.scheme == "dark" else theme.light,
        dark_colours=theme.dark if options.scheme == "auto" else None,
    )


@dataclass(frozen=True, slots=True)
class _Reel:
    digit: str
    blank: bool
    last: bool
    x: float


@dataclass(frozen=True, slots=True)
class _Picture:
    """Where things stand, in pixels. `start` and `end` are where labels and numbers begin, by direction."""

    height: int
    start: int
    end: int
    icon: int
    reel_width: float
    reels: tuple[_Reel, ...]
    rows: tuple[tuple[int, Row], ...]  # the top of each row
    date: int  # baseline


def _picture(view: View) -> _Picture:
    rtl = view.language.direction == "rtl"
    width, reels = _reels(view.digits)
    top = PAD + (FRAME + 7 if reels else 0)
    rows = []
    for row in view.rows:
        rows.append((top, row))
        top += ROW + (SECOND_LINE if row.long or row.day else 0)
    date = top + 18 if view.date else 0
    return _Picture(
        height=top + (DATE if view.date else 0) + PAD - 3,
        start=WIDTH - PAD - 25 if rtl else PAD + 25,
        end=PAD if rtl else WIDTH - PAD,
        icon=WIDTH - PAD - 16 if rtl else PAD,
        reel_width=width,
        reels=reels,
        rows=tuple(rows),
        date=date,
    )


def _reels(digits: tuple[tuple[str, bool], ...]) -> tuple[float, tuple[_Reel, ...]]:
    """The width of a reel and the reels, centred in the frame and narrower when there are many."""
    if not digits:
        return 0.0, ()
    room, count = WIDTH - 2 * (PAD + REEL_INSET), len(digits)
    width = min(REEL_WIDTH, (room - REEL_GAP * (count - 1)) / count)
    left = (WIDTH - count * (width + REEL_GAP) + REEL_GAP) / 2
    return round(width, 2), tuple(
        _Reel(digit, blank, number == count - 1, round(left + number * (width + REEL_GAP), 2))
        for number, (digit, blank) in enumerate(digits)
    )
