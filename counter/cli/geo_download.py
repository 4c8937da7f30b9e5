"""Fetching a database of places: over HTTP into a file, within limits, and nothing of the key in any sentence."""

from __future__ import annotations

import datetime as dt
import os
from collections.abc import Callable
from typing import Final, NamedTuple
from urllib.parse import quote, urlsplit

import aiohttp

from counter import __version__
from counter.errors import DownloadFailed

LARGEST_DOWNLOAD: Final = 200 * 1024 * 1024  # bytes
REDIRECTS: Final = 5  # MaxMind sends one, to where its files are
TIMEOUT: Final = aiohttp.ClientTimeout(total=1800, sock_connect=30, sock_read=60)  # seconds
_CHUNK: Final = 256 * 1024  # bytes

_HINTS: Final = {
    401: "; is [geoip] license_key right?",
    403: "; is [geoip] license_key right?",
    404: "; is [geoip] update_url right?",
    429: "; that was too often, try again tomorrow",
}


class Address(NamedTuple):
    """Where to fetch from, and what of that may be shown: no key, no query, no password."""

    url: str
    shown: str


class Progress(NamedTuple):
    """Who wants to know: the size in bytes when it is known, and the bytes that arrived."""

    expect: Callable[[int | None], object]
    got: Callable[[int], object]


def addresses(pattern: str, key: str, today: dt.date) -> list[Address]:
    """Where to look, in order: with a month in the pattern, this month's file and then the one before."""
    if "{key}" in pattern and not key:
        raise DownloadFailed(
            "[geoip] update_url needs a key: set [geoip] license_key, or COUNTER_GEOIP_LICENSE_KEY in the environment"
        )
    months = [today, today.replace(day=1) - dt.timedelta(days=1)]
    dated = "{month}" in pattern or "{year}" in pattern
    return [_address(pattern, key, month) for month in months[: 2 if dated else 1]]


def _address(pattern: str, key: str, month: dt.date) -> Address:
    dated = pattern.replace("{year}", f"{month.year:04}").replace("{month}", f"{month.month:02}")
    parts = urlsplit(dated)
    host = parts.netloc.rpartition("@")[2]
    return Address(dated.replace("{key}", quote(key, safe="")), f"{parts.scheme}://{host}{parts.path}")


async def download(
    candidates: list[Address], write: Callable[[bytes], object], progress: Progress, largest: int = LARGEST_DOWNLOAD
) -> Address:
    """Writes the first of `candidates` that is there, and says which; DownloadFailed with the reason else.

    Only http and https, also after up to five redirects.
    """
    # The file as it is: decompressing it is `geo_unpack`'s, which counts.
    headers = {"Accept-Encoding": "identity", "User-Agent": f"visitor-counter/{__version__}"}
    async with aiohttp.ClientSession(
        timeout=TIMEOUT, headers=headers, auto_decompress=False, trust_env=True, cookie_jar=aiohttp.DummyCookieJar()
    ) as session:
        for more in reversed(range(len(candidates))):
            address = candidates[-1 - more]
            try:
                # aiohttp gives up at the redirect of this number.
                async with session.get(address.url, max_redirects=REDIRECTS + 1) as answer:
                    if answer.status == 404 and more:
                        continue
                    _check(answer, address, largest)
                    progress.expect(answer.content_length)
                    await _receive(answer, address, write, progress, largest)
                    return address
            except aiohttp.TooManyRedirects:
                raise DownloadFailed(f"{address.shown} redirects more than {REDIRECTS} times") from None
            except aiohttp.NonHttpUrlClientError:
                raise DownloadFailed(f"{address.shown} redirects to what is not http or https") from None
            except aiohttp.InvalidURL:
                raise DownloadFailed(f"{address.shown} is, or redirects to, no address") from None
            except aiohttp.ClientPayloadError:
                raise DownloadFailed(f"{address.shown} broke off before the end; try again") from None
            except TimeoutError:
                raise DownloadFailed(f"{address.shown} took too long; try again") from None
            except aiohttp.ClientError as error:
                raise DownloadFailed(f"{address.shown} can't be reached: {_reason(error)}") from None
    raise AssertionError("the last candidate is answered for")


def _check(answer: aiohttp.ClientResponse, address: Address, largest: int) -> None:
    if answer.status != 200:
        hint = _HINTS.get(answer.status, "")
        raise DownloadFailed(f"{address.shown} answered HTTP {answer.status}{hint}")
    if answer.content_length is not None and answer.content_length > largest:
        raise DownloadFailed(
            f"{address.shown} has {answer.content_length:,} bytes, and {largest:,} are the most that is fetched"
        )


async def _receive(
    answer: aiohttp.ClientResponse, address: Address, write: Callable[[bytes], object], progress: Progress, largest: int
) -> None:
    received = 0
    async for chunk in answer.content.iter_chunked(_CHUNK):
        received += len(chunk)
        if received > largest:
            raise DownloadFailed(f"{address.shown} goes on after {largest:,} bytes, the most that is fetched")
        write(chunk)
        progress.got(received)


def _reason(error: aiohttp.ClientError) -> str:
    """Why, without the address: errors of aiohttp may carry the whole URL."""
    system = getattr(error, "os_error", None) or error
    if isinstance(system, OSError) and system.errno:
        # asyncio puts the peer in the text of its errors; numbers below zero are of the resolver.
        return os.strerror(system.errno) if system.errno > 0 else str(system.strerror)
    return type(error).__name__
