"""docs/architecture.md says what runs: a real hit, a real report and a real change are traced and compared with it."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from itertools import count
from pathlib import Path

import pytest

from counter.app import Intervals
from tests.kit.app import Start
from tests.kit.dashboard import SignedIn
from tests.kit.trace import Trace, tracing

ROOT = Path(__file__).resolve().parents[1]
PAGE = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")
MOST_FILES, MOST_LINES = 9, 250
NEVER = 1e6  # seconds
PAGES = count()  # each hit is of another page: paths are remembered for the whole process
SITE = "/dashboard/sites/demo"
SECTIONS = ("A hit", "A question", "A change")


def section(title: str) -> str:
    """The text below a heading, up to the next one of its level."""
    found = re.search(rf"^## {title}\n(.*?)(?=^## |\Z)", PAGE, re.MULTILINE | re.DOTALL)
    assert found, title
    return found[1]


def way(title: str) -> list[str]:
    """The numbered files of a drawing."""
    numbered = re.findall(r"^ *(\d+) +([\w/]+\.py)\b", section(title), re.MULTILINE)
    assert [int(number) for number, _ in numbered] == list(range(1, len(numbered) + 1)), title
    return [file for _, file in numbered]


def table(title: str) -> list[str]:
    """The files of a section's table."""
    rows = re.findall(r"^\| .*?`([\w/]+\.py)` \|", section(title), re.MULTILINE)
    assert len(rows) == len(set(rows)), f"a file is listed twice below {title!r}"
    return rows


@pytest.fixture
async def trace(start: Start, signed_in: SignedIn, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Trace]:
    """One of each, on a service that has done all of them before: caches are warm. No job runs meanwhile."""
    monkeypatch.setattr("counter.service.writer.LOOK", NEVER)
    with tracing() as trace:
        counter = await start(dashboard=True, intervals=Intervals(*[NEVER] * len(Intervals._fields)))
        owner = await signed_in(counter)
        for name, ip in (("warm", "8.8.8.8"), ("A hit", "5.9.0.1")):
            with trace.recording(name):
                answer = await counter.hit(path=f"/page/{next(PAGES)}", ip=ip)
                assert answer.headers["X-Counter"] == "counted"
                assert (await counter.get("/widget/demo.html")).status == 200
        for name in ("warm", "A question"):
            with trace.recording(name):
                assert (await owner.get(f"{SITE}?period=28d&filter=country:is:US")).status == 200
        for name, page in (("warm", "/a*"), ("A change", "/b*")):
            with trace.recording(name):
                answer = await owner.post(f"{SITE}/goals", name=page, kind="page", pattern=page)
                assert answer.status == 303
        yield trace


@pytest.mark.parametrize("title", SECTIONS)
async def test_what_runs_is_what_the_page_says(trace: Trace, title: str) -> None:
    listed, runs = {*way(title), *table(title)}, set(trace.files(title))
    assert sorted(runs - listed) == [], "runs, and the page does not say so"
    assert sorted(listed - runs) == [], "is on the page, and does not run"


@pytest.mark.parametrize("title", SECTIONS)
async def test_the_way_is_gone_in_the_order_of_the_drawing(trace: Trace, title: str) -> None:
    runs = trace.files(title)
    assert sorted(way(title), key=runs.index) == way(title)


@pytest.mark.parametrize("title", SECTIONS)
def test_a_way_is_short(title: str) -> None:
    assert 0 < len(way(title)) <= MOST_FILES
    lines = {file: len((ROOT / file).read_text(encoding="utf-8").splitlines()) for file in way(title)}
    assert {file: number for file, number in lines.items() if number >= MOST_LINES} == {}


def test_no_file_is_on_a_way_and_beside_it() -> None:
    for title in SECTIONS:
        assert not set(way(title)) & set(table(title)), title


def test_every_folder_has_its_sentence_and_no_other_has() -> None:
    folders = {
        file.parent.relative_to(ROOT).as_posix() + "/"
        for package in ("counter", "dashboard")
        for file in (ROOT / package).rglob("*.py")
        if "node_modules" not in file.parts
    }
    listed = re.findall(r"^\| `([\w/]+/)` \| \S", section("Folders"), re.MULTILINE)
    assert sorted(listed) == sorted(folders)
