"""An access log of our own, in the combined format, with the quirks of real ones; the same for the same seed.

Time steps back by up to 59 s, some lines are exact duplicates, one is cut inside the user agent, there are IPv6 and
shared addresses, bots, feed readers, static files, every common status, strange referrers and no user agents.
Visits lie around a gap of 30 minutes and around local midnight. Addresses are of documentation ranges.
"""

from __future__ import annotations

import datetime as dt
import random
import zoneinfo
from collections.abc import Iterator

START = dt.date(2024, 3, 29)  # the third day is the one of 23 hours in Berlin
DAYS = 5
STEP_BACK = 59  # seconds, at most

_WEBKIT = "AppleWebKit/537.36 (KHTML, like Gecko)"
_APPLE = "AppleWebKit/605.1.15 (KHTML, like Gecko)"
BROWSERS = (
    f"Mozilla/5.0 (Windows NT 10.0; Win64; x64) {_WEBKIT} Chrome/122.0.0.0 Safari/537.36",
    f"Mozilla/5.0 (Windows NT 10.0; Win64; x64) {_WEBKIT} Chrome/122.0.0.0 Safari/537.36 Edg/122.0.0.0",
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:123.0) Gecko/20100101 Firefox/123.0",
    "Mozilla/5.0 (X11; Linux x86_64; rv:109.0) Gecko/20100101 Firefox/115.0",
    f"Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) {_APPLE} Version/17.3.1 Safari/605.1.15",
    f"Mozilla/5.0 (iPhone; CPU iPhone OS 17_3_1 like Mac OS X) {_APPLE} Version/17.3.1 Mobile/15E148 Safari/604.1",
    f"Mozilla/5.0 (iPad; CPU OS 16_6 like Mac OS X) {_APPLE} Version/16.6 Mobile/15E148 Safari/604.1",
    f"Mozilla/5.0 (Linux; Android 14; SM-S918B) {_WEBKIT} Chrome/121.0.6167.178 Mobile Safari/537.36",
    f"Mozilla/5.0 (Linux; Android 13; SAMSUNG SM-A536B) {_WEBKIT} SamsungBrowser/23.0 Chrome/115.0 Safari/537.36",
    "Opera/9.80 (Windows NT 6.1; WOW64) Presto/2.12.388 Version/12.18",
    rf"Mozilla/5.0 (Linux; Android 12; \"Tab 8\") {_WEBKIT} Chrome/120.0.0.0 Safari/537.36",
)
# Longer than 512 characters, and the next one differs only after them: one visitor.
_LONG = BROWSERS[0] + " " + "x" * 400
LONG_BROWSERS = (_LONG + " one", _LONG + " two")
BOTS = (
    "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)",
    "Mozilla/5.0 (compatible; bingbot/2.0; +http://www.bing.com/bingbot.htm)",
    "Mozilla/5.0 (compatible; AhrefsBot/7.0; +http://ahrefs.com/robot/)",
    "curl/7.88.1",
    "-",
)
FEED_READERS = (
    "Tiny Tiny RSS/1.11 (http://tt-rss.org/)",
    "UniversalFeedParser/4.2-pre-314-svn +http://feedparser.org/",
)
PAGES = (
    *(
        "/",
        "/",
        "/",
        "/about",
        "/blog/",
        "/blog/2024/03/spring.html",
        "/news.php?id=7",
        "/docs/v1.2",
        "/search?q=a.png",
    ),
    "/shop/item.jsp;jsessionid=4F.n1?p=2",
    "/%E1%83%9B%E1%83%97%E1%83%90%E1%83%95%E1%83%90%E1%83%A0%E1%83%98",
    "http://example.org/contact",
)
STATIC = ("/style.css?v=1.2", "/js/site.js", "/images/logo.png", "/favicon.ico", "/photos/1.jpg", "/files/manual.pdf")
REFERRERS = (
    *("-", "-", "-", "https://www.google.com/", "https://t.co/x1", "http://example.org/blog/"),
    "http://www.google.com/search?q=site counter&ie=UTF-8",
    "https://example.ge/მთავარი",
    r"http://\xe4\xe5\xe3.example/",
)
# Seconds between one view and the next: within a visit, and around its end.
GAPS = (0, 1, 5, 20, 47, 90, 300, 900, 29 * 60, 30 * 60 - 1, 30 * 60, 30 * 60 + 1, 31 * 60, 2 * 3600, 26 * 3600)
MALFORMED = (
    "",
    "not a log line",
    'exam!ple.org - - [29/Mar/2024:10:00:00 +0000] "GET / HTTP/1.1" 200 5',
    '192.0.2.1 - - [31/Feb/2024:10:00:00 +0000] "GET / HTTP/1.1" 200 5 "-" "-"',
    '192.0.2.1 - - [29/Mar/2024:10:00:00 +0000] "GET / HTTP/1.1" 200 5 "http://cut.exam',
)

Timed = tuple[int, str]  # UTC seconds, line


