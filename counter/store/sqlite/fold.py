"""Breakdown rollups: sums over raw events, in SQL, behind a watermark.

The same statements fold new events into the rollups, recount everything for `check`, and read the tail that is not
yet folded for a report: one definition of every number. They run in C without the interpreter lock.
"""

from __future__ import annotations

import sqlite3

from counter.question import CLIENT_DIMENSIONS, ORIGIN_DIMENSIONS, PLACE_DIMENSIONS, VISIT_DIMENSIONS, Dimension
from counter.store.sqlite.goals import sum_up_goals

SUMS = "pageviews, visits, visitors, bounces, seconds, events, engaged"
_SUMMED = ", ".join(f"sum({name})" for name in SUMS.split(", "))
ADD_UP = " on conflict do update set " + ", ".join(f"{name} = {name} + excluded.{name}" for name in SUMS.split(", "))

# One row per new event, joined once; everything below reads this table. The day is the event's own. A visit's part
# belongs to the day of its first event: after a change of time zone that can be another day, and a row of its own.
_STEPS = """
insert into temp.step
select v.site_key, e.day, v.client_id, v.place_id, v.origin_id, f.path_id, v.repeats, e.path_id, e.kind, e.name_id,
       case when e.day = f.day then e.adds else e.adds & ~16 end,
       case when e.day = f.day then (e.adds >> 2 & 1) - (e.adds >> 3 & 1) else 0 end,
       case when e.day = f.day then e.seconds else 0 end, coalesce(e.engaged, 0),
       case when e.day = f.day then e.exit_was end, e.id, e.visit_id
from event e
join visit v on v.id = e.visit_id
join event f on f.id = e.visit_id
where e.id > :after and e.id <= :upto
"""

_STEPS_OF_OTHER_DAYS = """
insert into temp.step
select v.site_key, f.day, v.client_id, v.place_id, v.origin_id, f.path_id, v.repeats, e.path_id, 0, null,
       e.adds & 16, (e.adds >> 2 & 1) - (e.adds >> 3 & 1), e.seconds, 0, e.exit_was, e.id,
       e.visit_id
from event e
join visit v on v.id = e.visit_id
join event f on f.id = e.visit_id
where e.id > :after and e.id <= :upto and e.day <> f.day
"""

# Every breakdown by what a visit brought needs the same sums of its events, so these are made once.
_VISITED = """
insert into temp.visited
select site_key, day, client, place, origin, entry, repeats, sum(kind = 1), sum(adds & 1), sum(bounce), sum(seconds),
       sum(kind = 2), sum(engaged)
from temp.step
group by visit, day
"""

# The parts of a client, place, origin or entry page, by day. The visits of a visitor's first time with a value are
# that value's visitors, so they stay apart by `repeats` until the dimension is known.
_PARTS = """
insert into temp.part
select site_key, day, {column}, repeats, sum(pageviews), sum(visits), sum(bounces), sum(seconds), sum(events),
       sum(engaged)
from temp.visited
group by 1, 2, 3, 4
"""

_SPREAD = """
insert into temp.delta
select p.site_key, {dimension}, p.day, {value}, sum(p.pageviews), sum(p.visits),
       sum(case when p.repeats >> {bit} & 1 then 0 else p.visits end), sum(p.bounces), sum(p.seconds),
       sum(p.events), sum(p.engaged)
from temp.part p {join}
group by 1, 3, 4
"""

# Exit pages move: a later page view takes the exit from the page before. Their visitors are not a plain sum.
_PAGES = """
insert into temp.page
select site_key, day, path, sum(kind = 1), sum((adds >> 5 & 1) * (kind = 1)), sum((adds >> 6 & 1) * (kind = 1)),
       sum(kind = 2), sum(engaged), sum(adds >> 4 & 1)
from temp.step
group by 1, 2, 3
"""

_PAGES_LEFT = """
insert into temp.page
select site_key, day, exit_was, 0, 0, 0, 0, 0, -count(*) from temp.step where exit_was is not null group by 1, 2, 3
"""

_SPREAD_PAGES = f"""
insert into temp.delta
select site_key, {Dimension.PAGE:d}, day, page, sum(pageviews), sum(visits), sum(visitors), 0, 0, sum(events),
       sum(engaged)
from temp.page group by 1, 3, 4
"""  # noqa: S608 - a number of our own

_SPREAD_EXITS = f"""
insert into temp.delta
select site_key, {Dimension.EXIT_PAGE:d}, day, page, 0, sum(exits), 0, 0, 0, 0, 0
from temp.page group by 1, 3, 4
"""  # noqa: S608 - a number of our own

_EVENTS = f"""
insert into temp.delta
select site_key, {Dimension.EVENT:d}, day, name, 0, sum(adds >> 5 & 1), sum(adds >> 6 & 1), 0, 0, count(*), 0
from temp.step
where kind = 2
group by 1, 3, 4
"""  # noqa: S608 - a number of our own

