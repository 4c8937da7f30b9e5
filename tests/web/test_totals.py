"""`/api/v1/totals`, and the widget that shows the same: the acceptance table, periods, caching, who is online."""

from __future__ import annotations

import datetime as dt
import re

import pytest

from counter.calendar.localtime import day_number
from counter.question import HistoryDay
from counter.service.changes.sites import RemovePageStart, SetPageStart
from tests.kit.app import BOT, NOON, Counter, FakeClock, Start

TBILISI = dt.timezone(dt.timedelta(hours=4))
READ_AT = dt.datetime(2024, 11, 21, 15, 11, tzinfo=TBILISI).timestamp()
DAY = 86_400

# What the classic counter should have said when its page was read.
TABLE = {
    "today": 709, "yesterday": 669, "this_week": 3949, "last_week": 3882, "this_month": 24_125, "last_month": 43_677,
    "all": 2_506_638,
}  # fmt: skip
SPANS = {
    "today": ("2024-11-21", "2024-11-22"),
    "yesterday": ("2024-11-20", "2024-11-21"),
    "this_week": ("2024-11-18", "2024-11-25"),
    "last_week": ("2024-11-11", "2024-11-18"),
    "this_month": ("2024-11-01", "2024-12-01"),
    "last_month": ("2024-10-01", "2024-11-01"),
    "all": ("2012-01-01", "2024-11-22"),
}
LIVE = 9  # visits of today that come in as hits; the other 700 are history
START_COUNT = 1_000_000


def november(day: int) -> int:
    return day_number(dt.date(2024, 11, day))


def table_history(start_count: int) -> list[HistoryDay]:
    """Days of a former counter that add up to the table, but for the last `LIVE` visits of today."""
    visits = {november(21): TABLE["today"] - LIVE, november(20): TABLE["yesterday"]}
    visits[november(18)] = 1000
    visits[november(19)] = TABLE["this_week"] - TABLE["today"] - TABLE["yesterday"] - 1000
    for day in range(11, 17):
        visits[november(day)] = 500
    visits[november(17)] = TABLE["last_week"] - 6 * 500
    visits[november(1)] = TABLE["this_month"] - TABLE["this_week"] - TABLE["last_week"]
    for day in range(1, 31):
        visits[day_number(dt.date(2024, 10, day))] = 1400
    visits[day_number(dt.date(2024, 10, 31))] = TABLE["last_month"] - 30 * 1400
    before = TABLE["all"] - start_count - TABLE["this_month"] - TABLE["last_month"]
    visits[day_number(dt.date(2012, 1, 1))] = 5
    visits[day_number(dt.date(2024, 9, 30))] = before - 5
    return [HistoryDay(day, count, visitors=count, pageviews=2 * count) for day, count in visits.items()]


@pytest.fixture(params=[0, START_COUNT], ids=["no start count", "a start count"])
async def table(start: Start, request: pytest.FixtureRequest) -> Counter:
    """The page of widget.md, read on 2024-11-21 at 15:11 in Tbilisi."""
    counter = await start(
        FakeClock(READ_AT),
        sites=[{"id": "demo", "name": "A page", "timezone": "Asia/Tbilisi", "first_weekday": "monday",
                "start_count": request.param}],
    )  # fmt: skip
    await counter.put_history(table_history(request.param))
    for number in range(LIVE):
        assert await counter.outcome(ip=f"203.0.113.{number}") == "counted"
    return counter


async def test_the_json_says_the_acceptance_table(table: Counter) -> None:
    totals = await table.totals()
    assert {line: totals[line]["count"] for line in TABLE} == TABLE
    assert all(type(totals[line]["count"]) is int for line in TABLE)
    assert {line: (totals[line]["from"], totals[line]["to"]) for line in SPANS} == SPANS
    assert (totals["zone"], totals["first_weekday"], totals["metric"]) == ("Asia/Tbilisi", "monday", "visits")
    assert totals["local_time"] == "2024-11-21 15:11"
    assert totals["generated_at"] == "2024-11-21T15:11:00+04:00"
    assert totals["start_count"] in {0, START_COUNT}


