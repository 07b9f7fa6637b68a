"""Optimizers: Muon on the hidden matrices with AdamW on the rest (the default for proxies), or AdamW on everything.

On small runs Muon reaches in a third of the tokens what AdamW reaches, with a far smaller spread between seeds, and a
difference between two mixtures can only be seen above that spread.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import torch
from torch import Tensor, nn

from codescale.study import TrainingSection

MOMENTUM = 0.95
NEWTON_SCHULZ_STEPS = 5
NEWTON_SCHULZ_COEFFICIENTS = (3.4445, -4.7750, 2.0315)
ADAM_BETAS = (0.9, 0.95)


def orthogonalise(matrices: Tensor, precision: torch.dtype = torch.float32) -> Tensor:
    """Pushes the singular values of each of ``matrices`` (count, rows, columns) towards 1.

    The quintic Newton–Schulz iteration of Muon (Jordan et al. 2024), batched, in ``precision``: bf16 is faster on GPUs;
    on CPUs fp32 is both faster and exact enough that half batches on two workers equal one batch.
    """
    a, b, c = NEWTON_SCHULZ_COEFFICIENTS
    x = matrices.to(precision)
    tall = x.shape[-2] > x.shape[-1]
    if tall:
        x = x.mT
    x = x / (x.norm(dim=(-2, -1), keepdim=True) + 1e-7)
    for _ in range(NEWTON_SCHULZ_STEPS):
        gram = x @ x.mT
        x = a * x + (b * gram + c * gram @ gram) @ x
    return (x.mT if tall else x).to(matrices.dtype)


class Muon(torch.optim.Optimizer):
    """Momentum whose update is orthogonalised, for 2-D hidden matrices (Jordan et al. 2024, "Muon").

    Nesterov momentum; the update is scaled by sqrt(max(1, rows / columns)), which ``torch.optim.Muon`` calls the
    ``original`` adjustment. Matrices of one shape are orthogonalised as one batch.
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
        momenta = [self._momentum(parameter) for parameter in parameters]
        torch._foreach_lerp_(momenta, gradients, 1 - MOMENTUM)
        ahead = torch._foreach_lerp(gradients, momenta, MOMENTUM)
        update = orthogonalise(torch.stack(ahead), self.precision)
        rows, columns = parameters[0].shape
        if weight_decay:
            torch._foreach_mul_(parameters, 1 - rate * weight_decay)
        torch._foreach_add_(parameters, list(update.unbind()), alpha=-rate * max(1.0, rows / columns) ** 0.5)

    def _momentum(self, parameter: Tensor) -> Tensor:
        state = self.state[parameter]
        if "momentum" not in state:
            state["momentum"] = torch.zeros_like(parameter)
        return state["momentum"]


class Optimizers:
    """The optimizers of one model behind one step, with one relative learning rate for the schedule to set."""

    def __init__(self, model: nn.Module, training: TrainingSection, learning_rate_factor: float = 1.0) -> None:
        named = dict(model.named_parameters())
        hidden = [p for name, p in named.items() if p.ndim == 2 and ".layers." in f".{name}"]
        rest = [p for name, p in named.items() if not (p.ndim == 2 and ".layers." in f".{name}")]
        fused = next(model.parameters()).device.type in ("cpu", "cuda")
        adamw: dict[str, Any] = {"betas": ADAM_BETAS, "weight_decay": training.weight_decay, "fused": fused}
        rate = training.adamw_learning_rate * learning_rate_factor
        if training.optimizer == "muon":
            muon_rate = training.muon_learning_rate * learning_rate_factor
            precision = torch.bfloat16 if hidden[0].device.type == "cuda" else torch.float32
            self._optimizers: list[torch.optim.Optimizer] = [
                Muon(hidden, lr=muon_rate, weight_decay=training.weight_decay, precision=precision),
                torch.optim.AdamW(rest, lr=rate, **adamw),
            ]
        else:
            self._optimizers = [torch.optim.AdamW(hidden + rest, lr=rate, **adamw)]
        self._peaks = [[group["lr"] for group in optimizer.param_groups] for optimizer in self._optimizers]
        self._names: dict[Tensor, str] = {parameter: name for name, parameter in named.items()}

    def step(self, relative_rate: float) -> None:
        """Updates the model at ``relative_rate`` times the peak learning rates, and clears the gradients."""
        for optimizer, peaks in zip(self._optimizers, self._peaks, strict=True):
            for group, peak in zip(optimizer.param_groups, peaks, strict=True):
                group["lr"] = peak * relative_rate
            optimizer.step()
            optimizer.zero_grad(set_to_none=True)

    def tensors(self) -> dict[str, Tensor]:
        """The optimizers' state, by ``<parameter>/<entry>``, to be checkpointed."""
        return {
            f"{self._names[parameter]}/{entry}": value
            for optimizer in self._optimizers
            for parameter, state in optimizer.state.items()
            for entry, value in state.items()
        }

    def load(self, tensors: dict[str, Tensor]) -> None:
        """Takes back what :meth:`tensors` gave."""
        parameters = {name: parameter for parameter, name in self._names.items()}
        states: dict[str, dict[str, Any]] = {}
        for key, value in tensors.items():
            name, entry = key.rsplit("/", 1)
            states.setdefault(name, {})[entry] = value
        for optimizer in self._optimizers:
            optimizer.state.clear()
            for group in optimizer.param_groups:
                for parameter in group["params"]:
                    name = self._names[parameter]
                    if name in states:
                        like = {k: v.clone().to(parameters[name].device if v.ndim else v.device)
                                for k, v in states[name].items()}  # fmt: skip
                        optimizer.state[parameter] = like
