"""Addresses are told from folders, and hold no secret."""

from __future__ import annotations

from pathlib import Path

import pytest

from codescale.errors import UserError
from codescale.storage.address import is_address, parse_address


@pytest.mark.parametrize("text", ["s3://bucket/a/b", "gs://bucket/a", "az://box/a", "file:///mnt/shared/a"])
def test_an_address_reads_back_as_it_was_written(text: str) -> None:
    assert is_address(text)
    assert str(parse_address(text)) == text
    assert parse_address(text + "/") == parse_address(text)
    assert parse_address(text).within("runs/x.json") == f"{text}/runs/x.json"


def test_a_folder_is_no_address() -> None:
    assert not is_address("my-study")
    assert not is_address(Path("/a/s3:/b"))


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("s3://", "no bucket"),
        ("s3://bucket", "no bucket with a folder"),
        ("s3://bucket/../other", "no bucket with a folder"),
        ("ftp://host/a", "no address of a store"),
        ("file://a/b", "no address of a folder"),
    ],
)
def test_what_is_no_address_is_one_line(text: str, words: str) -> None:
    with pytest.raises(UserError, match=words):
        parse_address(text)


@pytest.mark.parametrize("text", ["s3://key:very-secret@bucket/a", "s3://bucket/a?secret_key=very-secret"])
def test_credentials_in_an_address_are_refused_and_not_repeated(text: str) -> None:
    with pytest.raises(UserError, match="credentials") as refused:
        parse_address(text)
    assert "very-secret" not in str(refused.value)
    assert "key:" not in str(refused.value)
