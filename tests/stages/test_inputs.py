"""What stages read of each other: where it is missing, one line that names the command which makes it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml

import codescale.corpus.reader
from codescale.errors import UserError
from codescale.laws.law import save_law
from codescale.laws.warning import DefaultWeightWarning
from codescale.progress import Silent
from codescale.runs.units import LossUnit
from codescale.stages.inputs import (
    StageContext,
    available_tokens,
    comparable_law,
    fitted_law,
    predicted_mixture,
    say_weightless,
    search_result,
    swept_runs,
    target_availability,
    unique_tokens,
)
from codescale.stages.study import Study
from codescale.study.config import StudyConfig
from codescale.study.folder import StudyFolder
from tests.allocation.made_law import made_law
from tests.memory_corpus import MemoryCorpus


@pytest.fixture
def context(config: StudyConfig, tmp_path: Path) -> StageContext:
    folder = StudyFolder(tmp_path / "mine")
    folder.root.mkdir()
    folder.config_file.write_text(yaml.safe_dump(config.model_dump(mode="json", exclude_none=True)))
    return StageContext(config, folder, Silent())


@pytest.mark.parametrize(
    ("read", "file", "command"),
    [
        (lambda context: swept_runs(context.folder), "runs.parquet", "codescale sweep mine"),
        (lambda context: fitted_law(context.folder), "law.json", "codescale fit mine"),
        (lambda context: predicted_mixture(context.folder), "mixture.yaml", "codescale optimize mine"),
        (lambda context: search_result(context.folder), "search.json", "codescale search mine"),
        (lambda context: context.corpus(), "manifest.json", "codescale corpus"),
        (available_tokens, "manifest.json", "codescale corpus"),
        (target_availability, "manifest.json", "codescale corpus"),
        (lambda context: unique_tokens(context, 640), "manifest.json", "codescale corpus"),
    ],
)
def test_a_missing_artifact_names_the_command_that_makes_it(
    context: StageContext, read: Callable[[StageContext], Any], file: str, command: str
) -> None:
    with pytest.raises(UserError) as refused:
        read(context)
    line = str(refused.value)
    assert f"{file}: no such file" in line
    assert f"run {command}" in line
    assert "\n" not in line


@pytest.mark.parametrize(
    ("stage", "command"),
    [
        ("sweep", "codescale corpus"),
        ("fit", "codescale sweep"),
        ("optimize", "codescale fit"),
        ("search", "codescale corpus"),
        ("compare", "codescale corpus"),
        ("train", "codescale corpus"),
    ],
)
def test_a_stage_that_comes_too_early_says_which_one_to_run(context: StageContext, stage: str, command: str) -> None:
    with pytest.raises(UserError, match=f"run {command}"):
        getattr(Study(context.folder.root), stage)()


def test_a_law_in_another_unit_is_not_held_beside_the_studys_runs(context: StageContext) -> None:
    save_law(made_law(samples=0), context.folder.law)
    assert comparable_law(context).loss_unit is LossUnit.NATS_PER_TOKEN
    save_law(made_law(samples=0).model_copy(update={"loss_unit": LossUnit.BITS_PER_BYTE}), context.folder.law)
    assert fitted_law(context.folder).loss_unit is LossUnit.BITS_PER_BYTE
    with pytest.raises(UserError, match="the law is of bits per byte, what the study trains is measured in nats"):
        comparable_law(context)


def test_where_runs_repeat_as_the_target_will_the_law_knows_how_scarce_tokens_are(
    context: StageContext, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Half of the run is Rust's, of which there is a hundredth: half of it read 50 times at whatever D."""
    monkeypatch.setattr(codescale.corpus.reader, "open_corpus", lambda folder: MemoryCorpus(tokens=10**9))
    law = made_law(samples=3).model_copy(update={"half_life": 5.0})
    save_law(law, context.folder.law)
    content = context.config.model_dump(mode="json", exclude_none=True)
    content["sweep"]["repetition"] = "target"
    content["target"] |= {"n_tokens": 1_000_000, "available": {"rust": 10_000}}
    context.config = StudyConfig.model_validate(content)
    scarce = comparable_law(context)
    rust = np.array([name == "rust" for name in law.domains])
    shares = np.where(rust, 0.5, 0.5 / (len(rust) - 1))[None]
    for tokens in (1e5, 1e6):
        run = np.array([1e6]), np.array([tokens]), shares
        distinct = np.where(rust, 0.01 * tokens, np.inf)[None]
        assert scarce.predict(*run).losses == pytest.approx(law.predict(*run, distinct).losses, rel=1e-12)
        assert (scarce.predict(*run).losses > law.predict(*run).losses).all()
        at = np.log([1e6]), np.log([tokens]), shares
        assert np.exp(scarce.surface().log_losses(*at)) == pytest.approx(scarce.predict(*run).losses, rel=1e-12)
    assert scarce.sampled_losses(*run) == pytest.approx(law.sampled_losses(*run, distinct), rel=1e-12)
    save_law(scarce, context.folder.law)
    assert not fitted_law(context.folder).unique_per_token  # a file of a law says nothing of whose tokens are scarce


def test_what_weighs_nothing_by_default_is_said_unless_the_study_says_weights(context: StageContext) -> None:
    heard: list[str] = []
    context.progress.say = heard.append  # type: ignore[method-assign]
    say_weightless(context)
    assert heard == []
    content = context.config.model_dump(mode="json", exclude_none=True) | {"languages": ["python", "text", "rust"]}
    context.config = StudyConfig.model_validate(content)
    with pytest.warns(DefaultWeightWarning):
        say_weightless(context)
    assert heard == ["text weighs nothing by default (natural language): target.weights in study.yaml gives it weight."]
    content["target"] = content["target"] | {"weights": {"python": 1.0}}
    context.config = StudyConfig.model_validate(content)
    say_weightless(context)
    assert len(heard) == 1


def test_a_language_that_the_corpus_lacks_is_named(context: StageContext, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(context, "corpus", lambda: MemoryCorpus(languages=("python", "java")))
    with pytest.raises(UserError, match=r"manifest\.json: rust is not in the corpus; run codescale corpus again"):
        available_tokens(context)


def test_the_corpus_is_verified_once_for_all_stages(context: StageContext, monkeypatch: pytest.MonkeyPatch) -> None:
    """A large one takes long to read; made anew it is verified again."""
    opened: list[Path] = []

    def open_corpus(folder: Path) -> MemoryCorpus:
        opened.append(folder)
        return MemoryCorpus()

    monkeypatch.setattr(codescale.corpus.reader, "open_corpus", open_corpus)
    assert available_tokens(context) == dict.fromkeys(("python", "java", "rust"), 20_000)
    assert context.corpus() is context.corpus()
    target_availability(context)
    assert len(opened) == 1
    context.forget_corpus()
    context.corpus()
    assert len(opened) == 2
