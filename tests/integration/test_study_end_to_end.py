"""The main job through the command line: every stage, killed with -9 on the way, goes on and changes nothing."""

from __future__ import annotations

import html
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from codescale.runs.table_reader import read_runs
from tests.integration.small_study import make_study

pytestmark = pytest.mark.ray

LIMIT_SECONDS = 240


def command(*arguments: object) -> list[str]:
    return [sys.executable, "-m", "codescale.cli", *map(str, arguments)]


def run(*arguments: object) -> subprocess.CompletedProcess[str]:
    return subprocess.run(command(*arguments), capture_output=True, text=True, timeout=LIMIT_SECONDS, check=False)


def files_of(folder: Path) -> dict[str, tuple[float, bytes]]:
    return {path.name: (path.stat().st_mtime, path.read_bytes()) for path in sorted(folder.glob("*.json"))}


def artifacts(folder: Path) -> list[Path]:
    """The study's JSON files, without what Ray keeps for itself while it runs."""
    return [path for path in folder.rglob("*.json") if ".ray" not in path.parts]


def kill_when(folder: Path, arguments: list[str], count: int) -> None:
    """Starts the command and kills its whole process group with -9 once ``count`` files are in ``folder``."""
    process = subprocess.Popen(arguments, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True)
    begun = time.monotonic()
    while len(list(folder.glob("*.json"))) < count:
        assert process.poll() is None, "the command ended before it could be killed"
        assert time.monotonic() - begun < LIMIT_SECONDS, "nothing came"
        time.sleep(0.02)
    os.killpg(process.pid, signal.SIGKILL)
    process.wait()


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A study that went through undisturbed."""
    folder = make_study(tmp_path_factory.mktemp("undisturbed"))
    assert run("corpus", folder).returncode == 0
    done = run("demo", folder)
    assert done.returncode == 0, done.stderr + done.stdout
    return folder


def losses(folder: Path, pattern: str) -> dict[str, list]:
    records = [json.loads(path.read_text()) for path in sorted((folder / "runs").glob(pattern))]
    return {record["spec"]["run_id"]: [record["status"], record["evaluations"]] for record in records}


def test_every_artifact_is_there_and_the_report_is_one_page(finished: Path) -> None:
    for name in (
        "corpus/manifest.json", "runs.parquet", "law.json", "scaling.json", "synergy.json", "mixture.yaml",
        "search.json", "comparison.json", "timings.json", "report.html",
    ):  # fmt: skip
        assert (finished / name).exists(), name
    assert not list(finished.rglob("*.tmp"))
    assert not list((finished / "checkpoints").glob("*"))
    page = (finished / "report.html").read_text()
    assert 'src="http' not in page
    comparison = json.loads((finished / "comparison.json").read_text())
    assert comparison["split"] == "test"
    assert set(comparison["mixtures"]) == {"uniform", "predicted_best", "measured_best"}
    assert all(len(entry["measured"]["objective"]["values"]) == 3 for entry in comparison["mixtures"].values())
    assert comparison["larger"]["n_params"] > 4 * comparison["n_params"]
    assert comparison["larger"]["mixtures"].keys() == comparison["mixtures"].keys()
    assert comparison["larger"]["verdict"]["statement"] in html.unescape(page)


def test_the_runs_table_holds_every_run_once(finished: Path) -> None:
    table = read_runs(finished / "runs.parquet")
    assert len({*zip(table.run_id, table.n_tokens, strict=True)}) == len(table)
    stages = table.table["stage"].to_pylist()
    assert {"grid", "alone", "pair", "mixture", "trial", "comparison"} == set(stages)


def test_the_sweeps_runs_warm_start_the_search_and_trials_see_the_same_text(finished: Path) -> None:
    trials = json.loads((finished / "search.json").read_text())["trials"]
    swept = {trial["run_id"] for trial in trials if trial["source"] == "sweep"}
    # Eight mixtures and three languages alone were trained at the trials' size, D and seed.
    assert len(swept) == 8 + 3
    assert next(trial["source"] for trial in trials if trial["source"] != "sweep") == "law"
    specs = [json.loads(path.read_text())["spec"] for path in (finished / "runs").glob("*.json")]
    held = {stage: {s["unique_tokens"] for s in specs if s["stage"] == stage} for stage in ("mixture", "trial")}
    assert held["trial"] == held["mixture"]
    assert None not in held["trial"]


def trained(folder: Path) -> dict[str, tuple[int, int]]:
    """Runs and tokens of each stage, as timings.json tells them."""
    stages = json.loads((folder / "timings.json").read_text())["stages"]
    return {name: (cost["runs"], cost["tokens"]) for name, cost in stages.items() if cost["runs"]}


def test_nothing_is_done_twice(finished: Path) -> None:
    before = files_of(finished / "runs")
    again = run("demo", finished)
    assert again.returncode == 0, again.stderr
    assert files_of(finished / "runs") == before


def test_killed_in_sweep_search_and_comparison_it_ends_with_the_same_numbers(finished: Path, tmp_path: Path) -> None:
    folder = make_study(tmp_path / "killed")
    shutil.copytree(finished / "corpus", folder / "corpus")
    runs = folder / "runs"
    kept: dict[str, tuple[float, bytes]] = {}
    incumbents: list[float] = []
    total = len(list((finished / "runs").glob("*.json")))
    comparison = len(list((finished / "runs").glob("comparison*.json")))
    sweep = total - comparison - len(list((finished / "runs").glob("trial*.json")))
    for count in (5, sweep + 1, sweep + 3, total - 3):
        kill_when(runs, command("demo", folder), count)
        now = files_of(runs)
        assert {name: now[name] for name in kept} == kept, "a finished run was done again or lost"
        kept = now
        for path in artifacts(folder):
            assert json.loads(path.read_text()), f"{path} is half written"
        if (folder / "search.json").exists():
            incumbent = json.loads((folder / "search.json").read_text())["incumbent"]
            incumbents += [incumbent["objective"]] if incumbent else []
    done = run("demo", folder)
    assert done.returncode == 0, done.stderr
    incumbents.append(json.loads((folder / "search.json").read_text())["incumbent"]["objective"])
    assert incumbents == sorted(incumbents, reverse=True), "the incumbent got worse"
    for stage in ("grid*", "alone*", "pair*", "mixture*", "trial*", "comparison*"):
        assert losses(folder, f"{stage}.json") == losses(finished, f"{stage}.json"), stage
    assert trained(folder) == trained(finished), "what was trained before a kill is not counted"
    assert sum(runs for runs, _ in trained(folder).values()) == total


def test_killed_while_building_the_corpus_it_builds_the_same(finished: Path, tmp_path: Path) -> None:
    folder = make_study(tmp_path / "killed")
    for delay in (1.0, 1.5, 2.0):
        process = subprocess.Popen(command("corpus", folder), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        time.sleep(delay)
        process.kill()
        process.wait()
    assert run("corpus", folder).returncode == 0
    ours, theirs = (json.loads((place / "corpus" / "manifest.json").read_text()) for place in (folder, finished))
    assert ours["corpus_id"] == theirs["corpus_id"]


def test_a_truncated_shard_is_one_line_and_exit_code_2(finished: Path, tmp_path: Path) -> None:
    folder = tmp_path / "broken"
    shutil.copytree(finished, folder)
    shard = sorted((folder / "corpus").glob("**/*.arrow"))[0]
    shard.write_bytes(shard.read_bytes()[:-100])
    done = run("sweep", folder)
    assert done.returncode == 2
    assert shard.name in done.stderr
    assert "Traceback" not in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1
