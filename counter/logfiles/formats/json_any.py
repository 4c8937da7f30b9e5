"""JSON with a request a line, whatever the names of its keys: Traefik, Envoy, Apache, Google Cloud, Azure, Cloudflare,
Logstash and formats of people's own.

A key counts by its letters and digits: `remote_addr` and `remoteAddr` are one, and `request.headers.User-Agent` is
`requestheadersuseragent` or, when nothing else is called so, `useragent`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from email.utils import parsedate_to_datetime
from functools import lru_cache
from typing import Final, TypeVar

import msgspec

from counter.collect.page import host_of as host_of_url
from counter.logfiles.formats.combined import LogLine
from counter.logfiles.formats.fields import (
    address_of,
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
from counter.logfiles.formats.format import Parse
from counter.logfiles.formats.forwarded import FIELDS, field_name

T = TypeVar("T")

_DEEPEST: Final = 4  # objects within objects
_MOST: Final = 256  # keys
_MALFORMED: Final = (msgspec.DecodeError, UnicodeError, RecursionError)
_LETTERS: Final = re.compile(r"[\W_]+")
_ANSWER: Final = ("respheaders", "responseheaders", "downstreamheaders", "originheaders")  # not what the visitor sent

# For each field its keys, the surest first.
_ADDRESS: Final = (
    "clientip", "requestclientip", "clientrealip", "realip", "remoteaddr", "clienthost", "remoteip", "requestremoteip",
    "remotehost", "remoteaddress", "clientaddr", "clientaddress", "clientipaddress", "requestremoteaddr",
    "downstreamremoteaddress", "downstreamdirectremoteaddress", "sourceip", "sourceaddress", "srcip", "srcaddr", "cip",
    "identitysourceip", "ipaddress", "ipaddr", "ip", "client", "source", "src", "socketip", "peeraddr", "peerip",
    "peer", "h",
)  # fmt: skip
_TIME: Final = (
    "startutc", "starttime", "timeiso8601", "timelocal", "msec", "edgestarttimestamp", "requesttimestamp", "timestamp",
    "atimestamp", "time", "ts", "datetime", "requesttime", "timereceived", "receivedat", "eventtime", "logtime",
    "accesstime", "timeunix", "timeepoch", "requesttimeepoch", "startlocal", "eventcreated", "created", "date", "t",
)  # fmt: skip
_STATUS: Final = (
    "downstreamstatus", "status", "statuscode", "responsestatus", "responsestatuscode", "responsecode", "httpstatus",
    "httpstatuscode", "edgeresponsestatus", "scstatus", "resstatuscode", "respstatus", "httpresponsestatuscode",
    "response", "code", "s",
)  # fmt: skip
_METHOD: Final = (
    "requestmethod", "method", "httpmethod", "clientrequestmethod", "httprequestmethod", "verb", "httpverb",
    "reqmethod", "csmethod", "requesthttpmethod", "m",
)  # fmt: skip
_TARGET: Final = (
    "requesturi", "requestpath", "clientrequesturi", "uri", "requesturl", "url", "httprequestrequesturl", "urloriginal",
    "path", "clientrequestpath", "urlpath", "requesttarget", "target", "requri", "requrl", "uripath", "csuristem",
    "uristem", "pathname", "originalurl", "xenvoyoriginalpath", "u", "request", "requestline",
)  # fmt: skip
_QUERY: Final = ("query", "querystring", "args", "urlquery", "csuriquery", "uriquery", "requestquery", "q")
_REQUEST: Final = ("request", "requestline", "firstline", "requestfirstline", "httprequest", "req", "r")
_REFERRER: Final = (
    "httpreferer", "httpreferrer", "referer", "referrer", "requestreferer", "clientrequestreferer", "csreferer",
    "httprequestreferrer", "refererurl", "referrerurl",
)  # fmt: skip
_AGENT: Final = (
    "httpuseragent", "useragent", "requestuseragent", "clientrequestuseragent", "httprequestuseragent", "agent",
    "csuseragent", "useragentoriginal", "clientuseragent", "browser", "ua",
)  # fmt: skip
_HOST: Final = (
    "requesthost", "httphost", "clientrequesthost", "authority", "vhost", "virtualhost", "requestheadershost", "cshost",
    "xhostheader", "urldomain", "hostheader", "host",
)  # fmt: skip

_FIRST: Final = 1e8  # epoch seconds of 1973: what is smaller is how long something took
_UNITS: Final = ((1e17, 1e9), (1e14, 1e6), (1e11, 1e3), (_FIRST, 1.0))  # from ns to s, by their size
_ZONE: Final = re.compile(r" ?(?:UTC|GMT)$| (?=[+-]\d\d:?\d\d$)")
_object: Final = msgspec.json.Decoder(dict[str, object])


@lru_cache(maxsize=4)
def json_parser(address_field: str = "") -> Parse:
    """What reads such lines; `address_field` is the key of the visitor's address, when the owner names one."""
    named = (field_name(address_field),) if address_field else FIELDS

    def parse(line: str) -> LogLine | None:
        found = _decoded(line)
        return None if found is None else _line(found, named)

    return parse


