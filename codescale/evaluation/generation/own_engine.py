"""Our engine: models of the families that :class:`LanguageModel` equals, with a cache of keys and values."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import torch
from tokenizers import Tokenizer
from torch import Tensor

from codescale.arrays import Array
from codescale.evaluation.generation.cache import CachedDecoder
from codescale.evaluation.generation.code_model import Finished
from codescale.evaluation.generation.sampling import next_tokens
from codescale.evaluation.generation.settings import Decoding
from codescale.training.model.hf_config import Architecture
from codescale.training.model.hf_weights import check_weights, load_weights
from codescale.training.model.llama import LanguageModel

_LOOK_EVERY = 8
"""Steps between two looks at what was written: looking means decoding it."""


class OwnEngine:
    """A :class:`~codescale.evaluation.generation.code_model.CodeModel` on our own model.

    Parameters
    ----------
    model
        The model; where it is, it computes.
    tokenizer, end, context
        Its tokenizer, the token that ends a text, and the most tokens of one.
    """

    def __init__(self, model: LanguageModel, tokenizer: Tokenizer, end: int, context: int) -> None:
        self._model, self._tokenizer, self._end, self._context = model.eval(), tokenizer, end, context

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

    @property
    def _device(self) -> torch.device:
        return self._model.model.embed_tokens.weight.device

    @torch.inference_mode()
    def continuations(
        self, prompts: Sequence[Sequence[int]], decoding: Decoding, draws: Array, finished: Finished
    ) -> list[list[int]]:
        """As :meth:`CodeModel.continuations`. Rows that are done leave the batch as soon as half of it is."""
        written: list[list[int]] = [[] for _ in prompts]
        for row, tokens in self._tokens(prompts, decoding, draws, finished, written):
            written[row].append(tokens)
        return [row[:-1] if row and row[-1] == self._end else row for row in written]

    def _tokens(
        self,
        prompts: Sequence[Sequence[int]],
        decoding: Decoding,
        draws: Array,
        finished: Finished,
        written: Sequence[Sequence[int]],
    ) -> Iterator[tuple[int, int]]:
        """Row and token, as they come; what was yielded has to stand in ``written``."""
        padded, starts = _padded_left(prompts, self._device)
        drawn = torch.from_numpy(draws).to(self._device)
        decoder = CachedDecoder(self._model, padded, starts, decoding.new_tokens)
        rows, done = np.arange(len(prompts)), np.zeros(len(prompts), dtype=bool)
        logits = decoder.read()
        for step in range(decoding.new_tokens):
            tokens = next_tokens(logits, decoding, drawn[rows, step])
            for place, (row, token) in enumerate(zip(rows.tolist(), tokens.tolist(), strict=True)):
                if not done[place]:
                    yield row, token
                    done[place] = token == self._end
            if (step + 1) % _LOOK_EVERY == 0:
                done |= [
                    bool(gone) or finished(row, written[row]) for row, gone in zip(rows.tolist(), done, strict=True)
                ]
            if done.all() or step + 1 == decoding.new_tokens:
                return
            if 2 * done.sum() >= len(rows):
                kept = np.flatnonzero(~done)
                decoder.keep(torch.from_numpy(kept).to(self._device))
                rows, done, tokens = rows[kept], done[kept], tokens[kept]
            logits = decoder.step(tokens)

    @torch.inference_mode()
    def token_losses(self, texts: Sequence[Sequence[int]]) -> list[Array]:
        """As :meth:`CodeModel.token_losses`, of all texts in one batch."""
        longest = max(map(len, texts))
        tokens = torch.full((len(texts), longest), self._end, dtype=torch.long)
        for row, text in enumerate(texts):
            tokens[row, : len(text)] = torch.tensor(text)
        losses = self._model.token_losses(tokens.to(self._device)).double().cpu().numpy()
        return [losses[row, : len(text) - 1] for row, text in enumerate(texts)]


def _padded_left(prompts: Sequence[Sequence[int]], device: torch.device) -> tuple[Tensor, Tensor]:
    """The prompts as (B, T), each at the end of its row, and the columns that they begin at."""
    longest = max(map(len, prompts))
    padded = torch.zeros((len(prompts), longest), dtype=torch.long)
    for row, prompt in enumerate(prompts):
        padded[row, longest - len(prompt) :] = torch.tensor(prompt)
    starts = torch.tensor([longest - len(prompt) for prompt in prompts])
    return padded.to(device), starts.to(device)


def open_own(
    folder: Path, found: Architecture, tokenizer: Tokenizer, end: int, context: int, device: torch.device
) -> OwnEngine:
    """The model in ``folder``, in single precision. Raises :class:`UserError` where its weights are not ``found``'s."""
    check_weights(folder, found)
    model = LanguageModel(found.shape, found.vocabulary, context)
    load_weights(model, folder)
    return OwnEngine(model.to(device), tokenizer, end, context)