async def test_the_html_widget_says_the_acceptance_table(table: Counter) -> None:
    page = await (await table.get("/widget/demo.html?lang=en", headers={"X-Forwarded-For": "13.59.129.141"})).text()
    shown = dict(re.findall(r"</svg>([^<]+)</th><td><bdi[^>]*>([^<]*)</bdi>", page))
    assert shown == {
        "Today": "709", "Yesterday": "669", "This week": "3,949", "Last week": "3,882", "This month": "24,125",
        "Last month": "43,677", "All days": "2,506,638", "Your IP": "13.59.129.141",
    }  # fmt: skip
    assert "".join(re.findall(r"<b>(\d)</b>", page)) == "2506638"
    assert "2024-11-21 15:11" in page
    assert "2498807" not in page.replace(",", "")


async def test_the_json_widget_says_the_acceptance_table(table: Counter) -> None:
    view = await (await table.get("/widget/demo.json?lang=en", headers={"X-Forwarded-For": "13.59.129.141"})).json()
    assert {row["label"]: row["text"] for row in view["rows"]} == {
        "Today": "709", "Yesterday": "669", "This week": "3,949", "Last week": "3,882", "This month": "24,125",
        "Last month": "43,677", "All days": "2,506,638", "Your IP": "13.59.129.141",
    }  # fmt: skip
    assert "".join(digit for digit, _ in view["digits"]) == "2506638"
    assert (view["date"], view["instant"]) == ("2024-11-21 15:11", "2024-11-21T11:11Z")
    assert view["spoken"] == "2,506,638 visits in total"


async def test_the_svg_widget_says_the_acceptance_table(table: Counter) -> None:
    image = await (await table.get("/widget/demo.svg?lang=en")).text()
    description = image.partition('<desc id="numbers">')[2].partition("</desc>")[0]
    for text in ("Today: 709.", "Yesterday: 669.", "This week: 3,949.", "Last week: 3,882.", "This month: 24,125.",
                 "Last month: 43,677.", "All days: 2,506,638.", "2024-11-21 15:11"):  # fmt: skip
        assert text in description
    assert "".join(re.findall(r'<text class="(?:digit|blank|last-digit)"[^>]*>(\d)</text>', image)) == "2506638"


async def test_in_georgian_the_numbers_are_the_same(table: Counter) -> None:
    page = await (await table.get("/widget/demo.html?lang=ka")).text()
    assert 'lang="ka"' in page
    assert "გასულ კვირაში" in page
    assert "3\u00a0882" in page
    assert "2\u00a0506\u00a0638" in page


async def test_the_other_metrics_have_their_own_numbers_and_the_start_count_too(table: Counter) -> None:
    start_count = (await table.totals())["start_count"]
    visitors, pageviews = await table.totals(metric="visitors"), await table.totals(metric="pageviews")
    assert {line: visitors[line]["count"] for line in TABLE} == TABLE
    assert pageviews["today"]["count"] == 2 * (TABLE["today"] - LIVE) + LIVE
    assert pageviews["last_week"]["count"] == 2 * TABLE["last_week"]
    assert pageviews["all"]["count"] == 2 * (TABLE["all"] - start_count - LIVE) + LIVE + start_count
    assert pageviews["start_count"] == start_count


async def test_every_number_keeps_its_invariant(table: Counter) -> None:
    for metric in ("visits", "visitors", "pageviews"):
        totals = await table.totals(metric=metric)
        count = {line: totals[line]["count"] for line in TABLE}
        counted = count["all"] - totals["start_count"]
        assert count["today"] <= count["this_week"]
        assert count["today"] <= count["this_month"]
        assert count["this_week"] + count["last_week"] <= counted
        assert count["this_month"] + count["last_month"] <= counted


