"""What every engine must answer to a Question: readable cases; `test_report_property.py` has the random ones."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager
from pathlib import Path
from typing import Any

import msgspec
import pytest

from counter.errors import BadInput, StoreError, TooExpensive, UnknownSite
from counter.event import Client, Event, Origin, Place
from counter.question import (
    VISIT_DIMENSIONS,
    Bucket,
    By,
    Dimension,
    Filter,
    Operator,
    Order,
    Question,
    Report,
    Sums,
)
from counter.site import Goal, GoalKind, Site
from counter.store.open import Store, open_reports, open_store
from counter.store.protocols import Batch
from counter.store.sqlite.sql import statement
from tests.kit.events import DAY, HOUR, NOON, TODAY, append, counted, custom, engaged, instant, make, read

ENGINES = {"sqlite": open_store}
Open = Callable[[], AbstractAsyncContextManager[Store]]

GEORGIA = {"place": Place("GE"), "client": Client("Firefox", system="Linux"), "origin": Origin(source="Wiki")}
GERMANY = {"place": Place("DE"), "client": Client("Chrome", system="Linux"), "origin": Origin(source="News")}
ALL_DIMENSIONS = tuple(dimension for dimension in Dimension if dimension != Dimension.TITLE)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "data"


@pytest.fixture(params=ENGINES.values(), ids=ENGINES.keys())
async def store(request: pytest.FixtureRequest, folder: Path) -> AsyncIterator[Store]:
    async with request.param(folder, "normal", 30) as opened:
        yield opened


@pytest.fixture
async def site(store: Store) -> Site:
    return await store.catalog.add_site(Site(0, "shop", "The shop", timezone="UTC"), NOON)


def some_hits(site: Site) -> list[Event]:
    """Three visitors, four visits, two days.

    Visitor 1 from Georgia reads / and /blog, signs up, and comes back hours later from Germany; visitor 2 from Germany
    sees / only; visitor 3 is unknown, and here the day after.
    """
    return [
        make(site, NOON, 1, "/", hit_id="a", **GEORGIA),
        make(site, NOON + 60, 1, "/blog", hit_id="b"),
        custom(site, NOON + 90, 1, "/blog", "signup", props='{"plan":"Pro","seats":"5"}'),
        make(site, NOON + 5, 2, "/", **GERMANY),
        make(site, NOON + 4 * HOUR, 1, "/blog", **GERMANY),
        make(site, NOON + DAY, 3, "/"),
        engaged(site, NOON + 200, "b", 100, 1),
    ]


async def ask(store: Store, site: Site, *filters: Filter, start: int = TODAY, end: int = TODAY + 2,
              **more: Any) -> Report:  # fmt: skip
    """One report; without filters the raw rows must say the same."""
    question = Question(site.key, start, end, filters, **more)
    [report] = await store.reports.report([question])
    assert [report] == await store.reports.report([question], raw=True)
    return report


async def rows(store: Store, site: Site, by: By | Dimension, *filters: Filter) -> dict[str, dict[str, int]]:
    """A breakdown by value: what is not zero."""
    by = by if isinstance(by, By) else By(by)
    report = await ask(store, site, *filters, breakdowns=(by,))
    return {row.value: shown(row.sums) for row in report.breakdowns[0].rows}


def shown(sums: Sums) -> dict[str, int]:
    return {name: number for name, number in msgspec.structs.asdict(sums).items() if number}


def is_(dimension: Dimension, *values: str, key: str = "") -> Filter:
    return Filter(dimension, Operator.IS, values, key)


def is_not(dimension: Dimension, *values: str, key: str = "") -> Filter:
    return Filter(dimension, Operator.IS_NOT, values, key)


def contains(dimension: Dimension, *values: str, key: str = "") -> Filter:
    return Filter(dimension, Operator.CONTAINS, values, key)


class TestTotals:
    async def test_a_report_without_filters_is_what_is_counted(self, store: Store, site: Site) -> None:
        await counted(store, *some_hits(site))
        report = await ask(store, site)
        assert report.totals == Sums(
            pageviews=5, visits=4, visitors=3, bounces=3, seconds=160, events=1, engaged=100
        )  # fmt: skip

    async def test_it_is_the_same_before_and_after_the_tail_is_folded(self, store: Store, site: Site) -> None:
        await counted(store, *some_hits(site)[:4])
        await store.fold()
        await counted(store, *some_hits(site)[4:])
        everything = tuple(By(dimension, "plan") for dimension in ALL_DIMENSIONS)
        before = await ask(store, site, bucket=Bucket.HOUR, breakdowns=everything)
        await store.fold()
        assert await ask(store, site, bucket=Bucket.HOUR, breakdowns=everything) == before

    async def test_several_questions_are_answered_in_their_order(self, store: Store, site: Site) -> None:
        await counted(store, *some_hits(site))
        questions = [
            Question(site.key, TODAY, TODAY + 1), Question(site.key, TODAY + 1, TODAY + 2),
            Question(site.key, TODAY, TODAY + 2, (is_(Dimension.PAGE, "/blog"),)), Question(site.key, TODAY - 5, TODAY),
        ]  # fmt: skip
        reports = await store.reports.report(questions)
        assert [report.question for report in reports] == questions
        assert [report.totals.visits for report in reports] == [3, 1, 2, 0]

    async def test_sites_do_not_see_each_other(self, store: Store, site: Site) -> None:
        other = await store.catalog.add_site(Site(0, "other", "Other"), NOON)
        await counted(store, *some_hits(site), make(other, NOON, 1, "/blog", **GEORGIA))
        assert (await ask(store, other, is_(Dimension.COUNTRY, "GE"))).totals.pageviews == 1
        assert (await ask(store, other, is_(Dimension.PAGE, "/"))).totals == Sums()

    async def test_a_site_that_is_not_there_is_an_error(self, store: Store, site: Site) -> None:
        with pytest.raises(UnknownSite, match="99"):
            await store.reports.report([Question(99, TODAY, TODAY + 1)])


class TestFilters:
    @pytest.mark.parametrize(
        ("filters", "expected"),
        [
            ((is_(Dimension.COUNTRY, "GE"),), (2, 1, 1, 1)),
            ((is_(Dimension.COUNTRY, "GE", "DE"),), (4, 1, 3, 2)),
            ((is_not(Dimension.COUNTRY, "GE"),), (3, 0, 3, 3)),
            ((is_not(Dimension.COUNTRY, "GE", "DE"),), (1, 0, 1, 1)),
            ((is_(Dimension.COUNTRY, "Unknown"),), (1, 0, 1, 1)),
            ((contains(Dimension.COUNTRY, "unk"),), (1, 0, 1, 1)),
            ((contains(Dimension.BROWSER, "FIRE"),), (2, 1, 1, 1)),
            ((contains(Dimension.BROWSER, "e"), is_(Dimension.SYSTEM, "Linux")), (4, 1, 3, 2)),
            ((is_(Dimension.BROWSER, "Firefox"), is_(Dimension.COUNTRY, "DE")), (0, 0, 0, 0)),
            ((is_(Dimension.SOURCE, "Wiki"),), (2, 1, 1, 1)),
            ((is_(Dimension.ENTRY_PAGE, "/"),), (4, 1, 3, 3)),
            ((is_(Dimension.EXIT_PAGE, "/blog"),), (3, 1, 2, 1)),
            ((is_not(Dimension.EXIT_PAGE, "/blog"),), (2, 0, 2, 2)),
            ((is_(Dimension.PAGE, "/"),), (3, 0, 3, 3)),
            ((is_(Dimension.PAGE, "/blog"),), (2, 1, 2, 1)),
            ((is_not(Dimension.PAGE, "/blog"),), (3, 0, 3, 3)),
            ((contains(Dimension.PAGE, "/", "nothing"),), (5, 1, 4, 3)),
            ((contains(Dimension.PAGE, "%"),), (0, 0, 0, 0)),
            ((contains(Dimension.PAGE, "_"),), (0, 0, 0, 0)),
            ((is_(Dimension.EVENT, "signup"),), (0, 1, 1, 1)),
            ((is_(Dimension.EVENT, "pageview"),), (5, 0, 4, 3)),
            ((is_not(Dimension.EVENT, "pageview"),), (0, 1, 1, 1)),
            ((is_(Dimension.PROPERTY, "Pro", key="plan"),), (0, 1, 1, 1)),
            ((is_(Dimension.PROPERTY, "pro", key="plan"),), (0, 0, 0, 0)),
            ((contains(Dimension.PROPERTY, "pro", key="plan"),), (0, 1, 1, 1)),
            ((is_(Dimension.PROPERTY, "Pro", key="seats"),), (0, 0, 0, 0)),
            ((is_not(Dimension.PROPERTY, "Pro", key="plan"),), (5, 0, 4, 3)),
            ((is_not(Dimension.PROPERTY, "Basic", key="plan"),), (5, 1, 4, 3)),
            ((is_(Dimension.PROPERTY_KEY, "plan"),), (0, 1, 1, 1)),
            ((is_not(Dimension.PROPERTY_KEY, "plan"),), (5, 0, 4, 3)),
            ((contains(Dimension.PROPERTY_KEY, "SEA"),), (0, 1, 1, 1)),
            ((is_(Dimension.PAGE, "/blog"), is_(Dimension.COUNTRY, "DE")), (1, 0, 1, 1)),
            ((is_(Dimension.PAGE, "/blog"), is_(Dimension.PAGE, "/")), (0, 0, 0, 0)),
            ((is_(Dimension.COUNTRY, "Atlantis"),), (0, 0, 0, 0)),
            ((is_not(Dimension.COUNTRY, "Atlantis"),), (5, 1, 4, 3)),
            ((is_(Dimension.PAGE, "'; drop table event; --"),), (0, 0, 0, 0)),
        ],
    )  # fmt: skip
    async def test_a_filter_lets_pass_what_it_says(
        self, store: Store, site: Site, filters: tuple[Filter, ...], expected: tuple[int, ...]
    ) -> None:
        await counted(store, *some_hits(site))
        sums = (await ask(store, site, *filters)).totals
        assert (sums.pageviews, sums.events, sums.visits, sums.visitors) == expected

    async def test_bounces_and_seconds_are_those_of_the_visits_as_a_whole(self, store: Store, site: Site) -> None:
        await counted(store, *some_hits(site))
        sums = (await ask(store, site, is_(Dimension.PAGE, "/"))).totals
        assert (sums.visits, sums.bounces, sums.seconds) == (3, 2, 160)
        assert (await ask(store, site, is_(Dimension.EVENT, "signup"))).totals == Sums(
            visits=1, visitors=1, events=1, seconds=160
        )

    async def test_engaged_time_goes_with_its_page_view(self, store: Store, site: Site) -> None:
        await counted(store, *some_hits(site))
        engaged_s = {
            one: (await ask(store, site, one)).totals.engaged
            for one in (
                is_(Dimension.PAGE, "/"), is_(Dimension.PAGE, "/blog"), is_(Dimension.EVENT, "pageview"),
                is_(Dimension.EVENT, "signup"), is_not(Dimension.PROPERTY_KEY, "plan"),
            )
        }  # fmt: skip
        assert list(engaged_s.values()) == [0, 100, 100, 0, 100]

    async def test_a_filter_on_properties_asks_the_page_view_of_engaged_time(self, store: Store, site: Site) -> None:
        view = make(site, NOON, 1, "/", hit_id="v", props='{"ab":"left"}')
        await counted(store, view, engaged(site, NOON + 50, "v", 20))
        assert (await ask(store, site, is_(Dimension.PROPERTY, "left", key="ab"))).totals.engaged == 20
        assert (await ask(store, site, is_(Dimension.PROPERTY, "right", key="ab"))).totals == Sums()

    async def test_of_two_views_of_a_page_the_second_can_match_alone(self, store: Store, site: Site) -> None:
        """It is the first view of the page that matches, although not the first of the page."""
        second = make(site, NOON + 9, 1, "/", props='{"ab":"left"}')
        await counted(store, make(site, NOON, 1, "/"), second)
        assert await rows(store, site, Dimension.PAGE, is_(Dimension.PROPERTY, "left", key="ab")) == {
            "/": {"pageviews": 1, "visits": 1, "visitors": 1}
        }

    async def test_a_value_that_reads_unknown_is_unknown(self, store: Store, site: Site) -> None:
        await counted(
            store, make(site, NOON, 1, origin=Origin(utm_source="Unknown")), make(site, NOON, 2),
            make(site, NOON, 3, origin=Origin(utm_source="mail")),
        )  # fmt: skip
        assert (await ask(store, site, is_(Dimension.UTM_SOURCE, "Unknown"))).totals.visits == 2
        assert {value: row["visits"] for value, row in (await rows(store, site, Dimension.UTM_SOURCE)).items()} == {
            "Unknown": 2, "mail": 1,
        }  # fmt: skip


class TestVisitors:
    async def test_a_visitor_of_several_matching_visits_is_one(self, store: Store, site: Site) -> None:
        await counted(store, *some_hits(site))
        assert (await ask(store, site, is_(Dimension.PAGE, "/blog"))).totals.visitors == 1
        assert (await rows(store, site, Dimension.PAGE))["/blog"]["visitors"] == 1

    async def test_in_a_series_it_counts_with_its_first_matching_visit(self, store: Store, site: Site) -> None:
        await counted(store, *some_hits(site))
        for filters, hour in (((is_(Dimension.PAGE, "/blog"),), 0), ((is_(Dimension.COUNTRY, "DE"),), 0)):
            report = await ask(store, site, *filters, end=TODAY + 1, bucket=Bucket.HOUR)
            visitors = {point.start: point.sums.visitors for point in report.series if point.sums.visitors}
            assert min(visitors) == NOON + hour * HOUR
            assert sum(visitors.values()) == report.totals.visitors

    async def test_of_a_visitor_whose_first_visit_does_not_match_the_next_one_counts(
        self, store: Store, site: Site
    ) -> None:
        await counted(store, make(site, NOON, 1, "/", **GEORGIA), make(site, NOON + 4 * HOUR, 1, "/", **GERMANY))
        report = await ask(store, site, is_(Dimension.COUNTRY, "DE"), end=TODAY + 1, bucket=Bucket.HOUR)
        assert [(point.start, point.sums.visitors) for point in report.series if point.sums.visits] == [
            (NOON + 4 * HOUR, 1)
        ]


class TestSeries:
    @pytest.mark.parametrize(
        ("bucket", "first", "last", "weekday", "expected"),
        [
            (Bucket.DAY, "2024-02-27", "2024-03-01", 0, ["02-27", "02-28", "02-29", "03-01"]),
            (Bucket.WEEK, "2024-02-27", "2024-03-12", 0, ["02-27", "03-04", "03-11"]),  # 27 February is a Tuesday
            (Bucket.WEEK, "2024-02-27", "2024-03-12", 6, ["02-27", "03-03", "03-10"]),
            (Bucket.WEEK, "2024-02-26", "2024-03-03", 0, ["02-26"]),
            (Bucket.MONTH, "2024-01-31", "2024-03-01", 0, ["01-31", "02-01", "03-01"]),
        ],
    )
    async def test_every_bucket_is_there_and_the_first_begins_with_the_period(
        self, store: Store, site: Site, bucket: Bucket, first: str, last: str, weekday: int, expected: list[str]
    ) -> None:
        start, end = (instant(f"{date} 00:00") // DAY for date in (first, last))
        await counted(store, make(site, start * DAY + HOUR), make(site, end * DAY + HOUR))
        report = await ask(store, site, start=start, end=end + 1, bucket=bucket, first_weekday=weekday)
        starts = [time.strftime("%m-%d", time.gmtime(point.start * DAY)) for point in report.series]
        assert starts == expected
        assert sum(point.sums.visits for point in report.series) == report.totals.visits == 2

    @pytest.mark.parametrize(
        ("zone", "date", "hours"),
        [
            ("Europe/Berlin", "2026-03-29", 23), ("Europe/Berlin", "2026-10-25", 25),
            ("Asia/Tbilisi", "2024-11-21", 24), ("Pacific/Apia", "2011-12-30", 0), ("Asia/Kathmandu", "2024-11-21", 24),
        ],
    )  # fmt: skip
    async def test_a_day_has_as_many_hours_as_it_had(self, store: Store, zone: str, date: str, hours: int) -> None:
        """T-43"""
        site = await store.catalog.add_site(Site(0, "far", "Far", timezone=zone), NOON)
        day = instant(f"{date} 00:00") // DAY
        report = await ask(store, site, start=day, end=day + 1, bucket=Bucket.HOUR)
        assert len(report.series) == hours
        assert all(
            later.start - one.start == HOUR for one, later in zip(report.series, report.series[1:], strict=False)
        )

    async def test_hours_are_shown_for_31_days_at_most(self, store: Store, site: Site) -> None:
        assert len((await ask(store, site, end=TODAY + 31, bucket=Bucket.HOUR)).series) == 31 * 24
        with pytest.raises(BadInput, match="at most 31 days, and this period has 32"):
            await ask(store, site, end=TODAY + 32, bucket=Bucket.HOUR)


class TestBreakdowns:
    @pytest.mark.parametrize(
        ("by", "expected"),
        [
            (Dimension.PAGE, {
                "/": {"pageviews": 3, "visits": 3, "visitors": 3},
                "/blog": {"pageviews": 2, "visits": 2, "visitors": 1, "events": 1, "engaged": 100},
            }),
            (Dimension.ENTRY_PAGE, {
                "/": {"pageviews": 4, "visits": 3, "visitors": 3, "bounces": 2, "seconds": 160, "events": 1,
                      "engaged": 100},
                "/blog": {"pageviews": 1, "visits": 1, "visitors": 1, "bounces": 1},
            }),
            (Dimension.EXIT_PAGE, {"/": {"visits": 2}, "/blog": {"visits": 2}}),
            (Dimension.EVENT, {"signup": {"visits": 1, "visitors": 1, "events": 1}}),
            (Dimension.COUNTRY, {
                "DE": {"pageviews": 2, "visits": 2, "visitors": 2, "bounces": 2},
                "GE": {"pageviews": 2, "visits": 1, "visitors": 1, "seconds": 160, "events": 1, "engaged": 100},
                "Unknown": {"pageviews": 1, "visits": 1, "visitors": 1, "bounces": 1},
            }),
            (By(Dimension.PROPERTY, "plan"), {"Pro": {"visits": 1, "visitors": 1, "events": 1}}),
            (By(Dimension.PROPERTY, "colour"), {}),
            (Dimension.PROPERTY_KEY, {
                "plan": {"visits": 1, "visitors": 1, "events": 1}, "seats": {"visits": 1, "visitors": 1, "events": 1},
            }),
        ],
    )  # fmt: skip
    async def test_rows_say_what_each_value_adds_up_to(
        self, store: Store, site: Site, by: By | Dimension, expected: dict[str, Any]
    ) -> None:
        await counted(store, *some_hits(site))
        assert await rows(store, site, by) == expected

    async def test_a_filter_narrows_every_breakdown(self, store: Store, site: Site) -> None:
        await counted(store, *some_hits(site))
        german = is_(Dimension.COUNTRY, "DE")
        assert list(await rows(store, site, Dimension.PAGE, german)) == ["/", "/blog"]
        assert list(await rows(store, site, Dimension.COUNTRY, german)) == ["DE"]
        assert await rows(store, site, Dimension.EXIT_PAGE, is_(Dimension.EVENT, "signup")) == {"/blog": {"visits": 1}}

    async def test_rows_are_sorted_searched_and_cut_and_all_are_counted(self, store: Store, site: Site) -> None:
        hits = [
            make(site, NOON + who, who, f"/{'Ab' if page % 2 else 'c'}{page}")
            for page in range(6) for who in range(10 * page, 10 * page + page + 1)
        ]  # fmt: skip
        await counted(store, *hits)

        async def values(**more: Any) -> tuple[list[str], int]:
            report = await ask(store, site, breakdowns=(By(Dimension.PAGE, **more),))
            return [row.value for row in report.breakdowns[0].rows], report.breakdowns[0].total_rows

        assert await values() == (["/Ab5", "/c4", "/Ab3", "/c2", "/Ab1", "/c0"], 6)
        assert await values(limit=2, offset=1) == (["/c4", "/Ab3"], 6)
        assert await values(search="aB", limit=2) == (["/Ab5", "/Ab3"], 3)
        assert await values(offset=99) == ([], 6)
        assert await values(search="nowhere") == ([], 0)

    async def test_equal_rows_are_sorted_by_their_value(self, store: Store, site: Site) -> None:
        await counted(store, *(make(site, NOON, who, path) for who, path in enumerate(("/c", "/a", "/B", "/b"))))
        for limit in (1, 2, 4):
            by = By(Dimension.PAGE, order=Order.PAGEVIEWS, limit=limit)
            assert list(await rows(store, site, by)) == ["/B", "/a", "/b", "/c"][:limit]

    async def test_goals_count_what_reached_them(self, store: Store, site: Site) -> None:
        await counted(store, *some_hits(site)[:4])
        for goal in (Goal("joined", GoalKind.EVENT, "sign*"), Goal("read", GoalKind.PAGE, "/blo?")):
            await store.catalog.add_goal(site.key, goal, NOON)
        await counted(store, *some_hits(site)[4:])
        assert await rows(store, site, Dimension.GOAL) == {
            "joined": {"visits": 1, "visitors": 1, "events": 1}, "read": {"visits": 2, "visitors": 1, "events": 2},
        }  # fmt: skip
        assert (await ask(store, site, is_(Dimension.GOAL, "read"))).totals.pageviews == 2
        assert (await ask(store, site, is_not(Dimension.GOAL, "read"))).totals.pageviews == 3
        assert (await ask(store, site, is_(Dimension.GOAL, "read"), is_(Dimension.GOAL, "joined"))).totals == Sums()
        assert (await ask(store, site, is_(Dimension.GOAL, "nothing of the kind"))).totals == Sums()

    async def test_every_dimension_of_a_visit_adds_up_to_the_total(self, store: Store, site: Site) -> None:
        await counted(store, *some_hits(site))
        report = await ask(store, site, breakdowns=tuple(By(dimension) for dimension in VISIT_DIMENSIONS))
        for breakdown in report.breakdowns:
            for name in ("pageviews", "visits", "bounces", "seconds", "events", "engaged"):
                assert sum(getattr(row.sums, name) for row in breakdown.rows) == getattr(report.totals, name)


class TestRawRowsThatAreGone:
    async def test_a_filtered_report_names_the_days_it_can_not_answer(self, store: Store, site: Site) -> None:
        await store.append(_batch(make(site, NOON, 1, **GEORGIA)), NOON)
        await store.append(_batch(make(site, NOON + 3 * DAY, 2, **GEORGIA)), NOON + 3 * DAY)
        await store.expire(NOON + 4 * DAY, 0, 2)
        question = Question(site.key, TODAY, TODAY + 4, breakdowns=(By(Dimension.COUNTRY),))
        whole, narrow, properties = await store.reports.report([
            question, msgspec.structs.replace(question, filters=(is_(Dimension.COUNTRY, "GE"),)),
            msgspec.structs.replace(question, breakdowns=(By(Dimension.PROPERTY_KEY),)),
        ])  # fmt: skip
        assert (whole.totals.visits, whole.breakdowns[0].rows[0].sums.visits, whole.incomplete_days) == (2, 2, ())
        assert (narrow.totals.visits, narrow.incomplete_days) == (1, (TODAY,))
        assert (properties.totals.visits, properties.incomplete_days) == (2, (TODAY,))


class TestChangeOfZone:
    async def test_a_visit_that_lies_in_two_days_then_counts_where_it_started(self, store: Store, site: Site) -> None:
        """Its midnight is at 13:00 UTC: three page views lie before it and five after."""
        await counted(store, *(make(site, NOON + number * 1200, 1, f"/{number}") for number in range(8)))
        await store.catalog.change_site(msgspec.structs.replace(site, timezone="Pacific/Noumea"), NOON)
        everything = tuple(By(dimension) for dimension in ALL_DIMENSIONS)
        expected = {(0, 1): (3, 1, 1), (1, 2): (5, 0, 0), (0, 2): (8, 1, 1)}
        for (start, end), numbers in expected.items():
            for filters in ((), (is_not(Dimension.COUNTRY, "GE"),), (is_not(Dimension.EVENT, "signup"),)):
                report = await ask(
                    store, site, *filters, start=TODAY + start, end=TODAY + end, bucket=Bucket.DAY,
                    breakdowns=everything,
                )  # fmt: skip
                assert (report.totals.pageviews, report.totals.visits, report.totals.visitors) == numbers
                assert sum(point.sums.pageviews for point in report.series) == numbers[0]
                country = next(one for one in report.breakdowns if one.by.dimension == Dimension.COUNTRY)
                assert [row.sums for row in country.rows] == [report.totals]
                pages = next(one for one in report.breakdowns if one.by.dimension == Dimension.PAGE)
                assert pages.total_rows == numbers[0]


class TestHitLog:
    async def test_hits_come_newest_first_in_pages(self, store: Store, site: Site) -> None:
        await counted(store, *some_hits(site))
        question = Question(site.key, TODAY, TODAY + 2)
        first = await store.reports.hits(question, None, 4)
        rest = await store.reports.hits(question, first[-1].hit, 4)
        assert [(hit.name, hit.path) for hit in (*first, *rest)] == [
            ("pageview", "/"), ("pageview", "/blog"), ("pageview", "/"), ("signup", "/blog"), ("pageview", "/blog"),
            ("pageview", "/"),
        ]  # fmt: skip
        assert [hit.engaged for hit in (*first, *rest)] == [0, 0, 0, 0, 100, 0]

    async def test_hits_are_narrowed_by_period_and_filters(self, store: Store, site: Site) -> None:
        await counted(store, *some_hits(site)[:3])
        await store.fold()
        await counted(store, *some_hits(site)[3:])
        narrow = Question(site.key, TODAY, TODAY + 1, (is_(Dimension.COUNTRY, "DE"), is_(Dimension.PAGE, "/")))
        [hit] = await store.reports.hits(narrow, None, 10)
        assert (hit.country, hit.path, hit.at) == ("DE", "/", NOON + 5)
        last = Question(site.key, TODAY + 1, TODAY + 2)
        assert len(await store.reports.hits(last, None, 10)) == 1

    async def test_a_visit_is_its_hits_in_the_order_of_time(self, store: Store, site: Site) -> None:
        await counted(store, *some_hits(site), make(site, NOON + 30, 1, "/late"))
        [last] = [hit for hit in await store.reports.hits(Question(site.key, TODAY, TODAY + 1), None, 99)
                  if hit.path == "/late"]  # fmt: skip
        path = await store.reports.visit(site.key, last.visit)
        assert [hit.path for hit in path] == ["/", "/late", "/blog", "/blog"]
        assert await store.reports.visit(site.key + 1, last.visit) == []
        assert await store.reports.visit(site.key, 10**9) == []

    async def test_a_line_of_the_log_is_read_without_its_whole_visit(
        self, store: Store, site: Site, folder: Path
    ) -> None:
        """Or a page of hits costs more the larger their visits are."""
        await counted(store, *some_hits(site))
        plan = read(folder, f"explain query plan {statement('report_logged').replace(':hit', '?')}", 1)
        searches = [str(row[3]) for row in plan if " g " in str(row[3])]
        assert searches == ["SEARCH g USING INDEX event_engaged (view_id=?)"]


class TestLimits:
    async def test_a_question_that_takes_too_long_is_ended_and_the_next_one_is_answered(
        self, store: Store, site: Site
    ) -> None:
        """T-23"""
        await fill(store, site, 20_000)
        question = Question(site.key, TODAY, TODAY + 1, (is_not(Dimension.COUNTRY, "GE"),))
        with pytest.raises(TooExpensive, match="longer than 1e-06 seconds"):
            await store.reports.report([question] * 20, limit=1e-6)
        assert (await store.reports.report([question]))[0].totals.pageviews == 20_000

    async def test_hits_are_written_and_totals_read_while_a_report_is_read(self, store: Store, site: Site) -> None:
        """T-23: reports have connections of their own."""
        await fill(store, site, 20_000)
        question = Question(
            site.key, TODAY, TODAY + 1, (is_not(Dimension.COUNTRY, "GE"),), breakdowns=(By(Dimension.PAGE),)
        )
        reading = [asyncio.create_task(store.reports.report([question] * 3)) for _ in range(6)]
        await asyncio.sleep(0)
        await append(store, make(site, NOON + DAY, 3))
        assert len(await store.reports.day_totals(site.key)) == 2
        assert not all(task.done() for task in reading)
        assert {reports[0].totals.visits for reports in await asyncio.gather(*reading)} == {20_000}

    async def test_nothing_is_left_of_a_question(self, store: Store, site: Site, folder: Path) -> None:
        """Temporary tables go, and a store that is only read answers as well."""
        await counted(store, *some_hits(site))
        question = Question(site.key, TODAY, TODAY + 2, (is_(Dimension.COUNTRY, "GE"),))
        answers = [await store.reports.report([question]) for _ in range(4)]
        async with open_reports(folder) as reading:
            answers.append(await reading.reports.report([question]))
        assert all(answer == answers[0] for answer in answers)
        assert read(folder, "select count(*) from sqlite_schema where name like 'found%'") == [(0,)]

    async def test_a_store_that_can_not_be_read_says_so(self, store: Store, site: Site) -> None:
        await store._readers.close()
        with pytest.raises(StoreError, match="can't be read"):
            await store.reports.report([Question(site.key, TODAY, TODAY + 1)])


async def fill(store: Store, site: Site, hits: int) -> None:
    """Every hit a new visitor of one day."""
    for first in range(0, hits, 5000):
        await store.append(_batch(*(make(site, NOON, who, f"/{who % 50}") for who in range(first, first + 5000))), NOON)


def _batch(*events: Event) -> Batch:
    return Batch(events)
