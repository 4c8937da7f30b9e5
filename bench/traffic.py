"""Requests of visitors as browsers send them through a proxy, rendered before the clock runs.

Every hit is a new visitor: an address of its own, one of about 200 browsers, 500 pages and 50 referrers.
"""

from __future__ import annotations

import json
import random
import time
from collections.abc import Iterator

SITE = "bench"
HOST = "shop.example"
SEED = 20_240_329
LARGEST_ARRAY = 500  # hits

_WEBKIT = "AppleWebKit/537.36 (KHTML, like Gecko)"
_APPLE = "AppleWebKit/605.1.15 (KHTML, like Gecko)"
_DESKTOPS = ("Windows NT 10.0; Win64; x64", "Macintosh; Intel Mac OS X 10_15_7", "X11; Linux x86_64")
_PHONES = ("SM-S918B", "SM-A536B", "Pixel 8", "Pixel 7a", "Redmi Note 12", "M2101K6G", "CPH2449", "moto g54")
_LANGUAGES = (
    "en-US,en;q=0.9",
    "de-DE,de;q=0.9,en;q=0.8",
    "ka-GE,ka;q=0.9,en;q=0.8",
    "fr-FR,fr;q=0.9",
    "es-ES,es;q=0.9",
)
_SCREENS = (360, 390, 412, 768, 1280, 1366, 1536, 1920, 2560)
_FIRST_OCTETS = (5, 8, 24, 31, 37, 46, 62, 77, 80, 91, 95, 109, 144, 176, 185, 188, 203, 212, 213, 217)  # public ones
_BASE36 = "0123456789abcdefghijklmnopqrstuvwxyz"


def browsers() -> tuple[str, ...]:
    """User agents of people: Chrome, Edge, Firefox, Safari and Samsung's on desktops, phones and tablets."""
    found = []
    for major in range(112, 131):
        for system in _DESKTOPS:
            chrome = f"Mozilla/5.0 ({system}) {_WEBKIT} Chrome/{major}.0.0.0 Safari/537.36"
            found += [chrome, f"Mozilla/5.0 ({system}; rv:{major}.0) Gecko/20100101 Firefox/{major}.0"]
        found.append(f"{found[-6]} Edg/{major}.0.0.0")
        phone = _PHONES[major % len(_PHONES)]
        found.append(f"Mozilla/5.0 (Linux; Android 14; {phone}) {_WEBKIT} Chrome/{major}.0.0.0 Mobile Safari/537.36")
    for major, minor in ((15, 6), (16, 3), (16, 6), (17, 1), (17, 4), (18, 0), (18, 1)):
        tail = f"{_APPLE} Version/{major}.{minor} Mobile/15E148 Safari/604.1"
        found += [
            f"Mozilla/5.0 (iPhone; CPU iPhone OS {major}_{minor} like Mac OS X) {tail}",
            f"Mozilla/5.0 (iPad; CPU OS {major}_{minor} like Mac OS X) {tail}",
            f"Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) {_APPLE} Version/{major}.{minor} Safari/605.1.15",
        ]
    for major in range(18, 27):
        found.append(
            f"Mozilla/5.0 (Linux; Android 13; SAMSUNG {_PHONES[0]}) {_WEBKIT} SamsungBrowser/{major}.0"
            f" Chrome/{major + 94}.0.0.0 Mobile Safari/537.36"
        )
    return tuple(found)


def pages() -> tuple[str, ...]:
    """Paths as `location` has them; one in twenty carries a campaign."""
    found = ["/", *(f"/products/{number}-walking-boots" for number in range(349))]
    found += [f"/blog/2024/{number % 12 + 1:02}/how-to-walk-{number}" for number in range(100)]
    found += [f"/?utm_source=newsletter&utm_medium=email&utm_campaign=week-{number}" for number in range(25)]
    found += [f"/search?q=boots+size+{number}&page={number % 3}" for number in range(25)]
    return tuple(found)


def referrers() -> tuple[str, ...]:
    """Where visitors come from; none for a third of them."""
    engines = ("https://www.google.com/", "https://www.bing.com/", "https://duckduckgo.com/", "https://t.co/x1")
    blogs = tuple(f"https://blog-{number}.example.org/posts/{number * 37}" for number in range(30))
    return ("",) * 17 + engines + blogs