async def test_a_new_hit_changes_the_numbers_before_its_2xx(table: Counter) -> None:
    for number in range(1, 6):
        before = (await table.get("/api/v1/totals?site=demo")).headers["ETag"]
        assert await table.outcome(ip=f"192.0.2.{number}") == "counted"
        answer = await table.get("/api/v1/totals?site=demo", headers={"If-None-Match": before})
        assert answer.status == 200
        totals = await answer.json()
        assert {line: totals[line]["count"] - TABLE[line] for line in TABLE} == {
            line: number if line in {"today", "this_week", "this_month", "all"} else 0 for line in TABLE
        }
        assert f"{709 + number}" in await (await table.get("/widget/demo.html?lang=en")).text()
        assert f"Today: {709 + number}." in await (await table.get("/widget/demo.svg?lang=en")).text()


async def test_at_local_midnight_today_is_a_new_day(table: Counter) -> None:
    midnight = dt.datetime(2024, 11, 22, tzinfo=TBILISI).timestamp()
    old = (await table.get("/api/v1/totals?site=demo")).headers["ETag"]
    table.clock.set(midnight - 1)
    assert (await table.totals())["today"]["count"] == 709
    table.clock.set(midnight)
    answer = await table.get("/api/v1/totals?site=demo", headers={"If-None-Match": old})
    assert answer.status == 200
    totals = await answer.json()
    assert {line: totals[line]["count"] for line in TABLE} == {**TABLE, "today": 0, "yesterday": 709}
    assert (totals["today"]["from"], totals["all"]["to"]) == ("2024-11-22", "2024-11-23")
    assert totals["local_time"] == "2024-11-22 00:00"
    assert '<bdi dir="ltr">0</bdi>' in await (await table.get("/widget/demo.html?lang=en&lines=today")).text()
    table.clock.set(dt.datetime(2024, 11, 25, tzinfo=TBILISI).timestamp())
    totals = await table.totals()
    assert (totals["this_week"]["count"], totals["last_week"]["count"]) == (0, 3949)
    table.clock.set(dt.datetime(2024, 12, 1, tzinfo=TBILISI).timestamp())
    totals = await table.totals()
    assert (totals["this_month"]["count"], totals["last_month"]["count"]) == (0, 24_125)


async def test_the_widget_shows_the_time_of_the_reading_not_of_the_last_hit(table: Counter) -> None:
    assert "2024-11-21 15:11" in await (await table.get("/widget/demo.html")).text()
    table.clock.move(3 * 3600)
    assert "2024-11-21 18:11" in await (await table.get("/widget/demo.html")).text()


async def test_the_numbers_are_the_same_after_a_restart(table: Counter, start: Start) -> None:
    before = await table.totals()
    await table.client.close()
    again = await start(table.clock)
    after = await again.totals()
    assert {line: after[line] for line in TABLE} == {line: before[line] for line in TABLE}


# Caching --------------------------------------------------------------------------------------------------------


async def test_an_answer_that_is_known_is_304(start: Start) -> None:
    counter = await start()
    first = await counter.get("/api/v1/totals?site=demo")
    assert first.headers["Cache-Control"] == "public, max-age=0, must-revalidate"
    same = await counter.get("/api/v1/totals?site=demo", headers={"If-None-Match": first.headers["ETag"]})
    assert (same.status, await same.read()) == (304, b"")
    assert same.headers["ETag"] == first.headers["ETag"]
    other = await counter.get(
        "/api/v1/totals?site=demo&metric=pageviews", headers={"If-None-Match": first.headers["ETag"]}
    )
    assert other.status == 200
    await counter.hit()
    new = await counter.get("/api/v1/totals?site=demo", headers={"If-None-Match": first.headers["ETag"]})
    assert new.status == 200
    assert new.headers["ETag"] != first.headers["ETag"]


