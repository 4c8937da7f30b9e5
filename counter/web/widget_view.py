"""What the widget shows, before any markup: one view for every form, so that no two forms can differ."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from counter.labels import EM_DASH, Language, format_number
from counter.web.widget_options import Options

if TYPE_CHECKING:
    from counter.stats.totals import Snapshot

# Icons on a grid of 16, strokes only. The tracker script draws the same ones; a test compares them.
_CLOCK = "M8 2.25a5.75 5.75 0 1 0 0 11.5a5.75 5.75 0 1 0 0-11.5M8 5v3.2l2.2 1.3"
_SHEET = (
    "M2.5 4.75a1.5 1.5 0 0 1 1.5-1.5h8a1.5 1.5 0 0 1 1.5 1.5v7.5a1.5 1.5 0 0 1-1.5 1.5h-8a1.5 1.5 0 0 1-1.5-1.5z"
    "M2.5 6.75h11M5.5 2v2M10.5 2v2"
)
_WEEK = _SHEET + "M5.2 10.3h5.6"
_MONTH = _SHEET + "M5.4 9.3h.01M8 9.3h.01M10.6 9.3h.01M5.4 11.4h.01M8 11.4h.01M10.6 11.4h.01"
ICONS: Mapping[str, str] = {
    "today": _CLOCK,
    "yesterday": _CLOCK,
    "this_week": _WEEK,
    "last_week": _WEEK,
    "this_month": _MONTH,
    "last_month": _MONTH,
    "all": "M2.5 13.5h11M4.25 11V8M8 11V3M11.75 11V5.5",
    "online": "M8 7.9h.01M5.3 10.7a3.8 3.8 0 0 1 0-5.4M10.7 5.3a3.8 3.8 0 0 1 0 5.4"
    "M3.2 12.8a6.8 6.8 0 0 1 0-9.6M12.8 3.2a6.8 6.8 0 0 1 0 9.6",
    "record_day": "M8 2.2l1.75 3.7 4.05.5-3 2.8.8 4L8 11.2l-3.6 2 .8-4-3-2.8 4.05-.5z",
    "ip": "M8 2.25a5.75 5.75 0 1 0 0 11.5a5.75 5.75 0 1 0 0-11.5M2.25 8h11.5"
    "M8 2.25c-3.2 3.3-3.2 8.2 0 11.5c3.2-3.3 3.2-8.2 0-11.5",
}
_PAST = frozenset({"yesterday", "last_week", "last_month"})  # drawn in a quieter colour

# XML 1.0 has no place for these, not even escaped, and lone surrogates cannot be sent at all.
_NOT_XML = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


@dataclass(frozen=True, slots=True)
class Row:
    """One line, ready to be drawn. `day` is the ISO date of the record."""

    name: str
    label: str
    text: str
    day: str = ""

    @property
    def icon(self) -> str:
        return ICONS[self.name]

    @property
    def past(self) -> bool:
        return self.name in _PAST

    @property
    def long(self) -> bool:
        """An IPv6 address: smaller, and on a line of its own in the image."""
        return self.name == "ip" and len(self.text) > 15


@dataclass(frozen=True, slots=True)
class View:
    """All that a template needs; texts are clean, not escaped."""

    title: str
    language: Language
    theme: str
    scheme: str
    digits: tuple[tuple[str, bool], ...]  # a digit, and whether it is a leading zero
    spoken: str  # what a screen reader says for the digits
    rows: tuple[Row, ...]
    date: str  # in the site's zone; '' is not shown
    instant: str  # the same moment in UTC, for machines


def view_of(snapshot: Snapshot, options: Options, address: str | None) -> View:
    language = options.language
    title = f"{language.caption} \u2013 {snapshot.site.name or snapshot.site.id}"
    total = snapshot.counts["all"].value
    rows = (_row(name, snapshot, language, address) for name in options.lines if name != "date")
    return View(
        title=_NOT_XML.sub("", title),
        language=language,
        theme=options.theme,
        scheme=options.scheme,
        digits=_reels(total, options.digits),
        spoken=_spoken(total, snapshot.metric, language),
        rows=tuple(row for row in rows if row is not None),
        date=snapshot.local_time if "date" in options.lines else "",
        instant=dt.datetime.fromtimestamp(snapshot.generated_at, dt.UTC).strftime("%Y-%m-%dT%H:%MZ"),
    )


def _row(name: str, snapshot: Snapshot, language: Language, address: str | None) -> Row | None:
    label = language.labels[name]
    if name == "ip":
        return Row(name, label, _NOT_XML.sub("", address)) if address else None
    if name == "online":
        return Row(name, label, format_number(snapshot.online, language))
    if name == "record_day":
        day, most = snapshot.record_day or (None, None)
        return Row(name, label, format_number(most, language), day.isoformat() if day else "")
    return Row(name, label, format_number(snapshot.counts[name].value, language))


def _reels(total: int | None, least: int | None) -> tuple[tuple[str, bool], ...]:
    if least is None:
        return ()
    if total is None:
        return ((EM_DASH, False),)
    text = str(total)
    zeros = max(least - len(text), 0)
    return (*((("0", True),) * zeros), *((digit, False) for digit in text))


def _spoken(total: int | None, metric: str, language: Language) -> str:
    if total is None:
        return language.unavailable
    return language.totals[metric].format(count=format_number(total, language))
