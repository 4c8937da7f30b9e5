"""Which lines of an access log are page views: the one list of extensions, and how an extension is found.

A line is a page when it is a GET answered with 2xx or 304, and the last segment of its path is one of
- empty: the path ends in `/`;
- without extension: `/about`, `/docs/v1.2`, `/~anna`;
- with an extension of PAGE_EXTENSIONS: `/index.html`, `/shop.PHP`.
Every other extension is a static file: `/site.css`, `/robots.txt`, `/feed.xml`, `/.htaccess`.

What comes after the last dot is an extension when it is 1 to 10 letters and digits and begins with a letter (or
is one of DIGIT_EXTENSIONS). So versions, dates and times are not: `/docs/v1.2`, `/release/2.0rc1`, `/log/2015.05.17`,
`/v1.2-beta`. The price is a manual page (`/man/tail.1`, a page here) and a name with a dot (`/@john.doe`, static here).

The path is taken without host, query, fragment and parameters (`;jsessionid=1`), and percent-decoded after that,
so that `/a%2Ecss` is as static as `/a.css`. Upper case counts as lower case.
"""

from __future__ import annotations

import re
from typing import Final
from urllib.parse import unquote

from counter.ingest.accesslog.lines import LogLine

PAGE_EXTENSIONS: Final = frozenset({"html", "htm", "xhtml", "php", "asp", "aspx", "jsp"})

# Extensions that begin with a digit; any other such ending is a version.
DIGIT_EXTENSIONS: Final = frozenset({"7z", "3gp", "3g2", "3ds", "3mf"})

_EXTENSION: Final = re.compile(r"[a-z][a-z0-9]{0,9}", re.ASCII)
_NOT_PATH: Final = re.compile(r"[?#]")
_ORIGIN: Final = re.compile(r"[a-z][a-z0-9+.-]*://[^/?#]*", re.ASCII | re.IGNORECASE)


def is_page(line: LogLine) -> bool:
    """Whether the line is a page view by the rules above."""
    if line.method != "GET" or not (200 <= line.status <= 299 or line.status == 304):
        return False
    return is_page_path(line.target)


def is_page_path(target: str) -> bool:
    """Whether a request target, in origin or absolute form, names a page; `*` and the like do not."""
    if not target.startswith("/"):
        origin = _ORIGIN.match(target)
        if origin is None:
            return False
        target = target[origin.end() :]
    path = _NOT_PATH.split(target, maxsplit=1)[0]
    segment = path.rpartition("/")[2].partition(";")[0]
    extension = _extension(unquote(segment) if "%" in segment else segment)
    return not extension or extension in PAGE_EXTENSIONS


def _extension(segment: str) -> str:
    """The extension of the last segment of a path in lower case, '' when it has none."""
    ending = segment.rpartition("/")[2].rpartition(".")
    extension = ending[2].lower() if ending[1] else ""
    return extension if _EXTENSION.fullmatch(extension) or extension in DIGIT_EXTENSIONS else ""
