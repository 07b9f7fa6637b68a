"""A command of the user's on several machines: real Ray nodes as processes on this machine, one of which is lost."""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import ray
import yaml
from ray.cluster_utils import Cluster
from ray.util import placement_group_table

import codescale.sweeps.execute as executing
from codescale import Study
from codescale.cluster.ray_cluster import Workers
from codescale.errors import UserError
from codescale.files import read_json
from codescale.progress import Silent
from codescale.runs.records import RunRecord, read_records
from codescale.study.config import StudyConfig
from codescale.study.folder import StudyFolder
from tests.integration.small_cluster import NODE, head_alone
from tests.integration.test_own_trainer import marked
from tests.trainers.own_trainer import HEAD, own_study, run_spec

pytestmark = pytest.mark.ray
WORKERS = Workers(count=2, threads=1, gpus=0.0)
LIMIT_SECONDS = 180

MEET = """
import socket
from pathlib import Path
rank, nodes = int(os.environ["CODESCALE_NODE_RANK"]), int(os.environ["CODESCALE_NODES"])
meeting = os.environ["CODESCALE_ADDRESS"], int(os.environ["CODESCALE_PORT"])
study = Path(os.environ["CODESCALE_STUDY"])
with (study / "begun").open("a") as file:
    print(os.environ["CODESCALE_RUN"], rank, file=file)
if rank:
    while True:
        try:
            met = socket.create_connection(meeting)
            break
        except OSError:
            time.sleep(0.05)
    met.sendall(bytes([rank]))
    FAIL
    met.recv(1)
else:
    hall = socket.create_server(meeting)
    ranks = [hall.accept()[0] for _ in range(nodes - 1)]
    told = sum(one.recv(1)[0] for one in ranks)
"""
"""The machine with rank 0 hears of all others before it goes on, and they end when it does; FAIL is before that."""
TRAIN = (
    MEET.replace("FAIL", "pass")
    + """
if rank == 0:
    path = Path(FOLDER) / "at"
    at = int(path.read_text()) if path.exists() else 0
    while at < 1000:
        at += 200
        row(at, java=1.5 + told)
        path.write_text(str(at))
        while at == 400 and (study / "wait").exists():
            time.sleep(0.05)
"""
)


@pytest.fixture
def cluster(monkeypatch: pytest.MonkeyPatch) -> Iterator[Cluster]:
    """A head without cores and two machines of one core."""
    with head_alone() as made:
        monkeypatch.setenv("RAY_ADDRESS", made.address)
        made.add_node(**NODE)
        made.add_node(**NODE)
        yield made


def two_machines(program: str) -> StudyConfig:
    return own_study([sys.executable, "-c", HEAD + program], resources={"nodes": 2, "cpu": 1})


def swept(config: StudyConfig, folder: Path, *runs: str) -> list[RunRecord]:
    specs = [run_spec(name) for name in runs]
    describe: Callable[[RunRecord], str] = lambda record: record.note  # noqa: E731
    return executing.execute(specs, config, StudyFolder(folder), WORKERS, Silent(), describe, "Sweep").records


def beginnings(folder: Path) -> list[str]:
    return (folder / "begun").read_text().splitlines()


def nothing_is_left(folder: Path) -> bool:
    """Whether, before long, no command lives, no machine is reserved, and all cores are free."""
    until = time.monotonic() + LIMIT_SECONDS
    while time.monotonic() < until:
        reserved = [one for one in placement_group_table().values() if one["state"] != "REMOVED"]
        if not marked(folder) and not reserved and ray.available_resources().get("CPU") == 2:
            return True
        time.sleep(0.2)
    return False


def test_each_machine_starts_the_command_and_they_meet(cluster: Cluster, tmp_path: Path) -> None:
    records = swept(two_machines(TRAIN), tmp_path, "a", "b")
    assert [record.status for record in records] == ["ok", "ok"]
    assert records[0].evaluations[-1].losses == {"python": 2.0, "java": 2.5}
    assert sorted(beginnings(tmp_path)) == ["a 0", "a 1", "b 0", "b 1"]
    (failed,) = swept(
        two_machines(MEET.replace("FAIL", "print('no more'); sys.exit(3)") + "time.sleep(600)"), tmp_path, "c"
    )
    assert failed.status == "failed"
    assert "ended with exit code 3 on machine 1" in failed.note
    assert "its output ends: no more" in failed.note
    assert nothing_is_left(tmp_path)


@pytest.mark.slow
def test_a_machine_is_lost_and_the_run_goes_on_elsewhere(cluster: Cluster, tmp_path: Path) -> None:
    (tmp_path / "wait").touch()
    found: list[RunRecord] = []
    config = two_machines(TRAIN)
    sweep = threading.Thread(target=lambda: found.extend(swept(config, tmp_path, "a")), daemon=True)
    sweep.start()
    wait_for(lambda: (tmp_path / "checkpoints/a.run/at").exists() and "400" in at(tmp_path, "a"))
    cluster.remove_node(next(iter(cluster.worker_nodes)), allow_graceful=False)
    cluster.add_node(**NODE)
    (tmp_path / "wait").unlink()
    sweep.join(LIMIT_SECONDS)
    assert [record.status for record in found] == ["ok"]
    assert [one.n_tokens for one in found[0].evaluations] == [200, 400, 600, 800, 1000]
    assert len(beginnings(tmp_path)) >= 4
    assert nothing_is_left(tmp_path)


@pytest.mark.slow
def test_trials_of_a_search_have_several_machines(cluster: Cluster, tmp_path: Path) -> None:
    config = {
        "name": "own", "languages": ["python", "java"], "sizes": {"small": {"n_params": 1_000_000}},
        "training": {"batch": 2, "context": 50},
        "trainer": {"command": [sys.executable, "-c", HEAD + TRAIN], "grace": 1, "resources": {"nodes": 2}},
        "target": {"size": "small", "n_tokens": 1_000},
        "search": {"space": "all_languages", "size": "small", "tokens": 1_000, "trials": 3},
        "sweep": {"grid": None, "mixtures": {"count": 4, "sizes": ["small"], "tokens": [1_000]}},
        "fit": {"law": "additive", "bootstrap": 2},
        "comparison": {"size": "small", "tokens": 1_000},
    }  # fmt: skip
    (tmp_path / "study.yaml").write_text(yaml.safe_dump(config))
    study = Study(tmp_path)
    study.sweep()
    study.fit()
    study.search()
    records = read_records(tmp_path / "runs")
    trials = [one for one in read_json(tmp_path / "search.json")["trials"] if one["number"] is not None]
    assert len(trials) == 3
    assert {record.status for record in records} <= {"ok", "pruned"}
    assert sorted(line.split()[1] for line in beginnings(tmp_path)) == ["0"] * len(records) + ["1"] * len(records)
    assert nothing_is_left(tmp_path)


def test_on_one_machine_alone_it_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("RAY_ADDRESS", raising=False)
    with pytest.raises(UserError, match="a run is to have 2 machines, and Ray runs on this one alone"):
        swept(two_machines(TRAIN), tmp_path, "a")


def at(folder: Path, run_id: str) -> str:
    return (folder / f"checkpoints/{run_id}.run/at").read_text()


def wait_for(happened: Callable[[], bool]) -> None:
    until = time.monotonic() + LIMIT_SECONDS
    while not happened():
        assert time.monotonic() < until
        time.sleep(0.05)
