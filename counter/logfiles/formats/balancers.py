"""Logs of load balancers and stores that are neither CLF nor JSON: AWS ALB, ELB and S3, HAProxy, Heroku's router.

What a format does not write stays empty: ALB and ELB have no referrer; HAProxy and Heroku have no user agent, unless
HAProxy captures it.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Final

from counter.collect.page import host_of as host_of_url
from counter.logfiles.formats.combined import ESCAPED, LogLine
from counter.logfiles.formats.fields import (
    clf_time,
    client_of,
    dashless,
    host_of,
    iso_time,
    join_request,
    split_request,
    status_of,
    unescape,
)

_WHEN: Final = r"(\d{4}-\d\d-\d\dT[\d:.]++Z)"

# type time balancer client:port target:port 3 times, 2 statuses, 2 sizes "request" "agent"
_ALB: Final = re.compile(
    rf"(?:https?|h2|grpcs?|wss?) {_WHEN} \S++ (\S++) \S++ (?:[-\d.]++ ){{3}}(\d{{3}}) \S++ (?:\d++ ){{2}}"
    rf'"{ESCAPED}" "{ESCAPED}" .*',
    re.ASCII | re.DOTALL,
)
_ELB: Final = re.compile(
    rf'{_WHEN} \S++ (\S++) \S++ (?:[-\d.]++ ){{3}}(\d{{3}}) \S++ (?:\d++ ){{2}}"{ESCAPED}"(?: "{ESCAPED}".*)?',
    re.ASCII | re.DOTALL,
)
# owner bucket [time] address requester id operation key "request" status error 4 numbers "referrer" "agent"
_S3: Final = re.compile(
    rf'[0-9a-f]{{32,64}} \S++ \[([^\]]{{26}})\] (\S++) \S++ \S++ [A-Z]++\.\S++ \S++ "{ESCAPED}" (\d{{3}}) \S++'
    rf' (?:\S++ ){{4}}"{ESCAPED}" "{ESCAPED}.*',
    re.ASCII | re.DOTALL,
)
# client:port [time] frontend backend/server times status size 2 cookies state 2 counts {captures} "request"
_HAPROXY: Final = re.compile(
    rf"(\S++) \[(\d\d/[A-Z][a-z]{{2}}/\d{{4}}):(\d\d:\d\d:\d\d)\.\d++\] \S++ \S++ [-+\d/]++ (\d{{3}}|-1) \S++"
    rf' \S++ \S++ \S{{4}} [\d/]++ [\d/]++ ((?:\{{[^}}]*+\}} )*+)"{ESCAPED}"?.*',
    re.ASCII | re.DOTALL,
)
_BROWSER: Final = re.compile(r"[|{]([A-Z][A-Za-z]*/\d[^|}]*)")
_URL: Final = re.compile(r"[|{](https?://[^|}]*)")

_HEROKU: Final = re.compile(rf"{_WHEN[:-2]}(?:Z|[+-]\d\d:\d\d)) heroku\[router\]: (at=.*)", re.DOTALL)
_PAIR: Final = re.compile(r'(\w+)=(?:"([^"]*)"|(\S*))')


def parse_alb(line: str) -> LogLine | None:
    """One line of an Application Load Balancer."""
    return _amazon(_ALB.fullmatch(line.rstrip("\r\n")))


def parse_elb(line: str) -> LogLine | None:
    """One line of a Classic Load Balancer."""
    return _amazon(_ELB.fullmatch(line.rstrip("\r\n")))


def _amazon(found: re.Match[str] | None) -> LogLine | None:
    if found is None:
        return None
    time, client, status, request, agent = found.groups("")
    return _line(client, iso_time(time), status, unescape(request), "", unescape(agent))


def parse_s3(line: str) -> LogLine | None:
    """One line of S3's server access log."""
    found = _S3.fullmatch(line.rstrip("\r\n"))
    if found is None:
        return None
    time, client, request, status, referrer, agent = (unescape(text) for text in found.groups(""))
    return _line(client, clf_time(time), status, request, referrer, agent.partition('"')[0])


def parse_haproxy(line: str) -> LogLine | None:
    """One line of HAProxy's `option httplog`. It has no zone: its time is taken as UTC, as containers have it."""
    found = _HAPROXY.fullmatch(line.rstrip("\r\n"))
    if found is None:
        return None
    client, day, clock, status, captures, request = found.groups("")
    agent, referrer = _BROWSER.search(captures), _URL.search(captures)
    return _line(
        client, clf_time(f"{day}:{clock} +0000"), status.replace("-1", "000"), request,
        referrer[1] if referrer else "", agent[1] if agent else "",
    )  # fmt: skip


def parse_heroku(line: str) -> LogLine | None:
    """One line of Heroku's router, which is a line of its log drain."""
    found = _HEROKU.fullmatch(line.rstrip("\r\n"))
    if found is None:
        return None
    pairs = {name: quoted or plain for name, quoted, plain in _PAIR.findall(found[2])}
    at, status, fwd = iso_time(found[1]), status_of(pairs.get("status", "")), pairs.get("fwd", "")
    if at is None or status is None or not fwd:
        return None
    method, target = join_request(pairs.get("method", ""), pairs.get("path", ""))
    return LogLine("", at, method, target, status, "", "", host_of(pairs.get("host", "")) or "", fwd)


def _line(client: str, at: int | None, status: str, request: str, referrer: str, agent: str) -> LogLine | None:
    address, code = client_of(client), status_of(status)
    if address is None and client.count(":") == 8:  # Amazon writes a port behind an IPv6 address without brackets
        address = client_of(client.rpartition(":")[0])
    if address is None or at is None or code is None:
        return None
    method, target = split_request(request)
    host = host_of_url(target) if "://" in target else ""
    return LogLine(address, at, method, target, code, dashless(referrer), dashless(agent), host)


PARSERS: Final[tuple[tuple[str, Callable[[str], LogLine | None]], ...]] = (
    ("alb", parse_alb),
    ("elb", parse_elb),
    ("s3", parse_s3),
    ("haproxy", parse_haproxy),
    ("heroku", parse_heroku),
)