def _decoded(line: str) -> dict[str, object] | None:
    if not line.startswith("{"):
        return None
    try:
        return _object.decode(line)
    except _MALFORMED:
        return None


def _line(line: dict[str, object], forwarded: tuple[str, ...]) -> LogLine | None:
    values = _values(line)
    headers = {field_name(name): text for name, text in values.items()}
    said = _first(headers, forwarded, str)
    address = _first(values, _ADDRESS, _client)
    if address is None and said is not None:
        address = ""
    at, status = _first(values, _TIME, _moment), _first(values, _STATUS, status_of)
    if address is None or at is None or status is None:
        return None
    method, target = _request(values)
    if not method and not _first(values, _REQUEST, str):
        return None  # something else than a request
    host = _first(values, _HOST, _host) or (host_of_url(target) if "://" in target else "")
    referrer, agent = (dashless((_first(values, names, str) or "").strip('"')) for names in (_REFERRER, _AGENT))
    return LogLine(address, at, method, target, status, referrer, agent, host, dashless(said or ""))


def _request(values: Mapping[str, str]) -> tuple[str, str]:
    """Method and target from keys of their own, or from a whole request line."""
    target = _first(values, _TARGET, _target)
    if target is not None:
        query = "" if "?" in target else _first(values, _QUERY, str) or ""
        method, joined = join_request(_first(values, _METHOD, str) or "GET", target, query)
        return method, joined
    return _first(values, _REQUEST, _request_line) or ("", "")


def _values(line: Mapping[str, object]) -> dict[str, str]:
    """All texts and numbers by their whole names, and by their own where nothing has that whole name."""
    whole: dict[str, str] = {}
    own: dict[str, str] = {}
    _collect(line, "", whole, own, _DEEPEST)
    return own | whole


def _collect(line: Mapping[str, object], before: str, whole: dict[str, str], own: dict[str, str], depth: int) -> None:
    for key, value in list(line.items())[:_MOST]:
        name = before + _plain(key)
        if isinstance(value, list):  # of a header that came several times
            value = value[0] if value else None  # noqa: PLW2901
        if isinstance(value, dict):
            if depth and not name.endswith(_ANSWER):
                _collect(value, name, whole, own, depth - 1)
        elif isinstance(value, str | int | float) and not isinstance(value, bool):
            text = value if isinstance(value, str) else repr(value)
            whole.setdefault(name, text)
            own.setdefault(_plain(key), text)


@lru_cache(maxsize=4096)
def _plain(key: str) -> str:
    return _LETTERS.sub("", key).lower()


def _first(values: Mapping[str, str], names: tuple[str, ...], read: Callable[[str], T | None]) -> T | None:
    """What the first of the keys says that is there and makes sense."""
    for name in names:
        text = values.get(name)
        if text and text != "-" and (found := read(text)) is not None:
            return found
    return None


# What a text says, None when it is not such a thing ---------------------------------------------------------


def _client(text: str) -> str | None:
    address = address_of(text)
    return client_of(text) if address is None and "." in text else address


def _moment(text: str) -> int | None:
    text = text.strip("[]")
    try:
        number = float(text)
    except ValueError:
        return clf_time(text) or iso_time(_ZONE.sub(_zone, text)) or _http_date(text)
    return next((epoch_time(number / unit) for least, unit in _UNITS if number >= least), None)


def _zone(found: re.Match[str]) -> str:
    return "+00:00" if found[0].strip() else ""


def _http_date(text: str) -> int | None:
    """UTC seconds of `Fri, 17 May 2024 10:05:03 GMT`."""
    try:
        moment = parsedate_to_datetime(text)
        return epoch_time(moment.timestamp()) if moment.tzinfo else None
    except (ValueError, OverflowError, TypeError, IndexError):
        return None


def _target(text: str) -> str | None:
    return text if text.startswith(("/", "http://", "https://")) else None


def _request_line(text: str) -> tuple[str, str] | None:
    method, target = split_request(text)
    return (method, target) if method else None


def _host(text: str) -> str | None:
    return host_of(text) or None
