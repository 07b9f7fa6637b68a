"""The sampler: its suggestions are feasible, repeatable and spread; it finds an optimum, whatever law it was given."""

from __future__ import annotations

import numpy as np
import optuna
import pytest

from codescale.mixtures.mixture import Mixture
from codescale.search.bayesopt.sampler import LawSampler
from codescale.search.bayesopt.trial_reader import DIVERGED, LOSSES
from codescale.search.simulation.landscape import attainable
from codescale.search.space.distributions import distributions, suggest_point
from codescale.search.space.schema import HyperparameterRange
from codescale.search.space.space import SearchPoint, SearchSpace
from tests.search.bayesopt.planted_search import mixtures, ours, regret, search
from tests.search.planted_landscape import LANGUAGES, D, effective_data_law, landscape, space, sweep


@pytest.fixture(scope="module")
def cold() -> tuple[LawSampler, optuna.Study]:
    """A search that knows nothing before its first trial."""
    sampler = ours(space())
    return sampler, search(sampler, 18, landscape(), space())


def test_cold_search_comes_near_the_optimum(cold: tuple[LawSampler, optuna.Study]) -> None:
    sampler, study = cold
    assert regret(study, sampler, landscape(), space()) < 0.1


def test_the_same_seed_suggests_the_same_trials(cold: tuple[LawSampler, optuna.Study]) -> None:
    again = search(ours(space()), 8, landscape(), space())
    assert mixtures(again, space()) == mixtures(cold[1], space())[:8]


def test_a_fresh_sampler_goes_on_as_the_old_one_would(cold: tuple[LawSampler, optuna.Study]) -> None:
    _, study = cold
    continued = optuna.create_study(sampler=ours(space()))
    for trial in study.trials[:11]:
        continued.add_trial(trial)
    suggested = continued.ask(distributions(space()))
    assert suggested.params == pytest.approx(study.trials[11].params, abs=1e-9)


def test_a_right_law_is_recommended_from_the_first_trials() -> None:
    sampler = ours(space(), law=effective_data_law((0.16, 0.2, 0.25, 0.3)))
    study = search(sampler, 3, landscape(), space())
    assert regret(study, sampler, landscape(), space()) < 0.03


def test_a_wrong_law_does_not_hurt_for_long() -> None:
    wrong = effective_data_law((0.3, 0.25, 0.2, 0.16))
    sampler = ours(space(), law=wrong)
    study = search(sampler, 2, landscape(), space())
    assert regret(study, sampler, landscape(), space()) > 1.0, "the law's optimum is meant to be far off"
    sampler = ours(space(), law=wrong)
    study = search(sampler, 18, landscape(), space())
    assert regret(study, sampler, landscape(), space()) < 0.1


def test_small_runs_inform_large_ones() -> None:
    ground = landscape()
    runs = sweep(ground, np.where(np.arange(24) % 2, D / 100, D / 30))
    sampler = ours(space(), runs=runs)
    study = search(sampler, 2, ground, space())
    assert regret(study, sampler, ground, space()) < 0.15


def test_trials_under_way_are_suggested_apart(cold: tuple[LawSampler, optuna.Study]) -> None:
    sampler, study = cold
    batch = [study.ask(distributions(space())) for _ in range(6)]
    shares = np.array([space().point(trial.params).mixture.array(LANGUAGES) for trial in batch])
    for trial in batch:
        study.tell(trial, state=optuna.trial.TrialState.FAIL)
    distance = np.abs(shares[:, None] - shares[None]).sum(axis=2)[np.triu_indices(6, 1)]
    assert (distance > 1e-4).mean() > 0.7
    assert sampler is study.sampler


@pytest.mark.parametrize("order", [("go", "java", "python", "javascript")])
def test_the_order_of_languages_hardly_matters(order: tuple[str, ...]) -> None:
    """Random draws differ with it, so it is the recommendation that has to agree."""
    sampler = ours(space(order))
    study = search(sampler, 15, landscape(languages=order), space(order))
    assert regret(study, sampler, landscape(languages=order), space(order)) < 0.15


def test_the_recommendation_is_not_the_luckiest_run() -> None:
    """A mixture half way to uniform is told a lower loss than any other by two of a run's deviations: it is seen
    through.
    """
    ground, where, sampler = landscape(noise=0.003), space(), ours(space())
    study = search(sampler, 16, ground, where)
    best = attainable(ground, where, 2)
    shares = 0.35 * best.shares + 0.65 * 0.25
    lucky = where.parameters(SearchPoint(Mixture.from_array(LANGUAGES, shares / shares.sum()), {}))
    value = study.best_value - 0.0005
    losses = ground.losses(shares[None])[0]
    losses = losses * value / ground.mean(losses)
    study.add_trial(
        optuna.trial.create_trial(
            params=lucky,
            distributions=distributions(where),
            value=value,
            user_attrs={LOSSES: dict(zip(LANGUAGES, losses.tolist(), strict=True))},
        )
    )
    assert study.best_trial.params == lucky
    chosen = sampler.recommend(study).mixture.array(LANGUAGES)
    values = ground.objective(np.stack([chosen, shares]))
    assert best.regret(float(values[0])) < best.regret(float(values[1])) - 0.1


