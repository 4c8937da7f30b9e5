"""`build_app`: the only place where the parts are put together."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator
from typing import TYPE_CHECKING, NamedTuple

from aiohttp import web

from counter.address import Networks
from counter.clock import Clock, SystemClock
from counter.collect.identify import Salts
from counter.collect.lists import SpamReferrers, spam_file
from counter.collect.origins.origin import Origins
from counter.collect.origins.sources import Sources
from counter.collect.pipeline import Pipeline
from counter.collect.places.geo import Geo
from counter.collect.rate import RateLimiter
from counter.collect.screen import READERS, Rules
from counter.config import SITE_FIELDS, Config, SiteConfig
from counter.errors import StoreError
from counter.passwords import Passwords
from counter.service import nightly
from counter.service.changes.accounts import ExpireAccounts
from counter.service.changes.change import CONFIG, NIGHTLY
from counter.service.changes.sites import AddSite
from counter.service.clock_doubt import clock_is_believed, look_before_hits
from counter.service.core import Core
from counter.service.jobs import Job, run_jobs
from counter.service.last_check import read_checked
from counter.service.notices import renew_notices, renew_places
from counter.service.online import REFRESH, WINDOW
from counter.service.salts import ServiceSalts
from counter.service.service import SERVICE, Service
from counter.settings import DrivenBrowsers
from counter.site import Site
from counter.store.open import open_store, sweep
from counter.web.middleware import answer_errors
from counter.web.request import LARGEST_BODY
from counter.web.routes import add_routes
from counter.web.socket import serve_commands
from counter.web.totals import ANSWERS, Answers

if TYPE_CHECKING:
    from counter.collect.agents.useragent import UserAgents  # its patterns take half a second to load

log = logging.getLogger(__name__)


class Intervals(NamedTuple):
    """Seconds between two runs of each job."""

    online: float = REFRESH
    salts: float = 1.0  # a look whether a salt could be made
    housekeeping: float = 3600.0
    check: float = nightly.EVERY
    places: float = 60.0  # a look whether the database of places changed
    lists: float = 30.0  # a look whether 'counter lists update' brought a new list


INTERVALS = web.AppKey("intervals", Intervals)


def build_app(
    config: Config,
    clock: Clock | None = None,
    *,
    agents: UserAgents | None = None,
    passwords: Passwords | None = None,
    intervals: Intervals | None = None,
) -> web.Application:
    """The public application. It opens its store when it starts and drains the queue before it ends.

    A part that is None is made here; making `agents` takes half a second.
    """
    app = web.Application(middlewares=[answer_errors], client_max_size=LARGEST_BODY)
    salts = ServiceSalts(config.storage.path / "salts")
    service = Service(
        config=config,
        clock=clock or SystemClock(),
        store=open_store(config.storage.path, config.storage.durability, config.counting.visit_timeout_minutes),
        salts=salts,
        pipeline=build_pipeline(config, salts, agents),
        trusted_proxies=Networks(config.server.trusted_proxies),
        passwords=passwords or Passwords(),
    )
    app[SERVICE] = service
    app[ANSWERS] = Answers(service)
    app[INTERVALS] = intervals or Intervals()
    add_routes(app, config)
    app.cleanup_ctx.append(_running)
    return app


def build_pipeline(config: Config, salts: Salts | None = None, agents: UserAgents | None = None) -> Pipeline:
    """Everything that judging hits needs; also an import's. Without `salts` they are those of the data directory."""
    geo = Geo.open(config.geoip.database, config.storage.path)
    if geo.problem:
        log.warning(geo.problem)
    return Pipeline(
        rules=Rules(
            respect_gpc=config.counting.respect_gpc,
            count_driven=config.counting.driven_browsers == DrivenBrowsers.COUNT,
            ignored=Networks(config.counting.ignored_networks),
            rate=RateLimiter(config.counting.rate_limit_per_minute),
            image_rate=RateLimiter(config.counting.rate_limit_per_minute * READERS),
            spam=SpamReferrers.of_file(spam_file(config.storage.path)),
        ),
        salts=salts or Salts(config.storage.path / "salts"),
        agents=agents or _load_agents(),
        geo=geo,
        origins=Origins(Sources.load(config.lists.sources)),
        store_ip=config.privacy.store_ip,
    )


