"""The queue and the one writer: what is waiting is written in one transaction, then each hit gets its answer.

At low load a hit is committed at once. Under load batches grow by themselves, and after a large one the writer waits
a moment (GATHER) for the next to grow. `stop` lets it write all that waits and end by itself; cancelling it between
BEGIN and COMMIT would leave a transaction open.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from typing import Protocol

from counter.clock import Clock
from counter.errors import CounterError, Overloaded, StoreError
from counter.event import Drop, Event, Outcome
from counter.service.storage_health import ProbeStore, StorageHealth, as_store_error
from counter.store.protocols import Appended, Batch

log = logging.getLogger(__name__)

LARGEST_BATCH = 5000  # events a transaction; more would keep the first of them waiting for too long
BUSY = 16  # hits in one batch: from here on the next one is waited for
GATHER = 0.004  # seconds
LARGEST_FOLD = 10_000  # events behind the watermark before it is moved under load
LOOK = 1.0  # seconds without a hit between two looks whether storage is still there, or there again
IDLE_LOOKS = 2  # of them before the tail is folded
RETRY_AFTER = 5  # seconds a client is asked to wait when the queue is full


class WriteStore(ProbeStore, Protocol):
    """What the writer needs of a store."""

    async def append(self, batch: Batch, now: float) -> Appended: ...

    async def fold(self) -> int: ...

    async def quarantine(self, event: Event, error: str, now: float) -> None: ...


Waiting = tuple[Event, "asyncio.Future[Outcome]"]


class Writer:
    """Group commit. `submit` returns once the event is durable; `drop` does not wait."""

    def __init__(self, store: WriteStore, clock: Clock, queue_hits: int, committed: Callable[[Appended], None]) -> None:
        """`committed` is told of each batch before its hits are answered."""
        self._store = store
        self._clock = clock
        self._most = queue_hits
        self._committed = committed
        self._waiting: list[Waiting] = []
        self._drops: list[Drop] = []
        self._wake = asyncio.Event()
        self._settled = asyncio.Event()
        self._stopping = False
        self._unfolded = 0
        self._last_batch = 0
        self._task: asyncio.Task[None] | None = None
        self.turn = asyncio.Lock()  # held from a commit until it is told of: who holds it sees no batch half told
        self._health = StorageHealth(store, clock)
        self._idle = 0  # looks since the last batch
        self.batches = 0
        self.written = 0

    @property
    def failing(self) -> StoreError | None:
        """Why the last batch could not be written; None when hits are stored."""
        return self._health.failing

    @property
    def queued(self) -> int:
        return len(self._waiting)

    def start(self) -> None:
        self._task = asyncio.create_task(self._run(), name="writer")

    async def stop(self) -> None:
        """Write all that is waiting, then end."""
        self._stopping = True
        self._wake.set()
        if self._task is not None:
            await self._task

    async def submit(self, event: Event) -> Outcome:
        """Store one event; the outcome is of a committed transaction. Overloaded or StoreError: it is not stored."""
        return await self.queue(event)

    def queue(self, event: Event) -> asyncio.Future[Outcome]:
        """Queue one event; the future ends with its outcome."""
        if self._stopping or len(self._waiting) >= self._most:
            raise Overloaded(
                f"{len(self._waiting)} hits are waiting to be stored (limit {self._most}); try again in {RETRY_AFTER} s"
            )
        future: asyncio.Future[Outcome] = asyncio.get_running_loop().create_future()
        self._waiting.append((event, future))
        self._settled.clear()
        self._wake.set()
        return future

    def check_room(self, events: int) -> None:
        """Refuse an array whole when the queue can't take all of it."""
        if self._stopping or len(self._waiting) + events > self._most:
            raise Overloaded(f"the queue has no room for {events} hits (limit {self._most}); try again later")

    def drop(self, drop: Drop) -> None:
        """Count a drop with the next batch. Beyond the queue's limit drops are not remembered."""
        if len(self._drops) < self._most:
            self._drops.append(drop)
            self._settled.clear()
            self._wake.set()

    async def settled(self) -> None:
        """Until all that was queued and all drops are committed. As long as storage fails, drops are not."""
        await self._settled.wait()

    async def append(self, batch: Batch) -> Appended:
        """Write a batch; imports bring theirs between the live ones."""
        async with self.turn:
            appended = await self._store.append(batch, self._clock.now())
            self._note(appended)
        self._wake.set()  # an import's events are to be folded, too, although no hit waits
        return appended

    async def _run(self) -> None:
        while True:
            if not self._waiting and not self._drops:
                self._settled.set()
            await self._sleep()
            if self._stopping and not self._waiting and self.failing is not None:
                return  # drops that cannot be counted must not keep the service from stopping
            if self._waiting or self._drops:
                await self._write_waiting()
            elif self.failing is not None:
                async with self.turn:
                    await self._health.probe()
            elif self._unfolded and (self._stopping or self._idle >= IDLE_LOOKS):
                await self._fold()
            elif self._stopping:
                return
            else:
                await self._health.verify()
            if self._unfolded >= LARGEST_FOLD:
                await self._fold()

    async def _sleep(self) -> None:
        """Until there is something to write, or it is time for a look."""
        if self._waiting or self._stopping or (self._drops and self.failing is None):
            return
        self._wake.clear()
        try:
            async with asyncio.timeout(LOOK):
                await self._wake.wait()
        except TimeoutError:
            self._idle += 1

    async def _gather(self) -> None:
        """After a large batch, wait a moment for the next to grow: a commit costs the same for one and for many.

        At low load there is no wait at all. docs/bench.md has what it was measured to save.
        """
        if self._last_batch >= BUSY and not self._stopping:
            await asyncio.sleep(GATHER)

    async def _write_waiting(self) -> None:
        self._idle = 0
        await self._gather()
        waiting, self._waiting = self._waiting[:LARGEST_BATCH], self._waiting[LARGEST_BATCH:]
        drops, self._drops = self._drops, []
        self._last_batch = len(waiting)
        await self._write(waiting, tuple(drops))

    async def _write(self, waiting: list[Waiting], drops: tuple[Drop, ...]) -> None:
        batch = Batch(tuple(event for event, _ in waiting), drops)
        try:
            appended = await self.append(batch)
        except StoreError as error:
            self._keep(drops)
            self._fail(waiting, error)
            self._health.suspect = waiting[0][0] if waiting else self._health.suspect
        except Exception as error:  # noqa: BLE001 - whatever one event does, its neighbours are stored
            await self._rescue(waiting, drops, error)
        else:
            if waiting:
                self._health.works()
            for (_, future), outcome in zip(waiting, appended.outcomes, strict=True):
                if not future.done():
                    future.set_result(outcome)

    async def _rescue(self, waiting: list[Waiting], drops: tuple[Drop, ...], error: Exception) -> None:
        """What the store refuses must not take its neighbours along: halve until it stands alone."""
        if drops and waiting:
            await self._write(waiting, ())
            await self._write([], drops)
        elif len(waiting) == 1:
            await self._try_again(waiting[0])
        elif len(drops) == 1:
            self._lose(drops[0], error)
        else:
            for part in (slice(None, len(waiting or drops) // 2), slice(len(waiting or drops) // 2, None)):
                await self._write(waiting[part], drops[part])

    async def _try_again(self, one: Waiting) -> None:
        """What fails alone and twice, because of its values, is put aside. Whatever else it was may pass: 503."""
        event, future = one
        try:
            appended = await self.append(Batch((event,)))
        except ValueError as error:
            await self._quarantine(one, error)
        except Exception as error:  # noqa: BLE001 - a lack of memory, a fault of ours: the hit is stored at its retry
            self._fail([one], as_store_error(error))
        else:
            self._health.works()
            if not future.done():
                future.set_result(appended.outcomes[0])

    async def _quarantine(self, one: Waiting, error: Exception) -> None:
        event, future = one
        log.error("an event was put aside", extra={"site_key": event.site_key, "error": str(error)})
        try:
            await self._store.quarantine(event, str(error), self._clock.now())
        except CounterError as failed:
            self._fail([one], failed)
            return
        if not future.done():
            future.set_result(Outcome.QUARANTINED)

    def _lose(self, drop: Drop, error: Exception) -> None:
        """A drop by itself could not be written. Because of its values it never will be."""
        if isinstance(error, ValueError):
            log.error("a drop could not be counted", extra={"site_key": drop.site_key, "error": str(error)})
            return
        self._keep((drop,))
        self._fail([], as_store_error(error))

    def _keep(self, drops: tuple[Drop, ...]) -> None:
        """To be counted when storage is back."""
        self._drops[:0] = drops[: self._most - len(self._drops)]

    def _fail(self, waiting: list[Waiting], error: CounterError) -> None:
        self._health.fails(error, len(waiting))
        for _, future in waiting:
            if not future.done():
                future.set_exception(error)

    async def _fold(self) -> None:
        try:
            await self._store.fold()
            self._unfolded = 0
        except StoreError as error:
            log.error("breakdowns could not be folded", extra={"error": str(error)})
            self._unfolded = 0  # the next events will bring it back

    def _note(self, appended: Appended) -> None:
        self.batches += 1
        self.written += len(appended.outcomes)
        self._unfolded += len(appended.outcomes)
        self._committed(appended)
