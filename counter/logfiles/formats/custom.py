"""Compile a format string of Apache's `LogFormat` or nginx's `log_format` into a parser of such lines.

Each field is matched up to the character that follows it in the format, possessively, so that no line, however
hostile, makes the match backtrack. Fields in quotes may hold escaped quotes. What a format has beyond the fields
needed is passed over; an unknown directive is an error that names it, because a guess would shift every field.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Final, NamedTuple

from counter.errors import UsageError
from counter.logfiles.formats.combined import ESCAPED, LogLine
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
    unescape,
)
from counter.logfiles.formats.format import Parse
from counter.logfiles.formats.forwarded import FIELDS, field_name

PASSED: Final = ""  # a field that is not looked at

# Directives of Apache (mod_log_config), with what they mean to us.
_APACHE: Final = {
    "h": "address", "a": "address", "t": "clf", "r": "request", "m": "method", "U": "path", "q": "query",
    "s": "status", "v": "host", "V": "host", "{Referer}i": "referrer", "{User-Agent}i": "user_agent",
    "{Host}i": "host", "{c}a": PASSED, "{sec}t": "epoch", "{msec}t": "milliseconds", "{usec}t": "microseconds",
    **dict.fromkeys("lubBOIDTpPXkfRLHAS", PASSED),
}  # fmt: skip
_APACHE_NAMED: Final = frozenset("ioeCnpPTx^")  # %{anything} before these is passed over
_APACHE_FORMS: Final = {name.lower(): name for name in _APACHE if name.startswith("{")}

# Variables of nginx; those of a family are passed over, whatever their name.
_NGINX: Final = {
    "remote_addr": "address", "time_local": "clf", "time_iso8601": "iso", "msec": "epoch", "request": "request",
    "request_method": "method", "request_uri": "target", "uri": "path", "document_uri": "path", "args": "query",
    "query_string": "query", "status": "status", "http_referer": "referrer", "http_user_agent": "user_agent",
    "host": "host", "http_host": "host", "server_name": PASSED,
    **dict.fromkeys(
        ("remote_user", "remote_port", "body_bytes_sent", "bytes_sent", "request_length", "request_time",
         "request_id", "request_completion", "scheme", "https", "server_addr", "server_port", "server_protocol",
         "pipe", "pid", "hostname", "gzip_ratio", "content_length", "content_type", "nginx_version",
         "binary_remote_addr", "is_args", "limit_rate", "limit_req_status", "http2", "http3", "realip_remote_addr",
         "realip_remote_port", "document_root", "realpath_root", "request_filename", "request_body"), PASSED),
}  # fmt: skip
_NGINX_FAMILIES: Final = (
    "http_", "sent_http_", "sent_trailer_", "upstream_", "ssl_", "cookie_", "arg_", "geoip_", "geoip2_", "connection",
    "proxy_", "tcpinfo_", "proxy_protocol_", "memcached_", "fastcgi_", "uid_",
)  # fmt: skip

# `%U%q` has nothing between its two, because a query brings its question mark.
_DIRECTIVE: Final = re.compile(r"%U(?P<query>%q)|%[<>]?!?[\d,]*[<>]?(?P<apache>\{[^}]*\}\^?[a-zA-Z]{1,2}|[a-zA-Z]|%)?")
_VARIABLE: Final = re.compile(r"\$(?:\{(\w+)\}|(\w+))?")
_JOINED: Final = re.compile(r"'\s+'")  # a string in several pieces, as nginx.conf has it
_SIGNS: Final = {r"\"": '"', r"\t": "\t", r"\n": "", r"\\": "\\", r"\'": "'"}

_WORDS: Final = ("request", "user_agent", "referrer", "clf")  # fields that hold spaces
_TIMES: Final[dict[str, Callable[[str], int | None]]] = {
    "clf": clf_time,
    "iso": iso_time,
    "epoch": epoch_time,
    "milliseconds": lambda text: epoch_time(text[:-3]),
    "microseconds": lambda text: epoch_time(text[:-6]),
}


class _Part(NamedTuple):
    """A piece of the format: a literal text, or a field with the directive it was written as."""

    text: str
    field: str | None = None  # None: literal


def compile_format(string: str, address_field: str = "") -> Parse:
    """What reads lines of a format string. Raises UsageError with the directive that is unknown or lacking.

    `address_field` is the directive with the visitor's address; by default the first header that is known to hold it.
    """
    parts = _nginx_parts(string) if "$" in string and "%" not in string else _apache_parts(string)
    parts = _with_forwarded(parts, address_field)
    fields = [part.field for part in parts if part.field]
    _check_enough(string, fields)
    pattern = re.compile(_expression(parts), re.ASCII | re.DOTALL)
    names = tuple(dict.fromkeys(fields))

    def parse(line: str) -> LogLine | None:
        match = pattern.fullmatch(line.rstrip("\r\n"))
        return None if match is None else _line({name: match[name] for name in names})

    return parse


def _with_forwarded(parts: list[_Part], address_field: str) -> list[_Part]:
    """The parts, one of them as the field with the visitor's address."""
    wanted = (field_name(address_field),) if address_field else FIELDS
    names = {field_name(part.text): place for place, part in reversed(list(enumerate(parts))) if part.field == PASSED}
    found = next((names[one] for one in wanted if one in names), None)
    if found is None:
        if address_field:
            raise UsageError(f"--log-format has no field {address_field!r}, which --address-field names")
        return parts
    return [*parts[:found], _Part(parts[found].text, "forwarded"), *parts[found + 1 :]]


