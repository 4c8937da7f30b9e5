"""Sites and tokens. Changes run in the writer's thread, each with a line in the audit log."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable, Sequence

import msgspec

from counter.calendar.localtime import LocalTime
from counter.errors import UnknownSite, UsageError
from counter.question import Dimension, HistoryDay
from counter.site import Goal, Site, Token, TokenMay
from counter.store.sqlite.fold import ADD_UP, add_months, fold, make_scratch, rebuild_spans, sum_up
from counter.store.sqlite.goals import put_goal, sum_up_new_goal, take_goal
from counter.store.sqlite.readers import query
from counter.store.sqlite.upkeep import rebuild_months

_COLUMNS = "key, id, name, hosts, timezone, first_weekday, start_count, public, query_keys"


def read_sites(connection: sqlite3.Connection) -> list[Site]:
    rows = connection.execute(f"select {_COLUMNS} from site where removed_at is null order by key").fetchall()  # noqa: S608
    return [_site(row) for row in rows]


def removed_ids(connection: sqlite3.Connection) -> list[str]:
    """Ids of sites that were removed: config.toml does not bring them back."""
    return [row[0] for row in connection.execute("select id from site where removed_at is not null order by key")]


def add_site(connection: sqlite3.Connection, site: Site, now: float) -> Site:
    """Add a site; its key is given here. A removed site of that id comes back with its numbers."""
    row = connection.execute("select key, removed_at from site where id = ?", (site.id,)).fetchone()
    if row is not None and row[1] is None:
        raise UsageError(f"site {site.id!r} exists already; change it with 'counter site set {site.id} KEY=VALUE'")
    if row is not None:
        connection.execute("update site set removed_at = null where key = ?", (row[0],))
        audit(connection, row[0], "site.restored", site.id, now)
        return change_site(connection, msgspec.structs.replace(site, key=row[0]), now)
    cursor = connection.execute(
        "insert into site (id, name, hosts, timezone, first_weekday, start_count, public, query_keys)"
        " values (?, ?, ?, ?, ?, ?, ?, ?)",
        _values(site),
    )
    made = msgspec.structs.replace(site, key=cursor.lastrowid or 0)
    audit(connection, made.key, "site.added", _described(made), now)
    return made


def change_site(connection: sqlite3.Connection, site: Site, now: float) -> Site:
    """Store `site` under its key. A new time zone puts the raw rows into their new days."""
    row = connection.execute(
        f"select {_COLUMNS} from site where key = ? and removed_at is null",  # noqa: S608 - names of our own
        (site.key,),
    ).fetchone()
    if row is None:
        raise UnknownSite(f"there is no site {site.id!r}")
    before = _site(row)
    connection.execute(
        "update site set id = ?, name = ?, hosts = ?, timezone = ?, first_weekday = ?, start_count = ?, public = ?,"
        " query_keys = ? where key = ?",
        (*_values(site), site.key),
    )
    if before.timezone != site.timezone:
        move_days(connection, site)
    audit(connection, site.key, "site.changed", f"from {_described(before)} to {_described(site)}", now)
    return site


def remove_site(connection: sqlite3.Connection, site_id: str, now: float) -> None:
    """Stop counting and showing a site; its numbers stay, and come back with it."""
    row = connection.execute("select key from site where id = ? and removed_at is null", (site_id,)).fetchone()
    if row is None:
        raise UnknownSite(f"there is no site {site_id!r}")
    connection.execute("update site set removed_at = ? where key = ?", (int(now), row[0]))
    connection.execute("delete from token where site_key = ?", row)
    audit(connection, row[0], "site.removed", site_id, now)


def add_token(connection: sqlite3.Connection, site_key: int, digest: bytes, now: float, may: TokenMay) -> None:
    connection.execute(
        "insert into token (digest, site_key, made_at, may) values (?, ?, ?, ?)",
        (digest, site_key, int(now), may.value),
    )
    audit(connection, site_key, "token.added", may.value, now)


def read_tokens(connection: sqlite3.Connection) -> dict[bytes, Token]:
    rows = connection.execute("select digest, site_key, may from token")
    return {digest: Token(site_key, TokenMay(may)) for digest, site_key, may in rows}


def put_history(
    connection: sqlite3.Connection, site_key: int, days: Sequence[HistoryDay], note: str, now: float
) -> None:
    """Days of a former counter; a date that is imported again is replaced."""
    connection.executemany(
        "insert or replace into history values (?, ?, ?, ?, ?)",
        [(site_key, day.day, day.visits, day.visitors, day.pageviews) for day in days],
    )
    audit(connection, site_key, "history.imported", note, now)


def audit(connection: sqlite3.Connection, site_key: int | None, action: str, detail: str, now: float) -> None:
    connection.execute(
        "insert into audit (at, site_key, action, detail) values (?, ?, ?, ?)", (int(now), site_key, action, detail)
    )


def move_days(connection: sqlite3.Connection, site: Site) -> None:
    """Put the raw rows of `site` into the days of its zone, with their flags; days without raw rows stay."""
    fold(connection)
    local = LocalTime(site.timezone)
    _define(connection, "local_day", lambda at: local.day_hour(at)[0])
    _define(connection, "local_hour", lambda at: local.day_hour(at)[1])
    mine = {"site": site.key}
    _add_raw_sums(connection, site.key, -1)
    connection.execute(
        # Engaged time stays with its page view.
        "update event set (day, hour) = (select local_day(w.at), local_hour(w.at) from event w"
        " where w.id = coalesce(event.view_id, event.id))"
        " where visit_id in (select id from visit where site_key = :site)",
        mine,
    )
    _add_raw_sums(connection, site.key, +1)
    rebuild_months(connection)
    rebuild_spans(connection, site.key)


def add_goal(connection: sqlite3.Connection, site_key: int, goal: Goal, now: float) -> None:
    """Add a goal, and count what reached it before, on the days whose raw rows are complete."""
    fold(connection)
    make_scratch(connection)
    value_id = put_goal(connection, site_key, goal, now)
    sum_up_new_goal(connection, value_id, connection.execute("select event_id from watermark").fetchone()[0])
    connection.execute(
        "insert into rollup_day select * from temp.delta d where not exists"
        " (select 1 from closed_day c where c.site_key = d.site_key and c.day = d.day)"
    )
    add_months(connection, Dimension.GOAL, value_id)
    audit(connection, site_key, "goal.added", _described(goal), now)


def remove_goal(connection: sqlite3.Connection, site_key: int, name: str, now: float) -> None:
    """Remove a goal with its numbers; made again, it counts what raw rows are left."""
    take_goal(connection, site_key, name)
    audit(connection, site_key, "goal.removed", name, now)


def _add_raw_sums(connection: sqlite3.Connection, site_key: int, sign: int) -> None:
    """Add (or take away) what the raw rows of one site sum to, in every total and rollup of days."""
    mine = {"site": site_key, "sign": sign, "after": 0, "upto": 2**62}
    sums = "sum(pageviews), sum(visits), sum(visitors), sum(bounces), sum(seconds), sum(events), sum(engaged)"
    signed = sums.replace("sum(", ":sign * sum(")
    hours = f"select * from ({query('recount_hours')}) where site_key = :site"  # noqa: S608 - our own query
    connection.execute(
        f"insert into total_hour select site_key, day, hour, {signed} from ({hours}) where true group by 1, 2, 3 {ADD_UP}",  # noqa: S608, E501
        mine,
    )
    connection.execute(
        f"insert into total_day select site_key, day, {signed}, 0 from ({hours}) where true group by 1, 2 {ADD_UP}",  # noqa: S608
        mine,
    )
    connection.execute(
        "insert into total_day select v.site_key, e.day, 0, 0, 0, 0, 0, 0, 0, :sign * count(*) from event e"
        " join visit v on v.id = e.visit_id where v.site_key = :site and e.via = 4 and e.kind in (1, 2) group by 2"
        " on conflict do update set logged = logged + excluded.logged",
        mine,
    )
    sum_up(connection, 0, connection.execute("select event_id from watermark").fetchone()[0])
    connection.execute(
        f"insert into rollup_day select site_key, dimension, day, value_id, {signed} from temp.delta"  # noqa: S608
        f" where site_key = :site group by 1, 2, 3, 4 {ADD_UP}",
        mine,
    )


def _define(connection: sqlite3.Connection, name: str, function: Callable[[int], int]) -> None:
    connection.create_function(name, 1, function, deterministic=True)


def _site(row: tuple[object, ...]) -> Site:
    key, site_id, name, hosts, timezone, first_weekday, start_count, public, query_keys = row
    return msgspec.convert(
        {
            "key": key, "id": site_id, "name": name, "hosts": json.loads(str(hosts)), "timezone": timezone,
            "first_weekday": first_weekday, "start_count": start_count, "public": bool(public),
            "query_keys": json.loads(str(query_keys)),
        },
        Site,
    )  # fmt: skip


def _values(site: Site) -> tuple[object, ...]:
    return (
        site.id, site.name, json.dumps(site.hosts), site.timezone, site.first_weekday, site.start_count,
        int(site.public), json.dumps(site.query_keys),
    )  # fmt: skip


def _described(noun: Site | Goal) -> str:
    return json.dumps(msgspec.to_builtins(noun), ensure_ascii=False)
