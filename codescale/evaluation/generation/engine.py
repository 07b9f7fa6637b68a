"""What every engine has and does with the rows of a batch: padding, and taking off the token that ends a text."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from tokenizers import Tokenizer
from torch import Tensor

LOOK_EVERY = 8
"""Steps between two looks at what was written: looking means decoding it."""


class Engine:
    """The part of a :class:`~codescale.evaluation.generation.code_model.CodeModel` that does not depend on its model.

    Parameters
    ----------
    tokenizer, end, context
        The model's tokenizer, the token that ends a text, and the most tokens of one.
    """

    def __init__(self, tokenizer: Tokenizer, end: int, context: int) -> None:
        self._tokenizer, self._end, self._context = tokenizer, end, context

    @property
    def tokenizer(self) -> Tokenizer:
        """As given."""
        return self._tokenizer

    @property
    def context(self) -> int:
        """As given."""
        return self._context

    @property
    def end(self) -> int:
        """As given."""
        return self._end

    def _padded_left(self, prompts: Sequence[Sequence[int]]) -> tuple[Tensor, Tensor]:
        """The prompts as (B, T), each at the end of its row, and the columns (B,) that they begin at."""
        longest = max(map(len, prompts))
        padded = torch.full((len(prompts), longest), self._end)
        for row, prompt in enumerate(prompts):
            padded[row, longest - len(prompt) :] = torch.tensor(prompt)
        return padded, torch.tensor([longest - len(prompt) for prompt in prompts])

    def _padded_right(self, texts: Sequence[Sequence[int]]) -> Tensor:
        """The texts as (B, T), each at the beginning of its row."""
        padded = torch.full((len(texts), max(map(len, texts))), self._end)
        for row, text in enumerate(texts):
            padded[row, : len(text)] = torch.tensor(text)
        return padded

    def _without_end(self, written: Sequence[list[int]]) -> list[list[int]]:
        """Texts as they were written, without the token that ended them."""
        return [row[:-1] if row and row[-1] == self._end else row for row in written]