def synthetic_log(seed: int = 1, lines: int = 3000, malformed: int = 0, zone: str = "Europe/Berlin") -> list[str]:
    """`lines` parsable lines of about `lines / 12` visitors over five days and a little, and `malformed` others.

    Some visits of each five lie around midnight of `zone`. The server writes UTC.
    """
    rng = random.Random(seed)
    duplicates = max(1, lines // 500)
    stream = _requests(rng, zone)
    timed = [next(stream) for _ in range(lines - duplicates)]
    # A request is dated when it begins and written when it ends.
    log = [line for _, line in sorted((at + rng.randint(0, STEP_BACK), line) for at, line in timed)]
    _cut_one(rng, log)
    for _ in range(duplicates):
        at = rng.randrange(len(log))
        log.insert(at, log[at])
    for number in range(malformed):
        log.insert(rng.randrange(len(log) + 1), MALFORMED[number % len(MALFORMED)])
    return log


def _requests(rng: random.Random, zone: str) -> Iterator[Timed]:
    """The requests of one visitor after another, without end."""
    tz = zoneinfo.ZoneInfo(zone)
    while True:
        kind = rng.random()
        address = _address(rng)
        if kind < 0.85:
            agent = rng.choice(LONG_BROWSERS if kind < 0.02 else BROWSERS)
            yield from _browsing(rng, address, agent, _first_view(rng, tz))
        elif kind < 0.95:
            yield from _crawling(rng, address, rng.choice(BOTS), _first_view(rng, tz))
        else:
            yield from _feed(rng, address, rng.choice(FEED_READERS), _first_view(rng, tz))


def _first_view(rng: random.Random, tz: zoneinfo.ZoneInfo) -> int:
    """Any moment of the five days, or, one time in five, within 40 minutes of a local midnight."""
    date = START + dt.timedelta(days=rng.randrange(DAYS))
    midnight = int(dt.datetime.combine(date, dt.time(), tz).timestamp())
    if rng.random() < 0.2:
        return midnight + rng.choice((-2400, -1800, -1740, -60, -1, 0, 1, 60, 1800))
    return midnight + rng.randrange(86_400)


def _address(rng: random.Random) -> str:
    """One of some hundred addresses, so that a few are shared; three in ten are IPv6."""
    if rng.random() < 0.3:
        return f"2001:db8:0:{rng.randrange(60):x}::{rng.randrange(1, 0xFFFF):x}"
    return f"{rng.choice(('192.0.2', '198.51.100', '203.0.113'))}.{rng.randrange(1, 255)}"


def _browsing(rng: random.Random, address: str, agent: str, at: int) -> Iterator[Timed]:
    """Page views with their files, over one or more visits; an IPv6 address changes within its /64."""
    referrer = rng.choice(REFERRERS)
    for _ in range(rng.randint(1, 7)):
        yield _line(
            address, at, "GET", rng.choice(PAGES), rng.choice((200,) * 12 + (304, 404, 301, 500)), referrer, agent
        )
        for target in rng.sample(STATIC, rng.randrange(3)):
            status = rng.choice((200, 200, 200, 206, 304))
            yield _line(address, at + rng.randrange(3), "GET", target, status, "http://example.org/", agent)
        if rng.random() < 0.05:
            yield _line(address, at + 4, rng.choice(("HEAD", "POST", "OPTIONS")), "/news.php", 200, "-", agent)
        if ":" in address and rng.random() < 0.3:
            address = address.rpartition("::")[0] + f"::{rng.randrange(1, 0xFFFF):x}"
        at += rng.choice(GAPS)


def _crawling(rng: random.Random, address: str, agent: str, at: int) -> Iterator[Timed]:
    for target in ("/robots.txt", *rng.choices(PAGES, k=rng.randint(1, 9))):
        yield _line(address, at, rng.choice(("GET", "GET", "HEAD")), target, rng.choice((200, 200, 404)), "-", agent)
        at += rng.randrange(1, 4000)
    if agent == "-":
        yield at, f'{address} - - [{_time(at)}] "-" 408 - "-" "-"'


def _feed(rng: random.Random, address: str, agent: str, at: int) -> Iterator[Timed]:
    for _ in range(rng.randint(2, 12)):
        yield _line(
            address, at, "GET", rng.choice(("/feed.xml", "/blog/?flav=rss20")), rng.choice((200, 304)), "-", agent
        )
        at += 1800


def _line(address: str, at: int, method: str, target: str, status: int, referrer: str, agent: str) -> Timed:
    size = "-" if status == 304 else len(target) * 997
    return at, f'{address} - - [{_time(at)}] "{method} {target} HTTP/1.1" {status} {size} "{referrer}" "{agent}"'


def _time(at: int) -> str:
    return dt.datetime.fromtimestamp(at, dt.UTC).strftime("%d/%b/%Y:%H:%M:%S +0000")


def _cut_one(rng: random.Random, log: list[str]) -> None:
    """Cut one line of a crawler inside its user agent, in place."""
    crawled = [number for number, line in enumerate(log) if "Googlebot" in line] or [len(log) - 1]
    number = rng.choice(crawled)
    log[number] = log[number][: -rng.randint(2, 9)]
