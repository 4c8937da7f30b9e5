"""Why was this (not) counted: the last drops, how many there were and why, the bots, and the tester."""

from __future__ import annotations

import html
import re
from urllib.parse import quote

import pytest

from counter.collect.screen import STEPS
from counter.event import BotCategory, BotReason, DropReason
from dashboard.words.catalogue import LANGUAGES
from tests.dashboard.test_visit import plain_text
from tests.kit.app import BOT, BROWSER, Counter

WHY = "/dashboard/sites/demo/why"
RULES = {
    "counting": {"ignored_networks": ["192.0.2.0/24"], "rate_limit_per_minute": 0},
    "sites": [{"id": "demo", "name": "Demo", "hosts": ["shop.example"]}],
}


async def some_drops(counter: Counter) -> None:
    """Three bots, an ignored address, a foreign host, one who opted out; and one hit that counts."""
    for _ in range(3):
        assert await counter.outcome(agent=BOT, path="/robot") == "bot"
    assert await counter.outcome(ip="192.0.2.7") == "ignored_ip"
    assert await counter.outcome(host="evil.example") == "foreign_host"
    assert await counter.outcome(headers={"Cookie": "counter_opt_out=1"}, path="/private") == "opt_out"
    assert await counter.outcome(path="/good", host="shop.example") == "counted"
    await counter.settled()


def bars_of(page: str, title: str) -> dict[str, int]:
    panel = page.partition(f"<h2>{title}</h2>")[2].partition("</table>")[0]
    rows = re.findall(r'<span dir="auto">([^<]+)</span>.*?<td class="number">([^<]+)</td>', panel, re.DOTALL)
    return {html.unescape(name): int(count.replace(",", "")) for name, count in rows}


async def test_drops_are_counted_by_reason_and_bots_by_name(start, signed_in):
    counter = await start(dashboard=True, **RULES)
    await some_drops(counter)
    page = await (await signed_in(counter)).text(WHY)
    words = LANGUAGES["en"]
    stored = counter.rows(
        "select reason, sum(count) as n from drop_count where site_key = ? group by 1", counter.site_key()
    )
    assert bars_of(page, "Why hits were not counted") == {words(f"drop.{row['reason']}"): row["n"] for row in stored}
    assert bars_of(page, "Bots") == {"Googlebot": 3}
    assert "Search engine · List of crawlers" in plain_text(page)
    assert "Thu, 21 Nov 2024 3 1 1 1" in plain_text(page)


async def test_the_last_drops_stand_there_newest_first_and_of_who_opted_out_nothing(start, signed_in):
    counter = await start(dashboard=True, **RULES)
    await some_drops(counter)
    page = await (await signed_in(counter)).text(WHY)
    table = page.partition('class="list stack drops"')[2].partition("</table>")[0]
    told = [" ".join(re.sub(r"<[^>]+>", " ", row).split()) for row in table.split("<tr>")[2:]]
    assert [row.split("12:00 ")[1].split(" /")[0] for row in told] == [
        "From a host that is not the site's".replace("'", "&#39;"), "From an ignored network",
        *["A bot Googlebot"] * 3,
    ]  # fmt: skip
    assert "192.0.2.7" in told[1]
    assert "/private" not in page


async def test_another_period_has_its_own_counts(start, signed_in):
    counter = await start(dashboard=True, **RULES)
    await some_drops(counter)
    page = await (await signed_in(counter)).text(f"{WHY}?period=yesterday")
    assert bars_of(page, "Why hits were not counted") == {}
    assert "Every hit was counted." in page


@pytest.mark.parametrize(
    ("query", "verdict"),
    [
        (f"address=203.0.113.7&user_agent={quote(BROWSER)}", "It would be counted."),
        ("address=203.0.113.7", "As far as was told, it would be counted."),
        ("address=192.0.2.200", "It would not be counted. The first reason counts: From an ignored network."),
        (f"user_agent={quote(BOT)}", "It would not be counted. The first reason counts: A bot."),
        ("address=203.0.113.7&host=evil.example", "The first reason counts: From a host that is not the site's."),
        (f"address=192.0.2.1&user_agent={quote(BOT)}", "The first reason counts: From an ignored network."),
    ],
)
async def test_the_tester_says_what_would_become_of_a_visitor(start, signed_in, query, verdict):
    counter = await start(dashboard=True, **RULES)
    page = plain_text(await (await signed_in(counter)).text(f"{WHY}?{query}"))
    assert verdict in page
    assert all(LANGUAGES["en"](f"why.step.{step.__name__}") in page for step in STEPS)


async def test_the_tester_says_why_and_what_would_be_stored_and_counts_nothing(start, signed_in):
    counter = await start(dashboard=True, **RULES)
    owner = await signed_in(counter)
    query = f"address=203.0.113.7&user_agent={quote(BROWSER)}&path=/a%3Futm_source%3Dleaflet&host=shop.example&referrer=https://example.com/"
    page = plain_text(await owner.text(f"{WHY}?{query}"))
    for text in (
        "The page is on shop.example; the site counts shop.example.", "203.0.113.7 is in none of 192.0.2.0/24.",
        "It reads as Firefox 128 · Linux · Desktop.", "It is https://example.com/.", "There is no limit.",
        "Page /a", "IP address 203.0.113.7", "Browser version Firefox 128", "Source leaflet", "Channel Campaigns",
    ):  # fmt: skip
        assert text in page, text
    await counter.settled()
    assert counter.hits() == []
    assert counter.rows("select * from drop_count") == []
    assert not list((counter.folder / "salts").glob("*.salt"))


async def test_the_tester_shows_the_drops_that_came_from_there(start, signed_in):
    counter = await start(dashboard=True, **RULES)
    await some_drops(counter)
    owner = await signed_in(counter)
    page = await owner.text(f"{WHY}?address=192.0.2.7")
    assert page.count('<th scope="row" class="nowrap" data-label="Time">') == 1 + 5
    assert "None of the last 1,000 hits" in await owner.text(f"{WHY}?address=192.0.2.8")


async def test_what_is_no_address_is_told_beside_its_field(start, signed_in):
    counter = await start(dashboard=True, **RULES)
    page = await (await signed_in(counter)).text(f"{WHY}?address=<b>nowhere")
    assert "&lt;b&gt;nowhere is no IP address" in page
    assert "It would" not in page


@pytest.mark.parametrize("language", sorted(LANGUAGES))
def test_every_reason_category_and_step_has_its_words(language):
    words = LANGUAGES[language]
    names = [*(f"drop.{reason}" for reason in DropReason), *(f"bot.{category}" for category in BotCategory)]
    names += [*(f"bot.{reason}" for reason in BotReason), *(f"why.step.{step.__name__}" for step in STEPS)]
    assert [name for name in names if not words(name)] == []
