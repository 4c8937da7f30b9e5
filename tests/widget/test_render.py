"""The widget without JavaScript, as HTML and as JSON: one view; escaped, complete, readable, as the owner wants it."""

from __future__ import annotations

import json
import re
from pathlib import Path

import msgspec
import pytest

from counter.errors import BadInput
from counter.labels import LANGUAGES
from counter.question import Count
from counter.service.book import Snapshot
from counter.site import Site
from counter.widget.icons import ICONS
from counter.widget.options import OPTIONS
from counter.widget.view import Reader
from tests.kit.widget_sample import (
    DAY,
    EVERYTHING,
    IPV6,
    READER,
    SNAPSHOT,
    TABLE,
    html_of,
    json_of,
    options,
    rows_of,
    svg_of,
)

EVIL = "</title><script>alert(1)</script><img src=x onerror=alert(1)>\"'"


def view(snapshot: Snapshot = SNAPSHOT, reader: Reader | None = None, **query: str) -> dict[str, object]:
    return dict(json.loads(json_of(snapshot, options(**query), reader, "https://counter.example/about")))


def shown(**query: str) -> dict[str, str]:
    return rows_of(html_of(SNAPSHOT, options(**query), READER))


# What is said ---------------------------------------------------------------------------------------------------


def test_the_html_says_the_acceptance_table() -> None:
    assert shown() == {
        "Today": "709", "Yesterday": "669", "This week": "3,949", "Last week": "3,882", "This month": "24,125",
        "Last month": "43,677", "All days": "2,506,638", "Your IP": "13.59.129.141",
    }  # fmt: skip


def test_every_line_can_be_shown_and_stands_where_it_is_named() -> None:
    names = EVERYTHING.split(",")
    assert list(shown(lines=EVERYTHING).items())[7:] == [
        ("Online now", "3"), ("Record day", "4,711 2024-03-09"), ("Countries seen", "3 [GE] [DE] [US]"),
        ("Your IP", "13.59.129.141"), ("Your country", "Georgia"), ("Your system", "Firefox · Linux"),
    ]  # fmt: skip
    backwards = view(reader=READER, lines=",".join(reversed(names)))["rows"]
    assert [row["name"] for row in backwards] == names[-2::-1]  # type: ignore[attr-defined]


def test_every_line_has_an_icon_of_an_outline_even_in_an_unstyled_fragment() -> None:
    html = html_of(SNAPSHOT, options(fragment="1", lines=EVERYTHING), READER)
    assert html.count('fill="none" stroke="currentColor"') == html.count("<svg") == len(ICONS) == 13


def test_a_hostile_name_or_label_stays_text_in_every_form() -> None:
    snapshot = msgspec.structs.replace(SNAPSHOT, site=Site(1, "demo", EVIL))
    evil, reader = options(**{"label.today": EVIL[:40], "lines": EVERYTHING}), Reader(EVIL, EVIL, EVIL)
    for drawn in (html_of(snapshot, evil, reader, EVIL), svg_of(snapshot, evil, reader)):
        assert "<script" not in drawn
        assert "<img" not in drawn
        assert "&lt;/title&gt;" in drawn


def test_a_number_that_failed_is_an_em_dash_and_said_to_be_unreliable() -> None:
    counts = {name: msgspec.structs.replace(count, value=None) for name, count in SNAPSHOT.counts.items()}
    snapshot = msgspec.structs.replace(SNAPSHOT, counts=counts, countries=None)
    lines = options(lines=",".join([*TABLE, "countries"]), hide_zeros="1")
    html = html_of(snapshot, lines, None)
    assert set(rows_of(html).values()) == {"—"}
    assert 'aria-label="No reliable number at the moment"' in html
    assert "—" in svg_of(snapshot, lines, None)
    assert view(snapshot)["digits"] == [["—", False]]


def test_without_a_reader_his_lines_are_not_there() -> None:
    for drawn in (html_of(SNAPSHOT, options(lines=EVERYTHING), None), str(view(lines=EVERYTHING)),
                  svg_of(SNAPSHOT, options(lines=EVERYTHING), None)):  # fmt: skip
        assert "Your" not in drawn
        assert "Record day" in drawn


def test_what_nobody_knows_of_a_reader_is_unknown() -> None:
    html = html_of(SNAPSHOT, options(lines="ip,your_country,your_system"), Reader("::1"))
    assert rows_of(html) == {"Your IP": "::1", "Your country": "Unknown", "Your system": "Unknown"}


# Options --------------------------------------------------------------------------------------------------------


def test_labels_of_ones_own_win_over_the_language() -> None:
    assert shown(**{"lines": "today,all", "label.today": "Readers today <3"}) == {
        "Readers today &lt;3": "709", "All days": "2,506,638",
    }  # fmt: skip
    assert "Readers" in svg_of(SNAPSHOT, options(**{"label.all": "Readers"}), None)


def test_lines_of_nothing_are_hidden_on_wish_but_not_what_is_unknown() -> None:
    counts = {**SNAPSHOT.counts, "today": Count(0, DAY, DAY), "yesterday": Count(None, DAY, DAY)}
    quiet = msgspec.structs.replace(SNAPSHOT, counts=counts, online=0, record_day=None, countries=())
    lines = "today,yesterday,this_week,online,record_day,countries"
    assert list(rows_of(html_of(quiet, options(lines=lines, hide_zeros="1"), None)).values()) == ["—", "3,949"]
    assert list(rows_of(html_of(quiet, options(lines=lines), None)).values()) == ["0", "—", "3,949", "0", "0", "0"]


