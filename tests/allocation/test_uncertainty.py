"""How sure an optimum is: flat ranges, the worth of more tokens, spread over samples."""

from __future__ import annotations

import numpy as np
import pytest

from codescale.allocation.goals import LawAtScale
from codescale.allocation.minimise import minimise_over_mixtures, starts
from codescale.allocation.optimize import optimize_mixture
from codescale.allocation.problem import make_problem
from codescale.allocation.uncertainty import (
    difference,
    gain_draws,
    middle_90,
    sample_optima,
    sampled_laws,
    standard_error,
)
from tests.allocation.made_law import LANGUAGES, made_law

pytestmark = pytest.mark.filterwarnings("ignore::codescale.laws.warning.LawWarning")

N, D = 1e6, 1e8
WEIGHTS = {"python": 5.0, "java": 1.0, "go": 0.5, "rust": 0.5}


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


def test_the_middle_90_per_cent() -> None:
    assert middle_90(np.arange(101.0)) == (5.0, 95.0)
    assert np.isnan(middle_90(np.empty(0))).all()


def test_the_standard_error_is_what_the_best_loses_under_each_sample() -> None:
    law = made_law("additive", samples=5)
    problem = make_problem(law, N, D, WEIGHTS)
    samples = sampled_laws(law, problem.point)
    best = minimise_over_mixtures(problem, starts(problem, np.random.default_rng(0)))
    optima = sample_optima(problem, samples, best)
    weight = problem.goal.pieces[0]
    pairs = [np.stack([best, own]) for own in optima]
    lost = [float(-np.diff(one.losses(pair) @ weight)[0]) for one, pair in zip(samples, pairs, strict=True)]
    assert min(lost) > -1e-9
    assert standard_error(problem, samples, optima, best) == pytest.approx(np.sqrt(np.mean(np.square(lost))), rel=1e-9)
    assert difference(problem, samples, best, optima[0])[0] == pytest.approx(lost[0], rel=1e-9)
    assert np.isnan(standard_error(problem, [], np.empty((0, 5)), best))


def test_the_optimism_of_each_samples_own_optimum_is_taken_off_the_gain() -> None:
    law = made_law("additive", samples=5)
    problem = make_problem(law, N, D, WEIGHTS)
    samples = sampled_laws(law, problem.point)
    best = minimise_over_mixtures(problem, starts(problem, np.random.default_rng(0)))
    optima = sample_optima(problem, samples, best)
    uniform = np.full(len(LANGUAGES), 1 / len(LANGUAGES))
    weight = problem.goal.pieces[0]

    def gain(point: LawAtScale, mixture: np.ndarray) -> float:
        of_uniform, own = point.losses(np.stack([uniform, mixture])) @ weight
        return float(of_uniform - own)

    optimism = [gain(one, own) - gain(problem.point, own) for one, own in zip(samples, optima, strict=True)]
    assert np.abs(optimism).max() > 1e-4
    expected = gain(problem.point, best) - np.array(optimism)
    assert gain_draws(problem, samples, optima, best, uniform) == pytest.approx(expected, abs=1e-12)
    assert len(gain_draws(problem, [], optima[:0], best, uniform)) == 0
