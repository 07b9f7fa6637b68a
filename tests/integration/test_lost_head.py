"""The head of a cluster is lost with the driver, in the drill that kills at random: the same command goes on."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = [pytest.mark.ray, pytest.mark.slow]
DRILL = Path(__file__).parents[2] / "scripts" / "chaos.py"
LIMIT_SECONDS = 600


def test_a_lost_head_costs_no_run(tmp_path: Path) -> None:
    """The drill itself asserts that no run is missing, done twice or written twice, and that no process is left."""
    output = tmp_path / "kills.jsonl"
    words = ["--stages", "sweep", "--kinds", "head", "--kills", "1", "--seed", "5", "--output", str(output)]
    environment = {name: value for name, value in os.environ.items() if not name.startswith("RAY_")}
    done = subprocess.run(
        [sys.executable, DRILL, *words],
        env=environment,
        capture_output=True,
        text=True,
        timeout=LIMIT_SECONDS,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    kill, holds, found = map(json.loads, output.read_text().splitlines())
    assert (kill["kill"], kill["stage"]) == ("head", "sweep")
    assert kill["done_before"] < holds["holds"]["runs"]
    assert (found["commands"], found["processes_left"]) == (2, 0)
