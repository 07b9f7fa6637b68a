"""Scaling per language: recovered where the runs can tell, wide and named where they cannot."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from codescale.artifact import Interval
from codescale.laws.scaling import fit_scaling
from tests.laws.synthetic_runs import TableMaker, make_truth, study_table


def test_a_small_grid_has_intervals_that_hold_the_truth_or_says_unidentified(tmp_path: Path) -> None:
    truth = make_truth(3)
    result = fit_scaling(study_table(tmp_path, noise=0.01), ["l0", "l1", "l2"])
    json.dumps(result.content(), allow_nan=False)
    inside = 0
    for k, fitted in enumerate(result.languages.values()):
        assert fitted.intervals_from == "noise"
        assert fitted.n_runs == len(fitted.points) == 10
        assert fitted.rmse < 0.08
        assert "alpha" in fitted.unidentified
        wanted = {"E": truth.floor[k], "alpha": truth.alpha[k], "beta": truth.beta[k]}
        found = fitted.parameters
        inside += sum(found[name].low <= value <= found[name].high for name, value in wanted.items())
    assert inside >= 7


def test_a_wide_grid_recovers_the_exponents(tmp_path: Path) -> None:
    maker = TableMaker(make_truth(1), ["a"], noise=0.001)
    for n_params in np.geomspace(1e5, 1e9, 8):
        for n_tokens in np.geomspace(1e6, 1e10, 8):
            maker.add(f"run-{n_params:.0f}-{n_tokens:.0f}", n_params, n_tokens, np.ones(1))
    fitted = fit_scaling(maker.table(tmp_path), ["a"]).languages["a"]
    assert fitted.intervals_from == "trunks"
    assert fitted.unidentified == ()
    truth = maker.truth
    for name, value in (("E", truth.floor[0]), ("alpha", truth.alpha[0]), ("beta", truth.beta[0])):
        estimate = fitted.parameters[name]
        assert estimate.value == pytest.approx(value, rel=0.05)
        assert estimate.low < estimate.value < estimate.high


def test_languages_without_runs_are_skipped_with_a_reason(tmp_path: Path) -> None:
    result = fit_scaling(study_table(tmp_path), ["l0", "cobol"], bootstrap=5)
    assert list(result.languages) == ["l0"]
    assert "cobol" in result.skipped["cobol"]


def test_one_size_holds_alpha_at_zero(tmp_path: Path) -> None:
    maker = TableMaker(make_truth(1), ["a"], noise=0.001)
    for n_tokens in (1e5, 2e5, 4e5, 8e5):
        maker.add("run", 1e5, n_tokens, np.ones(1))
    fitted = fit_scaling(maker.table(tmp_path), ["a"], bootstrap=20).languages["a"]
    assert fitted.parameters["A"] == Interval(value=0.0)
    assert {"A", "alpha"} <= set(fitted.unidentified)


def test_two_sizes_keep_an_interval_and_are_called_unidentified(tmp_path: Path) -> None:
    maker = TableMaker(make_truth(1), ["a"], noise=0.001)
    for n_params in (1e5, 1e6):
        for n_tokens in (1e5, 2e5, 4e5, 8e5):
            maker.add(f"run-{n_params:.0f}", n_params, n_tokens, np.ones(1))
    fitted = fit_scaling(maker.table(tmp_path), ["a"], bootstrap=20).languages["a"]
    assert {"A", "alpha"} <= set(fitted.unidentified)
    alpha = fitted.parameters["alpha"]
    assert alpha.low < alpha.value < alpha.high


def test_three_runs_without_replicates_have_no_intervals(tmp_path: Path) -> None:
    """As many runs as parameters leave no residuals, and nothing else tells the noise."""
    maker = TableMaker(make_truth(1), ["a"], noise=0.001)
    for n_tokens in (1e5, 2e5, 4e5):
        maker.add(f"run-{n_tokens}", 1e5, n_tokens, np.ones(1))
    result = fit_scaling(maker.table(tmp_path), ["a"], bootstrap=20)
    json.dumps(result.content(), allow_nan=False)
    fitted = result.languages["a"]
    assert (result.noise, fitted.noise, fitted.intervals_from, fitted.degrees_of_freedom) == (None, None, "nothing", 0)
    assert all(found.low is found.high is None for found in fitted.parameters.values())


def test_each_language_has_its_own_noise_shrunk_to_that_of_all(tmp_path: Path) -> None:
    maker = TableMaker(make_truth(2), ["a", "b"], noise=0.0)
    for seed in range(12):
        for k, deviation in enumerate((0.002, 0.02)):
            maker.noise = deviation
            for n_tokens in (1e5, 2e5, 4e5):
                maker.add(f"{k}-{seed}-{n_tokens}", 1e5, n_tokens, np.eye(2)[k], seed)
    result = fit_scaling(maker.table(tmp_path), ["a", "b"], bootstrap=0)
    quiet, noisy = result.languages["a"], result.languages["b"]
    assert noisy.noise == pytest.approx(0.02, rel=0.25)
    assert 0.002 < quiet.noise < 0.006 < result.noise
    assert quiet.degrees_of_freedom == 3 + 33
    assert quiet.parameters["E"] == Interval(value=quiet.parameters["E"].value)


def test_few_degrees_of_freedom_widen_the_intervals(tmp_path: Path) -> None:
    """Four runs on one curve of three parameters: one degree of freedom, and noise that may be far larger than seen."""
    held = 0
    for k in range(20):
        maker = TableMaker(make_truth(1), ["a"], noise=0.004, seed=k)
        for n_tokens in (1e5, 2e5, 4e5, 8e5):
            maker.add(f"run-{n_tokens}", 1e5, n_tokens, np.ones(1))
        fitted = fit_scaling(maker.table(tmp_path), ["a"], bootstrap=60).languages["a"]
        beta = fitted.parameters["beta"]
        held += beta.low <= maker.truth.beta[0] <= beta.high
    assert held >= 16
