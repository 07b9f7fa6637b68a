"""Atomic writes: whole or absent, and a disk that refuses becomes one line."""

import errno
import os
from pathlib import Path

import pytest

from codescale.errors import UserError
from codescale.files import read_json, read_yaml, replacing, write_json, write_passing, write_text

LAUGHS = "a0: &a0 [x]\n" + "".join(f"a{k}: &a{k} [{', '.join([f'*a{k - 1}'] * 9)}]\n" for k in range(1, 400))
"""A billion laughs, and many more: 9 to the power of 399 values by aliases."""


def test_a_failed_write_leaves_the_old_file_and_no_temporary_one(tmp_path: Path) -> None:
    path = tmp_path / "a.json"
    write_json(path, {"old": 1})

    def fail_half_way() -> None:
        with replacing(path) as temporary:
            temporary.write_text("half")
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fail_half_way()
    assert read_json(path) == {"old": 1}
    assert [entry.name for entry in tmp_path.iterdir()] == ["a.json"]


@pytest.mark.parametrize(
    ("number", "words"),
    [(errno.ENOSPC, "the disk is full"), (errno.EROFS, "the file system is read-only"), (errno.EACCES, "permission")],
)
def test_a_refusing_disk_is_one_clear_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: int, words: str
) -> None:
    def refuse(descriptor: int) -> None:
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(os, "fsync", refuse)
    with pytest.raises(UserError, match=words):
        write_text(tmp_path / "a.txt", "content")
    assert not list(tmp_path.iterdir())


def test_a_name_that_is_no_text_is_one_clear_line(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"a\.json: cannot be written: .*/data/.* is no UTF-8 text") as caught:
        write_json(tmp_path / "a.json", "/data/\udcff")
    assert str(caught.value).isascii()
    assert not list(tmp_path.iterdir())


def test_a_folder_that_is_a_file_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(UserError, match="a part of this path is a file"):
        write_text(tmp_path / "file" / "a.txt", "content")


def test_a_pipe_is_not_replaced_and_a_link_keeps_pointing(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(UserError, match="is a device or a pipe"):
        write_text(tmp_path / "pipe", "content")
    assert (tmp_path / "pipe").is_fifo()
    with pytest.raises(UserError, match="is a folder"):
        write_text(tmp_path, "content")
    (tmp_path / "target.txt").write_text("old")
    (tmp_path / "link.txt").symlink_to(tmp_path / "target.txt")
    write_text(tmp_path / "link.txt", "new")
    assert (tmp_path / "link.txt").is_symlink()
    assert (tmp_path / "target.txt").read_text() == "new"


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("a: 1\nb: {c: 1, c: 2}\n", "line 2: is not YAML (c occurs twice)"),
        ("[" * 5000, "nested too deeply"),
        ("a: 1\nb: &b [*b]\n", "line 2: is not YAML (an alias holds itself)"),
        ("a: &a {b: {c: *a}}\n", "line 1: is not YAML (an alias holds itself)"),
        (LAUGHS, "a.yaml, line 1: is not YAML (its aliases stand for more than 100,000 values)"),
        ("? [a]\n: 1\n", "a list or a mapping stands where a name belongs"),
        ("a: 1\nb: \x1b[31m\n", "a.yaml, line 2: holds the character U+001B"),
    ],
)
def test_yaml_that_would_lose_a_key_or_the_stack_is_refused(tmp_path: Path, text: str, words: str) -> None:
    (tmp_path / "a.yaml").write_text(text)
    with pytest.raises(UserError) as caught:
        read_yaml(tmp_path / "a.yaml")
    assert words in str(caught.value)


def test_an_alias_may_be_used_often_and_a_long_file_is_no_alias(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text("base: &base {x: 1}\nb: *base\nc: {<<: *base, y: 2}\n")
    assert read_yaml(tmp_path / "a.yaml") == {"base": {"x": 1}, "b": {"x": 1}, "c": {"x": 1, "y": 2}}
    (tmp_path / "a.yaml").write_text("[" + "1, " * 100_001 + "]")
    assert len(read_yaml(tmp_path / "a.yaml")) == 100_001


def test_the_keys_of_yaml_are_names_as_they_are_written(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text("{no: 1, 7: 2, 1e3: 3, 'x y': 4}")
    assert read_yaml(tmp_path / "a.yaml") == {"no": 1, "7": 2, "1e3": 3, "x y": 4}


def test_yaml_makes_no_objects(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text("a: !!python/object/apply:os.system [true]\n")
    with pytest.raises(UserError, match="is not YAML"):
        read_yaml(tmp_path / "a.yaml")


def test_nan_never_gets_into_json(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="JSON"):
        write_json(tmp_path / "a.json", {"x": float("nan")})


def test_what_is_passing_is_replaced_whole_and_waits_for_no_disk(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "folder" / "claim"
    monkeypatch.setattr("os.fsync", lambda _: pytest.fail("waits for the disk"))
    write_passing(path, "first")
    seen = path.stat().st_ino
    write_passing(path, "second")
    assert path.read_text() == "second"
    assert path.stat().st_ino != seen, "a reader has the old file or the new one"
    assert [one.name for one in path.parent.iterdir()] == ["claim"]
    with pytest.raises(UserError, match="is a folder"):
        write_passing(tmp_path, "text")
