"""Sites. Each change has a line in the audit log."""

from __future__ import annotations

import json
import sqlite3

import msgspec

from counter.errors import UnknownSite, UsageError
from counter.site import Site
from counter.store.catalog.audit import audit
from counter.store.catalog.described import described


def read_sites(connection: sqlite3.Connection) -> list[Site]:
    """Every site that was not removed, the oldest first."""
    rows = connection.execute(
        "select key, id, name, hosts, timezone, first_weekday, start_count, public, query_keys, excluded_pages,"
        " excluded_referrers, backdate_days, image_gap_seconds from site where removed_at is null order by key"
    )
    return [_site(row) for row in rows.fetchall()]


def removed_ids(connection: sqlite3.Connection) -> list[str]:
    """Ids of sites that were removed: config.toml does not bring them back."""
    return [row[0] for row in connection.execute("select id from site where removed_at is not null order by key")]


def add_site(connection: sqlite3.Connection, site: Site, now: float, actor: str) -> tuple[Site, Site | None]:
    """Add a site; its key is given here. A removed site of that id comes back with its numbers.

    Returns the site, and what it was before when it came back.
    """
    row = connection.execute("select key, removed_at from site where id = ?", (site.id,)).fetchone()
    if row is not None and row[1] is None:
        raise UsageError(f"site {site.id!r} exists already; change it with 'counter site set {site.id} KEY=VALUE'")
    if row is not None:
        connection.execute("update site set removed_at = null where key = ?", (row[0],))
        audit(connection, row[0], "site.restored", site.id, now, actor)
        back = msgspec.structs.replace(site, key=row[0])
        return back, change_site(connection, back, now, actor)
    cursor = connection.execute(
        "insert into site (id, name, hosts, timezone, first_weekday, start_count, public, query_keys, excluded_pages,"
        " excluded_referrers, backdate_days, image_gap_seconds) values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        _values(site),
    )
    made = msgspec.structs.replace(site, key=cursor.lastrowid or 0)
    audit(connection, made.key, "site.added", described(made), now, actor)
    return made, None


def change_site(connection: sqlite3.Connection, site: Site, now: float, actor: str, version: str = "") -> Site:
    """Store `site` under its key, with `version` only while that is what is stored; returns what it was before.

    What another time zone moves is moved by the engine.
    """
    before = next((one for one in read_sites(connection) if one.key == site.key), None)
    if before is None:
        raise UnknownSite(f"there is no site {site.id!r}")
    if version not in {"", before.version}:
        raise UsageError(f"site {before.id!r} was changed meanwhile; look again, and repeat what is still wanted")
    connection.execute(
        "update site set id = ?, name = ?, hosts = ?, timezone = ?, first_weekday = ?, start_count = ?, public = ?,"
        " query_keys = ?, excluded_pages = ?, excluded_referrers = ?, backdate_days = ?, image_gap_seconds = ?"
        " where key = ?",
        (*_values(site), site.key),
    )
    audit(connection, site.key, "site.changed", f"from {described(before)} to {described(site)}", now, actor)
    return before


def remove_site(connection: sqlite3.Connection, site_id: str, now: float, actor: str) -> None:
    """Stop counting and showing a site; its numbers stay, and come back with it."""
    row = connection.execute("select key from site where id = ? and removed_at is null", (site_id,)).fetchone()
    if row is None:
        raise UnknownSite(f"there is no site {site_id!r}")
    connection.execute("update site set removed_at = ? where key = ?", (int(now), row[0]))
    connection.execute("delete from token where site_key = ?", row)
    audit(connection, row[0], "site.removed", site_id, now, actor)


def _site(row: tuple[object, ...]) -> Site:
    (key, site_id, name, hosts, timezone, first_weekday, start_count, public, query_keys, excluded_pages,
     excluded_referrers, backdate_days, image_gap_seconds) = row  # fmt: skip
    return msgspec.convert(
        {
            "key": key, "id": site_id, "name": name, "hosts": json.loads(str(hosts)), "timezone": timezone,
            "first_weekday": first_weekday, "start_count": start_count, "public": bool(public),
            "query_keys": json.loads(str(query_keys)), "excluded_pages": json.loads(str(excluded_pages)),
            "excluded_referrers": json.loads(str(excluded_referrers)), "backdate_days": backdate_days,
            "image_gap_seconds": image_gap_seconds,
        },
        Site,
    )  # fmt: skip


def _values(site: Site) -> tuple[object, ...]:
    return (
        site.id, site.name, json.dumps(site.hosts), site.timezone, site.first_weekday, site.start_count,
        int(site.public), json.dumps(site.query_keys), json.dumps(site.excluded_pages),
        json.dumps(site.excluded_referrers), site.backdate_days, site.image_gap_seconds,
    )  # fmt: skip
