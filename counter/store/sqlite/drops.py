"""Drops: counted per site, day and reason; bots by name; the last ones kept whole for "why was this not counted?"."""

from __future__ import annotations

import sqlite3
from collections import Counter
from collections.abc import Mapping

from counter.event import Drop, DropReason
from counter.store.sqlite.rows import insert_rows

KEPT = 1000  # a site
_AGAIN = " on conflict do update set count = count + excluded.count"


def write_drops(
    connection: sqlite3.Connection,
    drops: tuple[Drop, ...],
    known_lines: Mapping[tuple[int, int | None], int],
    lines: list[tuple[object, ...]],
    now: float,
) -> tuple[int, ...]:
    """Write `drops` inside the caller's transaction; returns the indexes of known log lines, not counted again.

    New log lines are added to `lines`, to be remembered as seen but not counted.
    """
    seen: set[tuple[int, int | None]] = set(known_lines)
    known: list[int] = []
    new: list[Drop] = []
    for index, drop in enumerate(drops):
        key = (drop.site_key, drop.line)
        if drop.line is not None and key in seen:
            known.append(index)
        else:
            seen.add(key)
            new.append(drop)
    lines.extend((drop.site_key, drop.line, 0) for drop in new if drop.line is not None)
    reasons = Counter((drop.site_key, drop.day, drop.reason.value) for drop in new)
    bots = Counter((drop.site_key, drop.day, drop.bot.name, drop.bot.category) for drop in new if drop.bot)
    insert_rows(connection, "insert into drop_count", [(*key, count) for key, count in reasons.items()], _AGAIN)
    insert_rows(connection, "insert into bot_count", [(*key, count) for key, count in bots.items()], _AGAIN)
    log = [(*_log_row(drop), int(now)) for drop in new if not (drop.nameless or drop.reason == DropReason.OPT_OUT)]
    columns = "(site_key, at, reason, path, address, user_agent, bot, written_at)"
    insert_rows(connection, f"insert into drop_log {columns}", log[-KEPT:])
    return tuple(known)


def trim_drop_log(connection: sqlite3.Connection) -> None:
    """Keep the last drops of each site."""
    connection.execute(
        "delete from drop_log where id in (select id from ("
        " select id, row_number() over (partition by site_key order by id desc) as place from drop_log)"
        " where place > ?)",
        (KEPT,),
    )


def _log_row(drop: Drop) -> tuple[object, ...]:
    bot = drop.bot.name if drop.bot else ""
    return (drop.site_key, drop.at, drop.reason.value, drop.path, drop.address, drop.user_agent, bot)
