"""The stopping rule, on curves whose ends are known."""

from __future__ import annotations

import math
import sys
from pathlib import Path

import numpy as np
import optuna
import pytest

from codescale.search.pruning.curve import CurvePoint, LearningCurve
from codescale.search.pruning.extrapolation import extrapolate_to_horizon
from codescale.search.pruning.final_loss import predict_final_loss
from codescale.search.pruning.optuna_pruner import CurvePruner
from codescale.search.pruning.rule import PruningRule, chance_below


def curve(level: float, noise: float = 0.0, *, finished: bool = True, looks: int = 4) -> LearningCurve:
    """A power law in tokens plus ``level``; the cooldown takes off 0.3 nats."""
    tokens = [100_000 * (k + 1) for k in range(looks)]
    points = tuple((n, level + 3 * (n / 100_000) ** -0.5) for n in tokens)
    return LearningCurve(points, level + 1.2 + noise if finished else None)


def finished_curves() -> list[LearningCurve]:
    random = np.random.default_rng(0)
    return [curve(level, random.normal(0, 0.005)) for level in (2.0, 2.05, 2.1, 2.2, 2.3)]


def test_a_trial_that_cannot_win_is_stopped_at_its_first_look() -> None:
    rule = PruningRule()
    assert rule.should_prune(curve(2.4, finished=False, looks=1), finished_curves())


def test_a_trial_that_may_win_goes_on() -> None:
    rule = PruningRule()
    for level in (1.9, 1.99, 2.0, 2.005):
        assert not rule.should_prune(curve(level, finished=False, looks=2), finished_curves())


def test_the_trunk_is_not_compared_with_annealed_ends() -> None:
    """Every trunk loss lies far above the best annealed one, and still a better trial goes on."""
    better = curve(1.95, finished=False, looks=1)
    finished = finished_curves()
    assert better.points[-1][1] > max(other.final for other in finished if other.final is not None)
    assert not PruningRule().should_prune(better, finished)


def test_too_few_finished_curves_stop_nothing() -> None:
    assert PruningRule(minimum=6).chance(curve(9.0, finished=False), finished_curves()) is None
    assert not PruningRule(minimum=6).should_prune(curve(9.0, finished=False), finished_curves())
    unfinished = [LearningCurve(other.points) for other in finished_curves()]
    assert not PruningRule().should_prune(curve(9.0, finished=False), unfinished)


def test_a_loose_relation_stops_less() -> None:
    early = np.array([1.0, 1.1, 1.2, 1.3, 1.4])
    seen = np.array([1.25, *early])
    tight = chance_below(2.0, seen, early + 1 + np.array([0, 0.01, -0.01, 0.01, 0]))
    loose = chance_below(2.0, seen, early + 1 + np.array([0, 0.3, -0.3, 0.3, 0]))
    assert tight < 0.01
    assert 0.1 < loose < 0.5


def test_the_chance_is_that_of_a_new_observation() -> None:
    """Frequencies of planted cases agree with the chance: a calibrated rule."""
    random = np.random.default_rng(3)
    chances, wins = [], []
    for _ in range(4000):
        early = random.normal(0, 1, 7)
        final = 0.8 * early + random.normal(0, 0.5, 7)
        chances.append(chance_below(-0.5, early, final[1:]))
        wins.append(final[0] < -0.5)
    told, won = np.array(chances), np.array(wins)
    for low, high in ((0.0, 0.05), (0.05, 0.2), (0.2, 0.5), (0.5, 0.9)):
        inside = (told >= low) & (told < high)
        assert won[inside].mean() == pytest.approx(told[inside].mean(), abs=0.04)


def test_without_spread_the_mean_is_used() -> None:
    same = np.array([5.0, 1.0, 1.0, 1.0, 1.0, 1.0])
    assert chance_below(1.0, same, np.array([1.0, 1.1, 0.9, 1.0, 1.0])) == pytest.approx(0.5, abs=1e-9)
    assert chance_below(1.0, same, np.full(5, 2.0)) < 1e-9


def test_curves_are_read_between_looks_and_not_beyond() -> None:
    one = LearningCurve(((100, 3.0), (10_000, 2.0)), 1.5)
    assert one.at(1_000) == pytest.approx(2.5)
    assert one.at(99) is None
    assert one.at(10_001) is None


def rate_curve(
    level: float, rate: float, noise: float = 0.0, *, finished: bool = True, looks: int = 5
) -> LearningCurve:
    """A trunk that a higher learning rate (logarithm, -1 to 1) keeps 0.15 nats higher, and a cooldown that takes off
    0.1 nats more than that: it wins only in the end.
    """
    tokens = [100_000 * (k + 1) for k in range(looks)]
    points = tuple((n, level + 0.15 * rate + 3 * (n / 100_000) ** -0.5) for n in tokens)
    final = level + 1.0 - 0.1 * rate + noise
    return LearningCurve(points, final if finished else None, (rate,))


def searched(count: int, seed: int) -> list[LearningCurve]:
    random = np.random.default_rng(seed)
    levels, rates = random.uniform(2.0, 2.1, count), random.uniform(-1, 1, count)
    return [rate_curve(a, b, c) for a, b, c in zip(levels, rates, random.normal(0, 0.003, count), strict=True)]


