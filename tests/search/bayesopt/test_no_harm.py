"""A rule of no harm in the optimizer: its probability against joint draws, and what is suggested and recommended."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from codescale.mixtures.mixture import Mixture
from codescale.mixtures.no_harm import NoHarmRule
from codescale.search.bayesopt.no_harm import (
    Constraint,
    best_allowed_mean,
    expectation_within,
    log_constrained_ei,
    within_sample,
)
from codescale.search.bayesopt.posterior import Posterior
from codescale.search.bayesopt.sampler import LawSampler
from codescale.search.simulation.landscape import Landscape
from codescale.search.space.space import SearchPoint
from tests.search.bayesopt.planted_search import ours, search
from tests.search.bayesopt.planted_surrogate import SCALE, planted, points
from tests.search.planted_landscape import LANGUAGES, D, N, landscape, space

RULES = [NoHarmRule("r", 0.03, True), NoHarmRule("r", 0.05, False), NoHarmRule("r", 0.0, True)]


def constraint(rule: NoHarmRule) -> Constraint:
    return Constraint(rule, points(1, 9), 0.95, np.ones(2, dtype=bool))


@pytest.mark.parametrize("rule", RULES)
def test_the_probability_is_that_of_joint_draws(rule: NoHarmRule) -> None:
    posterior, held = Posterior(*planted(), SCALE), constraint(rule)
    asked = points(6, 4)
    both = type(asked).concatenate([asked, held.reference])
    values = posterior.joint_target_samples(both, 4000, np.random.default_rng(0))
    losses = np.exp(values)
    kept = (losses[:, :-1] <= rule.ceilings(losses[:, -1:]) * (1 + 1e-6)).all(axis=2).mean(axis=0)
    assert kept.max() > 0.02
    assert held.probability(posterior, asked) == pytest.approx(kept, abs=0.02)
    assert held.allowed(posterior, values).mean(axis=0) == pytest.approx(kept, abs=1e-3)


@pytest.mark.parametrize("rule", RULES)
def test_the_reference_keeps_every_rule(rule: NoHarmRule) -> None:
    posterior, held = Posterior(*planted(), SCALE), constraint(rule)
    assert held.probability(posterior, held.reference)[0] == pytest.approx(1.0, abs=1e-6)
    assert held.violation(posterior, held.reference, 0)[0] == 0


def test_differences_are_surer_than_either_loss() -> None:
    posterior, held = Posterior(*planted(), SCALE), constraint(RULES[0])
    near = type(held.reference)(held.reference.shares + np.array([0.01, -0.01, 0.0]), held.reference.hyper)
    _, each = posterior.mean_and_std(near)
    assert posterior.differences(near, held.reference).deviation.max() < 0.5 * each[0]


def test_the_best_is_that_which_keeps_the_rule_or_else_the_likeliest_to() -> None:
    held = constraint(RULES[0])
    assert held.best(np.array([1.0, 2.0, 3.0]), np.array([0.5, 0.96, 0.99])) == 1
    assert held.best(np.array([1.0, 2.0, 3.0]), np.array([0.5, 0.7, 0.6])) == 1


def test_acquisitions_heed_the_rule() -> None:
    posterior, held, asked = Posterior(*planted(), SCALE), constraint(RULES[0]), points(40, 4)
    sampled = within_sample(posterior, held, 1, 1.0)(asked)
    broken = held.violation(posterior, asked, 1, 1.0) > 0
    assert 0 < broken.sum() < 40
    assert sampled[broken].min() > sampled[~broken].max()
    assert sampled[~broken] == pytest.approx(posterior.mean_sample(asked, 1)[~broken])
    assert (held.violation(posterior, asked, 1, 1.0) >= held.violation(posterior, asked, 1)).all()
    expected, kept = expectation_within(posterior, held)(asked), held.probability(posterior, asked) >= 0.95
    assert expected[kept] == pytest.approx(posterior.mean(asked)[kept])
    assert (expected > posterior.mean(asked))[~kept].all()


def test_constrained_improvement_is_the_improvement_times_the_probability() -> None:
    posterior, held, asked = Posterior(*planted(), SCALE), constraint(RULES[0]), points(8, 4)
    known = points(5, 2)
    best = best_allowed_mean(posterior, held, known)
    draws = np.random.default_rng(0).standard_normal(200_000)
    mean, std = posterior.mean_and_std(asked)
    gains = np.maximum(best - mean[:, None] - std[:, None] * draws, 0.0).mean(axis=1)
    found = np.exp(-log_constrained_ei(posterior, held, known)(asked))
    probability = held.probability(posterior, asked)
    assert found == pytest.approx(gains * probability, rel=0.05, abs=1e-5)


def test_a_search_under_a_rule_recommends_what_keeps_it() -> None:
    """The objective is Go's loss alone but for a trifle, so the free optimum gives everything to Go."""
    weights = {"python": 0.05, "java": 0.05, "javascript": 0.05, "go": 1.0}
    base, where = landscape(), space()
    ground = Landscape(LANGUAGES, LANGUAGES, base.log_losses, weights, N, D, 0.001)
    reference = Mixture.uniform(LANGUAGES)
    rule = NoHarmRule("uniform", 0.03, True)
    sampler = LawSampler(
        where, weights=ground.weights, n_params=N, n_tokens=D, seed=1, no_harm=(rule, SearchPoint(reference, {}))
    )
    study = search(sampler, 20, ground, where)
    for anywhere in (False, True):
        shares = sampler.recommend(study, anywhere=anywhere).mixture.array(LANGUAGES)
        losses = ground.losses(np.stack([shares, reference.array(LANGUAGES)]))
        assert (losses[0] <= rule.ceilings(losses[1]) + 1e-9).all()
        assert ground.objective(shares[None])[0] < ground.objective(reference.array(LANGUAGES)[None])[0] - 1e-3
    tried = [where.point(trial.params) for trial in study.trials]
    found = sampler.recommended_of(study, tried)
    assert found.keeps_rule is not None
    assert found.keeps_rule >= sampler.confidence == 0.95
    assert found.point.same(sampler.recommend(study))
    assert found.position is None or tried[found.position].same(found.point)
    assert ground.objective(found.point.mixture.array(LANGUAGES)[None])[0] <= best_tried(sampler, ground, tried) + 1e-3
    left = sampler.expected_regret(study)
    assert left is not None
    assert 0 <= left.low <= left.expected < 0.1


