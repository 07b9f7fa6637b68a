"""A Ray that runs is seen without joining it, and one that does not answer costs seconds."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from pathlib import Path

import pytest
import ray

from codescale.cluster import outside_view
from codescale.cluster.outside_view import cluster_at
from codescale.cluster.ray_cluster import stay_on_loopback
from codescale.stages.status import status
from tests.integration.small_study import make_study

pytestmark = pytest.mark.ray


@pytest.fixture
def address() -> Iterator[str]:
    """Of the control store of a Ray with three cores on this machine."""
    stay_on_loopback()
    started = ray.init(
        address="local", num_cpus=3, include_dashboard=False, log_to_driver=False, _node_ip_address="127.0.0.1"
    )
    yield started.address_info["gcs_address"]
    ray.shutdown()


def test_the_machines_of_a_cluster_are_seen_from_outside(
    address: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RAY_ADDRESS", address)
    found = status(make_study(tmp_path))
    assert found.cluster is not None
    assert found.cluster.reached
    assert found.cluster.machines is not None
    (machine,) = found.cluster.machines
    assert machine["CPU"] == 3
    assert (found.cluster.draining, found.cluster.grows) == (0, False)
    assert found.workers == 3


def test_what_listens_and_never_answers_is_out_of_reach(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(outside_view, "PATIENCE", 3.0)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        assert cluster_at(f"127.0.0.1:{silent.getsockname()[1]}") is None
