"""What an engine must do: each engine passes every test here. It sees the protocols alone."""

from __future__ import annotations

import asyncio
import datetime as dt
from collections import Counter
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import msgspec
import pytest

from counter.errors import BadInput, StoreError, UnknownSite, UsageError
from counter.event import Drop, DropReason, Outcome
from counter.question import VISIT_DIMENSIONS, Dimension, DropCount, Filter, HistoryDay, Operator, Question, Sums
from counter.site import Goal, GoalKind, Site, Token, TokenMay
from counter.store.open import Store, open_reports, open_store, replace_database
from counter.store.protocols import Batch
from tests.kit.engines import NEWS, WIKI, Open, some_visits
from tests.kit.events import (
    DAY,
    HOUR,
    MINUTE,
    NOON,
    TODAY,
    append,
    broken_down,
    counted,
    custom,
    day_of,
    day_sums,
    engaged,
    everything,
    hour_sums,
    instant,
    make,
    of_log,
    proxied,
    read,
    sums_of,
)

COUNTED, DUPLICATE, KNOWN = Outcome.COUNTED, Outcome.DUPLICATE, Outcome.KNOWN
DAY_TAKEN, UNKNOWN_VIEW = Outcome.DAY_TAKEN, Outcome.UNKNOWN_VIEW


class TestAppending:
    async def test_each_event_has_its_outcome_in_order(self, store: Store, site: Site) -> None:
        events = (
            make(site, NOON, hit_id="a"), make(site, NOON, hit_id="a"), engaged(site, NOON, "nobody", 5),
            of_log(site, NOON, 7), make(site, NOON + 1),
        )  # fmt: skip
        outcomes = (await append(store, *events)).outcomes
        assert outcomes == (COUNTED, DUPLICATE, UNKNOWN_VIEW, COUNTED, COUNTED)

    async def test_an_empty_batch_is_written_and_adds_nothing(self, store: Store, site: Site) -> None:
        assert (await append(store)).outcomes == ()
        assert await day_sums(store, site) == {}

    async def test_what_a_batch_gained_is_what_its_days_gained(self, store: Store, site: Site, other: Site) -> None:
        gained: Counter[tuple[int, int, str]] = Counter()
        for event in [*some_visits(site), *some_visits(other)]:
            for total in (await append(store, event)).gained:
                for name in ("pageviews", "visits", "visitors", "bounces", "seconds", "events", "engaged"):
                    gained[(total.site_key, total.day, name)] += getattr(total, name)
        for one in (site, other):
            for day, sums in (await day_sums(store, one)).items():
                assert sums == {
                    name: count for (key, of, name), count in gained.items() if (key, of) == (one.key, day) and count
                }

    async def test_a_batch_that_is_sent_again_is_written_once(self, store: Store, site: Site, opener: Open) -> None:
        drop = Drop(site.key, NOON, TODAY, DropReason.BOT)
        batch = Batch((make(site, NOON), make(site, NOON + 5)), (drop,), id="batch-1")
        assert (await store.append(batch, NOON)).outcomes == (COUNTED, COUNTED)
        again = await store.append(batch, NOON + 60)
        assert (again.outcomes, again.gained) == ((DUPLICATE, DUPLICATE), ())
        await store.__aexit__()
        async with opener() as reopened:
            assert (await reopened.append(batch, NOON + 60)).outcomes == (DUPLICATE, DUPLICATE)
            assert (await day_sums(reopened, site))[TODAY]["pageviews"] == 2
            assert await reopened.reports.drops(site.key, TODAY, TODAY + 1) == [DropCount(TODAY, "bot", 1)]

    async def test_two_batches_without_an_id_are_two(self, store: Store, site: Site) -> None:
        await counted(store, make(site, NOON))
        await counted(store, make(site, NOON))
        assert (await day_sums(store, site))[TODAY]["pageviews"] == 2

    @pytest.mark.parametrize("batches", [((0, 1),), ((0,), (1,)), ((0,), "reopen", (1,)), ((0,), "fold", (1,))])
    async def test_a_hit_that_is_sent_again_counts_once(
        self, store: Store, site: Site, opener: Open, batches: tuple[Any, ...]
    ) -> None:
        """T-26: a retry after a cut connection."""
        events = (make(site, NOON, hit_id="retry"), make(site, NOON + 3, hit_id="retry"))
        outcomes: list[Outcome] = []
        for batch in batches:
            if batch == "reopen":
                await store.__aexit__()
                store = opener()
                await store.__aenter__()
            elif batch == "fold":
                await store.fold()
            else:
                outcomes += (await append(store, *(events[index] for index in batch))).outcomes
        assert outcomes == [COUNTED, DUPLICATE]
        assert (await day_sums(store, site)) == {TODAY: {"pageviews": 1, "visits": 1, "visitors": 1, "bounces": 1}}
        assert (await broken_down(store, site, Dimension.PAGE))["/"]["pageviews"] == 1
        await store.__aexit__()

    async def test_two_sites_may_use_the_same_hit_id(self, store: Store, site: Site, other: Site) -> None:
        await counted(store, make(site, NOON, hit_id="x"), make(other, NOON, hit_id="x"))

    async def test_a_batch_that_fails_leaves_nothing_behind(self, store: Store, site: Site) -> None:
        await counted(store, *some_visits(site))
        before = await everything(store, site)
        with pytest.raises(ValueError, match="surrogate"):
            await append(store, make(site, NOON, 9, "/new", hit_id="new"), make(site, NOON, 9, "/\udc80"))
        assert await everything(store, site) == before
        # What was given out inside it (ids of texts, visits and visitors) is given out anew, to others.
        await counted(store, make(site, NOON, 5, "/other"))
        await counted(store, make(site, NOON, 9, "/new", hit_id="new"))
        pages = await broken_down(store, site, Dimension.PAGE)
        once = {"pageviews": 1, "visits": 1, "visitors": 1}
        assert (pages["/other"], pages["/new"]) == (once, once)
        sums = (await day_sums(store, site))[TODAY]
        assert sums["visitors"] == before["days"][TODAY]["visitors"] + 2
        assert await store.check() == []

    async def test_sites_never_share_a_number(self, store: Store, site: Site, other: Site) -> None:
        await counted(store, *some_visits(site))
        before = await everything(store, site)
        await counted(store, *some_visits(other))
        assert await everything(store, site) == before

    async def test_only_live_events_are_seen_online(self, store: Store, site: Site) -> None:
        appended = await counted(store, make(site, NOON), of_log(site, NOON, 7, who=2))
        assert [(key, at) for key, _, at in appended.seen] == [(site.key, NOON)]
        assert await store.reports.online(NOON - 300) == list(appended.seen)
        assert await store.reports.online(NOON + 1) == []


