"""One line of an access log, in the common or the combined format of Apache and nginx, becomes a LogLine."""

from __future__ import annotations

import datetime as dt
import ipaddress
import re
from functools import lru_cache
from typing import Final

import msgspec

_MONTHS: Final = {
    name: number
    for number, name in enumerate(
        ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"), start=1
    )
}
# No server writes years outside of these; beyond them dates and zones overflow.
_FIRST_YEAR: Final = 1970
_LAST_YEAR: Final = 2999
_LAST_OFFSET: Final = 15 * 3600  # seconds; no zone was ever further from UTC

# A leap second is the 59th once more: it belongs to the day that it ends.
_SIXTY: Final = {f"{number:02}": number for number in range(60)}
_SECONDS: Final = _SIXTY | {"60": 59}

# The inside of a quoted field. Possessive (`*+`), so that no line, however hostile, makes the match backtrack.
_PLAIN: Final = r'([^"]*+)'
_ESCAPED: Final = r'([^"\\]*+(?:\\.[^"\\]*+)*+)'  # a backslash escapes what follows it


def _pattern(quoted: str) -> re.Pattern[str]:
    """`address ident user [time] "request" status bytes`, then in the combined format `"referrer" "user agent"`.

    A user name may hold spaces, hence `.+?`; it cannot forge the rest, because servers escape its quotes. The user
    agent may lack its closing quote (the line was cut), and more fields may follow it (nginx's `main`).
    """
    return re.compile(
        rf'(\S+) \S+ .+? \[([^]]{{26}})\] "{quoted}" (\d{{3}}) (?:\d+|-)'
        rf'(?: "{quoted}" "{quoted}(?:"(?: .*)?|\\?))?',
        re.ASCII | re.DOTALL,
    )


# One line in a thousand has a backslash; without one the match takes half the time.
_PLAIN_LINE: Final = _pattern(_PLAIN)
_ESCAPED_LINE: Final = _pattern(_ESCAPED)

_TIME: Final = re.compile(r"(\d\d)/(\w{3})/(\d{4}):(\d\d):: ([+-]\d\d)(\d\d)", re.ASCII)
_REQUEST: Final = re.compile(r"([A-Za-z][A-Za-z_-]{0,31}) +(\S.*?)(?: +HTTP/\d(?:\.\d)?)?", re.ASCII | re.DOTALL)
_VERSIONS: Final = frozenset({" HTTP/1.0", " HTTP/1.1", " HTTP/2.0", " HTTP/3.0"})

_ESCAPE: Final = re.compile(rb"\\(?:x([0-9A-Fa-f]{2})|(.))", re.DOTALL)
_CONTROLS: Final = {b"t": b"\t", b"n": b"\n", b"r": b"\r", b"v": b"\v", b"b": b"\b", b"f": b"\f"}


class LogLine(msgspec.Struct, frozen=True, gc=False):
    """One request as the server wrote it down. Escapes are undone; texts have no limit but the line's."""

    address: str  # canonical text, IPv4 unmapped, no zone index
    at: int  # UTC seconds
    method: str  # as sent; '' when the request was not one ('-', or a TLS hello on a plain port)
    target: str  # path and query, or absolute form; '' as above
    status: int
    referrer: str = ""  # '' for '-' and in the common format
    user_agent: str = ""  # '' for '-' and in the common format


def parse_line(line: str) -> LogLine | None:
    """The request of one line, with or without its line end; None when malformed.

    Malformed is: another format, a host name instead of an address, an impossible time, a cut before the user
    agent begins (what is left cannot tell one visitor from another).
    """
    line = line.rstrip("\r\n")
    escaped = "\\" in line
    match = (_ESCAPED_LINE if escaped else _PLAIN_LINE).fullmatch(line)
    if match is None:
        return None
    host, time, request, status, referrer, user_agent = match.groups("")
    address, at = _address(host), _time(time)
    if address is None or at is None:
        return None
    if escaped:
        request, referrer, user_agent = _unescape(request), _unescape(referrer), _unescape(user_agent)
    method, target = _split_request(request)
    return LogLine(
        address,
        at,
        method,
        target,
        int(status),
        "" if referrer == "-" else referrer,
        "" if user_agent == "-" else user_agent,
    )


def _split_request(request: str) -> tuple[str, str]:
    """Method and target; two empty texts when it is not a request."""
    # 98 lines of 100, at a third of the time of the expression.
    if request.startswith("GET /") and request[-9:] in _VERSIONS and " " not in (target := request[4:-9]):
        return "GET", target
    # HTTP/0.9 has no version, and a target may hold raw spaces.
    match = _REQUEST.fullmatch(request)
    return (match[1], match[2]) if match else ("", "")


def _time(text: str) -> int | None:
    """UTC seconds of `17/May/2015:10:05:03 +0000`; None when there is no such time."""
    hour = _hour(f"{text[:15]}{text[17]}{text[20:]}")
    minute, second = _SIXTY.get(text[15:17]), _SECONDS.get(text[18:20])
    if hour is None or minute is None or second is None:
        return None
    return hour + minute * 60 + second


@lru_cache(maxsize=1024)
def _hour(text: str) -> int | None:
    """UTC second at which `17/May/2015:10:: +0000` began: the time without minutes and seconds. 3 us, cached 0.1."""
    match = _TIME.fullmatch(text)
    if match is None:
        return None
    day, month, year, hour, offset_hours, offset_minutes = match.groups()
    offset = int(offset_hours) * 3600 + int(offset_hours[0] + offset_minutes) * 60
    if not _FIRST_YEAR <= int(year) <= _LAST_YEAR or int(offset_minutes) > 59 or abs(offset) > _LAST_OFFSET:
        return None
    try:
        utc = dt.datetime(int(year), _MONTHS[month], int(day), int(hour), tzinfo=dt.UTC)
    except (ValueError, KeyError):
        return None
    return int(utc.timestamp()) - offset


@lru_cache(maxsize=16_384)
def _address(text: str) -> str | None:
    """Canonical text of an address; None for anything else. Asking `ipaddress` takes 1 to 4 us, the cache 0.1."""
    try:
        address = ipaddress.ip_address(text.partition("%")[0])
    except ValueError:
        return None
    mapped = address.ipv4_mapped if isinstance(address, ipaddress.IPv6Address) else None
    return str(mapped or address)


def _unescape(text: str) -> str:
    r"""Undo `\"`, `\\`, `\t` (Apache) and `\x22`, `\xd0\xb6` (both): bytes that are UTF-8 become their letters."""
    if "\\" not in text:
        return text
    return _ESCAPE.sub(_escaped, text.encode("utf-8", "replace")).decode("utf-8", "replace")


def _escaped(match: re.Match[bytes]) -> bytes:
    code, char = match.groups()
    return bytes.fromhex(code.decode()) if code else _CONTROLS.get(char, char)
