"""From what a person asks for to a problem: no language harmed, and what is asked wrongly named."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from codescale.allocation.optimize import optimize_mixture
from codescale.allocation.problem import make_problem, weights_of
from codescale.errors import UserError
from codescale.mixtures.mixture import Mixture
from tests.allocation.made_law import LANGUAGES, made_law

pytestmark = pytest.mark.filterwarnings("ignore::codescale.laws.warning.LawWarning")

N, D = 1e6, 1e8
WEIGHTS = {"python": 5.0, "java": 1.0, "go": 0.5, "rust": 0.5}


def losses_at(law: object, shares: np.ndarray) -> np.ndarray:
    rows = len(shares)
    return law.predict(np.full(rows, N), np.full(rows, D), shares).losses  # type: ignore[attr-defined]


def test_no_language_is_harmed_where_that_is_asked_for() -> None:
    law = made_law("effective-data", samples=4)
    free = optimize_mixture(law, N, D, WEIGHTS)
    assert set(free.harmed)
    kept = optimize_mixture(law, N, D, WEIGHTS, no_harm=0.0)
    uniform = losses_at(law, np.full((1, 5), 0.2))[0]
    found = losses_at(law, kept.mixture.array(LANGUAGES)[None])[0]
    named = [LANGUAGES.index(name) for name in WEIGHTS]
    assert (found[named] <= uniform[named] * (1 + 2e-6)).all()
    assert free.objective < kept.objective <= kept.objective_uniform + 1e-9
    some = optimize_mixture(law, N, D, WEIGHTS, no_harm=0.01)
    assert free.objective - 1e-9 <= some.objective <= kept.objective + 1e-9


def test_bounds_under_which_somebody_is_harmed_name_him() -> None:
    law = made_law("effective-data", samples=0)
    with pytest.raises(UserError, match=r"no language harmed: within the bounds no mixture keeps .*rust at the loss"):
        optimize_mixture(law, N, D, WEIGHTS, bounds={"rust": (0, 0.01)}, no_harm=0.0)


def test_weights_are_scaled_to_1_in_the_laws_order() -> None:
    assert weights_of(made_law(), {"go": 3.0, "python": 1.0}).tolist() == [0.25, 0.0, 0.75, 0.0, 0.0]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"weights": {"python": -1.0}}, "weights, python: -1.0 is not a weight"),
        ({"weights": {"python": 0.0}}, "weights: all are 0"),
        ({"weights": {"perl": 1.0}}, "weights, perl: is not in the law"),
        ({"kl": -0.1}, "kl: -0.1 is not a weight"),
        ({"reference": Mixture({"cobol": 1.0}), "goal": "worst"}, "reference: cobol"),
    ],
)
def test_what_is_asked_wrongly_is_named(options: dict[str, Any], message: str) -> None:
    with pytest.raises(UserError, match=message):
        make_problem(made_law(), N, D, **options)
