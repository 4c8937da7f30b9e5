"""`/api/v1/report`, `/api/v1/hits` and `/api/v1/visit`: who may ask, what may be asked, and what is answered."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from counter.reports.grammar import DIMENSIONS, HITS_KEYS, REPORT_KEYS
from counter.service.service import token_digest
from counter.site import Goal, GoalKind, TokenMay
from tests.kit.app import NOON, Counter, FakeClock, Start
from tests.kit.camo import Camo

REPORT = "/api/v1/report?site=demo"
SECRET = "a-read-token-of-the-tests"
DAY = 86_400


async def read_token(counter: Counter, site: str = "demo") -> dict[str, str]:
    if token_digest(SECRET) in counter.service.tokens:
        return {"Authorization": f"Bearer {SECRET}"}
    return await counter.add_token(site, SECRET, TokenMay.READ)


@pytest.fixture
async def counter(start: Start) -> Counter:
    """A site with two visitors, three page views and one custom event."""
    sites = [{"id": "demo", "name": "Demo", "timezone": "Asia/Tbilisi"}, {"id": "other", "name": "Other"}]
    found: Counter = await start(sites=sites)
    await found.hit(ip="203.0.113.7", path="/", referrer="https://news.example/x?id=1")
    await found.hit(ip="203.0.113.7", path="/blog/a, b")
    await found.hit(ip="203.0.113.7", path="/blog/a, b", name="signup", props={"plan": "Basic, old", "a:b": "\\"})
    await found.hit(ip="203.0.113.8", path="/")
    return found


async def ask(counter: Counter, path: str, status: int = 200, **query: Any) -> dict[str, Any]:
    """An answer to the holder of the site's read token."""
    answer = await counter.get(path, params=query or None, headers=await read_token(counter))
    assert answer.status == status, await answer.text()
    found: dict[str, Any] = await answer.json()
    return found


async def totals(counter: Counter, *filters: str) -> dict[str, Any]:
    answer = await counter.get(
        "/api/v1/report", params=[("site", "demo"), *(("filter", one) for one in filters)],
        headers=await read_token(counter),
    )  # fmt: skip
    assert answer.status == 200, await answer.text()
    found: dict[str, Any] = (await answer.json())["totals"]
    return found


async def test_a_report_has_totals_series_and_breakdowns_of_one_moment(counter: Counter) -> None:
    found = await ask(counter, f"{REPORT}&period=7d&by=page&by=source&limit=1&compare=previous")
    assert found["generated_at"].startswith("2024-11-21T")
    assert found["zone"] == "Asia/Tbilisi"
    assert found["period"] == {"name": "7d", "from": "2024-11-15", "to": "2024-11-21", "days": 7}
    assert found["totals"] == {
        "visitors": 2, "visits": 2, "pageviews": 3, "events": 1, "engaged": 0, "bounce_rate": 50.0,
        "visit_duration": 0, "views_per_visit": 1.5, "proxied": 0,
    }  # fmt: skip
    assert [point["start"] for point in found["series"]["points"]] == [f"2024-11-{day}" for day in range(15, 22)]
    assert sum(point["pageviews"] for point in found["series"]["points"]) == 3
    page, source = found["breakdowns"]
    assert page == {
        "by": "page", "total_rows": 2,
        "rows": [{"value": "/", "visitors": 2, "visits": 2, "pageviews": 2, "events": 0, "engaged": 0}],
    }  # fmt: skip
    assert source["total_rows"] == 2
    compared = found["compare"]
    assert (compared["from"], compared["to"], compared["totals"]["visits"]) == ("2024-11-08", "2024-11-14", 0)
    assert compared["totals"]["bounce_rate"] is None


@pytest.fixture
async def two_days(start: Start) -> Counter:
    """Yesterday a signup at this time less a minute, at this very second, and a minute later; today one."""
    found: Counter = await start(FakeClock(NOON - 2 * DAY), sites=[{"id": "demo", "timezone": "Asia/Tbilisi"}])
    await found.service.store.catalog.add_goal(found.site_key(), Goal("joined", GoalKind.EVENT, "signup"), NOON)
    for number, ago in enumerate((DAY + 60, DAY, DAY - 60, 0)):
        found.clock.set(NOON - ago)
        for name in ("pageview", "signup"):
            await found.hit(ip=f"203.0.113.{number}", path="/", name=name)
    found.clock.set(NOON)
    return found


