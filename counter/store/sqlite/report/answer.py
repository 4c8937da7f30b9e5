"""The answer to a Question, read through one connection in the caller's snapshot.

Without filters totals and series come from the tables of totals, breakdowns from the rollups and the short tail that
is not folded yet. With filters, and for properties, everything comes from raw rows: the matching events are found
once, in temporary tables, and every number of the question is read from these. Both ways give the same numbers.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Sequence
from typing import Final

import msgspec

from counter.calendar.series import (
    Parts,
    make_series,
    parts_of,
    refuse_many_hours,
    refuse_more_than_totals,
    totals_alone,
)
from counter.errors import UnknownSite
from counter.question import Bucket, Dimension, Question, Report, Sums
from counter.store.sqlite.fold import bounds, sum_up
from counter.store.sqlite.fold import make_scratch as make_fold_scratch
from counter.store.sqlite.report.breakdown import break_down
from counter.store.sqlite.report.matches import Parameters, find, make_sums, parameters_of, parameters_of_matches
from counter.store.sqlite.report.until import sums_of_days
from counter.store.sqlite.report.week import week_hours, week_hours_of_matches
from counter.store.sqlite.sql import SqlPart, statement

RAW_ONLY: Final = frozenset({Dimension.PROPERTY, Dimension.PROPERTY_KEY})


class PointColumn(SqlPart):
    """The column that begins a point of a series."""

    HOUR = "hour"
    DAY = "day"


class PointTable(SqlPart):
    """The totals of points."""

    HOUR = "total_hour"
    DAY = "total_day"


class SplitTest(SqlPart):
    """Of which visits the events are asked apart: those that lie in other points, too."""

    HOUR = "(split or spread)"
    DAY = "split"


def answer(connection: sqlite3.Connection, questions: Sequence[Question], *, raw: bool = False) -> list[Report]:
    """One report a question; `raw` reads even unfiltered ones from raw rows, to compare. UnknownSite, BadInput."""
    for question in questions:
        refuse_many_hours(question)
        refuse_more_than_totals(question)
    if not raw and any(_needs_rollups(question) for question in questions):
        _make_delta(connection)
    make_sums(connection)
    return list(_reports(connection, questions, raw=raw))


def _reports(connection: sqlite3.Connection, questions: Sequence[Question], *, raw: bool) -> Iterator[Report]:
    found: Question | None = None  # whose events the temporary tables have
    for question in questions:
        if raw or question.filters:
            if found is None or not _finds_the_same(question, found):
                find(connection, question)
            yield _from_raw_rows(connection, question)
            found = question
        else:
            yield _from_rollups(connection, question)
            found = None


def _finds_the_same(question: Question, other: Question) -> bool:
    """Whether totals alone are asked of the events that the other one has found."""
    return question == msgspec.structs.replace(totals_alone(other), before=question.before)


def _needs_rollups(question: Question) -> bool:
    return not question.filters and any(by.dimension not in RAW_ONLY for by in question.breakdowns)


def _make_delta(connection: sqlite3.Connection) -> None:
    """What the tail adds to the rollups, once for all questions of the snapshot."""
    after, upto = bounds(connection)
    if upto > after:
        sum_up(connection, after, upto)
    else:
        make_fold_scratch(connection)


def _zone(connection: sqlite3.Connection, site_key: int) -> str:
    row = connection.execute("select timezone from site where key = ?", (site_key,)).fetchone()
    if row is None:
        raise UnknownSite(f"there is no site with the key {site_key}")
    return str(row[0])


# From rollups ------------------------------------------------------------------------------------------------------


def _from_rollups(connection: sqlite3.Connection, question: Question) -> Report:
    zone = _zone(connection, question.site_key)
    asked = parameters_of(question)
    if question.before is not None:
        return _until(connection, question, question.before)
    totals = connection.execute(statement("report_period_totals"), asked).fetchone()
    found: dict[int, Sums] = {}
    if question.bucket is not None:
        name = _point_of(question.bucket)
        rows = connection.execute(statement("report_period_points", PointColumn[name], PointTable[name]), asked)
        found = {start: Sums(*numbers) for start, *numbers in rows}
    sources: dict[bool, Parts | Parameters] = {}
    if question.breakdowns:
        sources[False] = _parts(connection, question)
    raw = any(by.dimension in RAW_ONLY for by in question.breakdowns)
    if raw:
        find(connection, question, only_with_props=True)
        sources[True] = parameters_of_matches(connection, question)
    return Report(
        question,
        _sums(totals),
        make_series(question, found, zone),
        tuple(break_down(connection, question, by, sources[by.dimension in RAW_ONLY]) for by in question.breakdowns),
        _incomplete_days(connection, asked) if raw else (),
        week_hours(connection, question, zone),
    )


def _until(connection: sqlite3.Connection, question: Question, before: int) -> Report:
    """Totals up to a moment: whole hours, and raw rows of the one that it lies in."""
    sums = sums_of_days(connection, [(question.site_key, question.start, question.end, before)])[question.site_key]
    return Report(question, sums, incomplete_days=_incomplete_days(connection, parameters_of(question)))


def _parts(connection: sqlite3.Connection, question: Question) -> Parts:
    """The months and days of the rollups that the question's period is the sum of."""
    first, last = connection.execute(
        "select min(day), max(day) from total_day where site_key = ?", (question.site_key,)
    ).fetchone()
    if first is None:
        return Parts(range(0))
    return parts_of(max(question.start, first), min(question.end, last + 1), first, last + 1)


# From raw rows -----------------------------------------------------------------------------------------------------


def _from_raw_rows(connection: sqlite3.Connection, question: Question) -> Report:
    """From the events that were found."""
    zone = _zone(connection, question.site_key)
    asked = parameters_of_matches(connection, question)
    totals = "report_totals" if question.before is None else "report_totals_before"
    found: dict[int, Sums] = {}
    if question.bucket is not None:
        name = _point_of(question.bucket)
        rows = connection.execute(statement("report_points", PointColumn[name], SplitTest[name]), asked)
        found = {start: Sums(*numbers) for start, *numbers in rows}
    return Report(
        question,
        _sums(connection.execute(statement(totals), asked).fetchone()),
        make_series(question, found, zone),
        tuple(break_down(connection, question, by, asked) for by in question.breakdowns),
        _incomplete_days(connection, asked),
        week_hours_of_matches(connection, question, zone, asked),
    )


def _point_of(bucket: Bucket) -> str:
    """Of which points a series of buckets is made: weeks and months are sums of days."""
    return Bucket.HOUR.name if bucket == Bucket.HOUR else Bucket.DAY.name


def _incomplete_days(connection: sqlite3.Connection, asked: Parameters) -> tuple[int, ...]:
    return tuple(day for (day,) in connection.execute(statement("report_incomplete_days"), asked))


def _sums(row: tuple[int | None, ...]) -> Sums:
    return Sums(*(number or 0 for number in row))
