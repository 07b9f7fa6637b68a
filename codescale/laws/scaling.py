"""Per language L = E + A N^-alpha + B D^-beta, from the runs on that language alone, with honest intervals.

A small grid, such as three sizes by three D, does not pin five parameters down. So the fit has a weak prior (terms
within an order of magnitude of the loss, exponents around 0.35 within a factor of two), weighed against the measured
noise; bootstrap samples draw the prior anew, so that what the data cannot tell has an interval as wide as the
prior; and a parameter whose interval is hardly narrower than the prior's is named unidentified.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from codescale.arrays import Array, Mask
from codescale.artifact import Interval
from codescale.errors import UserError
from codescale.laws.forms.chinchilla import Chinchilla
from codescale.laws.forms.curve import Centre
from codescale.laws.forms.rows import Rows
from codescale.laws.forms.terms import SCALARS
from codescale.laws.intervals import LEVEL
from codescale.laws.observations import Observations, narrow, observe
from codescale.laws.replicates import log_loss_noise
from codescale.laws.results import LanguageScaling, Scaling, ScalingPoint
from codescale.runs.seed_noise import ModeratedNoise, moderate
from codescale.runs.table import RunsTable

FEWEST_ROWS = 3
ENOUGH_TRUNKS = 10
"""Trunks from which resampling them tells their spread; below it, losses are simulated with the measured noise."""

_USUAL = 3e-3
"""Deviation of log loss that a fit is weighed by where nothing tells it: that of a proxy between seeds."""
_LEAST = 1e-4
"""The least deviation that is believed."""

_PRIOR_DOMINATES = 0.7
"""A parameter counts as unidentified where its spread exceeds this share of the prior's deviation."""


class KnownNoiseChinchilla(Chinchilla):
    """``chinchilla`` for few runs of one language: less robust, with the prior weighed against a known noise
    variance.
    """

    iterations = 300

    def __init__(self, variance: float) -> None:
        self.delta = 3.0 * float(np.sqrt(variance))
        self.strength = variance


def fit_scaling(table: RunsTable, languages: Sequence[str], seed: int = 0, bootstrap: int = 200) -> Scaling:
    """Fits every language on its own runs, those whose mixture is that language alone.

    Parameters
    ----------
    table
        The runs; those of an unusual length are left out as for a law.
    languages
        Which to fit. One with too few runs is in ``skipped`` of the result, with the reason.
    seed
        Decides the bootstrap.
    bootstrap
        Samples for the intervals; 0 gives none.

    Returns
    -------
    Scaling
        What ``scaling.json`` holds: per language the parameters with 90 % intervals, and measured beside fitted losses.
        There are no intervals where nothing tells the noise: no recipe with several seeds, and no more runs than
        parameters.

    Raises
    ------
    UserError
        As :func:`~codescale.laws.observations.narrow` does.
    """
    rows = narrow(table)
    data = observe(rows)
    skipped: dict[str, str] = {}
    chosen: dict[str, Observations] = {}
    for language in languages:
        try:
            chosen[language] = _own_rows(data, language)
        except UserError as error:
            skipped[language] = f"{error.problem}: {error.hint}"
    return _fit_all(rows, chosen, skipped, seed, bootstrap)


def fit_target_scaling(table: RunsTable, targets: Sequence[str], seed: int = 0, bootstrap: int = 200) -> Scaling:
    """Fits every target over N and D on all of the runs, which are of one mixture: its exponents under that mixture.

    Parameters and returns as :func:`fit_scaling`, ``languages`` of the result being ``targets``; raises what that does.
    """
    rows = narrow(table)
    data = observe(rows)
    skipped: dict[str, str] = {}
    chosen: dict[str, Observations] = {}
    for target in targets:
        try:
            chosen[target] = _with_loss(data, target, np.ones(len(data), dtype=np.bool_), "runs")
        except UserError as error:
            skipped[target] = f"{error.problem}: {error.hint}"
    return _fit_all(rows, chosen, skipped, seed, bootstrap)


def _fit_all(
    rows: RunsTable, chosen: dict[str, Observations], skipped: dict[str, str], seed: int, bootstrap: int
) -> Scaling:
    noise = _log_loss_noise(rows, chosen)
    generator = np.random.default_rng(seed)
    results = {name: _fit_one(own, noise.of(name), generator, bootstrap) for name, own in chosen.items()}
    pooled = noise.pooled if np.isfinite(noise.pooled) else None
    return Scaling(level=LEVEL, loss_unit=rows.loss_unit, noise=pooled, languages=results, skipped=skipped)