@pytest.mark.parametrize("narrowed", ["", "&filter=page:is:/", "&filter=goal:is:joined"])
async def test_today_so_far_is_compared_with_yesterday_until_the_same_time(two_days: Counter, narrowed: str) -> None:
    found = await ask(two_days, f"{REPORT}&period=today&compare=previous{narrowed}")
    compared = found["compare"]
    assert (compared["from"], compared["until"]) == ("2024-11-20", "2024-11-20T16:00:00+04:00")
    numbers = ("visitors", "visits", "events")
    assert [found["totals"][name] for name in numbers] == [compared["totals"][name] for name in numbers] == [1, 1, 1]
    assert sum(point["visits"] for point in compared["series"]["points"]) == 3
    assert compared["totals"].get("conversion_rate") == (100.0 if "goal" in narrowed else None)


@pytest.mark.parametrize("narrowed", ["", "&filter=page:is:/"])
async def test_days_before_the_last_one_are_compared_whole(two_days: Counter, narrowed: str) -> None:
    found = await ask(two_days, f"{REPORT}&from=2024-11-21&to=2024-11-22&compare=previous{narrowed}")
    assert (found["compare"]["from"], found["compare"]["to"]) == ("2024-11-19", "2024-11-19")
    two_days.clock.set(NOON + DAY)
    found = await ask(two_days, f"{REPORT}&from=2024-11-22&to=2024-11-23&compare=previous{narrowed}")
    assert found["compare"]["totals"]["visits"] == 1
    two_days.clock.set(NOON + 2 * DAY)
    found = await ask(two_days, f"{REPORT}&from=2024-11-22&to=2024-11-23&compare=previous{narrowed}")
    assert found["compare"]["until"] == "2024-11-21T16:00:00+04:00"
    assert found["compare"]["totals"]["visits"] == 3  # the one of the second itself is of the day after
    two_days.clock.set(NOON + 3 * DAY)
    found = await ask(two_days, f"{REPORT}&from=2024-11-22&to=2024-11-23&compare=previous{narrowed}")
    assert (found["compare"]["until"], found["compare"]["totals"]["visits"]) == (None, 4)


async def test_where_raw_rows_are_gone_the_day_that_is_cut_is_named(two_days: Counter) -> None:
    await two_days.service.store.expire(NOON + 100 * DAY, 0, 30)
    compared = (await ask(two_days, f"{REPORT}&period=today&compare=previous"))["compare"]
    assert compared["incomplete_days"] == ["2024-11-20"]
    assert compared["totals"]["visits"] == 1  # of the hour that was over


async def test_weekdays_and_hours_of_the_day_are_told_when_asked(counter: Counter) -> None:
    found = await ask(counter, f"{REPORT}&period=today&week_hours=1")
    [thursday] = found["week_hours"]
    assert (thursday["weekday"], thursday["visits"], thursday["pageviews"]) == ("thursday", 2, 3)
    assert thursday["hour"] == int(found["generated_at"][11:13])
    assert (await ask(counter, f"{REPORT}&period=today"))["week_hours"] is None
    refused = await ask(counter, f"{REPORT}&week_hours=yes", status=400)
    assert refused["message"] == "week_hours is 'yes', it may be a number from 0 to 1"


async def test_nobody_reads_without_the_sites_read_token(counter: Counter) -> None:
    """T-60: neither a stranger, nor who may write, nor who may read another site."""
    paths = ("/api/v1/report", "/api/v1/hits", "/api/v1/visit")
    writing = await counter.add_token()
    for path in paths:
        for headers in ({}, {"Authorization": "Bearer nonsense"}, {"Authorization": "Basic YTpi"}, writing):
            answer = await counter.get(f"{path}?site=demo&period=nonsense", headers=headers)
            assert answer.status == 401
            assert answer.headers["WWW-Authenticate"] == "Bearer"
            assert "Access-Control-Allow-Origin" not in answer.headers
    reading = await read_token(counter)
    for path in paths:
        answers = [await counter.get(f"{path}?site={site}", headers=reading) for site in ("other", "nobody")]
        assert [answer.status for answer in answers] == [401, 401]
        assert await answers[0].json() == await answers[1].json()


