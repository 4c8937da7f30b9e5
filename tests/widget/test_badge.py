"""The badge and the gallery: what they say, what they refuse, and that nothing a stranger writes can run in them."""

from __future__ import annotations

import html
import re
from xml.etree import ElementTree as ET

import msgspec
import pytest

from counter.errors import BadInput
from counter.labels import LANGUAGES
from counter.widget.badge import BADGE_LINES, badge_from, render_badge
from counter.widget.badge_style import capitals
from counter.widget.theme import THEMES, contrast
from tests.kit.app import BROWSER, VISITOR, Start
from tests.kit.widget_sample import SNAPSHOT

SVG = "{http://www.w3.org/2000/svg}"
EVIL = "</text><script>alert(1)</script>\"'&"


def draw(**query: str) -> str:
    return render_badge(SNAPSHOT, badge_from({"lang": "en", **query}, ""))


def texts(svg: str) -> list[str]:
    """What is read: without shadows, and without the marks that turn a text's direction."""
    drawn = [text for text in ET.fromstring(svg).iter(f"{SVG}text") if "fill-opacity" not in text.attrib]
    return ["".join(text.itertext()).replace("\u200f", "") for text in drawn]


# What it says ------------------------------------------------------------------------------------------------------


def test_the_flat_badge_says_a_label_and_a_number() -> None:
    svg = draw()
    assert texts(svg) == ["All days", "2,506,638"]
    assert '<title id="title">All days: 2,506,638</title>' in svg
    assert ET.fromstring(svg).attrib["height"] == "20"


def test_the_button_is_88_by_31_with_every_theme() -> None:
    for name in THEMES:
        root = ET.fromstring(draw(style="button", theme=name))
        assert (root.attrib["width"], root.attrib["height"]) == ("88", "31")
        assert root.attrib["role"] == "img"
        assert root[0].text == "All days: 2,506,638"


@pytest.mark.parametrize("line", BADGE_LINES)
def test_every_line_that_is_a_number_can_be_shown(line: str) -> None:
    assert texts(draw(line=line))[1].replace(",", "").isdigit()


def test_languages_and_labels() -> None:
    assert texts(draw(lang="ka", line="today")) == ["დღეს", "709"]
    assert texts(draw(label="Guests")) == ["Guests", "2,506,638"]
    arabic = ET.fromstring(draw(lang="ar"))
    label, number = [text for text in arabic.iter(f"{SVG}text") if "fill-opacity" not in text.attrib]
    assert float(label.attrib["x"]) > float(number.attrib["x"])
    assert (label.attrib["direction"], number.attrib["direction"]) == ("rtl", "ltr")


def test_a_number_that_is_not_known_is_an_em_dash() -> None:
    counts = {name: msgspec.structs.replace(count, value=None) for name, count in SNAPSHOT.counts.items()}
    snapshot = msgspec.structs.replace(SNAPSHOT, counts=counts)
    for style in ("flat", "button"):
        assert "—" in texts(render_badge(snapshot, badge_from({"lang": "en", "style": style}, "")))


@pytest.mark.parametrize("colour", ["000", "fff", "#0a6f80", "767676", "777777", "FF8800", "00ff00"])
def test_text_on_any_colour_can_be_read(colour: str) -> None:
    for style in ("flat", "button"):
        svg = draw(color=colour, style=style)
        if style == "flat":
            inks = re.findall(r'<text fill="(#[0-9a-f]{6})" x=', svg)
            grounds = re.findall(r'<path fill="(#[0-9a-f]{6})"', svg)
        else:
            found = re.search(r"\.paper\{fill:(#[0-9a-f]{6});[^}]*\}\.label\{fill:(#[0-9a-f]{6})", svg)
            assert found is not None
            grounds, inks = [found[1]], [found[2]]
        for ink, ground in zip(inks, grounds, strict=True):
            assert contrast(ink, ground) >= 4.5


@pytest.mark.parametrize(("style", "height"), [("flat", 20), ("flat-square", 20), ("plastic", 18), ("social", 20),
                                               ("for-the-badge", 28)])  # fmt: skip
def test_a_style_has_the_height_that_readers_know(style: str, height: int) -> None:
    for tag in LANGUAGES:
        root = ET.fromstring(draw(style=style, lang=tag, color="orange", labelColor="navy"))
        assert root.attrib["height"] == str(height)
        assert {"#fe7d37", "#000080"} <= {element.attrib.get("fill") for element in root.iter()}
        for text in root.iter(f"{SVG}text"):
            assert 0 < float(text.attrib["x"]) < float(root.attrib["width"])


