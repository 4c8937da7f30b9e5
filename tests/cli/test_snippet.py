"""`counter snippet`: what it prints is what goes into a page."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from counter.config import TrackerConfig
from counter.web.tracker import tracker_of
from tests.kit.process import Home


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Home:
    home = Home(tmp_path_factory.mktemp("snippet"))
    home.config.write_text(
        home.config.read_text().replace("[server]\n", '[server]\npublic_url = "https://c.example"\n')
    )
    assert home.type("site", "add", "shop").code == 0
    return home


def test_the_lines_for_a_page(home: Home) -> None:
    done = home.type("snippet", "shop")
    assert (done.code, done.err) == (0, "")
    assert done.out.splitlines() == [
        '<script async src="https://c.example/counter.js" data-site="shop"></script>',
        "<visitor-counter></visitor-counter>",
        '<noscript><img src="https://c.example/widget/shop.svg?count=1&amp;path=/" alt="Visitor counter"></noscript>',
    ]


def test_the_script_with_its_version_and_hash(home: Home) -> None:
    tracker = tracker_of(TrackerConfig("counter.js", "/hit"))
    first = home.type("snippet", "shop", "--sri").out.splitlines()[0]
    assert (
        f'src="https://c.example/{tracker.versioned_name}" integrity="{tracker.integrity}" crossorigin="anonymous"'
        in first
    )


def test_a_site_that_is_not_there_is_named(home: Home) -> None:
    done = home.type("snippet", "shoop")
    assert (done.code, done.out) == (1, "") or done.code == 2
    assert re.search(r"there is no site 'shoop'; sites: ", done.err)


def test_without_a_public_address_it_says_so(tmp_path: Path) -> None:
    home = Home(tmp_path)
    assert home.type("site", "add", "shop").code == 0
    done = home.type("snippet", "shop")
    assert done.out.startswith('<script async src="http://127.0.0.1:8080/counter.js"')
    assert done.err == "[server] public_url is not set: http://127.0.0.1:8080 is only reached from this machine\n"
