"""Goals: what reached them. Rolled up like any dimension, from the rows of `temp.step`.

Which visit and which visitor reach a goal for the first time is asked of the raw rows when an event is folded: a
goal can be made after the hits, so nothing about it stands on the events.
"""

from __future__ import annotations

import sqlite3

from counter.question import Dimension
from counter.site import GoalKind
from counter.store.catalog.goals import KINDS
from counter.store.sqlite.sql import statement


def sum_up_goals(connection: sqlite3.Connection, after: int) -> None:
    """Add to `temp.delta` what the events in `temp.step`, all of them after `after`, reach."""
    connection.execute("delete from temp.goal_event")
    if connection.execute("select exists (select 1 from goal)").fetchone()[0]:
        connection.execute(statement("goal_events"))
        if after:
            connection.execute(statement("goal_events_before"), {"after": after})
        connection.execute(statement("fold_goal_values"), {"after": after})


def sum_up_new_goal(connection: sqlite3.Connection, goal: int, upto: int) -> None:
    """Fill `temp.delta` with what all events up to `upto` add to one goal, and with nothing else."""
    site_key, kind, pattern = connection.execute(
        "select site_key, kind, pattern from goal where value_id = ?", (goal,)
    ).fetchone()
    dimension = Dimension.PAGE if kind == KINDS[GoalKind.PAGE] else Dimension.EVENT
    connection.execute("delete from temp.goal_event")
    connection.execute("delete from temp.delta")
    connection.execute(
        statement("goal_events_ever"),
        {"goal": goal, "kind": kind, "site": site_key, "dimension": int(dimension), "pattern": pattern, "upto": upto},
    )
    connection.execute(statement("fold_goal_values"), {"after": 0})
