"""The hit log: every hit with all that is known, each value a filter, and the whole as a file for admins."""

from __future__ import annotations

import asyncio
import csv
import gzip
import html
import io
import json
import re
from urllib.parse import unquote_plus

import aiohttp
import msgspec
import pytest

from counter.errors import TooExpensive
from counter.question import LoggedHit, Question
from counter.site import TokenMay
from dashboard.report.csv_cells import plain
from dashboard.sites.hit_export import PAGE
from tests.kit.app import HANG, Counter
from tests.kit.dashboard import PLAIN_NAME

HITS = "/dashboard/sites/demo/hits"
TBILISI = {"sites": [{"id": "demo", "name": "Demo", "timezone": "Asia/Tbilisi"}]}
IP = "198.51.100.7"


def numbers_of(page: str) -> list[int]:
    """The hits of a page, in its order."""
    return [int(number) for number in re.findall(r'<tr id="hit-(\d+)"', page)]


def row_of(page: str, number: int) -> str:
    found = re.search(rf'<tr id="hit-{number}">.*?</tr>', page, re.DOTALL)
    assert found, f"no row of hit {number}"
    return found[0]


def links_of(page: str) -> list[str]:
    return [html.unescape(link) for link in re.findall(r'href="(/dashboard/sites/demo/hits\?[^"]*filter=[^"]*)"', page)]


async def some_hits(counter: Counter) -> None:
    """Two visitors: a campaign with an event, and a search."""
    await counter.hit(
        path="/start?utm_source=letter&utm_campaign=may", title="Start & <go>", language="ka", screen=1920
    )
    counter.clock.move(10)
    await counter.hit(path="/buy", name="bought", props={"plan": "pro", "price": "=1"})
    counter.clock.move(10)
    await counter.hit(path="/news", referrer="https://www.google.com/", ip="203.0.113.9")


async def many_hits(counter: Counter, count: int) -> None:
    for first in range(0, count, 500):
        hits = [{"site": "demo", "path": f"/{number}"} for number in range(first, min(count, first + 500))]
        answer = await counter.post(hits, ip=IP)
        assert answer.status == 202


async def test_every_hit_stands_there_newest_first_in_the_time_of_the_site(start, signed_in):
    counter = await start(dashboard=True, **TBILISI)
    await some_hits(counter)
    page = await (await signed_in(counter)).text(HITS)
    stored = counter.hits()
    assert numbers_of(page) == [hit["hit"] for hit in reversed(stored)] == [3, 2, 1]
    first, event, search = (html.unescape(row_of(page, number)) for number in (1, 2, 3))
    for text in (
        "2024-11-21T16:00:00+04:00",
        "16:00:00",
        "/start",
        "Start & <go>",
        "letter",
        "Firefox 128",
        "Linux",
        "Desktop",
        IP,
    ):
        assert text in first
    assert "Start &amp; &lt;go&gt;" in page
    assert all(text in event for text in ("bought", "plan", "pro", "price", "=1", "/dashboard/sites/demo/visits/1"))
    assert all(text in search for text in ("Google", "https://www.google.com/", "203.0.113.9", "visits/3"))


async def test_each_value_leads_to_exactly_the_hits_that_have_it(start, signed_in):
    counter = await start(dashboard=True)
    await some_hits(counter)
    owner = await signed_in(counter)
    found: dict[str, list[int]] = {}
    for link in links_of(await owner.text(HITS)):
        found[link.split("filter=")[1]] = numbers_of(await owner.text(link))
    columns = {"page": "path", "event": "name"}
    asked = [name for name in found if not name.startswith("property:")]
    assert len(asked) > 10
    for name in asked:
        dimension, _, value = unquote_plus(name).split(":", 2)
        column = columns.get(dimension, dimension)
        rows = counter.rows(f"select hit from hit_log where {column} = ? order by hit desc", value)
        assert found[name] == [row["hit"] for row in rows], name
    assert found["property:plan:is:pro"] == found["property:price:is:%3D1"] == [2]


async def test_filters_are_chips_that_can_be_taken_away_and_added_by_a_form(start, signed_in):
    counter = await start(dashboard=True)
    await some_hits(counter)
    owner = await signed_in(counter)
    page = await owner.text(f"{HITS}?filter=page:is:/start&filter=source:contains:LET&period=today")
    assert numbers_of(page) == [1]
    removes = [html.unescape(link) for link in re.findall(r'class="remove" href="([^"]+)"', page)]
    assert [numbers_of(await owner.text(link)) for link in removes] == [[2, 1], [1]]
    answer = await owner.get(f"{HITS}?period=today&f_dimension=event&f_operator=is_not&f_value=bought")
    assert (answer.status, answer.headers["Location"]) == (303, f"{HITS}?period=today&filter=event:is_not:bought")
    assert numbers_of(await owner.text(answer.headers["Location"])) == [3, 1]


