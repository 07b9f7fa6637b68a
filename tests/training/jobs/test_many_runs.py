"""A run of the proof: its losses by document, by language and its record are there together, the record last."""

from __future__ import annotations

from pathlib import Path
from typing import Any, cast

import pytest

from codescale.runs.document_losses import document_losses_file, read_document_losses
from codescale.runs.records import read_records
from codescale.study.config import StudyConfig
from codescale.training.jobs import many_runs
from codescale.training.jobs.many_runs import TrainJob, finish_run, read_test_losses
from codescale.training.metrics.evaluation import Evaluator
from codescale.training.parallel import SingleProcess
from codescale.training.session_factory import SessionFactory
from tests.memory_corpus import MemoryCorpus
from tests.training.loop.short_runs import session, spec


def job(config: StudyConfig, corpus: MemoryCorpus, folder: Path, tokens: int) -> TrainJob:
    factory = cast(SessionFactory, lambda run: session(config, corpus, run))
    run = spec(config)
    return TrainJob((run,), factory, folder / "runs", folder / "test_losses", {run.run_id: tokens})


def test_a_run_leaves_what_each_document_cost(config: StudyConfig, memory_corpus: MemoryCorpus, tmp_path: Path) -> None:
    done = job(config, memory_corpus, tmp_path, 10**9)
    finish_run(done, done.specs[0])
    assert not done.pending()
    losses = read_test_losses(done.test_losses, "r")
    documents = read_document_losses(document_losses_file(done.test_losses, "r"))
    assert losses.tokens == 10**9
    assert losses.losses == {name: pytest.approx(one.mean) for name, one in documents.items()}
    assert all(len(one.documents) == memory_corpus.tokens // memory_corpus.document for one in documents.values())


def test_the_losses_are_those_that_an_evaluation_gives(config: StudyConfig, memory_corpus: MemoryCorpus) -> None:
    opened = session(config, memory_corpus, spec(config))
    while not opened.finished:
        opened.advance()
    context = config.training.context
    plain = Evaluator(memory_corpus, config.languages, "test", tokens=512, context=context)
    expected = plain.losses(opened.model, SingleProcess())
    assert {name: one.mean for name, one in opened.test_losses(512).items()} == pytest.approx(expected, rel=1e-6)


def test_a_run_that_is_killed_while_it_writes_is_not_done(
    config: StudyConfig, memory_corpus: MemoryCorpus, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def killed(*_: Any) -> None:
        raise KeyboardInterrupt

    again = job(config, memory_corpus, tmp_path, 512)
    monkeypatch.setattr(many_runs, "write_json", killed)
    with pytest.raises(KeyboardInterrupt):
        finish_run(again, again.specs[0])
    assert again.pending()
    monkeypatch.undo()
    finish_run(again, again.specs[0])
    assert [record.status for record in read_records(again.records)] == ["ok"]
