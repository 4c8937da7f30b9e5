"""Custom events, the reserved ones, their properties, and goals, through HTTP."""

from __future__ import annotations

import json
from typing import Any

import pytest

from counter.question import By, Dimension, Question
from counter.site import Goal, GoalKind, TokenMay
from tests.kit.app import Start

LINKS = [
    ("https://other.example/page?id=7#part", "https://other.example/page"),
    ("http://user:secret@Other.Example:8080", "http://other.example:8080/"),
    ("https://other.example:443/a.pdf", "https://other.example/a.pdf"),
]


@pytest.mark.parametrize("name", ["outbound", "download"])
@pytest.mark.parametrize(("url", "kept"), LINKS)
async def test_an_event_that_leads_somewhere_keeps_the_address_without_secrets(
    start: Start, name: str, url: str, kept: str
) -> None:
    counter = await start()
    assert await counter.outcome(name=name, props={"url": url, "text": "click"}) == "counted"
    row = counter.hits()[0]
    assert (row["name"], json.loads(row["props"])) == (name, {"url": kept, "text": "click"})


@pytest.mark.parametrize("name", ["outbound", "download"])
@pytest.mark.parametrize("props", [None, {}, {"url": ""}, {"url": "javascript:alert(1)"}, {"url": "/relative"}])
async def test_an_event_that_leads_nowhere_is_refused_with_what_is_missing(
    start: Start, name: str, props: dict[str, Any] | None
) -> None:
    counter = await start()
    answer = await counter.hit(name=name, **({} if props is None else {"props": props}))
    assert answer.status == 400
    assert f"event '{name}' needs props.url, an http or https address" in (await answer.json())["message"]
    assert counter.hits() == []


async def test_a_page_that_is_not_there_is_an_event_on_its_path_and_no_page_view(start: Start) -> None:
    counter = await start()
    assert await counter.outcome(path="/gone", name="not_found") == "counted"
    assert [(row["name"], row["path"]) for row in counter.hits()] == [("not_found", "/gone")]
    await counter.settled()
    [total] = await counter.service.store.reports.day_totals(counter.site_key())
    assert (total.pageviews, total.events, total.visits, total.bounces) == (0, 1, 1, 0)


async def test_a_goal_is_reached_by_hits_as_they_come(start: Start) -> None:
    counter = await start()
    store = counter.service.store
    await store.catalog.add_goal(counter.site_key(), Goal("Bought", GoalKind.EVENT, "purchase"), counter.clock.now())
    for ip in ("203.0.113.1", "203.0.113.2"):
        await counter.hit(ip=ip)
        await counter.hit(ip=ip, name="purchase", props={"amount": "10"})
        await counter.hit(ip=ip, name="purchase", props={"amount": "20"})
    today = counter.service.sites.get("demo").local.day(int(counter.clock.now()))
    asked = Question(
        counter.site_key(), today, today + 1, breakdowns=(By(Dimension.GOAL), By(Dimension.PROPERTY, "amount"))
    )
    [report] = await store.reports.report([asked])
    goals, amounts = report.breakdowns
    assert [(row.value, row.sums.events, row.sums.visits) for row in goals.rows] == [("Bought", 4, 2)]
    assert sorted((row.value, row.sums.events) for row in amounts.rows) == [("10", 2), ("20", 2)]


@pytest.mark.parametrize(("may", "status"), [(TokenMay.WRITE, 202), (TokenMay.READ, 401)])
async def test_a_token_to_read_does_not_write(start: Start, may: TokenMay, status: int) -> None:
    counter = await start()
    token = await counter.add_token(may=may)
    answer = await counter.hit(headers=token, ip="203.0.113.9")
    assert answer.status == status
    if status == 401:
        message = (await answer.json())["message"]
        assert message == ("this is a token to read, and one to write is needed; make one with 'counter site token ID'")
        assert counter.hits() == []
