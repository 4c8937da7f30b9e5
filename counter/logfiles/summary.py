"""The results of the lines of an import."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

from counter.event import Outcome
from counter.logfiles.judge import Portion
from counter.store.protocols import Appended, Batch


@dataclass(slots=True)
class ImportSummary:
    """The parts add up to `lines`."""

    lines: int = 0
    counted: int = 0
    imported_before: int = 0
    day_taken: int = 0  # of a day that was counted live
    quarantined: int = 0  # the store refused it and put it aside
    not_page: int = 0
    malformed: int = 0
    dropped: Counter[str] = field(default_factory=Counter)  # by reason

    def rows(self) -> list[tuple[str, int]]:
        """The parts, as they are shown."""
        return [
            ("counted", self.counted),
            ("imported before", self.imported_before),
            *((f"dropped: {reason}", count) for reason, count in sorted(self.dropped.items())),
            ("dropped: day_taken", self.day_taken),
            ("put aside", self.quarantined),
            ("not a page", self.not_page),
            ("malformed", self.malformed),
        ]

    def add_portion(self, portion: Portion) -> None:
        """Add the lines that were read; those to be written are added once they are."""
        self.lines += portion.lines
        self.malformed += portion.malformed
        self.not_page += portion.not_page

    def add_written(self, batch: Batch, appended: Appended) -> None:
        """Add the writer's answer to a batch."""
        outcomes = Counter(appended.outcomes)
        self.counted += outcomes[Outcome.COUNTED]
        self.imported_before += outcomes[Outcome.KNOWN] + len(appended.known_drops)
        self.day_taken += outcomes[Outcome.DAY_TAKEN]
        self.quarantined += outcomes[Outcome.QUARANTINED]
        known = set(appended.known_drops)
        self.dropped.update(drop.reason.value for index, drop in enumerate(batch.drops) if index not in known)
