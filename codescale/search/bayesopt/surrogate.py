"""The surrogate of a search: laws as the mean of every target's loss, a Gaussian process on what they leave over.

    n  rows known;  m  points asked for;  t  targets;  s  samples of the mean, beside the mean as fitted

The processes are those of codescale/laws (Matern 5/2 over log N, log D, cube roots of shares), one for each target,
with the hyperparameters as further inputs. To model each loss and add them up tells far more than to model their sum:
most losses depend on few languages. A wrong law cannot hurt for long. It is stacked with laws fitted to the trials and
with a constant by what each predicts of unseen rows; its level and slope are unknown too
(:mod:`~codescale.laws.gp.conditioning`, with a prior that trusts it); and the amplitude of the process, which the
marginal likelihood finds, grows with what the mean leaves over.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from codescale.arrays import Array, Mask
from codescale.laws.gp.conditioning import LevelAndSlope, condition, covariance_root, whiten
from codescale.laws.gp.kernel import Hyperparameters, covariance, fit_hyperparameters
from codescale.search.bayesopt.dataset import Dataset, ScaledPoints
from codescale.search.bayesopt.mean_functions import MeanFunction
from codescale.search.bayesopt.seed_noise import SeedNoise
from codescale.search.bayesopt.settings import BayesOptSettings


@dataclass(frozen=True)
class TargetGP:
    """One target's process, and what may be added to the mean."""

    process: Hyperparameters
    basis: LevelAndSlope


@dataclass(frozen=True)
class FittedGP:
    """A mean with the targets' processes, before they are conditioned on any row.

    Parameters
    ----------
    weights : (t,) array
        Of the targets in the objective; they sum to 1.
    log_losses
        Whether values are log losses, so that the objective is the weighted mean of their exponentials.
    seeds
        What seeds do to each target; None where that is not known.
    """

    mean: MeanFunction
    targets: tuple[TargetGP, ...]
    weights: Array
    log_losses: bool
    settings: BayesOptSettings
    seeds: SeedNoise | None = None

    def kernel_inputs(self, points: ScaledPoints) -> Array:
        """(n, inputs)."""
        return points.kernel_inputs(self.settings.hyperparameter_width)

    def noise(self, target: TargetGP, noise_scale: Array) -> Array:
        """(n,): variances of rows whose noise is ``noise_scale`` (n,) of a finished run's."""
        return np.asarray(target.process.noise**2 * noise_scale + self.settings.jitter)

    @property
    def shown_noise(self) -> Array:
        """(t,): the deviation of a finished run that its residuals show."""
        return np.array([target.process.noise for target in self.targets])

    @property
    def correlation(self) -> Array:
        """(t, t): of what is not known of the targets."""
        return np.eye(len(self.weights)) if self.seeds is None else self.seeds.correlation


def fit_processes(
    mean: MeanFunction, data: Dataset, weights: Array, log_losses: bool, settings: BayesOptSettings
) -> FittedGP:
    """The processes on what ``mean`` leaves of rows that it has not seen."""
    if len(data) < settings.fewest_rows_for_likelihood:
        unmeasured = tuple(_unmeasured(mean, data, k, settings) for k in range(len(weights)))
        return FittedGP(mean, unmeasured, weights, log_losses, settings)
    chosen = np.unique(np.linspace(0, len(data) - 1, settings.most_rows_for_likelihood).astype(int))
    rows, predicted = data.select(chosen), mean.cross_validated[chosen]
    inputs = rows.points.kernel_inputs(settings.hyperparameter_width)
    worth = 1.0 / rows.noise_scale
    fitted = [
        _fit_target(inputs, rows.values[:, k] - predicted[:, k], predicted[:, k], worth, settings)
        for k in range(len(weights))
    ]
    return FittedGP(mean, tuple(fitted), weights, log_losses, settings)


def with_seed_noise(fitted: FittedGP, data: Dataset, deviation: float) -> FittedGP:
    """``fitted`` where a run's objective has at least the standard deviation ``deviation`` between seeds, where nothing
    is known of single targets.

    Trials share a seed, and what one seed does to similar mixtures looks like the mixtures' own doing: the likelihood
    of the trials cannot tell it apart. Targets that err together also make the objective noisier than each by itself.
    """
    levels = np.exp(data.values.mean(axis=0)) if fitted.log_losses else np.ones(len(fitted.weights))
    factor = deviation / max(float(np.linalg.norm(fitted.weights * levels * fitted.shown_noise)), 1e-12)
    if factor <= 1.0:
        return fitted
    raised = [
        replace(target, process=replace(target.process, noise=factor * target.process.noise))
        for target in fitted.targets
    ]
    return replace(fitted, targets=tuple(raised))


def _unmeasured(mean: MeanFunction, data: Dataset, target: int, settings: BayesOptSettings) -> TargetGP:
    """A process before there are rows to fit it to."""
    inputs = data.points.kernel_inputs(settings.hyperparameter_width).shape[1]
    amplitude = settings.unmeasured_amplitude
    process = Hyperparameters(np.full(inputs, settings.unmeasured_relevance), amplitude, settings.unmeasured_noise)
    centre = float(mean.cross_validated[:, target].mean()) if len(data) else 0.0
    return TargetGP(process, LevelAndSlope(centre, amplitude**2, 0.0))


