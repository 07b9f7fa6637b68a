"""``comparison.json``: the verdict and what it rests on, written and read by one schema."""

from __future__ import annotations

from codescale.artifact import Artifact, Interval
from codescale.organisation import SHUFFLED


class Measured(Artifact):
    """A mean over seeds and its standard error."""

    mean: float
    standard_error: float | None = None
    values: tuple[float, ...] = ()


class Judged(Artifact):
    """The objective and each language's loss on one split."""

    objective: Measured
    losses: dict[str, Measured] = {}
    bits_per_byte: dict[str, Measured] = {}


class Foreseen(Artifact):
    """What the law said before."""

    objective: Interval | None = None
    losses: dict[str, Interval] = {}


class ComparedMixture(Artifact):
    """One of the three mixtures: its shares, what was predicted (validation) and measured (validation, test)."""

    proportions: dict[str, float]
    hyper: dict[str, float] = {}
    organisation: str = SHUFFLED
    predicted: Foreseen | None = None
    validation: Judged | None = None
    measured: Judged


class Difference(Artifact):
    """A mixture minus uniform, paired by seed; negative is better."""

    mean: float
    standard_error: float | None = None
    low: float | None = None
    high: float | None = None


class Differences(Artifact):
    """All differences of one mixture from uniform."""

    objective: Difference
    losses: dict[str, Difference] = {}


class Verdict(Artifact):
    """What the comparison concluded; the last two only of a larger scale."""

    statement: str
    beats_uniform: bool | None = None
    harmed: tuple[str, ...] = ()
    times_the_search: float | None = None
    rank_correlation: float | None = None


class Comparison(Artifact):
    """``comparison.json``."""

    n_params: float | None = None
    n_tokens: float | None = None
    seeds: tuple[int, ...] = ()
    split: str = "test"
    level: float = 0.9
    weights: dict[str, float] = {}
    mixtures: dict[str, ComparedMixture]
    differences: dict[str, Differences] = {}
    measured_minus_predicted: Differences | None = None
    verdict: Verdict | None = None
    larger: Comparison | None = None
