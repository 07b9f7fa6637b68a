"""The comparison from records and test losses, with baselines and a rule: what is written, and which yardstick."""

from __future__ import annotations

import json
import math
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import numpy as np
import pytest

from codescale.artifact import Interval
from codescale.comparison import compare
from codescale.comparison.compare import compare_runs
from codescale.comparison.plan import MEASURED, PREDICTED, UNIFORM, comparison_runs
from codescale.comparison.result import ScaleComparison
from codescale.corpus.reader import Corpus
from codescale.errors import UserError
from codescale.files import write_json
from codescale.mixtures.mixture import Mixture
from codescale.runs.document_losses import DocumentLosses, document_losses_file, write_document_losses
from codescale.runs.records import Evaluation, RunRecord, RunSpec
from codescale.study.config import StudyConfig, parse_study
from tests.memory_corpus import LANGUAGES, MemoryCorpus
from tests.tiny_study import tiny_study

MIXTURES = {
    UNIFORM: Mixture.uniform(LANGUAGES),
    PREDICTED: Mixture({"python": 0.5, "java": 0.5}),
    MEASURED: Mixture({"python": 0.7, "rust": 0.3}),
    "natural": Mixture({"python": 0.2, "java": 0.8}),
    "weights": Mixture({"python": 0.9, "java": 0.1}),
}
RISES = {UNIFORM: 0.3, PREDICTED: 0.1, MEASURED: 0.0, "natural": 0.2, "weights": 0.25}
"""Of every language's loss, above that under the measured best."""


def study(**comparison: Any) -> StudyConfig:
    content = tiny_study().model_dump()
    content["comparison"] |= {"seeds": 4} | comparison
    return parse_study(content, "study.yaml")


def record(spec: RunSpec, losses: dict[str, float]) -> RunRecord:
    evaluation = Evaluation(n_tokens=640, losses=losses, annealed=True, branch=640, flops=1.0)
    return RunRecord(
        spec=spec,
        status="ok",
        evaluations=(evaluation,),
        corpus_id="memory",
        tokens_trained=640,
        flops=1.0,
        seconds=1.0,
        finished=0.0,
    )


def compared(config: StudyConfig, folder: Path, yardstick: str | None = None, documents: int = 0) -> ScaleComparison:
    """With seeds whose luck is shared, but for a little; ``documents`` of ten tokens each are kept."""
    chosen = {role: MIXTURES[role] for role in (*config.comparison.compared, PREDICTED, MEASURED)}
    plan = comparison_runs(config, config.comparison, chosen, None, {})
    generator, records = np.random.default_rng(0), {}
    for role, specs in plan.items():
        records[role] = []
        for spec in specs:
            names = (*LANGUAGES, *config.directions)
            luck = {name: 4.0 + RISES[role] + 0.01 * spec.seed + generator.normal(0, 0.005) for name in names}
            if role == MEASURED:
                luck["java"] += 0.4
            records[role].append(record(spec, luck))
            write_json(folder / f"{spec.run_id}.json", {"run_id": spec.run_id, "losses": luck})
            if documents:
                kept = {
                    name: _documents(loss, documents, generator) for name, loss in luck.items() if name in LANGUAGES
                }
                write_document_losses(document_losses_file(folder, spec.run_id), kept)
    corpus = cast(Corpus, MemoryCorpus())
    return compare_runs(config, config.comparison, corpus, None, records, folder, {}, yardstick)


def _documents(loss: float, count: int, generator: np.random.Generator) -> DocumentLosses:
    luck = generator.normal(0, 0.01, count)
    places = np.arange(count)
    return DocumentLosses(places, 10 * (loss + luck - luck.mean()), np.full(count, 10))


def test_every_baseline_has_a_verdict_and_the_best_on_validation_is_the_yardstick(tmp_path: Path) -> None:
    rule = {"reference": "natural", "margin": "1 %"}
    config = study(baselines=["natural", "weights"], no_harm=rule)
    result = compared(config, tmp_path)
    assert set(result.mixtures) == {UNIFORM, "natural", "weights", PREDICTED, MEASURED}
    assert list(result.baselines) == [UNIFORM, "natural", "weights"]
    assert result.yardstick == "natural"
    assert result.verdict
    # The mean over three languages of a gain of 0.2 and, for Java, a loss of 0.2.
    assert result.baselines["natural"].difference.objective.mean == pytest.approx(-0.2 + 0.4 / 3, abs=0.01)
    assert result.verdict.statement.startswith(
        "The measured best mixture beats natural (the best of 3 baselines on validation)"
    )
    assert "It beats uniform and weights (Holm's correction for 3 mixtures)." in result.verdict.statement
    assert "By the margin of 1 % against natural: harmed: java" in result.verdict.statement
    assert result.verdict.harmed == ("java",)
    assert result.harm
    assert result.harm.reference == "natural"
    assert result.verdict.beats_uniform is True
    assert compared(study(baselines=["natural", "weights"], yardstick="weights"), tmp_path).yardstick == "weights"
    assert compared(config, tmp_path, yardstick="weights").yardstick == "weights", "the proof's, at a larger scale"


