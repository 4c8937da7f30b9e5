"""The same log in every format, made from combined lines; lines that cannot be read stay as they are."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Callable, Iterable
from urllib.parse import quote

from counter.logfiles.formats.combined import LogLine, parse_line

HOST = "example.org"
CUSTOM_STRING = "$msec|$remote_addr|$request|$status|$http_referer|$http_user_agent|$host"
CLOUDFRONT_FIELDS = (
    "date", "time", "c-ip", "cs-method", "cs-uri-stem", "sc-status", "cs(Referer)", "cs(User-Agent)", "cs-uri-query",
    "x-host-header",
)  # fmt: skip


def nginx(line: LogLine) -> str:
    return json.dumps({
        "msec": f"{line.at}.250", "remote_addr": line.address, "request": _request(line), "status": str(line.status),
        "http_referer": line.referrer, "http_user_agent": line.user_agent, "host": HOST,
    })  # fmt: skip


def caddy(line: LogLine) -> str:
    headers = {"User-Agent": [line.user_agent], "Referer": [line.referrer]}
    request = {"client_ip": line.address, "method": line.method, "host": HOST, "uri": line.target, "headers": headers}
    return json.dumps({"level": "info", "ts": line.at + 0.25, "request": request, "status": line.status})


def cloudfront(line: LogLine) -> str:
    path, _, query = line.target.partition("?")
    moment = dt.datetime.fromtimestamp(line.at, dt.UTC)
    return "\t".join((
        f"{moment:%Y-%m-%d}", f"{moment:%H:%M:%S}", line.address, line.method or "-", path or "-", str(line.status),
        quote(line.referrer) or "-", quote(line.user_agent) or "-", query or "-", HOST,
    ))  # fmt: skip


def custom(line: LogLine) -> str:
    values = (f"{line.at}.250", line.address, _request(line), str(line.status), line.referrer, line.user_agent, HOST)
    return "|".join(value.replace("\\", "\\\\") or "-" for value in values)


def _request(line: LogLine) -> str:
    return f"{line.method} {line.target} HTTP/1.1" if line.method else "-"


_WRITTEN: dict[str, Callable[[LogLine], str]] = {
    "nginx-json": nginx,
    "caddy": caddy,
    "cloudfront": cloudfront,
    "custom": custom,
}
NAMES = ("combined", "vhost_combined", *_WRITTEN)


def in_format(name: str, lines: Iterable[str]) -> list[str]:
    """The lines as a server with that format would have written them."""
    if name == "combined":
        return list(lines)
    if name == "vhost_combined":
        return [f"{HOST}:80 {line}" for line in lines]
    header = ["#Version: 1.0", "#Fields: " + " ".join(CLOUDFRONT_FIELDS)] if name == "cloudfront" else []
    written = _WRITTEN[name]
    return header + [line if (found := parse_line(line)) is None else written(found) for line in lines]
