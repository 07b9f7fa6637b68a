"""Packs of runs of a fraction of a second, and the same runs alone."""

from __future__ import annotations

from pathlib import Path

import pytest

from codescale.runs.records import RunRecord, RunSpec
from codescale.study.config import StudyConfig
from codescale.training.loop.checkpoint import FileStore
from codescale.training.packed.session import PackedSession
from codescale.training.parallel import SingleProcess
from tests.memory_corpus import MemoryCorpus
from tests.training.loop.short_runs import MemoryData, finish, session


def pack(
    config: StudyConfig, corpus: MemoryCorpus, specs: list[RunSpec], checkpoint: Path | None = None
) -> PackedSession:
    store = FileStore(checkpoint) if checkpoint else None
    return PackedSession(specs, config, MemoryData(config, corpus), store, SingleProcess())


def finished(opened: PackedSession) -> list[RunRecord]:
    while not opened.finished:
        opened.advance()
    return opened.records()


def alone(config: StudyConfig, corpus: MemoryCorpus, run: RunSpec) -> RunRecord:
    opened = session(config, corpus, run)
    finish(opened)
    return opened.record("diverged" if opened.diverged else "ok")


def assert_same(packed: RunRecord, lone: RunRecord) -> None:
    for name in ("spec", "status", "corpus_id", "tokens_trained", "flops", "note"):
        assert getattr(packed, name) == getattr(lone, name), name
    for ours, theirs in zip(packed.evaluations, lone.evaluations, strict=True):
        assert ours.losses == pytest.approx(theirs.losses, abs=1e-5)
        assert ours.metrics == pytest.approx(theirs.metrics, abs=1e-4)
        assert ours.model_copy(update={"losses": {}, "metrics": {}}) == theirs.model_copy(
            update={"losses": {}, "metrics": {}}
        )
