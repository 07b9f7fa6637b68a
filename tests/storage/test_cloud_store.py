"""A store that fails now and then, or is away for a while, loses nothing; one that refuses is one line."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path

import pytest

from codescale.errors import UserError
from codescale.storage import cloud_store
from codescale.storage.address import parse_address
from codescale.storage.cloud_store import CloudStore
from tests.s3_server import BUCKET, FailingWay


@pytest.fixture
def way(s3: Callable[[], str], s3_port: int, monkeypatch: pytest.MonkeyPatch) -> Iterator[FailingWay]:
    """A way to the server on which calls may fail."""
    made = FailingWay(s3_port)
    monkeypatch.setenv("AWS_ENDPOINT_URL", f"http://127.0.0.1:{made.port}")
    yield made
    made.close()


def test_with_calls_that_fail_nothing_is_lost_and_nobody_is_told_of_another(
    way: FailingWay, s3: Callable[[], str], tmp_path: Path
) -> None:
    """One call in five here, so that few calls suffice to meet every way of failing."""
    way.share = 0.2
    store = CloudStore(parse_address(s3()))
    contents = {f"runs/{k}.json": b"%d" % k for k in range(60)}
    with ThreadPoolExecutor(8) as pool:
        created = list(pool.map(lambda name: store.create(name, contents[name]), contents))
    assert None not in created, "an answer that was lost was taken for another writer"
    version = created[0]
    for k in range(20):
        assert version is not None
        version = store.replace("runs/0.json", b"renewed %d" % k, version)
        assert version is not None, "an answer that was lost was taken for another holder"
    assert {one.name for one in store.list()} == set(contents)
    for name in list(contents)[1:]:
        assert store.fetch(name, tmp_path / name) is not None
        assert (tmp_path / name).read_bytes() == contents[name]
    assert way.failed > 20


def test_a_store_that_is_away_for_a_while_is_waited_for(way: FailingWay, s3: Callable[[], str]) -> None:
    store = CloudStore(parse_address(s3()))
    store.put("a", b"1")
    way.away = True
    threading.Timer(2.0, lambda: setattr(way, "away", False)).start()
    store.put("b", b"2")
    assert {one.name for one in store.list()} == {"a", "b"}


def test_a_store_that_stays_away_is_one_line(
    way: FailingWay, s3: Callable[[], str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cloud_store, "PATIENCE", timedelta(seconds=0.3))
    monkeypatch.setattr(cloud_store, "FIRST_PATIENCE", timedelta(seconds=0.3))
    way.away = True
    store = CloudStore(parse_address(s3()))
    for call in (store.check, lambda: store.put("a", b"1"), lambda: store.create("a", b"1"), store.list):
        with pytest.raises(UserError, match="cannot be reached") as refused:
            call()
        assert "127.0.0.1" not in str(refused.value)


def test_no_bucket_is_one_line_whatever_is_asked(s3: Callable[[], str], tmp_path: Path) -> None:
    store = CloudStore(parse_address("s3://nowhere-to-be-found/study"))
    begun = time.monotonic()
    for call in (
        store.check,
        store.list,
        lambda: store.read("a"),
        lambda: store.put("a", b"1"),
        lambda: store.create("a", b"1"),
        lambda: store.fetch("a", tmp_path / "a"),
    ):
        with pytest.raises(UserError, match="there is no bucket nowhere-to-be-found"):
            call()
    assert time.monotonic() - begun < cloud_store.PATIENCE.total_seconds(), "it was tried again and again"


def test_no_credentials_are_one_line(s3: Callable[[], str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    monkeypatch.setenv("AWS_CONFIG_FILE", "/nowhere")
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", "/nowhere")
    monkeypatch.setenv("AWS_METADATA_ENDPOINT", "http://127.0.0.1:9")
    monkeypatch.setattr(cloud_store, "FIRST_PATIENCE", timedelta(seconds=0.3))
    with pytest.raises(UserError, match=r"credentials|cannot be reached"):
        CloudStore(parse_address(f"s3://{BUCKET}/a")).check()


@pytest.mark.parametrize(
    ("code", "kind", "words"),
    [
        ("AccessDenied", "PermissionDeniedError", "no permission"),
        ("InvalidAccessKeyId", "PermissionDeniedError", "the credentials are refused"),
        ("SignatureDoesNotMatch", "PermissionDeniedError", "the credentials are refused"),
        ("PermanentRedirect", "GenericError", "in another region"),
        ("NoSuchBucket", "GenericError", "no bucket"),
    ],
)
def test_what_a_store_refuses_for_good_is_not_tried_again(code: str, kind: str, words: str) -> None:
    from codescale.storage.cloud_errors import as_user_error, is_definite

    pytest.importorskip("obstore")
    from obstore import exceptions

    body = f"<Error><Code>{code}</Code><Key>very-secret</Key></Error>"
    text = f"Error performing GET https://b.s3.aws.com/?X-Sig=very-secret: {body}"
    error = getattr(exceptions, kind)(text)
    assert is_definite(error)
    line = str(as_user_error(parse_address("s3://bucket/study"), error))
    assert words in line
    assert "very-secret" not in line
    assert "\n" not in line


def test_without_obstore_one_line_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cloud_store, "find_spec", lambda name: None)
    with pytest.raises(UserError, match=r"pip install 'codescale\[storage\]'"):
        CloudStore(parse_address("s3://bucket/a"))
