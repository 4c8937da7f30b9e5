"""The widget as an image: XML with a size of its own that asks nobody, and in which no text meets another."""

from __future__ import annotations

import re
from xml.etree import ElementTree as ET

import msgspec
import pytest

from counter.labels import LANGUAGES
from counter.site import Site
from counter.widget.picture import FLAGS_A_LINE, ROOM, WIDTH
from counter.widget.text_width import text_width
from counter.widget.view import Reader
from tests.kit.widget_sample import EVERYTHING, IPV6, READER, SNAPSHOT, TABLE, html_of, options, svg_of

SVG = "{http://www.w3.org/2000/svg}"
EVERYWHERE = tuple(LANGUAGES["en"].countries)


def height(svg: str) -> float:
    return float(ET.fromstring(svg).attrib["height"])


def baselines(svg: str, name: str) -> list[str]:
    """The y of the label of a line and of what follows it."""
    rows = [group for group in ET.fromstring(svg).iter(f"{SVG}g") if name in group.attrib["class"].split()]
    return [text.attrib["y"] for text in rows[0].iter(f"{SVG}text")]


def test_it_is_xml_with_a_size_of_its_own_and_asks_nobody() -> None:
    svg = svg_of(SNAPSHOT, options(), None)
    root = ET.fromstring(svg)
    assert root.attrib["width"] == str(WIDTH)
    assert root.attrib["viewBox"] == f"0 0 {WIDTH} {root.attrib['height']}"
    text = " ".join("".join(element.itertext()).strip() for element in root.iter(f"{SVG}text"))
    for number in TABLE.values():
        assert f"{number:,}" in text
    assert not re.search(r"(href|src|url)\s*[=(]\s*[\"']?(https?:)?//", svg)
    assert "<script" not in svg


@pytest.mark.parametrize(
    ("name", "address", "below"),
    [
        ("last_week", IPV6, False),
        ("ip", "255.255.255.255", False),
        ("ip", IPV6, True),
        ("record_day", None, True),
    ],
)
def test_what_is_too_long_for_one_line_stands_below(name: str, address: str | None, below: bool) -> None:
    svg = svg_of(SNAPSHOT, options(lang="ka", lines=name), Reader(address) if address else None)
    label, *others = baselines(svg, name)
    assert (others[-1] != label) is below


@pytest.mark.parametrize("tag", LANGUAGES)
def test_in_every_language_a_label_and_its_text_have_room(tag: str) -> None:
    """By the estimate; tests/browser asks a real Chromium."""
    svg = svg_of(SNAPSHOT, options(lang=tag, lines=EVERYTHING), Reader("255.255.255.255", "CF", "Chrome · Windows"))
    for group in ET.fromstring(svg).iter(f"{SVG}g"):
        label, text, *_ = group.iter(f"{SVG}text")
        sizes = (14, 12 if "small" in text.attrib["class"] else 14)
        widths = [
            float(one.attrib.get("textLength") or text_width(one.text or "", size))
            for one, size in zip((label, text), sizes, strict=True)
        ]
        assert max(widths) <= ROOM
        assert label.attrib["y"] != text.attrib["y"] or sum(widths) <= ROOM + 14, group.attrib["class"]


def test_a_label_of_ones_own_never_leaves_the_image() -> None:
    svg = svg_of(SNAPSHOT, options(**{"lines": "all,your_country", "label.all": "W" * 40}), Reader("", "GS"))
    squeezed = re.findall(r'textLength="([0-9.]+)"', svg)
    assert squeezed
    assert all(float(width) <= ROOM for width in squeezed)


def test_codes_of_countries_wrap_and_the_image_grows_with_them() -> None:
    snapshot = msgspec.structs.replace(SNAPSHOT, countries=EVERYWHERE)
    heights = [height(svg_of(snapshot, options(lines="countries", flags=str(flags)), None))
               for flags in (0, 1, FLAGS_A_LINE, FLAGS_A_LINE + 1, 40)]  # fmt: skip
    assert heights[0] < heights[1] == heights[2] < heights[3] < heights[4]
    for tag in ("en", "ar"):
        svg = svg_of(snapshot, options(lang=tag, lines="countries", flags="40"), None)
        places = [(float(one.attrib["x"]), float(one.attrib["y"])) for one in ET.fromstring(svg).iter(f"{SVG}rect")
                  if one.attrib.get("class") == "flag"]  # fmt: skip
        assert len(set(places)) == 40
        assert all(15 <= x <= WIDTH - 15 - 23 for x, _ in places)


def test_numbers_and_addresses_run_from_left_to_right_in_an_arabic_image() -> None:
    svg = svg_of(SNAPSHOT, options(lang="ar", lines=EVERYTHING, date="local"), READER)
    texts = {"".join(one.itertext()): one.attrib for one in ET.fromstring(svg).iter(f"{SVG}text")}
    assert texts["13.59.129.141"]["direction"] == texts["2,506,638"]["direction"] == "ltr"
    assert texts["اليوم"]["direction"] == texts["جورجيا"]["direction"] == "rtl"
    assert texts["21 نوفمبر 2024، 15:11"]["direction"] == "rtl"
    iso = svg_of(SNAPSHOT, options(lang="ar"), None)
    assert 'direction="ltr">2024-11-21 15:11' in iso


@pytest.mark.parametrize("character", ["\x00", "\x0b", "\x1b", "\ud800", "\uffff"])
def test_characters_that_xml_forbids_are_left_out(character: str) -> None:
    snapshot = msgspec.structs.replace(SNAPSHOT, site=Site(1, "demo", f"De{character}mo"))
    own = options(**{"label.today": f"To{character}day"})
    root = ET.fromstring(svg_of(snapshot, own, Reader(character)).encode())
    title = root.find(f"{SVG}title")
    assert title is not None
    assert title.text == "Visitor statistics \u2013 Demo"
    assert "Demo</title>" in html_of(snapshot, own, None).encode().decode()
