"""K models of one shape in one, for proxies too small to fill a GPU: every weight has a leading dimension K.

Activations stay (K·batch, …), a model's sequences together, so attention, rotary positions and everything else between
the weights are the lone model's own code; only the layers that have weights know K, and multiply in batches. Nothing
is summed over models, so each one's loss and gradients are those it has alone, and one that is not finite stays alone
with it. Parameters keep the lone model's names: a member's state dict is every tensor's k-th part.

Shapes: K models; weights (K, …); sequences (K, batch, context + 1); activations (K·batch, context, width); losses (K,).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from codescale.training.model.cross_entropy import cross_entropy, token_cross_entropy
from codescale.training.model.llama import LanguageModel, RMSNorm


class PackedLinear(nn.Module):
    """K linear maps, as one batched product."""

    def __init__(self, alone: nn.Linear, count: int) -> None:
        super().__init__()
        self.weight = _repeated(alone.weight, count)
        self.bias = None if alone.bias is None else _repeated(alone.bias, count)

    def forward(self, x: Tensor) -> Tensor:
        """(K·batch, context, in) to (K·batch, context, out)."""
        rows = x.reshape(len(self.weight), -1, x.shape[-1])
        if self.bias is None:
            return torch.bmm(rows, self.weight.mT).view(*x.shape[:-1], -1)
        return torch.baddbmm(self.bias[:, None], rows, self.weight.mT).view(*x.shape[:-1], -1)


class PackedEmbedding(nn.Module):
    """K embeddings, read as one of K · vocabulary rows."""

    def __init__(self, alone: nn.Embedding, count: int) -> None:
        super().__init__()
        self.weight = _repeated(alone.weight, count)

    def forward(self, tokens: Tensor) -> Tensor:
        """Token ids (K·batch, context) to (K·batch, context, width)."""
        count, vocabulary, _ = self.weight.shape
        first = torch.arange(count, device=tokens.device) * vocabulary
        own = tokens.reshape(count, -1) + first[:, None]
        return F.embedding(own.view(tokens.shape), self.weight.flatten(0, 1))


class PackedRMSNorm(nn.Module):
    """K scalings of the last dimension to unit root mean square."""

    def __init__(self, alone: RMSNorm, count: int) -> None:
        super().__init__()
        self.epsilon = alone.epsilon
        self.weight = _repeated(alone.weight, count)

    def forward(self, x: Tensor) -> Tensor:
        """(K·batch, context, width) to the same."""
        count, width = self.weight.shape
        normed = F.rms_norm(x, (width,), None, self.epsilon).view(count, -1, width)
        return (normed * self.weight[:, None]).view(x.shape)


_PACKED: dict[type[nn.Module], Callable[..., PackedLinear | PackedEmbedding | PackedRMSNorm]] = {
    nn.Linear: PackedLinear,
    nn.Embedding: PackedEmbedding,
    RMSNorm: PackedRMSNorm,
}


class PackedModel(LanguageModel):
    """K models in one.

    Parameters
    ----------
    members
        The models, of one shape, context and vocabulary. Their weights are copied.
    """

    def __init__(self, members: Sequence[LanguageModel]) -> None:
        alone = members[0]
        super().__init__(alone.shape, alone.vocabulary, len(alone.cosines), alone.document_end)
        self.count = len(members)
        weights: dict[nn.Parameter, nn.Parameter] = {}
        for module in list(self.modules()):
            for name, child in module.named_children():
                if type(child) in _PACKED:
                    packed = _PACKED[type(child)](child, self.count)
                    packed.weight = weights.setdefault(child.get_parameter("weight"), packed.weight)  # ties stay
                    setattr(module, name, packed)
        for k, member in enumerate(members):
            for name, values in self.member(k).items():
                values.copy_(member.get_parameter(name).detach())

    def member(self, k: int) -> dict[str, Tensor]:
        """The ``k``-th model's parameters, by the lone model's names; the values themselves, not a copy."""
        return {name: parameter.detach()[k] for name, parameter in self.named_parameters()}

    def forward(self, sequences: Tensor) -> Tensor:
        """Mean next-token cross-entropy (K,), nats per token, of every model on its sequences (K, batch, context + 1).

        Sequences (batch, context + 1) are for all of them.
        """
        own = sequences.expand(self.count, -1, -1)
        logits = self.logits(own[..., :-1].flatten(0, 1))
        return cross_entropy(logits.view(self.count, -1, logits.shape[-1]).float(), own[..., 1:].flatten(1))

    def token_losses(self, sequences: Tensor) -> Tensor:
        """Cross-entropy (K, B, T), nats, of every model's every token of sequences (B, T + 1), which are for all."""
        own = sequences.expand(self.count, -1, -1)
        logits = self.logits(own[..., :-1].flatten(0, 1))
        return token_cross_entropy(logits.view(*own[..., 1:].shape, -1).float(), own[..., 1:])


def _repeated(weight: Tensor, count: int) -> nn.Parameter:
    return nn.Parameter(weight.detach().expand(count, *weight.shape).clone())
