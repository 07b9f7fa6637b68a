"""The next token of every row of a batch, from logits and numbers that were drawn for the row beforehand.

A row's numbers depend on its prompt and sample alone, so that a continuation is the same whatever shares its batch.
"""

from __future__ import annotations

import hashlib

import numpy as np
import torch
from torch import Tensor

from codescale.arrays import Array
from codescale.evaluation.generation.settings import Decoding


def row_draws(seed: int, prompt: str, sample: int, count: int) -> Array:
    """``count`` numbers, uniform on [0, 1): those of the ``sample``-th continuation of ``prompt``."""
    digest = hashlib.sha256(f"{seed} {sample} {prompt}".encode()).digest()
    return np.random.default_rng(int.from_bytes(digest[:16], "big")).random(count)


def next_tokens(logits: Tensor, decoding: Decoding, draws: Tensor) -> Tensor:
    """The tokens that come next.

    Parameters
    ----------
    logits
        (B, V).
    decoding
        Greedy, or how it is drawn.
    draws
        (B,), uniform on [0, 1); not looked at where nothing is drawn.

    Returns
    -------
    Tensor
        Token ids (B,).
    """
    if decoding.greedy:
        return logits.argmax(dim=-1)
    ordered, tokens = (logits.double() / decoding.temperature).softmax(dim=-1).sort(dim=-1, descending=True)
    cumulative = ordered.cumsum(dim=-1)
    if decoding.top_p < 1:
        # A token is kept where those before it have less than top_p: the first one always is.
        ordered = ordered.masked_fill(cumulative - ordered >= decoding.top_p, 0.0)
        cumulative = ordered.cumsum(dim=-1)
    wanted = draws[:, None].to(cumulative) * cumulative[:, -1:]
    place = torch.searchsorted(cumulative, wanted, right=True)
    last = (ordered > 0).sum(dim=-1, keepdim=True) - 1  # rounding may lead past what is possible
    return tokens.gather(-1, torch.minimum(place, last)).squeeze(-1)
