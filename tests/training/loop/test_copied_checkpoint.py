"""A checkpoint in a study's store: another machine goes on from it, and it goes when the run has ended."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from codescale.storage.address import parse_address
from codescale.storage.working_copy import WorkingCopy
from codescale.training.loop.copied_checkpoint import CopiedStore


def opened(tmp_path: Path, machine: str, monkeypatch: pytest.MonkeyPatch) -> CopiedStore:
    monkeypatch.setenv("CODESCALE_CACHE", str(tmp_path / machine))
    copy = WorkingCopy(parse_address(f"file://{tmp_path}/store"))
    return CopiedStore(copy.root / "checkpoints" / "run.safetensors", copy)


def test_another_machine_goes_on_from_the_last_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    here, there = (opened(tmp_path, name, monkeypatch) for name in ("a", "b"))
    assert there.progress() is None
    for step in (1, 2):
        here.save({"w": torch.full((3,), float(step))}, {"step": step})
    assert there.progress() == {"step": 2}
    there.save({"w": torch.full((3,), 3.0)}, {"step": 3})
    assert here.progress() == {"step": 3}, "what this machine has is older"
    found = {"w": torch.zeros(3)}
    here.fill(found)
    assert found["w"].tolist() == [3.0, 3.0, 3.0]


def test_it_is_gone_when_the_run_has_ended(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    here, there = (opened(tmp_path, name, monkeypatch) for name in ("a", "b"))
    here.save({"w": torch.zeros(1)}, {"step": 1})
    here.discard()
    assert here.progress() is None
    assert there.progress() is None


def test_one_that_cannot_be_read_is_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    here, there = (opened(tmp_path, name, monkeypatch) for name in ("a", "b"))
    here.save({"w": torch.zeros(1)}, {"step": 1})
    (tmp_path / "store" / "checkpoints" / "run.safetensors").write_bytes(b"broken")
    assert there.progress() is None
