"""How a trial ended: one reading of its record, which Optuna, history and mirror are told alike."""

from __future__ import annotations

from pathlib import Path

import pytest
from optuna.trial import TrialState

from codescale.runs.records import RunRecord, RunSpec, Status
from codescale.search.objective.objective import Objective
from codescale.search.space.schema import ObjectiveSpec
from codescale.search.trials.outcome import TrialOutcome
from tests.search.synthetic_trials import LANGUAGES, TOKENS, finished_record, study
from tests.search.tune.by_hand import Hand

SPEC = RunSpec(
    run_id="trial-0000-a",
    stage="trial",
    size="tiny",
    n_params=2608,
    token_points=(TOKENS,),
    proportions=dict.fromkeys(LANGUAGES, 1 / 3),
    seed=3,
)
OBJECTIVE = Objective.of({"python": 2.0, "java": 1.0, "rust": 1.0}, TOKENS)


def ended(status: Status, evaluations: int = 4) -> RunRecord:
    return finished_record(SPEC, status, evaluations)


def test_a_finished_trial_has_a_value_and_the_losses_that_it_is_made_of() -> None:
    record = ended("ok")
    outcome = TrialOutcome.of(record, OBJECTIVE)
    assert outcome.status == "COMPLETE"
    assert outcome.value == OBJECTIVE.value(record.final_losses())
    assert outcome.losses == record.final_losses()
    assert list(outcome.trunk_losses) == [str(tokens) for tokens, _ in outcome.curve.points]
    first = outcome.trunk_losses[str(TOKENS // 4)]
    assert first == pytest.approx(record.evaluations[0].losses)
    assert outcome.attributes == {"losses": outcome.losses, "looks": outcome.trunk_losses}


def test_a_stopped_trial_has_its_trunk_alone() -> None:
    outcome = TrialOutcome.of(ended("pruned", 2), OBJECTIVE)
    assert outcome.status == "PRUNED"
    assert outcome.value is None
    assert outcome.losses is None
    assert len(outcome.curve.points) == len(outcome.trunk_losses) == 2
    assert "diverged" not in outcome.attributes


def test_one_that_diverged_or_has_no_annealed_end_has_failed() -> None:
    empty = ended("ok").model_copy(update={"status": "diverged", "evaluations": ()})
    for record in (empty, ended("ok", 3), ended("failed", 2)):
        outcome = TrialOutcome.of(record, OBJECTIVE)
        assert outcome.status == "FAIL"
        assert outcome.value is None
        assert outcome.attributes["diverged"] is True


def test_of_an_objective_that_is_more_than_losses_none_are_told() -> None:
    record = ended("ok").model_copy(update={"metrics": {"pass_at_1": 0.5}})
    outcome = TrialOutcome.of(
        record, Objective.aimed(ObjectiveSpec(weights={"java": 1}, metrics={"pass_at_1": -1}), TOKENS)
    )
    assert outcome.status == "COMPLETE"
    assert outcome.losses is None
    assert outcome.trunk_losses == {}


def test_a_records_curve_is_derived_once_and_all_are_told_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    hand = Hand(tmp_path, study(trials=3, sampler="random"))
    derived: list[str] = []
    curve = Objective.curve

    def counted(self: Objective, record: RunRecord) -> object:
        derived.append(record.spec.run_id)
        return curve(self, record)

    trial_id = hand.ask()
    assert trial_id
    record = finished_record(hand.live.pop(trial_id))
    monkeypatch.setattr(Objective, "curve", counted)
    hand.report(trial_id, record, "ok")
    assert derived == [record.spec.run_id]
    (entry,) = hand.history.entries
    (trial,) = hand.search.study.trials
    assert trial.state == TrialState[entry.state] == TrialState.COMPLETE
    assert trial.value == entry.objective == hand.history.curves[0].final
    assert list(trial.intermediate_values.items()) == [(tokens, value) for tokens, value, end in entry.curve if not end]