@pytest.mark.parametrize(
    ("name", "colour"),
    [
        ("brightgreen", "#44cc11"), ("success", "#44cc11"), ("informational", "#007ec6"), ("inactive", "#9f9f9f"),
        ("rebeccapurple", "#663399"), ("Tomato", "#ff6347"), ("4c1", "#44cc11"), ("#ABCDEF", "#abcdef"),
    ],
)  # fmt: skip
def test_colours_have_names(name: str, colour: str) -> None:
    assert badge_from({"color": name, "labelColor": name}, "").colour == colour
    assert badge_from({"color": name, "labelColor": name}, "").label_colour == colour


def test_today_and_all_days_stand_in_one_badge_in_the_direction_of_the_language() -> None:
    assert texts(draw(view="today-total")) == ["Today / All days", "709 / 2,506,638"]
    assert texts(draw(view="today-total", label="Views", base="2")) == ["Views", "709 / 2,506,640"]
    arabic = list(ET.fromstring(draw(view="today-total", lang="ar")).iter(f"{SVG}text"))
    assert {text.attrib["direction"] for text in arabic} == {"rtl"}


def test_a_base_is_added_to_all_days_as_drawn_and_to_nothing_else() -> None:
    assert texts(draw(base="1000")) == ["All days", "2,507,638"]
    assert "".join(texts(draw(base="1000", style="button"))).endswith("2507638")
    unknown = msgspec.structs.replace(SNAPSHOT.counts["all"], value=None)
    snapshot = msgspec.structs.replace(SNAPSHOT, counts={**SNAPSHOT.counts, "all": unknown})
    assert texts(render_badge(snapshot, badge_from({"lang": "en", "base": "7"}, "")))[1] == "—"


@pytest.mark.parametrize(
    ("tag", "shown"),
    [("en", "2.5M"), ("de", "2,5\u00a0Mio."), ("ka", "2,5\u00a0მლნ."), ("ja", "250万"), ("ar", "2.5\u00a0مليون")],
)
def test_large_numbers_in_few_letters(tag: str, shown: str) -> None:
    assert texts(draw(lang=tag, abbreviated="1", label="x"))[1] == shown


def test_capitals_are_those_of_the_language() -> None:
    assert capitals("visits", LANGUAGES["en"]) == "VISITS"
    assert capitals("izleyici", LANGUAGES["tr"]) == "İZLEYİCİ"
    assert capitals("სულ", LANGUAGES["ka"]) == "სულ"
    assert capitals("всего", LANGUAGES["ru"]) == "ВСЕГО"


def test_arabic_letters_stay_joined() -> None:
    assert "letter-spacing" in draw(style="for-the-badge")
    assert "letter-spacing" not in draw(style="for-the-badge", lang="ar")


# What it refuses -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("query", "sentence"),
    [
        ({"color": "redd"}, "color is 'redd'; allowed are three or six hexadecimal digits"),
        ({"labelColor": "url(#a)"}, "labelColor is 'url(#a)'; allowed are three or six hexadecimal digits"),
        ({"base": "-1"}, "base is '-1'; allowed are 0 to 999,999,999,999 (added to the number of all days)"),
        ({"base": "1000000000000"}, "allowed are 0 to 999,999,999,999"),
        ({"base": "5", "line": "today"}, "base is added to the number of all days, and line is today"),
        ({"view": "total-today"}, "view is 'total-today'; allowed are today-total"),
        ({"view": "today-total", "line": "all"}, "line names one number and view several"),
        ({"abbreviated": "yes"}, "abbreviated is 'yes'; allowed are 0, 1"),
        ({"abbreviated": "1", "style": "button"}, "style=button has room for digits alone"),
        ({"view": "today-total", "style": "button"}, "style=button has room for digits alone"),
        ({"color": "0a6f80;}*{x:url(//evil)"}, "color is '0a6f80;}*{x:url(//evil)'; allowed are"),
        ({"color": "\u0661\u0661\u0661"}, "allowed are three or six hexadecimal digits"),
        ({"label": "x" * 41}, "allowed are 1 to 40 characters"),
        ({"label": " \n"}, "allowed are 1 to 40 characters"),
        ({"line": "ip"}, "line is 'ip'; allowed are today"),
        ({"style": "3d"}, "style is '3d'; allowed are flat, flat-square, plastic, for-the-badge, social, button"),
        ({"theme": "../../etc"}, "theme is '../../etc'; allowed are"),
        ({"digits": "99"}, "digits is '99'; allowed are 0 to 12"),
    ],
)
def test_a_wrong_option_is_a_sentence(query: dict[str, str], sentence: str) -> None:
    with pytest.raises(BadInput, match=re.escape(sentence)):
        draw(**query)


