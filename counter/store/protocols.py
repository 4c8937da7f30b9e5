"""What an engine must do; `tests/store/test_contract.py` holds each engine to it.

Five small protocols. `EventWriter`, `Reports` and `Upkeep` are an engine's; the `Catalog` (sites and tokens) and the
`Accounts` stay in SQLite whatever the engine. A `StoreParts` has them all.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from pathlib import Path
from typing import Protocol

import msgspec

from counter.accounts import Annotation, AuditLine, Invitation, Session, SiteToken, User
from counter.event import Drop, Event, Outcome
from counter.question import (
    BotCount,
    BotSum,
    DayTotal,
    Difference,
    DropCount,
    HistoryDay,
    LoggedDrop,
    LoggedHit,
    Question,
    Repair,
    Report,
    Sums,
)
from counter.site import Goal, Site, Token, TokenMay
from counter.trust import Moment, Trust


class Batch(msgspec.Struct, frozen=True):
    """Events and drops written in one transaction. A batch with an id is written once, however often it is sent."""

    events: tuple[Event, ...]
    drops: tuple[Drop, ...] = ()
    id: str = ""


class Appended(msgspec.Struct, frozen=True):
    """What the committed batch did: one outcome per event, what each touched day gained, who was seen live."""

    outcomes: tuple[Outcome, ...]
    gained: tuple[DayTotal, ...]
    seen: tuple[tuple[int, int, int], ...] = ()  # (site key, visitor, UTC seconds), never from logs
    known_drops: tuple[int, ...] = ()  # indexes of drops, of log lines that an earlier import had counted


BatchSink = Callable[[Batch], Awaitable[Appended]]


class RefusedValue(ValueError):
    """An event or a drop holds a value that the database does not take, now or later."""


class EventWriter(Protocol):
    """The one place that writes events. Returns after the commit, raises StoreError when nothing was written."""

    async def append(self, batch: Batch, now: float) -> Appended:
        """RefusedValue when something in the batch can't be stored at all; StoreError when a later try may do."""

    async def verify(self, now: float) -> None:
        """Replaced when what is written would not be what the next start reads."""

    async def probe(self, event: Event | None, now: float) -> None:
        """StoreError when hits can't be stored: something is really written, and `event` is tried and taken back."""

    async def quarantine(self, event: Event, error: str, now: float) -> None:
        """Put aside an event that can't be stored, with the reason, so that its neighbours can be."""

    async def fold(self) -> int:
        """Add what is not yet in the breakdown rollups; returns how many events."""


class Reports(Protocol):
    """Questions about events; each answer is read in one snapshot and is exact at that moment."""

    async def day_totals(self, site_key: int | None = None) -> list[DayTotal]: ...

    async def page_days(self, site_key: int, path: str, since: int) -> tuple[list[DayTotal], DayTotal]: ...

    async def hour_totals(self, site_key: int, day: int) -> list[tuple[int, DayTotal]]: ...

    async def counted_days(self, site_key: int) -> tuple[int, int] | None:
        """The first and the last local day that have anything counted."""

    async def host_count(self, site_key: int) -> int:
        """On how many hosts pages of the site were ever seen."""

    async def report(self, questions: Sequence[Question]) -> list[Report]:
        """Several questions, one snapshot: without filters from rollups, with filters from raw rows, both exact."""

    async def hits(self, question: Question, before: int | None, limit: int) -> list[LoggedHit]:
        """A page of the hit log, newest first: the matching hits older than hit `before`."""

    async def visit(self, site_key: int, visit: int) -> list[LoggedHit]:
        """The path of one visit: its hits in the order of time; empty when there is none."""

    async def recent(self, site_key: int, since: int, limit: int) -> list[LoggedHit]:
        """Hits since `since` (UTC seconds), not from logs, those that arrived last first."""

    async def after(self, site_key: int, hit: int, limit: int) -> list[LoggedHit]:
        """The last `limit` hits that arrived after hit `hit`, not from logs, in order of arrival."""

    async def newest(self) -> int:
        """The largest id that an event has had; 0 before the first."""

    async def until(self, sites: Sequence[tuple[int, int, int]]) -> dict[int, Sums]:
        """(site key, local day, UTC second): what that day had before that second, by site key."""

    async def drops(self, site_key: int, start: int, end: int) -> list[DropCount]: ...

    async def bots(self, site_key: int, start: int, end: int) -> list[BotCount]: ...

    async def bot_sums(self, site_key: int, start: int, end: int) -> list[BotSum]:
        """The days of [start, end) added up, the busiest first."""

    async def last_drops(self, site_key: int, limit: int) -> list[LoggedDrop]: ...

    async def goals(self, site_key: int) -> list[Goal]: ...

    async def online(self, since: int) -> list[tuple[int, int, int]]: ...

    async def known_lines(self, site_key: int, lines: Sequence[int]) -> dict[int, bool]: ...

    async def live_days(self, site_key: int) -> set[int]: ...

    async def history(self, site_key: int | None = None) -> dict[int, list[HistoryDay]]: ...

    async def annotations(self, site_key: int, start: int, end: int) -> list[Annotation]: ...


