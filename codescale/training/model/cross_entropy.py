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
        at_target = targets[..., None]
        highest = logits.amax(dim=-1, keepdim=True)
        picked = logits.gather(-1, at_target) - highest
        gradient = (logits - highest).exp_()
        total = gradient.sum(dim=-1, keepdim=True)
        loss = (total.log() - picked).squeeze(-1).mean(dim=-1)
        gradient.div_(total)
        gradient.scatter_add_(-1, at_target, gradient.new_full((1,), -1.0).expand(at_target.shape))
        ctx.save_for_backward(gradient.div_(targets.shape[-1]))
        return loss

    @staticmethod
    def backward(ctx: Any, *upstream: Tensor) -> tuple[Tensor, None]:
        (gradient,) = ctx.saved_tensors
        return gradient.mul_(upstream[0][..., None, None]), None


def cross_entropy(logits: Tensor, targets: Tensor) -> Tensor:
    """Mean cross-entropy over rows.

    Parameters
    ----------
    logits
        (…, rows, vocabulary), in fp32.
    targets
        Token ids (…, rows).

    Returns
    -------
    Tensor
        (…,), nats per token.
    """
    if torch.is_grad_enabled() and logits.requires_grad:
        return _CrossEntropy.apply(logits, targets)  # type: ignore[no-untyped-call]
    return token_cross_entropy(logits, targets).mean(dim=-1)


def token_cross_entropy(logits: Tensor, targets: Tensor) -> Tensor:
    """As :func:`cross_entropy` without the mean: (…, rows), nats."""
    return F.cross_entropy(logits.flatten(0, -2), targets.flatten(), reduction="none").view(targets.shape)
