"""The widget as it is answered: what is private, what may be kept, countries seen, failures, and how we count."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from typing import Any

import pytest

from counter.errors import StoreError, TooExpensive
from counter.question import Question, Report
from counter.service.countries import FRESH
from counter.store.protocols import Appended, Batch
from counter.web.collect import NO_STORE
from tests.kit.app import BROWSER, VISITOR, Counter, Start
from tests.kit.widget_sample import rows_of

GEORGIA, GERMANY = "5.152.1.1", "91.0.0.1"
READER = {"User-Agent": BROWSER, "X-Forwarded-For": GEORGIA}
READER_LINES = "ip,your_country,your_system"
IMAGE_PROXY = "Mozilla/5.0 (Windows NT 5.1; rv:11.0) Gecko Firefox/11.0 (via ggpht.com GoogleImageProxy)"


async def view(counter: Counter, query: str = "") -> dict[str, Any]:
    answer = await counter.get(f"/widget/demo.json?lang=en&{query}", headers=READER)
    assert answer.status == 200
    return dict(json.loads(await answer.read()))


async def texts(counter: Counter, query: str = "") -> dict[str, str]:
    return {row["name"]: row["text"] for row in (await view(counter, query))["rows"]}


# Whose answer it is ---------------------------------------------------------------------------------------------


async def test_the_readers_own_lines_are_in_private_answers_only(start: Start) -> None:
    counter = await start()
    query = f"lang=en&lines=today,{READER_LINES}"
    for path in (
        f"/widget/demo.html?{query}",
        f"/widget/demo.json?{query}",
        f"/widget/demo.svg?{query}&count=1&path=/",
    ):
        answer = await counter.get(path, headers=READER)
        assert {"private", "no-store"} <= set(answer.headers["Cache-Control"].split(", "))
        text = await answer.text()
        for own in (GEORGIA, "Georgia", "Firefox · Linux"):
            assert own in text, path
    kept = await counter.get(f"/widget/demo.svg?{query}", headers=READER)
    assert kept.headers["Cache-Control"] == "public, max-age=60"
    assert "Your" not in await kept.text()
    assert kept.headers["ETag"] == (await counter.get(f"/widget/demo.svg?{query}")).headers["ETag"]


async def test_behind_a_proxy_of_images_there_is_no_reader(start: Start) -> None:
    counter = await start()
    path = f"/widget/demo.svg?lang=en&lines=today,{READER_LINES}&count=1&path=/"
    text = await (await counter.get(path, headers={**READER, "User-Agent": IMAGE_PROXY})).text()
    assert "Today" in text
    assert "Your" not in text
    assert GEORGIA not in text


async def test_the_json_never_counts_whatever_it_is_asked(start: Start) -> None:
    counter = await start()
    await counter.get("/widget/demo.json?count=1&path=/", headers=READER)
    assert counter.hits() == []
    answer = await counter.get("/widget/demo.json")
    assert answer.headers["Access-Control-Allow-Origin"] == "*"
    assert answer.content_type == "application/json"


async def test_a_page_has_a_widget_of_its_own(start: Start) -> None:
    counter = await start()
    await counter.hit(path="/one")
    await counter.hit(path="/one", ip=GERMANY)
    await counter.hit(path="/two")
    assert (await texts(counter, "metric=pageviews"))["all"] == "3"
    assert (await texts(counter, "metric=pageviews&path=/one"))["all"] == "2"
    assert (await view(counter, "metric=pageviews&path=/two"))["spoken"] == "1 page view in total"


async def test_a_counting_image_shows_its_own_page_where_it_is_told_to(start: Start) -> None:
    counter = await start()
    await counter.hit(path="/two", ip=GERMANY)
    path = "/widget/demo.svg?lang=en&metric=pageviews&count=1&path=/one"
    assert "All days: 2." in await (await counter.get(path, headers=READER)).text()
    assert "All days: 2." in await (await counter.get(f"{path}&scope=page", headers=READER)).text()
    assert "All days: 4." in await (await counter.get(f"{path}&scope=site", headers=READER)).text()
    wrong = await counter.get(f"{path}&scope=all", headers=READER)
    assert (wrong.status, (await wrong.json())["message"]) == (400, "scope is 'all'; allowed are site, page.")
    assert len(counter.hits()) == 4


# Countries seen -------------------------------------------------------------------------------------------------


async def test_countries_are_collected_and_unknown_is_none_of_them(start: Start) -> None:
    counter = await start()
    for address in (GEORGIA, "10.0.0.1", "127.0.0.1"):
        await counter.hit(ip=address)
    (row,) = (await view(counter, "lines=countries"))["rows"]
    assert (row["text"], row["codes"]) == ("1", [["GE", "Georgia"]])
    page = await (await counter.get("/widget/demo.html?lang=en&lines=countries", headers=READER)).text()
    assert rows_of(page) == {"Countries seen": "1 [GE]"}
    assert ">GE</text>" in await (await counter.get("/widget/demo.svg?lang=en&lines=countries")).text()


async def test_countries_are_asked_for_once_in_ten_minutes_and_never_on_the_way_of_a_hit(
    start: Start, monkeypatch: pytest.MonkeyPatch
) -> None:
    counter = await start()
    asked: list[int] = []
    report = counter.service.store.reports.report

    async def counted(questions: Sequence[Question], **options: Any) -> list[Report]:
        asked.append(len(questions))
        return await report(questions, **options)

    monkeypatch.setattr(counter.service.store.reports, "report", counted)
    await counter.hit(ip=GEORGIA)
    assert asked == []
    assert (await texts(counter, "lines=countries"))["countries"] == "1"
    await counter.hit(ip=GERMANY)
    for _ in range(3):
        assert (await texts(counter, "lines=countries"))["countries"] == "1", "as it was ten minutes ago at most"
    assert asked == [1]
    counter.clock.move(FRESH)
    await texts(counter, "lines=countries")
    await counter.service.countries.settled()
    assert (await texts(counter, "lines=countries"))["countries"] == "2"
    assert asked == [1, 1]
    await texts(counter, "lines=today")
    assert asked == [1, 1]


async def test_countries_nobody_could_read_are_an_em_dash_and_asked_for_again_later(
    start: Start, monkeypatch: pytest.MonkeyPatch
) -> None:
    counter = await start()

    async def failing(questions: Sequence[Question]) -> list[Report]:
        raise TooExpensive("the question takes longer than 20 seconds")

    with monkeypatch.context() as patch:
        patch.setattr(counter.service.store.reports, "report", failing)
        assert (await texts(counter, "lines=countries,online")) == {"countries": "—", "online": "0"}
    assert (await texts(counter, "lines=countries"))["countries"] == "—"
    counter.clock.move(FRESH)
    assert (await texts(counter, "lines=countries"))["countries"] == "0"


# When storage fails ---------------------------------------------------------------------------------------------


async def test_numbers_that_cannot_be_read_are_em_dashes_in_a_drawing_and_an_error_to_the_script(
    start: Start, monkeypatch: pytest.MonkeyPatch
) -> None:
    counter = await start()
    await counter.hit(path="/one")

    async def failing(*_: object) -> None:
        raise StoreError("the database can't be read: disk I/O error")

    monkeypatch.setattr(counter.service.store.reports, "page_days", failing)
    page = await counter.get("/widget/demo.html?lang=en&path=/one", headers=READER)
    image = await counter.get("/widget/demo.svg?lang=en&path=/one")
    assert (page.status, image.status) == (503, 503)
    assert int(page.headers["Retry-After"]) > 0
    assert rows_of(await page.text())["Today"] == "—"
    assert "Today: —." in await image.text()
    assert image.headers["Cache-Control"] == NO_STORE["Cache-Control"]
    assert (await counter.get("/widget/demo.json?path=/one")).status == 503
    assert (await counter.get("/widget/demo.html?lang=en")).status == 200


async def test_a_counting_image_whose_hit_is_lost_shows_what_is_known_and_says_503(
    start: Start, monkeypatch: pytest.MonkeyPatch
) -> None:
    counter = await start()
    await counter.hit()

    async def failing(batch: Batch, now: float) -> Appended:
        raise StoreError("the database can't be written: disk is full")

    monkeypatch.setattr(counter.service.store, "append", failing)
    monkeypatch.setattr(counter.service.store, "probe", failing)
    answer = await counter.get("/widget/demo.svg?lang=en&count=1&path=/", headers=READER)
    assert answer.status == 503
    assert "All days: 1." in await answer.text()


# How we count ---------------------------------------------------------------------------------------------------


async def test_the_page_explains_the_numbers_in_georgian_and_english_else_in_english(start: Start) -> None:
    counter = await start(sites=[{"id": "demo", "name": "A <b>page", "timezone": "Asia/Tbilisi",
                                  "first_weekday": "sunday", "start_count": 1234567}])  # fmt: skip
    for query, accepted, tag, title, week in (
        ("?lang=ka", "en", "ka", "როგორ ვითვლით", "კვირას"),
        ("", "ka-GE,en;q=0.5", "ka", "როგორ ვითვლით", "კვირას"),
        ("?lang=en", "ka", "en", "How we count", "Sunday"),
        ("?lang=ar", "ka", "en", "How we count", "Sunday"),
    ):
        answer = await counter.get(f"/widget/demo/about{query}", headers={"Accept-Language": accepted})
        page = await answer.text()
        assert f'<html lang="{tag}" dir="ltr">' in page
        assert f"<h1>{title}</h1>" in page
        assert "A &lt;b&gt;page" in page
        assert "<b>Asia/Tbilisi</b>" in page
        assert week in page
        assert "1,234,567" in page or "1\u00a0234\u00a0567" in page
        assert 'href="../../opt-out"' in page
        policy = answer.headers["Content-Security-Policy"]
        assert "frame-ancestors 'none'" in policy
        assert "default-src 'none'" in policy
        assert "unsafe" not in policy
        assert answer.headers["Vary"] == "Accept-Language"


@pytest.mark.parametrize(
    ("privacy", "told"),
    [
        ({"store_ip": "full", "ip_retention_days": 30}, "Your Internet address, for 30 days; then it is erased."),
        ({"store_ip": "full", "ip_retention_days": 1}, "Your Internet address, for 1 day; then it is erased."),
        ({"store_ip": "full", "ip_retention_days": 0}, "Your Internet address, until the owner of the site erases it."),
        ({"store_ip": "masked", "ip_retention_days": 7}, "the rest is erased after 7 days."),
        ({"store_ip": "none"}, "Not your Internet address."),
        ({"hit_retention_days": 90}, "width of the screen, for 90 days."),
        ({"hit_retention_days": 0}, "width of the screen."),
    ],
)
async def test_the_page_tells_what_is_kept_as_it_is_configured(
    start: Start, privacy: dict[str, Any], told: str
) -> None:
    counter = await start(privacy=privacy, counting={"visit_timeout_minutes": 20})
    page = re.sub(r"\s+", " ", await (await counter.get("/widget/demo/about?lang=en")).text())
    assert told in page
    assert "at most 20 minutes" in page


async def test_the_widget_links_to_its_explanation_when_the_owner_wants_it(start: Start) -> None:
    counter = await start(server={"public_url": "https://counter.example", "trusted_proxies": ["127.0.0.1"]})
    link = "https://counter.example/widget/demo/about?lang=en"
    assert (await view(counter, "about=1"))["about"] == link
    assert (await view(counter))["about"] == ""
    assert f'href="{link}"' in await (await counter.get("/widget/demo.html?lang=en&about=1")).text()
    assert VISITOR not in await (await counter.get("/widget/demo/about")).text()
