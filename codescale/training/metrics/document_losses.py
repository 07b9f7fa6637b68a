"""Losses document by document: what :mod:`codescale.training.metrics.evaluation` reads, added up by document.

A token counts for the document that it stands in, wherever the sequences were cut.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import torch
from torch import Tensor

from codescale.arrays import Integers
from codescale.corpus.reader import Corpus
from codescale.runs.document_losses import DocumentLosses
from codescale.training.metrics.evaluation import evaluation_rows, held_out_sequences, held_out_starts
from codescale.training.parallel import SingleProcess


class TokenModel(Protocol):
    """A model that tells the loss of every token, in evaluation mode and back."""

    def token_losses(self, sequences: Tensor) -> Tensor: ...

    def eval(self) -> object: ...

    def train(self) -> object: ...


@dataclass(frozen=True)
class _Text:
    """Sequences (count, context + 1), and for each of their targets, (count · context,), which of the distinct
    ``documents`` it stands in.
    """

    sequences: Tensor
    documents: Integers
    places: Tensor


class DocumentEvaluator:
    """Evaluates models on held-out sequences of every language; parameters as
    :func:`~codescale.training.metrics.evaluation.held_out_sequences`.
    """

    def __init__(self, corpus: Corpus, languages: Sequence[str], split: str, *, tokens: int, context: int) -> None:
        self._texts = {name: _text(corpus, name, split, tokens, context) for name in languages}
        self._rows = evaluation_rows(corpus.vocabulary, context)

    @torch.no_grad()
    def losses(self, model: TokenModel, parallel: SingleProcess) -> dict[str, DocumentLosses]:
        """Of each language; one worker reads all.

        Parameters
        ----------
        model
            Whole on this worker. It goes on in training mode.
        parallel
            Where the model is.
        """
        model.eval()
        found = {name: _losses(model, text, self._rows, parallel.device) for name, text in self._texts.items()}
        model.train()
        return found


def _text(corpus: Corpus, language: str, split: str, tokens: int, context: int) -> _Text:
    sequences = held_out_sequences(corpus, language, split, tokens=tokens, context=context)
    starts = held_out_starts(corpus, language, split, tokens=tokens, context=context)
    targets = (starts[:, None] + np.arange(1, context + 1)).ravel()
    # The last one that begins at or before the token: a document without tokens begins where the next one does.
    within = np.searchsorted(corpus.documents(language, split).offsets, targets, side="right") - 1
    documents, places = np.unique(within, return_inverse=True)
    return _Text(sequences, documents, torch.from_numpy(places))


def _losses(model: TokenModel, text: _Text, rows: int, device: torch.device) -> DocumentLosses:
    parts = (text.sequences[first : first + rows] for first in range(0, len(text.sequences), rows))
    each = [model.token_losses(part.to(device)).flatten().cpu().double() for part in parts]
    nats = torch.zeros(len(text.documents), dtype=torch.float64).index_add_(0, text.places, torch.cat(each))
    tokens = torch.bincount(text.places, minlength=len(text.documents))
    return DocumentLosses(text.documents, nats.numpy(), tokens.numpy())
