"""A real Chromium, and a host page on another origin with a strict Content-Security-Policy."""

from __future__ import annotations

import http.server
import shutil
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

from tests.kit.process import HANG

# Headless Chromium's own user agent is counted as what it is: a bot. It is set for the whole process: one that is set
# for a page does not hold for what the page sends while it goes.
READER = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36"
ARGUMENTS = (
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync",
)  # fmt: skip
FLAGS = [*ARGUMENTS, f"--user-agent={READER}"]
WAIT = 20_000  # ms; a guard against hangs


def chromium() -> str:
    for name in ("chromium", "chromium-browser", "google-chrome"):
        found = shutil.which(name)
        if found:
            return found
    return pytest.fail("no Chromium on this machine; on Debian: apt-get install chromium")


@contextmanager
def launched(*more: str) -> Iterator[Browser]:
    """The browser, with `more` arguments than the suite's."""
    with sync_playwright() as playwright:
        running = playwright.chromium.launch(executable_path=chromium(), args=[*FLAGS, *more])
        yield running
        running.close()


@contextmanager
def host_page(body: str, policy: str, headers: Mapping[str, str] = MappingProxyType({})) -> Iterator[str]:
    """Serves `body` at every path of another origin (localhost, not 127.0.0.1) under `policy`, with more `headers`."""

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            page = body.encode()
            found = not self.path.startswith("/favicon")
            self.send_response(200 if found else 204)
            self.send_header("Content-Type", "text/html; charset=utf-8")
            self.send_header("Content-Security-Policy", policy)
            for name, value in headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(page) if found else 0))
            self.end_headers()
            if found:
                self.wfile.write(page)

        def log_message(self, *_: object) -> None:
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://localhost:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


@dataclass
class Seen:
    """What went wrong on a page, and which hosts it asked."""

    errors: list[str] = field(default_factory=list)
    hosts: set[str] = field(default_factory=set)


@contextmanager
def reader(browser: Browser, **options: object) -> Iterator[tuple[Page, Seen]]:
    """A page of a new visitor, watched."""
    if "extra_http_headers" not in options:
        options.setdefault("locale", "en-US")  # its Accept-Language would win over one among the headers
    context = browser.new_context(**options)  # type: ignore[arg-type]
    context.set_default_timeout(WAIT)
    page = context.new_page()
    seen = Seen()
    page.on("console", lambda message: seen.errors.append(message.text) if message.type == "error" else None)
    page.on("pageerror", lambda error: seen.errors.append(str(error)))
    page.on("request", lambda request: seen.hosts.add(request.url.split("/")[2]))
    try:
        yield page, seen
    finally:
        context.close()


def until(question: Callable[[], Any], answer: Any) -> None:
    """Ask until the answer comes; what came last is shown when it does not."""
    ends = time.monotonic() + HANG / 4
    while (last := question()) != answer:
        assert time.monotonic() < ends, f"{last!r} is not {answer!r}"
        time.sleep(0.05)


def lines(page: Page, widget: str) -> dict[str, str]:
    """The rows of a widget, read through its shadow root."""
    rows: dict[str, str] = page.evaluate(
        "id => Object.fromEntries([...(document.getElementById(id).shadowRoot?.querySelectorAll('tr') ?? [])]"
        ".map(row => [row.querySelector('th').textContent, row.querySelector('td').textContent]))",
        widget,
    )
    return rows
