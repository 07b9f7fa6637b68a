"""A study's folder: where it is on this machine, and on that of a worker."""

from __future__ import annotations

import pickle
from pathlib import Path

import pytest

from codescale.study.folder import StudyFolder, study_folder


def test_a_folder_on_a_disk_is_the_same_everywhere(tmp_path: Path) -> None:
    folder = study_folder(tmp_path / "study")
    assert folder == StudyFolder(tmp_path / "study")
    assert pickle.loads(pickle.dumps(folder)) == folder
    assert folder.name == "study"
    assert folder.checkpoint_storage == str(tmp_path / "study" / "checkpoints")
    folder.publish()
    folder.upload(folder.law)


def test_one_in_a_store_is_each_machines_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CODESCALE_CACHE", str(tmp_path / "driver"))
    folder = study_folder(f"file://{tmp_path}/store")
    sent = pickle.dumps(folder)
    monkeypatch.setenv("CODESCALE_CACHE", str(tmp_path / "worker"))
    there = pickle.loads(sent)
    assert folder.root.is_relative_to(tmp_path / "driver")
    assert there.root.is_relative_to(tmp_path / "worker")
    assert there.name == folder.name == f"file://{tmp_path}/store"
    assert there.checkpoint_storage == f"file://{tmp_path}/store/checkpoints"


def test_checkpoints_of_a_run_go_here_and_in_the_store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CODESCALE_CACHE", str(tmp_path / "cache"))
    folder = study_folder(f"file://{tmp_path}/store")
    folder.checkpoints.mkdir(parents=True)
    for name in ("a.safetensors", "b.safetensors"):
        (folder.checkpoints / name).write_bytes(b"1")
        folder.upload(folder.checkpoints / name)
    folder.discard_checkpoints("a")
    assert [path.name for path in folder.checkpoints.iterdir()] == ["b.safetensors"]
    assert [path.name for path in (tmp_path / "store" / "checkpoints").iterdir()] == ["b.safetensors"]
