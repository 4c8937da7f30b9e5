"""Random events, filters, periods and zones: every report equals a naive oracle over the view `hit_log`, and what
comes from rollups equals what comes from raw rows.
"""

from __future__ import annotations

import asyncio
import random
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from counter.event import Event
from counter.question import Bucket, By, Dimension, Filter, Operator, Order, Question, Report
from counter.site import Goal, GoalKind, Site
from counter.store.open import Store, open_store
from counter.store.protocols import Batch
from tests.kit.events import DAY, told
from tests.kit.oracle import Told
from tests.kit.report_oracle import Answer, Hit, read_log, sorted_rows, sums_until
from tests.store.test_property import HOSTS, MOMENTS, NAMES, PATHS, World, random_world, worlds

PROPS = (None, None, '{"plan":"Basic"}', '{"plan":"basic","seats":"5"}', '{"a.b \\"c\\"":"100%","plan":""}', "{}")
GOALS = (
    Goal("any page", GoalKind.PAGE, "*"), Goal("blog", GoalKind.PAGE, "/bl?g"), Goal("Unknown", GoalKind.EVENT, "*o*"),
    Goal("signup", GoalKind.EVENT, "signup"), Goal("[brackets]", GoalKind.PAGE, "/[p]*"),
)  # fmt: skip
DIMENSIONS = tuple(dimension for dimension in Dimension if dimension != Dimension.TITLE)
TEXTS = {
    Dimension.PAGE: PATHS, Dimension.ENTRY_PAGE: PATHS, Dimension.EXIT_PAGE: PATHS,
    Dimension.HOST: HOSTS, Dimension.EVENT: (*NAMES, "pageview", "PAGE"),
    Dimension.GOAL: tuple(goal.name for goal in GOALS),
    Dimension.PROPERTY: ("Basic", "basic", "5", "100%", "", "0%"),
    Dimension.PROPERTY_KEY: ("plan", "seats", 'a.b "c"', "A"),
}  # fmt: skip
KEYS = ("plan", "seats", 'a.b "c"', "nothing")
ODD_TEXTS = ("Unknown", "unk", "-", "-A", "%", "_", "never seen", "'; drop table event; --")

number = st.integers(0, 1000)


def make_filter(dimension: Dimension, operator: Operator, picks: Sequence[int]) -> Filter:
    own = TEXTS.get(dimension) or tuple(f"{dimension.name.lower()}-{letter}" for letter in "abc")
    texts = (*own, *own, *ODD_TEXTS)
    return Filter(dimension, operator, tuple(texts[pick % len(texts)] for pick in picks), KEYS[picks[0] % len(KEYS)])


filters = st.builds(
    make_filter, st.sampled_from(DIMENSIONS), st.sampled_from(Operator), st.lists(number, min_size=1, max_size=2)
)
# Where a period starts among the days that have hits, how long it is, its filters, its bucket, first weekday.
questions = st.lists(
    st.tuples(
        number, st.sampled_from((1, 1, 2, 3, 7, 31, 45, 90, 400)), st.lists(filters, max_size=3),
        st.sampled_from((None, *Bucket)), st.integers(0, 6),
    ),
    min_size=1, max_size=4,
)  # fmt: skip
plans = st.lists(
    st.tuples(st.integers(1, 20), st.sampled_from(("", "fold", "reopen", "expire", "zone", "goal"))), max_size=8
)


