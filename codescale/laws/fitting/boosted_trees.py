"""Gradient-boosted trees on log N, log D and the shares: RegMix's regressor (Liu et al., 2024, arXiv 2407.01492), for
comparison.

LightGBM, an extra (`pip install 'codescale[trees]'`), with RegMix's 1,000 rounds at a learning rate of 0.01. Trees are
constant outside the data they saw and between its points, so they are judged beside the laws and never chosen as one.
"""

from __future__ import annotations

import importlib
from collections.abc import Sequence

import numpy as np

from codescale.arrays import Array, Mask
from codescale.laws.fitting.holdout import Split
from codescale.laws.observations import Observations

NAME = "trees"

_ROUNDS = 1000
_SETTINGS = {
    "objective": "regression",
    "learning_rate": 0.01,
    "seed": 42,
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
    """Per hold-out (test rows, targets): log losses by trees grown on its training rows."""
    return [fit_and_predict(data, split.train, split.test, workers) for split in splits]


def fit_and_predict(data: Observations, train: Mask, test: Mask, workers: int = 1) -> Array:
    """(test rows, targets): log losses by trees grown on the rows ``train``; NaN for a target without ten of them.

    Raises ``ModuleNotFoundError`` without LightGBM: ask :func:`installed` first.
    """
    import lightgbm

    inputs = np.column_stack([data.log_params, data.log_tokens, data.shares])
    predicted = np.full((int(test.sum()), len(data.targets)), np.nan)
    for k in range(len(data.targets)):
        known = train & np.isfinite(data.log_losses[:, k])
        if known.sum() < 10:
            continue
        grown = lightgbm.train(
            {**_SETTINGS, "num_threads": workers},
            lightgbm.Dataset(inputs[known], data.log_losses[known, k]),
            num_boost_round=_ROUNDS,
            keep_training_booster=True,  # else it is written to text and read again, a sixth of the time
        )
        predicted[:, k] = np.asarray(grown.predict(inputs[test]))
    return predicted
