"""The wire format of a hit: bytes and query strings to `Hit`, or BadInput with a sentence. The strict edge."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Mapping
from typing import Any

import msgspec

from counter.address import canonical
from counter.collect.agents.browser import language_of
from counter.collect.page import host_of
from counter.collect.page_host import page_host
from counter.collect.properties import LINKS, props_of, with_link
from counter.errors import BadInput
from counter.event import PAGEVIEW, Hit, ImageProxy, Via
from counter.hosts import is_elsewhere
from counter.text import clean

MOST_HITS = 500  # in one array
ENGAGED_MS = 1_800_000
WIDEST_SCREEN = 32_767  # CSS pixels
USER_AGENT = 512  # characters; longer ones are cut, before anything looks at them
DAY, SLACK = 86_400, 300  # seconds; a sender's clock may be off by the second

LIMITS = {"path": 2048, "title": 512, "host": 253, "referrer": 2048, "name": 128, "language": 35}
TRUSTED_KEYS = ("time", "ip", "user_agent")


class WireHit(msgspec.Struct):
    """One hit as it travels; limits of texts are applied by `hit_from`, which cuts rather than refuses."""

    site: str
    path: str | None = None
    title: str = ""
    host: str = ""
    referrer: str = ""
    name: str = PAGEVIEW
    props: dict[str, str | bool | int | float] = {}  # kept as text
    id: str = ""
    screen: int = 0
    language: str = ""
    view: str = ""
    engaged_ms: int = 0
    time: str = ""
    ip: str = ""
    user_agent: str = ""
    driven: bool = False


KEYS = frozenset(field.name for field in msgspec.structs.fields(WireHit))
_INTEGERS = ("screen", "engaged_ms")


class Envelope(msgspec.Struct, frozen=True, gc=False):
    """What the request says about every hit in it."""

    at: int  # UTC seconds
    address: str
    user_agent: str
    accept_language: str = ""
    origin: str = ""  # the Origin or Referer header: a fallback for host and path; 'null' is a page that hides its own
    via: Via = Via.SNIPPET
    prefetch: bool = False
    opt_out: bool = False
    proxy: ImageProxy | None = None  # that fetches a counting image


def decode_body(body: bytes) -> tuple[list[WireHit], bool, int]:
    """The hits of a request body, whether it was an array, and how many unknown keys it had."""
    try:
        decoded: Any = msgspec.json.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise BadInput(f"the body is not JSON: {error}") from None
    many = isinstance(decoded, list)
    if many and not 1 <= len(decoded) <= MOST_HITS:
        raise BadInput(f"an array holds {len(decoded)} hits, it may hold 1 to {MOST_HITS}")
    found = decoded if many else [decoded]
    _refuse_double_keys(body, found)
    if not many:
        return [_wire_hit(decoded, "")], False, _unknown_keys(decoded)
    hits = [_wire_hit(one, f"hit {index}: ") for index, one in enumerate(found)]
    return hits, True, sum(map(_unknown_keys, found))


def decode_query(query: Mapping[str, str]) -> WireHit:
    """A hit from the query of a pixel or a counting image; `prop.KEY=VALUE` are properties."""
    fields: dict[str, Any] = {key: value for key, value in query.items() if key in KEYS and key != "props"}
    for key in _INTEGERS:
        if key in fields:
            fields[key] = _integer(key, fields[key])
    if "driven" in fields:
        fields["driven"] = _boolean("driven", fields["driven"])
    fields["props"] = {key[5:]: value for key, value in query.items() if key.startswith("prop.")}
    return _wire_hit(fields, "")


def hit_from(wire: WireHit, envelope: Envelope, *, trusted: bool = False, backdate_days: int = 1) -> Hit:
    """The clean Hit: texts normalised and cut, numbers in range, the server's clock unless the sender is trusted.

    `backdate_days` is how far back a trusted sender's `time` may lie.
    """
    if not trusted and (wire.time or wire.ip or wire.user_agent):
        raise BadInput(f"{', '.join(TRUSTED_KEYS)} are only taken with the site's write token (Authorization: Bearer)")
    _check_numbers(wire)
    path, host = _path(wire, envelope), page_host(wire.host, wire.path or "", envelope.origin)
    if is_elsewhere(host):
        path, host = ("", host) if not trusted else (path, "")  # the path may be that of somebody's disk
    props = props_of(wire.props) if wire.props else ()
    if wire.name in LINKS:
        props = with_link(wire.name, props)
    # By position: keywords cost 1.6 us a hit. The comments name the fields, a test compares the order.
    return Hit(
        wire.site,  # site
        clean(path, LIMITS["path"]),  # path
        _moment(wire.time, envelope.at, backdate_days) if wire.time else envelope.at,  # at
        _address(wire.ip) if wire.ip else envelope.address,  # address
        clean(wire.user_agent, USER_AGENT) if trusted else envelope.user_agent,  # user_agent
        Via.API if trusted else envelope.via,  # via
        PAGEVIEW if wire.name == PAGEVIEW else clean(wire.name, LIMITS["name"]) or PAGEVIEW,  # name
        clean(wire.title, LIMITS["title"]),  # title
        host,  # host
        clean(wire.referrer, LIMITS["referrer"]),  # referrer
        props,  # props
        _client_id("id", wire.id) if wire.id else "",  # id
        wire.screen,  # screen
        language_of(wire.language, envelope.accept_language),  # language
        _client_id("view", wire.view) if wire.view else "",  # view
        wire.engaged_ms,  # engaged_ms
        envelope.prefetch,  # prefetch
        envelope.opt_out,  # opt_out
        wire.driven,  # driven
        trusted,  # trusted
        None,  # line
        False,  # overlap
        envelope.proxy,  # proxy
    )


def _wire_hit(decoded: Any, where: str) -> WireHit:
    try:
        return msgspec.convert(decoded, WireHit)
    except msgspec.ValidationError as error:
        raise BadInput(f"{where}{error}") from None


def _unknown_keys(decoded: dict[str, Any]) -> int:
    return 0 if decoded.keys() <= KEYS else len(decoded.keys() - KEYS)


def _refuse_double_keys(body: bytes, found: list[Any]) -> None:
    """Refuse JSON with a repeated key: the format allows it, and readers differ on which one counts.

    Equal numbers of `":` and of keys mean that none is repeated. A sender can defeat this on purpose, by hiding one
    in a text and writing another with a space, but only to their own cost. When the numbers differ, the body is read
    again, looking at every pair.
    """
    keys = 0
    for hit in found:
        if not isinstance(hit, dict):
            raise BadInput(f"a hit is a JSON object, not {_kind(hit)}")
        props = hit.get("props")
        keys += len(hit) + (len(props) if isinstance(props, dict) else 0)
    if body.count(b'":') != keys:
        try:
            json.loads(body, object_pairs_hook=_no_double, parse_int=float)
        except RecursionError:
            raise BadInput("the body is nested too deeply") from None


def _no_double(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise BadInput("a key stands twice in one object")
    return found


def _kind(value: Any) -> str:
    return {type(None): "null", bool: "a boolean", str: "a text", list: "an array"}.get(type(value), "a number")


def _path(wire: WireHit, envelope: Envelope) -> str:
    if wire.path is not None:
        return wire.path or "/"
    if envelope.via == Via.PIXEL or envelope.proxy:
        own = not wire.host or host_of(f"http://{wire.host}") == host_of(envelope.origin)
        return envelope.origin if own else ""
    if wire.view:
        return ""
    raise BadInput("path is missing: the path and query of the page, up to 2,048 characters")


def _check_numbers(wire: WireHit) -> None:
    if not 0 <= wire.screen <= WIDEST_SCREEN:
        raise BadInput(f"screen is {wire.screen}, it may be 1 to {WIDEST_SCREEN} CSS pixels")
    if not 0 <= wire.engaged_ms <= ENGAGED_MS:
        raise BadInput(f"engaged_ms is {wire.engaged_ms}, it may be 0 to {ENGAGED_MS} ms")
    if wire.engaged_ms and not wire.view:
        raise BadInput("engaged_ms needs view: the id of the page view it belongs to")
    if wire.view and not wire.engaged_ms and not wire.path:
        raise BadInput("engaged_ms is missing or 0: the time engaged with that view, in ms")


def _integer(key: str, text: str) -> int:
    try:
        return int(text[:10])
    except ValueError:
        raise BadInput(f"{key} is {text[:20]!r}, it must be an integer") from None


def _boolean(key: str, text: str) -> bool:
    if text not in ("true", "false"):
        raise BadInput(f"{key} is {text[:20]!r}, it must be true or false")
    return text == "true"


def _client_id(key: str, text: str) -> str:
    """An id is compared, so it is never cut: two long ones must not become equal."""
    if len(text) > 64:
        raise BadInput(f"{key} has {len(text)} characters, the limit is 64")
    return clean(text, 64)


def _address(text: str) -> str:
    address = canonical(text)
    if address is None:
        raise BadInput(f"ip is {text[:64]!r}, it must be an IPv4 or IPv6 address")
    return address


def _moment(text: str, now: int, backdate_days: int) -> int:
    try:
        moment = dt.datetime.fromisoformat(text)
        at = int((moment if moment.tzinfo else moment.replace(tzinfo=dt.UTC)).timestamp())
    except (ValueError, OverflowError):
        raise BadInput(f"time is {text[:40]!r}, it must be ISO 8601, such as 2026-03-29T12:00:00Z") from None
    oldest = max(backdate_days * DAY, SLACK)
    if not now - oldest <= at <= now + SLACK:
        raise BadInput(
            f"time is {text[:40]!r}, {at - now} s from now; it may be {oldest} s back (the site's backdate_days is"
            f" {backdate_days}) to {SLACK} s ahead"
        )
    return at
