"""Totals from memory: kept up to date by batches, checked before they are shown."""

from __future__ import annotations

import datetime as dt
import logging

import pytest

from counter.calendar.localtime import LocalTime, day_date
from counter.question import Count, DayTotal, HistoryDay, Metric
from counter.service.book import LINES, Book, Tally, checked, take_snapshot
from counter.site import Site
from tests.kit.events import DAY, NOON, TODAY

SITE = Site(1, "shop", "The shop", timezone="Asia/Tbilisi", start_count=1000)
OTHER = Site(2, "blog", "The blog")
LOCAL = LocalTime("Asia/Tbilisi")


def tally_of(days: dict[int, int]) -> Tally:
    tally = Tally()
    for day, count in days.items():
        tally.add(day, count)
    return tally


def values(tally: Tally, site: Site = SITE, now: float = NOON, page: str = "") -> dict[str, int | None]:
    taken = take_snapshot(site, LOCAL, Metric.VISITS, tally, 0, now, page)
    return {name: count.value for name, count in taken.counts.items()}


def counts_of(**value: int) -> dict[str, Count]:
    good = {"today": 1, "yesterday": 1, "this_week": 3, "last_week": 4, "this_month": 9, "last_month": 5, "all": 20}
    return {name: Count(count, None, day_date(0)) for name, count in (good | value).items()}


class TestSnapshots:
    def test_every_line_is_the_sum_of_its_local_days(self) -> None:
        """Thursday, 2024-11-21 in Tbilisi."""
        tally = tally_of({TODAY: 1, TODAY - 1: 10, TODAY - 4: 100, TODAY - 20: 1000, TODAY - 40: 10_000, 0: 100_000})
        assert values(tally) == {
            "today": 1, "yesterday": 10, "this_week": 11, "last_week": 100, "this_month": 1111, "last_month": 10_000,
            "all": 111_111 + 1000,
        }  # fmt: skip

    def test_the_sites_first_weekday_decides_what_a_week_is(self) -> None:
        tally = tally_of({TODAY - 4: 7})  # a Sunday
        sunday = Site(1, "shop", "The shop", first_weekday="sunday")
        assert (values(tally)["this_week"], values(tally, sunday)["this_week"]) == (0, 7)

    def test_start_count_is_added_to_all_and_to_nothing_else_and_never_to_a_page(self) -> None:
        tally = tally_of({TODAY: 5})
        assert values(tally) == dict.fromkeys(LINES, 5) | {"yesterday": 0, "last_week": 0, "last_month": 0, "all": 1005}
        assert values(tally, page="/prices")["all"] == 5
        taken = take_snapshot(SITE, LOCAL, Metric.VISITS, tally, 0, NOON, page="/prices", page_start=70)
        assert {name: count.value for name, count in taken.counts.items()} == values(tally, page="/prices") | {
            "all": 75
        }
        assert taken.start_count == 70

    def test_a_site_without_a_hit_shows_its_start_count(self) -> None:
        taken = take_snapshot(SITE, LOCAL, Metric.VISITS, Tally(), 0, NOON)
        assert [count.value for count in taken.counts.values()] == [0, 0, 0, 0, 0, 0, 1000]
        assert (taken.counts["all"].start, taken.counts["all"].end) == (None, dt.date(2024, 11, 22))
        assert taken.record_day is None

    def test_today_changes_at_local_midnight(self) -> None:
        midnight = LOCAL.midnight(TODAY + 1)
        tally = tally_of({TODAY: 5})
        assert (values(tally, now=midnight - 1)["today"], values(tally, now=midnight)["today"]) == (5, 0)
        assert values(tally, now=midnight)["yesterday"] == 5

    def test_the_edges_of_each_line_are_dates_and_the_last_is_not_inside(self) -> None:
        taken = take_snapshot(SITE, LOCAL, Metric.VISITS, tally_of({TODAY - 500: 1}), 3, NOON)
        edges = {name: (str(count.start), str(count.end)) for name, count in taken.counts.items()}
        assert edges == {
            "today": ("2024-11-21", "2024-11-22"), "yesterday": ("2024-11-20", "2024-11-21"),
            "this_week": ("2024-11-18", "2024-11-25"), "last_week": ("2024-11-11", "2024-11-18"),
            "this_month": ("2024-11-01", "2024-12-01"), "last_month": ("2024-10-01", "2024-11-01"),
            "all": (str(day_date(TODAY - 500)), "2024-11-22"),
        }  # fmt: skip
        assert (taken.local_time, taken.online, taken.generated_at) == ("2024-11-21 16:00", 3, NOON)

    @pytest.mark.parametrize(
        ("days", "record"),
        [
            ({}, None),
            ({5: 1}, (5, 1)),
            ({5: 3, 4: 3, 9: 3}, (4, 3)),  # a tie: the earlier one
            ({5: 3, 4: 2, 9: 4}, (9, 4)),
            ({5: 3, 6: 0}, (5, 3)),
            ({5: 0}, None),
        ],
    )
    def test_the_record_day_is_the_earlier_one_on_a_tie(
        self, days: dict[int, int], record: tuple[int, int] | None
    ) -> None:
        assert tally_of(days).record() == (record and (day_date(record[0]), record[1]))


