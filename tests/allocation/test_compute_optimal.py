"""Forecasts: the budget's best N and D against the law's own optimum, what the next unit buys, and what is not
known.
"""

from __future__ import annotations

import numpy as np
import pytest

from codescale.allocation.compute_optimal import compute_optimal_scale, forecast_losses
from codescale.errors import UserError
from codescale.laws.law import FittedRange, Law
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
    assert found.n_params[0] == pytest.approx(expected, rel=0.1)
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
