"""Models too large for their distinct tokens: the second term of the law of repeated tokens, where runs can tell it.

Muennighoff et al. (2023, arXiv 2305.16264, equation 6): see codescale/laws/repetition.py. What can be told of it
depends on the table, so hold-outs within the table choose: a form is fitted with the first term alone and with both,
and both are taken only where they foretell held-out rows better by more than chance. R*, R_N* and the tokens a
parameter are found together, by the fit's own objective and weak priors around the published values.
"""

from __future__ import annotations

import numpy as np

from codescale.arrays import Array
from codescale.laws.fitting.candidates import clearly_better, fit_form
from codescale.laws.fitting.holdout import make_splits
from codescale.laws.forms.base import Form
from codescale.laws.observations import Observations
from codescale.laws.repetition import (
    PUBLISHED,
    PUBLISHED_EXCESS,
    PUBLISHED_TOKENS_PER_PARAMETER,
    ExcessParameters,
    Repetition,
    as_seen,
    distance_from,
    misfit,
    misfit_variance,
    repeating_rows,
    residuals,
)

_FEWEST_SIZES = 3
"""Of models whose runs repeat tokens: two cannot tell what N does, let alone what is left of it."""
_STARTS = ((1.0, 20.0), (5.3, 20.0), (30.0, 20.0), (5.3, 4.0), (5.3, 100.0))
"""R_N* and tokens a parameter."""
_EVALUATIONS = 120
_RANGE = 12.0
"""Of every logarithm around 0: keeps a wild step finite."""


def choose_repetition(form: Form, data: Observations, half_life: float, seed: int, workers: int) -> Repetition:
    """``half_life``, R* of the first term alone, or both terms where ``form`` foretells held-out rows better by them.

    ``data``: as measured. ``seed`` decides the hold-outs.
    """
    first = Repetition(half_life)
    sizes = np.unique(np.round(data.log_params[repeating_rows(data)], 2))
    as_first = as_seen(data, first)
    splits = make_splits(as_first, seed)
    if len(sizes) < _FEWEST_SIZES or not splits:
        return first
    alone = fit_form(form, as_first, splits, (), workers)
    both = fit_both_terms(form, data, half_life, alone.values, workers)
    beside = fit_form(form, as_seen(data, both), splits, (), workers)
    return both if clearly_better(beside, alone, data, splits) else first


def fit_both_terms(form: Form, data: Observations, half_life: float, values: Array, workers: int) -> Repetition:
    """R*, R_N* and the tokens a parameter under which ``form`` fits all rows of ``data`` best.

    Nelder and Mead's simplex (1965) over their logarithms, from ``half_life`` and the best of several of the others.
    Each fit begins where the best one ended, the first from ``values`` (targets, parameters).
    """
    from scipy.optimize import minimize

    best = (np.inf, values)
    of_rows = residuals(form, as_seen(data, Repetition(half_life)), values)
    variance = misfit_variance(of_rows, np.zeros_like(of_rows), data.trunk)

    def objective(logs: Array) -> float:
        nonlocal best
        own = as_seen(data, _repetition(logs))
        found = form.near(own, best[1], np.ones((1, len(own))), workers)[0]
        priors = zip((PUBLISHED, PUBLISHED_EXCESS, PUBLISHED_TOKENS_PER_PARAMETER), logs.tolist(), strict=True)
        value = misfit(residuals(form, own, found), variance) + sum(distance_from(usual, one) for usual, one in priors)
        if value < best[0]:
            best = (value, found)
        return value

    begin = min([np.log([half_life, *others]) for others in _STARTS], key=objective)
    simplex = begin + np.vstack([np.zeros(3), np.diag([0.4, 0.7, 0.7])])
    options = {"initial_simplex": simplex, "maxfev": _EVALUATIONS, "xatol": 0.01, "fatol": 0.01}
    return _repetition(minimize(objective, begin, method="Nelder-Mead", options=options).x)


def _repetition(logs: Array) -> Repetition:
    half_life, excess, tokens = np.exp(np.clip(logs, -_RANGE, _RANGE)).tolist()
    return Repetition(half_life, ExcessParameters(half_life=excess, tokens_per_parameter=tokens))
