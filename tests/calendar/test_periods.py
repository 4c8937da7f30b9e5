"""Local days and the periods made of them: every zone, both week starts, and days that are longer, shorter or none."""

from __future__ import annotations

import datetime as dt
import random
import zoneinfo
from pathlib import Path

import pytest

from counter.calendar.localtime import LocalTime, day_date, day_number, valid_zones
from counter.calendar.periods import periods
from counter.question import Metric
from counter.service.book import Book, take_snapshot
from counter.site import Site
from counter.store.open import open_store
from tests.kit.events import DAY, HOUR, append, day_of, instant, make, sums_of

MONDAY, SUNDAY = 0, 6
ZONES = sorted(valid_zones())


def shown(today: str, first_weekday: int) -> dict[str, str]:
    return {
        name: f"{day_date(period.start)} {day_date(period.end)}"
        for name, period in periods(day_of(today), first_weekday).items()
    }


@pytest.mark.parametrize(
    ("today", "first_weekday", "this_week", "last_week"),
    [
        ("2024-11-21", MONDAY, "2024-11-18 2024-11-25", "2024-11-11 2024-11-18"),  # a Thursday
        ("2024-11-21", SUNDAY, "2024-11-17 2024-11-24", "2024-11-10 2024-11-17"),
        ("2024-11-18", MONDAY, "2024-11-18 2024-11-25", "2024-11-11 2024-11-18"),  # a Monday
        ("2024-11-17", MONDAY, "2024-11-11 2024-11-18", "2024-11-04 2024-11-11"),  # a Sunday
        ("2024-11-17", SUNDAY, "2024-11-17 2024-11-24", "2024-11-10 2024-11-17"),
        ("2021-01-01", MONDAY, "2020-12-28 2021-01-04", "2020-12-21 2020-12-28"),  # of ISO week 53
    ],
)
def test_a_week_begins_on_the_sites_own_first_day(
    today: str, first_weekday: int, this_week: str, last_week: str
) -> None:
    found = shown(today, first_weekday)
    assert (found["this_week"], found["last_week"]) == (this_week, last_week)


@pytest.mark.parametrize(
    ("today", "this_month", "last_month"),
    [
        ("2024-11-21", "2024-11-01 2024-12-01", "2024-10-01 2024-11-01"),
        ("2024-01-31", "2024-01-01 2024-02-01", "2023-12-01 2024-01-01"),
        ("2024-12-01", "2024-12-01 2025-01-01", "2024-11-01 2024-12-01"),
        ("2024-03-01", "2024-03-01 2024-04-01", "2024-02-01 2024-03-01"),
        ("2024-02-29", "2024-02-01 2024-03-01", "2024-01-01 2024-02-01"),
    ],
)
def test_a_month_is_a_calendar_month(today: str, this_month: str, last_month: str) -> None:
    found = shown(today, MONDAY)
    assert (found["this_month"], found["last_month"]) == (this_month, last_month)


def test_the_periods_come_in_the_order_of_the_counter() -> None:
    assert list(periods(0, MONDAY)) == ["today", "yesterday", "this_week", "last_week", "this_month", "last_month"]


@pytest.mark.parametrize("first_weekday", range(7))
def test_periods_join_without_gap_and_today_is_in_its_week_and_month(first_weekday: int) -> None:
    for today in range(day_of("1999-12-20"), day_of("2029-01-10"), 3):
        found = periods(today, first_weekday)
        assert (found["today"], found["yesterday"]) == ((today, today + 1), (today - 1, today))
        for name in ("week", "month"):
            this, last = found[f"this_{name}"], found[f"last_{name}"]
            assert this.start <= today < this.end
            assert last.end == this.start
        assert day_date(found["this_week"].start).weekday() == first_weekday
        assert found["this_week"].end - found["last_week"].start == 14


