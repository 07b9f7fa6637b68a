"""A study that lives in S3, a real server on the loopback address: through failing calls, kills, and two drivers."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from codescale import Study
from codescale.runs.table_reader import read_runs
from codescale.storage.address import parse_address
from codescale.storage.cloud_store import CloudStore
from codescale.storage.synced_names import LEASE
from tests.integration.small_study import STUDY, make_study
from tests.s3_server import BUCKET, MISSING, FailingWay, environment, needs_s3, s3_server

pytestmark = [pytest.mark.ray, needs_s3]

LIMIT_SECONDS = 1500
AWAY_SECONDS = 30.0
SMALL = {
    "training": STUDY["training"] | {"checkpoint_seconds": 0.5},  # type: ignore[operator]
    "sweep": {
        "grid": {"sizes": ["tiny", "small"], "tokens": [2560, 5120]},
        "pairs": {"size": "tiny", "tokens": 5120, "seeds": 1},
        "mixtures": {"count": 4, "sizes": ["small"], "tokens": [5120]},
    },
    "search": STUDY["search"] | {"trials": 2},  # type: ignore[operator]
    "comparison": {"size": "small", "tokens": 5120, "seeds": 3},
}


@pytest.fixture(scope="module")
def server() -> Iterator[int]:
    """The port of a server with a bucket."""
    if MISSING is not None:
        pytest.skip(f"needs {MISSING}")
    with s3_server() as port, pytest.MonkeyPatch.context() as patched:
        for name, value in environment(port).items():
            patched.setenv(name, value)
        yield port


@pytest.fixture(scope="module")
def code(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A study's file and the code of its corpus."""
    return make_study(tmp_path_factory.mktemp("code"), **SMALL)


def uploaded(code: Path, name: str) -> CloudStore:
    """The study at ``s3://bucket/name``, its code beside it."""
    store = CloudStore(parse_address(f"s3://{BUCKET}/{name}"))
    for path in code.rglob("*"):
        if path.is_file():
            store.put(path.relative_to(code).as_posix(), path)
    return store


def started(cache: Path, *arguments: str, **settings: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "codescale.cli", *arguments],
        env=os.environ | {"CODESCALE_CACHE": str(cache)} | settings,
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True,
    )  # fmt: skip


def ended(process: subprocess.Popen[str]) -> tuple[int, str, str]:
    out, error = process.communicate(timeout=LIMIT_SECONDS)
    return process.returncode, out, error


def wait_for(condition: Callable[[], object], process: subprocess.Popen[str]) -> None:
    begun = time.monotonic()
    while not condition():
        assert process.poll() is None, f"it ended first: {process.communicate()}"
        assert time.monotonic() - begun < LIMIT_SECONDS, "nothing came"
        time.sleep(0.1)


def versions(store: CloudStore, prefix: str = "runs/") -> dict[str, str]:
    return {one.name: one.version for one in store.list(prefix)}


def holder(store: CloudStore) -> object:
    """The process that has the store's lease."""
    lease = store.read(LEASE)
    return None if lease is None else json.loads(lease[0])["pid"]


@pytest.mark.slow
def test_a_whole_study_where_calls_fail_and_the_store_is_away(server: int, code: Path, tmp_path: Path) -> None:
    store, way = uploaded(code, "whole"), FailingWay(server, share=0.05)
    process = started(tmp_path / "a", "demo", str(store.address), AWS_ENDPOINT_URL=f"http://127.0.0.1:{way.port}")
    wait_for(lambda: len(versions(store)) > 3, process)
    way.away = True
    time.sleep(AWAY_SECONDS)
    way.away = False
    status, out, error = ended(process)
    way.close()
    assert status == 0, error + out
    assert way.failed > 5
    names = {one.name for one in store.list()}
    planned = {
        "study.yaml",
        "runs.parquet",
        "law.json",
        "mixture.yaml",
        "search.json",
        "comparison.json",
        "report.html",
    }
    assert names >= planned | {"report.html", "corpus/manifest.json", "timings.json", "scaling.json", "synergy.json"}
    assert not [name for name in names if name.startswith(("checkpoints/", "tensorboard/", ".ray"))]
    assert LEASE not in names

    # Another machine has all of it, derives the rest, and does nothing again.
    before = versions(store)
    status, out, error = ended(started(tmp_path / "b", "demo", str(store.address)))
    assert status == 0, error
    assert versions(store) == before
    (copy,) = (tmp_path / "b" / "studies").iterdir()
    table = read_runs(copy / "runs.parquet")
    assert len({*zip(table.run_id, table.n_tokens, strict=True)}) == len(table)
    records = [json.loads(path.read_text()) for path in (copy / "runs").glob("*.json")]
    assert {record["status"] for record in records} <= {"ok", "pruned"}
    assert len(records) == len(before)
    assert "<html" in (copy / "report.html").read_text()
    assert not [path for path in copy.rglob("*") if path.is_file() and b"a secret of the tests" in path.read_bytes()]


