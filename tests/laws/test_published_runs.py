"""Other people's runs: the tables beside the repository, skipped where they are absent."""

from __future__ import annotations

import warnings
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from scipy.stats import spearmanr

from codescale.errors import UserError
from codescale.laws.fitting.fit import fit_law
from codescale.laws.forms.regression import huber
from codescale.laws.predict import predict_table
from codescale.laws.warning import LawWarning
from codescale.runs.table import RunsTable
from codescale.runs.table_reader import read_runs

DATA = Path(__file__).parents[3] / "shared" / "data"


def published(name: str) -> RunsTable:
    path = DATA / name
    if not path.exists():
        pytest.skip(f"{path} is not there")
    return read_runs(path)


def test_chinchilla_is_fitted_at_least_as_well_as_published() -> None:
    table = published("chinchilla.csv")
    table = table.select(np.argsort(table.losses[:, 0], kind="stable")[:-5])
    law = fit_law(table, "chinchilla", bootstrap=300)

    def objective(floor: float, height_n: float, alpha: float, height_d: float, beta: float) -> float:
        predicted = floor + height_n * table.n_params**-alpha + height_d * table.n_tokens**-beta
        return float(huber(np.log(predicted) - np.log(table.losses[:, 0]), 1e-3).sum())

    ours = law.parameters["text"]
    assert objective(**_named(ours)) <= objective(1.8172, 482.01, 0.3478, 2085.43, 0.3658)
    assert ours["E"] == pytest.approx(1.8172, rel=0.01)
    assert ours["alpha"] == pytest.approx(0.3478, rel=0.01)
    assert ours["beta"] == pytest.approx(0.3658, rel=0.015)
    assert ours["A"] == pytest.approx(482.01, rel=0.05)
    assert ours["B"] == pytest.approx(2085.43, rel=0.15)
    published_errors = {"E": 0.03, "A": 124.58, "alpha": 0.02, "B": 1293.23, "beta": 0.02}
    for name, error in published_errors.items():
        low, high = np.quantile(law.bootstrap["text"][name], [0.05, 0.95])
        assert low < ours[name] < high
        assert 0.5 < (high - low) / (2 * 1.645 * error) < 2


def _named(parameters: dict[str, float]) -> dict[str, float]:
    names = {"E": "floor", "A": "height_n", "alpha": "alpha", "B": "height_d", "beta": "beta"}
    return {names[key]: value for key, value in parameters.items()}


def test_regmix_beats_mean_and_linear_on_its_own_test_table() -> None:
    train, test = published("regmix_1m_train.csv"), published("regmix_1m_test.csv")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", LawWarning)
        laws = [fit_law(train, name, bootstrap=0) for name in ("effective-data", "mean", "linear")]
    errors = [
        np.abs(law.predict(test.n_params, test.n_tokens, test.proportions).losses / test.losses - 1).mean()
        for law in laws
    ]
    assert errors[0] < 0.02
    assert errors[0] < 0.5 * min(errors[1:])
    assert len(laws[0].domains) == 17
    assert len(laws[0].targets) == 13
    assert laws[0].held_out["effective-data"].error == pytest.approx(errors[0], rel=0.3)


def test_predictions_stand_beside_the_rows() -> None:
    train = published("pythia_7domains_train.csv")
    small = train.select(train.n_params < 1e8)
    law = fit_law(small, "linear", bootstrap=0)
    with pytest.warns(LawWarning, match="440 of 1,131 rows lie outside"):
        table = predict_table(law, train)
    assert table.num_rows == len(train)
    assert {"run_id", "predicted.Github", "predicted.Github.low", "predicted.Github.high"} <= set(table.column_names)
    assert sum(table["extrapolated"].to_pylist()) == 440
    with pytest.raises(UserError, match=r"row \d+: lies outside what the law was fitted on \(N = 2\.015e\+08"):
        predict_table(law, train, strict=True)


@pytest.mark.filterwarnings("ignore::codescale.laws.warning.LawWarning")
def test_auto_ranks_regmix_mixtures_better_than_its_authors_trees() -> None:
    train, test = published("regmix_1m_train.csv"), published("regmix_1m_test.csv")
    law = fit_law(train, bootstrap=0)
    prediction = law.predict(test.n_params, test.n_tokens, test.proportions)
    ranks = [spearmanr(prediction.losses[:, k], test.losses[:, k])[0] for k in range(13)]
    assert np.mean(ranks) >= 0.994
    inside = (prediction.low < test.losses) & (test.losses < prediction.high)
    assert 0.80 <= inside.mean() <= 0.97


@pytest.mark.filterwarnings("ignore::codescale.laws.warning.LawWarning")
def test_auto_predicts_larger_models_from_smaller_ones() -> None:
    everything = published("pythia_7domains_train.csv")
    few = everything.targets[::3]
    table = replace(everything, targets=few, losses=everything.losses[:, ::3])
    small, large = table.select(table.n_params < 2.5e8), table.select(table.n_params > 2.5e8)
    law = fit_law(small, bootstrap=0)
    prediction = law.predict(large.n_params, large.n_tokens, large.proportions)
    assert np.abs(prediction.losses / large.losses - 1).mean() < 0.005
    inside = (prediction.low < large.losses) & (large.losses < prediction.high)
    assert 0.80 <= inside.mean() <= 0.97
