"""A landscape that is known: seven languages, transfer between some, and a law whose optimum is elsewhere."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import pyarrow as pa

from codescale.arrays import Array
from codescale.laws.fitted_range import FittedRange
from codescale.laws.law import Law
from codescale.runs.table import RunsTable
from codescale.search.simulation.landscape import Landscape
from codescale.search.space.space import SearchSpace

LANGUAGES = ("python", "java", "javascript", "go")
N, D = 1e8, 2e9


@dataclass(frozen=True)
class Truth:
    """L_i = 1 + 60 (D p_i + 0.02 D)^-b_i, harder for languages with a small exponent."""

    exponents: tuple[float, ...] = (0.16, 0.2, 0.25, 0.3)

    def __call__(self, log_params: Array, log_tokens: Array, shares: Array) -> Array:
        data = log_tokens[:, None] + np.log(np.maximum(shares, 0.0) + 0.02)
        return np.log(1.0 + 30.0 * np.exp(-np.array(self.exponents) * data))


def landscape(noise: float = 0.001, evaluations: int = 0, languages: tuple[str, ...] = LANGUAGES) -> Landscape:
    """The truth with its objective, every language weighing the same; languages may come in another order."""
    order = [LANGUAGES.index(name) for name in languages]
    back = np.argsort(order)
    truth = Truth()

    def losses(log_params: Array, log_tokens: Array, shares: Array) -> Array:
        return truth(log_params, log_tokens, shares[:, back])[:, order]

    return Landscape(languages, languages, losses, dict.fromkeys(languages, 1.0), N, D, noise, evaluations)


def space(languages: tuple[str, ...] = LANGUAGES) -> SearchSpace:
    """Every share is free."""
    return SearchSpace("planted", dict.fromkeys(languages, (0.0, 1.0)), {})


def wrong_for(order: tuple[str, ...]) -> Landscape:
    """A landscape in which the languages of ``order`` have each other's exponents: what a small scale may say."""
    right = landscape()
    back = [LANGUAGES.index(name) for name in order]

    def losses(log_params: Array, log_tokens: Array, shares: Array) -> Array:
        return right.log_losses(log_params, log_tokens, shares[:, back])[:, np.argsort(back)]

    return replace(right, log_losses=losses)


def sweep(ground: Landscape, n_tokens: Array, seed: int = 5) -> RunsTable:
    """Runs of random mixtures on ``ground``, one for each of ``n_tokens`` (rows,)."""
    generator = np.random.default_rng(seed)
    count = len(n_tokens)
    shares = generator.dirichlet(np.ones(len(LANGUAGES)), size=count)
    losses = np.array([ground.run(row, generator, N, d).losses for row, d in zip(shares, n_tokens, strict=True)])
    blank = np.full(count, "", dtype=object)
    return RunsTable(
        "sweep", LANGUAGES, LANGUAGES, blank, blank, np.full(count, N), n_tokens, shares, losses,
        np.full(count, "ok", dtype=object), np.ones(count, dtype=bool), np.zeros(count), blank, blank,
        np.full(count, np.nan), table=pa.table({"row": np.arange(count)}),
    )  # fmt: skip


def effective_data_law(exponents: tuple[float, ...]) -> Law:
    """A law of the truth's shape with these exponents: the right ones, or others, whose optimum is far off."""
    parameters = {}
    for name, exponent in zip(LANGUAGES, exponents, strict=True):
        own = {f"t.{other}": 1.0 if other == name else 0.02 for other in LANGUAGES}
        parameters[name] = {"E": 1.0, "A": 0.0, "alpha": 0.0, "B": 30.0, "beta": exponent, "kappa": 1.0} | own
    return Law(
        name="effective-data",
        formula="",
        domains=LANGUAGES,
        targets=LANGUAGES,
        parameters=parameters,
        fitted_range=FittedRange(
            n_params=(N, N), n_tokens=(D / 100, D), proportions=dict.fromkeys(LANGUAGES, (0.0, 1.0))
        ),
        noise=dict.fromkeys(LANGUAGES, 0.001),
        correlation=np.eye(len(LANGUAGES)).tolist(),
        seed=0,
        fitted_rows=10,
        runs="planted",
    )
