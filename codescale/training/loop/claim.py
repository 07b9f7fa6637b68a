"""Whose a run is: of two workers that train it only the one that was given it last may write.

A worker whose machine was given up for dead may live on, and a command that was killed leaves workers behind for a
while; what they write late must not take the place of what came after. Before each write a worker looks whether the run
is still its own. Between looking and writing another may take it over; then a whole checkpoint of the same run, some
steps older, stands there, which costs those steps and no more, since what a run computes does not depend on who does.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from pathlib import Path

from codescale.errors import UserError
from codescale.study.folder import StudyFolder
from codescale.training.loop.checkpoint import RunProgress, StateDict, Store


@dataclass(frozen=True)
class Claim:
    """What has its checkpoint in the study ``folder`` as ``name``, given to a worker; ``token`` tells this time from
    others.
    """

    folder: StudyFolder
    name: str
    token: str

    @classmethod
    def make(cls, folder: StudyFolder, name: str) -> Claim:
        """Claims it; who had it before may write it no more."""
        claim = cls(folder, name, secrets.token_hex(8))
        folder.write_shared(claim.path, claim.token)
        return claim

    @property
    def path(self) -> Path:
        """The file that tells whose it is, beside the checkpoint."""
        return self.folder.checkpoints / f"{self.name}.claim"

    def held(self) -> bool:
        """Whether nobody has claimed it since, and it was not given up."""
        return self.folder.read_shared(self.path) == self.token

    def check(self) -> None:
        """Raises :class:`UserError` where it is not :meth:`held`."""
        if not self.held():
            raise UserError(
                self.path,
                "was claimed by another worker since: two commands work on this study",
                "let one of them end, then run this again: it goes on with what is left",
            )

    def give_up(self) -> None:
        """Whoever had it may write it no more, and nobody else has it."""
        self.folder.remove_shared(self.path)


class ClaimedStore:
    """A store whose run may be written by the holder of ``claim`` alone; all may read it."""

    def __init__(self, store: Store, claim: Claim) -> None:
        self._store, self._claim = store, claim

    def save(self, tensors: StateDict, progress: RunProgress) -> None:
        """As the store does. Raises :class:`UserError` where the run was given to another worker."""
        self._claim.check()
        self._store.save(tensors, progress)

    def progress(self) -> RunProgress | None:
        """As the store says."""
        return self._store.progress()

    def fill(self, tensors: StateDict) -> None:
        """As the store does."""
        self._store.fill(tensors)

    def discard(self) -> None:
        """As the store does, for the holder of the claim."""
        if self._claim.held():
            self._store.discard()
