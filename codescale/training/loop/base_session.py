"""The way through a schedule's segments, and back to it after a kill: for a run alone as for a pack of runs."""

from __future__ import annotations

import time
from abc import ABC, abstractmethod
from typing import Protocol

import torch
from torch import Tensor, nn

from codescale.study.training import TrainingSection
from codescale.training.data.prefetch import Rows, batches_of
from codescale.training.loop.checkpoint import StateDict, Store
from codescale.training.loop.run_progress import RunProgress
from codescale.training.loop.step import StepResult
from codescale.training.loop.stopwatch import Stopwatch
from codescale.training.optim.optimizers import Optimizers
from codescale.training.optim.schedule import LearningRateSchedule, Segment
from codescale.training.parallel import SingleProcess

CHECK_STEPS = 10
"""Steps between two checks of the clock where workers have to agree, and of the loss on a GPU: both make it wait."""


class BaseStepper(Protocol):
    """Takes training steps on batches, at a relative learning rate."""

    @property
    def optimizers(self) -> Optimizers: ...

    def step(self, sequences: Tensor, relative_rate: float) -> StepResult: ...


class BaseSession(ABC):
    """Where training is: which segment, which step, the trunk that a branch goes back to, and the checkpoint of it all.

    A subclass opens model and stepper, and says what a checkpoint holds of its runs' logs.

    Parameters
    ----------
    training
        How the runs are trained.
    schedule
        Their segments.
    parallel
        This worker's part.
    store
        Where checkpoints go; None: nowhere.
    """

    batches: Rows
    model: nn.Module
    _stepper: BaseStepper

    def __init__(
        self, training: TrainingSection, schedule: LearningRateSchedule, parallel: SingleProcess, store: Store | None
    ) -> None:
        self.training, self.schedule, self.parallel = training, schedule, parallel
        self._rows = parallel.rows(training.batch)
        self._work_clock, self._training_clock = Stopwatch(), Stopwatch()
        self._segment, self._step = 0, 0
        self._trunk: StateDict | None = None
        self._gradient_norm: Tensor | None = None
        self._store = store
        self._saved = time.monotonic()

    @property
    def finished(self) -> bool:
        """Whether every segment is done, or there is nothing left to train."""
        return self._segment >= len(self.schedule.segments) or self.diverged

    @property
    @abstractmethod
    def diverged(self) -> bool:
        """Whether every run has diverged."""

    @abstractmethod
    def _check_loss(self, loss: Tensor) -> None:
        """Gives up the runs whose training loss in the step just taken, (), or (K,) for a pack, is not finite."""

    @abstractmethod
    def _run_progress(self) -> RunProgress:
        """What a checkpoint says beside how far it is: which runs it is of, and their logs."""

    @abstractmethod
    def _matches(self, progress: RunProgress) -> bool:
        """Whether a checkpoint that says ``progress`` is of these runs, to go on from."""

    @abstractmethod
    def _restore(self, progress: RunProgress) -> None:
        """Takes over the logs that :meth:`_run_progress` put into ``progress``."""

    def discard_checkpoint(self) -> None:
        """Removes the checkpoint of a run that ended."""
        if self._store is not None:
            self._store.discard()

    def _train(self, segment: Segment) -> None:
        """Steps up to the segment's end."""
        if segment.branch is not None and self._trunk is None:
            self._trunk = {name: tensor.clone() for name, tensor in self._tensors().items()}
        steps = range(self._step, segment.stop)
        with self._training_clock.running():
            for sequences in batches_of(self.batches, steps, self._rows, self.parallel.device):
                result = self._stepper.step(sequences, self.schedule.relative_rate(self._step, segment))
                self._step += 1
                self._gradient_norm = result.gradient_norm
                if not self._is_check_step(segment):
                    continue
                self._check_loss(result.loss)
                if self.diverged:
                    break
                if self.parallel.broadcast_decision(time.monotonic() - self._saved > self.training.checkpoint_seconds):
                    self._save()

    def _is_check_step(self, segment: Segment) -> bool:
        """Whether to check the clock and the loss after this step: a pure function of it, since all workers have to."""
        free = self.parallel.world == 1 and self.parallel.device.type == "cpu"
        return free or self._step % CHECK_STEPS == 0 or self._step == segment.stop

    def _end(self, segment: Segment) -> None:
        """Goes on to the segment after ``segment``; back to the trunk where that is not on the same branch."""
        self._segment += 1
        if (
            self._segment < len(self.schedule.segments)
            and self.schedule.segments[self._segment].branch != segment.branch
        ):
            self._return_to_trunk()

    def _return_to_trunk(self) -> None:
        """Undoes a branch; the last branch is left as it is, since its model is the run's result."""
        if self._trunk is not None:
            for name, tensor in self._tensors().items():
                tensor.copy_(self._trunk[name])
            self._trunk = None
        self._step = self.schedule.segments[self._segment].start

    @property
    def tokens_trained(self) -> int:
        """Tokens that each run has been trained on so far, branches included."""
        done = sum(segment.stop - segment.start for segment in self.schedule.segments[: self._segment])
        if self._segment < len(self.schedule.segments):
            done += self._step - self.schedule.segments[self._segment].start
        return done * self.training.batch * self.training.context

    def _tensors(self) -> StateDict:
        """The state itself, not a copy of it."""
        model = {f"model/{name}": tensor.detach() for name, tensor in self.model.named_parameters()}
        return model | {f"optimizer/{name}": value for name, value in self._stepper.optimizers.tensors().items()}

    def _save(self) -> None:
        self._saved = time.monotonic()
        if self._store is None:
            return
        tensors = {f"now/{name}": tensor for name, tensor in self._tensors().items()}
        tensors |= {f"trunk/{name}": tensor for name, tensor in (self._trunk or {}).items()}
        progress: RunProgress = {
            "leg": self._segment,
            "step": self._step,
            "branched": self._trunk is not None,
            "tokens_trained": self.tokens_trained,
            "seconds": self._work_clock.seconds,
            "training_seconds": self._training_clock.seconds,
            "gradient_norm": None if self._gradient_norm is None else self._gradient_norm.tolist(),
        }
        self._store.save(tensors, progress | self._run_progress())

    def _resume(self) -> None:
        progress = self._store.progress() if self._store else None
        if self._store is None or progress is None or not self._matches(progress):
            return
        wanted = {f"now/{name}": tensor for name, tensor in self._tensors().items()}
        if progress["branched"]:
            self._trunk = {name: torch.empty_like(tensor) for name, tensor in self._tensors().items()}
            wanted |= {f"trunk/{name}": tensor for name, tensor in self._trunk.items()}
        self._fill(self._store, wanted, progress)
        self._segment, self._step = progress["leg"], progress["step"]
        norm = progress["gradient_norm"]
        self._gradient_norm = None if norm is None else torch.tensor(norm)
        self._work_clock.begin_at(progress["seconds"])
        self._training_clock.begin_at(progress["training_seconds"])
        self._restore(progress)

    def _fill(self, store: Store, wanted: StateDict, progress: RunProgress) -> None:
        """Writes what ``store`` keeps into ``wanted``."""
        store.fill(wanted)
