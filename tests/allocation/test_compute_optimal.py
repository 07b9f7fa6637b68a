"""Forecasts: the budget's best N and D against the law's own optimum, what the next unit buys, and what is not
known.
"""

from __future__ import annotations

import numpy as np
import pytest

from codescale.allocation.compute_optimal import compute_optimal_scale, forecast_losses
from codescale.allocation.optimize import optimize_mixture, predict_objective
from codescale.errors import UserError
from codescale.laws.fitted_range import FittedRange
from codescale.laws.law import Law
from codescale.laws.repetition import effective_tokens
from codescale.laws.warning import LawWarning
from codescale.mixtures.bounds import AvailableTokens
from codescale.mixtures.mixture import Mixture
from tests.allocation.made_law import LANGUAGES, made_law

pytestmark = pytest.mark.filterwarnings("ignore::codescale.laws.warning.LawWarning")

UNIFORM = Mixture.uniform(LANGUAGES)


def test_the_best_n_and_d_are_where_the_laws_own_derivatives_say() -> None:
    law = made_law("chinchilla", samples=20)
    found = compute_optimal_scale(law, 6e15, UNIFORM, {"go": 1.0})
    p = law.parameters["go"]
    # Hoffmann et al., 2022, equation 4: N = G (C/6)^(beta / (alpha + beta))
    g = (p["alpha"] * p["A"] / (p["beta"] * p["B"])) ** (1 / (p["alpha"] + p["beta"]))
    expected = g * (6e15 / 6) ** (p["beta"] / (p["alpha"] + p["beta"]))
    assert found.n_params[0] == pytest.approx(expected, rel=2e-3)  # between candidates that lie 7 % apart
    assert found.n_params[0] * found.n_tokens[0] == pytest.approx(1e15, rel=1e-9)
    assert found.n_params[1] <= found.n_params[0] <= found.n_params[2]
    assert not found.at_the_edge


def test_the_next_unit_buys_what_lowers_the_loss_more() -> None:
    law = made_law("chinchilla", samples=20)
    starved = forecast_losses(law, 1e7, 1e7, UNIFORM)
    assert {unit.verdict for unit in starved.next_unit.values()} == {"data"}
    small = forecast_losses(law, 1e3, 1e11, UNIFORM)
    assert {unit.verdict for unit in small.next_unit.values()} == {"parameters"}
    unit = small.next_unit["go"]
    p = law.parameters["go"]
    slope = -p["alpha"] * p["A"] * 1e3 ** -p["alpha"] * np.log(1.01)
    assert unit.parameters[0] == pytest.approx(slope, rel=0.02)
    assert unit.parameters[1] <= unit.parameters[0] <= unit.parameters[2]


def test_losses_have_intervals_and_the_objective_its_weights() -> None:
    law = made_law("effective-data")
    found = forecast_losses(law, 1e6, 1e8, UNIFORM, {"python": 1.0})
    low, high = found.losses["python"][1:]
    assert low < found.losses["python"][0] < high
    assert found.objective[0] == pytest.approx(found.losses["python"][0])
    assert not found.extrapolated
    assert forecast_losses(law, 1e9, 1e8, UNIFORM).extrapolated


def fixed(law: Law, **ranges: tuple[float, float]) -> Law:
    fitted = FittedRange(**(law.fitted_range.model_dump() | ranges))
    return law.model_copy(update={"fitted_range": fitted})


def test_what_one_size_cannot_tell_is_refused() -> None:
    one_size = fixed(made_law("additive"), n_params=(1e6, 1e6))
    assert forecast_losses(one_size, 1e6, 1e8, UNIFORM).next_unit == {}
    with pytest.raises(UserError, match="all runs of this law had one N"):
        compute_optimal_scale(one_size, 1e15, UNIFORM)
    with pytest.raises(UserError, match="0 is no budget"):
        compute_optimal_scale(made_law("additive"), 0.0, UNIFORM)
    with pytest.raises(UserError, match="mixture: cobol"):
        forecast_losses(made_law("additive"), 1e6, 1e8, Mixture({"cobol": 1.0}))


SCARCE = AvailableTokens(max_epochs=8.0, tokens=dict.fromkeys(LANGUAGES, 4e6))


