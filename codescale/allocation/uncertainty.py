"""How sure an optimum is: the spread of its shares and its gain over the law's bootstrap samples, how flat it is, and
what more tokens of a language would be worth.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from codescale.allocation.goals import LawAtScale
from codescale.allocation.minimise import Problem, minimise_over_mixtures, support_value
from codescale.arrays import Array
from codescale.artifact import Interval
from codescale.laws.law import Law
from codescale.mixtures.mixture import Mixture

MOST_SAMPLES = 100
"""Bootstrap samples that are looked at: ends of 90 % intervals hardly move beyond."""
FEWER_SAMPLES = 30
"""Of a problem with several pieces or ceilings, whose optimum takes ten times as long."""

MORE_TOKENS = 0.01
"""Of a language: what the marginal value is of."""

_PRECISION = 1e-9
"""Of a sample's optimum: its shares are then within 1e-3 of exact, far within their spread."""
_UNKNOWN = (float("nan"), float("nan"))


def sampled_laws(law: Law, middle: LawAtScale, most: int = MOST_SAMPLES) -> list[LawAtScale]:
    """The law's bootstrap samples, the first ``most`` of them, at the N, D and distinct tokens of ``middle``."""
    return [sampled_law(law, middle, k) for k in range(min(len(law.samples), most))]


def sampled_law(law: Law, middle: LawAtScale, sample: int) -> LawAtScale:
    """One bootstrap sample of the law at the N, D and distinct tokens of ``middle``."""
    return LawAtScale(
        law.surface(sample, middle.unique_tokens), middle.log_params, middle.log_tokens, middle.unique_tokens
    )


def sample_optima(problem: Problem, samples: list[LawAtScale], best: Array) -> Array:
    """(samples, varied): the optimum under each sample, from ``best``."""
    found = [minimise_over_mixtures(problem.under(point), [best], _PRECISION) for point in samples]
    return np.array(found).reshape(len(found), len(best))


def middle_90(values: Array) -> tuple[float, float]:
    """The 5th and 95th percentile of ``values`` (samples,); NaN where there are none."""
    if len(values) == 0:
        return _UNKNOWN
    low, high = np.quantile(values, [0.05, 0.95])
    return float(low), float(high)


def sampled_interval(value: float, drawn: Array) -> Interval:
    """``value`` with the middle 90 % of ``drawn`` (samples,); without ends where there are none."""
    if len(drawn) == 0:
        return Interval(value=value, low=None, high=None)
    low, high = middle_90(drawn)
    return Interval(value=value, low=low, high=high)


def difference(problem: Problem, samples: list[LawAtScale], first: Array, second: Array) -> Array:
    """(samples,): the goal under one mixture less that under another, in the goal's unit.

    Parameters
    ----------
    problem
        Whose goal it is.
    samples
        The law's bootstrap samples at N and D.
    first, second
        (law's domains,) the mixtures.
    """
    both = np.stack([first, second])
    return np.array([float(-np.diff(problem.goal.under(one).values(one.losses(both)))[0]) for one in samples])


def gain_draws(problem: Problem, samples: list[LawAtScale], optima: Array, best: Array, reference: Array) -> Array:
    """(samples,): what the optimum truly gains over a reference, as far as the law knows, in the goal's unit.

    An optimum is where the law is low, and so where its runs were lucky: its gain under the same law is too large. Each
    sample shows by how much: its own optimum gains less under the law than under the sample, and that optimism is taken
    off the gain that the law foretells (the bootstrap's estimate of optimism, Efron 1983).

    Parameters
    ----------
    problem
        Whose goal it is.
    samples
        The law's bootstrap samples at N and D.
    optima
        (samples, varied) the optimum under each.
    best
        (varied,) the optimum under the law.
    reference
        (law's domains,) the mixture that it is held against.
    """
    mixtures = problem.mixtures(np.vstack([best, *optima]))
    by_law = problem.goal.values(problem.point.losses(np.vstack([reference, mixtures])))
    claimed, *under_law = by_law[0] - by_law[1:]
    under_sample = [
        difference(problem, [point], reference, own)[0] for point, own in zip(samples, mixtures[1:], strict=True)
    ]
    return np.asarray(claimed - (np.array(under_sample) - np.array(under_law)))


@dataclass(frozen=True)
class BaselineGain:
    """What an optimum gains over a baseline, as the law has it.

    Attributes
    ----------
    mixture
        The baseline's.
    value
        The goal under it, as :attr:`Allocation.value`.
    gain
        That less the goal at the optimum; negative where bounds keep the optimum above it.
    interval
        The middle 90 % of the gain, less the optimism of an optimum (:func:`gain_draws`).
    """

    mixture: Mixture
    value: float
    gain: float
    interval: tuple[float, float]


