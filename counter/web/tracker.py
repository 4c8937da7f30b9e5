"""The tracker `counter.js` and the widget's code, under plain names and under names that never change their meaning.

    /counter.js                      the current one; cached for an hour
    /counter.VERSION.js              the same, kept by browsers for a year; pages may name its hash (`integrity`)
    /counter-widget.VERSION.js       what counter.js fetches where a page shows numbers; also without VERSION

VERSION is a hash. An outdated one answers with the current script: a page without `integrity` keeps counting after an
update; in a page with it, the browser refuses the script.
"""

from __future__ import annotations

import base64
import hashlib
from functools import cache, cached_property
from html import escape
from pathlib import Path

from aiohttp import web

from counter.config import TrackerConfig
from counter.service.service import SERVICE
from counter.web.files import File, answer_file, make_file

STATIC = Path(__file__).parent / "static"
JAVASCRIPT = "text/javascript; charset=utf-8"
FOR_AN_HOUR = {"Cache-Control": "public, max-age=3600"}
FOR_EVER = {"Cache-Control": "public, max-age=31536000, immutable"}


class Tracker:
    """The two scripts as served under the owner's names."""

    def __init__(self, config: TrackerConfig) -> None:
        name = Path(config.script_name)
        self._stem, self._suffix = name.stem, name.suffix
        self._hit_path = config.hit_path

    @cached_property
    def widget(self) -> File:
        return make_file((STATIC / "widget.js").read_bytes(), JAVASCRIPT)

    @cached_property
    def script(self) -> File:
        body = (STATIC / "counter.js").read_bytes()
        names = {b"%hit%": self._hit_path[1:], b"%widget%": self.widget_name}
        for placeholder, name in names.items():
            body = body.replace(placeholder, name.encode())
        return make_file(body, JAVASCRIPT)

    @property
    def widget_version(self) -> str:
        """The hash of the sources, from the first line."""
        return self.widget.body.split(b"\n", 1)[0].split()[-1].decode()

    @property
    def widget_name(self) -> str:
        return f"{self._stem}-widget.{self.widget_version}{self._suffix}"

    @property
    def version(self) -> str:
        """Of the script with its names in it."""
        return hashlib.sha256(self.script.body).hexdigest()[:10]

    @property
    def versioned_name(self) -> str:
        return f"{self._stem}.{self.version}{self._suffix}"

    @property
    def integrity(self) -> str:
        """For the snippet: browsers run nothing else under that address."""
        return "sha384-" + base64.b64encode(hashlib.sha384(self.script.body).digest()).decode()


@cache
def tracker_of(config: TrackerConfig) -> Tracker:
    return Tracker(config)


def snippet(config: TrackerConfig, base: str, site_id: str, *, pinned: bool = False) -> str:
    """The snippet; with `pinned` it names the version and the hash of the script."""
    tracker = tracker_of(config)
    source, more = f"{base}/{config.script_name}", ""
    if pinned:
        source = f"{base}/{tracker.versioned_name}"
        more = f' integrity="{tracker.integrity}" crossorigin="anonymous"'
    return f'<script async src="{escape(source)}"{more} data-site="{escape(site_id)}"></script>'


def paths(config: TrackerConfig) -> tuple[str, str, str, str]:
    """Of the script and of the widget's code: plain, and with any version."""
    name, any_version = Path(config.script_name), "{version:[0-9a-f]{10}}"
    stem, suffix = name.stem, name.suffix
    return (
        f"/{stem}{suffix}", f"/{stem}.{any_version}{suffix}",
        f"/{stem}-widget{suffix}", f"/{stem}-widget.{any_version}{suffix}",
    )  # fmt: skip


async def get_script(request: web.Request) -> web.Response:
    """The script of the snippet, with the configured names in it."""
    tracker = tracker_of(request.app[SERVICE].config.tracker)
    return answer_file(request, tracker.script, _cache_headers(request, tracker.version))


async def get_widget_script(request: web.Request) -> web.Response:
    """What draws numbers; counter.js fetches it."""
    tracker = tracker_of(request.app[SERVICE].config.tracker)
    return answer_file(request, tracker.widget, _cache_headers(request, tracker.widget_version))


def _cache_headers(request: web.Request, version: str) -> dict[str, str]:
    return FOR_EVER if request.match_info.get("version") == version else FOR_AN_HOUR
