"""A stage's metrics at the port of Ray's own agent, while it runs and when it is done."""

from __future__ import annotations

import re
import socket
import threading
import time
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
import ray

from codescale.cluster.ray_cluster import Workers, stay_on_loopback
from codescale.progress import Silent
from codescale.runs.records import RunRecord, RunSpec, write_record
from codescale.study.config import StudyConfig
from codescale.study.folder import StudyFolder
from codescale.sweeps.execute import StageRuns, do_runs
from codescale.sweeps.packing import Pack
from codescale.training.loop.claim import Claim

pytestmark = pytest.mark.ray
LIMIT_SECONDS = 90


@dataclass(frozen=True)
class Gated:
    """Work that ends at once, but for the last run, which waits for a file; it writes its record last."""

    records: Path
    gate: Path

    def __call__(self, pack: Pack, claim: Claim) -> list[RunRecord]:
        (spec,) = pack.runs
        while spec.seed == 2 and not self.gate.exists():
            time.sleep(0.05)
        record = RunRecord(
            spec=spec, status="ok" if spec.seed else "failed", evaluations=(), corpus_id="none",
            tokens_trained=100, flops=1e6, seconds=0.1, finished=time.time(),
        )  # fmt: skip
        write_record(self.records, record)
        return [record]


@pytest.fixture
def port() -> Iterator[int]:
    """Of the metrics of a Ray on this machine, which tells them twice a second."""
    for package in ("aiohttp", "opencensus", "opentelemetry.exporter.prometheus"):
        pytest.importorskip(package, reason="what exports metrics comes with ray[default]")
    stay_on_loopback()
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        free = int(unused.getsockname()[1])
    ray.init(
        address="local",
        num_cpus=1,
        include_dashboard=False,
        log_to_driver=False,
        _node_ip_address="127.0.0.1",
        _metrics_export_port=free,
        _system_config={"metrics_report_interval_ms": 500},
    )
    yield free
    ray.shutdown()


def scraped(port: int) -> dict[str, float]:
    """CodeScale's samples by name, with the label of the state where they have one."""
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=10) as answer:
            lines = answer.read().decode().splitlines()
    except OSError:
        return {}
    found = {}
    for line in lines:
        sample = re.fullmatch(r"ray_(codescale_\w+)\{(.*)\} (\S+)", line)
        if sample:
            assert 'study="test"' in sample[2]
            assert 'stage="sweep"' in sample[2]
            state = re.search(r'state="(\w+)"', sample[2])
            found[sample[1] + (f".{state[1]}" if state else "")] = float(sample[3])
    return found


def wait_for(port: int, wanted: dict[str, float]) -> None:
    begun, found = time.monotonic(), dict[str, float]()
    while not wanted.items() <= found.items():
        assert time.monotonic() - begun < LIMIT_SECONDS, f"{found} instead of {wanted}"
        time.sleep(0.2)
        found = scraped(port)


def test_a_stage_can_be_watched_at_the_agents_port(port: int, config: StudyConfig, tmp_path: Path) -> None:
    folder = StudyFolder(tmp_path)
    specs = [
        RunSpec(
            run_id=f"run-{number}", stage="mixture", size="tiny", n_params=config.sizes["tiny"].n_params,
            token_points=(320,), proportions=dict.fromkeys(config.languages, 1 / 3), seed=number,
        )
        for number in range(4)
    ]  # fmt: skip
    work = Gated(folder.runs, tmp_path / "gate")
    runs = StageRuns("Sweep", work, Workers(1, 1, 0.0), lambda spec: 1, None)
    stage = threading.Thread(
        target=do_runs, args=(runs, specs, config, folder, Silent(), lambda record: ""), daemon=True
    )
    stage.start()
    wait_for(
        port,
        {
            "codescale_runs.done": 2,
            "codescale_runs.failed": 1,
            "codescale_runs.running": 1,
            "codescale_runs.waiting": 1,
            "codescale_tokens_trained": 200,
            "codescale_flops_trained": 2e6,
        },
    )
    work.gate.touch()
    stage.join(LIMIT_SECONDS)
    wait_for(port, {"codescale_runs.done": 4, "codescale_runs.running": 0, "codescale_runs.waiting": 0})
