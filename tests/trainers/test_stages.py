"""What the stages make of a study whose runs a command trains, where Ray is not needed to tell."""

from __future__ import annotations

from io import StringIO
from pathlib import Path
from typing import Any

import pytest
import yaml

from codescale import Study
from codescale.comparison.job import CommandProofWork
from codescale.comparison.losses import read_test_losses
from codescale.errors import UserError
from codescale.runs.records import read_records
from codescale.search.objective.objective import Objective
from codescale.search.tune.trainable import TrialTrainable
from codescale.stages.runs import check_space
from codescale.study.folder import StudyFolder
from codescale.sweeps.packing import Pack, most_together, packs_of
from codescale.sweeps.run_worker import SweepWork
from codescale.trainers.factory import CommandSessionFactory
from codescale.training.loop.claim import Claim
from tests.trainers.own_trainer import python_study, run_spec

STUDY: dict[str, Any] = {
    "name": "own",
    "languages": ["python", "java"],
    "sizes": {"small": {"n_params": 1_000_000}, "large": {"n_params": 4_000_000}},
    "trainer": {"command": ["sh", "-c", "exit 1", "{mixture}", "{steps}", "{seed}"], "retries": 0},
    "sweep": {
        "grid": {"sizes": ["small"], "tokens": [10_000, 20_000]},
        "mixtures": {"count": 6, "sizes": ["small", "large"], "tokens": [10_000, 20_000], "uniform_seeds": 1},
    },
    "target": {"size": "large", "n_tokens": 100_000},
    "search": {"space": "all_languages", "size": "small", "tokens": 20_000},
    "comparison": {"size": "small", "tokens": 20_000},
}
GOOD = 'row(400); row(1000, **{"test.python": 2.1, "test.java": 1.6})'


def study(folder: Path, **changes: Any) -> Study:
    folder.mkdir(exist_ok=True)
    (folder / "study.yaml").write_text(yaml.safe_dump(STUDY | changes))
    return Study(folder)


def factory(folder: Path, program: str) -> CommandSessionFactory:
    return CommandSessionFactory.of(python_study(program), StudyFolder(folder))


def test_each_d_is_a_run_of_its_own(tmp_path: Path) -> None:
    runs = study(tmp_path).plan()
    assert all(len(spec.token_points) == 1 for spec in runs)
    assert len({spec.run_id for spec in runs}) == len(runs) == 2 * 2 + 6 * 2 * 2
    assert {spec.start for spec in runs} == {"1"}


def test_runs_go_alone(tmp_path: Path) -> None:
    one = study(tmp_path)
    packs = packs_of(one.plan(), one.config, most_together(one.config, None, 1))  # type: ignore[arg-type]
    assert all(pack.alone for pack in packs)


def test_there_is_no_corpus_to_make(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="trainer: makes no corpus"):
        study(tmp_path).corpus()


def test_a_space_may_free_what_the_command_is_told_alone(tmp_path: Path) -> None:
    (tmp_path / "space.yaml").write_text("languages: all\nhyperparameters:\n  batch: {low: 2, high: 8}\n")
    search = STUDY["search"] | {"space": str(tmp_path / "space.yaml")}
    with pytest.raises(UserError, match=r"hyperparameters\.batch: is freed.*write \{batch\} in trainer\.command"):
        study(tmp_path / "a", search=search).sweep()
    from codescale.search.objective.problem import study_problem

    told = study(tmp_path / "b", search=search, trainer={"command": ["true", "{batch}"]})
    check_space(told.context, study_problem(told.config, told.folder).space)


def test_runs_of_another_version_are_refused(tmp_path: Path) -> None:
    from codescale.sweeps.execute import done_already

    work = SweepWork(factory(tmp_path, GOOD), StudyFolder(tmp_path))
    spec = run_spec(start="1")
    work(Pack("run", (spec,)), Claim.make(work.folder, "run"))
    assert list(done_already(work.folder, [spec])) == ["run"]
    with pytest.raises(UserError, match="was trained under another plan"):
        done_already(work.folder, [run_spec(start="2")])


