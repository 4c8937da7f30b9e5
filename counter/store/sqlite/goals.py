"""Goals: what the owner wants visitors to reach. Rolled up like any dimension, from the rows of `temp.step`.

Which visit and which visitor reach a goal for the first time is asked of the raw rows when an event is folded: a
goal can be made after the hits, so nothing about it stands on the events.
"""

from __future__ import annotations

import sqlite3
from typing import Final

from counter.errors import UsageError
from counter.question import Dimension
from counter.site import Goal, GoalKind

KINDS: Final = {GoalKind.PAGE: 1, GoalKind.EVENT: 2}  # as event.kind
MOST: Final = 100  # goals of a site: each costs a comparison for every new event
LONGEST: Final = 256  # characters of a name or a pattern

_SCRATCH = "create temp table if not exists reached (goal, event, visit, visitor, site_key, day)"

_REACHED = """
insert into temp.reached
select g.value_id, s.event, s.visit, coalesce(v.visitor_id, v.id), s.site_key, s.day
from temp.step s
join goal g on g.site_key = s.site_key and g.kind = s.kind
join value t on t.id = case s.kind when 1 then s.path else s.name end
join visit v on v.id = s.visit
where t.text glob g.pattern
"""

# What the same visitors had reached before: with it the first time is known to be the first.
_REACHED_BEFORE = """
insert into temp.reached
select g.value_id, e.id, e.visit_id, w.visitor, w.site_key, e.day
from (
  select visitor, visitor as visit, site_key from temp.reached
  union
  select r.visitor, v.id, r.site_key from temp.reached r join visit v on v.visitor_id = r.visitor
) w
cross join (
  select id, visit_id, kind, path_id, name_id, day from event where id = visit_id
  union all
  select id, visit_id, kind, path_id, name_id, day from event where id <> visit_id
) e on e.visit_id = w.visit
join goal g on g.site_key = w.site_key and g.kind = e.kind
join value t on t.id = case e.kind when 1 then e.path_id else e.name_id end
where e.id <= :after and t.text glob g.pattern
"""

# All that ever reached one new goal. The values come first: most events are of other pages.
_REACHED_EVER = """
insert into temp.reached
select :goal, e.id, e.visit_id, coalesce(v.visitor_id, v.id), v.site_key, e.day
from event e
join visit v on v.id = e.visit_id
where e.kind = :kind and case :kind when 1 then e.path_id else e.name_id end in (
    select id from value where (id = 0 or (site_key = :site and dimension = :dimension)) and text glob :pattern)
  and v.site_key = :site and e.id <= :upto
"""

_SPREAD = f"""
insert into temp.delta
select site_key, {Dimension.GOAL:d}, day, goal, 0, sum(of_visit = 1), sum(of_visitor = 1), 0, 0, count(*), 0
from (
  select site_key, goal, day, event, row_number() over (partition by goal, visit order by event) as of_visit,
         row_number() over (partition by goal, visitor order by event) as of_visitor
  from temp.reached
)
where event > :after
group by 1, 3, 4
"""  # noqa: S608 - a number of our own


def sum_up_goals(connection: sqlite3.Connection, after: int) -> None:
    """Add to `temp.delta` what the events in `temp.step`, all of them after `after`, reach."""
    connection.execute(_SCRATCH)
    connection.execute("delete from temp.reached")
    if connection.execute("select exists (select 1 from goal)").fetchone()[0]:
        connection.execute(_REACHED)
        if after:
            connection.execute(_REACHED_BEFORE, {"after": after})
        connection.execute(_SPREAD, {"after": after})


def sum_up_new_goal(connection: sqlite3.Connection, goal: int, upto: int) -> None:
    """Fill `temp.delta` with what all events up to `upto` add to one goal, and with nothing else."""
    site_key, kind, pattern = connection.execute(
        "select site_key, kind, pattern from goal where value_id = ?", (goal,)
    ).fetchone()
    dimension = Dimension.PAGE if kind == KINDS[GoalKind.PAGE] else Dimension.EVENT
    connection.execute(_SCRATCH)
    connection.execute("delete from temp.reached")
    connection.execute("delete from temp.delta")
    connection.execute(
        _REACHED_EVER,
        {"goal": goal, "kind": kind, "site": site_key, "dimension": int(dimension), "pattern": pattern, "upto": upto},
    )
    connection.execute(_SPREAD, {"after": 0})


def put_goal(connection: sqlite3.Connection, site_key: int, goal: Goal, now: float) -> int:
    """The row of a new goal; returns the id of its name."""
    for what, text in (("name", goal.name), ("pattern", goal.pattern)):
        if not text.strip() or len(text) > LONGEST or not text.isprintable():
            raise UsageError(f"the goal's {what} is {text[:60]!r}, it must be 1 to {LONGEST} printable characters")
    if goal.name in (one.name for one in read_goals(connection, site_key)):
        raise UsageError(f"goal {goal.name!r} exists already; remove it first with 'counter site goal remove'")
    if len(read_goals(connection, site_key)) >= MOST:
        raise UsageError(f"the site has {MOST} goals, and that is the limit; remove one first")
    name = (site_key, Dimension.GOAL, goal.name)
    connection.execute("insert or ignore into value (site_key, dimension, text) values (?, ?, ?)", name)
    value_id = int(
        connection.execute("select id from value where site_key = ? and dimension = ? and text = ?", name).fetchone()[0]
    )
    connection.execute(
        "insert into goal values (?, ?, ?, ?, ?)",
        (value_id, site_key, KINDS[goal.kind], _as_glob(goal.pattern), int(now)),
    )
    return value_id


def take_goal(connection: sqlite3.Connection, site_key: int, name: str) -> None:
    """Remove a goal and what was counted of it; the hits stay, so it can be made again."""
    row = connection.execute(
        "select g.value_id from goal g join value v on v.id = g.value_id where g.site_key = ? and v.text = ?",
        (site_key, name),
    ).fetchone()
    if row is None:
        known = ", ".join(repr(goal.name) for goal in read_goals(connection, site_key)) or "none"
        raise UsageError(f"there is no goal {name!r}; goals of this site: {known}")
    connection.execute("delete from goal where value_id = ?", row)
    mine = (site_key, int(Dimension.GOAL), *row)
    for table in ("rollup_day", "rollup_month"):
        connection.execute(f"delete from {table} where site_key = ? and dimension = ? and value_id = ?", mine)  # noqa: S608


def read_goals(connection: sqlite3.Connection, site_key: int) -> list[Goal]:
    """The goals of a site by name."""
    rows = connection.execute(
        "select v.text, g.kind, g.pattern from goal g join value v on v.id = g.value_id where g.site_key = ?"
        " order by v.text",
        (site_key,),
    )
    kinds = {number: kind for kind, number in KINDS.items()}
    return [Goal(name, kinds[kind], pattern.replace("[[]", "[")) for name, kind, pattern in rows]


def _as_glob(pattern: str) -> str:
    """Only `*` and `?` are signs of ours; SQLite's glob also knows sets in brackets."""
    return pattern.replace("[", "[[]")
