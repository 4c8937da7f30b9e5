"""The overview: today beside the same time yesterday, the last 28 days, who is online, and the sum of all sites."""

from __future__ import annotations

import datetime as dt
import html
import json
import random
import re
from typing import Any

import pytest

from counter.question import HistoryDay, Metric
from counter.service.book import Book
from counter.site import ActiveSite, Site
from dashboard.sites.cards import days_of, matches, same_time_yesterday, spark
from tests.kit.app import NOON, Counter, FakeClock, Start
from tests.kit.dashboard import SignedIn
from tests.kit.report_oracle import read_log, sums_until

DAY = 86_400
TODAY = 20_048  # the local day of NOON, in each of the zones below
SITES = [
    {"id": "demo", "name": "Demo", "hosts": ["demo.example"]},
    {"id": "shop", "name": "<b>Shop", "timezone": "Asia/Tbilisi", "hosts": ["shop.example", "*.shop.example"]},
    {"id": "blog", "name": "Blog", "timezone": "America/New_York"},
]


def text_of(markup: str) -> str:
    markup = re.sub(r'<span class="sr-only">.*?</span>', "", markup, flags=re.DOTALL)
    return " ".join(html.unescape(re.sub(r"<[^>]*>", " ", markup)).split())


def card(page: str, site: str) -> list[str]:
    """Of each metric: its name, today, the change, and the last 28 days, as one text; then who is online."""
    name = rf'id="site-{site}"' if site else 'aria-labelledby="sum"'
    found = re.search(
        rf'{name}.*?<p class="site-online">(.*?)</p>.*?<dl class="site-numbers">(.*?)</dl>', page, re.DOTALL
    )
    assert found is not None, f"there is no card of {site}"
    return [*(text_of(each) for each in re.findall(r"<div>(.*?)</div>", found[2], re.DOTALL)), text_of(found[1])]


def order(page: str) -> list[str]:
    return re.findall(r'id="site-(\w+)"', page)


async def past(counter: Counter) -> None:
    """Hits of yesterday before and after this time, and of today; then it is noon in UTC."""
    for site, ages in (("demo", (DAY + 60, DAY - 60, DAY - 7200, 30)), ("shop", (DAY + 5, 3 * DAY, 50, 40, 30))):
        for age in sorted(ages, reverse=True):
            counter.clock.set(NOON - age)
            await counter.hit(site=site, host=f"{site}.example", ip=f"198.51.100.{age % 250}", path=f"/{age}")
    counter.clock.set(NOON)
    counter.service.online.refresh(NOON)


@pytest.fixture
def early() -> FakeClock:
    return FakeClock(NOON - 5 * DAY)


async def test_each_site_shows_today_beside_the_same_time_yesterday(
    start: Start, signed_in: SignedIn, early: FakeClock
) -> None:
    counter = await start(early, dashboard=True, sites=SITES)
    await past(counter)
    page = await (await signed_in(counter)).text("/dashboard/")
    assert card(page, "demo") == [
        "Visitors 1 0% 4 in 28 days", "Visits 1 0% 4 in 28 days", "Page views 1 0% 4 in 28 days", "1 online now",
    ]  # fmt: skip
    assert card(page, "shop") == [
        "Visitors 3 +200% 5 in 28 days", "Visits 3 +200% 5 in 28 days", "Page views 3 +200% 5 in 28 days",
        "3 online now",
    ]  # fmt: skip
    assert card(page, "blog")[0] == "Visitors 0 — 0 in 28 days"


async def test_the_sum_is_that_of_all_cards(start: Start, signed_in: SignedIn, early: FakeClock) -> None:
    counter = await start(early, dashboard=True, sites=SITES)
    await past(counter)
    page = await (await signed_in(counter)).text("/dashboard/")
    assert card(page, "") == [
        "Visitors 4 +100% 9 in 28 days", "Visits 4 +100% 9 in 28 days", "Page views 4 +100% 9 in 28 days",
        "4 online now",
    ]  # fmt: skip


async def test_every_number_is_a_naive_count_of_the_hits(start: Start, signed_in: SignedIn, early: FakeClock) -> None:
    counter = await start(early, dashboard=True, sites=SITES)
    await past(counter)
    page = await (await signed_in(counter)).text("/dashboard/")
    for site in ("demo", "shop"):
        hits = read_log(counter.folder, site)
        today = [hit for hit in hits if hit["day_number"] == TODAY]
        assert card(page, site)[2].split()[2] == str(len(today))
        assert f"{len(hits)} in 28 days" in card(page, site)[2]


async def test_the_busiest_site_today_stands_first(start: Start, signed_in: SignedIn, early: FakeClock) -> None:
    counter = await start(early, dashboard=True, sites=SITES)
    await past(counter)
    assert order(await (await signed_in(counter)).text("/dashboard/")) == ["shop", "demo", "blog"]


