"""The catalog changes while hits come in: the numbers in memory stay those of the store."""

from __future__ import annotations

import asyncio

import pytest

from counter.question import HistoryDay, Metric
from counter.store.protocols import Batch
from tests.kit.app import NOON, Start
from tests.kit.events import of_log


async def test_no_hit_is_lost_from_the_totals_while_the_sites_are_read_anew(
    start: Start, monkeypatch: pytest.MonkeyPatch
) -> None:
    counter = await start()
    service = counter.service
    read_history = service.store.reports.history
    arrived: list[asyncio.Task[object]] = []

    async def history_with_a_hit_before_it() -> dict[int, list[HistoryDay]]:
        """The day totals are read already; a hit comes, and has time to be committed if nothing holds it back."""
        arrived.append(asyncio.create_task(counter.hit()))
        await asyncio.sleep(0.3)
        return await read_history()

    monkeypatch.setattr(service.store.reports, "history", history_with_a_hit_before_it)
    await service.reload_sites()
    await arrived[0]
    stored = await service.store.reports.day_totals(1)
    assert service.book.tally(1, Metric.PAGEVIEWS).total == sum(day.pageviews for day in stored) == 1


async def test_an_imports_events_are_folded_although_no_hit_comes(start: Start) -> None:
    counter = await start()
    service = counter.service
    site = (await service.store.catalog.sites())[0]
    await service.writer.append(Batch((of_log(site, int(NOON) - 86_400, 1),)))
    async with asyncio.timeout(60):
        while counter.rows("select event_id as last from watermark") != [{"last": 1}]:
            await asyncio.sleep(0.1)