def best_tried(sampler: LawSampler, ground: Landscape, tried: list[SearchPoint]) -> float:
    """The least true objective of those of ``tried`` that truly keep the rule of at most 3 % above uniform."""
    shares = np.stack([one.mixture.array(LANGUAGES) for one in tried])
    losses, beside = ground.losses(shares), ground.losses(np.full((1, 4), 0.25))
    return float(ground.objective(shares)[(losses <= 1.03 * beside).all(axis=1)].min())


def test_before_enough_is_known_a_search_under_a_rule_recommends_a_trial() -> None:
    weights = {"python": 0.05, "java": 0.05, "javascript": 0.05, "go": 1.0}
    base, where = landscape(), space()
    ground = Landscape(LANGUAGES, LANGUAGES, base.log_losses, weights, N, D, 0.001)
    rule = (NoHarmRule("uniform", 0.03, True), SearchPoint(Mixture.uniform(LANGUAGES), {}))
    sampler = LawSampler(where, weights=weights, n_params=N, n_tokens=D, seed=1, no_harm=rule)
    study = search(sampler, 7, ground, where)
    tried = [where.point(trial.params) for trial in study.trials]
    assert sampler.recommended_of(study, tried).position is not None


def test_a_target_that_weighs_nothing_is_protected_too() -> None:
    posterior, asked = Posterior(*planted(), SCALE), points(40, 4)
    every, first = constraint(RULES[0]), replace(constraint(RULES[0]), protected=np.array([True, False]))
    assert (first.probability(posterior, asked) >= every.probability(posterior, asked) - 1e-12).all()
    assert first.probability(posterior, asked).mean() > every.probability(posterior, asked).mean() + 0.01
    assert (first.violation(posterior, asked, 0) <= every.violation(posterior, asked, 0)).all()
    weights = {"python": 1.0, "java": 0.0, "javascript": 0.0, "go": 0.0}
    rule = (NoHarmRule("uniform", 0.03, True), SearchPoint(Mixture.uniform(LANGUAGES), {}))
    sampler = LawSampler(space(), weights=weights, n_params=N, n_tokens=D, seed=1, no_harm=rule)
    ground = Landscape(LANGUAGES, LANGUAGES, landscape().log_losses, weights, N, D, 0.001)
    shares = sampler.recommend(search(sampler, 14, ground, space())).mixture.array(LANGUAGES)
    losses, beside = ground.losses(shares[None])[0], ground.losses(np.full((1, 4), 0.25))[0]
    assert (losses <= 1.03 * beside + 1e-9).all()
    assert ground.objective(shares[None])[0] < beside[0] - 1e-3


def test_what_a_rule_cannot_do_without_is_asked_for() -> None:
    rule = (RULES[0], SearchPoint(Mixture.uniform(LANGUAGES), {}))
    with pytest.raises(ValueError, match="needs the weights"):
        LawSampler(space(), no_harm=rule)
    assert ours(space()).confidence is None
