"""Goals: what the owner wants visitors to reach, counted per visit and visitor, also from before it was made."""

from __future__ import annotations

import random
from collections.abc import AsyncIterator
from fnmatch import fnmatchcase
from pathlib import Path

import pytest

from counter.errors import UsageError
from counter.question import By, Dimension, Question
from counter.site import Goal, GoalKind, Site
from counter.store.open import Store, open_store
from tests.kit.events import DAY, HOUR, MINUTE, NOON, TODAY, append, custom, make, read

SIGNED_UP = Goal("Signed up", GoalKind.EVENT, "signup")
READ_BLOG = Goal("Read the blog", GoalKind.PAGE, "/blog/*")


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[Store]:
    async with open_store(tmp_path, "normal", 30) as opened:
        yield opened


@pytest.fixture
async def site(store: Store) -> Site:
    return await store.catalog.add_site(Site(0, "shop", "The shop"), NOON)


async def reached(
    store: Store, site: Site, start: int = TODAY - 400, end: int = TODAY + 400
) -> dict[str, tuple[int, ...]]:
    """By goal: times reached, visits, visitors."""
    [report] = await store.reports.report([Question(site.key, start, end, breakdowns=(By(Dimension.GOAL, limit=100),))])
    return {row.value: (row.sums.events, row.sums.visits, row.sums.visitors) for row in report.breakdowns[0].rows}


async def test_a_goal_counts_events_visits_and_visitors_that_reached_it(store: Store, site: Site) -> None:
    await store.catalog.add_goal(site.key, SIGNED_UP, NOON)
    await store.catalog.add_goal(site.key, READ_BLOG, NOON)
    await append(
        store,
        make(site, NOON, 1, "/blog/one"), make(site, NOON + 1, 1, "/blog/two"), make(site, NOON + 2, 1, "/blog"),
        custom(site, NOON + 3, 1), make(site, NOON + 2 * HOUR, 1, "/blog/one"), make(site, NOON, 2, "/blog/"),
        custom(site, NOON, 3, name="signup later"),
    )  # fmt: skip
    assert await reached(store, site) == {"Read the blog": (4, 3, 2), "Signed up": (1, 1, 1)}


@pytest.mark.parametrize("folded", [False, True])
async def test_a_goal_made_after_the_hits_counts_them_too(store: Store, site: Site, folded: bool) -> None:
    await append(store, *(make(site, NOON + day * DAY, who, "/blog/x") for day in (-40, -1, 0) for who in (1, 2)))
    if folded:
        await store.fold()
    await store.catalog.add_goal(site.key, READ_BLOG, NOON)
    assert await reached(store, site) == {"Read the blog": (6, 6, 6)}
    assert await reached(store, site, TODAY) == {"Read the blog": (2, 2, 2)}
    assert await store.check() == []


async def test_what_was_reached_before_a_fold_is_not_a_first_time_after_it(store: Store, site: Site) -> None:
    await store.catalog.add_goal(site.key, READ_BLOG, NOON)
    await append(store, make(site, NOON, 1, "/other"), make(site, NOON + MINUTE, 1, "/blog/one"))
    await store.fold()
    await append(store, make(site, NOON + 2 * MINUTE, 1, "/blog/two"))
    assert await reached(store, site) == {"Read the blog": (2, 1, 1)}
    await store.fold()
    await append(store, make(site, NOON + 3 * HOUR, 1, "/blog/two"))  # another visit of the same visitor
    assert await reached(store, site) == {"Read the blog": (3, 2, 1)}
    await store.fold()
    assert await reached(store, site) == {"Read the blog": (3, 2, 1)}
    assert await store.check() == []


