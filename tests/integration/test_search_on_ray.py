"""The search in Tune, on synthetic trials: stopped, killed, interrupted and refused."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import optuna
import psutil
import pytest
import ray
from optuna.storages import JournalStorage
from optuna.storages.journal import JournalFileBackend

import codescale.search.run as searching
from codescale.errors import UserError
from codescale.mixtures.mixture import Mixture
from codescale.progress import Silent
from codescale.runs.records import RunSpec, read_records, write_record
from codescale.search.objective.problem import SearchProblem
from codescale.search.pareto import run_front
from codescale.search.result import SearchResult
from codescale.search.run import run_search
from codescale.search.trials.pruning_audit import audit_runs, with_checks
from codescale.search.tune.searcher import MixtureSearcher
from codescale.search.warm_start import WarmStart
from codescale.study.config import StudyConfig
from codescale.study.folder import StudyFolder
from tests.search.synthetic_trials import (
    EVALUATIONS,
    TOKENS,
    OpenSynthetic,
    SyntheticSession,
    finished_record,
    problem,
    study,
)  # fmt: skip

pytestmark = pytest.mark.ray
WARM = WarmStart(
    Mixture({"python": 0.4, "java": 0.3, "rust": 0.3}), [Mixture({"python": 0.2, "java": 0.5, "rust": 0.3})]
)
DISTURBED = {"trials": 14}


@pytest.fixture(scope="module", autouse=True)
def cluster() -> Iterator[None]:
    """One Ray of two workers for all searches of this file, whose workers find the synthetic trials."""
    ray.init(address="local", num_cpus=2, include_dashboard=False, log_to_driver=False, object_store_memory=200 * 2**20)
    yield
    ray.shutdown()


def search(root: Path, config: StudyConfig, open_session: Any = None, warm: WarmStart = WARM) -> dict[str, Any]:
    asked, opened = problem(config, config.search.space), open_session or OpenSynthetic(root)
    return run_search(asked, warm, opened, StudyFolder(root), Silent()).content()


def sequence(content: dict[str, Any]) -> list[tuple[Any, ...]]:
    names = ("number", "run_id", "source", "state", "proportions", "hyper", "objective", "curve")
    return [tuple(entry[name] for name in names) for entry in content["trials"]]


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    return search(tmp_path_factory.mktemp("undisturbed"), study(**DISTURBED))


def test_a_trial_stopped_by_the_scheduler_is_pruned_everywhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[MixtureSearcher] = []

    class Kept(MixtureSearcher):
        def __init__(self, *arguments: Any) -> None:
            super().__init__(*arguments)
            made.append(self)

    monkeypatch.setattr(searching, "MixtureSearcher", Kept)
    content = search(tmp_path, study(trials=10))
    states = [entry["state"] for entry in content["trials"]]
    assert len(states) == 10
    assert states.count("PRUNED") == content["pruned"] > 0
    assert [trial.state.name for trial in made[0].study.trials] == states
    records = {record.spec.run_id: record for record in read_records(tmp_path / "runs")}
    looks = Counter(line.split()[0] for line in (tmp_path / "work.log").read_text().splitlines())
    for entry, trial in zip(content["trials"], made[0].study.trials, strict=True):
        record = records[entry["run_id"]]
        assert record.status == ("pruned" if entry["state"] == "PRUNED" else "ok")
        assert len(record.evaluations) == looks[entry["run_id"]] == len(entry["curve"])
        if entry["state"] == "PRUNED":
            assert looks[entry["run_id"]] < EVALUATIONS
            assert list(trial.intermediate_values.values()) == [value for _, value, _ in entry["curve"]]
        else:
            assert trial.value == entry["objective"]
    assert content["tokens_trained"] + content["tokens_saved_by_pruning"] == 10 * TOKENS
    assert not list((tmp_path / "checkpoints").glob("*"))
    assert not (tmp_path / ".ray").exists()
    assert json.loads((tmp_path / "search.json").read_text())["trials"] == json.loads(json.dumps(content["trials"]))


DRIVER = """
import sys
from pathlib import Path
import tests.integration.test_search_on_ray as here
root = Path(sys.argv[1])
here.search(root, here.study(**here.DISTURBED), here.OpenSynthetic(root, 0.1))
"""


def started_driver(root: Path) -> subprocess.Popen[bytes]:
    """A process of its own that starts a Ray of its own and searches in ``root``; slowly, so that it can be killed."""
    with (root / "errors.txt").open("w") as file:
        return subprocess.Popen([sys.executable, "-c", DRIVER, str(root)], stderr=file)


def wait_for_lines(driver: subprocess.Popen[bytes], log: Path, lines: int) -> None:
    patience = time.monotonic() + 60
    while driver.poll() is None and time.monotonic() < patience:
        if log.exists() and len(log.read_text().splitlines()) >= lines:
            return
        time.sleep(0.01)


def kill_session(driver: subprocess.Popen[bytes]) -> None:
    """kill -9 of all that the driver's Ray consists of: its servers and workers, and the driver if it stays."""
    for process in psutil.Process(driver.pid).children(recursive=True):
        with suppress(psutil.NoSuchProcess):
            process.kill()
    with suppress(subprocess.TimeoutExpired):
        driver.wait(5)
    driver.kill()


