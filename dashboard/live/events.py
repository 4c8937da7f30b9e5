"""What the live page is sent: hits and the moment, as JSON in the reader's language. The page starts with the same.

A reader who is no admin is never sent an address.
"""

from __future__ import annotations

from typing import Any, Final

import msgspec
from multidict import MultiDict

from counter.question import Dimension, LoggedHit
from dashboard.access.call import Call
from dashboard.live.now import Now
from dashboard.report.figures import CountryPoint, world
from dashboard.report.links import Links
from dashboard.report.row_labels import label_of
from dashboard.sites.hits import HitRow, is_filter, make_row
from dashboard.words import numbers

Fields = dict[str, Any]
LISTS: Final = {"pages": Dimension.PAGE, "sources": Dimension.SOURCE, "countries": Dimension.COUNTRY}


def live_links(call: Call) -> Links:
    """A value of the live page leads to its report of today."""
    return Links(call.site.site.id, MultiDict({"period": "today"}), ())


def hit_facts(call: Call, hit: LoggedHit) -> Fields:
    """One hit: plain values next to the texts on the page."""
    row = make_row(call, hit, live_links(call))
    facts = {
        "hit": hit.hit, "time": row.iso, "clock": row.time, "path": hit.path, "page_url": row.page.url,
        "title": hit.title, "name": hit.name, "event": row.event.text if row.event else "",
        "source": row.source.text, "country": hit.country, "country_name": row.country.text, "place": _place(row),
        "browser": hit.browser, "system": hit.system, "device": hit.device, "client": _client(row),
        "visit": hit.visit, "visit_url": row.visit_url,
    }  # fmt: skip
    return facts | ({"ip": hit.ip} if call.administers else {})


def now_facts(call: Call, now: Now) -> Fields:
    """The moment: numbers, and how they are written."""
    lists = {name: _rows(call, dimension, getattr(now, name)) for name, dimension in LISTS.items()}
    most = max((visitors for _, visitors in now.minutes), default=0)
    return {
        "online": now.online,
        "online_text": numbers.number(call.words, now.online),
        "summary": call.words("live.summary", count=now.online),
        **lists,
        "most": most,
        "minutes": [
            {
                "at": minute, "clock": numbers.time_of_day(call.words, minute, call.site), "visitors": visitors,
                "text": numbers.number(call.words, visitors),
            }
            for minute, visitors in now.minutes
        ],
        "map": world([
            CountryPoint(row["value"], row["visitors"], f"{row['label']}: {row['text']}", row["url"])
            for row in lists["countries"]
        ]),
    }  # fmt: skip


def event_text(name: str, number: int, facts: Fields) -> str:
    """One server-sent event; JSON has no line breaks of its own."""
    return f"id: {number}\nevent: {name}\ndata: {msgspec.json.encode(facts).decode()}\n\n"


def _rows(call: Call, dimension: Dimension, counts: tuple[tuple[str, int], ...]) -> list[Fields]:
    links, most = live_links(call), max((visitors for _, visitors in counts), default=1)
    return [
        {
            "value": value, "label": label_of(call.words, dimension, value),
            "url": links.filtered(is_filter(dimension, value)), "visitors": visitors,
            "text": numbers.number(call.words, visitors), "share": round(100 * visitors / most),
        }
        for value, visitors in counts
    ]  # fmt: skip


def _place(row: HitRow) -> str:
    return " · ".join(value.text for value in (row.country, row.city) if value.is_named) or row.country.text


def _client(row: HitRow) -> str:
    return " · ".join(value.text for value in (row.browser, row.system, row.device) if value.is_named)