def test_a_sweep_writes_the_record_of_a_command_that_failed_and_goes_on(tmp_path: Path) -> None:
    work = SweepWork(factory(tmp_path, "print('no data'); sys.exit(1)"), StudyFolder(tmp_path))
    (record,) = work(Pack("run", (run_spec(),)), Claim.make(work.folder, "run"))
    assert (record.status, record.note) == ("failed", "ended with exit code 1; its output ends: no data")
    assert read_records(work.folder.runs) == [record]
    assert not (work.folder.checkpoints / "run.run").exists()
    assert (work.folder.trainer_logs / "run.log").read_text() == "no data\n"


def test_the_proof_is_judged_by_the_losses_on_test_text(tmp_path: Path) -> None:
    work = CommandProofWork(factory(tmp_path, GOOD), StudyFolder(tmp_path))
    (record,) = work(Pack("run", (run_spec(),)), Claim.make(work.folder, "run"))
    assert record.status == "ok"
    assert read_test_losses(work.folder.test_losses, "run").losses == {"python": 2.1, "java": 1.6}


def test_a_proof_without_losses_on_test_text_has_failed(tmp_path: Path) -> None:
    work = CommandProofWork(factory(tmp_path, "row(1000)"), StudyFolder(tmp_path))
    (record,) = work(Pack("run", (run_spec(),)), Claim.make(work.folder, "run"))
    assert record.status == "failed"
    assert record.note.startswith("the last result has no test.python, the loss on test text")
    assert not work.folder.test_losses.exists()


@pytest.mark.parametrize(
    ("program", "outcome", "note"),
    [
        (GOOD, "ok", ""),
        ("row(400); sys.exit(9)", "failed", "ended with exit code 9; it has printed nothing"),
        ("row(400); row(600, java=float('nan'))", "diverged", "a loss was not finite at 600 tokens; it has printed"),
    ],
)
def test_a_trial_reports_how_its_command_ended(program: str, outcome: str, note: str, tmp_path: Path) -> None:
    folder, objective = StudyFolder(tmp_path), Objective.of({"python": 1.0, "java": 1.0}, 1000)
    trial = TrialTrainable.__new__(TrialTrainable)
    trial.setup(
        {"spec": run_spec(stage="trial").model_dump_json()},
        factory(tmp_path, program),
        objective,
        folder,
        str(tmp_path),
    )
    reports = [trial.step()]
    while not reports[-1]["done"]:
        reports.append(trial.step())
    assert [one["outcome"] for one in reports] == ["running", outcome]
    (record,) = read_records(folder.runs)
    assert record.status == outcome
    assert record.note.startswith(note)
    trial.cleanup()


def test_a_trial_that_is_stopped_leaves_no_process(tmp_path: Path) -> None:
    from codescale.trainers import supervisor

    folder, objective = StudyFolder(tmp_path), Objective.of({"python": 1.0, "java": 1.0}, 1000)
    trial = TrialTrainable.__new__(TrialTrainable)
    spec = run_spec(stage="trial").model_dump_json()
    trial.setup({"spec": spec}, factory(tmp_path, "row(400); time.sleep(600)"), objective, folder, str(tmp_path))
    assert trial.step()["outcome"] == "running"
    mark = str(folder.checkpoints / "run.run")
    assert supervisor.processes_of(-1, mark)
    trial.reset_config({"spec": spec})
    assert not supervisor.processes_of(-1, mark)


def test_what_a_search_may_cost_is_told_without_training(tmp_path: Path) -> None:
    found = study(tmp_path).forecast_search()
    assert found.speed is None
    assert found.costs[0].flops == 16 * 6 * 1_000_000 * 20_000


def test_a_sweeps_plan_says_nothing_of_memory(tmp_path: Path) -> None:
    from rich.console import Console

    from codescale.report.terminal.sweep import plan_table

    one, written = study(tmp_path), StringIO()
    Console(file=written, width=100).print(plan_table(one.config, one.plan()))
    text = written.getvalue()
    assert "28" in text
    assert "Memory" not in text
    assert "a run of its own by the trainer's command" in " ".join(text.split())


def test_there_is_no_model_to_train_and_no_cluster_to_plan(tmp_path: Path) -> None:
    from codescale.stages.cluster_plan import plan_of_study

    one = study(tmp_path)
    with pytest.raises(UserError, match="trainer: trains the study's runs, not the model of the target"):
        one.train()
    with pytest.raises(UserError, match="trainer: trains by a command, of which nobody knows how fast"):
        plan_of_study(one.context, None)  # type: ignore[arg-type]