def gains_over(
    problem: Problem,
    samples: list[LawAtScale],
    optima: Array,
    optimum: Array,
    best: Array,
    domains: Sequence[str],
    baselines: Mapping[str, Mixture],
) -> dict[str, BaselineGain]:
    """What the optimum gains over each of ``baselines``, by the same names.

    Parameters
    ----------
    problem, samples, optima
        As in :func:`gain_draws`.
    optimum
        (varied,) under the law.
    best
        (domains,) the mixture of the optimum, as it is trained.
    domains
        The law's.
    baselines
        Mixtures of them.
    """
    found = {}
    for name, mixture in baselines.items():
        shares = mixture.array(domains)
        at_best, value = problem.goal.values(problem.point.losses(np.stack([best, shares])))
        draws = gain_draws(problem, samples, optima, optimum, shares)
        found[name] = BaselineGain(mixture, float(value), float(value - at_best), middle_90(draws))
    return found


def standard_error(problem: Problem, samples: list[LawAtScale], optima: Array, best: Array) -> float:
    """What not knowing the law better may cost, in the goal's unit: the root mean square, over samples, of what the
    optimum loses against the sample's own. The noise of a single run is no part of it.

    Parameters
    ----------
    problem
        Whose goal it is.
    samples
        The law's bootstrap samples at N and D.
    optima
        (samples, varied) the optimum under each.
    best
        (varied,) the optimum under the law.

    Returns
    -------
    float
        NaN without samples.
    """
    if len(samples) == 0:
        return float("nan")
    lost = []
    for point, own in zip(samples, optima, strict=True):
        at_best, at_own = problem.under(point).values(np.stack([best, own]))
        lost.append(max(float(at_best - at_own), 0.0))
    return float(np.sqrt(np.mean(np.square(lost))))


def flatness(problem: Problem, domains: tuple[str, ...], best: Array, error: float) -> dict[str, tuple[float, float]]:
    """The range of each share over the feasible mixtures that are as good as the best, ceilings kept.

    Parameters
    ----------
    problem
        Whose optimum ``best`` is.
    domains
        The law's.
    best
        (varied,) the optimum.
    error
        How much worse counts as good, in the goal's unit; NaN: not known.

    Returns
    -------
    dict
        Domain to its least and largest share; NaN where the error is not known.
    """
    if not np.isfinite(error):
        return dict.fromkeys(domains, _UNKNOWN)
    error = max(error, 1e-9)
    axes = np.eye(len(domains)) if problem.axes is None else problem.axes
    reached = {}
    for name, row in zip(domains, axes, strict=True):
        if not row.any():
            reached[name] = (0.0, 0.0)
            continue
        low, high = -support_value(problem, best, error, -row), support_value(problem, best, error, row)
        reached[name] = (abs(max(low, 0.0)), min(high, 1.0))  # abs: no -0.0
    return reached


def marginal_values(
    law: Law, problem: Problem, samples: list[LawAtScale], best: Array
) -> dict[str, tuple[float, float, float]]:
    """What 1 % more tokens of a language change the goal by: D_j becomes 1.01 D_j, the budget grows by it and the
    shares with it.

    Parameters
    ----------
    law
        Whose runs say whether it can tell what more tokens do.
    problem
        Whose goal it is.
    samples
        The law's bootstrap samples at N and D.
    best
        (law's domains,) the mixture.

    Returns
    -------
    dict
        Domain to value and middle 90 % over samples, in the goal's unit; negative is a gain. NaN where all runs had
        one D.
    """
    least, largest = law.fitted_range.n_tokens
    if largest < 1.01 * least:
        return dict.fromkeys(law.domains, (float("nan"), *_UNKNOWN))
    growth = 1.0 + MORE_TOKENS * best
    more = (best + MORE_TOKENS * np.diag(best)) / growth[:, None]
    shares = np.vstack([best, more])
    log_tokens = problem.point.log_tokens + np.log(np.concatenate([[1.0], growth]))
    log_params = np.full(len(shares), problem.point.log_params)

    def changes(point: LawAtScale) -> Array:
        losses = np.exp(point.surface.log_losses(log_params, log_tokens, shares))
        values = problem.goal.under(point).values(losses)
        return np.asarray(values[1:] - values[0])

    middle = changes(problem.point)
    drawn = np.array([changes(point) for point in samples]).reshape(-1, len(best))
    return {name: (float(middle[k]), *middle_90(drawn[:, k])) for k, name in enumerate(law.domains)}
