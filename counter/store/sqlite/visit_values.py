"""What a visit brings, and where it stands: the breakdowns that rollups and reports make alike, value by value.

Names of a visit's columns are the same in `visit`, `temp.visit_day`, `temp.part` and `temp.matching_visit`, of which
each is `v` where a statement takes these parts; `d` is a row of one of the dictionaries client, place and origin.
"""

from __future__ import annotations

from typing import Final, NamedTuple

from counter.question import CLIENT_DIMENSIONS, ORIGIN_DIMENSIONS, PLACE_DIMENSIONS, Dimension
from counter.store.sqlite.sql import Part


class VisitColumn(Part):
    """What a visit has of its own."""

    CLIENT = "client_id"
    PLACE = "place_id"
    ORIGIN = "origin_id"
    ENTRY_PAGE = "entry_page"


class DictionaryJoin(Part):
    """How it leads to its values."""

    CLIENT = "join client d on d.id = v.client_id"
    PLACE = "join place d on d.id = v.place_id"
    ORIGIN = "join origin d on d.id = v.origin_id"
    NONE = ""


class VisitValue(Part):
    """The value of each dimension; the names are those of `Dimension`."""

    BROWSER = "d.browser"
    BROWSER_VERSION = "d.browser_version"
    SYSTEM = "d.system"
    DEVICE = "d.device"
    LANGUAGE = "d.language"
    SCREEN = "d.screen"
    COUNTRY = "d.country"
    REGION = "d.region"
    CITY = "d.city"
    REFERRER = "d.referrer"
    REFERRER_HOST = "d.referrer_host"
    SOURCE = "d.source"
    CHANNEL = "d.channel"
    UTM_SOURCE = "d.utm_source"
    UTM_MEDIUM = "d.utm_medium"
    UTM_CAMPAIGN = "d.utm_campaign"
    UTM_TERM = "d.utm_term"
    UTM_CONTENT = "d.utm_content"
    ENTRY_PAGE = "v.entry_page"


class Brought(NamedTuple):
    """The dimensions that one column of a visit leads to."""

    column: VisitColumn
    join: DictionaryJoin
    dimensions: tuple[Dimension, ...]


BROUGHT: Final = (
    Brought(VisitColumn.CLIENT, DictionaryJoin.CLIENT, CLIENT_DIMENSIONS),
    Brought(VisitColumn.PLACE, DictionaryJoin.PLACE, PLACE_DIMENSIONS),
    Brought(VisitColumn.ORIGIN, DictionaryJoin.ORIGIN, ORIGIN_DIMENSIONS),
    Brought(VisitColumn.ENTRY_PAGE, DictionaryJoin.NONE, (Dimension.ENTRY_PAGE,)),
)
# By dimension: the value, and the join that it needs.
VISIT_PARTS: Final = {
    dimension: (VisitValue[dimension.name], brought.join) for brought in BROUGHT for dimension in brought.dimensions
}
