"""Designs and suggestions on RegMix's runs, the table beside the repository; skipped where it is absent."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from codescale.designs.choice import Candidates, LawToFit, optimal_choice, spread_choice
from codescale.laws.forms.effective_data import EffectiveData
from codescale.laws.observations import Observations, narrow, observe
from codescale.runs.table import RunsTable
from codescale.runs.table_reader import read_runs
from codescale.search.tables.suggest import suggest

DATA = Path(__file__).parents[3] / "shared" / "data" / "regmix_1m_train.csv"
FORM = EffectiveData()


def regmix() -> RunsTable:
    if not DATA.exists():
        pytest.skip(f"{DATA} is not there")
    return read_runs(DATA)


def error_of_the_mean(fitted_to: Observations, asked: Observations) -> float:
    """Of the targets' mean loss, root of the mean square of its logarithm."""
    values = FORM.fit(fitted_to, np.ones((1, len(fitted_to))), 1)[0]
    losses = [
        np.exp(FORM.log_losses(values[k][None], asked.domains, asked.log_params, asked.log_tokens, asked.shares)[0])
        for k in range(len(asked.targets))
    ]
    missed = np.log(np.mean(losses, axis=0) / np.exp(asked.log_losses).mean(axis=1))
    return float(np.sqrt(np.mean(missed**2)))


@pytest.mark.slow
def test_a_law_errs_less_after_chosen_runs_than_after_random_ones() -> None:
    """64 of 384, asked about the other 128; scripts/bench_design.py has twenty such draws."""
    data = observe(narrow(regmix()))
    law = LawToFit(FORM, data.domains, data.targets, np.full(len(data.targets), 1 / len(data.targets)))
    errors: dict[str, list[float]] = {"random": [], "spread": [], "optimal": []}
    for draw in range(5):
        order = np.random.default_rng(draw).permutation(len(data))
        asked, rest = data.rows(order[:128]), data.rows(order[128:])
        candidates = Candidates(np.exp(rest.log_params), np.exp(rest.log_tokens), rest.shares)
        chosen = {
            "random": np.arange(64),
            "spread": spread_choice(rest.shares, 64),
            "optimal": optimal_choice(law, candidates, candidates, 64),
        }
        for name, index in chosen.items():
            errors[name].append(error_of_the_mean(rest.rows(index), asked))
    middle = {name: float(np.median(found)) for name, found in errors.items()}
    assert middle["optimal"] < 0.95 * middle["random"]
    assert middle["spread"] < 0.95 * middle["random"]


def test_eight_runs_are_suggested_from_five_hundred_of_seventeen_domains() -> None:
    table = regmix().select(np.arange(500))
    found = suggest(table, "all_languages", 8)
    shares = np.array([one.point.mixture.array(table.domains) for one in found.runs])
    assert shares.sum(axis=1) == pytest.approx(np.ones(8))
    assert len(np.unique(shares.round(6), axis=0)) == 8
    best = table.losses.mean(axis=1).min()
    assert found.best is not None
    assert all(one.expected is not None and one.expected < best for one in found.runs)
    assert found.regret is not None
    assert found.regret.expected > 0
