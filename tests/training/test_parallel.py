"""One run on two workers equals the same run on one: whole or sharded weights, uneven batches, small passes."""

from __future__ import annotations

from itertools import product
from pathlib import Path
from typing import Any

import pytest
import torch

from codescale.errors import UserError
from codescale.runs.records import RunSpec
from codescale.study.config import StudyConfig
from codescale.study.training import TranslationSection
from codescale.training.parallel import SingleProcess
from tests.training.two_workers import train, train_on

KINDS = ("replicated", "sharded")
SETTINGS: dict[str, dict[str, Any]] = {
    "adamw": {"optimizer": "adamw", "batch": 4},
    "muon": {"optimizer": "muon", "batch": 4},
    "adamw, uneven, small passes": {"optimizer": "adamw", "batch": 5, "micro_batch": 2},
    "muon, uneven, small passes": {"optimizer": "muon", "batch": 5, "micro_batch": 2},
    "a row for one worker only, weight decay, recomputed, cosine, documents": {
        "batch": 3,
        "micro_batch": 1,
        "weight_decay": 0.1,
        "checkpoint_activations": True,
        "schedule": "cosine",
        "attention": "document",
        "translation_evaluation": TranslationSection(pairs=5),
    },
}
RESUMED = SETTINGS["muon, uneven, small passes"]


def job(config: StudyConfig, kind: str, **training: Any) -> dict[str, Any]:
    """A run of a dozen steps with two cooldowns."""
    section = config.training.model_copy(update={"muon_precision": "float32", "evaluations": 2} | training)
    run = RunSpec(
        run_id="r",
        stage="train",
        size="small",
        n_params=config.sizes["small"].n_params,
        seed=5,
        token_points=(6 * section.batch * 16, 12 * section.batch * 16),
        proportions={"python": 0.5, "java": 0.3, "rust": 0.2},
    )
    whole = config.model_copy(update={"training": section})
    return {"config": whole.model_dump(mode="json"), "spec": run.model_dump(mode="json"), "kind": kind}


def assert_same(name: str, found: dict[str, Any], expected: dict[str, Any]) -> None:
    assert [one["tokens"] for one in found["curve"]] == [one["tokens"] for one in expected["curve"]], name
    for one, other in zip(found["curve"], expected["curve"], strict=True):
        assert one["losses"] == pytest.approx(other["losses"], abs=1e-5), name
        assert one["metrics"]["gradient_norm"] == pytest.approx(other["metrics"]["gradient_norm"], rel=1e-4), name


def test_two_workers_equal_one_and_checkpoints_go_from_any_number_to_any(config: StudyConfig, tmp_path: Path) -> None:
    """In one test, since processes take longer to start than to train."""
    pairs = list(product(SETTINGS, KINDS))
    halves = [job(config, kind, **RESUMED) | {"checkpoint": str(tmp_path / kind), "save_at": 2} for kind in KINDS]
    for kind in KINDS:
        (tmp_path / kind).mkdir()
    wholes = [half | {"save_at": None} for half in halves]
    found = train_on(2, [*(job(config, kind, **SETTINGS[name]) for name, kind in pairs), *halves, *wholes])
    torch.set_num_threads(1)
    for (name, kind), result in zip(pairs, found, strict=False):
        assert_same(f"{name}, {kind}", result, train(job(config, "replicated", **SETTINGS[name])))

    undisturbed = train(job(config, "replicated", **RESUMED))
    replicated, sharded = wholes
    on_two = found[-2:]
    on_one = [train(replicated), *train_on(1, [sharded])]
    for kind, half, *resumed in zip(KINDS, found[len(pairs) :], on_two, on_one, strict=False):
        assert len(half["curve"]) == 2
        for result in resumed:
            assert result["begun"] > 0
            assert_same(f"resumed, {kind}", result, undisturbed)


@pytest.mark.parametrize(("batch", "world"), [(5, 2), (4, 4), (7, 3), (1, 1)])
def test_every_row_is_one_workers(batch: int, world: int) -> None:
    shares = []
    for rank in range(world):
        worker = SingleProcess()
        worker.rank, worker.world = rank, world
        shares.append(worker.rows(batch))
    assert [row for share in shares for row in share] == list(range(batch))
    assert max(map(len, shares)) - min(map(len, shares)) <= 1


def test_more_workers_than_sequences_are_refused() -> None:
    worker = SingleProcess()
    worker.rank, worker.world = 0, 3
    with pytest.raises(UserError, match="2 sequences cannot be shared out over 3 workers"):
        worker.rows(2)
