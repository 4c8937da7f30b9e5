"""`/widget/ID/about`: what the numbers mean, what is kept and how not to be counted, for the site's visitors.

The text is a template a language, `about_TAG.html`. A reader of a language without one gets English, marked as such.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from aiohttp import hdrs, web

from counter import __version__
from counter.labels import Language, format_number, pick
from counter.service.online import WINDOW
from counter.service.service import SERVICE, Service
from counter.site import WEEKDAYS
from counter.text import clean
from counter.web.embedding import own_sources
from counter.web.middleware import NOSNIFF
from counter.web.pages import templates


@dataclass(frozen=True, slots=True)
class AboutText:
    """What a text needs besides its template. Weekdays begin with Monday, in the form that follows "begins on"."""

    title: str
    weekdays: tuple[str, ...]


WORDS: Mapping[str, AboutText] = {
    "en": AboutText("How we count", tuple(name.capitalize() for name in WEEKDAYS)),
    "ka": AboutText(
        "როგორ ვითვლით",
        ("ორშაბათს", "სამშაბათს", "ოთხშაბათს", "ხუთშაბათს", "პარასკევს", "შაბათს", "კვირას"),
    ),
}


async def get_about(request: web.Request) -> web.Response:
    """The page in the requested language, else the reader's, if there is a text in it."""
    service = request.app[SERVICE]
    wanted = pick(request.query.get("lang", ""), request.headers.get(hdrs.ACCEPT_LANGUAGE, ""))
    language = wanted if wanted.tag in WORDS else pick("en", "")
    page = templates.get_template("about.html").render(_facts(service, request.match_info["site"], language))
    headers = {
        "Cache-Control": "no-cache",
        "Content-Security-Policy": _policy(request),
        "Vary": "Accept-Language",
        **NOSNIFF,
    }
    return web.Response(text=page, content_type="text/html", headers=headers)


def _policy(request: web.Request) -> str:
    """A link in a frame with `sandbox` opens this page in the same sandbox."""
    own = own_sources(request)
    return (
        f"default-src 'none'; style-src {own}; img-src {own} data:; frame-ancestors 'none'; base-uri 'none';"
        " form-action 'none'"
    )


def _facts(service: Service, site_id: str, language: Language) -> dict[str, Any]:
    """The values in the texts, as configured now."""
    site = service.sites.public(site_id).site
    words, privacy = WORDS[language.tag], service.config.privacy
    return {
        "language": language,
        "title": words.title,
        "site_name": clean(site.name or site.id, 200),
        "zone": site.timezone,
        "week_begins": words.weekdays[site.first_weekday_number],
        "start_count": format_number(site.start_count, language) if site.start_count else "",
        "gap_minutes": service.config.counting.visit_timeout_minutes,
        "online_minutes": WINDOW // 60,
        "store_ip": privacy.store_ip.value,
        "ip_days": privacy.ip_retention_days,
        "hit_days": privacy.hit_retention_days,
        "respect_gpc": service.config.counting.respect_gpc,
        "version": __version__,
    }
