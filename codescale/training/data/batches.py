"""A batch is a pure function of (seed, step, batch size, schedule): no loader state to save, the same on any machine.

The order of a language's documents depends on (seed, language) alone, so two mixtures with one seed see the same
documents of a language in the same order: they are paired, and their difference is the mixtures'. Documents stand one
after another in a random order, cut into sequences of ``context`` tokens (and the next token, as the last target), and
the sequences are shuffled once more: a short run then sees a little of many documents, not all of a few long ones,
which is most of the noise between the seeds of a proxy. A second epoch shows the same sequences in another order.

Shapes: a sequence is (context + 1,) token ids; a batch (batch, context + 1); a worker's part of it (rows, context + 1).
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from codescale.corpus.reader import Corpus, Documents
from codescale.errors import UserError
from codescale.mixtures.mixture import Mixture
from codescale.mixtures.schedule import Schedule
from codescale.training.data.interleaving import interleave_phases, occurrences


class RunBatches(Protocol):
    """The batches of one run, and what of each language they have shown."""

    def rows(self, step: int, rows: range) -> NDArray[np.int64]:
        """Those ``rows`` of the batch of ``step``, (rows, context + 1) token ids."""
        ...

    def unique_tokens(self, steps: int) -> dict[str, int]:
        """Distinct tokens of each language seen in the first ``steps`` steps."""
        ...

    def epochs(self, steps: int) -> dict[str, float]:
        """Passes over each language's distinct tokens in the first ``steps`` steps."""
        ...


class Stream(Protocol):
    """What gives sequences one after another."""

    def sequence(self, n: int) -> NDArray[np.int64]:
        """The ``n``-th sequence, (context + 1,) token ids."""
        ...


def generator_of(seed: int, language: str, draw: int) -> np.random.Generator:
    """Random numbers that depend on nothing but these three.

    Parameters
    ----------
    seed
        The run's.
    language
        Or the name of a stream of its documents.
    draw
        0 for the order of documents, k + 1 for the order of sequences in epoch k.
    """
    digest = hashlib.sha256(f"{seed}/{language}/{draw}".encode()).digest()
    return np.random.default_rng(int.from_bytes(digest[:8], "little"))


def too_few_tokens(language: str, tokens: int, context: int) -> UserError:
    """The error for a language whose training tokens, or those that a run may see, do not fill a sequence."""
    return UserError(
        f"corpus, {language}",
        f"{tokens:,} training tokens do not fill one sequence of {context}",
        "add code in this language, or leave it out of languages",
    )


@dataclass(frozen=True)
class LanguageStream:
    """The training sequences of one language under one seed.

    Parameters
    ----------
    documents
        Of the training split.
    language, seed
        What the order of documents and sequences depends on.
    context
        Tokens of a sequence.
    unique_tokens
        How many distinct tokens the run may see. Default: all.
    """

    documents: Documents
    language: str
    seed: int
    context: int
    unique_tokens: int | None = None

    @cached_property
    def _order(self) -> NDArray[np.int64]:
        return generator_of(self.seed, self.language, 0).permutation(len(self.documents.offsets) - 1)

    @cached_property
    def _ends(self) -> NDArray[np.int64]:
        return np.cumsum(np.diff(self.documents.offsets)[self._order])

    @cached_property
    def unique_sequences(self) -> int:
        """How many distinct sequences there are. Raises :class:`UserError` where there is not one."""
        tokens = int(self._ends[-1]) - 1 if len(self._ends) else 0
        limit = tokens if self.unique_tokens is None else min(tokens, self.unique_tokens)
        if limit < self.context:
            raise too_few_tokens(self.language, limit, self.context)
        return limit // self.context

    def _slice(self, start: int, stop: int) -> NDArray[np.int64]:
        """Tokens ``start`` to ``stop`` of the documents in this seed's order."""
        pieces = []
        document = int(np.searchsorted(self._ends, start, side="right"))
        while start < stop:
            index = self._order[document]
            begin, end = self.documents.offsets[index], self.documents.offsets[index + 1]
            opened = self._ends[document] - (end - begin)
            take = min(stop, self._ends[document]) - start
            first = begin + start - opened
            pieces.append(self.documents.tokens[first : first + take])
            start += take
            document += 1
        return np.concatenate(pieces).astype(np.int64)

    @cached_property
    def _sequences(self) -> NDArray[np.int64]:
        """Where the distinct sequences begin, in units of ``context`` tokens, in the order of the first epoch."""
        everywhere = (int(self._ends[-1]) - 1) // self.context
        return generator_of(self.seed, self.language, 1).permutation(everywhere)[: self.unique_sequences]

    @cached_property
    def _later_epochs(self) -> dict[int, NDArray[np.int64]]:
        return {}

    def _epoch(self, epoch: int) -> NDArray[np.int64]:
        if epoch == 0:
            return self._sequences
        if epoch not in self._later_epochs:
            generator = generator_of(self.seed, self.language, 1 + epoch)
            self._later_epochs[epoch] = generator.permutation(self._sequences)
        return self._later_epochs[epoch]

    def sequence(self, n: int) -> NDArray[np.int64]:
        """The language's ``n``-th training sequence, (context + 1,) token ids."""
        epoch, position = divmod(n, self.unique_sequences)
        start = int(self._epoch(epoch)[position]) * self.context
        return self._slice(start, start + self.context + 1)

    def epochs_after(self, sequences: int) -> float:
        """Passes over the distinct sequences in the first ``sequences`` sequences."""
        return sequences / self.unique_sequences

    def unique_tokens_after(self, sequences: int) -> int:
        """Distinct tokens seen in the first ``sequences`` sequences."""
        return min(sequences, self.unique_sequences) * self.context