_MONTH = (
    "cast(strftime('%Y', day * 86400, 'unixepoch') as integer) * 12"
    " + cast(strftime('%m', day * 86400, 'unixepoch') as integer) - 1"
)

_INTO_DAYS = f"insert into rollup_day select * from temp.delta where true {ADD_UP}"  # noqa: S608 - names of our own
_INTO_MONTHS = f"""
insert into rollup_month
select site_key, dimension, {_MONTH}, value_id, sum(pageviews), sum(visits), sum(visitors), sum(bounces), sum(seconds),
       sum(events), sum(engaged)
from temp.delta where true
group by 1, 2, 3, 4 {ADD_UP}
"""  # noqa: S608 - names of our own

# Where the events of a day lie, so that a question about it does not read all of them.
_SPANS = """
insert into day_span
select site_key, day, min(visit), max(event) from temp.step where true group by 1, 2
on conflict do update set first_event = min(first_event, excluded.first_event),
                          last_event = max(last_event, excluded.last_event)
"""

_SCRATCH = """
create temp table if not exists step (
  site_key, day, client, place, origin, entry, repeats, path, kind, name, adds, bounce, seconds, engaged, exit_was,
  event, visit);
create temp table if not exists visited (
  site_key, day, client, place, origin, entry, repeats, pageviews, visits, bounces, seconds, events, engaged);
create temp table if not exists part (
  site_key, day, value, repeats, pageviews, visits, bounces, seconds, events, engaged);
create temp table if not exists page (
  site_key, day, page, pageviews, visits, visitors, events, engaged, exits);
create temp table if not exists delta (
  site_key, dimension, day, value_id, pageviews, visits, visitors, bounces, seconds, events, engaged);
"""

_GROUPS = (
    ("client", CLIENT_DIMENSIONS),
    ("place", PLACE_DIMENSIONS),
    ("origin", ORIGIN_DIMENSIONS),
    ("entry", (Dimension.ENTRY_PAGE,)),
)


def make_scratch(connection: sqlite3.Connection) -> None:
    """The temporary tables that sums are made in."""
    for statement in _SCRATCH.split(";\n"):
        if statement.strip():
            connection.execute(statement)


def sum_up(connection: sqlite3.Connection, after: int, upto: int) -> None:
    """Fill `temp.delta` with what the events after `after` up to `upto` add to every breakdown."""
    make_scratch(connection)
    span = {"after": after, "upto": upto}
    for table in ("delta", "step", "visited", "page"):
        connection.execute(f"delete from temp.{table}")  # noqa: S608 - one of our own four
    connection.execute(_STEPS, span)
    connection.execute(_STEPS_OF_OTHER_DAYS, span)
    connection.execute(_VISITED)
    for column, dimensions in _GROUPS:
        connection.execute("delete from temp.part")
        connection.execute(_PARTS.format(column=column))
        for dimension in dimensions:
            connection.execute(_spread(column, dimension))
    for statement in (_PAGES, _PAGES_LEFT, _SPREAD_PAGES, _SPREAD_EXITS, _EVENTS):
        connection.execute(statement)
    sum_up_goals(connection, after)


def fold(connection: sqlite3.Connection) -> int:
    """Add the events behind the watermark to the rollups and move it, inside the caller's transaction."""
    after, upto = bounds(connection)
    if upto > after:
        sum_up(connection, after, upto)
        connection.execute(_INTO_DAYS)
        connection.execute(_INTO_MONTHS)
        connection.execute(_SPANS)
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
    connection.execute(
        "insert into day_span select v.site_key, e.day, min(e.visit_id), max(e.id) from event e"
        " join visit v on v.id = e.visit_id"
        " where v.site_key = :site and e.id <= (select event_id from watermark) group by 2",
        mine,
    )


def add_months(connection: sqlite3.Connection, dimension: Dimension, value_id: int) -> None:
    """The months of one value from its days."""
    connection.execute(
        f"insert into rollup_month select site_key, dimension, {_MONTH}, value_id, {_SUMMED} from rollup_day"  # noqa: S608 - our own
        f" where dimension = ? and value_id = ? group by 1, 3 {ADD_UP}",
        (int(dimension), value_id),
    )


def bounds(connection: sqlite3.Connection) -> tuple[int, int]:
    """The last folded event and the last event."""
    row = connection.execute(
        "select event_id, max(event_id, (select coalesce(max(id), 0) from event)) from watermark"
    ).fetchone()
    return int(row[0]), int(row[1])


def _spread(column: str, dimension: Dimension) -> str:
    if column == "entry":
        value, join = "p.value", ""
    else:
        value, join = f"d.{dimension.name.lower()}", f"join {column} d on d.id = p.value"
    return _SPREAD.format(dimension=int(dimension), value=value, join=join, bit=VISIT_DIMENSIONS.index(dimension))
