"""Runs in a pack: the records of lone runs, whatever becomes of one of them and however often it is killed."""

from __future__ import annotations

import math
from pathlib import Path

import pytest
import torch

from codescale.runs.records import RunSpec
from codescale.study.config import StudyConfig
from codescale.training.model.llama import LanguageModel
from codescale.training.packed.session import packs_with
from codescale.training.parallel import SingleProcess
from tests.memory_corpus import MemoryCorpus
from tests.training.loop.short_runs import MemoryData, eager, killed_after, session, spec
from tests.training.packed.short_packs import alone, assert_same, finished, pack


def runs(config: StudyConfig, points: tuple[int, ...] = (320, 640)) -> list[RunSpec]:
    """Other mixtures, seeds, unique tokens and learning rates."""
    return [
        spec(config, points, run_id="a", proportions={"python": 0.5, "java": 0.5}, seed=1),
        spec(config, points, run_id="b", proportions={"rust": 1.0}, seed=2, unique_tokens=320),
        spec(config, points, run_id="c", seed=1, hyper={"learning_rate_factor": 0.3, "gradient_clip": 0.1}),
        spec(config, points, run_id="d", seed=1, hyper={"weight_decay": 0.1, "adamw_learning_rate": 0.005}),
    ]


@pytest.mark.parametrize("changes", [{}, {"optimizer": "adamw"}, {"schedule": "cosine", "attention": "document"}])
def test_each_record_is_that_of_the_run_alone(
    config: StudyConfig, memory_corpus: MemoryCorpus, changes: dict[str, str]
) -> None:
    # A spike is as sharp as its threshold: no loss here may lie where rounding decides.
    changed = config.training.model_copy(update=changes | {"spike": 1e6})
    config = config.model_copy(update={"training": changed})
    for record in finished(pack(config, memory_corpus, runs(config))):
        assert_same(record, alone(config, memory_corpus, record.spec))
        assert record.metrics["runs_in_pack"] == 4


def test_a_run_that_diverges_ends_alone_with_its_curve(config: StudyConfig, memory_corpus: MemoryCorpus) -> None:
    specs = runs(config)
    specs[1] = specs[1].model_copy(update={"hyper": {"learning_rate_factor": 1e30}})
    specs[2] = specs[2].model_copy(update={"hyper": {"learning_rate_factor": 1.0, "spike": 1e-4}})
    records = finished(pack(config, memory_corpus, specs))
    assert [record.status for record in records] == ["ok", "diverged", "diverged", "ok"]
    assert "not finite" in records[1].note
    assert "rose" in records[2].note
    assert records[2].evaluations
    assert records[1].tokens_trained < records[2].tokens_trained < records[0].tokens_trained
    for record in records:
        assert all(math.isfinite(loss) for one in record.evaluations for loss in one.losses.values())
        assert_same(record, alone(config, memory_corpus, record.spec))


def test_a_pack_all_of_whose_runs_diverged_is_finished(config: StudyConfig, memory_corpus: MemoryCorpus) -> None:
    specs = [run.model_copy(update={"hyper": {"learning_rate_factor": 1e30}}) for run in runs(config)]
    opened = pack(config, memory_corpus, specs)
    assert {record.status for record in finished(opened)} == {"diverged"}
    assert opened._segment < len(opened.schedule.segments)


@pytest.mark.parametrize("saves", [1, 9, 18])
def test_a_killed_pack_goes_on_with_the_same_numbers(
    config: StudyConfig, memory_corpus: MemoryCorpus, tmp_path: Path, saves: int
) -> None:
    often = eager(config)
    specs = runs(often)
    specs[1] = specs[1].model_copy(update={"hyper": {"learning_rate_factor": 1e30}})
    specs[2] = specs[2].model_copy(update={"hyper": {"spike": 1e-4}})
    undisturbed = finished(pack(often, memory_corpus, specs))
    path = tmp_path / "pack.safetensors"
    killed = pack(often, memory_corpus, specs, path)
    killed_after(killed, saves, lambda: finished(killed))
    second = pack(often, memory_corpus, specs, path)
    assert (second._segment, second._step) != (0, 0)
    again = finished(second)
    assert [record.evaluations for record in again] == [record.evaluations for record in undisturbed]
    assert [record.status for record in again] == ["ok", "diverged", "diverged", "ok"]
    for name in ("note", "status", "tokens_trained"):
        assert [getattr(record, name) for record in again] == [getattr(record, name) for record in undisturbed]
    second.discard_checkpoint()
    assert not path.exists()


def test_what_is_left_of_a_pack_goes_on_without_those_that_ended(
    config: StudyConfig, memory_corpus: MemoryCorpus, tmp_path: Path
) -> None:
    often = eager(config)
    specs, path = runs(often), tmp_path / "pack.safetensors"
    killed = pack(often, memory_corpus, specs, path)
    killed_after(killed, 14, lambda: finished(killed))
    left = pack(often, memory_corpus, [specs[3], specs[0]], path)
    assert (left._segment, left._step) != (0, 0)
    for record in finished(left):
        assert_same(record, alone(often, memory_corpus, record.spec))


def test_a_checkpoint_of_another_pack_or_of_a_lone_run_is_not_taken(
    config: StudyConfig, memory_corpus: MemoryCorpus, tmp_path: Path
) -> None:
    specs, path = runs(config), tmp_path / "pack.safetensors"
    first = pack(config, memory_corpus, specs[:2], path)
    first.advance()
    first._save()
    assert pack(config, memory_corpus, specs, path)._segment == 0
    assert session(config, memory_corpus, specs[0], path).evaluations == []
    lone = session(config, memory_corpus, specs[0], path)
    lone.advance()
    lone._save()
    assert pack(config, memory_corpus, specs[:1], path)._segment == 0


def test_a_run_taken_out_of_its_pack_is_the_lone_run_s_model(config: StudyConfig, memory_corpus: MemoryCorpus) -> None:
    specs = runs(config)
    opened = pack(config, memory_corpus, specs)
    records = finished(opened)
    taken = LanguageModel(opened.model.shape, memory_corpus.vocabulary, config.training.context)
    taken.load_state_dict(opened.model.member(2))
    data = MemoryData(config, memory_corpus).evaluator("validation", config.training.evaluation_tokens)
    losses = data.losses(taken, SingleProcess(torch.device("cpu")))
    assert losses == pytest.approx(records[2].evaluations[-1].losses, abs=1e-6)


def test_runs_that_do_not_go_together_are_refused(config: StudyConfig, memory_corpus: MemoryCorpus) -> None:
    first = runs(config)[0]
    for change in (
        {"token_points": (320,)},
        {"size": "tiny", "n_params": config.sizes["tiny"].n_params},
        {"hyper": {"batch": 4.0}},
        {"hyper": {"warmup_share": 0.5}},
    ):
        other = first.model_copy(update=change)
        assert packs_with(config, other) != packs_with(config, first)
        with pytest.raises(ValueError, match="cannot be trained in one pack"):
            pack(config, memory_corpus, [first, other])
