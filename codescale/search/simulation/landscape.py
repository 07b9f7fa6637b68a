"""What a simulated search stands on: losses over N, D and mixture that are known, with a run's noise and loss curve.

A landscape is a fitted law, or anything else that gives losses; a table of real runs becomes one through a law fitted
to it, searched only where those runs were. Nothing is trained: a run costs the FLOPs that it would have cost.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np

from codescale.allocation.default_weights import NOTHING, Weightless, weightless
from codescale.allocation.problem import weights_of
from codescale.arrays import Array
from codescale.errors import UserError
from codescale.laws.fitting.fit import fit_law
from codescale.laws.law import Law, load_law
from codescale.mixtures.baselines import baseline_mixtures, parse_baselines
from codescale.mixtures.bounds import AvailableTokens
from codescale.mixtures.feasible import FeasibleSet
from codescale.mixtures.files import read_weights
from codescale.mixtures.no_harm import ResolvedNoHarm
from codescale.runs.table_reader import read_runs
from codescale.runs.units import LossUnit
from codescale.search.bayesopt.optimize_acquisition import optimize_acquisition
from codescale.search.space.feasible_region import FeasibleRegion
from codescale.search.space.points import Points
from codescale.search.space.space import SearchSpace, load_space

FLOPS_PER_TOKEN = 6.0
"""Times N: what training on a token costs, attention and logits left out. Ratios of costs hardly depend on it."""
_BEYOND = 1e4
"""How far beyond the fitted runs' N and D a simulated search may lie: a factor."""
_TRUNK_ABOVE = 0.03
"""By how much a loss on the trunk lies above the one that a cooldown there would end with: as in the demo's runs."""

_ABOVE_ALL = 1e3
"""What an excess of 1 over a ceiling costs: whatever keeps a rule is better than what does not."""

LogLosses = Callable[[Array, Array, Array], Array]
"""log N (rows,), log D (rows,), shares (rows, domains) -> natural logs of the losses (rows, targets)."""


@dataclass(frozen=True)
class SimulatedRun:
    """What a run measured: ``losses`` (targets,) at its end, and ``evaluations`` on its trunk before: tokens and losses
    (targets,).
    """

    losses: Array
    evaluations: tuple[tuple[int, Array], ...]