@pytest.mark.parametrize("form", ["W/{}", '"other", {}', "*"])
async def test_every_form_of_if_none_match_is_understood(start: Start, form: str) -> None:
    counter = await start()
    tag = (await counter.get("/api/v1/totals?site=demo")).headers["ETag"]
    answer = await counter.get("/api/v1/totals?site=demo", headers={"If-None-Match": form.format(tag)})
    assert answer.status == 304


async def test_a_read_only_image_is_cached_for_a_minute_and_a_304_when_known(start: Start) -> None:
    counter = await start()
    first = await counter.get("/widget/demo.svg")
    assert first.headers["Cache-Control"] == "public, max-age=60"
    same = await counter.get("/widget/demo.svg", headers={"If-None-Match": first.headers["ETag"]})
    assert (same.status, await same.read()) == (304, b"")


async def test_a_change_of_the_start_count_is_shown_at_once(start: Start) -> None:
    counter = await start()
    assert (await counter.totals())["all"]["count"] == 0
    site = counter.service.sites.get("demo").site
    changed = type(site)(key=site.key, id="demo", name="Demo", start_count=77)
    await counter.service.store.catalog.change_site(changed, counter.clock.now())
    await counter.service.reload_sites()
    assert (await counter.totals())["all"]["count"] == 77


async def test_totals_are_open_to_every_origin_without_credentials(start: Start) -> None:
    """T-65."""
    counter = await start()
    for path in ("/api/v1/totals?site=demo", "/widget/demo.html", "/widget/demo.svg"):
        answer = await counter.get(path, headers={"Origin": "https://page.example"})
        assert answer.headers["Access-Control-Allow-Origin"] == "*"
        assert "Access-Control-Allow-Credentials" not in answer.headers
        assert "Set-Cookie" not in answer.headers


# What is asked --------------------------------------------------------------------------------------------------

# query, status, what the sentence says
ASKED: list[tuple[str, int, str]] = [
    ("", 400, "site is missing"),
    ("site=", 400, "site is missing"),
    ("site=demo&metric=bounces", 400, "visits, visitors, pageviews"),
    ("site=nobody", 404, "no site 'nobody'"),
    ("site=demo%00", 404, "no site"),
    ("site=%ff", 404, "no site"),
    ("site=" + "x" * 5000, 404, "no site"),
    ("site=../demo", 404, "no site"),
    ("site=DEMO", 404, "no site"),
]  # fmt: skip


async def test_what_cannot_be_answered_is_a_sentence(start: Start) -> None:
    counter = await start()
    for query, status, sentence in ASKED:
        answer = await counter.get(f"/api/v1/totals?{query}")
        assert answer.status == status, query
        assert sentence in (await answer.json())["message"], query


async def test_hidden_unknown_and_removed_sites_give_the_same_answer(start: Start) -> None:
    counter = await start(sites=[{"id": "demo"}, {"id": "hidden", "public": False}, {"id": "gone"}])
    for site in ("hidden", "gone"):
        await counter.hit(site=site)
    await counter.service.store.catalog.remove_site("gone", counter.clock.now())
    await counter.service.reload_sites()
    answers = set()
    for site in ("hidden", "gone", "nobody"):
        answer = await counter.get(f"/api/v1/totals?site={site}")
        headers = {name: value for name, value in answer.headers.items() if name not in {"Date", "Content-Length"}}
        answers.add((answer.status, (await answer.text()).replace(site, "SITE"), tuple(sorted(headers.items()))))
    assert len(answers) == 1
    assert answers.pop()[0] == 404


async def test_reading_never_counts(start: Start) -> None:
    counter = await start()
    for path in ("/api/v1/totals?site=demo", "/widget/demo.html", "/widget/demo.svg", "/widget/demo.svg?path=/",
                 "/widget/demo.svg?count=0", "/api/v1/you", "/demo", "/counter.js", "/healthz", "/readyz",
                 "/metrics"):  # fmt: skip
        answer = await counter.get(path, headers={"User-Agent": "Mozilla/5.0 Firefox/128.0"})
        assert answer.status == 200, path
    assert counter.hits() == []
    assert (await counter.totals())["all"]["count"] == 0


