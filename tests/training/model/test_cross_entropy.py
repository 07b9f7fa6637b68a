"""Our cross-entropy is torch's, loss and gradient."""

import torch
from torch.nn import functional as F

from codescale.training.model.cross_entropy import cross_entropy


def test_cross_entropy_and_its_gradient_are_torchs() -> None:
    generator = torch.Generator().manual_seed(0)
    logits = (torch.randn(50, 30, generator=generator) * 20).requires_grad_()
    targets = torch.randint(0, 30, (50,), generator=generator)
    ours = cross_entropy(logits, targets)
    (gradient,) = torch.autograd.grad(ours * 3, logits)
    reference = F.cross_entropy(logits, targets)
    (expected,) = torch.autograd.grad(reference * 3, logits)
    torch.testing.assert_close(ours, reference)
    torch.testing.assert_close(gradient, expected)
