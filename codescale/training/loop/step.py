"""One training step: the batch's mean gradient, clipped, and the optimizers' update; the same on any number of workers.

Written so that a debugger can step through it: nothing here knows Ray, segments or checkpoints.

Shapes: sequences (batch, context + 1), of which a worker has its rows; a loss and a gradient norm are ().
"""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from functools import partial

import torch
from torch import Tensor, nn
from torch.distributed.tensor import DTensor
from torch.utils.checkpoint import checkpoint

from codescale.study.training import TrainingSection
from codescale.training.optim.optimizers import Optimizers
from codescale.training.parallel import SingleProcess
from codescale.training.precision import precision_of

COMPILE_FLOPS = 1e16
"""Training FLOPs from which compiling a minute is nothing beside the run on a GPU (below a proxy's, always)."""


@dataclass(frozen=True)
class StepResult:
    """What a step measured, still on the device: the batch's mean loss (nats per token) and the gradient's norm before
    clipping; both (), or (K,) for a pack.
    """

    loss: Tensor
    gradient_norm: Tensor


def recompute_activations(model: nn.Module) -> None:
    """Has each layer of ``model`` forget what it computed and compute it again for the backward pass.

    Activations then need memory for one layer at a time, for a third more work (Chen et al. 2016, arXiv 1604.06174).
    """
    for layer in model.model.layers:  # type: ignore[union-attr]
        layer.forward = partial(checkpoint, layer.forward, use_reentrant=False)


def should_compile(wanted: bool | None, device: torch.device, flops: float) -> bool:
    """Whether to compile a run's graph; never where there is no compiler.

    Parameters
    ----------
    wanted
        ``training.compile``; None: long runs on a GPU.
    device
        Where the model is.
    flops
        Training FLOPs of the whole run.
    """
    if wanted is False or (wanted is None and (device.type != "cuda" or flops < COMPILE_FLOPS)):
        return False
    if device.type == "cuda":
        from torch.utils._triton import has_triton

        return bool(has_triton())
    return any(shutil.which(name) for name in ("c++", "g++", "clang++"))


class Stepper:
    """Takes steps with one model; ``compiled`` says whether its graph is compiled.

    Parameters
    ----------
    model
        The model, where ``parallel`` placed it; its parameters may become shards.
    training
        How it is trained.
    learning_rate_factor
        Multiplies the peak learning rates.
    parallel
        This worker's part.
    flops
        Training FLOPs of the whole run, by which compiling is decided.
    """

    def __init__(
        self,
        model: nn.Module,
        training: TrainingSection,
        learning_rate_factor: float,
        parallel: SingleProcess,
        flops: float,
    ) -> None:
        self._parallel = parallel
        self._training = training
        self._precision = precision_of(training.precision, parallel.device)
        if training.checkpoint_activations:
            recompute_activations(model)
        self._synchronised = parallel.prepare(model, self._precision)
        self.optimizers = Optimizers(model, training, learning_rate_factor)
        self.compiled = should_compile(training.compile, parallel.device, flops)
        self._forward = torch.compile(self._synchronised) if self.compiled else self._synchronised
        self._parameters = list(model.parameters())

    def step(self, sequences: Tensor, relative_rate: float) -> StepResult:
        """Trains on this worker's rows (rows, context + 1) of a batch, at ``relative_rate`` times the peak rates."""
        batch, world = self._training.batch, self._parallel.world
        passes = self._passes()
        total = torch.zeros((), device=sequences.device)
        for k, part in enumerate(torch.tensor_split(sequences, passes)):
            with self._parallel.accumulate_gradients(self._synchronised, last=k == passes - 1):
                loss = self.loss(part if len(part) else sequences[:1])
                # Workers' gradients are averaged, so each weighs its mean by its rows: some may have one row more.
                torch.autograd.backward(loss * (len(part) * world / batch))
            total += loss.detach() * (len(part) / batch)
        norm = torch.nn.utils.clip_grad_norm_(self._parameters, self._training.gradient_clip)
        self.optimizers.step(relative_rate)
        return StepResult(self._parallel.all_reduce_sum(total), _full(norm))

    def _passes(self) -> int:
        """Forward passes of a step, as many on every worker: sharded weights are gathered by all of them at once. A
        worker that has a row less may go through one for nothing.
        """
        most = -(-self._training.batch // self._parallel.world)
        return -(-most // (self._training.micro_batch or most))

    def loss(self, sequences: Tensor) -> Tensor:
        """The mean loss of ``sequences``, nats per token, with the precision that training has."""
        lower = self._precision is not torch.float32
        with torch.autocast(sequences.device.type, self._precision, enabled=lower):
            return self._forward(sequences)


def _full(norm: Tensor) -> Tensor:
    return norm.full_tensor() if isinstance(norm, DTensor) else norm
