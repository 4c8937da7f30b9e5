"""The dashboard's files: cached for ever by their names, found in a list, plotly.js compressed once and in a thread."""

from __future__ import annotations

import asyncio
import gzip
import json
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from blockbuster import blockbuster_ctx

from counter.web import files as web_files
from dashboard import assets
from dashboard.words.countries import ALPHA_3
from tests.kit.app import Start

ROOT = Path(__file__).resolve().parents[2]
NAMES = ("dashboard.css", "page.js", "report.js", "live.js", "icon.svg", "world_110m.json", "plotly.min.js")
KINDS = {"css": "text/css", "js": "text/javascript", "svg": "image/svg+xml", "json": "application/json"}
PLAIN = {"Accept-Encoding": "identity"}


class Compressions:
    """gzip, and how often it was asked for plotly.js."""

    def __init__(self) -> None:
        self.count = 0

    def compress(self, body: bytes, *options: Any, **named: Any) -> bytes:
        self.count += len(body) > 1_000_000
        return gzip.compress(body, *options, **named)


@pytest.fixture
def compressions(monkeypatch: pytest.MonkeyPatch) -> Iterator[Compressions]:
    """A process in which nobody has asked for plotly.js yet."""
    assets._begin_plotly.cache_clear()
    counted = Compressions()
    monkeypatch.setattr(web_files, "gzip", counted)
    yield counted
    assets._begin_plotly.cache_clear()


@pytest.mark.parametrize("name", NAMES)
async def test_a_file_is_served_for_ever_under_the_digest_in_its_name(start: Start, name: str) -> None:
    counter = await start(dashboard=True)
    answer = await counter.get(assets.url_of(name))
    assert answer.status == 200
    assert answer.headers["Cache-Control"] == "public, max-age=31536000, immutable"
    assert answer.content_type == KINDS[name.rpartition(".")[2]]
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["Vary"] == "Accept-Encoding"
    assert answer.headers["Cross-Origin-Resource-Policy"] == "same-origin"
    assert "Access-Control-Allow-Origin" not in answer.headers
    assert "Set-Cookie" not in answer.headers


@pytest.mark.parametrize("name", NAMES)
async def test_a_file_is_the_same_compressed_and_plain_and_not_sent_to_who_has_it(start: Start, name: str) -> None:
    counter = await start(dashboard=True)
    plain = await counter.get(assets.url_of(name), headers=PLAIN)
    small = await counter.get(assets.url_of(name), headers={"Accept-Encoding": "gzip"})
    assert await plain.read() == await small.read()
    if small.headers.get("Content-Encoding") == "gzip":
        assert int(small.headers["Content-Length"]) < int(plain.headers["Content-Length"])
        assert plain.headers["ETag"] != small.headers["ETag"]
    again = await counter.get(assets.url_of(name), headers={**PLAIN, "If-None-Match": plain.headers["ETag"]})
    assert (again.status, await again.read()) == (304, b"")


async def test_a_file_under_an_old_digest_is_served_but_not_for_ever(start: Start) -> None:
    counter = await start(dashboard=True)
    for name in ("page.js", "plotly.min.js"):
        answer = await counter.get(f"/dashboard/static/{'0' * 16}/{name}")
        assert (answer.status, answer.headers["Cache-Control"]) == (200, "no-cache")


@pytest.mark.parametrize("path", [
    "x/nothing.js", "x/assets.py", "x/", "x", "x/..%2fassets.py", "x/%2e%2e%2fapp.py", "x/..", "../assets.py",
    "x/../../assets.py", "x/plotly.min.js%00", "x/PLOTLY.MIN.JS", "x/page.js/", "x/%2fetc%2fpasswd",
])  # fmt: skip
async def test_nothing_else_is_found(start: Start, path: str) -> None:
    counter = await start(dashboard=True)
    answer = await counter.get(f"/dashboard/static/{path}")
    assert answer.status == 404
    assert "root:" not in await answer.text()


