"""How much of what two mixtures' difference varies by between seeds is the test text's: what more text would lower.

Pooled over all mixtures of a comparison that share their seeds: what is left of each run's losses after its mixture's
mean and its seed's is half of a difference's variance. Of that, what differs from document to document averages out
with their number; what all documents share does not.

Shapes: M mixtures, S seeds, n documents of a language.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from codescale.arrays import Array
from codescale.comparison.documents.crossed import influences
from codescale.comparison.documents.layout import DocumentLayout
from codescale.runs.seed_noise import doubly_centred


@dataclass(frozen=True)
class TextNoise:
    """Of the difference between two runs with one seed, of a language or of the objective.

    Attributes
    ----------
    variance
        Between seeds, on the test text as it is (nats per token, squared).
    text
        The part of it that the text makes, as estimated: it may be above ``variance`` where that is known by few seeds.
    freedom
        Degrees of freedom of ``variance``.
    single
        The variance of a single run between seeds.
    documents, tokens
        That were read.
    """

    variance: float
    text: float
    freedom: int
    single: float
    documents: int
    tokens: int

    @property
    def share(self) -> float:
        """The text's part of the variance, from 0 to 1."""
        return 1.0 if self.text >= self.variance else self.text / self.variance


@dataclass(frozen=True)
class ProofNoise:
    """The noise of a comparison: of its ``objective``, and of each language's loss."""

    objective: TextNoise
    languages: Mapping[str, TextNoise]


def proof_noise(layout: DocumentLayout, weights: Mapping[str, float]) -> ProofNoise | None:
    """The noise of the mixtures in ``layout``, which are distinct.

    Parameters
    ----------
    layout
        The comparison's runs.
    weights
        Of the objective, summing to 1.

    Returns
    -------
    ProofNoise or None
        None where there are fewer than two mixtures, seeds, or documents of a language that weighs.
    """
    known = {name: one for name, one in layout.languages.items() if min(one.nats.shape) >= 2}
    weighing = {name: weight for name, weight in weights.items() if weight}
    if not set(weighing) <= set(known) or not weighing:
        return None
    values = {name: influences(one.nats, one.tokens) for name, one in known.items()}
    losses = {name: one.mean(axis=-1) for name, one in values.items()}
    text = {name: _text_variance(one) for name, one in values.items()}
    counts = {name: (len(one.tokens), int(one.tokens.sum())) for name, one in known.items()}
    objective = np.sum([weight * losses[name] for name, weight in weighing.items()], axis=0)
    return ProofNoise(
        objective=_noise(
            objective,
            sum(weight**2 * text[name] for name, weight in weighing.items()),
            sum(counts[name][0] for name in weighing),
            sum(counts[name][1] for name in weighing),
        ),
        languages={name: _noise(losses[name], text[name], *counts[name]) for name in known},
    )


def _noise(table: Array, text: float, documents: int, tokens: int) -> TextNoise:
    """Of losses (M, S)."""
    mixtures, seeds = table.shape
    freedom = (mixtures - 1) * (seeds - 1)
    variance = 2.0 * float((doubly_centred(table) ** 2).sum() / freedom)
    single = float(table.var(axis=1, ddof=1).mean())
    return TextNoise(variance, text, freedom, single, documents, tokens)


def _text_variance(values: Array) -> float:
    """Of influences (M, S, n): the variance of a difference that comes of which documents are read."""
    mixtures, seeds, documents = values.shape
    centred = doubly_centred(values)
    residual = centred - centred.mean(axis=-1, keepdims=True)
    variance = (residual**2).sum() / ((mixtures - 1) * (seeds - 1) * (documents - 1))
    return float(2.0 * variance / documents)