async def test_a_reader_sees_the_sites_that_are_theirs_and_nothing_of_others(
    start: Start, signed_in: SignedIn, early: FakeClock
) -> None:
    counter = await start(early, dashboard=True, sites=SITES)
    await past(counter)
    vera = await signed_in(counter, "vera", "viewer", "demo")
    page = await vera.text("/dashboard/")
    assert order(page) == ["demo"]
    assert "shop" not in page.lower()
    assert 'aria-labelledby="sum"' not in page  # of one site it would say the same
    assert "/dashboard/new-site" not in page
    assert json.loads(await vera.text("/dashboard/online.json")) == {"sites": {"demo": 1}, "sum": 1}


async def test_who_is_online_can_be_asked_alone(start: Start, signed_in: SignedIn, early: FakeClock) -> None:
    counter = await start(early, dashboard=True, sites=SITES)
    await past(counter)
    owner = await signed_in(counter)
    answer = await owner.get("/dashboard/online.json")
    assert await answer.json() == {"sites": {"demo": 1, "shop": 3, "blog": 0}, "sum": 4}
    assert answer.headers["Cache-Control"] == "private, no-store"


async def test_names_of_sites_are_text(start: Start, signed_in: SignedIn) -> None:
    counter = await start(dashboard=True, sites=SITES)
    page = await (await signed_in(counter)).text("/dashboard/")
    assert "&lt;b&gt;Shop" in page
    assert "<b>Shop" not in page


async def test_days_of_a_former_counter_stand_in_the_last_28_days_and_in_no_comparison_by_the_hour(
    start: Start, signed_in: SignedIn
) -> None:
    counter = await start(dashboard=True, sites=SITES)
    await counter.hit(site="demo", host="demo.example")
    await counter.put_history([HistoryDay(TODAY - 1, 100, 80, 300), HistoryDay(TODAY - 40, 7, 7, 7)])
    owner = await signed_in(counter)
    page = await owner.text("/dashboard/")
    assert card(page, "demo")[:3] == [
        "Visitors 1 — 81 in 28 days", "Visits 1 — 101 in 28 days", "Page views 1 — 301 in 28 days",
    ]  # fmt: skip
    assert "former counter" in page
    await counter.hit(site="shop", host="shop.example")
    await counter.put_history([HistoryDay(TODAY - 3, 50)], "shop")
    assert card(await owner.text("/dashboard/"), "shop")[:3] == [
        "Visitors 1 new — in 28 days", "Visits 1 new 51 in 28 days", "Page views 1 new — in 28 days",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("wanted", "found"),
    [("", 14), ("site 1", 5), ("SITE-3", 1), ("host7.example", 1), ("nothing like it", 0), ("  site 12  ", 1)],
)
async def test_many_sites_are_searched_by_name_id_and_host(
    start: Start, signed_in: SignedIn, wanted: str, found: int
) -> None:
    many: list[dict[str, Any]] = [
        {"id": f"site-{number}", "name": f"Site {number}", "hosts": [f"host{number}.example"]} for number in range(14)
    ]
    counter = await start(dashboard=True, sites=many)
    owner = await signed_in(counter)
    answer = await owner.get("/dashboard/", params={"q": wanted})
    page = await answer.text()
    assert len(re.findall(r'class="box site-card"', page)) == (found if wanted != "site 1" else 5)
    assert 'type="search"' in page
    if not found:
        assert "No site has nothing like it in its name" in page


async def test_twelve_sites_need_no_search(start: Start, signed_in: SignedIn) -> None:
    twelve = [{"id": f"site-{number}", "name": f"Site {number}"} for number in range(12)]
    counter = await start(dashboard=True, sites=twelve)
    assert 'type="search"' not in await (await signed_in(counter)).text("/dashboard/")


async def test_without_a_site_the_owner_is_led_to_add_one_and_others_to_the_owner(
    start: Start, signed_in: SignedIn
) -> None:
    counter = await start(dashboard=True)
    vera = await signed_in(counter, "vera", "viewer")
    owner = await signed_in(counter)
    await counter.service.store.catalog.remove_site("demo", NOON)
    await counter.service.reload_sites()
    assert 'class="button primary" href="/dashboard/new-site"' in await owner.text("/dashboard/")
    assert "Ask the owner" in await vera.text("/dashboard/")


