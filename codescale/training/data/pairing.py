"""Parallel pairing: which documents of a run stand in one training document with their translation.

Yang et al. (2025, arXiv 2512.13472) let Python be the pivot: one side of every pair. A program that the pivot and
several other languages have is given to one of those by a hash of seed and program, so that nothing is shown twice in
an epoch. The pivot's side of a pair is charged to the pivot, so a mixture may ask for less of it than all pairs would
bring: then only a part of the programs is paired, by a second hash, and what is paired under a smaller part is paired
under a larger one too.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from codescale.arrays import Array, Integers, Mask
from codescale.corpus.reader import Corpus, Documents
from codescale.errors import UserError
from codescale.mixtures.mixture import Mixture
from codescale.training.data.paired_streams import NO_DOCUMENTS, Pieces

PIVOT_SHARES_IN_PAIRS = (0.98, 0.9, 0.75, 0.5, 0.25)
"""The part of the pivot's share that pairs may bring; the rest is left to documents of its own, by which shares are
kept. The first one unless sequences, cut from few documents, hold more of the pivot than the documents do.
"""

Programs = Sequence[str | None]


@dataclass(frozen=True)
class Pairs:
    """Documents of a language, each with its translation; all arrays are (pairs,).

    Parameters
    ----------
    own, pivot
        Indices of the language's documents and of the pivot's, in any order.
    pivot_first
        Whether the pivot's side goes first in the pair.
    rank
        From 0 to 1: where only a part is paired, it is the pairs of lowest rank.
    """

    own: Integers
    pivot: Integers
    pivot_first: Mask
    rank: Array

    def __len__(self) -> int:
        return len(self.own)

    def select(self, chosen: Integers | Mask) -> Pairs:
        """Those pairs (indices or a mask)."""
        return Pairs(self.own[chosen], self.pivot[chosen], self.pivot_first[chosen], self.rank[chosen])

    def lengths(self, own: Documents, pivot: Documents) -> tuple[Integers, Integers]:
        """Tokens of each side. What goes first loses its end-of-document token: a pair is one document."""
        own_lengths, pivot_lengths = np.diff(own.offsets)[self.own], np.diff(pivot.offsets)[self.pivot]
        return own_lengths - ~self.pivot_first, pivot_lengths - self.pivot_first

    def pieces(self, own: Documents, pivot: Documents, order: Integers, lone: Integers = NO_DOCUMENTS) -> Pieces:
        """The pairs, and the documents ``lone`` among them, one after another in the ``order`` (a permutation) of the
        language's documents.
        """
        place = np.empty(len(order), dtype=np.int64)
        place[order] = np.arange(len(order))
        own_lengths, pivot_lengths = self.lengths(own, pivot)
        sides = np.stack([self.pivot_first, ~self.pivot_first], axis=1)
        begin = np.stack([own.offsets[self.own], pivot.offsets[self.pivot]], axis=1)
        length = np.stack([own_lengths, pivot_lengths], axis=1)
        swapped = np.where(self.pivot_first, 1, 0)[:, None]
        columns = np.concatenate([swapped, 1 - swapped], axis=1)
        single = Pieces.of_documents(own, lone)
        # Both sides of a pair have one place, and a stable sort leaves them in their order.
        ordered = np.argsort(np.concatenate([np.repeat(place[self.own], 2), place[lone]]), kind="stable")
        return Pieces(
            own.tokens,
            pivot.tokens,
            np.concatenate([np.take_along_axis(begin, columns, axis=1).ravel(), single.begin])[ordered],
            np.concatenate([np.take_along_axis(length, columns, axis=1).ravel(), single.length])[ordered],
            np.concatenate([sides.ravel(), single.is_pivot])[ordered],
        )


def refuse_untranslated(corpus: Corpus, pivot: str, where: str) -> None:
    """Raises :class:`UserError` where no document of the corpus' training part has a translation in ``pivot``;
    ``where`` it was asked to be paired.
    """
    if pivot in corpus.languages:
        known = _known(corpus.programs(pivot, "training"))
        others = [language for language in corpus.languages if language != pivot]
        if any(known & _known(corpus.programs(language, "training")) for language in others):
            return
    raise UserError(
        where,
        f"paired needs documents that translate one in the pivot, {pivot}, and the corpus has none",
        "name program_column or translations in corpus.sources, another training.pivot, or use shuffled",
    )


def _known(programs: Programs) -> set[str]:
    return {program for program in programs if program is not None}


def candidate_pairs(programs: Mapping[str, Programs], pivot: str, seed: int) -> dict[str, Pairs]:
    """All pairs that there may be.

    Parameters
    ----------
    programs
        By language, the program of each document; None: of none.
    pivot
        The language that is one side of every pair.
    seed
        Of who gets a program that several languages have, of which side goes first, and of ranks.

    Returns
    -------
    dict
        By language, the pairs with ``pivot``. Of several documents of one program the first goes with the first, and
        so on.
    """
    names = [program for program in dict.fromkeys(programs[pivot]) if program is not None]
    known = {program: k for k, program in enumerate(names)}
    numbers = {language: _numbers(found, known) for language, found in programs.items()}
    pivot_numbers = numbers.pop(pivot)
    partner = _partners(names, {name: set(found.tolist()) for name, found in numbers.items()}, seed)
    drawn = np.zeros(len(partner), dtype=np.uint64)
    for k in np.flatnonzero(partner >= 0).tolist():
        drawn[k] = _hash_number(f"{seed}/{names[k]}")
    pivots = np.flatnonzero(pivot_numbers >= 0)
    pairs = {}
    for number, (language, own) in enumerate(numbers.items()):
        chosen = np.flatnonzero(partner[own] == number)
        own_keys, pivot_keys = _occurrences(own[chosen]), _occurrences(pivot_numbers[pivots])
        _, here, there = np.intersect1d(own_keys, pivot_keys, assume_unique=True, return_indices=True)
        if len(here):
            number_of = drawn[own[chosen[here]]]
            rank, first = (number_of >> np.uint64(1)) / 2**63, (number_of & np.uint64(1)).astype(np.bool_)
            pairs[language] = Pairs(chosen[here], pivots[there], first, rank)
    return pairs


def _hash_number(name: str) -> int:
    """A number below 2^64 that depends on ``name`` alone."""
    return int.from_bytes(hashlib.sha256(name.encode("utf-8", errors="surrogateescape")).digest()[:8], "little")


def _numbers(programs: Programs, known: Mapping[str, int]) -> Integers:
    """The number in ``known`` of each document's program, -1 for one that has none there."""
    found = [-1 if program is None else known.get(program, -1) for program in programs]
    return np.array(found, dtype=np.int64)


