"""RegMix's regressor beside the laws: it learns from its training rows alone and stands still beyond them."""

from __future__ import annotations

import importlib
from dataclasses import replace

import numpy as np
import pytest

from codescale.laws.fitting import boosted_trees
from codescale.laws.fitting.holdout import Split
from codescale.laws.observations import Observations

needs_lightgbm = pytest.mark.skipif(not boosted_trees.installed(), reason="LightGBM is an extra")


def stepped_data(rows: int = 240) -> Observations:
    """A loss that depends on the first share alone; the second target is measured in nine rows."""
    generator = np.random.default_rng(0)
    shares = generator.dirichlet(np.ones(2), size=rows)
    losses = np.column_stack([1.0 + 0.5 * (shares[:, 0] > 0.5), np.full(rows, np.nan)])
    losses[:9, 1] = 2.0
    return Observations(
        path="x",
        domains=("a", "b"),
        targets=("a", "b"),
        log_params=generator.uniform(10, 12, rows),
        log_tokens=generator.uniform(13, 15, rows),
        shares=shares,
        log_losses=losses,
        trunk=np.arange(rows),
        usable=np.ones(rows, dtype=bool),
        unique_tokens=np.full((rows, 2), np.inf),
    )


@needs_lightgbm
def test_trees_find_a_step_and_say_nothing_of_a_target_with_few_rows() -> None:
    data = stepped_data()
    test = np.arange(len(data)) % 4 == 0
    predicted = boosted_trees.predict_held_out(data, [Split("mixtures", ~test, test)])[0]
    assert predicted.shape == (test.sum(), 2)
    clear = np.abs(data.shares[test, 0] - 0.5) > 0.05
    assert np.abs(predicted[:, 0] - data.log_losses[test, 0])[clear].max() < 0.02
    assert np.isnan(predicted[:, 1]).all()


@needs_lightgbm
def test_held_out_rows_do_not_reach_their_own_prediction() -> None:
    data = stepped_data()
    test = np.arange(len(data)) % 4 == 0
    spoilt = replace(data, log_losses=np.where(test[:, None], data.log_losses + 3.0, data.log_losses))
    clean, other = (boosted_trees.fit_and_predict(one, ~test, test)[:, 0] for one in (data, spoilt))
    assert np.array_equal(clean, other)


@needs_lightgbm
def test_beyond_what_they_saw_trees_are_constant() -> None:
    data = stepped_data()
    train = np.arange(len(data)) >= 2
    log_params = data.log_params.copy()
    log_params[:2] = [13.0, 99.0]
    shares = data.shares.copy()
    shares[:2] = [0.9, 0.1]
    log_tokens = data.log_tokens.copy()
    log_tokens[:2] = 14.0
    far = replace(data, log_params=log_params, log_tokens=log_tokens, shares=shares)
    first, second = boosted_trees.fit_and_predict(far, train, ~train)[:, 0]
    assert first == second


@pytest.mark.parametrize("error", [ImportError, OSError])
def test_without_lightgbm_or_what_it_needs_it_is_not_installed(
    monkeypatch: pytest.MonkeyPatch, error: type[Exception]
) -> None:
    def refuse(_name: str) -> None:
        raise error

    monkeypatch.setattr(importlib, "import_module", refuse)
    assert not boosted_trees.installed()
