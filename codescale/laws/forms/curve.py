"""Forms that are a smooth curve with a Jacobian: fitted by the robust batch solver from several starts.

Inside the solver parameters live on log scales, centred at the table's mean log N and log D, so that the height of a
term and its exponent do not trade off. Priors are weak and know only the level of a target's loss, never a domain's
name or place: renaming or reordering languages changes nothing.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from typing import Any

import numpy as np

from codescale.arrays import Array, Mask
from codescale.laws.forms.base import Form
from codescale.laws.forms.regression import Problems, effective_parameters, stationary_change
from codescale.laws.forms.rows import Rows
from codescale.laws.forms.solver import levenberg_marquardt
from codescale.laws.observations import Observations, spread_rows

_AT_END = 1e-3
"""Of a log exponent: nearer to an end of its range it counts as at that end."""
_RESAMPLING_STEPS = 40
"""Of a bootstrap sample, which starts where the fit ended (docs/law-fit.md)."""
_RESAMPLED_ROWS = 320
"""Rows about which a bootstrap sample is fitted to, where runs are curves of more."""
_RESAMPLING_TOLERANCE = 5e-5
"""Relative gain at which a bootstrap sample ends: its spread is then within 1 % of what it goes to."""
_JITTER = 1e-10
"""Added to a covariance, so that rounding leaves it positive definite."""
_NEAR_TOLERANCE = 1e-6
"""Relative gain at which a fit ends that begins near its end: a hundredth of a deviation of its parameters."""


@dataclass(frozen=True)
class Prior:
    """Mean, deviation and bounds (parameters,) on the solver's scales; ``levelled`` ones are relative to log loss."""

    mean: Array
    deviation: Array
    lower: Array
    upper: Array
    levelled: Mask

    def first(self, count: int) -> Prior:
        """The prior of the first ``count`` parameters alone."""
        return Prior(*(getattr(self, field.name)[:count] for field in fields(Prior)))


def joined(first: Prior, second: Prior) -> Prior:
    """The prior of ``first``'s parameters followed by ``second``'s."""
    return Prior(
        *(np.concatenate([getattr(first, field.name), getattr(second, field.name)]) for field in fields(Prior))
    )


@dataclass(frozen=True)
class Centre:
    """Mean log N and log D of the rows fitted to."""

    log_params: float = 0.0
    log_tokens: float = 0.0


