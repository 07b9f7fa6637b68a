"""A trial as Tune sees it: a class whose step is one evaluation, on a worker that serves trial after trial.

The worker writes the record of a run that came to its end before it reports it. Every report also carries the record so
far, with status ``pruned``: if the driver stops the trial there, that is the record, whatever happens to the worker.
"""

from __future__ import annotations

import math
import os
from contextlib import suppress
from typing import Any, cast

from ray.tune import Trainable

from codescale.errors import UserError
from codescale.runs.records import Evaluation, RunSpec, Status, write_record
from codescale.search.objective.objective import Objective
from codescale.search.trials.session import HoldsWorkers, MayFail, OpenSession, Session
from codescale.study.folder import StudyFolder


class TrialTrainable(Trainable):
    """Runs the session of ``config["spec"]`` (a :class:`RunSpec` as JSON)."""

    def setup(
        self,
        config: dict[str, Any],
        open_session: OpenSession | None = None,
        objective: Objective | None = None,
        folder: StudyFolder | None = None,
        working_folder: str = "",
    ) -> None:
        """Called once a worker; all but ``config`` comes through ``tune.with_parameters``."""
        assert open_session is not None
        assert objective is not None
        assert folder is not None
        self._open_session, self._objective, self._folder = open_session, objective, folder
        self._working_folder = working_folder
        self._session: Session | None = None
        self.reset_config(config)

    def reset_config(self, new_config: dict[str, Any]) -> bool:
        """The worker's next trial; its session is opened by the first step, where bad input can be reported."""
        self._let_go()
        self._spec = RunSpec.model_validate_json(new_config["spec"])
        self._past: list[Evaluation] = []
        return True

    def step(self) -> dict[str, Any]:
        """Up to the next evaluation. Bad input ends the trial with outcome ``refused`` and says what is wrong."""
        try:
            return self._advance()
        except UserError as error:
            refusal = [error.where, error.problem, error.hint]
            unknown = {"objective": math.nan, "n_tokens": 0, "annealed": False, "tokens_trained": 0}
            return unknown | {"outcome": "refused", "refusal": refusal, "done": True}

    def cleanup(self) -> None:
        """Lets go of the model, and of the trial's workers; checkpoints and records are on the disk."""
        self._let_go()

    def _advance(self) -> dict[str, Any]:
        session = self._session or self._open()
        # A session that goes on after a kill first repeats its evaluations: scheduler and sampler see a whole curve.
        evaluation = self._past.pop(0) if self._past else session.advance()
        known = evaluation is not None and all(map(math.isfinite, evaluation.losses.values()))
        outcome = "running"
        if isinstance(session, MayFail) and session.failed:
            outcome = "failed"
        elif evaluation is None or not known:
            outcome = "diverged"
        elif not self._past and session.finished:
            outcome = "ok"
        status: Status = "pruned" if outcome == "running" else cast(Status, outcome)
        record = session.record(status)
        if evaluation is not None and outcome == "ok" and (lost := self._objective.missing(record, evaluation)):
            raise lost
        if outcome != "running":
            self._folder.upload(write_record(self._folder.runs, record))
        losses = evaluation.losses if evaluation is not None else {}
        value = self._objective.of_evaluation(record, evaluation) if evaluation is not None and known else None
        return {f"loss.{name}": loss for name, loss in losses.items()} | {
            "objective": math.nan if value is None else value,
            "n_tokens": evaluation.n_tokens if evaluation is not None else 0,
            "annealed": evaluation.annealed if evaluation is not None else False,
            "tokens_trained": record.tokens_trained,
            "outcome": outcome,
            "record": record.model_dump_json(),
            "done": outcome != "running",
        }

    def _let_go(self) -> None:
        if isinstance(self._session, HoldsWorkers):
            self._session.close()
        self._session = None

    def _open(self) -> Session:
        # Tune moves a worker into the trial's folder, but a study's paths may be relative to where the command began.
        with suppress(OSError):
            os.chdir(self._working_folder)
        session = self._open_session(self._spec)
        self._past = list(session.record("pruned").evaluations)
        self._session = session
        return session
