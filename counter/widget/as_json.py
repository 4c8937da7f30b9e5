"""The view as JSON: what `widget.js` draws on a page of another origin, without a word or an icon of its own."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from counter import __version__
from counter.widget.options import Options
from counter.widget.view import Reader, View, WidgetRow, view_of

if TYPE_CHECKING:
    from counter.service.book import Snapshot


def render_json(snapshot: Snapshot, options: Options, reader: Reader | None, about: str = "") -> bytes:
    return msgspec.json.encode(as_json(view_of(snapshot, options, reader, about)))


def as_json(view: View) -> dict[str, Any]:
    """Every part of the view; docs/widget.md names the keys."""
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
