"""A LLaMA-style language model in plain torch, weight for weight the one transformers calls ``LlamaForCausalLM``.

SwiGLU, rotary positions, RMSNorm, multi-head causal attention, no biases, untied embeddings. Parameter names and the
order of rotary dimensions are those of transformers, so a state dict goes either way and a trained model opens there
with ``from_pretrained``; only the Python between the matrix products is leaner, which is most of the time of a proxy.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from codescale.study import Shape
from codescale.training.cross_entropy import cross_entropy

ROPE_BASE = 10_000.0
NORM_EPSILON = 1e-6


class RMSNorm(nn.Module):
    """Scales the last dimension to unit root mean square (Zhang & Sennrich 2019, arXiv 1910.07467)."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.ones(width))

    def forward(self, x: Tensor) -> Tensor:
        """(…, width) to (…, width)."""
        return F.rms_norm(x, (x.shape[-1],), self.weight, NORM_EPSILON)


def rotary_table(context: int, heads: int, head_width: int) -> tuple[Tensor, Tensor]:
    """Cosines and sines of rotary positions (Su et al. 2021, arXiv 2104.09864), each (context, heads · head_width).

    Repeated for every head, and the sines of a head's first half negated, so that turning is arithmetic on whole rows:
    on a CPU that is a good part of a proxy's step faster than head by head.
    """
    exponents = torch.arange(0, head_width, 2, dtype=torch.float32) / head_width
    angles = torch.outer(torch.arange(context, dtype=torch.float32), ROPE_BASE**-exponents)
    cosines, sines = angles.cos(), angles.sin()
    return torch.cat((cosines, cosines), dim=-1).repeat(1, heads), torch.cat((-sines, sines), dim=-1).repeat(1, heads)


def rotate(x: Tensor, cosines: Tensor, sines: Tensor, heads: int) -> Tensor:
    """Turns queries or keys (batch, context, hidden) by their positions, with tables of :func:`rotary_table`."""
    swapped = x.view(*x.shape[:-1], heads, 2, -1).flip(-2).view(x.shape)
    return torch.addcmul(x * cosines, swapped, sines)


def within_documents(tokens: Tensor, document_end: int) -> Tensor:
    """What each position of token ids (batch, context) may attend to: itself and what came before in its document.

    A document's end token, ``document_end``, is its last. (batch, 1, context, context), true where attended to.
    """
    context = tokens.shape[1]
    ended = (tokens == document_end).cumsum(dim=1)
    document = F.pad(ended[:, :-1], (1, 0))
    same = document[:, :, None] == document[:, None, :]
    causal = torch.ones(context, context, dtype=torch.bool, device=tokens.device).tril()
    return (same & causal)[:, None]


class Attention(nn.Module):
    """Multi-head causal self-attention through ``scaled_dot_product_attention``."""

    def __init__(self, shape: Shape) -> None:
        super().__init__()
        self.heads = shape.heads
        self.q_proj = nn.Linear(shape.hidden, shape.hidden, bias=False)
        self.k_proj = nn.Linear(shape.hidden, shape.hidden, bias=False)
        self.v_proj = nn.Linear(shape.hidden, shape.hidden, bias=False)
        self.o_proj = nn.Linear(shape.hidden, shape.hidden, bias=False)

    def forward(self, x: Tensor, cosines: Tensor, sines: Tensor, mask: Tensor | None) -> Tensor:
        """(batch, context, hidden) to the same; ``mask`` as :func:`within_documents` gives it, None: all that came
        before.
        """
        batch, context, hidden = x.shape
        q = rotate(self.q_proj(x), cosines, sines, self.heads)
        k = rotate(self.k_proj(x), cosines, sines, self.heads)
        q, k, v = (one.view(batch, context, self.heads, -1).transpose(1, 2) for one in (q, k, self.v_proj(x)))
        mixed = F.scaled_dot_product_attention(q, k, v, attn_mask=mask, is_causal=mask is None)
        return self.o_proj(mixed.transpose(1, 2).reshape(batch, context, hidden))


class FeedForward(nn.Module):
    """SwiGLU (Shazeer 2020, arXiv 2002.05202)."""

    def __init__(self, shape: Shape) -> None:
        super().__init__()
        self.gate_proj = nn.Linear(shape.hidden, shape.intermediate, bias=False)
        self.up_proj = nn.Linear(shape.hidden, shape.intermediate, bias=False)
        self.down_proj = nn.Linear(shape.intermediate, shape.hidden, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        """(…, hidden) to (…, hidden)."""
        return self.down_proj(F.silu(self.gate_proj(x)) * self.up_proj(x))


class Block(nn.Module):
    """One layer: attention and feed-forward, each behind a norm and added to the residual stream."""

    def __init__(self, shape: Shape) -> None:
        super().__init__()
        self.input_layernorm = RMSNorm(shape.hidden)
        self.self_attn = Attention(shape)
        self.post_attention_layernorm = RMSNorm(shape.hidden)
        self.mlp = FeedForward(shape)

    def forward(self, x: Tensor, cosines: Tensor, sines: Tensor, mask: Tensor | None) -> Tensor:
        """(batch, context, hidden) to the same."""
        x = x + self.self_attn(self.input_layernorm(x), cosines, sines, mask)
        return x + self.mlp(self.post_attention_layernorm(x))


class Trunk(nn.Module):
    """Embedding, layers and last norm; named as in transformers so that state dicts match."""

    def __init__(self, shape: Shape, vocabulary: int) -> None:
        super().__init__()
        self.embed_tokens = nn.Embedding(vocabulary, shape.hidden)
        self.layers = nn.ModuleList(Block(shape) for _ in range(shape.layers))
        self.norm = RMSNorm(shape.hidden)


class LanguageModel(nn.Module):
    """The whole model: token ids in, losses in nats out. ``document_end``: the token at which attention stops looking
    back; None: it sees the whole sequence.
    """

    cosines: Tensor
    sines: Tensor

    def __init__(self, shape: Shape, vocabulary: int, context: int, document_end: int | None = None) -> None:
        super().__init__()
        self.shape, self.vocabulary, self.document_end = shape, vocabulary, document_end
        self.model = Trunk(shape, vocabulary)
        self.lm_head = nn.Linear(shape.hidden, vocabulary, bias=False)
        cosines, sines = rotary_table(context, shape.heads, shape.hidden // shape.heads)
        self.register_buffer("cosines", cosines, persistent=False)
        self.register_buffer("sines", sines, persistent=False)

    def logits(self, tokens: Tensor) -> Tensor:
        """Token ids (batch, context) to logits (batch, context, vocabulary)."""
        context = tokens.shape[1]
        cosines, sines = self.cosines[:context], self.sines[:context]
        x = self.model.embed_tokens(tokens)
        mask = None if self.document_end is None else within_documents(tokens, self.document_end)
        for layer in self.model.layers:
            x = layer(x, cosines, sines, mask)
        return self.lm_head(self.model.norm(x))

    def forward(self, sequences: Tensor) -> Tensor:
        """Mean next-token cross-entropy, nats per token, of sequences (batch, context + 1)."""
        logits = self.logits(sequences[:, :-1])
        return cross_entropy(logits.flatten(0, 1).float(), sequences[:, 1:].flatten())


def initialise(model: LanguageModel, deviation: float, seed: int) -> None:
    """Draws every matrix from N(0, ``deviation``²) with a generator of its own, so that nothing else moves it."""
    generator = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for parameter in model.parameters():
            if parameter.ndim == 2:
                parameter.copy_(torch.randn(parameter.shape, generator=generator) * deviation)
            else:
                parameter.fill_(1.0)
