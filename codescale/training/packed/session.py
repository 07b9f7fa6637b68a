"""K runs on one device at once, segment by segment: each with its own data, seed, learning rates and fate.

Runs go together that have one shape and one way through their segments (see :func:`packs_with`). One checkpoint holds
all of them; a run that is given up ends there with its curve and costs the others nothing: its part of every batch is
trained on, since K is the models' shape, and never looked at again.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from codescale.runs.records import Evaluation, RunRecord, RunSpec
from codescale.study.config import StudyConfig
from codescale.study.training import Shape, TrainingSection
from codescale.training.data.batches import RunBatches
from codescale.training.loop.base_session import BaseSession
from codescale.training.loop.checkpoint import StateDict, Store
from codescale.training.loop.run_log import RunLog
from codescale.training.loop.run_progress import RunProgress
from codescale.training.loop.session import Data, run_batches, translation_evaluator
from codescale.training.memory.plan import check_fits, demand_of
from codescale.training.metrics.evaluation import Evaluator
from codescale.training.metrics.throughput import throughput
from codescale.training.metrics.translation import TranslationEvaluator
from codescale.training.model.build import build_model
from codescale.training.optim.hyperparameter_rules import LEARNING_RATE_FACTOR, training_of
from codescale.training.optim.schedule import Segment, evaluated_tokens, schedule_of
from codescale.training.packed.model import PackedModel
from codescale.training.packed.step import PackedStepper
from codescale.training.parallel import SingleProcess

OWN_SETTINGS = (
    "muon_learning_rate",
    "adamw_learning_rate",
    "weight_decay",
    "initial_deviation",
    "gradient_clip",
    "spike",
)
"""What of its training a run may have for itself in a pack."""


def packs_with(config: StudyConfig, spec: RunSpec) -> tuple[Shape, tuple[int, ...], TrainingSection]:
    """What runs must have in common to be trained in one pack: shape, token points, and how they are trained but for
    :data:`OWN_SETTINGS`. Equal for two runs of a study that may go together.
    """
    shape = config.shape(spec.size)
    training = training_of(config.training, spec, shape)
    defaults = {name: TrainingSection.model_fields[name].default for name in OWN_SETTINGS}
    return shape, spec.token_points, training.model_copy(update=defaults)


@dataclass(frozen=True)
class PackedBatches:
    """The batches of K runs, side by side."""

    members: tuple[RunBatches, ...]

    def rows(self, step: int, rows: range) -> NDArray[np.int64]:
        """Those ``rows`` of every run's batch of ``step``: (K, rows, context + 1) token ids."""
        return np.stack([batches.rows(step, rows) for batches in self.members])


def packed_losses(
    evaluator: Evaluator | TranslationEvaluator, model: PackedModel, parallel: SingleProcess
) -> list[dict[str, float]]:
    """The losses of each of a pack's models, in order, by language or direction in nats per token; all read the same
    sequences at once.
    """
    means = {name: losses.tolist() for name, losses in evaluator.mean_losses(model, parallel).items()}
    return [{name: losses[k] for name, losses in means.items()} for k in range(model.count)]


@dataclass(frozen=True)
class Ending:
    """Where a run ended: after how many tokens, and how many seconds as its share of the pack's."""

    tokens: int
    seconds: float
    training_seconds: float


