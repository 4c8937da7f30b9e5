"""Firefox and WebKit, driven without any package: WebDriver BiDi over aiohttp, and WebKitWebDriver over plain HTTP.

Chromium stands beside them, driven by playwright, so that one test runs in all three. WebKitGTK is the engine of
Safari, not Safari; it has no headless form, so it gets a display of its own.
"""

from __future__ import annotations

import asyncio
import base64
import contextlib
import http.client
import json
import os
import re
import shutil
import socket
import subprocess
import tempfile
import threading
import time
from collections.abc import Callable, Coroutine, Iterator
from pathlib import Path
from typing import Any, Protocol, TypeVar

import aiohttp
import pytest
from playwright.sync_api import Browser, Error

from tests.kit.chromium import WAIT, launched, until
from tests.kit.process import HANG

Value = TypeVar("Value")
INSTALL = "apt-get install firefox-esr webkit2gtk-driver xvfb"
MINI_BROWSER = Path("/usr/lib/x86_64-linux-gnu/webkit2gtk-4.1/MiniBrowser")
# Without these, headless Chromium says that nobody can hover, and shows what is meant for fingers.
HOVER = ("--blink-settings=primaryHoverType=2,availableHoverTypes=2,primaryPointerType=4,availablePointerTypes=4",)


class Unanswered(AssertionError):
    """What was asked of a page failed, or the page went meanwhile."""


class Engine(Protocol):
    """One window of one browser. `errors` is what its console said; it stays empty where the driver has no console."""

    name: str
    errors: list[str]

    def open(self, url: str) -> None: ...

    def evaluate(self, expression: str) -> Any:
        """The value of a JavaScript expression, as JSON gives it; a promise is awaited. Else `Unanswered`."""

    def resize(self, width: int, height: int) -> None:
        """Of the page, in CSS pixels; WebKit's windows are never narrower than about 450."""

    def picture(self) -> bytes:
        """A PNG of what is in sight."""


class Chromium:
    """The suite's own browser. It says that it can hover, as a desktop's does; headless ones say that they cannot."""

    name = "chromium"

    def __init__(self, browser: Browser, *, dark: bool) -> None:
        self.errors: list[str] = []
        self._page = browser.new_context(color_scheme="dark" if dark else "null", locale="en-US").new_page()
        self._page.set_default_timeout(WAIT)
        self._page.on("console", lambda said: self.errors.append(said.text) if said.type == "error" else None)
        self._page.on("pageerror", lambda error: self.errors.append(str(error)))

    def open(self, url: str) -> None:
        self._page.goto(url)

    def evaluate(self, expression: str) -> Any:
        try:
            return self._page.evaluate(f"async () => ({expression})")
        except Error as error:
            raise Unanswered(error.message) from None

    def resize(self, width: int, height: int) -> None:
        self._page.set_viewport_size({"width": width, "height": height})

    def picture(self) -> bytes:
        return bytes(self._page.screenshot())