@pytest.mark.slow
def test_killed_in_a_sweep_an_empty_cache_goes_on_and_of_two_drivers_one_works(
    server: int, code: Path, tmp_path: Path
) -> None:
    store = uploaded(code, "killed")
    first = started(tmp_path / "a", "corpus", str(store.address))
    assert ended(first)[0] == 0
    killed = started(tmp_path / "a", "sweep", str(store.address))
    wait_for(lambda: len(versions(store)) > 1, killed)
    os.killpg(killed.pid, signal.SIGKILL)
    killed.wait()
    kept = versions(store)
    assert store.read(LEASE) is not None

    again = started(tmp_path / "b", "sweep", str(store.address))
    wait_for(lambda: holder(store) == again.pid, again)  # not by records: a killed driver's workers may still put one
    beside, out, error = ended(started(tmp_path / "c", "sweep", str(store.address)))
    if beside != 0:  # else the other one ended while this one watched it
        assert beside == 2, out + error
        assert "is working on this study" in error
        assert len(error.strip().splitlines()) == 1
    status, out, error = ended(again)
    assert status == 0, error
    now = versions(store)
    assert {name: now[name] for name in kept} == kept, "a finished run was done again"
    with pytest.MonkeyPatch.context() as patched:
        patched.setenv("CODESCALE_CACHE", str(tmp_path / "d"))
        study = Study(str(store.address))
        assert {f"runs/{spec.run_id}.json" for spec in study.plan()} == set(now)


@pytest.mark.slow
def test_workers_of_a_machine_without_a_shared_disk(
    server: int, code: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """They fetch the corpus to their own cache, write to the store, and a run that died with its machine goes on."""
    import ray
    from ray.cluster_utils import Cluster

    from codescale.cluster.ray_cluster import stay_on_loopback

    store = uploaded(code, "apart")
    monkeypatch.setenv("RAY_TRAIN_V2_ENABLED", "1")
    monkeypatch.setenv("RAY_AUTH_MODE", "disabled")
    monkeypatch.setenv("CODESCALE_CACHE", str(tmp_path / "driver"))
    study = Study(str(store.address))
    study.corpus()
    stay_on_loopback()
    cluster = Cluster()
    node = {"node_ip_address": "127.0.0.1", "object_store_memory": 100 * 2**20}
    cluster.add_node(num_cpus=0, include_dashboard=False, **node)
    cluster.add_node(num_cpus=1, env_vars={"CODESCALE_CACHE": str(tmp_path / "worker")}, **node)
    try:
        ray.init(address=cluster.address, log_to_driver=False)
        study.sweep()
        study.fit()
        study.optimize()
        study.search()
        study.compare()
    finally:
        ray.shutdown()
        cluster.shutdown()
    (there,) = (tmp_path / "worker" / "studies").iterdir()
    assert sorted(path.name for path in (there / "corpus").glob("*.arrow"))
    done = {path.stem for path in (there / "runs").glob("*.json")}
    stored = {Path(name).stem for name in versions(store)}
    assert {spec.run_id for spec in study.plan()} <= done
    assert done <= stored
    assert stored - done <= {name for name in stored if name.startswith("trial")}, "only stopped trials end elsewhere"
    assert (study.folder.root / "comparison.json").exists()
    assert store.list("checkpoints/") == []