async def test_pages_follow_one_another_without_a_gap_and_lead_back_to_the_newest(start, signed_in):
    counter = await start(dashboard=True)
    await many_hits(counter, 120)
    owner = await signed_in(counter)
    url, seen, pages = f"{HITS}?filter=browser:is:Firefox", [], 0
    while url:
        page = await owner.text(url)
        pages += 1
        seen += numbers_of(page)
        older = re.search(r'href="([^"]+)" rel="next"', page)
        newest = re.search(r'href="([^"]+)" rel="first"', page)
        assert (newest is None) == (pages == 1)
        url = html.unescape(older[1]) if older else ""
    assert (pages, seen) == (3, list(range(120, 0, -1)))


@pytest.mark.parametrize(
    ("query", "sentence"),
    [
        ("", "No hits in this time"),
        ("?filter=page:is:/none", "No hit matches these filters"),
        ("?before=1", "There are no older hits"),
    ],
)
async def test_a_page_without_hits_says_what_to_do(start, signed_in, query, sentence):
    counter = await start(dashboard=True)
    assert sentence in await (await signed_in(counter)).text(HITS + query)


async def test_a_question_that_takes_too_long_offers_shorter_ones(start, signed_in, monkeypatch):
    counter = await start(dashboard=True)
    owner = await signed_in(counter)

    async def too_long(*_: object, **__: object) -> list[LoggedHit]:
        raise TooExpensive("the question takes longer than 20 seconds")

    monkeypatch.setattr(counter.service.store.reports, "hits", too_long)
    answer = await owner.get(f"{HITS}?period=all&filter=page:contains:x")
    page = await answer.text()
    assert answer.status == 422
    assert "That takes too long" in page
    assert "period=today&amp;filter=page:contains:x" in page


@pytest.mark.parametrize(
    "query",
    [
        "?nonsense=1",
        "?before=0",
        "?before=x",
        "?period=never",
        "?from=2024-01-01",
        "?filter=page:like:/",
        "?filter=ip:is:1",
    ],
)
async def test_what_is_no_question_is_refused(start, signed_in, query):
    counter = await start(dashboard=True)
    assert (await (await signed_in(counter)).get(HITS + query)).status == 400


async def test_a_viewer_never_gets_an_address_and_an_admin_gets_what_privacy_left(start, signed_in):
    counter = await start(dashboard=True)
    await some_hits(counter)
    viewer = await signed_in(counter, "vera", "viewer")
    admin = await signed_in(counter, "adam", "admin")
    for path in (HITS, f"{HITS}?filter=page:is:/start", "/dashboard/sites/demo/visits/1", "/dashboard/sites/demo/live"):
        assert IP in await admin.text(path)
        page = await viewer.text(path)
        assert IP not in page
        assert "203.0.113.9" not in page
        assert "hits.csv" not in page
    for path in (f"{HITS}.csv.gz", f"{HITS}.ndjson.gz", "/dashboard/sites/demo/why"):
        answer = await viewer.get(path)
        assert (answer.status, IP in await answer.text()) == (403, False)


@pytest.mark.parametrize(("kept", "shown"), [("masked", "198.51.0.0"), ("none", "—")])
async def test_an_address_is_shown_as_it_is_kept(start, signed_in, kept, shown):
    counter = await start(dashboard=True, privacy={"store_ip": kept})
    await counter.hit(ip=IP)
    page = await (await signed_in(counter)).text(HITS)
    assert IP not in page
    assert f'<bdi dir="ltr">{shown}</bdi>' in page


# The whole as a file ------------------------------------------------------------------------------------------------


