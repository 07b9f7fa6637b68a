"""Planted crossed effects: what documents of several languages cost two or more mixtures under several seeds."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from codescale.arrays import Array, Integers
from codescale.comparison.documents.layout import DocumentLayout, LanguageLayout


@dataclass(frozen=True)
class Effects:
    """Deviations, nats per token: of a mixture's run between ``seeds`` beyond what all runs of a seed share, of what a
    mixture does to a document under every seed, and of the ``residual``.
    """

    seeds: float
    documents: float
    residual: float


def tokens_of(documents: int, generator: np.random.Generator) -> Integers:
    """Long and short documents."""
    return np.maximum(20, generator.lognormal(5.0, 0.8, documents)).astype(np.intp)


def layout(
    effects: Effects, mixtures: int, seeds: int, documents: dict[str, int], generator: np.random.Generator
) -> DocumentLayout:
    """All mixtures alike in the mean; seeds and documents are easy or hard for all of them too."""
    own = effects.seeds * generator.standard_normal((mixtures, seeds, 1))
    shared = 0.5 * generator.standard_normal((1, seeds, 1))
    languages = {}
    for name, count in documents.items():
        tokens = tokens_of(count, generator)
        hard = generator.standard_normal((1, 1, count))
        text = effects.documents * generator.standard_normal((mixtures, 1, count))
        rest = effects.residual * generator.standard_normal((mixtures, seeds, count))
        languages[name] = LanguageLayout((4.0 + own + shared + hard + text + rest) * tokens, tokens)
    return DocumentLayout(tuple(str(k) for k in range(mixtures)), languages)


def differences(effects: Effects, seeds: int, documents: int, generator: np.random.Generator) -> tuple[Array, Integers]:
    """(S, n) nats more and (n,) tokens of one language; no difference in the mean."""
    tokens = tokens_of(documents, generator)
    values = effects.seeds * generator.standard_normal((seeds, 1))
    values = values + effects.documents * generator.standard_normal(documents)
    values = values + effects.residual * generator.standard_normal((seeds, documents))
    return values * tokens, tokens