def test_a_higher_learning_rate_that_wins_only_after_its_cooldown_goes_on() -> None:
    """At every look it lies above trials that it beats in the end; one as high for its mixture's sake is stopped."""
    finished = searched(16, 0)
    best = min(curve.final for curve in finished if curve.final is not None)
    for looks in (1, 3, 5):
        winner = rate_curve(1.99, 1.0, finished=False, looks=looks)
        assert rate_curve(1.99, 1.0).final < best  # type: ignore[operator]
        better_now = [other for other in finished if other.points[looks - 1][1] < winner.points[-1][1]]
        assert better_now
        assert not PruningRule().should_prune(winner, finished)
        as_high = LearningCurve(winner.points, None, (-1.0,))
        assert PruningRule().should_prune(as_high, finished)


def test_without_evidence_settings_do_not_matter() -> None:
    """Sixteen trials whose drop does not depend on their setting: the chance is nearly that without settings."""
    random = np.random.default_rng(4)
    early = random.normal(0, 1, 17)
    final = early[1:] + random.normal(0, 0.1, 16)
    settings = random.uniform(-1, 1, (17, 2))
    alone = predict_final_loss(early, final)
    beside = predict_final_loss(early, final, settings)
    for value in (alone.expected[0] - 0.2, alone.expected[0], alone.expected[0] + 0.2):
        assert beside.below(value) == pytest.approx(alone.below(value), abs=0.12)


def test_chances_are_calibrated_where_the_drop_depends_on_the_learning_rate() -> None:
    random = np.random.default_rng(5)
    told, won = [], []
    for _ in range(1500):
        early, rate = random.normal(0, 1, 11), random.uniform(-1, 1, (11, 1))
        final = 0.9 * early + 0.6 * rate[:, 0] - 0.5 * rate[:, 0] ** 2 + random.normal(0, 0.3, 11)
        told.append(chance_below(-0.5, early, final[1:], rate))
        won.append(final[0] < -0.5)
    chances, wins = np.array(told), np.array(won)
    for low, high in ((0.0, 0.05), (0.05, 0.2), (0.2, 0.5), (0.5, 0.9)):
        inside = (chances >= low) & (chances < high)
        assert wins[inside].mean() == pytest.approx(chances[inside].mean(), abs=0.06)


def test_trunks_are_extrapolated_as_power_laws_of_each_language() -> None:
    """Two languages of other exponents; one look is enough, for the population tells the rest."""
    random = np.random.default_rng(6)
    tokens = [20_000, 40_000, 60_000, 80_000, 100_000]

    def looks(first: float, second: float) -> list[CurvePoint]:
        scaled = [n / tokens[-1] for n in tokens]
        return [
            CurvePoint(n, (first + 0.5 * s**-0.5, second * (1 + s**-1.0))) for n, s in zip(tokens, scaled, strict=True)
        ]

    finished = [looks(*random.uniform(1, 2, 2)) for _ in range(8)]
    whole = looks(1.3, 1.7)
    expected = sum(whole[-1].parts)
    for seen in (1, 3):
        ends = extrapolate_to_horizon([whole[:seen]], finished)
        assert ends is not None
        assert ends[0] == pytest.approx(expected, abs=0.02 if seen == 1 else 0.005)
    assert extrapolate_to_horizon([whole[:1]], finished[:2]) is None
    assert extrapolate_to_horizon([[CurvePoint(30_000, (1.0, 1.0))]], finished) is None


def test_the_optuna_pruner_is_the_same_rule() -> None:
    """A study that maximises minus the loss: every decision is the rule's, and the best trial is never pruned."""
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    study = optuna.create_study(direction="maximize", pruner=CurvePruner(), sampler=optuna.samplers.RandomSampler(1))
    finished: list[LearningCurve] = []

    def objective(trial: optuna.Trial) -> float:
        rate = math.log(trial.suggest_float("rate", math.exp(-1), math.exp(1), log=True))
        level = trial.suggest_float("level", 2.0, 2.2)
        whole = rate_curve(level, rate)
        for k, (n, value) in enumerate(whole.points):
            trial.report(-value, n)
            ours = LearningCurve(whole.points[: k + 1], None, (level, rate))
            stops = PruningRule().should_prune(ours, finished)
            assert trial.should_prune() == stops
            if stops:
                raise optuna.TrialPruned
        assert whole.final is not None
        finished.append(LearningCurve(whole.points, whole.final, (level, rate)))
        return -whole.final

    study.optimize(objective, n_trials=30)
    states = [trial.state.name for trial in study.trials]
    assert states.count("PRUNED") > 8
    ends = [rate_curve(trial.params["level"], math.log(trial.params["rate"])).final or 0.0 for trial in study.trials]
    assert -study.best_value == pytest.approx(min(ends))


def test_real_curves_half_of_the_tokens_are_saved_and_the_best_is_kept() -> None:
    """Recorded training (scripts/record_curves.py), replayed in twenty orders."""
    sys.path.insert(0, str(Path(__file__).parents[3] / "scripts"))
    from bench_pruning import recorded, replays

    data = recorded(Path(__file__).with_name("real_curves.csv"))
    found = replays(data, lambda: PruningRule().should_prune, 20)
    assert 1 - np.mean([one.spent for one in found]) > 0.5
    assert np.mean([one.regret for one in found]) < data.noise
    stopped = sum(one.stopped for one in found)
    assert sum(one.won for one in found) <= 0.05 * stopped
