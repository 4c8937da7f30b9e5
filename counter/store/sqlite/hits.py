"""The hit log: single hits, newest first, and the path of one visit."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence

from counter.question import LoggedHit, Question
from counter.store.sqlite.readers import query
from counter.store.sqlite.report.filters import narrow, tests
from counter.store.sqlite.report.matches import make_scratch, parameters_of, spans


def find_hits(connection: sqlite3.Connection, question: Question, before: int | None, limit: int) -> list[LoggedHit]:
    """The `limit` matching hits that arrived last, of those that arrived before hit `before`."""
    make_scratch(connection)
    narrowed = narrow(connection, question.site_key, question.filters)
    asked = parameters_of(question)
    statement = query("report_hits").replace("{tests}", tests(narrowed))
    ids: list[int] = []
    for first, last in reversed(list(spans(connection, asked))):
        last_id = last if before is None else min(last, before - 1)
        more = {"first_id": first, "last_id": last_id, "limit": limit - len(ids)}
        ids += [hit for (hit,) in connection.execute(statement, {**asked, **more})]
    return logged(connection, ids)


def find_visit(connection: sqlite3.Connection, site_key: int, visit: int) -> list[LoggedHit]:
    """The hits of one visit in the order of time; those of one second as they arrived."""
    rows = connection.execute(
        "select e.id from (select id, site_key from visit where id = :visit and site_key = :site) v"
        " join event e on (e.id = v.id or (e.visit_id = v.id and e.visit_id <> e.id))"
        " where e.kind in (1, 2) order by e.at, e.id",
        {"visit": visit, "site": site_key},
    )
    return logged(connection, [hit for (hit,) in rows])


def logged(connection: sqlite3.Connection, ids: Sequence[int]) -> list[LoggedHit]:
    """What is known of these hits, in their order; of those that are gone nothing."""
    found = [connection.execute(query("report_logged"), {"hit": hit}).fetchone() for hit in ids]
    return [LoggedHit(*row) for row in found if row is not None]
