"""The batches of a run whose translations stand in one training document (see :mod:`~codescale.training.data.pairing`).

A language's documents make two streams: those that stand alone, and those that are paired. Each of the pivot's makes
one of two others: those that are not paired, and the paired ones once more, read only where the mixture asks for more
than pairs and the former bring. The next sequence is of the language that lacks most tokens of its share, by the tokens
that the sequences so far really held: of its pairs or of its other documents, whichever has been read less for its
size. So every language is within a few sequences of its share at every prefix, however pairs are cut.

A single stream of both, drawn at a fixed rate, would be right in the mean only: a sequence holds anything from none to
all of the pivot, and what shares are off grows with the root of the steps.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from codescale.arrays import Integers
from codescale.corpus.reader import Corpus, Documents
from codescale.errors import UserError
from codescale.mixtures.mixture import Mixture
from codescale.mixtures.schedule import Schedule
from codescale.training.data.batches import (
    Batches,
    InterleavedBatches,
    RunBatches,
    generator_of,
    refuse_unknown_languages,
    token_limits,
    too_few_tokens,
)
from codescale.training.data.paired_streams import NO_DOCUMENTS, PairedStream, Pieces
from codescale.training.data.pairing import (
    PIVOT_SHARES_IN_PAIRS,
    Pairs,
    candidate_pairs,
    refuse_untranslated,
    select_pairs,
)


@dataclass(frozen=True)
class LanguageStreams:
    """A language of the mixture with its streams.

    Parameters
    ----------
    name, share
        The language, and its share of all tokens.
    tokens
        Its distinct tokens that the run may see, in pairs of other languages too.
    alone
        The stream of documents that stand alone; None where they fill no sequence.
    paired
        The stream of those in pairs; of the pivot, its paired documents once more. None where there is none.
    is_pivot
        Whether it is the language that is one side of every pair.
    """

    name: str
    share: float
    tokens: int
    alone: PairedStream | None
    paired: PairedStream | None
    is_pivot: bool = False

    @property
    def streams(self) -> list[PairedStream]:
        """Those that there are."""
        return [stream for stream in (self.alone, self.paired) if stream is not None]


def paired_batches(
    corpus: Corpus,
    mixture: Mixture | Schedule,
    *,
    pivot: str,
    seed: int,
    batch: int,
    context: int,
    steps: int,
    unique_tokens: int | Mapping[str, int] | None = None,
    paired_share: float = 1.0,
) -> RunBatches:
    """The batches of a run with translations paired; shuffled ones where the mixture leaves nothing to pair.

    Parameters
    ----------
    corpus, mixture, seed, batch, context, steps, unique_tokens
        As :class:`~codescale.training.data.batches.Batches`.
    pivot
        The language that is one side of every pair.
    paired_share
        The part of the programs with a translation that may be paired; what is paired under a smaller one is paired
        under a larger one too.

    Raises
    ------
    UserError
        For a schedule that changes, where the corpus has no document that translates one of ``pivot``, and as
        ``Batches``.
    """
    schedule = Schedule.of(mixture)
    if not schedule.static:
        raise UserError(
            "training.organisation", "a mixture that changes by phases cannot be paired", "let it be shuffled"
        )
    mixture = schedule.mean
    refuse_unknown_languages(mixture.support, corpus)
    refuse_untranslated(corpus, pivot, "organisation")
    given = token_limits(mixture.support, unique_tokens)
    documents = {language: corpus.documents(language, "training") for language in mixture.support}
    for language, found in documents.items():
        limit = min(len(found.tokens) - 1, given.get(language) or len(found.tokens))
        if limit < context:
            raise too_few_tokens(language, limit, context)
    candidates = _candidates(corpus, mixture, pivot, seed)
    if paired_share < 1:
        candidates = {language: pairs.select(pairs.rank < paired_share) for language, pairs in candidates.items()}
    limits = {name: given.get(name) for name in documents}
    for pivot_share in PIVOT_SHARES_IN_PAIRS:
        pairs = select_pairs(candidates, documents, mixture, pivot, limits, context, pivot_share) if candidates else {}
        if not pairs:
            break
        languages = _StreamBuilder(documents, pivot, pairs, limits, seed, context).of(mixture)
        if _keep_shares(languages):
            return PairedBatches(languages, batch=batch, context=context, steps=steps)
    return Batches(corpus, mixture, seed=seed, batch=batch, context=context, steps=steps, unique_tokens=unique_tokens)


def _candidates(corpus: Corpus, mixture: Mixture, pivot: str, seed: int) -> dict[str, Pairs]:
    if pivot not in mixture.support:
        return {}
    programs = {language: corpus.programs(language, "training") for language in mixture.support}
    return candidate_pairs(programs, pivot, seed)


def _keep_shares(languages: Sequence[LanguageStreams]) -> bool:
    """Whether every language has something to read, and pairs bring no more of the pivot than its share."""
    pivot_share = 0.0
    for language in languages:
        if not language.streams:
            return False
        if language.paired is not None and not language.is_pivot:
            own, of_pivot = language.paired.distinct_token_counts(language.paired.count)
            if own == 0:
                return False
            pivot_share += language.share * _paired_share(language) * of_pivot / own
    return pivot_share <= next(language.share for language in languages if language.is_pivot)


@dataclass(frozen=True)
class _StreamBuilder:
    """Makes the streams of every language; ``limits``: the most distinct tokens of each, None: all."""

    documents: Mapping[str, Documents]
    pivot: str
    pairs: Mapping[str, Pairs]
    limits: Mapping[str, int | None]
    seed: int
    context: int

    def of(self, mixture: Mixture) -> list[LanguageStreams]:
        """The languages of ``mixture`` in its order."""
        return [
            self._pivot(mixture[language]) if language == self.pivot else self._other(language, mixture[language])
            for language in mixture.support
        ]

    def _other(self, language: str, share: float) -> LanguageStreams:
        """Where its documents that are not paired fill no sequence they stand among those that are."""
        pairs, limit = self.pairs.get(language), self.limits.get(language)
        if pairs is None:
            alone = self._alone(language, NO_DOCUMENTS, limit)
            return LanguageStreams(language, share, _token_count(alone), alone, None)
        documents, pivots, order = self.documents[language], self.documents[self.pivot], self._order(language)
        in_pairs = int(pairs.lengths(documents, pivots)[0].sum())
        rest = None if limit is None else max(limit - in_pairs, 0)
        alone = self._alone(language, pairs.own, rest)
        lone = NO_DOCUMENTS if alone is not None else _within_tokens(documents, order[~np.isin(order, pairs.own)], rest)
        pieces = pairs.pieces(documents, pivots, order, lone)
        paired = PairedStream(pieces, language, f"{language}/paired", self.seed, self.context)
        own, _ = paired.distinct_token_counts(paired.count)
        return LanguageStreams(language, share, _token_count(alone) + own, alone, paired)

    def _pivot(self, share: float) -> LanguageStreams:
        """Its paired documents stand in ``paired`` as they are. Where neither stream fills a sequence, one of all its
        documents does.
        """
        taken = np.concatenate([pairs.pivot for pairs in self.pairs.values()])
        documents, limit = self.documents[self.pivot], self.limits.get(self.pivot)
        in_pairs = int(np.diff(documents.offsets)[taken].sum())
        rest = None if limit is None else max(limit - in_pairs, 0)
        alone = self._alone(self.pivot, taken, rest)
        order = self._order(self.pivot)
        pieces = Pieces.of_documents(documents, order[np.isin(order, taken)])
        paired = PairedStream(pieces, self.pivot, f"{self.pivot}/paired", self.seed, self.context)
        if alone is None and not paired.count:
            alone = self._alone(self.pivot, NO_DOCUMENTS, rest)
            tokens = min(len(documents.tokens), limit or len(documents.tokens))
            return LanguageStreams(self.pivot, share, tokens, alone, None, is_pivot=True)
        again = paired if paired.count else None
        return LanguageStreams(self.pivot, share, _token_count(alone) + in_pairs, alone, again, is_pivot=True)

    def _alone(self, language: str, without: Integers, limit: int | None) -> PairedStream | None:
        order = self._order(language)
        pieces = Pieces.of_documents(self.documents[language], order[~np.isin(order, without)])
        most = None if limit is None else limit // self.context
        stream = PairedStream(pieces, language, f"{language}/alone", self.seed, self.context, most)
        return stream if stream.count else None

    def _order(self, language: str) -> Integers:
        """The documents in this seed's order, as where nothing is paired."""
        return generator_of(self.seed, language, 0).permutation(len(self.documents[language].offsets) - 1)


