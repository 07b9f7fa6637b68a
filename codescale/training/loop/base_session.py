"""The way through a schedule's legs, and back to it after a kill: for a run alone as for a pack of runs."""

from __future__ import annotations

import time
from abc import ABC, abstractmethod
from typing import Protocol

import torch
from torch import Tensor, nn

from codescale.study.training import TrainingSection
from codescale.training.data.prefetch import Rows, batches_of
from codescale.training.loop.checkpoint import Progress, State, Store
from codescale.training.loop.step import Stepped
from codescale.training.loop.stopwatch import Stopwatch
from codescale.training.optim.optimizers import Optimizers
from codescale.training.optim.schedule import Leg, Schedule
from codescale.training.parallel import Alone

CHECK_STEPS = 10
"""Steps between two looks at the clock where workers have to agree, and at the loss on a GPU: both make it wait."""


class Steps(Protocol):
    """Takes training steps on batches, at a relative learning rate."""

    @property
    def optimizers(self) -> Optimizers: ...

    def step(self, sequences: Tensor, relative_rate: float) -> Stepped: ...


class Course(ABC):
    """Where training is: which leg, which step, the trunk that a branch will go back to, and the checkpoint of it all.

    A subclass opens model and stepper and says what is to be kept of its runs' accounts.
    """

    batches: Rows
    model: nn.Module
    _stepper: Steps

    def __init__(self, training: TrainingSection, schedule: Schedule, parallel: Alone, store: Store | None) -> None:
        self.training, self.schedule, self.parallel = training, schedule, parallel
        self._rows = parallel.rows(training.batch)
        self._worked, self._trained = Stopwatch(), Stopwatch()
        self._leg, self._step = 0, 0
        self._trunk: State | None = None
        self._gradient_norm: Tensor | None = None
        self._store = store
        self._saved = time.monotonic()

    @property
    def finished(self) -> bool:
        """Whether every leg is done, or there is nothing left to train."""
        return self._leg >= len(self.schedule.legs) or self.diverged

    @property
    @abstractmethod
    def diverged(self) -> bool:
        """Whether every run was given up."""

    @abstractmethod
    def _judge(self, loss: Tensor) -> None:
        """Looks at the training loss of the step that has just been taken."""

    @abstractmethod
    def _kept(self) -> Progress:
        """What a checkpoint says beside how far it is: whose it is, and the accounts."""

    @abstractmethod
    def _is_own(self, progress: Progress) -> bool:
        """Whether a checkpoint that says ``progress`` is one to go on from."""

    @abstractmethod
    def _take(self, progress: Progress) -> None:
        """Takes over the accounts that :meth:`_kept` put into ``progress``."""

    def discard_checkpoint(self) -> None:
        """Forgets the checkpoint of a run that ended."""
        if self._store is not None:
            self._store.discard()

    def _train(self, leg: Leg) -> None:
        """Steps up to the leg's end."""
        if leg.branch is not None and self._trunk is None:
            self._trunk = {name: tensor.clone() for name, tensor in self._tensors().items()}
        steps = range(self._step, leg.stop)
        with self._trained.running():
            for sequences in batches_of(self.batches, steps, self._rows, self.parallel.device):
                stepped = self._stepper.step(sequences, self.schedule.relative_rate(self._step, leg))
                self._step += 1
                self._gradient_norm = stepped.gradient_norm
                if not self._looks(leg):
                    continue
                self._judge(stepped.loss)
                if self.diverged:
                    break
                if self.parallel.agreed(time.monotonic() - self._saved > self.training.checkpoint_seconds):
                    self._save()

    def _looks(self, leg: Leg) -> bool:
        """Whether to look at the clock and the loss now; never by chance, since all workers have to."""
        free = self.parallel.world == 1 and self.parallel.device.type == "cpu"
        return free or self._step % CHECK_STEPS == 0 or self._step == leg.stop

    def _end(self, leg: Leg) -> None:
        """Goes on to the leg after ``leg``; back to the trunk where that is not on the same branch."""
        self._leg += 1
        if self._leg < len(self.schedule.legs) and self.schedule.legs[self._leg].branch != leg.branch:
            self._return_to_trunk()

    def _return_to_trunk(self) -> None:
        """Undoes a branch; the last branch is left as it is, since its model is the run's result."""
        if self._trunk is not None:
            for name, tensor in self._tensors().items():
                tensor.copy_(self._trunk[name])
            self._trunk = None
        self._step = self.schedule.legs[self._leg].start

    @property
    def tokens_trained(self) -> int:
        """Tokens that each run has been trained on so far, branches included."""
        done = sum(leg.stop - leg.start for leg in self.schedule.legs[: self._leg])
        if self._leg < len(self.schedule.legs):
            done += self._step - self.schedule.legs[self._leg].start
        return done * self.training.batch * self.training.context

    def _tensors(self) -> State:
        """The state itself, not a copy of it."""
        model = {f"model/{name}": tensor.detach() for name, tensor in self.model.named_parameters()}
        return model | {f"optimizer/{name}": value for name, value in self._stepper.optimizers.tensors().items()}

    def _save(self) -> None:
        self._saved = time.monotonic()
        if self._store is None:
            return
        tensors = {f"now/{name}": tensor for name, tensor in self._tensors().items()}
        tensors |= {f"trunk/{name}": tensor for name, tensor in (self._trunk or {}).items()}
        progress: Progress = {
            "leg": self._leg,
            "step": self._step,
            "branched": self._trunk is not None,
            "tokens_trained": self.tokens_trained,
            "seconds": self._worked.seconds,
            "training_seconds": self._trained.seconds,
            "gradient_norm": None if self._gradient_norm is None else self._gradient_norm.tolist(),
        }
        self._store.save(tensors, progress | self._kept())

    def _resume(self) -> None:
        progress = self._store.progress() if self._store else None
        if self._store is None or progress is None or not self._is_own(progress):
            return
        wanted = {f"now/{name}": tensor for name, tensor in self._tensors().items()}
        if progress["branched"]:
            self._trunk = {name: torch.empty_like(tensor) for name, tensor in self._tensors().items()}
            wanted |= {f"trunk/{name}": tensor for name, tensor in self._trunk.items()}
        self._fill(self._store, wanted, progress)
        self._leg, self._step = progress["leg"], progress["step"]
        norm = progress["gradient_norm"]
        self._gradient_norm = None if norm is None else torch.tensor(norm)
        self._worked.begin_at(progress["seconds"])
        self._trained.begin_at(progress["training_seconds"])
        self._take(progress)

    def _fill(self, store: Store, wanted: State, progress: Progress) -> None:
        """Writes what ``store`` keeps into ``wanted``."""
        store.fill(wanted)
