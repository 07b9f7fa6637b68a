"""Stores for tests: a folder, and a bucket of a real S3 server on the loopback address."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from codescale.storage.address import parse_address
from codescale.storage.cloud_store import CloudStore
from codescale.storage.object_store import ObjectStore
from codescale.storage.shared_folder import SharedFolder
from tests.s3_server import BUCKET, MISSING, environment, s3_server

_numbers = itertools.count()


@pytest.fixture(scope="session")
def s3_port() -> Iterator[int]:
    """The port of a server with a bucket."""
    if MISSING is not None:
        pytest.skip(f"needs {MISSING}: pip install 'codescale[test]'")
    with s3_server() as port:
        yield port


@pytest.fixture
def s3(s3_port: int, monkeypatch: pytest.MonkeyPatch) -> Callable[[], str]:
    """Makes addresses of empty folders in the bucket; the environment is set to it."""
    for name, value in environment(s3_port).items():
        monkeypatch.setenv(name, value)
    return lambda: f"s3://{BUCKET}/study-{next(_numbers)}"


@pytest.fixture(params=["folder", "s3"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> ObjectStore:
    """An empty store of each kind."""
    if request.param == "folder":
        return SharedFolder(parse_address(f"file://{tmp_path}/store"))
    return CloudStore(parse_address(request.getfixturevalue("s3")()))


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty cache."""
    monkeypatch.setenv("CODESCALE_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache"
