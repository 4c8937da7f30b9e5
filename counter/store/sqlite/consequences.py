"""What a change of the catalog does to the numbers: another time zone moves days, goals are summed and forgotten."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable

from counter.calendar.localtime import LocalTime
from counter.question import Dimension
from counter.site import Site
from counter.store.sqlite.fold import add_months, fold, make_scratch, rebuild_spans, sum_up
from counter.store.sqlite.goals import sum_up_new_goal
from counter.store.sqlite.sql import statement
from counter.store.sqlite.upkeep import rebuild_months


def move_days(connection: sqlite3.Connection, site: Site) -> None:
    """Put the raw rows of `site` into the days of its zone, with their flags; days without raw rows stay."""
    fold(connection)
    local = LocalTime(site.timezone)
    _define(connection, "local_day", lambda at: local.day_hour(at)[0])
    _define(connection, "local_hour", lambda at: local.day_hour(at)[1])
    mine = {"site": site.key}
    _add_raw_sums(connection, site.key, -1)
    connection.execute(statement("move_events"), mine)
    _add_raw_sums(connection, site.key, +1)
    rebuild_months(connection)
    rebuild_spans(connection, site.key)


def sum_goal(connection: sqlite3.Connection, value_id: int) -> None:
    """Count what reached a new goal before it was made, on the days whose raw rows are complete; all is folded."""
    make_scratch(connection)
    sum_up_new_goal(connection, value_id, connection.execute("select event_id from watermark").fetchone()[0])
    connection.execute(statement("sum_goal"))
    add_months(connection, Dimension.GOAL, value_id)


def drop_goal_sums(connection: sqlite3.Connection, site_key: int, value_id: int) -> None:
    """Forget what was counted of a goal; the hits stay, so it can be made again."""
    mine = (site_key, int(Dimension.GOAL), value_id)
    connection.execute("delete from rollup_day where site_key = ? and dimension = ? and value_id = ?", mine)
    connection.execute("delete from rollup_month where site_key = ? and dimension = ? and value_id = ?", mine)


def _add_raw_sums(connection: sqlite3.Connection, site_key: int, sign: int) -> None:
    """Add (or take away) what the raw rows of one site sum to, in every total and rollup of days."""
    mine = {"site": site_key, "sign": sign, "after": 0, "upto": 2**62}
    for name in ("move_hour_sums", "move_day_sums", "move_logged"):
        connection.execute(statement(name), mine)
    sum_up(connection, 0, connection.execute("select event_id from watermark").fetchone()[0])
    connection.execute(statement("move_values"), mine)


def _define(connection: sqlite3.Connection, name: str, function: Callable[[int], int]) -> None:
    connection.create_function(name, 1, function, deterministic=True)
