"""The mean difference of two mixtures over other seeds and other documents: both crossed, both random.

Under seed s document i costs, per token, mu + a_s + b_i + e_is more under one mixture than under the other. What seeds
do (a) falls with their number, what documents do (b) with theirs, and the rest (e) with both. With the test text as it
is, seeds differ by a and by the mean of e; documents add to that only where one asks about other text too.

Shapes: S seeds, n documents of a language.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from scipy.special import stdtrit

from codescale.arrays import Array, Integers
from codescale.comparison.result import CrossedDifference
from codescale.comparison.statistics import LEVEL


@dataclass(frozen=True)
class MeanSquares:
    """Of a crossed layout, with the ``seeds`` and ``documents`` that it has; their expectations are the residual's
    variance, and beside it n times the seeds' and S times the documents'.
    """

    seeds: int
    documents: int
    of_seeds: float
    of_documents: float
    residual: float


def influences(nats: Array, tokens: Integers) -> Array:
    """What each document does to each seed's difference per token.

    A long document counts for more, and how many tokens documents have is chance too, so a difference per token is a
    ratio of two sums over documents; this is its linearisation, by which a mean over documents takes its place.

    Parameters
    ----------
    nats
        (…, S, n) nats more.
    tokens
        (n,).

    Returns
    -------
    Array
        (…, S, n), whose mean over documents is each seed's difference per token.

    References
    ----------
    Cochran 1977, "Sampling Techniques", section 6.3.
    """
    per_token = tokens.sum() / len(tokens)
    ratio = nats.sum(axis=(-2, -1), keepdims=True) / (nats.shape[-2] * tokens.sum())
    return np.asarray((nats - ratio * tokens) / per_token + ratio)


def mean_squares(values: Array) -> MeanSquares:
    """The analysis of variance of ``values`` (S, n), S and n at least 2."""
    seeds, documents = values.shape
    mean = values.mean()
    by_seed, by_document = values.mean(axis=1) - mean, values.mean(axis=0) - mean
    residual = values - mean - by_seed[:, None] - by_document
    return MeanSquares(
        seeds=seeds,
        documents=documents,
        of_seeds=float(documents * (by_seed**2).sum() / (seeds - 1)),
        of_documents=float(seeds * (by_document**2).sum() / (documents - 1)),
        residual=float((residual**2).sum() / ((seeds - 1) * (documents - 1))),
    )


def crossed_difference(
    layouts: Mapping[str, Array], weights: Mapping[str, float], level: float = LEVEL
) -> CrossedDifference | None:
    """The weighted mean of the languages' differences over other seeds and other documents of the same source.

    The variance is that of the method of moments, no component below 0, and the interval Student's with Satterthwaite's
    degrees of freedom. Documents count as independent of each other.

    Parameters
    ----------
    layouts
        By language the :func:`influences` (S, n); every language has the same seeds in one order.
    weights
        Of the languages in the mean.
    level
        Of the interval.

    Returns
    -------
    CrossedDifference or None
        None where there are fewer than two seeds, or than two documents of a language that weighs.

    References
    ----------
    Searle, Casella and McCulloch 1992, "Variance Components", chapter 4; Satterthwaite 1946, "An approximate
    distribution of estimates of variance components", Biometrics Bulletin 2; of crossed random effects that are
    resampled: Owen 2007, "The pigeonhole bootstrap", Annals of Applied Statistics 1.
    """
    weighing = {name: weight for name, weight in weights.items() if weight}
    if any(min(layouts[name].shape) < 2 for name in weighing):
        return None
    squares = [(weight**2, mean_squares(layouts[name])) for name, weight in weighing.items()]
    values = np.sum([weight * layouts[name].mean(axis=1) for name, weight in weighing.items()], axis=0)
    seeds, mean = len(values), float(values.mean())
    # Of one seed's difference: what the text does to it, and what the documents do that all seeds share.
    between = float(values.var(ddof=1))
    text = sum(weight * one.residual / one.documents for weight, one in squares)
    shared = sum(
        weight * max(0.0, one.of_documents - one.residual) / (seeds * one.documents) for weight, one in squares
    )
    variance = max(between, text) / seeds + shared
    spread = (
        between**2 / (seeds - 1)
        if between > text
        else sum(
            (weight * one.residual / one.documents) ** 2 / ((seeds - 1) * (one.documents - 1))
            for weight, one in squares
        )
    )
    spread /= seeds**2
    spread += sum(
        (weight / (seeds * one.documents)) ** 2
        * (one.of_documents**2 + one.residual**2 / (seeds - 1))
        / (one.documents - 1)
        for weight, one in squares
        if one.of_documents > one.residual
    )
    freedom = variance**2 / spread if spread > 0 else float(seeds - 1)
    half = float(stdtrit(freedom, 0.5 + level / 2)) * math.sqrt(variance)
    return CrossedDifference(
        mean=mean,
        standard_error=math.sqrt(variance),
        low=mean - half,
        high=mean + half,
        degrees_of_freedom=freedom,
        documents=sum(one.documents for _, one in squares),
        of_seeds=max(between - text, 0.0) / seeds,
        of_documents=shared,
        residual=text / seeds,
    )
