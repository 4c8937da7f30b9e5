"""The widget without JavaScript: one view, drawn as HTML and SVG; escaped, complete, readable."""

from __future__ import annotations

import datetime as dt
import json
import re
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import msgspec
import pytest

from counter.errors import BadInput
from counter.labels import LANGUAGES, LINES, METRICS
from counter.query import Count
from counter.site import Site
from counter.stats.totals import Snapshot
from counter.web.theme import TEXT_ON, THEMES, contrast
from counter.web.widget import options_from, render_html, render_svg
from counter.web.widget_view import ICONS

DAY = dt.date(2024, 11, 21)
TABLE = {
    "today": 709, "yesterday": 669, "this_week": 3949, "last_week": 3882, "this_month": 24125, "last_month": 43677,
    "all": 2506638,
}  # fmt: skip
SNAPSHOT = Snapshot(
    site=Site(1, "demo", "Demo", timezone="Asia/Tbilisi"),
    metric="visits",
    generated_at=1732187460,
    local_time="2024-11-21 15:11",
    online=3,
    record_day=(DAY, 5000),
    counts={name: Count(value, DAY, DAY) for name, value in TABLE.items()},
)
SCRIPT = (Path(__file__).parents[2] / "counter" / "web" / "static" / "counter.js").read_text(encoding="utf-8")


def options(**query: str) -> Any:
    return options_from({"lang": "en", **query}, "")


def numbers(html: str) -> dict[str, str]:
    rows = re.findall(r'<th scope="row">.*?</svg>(.*?)</th><td>(.*?)</td>', html, re.DOTALL)
    return {label: re.sub(r"<[^>]*>", "", value) for label, value in rows}


def test_the_html_says_the_acceptance_table() -> None:
    shown = numbers(render_html(SNAPSHOT, options(), "13.59.129.141"))
    assert shown == {
        "Today": "709", "Yesterday": "669", "This week": "3,949", "Last week": "3,882", "This month": "24,125",
        "Last month": "43,677", "All days": "2,506,638", "Your IP": "13.59.129.141",
    }  # fmt: skip


def test_georgian_numbers_are_grouped_by_no_break_spaces() -> None:
    html = render_html(SNAPSHOT, options(lang="ka"), None)
    assert numbers(html)["სულ"] == "2\u00a0506\u00a0638"
    assert 'lang="ka"' in html


def test_the_svg_is_xml_with_a_size_of_its_own_and_asks_nobody() -> None:
    svg = render_svg(SNAPSHOT, options(), None)
    root = ET.fromstring(svg)
    assert float(root.attrib["width"]) > 100
    assert float(root.attrib["height"]) > 100
    text = " ".join("".join(element.itertext()).strip() for element in root.iter("{http://www.w3.org/2000/svg}text"))
    for number in ("709", "669", "3,949", "3,882", "24,125", "43,677", "2,506,638"):
        assert number in text
    assert not re.search(r"(href|src|url)\s*[=(]\s*[\"']?(https?:)?//", svg)
    assert "<script" not in svg


def test_a_hostile_name_stays_text_in_every_form() -> None:
    evil = "</title><script>alert(1)</script><img src=x onerror=alert(1)>\"'"
    snapshot = msgspec.structs.replace(SNAPSHOT, site=Site(1, "demo", evil))
    for drawn in (render_html(snapshot, options(), evil), render_svg(snapshot, options(), evil)):
        assert "<script" not in drawn
        assert "<img" not in drawn
    ET.fromstring(render_svg(snapshot, options(), evil))


def test_a_number_that_failed_is_an_em_dash_and_said_to_be_unreliable() -> None:
    counts = {name: msgspec.structs.replace(count, value=None) for name, count in SNAPSHOT.counts.items()}
    snapshot = msgspec.structs.replace(SNAPSHOT, counts=counts)
    html = render_html(snapshot, options(), None)
    assert set(numbers(html).values()) == {"—"}
    assert 'aria-label="No reliable number at the moment"' in html
    assert "—" in render_svg(snapshot, options(), None)


