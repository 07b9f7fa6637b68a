"""What evaluation asks of a model, whichever engine computes it: continue token ids, and say what texts cost."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Protocol

from tokenizers import Tokenizer

from codescale.arrays import Array
from codescale.evaluation.generation.settings import Decoding

Finished = Callable[[int, Sequence[int]], bool]
"""Whether the row of that number has, with these new tokens, all that is wanted of it."""


class CodeModel(Protocol):
    """A model that is open for evaluation."""

    @property
    def tokenizer(self) -> Tokenizer:
        """Texts to token ids and back."""
        ...

    @property
    def context(self) -> int:
        """Tokens that a text may have for the model, those that it writes included."""
        ...

    @property
    def end(self) -> int:
        """The token that ends a text."""
        ...

    def continuations(
        self, prompts: Sequence[Sequence[int]], decoding: Decoding, draws: Array, finished: Finished
    ) -> list[list[int]]:
        """The new tokens of each of ``prompts``, in one batch, without the token that ends a text.

        ``draws`` (B, new tokens), uniform on [0, 1), decide what is drawn where the decoding draws.
        """
        ...

    def token_losses(self, texts: Sequence[Sequence[int]]) -> list[Array]:
        """Of each of ``texts`` the losses of all tokens but the first, nats; no text is longer than the context."""
        ...
