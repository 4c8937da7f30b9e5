"""What a change of the catalog does to the numbers: another time zone moves days, goals are summed and forgotten."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable

from counter.calendar.localtime import LocalTime
from counter.question import Dimension
from counter.site import Site
from counter.store.sqlite.fold import ADD_UP, add_months, fold, make_scratch, rebuild_spans, sum_up
from counter.store.sqlite.goals import sum_up_new_goal
from counter.store.sqlite.readers import query
from counter.store.sqlite.upkeep import rebuild_months


def move_days(connection: sqlite3.Connection, site: Site) -> None:
    """Put the raw rows of `site` into the days of its zone, with their flags; days without raw rows stay."""
    fold(connection)
    local = LocalTime(site.timezone)
    _define(connection, "local_day", lambda at: local.day_hour(at)[0])
    _define(connection, "local_hour", lambda at: local.day_hour(at)[1])
    mine = {"site": site.key}
    _add_raw_sums(connection, site.key, -1)
    connection.execute(
        # Engaged time stays with its page view.
        "update event set (day, hour) = (select local_day(w.at), local_hour(w.at) from event w"
        " where w.id = coalesce(event.view_id, event.id))"
        " where visit_id in (select id from visit where site_key = :site)",
        mine,
    )
    _add_raw_sums(connection, site.key, +1)
    rebuild_months(connection)
    rebuild_spans(connection, site.key)


def sum_goal(connection: sqlite3.Connection, value_id: int) -> None:
    """Count what reached a new goal before it was made, on the days whose raw rows are complete; all is folded."""
    make_scratch(connection)
    sum_up_new_goal(connection, value_id, connection.execute("select event_id from watermark").fetchone()[0])
    connection.execute(
        "insert into rollup_day select * from temp.delta d where not exists"
        " (select 1 from closed_day c where c.site_key = d.site_key and c.day = d.day)"
    )
    add_months(connection, Dimension.GOAL, value_id)


def drop_goal_sums(connection: sqlite3.Connection, site_key: int, value_id: int) -> None:
    """Forget what was counted of a goal; the hits stay, so it can be made again."""
    mine = (site_key, int(Dimension.GOAL), value_id)
    for table in ("rollup_day", "rollup_month"):
        connection.execute(f"delete from {table} where site_key = ? and dimension = ? and value_id = ?", mine)  # noqa: S608


def _add_raw_sums(connection: sqlite3.Connection, site_key: int, sign: int) -> None:
    """Add (or take away) what the raw rows of one site sum to, in every total and rollup of days."""
    mine = {"site": site_key, "sign": sign, "after": 0, "upto": 2**62}
    sums = "sum(pageviews), sum(visits), sum(visitors), sum(bounces), sum(seconds), sum(events), sum(engaged)"
    signed = sums.replace("sum(", ":sign * sum(")
    hours = f"select * from ({query('recount_hours')}) where site_key = :site"  # noqa: S608 - our own query
    connection.execute(
        f"insert into total_hour select site_key, day, hour, {signed} from ({hours}) where true group by 1, 2, 3 {ADD_UP}",  # noqa: S608, E501
        mine,
    )
    connection.execute(
        f"insert into total_day select site_key, day, {signed}, 0 from ({hours}) where true group by 1, 2 {ADD_UP}",  # noqa: S608
        mine,
    )
    connection.execute(
        "insert into total_day select v.site_key, e.day, 0, 0, 0, 0, 0, 0, 0, :sign * count(*) from event e"
        " join visit v on v.id = e.visit_id where v.site_key = :site and e.via = 4 and e.kind in (1, 2) group by 2"
        " on conflict do update set logged = logged + excluded.logged",
        mine,
    )
    sum_up(connection, 0, connection.execute("select event_id from watermark").fetchone()[0])
    connection.execute(
        f"insert into rollup_day select site_key, dimension, day, value_id, {signed} from temp.delta"  # noqa: S608
        f" where site_key = :site group by 1, 2, 3, 4 {ADD_UP}",
        mine,
    )


def _define(connection: sqlite3.Connection, name: str, function: Callable[[int], int]) -> None:
    connection.create_function(name, 1, function, deterministic=True)
