"""Doing the comparison's runs: on the same workers as a sweep's, each alone, and read on the test split at the end."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from codescale.cluster.ray_cluster import Workers
from codescale.comparison.kept_model import keep_model
from codescale.comparison.losses import TestLosses
from codescale.progress import Progress
from codescale.runs.document_losses import document_losses_file, write_document_losses
from codescale.runs.records import RunRecord, RunSpec, write_record
from codescale.study.config import StudyConfig
from codescale.study.folder import StudyFolder
from codescale.sweeps.execute import Execution, StageRuns, do_runs
from codescale.sweeps.packing import Pack
from codescale.sweeps.run_worker import Work
from codescale.sweeps.sessions import session_factory_of
from codescale.trainers.factory import CommandSessionFactory
from codescale.training.loop.claim import Claim
from codescale.training.session_factory import SessionFactory


@dataclass(frozen=True)
class ProofWork:
    """Trains a run and evaluates it on the test split.

    Parameters
    ----------
    factory
        Opens its session.
    folder
        The study's: gets one file of test losses a run and one of what each document cost, and one record, written
        last: where it exists the run is done.
    test_tokens
        By run id: about how many tokens of each language's test split it reads.
    keeps_models
        Whether the finished models stay in the study, to be evaluated.
    """

    factory: SessionFactory
    folder: StudyFolder
    test_tokens: Mapping[str, int]
    keeps_models: bool = False

    def __call__(self, pack: Pack, claim: Claim) -> list[RunRecord]:
        """Trains the one run of ``pack`` to its end."""
        (spec,) = pack.runs
        session = self.factory(spec, claim)
        while not session.finished:
            session.advance()
        tokens = self.test_tokens[spec.run_id]
        documents = None if session.diverged else session.test_losses(tokens)
        record = session.record("ok" if documents else "diverged")
        claim.check()
        if documents:
            by_document = document_losses_file(self.folder.test_losses, spec.run_id)
            write_document_losses(by_document, documents)
            self.folder.upload(by_document)
            losses = {language: one.mean for language, one in documents.items()} | session.test_translations()
            self.folder.upload(
                TestLosses(run_id=spec.run_id, losses=losses, tokens=tokens).write(self.folder.test_losses)
            )
            if self.keeps_models:
                keep_model(session, self.folder)
        self.folder.upload(write_record(self.folder.runs, record))
        session.discard_checkpoint()
        return [record]


@dataclass(frozen=True)
class CommandProofWork:
    """Has the study's own command train a run, whose last result has the losses on the test split.

    Parameters
    ----------
    factory
        Opens its session.
    folder
        The study's: gets one file of test losses a run, and one record, written last.
    """

    factory: CommandSessionFactory
    folder: StudyFolder

    def __call__(self, pack: Pack, claim: Claim) -> list[RunRecord]:
        """Trains the one run of ``pack`` to its end."""
        (spec,) = pack.runs
        session = self.factory(spec, claim)
        while not session.finished:
            session.advance()
        session.check_test_losses()
        record = session.record(session.outcome)
        claim.check()
        if record.status == "ok":
            losses = TestLosses(run_id=spec.run_id, losses=session.test)
            self.folder.upload(losses.write(self.folder.test_losses))
        self.folder.upload(write_record(self.folder.runs, record))
        session.discard_checkpoint()
        return [record]


def train_proof(
    specs: Sequence[RunSpec],
    test_tokens: Mapping[str, int],
    config: StudyConfig,
    folder: StudyFolder,
    workers: Workers,
    progress: Progress,
    describe: Callable[[RunRecord], str],
) -> Execution:
    """Trains those ``specs`` that have no record yet; each reads about as many tokens of every language's test split as
    ``test_tokens`` has under its run id. One that diverged is not done again: at another learning rate it
    would prove nothing. Raises what a run raises, such as :class:`~codescale.errors.UserError` where a disk is full.
    """
    factory = session_factory_of(config, folder)
    work: Work
    if isinstance(factory, CommandSessionFactory):
        work = CommandProofWork(factory, folder)
    else:
        work = ProofWork(factory, folder, test_tokens, keeps_models=config.evaluation is not None)
    runs = StageRuns("Compare", work, workers, most_together=lambda spec: 1, retry_rate=None)
    execution = do_runs(runs, specs, config, folder, progress, describe)
    folder.fetch_results()  # records come back with the runs, losses lie where the workers put them
    return execution
