"""Which algorithm proposes the next trial: our sampler or Optuna's by a word, made reproducible across kills.

A suggestion is to depend on nothing but (seed, number of the trial, what finished before it). So every trial gets a
sampler of its own, seeded by (seed, number): no state has to survive a kill, and a trial that was told in another order
disturbs none of the later ones.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from importlib.util import find_spec
from typing import Any, Literal, get_args

import numpy as np
from optuna.distributions import BaseDistribution
from optuna.samplers import BaseSampler, CmaEsSampler, GPSampler, RandomSampler, TPESampler
from optuna.study import Study
from optuna.trial import FrozenTrial, TrialState

from codescale.errors import UserError
from codescale.search.bayesopt.termination import ReportsExpectedImprovement

SamplerName = Literal["law", "tpe", "gp", "cmaes", "random"]


def named_samplers(names: Sequence[str], where: str) -> list[SamplerName]:
    """``names`` as samplers, none twice. Raises :class:`UserError` that names one that is none."""
    known = get_args(SamplerName)
    for name in names:
        if name not in known:
            raise UserError(where, f"{name!r} is not a sampler", f"use one or more of {', '.join(known)}")
    if not names:
        raise UserError(where, "names no sampler", f"use one or more of {', '.join(known)}")
    return list(dict.fromkeys(name for name in known if name in names))


EXCESS = "excess"
"""The user attribute of a trial that holds by how much each loss is above what a rule of no harm allows."""

Constraints = Callable[[FrozenTrial], Sequence[float]]
"""A trial's constraints, each kept where it is 0 or below."""


def excess_constraints(targets: int) -> Constraints:
    """What Optuna's samplers are to keep at or below 0: a trial's :data:`EXCESS`, of so many ``targets``; one that does
    not tell, such as a pruned one, counts as keeping the rule.
    """

    def constraints(trial: FrozenTrial) -> Sequence[float]:
        return tuple(trial.user_attrs.get(EXCESS) or (0.0,) * targets)

    return constraints


def stored_constraints(attributes: Mapping[str, Any]) -> dict[str, Any]:
    """Optuna's own note of a trial's constraints, for one that was never asked for: a sampler's function is called for
    the others alone.
    """
    return {"constraints": list(attributes[EXCESS])} if EXCESS in attributes else {}


def make_sampler(name: SamplerName, seed: int, constraints: Constraints | None = None) -> BaseSampler:
    """Optuna's sampler called ``name``: ``tpe`` (Bergstra et al. 2011), ``gp``, ``cmaes`` (Hansen 2016) or ``random``.
    The first two heed ``constraints``; the others know none.

    Ours, ``law``, knows the space and is made by :class:`~codescale.search.bayesopt.sampler.LawSampler` itself. Raises
    :class:`UserError` where the package behind it is not installed.
    """
    if name == "law":
        raise ValueError("the law's sampler is made from a space")
    if name == "cmaes":
        if find_spec("cmaes") is None:
            raise UserError("search.sampler", "cmaes needs the package cmaes", "pip install cmaes, or use tpe")
        return CmaEsSampler(seed=seed, warn_independent_sampling=False)
    if name == "random":
        return RandomSampler(seed=seed)
    with warnings.catch_warnings():  # Optuna 5 prefers Trial.set_constraint, which Optuna 4 does not have
        warnings.simplefilter("ignore")
        if name == "gp":
            return GPSampler(seed=seed, warn_independent_sampling=False, constraints_func=constraints)
        return TPESampler(seed=seed, constraints_func=constraints)


class SeededByTrial(BaseSampler):
    """The sampler called ``name``, made anew for each trial with a seed from (``seed``, number of the trial).

    ``begin(number)`` comes before Optuna asks; the number is the search's own, since Optuna's also counts runs that a
    search only looks at. ``constraints`` are as :func:`make_sampler` takes them.
    """

    def __init__(self, name: SamplerName, seed: int, constraints: Constraints | None = None) -> None:
        self._make = partial(make_sampler, name, constraints=constraints)
        self._seed = seed
        self.begin(0)

    def begin(self, number: int) -> None:
        """From now on trial ``number`` is suggested."""
        seed = np.random.SeedSequence((self._seed, number)).generate_state(1)[0]
        self._sampler = self._make(int(seed))

    def expected_improvement(self) -> float | None:
        """By how much the trial that was suggested last is expected to improve on the best; None where the sampler does
        not say (:class:`~codescale.search.bayesopt.termination.ReportsExpectedImprovement`).
        """
        sampler = self._sampler
        return sampler.expected_improvement() if isinstance(sampler, ReportsExpectedImprovement) else None

    def infer_relative_search_space(self, study: Study, trial: FrozenTrial) -> dict[str, BaseDistribution]:
        """As the sampler does."""
        return self._sampler.infer_relative_search_space(study, trial)

    def sample_relative(
        self, study: Study, trial: FrozenTrial, search_space: dict[str, BaseDistribution]
    ) -> dict[str, Any]:
        """As the sampler does."""
        return self._sampler.sample_relative(study, trial, search_space)

    def sample_independent(
        self, study: Study, trial: FrozenTrial, param_name: str, param_distribution: BaseDistribution
    ) -> Any:
        """As the sampler does."""
        return self._sampler.sample_independent(study, trial, param_name, param_distribution)

    def before_trial(self, study: Study, trial: FrozenTrial) -> None:
        """As the sampler does."""
        self._sampler.before_trial(study, trial)

    def after_trial(self, study: Study, trial: FrozenTrial, state: TrialState, values: Sequence[float] | None) -> None:
        """As the sampler does."""
        self._sampler.after_trial(study, trial, state, values)
