"""Turns texts into token ids, for tokenizers that we trained in a fifth of the tokenizers library's time.

A byte-level BPE first cuts a text into words (GPT-2's pattern) and then merges within each. Code repeats its words, so
the ids of each are looked up, and only a word that is new is handed to the library. What a text becomes is what the
library makes of it, whatever was encoded before it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from tokenizers import Tokenizer

from codescale.corpus.tokenizer import parse_tokenizer

_WORD = re.compile(r"'(?:[stmd]|re|ve|ll)| ?[A-Za-z]+| ?[0-9]+| ?[^\sA-Za-z0-9]+|\s+(?!\S)|\s+", re.ASCII)
"""GPT-2's pattern for texts of ASCII, where ``\\p{L}`` and ``\\p{N}`` are these letters and digits."""

_LINE_END = re.compile(r"(?<=[!-~])(?=\n)")
"""Before a line feed that follows a character of ASCII, no blank: no word goes on there, nor looks back over it."""

_MOST_WORDS = 200_000
"""Words that are remembered, so that memory stays bounded; of more, the half that was met most often stays."""


@dataclass(frozen=True)
class EncodedTexts:
    """The token ids of texts, one behind the other, shape (tokens,), uint32, and the ``lengths`` of each, (texts,)."""

    tokens: NDArray[np.uint32]
    lengths: NDArray[np.int64]


def encode_texts(tokenizer: Tokenizer, texts: Sequence[str], end: int) -> Iterator[NDArray[np.uint32]]:
    """The token ids of each text, by the tokenizers library, the token ``end`` last.

    A tokenizer that begins every text with a token of its own, as LLaMA's does, begins every document so.
    """
    for encoding in tokenizer.encode_batch_fast(list(texts)):
        ids = encoding.ids[:-1] if encoding.ids[-1:] == [end] else encoding.ids
        yield np.array([*ids, end], dtype=np.uint32)


class _Vocabulary(dict[str, int]):
    """A number for every word; those that are ``new`` have no ids yet."""

    def __init__(self) -> None:
        super().__init__()
        self.new: list[str] = []

    def __missing__(self, word: str) -> int:
        number = self[word] = len(self)
        self.new.append(word)
        return number


class WordEncoder:
    """Encodes texts word by word with a byte-level BPE ``tokenizer`` whose words are those of GPT-2's pattern."""

    def __init__(self, tokenizer: Tokenizer, end: int) -> None:
        self._tokenizer, self._end = tokenizer, end
        self._words = _Vocabulary()
        self._ids = np.zeros(0, np.uint32)
        self._lengths = np.zeros(0, np.int64)
        self._met = np.zeros(0, np.int64)

    def _forget(self) -> None:
        """Keeps the words that were met most often."""
        kept = np.sort(np.argsort(-self._met, kind="stable")[: _MOST_WORDS // 2])
        words = list(self._words)
        self._ids = self._ids[_places(self._lengths, kept, self._lengths[kept])]
        self._lengths, self._met = self._lengths[kept], self._met[kept]
        self._words = _Vocabulary()
        self._words.update((words[number], place) for place, number in enumerate(kept.tolist()))

    def _numbers(self, text: str) -> list[int]:
        """The words of ``text``: by their pattern where a line is of ASCII; any other line is a word by itself."""
        known = self._words.__getitem__
        if text.isascii():
            return list(map(known, _WORD.findall(text)))
        numbers: list[int] = []
        for line in _LINE_END.split(text):
            numbers += map(known, _WORD.findall(line) if line.isascii() else [line])
        return numbers

    def _learn(self) -> None:
        """Has the library encode the words that are new."""
        new, self._words.new = self._words.new, []
        ids = [encoding.ids for encoding in self._tokenizer.encode_batch_fast(new)] if new else []
        tokens = np.fromiter((token for some in ids for token in some), dtype=np.uint32)
        self._ids = np.concatenate([self._ids, tokens])
        self._lengths = np.concatenate([self._lengths, np.fromiter(map(len, ids), np.int64, len(ids))])
        self._met = np.concatenate([self._met, np.zeros(len(ids), np.int64)])

    def __call__(self, texts: Sequence[str]) -> EncodedTexts:
        """The token ids of ``texts``, each with the end of the document."""
        if len(self._words) > _MOST_WORDS:
            self._forget()
        last = self._words[""]  # stands for the end of a document: no word is empty, and no id is of none
        numbers = [np.array([*self._numbers(text), last], dtype=np.int64) for text in texts]
        words = np.concatenate([np.zeros(0, np.int64), *numbers])
        self._learn()
        self._met += np.bincount(words, minlength=len(self._met))
        counts = np.where(words == last, 1, self._lengths[words])
        is_last = np.cumsum(counts)[words == last] - 1
        places = _places(self._lengths, words, counts)
        places[is_last] = 0
        tokens = self._ids[places] if len(self._ids) else np.zeros(len(places), np.uint32)
        tokens[is_last] = self._end
        return EncodedTexts(tokens, np.diff(is_last, prepend=-1).astype(np.int64))


def _places(lengths: NDArray[np.int64], words: NDArray[np.int64], counts: NDArray[np.int64]) -> NDArray[np.int64]:
    """Where the ids of each of ``words``, ``counts`` many, stand among those of all words of ``lengths``."""
    begins = np.cumsum(lengths) - lengths
    ends = np.cumsum(counts)
    return np.asarray(np.repeat(begins[words] - (ends - counts), counts) + np.arange(counts.sum()))


class TextEncoder:
    """Encodes texts on any machine: what goes there is the tokenizer's file.

    Parameters
    ----------
    tokenizer
        The content of ``tokenizer.json``.
    end
        The token that ends a document.
    by_words
        Whether it is a tokenizer that we trained, whose words are those of GPT-2's pattern.
    """

    def __init__(self, tokenizer: str, end: int, by_words: bool) -> None:
        self._content, self._end, self._by_words = tokenizer, end, by_words
        self._tokenizer: Tokenizer | None = None
        self._words: WordEncoder | None = None

    def __reduce__(self) -> tuple[type[TextEncoder], tuple[str, int, bool]]:
        return TextEncoder, (self._content, self._end, self._by_words)

    def __call__(self, texts: Sequence[str]) -> EncodedTexts:
        """The token ids of ``texts``, each with the end of the document."""
        if self._tokenizer is None:
            self._tokenizer = parse_tokenizer(self._content)
            self._words = WordEncoder(self._tokenizer, self._end) if self._by_words else None
        if self._words is not None:
            return self._words(texts)
        ids = list(encode_texts(self._tokenizer, texts, self._end))
        return EncodedTexts(
            np.concatenate([np.zeros(0, np.uint32), *ids]), np.fromiter(map(len, ids), np.int64, len(ids))
        )
