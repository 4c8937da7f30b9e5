"""The view of a widget, drawn as HTML, as SVG, or as JSON for the script. Pure; it reads nothing.

    query -> Options                          options: bounded, refused with a sentence
    Snapshot + Options + Reader -> View       view: the same for all forms
    View -> HTML, SVG                         here, by templates/widget*; all of them autoescape
    View -> JSON                              here: what `widget.js` draws, without a word or an icon of its own

Who reads comes in as an argument and only ever goes into the answer that is made for them: with `reader=None` their
lines are not there at all (images behind a proxy, answers that may be cached).
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec

from counter import __version__
from counter.templates import templates_in
from counter.widget.picture import picture_of
from counter.widget.theme import THEMES
from counter.widget.view import View, WidgetRow

_templates = templates_in(Path(__file__).parent / "templates")


def render_html(view: View, *, fragment: bool = False) -> str:
    """The page of an iframe, or with `fragment` the same table to be included elsewhere."""
    name = "widget_fragment.html" if fragment else "widget.html"
    return _templates.get_template(name).render(view=view, version=__version__)


def render_svg(view: View) -> str:
    """An image of all lines: explicit size, colours inside, no script, no font and no request from elsewhere."""
    theme = THEMES[view.theme]
    return _templates.get_template("widget.svg").render(
        view=view,
        picture=picture_of(view),
        colours=theme.dark if view.scheme == "dark" else theme.light,
        dark_colours=theme.dark if view.scheme == "auto" else None,
    )


def render_json(view: View) -> bytes:
    """Every part of the view; docs/widget.md names the keys."""
    return msgspec.json.encode(_keyed(view))


def _keyed(view: View) -> dict[str, Any]:
    return {
        "lang": view.language.tag,
        "dir": view.language.direction,
        "theme": view.theme,
        "scheme": view.scheme,
        "title": view.title,
        "caption": view.language.caption,
        "digits": view.digits,
        "spoken": view.spoken,
        "rows": [_row(row) for row in view.rows],
        "date": view.date,
        "instant": view.instant,
        "day_dir": view.day_direction,
        "about": view.about,
        "about_label": view.language.about,
        "css": [f"static/themes/{view.theme}.css?v={__version__}", f"static/widget.css?v={__version__}"],
    }


def _row(row: WidgetRow) -> dict[str, Any]:
    return {
        "name": row.name, "label": row.label, "text": row.text, "icon": row.icon, "past": row.past, "long": row.long,
        "is_number": row.is_number, "below": row.below, "wide": row.wide,
        "day": row.day, "day_text": row.day_text, "codes": row.codes,
    }  # fmt: skip