class TestVisits:
    @pytest.mark.parametrize(
        ("gap", "visits"), [(29 * MINUTE, 1), (30 * MINUTE, 1), (30 * MINUTE + 1, 2), (31 * MINUTE, 2)]
    )
    async def test_a_gap_of_at_most_thirty_minutes_continues_a_visit(
        self, store: Store, site: Site, gap: int, visits: int
    ) -> None:
        await counted(store, make(site, NOON))
        await counted(store, make(site, NOON + gap))
        sums = (await day_sums(store, site))[TODAY]
        assert (sums["visits"], sums["visitors"]) == (visits, 1)
        assert sums.get("seconds", 0) == (gap if visits == 1 else 0)

    async def test_the_timeout_counts_from_the_last_event(self, store: Store, site: Site) -> None:
        await counted(store, *(make(site, NOON + step * 30 * MINUTE) for step in range(9)))
        sums = (await day_sums(store, site))[TODAY]
        assert (sums["visits"], sums["seconds"]) == (1, 4 * HOUR)

    async def test_a_visit_ends_at_local_midnight(self, store: Store, other: Site) -> None:
        midnight = instant("2024-11-22 00:00", "Asia/Tbilisi")
        await counted(store, make(other, midnight - 1), make(other, midnight))
        once = {"pageviews": 1, "visits": 1, "visitors": 1, "bounces": 1}
        assert await day_sums(store, other) == {day_of("2024-11-21"): once, day_of("2024-11-22"): once}

    async def test_a_bounce_is_taken_back_in_the_hour_where_the_visit_started(self, store: Store, site: Site) -> None:
        await counted(store, make(site, NOON + 50 * MINUTE))
        assert (await hour_sums(store, site, TODAY))[NOON]["bounces"] == 1
        await counted(store, make(site, NOON + 70 * MINUTE))
        assert await hour_sums(store, site, TODAY) == {
            NOON: {"pageviews": 1, "visits": 1, "visitors": 1, "seconds": 20 * MINUTE},
            NOON + HOUR: {"pageviews": 1},
        }

    @pytest.mark.parametrize(
        ("kinds", "bounces"), [("p", 1), ("pp", 0), ("pc", 0), ("cp", 0), ("c", 0), ("cc", 0), ("pe", 1), ("ppp", 0)]
    )
    async def test_a_bounce_is_one_page_view_and_no_custom_event(
        self, store: Store, site: Site, kinds: str, bounces: int
    ) -> None:
        made = {
            "p": lambda at: make(site, at, hit_id=f"id{at}"),
            "c": lambda at: custom(site, at),
            "e": lambda at: engaged(site, at, f"id{NOON}", 9),
        }
        await counted(store, *(made[kind](NOON + step) for step, kind in enumerate(kinds)))
        assert (await day_sums(store, site))[TODAY].get("bounces", 0) == bounces

    async def test_engaged_time_extends_the_last_event_and_the_largest_wins(self, store: Store, site: Site) -> None:
        await counted(store, make(site, NOON, hit_id="a"), make(site, NOON + 60, hit_id="b"))
        for seconds, engaged_, duration in ((10, 10, 70), (40, 40, 100), (30, 40, 100), (41, 41, 101)):
            assert (await append(store, engaged(site, NOON + 200, "b", seconds))).outcomes == (COUNTED,)
            sums = (await day_sums(store, site))[TODAY]
            assert (sums["engaged"], sums["seconds"]) == (engaged_, duration)
        await counted(store, engaged(site, NOON + 200, "a", 50))
        sums = (await day_sums(store, site))[TODAY]
        assert sums == {"pageviews": 2, "visits": 1, "visitors": 1, "engaged": 91, "seconds": 101}

    async def test_engaged_time_is_at_most_thirty_minutes_and_never_a_view(self, store: Store, site: Site) -> None:
        await counted(store, make(site, NOON, hit_id="a"))
        await counted(store, engaged(site, NOON + 99, "a", 1_000_000))
        assert await day_sums(store, site) == {
            TODAY: {"pageviews": 1, "visits": 1, "visitors": 1, "bounces": 1, "engaged": 1800, "seconds": 1800}
        }
        page = (await broken_down(store, site, Dimension.PAGE))["/"]
        assert page == {"pageviews": 1, "visits": 1, "visitors": 1, "engaged": 1800}

    async def test_engaged_time_after_midnight_belongs_to_the_day_of_its_view(self, store: Store, site: Site) -> None:
        midnight = (TODAY + 1) * DAY
        await counted(store, make(site, midnight - 60, hit_id="a"))
        await counted(store, engaged(site, midnight + 300, "a", 200))
        assert await day_sums(store, site) == {
            TODAY: {"pageviews": 1, "visits": 1, "visitors": 1, "bounces": 1, "engaged": 200, "seconds": 200}
        }

    async def test_engaged_time_of_a_view_that_nobody_knows_adds_nothing(self, store: Store, site: Site) -> None:
        await counted(store, custom(site, NOON, hit_id="not-a-view"))
        before = await everything(store, site)
        outcomes = (await append(store, engaged(site, NOON, "none", 9), engaged(site, NOON, "not-a-view", 9))).outcomes
        assert outcomes == (UNKNOWN_VIEW, UNKNOWN_VIEW)
        assert await everything(store, site) == before

    @pytest.mark.parametrize("reopened", [False, True])
    async def test_an_entry_page_never_changes_and_an_exit_page_moves(
        self, store: Store, site: Site, opener: Open, reopened: bool
    ) -> None:
        for step, (at, path, exit_page) in enumerate((
            (NOON, "/a", "/a"), (NOON + 60, "/b", "/b"), (NOON - 60, "/before", "/b"), (NOON + 30, "/between", "/b"),
            (NOON + 60, "/same-second", "/same-second"), (NOON + 90, "/a", "/a"),
        )):  # fmt: skip
            await counted(store, make(site, at, path=path))
            if reopened and step % 2:
                await store.__aexit__()
                store = opener()
                await store.__aenter__()
            assert list(await broken_down(store, site, Dimension.ENTRY_PAGE)) == ["/a"]
            assert await broken_down(store, site, Dimension.EXIT_PAGE) == {exit_page: {"visits": 1}}
        assert await store.check() == []
        await store.__aexit__()

    async def test_a_late_event_joins_the_nearest_visit(self, store: Store, site: Site) -> None:
        """Visits at 12:00 and 13:10; what comes late for 12:25 is the first's, for 12:41 the second's."""
        await counted(store, make(site, NOON, path="/a"), make(site, NOON + 70 * MINUTE, path="/b"))
        await counted(store, make(site, NOON + 25 * MINUTE, path="/late"))
        assert (await hour_sums(store, site, TODAY))[NOON]["seconds"] == 25 * MINUTE
        await counted(store, make(site, NOON + 48 * MINUTE, path="/later"))
        assert (await hour_sums(store, site, TODAY))[NOON + HOUR] == {
            "pageviews": 1, "visits": 1, "seconds": 22 * MINUTE,
        }  # fmt: skip
        entries = await broken_down(store, site, Dimension.ENTRY_PAGE)
        assert {page: sums["visits"] for page, sums in entries.items()} == {"/a": 1, "/b": 1}

    async def test_of_two_visits_equally_near_it_joins_the_one_that_arrived_first(
        self, store: Store, site: Site
    ) -> None:
        await counted(store, make(site, NOON + 40 * MINUTE, path="/second"), make(site, NOON, path="/first"))
        await counted(store, make(site, NOON + 20 * MINUTE, path="/late"))
        entries = await broken_down(store, site, Dimension.ENTRY_PAGE)
        assert {page: sums["pageviews"] for page, sums in entries.items()} == {"/first": 1, "/second": 2}

    async def test_a_late_event_never_merges_two_visits(self, store: Store, site: Site) -> None:
        await counted(store, make(site, NOON), make(site, NOON + 50 * MINUTE))
        await counted(store, make(site, NOON + 25 * MINUTE), make(site, NOON + 20 * MINUTE))
        assert (await day_sums(store, site))[TODAY]["visits"] == 2

    async def test_a_late_event_too_far_from_any_visit_starts_one_in_its_own_hour(
        self, store: Store, site: Site
    ) -> None:
        await counted(store, make(site, NOON + 3 * HOUR), make(site, NOON))
        assert await hour_sums(store, site, TODAY) == {
            NOON: {"pageviews": 1, "visits": 1, "bounces": 1},
            NOON + 3 * HOUR: {"pageviews": 1, "visits": 1, "visitors": 1, "bounces": 1},
        }


