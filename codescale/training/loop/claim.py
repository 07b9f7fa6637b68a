"""Whose a run is: of two workers that train it only the one that was given it last may write.

A worker whose machine was given up for dead may live on, and a command that was killed leaves workers behind for a
while; what they write late must not take the place of what came after. Before each write a worker looks whether the run
is still its own. Between looking and writing another may take it over; then a whole checkpoint of the same run, some
steps older, stands there, which costs those steps and no more, since what a run computes does not depend on who does.
"""

from __future__ import annotations

import json
import platform
import secrets
import time
from collections.abc import Container, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from codescale.errors import UserError
from codescale.study.folder import StudyFolder

if TYPE_CHECKING:
    from codescale.training.loop.checkpoint import StateDict, Store
    from codescale.training.loop.run_progress import RunProgress

CLAIM = ".claim"


@dataclass(frozen=True)
class Claim:
    """What has its checkpoint in the study ``folder`` as ``name``, given to a worker; ``token`` tells this time from
    others.
    """

    folder: StudyFolder
    name: str
    token: str

    @classmethod
    def make(cls, folder: StudyFolder, name: str, runs: Iterable[str] = (), where: str | None = None) -> Claim:
        """Claims it; who had it before may write it no more.

        Whoever looks on is told which ``runs`` it is (None named: the one called ``name``), ``where`` they go on (the
        host; None: here), and since when.
        """
        claim = cls(folder, name, secrets.token_hex(8))
        told = {"runs": list(runs) or [name], "where": where or platform.node(), "since": time.time()}
        folder.write_shared(claim.path, json.dumps({"token": claim.token} | told))
        return claim

    @property
    def path(self) -> Path:
        """The file that tells whose it is, beside the checkpoint."""
        return self.folder.checkpoints / f"{self.name}{CLAIM}"

    def held(self) -> bool:
        """Whether nobody has claimed it since, and it was not given up."""
        text = self.folder.read_shared(self.path)
        return text is not None and _content(text).get("token") == self.token

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


@dataclass(frozen=True)
class ClaimedRuns:
    """What a claim tells whoever looks on: the checkpoint's ``name``, the ids of its ``runs``, the host ``where`` they
    were given to a worker, and ``since`` when (Unix seconds); empty and None where the claim does not say.
    """

    name: str
    runs: tuple[str, ...]
    where: str
    since: float | None


def claimed_runs(folder: StudyFolder) -> list[ClaimedRuns]:
    """All claims that there are, those that a killed driver left included."""
    found = []
    for path in folder.list_shared(folder.checkpoints, CLAIM):
        text = folder.read_shared(path)
        if text is not None:  # given up meanwhile
            content, name = _content(text), path.name.removesuffix(CLAIM)
            runs = tuple(map(str, content.get("runs") or [name]))
            found.append(ClaimedRuns(name, runs, str(content.get("where") or ""), content.get("since")))
    return found


def remove_claims(folder: StudyFolder, done: Container[str]) -> None:
    """Removes the claims of which all runs are ``done``: those of a driver that was killed, whose worker came to the
    end.
    """
    for claim in claimed_runs(folder):
        if all(run_id in done for run_id in claim.runs):
            folder.remove_shared(folder.checkpoints / f"{claim.name}{CLAIM}")


def _content(text: str) -> dict[str, Any]:
    """What a claim's file says; of another version's, which held the token alone, nothing."""
    try:
        content = json.loads(text)
    except ValueError:
        return {}
    return content if isinstance(content, dict) else {}


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
