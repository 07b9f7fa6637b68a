"""Designs: within their space and budget, the same every time, and telling more than chance."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from codescale.designs.candidates import asked_shares, candidate_shares, unmeasured
from codescale.designs.design import LAWS, Design, design
from codescale.designs.information import Criterion, Posterior
from codescale.errors import UserError
from codescale.laws.forms.effective_data import EffectiveData
from codescale.runs.table import RunsTable, write_runs
from codescale.runs.table_reader import read_runs
from codescale.search.space.space import load_space

LANGUAGES = ("python", "java", "rust")


@pytest.fixture
def space(tmp_path: Path) -> Path:
    path = tmp_path / "space.yaml"
    path.write_text("languages: {python: [0.1, 0.8], java: free, rust: {tied_to: java, ratio: 0.5}, go: [0, 0.3]}\n")
    return path


@pytest.fixture
def free(tmp_path: Path) -> Path:
    path = tmp_path / "free.yaml"
    path.write_text("languages: {python: free, java: free, rust: free}\n")
    return path


def shares(found: Design) -> np.ndarray:
    names = [name for name in found.table.column_names if name.startswith("proportion.")]
    return np.column_stack([found.table[name].to_numpy() for name in names])


def variance(rows: np.ndarray) -> float:
    """What the prior's law does not know of mixtures all over the simplex after runs of ``rows``."""
    generator = np.random.default_rng(5)
    asked = generator.dirichlet(np.ones(3), 200)
    both = np.vstack([rows, asked])
    data = unmeasured(LANGUAGES, LANGUAGES, np.full(len(both), 1e6), np.full(len(both), 1e8), both)
    tangents = EffectiveData().tangents(data)
    own, there = np.split(tangents, [len(rows)], axis=1)
    return Criterion.over(there, np.full(3, 1 / 3)).value(Posterior.given(own))


@pytest.mark.parametrize("kind", ["spread", "optimal", "determinant"])
def test_every_run_keeps_the_space_and_the_same_words_give_the_same_runs(
    space: Path, kind: str, tmp_path: Path
) -> None:
    first, again = (design(space, 12, n_params=1e6, n_tokens=1e8, kind=kind) for _ in range(2))  # type: ignore[arg-type]
    assert first.table.equals(again.table)
    loaded = load_space(space, ("python", "java", "rust", "go"))
    write_runs(tmp_path / "runs.csv", first.table)
    read = read_runs(tmp_path / "runs.csv")
    assert len(read) == 12
    assert np.isnan(read.losses).all()
    assert all(loaded.feasible.contains(mixture) for mixture in read.mixtures)
    assert len(np.unique(np.round(read.proportions, 6), axis=0)) == 12
    assert first.flops == pytest.approx(12 * 6 * 1e14)


def test_an_optimal_design_tells_more_than_a_spread_one_and_that_more_than_a_drawn_one(free: Path) -> None:
    optimal, spread = (
        variance(shares(design(free, 10, n_params=1e6, n_tokens=1e8, kind=kind)))  # type: ignore[arg-type]
        for kind in ("optimal", "spread")
    )
    generator = np.random.default_rng(0)
    drawn = [variance(generator.dirichlet(np.ones(3), 10)) for _ in range(20)]
    assert optimal < spread
    assert optimal < min(drawn)


def test_more_runs_leave_a_narrower_optimum(free: Path) -> None:
    few, many = (design(free, runs, n_params=1e6, n_tokens=1e8) for runs in (6, 48))
    assert many.forecast.width < few.forecast.width
    assert many.forecast.regret < few.forecast.regret
    assert many.spread_forecast is not None


def table_of(folder: Path, rows: np.ndarray) -> RunsTable:
    """Runs with the losses of a law of the default form."""
    columns: dict[str, object] = {
        "run_id": [f"mine-{k}" for k in range(len(rows))],
        "n_params": [1e6] * len(rows),
        "n_tokens": [1e8] * len(rows),
    }
    for k, name in enumerate(LANGUAGES):
        columns[f"proportion.{name}"] = rows[:, k]
        columns[f"loss.{name}"] = 1.5 + (0.1 * (1 - rows[:, k]) + rows[:, k]) ** -0.3
    write_runs(folder / "known.csv", pa.table(columns))
    return read_runs(folder / "known.csv")


