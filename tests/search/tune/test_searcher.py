"""What Optuna is asked and told, live and in a replay, with Tune's calls made by hand."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from optuna.trial import TrialState

from codescale.errors import UserError
from codescale.mixtures.mixture import Mixture
from codescale.progress import Silent
from codescale.runs.records import RunSpec, read_records
from codescale.search.recommendation import recommendation
from codescale.search.run import run_search
from codescale.search.samplers import make_sampler
from codescale.search.space.space import SearchPoint
from codescale.search.trials.spec import TrialSpecs
from codescale.search.warm_start import WarmStart
from codescale.study.folder import StudyFolder
from tests.search.synthetic_trials import LANGUAGES, TOKENS, finished_record, problem, study
from tests.search.tune.by_hand import WARM, Hand, sweep_record, swept


@pytest.mark.parametrize("sampler", ["law", "tpe", "random", "gp", "cmaes"])
def test_a_replay_goes_on_with_the_same_sequence(tmp_path: Path, sampler: str) -> None:
    """With ten runs of the sweep, so that the samplers are past the trials that they choose at random."""
    if sampler == "cmaes":
        pytest.importorskip("cmaes", reason="the package cmaes is not installed")
    warm = replace(WARM, evaluated=swept())
    config = study(trials=9, sampler=sampler)
    undisturbed = Hand(tmp_path / "whole", config, warm)
    undisturbed.go()
    assert len(undisturbed.history.trials) == 9
    assert len({tuple(e.proportions.values()) for e in undisturbed.history.trials}) == 9
    for killed_after in (1, 4, 7):
        Hand(tmp_path / str(killed_after), config, warm).go(killed_after)
        again = Hand(tmp_path / str(killed_after), config, warm)
        again.go()
        assert again.sequence() == undisturbed.sequence()


def test_a_trial_whose_worker_died_is_the_next_one_and_the_sequence_stays(tmp_path: Path) -> None:
    undisturbed = Hand(tmp_path / "whole", study(trials=9))
    undisturbed.go()
    hand = Hand(tmp_path / "dies", study(trials=9))
    for number in range(9):
        for _ in range(2 if number in (0, 4, 8) else 0):
            lost = hand.ask()
            assert lost is not None
            hand.search.on_trial_complete(lost, error=True)
        hand.go(1)
    assert hand.ask() is None
    assert hand.search.ended
    assert hand.search.failed is None
    assert hand.sequence() == undisturbed.sequence()


def test_a_trial_that_takes_every_worker_with_it_ends_the_search(tmp_path: Path) -> None:
    hand = Hand(tmp_path, study(trials=4))
    for _ in range(3):
        lost = hand.ask()
        assert lost is not None
        hand.search.on_trial_complete(lost, error=True)
    assert hand.search.failed == hand.search._asked[lost].run_id
    assert hand.search.suggest("another") == "FINISHED"


def test_a_trial_whose_machines_are_lost_is_not_to_blame(tmp_path: Path) -> None:
    undisturbed = Hand(tmp_path / "whole", study(trials=4))
    undisturbed.go()
    hand = Hand(tmp_path / "dies", study(trials=4))
    for _ in range(8):
        lost = hand.ask()
        assert lost is not None
        hand.search.on_trial_complete(lost, error=True)
        hand.search.excuse(lost)
    for _ in range(2):
        lost = hand.ask()
        assert lost is not None
        hand.search.on_trial_complete(lost, error=True)
    crashed = hand.ask()
    assert crashed is not None
    hand.search.on_trial_complete(crashed, error=True)
    assert hand.search.failed is not None
    hand.search.excuse(crashed)
    assert hand.search.failed is None
    hand.go()
    assert hand.sequence() == undisturbed.sequence()


def test_no_more_trials_are_under_way_than_machines_allow(tmp_path: Path) -> None:
    hand = Hand(tmp_path, study(trials=6))
    allowed = iter([1, 1, 2, 2, 2])
    hand.search.allowed = lambda: next(allowed)
    assert [hand.ask() is not None for _ in range(4)] == [True, False, True, False]
    assert not hand.search.ended


def test_whoever_looks_on_sees_where_a_trial_runs_from_its_first_evaluation_on(tmp_path: Path) -> None:
    hand = Hand(tmp_path, study(trials=2))
    trial_id = hand.ask()
    assert trial_id is not None
    told = {"pid": 1, "hostname": "far-away", "time_this_iter_s": 1.0, "tokens_trained": 10}
    seen = [json.loads(hand.folder.search.read_text())["trials"][0].get("worker")]
    hand.search.on_trial_result(trial_id, told)
    seen.append(json.loads(hand.folder.search.read_text())["trials"][0].get("worker"))
    assert seen == [None, "far-away"]
    before = hand.folder.search.stat().st_mtime_ns
    hand.search.on_trial_result(trial_id, told | {"tokens_trained": 20})
    assert hand.folder.search.stat().st_mtime_ns == before
    hand.end(trial_id)
    assert not any("worker" in trial for trial in json.loads(hand.folder.search.read_text())["trials"])


class Shown:
    """Keeps what the metrics were given."""

    def __init__(self) -> None:
        self.runs: list[dict[str, int]] = []
        self.best: list[float] = []
        self.restarts: list[str] = []

    def set_progress(self, runs: dict[str, int], tokens: float, flops: float) -> None:
        self.runs.append(runs)

    def set_best(self, objective: float) -> None:
        self.best.append(objective)

    def count_restarts(self, cause: str) -> None:
        self.restarts.append(cause)


def test_metrics_say_how_far_a_search_is(tmp_path: Path) -> None:
    hand, shown = Hand(tmp_path, study(trials=3)), Shown()
    hand.search.metrics = shown  # type: ignore[assignment]
    lost = hand.ask()
    assert lost is not None
    assert [shown.runs[-1][state] for state in ("done", "running", "waiting")] == [0, 1, 2]
    hand.search.on_trial_complete(lost, error=True)
    assert shown.restarts == ["worker"]
    hand.go()
    assert [shown.runs[-1][state] for state in ("done", "running", "waiting")] == [3, 0, 0]
    incumbent = hand.history.incumbent
    assert incumbent is not None
    assert shown.best[-1] == incumbent.objective


def test_a_search_of_everything_is_found_finished(tmp_path: Path) -> None:
    hand = Hand(tmp_path, study(trials=6))
    hand.go()
    again = Hand(tmp_path, study(trials=6))
    assert again.search.ended
    assert again.ask() is None
    more = Hand(tmp_path, study(trials=8))
    more.go()
    assert more.sequence()[:6] == hand.sequence()
    assert len(more.sequence()) == 8


def test_stopped_trials_are_told_pruned_and_never_complete(tmp_path: Path) -> None:
    hand = Hand(tmp_path, study(trials=12))
    hand.go()
    states = {e.run_id: e.state for e in hand.history.entries}
    records = {record.spec.run_id: record for record in read_records(hand.folder.runs)}
    trials = hand.search.study.trials
    assert len(trials) == len(records) == 12
    for trial, (run_id, state) in zip(trials, states.items(), strict=True):
        record = records[run_id]
        assert trial.state.name == state
        if state == "PRUNED":
            assert record.status == "pruned"
            assert not any(evaluation.annealed for evaluation in record.evaluations)
            assert len(trial.intermediate_values) == len(record.evaluations) > 0
        else:
            assert trial.value == pytest.approx(hand.history.objective.value(record.final_losses()))
            assert len(trial.intermediate_values) == 3
    finals = [trial.value for trial in trials if trial.state == TrialState.COMPLETE and trial.value is not None]
    assert hand.history.result().content()["incumbent"]["objective"] == min(finals)


def test_a_diverged_trial_is_told_fail(tmp_path: Path) -> None:
    hand = Hand(tmp_path, study(trials=2), WarmStart(Mixture({"rust": 1.0})))
    hand.go()
    assert [trial.state.name for trial in hand.search.study.trials] == ["FAIL", "COMPLETE"]
    assert Hand(tmp_path, study(trials=2), WarmStart(Mixture({"rust": 1.0}))).sequence() == hand.sequence()


def test_a_trial_whose_command_failed_counts_and_the_search_goes_on(tmp_path: Path) -> None:
    hand = Hand(tmp_path, study(trials=3))
    failed = hand.ask()
    assert failed is not None
    record = finished_record(hand.live.pop(failed), "pruned", 1)
    record = record.model_copy(update={"status": "failed", "note": "ended with exit code 1"})
    hand.report(failed, record, "failed")
    hand.go()
    states = [trial.state.name for trial in hand.search.study.trials]
    assert states[0] == "FAIL"
    assert len(states) == 3
    assert "COMPLETE" in states[1:]
    again = Hand(tmp_path, study(trials=3))
    assert again.sequence() == hand.sequence()
    assert again.ask() is None, "a failed trial is not done again"


def test_trials_at_once_are_all_found_again(tmp_path: Path) -> None:
    """Two at a time, killed with trial 2 under way and trial 3 finished: both keep their points and ids."""
    config = study(trials=8, concurrency=2, prune=False)
    warm = WarmStart(evaluated=swept())
    hand = Hand(tmp_path, config, warm)
    first, second = hand.ask(), hand.ask()
    assert first is not None
    assert second is not None
    hand.end(second)
    third = hand.ask()
    hand.end(first)
    fourth = hand.ask()
    assert third is not None
    assert fourth is not None
    under_way = hand.live[third]
    hand.end(fourth)
    again = Hand(tmp_path, config, warm)
    assert [e.run_id for e in again.history.entries] == [e.run_id for e in hand.history.entries if e.state != "RUNNING"]
    resumed = again.ask()
    assert resumed
    assert again.live[resumed] == under_way
    again.end(resumed)
    again.go()
    assert [e.number for e in sorted(again.history.trials, key=lambda e: e.number or 0)] == list(range(8))
    before = {e.run_id for e in hand.history.entries}
    assert before <= {e.run_id for e in again.history.entries}


def test_the_sweep_enters_as_completed_trials(tmp_path: Path) -> None:
    uniform = dict.fromkeys(LANGUAGES, 1 / 3)
    records = [
        sweep_record("mixture-1", uniform),
        sweep_record("mixture-2", {"python": 0.5, "java": 0.5}),
        sweep_record("mixture-3", {"python": 0.2, "java": 0.8}, hyper={"learning_rate_factor": 2.0}),
        sweep_record("mixture-4", {"python": 0.3, "java": 0.7}, status="failed"),
    ]
    hand = Hand(tmp_path, study(trials=1), WarmStart(evaluated=records))
    assert [(e.run_id, e.number, e.source) for e in hand.history.entries] == [
        ("mixture-1", None, "sweep"), ("mixture-2", None, "sweep")
    ]  # fmt: skip
    assert [trial.state.name for trial in hand.search.study.trials] == ["COMPLETE"] * 2
    content = hand.history.result().content()
    assert content["incumbent"]["run_id"] == "mixture-1"
    assert content["tokens_trained"] == 0
    rates = Hand(tmp_path, study(), WarmStart(evaluated=records), "learning_rate_only")
    assert [curve.settings for curve in rates.history.curves] == [(0.0,)]
    assert [e.run_id for e in rates.history.entries] == ["mixture-1"]


def test_what_the_sweep_did_is_not_tried_again(tmp_path: Path) -> None:
    known = sweep_record("mixture-1", dict(WARM.law_optimum or {}))
    hand = Hand(tmp_path, study(sampler="tpe"), WarmStart(WARM.law_optimum, WARM.bootstrap_optima, [known]))
    hand.go(2)
    assert [e.source for e in hand.history.entries] == ["sweep", "thompson", "sampler"]


def test_the_law_is_asked_first_and_moved_into_the_bounds(tmp_path: Path) -> None:
    path = tmp_path / "bounded.yaml"
    path.write_text("languages: {python: [0, 0.2], java: free, rust: free}")
    hand = Hand(tmp_path, study(trials=3, sampler="tpe"), space=str(path))
    hand.go()
    assert [e.source for e in hand.history.entries] == ["law", "thompson", "sampler"]
    assert hand.history.entries[0].proportions == pytest.approx({"python": 0.2, "java": 0.4, "rust": 0.4})


def test_our_own_sampler_draws_from_the_law_itself(tmp_path: Path) -> None:
    hand = Hand(tmp_path, study(trials=3, sampler="law"))
    hand.go()
    assert [e.source for e in hand.history.entries] == ["law", "sampler", "sampler"]


def test_the_budget_of_tokens_ends_the_search(tmp_path: Path) -> None:
    hand = Hand(tmp_path, study(trials=12, prune=False, budget_tokens=3 * TOKENS + 1))
    hand.go()
    assert hand.search.ended
    assert TOKENS < hand.history.tokens_trained <= 3 * TOKENS


def test_records_of_another_search_are_left_alone(tmp_path: Path) -> None:
    Hand(tmp_path, study(trials=3)).go()
    config = study(trials=3)
    other = config.model_copy(update={"seed": 4})
    assert not Hand(tmp_path, other).history.entries
    point = SearchPoint(Mixture.uniform(LANGUAGES), {})
    asked = (problem(config), problem(config, corpus_id="another"), problem(other))
    ids = {TrialSpecs(one).spec(0, point).run_id for one in asked}
    assert len(ids) == 3


def test_the_incumbent_only_improves(tmp_path: Path) -> None:
    hand = Hand(tmp_path, study(trials=12, sampler="random"), WarmStart())
    hand.go()
    spent, best = zip(*hand.history.incumbent_history, strict=True)
    assert list(best) == sorted(best, reverse=True)
    assert list(spent) == sorted(spent)
    written = json.loads(hand.folder.search.read_text())
    assert [entry["run_id"] for entry in written["trials"]] == [e.run_id for e in hand.history.entries]


def test_bad_input_in_a_trial_ends_the_search_with_its_line(tmp_path: Path) -> None:
    hand = Hand(tmp_path, study())
    trial_id = hand.ask()
    assert trial_id
    refusal = {"outcome": "refused", "refusal": ["shard 3", "is truncated", "make it again"]}
    result = {"pid": 1, "time_this_iter_s": 0.0, "tokens_trained": 0} | refusal
    hand.search.on_trial_complete(trial_id, result)
    assert str(hand.search.refusal) == "shard 3: is truncated; make it again"
    assert hand.ask() is None
    assert not list(hand.folder.runs.glob("*"))


def test_a_disk_that_refuses_ends_the_search_with_its_line(tmp_path: Path) -> None:
    hand = Hand(tmp_path, study())
    trial_id = hand.ask()
    assert trial_id
    hand.folder.runs.write_text("a file where the folder of records should be")
    hand.end(trial_id)
    assert "runs" in str(hand.search.refusal)
    assert hand.ask() is None


def test_a_finished_search_starts_no_ray(tmp_path: Path) -> None:
    config = study(trials=4)
    Hand(tmp_path, config).go()

    def never(spec: RunSpec) -> Any:
        raise AssertionError(spec)

    content = run_search(problem(config), WARM, never, StudyFolder(tmp_path), Silent()).content()
    assert [entry["number"] for entry in content["trials"]] == [0, 1, 2, 3]


def test_samplers_by_word() -> None:
    for name in ("tpe", "gp", "random"):
        assert name in type(make_sampler(name, 0)).__name__.lower()  # type: ignore[arg-type]
    try:
        import cmaes  # noqa: F401
    except ImportError:
        with pytest.raises(UserError, match="pip install cmaes"):
            make_sampler("cmaes", 0)


@pytest.mark.parametrize(("sampler", "advises"), [("law", True), ("random", False)])
def test_what_is_recommended_is_a_finished_trial_with_its_expectation(
    tmp_path: Path, sampler: str, advises: bool
) -> None:
    hand = Hand(tmp_path, study(trials=4, sampler=sampler, prune=False), replace(WARM, evaluated=swept()))
    hand.go()
    advised = recommendation(hand.search.trial_sampler, hand.search.study, hand.history)
    assert (advised is not None) == advises
    if advised is not None:
        finished = {entry.run_id: entry.objective for entry in hand.history.entries if entry.objective is not None}
        assert finished[advised.run_id] == advised.objective
        assert advised.expected == pytest.approx(advised.objective, abs=0.05)
