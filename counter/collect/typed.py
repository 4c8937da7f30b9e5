"""What people type as a filter, as it is stored: a page in its normal form, a host as browsers send it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

import msgspec

from counter.collect.origins.origin import stored_referrer
from counter.collect.page import typed_path
from counter.hosts import ascii_host
from counter.question import Dimension, Filter, Operator

_HOSTS: Final = frozenset({Dimension.HOST, Dimension.REFERRER_HOST, Dimension.SOURCE})
_PAGES: Final = frozenset({Dimension.PAGE, Dimension.ENTRY_PAGE, Dimension.EXIT_PAGE})


def as_stored(filters: Iterable[Filter], query_keys: tuple[str, ...]) -> tuple[Filter, ...]:
    """The filters with their values as hits have them; `query_keys` are the site's. Stored values stay as they are."""
    return tuple(msgspec.structs.replace(one, values=tuple(dict.fromkeys(_values(one, query_keys)))) for one in filters)


def _values(one: Filter, query_keys: tuple[str, ...]) -> Iterable[str]:
    for value in one.values:
        if one.dimension in _PAGES and one.operator != Operator.CONTAINS:
            yield typed_path(value, query_keys)
        elif one.dimension == Dimension.REFERRER and one.operator != Operator.CONTAINS:
            yield stored_referrer(value) or value
        elif one.dimension in _HOSTS:
            yield from _host_values(value)
        else:
            yield value


def _host_values(value: str) -> Iterable[str]:
    """A host in its letters as it is sent, and the text itself: a source may be a name that only looks like a host."""
    yield value
    if not value.isascii() and "." in value and (sent := ascii_host(value)):
        yield sent
