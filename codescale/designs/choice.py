"""Which of candidate runs to do, for a law that is to predict well at the points asked about."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np
from scipy.spatial.distance import cdist

from codescale.arrays import Array, Integers
from codescale.designs.candidates import below_each_other, unmeasured
from codescale.designs.exchange import chosen_runs
from codescale.designs.information import Criterion, Determinant, Posterior
from codescale.designs.model_error import error_features
from codescale.laws.forms.curve import CurveForm
from codescale.laws.observations import Observations

Kind = Literal["spread", "optimal", "determinant"]
KINDS: tuple[Kind, ...] = get_args(Kind)


@dataclass(frozen=True)
class Candidates:
    """Runs that may be done, or points asked about: N (rows,), D (rows,) and shares (rows, domains)."""

    n_params: Array
    n_tokens: Array
    shares: Array

    def __len__(self) -> int:
        return len(self.n_params)

    def select(self, rows: Integers) -> Candidates:
        """The rows that ``rows`` names."""
        return Candidates(self.n_params[rows], self.n_tokens[rows], self.shares[rows])

    def concatenate(self, other: Candidates) -> Candidates:
        """These rows, then those of ``other``."""
        names = ("n_params", "n_tokens", "shares")
        return Candidates(*(np.concatenate([getattr(self, name), getattr(other, name)]) for name in names))

    def observations(self, domains: Sequence[str], targets: Sequence[str]) -> Observations:
        """The same as laws take them, of which nothing was measured."""
        return unmeasured(domains, targets, self.n_params, self.n_tokens, self.shares)


def at_scales(shares: Array, scales: Sequence[tuple[float, float]]) -> Candidates:
    """Every mixture of ``shares`` (mixtures, domains) at every one of ``scales``, N and D."""
    counts = np.repeat(np.array(scales, dtype=float), len(shares), axis=0)
    return Candidates(counts[:, 0], counts[:, 1], np.tile(shares, (len(scales), 1)))


@dataclass(frozen=True)
class LawToFit:
    """What a design is for.

    Parameters
    ----------
    form
        The law's.
    domains, targets
        Its languages, and whose losses are measured.
    weights : (targets,) array
        How much each target counts; they sum to 1.
    known
        Runs that are there; None without any.
    values : (targets, parameters) array
        The law fitted to them; None: the prior's mean.
    noise
        The standard deviation of a run's log loss around the law; None: what the form takes it for.
    """

    form: CurveForm
    domains: tuple[str, ...]
    targets: tuple[str, ...]
    weights: Array
    known: Observations | None = None
    values: Array | None = None
    noise: float | None = None

    @property
    def deviation(self) -> float:
        """Of a run's log loss around the law."""
        return float(np.sqrt(self.form.strength)) if self.noise is None else self.noise

    def tangents(self, rows: Observations, values: Array | None = None) -> Array:
        """As :meth:`~codescale.laws.forms.curve.CurveForm.tangents`, at ``values`` or else the law's own, in units of
        :attr:`deviation`.
        """
        own = self.values if values is None else values
        return self.form.tangents(rows, own) * (np.sqrt(self.form.strength) / self.deviation)

    def with_known(self, rows: Candidates) -> Observations:
        """The runs that are there, then ``rows``."""
        planned = rows.observations(self.domains, self.targets)
        return planned if self.known is None else below_each_other(self.known, planned)


def optimal_choice(
    law: LawToFit,
    candidates: Candidates,
    asked: Candidates,
    count: int,
    costs: Array | None = None,
    budget: float = np.inf,
    kind: Kind = "optimal",
) -> Integers:
    """The indices of up to ``count`` of ``candidates``, each at most once, whose ``costs`` (rows,) sum to at most
    ``budget``: so that the law, and a process on what it leaves over, predict the points ``asked`` about with the least
    mean variance (``optimal``), or that the law's parameters are known (``determinant``).
    """
    rows = law.with_known(candidates.concatenate(asked))
    tangents = law.tangents(rows)
    if kind != "determinant":
        features = error_features(rows.shares, law.deviation)
        tangents = np.concatenate([tangents, np.tile(features, (len(tangents), 1, 1))], axis=2)
    there = 0 if law.known is None else len(law.known)
    own, possible, wanted = np.split(tangents, [there, there + len(candidates)], axis=1)
    measure = Determinant if kind == "determinant" else Criterion
    criterion = measure.over(wanted, law.weights)
    prices = np.ones(len(candidates)) if costs is None else costs
    found, _ = chosen_runs(possible, prices, criterion, Posterior.given(own), count, budget)
    return found


def foretold_deviation(law: LawToFit, runs: Candidates, asked: Candidates) -> float:
    """The standard deviation of the law's log losses at the points ``asked`` about after ``runs`` (root of the mean
    square, targets by weight): of a law that is right, a run's own noise apart.
    """
    rows = law.with_known(runs.concatenate(asked))
    done, wanted = np.split(law.tangents(rows), [len(rows) - len(asked)], axis=1)
    variance = Criterion.over(wanted, law.weights).value(Posterior.given(done))
    return float(np.sqrt(variance) * law.deviation)


def spread_choice(shares: Array, count: int) -> Integers:
    """The indices of ``count`` of ``shares`` (rows, domains), far from each other: the one nearest to their middle,
    then each time the one farthest from all chosen (Kennard and Stone 1969).
    """
    chosen = [int(np.argmin(np.linalg.norm(shares - shares.mean(axis=0), axis=1)))]
    distance = cdist(shares, shares[chosen])[:, 0]
    while len(chosen) < min(count, len(shares)):
        chosen.append(int(np.argmax(distance)))
        distance = np.minimum(distance, cdist(shares, shares[chosen[-1:]])[:, 0])
    return np.array(chosen, dtype=np.intp)
