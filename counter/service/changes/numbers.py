"""Changes of the numbers: imports, days of a former counter, and what is mended."""

from __future__ import annotations

from counter.errors import UsageError
from counter.question import HistoryDay, Repair
from counter.service.changes.change import ActorChange, ChangedCore
from counter.store.protocols import Appended, Batch


class AppendBatch(ActorChange, frozen=True, tag=True):
    """Events of one site, of an import. UsageError when the site is gone, or no longer in the zone of their days."""

    batch: Batch
    timezone: str  # of the site, when the days of the events were made

    async def apply(self, core: ChangedCore) -> Appended:
        for event in self.batch.events[:1]:
            active = core.sites.by_key(event.site_key)
            if active is None or active.site.timezone != self.timezone:
                raise UsageError("the site was removed or its time zone changed meanwhile; run the import again")
        return await core.writer.append(self.batch)


class PutHistory(ActorChange, frozen=True, tag=True):
    """Days of a former counter, in the place of those that were brought along for the same dates."""

    site_key: int
    days: list[HistoryDay]
    note: str  # where they are from, for the audit log

    async def apply(self, core: ChangedCore) -> None:
        now = core.clock.now()
        await core.store.catalog.put_history(self.site_key, self.days, self.note, now, actor=self.actor)
        await core.reload_sites()


class MendNumbers(ActorChange, frozen=True, tag=True):
    """Put what the raw rows say in the place of what differs; without `lower`, no published number may fall."""

    lower: bool

    async def apply(self, core: ChangedCore) -> Repair:
        now = core.clock.now()
        repair = await core.store.repair(now, lower=self.lower, actor=self.actor)
        await core.reload_sites()
        if repair.mended:
            detail = f"{repair.mended} numbers of {', '.join(repair.tables)}"
            await core.store.catalog.audit("check.repaired", detail, now, actor=self.actor)
        return repair


class NoteExport(ActorChange, frozen=True, tag=True):
    """Raw hits of a site leave the house: nothing changes but the audit log."""

    site_key: int
    file: str  # its name

    async def apply(self, core: ChangedCore) -> None:
        await core.store.catalog.audit("hits.exported", self.file, core.clock.now(), self.site_key, actor=self.actor)
