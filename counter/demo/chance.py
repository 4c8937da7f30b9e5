"""Weighted chance, made cheap: a deck has each value as often as its weight says, and a card is one index away."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import accumulate
from typing import TypeVar

T = TypeVar("T")


def allocate(total: int, weights: Sequence[float]) -> list[int]:
    """`total` shared out by `weights`, in whole parts that add up to it exactly. Some weight must be positive."""
    whole = sum(weights)
    edges = [round(total * share / whole) for share in accumulate(weights)]
    edges[-1] = total
    return [after - before for before, after in zip([0, *edges], edges, strict=False)]


def deck(weighted: Iterable[tuple[T, float]], size: int = 1024) -> tuple[T, ...]:
    """`size` cards, each value as often as its weight says; a value with less than a card's worth may be missing."""
    values, weights = zip(*weighted, strict=True)
    counts = allocate(size, weights)
    return tuple(value for value, count in zip(values, counts, strict=True) for _ in range(count))


def zipf(values: Sequence[T], exponent: float = 0.9) -> list[tuple[T, float]]:
    """The values with the weights of a long tail: the n-th has 1/n^exponent of the first."""
    return [(value, 1 / rank**exponent) for rank, value in enumerate(values, start=1)]
