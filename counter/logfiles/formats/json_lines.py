"""Logs with a JSON object a line: nginx with `log_format ... escape=json`, and Caddy."""

from __future__ import annotations

from typing import Final

import msgspec

from counter.logfiles.formats.combined import LogLine
from counter.logfiles.formats.fields import (
    clf_time,
    client_of,
    dashless,
    epoch_time,
    host_of,
    iso_time,
    join_request,
    split_request,
    status_of,
)

# What msgspec raises for a text that is not such an object: bad JSON, bad Unicode, nested too deep.
_MALFORMED: Final = (msgspec.DecodeError, UnicodeError, RecursionError)

# Caddy writes times as seconds by default; its larger units are recognised by their size.
_MILLISECONDS_FROM: Final = 1e11
_NANOSECONDS_FROM: Final = 1e17


class _Nginx(msgspec.Struct, gc=False):
    """The keys that are read, named after nginx's variables; others are ignored."""

    remote_addr: str
    status: int | str
    time_iso8601: str = ""
    msec: int | float | str = ""
    time_local: str = ""
    request: str = ""
    request_method: str = ""
    request_uri: str = ""
    http_referer: str | None = None
    http_user_agent: str | None = None
    host: str | None = None
    http_x_forwarded_for: str | None = None


_nginx: Final = msgspec.json.Decoder(_Nginx)


def parse_nginx(line: str) -> LogLine | None:
    """The request of one line, None when malformed."""
    try:
        found = _nginx.decode(line)
    except _MALFORMED:
        return None
    address, at, status, host = client_of(found.remote_addr), _nginx_time(found), status_of(found.status), found.host
    if address is None or at is None or status is None:
        return None
    if found.request_uri:
        method, target = join_request(found.request_method, found.request_uri)
    else:
        method, target = split_request(found.request)
    return LogLine(
        address, at, method, target, status, dashless(found.http_referer or ""), dashless(found.http_user_agent or ""),
        _host(host), dashless(found.http_x_forwarded_for or ""),
    )  # fmt: skip


def _nginx_time(found: _Nginx) -> int | None:
    if found.time_iso8601:
        return iso_time(found.time_iso8601)
    return clf_time(found.time_local) if found.time_local else epoch_time(found.msec)


class _Headers(msgspec.Struct, frozen=True, gc=False):
    user_agent: tuple[str, ...] = msgspec.field(name="User-Agent", default=())
    referrer: tuple[str, ...] = msgspec.field(name="Referer", default=())
    forwarded: tuple[str, ...] = msgspec.field(name="X-Forwarded-For", default=())


class _Request(msgspec.Struct, gc=False):
    method: str
    uri: str
    host: str = ""
    client_ip: str = ""  # behind trusted proxies, the visitor's
    remote_ip: str = ""
    remote_addr: str = ""  # before Caddy 2.5, with its port
    headers: _Headers = _Headers()


class _Caddy(msgspec.Struct, gc=False):
    ts: int | float | str
    request: _Request
    status: int


_caddy: Final = msgspec.json.Decoder(_Caddy)


def parse_caddy(line: str) -> LogLine | None:
    """The request of one line of Caddy's default access log, None when malformed."""
    try:
        found = _caddy.decode(line)
    except _MALFORMED:
        return None
    request = found.request
    address, at = client_of(request.client_ip or request.remote_ip or request.remote_addr), _caddy_time(found.ts)
    status = status_of(found.status)
    if address is None or at is None or status is None:
        return None
    method, target = join_request(request.method, request.uri)
    headers = request.headers
    return LogLine(
        address, at, method, target, status, " ".join(headers.referrer[:1]), " ".join(headers.user_agent[:1]),
        _host(request.host), ", ".join(headers.forwarded),
    )  # fmt: skip


def _caddy_time(ts: float | str) -> int | None:
    if isinstance(ts, str):
        return iso_time(ts)
    if ts >= _NANOSECONDS_FROM:
        ts /= 1e9
    elif ts >= _MILLISECONDS_FROM:
        ts /= 1e3
    return epoch_time(ts)


def _host(sent: str | None) -> str:
    """The host that the visitor sent; as sent when it is not one, so that it matches no site but is not unknown."""
    host = host_of(sent or "")
    return (sent or "").lower() if host is None else host
