"""The stopping rule, on curves whose ends are known."""

from __future__ import annotations

import numpy as np
import pytest

from codescale.search.stopping import Curve, StoppingRule, chance_below


def curve(level: float, noise: float = 0.0, *, finished: bool = True, looks: int = 4) -> Curve:
    """A power law in tokens plus ``level``; the cooldown takes off 0.3 nats."""
    tokens = [100_000 * (k + 1) for k in range(looks)]
    points = tuple((n, level + 3 * (n / 100_000) ** -0.5) for n in tokens)
    return Curve(points, level + 1.2 + noise if finished else None)


def finished_curves() -> list[Curve]:
    random = np.random.default_rng(0)
    return [curve(level, random.normal(0, 0.005)) for level in (2.0, 2.05, 2.1, 2.2, 2.3)]


def test_a_trial_that_cannot_win_is_stopped_at_its_first_look() -> None:
    rule = StoppingRule()
    assert rule.stops(curve(2.4, finished=False, looks=1), finished_curves())


def test_a_trial_that_may_win_goes_on() -> None:
    rule = StoppingRule()
    for level in (1.9, 1.99, 2.0, 2.005):
        assert not rule.stops(curve(level, finished=False, looks=2), finished_curves())


def test_the_trunk_is_not_compared_with_annealed_ends() -> None:
    """Every trunk loss lies far above the best annealed one, and still a better trial goes on."""
    better = curve(1.95, finished=False, looks=1)
    finished = finished_curves()
    assert better.points[-1][1] > max(other.final for other in finished if other.final is not None)
    assert not StoppingRule().stops(better, finished)


def test_too_few_finished_curves_stop_nothing() -> None:
    assert StoppingRule(minimum=6).chance(curve(9.0, finished=False), finished_curves()) is None
    assert not StoppingRule(minimum=6).stops(curve(9.0, finished=False), finished_curves())
    unfinished = [Curve(other.points) for other in finished_curves()]
    assert not StoppingRule().stops(curve(9.0, finished=False), unfinished)


def test_a_loose_relation_stops_less() -> None:
    early = np.array([1.0, 1.1, 1.2, 1.3, 1.4])
    tight = chance_below(2.0, 1.25, early, early + 1 + np.array([0, 0.01, -0.01, 0.01, 0]))
    loose = chance_below(2.0, 1.25, early, early + 1 + np.array([0, 0.3, -0.3, 0.3, 0]))
    assert tight < 0.01
    assert 0.1 < loose < 0.5


def test_the_chance_is_that_of_a_new_observation() -> None:
    """Frequencies of planted cases agree with the chance: a calibrated rule."""
    random = np.random.default_rng(3)
    chances, wins = [], []
    for _ in range(4000):
        early = random.normal(0, 1, 7)
        final = 0.8 * early + random.normal(0, 0.5, 7)
        chances.append(chance_below(-0.5, early[6], early[:6], final[:6]))
        wins.append(final[6] < -0.5)
    told, won = np.array(chances), np.array(wins)
    for low, high in ((0.0, 0.05), (0.05, 0.2), (0.2, 0.5), (0.5, 0.9)):
        inside = (told >= low) & (told < high)
        assert won[inside].mean() == pytest.approx(told[inside].mean(), abs=0.04)


def test_without_spread_the_mean_is_used() -> None:
    same = np.ones(5)
    assert chance_below(1.0, 5.0, same, np.array([1.0, 1.1, 0.9, 1.0, 1.0])) == pytest.approx(0.5, abs=1e-9)
    assert chance_below(1.0, 5.0, same, same * 2) == 0.0


def test_curves_are_read_between_looks_and_not_beyond() -> None:
    one = Curve(((100, 3.0), (10_000, 2.0)), 1.5)
    assert one.at(1_000) == pytest.approx(2.5)
    assert one.at(99) is None
    assert one.at(10_001) is None
