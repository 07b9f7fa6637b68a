"""A stream: pieces of documents of one or two languages, one after another, cut into sequences and shuffled.

What ``LanguageStream`` is to one language's documents, for documents of which some
hold two languages: it also knows how many tokens of a sequence are the pivot's.
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
    """An order of ``amounts`` whose sums stay near the mean's: each time, of the next :data:`_WINDOW` that are left,
    the one that brings the sum nearest to it. What is shuffled stays so but for that.
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
    """``length`` tokens each, from ``begin`` on: of the language's own ``tokens``, or where ``foreign`` of the pivot's.

    Arrays have one entry a piece, in the order in which the pieces stand.
    """

    tokens: Tokens
    pivot_tokens: Tokens
    begin: Integers
    length: Integers
    foreign: Mask

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
            tokens = self.pivot_tokens if self.foreign[piece] else self.tokens
            parts.append(tokens[first : first + take])
            start += take
            piece += 1
        return np.concatenate(parts).astype(np.int64)

    def foreign_before(self, places: Integers) -> Integers:
        """How many of the tokens before each of ``places`` are the pivot's."""
        own = np.where(self.foreign, self.length, 0)
        before = np.concatenate([[0], np.cumsum(own)])
        piece = np.minimum(np.searchsorted(self.ends, places, side="right"), len(self.ends) - 1)
        inside = places - (self.ends[piece] - self.length[piece])
        return np.asarray(before[piece] + np.where(self.foreign[piece], inside, 0))


@dataclass(frozen=True)
class PairedStream:
    """The sequences of ``pieces``: ``language``'s, some of their tokens the pivot's. ``name`` tells its order from that
    of other streams under one seed; ``most``: it is held to so many sequences (None: all).
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
            self._orders[epoch] = order[low_discrepancy_order(self._foreign[order])]
        return self._orders[epoch]

    @cached_property
    def _foreign(self) -> Integers:
        """(count,): tokens of the pivot in each distinct sequence."""
        places = self._starts
        return self.pieces.foreign_before(places + self.context) - self.pieces.foreign_before(places)

    def sequence(self, n: int) -> Integers:
        """The ``n``-th sequence, (context + 1,) token ids."""
        epoch, position = divmod(n, self.count)
        start = int(self._starts[self._order(epoch)[position]])
        return self.pieces.cut(start, start + self.context + 1)

    def foreign(self, epoch: int) -> Integers:
        """(count,): tokens of the pivot in each sequence of ``epoch``."""
        return np.asarray(self._foreign[self._order(epoch)])

    def seen(self, sequences: int) -> tuple[int, int]:
        """Tokens of the language and of the pivot in the first ``sequences`` sequences."""
        epochs, rest = divmod(sequences, self.count) if sequences else (0, 0)
        foreign = epochs * int(self._foreign.sum()) if epochs else 0
        if rest:  # an epoch that is only asked for whole needs no order
            foreign += int(self.foreign(epochs)[:rest].sum())
        return sequences * self.context - foreign, foreign

    def distinct(self, sequences: int) -> tuple[int, int]:
        """The same, each token counted once."""
        return self.seen(min(sequences, self.count))
