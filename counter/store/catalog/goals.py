"""Goals: what the owner wants visitors to reach. What was reached is counted by the engine."""

from __future__ import annotations

import sqlite3
from typing import Final

from counter.errors import UsageError
from counter.question import Dimension
from counter.site import Goal, GoalKind
from counter.store.catalog.audit import audit
from counter.store.catalog.described import described

KINDS: Final = {GoalKind.PAGE: 1, GoalKind.EVENT: 2}  # as event.kind
MOST: Final = 100  # goals of a site: each costs a comparison for every new event
LONGEST: Final = 256  # characters of a name or a pattern


def read_goals(connection: sqlite3.Connection, site_key: int) -> list[Goal]:
    """The goals of a site by name."""
    rows = connection.execute(
        "select v.text, g.kind, g.pattern from goal g join value v on v.id = g.value_id where g.site_key = ?"
        " order by v.text",
        (site_key,),
    )
    kinds = {number: kind for kind, number in KINDS.items()}
    return [Goal(name, kinds[kind], pattern.replace("[[]", "[")) for name, kind, pattern in rows]


def put_goal(connection: sqlite3.Connection, site_key: int, goal: Goal, now: float, actor: str) -> int:
    """The row of a new goal; returns the id of its name, under which the engine counts it."""
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
    audit(connection, site_key, "goal.added", described(goal), now, actor)
    return value_id


def take_goal(connection: sqlite3.Connection, site_key: int, name: str, now: float, actor: str) -> int:
    """Remove the row of a goal; returns the id of its name, so that the engine can forget what it counted."""
    row = connection.execute(
        "select g.value_id from goal g join value v on v.id = g.value_id where g.site_key = ? and v.text = ?",
        (site_key, name),
    ).fetchone()
    if row is None:
        known = ", ".join(repr(goal.name) for goal in read_goals(connection, site_key)) or "none"
        raise UsageError(f"there is no goal {name!r}; goals of this site: {known}")
    connection.execute("delete from goal where value_id = ?", row)
    audit(connection, site_key, "goal.removed", name, now, actor)
    return int(row[0])


def _as_glob(pattern: str) -> str:
    """Only `*` and `?` are signs of ours; SQLite's glob also knows sets in brackets."""
    return pattern.replace("[", "[[]")