async def test_the_csv_has_every_hit_with_all_that_is_known_and_reads_back_equal(start, signed_in):
    counter = await start(dashboard=True, **TBILISI)
    await many_hits(counter, 2 * PAGE + 300)
    await some_hits(counter)
    await counter.hit(path="/x", title="=cmd|' /C calc'!A0", referrer="https://example.com/a;b")
    owner = await signed_in(counter)
    answer = await owner.get(f"{HITS}.csv.gz?period=today")
    assert answer.headers["Content-Type"] == "application/gzip"
    assert answer.headers["Content-Disposition"] == 'attachment; filename="hits-demo-2024-11-21-2024-11-21.csv.gz"'
    assert answer.headers["Cache-Control"] == "private, no-store"
    text = gzip.decompress(await answer.read()).decode()
    rows = list(csv.DictReader(io.StringIO(text, newline="")))
    stored = counter.rows("select * from hit_log order by hit desc")
    assert [int(row["hit"]) for row in rows] == [hit["hit"] for hit in stored]
    for row, hit in zip(rows, stored, strict=True):
        at = counter.service.sites.get("demo").local.iso(hit["at"])
        assert {name: plain(value) for name, value in row.items()} == {
            name: at if name == "at" else "" if hit[name] is None else str(hit[name]) for name in row
        }
    assert set(rows[0]) == {field.name for field in msgspec.structs.fields(LoggedHit)}
    assert rows[0]["title"] == "'=cmd|' /C calc'!A0"


async def test_the_ndjson_is_what_the_api_answers_line_by_line(start, signed_in):
    counter = await start(dashboard=True)
    await some_hits(counter)
    owner = await signed_in(counter)
    packed = await (await owner.get(f"{HITS}.ndjson.gz?period=today&filter=browser:is:Firefox")).read()
    lines = [json.loads(line) for line in gzip.decompress(packed).decode().splitlines()]
    token = await counter.add_token(may=TokenMay.READ)
    answer = await counter.get("/api/v1/hits", params={"site": "demo", "period": "today"}, headers=token)
    assert lines == (await answer.json())["hits"]
    assert [line["hit"] for line in lines] == [3, 2, 1]


async def test_an_export_is_narrowed_by_filters_and_stands_in_the_audit_log(start, signed_in):
    counter = await start(dashboard=True)
    await some_hits(counter)
    admin = await signed_in(counter, "adam", "admin")
    text = gzip.decompress(await (await admin.get(f"{HITS}.csv.gz?filter=event:is:bought")).read()).decode()
    assert len(text.splitlines()) == 2
    (line,) = [
        line
        for line in await counter.service.store.accounts.audit_log(counter.site_key(), 20)
        if line.action == "hits.exported"
    ]
    assert (line.detail, line.actor) == ("hits-demo-2024-11-15-2024-11-21.csv.gz", "adam")


async def test_an_export_of_nothing_is_a_file_with_its_head_alone(start, signed_in):
    counter = await start(dashboard=True)
    owner = await signed_in(counter)
    text = gzip.decompress(await (await owner.get(f"{HITS}.csv.gz")).read()).decode()
    assert text.startswith('"hit","at","visit",')
    assert text.count("\r\n") == 1
    assert gzip.decompress(await (await owner.get(f"{HITS}.ndjson.gz")).read()) == b""


async def test_a_reader_who_goes_away_ends_the_export(start, signed_in, monkeypatch):
    counter = await start(dashboard=True)
    await many_hits(counter, PAGE)
    owner = await signed_in(counter)
    reports, asked = counter.service.store.reports, []
    page = await reports.hits(Question(counter.site_key(), 0, 90_000), None, PAGE)

    async def endless(question: object, before: int | None, limit: int) -> list[LoggedHit]:
        """A log without an end."""
        asked.append(before)
        return page

    monkeypatch.setattr(reports, "hits", endless)
    cookie = {"Cookie": f"{PLAIN_NAME}={owner.secret}"}
    answer = await counter.client.get(f"{HITS}.ndjson.gz", headers=cookie)
    await answer.content.read(10)
    answer.close()
    seen = -1
    async with asyncio.timeout(HANG):
        while seen != len(asked):  # until no more is asked for
            seen = len(asked)
            await asyncio.sleep(0.2)


async def test_an_export_that_breaks_off_is_no_whole_file(start, signed_in, monkeypatch):
    counter = await start(dashboard=True)
    await many_hits(counter, PAGE + 1)
    owner = await signed_in(counter)
    reports = counter.service.store.reports
    hits = reports.hits

    async def fails_later(question: object, before: int | None, limit: int) -> list[LoggedHit]:
        if before is not None:
            raise TooExpensive("the question takes longer than 20 seconds")
        return await hits(question, before, limit)  # type: ignore[arg-type]

    monkeypatch.setattr(reports, "hits", fails_later)
    with pytest.raises(aiohttp.ClientPayloadError):
        await owner.get(f"{HITS}.csv.gz")