def kill_driver(driver: subprocess.Popen[bytes]) -> None:
    driver.kill()


def interrupt_driver(driver: subprocess.Popen[bytes]) -> None:
    driver.send_signal(signal.SIGINT)


@pytest.mark.parametrize(("stop", "lines"), [(kill_driver, 13), (kill_session, 22), (interrupt_driver, 18)])
def test_killed_and_started_again_it_is_the_same_search(
    tmp_path: Path, undisturbed: dict[str, Any], stop: Callable[[subprocess.Popen[bytes]], None], lines: int
) -> None:
    log, errors = tmp_path / "work.log", tmp_path / "errors.txt"
    driver = started_driver(tmp_path)
    wait_for_lines(driver, log, lines)
    stop(driver)
    assert driver.wait(60) != 0, errors.read_text()
    assert stop is not interrupt_driver or "KeyboardInterrupt" in errors.read_text()
    _settled(log)
    before = json.loads((tmp_path / "search.json").read_text())
    finished = {record.spec.run_id for record in read_records(tmp_path / "runs")}
    assert 0 < len(finished) < 14

    content = search(tmp_path, study(**DISTURBED))
    assert sequence(content) == sequence(undisturbed)
    assert content["incumbent"]["objective"] <= before["incumbent"]["objective"]
    assert content["seconds"] > before["seconds"] > 0
    work = Counter(log.read_text().splitlines())
    repeated = [line for line, times in work.items() if times > 1]
    assert len(repeated) <= 1, "only the evaluation that the kill interrupted may be done again"
    assert not finished & {line.split()[0] for line in repeated}


def test_a_killed_worker_changes_nothing(tmp_path: Path, undisturbed: dict[str, Any]) -> None:
    log = tmp_path / "work.log"
    driver = started_driver(tmp_path)
    wait_for_lines(driver, log, 18)
    family = psutil.Process(driver.pid).children(recursive=True)
    (worker,) = [process for process in family if "Trainable" in "".join(process.cmdline())]
    worker.kill()
    finished = {record.spec.run_id for record in read_records(tmp_path / "runs")}
    assert 0 < len(finished) < 14
    assert driver.wait(120) == 0, (tmp_path / "errors.txt").read_text()
    told = json.loads((tmp_path / "search.json").read_text())
    assert sequence(told) == sequence(json.loads(json.dumps(undisturbed)))
    work = Counter(log.read_text().splitlines())
    repeated = [line for line, times in work.items() if times > 1]
    assert len(repeated) <= 1
    assert not finished & {line.split()[0] for line in repeated}


def _settled(log: Path) -> None:
    """Waits until the killed driver's workers are gone, or at least do nothing any more."""
    size = -1
    while log.stat().st_size != size:
        size = log.stat().st_size
        time.sleep(1.0)


def test_two_at_once_with_a_hyperparameter(tmp_path: Path) -> None:
    path = tmp_path / "space.yaml"
    path.write_text("languages: all\nhyperparameters: {learning_rate_factor: {low: 0.5, high: 2, scale: log}}")
    config = study(trials=6, concurrency=2, sampler="random", prune=False, space=str(path))
    content = search(tmp_path, config, OpenSynthetic(tmp_path, 0.02))
    assert sorted(entry["number"] for entry in content["trials"]) == list(range(6))
    assert {entry["state"] for entry in content["trials"]} <= {"COMPLETE", "FAIL"}
    assert all(0.5 <= entry["hyper"]["learning_rate_factor"] <= 2 for entry in content["trials"])
    assert content["trials"][0]["hyper"] == {"learning_rate_factor": 1.0}


class DiesOnce(SyntheticSession):
    """Takes its worker with it at the second look of trial 0, once."""

    def advance(self) -> Any:
        marker = self.log.with_name("died")
        if self.spec.run_id.startswith("trial-0000") and len(self.evaluations) == 1 and not marker.exists():
            marker.touch()
            os._exit(1)
        return super().advance()


@dataclass(frozen=True)
class Opens:
    """Opens sessions of ``kind`` below ``root``, or refuses where there is none."""

    root: Path
    kind: type[SyntheticSession] | None

    def __call__(self, spec: RunSpec) -> SyntheticSession:
        if self.kind is None:
            raise UserError("shard 3", "is truncated", "make the corpus again")
        return self.kind(spec, self.root / "checkpoints", self.root / "work.log", 0.0)


