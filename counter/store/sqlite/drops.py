"""Drops: counted per site, day and reason; bots by name; the last ones kept whole for "why was this not counted?"."""

from __future__ import annotations

import sqlite3
from collections import Counter
from collections.abc import Mapping

from counter.event import Bot, BotReason, Drop, DropReason
from counter.question import OTHER, BotCount, BotSum, LoggedDrop
from counter.store.sqlite.rows import insert_rows
from counter.store.sqlite.sql import statement

MOST_LOGGED = 1000  # a site
MOST_NAMES = 1000  # of bots that are on no list, a site and day: they name themselves, and could make up any number


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
    insert_rows(connection, "add_drop_counts", [(*key, count) for key, count in reasons.items()])
    _count_bots(connection, new)
    _log(connection, new, now)
    return tuple(known)


def trim_drop_log(connection: sqlite3.Connection) -> None:
    """Keep the last drops of each site."""
    connection.execute(statement("trim_drop_log"), {"kept": MOST_LOGGED})


def read_bots(connection: sqlite3.Connection, site_key: int, start: int, end: int) -> list[BotCount]:
    """The bots of [start, end) in local days, by day, the busiest of each first."""
    return [BotCount(*row) for row in connection.execute(statement("bots_by_day"), (site_key, start, end))]


def read_bot_sums(connection: sqlite3.Connection, site_key: int, start: int, end: int) -> list[BotSum]:
    """The bots of [start, end) in local days, the busiest first."""
    return [BotSum(*row) for row in connection.execute(statement("bots_by_name"), (site_key, start, end))]


def read_last_drops(connection: sqlite3.Connection, site_key: int, limit: int) -> list[LoggedDrop]:
    """The last drops of a site, newest first, at most `limit` and MOST_LOGGED."""
    return [LoggedDrop(*row) for row in connection.execute(statement("last_drops"), (site_key, limit, MOST_LOGGED))]


def _count_bots(connection: sqlite3.Connection, drops: list[Drop]) -> None:
    names: dict[tuple[int, int], set[str]] = {}
    counts: Counter[tuple[int, int, str, str, str]] = Counter()
    for drop in drops:
        if drop.bot is None:
            continue
        name, category, reason = drop.bot
        if not _listed(drop.bot):
            day = (drop.site_key, drop.day)
            if day not in names:
                names[day] = _unlisted_names(connection, *day)
            if name not in names[day] and len(names[day]) >= MOST_NAMES:
                name = OTHER
            names[day].add(name)
        counts[drop.site_key, drop.day, name, str(category), str(reason)] += 1
    insert_rows(connection, "add_bot_counts", [(*key, count) for key, count in counts.items()])


def _listed(bot: Bot) -> bool:
    return bot.reason in (BotReason.LIST, BotReason.NO_USER_AGENT)


def _unlisted_names(connection: sqlite3.Connection, site_key: int, day: int) -> set[str]:
    sql = "select name from bot_count where site_key = ? and day = ? and reason not in (?, ?)"
    asked = (site_key, day, BotReason.LIST.value, BotReason.NO_USER_AGENT.value)
    return {name for (name,) in connection.execute(sql, asked)}


def _log(connection: sqlite3.Connection, drops: list[Drop], now: float) -> None:
    """Log the last drops of each site; trim the log whenever its ids pass a multiple of MOST_LOGGED."""
    sites: dict[int, list[tuple[object, ...]]] = {}
    for drop in drops:
        if not (drop.nameless or drop.reason == DropReason.OPT_OUT):
            sites.setdefault(drop.site_key, []).append((*_log_row(drop), int(now)))
    if not sites:
        return
    before = _last_id(connection)
    for rows in sites.values():
        insert_rows(connection, "add_drop_log", rows[-MOST_LOGGED:])
    if before // MOST_LOGGED != _last_id(connection) // MOST_LOGGED:
        trim_drop_log(connection)


def _last_id(connection: sqlite3.Connection) -> int:
    found: int = connection.execute("select coalesce(max(id), 0) from drop_log").fetchone()[0]
    return found


def _log_row(drop: Drop) -> tuple[object, ...]:
    bot = drop.bot.name if drop.bot else ""
    return (drop.site_key, drop.at, drop.reason.value, drop.path, drop.address, drop.user_agent, bot)
