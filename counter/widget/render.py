"""The widget without JavaScript: one snapshot of totals, drawn as HTML or as SVG. Pure; it reads nothing.

    query -> Options                          options: bounded, refused with a sentence
    Snapshot + Options + Reader -> View       view: the same for all forms
    View -> HTML, SVG                         here, by templates/widget*; all of them autoescape
    View -> JSON                              as_json

Who reads comes in as an argument and only ever goes into the answer that is made for him: with `reader=None` his
lines are not there at all (images behind a proxy, answers that may be cached).
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from counter import __version__
from counter.templates import templates_in
from counter.widget.options import Options, options_from
from counter.widget.picture import picture_of
from counter.widget.theme import THEMES
from counter.widget.view import Reader, view_of

if TYPE_CHECKING:
    from counter.service.book import Snapshot

__all__ = ["Options", "Reader", "options_from", "render_html", "render_svg"]

_templates = templates_in(Path(__file__).parent / "templates")


def render_html(snapshot: Snapshot, options: Options, reader: Reader | None, about: str = "") -> str:
    """The page of an iframe, or with `options.fragment` the same table to be included elsewhere."""
    name = "widget_fragment.html" if options.fragment else "widget.html"
    view = view_of(snapshot, options, reader, about)
    return _templates.get_template(name).render(view=view, version=__version__)


def render_svg(snapshot: Snapshot, options: Options, reader: Reader | None) -> str:
    """An image of all lines: explicit size, colours inside, no script, no font and no request from elsewhere."""
    view = view_of(snapshot, options, reader)
    theme = THEMES[options.theme]
    return _templates.get_template("widget.svg").render(
        view=view,
        picture=picture_of(view),
        colours=theme.dark if options.scheme == "dark" else theme.light,
        dark_colours=theme.dark if options.scheme == "auto" else None,
    )