def _load_agents() -> UserAgents:
    """Imported here, since most commands do not need its patterns."""
    from counter.collect.agents.useragent import UserAgents

    return UserAgents()


async def _running(app: web.Application) -> AsyncIterator[None]:
    """From the opened store to the drained queue; the order of the parts is the order of this function."""
    service = app[SERVICE]
    await asyncio.to_thread(sweep, service.config.storage.path)
    async with service.store:
        await look_before_hits(service)
        await service.load()
        await make_sites(service)
        service.online.see(await service.store.reports.online(int(service.clock.now()) - WINDOW))
        service.online.refresh(service.clock.now())
        service.checked = await asyncio.to_thread(read_checked, service.config.storage.path)
        renew_notices(service)
        service.writer.start()
        jobs = asyncio.create_task(run_jobs(_jobs(service, app[INTERVALS])), name="jobs")
        async with serve_commands(service):
            yield
        jobs.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await jobs
        await service.writer.stop()
        await service.countries.close()
        try:
            await service.store.fold()
        except StoreError as error:  # the next start folds; a full disk must not turn the stop into a crash
            log.error("breakdowns could not be folded", extra={"error": str(error)})
    service.pipeline.geo.close()


def _jobs(service: Service, every: Intervals) -> tuple[Job, ...]:
    async def refresh_online() -> None:
        service.online.refresh(service.clock.now())

    async def look_at_salts() -> None:
        await asyncio.to_thread(service.salts.probe)

    async def keep_house() -> None:
        await housekeeping(service)

    async def check() -> None:
        await nightly.check_when_due(service)

    async def look_at_places() -> None:
        await renew_places(service)

    async def look_at_lists() -> None:
        await asyncio.to_thread(service.pipeline.rules.spam.renew)

    return (
        Job("online", every.online, refresh_online),
        Job("salts", every.salts, look_at_salts),
        Job("housekeeping", every.housekeeping, keep_house),
        Job("check", every.check, check, first=nightly.SOON),
        Job("places", every.places, look_at_places),
        Job("lists", every.lists, look_at_lists),
    )


async def housekeeping(service: Service) -> None:
    """Destroy salts of past days; erase what is only needed for 48 hours, has expired or has ended.

    None of it comes back, so all of it waits while the clock is in doubt.
    """
    now = service.clock.now()
    believed = await clock_is_believed(service, now)
    renew_notices(service)
    if not believed:
        log.info("housekeeping waits: the clock is in doubt")
        return
    gone = await asyncio.to_thread(service.salts.expire, now)
    pruned = await service.store.prune(now, gone)
    privacy = service.config.privacy
    expired = await service.store.expire(now, privacy.ip_retention_days, privacy.hit_retention_days)
    over = await ExpireAccounts(actor=NIGHTLY).apply(service)
    log.info("housekeeping", extra={"salts": len(gone), **pruned, **expired, **over})


async def make_sites(core: Core) -> None:
    """Make the sites of config.toml that the catalog lacks. The catalog wins; removed sites stay removed."""
    known = {one.site.id: one.site for one in core.sites.all()}
    removed = set(await core.store.catalog.removed_ids())
    for one in core.config.sites:
        if one.id in removed:
            log.info("a site of config.toml was removed and stays so", extra={"site": one.id})
        elif one.id not in known:
            await AddSite(site_of(one), actor=CONFIG).apply(core)
        else:
            _log_differences(site_of(one), known[one.id])


def site_of(one: SiteConfig) -> Site:
    return Site(key=0, id=one.id, **{field: getattr(one, field) for field in SITE_FIELDS})


def _log_differences(wanted: Site, known: Site) -> None:
    for field in SITE_FIELDS:
        if getattr(wanted, field) != getattr(known, field):
            log.warning(
                "config.toml differs from the catalog, which wins; change it with 'counter site set'",
                extra={"site": wanted.id, "key": field, "file": getattr(wanted, field),
                       "catalog": getattr(known, field)},
            )  # fmt: skip
