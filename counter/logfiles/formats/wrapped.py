"""Lines that came through something else before they were a file: syslog, containers, journals, other tools.

What stands before a line, or around it, is taken off; the rest is read as if the server had written it alone.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

import msgspec

from counter.logfiles.formats.combined import LogLine
from counter.logfiles.formats.fields import address_of, client_of
from counter.logfiles.formats.format import Parse

_COLOURS: Final = re.compile(r"\x1b\[[0-9;]*m")
_WHEN: Final = r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d\S*"
_PREFIXES: Final = tuple(
    re.compile(text, re.ASCII)
    for text in (
        rf"<\d{{1,3}}>1 (?:{_WHEN}|-) \S+ \S+ \S+ \S+ (?:-|(?:\[[^\]]*\])+) ?",  # syslog, RFC 5424
        # syslog, RFC 3164
        r"(?:<\d{1,3}>)?[A-Z][a-z]{2} [ \d]\d \d\d:\d\d:\d\d (?:\d{4} )?(?:\S+ )?[^\s\[:{\"]+(?:\[[^\]]*\])?: ",
        rf"(?:<\d{{1,3}}>)?{_WHEN} (?:\S+ )?[^\s\[:{{\"]+(?:\[[^\]]*\])?: ",  # rsyslog, journalctl -o short-iso, Heroku
        rf"{_WHEN} (?:stdout|stderr) [FP] ",  # containerd, CRI-O
        r"\[(?:pod/)?[^\s\]]+\] ",  # kubectl logs --prefix
        r"[\w.@/-]+ *\| ?",  # docker compose, docker service logs
        r"[\w./-]*\w\.log[\w.-]*[:|] ?(?:\d+[:|] ?(?=[^\s:]*[\s.]))?",  # grep over several files
        rf"{_WHEN}\s+",  # kubectl logs --timestamps, CloudWatch
        r"[\w./-]+(?:\[\d+\])?: ",  # a program's name alone
        r"\d{4}/\d\d/\d\d \d\d:\d\d:\d\d ",
    )
)
_DEEPEST: Final = 4  # prefixes before prefixes, wrappings in wrappings

# Of the time in the common formats: what is before it is address, identity and user.
_TIME: Final = re.compile(r" \[\d\d/[A-Z][a-z]{2}/\d{4}:\d\d:")
_WORD: Final = re.compile(r"\S+")
_BEFORE: Final = re.compile(r"[:|\]=]")
_HOST: Final = re.compile(r"(?:[a-z0-9-]+\.)+[a-z][a-z0-9-]+(?::\d{1,5})?", re.IGNORECASE | re.ASCII)
_MOST_WORDS: Final = 64

# Keys under which a line stands in JSON: Docker, journald, Logstash and Filebeat, Google Cloud, Loki, Splunk.
_KEYS: Final = ("log", "MESSAGE", "message", "msg", "textPayload", "line", "event", "_raw", "body")
_object: Final = msgspec.json.Decoder(dict[str, object])


def parse_wrapped(parse: Parse, line: str) -> LogLine | None:
    """The request in a line that `parse` cannot read as it stands, None when it is not in there either."""
    return next((found for inner in _inner(line, _DEEPEST) if (found := parse(inner)) is not None), None)


def _inner(line: str, depth: int) -> Iterator[str]:
    """What may be the server's own line, the likeliest first."""
    if not depth:
        return
    plain = _COLOURS.sub("", line) if "\x1b" in line else line
    plain = plain.replace("\ufeff", "").strip()
    if plain != line:
        yield plain
    if plain.startswith("{"):
        yield from _in_object(plain, depth)
        return
    for prefix in _PREFIXES:
        if found := prefix.match(plain):
            yield plain[found.end() :]
            yield from _inner(plain[found.end() :], depth - 1)
            return
    yield from _at_address(plain)
    brace = plain.find("{")
    if brace > 0 and plain.endswith("}"):
        yield plain[brace:]
        yield from _in_object(plain[brace:], depth)


def _in_object(text: str, depth: int) -> Iterator[str]:
    try:
        found = _object.decode(text)
    except (msgspec.DecodeError, UnicodeError, RecursionError):
        return
    for key in _KEYS:
        inner = found.get(key)
        if isinstance(inner, str) and inner:
            yield inner
            yield from _inner(inner, depth - 1)
        elif isinstance(inner, dict):
            yield msgspec.json.encode(inner).decode()


def _at_address(line: str) -> Iterator[str]:
    """The line from its address on, and from the host before it; nothing for a line that begins as a server's own."""
    time = _TIME.search(line)
    words = list(_WORD.finditer(line, 0, time.start()))[-_MOST_WORDS:] if time else []
    if len(words) < 3 or address_of(words[0][0]) is not None or words[1][0] == "-":
        return
    for place in range(len(words) - 3, -1, -1):
        start = _address_in(words[place][0])
        if start is not None:
            if place and not start and _HOST.fullmatch(words[place - 1][0]):
                yield line[words[place - 1].start() :]
            yield line[words[place].start() + start :]
            return
    if len(words) > 3 and words[-2][0] == "-" and client_of(words[-3][0]):
        yield line[words[-3].start() :]


def _address_in(word: str) -> int | None:
    """Where an address begins that ends the word, `access.log:198.51.100.7`; None when there is none."""
    places = (0, *(found.end() for found in _BEFORE.finditer(word)))
    return next((place for place in places if address_of(word[place:]) is not None and word[place:] != "unix:"), None)
