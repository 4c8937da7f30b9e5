"""Notes on days of the chart: admins add and remove them, everybody of the site reads them, and they stay text."""

from __future__ import annotations

import html
import json
import re

import pytest
from plotly.graph_objects import Figure

from counter.accounts import Annotation
from tests.kit.app import NOON, Counter, Start
from tests.kit.dashboard import Client, SignedIn

SITE = "/dashboard/sites/demo"
TODAY = 20_048
HOSTILE = '<script>alert(1)</script> & "quoted" {{7*7}}'
SITES = [{"id": "demo", "name": "Demo"}, {"id": "other", "name": "Other"}]


async def open_site(start: Start, signed_in: SignedIn) -> tuple[Counter, Client]:
    counter = await start(dashboard=True, sites=SITES)
    await counter.hit()
    return counter, await signed_in(counter, "anna", "admin", "demo")


def notes(page: str) -> list[tuple[str, str, str]]:
    """The number, the day and the text of each."""
    day, text = r'<span class="note-day">(.*?)</span>', r'<span dir="auto" class="note-text">(.*?)</span>'
    found = re.findall(rf'<span class="badge">(\d+)</span> {day} {text}', page)
    return [(number, day, html.unescape(text)) for number, day, text in found]


def removals(page: str) -> list[str]:
    return [html.unescape(url) for url in re.findall(r'action="([^"]*/annotations/\d+/remove[^"]*)"', page)]


async def test_an_admin_notes_a_day_and_everybody_of_the_site_reads_it(start: Start, signed_in: SignedIn) -> None:
    counter, anna = await open_site(start, signed_in)
    answer = await anna.post(f"{SITE}/annotations?period=7d&filter=page:is:/", day="2024-11-20", text=HOSTILE)
    assert (answer.status, answer.headers["Location"]) == (303, f"{SITE}?period=7d&filter=page:is:/#chart")
    vera = await signed_in(counter, "vera", "viewer", "demo")
    for reader in (anna, vera):
        page = await reader.text(f"{SITE}?period=7d")
        assert notes(page) == [("1", "20 Nov 2024", HOSTILE)]
        assert "<script>alert" not in page
        assert '<text class="note-number"' in page
    assert notes(await anna.text(f"{SITE}?period=today")) == []


async def test_notes_are_numbered_by_day_and_share_a_mark_in_one_bucket(start: Start, signed_in: SignedIn) -> None:
    _, anna = await open_site(start, signed_in)
    for day in ("2024-11-19", "2024-10-30", "2024-11-19", "2024-11-01"):
        await anna.post(f"{SITE}/annotations", day=day, text=f"on {day}")
    page = await anna.text(SITE)
    assert [(number, text) for number, _, text in notes(page)] == [
        ("1", "on 2024-10-30"), ("2", "on 2024-11-01"), ("3", "on 2024-11-19"), ("4", "on 2024-11-19"),
    ]  # fmt: skip
    assert re.findall(r'<text class="note-number"[^>]*>(.*?)</text>', page) == ["1", "2", "3–4"]
    by_week = await anna.text(f"{SITE}?bucket=week")
    assert re.findall(r'<text class="note-number"[^>]*>(.*?)</text>', by_week) == ["1–2", "3–4"]


async def test_the_plotly_figure_has_the_marks_of_the_drawing(start: Start, signed_in: SignedIn) -> None:
    _, anna = await open_site(start, signed_in)
    for day in ("2024-11-19", "2024-10-30", "2024-11-19"):
        await anna.post(f"{SITE}/annotations", day=day, text=f"on {day}")
    found = re.search(r'id="chart">.*?data-figure="([^"]*)"', await anna.text(SITE), re.DOTALL)
    assert found is not None
    figure = Figure(json.loads(html.unescape(found[1])))
    assert [(mark.x, mark.text) for mark in figure.layout.annotations] == [(5, "1"), (25, "2–3")]


async def test_an_admin_takes_a_note_away(start: Start, signed_in: SignedIn) -> None:
    _, anna = await open_site(start, signed_in)
    await anna.post(f"{SITE}/annotations", day="2024-11-20", text="one")
    await anna.post(f"{SITE}/annotations", day="2024-11-21", text="two")
    first, _ = removals(await anna.text(f"{SITE}?period=7d"))
    answer = await anna.post(first)
    assert (answer.status, answer.headers["Location"]) == (303, f"{SITE}?period=7d#chart")
    assert [text for _, _, text in notes(await anna.text(SITE))] == ["two"]
    assert (await anna.post(first)).status == 404


