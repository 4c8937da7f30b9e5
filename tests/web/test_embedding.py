"""What other sites' pages load and frame says that they may, and no policy counts on `'self'` alone."""

from __future__ import annotations

import pytest

from counter.widget.sentence import TEXT_WIDTH, render_sentence, wrap
from counter.widget.text_width import text_width
from tests.kit.app import BROWSER, Start

LOADED = (
    "/counter.js", "/counter-widget.js", "/widget/demo.html", "/widget/demo.svg", "/widget/demo.json",
    "/badge/demo.svg",
    "/badge/demo.svg?style=button", "/pixel.gif?site=demo&path=/", "/widget/demo.svg?count=1&path=/",
    "/static/widget.css", "/static/themes/classic.css", "/api/v1/totals?site=demo", "/api/v1/you",
)  # fmt: skip
PAGES = ("/widget/demo.html", "/widget/gallery", "/widget/demo/about", "/demo", "/opt-out")
SVG = "image/avif,image/webp,image/svg+xml,image/*;q=0.8,*/*;q=0.5"
PAGE = "text/html,application/xhtml+xml,image/avif,image/webp,*/*;q=0.8"


@pytest.mark.parametrize("path", LOADED)
async def test_what_other_pages_load_may_be_loaded_by_isolated_ones(start: Start, path: str) -> None:
    counter = await start()
    answer = await counter.get(path, headers={"User-Agent": BROWSER})
    assert (answer.status, answer.headers["Cross-Origin-Resource-Policy"]) == (200, "cross-origin")
    if answer.headers.get("ETag"):
        again = await counter.get(path, headers={"User-Agent": BROWSER, "If-None-Match": answer.headers["ETag"]})
        assert (again.status, again.headers["Cross-Origin-Resource-Policy"]) == (304, "cross-origin")


async def test_the_frame_is_isolated_itself(start: Start) -> None:
    counter = await start()
    assert (await counter.get("/widget/demo.html")).headers["Cross-Origin-Embedder-Policy"] == "require-corp"


@pytest.mark.parametrize("path", PAGES)
async def test_a_policy_names_the_origin_that_was_asked(start: Start, path: str) -> None:
    counter = await start()
    answer = await counter.get(path, headers={"Host": "stats.example:8080"})
    policy = answer.headers["Content-Security-Policy"]
    assert policy.count("'self'") == policy.count("'self' http://stats.example:8080") > 0


@pytest.mark.parametrize("path", PAGES)
async def test_a_policy_names_the_configured_origin(start: Start, path: str) -> None:
    counter = await start(server={"public_url": "https://stats.example"})
    answer = await counter.get(path, headers={"Host": "stats.example"})
    assert "'self' https://stats.example http://stats.example" in answer.headers["Content-Security-Policy"]


@pytest.mark.parametrize("host", ["a;script-src *", "a b", "a,b", "*", "'none'", ""])
async def test_a_host_that_is_none_does_not_get_into_a_policy(start: Start, host: str) -> None:
    counter = await start()
    policy = (await counter.get("/widget/demo.html", headers={"Host": host})).headers["Content-Security-Policy"]
    assert "style-src 'self'; img-src 'self' data:;" in policy


@pytest.mark.parametrize(
    ("path", "status"),
    [("/widget/demo.svg?theme=paper", 400), ("/badge/demo.svg?line=nothing", 400), ("/widget/nobody.svg", 404),
     ("/badge/demo.svg?color=red-ish", 400), ("/widget/demo.svg?count=1&path=/&scope=all", 400)],
)  # fmt: skip
async def test_a_wrong_address_of_an_image_says_what_is_wrong_in_the_form_that_is_accepted(
    start: Start, path: str, status: int
) -> None:
    counter = await start()
    machine = await counter.get(path, headers={"Accept": "*/*"})
    sentence = (await machine.json())["message"]
    assert machine.status == status
    for accepted, expected in ((SVG, 200), (PAGE, status)):
        answer = await counter.get(path, headers={"Accept": accepted})
        assert (answer.status, answer.content_type) == (expected, "image/svg+xml")
        assert await answer.text() == render_sentence(sentence)
        assert answer.headers["Cache-Control"] == "no-store"


def test_a_sentence_is_broken_into_lines_that_fit() -> None:
    words = "theme is 'paper'; allowed are " + ", ".join(f"theme-{number}" for number in range(30))
    assert " ".join(wrap(words)) == words
    long = wrap("x" + "é" * 200 + " ends")
    assert "".join(long).replace(" ", "") == "x" + "é" * 200 + "ends"
    assert max(text_width(line, 13) for line in [*wrap(words), *long]) <= TEXT_WIDTH
    assert "&lt;b&gt;" in render_sentence("theme is '<b>'")
