"""Mean cross-entropy whose gradient is made in the forward pass, in the memory of the logits.

For a proxy the logits are most of the work. torch's own cross-entropy keeps log-probabilities beside the logits and, on
CPUs, spends more on its backward pass than on the matrix products; here the gradient, softmax minus one-hot, overwrites
the one array there is.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor
from torch.nn import functional as F


class _CrossEntropy(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, logits: Tensor, targets: Tensor) -> Tensor:
        rows = torch.arange(len(targets), device=targets.device)
        highest = logits.amax(dim=-1, keepdim=True)
        picked = logits[rows, targets] - highest.squeeze(-1)
        gradient = (logits - highest).exp_()
        total = gradient.sum(dim=-1, keepdim=True)
        loss = (total.log().squeeze(-1) - picked).mean()
        gradient.div_(total)
        gradient[rows, targets] -= 1.0
        ctx.save_for_backward(gradient.div_(len(targets)))
        return loss

    @staticmethod
    def backward(ctx: Any, *upstream: Tensor) -> tuple[Tensor, None]:
        (gradient,) = ctx.saved_tensors
        return gradient.mul_(upstream[0]), None


def cross_entropy(logits: Tensor, targets: Tensor) -> Tensor:
    """Mean cross-entropy in nats of logits (rows, vocabulary) against target ids (rows,)."""
    if torch.is_grad_enabled() and logits.requires_grad:
        return _CrossEntropy.apply(logits, targets)  # type: ignore[no-untyped-call]
    return F.cross_entropy(logits, targets)
