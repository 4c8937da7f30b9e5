"""The scripts as files: made from their sources, small, named by their content, sent compressed."""

from __future__ import annotations

import base64
import gzip
import hashlib
import re
import shutil
from pathlib import Path

import pytest

from counter.config import TrackerConfig
from counter.logfiles.pages import DOWNLOAD_EXTENSIONS
from counter.web.files import takes_gzip
from counter.web.script import build
from counter.web.tracker import snippet, tracker_of
from counter.widget.options import DEFAULT_LINES
from tests.kit.app import Start

ROOT = Path(__file__).parents[2]
SOURCES = {name: (build.HERE / name).read_text(encoding="utf-8") for name, _ in build.SCRIPTS}
PLAIN = TrackerConfig("counter.js", "/hit")


def made(name: str) -> bytes:
    return (build.STATIC / name).read_bytes()


@pytest.mark.parametrize("name", SOURCES)
def test_what_is_served_was_made_from_the_sources_beside_it(name: str) -> None:
    assert made(name).decode("ascii").startswith(build.first_line()), "a source changed: make script"


@pytest.mark.parametrize(("name", "is_module"), build.SCRIPTS)
def test_making_it_again_gives_the_same_bytes(name: str, is_module: bool) -> None:
    if not shutil.which("node") or not build.TERSER.exists():
        pytest.skip("node or terser is missing; `make script` fetches terser where node is installed")
    assert build.minify(name, is_module=is_module) == made(name)


def test_the_script_that_counts_has_at_most_2048_bytes_gzipped() -> None:
    served = tracker_of(PLAIN).script
    assert served.gzipped is not None
    assert gzip.decompress(served.gzipped) == served.body
    assert len(gzip.compress(served.body, 9, mtime=0)) == len(served.gzipped) <= build.LARGEST


def test_both_placeholders_stand_once_and_are_filled() -> None:
    assert [made("counter.js").count(word) for word in (b"%hit%", b"%widget%")] == [1, 1]
    body = tracker_of(TrackerConfig("hello.min.js", "/in/coming")).script.body
    assert b"%" not in re.sub(rb'"[^"]*%[^"]*"', b"", body).replace(b"%w", b"")
    assert b'"in/coming"' in body
    assert re.search(rb'"hello\.min-widget\.[0-9a-f]{10}\.js"', body)


def test_downloads_are_files_that_an_access_log_calls_downloads_too() -> None:
    listed = re.search(r'settings\.downloads \?\?\s+"([^"]+)"', SOURCES["counter.js"])
    assert listed
    shapes = [re.compile(shape) for shape in listed[1].split("|")]
    for shape in shapes:
        assert [one for one in DOWNLOAD_EXTENSIONS if shape.fullmatch(one)], shape
    assert {"pdf", "zip", "docx", "xlsx", "mp3", "mp4"} <= {
        one for one in DOWNLOAD_EXTENSIONS if any(shape.fullmatch(one) for shape in shapes)
    }


def test_the_script_reserves_room_for_the_lines_that_are_shown_by_default() -> None:
    listed = re.search(r'dataset\.lines \|\| "([a-z_,]+)"', SOURCES["widget.js"])
    assert listed
    assert tuple(listed[1].split(",")) == DEFAULT_LINES


def test_the_script_passes_on_every_option_of_the_widget() -> None:
    listed = re.search(r"const OPTIONS = (\[.*?\]);", SOURCES["widget.js"], re.DOTALL)
    assert listed
    passed = set(re.findall(r'"([a-z_]+)"', listed[1]))
    options = (ROOT / "counter" / "widget" / "options.py").read_text(encoding="utf-8")
    known = set(re.findall(r'query\.get\("([a-z_]+)"', options)) | set(
        re.findall(r'\bswitch\(query, "([a-z_]+)"', options)
    )
    assert known - {"fragment"} == passed - {"metric", "path"}


@pytest.mark.parametrize("word", ["cookie", "sessionStorage", "indexedDB", "canvas", "innerHTML", "eval(", "Function("])
def test_the_scripts_leave_alone_what_they_promise_to_leave_alone(word: str) -> None:
    for source in SOURCES.values():
        assert word not in re.sub(r"/\*.*?\*/|//[^\n]*", "", source, flags=re.DOTALL)


