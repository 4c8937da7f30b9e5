"""A snapshot to draw: the acceptance table, read on 2024-11-21 at 15:11 in Tbilisi."""

from __future__ import annotations

import datetime as dt
import re

from counter.question import Count
from counter.service.book import Snapshot
from counter.site import Site
from counter.widget.options import Options, options_from
from counter.widget.render import render_html, render_json, render_svg
from counter.widget.view import Reader, view_of

DAY = dt.date(2024, 11, 21)
TABLE = {
    "today": 709, "yesterday": 669, "this_week": 3949, "last_week": 3882, "this_month": 24125, "last_month": 43677,
    "all": 2506638,
}  # fmt: skip
SNAPSHOT = Snapshot(
    site=Site(1, "demo", "Demo", timezone="Asia/Tbilisi"),
    metric="visits",
    generated_at=1732187460,
    local_time="2024-11-21 15:11",
    online=3,
    record_day=(dt.date(2024, 3, 9), 4711),
    counts={name: Count(value, DAY, DAY) for name, value in TABLE.items()},
    countries=("GE", "DE", "US"),
)
IPV6 = "2a02:8109:9d40:1234:abcd:ef01:2345:6789"
READER = Reader("13.59.129.141", "GE", "Firefox \u00b7 Linux")
EVERYTHING = (
    "today,yesterday,this_week,last_week,this_month,last_month,all,online,record_day,countries,"
    "ip,your_country,your_system,date"
)


def options(**query: str) -> Options:
    return options_from({"lang": "en", **query}, "")


def rows_of(html: str) -> dict[str, str]:
    """What the table says, by label; codes of countries in brackets."""
    rows = re.findall(r'<th scope="row">.*?</svg>(.*?)</th><td>(.*?)</td>', html, re.DOTALL)
    marked = {label: re.sub(r"<li>.*?>([A-Z]{2})<.*?</li>", r" [\1]", value) for label, value in rows}
    return {label: re.sub(r"<[^>]*>", "", value) for label, value in marked.items()}


def html_of(snapshot: Snapshot, asked: Options, reader: Reader | None, about: str = "") -> str:
    return render_html(view_of(snapshot, asked, reader, about), fragment=asked.fragment)


def svg_of(snapshot: Snapshot, asked: Options, reader: Reader | None) -> str:
    return render_svg(view_of(snapshot, asked, reader))


def json_of(snapshot: Snapshot, asked: Options, reader: Reader | None, about: str = "") -> bytes:
    return render_json(view_of(snapshot, asked, reader, about))
