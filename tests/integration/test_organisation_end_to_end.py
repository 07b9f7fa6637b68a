"""A study whose programs have translations: a search with real runs that chooses how they stand, and its proof."""

from __future__ import annotations

import json
import random
from pathlib import Path

import pytest
import yaml

from codescale.directions import directions_among
from codescale.errors import UserError
from codescale.runs.records import read_records
from codescale.runs.table_reader import read_runs
from codescale.stages.study import Study
from tests.generated_code import TEMPLATES, WORDS
from tests.integration.small_study import STUDY

SPACE = {"languages": "all", "hyperparameters": {"organisation": ["shuffled", "paired"]}}


def write_programs(folder: Path, programs: int = 60, functions: int = 8) -> None:
    """``programs`` in all languages, each in a file whose path but for the ending is that of its translations."""
    draw = random.Random(0)
    for program in range(programs):
        chosen = [
            dict(zip("abcde", draw.sample(WORDS, 5), strict=True))
            | {"n": draw.randrange(100), "m": draw.randrange(999)}
            for _ in range(functions)
        ]
        for ending, template in TEMPLATES.values():
            path = folder / f"repository-{program % 6}" / f"program_{program}{ending}"
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text("".join(template.format(**names) for names in chosen))


def make(folder: Path, translations: str | None = "same_path", functions: int = 8, **training: object) -> Path:
    write_programs(folder / "code", functions=functions)
    source = {"kind": "folder", "path": "code"} | ({"translations": translations} if translations else {})
    content = STUDY | {
        "corpus": STUDY["corpus"] | {"sources": [source]},  # type: ignore[operator]
        "training": STUDY["training"] | training,  # type: ignore[operator]
        "sweep": {
            "grid": {"sizes": ["tiny", "small"], "tokens": [2560, 5120]},
            "pairs": {"size": "tiny", "tokens": 5120},
            "mixtures": {"count": 6, "sizes": ["small"], "tokens": [5120]},
        },
        "search": STUDY["search"] | {"trials": 6, "concurrency": 2},  # type: ignore[operator]
        "comparison": {"size": "small", "tokens": 5120, "seeds": 3},
    }
    (folder / "study.yaml").write_text(yaml.safe_dump(content, sort_keys=False))
    return folder


def with_space(folder: Path) -> Path:
    (folder / "search_space.yaml").write_text(yaml.safe_dump(SPACE))
    return folder


@pytest.mark.ray
@pytest.mark.slow
def test_a_search_chooses_the_organisation_and_the_comparison_proves_that_choice(tmp_path: Path) -> None:
    study = Study(with_space(make(tmp_path)))
    page = study.run()
    found = json.loads((tmp_path / "search.json").read_text())
    trials = [entry for entry in found["trials"] if entry["number"] is not None]
    assert {entry["organisation"] for entry in trials} == {"shuffled", "paired"}
    assert sum(entry["number"] is None for entry in found["trials"]) >= 6
    records = {record.spec.run_id: record.spec for record in read_records(tmp_path / "runs")}
    assert all(records[entry["run_id"]].organisation == entry["organisation"] for entry in trials)
    chosen = found["recommended"]["organisation"]
    compared = json.loads((tmp_path / "comparison.json").read_text())["mixtures"]
    assert compared["measured_best"]["organisation"] == chosen
    assert compared["uniform"]["organisation"] == "shuffled"
    told = json.loads((tmp_path / "comparison.json").read_text())["verdict"]["statement"]
    assert ("of mixture and organisation together" in told) == (chosen == "paired")
    assert set(read_runs(tmp_path / "runs.parquet").organisation) == {"shuffled", "paired"}
    assert "its translation stood in one document" in page.read_text()
    again = study.search()
    assert [entry["run_id"] for entry in again["trials"]] == [entry["run_id"] for entry in found["trials"]]


@pytest.mark.ray
def test_a_study_that_pairs_does_so_in_every_run_and_keeps_what_was_shuffled(tmp_path: Path) -> None:
    shuffled = Study(make(tmp_path))
    shuffled.corpus()
    before = {record.spec.run_id for record in shuffled.sweep()}
    study = Study(make(tmp_path, organisation="paired"))
    records = study.sweep()
    assert {record.spec.organisation for record in records} == {"paired"}
    assert {f"{run_id}-paired" for run_id in before} == {record.spec.run_id for record in records}
    study.fit()
    study.optimize()
    study.search()
    study.compare()
    assert {record.spec.organisation for record in read_records(tmp_path / "runs") if record.spec.stage == "trial"} == {
        "paired"
    }
    compared = json.loads((tmp_path / "comparison.json").read_text())["mixtures"]
    assert {mixture["organisation"] for mixture in compared.values()} == {"paired"}