async def test_a_new_site_shows_zeros(start: Start) -> None:
    counter = await start()
    totals = await counter.totals()
    assert {totals[line]["count"] for line in TABLE} == {0}
    assert totals["record_day"] is None
    assert totals["online"] == 0
    assert totals["all"]["from"] is None
    assert "0000000" in "".join(re.findall(r"<b>(\d)</b>", await (await counter.get("/widget/demo.html")).text()))


async def test_the_metrics_count_visits_visitors_and_pageviews(start: Start) -> None:
    counter = await start()
    await counter.hit()
    await counter.hit(path="/b")
    counter.clock.move(31 * 60)
    await counter.hit()
    await counter.hit(ip="203.0.113.1")
    await counter.hit(name="download")
    await counter.hit(agent=BOT)
    counts = {
        metric: (await counter.totals(metric=metric))["today"]["count"]
        for metric in ("visits", "visitors", "pageviews")
    }
    assert counts == {"visits": 3, "visitors": 2, "pageviews": 4}


async def test_the_record_day_is_the_earlier_one_on_a_tie(start: Start) -> None:
    counter = await start()
    today = int(NOON) // DAY
    await counter.put_history([HistoryDay(today - 9, 3), HistoryDay(today - 5, 7), HistoryDay(today - 2, 7)])
    assert (await counter.totals())["record_day"] == {"date": "2024-11-16", "count": 7}


# Pages ----------------------------------------------------------------------------------------------------------


async def test_a_page_has_numbers_of_its_own_without_the_start_count(start: Start) -> None:
    counter = await start(sites=[{"id": "demo", "start_count": 50}])
    for ip in ("203.0.113.1", "203.0.113.1", "203.0.113.2"):
        await counter.hit(path="/a", ip=ip)
    await counter.hit(path="/b")
    pageviews = await counter.totals(path="/a", metric="pageviews")
    assert (pageviews["today"]["count"], pageviews["all"]["count"], pageviews["start_count"]) == (3, 3, 0)
    assert (pageviews["path"], pageviews["adds_up"]) == ("/a", True)
    visits = await counter.totals(path="/a")
    assert (visits["today"]["count"], visits["adds_up"]) == (2, False)
    assert (await counter.totals(path="/nowhere", metric="pageviews"))["all"]["count"] == 0
    assert "Today: 3." in await (await counter.get("/widget/demo.svg?lang=en&metric=pageviews&path=/a")).text()
    await counter.service.store.fold()
    await counter.hit(path="/a")
    assert (await counter.totals(path="/a", metric="pageviews"))["all"]["count"] == 4, "folded and not yet folded"


async def test_a_page_has_a_start_count_of_its_own_in_all_that_shows_its_totals(start: Start) -> None:
    counter = await start()
    await counter.hit(path="/a")
    before = await counter.totals(metric="pageviews")
    assert (await counter.totals(path="/a"))["all"]["count"] == 1
    await SetPageStart(1, "/a", 500, actor="owner").apply(counter.service)
    for metric in ("visits", "visitors", "pageviews"):
        totals = await counter.totals(path="/a", metric=metric)
        assert (totals["start_count"], totals["all"]["count"], totals["today"]["count"]) == (500, 501, 1)
    assert (await counter.totals(path="//a#b"))["all"]["count"] == 501
    assert (await counter.totals(path="/b", metric="pageviews"))["start_count"] == 0
    assert (await counter.totals(metric="pageviews"))["all"] == before["all"], "no part of the site's"
    assert "501" in await (await counter.get("/badge/demo.svg?lang=en&metric=visits&path=/a&period=all")).text()
    await RemovePageStart(1, "/a", actor="owner").apply(counter.service)
    assert (await counter.totals(path="/a"))["all"]["count"] == 1


