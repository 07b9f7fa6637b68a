"""Of two workers with one run only the one that was given it last writes."""

from __future__ import annotations

import pickle
from pathlib import Path

import pytest
import torch

from codescale.errors import UserError
from codescale.study.folder import StudyFolder, study_folder
from codescale.training.loop.checkpoint import FileStore
from codescale.training.loop.claim import Claim, ClaimedRuns, ClaimedStore, claimed_runs


def test_a_late_writer_changes_nothing(tmp_path: Path) -> None:
    file = FileStore(tmp_path / "run.safetensors")
    early = ClaimedStore(file, Claim.make(StudyFolder(tmp_path), "run"))
    early.save({"weight": torch.ones(2)}, {"step": 5})
    late = early
    new = ClaimedStore(file, Claim.make(StudyFolder(tmp_path), "run"))
    assert new.progress() == {"step": 5}
    new.save({"weight": torch.ones(2)}, {"step": 9})
    with pytest.raises(UserError, match="claimed by another worker"):
        late.save({"weight": torch.zeros(2)}, {"step": 6})
    late.discard()
    assert late.progress() == {"step": 9}
    read = torch.zeros(2)
    late.fill({"weight": read})
    assert read.tolist() == [1.0, 1.0]
    new.discard()
    assert file.progress() is None


def test_what_was_given_up_is_nobodys(tmp_path: Path) -> None:
    claim = Claim.make(StudyFolder(tmp_path), "run")
    claim.check()
    claim.give_up()
    claim.give_up()
    assert not claim.held()
    assert not list((tmp_path / "checkpoints").iterdir())


def test_a_claim_on_a_study_in_a_store_is_seen_by_another_machine(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "driver"))
    there = f"file://{tmp_path}/store/study"
    early = Claim.make(study_folder(there), "run")
    travelling = pickle.dumps(early)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "worker"))
    early = pickle.loads(travelling)
    assert early.path.is_relative_to(tmp_path / "worker")
    early.check()
    late = Claim.make(study_folder(there), "run")
    assert late.held()
    assert not early.held()
    late.give_up()
    assert not late.held()


def test_whoever_looks_on_sees_which_runs_are_claimed_and_where(tmp_path: Path) -> None:
    for folder in (StudyFolder(tmp_path / "study"), study_folder(f"file://{tmp_path}/store/study")):
        assert claimed_runs(folder) == []
        alone = Claim.make(folder, "run", where="there")
        pack = Claim.make(folder, "pack-1", ["run-1", "run-2"], "elsewhere")
        first, second = claimed_runs(folder)
        assert (first.name, first.runs, first.where) == ("pack-1", ("run-1", "run-2"), "elsewhere")
        assert (second.name, second.runs, second.where) == ("run", ("run",), "there")
        assert first.since is not None
        pack.give_up()
        folder.write_shared(alone.path, "0f" * 8)  # as an earlier version wrote it
        assert claimed_runs(folder) == [ClaimedRuns("run", ("run",), "", None)]