def _fit_target(inputs: Array, residuals: Array, mean: Array, worth: Array, settings: BayesOptSettings) -> TargetGP:
    scale = max(float(residuals.std()), 1e-9)
    level = residuals.mean()
    process = fit_hyperparameters(inputs, residuals - level, worth)
    level_variance = (settings.level_sigmas * scale) ** 2 + float(level) ** 2
    return TargetGP(process, LevelAndSlope(float(mean.mean()), level_variance, settings.slope_sigma**2))


def predictive_log_likelihood(fitted: FittedGP, data: Dataset, own: Mask) -> float:
    """The log likelihood of the rows ``own`` (n,), given the others, in nats per row and target, up to a constant.

    ``data``: the rows that ``fitted`` was fitted to; every row stands beside the mean of a fit without it.
    """
    order = np.argsort(own, kind="stable")
    white, deviations = _whitened(fitted, data.select(order), fitted.mean.cross_validated[order])
    each = -0.5 * white**2 - np.log(deviations)
    return float(each[int(len(own) - own.sum()) :].mean())


def mean_squared_z(fitted: FittedGP, data: Dataset, later: Dataset) -> float:
    """How far ``later`` rows lie from what is predicted of them: the mean square, in units of variance, over targets.

    ``data``: the rows that ``fitted`` was fitted to. The first of ``later`` only tells by how much everything is off,
    which harms no search.
    """
    means = np.vstack([fitted.mean.cross_validated, fitted.mean.values(later.points, 0)])
    white, _ = _whitened(fitted, data.concatenate(later), means)
    return float((white[len(data) + 1 :] ** 2).mean())


def _whitened(fitted: FittedGP, rows: Dataset, means: Array) -> tuple[Array, Array]:
    """(n, t): by how many deviations each row lies from what the rows before it and ``means`` (n, t) predict, and those
    deviations.
    """
    inputs = fitted.kernel_inputs(rows.points)
    white, deviations = np.empty(means.shape), np.empty(means.shape)
    for k, target in enumerate(fitted.targets):
        mean, noise = means[:, k], fitted.noise(target, rows.noise_scale)
        white[:, k], deviations[:, k] = whiten(
            target.process, inputs, rows.values[:, k] - mean, noise, target.basis, mean
        )
    return white, deviations


@dataclass(frozen=True)
class Differences:
    """Of targets' values between m points and a reference: ``expected`` (1 + s, m, t) under every sample of the mean
    (the first as fitted), the ``deviation`` (m, t) of what processes and one seed do not know, the same under all of
    them, and the values ``at_reference`` (1 + s, t).
    """

    expected: Array
    deviation: Array
    at_reference: Array


