"""Per language L = E + A N^-alpha + B D^-beta, from the runs on that language alone, with honest intervals.

A small grid, such as three sizes by three D, does not pin five parameters down. So the fit has a weak prior (terms
within an order of magnitude of the loss, exponents around 0.35 within a factor of two), weighed against the measured
noise; bootstrap samples draw the prior anew, so that what the data cannot tell has an interval as wide as the
prior; and a parameter whose interval is hardly narrower than the prior's is named unidentified.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from codescale.arrays import Array
from codescale.artifact import Interval
from codescale.errors import UserError
from codescale.laws.forms.chinchilla import Chinchilla
from codescale.laws.forms.curve import Centre
from codescale.laws.forms.terms import SCALARS
from codescale.laws.law import LEVEL
from codescale.laws.observations import Observations, narrow, observe
from codescale.laws.replicates import log_loss_noise
from codescale.laws.results import LanguageScaling, Scaling, ScalingPoint
from codescale.runs.table import RunsTable

FEWEST_ROWS = 3
ENOUGH_TRUNKS = 10
"""Trunks from which resampling them tells their spread; below it, losses are simulated with the measured noise."""

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
    variance = _noise_variance(rows, chosen)
    generator = np.random.default_rng(seed)
    results = {name: _fit_one(own, variance, generator, bootstrap) for name, own in chosen.items()}
    return Scaling(level=LEVEL, noise=float(np.sqrt(variance)), languages=results, skipped=skipped)


def _own_rows(data: Observations, language: str) -> Observations:
    """The rows on ``language`` alone, with its loss. Raises :class:`UserError` where there are too few."""
    if language not in data.domains or language not in data.targets:
        raise UserError(data.path, f"has no runs or no loss of {language}", "add runs on it alone")
    losses = data.log_losses[:, data.targets.index(language)]
    rows = (data.shares[:, data.domains.index(language)] > 0.999) & np.isfinite(losses) & data.usable
    if rows.sum() < FEWEST_ROWS:
        count = int(rows.sum())
        raise UserError(data.path, f"{count} runs on {language} alone", f"at least {FEWEST_ROWS} are needed")
    return Observations(
        data.path,
        data.domains,
        (language,),
        data.log_params[rows],
        data.log_tokens[rows],
        data.shares[rows],
        losses[rows, None],
        data.trunk[rows],
        data.usable[rows],
        data.unique_tokens[rows],
    )


def _noise_variance(rows: RunsTable, chosen: dict[str, Observations]) -> float:
    """Variance of log loss: over seeds where three or more degrees of freedom tell it, else around the fits, pooled."""
    replicated = log_loss_noise(rows, tuple(chosen)) if chosen else None
    if replicated is not None and replicated.degrees_of_freedom >= 3:
        return max(replicated.pooled**2, 1e-8)
    squares, freedom = 0.0, 0
    for own in chosen.values():
        form = KnownNoiseChinchilla(1e-5)
        values = form.fit(own, np.ones((1, len(own))))[0]
        squares += float(np.sum((_fitted(form, values, own) - own.log_losses[:, 0]) ** 2))
        freedom += max(len(own) - form.free_parameters(own), 0)
    return max(squares / max(freedom, 1), 1e-8)


def _fitted(form: Chinchilla, values: Array, own: Observations) -> Array:
    return form.log_losses(values, own.domains, own.log_params, own.log_tokens, own.shares)[0]


def _fit_one(own: Observations, variance: float, generator: np.random.Generator, bootstrap: int) -> LanguageScaling:
    form = KnownNoiseChinchilla(variance)
    values = form.fit(own, np.ones((1, len(own))))[0]
    fitted = _fitted(form, values, own)
    trunks = len(np.unique(own.trunk))
    if trunks >= ENOUGH_TRUNKS:
        samples = _resample_trunks(form, own, values, generator, bootstrap)
    else:
        samples = form.refit(own, values[0], _simulate(own, fitted, variance, generator, bootstrap), generator)
    structural = form.unidentified(own)
    unidentified = [name for name in SCALARS if name in structural or _prior_dominates(form, own, samples, name)]
    fixed = dict(zip(SCALARS, form.fixed_parameters(own)[0][0].tolist(), strict=True))
    parameters: dict[str, Interval] = {}
    for k, name in enumerate(SCALARS):
        known = bootstrap > 0 and not fixed[name]
        low, high = np.quantile(samples[:, k], [0.05, 0.95]).tolist() if known else (None, None)
        parameters[name] = Interval(value=float(values[0, k]), low=low, high=high)
    loss = np.exp(own.log_losses[:, 0])
    columns = (np.exp(own.log_params), np.exp(own.log_tokens), loss, np.exp(fitted))
    return LanguageScaling(
        parameters=parameters,
        unidentified=tuple(unidentified),
        points=tuple(
            ScalingPoint(n_params=n_params, n_tokens=n_tokens, loss=measured, fitted=said)
            for n_params, n_tokens, measured, said in np.column_stack(columns).tolist()
        ),
        rmse=float(np.sqrt(np.mean((np.exp(fitted) - loss) ** 2))),
        n_runs=len(own),
        intervals_from="trunks" if trunks >= ENOUGH_TRUNKS else "noise",
    )


def _resample_trunks(
    form: KnownNoiseChinchilla, own: Observations, values: Array, generator: np.random.Generator, count: int
) -> Array:
    """(samples, parameters): the Bayesian bootstrap over trunks, as in ``fit_law``."""
    numbers = np.unique(own.trunk, return_inverse=True)[1]
    drawn = generator.exponential(size=(count, numbers.max() + 1))
    drawn *= drawn.shape[1] / drawn.sum(axis=1, keepdims=True)
    return form.resample(own, values, drawn[:, numbers], generator)[:, 0]


def _simulate(own: Observations, fitted: Array, variance: float, generator: np.random.Generator, count: int) -> Array:
    """(samples, rows): the fit plus noise, half of whose variance the branches of one trunk share."""
    numbers = np.unique(own.trunk, return_inverse=True)[1]
    shared = generator.standard_normal((count, numbers.max() + 1))[:, numbers]
    apart = generator.standard_normal((count, len(own)))
    return fitted + np.sqrt(variance / 2.0) * (shared + apart)


def _prior_dominates(form: KnownNoiseChinchilla, own: Observations, samples: Array, name: str) -> bool:
    """Whether the data left ``name`` about as uncertain as the prior: its spread on the solver's log scale."""
    if len(samples) == 0:
        return False
    k = SCALARS.index(name)
    centre = Centre(float(own.log_params.mean()), float(own.log_tokens.mean()))
    spread = float(np.std(form.inner(samples, centre)[:, k]))
    return spread > _PRIOR_DOMINATES * float(form.prior(own).deviation[k])
