"""What the widget shows, before any markup: one view for every form, so that no two forms can differ."""

from __future__ import annotations

import datetime as dt
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from counter.labels import (
    EM_DASH,
    READER_LINES,
    Language,
    country_name,
    format_number,
    local_day,
    local_moment,
    short_number,
    spoken_total,
)
from counter.widget.icons import ICONS
from counter.widget.options import Options
from counter.widget.text_width import text_width

if TYPE_CHECKING:
    from counter.service.book import Snapshot

_SIZE, _SMALL, _ROOM = 14.0, 12.0, 185.0  # pixels: letters of labels, of a reader's lines, and the room of both
_PAST = frozenset({"yesterday", "last_week", "last_month"})  # drawn in a quieter colour
_LONG = 15  # characters; an IPv4 address has at most so many
_LONG_WORDS = 12  # characters that stand beside the longest label

# XML 1.0 has no place for these, not even escaped, and lone surrogates cannot be sent at all.
_NOT_XML = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


@dataclass(frozen=True, slots=True)
class Reader:
    """Who reads, for an answer that is his alone. `country` is a code; texts are '' where nothing is known."""

    address: str
    country: str = ""
    system: str = ""  # browser and operating system


@dataclass(frozen=True, slots=True)
class WidgetRow:
    """One line, ready to be drawn."""

    name: str
    label: str
    text: str
    day: str = ""  # of the record, ISO
    day_text: str = ""  # the same as it is shown
    codes: tuple[tuple[str, str], ...] = ()  # of countries, each with its name

    @property
    def icon(self) -> str:
        return ICONS[self.name]

    @property
    def past(self) -> bool:
        return self.name in _PAST

    @property
    def long(self) -> bool:
        """An IPv6 address, or words too long to stand beside any label."""
        return self.name in READER_LINES and len(self.text) > (_LONG if self.is_number else _LONG_WORDS)

    @property
    def below(self) -> bool:
        """Whether it stands below its label where that is narrow."""
        if self.name not in READER_LINES:
            return False
        return self.long or text_width(self.label, _SIZE) + text_width(self.text, _SMALL) > _ROOM

    @property
    def wide(self) -> bool:
        """What stands below may be as wide as the card: the label surely takes one line beside the number."""
        number = 0.0 if self.below else text_width(self.text, _SIZE, bold=True)
        return text_width(self.label, _SIZE) + number <= _ROOM

    @property
    def is_number(self) -> bool:
        """Digits and addresses run from left to right in every language."""
        return self.name not in ("your_country", "your_system")


@dataclass(frozen=True, slots=True)
class View:
    """All that a template needs; texts are clean, not escaped."""

    title: str
    language: Language
    theme: str
    scheme: str
    digits: tuple[tuple[str, bool], ...]  # a digit, and whether it is a leading zero
    spoken: str  # what a screen reader says for the digits
    rows: tuple[WidgetRow, ...]
    date: str  # in the site's zone; '' is not shown
    instant: str  # the same moment in UTC, for machines
    about: str  # the address of the page that explains the numbers; '' is not shown
    day_direction: Literal["ltr", "rtl"]  # of the date and of the record's day: ISO never turns around


def view_of(snapshot: Snapshot, options: Options, reader: Reader | None, about: str = "") -> View:
    """The view of a moment. `reader` is None in every answer that another might get; his lines are left out then."""
    language = options.language
    title = f"{language.caption} \u2013 {snapshot.site.name or snapshot.site.id}"
    total = snapshot.counts["all"].value
    rows = (_row(name, snapshot, options, reader) for name in options.lines if name != "date")
    return View(
        title=_NOT_XML.sub("", title),
        language=language,
        theme=options.theme,
        scheme=options.scheme,
        digits=_reels(total, options.digits),
        spoken=spoken_total(total, snapshot.metric, language, options.numerals),
        rows=tuple(row for row in rows if row is not None),
        date=_date(snapshot, options),
        instant=dt.datetime.fromtimestamp(snapshot.generated_at, dt.UTC).strftime("%Y-%m-%dT%H:%MZ"),
        about=about if options.about else "",
        day_direction=language.direction if options.date == "local" else "ltr",
    )


def _row(name: str, snapshot: Snapshot, options: Options, reader: Reader | None) -> WidgetRow | None:
    """The line, or None when there is nothing to show in it."""
    label = _NOT_XML.sub("", options.labels.get(name) or options.language.labels[name])
    if name in READER_LINES:
        text = _of_reader(name, reader, options.language)
        return WidgetRow(name, label, _NOT_XML.sub("", text)) if text else None
    count = _count(name, snapshot)
    if count == 0 and options.hide_zeros:
        return None
    written = short_number if options.short else format_number
    text = written(count, options.language, options.numerals)
    if name == "record_day" and snapshot.record_day:
        day = snapshot.record_day[0]
        local = options.date == "local"
        shown = local_day(day, options.language, options.numerals) if local else day.isoformat()
        return WidgetRow(name, label, text, day.isoformat(), shown)
    if name == "countries":
        codes = (snapshot.countries or ())[: options.flags]
        return WidgetRow(name, label, text, codes=tuple((code, country_name(code, options.language)) for code in codes))
    return WidgetRow(name, label, text)


def _count(name: str, snapshot: Snapshot) -> int | None:
    """The number of a line; None is not known, or failed its invariant."""
    match name:
        case "online":
            return snapshot.online
        case "record_day":
            return snapshot.record_day[1] if snapshot.record_day else 0
        case "countries":
            return None if snapshot.countries is None else len(snapshot.countries)
        case _:
            return snapshot.counts[name].value


def _of_reader(name: str, reader: Reader | None, language: Language) -> str:
    if reader is None:
        return ""
    match name:
        case "your_country":
            return country_name(reader.country, language)
        case "your_system":
            return reader.system or language.unknown
        case _:
            return reader.address


def _date(snapshot: Snapshot, options: Options) -> str:
    if "date" not in options.lines:
        return ""
    if options.date == "local":
        return local_moment(snapshot.local_time, options.language, options.numerals)
    return snapshot.local_time


def _reels(total: int | None, least: int | None) -> tuple[tuple[str, bool], ...]:
    """Always 0 to 9: a theme draws these, and only these."""
    if least is None:
        return ()
    if total is None:
        return ((EM_DASH, False),)
    text = str(total)
    zeros = max(least - len(text), 0)
    return (*((("0", True),) * zeros), *((digit, False) for digit in text))
