"""What the facts mean: one small function a check, `CHECKS` in the order they are shown. Pure."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable, Iterable
from typing import Final

from counter.doctor.facts import Facts, Finding, Said, note, ok, problem, warning
from counter.doctor.storage_checks import STORAGE_CHECKS
from counter.folders import DATABASE
from counter.service.clock_doubt import clock_notice
from counter.store.open import wal_reset_bug
from counter.trust import Trust

Check = Callable[[Facts], Iterable[Said]]

PYTHON: Final = (3, 11, 0)
AIOHTTP: Final = (3, 14, 5)  # before it, half a request or a slow body held a connection for ever
FIRST_YEAR, LAST_YEAR = 2025, 2099
AHEAD: Final = 300  # seconds that a file or a hit may be ahead of the clock
MANY: Final = 0.01  # share of hits over the rate limit that is no longer a few bots
GEO_DAYS: Final = 400  # addresses change hands
LIST_DAYS: Final = 90


def config(facts: Facts) -> Iterable[Said]:
    if facts.config_error:
        yield problem(f"{facts.config_error} Correct it; 'counter check-config' shows every setting.")
    else:
        yield ok(f"{facts.config_file or 'the built-in defaults'}: every setting is known and within its limits")


def python(facts: Facts) -> Iterable[Said]:
    found = facts.versions
    if found.python < PYTHON:
        yield problem(f"Python is {_dotted(found.python)}; install {_dotted(PYTHON)} or newer")
    elif found.aiohttp < AIOHTTP:
        yield problem(
            f"aiohttp is {_dotted(found.aiohttp)}, which lets slow clients hold connections for ever;"
            f" install {_dotted(AIOHTTP)} or newer: pip install -U aiohttp"
        )
    else:
        yield ok(f"Python {_dotted(found.python)}, aiohttp {_dotted(found.aiohttp)}")


def sqlite(facts: Facts) -> Iterable[Said]:
    shown = _dotted(facts.versions.sqlite)
    if wal_reset_bug(facts.versions.sqlite):
        yield note(
            f"SQLite {shown} has the WAL-reset bug (3.7.0 to 3.51.2), which needs two programs that write; only"
            f" counter writes here, so never open {DATABASE} for writing with another one"
        )
    else:
        yield ok(f"SQLite {shown}")


def program(facts: Facts) -> Iterable[Said]:
    running = facts.status.version if facts.status else facts.versions.counter
    if running != facts.versions.counter:
        yield warning(
            f"the service runs version {running} and {facts.versions.counter} is installed; restart the service"
        )
    else:
        yield ok(f"visitor-counter {running}")


def service(facts: Facts) -> Iterable[Said]:
    status = facts.status
    if status is not None:
        yield ok(f"the service runs as process {status.pid} and answers")
    elif facts.lock_holder is not None:
        yield problem(
            f"process {facts.lock_holder or 'unknown'} holds the data but does not answer commands: it is starting,"
            " importing, or hangs; if this stays, look at its log and restart it"
        )
    else:
        yield note("no service runs on these data, no hit is counted; start it: counter serve")


def storing(facts: Facts) -> Iterable[Said]:
    status = facts.status
    if status is None:
        return
    if status.failing:
        yield problem(
            f"hits can't be stored and are answered 503: {status.failing}. If it is the disk, make room or mend it; the"
            " service goes on by itself"
        )
    elif status.queued > status.queue_limit / 2:
        yield warning(
            f"{status.queued} hits wait to be written (limit {status.queue_limit}); the disk is too slow for them"
        )
    else:
        yield ok(f"hits are stored, {status.queued} are waiting (limit {status.queue_limit})")


def durability(facts: Facts) -> Iterable[Said]:
    running = facts.status.durability if facts.status else facts.durability
    if running != facts.durability:
        yield warning(
            f"[storage] durability is {facts.durability!r} in the file, {running!r} in the service; restart it"
        )
    elif running == "normal":
        yield note(
            'durability is "normal": a power cut can lose the last hits although they were answered; set'
            ' [storage] durability = "full" if that matters'
        )
    else:
        yield ok("durability is full: what was answered survives a power cut")


def proxies(facts: Facts) -> Iterable[Said]:
    seen = facts.status.proxies if facts.status else ()
    for one in seen:
        peer, header = one.peer or "a unix socket", f'address_header = "{one.header}"'
        if one.trusted:
            yield warning(
                f"{one.requests} requests from {peer} had {one.header} but not the visitor's address in"
                f" {facts.address_header}: visitors may share one address; if your proxy sets {one.header} itself, and"
                f" never passes a visitor's own on, set [server] {header}"
            )
        else:
            other = f" and {header}" if one.header != facts.address_header else ""
            yield warning(
                f"{one.requests} requests with {one.header} came from {peer}, which is not trusted: all its visitors"
                f" count as one address; if it is your proxy, set [server] trusted_proxies ="
                f' ["{one.peer or "unix:"}"]{other}'
            )
    if facts.status and not seen:
        yield ok("no proxy was seen that is not trusted, or that names visitors in another header")


def rate(facts: Facts) -> Iterable[Said]:
    status = facts.status
    if facts.rate_limit == 0:
        yield note("there is no rate limit, one machine can make up your numbers; set [counting] rate_limit_per_minute")
    elif status and status.rate_limited > MANY * status.answered:
        yield warning(
            f"{status.rate_limited} of {status.answered} hits were over the limit of {facts.rate_limit} a minute and"
            " address; 'counter site drops' shows them: if they are people behind one address, raise [counting]"
            " rate_limit_per_minute, and see that your proxy is in [server] trusted_proxies"
        )
    elif status:
        yield ok(f"{status.rate_limited} of {status.answered} hits were over the rate limit")


def clock(facts: Facts) -> Iterable[Said]:
    now = dt.datetime.fromtimestamp(facts.now, dt.UTC)
    last = facts.vitals.last_event_at if facts.vitals else 0
    if not FIRST_YEAR <= now.year <= LAST_YEAR:
        yield problem(f"the clock says {now:%Y-%m-%d}; set it: every hit is dated by it")
    elif facts.vitals and facts.vitals.doubted_at:
        doubt = clock_notice(Trust(facts.vitals.trusted_at, facts.vitals.doubted_at))
        yield warning(f"the clock says {now:%Y-%m-%d %H:%M} UTC; at the service's last look {doubt}")
    elif max(last, facts.newest_file) > facts.now + AHEAD:
        ahead = max(last, facts.newest_file) - facts.now
        yield problem(
            f"the clock says {now:%Y-%m-%d %H:%M} UTC, but a hit or a file of the data is {_span(ahead)} ahead of it;"
            " one of them was wrong: switch time synchronisation on (timedatectl set-ntp true)"
        )
    else:
        yield ok(
            f"the clock says {now:%Y-%m-%d %H:%M} UTC and is not behind the last hit or file; no time server was asked"
        )


def zones(facts: Facts) -> Iterable[Said]:
    found = re.match(r"(\d{4})", facts.versions.tzdata)
    year = dt.datetime.fromtimestamp(facts.now, dt.UTC).year
    if not found:
        yield warning("the time zones are the machine's, of unknown age; pip install -U tzdata")
    elif int(found[1]) < year - 1:
        yield warning(
            f"the time zones are of {facts.versions.tzdata}: where rules changed since, days are wrong; pip install -U"
            " tzdata"
        )
    else:
        yield ok(f"time zones {facts.versions.tzdata}")


def places(facts: Facts) -> Iterable[Said]:
    if facts.status and facts.status.geo_problem:
        yield warning(f"{facts.status.geo_problem} Correct [geoip] database, or get one: counter geo update")
    elif not facts.geo_built:
        yield note("no database of places is there yet; the service unpacks one when it starts")
    elif (days := _days(facts.now - facts.geo_built)) > GEO_DAYS:
        yield note(f"places are by {facts.geo_kind} of {days} days ago; get a newer one: counter geo update")
    else:
        yield ok(f"places are by {facts.geo_kind}, {days} days old")


def spam(facts: Facts) -> Iterable[Said]:
    days = _days(facts.now - facts.spam_written)
    if facts.spam_url and not facts.spam_written:
        yield note("[lists] spam_referrers_url is set but its list was never loaded: counter lists update")
    elif facts.spam_url and days > LIST_DAYS:
        yield note(f"the list of referrer spam is {days} days old; load it anew: counter lists update")
    elif facts.spam_written:
        yield ok(f"the list of referrer spam is {days} days old")


# Those of the machine and the service; those of the data are in `counter.doctor.storage_checks`.
CHECKS: Final[tuple[Check, ...]] = (
    config, python, sqlite, program, service, storing, durability, *STORAGE_CHECKS, clock, zones, proxies, rate, places,
    spam,
)  # fmt: skip
ALWAYS: Final[tuple[Check, ...]] = (config, python, sqlite)  # what is known although config.toml can't be read


def examine(facts: Facts) -> list[Finding]:
    """Every check's findings, in order."""
    checks = ALWAYS if facts.config_error else CHECKS
    return [
        Finding(check.__name__, level, sentence) for check in checks for level, sentence in check(facts)
    ]  # fmt: skip


def _dotted(version: tuple[int, ...]) -> str:
    return ".".join(map(str, version))


def _days(seconds: float) -> int:
    return max(0, int(seconds // 86400))


def _span(seconds: float) -> str:
    return f"{seconds / 3600:.1f} hours" if seconds < 2 * 86400 else f"{seconds / 86400:.0f} days"
