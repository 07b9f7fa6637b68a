"""How much the difference between two runs with one seed varies: from a sweep's replicates, or from like studies."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

import numpy as np

from codescale.directions import sides
from codescale.runs.records import SWEEP_STAGES, RunRecord
from codescale.runs.seed_noise import doubly_centred
from codescale.search.objective.objective import Objective
from codescale.search.objective.power_analysis import recipes_of, sweep_noise

FEWEST_PAIRED = 4
"""Degrees of freedom from which on what replicates say of pairs is believed, rather than that pairing gains nothing."""


@dataclass(frozen=True)
class TextPart:
    """What the test text makes of the variance of a difference's objective between seeds: by language (nats per token,
    squared) with so many tokens ``read`` of each.
    """

    variances: Mapping[str, float]
    read: Mapping[str, int]

    def on(self, read: Mapping[str, int]) -> TextPart:
        """With other tokens ``read``, whose documents are other ones or no more alike than any two tokens are."""
        scaled = {name: one * self.read[name] / read[name] for name, one in self.variances.items()}
        return TextPart(scaled, {name: read[name] for name in scaled})

    @property
    def variance(self) -> float:
        """Of all languages together."""
        return sum(self.variances.values())


@dataclass(frozen=True)
class DifferenceNoise:
    """What the difference between two mixtures' objectives varies by, of two runs with one seed.

    Attributes
    ----------
    deviation
        Standard deviation over seeds (nats per token).
    freedom
        How many degrees of freedom that is known by.
    between_seeds
        The deviation of a single run's objective between seeds; without pairs a difference's is the root of 2 times it.
    correlation
        Of two mixtures' runs with one seed, which is what pairing gains; None where no replicates tell, and then none
        is counted on.
    measured
        Whether on this study's own runs.
    source
        What it was measured on.
    text
        The test text's part of it, which more text lowers; None where that is not known.
    """

    deviation: float
    freedom: float
    between_seeds: float
    correlation: float | None
    measured: bool
    source: str
    text: TextPart | None = None

    def on(self, read: Mapping[str, int]) -> DifferenceNoise:
        """The same with other tokens ``read`` of each language's test split; as it is where the text's part is not
        known.
        """
        if self.text is None:
            return self
        text = self.text.on(read)
        rest = max(self.deviation**2 - self.text.variance, 0.0)
        return replace(self, deviation=(rest + text.variance) ** 0.5, text=text)


def measured_noise(records: Iterable[RunRecord], objective: Objective, n_params: int) -> DifferenceNoise | None:
    """By the sweep's runs of ``n_params`` parameters that differ in their seed alone, at the objective's D.

    Where several mixtures were trained with the same seeds, on all languages that weigh, the differences between them
    tell of themselves (the interaction of mixture and seed); else two runs with one seed count as independent, which is
    the most that their difference can vary by unless they are opposed. None where no such runs have finished.
    """
    swept = [one for one in records if one.spec.stage in SWEEP_STAGES]
    seeds = sweep_noise(swept, objective, n_params)
    if seeds is None:
        return None
    runs = f"{seeds.degrees_of_freedom} degrees of freedom of the sweep's seeds"
    paired = _interaction(swept, objective, n_params)
    if paired is None:
        independent = float(np.sqrt(2.0)) * seeds.pooled
        return DifferenceNoise(independent, float(seeds.degrees_of_freedom), seeds.pooled, None, True, runs)
    variance, freedom = paired
    known = f"{freedom} degrees of freedom of mixtures that the sweep trained with the same seeds"
    correlation = 1.0 - variance / seeds.pooled**2
    return DifferenceNoise(float(np.sqrt(2.0 * variance)), float(freedom), seeds.pooled, correlation, True, known)


@dataclass(frozen=True)
class LikeStudy:
    """The noise of a study that was measured before: of a run ``between_seeds`` and of a ``difference`` under one seed
    (nats per token), the degrees of freedom of the latter, and where.
    """

    between_seeds: float
    difference: float
    freedom: int
    where: str


LIKE_STUDIES = (
    LikeStudy(0.0272, 0.0385, 2, "the quick demo (N = 83 k, D = 300 k)"),
    LikeStudy(0.0251, 0.0326, 20, "the demo's proof (N = 151 k, D = 400 k)"),
)
"""Where and how they were measured: docs/power.md."""


def noise_of_like_studies() -> DifferenceNoise:
    """What a difference varied by in studies like the built-in ones: all that is known before a study's own sweep.

    Larger models that are trained for longer vary less, so of them it promises too little.
    """
    freedom = sum(one.freedom for one in LIKE_STUDIES)

    def pooled(values: Iterable[float]) -> float:
        squares = (one.freedom * value**2 for one, value in zip(LIKE_STUDIES, values, strict=True))
        return float(np.sqrt(sum(squares) / freedom))

    seeds = pooled(one.between_seeds for one in LIKE_STUDIES)
    difference = pooled(one.difference for one in LIKE_STUDIES)
    where = "like studies: " + " and ".join(one.where for one in LIKE_STUDIES)
    return DifferenceNoise(difference, float(freedom), seeds, None, False, where)


def _interaction(records: Iterable[RunRecord], objective: Objective, n_params: int) -> tuple[float, int] | None:
    """The variance of what is of one mixture and one seed, and its degrees of freedom; None where too few tell."""
    blocks: dict[tuple[int, ...], list[list[float]]] = {}
    for recipe in recipes_of(records, objective, n_params):
        asked = {language for name in objective.weights for language in sides(name) or (name,)}
        if asked <= set(recipe.mixture.support):
            by_seed = dict(sorted(zip(recipe.seeds, recipe.values, strict=True)))
            blocks.setdefault(tuple(by_seed), []).append(list(by_seed.values()))
    squares, freedom = 0.0, 0
    for seeds, rows in blocks.items():
        if len(seeds) > 1 and len(rows) > 1:
            squares += float((doubly_centred(np.array(rows)) ** 2).sum())
            freedom += (len(seeds) - 1) * (len(rows) - 1)
    return (squares / freedom, freedom) if freedom >= FEWEST_PAIRED else None
