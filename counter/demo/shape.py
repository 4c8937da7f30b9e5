"""How much traffic a day has and when in the day it comes: growth, seasons, weekdays, nights and what happened.

Everything is relative: `days_of` shares a plan's hits out among its days by these weights.
"""

from __future__ import annotations

import datetime as dt
import math
import random
from enum import StrEnum
from hashlib import blake2b

import msgspec

from counter.calendar.localtime import LocalTime, day_date
from counter.demo.chance import allocate

GROWTH = 2.4  # times as much traffic after a year
WEEKDAYS = (1.06, 1.13, 1.11, 1.07, 0.95, 0.66, 0.70)  # Monday first
# Share of a day's traffic in each hour of the visitor's own clock, midnight first.
WORKDAY = (11, 7, 5, 4, 4, 6, 12, 24, 42, 60, 66, 64, 55, 60, 63, 61, 57, 52, 48, 49, 51, 47, 36, 21)
WEEKEND = (19, 13, 8, 6, 5, 5, 8, 14, 26, 40, 50, 54, 53, 52, 52, 51, 50, 50, 52, 55, 56, 50, 40, 28)


class Wave(StrEnum):
    """What brings people in addition to the everyday traffic; each has sources and pages of its own."""

    EVERYDAY = "everyday"
    LAUNCH = "launch"  # a new product, announced on Hacker News, Reddit and in the newsletter
    THREAD = "thread"  # a post about us on another site
    LETTER = "letter"  # the newsletter, on the first Wednesday of a month


# Times the everyday traffic of each day from the first on.
WAVES: dict[Wave, tuple[float, ...]] = {
    Wave.LAUNCH: (7.6, 4.1, 2.2, 1.1, 0.7, 0.45, 0.3, 0.15),
    Wave.THREAD: (1.3, 0.5, 0.2),
    Wave.LETTER: (0.35, 0.1),
}
LAUNCH_AT, THREAD_AT, BOTS_AT = 0.62, 0.28, 0.81  # of the period
BOT_SHARE = 0.09  # bots for each hit of an everyday day
BOT_WAVE = (4.0, 9.0, 12.0, 10.0, 6.0, 2.5)  # times as many bots as usual, from the wave's first day on


class Plan(msgspec.Struct, frozen=True):
    """What to make. The same plan makes the same events, down to the last bit."""

    site_key: int
    timezone: str
    first_day: int  # local days since 1970-01-01
    days: int
    hits: int  # page views and custom events
    seed: int
    end: int  # UTC seconds; nothing is later, though the last day may be

    @property
    def name(self) -> str:
        """Twelve letters that another plan does not have."""
        return blake2b(msgspec.json.encode(self), digest_size=6).hexdigest()

    def dice(self, *what: object) -> random.Random:
        """A source of chance for one purpose, so that no purpose moves another's numbers."""
        return random.Random(f"{self.seed}:{what}")


class DayShape(msgspec.Struct, frozen=True):
    """One day: its hits, the share of each wave in them, and its bots."""

    day: int
    hits: int
    bots: int
    waves: tuple[tuple[Wave, float], ...]
    bot_wave: bool = False


def days_of(plan: Plan) -> list[DayShape]:
    """The days of the plan; their hits add up to the plan's."""
    dice, local = plan.dice("days"), LocalTime(plan.timezone)
    days = range(plan.first_day, plan.first_day + plan.days)
    begun = happenings(plan)
    waves = [_waves(day, begun) for day in days]
    everyday = [_everyday(day, plan, local, dice) for day in days]
    times = [sum(weight for _, weight in own) for own in waves]
    hits = allocate(plan.hits, [one * more for one, more in zip(everyday, times, strict=True)])
    bots = [_bots(plan, share, day - begun["bots"]) for day, share in zip(days, everyday, strict=True)]
    bot_wave = [0 <= day - begun["bots"] < len(BOT_WAVE) for day in days]
    return [DayShape(*one) for one in zip(days, hits, bots, waves, bot_wave, strict=True)]


def happenings(plan: Plan) -> dict[str, int]:
    """The days on which something begins: a launch (a Tuesday, when there is one), a thread, a wave of bots."""
    launch = plan.first_day + int(plan.days * LAUNCH_AT)
    tuesday = launch + (1 - day_date(launch).weekday()) % 7
    return {
        Wave.LAUNCH: tuesday if tuesday < plan.first_day + plan.days else launch,
        Wave.THREAD: plan.first_day + int(plan.days * THREAD_AT),
        "bots": plan.first_day + int(plan.days * BOTS_AT),
    }


def _waves(day: int, begun: dict[str, int]) -> tuple[tuple[Wave, float], ...]:
    found = [(Wave.EVERYDAY, 1.0)]
    starts = {**{wave: begun[wave] for wave in (Wave.LAUNCH, Wave.THREAD)}, Wave.LETTER: _last_letter(day)}
    for wave, start in starts.items():
        if 0 <= day - start < len(WAVES[wave]):
            found.append((wave, WAVES[wave][day - start]))
    return tuple(found)


def _last_letter(day: int) -> int:
    """The newest newsletter of the month: the first Wednesday on or before `day`, else none of this month."""
    first = day_date(day).replace(day=1)
    wednesday = first + dt.timedelta(days=(2 - first.weekday()) % 7)
    return day - (day_date(day) - wednesday).days


def _everyday(day: int, plan: Plan, local: LocalTime, dice: random.Random) -> float:
    """The weight of a day's everyday traffic; of an unfinished day, of the part that is over."""
    date = day_date(day)
    growth = math.exp(math.log(GROWTH) * (day - plan.first_day) / 365)
    begin, end = local.midnight(day), local.midnight(day + 1)
    over = max(0.0, (min(end, plan.end) - begin) / max(1, end - begin))
    return growth * season(date) * WEEKDAYS[date.weekday()] * math.exp(dice.gauss(0, 0.05)) * over


def season(date: dt.date) -> float:
    """The dips of the year: summer holidays, gently, and the days around Christmas, deeply."""
    summer = math.exp(-(((date.timetuple().tm_yday - 215) / 24) ** 2))
    christmas = math.exp(-((((date.timetuple().tm_yday - 360 + 182) % 365 - 182) / 5) ** 2))
    return (1 - 0.22 * summer) * (1 - 0.4 * christmas)


def _bots(plan: Plan, everyday: float, since: int) -> int:
    wave = BOT_WAVE[since] if 0 <= since < len(BOT_WAVE) else 1.0
    return round(plan.hits / plan.days * BOT_SHARE * math.sqrt(everyday) * wave)


def hour_weights(offset: int, slots: list[int]) -> list[int]:
    """How likely a visit begins in each of `slots` (UTC seconds), to visitors `offset` seconds ahead of UTC."""
    clocks = [dt.datetime.fromtimestamp(slot + offset, dt.UTC) for slot in slots]
    return [(WEEKEND if clock.weekday() > 4 else WORKDAY)[clock.hour] for clock in clocks]
