"""Annotations: what people note on days of a site."""

from __future__ import annotations

import json
import sqlite3

import msgspec

from counter.accounts import Annotation, check_annotation
from counter.calendar.localtime import day_date
from counter.errors import UnknownSite, UsageError
from counter.store.catalog.audit import audit


def read_annotations(connection: sqlite3.Connection, site_key: int, start: int, end: int) -> list[Annotation]:
    """The annotations of a site in [start, end) in local days, by day, the oldest of each first."""
    rows = connection.execute(
        "select key, site_key, day, text, login from annotation where site_key = ? and day >= ? and day < ?"
        " order by day, key",
        (site_key, start, end),
    )
    return [Annotation(*row) for row in rows]


def add_annotation(connection: sqlite3.Connection, annotation: Annotation, now: float, actor: str) -> Annotation:
    """Add an annotation; its key is given here."""
    text = check_annotation(annotation.text)
    if not connection.execute("select 1 from site where key = ?", (annotation.site_key,)).fetchone():
        raise UnknownSite(f"there is no site with the key {annotation.site_key}")
    cursor = connection.execute(
        "insert into annotation (site_key, day, text, login) values (?, ?, ?, ?)",
        (annotation.site_key, annotation.day, text, annotation.login),
    )
    made = msgspec.structs.replace(annotation, key=cursor.lastrowid or 0, text=text)
    audit(connection, made.site_key, "annotation.added", _described(made), now, actor)
    return made


def remove_annotation(connection: sqlite3.Connection, site_key: int, key: int, now: float, actor: str) -> None:
    """Remove an annotation of this very site."""
    row = connection.execute(
        "select key, site_key, day, text, login from annotation where site_key = ? and key = ?", (site_key, key)
    ).fetchone()
    if row is None:
        raise UsageError(f"there is no annotation {key} of this site; somebody may have removed it")
    connection.execute("delete from annotation where key = ?", (key,))
    audit(connection, site_key, "annotation.removed", _described(Annotation(*row)), now, actor)


def _described(annotation: Annotation) -> str:
    told = {"day": str(day_date(annotation.day)), "text": annotation.text, "login": annotation.login}
    return json.dumps(told, ensure_ascii=False)