class TestBreakdowns:
    async def test_visitors_of_anything_are_distinct_visitors_and_days(self, store: Store, site: Site) -> None:
        """Visitor 1 comes twice from Wiki and once from News today, and from Wiki yesterday; visitor 2 once."""
        for at, who, origin in (
            (NOON - DAY, 1, WIKI), (NOON, 1, WIKI), (NOON + HOUR, 1, NEWS), (NOON + 2 * HOUR, 1, WIKI), (NOON, 2, WIKI),
        ):  # fmt: skip
            await counted(store, make(site, at, who, origin=origin))
        source = await broken_down(store, site, Dimension.SOURCE, TODAY - 1, TODAY + 1)
        assert source["Wiki"] == {"pageviews": 4, "visits": 4, "visitors": 3, "bounces": 4}
        assert source["News"] == {"pageviews": 1, "visits": 1, "visitors": 1, "bounces": 1}
        assert (await broken_down(store, site, Dimension.CHANNEL))["referral"]["visitors"] == 2
        page = await broken_down(store, site, Dimension.PAGE, TODAY - 1, TODAY + 1)
        assert page == {"/": {"pageviews": 5, "visits": 5, "visitors": 3}}

    async def test_the_source_of_a_visit_is_that_of_its_first_event(self, store: Store, site: Site) -> None:
        await counted(store, make(site, NOON, origin=WIKI), make(site, NOON + 9, origin=NEWS))
        assert list(await broken_down(store, site, Dimension.SOURCE)) == ["Wiki"]

    async def test_custom_events_are_told_by_name_with_their_visits_and_visitors(
        self, store: Store, site: Site
    ) -> None:
        for at, who, name in ((0, 1, "buy"), (9, 1, "buy"), (2 * HOUR, 1, "buy"), (0, 2, "buy"), (9, 2, "look")):
            await counted(store, custom(site, NOON + at, who, name=name))
        assert await broken_down(store, site, Dimension.EVENT) == {
            "buy": {"events": 4, "visits": 3, "visitors": 2},
            "look": {"events": 1, "visits": 1, "visitors": 1},
        }

    @pytest.mark.parametrize("folded", [False, True])
    async def test_each_breakdown_adds_up_to_its_total_with_what_is_unknown(
        self, store: Store, site: Site, folded: bool
    ) -> None:
        await counted(store, *some_visits(site))
        if folded:
            assert await store.fold() > 0
        days = await day_sums(store, site)
        total: Counter[str] = sum((Counter(sums) for sums in days.values()), Counter())
        for dimension in VISIT_DIMENSIONS:
            values = await broken_down(store, site, dimension, TODAY - 1, TODAY + 1)
            sums: Counter[str] = sum((Counter(one) for one in values.values()), Counter())
            del sums["visitors"]
            assert sums == {name: count for name, count in total.items() if name != "visitors"}, dimension
            if dimension != Dimension.ENTRY_PAGE:
                assert values["Unknown"]["visits"] > 0
        assert sum(one["visits"] for one in (await broken_down(store, site, Dimension.EXIT_PAGE)).values()) == 3

    async def test_a_path_or_name_that_is_empty_is_unknown(self, store: Store, site: Site) -> None:
        await counted(store, make(site, NOON, path=""), custom(site, NOON + 9, path="", name=""))
        for dimension in (Dimension.PAGE, Dimension.EVENT, Dimension.ENTRY_PAGE, Dimension.EXIT_PAGE):
            assert list(await broken_down(store, site, dimension)) == ["Unknown"]

    async def test_folding_is_never_seen(self, store: Store, site: Site, other: Site) -> None:
        for first in range(0, 9, 3):
            await append(store, *some_visits(site)[first : first + 3], *some_visits(other)[first : first + 3])
            before = [await everything(store, site), await everything(store, other)]
            assert await store.fold() > 0
            assert [await everything(store, site), await everything(store, other)] == before
            assert await store.fold() == 0
        assert await store.check() == []

    @pytest.mark.parametrize("folded", [False, True])
    async def test_a_breakdown_of_any_span_is_the_sum_of_its_days(self, store: Store, site: Site, folded: bool) -> None:
        """Edges inside months, whole months between them, and spans of nothing."""
        first = day_of("2023-11-20")
        for day in range(0, 160, 3):
            await counted(store, make(site, (first + day) * DAY + HOUR, path=f"/{day % 2}"))
        if folded:
            await store.fold()
        page = {day: await broken_down(store, site, Dimension.PAGE, first + day, first + day + 1) for day in range(160)}
        for start, end in ((0, 160), (11, 42), (11, 73), (5, 11), (30, 103), (0, 1), (40, 40), (10, 133), (-400, 500)):
            expected: Counter[str] = Counter()
            for day in range(max(start, 0), min(end, 160)):
                expected += Counter({path: sums["pageviews"] for path, sums in page[day].items()})
            found = await broken_down(store, site, Dimension.PAGE, first + start, first + end)
            assert {path: sums["pageviews"] for path, sums in found.items()} == expected, (start, end)

    @pytest.mark.parametrize("folded", [False, True])
    async def test_the_days_of_a_page_and_all_of_its_days(self, store: Store, site: Site, folded: bool) -> None:
        for days_ago, who in ((70, 1), (1, 1), (1, 2), (0, 1)):
            at = NOON - days_ago * DAY
            await counted(
                store, make(site, at, who, "/a"), make(site, at + 9, who, "/b"), make(site, at + 12, who, "/a")
            )
        if folded:
            await store.fold()
        days, whole = await store.reports.page_days(site.key, "/a", TODAY - 5)
        assert {one.day: (one.pageviews, one.visits, one.visitors) for one in days} == {
            TODAY - 1: (4, 2, 2), TODAY: (2, 1, 1),
        }  # fmt: skip
        assert (whole.pageviews, whole.visits, whole.visitors) == (8, 4, 4)

    async def test_a_page_nobody_saw_has_no_days(self, store: Store, site: Site) -> None:
        for _ in range(2):
            days, whole = await store.reports.page_days(site.key, "/none", 0)
            assert (days, whole.pageviews, whole.visits) == ([], 0, 0)
            await counted(store, make(site, NOON))

    async def test_an_event_counts_in_its_own_hour(self, store: Store, site: Site) -> None:
        await counted(store, make(site, NOON + 59 * MINUTE), make(site, NOON + 61 * MINUTE), custom(site, NOON + HOUR))
        hours = await hour_sums(store, site, TODAY)
        assert (hours[NOON]["pageviews"], hours[NOON + HOUR]) == (1, {"pageviews": 1, "events": 1})


