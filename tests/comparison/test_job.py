"""A run of the proof: its losses by document, by language and its record are there together, the record last."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest

from codescale.cluster.ray_cluster import Workers
from codescale.comparison import job
from codescale.comparison.job import ProofWork
from codescale.comparison.kept_model import keep_model, kept_model
from codescale.comparison.losses import TestLosses, read_test_losses
from codescale.errors import UserError
from codescale.progress import Silent
from codescale.runs.document_losses import document_losses_file, read_document_losses
from codescale.runs.records import read_records
from codescale.study.config import StudyConfig
from codescale.study.folder import StudyFolder, study_folder
from codescale.sweeps.execute import Execution
from codescale.sweeps.packing import Pack
from codescale.training.loop.claim import Claim
from codescale.training.loop.session import TrainingSession
from codescale.training.metrics.evaluation import Evaluator
from codescale.training.model.hf_config import read_architecture
from codescale.training.model.hf_weights import load_weights
from codescale.training.model.llama import LanguageModel
from codescale.training.parallel import SingleProcess
from codescale.training.session_factory import SessionFactory
from tests.memory_corpus import MemoryCorpus
from tests.training.loop.short_runs import session, spec


def work(config: StudyConfig, corpus: MemoryCorpus, folder: Path, tokens: int) -> ProofWork:
    factory = cast(SessionFactory, lambda run, claim: session(config, corpus, run))
    return ProofWork(factory, StudyFolder(folder), {"r": tokens})


def finished(proof: ProofWork, config: StudyConfig, folder: Path) -> list[str]:
    run = spec(config)
    return [record.status for record in proof(Pack(run.run_id, (run,)), Claim.make(StudyFolder(folder), run.run_id))]


def test_a_run_leaves_what_each_document_cost(config: StudyConfig, memory_corpus: MemoryCorpus, tmp_path: Path) -> None:
    proof = work(config, memory_corpus, tmp_path, 10**9)
    assert finished(proof, config, tmp_path) == ["ok"]
    losses = read_test_losses(proof.folder.test_losses, "r")
    documents = read_document_losses(document_losses_file(proof.folder.test_losses, "r"))
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

    proof = work(config, memory_corpus, tmp_path, 512)
    monkeypatch.setattr(TestLosses, "write", killed)
    with pytest.raises(KeyboardInterrupt):
        finished(proof, config, tmp_path)
    assert not proof.folder.runs.exists()
    monkeypatch.undo()
    assert finished(proof, config, tmp_path) == ["ok"]
    assert [record.status for record in read_records(proof.folder.runs)] == ["ok"]


def test_a_run_that_another_worker_has_by_now_writes_nothing(
    config: StudyConfig, memory_corpus: MemoryCorpus, tmp_path: Path
) -> None:
    run = spec(config)
    early = Claim.make(StudyFolder(tmp_path), run.run_id)
    Claim.make(StudyFolder(tmp_path), run.run_id)
    proof = work(config, memory_corpus, tmp_path, 512)
    with pytest.raises(UserError, match="claimed by another worker"):
        proof(Pack(run.run_id, (run,)), early)
    assert not proof.folder.runs.exists()
    assert not proof.folder.test_losses.exists()


def test_one_that_diverged_is_not_read_on_the_test_split(
    config: StudyConfig, memory_corpus: MemoryCorpus, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(TrainingSession, "diverged", True)
    proof = work(config, memory_corpus, tmp_path, 512)
    assert finished(proof, config, tmp_path) == ["diverged"]
    assert not proof.folder.test_losses.exists()


def test_losses_that_another_machine_put_into_the_store_are_fetched(
    config: StudyConfig, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    here, there = tmp_path / "driver", tmp_path / "worker"
    address = f"file://{tmp_path}/store/study"
    monkeypatch.setenv("CODESCALE_CACHE", str(here))
    folder = study_folder(address)

    def done_elsewhere(*_: Any) -> Execution:
        monkeypatch.setenv("CODESCALE_CACHE", str(there))
        worker = study_folder(address)
        worker.upload(TestLosses(run_id="r", losses={"python": 1.5}).write(worker.test_losses))
        return Execution()

    monkeypatch.setattr(job, "do_runs", done_elsewhere)
    job.train_proof([spec(config)], {"r": 512}, config, folder, Workers(1, 1, 0.0), Silent(), str)
    assert folder.root.is_relative_to(here)
    assert read_test_losses(folder.test_losses, "r").losses == {"python": 1.5}


def test_the_model_is_kept_where_it_is_to_be_evaluated(
    config: StudyConfig, memory_corpus: MemoryCorpus, tmp_path: Path
) -> None:
    memory_corpus.manifest = SimpleNamespace(tokenizer=None)  # type: ignore[attr-defined]
    opened = session(config, memory_corpus, spec(config))
    while not opened.finished:
        opened.advance()
    folder = StudyFolder(tmp_path)
    keep_model(opened, folder)
    model = kept_model(opened.spec.run_id, folder)
    found = read_architecture(model)
    again = LanguageModel(found.shape, found.vocabulary, config.training.context)
    load_weights(again, model)
    assert all(a.equal(b) for a, b in zip(again.parameters(), opened.model.parameters(), strict=True))
    assert [path.name for path in folder.models.iterdir()] == [opened.spec.run_id]  # nothing half written is left
    with pytest.raises(UserError, match="has not kept its model"):
        kept_model("other", folder)
