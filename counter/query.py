"""The nouns of reading: metrics, dimensions and the numbers an answer is made of.

A dimension's code is stored in the database: codes never change and are never reused.
"""

from __future__ import annotations

import datetime as dt
from enum import IntEnum, StrEnum

import msgspec

UNKNOWN = "Unknown"


class Metric(StrEnum):
    """What a total counts; `visits` is the unit of the classic counter."""

    VISITS = "visits"
    VISITORS = "visitors"
    PAGEVIEWS = "pageviews"


class Dimension(IntEnum):
    """What a report is broken down by."""

    PAGE = 1
    ENTRY_PAGE = 2
    EXIT_PAGE = 3
    EVENT = 4
    TITLE = 5  # a dictionary only, never rolled up
    BROWSER = 10
    BROWSER_VERSION = 11
    SYSTEM = 12
    DEVICE = 13
    LANGUAGE = 14
    SCREEN = 15
    COUNTRY = 20
    REGION = 21
    CITY = 22
    REFERRER = 30
    REFERRER_HOST = 31
    SOURCE = 32
    CHANNEL = 33
    UTM_SOURCE = 34
    UTM_MEDIUM = 35
    UTM_CAMPAIGN = 36
    UTM_TERM = 37
    UTM_CONTENT = 38


CLIENT_DIMENSIONS = (
    Dimension.BROWSER,
    Dimension.BROWSER_VERSION,
    Dimension.SYSTEM,
    Dimension.DEVICE,
    Dimension.LANGUAGE,
    Dimension.SCREEN,
)
PLACE_DIMENSIONS = (Dimension.COUNTRY, Dimension.REGION, Dimension.CITY)
ORIGIN_DIMENSIONS = (
    Dimension.REFERRER,
    Dimension.REFERRER_HOST,
    Dimension.SOURCE,
    Dimension.CHANNEL,
    Dimension.UTM_SOURCE,
    Dimension.UTM_MEDIUM,
    Dimension.UTM_CAMPAIGN,
    Dimension.UTM_TERM,
    Dimension.UTM_CONTENT,
)
# What a visit brings with its first event; the position is the bit in `visit.repeats`.
VISIT_DIMENSIONS = (*CLIENT_DIMENSIONS, *PLACE_DIMENSIONS, *ORIGIN_DIMENSIONS, Dimension.ENTRY_PAGE)


class DayTotal(msgspec.Struct, frozen=True):
    """What one local day of one site adds up to; durations in seconds, bounces and the rest are counts."""

    site_key: int
    day: int
    pageviews: int = 0
    visits: int = 0
    visitors: int = 0
    bounces: int = 0
    seconds: int = 0
    events: int = 0
    engaged: int = 0


class HistoryDay(msgspec.Struct, frozen=True):
    """A day brought along from a former counter; shown = history + counted."""

    day: int
    visits: int
    visitors: int | None = None
    pageviews: int | None = None


class Difference(msgspec.Struct, frozen=True):
    """One number of the rollups that the raw rows do not confirm."""

    table: str
    site_key: int
    day: int  # a local day; of rollup_month, a month (12 * year + month - 1)
    what: str
    stored: tuple[int, ...] | None
    counted: tuple[int, ...] | None


class DropCount(msgspec.Struct, frozen=True):
    day: int
    reason: str
    count: int


class Count(msgspec.Struct, frozen=True):
    """One line of the counter. `value` None: the number failed its invariant and is not shown."""

    value: int | None
    start: dt.date | None  # inclusive; None for `all` before anything is counted
    end: dt.date  # exclusive
