"""Validation and test losses: the mean next-token cross-entropy of each language on a fixed set of sequences.

The sequences are spread evenly over a split, so that all of its packages count; they depend on nothing but the corpus,
so two models are always judged on the same text.

Shapes: sequences (count, context + 1) token ids; a loss is (), or (K,) for a pack of K models.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from codescale.corpus.reader import Corpus
from codescale.errors import UserError
from codescale.training.parallel import SingleProcess

EVALUATION_BATCH = 16
EVALUATION_LOGITS = 2**27
"""At most so many logits at once, half a gigabyte, however large the vocabulary."""


def evaluation_rows(vocabulary: int, context: int) -> int:
    """Sequences in a forward pass of an evaluation, by ``vocabulary`` and the tokens of a sequence."""
    return max(1, min(EVALUATION_BATCH, EVALUATION_LOGITS // (vocabulary * context)))


def held_out_starts(corpus: Corpus, language: str, split: str, *, tokens: int, context: int) -> NDArray[np.int64]:
    """(count,): where each of :func:`held_out_sequences` begins in its split, whose parameters and errors these are."""
    available = (len(corpus.documents(language, split).tokens) - 1) // context
    if available < 1:
        raise UserError(
            f"corpus, {language}",
            f"the {split} split has {len(corpus.documents(language, split).tokens):,} tokens, less than one sequence "
            f"of {context}",
            "add code in this language, or raise corpus.validation_share and corpus.test_share",
        )
    count = min(available, max(1, tokens // context))
    return np.unique(np.linspace(0, available - 1, count).round().astype(np.int64)) * context


def held_out_sequences(corpus: Corpus, language: str, split: str, *, tokens: int, context: int) -> Tensor:
    """Sequences of a split, spread evenly over it.

    Parameters
    ----------
    corpus
        Where the text is.
    language
        A language, or one of the texts beside the languages.
    split
        ``validation`` or ``test``.
    tokens
        How many tokens to read, about.
    context
        Tokens of a sequence.

    Returns
    -------
    Tensor
        Token ids (count, context + 1).

    Raises
    ------
    UserError
        Where the split does not fill one sequence.
    """
    starts = held_out_starts(corpus, language, split, tokens=tokens, context=context)
    stream = corpus.documents(language, split).tokens
    rows = [stream[start : start + context + 1].astype(np.int64) for start in starts]
    return torch.from_numpy(np.stack(rows))


class Evaluator:
    """Evaluates models on the held-out sequences of every language, of one split; parameters as
    :func:`held_out_sequences`.
    """

    def __init__(self, corpus: Corpus, languages: Sequence[str], split: str, *, tokens: int, context: int) -> None:
        self._sequences = {
            language: held_out_sequences(corpus, language, split, tokens=tokens, context=context)
            for language in languages
        }
        self._rows = evaluation_rows(corpus.vocabulary, context)

    def losses(self, model: nn.Module, parallel: SingleProcess) -> dict[str, float]:
        """The model's loss on each language, nats per token; workers share the sequences out.

        Parameters
        ----------
        model
            Gives the mean loss, (), of sequences (rows, context + 1). It goes on in training mode.
        parallel
            This worker's part.
        """
        return {name: float(loss) for name, loss in self.mean_losses(model, parallel).items()}

    @torch.no_grad()
    def mean_losses(self, model: nn.Module, parallel: SingleProcess) -> dict[str, Tensor]:
        """What ``model`` returns for a batch, averaged over each language's sequences: a loss, or (K,) losses where
        ``model`` is a pack of K models.
        """
        model.eval()
        result = {
            name: _mean_loss(model, sequences, self._rows, parallel) for name, sequences in self._sequences.items()
        }
        model.train()
        parallel.reshard(model)
        return result


def _mean_loss(model: nn.Module, sequences: Tensor, batch: int, parallel: SingleProcess) -> Tensor:
    """Every worker goes forward as often as any other, since a sharded model needs all of them each time."""
    total = torch.zeros((), dtype=torch.float64, device=parallel.device)
    stride = batch * parallel.world
    for first in range(0, len(sequences), stride):
        rows = sequences[first + parallel.rank * batch :][:batch]
        loss = model((rows if len(rows) else sequences[:1]).to(parallel.device))
        total = total + loss.double() * len(rows)
    return parallel.all_reduce_sum(total) / len(sequences)
