"""What a report is asked for in a query string, read and written. Each refusal names the parameter and what it may be.

    filter=DIMENSION:OPERATOR:VALUE[,VALUE...]     filter=property:KEY:OPERATOR:VALUE[,VALUE...]
    by=DIMENSION                                   by=property:KEY

A backslash escapes the next character: write `\\,` and `\\\\` in values, and `\\:` in keys.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Mapping
from enum import Enum
from typing import Final, TypeVar

from multidict import MultiMapping

from counter.calendar.periods import NAMES, Compare, Period, dated_period, named_period
from counter.errors import BadInput
from counter.question import Bucket, By, Dimension, Filter, Operator, Order
from counter.reports.answer import ReportQuery, default_bucket
from counter.site import ActiveSite
from counter.text import clean

MOST_FILTERS: Final = 20
MOST_VALUES: Final = 100  # of one filter
MOST_BREAKDOWNS: Final = 30
MOST_ROWS: Final = 1000  # of a breakdown or of a page of hits
MOST_OFFSET: Final = 1_000_000
LONGEST_VALUE: Final = 2048  # characters; no stored text is longer
DEFAULT_PERIOD: Final = "28d"
CUSTOM: Final = "custom"  # the name of a period from one date to another
ROWS: Final = 10

REPORT_KEYS: Final = (
    "site", "period", "from", "to", "filter", "compare", "bucket", "by", "order", "search", "limit", "offset",
    "week_hours",
)  # fmt: skip
HITS_KEYS: Final = ("site", "period", "from", "to", "filter", "before", "limit")
VISIT_KEYS: Final = ("site", "visit")
REPEATED: Final = ("filter", "by")
DIMENSIONS: Final[Mapping[str, Dimension]] = {
    dimension.name.lower(): dimension for dimension in Dimension if dimension != Dimension.TITLE
}
OPERATORS: Final[Mapping[str, Operator]] = {operator.value: operator for operator in Operator}

_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_KEY = re.compile(r"(?:[^\\:]|\\.)*", re.DOTALL)
_ESCAPED = re.compile(r"\\(.)", re.DOTALL)
_VALUE = re.compile(r"(?:[^\\,]|\\.)*", re.DOTALL)
E_ = TypeVar("E_", bound=Enum)

Query = MultiMapping[str]


def refuse_unknown(query: Query, known: tuple[str, ...]) -> None:
    """Every parameter must be known, and given once unless it may be repeated."""
    for name in query:
        if name not in known:
            raise BadInput(f"{name[:40]!r} is no parameter here, these are: {', '.join(known)}")
        if name not in REPEATED and len(query.getall(name)) > 1:
            raise BadInput(f"{name} stands {len(query.getall(name))} times, it may stand once")


def read_report_query(query: Query, site: ActiveSite, today: int, counted: tuple[int, int] | None) -> ReportQuery:
    """The question of `GET /api/v1/report`."""
    period = read_period(query, site, today, counted)
    bucket = query.get("bucket")
    return ReportQuery(
        period=period,
        filters=read_filters(query),
        bucket=default_bucket(period) if bucket is None else one_of("bucket", bucket, _by_value(Bucket)),
        breakdowns=_read_breakdowns(query),
        compare=one_of("compare", query["compare"], _by_value(Compare)) if "compare" in query else None,
        week_hours=bool(read_number(query, "week_hours", 0, 0, 1)),
    )


def read_period(query: Query, site: ActiveSite, today: int, counted: tuple[int, int] | None) -> Period:
    """`period`, or `from` and `to`; the last 28 days by default."""
    if "from" in query or "to" in query:
        if "period" in query:
            raise BadInput("give either period, or from and to")
        if "from" not in query or "to" not in query:
            raise BadInput("from and to belong together: two dates such as 2024-11-01, both inclusive")
        return dated_period(_read_date("from", query["from"]), _read_date("to", query["to"]))
    name = query.get("period", DEFAULT_PERIOD)
    return named_period(name, today, site.site.first_weekday_number, counted)


def period_name(query: Query) -> str:
    """The name of the period that `read_period` reads: one of counter.calendar.periods.NAMES, or CUSTOM."""
    return query.get("period", CUSTOM if "from" in query else DEFAULT_PERIOD)


def wants_all_days(query: Query) -> bool:
    return query.get("period") == NAMES[-1]


def read_filters(query: Query) -> tuple[Filter, ...]:
    texts = query.getall("filter", [])
    if len(texts) > MOST_FILTERS:
        raise BadInput(f"there are {len(texts)} filters, at most {MOST_FILTERS} are taken")
    return tuple(_read_filter(text) for text in texts)


def filter_text(one: Filter) -> str:
    """A filter as `read_filters` takes it."""
    name = one.dimension.name.lower()
    if one.dimension == Dimension.PROPERTY:
        name += ":" + _escaped(one.key, ":")
    return f"{name}:{one.operator.value}:{','.join(_escaped(value, ',') for value in one.values)}"


def read_number(query: Query, name: str, default: int, least: int, most: int) -> int:
    text = query.get(name)
    if text is None:
        return default
    if not re.fullmatch(r"[0-9]{1,18}", text) or not least <= int(text) <= most:
        raise BadInput(f"{name} is {text[:40]!r}, it may be a number from {least} to {most}")
    return int(text)


def _read_breakdowns(query: Query) -> tuple[By, ...]:
    texts = query.getall("by", [])
    if len(texts) > MOST_BREAKDOWNS:
        raise BadInput(f"there are {len(texts)} breakdowns, at most {MOST_BREAKDOWNS} are taken")
    for name in ("order", "search", "limit", "offset"):
        if name in query and not texts:
            raise BadInput(f"{name} is about the rows of a breakdown, and none is asked for: add by=page")
    order = one_of("order", query.get("order", Order.VISITORS.value), _by_value(Order))
    search = clean(query.get("search", ""), LONGEST_VALUE)
    limit = read_number(query, "limit", ROWS, 1, MOST_ROWS)
    offset = read_number(query, "offset", 0, 0, MOST_OFFSET)
    return tuple(By(*_read_dimension("by", text), order, search, limit, offset) for text in texts)


def _read_dimension(what: str, text: str) -> tuple[Dimension, str]:
    """`country`, or `property:KEY`."""
    name, key, rest = _split_dimension(what, text)
    if rest is not None:
        raise BadInput(f"{what} is {text[:80]!r}; only property has a key: {what}=property:KEY")
    return name, key


def _read_filter(text: str) -> Filter:
    dimension, key, rest = _split_dimension("filter", text)
    operator, colon, values = (rest or "").partition(":")
    if operator not in OPERATORS or not colon:
        raise BadInput(
            f"filter is {text[:80]!r}, it may be {'property:KEY' if key else dimension.name.lower()}:OPERATOR:VALUE,"
            f" with an operator of {', '.join(OPERATORS)}"
        )
    found = tuple(clean(_plain(value), LONGEST_VALUE) for value in _split_values(values))
    if len(found) > MOST_VALUES:
        raise BadInput(f"a filter on {dimension.name.lower()} has {len(found)} values, at most {MOST_VALUES} are taken")
    if "" in found and (operator == Operator.CONTAINS or dimension != Dimension.PROPERTY):
        raise BadInput(f"filter is {text[:80]!r}, one of its values is empty")
    return Filter(dimension, OPERATORS[operator], found, key)


def _split_dimension(what: str, text: str) -> tuple[Dimension, str, str | None]:
    """The dimension, the key of a property, and what follows after a colon (None: nothing)."""
    name, colon, rest = text.partition(":")
    dimension = one_of(what, name, DIMENSIONS)
    if dimension != Dimension.PROPERTY:
        return dimension, "", rest if colon else None
    found = _KEY.match(rest)
    end = found.end() if found else 0
    key = clean(_plain(rest[:end]), LONGEST_VALUE)
    if not key:
        raise BadInput(f"{what} is {text[:80]!r}, a property needs its key: {what}=property:KEY")
    return dimension, key, rest[end + 1 :] if rest[end:] else None


def _split_values(text: str) -> list[str]:
    """Split at commas that are not escaped by a backslash."""
    values, start = [], 0
    while True:
        found = _VALUE.match(text, start)
        end = found.end() if found else start
        values.append(text[start:end])
        if end >= len(text):
            return values
        if text[end] == "\\":
            raise BadInput(f"filter ends with a single backslash: {text[-40:]!r}; write two for one")
        start = end + 1


def _escaped(text: str, mark: str) -> str:
    return text.replace("\\", "\\\\").replace(mark, f"\\{mark}")


def _plain(text: str) -> str:
    return _ESCAPED.sub(r"\1", text)


def _read_date(what: str, text: str) -> dt.date:
    try:
        if not _DATE.fullmatch(text):
            raise ValueError(text)
        return dt.date.fromisoformat(text)
    except ValueError:
        raise BadInput(f"{what} is {text[:40]!r}, it must be a date that exists, such as 2024-11-21") from None


def _by_value(kind: type[E_]) -> Mapping[str, E_]:
    return {str(one.value): one for one in kind}


def one_of(what: str, text: str, known: Mapping[str, E_]) -> E_:
    """What the text names, or BadInput with all that it may be."""
    found = known.get(text)
    if found is None:
        raise BadInput(f"{what} is {text[:40]!r}, it may be {', '.join(known)}")
    return found
