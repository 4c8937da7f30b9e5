"""The nouns of reading: metrics, dimensions and the numbers an answer is made of.

A dimension's code is stored in the database: codes never change and are never reused.
"""

from __future__ import annotations

import datetime as dt
from enum import IntEnum, StrEnum
from itertools import zip_longest

import msgspec

UNKNOWN = "Unknown"
OTHER = "(other)"  # what came beyond the day's cap of new values


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
    TITLE = 5  # only in the dictionary, never rolled up
    PROPERTY_KEY = 6  # names of the properties of events; from raw rows only
    PROPERTY = 7  # values of one property, named by `key`; from raw rows only
    HOST = 8  # of the page
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
    GOAL = 40  # a goal of the site: an event or a pattern of pages


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


class Operator(StrEnum):
    """How a filter compares; several values are any of them, and for `is_not` none of them."""

    IS = "is"
    IS_NOT = "is_not"
    CONTAINS = "contains"  # the letters A to Z in either case


class Filter(msgspec.Struct, frozen=True):
    """What a report is narrowed to: events whose value (or whose visit's value) matches."""

    dimension: Dimension
    operator: Operator
    values: tuple[str, ...]
    key: str = ""  # of Dimension.PROPERTY: which property


class Bucket(StrEnum):
    """The unit of a series."""

    HOUR = "hour"
    DAY = "day"
    WEEK = "week"
    MONTH = "month"


class Order(StrEnum):
    """What a breakdown is sorted by, largest first; ties by visitors, visits, pageviews, then by value."""

    VISITS = "visits"
    VISITORS = "visitors"
    PAGEVIEWS = "pageviews"
    EVENTS = "events"
    ENGAGED = "engaged"


class By(msgspec.Struct, frozen=True):
    """One requested breakdown: a dimension, and which of its rows."""

    dimension: Dimension
    key: str = ""  # of Dimension.PROPERTY: which property
    order: Order = Order.VISITORS
    search: str = ""  # only values that contain it, the letters A to Z in either case
    limit: int = 10
    offset: int = 0


class Question(msgspec.Struct, frozen=True):
    """A question about one site: local days [start, end), narrowed by filters that must all match.

    Pageviews, events and engaged time are those of the matching events; visits and visitors are those with at
    least one matching event; bounces and seconds are of these visits as a whole.

    With `before` the totals are those of the matching events that happened before it, and nothing else may be asked
    for. Engaged time happened when its page view did. A visit counts when it has such an event and its first event,
    where a visit is counted, also happened before; its bounce and seconds are still those of the whole visit,
    including what happened later. A visitor counts with the first of its visits that has a matching event at any time.
    "First" means first to arrive. Without filters this is what `Reports.until` answers for a day.
    """

    site_key: int
    start: int
    end: int
    filters: tuple[Filter, ...] = ()
    bucket: Bucket | None = None  # of the series, None for no series
    first_weekday: int = 0  # of Bucket.WEEK: 0 is Monday
    breakdowns: tuple[By, ...] = ()
    week_hours: bool = False  # whether Report.week_hours is asked for
    before: int | None = None  # UTC second; None for everything


class Sums(msgspec.Struct, frozen=True):
    """What events add up to. Durations in seconds, the rest are counts; visitors are daily visitors added up."""

    pageviews: int = 0
    visits: int = 0
    visitors: int = 0
    bounces: int = 0
    seconds: int = 0
    events: int = 0
    engaged: int = 0
    proxied: int = 0  # of pageviews: through image proxies, which make no visits


class Point(msgspec.Struct, frozen=True):
    """One bucket of a series: its first local day inside the period; for an hour, the UTC second it begins at."""

    start: int
    sums: Sums


class Row(msgspec.Struct, frozen=True):
    """One value of a breakdown. `Unknown` is one, and so is `(other)`."""

    value: str
    sums: Sums


class Breakdown(msgspec.Struct, frozen=True):
    """The rows asked for, and how many there are in all."""

    by: By
    rows: tuple[Row, ...]
    total_rows: int


class Report(msgspec.Struct, frozen=True):
    """The answer to a Question."""

    question: Question
    totals: Sums
    series: tuple[Point, ...] = ()  # every bucket of the period, including the empty ones
    breakdowns: tuple[Breakdown, ...] = ()
    incomplete_days: tuple[int, ...] = ()  # local days whose raw rows are gone, when the answer needs raw rows
    # (weekday of the local day, 0 is Monday; wall hour, 0-23; sums), in this order, of those that have anything
    week_hours: tuple[tuple[int, int, Sums], ...] = ()


class LoggedHit(msgspec.Struct, frozen=True):
    """One line of the hit log: a row of the view `hit_log`."""

    hit: int
    at: int  # UTC seconds
    visit: int
    visitor: int
    name: str
    path: str
    ip: str | None = None  # as privacy allows
    title: str = ""
    props: str | None = None
    referrer: str = ""
    source: str = ""
    channel: str = ""
    country: str = ""
    region: str = ""
    city: str = ""
    browser: str = ""
    browser_version: str = ""
    system: str = ""
    device: str = ""
    language: str = ""
    screen: str = ""
    via: str = ""
    engaged: int = 0  # seconds, of a page view
    utm_source: str = ""
    utm_medium: str = ""
    utm_campaign: str = ""
    utm_term: str = ""
    utm_content: str = ""
    host: str = ""  # of the page


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
    proxied: int = 0  # of pageviews: through image proxies


class HistoryDay(msgspec.Struct, frozen=True):
    """A day imported from a former counter; shown = history + counted."""

    day: int
    visits: int
    visitors: int | None = None
    pageviews: int | None = None


class Difference(msgspec.Struct, frozen=True):
    """One number of the rollups that differs from the raw rows."""

    table: str
    site_key: int
    day: int  # a local day; of rollup_month, a month (12 * year + month - 1)
    what: str
    stored: tuple[int, ...] | None
    counted: tuple[int, ...] | None

    @property
    def falls(self) -> bool:
        """Whether any of its sums is lower in the raw rows; no row is a row of zeros."""
        if self.what == "logged":  # never shown
            return False
        return any(was > now_is for was, now_is in zip_longest(self.stored or (), self.counted or (), fillvalue=0))


class Repair(msgspec.Struct, frozen=True):
    """`mended` of `differences` numbers now equal the raw rows; the rest, or their day, would have fallen."""

    differences: int = 0
    mended: int = 0
    tables: tuple[str, ...] = ()  # that had differences, by name


class DropCount(msgspec.Struct, frozen=True):
    day: int
    reason: str
    count: int


class BotCount(msgspec.Struct, frozen=True):
    day: int
    name: str
    category: str
    reason: str
    count: int


class BotSum(msgspec.Struct, frozen=True):
    """A bot's hits of several days."""

    name: str
    category: str
    reason: str
    count: int


class LoggedDrop(msgspec.Struct, frozen=True):
    """One of the last hits that were not counted."""

    at: int  # UTC seconds
    reason: str
    path: str
    address: str | None
    user_agent: str
    bot: str


class Count(msgspec.Struct, frozen=True):
    """One line of the counter. `value` None: the number failed its invariant and is not shown."""

    value: int | None
    start: dt.date | None  # inclusive; None for `all` before anything is counted
    end: dt.date  # exclusive
