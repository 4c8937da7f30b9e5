"""The measurement measures: small runs against real servers. No test here looks at a time."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest
from click.testing import CliRunner

from bench.__main__ import FIGURES, main
from bench.events import fill, new_visitors, real_visits
from bench.load import whole_answer
from bench.profile import measure_steps
from bench.servers import bare_server, our_server
from bench.stored import sizes
from bench.traffic import Traffic, address, browsers, pages, referrers
from counter.collect.agents.useragent import UserAgents
from counter.store.sqlite.engine import FILE_NAME

COUNT_EVENTS = "select count(*), count(distinct visit_id), (select event_id from watermark) from event"


def ask(folder: Path, question: str) -> tuple[int, ...]:
    with closing(sqlite3.connect(f"file:{folder / 'data' / FILE_NAME}?mode=ro", uri=True)) as database:
        row: tuple[int, ...] = database.execute(question).fetchone()
        return row


def test_every_hit_of_the_load_is_a_new_visitor_counted_and_folded() -> None:
    with our_server() as ours:
        for kind, requests, hits in (("post", 30, 30), ("pixel", 30, 60), ("array", 2, 1060)):
            seen, cpu = ours.run(kind, 4, requests)
            assert (seen.requests, seen.wrong) == (requests, 0)
            assert cpu > 0
            assert ask(ours.folder, COUNT_EVENTS) == (hits, hits, hits)
        assert ours.run("totals", 4, 10)[0].wrong == 0
        assert 10 < ours.memory()[0] <= ours.memory()[1]


def test_an_answer_that_is_not_the_expected_one_ends_the_measurement() -> None:
    with bare_server() as bare:
        bare.run("post", 2, 10)
        bare.ours = True
        bare.wait_folded = lambda: None  # type: ignore[method-assign]  # a bare handler stores nothing
        with pytest.raises(RuntimeError, match=r"10 of 10 answers to post are wrong, the first:\nHTTP/1.1 204"):
            bare.run("post", 2, 10)


def test_the_load_is_of_people_on_many_browsers_pages_and_referrers() -> None:
    agents = UserAgents()
    assert [agent for agent in browsers() if agents.look_up(agent).bot] == []
    assert (len(set(browsers())), len(set(pages())), len(set(referrers()))) == (182, 500, 35)
    assert len({address(number) for number in range(100_000)}) == 100_000
    ids = [Traffic().client_id() for _ in range(100)]
    assert [one[:8] for one in ids] == sorted(one[:8] for one in ids)


@pytest.mark.parametrize(
    ("received", "end"),
    [
        (b"HTTP/1.1 204 No Content\r\n", 0),
        (b"HTTP/1.1 204 No Content\r\n\r\n", 27),
        (b"HTTP/1.1 202 Accepted\r\nContent-Length: 2\r\n\r\nx", 0),
        (b"HTTP/1.1 202 Accepted\r\nContent-Length: 2\r\n\r\nxxHTTP", 46),
    ],
)
def test_an_answer_is_read_to_its_end(received: bytes, end: int) -> None:
    assert whole_answer(received) == end


@pytest.mark.parametrize(("make", "visits"), [(new_visitors, 900), (real_visits, 300)])
def test_a_filled_store_is_folded_and_pruned(tmp_path: Path, make: Callable[..., object], visits: int) -> None:
    told: list[int] = []
    fill(tmp_path, lambda patterns, site: make(patterns, site, 900, 3), told.append, prune=True)  # type: ignore[arg-type,return-value]
    assert sum(told) == 900
    assert ask(tmp_path, COUNT_EVENTS) == (900, visits, 900)
    assert ask(tmp_path, "select (select count(*) from hit_id), (select count(*) from visitor)") == (0, 0)
    assert sizes(tmp_path / "data" / FILE_NAME)[2] == 900


def test_the_profile_names_every_step() -> None:
    names = list(measure_steps(300, 50).columns[0].cells)
    assert {"decode", "judge", "append: Python", "sqlite: event", "fold"} <= set(names)


def test_the_command_explains_itself_with_an_example() -> None:
    shown = CliRunner().invoke(main, ["--help"]).output
    assert "Example: python -m bench --quick" in shown
    assert all(name in shown for name, _ in FIGURES)