def repeating(form: str = "effective-data") -> Law:
    return made_law(form, samples=20).model_copy(update={"half_life": 3.0})


def test_a_forecast_counts_repeated_tokens_as_optimize_does() -> None:
    law = repeating()
    best = optimize_mixture(law, 1e6, 1e8, available=SCARCE)
    found = forecast_losses(law, 1e6, 1e8, best.mixture, available=SCARCE)
    assert found.objective == pytest.approx((best.objective, *best.interval))
    assert found.losses == {name: pytest.approx(values) for name, values in best.losses.items()}
    assert found.epochs == {name: pytest.approx(25 * best.mixture[name]) for name in LANGUAGES}
    assert found.objective[0] > 1.02 * forecast_losses(law, 1e6, 1e8, best.mixture).objective[0]


def test_with_enough_tokens_for_all_a_forecast_is_that_of_fresh_ones() -> None:
    enough = AvailableTokens(tokens=dict.fromkeys(LANGUAGES, 1e12))
    fresh = forecast_losses(repeating(), 1e6, 1e8, UNIFORM)
    found = forecast_losses(repeating(), 1e6, 1e8, UNIFORM, available=enough)
    assert found.losses == fresh.losses
    assert found.objective == fresh.objective == pytest.approx(predict_objective(repeating(), 1e6, 1e8, UNIFORM))
    assert (fresh.counted_as_fresh, found.counted_as_fresh) == (True, False)


def test_where_tokens_run_out_the_next_unit_buys_parameters() -> None:
    law, short = repeating("chinchilla"), AvailableTokens(max_epochs=100.0, tokens=dict.fromkeys(LANGUAGES, 1e5))
    fresh = forecast_losses(law, 1e6, 1e7, UNIFORM)
    found = forecast_losses(law, 1e6, 1e7, UNIFORM, available=short)
    assert {unit.verdict for unit in fresh.next_unit.values()} == {"data"}
    assert {unit.verdict for unit in found.next_unit.values()} == {"parameters"}
    ahead = forecast_losses(law, 1e6, 1e7 * 1.05, UNIFORM, available=short).losses["go"][0]
    slope = (ahead - found.losses["go"][0]) / np.log(1.05) * np.log(1.01)
    assert found.next_unit["go"].data[0] == pytest.approx(slope, rel=0.05)


def test_where_tokens_run_out_a_budget_is_better_spent_on_parameters() -> None:
    law, weights = repeating("chinchilla"), {"go": 1.0}
    fresh = compute_optimal_scale(law, 6e15, UNIFORM, weights)
    found = compute_optimal_scale(law, 6e15, UNIFORM, weights, SCARCE)
    assert found.n_params[0] > 2 * fresh.n_params[0]
    assert found.n_params[1] <= found.n_params[0] <= found.n_params[2]
    grid = np.geomspace(found.n_params[0] / 3, found.n_params[0] * 3, 41)
    tokens, shares = effective_tokens(1e15 / grid, np.full((41, 5), 0.2), np.full(5, 4e6), 3.0)
    losses = law.predict(grid, tokens, shares).losses[:, law.targets.index("go")]
    assert grid[np.argmin(losses)] == pytest.approx(found.n_params[0], rel=0.1)
    at_best = forecast_losses(law, found.n_params[0], found.n_tokens[0], UNIFORM, weights, SCARCE)
    assert found.objective == pytest.approx(at_best.objective)


def test_what_cannot_be_counted_is_said() -> None:
    with pytest.warns(LawWarning, match="knows no repetition: tokens of python, java, go, rust, text"):
        forecast_losses(made_law("chinchilla"), 1e6, 1e8, UNIFORM, available=SCARCE)
    few = SCARCE.model_copy(update={"max_epochs": 2.0})
    with pytest.warns(LawWarning, match="beyond the 2 epochs"):
        forecast_losses(repeating(), 1e6, 1e8, UNIFORM, available=few)
    none = AvailableTokens(tokens={"go": 0.0})
    with pytest.raises(UserError, match="available, go: is 0"):
        forecast_losses(repeating(), 1e6, 1e8, UNIFORM, available=none)