class TestInvariants:
    @pytest.mark.parametrize(
        ("wrong", "hidden"),
        [
            ({}, set()),
            ({"today": 4}, {"today", "this_week"}),
            ({"today": 10, "this_week": 10}, {"today", "this_month"}),
            ({"this_week": 11, "last_week": 10}, {"this_week", "last_week"}),
            ({"this_month": 11, "last_month": 10}, {"this_month", "last_month"}),
            ({"last_month": 2_498_807}, {"this_month", "last_month"}),
            ({"yesterday": -1}, {"yesterday"}),
            ({"all": 1}, {"this_week", "last_week", "this_month", "last_month"}),
            ({"all": -3}, {"this_week", "last_week", "this_month", "last_month", "all"}),
        ],
    )
    def test_a_number_that_breaks_an_invariant_is_not_shown_and_logged(
        self, wrong: dict[str, int], hidden: set[str], caplog: pytest.LogCaptureFixture
    ) -> None:
        counts = counts_of(**wrong)
        with caplog.at_level(logging.ERROR):
            shown = checked(counts, 0, "shop")
        assert {name for name, count in shown.items() if count.value is None} == hidden
        assert {name: shown[name] for name in counts if name not in hidden} == {
            name: count for name, count in counts.items() if name not in hidden
        }
        assert [(record.levelname, record.site, set(record.lines)) for record in caplog.records] == (
            [("ERROR", "shop", hidden)] if hidden else []
        )

    def test_the_start_count_is_not_counted(self) -> None:
        counts = counts_of(all=1013)
        assert checked(counts, 1000, "shop")["this_month"].value is None  # 9 + 5 of 13
        assert checked(counts_of(all=1014), 1000, "shop")["this_month"].value == 9

    def test_the_edges_of_a_hidden_number_stay(self) -> None:
        counts = counts_of(today=99)
        assert checked(counts, 0, "shop")["today"] == Count(None, None, day_date(0))


class TestBook:
    def test_batches_and_history_add_up_by_metric_and_site(self) -> None:
        book = Book()
        book.load(
            [DayTotal(1, TODAY, pageviews=9, visits=4, visitors=3), DayTotal(2, TODAY, 1, 1, 1)],
            {1: [HistoryDay(TODAY, 100), HistoryDay(TODAY - 1, 50, 40, 90)]},
        )
        book.add([DayTotal(1, TODAY, pageviews=1, visits=1)])
        found = {metric.value: book.tally(1, metric).days for metric in Metric}
        assert found == {
            "visits": {TODAY: 105, TODAY - 1: 50}, "visitors": {TODAY: 3, TODAY - 1: 40},
            "pageviews": {TODAY: 10, TODAY - 1: 90},
        }  # fmt: skip
        assert book.tally(1, Metric.VISITS).total == 155
        assert book.tally(2, Metric.VISITS).days == {TODAY: 1}

    def test_loading_starts_anew(self) -> None:
        book = Book()
        for _ in range(2):
            book.load([DayTotal(1, TODAY, visits=4)], {1: [HistoryDay(TODAY, 1)]})
        assert book.tally(1, Metric.VISITS).total == 5

    def test_the_version_of_a_site_changes_with_its_numbers_and_no_others(self) -> None:
        book = Book()
        book.load([DayTotal(1, TODAY, visits=4), DayTotal(2, TODAY, visits=4)], {})
        before = book.version(1), book.version(2)
        book.add([DayTotal(1, TODAY, visits=1)])
        assert (book.version(1) != before[0], book.version(2)) == (True, before[1])
        history = book.version(2)
        book.load([], {2: [HistoryDay(1, 1)]})
        assert book.version(2) != history

    def test_all_is_a_sum_of_its_own_and_goes_back_to_the_first_day(self) -> None:
        tally = tally_of({TODAY: 5, TODAY - 9000: 2})
        assert (tally.total, tally.first()) == (7, day_date(TODAY - 9000))
        assert values(tally, OTHER)["all"] == 7

    def test_a_day_of_ten_years_ago_counts_in_all_only(self) -> None:
        shown = values(tally_of({TODAY - 3650: 8}))
        assert {name for name, count in shown.items() if count} == {"all"}
        assert values(tally_of({TODAY - 3650: 8}), now=NOON - 3650 * DAY)["today"] == 8
