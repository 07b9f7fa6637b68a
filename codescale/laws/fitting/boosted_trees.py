"""Gradient-boosted trees on log N, log D and the shares: RegMix's regressor (Liu et al., 2024, arXiv 2407.01492), for
comparison.

LightGBM, an extra (`pip install 'codescale[trees]'`), with RegMix's 1,000 rounds at a learning rate of 0.01. Trees are
constant outside the data they saw and between its points, so they are judged beside the laws and never chosen as one.
"""

from __future__ import annotations

import importlib
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

import numpy as np

from codescale.arrays import Array, Mask
from codescale.laws.fitting.holdout import Split
from codescale.laws.observations import Observations

NAME = "trees"

_ROUNDS = 1000
_FEWEST_ROWS = 10
"""Below which no trees are grown."""
_SETTINGS = {
    "objective": "regression",
    "learning_rate": 0.01,
    "seed": 42,
    "num_threads": 1,
    "deterministic": True,
    "force_row_wise": True,
    "verbose": -1,
}


def installed() -> bool:
    """Whether LightGBM is there and loads (it needs OpenMP from the system)."""
    try:
        importlib.import_module("lightgbm")
    except (ImportError, OSError):
        return False
    return True


def predict_held_out(data: Observations, splits: Sequence[Split], workers: int = 1) -> list[Array]:
    """Per hold-out (test rows, targets): log losses by trees grown on its training rows, ``workers`` at once."""
    return [fit_and_predict(data, split.train, split.test, workers) for split in splits]


def fit_and_predict(data: Observations, train: Mask, test: Mask, workers: int = 1) -> Array:
    """(test rows, targets): log losses by trees grown on the rows ``train``; NaN for a target without ten of them.

    Targets go side by side, each on one thread: two threads in one fit of so few rows wait for each other most of the
    time. Raises ``ModuleNotFoundError`` without LightGBM: ask :func:`installed` first.
    """
    inputs = np.column_stack([data.log_params, data.log_tokens, data.shares])

    def of_target(losses: Array) -> Array:
        known = train & np.isfinite(losses)
        if known.sum() < _FEWEST_ROWS:
            return np.full(int(test.sum()), np.nan)
        return _grown(inputs[known], losses[known], inputs[test])

    with ThreadPoolExecutor(max(1, workers)) as pool:
        return np.column_stack(list(pool.map(of_target, data.log_losses.T)))


def _grown(inputs: Array, losses: Array, asked: Array) -> Array:
    """What trees grown on ``inputs`` (rows, inputs) and ``losses`` (rows,) predict at ``asked`` (asked, inputs)."""
    import lightgbm

    grown = lightgbm.train(
        _SETTINGS,
        lightgbm.Dataset(inputs, losses),
        num_boost_round=_ROUNDS,
        keep_training_booster=True,  # else it is written to text and read again, a sixth of the time
    )
    return np.asarray(grown.predict(asked, num_threads=1))
