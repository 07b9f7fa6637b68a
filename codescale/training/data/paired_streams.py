"""Streams of documents some of which hold two languages: a translation beside its pivot.

What :class:`~codescale.training.data.batches.LanguageStream` is to documents of one language: pieces of documents, one
after another, cut into sequences and shuffled. It also knows how many tokens of a sequence are the pivot's.
"""

from __future__ import annotations

from bisect import bisect_left, insort
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np

from codescale.arrays import Integers, Mask
from codescale.corpus.reader import Documents, Tokens
from codescale.training.data.batches import generator_of

NO_DOCUMENTS: Integers = np.empty(0, dtype=np.int64)
"""No documents."""


_WINDOW = 16
"""Sequences among which the next one is chosen."""


def low_discrepancy_order(amounts: Integers) -> Integers:
    """An order whose partial sums stay near those of the mean.

    Each time, of the next :data:`_WINDOW` amounts that are left, the one that brings the sum nearest to the mean's.
    What is shuffled stays so but for that.

    Parameters
    ----------
    amounts
        (count,), in the order that is to be changed little.

    Returns
    -------
    Integers
        (count,) places in ``amounts``.
    """
    if len(amounts) == 0 or (amounts == amounts[0]).all():
        return np.arange(len(amounts))
    values, count = amounts.tolist(), len(amounts)
    mean = sum(values) / count
    waiting = sorted((values[place], place) for place in range(min(_WINDOW, count)))
    order, beyond = np.empty(count, dtype=np.int64), 0.0
    for k in range(count):
        chosen = _nearest(waiting, mean - beyond)
        amount, order[k] = waiting.pop(chosen)
        beyond += amount - mean
        if k + _WINDOW < count:
            insort(waiting, (values[k + _WINDOW], k + _WINDOW))
    return order


def _nearest(waiting: list[tuple[int, int]], due: float) -> int:
    """Which of ``waiting``, sorted pairs of amount and place, has the amount nearest to ``due``; of several the first
    place. Bisected, since this is most of the work of opening a run.
    """
    above = bisect_left(waiting, (due, -1))
    if above == 0:
        return 0
    below = bisect_left(waiting, (waiting[above - 1][0], -1))
    if above == len(waiting):
        return below
    distances = due - waiting[below][0], waiting[above][0] - due
    if distances[0] == distances[1]:
        return below if waiting[below][1] < waiting[above][1] else above
    return below if distances[0] < distances[1] else above


@dataclass(frozen=True)
class Pieces:
    """Pieces of documents, one after another.

    Parameters
    ----------
    tokens, pivot_tokens
        The language's text, and the pivot's.
    begin, length
        (pieces,): where each piece begins in its text, and its tokens.
    is_pivot
        (pieces,): whether it is of the pivot's text.
    """

    tokens: Tokens
    pivot_tokens: Tokens
    begin: Integers
    length: Integers
    is_pivot: Mask

    @classmethod
    def of_documents(cls, documents: Documents, chosen: Integers) -> Pieces:
        """The ``chosen`` documents as they are."""
        begin = documents.offsets[chosen]
        length = documents.offsets[chosen + 1] - begin
        return cls(documents.tokens, documents.tokens, begin, length, np.zeros(len(chosen), dtype=np.bool_))

    @cached_property
    def ends(self) -> Integers:
        """Where each piece ends, in tokens from the first one's beginning."""
        return np.cumsum(self.length)

    @property
    def size(self) -> int:
        """Tokens together."""
        return int(self.ends[-1]) if len(self.ends) else 0

    def cut(self, start: int, stop: int) -> Integers:
        """Tokens ``start`` to ``stop``."""
        parts = []
        piece = int(np.searchsorted(self.ends, start, side="right"))
        while start < stop:
            end = int(self.ends[piece])
            take = min(stop, end) - start
            first = int(self.begin[piece]) + start - (end - int(self.length[piece]))
            tokens = self.pivot_tokens if self.is_pivot[piece] else self.tokens
            parts.append(tokens[first : first + take])
            start += take
            piece += 1
        return np.concatenate(parts).astype(np.int64)

    def pivot_tokens_before(self, places: Integers) -> Integers:
        """How many of the tokens before each of ``places`` (tokens from the beginning) are the pivot's."""
        own = np.where(self.is_pivot, self.length, 0)
        before = np.concatenate([[0], np.cumsum(own)])
        piece = np.minimum(np.searchsorted(self.ends, places, side="right"), len(self.ends) - 1)
        inside = places - (self.ends[piece] - self.length[piece])
        return np.asarray(before[piece] + np.where(self.is_pivot[piece], inside, 0))


@dataclass(frozen=True)
class PairedStream:
    """The sequences of one language, some of whose tokens are the pivot's.

    Parameters
    ----------
    pieces
        Its documents, one after another.
    language
        Whose stream it is.
    name
        Tells its order from that of other streams under one seed.
    seed
        Of the order of sequences.
    context
        Tokens of a sequence.
    most
        The most sequences that may be seen. Default: all.
    """

    pieces: Pieces
    language: str
    name: str
    seed: int
    context: int
    most: int | None = None
    _orders: dict[int, Integers] = field(default_factory=dict, repr=False)

    @cached_property
    def count(self) -> int:
        """How many distinct sequences there are; 0 where the pieces do not fill one."""
        everywhere = max(self.pieces.size - 1, 0) // self.context
        return everywhere if self.most is None else min(everywhere, self.most)

    @cached_property
    def _starts(self) -> Integers:
        """Where the distinct sequences begin, shuffled."""
        everywhere = max(self.pieces.size - 1, 0) // self.context
        order = generator_of(self.seed, self.name, 1).permutation(everywhere)
        return np.asarray(order[: self.count] * self.context)

    def _order(self, epoch: int) -> Integers:
        """(count,): the sequences of ``epoch``, as places in ``_starts``."""
        if epoch not in self._orders:
            shuffled = generator_of(self.seed, self.name, 1 + epoch).permutation(self.count)
            order = shuffled if epoch else np.arange(self.count)
            self._orders[epoch] = order[low_discrepancy_order(self._pivot_counts[order])]
        return self._orders[epoch]

    @cached_property
    def _pivot_counts(self) -> Integers:
        """(count,): tokens of the pivot in each distinct sequence."""
        places = self._starts
        return self.pieces.pivot_tokens_before(places + self.context) - self.pieces.pivot_tokens_before(places)

    def sequence(self, n: int) -> Integers:
        """The ``n``-th sequence, (context + 1,) token ids."""
        epoch, position = divmod(n, self.count)
        start = int(self._starts[self._order(epoch)[position]])
        return self.pieces.cut(start, start + self.context + 1)

    def pivot_counts(self, epoch: int) -> Integers:
        """(count,): tokens of the pivot in each sequence of ``epoch``."""
        return np.asarray(self._pivot_counts[self._order(epoch)])

    def token_counts(self, sequences: int) -> tuple[int, int]:
        """Tokens of the language and of the pivot in the first ``sequences`` sequences."""
        epochs, rest = divmod(sequences, self.count) if sequences else (0, 0)
        of_pivot = epochs * int(self._pivot_counts.sum()) if epochs else 0
        if rest:  # an epoch that is only asked for whole needs no order
            of_pivot += int(self.pivot_counts(epochs)[:rest].sum())
        return sequences * self.context - of_pivot, of_pivot

    def distinct_token_counts(self, sequences: int) -> tuple[int, int]:
        """The same, each token counted once."""
        return self.token_counts(min(sequences, self.count))
