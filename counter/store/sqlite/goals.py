"""Goals: what reached them. Rolled up like any dimension, from the rows of `temp.step`.

Which visit and which visitor reach a goal for the first time is asked of the raw rows when an event is folded: a
goal can be made after the hits, so nothing about it stands on the events.
"""

from __future__ import annotations

import sqlite3

from counter.question import Dimension
from counter.site import GoalKind
from counter.store.catalog.goals import KINDS

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
