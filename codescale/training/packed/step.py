"""One training step of K models at once: ``loop/step.py`` with a loss, a gradient norm and a learning rate for each.

Shapes: sequences (K, batch, context + 1); losses and gradient norms (K,).
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from codescale.study.training import TrainingSection
from codescale.training.loop.step import StepResult, recompute_activations, should_compile
from codescale.training.packed.model import PackedModel
from codescale.training.packed.optimizers import PackedOptimizers, clip_gradients
from codescale.training.precision import precision_of


class PackedStepper:
    """Takes steps with a pack; ``compiled`` says whether its graph is compiled.

    Parameters
    ----------
    model
        The pack, on its device.
    trainings
        How each of its models is trained; they differ in learning rates, weight decay and clipping at most.
    factors
        What multiplies each model's peak learning rates.
    flops
        Training FLOPs of all of the runs, by which compiling is decided.
    """

    def __init__(
        self, model: PackedModel, trainings: Sequence[TrainingSection], factors: Sequence[float], flops: float
    ) -> None:
        shared = trainings[0]
        self._parameters = list(model.parameters())
        device = self._parameters[0].device
        self._micro_batch = shared.micro_batch
        self._precision = precision_of(shared.precision, device)
        self._clip = torch.tensor([training.gradient_clip for training in trainings], device=device)
        if shared.checkpoint_activations:
            recompute_activations(model)
        self.optimizers = PackedOptimizers(model, trainings, factors)
        self.compiled = should_compile(shared.compile, device, flops)
        self._forward = torch.compile(model) if self.compiled else model

    def step(self, sequences: Tensor, relative_rate: float) -> StepResult:
        """Trains every model on its batch.

        Parameters
        ----------
        sequences
            Token ids (K, batch, context + 1).
        relative_rate
            The learning rates, relative to their peaks.

        Returns
        -------
        StepResult
            Loss and gradient norm, (K,).
        """
        count, batch = sequences.shape[:2]
        total = torch.zeros(count, device=sequences.device)
        for part in torch.tensor_split(sequences, -(-batch // (self._micro_batch or batch)), dim=1):
            losses = self._losses(part) * (part.shape[1] / batch)
            # A model's loss has gradients in its own weights only, so the sum's are each model's own.
            torch.autograd.backward(losses.sum())
            total += losses.detach()
        norms = clip_gradients(self._parameters, self._clip)
        self.optimizers.step(relative_rate)
        return StepResult(total, norms)

    def _losses(self, sequences: Tensor) -> Tensor:
        lower = self._precision is not torch.float32
        with torch.autocast(sequences.device.type, self._precision, enabled=lower):
            return self._forward(sequences)
