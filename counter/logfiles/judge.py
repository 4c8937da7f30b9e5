"""Turn a block of lines into events and drops: everything that needs no neighbouring lines.

It needs no order, so several processes can do it at once; `importer.py` puts the results together.
"""

from __future__ import annotations

from typing import Final

import msgspec

from counter.collect.page import split_url
from counter.collect.parse import LIMITS, USER_AGENT
from counter.collect.pipeline import Pipeline
from counter.collect.properties import PROP_VALUE
from counter.collect.screen import LOG_STEPS, Step, bot
from counter.collect.visitor_marks import without_session
from counter.event import DOWNLOAD, NOT_FOUND, PAGEVIEW, Drop, Event, Hit, Via
from counter.logfiles.formats import CUSTOM, find_format
from counter.logfiles.formats.combined import LogLine
from counter.logfiles.formats.forwarded import VisitorRule
from counter.logfiles.formats.w3c import HEADER
from counter.logfiles.formats.wrapped import parse_wrapped
from counter.logfiles.order import line_hash
from counter.logfiles.pages import is_download, is_missing_page, is_page, path_of
from counter.logfiles.read.files import lines_of
from counter.site import ActiveSite, Site, matches_path, path_patterns
from counter.text import clean, escape_bytes


class ImportRules(msgspec.Struct, frozen=True):
    """What the owner asked for."""

    everything: bool = False  # every line that can be read, not only pages
    keep_bots: bool = False
    overlap: bool = False
    events: bool = False  # missing pages and downloads are events
    address_field: str = ""  # of the format: the one with the visitor's address
    exclude: tuple[str, ...] = ()  # patterns of paths that are not counted
    include: tuple[str, ...] = ()  # and of those that count although programs fetch them


class Terms(msgspec.Struct, frozen=True):
    """The terms on which every block of one import is judged."""

    site: Site
    line_key: bytes
    choices: ImportRules
    trusted_proxies: tuple[str, ...] = ()


class Chunk(msgspec.Struct, frozen=True):
    """A block's lines, and how to read them."""

    text: bytes
    now: float  # UTC seconds, of salts that must be made
    format: str
    string: str = ""  # of the format `custom`
    header: str = ""  # in force where the block begins


class Portion(msgspec.Struct):
    """The result of a block. Events and drops have the number of their line, and count as its first occurrence."""

    lines: int = 0
    malformed: int = 0
    not_page: int = 0
    events: list[tuple[int, Event]] = []
    drops: list[tuple[int, Drop]] = []

    def in_order(self) -> list[tuple[int, Event | Drop]]:
        """Events and drops by the number of their line."""
        return sorted([*self.events, *self.drops], key=_number)


def _number(one: tuple[int, Event | Drop]) -> int:
    return one[0]


Props = tuple[tuple[str, str], ...]
_NONE: Final[Props] = ()


class Judge:
    """Judges the blocks of one import."""

    def __init__(self, terms: Terms, pipeline: Pipeline) -> None:
        self._site = ActiveSite(terms.site)
        self._terms = terms
        self._choices = terms.choices
        self._pipeline = pipeline
        self._excluded = path_patterns(terms.choices.exclude) if terms.choices.exclude else None
        self._included = path_patterns(terms.choices.include) if terms.choices.include else None
        # Whoever writes a format of their own writes the visitor's address into it.
        self._named = VisitorRule(terms.trusted_proxies, named=True)
        self._unnamed = VisitorRule(terms.trusted_proxies, named=bool(terms.choices.address_field))
        self._visitors = self._unnamed
        self._steps: tuple[Step, ...] = tuple(s for s in LOG_STEPS if not (terms.choices.keep_bots and s is bot))

    def judge(self, chunk: Chunk) -> Portion:
        """The result of the chunk's lines, without those of its header."""
        form = find_format(chunk.format, chunk.string, self._choices.address_field)
        self._visitors = self._named if form.name == CUSTOM else self._unnamed
        parse, portion = form.parser(chunk.header), Portion()
        for number, text in enumerate(lines_of(chunk.text)):
            if form.headed and text.startswith("#"):
                parse = form.parser(text) if text.startswith(HEADER) else parse
                continue
            portion.lines += 1
            plain = text if text.isascii() else escape_bytes(text)
            line = parse(plain) or parse_wrapped(parse, plain)
            if line is None or not (line.address or self._visitors.address("", line.forwarded)):
                portion.malformed += 1
            else:
                self._judge(line, number, text, chunk.now, portion)
        return portion

    def _judge(self, line: LogLine, number: int, text: str, now: float, portion: Portion) -> None:
        meaning = self._meaning(line)
        if meaning is None:
            portion.not_page += 1
            return
        name = line_hash(self._terms.line_key, self._terms.site.id, text, 1)
        hit = self._hit(line, name, *meaning)
        judged = self._pipeline.judge(hit, self._site, now, 0.0, self._steps)
        if judged.event is not None:
            portion.events.append((number, judged.event))
        elif judged.drop is not None:
            portion.drops.append((number, judged.drop))

    def _meaning(self, line: LogLine) -> tuple[str, Props] | None:
        """Name and properties of the event that the line is; None when it counts as nothing."""
        if self._excluded is not None and matches_path(self._excluded, path_of(line.target)):
            return None
        if self._choices.events:
            if is_missing_page(line, self._included):
                return NOT_FOUND, _NONE
            if is_download(line):
                return DOWNLOAD, (("url", _url(line)),)
        return (PAGEVIEW, _NONE) if self._choices.everything or is_page(line, self._included) else None

    def _hit(self, line: LogLine, name: int, event: str, props: Props) -> Hit:
        return Hit(
            site=self._terms.site.id,
            path=clean(line.target[: LIMITS["path"]], LIMITS["path"]),
            at=line.at,
            address=self._visitors.address(line.address, line.forwarded) if line.forwarded else line.address,
            user_agent=clean(line.user_agent[:USER_AGENT], USER_AGENT),
            via=Via.LOG,
            name=event,
            host=clean(line.host[: LIMITS["host"]], LIMITS["host"]) if line.host else "",
            referrer=clean(line.referrer[: LIMITS["referrer"]], LIMITS["referrer"]),
            props=props,
            line=name,
            overlap=self._choices.overlap,
        )


def _url(line: LogLine) -> str:
    """Where a file was taken from, without query and session id: an address when the host is known, else its path."""
    path = without_session(line.target.partition("#")[0].partition("?")[0])
    url = split_url(path)
    if url is None and line.host:
        path = f"https://{line.host}{path}"
    elif url is not None:
        path = f"{url.scheme}://{url.host}{url.path}"
    return clean(path[: 8 * PROP_VALUE], PROP_VALUE)
