"""`/badge/ID.svg`: one number as the 88x31 button of the old web, or as a flat badge for read-me files. Pure.

    query -> Badge                     here: bounded, refused with a sentence
    Snapshot + Badge -> View -> SVG    the widget's own view, so a badge says what the widget says

A badge may be kept by whoever stands between, so there is nothing of its reader in it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from counter.errors import BadInput
from counter.labels import EM_DASH, LINES, READER_LINES
from counter.templates import templates_in
from counter.widget.digits import Digits, draw_digits
from counter.widget.options import Options, label_text, one_of, options_from, shown
from counter.widget.text_width import text_width
from counter.widget.theme import THEMES, contrast
from counter.widget.view import WidgetRow, view_of

if TYPE_CHECKING:
    from counter.service.book import Snapshot

STYLES = ("flat", "button")
BADGE_LINES = tuple(line for line in LINES if line not in READER_LINES)
LEAST_DIGITS = {"flat": "0", "button": "5"}  # fewer leave the button's frame empty; ?digits= says otherwise

FLAT_SIZE, FLAT_PAD = 11.0, 7.0
FLAT_GROUND, FLAT_INK = "#4b5563", "#ffffff"
BUTTON_ROOM = 80.0  # of 88 pixels
BUTTON_SIZE, BUTTON_LEAST = 8.5, 6.5
WHITE, BLACK = "#ffffff", "#000000"

_COLOUR = re.compile(r"#?([0-9a-f]{3}|[0-9a-f]{6})", re.IGNORECASE | re.ASCII)
_TAKEN = ("lang", "theme", "scheme", "digits", "numerals")  # as the widget takes them
_templates = templates_in(Path(__file__).parent / "templates")


@dataclass(frozen=True, slots=True)
class Badge:
    """What a reader may ask of a badge. `colour` is `#rrggbb`, or '' for the theme's own."""

    style: str
    colour: str
    options: Options  # with the one line, and its label when it has one of its own

    @property
    def line(self) -> str:
        return self.options.lines[0]


def badge_from(query: Mapping[str, str], accept_language: str) -> Badge:
    """The badge of a query; keys that are none are not looked at. `BadInput` names the value and what is allowed."""
    style = one_of("style", query.get("style", STYLES[0]), STYLES)
    line = one_of("line", query.get("line", "all"), BADGE_LINES)
    taken = {"digits": LEAST_DIGITS[style], **{key: query[key] for key in _TAKEN if key in query}}
    options = options_from(taken, accept_language)
    labels = {line: label_text("label", query["label"])} if "label" in query else {}
    return Badge(style, _colour(query.get("color")), replace(options, lines=(line,), labels=labels))


def render_badge(snapshot: Snapshot, badge: Badge) -> str:
    row = view_of(snapshot, badge.options, None).rows[0]
    return _draw_flat(row, badge) if badge.style == "flat" else _draw_button(row, badge)


def _draw_flat(row: WidgetRow, badge: Badge) -> str:
    label, number = (round(text_width(text, FLAT_SIZE) + 2 * FLAT_PAD) for text in (row.label, row.text))
    rtl = badge.options.language.direction == "rtl"
    colour = badge.colour or THEMES[badge.options.theme].light["accent"]
    return _templates.get_template("badge_flat.svg").render(
        row=row, language=badge.options.language, width=label + number, split=number if rtl else label,
        label_x=number if rtl else 0, label_width=label, number_x=0 if rtl else label, number_width=number,
        ground=FLAT_GROUND, ink=FLAT_INK, colour=colour, number_ink=_ink_on(colour), pad=FLAT_PAD,
    )  # fmt: skip


def _draw_button(row: WidgetRow, badge: Badge) -> str:
    options, theme = badge.options, THEMES[badge.options.theme]
    light, dark = dict(theme.light), dict(theme.dark)
    if badge.colour:
        for colours in (light, dark):
            colours |= {"paper": badge.colour, "muted": _ink_on(badge.colour)}
    needed = text_width(row.label, 1.0)
    size = round(min(BUTTON_SIZE, max(BUTTON_LEAST, BUTTON_ROOM / needed)), 2)
    return _templates.get_template("badge_button.svg").render(
        row=row, language=options.language, digits=_digits(row, badge), size=size,
        squeezed=BUTTON_ROOM if needed * size > BUTTON_ROOM else 0,
        colours=dark if options.scheme == "dark" else light,
        dark_colours=dark if options.scheme == "auto" else None,
    )  # fmt: skip


def _digits(row: WidgetRow, badge: Badge) -> Digits:
    """The number without what groups it; at least as many digits as were asked for."""
    text = "".join(character for character in row.text if character.isdigit())
    zeros = max((badge.options.digits or 0) - len(text), 0)
    digits = (*((("0", True),) * zeros), *((str(int(digit)), False) for digit in text))
    theme = THEMES[badge.options.theme]
    return draw_digits(theme, digits if text else ((EM_DASH, False),), 4, 12, BUTTON_ROOM, 16, larger=1.35)


def _ink_on(colour: str) -> str:
    """Black or white, whichever reads better; that one always has 4.5 to 1."""
    return max((WHITE, BLACK), key=lambda ink: contrast(ink, colour))


def _colour(value: str | None) -> str:
    if value is None:
        return ""
    found = _COLOUR.fullmatch(value)
    if found is None:
        raise BadInput(f"color is {shown(value)}; allowed are three or six hexadecimal digits, such as 0a6f80.")
    digits = found[1].lower()
    return "#" + (digits if len(digits) == 6 else "".join(digit * 2 for digit in digits))