async def test_a_versioned_address_is_kept_for_ever_and_its_hash_is_the_published_one(start: Start) -> None:
    counter = await start()
    tracker = tracker_of(counter.service.config.tracker)
    answer = await counter.get(f"/{tracker.versioned_name}")
    body = await answer.read()
    assert answer.headers["Cache-Control"] == "public, max-age=31536000, immutable"
    assert answer.headers["Access-Control-Allow-Origin"] == "*"
    assert tracker.integrity == "sha384-" + base64.b64encode(hashlib.sha384(body).digest()).decode()
    assert body == await (await counter.get("/counter.js")).read()
    widget = await counter.get(f"/{tracker.widget_name}")
    assert widget.headers["Cache-Control"] == "public, max-age=31536000, immutable"
    assert await widget.read() == made("widget.js")


@pytest.mark.parametrize("path", ["/counter.js", "/counter.0123456789.js", "/counter-widget.0123456789.js"])
async def test_a_version_that_is_gone_answers_with_the_one_in_force_and_not_for_ever(start: Start, path: str) -> None:
    counter = await start()
    answer = await counter.get(path)
    assert answer.status == 200
    assert answer.headers["Cache-Control"] == "public, max-age=3600"


@pytest.mark.parametrize(
    "path", ["/counter.js", "/counter-widget.js", "/static/widget.css", "/static/themes/classic.css"]
)
async def test_scripts_and_styles_are_sent_compressed_to_who_takes_it(start: Start, path: str) -> None:
    counter = await start()
    plain = await counter.get(path, headers={"Accept-Encoding": "identity"})
    small = await counter.get(path, headers={"Accept-Encoding": "gzip, deflate, br"})
    assert await plain.read() == await small.read()
    assert ("Content-Encoding" in plain.headers, small.headers["Content-Encoding"]) == (False, "gzip")
    assert int(small.headers["Content-Length"]) < int(plain.headers["Content-Length"])
    assert plain.headers["Vary"] == small.headers["Vary"] == "Accept-Encoding"
    assert plain.headers["ETag"] != small.headers["ETag"]
    for answer, encoding in ((plain, "identity"), (small, "gzip")):
        same = await counter.get(path, headers={"Accept-Encoding": encoding, "If-None-Match": answer.headers["ETag"]})
        assert (same.status, same.headers["Vary"]) == (304, "Accept-Encoding")


@pytest.mark.parametrize(
    ("header", "taken"),
    [
        ("gzip", True), ("br, GZIP;q=0.5", True), ("*", True), ("gzip;q=0", False), ("gzip; q=0.000, *", False),
        ("br", False), ("", False), ("identity;q=1, *;q=0", False), ("x-gzip-like", False), (",;q=,;;", False),
    ],
)  # fmt: skip
def test_gzip_is_sent_to_who_names_it_and_does_not_refuse_it(header: str, taken: bool) -> None:
    assert takes_gzip(header) is taken


def test_the_name_that_the_owner_chose_is_the_name_of_everything() -> None:
    tracker = tracker_of(TrackerConfig("hello.js", "/in"))
    assert re.fullmatch(r"hello\.[0-9a-f]{10}\.js", tracker.versioned_name)
    assert re.fullmatch(r"hello-widget\.[0-9a-f]{10}\.js", tracker.widget_name)
    assert tracker.version != tracker_of(TrackerConfig("hello.js", "/out")).version, "other bytes, another version"
    assert tracker_of(TrackerConfig("hello", "/in")).widget_name.startswith("hello-widget.")


def test_a_snippet_is_one_line_of_escaped_markup() -> None:
    assert snippet(PLAIN, "https://counter.example", "demo") == (
        '<script async src="https://counter.example/counter.js" data-site="demo"></script>'
    )
    pinned = snippet(PLAIN, "https://counter.example", "demo", pinned=True)
    assert re.fullmatch(
        r'<script async src="https://counter\.example/counter\.[0-9a-f]{10}\.js" integrity="sha384-[A-Za-z0-9+/]{64}"'
        r' crossorigin="anonymous" data-site="demo"></script>',
        pinned,
    )
    assert "&quot;&gt;" in snippet(PLAIN, 'https://counter.example">', "demo")
