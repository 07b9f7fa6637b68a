"""Goals beside the weighted mean: worst case, a penalty, no language harmed, an earlier mixture kept; and how sure they
are.
"""

from __future__ import annotations

import numpy as np
import pytest

from codescale.allocation.optimize import optimize_mixture
from codescale.allocation.reuse import Reuse
from codescale.errors import UserError
from codescale.mixtures.bounds import AvailableTokens
from codescale.mixtures.feasible import FeasibleSet
from codescale.mixtures.mixture import Mixture
from tests.allocation.made_law import LANGUAGES, made_law

pytestmark = pytest.mark.filterwarnings("ignore::codescale.laws.warning.LawWarning")

N, D = 1e6, 1e8
WEIGHTS = {"python": 5.0, "java": 1.0, "go": 0.5, "rust": 0.5}


def losses_at(law: object, shares: np.ndarray) -> np.ndarray:
    rows = len(shares)
    return law.predict(np.full(rows, N), np.full(rows, D), shares).losses  # type: ignore[attr-defined]


@pytest.mark.parametrize("name", ["effective-data", "additive", "exponential"])
def test_the_worst_case_beats_random_mixtures_at_the_worst_language(name: str) -> None:
    law = made_law(name, samples=0)
    reference = Mixture({"python": 0.6, "java": 0.1, "go": 0.1, "rust": 0.1, "text": 0.1})
    found = optimize_mixture(law, N, D, dict.fromkeys(LANGUAGES, 1.0), goal="worst", reference=reference)
    at_reference = losses_at(law, reference.array(LANGUAGES)[None])[0]
    random = np.random.default_rng(0).dirichlet(np.ones(5), size=10_000)
    worst = (losses_at(law, random) / at_reference).max(axis=1)
    own = (losses_at(law, found.mixture.array(LANGUAGES)[None]) / at_reference).max()
    assert found.value == pytest.approx(own, rel=1e-9)
    assert own <= worst.min() + 1e-6


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


def test_a_strong_pull_leads_to_the_reference_and_none_to_the_optimum() -> None:
    law = made_law("effective-data", samples=0)
    reference = Mixture({"python": 0.4, "java": 0.3, "go": 0.1, "rust": 0.1, "text": 0.1})
    distances = []
    for strength in (0.0, 0.05, 1.0, 100.0):
        found = optimize_mixture(law, N, D, WEIGHTS, reference=reference, kl=strength)
        distances.append(np.abs(found.mixture.array(LANGUAGES) - reference.array(LANGUAGES)).sum())
    assert distances == sorted(distances, reverse=True)
    assert distances[-1] < 0.01
    assert distances[0] > 0.2


def test_flat_ranges_hold_the_best_and_end_at_the_standard_error() -> None:
    law = made_law("effective-data", samples=20)
    found = optimize_mixture(law, N, D, WEIGHTS)
    assert found.standard_error > 0
    for name, (low, high) in found.flat.items():
        assert low - 1e-9 <= found.mixture[name] <= high + 1e-9
    assert max(high - low for low, high in found.flat.values()) > 0.005
    none = optimize_mixture(made_law("effective-data", samples=0), N, D, WEIGHTS)
    assert np.isnan(none.standard_error)
    assert all(np.isnan(ends).all() for ends in none.flat.values())


def test_what_one_per_cent_more_tokens_are_worth() -> None:
    law = made_law("effective-data", samples=20)
    found = optimize_mixture(law, N, D, WEIGHTS)
    best = found.mixture.array(LANGUAGES)
    tokens = D * best
    tokens[0] *= 1.01
    more = law.predict(np.array([N]), np.array([tokens.sum()]), (tokens / tokens.sum())[None]).losses[0]
    weight = np.array([found.weights[name] for name in law.targets])
    value, low, high = found.marginal["python"]
    assert value == pytest.approx(float(weight @ more) - found.objective, rel=1e-6)
    assert low <= value <= high < 0


def test_an_earlier_mixture_keeps_its_ratios_where_nothing_new_touches_them() -> None:
    law = made_law("effective-data", samples=10)
    earlier = Mixture({"python": 0.5, "java": 0.3, "go": 0.2})
    found = optimize_mixture(law, N, D, reuse=Reuse(earlier, affected=["go"]))
    assert set(found.refitted) == {"go", "rust", "text"}
    assert found.mixture["python"] / found.mixture["java"] == pytest.approx(5 / 3, rel=1e-9)
    whole = optimize_mixture(law, N, D)
    assert whole.objective <= found.objective + 1e-9
    with pytest.raises(UserError, match="holds every language of the law"):
        optimize_mixture(law, N, D, reuse=Reuse(Mixture.uniform(LANGUAGES), affected=[]))


def test_repeated_tokens_count_for_less_in_an_allocation() -> None:
    plain = made_law("effective-data", samples=0)
    law = plain.model_copy(update={"half_life": 2.0})
    plenty = optimize_mixture(law, N, D, WEIGHTS)
    most = max(LANGUAGES, key=lambda name: plenty.mixture[name])
    few = AvailableTokens(max_epochs=20, tokens={most: 0.1 * plenty.mixture[most] * D})
    scarce = optimize_mixture(law, N, D, WEIGHTS, available=few)
    assert scarce.mixture[most] < plenty.mixture[most] - 0.05
    assert scarce.objective > plenty.objective
    blind = optimize_mixture(plain, N, D, WEIGHTS, available=few)
    assert blind.mixture[most] == pytest.approx(plenty.mixture[most], abs=0.01)


def test_optima_of_every_goal_are_feasible_to_the_last_digit() -> None:
    law = made_law("additive", samples=0)
    bounds = {"python": (0.1, 0.25), "text": 0.07, "rust": (0.05, 0.9)}
    feasible = FeasibleSet.within(LANGUAGES, D, bounds)
    for options in ({}, {"goal": "worst"}, {"kl": 0.1}):
        shares = optimize_mixture(law, N, D, WEIGHTS, bounds=bounds, **options).mixture.array(LANGUAGES)
        assert shares.sum() == pytest.approx(1.0, abs=1e-12)
        assert (shares >= feasible.low - 1e-9).all()
        assert (shares <= feasible.high + 1e-9).all()
