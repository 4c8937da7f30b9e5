"""Which lines of an access log are page views or downloads: the lists of extensions, and how an extension is found.

A line is a page when it is a GET answered with 2xx or 304, and the last segment of its path is one of
- empty: the path ends in `/`;
- without extension: `/about`, `/docs/v1.2`, `/~anna`;
- with an extension of PAGE_EXTENSIONS: `/index.html`, `/shop.PHP`.
Every other extension is a static file: `/site.css`, `/robots.txt`, `/feed.xml`, `/.htaccess`. And what programs fetch
is no page, whatever its form: ENDPOINTS, and feeds that a query asks for.

What comes after the last dot is an extension when it is 1 to 10 letters and digits and begins with a letter (or
is one of DIGIT_EXTENSIONS). So versions, dates and times are not: `/docs/v1.2`, `/release/2.0rc1`, `/log/2015.05.17`,
`/v1.2-beta`. The price is a manual page (`/man/tail.1`, a page here) and a name with a dot (`/@john.doe`, static here).

A line is a download when it is a GET answered with 200 or 206 and its extension is one of DOWNLOAD_EXTENSIONS; a
missing page is a GET answered with 404 whose path is a page's.

The path is taken without host, query, fragment and parameters (`;jsessionid=1`), and percent-decoded after that,
so that `/a%2Ecss` is as static as `/a.css`. Upper case counts as lower case.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Final
from urllib.parse import unquote

from counter.logfiles.formats.combined import LogLine
from counter.site import matches_path

PAGE_EXTENSIONS: Final = frozenset({"html", "htm", "xhtml", "php", "asp", "aspx", "jsp"})

# Files that people download; `--events` makes an event of each.
DOWNLOAD_EXTENSIONS: Final = frozenset(
    """
    7z aab apk appimage avi bz2 csv deb dmg doc docx epub exe flac gz iso jar key m4a m4v mkv mobi mov mp3 mp4 mpeg mpg
    msi numbers odp ods odt ogg pages pdf pkg ppt pptx rar rpm rtf tar tgz wav webm wma wmv xls xlsx xz zip zst
    """.split()  # noqa: SIM905  # sixty quoted names read worse
)

# Extensions that begin with a digit; any other such ending is a version.
DIGIT_EXTENSIONS: Final = frozenset({"7z", "3gp", "3g2", "3ds", "3mf"})

# Feeds, interfaces of programs and health checks that look like pages; `--include` takes some back. Lower case, the
# whole path; `/api/` itself and its `.html` are pages, because documentation stands there.
ENDPOINTS: Final = (
    r".*/(?:feed|rss|rss2|atom|rdf)/?",
    r".*/feed/(?:feed|rss|rss2|atom|rdf|json)/?",
    r".*/wp-json(?:/.*)?",
    r".*/wp-admin/(?:admin-ajax|admin-post|load-scripts|load-styles)\.php",
    r".*/(?:wp-cron|xmlrpc|wp-trackback)\.php",
    r".*/(?:trackback|oembed)/?",
    r"(?:/[a-z]{2})?/api/(?!.*\.(?:html?|xhtml)$).+",
    r"(?:/v\d+)?/graphql/?",
    r"/rest/v\d+/.*",
    r"/(?:\.well-known|cdn-cgi|_next|_nuxt|socket\.io|livewire|actuator)(?:/.*)?",
    r"/(?:healthz|livez|readyz|health-?check|_health|_ah/health|server-status|nginx_status|stub_status)/?",
)
_ENDPOINT: Final = re.compile("|".join(ENDPOINTS), re.DOTALL)
_FEED_QUERY: Final = re.compile(
    r"[?&](?:feed=(?:feed|rss2?|atom|rdf)|format=feed|rest_route=|wc-ajax=|doing_wp_cron\b)"
)

_EXTENSION: Final = re.compile(r"[a-z][a-z0-9]{0,9}", re.ASCII)
_NOT_PATH: Final = re.compile(r"[?#]")
_ORIGIN: Final = re.compile(r"[a-z][a-z0-9+.-]*://[^/?#]*", re.ASCII | re.IGNORECASE)


def is_page(line: LogLine, included: re.Pattern[str] | None = None) -> bool:
    """Whether the line is a page view by the rules above; what programs fetch is one where `included` matches."""
    if line.method != "GET" or not (200 <= line.status <= 299 or line.status == 304):
        return False
    return is_page_path(line.target, included)


def is_missing_page(line: LogLine, included: re.Pattern[str] | None = None) -> bool:
    """Whether the line is a request for a missing page."""
    return line.status == 404 and line.method == "GET" and is_page_path(line.target, included)


def is_download(line: LogLine) -> bool:
    """Whether the line is a file that a visitor downloaded."""
    return line.method == "GET" and line.status in {200, 206} and _extension_of(line.target) in DOWNLOAD_EXTENSIONS


def is_page_path(target: str, included: re.Pattern[str] | None = None) -> bool:
    """Whether a request target, in origin or absolute form, names a page; `*` and the like do not."""
    extension = _extension_of(target)
    if extension is None or (extension and extension not in PAGE_EXTENSIONS):
        return False
    return not _is_endpoint(target) or (included is not None and matches_path(included, path_of(target)))


def path_of(target: str) -> str:
    """The path and query of a target, in origin or absolute form."""
    origin = None if target.startswith("/") else _ORIGIN.match(target)
    return target if origin is None else target[origin.end() :] or "/"


@lru_cache(maxsize=8192)
def _is_endpoint(target: str) -> bool:
    """Whether programs fetch it: no page although its extension would be one's."""
    path = path_of(target)
    if "=" in path and _FEED_QUERY.search(path):
        return True
    path = unquote(_NOT_PATH.split(path, maxsplit=1)[0]).lower()
    return _ENDPOINT.fullmatch(path) is not None


@lru_cache(maxsize=8192)
def _extension_of(target: str) -> str | None:
    """The extension of a target's path in lower case, '' when it has none; None when there is no path."""
    if not target.startswith("/"):
        origin = _ORIGIN.match(target)
        if origin is None:
            return None
        target = target[origin.end() :]
    path = _NOT_PATH.split(target, maxsplit=1)[0]
    segment = path.rpartition("/")[2].partition(";")[0]
    return _extension(unquote(segment) if "%" in segment else segment)


def _extension(segment: str) -> str:
    """The extension of the last segment of a path in lower case, '' when it has none."""
    ending = segment.rpartition("/")[2].rpartition(".")
    extension = ending[2].lower() if ending[1] else ""
    return extension if _EXTENSION.fullmatch(extension) or extension in DIGIT_EXTENSIONS else ""