@dataclass(frozen=True)
class Landscape:
    """The losses of ``targets`` over mixtures of ``domains``; the objective is their mean by ``weights``, at
    ``n_params`` and ``n_tokens``. ``noise``: standard deviation of a run's log losses, of a usual target.
    ``evaluations``: evaluations before the end, none where the losses do not depend on D. ``covariance`` (targets,
    targets): of a run's log losses, in units of ``noise`` squared; None: each target has the same noise and luck of its
    own. ``shared``: the part of it that all runs of one seed have in common, from 0 to 1. ``loss_unit``: of the losses.
    ``weightless``: what weighs nothing though nobody said so.
    """

    domains: tuple[str, ...]
    targets: tuple[str, ...]
    log_losses: LogLosses
    weights: dict[str, float]
    n_params: float
    n_tokens: float
    noise: float
    evaluations: int = 0
    covariance: Array | None = None
    shared: float = 0.0
    loss_unit: LossUnit = LossUnit.NATS_PER_TOKEN
    weightless: Weightless = NOTHING
    _weight: Array = field(init=False, repr=False)
    _root: Array = field(init=False, repr=False)

    def __post_init__(self) -> None:
        weight = np.array([self.weights.get(name, 0.0) for name in self.targets])
        object.__setattr__(self, "_weight", weight / weight.sum())
        object.__setattr__(self, "_root", _square_root(self.covariance, len(self.targets)))

    def losses(self, shares: Array, n_params: float | None = None, n_tokens: float | None = None) -> Array:
        """(rows, targets): without noise, at the landscape's own scale or another."""
        rows = np.ones(len(shares))
        log_params, log_tokens = np.log(n_params or self.n_params), np.log(n_tokens or self.n_tokens)
        return np.asarray(np.exp(self.log_losses(log_params * rows, log_tokens * rows, shares)))

    def objective(self, shares: Array) -> Array:
        """(rows,): the objective at the landscape's scale, without noise."""
        return np.asarray(self.losses(shares) @ self._weight)

    def ceilings(self, no_harm: ResolvedNoHarm) -> Array:
        """(targets,): the most that losses without noise may be under ``no_harm``; infinite of what it leaves out."""
        beside = self.losses(no_harm.reference.array(self.domains)[None])[0]
        protected = np.array([name in no_harm.protected for name in self.targets])
        return np.where(protected, no_harm.rule.ceilings(beside), np.inf)

    def deviation(self, shares: Array) -> float:
        """The standard deviation of the objective between runs of ``shares`` (domains,), in the losses' unit."""
        return float(self.noise * np.linalg.norm(self._root @ (self._weight * self.losses(shares[None])[0])))

    def mean(self, losses: Array) -> float:
        """The objective of measured ``losses`` (targets,)."""
        return float(losses @ self._weight)

    def run(
        self,
        shares: Array,
        generator: np.random.Generator,
        n_params: float | None = None,
        n_tokens: float | None = None,
        seed_luck: Array | None = None,
    ) -> SimulatedRun:
        """One run of ``shares`` (domains,), noise and evaluations included. A run's noise is one for its whole curve,
        and a third as much again at every evaluation. ``seed_luck`` (targets,): what its seed does to every run
        (:meth:`seed_luck`); None: its seed is its own.
        """
        tokens = n_tokens or self.n_tokens
        own = self._luck(generator)
        if seed_luck is not None:
            own = np.sqrt(1.0 - self.shared) * own + seed_luck
        final = self.losses(shares[None], n_params, tokens)[0] * np.exp(own)
        evaluations = []
        for evaluation in range(1, self.evaluations + 1):
            at = tokens * evaluation / (self.evaluations + 1)
            more = own + _TRUNK_ABOVE + self._luck(generator) / 3.0
            evaluations.append((round(at), self.losses(shares[None], n_params, at)[0] * np.exp(more)))
        return SimulatedRun(final, tuple(evaluations))

    def seed_luck(self, generator: np.random.Generator) -> Array:
        """(targets,): what one seed does to the log losses of every run that has it."""
        return np.asarray(np.sqrt(self.shared) * self._luck(generator))

    def _luck(self, generator: np.random.Generator) -> Array:
        """(targets,): what one run's log losses differ by from those without noise."""
        return np.asarray(self.noise * (self._root @ generator.standard_normal(len(self.targets))))

    def cost(self, n_tokens: float | None = None, n_params: float | None = None) -> float:
        """FLOPs of a run."""
        return FLOPS_PER_TOKEN * (n_params or self.n_params) * (n_tokens or self.n_tokens)


def _square_root(covariance: Array | None, count: int) -> Array:
    """(count, count): the symmetric root, also of a matrix that few runs left singular."""
    if covariance is None:
        return np.eye(count)
    values, vectors = np.linalg.eigh(covariance)
    return np.asarray((vectors * np.sqrt(np.maximum(values, 0.0))) @ vectors.T)


@dataclass(frozen=True)
class Attainable:
    """The least objective in a space without noise, at ``shares``, and the objective of its mixture nearest to uniform:
    what regret is measured between. Under a rule of no harm the least one that keeps it, with the ``ceilings``
    (targets,) of the losses without noise, infinite where no rule holds; ``yardstick``, the objective of the rule's
    reference, then stands for uniform.
    """

    shares: Array
    best: float
    uniform: float
    yardstick: float | None = None
    ceilings: Array | None = None

    def regret(self, objective: float) -> float:
        """The part of the attainable gain over uniform (under a rule: over its reference) that ``objective`` leaves: 0
        is the best, 1 is uniform.
        """
        return (objective - self.best) / max(self._from - self.best, 1e-12)

    def kept(self, losses: Array) -> bool:
        """Whether ``losses`` (targets,), without noise, keep the rule."""
        return self.ceilings is None or bool((losses <= self.ceilings + 1e-9).all())

    def objective(self, regret: float) -> float:
        """The objective that leaves ``regret``."""
        return self.best + regret * (self._from - self.best)

    @property
    def _from(self) -> float:
        return self.uniform if self.yardstick is None else self.yardstick


