"""What people note on days, what the audit log tells, and a site's tokens as a list."""

from __future__ import annotations

import json
import sqlite3

import msgspec

from counter.accounts import Annotation, AuditLine, SiteToken, check_annotation
from counter.calendar.localtime import day_date
from counter.errors import UnknownSite, UsageError
from counter.site import TokenMay
from counter.store.sqlite.catalog import audit


def read_annotations(connection: sqlite3.Connection, site_key: int, start: int, end: int) -> list[Annotation]:
    """The annotations of a site in [start, end) in local days, by day, the oldest of each first."""
    rows = connection.execute(
        "select key, site_key, day, text, login from annotation where site_key = ? and day >= ? and day < ?"
        " order by day, key",
        (site_key, start, end),
    )
    return [Annotation(*row) for row in rows]


def add_annotation(connection: sqlite3.Connection, annotation: Annotation, now: float) -> Annotation:
    """Add an annotation; its key is given here."""
    text = check_annotation(annotation.text)
    if not connection.execute("select 1 from site where key = ?", (annotation.site_key,)).fetchone():
        raise UnknownSite(f"there is no site with the key {annotation.site_key}")
    cursor = connection.execute(
        "insert into annotation (site_key, day, text, login) values (?, ?, ?, ?)",
        (annotation.site_key, annotation.day, text, annotation.login),
    )
    made = msgspec.structs.replace(annotation, key=cursor.lastrowid or 0, text=text)
    audit(connection, made.site_key, "annotation.added", _described(made), now)
    return made


def remove_annotation(connection: sqlite3.Connection, site_key: int, key: int, now: float) -> None:
    """Remove an annotation of this very site."""
    row = connection.execute(
        "select key, site_key, day, text, login from annotation where site_key = ? and key = ?", (site_key, key)
    ).fetchone()
    if row is None:
        raise UsageError(f"there is no annotation {key} of this site; somebody may have removed it")
    connection.execute("delete from annotation where key = ?", (key,))
    audit(connection, site_key, "annotation.removed", _described(Annotation(*row)), now)


def read_audit(connection: sqlite3.Connection, site_key: int | None, limit: int) -> list[AuditLine]:
    """The last `limit` lines, newest first: of one site, or all that there are."""
    rows = connection.execute(
        "select a.at, coalesce(s.id, ''), a.action, a.detail from audit a left join site s on s.key = a.site_key"
        " where :site is null or a.site_key = :site order by a.id desc limit :limit",
        {"site": site_key, "limit": limit},
    )
    return [AuditLine(*row) for row in rows]


def read_site_tokens(connection: sqlite3.Connection, site_key: int) -> list[SiteToken]:
    """The tokens of a site, the oldest first."""
    rows = connection.execute(
        "select digest, may, made_at from token where site_key = ? order by made_at, digest", (site_key,)
    )
    return [SiteToken(digest, TokenMay(may), made_at) for digest, may, made_at in rows]


def remove_token(connection: sqlite3.Connection, site_key: int, digest: bytes, now: float) -> None:
    """Make a token of this very site useless."""
    row = connection.execute("select may from token where site_key = ? and digest = ?", (site_key, digest)).fetchone()
    if row is None:
        raise UsageError("there is no such token of this site; somebody may have removed it")
    connection.execute("delete from token where digest = ?", (digest,))
    audit(connection, site_key, "token.removed", row[0], now)


def _described(annotation: Annotation) -> str:
    told = {"day": str(day_date(annotation.day)), "text": annotation.text, "login": annotation.login}
    return json.dumps(told, ensure_ascii=False)
