"""A stand-in for Camo, the image proxy in front of the images of README files: what it sends, and what it passes on.

By the source of atmos/camo 2.3.0 (MIT): the reader's cookies, address, language and page stay behind.
"""

from __future__ import annotations

from typing import Final

import aiohttp

from tests.kit.app import Counter

GITHUB: Final = "github-camo (876de43e)"
PASSED_ON: Final = ("Content-Type", "Cache-Control", "ETag", "Expires", "Last-Modified", "Content-Length")


class Camo:
    """One Camo; `via` is its CAMO_HEADER_VIA, which it sends as its user agent as well."""

    def __init__(self, counter: Counter, via: str = GITHUB, ip: str = "140.82.115.111") -> None:
        self.counter = counter
        self.via = via
        self.ip = ip

    async def fetch(self, path: str) -> tuple[dict[str, str], bytes]:
        """What a reader gets of an image: headers and body. An answer that is no image fails, as Camo's 404."""
        answer = await self.counter.get(path, headers=self._headers())
        kind = answer.headers.get("Content-Type", "").partition(";")[0]
        assert answer.status == 200, f"{answer.status}: {await answer.text()}"
        assert kind in {"image/svg+xml", "image/png", "image/gif"}, kind
        return {name: answer.headers[name] for name in PASSED_ON if name in answer.headers}, await answer.read()

    async def text(self, path: str) -> str:
        return (await self.fetch(path))[1].decode()

    def _headers(self) -> dict[str, str]:
        return {
            "X-Forwarded-For": self.ip,  # by the trusted proxy in front of the counter
            "Via": self.via,
            "User-Agent": self.via,
            "Accept": "image/avif,image/apng,image/svg+xml,image/*,*/*;q=0.8",
            "Accept-Encoding": "gzip, deflate, br",
            "X-Frame-Options": "deny",
            "X-XSS-Protection": "1; mode=block",
            "X-Content-Type-Options": "nosniff",
            "Content-Security-Policy": "default-src 'none'; img-src data:; style-src 'unsafe-inline'",
        }


async def sent(counter: Counter, path: str, agent: str, **headers: str) -> aiohttp.ClientResponse:
    """One fetch by another image proxy, from an address of its own."""
    return await counter.get(path, headers={"X-Forwarded-For": "66.249.84.1", "User-Agent": agent, **headers})