class Upkeep(Protocol):
    """What keeps the store right and small; never on the way of a hit."""

    async def check(self) -> list[Difference]: ...

    async def repair(self, now: float, *, lower: bool, actor: str = "") -> Repair:
        """Put what the raw rows say in the place of what differs; without `lower`, no published number may fall."""

    async def look_at_clock(self, moment: Moment, first: Moment | None) -> Trust:
        """Look whether the clock may be believed before anything is erased by it, and keep what came of it."""

    async def prune(self, now: float, salts_gone: Sequence[tuple[int, int]]) -> Mapping[str, int]: ...

    async def expire(self, now: float, ip_days: int, hit_days: int) -> Mapping[str, int]: ...

    async def backup(self, target: Path) -> None: ...


class Catalog(Protocol):
    """Sites and what belongs to them; every change is in the audit log, with its actor."""

    async def sites(self) -> list[Site]: ...

    async def removed_ids(self) -> list[str]: ...

    async def add_site(self, site: Site, now: float, *, actor: str = "") -> Site: ...

    async def change_site(self, site: Site, now: float, version: str = "", *, actor: str = "") -> Site: ...

    async def remove_site(self, site_id: str, now: float, *, actor: str = "") -> None: ...

    async def add_token(
        self, site_key: int, digest: bytes, now: float, may: TokenMay = TokenMay.WRITE, *, actor: str = ""
    ) -> None: ...

    async def remove_token(self, site_key: int, digest: bytes, now: float, *, actor: str = "") -> None: ...

    async def tokens(self) -> dict[bytes, Token]: ...

    async def site_tokens(self, site_key: int) -> list[SiteToken]: ...

    async def add_goal(self, site_key: int, goal: Goal, now: float, *, actor: str = "") -> None: ...

    async def remove_goal(self, site_key: int, name: str, now: float, *, actor: str = "") -> None: ...

    async def page_starts(self) -> dict[int, dict[str, int]]:
        """The start counts of single pages, by site key and normalised path."""

    async def set_page_start(self, site_key: int, path: str, count: int, now: float, *, actor: str = "") -> None: ...

    async def remove_page_start(self, site_key: int, path: str, now: float, *, actor: str = "") -> None: ...

    async def put_history(
        self, site_key: int, days: Sequence[HistoryDay], note: str, now: float, *, actor: str = ""
    ) -> None: ...

    async def audit(
        self, action: str, detail: str, now: float, site_key: int | None = None, *, actor: str = ""
    ) -> None: ...


class Accounts(Protocol):
    """Users, their sessions and links, and what they leave behind; changes are in the audit log, without secrets."""

    async def users(self) -> list[User]: ...

    async def add_user(self, user: User, now: float, *, actor: str = "") -> User: ...

    async def change_user(self, user: User, now: float, known: User | None = None, *, actor: str = "") -> User: ...

    async def remove_user(self, user_key: int, now: float, *, actor: str = "") -> None: ...

    async def set_password(
        self,
        user_key: int,
        password: str,
        now: float,
        but: bytes | None = None,
        known: str | None = None,
        *,
        actor: str = "",
    ) -> None: ...

    async def sessions(self) -> list[Session]: ...

    async def add_session(self, session: Session, password: str | None = None) -> None: ...

    async def touch_sessions(self, seen: Sequence[tuple[bytes, int]]) -> None: ...

    async def end_session(self, digest: bytes) -> None: ...

    async def end_sessions(self, user_key: int, but: bytes | None = None) -> None: ...

    async def invitations(self) -> list[Invitation]: ...

    async def add_invitation(self, invitation: Invitation, now: float, *, actor: str = "") -> None: ...

    async def take_invitation(self, digest: bytes, now: float, *, actor: str = "") -> None: ...

    async def accept_invitation(self, digest: bytes, password: str, now: float, *, actor: str = "") -> None: ...

    async def expire_accounts(self, now: float) -> Mapping[str, int]: ...

    async def add_annotation(self, annotation: Annotation, now: float, *, actor: str = "") -> Annotation: ...

    async def remove_annotation(self, site_key: int, key: int, now: float, *, actor: str = "") -> None: ...

    async def audit_log(self, site_key: int | None, limit: int) -> list[AuditLine]: ...


class StoreParts(EventWriter, Upkeep, Protocol):
    """A whole store: what it does itself, and its parts."""

    @property
    def reports(self) -> Reports: ...

    @property
    def catalog(self) -> Catalog: ...

    @property
    def accounts(self) -> Accounts: ...
