"""A second try at a lower learning rate is a run of its own, and never passes for the one that was planned."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from codescale.errors import UserError
from codescale.laws.observations import narrow
from codescale.progress import Silent
from codescale.runs.records import Evaluation, RunRecord, RunSpec, read_records, write_record
from codescale.runs.table import RunsTable, compact
from codescale.runs.table_reader import read_runs
from codescale.stages.search import _with_the_trials_seed
from codescale.stages.study import Study
from codescale.study.config import StudyConfig
from codescale.study.folder import StudyFolder
from codescale.sweeps.retry import retries_of, retry_of


class Told(Silent):
    """Keeps what it is told."""

    def __init__(self) -> None:
        self.lines: list[str] = []

    def say(self, message: str) -> None:
        self.lines.append(message)


def spec(config: StudyConfig, run_id: str, **hyper: float) -> RunSpec:
    return RunSpec(
        run_id=run_id,
        stage="mixture",
        size="tiny",
        n_params=config.sizes["tiny"].n_params,
        token_points=(640,),
        proportions={"python": 1.0},
        seed=config.seed,
        hyper=hyper,
    )


def record(run: RunSpec, status: str) -> RunRecord:
    curve = (
        ()
        if status == "diverged"
        else (Evaluation(n_tokens=640, losses={"python": 3.0}, annealed=True, branch=640, flops=1.0),)
    )
    return RunRecord(
        spec=run,
        status=status,
        evaluations=curve,
        corpus_id="c",
        tokens_trained=640,
        flops=1.0,
        seconds=1.0,
        finished=0.0,
    )


def test_a_diverged_run_is_tried_once_more_at_a_lower_rate(config: StudyConfig) -> None:
    first = spec(config, "a", learning_rate_factor=0.8)
    (again,) = retries_of([record(first, "diverged"), record(spec(config, "b"), "ok")], config.training.retry_rate)
    assert again.run_id == "a.retry"
    assert again.is_retry
    assert again.hyper == {"learning_rate_factor": 0.4}
    assert again.model_copy(update={"run_id": "a", "hyper": first.hyper}) == first
    assert retry_of(record(again, "diverged"), config.training.retry_rate) is None
    assert retry_of(record(first, "failed"), config.training.retry_rate) is None
    assert retry_of(record(first, "diverged"), None) is None


def test_runs_of_a_search_are_not_tried_again(config: StudyConfig) -> None:
    """A loss at another rate is that of another point than the sampler asked for."""
    for stage in ("trial", "check"):
        run = spec(config, stage).model_copy(update={"stage": stage})
        assert retry_of(record(run, "diverged"), config.training.retry_rate) is None


@pytest.fixture
def tried_again(config: StudyConfig, tmp_path: Path) -> Path:
    """A study with a run, one that diverged and its second try."""
    (tmp_path / "study.yaml").write_text(yaml.safe_dump(config.model_dump(mode="json", exclude_none=True)))
    first = spec(config, "b")
    records = [
        record(spec(config, "a"), "ok"),
        record(first, "diverged"),
        record(retries_of([record(first, "diverged")], config.training.retry_rate)[0], "ok"),
    ]
    for each in records:
        write_record(StudyFolder(tmp_path).runs, each)
    compact(records, StudyFolder(tmp_path).runs_table)
    return tmp_path


def test_no_fit_mixes_it_with_others(tried_again: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    table = read_runs(StudyFolder(tried_again).runs_table)
    with pytest.raises(UserError, match=r"say which hyper\.learning_rate_factor to take"):
        narrow(table)
    fitted: list[RunsTable] = []

    class Enough(Exception):
        pass

    def fit_law(table: RunsTable, *arguments: object, **options: object) -> None:
        fitted.append(table)
        raise Enough

    monkeypatch.setattr("codescale.stages.fit.fit_law", fit_law)
    told = Told()
    with pytest.raises(Enough):
        Study(tried_again, told).fit()
    assert list(narrow(fitted[0]).run_id) == ["a@640"]
    assert any("1 second tries" in line for line in told.lines)


def test_the_search_does_not_start_from_it(tried_again: Path) -> None:
    records = read_records(StudyFolder(tried_again).runs)
    assert [one.spec.run_id for one in _with_the_trials_seed(records, Study(tried_again).config.seed)] == ["a"]