def test_without_an_address_the_line_is_not_there() -> None:
    assert "Your IP" not in render_html(SNAPSHOT, options(), None)
    assert "Your IP" not in render_svg(SNAPSHOT, options(), None)


def test_the_digits_are_one_number_to_a_screen_reader() -> None:
    html = render_html(SNAPSHOT, options(digits="10"), None)
    assert 'role="img" aria-label="2,506,638 visits in total"' in html
    reels = re.findall(r'<span class="vc-digit[^"]*" aria-hidden="true"><b>(.)</b></span>', html)
    assert "".join(reels) == "0002506638"
    assert '<caption class="vc-caption">Visitor statistics</caption>' in html
    assert re.search(r'<time datetime="[^"]+"><bdi dir="ltr">2024-11-21 15:11</bdi></time>', html)


def test_a_fragment_brings_no_style_and_no_page_along() -> None:
    html = render_html(SNAPSHOT, options(fragment="1"), None)
    assert not re.search(r"<(html|link|style|script|head)\b", html)
    assert numbers(html)["Today"] == "709"


def test_lines_are_chosen_and_ordered() -> None:
    html = render_html(SNAPSHOT, options(lines="all,online,record_day"), None)
    assert list(numbers(html).items()) == [
        ("All days", "2,506,638"), ("Online now", "3"), ("Record day", "5,000 2024-11-21"),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("query", "sentence"),
    [
        ({"lines": "today,tomorrow"}, "lines names 'tomorrow'; allowed are"),
        ({"lines": "today,today"}, "lines names 'today' twice"),
        ({"digits": "13"}, "digits is '13'; allowed are 0 to 12"),
        ({"theme": "neon"}, "theme is 'neon'; allowed are classic"),
        ({"fragment": "yes"}, "fragment is 'yes'; allowed are 0, 1"),
        ({"lang": "xx"}, "lang is 'xx'; allowed are"),
        ({"scheme": "blue"}, "scheme is 'blue'; allowed are auto, light, dark"),
    ],
)
def test_a_wrong_option_is_a_sentence(query: dict[str, str], sentence: str) -> None:
    with pytest.raises(BadInput, match=re.escape(sentence)):
        options(**query)


@pytest.mark.parametrize("name", THEMES)
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_every_theme_can_be_read(name: str, scheme: str) -> None:
    """WCAG 1.4.3: 4.5 to 1 for labels and numbers, 3 to 1 for large digits and icons."""
    colours = getattr(THEMES[name], scheme)
    for text, (grounds, least) in TEXT_ON.items():
        for ground in grounds:
            assert contrast(colours[text], colours[ground]) >= least, (text, ground)


def test_every_language_is_complete() -> None:
    for language in LANGUAGES.values():
        assert set(language.labels) == set(LINES)
        assert set(language.totals) == set(METRICS)
        assert all(language.labels.values())
        assert all("{count}" in pattern for pattern in language.totals.values())


def test_the_script_says_the_same_words_as_the_server() -> None:
    literal = re.search(r"const LANGUAGES = (\{.*?\n  \});", SCRIPT, re.DOTALL)
    assert literal is not None
    spoken = json.loads(literal[1])
    assert set(spoken) == set(LANGUAGES)
    for tag, language in LANGUAGES.items():
        assert spoken[tag] == {
            "direction": language.direction, "group": language.group, "caption": language.caption,
            "unavailable": language.unavailable, "labels": dict(language.labels), "totals": dict(language.totals),
        }  # fmt: skip


def test_the_script_draws_the_same_icons_as_the_server() -> None:
    flat = re.sub(r'"\s*\+\s*\n?\s*"', "", SCRIPT)
    for name, path in ICONS.items():
        assert path[-10:] in flat, name  # the end is each one's own; calendars share their beginning
