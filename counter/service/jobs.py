"""What runs beside the hits, as a list: a name, how often, and what it does."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from typing import NamedTuple

from counter.errors import CounterError

log = logging.getLogger(__name__)


class Job(NamedTuple):
    name: str
    every: float  # seconds between the end of a run and the start of the next
    run: Callable[[], Awaitable[None]]
    first: float = 0.0  # seconds before the first run


async def run_jobs(jobs: tuple[Job, ...]) -> None:
    """Run each job again and again until cancelled. A job that fails is logged and tried the next time."""
    async with asyncio.TaskGroup() as group:
        for job in jobs:
            group.create_task(_repeat(job), name=job.name)


async def _repeat(job: Job) -> None:
    await asyncio.sleep(job.first)
    while True:
        try:
            await job.run()
        except CounterError as error:
            log.error("a job failed", extra={"job": job.name, "error": str(error)})
        except Exception:  # one job must not end the others, which share its task group
            log.exception("a job failed", extra={"job": job.name})
        await asyncio.sleep(job.every)
