"""Whose page a host shows that keeps or translates copies of other people's pages.

    shop-example.cdn.ampproject.org, shop-example.translate.goog   the host is in the first label
    cdn.ampproject.org/c/s/shop.example/a                           or in the path

The label is made as the AMP caches say ("AMP Cache URL Format"): '-' of the host is written '--', then '.' is '-', in
the host's own letters, then punycode; '0-' and '-0' stand around a label whose third and fourth characters would be
'--'. A host that makes no label of at most 63 characters is a hash, in base 32, of which no host can be read.
"""

from __future__ import annotations

import hashlib
import re
from base64 import b32encode
from collections.abc import Iterable
from functools import lru_cache
from typing import Final

from counter.hosts import MAX_LABEL, ascii_host, host_letters

_KEEPERS: Final = (
    "cdn.ampproject.org", "ampproject.net", "bing-amp.com", "amp.cloudflare.com", "translate.goog", "turbopages.org",
)  # fmt: skip
# Kind of document, 's' for https, then the host: /c/s/shop.example/a; of Yandex the host alone.
_IN_PATH: Final = re.compile(r"/(?:[a-z]{1,4}/(?:s/)?)?([a-z0-9-]+(?:\.[a-z0-9-]+)+)(?:[/?#]|\Z)", re.IGNORECASE)
_HASHED: Final = re.compile(r"[a-z2-7]{52}")


def original_host(host: str, path: str = "") -> str:
    """The host whose page is shown at `host` and `path`, in ASCII; '' when it is not a copy or nobody can say of what.

    A label that is a hash stays one: `is_hash_of` says whether it is that of a given host.
    """
    label = _label_at(host)
    if label is None:
        return ""
    found = _IN_PATH.match(path)
    if found is not None:
        return ascii_host(found[1])
    return "" if label.count(".") or _HASHED.fullmatch(label) else _host_of_label(label)


def is_hash_of(host: str, originals: Iterable[str]) -> bool:
    """Whether `host` is a copy whose label is the hash of one of the hosts (of each with 'www.' as well)."""
    label = _label_at(host)
    if not label or not _HASHED.fullmatch(label):
        return False
    return any(label == _hashed(name) for one in originals for name in (one, f"www.{one.removeprefix('www.')}"))


def _label_at(host: str) -> str | None:
    """What stands before the keeper's own host, '' for nothing; None when the host keeps no copies."""
    for keeper in _KEEPERS:
        if host == keeper:
            return ""
        if host.endswith(f".{keeper}"):
            return host[: -len(keeper) - 1].removeprefix("www.")
    return None


def _host_of_label(label: str) -> str:
    letters = host_letters(label)
    if letters.startswith("0-") and letters.endswith("-0"):
        letters = letters[2:-2]
    host = ascii_host("-".join(part.replace("-", ".") for part in letters.split("--")))
    return host if "." in host.strip(".") else ""


@lru_cache(maxsize=256)
def _hashed(host: str) -> str:
    """The label of a host that makes none of its own."""
    digest = hashlib.sha256(host_letters(host).encode("utf-8")).digest()
    return b32encode(digest).decode("ascii").lower().rstrip("=")[:MAX_LABEL]
