"""What the proof is expected to tell, from a study's folder as its stages left it."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy as np
import pytest

from codescale.comparison.power.result import PowerResult
from codescale.errors import UserError
from codescale.files import read_yaml, write_text
from codescale.runs.records import read_records, write_record
from codescale.search.objective.problem import study_problem
from codescale.stages.power import expected_power, power, say_before_the_law, with_seeds
from codescale.stages.study import Study
from tests.comparison.documents.kept import keep
from tests.comparison.documents.planted import Effects, layout
from tests.stages.lines import Lines

KEPT = Path(__file__).parents[1] / "fixtures" / "study_e8b6a9a"


def study(folder: Path, lines: Lines | None = None, **sections: object) -> Study:
    """The kept study after its search, with other ``sections``."""
    if not folder.exists():
        shutil.copytree(KEPT, folder)
    content = read_yaml(folder / "study.yaml")
    for name, section in sections.items():
        content[name] = content.get(name, {}) | section  # type: ignore[operator]
    write_text(folder / "study.yaml", json.dumps(content))
    return Study(folder, lines)


def test_every_question_is_answered_by_the_law(tmp_path: Path) -> None:
    questions = {"all languages alike": {}, "rust alone": {"weights": {"rust": 1}, "bounds": {"java": [0.2, 1]}}}
    made = study(tmp_path / "s", questions=questions, comparison={"baselines": ["natural", "weights"]})
    found = expected_power(made.context)
    assert [one.name for one in found.questions] == ["target", "all languages alike", "rust alone"]
    assert [one.searched for one in found.questions] == [True, False, False]
    assert found.noise.measured
    assert found.missing is None
    for one in found.questions:
        assert set(one.baselines) == {"uniform", "natural", "weights"}
        assert all(each.gain is not None and each.chance is not None for each in one.baselines.values())
    assert found.own.baselines["weights"].same_as == "uniform"
    assert found.questions[2].baselines["weights"].same_as is None
    mixture = found.questions[2].mixture
    assert mixture is not None
    assert mixture["java"] >= 0.2 - 1e-9
    assert found.questions[0].baselines == found.questions[1].baselines
    assert not made.folder.power.exists()


def test_it_is_written_and_said(tmp_path: Path) -> None:
    lines = Lines()
    made = study(tmp_path / "s", lines, questions={"all languages alike": None})
    found = power(made.context)
    assert PowerResult.read(made.folder.power, "") == found
    assert found.caution is None
    assert lines.said == [*(one.statement for one in found.questions), found.advice]
    assert "power" in json.loads(made.folder.timings.read_text())["stages"]


def test_before_there_is_a_law_what_is_missing_is_said(tmp_path: Path) -> None:
    lines = Lines()
    made = study(tmp_path / "s", lines)
    say_before_the_law(made.context)
    assert lines.said == []
    made.folder.law.unlink()
    swept = expected_power(made.context)
    assert swept.law is None
    assert swept.missing is not None
    assert swept.noise.measured
    assert swept.own.outlook == "unknown"
    with pytest.raises(UserError, match="codescale fit"):
        power(made.context)
    shutil.rmtree(made.folder.runs)
    shutil.rmtree(made.folder.corpus)
    bare = expected_power(made.context)
    assert not bare.noise.measured
    assert "corpus, sweep and fit" in (bare.missing or "")
    say_before_the_law(made.context)
    assert lines.said[0].startswith("Before there is a law, by the noise of like studies: 3 seeds of each mixture")


def test_a_law_in_another_unit_tells_no_gains_in_nats(tmp_path: Path) -> None:
    made = study(tmp_path / "s")
    law = json.loads(made.folder.law.read_text())
    made.folder.law.write_text(json.dumps(law | {"loss_unit": "bits per byte"}))
    found = expected_power(made.context)
    assert found.law is None
    assert "bits per byte" in (found.missing or "")


def test_a_law_that_knows_no_repetition_is_doubted_where_a_baseline_repeats(tmp_path: Path) -> None:
    lines = Lines()
    target = {"size": "small", "n_tokens": 1280, "available": {"python": 4_000, "java": 50, "rust": 4_000}}
    made = study(tmp_path / "s", lines, target=target, sweep={"repetition": "target"})
    found = power(made.context)
    assert found.caution is not None
    assert "uniform reads Java 8.5 times (target.max_epochs: 4)" in found.caution
    assert lines.said[-1] == found.caution


def test_seeds_that_were_chosen_stay_until_the_limit_changes(tmp_path: Path) -> None:
    auto = {"seeds": "auto", "budget_tokens": 3 * 10 * 1280}
    made = study(tmp_path / "s", comparison=auto)
    problem = study_problem(made.config, made.folder)
    seeds = with_seeds(made.context, problem).config.comparison.seeds
    written = PowerResult.read(made.folder.power, "")
    assert (written.seeds, written.seeds_chosen) == (seeds, True)
    assert 3 <= written.seeds <= 10
    made.folder.power.write_text(json.dumps(written.content() | {"seeds": 7}))
    assert with_seeds(made.context, problem).config.comparison.seeds == 7
    assert power(made.context).seeds == 7
    assert read_records(made.folder.runs)
    less = study(tmp_path / "s", comparison=auto | {"budget_tokens": 3 * 4 * 1280})
    assert with_seeds(less.context, study_problem(less.config, less.folder)).config.comparison.seeds <= 4
    fixed = study(tmp_path / "s2")
    problem = study_problem(fixed.config, fixed.folder)
    assert with_seeds(fixed.context, problem) is problem
    assert not fixed.folder.power.exists()


def test_a_proof_that_the_study_has_had_tells_its_noise_to_the_next_plan_alone(tmp_path: Path) -> None:
    made = study(tmp_path / "s", comparison={"baselines": ["natural", "weights"]})
    before = expected_power(made.context)
    section, languages = made.config.comparison, made.config.languages
    effects = Effects(0.05, 0.1, 0.3)
    planted = layout(effects, 4, 4, dict.fromkeys(languages, 20), np.random.default_rng(0))
    records = keep(planted, made.folder.test_losses, made.config.sizes[section.size].n_params, section.tokens)
    for one in (one for runs in records.values() for one in runs):
        write_record(made.folder.runs, one)
    found = made.forecast_proof()
    assert "the study's own proof" in found.noise.source
    assert found.noise.degrees_of_freedom == 9
    assert found.noise.text_share is not None
    assert 0 < found.noise.text_share <= 1
    assert before.noise.text_share is None
    written = power(made.context)
    assert written.noise == before.noise, "what was to be expected before the proof is not known by the proof"
