"""The hit log: single hits, newest first, and the path of one visit."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence

from counter.question import LoggedHit, Question
from counter.store.sqlite.report.filters import narrow
from counter.store.sqlite.report.matches import make_scratch, parameters_of, spans
from counter.store.sqlite.sql import statement


def find_hits(connection: sqlite3.Connection, question: Question, before: int | None, limit: int) -> list[LoggedHit]:
    """The `limit` matching hits that arrived last, of those that arrived before hit `before`."""
    make_scratch(connection)
    narrowed = narrow(connection, question.site_key, question.filters)
    asked = parameters_of(question)
    ids: list[int] = []
    for first, last in reversed(list(spans(connection, asked))):
        last_id = last if before is None else min(last, before - 1)
        more = {"first_id": first, "last_id": last_id, "limit": limit - len(ids)}
        ids += [hit for (hit,) in connection.execute(statement("report_hits", *sorted(narrowed)), {**asked, **more})]
    return logged(connection, ids)


def find_visit(connection: sqlite3.Connection, site_key: int, visit: int) -> list[LoggedHit]:
    """The hits of one visit in the order of time; those of one second as they arrived."""
    rows = connection.execute(statement("hits_of_visit"), {"visit": visit, "site": site_key})
    return logged(connection, [hit for (hit,) in rows])


def logged(connection: sqlite3.Connection, ids: Sequence[int]) -> list[LoggedHit]:
    """What is known of these hits, in their order; of those that are gone nothing."""
    found = [connection.execute(statement("report_logged"), {"hit": hit}).fetchone() for hit in ids]
    return [LoggedHit(*row) for row in found if row is not None]
