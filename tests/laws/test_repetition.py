"""Repeated tokens: limits, monotony and continuity of what they are worth, and R* recovered from runs that have it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from codescale.errors import UserError
from codescale.laws.fitting.fit import fit_law
from codescale.laws.law import load_law, save_law
from codescale.laws.observations import Observations
from codescale.laws.predict import predict_table
from codescale.laws.repetition import (
    ExcessParameters,
    Repetition,
    _golden_section,
    effective_tokens,
    fit_half_life,
    misfit_variance,
)
from codescale.laws.warning import LawWarning
from codescale.runs.table import RunsTable, write_runs
from codescale.runs.table_reader import read_runs
from tests.laws.synthetic_runs import SIZES, TOKENS, TableMaker, make_truth

pytestmark = pytest.mark.filterwarnings("ignore::codescale.laws.warning.LawWarning")

shares = st.lists(st.floats(0.01, 1.0), min_size=3, max_size=3).map(lambda x: np.array([x]) / sum(x))
tokens = st.floats(1e3, 1e12)
half_lives = st.floats(0.2, 500.0)


@given(tokens, shares, half_lives)
def test_tokens_that_never_run_out_stay_what_they_are(seen: float, p: np.ndarray, half_life: float) -> None:
    total, worth = effective_tokens(np.array([seen]), p, np.full(3, np.inf), half_life)
    assert total[0] == pytest.approx(seen, rel=1e-12)
    assert worth == pytest.approx(p, rel=1e-12)


@given(tokens, shares, st.floats(0.001, 5.0), half_lives)
def test_repeated_tokens_are_worth_less_than_fresh_ones_and_never_nothing(
    seen: float, p: np.ndarray, fraction: float, half_life: float
) -> None:
    unique = np.maximum(fraction * seen * np.array([1.0, 0.5, 0.1]), 1.0)
    total, worth = effective_tokens(np.array([seen]), p, unique, half_life)
    each = total[:, None] * worth
    assert (each <= seen * p * (1 + 1e-9)).all()
    assert (each <= np.maximum(unique * (1 + half_life), 0) * (1 + 1e-9)).all()
    assert (each >= np.minimum(seen * p, unique) * (1 - 1e-9)).all()
    more, worth_more = effective_tokens(np.array([1.1 * seen]), p, unique, half_life)
    assert (more[:, None] * worth_more >= each * (1 - 1e-9)).all()


sizes = st.floats(1e3, 1e12)
ratios = st.floats(0.5, 500.0)


@given(sizes, st.floats(1e4, 1e13), half_lives, ratios)
def test_parameters_beyond_the_optimal_number_are_worth_less_and_never_nothing(
    n_params: float, distinct: float, half_life: float, ratio: float
) -> None:
    excess = ExcessParameters(half_life=half_life, tokens_per_parameter=ratio)
    (found,) = excess.effective(np.array([n_params]), np.array([distinct]))
    optimal = distinct / ratio
    assert min(n_params, optimal) * (1 - 1e-9) <= found <= n_params * (1 + 1e-9)
    assert found <= max(optimal * (1 + half_life), 0) * (1 + 1e-9)
    if n_params <= optimal:
        assert found == pytest.approx(n_params, rel=1e-12)
    for more in (
        excess.effective(np.array([1.1 * n_params]), np.array([distinct])),
        excess.effective(np.array([n_params]), np.array([1.1 * distinct])),
    ):
        assert more[0] >= found * (1 - 1e-9)


def test_the_papers_second_term_and_its_limits() -> None:
    """Of 9000 parameters 1000 are optimal for 20,000 distinct tokens; three seen of each count once."""
    n, d, u = np.array([9000.0]), np.array([60_000.0]), np.array([[12_000.0, 8_000.0]])
    p = np.array([[0.6, 0.4]])
    both = Repetition(15.4, ExcessParameters(half_life=5.3, tokens_per_parameter=20.0))
    params, tokens, worth = both.as_seen(n, d, p, u)
    assert params[0] == pytest.approx(1000 + 1000 * 5.3 * (1 - np.exp(-8 / 5.3)), rel=1e-12)
    alone = Repetition(15.4).as_seen(n, d, p, u)
    assert alone[0] is n
    assert (tokens, worth) == (pytest.approx(alone[1], rel=1e-12), pytest.approx(alone[2], rel=1e-12))
    endless = Repetition(15.4, ExcessParameters(half_life=1e9, tokens_per_parameter=20.0))
    assert endless.as_seen(n, d, p, u)[0][0] == pytest.approx(9000, rel=1e-6)
    fresh = both.as_seen(n, np.array([180_000.0]), p, np.full((1, 2), np.inf))
    assert fresh[0][0] == pytest.approx(9000, rel=1e-12)


def test_the_papers_formula_and_its_limits() -> None:
    total, _ = effective_tokens(np.array([300.0]), np.array([[1.0]]), np.array([100.0]), 15.4)
    assert total[0] == pytest.approx(100 + 100 * 15.4 * (1 - np.exp(-2 / 15.4)))
    forever, _ = effective_tokens(np.array([300.0]), np.array([[1.0]]), np.array([100.0]), 1e9)
    assert forever[0] == pytest.approx(300, rel=1e-6)
    just = [effective_tokens(np.array([x]), np.array([[1.0]]), np.array([100.0]), 2.0)[0][0] for x in (99.999, 100.001)]
    assert just[1] - just[0] == pytest.approx(0.002, rel=0.01)


def repeating_table(folder: Path, half_life: float, noise: float = 0.001) -> RunsTable:
    """Mixtures of three languages, a third of them on few distinct tokens, by a law that knows ``half_life``."""
    truth = make_truth(3)
    maker = TableMaker(truth, ["l0", "l1", "l2"], noise)
    generator = np.random.default_rng(1)
    for k, p in enumerate(generator.dirichlet(2.0 * np.ones(3), size=60)):
        for n_params, n_tokens in ((27e3, 2e5), (151e3, 4e5), (151e3, 8e5)):
            unique = np.full(3, 1e18) if k % 3 else n_tokens * p / generator.uniform(1.5, 12.0, 3)
            maker.add(f"m{k}-{n_params:.0f}", n_params, n_tokens, p)
            row = maker.rows[-1]
            total, worth = effective_tokens(np.array([n_tokens]), p[None], unique, half_life)
            losses = truth.losses(n_params, float(total[0]), worth[0])
            losses = losses * np.exp(noise * generator.standard_normal(3))
            for j, name in enumerate(maker.languages):
                row[f"loss.{name}"] = float(losses[j])
                row[f"unique_tokens.{name}"] = float(min(unique[j], n_tokens * p[j]))
    return maker.table(folder)


@pytest.mark.parametrize("half_life", [2.0, 15.0])
def test_a_law_recovers_what_made_its_runs(half_life: float, tmp_path: Path) -> None:
    table = repeating_table(tmp_path, half_life)
    law = fit_law(table, "effective-data", bootstrap=0, repetition=True, workers=1)
    assert law.half_life == pytest.approx(half_life, rel=0.15)
    plain = fit_law(table, "effective-data", bootstrap=0, workers=1)
    repeated = table.select(np.arange(len(table)) % 9 < 3)
    columns = [f"predicted.{name}" for name in law.targets]

    def error(of: object) -> float:
        predicted = predict_table(of, repeated)  # type: ignore[arg-type]
        found = np.column_stack([predicted[name].to_numpy() for name in columns])
        return float(np.abs(found / repeated.losses - 1).mean())

    assert error(law) < 0.003
    assert error(law) < 0.5 * error(plain)
    save_law(law, tmp_path / "law.json")
    assert load_law(tmp_path / "law.json").half_life == law.half_life


@pytest.mark.parametrize("name", ["additive", "joint", "exponential", "family", "chinchilla"])
def test_repetition_composes_with_every_form(name: str, tmp_path: Path) -> None:
    law = fit_law(repeating_table(tmp_path, 5.0), name, bootstrap=0, repetition=True, workers=1)
    assert law.name == name
    assert law.half_life == pytest.approx(5.0, rel=0.15)


def test_slopes_where_tokens_run_out(tmp_path: Path) -> None:
    law = fit_law(repeating_table(tmp_path, 3.0), "additive", bootstrap=0, repetition=True, workers=1)
    surface = law.surface(unique_tokens=np.array([2e4, np.inf, 5e4]))
    p = np.array([0.3, 0.3, 0.4])
    losses, slopes = surface.losses_and_slopes(np.log(1e5), np.log(4e5), p)
    plain, _ = law.surface().losses_and_slopes(np.log(1e5), np.log(4e5), p)
    assert (losses > plain).any()
    along = np.array([1.0, -1.0, 0.0])
    ahead, behind = (
        np.exp(surface.log_losses(np.array([np.log(1e5)]), np.array([np.log(4e5)]), (p + e * along)[None]))[0]
        for e in (1e-5, -1e-5)
    )
    assert slopes @ along == pytest.approx((ahead - behind) / 2e-5, rel=1e-3, abs=1e-7)


def test_without_repetition_or_distinct_tokens_it_is_refused(tmp_path: Path) -> None:
    table = repeating_table(tmp_path, 3.0)
    fresh = table.select(np.arange(len(table)) % 9 >= 3)
    with pytest.raises(UserError, match="has no run on repeated tokens"):
        fit_law(fresh, "effective-data", bootstrap=0, repetition=True)
    with pytest.raises(UserError, match="has no column unique_tokens"):
        fit_law(replace(table, unique_tokens={}), "effective-data", bootstrap=0, repetition=True)


def test_what_runs_cannot_tell_is_said(tmp_path: Path) -> None:
    table = repeating_table(tmp_path, 15.0, noise=0.2)
    with pytest.warns(LawWarning, match="cannot tell how fast repeated tokens lose their worth"):
        fit_law(table, "effective-data", bootstrap=0, repetition=True, workers=1)


def test_a_table_without_the_column_predicts_as_before(tmp_path: Path) -> None:
    table = repeating_table(tmp_path, 3.0)
    law = fit_law(table, "effective-data", bootstrap=0, repetition=True, workers=1)
    bare = table.table.drop_columns([name for name in table.table.column_names if name.startswith("unique")])
    write_runs(tmp_path / "bare.parquet", pa.Table.from_batches(bare.to_batches()))
    predicted = predict_table(law, read_runs(tmp_path / "bare.parquet"))["predicted.l0"].to_numpy()
    expected = law.predict(table.n_params, table.n_tokens, table.proportions).losses[:, 0]
    assert predicted == pytest.approx(expected, rel=1e-9)


def test_every_domain_is_worth_what_the_formula_says() -> None:
    """Tokens that run out, that do not, that are seen just once, and a domain that is not seen at all."""
    p, unique = np.array([[0.5, 0.3, 0.2, 0.0]]), np.array([100.0, np.inf, 200.0, 50.0])
    total, worth = effective_tokens(np.array([1000.0]), p, unique, 3.0)
    expected = np.array([100 + 100 * 3 * (1 - np.exp(-4 / 3)), 300.0, 200.0, 0.0])
    assert total[0] == pytest.approx(expected.sum(), rel=1e-12)
    assert worth[0] == pytest.approx(expected / expected.sum(), rel=1e-12)
    by_row = effective_tokens(np.array([1000.0, 10.0]), np.vstack([p, p]), np.vstack([unique, unique]), 3.0)
    assert by_row[0] == pytest.approx([expected.sum(), 10.0], rel=1e-12)
    least = effective_tokens(np.array([3.0]), np.array([[1.0]]), np.array([0.0]), 3.0)[0]
    assert least[0] == pytest.approx(1 + 3 * (1 - np.exp(-2 / 3)), rel=1e-12)  # there is one distinct token at least


@pytest.mark.parametrize("optimum", [0.0, 0.13, 1.0, 2.6, 3.9, 4.0])
def test_golden_section_narrows_the_bracket_by_the_golden_ratio_at_one_evaluation_a_step(optimum: float) -> None:
    asked: list[float] = []

    def objective(x: float) -> float:
        asked.append(x)
        return (x - optimum) ** 2

    found = _golden_section(objective, 0.0, 4.0)
    assert len(asked) == 10
    assert abs(found - optimum) <= 0.5 * 4.0 * 0.6180339887498949**8 + 1e-12
    assert sorted(asked[:2]) == pytest.approx([4 * 0.3819660112501051, 4 * 0.6180339887498949])
    assert len(set(np.round(asked, 9))) == 10


class PowerOfTokens:
    """A form without parameters: log loss = -0.3 log D, for one target."""

    def fit(self, data: Observations, weights: np.ndarray, workers: int | None) -> np.ndarray:
        assert weights.shape == (1, len(data))
        assert (weights == 1.0).all()
        assert data.usable.all()
        return np.zeros((1, 1, 1))

    def near(self, data: Observations, values: np.ndarray, weights: np.ndarray, workers: int | None) -> np.ndarray:
        return self.fit(data, weights, workers)

    def log_losses(
        self, values: np.ndarray, domains: object, log_params: object, log_tokens: np.ndarray, shares: object
    ) -> np.ndarray:
        return np.broadcast_to(-0.3 * log_tokens, (len(values), len(log_tokens)))

    def observed(self, data: Observations) -> np.ndarray:
        return data.log_losses


def repeated(passes: float, noise: float) -> Observations:
    """Forty runs of a domain of 1000 tokens, seen up to so many times; R* is 5, and one loss is not known."""
    tokens = 1000.0 * np.linspace(0.5, passes, 40)
    worth = effective_tokens(tokens, np.ones((40, 1)), np.array([1000.0]), 5.0)[0]
    losses = -0.3 * np.log(worth) + noise * np.random.default_rng(0).standard_normal(40)
    losses[7] = np.nan
    return Observations(
        path="x",
        domains=("a",),
        targets=("a",),
        log_params=np.zeros(40),
        log_tokens=np.log(tokens),
        shares=np.ones((40, 1)),
        log_losses=losses[:, None],
        trunk=np.arange(40),
        usable=tokens < 1000.0,
        unique_tokens=np.full((40, 1), 1000.0),
    )


@pytest.mark.parametrize(
    ("passes", "noise"), [(20.0, 0.001), (20.0, 0.02), (3.0, 0.01), (1.6, 0.02), (1.7, 0.01), (2.0, 0.1)]
)
def test_the_half_life_is_the_most_likely_one_under_its_prior(passes: float, noise: float) -> None:
    """Huber's loss over the variance of its score, at least 3e-5, and log R* ~ N(log 15.4, 1.5^2); it can be told where
    the better end of the range fits less well by a factor of e^2.
    """
    data = repeated(passes, noise)

    def left(log_half_life: float) -> np.ndarray:
        worth = effective_tokens(np.exp(data.log_tokens), data.shares, data.unique_tokens, np.exp(log_half_life))[0]
        return -0.3 * np.log(worth) - data.log_losses[:, 0]

    def lost(log_half_life: float) -> float:
        size = np.abs(left(log_half_life))
        return float(np.nansum(np.where(size <= 0.01, size**2 / 2, 0.01 * (size - 0.005))))

    coarse = np.linspace(np.log(0.1), np.log(1000.0), 9)
    lost_there = [lost(value) for value in coarse]
    middle = coarse[int(np.argmin(lost_there))]
    known = np.isfinite(left(middle))
    slopes = (left(middle + 0.5) - left(middle - 0.5))[known]
    score = np.clip(left(middle)[known], -0.01, 0.01)
    straight = (np.abs(left(middle)[known]) <= 0.01).mean()
    parts = np.append(score * slopes, 0.0)  # the loss that is not known is a run too
    variance = max((score**2).mean(), 40 * parts.var() / (slopes**2).sum()) / straight
    variance = max(variance, 3e-5)

    def objective(log_half_life: float) -> float:
        return lost(log_half_life) / variance + 0.5 * ((log_half_life - np.log(15.4)) / 1.5) ** 2

    grid = np.linspace(np.log(0.1), np.log(1000.0), 4001)
    scores = [objective(value) for value in grid]
    best = grid[int(np.argmin(scores))]
    found, told = fit_half_life(PowerOfTokens(), data, 1)  # type: ignore[arg-type]
    assert np.log(found) == pytest.approx(best, abs=0.03)
    assert told == (min(lost_there[0], lost_there[-1]) - min(lost_there) > 2.0 * variance)


@pytest.mark.parametrize("branches", [1, 4])
def test_residuals_of_a_trunk_that_err_together_count_once(branches: int) -> None:
    """So many rows with one residual tell no more than one of them."""
    generator = np.random.default_rng(2)
    luck = np.clip(0.006 * generator.standard_normal((2000, 1)), -0.0099, 0.0099)
    slopes = np.repeat(generator.choice([-1.0, 1.0], (2000, 1)), branches, axis=0)
    found = misfit_variance(np.repeat(luck, branches, axis=0), slopes, np.repeat(np.arange(2000), branches))
    assert found == pytest.approx(branches * float((luck**2).mean()), rel=0.05)


def test_residuals_beyond_hubers_delta_tell_little_of_r() -> None:
    """Where residuals are ten times delta, Huber's loss is delta |r|: a likelihood only when divided by so much."""
    wide = 0.1 * np.random.default_rng(3).standard_normal((20_000, 1))
    found = misfit_variance(wide, np.ones_like(wide), np.arange(20_000))
    assert found == pytest.approx(0.01**2 / (2 * 0.01 * np.exp(0) / (0.1 * np.sqrt(2 * np.pi))), rel=0.1)
    assert misfit_variance(1e-6 * wide, np.ones_like(wide), np.arange(20_000)) == 3e-5


