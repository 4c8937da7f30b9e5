"""Properties of an event: texts, numbers and booleans come in, texts are kept."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal

from counter.collect.page import split_url
from counter.collect.visitor_marks import without_session
from counter.errors import BadInput
from counter.event import DOWNLOAD, OUTBOUND
from counter.text import clean

MOST_PROPS = 30
PROP_KEY, PROP_VALUE = 64, 512  # characters
LINKS = (OUTBOUND, DOWNLOAD)  # reserved events that name the address they lead to


def props_of(props: Mapping[str, str | float]) -> tuple[tuple[str, str], ...]:
    """Properties as clean text, cut to their limits; BadInput when there are more than 30."""
    if len(props) > MOST_PROPS:
        raise BadInput(f"props has {len(props)} entries, the limit is {MOST_PROPS}")
    return tuple((clean(key, PROP_KEY), clean(_prop_text(value), PROP_VALUE)) for key, value in props.items())


def _prop_text(value: str | float) -> str:
    """The text that JavaScript makes of the value, so that each sender of 3 or true means the same property."""
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int) or (value.is_integer() and abs(value) < 1e21):
        return str(int(value))
    return f"{Decimal(repr(value)):f}" if 1e-6 <= abs(value) < 1e21 else repr(value).replace("e-0", "e-")


def with_link(name: str, props: tuple[tuple[str, str], ...]) -> tuple[tuple[str, str], ...]:
    """The properties of an event that leads somewhere: `url` without credentials, session id, query and fragment."""
    url = dict(props).get("url", "")
    found = split_url(url)
    if found is None:
        raise BadInput(f"event {name!r} needs props.url, an http or https address; it is {url[:60]!r}")
    port = f":{found.port}" if found.port else ""
    kept = clean(f"{found.scheme}://{found.host}{port}{without_session(found.path) or '/'}", PROP_VALUE)
    return tuple((key, kept if key == "url" else value) for key, value in props)