def attainable(
    landscape: Landscape, space: SearchSpace, restarts: int = 4, no_harm: ResolvedNoHarm | None = None
) -> Attainable:
    """The best mixture of ``space``, from many starts, of those that keep ``no_harm`` where it is given.

    Raises :class:`UserError` where uniform (or the rule's reference) is as good: then there is nothing to search for.
    """
    region = FeasibleRegion(space, landscape.domains)
    starts, ceilings, yardstick = Points.empty(len(landscape.domains), len(space.hyperparameters)), None, None
    if no_harm is not None:
        reference = no_harm.reference.array(landscape.domains)[None]
        starts = Points(reference, np.full((1, len(space.hyperparameters)), 0.5))
        ceilings = landscape.ceilings(no_harm)
        yardstick = float(landscape.objective(reference)[0])

    def objective(points: Points) -> Array:
        values = landscape.objective(points.shares)
        if ceilings is None:
            return values
        return values + _ABOVE_ALL * np.maximum(landscape.losses(points.shares) - ceilings, 0.0).sum(axis=1)

    found = [optimize_acquisition(objective, region, starts, np.random.default_rng(seed)) for seed in range(restarts)]
    point, best = min(found, key=lambda one: one[1])
    count = len(landscape.domains)
    uniform = float(landscape.objective(region.project(np.full(count, 1.0 / count))[None])[0])
    known, name = (uniform, "uniform") if yardstick is None else (yardstick, "the reference of no_harm")
    if known - best < 1e-6 * abs(known):
        raise UserError("the landscape", f"no mixture is better than {name}", "widen the bounds, or take other weights")
    return Attainable(point.shares[0], best, uniform, yardstick, ceilings)


def baseline_objectives(
    landscape: Landscape, baselines: Sequence[str], available: AvailableTokens | None = None
) -> dict[str, float]:
    """The objective of each baseline without noise, by its word (:func:`~codescale.mixtures.baselines.parse_baseline`),
    at the landscape's D and weights.

    Raises :class:`UserError` for a word that is none, is given twice or needs tokens that ``available`` does not have.
    """
    named = parse_baselines(baselines)
    mixtures = baseline_mixtures(named, landscape.domains, available, landscape.weights, landscape.n_tokens)
    return {
        word: float(landscape.objective(mixture.array(landscape.domains)[None])[0])
        for word, mixture in mixtures.items()
    }


def of_law(
    law: Law, weights: Mapping[str, float], n_params: float, n_tokens: float, noise: float | None, evaluations: int
) -> Landscape:
    """``law`` as a landscape. Its targets' noise differs and goes together as the law's residuals do: a run's luck is
    partly that of all its languages, which a mean over them does not average away. ``noise``: that of a usual target;
    None: the law's own.

    Raises :class:`UserError` for a weight on a target that the law does not have.
    """
    unknown = [name for name in weights if name not in law.targets]
    if unknown:
        raise UserError(f"weights, {unknown[0]}", "the law has no such target", f"use {', '.join(law.targets)}")
    depends = law.fitted_range.n_tokens[1] > 1.01 * law.fitted_range.n_tokens[0]
    usual = float(np.median(law.noise_deviation))
    apart = law.noise_deviation / usual if usual > 0 else np.ones(len(law.targets))
    return Landscape(
        domains=law.domains,
        targets=law.targets,
        log_losses=law.surface().log_losses,
        weights=dict(weights),
        n_params=n_params,
        n_tokens=n_tokens,
        noise=usual if noise is None else noise,
        evaluations=evaluations if depends else 0,
        covariance=np.outer(apart, apart) * np.array(law.correlation),
        loss_unit=law.loss_unit,
    )


