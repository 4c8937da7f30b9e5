"""Images as PNG: the number is in the pixels, whatever the theme, and every language has its letters."""

from __future__ import annotations

import io
from functools import cache

import msgspec
import pytest
from fontTools.ttLib import TTFont
from PIL import Image, ImageChops, ImageStat

from counter.labels import LANGUAGES
from counter.service.book import Snapshot
from counter.widget import png
from counter.widget.badge import badge_from, render_badge
from counter.widget.badge_style import STYLES
from counter.widget.digits import draw_digits
from counter.widget.fonts.build import CJK, FOLDER, TEXTS, characters, words
from counter.widget.picture import PAD, WIDTH
from counter.widget.png import covered, draw_png
from counter.widget.theme import THEMES
from tests.kit.app import BROWSER, VISITOR, Start
from tests.kit.camo import Camo
from tests.kit.widget_sample import SNAPSHOT, options, svg_of

NUMBER = 2_506_638
SAMPLES = {str(digit): int(str(digit) * 7) for digit in range(1, 10)} | {"0": 1_000_000}
PLACES = 7
UNIT = 2048  # of DejaVu's lengths


def snapshot_of(value: int) -> Snapshot:
    counts = {name: msgspec.structs.replace(count, value=value) for name, count in SNAPSHOT.counts.items()}
    return msgspec.structs.replace(SNAPSHOT, counts=counts)


def pixels(svg: str, scale: int = 1) -> Image.Image:
    return Image.open(io.BytesIO(draw_png(svg, scale))).convert("RGB")


def read_digit(whole: Image.Image, samples: dict[str, Image.Image], box: tuple[int, int, int, int]) -> str:
    """The digit whose sample is most like what stands in the box; '?' when samples can't be told apart."""
    part = whole.crop(box)
    unlike = {
        digit: sum(ImageStat.Stat(ImageChops.difference(part, sample.crop(box))).sum)
        for digit, sample in samples.items()
    }
    best, second = sorted(unlike, key=lambda digit: unlike[digit])[:2]
    return best if unlike[best] * 3 < unlike[second] else "?"


# The number is there ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("name", THEMES)
def test_the_digits_of_every_theme_can_be_read_back(name: str, scheme: str) -> None:
    asked = options(theme=name, scheme=scheme, lines="online")
    samples = {digit: pixels(svg_of(snapshot_of(value), asked, None)) for digit, value in SAMPLES.items()}
    whole = pixels(svg_of(snapshot_of(NUMBER), asked, None))
    drawn = draw_digits(THEMES[name], tuple((digit, False) for digit in str(NUMBER)), PAD, PAD, WIDTH - 2 * PAD)
    top, bottom = int(drawn.reel_y), int(drawn.reel_y + drawn.reel_height)
    found = ""
    for place, reel in enumerate(drawn.reels):
        # The zero of the samples stands in all places but the first, where nobody writes one.
        known = {digit: sample for digit, sample in samples.items() if place or digit != "0"}
        found += read_digit(whole, known, (int(reel.x), top, int(reel.x + drawn.reel_width), bottom))
    assert found == str(NUMBER)


@pytest.mark.parametrize("style", STYLES)
def test_the_number_of_every_badge_can_be_read_back(style: str) -> None:
    badge = badge_from({"lang": "en", "style": style, "label": "Views"}, "")
    samples = {digit: pixels(render_badge(snapshot_of(value), badge), 3) for digit, value in SAMPLES.items()}
    whole = pixels(render_badge(snapshot_of(NUMBER), badge), 3)
    assert read_text(whole, samples, f"{NUMBER:,}", style) == f"{NUMBER:,}"


def read_text(whole: Image.Image, samples: dict[str, Image.Image], text: str, style: str) -> str:
    """The digits of the number, which ends the badge; commas are taken from `text`, which says where digits stand."""
    shape = STYLES[style]
    advances = advances_of("DejaVuSans-Bold" if shape.bold_number else "DejaVuSans")
    widths = [advances[letter] * shape.size + shape.spacing for letter in text]
    badge = badge_from({"lang": "en", "style": style, "label": "Views"}, "")
    svg = render_badge(snapshot_of(NUMBER), badge)
    middle = float(svg.rpartition('" y="')[0].rpartition(' x="')[2])
    x = middle - shape.spacing / 2 - sum(widths) / 2
    found = ""
    for letter, width in zip(text, widths, strict=True):
        box = (round(3 * x), 0, round(3 * (x + width)), whole.height)
        known = {digit: sample for digit, sample in samples.items() if found or digit != "0"}
        found += read_digit(whole, known, box) if letter.isdigit() else letter
        x += width
    return found


@cache
def advances_of(font: str) -> dict[str, float]:
    """How far each letter of a number goes, in em."""
    file = TTFont(FOLDER / f"{font}.ttf")
    names, lengths = file.getBestCmap(), file["hmtx"]
    return {letter: lengths[names[ord(letter)]][0] / UNIT for letter in "0123456789,"}