class PackedSession(BaseSession):
    """The training of several runs in one pack; ``finished`` once every run has been evaluated at its end or given up.

    Parameters
    ----------
    specs
        The runs, in order.
    config, data
        As :class:`~codescale.training.loop.session.TrainingSession`.
    store
        Where checkpoints go; None: nowhere. A checkpoint of a pack that had all of ``specs``, and perhaps others that
        have ended since, is gone on from.
    alone
        The one worker that has the pack.

    Raises
    ------
    ValueError
        For runs that do not go together.
    UserError
        As a lone session.
    """

    model: PackedModel

    def __init__(
        self, specs: Sequence[RunSpec], config: StudyConfig, data: Data, store: Store | None, alone: SingleProcess
    ) -> None:
        if any(packs_with(config, spec) != packs_with(config, specs[0]) for spec in specs):
            raise ValueError(f"{', '.join(spec.run_id for spec in specs)} cannot be trained in one pack")
        self.specs, self.data = tuple(specs), data
        shape = config.shape(specs[0].size)
        trainings = [training_of(config.training, spec, shape) for spec in specs]
        super().__init__(trainings[0], schedule_of(trainings[0], specs[0].token_points), alone, store)
        members = [
            run_batches(data.corpus, spec, training, self.schedule.steps)
            for spec, training in zip(specs, trainings, strict=True)
        ]
        self.batches = PackedBatches(tuple(members))
        self.logs = [
            RunLog(spec, shape, training, batches, data.corpus)
            for spec, training, batches in zip(specs, trainings, members, strict=True)
        ]
        self._endings: dict[int, Ending] = {}
        demand = demand_of(shape, data.corpus.vocabulary, self.training, alone, len(specs))
        check_fits(demand, alone, f"{specs[0].run_id} and {len(specs) - 1} more in a pack")
        models = [
            build_model(shape, training, data.corpus, spec.seed)
            for spec, training in zip(specs, trainings, strict=True)
        ]
        self.model = PackedModel(models).to(alone.device)
        factors = [spec.hyper.get(LEARNING_RATE_FACTOR, 1.0) for spec in specs]
        tokens = self.schedule.steps_trained * self.training.batch * self.training.context
        flops = len(specs) * self.logs[0].flops(tokens)
        self._stepper = PackedStepper(self.model, trainings, factors, flops)
        self._resume()

    @property
    def diverged(self) -> bool:
        """Whether all of the runs were given up."""
        return len(self._endings) == len(self.logs)

    def advance(self) -> list[Evaluation | None]:
        """Trains to the end of the next segment and evaluates every run there; None for one given up before."""
        if self.finished:
            return [None] * len(self.logs)
        segment = self.schedule.segments[self._segment]
        with self._work_clock.running():
            self._train(segment)
            if self.diverged:
                return [None] * len(self.logs)
            evaluations = self._evaluate(segment)
            self._end(segment)
            self._record_endings()
        return evaluations

    def records(self) -> list[RunRecord]:
        """The runs' records: ``diverged`` where one was given up, else ``ok``. A run's seconds are its share of the
        pack's.
        """
        return [self.record(k) for k in range(len(self.logs))]

    def record(self, k: int) -> RunRecord:
        """The record of the ``k``-th run."""
        log, ending = self.logs[k], self._endings.get(k) or self._now()
        flops = log.flops(ending.tokens)
        metrics = throughput(ending.tokens, flops, ending.training_seconds, self.parallel.device)
        return log.record(
            "diverged" if log.failure else "ok",
            tokens=ending.tokens,
            seconds=ending.seconds,
            metrics=metrics | {"runs_in_pack": float(len(self.logs))},
        )

    def diverged_runs(self) -> list[int]:
        """The runs that have diverged so far, by their places in ``specs``."""
        return sorted(self._endings)

    def _now(self) -> Ending:
        count = len(self.logs)
        return Ending(self.tokens_trained, self._work_clock.seconds / count, self._training_clock.seconds / count)

    def _record_endings(self) -> None:
        for k, log in enumerate(self.logs):
            if log.failure and k not in self._endings:
                self._endings[k] = self._now()

    def _check_loss(self, loss: Tensor) -> None:
        for log, own in zip(self.logs, loss.tolist(), strict=True):
            if not log.failure:
                log.step_loss(own, self._step)
        self._record_endings()

    def _evaluate(self, segment: Segment) -> list[Evaluation | None]:
        evaluator = self.data.evaluator("validation", evaluated_tokens(self.training, segment))
        losses = packed_losses(evaluator, self.model, self.parallel)
        translations = translation_evaluator(self.data, self.training, segment)
        if translations is not None:
            found = packed_losses(translations, self.model, self.parallel)
            losses = [own | more for own, more in zip(losses, found, strict=True)]
        measured: list[dict[str, float]] = [{} for _ in losses]
        if self._gradient_norm is not None:
            measured = [{"gradient_norm": norm} for norm in self._gradient_norm.tolist()]
        return [
            None if log.failure else log.add(segment, own, others)
            for log, own, others in zip(self.logs, losses, measured, strict=True)
        ]

    def _run_progress(self) -> RunProgress:
        members = [
            {
                "spec": log.spec.model_dump(mode="json"),
                "evaluations": [evaluation.model_dump(mode="json") for evaluation in log.evaluations],
                "trouble": log.failure,
                "ending": vars(self._endings[k]) if k in self._endings else None,
            }
            for k, log in enumerate(self.logs)
        ]
        return {"members": members, "corpus_id": self.data.corpus.corpus_id}

    def _matches(self, progress: RunProgress) -> bool:
        saved = [member["spec"] for member in progress.get("members", [])]
        own = [spec.model_dump(mode="json") for spec in self.specs]
        return all(spec in saved for spec in own) and progress["corpus_id"] == self.data.corpus.corpus_id

    def _places(self, progress: RunProgress) -> list[int]:
        """Where this pack's runs stand in the one that was saved."""
        saved = [member["spec"] for member in progress["members"]]
        return [saved.index(spec.model_dump(mode="json")) for spec in self.specs]

    def _fill(self, store: Store, wanted: StateDict, progress: RunProgress) -> None:
        places, count = self._places(progress), len(progress["members"])
        saved = {
            name: torch.empty((count, *tensor.shape[1:])) if tensor.ndim else torch.empty(())
            for name, tensor in wanted.items()
        }
        store.fill(saved)
        for name, tensor in wanted.items():
            tensor.copy_(saved[name][places] if tensor.ndim else saved[name])

    def _restore(self, progress: RunProgress) -> None:
        places = self._places(progress)
        for k, (log, place) in enumerate(zip(self.logs, places, strict=True)):
            member = progress["members"][place]
            log.evaluations = [Evaluation.model_validate(entry) for entry in member["evaluations"]]
            log.failure = member["trouble"]
            if member["ending"] is not None:
                self._endings[k] = Ending(**member["ending"])
        if self._gradient_norm is not None:
            self._gradient_norm = self._gradient_norm[places]
        # Seconds are shared out evenly: those of runs that have gone are theirs.
        left = len(places) / len(progress["members"])
        self._work_clock.begin_at(left * progress["seconds"])
        self._training_clock.begin_at(left * progress["training_seconds"])