def _apache_parts(string: str) -> list[_Part]:
    for written, sign in _SIGNS.items():
        string = string.replace(written, sign)
    parts, place = [], 0
    for found in _DIRECTIVE.finditer(string):
        parts.append(_Part(string[place : found.start()]))
        place = found.end()
        parts.append(_Part("%") if found["apache"] == "%" else _Part(found[0], _apache_field(found)))
    return [*parts, _Part(string[place:])]


def _apache_field(found: re.Match[str]) -> str:
    if found["query"]:
        return "target"
    directive = found["apache"] or ""
    directive = _APACHE_FORMS.get(directive.lower(), directive)
    if directive in _APACHE:
        return _APACHE[directive]
    if directive.startswith("{") and directive[directive.index("}") + 1 :][:1] in _APACHE_NAMED:
        return PASSED
    raise UsageError(f"--log-format has a directive that is not known here: {found[0]!r}")


def _nginx_parts(string: str) -> list[_Part]:
    string = _JOINED.sub("", string.replace("$uri$is_args$args", "$request_uri")).strip("'")
    parts, place = [], 0
    for found in _VARIABLE.finditer(string):
        parts += [_Part(string[place : found.start()]), _Part(found[0], _nginx_field(found))]
        place = found.end()
    return [*parts, _Part(string[place:])]


def _nginx_field(found: re.Match[str]) -> str:
    name = found[1] or found[2] or ""
    if name in _NGINX:
        return _NGINX[name]
    if name.startswith(_NGINX_FAMILIES):
        return PASSED
    raise UsageError(f"--log-format has a variable that is not known here: {found[0]!r}")


def _check_enough(string: str, fields: list[str]) -> None:
    wanted = {
        "an address (%h or $remote_addr)": {"address", "forwarded"},
        "a time (%t or $time_local)": set(_TIMES),
        "a status (%>s or $status)": {"status"},
        "a request (%r or $request)": {"request", "target", "path"},
    }
    for name, any_of in wanted.items():
        if any_of.isdisjoint(fields):
            raise UsageError(f"--log-format {string!r} lacks {name}")


def _expression(parts: list[_Part]) -> str:
    """One expression for the whole line; a field that comes twice is read at its first place."""
    pieces: list[str] = []
    seen: set[str] = set()
    before = ""
    parts = [part for part in parts if part.field is not None or part.text]
    for number, part in enumerate(parts):
        after = parts[number + 1] if number + 1 < len(parts) else None
        if part.field is None:
            pieces.append(re.escape(part.text))
        else:
            inside = _inside(part, before, after)
            named = part.field and part.field not in seen
            pieces.append(inside.replace("(", f"(?P<{part.field}>" if named else "(?:", 1))
            seen.add(part.field)
        before = part.text
    return "".join(pieces)


def _inside(part: _Part, before: str, after: _Part | None) -> str:
    """What a field may hold: one group, up to the character that follows it in the format."""
    if part.field == "clf" and part.text.startswith("%"):
        return r"\[([^\]]*+)\]"  # Apache's %t brings its brackets
    if after is None:
        return "(.*+)"
    if after.field is not None:
        raise UsageError(f"--log-format needs something between {part.text} and {after.text}")
    end = after.text[0]
    if end == '"' and before.endswith('"'):
        return ESCAPED
    if end == " " and part.field == "forwarded":
        return "((?:[^ ,]*+, ?)*+[^ ,]*+)"
    if end == " " and part.field in _WORDS:
        raise UsageError(f"--log-format has {part.text} without quotes: it may hold spaces, and nobody knows its end")
    return f"([^{re.escape(end)}]*+)"


def _line(found: dict[str, str]) -> LogLine | None:
    address, status = client_of(found.get("address", "unix:")), status_of(found["status"])
    at = next((read(found[name]) for name, read in _TIMES.items() if name in found), None)
    host = host_of(found.get("host", ""))
    if address is None or at is None or status is None:
        return None
    if "request" in found:
        method, target = split_request(unescape(found["request"]))
    else:
        path = unescape(found.get("target") or found.get("path", ""))
        method, target = join_request(found.get("method", "GET"), path, unescape(found.get("query", "")))
    referrer, user_agent = (dashless(unescape(found.get(name, ""))) for name in ("referrer", "user_agent"))
    host = found["host"].lower() if host is None else host
    forwarded = dashless(found.get("forwarded", ""))
    return LogLine(address, at, method, target, status, referrer, user_agent, host, forwarded)