class TestLocalTime:
    """T-44"""

    @pytest.mark.parametrize("zone", ZONES)
    def test_every_zone_gives_the_days_and_hours_that_its_offsets_say(self, zone: str) -> None:
        """By plain arithmetic on the offset in force; asked twice, because answers are remembered."""
        local, plain = LocalTime(zone), zoneinfo.ZoneInfo(zone)
        rng = random.Random(zone)
        instants = [rng.randrange(instant("1995-01-01 00:00"), instant("2037-01-01 00:00")) for _ in range(60)]
        for at in [*instants, *instants]:
            offset = dt.datetime.fromtimestamp(at, plain).utcoffset()
            assert offset is not None
            shift = int(offset.total_seconds())
            assert local.day_hour(at) == ((at + shift) // DAY, (at + shift) // HOUR * HOUR - shift)
            assert local.day(at) == day_number(dt.datetime.fromtimestamp(at, plain).date())

    @pytest.mark.parametrize("zone", ZONES)
    def test_midnight_is_the_first_second_of_the_day_in_every_zone(self, zone: str) -> None:
        local = LocalTime(zone)
        rng = random.Random(zone)
        for _ in range(6):
            day = rng.randrange(day_of("2012-01-01"), day_of("2037-01-01"))
            midnight = local.midnight(day)
            assert (local.day(midnight), local.day(midnight - 1)) == (day, day - 1)

    def test_a_doubled_or_skipped_midnight_still_has_one_first_second(self) -> None:
        for zone, day, midnight in (
            ("America/Sao_Paulo", "2018-11-04", "2018-11-04 01:00"),  # 00:00 was skipped
            ("America/Havana", "2025-11-02", "2025-11-02 00:00"),  # 00:00 came twice
            ("Asia/Beirut", "2024-03-31", "2024-03-31 01:00"),
        ):
            local = LocalTime(zone)
            found = local.midnight(day_of(day))
            assert local.text(found) == midnight
            assert local.day(found - 1) == day_of(day) - 1

    def test_an_old_offset_that_is_no_quarter_of_an_hour_is_right_too(self) -> None:
        local = LocalTime("Africa/Monrovia")  # 0:44:30 behind until 1972
        for at in range(instant("1971-06-01 00:00"), instant("1971-06-02 02:00"), 301):
            there = at - 2670
            assert local.day_hour(at) == (there // DAY, there // HOUR * HOUR + 2670)

    @pytest.mark.parametrize(
        "name", ["localtime", "posixrules", "right/UTC", "posix/Europe/Berlin", "Factory", "", "Mars"]
    )
    def test_zones_that_are_no_places_are_not_offered(self, name: str) -> None:
        assert name not in valid_zones()

    @pytest.mark.parametrize("alias", ["Asia/Calcutta", "US/Eastern", "Europe/Kiev", "UTC", "Asia/Tbilisi"])
    def test_legacy_aliases_are_offered(self, alias: str) -> None:
        assert alias in valid_zones()


# T-43: zone, a date, its hours as keys of their own, its length in minutes.
DAYS = (
    ("Europe/Berlin", "2026-03-29", 23, 23 * 60),
    ("Europe/Berlin", "2026-10-25", 25, 25 * 60),
    ("Europe/Berlin", "2026-06-01", 24, 24 * 60),
    ("Australia/Lord_Howe", "2025-10-05", 24, 23 * 60 + 30),  # 02:00 became 02:30
    ("Australia/Lord_Howe", "2026-04-05", 25, 24 * 60 + 30),  # 02:00 became 01:30
    ("Africa/Casablanca", "2026-02-15", 25, 25 * 60),  # Ramadan begins
    ("Africa/Casablanca", "2026-03-22", 23, 23 * 60),
    ("Pacific/Apia", "2011-12-29", 24, 24 * 60),
    ("Pacific/Apia", "2011-12-31", 24, 24 * 60),
)


@pytest.mark.parametrize(("zone", "date", "hours", "minutes"), DAYS)
async def test_the_hours_of_a_day_add_up_to_it_and_the_days_to_the_month(
    tmp_path: Path, zone: str, date: str, hours: int, minutes: int
) -> None:
    """A hit every ten minutes, of a visitor of its own, over the day and both days beside it."""
    day = day_of(date)
    local = LocalTime(zone)
    first = local.midnight(day)
    assert local.midnight(day + 1) - first == (minutes * 60 if date != "2011-12-29" else DAY)
    async with open_store(tmp_path, "normal", 30) as store:
        site = await store.catalog.add_site(Site(0, "s", "S", timezone=zone), first)
        hits = range(first - DAY, first + 2 * DAY, 600)
        await append(store, *(make(site, at, number) for number, at in enumerate(hits)), now=first)
        totals = {total.day: sums_of(total) for total in await store.reports.day_totals(site.key)}
        assert totals[day]["visits"] == minutes // 10
        for number, sums in totals.items():
            of_day = await store.reports.hour_totals(site.key, number)
            assert {name: sum(getattr(hour, name) for _, hour in of_day) for name in sums} == sums
        of_day = await store.reports.hour_totals(site.key, day)
        assert len({hour for hour, _ in of_day}) == hours
        book = Book()
        book.load(await store.reports.day_totals(), {})
        for metric in Metric:
            taken = take_snapshot(site, local, metric, book.tally(site.key, metric), 0, first + 2 * DAY - 600)
            total = sum(sums[metric.value] for sums in totals.values())
            assert taken.counts["all"].value == total == len(hits)
            months = ("this_month", "last_month")
            inside = sum(
                sums[metric.value] for number, sums in totals.items()
                if taken.counts["last_month"].start <= day_date(number) < taken.counts["this_month"].end
            )  # fmt: skip
            assert sum(taken.counts[month].value or 0 for month in months) == inside


async def test_the_date_that_apia_skipped_counts_nothing_and_is_yesterday_all_the_same(tmp_path: Path) -> None:
    """2011-12-30 was left out: the day before New Year's Eve counts 0, the week and the month count the others."""
    local = LocalTime("Pacific/Apia")
    eve = instant("2011-12-31 12:00", "Pacific/Apia")
    assert local.midnight(day_of("2011-12-30")) == local.midnight(day_of("2011-12-31"))
    async with open_store(tmp_path, "normal", 30) as store:
        site = await store.catalog.add_site(Site(0, "s", "S", timezone="Pacific/Apia"), eve)
        await append(store, *(make(site, at, at) for at in range(eve - 2 * DAY, eve, HOUR)), now=eve)
        book = Book()
        book.load(await store.reports.day_totals(), {})
        taken = take_snapshot(site, local, Metric.VISITS, book.tally(site.key, Metric.VISITS), 0, eve)
    value = {name: count.value for name, count in taken.counts.items()}
    assert (taken.counts["yesterday"].start, taken.counts["yesterday"].end) == (
        dt.date(2011, 12, 30),
        dt.date(2011, 12, 31),
    )
    assert value == {
        "today": 12, "yesterday": 0, "this_week": 48, "last_week": 0, "this_month": 48, "last_month": 0, "all": 48,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("zone", "day", "now", "then"),
    [
        ("Europe/Berlin", "2023-10-29", "2024-10-27T02:30:00+02:00", "2023-10-29T02:30:00+02:00"),
        ("Europe/Berlin", "2023-10-29", "2024-10-27T02:30:00+01:00", "2023-10-29T02:30:00+01:00"),  # the second, too
        ("Europe/Berlin", "2023-10-29", "2024-10-26T02:30:00+02:00", "2023-10-29T02:30:00+02:00"),
        ("Europe/Berlin", "2024-03-31", "2024-04-03T02:30:00+02:00", "2024-03-31T03:30:00+02:00"),
        ("Pacific/Apia", "2011-12-30", "2011-12-31T12:00:00+14:00", "2011-12-31T00:00:00+14:00"),  # there was no 30th
    ],
)
def test_the_same_time_of_another_day_is_what_its_clocks_showed(zone: str, day: str, now: str, then: str) -> None:
    at = int(dt.datetime.fromisoformat(now).timestamp())
    number = day_number(dt.date.fromisoformat(day))
    assert LocalTime(zone).same_time(number, at) == dt.datetime.fromisoformat(then).timestamp()