async def test_a_viewer_has_no_forms_and_may_not_send_them(start: Start, signed_in: SignedIn) -> None:
    counter, anna = await open_site(start, signed_in)
    await anna.post(f"{SITE}/annotations", day="2024-11-20", text="one")
    vera = await signed_in(counter, "vera", "viewer", "demo")
    page = await vera.text(SITE)
    assert "/annotations" not in page
    assert (await vera.post(f"{SITE}/annotations", day="2024-11-20", text="two")).status == 403
    (removal,) = removals(await anna.text(SITE))
    assert (await vera.post(removal)).status == 403
    assert len(counter.rows("select 1 from annotation")) == 1


async def test_a_note_of_another_site_is_neither_seen_nor_removed(start: Start, signed_in: SignedIn) -> None:
    counter, anna = await open_site(start, signed_in)
    made = await counter.service.store.accounts.add_annotation(
        Annotation(0, counter.site_key("other"), TODAY, "a secret", "owner"), NOON
    )
    assert "a secret" not in await anna.text(SITE)
    assert (await anna.post(f"{SITE}/annotations/{made.key}/remove")).status == 404
    assert len(counter.rows("select 1 from annotation")) == 1


@pytest.mark.parametrize(
    ("day", "text", "sentence"),
    [
        ("", "x", "the day is ''"),
        ("2024-02-30", "x", "the day is '2024-02-30'"),
        ("21.11.2024", "x", "the day is '21.11.2024'"),
        ("1969-12-31", "x", "the day is '1969-12-31'"),
        ("2025-11-23", "x", "it must be a day from 1970-01-01 to 2025-11-22"),
        ("9999-12-31", "x", "the day is '9999-12-31'"),
        ("2024-11-21", "", "the annotation has 0 characters"),
        ("2024-11-21", "x" * 501, "the annotation has 501 characters"),
        ("2024-11-21", "two\nlines", "in one line and without control characters"),
        ("2024-11-21", "gpj.\u202eexe", "in one line and without control characters"),
    ],
)
async def test_what_can_not_be_noted_is_refused_with_a_sentence(
    start: Start, signed_in: SignedIn, day: str, text: str, sentence: str
) -> None:
    counter, anna = await open_site(start, signed_in)
    answer = await anna.post(f"{SITE}/annotations", day=day, text=text)
    assert answer.status == 400
    assert sentence in html.unescape(await answer.text())
    assert counter.rows("select 1 from annotation") == []


@pytest.mark.parametrize("query", ["period=nix&nix=1", "filter=nix", "next=//evil.example"])
async def test_a_form_leads_back_to_no_page_but_the_report(start: Start, signed_in: SignedIn, query: str) -> None:
    counter, anna = await open_site(start, signed_in)
    answer = await anna.post(f"{SITE}/annotations?{query}", day="2024-11-21", text="x")
    assert answer.status == 400
    assert counter.rows("select 1 from annotation") == []


async def test_notes_and_their_removal_stand_in_the_audit_log(start: Start, signed_in: SignedIn) -> None:
    counter, anna = await open_site(start, signed_in)
    await anna.post(f"{SITE}/annotations", day="2024-11-20", text="launch")
    (removal,) = removals(await anna.text(SITE))
    await anna.post(removal)
    lines = [
        (line.action, line.detail) for line in await counter.service.store.accounts.audit_log(counter.site_key(), 2)
    ]
    assert [action for action, _ in lines] == ["annotation.removed", "annotation.added"]
    assert all("launch" in detail and "anna" in detail for _, detail in lines)


async def test_who_is_online_has_no_days_to_note(start: Start, signed_in: SignedIn) -> None:
    _, anna = await open_site(start, signed_in)
    await anna.post(f"{SITE}/annotations", day="2024-11-21", text="one")
    page = await anna.text(f"{SITE}?metric=online")
    assert notes(page) == []
    assert "/annotations" not in page


async def test_letters_that_are_joined_or_kept_apart_stay_as_they_were_typed(start: Start, signed_in: SignedIn) -> None:
    _, anna = await open_site(start, signed_in)
    text = "\u0645\u06cc\u200c\u062e\u0648\u0627\u0647\u0645 \U0001f469\u200d\U0001f4bb 10\u00a0%"
    assert (await anna.post(f"{SITE}/annotations?period=7d", day="2024-11-20", text=text)).status == 303
    assert notes(await anna.text(f"{SITE}?period=7d")) == [("1", "20 Nov 2024", text)]
