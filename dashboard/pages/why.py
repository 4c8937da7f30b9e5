"""Why was this (not) counted? The last drops and their reasons, the bots, and a tester for a visitor."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from aiohttp import web

from counter.calendar.periods import NAMES
from counter.collect.explain import came_from
from counter.question import BotSum, DropCount, LoggedDrop
from counter.reports.grammar import read_filters, refuse_unknown
from dashboard import render
from dashboard.access.call import Call
from dashboard.report.links import QUESTION, Links
from dashboard.report.request import read_days
from dashboard.sites.tester import KEYS, read_trial_form, try_hit
from dashboard.words import numbers

SHOWN: Final = 50  # of the last drops
LAST_DROPS: Final = 1000  # drops a site; those of one visitor are looked for among all
MOST_BOTS: Final = 100


@dataclass(frozen=True, slots=True)
class Bar:
    """A name, its hits, and their share of the most there are, from 0 to 100."""

    name: str
    count: int
    width: int
    detail: str = ""


@dataclass(frozen=True, slots=True)
class DropRow:
    iso: str
    moment: str
    reason: str
    drop: LoggedDrop


async def get_why(call: Call) -> web.StreamResponse:
    refuse_unknown(call.request.query, (*QUESTION, *KEYS))
    days, tested = await read_days(call), read_trial_form(call.request.query)
    reports, key = call.service.store.reports, call.site.site.key
    last = await reports.last_drops(key, LAST_DROPS)
    drops = await reports.drops(key, days.period.start, days.period.end)
    bots = await reports.bot_sums(key, days.period.start, days.period.end)
    tried = try_hit(call, tested) if tested.asks else None
    names, by_day = _by_day(call, drops)
    return render.page(
        call, "why.html",
        days=days,
        links=Links(call.site.site.id, call.request.query, read_filters(call.request.query)),
        periods=NAMES,
        tested=tested,
        tried=tried,
        came=_rows(call, came_from(last, tested.hit, call.service.pipeline)[:SHOWN]) if tried else [],
        drops=_rows(call, last[:SHOWN]),
        reasons=_reasons(call, drops),
        names=names,
        by_day=by_day,
        bots=_bots(call, bots[:MOST_BOTS]),
        kept=[(name, text) for name, text in call.request.query.items() if name in QUESTION],
    )  # fmt: skip


def _rows(call: Call, drops: Sequence[LoggedDrop]) -> list[DropRow]:
    local, words = call.site.local, call.words
    return [
        DropRow(local.iso(drop.at), numbers.moment(words, drop.at, call.site), _reason(call, drop.reason), drop)
        for drop in drops
    ]


def _reason(call: Call, reason: str) -> str:
    return call.words(f"drop.{reason}") if call.words.has(f"drop.{reason}") else reason


def _reasons(call: Call, drops: Sequence[DropCount]) -> list[Bar]:
    """By reason, the commonest first."""
    counts: Counter[str] = Counter()
    for one in drops:
        counts[one.reason] += one.count
    most = max(counts.values(), default=1)
    ordered = sorted(counts.items(), key=lambda one: (-one[1], one[0]))
    return [Bar(_reason(call, reason), count, round(100 * count / most)) for reason, count in ordered]


def _by_day(call: Call, drops: Sequence[DropCount]) -> tuple[list[str], list[tuple[str, list[int]]]]:
    """The reasons there are, in the order of `_reasons`, and each day's counts of them, the last day first."""
    counts = {(one.day, one.reason): one.count for one in drops}
    totals: Counter[str] = Counter()
    for (_, reason), count in counts.items():
        totals[reason] += count
    reasons = sorted(totals, key=lambda reason: (-totals[reason], reason))
    found = sorted({day for day, _ in counts}, reverse=True)
    return [_reason(call, reason) for reason in reasons], [
        (numbers.day_with_weekday(call.words, day), [counts.get((day, reason), 0) for reason in reasons])
        for day in found
    ]


def _bots(call: Call, bots: Sequence[BotSum]) -> list[Bar]:
    """By name, the busiest first; what for it is, and how it was recognised."""
    most, words = max((one.count for one in bots), default=1), call.words
    return [
        Bar(one.name, one.count, round(100 * one.count / most),
            f"{words(f'bot.{one.category}')} · {words(f'bot.{one.reason}')}")
        for one in bots
    ]  # fmt: skip
