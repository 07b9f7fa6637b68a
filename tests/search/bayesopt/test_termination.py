"""When a search ends: expected regret against optima that are known, and what a verdict takes."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import optuna
import pytest

from codescale.arrays import Array
from codescale.search.bayesopt.posterior import Posterior
from codescale.search.bayesopt.sampler import LawSampler
from codescale.search.bayesopt.settings import DEFAULT_SETTINGS
from codescale.search.bayesopt.termination import ExpectedRegret, Terminator, expected_regret
from codescale.search.simulation.landscape import attainable
from codescale.search.space.feasible_region import FeasibleRegion
from codescale.search.space.points import Points
from codescale.search.space.space import SearchSpace
from tests.search.bayesopt.planted_search import ours, search
from tests.search.planted_landscape import landscape, space


class PlantedPosterior(Posterior):
    """Under sample k of the laws the objective is 2 + (share of a - optima[k])^2, without a doubt."""

    def __init__(self, optima: Array) -> None:
        self.settings, self.optima = DEFAULT_SETTINGS, optima

    def mean_sample(self, points: Points, sample: int) -> Array:
        return np.asarray(2.0 + (points.shares[:, 0] - self.optima[sample]) ** 2)

    def joint_samples(self, points: Points, draws: int, generator: np.random.Generator) -> Array:
        each = [self.mean_sample(points, sample) for sample in range(len(self.optima))]
        return np.tile(np.array(each), (draws, 1))


def test_expected_regret_is_what_the_samples_gain_at_their_optima() -> None:
    """At share 0.4 the objective is (0.4 - optimum)^2 above each sample's least value."""
    optima = np.linspace(0.15, 0.95, DEFAULT_SETTINGS.law_samples + 1)
    region = FeasibleRegion(SearchSpace("two", {"a": (0.0, 1.0), "b": (0.0, 1.0)}, {}), ("a", "b"))
    recommended = Points(np.array([[0.4, 0.6]]), np.empty((1, 0)))
    found = expected_regret(PlantedPosterior(optima), region, recommended, recommended, seed=0)
    gains = (0.4 - optima) ** 2
    assert found.expected == pytest.approx(gains.mean(), rel=0.01)
    assert found.low == pytest.approx(np.quantile(np.tile(gains, 16), 0.05), rel=0.05, abs=1e-5)
    assert found.high == pytest.approx(np.quantile(np.tile(gains, 16), 0.95), rel=0.01)


def test_where_all_samples_agree_nothing_is_left_to_gain() -> None:
    region = FeasibleRegion(SearchSpace("two", {"a": (0.0, 1.0), "b": (0.0, 1.0)}, {}), ("a", "b"))
    recommended = Points(np.array([[0.4, 0.6]]), np.empty((1, 0)))
    found = expected_regret(PlantedPosterior(np.full(9, 0.4)), region, recommended, recommended, seed=0)
    assert (found.expected, found.low, found.high) == (0.0, 0.0, 0.0)


def gain_nearby(sampler: LawSampler, study: optuna.Study) -> float:
    """What joint samples at 800 points about the recommended one gain over it: of all points it can only be more."""
    data, optimizer = sampler._data(study)
    recommended, _ = optimizer.recommend(data, anywhere=False)
    generator = np.random.default_rng(7)
    nearby = [optimizer.region.perturb(recommended, step, 200, generator) for step in (0.02, 0.05, 0.1, 0.2)]
    points = Points.concatenate([recommended, *nearby])
    sampled = optimizer.posterior(data).joint_samples(points, DEFAULT_SETTINGS.regret_draws, generator)
    return float((sampled[:, 0] - sampled.min(axis=1)).mean())


def test_what_is_left_covers_what_is_left_and_shrinks() -> None:
    ground, where = landscape(), space()
    best = attainable(ground, where, 2).best
    said, truth = [], []
    for trials in (8, 16, 24):
        sampler = ours(where)
        study = search(sampler, trials, ground, where)
        left = sampler.expected_regret(study)
        assert left is not None
        assert 0 <= left.low <= left.expected <= left.high
        assert left.expected > 0.9 * gain_nearby(sampler, study)
        shares = sampler.recommend(study).mixture.array(ground.domains)
        said.append(left)
        truth.append(float(ground.objective(shares[None])[0]) - best)
    assert [one.expected for one in said] == sorted((one.expected for one in said), reverse=True)
    assert all(own <= one.high for own, one in zip(truth, said, strict=True))
    assert said[-1].expected < 20 * max(truth[-1], 1e-4)


@dataclass
class Says:
    """A sampler that expects so much of its next trial, and of all further ones so much."""

    improvement: float | None
    left: float = 0.0

    def expected_improvement(self) -> float | None:
        return self.improvement

    def expected_regret(self) -> ExpectedRegret:
        return ExpectedRegret(self.left, self.left / 2, 2 * self.left)


def test_one_poor_expectation_or_no_noise_ends_nothing() -> None:
    terminator, unmeasured = Terminator(0.01), Terminator(None)
    for improvement in (0.001, 0.02, 0.001, None, 0.001, 0.001):
        terminator.observe(Says(improvement))
        unmeasured.observe(Says(improvement))
        assert not terminator.verdict
    terminator.observe(Says(0.001, 0.004))
    assert "0.004 (0.002 to 0.008)" in terminator.verdict
    assert not unmeasured.verdict


def test_many_small_gains_together_go_on() -> None:
    """What is left is asked for once in so many poor trials, since it costs as much as several suggestions."""
    terminator = Terminator(0.01)
    for _ in range(3 * DEFAULT_SETTINGS.patience):
        terminator.observe(Says(0.001, 0.02))
        assert not terminator.verdict
    for _ in range(DEFAULT_SETTINGS.patience):
        assert not terminator.verdict
        terminator.observe(Says(0.001, 0.005))
    assert terminator.verdict


def test_a_search_goes_on_without_a_word_until_too_little_is_expected() -> None:
    terminator = Terminator(0.01, patience=1)
    assert terminator.verdict == ""
    terminator.observe(Says(0.01))
    assert terminator.verdict == ""
    terminator.observe(Says(0.005, 0.01))  # what is left is no less than the noise
    assert terminator.verdict == ""
    terminator.observe(Says(0.005, 0.008))
    assert terminator.verdict == (
        "another trial is expected to gain 0.005 nats per token, all further ones together "
        "0.008 (0.004 to 0.016); seeds alone change 0.01"
    )
    terminator.observe(Says(0.002, 0.001))
    assert "0.005" in terminator.verdict  # the first verdict stands


def test_a_sampler_that_cannot_tell_what_is_left_is_believed_about_the_next_trial() -> None:
    class SaysLittle:
        def expected_improvement(self) -> float | None:
            return 0.0012

    terminator = Terminator(0.01, patience=1)
    terminator.observe(SaysLittle())
    assert terminator.verdict == "another trial is expected to gain 0.0012 nats per token; seeds alone change 0.01"
    scored = Terminator(0.01, patience=1, unit="")
    scored.observe(SaysLittle())
    assert scored.verdict == "another trial is expected to gain 0.0012; seeds alone change 0.01"