async def test_a_read_token_may_not_write(counter: Counter) -> None:
    reading = await read_token(counter)
    answer = await counter.post({"site": "demo", "path": "/"}, headers=reading)
    assert answer.status == 401
    assert "read" in (await answer.json())["message"]


@pytest.mark.parametrize("path", [REPORT, "/api/v1/hits?site=demo", "/api/v1/visit?site=demo&visit=1"])
async def test_no_answer_may_be_kept_or_read_by_other_sites(counter: Counter, path: str) -> None:
    answer = await counter.get(path, headers={**await read_token(counter), "Origin": "https://evil.example"})
    assert answer.status == 200
    assert answer.headers["Cache-Control"] == "private, no-store"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert "Access-Control-Allow-Origin" not in answer.headers


@pytest.mark.parametrize(
    ("filters", "pageviews", "events"),
    [
        ((), 3, 1),
        (("page:is:/",), 2, 0),
        (("page:is:/,/blog/a\\, b",), 3, 1),
        (("page:contains:BLOG",), 1, 1),
        (("page:is_not:/",), 1, 1),
        (("event:is:signup",), 0, 1),
        (("event:is:pageview",), 3, 0),
        (("property:plan:is:Basic\\, old",), 0, 1),
        (("property:a\\:b:is:\\\\",), 0, 1),
        (("property:plan:is_not:Basic\\, old",), 3, 0),
        (("property_key:is:plan",), 0, 1),
        (("referrer_host:is:Unknown",), 1, 0),
        (("referrer_host:is_not:Unknown", "page:is:/"), 1, 0),
        (("entry_page:is:/", "exit_page:contains:blog"), 2, 1),
        (("country:is:Atlantis",), 0, 0),
        (("page:contains:%",), 0, 0),
    ],
)
async def test_filters_narrow_a_report(counter: Counter, filters: tuple[str, ...], pageviews: int, events: int) -> None:
    found = await totals(counter, *filters)
    assert (found["pageviews"], found["events"]) == (pageviews, events)


