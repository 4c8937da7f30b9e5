"""Who is online now: distinct visitors of the last 300 seconds."""

from __future__ import annotations

from pathlib import Path

import pytest

from counter.service.online import WINDOW, Online
from counter.site import Site
from counter.store.open import open_store
from tests.kit.events import NOON, append, make, of_log


@pytest.mark.parametrize(("ago", "count"), [(0, 1), (299, 1), (300, 1), (301, 0), (3600, 0)])
def test_a_visitor_is_online_for_three_hundred_seconds(ago: int, count: int) -> None:
    online = Online()
    online.see([(1, 7, NOON - ago)])
    online.refresh(NOON)
    assert (WINDOW, online.count(1)) == (300, count)


def test_visitors_are_distinct_and_each_site_has_its_own() -> None:
    online = Online()
    online.see([(1, 7, NOON), (1, 7, NOON - 50), (1, 8, NOON), (2, 7, NOON)])
    assert online.refresh(NOON + 1) == {1, 2}
    assert (online.count(1), online.count(2), online.count(3)) == (2, 1, 0)


def test_a_late_event_does_not_make_a_visitor_look_older() -> None:
    online = Online()
    online.see([(1, 7, NOON), (1, 7, NOON - 250)])
    online.refresh(NOON + 290)
    assert online.count(1) == 1


def test_the_number_changes_only_when_it_is_refreshed_and_says_for_whom() -> None:
    online = Online()
    online.see([(1, 7, NOON)])
    assert online.count(1) == 0
    assert online.refresh(NOON) == {1}
    online.see([(1, 7, NOON + 20)])
    assert online.refresh(NOON + 20) == set()
    assert online.refresh(NOON + 20 + WINDOW) == set()
    assert online.refresh(NOON + 21 + WINDOW) == {1}
    assert online.count(1) == 0


def test_a_clock_that_steps_back_loses_nobody() -> None:
    online = Online()
    online.see([(1, 7, NOON)])
    online.refresh(NOON - 3600)
    assert online.count(1) == 1


def test_it_remembers_a_bounded_number_of_visitors() -> None:
    online = Online(most=100)
    for visitor in range(1000):
        online.see([(1, visitor, NOON), (2, 0, NOON)])
    online.refresh(NOON)
    assert (100 <= online.count(1) <= 200, online.count(2)) == (True, 1)


async def test_lines_of_a_log_are_never_online_not_even_after_a_restart(tmp_path: Path) -> None:
    for number in range(2):
        async with open_store(tmp_path, "normal", 30) as store:
            sites = await store.catalog.sites() or [await store.catalog.add_site(Site(0, "s", "S"), NOON)]
            online = Online()
            online.see(await store.reports.online(NOON - WINDOW))
            online.refresh(NOON)
            assert online.count(1) == number
            if not number:
                log = of_log(sites[0], NOON, 1, who=9)
                appended = await append(store, log, make(sites[0], NOON, 3), make(sites[0], NOON - 400, 4), now=NOON)
                online.see(appended.seen)
                online.refresh(NOON)
                assert online.count(1) == 1
