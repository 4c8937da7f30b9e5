"""Themes: each is complete, legible in light and dark, and draws every number in every form; a bad one is refused."""

from __future__ import annotations

import re
from pathlib import Path
from xml.etree import ElementTree as ET

import msgspec
import pytest

from counter.errors import ConfigError
from counter.widget.digits import HEIGHT, draw_digits
from counter.widget.shape import MAX_POINTS
from counter.widget.theme import (
    CHOICES,
    COLOURS,
    GLYPHS,
    GROUNDS,
    NUMBERS,
    SHAPES,
    STATIC,
    TEXT_ON,
    THEMES,
    Themes,
    check_themes,
    contrast,
    read_theme,
)
from tests.kit.widget_sample import SNAPSHOT, html_of, options, svg_of

ROOT = Path(__file__).parents[2]
DOCS = (ROOT / "docs" / "themes.md").read_text(encoding="utf-8")
WIDGET_CSS = (STATIC / "widget.css").read_text(encoding="utf-8")
SVG = "{http://www.w3.org/2000/svg}"
CLASSIC = (STATIC / "themes" / "classic.css").read_text(encoding="utf-8")
ALL_GLYPHS = "".join(f" --glyph-{name}: polygon(0 0, 9% 0, 5% 5%);" for name in GLYPHS)
NUMBERS_SHOWN = {"one digit": 7, "seven": 2506638, "twelve": 123456789012, "not known": None}


def snapshot_of(total: int | None) -> object:
    return msgspec.structs.replace(
        SNAPSHOT, counts={name: msgspec.structs.replace(count, value=total) for name, count in SNAPSHOT.counts.items()}
    )


def changed(old: str, new: str) -> str:
    """The classic theme under another name, with one change."""
    css = CLASSIC.replace("vc-classic", "vc-other")
    assert old in css
    return css.replace(old, new)


# All themes -------------------------------------------------------------------------------------------------------


def test_there_are_at_least_eight_themes() -> None:
    expected = {"classic", "odometer", "led", "flip", "split-flap", "plain", "pixel", "georgian", "minimal"}
    assert expected <= set(THEMES)


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("name", THEMES)
def test_every_text_can_be_read_on_every_ground_it_stands_on(name: str, scheme: str) -> None:
    """WCAG 1.4.3: 4.5 to 1 for labels and numbers, 3 to 1 for large digits and icons."""
    colours = getattr(THEMES[name], scheme)
    for text, (grounds, least) in TEXT_ON.items():
        for ground in grounds:
            assert contrast(colours[text], colours[ground]) >= least, (text, ground)


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("name", [name for name, theme in THEMES.items() if theme.choices["reel-form"] == "none"])
def test_digits_without_reels_stand_on_the_frame(name: str, scheme: str) -> None:
    colours = getattr(THEMES[name], scheme)
    assert {colours[ground] for ground in ("reel", "shade", "last", "last-shade")} == {colours["frame"]}


def test_labels_are_read_on_their_own_paper_and_no_text_is_forgotten() -> None:
    assert {ground for grounds, _ in TEXT_ON.values() for ground in grounds} <= set(GROUNDS)
    assert TEXT_ON["ink"][1] == TEXT_ON["muted"][1] == 4.5


@pytest.mark.parametrize(
    "file",
    sorted([*STATIC.rglob("*.css"), *(ROOT / "counter" / "web" / "static").rglob("*.css")]),
    ids=lambda file: file.name,
)
def test_no_style_sheet_asks_for_anything(file: Path) -> None:
    css = file.read_text(encoding="utf-8")
    for forbidden in ("url(", "@import", "@font-face", "image-set(", "://"):
        assert forbidden not in css


@pytest.mark.parametrize("total", NUMBERS_SHOWN.values(), ids=NUMBERS_SHOWN)
@pytest.mark.parametrize("name", THEMES)
def test_every_theme_draws_every_number_in_every_form(name: str, total: int | None) -> None:
    text = "—" if total is None else str(total)
    chosen = options(theme=name, digits="0", lines="today,all")
    html = html_of(snapshot_of(total), chosen, None)  # type: ignore[arg-type]
    assert f"vc-{name} " in html
    assert re.findall(r'<span class="vc-digit vc-d(.)" aria-hidden="true"><b>(.)</b>', html) == [(d, d) for d in text]
    root = ET.fromstring(svg_of(snapshot_of(total), chosen, None))  # type: ignore[arg-type]
    reels = root.find(f"{SVG}g[@class='reels']")
    assert reels is not None
    assert len(reels) == len(text)
    for reel, digit in zip(reels, text, strict=True):
        drawn = [child for child in reel if child.attrib.get("class") in ("digit", "last-digit")]
        texts = [child.text for child in drawn if child.tag == f"{SVG}text" and "opacity" not in child.attrib]
        shapes = [child for child in drawn if child.tag == f"{SVG}polygon"]
        assert texts == [digit] or len(shapes) == 1


@pytest.mark.parametrize("digits", ["0", "7", "12"])
def test_no_theme_changes_the_size_of_the_image(digits: str) -> None:
    sizes = set()
    for name in THEMES:
        root = ET.fromstring(svg_of(SNAPSHOT, options(theme=name, digits=digits), None))
        sizes.add((root.attrib["width"], root.attrib["height"]))
    assert len(sizes) == 1


