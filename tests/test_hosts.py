"""Hosts have one form, the one that browsers send; every way to name a site's host leads to it."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st

from counter.cli import cli
from counter.hosts import ascii_host, former_host, host_letters, shown_host
from tests.kit.app import Counter, Start
from tests.kit.dashboard import SignedIn

STRASSE, SAFE = "xn--strae-oqa.de", "xn--jxafa4bwbcv.gr"

# What `new URL("http://" + typed).host` says in browsers.
SENT = [
    ("example.com", "example.com"),
    ("EXAMPLE.com.", "example.com"),
    ("straße.de", STRASSE),
    ("Straße.DE.", STRASSE),
    ("STRAẞE.de", STRASSE),
    ("strasse.de", "strasse.de"),
    ("STRASSE.DE", "strasse.de"),
    ("ασφαλής.gr", SAFE),
    ("ΑΣΦΑΛΉΣ.gr", "xn--jxafa4bybdr.gr"),
    ("mu\u0308nchen.example", "xn--mnchen-3ya.example"),
    ("münchen\u3002example\uff0e", "xn--mnchen-3ya.example"),
    ("ｅｘａｍｐｌｅ.com", "example.com"),
    ("exam\u00adple.com", "example.com"),
    ("نامه\u200cای.com", "xn--mgba3gch31f060k.com"),
    ("a_ü.example", "xn--a_-yka.example"),
    ("ab--ü.example", "xn--ab---3ra.example"),
    ("😀.example", "xn--e28h.example"),
    ("XN--STRAE-OQA.de", STRASSE),
    ("მაგალითი.გე", "xn--lodafveble.xn--node"),
]


@pytest.mark.parametrize(("typed", "sent"), SENT)
def test_a_host_is_compared_as_browsers_send_it(typed: str, sent: str) -> None:
    assert ascii_host(typed) == sent
    assert ascii_host(sent) == sent


@pytest.mark.parametrize("text", ["xn--ü.de", "\ud800ü.de", "ü" * 64 + ".de", "ü." * 200, "\u202eü.de", "\ufffd.de"])
def test_letters_that_no_host_has_are_none(text: str) -> None:
    assert ascii_host(text) == ""


@pytest.mark.parametrize(
    ("host", "former"),
    [
        (STRASSE, "strasse.de"),
        (f"*.{STRASSE}", "*.strasse.de"),
        (SAFE, "xn--jxafa4bybdr.gr"),
        ("xn--mgba3gch31f060k.com", "xn--mgba3gch31f.com"),
        ("xn--mnchen-3ya.example", "xn--mnchen-3ya.example"),
        ("example.com", "example.com"),
        ("xn--99999999999999999999.de", "xn--99999999999999999999.de"),
        ("xn--a.de", "xn--a.de"),
        ("xn--.de", "xn--.de"),
    ],
)
def test_the_former_form_of_a_host_is_that_of_idna_2003(host: str, former: str) -> None:
    assert former_host(host) == former


@pytest.mark.parametrize(
    ("host", "shown"),
    [
        ("example.com", "example.com"),
        (STRASSE, "straße.de"),
        (f"*.{STRASSE}", "*.straße.de"),
        (f"{STRASSE}:8080", "straße.de:8080"),
        ("xn--e1afmkfd.xn--p1ai", "пример.рф"),
        (ascii_host("яндекс.com"), "яндекс.com"),
        (ascii_host("日本語テスト.jp"), "日本語テスト.jp"),
        (ascii_host("abc日本.jp"), "abc日本.jp"),
        (ascii_host("한국어.kr"), "한국어.kr"),
        (ascii_host("მაგალითი.გე"), "მაგალითი.გე"),
        (ascii_host("مثال.com"), "مثال.com"),
        (ascii_host("हिन्दी.in"), "हिन्दी.in"),
        (ascii_host("köln-2024.de"), "köln-2024.de"),
        (ascii_host("аррӏе.com"), ascii_host("аррӏе.com")),  # all Cyrillic, reads as apple
        (ascii_host("pаypal.com"), ascii_host("pаypal.com")),  # one Cyrillic letter
        (ascii_host("ɡoogle.com"), ascii_host("ɡoogle.com")),  # a phonetic letter
        (ascii_host("ок.рф"), "ок.рф"),
        (ascii_host("ορο.com"), ascii_host("ορο.com")),
        ("xn--99999999999999999999.de", "xn--99999999999999999999.de"),
        ("xn--a.de", "xn--a.de"),
    ],
)
def test_a_host_is_shown_in_its_letters_unless_they_could_be_taken_for_others(host: str, shown: str) -> None:
    assert shown_host(host) == shown
    assert ascii_host(shown) == host or ":" in host


@given(st.text(max_size=30))
def test_whatever_is_shown_leads_back_to_the_same_host(text: str) -> None:
    host = ascii_host(f"{text}.example")
    assert ascii_host(shown_host(host)) == host


def test_letters_that_lead_to_another_host_are_not_shown() -> None:
    assert [host_letters(host) for host in (STRASSE, "xn--abc-.de", "xn--strase-.de")] == [
        "straße.de", "xn--abc-.de", "xn--strase-.de",
    ]  # fmt: skip


@given(st.text(max_size=300) | st.text("xn-.ßςσü\u200d*0a9", max_size=40))
def test_reading_a_host_never_raises_and_gives_ascii(text: str) -> None:
    host = ascii_host(text)
    assert host.isascii()
    assert former_host(host).isascii()
    host_letters(host)


async def add_by_form(counter: Counter, signed_in: SignedIn, host: str) -> None:
    owner = await signed_in(counter)
    assert (await owner.post("/dashboard/new-site", name="New", id="new", hosts=host)).status == 303


async def add_by_command(config: Path, *words: str) -> None:
    done = await asyncio.to_thread(CliRunner().invoke, cli, ["--config", str(config), "site", *words])
    assert done.exit_code == 0, done.output


@pytest.mark.parametrize("path", ["dashboard", "site add", "site set", "config.toml"])
@pytest.mark.parametrize(("typed", "sent"), [("straße.de", STRASSE), ("Ασφαλής.gr.", SAFE)])
async def test_a_site_named_in_letters_counts_what_browsers_send(
    start: Start, signed_in: SignedIn, tmp_path: Path, path: str, typed: str, sent: str
) -> None:
    made = [{"id": "new", "hosts": [typed] if path == "config.toml" else ["elsewhere.example"]}]
    counter = await start(dashboard=True, sites=made if path in {"config.toml", "site set"} else [{"id": "demo"}])
    match path:
        case "dashboard":
            await add_by_form(counter, signed_in, typed)
        case "site add":
            await add_by_command(tmp_path / "config.toml", "add", "new", "--host", typed)
        case "site set":
            await add_by_command(tmp_path / "config.toml", "set", "new", f"hosts={typed}")
        case _:
            pass
    assert sent in counter.service.sites.get("new").site.hosts
    assert await counter.outcome(site="new", host=sent) == "counted"
    assert await counter.outcome(site="new", host=typed) == "counted"
    assert await counter.outcome(site="new", host=former_host(sent)) == "foreign_host"


async def test_a_site_made_of_its_host_alone_is_not_called_by_what_browsers_send(
    start: Start, signed_in: SignedIn
) -> None:
    counter = await start(dashboard=True)
    owner = await signed_in(counter)
    assert (await owner.post("/dashboard/new-site", hosts="straße.de")).status == 303
    made = counter.service.sites.get("strasse.de").site
    assert (made.name, made.hosts) == ("straße.de", (STRASSE, f"www.{STRASSE}"))