@pytest.mark.parametrize("name", THEMES)
def test_the_number_of_every_button_can_be_read_back(name: str) -> None:
    badge = badge_from({"lang": "en", "style": "button", "theme": name, "scheme": "light"}, "")
    samples = {digit: pixels(render_badge(snapshot_of(value), badge), 3) for digit, value in SAMPLES.items()}
    whole = pixels(render_badge(snapshot_of(NUMBER), badge), 3)
    step = whole.width // 3 / PLACES
    drawn = draw_digits(THEMES[name], tuple((digit, False) for digit in str(NUMBER)), 4, 12, 80, 16, larger=1.35)
    assert drawn.reel_width <= step
    found = ""
    for place, reel in enumerate(drawn.reels):
        known = {digit: sample for digit, sample in samples.items() if place or digit != "0"}
        found += read_digit(whole, known, (round(3 * reel.x), 36, round(3 * (reel.x + drawn.reel_width)), 84))
    assert found == str(NUMBER)


# Letters ------------------------------------------------------------------------------------------------------------


def test_what_the_fonts_cover_is_what_is_written_down() -> None:
    texts = [characters(FOLDER / f"{name}.ttf") for name in TEXTS]
    found = texts[0] & texts[1] | characters(FOLDER / CJK)
    assert {code for code in range(0x110000) if covered(chr(code))} == found


def test_every_word_of_every_language_has_its_letters() -> None:
    missing = {chr(code) for code in words() if not covered(chr(code))}
    assert not missing


@pytest.mark.parametrize("tag", LANGUAGES)
def test_a_label_is_drawn_and_is_not_a_row_of_boxes(tag: str) -> None:
    """The label differs from one of the same length in letters that no font of ours has."""
    drawn, boxes = (
        pixels(svg_of(SNAPSHOT, options(lang=tag, lines="today", digits="none", **label), None))
        for label in ({}, {"label.today": "\U0001f9ff" * 3})
    )
    start = (WIDTH // 2, 12, WIDTH - 40, 40) if tag == "ar" else (40, 12, WIDTH // 2, 40)
    assert ImageChops.difference(drawn.crop(start), boxes.crop(start)).getbbox() is not None


def test_arabic_labels_begin_at_the_right_and_stay_within_the_card() -> None:
    """Beside the icon, where browsers draw them, too."""
    image = pixels(svg_of(SNAPSHOT, options(lang="ar", lines="today", digits="none"), None))
    row, paper = image.crop((2, 14, WIDTH - 2, 40)), image.getpixel((WIDTH // 2, 30))
    inked = [x for x in range(row.width) if any(row.getpixel((x, y)) != paper for y in range(row.height))]
    gap = [x for x in range(WIDTH - 44, WIDTH - 36) if x not in inked]
    assert gap, "between the label and its icon"
    assert max(inked) < WIDTH - 14
    assert min(inked) > 8


# How it is answered -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "path", ["/widget/demo.png", "/badge/demo.png", "/badge/demo.png?style=button&label=%E7%8C%AB"]
)
async def test_a_png_is_kept_as_the_svg_is(start: Start, path: str) -> None:
    counter = await start()
    answer = await counter.get(path)
    assert answer.status == 200
    assert answer.headers["Content-Type"] == "image/png"
    assert answer.headers["Cache-Control"] == "public, max-age=60"
    image = Image.open(io.BytesIO(await answer.read()))
    again = await counter.get(path, headers={"If-None-Match": answer.headers["ETag"]})
    assert again.status == 304
    large = await counter.get(path + ("&" if "?" in path else "?") + "scale=2")
    assert Image.open(io.BytesIO(await large.read())).size == (2 * image.width, 2 * image.height)


async def test_a_png_counts_for_readers_and_through_proxies(start: Start) -> None:
    counter = await start()
    reader = {"User-Agent": BROWSER, "X-Forwarded-For": VISITOR}
    answer = await counter.get("/badge/demo.png?count=1&path=/mail", headers=reader)
    assert "no-store" in answer.headers["Cache-Control"]
    headers, _ = await Camo(counter).fetch("/widget/demo.png?count=1&path=/mail")
    assert headers["Content-Type"] == "image/png"
    assert (await counter.totals(metric="pageviews"))["all"]["count"] == 2


@pytest.mark.parametrize("scale", ["0", "4", "1.5", "x", ""])
async def test_a_wrong_scale_is_a_sentence_and_counts_nothing(start: Start, scale: str) -> None:
    counter = await start()
    answer = await counter.get("/badge/demo.png", params={"scale": scale, "count": "1", "path": "/"})
    assert answer.status == 400
    assert "allowed are 1 to 3" in (await answer.json())["message"]
    assert (await counter.totals(metric="pageviews"))["all"]["count"] == 0


async def test_without_the_extra_the_answer_says_what_to_install_and_nothing_is_counted(
    start: Start, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(png, "_INSTALLED", False)
    counter = await start()
    for path in ("/widget/demo.png", "/badge/demo.png"):
        answer = await counter.get(f"{path}?count=1&path=/", headers={"User-Agent": BROWSER})
        assert answer.status == 501
        assert (await answer.json()) == {
            "error": "not_installed",
            "message": "images as PNG need the extra 'png' of this service: pip install 'visitor-counter[png]'",
        }
    assert (await counter.totals(metric="pageviews"))["all"]["count"] == 0
    assert (await counter.get("/badge/demo.svg")).status == 200
