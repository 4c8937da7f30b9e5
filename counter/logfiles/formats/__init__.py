"""The formats of access logs: one row each, and which one a log is in.

    combined.py   Apache and nginx, also with virtual hosts    json_lines.py  nginx (escape=json) and Caddy
    w3c.py        CloudFront and IIS                           json_any.py    other JSON, by what keys are called
    balancers.py  AWS, HAProxy, Heroku                         custom.py      a format string of Apache or nginx
    forwarded.py  the field with the visitor's address         wrapped.py     lines within those of syslog, Docker

`docs/logs.md` has an example line of each.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from functools import lru_cache, partial
from typing import Final

from counter.errors import UsageError
from counter.logfiles.formats.balancers import PARSERS
from counter.logfiles.formats.combined import parse_line, parse_vhost
from counter.logfiles.formats.custom import compile_format
from counter.logfiles.formats.format import Format, Parse, plain
from counter.logfiles.formats.json_any import json_parser
from counter.logfiles.formats.json_lines import parse_caddy, parse_nginx
from counter.logfiles.formats.w3c import HEADER, w3c_parser
from counter.logfiles.formats.wrapped import parse_wrapped

__all__ = ["AUTO", "CUSTOM", "DETECTED", "FORMATS", "Format", "Parse", "detect", "find_format", "last_header"]

AUTO: Final = "auto"
CUSTOM: Final = "custom"

_COMBINED: Final = (plain("vhost_combined", parse_vhost), plain("combined", parse_line))
_OTHERS: Final = tuple(plain(name, parse) for name, parse in PARSERS)


def _formats(address_field: str) -> tuple[Format, ...]:
    """Formats in the order in which they are tried: a line of a virtual host that is an address could pass for a
    combined one, and every JSON for one with keys of any name.
    """
    any_json = json_parser(address_field)
    return (
        *_COMBINED,
        plain("nginx-json", any_json if address_field else parse_nginx),
        plain("caddy", any_json if address_field else parse_caddy),
        plain("json", any_json),
        Format("cloudfront", partial(w3c_parser, separator="\t", address_field=address_field), headed=True),
        Format("w3c", partial(w3c_parser, separator=" ", address_field=address_field), headed=True),
        *_OTHERS,
    )


DETECTED: Final = _formats("")
FORMATS: Final = {one.name: one for one in (*DETECTED, plain("common", parse_line))}

_ENOUGH: Final = 50  # lines that say the same


@lru_cache(maxsize=16)
def find_format(name: str, string: str = "", address_field: str = "") -> Format:
    """The format of that name; `custom` is the one that `string` describes. Raises UsageError for anything else.

    `address_field` is the field with the visitor's address, in any spelling, for formats whose fields have names.
    """
    if name == CUSTOM:
        return plain(CUSTOM, compile_format(string, address_field))
    if name not in FORMATS:
        raise UsageError(f"there is no log format {name!r}; formats: {AUTO}, {', '.join(sorted(FORMATS))}")
    return next((one for one in _formats(address_field) if one.name == name), FORMATS[name])


def detect(name: str, lines: Sequence[str]) -> Format | None:
    """The format of the log `name` by its first lines; None when none of them can be read.

    Lines that no format can read are ignored. Raises UsageError when there are lines of two formats.
    """
    header = last_header(lines)
    parsers = [(one.name, one.parser(header)) for one in DETECTED]
    found: Counter[str] = Counter()
    for line in lines:
        read = _kind(line, parsers)
        if read is not None:
            found[read] += 1
            if found.total() >= _ENOUGH:
                break
    if len(found) > 1:
        kinds = " and ".join(f"{kind} ({count})" for kind, count in found.most_common())
        raise UsageError(f"{name} has lines of several formats: {kinds}. Name the one to be read with --format.")
    return FORMATS[next(iter(found))] if found else None


def _kind(line: str, parsers: Sequence[tuple[str, Parse]]) -> str | None:
    """Whose line it is; None when it is nobody's, nor in what is around it."""
    for read in (lambda parse: parse(line), lambda parse: parse_wrapped(parse, line)):
        for kind, parse in parsers:
            if read(parse) is not None:
                return kind
    return None


def last_header(lines: Sequence[str]) -> str:
    """The last line that says which fields follow, '' when there is none."""
    return next((line for line in reversed(lines) if line.startswith(HEADER)), "")
