"""Tokens of sites. Only the digest of a token is kept."""

from __future__ import annotations

import sqlite3

from counter.accounts import SiteToken
from counter.errors import UsageError
from counter.site import Token, TokenMay
from counter.store.catalog.audit import audit


def read_tokens(connection: sqlite3.Connection) -> dict[bytes, Token]:
    """Every token, by digest."""
    rows = connection.execute("select digest, site_key, may from token")
    return {digest: Token(site_key, TokenMay(may)) for digest, site_key, may in rows}


def read_site_tokens(connection: sqlite3.Connection, site_key: int) -> list[SiteToken]:
    """The tokens of a site, the oldest first."""
    rows = connection.execute(
        "select digest, may, made_at from token where site_key = ? order by made_at, digest", (site_key,)
    )
    return [SiteToken(digest, TokenMay(may), made_at) for digest, may, made_at in rows]


def add_token(
    connection: sqlite3.Connection, site_key: int, digest: bytes, now: float, actor: str, may: TokenMay
) -> None:
    connection.execute(
        "insert into token (digest, site_key, made_at, may) values (?, ?, ?, ?)",
        (digest, site_key, int(now), may.value),
    )
    audit(connection, site_key, "token.added", may.value, now, actor)


def remove_token(connection: sqlite3.Connection, site_key: int, digest: bytes, now: float, actor: str) -> None:
    """Make a token of this very site useless."""
    row = connection.execute("select may from token where site_key = ? and digest = ?", (site_key, digest)).fetchone()
    if row is None:
        raise UsageError("there is no such token of this site; somebody may have removed it")
    connection.execute("delete from token where digest = ?", (digest,))
    audit(connection, site_key, "token.removed", row[0], now, actor)