@pytest.mark.parametrize(
    ("training", "space", "field"),
    [
        ({}, True, "search_space.yaml, hyperparameters.organisation: paired needs"),
        ({"organisation": "paired"}, False, "study.yaml, training.organisation: paired needs"),
    ],
)
def test_without_translations_it_is_refused_before_anything_is_trained(
    tmp_path: Path, training: dict[str, object], space: bool, field: str
) -> None:
    make(tmp_path, None, **training)
    study = Study(with_space(tmp_path) if space else tmp_path)
    study.corpus()
    for stage in (study.sweep, *([study.search] if space else [study.train])):
        with pytest.raises(UserError, match=field):
            stage()  # type: ignore[operator]
    assert not (tmp_path / "runs").exists()


def test_another_pivot_is_looked_for_where_the_study_says(tmp_path: Path) -> None:
    study = Study(make(tmp_path, organisation="paired", pivot="go"))
    study.corpus()
    with pytest.raises(UserError, match=r"the pivot, go, .*; name program_column or translations in corpus.sources"):
        study.sweep()


@pytest.mark.ray
@pytest.mark.slow
def test_pairing_is_judged_and_a_direction_is_weighed_from_the_sweep_to_the_report(tmp_path: Path) -> None:
    make(tmp_path, functions=1, context=384, batch=1, translation_evaluation={"pairs": 4})
    content = yaml.safe_load((tmp_path / "study.yaml").read_text())
    content["training"]["evaluations"] = 1
    del content["sweep"]["grid"], content["sweep"]["pairs"]
    content["sweep"]["organisation"] = {"sizes": ["tiny", "small"], "tokens": [2560, 5120], "seeds": 2}
    content["target"]["weights"] = {"python": 1, "java->rust": 2}
    content["search"] |= {"trials": 3, "prune": "curves"}
    (tmp_path / "study.yaml").write_text(yaml.safe_dump(content, sort_keys=False))
    study = Study(tmp_path)
    page = study.run()
    table = read_runs(tmp_path / "runs.parquet")
    directions = set(directions_among(study.config.languages))
    assert set(table.targets) == {*study.config.languages, *directions}
    assert set(table.domains) == set(study.config.languages)
    law = json.loads((tmp_path / "law.json").read_text())
    assert directions < set(law["targets"])
    assert set(law["domains"]) == set(study.config.languages)
    found = json.loads((tmp_path / "search.json").read_text())
    ended = [entry for entry in found["trials"] if entry["objective"] is not None]
    records = {record.spec.run_id: record for record in read_records(tmp_path / "runs")}
    for entry in ended:
        losses = records[entry["run_id"]].final_losses(5120)
        assert entry["objective"] == pytest.approx((losses["python"] + 2 * losses["java->rust"]) / 3)
    compared = json.loads((tmp_path / "comparison.json").read_text())
    assert set(compared["mixtures"]["uniform"]["measured"]["translations"]) == directions
    assert set(compared["harm"]["languages"]) == set(study.config.languages)
    judged = json.loads((tmp_path / "organisation.json").read_text())
    assert [len(judged["scales"]), set(judged["scaling"])] == [4, {"shuffled", "paired"}]
    assert judged["scales"][0]["families"]["unseen"]["targets"] == 2
    shown = page.read_text()
    assert "What pairing translations does" in shown
    assert "Parallel pairing helps zero-shot translation" in shown
    again = study.sweep()
    assert len(again) == sum(one.spec.stage in ("mixture", "organisation") for one in records.values())


def test_directions_without_programs_are_refused_before_anything_is_trained(tmp_path: Path) -> None:
    make(tmp_path, functions=1, context=384, batch=1, translation_evaluation={})
    study = Study(tmp_path)
    study.corpus()
    for context, weights, message in (
        (16, {"python": 1}, "training.translation_evaluation: no program of the validation split"),
        (16, {"java->rust": 1}, "fits into a sequence of 16 tokens"),
    ):
        content = yaml.safe_load((tmp_path / "study.yaml").read_text())
        content["training"]["context"], content["target"]["weights"] = context, weights
        (tmp_path / "study.yaml").write_text(yaml.safe_dump(content, sort_keys=False))
        with pytest.raises(UserError, match=message):
            Study(tmp_path).sweep()
    make(tmp_path, None)
    content = yaml.safe_load((tmp_path / "study.yaml").read_text())
    content["sweep"]["organisation"] = {"sizes": ["tiny"], "tokens": [2560]}
    (tmp_path / "study.yaml").write_text(yaml.safe_dump(content, sort_keys=False))
    (tmp_path / "corpus" / "manifest.json").unlink()
    study = Study(tmp_path)
    study.corpus()
    with pytest.raises(UserError, match=r"sweep\.organisation: paired needs documents that translate one in the pivot"):
        study.sweep()
    assert not (tmp_path / "runs").exists()
