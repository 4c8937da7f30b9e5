"""`/badge/ID.svg`: one number as the 88x31 button of the old web, or in one of the styles of README files. Pure.

    query -> Badge                     here: bounded, refused with a sentence
    Snapshot + Badge -> View -> SVG    the widget's own view, so a badge says what the widget says

A badge may be kept by whoever stands between, so there is nothing of its reader in it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Final

import msgspec

from counter.errors import BadInput
from counter.labels import EM_DASH, LINES, READER_LINES
from counter.templates import templates_in
from counter.widget.badge_style import STYLES, draw_style, ink_on
from counter.widget.colours import colour_from
from counter.widget.digits import Digits, draw_digits
from counter.widget.options import Options, label_text, one_of, options_from, switch, whole_number
from counter.widget.text_width import text_width
from counter.widget.theme import THEMES
from counter.widget.view import WidgetRow, view_of

if TYPE_CHECKING:
    from counter.service.book import Snapshot

BUTTON: Final = "button"
ALLOWED_STYLES: Final = (*STYLES, BUTTON)
BADGE_LINES: Final = tuple(line for line in LINES if line not in READER_LINES)
VIEWS: Final = {"today-total": ("today", "all")}  # lines that stand in one badge
LARGEST_BASE: Final = 999_999_999_999
LEAST_DIGITS: Final = "5"  # of a button: fewer leave its frame empty; ?digits= says otherwise

BUTTON_ROOM = 80.0  # of 88 pixels
BUTTON_SIZE, BUTTON_LEAST = 8.5, 6.5

_TAKEN = ("lang", "theme", "scheme", "digits", "numerals")  # as the widget takes them
_templates = templates_in(Path(__file__).parent / "templates")


@dataclass(frozen=True, slots=True)
class Badge:
    """What a reader may ask of a badge. Colours are `#rrggbb`, or '' for the style's and the theme's own."""

    style: str
    colour: str  # behind the number
    label_colour: str
    options: Options  # with the one line, or two that stand in one badge
    label: str = ""  # of the owner's own
    base: int = 0  # added to what is drawn for all days, and to nothing else


def badge_from(query: Mapping[str, str], accept_language: str) -> Badge:
    """The badge of a query; keys that are none are not looked at. `BadInput` names the value and what is allowed."""
    style = one_of("style", query.get("style", ALLOWED_STYLES[0]), ALLOWED_STYLES)
    lines, short = _lines(query), switch(query, "abbreviated")
    if style == BUTTON and (short or len(lines) > 1):
        raise BadInput("style=button has room for digits alone, so abbreviated and view can't go with it.")
    base = whole_number("base", query.get("base", "0"), LARGEST_BASE, "added to the number of all days")
    if base and "all" not in lines:
        raise BadInput(f"base is added to the number of all days, and line is {lines[0]}; leave one of them out.")
    least = LEAST_DIGITS if style == BUTTON else "0"
    taken = {"digits": least, **{key: query[key] for key in _TAKEN if key in query}}
    return Badge(
        style=style,
        colour=colour_from("color", query["color"]) if "color" in query else "",
        label_colour=colour_from("labelColor", query["labelColor"]) if "labelColor" in query else "",
        options=replace(options_from(taken, accept_language), lines=lines, short=short),
        label=label_text("label", query["label"]) if "label" in query else "",
        base=base,
    )


def _lines(query: Mapping[str, str]) -> tuple[str, ...]:
    if "view" not in query:
        return (one_of("line", query.get("line", "all"), BADGE_LINES),)
    if "line" in query:
        raise BadInput("line names one number and view several; leave one of them out.")
    return VIEWS[one_of("view", query["view"], tuple(VIEWS))]


def render_badge(snapshot: Snapshot, badge: Badge) -> str:
    """The badge as SVG, of a size of its own."""
    rows = view_of(_based(snapshot, badge.base), badge.options, None).rows
    row = WidgetRow(
        name=rows[0].name,
        label=badge.label or " / ".join(row.label for row in rows),
        text=" / ".join(row.text for row in rows),
    )
    return _draw_button(row, badge) if badge.style == BUTTON else _draw_styled(row, badge)


def _based(snapshot: Snapshot, base: int) -> Snapshot:
    count = snapshot.counts["all"]
    if not base or count.value is None:
        return snapshot
    more = msgspec.structs.replace(count, value=count.value + base)
    return msgspec.structs.replace(snapshot, counts={**snapshot.counts, "all": more})


def _draw_styled(row: WidgetRow, badge: Badge) -> str:
    options, theme = badge.options, THEMES[badge.options.theme]
    accent = (theme.dark if options.scheme == "dark" else theme.light)["accent"]
    worded = options.short or len(options.lines) > 1
    drawn = draw_style(
        STYLES[badge.style], row.label, row.text, options.language, badge.label_colour, badge.colour, accent
    )
    return _templates.get_template("badge.svg").render(
        row=row, badge=drawn, language=options.language,
        number_direction=options.language.direction if worded else "ltr",
    )  # fmt: skip


def _draw_button(row: WidgetRow, badge: Badge) -> str:
    options, theme = badge.options, THEMES[badge.options.theme]
    light, dark = dict(theme.light), dict(theme.dark)
    ground = badge.colour or badge.label_colour
    if ground:
        for colours in (light, dark):
            colours |= {"paper": ground, "muted": ink_on(ground)}
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
