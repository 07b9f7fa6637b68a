"""Where checkpoints lie: whole files only, fragments removed, and no secret in what people read."""

from __future__ import annotations

import json
import pickle
from pathlib import Path

import pytest

from codescale.errors import UserError
from codescale.training.jobs.storage import (
    MARKER,
    SNAPSHOT,
    local_folder,
    open_storage,
    public_name,
    redacted,
    remove_partial_checkpoints,
    remove_run,
)

ADDRESS = "s3://user:sec%2Fret@bucket/folder?scheme=http&endpoint_override=127.0.0.1:9"


def test_a_file_is_whole_or_not_there(tmp_path: Path) -> None:
    storage = open_storage(str(tmp_path / "made" / "on the way"))
    path = f"{storage.path}/file"
    stream = storage.system.open_output_stream(path)
    stream.write(b"half")
    assert not Path(path).exists()
    stream.write(b" and half")
    stream.close()
    assert Path(path).read_bytes() == b"half and half"
    assert [entry.name for entry in Path(storage.path).iterdir()] == ["file"]


def test_it_travels_to_workers(tmp_path: Path) -> None:
    storage = pickle.loads(pickle.dumps(open_storage(str(tmp_path))))
    with storage.system.open_output_stream(f"{storage.path}/file") as stream:
        stream.write(b"1")
    assert local_folder(storage.system, f"{storage.path}/file") == tmp_path / "file"


def test_the_marker_is_gone(tmp_path: Path) -> None:
    open_storage(f"file://{tmp_path}")
    assert not (tmp_path / MARKER).exists()


@pytest.mark.parametrize("address", ["/proc/nowhere", "nonsense://bucket/folder", "s3://bucket?what=ever", "file://"])
def test_what_cannot_be_written_is_one_line(address: str) -> None:
    with pytest.raises(UserError, match="cannot be reached or written"):
        open_storage(address)


def test_an_object_store_that_cannot_be_reached_is_one_line_without_its_secret() -> None:
    with pytest.raises(UserError) as refused:
        open_storage("s3://user:sec%20ret@bucket name/folder")
    assert "sec" not in str(refused.value)
    assert "user" not in str(refused.value)


def test_secrets_are_not_read_by_people() -> None:
    assert public_name(ADDRESS) == "s3://bucket/folder"
    assert redacted(f"{ADDRESS}: no\nbucket for user with sec/ret or sec%2Fret", ADDRESS) == (
        "s3://bucket/folder: no bucket for … with … or …"
    )
    assert public_name("/a/b@c") == "/a/b@c"


def checkpoint(folder: Path, name: str) -> Path:
    path = folder / "run" / f"checkpoint_{name}"
    path.mkdir(parents=True)
    (path / "state.safetensors").write_bytes(b"1")
    return path


def test_only_what_never_became_whole_is_removed(tmp_path: Path) -> None:
    whole, fragment = checkpoint(tmp_path, "2"), checkpoint(tmp_path, "3")
    snapshot = tmp_path / "run" / SNAPSHOT
    snapshot.write_text(json.dumps({"checkpoint_results": [{"checkpoint_dir_name": whole.name}]}))
    storage = open_storage(str(tmp_path))
    remove_partial_checkpoints(storage, "run")
    assert whole.exists()
    assert snapshot.exists()
    assert not fragment.exists()
    remove_partial_checkpoints(storage, "another run")


def test_nothing_is_removed_by_a_list_that_cannot_be_read(tmp_path: Path) -> None:
    kept = checkpoint(tmp_path, "2")
    (tmp_path / "run" / SNAPSHOT).write_text("{")
    remove_partial_checkpoints(open_storage(str(tmp_path)), "run")
    assert kept.exists()


def test_a_run_is_removed_whole(tmp_path: Path) -> None:
    checkpoint(tmp_path, "2")
    (tmp_path / "other").mkdir()
    remove_run(open_storage(str(tmp_path)), "run")
    remove_run(open_storage(str(tmp_path)), "run")
    assert [path.name for path in tmp_path.iterdir()] == ["other"]