class PairedBatches(InterleavedBatches):
    """The batches of ``languages``, for ``steps`` steps at the most.

    Tokens are counted where they stand: those of a pair's pivot side are the pivot's. ``unique_tokens`` and ``epochs``
    are exact, but for the pivot's unique tokens once its paired documents are read by themselves too: then a token may
    have been counted in both places, and the number is an upper bound; it never exceeds the tokens in use.
    """

    def __init__(self, languages: Sequence[LanguageStreams], *, batch: int, context: int, steps: int) -> None:
        self.languages = list(languages)
        self.streams = [stream for language in languages for stream in language.streams]
        super().__init__(self.streams, _Interleaver(languages, context).take(steps * batch), batch)

    def tokens(self, steps: int) -> dict[str, int]:
        """Tokens of each language in the first ``steps`` steps."""
        return self._by_language([stream.token_counts(count) for stream, count in self._counts(steps)])

    def unique_tokens(self, steps: int) -> dict[str, int]:
        """Distinct tokens of each language seen in the first ``steps`` steps."""
        found = self._by_language([stream.distinct_token_counts(count) for stream, count in self._counts(steps)])
        return {language.name: min(found[language.name], language.tokens) for language in self.languages}

    def epochs(self, steps: int) -> dict[str, float]:
        """Passes over each language's distinct tokens in the first ``steps`` steps."""
        seen = self.tokens(steps)
        return {language.name: seen[language.name] / language.tokens for language in self.languages}

    def _counts(self, steps: int) -> list[tuple[PairedStream, int]]:
        return list(zip(self.streams, self.counts(steps), strict=True))

    def _by_language(self, amounts: Sequence[tuple[int, int]]) -> dict[str, int]:
        """``amounts``: of every stream, tokens of its language and of the pivot."""
        total = {language.name: 0 for language in self.languages}
        pivot = next(language.name for language in self.languages if language.is_pivot)
        for stream, (own, of_pivot) in zip(self.streams, amounts, strict=True):
            total[stream.language] += own
            total[pivot] += of_pivot
        return total


