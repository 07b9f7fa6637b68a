"""What the trials of a study become: rows in order, pruned ones with their imputed ends."""

from __future__ import annotations

import numpy as np
import optuna
import pytest
from optuna.trial import TrialState, create_trial

from codescale.search.bayesopt.dataset import LogScale
from codescale.search.bayesopt.trial_reader import DIVERGED, INTERMEDIATE_LOSSES, LOSSES, TrialReader
from codescale.search.space.distributions import distributions
from codescale.search.space.feasible_region import FeasibleRegion
from codescale.search.space.space import SearchSpace
from tests.search.bayesopt.planted_search import ours
from tests.search.planted_landscape import LANGUAGES, landscape, space

TWO = SearchSpace("two", {"a": (0.0, 1.0), "b": (0.0, 1.0)}, {})


def reader() -> TrialReader:
    return TrialReader(FeasibleRegion(TWO, ("a", "b")), {"a": 1.0, "b": 3.0}, LogScale(2.0, 3.0))


def trial(share: float, state: TrialState = TrialState.COMPLETE, **attributes: object) -> optuna.trial.FrozenTrial:
    return create_trial(
        params={"share_0": share},
        distributions=distributions(TWO),
        state=state,
        value=2.0 if state == TrialState.COMPLETE else None,
        user_attrs=attributes,
    )


def test_pruned_trials_count_with_more_noise() -> None:
    where, sampler = space(), ours(space())
    study = optuna.create_study(sampler=sampler)
    ground, generator = landscape(evaluations=2), np.random.default_rng(0)
    for k in range(8):
        trial = study.ask(distributions(where))
        run = ground.run(where.point(trial.params).mixture.array(LANGUAGES), generator)
        evaluations = {}
        for tokens, losses in run.evaluations:
            trial.report(ground.mean(losses), tokens)
            evaluations[str(tokens)] = dict(zip(LANGUAGES, losses.tolist(), strict=True))
        trial.set_user_attr(INTERMEDIATE_LOSSES, evaluations)
        if k < 7:
            trial.set_user_attr(LOSSES, dict(zip(LANGUAGES, run.losses.tolist(), strict=True)))
        study.tell(trial, ground.mean(run.losses)) if k < 7 else study.tell(trial, state=optuna.trial.TrialState.PRUNED)
    measured = sampler._data(study)[0].latest
    assert measured.noise_scale[:7].tolist() == [1.0] * 7
    assert 2.0 < measured.noise_scale[7] < 20.0
    shares = measured.points.shares[-1:]
    assert measured.objective[-1] == pytest.approx(float(ground.objective(shares)[0]), rel=0.01)
    assert np.exp(measured.values[-1]) == pytest.approx(ground.losses(shares)[0], rel=0.02)


def test_a_finished_trial_becomes_a_row_of_log_losses_at_its_scale() -> None:
    study = optuna.create_study()
    study.add_trials(
        [trial(0.25, losses={"a": 1.5, "b": 2.5}), trial(0.5, losses={"b": 3.0, "a": 2.0}, n_tokens=100.0)]
    )
    own = reader()
    ended = own.ended(study)
    kind = own.kind(study, ended)
    assert (kind.targets, kind.by_target, kind.log_losses) == (("a", "b"), True, True)
    data = own.dataset(study, ended, kind)
    assert np.exp(data.values) == pytest.approx(np.array([[1.5, 2.5], [2.0, 3.0]]))
    assert data.objective.tolist() == [2.0, 2.0]
    assert data.points.log_params.tolist() == [2.0, 2.0]
    assert data.points.log_tokens == pytest.approx([3.0, np.log(100.0)])
    assert data.points.shares.sum(axis=1) == pytest.approx(1.0)


def test_without_every_loss_the_objective_is_modelled_as_a_whole() -> None:
    study = optuna.create_study(direction="maximize")
    study.add_trials([trial(0.25, losses={"a": 1.5, "b": 2.5}), trial(0.5, losses={"a": 2.0})])
    own = reader()
    ended = own.ended(study)
    kind = own.kind(study, ended)
    assert (kind.targets, kind.by_target, kind.log_losses) == (("objective_0",), False, False)
    assert own.dataset(study, ended, kind).values[:, 0].tolist() == [-2.0, -2.0]


def test_what_diverged_runs_or_tells_nothing_is_no_row() -> None:
    study = optuna.create_study()
    study.add_trials(
        [
            trial(0.25, TrialState.FAIL, **{DIVERGED: True}),
            trial(0.5, TrialState.FAIL),
            trial(0.75, TrialState.PRUNED),
            trial(0.3, TrialState.RUNNING),
            trial(0.4, TrialState.RUNNING),
        ]
    )
    own = reader()
    assert own.ended(study) == []
    assert len(own.diverged(study)) == 1
    assert len(own.pending(study, study.trials[3])) == 1