def _own_rows(data: Observations, language: str) -> Observations:
    """The rows on ``language`` alone, with its loss. Raises :class:`UserError` where there are too few."""
    if language not in data.domains or language not in data.targets:
        raise UserError(data.path, f"has no runs or no loss of {language}", "add runs on it alone")
    alone = np.asarray(data.shares[:, data.domains.index(language)] > 0.999, dtype=np.bool_)
    return _with_loss(data, language, alone, f"runs on {language} alone")


def _with_loss(data: Observations, target: str, among: Mask, what: str) -> Observations:
    """The rows ``among`` that have a loss of ``target``, with that. Raises :class:`UserError` where there are too
    few, which are called ``what``.
    """
    losses = data.log_losses[:, data.targets.index(target)]
    rows = among & np.isfinite(losses) & data.usable
    if rows.sum() < FEWEST_ROWS:
        count = int(rows.sum())
        raise UserError(data.path, f"{count} {what}", f"at least {FEWEST_ROWS} are needed")
    return Observations(
        data.path,
        data.domains,
        (target,),
        data.log_params[rows],
        data.log_tokens[rows],
        data.shares[rows],
        losses[rows, None],
        data.trunk[rows],
        data.usable[rows],
        data.unique_tokens[rows],
        data.loss_unit,
    )


class _RunNoise(NamedTuple):
    """The deviation of a run's log loss of one language, at least :data:`_LEAST`, and its degrees of freedom: 0 where
    it is not known and ``deviation`` the usual one.
    """

    deviation: float
    freedom: float


class _NoiseOfAll(NamedTuple):
    languages: tuple[str, ...]
    moderated: ModeratedNoise
    pooled: float

    def of(self, language: str) -> _RunNoise:
        k = self.languages.index(language)
        if self.moderated.freedom[k] == 0:
            return _RunNoise(_USUAL, 0.0)
        return _RunNoise(max(float(self.moderated.deviation[k]), _LEAST), float(self.moderated.freedom[k]))


def _log_loss_noise(rows: RunsTable, chosen: dict[str, Observations]) -> _NoiseOfAll:
    """Of each language, shrunk to that of all: over seeds where three or more degrees of freedom tell it, else around
    the fits.
    """
    names = tuple(chosen)
    replicated = log_loss_noise(rows, names)
    if replicated.degrees_of_freedom >= 3:
        return _NoiseOfAll(names, replicated.moderated, max(replicated.pooled, _LEAST))
    around = [_around_fit(own) for own in chosen.values()]
    squares, freedom = (np.array([one[k] for one in around]) for k in (0, 1))
    told = freedom.sum() > 0
    pooled = max(float(np.sqrt(squares.sum() / freedom.sum())), _LEAST) if told else float("nan")
    return _NoiseOfAll(names, moderate(squares, freedom, float(freedom.sum())), pooled)


def _around_fit(own: Observations) -> tuple[float, float]:
    """The squared residuals of a language's fit, scaled to an expectation of a new run's variance for each degree of
    freedom, and these; 0 without more runs than parameters.

    A fit takes the luck that a trunk's branches share for what its N does, so its residuals are smaller than what a new
    run would differ by: with three trunks by half the variance.
    """
    form = KnownNoiseChinchilla(_USUAL**2)
    if len(own) <= form.free_parameters(own):
        return 0.0, 0.0
    values = form.fit(own, np.ones((1, len(own))))[0]
    squares = float(np.sum((_fitted(form, values, own) - own.log_losses[:, 0]) ** 2))
    centre = _centre(own)
    theta = form.inner(values, centre)
    rows = Rows.of(own.log_params - centre.log_params, own.log_tokens - centre.log_tokens, own.shares)
    slopes = form.curve(theta, rows)[1][0]
    absorbed = np.linalg.qr(slopes[:, ~form.fixed_parameters(own)[0][0]])[0]
    seen = _run_correlation(own) - absorbed @ (absorbed.T @ _run_correlation(own))
    freedom = float(np.trace(seen) ** 2 / np.trace(seen @ seen))
    return squares * freedom / float(np.trace(seen)), freedom


def _run_correlation(own: Observations) -> Array:
    """(rows, rows): of the noise, half of whose variance the branches of one trunk share."""
    return np.asarray(0.5 * (np.eye(len(own)) + (own.trunk[:, None] == own.trunk)))