class TestCarriers:
    """Views through image proxies: page views, and nothing else."""

    VIEWS = (
        ("/", "GitHub", 0),
        ("/", "GitHub", 40),
        ("/docs", "GitHub", 50),
        ("/", "Gmail", 60),
        ("/", "GitHub", HOUR),
    )

    async def fill(self, store: Store, site: Site) -> None:
        await counted(store, make(site, NOON, 1), *(proxied(site, NOON + at, by, path) for path, by, at in self.VIEWS))

    @pytest.mark.parametrize("folded", [False, True])
    async def test_they_add_page_views_alone(self, store: Store, site: Site, folded: bool) -> None:
        await self.fill(store, site)
        if folded:
            await store.fold()
        person = {"pageviews": 1, "visits": 1, "visitors": 1, "bounces": 1}
        assert await day_sums(store, site) == {TODAY: {**person, "pageviews": 6, "proxied": 5}}
        assert await hour_sums(store, site, TODAY) == {
            NOON: {**person, "pageviews": 5, "proxied": 4},
            NOON + HOUR: {"pageviews": 1, "proxied": 1},
        }
        assert await broken_down(store, site, Dimension.SOURCE) == {
            "Unknown": person, "GitHub": {"pageviews": 4, "proxied": 4}, "Gmail": {"pageviews": 1, "proxied": 1},
        }  # fmt: skip
        assert await broken_down(store, site, Dimension.PAGE) == {
            "/": {"pageviews": 5, "visits": 1, "visitors": 1, "proxied": 4},
            "/docs": {"pageviews": 1, "proxied": 1},
        }
        assert await broken_down(store, site, Dimension.ENTRY_PAGE) == {"/": person}
        assert await broken_down(store, site, Dimension.EXIT_PAGE) == {"/": {"visits": 1}}
        for unknown in (Dimension.BROWSER, Dimension.SYSTEM, Dimension.COUNTRY, Dimension.REFERRER):
            assert await broken_down(store, site, unknown) == {"Unknown": {**person, "pageviews": 6, "proxied": 5}}
        assert [visitor for _, visitor, _ in await store.reports.online(NOON - 60)] == [1]
        assert await store.check() == []

    async def test_a_page_and_a_proxy_have_one_carrier_a_day_however_often_the_store_is_opened(
        self, store: Store, site: Site, opener: Open
    ) -> None:
        await self.fill(store, site)
        await store.__aexit__()
        async with opener() as again:
            await self.fill(again, site)
            await counted(again, proxied(site, NOON + DAY))
            asked = Question(site.key, TODAY, TODAY + 2)
            hits = await again.reports.hits(asked, None, 100)
            carriers = {(hit.visit, hit.path, hit.source) for hit in hits if hit.via == "proxy"}
            assert sorted(where for _, *where in carriers) == [
                ["/", "GitHub"], ["/", "GitHub"], ["/", "Gmail"], ["/docs", "GitHub"],
            ]  # fmt: skip
            assert await again.check() == []

    @pytest.mark.parametrize(
        ("dimension", "operator", "value", "views", "early", "visits"),  # early: before the hour was over
        [
            (Dimension.SOURCE, Operator.IS, "GitHub", 4, 3, 0),
            (Dimension.SOURCE, Operator.IS_NOT, "GitHub", 2, 2, 1),
            (Dimension.PAGE, Operator.IS, "/docs", 1, 1, 0),
            (Dimension.EVENT, Operator.IS, "pageview", 6, 5, 1),
            (Dimension.BROWSER, Operator.IS, "Unknown", 6, 5, 1),
            (Dimension.ENTRY_PAGE, Operator.IS, "/", 1, 1, 1),
            (Dimension.ENTRY_PAGE, Operator.CONTAINS, "n", 0, 0, 0),  # nor are they Unknown
            (Dimension.ENTRY_PAGE, Operator.IS_NOT, "/", 5, 4, 0),
            (Dimension.EXIT_PAGE, Operator.IS, "/", 1, 1, 1),
            (Dimension.EXIT_PAGE, Operator.IS_NOT, "/elsewhere", 6, 5, 1),
            (Dimension.GOAL, Operator.IS, "any page", 1, 1, 1),
            (Dimension.GOAL, Operator.IS_NOT, "any page", 5, 4, 0),
        ],
    )
    async def test_filters_find_their_page_views(
        self, store: Store, site: Site, dimension: Dimension, operator: Operator, value: str, views: int, early: int,
        visits: int,
    ) -> None:  # fmt: skip
        await store.catalog.add_goal(site.key, Goal("any page", GoalKind.PAGE, "*"), NOON)
        await self.fill(store, site)
        narrowed = (Filter(dimension, operator, (value,)),)
        whole = Question(site.key, TODAY, TODAY + 1, narrowed)
        first_hour = msgspec.structs.replace(whole, before=NOON + HOUR)
        found, until = (one.totals for one in await store.reports.report([whole, first_hour]))
        assert (found.pageviews, found.visits, found.visitors, found.proxied) == (views, visits, visits, views - visits)
        assert (until.pageviews, until.visits, until.proxied) == (early, visits, early - visits)

    async def test_a_goal_is_not_reached_by_them_before_or_after_it_is_made(self, store: Store, site: Site) -> None:
        await self.fill(store, site)
        await store.catalog.add_goal(site.key, Goal("any page", GoalKind.PAGE, "*"), NOON)
        await counted(store, proxied(site, NOON + 99, path="/new"))
        await store.fold()
        assert await broken_down(store, site, Dimension.GOAL) == {
            "any page": {"events": 1, "visits": 1, "visitors": 1}
        }  # fmt: skip
        assert await store.check() == []

    async def test_engaged_time_never_belongs_to_one(self, store: Store, site: Site) -> None:
        await counted(store, proxied(site, NOON, hit_id="a"))
        appended = await append(store, engaged(site, NOON + 9, "a", 5), proxied(site, NOON, hit_id="a"))
        assert appended.outcomes == (Outcome.UNKNOWN_VIEW, Outcome.DUPLICATE)

    async def test_their_page_views_stay_when_they_move_to_another_zone_and_when_their_rows_expire(
        self, store: Store, site: Site
    ) -> None:
        await self.fill(store, site)
        await counted(store, proxied(site, NOON + 11 * HOUR))  # the next day in Tbilisi
        moved = await store.catalog.change_site(msgspec.structs.replace(site, timezone="Asia/Tbilisi"), NOON)
        assert await store.check() == []
        days = await day_sums(store, moved)
        assert {day: sums["proxied"] for day, sums in days.items()} == {TODAY: 5, TODAY + 1: 1}
        before = await everything(store, moved)
        assert (await store.expire(NOON + 90 * DAY, 0, 30))["hits"] == 7
        assert await everything(store, moved) == before
        assert await store.check() == []