def within(space: SearchSpace, law: Law) -> SearchSpace:
    """``space`` narrowed to the shares of the runs that ``law`` was fitted to: beyond them nothing was measured.

    Raises :class:`UserError` where the two have no mixture in common.
    """
    bounds = {}
    for name, (low, high) in space.bounds.items():
        least, most = law.fitted_range.proportions.get(name, (0.0, 0.0))
        bounds[name] = max(low, least), min(high, most)
        if bounds[name][0] > bounds[name][1]:
            raise UserError(
                f"{space.name}, languages.{name}",
                f"allows no share that a run had ({least:.4g} to {most:.4g})",
                "widen its bounds",
            )
    low, high = (sum(pair[k] for pair in bounds.values()) for k in (0, 1))
    if low > 1 or high < 1:
        raise UserError(space.name, "holds no mixture within the shares that the runs had", "widen its bounds")
    narrowed = replace(space, bounds=bounds)
    try:
        FeasibleSet.of(bounds, narrowed.ties)
    except ValueError as error:
        raise UserError(space.name, f"within the shares that the runs had, {error}", "widen its bounds") from None
    return narrowed


def refuse_other_question(path: Path, law: Law, landscape: Landscape) -> None:
    """Raises :class:`UserError` where ``law``, of ``path``, is of other languages than ``landscape``, or in another
    unit.
    """
    missing = [name for name in landscape.weights if name not in law.targets]
    strange = [name for name in law.domains if name not in landscape.domains]
    if missing or strange:
        problem = f"tells nothing of {', '.join(missing)}" if missing else f"is also of {', '.join(strange)}"
        raise UserError(f"--known {path}", problem, f"give a law of {', '.join(landscape.domains)}")
    if law.loss_unit is not landscape.loss_unit:
        problem = f"its losses are {law.loss_unit}, those to search in {landscape.loss_unit}"
        raise UserError(f"--known {path}", problem, "give a law in the same unit, or start cold")


def read_landscape(
    path: Path,
    space: str | Path,
    n_params: float | None,
    n_tokens: float | None,
    weights: Path | None = None,
    noise: float | None = None,
    evaluations: int = 3,
) -> tuple[Landscape, SearchSpace]:
    """The landscape of a law (JSON) or of a table of real runs, and the mixtures to search in it.

    A table's is the law fitted to it (``auto``), within the shares that its runs had. N and D default to the largest of
    the runs. Hyperparameters of the space are left out: a law knows none. Raises :class:`UserError` for a file that is
    neither, an N, D or noise that is not above 0, and what space and weights may have wrong.
    """
    law = load_law(path) if path.suffix == ".json" else fit_law(read_runs(path), bootstrap=0)
    scale = []
    for name, value, known in (
        ("--params", n_params, law.fitted_range.n_params),
        ("--tokens", n_tokens, law.fitted_range.n_tokens),
    ):
        low, high = known[0] / _BEYOND, known[1] * _BEYOND
        if value is not None and not low <= value <= high:
            hint = f"give a number from {low:g} to {high:g}"
            raise UserError(name, f"{value:g} is far from all runs of the law", hint)
        scale.append(known[1] if value is None else value)
    if noise is not None and not (np.isfinite(noise) and 0 <= noise < 1):
        raise UserError("--noise", f"{noise:g} is not a deviation of log losses", "give such as 0.003")
    loaded = load_space(space, law.domains)
    own = dict(loaded.aims[0].weights) if len(loaded.aims) == 1 else {}
    given = read_weights(weights, law.targets) if weights else (own or None)
    weight = dict(zip(law.targets, weights_of(law, given).tolist(), strict=True))
    weight = {name: value for name, value in weight.items() if value > 0}
    searched = replace(loaded, hyperparameters={})
    if path.suffix != ".json":
        searched = within(searched, law)
    landscape = of_law(law, weight, scale[0], scale[1], noise, evaluations)
    return replace(landscape, weightless=weightless(law, given)), searched
