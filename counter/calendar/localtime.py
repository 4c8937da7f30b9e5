"""Local days and wall hours of a site: the only module that asks a time zone for the date.

A *day* is an integer, days since 1970-01-01 in the site's own calendar. An *hour* is the UTC second at which
the local wall hour began, so that the 23, 24 or 25 hours of a day are distinct keys.
"""

from __future__ import annotations

import datetime as dt
import zoneinfo

EPOCH = dt.date(1970, 1, 1).toordinal()
SLOT = 900  # seconds; zones of our century change their offset at quarters of an hour only

_HIDDEN = ("right/", "posix/", "localtime", "posixrules", "Factory")


def valid_zones() -> frozenset[str]:
    """Names an owner may set; leap-second and machine-dependent zones load, but are not places."""
    return frozenset(name for name in zoneinfo.available_timezones() if not name.startswith(_HIDDEN))


def day_number(date: dt.date) -> int:
    return date.toordinal() - EPOCH


def day_date(day: int) -> dt.date:
    return dt.date.fromordinal(day + EPOCH)


def month_of(day: int) -> int:
    """12 * year + month - 1."""
    date = day_date(day)
    return date.year * 12 + date.month - 1


def month_text(month: int) -> str:
    return f"{month // 12}-{month % 12 + 1:02}"


class LocalTime:
    """Turns UTC seconds into (day, hour) of one zone; a quarter of an hour is looked up once."""

    __slots__ = ("_slots", "zone")

    def __init__(self, zone: str) -> None:
        self.zone = zoneinfo.ZoneInfo(zone)
        self._slots: dict[int, tuple[int, int]] = {}

    def day_hour(self, at: int) -> tuple[int, int]:
        """The local day of `at` (UTC seconds) and the UTC second at which its wall hour began."""
        slot = at // SLOT
        known = self._slots.get(slot)
        if known is None:
            known = self._look_up(slot * SLOT)
            if known != self._look_up(slot * SLOT + SLOT - 1):
                # An offset off the quarter (before about 1972): too rare to remember.
                return self._look_up(at)
            if len(self._slots) > 50_000:
                self._slots.clear()
            self._slots[slot] = known
        return known

    def day(self, at: int) -> int:
        return self.day_hour(at)[0]

    def midnight(self, day: int) -> int:
        """The first UTC second of `day`; where the zone skips a date, that of the next one."""
        naive = dt.datetime.combine(day_date(day), dt.time())
        guess = int(naive.replace(tzinfo=self.zone).timestamp())
        # Midnight may be skipped or doubled: search the hours around it for the first second of the day.
        low, high = guess - 30 * 3600, guess + 30 * 3600
        while high - low > 1:
            middle = (low + high) // 2
            if self._look_up(middle)[0] >= day:
                high = middle
            else:
                low = middle
        return high

    def same_time(self, day: int, now: int) -> int:
        """The UTC second at which the clocks of `day` showed the time of day that they show at `now` (UTC seconds).

        When that time occurs twice, the first, unless `now` is itself a second occurrence; when it is skipped, a
        time next to the gap. Never after the end of `day`.
        """
        wall = dt.datetime.fromtimestamp(now, self.zone)
        then = dt.datetime.combine(day_date(day), wall.time(), self.zone).replace(fold=wall.fold)
        return min(int(then.timestamp()), self.midnight(day + 1))

    def text(self, at: float) -> str:
        """`2024-11-21 15:11`, the date line of the widget."""
        return dt.datetime.fromtimestamp(at, self.zone).strftime("%Y-%m-%d %H:%M")

    def iso(self, at: int) -> str:
        """`2024-11-21T15:11:00+04:00`"""
        return dt.datetime.fromtimestamp(at, self.zone).isoformat()

    def _look_up(self, at: int) -> tuple[int, int]:
        local = dt.datetime.fromtimestamp(at, self.zone)
        return local.toordinal() - EPOCH, at - local.minute * 60 - local.second
