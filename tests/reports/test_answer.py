"""Periods of reports, what they are compared with, and the rates beside counts."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

import pytest

from counter.calendar.localtime import day_date
from counter.calendar.periods import NAMES, Compare, Period, compared_period, dated_period, named_period
from counter.calendar.series import default_bucket
from counter.errors import BadInput
from counter.question import VISIT_DIMENSIONS, Bucket, By, Dimension, Filter, Operator, Question, Report, Sums
from counter.reports.answer import ROW_METRICS, ReportQuery, metrics, rate, read_answer
from counter.site import Site
from tests.kit.events import day_of, instant

THURSDAY = "2024-11-21"
NOW = instant(f"{THURSDAY} 12:00")
MONDAY, SUNDAY = 0, 6


def shown(period: Period) -> str:
    return f"{day_date(period.start)} {day_date(period.end - 1)}"


def days(first: str, last: str) -> Period:
    return dated_period(dt.date.fromisoformat(first), dt.date.fromisoformat(last))


@pytest.mark.parametrize(
    ("name", "today", "first_weekday", "expected"),
    [
        ("today", THURSDAY, MONDAY, "2024-11-21 2024-11-21"),
        ("yesterday", THURSDAY, MONDAY, "2024-11-20 2024-11-20"),
        ("this_week", THURSDAY, MONDAY, "2024-11-18 2024-11-24"),
        ("this_week", THURSDAY, SUNDAY, "2024-11-17 2024-11-23"),
        ("last_week", THURSDAY, MONDAY, "2024-11-11 2024-11-17"),
        ("last_week", "2021-01-05", MONDAY, "2020-12-28 2021-01-03"),  # ISO week 53
        ("this_month", "2024-02-29", MONDAY, "2024-02-01 2024-02-29"),
        ("last_month", "2024-03-31", MONDAY, "2024-02-01 2024-02-29"),
        ("7d", THURSDAY, MONDAY, "2024-11-15 2024-11-21"),
        ("28d", "2024-03-01", MONDAY, "2024-02-03 2024-03-01"),
        ("12m", THURSDAY, MONDAY, "2023-12-01 2024-11-21"),
        ("12m", "2024-12-31", MONDAY, "2024-01-01 2024-12-31"),
        ("year", "2024-02-29", MONDAY, "2024-01-01 2024-12-31"),
        ("last_year", "2024-02-29", MONDAY, "2023-01-01 2023-12-31"),
        ("all", THURSDAY, MONDAY, "2012-01-01 2024-11-21"),
    ],
)
def test_a_named_period_is_two_local_days(name: str, today: str, first_weekday: int, expected: str) -> None:
    counted = (day_of("2012-01-01"), day_of("2024-11-20"))
    assert shown(named_period(name, day_of(today), first_weekday, counted)) == expected


def test_all_days_hold_today_even_when_nothing_is_counted_and_days_ahead_when_something_is() -> None:
    today = day_of(THURSDAY)
    assert named_period("all", today, MONDAY, None) == Period(today, today + 1)
    assert named_period("all", today, MONDAY, (today + 1, today + 1)) == Period(today, today + 2)


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("today", ["1980-01-01", "2024-02-29", "2024-12-31", "9998-12-31"])
def test_every_name_is_a_period_on_every_day(name: str, today: str) -> None:
    period = named_period(name, day_of(today), SUNDAY, None)
    assert period.start < period.end


@pytest.mark.parametrize(
    ("first", "last", "message"),
    [
        ("2024-11-22", "2024-11-21", "from is 2024-11-22, which is after 2024-11-21"),
        ("1969-12-31", "2024-11-21", "from is 1969-12-31, it may lie between 1970-01-01 and 9998-12-31"),
        ("2024-11-21", "9999-12-31", "to is 9999-12-31"),
    ],
)
def test_two_dates_that_are_no_period_are_refused(first: str, last: str, message: str) -> None:
    """T-45"""
    with pytest.raises(BadInput, match=message):
        days(first, last)


@pytest.mark.parametrize(
    ("first", "last", "compare", "expected"),
    [
        ("2024-11-01", "2024-11-07", Compare.PREVIOUS, "2024-10-25 2024-10-31"),
        ("2024-10-01", "2024-10-31", Compare.PREVIOUS, "2024-09-01 2024-09-30"),
        ("2024-01-01", "2024-03-31", Compare.PREVIOUS, "2023-10-01 2023-12-31"),
        ("2023-01-01", "2023-12-31", Compare.PREVIOUS, "2022-01-01 2022-12-31"),
        ("2024-11-21", "2024-11-21", Compare.PREVIOUS, "2024-11-20 2024-11-20"),
        ("2024-11-18", "2024-11-24", Compare.PREVIOUS, "2024-11-11 2024-11-14"),  # four days of it have begun
        ("2024-11-01", "2024-11-30", Compare.PREVIOUS, "2024-10-01 2024-10-21"),
        ("2024-01-01", "2024-12-31", Compare.LAST_YEAR, "2023-01-01 2023-11-22"),  # 326 days of each
        ("2024-10-01", "2024-10-31", Compare.LAST_YEAR, "2023-10-01 2023-10-31"),
        ("2024-02-29", "2024-02-29", Compare.LAST_YEAR, "2023-02-28 2023-02-28"),
        ("2024-02-01", "2024-02-29", Compare.LAST_YEAR, "2023-02-01 2023-02-28"),
        ("2023-02-28", "2023-03-01", Compare.LAST_YEAR, "2022-02-28 2022-03-01"),
    ],
)
def test_a_period_is_compared_with_as_much_before_it(first: str, last: str, compare: Compare, expected: str) -> None:
    assert shown(compared_period(days(first, last), compare, day_of(THURSDAY))) == expected


@pytest.mark.parametrize("compare", Compare)
def test_nothing_is_compared_with_days_before_1970(compare: Compare) -> None:
    with pytest.raises(BadInput, match="1970-01-01"):
        compared_period(days("1970-01-01", "1970-01-31"), compare, day_of(THURSDAY))


@pytest.mark.parametrize(
    ("first", "last", "bucket"),
    [
        ("2024-11-21", "2024-11-21", Bucket.HOUR),
        ("2024-11-20", "2024-11-21", Bucket.HOUR),
        ("2024-11-15", "2024-11-21", Bucket.DAY),
        ("2024-10-01", "2024-10-31", Bucket.DAY),
        ("2024-01-01", "2024-12-31", Bucket.MONTH),
    ],
)
def test_a_period_is_drawn_in_what_suits_its_length(first: str, last: str, bucket: Bucket) -> None:
    assert default_bucket(days(first, last)) == bucket


def test_rates_stand_beside_counts_and_are_nothing_without_visits() -> None:
    sums = Sums(pageviews=10, visits=3, visitors=2, bounces=1, seconds=100, events=4, engaged=50)
    assert metrics(sums) == {
        "visitors": 2, "visits": 3, "pageviews": 10, "events": 4, "engaged": 50, "bounce_rate": 33.3,
        "visit_duration": 33, "views_per_visit": 3.3,
    }  # fmt: skip
    none = metrics(Sums(pageviews=2))
    assert (none["bounce_rate"], none["visit_duration"], none["views_per_visit"]) == (None, None, None)
    assert (rate(0, 5), rate(1, 3), rate(5, 0)) == (0.0, 33.3, None)


def test_every_dimension_says_what_its_rows_can_tell() -> None:
    assert set(ROW_METRICS) == set(Dimension) - {Dimension.TITLE}
    assert all("bounce_rate" in ROW_METRICS[dimension] for dimension in VISIT_DIMENSIONS)


async def test_weekdays_and_hours_are_asked_of_the_period_itself_alone() -> None:
    reports = FakeReports()
    asked = ReportQuery(days("2024-11-15", "2024-11-21"), (GOAL,), compare=Compare.PREVIOUS, week_hours=True)
    await read_answer(reports, SITE, asked, day_of(THURSDAY), NOW)  # type: ignore[arg-type]
    assert [[one.week_hours for one in together] for together in reports.asked] == [[True, *[False] * 7]]


class FakeReports:
    """Answers every question with the number of its filters, and remembers what was asked together."""

    def __init__(self) -> None:
        self.asked: list[list[Question]] = []

    async def report(self, questions: Sequence[Question]) -> list[Report]:
        self.asked.append(list(questions))
        return [Report(one, Sums(visitors=8 // 2 ** len(one.filters))) for one in questions]


GOAL = Filter(Dimension.GOAL, Operator.IS, ("signup",))
PAGE = Filter(Dimension.PAGE, Operator.IS, ("/",))
SITE = Site(3, "shop", "Shop", first_weekday="sunday")


async def test_a_comparison_and_what_conversion_rates_are_shares_of_are_asked_in_one_snapshot() -> None:
    reports = FakeReports()
    asked = ReportQuery(
        days("2024-11-15", "2024-11-21"), (GOAL, PAGE), Bucket.WEEK, (By(Dimension.PAGE),), Compare.PREVIOUS
    )
    answer = await read_answer(reports, SITE, asked, day_of(THURSDAY), NOW)  # type: ignore[arg-type]
    [together] = reports.asked
    assert [(one.end - one.start, len(one.filters), len(one.breakdowns)) for one in together] == [
        (7, 2, 1), (7, 2, 0), (1, 2, 0), (1, 2, 0), (7, 1, 0), (7, 1, 0), (1, 1, 0), (1, 1, 0),
    ]  # fmt: skip
    assert {one.first_weekday for one in together} == {SUNDAY}
    assert (answer.base, answer.compared_base) == (4, 4)
    assert answer.conversion_rate(answer.report.totals.visitors) == 50.0


class DaysOfTen(FakeReports):
    """Ten visitors a day, six of them before any moment; raw rows of some days are gone where they are asked for."""

    async def report(self, questions: Sequence[Question]) -> list[Report]:
        self.asked.append(list(questions))
        return [
            Report(one, Sums(visitors=10 * (one.end - one.start) - 4 * (one.before is not None)),
                   incomplete_days=(one.start,) if one.before is not None else ())
            for one in questions
        ]  # fmt: skip


@pytest.mark.parametrize(
    ("first", "last", "compare", "visitors", "last_day"),
    [
        (THURSDAY, THURSDAY, Compare.PREVIOUS, 6, "2024-11-20"),
        (THURSDAY, THURSDAY, Compare.LAST_YEAR, 6, "2023-11-21"),
        ("2024-11-15", THURSDAY, Compare.PREVIOUS, 66, "2024-11-14"),
        ("2024-11-01", "2024-11-30", Compare.PREVIOUS, 206, "2024-10-21"),  # this month
        ("2024-11-21", "2024-11-27", Compare.PREVIOUS, 6, "2024-11-14"),
    ],
)
async def test_a_period_that_is_not_over_is_compared_up_to_the_same_time(
    first: str, last: str, compare: Compare, visitors: int, last_day: str
) -> None:
    reports = DaysOfTen()
    asked = ReportQuery(days(first, last), (GOAL,), Bucket.DAY, compare=compare)
    answer = await read_answer(reports, SITE, asked, day_of(THURSDAY), NOW)  # type: ignore[arg-type]
    assert answer.compared is not None
    assert answer.compared_totals == Sums(visitors=visitors)
    assert answer.compared_base == visitors
    assert answer.until == instant(f"{last_day} 12:00")
    assert answer.compared.totals.visitors == visitors + 4  # of whole days, as the series
    assert answer.compared.incomplete_days == (day_of(last_day),)
    assert [one.bucket for one in reports.asked[0]] == [Bucket.DAY, Bucket.DAY, *[None] * 6]


@pytest.mark.parametrize(
    ("first", "last"), [("2024-11-14", "2024-11-20"), ("2024-11-22", "2024-11-23"), ("2024-10-01", "2024-10-31")]
)
async def test_a_period_without_today_is_compared_with_whole_days(first: str, last: str) -> None:
    reports = DaysOfTen()
    asked = ReportQuery(days(first, last), compare=Compare.PREVIOUS)
    answer = await read_answer(reports, SITE, asked, day_of(THURSDAY), NOW)  # type: ignore[arg-type]
    assert answer.compared is not None
    assert answer.until is None
    assert answer.compared_totals == answer.compared.totals
    assert [one.before for one in reports.asked[0]] == [None, None]


@pytest.mark.parametrize(
    ("zone", "now", "week", "until"),
    [
        ("Europe/Berlin", "2024-03-31T12:00:00+02:00", False, "2024-03-30T12:00:00+01:00"),
        ("Europe/Berlin", "2024-04-01T02:30:00+02:00", False, "2024-03-31T03:30:00+02:00"),  # there was no 2:30
        ("Europe/Berlin", "2024-10-27T02:30:00+01:00", False, "2024-10-26T02:30:00+02:00"),
        ("Europe/Berlin", "2024-10-28T02:30:00+01:00", False, "2024-10-27T02:30:00+02:00"),  # the first of two
        ("Europe/Berlin", "2024-11-03T15:11:07+01:00", True, "2024-10-27T15:11:07+01:00"),
        ("Europe/Berlin", "2024-11-02T15:11:07+01:00", True, "2024-10-26T15:11:07+02:00"),
        ("Asia/Kolkata", "2024-11-21T00:00:00+05:30", False, "2024-11-20T00:00:00+05:30"),
    ],
)
async def test_the_same_time_is_what_the_clocks_of_the_site_show(zone: str, now: str, week: bool, until: str) -> None:
    at = dt.datetime.fromisoformat(now)
    today = day_of(str(at.date()))
    period = named_period("this_week" if week else "today", today, MONDAY, None)
    asked, site = ReportQuery(period, compare=Compare.PREVIOUS), Site(3, "shop", "Shop", timezone=zone)
    answer = await read_answer(DaysOfTen(), site, asked, today, int(at.timestamp()))  # type: ignore[arg-type]
    assert answer.until == dt.datetime.fromisoformat(until).timestamp()


async def test_without_goals_only_the_question_itself_is_asked() -> None:
    reports = FakeReports()
    asked = ReportQuery(days("2024-11-15", "2024-11-21"), (PAGE,), None, (By(Dimension.PAGE),))
    answer = await read_answer(reports, SITE, asked, day_of(THURSDAY), NOW)  # type: ignore[arg-type]
    assert [len(together) for together in reports.asked] == [1]
    assert (answer.compared, answer.base) == (None, None)


@pytest.mark.parametrize(
    ("first", "last", "bucket", "fine"),
    [
        ("1990-01-01", "2017-05-18", Bucket.DAY, False),
        ("1990-01-01", "2017-05-18", Bucket.WEEK, True),
        ("1990-01-01", "2017-05-18", Bucket.MONTH, True),
        ("1990-01-01", "2017-05-18", None, True),
        ("1970-01-01", "9998-12-31", Bucket.MONTH, False),
    ],
)
async def test_a_series_has_as_many_points_as_can_be_read(first: str, last: str, bucket: Bucket, fine: bool) -> None:
    """T-45"""
    asked = ReportQuery(days(first, last), bucket=bucket)
    if fine:
        await read_answer(FakeReports(), SITE, asked, day_of(THURSDAY), NOW)  # type: ignore[arg-type]
    else:
        with pytest.raises(BadInput, match="ask for a longer bucket or a shorter period"):
            await read_answer(FakeReports(), SITE, asked, day_of(THURSDAY), NOW)  # type: ignore[arg-type]
