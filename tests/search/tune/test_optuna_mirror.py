"""The Optuna study in the folder: what it holds, and that it is only a mirror."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import optuna
import pytest
from optuna.storages import JournalStorage
from optuna.storages.journal import JournalFileBackend

from codescale.runs.records import RunRecord, read_records
from codescale.search.objective.objective import Objective
from codescale.search.space.distributions import distributions, typed
from codescale.search.space.space import load_space
from codescale.search.tune.optuna_mirror import DirectionMirror, FrontMirror, Journal
from codescale.search.warm_start import WarmStart
from codescale.study.folder import StudyFolder
from tests.search.synthetic_trials import LANGUAGES, TOKENS, study
from tests.search.tune.by_hand import WARM, Hand, swept


def opened(root: Path) -> optuna.Study:
    """As ``optuna-dashboard`` opens it: with Optuna's own reader of journals."""
    path = StudyFolder(root).optuna
    return optuna.load_study(study_name="synthetic", storage=JournalStorage(JournalFileBackend(str(path))))


def content(root: Path) -> list[tuple]:
    trials = opened(root).trials
    return [(t.user_attrs["run_id"], t.state, t.values, t.params, t.intermediate_values, t.user_attrs) for t in trials]


def test_it_shows_every_trial_that_ended_as_it_ended(tmp_path: Path) -> None:
    hand = Hand(tmp_path, study(trials=12, sampler="random"), replace(WARM, evaluated=swept()))
    hand.go()
    ended = {entry.run_id: entry for entry in hand.history.entries}
    trials = opened(tmp_path).trials
    assert [trial.user_attrs["run_id"] for trial in trials] == list(ended)
    assert {trial.state.name for trial in trials} >= {"COMPLETE", "PRUNED"}
    for trial in trials:
        entry = ended[trial.user_attrs["run_id"]]
        evaluations = {tokens: value for tokens, value, annealed in entry.curve if not annealed}
        assert trial.state.name == entry.state
        assert trial.value == entry.objective
        assert trial.intermediate_values == evaluations
        assert trial.user_attrs["proportions"] == entry.proportions
        assert trial.user_attrs["source"] == entry.source
        assert dict(trial.params) == typed(trial.params)
    best = hand.history.incumbent
    assert best is not None
    assert opened(tmp_path).best_trial.user_attrs["run_id"] == best.run_id


def test_after_a_kill_it_is_made_anew_whatever_became_of_it(tmp_path: Path) -> None:
    whole, killed = tmp_path / "whole", tmp_path / "killed"
    Hand(whole, study(trials=9)).go()
    for _ in range(3):
        hand = Hand(killed, study(trials=9))
        hand.go(3)
        with hand.folder.optuna.open("a") as file:
            file.write('{"op_code":')  # the kill tore the last line
    Hand(killed, study(trials=9)).search.write()
    assert without_times(killed) == without_times(whole)
    StudyFolder(killed).optuna.unlink()
    again = Hand(killed, study(trials=9))
    assert again.search.ended
    again.search.write()
    assert without_times(killed) == without_times(whole)


def without_times(root: Path) -> list[tuple]:
    return sorted(content(root), key=lambda row: row[0])


def test_deleted_while_the_search_goes_on_it_comes_back(tmp_path: Path) -> None:
    hand = Hand(tmp_path, study(trials=6))
    hand.go(3)
    hand.folder.optuna.unlink()
    hand.go()
    assert len(opened(tmp_path).trials) == 6


def test_a_front_has_a_study_for_each_search_and_one_with_a_value_for_each_objective(tmp_path: Path) -> None:
    """Two searches share a journal; the second is told what the first one finished."""
    folder, config = StudyFolder(tmp_path), study(trials=8, sampler="random")
    space = load_space("all_languages", LANGUAGES)
    old, new = Objective.of({"java": 1}, TOKENS), Objective.of({"python": 1, "rust": 1}, TOKENS)

    def shown(warm: list[RunRecord], journal: Journal, front: FrontMirror, name: str) -> Hand:
        mirror = DirectionMirror(journal, name, distributions(space), front)
        return Hand(tmp_path, config, WarmStart(evaluated=warm), part=name, mirror=mirror)

    def both() -> list[Hand]:
        journal = Journal(folder.optuna)
        front = FrontMirror(journal, "front", distributions(space), {"old": old, "new": new})
        first = shown(swept(), journal, front, "first")
        first.go()
        known = [one for one in read_records(folder.runs) if one.status == "ok" and first.has(one)]
        second = shown([*swept(), *known], journal, front, "second")
        second.go()
        second.search.write()
        return [first, second]

    hands = both()
    path = str(folder.optuna)
    storage = JournalStorage(JournalFileBackend(path))
    assert optuna.get_all_study_names(storage) == ["front", "first", "second"]
    for hand, name in zip(hands, ("first", "second"), strict=True):
        trials = optuna.load_study(study_name=name, storage=storage).trials
        assert [trial.user_attrs["run_id"] for trial in trials] == [entry.run_id for entry in hand.history.entries]
        assert [trial.state.name for trial in trials] == [entry.state for entry in hand.history.entries]
    sources = [trial.user_attrs["source"] for trial in trials]
    assert {"sweep", "another search", "sampler"} <= set(sources)
    front = optuna.load_study(study_name="front", storage=storage)
    assert front.metric_names == ["old", "new"]
    finished = {one.spec.run_id: one for one in [*swept(), *read_records(folder.runs)] if one.status == "ok"}
    told = {trial.user_attrs["run_id"]: trial for trial in front.trials}
    assert len(told) == len(front.trials)
    assert set(told) == set(finished)
    for run_id, trial in told.items():
        curves = [objective.curve(finished[run_id]).final for objective in (old, new)]
        assert trial.values == curves
        shares = space.point(trial.params).mixture
        assert dict(shares) == pytest.approx({**dict.fromkeys(LANGUAGES, 0.0), **finished[run_id].spec.proportions})
    assert len(front.best_trials) > 1
    before = [trial.user_attrs["run_id"] for trial in front.trials]
    both()
    again = optuna.load_study(study_name="front", storage=JournalStorage(JournalFileBackend(path)))
    assert [trial.user_attrs["run_id"] for trial in again.trials] == before
