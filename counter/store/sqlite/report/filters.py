"""The filters of a question as sets of ids: what an event and its visit must have to match.

A filter becomes the ids that it lets pass, in `temp.wanted`; a second one on the same slot takes ids away again.
Properties have no ids: their filters are rows of `temp.wanted_property`, asked of each event.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Sequence
from typing import Final

from counter.event import PAGEVIEW
from counter.question import CLIENT_DIMENSIONS, ORIGIN_DIMENSIONS, PLACE_DIMENSIONS, Dimension, Filter, Operator
from counter.store.sqlite.readers import query

SLOTS: Final = ("client", "place", "origin", "path", "name", "reach", "entry", "exit", "property", "props")
_TUPLES: Final = {"client": CLIENT_DIMENSIONS, "place": PLACE_DIMENSIONS, "origin": ORIGIN_DIMENSIONS}
SLOT_OF: Final[dict[Dimension, str]] = {
    **{dimension: table for table, dimensions in _TUPLES.items() for dimension in dimensions},
    Dimension.PAGE: "path",
    Dimension.EVENT: "name",
    Dimension.GOAL: "reach",
    Dimension.ENTRY_PAGE: "entry",
    Dimension.EXIT_PAGE: "exit",
    Dimension.PROPERTY: "property",
    Dimension.PROPERTY_KEY: "property",
}
EVENT_SLOTS: Final = frozenset({"path", "name", "reach", "property", "props"})
PROPERTY_SLOTS: Final = frozenset({"property", "props"})
PAGEVIEW_ID: Final = -1  # what stands for the name of every page view, which has none in the dictionary

_VALUES: Final = "select id from value where (id = 0 or (site_key = :site and dimension = :dimension))"
_MATCHES: Final = {
    Operator.IS: "{text} in (select value from json_each(:values))",
    Operator.IS_NOT: "{text} in (select value from json_each(:values))",
    Operator.CONTAINS: "exists (select 1 from json_each(:values) j where instr(lower({text}), lower(j.value)))",
}
_PASSES: Final = "({column} in (select id from temp.matched)) <> :negative"


def narrow(connection: sqlite3.Connection, site_key: int, filters: Sequence[Filter]) -> frozenset[str]:
    """Fill the tables of wanted ids; returns the slots that are narrowed."""
    _find_goals(connection, site_key)
    narrowed: set[str] = set()
    for number, one in enumerate(filters):
        slot = SLOT_OF[one.dimension]
        if slot == "property":
            _want_property(connection, number, one)
        else:
            _match(connection, site_key, one)
            _keep(connection, site_key, one, slot, again=slot in narrowed)
        narrowed.add(slot)
    return frozenset(narrowed)


def tests(narrowed: frozenset[str]) -> str:
    """The tests of event `e` of visit `v` that these slots ask for, as SQL."""
    return query("report_tests").format_map({f"any_{slot}": int(slot not in narrowed) for slot in SLOTS})


def dictionary_of(dimension: Dimension) -> Dimension:
    """Under which dimension its values stand in the dictionary."""
    return Dimension.PAGE if dimension in {Dimension.ENTRY_PAGE, Dimension.EXIT_PAGE} else dimension


def _find_goals(connection: sqlite3.Connection, site_key: int) -> None:
    asked = {"site": site_key, "page": int(Dimension.PAGE), "event": int(Dimension.EVENT)}
    connection.execute(query("report_goals"), asked)


def _match(connection: sqlite3.Connection, site_key: int, one: Filter) -> None:
    """The ids whose text the filter names, whichever way it takes them, to `temp.matched`."""
    matches = _MATCHES[one.operator]
    asked = {"site": site_key, "dimension": int(dictionary_of(one.dimension)), "values": json.dumps(one.values)}
    connection.execute("delete from temp.matched")
    if one.dimension == Dimension.GOAL:
        text = matches.format(text="t.text")
        connection.execute(
            "insert or ignore into temp.matched select reach from temp.goal_reach r join value t on t.id = r.goal"  # noqa: S608
            f" where {text}",
            asked,
        )
        return
    connection.execute(f"insert into temp.matched {_VALUES} and {matches.format(text='text')}", asked)
    if one.dimension == Dimension.EVENT:
        test = matches.format(text=":pageview")
        connection.execute(
            f"insert into temp.matched select {PAGEVIEW_ID} where {test}",
            {**asked, "pageview": PAGEVIEW},
        )


def _keep(connection: sqlite3.Connection, site_key: int, one: Filter, slot: str, *, again: bool) -> None:
    """Let pass what the filter says of the matched ids, of those that passed the filters before."""
    asked = {
        "slot": slot,
        "site": site_key,
        "dimension": int(dictionary_of(one.dimension)),
        "negative": one.operator == Operator.IS_NOT,
    }
    ids = _passing(slot, one.dimension)
    if again:
        connection.execute(f"delete from temp.wanted where slot = :slot and id not in ({ids})", asked)  # noqa: S608
    else:
        connection.execute(f"insert or ignore into temp.wanted select :slot, id from ({ids})", asked)  # noqa: S608


def _passing(slot: str, dimension: Dimension) -> str:
    """The query of the ids of a slot that pass; all of them for a negative filter that matched nothing."""
    passes = _PASSES.format(column="id")
    if slot in _TUPLES:
        return f"select id from {slot} where {_PASSES.format(column=dimension.name.lower())}"  # noqa: S608
    if slot == "name":
        return f"select id from ({_VALUES} union all select {PAGEVIEW_ID}) where {passes}"  # noqa: S608
    if slot == "reach":
        pages, names = (
            _VALUES.replace("select id", f"select {reach} as id").replace(":dimension", str(int(kind)))
            for reach, kind in (("id * 2", Dimension.PAGE), ("id * 2 + 1", Dimension.EVENT))
        )
        return f"select id from ({pages} union all {names}) where {passes}"  # noqa: S608
    return f"{_VALUES} and {passes}"


def _want_property(connection: sqlite3.Connection, number: int, one: Filter) -> None:
    connection.execute(
        "insert into temp.wanted_property values (?, ?, ?, ?)",
        (
            number,
            one.key if one.dimension == Dimension.PROPERTY else None,
            one.operator == Operator.CONTAINS,
            one.operator == Operator.IS_NOT,
        ),
    )
    connection.execute(
        "insert into temp.wanted_text select ?, value from json_each(?)", (number, json.dumps(one.values))
    )