class Firefox:
    """Firefox by its own WebDriver BiDi: one socket, commands with a number, answers with the same number."""

    name = "firefox"

    def __init__(self, url: str) -> None:
        self.errors: list[str] = []
        self._loop = asyncio.new_event_loop()  # in a thread: playwright has one of its own in this
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()
        self._answers: dict[int, asyncio.Future[dict[str, Any]]] = {}
        self._wait(self._connect(url))
        self._ask("session.new", capabilities={})
        self._ask("session.subscribe", events=["log.entryAdded"])
        self._context = self._ask("browsingContext.getTree")["contexts"][0]["context"]

    def open(self, url: str) -> None:
        self._ask("browsingContext.navigate", context=self._context, url=url, wait="complete")

    def evaluate(self, expression: str) -> Any:
        text = f"Promise.resolve().then(() => ({expression})).then((value) => JSON.stringify(value ?? null))"
        done = self._ask("script.evaluate", expression=text, target={"context": self._context}, awaitPromise=True)
        if done["type"] != "success":
            raise Unanswered(done)
        return json.loads(done["result"]["value"])

    def resize(self, width: int, height: int) -> None:
        self._ask("browsingContext.setViewport", context=self._context, viewport={"width": width, "height": height})

    def picture(self) -> bytes:
        return base64.b64decode(self._ask("browsingContext.captureScreenshot", context=self._context)["data"])

    def close(self) -> None:
        self._ask("browser.close")
        self._wait(self._session.close())
        self._wait(asyncio.wait_for(self._listening, HANG))
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    def _ask(self, method: str, **parameters: Any) -> dict[str, Any]:
        return self._wait(self._send(method, parameters))

    def _wait(self, work: Coroutine[Any, Any, Value]) -> Value:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(HANG)

    async def _connect(self, url: str) -> None:
        self._session = aiohttp.ClientSession()
        self._socket = await self._session.ws_connect(url, max_msg_size=0)
        self._listening = self._loop.create_task(self._listen())

    async def _send(self, method: str, parameters: dict[str, Any]) -> dict[str, Any]:
        number = len(self._answers) + 1
        self._answers[number] = self._loop.create_future()
        await self._socket.send_json({"id": number, "method": method, "params": parameters})
        answer = await self._answers[number]
        if answer["type"] != "success":
            raise Unanswered(method, answer)
        return dict(answer["result"])

    async def _listen(self) -> None:
        async for message in self._socket:
            said = json.loads(message.data)
            if said.get("id") in self._answers:
                self._answers[said["id"]].set_result(said)
            elif said.get("method") == "log.entryAdded" and said["params"]["level"] == "error":
                self.errors.append(str(said["params"]["text"]))


class WebKit:
    """WebKitGTK by WebKitWebDriver: an HTTP request for each command. It does not tell what the console said."""

    name = "webkit"

    def __init__(self, port: int, arguments: list[str]) -> None:
        self.errors: list[str] = []
        self._port = port
        options = {"binary": str(MINI_BROWSER), "args": ["--automation", *arguments]}
        made = self._ask("POST", "", {"capabilities": {"alwaysMatch": {"webkitgtk:browserOptions": options}}})
        assert made["capabilities"]["browserName"] == "MiniBrowser", made  # other drivers start what they like
        self._path = f"/{made['sessionId']}"
        self._ask("POST", f"{self._path}/timeouts", {"script": WAIT, "pageLoad": WAIT})

    def open(self, url: str) -> None:
        self._ask("POST", f"{self._path}/url", {"url": url})

    def evaluate(self, expression: str) -> Any:
        script = (
            f"const done = arguments[0]; Promise.resolve().then(() => ({expression}))"
            ".then((value) => done({ value: value ?? null }), (error) => done({ error: String(error) }))"
        )
        done = self._ask("POST", f"{self._path}/execute/async", {"script": script, "args": []})
        if "error" in done:
            raise Unanswered(done["error"])
        return done["value"]

    def resize(self, width: int, height: int) -> None:
        frame = self.evaluate("[outerWidth - innerWidth, outerHeight - innerHeight]")
        size = {"width": width + frame[0], "height": height + frame[1]}
        self._ask("POST", f"{self._path}/window/rect", size)

    def picture(self) -> bytes:
        return base64.b64decode(self._ask("GET", f"{self._path}/screenshot"))

    def close(self) -> None:
        self._ask("DELETE", self._path)

    def _ask(self, method: str, path: str, body: object = None) -> Any:
        connection = http.client.HTTPConnection("127.0.0.1", self._port, timeout=HANG)
        try:
            connection.request(method, f"/session{path}", None if body is None else json.dumps(body))
            answer = connection.getresponse()
            value = json.loads(answer.read())["value"]
            if answer.status != 200:
                raise Unanswered(value)
            return value
        finally:
            connection.close()


