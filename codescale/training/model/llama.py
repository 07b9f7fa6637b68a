"""A LLaMA-style language model in plain torch, weight for weight the one transformers calls ``LlamaForCausalLM``.

SwiGLU, rotary positions, RMSNorm, causal attention with as many key heads as query heads or fewer, no biases and
untied embeddings unless the shape says otherwise. Parameter names and the order of rotary dimensions are those of
transformers, so a state dict goes either way and a trained model opens there with ``from_pretrained``; only the Python
between the matrix products is leaner, which is most of the time of a proxy.

Shapes: B sequences of T tokens, width h of the residual stream, H heads of width d, vocabulary V; token ids (B, T),
activations (B, T, h), logits (B, T, V).
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from codescale.study.training import Shape
from codescale.training.model.cross_entropy import cross_entropy, token_cross_entropy


class RMSNorm(nn.Module):
    """Scales the last dimension to unit root mean square (Zhang & Sennrich 2019, arXiv 1910.07467)."""

    def __init__(self, width: int, epsilon: float) -> None:
        super().__init__()
        self.epsilon = epsilon
        self.weight = nn.Parameter(torch.ones(width))

    def forward(self, x: Tensor) -> Tensor:
        """(…, width) to (…, width)."""
        return F.rms_norm(x, (x.shape[-1],), self.weight, self.epsilon)


def rotary_table(shape: Shape, context: int) -> tuple[Tensor, Tensor]:
    """Cosines and sines of rotary positions (Su et al. 2021, arXiv 2104.09864), each (T, H·d) for T = ``context``.

    Repeated for every head, and the sines of a head's first half negated, so that turning is arithmetic on whole rows:
    on a CPU that is a good part of a proxy's step faster than head by head.
    """
    exponents = torch.arange(0, shape.head_width, 2, dtype=torch.float32) / shape.head_width
    positions = torch.arange(context, dtype=torch.float32) / shape.rope_factor
    angles = torch.outer(positions, shape.rope_theta**-exponents)
    cosines, sines = torch.cat((angles.cos(), angles.cos()), dim=-1), torch.cat((-angles.sin(), angles.sin()), dim=-1)
    return cosines.repeat(1, shape.heads), sines.repeat(1, shape.heads)


def rotate(x: Tensor, cosines: Tensor, sines: Tensor, head_width: int) -> Tensor:
    """Turns queries or keys by their positions.

    Parameters
    ----------
    x
        Queries or keys (B, T, H·d). Shared keys have fewer heads than the tables, which are the same for every head.
    cosines, sines
        Of :func:`rotary_table`, (T, H·d), or a row each (B, T, H·d).
    head_width
        d.
    """
    width = x.shape[-1]
    swapped = x.view(*x.shape[:-1], -1, 2, head_width // 2).flip(-2).view(x.shape)
    return torch.addcmul(x * cosines[..., :width], swapped, sines[..., :width])


def within_documents(tokens: Tensor, document_end: int) -> Tensor:
    """What each position may attend to: itself and what came before in its document.

    Parameters
    ----------
    tokens
        Token ids (B, T).
    document_end
        The token that is a document's last.

    Returns
    -------
    Tensor
        (B, 1, T, T), true where attended to.
    """
    context = tokens.shape[1]
    ended = (tokens == document_end).cumsum(dim=1)
    document = F.pad(ended[:, :-1], (1, 0))
    same = document[:, :, None] == document[:, None, :]
    causal = torch.ones(context, context, dtype=torch.bool, device=tokens.device).tril()
    return (same & causal)[:, None]


class Attention(nn.Module):
    """Causal self-attention, of several query heads for each key head or of one, through
    ``scaled_dot_product_attention``.
    """

    def __init__(self, shape: Shape) -> None:
        super().__init__()
        self.head_width = shape.head_width
        self.grouped = shape.key_heads < shape.heads
        queries, keys = shape.heads * shape.head_width, shape.key_heads * shape.head_width
        biased = shape.attention_bias != "none"
        self.q_proj = nn.Linear(shape.hidden, queries, bias=biased)
        self.k_proj = nn.Linear(shape.hidden, keys, bias=biased)
        self.v_proj = nn.Linear(shape.hidden, keys, bias=biased)
        self.o_proj = nn.Linear(queries, shape.hidden, bias=shape.attention_bias == "all")

    def forward(self, x: Tensor, cosines: Tensor, sines: Tensor, mask: Tensor | None) -> Tensor:
        """(B, T, h) to the same; ``mask`` as :func:`within_documents` gives it, None: all that came before."""
        batch, context, _ = x.shape
        q, k = (rotate(one(x), cosines, sines, self.head_width) for one in (self.q_proj, self.k_proj))
        q, k, v = (one.view(batch, context, -1, self.head_width).transpose(1, 2) for one in (q, k, self.v_proj(x)))
        mixed = F.scaled_dot_product_attention(q, k, v, attn_mask=mask, is_causal=mask is None, enable_gqa=self.grouped)
        return self.o_proj(mixed.transpose(1, 2).reshape(batch, context, -1))


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
        self.input_layernorm = RMSNorm(shape.hidden, shape.norm_epsilon)
        self.self_attn = Attention(shape)
        self.post_attention_layernorm = RMSNorm(shape.hidden, shape.norm_epsilon)
        self.mlp = FeedForward(shape)

    def forward(self, x: Tensor, cosines: Tensor, sines: Tensor, mask: Tensor | None) -> Tensor:
        """(B, T, h) to the same."""
        x = x + self.self_attn(self.input_layernorm(x), cosines, sines, mask)
        return x + self.mlp(self.post_attention_layernorm(x))


class Backbone(nn.Module):
    """Embedding, layers and last norm; named as in transformers so that state dicts match."""

    def __init__(self, shape: Shape, vocabulary: int) -> None:
        super().__init__()
        self.embed_tokens = nn.Embedding(vocabulary, shape.hidden)
        self.layers = nn.ModuleList(Block(shape) for _ in range(shape.layers))
        self.norm = RMSNorm(shape.hidden, shape.norm_epsilon)


class LanguageModel(nn.Module):
    """The whole model: token ids in, losses in nats out.

    Parameters
    ----------
    shape
        Its shape.
    vocabulary
        V.
    context
        The longest T.
    document_end
        The token at which attention stops looking back; None: it sees the whole sequence.
    """

    cosines: Tensor
    sines: Tensor

    def __init__(self, shape: Shape, vocabulary: int, context: int, document_end: int | None = None) -> None:
        super().__init__()
        self.shape, self.vocabulary, self.document_end = shape, vocabulary, document_end
        self.model = Backbone(shape, vocabulary)
        self.lm_head = nn.Linear(shape.hidden, vocabulary, bias=False)
        if shape.tied:
            self.lm_head.weight = self.model.embed_tokens.weight
        cosines, sines = rotary_table(shape, context)
        self.register_buffer("cosines", cosines, persistent=False)
        self.register_buffer("sines", sines, persistent=False)

    def logits(self, tokens: Tensor) -> Tensor:
        """Token ids (B, T) to logits (B, T, V)."""
        context = tokens.shape[1]
        cosines, sines = self.cosines[:context], self.sines[:context]
        x = self.model.embed_tokens(tokens)
        mask = None if self.document_end is None else within_documents(tokens, self.document_end)
        for layer in self.model.layers:
            x = layer(x, cosines, sines, mask)
        return self.lm_head(self.model.norm(x))

    def forward(self, sequences: Tensor) -> Tensor:
        """Mean next-token cross-entropy, (), nats per token, of sequences (B, T + 1)."""
        logits = self.logits(sequences[:, :-1])
        return cross_entropy(logits.flatten(0, 1).float(), sequences[:, 1:].flatten())

    def token_losses(self, sequences: Tensor) -> Tensor:
        """Cross-entropy (B, T), nats, of every token that :meth:`forward` takes the mean over."""
        return token_cross_entropy(self.logits(sequences[:, :-1]).float(), sequences[:, 1:])


def initialise(model: LanguageModel, deviation: float, seed: int) -> None:
    """Draws every matrix from N(0, ``deviation``²) with a generator of its own, so that nothing else moves it; norms
    begin at 1, biases at 0.

    Parameters
    ----------
    model
        The model, changed in place.
    deviation
        Standard deviation of the weights.
    seed
        Of the generator.
    """
    generator = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            if parameter.ndim == 2:
                parameter.copy_(torch.randn(parameter.shape, generator=generator) * deviation)
            else:
                parameter.fill_(0.0 if name.endswith(".bias") else 1.0)