def test_a_trial_outlives_its_worker_and_bad_input_is_told_in_one_line(tmp_path: Path) -> None:
    ray.cloudpickle.register_pickle_by_value(sys.modules[__name__])
    try:
        content = search(tmp_path / "dies", study(trials=3), Opens(tmp_path / "dies", DiesOnce))
        assert [entry["state"] for entry in content["trials"]] == ["COMPLETE"] * 3
        work = Counter((tmp_path / "dies" / "work.log").read_text().splitlines())
        assert set(work.values()) == {1}
        with pytest.raises(UserError, match="shard 3: is truncated; make the corpus again"):
            search(tmp_path / "refused", study(trials=3), Opens(tmp_path / "refused", None))
        assert not read_records(tmp_path / "refused" / "runs")
    finally:
        ray.cloudpickle.unregister_pickle_by_value(sys.modules[__name__])


def test_successive_halving_stops_trials_that_are_told_pruned(tmp_path: Path) -> None:
    content = search(tmp_path, study(trials=10, prune="asha", sampler="random"))
    states = [entry["state"] for entry in content["trials"]]
    assert states.count("PRUNED") > 0
    assert states.count("COMPLETE") > 0
    assert all(entry["objective"] is None for entry in content["trials"] if entry["state"] == "PRUNED")


def test_two_objectives_give_a_front_and_a_replay_gives_it_again(tmp_path: Path) -> None:
    """Each search checks stopped trials of its own. What the sweep trained outside the space, or at another size, is no
    part of the front, however good it is.
    """
    path = tmp_path / "space.yaml"
    path.write_text(
        "languages: {python: free, java: [0, 0.9], rust: free}\n"
        "objective: [{name: old, weights: {java: 1}}, {name: new, weights: {python: 1, rust: 1}}]"
    )
    config, folder = study(trials=24, sampler="random", check_pruned=4), StudyFolder(tmp_path)
    asked: list[int] = []

    def audit(one: SearchProblem, result: SearchResult) -> SearchResult:
        records = {record.spec.run_id: record for record in read_records(folder.runs)}
        stopped = [records[trial.run_id] for trial in result.trials if trial.state == "PRUNED"]
        asked.append(one.config.search.check_pruned)
        done = [finished_record(spec) for spec in audit_runs(stopped, one.config.search.check_pruned, 0)]
        for record in done:
            write_record(folder.runs, record)
        return with_checks(result, done, one.objective)

    n_params = config.sizes["tiny"].n_params
    swept = [
        finished_record(
            RunSpec(
                run_id=name, stage="mixture", size="tiny", n_params=size, token_points=(TOKENS,), proportions=shares,
                seed=config.seed,
            )
        )
        for name, size, shares in (
            ("sweep-inside", n_params, {"java": 0.89, "python": 0.11}),
            ("sweep-outside", n_params, {"java": 1.0}),
            ("sweep-larger", 10 * n_params, {"java": 0.9, "python": 0.1}),
        )
    ]  # fmt: skip
    for record in swept:
        write_record(folder.runs, record)
    warm = replace(WARM, evaluated=swept)
    arguments = (problem(config, path), lambda one: warm, OpenSynthetic(tmp_path), folder, Silent(), audit)
    content = run_front(*arguments).content()
    assert [one["name"] for one in content["directions"]] == [
        "old 0.5, new 0.5", "old", "new", "old 0.25, new 0.75", "old 0.75, new 0.25"
    ]  # fmt: skip
    assert asked == [1, 1, 1, 1, 0]
    records = read_records(folder.runs)
    assert sum(record.spec.stage == "trial" for record in records) == 20
    checked = {one["run_id"] for one in content["checked"]}
    assert checked == {record.spec.run_id for record in records if record.spec.stage == "check"}
    assert len(checked) > 1
    assert content["tokens_checked"] == len(checked) * TOKENS
    values = [one["objectives"] for one in content["front"]]
    assert len(values) > 1
    assert [one["old"] for one in values] == sorted(one["old"] for one in values)
    assert [one["new"] for one in values] == sorted((one["new"] for one in values), reverse=True)
    assert [one["direction"] for one in content["front"] if one["run_id"].startswith("sweep")] in ([], [None])
    assert {one["run_id"] for one in content["front"]}.isdisjoint({"sweep-outside", "sweep-larger"})
    parts = [json.loads((tmp_path / f"search-front-{k}.json").read_text()) for k in range(5)]
    for one in content["front"]:
        part = parts[one["direction"] or 0]
        assert one["run_id"] in {entry["run_id"] for entry in [*part["trials"], *part.get("checked", [])]}
    storage = JournalStorage(JournalFileBackend(str(folder.optuna)))
    names = [f"synthetic: {one['name']}" for one in content["directions"]]
    assert optuna.get_all_study_names(storage) == ["synthetic: front", *names]
    shown = optuna.load_study(study_name="synthetic: front", storage=storage)
    assert {trial.user_attrs["run_id"] for trial in shown.trials} == {
        record.spec.run_id for record in records if record.status == "ok"
    } - {"sweep-outside", "sweep-larger"}
    best = {tuple(trial.values) for trial in shown.best_trials}
    assert sorted(best) == [(one["old"], one["new"]) for one in values], "Optuna's front also holds equal runs"
    again = run_front(*arguments)
    assert again.content()["front"] == content["front"]
    assert len(read_records(folder.runs)) == len(records)
