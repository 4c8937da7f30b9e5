"""counter.logs: one line an event, no visitor's address, and no stranger decides how much is written."""

from __future__ import annotations

import io
import json
import logging
from collections.abc import Iterator

import pytest

from counter import logs


@pytest.fixture(autouse=True)
def _logging_as_before() -> Iterator[None]:
    names = ["", *(name for name, _ in logs.SPARED)]
    loggers = [logging.getLogger(name) for name in names]
    before = [(logger, logger.level, list(logger.handlers), list(logger.filters)) for logger in loggers]
    yield
    for logger, level, handlers, filters in before:
        logger.setLevel(level)
        logger.handlers[:], logger.filters[:] = handlers, filters


def written(form: str, message: str, *args: object, level: str = "info", **extra: object) -> str:
    stream = io.StringIO()
    logs.configure(level, form, stream)
    root = logging.getLogger()
    # Only ours: a report of pytest's, with what it captured, can't travel between processes with a lone surrogate.
    root.handlers[:] = [handler for handler in root.handlers if getattr(handler, "stream", None) is stream]
    logging.getLogger("counter.test").info(message, *args, extra=extra)
    return stream.getvalue()


def test_text_is_one_line_with_keys_and_values() -> None:
    line = written("text", "batch written", events=212, ms=3.1, site="my site", full=False)
    assert line.endswith('Z INFO counter.test batch written events=212 ms=3.1 site="my site" full=False\n')


def test_json_is_one_object_with_numbers_as_numbers() -> None:
    line = json.loads(written("json", "batch %s", "written", events=212, full=False, none=None, time="noon"))
    assert line.pop("time").endswith("Z")
    assert line == {
        "level": "info",
        "logger": "counter.test",
        "message": "batch written",
        "events": 212,
        "full": False,
        "none": None,
        "time_": "noon",
    }


@pytest.mark.parametrize("form", ["text", "json"])
@pytest.mark.parametrize(
    "evil", ["a\nINFO counter.test b", "\x1b[31m", "\u202e", "\u2028", "\ud800", "\r\n\0", 'x" y="1'], ids=ascii
)
def test_what_a_visitor_sent_cannot_break_a_line(form: str, evil: str) -> None:
    line = written(form, f"hit {evil}", path=evil)
    line.encode("utf-8")
    assert line.count("\n") == 1
    assert line[:-1].isprintable()


@pytest.mark.parametrize("form", ["text", "json"])
def test_a_traceback_stays_in_its_line_and_names_no_address(form: str) -> None:
    stream = io.StringIO()
    logs.configure("info", form, stream)
    try:
        raise ValueError("bad peer 203.0.113.7")
    except ValueError:
        logging.getLogger("counter.test").exception("failed")
    assert stream.getvalue().count("\n") == 1
    assert "ValueError: bad peer (address)" in stream.getvalue()


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("Error handling request from 203.0.113.7", "Error handling request from (address)"),
        ("from 203.0.113.7.", "from (address)."),
        ("peer=('2001:db8::1', 443, 0, 0)", "peer=('(address)', 443, 0, 0)"),
        ("http://[2001:db8::1]:443/", "http://[(address)]:443/"),
        ("::ffff:203.0.113.7: gone", "(address): gone"),
        ("2001:db8::", "(address)"),
        ("2001:db8:0:1:2:3:4:5 said", "(address) said"),
        ("listening on 127.0.0.1:8080 and [::1]:8080", "listening on 127.0.0.1:8080 and [::1]:8080"),
        ("at 2024-11-21T15:11:00", "at 2024-11-21T15:11:00"),
        ("counter::main at 12:30:45", "counter::main at 12:30:45"),
        ("version 3.14.5, 1.2.3.4.5", "version 3.14.5, 1.2.3.4.5"),
    ],
)
def test_addresses_are_replaced_but_for_the_machines_own(text: str, kept: str) -> None:
    assert logs.without_addresses(text) == kept


def test_extras_name_no_address_either() -> None:
    line = written("text", "refused", peer=("203.0.113.7", 5), text="2001:db8::1")
    assert "203.0" not in line
    assert "db8" not in line


def test_a_value_is_cut() -> None:
    assert len(written("json", "x" * 100_000, path="y" * 100_000)) < 3 * logs.LIMIT


def test_the_level_is_the_least_that_is_written() -> None:
    assert written("text", "hello", level="warning") == ""


def test_configuring_twice_writes_once() -> None:
    logs.configure("info", "text", io.StringIO())
    assert written("text", "hello").count("hello") == 1
    assert sum(isinstance(spare, logs.LineLimit) for spare in logging.getLogger("asyncio").filters) == 1


def test_a_flood_of_asyncio_errors_is_a_few_lines_and_a_count() -> None:
    stream = io.StringIO()
    logs.configure("info", "text", stream)
    for _ in range(1000):
        logging.getLogger("asyncio").error("socket.accept() out of system resource")
    assert stream.getvalue().count("\n") == 5


def test_a_minute_later_the_suppressed_lines_are_counted() -> None:
    now = 0.0
    spare = logs.LineLimit(2, 60, lambda: now)
    assert [spare.filter(logging.makeLogRecord({})) for _ in range(5)] == [True, True, False, False, False]
    now = 60.0
    record = logging.makeLogRecord({})
    assert spare.filter(record)
    assert vars(record)["suppressed"] == 3
    assert spare.filter(later := logging.makeLogRecord({}))
    assert "suppressed" not in vars(later)