class Asked:
    """A store with sites and hits, and what is asked of it."""

    def __init__(self, store: Store, folder: Path, goals: int) -> None:
        self.store = store
        self.folder = folder
        self.goals = goals  # how many each site has
        self.sites: dict[str, Site] = {}

    async def add_sites(self, sites: Sequence[Site], now: int) -> None:
        for site in sites:
            self.sites[site.id] = await self.store.catalog.add_site(site, now)
            for goal in GOALS[: self.goals]:
                await self.store.catalog.add_goal(self.sites[site.id].key, goal, now)

    async def act(self, what: str, now: int) -> None:
        """Fold, reopen, erase addresses, move a site to another zone, or make a goal when there are hits."""
        if what == "fold":
            await self.store.fold()
        elif what == "reopen":
            await self.store.__aexit__(None, None, None)
            self.store = open_store(self.folder, "normal", 30)
            await self.store.__aenter__()
        elif what == "expire":
            await self.store.expire(now + 40 * DAY, 30, 0)
        elif what == "zone":
            site = next(iter(self.sites.values()))
            zones = sorted(MOMENTS)
            zone = zones[(zones.index(site.timezone) + 2) % len(zones)]
            self.sites[site.id] = await self.store.catalog.change_site(
                msgspec.structs.replace(site, timezone=zone), now
            )
        elif what == "goal" and self.goals < len(GOALS):
            for site in self.sites.values():
                await self.store.catalog.add_goal(site.key, GOALS[self.goals], now)
            self.goals += 1

    async def verify(self, asked: Sequence[tuple[int, int, Sequence[Filter], Bucket | None, int]]) -> None:
        for site in self.sites.values():
            hits = read_log(self.folder, site.id)
            made = [make_question(site, hits, *one) for one in asked]
            reports = await self.store.reports.report(made)
            raw = await self.store.reports.report(made, raw=True)
            for question, report, raw_report in zip(made, reports, raw, strict=True):
                assert report == raw_report
                self.verify_report(site, hits, question, report)
                await self.verify_pages(site, hits, question)
                await self.verify_log(site, hits, question)
                await self.verify_live(site, hits, question)
            await self.verify_before(site, hits, made)
        await self.verify_until([place for place, *_ in asked])

    def verify_report(self, site: Site, hits: list[Hit], question: Question, report: Report) -> None:
        answer = Answer(hits, question, site.timezone, GOALS[: self.goals])
        assert report.totals == answer.totals()
        if question.bucket is not None:
            assert [(point.start, point.sums) for point in report.series] == answer.series()
        assert list(report.week_hours) == answer.week_hours()
        for breakdown in report.breakdowns:
            expected = answer.breakdown(breakdown.by)
            assert {row.value: row.sums for row in breakdown.rows} == expected, breakdown.by
            assert breakdown.total_rows == len(breakdown.rows) == len(expected)

    async def verify_pages(self, site: Site, hits: list[Hit], question: Question) -> None:
        """Some rows of a breakdown, in order, after a search."""
        dimension = DIMENSIONS[question.start % len(DIMENSIONS)]
        order = tuple(Order)[question.end % len(Order)]
        by = By(dimension, KEYS[0], order, ("", "", "A", "/", "-c", "n%")[question.start % 6], 2, question.end % 3)
        [report] = await self.store.reports.report([msgspec.structs.replace(question, breakdowns=(by,))])
        found = Answer(hits, question, site.timezone, GOALS[: self.goals]).breakdown(by)
        expected = sorted_rows(found, by)
        breakdown = report.breakdowns[0]
        assert [(row.value, row.sums) for row in breakdown.rows] == expected[by.offset :][: by.limit]
        assert breakdown.total_rows == len(expected)

    async def verify_log(self, site: Site, hits: list[Hit], question: Question) -> None:
        """The hit log, page by page."""
        answer = Answer(hits, question, site.timezone, GOALS[: self.goals])
        expected = [hit["hit"] for hit in answer.found if answer.inside(hit["day_number"])][::-1]
        found: list[int] = []
        while page := await self.store.reports.hits(question, found[-1] if found else None, 7):
            found += [hit.hit for hit in page]
        assert found == expected

    async def verify_live(self, site: Site, hits: list[Hit], question: Question) -> None:
        """The hits since a moment, and those after a hit, all of them and the last few."""
        reports = self.store.reports
        since = hits[question.start % len(hits)]["at"] if hits else 0
        after = hits[question.end % len(hits)]["hit"] if hits else 0
        for limit in (3, 10_000):
            recent = await reports.recent(site.key, since, limit)
            assert [one.hit for one in recent] == [one["hit"] for one in hits if one["at"] >= since][::-1][:limit]
            later = await reports.after(site.key, after, limit)
            assert [one.hit for one in later] == [one["hit"] for one in hits if one["hit"] > after][-limit:]
        assert await reports.newest() >= max((hit["hit"] for hit in hits), default=0)

    async def verify_before(self, site: Site, hits: list[Hit], made: Sequence[Question]) -> None:
        """Each period, and one of its days, up to a moment, with and without its filters; asked together and alone."""
        asked: list[Question] = []
        for number, question in enumerate(made):
            at = hits[question.start % len(hits)]["at"] if hits else 20_000 * DAY
            before = at + (0, 1, -1, 3600 - at % 3600, DAY, -2 * DAY)[number % 6]
            whole = msgspec.structs.replace(question, bucket=None, breakdowns=(), week_hours=False)
            day = msgspec.structs.replace(whole, start=before // DAY, end=before // DAY + 1)
            for one in (whole, day, msgspec.structs.replace(day, filters=())):
                asked += [one, msgspec.structs.replace(one, before=before)]
        reports = await self.store.reports.report(asked)
        for question, report in zip(asked, reports, strict=True):
            assert report.totals == Answer(hits, question, site.timezone, GOALS[: self.goals]).totals()
            if not question.filters and question.before is not None and question.end - question.start == 1:
                until = await self.store.reports.until([(site.key, question.start, question.before)])
                assert until == {site.key: report.totals}
        assert await self.store.reports.report(asked, raw=True) == reports
        assert [(await self.store.reports.report([one]))[0] for one in asked] == reports

    async def verify_until(self, places: Sequence[int]) -> None:
        """Days up to a moment, of all sites together: at a hit, a second later, at full hours, and when all is over."""
        logs = {site.key: read_log(self.folder, site.id) for site in self.sites.values()}
        for place in places:
            asked = []
            for number, (key, hits) in enumerate(logs.items()):
                hit = hits[(place + number) % len(hits)] if hits else {"day_number": 20_000, "at": 20_000 * DAY}
                shift = (0, 1, -1, 3600 - hit["at"] % 3600, 1800 - hit["at"] % 1800, 2 * DAY)[place % 6]
                asked.append((key, hit["day_number"], hit["at"] + shift))
            found = await self.store.reports.until(asked)
            assert found == {key: sums_until(logs[key], day, before) for key, day, before in asked}


def make_question(
    site: Site, hits: list[Hit], place: int, days: int, narrowed: Sequence[Filter], bucket: Bucket | None, weekday: int
) -> Question:
    """A period that begins at, or shortly before, one of the days that have hits."""
    known = sorted({hit["day_number"] for hit in hits}) or [20_000]
    start = known[place % len(known)] - (place % 3) * (days // 4)
    if bucket == Bucket.HOUR:
        days = min(days, 31)
    breakdowns = tuple(By(dimension, KEYS[place % len(KEYS)], limit=1000) for dimension in DIMENSIONS)
    return Question(site.key, start, start + days, tuple(narrowed), bucket, weekday, breakdowns, week_hours=True)


def with_props(event: Event, pick: int) -> Event:
    """Some events carry properties; mostly custom ones do."""
    return msgspec.structs.replace(event, props=PROPS[pick % len(PROPS)]) if event.kind != 3 else event


def play(world: World, plan: Sequence[tuple[int, str]], asked: Any, goals: int) -> None:
    now = max((hit.at for hit in world.hits), default=0)

    async def run(folder: Path) -> None:
        store = open_store(folder, "normal", 30)
        await store.__aenter__()
        told_to = Asked(store, folder, goals)
        try:
            await told_to.add_sites(world.sites, now)
            hits: list[Told] = list(world.hits)
            for size, what in (*plan, (len(hits) + 1, "")):
                events = [told(told_to.sites[hit.site], hit) for hit in hits[:size]]
                batch = tuple(with_props(event, event.at // 7 + event.visitor) for event in events)
                await told_to.store.append(Batch(batch), now)
                hits = hits[size:]
                await told_to.act(what, now)
            await told_to.verify(asked)
            await told_to.store.fold()
            await told_to.verify(asked)
        finally:
            await told_to.store.__aexit__(None, None, None)

    with tempfile.TemporaryDirectory() as folder, asyncio.Runner() as runner:
        runner.run(run(Path(folder)))


def random_questions(seed: int, count: int) -> list[Any]:
    rng = random.Random(seed)

    def pick_filter() -> Filter:
        picks = [rng.randrange(1000) for _ in range(rng.randint(1, 2))]
        return make_filter(rng.choice(DIMENSIONS), rng.choice(tuple(Operator)), picks)

    return [
        (
            rng.randrange(1000), rng.choice((1, 3, 31, 90, 400)),
            [pick_filter() for _ in range(rng.choice((0, 1, 1, 2)))],
            rng.choice((None, *Bucket)), rng.randrange(7),
        )
        for _ in range(count)
    ]  # fmt: skip


@given(worlds, plans, questions, st.integers(0, len(GOALS)))
@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
def test_every_report_equals_a_naive_oracle_over_the_hit_log(
    world: World, plan: list[tuple[int, str]], asked: list[Any], goals: int
) -> None:
    play(world, plan, asked, goals)


@pytest.mark.parametrize("seed", range(2))
def test_every_report_on_some_hundred_hits_equals_a_naive_oracle_over_the_hit_log(seed: int) -> None:
    world, plan = random_world(seed, 300)
    play(world, [(size, what.replace("repair", "zone")) for size, what in plan], random_questions(seed, 6), 4)


@pytest.mark.soak
@pytest.mark.parametrize("seed", range(100, 130))
def test_every_report_on_thousands_of_hits_equals_a_naive_oracle_over_the_hit_log(seed: int) -> None:
    world, plan = random_world(seed, 2000)
    play(world, [(size, what.replace("repair", "zone")) for size, what in plan], random_questions(seed, 20), 4)
