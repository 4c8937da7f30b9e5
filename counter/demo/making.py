"""Days made ahead while others are written, in a process of its own when that pays."""

from __future__ import annotations

import asyncio
import gc
import signal
from collections.abc import AsyncIterator, Iterator
from concurrent.futures import Executor, Future, ProcessPoolExecutor, ThreadPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from multiprocessing import get_context

from counter.demo.shape import Plan, days_of
from counter.demo.visits import DemoDay, make_day
from counter.errors import StoreError

WORTH_A_PROCESS = 50_000  # hits; below, starting one takes longer than it saves
AHEAD = 3  # days made before they are asked for: all that is in memory at one time


async def make_days(plan: Plan) -> AsyncIterator[DemoDay]:
    """The days of the plan, in their order. Raises StoreError when the process that makes them was killed."""
    with _executor(plan.hits) as executor:
        coming: list[Future[DemoDay]] = []
        shapes = iter(days_of(plan))
        try:
            while True:
                while len(coming) < AHEAD and (shape := next(shapes, None)) is not None:
                    coming.append(executor.submit(make_day, plan, shape))
                if not coming:
                    return
                yield await asyncio.wrap_future(coming.pop(0))
        except BrokenProcessPool as error:
            raise StoreError(
                "the process that makes the days was killed; finish with the same command and --add"
            ) from error


@contextmanager
def _executor(hits: int) -> Iterator[Executor]:
    """Where days are made: in another process when there are many, because the writer needs this one."""
    executor: Executor
    if hits < WORTH_A_PROCESS:
        executor = ThreadPoolExecutor(1)
    else:
        executor = ProcessPoolExecutor(1, get_context("spawn"), _begin_process)
    try:
        yield executor
    finally:
        executor.shutdown(cancel_futures=True)


def _begin_process() -> None:
    """Ctrl-C is for the process that writes; and nothing made here has reference cycles to collect."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    gc.disable()
