"""The raw rows that match a question, found once for all its numbers, in temporary tables.

`temp.found_visit` has the visits with a matching event, each as a whole; the view `temp.found` has the matching
events, and `temp.found_few` the same for a few of the visits. Filters on visits alone let all events of a visit pass;
others test each event again where it is read, which costs less than writing it down. Only where properties decide are
events written down one by one: then which view of a page is the first of its visit has to be found anew.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Mapping
from typing import Any, Final

from counter.question import Bucket, Operator, Question
from counter.store.sqlite.fold import bounds
from counter.store.sqlite.readers import query
from counter.store.sqlite.report.filters import EVENT_SLOTS, PROPERTY_SLOTS, SLOT_OF, narrow, tests

# Days that the events of one visitor can lie apart: two after a change of the site's time zone, else none.
MARGIN: Final = 2
SCAN: Final = 4  # of so many events one must belong to a found visit, so that reading all of them is quicker

Parameters = Mapping[str, Any]


def make_scratch(connection: sqlite3.Connection) -> None:
    """New, empty temporary tables; the end of the snapshot removes them."""
    _run_all(connection, "report_scratch")


def make_sums(connection: sqlite3.Connection) -> None:
    """The tables that sums are made in, once for all questions of a snapshot; who uses them empties them first."""
    _run_all(connection, "report_sums")


def _run_all(connection: sqlite3.Connection, name: str) -> None:
    for statement in query(name).split(";\n"):
        if statement.strip():
            connection.execute(statement)


def parameters_of(question: Question) -> dict[str, Any]:
    """What every query about raw rows is asked with."""
    return {
        "site": question.site_key,
        "start": question.start,
        "end": question.end,
        "earliest": question.start - MARGIN,
        "latest": question.end + MARGIN,
        "before": question.before,
    }


def spans(connection: sqlite3.Connection, asked: Parameters) -> Iterator[tuple[int, int]]:
    """Where the events of the period and their visits lie, in order: among the folded ones, and the tail."""
    first, last = connection.execute(
        "select min(first_event), max(last_event) from day_span"
        " where site_key = :site and day >= :earliest and day < :latest",
        asked,
    ).fetchone()
    if first is not None:
        yield first, last
    after, upto = bounds(connection)
    if upto > after:
        yield after + 1, upto


def find(connection: sqlite3.Connection, question: Question, *, only_with_props: bool = False) -> None:
    """Fill the temporary tables with the visits that match, and make the views of their matching events."""
    make_scratch(connection)
    narrowed = narrow(connection, question.site_key, question.filters)
    if only_with_props:
        narrowed |= {"props"}
    asked = parameters_of(question)
    by = "by_event" if _few_events(question) else "by_visit"
    if narrowed & PROPERTY_SLOTS:
        _run_in_spans(connection, f"report_find_{by}", asked, narrowed)
        for step in ("report_first_views", "report_visit_ids", "report_visits"):
            connection.execute(query(step), asked)
        _see_one_by_one(connection)
    else:
        if narrowed & EVENT_SLOTS:
            _run_in_spans(connection, f"report_ids_{by}", asked, narrowed)
            connection.execute(query("report_visits"), asked)
        else:
            _run_in_spans(connection, "report_visits_whole", asked, narrowed)
        _see_by_tests(connection, asked, narrowed & EVENT_SLOTS)
    for step in ("report_shared", "report_turns"):
        connection.execute(query(step), asked)


def _few_events(question: Question) -> bool:
    """Whether it is quicker to look at every event than at every visit; no filter at all stands for a property."""
    return not question.filters or any(
        SLOT_OF[one.dimension] in EVENT_SLOTS and one.operator != Operator.IS_NOT for one in question.filters
    )


def _run_in_spans(connection: sqlite3.Connection, name: str, asked: Parameters, narrowed: frozenset[str]) -> None:
    statement = query(name).replace("{tests}", tests(narrowed))
    for first, last in spans(connection, asked):
        connection.execute(statement, {**asked, "first_id": first, "last_id": last})


def _see_one_by_one(connection: sqlite3.Connection) -> None:
    """The views of the events that were found one by one."""
    for view in ("found", "found_few"):
        connection.execute(query("report_found_some").replace("{view}", view))


def _see_by_tests(connection: sqlite3.Connection, asked: Parameters, narrowed: frozenset[str]) -> None:
    """The views of the found visits' events that pass; of many visits by a scan, which reads less than look-ups."""
    first = next((first for first, _ in spans(connection, asked)), 0)
    visits = connection.execute("select count(*) from temp.found_visit").fetchone()[0]
    many = SCAN * visits > bounds(connection)[1] - first
    for view, scanned in (("found", many), ("found_few", False)):
        statement = query("report_found_scan" if scanned else "report_found_whole")
        statement = statement.replace("{view}", view).replace("{first_id}", str(first))
        connection.execute(statement.replace("{tests}", tests(narrowed)))


def parameters_of_matches(connection: sqlite3.Connection, question: Question) -> dict[str, Any]:
    """What every query about found events and visits is asked with."""
    split = connection.execute("select exists (select 1 from temp.found_visit where split)").fetchone()[0]
    return {**parameters_of(question), "any_split": split, "any_apart": split or question.bucket == Bucket.HOUR}
