"""What a running service tells its owner through the command socket; more than a stranger may read at /readyz."""

from __future__ import annotations

import os
import sqlite3
import sys

import aiohttp
import msgspec

from counter import __version__
from counter.service.last_check import Checked
from counter.service.proxies import ProxySign
from counter.service.service import Service


class Status(msgspec.Struct, frozen=True):
    """One running service."""

    version: str
    pid: int
    python: str
    sqlite: str
    aiohttp: str
    durability: str
    failing: str  # why hits can't be stored; '' when they are
    queued: int
    queue_limit: int
    answered: int  # hits, since the start
    rate_limited: int  # of them
    proxies: tuple[ProxySign, ...]  # whose visitors have one address; most requests first
    geo_problem: str
    geo_kind: str
    geo_built: int  # UTC seconds; 0 without a database
    checked: Checked | None


def status_of(service: Service) -> Status:
    writer, geo = service.writer, service.pipeline.geo
    answered = sum(service.outcomes.values())
    return Status(
        version=__version__,
        pid=os.getpid(),
        python=sys.version.split()[0],
        sqlite=sqlite3.sqlite_version,
        aiohttp=aiohttp.__version__,
        durability=str(service.config.storage.durability),
        failing=str(service.failing or ""),
        queued=writer.queued,
        queue_limit=service.config.storage.queue_hits,
        answered=answered,
        rate_limited=service.outcomes["dropped; reason=rate_limited"],
        proxies=tuple(service.proxies.likely(answered)),
        geo_problem=geo.problem or "",
        geo_kind=geo.edition.kind if geo.edition else "",
        geo_built=geo.edition.built if geo.edition else 0,
        checked=service.checked,
    )
