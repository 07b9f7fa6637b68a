"""A checkpoint file: what was saved comes back, whole or not at all."""

from __future__ import annotations

import errno
from pathlib import Path

import pytest
import torch
from safetensors import SafetensorError

from codescale.training.loop import checkpoint as module
from codescale.training.loop.checkpoint import FileStore, ReadOnlyStore, StateDict, write_tensors


def state() -> StateDict:
    return {"now/weight": torch.arange(6.0).view(2, 3).mT, "now/step": torch.tensor(7.0)}


def test_what_was_saved_is_written_into_tensors_that_are_there(tmp_path: Path) -> None:
    store = FileStore(tmp_path / "r.safetensors")
    store.save(state(), {"step": 7, "evaluations": [1.5, None]})
    assert store.progress() == {"step": 7, "evaluations": [1.5, None]}
    filled = {name: torch.zeros_like(tensor) for name, tensor in state().items()}
    store.fill(filled)
    assert all(torch.equal(filled[name], tensor) for name, tensor in state().items())


def test_a_tensor_that_was_not_saved_is_named(tmp_path: Path) -> None:
    store = FileStore(tmp_path / "r.safetensors")
    store.save(state(), {})
    with pytest.raises(KeyError, match="has no tensor now/momentum"):
        store.fill({"now/momentum": torch.zeros(1)})


@pytest.mark.parametrize("content", [None, b"", b"not safetensors at all"])
def test_a_file_that_cannot_be_read_means_beginning_anew(tmp_path: Path, content: bytes | None) -> None:
    path = tmp_path / "r.safetensors"
    if content is not None:
        path.write_bytes(content)
    assert FileStore(path).progress() is None


def test_the_last_checkpoint_stays_until_the_next_one_is_whole(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    store = FileStore(tmp_path / "r.safetensors")
    store.save(state(), {"step": 1})

    def die(tensors: object, path: Path, metadata: object) -> None:
        path.write_bytes(b"half")
        raise KeyboardInterrupt

    monkeypatch.setattr(module, "save_file", die)
    with pytest.raises(KeyboardInterrupt):
        store.save(state(), {"step": 2})
    assert store.progress() == {"step": 1}
    assert [path.name for path in tmp_path.iterdir()] == ["r.safetensors"]


def test_what_the_system_refuses_is_an_os_error_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(tensors: object, path: Path, metadata: object) -> None:
        raise SafetensorError("I/O error: No space left on device (os error 28)")

    monkeypatch.setattr(module, "save_file", full)
    with pytest.raises(OSError, match="No space left") as raised:
        write_tensors(tmp_path / "r.safetensors", state(), {})
    assert raised.value.errno == errno.ENOSPC


def test_a_worker_that_only_reads_neither_saves_nor_discards(tmp_path: Path) -> None:
    store = FileStore(tmp_path / "r.safetensors")
    store.save(state(), {"step": 1})
    reader = ReadOnlyStore(store)
    reader.save(state(), {"step": 2})
    reader.discard()
    assert reader.progress() == {"step": 1}
    store.discard()
    assert reader.progress() is None
