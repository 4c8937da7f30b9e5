"""The badge and the gallery: what they say, what they refuse, and that nothing a stranger writes can run in them."""

from __future__ import annotations

import re
from xml.etree import ElementTree as ET

import msgspec
import pytest

from counter.errors import BadInput
from counter.widget.badge import BADGE_LINES, badge_from, render_badge
from counter.widget.theme import THEMES, contrast
from tests.kit.app import BROWSER, VISITOR, Start
from tests.kit.widget_sample import SNAPSHOT

SVG = "{http://www.w3.org/2000/svg}"
EVIL = "</text><script>alert(1)</script>\"'&"


def draw(**query: str) -> str:
    return render_badge(SNAPSHOT, badge_from({"lang": "en", **query}, ""))


def texts(svg: str) -> list[str]:
    return ["".join(text.itertext()) for text in ET.fromstring(svg).iter(f"{SVG}text")]


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
    label, number = arabic.iter(f"{SVG}text")
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
            inks = re.findall(r'<text fill="(#[0-9a-f]{6})"', svg)
            grounds = re.findall(r'<path fill="(#[0-9a-f]{6})"', svg)
        else:
            found = re.search(r"\.paper\{fill:(#[0-9a-f]{6});[^}]*\}\.label\{fill:(#[0-9a-f]{6})", svg)
            assert found is not None
            grounds, inks = [found[1]], [found[2]]
        for ink, ground in zip(inks, grounds, strict=True):
            assert contrast(ink, ground) >= 4.5


# What it refuses -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("query", "sentence"),
    [
        ({"color": "red"}, "color is 'red'; allowed are three or six hexadecimal digits"),
        ({"color": "0a6f80;}*{x:url(//evil)"}, "color is '0a6f80;}*{x:url(//evil)'; allowed are"),
        ({"color": "\u0661\u0661\u0661"}, "allowed are three or six hexadecimal digits"),
        ({"label": "x" * 41}, "allowed are 1 to 40 characters"),
        ({"label": " \n"}, "allowed are 1 to 40 characters"),
        ({"line": "ip"}, "line is 'ip'; allowed are today"),
        ({"style": "plastic"}, "style is 'plastic'; allowed are flat, button"),
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


async def test_an_unknown_site_is_not_found(start: Start) -> None:
    counter = await start()
    assert (await counter.get("/badge/nobody.svg")).status == 404


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
    assert "დღეს" in page
    assert EVIL not in page
    assert not re.search(r'(?:src|href)="(?:https?:)?//', page)
    assert "A site of that name" in await (await counter.get("/widget/gallery.html")).text()
    for site in ("gallery", "demo"):
        assert (await counter.get(f"/widget/gallery?site={site}")).status == 200
    assert (await counter.get("/widget/gallery?site=nobody")).status == 404
    assert (await counter.get("/widget/gallery?lang=xx")).status == 400
