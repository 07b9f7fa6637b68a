"""Whether one role's models are better than another's: improved, harmed, or cannot be told."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar

import numpy as np
from scipy.special import stdtr, stdtrit

from codescale.arrays import Array
from codescale.comparison.documents.crossed import crossed_difference
from codescale.comparison.statistics import ERROR, LEVEL, holm
from codescale.evaluation.results.result import Judged, Word

Name = TypeVar("Name", bound=str)

ByProgram = Mapping[str, float]
"""A measure's value of each program."""


@dataclass(frozen=True)
class Difference:
    """A mean difference, its standard error and the degrees of freedom of Student's t; without error: one program."""

    mean: float
    error: float
    freedom: float

    def interval(self) -> tuple[float | None, float | None]:
        """At the level of all intervals; none where nothing tells how far other programs might differ."""
        if not math.isfinite(self.error) or self.error == 0:
            return None, None
        half = float(stdtrit(self.freedom, 0.5 + LEVEL / 2)) * self.error
        return self.mean - half, self.mean + half

    def beyond(self, margin: float) -> float:
        """The p value of the test that the difference is above ``margin``: small where it is."""
        if not math.isfinite(self.error) or self.error == 0:
            return 1.0  # programs that all differ by the same tell nothing of how others would
        return float(stdtr(self.freedom, -(self.mean - margin) / self.error))

    def negative(self) -> Difference:
        """That of the two sides exchanged."""
        return Difference(-self.mean, self.error, self.freedom)


def difference(values: Sequence[ByProgram], references: Sequence[ByProgram]) -> Difference:
    """The mean of ``values`` minus ``references`` over programs that both have, one mapping a seed, in one order.

    Of several seeds both seeds and programs are random and crossed (as documents are in the comparison); of one model a
    side, programs alone.
    """
    names = sorted(set.intersection(*(set(one) for one in (*values, *references))))
    table: Array = np.array(
        [[one[name] - other[name] for name in names] for one, other in zip(values, references, strict=True)]
    )
    seeds, programs = table.shape
    if programs < 2:
        return Difference(float(table.mean()) if table.size else math.nan, math.nan, 1.0)
    crossed = crossed_difference({"all": table}, {"all": 1.0}) if seeds > 1 else None
    if crossed is not None:
        return Difference(crossed.mean, crossed.standard_error, crossed.degrees_of_freedom)
    by_program = table.mean(axis=0)
    return Difference(
        float(by_program.mean()), float(by_program.std(ddof=1)) / math.sqrt(programs), float(programs - 1)
    )


def judged(differences: Mapping[str, Difference], margin: float, *, lower_is_better: bool = False) -> dict[str, Judged]:
    """Of several languages or directions what may be said of each, so that the chance of a wrong "improved" among all
    of them is at most 5 %, and that of a wrong "harmed" (Holm).

    Parameters
    ----------
    differences
        By language or direction.
    margin
        The smallest difference that matters; set beforehand.
    lower_is_better
        As of losses.
    """
    found = {name: one for name, one in differences.items() if math.isfinite(one.mean)}
    gains = {name: one.negative() if lower_is_better else one for name, one in found.items()}
    improved = holm({name: one.beyond(margin) for name, one in gains.items()}) if gains else {}
    harmed = holm({name: one.negative().beyond(margin) for name, one in gains.items()}) if gains else {}
    said = {}
    for name, one in found.items():
        low, high = one.interval()
        said[name] = Judged(
            value=one.mean,
            low=low,
            high=high,
            improved=improved[name],
            harmed=harmed[name],
            verdict=_word(improved[name], harmed[name]),
        )
    return said


def _word(improved: float, harmed: float) -> Word:
    if improved < ERROR:
        return "improved"
    return "harmed" if harmed < ERROR else "cannot be told"
