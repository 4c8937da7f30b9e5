"""Breakdown rollups: sums over raw events, in SQL, behind a watermark.

The same statements fold new events into the rollups, recount everything for `check`, and read the tail that is not
yet folded for a report: one definition of every number. They run in C without the interpreter lock.

    event, visit -> temp.step -+-> temp.visit_day -> temp.part --+-> temp.delta -+-> rollup_day, rollup_month
                               +-> temp.page --------------------+               +-> temp.recount_rollup (a recount)
                               +-> (custom events, hosts) -------+               +-> temp.value_sum (a report)
                               +-> temp.goal_event (goals.py) ---+
                               +-> day_span
"""

from __future__ import annotations

import sqlite3
from typing import Final

from counter.question import VISIT_DIMENSIONS, Dimension
from counter.store.sqlite.goals import sum_up_goals
from counter.store.sqlite.sql import run_script, statement
from counter.store.sqlite.visit_values import VISIT_SOURCES, VisitValue

# What events bring themselves: pages and exit pages by way of temp.page, custom events, and hosts of pages.
_OF_EVENTS: Final = (
    "fold_pages",
    "fold_pages_left",
    "fold_page_values",
    "fold_exit_values",
    "fold_event_values",
    "fold_host_values",
)


def make_scratch(connection: sqlite3.Connection) -> None:
    """The temporary tables that sums are made in."""
    run_script(connection, "fold_scratch")


def sum_up(connection: sqlite3.Connection, after: int, upto: int) -> None:
    """Fill `temp.delta` with what the events after `after` up to `upto` add to every breakdown."""
    make_scratch(connection)
    run_script(connection, "fold_empty")
    span = {"after": after, "upto": upto}
    for name in ("fold_steps", "fold_steps_of_other_days"):
        connection.execute(statement(name), span)
    connection.execute(statement("fold_visit_days"))
    for column, join, dimensions in VISIT_SOURCES:
        connection.execute("delete from temp.part")
        connection.execute(statement("fold_parts", column))
        for dimension in dimensions:
            connection.execute(
                statement("fold_values", VisitValue[dimension.name], join),
                {"dimension": int(dimension), "bit": VISIT_DIMENSIONS.index(dimension)},
            )
    for name in _OF_EVENTS:
        connection.execute(statement(name))
    sum_up_goals(connection, after)


def fold(connection: sqlite3.Connection) -> int:
    """Add the events behind the watermark to the rollups and move it, inside the caller's transaction."""
    after, upto = bounds(connection)
    if upto > after:
        sum_up(connection, after, upto)
        for name in ("fold_into_days", "fold_into_months", "fold_spans"):
            connection.execute(statement(name))
        connection.execute("update watermark set event_id = ?", (upto,))
    connection.execute(
        "insert or replace into visitor select site_key, day, hash, visitor_id from visitor_tail order by 1, 2, 3"
    )
    connection.execute("delete from visitor_tail")
    return upto - after


def rebuild_spans(connection: sqlite3.Connection, site_key: int) -> None:
    """After the events of a site moved to other days."""
    mine = {"site": site_key}
    connection.execute("delete from day_span where site_key = :site", mine)
    connection.execute(statement("rebuild_spans"), mine)


def add_months(connection: sqlite3.Connection, dimension: Dimension, value_id: int) -> None:
    """The months of one value from its days."""
    connection.execute(statement("add_months_of_value"), (int(dimension), value_id))


def bounds(connection: sqlite3.Connection) -> tuple[int, int]:
    """The last folded event and the last event."""
    row = connection.execute(
        "select event_id, max(event_id, (select coalesce(max(id), 0) from event)) from watermark"
    ).fetchone()
    return int(row[0]), int(row[1])
