"""The stage ``fit`` on a study's own runs: without pair runs, and after the study's organisation has changed."""

from __future__ import annotations

import math
import warnings
from pathlib import Path

import pytest
import yaml

from codescale.errors import UserError
from codescale.laws.warning import RepetitionWarning
from codescale.progress import Silent
from codescale.runs.records import Evaluation, RunRecord, RunSpec, read_records, write_record
from codescale.runs.table import compact
from codescale.stages.study import Study
from codescale.study.config import StudyConfig
from codescale.study.folder import StudyFolder
from codescale.sweeps.plan import plan_sweep

AVAILABLE = {"python": 5000, "java": 5000, "rust": 5000}


class Told(Silent):
    """Keeps what it is told."""

    def __init__(self) -> None:
        self.lines: list[str] = []

    def say(self, message: str) -> None:
        self.lines.append(message)


def ended(spec: RunSpec, epochs: float = 1.0) -> RunRecord:
    """A run whose losses come from a made-up law, over tokens that it saw ``epochs`` times."""
    curve = tuple(
        Evaluation(
            n_tokens=tokens, annealed=True, branch=tokens, flops=1.0,
            unique_tokens={name: round(tokens * share / epochs) for name, share in spec.proportions.items()},
            losses={
                name: 1.5 + 9 * spec.n_params**-0.3 + 5 * (tokens * (0.2 + spec.proportions.get(name, 0.0))) ** -0.3
                + 0.01 * math.sin(len(spec.run_id) + spec.seed)
                for name in AVAILABLE
            },
        )
        for tokens in spec.token_points
    )  # fmt: skip
    return RunRecord(
        spec=spec, status="ok", evaluations=curve, corpus_id="c", tokens_trained=spec.token_points[-1], flops=1.0,
        seconds=1.0, finished=0.0,
    )  # fmt: skip


def swept(
    folder: Path, config: StudyConfig, pairs: bool, organisation: str = "shuffled", epochs: float = 1.0
) -> StudyFolder:
    """A study that has been swept so."""
    sweep = config.sweep if pairs else config.sweep.model_copy(update={"pairs": None})
    training = config.training.model_copy(update={"organisation": organisation})
    fit = config.fit.model_copy(update={"bootstrap": 4, "law": "additive"})
    config = config.model_copy(update={"sweep": sweep, "training": training, "fit": fit})
    (folder / "study.yaml").write_text(yaml.safe_dump(config.model_dump(mode="json", exclude_none=True)))
    found = StudyFolder(folder)
    for spec in plan_sweep(config, AVAILABLE):
        write_record(found.runs, ended(spec, epochs))
    compact(read_records(found.runs), found.runs_table)
    return found


@pytest.mark.filterwarnings("ignore::UserWarning")
def test_without_pair_runs_the_papers_law_is_left_out_in_one_line_and_all_else_is_done(
    config: StudyConfig, tmp_path: Path
) -> None:
    found, told = swept(tmp_path, config, pairs=False), Told()
    found.proportional.write_text("of an earlier sweep")
    assert Study(tmp_path, told).fit().name == "additive"
    (line,) = told.lines
    assert line.startswith(
        "left out the paper's law, proportional, fitted beside additive: has no runs of two languages"
    )
    assert "\n" not in line
    assert found.law.exists()
    assert found.scaling.exists()
    assert found.synergy.exists()
    assert not found.proportional.exists()
    assert Study(tmp_path).report().exists()


@pytest.mark.filterwarnings("ignore::UserWarning")
def test_with_pair_runs_it_is_fitted(config: StudyConfig, tmp_path: Path) -> None:
    found, told = swept(tmp_path, config, pairs=True), Told()
    Study(tmp_path, told).fit()
    assert found.proportional.exists()
    assert told.lines == []


def test_runs_of_another_organisation_are_not_taken_for_the_studys(config: StudyConfig, tmp_path: Path) -> None:
    found = swept(tmp_path, config, pairs=False)
    text = found.config_file.read_text()
    found.config_file.write_text(text.replace("organisation: shuffled", "organisation: paired"))
    with pytest.raises(
        UserError, match=r"runs.parquet: has no paired runs of a sweep.*codescale sweep .* or set it to shuffled"
    ):
        Study(tmp_path).fit()
    assert not found.law.exists()


@pytest.mark.filterwarnings("ignore::UserWarning")
def test_of_both_organisations_the_studys_own_runs_are_fitted(config: StudyConfig, tmp_path: Path) -> None:
    swept(tmp_path, config, pairs=False)
    alone = Study(tmp_path).fit().fitted_rows
    swept(tmp_path, config, pairs=False, organisation="paired")
    assert Study(tmp_path).fit().fitted_rows == alone


@pytest.mark.filterwarnings("ignore::UserWarning")
def test_repeated_tokens_that_count_as_fresh_are_said_and_known_where_the_study_means_them_to(
    config: StudyConfig, tmp_path: Path
) -> None:
    swept(tmp_path, config, pairs=True, epochs=4.0)
    with warnings.catch_warnings(record=True) as said:
        warnings.simplefilter("always")
        Study(tmp_path).fit()
    (line,) = [one for one in said if issubclass(one.category, RepetitionWarning)]
    assert "31 of 31 rows see tokens again, up to 4." in str(line.message)
    as_target = config.model_copy(update={"sweep": config.sweep.model_copy(update={"repetition": "target"})})
    swept(tmp_path, as_target, pairs=True, epochs=4.0)
    with warnings.catch_warnings():
        warnings.simplefilter("error", RepetitionWarning)
        law = Study(tmp_path).fit()
    assert law.half_life is not None
