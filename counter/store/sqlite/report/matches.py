"""The raw rows that match a question, found once for all its numbers, in temporary tables; see the package's drawing.

`temp.matching_visit` has the visits with a matching event, each as a whole; the view `temp.matching_event` has the
matching events, and `temp.matching_event_by_visit` is the same for a few of the visits. Filters on visits alone let
all events of a visit pass; others test each event again where it is read, which costs less than writing it down. Only
where properties decide are events written down one by one, in `temp.listed_event`: then which view of a page is the
first of its visit has to be found again.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Mapping
from typing import Any, Final

from counter.question import Bucket, Operator, Question
from counter.store.sqlite.fold import bounds
from counter.store.sqlite.report.filters import EVENT_SLOTS, SLOT_OF, VIEW_SLOTS, FilterSlot, narrow
from counter.store.sqlite.sql import SqlPart, run_script, statement

# Days that the events of one visitor can lie apart: two after a change of the site's time zone, else none.
MARGIN: Final = 2
SCAN: Final = 4  # of so many events one must belong to a matching visit, so that reading all of them is quicker

Parameters = Mapping[str, Any]


class MatchView(SqlPart):
    """The views of the matching events."""

    ALL = "matching_event"
    BY_VISIT = "matching_event_by_visit"


def make_scratch(connection: sqlite3.Connection) -> None:
    """New, empty temporary tables; the end of the snapshot removes them."""
    run_script(connection, "report_scratch")


def make_sums(connection: sqlite3.Connection) -> None:
    """The tables that sums are made in, once for all questions of a snapshot; who uses them empties them first."""
    run_script(connection, "report_sums")


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
    first, last = connection.execute(statement("report_spans"), asked).fetchone()
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
        narrowed |= {FilterSlot.PROPS}
    asked = parameters_of(question)
    few = _few_events(question)
    if narrowed & VIEW_SLOTS:
        name = "report_list_events_by_event" if few else "report_list_events_by_visit"
        _run_in_spans(connection, name, asked, narrowed)
        for step in ("report_first_views", "report_list_visits_of_events", "report_visits_listed"):
            connection.execute(statement(step), asked)
        _see_listed(connection)
    elif narrowed & EVENT_SLOTS:
        name = "report_list_visits_by_event" if few else "report_list_visits_by_visit"
        _run_in_spans(connection, name, asked, narrowed)
        connection.execute(statement("report_visits_listed"), asked)
        _see_by_tests(connection, asked, narrowed & EVENT_SLOTS)
    else:
        _run_in_spans(connection, "report_visits_whole", asked, narrowed)
        _see_by_tests(connection, asked, frozenset())
    for step in ("report_returning_visitors", "report_turns"):
        connection.execute(statement(step), asked)


def _few_events(question: Question) -> bool:
    """Whether it is quicker to look at every event than at every visit; no filter at all stands for a property."""
    return not question.filters or any(
        SLOT_OF[one.dimension] in EVENT_SLOTS and one.operator != Operator.IS_NOT for one in question.filters
    )


def _run_in_spans(
    connection: sqlite3.Connection, name: str, asked: Parameters, narrowed: frozenset[FilterSlot]
) -> None:
    for first, last in spans(connection, asked):
        connection.execute(statement(name, *sorted(narrowed)), {**asked, "first_id": first, "last_id": last})


def _see_listed(connection: sqlite3.Connection) -> None:
    """The views of the events that were written down."""
    for view in MatchView:
        connection.execute(statement("report_events_listed", view))


def _see_by_tests(connection: sqlite3.Connection, asked: Parameters, narrowed: frozenset[FilterSlot]) -> None:
    """The views of the matching visits' events that pass; of many visits by a scan, which reads less than look-ups."""
    first = next((first for first, _ in spans(connection, asked)), 0)
    visits = connection.execute("select count(*) from temp.matching_visit").fetchone()[0]
    many = SCAN * visits > bounds(connection)[1] - first
    for view in MatchView:
        name = "report_events_scanned" if many and view == MatchView.ALL else "report_events_looked_up"
        connection.execute(statement(name, view, *sorted(narrowed)))


def parameters_of_matches(connection: sqlite3.Connection, question: Question) -> dict[str, Any]:
    """What every query about matching events and visits is asked with."""
    split = connection.execute("select exists (select 1 from temp.matching_visit where split)").fetchone()[0]
    return {**parameters_of(question), "any_split": split, "any_apart": split or question.bucket == Bucket.HOUR}
