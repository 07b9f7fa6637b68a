"""One model on one mixture: its run's id, what stands in its folder, and the second try of a run that diverged."""

from __future__ import annotations

from pathlib import Path

import pytest

from codescale.errors import UserError
from codescale.files import write_json
from codescale.mixtures.mixture import Mixture
from codescale.mixtures.schedule import Phase, Schedule
from codescale.progress import Silent
from codescale.runs.records import RunRecord, RunSpec, read_records
from codescale.study.config import StudyConfig
from codescale.study.folder import StudyFolder
from codescale.sweeps import single_model
from codescale.sweeps.single_model import model_in, runs_of_model, single_run, train_model

MIXTURE = Mixture({"python": 0.5, "java": 0.5})
LATE = Mixture({"python": 0.25, "rust": 0.75})


def run(config: StudyConfig, **changes: object) -> RunSpec:
    settings: dict = {"size": "small", "tokens": 640, "mixture": MIXTURE, "seed": 0} | changes
    return single_run(config, str(settings.pop("corpus_id", "c")), **settings)


def test_its_id_depends_on_all_that_its_losses_depend_on(config: StudyConfig) -> None:
    smaller = config.training.model_copy(update={"micro_batch": 1, "checkpoint_seconds": 1.0})
    same = [
        run(config),
        run(config, mixture=Mixture({"java": 0.5, "python": 0.5, "rust": 0.0})),
        run(config.model_copy(update={"training": smaller})),
    ]
    longer = config.training.model_copy(update={"weight_decay": 0.1})
    wider = config.sizes["small"].model_copy(update={"intermediate": 64})
    others = [
        run(config, tokens=1280),
        run(config, seed=1),
        run(config, size="tiny"),
        run(config, corpus_id="d"),
        run(config, mixture=Mixture({"python": 0.6, "java": 0.4})),
        run(config.model_copy(update={"training": longer})),
        run(config.model_copy(update={"sizes": config.sizes | {"small": wider}})),
    ]
    assert len({spec.run_id for spec in same}) == 1
    assert len({spec.run_id for spec in [*same, *others]}) == 1 + len(others)


def test_a_schedule_is_a_run_of_its_own_and_a_static_one_none(config: StudyConfig) -> None:
    changing = run(config, mixture=Schedule([Phase(0.5, MIXTURE), Phase(1.0, LATE)]))
    assert changing.proportions == {"python": 0.375, "java": 0.25, "rust": 0.375}
    assert [phase.until for phase in changing.phases] == [0.5, 1.0]
    assert run(config, mixture=Mixture(changing.proportions)).run_id != changing.run_id
    assert run(config, mixture=Schedule([Phase(0.5, MIXTURE), Phase(1.0, MIXTURE)])) == run(config)
    assert "phases" not in run(config).model_dump(), "the file of a static run is what it was"
    assert RunSpec.model_validate_json(changing.model_dump_json()) == changing


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"size": "huge"}, "--size: 'huge' is not among"),
        ({"tokens": 31}, "--tokens: 31 are less than one batch of 32"),
        ({"mixture": Mixture({"cobol": 1.0})}, "--mixture: cobol is not a language of the study"),
        (
            {"mixture": Schedule([Phase(0.001, MIXTURE), Phase(1.0, LATE)])},
            "phase 1 is shorter than one of .* 20 steps",
        ),
    ],
)
def test_what_the_study_does_not_have_is_named(config: StudyConfig, changes: dict, words: str) -> None:
    with pytest.raises(UserError, match=words):
        run(config, **changes)


def record(spec: RunSpec, status: str) -> RunRecord:
    return RunRecord(
        spec=spec,
        status=status,
        evaluations=(),
        corpus_id="c",
        tokens_trained=0,
        flops=0,
        seconds=0,
        finished=0,
        note="the training loss was not finite",
    )


def test_a_folder_that_holds_something_else_is_left_alone(config: StudyConfig, tmp_path: Path) -> None:
    spec = run(config)
    assert model_in(tmp_path / "new", [spec]) is None
    assert not (tmp_path / "new").exists()
    (tmp_path / "file").write_text("mine")
    with pytest.raises(UserError, match="exists already"):
        model_in(tmp_path, [spec])
    with pytest.raises(UserError, match="exists already"):
        model_in(tmp_path / "file", [spec])
    with pytest.raises(UserError, match="cannot be written"):
        model_in(tmp_path / "file" / "model", [spec])
    made = tmp_path / "made"
    made.mkdir()
    write_json(made / "run.json", record(spec, "ok").model_dump(mode="json"))
    found = model_in(made, [spec])
    assert found is not None
    assert found.spec == spec
    with pytest.raises(UserError, match="holds the model of another run"):
        model_in(made, [run(config, seed=7)])


class Trained:
    """Stands for training: says how each run ended, in turn, and remembers which were asked for."""

    def __init__(self, *statuses: str) -> None:
        self.statuses, self.asked = list(statuses), []

    def __call__(
        self, spec: RunSpec, config: StudyConfig, folder: StudyFolder, output: Path, progress: object
    ) -> RunRecord:
        self.asked.append(spec)
        made = record(spec, self.statuses.pop(0))
        single_model.write_record(folder.runs, made)
        return made


def test_a_run_that_diverged_is_tried_once_more_at_a_lower_rate_and_never_again(
    config: StudyConfig, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    runs = runs_of_model(config, "c", "small", 640, MIXTURE, 0)
    assert [spec.hyper for spec in runs] == [{}, {"learning_rate_factor": 0.5}]
    training = Trained("diverged", "diverged", "ok")
    monkeypatch.setattr(single_model, "train_single", training)
    folder = StudyFolder(tmp_path)
    assert train_model(runs, config, folder, tmp_path / "model", Silent()).status == "diverged"
    assert training.asked == runs
    assert {found.status for found in read_records(folder.runs)} == {"diverged"}
    assert train_model(runs, config, folder, tmp_path / "model", Silent()).status == "diverged"
    assert training.asked == runs, "both are known to diverge"

    never = config.model_copy(update={"training": config.training.model_copy(update={"retry_rate": None})})
    assert len(runs_of_model(never, "c", "small", 640, MIXTURE, 0)) == 1