def test_without_baselines_it_is_uniform_alone_as_it_was(tmp_path: Path) -> None:
    result = compared(study(), tmp_path)
    assert list(result.baselines) == [UNIFORM]
    assert result.yardstick == UNIFORM
    assert result.verdict
    assert result.verdict.statement.startswith("The measured best mixture beats uniform: -0.16")
    assert "Holm" not in result.verdict.statement
    assert "It harms java: higher loss than under uniform beyond the noise." in result.verdict.statement
    assert result.harm
    assert not result.harm.by_rule


def test_a_rule_that_reads_as_the_usual_one_is_a_rule_all_the_same(tmp_path: Path) -> None:
    written = compared(study(no_harm={"reference": "uniform", "margin": 0}), tmp_path).harm
    assert written
    assert written.by_rule
    assert written.content()["written"] is True
    before = written.model_copy(update={"written": None})
    assert not before.by_rule, "files of before do not say who set it"
    assert before.model_copy(update={"margin": 0.01}).by_rule


def test_a_run_that_did_not_end_well_is_named(tmp_path: Path) -> None:
    config = study()
    chosen = {role: MIXTURES[role] for role in (UNIFORM, PREDICTED, MEASURED)}
    plan = comparison_runs(config, config.comparison, chosen, None, {})
    records = {role: [record(spec, dict.fromkeys(LANGUAGES, 4.0)) for spec in specs] for role, specs in plan.items()}
    records[MEASURED][0] = records[MEASURED][0].model_copy(update={"status": "diverged"})
    with pytest.raises(UserError, match=r"runs/comparison-measured_best-.*ended as diverged"):
        compare_runs(config, config.comparison, cast(Corpus, MemoryCorpus()), None, records, tmp_path, {})


def test_what_documents_cost_is_judged_beside_the_seeds(tmp_path: Path) -> None:
    config = study(baselines=["natural", "weights"])
    result = compared(config, tmp_path, documents=30)
    assert result.test_text
    assert result.test_text.degrees_of_freedom == (5 - 1) * (4 - 1)
    assert set(result.test_text.losses) == set(LANGUAGES)
    assert result.test_text.objective.documents == 90
    for one in result.baselines.values():
        assert one.crossed
        assert one.crossed.objective.mean == pytest.approx(one.difference.objective.mean)
        assert set(one.crossed.losses) == set(LANGUAGES)
    assert result.verdict
    assert "Over other documents of the same source too (90 were read): -0." in result.verdict.statement
    assert ScaleComparison.of(result.content(), "c", "") == result


def test_a_comparison_of_before_is_judged_as_it_was(tmp_path: Path) -> None:
    config = study(baselines=["natural", "weights"])
    with_documents = compared(config, tmp_path / "with", documents=30)
    without = compared(config, tmp_path / "without")
    assert without.test_text is None
    assert all(one.crossed is None for one in without.baselines.values())
    assert without.verdict
    assert "documents" not in without.verdict.statement
    assert {word: one.beats for word, one in without.baselines.items()} == {
        word: one.beats for word, one in with_documents.baselines.items()
    }


def test_directions_of_translation_are_weighed_told_and_not_protected(tmp_path: Path) -> None:
    content = study().model_dump()
    content["training"]["translation_evaluation"] = {"pairs": 2}
    content["target"]["weights"] = {"python": 1, "java->rust": 3}
    config = parse_study(content, "study.yaml")
    result = compared(config, tmp_path, documents=5)
    own = result.mixtures[MEASURED].measured
    assert set(own.translations) == set(config.directions)
    assert set(own.losses) == set(LANGUAGES)
    weighed = 0.25 * own.losses["python"].mean + 0.75 * own.translations["java->rust"].mean
    assert own.objective.mean == pytest.approx(weighed)
    assert result.differences[MEASURED].translations["java->rust"].mean == pytest.approx(-0.3, abs=0.02)
    assert result.harm
    assert set(result.harm.languages) == set(LANGUAGES)
    assert result.test_text is None, "a translation shares its documents with a language"
    plain = compared(study(), tmp_path, documents=5)
    assert plain.test_text is not None
    assert "translations" not in plain.content()["mixtures"][MEASURED]["measured"]


def test_a_law_without_intervals_predicts_without_them(config: StudyConfig, monkeypatch: pytest.MonkeyPatch) -> None:
    nothing = np.full((1, 1), np.nan)
    law = SimpleNamespace(
        domains=config.languages,
        targets=("java->rust",),
        predict=lambda *_: SimpleNamespace(losses=np.array([[2.5]]), low=nothing, high=nothing),
    )
    monkeypatch.setattr(compare, "predict_objective", lambda *_: (2.0, math.nan, math.nan))
    found = compare.prediction(config, config.comparison.scales[0], law, config.uniform())  # type: ignore[arg-type]
    assert found.objective == Interval(value=2.0, low=None, high=None)
    assert found.losses == {"java->rust": Interval(value=2.5, low=None, high=None)}
    json.dumps(found.content(), allow_nan=False)
