"""A Ray that a study starts listens on the loopback address only, and ends with the study."""

from __future__ import annotations

import ipaddress

import psutil
import pytest

from codescale.cluster.ray_cluster import started_ray
from codescale.study.config import StudyConfig

pytestmark = pytest.mark.ray


def test_every_service_listens_on_loopback_and_none_is_left(config: StudyConfig) -> None:
    with started_ray(config.ray) as workers:
        assert workers.count >= 1
        started = psutil.Process().children(recursive=True)
        listening = [
            connection.laddr.ip
            for process in started
            for connection in process.net_connections(kind="tcp")
            if connection.status == psutil.CONN_LISTEN
        ]
        assert listening
        for address in listening:
            ip = ipaddress.ip_address(address)
            mapped = getattr(ip, "ipv4_mapped", None)
            assert ip.is_loopback or (mapped is not None and mapped.is_loopback), address
    _, alive = psutil.wait_procs(started, timeout=20)
    assert not [process for process in alive if process.status() != psutil.STATUS_ZOMBIE]
