"""A study on a cluster that begins without workers: Ray's own autoscaler, its nodes processes on this machine."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import psutil
import pytest

from codescale.files import read_json
from codescale.runs.records import read_records
from codescale.stages.study import Study
from tests.integration.small_study import make_study

pytestmark = pytest.mark.ray
ROOT = Path(__file__).parents[2]
LIMIT_SECONDS = 600
SWEEP = {"mixtures": {"count": 10, "sizes": ["tiny"], "tokens": [1280]}}
SEARCH = {
    "space": "all_languages",
    "size": "tiny",
    "tokens": 8_192,
    "trials": 8,
    "prune": False,
    "end_at_noise": False,
}
"""Of which two trials are under way at once, long enough for a machine to be started for the second."""

TARGET = {"size": "tiny", "n_tokens": 8_192}


@dataclass(frozen=True)
class LocalCluster:
    """What a shell that joins it has in its environment, and how many workers it has had, one change after another."""

    environment: dict[str, str]
    watched: Path

    def workers(self) -> list[int]:
        return [int(line) for line in self.watched.read_text().split()]

    def run(self, *words: object) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "codescale.cli", *map(str, words)]
        environment = os.environ | self.environment
        return subprocess.run(
            command, env=environment, capture_output=True, text=True, timeout=LIMIT_SECONDS, check=False
        )


def wait_for(what: str, condition: Callable[[], object]) -> None:
    begun = time.monotonic()
    while not condition():
        assert time.monotonic() - begun < LIMIT_SECONDS, f"waited in vain for {what}"
        time.sleep(0.1)


def environment_of(path: Path) -> dict[str, str]:
    lines = (line.removeprefix("export ").partition("=") for line in path.read_text().splitlines())
    return {name: value for name, _, value in lines}


def start(command: list[str], environment: dict[str, str], ready: Path) -> subprocess.Popen[bytes]:
    """Ray gives a node thirty seconds to start, which a machine with much to do may miss: then once more."""
    for _ in range(5):
        started = subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL)
        wait_for("the cluster", lambda process=started: ready.exists() or process.poll() is not None)  # type: ignore[misc]
        if started.poll() is None:
            return started
    raise AssertionError("the cluster did not start")


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalCluster]:
    """A head without CPUs, and two workers of one CPU at most, each ended after five idle seconds."""
    folder = Path("/tmp") / f"codescale-{os.getpid()}"  # Ray's sockets do not fit below pytest's long paths
    script = ROOT / "cluster" / "local" / "autoscaling.py"
    command = [sys.executable, script, "--most", "2", "--idle", "5", "--folder", folder]
    environment = {name: value for name, value in os.environ.items() if not name.startswith("RAY_")}
    started = start([str(word) for word in command], environment, folder / "environment")
    tree: list[psutil.Process] = []
    watcher: subprocess.Popen[bytes] | None = None
    try:
        joining = environment_of(folder / "environment")
        watched = tmp_path_factory.mktemp("watch") / "workers"
        with watched.open("w") as lines:
            watch = [sys.executable, "-m", "tests.integration.cluster_watch", joining["RAY_ADDRESS"]]
            watcher = subprocess.Popen(watch, cwd=ROOT, env=environment | joining, stdout=lines)
        wait_for("the watch", watched.read_text)
        yield LocalCluster(joining, watched)
        tree = psutil.Process(started.pid).children(recursive=True)
        listening = [
            one.laddr.ip
            for process in tree
            for one in process.net_connections(kind="tcp")
            if one.status == psutil.CONN_LISTEN
        ]
        assert {address.removeprefix("::ffff:") for address in listening} <= {"127.0.0.1", "::1"}
    finally:
        if watcher is not None:
            watcher.kill()
            watcher.wait()
        started.send_signal(signal.SIGTERM)
        started.wait(timeout=60)
    _, alive = psutil.wait_procs(tree, timeout=60)
    assert not [process for process in alive if process.status() != psutil.STATUS_ZOMBIE]
    assert not folder.exists()


@pytest.fixture(scope="module")
def study(tmp_path_factory: pytest.TempPathFactory) -> Study:
    """A study with a corpus, whose sweep has twelve runs."""
    made = Study(make_study(tmp_path_factory.mktemp("study"), sweep=SWEEP, search=SEARCH, target=TARGET))
    made.corpus()
    assert len(made.plan()) == 12
    return made


def test_a_sweep_grows_the_cluster_and_lets_it_go(cluster: LocalCluster, study: Study) -> None:
    assert cluster.workers() == [0]
    done = cluster.run("sweep", study.folder.root)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "Waiting for machines" in done.stdout
    records = read_records(study.folder.runs)
    assert {record.spec.run_id for record in records} == {spec.run_id for spec in study.plan()}
    assert {record.status for record in records} == {"ok"}
    assert max(cluster.workers()) == 2
    wait_for("the last worker to be ended", lambda: cluster.workers()[-1] == 0)


@pytest.mark.slow
def test_a_search_grows_the_cluster_and_lets_it_go(cluster: LocalCluster, study: Study) -> None:
    for command in ("sweep", "fit"):
        done = cluster.run(command, study.folder.root)
        assert done.returncode == 0, done.stdout + done.stderr
    wait_for("the sweep's workers to be ended", lambda: cluster.workers()[-1] == 0)
    before = len(cluster.workers())
    done = cluster.run("search", study.folder.root)
    assert done.returncode == 0, done.stdout + done.stderr
    trials = [trial for trial in read_json(study.folder.search)["trials"] if trial["number"] is not None]
    assert sorted(trial["number"] for trial in trials) == list(range(8))
    assert {trial["state"] for trial in trials} == {"COMPLETE"}
    assert max(cluster.workers()[before:]) == 2
    wait_for("the last worker to be ended", lambda: cluster.workers()[-1] == 0)


def test_what_no_machine_can_give_is_refused(cluster: LocalCluster, tmp_path: Path, study: Study) -> None:
    large = Study(make_study(tmp_path, sweep=SWEEP, ray={"threads": 4, "gpus_per_worker": 0}))
    (tmp_path / "corpus").symlink_to(study.folder.corpus)
    refused = cluster.run("sweep", large.folder.root)
    assert refused.returncode == 2, refused.stdout + refused.stderr
    (line,) = refused.stderr.strip().splitlines()[-1:]
    assert "a worker of 4 cores cannot be placed: the autoscaler starts no machine for it" in " ".join(
        refused.stderr.split()
    ), line
    assert "Traceback" not in refused.stderr
