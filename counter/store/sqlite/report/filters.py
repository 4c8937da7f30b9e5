"""The filters of a question as sets of ids: what an event and its visit must have to match.

A filter becomes the ids that it lets pass, in `temp.allowed_id`; a second one on the same slot takes ids away again.
Properties have no ids: their filters are rows of `temp.property_filter`, asked of each event.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Sequence
from typing import Final

from counter.event import PAGEVIEW
from counter.question import CLIENT_DIMENSIONS, ORIGIN_DIMENSIONS, PLACE_DIMENSIONS, Dimension, Filter, Operator
from counter.store.sqlite.dictionary import TupleTable
from counter.store.sqlite.sql import SqlPart, statement
from counter.store.sqlite.visit_values import VisitValue


class FilterSlot(SqlPart):
    """What of an event, or of its visit, a filter is asked of; the texts name the rows of `temp.allowed_id`."""

    CLIENT = "client"
    PLACE = "place"
    ORIGIN = "origin"
    PATH = "path"
    HOST = "host"
    NAME = "name"
    REACH = "reach"  # a path or name, as temp.goal_reach has it
    ENTRY = "entry"
    EXIT = "exit"
    PROPERTY = "property"
    PROPS = "props"  # that there are properties at all


class FilterTest(SqlPart):
    """Whether `t.text` is one that a filter names; of letters A to Z in either case."""

    EQUALS = "t.text in (select value from json_each(:values))"
    CONTAINS = "exists (select 1 from json_each(:values) j where instr(lower(t.text), lower(j.value)))"


class PassingIds(SqlPart):
    """The query of the ids that pass, by what they are of; all of them for a negative filter that named nothing."""

    VALUES = "filter_passing_values"
    NAMES = "filter_passing_names"
    PAGES = "filter_passing_pages"
    REACHES = "filter_passing_reaches"
    TUPLES = "filter_passing_tuples"


SLOT_OF: Final = {
    **dict.fromkeys(CLIENT_DIMENSIONS, FilterSlot.CLIENT),
    **dict.fromkeys(PLACE_DIMENSIONS, FilterSlot.PLACE),
    **dict.fromkeys(ORIGIN_DIMENSIONS, FilterSlot.ORIGIN),
    Dimension.PAGE: FilterSlot.PATH,
    Dimension.HOST: FilterSlot.HOST,
    Dimension.EVENT: FilterSlot.NAME,
    Dimension.GOAL: FilterSlot.REACH,
    Dimension.ENTRY_PAGE: FilterSlot.ENTRY,
    Dimension.EXIT_PAGE: FilterSlot.EXIT,
    Dimension.PROPERTY: FilterSlot.PROPERTY,
    Dimension.PROPERTY_KEY: FilterSlot.PROPERTY,
}
EVENT_SLOTS: Final = frozenset(
    {FilterSlot.PATH, FilterSlot.HOST, FilterSlot.NAME, FilterSlot.REACH, FilterSlot.PROPERTY, FilterSlot.PROPS}
)
# They tell views of one page in one visit apart: the first of those that match need not be the first of all.
VIEW_SLOTS: Final = frozenset({FilterSlot.HOST, FilterSlot.PROPERTY, FilterSlot.PROPS})
PAGEVIEW_ID: Final = -1  # what stands for the name of every page view, which has none in the dictionary
NOTHING_ID: Final = -2  # what carriers have for goals, entry and exit pages: no filter names it, `is_not` lets it pass

_TABLES: Final = {
    FilterSlot.CLIENT: TupleTable.CLIENT,
    FilterSlot.PLACE: TupleTable.PLACE,
    FilterSlot.ORIGIN: TupleTable.ORIGIN,
}
_PASSING: Final = {
    FilterSlot.NAME: PassingIds.NAMES,
    FilterSlot.REACH: PassingIds.REACHES,
    FilterSlot.ENTRY: PassingIds.PAGES,
    FilterSlot.EXIT: PassingIds.PAGES,
}
_TESTS: Final = {
    Operator.IS: FilterTest.EQUALS,
    Operator.IS_NOT: FilterTest.EQUALS,
    Operator.CONTAINS: FilterTest.CONTAINS,
}


def narrow(connection: sqlite3.Connection, site_key: int, filters: Sequence[Filter]) -> frozenset[FilterSlot]:
    """Fill the tables of ids that pass; returns the slots that are narrowed."""
    connection.execute(statement("report_goals"), {"site": site_key})
    narrowed: set[FilterSlot] = set()
    for number, one in enumerate(filters):
        slot = SLOT_OF[one.dimension]
        if slot == FilterSlot.PROPERTY:
            _note_property(connection, number, one)
        else:
            _name(connection, site_key, one)
            _keep(connection, site_key, one, slot, again=slot in narrowed)
        narrowed.add(slot)
    return frozenset(narrowed)


def dictionary_of(dimension: Dimension) -> Dimension:
    """Under which dimension its values stand in the dictionary."""
    return Dimension.PAGE if dimension in {Dimension.ENTRY_PAGE, Dimension.EXIT_PAGE} else dimension


def _name(connection: sqlite3.Connection, site_key: int, one: Filter) -> None:
    """The ids whose text the filter names, whichever way it takes them, to `temp.named_id`."""
    test = _TESTS[one.operator]
    asked = {"site": site_key, "dimension": int(dictionary_of(one.dimension)), "values": json.dumps(one.values)}
    connection.execute("delete from temp.named_id")
    if one.dimension == Dimension.GOAL:
        connection.execute(statement("filter_name_goals", test), asked)
        return
    connection.execute(statement("filter_name_values", test), asked)
    if one.dimension == Dimension.EVENT:
        pageview = {"id": PAGEVIEW_ID, "pageview": PAGEVIEW}
        connection.execute(statement("filter_name_pageview", test), {**asked, **pageview})


def _keep(connection: sqlite3.Connection, site_key: int, one: Filter, slot: FilterSlot, *, again: bool) -> None:
    """Let pass what the filter says of the named ids, of those that passed the filters before."""
    asked = {
        "slot": slot.value,
        "site": site_key,
        "dimension": int(dictionary_of(one.dimension)),
        "negative": one.operator == Operator.IS_NOT,
        "pageview": PAGEVIEW_ID,
        "nothing": NOTHING_ID,
    }
    change = "filter_disallow" if again else "filter_allow"
    connection.execute(statement(change, *_passing(slot, one.dimension)), asked)


def _passing(slot: FilterSlot, dimension: Dimension) -> tuple[SqlPart, ...]:
    """What asks for the ids of a slot that pass."""
    if slot in _TABLES:
        return PassingIds.TUPLES, _TABLES[slot], VisitValue[dimension.name]
    return (_PASSING.get(slot, PassingIds.VALUES),)


def _note_property(connection: sqlite3.Connection, number: int, one: Filter) -> None:
    connection.execute(
        "insert into temp.property_filter values (?, ?, ?, ?)",
        (
            number,
            one.key if one.dimension == Dimension.PROPERTY else None,
            one.operator == Operator.CONTAINS,
            one.operator == Operator.IS_NOT,
        ),
    )
    connection.execute(
        "insert into temp.property_text select ?, value from json_each(?)", (number, json.dumps(one.values))
    )
