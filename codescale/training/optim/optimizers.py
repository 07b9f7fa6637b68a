"""Optimizers: Muon on the hidden matrices with AdamW on the rest (the default for proxies), or AdamW on everything.

On small runs Muon reaches in a third of the tokens what AdamW reaches, with a far smaller spread between seeds, and a
difference between two mixtures can only be seen above that spread.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import torch
from torch import Tensor, nn
from torch.distributed.tensor import DTensor, Replicate

from codescale.study.training import TrainingSection
from codescale.training.precision import muon_precision

MOMENTUM = 0.95
NEWTON_SCHULZ_STEPS = 5
NEWTON_SCHULZ_COEFFICIENTS = (3.4445, -4.7750, 2.0315)
ADAM_BETAS = (0.9, 0.95)


def orthogonalise(matrices: Tensor, precision: torch.dtype = torch.float32) -> Tensor:
    """Pushes the singular values of matrices towards 1: the quintic Newton–Schulz iteration of Muon (Jordan et al.
    2024), batched.

    Parameters
    ----------
    matrices
        (…, rows, columns), with one dimension more than a matrix at least.
    precision
        What it is computed in: bf16 is faster on GPUs; on CPUs fp32 is both faster and exact enough that half batches
        on two workers equal one batch.

    Returns
    -------
    Tensor
        Of the same shape and type as ``matrices``.
    """
    a, b, c = NEWTON_SCHULZ_COEFFICIENTS
    x = matrices.to(precision).flatten(0, -3)
    tall = x.shape[-2] > x.shape[-1]
    if tall:
        x = x.mT
    x = x / (x.norm(dim=(-2, -1), keepdim=True) + 1e-7)
    for _ in range(NEWTON_SCHULZ_STEPS):
        gram = x @ x.mT
        x = torch.baddbmm(x, torch.baddbmm(gram, gram, gram, beta=b, alpha=c), x, beta=a)
    return (x.mT if tall else x).to(matrices.dtype).view(matrices.shape)


class Muon(torch.optim.Optimizer):
    """Momentum whose update is orthogonalised, for 2-D hidden matrices (Jordan et al. 2024, "Muon").

    Nesterov momentum; the update is scaled by sqrt(max(1, rows / columns)), which ``torch.optim.Muon`` calls the
    ``original`` adjustment. Matrices of one shape are orthogonalised as one batch.

    Parameters
    ----------
    parameters
        Matrices (rows, columns).
    lr, weight_decay
        Learning rate, and decoupled weight decay.
    precision
        What the update is orthogonalised in.
    """

    def __init__(
        self, parameters: Iterable[Tensor], lr: float, weight_decay: float = 0.0, precision: torch.dtype = torch.float32
    ) -> None:
        super().__init__(parameters, {"lr": lr, "weight_decay": weight_decay})
        self.precision = precision

    @torch.no_grad()
    def step(self, closure: Callable[[], float] | None = None) -> None:  # type: ignore[override]
        """One update of every parameter that has a gradient."""
        for group in self.param_groups:
            by_shape: dict[torch.Size, list[Tensor]] = {}
            for parameter in group["params"]:
                if parameter.grad is not None:
                    by_shape.setdefault(parameter.shape, []).append(parameter)
            for parameters in by_shape.values():
                self._step_together(parameters, group["lr"], group["weight_decay"])

    def _step_together(self, parameters: list[Tensor], rate: float, weight_decay: float) -> None:
        gradients = [parameter.grad for parameter in parameters if parameter.grad is not None]
        momenta = [self.state[parameter]["momentum"] for parameter in parameters]
        torch._foreach_lerp_(momenta, gradients, 1 - MOMENTUM)
        ahead = torch._foreach_lerp(gradients, momenta, MOMENTUM)
        update = orthogonalise(torch.stack([_whole(one) for one in ahead]), self.precision)
        self._apply(parameters, update, rate, weight_decay)

    def _apply(self, parameters: list[Tensor], update: Tensor, rate: float, weight_decay: float) -> None:
        """Moves ``parameters`` by ``update``, one more dimension: a matrix for each."""
        if weight_decay:
            torch._foreach_mul_(parameters, 1 - rate * weight_decay)
        own = [_like(one, parameter) for one, parameter in zip(update.unbind(), parameters, strict=True)]
        torch._foreach_add_(parameters, own, alpha=-rate * adjustment(parameters[0]))


def adjustment(parameter: Tensor) -> float:
    """What the update of a matrix (…, rows, columns) is scaled by: sqrt(max(1, rows / columns))."""
    rows, columns = parameter.shape[-2:]
    return max(1.0, rows / columns) ** 0.5


def _whole(matrix: Tensor) -> Tensor:
    """All of a matrix of which this worker may hold a part: only a whole one can be made orthogonal."""
    return matrix.full_tensor() if isinstance(matrix, DTensor) else matrix


def _like(whole: Tensor, parameter: Tensor) -> Tensor:
    """The part of ``whole`` (the same on every worker) that ``parameter`` is of it."""
    if not isinstance(parameter, DTensor):
        return whole
    mesh = parameter.device_mesh
    return DTensor.from_local(whole, mesh, [Replicate()] * mesh.ndim).redistribute(placements=parameter.placements)


class Optimizers:
    """The optimizers of one model behind one step, with one relative learning rate for the schedule to set.

    Their state is there from the beginning, so that a checkpoint always holds the same tensors.

    Parameters
    ----------
    model
        The model, with its parameters where training has them.
    training
        Which optimizers, peak learning rates and weight decay.
    learning_rate_factor
        Multiplies the peak learning rates.
    """

    def __init__(self, model: nn.Module, training: TrainingSection, learning_rate_factor: float = 1.0) -> None:
        self._named = dict(model.named_parameters())
        hidden = [parameter for name, parameter in self._named.items() if is_hidden_matrix(name, parameter)]
        rest = [parameter for name, parameter in self._named.items() if not is_hidden_matrix(name, parameter)]
        device = rest[0].device.type
        adamw: dict[str, Any] = {
            "betas": ADAM_BETAS,
            "weight_decay": training.weight_decay,
            "fused": device in ("cpu", "cuda") and not isinstance(rest[0], DTensor),
        }
        rate = training.adamw_learning_rate * learning_rate_factor
        if training.optimizer == "muon":
            muon_rate = training.muon_learning_rate * learning_rate_factor
            precision = muon_precision(training.muon_precision, device)
            self._begin(
                Muon(hidden, lr=muon_rate, weight_decay=training.weight_decay, precision=precision),
                torch.optim.AdamW(rest, lr=rate, **adamw),
            )
        else:
            self._begin(torch.optim.AdamW(hidden + rest, lr=rate, **adamw))

    def _begin(self, *optimizers: torch.optim.Optimizer) -> None:
        self._optimizers = optimizers
        self._peaks = [[group["lr"] for group in optimizer.param_groups] for optimizer in optimizers]
        for optimizer in optimizers:
            _begin(optimizer)

    def step(self, relative_rate: float) -> None:
        """Updates the model at ``relative_rate`` times the peak learning rates, and clears the gradients."""
        for optimizer, peaks in zip(self._optimizers, self._peaks, strict=True):
            for group, peak in zip(optimizer.param_groups, peaks, strict=True):
                group["lr"] = peak * relative_rate
            optimizer.step()
            optimizer.zero_grad(set_to_none=True)

    def tensors(self) -> dict[str, Tensor]:
        """The optimizers' state itself, by ``<parameter>/<entry>``: to be checkpointed, or to be written into."""
        states = {parameter: state for optimizer in self._optimizers for parameter, state in optimizer.state.items()}
        return {
            f"{name}/{entry}": value
            for name, parameter in self._named.items()
            for entry, value in states[parameter].items()
        }


def is_hidden_matrix(name: str, parameter: Tensor) -> bool:
    """Whether Muon is for a model's parameter of that name: a matrix of a layer, not an embedding or the logits."""
    return parameter.ndim == 2 and ".layers." in f".{name}"


def _begin(optimizer: torch.optim.Optimizer) -> None:
    """Gives every parameter the state that it would get with its first step."""
    for group in optimizer.param_groups:
        for parameter in group["params"]:
            state = optimizer.state[parameter]
            if isinstance(optimizer, Muon):
                state["momentum"] = torch.zeros_like(parameter)
                continue
            where = parameter.device if group["fused"] else torch.device("cpu")
            state["step"] = torch.zeros((), dtype=torch.float32, device=where)
            state["exp_avg"] = torch.zeros_like(parameter)
            state["exp_avg_sq"] = torch.zeros_like(parameter)