@pytest.mark.parametrize(("flags", "codes"), [("0", []), ("2", ["GE", "DE"]), ("40", ["GE", "DE", "US"])])
def test_as_many_countries_are_named_as_the_owner_wants_and_all_are_counted(flags: str, codes: list[str]) -> None:
    (row,) = view(lines="countries", flags=flags)["rows"]  # type: ignore[misc]
    assert (row["text"], [code for code, _ in row["codes"]]) == ("3", codes)


def test_a_date_is_iso_or_as_the_reader_writes_it() -> None:
    iso, local = view(lines="record_day,date"), view(lines="record_day,date", date="local")
    assert (iso["date"], iso["rows"][0]["day_text"]) == ("2024-11-21 15:11", "2024-03-09")  # type: ignore[index]
    assert (local["date"], local["rows"][0]["day_text"]) == ("21 Nov 2024, 15:11", "9 Mar 2024")  # type: ignore[index]
    assert iso["instant"] == local["instant"] == "2024-11-21T11:11Z"


def test_the_link_to_the_explanation_is_there_on_wish_only() -> None:
    about = "https://counter.example/about"
    assert (view()["about"], view(about="1")["about"]) == ("", about)
    html = html_of(SNAPSHOT, options(about="1"), None, about)
    assert f'<a href="{about}" target="_blank" rel="noopener">How we count</a>' in html
    assert "<a" not in html_of(SNAPSHOT, options(), None, about)


@pytest.mark.parametrize(
    ("query", "sentence"),
    [
        ({"lines": "today,tomorrow"}, "lines names 'tomorrow'; allowed are"),
        ({"lines": "today,today"}, "lines names 'today' twice"),
        ({"lines": "none", "digits": "none"}, "digits=none and lines=none leave nothing to show"),
        ({"digits": "13"}, "digits is '13'; allowed are 0 to 12"),
        ({"flags": "41"}, "flags is '41'; allowed are 0 to 40"),
        ({"theme": "no such"}, "theme is 'no such'; allowed are "),
        ({"fragment": "yes"}, "fragment is 'yes'; allowed are 0, 1"),
        ({"hide_zeros": "true"}, "hide_zeros is 'true'; allowed are 0, 1"),
        ({"about": ""}, "about is ''; allowed are 0, 1"),
        ({"numerals": "roman"}, "numerals is 'roman'; allowed are latn, arab"),
        ({"date": "us"}, "date is 'us'; allowed are iso, local"),
        ({"lang": "xx"}, "lang is 'xx'; allowed are"),
        ({"scheme": "blue"}, "scheme is 'blue'; allowed are auto, light, dark"),
        ({"label.tomorrow": "x"}, "'label.tomorrow' names no line; allowed are today,"),
        ({"label.today": ""}, "label.today is ''; allowed are 1 to 40 characters"),
        ({"label.today": "x" * 41}, "allowed are 1 to 40 characters"),
        ({"label.today": "\u202e"}, "allowed are 1 to 40 characters"),
    ],
)
def test_a_wrong_option_is_a_sentence(query: dict[str, str], sentence: str) -> None:
    with pytest.raises(BadInput, match=re.escape(sentence)):
        options(**query)


def test_each_option_line_language_and_key_is_documented() -> None:
    manual = (Path(__file__).parents[2] / "docs" / "widget.md").read_text(encoding="utf-8")
    whole = view(lines=EVERYTHING, reader=READER)
    (row, *_) = whole["rows"]  # type: ignore[misc]
    named = [*OPTIONS, *EVERYTHING.split(","), *LANGUAGES, *whole, *row]
    assert [name for name in named if f"`{name}`" not in manual] == []


@pytest.mark.parametrize("option", OPTIONS)
def test_each_option_is_looked_at(option: str) -> None:
    wrong = {"label.LINE": ("label.today", "")}.get(option, (option, "\x00"))
    with pytest.raises(BadInput):
        options(**dict([wrong]))


# For those who cannot see it, and for pages that take it in -----------------------------------------------------


def test_the_digits_are_one_number_to_a_screen_reader() -> None:
    html = html_of(SNAPSHOT, options(digits="10"), None)
    assert 'role="img" aria-label="2,506,638 visits in total"' in html
    reels = re.findall(r'<span class="vc-digit[^"]*" aria-hidden="true"><b>(.)</b></span>', html)
    assert "".join(reels) == "0002506638"
    assert '<caption class="vc-caption">Visitor statistics</caption>' in html
    assert '<time datetime="2024-11-21T11:11Z"><bdi dir="ltr">2024-11-21 15:11</bdi></time>' in html


def test_a_fragment_brings_no_style_and_no_page_along() -> None:
    html = html_of(SNAPSHOT, options(fragment="1"), None)
    assert not re.search(r"<(html|link|style|script|head)\b", html)
    assert rows_of(html)["Today"] == "709"


def test_the_json_is_all_that_a_drawing_needs() -> None:
    whole = view(lines="last_week,record_day,ip,date", reader=Reader(IPV6))
    assert list(whole) == [
        "lang", "dir", "theme", "scheme", "title", "caption", "digits", "spoken", "rows", "date", "instant", "day_dir",
        "about", "about_label", "css",
    ]  # fmt: skip
    assert whole["digits"] == [[digit, False] for digit in "2506638"]
    assert (whole["title"], whole["spoken"]) == ("Visitor statistics – Demo", "2,506,638 visits in total")
    week, record, address = whole["rows"]  # type: ignore[misc]
    assert (week["name"], week["label"], week["text"], week["past"]) == ("last_week", "Last week", "3,882", True)
    assert (record["text"], record["day"], record["icon"]) == ("4,711", "2024-03-09", ICONS["record_day"])
    assert (address["text"], address["long"], record["long"]) == (IPV6, True, False)
    assert [path.partition("?")[0] for path in whole["css"]] == [  # type: ignore[attr-defined]
        "static/themes/classic.css", "static/widget.css",
    ]  # fmt: skip
