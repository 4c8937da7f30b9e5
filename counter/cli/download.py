"""Downloads that the owner asked for: over HTTP, within limits, and with no secret in any message."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from typing import Final, NamedTuple
from urllib.parse import urlsplit

import aiohttp

from counter import __version__
from counter.errors import DownloadFailed

REDIRECTS: Final = 5
_CHUNK: Final = 256 * 1024  # bytes


class Address(NamedTuple):
    """A URL to fetch, and the part of it that may be shown: no key, no query, no password."""

    url: str
    shown: str


class Progress(NamedTuple):
    """Callbacks: `expect` with the size in bytes once it is known, `received` with the bytes that arrived."""

    expect: Callable[[int | None], object]
    received: Callable[[int], object]


class Limits(NamedTuple):
    """The largest size, the longest time in seconds, and the message for an HTTP status."""

    largest: int  # bytes as they travel
    seconds: float
    hints: Mapping[int, str] = {}


def shown(url: str) -> str:
    """An address without its possible secrets: password and query."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}{parts.path}"


async def download(
    candidates: list[Address], write: Callable[[bytes], object], progress: Progress, limits: Limits, *,
    decompress: bool = False,
) -> Address:  # fmt: skip
    """Write the first of `candidates` that exists, and return it; otherwise DownloadFailed with the reason.

    Only http and https, also after up to five redirects. What travels compressed stays so unless `decompress`.
    """
    headers = {"User-Agent": f"visitor-counter/{__version__}"}
    if not decompress:
        headers["Accept-Encoding"] = "identity"
    timeout = aiohttp.ClientTimeout(total=limits.seconds, sock_connect=30, sock_read=60)
    async with aiohttp.ClientSession(
        timeout=timeout, headers=headers, auto_decompress=decompress, trust_env=True,
        cookie_jar=aiohttp.DummyCookieJar(),
    ) as session:  # fmt: skip
        for more in reversed(range(len(candidates))):
            address = candidates[-1 - more]
            try:
                # aiohttp gives up at the redirect of this number.
                async with session.get(address.url, max_redirects=REDIRECTS + 1) as answer:
                    if answer.status == 404 and more:
                        continue
                    _check(answer, address, limits)
                    progress.expect(answer.content_length)
                    await _receive(answer, address, write, progress, limits.largest)
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


def _check(answer: aiohttp.ClientResponse, address: Address, limits: Limits) -> None:
    if answer.status != 200:
        hint = limits.hints.get(answer.status, "")
        raise DownloadFailed(f"{address.shown} answered HTTP {answer.status}{hint}")
    if answer.content_length is not None and answer.content_length > limits.largest:
        raise DownloadFailed(
            f"{address.shown} has {answer.content_length:,} bytes, and {limits.largest:,} are the most that is fetched"
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
        progress.received(received)


def _reason(error: aiohttp.ClientError) -> str:
    """Why, without the address: errors of aiohttp may carry the whole URL."""
    system = getattr(error, "os_error", None) or error
    if isinstance(system, OSError) and system.errno:
        # asyncio puts the peer in the text of its errors; numbers below zero are of the resolver.
        return os.strerror(system.errno) if system.errno > 0 else str(system.strerror)
    return type(error).__name__
