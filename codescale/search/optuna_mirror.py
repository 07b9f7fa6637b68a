"""The search's trials as an Optuna study in a file, for ``optuna-dashboard`` and whoever reads Optuna studies.

It is derived: begun anew from the records whenever a search begins or goes on, and read by nobody here, so that it can
be deleted at any time. Hence a journal without Optuna's lock (there is one writer) and without a flush to the disk for
each line, which took most of the time.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from optuna.distributions import BaseDistribution
from optuna.storages import JournalStorage
from optuna.storages.journal import BaseJournalBackend
from optuna.study import StudyDirection
from optuna.trial import TrialState, create_trial

from codescale.files import write_text, writing
from codescale.runs import RunRecord


class _Journal(BaseJournalBackend):
    """A journal that is whole on the disk from its first ``write`` on, and grows line by line after that."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._lines: list[str] = []
        self._written: int | None = None

    def append_logs(self, logs: list[dict[str, Any]]) -> None:
        self._lines += [json.dumps(log, separators=(",", ":")) + "\n" for log in logs]

    def read_logs(self, log_number_from: int) -> Iterable[dict[str, Any]]:
        return (json.loads(line) for line in self._lines[log_number_from:])

    def write(self) -> None:
        """Raises :class:`~codescale.errors.UserError` where the disk refuses."""
        if self._written is None or not self._path.exists():
            write_text(self._path, "".join(self._lines))
        elif self._written < len(self._lines):
            with writing(self._path), self._path.open("a", encoding="utf-8") as file:
                file.write("".join(self._lines[self._written :]))
        self._written = len(self._lines)


class OptunaMirror:
    """An Optuna study ``name`` in the journal ``path``, whose trials have ended and have ``distributions``."""

    def __init__(self, path: Path, name: str, distributions: Mapping[str, BaseDistribution]) -> None:
        self._distributions = dict(distributions)
        self._journal = _Journal(path)
        self._storage = JournalStorage(self._journal)
        self._study_id = self._storage.create_new_study([StudyDirection.MINIMIZE], name)

    def add(
        self,
        record: RunRecord,
        source: str,
        state: TrialState,
        parameters: Mapping[str, float],
        looks: Sequence[tuple[int, float]],
        value: float | None,
    ) -> None:
        """The trial of ``record``: ``looks`` on its trunk are intermediate values by tokens, ``value`` its end."""
        ended = datetime.fromtimestamp(record.finished, UTC)
        trial = create_trial(
            state=state,
            value=value,
            params=dict(parameters),
            distributions=self._distributions,
            intermediate_values=dict(looks),
            user_attrs={
                "run_id": record.spec.run_id,
                "source": source,
                "proportions": dict(record.spec.proportions),
                "tokens_trained": record.tokens_trained,
                "flops": record.flops,
            },
        )
        trial.datetime_start, trial.datetime_complete = ended - timedelta(seconds=record.seconds), ended
        self._storage.create_new_trial(self._study_id, trial)

    def write(self) -> None:
        """Brings the file up to date. Raises :class:`~codescale.errors.UserError` where the disk refuses."""
        self._journal.write()
