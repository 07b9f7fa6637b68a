"""A study that an earlier commit left killed in the midst of its search (tests/fixtures): this code goes on with it.

What stands on people's disks has to stay readable: records, run ids, laws, shards, checkpoints and their keys.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from codescale import Study
from codescale.laws.law import load_law
from codescale.runs.table_reader import read_runs

KEPT = Path(__file__).parents[1] / "fixtures" / "study_e8b6a9a"
TRIALS = 8
LIMIT_SECONDS = 600


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A copy of the study as it was killed."""
    return Path(shutil.copytree(KEPT, tmp_path / "study", ignore=shutil.ignore_patterns("finished", "README.md")))


@pytest.fixture
def finished(folder: Path) -> Path:
    """The same with the search and the comparison that the earlier code came to."""
    shutil.copytree(KEPT / "finished", folder, dirs_exist_ok=True)
    return folder


def read(path: Path) -> Any:
    return json.loads(path.read_text())


def files_of(folder: Path) -> dict[str, tuple[int, bytes]]:
    """When each file was written, and what it holds."""
    return {path.name: (path.stat().st_mtime_ns, path.read_bytes()) for path in sorted(folder.glob("*.json"))}


def keys(content: Any, place: str = "") -> Iterator[str]:
    """The path of every key; all entries of a list stand in one place."""
    if isinstance(content, dict):
        for name, value in content.items():
            yield f"{place}.{name}"
            yield from keys(value, f"{place}.{name}")
    elif isinstance(content, list):
        for value in content:
            yield from keys(value, f"{place}[]")


def same_numbers(ours: Any, theirs: Any) -> bool:
    """Equal up to the rounding of another machine's linear algebra."""
    if isinstance(theirs, dict):
        return list(ours) == list(theirs) and all(same_numbers(ours[name], theirs[name]) for name in theirs)
    if isinstance(theirs, list):
        return len(ours) == len(theirs) and all(map(same_numbers, ours, theirs))
    if isinstance(theirs, float):
        return bool(ours == pytest.approx(theirs, rel=1e-9, abs=1e-12))
    return bool(ours == theirs)


def command(*words: object) -> str:
    """What the command line said, once it ended well."""
    done = subprocess.run(
        [sys.executable, "-m", "codescale.cli", *map(str, words)],
        capture_output=True, text=True, timeout=LIMIT_SECONDS, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr + done.stdout
    return done.stdout


@pytest.mark.ray
@pytest.mark.slow
def test_a_search_of_earlier_code_goes_on_to_comparison_and_report(folder: Path) -> None:
    kept, interrupted, before = (
        files_of(folder / "runs"),
        read(folder / "search.json"),
        read(KEPT / "finished/search.json"),
    )
    done = [entry for entry in interrupted["trials"] if entry["number"] is not None and entry["state"] == "COMPLETE"]
    (running,) = (entry for entry in interrupted["trials"] if entry["state"] == "RUNNING")
    assert [path.name for path in (folder / "checkpoints").iterdir()] == [f"{running['run_id']}.safetensors"]

    for stage in ("search", "compare", "report"):
        command(stage, folder)

    now = files_of(folder / "runs")
    assert {name: now[name] for name in kept} == kept, "a finished run was trained again or written anew"
    search = read(folder / "search.json")
    assert set(keys(search)) == set(keys(before))
    trials = [entry for entry in search["trials"] if entry["number"] is not None]
    assert [entry["number"] for entry in trials] == list(range(TRIALS))
    assert [entry["state"] for entry in trials].count("COMPLETE") >= len(done)
    assert same_numbers(trials[: len(done)], done)
    assert trials[len(done)]["run_id"] == running["run_id"]
    assert [path.name for path in sorted((folder / "runs").glob("trial-*.json"))] == sorted(
        f"{entry['run_id']}.json" for entry in trials
    )
    swept = [[entry["run_id"], entry["objective"]] for entry in search["trials"] if entry["number"] is None]
    assert swept == [[e["run_id"], e["objective"]] for e in before["trials"] if e["number"] is None]
    assert not list((folder / "checkpoints").iterdir())
    assert set(keys(read(folder / "comparison.json"))) >= set(keys(read(KEPT / "finished/comparison.json")))
    assert "<html" in (folder / "report.html").read_text()

    command("search", folder)
    assert files_of(folder / "runs") == now


def test_the_sweep_of_earlier_code_is_the_one_that_is_planned(folder: Path) -> None:
    runs = {path.stem for path in (folder / "runs").glob("*.json") if not path.name.startswith("trial-")}
    assert {spec.run_id for spec in Study(folder).plan()} == runs


def test_a_law_of_earlier_code_has_the_optimum_that_it_had(folder: Path) -> None:
    """It is a sum, without the kappa that laws have now."""
    Study(folder).optimize()
    ours, theirs = (yaml.safe_load((place / "mixture.yaml").read_text()) for place in (folder, KEPT))
    assert list(ours) == [*theirs, "share_intervals", "gain_over_uniform"]
    assert ours["proportions"] == pytest.approx(theirs["proportions"], abs=1e-6)
    assert ours["objective"] == pytest.approx(theirs["objective"], abs=1e-9)


@pytest.mark.filterwarnings("ignore")
def test_laws_of_earlier_runs_are_near_the_earlier_ones(folder: Path) -> None:
    """They are fitted better since, and say all that they said."""
    earlier = load_law(folder / "law.json")
    Study(folder).fit()
    table = read_runs(folder / "runs.parquet")
    shares = table.proportions[:, [table.domains.index(name) for name in earlier.domains]]
    now = load_law(folder / "law.json")
    predicted = [law.predict(table.n_params, table.n_tokens, shares).losses for law in (now, earlier)]
    assert now.targets == earlier.targets
    assert predicted[0] == pytest.approx(predicted[1], rel=0.05)
    for name in ("scaling.json", "synergy.json"):
        assert set(keys(read(folder / name))) >= set(keys(read(KEPT / name))), name


def test_every_artifact_of_earlier_code_is_shown(finished: Path) -> None:
    page = Study(finished).report().read_text()
    assert read(finished / "comparison.json")["verdict"]["statement"] in page
    law, runs = finished / "law.json", finished / "runs.parquet"
    command("predict", law, runs, "--output", finished / "predictions.csv")
    command("laws", "synergy", law, "--params", 2_608, "--tokens", 1_280)
    assert f"It ends at {TRIALS} trials" in command("plan", finished)
