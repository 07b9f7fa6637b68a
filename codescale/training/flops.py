"""Counted training FLOPs: what cost means everywhere in a study.

A multiply-add is two operations. A forward pass over one token costs 2 for every weight of a matrix product (attention,
SwiGLU and logits; looking up an embedding is free) and, for causal attention over a context of T, 4 times the width of
all query heads per layer for each of the T/2 positions that a token sees on average. Backward costs twice forward.
Norms, rotary positions, the softmax and the optimizer are left out (Chinchilla's appendix F counts likewise; 6ND would
leave out logits and attention, which are most of the work in a proxy).
"""

from __future__ import annotations

from codescale.study.training import ModelSize, Shape

EVALUATED_OF_TRAINED = 1.0 / 3.0
"""What an evaluated token costs of a trained one: forward, without backward."""


def forward_flops_per_token(shape: Shape, vocabulary: int, context: int) -> float:
    """FLOPs of a forward pass, per token.

    Parameters
    ----------
    shape
        The model's shape.
    vocabulary
        Rows of the embedding and of the logits; 0 leaves the logits out.
    context
        Tokens of a sequence.
    """
    matrices = shape.layers * shape.layer_weights
    attention = shape.layers * 4 * shape.heads * shape.head_width * context / 2
    return 2.0 * (matrices + shape.hidden * vocabulary) + attention


def training_flops(size: Shape | ModelSize, vocabulary: int, context: int, tokens: int) -> float:
    """FLOPs of training on ``tokens`` tokens, forward and backward; the rest as :func:`forward_flops_per_token`. Of a
    model whose shape is not known those that are stated, or 6 N a token (Kaplan et al. 2020, arXiv 2001.08361).
    """
    if isinstance(size, ModelSize):
        return (size.flops_per_token or 6.0 * size.n_params) * tokens
    return forward_flops_per_token(size, vocabulary, context) * tokens / EVALUATED_OF_TRAINED