async def test_plotly_js_is_that_of_the_installed_package(start: Start) -> None:
    counter = await start(dashboard=True)
    answer = await counter.get(assets.url_of("plotly.min.js"))
    assert await answer.read() == assets._plotly_file().read_bytes()


async def test_plotly_js_is_compressed_once_though_many_ask_at_once(start: Start, compressions: Compressions) -> None:
    counter = await start(dashboard=True)
    url = assets.url_of("plotly.min.js")
    assert compressions.count == 0  # naming it takes no reading
    answers = await asyncio.gather(*(counter.get(url, headers={"Accept-Encoding": "gzip"}) for _ in range(4)))
    assert {answer.status for answer in answers} == {200}
    assert {answer.headers["Content-Encoding"] for answer in answers} == {"gzip"}
    assert len({answer.headers["ETag"] for answer in answers}) == 1
    await counter.get(url)
    assert compressions.count == 1


async def test_a_reader_who_leaves_while_plotly_js_is_compressed_stops_nothing(compressions: Compressions) -> None:
    first = asyncio.create_task(assets.plotly())
    await asyncio.sleep(0)
    first.cancel()
    with pytest.raises(asyncio.CancelledError):
        await first
    assert (await assets.plotly()).gzipped is not None
    assert compressions.count == 1


@pytest.mark.usefixtures("compressions")
async def test_reading_and_compressing_plotly_js_does_not_hold_the_loop() -> None:
    with blockbuster_ctx():
        found = await assets.plotly()
    assert found.gzipped is not None
    assert gzip.decompress(found.gzipped) == found.body


def test_importing_the_dashboard_neither_reads_plotly_js_nor_imports_plotly() -> None:
    code = (
        "import sys, dashboard.app, dashboard.assets as a; a.url_of('plotly.min.js');"
        "assert a._begin_plotly.cache_info().currsize == 0; assert 'plotly' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True, cwd=ROOT)


def test_the_map_has_the_countries_of_our_table() -> None:
    world = json.loads(assets.files()["world_110m.json"].body)
    shapes = {one["id"] for one in world["objects"]["countries"]["geometries"]}
    assert {"DEU", "GEO", "USA", "CHN", "BRA", "NGA", "AUS"} <= shapes & set(ALPHA_3.values())


@pytest.mark.parametrize("name", ["dashboard.css", "page.js", "report.js", "live.js", "install.js", "icon.svg"])
def test_our_files_name_no_other_host(name: str) -> None:
    text = assets.files()[name].body.decode()
    assert set(re.findall(r"(?:https?:)?//[\w.-]+\.\w+", text)) <= {"http://www.w3.org"}
    assert "@import" not in text
    assert "url(" not in text


@pytest.mark.parametrize("name", ["page.js", "report.js", "live.js", "install.js"])
def test_our_scripts_make_no_markup_and_no_code_out_of_text(name: str) -> None:
    text = assets.files()[name].body.decode()
    assert not re.search(
        r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\(|new Function|\.on\w+ = ", text
    )
    assert '"use strict"' in text


def test_the_style_sheet_knows_no_left_and_right() -> None:
    """Right-to-left pages are the same style sheet. Code is left-to-right everywhere."""
    rules = re.sub(
        r"/\*.*?\*/|^\.code \{.*?\}$", "", assets.files()["dashboard.css"].body.decode(), flags=re.DOTALL | re.MULTILINE
    )
    physical = (
        r"(?:margin|padding|border)-(?:left|right)\b|[{;\s](?:left|right)\s*:|(?:text-align|float):\s*(?:left|right)"
    )
    assert re.findall(physical, rules) == []


def test_every_colour_of_the_style_sheet_that_is_used_is_defined() -> None:
    text = assets.files()["dashboard.css"].body.decode()
    assert set(re.findall(r"var\((--[\w-]+)", text)) - set(re.findall(r"(--[\w-]+)\s*:", text)) == set()
