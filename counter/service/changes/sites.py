"""Changes of a site, and of what belongs to it: tokens, goals and annotations."""

from __future__ import annotations

from counter.accounts import Annotation
from counter.collect.page import normalise_path
from counter.errors import UnknownSite
from counter.service.changes.change import ActorChange, ChangedCore
from counter.site import Goal, Site, TokenMay


class AddSite(ActorChange, frozen=True, tag=True):
    """Make a site, or bring back one that was removed. Returns it with its key; UsageError when the id is in use."""

    site: Site

    async def apply(self, core: ChangedCore) -> Site:
        made = await core.store.catalog.add_site(self.site, core.clock.now(), actor=self.actor)
        await core.reload_sites()
        return made


class ChangeSite(ActorChange, frozen=True, tag=True):
    """Store `site`; UsageError when what is stored is no longer the `version` it was made from. Returns it."""

    site: Site
    version: str

    async def apply(self, core: ChangedCore) -> Site:
        changed = await core.store.catalog.change_site(self.site, core.clock.now(), self.version, actor=self.actor)
        await core.reload_sites()
        return changed


class RemoveSite(ActorChange, frozen=True, tag=True):
    """Stop counting and showing a site; UnknownSite when there is none."""

    site_id: str

    async def apply(self, core: ChangedCore) -> None:
        await core.store.catalog.remove_site(self.site_id, core.clock.now(), actor=self.actor)
        await core.reload_sites()


class AddToken(ActorChange, frozen=True, tag=True):
    site_key: int
    digest: bytes
    may: TokenMay

    async def apply(self, core: ChangedCore) -> None:
        await core.store.catalog.add_token(self.site_key, self.digest, core.clock.now(), self.may, actor=self.actor)
        await core.reload_sites()


class RemoveToken(ActorChange, frozen=True, tag=True):
    """Make a token of this very site useless; UsageError when there is none."""

    site_key: int
    digest: bytes

    async def apply(self, core: ChangedCore) -> None:
        await core.store.catalog.remove_token(self.site_key, self.digest, core.clock.now(), actor=self.actor)
        await core.reload_sites()


class AddGoal(ActorChange, frozen=True, tag=True):
    """Make a goal; UsageError for one that may not be. Goals are not in memory."""

    site_key: int
    goal: Goal

    async def apply(self, core: ChangedCore) -> None:
        await core.store.catalog.add_goal(self.site_key, self.goal, core.clock.now(), actor=self.actor)


class RemoveGoal(ActorChange, frozen=True, tag=True):
    """Remove a goal with its numbers; UsageError when there is none of that name."""

    site_key: int
    name: str

    async def apply(self, core: ChangedCore) -> None:
        await core.store.catalog.remove_goal(self.site_key, self.name, core.clock.now(), actor=self.actor)


class SetPageStart(ActorChange, frozen=True, tag=True):
    """What a page had counted before (0 or more): part of the page's `all`, not of the site's. UsageError."""

    site_key: int
    path: str  # as people write it; it is stored as the paths of hits are
    count: int

    async def apply(self, core: ChangedCore) -> None:
        path = _page(core, self.site_key, self.path)
        await core.store.catalog.set_page_start(self.site_key, path, self.count, core.clock.now(), actor=self.actor)
        await core.reload_sites()


class RemovePageStart(ActorChange, frozen=True, tag=True):
    """Take the start count of a page away; UsageError when it has none."""

    site_key: int
    path: str  # as people write it

    async def apply(self, core: ChangedCore) -> None:
        path = _page(core, self.site_key, self.path)
        await core.store.catalog.remove_page_start(self.site_key, path, core.clock.now(), actor=self.actor)
        await core.reload_sites()


class AddAnnotation(ActorChange, frozen=True, tag=True):
    """Note something on a day. Returns it with its key. Annotations are not in memory."""

    annotation: Annotation

    async def apply(self, core: ChangedCore) -> Annotation:
        return await core.store.accounts.add_annotation(self.annotation, core.clock.now(), actor=self.actor)


class RemoveAnnotation(ActorChange, frozen=True, tag=True):
    """Take an annotation of this very site away; UsageError when there is none."""

    site_key: int
    key: int

    async def apply(self, core: ChangedCore) -> None:
        await core.store.accounts.remove_annotation(self.site_key, self.key, core.clock.now(), actor=self.actor)


def _page(core: ChangedCore, site_key: int, path: str) -> str:
    """The path as hits of the site are stored under."""
    site = core.sites.by_key(site_key)
    if site is None:
        raise UnknownSite(f"there is no site with the key {site_key}")
    return normalise_path(path, site.site.query_keys)