class TestHosts:
    async def test_a_visit_and_a_visitor_count_for_each_host_that_they_saw(self, store: Store, site: Site) -> None:
        plan = (
            (0, 1, "shop.example"), (10, 1, "www.shop.example"), (20, 1, "shop.example"), (7200, 1, "shop.example"),
            (0, 2, "shop.example"), (5, 2, ""),
        )  # fmt: skip
        await counted(store, *(make(site, NOON + at, who, host=host, hit_id=f"{at}-{who}") for at, who, host in plan))
        await counted(store, custom(site, NOON + 30, 1, host="pay.example"), engaged(site, NOON + 31, "10-1", 7))
        expected = {
            "shop.example": {"pageviews": 4, "visits": 3, "visitors": 2},
            "www.shop.example": {"pageviews": 1, "visits": 1, "visitors": 1, "engaged": 7},
            "pay.example": {"events": 1, "visits": 1, "visitors": 1},
            "Unknown": {"pageviews": 1, "visits": 1, "visitors": 1},
        }
        assert await broken_down(store, site, Dimension.HOST) == expected
        await store.fold()
        assert await broken_down(store, site, Dimension.HOST) == expected
        assert await store.check() == []
        assert await store.reports.host_count(site.key) == 3
        assert {hit.host for hit in await store.reports.hits(Question(site.key, TODAY, TODAY + 1), None, 9)} == {
            *expected
        }  # fmt: skip


class TestWeekHours:
    @pytest.mark.parametrize("way", ["totals", "raw rows", "filter"])
    @pytest.mark.parametrize(
        ("zone", "moment"),
        [
            ("Europe/Berlin", "2024-03-31 00:00"),  # 02:00 is not there
            ("Europe/Berlin", "2024-10-27 00:00"),  # 02:00 is there twice
            ("Australia/Lord_Howe", "2024-04-07 00:00"),  # 01:30 is there twice
            ("Australia/Lord_Howe", "2024-10-06 00:00"),  # 02:00 to 02:30 is not there
            ("Asia/Kolkata", "2024-11-21 00:00"),
            ("America/St_Johns", "2010-11-07 00:00"),  # at 00:01 the clock goes back to the day before
        ],
    )
    async def test_events_stand_at_the_hour_of_the_clock_on_the_wall(
        self, store: Store, zone: str, moment: str, way: str
    ) -> None:
        site = await store.catalog.add_site(Site(0, "wall", "Wall", timezone=zone), NOON)
        start = instant(moment, zone) - 2 * HOUR
        moments = range(start, start + 8 * HOUR, 7 * MINUTE)
        await counted(store, *(make(site, at, who) for who, at in enumerate(moments, 1)))
        walls = [dt.datetime.fromtimestamp(at, ZoneInfo(zone)) for at in moments]
        expected = Counter((wall.weekday(), wall.hour) for wall in walls)
        day = day_of(moment[:10])
        filters = (Filter(Dimension.PAGE, Operator.IS, ("/",)),) if way == "filter" else ()
        question = Question(site.key, day - 2, day + 2, filters, week_hours=True)
        [report] = await store.reports.report([question], raw=way == "raw rows")
        assert {(weekday, hour): sums.visitors for weekday, hour, sums in report.week_hours} == expected
        assert list(report.week_hours) == sorted(report.week_hours, key=lambda one: one[:2])

    async def test_a_visit_stands_where_it_started_and_its_events_where_they_happened(
        self, store: Store, site: Site
    ) -> None:
        await counted(store, make(site, NOON + 50 * MINUTE), make(site, NOON + 70 * MINUTE, path="/b"))
        question = Question(site.key, TODAY - 400, TODAY + 400, week_hours=True)
        [report] = await store.reports.report([question])
        thursday = 3
        assert report.week_hours == (
            (thursday, 12, Sums(pageviews=1, visits=1, visitors=1, seconds=20 * MINUTE)),
            (thursday, 13, Sums(pageviews=1)),
        )
        [at_b] = await store.reports.report(
            [msgspec.structs.replace(question, filters=(Filter(Dimension.PAGE, Operator.IS, ("/b",)),))]
        )
        assert at_b.week_hours == (
            (thursday, 12, Sums(visits=1, visitors=1, seconds=20 * MINUTE)), (thursday, 13, Sums(pageviews=1)),
        )  # fmt: skip

    async def test_nobody_asks_and_nothing_is_there(self, store: Store, site: Site) -> None:
        [empty] = await store.reports.report([Question(site.key, TODAY, TODAY + 1, week_hours=True)])
        await counted(store, make(site, NOON))
        [report] = await store.reports.report([Question(site.key, TODAY, TODAY + 1)])
        assert (empty.week_hours, report.week_hours) == ((), ())


