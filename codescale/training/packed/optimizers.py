"""The optimizers of a pack: each step is the lone model's, at K learning rates and weight decays at once.

Momentum and orthogonalisation know nothing of the leading dimension K, so only where an update is applied does anything
differ; a model's gradient is clipped by its own norm.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

import torch
from torch import Tensor

from codescale.study.training import TrainingSection
from codescale.training.optim.optimizers import ADAM_BETAS, Muon, Optimizers, adjustment, is_hidden_matrix
from codescale.training.packed.model import PackedModel
from codescale.training.precision import muon_precision


class PackedMuon(Muon):
    """:class:`~codescale.training.optim.optimizers.Muon` for K models.

    Parameters
    ----------
    parameters
        Matrices (K, rows, columns).
    rates, decays
        Each model's learning rate and weight decay, (K,).
    precision
        What the update is orthogonalised in.
    """

    def __init__(self, parameters: Iterable[Tensor], rates: Tensor, decays: Tensor, precision: torch.dtype) -> None:
        super().__init__(parameters, lr=1.0, precision=precision)
        self.param_groups[0].update(lr=rates, weight_decay=decays)

    def _apply(self, parameters: list[Tensor], update: Tensor, rate: Tensor, weight_decay: Tensor) -> None:  # type: ignore[override]
        decay, scale = 1 - rate * weight_decay, -rate * adjustment(parameters[0])
        for parameter, one in zip(parameters, update.unbind(), strict=True):
            parameter.mul_(_along(decay, parameter)).addcmul_(one, _along(scale, parameter))


class PackedAdamW(torch.optim.AdamW):
    """torch's fused AdamW with a learning rate and a weight decay for each of K models.

    It knows one rate only, but the update is linear in it: torch makes a whole step at rate 1, and each model then goes
    its own part of that way.

    Parameters
    ----------
    parameters
        Tensors (K, …).
    rates, decays
        Each model's learning rate and weight decay, (K,).
    """

    def __init__(self, parameters: Iterable[Tensor], rates: Tensor, decays: Tensor) -> None:
        super().__init__(parameters, lr=1.0, betas=ADAM_BETAS, weight_decay=0.0, fused=True)
        self.param_groups[0]["lr"] = rates
        self._decays = decays

    @torch.no_grad()
    def step(self, closure: Callable[[], float] | None = None) -> None:  # type: ignore[override]
        """One update of every parameter, all of which have gradients."""
        group = self.param_groups[0]
        parameters, rates = group["params"], group["lr"]
        before = [parameter.clone() for parameter in parameters]
        group["lr"] = 1.0
        super().step()
        group["lr"] = rates
        lost = rates * self._decays
        for parameter, old in zip(parameters, before, strict=True):
            torch.lerp(old, parameter, _along(rates, parameter), out=parameter)
            parameter.addcmul_(old, _along(lost, parameter), value=-1)


class PackedOptimizers(Optimizers):
    """The optimizers of a pack behind one step.

    Parameters
    ----------
    model
        The pack.
    trainings, factors
        How each of its models is trained, and what multiplies its peak learning rates; in order.
    """

    def __init__(self, model: PackedModel, trainings: Sequence[TrainingSection], factors: Sequence[float]) -> None:
        self._named = dict(model.named_parameters())
        hidden = [parameter for name, parameter in self._named.items() if is_hidden_matrix(name, parameter[0])]
        rest = [parameter for name, parameter in self._named.items() if not is_hidden_matrix(name, parameter[0])]
        device = rest[0].device

        def per_model(values: Iterable[float]) -> Tensor:
            return torch.tensor(list(values), dtype=torch.float32, device=device)

        decays = per_model(training.weight_decay for training in trainings)
        each = list(zip(trainings, factors, strict=True))
        rates = per_model(training.adamw_learning_rate * factor for training, factor in each)
        if trainings[0].optimizer == "muon":
            muon_rates = per_model(training.muon_learning_rate * factor for training, factor in each)
            precision = muon_precision(trainings[0].muon_precision, device.type)
            self._begin(PackedMuon(hidden, muon_rates, decays, precision), PackedAdamW(rest, rates, decays))
        else:
            self._begin(PackedAdamW(hidden + rest, rates, decays))


@torch.no_grad()
def clip_gradients(parameters: Sequence[Tensor], most: Tensor) -> Tensor:
    """Scales each model's gradient down where its norm is too large, as ``torch.nn.utils.clip_grad_norm_`` for one.

    Parameters
    ----------
    parameters
        Tensors (K, …) with their gradients.
    most
        The largest norm of each model, (K,).

    Returns
    -------
    Tensor
        The norms before, (K,).
    """
    gradients = [parameter.grad for parameter in parameters if parameter.grad is not None]
    each = [torch.linalg.vector_norm(gradient.flatten(1), dim=1) for gradient in gradients]
    norms = torch.linalg.vector_norm(torch.stack(each), dim=0)
    scale = (most / (norms + 1e-6)).clamp(max=1.0)
    for gradient in gradients:
        gradient.mul_(_along(scale, gradient))
    return norms


def _along(values: Tensor, parameter: Tensor) -> Tensor:
    """``values`` (K,) with as many dimensions as ``parameter`` (K, …)."""
    return values.view(-1, *[1] * (parameter.ndim - 1))