def _centre(own: Observations) -> Centre:
    return Centre(float(own.log_params.mean()), float(own.log_tokens.mean()))


def _fitted(form: Chinchilla, values: Array, own: Observations) -> Array:
    return form.log_losses(values, own.domains, own.log_params, own.log_tokens, own.shares)[0]


def _fit_one(own: Observations, noise: _RunNoise, generator: np.random.Generator, bootstrap: int) -> LanguageScaling:
    form = KnownNoiseChinchilla(noise.deviation**2)
    values = form.fit(own, np.ones((1, len(own))))[0]
    fitted = _fitted(form, values, own)
    trunks = len(np.unique(own.trunk))
    source = "trunks" if trunks >= ENOUGH_TRUNKS else "noise" if noise.freedom > 0 else "nothing"
    if bootstrap == 0 or source == "nothing":
        samples = np.empty((0, values.shape[1]))
    elif source == "trunks":
        samples = _resample_trunks(form, own, values, generator, bootstrap)
    else:
        samples = form.refit(own, values[0], _simulate(own, fitted, noise, generator, bootstrap), generator)
    structural = form.unidentified(own)
    unidentified = [name for name in SCALARS if name in structural or _prior_dominates(form, own, samples, name)]
    loss = np.exp(own.log_losses[:, 0])
    columns = (np.exp(own.log_params), np.exp(own.log_tokens), loss, np.exp(fitted))
    return LanguageScaling(
        parameters=_parameters(form, own, values[0], samples),
        unidentified=tuple(unidentified),
        points=tuple(
            ScalingPoint(n_params=n_params, n_tokens=n_tokens, loss=measured, fitted=said)
            for n_params, n_tokens, measured, said in np.column_stack(columns).tolist()
        ),
        rmse=float(np.sqrt(np.mean((np.exp(fitted) - loss) ** 2))),
        n_runs=len(own),
        intervals_from=source,
        noise=noise.deviation if noise.freedom > 0 else None,
        degrees_of_freedom=noise.freedom,
    )


def _parameters(form: KnownNoiseChinchilla, own: Observations, values: Array, samples: Array) -> dict[str, Interval]:
    """The parameters by name, with intervals over ``samples``; none of what the runs fix to 0."""
    fixed = form.fixed_parameters(own)[0][0].tolist()
    parameters: dict[str, Interval] = {}
    for k, name in enumerate(SCALARS):
        known = len(samples) > 0 and not fixed[k]
        low, high = np.quantile(samples[:, k], [0.05, 0.95]).tolist() if known else (None, None)
        parameters[name] = Interval(value=float(values[k]), low=low, high=high)
    return parameters


def _resample_trunks(
    form: KnownNoiseChinchilla, own: Observations, values: Array, generator: np.random.Generator, count: int
) -> Array:
    """(samples, parameters): the Bayesian bootstrap over trunks, as in ``fit_law``."""
    numbers = np.unique(own.trunk, return_inverse=True)[1]
    drawn = generator.exponential(size=(count, numbers.max() + 1))
    drawn *= drawn.shape[1] / drawn.sum(axis=1, keepdims=True)
    return form.resample(own, values, drawn[:, numbers], generator)[:, 0]


def _simulate(own: Observations, fitted: Array, noise: _RunNoise, generator: np.random.Generator, count: int) -> Array:
    """(samples, rows): the fit plus noise, half of whose variance the branches of one trunk share. Each sample draws
    the noise's own variance too: few runs leave it as unsure as its degrees of freedom say.
    """
    deviation = noise.deviation * np.sqrt(noise.freedom / generator.chisquare(noise.freedom, size=(count, 1)))
    numbers = np.unique(own.trunk, return_inverse=True)[1]
    shared = generator.standard_normal((count, numbers.max() + 1))[:, numbers]
    apart = generator.standard_normal((count, len(own)))
    return fitted + deviation * np.sqrt(0.5) * (shared + apart)


def _prior_dominates(form: KnownNoiseChinchilla, own: Observations, samples: Array, name: str) -> bool:
    """Whether the data left ``name`` about as uncertain as the prior: its spread on the solver's log scale."""
    if len(samples) == 0:
        return False
    k = SCALARS.index(name)
    spread = float(np.std(form.inner(samples, _centre(own))[:, k]))
    return spread > _PRIOR_DOMINATES * float(form.prior(own).deviation[k])