# a page as it is counted, and as it may be asked for in a URL
PAGES: list[tuple[str, str]] = [
    ("/a", "/a"),
    ("/a", "/a?utm_source=x"),
    ("/a", "/a#part"),
    ("/", "/index.html"),
    ("/ა", "/%E1%83%90"),
    ("/article?id=7", "/article?id=7"),
    ("/article?id=7&lang=ka", "/article?id=7&lang=ka"),
    ("/c++", "/c++"),
    ("/a b", "/a b"),
    ("/100%", "/100%"),
    ("/rock&roll", "/rock&roll"),
    ("/a;b", "/a;b"),
    ("/100%2541", "/100%2541"),
]


@pytest.mark.parametrize(("counted", "asked"), PAGES)
async def test_a_page_is_found_by_the_path_it_has_in_the_browser(start: Start, counted: str, asked: str) -> None:
    counter = await start(sites=[{"id": "demo", "query_keys": ["id", "lang"]}])
    await counter.hit(path=counted)
    assert (await counter.totals(path=asked))["all"]["count"] == 1
    image = await counter.get("/widget/demo.svg", params={"path": asked, "lang": "en"})
    assert "All days: 1." in await image.text()


# Online ---------------------------------------------------------------------------------------------------------


async def test_online_are_the_visitors_of_the_last_five_minutes(start: Start) -> None:
    counter = await start()

    def refresh() -> None:
        counter.service.online.refresh(counter.clock.now())

    await counter.hit(ip="203.0.113.1")
    await counter.hit(ip="203.0.113.1", path="/b")
    await counter.hit(ip="203.0.113.2")
    await counter.hit(agent=BOT)
    refresh()
    answer = await counter.get("/api/v1/totals?site=demo")
    assert (await answer.json())["online"] == 2
    counter.clock.move(200)
    await counter.hit(ip="203.0.113.2")
    counter.clock.move(101)
    refresh()
    later = await counter.get("/api/v1/totals?site=demo", headers={"If-None-Match": answer.headers["ETag"]})
    assert later.status == 200, "a change of who is online is a change of the answer"
    assert (await later.json())["online"] == 1
    counter.clock.move(300)
    refresh()
    assert (await counter.totals())["online"] == 0


async def test_online_is_known_again_after_a_restart(start: Start) -> None:
    counter = await start()
    await counter.hit(ip="203.0.113.1")
    await counter.hit(ip="203.0.113.2")
    await counter.client.close()
    again = await start(counter.clock)
    assert (await again.totals())["online"] == 2


async def test_a_visitor_dated_back_by_a_server_is_not_online(start: Start) -> None:
    counter = await start()
    token = await counter.add_token()
    await counter.post(
        {"site": "demo", "path": "/", "time": "2024-11-21T11:00:00Z", "ip": "203.0.113.1"}, headers=token
    )
    counter.service.online.refresh(counter.clock.now())
    assert (await counter.totals())["online"] == 0


# You ------------------------------------------------------------------------------------------------------------


async def test_a_readers_own_address_is_never_cached(start: Start) -> None:
    counter = await start()
    for ip in ("203.0.113.9", "2001:db8::9"):
        answer = await counter.get("/api/v1/you", headers={"X-Forwarded-For": ip})
        assert await answer.json() == {"ip": ip}
        assert answer.headers["Cache-Control"] == "private, no-store"
        page = await counter.get("/widget/demo.html", headers={"X-Forwarded-For": ip})
        assert page.headers["Cache-Control"] == "private, no-store"
        assert ip in await page.text()
        image = await counter.get("/widget/demo.svg", headers={"X-Forwarded-For": ip})
        assert ip not in await image.text(), "what may be cached has nobody's address"
    assert counter.hits() == []