@pytest.mark.parametrize("count", [1, 7, 12])
@pytest.mark.parametrize("name", THEMES)
def test_reels_stay_in_their_frame_and_digits_in_their_reels(name: str, count: int) -> None:
    drawn = draw_digits(THEMES[name], (("8", False),) * count, 15, 15, 216)
    assert drawn.height == HEIGHT
    assert drawn.reels[0].x >= 15 + 3.9
    assert drawn.reels[-1].x + drawn.reel_width <= 15 + 216 - 3.9
    for reel in drawn.reels:
        points = [tuple(map(float, point.split(","))) for point in reel.shape.split()]
        assert all(0 <= x <= drawn.reel_width and 0 <= y <= drawn.reel_height for x, y in points)


def test_an_image_in_both_schemes_changes_by_a_media_query_and_one_in_a_scheme_has_none() -> None:
    auto, dark = (svg_of(SNAPSHOT, options(theme="flip", scheme=scheme), None) for scheme in ("auto", "dark"))
    assert THEMES["flip"].light["paper"] in auto
    assert f"{THEMES['flip'].dark['paper']}" in auto.split("@media (prefers-color-scheme:dark)")[1]
    assert "@media" not in dark
    assert THEMES["flip"].light["paper"] not in dark


# The contract -----------------------------------------------------------------------------------------------------


def test_the_documentation_and_the_style_sheet_know_every_property() -> None:
    for name in (*COLOURS, *NUMBERS, *CHOICES, *(shape for shape in SHAPES if not shape.startswith("glyph-"))):
        assert f"`{name}`" in DOCS, name
        assert re.search(rf"var\(--(counter-)?{name}\b", WIDGET_CSS), name
    for name in {one for allowed in CHOICES.values() for one in allowed}:
        assert f"`{name}`" in DOCS, name
        assert re.search(rf"  --{name}: ", WIDGET_CSS), name
    for name in GLYPHS:
        assert f"var(--glyph-{name})" in WIDGET_CSS
    for name in THEMES:
        assert f"`{name}`" in DOCS, name


def test_the_theme_in_the_documentation_is_one(tmp_path: Path) -> None:
    """A file in the folder is all that it takes."""
    block = re.search(r"```css\n(/\* Sunset.*?)```", DOCS, re.DOTALL)
    assert block is not None
    (tmp_path / "sunset.css").write_text(block[1], encoding="utf-8")
    theme = Themes(tmp_path)["sunset"]
    assert theme.title == "Sunset"
    for text, (grounds, least) in TEXT_ON.items():
        for ground in grounds:
            assert contrast(theme.light[text], theme.light[ground]) >= least
            assert contrast(theme.dark[text], theme.dark[ground]) >= least


@pytest.mark.parametrize(
    ("name", "css", "sentence"),
    [
        ("bare", "/* Bare: none. */ .vc-bare { --light-paper: #ffffff; }",
         r"Theme 'bare', light: missing or unknown colours: accent, blank, digit"),
        ("Big", CLASSIC, r"Theme 'Big': the file's name is the theme's"),
        ("other", changed("/* Classic:", "/* Classic"), r"begins with a comment, /\* Title: what it is like"),
        ("other", changed("#ffffff", "white"), r"--light-paper is 'white'; a colour is written #rrggbb"),
        ("other", changed("--light-ink", "--lihgt-ink"), r"unknown property --lihgt-ink"),
        ("other", changed(".vc-other {", ".vc-other {\n  color: red;"), r"'color: red;' is no part of a theme"),
        ("other", changed("}", "} body { --hinge: 0; }"), r"'body\s*\{\}' is no part of a theme"),
        ("other", changed("}", '} @import "x.css";'), r"is no part of a theme"),
        ("other", changed(".vc-other {", ".vc-other { --glow: 5em;"), r"--glow is '5em'; allowed are 0 to 1"),
        ("other", changed(".vc-other {", ".vc-other { --motion: var(--spin);"),
         r"--motion is 'var\(--spin\)'; allowed are var\(--roll\), var\(--flip\)"),
        ("other", changed(".vc-other {", ".vc-other { --band: polygon(0 0, 101% 0, 5% 5%);"),
         r"'101% 0'; it lies outside"),
        ("other", changed(".vc-other {", ".vc-other { --band: polygon(0 0, 5px 0, 5% 5%);"), r"--band is 'polygon"),
        ("other", changed(".vc-other {", ".vc-other { --band: url(x);"), r"polygon\(...\) of 3 to 400 points"),
        ("other", changed(".vc-other {", f".vc-other {{ --band: polygon({'0 0, ' * MAX_POINTS}0 0);"),
         r"3 to 400 points"),
        ("other", changed(".vc-other {", ".vc-other { --glyph-0: polygon(0 0, 9% 0, 5% 5%);"), r"leaves out --glyph-1"),
        ("other", changed(".vc-other {", ".vc-other {" + ALL_GLYPHS), r"--glyph-ratio and --fill say how wide"),
    ],
)  # fmt: skip
def test_a_bad_theme_is_refused_with_a_sentence(name: str, css: str, sentence: str) -> None:
    with pytest.raises(ConfigError, match=sentence):
        read_theme(name, css)


def test_a_bad_theme_stops_the_start_and_not_a_page(tmp_path: Path) -> None:
    check_themes(THEMES)
    (tmp_path / "bad.css").write_text("/* Bad: no colours. */", encoding="utf-8")
    themes = Themes(tmp_path)
    with pytest.raises(ConfigError, match="Theme 'bad', light: missing or unknown colours"):
        check_themes(themes)
    with pytest.raises(ConfigError, match="There is no theme 'classic'"):
        check_themes(Themes(tmp_path / "empty"))
