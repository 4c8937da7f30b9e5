"""The widget where it is narrow or hostile: long labels, long addresses, text that XML has no place for, languages."""

from __future__ import annotations

import datetime as dt
from xml.etree import ElementTree as ET

import msgspec
import pytest

from counter.labels import pick
from counter.query import Count
from counter.site import Site
from counter.stats.totals import Snapshot
from counter.web.theme import read_theme
from counter.web.widget import options_from, render_html, render_svg

DAY = dt.date(2024, 3, 9)
NAMES = ("today", "yesterday", "this_week", "last_week", "this_month", "last_month", "all")
SNAPSHOT = Snapshot(
    site=Site(1, "demo", "Demo", timezone="Asia/Tbilisi"),
    metric="visits",
    generated_at=1732187460,
    local_time="2024-11-21 15:11",
    online=3,
    record_day=(DAY, 4711),
    counts={name: Count(2506638, DAY, DAY) for name in NAMES},
)
IPV6 = "2a02:8109:9d40:1234:abcd:ef01:2345:6789"
SVG = "{http://www.w3.org/2000/svg}"


def baselines(svg: str, name: str) -> list[str]:
    """The y of the label of a line and of what follows it."""
    rows = [group for group in ET.fromstring(svg).iter(f"{SVG}g") if name in group.attrib["class"].split()]
    return [text.attrib["y"] for text in rows[0].iter(f"{SVG}text")]


@pytest.mark.parametrize(
    ("name", "address", "below"),
    [
        ("last_week", IPV6, False),
        ("ip", "255.255.255.255", False),
        ("ip", IPV6, True),
        ("record_day", None, True),
    ],
)
def test_what_is_too_long_for_one_line_of_the_image_stands_below(name: str, address: str | None, below: bool) -> None:
    options = options_from({"lang": "ka", "lines": name}, "")
    label, *others = baselines(render_svg(SNAPSHOT, options, address), name)
    assert (others[-1] != label) is below


def test_icons_of_an_unstyled_fragment_are_outlines() -> None:
    html = render_html(SNAPSHOT, options_from({"fragment": "1"}, ""), None)
    assert html.count('fill="none" stroke="currentColor"') == html.count("<svg") == len(NAMES)


@pytest.mark.parametrize("character", ["\x00", "\x0b", "\x1b", "\ud800", "\uffff"])
def test_characters_that_xml_forbids_are_left_out(character: str) -> None:
    snapshot = msgspec.structs.replace(SNAPSHOT, site=Site(1, "demo", f"De{character}mo"))
    options = options_from({}, "")
    title = ET.fromstring(render_svg(snapshot, options, None).encode()).find(f"{SVG}title")
    assert title is not None
    assert title.text == "Visitor statistics \u2013 Demo"
    assert "Demo</title>" in render_html(snapshot, options, None).encode().decode()


@pytest.mark.parametrize(
    ("requested", "accepted", "tag"),
    [
        ("ka-GE", "en", "ka"),
        ("", "ka", "ka"),
        ("", "de, ka;q=0.8, en;q=0.5", "ka"),
        ("", "en;q=0.5, ka;q=0.8", "ka"),
        ("", "ka;q=0, en", "en"),
        ("", "xx, *;q=0.1", "en"),
        ("", "ka;q=nonsense" + ",x" * 5000, "en"),
        ("", "", "en"),
    ],
)
def test_the_language_is_the_one_asked_for_or_the_best_the_reader_knows(
    requested: str, accepted: str, tag: str
) -> None:
    assert pick(requested, accepted).tag == tag


def test_a_theme_without_a_colour_is_refused_with_its_name() -> None:
    with pytest.raises(ValueError, match=r"Theme 'bare', light: missing or unknown colours: accent, blank, digit"):
        read_theme("bare", ".vc-bare { --light-paper: #ffffff; }")