def test_gaps_of_a_table_are_filled(free: Path, tmp_path: Path) -> None:
    """Runs that are there have little python: the design has more of it than the design of an empty table."""
    rows = np.random.default_rng(0).dirichlet([0.05, 1, 1], 20)
    table = table_of(tmp_path, rows)
    filled = design(free, 5, table=table)
    assert filled.table["n_params"].to_pylist() == [1e6] * 5
    assert shares(filled)[:, 0].mean() > 0.4
    assert shares(filled)[:, 0].mean() > shares(design(free, 5, n_params=1e6, n_tokens=1e8))[:, 0].mean()


def test_runs_that_scatter_promise_less(free: Path, tmp_path: Path) -> None:
    table = table_of(tmp_path, np.random.default_rng(0).dirichlet(np.ones(3), 20))
    scattered = replace(table, losses=table.losses * np.random.default_rng(1).lognormal(0.0, 0.05, table.losses.shape))
    calm, wild = design(free, 5, table=table), design(free, 5, table=scattered)
    assert wild.deviation > 3 * calm.deviation
    assert wild.forecast.width > calm.forecast.width


def test_a_ladder_keeps_its_budget_and_serves_the_target(tmp_path: Path) -> None:
    space = tmp_path / "space.yaml"
    space.write_text("languages: {python: free, java: free}\ntarget: {n_params: 1e8, n_tokens: 1e10}\n")
    budget = 40 * 6 * 1e7 * 1e9
    words = {"n_params": [1e6, 3e6, 1e7], "n_tokens": [1e8, 3e8, 1e9]}
    found = design(space, 64, budget=budget, **words)  # type: ignore[arg-type]
    n_params, n_tokens = found.table["n_params"].to_numpy(), found.table["n_tokens"].to_numpy()
    assert found.target == (1e8, 1e10)
    assert found.flops == pytest.approx(6 * (n_params * n_tokens).sum())
    assert found.flops <= budget * (1 + 1e-9)
    assert len(set(n_params)) == 3  # N and D have to be told apart
    assert len(set(n_tokens)) == 3
    cheap = design(space, 64, budget=budget / 30, **words)  # type: ignore[arg-type]
    assert cheap.flops <= budget / 30
    assert cheap.flops < found.flops


def test_candidates_meet_the_corners(space: Path) -> None:
    loaded = load_space(space, ("python", "java", "rust", "go"))
    found = candidate_shares(loaded, 200, 0)
    low, high = loaded.feasible.reach
    assert found.min(axis=0) == pytest.approx(low, abs=0.01)
    assert found.max(axis=0) == pytest.approx(high, abs=0.01)
    assert asked_shares(loaded, 16, 0).shape == (16, 4)


def test_every_law_that_knows_its_derivatives_can_be_designed_for(free: Path) -> None:
    assert {"effective-data", "additive", "joint", "exponential"} <= set(LAWS)
    for law in ("additive", "exponential"):
        assert design(free, 6, n_params=1e6, n_tokens=1e8, law=law).table.num_rows == 6


@pytest.mark.parametrize(
    ("words", "line"),
    [
        ({}, "--params"),
        ({"n_params": 1e6}, "--tokens"),
        ({"n_params": 1e6, "n_tokens": 0.0}, "is not a count"),
        ({"n_params": [1e6, 1e7], "n_tokens": 1e8}, "--budget"),
        ({"n_params": 1e6, "n_tokens": 1e8, "budget": 1.0}, "do not suffice for one run"),
        ({"n_params": 1e6, "n_tokens": 1e8, "law": "linear"}, "cannot be designed for"),
        ({"n_params": 1e6, "n_tokens": 1e8, "kind": "round"}, "is none"),
        ({"n_params": 1e6, "n_tokens": 1e8, "runs": 0}, "no number of runs"),
        ({"n_params": 1e6, "n_tokens": 1e8, "weights": {"cobol": 1.0}}, "no loss that would be measured"),
        ({"n_params": [1e6, 1e7], "n_tokens": 1e8, "budget": 1e20, "kind": "spread"}, "chooses no ladder"),
    ],
)
def test_wrong_words_are_named(free: Path, words: dict[str, object], line: str) -> None:
    with pytest.raises(UserError, match=line):
        design(free, **words)  # type: ignore[arg-type]


def test_a_space_of_whatever_languages_there_are_needs_their_names() -> None:
    with pytest.raises(UserError, match="--domains"):
        design("all_languages", n_params=1e6, n_tokens=1e8)
    found = design("all_languages", 4, n_params=1e6, n_tokens=1e8, domains=["python", "java"])
    assert "proportion.java" in found.table.column_names
