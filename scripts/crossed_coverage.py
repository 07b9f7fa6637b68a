"""Planted differences over seeds and documents, and how often their intervals hold: a table of bench_proof.py.

What seeds, documents and the rest do is drawn for documents of lognormal lengths in seven languages, and judged by the
functions that `codescale compare` judges by.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from codescale.arrays import Array
from codescale.comparison.documents.crossed import crossed_difference, influences
from codescale.comparison.statistics import paired_difference

LENGTH, SPREAD = 5.5, 0.8
"""Mean and deviation of the logarithm of a document's tokens."""
LANGUAGES = 7
TITLES = (
    "seeds", "documents of each language", "of the variance: seeds", "documents", "the rest",
    "given the text: intervals that hold", "for other text: the same intervals", "for other text: those of both",
)  # fmt: skip


@dataclass(frozen=True)
class Effects:
    """Shares of the variance of the mean difference, which sum to 1, with so many ``seeds`` and ``documents`` of each
    language.
    """

    seeds: int
    documents: int
    of_seeds: float
    of_documents: float

    @property
    def residual(self) -> float:
        return 1.0 - self.of_seeds - self.of_documents


WORLDS = [
    Effects(seeds, documents, *parts)
    for seeds in (3, 5, 10)
    for documents in (20, 200)
    for parts in ((0.9, 0.0), (0.5, 0.3), (0.2, 0.7), (0.0, 0.5))
]


def rows(count: int, generator: np.random.Generator) -> Iterator[tuple[object, ...]]:
    """A row a world, of ``count`` proofs each."""
    for world in WORLDS:
        hits = np.array([_hits(world, generator) for _ in range(count)]).mean(axis=0)
        parts = (f"{part:.0%}" for part in (world.of_seeds, world.of_documents, world.residual))
        yield (world.seeds, world.documents, *parts, *(f"{share:.1%}" for share in hits))


def _hits(world: Effects, generator: np.random.Generator) -> tuple[bool, bool, bool]:
    """Whether the interval of the seeds alone holds the truth given the text and that for all text, which is 0, and
    whether that of both holds the latter.
    """
    size = (LANGUAGES, world.documents)
    tokens = np.maximum(20, generator.lognormal(LENGTH, SPREAD, size)).astype(int)
    # The weight of a document is its share of the tokens: what all of them do counts as that of so many.
    alike = (tokens.sum(axis=1) ** 2 / (tokens**2).sum(axis=1)).mean() * LANGUAGES
    seeds = generator.standard_normal((world.seeds, 1, 1)) * np.sqrt(world.of_seeds * world.seeds)
    text = generator.standard_normal(size) * np.sqrt(world.of_documents * alike)
    rest = generator.standard_normal((world.seeds, *size)) * np.sqrt(world.residual * alike * world.seeds)
    nats = (seeds + text + rest) * tokens
    layouts = {str(k): influences(nats[:, k], tokens[k]) for k in range(LANGUAGES)}
    both = crossed_difference(layouts, dict.fromkeys(layouts, 1 / LANGUAGES))
    given = float((text * tokens).sum(axis=1).dot(1 / tokens.sum(axis=1)) / LANGUAGES)
    values: Array = np.mean([one.mean(axis=1) for one in layouts.values()], axis=0)
    alone = paired_difference(values.tolist(), [0.0] * world.seeds)
    assert both is not None
    low, high = alone.low or 0.0, alone.high or 0.0
    return low <= given <= high, low <= 0 <= high, both.low <= 0 <= both.high
