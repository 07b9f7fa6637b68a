"""The search's trials as an Optuna study in a file, for ``optuna-dashboard`` and whoever reads Optuna studies.

It is derived: begun anew from the records whenever a search begins or goes on, and read by nobody here, so that it can
be deleted at any time. Hence a journal without Optuna's lock (there is one writer) and without a flush to the disk for
each line, which took most of the time.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from optuna.distributions import BaseDistribution
from optuna.storages import JournalStorage
from optuna.storages.journal import BaseJournalBackend
from optuna.study import StudyDirection
from optuna.trial import FrozenTrial, TrialState, create_trial

from codescale.files import write_text, writing
from codescale.runs.records import RunRecord
from codescale.search.objective.objective import Objective
from codescale.search.trials.outcome import TrialOutcome

METRIC_NAMES = "study:metric_names"
"""Where Optuna keeps the names of a study's objectives (``Study.set_metric_names``)."""


class Journal(BaseJournalBackend):
    """A file of Optuna studies that is whole on the disk from its first ``write`` on, and grows line by line after
    that.
    """

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
    """An Optuna study ``name`` in ``journal``, whose trials have ended and have ``distributions``."""

    def __init__(self, journal: Journal, name: str, distributions: Mapping[str, BaseDistribution]) -> None:
        self._distributions = dict(distributions)
        self._journal = journal
        self._storage = JournalStorage(journal)
        self._study_id = self._storage.create_new_study([StudyDirection.MINIMIZE], name)

    def add(self, outcome: TrialOutcome, source: str, parameters: Mapping[str, Any]) -> None:
        """The trial at ``parameters`` that ended with ``outcome``."""
        trial = _ended(
            outcome.record,
            source,
            state=TrialState[outcome.status],
            value=outcome.value,
            params=dict(parameters),
            distributions=self._distributions,
            intermediate_values=dict(outcome.curve.points),
        )
        self._storage.create_new_trial(self._study_id, trial)

    def write(self) -> None:
        """Brings the file up to date. Raises :class:`~codescale.errors.UserError` where the disk refuses."""
        self._journal.write()


class FrontMirror:
    """One Optuna study ``name`` of all searches of a Pareto front: every finished run once, with a value for each of
    ``aims``, so that a dashboard draws the front.
    """

    def __init__(
        self,
        journal: Journal,
        name: str,
        distributions: Mapping[str, BaseDistribution],
        aims: Mapping[str, Objective],
    ) -> None:
        self._distributions, self._aims = dict(distributions), list(aims.values())
        self._storage = JournalStorage(journal)
        self._study_id = self._storage.create_new_study([StudyDirection.MINIMIZE] * len(aims), name)
        self._storage.set_study_system_attr(self._study_id, METRIC_NAMES, list(aims))
        self._known: set[str] = set()

    def add(self, record: RunRecord, source: str, parameters: Mapping[str, Any]) -> None:
        """The run of ``record``, unless it is there already or lacks what one of the objectives weighs."""
        found = [aim.curve(record).final for aim in self._aims]
        values = [value for value in found if value is not None]
        if record.spec.run_id in self._known or len(values) < len(found):
            return
        self._known.add(record.spec.run_id)
        trial = _ended(
            record,
            source,
            state=TrialState.COMPLETE,
            values=values,
            params=dict(parameters),
            distributions=self._distributions,
        )
        self._storage.create_new_trial(self._study_id, trial)


class DirectionMirror(OptunaMirror):
    """The mirror of one search of a front, whose finished trials ``front`` shows too."""

    def __init__(
        self, journal: Journal, name: str, distributions: Mapping[str, BaseDistribution], front: FrontMirror
    ) -> None:
        super().__init__(journal, name, distributions)
        self._front = front

    def add(self, outcome: TrialOutcome, source: str, parameters: Mapping[str, Any]) -> None:
        """As every mirror."""
        super().add(outcome, source, parameters)
        if outcome.status == "COMPLETE":
            self._front.add(outcome.record, source, parameters)


def _ended(record: RunRecord, source: str, **told: Any) -> FrozenTrial:
    """Optuna's trial of ``record``, with what is ``told`` of it and when it was."""
    ended = datetime.fromtimestamp(record.finished, UTC)
    trial = create_trial(
        user_attrs={
            "run_id": record.spec.run_id,
            "source": source,
            "proportions": dict(record.spec.proportions),
            "tokens_trained": record.tokens_trained,
            "flops": record.flops,
        },
        **told,
    )
    trial.datetime_start, trial.datetime_complete = ended - timedelta(seconds=record.seconds), ended
    return trial
