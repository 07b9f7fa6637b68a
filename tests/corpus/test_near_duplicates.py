"""Near duplicates: what datasketch finds is the oracle, word by word and text by text."""

from __future__ import annotations

import re
import zlib
from itertools import pairwise

import numpy as np
from datasketch import MinHash, MinHashLSH
from hypothesis import given, settings
from hypothesis import strategies as st

from codescale.corpus.document import Document
from codescale.corpus.minhash import minima_of, shingles
from codescale.corpus.near_duplicates import near_duplicates, signatures_of_texts
from codescale.corpus.word_hashes import word_hashes
from tests.corpus.corpus_material import code

_WORD = re.compile(rb"\w+|[^\w\s]+")


def found_in(texts: list[str], similarity: float, remembered: frozenset[int] = frozenset()) -> dict[int, int]:
    documents = [Document("r", f"{number}", "MIT", text) for number, text in enumerate(texts)]
    return near_duplicates(signatures_of_texts(documents, similarity), similarity, remembered)


def signature(text: str) -> MinHash:
    """By datasketch, of the hashes of five consecutive words."""
    found = MinHash(num_perm=128, seed=1, hashfunc=int, scheme="affine32")
    found.update_batch(shingles(text).tolist())
    return found


def by_datasketch(texts: list[str], similarity: float, remembered: frozenset[int]) -> dict[int, int]:
    index, kept, found = MinHashLSH(threshold=0.9 * similarity, num_perm=128), {}, {}
    for position, text in enumerate(texts):
        one = signature(text)
        alike = [other for other in index.query(one) if one.jaccard(kept[other]) >= similarity]
        if alike:
            found[position] = min(alike)
        if not alike or position in remembered:
            kept[position] = one
            index.insert(position, one)
    return found


@settings(deadline=None)
@given(st.lists(st.text(st.sampled_from("ab_1é +(.\t\n\x1c\x85\xa0\u2003"), max_size=200), max_size=5))
def test_words_are_hashed_as_one_by_one(texts: list[str]) -> None:
    encoded = [text.encode() for text in texts]
    hashes, borders = word_hashes(encoded)
    expected = [[zlib.crc32(word) for word in _WORD.findall(text)] for text in encoded]
    assert [hashes[a:b].tolist() for a, b in pairwise(borders)] == expected


def test_long_words_are_hashed_whole() -> None:
    words = [b"a" * length for length in (1, 63, 64, 65, 66, 300)]
    assert word_hashes([b" ".join(words)])[0].tolist() == [zlib.crc32(word) for word in words]


@settings(deadline=None)
@given(st.lists(st.text(max_size=300), max_size=4))
def test_signatures_are_those_of_datasketch(texts: list[str]) -> None:
    texts = [*texts, code("python", 1, 300)]  # more shingles than a block
    for one, text in zip(minima_of([text.encode() for text in texts]), texts, strict=True):
        assert one.tolist() == signature(text).hashvalues.tolist()


@settings(deadline=None, max_examples=30)
@given(
    st.lists(st.tuples(st.integers(0, 4), st.integers(0, 40), st.integers(0, 40)), max_size=25),
    st.sampled_from([0.3, 0.6, 0.8, 0.95, 1.0]),
    st.frozensets(st.integers(0, 24)),
)
def test_what_is_found_is_what_datasketch_finds(
    edits: list[tuple[int, int, int]], similarity: float, remembered: frozenset[int]
) -> None:
    texts = []
    for seed, first, last in edits:
        lines = code("python", seed, 40).splitlines()
        lines[first:last] = code("python", 50 + first, 40).splitlines()[first:last]
        texts.append("\n".join(lines))
    assert found_in(texts, similarity, remembered) == by_datasketch(texts, similarity, remembered)


def test_near_duplicates_leave_the_first() -> None:
    first, second = code("python", 1, 200), code("python", 2, 200)
    edited = first.replace("begin_1", "begin_7")
    assert found_in([first, second, edited, first], 0.8) == {2: 0, 3: 0}
    half = first[: len(first) // 2] + second[len(second) // 2 :]
    assert found_in([first, half], 0.8) == {}
    assert found_in([first, half], 0.2) == {1: 0}


def test_a_resemblance_below_the_threshold_is_kept() -> None:
    for seed in range(20):
        first, second = code("python", seed, 200), code("python", 100 + seed, 200)
        mostly = first[: len(first) * 9 // 10] + second[len(second) * 9 // 10 :]
        assert found_in([first, mostly], 0.95) == {}


def test_texts_without_words_are_alike() -> None:
    assert found_in(["", " ", "a", "\n"], 0.8) == {1: 0, 3: 0}
    assert np.all(minima_of([b""]) == 0xFFFFFFFF)