def _partners(programs: Sequence[str], speakers: Mapping[str, set[int]], seed: int) -> Integers:
    """For each of the pivot's ``programs`` which of ``speakers`` (languages with the numbers of the programs that they
    have) it goes to, by a hash; -1 where none has it.
    """
    partner = np.full(len(programs) + 1, -1, dtype=np.int64)  # the last is what a document without a program finds
    names = list(speakers)
    for k, program in enumerate(programs):
        having = [place for place, name in enumerate(names) if k in speakers[name]]
        if len(having) > 1:
            having = [max(having, key=lambda place: _hash_number(f"{seed}/{program}/{names[place]}"))]
        if having:
            partner[k] = having[0]
    return partner


def _occurrences(numbers: Integers) -> Integers:
    """For each place in ``numbers`` a key of what stands there and of how often it stood there before."""
    order = np.argsort(numbers, kind="stable")
    ordered = numbers[order]
    before = np.arange(len(numbers)) - np.searchsorted(ordered, ordered)
    found = np.empty(len(numbers), dtype=np.int64)
    found[order] = ordered * 2**32 + before
    return found


def select_pairs(
    candidates: Mapping[str, Pairs],
    documents: Mapping[str, Documents],
    mixture: Mixture,
    pivot: str,
    limits: Mapping[str, int | None],
    context: int,
    pivot_share: float = PIVOT_SHARES_IN_PAIRS[0],
) -> dict[str, Pairs]:
    """The pairs of a run: as many as the pivot's share and the limits of unique tokens allow.

    Parameters
    ----------
    candidates
        By language, all pairs that there may be.
    documents
        By language, the training documents.
    mixture
        The run's shares.
    pivot
        The language that is one side of every pair.
    limits
        By language, the most distinct tokens that the run may see; None: all. Of a language that is held to a part of
        its tokens, no more than that part of its pairs.
    context
        Tokens of a sequence. A language whose pairs do not fill one has none.
    pivot_share
        The part of the pivot's share that pairs may bring.

    Returns
    -------
    dict
        By language, its pairs.
    """
    allowed = {}
    for language, pairs in candidates.items():
        own, _ = pairs.lengths(documents[language], documents[pivot])
        allowed[language] = _first_by_rank(pairs, own, _limit_share(documents[language], limits[language]))
    ranks, asked, tokens = [], [], []
    for language, pairs in allowed.items():
        size = min(len(documents[language].tokens), limits[language] or np.inf)
        others = pairs.lengths(documents[language], documents[pivot])[1]
        ranks.append(pairs.rank)
        asked.append(mixture[language] * others / size)
        tokens.append(np.diff(documents[pivot].offsets)[pairs.pivot])
    last = _last_rank(np.concatenate(ranks), np.concatenate(asked), pivot_share * mixture.get(pivot, 0.0))
    most = limits[pivot]
    if most is not None:
        last = min(last, _last_rank(np.concatenate(ranks), np.concatenate(tokens), float(most)))
    chosen = {language: pairs.select(pairs.rank <= last) for language, pairs in allowed.items()}
    return {
        language: pairs
        for language, pairs in chosen.items()
        if sum(int(side.sum()) for side in pairs.lengths(documents[language], documents[pivot])) > context
    }


def _limit_share(documents: Documents, limit: int | None) -> float:
    """The part of a language's tokens that a run may see."""
    return 1.0 if limit is None else min(limit / max(len(documents.tokens), 1), 1.0)


def _first_by_rank(pairs: Pairs, tokens: Integers, part: float) -> Pairs:
    """The first of ``pairs``, by rank, that have this part of their ``tokens``."""
    return pairs.select(pairs.rank <= _last_rank(pairs.rank, tokens, part * float(tokens.sum())))


def _last_rank(ranks: Array, amounts: NDArray[np.floating] | Integers, most: float) -> float:
    """The rank up to which ``amounts`` sum to ``most`` at the most; below all where the first is too much."""
    order = np.argsort(ranks, kind="stable")
    sums = np.cumsum(amounts[order])
    count = int(np.searchsorted(sums, most * (1.0 + 1e-12), side="right"))
    if count == len(order):
        return 1.0
    # Documents of one program have one rank, and are in together or not at all.
    return float(np.nextafter(ranks[order[count]], -1.0))
