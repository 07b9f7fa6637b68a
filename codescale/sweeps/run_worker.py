"""What does runs on a machine of the cluster: an actor that stays, and the work that it does for a sweep."""

from __future__ import annotations

import os
import platform
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass

import ray

from codescale.runs.records import RunRecord, RunSpec, write_record
from codescale.study.folder import StudyFolder
from codescale.sweeps.packing import Pack
from codescale.sweeps.sessions import SessionFactory
from codescale.trainers.factory import CommandSessionFactory
from codescale.training.loop.claim import Claim

Work = Callable[[Pack, Claim], list[RunRecord]]
"""Does a pack's runs to their end, writes their records, and returns them; it writes while the claim is held."""


class RunWorker:
    """An actor that does pack after pack; its work keeps open between them what they share, such as the corpus."""

    def __init__(self, work: Work, working_folder: str) -> None:
        with suppress(OSError):  # a study's paths may be relative to where the command began
            os.chdir(working_folder)
        self._work = work

    def place(self) -> tuple[str, str]:
        """Ray's id of the machine that it is on, and what that machine calls itself."""
        return str(ray.get_runtime_context().get_node_id()), platform.node()

    def run(self, pack: Pack, claim: Claim) -> list[RunRecord]:
        """The records of ``pack``."""
        return self._work(pack, claim)


@dataclass(frozen=True)
class SweepWork:
    """Trains runs alone or as one batched model.

    Parameters
    ----------
    factory
        Opens their sessions.
    folder
        The study's, which gets their records.
    """

    factory: SessionFactory
    folder: StudyFolder

    def __call__(self, pack: Pack, claim: Claim) -> list[RunRecord]:
        """Trains ``pack`` to its end."""
        return [self._one(pack.runs[0], claim)] if pack.alone else self._together(pack, claim)

    def _one(self, spec: RunSpec, claim: Claim) -> RunRecord:
        session = self.factory(spec, claim)
        while not session.finished:
            session.advance()
        record = session.record(session.outcome)
        claim.check()
        self.folder.upload(write_record(self.folder.runs, record))
        session.discard_checkpoint()
        return record

    def _together(self, pack: Pack, claim: Claim) -> list[RunRecord]:
        assert not isinstance(self.factory, CommandSessionFactory), "a command trains one run"
        session = self.factory.pack(pack.name, pack.runs, claim)
        while not session.finished:
            session.advance()
            claim.check()
            for k in session.diverged_runs():
                self.folder.upload(write_record(self.folder.runs, session.record(k)))
        records = session.records()
        claim.check()
        for record in records:
            self.folder.upload(write_record(self.folder.runs, record))
        session.discard_checkpoint()
        return records
