"""`/widget/gallery`: every theme, light and dark, in every form, with the lines to copy. Reading it never counts.

The address is no site's: those end in .html, .svg, .png, .json or /about, so a site may well be called `gallery`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from html import escape
from urllib.parse import quote, urlencode

from aiohttp import hdrs, web
from markupsafe import Markup

from counter import __version__
from counter.labels import LANGUAGES
from counter.question import Metric
from counter.service.book import Snapshot, SnapshotQuery
from counter.service.service import SERVICE
from counter.web.embedding import own_sources
from counter.web.middleware import NOSNIFF
from counter.web.pages import first_site, public_url, templates
from counter.web.readme_lines import ready_lines
from counter.web.tracker import snippet
from counter.widget.badge_style import STYLES
from counter.widget.options import Options, options_from
from counter.widget.picture import WIDTH, picture_of
from counter.widget.render import render_html
from counter.widget.theme import DEFAULT_THEME, THEMES, Theme
from counter.widget.view import view_of

LINES = "today,this_week,all"  # short, so that a dozen themes can be compared
HERO_LINES = "today,yesterday,this_week,last_week,this_month,last_month,all"
FRAME_MORE = 4  # pixels that HTML is higher than the image: a row is 27.02, a border is a pixel
FORMS = (
    ("script", "Script", "Counts the page, and draws the counter in it."),
    ("frame", "Frame", "A page of its own, without JavaScript."),
    ("image", "Image", "For forums, wikis and read-me files."),
    ("badge", "Badge", "One number: the 88 by 31 button, or flat."),
    ("number", "Number", "As text, in a sentence of yours."),
)


@dataclass(frozen=True, slots=True)
class Piece:
    """A theme of the gallery. `drawn` is the widget by scheme, `query` what its images and frames are asked with."""

    theme: Theme
    drawn: Mapping[str, Markup]
    query: Mapping[str, str]
    codes: Mapping[str, str]  # what to copy, by form


@dataclass(frozen=True, slots=True)
class SnippetTarget:
    """Where the snippets point to."""

    base: str  # of this service, without a slash at its end
    site_id: str
    counting: str  # the line of the tracker
    lang: str  # '' is the reader's own


async def get_gallery(request: web.Request) -> web.Response:
    service = request.app[SERVICE]
    site_id = request.query.get("site") or first_site(service)
    snapshot = await service.snapshots.of(SnapshotQuery(site_id, Metric.VISITS, ""))
    base, lang = public_url(request, service), request.query.get("lang", "")
    options = options_from({"lang": lang or "auto", "fragment": "1"}, request.headers.get(hdrs.ACCEPT_LANGUAGE, ""))
    place = SnippetTarget(
        base, site_id, snippet(service.config.tracker, base, site_id), options.language.tag if lang else ""
    )
    page = templates.get_template("gallery.html").render(
        version=__version__, site_id=site_id, asked_site=request.query.get("site", ""), forms=FORMS,
        languages=LANGUAGES.values(), language=options.language,
        width=WIDTH, height=_height(snapshot, options), frame_more=FRAME_MORE,
        hero=_draw(snapshot, options, DEFAULT_THEME, "auto", HERO_LINES),
        pieces=list(_pieces(snapshot, options, place)),
        styles=tuple(STYLES), ready=ready_lines(base, site_id),
        count=view_of(snapshot, replace(options, lines=("all",)), None).rows[0].text,
    )  # fmt: skip
    headers = {
        "Cache-Control": "no-cache",
        "Content-Security-Policy": _policy(request),
        "Vary": "Accept-Language",
        **NOSNIFF,
    }
    return web.Response(text=page, content_type="text/html", headers=headers)


def _policy(request: web.Request) -> str:
    own = own_sources(request)
    return (
        f"default-src 'none'; script-src {own}; style-src {own}; img-src {own} data:; frame-src {own};"
        " base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    )


def _pieces(snapshot: Snapshot, options: Options, place: SnippetTarget) -> Iterator[Piece]:
    for name, theme in sorted(THEMES.items(), key=lambda one: one[0] != DEFAULT_THEME):
        query = {"theme": name, "lines": LINES, "lang": options.language.tag}
        yield Piece(
            theme=theme,
            drawn={scheme: _draw(snapshot, options, name, scheme, LINES) for scheme in ("light", "dark")},
            query={scheme: urlencode({**query, "scheme": scheme}, safe=",") for scheme in ("light", "dark")},
            codes=_codes(name, place, _height(snapshot, options)),
        )


def _draw(snapshot: Snapshot, options: Options, theme: str, scheme: str, lines: str) -> Markup:
    """The widget as drawn on any page. Its own template escapes what comes from the site's owner."""
    chosen = replace(options, theme=theme, scheme=scheme, lines=tuple(lines.split(",")))
    return Markup(render_html(view_of(snapshot, chosen, None), fragment=chosen.fragment))  # noqa: S704  # made by an autoescaping template


def _height(snapshot: Snapshot, options: Options) -> int:
    """Pixels of the widget as an image; the same for every theme."""
    return picture_of(view_of(snapshot, replace(options, lines=tuple(LINES.split(","))), None)).height


def _codes(theme: str, place: SnippetTarget, height: int) -> dict[str, str]:
    """What to copy, by form; plain text, which the page escapes."""
    choice = {"theme": theme, "lines": LINES, **({"lang": place.lang} if place.lang else {})}
    data = "".join(f' data-{key}="{escape(value)}"' for key, value in choice.items())
    widget = f"{place.base}/widget/{quote(place.site_id, safe='')}"
    badge = f"{place.base}/badge/{quote(place.site_id, safe='')}.svg"
    query = escape(urlencode(choice, safe=","))
    short = escape(urlencode({key: value for key, value in choice.items() if key != "lines"}))
    return {
        "script": f"{place.counting}\n<visitor-counter{data}></visitor-counter>",
        "frame": f'<iframe src="{widget}.html?{query}" title="Visitor statistics"\n'
        f'  width="{WIDTH}" height="{height + FRAME_MORE}" loading="lazy" sandbox></iframe>',
        "image": f'<a href="{widget}.html"><img alt="Visitor counter" width="{WIDTH}" height="{height}"\n'
        f'  src="{widget}.svg?{query}"></a>',
        "badge": f'<img alt="Visitor counter" width="88" height="31"\n  src="{badge}?style=button&amp;{short}">',
        "number": f'{place.counting}\n<span data-counter="all"></span>',
    }