class TestLive:
    async def test_the_hits_since_a_moment_are_told_newest_first(self, store: Store, site: Site, other: Site) -> None:
        await counted(store, *some_visits(site), make(other, NOON), of_log(site, NOON, 7, who=8))
        recent = await store.reports.recent(site.key, NOON, 10)
        assert [(hit.at, hit.path, hit.name) for hit in recent] == [
            (NOON + HOUR, "/prices", "pageview"),
            (NOON + 70, "/blog", "signup"),
            (NOON + 10, "/blog", "pageview"),
            (NOON, "/", "pageview"),
        ]
        assert await store.reports.recent(site.key, NOON, 2) == recent[:2]
        assert recent[3].country == "Unknown"
        assert recent[3].browser == "Firefox"
        assert await store.reports.recent(site.key, NOON + DAY, 10) == []

    async def test_what_was_written_days_before_is_not_looked_at(self, store: Store, site: Site) -> None:
        await append(store, make(site, NOON - 5 * DAY), now=NOON - 5 * DAY)
        await append(store, make(site, NOON - 20), make(site, NOON - 2 * DAY, path="/late"), now=NOON)
        assert [hit.at for hit in await store.reports.recent(site.key, NOON - 60, 10)] == [NOON - 20]
        assert [hit.path for hit in await store.reports.recent(site.key, NOON - 3 * DAY, 10)] == ["/late", "/"]

    async def test_hits_after_a_hit_come_in_order_of_arrival(self, store: Store, site: Site, other: Site) -> None:
        reports = store.reports
        assert (await reports.newest(), await reports.after(site.key, 0, 10)) == (0, [])
        await counted(store, make(site, NOON), make(other, NOON), make(site, NOON - 60, path="/late"))
        first, second = await reports.after(site.key, 0, 10)
        assert (first.path, second.path) == ("/", "/late")
        assert await reports.newest() == second.hit
        assert await reports.after(site.key, first.hit, 10) == [second]
        await counted(store, custom(site, NOON + 1, name="signup"), of_log(site, NOON, 7, who=8, overlap=True))
        [third] = await reports.after(site.key, second.hit, 10)
        assert third.name == "signup"
        assert await reports.after(site.key, 0, 2) == [second, third]
        await store.fold()
        assert await reports.after(site.key, 0, 2) == [second, third]

    async def test_the_newest_id_stays_when_its_row_expires(self, store: Store, site: Site) -> None:
        await append(store, make(site, NOON), make(site, NOON + 1), now=NOON)
        newest = await store.reports.newest()
        await store.expire(NOON + 100 * DAY, 0, 30)
        assert await store.reports.newest() == newest
        assert await store.reports.after(site.key, 0, 10) == []


class TestUntil:
    """A day up to a second of it, beside the same day as a whole."""

    @pytest.mark.parametrize("folded", [True, False])
    async def test_a_day_is_counted_up_to_the_second(self, store: Store, site: Site, other: Site, folded: bool) -> None:
        await counted(store, *some_visits(site), *some_visits(other))
        if folded:
            await store.fold()
        # 11:51 another / of visitor 2, 12:00 / of visitor 1, 12:00:10 /blog and 12:01:10 signup of visitor 2.
        for before, pageviews, visits, events in (
            (NOON - 9 * MINUTE, 0, 0, 0), (NOON - 9 * MINUTE + 1, 1, 0, 0), (NOON, 1, 0, 0), (NOON + 1, 2, 1, 0),
            (NOON + 11, 3, 2, 0), (NOON + 70, 3, 2, 0), (NOON + 71, 3, 2, 1), (NOON + HOUR, 3, 2, 1),
            (NOON + HOUR + 1, 4, 3, 1), (NOON + DAY, 4, 3, 1),
        ):  # fmt: skip
            found = await store.reports.until([(site.key, TODAY, before), (other.key, TODAY + 1, before)])
            sums = found[site.key]
            assert (sums.pageviews, sums.visits, sums.visitors, sums.events) == (pageviews, visits, visits, events)
            assert found[other.key] == Sums()
        assert sums_of(sums) == (await day_sums(store, site))[TODAY]

    async def test_engaged_time_is_where_its_page_view_is(self, store: Store, site: Site) -> None:
        await counted(store, make(site, NOON, hit_id="a"), make(site, NOON + 100, hit_id="b"))
        await counted(store, engaged(site, NOON + 200, "a", 30), engaged(site, NOON + 200, "b", 50))
        found = await store.reports.until([(site.key, TODAY, NOON + 100)])
        assert sums_of(found[site.key]) == {"pageviews": 1, "visits": 1, "visitors": 1, "seconds": 150, "engaged": 30}

    async def test_many_sites_are_one_question_and_each_stands_once(self, store: Store, site: Site) -> None:
        assert await store.reports.until([]) == {}
        assert await store.reports.until([(site.key, TODAY, NOON)]) == {site.key: Sums()}
        with pytest.raises(BadInput, match="a site stands twice among the 2"):
            await store.reports.until([(site.key, TODAY, NOON), (site.key, TODAY - 1, NOON)])

    @pytest.mark.parametrize("raw", [False, True])
    async def test_a_report_of_a_day_up_to_the_second_says_the_same(self, store: Store, site: Site, raw: bool) -> None:
        await counted(store, *some_visits(site))
        for before in (NOON, NOON + 1, NOON + 11, NOON + 71, NOON + HOUR + 1, NOON + DAY):
            question = Question(site.key, TODAY, TODAY + 1, before=before)
            [report] = await store.reports.report([question], raw=raw)
            assert {site.key: report.totals} == await store.reports.until([(site.key, TODAY, before)])

    async def test_a_visit_counts_with_a_matching_event_and_its_first_one_before_the_second(
        self, store: Store, site: Site
    ) -> None:
        """The visit as a whole: its bounce and duration are those of all it has."""
        await counted(store, make(site, NOON, path="/a"), make(site, NOON + 60, path="/b"), make(site, NOON, 2, "/b"))
        page = Filter(Dimension.PAGE, Operator.IS, ("/b",))
        asked = [Question(site.key, TODAY, TODAY + 1, (page,), before=NOON + later) for later in (0, 1, 60, 61)]
        reports = await store.reports.report(asked)
        second = {"pageviews": 1, "visits": 1, "visitors": 1, "bounces": 1}
        both = {"pageviews": 2, "visits": 2, "visitors": 2, "bounces": 1, "seconds": 60}
        assert [sums_of(report.totals) for report in reports] == [{}, second, second, both]

    async def test_what_arrived_late_counts_where_its_visit_and_its_visitor_do(self, store: Store, site: Site) -> None:
        """A visit of the morning that arrives after one of the afternoon is not its visitor's first."""
        await counted(store, make(site, NOON + HOUR), make(site, NOON - HOUR), make(site, NOON + HOUR - 60))
        for raw in (False, True):
            [report] = await store.reports.report([Question(site.key, TODAY, TODAY + 1, before=NOON + HOUR)], raw=raw)
            assert sums_of(report.totals) == {"pageviews": 2, "visits": 1, "bounces": 1}
        assert (await store.reports.until([(site.key, TODAY, NOON + HOUR)]))[site.key] == report.totals

    async def test_up_to_a_second_totals_alone_can_be_asked_for(self, store: Store, site: Site) -> None:
        question = Question(site.key, TODAY, TODAY + 1, before=NOON, week_hours=True)
        with pytest.raises(BadInput, match=f"up to a moment .{NOON}. may ask for totals alone"):
            await store.reports.report([question])

    async def test_where_raw_rows_are_gone_whole_hours_count(self, store: Store, site: Site) -> None:
        await append(store, make(site, NOON - HOUR), make(site, NOON, 2), now=NOON)
        await store.expire(NOON + 100 * DAY, 0, 30)
        found = await store.reports.until([(site.key, TODAY, NOON + 30 * MINUTE)])
        assert found[site.key].visits == 1
        assert (await store.reports.until([(site.key, TODAY, NOON + HOUR)]))[site.key].visits == 2