async def test_a_hostile_title_or_colour_runs_nothing(start: Start) -> None:
    """T-52."""
    counter = await start(sites=[{"id": "demo", "name": EVIL}])
    for style in ("flat", "button"):
        answer = await counter.get("/badge/demo.svg", params={"style": style, "label": EVIL})
        assert answer.status == 200
        assert answer.headers["Content-Type"] == "image/svg+xml; charset=utf-8"
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert "sandbox" in answer.headers["Content-Security-Policy"]
        assert "default-src 'none'" in answer.headers["Content-Security-Policy"]
        text = await answer.text()
        assert "<script" not in text
        assert len(text) < 20_000
        assert ET.fromstring(text)[0].text == f"{EVIL}: 0"
    refused = await counter.get("/badge/demo.svg", params={"color": '"/><script>alert(1)</script>'})
    assert refused.status == 400
    assert refused.headers["Content-Type"].startswith("application/json")


# How it is answered ---------------------------------------------------------------------------------------------------


async def test_reading_is_kept_for_a_minute_and_counting_never(start: Start) -> None:
    counter = await start()
    answer = await counter.get("/badge/demo.svg?style=button")
    assert answer.headers["Cache-Control"] == "public, max-age=60"
    again = await counter.get("/badge/demo.svg?style=button", headers={"If-None-Match": answer.headers["ETag"]})
    assert again.status == 304
    reader = {"User-Agent": BROWSER, "X-Forwarded-For": VISITOR}
    counting = await counter.get("/badge/demo.svg?count=1&path=/&lang=en&line=today", headers=reader)
    assert counting.headers["Cache-Control"] == "private, no-cache, no-store, max-age=0, must-revalidate"
    assert texts(await counting.text()) == ["Today", "1"]
    assert texts(await (await counter.get("/badge/demo.svg?lang=en&line=today")).text()) == ["Today", "1"]


async def test_a_badge_shows_page_views_unless_it_is_told_otherwise(start: Start) -> None:
    counter = await start()
    for path in ("/a", "/b"):
        await counter.hit(path=path)
    assert texts(await (await counter.get("/badge/demo.svg?lang=en")).text()) == ["All days", "2"]
    assert texts(await (await counter.get("/badge/demo.svg?lang=en&metric=visits")).text()) == ["All days", "1"]


async def test_a_base_changes_no_number_but_the_drawn_one(start: Start) -> None:
    counter = await start()
    reader = {"User-Agent": BROWSER, "X-Forwarded-For": VISITOR}
    image = await counter.get("/badge/demo.svg?count=1&path=/&lang=en&base=500", headers=reader)
    assert texts(await image.text()) == ["All days", "501"]
    assert (await counter.totals(metric="pageviews"))["all"]["count"] == 1


async def test_an_unknown_site_is_not_found(start: Start) -> None:
    counter = await start()
    assert (await counter.get("/badge/nobody.svg")).status == 404


async def test_the_lines_of_the_gallery_count_and_lead_to_the_numbers(start: Start) -> None:
    counter = await start()
    page = await (await counter.get("/widget/gallery?site=demo")).text()
    lines = {form: html.unescape(line) for form, line in re.findall(r'id="code-readme-(\w+)"><code>(.*?)</code>', page)}
    assert set(lines) == {"markdown", "html", "bbcode"}
    reader = {"User-Agent": BROWSER, "X-Forwarded-For": VISITOR}
    for number, line in enumerate(lines.values(), 1):
        image, numbers = sorted(set(re.findall(r"http://[^/]+(/[^\s)\]\">]+)", html.unescape(line))))
        answer = await counter.get(image, headers=reader)
        assert answer.status == 200
        assert answer.headers["Content-Type"].startswith("image/")
        assert (await counter.totals(metric="pageviews", path="/readme"))["all"]["count"] == number
        assert f">{number}<" in await (await counter.get(numbers)).text()


async def test_the_gallery_shows_every_theme_and_is_no_site(start: Start) -> None:
    counter = await start(sites=[{"id": "demo", "name": EVIL}, {"id": "gallery", "name": "A site of that name"}])
    answer = await counter.get("/widget/gallery?site=demo&lang=ka")
    policy = answer.headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "frame-ancestors 'none'" in policy
    assert "unsafe" not in policy
    page = await answer.text()
    for name in THEMES:
        assert f"data-theme=&#34;{name}&#34;" in page
        assert page.count(f'class="vc vc-{name} vc-light"') == page.count(f'class="vc vc-{name} vc-dark"') == 1
        for form in ("script", "frame", "image", "badge", "number"):
            assert f'id="code-{name}-{form}"' in page
    for form in ("markdown", "html", "bbcode"):
        assert f'id="code-readme-{form}"' in page
    assert "დღეს" in page
    assert EVIL not in page
    assert not re.search(r'(?:src|href)="(?:https?:)?//', page)
    assert "A site of that name" in await (await counter.get("/widget/gallery.html")).text()
    for site in ("gallery", "demo"):
        assert (await counter.get(f"/widget/gallery?site={site}")).status == 200
    assert (await counter.get("/widget/gallery?site=nobody")).status == 404
    assert (await counter.get("/widget/gallery?lang=xx")).status == 400