def scarce_in_mixtures(folder: Path, half_life: float) -> RunsTable:
    """Languages alone on fresh tokens, mixtures of scarce ones; each loss by the form ``additive``."""
    generator = np.random.default_rng(0)
    names, rows = ("a", "b", "c"), []
    height, power = 0.5 + 2.5 * np.eye(3), generator.uniform(0.4, 0.8, (3, 3))
    runs = [(n, d, p, np.inf) for p in np.eye(3) for n in SIZES for d in TOKENS]
    runs += [(SIZES[-1], d, p, d) for p in generator.dirichlet(1.5 * np.ones(3), 16) for d in TOKENS[1:]]
    for k, (n, d, p, scale) in enumerate(runs):
        unique = np.array([0.6, 0.15, 0.05]) * scale
        total, worth = effective_tokens(np.array([d]), p[None], unique, half_life)
        mixed = 1.0 / (height * worth[0] ** power).sum(axis=1)
        losses = np.array([1.0, 1.3, 1.6]) + 20 * n**-0.35 + 60 * total[0] ** -0.33 + mixed
        losses = losses * np.exp(0.004 * generator.standard_normal(3))
        row: dict[str, object] = {"run_id": str(k), "n_params": n, "n_tokens": d, "corpus_id": "c"}
        for j, name in enumerate(names):
            seen = {"proportion": p[j], "loss": losses[j], "unique_tokens": min(unique[j], d * p[j])}
            row |= {f"{column}.{name}": float(value) for column, value in seen.items()}
        rows.append(row)
    write_runs(folder / "scarce.parquet", pa.Table.from_pylist(rows))
    return read_runs(folder / "scarce.parquet")


def test_auto_asks_the_law_that_errs_least_what_repeated_tokens_are_worth(tmp_path: Path) -> None:
    table = scarce_in_mixtures(tmp_path, 5.0)
    own = {
        name: fit_law(table, name, bootstrap=0, repetition=True, workers=1).half_life
        for name in ("effective-data", "additive", "joint")
    }
    found = fit_law(table, bootstrap=0, repetition=True, workers=1).half_life
    assert found in (own["additive"], own["joint"])  # joint has additive's form too
    assert found != own["effective-data"]
    assert found == pytest.approx(5.0, rel=0.3)