class TestDropsAndLogLines:
    async def test_a_log_line_is_known_for_ever(self, store: Store, site: Site, opener: Open) -> None:
        lines = (of_log(site, NOON, 1), of_log(site, NOON + 9, -(2**63)))
        assert (await append(store, *lines)).outcomes == (COUNTED, COUNTED)
        assert (await append(store, *lines, of_log(site, NOON + 99, 3))).outcomes == (KNOWN, KNOWN, COUNTED)
        assert (await append(store, of_log(site, NOON, 4), of_log(site, NOON, 4))).outcomes == (COUNTED, KNOWN)
        await store.prune(NOON + 90 * DAY, [])
        await store.expire(NOON + 90 * DAY, 30, 30)
        await store.__aexit__()
        async with opener() as reopened:
            assert (await append(reopened, *lines)).outcomes == (KNOWN, KNOWN)
            assert await reopened.reports.known_lines(site.key, [1, -(2**63), 3, 5]) == dict.fromkeys(
                (1, -(2**63), 3), True
            )
            assert (await day_sums(reopened, site))[TODAY]["pageviews"] == 4

    async def test_a_line_that_was_dropped_is_dropped_once_and_may_count_later(self, store: Store, site: Site) -> None:
        drop = Drop(site.key, NOON, TODAY, DropReason.BOT, line=1)
        assert (await store.append(Batch((), (drop,)), NOON)).known_drops == ()
        assert (await store.append(Batch((), (drop,)), NOON)).known_drops == (0,)
        assert await store.reports.drops(site.key, TODAY, TODAY + 1) == [DropCount(TODAY, "bot", 1)]
        assert await store.reports.known_lines(site.key, [1]) == {1: False}
        assert (await append(store, of_log(site, NOON, 1))).outcomes == (COUNTED,)
        assert (await store.append(Batch((), (drop,)), NOON)).known_drops == (0,)
        assert (await append(store, of_log(site, NOON, 1))).outcomes == (KNOWN,)

    async def test_a_day_with_live_hits_takes_no_log_lines_unless_they_may_overlap(
        self, store: Store, site: Site, other: Site
    ) -> None:
        await counted(store, make(site, NOON), of_log(other, NOON, 1))
        events = (
            of_log(site, NOON, 1), of_log(site, NOON - DAY, 2), of_log(site, NOON, 3, overlap=True),
            of_log(other, NOON, 4),
        )  # fmt: skip
        assert (await append(store, *events)).outcomes == (DAY_TAKEN, COUNTED, COUNTED, COUNTED)
        assert await store.reports.live_days(site.key) == {TODAY}
        assert await store.reports.live_days(other.key) == set()


class TestHistory:
    async def test_importing_a_date_again_replaces_it(self, store: Store, site: Site, other: Site) -> None:
        await store.catalog.put_history(site.key, [HistoryDay(1, 5), HistoryDay(2, 7, 3, 9)], "first", NOON)
        await store.catalog.put_history(other.key, [HistoryDay(1, 99)], "other", NOON)
        await store.catalog.put_history(site.key, [HistoryDay(2, 8), HistoryDay(3, 1)], "second", NOON)
        mine = {site.key: [HistoryDay(1, 5), HistoryDay(2, 8), HistoryDay(3, 1)]}
        assert await store.reports.history(site.key) == mine
        assert await store.reports.history() == {**mine, other.key: [HistoryDay(1, 99)]}

    async def test_history_stands_beside_what_was_counted(self, store: Store, site: Site) -> None:
        await counted(store, make(site, NOON))
        await store.catalog.put_history(site.key, [HistoryDay(TODAY, 1000)], "", NOON)
        assert (await day_sums(store, site))[TODAY]["visits"] == 1
        assert await store.check() == []


class TestCatalog:
    async def test_a_key_is_never_used_again(self, store: Store, site: Site) -> None:
        await store.catalog.remove_site("shop", NOON)
        assert (await store.catalog.add_site(Site(0, "new", "New"), NOON)).key > site.key

    async def test_a_removed_site_loses_its_tokens(self, store: Store, site: Site, other: Site) -> None:
        await store.catalog.add_token(site.key, b"mine", NOON)
        await store.catalog.add_token(other.key, b"yours", NOON, TokenMay.READ)
        yours = Token(other.key, TokenMay.READ)
        assert await store.catalog.tokens() == {b"mine": Token(site.key, TokenMay.WRITE), b"yours": yours}
        await store.catalog.remove_site("shop", NOON)
        assert await store.catalog.tokens() == {b"yours": yours}

    async def test_a_site_that_exists_or_does_not_is_named(self, store: Store, site: Site) -> None:
        with pytest.raises(UsageError, match="'shop' exists already"):
            await store.catalog.add_site(Site(0, "shop", "Again"), NOON)
        with pytest.raises(UnknownSite, match="'none'"):
            await store.catalog.remove_site("none", NOON)
        with pytest.raises(UnknownSite, match="'none'"):
            await store.catalog.change_site(Site(99, "none", "None"), NOON)


