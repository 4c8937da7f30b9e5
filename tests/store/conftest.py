"""A store of each engine, with two sites; for tests of what every engine must do, and of what lies below."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from counter.site import Site
from counter.store.open import Store
from tests.kit.engines import ENGINES, Open
from tests.kit.events import NOON


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "data"


@pytest.fixture(params=ENGINES.values(), ids=ENGINES.keys())
def opener(request: pytest.FixtureRequest, folder: Path) -> Open:
    return lambda: request.param(folder, "normal", 30)


@pytest.fixture
async def store(opener: Open) -> AsyncIterator[Store]:
    async with opener() as opened:
        yield opened


@pytest.fixture
async def site(store: Store) -> Site:
    return await store.add_site(Site(0, "shop", "The shop", timezone="UTC"), NOON)


@pytest.fixture
async def other(store: Store, site: Site) -> Site:
    return await store.add_site(Site(0, "blog", "The blog", timezone="Asia/Tbilisi"), NOON)