@pytest.mark.parametrize(
    ("query", "message"),
    [
        ("period=fortnight", "period is 'fortnight', it may be today, yesterday"),
        ("colour=red", "'colour' is no parameter here, these are: site, period"),
        ("period=7d&period=28d", "period stands 2 times"),
        ("from=2024-11-01", "from and to belong together"),
        ("from=2024-11-01&to=2024-11-02&period=7d", "give either period"),
        ("from=2024-11-31&to=2024-12-01", "a date that exists"),
        ("from=2023-02-29&to=2024-12-01", "a date that exists"),
        ("from=2024-11-21T23:59:60&to=2024-12-01", "a date that exists"),
        ("from=20241101&to=2024-12-01", "a date that exists"),
        ("from=2024-12-02&to=2024-12-01", "from is 2024-12-02, which is after 2024-12-01"),
        ("from=9999-12-31&to=9999-12-31", "between 1970-01-01 and 9998-12-31"),
        ("from=0001-01-01&to=2024-12-01", "between 1970-01-01 and 9998-12-31"),
        ("from=1990-01-01&to=2017-05-18&bucket=day", "a series of 10,000 days by day would have 10,000 points"),
        ("from=1970-01-01&to=9998-12-31", "ask for a longer bucket or a shorter period"),
        ("period=year&bucket=hour", "hours are shown for at most 31 days, and this period has 366"),
        ("bucket=minute", "bucket is 'minute', it may be hour, day, week, month"),
        ("compare=dream", "compare is 'dream', it may be previous, last_year"),
        ("from=1970-01-01&to=1970-01-02&compare=previous", "nothing before 1970-01-01"),
        ("by=shoe", "by is 'shoe', it may be page, entry_page"),
        ("by=title", "by is 'title', it may be page"),
        ("by=page:x", "only property has a key"),
        ("by=property", "a property needs its key"),
        ("limit=5", "limit is about the rows of a breakdown"),
        ("by=page&limit=0", "limit is '0', it may be a number from 1 to 1000"),
        ("by=page&limit=١", "limit is"),
        ("by=page&offset=-1", "offset is '-1'"),
        ("by=page&order=beauty", "order is 'beauty', it may be visits"),
        ("filter=page", "it may be page:OPERATOR:VALUE, with an operator of is, is_not, contains"),
        ("filter=page:like:x", "it may be page:OPERATOR:VALUE"),
        ("filter=page:is", "it may be page:OPERATOR:VALUE"),
        ("filter=page:is:", "one of its values is empty"),
        ("filter=property:plan:contains:", "one of its values is empty"),
        ("filter=page:is:x%5C", "ends with a single backslash"),
        ("filter=property:plan", "it may be property:KEY:OPERATOR:VALUE"),
        ("&".join(["filter=page:is:x"] * 21), "there are 21 filters, at most 20 are taken"),
        ("filter=page:is:" + ",".join("x" * 101), "has 101 values, at most 100 are taken"),
    ],
)
async def test_what_can_not_be_asked_is_refused_with_a_sentence(counter: Counter, query: str, message: str) -> None:
    """T-45"""
    found = await ask(counter, f"{REPORT}&{query}", 400)
    assert found["error"] == "bad_input"
    assert message in found["message"]


@pytest.mark.parametrize(
    "query",
    [
        "from=2024-02-29&to=2024-02-29&compare=last_year",
        "from=2020-12-28&to=2021-01-03&bucket=week",  # ISO week 53
        "from=2024-10-01&to=2024-10-31&bucket=hour",
        "from=1990-01-01&to=2017-05-18",  # 10,000 days, drawn in months
        "from=9998-12-31&to=9998-12-31",
        "from=1970-01-01&to=1970-01-01",
        "period=all&compare=previous",
        "period=all&bucket=day",
        "filter=page:is:%00%ff%ED%A0%80",
        "by=property:%00a&search=%ff",
        "filter=property:" + "k" * 5000 + ":contains:" + "v" * 2000,
    ],
)
async def test_odd_questions_are_answered(counter: Counter, query: str) -> None:
    """T-45"""
    await ask(counter, f"{REPORT}&{query}")


async def test_every_dimension_can_be_asked_for_and_filtered_by(counter: Counter) -> None:
    for name in DIMENSIONS:
        dimension = "property:plan" if name == "property" else name
        wanted = {"site": "demo", "by": dimension, "filter": f"{dimension}:is_not:nothing like it"}
        found = await ask(counter, "/api/v1/report", **wanted)
        assert found["breakdowns"][0]["by"] == name
        assert found["totals"]["pageviews"] == 3


async def test_goals_have_conversion_rates_of_all_that_the_other_filters_let_pass(counter: Counter) -> None:
    for goal in (Goal("joined", GoalKind.EVENT, "sign*"), Goal("never", GoalKind.PAGE, "/never")):
        await counter.service.store.catalog.add_goal(counter.site_key(), goal, NOON)
    found = await ask(counter, f"{REPORT}&by=goal")
    assert found["breakdowns"][0]["rows"] == [
        {"value": "joined", "visitors": 1, "visits": 1, "events": 1, "conversion_rate": 50.0}
    ]
    reached = await totals(counter, "goal:is:joined")
    assert (reached["visitors"], reached["conversion_rate"]) == (1, 50.0)
    narrow = await totals(counter, "goal:is:joined", "exit_page:contains:blog")
    assert narrow["conversion_rate"] == 100.0
    assert (await totals(counter, "goal:is:never"))["conversion_rate"] == 0.0
    assert (await totals(counter, "goal:is:joined", "page:is:/nowhere"))["conversion_rate"] is None


