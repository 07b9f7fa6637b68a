"""Stopped trials that are trained to their end: drawn blindly, told apart, and heard."""

from __future__ import annotations

from pathlib import Path

from codescale.runs.records import read_records
from codescale.search.trials.pruning_audit import audit_runs, with_checks
from tests.search.synthetic_trials import LANGUAGES, TOKENS, finished_record, study
from tests.search.tune.by_hand import Hand


def test_stopped_trials_are_drawn_blindly_and_told_apart(tmp_path: Path) -> None:
    hand = Hand(tmp_path, study(trials=16, sampler="random"))
    hand.go()
    result = hand.history.result()
    pruned = [trial.run_id for trial in result.trials if trial.state == "PRUNED"]
    records = {one.spec.run_id: one for one in read_records(hand.folder.runs)}
    specs = audit_runs([records[run_id] for run_id in pruned], 3, seed=1)
    assert len(specs) == 3 == len({spec.run_id for spec in specs})
    assert specs == audit_runs([records[run_id] for run_id in reversed(pruned)], 3, seed=1)
    assert {spec.stage for spec in specs} == {"check"}
    assert audit_runs([], 3, 1) == audit_runs([records[pruned[0]]], 0, 1) == []
    checks = [finished_record(spec) for spec in specs]
    told = with_checks(result, checks, hand.history.objective)
    assert [one.won for one in told.checked or ()] == [False] * 3
    assert told.tokens_checked == 3 * TOKENS
    assert told.incumbent == result.incumbent
    lucky = checks[0].model_copy(
        update={
            "evaluations": tuple(
                one.model_copy(update={"losses": dict.fromkeys(LANGUAGES, 0.5)}) for one in checks[0].evaluations
            )
        }
    )
    diverged = checks[0].model_copy(update={"status": "diverged", "evaluations": ()})
    told = with_checks(result, [diverged], hand.history.objective)
    assert told.checked
    assert told.checked[0].objective is None
    assert not told.checked[0].won
    told = with_checks(result, [lucky], hand.history.objective)
    assert told.checked
    assert told.checked[0].won
    assert told.checked[0].beat_the_best_of_then
    assert told.incumbent
    assert told.incumbent.run_id == lucky.spec.run_id
    assert told.incumbent_history[-1] == (result.tokens_trained + TOKENS, 0.5)
