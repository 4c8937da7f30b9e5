"""`counter.store.protocols.Catalog`: a change of the catalog and what it does to the numbers are one transaction."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from functools import partial

from counter.accounts import SiteToken
from counter.question import HistoryDay
from counter.site import Goal, Site, Token, TokenMay
from counter.store.catalog import goals, history, page_starts, sites, tokens
from counter.store.catalog.audit import audit
from counter.store.catalog.connection import RunChange, RunQuestion
from counter.store.sqlite.consequences import drop_goal_sums, move_days, sum_goal
from counter.store.sqlite.fold import fold
from counter.store.sqlite.write_side import WriteSide


class ReadCatalog:
    """What can be asked without the lock."""

    def __init__(self, ask: RunQuestion) -> None:
        self._ask = ask

    async def sites(self) -> list[Site]:
        """Every site that was not removed, the oldest first."""
        return await self._ask(sites.read_sites)

    async def removed_ids(self) -> list[str]:
        """Ids of sites that were removed: config.toml does not bring them back."""
        return await self._ask(sites.removed_ids)

    async def page_starts(self) -> dict[int, dict[str, int]]:
        """The start counts of single pages, by site key and path."""
        return await self._ask(page_starts.read_page_starts)

    async def tokens(self) -> dict[bytes, Token]:
        """Every token, by digest."""
        return await self._ask(tokens.read_tokens)

    async def site_tokens(self, site_key: int) -> list[SiteToken]:
        """The tokens of a site, the oldest first."""
        return await self._ask(partial(tokens.read_site_tokens, site_key=site_key))


class WriteCatalog(ReadCatalog):
    """What the holder of the lock changes; `actor` goes into the audit log."""

    def __init__(self, ask: RunQuestion, change: RunChange, side: WriteSide) -> None:
        """`side` remembers what a change makes void: visits by day, and what is not folded."""
        super().__init__(ask)
        self._change = change
        self._side = side

    async def add_site(self, site: Site, now: float, *, actor: str = "") -> Site:
        return await self._change(_add_site, site, now, actor, after=self._side.appender.forget)

    async def change_site(self, site: Site, now: float, version: str = "", *, actor: str = "") -> Site:
        """Store `site` under its key. A new time zone puts the raw rows into their new days.

        UsageError when what is stored is not of `version`, from which it was made: no change undoes another.
        """
        return await self._change(_change_site, site, now, actor, version, after=self._side.appender.forget)

    async def remove_site(self, site_id: str, now: float, *, actor: str = "") -> None:
        await self._change(sites.remove_site, site_id, now, actor)

    async def add_token(
        self, site_key: int, digest: bytes, now: float, may: TokenMay = TokenMay.WRITE, *, actor: str = ""
    ) -> None:
        await self._change(tokens.add_token, site_key, digest, now, actor, may)

    async def remove_token(self, site_key: int, digest: bytes, now: float, *, actor: str = "") -> None:
        """UsageError when there is no such token of this very site."""
        await self._change(tokens.remove_token, site_key, digest, now, actor)

    async def add_goal(self, site_key: int, goal: Goal, now: float, *, actor: str = "") -> None:
        """Add a goal; hits from before it was made count towards it too, as far as their raw rows are there."""
        await self._change(_add_goal, site_key, goal, now, actor, after=self._side.appender.visitors.tail_folded)

    async def remove_goal(self, site_key: int, name: str, now: float, *, actor: str = "") -> None:
        """Remove a goal with its numbers; made again, it counts what raw rows are left."""
        await self._change(_remove_goal, site_key, name, now, actor)

    async def set_page_start(self, site_key: int, path: str, count: int, now: float, *, actor: str = "") -> None:
        """What a page, by its normalised path, had counted before; in the place of what was set. UsageError."""
        await self._change(page_starts.set_page_start, site_key, path, count, now, actor)

    async def remove_page_start(self, site_key: int, path: str, now: float, *, actor: str = "") -> None:
        """UsageError when the page has no start count."""
        await self._change(page_starts.remove_page_start, site_key, path, now, actor)

    async def put_history(
        self, site_key: int, days: Sequence[HistoryDay], note: str, now: float, *, actor: str = ""
    ) -> None:
        await self._change(history.put_history, site_key, days, note, now, actor)

    async def audit(
        self, action: str, detail: str, now: float, site_key: int | None = None, *, actor: str = ""
    ) -> None:
        """A line of the audit log, about one site or all."""
        await self._change(audit, site_key, action, detail, now, actor)


def _add_site(connection: sqlite3.Connection, site: Site, now: float, actor: str) -> Site:
    made, before = sites.add_site(connection, site, now, actor)
    if before is not None and before.timezone != made.timezone:
        move_days(connection, made)
    return made


def _change_site(connection: sqlite3.Connection, site: Site, now: float, actor: str, version: str) -> Site:
    before = sites.change_site(connection, site, now, actor, version)
    if before.timezone != site.timezone:
        move_days(connection, site)
    return site


def _add_goal(connection: sqlite3.Connection, site_key: int, goal: Goal, now: float, actor: str) -> None:
    fold(connection)
    sum_goal(connection, goals.put_goal(connection, site_key, goal, now, actor))


def _remove_goal(connection: sqlite3.Connection, site_key: int, name: str, now: float, actor: str) -> None:
    drop_goal_sums(connection, site_key, goals.take_goal(connection, site_key, name, now, actor))
