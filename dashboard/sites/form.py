"""A site's form: what an owner typed, as the site it means; kept the way `counter.config` says."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Collection, Mapping
from functools import cache
from typing import Any, Final

import msgspec

from counter.app import site_of
from counter.calendar.localtime import valid_zones
from counter.config import SiteConfig, check_site_field, site_field_from_text
from counter.hosts import ascii_host, former_host, shown_host
from counter.site import WEEKDAYS, Site
from dashboard.words.catalogue import Words
from dashboard.words.numbers import weekday

TEXTS: Final = (
    "name", "hosts", "query_keys", "excluded_pages", "excluded_referrers", "timezone", "first_weekday", "start_count",
    "backdate_days", "image_gap_seconds",
)  # fmt: skip
_LISTS: Final = ("query_keys", "excluded_pages")
_NUMBERS: Final = ("start_count", "backdate_days", "image_gap_seconds")
LONGEST_ID: Final = 64
_BETWEEN = re.compile(r"[\s,;]+")
_HOST_OF_ADDRESS = re.compile(r"(?:https?://)?([^/?#\s]*)", re.IGNORECASE)
_PORT = re.compile(r"(?<=[^:\]]):[0-9]{1,5}\Z|(?<=\]):[0-9]{1,5}\Z")


def new_site(form: Mapping[str, str], taken: Collection[str]) -> Site:
    """The site that a form of a name, hosts and a zone asks for, or ConfigError.

    Without an id it gets one from its host or its name that is not in `taken`; an id that was typed is kept.
    """
    hosts = list(tidy_hosts(form.get("hosts", "")))
    if len(hosts) == 1 and hosts[0].count(".") == 1 and not hosts[0].startswith(("*", "www.")):
        hosts.append(f"www.{hosts[0]}")  # the same pages, nearly always, and visitors of both are to be counted
    first = next(iter(hosts), "")
    named = former_host(first)  # in an id 'strasse.de' reads better than 'xn--strae-oqa.de'
    name = form.get("name", "").strip() or shown_host(first)
    site_id = form.get("id", "").strip() or free_id(named or name, taken)
    fields: dict[str, Any] = {
        "id": check_site_field("id", site_id),
        "name": check_site_field("name", name or site_id),
        "hosts": check_site_field("hosts", hosts),
        "timezone": check_site_field("timezone", form.get("timezone", "UTC")),
        "first_weekday": check_site_field("first_weekday", form.get("first_weekday", WEEKDAYS[0])),
        "start_count": 0,
        "public": True,
        "query_keys": (),
        "excluded_pages": (),
        "excluded_referrers": (),
        "backdate_days": 1,
        "image_gap_seconds": 0,
    }
    return site_of(SiteConfig(**fields))


def changed_site(site: Site, form: Mapping[str, str]) -> Site:
    """`site` with what its settings' form says, or ConfigError; a field that is not in the form is unchanged, except
    for the box `public`, which browsers send only when it is ticked."""
    changes: dict[str, Any] = {}
    for key in TEXTS:
        if key in form:
            changes[key] = site_field_from_text(key, _typed(key, form[key]))
    changes["name"] = changes.get("name", site.name) or site.id
    changes["public"] = form.get("public") == "yes"
    return msgspec.structs.replace(site, **changes)


def typed_fields(site: Site) -> dict[str, str]:
    """What the settings' form shows before anything is typed."""
    return {
        "name": site.name, "hosts": _shown(site.hosts), "timezone": site.timezone,
        "first_weekday": site.first_weekday, "start_count": str(site.start_count),
        "public": "yes" if site.public else "", "query_keys": " ".join(site.query_keys),
        "excluded_pages": "\n".join(site.excluded_pages), "excluded_referrers": _shown(site.excluded_referrers),
        "backdate_days": str(site.backdate_days), "image_gap_seconds": str(site.image_gap_seconds),
        "version": site.version,
    }  # fmt: skip


async def choices(words: Words) -> dict[str, Any]:
    """What the selects of the form offer: every zone, and the days of the week."""
    zones = await asyncio.to_thread(_zones)
    return {"zones": zones, "weekdays": [(name, weekday(words, at)) for at, name in enumerate(WEEKDAYS)]}


def tidy_hosts(text: str) -> list[str]:
    """Hosts as they are kept, of hosts or whole addresses with any spaces or commas between."""
    found = (_HOST_OF_ADDRESS.match(one) for one in _BETWEEN.split(text.strip()) if one)
    return list(dict.fromkeys(_ascii(_PORT.sub("", match[1])) for match in found if match and match[1]))


def free_id(text: str, taken: Collection[str]) -> str:
    """A telling id that no site has or had."""
    stem = re.sub(r"[^a-z0-9._-]+", "-", text.lower().removeprefix("*.").removeprefix("www."))
    stem = stem.strip("-.")[: LONGEST_ID - 5] or "site"
    number = 2
    site_id = stem
    while site_id in taken:
        site_id = f"{stem}-{number}"
        number += 1
    return site_id


@cache
def _zones() -> tuple[str, ...]:
    """Every zone by name, UTC first; looked up in the file system once."""
    return ("UTC", *sorted(valid_zones() - {"UTC"}))


def _shown(hosts: Collection[str]) -> str:
    """One host a line, in their own letters; what is typed is put into the form that is kept."""
    return "\n".join(map(shown_host, hosts))


def _typed(key: str, text: str) -> str:
    """A field as `counter site set` takes it."""
    if key in {"hosts", "excluded_referrers"}:
        return ",".join(tidy_hosts(text))
    if key in _LISTS:
        return ",".join(one for one in _BETWEEN.split(text) if one)
    if key in _NUMBERS:
        return re.sub(r"[\s.,'’_\u00a0\u202f]", "", text) or "0"
    return text.strip()


def _ascii(host: str) -> str:
    """The host as browsers send it; one that can't be is left for the check to refuse."""
    return ascii_host(host) or host