async def test_fifty_sites_are_one_question_of_the_store(
    start: Start, signed_in: SignedIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    counter = await start(dashboard=True, sites=[{"id": f"s{number}", "name": "S"} for number in range(50)])
    owner = await signed_in(counter)
    reports = counter.service.store.reports
    asked: list[int] = []
    ask = reports._readers.ask

    async def count(question: Any) -> Any:
        asked.append(1)
        return await ask(question)

    monkeypatch.setattr(reports._readers, "ask", count)
    assert len(order(await owner.text("/dashboard/"))) == 50
    assert len(asked) == 1


@pytest.mark.parametrize(
    ("zone", "now"),
    [
        ("UTC", "2024-11-21T12:00:30+00:00"),
        ("Asia/Kolkata", "2024-11-21T18:59:59+05:30"),
        ("Europe/Berlin", "2024-03-31T15:10:00+02:00"),  # the clocks went forward today
        ("Europe/Berlin", "2024-04-01T02:30:00+02:00"),  # yesterday had no half past two
        ("Europe/Berlin", "2024-10-27T02:40:00+01:00"),  # for the second time today
        ("Europe/Berlin", "2024-10-28T09:20:00+01:00"),
    ],
)
async def test_the_report_of_today_tells_the_same_numbers_and_changes(
    start: Start, signed_in: SignedIn, zone: str, now: str
) -> None:
    at, rng = int(dt.datetime.fromisoformat(now).timestamp()), random.Random(now)
    counter = await start(FakeClock(at - 3 * DAY), dashboard=True, sites=[{"id": "demo", "timezone": zone}])
    day, before = same_time_yesterday(ActiveSite(Site(1, "demo", "Demo", timezone=zone)), at)
    moments = [at - rng.randrange(2 * DAY) for _ in range(40)]
    for moment in sorted((*moments, before - 1, before, before + 1, at - 1, at)):
        counter.clock.set(moment)
        await counter.hit(ip=f"203.0.113.{rng.randrange(6)}", path=rng.choice(["/", "/a", "/b"]))
        if rng.random() < 0.1:
            await counter.service.store.fold()
    counter.clock.set(at)
    owner = await signed_in(counter)
    shown = card(await owner.text("/dashboard/"), "demo")
    until = sums_until(read_log(counter.folder, "demo"), day, before)
    assert until.visits > 0
    for filters in ("", "&filter=page:contains:/", "&filter=page:is_not:/none"):  # all hits pass
        page = await owner.text(f"/dashboard/sites/demo?period=today{filters}")
        for metric, text in zip(("visitors", "visits", "pageviews"), shown, strict=False):
            found = re.search(rf'id="card-{metric}".*?</li>', page, re.DOTALL)
            assert found is not None
            name = text.partition(" in 28 days")[0].rpartition(" ")[0]  # `Visitors 3 +200%`
            assert text_of(f"<i {found[0]}") == name
            assert f'title="{getattr(until, metric)} in ' in found[0]


# The pure parts ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("zone", "now", "then"),
    [
        ("UTC", "2024-11-21T12:00:30+00:00", "2024-11-20T12:00:30+00:00"),
        ("Europe/Berlin", "2024-03-31T12:00:00+02:00", "2024-03-30T12:00:00+01:00"),  # the clocks went forward today
        ("Europe/Berlin", "2024-04-01T02:30:00+02:00", "2024-03-31T03:30:00+02:00"),  # yesterday had no half past two
        ("Europe/Berlin", "2024-10-27T02:30:00+01:00", "2024-10-26T02:30:00+02:00"),
        ("Asia/Kolkata", "2024-11-21T00:00:00+05:30", "2024-11-20T00:00:00+05:30"),
        ("America/Havana", "2024-03-11T00:30:00-04:00", "2024-03-10T01:30:00-04:00"),  # midnight itself was skipped
    ],
)
def test_the_same_time_yesterday_is_what_its_clocks_showed(zone: str, now: str, then: str) -> None:
    site = ActiveSite(Site(1, "demo", "Demo", timezone=zone))
    day, before = same_time_yesterday(site, int(dt.datetime.fromisoformat(now).timestamp()))
    assert before == dt.datetime.fromisoformat(then).timestamp()
    assert day == site.local.day(before) == site.local.day(int(dt.datetime.fromisoformat(now).timestamp())) - 1


def test_the_line_has_a_point_for_each_of_28_days_today_the_last() -> None:
    book, site = Book(), ActiveSite(Site(1, "demo", "Demo"))
    book.tally(1, Metric.VISITS).add(TODAY, 3)
    book.tally(1, Metric.VISITS).add(TODAY - 27, 2)
    book.tally(1, Metric.VISITS).add(TODAY - 28, 9)
    assert days_of(site, book, int(NOON)) == [2, *[0] * 26, 3]
    assert spark([0, 5, 10]).line == "0,23 50,12 100,1"
    assert spark([0, 0]).line == "0,23 100,23"


def test_a_site_is_found_by_any_of_its_names() -> None:
    site = ActiveSite(Site(1, "demo", "Ölfarben", hosts=("farben.example",)))
    assert all(matches(site, text) for text in ("", "DEMO", "ölf", "ÖLF", "example"))
    assert not matches(site, "other")