class Surrogate:
    """``fitted`` conditioned on ``data``; ``pending`` points are under way and count as if they had ended as expected
    (kriging believer, Ginsbourger et al. 2010).

    All samples of the mean share one covariance of residuals, its basis function that of the mean as fitted: one factor
    a target serves them all.
    """

    def __init__(self, fitted: FittedGP, data: Dataset, pending: ScaledPoints | None = None) -> None:
        self.fitted = fitted
        points, noise_scale = data.points, data.noise_scale
        means = fitted.mean.samples(points)
        residuals = data.values - means
        if pending is not None and len(pending):
            ahead = Surrogate(fitted, data)
            pending_means = fitted.mean.samples(pending)
            expected = np.stack([ahead.target_means(pending, k) for k in range(fitted.settings.law_samples + 1)])
            residuals = np.concatenate([residuals, expected - pending_means], axis=1)
            means = np.concatenate([means, pending_means], axis=1)
            points, noise_scale = points.concatenate(pending), np.concatenate([noise_scale, np.ones(len(pending))])
        inputs, as_fitted = fitted.kernel_inputs(points), means[0]
        self._conditioned = [
            condition(
                target.process,
                inputs,
                residuals[:, :, k].T,
                fitted.noise(target, noise_scale),
                target.basis,
                as_fitted[:, k],
            )
            for k, target in enumerate(fitted.targets)
        ]

    def target_means(self, points: ScaledPoints, sample: int) -> Array:
        """(m, t): what is expected under one sample of the mean (0: as fitted)."""
        as_fitted = self.fitted.mean.values(points, 0)
        mean = as_fitted if sample == 0 else self.fitted.mean.values(points, sample)
        inputs = self.fitted.kernel_inputs(points)
        corrections = [
            one.cross_covariance(inputs, as_fitted[:, k]) @ one.dual[:, sample]
            for k, one in enumerate(self._conditioned)
        ]
        return np.asarray(mean + np.column_stack(corrections))

    def objective(self, values: Array) -> Array:
        """(m,): of ``values`` (m, t)."""
        return np.asarray((np.exp(values) if self.fitted.log_losses else values) @ self.fitted.weights)

    def mean(self, points: ScaledPoints) -> Array:
        """(m,): the objective expected under the mean as fitted."""
        return self.mean_sample(points, 0)

    def mean_sample(self, points: ScaledPoints, sample: int) -> Array:
        """(m,): the objective expected of ``points`` under one sample of the mean (0: as fitted)."""
        return self.objective(self.target_means(points, sample))

    def mean_and_std(self, points: ScaledPoints) -> tuple[Array, Array]:
        """(m,) each: the objective's expectation and standard deviation, a run's noise apart, over samples of the mean
        and the processes alike.
        """
        inputs = self.fitted.kernel_inputs(points)
        means = self.fitted.mean.samples(points)
        drawn = np.zeros((len(points), len(means)))
        deviations = np.empty((len(points), len(self._conditioned)))
        for k, one in enumerate(self._conditioned):
            cross = one.cross_covariance(inputs, means[0][:, k])
            own = means[:, :, k].T + cross @ one.dual
            left = np.sqrt(one.variance(cross, means[0][:, k]))
            weight = self.fitted.weights[k]
            if self.fitted.log_losses:
                own = np.exp(own)
                left = left * own[:, 0]
            drawn += weight * own
            deviations[:, k] = weight * left
        variance = ((deviations @ self.fitted.correlation) * deviations).sum(axis=1)
        return drawn.mean(axis=1), np.sqrt(variance + drawn.var(axis=1))

    def seed_deviation(self, points: ScaledPoints) -> Array:
        """(m,): by how much one seed's objective lies off that of all seeds, beside a run's noise; 0 where it is not
        known. It is the same for all that was measured with that seed, so no trial is chosen by it.
        """
        if self.fitted.seeds is None:
            return np.zeros(len(points))
        parts = self.fitted.weights * self.fitted.seeds.all(self.fitted.shown_noise)
        if self.fitted.log_losses:
            parts = parts * np.exp(self.target_means(points, 0))
        return np.sqrt(((parts @ self.fitted.correlation) * parts).sum(axis=-1)) * np.ones(len(points))

    def joint_samples(self, points: ScaledPoints, draws: int, generator: np.random.Generator) -> Array:
        """(draws (s + 1), m): what the objective may be at all ``points`` at once, a run's noise apart: so many draws
        of the processes under every sample of the mean.
        """
        values = self.joint_target_samples(points, draws, generator)
        total = np.zeros(values.shape[:2])
        for k, weight in enumerate(self.fitted.weights):  # one after another: in an order that no library chooses
            total += weight * (np.exp(values[:, :, k]) if self.fitted.log_losses else values[:, :, k])
        return total

    def joint_target_samples(self, points: ScaledPoints, draws: int, generator: np.random.Generator) -> Array:
        """(draws (s + 1), m, t): the same of every target's value."""
        inputs = self.fitted.kernel_inputs(points)
        means = self.fitted.mean.samples(points)
        drawn = []
        standard = generator.standard_normal((len(self._conditioned), draws, 1, len(points)))
        together = np.tensordot(np.linalg.cholesky(self.fitted.correlation), standard, axes=1)
        for k, one in enumerate(self._conditioned):
            cross = one.cross_covariance(inputs, means[0][:, k])
            left = one.covariance(inputs, cross, means[0][:, k])
            spread = together[k] @ covariance_root(left).T
            drawn.append(((means[:, :, k] + (cross @ one.dual).T)[None] + spread).reshape(-1, len(points)))
        return np.stack(drawn, axis=2)

    def differences(self, points: ScaledPoints, reference: ScaledPoints) -> Differences:
        """How every target's value at ``points`` differs from that at one ``reference``, a run's noise apart, and no
        surer than one seed allows: what that did to either mixture and residuals do not show has been fitted, and the
        farther the two are from each other, the less of it they have in common.
        """
        both = points.concatenate(reference)
        inputs = self.fitted.kernel_inputs(both)
        means = self.fitted.mean.samples(both)
        expected, deviations = np.empty(means.shape), np.empty(means[0, :-1].shape)
        for k, one in enumerate(self._conditioned):
            cross = one.cross_covariance(inputs, means[0][:, k])
            expected[:, :, k] = means[:, :, k] + (cross @ one.dual).T
            deviations[:, k] = np.sqrt(one.variance_of_difference(inputs, cross, means[0][:, k]))
        differences = expected[:, :-1] - expected[:, -1:]
        if self.fitted.seeds is not None:
            hidden = self.fitted.seeds.own(self.fitted.shown_noise)
            least = 2.0 * hidden**2 * self._apart(inputs)[:, None] - differences.var(axis=0)
            deviations = np.sqrt(np.maximum(deviations**2, least))
        return Differences(differences, deviations, expected[:, -1])

    def _apart(self, inputs: Array) -> Array:
        """(m - 1,): how much of its seed's luck each point does not have in common with the last one of ``inputs`` (m,
        k), from 0 to 1.
        """
        relevance = np.full(inputs.shape[1], 1.0 / self.fitted.settings.seed_luck_lengthscale)
        return 1.0 - covariance(relevance, inputs[:-1], inputs[-1:])[:, 0]
