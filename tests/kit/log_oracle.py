"""What an access log says, counted naively: by sorting and grouping, with nothing of the code under test."""

from __future__ import annotations

import datetime as dt
import ipaddress
import itertools
import re
import zoneinfo
from collections.abc import Callable, Iterable
from typing import NamedTuple

TIMEOUT = 30 * 60  # seconds; a gap of exactly this much continues the visit
Figures = tuple[int, int, int]  # visits, visitors, pageviews


class Seen(NamedTuple):
    date: dt.date  # local
    who: tuple[str, str]  # address (IPv6 by its /64) and user agent cut to 512 characters
    at: int  # UTC seconds
    method: str
    target: str
    status: int


_LINE = re.compile(r'(\S+) \S+ \S+ \[(.+?)\] "(.*?)" (\d+) \S+(?:$| "(.*?)(?<!\\)" "(.*?)(?:(?<!\\)"|$))')


def count_log(lines: Iterable[str], zone: str, keep: Callable[[Seen], bool]) -> dict[dt.date, Figures]:
    """Visits, visitors and pageviews of each local date of `zone`, of the lines that `keep` says count."""
    seen = (_see(line, zoneinfo.ZoneInfo(zone)) for line in lines)
    kept = sorted(one for one in seen if one is not None and keep(one))
    figures: dict[dt.date, Figures] = {}
    for (date, _), views in itertools.groupby(kept, key=lambda one: (one.date, one.who)):
        times = [view.at for view in views]
        starts = 1 + sum(later - earlier > TIMEOUT for earlier, later in itertools.pairwise(times))
        visits, visitors, pageviews = figures.get(date, (0, 0, 0))
        figures[date] = visits + starts, visitors + 1, pageviews + len(times)
    return figures


def _see(line: str, zone: zoneinfo.ZoneInfo) -> Seen | None:
    try:
        host, time, request, status, _, agent = _LINE.match(line).groups("")  # type: ignore[union-attr]
        moment = dt.datetime.strptime(time, "%d/%b/%Y:%H:%M:%S %z")
        address = ipaddress.ip_address(host.removeprefix("::ffff:"))
    except (AttributeError, ValueError):
        return None
    prefix = 64 if address.version == 6 else 32
    who = str(ipaddress.ip_network((address, prefix), strict=False)), agent.replace('\\"', '"')[:512]
    method, _, target = request.removesuffix(" HTTP/1.1").removesuffix(" HTTP/1.0").partition(" ")
    return Seen(moment.astimezone(zone).date(), who, int(moment.timestamp()), method, target, int(status))
