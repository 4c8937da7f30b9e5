"""What commands share: the configuration, and how to look at the store without disturbing the service."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator, Coroutine
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, TypeVar

from counter.config import Config, load
from counter.errors import StoreError, UnknownSite
from counter.site import Site
from counter.store.open import ReadOnlyStore, open_reports

T = TypeVar("T")


class Context:
    """The command line's context object; the configuration is read when it is first needed."""

    def __init__(self, config_file: Path | None, umask: int) -> None:
        """`umask` is the caller's, for files meant for others; our own files are private to their owner."""
        self.umask = umask
        default = Path("config.toml")
        self.file = config_file or (default if default.exists() else None)
        self._config: Config | None = None

    @property
    def config(self) -> Config:
        if self._config is None:
            self._config = load(self.file, os.environ)
        return self._config

    @asynccontextmanager
    async def reading(self) -> AsyncIterator[ReadOnlyStore]:
        """The store, read-only; the service may run meanwhile."""
        folder = self.config.storage.path
        if not folder.is_dir():
            raise StoreError(f"there is no data in {folder} yet; start the service once: counter serve")
        async with open_reports(folder) as reports:
            yield reports


def run(work: Coroutine[Any, Any, T]) -> T:
    return asyncio.run(work)


async def find_site(store: ReadOnlyStore, site_id: str) -> Site:
    """The site of that id, or UnknownSite with the ids there are."""
    sites = await store.catalog.sites()
    for site in sites:
        if site.id == site_id:
            return site
    known = ", ".join(site.id for site in sites) or "none yet; make one with 'counter site add ID'"
    raise UnknownSite(f"there is no site {site_id!r}; sites: {known}")
