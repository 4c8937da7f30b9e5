"""W3C extended logs, whose `#Fields:` line says what follows: Amazon CloudFront (tabs) and IIS (spaces)."""

from __future__ import annotations

from functools import partial
from typing import Final
from urllib.parse import unquote

from counter.logfiles.formats.combined import LogLine
from counter.logfiles.formats.fields import client_of, dashless, host_of, iso_time, join_request, status_of
from counter.logfiles.formats.format import Parse, refuse
from counter.logfiles.formats.forwarded import FIELDS, field_name

HEADER: Final = "#Fields:"
_NEEDED: Final = ("date", "time", "c-ip", "cs-method", "cs-uri-stem", "sc-status")
_DISTRIBUTION: Final = ".cloudfront.net"  # the distribution's own host, not the one that the visitor asked for


def w3c_parser(header: str, separator: str, address_field: str = "") -> Parse:
    """What reads lines with the fields that `header` names; without a usable header it reads none.

    `address_field` is the one with the visitor's address, by default a header that is known to hold it.
    """
    names = header.removeprefix(HEADER).split()
    if not set(_NEEDED) <= set(names):
        return refuse
    wanted = (field_name(address_field),) if address_field else FIELDS
    said = {field_name(name.removeprefix("cs(").removesuffix(")")): name for name in names}
    forwarded = next((said[one] for one in wanted if one in said), "")
    return partial(_parse, names=tuple(names), separator=separator, forwarded=forwarded)


def _parse(line: str, names: tuple[str, ...], separator: str, forwarded: str) -> LogLine | None:
    values = line.rstrip("\r\n").split(separator)
    if len(values) != len(names):
        return None
    found = dict(zip(names, values, strict=True))
    at = iso_time(f"{found['date']}T{found['time']}Z")
    address, status = client_of(found["c-ip"]), status_of(found["sc-status"])
    host = _host(found)
    if address is None or at is None or status is None or host is None:
        return None
    method, target = join_request(found["cs-method"], found["cs-uri-stem"], found.get("cs-uri-query", ""))
    read = _decoded if separator == "\t" else _spaced
    referrer, user_agent = read(found.get("cs(Referer)", "-")), read(found.get("cs(User-Agent)", "-"))
    said = read(found.get(forwarded, "-"))
    return LogLine(address, at, method, target, status, referrer, user_agent, host, said)


def _host(found: dict[str, str]) -> str | None:
    asked = found.get("x-host-header") or found.get("cs-host") or found.get("cs(Host)") or ""
    host = host_of(asked)
    return "" if host and host.endswith(_DISTRIBUTION) else host


def _decoded(text: str) -> str:
    """CloudFront encodes a space as `%20` or, in older logs, as `%2520`."""
    if "%" not in text:
        return dashless(text)
    once = unquote(text, errors="replace")
    return unquote(once, errors="replace") if "%" in once else once


def _spaced(text: str) -> str:
    """IIS writes a space as `+`."""
    return dashless(text).replace("+", " ")
