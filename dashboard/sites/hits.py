"""A line of the hit log as people read it: in the site's time, in the reader's words, each value a filter.

An address is put into a row only for who administers the site: a viewer's templates and answers never have it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import msgspec

from counter.event import PAGEVIEW
from counter.question import UNKNOWN, Dimension, Filter, LoggedHit, Operator
from dashboard.access.call import Call
from dashboard.report.links import Links
from dashboard.report.row_labels import label_of, outside_of
from dashboard.words import numbers

HITS: Final = "/hits"


class HitLinks(Links):
    """Links that stay in the hit log: a filter leads to its hits, and to the newest of them."""

    def _url(self, path: str, *asked: object) -> str:
        return super()._url(path or HITS, *asked)  # type: ignore[arg-type]

    def older(self, before: int) -> str:
        """The page after the one that ends with hit `before`."""
        return self.to(HITS, before=str(before))


@dataclass(frozen=True, slots=True)
class Value:
    """What stands in a cell, and the hits that have it; '' where nothing can be asked for."""

    text: str
    url: str = ""
    is_named: bool = True


@dataclass(frozen=True, slots=True)
class HitRow:
    """One hit, ready to be shown."""

    number: int
    iso: str  # in the site's zone
    day: str
    time: str
    page: Value
    title: str
    event: Value | None  # None of a page view
    props: tuple[tuple[str, Value], ...]
    referrer: Value
    referrer_url: str  # '' unless a browser may safely go there
    source: Value
    country: Value
    region: Value
    city: Value
    browser: Value
    system: Value
    device: Value
    visit: int
    visit_url: str
    engaged: int  # seconds
    ip: str | None  # None: erased, never kept, or not for this reader


def make_rows(call: Call, hits: list[LoggedHit], links: Links) -> list[HitRow]:
    return [make_row(call, hit, links) for hit in hits]


def make_row(call: Call, hit: LoggedHit, links: Links) -> HitRow:
    words = call.words

    def value(dimension: Dimension, found: str) -> Value:
        asked = found or UNKNOWN
        return Value(label_of(words, dimension, asked), links.filtered(is_filter(dimension, asked)), is_named(found))

    def of_property(key: str, found: str) -> Value:
        return Value(found, links.filtered(is_filter(Dimension.PROPERTY, found, key)))

    return HitRow(
        number=hit.hit,
        iso=call.site.local.iso(hit.at),
        day=numbers.day(words, call.site.local.day(hit.at)),
        time=numbers.time_of_day(words, hit.at, call.site, seconds=True),
        page=value(Dimension.PAGE, hit.path),
        title=hit.title,
        event=None if hit.name == PAGEVIEW else value(Dimension.EVENT, hit.name),
        props=tuple((key, of_property(key, found)) for key, found in props_of(hit).items()),
        referrer=value(Dimension.REFERRER, hit.referrer),
        referrer_url=outside_of(call.site, Dimension.REFERRER, hit.referrer),
        source=value(Dimension.SOURCE, hit.source),
        country=value(Dimension.COUNTRY, hit.country),
        region=value(Dimension.REGION, hit.region),
        city=value(Dimension.CITY, hit.city),
        browser=value(Dimension.BROWSER_VERSION, hit.browser_version),
        system=value(Dimension.SYSTEM, hit.system),
        device=value(Dimension.DEVICE, hit.device),
        visit=hit.visit,
        visit_url=f"{links.base}/visits/{hit.visit}",
        engaged=hit.engaged,
        ip=hit.ip if call.administers else None,
    )


def is_filter(dimension: Dimension, value: str, key: str = "") -> Filter:
    return Filter(dimension, Operator.IS, (value,), key)


def props_of(hit: LoggedHit) -> dict[str, str]:
    """The properties of an event by name."""
    return msgspec.json.decode(hit.props, type=dict[str, str]) if hit.props else {}


def is_named(found: str) -> bool:
    """What nothing is known of is stored under a name of its own."""
    return found not in {"", UNKNOWN}
