"""What a visit brings, and where it stands: the breakdowns that rollups and reports make alike, value by value.

Names of a visit's columns are the same in `visit`, `temp.visit_day`, `temp.part` and `temp.matching_visit`, of which
each is `v` where a statement takes these parts; `d` is a row of one of the dictionaries client, place and origin.
"""

from __future__ import annotations

from typing import Final, NamedTuple

from counter.question import CLIENT_DIMENSIONS, ORIGIN_DIMENSIONS, PLACE_DIMENSIONS, Dimension
from counter.store.sqlite.sql import SqlPart


class VisitColumn(SqlPart):
    """What a visit has of its own."""

    CLIENT = "client_id"
    PLACE = "place_id"
    ORIGIN = "origin_id"
    ENTRY_PAGE = "entry_page"


class DictionaryJoin(SqlPart):
    """How it leads to its values."""

    CLIENT = "join client d on d.id = v.client_id"
    PLACE = "join place d on d.id = v.place_id"
    ORIGIN = "join origin d on d.id = v.origin_id"
    NONE = ""


class VisitValue(SqlPart):
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


class VisitSource(NamedTuple):
    """A column of a visit, how it leads to values, and of which dimensions these are."""

    column: VisitColumn
    join: DictionaryJoin
    dimensions: tuple[Dimension, ...]


VISIT_SOURCES: Final = (
    VisitSource(VisitColumn.CLIENT, DictionaryJoin.CLIENT, CLIENT_DIMENSIONS),
    VisitSource(VisitColumn.PLACE, DictionaryJoin.PLACE, PLACE_DIMENSIONS),
    VisitSource(VisitColumn.ORIGIN, DictionaryJoin.ORIGIN, ORIGIN_DIMENSIONS),
    VisitSource(VisitColumn.ENTRY_PAGE, DictionaryJoin.NONE, (Dimension.ENTRY_PAGE,)),
)
# By dimension: the value, and the join that it needs.
VISIT_PARTS: Final = {
    dimension: (VisitValue[dimension.name], brought.join)
    for brought in VISIT_SOURCES
    for dimension in brought.dimensions
}
