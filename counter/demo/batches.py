"""Turn days into batches for the store: equal in size, in the order of time, with an id, so each is written once."""

from __future__ import annotations

from collections.abc import Iterator

from counter.demo.shape import Plan
from counter.demo.visits import DemoDay
from counter.event import Drop, Event
from counter.store.protocols import Batch

LARGEST = 5000  # events a transaction: live hits wait for no more


class Packer:
    """Collects days and gives out whole batches. The same plan gives the same batches under the same names."""

    def __init__(self, plan: Plan) -> None:
        self._name = f"demo-{plan.name}"
        self._number = 0
        self._events: list[Event] = []
        self._drops: list[Drop] = []

    def add(self, made: DemoDay) -> Iterator[Batch]:
        """Take the next day; the batches it fills."""
        self._events += made.events
        self._drops += made.drops
        while len(self._events) >= LARGEST:
            yield self._cut()

    def rest(self) -> Iterator[Batch]:
        """What is left at the end, if anything."""
        if self._events or self._drops:
            yield self._cut()

    def _cut(self) -> Batch:
        events, self._events = self._events[:LARGEST], self._events[LARGEST:]
        drops, self._drops = self._drops, []
        self._number += 1
        return Batch(tuple(events), tuple(drops), f"{self._name}-{self._number}")
