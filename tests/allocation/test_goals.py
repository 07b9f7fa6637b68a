"""Goals: the weighted mean and the worst case, a penalty, ceilings, each against its definition."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.optimize import approx_fprime
from scipy.stats import entropy

from codescale.allocation.goals import KLPenalty, LawAtScale, NoHarm, WeightedMean, WorstCase, no_ceilings
from codescale.allocation.optimize import optimize_mixture
from codescale.mixtures.bounds import AvailableTokens
from codescale.mixtures.feasible import FeasibleSet
from codescale.mixtures.mixture import Mixture
from codescale.mixtures.no_harm import NoHarmRule
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


def test_a_strong_penalty_leads_to_the_reference_and_none_to_the_optimum() -> None:
    law = made_law("effective-data", samples=0)
    reference = Mixture({"python": 0.4, "java": 0.3, "go": 0.1, "rust": 0.1, "text": 0.1})
    distances = []
    for strength in (0.0, 0.05, 1.0, 100.0):
        found = optimize_mixture(law, N, D, WEIGHTS, reference=reference, kl=strength)
        distances.append(np.abs(found.mixture.array(LANGUAGES) - reference.array(LANGUAGES)).sum())
    assert distances == sorted(distances, reverse=True)
    assert distances[-1] < 0.01
    assert distances[0] > 0.2


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


def test_a_goal_is_the_largest_of_its_pieces() -> None:
    losses = np.array([[1.0, 2.0, 4.0], [3.0, 3.0, 3.0]])
    assert WeightedMean(np.array([0.5, 0.5, 0.0])).values(losses).tolist() == [1.5, 3.0]
    worst = WorstCase(np.array([1.0, 2.0, 0.0]), np.full(3, 1 / 3), np.array([2.0, 2.0, 1.0]))
    assert worst.values(losses).tolist() == [1.0, 1.5]


def test_the_penalty_is_a_divergence_and_has_its_slope() -> None:
    reference, shares = np.array([0.5, 0.25, 0.25]), np.array([0.2, 0.3, 0.5])
    penalty = KLPenalty(reference, 0.7)
    assert penalty.values(shares[None])[0] == pytest.approx(0.7 * entropy(shares, reference))
    assert penalty.values(reference[None])[0] == pytest.approx(0.0, abs=1e-15)
    assert penalty.values(np.array([[1.0, 0.0, 0.0]]))[0] == pytest.approx(0.7 * np.log(2))
    measured = approx_fprime(shares, lambda x: penalty.values(x[None])[0], 1e-8)
    assert penalty.slope(shares) == pytest.approx(measured, rel=1e-5)


def test_the_excess_over_ceilings_is_relative_and_the_largest() -> None:
    losses = np.array([[1.1, 2.0], [0.9, 1.8]])
    ceilings = no_ceilings(2).with_ceiling(np.array([1.0, 0.0]), 1.0).with_ceiling(np.array([0.0, 1.0]), 2.0)
    assert ceilings.excess(losses) == pytest.approx(np.array([0.1, -0.1]))
    assert np.isneginf(no_ceilings(2).excess(losses)).all()


def test_no_harm_is_predicted_anew_under_another_sample() -> None:
    law = made_law("effective-data", samples=2)
    first, other = (LawAtScale(law.surface(k), np.log(N), np.log(D)) for k in (0, 1))
    uniform, protected = np.full(5, 0.2), np.array([0, 3], dtype=np.intp)
    ceilings = NoHarm.against(uniform, protected, NoHarmRule("uniform", 0.01, True), first)
    assert ceilings.excess(first.losses(uniform[None]))[0] == pytest.approx(1 / 1.01 - 1)
    moved = ceilings.under(other)
    assert moved.ceiling == pytest.approx(1.01 * other.losses(uniform[None])[0, protected])
    assert not np.allclose(moved.ceiling, ceilings.ceiling)
