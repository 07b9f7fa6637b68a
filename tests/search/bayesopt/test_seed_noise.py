"""What seeds do and residuals do not show: a floor for differences, and a part of what is claimed of the truth."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from codescale.arrays import Array
from codescale.mixtures.no_harm import NoHarmRule
from codescale.search.bayesopt.dataset import points_at_scale
from codescale.search.bayesopt.no_harm import Constraint
from codescale.search.bayesopt.posterior import Posterior
from codescale.search.bayesopt.seed_noise import SeedNoise, TargetNoise, seed_noise
from codescale.search.bayesopt.settings import DEFAULT_SETTINGS
from codescale.search.bayesopt.surrogate import Surrogate
from codescale.search.space.points import Points
from tests.search.bayesopt.planted_surrogate import SCALE, planted, points

SHOWN = 0.01
"""The noise of a row in the planted surrogate."""


def towards(reference: Points, steps: Array) -> Points:
    """(len(steps),) points from ``reference`` on to the third domain alone."""
    shares = (1 - steps)[:, None] * reference.shares + steps[:, None] * np.eye(3)[2]
    return Points(shares, np.tile(reference.hyper, (len(steps), 1)))


def test_what_residuals_do_not_show_by_hand() -> None:
    seeds = SeedNoise(np.array([0.01, 0.01]), 0.25, np.eye(2))
    shown = np.array([0.005, 0.02])
    assert seeds.own(shown) == pytest.approx([np.sqrt(0.5e-4), 0.0])
    assert seeds.all(shown) == pytest.approx([np.sqrt(0.75e-4), 0.005])


def test_differences_are_no_surer_than_one_seed_allows_and_none_at_the_reference_itself() -> None:
    fitted, data = planted()
    deviation, reference = 0.2, points(1, 8)
    hidden = np.sqrt(deviation**2 - SHOWN**2)
    at = points_at_scale(SCALE, towards(reference, np.array([0.0, 0.05, 0.2, 1.0])))
    one_seed = Surrogate(replace(fitted, seeds=SeedNoise(np.full(2, deviation), 0.0, np.eye(2))), data)
    found = one_seed.differences(at, points_at_scale(SCALE, reference))
    assert (found.deviation[0] < 1e-6).all()
    assert (np.diff(found.deviation, axis=0) > 0).all()
    assert found.deviation[-1] == pytest.approx([np.sqrt(2) * hidden] * 2, rel=0.1)
    plain = Surrogate(fitted, data).differences(at, points_at_scale(SCALE, reference))
    np.testing.assert_array_equal(found.expected, plain.expected)
    shared = Surrogate(replace(fitted, seeds=SeedNoise(np.full(2, deviation), 1.0, np.eye(2))), data)
    (
        np.testing.assert_array_equal(
            shared.differences(at, points_at_scale(SCALE, reference)).deviation, plain.deviation
        ),
        "what all mixtures of a seed have in common cancels",
    )


def test_a_floor_adds_nothing_to_what_is_less_sure_already() -> None:
    fitted, data = planted()
    at, beside = points_at_scale(SCALE, points(5, 9)), points_at_scale(SCALE, points(1, 8))
    little = replace(fitted, seeds=SeedNoise(np.full(2, SHOWN * 1.01), 0.0, np.eye(2)))
    found, plain = (Surrogate(one, data).differences(at, beside).deviation for one in (little, fitted))
    np.testing.assert_allclose(found, plain, rtol=1e-12)


def test_a_rule_is_kept_with_less_confidence_where_one_seed_hides_more() -> None:
    fitted, data = planted()
    reference, asked = points(1, 8), towards(points(1, 8), np.array([0.0, 0.3]))
    rule = Constraint(NoHarmRule("natural", 0.3, True), reference, 0.95, np.ones(2, dtype=np.bool_))

    def kept(deviation: float) -> Array:
        seeds = SeedNoise(np.full(2, deviation), 0.0, np.eye(2))
        return rule.probability(Posterior(replace(fitted, seeds=seeds), data, SCALE), asked)

    sure, less, least = kept(0.0), kept(0.3), kept(1.0)
    assert sure[1] > less[1] > least[1]
    assert min(sure[0], less[0], least[0]) > 0.999


def test_one_seeds_luck_is_in_what_is_claimed_and_no_trial_is_chosen_by_it() -> None:
    fitted, data = planted()
    at = points_at_scale(SCALE, points(4, 9))
    seeds = SeedNoise(np.array([0.03, 0.05]), 0.4, np.eye(2))
    surrogate, plain = Surrogate(replace(fitted, seeds=seeds), data), Surrogate(fitted, data)
    np.testing.assert_allclose(surrogate.mean_and_std(at), plain.mean_and_std(at), rtol=1e-12)
    hidden = np.sqrt(seeds.deviation**2 - SHOWN**2)
    by_hand = np.sqrt(((fitted.weights * hidden * np.exp(plain.target_means(at, 0))) ** 2).sum(axis=1))
    np.testing.assert_allclose(surrogate.seed_deviation(at), by_hand, rtol=1e-12)
    assert not plain.seed_deviation(at).any()
    linear, rows = planted(log_losses=False)
    claimed = Surrogate(replace(linear, seeds=seeds), rows).seed_deviation(at)
    np.testing.assert_allclose(claimed, np.full(4, np.linalg.norm(linear.weights * hidden)), rtol=1e-12)


def test_the_objective_is_as_unsure_as_its_targets_are_together() -> None:
    fitted, data = planted(log_losses=False)
    asked = points_at_scale(SCALE, points(4, 9))
    together = np.array([[1.0, 0.6], [0.6, 1.0]])
    joined = Surrogate(replace(fitted, seeds=SeedNoise(np.zeros(2), 0.0, together)), data)
    first, second = (
        Surrogate(replace(fitted, weights=np.eye(2)[k]), data).mean_and_std(asked)[1] * fitted.weights[k]
        for k in range(2)
    )
    expected = np.sqrt(first**2 + second**2 + 1.2 * first * second)
    np.testing.assert_allclose(joined.mean_and_std(asked)[1], expected, rtol=1e-9)
    drawn = joined.joint_target_samples(asked, 4000, np.random.default_rng(0))[:: DEFAULT_SETTINGS.law_samples + 1]
    assert np.corrcoef(drawn[:, 2].T)[0, 1] == pytest.approx(0.6, abs=0.04)
    objective = joined.joint_samples(asked, 4000, np.random.default_rng(0))
    assert objective.std(axis=0) == pytest.approx(expected, rel=0.05)


@given(deviation=st.lists(st.floats(1e-4, 0.1), min_size=2, max_size=8), factor=st.floats(0.1, 3.0))
def test_targets_go_together_as_much_as_the_objective_varies(deviation: list[float], factor: float) -> None:
    weights = np.linspace(0.5, 2.0, len(deviation))
    names = [f"l{k}" for k in range(len(deviation))]
    told = TargetNoise(dict(zip(names, deviation, strict=True)), 0.2)
    parts = weights * np.array(deviation)
    alone = float(np.linalg.norm(parts))
    found = seed_noise(told, names, weights, factor * alone)
    assert (np.linalg.eigvalsh(found.correlation) > 0).all()
    varies = float(np.sqrt(parts @ found.correlation @ parts))
    least, most = -0.5 / (len(parts) - 1), 0.95
    if least < found.correlation[0, 1] < most:
        assert varies == pytest.approx(factor * alone)
    elif found.correlation[0, 1] == most:
        assert varies <= factor * alone * (1 + 1e-9)
    else:
        assert varies >= factor * alone * (1 - 1e-9)


def test_without_the_objectives_own_noise_targets_count_as_independent() -> None:
    told = TargetNoise({"a": 0.01, "b": 0.02}, 0.3)
    found = seed_noise(told, ("b", "a"), np.ones(2), None)
    np.testing.assert_array_equal(found.correlation, np.eye(2))
    assert found.deviation.tolist() == [0.02, 0.01]
    assert found.shared == 0.3
