"""A Ray that does not come up ends with one line: nothing that answers, a refusal, a machine too busy to start it."""

from __future__ import annotations

import socket
from typing import Any

import pytest
import ray

from codescale.cluster.connection import begin_local, check_answers, join_cluster
from codescale.errors import UserError


@pytest.fixture
def port() -> int:
    """One that nothing listens on."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return int(taken.getsockname()[1])


@pytest.mark.parametrize("form", ["127.0.0.1:{}", "ray://127.0.0.1:{}"])
def test_nothing_answers(form: str, port: int) -> None:
    with pytest.raises(UserError) as told:
        check_answers(form.format(port))
    line = str(told.value)
    assert "RAY_ADDRESS: nothing answers at" in line
    assert "Connection refused" in line
    assert "\n" not in line


@pytest.mark.parametrize("address", ["127.0.0.1:99999", "127.0.0.1:ray"])
def test_no_such_port(address: str) -> None:
    with pytest.raises(UserError, match="host:port"):
        check_answers(address)


def test_what_answers_or_is_for_ray_to_find_passes() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        check_answers(f"127.0.0.1:{server.getsockname()[1]}")
    check_answers("auto")


def test_a_refusal_is_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuses(**_: Any) -> None:
        raise RuntimeError("Version mismatch: The cluster was started with:\n    Ray: 2.0\nThis process:")

    monkeypatch.setattr(ray, "init", refuses)
    with socket.create_server(("127.0.0.1", 0)) as server:
        address = f"127.0.0.1:{server.getsockname()[1]}"
        monkeypatch.setenv("RAY_ADDRESS", address)
        with pytest.raises(UserError) as told:
            join_cluster()
    line = str(told.value)
    assert line.startswith(f"RAY_ADDRESS={address}: does not come up: Version mismatch")
    assert "\n" not in line


def test_a_machine_too_busy_to_start_ray_is_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    def late(**_: Any) -> None:
        raise Exception("The current node timed out during startup.")  # as Ray 2.60 raises it

    monkeypatch.setattr(ray, "init", late)
    with pytest.raises(UserError, match=r"timed out during startup.*less busy"):
        begin_local()
