"""The Optuna study in the folder: what it holds, and that it is only a mirror."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import optuna
from optuna.storages import JournalStorage
from optuna.storages.journal import JournalFileBackend
from synthetic_trials import study
from test_mixture_search import WARM, Hand, swept

from codescale.study import StudyFolder


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
    ended = {entry.run_id: entry for entry in hand.ledger.entries}
    trials = opened(tmp_path).trials
    assert [trial.user_attrs["run_id"] for trial in trials] == list(ended)
    assert {trial.state.name for trial in trials} >= {"COMPLETE", "PRUNED"}
    for trial in trials:
        entry = ended[trial.user_attrs["run_id"]]
        looks = {tokens: value for tokens, value, annealed in entry.curve if not annealed}
        assert trial.state.name == entry.state
        assert trial.value == entry.objective
        assert trial.intermediate_values == looks
        assert trial.user_attrs["proportions"] == entry.proportions
        assert trial.user_attrs["source"] == entry.source
        assert dict(trial.params) == hand.search._typed(trial.params)
    best = hand.ledger.incumbent
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
