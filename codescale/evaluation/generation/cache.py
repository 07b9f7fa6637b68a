"""Our model, a token at a time: keys and values of what was read are kept, so that a step costs one token's work.

Rows of a batch have prompts of different lengths: they end at one column, the shorter ones begin later, and what stands
before a row's beginning is neither attended to nor counted in its positions.

Shapes: B rows, T columns so far, Z columns of the cache, Hk key heads of width d.
"""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional as F

from codescale.training.model.llama import Block, LanguageModel, rotary_table, rotate


class CachedDecoder:
    """Continues a batch of prompts with one model.

    Parameters
    ----------
    model
        The model, where it is to compute.
    prompts
        Token ids (B, T), of which the row r begins at column ``starts[r]``.
    starts
        (B,).
    new_tokens
        The most that will be asked for.
    """

    def __init__(self, model: LanguageModel, prompts: Tensor, starts: Tensor, new_tokens: int) -> None:
        rows, columns = prompts.shape
        shape, weight = model.shape, model.model.embed_tokens.weight
        self._model, self._starts, self._columns = model, starts, 0
        self._last = torch.arange(columns + new_tokens, device=prompts.device)
        cosines, sines = rotary_table(shape, columns + new_tokens)
        self._cosines, self._sines = cosines.to(weight), sines.to(weight)
        size = (shape.layers, rows, shape.key_heads, columns + new_tokens, shape.head_width)
        self._keys, self._values = weight.new_empty(size), weight.new_empty(size)
        self._prompts = prompts

    def read(self) -> Tensor:
        """Reads the prompts; logits (B, V) of what comes next."""
        return self._logits(self._prompts)

    def step(self, tokens: Tensor) -> Tensor:
        """Reads one more token of each row, ids (B,); logits (B, V) of what comes next."""
        return self._logits(tokens[:, None])

    def keep(self, rows: Tensor) -> None:
        """Goes on with ``rows`` (indices) alone."""
        self._starts = self._starts[rows]
        self._keys, self._values = self._keys[:, rows], self._values[:, rows]

    def _logits(self, tokens: Tensor) -> Tensor:
        """Reads ``tokens`` (B, t), the next columns."""
        model, begin = self._model, self._columns
        end = begin + tokens.shape[1]
        columns = self._last[begin:end]
        positions = (columns - self._starts[:, None]).clamp(min=0)
        cosines, sines = self._cosines[positions], self._sines[positions]
        seen = self._last[:end] >= self._starts[:, None, None]
        mask = (seen & (self._last[:end] <= columns[:, None]))[:, None]
        # A column before its row's beginning attends to itself, for softmax of nothing would be no number.
        mask = mask | (self._last[:end] == columns[:, None])
        x = model.model.embed_tokens(tokens)
        for number, layer in enumerate(model.model.layers):
            x = self._layer(number, layer, x, cosines, sines, mask)  # type: ignore[arg-type]
        self._columns = end
        return model.lm_head(model.model.norm(x[:, -1]))

    def _layer(self, number: int, layer: Block, x: Tensor, cosines: Tensor, sines: Tensor, mask: Tensor) -> Tensor:
        attention, read = layer.self_attn, layer.input_layernorm(x)
        rows, count, _ = x.shape
        begin, end, width = self._columns, self._columns + count, attention.head_width
        k = rotate(attention.k_proj(read), cosines, sines, width)
        self._keys[number, :, :, begin:end] = k.view(rows, count, -1, width).transpose(1, 2)
        self._values[number, :, :, begin:end] = attention.v_proj(read).view(rows, count, -1, width).transpose(1, 2)
        if number == self._model.shape.layers - 1:  # of the last layer nothing but the last column is read
            x, read, mask, count = x[:, -1:], read[:, -1:], mask[:, :, -1:], 1
            cosines, sines = cosines[:, -1:], sines[:, -1:]
        q = rotate(attention.q_proj(read), cosines, sines, width)
        keys, values = self._keys[number, :, :, :end], self._values[number, :, :, :end]
        if count == 1:
            mixed = _attend_once(q.view(rows, keys.shape[1], -1, width), keys, values, mask)
        else:
            mixed = F.scaled_dot_product_attention(
                q.view(rows, count, -1, width).transpose(1, 2),
                keys,
                values,
                attn_mask=mask,
                enable_gqa=attention.grouped,
            ).transpose(1, 2)
        x = x + attention.o_proj(mixed.reshape(rows, count, -1))
        return x + layer.mlp(layer.post_attention_layernorm(x))


def _attend_once(q: Tensor, keys: Tensor, values: Tensor, mask: Tensor) -> Tensor:
    """Attention of one new token of each row, which torch's own has no quick way for on a CPU.

    Queries (B, Hk, H / Hk, d), keys and values (B, Hk, T, d), mask (B, 1, 1, T); (B, Hk, H / Hk, d).
    """
    scores = torch.matmul(q * q.shape[-1] ** -0.5, keys.transpose(-1, -2))
    return torch.matmul(scores.masked_fill_(~mask, -torch.inf).softmax(dim=-1), values)