async def test_the_hit_log_comes_in_pages_newest_first(counter: Counter) -> None:
    first = await ask(counter, "/api/v1/hits?site=demo&limit=3")
    assert [(hit["name"], hit["path"]) for hit in first["hits"]] == [
        ("pageview", "/"), ("signup", "/blog/a, b"), ("pageview", "/blog/a, b"),
    ]  # fmt: skip
    assert first["hits"][1]["props"] == {"plan": "Basic, old", "a:b": "\\"}
    rest = await ask(counter, f"/api/v1/hits?site=demo&limit=3&before={first['next']}")
    assert [hit["path"] for hit in rest["hits"]] == ["/"]
    assert rest["next"] is None
    assert len((await ask(counter, "/api/v1/hits?site=demo&filter=event:is:signup"))["hits"]) == 1


async def test_the_path_of_a_visit_is_in_the_order_of_time(counter: Counter) -> None:
    hits = (await ask(counter, "/api/v1/hits?site=demo"))["hits"]
    visit = hits[-1]["visit"]
    found = await ask(counter, f"/api/v1/visit?site=demo&visit={visit}")
    assert [hit["name"] for hit in found["hits"]] == ["pageview", "pageview", "signup"]
    assert (await ask(counter, "/api/v1/visit?site=demo&visit=999"))["hits"] == []
    assert "visit is missing" in (await ask(counter, "/api/v1/visit?site=demo", 400))["message"]


async def test_a_visit_of_another_site_is_not_shown(counter: Counter) -> None:
    await counter.hit(ip="203.0.113.9", site="other")
    visit = counter.rows("select max(id) as id from visit")[0]["id"]
    assert (await ask(counter, f"/api/v1/visit?site=demo&visit={visit}"))["hits"] == []


async def test_the_report_and_the_counter_agree(counter: Counter) -> None:
    shown = await counter.totals(site="demo")
    for period in ("today", "yesterday", "this_week", "last_week", "this_month", "last_month"):
        found = await ask(counter, f"{REPORT}&period={period}")
        assert found["totals"]["visits"] == shown[period]["count"]


def test_the_parameters_of_the_documentation_are_those_there_are() -> None:
    text = (Path(__file__).parents[2] / "docs" / "reports.md").read_text(encoding="utf-8")
    for name in (*REPORT_KEYS, *HITS_KEYS, *DIMENSIONS):
        assert f"`{name}`" in text, name


async def test_a_badge_behind_an_image_proxy_adds_page_views_and_changes_no_rate(counter: Counter) -> None:
    before = (await ask(counter, REPORT))["totals"]
    camo = Camo(counter)
    for _ in range(3):
        await camo.fetch("/badge/demo.svg?count=1&path=/readme")
    found = await ask(counter, f"{REPORT}&by=page&by=source&by=entry_page&by=host&order=pageviews")
    assert found["totals"] == {**before, "pageviews": before["pageviews"] + 3, "proxied": 3}
    page, source, entry, host = ({row["value"]: row for row in one["rows"]} for one in found["breakdowns"])
    assert (page["/readme"]["pageviews"], page["/readme"]["visits"], page["/readme"]["visitors"]) == (3, 0, 0)
    assert source["GitHub Camo"] == {
        "value": "GitHub Camo", "visitors": 0, "visits": 0, "pageviews": 3, "events": 0, "engaged": 0,
        "bounce_rate": None, "visit_duration": None, "views_per_visit": None,
    }  # fmt: skip
    assert entry.keys() == {"/"}
    assert host["Unknown"]["pageviews"] == found["totals"]["pageviews"]
    narrowed = await totals(counter, "source:is:GitHub Camo")
    assert (narrowed["pageviews"], narrowed["visits"], narrowed["proxied"]) == (3, 0, 3)
    hits = await ask(counter, "/api/v1/hits?site=demo&limit=1")
    assert (hits["hits"][0]["via"], hits["hits"][0]["country"], hits["hits"][0]["browser"]) == (
        "proxy", "Unknown", "Unknown",
    )  # fmt: skip