def wait_for(window: Engine, expression: str, answer: object = True) -> None:
    """Until the expression has this value, on whichever page it may be then."""

    def asked() -> object:
        try:
            return window.evaluate(expression)
        except Unanswered as error:
            return error

    until(asked, answer)


@contextlib.contextmanager
def engine(name: str, *, dark: bool = False, preferences: dict[str, object] | None = None) -> Iterator[Engine]:
    """The browser of that name with a new profile, or a test that is skipped with what to install.

    `preferences` are Firefox's, as in about:config.
    """
    if name == "chromium":
        with launched(*HOVER) as browser:
            yield Chromium(browser, dark=dark)
    elif name == "firefox":
        with _firefox({**(preferences or {}), "ui.systemUsesDarkTheme": int(dark)}) as firefox:
            yield firefox
    else:
        with _webkit(["--dark-mode"] if dark else []) as webkit:
            yield webkit


@contextlib.contextmanager
def _firefox(preferences: dict[str, object]) -> Iterator[Firefox]:
    program = shutil.which("firefox-esr") or shutil.which("firefox")
    if program is None:
        pytest.skip(f"there is no Firefox on this machine; {INSTALL}")
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        lines = (f'user_pref("{key}", {json.dumps(value)});\n' for key, value in preferences.items())
        Path(folder, "user.js").write_text("".join(lines))
        words = [program, "--headless", "--no-remote", "--profile", folder, "--remote-debugging-port", "0"]
        with _process(words, {"HOME": folder}) as said:
            found = _until(lambda: re.search(r"listening on (ws://127\.0\.0\.1:\d+)", said()), "Firefox")
            firefox = Firefox(f"{found[1]}/session")
            try:
                yield firefox
            finally:
                firefox.close()


@contextlib.contextmanager
def _webkit(arguments: list[str]) -> Iterator[WebKit]:
    driver, display = shutil.which("WebKitWebDriver"), shutil.which("Xvfb")
    if driver is None or display is None or not MINI_BROWSER.exists():
        pytest.skip(f"there is no WebKit with a display on this machine; {INSTALL}")
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder, socket.socket() as free:
        read, write = os.pipe()
        words = [display, "-displayfd", str(write), "-screen", "0", "1700x2400x24", "-nolisten", "tcp"]
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
        free.close()
        with _process(words, {}, pass_fds=(write,)), os.fdopen(read) as number:
            os.close(write)
            shown = {
                "DISPLAY": f":{number.readline().strip()}", "HOME": folder, "LIBGL_ALWAYS_SOFTWARE": "1",
                "WEBKIT_DISABLE_SANDBOX_THIS_IS_DANGEROUS": "1",  # there is no sandbox for root
            }  # fmt: skip
            with _process([driver, f"--port={port}"], shown):
                _until(lambda: _answers(port), "WebKitWebDriver")
                webkit = WebKit(port, arguments)
                try:
                    yield webkit
                finally:
                    webkit.close()


@contextlib.contextmanager
def _process(words: list[str], more: dict[str, str], pass_fds: tuple[int, ...] = ()) -> Iterator[Callable[[], str]]:
    """A program while the block runs; called, it gives what it has written so far."""
    with tempfile.TemporaryFile("w+b") as written:
        running = subprocess.Popen(words, stdout=written, stderr=written, env={**os.environ, **more}, pass_fds=pass_fds)
        try:
            yield lambda: os.pread(written.fileno(), 100_000, 0).decode(errors="replace")
        finally:
            running.terminate()
            running.wait(HANG)


def _until(question: Callable[[], Value | None], who: str) -> Value:
    ends = time.monotonic() + HANG
    while not (found := question()):
        assert time.monotonic() < ends, f"{who} did not come within {HANG:.0f} s"
        time.sleep(0.02)
    return found


def _answers(port: int) -> bool:
    with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
        return True
    return False
