"""Losses of translation: the cross-entropy of a program in one language, given the same program in another.

The model reads the first half, then the second, exactly as paired training writes them
(:mod:`~codescale.training.data.pairing`): one document, without an end-of-document token between. Only the tokens of
the second half count, its end included. Pairs are those programs of a held-out split of which both halves fit into one
sequence together, in an order that depends on the programs' names alone: so all models are judged on the same pairs,
and all directions on the same programs as far as these have the languages.

Shapes: a loss is (), or (K,) for a pack of K models.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from codescale.corpus.reader import Corpus
from codescale.directions import sides
from codescale.errors import UserError
from codescale.training.metrics.document_losses import TokenModel
from codescale.training.metrics.evaluation import evaluation_rows
from codescale.training.parallel import SingleProcess

_FEWEST_TOKENS = 2
"""Of a half, its end-of-document token included: without one of its own there is nothing to give, or to ask."""


@dataclass(frozen=True)
class TranslationPairs:
    """The pairs of one direction: ``sequences`` (pairs, T + 1) token ids, filled up with end-of-document tokens, and
    which of their targets are the second half's, ``counted`` (pairs, T).
    """

    sequences: Tensor
    counted: Tensor

    def __len__(self) -> int:
        return len(self.sequences)


def translation_pairs(corpus: Corpus, name: str, split: str, *, pairs: int, context: int) -> TranslationPairs | None:
    """The first ``pairs`` of a direction.

    Parameters
    ----------
    corpus
        Where the text is.
    name
        The direction.
    split
        ``validation`` or ``test``.
    pairs
        How many pairs to read at the most.
    context
        Tokens of a sequence.

    Returns
    -------
    TranslationPairs or None
        None where no program of the split has both languages and fits.

    Raises
    ------
    ValueError
        Where ``name`` is no direction.
    """
    languages = sides(name)
    if languages is None:
        raise ValueError(f"{name!r} is no direction")
    texts = [corpus.documents(language, split) for language in languages]
    places = [_places(corpus.programs(language, split)) for language in languages]
    rows = []
    for program in sorted(places[0].keys() & places[1].keys(), key=_order):
        spans = [text.offsets[place[program] :][:2] for text, place in zip(texts, places, strict=True)]
        halves = [text.tokens[start:stop] for text, (start, stop) in zip(texts, spans, strict=True)]
        sizes = [len(half) for half in halves]
        if min(sizes) >= _FEWEST_TOKENS and sum(sizes) - 1 <= context + 1:
            rows.append((halves[0][:-1], halves[1]))
        if len(rows) == pairs:
            break
    return _stacked(rows, corpus.end_of_document) if rows else None


def _places(programs: Sequence[str | None]) -> dict[tuple[str, int], int]:
    """The document of each program; of several documents of one the first, the second and so on."""
    counts: Counter[str] = Counter()
    found = {}
    for place, program in enumerate(programs):
        if program is not None:
            found[program, counts[program]] = place
            counts[program] += 1
    return found


def _order(program: tuple[str, int]) -> tuple[bytes, int]:
    name, number = program
    return hashlib.sha256(name.encode("utf-8", errors="surrogateescape")).digest(), number


def _stacked(rows: Sequence[tuple[np.ndarray, np.ndarray]], end: int) -> TranslationPairs:
    longest = max(len(first) + len(second) for first, second in rows)
    sequences = np.full((len(rows), longest), end, dtype=np.int64)
    counted = np.zeros((len(rows), longest - 1), dtype=np.bool_)
    for k, (first, second) in enumerate(rows):
        size = len(first) + len(second)
        sequences[k, :size] = np.concatenate([first, second])
        counted[k, len(first) - 1 : size - 1] = True
    return TranslationPairs(torch.from_numpy(sequences), torch.from_numpy(counted))


def all_translation_pairs(
    corpus: Corpus, directions: Sequence[str], split: str, *, pairs: int, context: int
) -> dict[str, TranslationPairs]:
    """Those of every direction that has any; parameters as :func:`translation_pairs`.

    Raises
    ------
    UserError
        Where none has.
    """
    found = {
        name: own
        for name in directions
        if (own := translation_pairs(corpus, name, split, pairs=pairs, context=context)) is not None
    }
    if not found:
        raise UserError(
            "study.yaml, training.translation_evaluation",
            f"no program of the {split} split has two of the languages and fits into a sequence of {context} tokens",
            "name program_column or translations in corpus.sources, raise training.context, or leave it out",
        )
    return found


class TranslationEvaluator:
    """Evaluates models on every direction that a held-out split has pairs of; parameters and errors as
    :func:`all_translation_pairs`.
    """

    def __init__(self, corpus: Corpus, directions: Sequence[str], split: str, *, pairs: int, context: int) -> None:
        self._pairs = all_translation_pairs(corpus, directions, split, pairs=pairs, context=context)
        self._rows = evaluation_rows(corpus.vocabulary, context)

    @property
    def counts(self) -> dict[str, int]:
        """How many pairs each direction has."""
        return {name: len(pairs) for name, pairs in self._pairs.items()}

    def losses(self, model: TokenModel, parallel: SingleProcess) -> dict[str, float]:
        """The model's loss in each direction, nats per token of the second half; workers share the pairs out.

        Parameters
        ----------
        model
            It goes on in training mode.
        parallel
            This worker's part.
        """
        return {name: float(loss) for name, loss in self.mean_losses(model, parallel).items()}

    @torch.no_grad()
    def mean_losses(self, model: TokenModel, parallel: SingleProcess) -> dict[str, Tensor]:
        """The same as (), or (K,) where ``model`` is a pack of K models."""
        model.eval()
        found = {name: _mean_loss(model, pairs, self._rows, parallel) for name, pairs in self._pairs.items()}
        model.train()
        parallel.reshard(model)  # type: ignore[arg-type]
        return found


def _mean_loss(model: TokenModel, pairs: TranslationPairs, batch: int, parallel: SingleProcess) -> Tensor:
    """Every worker goes forward as often as any other, since a sharded model needs all of them each time."""
    total = torch.zeros((), dtype=torch.float64, device=parallel.device)
    stride = batch * parallel.world
    for first in range(0, len(pairs), stride):
        own = slice(first + parallel.rank * batch, first + (parallel.rank + 1) * batch)
        rows, counted = pairs.sequences[own], pairs.counted[own]
        if not len(rows):
            rows, counted = pairs.sequences[:1], torch.zeros_like(pairs.counted[:1])
        nats = model.token_losses(rows.to(parallel.device)).double()
        total = total + nats.masked_fill(~counted.to(parallel.device), 0.0).sum(dim=(-2, -1))
    return parallel.all_reduce_sum(total) / int(pairs.counted.sum())
