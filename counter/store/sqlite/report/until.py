"""Days as far as a moment of theirs: what was counted before it. Whole hours from the totals, the one that the moment
lies in from raw rows.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Iterator, Sequence

from counter.calendar.series import add_up
from counter.errors import BadInput
from counter.question import Sums
from counter.store.sqlite.fold import bounds
from counter.store.sqlite.sql import statement

Until = tuple[int, int, int]  # site key, local day, UTC second
DaysUntil = tuple[int, int, int, int]  # site key, local days [start, end), UTC second


def sums_until(connection: sqlite3.Connection, asked: Sequence[Until]) -> dict[int, Sums]:
    """Of one day each, by site key; otherwise as `sums_of_days`."""
    return sums_of_days(connection, [(site_key, day, day + 1, before) for site_key, day, before in asked])


def sums_of_days(connection: sqlite3.Connection, asked: Sequence[DaysUntil]) -> dict[int, Sums]:
    """By site key. BadInput: a site is asked for twice.

    An event counts when it happened before the moment; a visit with its visitor, bounce and duration when its first
    event did. Where raw rows are gone, only whole hours count.
    """
    parts: dict[int, list[Sums]] = {site_key: [] for site_key, *_ in asked}
    if len(parts) < len(asked):
        raise BadInput(f"a site stands twice among the {len(asked)} that are asked for, it may stand once")
    moments = {site_key: before for site_key, _, _, before in asked}
    begun: list[tuple[int, int, int, int]] = []
    for site_key, day, over, hour, *sums in connection.execute(statement("until_hours"), {"asked": json.dumps(asked)}):
        if over:
            parts[site_key].append(Sums(*sums))
        else:
            begun.append((site_key, day, moments[site_key], hour))
    for site_key, sums in _in_begun_hours(connection, begun):
        parts[site_key].append(sums)
    return {site_key: add_up(many) for site_key, many in parts.items()}


def _in_begun_hours(
    connection: sqlite3.Connection, begun: Sequence[tuple[int, int, int, int]]
) -> Iterator[tuple[int, Sums]]:
    """What happened before the moments in the hours (site key, day, moment, hour) that they lie in."""
    whole = _with_raw_rows(connection, begun)
    if not whole:
        return
    asked = json.dumps(whole)
    for first, last in _spans(connection, {(site_key, day) for site_key, day, _, _ in whole}):
        for name in ("until_visits", "until_events"):
            rows = connection.execute(statement(name), {"asked": asked, "first_id": first, "last_id": last})
            yield from ((site_key, Sums(*sums)) for site_key, *sums in rows)


def _with_raw_rows(
    connection: sqlite3.Connection, begun: Sequence[tuple[int, int, int, int]]
) -> list[tuple[int, int, int, int]]:
    """Without those of days whose raw rows are gone."""
    closed = set(connection.execute(statement("until_closed_days"), (json.dumps(begun),)))
    return [one for one in begun if one[:2] not in closed]


def _spans(connection: sqlite3.Connection, days: Iterable[tuple[int, int]]) -> list[tuple[int, int]]:
    """Where the events of these (site key, day) lie, in order, none twice: among the folded ones, and in the tail."""
    asked = json.dumps(sorted(days))
    rows = connection.execute(statement("until_spans"), (asked,))
    after, upto = bounds(connection)
    tail = [(after + 1, upto)] if upto > after else []
    spans: list[tuple[int, int]] = []
    for first, last in (*rows, *tail):
        if spans and first <= spans[-1][1] + 1:
            spans[-1] = (spans[-1][0], max(spans[-1][1], last))
        else:
            spans.append((first, last))
    return spans