def test_objectives_of_every_kind_are_searched() -> None:
    """Maximised, below zero, without losses by language, with a hyperparameter, or several: no law is needed."""
    where = SearchSpace("both", {"a": (0.0, 1.0), "b": (0.0, 1.0)}, {"batch": HyperparameterRange(low=2, high=8)})

    def gain(trial: optuna.Trial) -> float:
        point = suggest_point(trial, where)
        return -10 * (point.mixture["a"] - 0.7) ** 2 - (point.hyper["batch"] - 5) ** 2

    sampler = LawSampler(where, seed=0)
    study = optuna.create_study(sampler=sampler, direction="maximize")
    study.optimize(gain, n_trials=16)
    best = sampler.recommend(study, anywhere=True)
    assert best.hyper["batch"] in (4, 5, 6)
    assert best.mixture["a"] == pytest.approx(0.7, abs=0.25)

    front = optuna.create_study(sampler=LawSampler(where, seed=0), directions=["minimize", "minimize"])
    front.optimize(lambda t: (suggest_point(t, where).mixture["a"] + 1, 2 - suggest_point(t, where).mixture["a"]), 8)
    assert len(front.best_trials) >= 4


def test_a_lucky_run_is_trusted_no_more_than_seeds_allow() -> None:
    """Trials of one seed lie on a surface of their own: a point 0.02 below it is a find, unless seeds differ so."""
    ground, where = landscape(noise=0.0), space()
    shares = 0.9 * attainable(ground, where, 2).shares + 0.025
    lucky = SearchPoint(Mixture.from_array(LANGUAGES, shares / shares.sum()), {})
    believed = []
    for noise in (None, 0.02):
        sampler = ours(where, noise=noise)
        study = search(sampler, 12, ground, where)
        losses = ground.losses(lucky.mixture.array(LANGUAGES)[None])[0] - 0.02
        told = {LOSSES: dict(zip(LANGUAGES, losses.tolist(), strict=True))}
        study.add_trial(
            optuna.trial.create_trial(
                params=where.parameters(lucky),
                distributions=distributions(where),
                value=float(losses.mean()),
                user_attrs=told,
            )
        )
        believed.append(float(sampler.expected(study, [lucky])[0][0] - losses.mean()))
    assert believed[0] < 0.013
    assert believed[1] > believed[0] + 0.003


def test_what_the_next_trial_may_gain_is_told_and_shrinks(cold: tuple[LawSampler, optuna.Study]) -> None:
    early, late = ours(space()), ours(space())
    assert early.expected_improvement() is None, "nothing has been suggested"
    gains = []
    for sampler, trials in ((early, 6), (late, 18)):
        study = optuna.create_study(sampler=sampler)
        study.add_trials(cold[1].trials[:trials])
        told = []
        for _ in range(3):
            study.ask(distributions(space()))
            told.append(sampler.expected_improvement())
        gains.append(max(gain for gain in told if gain is not None))
    assert 0 <= gains[1] < 0.3 * gains[0]


def test_no_point_is_tried_twice() -> None:
    """The optimum is a corner, to which every suggestion would go."""
    where = SearchSpace("two", {"a": (0.0, 1.0), "b": (0.0, 1.0)}, {"batch": HyperparameterRange(low=2, high=4)})
    study = optuna.create_study(sampler=LawSampler(where, seed=0))
    study.optimize(lambda t: 2.0 - suggest_point(t, where).mixture["a"], n_trials=16)
    points = [where.point(trial.params) for trial in study.trials]
    tried = {(round(point.mixture["a"], 4), round(point.hyper["batch"])) for point in points}
    assert len(tried) == 16
    assert min(trial.value for trial in study.trials if trial.value is not None) == pytest.approx(1.0, abs=0.01)


def test_where_training_diverged_none_is_tried_again() -> None:
    """The likeliest corner diverges: after its first trial there the search stays away from it."""
    where = SearchSpace("two", {"a": (0.0, 1.0), "b": (0.0, 1.0)}, {})
    study = optuna.create_study(sampler=LawSampler(where, seed=0))
    failed = 0
    for _ in range(14):
        trial = study.ask(distributions(where))
        share = where.point(trial.params).mixture["a"]
        if share > 0.97:
            failed += 1
            trial.set_user_attr(DIVERGED, True)
            study.tell(trial, state=optuna.trial.TrialState.FAIL)
        else:
            study.tell(trial, 2.0 - share)
    assert failed == 1
    assert study.best_value == pytest.approx(1.05, abs=0.04)


def test_ties_beside_languages_without_weight_hold() -> None:
    """Where a share of 0 is the best, rounding must not take it below."""
    where = SearchSpace("tied", dict.fromkeys((*LANGUAGES, "rust"), (0.0, 1.0)), {}, ({"python": 1.0, "java": 0.5},))
    sampler = LawSampler(where, weights={"python": 5.0, "javascript": 1.0}, seed=0)
    study = optuna.create_study(sampler=sampler)
    for _ in range(9):
        trial = study.ask(distributions(where))
        mixture = where.point(trial.params).mixture
        assert mixture["java"] == pytest.approx(0.5 * mixture["python"])
        losses = {name: 2.0 - mixture[name] for name in LANGUAGES}
        trial.set_user_attr(LOSSES, losses)
        study.tell(trial, (5 * losses["python"] + losses["javascript"]) / 6)
    assert study.best_value < 1.6


def test_several_objectives_tell_no_gain() -> None:
    where = SearchSpace("two", {"a": (0.0, 1.0), "b": (0.0, 1.0)}, {})
    sampler = LawSampler(where, seed=0)
    front = optuna.create_study(sampler=sampler, directions=["minimize", "minimize"])
    front.optimize(lambda t: (suggest_point(t, where).mixture["a"] + 1, 2 - suggest_point(t, where).mixture["a"]), 7)
    assert sampler.expected_improvement() is None
