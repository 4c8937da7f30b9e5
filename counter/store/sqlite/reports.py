"""Questions about events, asked through read-only connections; each answer is one snapshot."""

from __future__ import annotations

import json
from collections.abc import Sequence
from functools import partial

from counter.accounts import Annotation
from counter.question import (
    BotCount,
    BotSum,
    DayTotal,
    Dimension,
    DropCount,
    HistoryDay,
    LoggedDrop,
    LoggedHit,
    Question,
    Report,
    Sums,
)
from counter.site import Goal
from counter.store.catalog.annotations import read_annotations
from counter.store.catalog.goals import read_goals
from counter.store.catalog.history import read_history
from counter.store.sqlite.drops import read_bot_sums, read_bots, read_last_drops
from counter.store.sqlite.hits import find_hits, find_visit
from counter.store.sqlite.live import LOOKED_AT, find_after, find_recent, newest_event
from counter.store.sqlite.readers import TIME_LIMIT, Readers
from counter.store.sqlite.report.answer import answer
from counter.store.sqlite.report.until import sums_until
from counter.store.sqlite.sql import statement


class SqliteReports:
    """`counter.store.protocols.Reports`."""

    def __init__(self, readers: Readers) -> None:
        self._readers = readers

    async def day_totals(self, site_key: int | None = None) -> list[DayTotal]:
        """Every counted day of one site, or of all sites."""
        sql, asked = statement("day_totals"), {"site": site_key}
        rows = await self._readers.ask(lambda connection: connection.execute(sql, asked).fetchall())
        return [DayTotal(*row) for row in rows]

    async def hour_totals(self, site_key: int, day: int) -> list[tuple[int, DayTotal]]:
        """The hours of one local day that have anything: (UTC second of its start, sums)."""
        sql = statement("hour_totals")
        rows = await self._readers.ask(lambda connection: connection.execute(sql, (site_key, day)).fetchall())
        return [(hour, DayTotal(*rest)) for hour, *rest in rows]

    async def page_days(self, site_key: int, path: str, since: int) -> tuple[list[DayTotal], DayTotal]:
        """One page: its days from `since` on, and all of its days together (with day 0)."""
        asked = {"site": site_key, "path": path, "since": since}
        rows = await self._readers.ask(lambda connection: connection.execute(statement("page_days"), asked).fetchall())
        days = [DayTotal(site_key, day, *sums) for day, *sums in rows if day is not None]
        whole = [DayTotal(site_key, 0, *(number or 0 for number in sums)) for day, *sums in rows if day is None]
        return days, whole[0]

    async def counted_days(self, site_key: int) -> tuple[int, int] | None:
        """The first and the last local day that have anything counted."""
        sql = "select min(day), max(day) from total_day where site_key = ? and pageviews + visits + events > 0"
        row = await self._readers.ask(lambda connection: connection.execute(sql, (site_key,)).fetchone())
        return None if row[0] is None else (row[0], row[1])

    async def host_count(self, site_key: int) -> int:
        """On how many hosts pages of the site were ever seen, those that are unknown not among them."""
        sql = "select count(*) from value where site_key = ? and dimension = ?"
        asked = (site_key, int(Dimension.HOST))
        row = await self._readers.ask(lambda connection: connection.execute(sql, asked).fetchone())
        return int(row[0])

    async def report(
        self, questions: Sequence[Question], *, raw: bool = False, limit: float = TIME_LIMIT
    ) -> list[Report]:
        """Several questions, one snapshot: without filters from rollups, with filters from raw rows, both exact.

        `raw` reads unfiltered ones from raw rows, too. TooExpensive after `limit` seconds for all of them; BadInput
        for more hours than a series may have; UnknownSite.
        """
        return await self._readers.ask_long(partial(answer, questions=questions, raw=raw), limit)

    async def hits(
        self, question: Question, before: int | None, limit: int, *, seconds: float = TIME_LIMIT
    ) -> list[LoggedHit]:
        """A page of the hit log: the `limit` matching hits that arrived last, of those before hit `before`."""
        asked = partial(find_hits, question=question, before=before, limit=limit)
        return await self._readers.ask_long(asked, seconds)

    async def visit(self, site_key: int, visit: int) -> list[LoggedHit]:
        """The path of one visit: its hits in the order of time; empty when there is none."""
        return await self._readers.ask(partial(find_visit, site_key=site_key, visit=visit))

    async def recent(self, site_key: int, since: int, limit: int) -> list[LoggedHit]:
        """Hits since `since` (UTC seconds), not from logs, newest first, among the last 200,000 events of all sites."""
        return await self._readers.ask(partial(find_recent, site_key=site_key, since=since, limit=limit))

    async def after(self, site_key: int, hit: int, limit: int) -> list[LoggedHit]:
        """The last `limit` hits that arrived after hit `hit`, in order of arrival; otherwise as `recent`."""
        return await self._readers.ask(partial(find_after, site_key=site_key, hit=hit, limit=limit))

    async def newest(self) -> int:
        """The largest id that an event has had; 0 before the first."""
        return await self._readers.ask(newest_event)

    async def until(self, sites: Sequence[tuple[int, int, int]]) -> dict[int, Sums]:
        """(site key, local day, UTC second): what that day had before that second, by site key. A site is asked once.

        A visit, its visitor, bounce and duration are there with its first event. Exact; where raw rows are gone,
        without the hour that the second lies in.
        """
        return await self._readers.ask(partial(sums_until, asked=sites))

    async def drops(self, site_key: int, start: int, end: int) -> list[DropCount]:
        """What was not counted in [start, end), per day and reason."""
        sql = "select day, reason, count from drop_count where site_key = ? and day >= ? and day < ? order by 1, 2"
        asked = (site_key, start, end)
        rows = await self._readers.ask(lambda connection: connection.execute(sql, asked).fetchall())
        return [DropCount(*row) for row in rows]

    async def bots(self, site_key: int, start: int, end: int) -> list[BotCount]:
        """The bots of [start, end) in local days, by day, the busiest of each first."""
        return await self._readers.ask(lambda connection: read_bots(connection, site_key, start, end))

    async def bot_sums(self, site_key: int, start: int, end: int) -> list[BotSum]:
        """The bots of [start, end) in local days, their days added up, the busiest first."""
        return await self._readers.ask(lambda connection: read_bot_sums(connection, site_key, start, end))

    async def last_drops(self, site_key: int, limit: int) -> list[LoggedDrop]:
        """The last hits of a site that were not counted, newest first; 1,000 are kept."""
        return await self._readers.ask(lambda connection: read_last_drops(connection, site_key, limit))

    async def goals(self, site_key: int) -> list[Goal]:
        """The goals of a site by name."""
        return await self._readers.ask(lambda connection: read_goals(connection, site_key))

    async def online(self, since: int) -> list[tuple[int, int, int]]:
        """(site key, visitor, last seen) of live events since `since`, among the last 200,000 events."""
        sql, asked = statement("online"), {"since": since, "looked_at": LOOKED_AT}
        rows = await self._readers.ask(lambda connection: connection.execute(sql, asked).fetchall())
        return [(site_key, visitor, at) for site_key, visitor, at in rows]

    async def known_lines(self, site_key: int, lines: Sequence[int]) -> dict[int, bool]:
        """Which of these log lines an earlier import has seen, and whether it counted them."""
        sql = statement("known_lines_of_site")
        asked = (json.dumps(list(lines)), site_key)
        rows = await self._readers.ask(lambda connection: connection.execute(sql, asked).fetchall())
        return {line: bool(counted) for line, counted in rows}

    async def live_days(self, site_key: int) -> set[int]:
        """The local days that have hits which did not come from access logs; they take no log lines."""
        sql = "select day from total_day where site_key = ? and pageviews + events > logged"
        rows = await self._readers.ask(lambda connection: connection.execute(sql, (site_key,)).fetchall())
        return {row[0] for row in rows}

    async def history(self, site_key: int | None = None) -> dict[int, list[HistoryDay]]:
        """Days brought along from former counters, by site key."""
        return await self._readers.ask(lambda connection: read_history(connection, site_key))

    async def annotations(self, site_key: int, start: int, end: int) -> list[Annotation]:
        """What people noted on the days of [start, end), by day."""
        return await self._readers.ask(lambda connection: read_annotations(connection, site_key, start, end))