async def test_goals_of_random_hits_agree_with_a_naive_count(store: Store, site: Site) -> None:
    other = await store.catalog.add_site(Site(0, "other", "Other"), NOON)
    goals = (Goal("a", GoalKind.PAGE, "/a*"), Goal("b", GoalKind.PAGE, "/?"), Goal("c", GoalKind.EVENT, "s*"),
             Goal("d", GoalKind.PAGE, "/[a]"), Goal("e", GoalKind.EVENT, "*"))  # fmt: skip
    for number, goal in enumerate(goals):
        if number % 2:
            await store.catalog.add_goal(site.key, goal, NOON)
    dice = random.Random(7)
    for _ in range(30):
        made = []
        for _ in range(dice.randint(1, 12)):
            at = NOON + dice.randint(0, 3) * DAY + dice.randint(0, 5) * 20 * MINUTE
            build = dice.choice((make, make, custom))
            more = {"name": dice.choice(("signup", "sale", "buy"))} if build is custom else {}
            path = dice.choice(("/a", "/about", "/b", "/[a]", "/x/y"))
            made.append(build(dice.choice((site, other)), at, dice.randint(1, 4), path, **more))
        await append(store, *made)
        if dice.random() < 0.5:
            await store.fold()
    for number, goal in enumerate(goals):
        if not number % 2:
            await store.catalog.add_goal(site.key, goal, NOON)
    rows = read(Path(store._path).parent, "select name, path, visit, visitor from hit_log where site = 'shop'")
    expected = {}
    for goal in goals:
        pattern = goal.pattern.replace("[", "[[]")
        hits = [
            (visit, visitor) for name, path, visit, visitor in rows
            if (name == "pageview" and fnmatchcase(path, pattern) if goal.kind == GoalKind.PAGE
                else name != "pageview" and fnmatchcase(name, pattern))
        ]  # fmt: skip
        if hits:
            expected[goal.name] = (len(hits), len({hit[0] for hit in hits}), len({hit[1] for hit in hits}))
    assert len(expected) == 5
    assert await reached(store, site) == expected
    assert await reached(store, other) == {}
    assert await store.check() == []


async def test_a_removed_goal_is_gone_and_can_be_made_again(store: Store, site: Site) -> None:
    await append(store, make(site, NOON, 1, "/blog/x"))
    await store.catalog.add_goal(site.key, READ_BLOG, NOON)
    await store.fold()
    await store.catalog.remove_goal(site.key, "Read the blog", NOON)
    assert await reached(store, site) == {}
    assert await store.reports.goals(site.key) == []
    assert await store.check() == []
    await store.catalog.add_goal(site.key, Goal("Read the blog", GoalKind.PAGE, "/blog/[x]"), NOON)
    assert await store.reports.goals(site.key) == [Goal("Read the blog", GoalKind.PAGE, "/blog/[x]")]
    assert await reached(store, site) == {}


async def test_a_goal_survives_what_repairs_and_a_new_time_zone_do(store: Store, site: Site) -> None:
    await store.catalog.add_goal(site.key, READ_BLOG, NOON)
    await append(store, *(make(site, NOON + hour * HOUR, 1, "/blog/x") for hour in range(30)))
    await store.fold()
    before = await reached(store, site)
    await store.catalog.change_site(Site(site.key, "shop", "The shop", timezone="Pacific/Auckland"), NOON)
    assert await store.check() == []
    assert await reached(store, site) == before
    assert (await store.repair(NOON, lower=True)).mended == 0


@pytest.mark.parametrize(
    ("goal", "sentence"),
    [
        (Goal("", GoalKind.PAGE, "/a"), "name is ''"),
        (Goal("x" * 257, GoalKind.PAGE, "/a"), "1 to 256"),
        (Goal("x", GoalKind.PAGE, "  "), "pattern is '  '"),
        (Goal("x\n", GoalKind.PAGE, "/a"), "printable"),
        (Goal("Signed up", GoalKind.PAGE, "/a"), "'Signed up' exists already"),
    ],
)
async def test_a_goal_that_cannot_be_is_refused_with_a_sentence(
    store: Store, site: Site, goal: Goal, sentence: str
) -> None:
    await store.catalog.add_goal(site.key, SIGNED_UP, NOON)
    with pytest.raises(UsageError, match=sentence):
        await store.catalog.add_goal(site.key, goal, NOON)
    assert await store.reports.goals(site.key) == [SIGNED_UP]


async def test_a_goal_that_is_not_there_is_named_with_those_that_are(store: Store, site: Site) -> None:
    await store.catalog.add_goal(site.key, SIGNED_UP, NOON)
    with pytest.raises(UsageError, match="no goal 'none'; goals of this site: 'Signed up'"):
        await store.catalog.remove_goal(site.key, "none", NOON)


async def test_making_and_removing_a_goal_is_in_the_audit_log(store: Store, site: Site, tmp_path: Path) -> None:
    await store.catalog.add_goal(site.key, SIGNED_UP, NOON + 1)
    await store.catalog.remove_goal(site.key, "Signed up", NOON + 2)
    rows = read(tmp_path, "select at - ?, action from audit order by id", NOON)
    assert rows[1:] == [(1, "goal.added"), (2, "goal.removed")]