def address(number: int) -> str:
    """The address of visitor `number`, one in four an IPv6 of its own /64; the same number gives the same."""
    if number % 4 == 3:
        return f"2a02:8108:{number >> 16:x}:{number & 0xFFFF:x}::1"
    high, low = divmod(number * 7919 % (1 << 28), 1 << 24)
    first = _FIRST_OCTETS[high]
    return f"{first}.{low >> 16}.{low >> 8 & 255}.{low & 255}"


class Traffic:
    """Renders hits; two of the same seed render the same but for the ids, which are of this very moment."""

    def __init__(self, token: str = "", seed: int = SEED) -> None:
        """`token`: the site's write token, which arrays need to speak for many visitors."""
        self._token = token
        self._dice = random.Random(seed)
        self._browsers, self._pages, self._referrers = browsers(), pages(), referrers()

    def client_id(self) -> str:
        """As counter.js makes it: milliseconds in base 36, then 64 random bits. Sorts by time."""
        return f"{_base36(int(time.time() * 1000))}-{_base36(self._dice.getrandbits(64))}"

    def hit(self) -> dict[str, object]:
        """The JSON of one page view."""
        dice = self._dice
        path = dice.choice(self._pages)
        return {
            "site": SITE, "id": self.client_id(), "path": path, "host": HOST, "title": f"{path[1:40] or 'Home'} | Shop",
            "referrer": dice.choice(self._referrers), "screen": dice.choice(_SCREENS),
            "language": dice.choice(_LANGUAGES)[:5],
        }  # fmt: skip

    def render(self, kind: str, first: int, requests: int, array: int = LARGEST_ARRAY) -> Iterator[bytes]:
        """`requests` requests of `pixel`, `post`, `array` (of `array` hits) or `totals`; visitors from `first` on."""
        for number in range(first, first + requests):
            yield getattr(self, kind)(number, array)

    def post(self, number: int, array: int = 1) -> bytes:
        return self._request(number, "POST", "/hit", json.dumps(self.hit(), separators=(",", ":")).encode())

    def pixel(self, number: int, array: int = 1) -> bytes:
        """As an image on a page without a script: no id, because only a script can make one."""
        path = self._dice.choice(self._pages).partition("?")[0]
        return self._request(number, "GET", f"/pixel.gif?site={SITE}&path={path}")

    def array(self, number: int, array: int) -> bytes:
        """One address and browser for all: each hit is made a visitor of its own by the site's write token."""
        hits = [
            {**self.hit(), "ip": address(number * array + one), "user_agent": self._dice.choice(self._browsers)}
            for one in range(array)
        ]
        more = f"Authorization: Bearer {self._token}\r\n"
        return self._request(number, "POST", "/hit", json.dumps(hits, separators=(",", ":")).encode(), more)

    def totals(self, number: int, array: int = 1) -> bytes:
        return self._request(number, "GET", f"/api/v1/totals?site={SITE}")

    def _request(self, number: int, method: str, target: str, body: bytes = b"", more: str = "") -> bytes:
        dice = self._dice
        lines = [
            f"{method} {target} HTTP/1.1",
            "Host: count.example",
            f"X-Forwarded-For: {address(number)}",
            "X-Forwarded-Proto: https",
            f"User-Agent: {dice.choice(self._browsers)}",
            "Accept: */*",
            f"Accept-Language: {dice.choice(_LANGUAGES)}",
            "Accept-Encoding: gzip, deflate, br",
            f"Referer: https://{HOST}/",
            "Sec-Fetch-Dest: empty", "Sec-Fetch-Mode: cors", "Sec-Fetch-Site: cross-site",
        ]  # fmt: skip
        if method == "POST":
            lines += [f"Origin: https://{HOST}", "Content-Type: text/plain", f"Content-Length: {len(body)}"]
        return ("\r\n".join(lines) + f"\r\n{more}\r\n").encode() + body


def _base36(number: int) -> str:
    digits = ""
    while number:
        number, digit = divmod(number, 36)
        digits = _BASE36[digit] + digits
    return digits or "0"
