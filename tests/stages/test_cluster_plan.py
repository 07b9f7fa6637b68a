"""A study planned on a cluster: what is left of it, how fast its own runs say that cores are, and what it comes to."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from codescale.comparison.documents.amount import tokens_to_test
from codescale.errors import UserError
from codescale.runs.records import read_records
from codescale.stages.cluster_plan import ClusterQuestion, plan_of_study, runs_left, worker_speeds
from codescale.stages.study import Study
from codescale.sweeps.work import run_work

KEPT = Path(__file__).parents[1] / "fixtures" / "study_e8b6a9a"
CORES = "workers: [{type: aws/m5.xlarge, most: 1}]\nstartup_minutes: 0\nrun_start_seconds: 0\nidle_minutes: 0\n"


@pytest.fixture
def made(tmp_path: Path) -> Study:
    """The kept study without the records of its sweep's mixtures and its proof."""
    shutil.copytree(KEPT, tmp_path / "s")
    for pattern in ("mixture-*", "comparison-*"):
        for record in (tmp_path / "s" / "runs").glob(f"{pattern}.json"):
            record.unlink()
    return Study(tmp_path / "s")


def test_what_has_a_record_is_left_out(made: Study) -> None:
    records = read_records(made.folder.runs)
    left = {name: runs for name, runs, _ in runs_left(made.context, records)}
    assert {run.stage for run in left["sweep"]} == {"mixture"}
    assert not {run.run_id for run in left["sweep"]} & {record.spec.run_id for record in records}
    section = made.config.comparison
    assert len(left["comparison"]) == section.mixtures * section.seed_count
    assert {run.token_points for run in left["comparison"]} == {(section.tokens,)}
    proved = records[0].model_copy(
        update={"spec": left["comparison"][0].model_copy(update={"run_id": "comparison-x-s0"})}
    )
    after = {name: runs for name, runs, _ in runs_left(made.context, [*records, proved])}
    assert len(after["comparison"]) == len(left["comparison"]) - 1
    begun = sum(record.spec.stage == "trial" for record in records)
    assert len(left.get("search", [])) == made.config.search.most_trials - begun


def test_hours_are_the_work_over_the_speed_of_the_studys_own_runs(made: Study, tmp_path: Path) -> None:
    cluster = tmp_path / "cluster.yaml"
    cluster.write_text(CORES)
    records = read_records(made.folder.runs)
    left = runs_left(made.context, records)
    speeds = worker_speeds(made.config, records, [run.size for _, runs, _ in left for run in runs])
    found = made.forecast_cluster(ClusterQuestion(cluster, simulations=3))
    (size,) = found.sizes
    corpus = made.context.corpus()
    work = {
        name: [(run, run_work(made.config, run, tokens_to_test(made.config, run, corpus))) for run in runs]
        for name, runs, _ in left
    }
    seconds = sum(flops / speeds[run.size].flops_per_second for runs in work.values() for run, flops in runs)
    assert size.slots == 4 // made.config.ray.threads
    assert size.busy_hours * 3600 == pytest.approx(seconds)
    assert size.dollars is not None
    assert size.dollars.value == pytest.approx(size.machine_hours * 0.192)
    assert [one.name for one in found.work] == [name for name, _, _ in left]
    assert "runs of this study" in found.speed


def test_a_study_that_is_done_has_nothing_to_plan(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    shutil.copytree(KEPT, tmp_path / "s")
    (tmp_path / "cluster.yaml").write_text(CORES)
    made = Study(tmp_path / "s")
    monkeypatch.setattr("codescale.stages.cluster_plan.runs_left", lambda *_: [])
    with pytest.raises(UserError, match="has no run left to do"):
        plan_of_study(made.context, ClusterQuestion(tmp_path / "cluster.yaml"))
