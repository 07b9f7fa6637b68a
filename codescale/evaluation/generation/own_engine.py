"""Our engine: models of the families that :class:`LanguageModel` equals, with a cache of keys and values."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import torch
from tokenizers import Tokenizer

from codescale.arrays import Array
from codescale.evaluation.generation.cache import CachedDecoder
from codescale.evaluation.generation.code_model import Finished
from codescale.evaluation.generation.engine import LOOK_EVERY, Engine
from codescale.evaluation.generation.sampling import next_tokens
from codescale.evaluation.generation.settings import Decoding
from codescale.training.model.hf_config import Architecture
from codescale.training.model.hf_weights import check_weights, load_weights
from codescale.training.model.llama import LanguageModel


class OwnEngine(Engine):
    """A :class:`~codescale.evaluation.generation.code_model.CodeModel` on our own model.

    Parameters
    ----------
    model
        The model; where it is, it computes.
    tokenizer, end, context
        Its tokenizer, the token that ends a text, and the most tokens of one.
    """

    def __init__(self, model: LanguageModel, tokenizer: Tokenizer, end: int, context: int) -> None:
        super().__init__(tokenizer, end, context)
        self._model = model.eval()

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
        return self._without_end(written)

    def _tokens(
        self,
        prompts: Sequence[Sequence[int]],
        decoding: Decoding,
        draws: Array,
        finished: Finished,
        written: Sequence[Sequence[int]],
    ) -> Iterator[tuple[int, int]]:
        """Row and token, as they come; what was yielded has to stand in ``written``."""
        padded, starts = (one.to(self._device) for one in self._padded_left(prompts))
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
            if (step + 1) % LOOK_EVERY == 0:
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
        tokens = self._padded_right(texts).to(self._device)
        losses = self._model.token_losses(tokens).double().cpu().numpy()
        return [losses[row, : len(text) - 1] for row, text in enumerate(texts)]


def open_own(
    folder: Path, found: Architecture, tokenizer: Tokenizer, end: int, context: int, device: torch.device
) -> OwnEngine:
    """The model in ``folder``, in single precision. Raises :class:`UserError` where its weights are not ``found``'s."""
    check_weights(folder, found)
    model = LanguageModel(found.shape, found.vocabulary, context)
    load_weights(model, folder)
    return OwnEngine(model.to(device), tokenizer, end, context)
