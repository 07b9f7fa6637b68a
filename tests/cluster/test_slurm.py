"""The SLURM script against stand-ins of srun, scontrol and ray: its code, its token, and that it ends its own Ray."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

SCRIPT = Path(__file__).resolve().parents[2] / "cluster" / "slurm" / "study.sbatch"
STANDINS = {
    # Runs what follows the options, in the foreground as srun does.
    "srun": 'while [[ $1 == --* ]]; do shift; done\nexec "$@"',
    "scontrol": "echo node1; echo node2",
    "hostname": "echo 10.0.0.1 10.0.1.1",
    "ray": """echo "$RAY_AUTH_MODE $*" >> "$LOG"
case "$1" in
  start)
    [[ $* == *--head* && -n ${HEAD_FAILS:-} ]] && exit 3
    [[ $* != *--head* && -n ${WORKER_FAILS:-} ]] && exit 3
    cp "$RAY_AUTH_TOKEN_PATH" "$LOG.token"; stat -c %a "$RAY_AUTH_TOKEN_PATH" > "$LOG.mode"
    trap 'echo ended >> "$LOG"; exit 0' TERM; sleep 60 >/dev/null 2>&1 & wait ;;
  health-check) [[ -z ${NEVER:-} ]] ;;
esac""",
}


@pytest.fixture
def slurm(tmp_path: Path) -> dict[str, str]:
    tools = tmp_path / "bin"
    tools.mkdir()
    for name, body in STANDINS.items():
        (tools / name).write_text(f"#!/bin/bash\n{body}\n")
        (tools / name).chmod(0o755)
    (tmp_path / "study").mkdir()
    given = {"STUDY": str(tmp_path / "study"), "LOG": str(tmp_path / "log"), "RAY_WAIT_SECONDS": "3"}
    node = {
        "SLURM_JOB_ID": "4711",
        "SLURM_JOB_NODELIST": "node[1-2]",
        "SLURM_JOB_NUM_NODES": "2",
        "SLURM_GPUS_ON_NODE": "8",
    }
    return {"PATH": f"{tools}:{os.environ['PATH']}", "HOME": str(tmp_path)} | given | node


def run(slurm: dict[str, str], **more: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["bash", str(SCRIPT)], env=slurm | more, capture_output=True, text=True, timeout=60, check=False
    )


def test_it_is_bash_and_shellcheck_finds_nothing() -> None:
    subprocess.run(["bash", "-n", str(SCRIPT)], check=True)
    if shutil.which("shellcheck"):
        subprocess.run(["shellcheck", str(SCRIPT)], check=True)


def test_the_command_runs_beside_a_head_and_workers_that_end_with_it(slurm: dict[str, str]) -> None:
    done = run(slurm, COMMAND="printenv RAY_ADDRESS")
    assert (done.returncode, done.stdout.split()) == (0, ["10.0.0.1:24711"])
    log = Path(slurm["LOG"]).read_text()
    assert log.count("start --head") == 1
    assert "start --address=10.0.0.1:24711" in log
    assert "--num-gpus=8" in log
    assert log.count("ended") == 2
    assert "ray stop" not in log
    assert " stop" not in log
    assert all(line.startswith(("token ", "ended")) for line in log.splitlines())
    assert len(Path(f"{slurm['LOG']}.token").read_text()) == 64
    assert Path(f"{slurm['LOG']}.mode").read_text().strip() == "600"
    assert not list(Path(slurm["STUDY"]).iterdir()), "the token goes with the job"


def test_the_commands_own_code_is_the_jobs(slurm: dict[str, str]) -> None:
    assert run(slurm, COMMAND="false").returncode == 1


@pytest.mark.parametrize("fault", ["HEAD_FAILS", "WORKER_FAILS", "NEVER"])
def test_a_ray_that_does_not_start_fails_the_job(slurm: dict[str, str], fault: str) -> None:
    done = run(slurm, COMMAND="sleep 30", **{fault: "1"})
    assert done.returncode == 1
    assert done.stderr.count("error: ") == 1
    assert not list(Path(slurm["STUDY"]).iterdir())


def test_a_study_has_to_be_named(slurm: dict[str, str]) -> None:
    assert "name the study" in run({key: value for key, value in slurm.items() if key != "STUDY"}).stderr
