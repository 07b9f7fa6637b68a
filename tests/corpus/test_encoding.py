"""Encoding word by word: the tokenizers library is the oracle, whatever the text and whatever came before it."""

from __future__ import annotations

import pickle
from functools import cache

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tokenizers import Tokenizer

from codescale.corpus import encoding
from codescale.corpus.encoding import TextEncoder, encode_texts
from codescale.corpus.tokenizer import END_OF_DOCUMENT, parse_tokenizer, train_tokenizer
from tests.corpus.corpus_material import code

_HARD = [
    "a",
    "Z",
    "é",
    "ß",
    "中",
    "1",
    "²",
    "٣",
    "'",
    "s",
    "ll",
    "'re",
    " ",
    "  ",
    "\n",
    "\t",
    "\r",
    "\x0b",
    "\x0c",
    "\x1c",
]
_HARD += ["\x85", "\xa0", "\u2003", "\u3000", "\u200b", "́", "_", "(", "€", "😀", END_OF_DOCUMENT, "\x00", "\x7f"]


@cache
def tokenizer() -> Tokenizer:
    texts = [code("python", seed) for seed in range(5)] + ["é中 '²\xa0 \n\n  don't we'll   it's é\n"] * 9
    return parse_tokenizer(train_tokenizer(texts, 400).to_str())


@cache
def encoder() -> TextEncoder:
    """One for all examples, so that they meet what it remembers of the others."""
    return TextEncoder(tokenizer().to_str(), 0, by_words=True)


def check(texts: list[str], found: encoding.EncodedTexts) -> None:
    expected = [one.tolist() for one in encode_texts(tokenizer(), texts, 0)]
    assert found.lengths.tolist() == [len(one) for one in expected]
    assert found.tokens.tolist() == [token for one in expected for token in one]


@settings(deadline=None, max_examples=300)
@given(st.lists(st.one_of(st.text(max_size=60), st.lists(st.sampled_from(_HARD)).map("".join)), max_size=6))
def test_the_ids_are_those_of_the_library(texts: list[str]) -> None:
    check(texts, encoder()(texts))


def test_code_and_its_lines_in_other_scripts() -> None:
    texts = [code("python", seed).replace("sum", name) for seed, name in enumerate(("sum", "суммa", "合計", "é\xa0"))]
    check(texts, encoder()(texts))


def test_what_is_remembered_is_bounded_and_changes_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(encoding, "_MOST_WORDS", 20)
    small = TextEncoder(tokenizer().to_str(), 0, by_words=True)
    for seed in range(4):
        texts = [code("java", seed), "", code("rust", seed)]
        check(texts, small(texts))


@pytest.mark.parametrize("by_words", [True, False])
def test_it_travels_without_what_it_remembers(by_words: bool) -> None:
    one = TextEncoder(tokenizer().to_str(), 0, by_words)
    texts = [code("python", 3), "", "x"]
    check(texts, one(texts))
    travelled = pickle.loads(pickle.dumps(one))
    assert len(pickle.dumps(one)) < 2 * len(tokenizer().to_str())
    check(texts, travelled(texts))
    check([], travelled([]))