def refuse_unknown_languages(languages: Sequence[str], corpus: Corpus) -> None:
    """Raises :class:`UserError` for a language that is not in the corpus."""
    missing = [language for language in languages if language not in corpus.languages]
    if missing:
        known = ", ".join(corpus.languages)
        raise UserError("proportions", f"{missing[0]} is not in the corpus", f"use {known}, or add it to the study")


def token_limits(languages: Sequence[str], unique_tokens: int | Mapping[str, int] | None) -> Mapping[str, int | None]:
    """The most distinct tokens of each language; one that is not there has no limit, nor one of None.

    Parameters
    ----------
    languages
        Of the mixture.
    unique_tokens
        One limit for all of them, or each one's own (None: no limit).
    """
    return unique_tokens if isinstance(unique_tokens, Mapping) else dict.fromkeys(languages, unique_tokens)


class InterleavedBatches:
    """Batches of the sequences of several streams.

    Parameters
    ----------
    streams
        What gives the sequences.
    order
        The stream of each sequence, as a place in ``streams``, (steps · batch,).
    batch
        Sequences of a batch.
    """

    def __init__(self, streams: Sequence[Stream], order: NDArray[np.int16], batch: int) -> None:
        self.batch = batch
        self._streams, self._order, self._occurrence = streams, order, occurrences(order)

    def __getitem__(self, step: int) -> NDArray[np.int64]:
        """The sequences of ``step``: (batch, context + 1) token ids."""
        return self.rows(step, range(self.batch))

    def rows(self, step: int, rows: range) -> NDArray[np.int64]:
        """Those ``rows`` of the batch of ``step``: a worker's part of it, (rows, context + 1) token ids."""
        places = (step * self.batch + row for row in rows)
        return np.stack([self._streams[self._order[place]].sequence(int(self._occurrence[place])) for place in places])

    def counts(self, steps: int) -> list[int]:
        """How many sequences of each stream the first ``steps`` steps show."""
        return list(np.bincount(self._order[: steps * self.batch], minlength=len(self._streams)).tolist())


class Batches(InterleavedBatches):
    """The batches of one run.

    Parameters
    ----------
    corpus
        Of which the training split is read.
    mixture
        Shares of the languages, or a schedule of them.
    seed
        Of documents' and sequences' order.
    batch, context
        Sequences of a batch, and tokens of a sequence.
    steps
        The most steps that are asked for; of a schedule, all of the run.
    unique_tokens
        The most distinct tokens of every language, or of each one, over all phases together. Default: all.

    Raises
    ------
    UserError
        Where a language is not in the corpus, or does not fill a sequence.
    ScheduleError
        For a phase that is shorter than a step.
    """

    def __init__(
        self,
        corpus: Corpus,
        mixture: Mixture | Schedule,
        *,
        seed: int,
        batch: int,
        context: int,
        steps: int,
        unique_tokens: int | Mapping[str, int] | None = None,
    ) -> None:
        schedule = Schedule.of(mixture)
        self.languages = schedule.support
        refuse_unknown_languages(self.languages, corpus)
        limits = token_limits(self.languages, unique_tokens)
        self.streams = [
            LanguageStream(corpus.documents(language, "training"), language, seed, context, limits.get(language))
            for language in self.languages
        ]
        shares = np.stack([phase.mixture.array(self.languages) for phase in schedule])
        ends = [step * batch for step in schedule.ends(max(steps, 1))]
        super().__init__(self.streams, interleave_phases(shares, ends, steps * batch), batch)

    def unique_tokens(self, steps: int) -> dict[str, int]:
        """Distinct tokens of each language seen in the first ``steps`` steps."""
        return {stream.language: stream.unique_tokens_after(count) for stream, count in self._seen(steps)}

    def epochs(self, steps: int) -> dict[str, float]:
        """Passes over each language's distinct tokens in the first ``steps`` steps."""
        return {stream.language: stream.epochs_after(count) for stream, count in self._seen(steps)}

    def _seen(self, steps: int) -> Iterator[tuple[LanguageStream, int]]:
        """Each language's stream, and how many of its sequences the first ``steps`` steps show."""
        return zip(self.streams, self.counts(steps), strict=True)