class TestChangingTheTimeZone:
    ZONE = "Pacific/Auckland"  # 13 hours ahead in November

    async def moved(self, store: Store, site: Site) -> Site:
        await store.catalog.change_site(moved := Site(site.key, "shop", "The shop", timezone=self.ZONE), NOON)
        return moved

    async def test_rows_are_put_into_their_new_days_and_all_stays(self, store: Store, site: Site) -> None:
        await counted(store, *some_visits(site))
        before = await day_sums(store, site)
        hours = {day: await hour_sums(store, site, day) for day in before}
        await self.moved(store, site)
        after = await day_sums(store, site)
        assert sum(map(Counter, before.values()), Counter()) == sum(map(Counter, after.values()), Counter())
        # 12:00 UTC is 01:00 of the next day; the hours stay where they are.
        assert {day + 1: sums for day, sums in before.items()} == after
        assert {day + 1: await hour_sums(store, site, day + 1) for day in before} == {
            day + 1: sums for day, sums in hours.items()
        }
        assert await store.check() == []
        source = await broken_down(store, site, Dimension.SOURCE, TODAY, TODAY + 2)
        assert source["Wiki"]["visits"] == 2

    async def test_a_visit_split_by_the_new_midnight_keeps_its_flags_in_the_day_where_it_started(
        self, store: Store, site: Site
    ) -> None:
        midnight = instant("2024-11-22 00:00", self.ZONE)
        await counted(store, make(site, midnight - 60, path="/a"), make(site, midnight + 60, path="/b"))
        await self.moved(store, site)
        assert await day_sums(store, site) == {
            TODAY: {"pageviews": 1, "visits": 1, "visitors": 1, "seconds": 120}, TODAY + 1: {"pageviews": 1},
        }  # fmt: skip
        assert await broken_down(store, site, Dimension.EXIT_PAGE, TODAY, TODAY + 2) == {"/b": {"visits": 1}}
        assert await store.check() == []

    async def test_engaged_time_moves_with_the_view_it_belongs_to(self, store: Store, site: Site) -> None:
        midnight = instant("2024-11-22 00:00", self.ZONE)
        await counted(store, make(site, midnight - 60, path="/a", hit_id="a"))
        await counted(store, engaged(site, midnight + 60, "a", 100))
        await self.moved(store, site)
        assert await day_sums(store, site) == {
            TODAY: {"pageviews": 1, "visits": 1, "visitors": 1, "bounces": 1, "seconds": 100, "engaged": 100}
        }

    async def test_visits_go_on_after_the_change(self, store: Store, site: Site, opener: Open) -> None:
        await counted(store, *some_visits(site))
        moved = await self.moved(store, site)
        await counted(store, make(moved, NOON + HOUR + 60, 3, "/"), make(moved, NOON + 80, 2), make(moved, NOON, 4))
        assert await store.check() == []
        before = await everything(store, site)
        await store.__aexit__()
        async with opener() as reopened:
            assert await everything(reopened, site) == before
            await self.moved(reopened, site)  # the same zone again moves nothing
            assert await everything(reopened, site) == before

    async def test_there_and_back_is_where_it_was(self, store: Store, site: Site) -> None:
        await counted(store, *(event for event in some_visits(site) if not event.engaged_s))
        before = await everything(store, site)
        await self.moved(store, site)
        assert await everything(store, site) != before
        await store.catalog.change_site(site, NOON)
        assert await everything(store, site) == before

    async def test_days_whose_rows_expired_keep_their_date(self, store: Store, site: Site) -> None:
        await append(store, *some_visits(site), now=NOON)
        await store.expire(NOON + 100 * DAY, 0, 30)
        before = await everything(store, site)
        moved = await self.moved(store, site)
        assert await everything(store, site) == before
        later = NOON + 100 * DAY
        await append(store, make(moved, later), now=later)
        await store.catalog.change_site(site, NOON)
        days = await day_sums(store, site)
        assert days.pop(later // DAY) == {"pageviews": 1, "visits": 1, "visitors": 1, "bounces": 1}
        assert days == before["days"]
        assert await store.check() == []

    async def test_other_sites_stay(self, store: Store, site: Site, other: Site) -> None:
        await counted(store, *some_visits(other), *some_visits(site))
        before = await everything(store, other)
        await self.moved(store, site)
        assert await everything(store, other) == before


class TestCheckAndRepair:
    async def test_nothing_differs_and_repair_mends_nothing_on_a_sound_store(self, store: Store, site: Site) -> None:
        await counted(store, *some_visits(site))
        before = await everything(store, site)
        assert (await store.check(), (await store.repair(NOON, lower=True)).mended) == ([], 0)
        assert await everything(store, site) == before

    async def test_anyone_may_check_while_the_service_writes(self, store: Store, site: Site, folder: Path) -> None:
        await counted(store, *some_visits(site))
        async with open_reports(folder) as reader:
            assert await reader.check() == []
            await counted(store, make(site, NOON + 5))
            assert await reader.check() == []


class TestUpkeep:
    async def test_hit_ids_and_batches_serve_two_days(self, store: Store, site: Site) -> None:
        await append(store, make(site, NOON, hit_id="a"), now=NOON, batch="b")
        assert await store.prune(NOON + 47 * HOUR, []) == {"hit_ids": 0, "batches": 0, "visitors": 0}
        assert (await append(store, make(site, NOON, hit_id="a"))).outcomes == (DUPLICATE,)
        pruned = await store.prune(NOON + 4 * DAY, [])
        assert (pruned["hit_ids"], pruned["batches"]) == (1, 1)
        assert await store.check() == []

    async def test_addresses_and_hits_are_kept_their_whole_days(self, store: Store, site: Site) -> None:
        await append(store, make(site, NOON, address="192.0.2.1"), now=NOON)
        assert await store.expire(NOON + 30 * DAY - 1, 30, 30) == {"addresses": 0, "hits": 0}
        assert await store.expire(NOON + 90 * DAY, 0, 0) == {"addresses": 0, "hits": 0}


class TestBackup:
    async def test_a_backup_is_consistent_while_hits_go_on(
        self, store: Store, site: Site, tmp_path: Path, opener: Open, folder: Path
    ) -> None:
        for number in range(200):
            await counted(store, make(site, NOON + number, number, f"/{number % 30}", hit_id=f"before{number}"))

        async def go_on() -> None:
            for number in range(100):
                await counted(store, make(site, NOON + number, 1000 + number, hit_id=f"after{number}"))

        writing = asyncio.create_task(go_on())
        for copy in ("one", "two"):
            await store.backup(tmp_path / f"{copy}.db")
        async with open_reports(folder) as reader:
            await reader.backup(tmp_path / "three.db")
        await writing
        for copy in ("one", "two", "three"):
            place = tmp_path / copy
            replace_database(place, tmp_path / f"{copy}.db", force=False, now=NOON)
            async with open_store(place, "normal", 30) as restored:
                assert await restored.check() == []
                hits = {row[0] for row in read(place, "select id from hit_id")}
                assert {f"before{number}" for number in range(200)} <= hits
                assert (await day_sums(restored, site))[TODAY]["pageviews"] == len(hits)

    async def test_a_backup_never_replaces_another_and_leaves_no_part(
        self, store: Store, site: Site, tmp_path: Path
    ) -> None:
        target = tmp_path / "backups" / "one.db"
        with pytest.raises(StoreError, match=r"one\.db failed"):
            await store.backup(target)
        target.parent.mkdir()
        await store.backup(target)
        before = target.read_bytes()
        with pytest.raises(StoreError, match="exists"):
            await store.backup(target)
        assert target.read_bytes() == before
        assert [file.name for file in target.parent.iterdir()] == ["one.db"]
        assert target.stat().st_mode & 0o077 == 0