class _Interleaver:
    """Decides which stream is next: takes sequences one by one and keeps count of the tokens of every language."""

    def __init__(self, languages: Sequence[LanguageStreams], context: int) -> None:
        self._context = context
        self._languages = languages
        self._first = np.cumsum([0, *(len(language.streams) for language in languages)]).tolist()
        self._taken = [0] * self._first[-1]
        self._tokens = [0] * len(languages)
        self._in_pairs = [0] * len(languages)
        self._pivot_counts: list[list[int]] = [[] for _ in self._taken]
        self._pivot = next(k for k, language in enumerate(languages) if language.is_pivot)
        self._paired_share = [_paired_share(language) for language in languages]

    def take(self, count: int) -> NDArray[np.int16]:
        """The stream of each of the first ``count`` sequences. A larger ``count`` continues a smaller one."""
        order = np.empty(count, dtype=np.int16)
        shares = [language.share for language in self._languages]
        indices = range(len(shares))
        for k in range(count):
            total = (k + 1) * self._context
            deficits = [shares[j] * total - self._tokens[j] for j in indices]
            chosen = max(indices, key=deficits.__getitem__)
            order[k] = self._take_sequence(chosen, self._is_pairs_turn(chosen, deficits[self._pivot]))
        return order

    def _is_pairs_turn(self, chosen: int, pivot_deficit: float) -> bool:
        """Whether the next sequence of a language is of its pairs: where they are due, and the pivot lacks as
        much as they bring of it. They wait for that as long as the other documents are less than an epoch ahead of
        them. Of the pivot: where its other documents have been read in this epoch.
        """
        language = self._languages[chosen]
        if language.alone is None or language.paired is None:
            return language.paired is not None
        if language.is_pivot:
            first = self._first[chosen]
            read = self._taken[first] + self._taken[first + 1]
            return read % (language.alone.count + language.paired.count) >= language.alone.count
        behind = self._paired_share[chosen] * self._tokens[chosen] - self._in_pairs[chosen]
        if behind < 0 or behind > _token_count(language.alone):
            return behind >= 0
        return self._next_pivot_tokens(self._first[chosen] + 1, language.paired) <= pivot_deficit + self._context

    def _take_sequence(self, chosen: int, pair: bool) -> int:
        """Counts the tokens of the next sequence of that stream, and returns the stream."""
        language = self._languages[chosen]
        stream = self._first[chosen] + (pair and language.alone is not None)
        of_pivot = self._next_pivot_tokens(stream, language.paired if pair else language.alone)
        self._taken[stream] += 1
        self._tokens[chosen] += self._context - of_pivot
        self._tokens[self._pivot] += of_pivot
        if pair:
            self._in_pairs[chosen] += self._context - of_pivot
        return stream

    def _next_pivot_tokens(self, number: int, stream: PairedStream | None) -> int:
        """Tokens of the pivot in the next sequence of ``stream``, which has that ``number``."""
        assert stream is not None
        epoch, position = divmod(self._taken[number], stream.count)
        if position == 0:
            self._pivot_counts[number] = stream.pivot_counts(epoch).tolist()
        return self._pivot_counts[number][position]


def _within_tokens(documents: Documents, chosen: Integers, most: int | None) -> Integers:
    """The first of the ``chosen`` documents that have ``most`` tokens together (None: all)."""
    sums = np.cumsum(np.diff(documents.offsets)[chosen])
    return chosen if most is None else chosen[: int(np.searchsorted(sums, most, side="right"))]


def _token_count(stream: PairedStream | None) -> int:
    """Distinct tokens in the sequences of a stream of one language."""
    return 0 if stream is None else stream.count * stream.context


def _paired_share(language: LanguageStreams) -> float:
    """The part of a language's own tokens that stands in pairs."""
    if language.paired is None:
        return 0.0
    paired = language.paired.distinct_token_counts(language.paired.count)[0]
    return paired / (paired + _token_count(language.alone))
