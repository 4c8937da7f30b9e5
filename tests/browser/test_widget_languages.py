"""The widget of every language in a real Chromium: no text meets another, nothing leaves the card, at any size."""

from __future__ import annotations

import pytest
from playwright.sync_api import Browser

from counter.labels import LANGUAGES
from tests.kit.chromium import reader
from tests.kit.process import Service
from tests.kit.widget_sample import EVERYTHING, IPV6

pytestmark = pytest.mark.browser

# Boxes of the letters themselves of each line: its label, and what stands in its other cell.
MEETING = """() => {
  const boxes = (node) => {
    const range = document.createRange();
    range.selectNodeContents(node);
    return [...range.getClientRects()].filter((box) => box.width > 1 && box.height > 1);
  };
  const meet = (a, b) => a.left < b.right - 1 && b.left < a.right - 1 && a.top < b.bottom - 4 && b.top < a.bottom - 4;
  return [...document.querySelectorAll(".vc-table tr")].filter((row) => {
    const values = [...row.querySelectorAll("td bdi, td li")].flatMap(boxes);
    return boxes(row.querySelector("th")).some((one) => values.some((other) => meet(one, other)));
  }).map((row) => row.textContent.trim());
}"""
OUTSIDE = """() => {
  const card = document.querySelector(".vc").getBoundingClientRect();
  return [...document.querySelectorAll(".vc *:not(caption)")].filter((element) => {
    const box = element.getBoundingClientRect();
    return box.left < card.left - 1 || box.right > card.right + 1;
  }).map((element) => element.outerHTML);
}"""
IN_THE_IMAGE = """() => {
  const image = document.querySelector("svg").viewBox.baseVal;
  const wrong = [];
  for (const group of document.querySelectorAll("svg > g:has(.label)")) {
    const texts = [...group.querySelectorAll("text")];
    const boxes = texts.map((text) => text.getBBox());
    if (boxes.some((box) => box.x < 14 || box.x + box.width > image.width - 14)) wrong.push(texts[0].textContent);
    const [label, value] = boxes;
    const beside = texts[0].getAttribute("y") === texts[1].getAttribute("y");
    if (beside && label.x < value.x + value.width && value.x < label.x + label.width) wrong.push(texts[1].textContent);
  }
  return wrong;
}"""


@pytest.mark.parametrize("tag", LANGUAGES)
@pytest.mark.parametrize("address", [pytest.param("255.255.255.255", marks=pytest.mark.soak), IPV6])
def test_in_every_language_no_text_meets_another(
    browser: Browser, shared_service: Service, tag: str, address: str
) -> None:
    query = f"lang={tag}&lines={EVERYTHING}&date=local&about=1"
    headers = {"X-Forwarded-For": address}
    with reader(browser, viewport={"width": 320, "height": 700}, extra_http_headers=headers) as (page, seen):
        page.goto(f"{shared_service.url}/widget/demo.html?{query}")
        for size in ("100%", "200%"):
            page.evaluate("size => { document.documentElement.style.fontSize = size }", size)
            assert page.evaluate(MEETING) == [], size
            assert page.evaluate(OUTSIDE) == [], size
            assert page.evaluate("() => document.documentElement.scrollWidth <= innerWidth"), size
        assert page.evaluate("() => document.querySelector('.vc').matches(':dir(rtl)')") is (tag == "ar")
        assert seen.errors == []


@pytest.mark.parametrize("tag", LANGUAGES)
def test_in_the_image_of_every_language_no_text_meets_another(
    browser: Browser, shared_service: Service, tag: str
) -> None:
    for address in ("255.255.255.255", IPV6):
        with reader(browser, extra_http_headers={"X-Forwarded-For": address}) as (page, _):
            image = page.request.get(
                f"{shared_service.url}/widget/demo.svg?lang={tag}&lines={EVERYTHING}&date=local&count=1&path=/"
            )
            page.set_content(image.text())
            assert page.evaluate(IN_THE_IMAGE) == []


def test_with_forced_colors_the_digits_are_still_there(browser: Browser, shared_service: Service) -> None:
    with reader(browser, forced_colors="active") as (page, _):
        page.goto(f"{shared_service.url}/widget/demo.html?lang=en&lines={EVERYTHING}&about=1")
        assert page.evaluate("() => getComputedStyle(document.querySelector('.vc-digit')).backgroundImage") == "none"
        assert page.locator(".vc-digits").get_attribute("role") == "img"


def test_how_we_count_can_be_read_on_a_phone_in_twice_the_size(browser: Browser, shared_service: Service) -> None:
    for tag in ("en", "ka"):
        with reader(browser, viewport={"width": 320, "height": 640}) as (page, seen):
            page.goto(f"{shared_service.url}/widget/demo/about?lang={tag}")
            page.evaluate("() => { document.documentElement.style.fontSize = '200%' }")
            assert page.evaluate("() => document.documentElement.scrollWidth <= innerWidth")
            assert seen.errors == []
            page.get_by_role("link").click()
            page.wait_for_url("**/opt-out")