class CurveForm(Form):
    """A form with an analytic Jacobian.

    ``delta``: see :class:`Problems`; ``strength``: the noise variance it assumes. Of all starts, after ``screening``
    iterations, the best ``kept`` are carried on for ``iterations``: on the published tables more change nothing. A fit
    near another one's end takes ``iterations_near``: fewer would leave it where held-out rows had drawn it.
    """

    delta: float = 0.01
    strength: float = 3e-5
    screening: int = 8
    kept: int = 2
    iterations: int = 200
    iterations_near: int = 80

    @abstractmethod
    def prior(self, data: Observations) -> Prior:
        """What is believed before the data."""

    @abstractmethod
    def fixed_parameters(self, data: Observations) -> tuple[Mask, Array]:
        """(targets, parameters): which parameters are fixed, and at which value on the solver's scale."""

    @abstractmethod
    def starts(self, data: Observations) -> Array:
        """(starts, parameters) on the solver's scale, relative where levelled."""

    def late_parameters(self, data: Observations) -> Mask:
        """(parameters,): which are held at their starts until the others have settled: a sum is found first, from many
        starts, and only then how N and D depend on one another.
        """
        return np.array([name == "kappa" for name in self.parameter_names(data.domains, "")])

    def warm_start(self, data: Observations, simpler: Mapping[str, Array]) -> Array | None:
        """One more start (samples, targets, parameters) on the solver's scale, from fits of simpler laws; or None."""
        return None

    @abstractmethod
    def curve(self, theta: Array, rows: Rows) -> tuple[Array, Array]:
        """Log loss (problems, rows) and its Jacobian (problems, rows, parameters) on the solver's scale."""

    @abstractmethod
    def log_curve(self, theta: Array, rows: Rows) -> Array:
        """The log loss (problems, rows) alone."""

    @abstractmethod
    def named(self, theta: Array, centre: Centre) -> Array:
        """The solver's parameters as the named ones (…, parameters)."""

    @abstractmethod
    def inner(self, values: Array, centre: Centre) -> Array:
        """The named parameters on the solver's scale: the inverse of :meth:`named`."""

    def free_parameters(self, data: Observations) -> int:
        return int((~self.fixed_parameters(data)[0]).sum(axis=1).max())

    def _problems(
        self, data: Observations, weights: Array, repeats: int, noise: Array | None, precision: Any = np.float64
    ) -> tuple[Problems, Array]:
        """``repeats`` problems per (sample, target), sample-major, and the level (problems,) of their log losses.

        Curves are evaluated in the floating-point type ``precision``.
        """
        samples, targets = len(weights), len(data.targets)
        sample = np.repeat(np.arange(samples), targets * repeats)
        target = np.tile(np.repeat(np.arange(targets), repeats), samples)
        losses = data.log_losses.T
        weights = weights * data.usable
        known = np.isfinite(losses).astype(float)
        total = np.maximum(weights @ known.T, 1e-300)
        levels = ((weights @ np.nan_to_num(losses).T) / total)[sample, target]
        prior = self.prior(data)
        shift = np.where(prior.levelled, levels[:, None], 0.0)
        held, fixed = self.fixed_parameters(data)
        held, fixed = held[target], fixed[target]
        mean = prior.mean + shift
        if noise is not None:
            mean = mean + noise[sample] * prior.deviation
        centre = self._centre(data)
        log_params, log_tokens = data.log_params - centre.log_params, data.log_tokens - centre.log_tokens
        rows = Rows.of(log_params, log_tokens, data.shares, precision)
        problems = Problems(
            curve=lambda theta: self.curve(theta.astype(precision, copy=False), rows),
            log_curve=lambda theta: self.log_curve(theta.astype(precision, copy=False), rows),
            log_losses=losses.astype(precision, copy=False),
            weights=weights.astype(precision, copy=False),
            target=target,
            sample=sample,
            prior_mean=np.where(held, fixed, mean),
            prior_deviation=prior.deviation,
            lower=np.where(held, fixed, prior.lower + shift),
            upper=np.where(held, fixed, prior.upper + shift),
            free=~held,
            delta=self.delta,
            strength=self.strength,
        )
        return problems, levels

    def _centre(self, data: Observations) -> Centre:
        return Centre(float(data.log_params.mean()), float(data.log_tokens.mean()))

    def fit(
        self, data: Observations, weights: Array, workers: int | None = None, simpler: Mapping[str, Array] | None = None
    ) -> Array:
        theta = self._screened(data, weights, workers)
        warm = self.warm_start(data, simpler or {})
        if warm is not None:
            theta = np.concatenate([theta, warm.reshape(len(theta), 1, -1)], axis=1)
        tried = theta.shape[1]
        rough, _ = self._problems(data, weights, tried, None, np.float32)
        settled = replace(rough, free=rough.free & ~self.late_parameters(data))
        start = np.where(rough.free, theta.reshape(rough.prior_mean.shape), rough.prior_mean)
        theta, value = levenberg_marquardt(settled, start, self.iterations, workers, _NEAR_TOLERANCE)
        best = np.arange(0, len(theta), tried) + np.argmin(value.reshape(-1, tried), axis=1)
        theta, _ = levenberg_marquardt(rough.part(best), theta[best], self.iterations, workers, _NEAR_TOLERANCE)
        problems, _ = self._problems(data, weights, 1, None)
        theta, _ = levenberg_marquardt(problems, theta, self.iterations, workers)
        return self._finish(data, theta.reshape(len(weights), len(data.targets), -1))

    def _screened(self, data: Observations, weights: Array, workers: int | None) -> Array:
        """(samples x targets, kept, parameters): the most promising starts after a few steps."""
        starts = self.starts(data)
        count, late = len(starts), self.late_parameters(data)
        problems, levels = self._problems(data, weights, count, None, np.float32)
        levelled = self.prior(data).levelled
        theta = np.tile(starts, (len(levels) // count, 1)) + np.where(levelled, levels[:, None], 0.0)
        theta = np.where(problems.free, theta, problems.prior_mean)
        theta, value = levenberg_marquardt(
            replace(problems, free=problems.free & ~late), theta, self.screening, workers
        )
        order = np.argsort(value.reshape(-1, count), axis=1, kind="stable")[:, : min(self.kept, count)]
        return np.take_along_axis(theta.reshape(-1, count, theta.shape[1]), order[:, :, None], axis=1)

    def near(self, data: Observations, values: Array, weights: Array, workers: int | None = None) -> Array:
        problems, _ = self._problems(data, weights, 1, None, np.float32)
        start = np.tile(self.inner(values, self._centre(data)), (len(weights), 1))
        theta = np.where(problems.free, start, problems.prior_mean)
        theta, _ = levenberg_marquardt(problems, theta, self.iterations_near, workers, _NEAR_TOLERANCE)
        return self._finish(data, theta.reshape(len(weights), *values.shape))

    def effective_parameters(self, data: Observations, values: Array) -> Array:
        problems, _ = self._problems(data, np.ones((1, len(data))), 1, None)
        return effective_parameters(problems, self.inner(values, self._centre(data)))

    def tangents(self, data: Observations, values: Array | None = None) -> Array:
        """(targets, rows, parameters): how the log losses of the rows of ``data``, measured or not, change with the
        parameters at ``values`` (targets, parameters), or at the prior's mean: what a design of runs goes by.

        Parameters are in units of their prior's deviations, losses in units of a run's noise; 0 for what is fixed.
        """
        problems, _ = self._problems(data, np.ones((1, len(data))), 1, None)
        inner = problems.prior_mean if values is None else self.inner(values, self._centre(data))
        _, jacobian = problems.curve(np.where(problems.free, inner, problems.prior_mean))
        unit = np.where(problems.free, problems.prior_deviation, 0.0) / np.sqrt(problems.strength)
        return np.asarray(jacobian * unit[:, None, :])

    def prior_draws(
        self, data: Observations, generator: np.random.Generator, count: int, deviations: float = 1.0
    ) -> Array:
        """(count, targets, parameters): laws that the prior holds likely where the rows of ``data`` were run, each
        target's drawn by itself, with so many of the prior's ``deviations``.
        """
        problems, _ = self._problems(data, np.ones((count, len(data))), 1, None)
        moved = generator.normal(problems.prior_mean, deviations * problems.prior_deviation)
        theta = np.where(problems.free, np.clip(moved, problems.lower, problems.upper), problems.prior_mean)
        return self._finish(data, theta.reshape(count, len(data.targets), -1))

    def posterior_draws(
        self, data: Observations, values: Array, covariance: Array, generator: np.random.Generator, count: int
    ) -> Array:
        """(count, targets, parameters): what fits may come to around ``values`` (targets, parameters), whose
        ``covariance`` (targets, parameters, parameters) is in units of the prior's deviations, as of :meth:`tangents`.
        """
        problems, _ = self._problems(data, np.ones((1, len(data))), 1, None)
        spread = np.linalg.cholesky(covariance + _JITTER * np.eye(covariance.shape[-1]))
        steps = np.einsum("tpq,ctq->ctp", spread, generator.standard_normal((count, *values.shape)))
        moved = self.inner(values, self._centre(data)) + problems.prior_deviation * steps
        theta = np.where(problems.free, np.clip(moved, problems.lower, problems.upper), problems.prior_mean)
        return self._finish(data, theta)

    def exponents_at_ends(self, data: Observations, values: Array) -> list[str]:
        problems, _ = self._problems(data, np.ones((1, len(data))), 1, None)
        theta = self.inner(values, self._centre(data))
        ends = (theta <= problems.lower + _AT_END) | (theta >= problems.upper - _AT_END)
        names = self.parameter_names(data.domains, "")
        return [
            f"{target}.{name}"
            for k, target in enumerate(data.targets)
            for p, name in enumerate(names)
            if name in ("alpha", "beta") and ends[k, p] and problems.free[k, p]
        ]

    def resample(
        self,
        data: Observations,
        values: Array,
        weights: Array,
        generator: np.random.Generator,
        workers: int | None = None,
    ) -> Array:
        """Each sample has its own weights and draws the prior's mean anew, domains and targets alike from one draw.

        Of a table of long curves a part of each is taken, and its losses changed so that it has the same fit.
        """
        noise = generator.standard_normal((len(weights), values.shape[1]))
        index, stands_for = spread_rows(data, _RESAMPLED_ROWS)
        part = data if len(index) == len(data) else self._with_fit(data.rows(index), values, stands_for)
        problems, _ = self._problems(part, weights[:, index] * stands_for, 1, noise, np.float32)
        start = np.tile(self.inner(values, self._centre(part)), (len(weights), 1))
        start = np.where(problems.free, start, problems.prior_mean)
        theta, _ = levenberg_marquardt(problems, start, _RESAMPLING_STEPS, workers, _RESAMPLING_TOLERANCE)
        return self._finish(part, theta.reshape(len(weights), *values.shape))

    def _with_fit(self, part: Observations, values: Array, weights: Array) -> Observations:
        """``part`` with losses a little changed along the curve, so that ``values`` are its fit under ``weights``
        (rows,).
        """
        problems, _ = self._problems(part, weights[None], 1, None)
        change = stationary_change(problems, self.inner(values, self._centre(part)))
        return replace(part, log_losses=part.log_losses + change.T)

    def refit(self, data: Observations, values: Array, simulated: Array, generator: np.random.Generator) -> Array:
        """Parametric bootstrap of a table with one target: (samples, parameters).

        Fits each row of ``simulated`` log losses (samples, rows) near ``values`` (parameters,), its prior drawn anew.
        """
        repeated = replace(data, targets=data.targets * len(simulated), log_losses=simulated.T)
        problems, _ = self._problems(repeated, np.ones((1, len(data))), 1, None)
        noise = generator.standard_normal(problems.prior_mean.shape) * problems.prior_deviation
        problems = replace(problems, prior_mean=problems.prior_mean + np.where(problems.free, noise, 0.0))
        start = np.tile(self.inner(values, self._centre(data)), (len(simulated), 1))
        theta, _ = levenberg_marquardt(problems, np.where(problems.free, start, problems.prior_mean), 60)
        return self._finish(repeated, theta[None])[0]

    def _finish(self, data: Observations, theta: Array) -> Array:
        return self.named(theta, self._centre(data))

    def log_losses(
        self, values: Array, domains: tuple[str, ...], log_params: Array, log_tokens: Array, shares: Array
    ) -> Array:
        return self.log_curve(self.inner(values, Centre()), Rows.each(log_params, log_tokens, shares))
